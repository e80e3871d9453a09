//! Runs of the version before: their journals and the index of runs are the memory of what was sent.

use std::collections::HashMap;

use crate::harness::{Server, Table, Work, assert_rows, customers};

const INPUT: &[u8] = include_bytes!("../version_1/customers.csv");

/// A folder in which the version before was stopped by `--limit 6`: five rows were sent, one was refused, two are left.
pub(super) fn stopped(server: &Server) -> Work {
    let work = Work::with("customers.csv", INPUT);
    let host = server.base_url().trim_start_matches("http://").trim_end_matches("/api/v1").to_owned();
    let input = work.path("customers.csv");
    // Windows would write it as no program does.
    let input = if cfg!(windows) { input } else { std::fs::canonicalize(input).unwrap() };
    let folder = input.parent().unwrap().to_str().unwrap();
    let folder_in_json = serde_json::to_string(folder).unwrap();
    // The ids of the rows that were sent are taken.
    let before = Work::new();
    before.write_table("before.csv", &customers(100, 8));
    before.on(server, "import customers before.csv").exits(0);
    for (name, dump) in [
        ("run/journal.db", include_str!("../version_1/journal.sql")),
        ("state/runs.db", include_str!("../version_1/runs.sql")),
    ] {
        let path = work.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let dump = dump.replace("{host}", &host).replace("\"{folder}", folder_in_json.trim_end_matches('"'));
        let dump = dump.replace("{folder}", folder);
        rusqlite::Connection::open(path).unwrap().execute_batch(&dump).unwrap();
    }
    work
}

#[test]
fn the_same_command_goes_on_with_a_run_of_the_version_before() {
    let server = Server::start("");
    let work = stopped(&server);
    let before = server.stored("customers");
    let ran = work.on(&server, "import customers customers.csv");
    ran.exits(3).says("going on with the run in").says("created 5");
    assert_eq!(server.stored("customers"), before + 2, "{ran}");
    assert_eq!(server.count_by("customers", "name").get("示例 1"), None, "{ran}");
    assert_eq!(work.table("run/failed.csv").len(), 1, "{ran}");
    let again = work.on(&server, "import customers customers.csv");
    again.exits(3).says("this was done before");
    assert_eq!(server.stored("customers"), before + 2);
    work.bw8("runs show run").exits(0).says("created 7").says("at least one of these must be filled");
}

#[test]
fn a_run_of_the_version_before_can_be_forgotten_and_still_goes_on() {
    let server = Server::start("");
    let work = stopped(&server);
    let before = server.stored("customers");
    work.bw8("runs forget run --yes").exits(0).says("not finished");
    assert_eq!(work.all_files().iter().filter(|(path, _)| path.starts_with(work.path("run"))).count(), 2);
    work.on(&server, "import customers customers.csv").exits(3).says("going on with the run in");
    assert_eq!(server.stored("customers"), before + 2);
}

#[test]
fn rows_that_the_version_before_sent_are_recognised_in_another_file() {
    let server = Server::start("");
    let work = stopped(&server);
    let before = server.stored("customers");
    work.write("part.csv", "姓名,手机,公司编号\n示例 2,13100000002,20001\n示例 9,13100000009,20001\n");
    work.on(&server, "import customers part.csv --dry-run").exits(0).says("1 of these rows were imported before");
    work.on(&server, "import customers part.csv --run part").exits(0).says("1 of these rows were imported before");
    assert_rows(&work.summary_of("part"), "created 1, skipped 1");
    assert_eq!(server.stored("customers"), before + 1);
}

/// A run is read in the language of whoever asks, whatever language it was made in.
#[test]
fn a_run_made_in_english_is_shown_in_chinese() {
    let server = Server::start("--fault close-after-read,on=POST_users,nth=2");
    let work = Work::with("customers.csv", INPUT);
    work.on(&server, "import customers customers.csv").exits(4);
    let run = work.run_folder().file_name().unwrap().to_str().unwrap().to_owned();
    let english = work.bw8(format!("runs show {run}"));
    english.exits(0).says("at least one of these must be filled: Mobile, Landline");
    let chinese = work.bw8(format!("runs show {run} --lang zh"));
    chinese
        .exits(0)
        .says("手机、固定电话")
        .says("连接")
        .never_says("filled")
        .never_says("Mobile")
        .never_says("connection");
    assert_rows(&work.summary(), "created 5, refused 2, unknown 1");
}

