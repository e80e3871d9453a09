//! Which records are asked for and written.

use crate::harness::*;

#[test]
fn spans_are_asked_of_the_service_and_decided_to_the_second() {
    let work = Work::beside_sandbox();
    let all = work.export("customers -o all.csv --columns cId,createDT").exits(0).json();
    let created: Vec<(String, String)> =
        work.rows("all.csv")[1..].iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let middle = created[30].1.clone();
    let json = work.export(["customers", "-o", "late.csv", "--columns", "cId", "--since", &middle]).exits(0).json();
    let wanted: Vec<u64> = created.iter().filter(|(_, at)| *at >= middle).map(|(id, _)| id.parse().unwrap()).collect();
    assert!(!wanted.is_empty() && wanted.len() < 60, "{all}");
    assert_eq!(work.ids("late.csv"), wanted);
    let filter = json["windows"][0]["filter"].as_str().unwrap();
    assert!(filter.contains("created_start=") && filter.contains("00%3A00%3A00"), "{filter}");
    let day = &middle[..10];
    work.export(["customers", "-o", "day.csv", "--columns", "cId,createDT", "--since", day, "--until", day]).exits(0);
    assert!(work.rows("day.csv").len() > 1);
    assert!(work.rows("day.csv")[1..].iter().all(|row| row[1].starts_with(day)));
}

#[test]
fn periods_stand_in_the_file_name() {
    let work = Work::beside_sandbox();
    let json = work.export("tickets -o t-{period}.csv --period 2025-03").exits(0).json();
    assert_eq!(json["files"][0], "t-2025-03-01_2025-03-31.csv");
    assert!(json["records"].as_u64().unwrap() > 0);
    let rows = work.rows("t-2025-03-01_2025-03-31.csv");
    let at = rows[0].iter().position(|title| title == "Created at").unwrap();
    assert!(rows[1..].iter().all(|row| row[at].starts_with("2025-03")));
    let today = work.export("agents -o a-{date}.csv").exits(0).json();
    assert!(work.path(today["files"][0].as_str().unwrap()).exists());
    work.export("agents -o a-{week}.csv").exits(2);
    work.export("tickets -o a.csv --period someday").exits(2);
    work.export("tickets -o a.csv --since soon").exits(2);
}

#[test]
fn tickets_by_solution_by_change_and_by_condition() {
    let work = Work::beside_sandbox();
    let columns = ["--columns", "ticketId,solveDT,updateDT,ticketStatus,priorityLevel"];
    let export = |file: &str, filters: &[&str]| {
        work.export([&["tickets", "-o", file], &columns[..], filters].concat()).exits(0);
        work.rows(file)[1..].to_vec()
    };
    let all = export("all.csv", &[]);
    let solved = export("solved.csv", &["--by", "solved", "--period", "2025-04", "--details"]);
    let wanted: Vec<_> = all.iter().filter(|row| row[1].starts_with("2025-04")).cloned().collect();
    assert!(!wanted.is_empty());
    assert_eq!(solved, wanted);
    let updated = export("updated.csv", &["--by", "updated", "--since", "2025-04-01", "--until", "2025-04-30"]);
    let wanted: Vec<_> = all.iter().filter(|row| row[2].starts_with("2025-04")).cloned().collect();
    assert_eq!(updated, wanted);
    let since = export("since.csv", &["--updated-since", "2025-06-01"]);
    assert_eq!(since, all.iter().filter(|row| row[2].as_str() >= "2025-06-01").cloned().collect::<Vec<_>>());
    let some = export("some.csv", &["--where", "优先级=高", "--where", "Priority=urgent", "--where", "ticketStatus=4"]);
    let is_wanted = |row: &&Vec<String>| ["high", "urgent"].contains(&row[4].as_str()) && row[3] == "solved";
    assert_eq!(some, all.iter().filter(is_wanted).cloned().collect::<Vec<_>>());
    work.export("tickets -o x.csv --where nonsense=1").exits(2);
    work.export("customers -o x.csv --by solved --since 2025-01-01").exits(2);
}

