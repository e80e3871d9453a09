//! Every fault, seen from the other end of the wire.

use std::io::{ErrorKind, Write};

use bw8::sandbox::Kind;
use serde_json::{Value, json};

use super::host::{Host, KEY_PAIR, MAIN, Reply, exchange};

const GROUP: &str = "/customergroups.json";

fn group() -> Value {
    json!({"customergroup": {"groupName": "A", "type": "1"}})
}

/// Sends a create that meets the fault, and tells whether it was stored all the same.
fn meet(fault: &str) -> (Reply, bool) {
    let host = Host::faulty(&[fault]);
    let reply = host.post(GROUP, &group());
    (reply, host.stored("customer-groups") == 7)
}

#[test]
fn connections_are_cut_where_the_fault_says() {
    for (fault, is_stored, is_reset) in [
        ("accept-close,times=1", false, false),
        ("accept-reset,times=1", false, true),
        ("close-before,on=POST", false, false),
        ("close-after-read,on=POST", false, false),
        ("close-after-store,on=POST", true, false),
        ("reset-after-store,on=POST", true, true),
    ] {
        let (reply, stored) = meet(fault);
        assert_eq!((reply.status, stored), (0, is_stored), "{fault}: {reply:?}");
        let error = reply.error.unwrap();
        let resets = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe, ErrorKind::ConnectionAborted];
        if is_reset {
            assert!(resets.contains(&error), "{fault}: {error:?}");
        } else if fault.starts_with("close-after") {
            assert_eq!(error, ErrorKind::UnexpectedEof, "{fault}");
        }
    }
}

#[test]
fn nobody_listens_for_a_while() {
    let host = Host::faulty(&["refuse,times=1,ms=2000"]);
    // The connection that meets the fault is reset; those after it find nobody, until the time is over.
    assert_eq!(host.get("/users.json").status, 0);
    let mut kinds = Vec::new();
    let reply = loop {
        match host.connect() {
            Err(kind) => kinds.push(kind),
            // Whoever asks for a free port again and again is given it as his own once, and has then reached himself.
            Ok(_) => match host.get("/users.json") {
                reply if reply.status == 0 => {}
                reply => break reply,
            },
        }
    };
    assert_eq!(reply.status, 200);
    assert!(kinds.contains(&ErrorKind::ConnectionRefused), "{kinds:?}");
}

#[test]
fn answers_come_instead_of_the_real_ones() {
    for (fault, status, is_stored) in [
        ("302", 302, false),
        ("307", 307, false),
        ("401", 401, false),
        ("403", 403, false),
        ("404", 404, false),
        ("409", 409, false),
        ("409-after-store", 409, true),
        ("422", 422, false),
        ("500", 500, false),
        ("500-after-store", 500, true),
        ("502", 502, false),
        ("503", 503, false),
        ("504", 504, false),
        ("504-after-store", 504, true),
        ("html", 200, false),
        ("error-body", 200, false),
        ("no-id", 200, true),
    ] {
        let (reply, stored) = meet(&format!("{fault},on=POST"));
        assert_eq!((reply.status, stored), (status, is_stored), "{fault}");
        let is_page = reply.header("content-type").unwrap().starts_with("text/html");
        let pages = ["302", "307", "502", "503", "504", "504-after-store", "html"];
        assert_eq!(is_page, pages.contains(&fault), "{fault}");
        assert_eq!(reply.header("location").is_some(), fault.starts_with("30"), "{fault}");
        if !is_page && fault != "no-id" {
            assert!(reply.json()["errcode"].is_string(), "{fault}");
        }
    }
}

#[test]
fn retry_after_comes_in_every_form() {
    for (wanted, is_right) in [
        ("7", (|value| value == "7") as fn(&str) -> bool),
        ("date", |value| value.ends_with(" GMT")),
        ("garbage", |value| value.parse::<u64>().is_err()),
        ("huge", |value| value.parse::<u64>().unwrap() > 100_000_000),
    ] {
        let (reply, stored) = meet(&format!("429,on=POST,retry-after={wanted}"));
        assert_eq!((reply.status, stored), (429, false));
        assert!(is_right(reply.header("retry-after").unwrap()), "{wanted}");
    }
}

#[test]
fn bodies_come_damaged() {
    let (reply, stored) = meet("half-body,on=POST");
    assert_eq!((reply.status, reply.is_whole, stored), (200, false, true));
    assert!(!reply.body.is_empty());
    let (reply, stored) = meet("half-status,on=POST");
    assert_eq!((reply.status, stored), (0, true));
    assert_eq!(reply.text(), "HTTP/1.1 20");
    let (reply, stored) = meet("gzip-broken,on=POST");
    assert_eq!((reply.status, stored, reply.header("content-encoding")), (200, true, Some("gzip")));
    assert_eq!(reply.body[..2], [0x1f, 0x8b]);
    let (reply, stored) = meet("slow-body,on=POST,ms=1");
    assert_eq!((reply.status, stored, reply.is_whole), (200, true, true));
    assert_eq!(reply.json()["customergroups"]["groupName"], "A");
}

#[test]
fn a_backslash_starts_no_escape() {
    let host = Host::faulty(&["backslash"]);
    for path in ["/tickets.json", "/users/50001.json", "/companies.json"] {
        let reply = host.get(path);
        assert!(serde_json::from_slice::<Value>(&reply.body).is_err(), "{path}");
        let fixed = reply.text().replace("C:\\data", "C:\\\\data");
        assert!(serde_json::from_str::<Value>(&fixed).is_ok(), "{path}");
    }
}

