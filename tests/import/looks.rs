//! What a service makes of a kind of write, of a field or of a record with more to lose shows in the first row that has it: that
//! one goes alone. Answers that hold the record are compared row by row, and random rows are read back at the end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value, json};

use crate::harness::*;

type Records = BTreeMap<u64, Map<String, Value>>;

/// What an answer shows of a record, by what it was before and after a write.
type Answer = fn(&Map<String, Value>, &Map<String, Value>) -> Option<Map<String, Value>>;

/// A write: of which kind of record, whether it is new, and how many of that kind came before.
struct Written<'a> {
    path: &'a str,
    is_new: bool,
    number: usize,
}

/// Contacts and tickets, in a service that makes of a write what it likes.
struct Account {
    service: Service,
    users: Arc<Mutex<Records>>,
    tickets: Arc<Mutex<Records>>,
}

impl Account {
    /// So many of each. `store` puts what was sent into a record; answers hold what `answer` makes of that record before and after,
    /// nothing where it makes none.
    fn new(
        count: u64,
        mut store: impl FnMut(Written<'_>, &mut Map<String, Value>, &Map<String, Value>) + Send + 'static,
        answer: Answer,
    ) -> Account {
        let object = |value: Value| value.as_object().unwrap().clone();
        let user = |id: u64| {
            json!({"cId": id.to_string(), "name": format!("示例 {id}"), "mobile": format!("131{id:08}"), "email": "a@example.com",
                "companyId": "20001", "position": "采购", "tableName": "vip", "note": "旧", "state": "1"})
        };
        let ticket = |id: u64| {
            json!({"ticketId": id.to_string(), "subject": "示例", "descript": "示例", "custUserId": "50001", "tagList": "急",
                "ticketTemplateId": "4", "servicerUserId": "7001"})
        };
        let users: Records = (50_001..50_001 + count).map(|id| (id, object(user(id)))).collect();
        let tickets: Records = (900_001..900_001 + count).map(|id| (id, object(ticket(id)))).collect();
        let (users, tickets) = (Arc::new(Mutex::new(users)), Arc::new(Mutex::new(tickets)));
        let kept =
            [("users", "user", "cId", Arc::clone(&users)), ("tickets", "ticket", "ticketId", Arc::clone(&tickets))];
        let mut numbers: BTreeMap<(&str, bool), usize> = BTreeMap::new();
        let service = Service::start(move |request| {
            let path = request.path.trim_start_matches('/').trim_end_matches(".json");
            let Some((name, word, id_field, records)) =
                kept.iter().find(|(name, ..)| path.split('/').next() == Some(name))
            else {
                return unknown();
            };
            let mut records = records.lock().unwrap();
            let sent = || serde_json::from_str::<Value>(&request.body).unwrap()[*word].as_object().unwrap().clone();
            let mut written = |is_new: bool| {
                let number = numbers.entry((name, is_new)).or_default();
                *number += 1;
                Written { path: name, is_new, number: *number }
            };
            if path == *name && request.method == "POST" {
                let id = records.keys().max().map_or(1, |id| id + 1);
                let mut record = object(json!({*id_field: id.to_string()}));
                store(written(true), &mut record, &sent());
                records.insert(id, record);
                return (201, json!({*word: {*id_field: id.to_string()}}).to_string());
            }
            if path == *name {
                let all: Vec<_> = if request.number_of("page") > 1 { Vec::new() } else { records.values().collect() };
                return (200, json!({*name: all, "count": records.len()}).to_string());
            }
            let id = path.split('/').nth(1).and_then(|id| id.parse::<u64>().ok());
            let Some(record) = id.and_then(|id| records.get_mut(&id)) else { return unknown() };
            if request.method != "PUT" {
                return (200, json!({*word: record}).to_string());
            }
            let before = record.clone();
            store(written(false), record, &sent());
            match answer(&before, record) {
                Some(shown) => (200, json!({*word: shown}).to_string()),
                None => (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned()),
            }
        });
        Account { service, users, tickets }
    }

    fn users(&self) -> MutexGuard<'_, Records> {
        self.users.lock().unwrap()
    }