#[test]
fn tickets_by_company_customer_template_and_month() {
    let work = Work::beside_sandbox();
    let columns = ["--columns", "ticketId,custUserId,ticketTemplateId,createDT,priorityLevel"];
    let export = |file: &str, filters: &[&str]| {
        work.export([&["tickets", "-o", file], &columns[..], filters].concat()).exits(0);
        work.rows(file)[1..].to_vec()
    };
    let all = export("all.csv", &[]);
    let customer = all[3][1].clone();
    let those = export("customer.csv", &["--customer", &customer]);
    assert_eq!(those, all.iter().filter(|row| row[1] == customer).cloned().collect::<Vec<_>>());
    work.export("customers -o c.csv --columns cId,companyId").exits(0);
    let company = work.rows("c.csv").iter().find(|row| row[0] == customer).unwrap()[1].clone();
    let people: Vec<String> =
        work.rows("c.csv").iter().filter(|row| row[1] == company).map(|row| row[0].clone()).collect();
    let those = export("company.csv", &["--company", &company]);
    assert_eq!(those, all.iter().filter(|row| people.contains(&row[1])).cloned().collect::<Vec<_>>());
    // Search answers with ids alone; everything else comes from the tickets' own pages.
    let those = export("search.csv", &["--template", "4", "--month", "2025-03", "--where", "Priority=high"]);
    let is_wanted = |row: &&Vec<String>| row[2] == "4" && row[3].starts_with("2025-03") && row[4] == "high";
    assert_eq!(those, all.iter().filter(is_wanted).cloned().collect::<Vec<_>>());
    work.export("agents -o x.csv --company 1").exits(2);
}

