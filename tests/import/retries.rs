//! Runs that retry others, and runs side by side: what one of them sent no other one sends again.

use std::path::PathBuf;

use crate::harness::{Server, Table, Work, assert_rows, customers};

/// Tickets with these subjects, which have no key.
fn tickets(subjects: &[&str]) -> Table {
    let mut table = Table::of(&["标题", "描述", "客户编号"]);
    for subject in subjects {
        table.push(&[subject, "打印机坏了", "50001"]);
    }
    table
}

/// The list of failed rows of the newest run.
fn failed(work: &Work) -> PathBuf {
    work.runs().pop().unwrap().join("failed.csv")
}

/// One mobile number twice.
fn twins() -> Table {
    let mut table = customers(1, 2);
    table.set(1, "手机", "13100000001");
    table
}

#[test]
fn a_retry_of_a_retry_sends_no_key_that_the_first_run_has_sent() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = Work::new();
    work.write_table("mine.csv", &twins());
    work.on(&server, "import customers mine.csv").exits(3);
    work.on(&server, format!("retry {}", failed(&work).display())).exits(3);
    let again = format!("retry {}", failed(&work).display());
    work.on(&server, again).exits(3).says("refused (not sent) 1");
    assert_eq!(server.count_by("customers", "mobile")["13100000001"], 1);
}

#[test]
fn a_list_that_is_saved_over_that_of_another_run_is_a_list_of_its_own() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = Work::new();
    work.write_table("mine.csv", &twins());
    work.on(&server, "import customers mine.csv").exits(3);
    for _ in 0..2 {
        std::fs::copy(failed(&work), work.path("list.csv")).unwrap();
        work.on(&server, "retry list.csv --accept-changed").exits(3).says("refused (not sent) 1");
    }
    assert_eq!(server.count_by("customers", "mobile")["13100000001"], 1);
}

#[test]
fn a_retry_of_a_retry_knows_what_another_retry_of_the_first_run_has_sent() {
    let server = Server::faulty(&["422,on=POST tickets,nth=1", "422,on=POST tickets,nth=2"]);
    let work = Work::new();
    work.write_table("mine.csv", &tickets(&["示例"]));
    work.on(&server, "import tickets mine.csv").exits(3);
    let mut other = work.table(failed(&work));
    work.on(&server, format!("retry {} --run first", failed(&work).display())).exits(3);
    work.write_table("other.csv", other.set(0, "描述", "修好了"));
    work.on(&server, "retry other.csv --run second").exits(0);
    let stored = server.stored("tickets");
    work.on(&server, "retry first --run third").exits(0);
    assert_rows(&work.summary_of("third"), "skipped 1");
    assert_eq!(server.stored("tickets"), stored);
}

#[test]
fn a_retry_of_a_retry_knows_what_the_first_run_has_sent_since() {
    let server = Server::faulty(&["422,on=POST tickets,nth=2", "422,on=POST tickets,nth=3"]);
    let work = Work::new();
    work.write_table("mine.csv", &tickets(&["示例 1", "示例 2"]));
    work.on(&server, "import tickets mine.csv --concurrency 1").exits(3);
    work.on(&server, format!("retry {} --run again", failed(&work).display())).exits(3);
    work.write_table("mine.csv", &tickets(&["示例 1", "示例 2", "示例 3"]));
    work.on(&server, "import tickets mine.csv --accept-changed").exits(0);
    work.on(&server, "retry again --run third").exits(0);
    assert_eq!(server.count_by("tickets", "subject")["示例 2"], 1);
}

#[test]
fn rows_that_another_run_has_sent_since_they_failed_are_not_retried() {
    let server = Server::faulty(&["422,on=POST tickets,nth=1"]);
    let work = Work::new();
    work.write_table("mine.csv", &tickets(&["示例 1"]));
    work.on(&server, "import tickets mine.csv --run first").exits(3);
    work.write_table("mine.csv", &tickets(&["示例 1", "示例 2"]));
    work.on(&server, "import tickets mine.csv").exits(0);
    work.on(&server, "retry first --run again").exits(3);
    assert_eq!(server.count_by("tickets", "subject")["示例 1"], 1);
}

