//! A run whose rows are taken for something else since it sent some, by another mapping or another answer: what these said then is
//! not what is made of them now.

use crate::harness::*;

const FILE: &str = "姓名,手机,备注\n示例一,13100000001,甲\n示例二,13100000002,乙\n";

fn mapping(note: &str, company: &str) -> String {
    format!("[constants]\ncompanyId = \"{company}\"\n[values.note]\n\"甲\" = \"{note}\"\n")
}

/// What the account has of the first row.
fn first(server: &Server) -> (String, String) {
    let records = server.records("customers");
    let record = records.iter().find(|record| record["mobile"] == "13100000001").unwrap();
    let text = |name: &str| record[name].as_str().unwrap().to_owned();
    (text("note"), text("companyId"))
}

/// The first row of the file is sent with one mapping, the second with another.
fn sent_with_two() -> (Work, Server) {
    let (work, server) = (Work::with("mine.csv", FILE), Server::start(""));
    work.write("map.toml", mapping("旧词", "20001"));
    work.on(&server, "import customers mine.csv --mapping map.toml --limit 1").exits(0);
    work.write("map.toml", mapping("新词", "20002"));
    work.on(&server, "import customers mine.csv --mapping map.toml --accept-changed").exits(0);
    assert_eq!(first(&server), ("旧词".to_owned(), "20001".to_owned()));
    (work, server)
}

#[test]
fn what_was_never_sent_is_not_taken_for_told() {
    let (work, server) = sent_with_two();
    work.write("again.csv", FILE);
    work.on(&server, "import customers again.csv --mapping map.toml --mode upsert").exits(0);
    assert_rows(&work.summary(), "updated 1, unchanged 1");
    assert_eq!(first(&server), ("新词".to_owned(), "20002".to_owned()));
}