    /// The paths that were asked for by this method.
    fn sent(&self, method: &str) -> Vec<String> {
        let requests = self.service.requests().into_iter();
        requests.filter(|request| request.method == method).map(|request| request.path).collect()
    }
}

/// Every field that was sent is stored.
fn keep(record: &mut Map<String, Value>, sent: &Map<String, Value>) {
    record.extend(sent.clone());
}

/// The record holds nothing but its id and what was sent.
fn replace(record: &mut Map<String, Value>, sent: &Map<String, Value>) {
    record.retain(|name, _| matches!(name.as_str(), "cId" | "ticketId"));
    keep(record, sent);
}

fn nothing(_: &Map<String, Value>, _: &Map<String, Value>) -> Option<Map<String, Value>> {
    None
}

fn after(_: &Map<String, Value>, after: &Map<String, Value>) -> Option<Map<String, Value>> {
    Some(after.clone())
}

fn before(before: &Map<String, Value>, _: &Map<String, Value>) -> Option<Map<String, Value>> {
    Some(before.clone())
}

/// Rows of people who are new, and of those who are there.
fn people() -> (String, String) {
    let new = (0..12).map(|number| format!("新 {number},132{number:08},20001,新\n")).collect();
    let there = (0..10).map(|number| 50_001 + number).map(|id| format!("示例 {id},131{id:08},20001,新\n")).collect();
    (new, there)
}

const PEOPLE: &str = "姓名,手机,公司编号,备注\n";

#[test]
fn the_first_change_goes_alone_whatever_went_before_it() {
    let (new, there) = people();
    for rows in [format!("{PEOPLE}{new}{there}"), format!("{PEOPLE}{there}{new}")] {
        let account = Account::new(
            10,
            |written, record, sent| if written.is_new { keep(record, sent) } else { replace(record, sent) },
            nothing,
        );
        let work = Work::at(&account.service.base_url());
        work.write("mine.csv", rows);
        work.bw8("import customers mine.csv --mode upsert --rate 0 --expect 22").exits(5).says("not sent, and");
        assert_eq!(account.sent("PUT").len(), 1, "one record is harmed and no more");
        assert!(work.results().column("code").contains(&"stored_otherwise"));
    }
}

#[test]
fn the_first_new_record_goes_alone_whatever_went_before_it() {
    let (new, there) = people();
    let store = |written: Written<'_>, record: &mut Map<String, Value>, sent: &Map<String, Value>| {
        keep(record, sent);
        if written.is_new {
            record.remove("note");
        }
    };
    let account = Account::new(10, store, nothing);
    let work = Work::at(&account.service.base_url());
    work.write("mine.csv", format!("{PEOPLE}{there}{new}"));
    work.bw8("import customers mine.csv --mode upsert --rate 0 --expect 22").exits(5).says("Note: sent");
    assert_eq!(account.sent("POST").len(), 1);
}

#[test]
fn the_first_of_each_kind_of_record_goes_alone_in_a_file_of_tags() {
    let store = |written: Written<'_>, record: &mut Map<String, Value>, sent: &Map<String, Value>| {
        if written.path == "tickets" { replace(record, sent) } else { keep(record, sent) }
    };
    let account = Account::new(6, store, nothing);
    let work = Work::at(&account.service.base_url());
    let of = |kind: &str, first: u64| (first..first + 6).map(|id| format!("{kind},{id},新\n")).collect::<String>();
    work.write("mine.csv", format!("对象类型,记录编号,添加标签\n{}{}", of("联系人", 50_001), of("工单", 900_001)));
    work.bw8("import tags mine.csv --rate 0").exits(5).says("Subject: not sent, and");
    let of_tickets = account.sent("PUT").into_iter().filter(|path| path.starts_with("/tickets"));
    assert_eq!(of_tickets.count(), 1);
    let harmed = account.tickets.lock().unwrap().values().filter(|ticket| ticket.get("subject").is_none()).count();
    assert_eq!(harmed, 1);
}

