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
    work.write_table("flying.csv", &customers(3, 1));
    let child = work.start(work.command_on(&server, "import customers all.csv --no-canary --concurrency 1 --run all"));
    server.wait_for_requests(2);
    let stored = server.stored("customers");
    let ran = work.on(&server, "import customers urgent.csv --run urgent");
    ran.exits(1).says("another command is importing 2 of these rows").says("wait until it ends");
    // One that is on its way is no matter of finding out.
    let ran = work.on(&server, "import customers flying.csv --run flying");
    ran.exits(1).says("another command is importing 1 of these rows").never_says("settle");
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

#[test]
fn further_runs_are_named_by_whatever_holds_them() {
    let server = Server::start("");
    let work = Work::new();
    work.write("mine.csv", "标题,描述,客户编号\n示例 一,说明,50001\n示例 二,说明,50001\n");
    work.on(&server, "import tickets mine.csv").exits(0);
    let run = work.run_folder().file_name().unwrap().to_string_lossy().into_owned();
    let stored = server.stored("tickets");
    std::fs::create_dir(work.path("archive")).unwrap();
    std::fs::rename(work.path("bw8-runs"), work.path("archive/kept")).unwrap();
    std::fs::create_dir(work.path("empty")).unwrap();
    for named in ["archive", "archive/kept", &format!("archive/kept/{run}"), &format!("archive/kept/{run}/journal.db")]
    {
        std::fs::remove_dir_all(work.path("state")).unwrap();
        work.on(&server, format!("import tickets mine.csv --runs-from {named}")).exits(0).says("done before");
        let ran = work.bw8(format!("runs --runs-from {named}"));
        ran.exits(0).says("created 2").never_says("gone");
    }
    for named in ["archiv", "empty", "mine.csv"] {
        std::fs::remove_dir_all(work.path("state")).unwrap();
        let ran = work.on(&server, format!("import tickets mine.csv --runs-from {named}"));
        ran.exits(2).says(&format!("no run is found in {named}"));
        work.bw8(format!("runs --runs-from {named}")).exits(2).says("no run is found in");
    }
    assert_eq!(server.stored("tickets"), stored);
}

#[test]
fn reports_of_a_run_whose_journal_nobody_knows_stop_what_would_create() {
    let server = Server::start("");
    let work = Work::new();
    work.write("mine.csv", "标题,描述,客户编号\n示例 一,说明,50001\n");
    work.write("new.csv", "标题,描述,客户编号\n示例 二,说明,50001\n");
    work.write("change.csv", "工单编号,描述\n900001,改过\n");
    work.on(&server, "import tickets mine.csv").exits(0);
    let folder = work.run_folder();
    std::fs::remove_file(folder.join("journal.db")).unwrap();
    let stored = server.stored("tickets");
    // The index still knows what it sent.
    work.on(&server, "import tickets new.csv --dry-run").exits(0);
    std::fs::remove_dir_all(work.path("state")).unwrap();
    for file in ["mine.csv", "new.csv"] {
        let ran = work.on(&server, format!("import tickets {file}"));
        ran.exits(1).says("its journal.db is gone").says("runs forget bw8-runs");
    }
    assert_eq!(server.stored("tickets"), stored);
    work.on(&server, "import tickets change.csv --mode update --run changed").exits(0);
    work.bw8("runs").exits(0).says("its journal.db is gone");
    let ran = work.bw8(["runs", "forget", folder.to_str().unwrap(), "--yes"]);
    ran.exits(0).says("may be sent once more");
    work.on(&server, "import tickets mine.csv").exits(0);
    assert_eq!(server.stored("tickets"), stored + 1);
}

