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
