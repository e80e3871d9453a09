//! Rows that say which record they mean by a name, a telephone number or a login: found in the account's own lists, or not sent.

use crate::harness::*;

/// A field of the records that a run made, as the sandbox has them now.
fn stored(work: &Work, server: &Server, entity: &str, results: &Table, label: &str) -> Vec<String> {
    work.on(server, format!("export {entity} -o stored.csv --raw")).exits(0);
    let stored = work.table("stored.csv");
    let id = if entity == "tickets" { "Ticket ID" } else { "Customer ID" };
    let (ids, values) = (stored.column(id), stored.column(label));
    let of = |id: &&str| ids.iter().position(|own| own == id).map(|at| values[at].to_owned()).unwrap_or_default();
    results.column("id").iter().map(of).collect()
}

#[test]
fn a_company_is_meant_by_its_name_or_its_id() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司名称\n示例甲,13100000001,示例公司00002有限公司\n示例乙,13100000002, 示例公司００００３有限公司\n\
         示例丙,13100000003,示例公司99999有限公司\n",
    );
    let ran = work.on(&server, "import customers mine.csv --lang zh");
    ran.exits(5).says("公司名称 → 公司名称").says("20002（示例公司00002有限公司）").says("1 行等待决定");
    let results = work.results();
    let stored_companies = stored(&work, &server, "customers", &results, "Company ID");
    assert_eq!(stored_companies[..2], ["20002", "20003"]);
    work.write("ids.csv", "姓名,手机,所属公司编号,公司名称\n示例丁,13100000004,20004,\n示例戊,13100000005,29999,\n\
                           示例己,13100000006,20005,示例公司00006有限公司\n示例庚,13100000007,20006,示例公司00006有限公司\n");
    work.on(&server, "import customers ids.csv --run ids").exits(3);
    let results = work.table("ids/results.csv");
    assert_eq!(results.column("code"), ["", "no_such_record", "record_disagrees", ""]);
}

#[test]
fn a_ticket_says_who_it_is_of_and_who_takes_care_of_it_in_words() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "标题,客户手机,客户姓名,处理客服,客服组,工单模板\n\
         示例一,13000000007,,示例客服02,,\n\
         示例二,13000000008,示例联系人00009,,,\n\
         示例三,,示例联系人00010,7003,,\n\
         示例四,,,示例客服03,,\n",
    );
    work.on(&server, "import tickets mine.csv").exits(3);
    let results = work.results();
    assert_eq!(results.column("code"), ["", "record_disagrees", "", "no_customer"]);
    assert_eq!(stored(&work, &server, "tickets", &results, "Customer ID"), ["50007", "", "50010", ""]);
    assert_eq!(stored(&work, &server, "tickets", &results, "Assignee ID"), ["7002", "", "7003", ""]);
}

#[test]
fn of_what_a_row_says_of_a_record_only_what_disagrees_is_named_and_once() {
    let server = Server::start("");
    let text = "标题,客户手机,客户姓名,客户邮箱\n示例,13000000008,示例联系人00008,nobody@example.com\n";
    let work = Work::with("mine.csv", text);
    let ran = work.on(&server, "import tickets mine.csv");
    ran.exits(3).says("but the row also says: nobody@example.com").never_says("says: 示例联系人00008");
}

/// Fills in the answers of a run's own workbook, row by row.
fn answer(work: &Work, run: &str, answers: &[&str]) {
    let mut table = work.table(format!("{run}/decisions.xlsx"));
    for (row, answer) in answers.iter().enumerate() {
        // A run has the heads of its language.
        let title = if table.header().contains(&"处理") { "处理" } else { "answer" };
        table.set(row, title, answer);
    }
    work.write(&format!("{run}/decisions.xlsx"), workbook(&[("to decide", &table)]));
}

const PARENTS: &str = "姓名,手机,公司名称\n示例甲,13100000001,示例公司00002有限公司\n示例乙,13100000002,示例新公司\n\
                       示例丙,13100000003,示例新公司\n示例丁,13100000004,示例又一家\n";

