//! Nothing is sent twice and nothing is lost: the same command again, interrupted and killed runs, changed inputs, and
//! journals that were damaged.

use crate::harness::*;

/// A work directory with `n` customers in `mine.csv`.
fn with_customers(n: u64) -> Work {
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, n));
    work
}

/// Every created row is on the server once, and nothing is there twice.
#[track_caller]
fn assert_each_once(work: &Work, server: &Server) {
    let stored = server.count_by("customers", "mobile");
    assert!(stored.values().all(|count| *count == 1), "something was made twice: {stored:?}");
    let (input, results) = (work.table("mine.csv"), work.results());
    for (mobile, status) in input.column("手机").iter().zip(results.column("status")) {
        if status == "created" {
            assert_eq!(stored.get(*mobile), Some(&1), "{mobile} was reported as created and is not there");
        }
    }
}

#[test]
fn the_same_command_after_the_end_sends_nothing_and_exits_the_same() {
    let (work, server) = (Work::new(), Server::start(""));
    let mut table = customers(1, 3);
    table.set(1, "手机", "");
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv").exits(3);
    let requests = server.requests();
    work.on(&server, "import customers mine.csv").exits(3).says("done before");
    assert_eq!(server.requests(), requests);
}

#[test]
fn a_file_is_recognised_wherever_its_run_lies() {
    let (work, server) = (with_customers(3), Server::start(""));
    work.on(&server, "import customers mine.csv --run elsewhere/deep").exits(0);
    std::fs::copy(work.path("mine.csv"), work.path("copy.csv")).unwrap();
    work.on(&server, "import customers copy.csv").exits(0).says("done before").says("elsewhere");
    assert_eq!(server.requests_to("customers.create"), 3);
}

#[test]
fn fresh_begins_again_and_says_how_many_rows_may_double() {
    let (work, server) = (with_customers(3), Server::start("--variant duplicate-mobile=accepted"));
    work.on(&server, "import customers mine.csv").exits(0);
    work.on(&server, "import customers mine.csv --fresh")
        .exits(0)
        .says("3 rows of this input were sent before")
        .says("second time");
    assert_eq!(server.stored("customers"), 66);
}

#[test]
fn a_limited_run_goes_on_without_the_limit() {
    let (work, server) = (with_customers(5), Server::start(""));
    work.on(&server, "import customers mine.csv --limit 2").exits(0);
    assert_rows(&work.summary(), "created 2, pending 3");
    work.on(&server, "import customers mine.csv").exits(0).says("going on with the run");
    assert_rows(&work.summary(), "created 5");
    assert_each_once(&work, &server);
}

/// Kills the import whenever a few more requests were seen, until it gets to its end.
#[test]
fn a_run_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    const IN_FLIGHT: u64 = 4;
    let (work, server) =
        (with_customers(240), Server::start("--variant duplicate-mobile=accepted --fault delay,ms=4,to=25"));
    let mut kills = 0;
    let last = loop {
        let command = work.command_on(&server, "import customers mine.csv --no-canary --concurrency 4");
        let before = server.requests_to("customers.create");
        let mut child = work.start(command);
        let after = before + 3 + kills % 9;
        while child.is_running() && server.requests_to("customers.create") < after {}
        if !child.is_running() {
            break child.ended();
        }
        child.kill();
        kills += 1;
    };
    assert!(kills >= 8, "only {kills} kills\n{last}");
    last.exits_with_one_of(&[0, 4]);
    let rows = work.summary()["rows"].clone();
    assert_eq!(rows["created"].as_u64().unwrap() + rows["unknown"].as_u64().unwrap(), 240, "{rows}");
    // Two windows that hold what is sent in 50 ms, at least what is in flight, each.
    assert!(rows["unknown"].as_u64().unwrap() <= kills * 4 * IN_FLIGHT, "{kills} kills left {rows}");
    assert_each_once(&work, &server);
}

