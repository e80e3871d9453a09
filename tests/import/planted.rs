//! Services that do something else with a change than they were told: each is found out by the rows that go first, before a
//! second record is touched.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::*;

type Records = BTreeMap<u64, Value>;

/// What a service makes of a change of the record with this id.
type Fault = fn(&mut Records, u64, &BTreeMap<String, String>);

const FIRST: u64 = 50_001;

fn records() -> Records {
    let record = |id: u64| {
        json!({"cId": id.to_string(), "name": format!("示例 {id}"), "mobile": format!("131{id:08}"), "note": "旧备注", "QQ": "10000",
            "position": "旧职位", "tableName": "甲,乙", "updateDT": "2026-01-05 08:00:00"})
    };
    (FIRST..FIRST + 4).map(|id| (id, record(id))).collect()
}

/// Writes what was sent.
fn keep(records: &mut Records, id: u64, sent: &BTreeMap<String, String>) {
    let record = records.get_mut(&id).unwrap();
    sent.iter().for_each(|(name, value)| record[name] = value.clone().into());
}

fn without<'a>(sent: &BTreeMap<String, String>, names: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, String> {
    let mut sent = sent.clone();
    names.into_iter().for_each(|name| drop(sent.remove(name)));
    sent
}

/// Each fault, by what it is, and what the program says of it.
const FAULTS: [(&str, Fault, &str); 10] = [
    ("drops a column", |records, id, sent| keep(records, id, &without(sent, ["note"])), "Note"),
    ("stores nothing at all", |_, _, _| {}, "Note"),
    (
        "cuts a text",
        |records, id, sent| {
            keep(records, id, sent);
            records.get_mut(&id).unwrap()["note"] = sent["note"].chars().take(2).collect::<String>().into();
        },
        "Note",
    ),
    (
        "takes the markup out of a text",
        |records, id, sent| {
            keep(records, id, sent);
            records.get_mut(&id).unwrap()["note"] = sent["note"].replace("<b>", "").replace("</b>", "").into();
        },
        "Note",
    ),
    (
        "replaces the record by what was sent",
        |records, id, sent| {
            records.insert(id, json!({"cId": id.to_string()}));
            keep(records, id, sent);
        },
        "QQ number",
    ),
    (
        "blanks a field that was not named",
        |records, id, sent| {
            keep(records, id, sent);
            records.get_mut(&id).unwrap()["QQ"] = "".into();
        },
        "QQ number",
    ),
    (
        "loses a tag",
        |records, id, sent| {
            keep(records, id, sent);
            records.get_mut(&id).unwrap()["tableName"] = "甲".into();
        },
        "Tags",
    ),
    (
        "writes two fields into each other",
        |records, id, sent| {
            keep(records, id, sent);
            let record = records.get_mut(&id).unwrap();
            (record["note"], record["position"]) = (sent["position"].clone().into(), sent["note"].clone().into());
        },
        "Position",
    ),
    ("writes to the next record", |records, id, sent| keep(records, id + 1, sent), "Note"),
    (
        "appends to what was there",
        |records, id, sent| {
            keep(records, id, sent);
            records.get_mut(&id).unwrap()["note"] = format!("旧备注{}", sent["note"]).into();
        },
        "Note",
    ),
];

/// A service whose records are these, and what it does with a change; what it keeps is told at `/kept`.
fn service(fault: Option<Fault>) -> Service {
    let mut records = records();
    Service::start(move |request| {
        let id = request.path.strip_prefix("/users/").and_then(|path| path.strip_suffix(".json"));
        let Some(id) = id.and_then(|id| id.parse::<u64>().ok()).filter(|id| records.contains_key(id)) else {
            return unknown();
        };
        if request.method == "PUT" {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let sent: BTreeMap<String, String> = serde_json::from_value(body["user"].clone()).unwrap();
            fault.unwrap_or(keep)(&mut records, id, &sent);
            return (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned());
        }
        (200, json!({"user": records[&id]}).to_string())
    })
}

/// Three rows that change three fields each.
fn rows() -> String {
    let rows = (FIRST..FIRST + 3).map(|id| format!("{id},新<b>备注</b>,新职位,\"甲,乙,丙\"\n"));
    format!("联系人编号,备注,职位,标签\n{}", rows.collect::<String>())
}

/// The records that were changed, by the requests.
fn changed(service: &Service) -> Vec<String> {
    let requests = service.requests().into_iter();
    requests.filter(|request| request.method == "PUT").map(|request| request.path).collect()
}

#[test]
fn each_fault_is_found_out_after_one_record() {
    std::thread::scope(|scope| {
        for (what, fault, said) in FAULTS {
            scope.spawn(move || {
                let service = service(Some(fault));
                let work = Work::at(&service.base_url());
                work.write("mine.csv", rows());
                let ran = work.bw8("import customers mine.csv --mode update --rate 0");
                assert_eq!(changed(&service), ["/users/50001.json"], "{what}: {ran}");
                ran.exits(5).says(&format!("{said}:"));
                assert_rows(&work.summary(), "updated 1, pending 2");
            });
        }
    });
}

#[test]
fn a_service_that_does_as_it_is_told_is_found_out_of_nothing() {
    let service = service(None);
    let work = Work::at(&service.base_url());
    work.write("mine.csv", rows());
    work.bw8("import customers mine.csv --mode update --rate 0").exits(0);
    assert_rows(&work.summary(), "updated 3");
    assert_eq!(changed(&service).len(), 3);
}

#[test]
fn a_service_that_reads_out_what_was_there_before_is_found_out() {
    let before = records();
    let service = Service::start(move |request| match request.method.as_str() {
        "PUT" => (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned()),
        _ if request.path.starts_with("/users/") && request.path != "/users/user_fields.json" => {
            // What it has kept of an answer from before.
            let id: u64 = request.path["/users/".len()..].trim_end_matches(".json").parse().unwrap_or(FIRST);
            (200, json!({"user": before[&id]}).to_string())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", rows());
    work.bw8("import customers mine.csv --mode update --rate 0").exits(5).says("Note:");
    assert_eq!(changed(&service).len(), 1);
}
