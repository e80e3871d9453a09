//! Again next week: only what changed is asked for, and the file is whole all the same.

use std::sync::{Arc, Mutex};

use crate::harness::*;

/// A list of customers that knows when each was created and changed, and filters by day.
#[derive(Default)]
struct List {
    records: Vec<Record>,
}

#[derive(Clone)]
struct Record {
    id: u64,
    name: &'static str,
    day: String,
    is_deleted: bool,
}

pub fn today() -> String {
    let offset = jiff::tz::Offset::constant(8);
    offset.to_datetime(jiff::Timestamp::now()).date().to_string()
}

fn start(list: &Arc<Mutex<List>>) -> Service {
    let list = Arc::clone(list);
    Service::start(move |request| {
        if request.path != "/users.json" {
            return unknown();
        }
        let list = list.lock().unwrap();
        let since = request.query.get("updated_start").or_else(|| request.query.get("created_start"));
        let since = since.map_or("", |text| &text[..10]);
        let until = request.query.get("created_end").map_or("9", |text| &text[..10]);
        let with_deleted = request.query.get("deStat").is_some_and(|value| value == "1");
        let found: Vec<&Record> = list
            .records
            .iter()
            .filter(|record| (since..=until).contains(&record.day.as_str()) && (with_deleted || !record.is_deleted))
            .collect();
        let size = request.number_of("per_page").max(1);
        let start = (request.number_of("page").max(1) - 1) * size;
        let rows: Vec<String> = found
            .iter()
            .skip(start)
            .take(size)
            .map(|r| {
                let state = if r.is_deleted { "3" } else { "1" };
                format!(
                    "{{\"cId\":\"{}\",\"name\":\"{}\",\"state\":\"{state}\",\"createDT\":\"{day} 08:00:00\",\
                     \"updateDT\":\"{day} 08:00:00\"}}",
                    r.id,
                    r.name,
                    day = r.day
                )
            })
            .collect();
        (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.join(","), found.len()))
    })
}

fn pages(service: &Service) -> usize {
    service.requests().iter().filter(|request| request.path == "/users.json").count()
}

const EXPORT: &[&str] = &["customers", "-o", "out.csv", "--columns", "cId,name", "--incremental"];

#[test]
fn only_changes_are_asked_for_and_deletions_are_seen() {
    let old = "2025-01-01".to_owned();
    let records = (1..=500).map(|id| Record { id, name: "示例", day: old.clone(), is_deleted: false }).collect();
    let list = Arc::new(Mutex::new(List { records }));
    let service = start(&list);
    let work = Work::at(&service.base_url());
    work.export(EXPORT).exits(0);
    assert_eq!(work.ids("out.csv").len(), 500);
    let whole = pages(&service);

    // Created, changed, deleted softly.
    {
        let mut list = list.lock().unwrap();
        list.records.push(Record { id: 501, name: "示例新", day: today(), is_deleted: false });
        list.records[10].name = "示例改";
        list.records[10].day = today();
        list.records[20].is_deleted = true;
        list.records[20].day = today();
    }
    let ran = work.export(EXPORT);
    let json = ran.exits(0).says("left out because deleted: 1 customer").json();
    let rows = work.rows("out.csv");
    assert_eq!(rows.len(), 501);
    assert!(rows.contains(&vec!["501".to_owned(), "示例新".to_owned()]));
    assert!(rows.contains(&vec!["11".to_owned(), "示例改".to_owned()]));
    assert!(!rows.iter().any(|row| row[0] == "21"));
    assert_eq!(json["deleted_left_out"], 1);
    assert!(pages(&service) - whole <= 8, "{} pages for a handful of changes", pages(&service) - whole);

    // Deleted for good: no filter shows it, only the total.
    list.lock().unwrap().records.retain(|record| record.id != 300);
    work.export(EXPORT).exits(0).says("reading everything");
    assert!(!work.ids("out.csv").contains(&300));
    assert_eq!(work.ids("out.csv").len(), 499);
    let deleted = work.export("customers -o d.csv --columns cId --incremental --with-deleted");
    deleted.exits(0);
    assert!(work.ids("d.csv").contains(&21));
}