#[cfg(unix)]
#[test]
fn an_interrupt_lets_what_is_in_flight_finish_and_the_same_command_goes_on() {
    let (work, server) = (with_customers(60), Server::start("--fault delay,ms=30"));
    let child = work.start(work.command_on(&server, "import customers mine.csv"));
    server.wait_for_requests(8);
    child.signal("INT");
    let ran = child.ended();
    ran.exits(130).says("next: bw8 import customers mine.csv");
    let summary = work.summary();
    assert_eq!((&summary["rows"]["unknown"], &summary["finished"]), (&0.into(), &false.into()), "{summary}");
    assert_eq!(work.results().len(), 60);
    assert_each_once(&work, &server);
    work.on(&server, "import customers mine.csv").exits(0);
    assert_rows(&work.summary(), "created 60");
    assert_each_once(&work, &server);
}

#[cfg(unix)]
#[test]
fn a_second_interrupt_leaves_at_once_and_loses_nothing() {
    let (work, server) = (with_customers(60), Server::start("--fault stall,on=POST_users,nth=6..8"));
    let child = work.start(work.command_on(&server, "import customers mine.csv --concurrency 3"));
    server.wait_for_requests(6);
    child.signal("INT");
    child.wait_until_it_says("stopping:");
    child.signal("INT");
    child.ended().exits(130);
    // What the server has not held up yet it holds up now.
    work.on(&server, "import customers mine.csv --timeout 1").exits(4);
    let rows = work.summary()["rows"].clone();
    // What was in flight then or is held up now, not the rows that only waited.
    assert!((1..=6).contains(&rows["unknown"].as_u64().unwrap()), "{rows}");
    assert_each_once(&work, &server);
}

/// What a process that was killed between two of its last writes would leave, or one whose reports could not be written.
#[test]
fn a_run_without_its_reports_is_ended_by_the_same_command() {
    let (work, server) = (Work::sample("customers-with-mistakes.xlsx"), Server::start(""));
    std::fs::create_dir_all(work.path("run/results.csv")).unwrap();
    let import = "import customers customers-with-mistakes.xlsx --run run";
    work.on(&server, import).exits(1).says(&format!("cannot write {}", work.path("run").join("results.csv").display()));
    std::fs::remove_dir(work.path("run/results.csv")).unwrap();
    assert!(work.path("run/failed.xlsx").exists());
    work.on(&server, import).exits(3).says("failed.xlsx");
    assert_eq!(work.table(work.path("run/results.csv")).len(), 10);
    work.on(&server, import).exits(3).says("done before");
    assert_eq!(server.requests_to("customers.create"), 3);
}

#[test]
fn a_limit_on_a_grown_file_does_not_count_as_finished() {
    let (work, server) = (with_customers(4), Server::start(""));
    work.on(&server, "import customers mine.csv").exits(0);
    work.write_table("mine.csv", &customers(1, 10));
    work.on(&server, "import customers mine.csv --accept-changed --limit 6").exits(0);
    work.on(&server, "import customers mine.csv").exits(0);
    assert_rows(&work.summary(), "created 10");
}

#[test]
fn a_refused_double_stays_refused_when_the_file_grows() {
    let (work, server) = (Work::new(), Server::start(""));
    let mut table = customers(1, 2);
    table.rows[2] = table.rows[1].clone();
    table.set(1, "姓名", "示例 乙");
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv").exits(3);
    assert_rows(&work.summary(), "created 1, refused 1");
    table.rows.push(customers(3, 1).rows[1].clone());
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv --accept-changed").exits(3);
    assert_eq!(work.table(work.run_folder().join("failed.csv")).len(), 1);
    assert_rows(&work.summary(), "created 2, refused 1");
    assert_each_once(&work, &server);
}

#[test]
fn a_second_process_on_one_run_stops_and_says_so() {
    let (work, server) = (with_customers(20), Server::start("--fault stall,ms=10000,on=POST_users,nth=3"));
    let first = work.start(work.command_on(&server, "import customers mine.csv"));
    server.wait_for_requests(2);
    work.on(&server, "import customers mine.csv").exits(1).says("another");
    first.ended().exits(0);
    assert_each_once(&work, &server);
}

/// Three customers without a company, all of them fixed in `first.csv`.
fn fixed(server: &Server) -> Work {
    let (work, mut table) = (Work::new(), customers(1, 3));
    for row in 0..3 {
        table.set(row, "公司编号", "1.5");
    }
    work.write_table("mine.csv", &table);
    work.on(server, "import customers mine.csv").exits(3);
    let mut failed = work.table(work.run_folder().join("failed.csv"));
    for row in 0..3 {
        failed.set(row, "公司编号", "20001");
    }
    work.write_table("first.csv", &failed);
    work
}

