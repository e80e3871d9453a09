//! The index of runs: what it remembers of the journals, when they grow, when they are gone, and when it is itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::version_1::stopped;
use crate::harness::{Server, Table, Work, assert_rows, customers};

/// A folder in which three customers of `mine.csv` were imported.
fn imported(server: &Server) -> Work {
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    work.on(server, "import customers mine.csv").exits(0);
    work
}

fn reversed(mut table: Table) -> Table {
    table.rows[1..].reverse();
    table
}

/// All files of runs; what processes share while they have a journal open is memory, no file.
fn files_of_runs(work: &Work) -> BTreeMap<PathBuf, Vec<u8>> {
    let is_of_run = |path: &PathBuf| path.starts_with(work.path("bw8-runs")) && !path.ends_with("journal.db-shm");
    work.all_files().into_iter().filter(|(path, _)| is_of_run(path)).collect()
}

#[test]
fn a_dry_run_changes_nothing_in_the_folders_of_earlier_runs() {
    let server = Server::start("--variant duplicate-mobile=accepted --fault stall,on=POST_users,nth=8");
    let work = imported(&server);
    work.write_table("killed.csv", &customers(20, 8));
    let child = work.start(work.command_on(&server, "import customers killed.csv --no-canary --concurrency 1"));
    server.wait_for_requests(7);
    child.kill();
    let before = files_of_runs(&work);
    assert!(before.keys().any(|path| path.ends_with("journal.db-wal")), "{:?}", before.keys());
    let killed = work.runs().pop().unwrap();
    let mut more = reversed(customers(1, 3));
    more.rows.extend_from_slice(&customers(20, 9).rows[1..]);
    work.write_table("more.csv", &more);
    work.write_table("copy.csv", &reversed(customers(20, 8)));
    work.write_table("new.csv", &customers(90, 2));
    for (command, code) in [
        ("import customers more.csv --dry-run".to_owned(), 0),
        ("import customers copy.csv --dry-run".to_owned(), 0),
        ("import customers killed.csv --dry-run".to_owned(), 0),
        ("import customers new.csv --dry-run".to_owned(), 0),
        (format!("import customers more.csv --dry-run --accept-changed --run {}", killed.display()), 0),
        ("import customers more.csv --dry-run --fresh".to_owned(), 0),
    ] {
        work.on(&server, command.as_str()).exits(code);
        assert!(files_of_runs(&work) == before, "{command} changed {:?}", files_of_runs(&work).keys());
    }
}

#[test]
fn a_dry_run_makes_no_folder_of_its_own() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    for command in ["import customers mine.csv --dry-run", "import customers mine.csv --dry-run --run here"] {
        work.on(&server, command).exits(0).says("3 rows");
    }
    let names: Vec<PathBuf> = work.all_files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(names, [work.path("mine.csv")]);
    assert!(!work.path("state").exists());
}

/// Without an index, a dry run finds the journals all the same.
#[test]
fn a_dry_run_without_an_index_knows_what_was_sent() {
    let server = Server::start("");
    let work = imported(&server);
    std::fs::remove_dir_all(work.path("state")).unwrap();
    work.write_table("copy.csv", &reversed(customers(1, 4)));
    work.on(&server, "import customers copy.csv --dry-run").exits(0).says("3 of these rows were imported before");
    assert!(!work.path("state").exists());
}

#[test]
fn rows_of_a_run_whose_folder_is_gone_stay_known() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = imported(&server);
    let stored = server.stored("customers");
    std::fs::remove_dir_all(work.run_folder()).unwrap();
    work.on(&server, "import customers mine.csv --dry-run").exits(0).says("(the folder is gone)");
    work.write_table("more.csv", &reversed(customers(1, 5)));
    work.on(&server, "import customers more.csv --fresh --dry-run")
        .exits(0)
        .says("3 rows of this input were sent before");
    let ran = work.on(&server, "import customers mine.csv");
    ran.exits(0).says("3 of these rows were imported before").says("(the folder is gone)");
    assert_rows(&work.summary(), "skipped 3");
    // What was known of the record stays known, and another run that takes the folder's name does not bring the first one back.
    assert!(work.results().column("id").iter().all(|id| !id.is_empty()));
    assert_eq!(work.results().column("code"), ["sent_before"; 3]);
    work.on(&server, "import customers more.csv --run more").exits(0);
    assert_eq!(server.stored("customers"), stored + 2);
}

#[test]
fn the_index_keeps_up_with_a_run_that_goes_on() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 6));
    work.write_table("copy.csv", &reversed(customers(1, 7)));
    let stored = server.stored("customers");
    let sent = |rows: u64| format!("{rows} rows of this input were sent");
    for (limit, rows) in [("--limit 2", 2), ("--limit 5", 5), ("", 6)] {
        work.on(&server, format!("import customers mine.csv {limit}")).exits(0);
        // An unfinished run is gone on with, so only a dry run with --fresh tells.
        work.on(&server, "import customers copy.csv --fresh --dry-run").exits(0).says(&sent(rows));
    }
    work.on(&server, "import customers copy.csv").exits(0).says("6 of these rows were imported before");
    assert_eq!(server.stored("customers"), stored + 7);
}