#[test]
fn what_is_not_clear_is_asked_about_once_while_the_others_go() {
    let server = Server::start("");
    let work = Work::with("mine.csv", PARENTS);
    let import = "import customers mine.csv --run run";
    work.on(&server, "import customers mine.csv --dry-run").exits(3).says("3 rows wait for decisions");
    work.bw8("check customers mine.csv").exits(0);
    work.on(&server, import).exits(5).says("3 rows wait for decisions: 2 texts").says("next: bw8 import");
    assert_rows(&work.summary_of("run"), "created 1, pending 3");
    let asked = work.table("run/decisions.xlsx");
    assert_eq!(asked.column("in the file"), ["示例新公司", "示例又一家"]);
    assert_eq!(asked.column("rows"), ["2", "1"]);
    // Nobody has answered yet.
    work.on(&server, import).exits(5);
    answer(&work, "run", &["20007", "不导入"]);
    work.on(&server, import).exits(3).says("Company ID: looked up");
    assert_rows(&work.summary_of("run"), "created 3, refused 1");
    let results = work.table("run/results.csv");
    assert_eq!(results.column("code"), ["", "", "", "decided_not_to_send"]);
    assert_eq!(stored(&work, &server, "customers", &results, "Company ID"), ["20002", "20007", "20007", ""]);
    assert_eq!(server.requests_to("customers.create"), 3);
    // The same answers serve the next file.
    work.write("next.csv", PARENTS.replace("131000000", "131000001").replace("示例甲", "示例戊"));
    work.on(&server, "import customers next.csv --run next --decisions run/decisions.xlsx").exits(3);
    assert_rows(&work.summary_of("next"), "created 3, refused 1");
}

/// A name is the same in another width and case.
#[test]
fn an_answer_serves_a_name_that_is_written_a_little_differently() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "姓名,手机,公司名称\n示例甲,13100000001,示例公司（旧名）Ltd\n");
    work.on(&server, "import customers mine.csv --run run").exits(5);
    answer(&work, "run", &["20005"]);
    work.on(&server, "import customers mine.csv --run run").exits(0);
    work.write("next.csv", "姓名,手机,公司名称\n示例乙,13100000002,示例公司(旧名) LTD\n");
    work.on(&server, "import customers next.csv --run next --decisions run/decisions.xlsx").exits(0);
    let companies = stored(&work, &server, "customers", &work.table("next/results.csv"), "Company ID");
    assert_eq!(companies, ["20005"]);
}

#[test]
fn answers_that_make_no_sense_are_refused_by_cell() {
    let server = Server::start("");
    let work = Work::with("mine.csv", PARENTS);
    let import = "import customers mine.csv --run run";
    work.on(&server, import).exits(5);
    for (answers, said) in [
        (&["maybe"][..], "cell F2: 'maybe' is no answer"),
        (&["29999"], "cell F2: the account has no Companies with the ID 29999"),
        (&["20001", "留空"], "cell F3: Company ID is required"),
    ] {
        answer(&work, "run", answers);
        work.on(&server, import).exits(2).says(said);
        assert_eq!(server.requests_to("customers.create"), 1, "{said}");
    }
    let mut table = work.table("run/decisions.xlsx");
    work.write("other.xlsx", workbook(&[("待决定", table.set(0, "bw8_key", "示例"))]));
    work.on(&server, "import customers mine.csv --run other --decisions other.xlsx").exits(2).says("cell G2");
}

#[test]
fn twins_are_told_apart_by_a_person_or_by_what_else_the_row_says() {
    let server = Server::start("");
    let work = Work::with("twin.csv", "姓名,手机,公司编号\n示例联系人00005,13100000001,20001\n");
    work.on(&server, "import customers twin.csv --run twin").exits(0);
    work.write("mine.csv", "标题,客户姓名,客户手机\n示例一,示例联系人00005,\n示例二,示例联系人00005,13100000001\n");
    work.on(&server, "import tickets mine.csv --run run --lang zh").exits(5);
    let asked = work.table("run/decisions.xlsx");
    assert!(asked.column("账号里的候选")[0].contains("50005 示例联系人00005 13000000005"), "{asked:?}");
    let twin = work.table("twin/results.csv").column("id")[0].to_owned();
    answer(&work, "run", &["50005"]);
    work.on(&server, "import tickets mine.csv --run run").exits(0);
    let results = work.table("run/results.csv");
    assert_eq!(stored(&work, &server, "tickets", &results, "Customer ID"), ["50005", &twin]);
}