#[test]
fn two_retries_of_one_run_at_the_same_time_are_one_too_many() {
    let server = Server::start("--variant duplicate-mobile=accepted --fault stall,ms=10000,on=POST_users,nth=2");
    let work = fixed(&server);
    let mut copy = work.table("first.csv");
    work.write_table("second.csv", copy.set(0, "姓名", "示例 改名"));
    let first = work.start(work.command_on(&server, "retry first.csv --no-canary"));
    server.wait_for_requests_to("customers.create", 1);
    work.on(&server, "retry second.csv --no-canary").exits(1).says("another");
    first.ended().exits(0);
    assert_eq!(server.stored("customers"), 63);
}

#[test]
fn a_renamed_or_moved_file_goes_on_with_its_run() {
    let (work, server) = interrupted();
    std::fs::create_dir(work.path("moved")).unwrap();
    std::fs::rename(work.path("mine.csv"), work.path("moved/other.csv")).unwrap();
    work.on(&server, "import customers moved/other.csv").exits(0).says("going on with the run");
    assert_eq!(server.stored("customers"), 70);
}

#[cfg(unix)]
#[test]
fn files_of_a_run_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let work = Work::new();
    let mut table = customers(1, 3);
    let rows = table.set(1, "手机", "").to_csv();
    work.run_with(work.command("import customers - --sandbox"), rows).exits(3);
    for (path, bytes) in work.all_files().into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let is_journal = path.ends_with("journal.db") || path.ends_with("runs.db");
        let holds_rows = is_journal || bytes.windows(11).any(|window| window == b"13100000001");
        assert!(!holds_rows || mode == 0o600, "{} is {mode:o}", path.display());
    }
    assert_eq!(std::fs::metadata(work.run_folder()).unwrap().permissions().mode() & 0o777, 0o700);
}

/// A run of ten customers of which three are done.
fn interrupted() -> (Work, Server) {
    let (work, server) = (with_customers(10), Server::start("--variant duplicate-mobile=accepted"));
    work.on(&server, "import customers mine.csv --limit 3").exits(0);
    (work, server)
}

#[test]
fn a_changed_input_is_refused_and_named() {
    let (work, server) = interrupted();
    work.write_table("mine.csv", customers(1, 10).set(1, "姓名", "示例 改名"));
    work.on(&server, "import customers mine.csv").exits(2).says("the input changed").says("--accept-changed");
    assert_eq!(server.stored("customers"), 63);
}

#[test]
fn an_accepted_change_keeps_done_rows_and_sends_no_edited_one_again() {
    let (work, server) = interrupted();
    work.write_table("mine.csv", customers(1, 10).set(1, "姓名", "示例 改名").set(7, "姓名", "示例 也改"));
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    assert_rows(&work.summary(), "created 9, skipped 1");
    let results = work.results();
    assert_eq!((results.column("status")[1], results.column("code")[1]), ("skipped", "changed_since_sent"));
    let records = server.records("customers");
    let edited = records.iter().find(|record| record["mobile"] == "13100000002").unwrap();
    assert_eq!(results.column("id")[1], edited["cId"]);
    assert_each_once(&work, &server);
}

#[test]
fn rows_fixed_in_the_original_file_are_sent_and_no_others() {
    let (work, server) =
        (Work::new(), Server::start("--variant duplicate-mobile=accepted --fault 403,on=GET_companies"));
    let mut table = customers(1, 5);
    work.write_table("mine.csv", table.set(1, "公司编号", "1.5").set(3, "公司编号", "99999"));
    work.on(&server, "import customers mine.csv").exits(3);
    assert_rows(&work.summary(), "created 3, refused 1, failed 1");
    work.write_table("mine.csv", table.set(1, "公司编号", "20001").set(3, "公司编号", "20001"));
    work.on(&server, "import customers mine.csv").exits(2).says("--accept-changed");
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    assert_rows(&work.summary(), "created 5");
    assert_each_once(&work, &server);
}

