//! What a service does to a record by itself is told from what it does to it wrongly; and a service that says "done" to everything
//! is not believed, also where nobody wants anything compared.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::*;

/// What becomes of a record that is changed, besides what was sent: of the one that is changed for the so-manieth time.
type Besides = fn(&mut Value, u64);

/// A service with four customers that have these members more, of which a change makes this besides; none of what was sent where
/// it only says so.
fn customers(more: Value, besides: Besides, is_kept: bool) -> Service {
    let record = |id: u64| {
        let mut record = json!({"cId": id.to_string(), "name": "示例", "mobile": format!("131000{id}"), "note": "旧备注", "QQ": "10000"});
        more.as_object().unwrap().iter().for_each(|(name, value)| record[name] = value.clone());
        (id, record)
    };
    let mut records: BTreeMap<u64, Value> = (50_001..50_005).map(record).collect();
    let mut changes = 0;
    Service::start(move |request| {
        let id = request.path.strip_prefix("/users/").and_then(|path| path.strip_suffix(".json"));
        let Some(record) = id.and_then(|id| id.parse().ok()).and_then(|id: u64| records.get_mut(&id)) else {
            return unknown();
        };
        if request.method == "PUT" {
            changes += 1;
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let sent = body["user"].as_object().unwrap().iter().filter(|_| is_kept);
            sent.for_each(|(name, value)| record[name] = value.clone());
            besides(record, changes);
            return (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned());
        }
        (200, json!({"user": record}).to_string())
    })
}

const ROWS: &str = "联系人编号,备注\n50001,新备注\n50002,新备注\n50003,新备注\n50004,新备注\n";

fn asked(service: &Service, method: &str) -> usize {
    service.requests().iter().filter(|request| request.method == method && request.path.starts_with("/users/")).count()
}

#[test]
fn what_a_service_counts_by_itself_stops_nothing_and_is_said_once() {
    let more = json!({"version": 7, "lastModified": "2026-01-01 00:00:00", "meta": {"edits": "0"}, "owner": "小王"});
    let besides: Besides = |record, changes| {
        record["version"] = (100 + changes).into();
        record["lastModified"] = format!("2026-02-01 00:00:0{changes}").into();
        record["meta"]["edits"] = changes.to_string().into();
    };
    let service = customers(more, besides, true);
    let work = Work::at(&service.base_url());
    work.write("mine.csv", ROWS);
    let ran = work.bw8("import customers mine.csv --mode update --rate 0");
    ran.exits(0).says("no row asks for it: lastModified, meta.edits, version");
    assert_eq!(ran.stderr().matches("no row asks for it").count(), 1, "{ran}");
    assert_rows(&work.summary(), "updated 4");
}

#[test]
fn what_is_lost_or_written_elsewhere_stops_the_run_whatever_it_is_called() {
    let cases: [(&str, Besides); 4] = [
        ("a field of ours", |record, changes| record["QQ"] = changes.to_string().into()),
        ("what nobody knows is blanked", |record, _| record["owner"] = "".into()),
        ("what nobody knows is gone", |record, _| drop(record.as_object_mut().unwrap().remove("owner"))),
        ("what was sent is written there, too", |record, _| record["owner"] = "新备注".into()),
    ];
    for (what, besides) in cases {
        let service = customers(json!({"owner": "小王"}), besides, true);
        let work = Work::at(&service.base_url());
        work.write("mine.csv", ROWS);
        let ran = work.bw8("import customers mine.csv --mode update --rate 0");
        assert_eq!(asked(&service, "PUT"), 1, "{what}: {ran}");
        ran.exits(5).says("not sent, and");
        assert_rows(&work.summary(), "updated 1, pending 3");
    }
}

#[test]
fn a_service_that_says_done_to_everything_is_not_believed_without_the_comparison() {
    let service = customers(json!({}), |_, _| {}, false);
    let work = Work::at(&service.base_url());
    work.write("mine.csv", ROWS);
    work.bw8("import customers mine.csv --mode update --rate 0 --no-canary --keep-going").exits(3);
    assert_rows(&work.summary(), "failed 4");
    assert_eq!(work.results().column("code"), ["not_stored"; 4]);
    // One that keeps what it is told is asked a few times.
    let service = customers(json!({}), |_, _| {}, true);
    let work = Work::at(&service.base_url());
    work.write("mine.csv", ROWS);
    work.bw8("import customers mine.csv --mode update --rate 0 --no-canary --concurrency 1").exits(0);
    assert_rows(&work.summary(), "updated 4");
    assert_eq!(asked(&service, "GET"), 4 + 4 + 3);
}

#[test]
fn bindings_that_are_only_said_to_be_made_are_not_done_without_the_comparison() {
    for (is_kept, rows, exit) in [(false, "unknown 5", 4), (true, "created 5", 0)] {
        let mut bindings: Vec<Value> = Vec::new();
        let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/user/relationship/cid.json") => {
                bindings.extend(serde_json::from_str::<Value>(&request.body).ok().filter(|_| is_kept));
                (200, r#"{"data":true,"msg":"success"}"#.to_owned())
            }
            ("GET", "/user/relationship/cid.json") => {
                let is_meant = |binding: &&Value| binding["cId"] == request.query["cId"].as_str();
                let found: Vec<&Value> = bindings.iter().filter(is_meant).collect();
                (200, json!({"data": found, "msg": "success"}).to_string())
            }
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        let lines = (1..=5).map(|number| format!("5000{number},ext-{number},open\n")).collect::<String>();
        work.write("mine.csv", format!("cId,openId,account_source\n{lines}"));
        work.bw8("import bindings mine.csv --rate 0 --no-canary").exits(exit);
        assert_rows(&work.summary(), rows);
        let asked = service.requests().iter().filter(|request| request.method == "GET").count();
        assert!(!is_kept || asked < 5 + 5, "{asked}");
    }
}