#[test]
fn what_is_not_there_may_be_decided_for_all_rows_beforehand() {
    let server = Server::start("");
    let work =
        Work::with("mine.csv", "标题,客户手机,处理客服\n示例一,13000000001,示例离职的人\n示例二,13000000002,7002\n");
    work.on(&server, "import tickets mine.csv --strict --run strict").exits(2).says("1 row waits");
    assert_eq!(server.requests_to("tickets.create"), 0);
    work.on(&server, "import tickets mine.csv --missing 状态=blank").exits(2).says("no reference called");
    work.write("people.csv", PARENTS);
    work.on(&server, "import customers people.csv --missing 公司名称=blank").exits(2).says("cannot stay blank");
    work.on(&server, "import tickets mine.csv --missing 处理客服=blank --run blank").exits(0);
    let results = work.table("blank/results.csv");
    assert_eq!(stored(&work, &server, "tickets", &results, "Assignee ID"), ["", "7002"]);
    work.write("next.csv", "标题,客户手机,处理客服\n示例三,13000000001,示例离职的人\n");
    work.on(&server, "import tickets next.csv --missing servicerUserId=refuse --run refused").exits(3);
    assert_eq!(work.table("refused/results.csv").column("code"), ["no_such_record"]);
}

/// "Correct the cell, or make the record first": whoever does the latter has nothing to change in the file.
#[test]
fn rows_that_named_what_was_not_there_go_on_with_the_same_command() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司名称\n示例甲,13100000001,示例新公司\n示例乙,13100000002,示例公司00002有限公司\n",
    );
    let import = "import customers mine.csv --missing 公司名称=refuse --run run";
    work.on(&server, import).exits(3);
    assert_rows(&work.summary_of("run"), "created 1, refused 1");
    // Nothing is there yet.
    work.on(&server, import).exits(3).never_says("this was done before");
    assert_rows(&work.summary_of("run"), "created 1, refused 1");
    work.write("company.csv", "公司名称\n示例新公司\n");
    work.on(&server, "import companies company.csv --run company").exits(0);
    let stored_before = server.stored("customers");
    work.on(&server, import).exits(0);
    assert_rows(&work.summary_of("run"), "created 2");
    assert_eq!(server.stored("customers"), stored_before + 1);
    work.on(&server, import).exits(0).says("this was done before");

    // What a retry has made of them meanwhile stays made.
    work.write("other.csv", "姓名,手机,公司名称\n示例丙,13100000003,示例另一家\n");
    let import = "import customers other.csv --missing 公司名称=refuse --run other";
    work.on(&server, import).exits(3);
    work.write("company.csv", "公司名称\n示例另一家\n");
    work.on(&server, "import companies company.csv --accept-changed").exits(0);
    work.on(&server, "retry other").exits(0);
    work.on(&server, import).exits(0);
    assert_eq!(server.stored("customers"), stored_before + 2);
}

#[test]
fn a_list_that_is_refused_lets_ids_through_with_a_word_and_holds_names_up() {
    let server = Server::start("--fault 403,on=GET_companies");
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司名称,公司编号\n示例甲,13100000001,,20001\n示例乙,13100000002,示例公司00002有限公司,\n",
    );
    work.on(&server, "import customers mine.csv --run run").exits(5).says("was not looked up");
    assert_rows(&work.summary_of("run"), "created 1, pending 1");
    answer(&work, "run", &["20002"]);
    work.on(&server, "import customers mine.csv --run run").exits(0);
}

