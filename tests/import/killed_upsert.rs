//! Rows of a run that was killed, whose records an upsert finds while nobody knows yet that the run has made them.

use crate::harness::*;

/// A run that was killed when the service had stored its second row and not answered; the records before it.
fn killed(file: &str) -> (Work, Server, u64) {
    let server = Server::faulty(&["stall-after-store,on=POST users,nth=2"]);
    let work = Work::with("mine.csv", file);
    let before = server.stored("customers");
    let running =
        work.start(work.command_on(&server, "import customers mine.csv --run first --no-canary --concurrency 1"));
    server.wait_until_stored("customers", before + 2);
    running.kill();
    (work, server, before)
}

fn note(server: &Server, mobile: &str) -> Vec<String> {
    let records = server.records("customers");
    let ours = records.iter().filter(|record| record["mobile"] == mobile);
    ours.map(|record| record["note"].as_str().unwrap_or_default().to_owned()).collect()
}

const FILE: &str = "姓名,手机,公司编号,备注\n示例一,13100000001,20001,旧\n示例二,13100000002,20001,旧\n";

/// A colleague has written into the record since: whether our run has sent what it said before tells whether that is kept.
#[test]
fn an_upsert_over_rows_in_doubt_changes_each_record_once_and_makes_none() {
    let (work, server, before) = killed(FILE);
    work.write("next.csv", FILE.replace('旧', "新"));
    let ran = work.on(&server, "import customers next.csv --mode upsert --run second");
    ran.exits_with_one_of(&[0, 3, 4]);
    assert_eq!(server.stored("customers"), before + 2);
    assert_eq!(server.requests_to("customers.create"), 2);
    assert!(server.requests_to("customers.update") <= 2);
    // What became of the row in doubt is found out afterwards, too: the record says something else now.
    work.on(&server, "settle first --server-timeout 0").exits_with_one_of(&[0, 4, 5]);
    work.on(&server, "import customers mine.csv --run first").exits_with_one_of(&[0, 3, 4, 5]);
    assert_eq!(server.stored("customers"), before + 2);
    // The next file over both of them.
    work.write("third.csv", FILE.replace('旧', "三"));
    work.on(&server, "import customers third.csv --mode upsert --run third").exits_with_one_of(&[0, 3, 4]);
    assert_eq!(server.stored("customers"), before + 2);
    assert_eq!([note(&server, "13100000001"), note(&server, "13100000002")], [["三"], ["三"]]);
}
