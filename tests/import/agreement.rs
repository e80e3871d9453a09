//! Nothing is sent to a service without somebody's yes: typed at the console, or given on the command line.

use crate::harness::*;

const TWO: &str = "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例乙,13100000002,20001\n";

fn beside(name: &str, content: &str) -> (Work, Server) {
    let server = Server::inside(|_| {});
    let work = Work::at(server.base_url());
    work.write(name, content);
    (work, server)
}

fn sent(server: &Server) -> u64 {
    server.requests_to("customers.create")
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_sent() {
    let (work, server) = beside("mine.csv", TWO);
    let ran = work.run(work.unagreed("import customers mine.csv --rate 0 --format json"));
    ran.exits(2).says("--yes");
    assert_eq!((sent(&server), &ran.json()["exit"]), (0, &2.into()));
    work.run(work.unagreed("import customers mine.csv --rate 0 --lang zh")).exits(2).says("--yes 表示同意发送 2 行");
    work.bw8("import customers mine.csv --rate 0").exits(0);
    // Nothing is left to be sent, so nobody has to agree.
    work.run(work.unagreed("import customers mine.csv --rate 0")).exits(0);
    assert_eq!(sent(&server), 2);
}

#[test]
fn a_retry_asks_as_well() {
    let (work, server) = beside("mine.csv", "姓名,手机,公司编号\n示例甲,,20001\n示例乙,13100000002,20001\n");
    work.bw8("import customers mine.csv --rate 0").exits(3);
    let file = work.run_folder().join("failed.csv");
    let mended = std::fs::read_to_string(&file).unwrap().replace("示例甲,,", "示例甲,13100000001,");
    std::fs::write(&file, mended).unwrap();
    work.run(work.unagreed(["retry", file.to_str().unwrap(), "--rate", "0"])).exits(2).says("--yes");
    assert_eq!(sent(&server), 1);
    work.bw8(["retry", file.to_str().unwrap(), "--rate", "0"]).exits(0);
}

#[test]
fn the_sandbox_is_not_asked_about() {
    let work = Work::with("mine.csv", TWO);
    work.bw8("import customers mine.csv --sandbox").exits(0);
}

#[test]
fn yes_with_a_number_agrees_to_no_more_rows() {
    let (work, server) = beside("mine.csv", TWO);
    work.bw8("import customers mine.csv --rate 0 --yes=1").exits(2).says("--yes=1").says("--yes=2");
    work.bw8("import customers mine.csv --rate 0 --yes=x").exits(2);
    assert_eq!(sent(&server), 0);
    work.bw8("import customers mine.csv --rate 0 --yes=1 --limit 1").exits(0);
    work.bw8("import customers mine.csv --rate 0 --yes=1,000").exits(0);
    assert_eq!(sent(&server), 2);
}

#[test]
fn another_number_of_rows_than_expected_sends_nothing() {
    for target in ["--sandbox", "--rate=0"] {
        let (work, server) = beside("mine.csv", TWO);
        for expected in ["1", "3"] {
            let ran = work.bw8(["import", "customers", "mine.csv", target, "--expect", expected]);
            ran.exits(2).says("--expect 2");
        }
        assert_eq!(sent(&server), 0);
        work.bw8(["import", "customers", "mine.csv", target, "--expect", "2"]).exits(0);
    }
}

const HELD: &str = "姓名,手机,QQ,公司编号\n示例甲,13100000001,NULL,20001\n示例乙,13100000002,10001,20001\n";

/// The file of another week.
fn next_week() -> String {
    HELD.replace("示例", "下周").replace("131", "132")
}

#[test]
fn consent_holds_for_the_next_file_of_the_same_mapping() {
    let (work, _server) = beside("mine.csv", HELD);
    work.write("next.csv", next_week());
    // Consent to rows is none to their kind.
    work.bw8("import customers mine.csv --rate 0 --accept-warnings").exits(0).never_says("as agreed on");
    work.bw8("import customers next.csv --rate 0").exits(0).says("as agreed on 20").says("null_word");
    assert_eq!(work.results().column("status"), ["created", "created"]);
    // Under another mapping a kind may mean something else.
    work.write("other.csv", next_week().replace("132", "133").replace("QQ", "备注"));
    work.bw8("import customers other.csv --rate 0").exits(3).never_says("as agreed on");
    // A row that may be no data is looked at in each file.
    work.write("totals.csv", format!("{}合计,13500000009,10009,20001\n", next_week().replace("132", "135")));
    let consent = "--accept-warnings=totals_row_by_words,null_word";
    work.bw8(format!("import customers totals.csv --rate 0 {consent}")).exits(0);
    work.write("totals-again.csv", format!("{}总计,13600000009,10010,20001\n", next_week().replace("132", "136")));
    work.bw8("import customers totals-again.csv --rate 0").exits(3).says("totals_row_by_words");
    // And another account is another account's business.
    let elsewhere = Server::inside(|_| {});
    work.write("third.csv", next_week().replace("132", "134"));
    work.on(&elsewhere, "import customers third.csv --other-account").exits(3).never_says("as agreed on");
}

#[test]
fn a_mapping_file_consents_for_all_its_files() {
    for (accept, exit) in [("accept = [\"null_word\"]\n", 0), ("accept = [\"hidden_row\"]\n", 3), ("", 3)] {
        let work = Work::with("mine.csv", HELD);
        work.write("mapping.toml", format!("{accept}[columns]\n\"QQ\" = \"QQ\"\n"));
        work.bw8("check customers mine.csv --mapping mapping.toml").exits(exit);
        work.bw8("import customers mine.csv --mapping mapping.toml --sandbox").exits(exit);
    }
}

#[test]
fn another_account_than_that_of_the_folder_has_to_be_named() {
    let (work, _server) = beside("mine.csv", TWO);
    work.bw8("import customers mine.csv --sandbox").exits(0);
    work.bw8("import customers mine.csv --rate 0").exits(0);
    let other = Server::inside(|_| {});
    work.write("other.csv", TWO.replace("131", "132"));
    for _ in 0..2 {
        let ran = work.on(&other, "import customers other.csv");
        ran.exits(2).says("--account NAME").says("--other-account");
    }
    assert_eq!(sent(&other), 0);
    work.on(&other, "import customers other.csv --other-account").exits(0);
    // That is the account of the folder now.
    work.write("third.csv", TWO.replace("131", "133"));
    work.on(&other, "import customers third.csv").exits(0);
    assert_eq!(sent(&other), 4);
}

#[test]
fn a_runs_folder_is_named_after_the_account() {
    let (work, server) = beside("mine.csv", TWO);
    let login = "user = \"demo@example.com\"\npassword = \"sandbox\"\n";
    let section = format!("[account.\"主/账号\"]\nbase_url = \"{}\"\n{login}", server.base_url());
    work.write_private("bw8.toml", &section);
    work.bw8("import customers mine.csv --rate 0 --account 主/账号").exits(0);
    let name = work.run_folder().file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.ends_with("-主_账号-customers-mine"), "{name}");
}