#[test]
fn a_list_that_cannot_be_proved_whole_keeps_what_is_not_found_waiting() {
    let service = Service::start(|request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/companies.json") if request.number_of("page") <= 1 => {
            (200, "{\"companies\":[{\"uId\":\"20001\",\"companyName\":\"示例公司\"}],\"count\":5}".to_owned())
        }
        ("GET", "/companies.json") => (200, "{\"companies\":[],\"count\":5}".to_owned()),
        ("POST", _) => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 90_000 + request.number)),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例乙,13100000002,20009\n");
    let ran = work.bw8("import customers mine.csv --no-canary --run run");
    ran.exits(5).says("1 row waits: a list could not be read completely");
    assert_rows(&work.summary_of("run"), "created 1, pending 1");
}

#[test]
fn a_ticket_whose_answer_was_lost_is_found_again_by_all_it_said() {
    let server = Server::faulty(&["500-after-store,on=POST tickets,nth=1"]);
    let work = Work::with("mine.csv", "标题,客户手机\n示例一,13000000003\n示例一,13000000004\n");
    work.on(&server, "import tickets mine.csv --concurrency 1 --no-canary --run run").exits(0);
    let results = work.table("run/results.csv");
    assert_eq!(results.column("status"), ["created", "created"]);
    assert_eq!(stored(&work, &server, "tickets", &results, "Customer ID"), ["50003", "50004"]);
}

#[test]
fn a_change_may_name_what_it_refers_to() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "联系人编号,公司名称\n50001,示例公司00009有限公司\n50002,示例公司没有\n");
    work.on(&server, "import customers mine.csv --mode update --run run").exits(5);
    let results = work.table("run/results.csv");
    assert_eq!(stored(&work, &server, "customers", &results, "Company ID")[0], "20009");
}

#[test]
fn a_mapping_says_what_a_column_tells_of_the_record() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "主题,来电\n示例一,13000000011\n");
    work.write("mine.toml", "[columns]\n\"来电\" = \"custUserId.mobile\"\n");
    work.on(&server, "import tickets mine.csv --mapping mine.toml --run run").exits(0);
    let results = work.table("run/results.csv");
    assert_eq!(stored(&work, &server, "tickets", &results, "Customer ID"), ["50011"]);
    work.bw8("check tickets mine.csv --mapping mine.toml").exits(0);
}

/// Contacts of companies that the account does not have.
const NEW_PARENTS: &str = "姓名,手机,公司名称\n示例甲,13100000001,示例公司00002有限公司\n示例乙,13100000002,示例新公司\n\
                           示例丙,13100000003,示例　新公司\n示例丁,13100000004,示例又一家\n";
const CREATE: &str = "import customers mine.csv --missing 公司名称=create --run run";

#[test]
fn a_company_that_is_not_there_is_created_once_before_the_rows_that_name_it() {
    let server = Server::start("");
    let work = Work::with("mine.csv", NEW_PARENTS);
    let dry = format!("{CREATE} --dry-run --lang zh");
    work.on(&server, dry).exits(0).says("将先新建 2 家公司（有行用到而账号中没有）：示例新公司、示例又一家");
    assert_eq!(server.requests_to("companies.create"), 0);
    let ran = work.on(&server, format!("{CREATE} --format json"));
    ran.exits(0).says("created first, as rows refer to them").says("created first: 2 companies (run: run-companies)");
    assert_eq!(ran.json()["rows"]["created"], 4);
    assert_eq!(server.requests_to("companies.create"), 2);
    let made = work.table("run-companies/results.csv");
    let ids = made.column("id");
    let results = work.table("run/results.csv");
    let first = [format!("companies {} 示例新公司", ids[0]), format!("companies {} 示例又一家", ids[1])];
    assert_eq!(results.column("made_first"), ["", &first[0], &first[0].replace("示例", "示例\u{3000}"), &first[1]]);
    assert_eq!(stored(&work, &server, "customers", &results, "Company ID"), ["20002", ids[0], ids[0], ids[1]]);
    work.on(&server, CREATE).exits(0);
    // The next file finds them there.
    work.write("next.csv", NEW_PARENTS.replace("131000000", "131000001").replace("示例甲", "示例戊"));
    work.on(&server, "import customers next.csv --missing companyId=create --run next").exits(0);
    assert!(!work.path("next-companies").exists());
    assert_eq!(server.requests_to("companies.create"), 2);
    work.bw8("runs").exits(0).says("run-companies");
}

