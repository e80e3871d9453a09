//! Single records whose own page fails, and definitions that cannot be had: they cost themselves and nothing else.

use serde_json::Value;

use crate::harness::*;

const TICKETS: u64 = 30;

fn ticket(id: u64, subject: &str) -> String {
    format!("{{\"ticketId\":\"{id}\",\"subject\":\"{subject}\",\"ticketStatus\":\"1\"}}")
}

/// A service with tickets, whose own pages say more than the list, but for the one that `odd` answers.
fn service(odd: impl Fn(u64) -> Option<(u16, String)> + Send + 'static) -> Service {
    Service::start(move |request| {
        let own = request.path.strip_prefix("/tickets/").and_then(|rest| rest.strip_suffix(".json"));
        match own.and_then(|id| id.parse::<u64>().ok()) {
            Some(id) => odd(id).unwrap_or_else(|| (200, format!("{{\"ticket\":[{}]}}", ticket(id, "详情")))),
            None if request.path == "/tickets.json" => {
                let all: Vec<String> = (1..=TICKETS).map(|id| ticket(id, "列表")).collect();
                (200, format!("{{\"tickets\":[{}],\"count\":{TICKETS}}}", all.join(",")))
            }
            None => unknown(),
        }
    })
}

fn subjects(work: &Work) -> Vec<String> {
    work.rows("out.csv")[1..].iter().map(|row| row[1].clone()).collect()
}

#[test]
fn a_page_that_fails_costs_itself() {
    let error = r#"{"errcode":"500","errmsg":"Internal error"}"#;
    let odd = [
        (500, error.to_owned(), 3),
        (503, "<html>maintenance</html>".to_owned(), 3),
        (200, "<html><b>Fatal error</b>: x</html>".to_owned(), 3),
        (200, r#"{"ticket":[{"ticketId":"11""#.to_owned(), 3),
        (200, String::new(), 3),
        (403, r#"{"errcode":"403","errmsg":"no permission"}"#.to_owned(), 1),
        (302, String::new(), 1),
    ];
    for (status, body, tries) in odd {
        let answer = body.clone();
        let service = service(move |id| (id == 11).then(|| (status, answer.clone())));
        let work = Work::at(&service.base_url());
        let ran = work.export("tickets -o out.csv --columns ticketId,subject --details");
        let json = ran.exits(0).json();
        assert_eq!(json["records"], TICKETS, "{ran}");
        let subjects = subjects(&work);
        assert_eq!(subjects[10], "列表", "{status} {body}");
        assert_eq!(subjects.iter().filter(|subject| *subject == "详情").count(), 29, "{status} {body}");
        let asked = service.requests().iter().filter(|request| request.path == "/tickets/11.json").count();
        assert_eq!(asked, tries, "{status} {body}");
        ran.says("the own pages of 1 record could not be read (11;");
        let manifest: Value = serde_json::from_str(&work.read("out.csv.manifest.json")).unwrap();
        assert_eq!(manifest["failed_pages"]["named"][0]["id"], "11", "{manifest}");
        assert_eq!(manifest["complete"], true);
    }
}

#[test]
fn an_older_page_does_not_stand_in_for_one_that_fails() {
    let state = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_changed = std::sync::Arc::clone(&state);
    let service = Service::start(move |request| {
        let changed = is_changed.load(std::sync::atomic::Ordering::Relaxed);
        let list = ticket(1, if changed { "新标题" } else { "旧标题" });
        match request.path.as_str() {
            "/tickets.json" => (200, format!("{{\"tickets\":[{list}],\"count\":1}}")),
            "/tickets/1.json" if changed => (500, String::new()),
            "/tickets/1.json" => (200, format!("{{\"ticket\":{list}}}")),
            _ => unknown(),
        }
    });
    let work = Work::at(&service.base_url());
    work.export("tickets -o out.csv --columns ticketId,subject --details").exits(0);
    assert_eq!(subjects(&work), ["旧标题"]);
    state.store(true, std::sync::atomic::Ordering::Relaxed);
    work.export("tickets -o out.csv --columns ticketId,subject --details").exits(0);
    assert_eq!(subjects(&work), ["新标题"]);
}

#[test]
fn pages_that_nobody_may_see_are_no_matter_of_single_records() {
    let service = service(|_| Some((403, r#"{"errcode":"403","errmsg":"no permission"}"#.to_owned())));
    let work = Work::at(&service.base_url());
    work.export("tickets -o out.csv --details").exits(6);
    assert!(!work.path("out.csv").exists());
}

#[test]
fn definitions_that_fail_cost_their_names() {
    let service = Service::start(|request| match request.path.as_str() {
        "/users.json" => (200, format!("{{\"users\":[{}],\"count\":1}}", customer(1))),
        _ => (500, "{\"errcode\":\"500\",\"errmsg\":\"Internal error\"}".to_owned()),
    });
    let work = Work::at(&service.base_url());
    let ran = work.export("customers -o out.csv");
    ran.exits(0).says("the custom fields could not be asked for");
    assert_eq!(ran.json()["records"], 1);
}

#[test]
fn what_single_records_cost_is_said_before_it_is_spent() {
    let service = service(|_| None);
    let work = Work::at(&service.base_url());
    work.bw8("export tickets -o out.csv --details --rate 60").exits(0).says("30 requests, about 1 minute");
    work.export("tickets -o out.csv --details").exits(0).never_says("30 requests");
}