#[test]
fn filters_work_on_the_local_copy() {
    let work = Work::beside_sandbox();
    work.export("tickets -o all.csv --incremental").exits(0);
    let span = ["--since", "2025-03-01", "--until", "2025-08-31", "--where", "Priority=high"];
    work.export([&["tickets", "-o", "live.csv"], &span[..]].concat()).exits(0);
    let json = work.export([&["tickets", "-o", "copy.csv", "--incremental"], &span[..]].concat()).exits(0).json();
    assert!(work.ids("copy.csv").len() > 1);
    assert_eq!(work.read("copy.csv"), work.read("live.csv"));
    assert!(json["requests"].as_u64().unwrap() <= 7, "{json}");
}

#[test]
fn quiet_in_cron_says_nothing_when_all_is_well() {
    let work = Work::beside_sandbox();
    let ran = work.bw8("export tickets -o weekly.xlsx --incremental --quiet --rate 0");
    assert_eq!((ran.exits(0).stdout(), ran.stderr()), ("", ""));
    assert!(work.path("weekly.xlsx").exists());
}

#[test]
fn the_mirror_is_shown_and_forgotten() {
    let work = Work::beside_sandbox();
    let none = work.bw8("mirror --format json").exits(0).json();
    assert_eq!(none["mirrors"], serde_json::json!([]));
    work.export("customers -o a.csv --no-mirror").exits(0);
    assert_eq!(work.bw8("mirror --format json").exits(0).json()["mirrors"], serde_json::json!([]));
    work.export("customers -o a.csv").exits(0);
    let shown = work.bw8("mirror --format json").exits(0).json();
    let mirror = &shown["mirrors"][0];
    assert_eq!((&mirror["lists"][0]["entity"], &mirror["lists"][0]["records"]), (&"customers".into(), &60.into()));
    let file = std::path::PathBuf::from(mirror["file"].as_str().unwrap());
    assert!(file.exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    work.bw8("mirror clear").exits(0);
    assert!(!file.exists());
}

#[test]
fn the_sandbox_of_the_folder_has_a_mirror_there() {
    let work = Work::at("http://127.0.0.1:9");
    let mut command = work.command("export 客服 -o a.xlsx --sandbox");
    command.env_remove("BW8_BASE_URL").env_remove("BW8_USER").env_remove("BW8_PASSWORD");
    work.run(command).exits(0);
    assert!(work.path(".bw8/mirror.db").exists());
    assert!(!work.path("state").exists());
}

#[test]
fn a_field_that_the_list_shows_from_now_on_or_no_more_is_read_of_all() {
    let shows = Arc::new(Mutex::new((false, false)));
    let seen = Arc::clone(&shows);
    let service = Service::start(move |request| {
        if request.path != "/users.json" {
            return unknown();
        }
        let (has_field, has_mail) = *seen.lock().unwrap();
        let since = request.query.get("updated_start").or_else(|| request.query.get("created_start"));
        let since = since.map_or("", |text| &text[..10]);
        let day = |id: usize| format!("2025-{:02}-{:02}", id / 20 + 1, id % 20 + 1);
        let found: Vec<usize> = (1..=200).filter(|id| day(*id).as_str() >= since).collect();
        let size = request.number_of("per_page").max(1);
        let start = (request.number_of("page").max(1) - 1) * size;
        let row = |id: &usize| {
            let field =
                if has_field { format!("{{\"key\":\"field_9\",\"value\":\"值{id}\"}}") } else { String::new() };
            let mail = if has_mail { format!("{id}@example.com") } else { String::new() };
            format!(
                "{{\"cId\":\"{id}\",\"name\":\"示例\",\"state\":\"1\",\"email\":\"{mail}\",\"custom_fields\":[{field}],\
                 \"createDT\":\"{day} 08:00:00\",\"updateDT\":\"{day} 08:00:00\"}}",
                day = day(*id)
            )
        };
        let rows: Vec<String> = found.iter().skip(start).take(size).map(row).collect();
        (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.join(","), found.len()))
    });
    let work = Work::at(&service.base_url());
    let with = |name: &str| {
        let table = work.rows("out.csv");
        let column = table[0].iter().position(|title| title == name);
        column.map_or(0, |column| table[1..].iter().filter(|row| !row[column].is_empty()).count())
    };
    let export = || work.export("customers -o out.csv --headers api --incremental");
    export().exits(0);
    for (has_field, has_mail) in [(true, false), (true, true), (false, true)] {
        *shows.lock().unwrap() = (has_field, has_mail);
        export().exits(0).says("shows other fields than before").says("reading everything");
        assert_eq!((with("field_9"), with("email")), (200 * usize::from(has_field), 200 * usize::from(has_mail)));
        export().exits(0).never_says("reading everything");
    }
}
