//! Services whose filters by date are not what they seem, and records whose times and values are written in other ways: what
//! belongs to the span that is asked for is in the file all the same.

use crate::harness::*;

/// How a service takes its filter by creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Rightly,
    /// The last day is not included.
    EndExcluded,
    /// Neither is the first.
    StartExcluded,
    /// In another time zone: it begins and ends 8 hours late.
    EightHoursLate,
    EightHoursEarly,
    /// It finds nothing, whatever is asked.
    FindsNothing,
    /// It goes by the last change.
    ByChange,
    /// It takes no notice.
    Ignored,
}

/// Customer `n` of 120 was created on hour `n * 12` of 2024, and every third one was changed a year later.
fn created(n: i64) -> jiff::civil::DateTime {
    jiff::civil::date(2024, 1, 1).at(1, 0, 0, 0).saturating_add(jiff::Span::new().hours(n * 12))
}

fn text(moment: jiff::civil::DateTime) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A service of 120 customers whose creation is written as `shown` says.
fn service(takes: Takes, shown: fn(jiff::civil::DateTime) -> String) -> Service {
    Service::start(move |request| {
        if request.path != "/users.json" {
            return unknown();
        }
        let bound = |name: &str| request.query.get(name).filter(|_| takes != Takes::Ignored).cloned();
        let (from, to) = (bound("created_start"), bound("created_end"));
        let is_found = |n: &i64| {
            let changed = if n % 3 == 0 { created(n + 730) } else { created(*n) };
            let at = match takes {
                Takes::ByChange => changed,
                Takes::EightHoursLate => created(*n).saturating_sub(jiff::Span::new().hours(8)),
                Takes::EightHoursEarly => created(*n).saturating_add(jiff::Span::new().hours(8)),
                _ => created(*n),
            };
            let at = text(at);
            let is_after = |from: &String| match takes {
                Takes::StartExcluded => at[..10] > from[..10],
                _ => at >= *from,
            };
            let is_before = |to: &String| match takes {
                Takes::EndExcluded => at[..10] < to[..10],
                _ => at <= *to,
            };
            from.as_ref().is_none_or(is_after)
                && to.as_ref().is_none_or(is_before)
                && !(takes == Takes::FindsNothing && from.is_some())
        };
        let found: Vec<i64> = (1..=120).filter(is_found).collect();
        let size = request.number_of("per_page").clamp(1, 100);
        let start = (request.number_of("page").max(1) - 1) * size;
        let rows = found.iter().skip(start).take(size).map(|n| {
            let changed = if n % 3 == 0 { created(n + 730) } else { created(*n) };
            format!(
                "{{\"cId\":\"{n}\",\"name\":\"示例\",\"createDT\":{},\"updateDT\":\"{}\"}}",
                shown(created(*n)),
                text(changed)
            )
        });
        let rows: Vec<String> = rows.collect();
        (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.join(","), found.len()))
    })
}

/// The customers that were created from the 10th to the 20th of January 2024.
fn meant() -> Vec<u64> {
    let is_meant = |n: &i64| ("2024-01-10".."2024-01-21").contains(&text(created(*n)).as_str());
    (1..=120).filter(is_meant).map(|n| n as u64).collect()
}

fn export(service: &Service) -> (Vec<u64>, String) {
    let work = Work::at(&service.base_url());
    let ran = work.export("customers -o out.csv --columns cId --since 2024-01-10 --until 2024-01-20");
    ran.exits(0);
    (work.ids("out.csv"), ran.stderr().to_owned())
}

fn quoted(moment: jiff::civil::DateTime) -> String {
    format!("\"{}\"", text(moment))
}

#[test]
fn a_filter_that_is_off_by_a_day_or_finds_nothing_costs_no_record() {
    for takes in [
        Takes::Rightly,
        Takes::EndExcluded,
        Takes::StartExcluded,
        Takes::EightHoursLate,
        Takes::EightHoursEarly,
        Takes::FindsNothing,
        Takes::ByChange,
        Takes::Ignored,
    ] {
        let (ids, said) = export(&service(takes, quoted));
        assert_eq!(ids, meant(), "{takes:?}");
        let is_said = said.contains("leaves out records that it should find");
        assert_eq!(is_said, [Takes::FindsNothing, Takes::ByChange].contains(&takes), "{takes:?}: {said}");
    }
}