#[test]
fn a_key_that_is_in_doubt_in_the_first_run_is_not_sent_by_a_retry() {
    let server = Server::start("--variant duplicate-mobile=accepted --fault stall,on=POST_users,nth=2");
    let work = Work::new();
    let mut table = twins();
    let others = customers(8, 2).rows;
    table.rows.insert(2, others[1].clone());
    table.rows.push(others[2].clone());
    work.write_table("mine.csv", table.set(0, "公司编号", "1.5"));
    work.on(&server, "import customers mine.csv --limit 1").exits(3);
    let mut list = work.table(failed(&work));
    // The third row is held up, those beside it are made.
    let child = work.start(work.command_on(&server, "import customers mine.csv --no-canary --keep-going"));
    server.wait_for_requests_to("customers.create", 2);
    child.kill();
    work.write_table("list.csv", list.set(0, "公司编号", "20001"));
    work.on(&server, "retry list.csv").exits(3).says("refused (not sent) 1");
    assert_eq!(server.requests_to("customers.create"), 2);
}

#[test]
fn a_run_that_goes_on_knows_what_an_older_one_has_sent_since() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("old.csv", &tickets(&["示例 1", "示例 2"]));
    work.on(&server, "import tickets old.csv --limit 1").exits(0);
    work.write_table("new.csv", &tickets(&["示例 3", "示例 2"]));
    work.on(&server, "import tickets new.csv --limit 1").exits(0);
    work.on(&server, "import tickets old.csv").exits(0);
    work.on(&server, "import tickets new.csv").exits(3);
    assert_eq!(server.count_by("tickets", "subject")["示例 2"], 1);
}

/// Rejected, then refused as a double of a row that is gone again: the service knows the id of the first request.
#[test]
fn a_rejected_row_gets_a_request_id_of_its_own_though_it_was_refused_since() {
    let server = Server::start("--variant requestid=duplicate --fault 403,on=GET_companies");
    let work = Work::new();
    let mut table = customers(1, 2);
    table.set(1, "公司编号", "99999");
    work.write_table("mine.csv", &table);
    let import = "import customers mine.csv --accept-changed";
    work.on(&server, import).exits(3);
    let mut with_double = table.clone();
    with_double.rows.insert(2, vec!["示例 乙".into(), "13100000002".into(), "99999".into()]);
    work.write_table("mine.csv", &with_double);
    work.on(&server, import).exits(3);
    assert_rows(&work.summary(), "created 1, refused 1, failed 1");
    work.write_table("mine.csv", &table);
    work.on(&server, import).exits(3);
    assert_rows(&work.summary(), "created 1, failed 1");
    assert_eq!(server.state()["counts"]["repeated_request_ids"], 0);
}

#[test]
fn a_retry_of_a_retry_finds_the_first_run_where_it_was_moved() {
    let server = Server::faulty(&["422,on=POST tickets,nth=1", "422,on=POST tickets,nth=2"]);
    let work = Work::new();
    work.write_table("mine.csv", &tickets(&["示例"]));
    work.on(&server, "import tickets mine.csv --run runs/one").exits(3);
    let mut other = work.table("runs/one/failed.csv");
    work.on(&server, "retry runs/one --run again").exits(3);
    std::fs::rename(work.path("runs"), work.path("kept")).unwrap();
    work.write_table("other.csv", other.set(0, "描述", "修好了"));
    work.on(&server, "retry other.csv --run second").exits(2).says("whose folder is not found").says("--runs-from");
    work.on(&server, "retry other.csv --run second --runs-from kept").exits(0);
    let stored = server.stored("tickets");
    work.on(&server, "retry again --run third").exits(0);
    assert_rows(&work.summary_of("third"), "skipped 1");
    assert_eq!(server.stored("tickets"), stored);
}

#[test]
fn a_retry_of_a_retry_remembers_what_a_run_has_sent_whose_folder_is_gone() {
    let server = Server::faulty(&["422,on=POST tickets,nth=2", "422,on=POST tickets,nth=3"]);
    let work = Work::new();
    work.write_table("mine.csv", &tickets(&["示例 1", "示例 2"]));
    work.on(&server, "import tickets mine.csv --concurrency 1 --run first").exits(3);
    work.on(&server, "retry first --run again").exits(3);
    work.write_table("mine.csv", &tickets(&["示例 1", "示例 2", "示例 3"]));
    work.on(&server, "import tickets mine.csv --accept-changed").exits(0);
    std::fs::remove_dir_all(work.path("first")).unwrap();
    work.on(&server, "retry again --run third").exits(3);
    assert_rows(&work.summary_of("third"), "held 1");
    assert_eq!(server.count_by("tickets", "subject")["示例 2"], 1);
}

