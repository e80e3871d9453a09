//! Records that a run made and that somebody has deleted in the service since: a row of one is neither done nor new.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::*;

const PEOPLE: &str = "旧系统编号,姓名,手机,帮我吧公司编号\nA1,示例甲,13100000001,20001\nA2,示例乙,13100000002,20001\n";

#[test]
fn a_row_of_a_deleted_record_says_so_until_a_person_says_what_becomes_of_it() {
    for source in ["--source crm", ""] {
        let (server, work) = (Server::start(""), Work::with("mine.csv", PEOPLE));
        work.on(&server, format!("import customers mine.csv {source} --run first")).exits(0);
        server.change("users/50061", "{\"user\":{\"state\":\"3\"}}");
        let stored = server.stored("customers");
        // The next export of the other system.
        work.write("next.csv", PEOPLE.to_owned() + "A3,示例丙,13100000003,20001\n");
        for mode in ["upsert", "skip-existing"] {
            let typed = format!("import customers next.csv {source} --mode {mode} --dry-run --lang zh");
            work.on(&server, typed).exits(3).says("已在帮我吧中被删除").says("record_gone");
        }
        let typed = format!("import customers next.csv {source} --mode upsert --run next");
        let ran = work.on(&server, format!("{typed} --lang zh"));
        ran.exits(3).says("该记录（编号 50061）已在帮我吧中被删除").says("请从表格中去掉这一行");
        let results = work.table("next/results.csv");
        assert_eq!(results.column("status"), ["held", "unchanged", "created"], "{source}");
        assert_eq!(results.column("code"), ["record_gone", "", ""]);
        assert_eq!(server.stored("customers"), stored + 1);
        // Consent to whatever it may be is not enough.
        work.on(&server, format!("{typed} --accept-warnings")).exits(3);
        work.on(&server, format!("{typed} --accept-warnings=record_gone")).exits(0);
        assert_rows(&work.summary_of("next"), "created 2, unchanged 1");
        assert_eq!(server.stored("customers"), stored + 2);
        // The new one is the record of the row from now on.
        work.write("last.csv", PEOPLE.replace("示例甲", "示例 甲"));
        work.on(&server, format!("import customers last.csv {source} --mode upsert --run last")).exits(0);
        assert_eq!(work.table("last/results.csv").column("id"), ["50064", "50062"]);
    }
}

#[test]
fn a_create_says_no_more_than_it_knows() {
    let (server, work) = (Server::start(""), Work::with("mine.csv", PEOPLE));
    work.on(&server, "import customers mine.csv --source crm --run first").exits(0);
    server.change("users/50061", "{\"user\":{\"state\":\"3\"}}");
    work.write("next.csv", PEOPLE.to_owned() + "A3,示例丙,13100000003,20001\n");
    work.on(&server, "import customers next.csv --source crm --run next --lang zh").exits(0);
    let results = work.table("next/results.csv");
    assert_eq!(results.column("status"), ["skipped", "skipped", "created"]);
    assert!(results.column("message")[0].starts_with("以前已经导入过，记录编号 50061："), "{results:?}");
}

#[test]
fn an_update_names_the_old_id_whose_record_is_gone() {
    let (server, work) = (Server::start(""), Work::with("mine.csv", PEOPLE));
    work.on(&server, "import customers mine.csv --source crm --run first").exits(0);
    server.change("users/50061", "{\"user\":{\"state\":\"3\"}}");
    work.write("next.csv", "旧系统编号,备注\nA1,改了\nA2,改了\nA9,改了\n");
    work.on(&server, "import customers next.csv --source crm --mode update --run next --lang zh").exits(3);
    let results = work.table("next/results.csv");
    assert_eq!(results.column("status"), ["refused", "updated", "refused"]);
    let messages = results.column("message");
    assert!(messages[0].starts_with("旧系统编号 A1 对应记录 50061，而帮我吧中已没有这条记录"), "{messages:?}");
    assert!(messages[2].starts_with("不知道旧系统编号 A9（crm）对应哪条记录"), "{messages:?}");
}

/// A record that is in no list any more is gone only where the list has had the time to show it, and shows a later one.
#[test]
fn a_list_that_may_be_late_proves_no_deletion() {
    for (later, timeout, status) in [(true, 0, "held"), (true, 600, "skipped"), (false, 0, "skipped")] {
        let is_deleted = Arc::new(AtomicBool::new(false));
        let (deleted, mut is_made) = (Arc::clone(&is_deleted), false);
        let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/users.json") => {
                let mut ids = vec![1, 2, 3];
                ids.extend((is_made && !deleted.load(Ordering::SeqCst)).then_some(90_001));
                ids.extend((later && deleted.load(Ordering::SeqCst)).then_some(90_002));
                (200, page(&ids, request, 100, Some(&ids.len().to_string())))
            }
            ("POST", "/users.json") => {
                is_made = true;
                (201, "{\"user\":{\"cId\":\"90001\"}}".to_owned())
            }
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        let row = "姓名,手机,公司编号\n示例甲,13100000001,20001\n";
        work.write("mine.csv", row);
        work.bw8("import customers mine.csv --no-canary --run first").exits(0);
        is_deleted.store(true, Ordering::SeqCst);
        work.write("next.csv", row.to_owned() + "示例乙,abc,20001\n");
        work.bw8(format!("import customers next.csv --mode upsert --no-canary --run next --server-timeout {timeout}"))
            .exits(3);
        assert_eq!(work.table("next/results.csv").column("status")[0], status, "{later} {timeout}");
    }
}
