//! Records' own pages beside the list: which of the two is believed, and how long an answer of an earlier command is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use serde_json::{Value, json};

use crate::harness::*;

/// Tickets by id: what the list says of each and what its own page does; none where that page fails.
type Tickets = Arc<Mutex<BTreeMap<u64, (Value, Option<Value>)>>>;

/// A ticket that says the same in both places.
fn ticket(id: u64, status: &str) -> (Value, Option<Value>) {
    let ticket = json!({
        "ticketId": id.to_string(), "subject": format!("示例 {id}"), "ticketStatus": status, "isDeleted": "0",
        "createDT": "2026-01-05 08:00:00", "updateDT": "2026-01-05 08:00:00"
    });
    (ticket.clone(), Some(ticket))
}

/// Twelve tickets, half of them solved, each made otherwise by `made`.
fn service(made: impl Fn(u64, &mut Value, &mut Option<Value>)) -> (Tickets, Service) {
    let mut tickets: BTreeMap<u64, (Value, Option<Value>)> =
        (1..=12).map(|id| (id, ticket(id, if id % 2 == 0 { "4" } else { "2" }))).collect();
    tickets.iter_mut().for_each(|(id, (list, own))| made(*id, list, own));
    let tickets = Arc::new(Mutex::new(tickets));
    let answering = Arc::clone(&tickets);
    let service = Service::start(move |request| {
        let tickets = answering.lock().unwrap();
        let own = request.path.strip_prefix("/tickets/").and_then(|rest| rest.strip_suffix(".json"));
        match own.and_then(|id| id.parse::<u64>().ok()) {
            Some(id) => match &tickets[&id].1 {
                Some(own) => (200, json!({ "ticket": [own] }).to_string()),
                None => (500, String::new()),
            },
            None if request.path == "/tickets.json" => {
                let since = request.query.get("updated_start").or_else(|| request.query.get("created_start"));
                let is_meant = |list: &&Value| {
                    let time = list["updateDT"].as_str().or_else(|| list["createDT"].as_str()).unwrap();
                    since.is_none_or(|since| time >= since.as_str())
                };
                let found: Vec<&Value> = tickets.values().map(|(list, _)| list).filter(is_meant).collect();
                let rows = if request.query["page"] == "1" { found.as_slice() } else { &[] };
                (200, json!({ "tickets": rows, "count": found.len() }).to_string())
            }
            None => unknown(),
        }
    });
    (tickets, service)
}

#[test]
fn an_older_page_does_not_keep_a_record_that_the_list_has_otherwise_since() {
    for how in ["", " --incremental"] {
        let (tickets, service) = service(|_, _, _| {});
        let work = Work::at(&service.base_url());
        let export = format!("tickets -o out.csv --columns ticketId --details --where ticketStatus=4{how}");
        work.export(export.as_str()).exits(0);
        assert_eq!(work.ids("out.csv"), [2, 4, 6, 8, 10, 12]);
        // One is opened again, one is deleted, and a third is solved.
        for (id, member, value) in [(4, "ticketStatus", "2"), (6, "isDeleted", "1"), (7, "ticketStatus", "4")] {
            let mut tickets = tickets.lock().unwrap();
            let (list, own) = tickets.get_mut(&id).unwrap();
            list[member] = json!(value);
            list["updateDT"] = json!("2026-01-05 09:00:00");
            *own = Some(list.clone());
        }
        work.export(export.as_str()).exits(0);
        assert_eq!(work.ids("out.csv"), [2, 7, 8, 10, 12], "{how}");
    }
}

#[test]
fn a_record_that_the_list_marks_as_deleted_stays_so_where_its_own_page_does_not_say_it() {
    let (_, service) = service(|id, list, own| {
        list["isDeleted"] = json!(if id == 3 { "1" } else { "0" });
        own.as_mut().unwrap().as_object_mut().unwrap().remove("isDeleted");
    });
    let work = Work::at(&service.base_url());
    work.export("tickets -o out.csv --columns ticketId --details --with-deleted").exits(0);
    assert_eq!(work.ids("out.csv").len(), 12);
    work.export("tickets -o out.csv --columns ticketId --details").exits(0);
    assert!(!work.ids("out.csv").contains(&3));
}