/// The list lies elsewhere, and its run was moved within `bw8-runs`.
#[test]
fn a_list_finds_its_run_under_another_name() {
    let server = Server::faulty(&["422,on=POST tickets,nth=1"]);
    let work = Work::new();
    work.write_table("mine.csv", &tickets(&["示例"]));
    work.on(&server, "import tickets mine.csv").exits(3);
    std::fs::rename(failed(&work), work.path("list.csv")).unwrap();
    std::fs::rename(work.run_folder(), work.path("bw8-runs/moved")).unwrap();
    work.on(&server, "retry list.csv").exits(0);
    assert_eq!(server.count_by("tickets", "subject")["示例"], 1);
}

#[test]
fn what_a_retry_will_refuse_is_not_in_the_number_that_is_agreed_to() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = Work::new();
    let mut table = Table::of(&["姓名", "手机", "邮箱", "公司编号"]);
    for (name, mobile, email) in
        [("甲", 1, "a@example.com"), ("乙", 2, "a@example.com"), ("丙", 3, ""), ("丁", 4, "d@example.com")]
    {
        table.push(&[&format!("示例{name}"), &format!("131{mobile:08}"), email, "20001"]);
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv --mode upsert --key email --run first").exits(3);
    let ran = work.on(&server, "retry first --run again --accept-warnings --yes=1");
    ran.exits(3).says("about to create or update 1 customer");
    assert_rows(&work.summary_of("again"), "created 1, refused 1");
}

/// A ticket has no key: what was edited is known by its row alone.
#[test]
fn a_row_that_was_held_back_and_sent_by_a_retry_is_not_sent_by_its_run_again() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &tickets(&["示例 1", "=1+1"]));
    let import = "import tickets mine.csv --run first";
    work.on(&server, import).exits(3);
    let mut list = work.table("first/failed.csv");
    list.set(0, "标题", "示例 2").set(0, "描述", "修好了").set(0, "confirm import", "是");
    work.write_table("list.csv", &list);
    work.on(&server, "retry list.csv --run again").exits(0);
    let stored = server.stored("tickets");
    work.on(&server, format!("{import} --accept-warnings --dry-run")).exits(0).says("no row would be sent");
    let ran = work.on(&server, format!("{import} --accept-warnings"));
    ran.exits(0).says("taken care of before").never_says("about to create");
    assert_eq!(server.stored("tickets"), stored);
    assert_rows(&work.summary_of("first"), "created 1, skipped 1");
}

/// The file that held it first is given to a run of its own, or comes once more.
#[test]
fn a_row_that_a_retry_has_sent_in_other_words_is_not_sent_by_a_later_run() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &tickets(&["示例 1", "=1+1", "=2+2"]));
    work.on(&server, "import tickets mine.csv --run first").exits(3);
    let mut list = work.table("first/failed.csv");
    list.set(0, "标题", "示例 2").set(0, "confirm import", "是");
    work.write_table("list.csv", &list);
    work.on(&server, "retry list.csv --run again").exits(3);
    // Of what is still left, the next list tells; it is known through both runs.
    let mut list = work.table("again/failed.csv");
    list.set(0, "标题", "示例 3").set(0, "confirm import", "是");
    work.write_table("list.csv", &list);
    work.on(&server, "retry list.csv --run last").exits(0);
    let stored = server.stored("tickets");
    work.write_table("copy.csv", &tickets(&["=2+2", "=1+1", "=3+3"]));
    let ran = work.on(&server, "import tickets copy.csv --accept-warnings --run other");
    ran.exits(3).says("was imported before from another file");
    assert_rows(&work.summary_of("other"), "created 1, held 2");
    std::fs::remove_dir_all(work.path("again")).unwrap();
    work.on(&server, "import tickets mine.csv --accept-warnings --run second").exits(3);
    assert_rows(&work.summary_of("second"), "skipped 1, held 2");
    assert_eq!(server.stored("tickets"), stored + 1);
}