#[test]
fn what_sent_nothing_or_is_known_from_elsewhere_is_not_missed() {
    let server = Server::start("");
    let work = Work::new();
    work.write("bad.csv", "姓名,手机,公司编号\n示例,123,20001\n");
    work.write("mine.csv", "姓名,手机,公司编号\n示例,13100000001,20001\n");
    work.write("new.csv", "姓名,手机,公司编号\n示例,13100000002,20001\n");
    // One of which every row was refused, one in the sandbox, and reports of a run that were put beside it.
    work.on(&server, "import customers bad.csv --run bw8-runs/refused").exits(3);
    work.bw8("import customers mine.csv --sandbox --run bw8-runs/rehearsed").exits(0);
    work.on(&server, "import customers mine.csv --run bw8-runs/first").exits(0);
    std::fs::create_dir(work.path("bw8-runs/reports")).unwrap();
    for name in ["summary.json", "results.csv"] {
        std::fs::copy(work.path(format!("bw8-runs/first/{name}")), work.path(format!("bw8-runs/reports/{name}")))
            .unwrap();
    }
    for run in ["refused", "rehearsed"] {
        std::fs::remove_file(work.path(format!("bw8-runs/{run}/journal.db"))).unwrap();
    }
    std::fs::remove_dir_all(work.path("state")).unwrap();
    work.on(&server, "import customers new.csv --run second").exits(0).never_says("journal.db is gone");
}

#[test]
fn a_folder_that_was_renamed_is_listed_and_looked_into_at_once() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 4));
    work.on(&server, "import customers mine.csv").exits(0);
    std::fs::rename(work.run_folder(), work.path("bw8-runs/renamed")).unwrap();
    work.bw8("runs").exits(0).says(&as_printed("bw8-runs/renamed")).never_says("gone");
    work.bw8("runs find 13100000001").exits(0).says(&as_printed("bw8-runs/renamed"));
    // Without the index, too.
    std::fs::remove_dir_all(work.path("state")).unwrap();
    work.bw8("runs").exits(0).says(&as_printed("bw8-runs/renamed"));
    assert!(!work.path("state/runs.db").exists());
}

#[test]
fn a_limit_is_in_the_number_that_is_agreed_to() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 12));
    work.on(&server, "import customers mine.csv --limit 5").exits(0);
    let ran = work.on(&server, "import customers mine.csv --limit 7 --dry-run");
    ran.exits(0).says("2 customers");
    let ran = work.on(&server, "import customers mine.csv --limit 7 --expect 7");
    ran.exits(2).says("about to create 2 customers").says("use --expect 2");
    work.on(&server, "import customers mine.csv --limit 7 --expect 2").exits(0);
    work.on(&server, "import customers mine.csv --expect 5").exits(0);
}

/// IDs that a person chose in one account are those of other records in another one.
#[test]
fn answers_of_another_account_name_no_records_here() {
    let (there, here, work) = (Server::start(""), Server::start(""), Work::new());
    work.write("mine.csv", "姓名,手机,公司名称\n示例一,13100000001,示例丙方公司\n示例二,13100000002,示例丁方公司\n");
    work.on(&there, "import customers mine.csv --run first").exits(5);
    let answer = |answers: [&str; 2]| {
        let mut table = work.table("first/decisions.xlsx");
        for (row, answer) in answers.into_iter().enumerate() {
            table.set(row, "answer", answer);
        }
        work.write("first/decisions.xlsx", workbook(&[("to decide", &table)]));
    };
    let import = "import customers mine.csv --run second --decisions first/decisions.xlsx --other-account=first";
    answer(["20003", "refuse"]);
    work.on(&here, import).exits(2).says("of another account").says("--same-account first");
    assert_eq!(here.requests_to("customers.create"), 0);
    // Words mean the same everywhere.
    answer(["create", "refuse"]);
    work.on(&here, import).exits(3);
    assert_eq!(here.requests_to("customers.create"), 1);
    // In the same account they hold for the next file.
    answer(["20003", "refuse"]);
    work.write("next.csv", "姓名,手机,公司名称\n示例三,13100000003,示例丙方公司\n");
    work.on(&there, "import customers next.csv --decisions first/decisions.xlsx --other-account").exits(0);
}
