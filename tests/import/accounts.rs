//! One memory of an account: whatever the address, the login, the folder or the state folder, and however many commands run at
//! once.

use std::process::Command;

use crate::harness::*;

/// A folder in which `mine.csv` with four customers was imported.
fn imported(server: &Server) -> Work {
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 4));
    work.on(server, "import customers mine.csv --run first").exits(0);
    work
}

/// The same command with the same service at another name.
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

#[test]
fn another_address_or_login_of_the_same_account_is_recognised_by_its_records() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = imported(&server);
    let stored = server.stored("customers");
    work.write_table("more.csv", &customers(2, 4));
    for command in [at_localhost, with_key_pair] {
        work.run(command(&work, &server, "import customers mine.csv --dry-run")).exits(0).says("is the same account");
    }
    work.run(at_localhost(&work, &server, "import customers mine.csv")).exits(0).says("done before");
    let ran = work.run(with_key_pair(&work, &server, "import customers more.csv --run more"));
    ran.exits(0).says("3 of these rows were imported before");
    assert_rows(&work.summary_of("more"), "created 1, skipped 3");
    assert_eq!(server.stored("customers"), stored + 1);
}

#[test]
fn rows_known_from_another_account_are_asked_about_once() {
    let (server, other) = (Server::start(""), Server::start(""));
    let work = imported(&server);
    let stored = other.stored("customers");
    let ran = work.on(&other, "import customers mine.csv");
    ran.exits(2).says("4 rows of this input were sent before to another address").says("--same-account");
    ran.says("--other-account");
    assert_eq!(other.stored("customers"), stored);
    work.on(&other, "import customers mine.csv --same-account first --dry-run").exits(0).says("4 rows more");
    let work = imported(&Server::start(""));
    work.on(&other, "import customers mine.csv --other-account").exits(0);
    assert_eq!(other.stored("customers"), stored + 4);
    // What was said of the two accounts is known from then on.
    let mut more = customers(1, 4);
    more.rows.extend_from_slice(&customers(30, 1).rows[1..]);
    work.write_table("more.csv", &more);
    work.on(&other, "import customers more.csv").exits(0).says("4 of these rows were imported before");
    assert_eq!(other.stored("customers"), stored + 5);
}

#[test]
fn runs_are_found_where_the_command_says() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = imported(&server);
    let stored = server.stored("customers");
    std::fs::create_dir(work.path("archive")).unwrap();
    std::fs::rename(work.path("first"), work.path("archive/first")).unwrap();
    std::fs::remove_dir_all(work.path("state")).unwrap();
    work.write_table("more.csv", &customers(2, 4));
    work.on(&server, "import customers more.csv --runs-from archive --dry-run").exits(0).says("3 of these rows");
    work.on(&server, "import customers more.csv --runs-from archive").exits(0).says("3 of these rows");
    assert_eq!(server.stored("customers"), stored + 1);
}

#[test]
fn a_journal_without_its_log_is_damaged_and_not_empty() {
    let server = Server::start("--fault stall,on=POST_users,nth=5");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 8));
    let child = work.start(work.command_on(&server, "import customers mine.csv --no-canary --concurrency 1"));
    server.wait_for_requests(4);
    child.kill();
    let log = work.run_folder().join("journal.db-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    std::fs::remove_file(&log).unwrap();
    let requests = server.requests();
    work.write_table("new.csv", &customers(50, 1));
    for command in ["import customers mine.csv", "import customers new.csv"] {
        work.on(&server, command).exits(1).says("damaged").says("runs forget");
    }
    // A script must not take what nobody could read for "never sent".
    let found = work.bw8("runs find 13000000001 --format json").exits(1).json();
    assert_eq!((found["found"].as_array().map(Vec::len), found["unread"].as_array().map(Vec::len)), (Some(0), Some(1)));
    assert_eq!(server.requests(), requests);
}

/// Nobody knows whether the row arrived whose key another one has.
#[test]
fn a_key_in_doubt_is_not_said_to_be_imported() {
    let server = Server::start("--variant duplicate-mobile=accepted --fault stall,on=POST_users,nth=2");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    let child = work.start(work.command_on(&server, "import customers mine.csv --no-canary --concurrency 1"));
    server.wait_for_requests_to("customers.create", 1);
    child.kill();
    work.write_table("other.csv", customers(2, 1).set(0, "姓名", "示例 改名"));
    work.on(&server, "import customers other.csv --run other").exits(3).never_says("imported before");
    let results = work.table("other/results.csv");
    assert_eq!(results.column("code"), ["key_sent_before"]);
    assert!(results.column("message")[0].contains("it is not known yet whether it arrived"), "{results:?}");
}

#[test]
fn rows_that_another_command_is_sending_are_refused() {
    let server = Server::start("--fault stall,on=POST_users,nth=3");
    let work = Work::new();
    work.write_table("all.csv", &customers(1, 10));
    work.write_table("urgent.csv", &customers(9, 4));
    work.write_table("others.csv", &customers(30, 2));
    let child = work.start(work.command_on(&server, "import customers all.csv --no-canary --concurrency 1 --run all"));
    server.wait_for_requests(2);
    let stored = server.stored("customers");
    let ran = work.on(&server, "import customers urgent.csv --run urgent");
    ran.exits(1).says("another command is importing 2 of these rows").says("wait until it ends");
    // A second state folder does not hide it.
    let mut elsewhere = work.command_on(&server, "import customers urgent.csv --run urgent");
    elsewhere.env("BW8_STATE_DIR", work.path("state-2"));
    work.run(elsewhere).exits(1).says("another command is importing 2 of these rows");
    work.on(&server, "import customers others.csv --run others").exits(0);
    assert_eq!(server.stored("customers"), stored + 2);
    child.kill();
    // Rows of a dead run that were never in doubt are free.
    work.on(&server, "import customers urgent.csv --run urgent").exits_with_one_of(&[0, 4]);
}

#[test]
fn runs_tell_of_folders_that_are_gone() {
    let server = Server::start("");
    let work = imported(&server);
    std::fs::remove_dir_all(work.path("first")).unwrap();
    let ran = work.bw8("runs --format json");
    ran.exits(0).says("the folder is gone; 4 rows it sent are still known");
    assert_eq!(ran.json()["runs"][0]["folder_is_there"], false);
    assert_eq!(ran.json()["runs"][0]["remembered"], 4);
}

#[test]
fn a_fresh_run_ignores_earlier_ones_when_it_goes_on_too() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = imported(&server);
    let stored = server.stored("customers");
    work.write_table("copy.csv", &customers(1, 6));
    work.on(&server, "import customers copy.csv --fresh --limit 2 --run copy").exits(0).says("second time");
    work.on(&server, "import customers copy.csv").exits(0).says("going on with the run in");
    assert_rows(&work.summary_of("copy"), "created 6");
    assert_eq!(server.stored("customers"), stored + 6);
}

/// As it is in a folder that others share.
#[cfg(unix)]
#[test]
fn a_run_elsewhere_needs_no_folder_of_runs_that_can_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 2));
    std::fs::create_dir(work.path("bw8-runs")).unwrap();
    let allow = |mode| std::fs::set_permissions(work.path("bw8-runs"), std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    // Whoever is root may write everywhere.
    if std::fs::write(work.path("bw8-runs/probe"), "").is_err() {
        work.on(&server, "import customers mine.csv").exits(1).says("--run");
        work.on(&server, "import customers mine.csv --run elsewhere").exits(0);
    }
    allow(0o755);
}