#[test]
fn a_row_in_doubt_is_not_sent_again_when_it_is_edited() {
    let server = Server::start("--variant duplicate-mobile=accepted --fault 500,on=POST_users,nth=2");
    let work = with_customers(4);
    work.on(&server, "import customers mine.csv --concurrency 1").exits(4);
    work.write_table("mine.csv", customers(1, 4).set(1, "姓名", "示例 改名"));
    work.on(&server, "import customers mine.csv --accept-changed").exits(4);
    assert_rows(&work.summary(), "created 3, unknown 1");
    assert_each_once(&work, &server);
}

#[test]
fn a_refused_row_that_is_edited_gets_a_request_id_of_its_own() {
    let (work, server) = (Work::new(), Server::start("--variant requestid=duplicate --fault 422,on=POST_users,nth=1"));
    work.write_table("mine.csv", &customers(1, 2));
    work.on(&server, "import customers mine.csv --concurrency 1 --keep-going").exits(3);
    work.write_table("mine.csv", &customers(1, 3));
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    assert_rows(&work.summary(), "created 3");
}

#[cfg(unix)]
#[test]
fn a_request_to_end_is_an_interrupt() {
    let (work, server) = (with_customers(60), Server::start("--fault delay,ms=30"));
    let child = work.start(work.command_on(&server, "import customers mine.csv"));
    server.wait_for_requests(8);
    child.signal("TERM");
    child.ended().exits(130);
    assert_eq!(work.summary()["rows"]["unknown"], 0);
}

#[test]
fn another_order_of_the_rows_changes_nothing() {
    let (work, server) = interrupted();
    let mut table = customers(1, 10);
    table.rows[1..].reverse();
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    assert_rows(&work.summary(), "created 10");
    assert_eq!(server.stored("customers"), 70);
    assert_each_once(&work, &server);
}

#[test]
fn rows_taken_out_and_put_in_are_told_apart() {
    let (work, server) = interrupted();
    let mut table = customers(3, 10);
    table.rows.swap(1, 5);
    work.write_table("mine.csv", &table);
    // The two that were sent and taken out are told, too.
    work.on(&server, "import customers mine.csv --accept-changed").exits(0).says("no longer in the file");
    assert_rows(&work.summary(), "created 12");
    assert_eq!(server.stored("customers"), 72);
}

#[test]
fn a_changed_mapping_is_refused_and_named() {
    let (work, server) = (with_customers(5), Server::start(""));
    work.write("map.toml", "[constants]\nnote = \"示例\"\n");
    work.on(&server, "import customers mine.csv --mapping map.toml --limit 2").exits(0);
    work.write("map.toml", "[constants]\nnote = \"另一个\"\n");
    work.on(&server, "import customers mine.csv --mapping map.toml").exits(2).says("the mapping of columns changed");
    work.on(&server, "import customers mine.csv --mapping map.toml --accept-changed").exits(0);
    assert_eq!(server.stored("customers"), 65);
}

#[test]
fn a_changed_catalog_is_refused_and_named() {
    let (work, server) = interrupted();
    work.write("api.toml", "[[customers.fields]]\nname = 'note'\nmax = 9\n");
    work.on(&server, "import customers mine.csv").exits(2).says("api.toml").says("changed since the run");
    assert_eq!(server.stored("customers"), 63);
}

#[test]
fn a_run_never_goes_on_against_another_account() {
    let (work, server) = (with_customers(5), Server::start(""));
    work.on(&server, "import customers mine.csv --run here --limit 2").exits(0);
    let other = Server::start("");
    for change in ["", "--accept-changed"] {
        work.on(&other, format!("import customers mine.csv --run here {change}")).exits(2).says("another account");
    }
    work.on(&server, "import companies mine.csv --run here").exits(2);
    assert_eq!((server.stored("customers"), other.stored("customers")), (62, 60));
}

#[test]
fn a_newer_journal_is_refused() {
    let (work, server) = interrupted();
    database(&work).pragma_update(None, "user_version", 99).unwrap();
    work.on(&server, "import customers mine.csv").exits(1).says("newer");
}