#[test]
fn an_unfinished_run_sends_no_rows_of_another_one() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = imported(&server);
    work.write_table("other.csv", &customers(20, 5));
    work.on(&server, "import customers other.csv --limit 2 --run other").exits(0);
    let stored = server.stored("customers");
    let mut both = customers(20, 5);
    both.rows.extend_from_slice(&customers(1, 3).rows[1..]);
    work.write_table("other.csv", &both);
    work.on(&server, "import customers other.csv").exits(0).says("3 of these rows were imported before");
    assert_rows(&work.summary_of("other"), "created 5, skipped 3");
    assert_eq!(server.stored("customers"), stored + 3);
}

#[test]
fn a_lost_index_is_made_anew_from_the_journals() {
    let server = Server::start("");
    let work = imported(&server);
    let before = server.requests();
    work.write_table("copy.csv", &reversed(customers(1, 3)));
    for file in ["mine.csv", "copy.csv"] {
        std::fs::remove_dir_all(work.path("state")).unwrap();
        work.on(&server, format!("import customers {file}")).exits(0).says("done before");
    }
    assert_eq!(server.requests(), before);
}

/// One table of the index is damaged; what it tells of runs can still be read.
#[test]
fn a_damaged_index_is_set_aside_and_made_anew() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    // None of the folders that are looked through holds this one.
    work.on(&server, "import customers mine.csv --run far/away").exits(0);
    let before = server.requests();
    let index = work.path("state/runs.db");
    let page: u32 = rusqlite::Connection::open(&index)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'by_identity'", [], |row| row.get(0))
        .unwrap();
    let mut bytes = std::fs::read(&index).unwrap();
    let end = page as usize * 4096;
    bytes[end - 4096..end].fill(0x5a);
    std::fs::write(&index, &bytes).unwrap();
    work.write_table("copy.csv", &reversed(customers(1, 3)));
    work.on(&server, "import customers copy.csv").exits(0).says("runs-damaged.db").says("done before").says("away");
    work.on(&server, "import customers copy.csv").exits(0).never_says("damaged").says("done before");
    assert!(work.path("state/runs-damaged.db").exists());
    assert_eq!(server.requests(), before);
}

#[test]
fn an_index_that_is_no_database_is_set_aside_and_made_anew() {
    let server = Server::start("");
    let work = imported(&server);
    let before = server.requests();
    work.write_table("copy.csv", &reversed(customers(1, 3)));
    let index = work.path("state/runs.db");
    for kept in ["runs-damaged.db", "runs-damaged-2.db"] {
        std::fs::write(&index, "this is no database at all, and long enough to tell that it is none").unwrap();
        work.on(&server, "import customers copy.csv --dry-run").exits(0).says(kept).says("3 rows more were sent");
    }
    work.on(&server, "import customers copy.csv").exits(0).says("done before");
    assert_eq!(server.requests(), before);
}

#[test]
fn an_index_of_a_newer_program_is_refused() {
    let server = Server::start("");
    let work = imported(&server);
    let index = rusqlite::Connection::open(work.path("state/runs.db")).unwrap();
    index.pragma_update(None, "user_version", 99).unwrap();
    work.write_table("new.csv", &customers(50, 1));
    work.on(&server, "import customers new.csv").exits(1).says("newer");
}

/// Journals of the version before know rows by their cells alone; so does the index.
#[test]
fn rows_of_the_version_before_stay_known_when_their_folder_is_gone() {
    let server = Server::start("");
    let work = stopped(&server);
    let part = "姓名,手机,公司编号\n示例 2,13100000002,20001\n示例 9,13100000009,20001\n";
    work.write("part.csv", part);
    work.on(&server, "import customers part.csv --dry-run").exits(0).says("1 of these rows were imported before");
    std::fs::remove_dir_all(work.path("run")).unwrap();
    work.on(&server, "import customers part.csv").exits(0).says("1 of these rows were imported before");
    assert_rows(&work.summary(), "created 1, skipped 1");
}

#[test]
fn a_journal_that_cannot_be_read_stops_whatever_would_create() {
    let server = Server::start("");
    let work = imported(&server);
    let stored = server.stored("customers");
    let damaged = work.run_folder();
    std::fs::write(damaged.join("journal.db"), "damaged, and long enough to tell that it is none").unwrap();
    work.write_table("new.csv", &customers(50, 2));
    for command in
        ["import customers new.csv", "import customers new.csv --dry-run", "import customers new.csv --fresh"]
    {
        work.on(&server, command).exits(1).says("cannot be read").says("runs forget");
    }
    work.write("change.csv", "联系人编号,姓名\n50001,示例改\n");
    work.on(&server, "import customers change.csv --mode update --run change").exits(0);
    work.bw8(["runs", "forget", damaged.to_str().unwrap(), "--yes"]).exits(0).says("forgotten");
    work.write_table("copy.csv", &reversed(customers(1, 4)));
    work.on(&server, "import customers copy.csv --run copy").exits(0).says("3 of these rows were imported before");
    assert_rows(&work.summary_of("copy"), "created 1, skipped 3");
    assert_eq!(server.stored("customers"), stored + 1);
}

