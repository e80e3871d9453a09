//! Runs of the version before: their journals and the index of runs are the memory of what was sent.

use crate::harness::{Server, Work, assert_rows};

const INPUT: &[u8] = include_bytes!("../version_1/customers.csv");

/// A folder in which the version before was stopped by `--limit 6`: five rows were sent, one was refused, two are left.
pub(super) fn stopped(server: &Server) -> Work {
    let work = Work::with("customers.csv", INPUT);
    let host = server.base_url().trim_start_matches("http://").trim_end_matches("/api/v1").to_owned();
    let folder = std::fs::canonicalize(work.path("")).unwrap();
    for (name, dump) in [
        ("run/journal.db", include_str!("../version_1/journal.sql")),
        ("state/runs.db", include_str!("../version_1/runs.sql")),
    ] {
        let path = work.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let dump = dump.replace("{host}", &host).replace("{folder}", folder.to_str().unwrap());
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
    let server = Server::start("--fault close-after-store,on=POST_users,nth=2");
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
    assert_rows(&work.summary(), "created 6, refused 1, unknown 1");
}