#[test]
fn a_damaged_journal_is_refused() {
    let (work, server) = interrupted();
    let file = work.run_folder().join("journal.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0x5a);
    std::fs::write(&file, &bytes).unwrap();
    work.on(&server, "import customers mine.csv").exits(1).says("damaged");
    std::fs::write(&file, "not a database at all, and long enough to tell that it is none").unwrap();
    work.on(&server, "import customers mine.csv").exits(1).says("damaged");
    assert_eq!(server.stored("customers"), 63);
}

/// The books are two counts that know nothing of each other. A journal that forgets a row is found out.
#[test]
fn a_journal_that_loses_a_row_fails_the_run_loudly() {
    let (work, server) = interrupted();
    let forget = "CREATE TRIGGER forget AFTER INSERT ON operation WHEN new.row = 6
                  BEGIN DELETE FROM operation WHERE row = 6; END";
    database(&work).execute_batch(forget).unwrap();
    work.on(&server, "import customers mine.csv").exits(1).says("the books do not balance");
}

fn database(work: &Work) -> rusqlite::Connection {
    rusqlite::Connection::open(work.run_folder().join("journal.db")).unwrap()
}

#[test]
fn what_is_sent_is_what_was_checked_though_the_file_changes_meanwhile() {
    let (work, server) = (with_customers(40), Server::start("--fault delay,ms=30"));
    let child = work.start(work.command_on(&server, "import customers mine.csv"));
    server.wait_for_requests(4);
    let mut more = customers(1, 40);
    more.rows.insert(1, customers(90, 1).rows[1].clone());
    work.write_table("mine.csv", more.set(40, "手机", ""));
    let ran = child.ended();
    ran.exits(0);
    assert_rows(&work.summary(), "created 40");
    assert!(!work.run_folder().join("failed.csv").exists(), "{ran}");
    work.on(&server, "import customers mine.csv").exits(2).says("the input changed");
    work.on(&server, "import customers mine.csv --accept-changed").exits(3);
    // Without its key the edited row is not known again: that it was sent is told beside it.
    assert_rows(&work.summary(), "created 41, refused 1");
    assert_eq!(work.summary()["no_longer_in_file"], 1);
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1));
}

#[test]
fn a_retry_that_was_killed_is_not_sent_again_from_a_copy() {
    let server = Server::start("--variant duplicate-mobile=accepted --fault stall,on=POST_users,nth=4");
    let (work, mut table) = (Work::new(), customers(1, 6));
    for row in 0..6 {
        table.set(row, "公司编号", "1.5");
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv").exits(3);
    let mut failed = work.table(work.run_folder().join("failed.csv"));
    for row in 0..6 {
        failed.set(row, "公司编号", "20001");
    }
    work.write_table("first.csv", &failed);
    let child = work.start(work.command_on(&server, "retry first.csv --no-canary"));
    server.wait_for_requests(3);
    child.kill();
    work.write_table("second.csv", failed.set(5, "姓名", "示例 改名"));
    work.on(&server, "retry second.csv").exits(4);
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1), "{}", server.state());
}

#[test]
fn a_sorted_copy_under_another_name_is_recognised() {
    let (work, server) = (with_customers(5), Server::start(""));
    work.on(&server, "import customers mine.csv").exits(0);
    let mut sorted = customers(1, 5);
    sorted.rows[1..].reverse();
    work.write_table("copy.csv", &sorted);
    let before = server.requests();
    work.on(&server, "import customers copy.csv").exits(0).says("done before");
    assert_eq!(server.requests(), before);
    sorted.rows.push(customers(90, 1).rows[1].clone());
    work.write_table("more.csv", &sorted);
    work.on(&server, "import customers more.csv --run more").exits(0).says("5 of these rows were imported before");
    assert_rows(&work.summary_of("more"), "created 1, skipped 5");
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1));
}

#[test]
fn rows_of_several_runs_are_not_sent_again() {
    let (work, server) = (with_customers(3), Server::start(""));
    work.on(&server, "import customers mine.csv").exits(0);
    work.write_table("other.csv", &customers(50, 3));
    work.on(&server, "import customers other.csv").exits(0);
    let mut both = customers(1, 3);
    both.rows.extend_from_slice(&customers(50, 3).rows[1..]);
    work.write_table("both.csv", &both);
    work.on(&server, "import customers both.csv --fresh --run fresh --keep-going").exits(3).says("second time");
    work.on(&server, "import customers both.csv --accept-changed --run both").exits(0).says("3 of these rows");
    assert_rows(&work.summary_of("both"), "skipped 6");
}