/// Changes may be made again without harm: there and back are two of them.
#[test]
fn rows_of_changes_are_no_memory() {
    let server = Server::start("");
    let work = Work::new();
    for (file, name) in [("there.csv", "示例改"), ("back.csv", "示例"), ("again.csv", "示例改")] {
        work.write(file, format!("联系人编号,姓名\n50001,{name}\n"));
        work.on(&server, format!("import customers {file} --mode update --run {file}-run")).exits(0);
    }
    assert_eq!(server.requests_to("customers.update"), 3);
}

/// A process that was killed between its last row and the index leaves that to the next command, whatever it is.
#[test]
fn what_was_done_before_is_remembered_by_an_index_that_did_not_know_it() {
    let server = Server::start("");
    let work = imported(&server);
    std::fs::remove_dir_all(work.path("state")).unwrap();
    work.on(&server, "import customers mine.csv").exits(0).says("done before");
    std::fs::remove_dir_all(work.run_folder()).unwrap();
    work.write_table("more.csv", &reversed(customers(1, 4)));
    work.on(&server, "import customers more.csv").exits(0).says("3 of these rows were imported before");
    assert_rows(&work.summary(), "created 1, skipped 3");
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        std::fs::copy(&entry, to.join(entry.file_name().unwrap())).unwrap();
    }
}

/// A folder in which two of five customers of `mine.csv` were imported, copied, and two more since.
fn copied_to(server: &Server, copy: &str) -> (Work, PathBuf) {
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 5));
    work.on(server, "import customers mine.csv --limit 2").exits(0);
    let run = work.run_folder();
    copy_folder(&run, &work.path(copy));
    work.on(server, "import customers mine.csv --limit 4").exits(0);
    (work, run)
}

#[test]
fn of_two_copies_of_a_folder_the_one_that_did_more_goes_on() {
    for copy in ["bw8-runs/0-copy", "bw8-runs/z-copy"] {
        let server = Server::start("--variant duplicate-mobile=accepted");
        let (work, run) = copied_to(&server, copy);
        let stored = server.stored("customers");
        work.on(&server, format!("import customers mine.csv --run {copy}")).exits(2).says("is a copy of the run in");
        std::fs::remove_dir_all(work.path("state")).unwrap();
        work.on(&server, "import customers mine.csv")
            .exits(0)
            .says(run.strip_prefix(work.path("")).unwrap().to_str().unwrap());
        assert_eq!(server.stored("customers"), stored + 1);
    }
}

#[test]
fn a_retry_of_a_copy_is_sent_to_the_run_itself() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = Work::new();
    let mut table = customers(1, 3);
    work.write_table("mine.csv", table.set(0, "公司编号", "1.5"));
    work.on(&server, "import customers mine.csv --run first").exits(3);
    copy_folder(&work.path("first"), &work.path("copy"));
    work.write_table("mine.csv", &customers(1, 3));
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    let mut list = work.table("copy/failed.csv");
    work.write_table("copy/failed.csv", list.set(0, "公司编号", "20001"));
    work.on(&server, "retry copy").exits(2).says("is a copy of the run in").says("first");
    assert_eq!(server.count_by("customers", "mobile")["13100000001"], 1);
}

#[test]
fn an_older_copy_in_the_place_of_a_run_is_refused_with_a_way_on() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let (work, run) = copied_to(&server, "backup");
    let stored = server.stored("customers");
    std::fs::remove_dir_all(&run).unwrap();
    copy_folder(&work.path("backup"), &run);
    work.on(&server, "import customers mine.csv").exits(1).says("the run has done 2 rows more");
    assert_eq!(server.stored("customers"), stored);
    std::fs::rename(&run, work.path("old")).unwrap();
    work.on(&server, "import customers mine.csv --run new").exits(0).says("4 of these rows were imported before");
    assert_rows(&work.summary_of("new"), "created 1, skipped 4");
    assert_eq!(server.stored("customers"), stored + 1);
}

/// An index of the version before counts no rows that are done.
#[test]
fn an_index_of_the_version_before_keeps_what_it_knows() {
    let server = Server::start("");
    let work = imported(&server);
    let index = rusqlite::Connection::open(work.path("state/runs.db")).unwrap();
    index
        .execute_batch("ALTER TABLE run DROP COLUMN done; ALTER TABLE run DROP COLUMN highest; PRAGMA user_version = 3")
        .unwrap();
    drop(index);
    std::fs::remove_dir_all(work.run_folder()).unwrap();
    work.write_table("more.csv", &customers(1, 4));
    work.on(&server, "import customers more.csv").exits(0).says("3 of these rows were imported before");
}
