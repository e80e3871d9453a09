//! What is added to, taken from or filled where it is blank goes by what the record has: where the service does not show that, it
//! is not taken for blank.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::harness::*;

/// A service with one customer, of whom it shows what `show` makes of the record, and the record.
fn one_customer(show: fn(&mut Value)) -> (Service, Arc<Mutex<Value>>) {
    let record =
        Arc::new(Mutex::new(json!({"cId": "50001", "name": "示例", "mobile": "13000000001", "tableName": "甲,乙",
        "note": "原来的备注", "state": "1", "createDT": "2026-01-05 08:00:00", "updateDT": "2026-01-05 08:00:00"})));
    let stored = Arc::clone(&record);
    let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/users/50001.json") => {
            let mut shown = stored.lock().unwrap().clone();
            show(&mut shown);
            (200, json!({"user": shown}).to_string())
        }
        ("PUT", "/users/50001.json") => {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            for (name, value) in body["user"].as_object().unwrap() {
                stored.lock().unwrap()[name] = value.clone();
            }
            (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned())
        }
        _ => unknown(),
    });
    (service, record)
}

fn puts(service: &Service) -> usize {
    service.requests().iter().filter(|request| request.method == "PUT").count()
}

fn without_members(record: &mut Value) {
    for name in ["tableName", "note"] {
        record.as_object_mut().unwrap().remove(name);
    }
}

fn with_tags_as_objects(record: &mut Value) {
    record["tableName"] = json!([{"tagId": "1", "tagName": "甲"}, {"tagId": "2", "tagName": "乙"}]);
}

fn with_nothing_set(record: &mut Value) {
    for (name, unset, kept) in [("tableName", Value::Null, "甲,乙"), ("note", "".into(), "原来的备注")] {
        if record[name] == kept {
            record[name] = unset;
        }
    }
}

/// What a row changes by what is there: the file, its text, and the options.
const EDITS: [(&str, &str, &str); 6] = [
    ("tags", "对象类型,记录编号,添加标签\n联系人,50001,丙\n", ""),
    ("tags", "对象类型,记录编号,移除标签\n联系人,50001,甲\n", ""),
    ("customers", "联系人编号,标签\n50001,+丙\n", "--mode update"),
    ("customers", "联系人编号,标签\n50001,丙\n", "--mode update --overwrite 标签=merge"),
    ("customers", "联系人编号,标签\n50001,甲\n", "--mode update --overwrite 标签=remove"),
    ("customers", "联系人编号,备注\n50001,我的备注\n", "--mode update --overwrite 备注=if-blank"),
];

#[test]
fn what_a_record_does_not_show_is_not_taken_for_blank() {
    for (show, edits) in [(without_members as fn(&mut Value), &EDITS[..]), (with_tags_as_objects, &EDITS[..5])] {
        for (entity, text, options) in edits {
            for more in ["", " --no-canary"] {
                let (service, record) = one_customer(show);
                let before = record.lock().unwrap().clone();
                let work = Work::at(&service.base_url());
                work.write("mine.csv", text);
                let ran = work.bw8(format!("import {entity} mine.csv {options} --rate 0{more}"));
                ran.exits(3).says("does not show");
                assert_eq!(work.results().column("code"), ["not_shown"], "{text} {options}");
                assert_eq!((puts(&service), &*record.lock().unwrap()), (0, &before), "{text} {options}");
            }
        }
    }
}

#[test]
fn the_whole_value_is_written_whatever_is_shown() {
    for (entity, text, options, field, wanted) in [
        ("tags", "对象类型,记录编号,设为标签\n联系人,50001,丙\n", "", "tableName", "丙"),
        ("tags", "对象类型,记录编号,设为标签\n联系人,50001,#清空\n", "", "tableName", ""),
        ("customers", "联系人编号,标签\n50001,丙\n", "--mode update", "tableName", "丙"),
        ("customers", "联系人编号,备注\n50001,我的备注\n", "--mode update", "note", "我的备注"),
        ("customers", "联系人编号,备注\n50001,#清空\n", "--mode update", "note", ""),
    ] {
        let (service, record) = one_customer(without_members);
        let work = Work::at(&service.base_url());
        work.write("mine.csv", text);
        work.bw8(format!("import {entity} mine.csv {options} --rate 0 --no-canary")).exits(0);
        assert_eq!(record.lock().unwrap()[field], wanted, "{text}");
    }
}

#[test]
fn what_is_shown_as_not_set_is_blank() {
    for (entity, text, options) in [EDITS[0], EDITS[2], EDITS[3], EDITS[5]] {
        let (service, record) = one_customer(with_nothing_set);
        let work = Work::at(&service.base_url());
        work.write("mine.csv", text);
        work.bw8(format!("import {entity} mine.csv {options} --rate 0 --no-canary")).exits(0);
        let record = record.lock().unwrap();
        assert!(record["tableName"] == "丙" || record["note"] == "我的备注", "{text} {options} {record}");
    }
}