#[test]
fn a_person_decides_which_company_is_created() {
    let server = Server::start("");
    let work = Work::with("mine.csv", PARENTS);
    let import = "import customers mine.csv --run run";
    work.on(&server, import).exits(5);
    answer(&work, "run", &["新建", "不导入"]);
    work.on(&server, import).exits(3).says("created first: 1 company");
    assert_rows(&work.summary_of("run"), "created 3, refused 1");
    let results = work.table("run/results.csv");
    let made = work.table("run-companies/results.csv").column("id")[0].to_owned();
    assert_eq!(stored(&work, &server, "customers", &results, "Company ID"), ["20002", &made, &made, ""]);
    // The answer serves the next file, which finds the company there.
    work.write("next.csv", PARENTS.replace("131000000", "131000001").replace("示例甲", "示例戊"));
    work.on(&server, "import customers next.csv --run next --decisions run/decisions.xlsx").exits(3);
    assert_rows(&work.summary_of("next"), "created 3, refused 1");
    assert_eq!(server.requests_to("companies.create"), 1);
}

#[test]
fn what_cannot_be_created_by_what_the_row_says_is_refused_with_a_way_on() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "标题,客户手机,处理客服\n示例一,13000000001,示例离职的人\n");
    let refused = work.on(&server, "import tickets mine.csv --missing 处理客服=create --run run");
    refused.exits(2).says("--missing 处理客服=create: Agents cannot be created here").says("choose an ID");
    work.on(&server, "import tickets mine.csv --run run").exits(5);
    answer(&work, "run", &["新建"]);
    work.on(&server, "import tickets mine.csv --run run").exits(2).says("cell F2: Agents cannot be created here");
    assert_eq!(server.requests_to("tickets.create"), 0);
}

#[test]
fn only_rows_that_are_sent_have_companies_created() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司名称\n示例联系人00005,13000000005,示例甲公司\n示例乙,13100000002,示例乙公司\n\
         示例丙,13100000003,示例丙公司\n示例丁,bad,示例丁公司\n",
    );
    let import = "import customers mine.csv --mode skip-existing --missing 公司名称=create --run run";
    work.on(&server, format!("{import} --limit 2")).exits(0);
    assert_eq!(work.table("run-companies/companies-1.csv").column("companyName"), ["示例乙公司"]);
    work.on(&server, import).exits(3);
    assert_eq!(server.requests_to("companies.create"), 2);
    assert_rows(&work.summary_of("run"), "created 2, skipped 1, refused 1");
    let names = server.count_by("companies", "companyName");
    assert_eq!([names.get("示例乙公司"), names.get("示例丙公司"), names.get("示例丁公司")], [Some(&1), Some(&1), None]);
}

#[test]
fn a_company_whose_answer_is_lost_is_found_again_and_its_rows_go() {
    let server = Server::faulty(&["500-after-store,on=POST companies,nth=1"]);
    let work = Work::with("mine.csv", NEW_PARENTS);
    work.on(&server, format!("{CREATE} --concurrency 1 --no-canary")).exits(0);
    assert_eq!(work.table("run-companies/results.csv").column("status"), ["created", "created"]);
    assert_rows(&work.summary_of("run"), "created 4");
    assert_eq!(server.count_by("companies", "companyName")["示例新公司"], 1);
}

