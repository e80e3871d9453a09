//! Runs that were killed and whose journals are gone, or shorter than they were: what they may have sent is not sent again.

use std::collections::HashMap;
use std::path::Path;

use crate::harness::{Server, Table, Work, assert_rows};

const IMPORT: &str = "import tickets mine.csv --no-canary --concurrency 1 --server-timeout 600";

fn tickets(n: usize) -> Table {
    let mut table = Table::of(&["标题", "描述", "客户编号"]);
    for row in 1..=n {
        table.push(&[&format!("示例 {row}"), "说明", "50001"]);
    }
    table
}

/// A run of twenty tickets that was killed when seven were stored; its last answer was still on its way.
fn killed(server: &Server, options: &str) -> Work {
    let work = Work::new();
    work.write_table("mine.csv", &tickets(20));
    let before = server.stored("tickets");
    let running = work.start(work.command_on(server, format!("{IMPORT} --run killed {options}")));
    server.wait_until_stored("tickets", before + 7);
    running.kill();
    work
}

fn server() -> Server {
    Server::faulty(&["stall-after-store,on=POST tickets,nth=7"])
}

/// How often the tickets of the file are in the account: those that are.
fn counts(server: &Server) -> HashMap<String, usize> {
    let mut counts = server.count_by("tickets", "subject");
    let whole = tickets(30);
    let own = whole.column("标题");
    counts.retain(|subject, _| own.contains(&subject.as_str()));
    counts
}

fn assert_each_once(server: &Server, n: usize) {
    let counts = counts(server);
    assert!(counts.len() == n && counts.values().all(|count| *count == 1), "{counts:?}");
}

