//! One account by several logins and addresses: what is known of it, and what is asked where nobody can know.

use std::process::Command;

use crate::harness::*;

/// The same service at another name.
fn at_localhost(work: &Work, server: &Server, typed: &str) -> Command {
    let mut command = work.command_on(server, typed);
    command.env("BW8_BASE_URL", server.base_url().replace("127.0.0.1", "localhost"));
    command
}

fn with_key_pair(work: &Work, server: &Server, typed: &str) -> Command {
    let mut command = work.command_on(server, typed);
    command.env("BW8_CLIENT_ID", "sandbox-id").env("BW8_CLIENT_SECRET", "sandbox-secret");
    command
}

fn tickets(rows: std::ops::Range<u32>) -> Table {
    let mut table = Table::of(&["标题", "描述", "客户编号"]);
    for row in rows {
        table.push(&[&format!("示例 {row}"), "说明", "50001"]);
    }
    table
}

/// Contacts of another system, by its ids.
fn contacts(ids: &[u32]) -> Table {
    let mut table = Table::of(&["客户编号", "姓名", "手机", "公司名称"]);
    for id in ids {
        table.push(&[&format!("K{id}"), &format!("示例 {id}"), &format!("1310000{id:04}"), "示例公司00001有限公司"]);
    }
    table
}

/// Tickets of contacts of another system.
fn of_contacts(rows: &[(&str, &str)]) -> Table {
    let mut table = Table::of(&["工单号", "标题", "客户编号"]);
    for (id, contact) in rows {
        table.push(&[id, &format!("示例 {id}"), contact]);
    }
    table
}

#[test]
fn another_login_of_the_folders_account_is_recognised_and_not_asked_about() {
    for command in [at_localhost, with_key_pair] {
        let server = Server::start("");
        let work = Work::new();
        let stored = server.stored("tickets");
        work.write_table("a.csv", &tickets(0..5));
        work.write_table("b.csv", &tickets(5..10));
        work.write_table("c.csv", &tickets(5..12));
        work.on(&server, "import tickets a.csv").exits(0);
        let ran = work.run(command(&work, &server, "import tickets b.csv"));
        ran.exits(0).says("is the same account").never_says("--other-account");
        let first = work.runs()[0].display().to_string();
        let ran = work.run(command(&work, &server, &format!("import tickets c.csv --other-account={first}")));
        ran.exits(2).says("are found in this account").says("--fresh");
        // Whoever adds the option all the same sends nothing twice by it.
        work.on(&server, "import tickets c.csv --other-account").exits(3);
        assert_eq!(server.stored("tickets"), stored + 12);
    }
}

#[test]
fn what_is_answered_about_the_folder_says_nothing_of_rows_that_turn_up_later() {
    let server = Server::start("");
    let work = Work::new();
    let stored = server.stored("tickets");
    for (file, rows) in [("a.csv", 0..5), ("b.csv", 5..10), ("c.csv", 3..8)] {
        work.write_table(file, &tickets(rows));
    }
    work.on(&server, "import tickets a.csv").exits(0);
    // Without its cells nobody can tell whether a ticket is one of it.
    let folder = work.run_folder();
    work.bw8(["runs", "forget", folder.to_str().unwrap(), "--yes"]).exits(0);
    let ran = work.run(with_key_pair(&work, &server, "import tickets b.csv"));
    ran.exits(2).says("could not be found out").says(&as_printed("--same-account bw8-runs/")).says("--other-account");
    ran.never_says("went to another account");
    work.run(with_key_pair(&work, &server, "import tickets b.csv --other-account")).exits(0);
    assert_eq!(server.stored("tickets"), stored + 10);
    let ran = work.run(with_key_pair(&work, &server, "import tickets c.csv --other-account"));
    ran.exits(2).says("2 rows of this input were sent before").says(&as_printed("--other-account=bw8-runs/"));
    assert_eq!(server.stored("tickets"), stored + 10);
    let same = format!("import tickets c.csv --same-account {}", folder.file_name().unwrap().to_string_lossy());
    work.run(with_key_pair(&work, &server, &same)).exits(3);
    assert_eq!(server.stored("tickets"), stored + 10);
    // Who names the run is believed.
    let other = format!("import tickets c.csv --other-account={}", folder.display());
    work.run(with_key_pair(&work, &server, &format!("{other} --accept-changed"))).exits_with_one_of(&[0, 3]);
    let unknown = "import tickets c.csv --same-account nowhere";
    work.run(with_key_pair(&work, &server, unknown)).exits(2).says("no run called 'nowhere'");
}