/// Settling a run looks first for the companies that its rows wait for.
#[test]
fn settling_a_run_settles_the_companies_that_its_rows_wait_for() {
    let server = Server::faulty(&["500,on=POST companies,nth=1"]);
    let work = Work::with("mine.csv", NEW_PARENTS);
    work.on(&server, format!("{CREATE} --concurrency 1 --no-canary")).exits(5).says("2 rows wait");
    assert_rows(&work.summary_of("run-companies"), "created 1, unknown 1");
    work.on(&server, "settle run").exits(5).says("(run-companies): found out: 1 row is still not known");
    let settled = work.on(&server, "settle run --server-timeout 0 --format json");
    settled.exits(5);
    assert_eq!(settled.json()["settled_first"][0]["free"], 1);
    assert_rows(&work.summary_of("run-companies"), "created 1, pending 1");
    // A second one finds nothing in doubt.
    work.on(&server, "settle run").exits(5).never_says("first the records").says("nothing to find out");
    work.on(&server, CREATE).exits(0);
    assert_rows(&work.summary_of("run"), "created 4");
    assert_eq!(server.count_by("companies", "companyName")["示例新公司"], 1);
    // One that was killed has not written down what is in doubt.
    let server = Server::faulty(&["stall,on=POST companies,nth=2"]);
    let work = Work::with("mine.csv", NEW_PARENTS);
    let before = server.stored("companies");
    let running = work.start(work.command_on(&server, format!("{CREATE} --concurrency 1 --no-canary")));
    server.wait_until_stored("companies", before + 1);
    running.kill();
    work.on(&server, "settle run --server-timeout 0").exits(5).says("first the records that its rows wait for");
}

#[test]
fn rows_wait_for_a_company_that_is_rejected_and_the_others_go() {
    let server = Server::faulty(&["422,on=POST companies,nth=1"]);
    let work = Work::with("mine.csv", NEW_PARENTS);
    let ran = work.on(&server, format!("{CREATE} --concurrency 1 --no-canary --keep-going"));
    ran.exits(5).says("2 rows wait for records that are to be created first").says("示例新公司: ");
    assert_rows(&work.summary_of("run"), "created 2, pending 2");
    work.on(&server, "retry run-companies").exits(0);
    work.on(&server, CREATE).exits(0);
    assert_rows(&work.summary_of("run"), "created 4");
    assert_eq!(server.count_by("companies", "companyName")["示例新公司"], 1);
}

/// A company that is in doubt, and that no row wants any more, keeps no row waiting.
#[test]
fn rows_wait_for_their_own_company_and_for_no_other() {
    let server = Server::faulty(&["500,on=POST companies,nth=1", "422,on=POST companies,nth=2"]);
    let row = |number: u64, company: &str| format!("示例{number},1310000000{number},{company}\n");
    let file = |rows: String| format!("姓名,手机,公司名称\n{rows}");
    let work = Work::with("mine.csv", file(row(1, "示例甲方")));
    work.on(&server, CREATE).exits(5).says("示例甲方: ");
    work.write("mine.csv", file(row(1, "示例公司00002有限公司") + &row(2, "示例乙方")));
    let ran = work.on(&server, format!("{CREATE} --accept-changed"));
    ran.exits(5).says("1 row waits for records").says("示例乙方: ").never_says("示例甲方: ");
    assert_rows(&work.summary_of("run"), "created 1, pending 1");
}