#[test]
fn a_done_row_stays_done_though_the_checks_refuse_it_now() {
    let (work, server) = (with_customers(2), Server::start("--variant duplicate-mobile=accepted"));
    work.on(&server, "import customers mine.csv").exits(0);
    let mut edited = customers(1, 2);
    edited.set(0, "公司编号", "1.5");
    work.write_table("mine.csv", &edited);
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    assert_rows(&work.summary(), "created 1, skipped 1");
    edited.set(0, "公司编号", "20001").set(0, "姓名", "示例 改");
    work.write_table("mine.csv", &edited);
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1));
}

#[test]
fn a_row_that_only_a_stricter_catalog_refuses_is_not_sent_again() {
    let (work, server) = (with_customers(2), Server::start("--variant duplicate-mobile=accepted"));
    work.on(&server, "import customers mine.csv").exits(0);
    work.write("api.toml", "[[customers.fields]]\nname = \"name\"\nmax = 1\n");
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    std::fs::remove_file(work.path("api.toml")).unwrap();
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1));
}

#[test]
fn a_finished_file_with_every_row_edited_is_not_a_new_one() {
    let (work, server) = (with_customers(2), Server::start("--variant duplicate-mobile=accepted"));
    work.on(&server, "import customers mine.csv").exits(0);
    let mut edited = customers(1, 2);
    edited.set(0, "姓名", "示例 甲").set(1, "姓名", "示例 乙");
    work.write_table("mine.csv", &edited);
    work.on(&server, "import customers mine.csv").exits(2).says("2 rows of this input were sent");
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1));
}

#[test]
fn a_second_copy_of_a_row_is_not_taken_for_the_first() {
    let (work, server) = (Work::new(), Server::start(""));
    let tickets = |subjects: [&str; 2]| {
        let mut text = "标题,联系人编号\n".to_owned();
        for subject in subjects {
            text.push_str(&format!("示例 {subject},50001\n"));
        }
        text
    };
    work.write("a.csv", tickets(["甲", "乙"]));
    work.on(&server, "import tickets a.csv").exits(0);
    work.write("b.csv", tickets(["甲", "甲"]));
    work.on(&server, "import tickets b.csv --run b").exits(3).says("1 row says the same as what was imported before");
    assert_rows(&work.summary_of("b"), "created 1, held 1");
    assert_eq!(server.count_by("tickets", "subject")["示例 甲"], 2);
}

#[test]
fn a_row_that_a_retry_fixed_is_not_sent_again_by_the_first_run() {
    let (work, server) = (Work::new(), Server::start("--variant duplicate-mobile=accepted"));
    let mut table = customers(1, 2);
    table.set(0, "公司编号", "1.5");
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv").exits(3);
    let failed = work.run_folder().join("failed.csv");
    let mut fixed = work.table(&failed);
    fixed.set(0, "公司编号", "20001");
    std::fs::write(&failed, fixed.to_csv()).unwrap();
    work.on(&server, format!("retry {}", failed.display())).exits(0);
    work.write_table("mine.csv", table.set(0, "公司编号", "20001"));
    work.on(&server, "import customers mine.csv --accept-changed").exits(0);
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1));
}

#[test]
fn the_command_that_goes_on_does_not_begin_anew() {
    let (work, server) = (with_customers(3), Server::start(""));
    let ran = work.on(&server, "import customers mine.csv --fresh --limit 1");
    ran.exits(0).says("next: bw8 import customers mine.csv").never_says("next: bw8 import customers mine.csv --fresh");
    work.on(&server, "import customers mine.csv").exits(0);
    assert_rows(&work.summary(), "created 3");
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1));
}

#[test]
fn a_run_in_a_named_folder_is_found_from_another_folder() {
    let (work, server) = (with_customers(2), Server::start(""));
    work.on(&server, "import customers mine.csv --run here").exits(0);
    std::fs::create_dir(work.path("sub")).unwrap();
    let mut command = work.command_on(&server, "import customers ../mine.csv");
    command.current_dir(work.path("sub"));
    work.run(command).exits(0).says("done before");
}