#[test]
fn what_a_list_cannot_answer_is_refused_before_it_is_asked_for() {
    let service = Service::start(|request| match request.path.as_str() {
        "/tickets/ticket_fields.json" | "/tickets/ticket_fields2.json" => (
            200,
            "{\"ticket_fields\":[{\"key\":\"field_12\",\"name\":\"Region\",\"custom_field_options\":\
             [{\"key\":\"81001\",\"value\":\"North\"}]}]}"
                .to_owned(),
        ),
        "/tickets.json" => (
            200,
            "{\"tickets\":[{\"ticketId\":\"900001\",\"subject\":\"示例\",\"ticketStatus\":\"4\"}],\"count\":1}"
                .to_owned(),
        ),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let is_asked = || service.requests().iter().any(|request| request.path == "/tickets.json");
    for (filters, code) in [
        (&["--by", "solved", "--period", "2025-04"][..], "export.list_lacks_time"),
        (&["--by", "solved", "--period", "2025-04", "--incremental"], "export.list_lacks_time"),
        (&["--where", "Status=done"], "export.no_choice"),
        (&["--where", "ticketStatus=9"], "export.no_choice"),
        (&["--where", "Region=South"], "export.no_choice"),
        (&["--where", "没有这列=1"], "export.unknown_column"),
        (&["--columns", "ticketId,no such column"], "export.unknown_column"),
    ] {
        let error = work.export([&["tickets", "-o", "x.csv"], filters].concat()).exits(2).json()["error"].clone();
        assert_eq!(error["code"], code, "{filters:?}: {error}");
        assert!(!is_asked(), "{filters:?}");
    }
    // Only the records show whether they have a member that the catalog does not know.
    for filters in [["--where", "nonsense=1"], ["--columns", "ticketId,nonsense"]] {
        let error = work.export([&["tickets", "-o", "x.csv"][..], &filters].concat()).exits(2).json()["error"].clone();
        assert_eq!(error["code"], "export.unknown_column", "{filters:?}: {error}");
    }
    // Only the list itself shows that it leaves something out.
    for filter in [&["--where", "Region=North"][..], &["--where", "Priority=high"], &["--since", "2025-01-01"]] {
        let error = work.export([&["tickets", "-o", "x.csv"], filter].concat()).exits(2).json()["error"].clone();
        assert_eq!(error["code"], "export.untold", "{filter:?}: {error}");
        assert!(error["hint"].as_str().unwrap().contains("--details"), "{error}");
    }
    assert!(!work.path("x.csv").exists());
    work.export("tickets -o x.csv --where Status=solved").exits(0);
    assert_eq!(work.ids("x.csv"), [900_001]);
}

#[test]
fn wrong_usage_is_told_before_anything_is_asked() {
    let work = Work::at("http://127.0.0.1:9");
    for arguments in [
        &["客户", "-o", "a.csv"][..],
        &["nonsense", "-o", "a.csv"],
        &["customers", "-o", "a.pdf"],
        &["customers", "-o", "nowhere/a.csv"],
        &["customers", "-o", "."],
        &["agents", "-o", "a.csv", "--messages"],
        &["customers", "-o", "a.csv", "--since", "2026-02-01", "--until", "2026-01-01"],
    ] {
        work.export(arguments).exits(2);
    }
    work.export("customers").exits(2);
}

/// A service that answers every list of tickets with all of them.
fn all_tickets() -> Service {
    let ticket = |id: u64| {
        format!(
            "{{\"ticketId\":\"{id}\",\"custUserId\":\"{}\",\"ticketStatus\":\"1\",\"createDT\":\"2026-0{}-05 08:00:00\"}}",
            50_001 + id % 3,
            1 + id % 4
        )
    };
    Service::start(move |request| {
        let own = request.path.strip_prefix("/tickets/").and_then(|rest| rest.strip_suffix(".json"));
        if let Some(id) = own.and_then(|id| id.parse().ok()) {
            return (200, format!("{{\"ticket\":[{}]}}", ticket(id)));
        }
        let size = request.number_of("per_page").clamp(1, 100);
        let start = (request.number_of("page").max(1) - 1) * size;
        let rows: Vec<String> = (1..=24).skip(start).take(size).map(ticket).collect();
        let rows = rows.join(",");
        match request.path.as_str() {
            "/tickets/search.json" => (200, format!("{{\"tickets\":{{\"count\":\"24\",\"results\":[{rows}]}}}}")),
            path if path.ends_with("/tickets.json") => (200, format!("{{\"tickets\":[{rows}],\"count\":24}}")),
            _ => unknown(),
        }
    })
}

#[test]
fn what_was_not_asked_for_is_left_out_and_that_is_said() {
    let service = all_tickets();
    let work = Work::at(&service.base_url());
    for (question, records) in [("--customer 50001", 8), ("--month 2026-03", 6)] {
        let ran = work.export(&*format!("tickets -o out.csv --columns ticketId {question}"));
        ran.exits(0).says(&format!("{} records of the answers were not asked for", 24 - records));
        assert_eq!(ran.json()["records"], records, "{question}");
    }
}

#[test]
fn options_without_effect_are_refused_before_anything_is_asked() {
    let work = Work::beside_sandbox();
    work.export(["customers", "-o", "a.csv", "--columns", ""]).exits(2).says("--columns names no column");
    work.export("tickets -o a.csv --by solved --details --updated-since 2025-01-01").exits(2).says("--by solved means");
    work.export("tickets -o a.csv --updated-since 2025-01-01").exits(0);
}

/// Where the account tells of no custom fields, only the records show whether they have a column: that is said before they are read.
#[test]
fn a_column_that_only_the_records_can_tell_of_is_named_before_they_are_read() {
    let service = Service::start(|request| match request.path.as_str() {
        "/tickets.json" => (200, "{\"tickets\":[{\"ticketId\":\"900001\",\"newer\":\"示例\"}],\"count\":1}".to_owned()),
        _ => (403, "{\"error\":\"no right\"}".to_owned()),
    });
    let work = Work::at(&service.base_url());
    work.export("tickets -o x.csv --columns ticketId,newer").exits(0).says("'newer' is no column that is known here");
    assert_eq!(work.table("x.csv").column("newer"), ["示例"]);
    work.export("tickets -o y.csv --columns ticketId,等级").exits(2).says("'等级' is no column that is known here");
    work.export("tickets -o z.csv --columns ticketId,subject").exits(0).never_says("is no column that is known");
}

/// A list that tells no times is filtered by the service alone: what it may have left out at the ends of the span is said.
#[test]
fn what_a_filter_may_leave_out_at_its_ends_is_said_where_records_tell_no_time() {
    let made = ["2025-01-09 23:59:59", "2025-01-10 00:00:00", "2025-01-15 12:00:00", "2025-01-30 12:00:00"];
    // Whether the start of a span belongs to it, for the service; which records there are, what is written and what is said.
    for (is_included, there, ids, beside) in [
        (true, &made[1..], &[1, 2][..], 0),
        (false, &made[1..], &[2], 1),
        (true, &made[..], &[1, 2], 1),
        (true, &made[2..], &[2], 0),
        (false, &made[2..], &[2], 0),
    ] {
        let first = made.len() - there.len();
        let there: Vec<(usize, &str)> = there.iter().enumerate().map(|(at, made)| (first + at, *made)).collect();
        let service = Service::start(move |request| {
            if request.path != "/users.json" {
                return unknown();
            }
            let bound = |name: &str| request.query.get(name).cloned();
            let is_after = |made: &str| {
                bound("created_start").is_none_or(|from| if is_included { made >= &*from } else { made > &*from })
            };
            let is_found = |made: &str| is_after(made) && bound("created_end").is_none_or(|to| made <= &*to);
            let found: Vec<_> = there.iter().filter(|(_, made)| is_found(made)).collect();
            let page = if request.number_of("page") > 1 { &[][..] } else { &found[..] };
            let size = request.number_of("per_page").max(1);
            let rows = page.iter().take(size).map(|(id, _)| format!("{{\"cId\":\"{id}\",\"name\":\"示例\"}}"));
            let rows: Vec<String> = rows.collect();
            (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.join(","), found.len()))
        });
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId --since 2025-01-10 --until 2025-01-20");
        ran.exits(0);
        let written: Vec<u64> = ids.iter().map(|id| *id as u64).collect();
        assert_eq!(work.ids("out.csv"), written, "{is_included} {ran}");
        match beside {
            0 => ran.never_says("within a second of its ends"),
            count => ran.says(&format!("{count} record lies within a second of its ends")),
        };
        // The service is asked by days: of a part of one it cannot tell.
        let part = "customers -o part.csv --columns cId --since '2025-01-10 06:00:00' --until 2025-01-20";
        let part: Vec<&str> = part
            .split('\'')
            .flat_map(|part| if part.contains(':') { vec![part] } else { part.split_whitespace().collect() })
            .collect();
        work.export(part).exits(2).says("--details");
    }
}

#[test]
fn a_condition_on_a_time_is_met_by_a_day_a_moment_or_none() {
    let service = Service::start(|request| match request.path.as_str() {
        "/tickets.json" => {
            let rows = [
                r#"{"ticketId":"1","createDT":"2025-01-03 09:00:00","closeDT":"0000-00-00 00:00:00"}"#,
                r#"{"ticketId":"2","createDT":"2025-01-03 23:59:59","closeDT":""}"#,
                r#"{"ticketId":"3","createDT":"2025-01-04 00:00:00","closeDT":"2025-01-05 00:00:00"}"#,
            ];
            (200, format!("{{\"tickets\":[{}],\"count\":3}}", rows.join(",")))
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    for (condition, wanted) in [
        ("createDT=2025-01-03", vec![1, 2]),
        ("创建时间＝2025/1/3", vec![1, 2]),
        ("createDT=2025-01-03 09:00", vec![1]),
        ("createDT=2025-01-05", vec![]),
        ("closeDT=", vec![1, 2]),
    ] {
        work.export(["tickets", "-o", "a.csv", "--columns", "ticketId，createDT", "--where", condition]).exits(0);
        assert_eq!(work.ids("a.csv"), wanted, "{condition}");
    }
    let before = service.requests().len();
    for wrong in ["createDT=soon", "=4", "＝4"] {
        work.export(["tickets", "-o", "b.csv", "--where", wrong]).exits(2);
    }
    assert_eq!(service.requests().len(), before);
}

#[test]
fn a_word_for_a_span_is_not_taken_by_a_clock_that_is_wrong() {
    let service = Service::start(|request| match request.path.as_str() {
        "/tickets.json" => {
            (200, r#"{"tickets":[{"ticketId":"1","createDT":"2026-03-02 08:00:00"}],"count":1}"#.to_owned())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let monday = jiff::civil::datetime(2026, 3, 2, 9, 0, 30, 0);
    service.set_clock(jiff::tz::Offset::constant(8).to_timestamp(monday).unwrap().as_second() as u64);
    let ran = work.export("tickets -o out.csv --period today --columns ticketId");
    ran.exits(1).says("is another span by the service's clock (2026-03-02 09:00)").says("--since");
    assert!(!work.path("out.csv").exists());
    // What means the same by either clock is as good.
    work.export("tickets -o out.csv --period 2026-03 --columns ticketId").exits(0);
    assert_eq!(work.ids("out.csv"), [1]);
}