#[test]
fn silence_after_storing_lasts_until_the_client_gives_up() {
    let host = Host::faulty(&["stall-after-store,on=POST"]);
    let mut stream = host.connect().unwrap();
    let body = group().to_string();
    write!(
        stream,
        "POST /api/v1{GROUP} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {MAIN}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    while host.stored("customer-groups") == 6 {}
    drop(stream);
    let (reply, stored) = meet("stall-after-store,on=POST,ms=1");
    assert_eq!((reply.status, stored), (200, true));
    let (reply, stored) = meet("stall,on=POST,ms=1");
    assert_eq!((reply.status, stored), (200, true));
}

#[test]
fn kept_connections_are_closed_at_a_bad_moment() {
    let get = format!("GET /api/v1/users/50001.json HTTP/1.1\nAuthorization: {MAIN}\n");
    let host = Host::faulty(&["close-reused,times=1"]);
    let mut stream = host.connect().unwrap();
    assert_eq!(exchange(&mut stream, &get, b"").status, 200);
    assert_eq!(exchange(&mut stream, &get, b"").status, 0);
    let host = Host::faulty(&["close-idle,times=1"]);
    let mut stream = host.connect().unwrap();
    let first = exchange(&mut stream, &get, b"");
    assert_eq!((first.status, first.header("connection")), (200, None));
    assert_eq!(exchange(&mut stream, &get, b"").status, 0);
    // Without a fault, the connection is kept.
    let host = Host::new();
    let mut stream = host.connect().unwrap();
    for _ in 0..3 {
        assert_eq!(exchange(&mut stream, &get, b"").status, 200);
    }
    // One of them carried the three requests, the other asks now.
    assert_eq!(host.state()["counts"]["connections"], 2);
}

#[test]
fn lists_change_between_two_pages() {
    let ids = |list: &Value| -> Vec<String> {
        list["users"].as_array().unwrap().iter().map(|row| row["cId"].as_str().unwrap().to_owned()).collect()
    };
    let page = |host: &Host, page: u32| host.get(&format!("/users.json?page={page}&per_page=10")).json();
    let host = Host::faulty(&["page-delete,on=customers.list,nth=2"]);
    assert_eq!(ids(&page(&host, 1)).last().unwrap(), "50010");
    let second = page(&host, 2);
    // The rows moved up by one, so 50011 is on no page.
    assert_eq!((&second["count"], ids(&second)[0].as_str()), (&json!(59), "50012"));
    let host = Host::faulty(&["page-insert,on=customers.list,nth=2"]);
    page(&host, 1);
    assert_eq!(page(&host, 2)["count"], 61);
    let host = Host::faulty(&["page-change,on=customers.list,nth=2"]);
    let before = page(&host, 1)["users"][0]["name"].clone();
    page(&host, 2);
    assert_ne!(page(&host, 1)["users"][0]["name"], before);
}

#[test]
fn tokens_are_revoked_early() {
    let host = Host::faulty(&["token-revoked,on=GET,nth=2"]);
    let form = "Content-Type: application/x-www-form-urlencoded\n";
    let token = host.raw(
        &format!("POST /api/token.php HTTP/1.1\nAuthorization: {KEY_PAIR}\n{form}"),
        b"grant_type=client_credentials",
    );
    let bearer = format!("Authorization: Bearer {}\n", token.json()["access_token"].as_str().unwrap());
    let statuses: Vec<u16> = (0..3).map(|_| host.ask_with("GET", "/users.json", &bearer, None).status).collect();
    assert_eq!(statuses, [200, 401, 401]);
}

#[test]
fn a_fault_meets_the_request_it_was_meant_for() {
    let host = Host::faulty(&["500-after-store,on=POST tickets,nth=3"]);
    let ticket = json!({"ticket": {"subject": "A", "custUserId": "50001"}});
    let mut statuses = Vec::new();
    for _ in 0..4 {
        assert_eq!(host.post(GROUP, &group()).status, 200);
        assert_eq!(host.get("/tickets.json").status, 200);
        statuses.push(host.post("/tickets.json", &ticket).status);
    }
    assert_eq!(statuses, [200, 200, 500, 200]);
    let counts = host.state()["counts"].clone();
    assert_eq!(counts["faults"], json!({"500-after-store": 1}));
    assert_eq!(counts["by_endpoint"]["tickets.create"], json!({"200": 3, "500": 1}));
    assert_eq!(counts["writes_by_endpoint"], json!({"tickets.create": 4, "customer-groups.create": 4}));
}

#[test]
fn delays_come_beside_another_fault() {
    let host = Host::faulty(&["delay,ms=1,to=5", "503,nth=1"]);
    assert_eq!(host.get("/users.json").status, 503);
    assert_eq!(host.get("/users.json").status, 200);
    assert_eq!(host.state()["counts"]["faults"], json!({"503": 1, "delay": 1}));
}

/// A kind that is added has to be met here.
#[test]
fn every_kind_is_met_above() {
    let source = include_str!("faults.rs");
    for kind in Kind::ALL {
        assert!(source.contains(&format!("\"{}", kind.as_str())), "{}", kind.as_str());
    }
}
