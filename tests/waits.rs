//! What is said of a wait is true: until when, what ends it, and what would be enough; and whatever a place says that gives no
//! token, its own cause is named.

use serde_json::json;

use crate::harness::*;

/// A service that takes one new record and turns all others away, asking to wait so long.
fn turning_away(asked: &'static str) -> Service {
    let mut creates = 0;
    Service::with_heads(move |request| {
        if request.method != "POST" {
            let (status, body) = unknown();
            return (status, Vec::new(), body);
        }
        creates += 1;
        match creates {
            1 => (201, Vec::new(), json!({"user": {"cId": "50001"}}).to_string()),
            _ => (429, vec![("retry-after".to_owned(), asked.to_owned())], String::new()),
        }
    })
}

#[test]
fn a_wait_that_is_longer_than_wanted_ends_with_what_would_be_enough() {
    for (asked, said, enough) in [("3600", "1 hour", Some("--wait 61m")), ("999999999", "366 days", None)] {
        let service = turning_away(asked);
        let work = Work::at(&service.base_url());
        work.write_table("mine.csv", &customers(1, 3));
        let ran = work.bw8("import customers mine.csv --no-canary --concurrency 1 --rate 0 --wait 2s");
        ran.exits(5).says(&format!("the service asks to wait {said}")).says("longer than --wait");
        ran.says("run the same command again then").never_says("--rate 1").never_says("8784");
        if let Some(enough) = enough {
            ran.says(enough);
        }
        assert_rows(&work.summary(), "created 1, pending 2");
    }
}

#[test]
fn an_outage_is_said_with_its_last_try() {
    let service = Service::start(|_| (502, "<html><body>bad gateway</body></html>".to_owned()));
    let ran = Work::at(&service.base_url()).bw8("export customers -o out.csv --rate 0 --wait 6s");
    ran.exits_with_one_of(&[1, 5]);
    ran.says("it is tried again in").says("at the latest, see --wait; Ctrl-C stops");
}

#[test]
fn whatever_gives_no_token_is_named_as_what_it_is() {
    for (status, location, body, said) in [
        (
            302,
            Some("https://portal.example.com/login"),
            "{\"error\":\"x\"}",
            "sends elsewhere, to https://portal.example.com/login",
        ),
        (404, None, "{\"error\":\"x\"}", "does not exist there (HTTP 404)"),
        (200, None, "{\"expires_in\":3600}", "answered without one (HTTP 200)"),
        (200, None, "<html><body>please log in to the portal</body></html>", "(HTTP 200): a page instead of data"),
    ] {
        let service = Service::with_heads(move |request| match request.path.contains("token") {
            true => {
                let location = location.map(|to| ("location".to_owned(), to.to_owned()));
                (status, location.into_iter().collect(), body.to_owned())
            }
            false => (200, Vec::new(), "{\"users\":[],\"count\":0}".to_owned()),
        });
        let work = Work::at(&service.base_url());
        let mut command = work.command("export customers -o out.csv --rate 0 --wait 1s");
        command.env_remove("BW8_USER").env_remove("BW8_PASSWORD");
        command.envs([("BW8_CLIENT_ID", "example-id"), ("BW8_CLIENT_SECRET", "example-secret")]);
        let ran = work.run(command);
        ran.exits_with_one_of(&[1, 5]);
        ran.says(said).never_says("rejects the key pair");
        if body.contains("portal") {
            ran.says("please log in to the portal");
        }
    }
}

#[test]
fn a_workbook_with_the_fields_of_an_account_that_is_down_is_not_made() {
    let work = Work::at("http://127.0.0.1:1/api/v1");
    work.bw8("template customers --online -o mine.xlsx --wait 0").exits(1).says("without --online");
    assert!(!work.path("mine.xlsx").exists());
    work.bw8("template customers -o mine.xlsx").exits(0);
}

#[test]
fn every_request_counts_over_all_commands_of_a_run() {
    let mut creates = 0;
    let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/users.json") => {
            creates += 1;
            (201, json!({"user": {"cId": (50_000 + creates).to_string()}}).to_string())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 5));
    for more in [" --limit 2", ""] {
        work.bw8(format!("import customers mine.csv --no-canary --concurrency 1 --rate 0{more}")).exits(0);
        assert_eq!(work.summary()["requests"], service.requests().len());
    }
}