/// The company was not there when the row was refused.
#[test]
fn a_row_that_was_refused_and_sent_by_a_retry_is_not_sent_by_its_run_again() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "标题,描述,联系人\n示例 1,坏了,示例无此人\n示例 2,坏了,示例联系人00002\n");
    let import = "import tickets mine.csv --run first";
    work.on(&server, format!("{import} --missing 联系人=refuse")).exits(3);
    let mut list = work.table("first/failed.csv");
    work.write_table("list.csv", list.set(0, "联系人", "示例联系人00001"));
    work.on(&server, "retry list.csv --run again").exits(0);
    let stored = server.stored("tickets");
    work.write("people.csv", "姓名,手机,公司编号\n示例无此人,13100000001,20001\n");
    work.on(&server, "import customers people.csv").exits(0);
    work.on(&server, import).exits(0);
    assert_eq!(server.stored("tickets"), stored);
}

/// It is known by nothing but what it says.
#[test]
fn a_row_that_was_refused_and_sent_by_another_run_waits_when_its_run_goes_on() {
    let server = Server::start("");
    let row = "标题,描述,联系人\n示例 1,坏了,示例无此人\n";
    let work = Work::with("mine.csv", row);
    let import = "import tickets mine.csv --run first";
    work.on(&server, format!("{import} --missing 联系人=refuse")).exits(3);
    work.write("people.csv", "姓名,手机,公司编号\n示例无此人,13100000001,20001\n");
    work.on(&server, "import customers people.csv").exits(0);
    work.write("next.csv", row.to_owned() + "示例 2,坏了,示例联系人00001\n");
    work.on(&server, "import tickets next.csv").exits(0);
    let stored = server.stored("tickets");
    work.on(&server, import).exits(3).says("your consent is needed");
    assert_eq!(server.stored("tickets"), stored);
    assert_rows(&work.summary_of("first"), "held 1");
}

/// The list that is retried says it otherwise, and wants another record made first.
#[test]
fn what_a_retry_has_done_is_not_in_the_number_that_is_agreed_to() {
    let server = Server::faulty(&["422,on=POST tickets,nth=1"]);
    let work = Work::with("mine.csv", "标题,描述,客户编号\n示例 1,坏了,50001\n");
    work.on(&server, "import tickets mine.csv --run first").exits(3);
    let mut list = work.table("first/failed.csv");
    work.write_table("list.csv", list.set(0, "描述", "修好了"));
    work.on(&server, "retry list.csv --run again").exits(0);
    work.write("mine.csv", "标题,描述,客户编号\n示例 1,坏了,50001\n示例 2,坏了,50001\n");
    let import = "import tickets mine.csv --run first --accept-changed";
    let ran = work.on(&server, format!("{import} --dry-run"));
    ran.exits(0).says("1 ticket would be created").says("taken care of by a retry");
    work.on(&server, format!("{import} --yes=1 --expect 1")).exits(0).says("about to create 1 ticket");
    assert_rows(&work.summary_of("first"), "created 1, skipped 1");
}

#[test]
fn what_a_retry_has_done_is_not_in_the_plan_and_wants_no_record_made_first() {
    let server = Server::faulty(&["422,on=POST users,nth=1"]);
    let rows = "姓名,手机,公司名称\n示例一,13100000001,示例甲方公司\n";
    let work = Work::with("mine.csv", rows);
    let import = "import customers mine.csv --mode upsert --missing 公司名称=create --run first";
    work.on(&server, import).exits(3);
    let mut list = work.table("first/failed.csv");
    work.write_table("list.csv", list.set(0, "公司名称", "示例公司00002有限公司"));
    work.on(&server, "retry list.csv --run again").exits(0);
    work.write("mine.csv", rows.replace("甲方", "乙方") + "示例二,13100000002,示例公司00003有限公司\n");
    let companies = server.stored("companies");
    let ran = work.on(&server, format!("{import} --accept-changed --yes=1"));
    ran.exits(0).says("will create 1, update 0, leave 0 unchanged").says("about to create or update 1 customer");
    assert_rows(&work.summary_of("first"), "created 1, skipped 1");
    assert_eq!(server.stored("companies"), companies);
}
