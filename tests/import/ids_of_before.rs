//! A service that says of a new record an id under which it has another one: a cache or a gateway that gives an older answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::harness::*;

type Records = Arc<Mutex<BTreeMap<u64, Value>>>;

fn now() -> String {
    let now = jiff::tz::Offset::constant(8).to_datetime(jiff::Timestamp::now());
    now.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A service with three records, the last of them with a high id. What it does with the n-th record that is sent, `make` says: the
/// id that it answers with, and whether it keeps the record under that.
fn service(entity: &'static str, make: fn(u64) -> (u64, bool)) -> (Service, Records) {
    let (wrap, id_name, key) = match entity {
        "users" => ("user", "cId", "mobile"),
        _ => ("ticket", "ticketId", "subject"),
    };
    let old = |id: u64| (id, json!({id_name: id.to_string(), "name": "示例", key: id.to_string(), "createDT": now()}));
    let records: Records = Arc::new(Mutex::new([50_001, 50_002, 59_000].map(old).into()));
    let (stored, mut sent) = (Arc::clone(&records), 0);
    let service = Service::start(move |request| {
        let mut records = stored.lock().unwrap();
        let path = request.path.strip_prefix('/').and_then(|path| path.strip_suffix(".json")).unwrap_or_default();
        match (request.method.as_str(), path.split_once('/').unwrap_or((path, ""))) {
            ("GET", (list, "")) if list == entity => {
                let page: Vec<&Value> =
                    records.values().skip((request.number_of("page").max(1) - 1) * 100).take(100).collect();
                (200, json!({entity: page, "count": records.len(), "next_page": null}).to_string())
            }
            ("GET", (list, id)) if list == entity => match id.parse().ok().and_then(|id: u64| records.get(&id)) {
                Some(record) => (200, json!({wrap: record}).to_string()),
                None => unknown(),
            },
            ("POST", (list, "")) if list == entity => {
                sent += 1;
                let (id, is_kept) = make(sent);
                if is_kept {
                    let mut record = serde_json::from_str::<Value>(&request.body).unwrap()[wrap].take();
                    record[id_name] = id.to_string().into();
                    record["createDT"] = now().into();
                    records.insert(id, record);
                }
                (200, json!({"status": "0", "message": "Insert ok", "data": id}).to_string())
            }
            _ => unknown(),
        }
    });
    (service, records)
}

const PEOPLE: &str = "姓名,手机\n示例一,13100000001\n示例二,13100000002\n示例三,13100000003\n示例四,13100000004\n";
const TICKETS: &str = "标题,描述\n示例一,一\n示例二,二\n示例三,三\n示例四,四\n";
const WITH: &str = "--account-mode 2c --server-timeout 0 --notifications-off --accept-warnings";

#[test]
fn an_id_of_a_record_that_was_there_before_is_no_proof_of_a_new_one() {
    for (entity, kind, rows) in [("users", "customers", PEOPLE), ("tickets", "tickets", TICKETS)] {
        let older: [fn(u64) -> (u64, bool); 2] = [
            |n| if n < 3 { (59_000 + n, true) } else { (50_000 + n - 2, false) },
            // A number of rows, most likely.
            |n| if n < 3 { (59_000 + n, true) } else { (n, false) },
        ];
        for make in older {
            let (service, records) = service(entity, make);
            let work = Work::at(&service.base_url());
            work.write("rows.csv", rows);
            let ran = work.bw8(format!("import {kind} rows.csv {WITH} --concurrency 1"));
            ran.exits_with_one_of(&[4, 5]);
            let results = work.results();
            let statuses = results.column("status");
            assert_eq!(statuses.iter().filter(|status| **status == "created").count(), 2, "{ran}");
            for (id, status) in results.column("id").iter().zip(&statuses) {
                assert!(*status != "created" || id.parse::<u64>().unwrap() > 59_000, "{ran}");
            }
            assert_eq!(records.lock().unwrap().len(), 5);
        }
    }
}

#[test]
fn a_service_that_does_not_count_its_ids_up_makes_records_all_the_same() {
    for (entity, kind, rows) in [("users", "customers", PEOPLE), ("tickets", "tickets", TICKETS)] {
        let (service, records) = service(entity, |n| (51_000 + 7 * n, true));
        let work = Work::at(&service.base_url());
        work.write("rows.csv", rows);
        work.bw8(format!("import {kind} rows.csv {WITH}")).exits(0);
        assert_rows(&work.summary(), "created 4");
        assert_eq!(records.lock().unwrap().len(), 7);
    }
}

#[test]
fn ids_that_are_counted_up_are_not_asked_about() {
    let (service, _) = service("users", |n| (59_000 + n, true));
    let work = Work::at(&service.base_url());
    work.write("rows.csv", PEOPLE);
    work.bw8(format!("import customers rows.csv {WITH}")).exits(0);
    let read = service.requests().iter().filter(|request| request.path.starts_with("/users/5")).count();
    assert_eq!(read, 1, "the first record alone");
}
