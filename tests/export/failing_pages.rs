//! Single records whose own page fails, and definitions that cannot be had: they cost themselves and nothing else.

use serde_json::Value;

use crate::harness::*;

const TICKETS: u64 = 30;

fn ticket(id: u64, subject: &str) -> String {
    format!(
        "{{\"ticketId\":\"{id}\",\"subject\":\"{subject}\",\"ticketStatus\":\"1\",\"createDT\":\"2025-01-01\",\"updateDT\":\"2025-01-01\"}}"
    )
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
fn pages_that_fail_side_by_side_cost_themselves() {
    let error = r#"{"errcode":"500","errmsg":"Internal error"}"#;
    let denied = r#"{"errcode":"100060","errmsg":"没有权限"}"#;
    for (status, body, failing) in [(500, error, 5..=12), (200, denied, 3..=20)] {
        let odd = failing.clone();
        let service = service(move |id| odd.contains(&id).then(|| (status, body.to_owned())));
        let work = Work::at(&service.base_url());
        let ran = work.export("tickets -o out.csv --columns ticketId,subject --details");
        assert_eq!(ran.exits(0).json()["records"], TICKETS, "{ran}");
        let manifest: Value = serde_json::from_str(&work.read("out.csv.manifest.json")).unwrap();
        let named = manifest["failed_pages"]["named"].as_array().unwrap();
        assert_eq!(named.len() as u64, failing.end() - failing.start() + 1, "{manifest}");
    }
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

#[test]
fn the_page_of_another_record_does_not_stand_in_for_it() {
    for all in [false, true] {
        let service =
            service(move |id| (all || id == 11).then(|| (200, format!("{{\"ticket\":[{}]}}", ticket(1, "别人")))));
        let work = Work::at(&service.base_url());
        let ran = work.export("tickets -o out.csv --columns ticketId,subject --details");
        ran.exits(0).says("could not be read");
        let rows = work.rows("out.csv");
        let ids: Vec<u64> = rows[1..].iter().map(|row| row[0].parse().unwrap()).collect();
        assert_eq!(ids, (1..=TICKETS).collect::<Vec<_>>());
        assert_eq!(rows[11][1], "列表");
        let manifest: Value = serde_json::from_str(&work.read("out.csv.manifest.json")).unwrap();
        let failed = manifest["failed_pages"]["named"].as_array().unwrap();
        assert_eq!(failed.len() as u64, if all { TICKETS - 1 } else { 1 }, "{manifest}");
    }
}

/// A service with 40 contacts, every fourth of whom is bound, that answers for one of them as `odd` says.
fn bindings(odd: impl Fn(u64) -> Option<(u16, String)> + Send + 'static) -> Service {
    Service::start(move |request| match request.path.as_str() {
        "/users.json" => (200, page(&(1..=40).collect::<Vec<_>>(), request, 100, Some("40"))),
        "/user/relationship/cid.json" => {
            let id = request.number_of("cId") as u64;
            let is_bound = id.is_multiple_of(4) && request.query["account_source"] == "open";
            let bound = format!("{{\"cId\":\"{id}\",\"openId\":\"e{id}\",\"account_source\":\"open\"}}");
            let none = (200, r#"{"state":"403","message":"user error"}"#.to_owned());
            let answer = if is_bound { (200, format!("{{\"data\":[{bound}],\"msg\":\"success\"}}")) } else { none };
            odd(id).unwrap_or(answer)
        }
        _ => unknown(),
    })
}

#[test]
fn a_refusal_that_is_not_about_a_contact_is_no_contact_without_a_binding() {
    let denied = r#"{"errcode":"100060","errmsg":"没有权限"}"#;
    let service = bindings(|_| Some((200, denied.to_owned())));
    let work = Work::at(&service.base_url());
    work.export("bindings -o b.csv").exits_with_one_of(&[1, 5, 6]);
    assert!(!work.path("b.csv").exists());
    // That of one contact costs itself.
    for (status, answer) in [(200, denied), (500, r#"{"errcode":"500","errmsg":"Internal error"}"#)] {
        let service = bindings(move |id| (id == 7).then(|| (status, answer.to_owned())));
        let work = Work::at(&service.base_url());
        let ran = work.export("bindings -o b.csv");
        ran.exits(0).says("failed (asked of 7");
        assert_eq!(ran.json()["records"], 10);
        let manifest: Value = serde_json::from_str(&work.read("b.csv.manifest.json")).unwrap();
        assert_eq!(manifest["failed_pages"]["named"][0]["id"], "7", "{manifest}");
    }
}

/// A service with customers, all but the first hundred of whom it gives only after so many failures.
fn stumbling(failures: usize, failing: fn() -> (u16, String)) -> Service {
    let ids: Vec<u64> = (1..=250).collect();
    let mut failed = 0;
    Service::start(move |request| match request.path.as_str() {
        "/users.json" => {
            let (number, size) = (request.number_of("page").max(1), request.number_of("per_page").max(1));
            let is_failing = number * size > 100 && failed < failures;
            failed += usize::from(is_failing);
            match is_failing {
                true => failing(),
                false => (200, page(&ids, request, 100, Some("250"))),
            }
        }
        _ => unknown(),
    })
}

#[test]
fn a_page_that_stumbles_ends_no_reading_and_is_no_wall() {
    let failing: [fn() -> (u16, String); 5] = [
        || (502, "<html>502 Bad Gateway</html>".to_owned()),
        || (503, "{\"errcode\":\"1\",\"errmsg\":\"db\"}".to_owned()),
        || (403, "<html><body>Request blocked</body></html>".to_owned()),
        || (403, "{\"errcode\":\"100003\",\"errmsg\":\"no permission\"}".to_owned()),
        || (200, String::new()),
    ];
    for failing in failing {
        let service = stumbling(6, failing);
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId");
        assert_eq!(ran.exits(0).json()["complete"], true, "{ran}");
        assert_eq!(work.ids("out.csv").len(), 250);
        ran.never_says("more than the service gives").never_says("--accept-incomplete");
    }
}

#[test]
fn a_page_that_goes_on_failing_is_named_and_not_taken_for_too_many_records() {
    let service = stumbling(usize::MAX, || (502, "{\"errcode\":\"1\",\"errmsg\":\"db\"}".to_owned()));
    let work = Work::at(&service.base_url());
    let ran = work.bw8("export customers -o out.csv --rate 0 --wait 0");
    ran.exits(5).says("a page fails again and again").says("1 db").never_says("more than the service gives");
    assert!(!work.path("out.csv").exists());
}

#[test]
fn of_two_records_on_one_page_the_one_that_was_asked_for_is_taken() {
    let two = |ids: [u64; 2]| {
        let records = ids.map(|id| ticket(id, if id == 11 { "详情" } else { "别人" }));
        (200, format!("{{\"ticket\":[{}]}}", records.join(",")))
    };
    for (ids, expected) in [([11, 12], "详情"), ([12, 13], "列表"), ([11, 11], "列表")] {
        let service = service(move |id| (id == 11).then(|| two(ids)));
        let work = Work::at(&service.base_url());
        let ran = work.export("tickets -o out.csv --columns ticketId,subject --details");
        assert_eq!(ran.exits(0).json()["records"], TICKETS, "{ran}");
        assert_eq!(subjects(&work)[10], expected, "{ids:?}");
        ran.never_says("deleted before");
        if expected == "列表" {
            ran.says("answered with 2 records");
        }
    }
}

#[test]
fn a_no_of_later_pages_for_want_of_rights_names_them() {
    let refused = || (200, r#"{"errcode":"100403","errmsg":"无权限"}"#.to_owned());
    let ids: Vec<u64> = (1..=230).collect();
    // From then on nothing is given, or the later pages are not.
    for is_lost in [true, false] {
        let ids = ids.clone();
        let mut has_come = false;
        let service = Service::start(move |request| match request.path.as_str() {
            "/users.json" if is_lost && has_come => refused(),
            "/users.json" if request.number_of("page") > 1 => refused(),
            "/users.json" => {
                has_come |= request.number_of("per_page") > 1;
                (200, page(&ids, request, 100, Some("230")))
            }
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        work.export("customers -o out.csv").exits(5).says("无权限").says("have the permission granted");
        assert!(!work.path("out.csv").exists());
    }
}