#[test]
fn a_command_that_is_killed_while_it_creates_companies_goes_on_and_doubles_none() {
    for (fault, nth, stored) in [("stall", 2, 1), ("stall-after-store", 1, 1), ("stall-after-store", 2, 2)] {
        let server = Server::faulty(&[&format!("{fault},on=POST companies,nth={nth}")]);
        let before = server.stored("companies");
        let work = Work::with("mine.csv", NEW_PARENTS);
        let running = work.start(work.command_on(&server, format!("{CREATE} --concurrency 1 --no-canary")));
        server.wait_until_stored("companies", before + stored);
        // Another file that wants the same companies waits for it.
        work.write("other.csv", NEW_PARENTS.replace("131000000", "131000001").replace("示例甲", "示例戊"));
        let other = "import customers other.csv --missing 公司名称=create --run other";
        let ran = work.on(&server, other);
        if ran.exits_with_one_of(&[0, 5]) == 5 {
            ran.says("for records that are to be created first").says("another command is importing");
        }
        running.kill();
        work.on(&server, CREATE).exits_with_one_of(&[0, 5]);
        work.on(&server, other).exits_with_one_of(&[0, 5]);
        let names = server.count_by("companies", "companyName");
        assert!(names.values().all(|times| *times == 1), "{fault} {nth}: {names:?}");
        work.on(&server, format!("{CREATE} --server-timeout 0 --resend-unknown")).exits(0);
        work.on(&server, format!("{other} --server-timeout 0")).exits(0);
        assert_rows(&work.summary_of("run"), "created 4");
        assert_rows(&work.summary_of("other"), "created 4");
        let names = server.count_by("companies", "companyName");
        assert!(names.values().all(|times| *times == 1), "{fault} {nth}: {names:?}");
        assert_eq!(names["示例新公司"] + names["示例又一家"], 2);
    }
}

#[test]
fn a_column_of_ids_takes_names_too() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司编号\n示例甲,13100000001,示例公司00002有限公司\n示例乙,13100000002,20003\n\
         示例丙,13100000003,示例新公司\n示例丁,13100000004,29999\n示例戊,13100000005,20004#\n",
    );
    work.bw8("check customers mine.csv").exits(3).says("row 6: must be an ID").never_says("row 2:");
    work.on(&server, "import customers mine.csv --run run").exits(5);
    let results = work.table("run/results.csv");
    assert_eq!(results.column("code"), ["", "", "", "no_such_record", "not_an_id"]);
    assert_eq!(results.column("status")[2], "pending");
    assert_eq!(stored(&work, &server, "customers", &results, "Company ID")[..2], ["20002", "20003"]);
    assert_eq!(work.table("run/decisions.xlsx").column("in the file"), ["示例新公司"]);
    // A name of digits alone is found in a column that says it is one; in a column of ids it is an id.
    work.write("digits.csv", "公司名称\n4008\n");
    work.on(&server, "import companies digits.csv --run digits").exits(0);
    let id = work.table("digits/results.csv").column("id")[0].to_owned();
    work.write("named.csv", "姓名,手机,公司名称\n示例己,13100000006,4008\n");
    work.on(&server, "import customers named.csv --run named").exits(0);
    let named = work.table("named/results.csv");
    assert_eq!(stored(&work, &server, "customers", &named, "Company ID"), [id]);
}

#[test]
fn a_change_may_have_its_company_created() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "联系人编号,公司名称\n50001,示例新公司\n50002,示例公司00009有限公司\n");
    work.on(&server, "import customers mine.csv --mode update --missing 公司名称=create --run run").exits(0);
    let made = work.table("run-companies/results.csv").column("id")[0].to_owned();
    let results = work.table("run/results.csv");
    assert_eq!(stored(&work, &server, "customers", &results, "Company ID"), [made, "20009".to_owned()]);
    let upsert = "姓名,手机,公司名称\n示例联系人00003,13000000003,示例又一家\n示例新人,13100000009,示例又一家\n";
    work.write("both.csv", upsert);
    work.on(&server, "import customers both.csv --mode upsert --missing 公司名称=create --run both").exits(0);
    assert_rows(&work.summary_of("both"), "created 1, updated 1");
    assert_eq!(server.count_by("companies", "companyName")["示例又一家"], 1);
}

#[test]
fn nobody_is_asked_what_a_row_refers_to_that_is_held_back() {
    let work = Work::with("mine.csv", "标题,描述,联系人编号\n示例 1,无,50001\n主题,内容,客户编号\n");
    work.bw8("import tickets mine.csv --sandbox").exits(3).never_says("decisions.xlsx");
    assert_eq!(work.results().column("status"), ["created", "held"]);
    // With consent it is asked about as any other.
    work.bw8("import tickets mine.csv --sandbox --fresh --accept-warnings").exits_with_one_of(&[2, 3, 5]);
}
