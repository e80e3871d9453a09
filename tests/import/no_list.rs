//! Rows in doubt in an account that does not show what it has: nobody can look, and the user's word works all the same.

use std::collections::BTreeSet;
#[cfg(unix)]
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::harness::*;

const FORBIDDEN: (u16, &str) = (403, "{\"errcode\":\"403\",\"errmsg\":\"no permission\"}");
const NO_SUCH_PATH: (u16, &str) = (404, "{\"errcode\":\"100047\",\"errmsg\":\"Invalid resource URI\"}");

/// A service that answers its lists so, loses the answer to the second create, and keeps to the request ids where it knows them.
fn service(list: (u16, &'static str)) -> Service {
    let (mut creates, mut mobiles) = (0, BTreeSet::new());
    Service::start(move |request| match request.method.as_str() {
        "POST" => {
            creates += 1;
            let sent: Value = serde_json::from_str(&request.body).unwrap();
            mobiles.insert(sent["user"]["mobile"].to_string());
            match creates {
                2 => (504, String::new()),
                _ => (201, json!({"user": {"cId": (50_000 + creates).to_string()}}).to_string()),
            }
        }
        _ if request.path == "/users.json" => (list.0, list.1.to_owned()),
        _ => unknown(),
    })
}

fn import(service: &Service, more: &str) -> (Work, Ran) {
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 3));
    let ran = work.bw8(format!("import customers mine.csv --no-canary --concurrency 1 --rate 0{more}"));
    (work, ran)
}

fn creates(service: &Service) -> usize {
    service.requests().iter().filter(|request| request.method == "POST").count()
}

#[test]
fn settling_names_the_way_that_works_and_that_way_works() {
    for list in [FORBIDDEN, NO_SUCH_PATH] {
        let service = service(list);
        let (work, ran) = import(&service, "");
        ran.exits(4).says("does not let bw8 look").says("--resend-unknown");
        let run = work.run_folder().display().to_string();
        let settled = work.bw8(format!("settle {run}"));
        settled.exits_with_one_of(&[1, 6]);
        settled.says("does not show what it has").says("1 unknown row").says("--resend-unknown");
        assert_rows(&work.summary(), "created 2, unknown 1");
        let word = work.bw8(format!("settle {run} --resend-unknown"));
        word.exits(5)
            .says("nobody could look first what became of 1 row")
            .says("may be there twice")
            .says("next: bw8 import");
        assert_eq!(creates(&service), 3);
        work.bw8("import customers mine.csv --no-canary --concurrency 1 --rate 0").exits(0);
        assert_rows(&work.summary(), "created 3");
        assert_eq!(creates(&service), 4);
    }
}

#[test]
fn the_word_on_the_command_of_a_run_that_is_over_sends_its_rows_in_doubt() {
    let service = service(FORBIDDEN);
    let (work, ran) = import(&service, "");
    ran.exits(4);
    let again = work.bw8("import customers mine.csv --no-canary --rate 0");
    again.exits(4).says("bw8 settle");
    assert_eq!(creates(&service), 3);
    let retried = work.bw8(format!("retry {} --resend-unknown", work.run_folder().display()));
    retried.exits(2).says("--resend-unknown");
    let word = work.bw8("import customers mine.csv --no-canary --rate 0 --resend-unknown");
    word.exits(0).says("nobody could look first what became of 1 row").says("1 row is sent once more");
    assert_rows(&work.summary(), "created 3");
    // Said once more, it has nothing left to mean.
    work.bw8("import customers mine.csv --no-canary --rate 0 --resend-unknown").exits(0);
    assert_eq!(creates(&service), 4);
}

#[test]
fn what_the_service_does_with_request_ids_needs_no_list() {
    let service = service(NO_SUCH_PATH);
    let (work, ran) = import(&service, "");
    ran.exits(4);
    let known = work.bw8(format!("settle {} --server-dedupe replay", work.run_folder().display()));
    known.exits(5).says("same request ids").never_says("may be there twice");
    work.bw8("import customers mine.csv --no-canary --rate 0 --server-dedupe replay").exits(0);
    assert_rows(&work.summary(), "created 3");
}

#[test]
fn a_row_in_doubt_that_nobody_can_look_up_does_not_keep_the_others() {
    let service = service(FORBIDDEN);
    let (work, ran) = import(&service, " --limit 2");
    ran.exits_with_one_of(&[4, 5]);
    work.bw8("import customers mine.csv --no-canary --rate 0").exits(4);
    assert_rows(&work.summary(), "created 2, unknown 1");
    assert_eq!(creates(&service), 3);
}

/// The run is over but for its settling, which waits for a list.
#[test]
#[cfg(unix)]
fn a_run_that_is_stopped_while_it_settles_ends_as_one_that_was_stopped() {
    let (reached, is_reached) = mpsc::channel();
    let (_held, end) = mpsc::channel::<()>();
    let mut creates = 0;
    let service = Service::start(move |request| match request.method.as_str() {
        "POST" => {
            creates += 1;
            let id = (50_000 + creates).to_string();
            if creates == 3 { (504, String::new()) } else { (201, json!({"user": {"cId": id}}).to_string()) }
        }
        _ if request.path == "/users.json" && creates == 3 => {
            let _ = reached.send(());
            let _ = end.recv();
            unknown()
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 3));
    let running = work.start(work.command("import customers mine.csv --no-canary --concurrency 1 --rate 0"));
    is_reached.recv().unwrap();
    running.signal("INT");
    running.ended().exits(130);
    assert_rows(&work.summary(), "created 2, unknown 1");
}
