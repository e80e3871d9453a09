//! Broken off anywhere, the same command goes on from the pages it has.

use std::io::{BufRead, BufReader};

use super::service::{Request, Service, drain, page, unknown};
use super::work::Work;

const IDS: std::ops::RangeInclusive<u64> = 1..=60;

fn list(request: &Request) -> (u16, String) {
    let ids: Vec<u64> = IDS.collect();
    match request.path.as_str() {
        "/users.json" => (200, page(&ids, request, 10, Some("60"))),
        _ => unknown(),
    }
}

const EXPORT: &[&str] =
    &["export", "customers", "-o", "out.csv", "--columns", "cId", "--rate", "0", "--concurrency", "1", "--no-progress"];

fn pages(service: &Service) -> Vec<usize> {
    service.requests().iter().filter(|r| r.path == "/users.json").map(|r| r.number_of("page")).collect()
}

#[test]
fn killed_at_every_page_it_goes_on_from_there() {
    let service = Service::start(list);
    let whole = Work::at(&service.base_url());
    whole.run(EXPORT).ended(0);
    let all = pages(&service).len();
    assert!(all > 5);
    for page in 1..=all {
        let work = Work::at(&service.base_url());
        std::fs::write(work.path("out.csv"), "older").unwrap();
        service.hold(page);
        let mut child = work.command(EXPORT).spawn().unwrap();
        service.wait_for_held();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(work.read("out.csv"), "older", "nothing replaces a file before it is whole");
        service.release();
        work.run(EXPORT).ended(0);
        assert_eq!(work.ids("out.csv"), IDS.collect::<Vec<_>>(), "killed at page {page}");
        let second = pages(&service);
        assert_eq!(second.len(), all - (page - 1), "killed at page {page}, then asked for {second:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_finishes_the_page_under_way_and_says_how_to_go_on() {
    let service = Service::start(list);
    let work = Work::at(&service.base_url());
    service.hold(3);
    let mut child = work.command(EXPORT).spawn().unwrap();
    service.wait_for_held();
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("stopping") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it said nothing about the interrupt");
    }
    service.release();
    let code = child.wait().unwrap().code();
    let rest = drain(stderr);
    assert_eq!(code, Some(130), "{rest}");
    assert!(rest.contains("same command again"), "{rest}");
    work.run(EXPORT).ended(0);
    assert_eq!(work.ids("out.csv").len(), 60);
    // The page that was under way was kept.
    assert!(pages(&service).iter().all(|page| *page > 2), "{:?}", pages(&service));
}

#[test]
fn a_failing_service_leaves_what_was_read_for_the_next_time() {
    let is_down = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let down = std::sync::Arc::clone(&is_down);
    let service = Service::start(move |request| {
        let is_late = request.path == "/users.json" && request.number_of("page") > 3;
        match is_late && down.load(std::sync::atomic::Ordering::SeqCst) {
            true => (403, "{\"errcode\":\"1\",\"errmsg\":\"no permission\"}".to_owned()),
            false => list(request),
        }
    });
    let work = Work::at(&service.base_url());
    std::fs::write(work.path("out.csv"), "older").unwrap();
    work.run(EXPORT).ended(6);
    assert_eq!(work.read("out.csv"), "older");
    is_down.store(false, std::sync::atomic::Ordering::SeqCst);
    let before = pages(&service).len();
    work.run(EXPORT).ended(0);
    assert_eq!(work.ids("out.csv").len(), 60);
    assert!(pages(&service)[before] > 1);
}

#[test]
fn details_that_are_here_are_not_asked_for_again() {
    let work = Work::new();
    let count = |ran: super::work::Ran| ran.json()["requests"].as_u64().unwrap();
    let first = count(work.export(&["tickets", "-o", "out.csv", "--details"]).ended(0));
    assert!(first > 80, "{first}");
    let again = count(work.export(&["tickets", "-o", "out.csv", "--details"]).ended(0));
    assert!(again < 10, "{again}");
}