#[test]
fn what_the_list_has_blank_for_all_is_told_by_their_own_pages() {
    for blank in [Value::Null, json!(""), json!("0000-00-00 00:00:00")] {
        let (_, service) = service(|id, list, own| {
            let own = own.as_mut().unwrap();
            own["solveDT"] = json!(format!("2026-01-05 {id:02}:00:00"));
            own["ticketSource"] = json!(if id < 4 { "示例" } else { "别的" });
            own["custom_fields"] = json!([{ "key": "field_1", "value": if id < 4 { "甲" } else { "乙" } }]);
            let text = if blank == "0000-00-00 00:00:00" { json!("") } else { blank.clone() };
            (list["solveDT"], list["ticketSource"]) = (blank.clone(), text.clone());
            list["custom_fields"] = json!([{ "key": "field_1", "value": text }]);
        });
        let work = Work::at(&service.base_url());
        let solved = "--by solved --since 2026-01-05 --until 2026-01-05T03:30";
        for asked in [solved, "--where ticketSource=示例", "--where field_1=甲"] {
            work.export(format!("tickets -o out.csv --columns ticketId --details {asked}").as_str()).exits(0);
            assert_eq!(work.ids("out.csv"), [1, 2, 3], "{blank} {asked}");
        }
    }
}

#[test]
fn a_condition_that_only_a_page_that_fails_would_tell_leaves_nobody_out_without_a_word() {
    let (_, service) = service(|id, _, own| match id {
        5 => *own = None,
        id => own.as_mut().unwrap()["ticketSource"] = json!(if id < 4 { "示例" } else { "别的" }),
    });
    let work = Work::at(&service.base_url());
    let ran = work.export("tickets -o out.csv --columns ticketId --details --where ticketSource=示例");
    ran.exits(0).says("of 1 record the list does not tell what was asked for");
    assert_eq!(work.ids("out.csv"), [1, 2, 3, 5]);
}

#[test]
fn custom_fields_that_the_list_alone_tells_stand_beside_those_of_the_own_page() {
    let field = |key: &str, value: &str| json!({ "key": key, "value": value });
    for own_fields in [json!([]), Value::Null, json!(""), json!([field("field_2", "乙")]), json!({ "field_2": "乙" })]
    {
        let (_, service) = service(|_, list, own| {
            list["custom_fields"] = json!([field("field_1", "甲")]);
            list["subject"] = json!("列表");
            let own = own.as_mut().unwrap();
            own["custom_fields"] = own_fields.clone();
            own["subject"] = Value::Null;
        });
        let work = Work::at(&service.base_url());
        work.export("tickets -o out.csv --columns ticketId,subject,field_1 --details").exits(0);
        assert_eq!(work.rows("out.csv")[1], ["1", "列表", "甲"], "{own_fields}");
        work.export("tickets -o out.jsonl --details").exits(0);
        let line: Value = serde_json::from_str(work.read("out.jsonl").lines().next().unwrap()).unwrap();
        assert_eq!(line["subject"], "列表");
        let expected = match &own_fields {
            Value::Object(_) => json!({ "field_2": "乙", "field_1": "甲" }),
            Value::Array(fields) if !fields.is_empty() => json!([field("field_2", "乙"), field("field_1", "甲")]),
            _ => json!([field("field_1", "甲")]),
        };
        assert_eq!(line["custom_fields"], expected);
    }
}

