//! Custom fields whose labels mean other columns too: an export tells them apart in its own headings, so that handed back it
//! changes nothing, whatever is known of it.

use serde_json::{Value, json};

use crate::harness::*;

/// An account whose records of one kind, two of them, have custom fields of these labels.
fn account(path: &'static str, word: &'static str, mut record: Value, labels: &'static [&'static str]) -> Service {
    let id = ["ticketId", "uId", "cId"].into_iter().find(|id| record[id] == "").unwrap();
    let keys = || (1..).map(|number| format!("field_{number}"));
    let values: Vec<Value> =
        keys().zip(labels).map(|(key, label)| json!({"key": key, "value": format!("{label} 的值")})).collect();
    let defined: Vec<Value> =
        keys().zip(labels).map(|(key, label)| json!({"name": label, "key": key, "type": "2", "system": "0"})).collect();
    record["custom_fields"] = values.into();
    let records: Vec<Value> = ["50001", "50002"]
        .map(|number| {
            let mut record = record.clone();
            record[id] = number.into();
            record
        })
        .into();
    Service::start(move |request| {
        let name = request.path.trim_start_matches('/').trim_end_matches(".json");
        if request.method != "GET" {
            return (200, json!({"status": "0", "message": "Update ok"}).to_string());
        }
        if name.contains("_fields") {
            let list = name.rsplit('/').next().unwrap().trim_end_matches('2');
            return (200, json!({list: defined, "count": defined.len()}).to_string());
        }
        if name == path || name == format!("{path}_v2") {
            return (200, json!({path: records, "count": records.len()}).to_string());
        }
        let one = records.iter().find(|record| name == format!("{path}/{}", record[id].as_str().unwrap()));
        one.map_or_else(unknown, |record| (200, json!({word: record}).to_string()))
    })
}

/// An entity, the paths and the name of its records, one of them, labels, and which columns are exported.
type Case<'a> = (&'a str, &'static str, &'static str, &'a Value, &'static [&'static str], &'a str);

#[test]
fn an_export_with_labels_of_other_columns_is_handed_back_without_a_write() {
    let ticket =
        json!({"ticketId": "", "subject": "示例", "descript": "示例", "custUserId": "50001", "ticketStatus": "2"});
    let company = json!({"uId": "", "companyName": "示例公司", "serveNote": "示例"});
    let customer = json!({"cId": "", "name": "示例", "mobile": "13000000001", "note": "示例"});
    let cases: [Case<'_>; 10] = [
        ("tickets", "tickets", "ticket", &ticket, &["回复内容"], ""),
        ("tickets", "tickets", "ticket", &ticket, &["回复内容", "标题"], "--columns ticketId,field_1,field_2"),
        ("companies", "companies", "company", &company, &["客户"], "--columns uId,field_1"),
        ("companies", "companies", "company", &company, &["備註", "客户", "客 户"], ""),
        ("customers", "users", "user", &customer, &["描述"], ""),
        ("customers", "users", "user", &customer, &["描述", "备注"], "--columns cId,field_1,field_2"),
        ("customers", "users", "user", &customer, &["等级", "等级"], ""),
        ("customers", "users", "user", &customer, &["等级", "等级"], "--columns cId,field_2"),
        // What our own file of failed rows calls its columns.
        ("customers", "users", "user", &customer, &["确认导入", "bw8_status", "STATUS"], ""),
        ("customers", "users", "user", &customer, &["原因", "建议"], "--columns field_1,field_2,cId"),
    ];
    for (entity, path, word, record, labels, columns) in cases {
        for file in ["mine.csv", "mine.xlsx", "mine.jsonl"] {
            let service = account(path, word, record.clone(), labels);
            let work = Work::at(&service.base_url());
            work.export(format!("{entity} -o {file} --summary none --headers zh {columns}")).exits(0);
            // Another machine keeps nothing of it.
            let elsewhere = Work::at(&service.base_url());
            std::fs::copy(work.path(file), elsewhere.path(file)).unwrap();
            for work in [work, elsewhere] {
                let ran = work.bw8(format!("import {entity} {file} --mode update --notifications-off --rate 0"));
                ran.exits(0);
                assert_rows(&work.summary(), "unchanged 2");
            }
            let writes = service.requests().into_iter().filter(|request| request.method != "GET");
            assert_eq!(writes.map(|request| request.body).collect::<Vec<_>>(), [""; 0], "{entity} {labels:?} {file}");
        }
    }
}

/// A heading of a person's own file that is no name of a field, but another word for one, and the label of a custom field.
#[test]
fn a_label_of_a_custom_field_goes_before_another_word_for_a_field() {
    let customer = json!({"cId": "", "name": "示例", "mobile": "13000000001", "note": "示例"});
    let service = account("users", "user", customer, &["描述"]);
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "联系人编号,描述\n50001,新\n");
    // It says that it is done, and is not.
    work.bw8("import customers mine.csv --mode update --rate 0 --no-canary").exits(3).says("not_stored");
    let write = service.requests().into_iter().find(|request| request.method == "PUT").unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&write.body).unwrap(),
        json!({"user": {"custom_fields": [{"key": "field_1", "value": "新"}]}})
    );
}