#[test]
fn records_are_found_by_their_old_ids_whatever_the_login() {
    for command in [at_localhost, with_key_pair] {
        let server = Server::start("");
        let work = Work::new();
        let stored = server.stored("tickets");
        work.write_table("contacts.csv", &contacts(&[1]));
        work.write_table("tickets.csv", &of_contacts(&[("T1", "K1")]));
        work.write("tags.csv", "对象类型,旧系统编号,添加标签\n联系人,K1,示例\n");
        work.on(&server, "import customers contacts.csv --source old").exits(0);
        let ran = work.run(command(&work, &server, "import tickets tickets.csv --source old"));
        ran.exits(0).says("is the same account");
        assert_eq!(server.stored("tickets"), stored + 1);
        work.run(command(&work, &server, "import tags tags.csv --source old")).exits(0);
        work.run(command(&work, &server, "ids export ids.csv")).exits(0).says("2 old ids written");
        assert_eq!(work.table("ids.csv").len(), 2);
    }
}

#[test]
fn old_ids_that_another_login_knows_are_named_where_nobody_can_know_whether_it_is_the_same_account() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("contacts.csv", &contacts(&[1]));
    work.write_table("tickets.csv", &of_contacts(&[("T1", "K1")]));
    work.write("tags.csv", "对象类型,旧系统编号,添加标签\n联系人,K1,示例\n");
    work.on(&server, "import customers contacts.csv --source old --run first").exits(0);
    std::fs::remove_dir_all(work.path("first")).unwrap();
    let typed = "import tickets tickets.csv --source old";
    let ran = work.run(with_key_pair(&work, &server, typed));
    ran.exits(5).says("1 of the old ids").says("--same-account first").says("--other-account=first");
    let ran = work.run(with_key_pair(&work, &server, "ids export none.csv"));
    ran.exits(0).says("0 old ids written").says("--same-account first");
    let tags = "import tags tags.csv --source old --run tags";
    work.run(with_key_pair(&work, &server, tags)).exits(5).says("--same-account first");
    work.run(with_key_pair(&work, &server, "ids export ids.csv --same-account first")).exits(0).says("1 old id");
    work.run(with_key_pair(&work, &server, typed)).exits(0).never_says("--same-account");
    // Of an account that is known to be another one nothing is said.
    let (elsewhere, other) = (Server::start(""), Server::start(""));
    let work = Work::new();
    work.write_table("contacts.csv", &contacts(&[1]));
    work.write_table("tickets.csv", &of_contacts(&[("T1", "K1")]));
    work.on(&elsewhere, "import customers contacts.csv --source old --run first").exits(0);
    work.on(&other, format!("{typed} --other-account=first")).exits(5).never_says("--same-account");
    work.on(&other, "ids export none.csv").exits(0).says("0 old ids").never_says("--same-account");
}

#[test]
fn rows_of_tags_whose_records_nobody_knows_are_not_in_the_number_that_is_agreed_to() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("contacts.csv", &contacts(&[1]));
    work.write("tags.csv", "对象类型,旧系统编号,添加标签\n联系人,K1,示例\n联系人,K9,示例\n");
    work.on(&server, "import customers contacts.csv --source old --run first").exits(0);
    let ran = work.on(&server, "import tags tags.csv --source old --yes=1 --run tagged");
    ran.exits(5).says("1 row waits for decisions");
    assert_rows(&work.summary_of("tagged"), "updated 1, pending 1");
}

#[test]
fn other_accounts_count_their_records_from_the_same_number() {
    // Both make their first ticket with the same id within a moment.
    let (server, other) = (Server::start(""), Server::start(""));
    let work = Work::new();
    for (file, rows) in [("a.csv", 0..3), ("b.csv", 10..13), ("c.csv", 0..3)] {
        work.write_table(file, &tickets(rows));
    }
    let stored = other.stored("tickets");
    work.on(&server, "import tickets a.csv").exits(0);
    let ran = work.on(&other, "import tickets b.csv --other-account");
    ran.exits(0).never_says("records created there are found");
    let ran = work.on(&other, "import tickets c.csv");
    ran.exits(2).says("3 rows of this input were sent before").never_says("records created there are found");
    assert_eq!(other.stored("tickets"), stored + 3);
}

#[test]
fn a_run_that_another_login_of_the_account_began_is_retried_settled_and_gone_on_with() {
    let server = Server::start("--fault 422,on=POST_users,nth=2");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    let typed = "import customers mine.csv --run first --no-canary --concurrency 1";
    work.run(at_localhost(&work, &server, &format!("{typed} --limit 2"))).exits_with_one_of(&[3, 5]);
    work.run(with_key_pair(&work, &server, typed)).exits(3);
    work.on(&server, "settle first").exits_with_one_of(&[0, 3]);
    let stored = server.stored("customers");
    work.on(&server, "retry first --run again").exits(0);
    assert_eq!(server.stored("customers"), stored + 1);
    // What went elsewhere is still refused.
    let other = Server::start("");
    let ran = work.on(&other, "retry first --run other");
    ran.exits(2).says("could not be found out").says("--same-account first");
    work.on(&other, "settle first").exits(2).says("--same-account first");
}