fn remove_journal(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("journal") {
            std::fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn what_a_killed_run_may_have_sent_stays_known_when_its_folder_is_gone() {
    type Lose = fn(&Work);
    let ways: [Lose; 4] = [
        |work| std::fs::remove_dir_all(work.path("killed")).unwrap(),
        |work| {
            std::fs::create_dir(work.path("archive")).unwrap();
            std::fs::rename(work.path("killed"), work.path("archive/killed")).unwrap();
        },
        |work| remove_journal(&work.path("killed")),
        |work| std::fs::remove_file(work.path("killed/journal.db")).unwrap(),
    ];
    for lose in ways {
        let server = server();
        let work = killed(&server, "");
        lose(&work);
        let ran = work.on(&server, format!("{IMPORT} --run again"));
        ran.exits(4).says("20 rows may have been sent by an earlier run whose folder is gone").says("7 rows are done");
        assert_each_once(&server, 7);
        assert_rows(&work.summary_of("again"), "created 7, unknown 13");
        // Nothing was acknowledged later, so nobody can tell whether the others are still to come.
        work.on(&server, "settle again --server-timeout 1").exits(4).says("13 rows are still not known");
        assert_each_once(&server, 7);
        let ran = work.on(&server, format!("{IMPORT} --run again --resend-unknown"));
        ran.exits(0).says("13 rows are sent once more because of --resend-unknown");
        assert_each_once(&server, 20);
        work.bw8("runs").exits(0).says("; still known are 20 rows that it sent or may have sent");
    }
}

#[test]
fn what_a_lost_run_did_not_send_is_sent_once_that_is_proved() {
    let server = server();
    let work = killed(&server, "");
    std::fs::remove_dir_all(work.path("killed")).unwrap();
    work.write_table("mine.csv", &tickets(23));
    work.on(&server, format!("{IMPORT} --run again")).exits(4).says("about to create 3 tickets");
    assert_each_once(&server, 10);
    // The service's time for a request is over: what is not there does not come any more.
    let settled = work.on(&server, "settle again --server-timeout 0").exits_with_one_of(&[5]);
    assert_eq!(settled, 5);
    work.on(&server, format!("{IMPORT} --run again")).exits(0);
    assert_each_once(&server, 23);
    work.on(&server, format!("{IMPORT} --run again")).exits(0).says("this was done before");
    work.write_table("copy.csv", &tickets(20));
    work.on(&server, "import tickets copy.csv --run copy").exits_with_one_of(&[0, 3]);
    assert_each_once(&server, 23);
}

#[test]
fn a_run_that_was_moved_is_found_where_it_is_named() {
    let server = server();
    let work = killed(&server, "");
    std::fs::create_dir(work.path("archive")).unwrap();
    std::fs::rename(work.path("killed"), work.path("archive/killed")).unwrap();
    work.on(&server, format!("{IMPORT} --run again")).exits(4);
    work.on(&server, format!("{IMPORT} --run again --runs-from archive")).exits_with_one_of(&[0, 4]);
    // What the other one has found to be its own is not taken for this one's.
    work.on(&server, format!("{IMPORT} --run archive/killed")).exits_with_one_of(&[0, 4, 5]);
    assert_each_once(&server, 20);
    work.on(&server, format!("{IMPORT} --run archive/killed")).exits_with_one_of(&[0, 4]);
    work.on(&server, format!("{IMPORT} --run again --runs-from archive")).exits(0);
    assert_each_once(&server, 20);
}

#[test]
fn only_what_the_run_would_have_sent_is_in_doubt() {
    let server = server();
    let work = killed(&server, "--limit 9");
    std::fs::remove_dir_all(work.path("killed")).unwrap();
    work.on(&server, format!("{IMPORT} --run again")).exits(4).says("9 rows may have been sent");
    assert_each_once(&server, 18);
}

/// What was read of a killed run says more than what it was about to send.
#[test]
fn what_was_read_of_a_killed_run_is_not_in_doubt() {
    let server = server();
    let work = killed(&server, "");
    work.write("other.csv", "标题,描述,客户编号\n示例 其他,说明,50001\n");
    work.on(&server, "import tickets other.csv --run other").exits(0);
    std::fs::remove_dir_all(work.path("killed")).unwrap();
    let ran = work.on(&server, format!("{IMPORT} --run again"));
    ran.exits(4).says("of these rows were imported before").never_says("20 rows may have been sent");
    let counts = counts(&server);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

#[test]
fn a_run_that_ends_leaves_no_list_of_what_it_was_about_to_send() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &tickets(3));
    let lists = || std::fs::read_dir(work.path("state/sending")).into_iter().flatten().count();
    work.on(&server, "import tickets mine.csv --dry-run").exits(0);
    assert_eq!(lists(), 0);
    work.on(&server, "import tickets mine.csv --limit 1 --run here").exits(0);
    assert_eq!(lists(), 0);
    work.on(&server, "import tickets mine.csv --run here").exits(0);
    assert_eq!(lists(), 0);
}

#[test]
fn a_log_that_lost_something_is_damage_and_no_shorter_journal() {
    type Harm = fn(&mut Vec<u8>);
    let harms: [Harm; 4] = [
        |log| log.truncate(log.len() / 4),
        |log| log.truncate(log.len() / 2),
        |log| {
            let at = log.len() * 3 / 10;
            log[at] ^= 4;
        },
        |log| {
            let at = log.len() * 6 / 10;
            log[at] ^= 1;
        },
    ];
    for harm in harms {
        let server = server();
        let work = killed(&server, "");
        let path = work.path("killed/journal.db-wal");
        let mut log = std::fs::read(&path).unwrap();
        harm(&mut log);
        std::fs::write(&path, log).unwrap();
        work.on(&server, format!("{IMPORT} --run killed")).exits(1).says("is damaged");
        work.on(&server, format!("{IMPORT} --run other")).exits(1).says("is damaged");
        assert_each_once(&server, 7);
        work.bw8("runs forget killed --yes").exits(0);
        work.on(&server, format!("{IMPORT} --run again")).exits(4);
        assert_each_once(&server, 7);
    }
}