#[test]
fn a_record_with_more_to_lose_goes_alone() {
    // The list of custom fields is replaced by what is sent of it.
    let account = Account::new(12, |_, record, sent| keep(record, sent), nothing);
    let custom = |value: &str| json!({"key": "field_7", "value": value});
    for (number, user) in account.users().values_mut().enumerate() {
        let other = json!({"key": "field_8", "value": "甲"});
        let fields = if number == 0 { vec![custom("旧")] } else { vec![custom("旧"), other] };
        user.insert("custom_fields".to_owned(), fields.into());
    }
    let work = Work::at(&account.service.base_url());
    work.write("api.toml", "[[customers.custom_fields]]\nkey = \"field_7\"\nlabel = \"级别\"\n");
    let rows: String = (50_001..50_013).map(|id| format!("{id},新\n")).collect();
    work.write("mine.csv", format!("联系人编号,级别\n{rows}"));
    work.bw8("import customers mine.csv --mode update --rate 0").exits(5).says("field_8: not sent, and \"甲\" is gone");
    assert_eq!(account.sent("PUT").len(), 2);
}

/// From the third change on the service drops the tag, or stores nothing of the note.
fn forgetful(answer: Answer) -> Account {
    let store = |written: Written<'_>, record: &mut Map<String, Value>, sent: &Map<String, Value>| {
        if written.number < 3 {
            keep(record, sent);
        }
    };
    Account::new(10, store, answer)
}

fn rows(column: &str, cell: &str) -> String {
    let rows: String = (50_001..50_011).map(|id| format!("{id},{cell}\n")).collect();
    format!("联系人编号,{column}\n{rows}")
}

#[test]
fn answers_that_show_the_record_tell_of_each_row_what_was_not_stored() {
    for (file, import, code) in [
        (rows("备注", "新"), "import customers mine.csv --mode update", "not_stored"),
        (rows("标签", "+新"), "import customers mine.csv --mode update", "tags_dropped"),
        (
            rows("添加标签", "新").replace("联系人编号", "对象类型,记录编号").replace("\n5", "\n联系人,5"),
            "import tags mine.csv",
            "tags_dropped",
        ),
    ] {
        let account = forgetful(after);
        let work = Work::at(&account.service.base_url());
        work.write("mine.csv", file);
        work.bw8(format!("{import} --rate 0 --concurrency 1")).exits(3);
        assert_rows(&work.summary(), "updated 2, failed 8");
        assert_eq!(work.results().column("code")[2..], [code; 8]);
        // What was done is compared at no cost: a read before anybody is asked, one before each write, and one for the row that goes first.
        let reads = account.sent("GET").into_iter().filter(|path| path.starts_with("/users/5")).count();
        assert_eq!(reads, 10 + 10 + 1 + 8);
    }
}

/// A service may answer with the record as it was: that proves nothing, and is believed once.
#[test]
fn answers_that_show_what_was_there_before_fail_no_row() {
    let account = Account::new(10, |_, record, sent| keep(record, sent), before);
    let work = Work::at(&account.service.base_url());
    work.write("mine.csv", rows("备注", "新"));
    work.bw8("import customers mine.csv --mode update --rate 0 --concurrency 1").exits(0);
    assert_rows(&work.summary(), "updated 10");
    let reads = account.sent("GET").into_iter().filter(|path| path.starts_with("/users/5")).count();
    assert_eq!(reads, 10 + 10 + 2);
}