const TICKET: &str = "标题,描述,客户编号\n示例,打印机坏了,50001\n示例二,打印机坏了,50001\n";

#[test]
fn notifications_have_to_be_off_before_the_first_tickets() {
    let (work, server) = beside("tickets.csv", TICKET);
    let mut command = work.unagreed("import tickets tickets.csv --rate 0");
    command.arg("--yes");
    work.run(command).exits(2).says("--notifications-off").never_says("--yes agrees");
    assert_eq!(server.requests_to("tickets.create"), 0);
    work.bw8("import tickets tickets.csv --rate 0").exits(0);
    // It was said once, with the date.
    work.write("more.csv", TICKET.replace("示例", "又一例"));
    let mut command = work.unagreed("import tickets more.csv --rate 0");
    command.arg("--yes");
    work.run(command).exits(0).says("switched off, as said on 20");
    // Writing a status is another kind.
    work.write(
        "closed.csv",
        TICKET.replace("\n示例", "\n关闭").replace("50001\n", "50001,已关闭\n").replace("编号\n", "编号,状态\n"),
    );
    let mut command = work.unagreed("import tickets closed.csv --rate 0");
    command.arg("--yes");
    let ran = work.run(command);
    ran.exits(2).says("--notifications-off").says("for the first time: a ticket's status");
    ran.says("(new tickets): switched off");
    work.bw8("import tickets tickets.csv --sandbox").exits(0);
}