#[test]
fn what_was_sent_then_is_where_the_next_file_comes_from() {
    let (work, server) = sent_with_two();
    let id = work.results().column("id")[0].to_owned();
    // A colleague has put in what the file says by now, which we never sent.
    server.change(&format!("users/{id}"), r#"{"user":{"note":"新词"}}"#);
    work.write("again.csv", FILE);
    work.write("map.toml", mapping("另一词", "20001"));
    work.on(&server, "import customers again.csv --mapping map.toml --mode update").exits(3);
    assert_eq!(first(&server).0, "新词");
}

#[test]
fn a_row_in_doubt_is_looked_for_as_it_was_sent() {
    let (work, server) = (Work::new(), Server::faulty(&["stall-after-store,on=POST tickets,nth=2"]));
    work.write("mine.csv", "标题,描述,联系人编号\nA1,示例甲,50001\nA2,示例乙,50001\nA3,示例丙,50001\n");
    let mapping = |word: &str| {
        let words: String = (1..=3).map(|n| format!("A{n} = \"{word}{n}\"\n")).collect();
        format!("[values.subject]\n{words}")
    };
    work.write("map.toml", mapping("示例咨询"));
    let import = "import tickets mine.csv --mapping map.toml --no-canary --concurrency 1 --server-timeout 0";
    let before = server.stored("tickets");
    let running = work.start(work.command_on(&server, import));
    server.wait_until_stored("tickets", before + 2);
    running.kill();
    work.write("map.toml", mapping("投诉问题"));
    work.on(&server, import).exits(2).says("--accept-changed");
    work.on(&server, format!("{import} --accept-changed")).exits(0).says("1 row is done");
    assert_rows(&work.summary(), "created 3");
    work.on(&server, import).exits(0);
    assert_eq!(server.stored("tickets"), before + 3);
    let subjects = server.count_by("tickets", "subject");
    assert_eq!(["示例咨询1", "示例咨询2", "投诉问题3"].map(|subject| subjects[subject]), [1, 1, 1]);
}

/// What cannot be found out before the columns are taken for something else is not decided by what they say afterwards.
#[test]
fn a_row_that_is_still_in_doubt_then_is_left_to_a_person() {
    let lists = (1..=12).map(|n| format!("403,on=GET tickets,nth={n}"));
    let faults: Vec<String> =
        std::iter::once("stall-after-store,on=POST tickets,nth=2".to_owned()).chain(lists).collect();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let (work, server) = (Work::new(), Server::faulty(&faults));
    work.write("mine.csv", "标题,描述,联系人编号\nA1,示例甲,50001\nA2,示例乙,50001\nA3,示例丙,50001\n");
    work.write("map.toml", "[values.subject]\nA1 = \"示例咨询1\"\nA2 = \"示例咨询2\"\n");
    let import = "import tickets mine.csv --mapping map.toml --no-canary --concurrency 1 --server-timeout 0";
    let before = server.stored("tickets");
    let running = work.start(work.command_on(&server, import));
    server.wait_until_stored("tickets", before + 2);
    running.kill();
    work.write("map.toml", "[values.subject]\nA1 = \"投诉问题1\"\nA2 = \"投诉问题2\"\n");
    work.on(&server, format!("{import} --accept-changed")).exits(4);
    let name = work.run_folder().file_name().unwrap().to_str().unwrap().to_owned();
    let settle = format!("settle {name} --server-timeout 0");
    // The list is shown again after a while.
    let sees = |_: &u8| work.on(&server, &settle).exits_with_one_of(&[4, 6]) == 4;
    assert!((0..20).find(sees).is_some());
    work.on(&server, format!("{settle} --server-dedupe replay")).exits(4);
    assert!(work.results().column("message")[1].contains("mapping or an answer was changed"), "{:?}", work.results());
    assert_eq!(server.stored("tickets"), before + 3);
    // A person has looked.
    work.on(&server, format!("{settle} --resend-unknown")).exits(5);
    work.on(&server, import).exits(0);
    assert_eq!(server.stored("tickets"), before + 4);
}

#[test]
fn how_many_rows_were_sent_is_said_whatever_the_columns_are_taken_for_now() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "标题,描述,联系人编号\n示例一,示例甲,50001\n示例二,示例乙,50001\n示例三,示例丙,50001\n");
    work.write("map.toml", "[constants]\npriorityLevel = \"1\"\n");
    let import = "import tickets mine.csv --mapping map.toml";
    work.on(&server, format!("{import} --limit 2")).exits(0);
    let before = server.stored("tickets");
    work.write("map.toml", "[constants]\npriorityLevel = \"3\"\n");
    // Who reads that nothing was sent begins anew, and has all of it twice.
    work.on(&server, import).exits(2).says("2 rows of this input").never_says("no row of this input");
    work.on(&server, format!("{import} --accept-changed --expect 1")).exits(0).says("create 1 ticket");
    assert_eq!(server.stored("tickets"), before + 1);
}

#[test]
fn another_key_alone_is_not_said_to_be_another_interface() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "姓名,手机,邮箱,公司编号\n示例一,13100000001,one@example.com,20001\n");
    work.on(&server, "import customers mine.csv --mode upsert --key email").exits(0);
    work.on(&server, "import customers mine.csv --mode upsert").exits(2).says("--key").never_says("api.toml");
}

#[test]
fn what_was_sent_by_an_earlier_answer_is_not_what_the_later_one_says() {
    let (work, server) = (Work::new(), Server::start(""));
    let rows: String = (1..=24).map(|n| format!("示例 {n},50001,超急\n")).collect();
    work.write("mine.csv", format!("标题,联系人编号,优先级\n{rows}"));
    let import = "import tickets mine.csv --run run";
    work.on(&server, import).exits(5);
    let answer = |text: &str| {
        let mut table = work.table("run/decisions.xlsx");
        work.write("run/decisions.xlsx", workbook(&[("to decide", table.set(0, "answer", text))]));
    };
    let priorities = || server.count_by("tickets", "priorityLevel");
    let before = priorities();
    answer("高");
    work.on(&server, format!("{import} --limit 1")).exits(0);
    answer("低");
    work.on(&server, import).exits(0);
    let id = work.table("run/results.csv").column("id")[0].to_owned();
    let since = |level: &str| priorities().get(level).unwrap_or(&0) - before.get(level).unwrap_or(&0);
    assert_eq!((since("3"), since("1")), (1, 23));
    // Low was never sent for the first one.
    work.write("rest.csv", format!("工单编号,优先级\n{id},低\n"));
    work.on(&server, "import tickets rest.csv --mode update").exits(0);
    assert_eq!((since("3"), since("1")), (0, 24));
}
