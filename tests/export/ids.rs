//! What names a record: its id, one deeper than it should be, written as another kind of number, missing, or that of another one.

use serde_json::{Value, json};

use crate::harness::*;

/// An invented customer.
fn customer_of(id: u64) -> Value {
    serde_json::from_str(&customer(id)).unwrap()
}

/// The same with something else under one name.
fn with(mut record: Value, name: &str, value: Value) -> Value {
    record[name] = value;
    record
}

/// The same without its id.
fn without_id(mut record: Value) -> Value {
    record.as_object_mut().unwrap().remove("cId");
    record
}

/// A service with these customers, whose list is asked for in pages.
fn service_of(records: Vec<Value>) -> Service {
    Service::start(move |request| {
        let of = |name: &str| request.number_of(name);
        match request.path.as_str() {
            "/users.json" => {
                let from = (of("page").max(1) - 1) * of("per_page");
                let page: Vec<&Value> = records.iter().skip(from).take(of("per_page")).collect();
                (200, json!({"users": page, "count": records.len()}).to_string())
            }
            path => {
                let id = path.trim_start_matches("/users/").trim_end_matches(".json");
                let is_it = |record: &&Value| record["cId"] == id || record["cId"].as_f64() == id.parse().ok();
                match records.iter().find(is_it) {
                    Some(record) => (200, json!({"user": record}).to_string()),
                    None => unknown(),
                }
            }
        }
    })
}

/// Exports these customers, with the columns of their ids and names.
fn export(records: Vec<Value>) -> (Work, Ran) {
    let service = service_of(records);
    let work = Work::at(&service.base_url());
    let ran = work.export("customers -o out.csv --columns cId,name");
    (work, ran)
}

fn first_cells(work: &Work) -> Vec<String> {
    work.rows("out.csv").into_iter().skip(1).map(|row| row[0].clone()).collect()
}

#[test]
fn records_one_deeper_are_read_as_what_they_hold() {
    let (work, ran) = export((1..=230).map(|id| json!({"user": customer_of(id)})).collect());
    ran.exits(0);
    assert_eq!(work.ids("out.csv"), (1..=230).collect::<Vec<_>>());
    assert_eq!(work.rows("out.csv")[230][1], "示例 230");
}

#[test]
fn a_list_in_which_no_record_has_its_id_is_refused_by_name() {
    let renamed = |id: u64| with(without_id(customer_of(id)), "cid", json!(id));
    for records in [
        (1..=3).map(renamed).collect::<Vec<_>>(),
        vec![renamed(1)],
        (1..=230).map(|id| with(customer_of(id), "cId", Value::Null)).collect(),
        (1..=3).map(|id| without_id(customer_of(id))).collect(),
    ] {
        let (work, ran) = export(records);
        ran.exits(1).says("no record of /users.json has its id: `cId` was looked for").says("name, ").says("set `id`");
        assert!(!work.path("out.csv").exists());
    }
}

#[test]
fn single_records_without_an_id_are_in_the_file_and_told_by_number() {
    let odd = |id: u64| match id {
        50 | 100 => with(customer_of(id), "cId", Value::Null),
        150 => without_id(customer_of(id)),
        // The only one of its page.
        201 => with(customer_of(id), "cId", json!("")),
        _ => customer_of(id),
    };
    let (work, ran) = export((1..=201).map(odd).collect());
    ran.exits(0).says("4 records have no id of their own");
    let rows = work.rows("out.csv");
    assert_eq!(rows.len(), 202);
    let names: std::collections::HashSet<&str> = rows[1..].iter().map(|row| row[1].as_str()).collect();
    assert_eq!(names.len(), 201);
    let manifest: Value = serde_json::from_str(&work.read("out.csv.manifest.json")).unwrap();
    assert!(manifest["warnings"].to_string().contains("4 records have no id of their own"), "{manifest}");
    assert_eq!(manifest["complete"], true);
}

#[test]
fn what_has_no_id_is_asked_for_nothing_and_read_anew_each_time() {
    let odd = |id: u64| if id == 5 { without_id(customer_of(id)) } else { customer_of(id) };
    let service = service_of((1..=9).map(odd).collect());
    let work = Work::at(&service.base_url());
    for _ in 0..2 {
        let ran = work.export("customers -o out.csv --incremental --details --columns cId,name");
        ran.exits(0).says("1 record has no id of its own");
        assert_eq!(work.rows("out.csv").len(), 10);
    }
    let asked = service.requests();
    assert!(asked.iter().all(|request| !request.path.contains(['#', '%'])), "{asked:?}");
}

#[test]
fn an_id_that_came_as_a_float_is_the_whole_number() {
    let service = service_of((1..=230).map(|id| with(customer_of(id), "cId", json!(id as f64))).collect());
    let work = Work::at(&service.base_url());
    let ran = work.export("customers -o out.csv --details --columns cId,name");
    ran.exits(0);
    assert_eq!(work.ids("out.csv"), (1..=230).collect::<Vec<_>>());
    assert_eq!(ran.json()["failed_pages"]["pages"].as_u64().unwrap_or(0), 0, "{ran}");
}

#[test]
fn records_with_one_id_are_several() {
    let zero = |id: u64| if id.is_multiple_of(50) { with(customer_of(id), "cId", json!("0")) } else { customer_of(id) };
    let (work, ran) = export((1..=230).map(zero).collect());
    ran.exits(0).says("3 records have no id of their own");
    let rows = work.rows("out.csv");
    assert_eq!(rows.len(), 231);
    assert!(["50", "100", "150", "200"].iter().all(|id| rows.iter().any(|row| row[1] == format!("示例 {id}"))));

    let twice = [customer_of(1), with(customer_of(1), "name", json!("另一个")), customer_of(2), customer_of(3)];
    let (work, ran) = export(twice.to_vec());
    ran.exits(0).says("1 record has no id of its own");
    let mut cells = first_cells(&work);
    cells.sort();
    assert_eq!(cells, ["1", "1", "2", "3"]);
}

#[test]
fn an_id_in_two_spellings_is_told() {
    let records = [customer_of(43), customer_of(44), with(customer_of(44), "cId", json!("044")), customer_of(45)];
    let (work, ran) = export(records.to_vec());
    ran.exits(0).says("two spellings, perhaps one record twice: 044 / 44");
    assert_eq!(first_cells(&work).len(), 4);
    let (_, ran) = export((1..=230).map(customer_of).collect());
    ran.exits(0).never_says("two spellings");
}