#[test]
fn the_first_reply_is_asked_about() {
    let (work, server) = beside("reply.csv", "工单编号,首条回复\n900001,您好\n");
    work.write("next.csv", "工单编号,首条回复\n900001,再见\n");
    work.write("new.csv", "标题,描述,客户编号,首条回复\n示例,打印机坏了,50001,您好\n");
    work.write("none.csv", "标题,描述,客户编号,首条回复\n示例二,打印机坏了,50001,\n");
    let unagreed = |typed: &str| {
        let mut command = work.unagreed(format!("import tickets {typed} --rate 0"));
        command.arg("--yes");
        work.run(command)
    };
    unagreed("reply.csv --mode update").exits(2).says("for the first time: replies");
    unagreed("reply.csv --mode update --lang zh").exits(2).says("第一次写入：回复");
    // A column without a value writes none.
    unagreed("none.csv").exits(2).says("for the first time: new tickets").never_says("replies");
    unagreed("new.csv").exits(2).says("new tickets").says("replies");
    assert_eq!(server.requests_to("tickets.update") + server.requests_to("tickets.create"), 0);
    work.bw8("import tickets reply.csv --mode update --rate 0").exits(0);
    unagreed("next.csv --mode update").exits(0).says("(replies): switched off, as said on 20");
    unagreed("new.csv").exits(2).says("for the first time: new tickets");
}

#[cfg(unix)]
mod at_a_terminal {
    use super::*;

    fn many(rows: usize) -> String {
        let mut table = String::from("姓名,手机,公司编号\n");
        for row in 0..rows {
            table.push_str(&format!("示例{row},131{row:08},20001\n"));
        }
        table
    }

    #[test]
    fn a_person_is_asked_at_the_console_although_all_is_redirected() {
        let (work, server) = beside("mine.csv", TWO);
        let command = || work.unagreed("import customers mine.csv --rate 0");
        let mut terminal = work.at_terminal(command());
        terminal.answers("create 2 customers? [y/N]", "");
        terminal.ended().exits(130).says("nothing was sent");
        assert_eq!(sent(&server), 0);
        let mut terminal = work.at_terminal(command());
        terminal.answers("create 2 customers? [y/N]", "y");
        terminal.ended().exits(0);
        assert_eq!(sent(&server), 2);
    }

    #[test]
    fn the_question_says_what_a_person_knows_the_account_by() {
        let (work, server) = beside("mine.csv", &many(1500));
        let mut terminal = work.at_terminal(work.unagreed("import customers mine.csv --lang zh --rate 5"));
        terminal.shows("将使用账号 demo@example.com 向 ").shows("新建 1500 位联系人");
        terminal
            .shows("帮我吧中的账号名称：示例服务商；现有联系人：60，公司：20，客服：8（如 示例客服01、示例客服02）");
        terminal.shows("姓名：示例0").shows("按每秒 5 个请求，大约需要 5 分钟，到 ");
        terminal.answers("请输入行数（1500）", "");
        terminal.ended().exits(130);
        assert!(server.requests() <= 9, "{}", server.state());
    }

    #[test]
    fn what_cannot_be_read_is_not_given_and_stops_nothing() {
        let service = Service::start(|request| match request.method.as_str() {
            "GET" => unknown(),
            _ => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", request.number)),
        });
        let work = Work::at(&service.base_url());
        work.write("mine.csv", TWO);
        let mut terminal = work.at_terminal(work.unagreed("import customers mine.csv --rate 0 --no-canary"));
        terminal.shows("is called: not given; it has contacts: not given, companies: not given, agents: not given");
        terminal.answers("create 2 customers?", "y");
        terminal.ended().exits(0);
    }

    #[test]
    fn the_first_record_of_an_update_is_shown_as_it_is_and_as_it_will_be() {
        let (work, server) = beside("mine.csv", TWO);
        let customers = server.records("customers");
        let id = customers[0]["cId"].as_str().unwrap();
        work.write("change.csv", format!("联系人编号,备注\n{id},新的备注\n"));
        let mut terminal = work.at_terminal(work.unagreed("import customers change.csv --mode update --rate 0"));
        terminal.shows("about to update 1 customer").shows("→ 新的备注").shows(id);
        terminal.answers("update 1 customer?", "n");
        terminal.ended().exits(130);
    }