/// Six tickets, some of which have equal cells, and two of which say the same in other cells.
fn twins() -> Table {
    let mut table = Table::of(&["标题", "描述", "客户编号", "内部批注"]);
    for (subject, remark) in
        [("示例甲", ""), ("示例甲", ""), ("示例乙", ""), ("示例甲", ""), ("示例乙", "看过"), ("示例丙", "")]
    {
        table.push(&[subject, "打印机坏了", "50001", remark]);
    }
    table
}

/// A folder in which the version before sent the first three of the twins.
fn stopped_among_twins(server: &Server) -> Work {
    let work = Work::new();
    work.write_table("mine.csv", &twins());
    work.on(server, "import tickets mine.csv --limit 3").exits(0);
    // The version before knew rows by their cells alone, and its index none of them.
    std::fs::remove_file(work.path("state/runs.db")).unwrap();
    journal(&work)
        .execute_batch(
            "UPDATE operation SET copy = content_copy; ALTER TABLE operation DROP COLUMN identity;
             ALTER TABLE operation DROP COLUMN content_copy; ALTER TABLE earlier DROP COLUMN identity;
             ALTER TABLE earlier DROP COLUMN content_copy; ALTER TABLE finding DROP COLUMN severity;
             ALTER TABLE operation DROP COLUMN checksum; ALTER TABLE earlier DROP COLUMN checksum;
             DROP INDEX IF EXISTS earlier_by_old_id; DROP TABLE IF EXISTS target;
             ALTER TABLE operation DROP COLUMN old_id; ALTER TABLE earlier DROP COLUMN old_id;
             ALTER TABLE operation DROP COLUMN added; ALTER TABLE earlier DROP COLUMN added;
             PRAGMA user_version = 1",
        )
        .unwrap();
    work
}

fn journal(work: &Work) -> rusqlite::Connection {
    rusqlite::Connection::open(work.run_folder().join("journal.db")).unwrap()
}

/// How many tickets of each subject the server has, of those that the file names.
fn sent(server: &Server) -> Vec<usize> {
    let counts: HashMap<String, usize> = server.count_by("tickets", "subject");
    ["示例甲", "示例乙", "示例丙"].map(|subject| counts.get(subject).copied().unwrap_or(0)).to_vec()
}

#[test]
fn equal_rows_of_a_run_of_the_version_before_are_sent_once_each_in_whatever_order() {
    let server = Server::start("");
    let work = stopped_among_twins(&server);
    assert_eq!(sent(&server), [2, 1, 0]);
    let mut table = twins();
    table.rows[1..].reverse();
    work.write_table("mine.csv", &table);
    // The rows of both versions are sorted once more, in between.
    work.on(&server, "import tickets mine.csv --limit 2").exits(0).says("going on with the run in");
    assert_eq!(sent(&server), [2, 2, 1]);
    table.rows[1..].rotate_left(4);
    work.write_table("mine.csv", &table);
    work.on(&server, "import tickets mine.csv").exits(0).says("going on with the run in");
    assert_rows(&work.summary(), "created 6");
    assert_eq!(sent(&server), [3, 2, 1]);
    assert_eq!(work.runs().len(), 1);
    work.on(&server, "import tickets mine.csv").exits(0).says("this was done before");
}

#[test]
fn an_equal_row_that_was_in_doubt_in_the_version_before_is_not_sent_again() {
    let server = Server::start("");
    let work = stopped_among_twins(&server);
    // Killed while the third of the equal rows was in flight.
    let connection = journal(&work);
    let cells: Vec<u8> =
        connection.query_row("SELECT content FROM operation WHERE row = 0", [], |row| row.get(0)).unwrap();
    let (row, number, copy) = (3u64.to_be_bytes(), 5u64.to_be_bytes(), 2u32.to_be_bytes());
    let (key, origin, generation) = ([0; 9], [0; 9], [0; 4]);
    let reserved = [&row[..], &number, &cells, &copy, &key, &origin, &generation].concat();
    connection.execute("INSERT INTO reservation VALUES (3, ?1)", [reserved]).unwrap();
    connection.execute("DELETE FROM run WHERE name IN ('exit', 'finished')", []).unwrap();
    drop(connection);
    let mut table = twins();
    table.rows[1..].reverse();
    work.write_table("mine.csv", &table);
    work.on(&server, "import tickets mine.csv").exits(4).says("going on with the run in");
    assert_rows(&work.summary(), "created 5, unknown 1");
    assert_eq!(sent(&server), [2, 2, 1]);
    let results = work.results();
    let doubts = results.column("status").iter().filter(|status| **status == "unknown").count();
    assert_eq!(doubts, 1);
    work.on(&server, "import tickets mine.csv").exits(4).says("this was done before");
    assert_eq!(sent(&server), [2, 2, 1]);
}