#[test]
fn a_page_is_asked_for_again_where_the_list_would_not_tell_that_it_changed() {
    let now = || {
        let now = jiff::tz::Offset::constant(8).to_datetime(jiff::Timestamp::now());
        now.strftime("%Y-%m-%d %H:%M:%S").to_string()
    };
    // It tells no time of a change, or one in which another change may have come.
    for time in [None, Some(now())] {
        for how in ["", " --incremental"] {
            let (tickets, service) = service(|_, list, own| {
                own.as_mut().unwrap()["ticketSource"] = json!("旧");
                match &time {
                    Some(time) => list["updateDT"] = json!(time),
                    None => drop(list.as_object_mut().unwrap().remove("updateDT")),
                }
            });
            let work = Work::at(&service.base_url());
            let export = format!("tickets -o out.csv --columns ticketId,ticketSource --details{how}");
            work.export(export.as_str()).exits(0);
            tickets.lock().unwrap().get_mut(&5).unwrap().1.as_mut().unwrap()["ticketSource"] = json!("新");
            work.export(export.as_str()).exits(0);
            assert_eq!(work.rows("out.csv")[5], ["5", "新"], "{time:?} {how}");
        }
    }
}

#[test]
fn the_sheet_that_sums_up_counts_what_the_list_tells_where_the_own_page_does_not() {
    let (_, service) = service(|_, _, own| drop(own.as_mut().unwrap().as_object_mut().unwrap().remove("ticketStatus")));
    let work = Work::at(&service.base_url());
    work.export("tickets -o out.xlsx --details --no-names").exits(0);
    let mut book: Xlsx<_> = open_workbook(work.path("out.xlsx")).unwrap();
    let sheet = book.worksheet_range("Export summary").unwrap();
    let counted =
        |row: &[Data]| row.first().is_some_and(|cell| cell == "solved") && row.get(1) == Some(&Data::Float(6.0));
    assert!(sheet.rows().any(counted), "{sheet:?}");
}

#[test]
fn names_that_are_asked_for_one_by_one_are_those_of_today() {
    let name = Arc::new(Mutex::new("旧名"));
    let names = Arc::clone(&name);
    let service = Service::start(move |request| match request.path.as_str() {
        "/tickets.json" => {
            (200, json!({ "tickets": [{ "ticketId": "1", "servicerUserId": "7" }], "count": 1 }).to_string())
        }
        "/supports/7.json" => (200, json!({ "support": { "sId": "7", "name": *names.lock().unwrap() } }).to_string()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let export = "tickets -o out.csv --names --columns servicerUserId";
    work.export(export).exits(0);
    assert_eq!(work.rows("out.csv")[1], ["7", "旧名"]);
    *name.lock().unwrap() = "新名";
    work.export(export).exits(0);
    assert_eq!(work.rows("out.csv")[1], ["7", "新名"]);
}

/// A company that is called otherwise may have no new time of its change: an export that reads everything shows its name of today.
#[test]
fn names_of_a_whole_list_are_those_of_today_where_everything_is_read() {
    let name = Arc::new(Mutex::new("旧名"));
    let names = Arc::clone(&name);
    let service = Service::start(move |request| {
        let is_asked_for = request.query.get("updated_start").is_none_or(|since| since.as_str() < "2026-01-05");
        let company = json!({ "uId": "7", "companyName": *names.lock().unwrap(), "status": "1",
            "createDT": "2026-01-05 08:00:00", "updateDT": "2026-01-05 08:00:00" });
        let companies = if is_asked_for { vec![company] } else { Vec::new() };
        match request.path.as_str() {
            "/users.json" => (200, json!({ "users": [{ "cId": "1", "companyId": "7" }], "count": 1 }).to_string()),
            "/companies.json" => (200, json!({ "count": companies.len(), "companies": companies }).to_string()),
            _ => unknown(),
        }
    });
    let work = Work::at(&service.base_url());
    let export = "customers -o out.csv --names --columns companyId";
    work.export(export).exits(0);
    assert_eq!(work.rows("out.csv")[1], ["7", "旧名"]);
    *name.lock().unwrap() = "新名";
    work.export(export).exits(0);
    assert_eq!(work.rows("out.csv")[1], ["7", "新名"]);
}