    #[test]
    fn what_an_update_refers_to_is_shown_by_id_and_name_before_and_after() {
        let (work, server) = beside("mine.csv", TWO);
        server.change("users/50001", r#"{"user":{"companyId":"20001"}}"#);
        let companies = server.records("companies");
        let name = |id: &str| companies.iter().find(|company| company["uId"] == id).unwrap()["companyName"].to_string();
        let shown = |id: &str| format!("{id} ({})", name(id).trim_matches('"'));
        for company in [name("20002").trim_matches('"').to_owned(), "20002".to_owned()] {
            work.write("change.csv", format!("联系人编号,公司编号,备注\n50001,{company},新的备注\n"));
            let mut terminal = work.at_terminal(work.unagreed("import customers change.csv --mode update --rate 0"));
            terminal.shows(&format!("{} → {}", shown("20001"), shown("20002"))).shows("→ 新的备注");
            terminal.answers("update 1 customer?", "n");
            terminal.ended().exits(130);
        }
        // Where nothing was there no name is made up.
        server.change("users/50001", r#"{"user":{"companyId":""}}"#);
        let mut terminal = work.at_terminal(work.unagreed("import customers change.csv --mode update --rate 0"));
        terminal.shows(&format!(" → {}", shown("20002"))).answers("update 1 customer?", "n");
        terminal.ended().exits(130);
    }

    #[test]
    fn above_a_thousand_rows_the_number_is_typed() {
        for (typed, is_sent) in [("1001", true), ("1,001", true), ("１００１", true), ("", false)] {
            let (work, server) = beside("mine.csv", &many(1001));
            let mut terminal = work.at_terminal(work.unagreed("import customers mine.csv --rate 0 --concurrency 64"));
            terminal.answers("type their number (1001)", "y");
            terminal.answers("a yes is too little", "1000");
            terminal.answers("1000 is not the number", typed);
            terminal.ended().exits(if is_sent { 0 } else { 130 });
            assert_eq!(sent(&server), if is_sent { 1001 } else { 0 }, "{typed}");
        }
    }

    #[test]
    fn rows_that_are_held_back_can_be_agreed_to_kind_by_kind() {
        let content = "姓名,手机,QQ,公司编号\n示例甲,13100000001,NULL,20001\n示例乙,13100000002,10001,20001\n";
        for (answer, status) in [("", "held"), ("y", "created")] {
            let (work, _server) = beside("mine.csv", content);
            let mut terminal = work.at_terminal(work.unagreed("import customers mine.csv --rate 0"));
            terminal.answers("held back as null_word: 1 findings", answer);
            terminal.answers(if answer == "y" { "create 2 customers?" } else { "create 1 customer?" }, "y");
            terminal.ended().exits(if answer == "y" { 0 } else { 3 });
            assert_eq!(work.results().column("status"), [status, "created"]);
        }
    }

    #[test]
    fn yes_is_not_asked_again_at_a_terminal() {
        let (work, _server) = beside("mine.csv", TWO);
        work.at_terminal(work.command("import customers mine.csv --rate 0")).ended().exits(0);
    }

    #[test]
    fn one_ticket_goes_first_and_a_person_looks_whether_anybody_was_notified() {
        for (answer, exit, stored) in [("收到了通知", 5, 1), ("", 5, 1), ("没有收到", 0, 2)] {
            let (work, server) = beside("tickets.csv", TICKET);
            let before = server.stored("tickets");
            let mut terminal = work.at_terminal(work.unagreed("import tickets tickets.csv --rate 0 --lang zh"));
            terminal.answers("是否都已在帮我吧后台关闭？", "1");
            terminal.answers("确定新建 2 条工单吗？", "y");
            terminal.answers("已发送一条", answer);
            terminal.ended().exits(exit);
            assert_eq!(server.stored("tickets") - before, stored, "{answer}");
        }
    }

    #[test]
    fn a_person_who_does_not_know_about_notifications_sends_nothing() {
        let (work, server) = beside("tickets.csv", TICKET);
        let mut terminal = work.at_terminal(work.unagreed("import tickets tickets.csv --rate 0 -y"));
        terminal.answers("switched off there?", "");
        terminal.ended().exits(130);
        let mut terminal = work.at_terminal(work.unagreed("import tickets tickets.csv --rate 0"));
        terminal.answers("switched off there?", "y");
        terminal.answers("create 2 tickets?", "y");
        terminal.ended().exits(0);
        assert_eq!(server.requests_to("tickets.create"), 2);
    }

    #[test]
    fn another_account_than_that_of_the_folder_is_asked_about() {
        let (work, _server) = beside("mine.csv", TWO);
        work.bw8("import customers mine.csv --rate 0").exits(0);
        let other = Server::inside(|_| {});
        work.write("other.csv", TWO.replace("131", "132"));
        for (answer, exit) in [("", 130), ("y", 0)] {
            let mut command = work.unagreed("import customers other.csv --rate 0");
            command.args(["--base-url", other.base_url(), "--yes"]);
            let mut terminal = work.at_terminal(command);
            terminal.answers("was sent with another login or to another address", answer);
            terminal.ended().exits(exit);
        }
        assert_eq!(sent(&other), 2);
    }
}
