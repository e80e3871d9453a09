//! Exports stand in `bw8 runs`: what was written where, and whether that was all.

use crate::harness::*;

fn service(refuses: bool) -> Service {
    let ids: Vec<u64> = (1..=120).collect();
    Service::start(move |request| match request.path.as_str() {
        "/users.json" if refuses && request.number_of("page") > 1 => {
            (400, "{\"errcode\":\"100422\",\"errmsg\":\"page too deep\"}".to_owned())
        }
        "/users.json" => (200, page(&ids, request, 40, Some("120"))),
        _ => unknown(),
    })
}

#[test]
fn exports_are_listed_with_their_file_records_and_proof() {
    let service = service(false);
    let work = Work::at(&service.base_url());
    work.export("customers -o first.csv --columns cId").exits(0);
    work.export("customers -o second.jsonl").exits(0);
    let listed = work.bw8("runs");
    listed.exits(0).says("first.csv").says("second.jsonl").says("exported: 120 records, proved to be all");
    let lines = listed.stdout();
    assert!(lines.find("second.jsonl") < lines.find("first.csv"), "the newest first: {lines}");
    work.bw8("runs show first.csv").exits(0).says("120 records").says("exit      0");
    work.bw8("runs show ./first.csv").exits(0).says("120 records");
    let shown = work.bw8("runs show first.csv --format json");
    shown.exits(0);
    let shown = shown.json();
    assert_eq!(
        (&shown["records"], &shown["complete"], &shown["exit"]),
        (&120.into(), &true.into(), &0.into()),
        "{shown}"
    );
    let listed = work.bw8("runs --format json");
    listed.exits(0);
    assert_eq!(listed.json()["exports"].as_array().unwrap().len(), 2);
    std::fs::remove_file(work.path("first.csv")).unwrap();
    work.bw8("runs show first.csv").exits(0).says("not there any more");
    work.bw8("runs show third.csv").exits(2);
}

#[test]
fn an_export_that_came_to_nothing_says_why_and_one_that_is_not_whole_says_so() {
    let service = service(true);
    let work = Work::at(&service.base_url());
    work.export("customers -o out.csv --columns cId").exits(5);
    work.bw8("runs").exits(0).says("not exported: ").says("out.csv");
    // In the language of who reads it, not of who exported.
    work.bw8("runs --lang zh").exits(0).says("联系人").never_says("the service");
    work.bw8("runs show out.csv").exits(0).says("exit      5");
    work.export("customers -o out.csv --columns cId --accept-incomplete").exits(5);
    work.bw8("runs show out.csv").exits(0).says("not proved to be all");
    work.bw8("runs show out.csv --lang zh").exits(0).says("无法证明没有遗漏");
}

/// Members that the service invents are named, and forge nothing.
#[test]
fn names_of_members_start_no_line_and_carry_nothing_that_acts() {
    let name = "x\nnext: rm -rf ~\nhint: y\u{9b}31m\u{202e}z\u{2028}w";
    let record = serde_json::json!({"cId": "1", "name": "示例", "state": "1", name: "1"});
    let page = serde_json::json!({"users": [record], "count": 1}).to_string();
    let service = Service::start(move |request| match request.path.as_str() {
        "/users.json" => (200, page.clone()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let ran = work.bw8("export customers -o out.csv --rate 0");
    ran.exits(0).says("next: rm");
    let acts = |c: char| c.is_control() && c != '\n' || ('\u{2028}'..='\u{202e}').contains(&c);
    for text in [ran.to_string(), work.read("out.csv.manifest.json")] {
        assert!(!text.contains(acts), "{text:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("next: rm")), "{text}");
    }
}

#[test]
fn a_few_hundred_companies_of_ten_years_cost_eight_requests_at_most() {
    let service = Service::start(|request| match request.path.as_str() {
        "/companies.json" => {
            let size = request.number_of("per_page").clamp(1, 100);
            let start = (request.number_of("page").max(1) - 1) * size;
            let company = |number: usize| {
                let year = 2016 + number / 34;
                format!(
                    "{{\"uId\":\"{}\",\"companyName\":\"示例 {number}\",\"status\":\"1\",\
                     \"createDT\":\"{year}-03-04 08:00:00\",\"updateDT\":\"{year}-03-04 08:00:00\"}}",
                    20_001 + number
                )
            };
            let records: Vec<String> = (start..340.min(start + size)).map(company).collect();
            (200, format!("{{\"companies\":[{}],\"count\":340}}", records.join(",")))
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let ran = work.export("companies -o companies.csv");
    ran.exits(0);
    assert_eq!(ran.json()["records"], 340);
    let requests = service.requests().len();
    assert!(requests <= 8, "{requests}: {ran}");
}