#[test]
fn times_are_read_however_they_are_written() {
    let shown: [fn(jiff::civil::DateTime) -> String; 5] = [
        // The service is eight hours ahead of UTC.
        |at| format!("\"{}\"", at.saturating_sub(jiff::Span::new().hours(8)).strftime("%Y-%m-%dT%H:%M:%SZ")),
        |at| format!("\"{}+08:00\"", at.strftime("%Y-%m-%dT%H:%M:%S")),
        |at| jiff::tz::Offset::constant(8).to_timestamp(at).unwrap().as_second().to_string(),
        |at| jiff::tz::Offset::constant(8).to_timestamp(at).unwrap().as_millisecond().to_string(),
        |at| format!("\"{}\"", at.strftime("%Y年%m月%d日")),
    ];
    for (number, shown) in shown.into_iter().enumerate() {
        let (ids, said) = export(&service(Takes::Rightly, shown));
        assert_eq!(ids, meant(), "{number}");
        assert!(!said.contains("no time that can be read"), "{number}: {said}");
    }
}

#[test]
fn a_record_whose_time_cannot_be_read_is_kept_and_told() {
    let shown: [fn(jiff::civil::DateTime) -> String; 3] =
        [|_| "null".to_owned(), |_| "\"\"".to_owned(), |at| format!("\"um {}\"", at.strftime("%H Uhr"))];
    for shown in shown {
        let (ids, said) = export(&service(Takes::Rightly, shown));
        assert!(meant().iter().all(|id| ids.contains(id)), "{ids:?}");
        assert!(said.contains("no time that can be read"), "{said}");
    }
}

#[test]
fn a_place_of_the_list_that_holds_nothing_is_no_record() {
    for blank in ["null", "\"\"", "false", "[]", "{}"] {
        let rows: [String; 4] = ["1", "2", "4", "5"].map(|id| format!("{{\"cId\":\"{id}\",\"name\":\"示例\"}}"));
        let blank = blank.to_owned();
        let service = Service::start(move |request| match request.path.as_str() {
            "/users.json" => {
                let mut places = rows.to_vec();
                places.insert(2, blank.clone());
                let size = request.number_of("per_page").max(1);
                let start = (request.number_of("page").max(1) - 1) * size;
                let page: Vec<String> = places.into_iter().skip(start).take(size).collect();
                (200, format!("{{\"users\":[{}]}}", page.join(",")))
            }
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.jsonl");
        ran.exits(0);
        assert_eq!(work.read("out.jsonl").lines().count(), 4);
        assert!(ran.stderr().contains("hold nothing"), "{}", ran.stderr());
    }
}

#[test]
fn a_condition_on_a_field_of_several_values_is_met_by_one_of_them() {
    let service = Service::start(|request| match request.path.as_str() {
        "/users.json" if request.number_of("page") == 1 => {
            let row = |id: u64, value: &str| {
                format!("{{\"cId\":\"{id}\",\"custom_fields\":[{{\"key\":\"field_1\",\"value\":{value}}}]}}")
            };
            let rows = [row(1, "[\"x\",\"y\"]"), row(2, "\"x\""), row(3, "[\"xy\"]"), row(4, "[]")];
            (200, format!("{{\"users\":[{}],\"count\":4}}", rows.join(",")))
        }
        "/users.json" => (200, "{\"users\":[],\"count\":4}".to_owned()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    for (value, ids) in [("x", vec![1, 2]), ("y", vec![1]), ("x,y", vec![1]), ("xy", vec![3])] {
        work.export(["customers", "-o", "out.csv", "--columns", "cId", "--where", &format!("field_1={value}")])
            .exits(0);
        assert_eq!(work.ids("out.csv"), ids, "{value}");
    }
}

#[test]
fn a_filter_by_change_that_never_finds_anything_is_not_believed_where_records_do_not_tell_their_changes() {
    let name = std::sync::Arc::new(std::sync::Mutex::new("旧"));
    let names = std::sync::Arc::clone(&name);
    let service = Service::start(move |request| {
        if request.path != "/users.json" {
            return unknown();
        }
        let is_found = |n: &i64| {
            let from = request.query.get("created_start");
            !request.query.contains_key("updated_start") && from.is_none_or(|from| text(created(*n)) >= *from)
        };
        let found: Vec<i64> = (1..=30).filter(is_found).collect();
        let row = |n: &i64| {
            let name = if *n == 7 { *names.lock().unwrap() } else { "示例" };
            format!("{{\"cId\":\"{n}\",\"name\":\"{name}\",\"createDT\":\"{}\"}}", text(created(*n)))
        };
        let rows: Vec<String> = if request.query["page"] == "1" { found.iter().map(row).collect() } else { Vec::new() };
        (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.join(","), found.len()))
    });
    let work = Work::at(&service.base_url());
    let export = "customers -o out.csv --columns cId,name --incremental";
    work.export(export).exits(0);
    *name.lock().unwrap() = "新";
    work.export(export).exits(0);
    assert_eq!(work.rows("out.csv")[7], ["7", "新"]);
}