/// What the service makes of a value in its own way is stored, and said.
#[test]
fn answers_that_show_another_value_are_said_and_fail_no_row() {
    let store = |written: Written<'_>, record: &mut Map<String, Value>, sent: &Map<String, Value>| {
        keep(record, sent);
        if written.number == 4 {
            record.insert("note".to_owned(), "改过".into());
        }
    };
    let account = Account::new(10, store, after);
    let work = Work::at(&account.service.base_url());
    work.write("mine.csv", rows("备注", "新"));
    work.bw8("import customers mine.csv --mode update --rate 0 --concurrency 1").exits(3).says("stored \"改过\"");
    assert_rows(&work.summary(), "updated 10");
    assert_eq!(work.results().column("code")[3], "stored_otherwise");
}

/// What was there and nobody sent anything for is gone in one row in the middle: the run stops there.
#[test]
fn answers_that_show_a_loss_stop_the_run() {
    let store = |written: Written<'_>, record: &mut Map<String, Value>, sent: &Map<String, Value>| {
        keep(record, sent);
        if written.number > 4 {
            record.insert("email".to_owned(), "".into());
        }
    };
    let account = Account::new(10, store, after);
    let work = Work::at(&account.service.base_url());
    work.write("mine.csv", rows("备注", "新"));
    work.bw8("import customers mine.csv --mode update --rate 0 --concurrency 1").exits(5).says("Email: not sent, and");
    assert_eq!(account.sent("PUT").len(), 5);
}

#[test]
fn random_changed_rows_are_read_back_where_answers_tell_nothing() {
    for (file, import, field) in [
        (rows("备注", "新"), "import customers mine.csv --mode update", "Note"),
        (rows("标签", "+新"), "import customers mine.csv --mode update", "Tags"),
        (
            rows("添加标签", "新").replace("联系人编号", "对象类型,记录编号").replace("\n5", "\n联系人,5"),
            "import tags mine.csv",
            "Tags",
        ),
    ] {
        let account = forgetful(nothing);
        let work = Work::at(&account.service.base_url());
        work.write("mine.csv", &file);
        // Tags that no record was seen with are looked for.
        let ran = work.bw8(format!("{import} --rate 0 --concurrency 1 --sample 10"));
        ran.exits(3).says(&format!("the service changed {field} in 8 of 10 records"));
        // What the sample found stands in the rows, too.
        assert_rows(&work.summary(), "updated 2, failed 8");
        let account = Account::new(10, |_, record, sent| keep(record, sent), nothing);
        let work = Work::at(&account.service.base_url());
        work.write("mine.csv", file);
        work.bw8(format!("{import} --rate 0 --sample 4"))
            .exits(0)
            .says("4 random records were read back: nothing differs");
    }
}

/// One record that can be read and not changed costs its own row.
#[test]
fn a_record_that_cannot_be_changed_costs_its_own_row() {
    for (first, last) in [(50_001, 50_006), (50_006, 50_001)] {
        let service = Service::start(move |request| {
            let path = request.path.trim_start_matches("/users/").trim_end_matches(".json");
            match (request.method.as_str(), path.parse::<u64>()) {
                ("PUT", Ok(50_001)) => unknown(),
                ("PUT", Ok(_)) => (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned()),
                ("GET", Ok(id)) => (200, json!({"user": {"cId": id.to_string(), "note": "新"}}).to_string()),
                _ => unknown(),
            }
        });
        let work = Work::at(&service.base_url());
        let ids: Vec<u64> = if first < last { (first..=last).collect() } else { (last..=first).rev().collect() };
        let rows: String = ids.iter().map(|id| format!("{id},13100000001\n")).collect();
        work.write("mine.csv", format!("联系人编号,手机\n{rows}"));
        let import = "import customers mine.csv --mode update --rate 0 --no-canary";
        if first < last {
            // The first row of a command tells it of all.
            work.bw8(import).exits(5).says("does not take changes");
        }
        work.bw8(import).exits(3);
        assert_rows(&work.summary(), "updated 5, failed 1");
    }
}

/// The service has its own words for what is not set.
#[test]
fn what_is_emptied_is_empty_in_the_words_of_the_service() {
    for (entity, column, field, unset) in [
        ("tickets", "受理客服编号", "servicerUserId", json!("0")),
        ("tickets", "受理客服编号", "servicerUserId", json!(0)),
        ("tickets", "受理客服编号", "servicerUserId", Value::Null),
        ("customers", "备注", "note", Value::Null),
    ] {
        let stored = unset.clone();
        let store = move |_: Written<'_>, record: &mut Map<String, Value>, sent: &Map<String, Value>| {
            keep(record, sent);
            record.values_mut().filter(|value| *value == "").for_each(|value| *value = stored.clone());
        };
        let account = Account::new(3, store, after);
        let work = Work::at(&account.service.base_url());
        let (id, first) = if entity == "tickets" { ("工单编号", 900_001) } else { ("联系人编号", 50_001) };
        let rows: String = (first..first + 3).map(|id| format!("{id},#清空\n")).collect();
        work.write("mine.csv", format!("{id},{column}\n{rows}"));
        let import = format!("import {entity} mine.csv --mode update --rate 0 --notifications-off --sample 3");
        work.bw8(&import).exits(0).says("nothing differs");
        assert_rows(&work.summary(), "updated 3");
        // Once more there is nothing to empty.
        work.bw8(format!("{import} --fresh")).exits(0);
        assert_rows(&work.summary(), "unchanged 3");
        let records = if entity == "tickets" { account.tickets.lock().unwrap() } else { account.users() };
        assert!(records.values().all(|record| record[field] == unset), "{field} {unset}");
    }
}

/// Nothing of the first row is stored: it is not done, and is sent again once that works.
#[test]
fn a_first_row_of_which_nothing_was_stored_is_not_done() {
    for rows_of_file in [1, 10] {
        let store = |written: Written<'_>, record: &mut Map<String, Value>, sent: &Map<String, Value>| {
            if written.number > 1 {
                keep(record, sent);
            }
        };
        let account = Account::new(rows_of_file, store, nothing);
        let work = Work::at(&account.service.base_url());
        let lines: Vec<String> = rows("备注", "新").lines().map(str::to_owned).collect();
        work.write("mine.csv", lines[..=rows_of_file as usize].join("\n"));
        let ran = work.bw8("import customers mine.csv --mode update --rate 0");
        // Where no row is left, nothing stops.
        match rows_of_file {
            1 => ran.exits(3).never_says("nothing else was sent"),
            _ => ran.exits(5).says("nothing else was sent"),
        };
        assert_eq!((work.results().column("status")[0], work.results().column("code")[0]), ("failed", "not_stored"));
        work.bw8("import customers mine.csv --mode update --rate 0").exits(3);
        assert_eq!(work.results().column("status")[0], "failed");
        work.bw8(format!("retry {} --rate 0", work.run_folder().display())).exits(0);
        assert_eq!(account.users()[&50_001]["note"], "新");
    }
}

/// The service stores nothing from the fourth row on and says "done"; the eighth record has more to lose and is looked at.
#[test]
fn rows_that_were_written_beside_a_lie_are_looked_at() {
    let store = |written: Written<'_>, record: &mut Map<String, Value>, sent: &Map<String, Value>| {
        if written.number < 4 {
            keep(record, sent);
        }
    };
    let account = Account::new(10, store, nothing);
    account.users().get_mut(&50_008).unwrap().insert("address".to_owned(), "示例路".into());
    let work = Work::at(&account.service.base_url());
    work.write("mine.csv", rows("备注", "新"));
    work.bw8("import customers mine.csv --mode update --rate 0 --concurrency 1").exits(5).says("4 not as sent");
    assert_rows(&work.summary(), "updated 3, failed 5, pending 2");
}
