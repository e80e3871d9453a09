//! Broken off anywhere, the same command goes on from the pages it has.

use crate::harness::*;

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
    whole.bw8(EXPORT).exits(0);
    let all = pages(&service).len();
    assert!(all > 5);
    for page in 1..=all {
        let work = Work::at(&service.base_url());
        std::fs::write(work.path("out.csv"), "older").unwrap();
        service.hold(page);
        let child = work.start(work.command(EXPORT));
        service.wait_for_held();
        child.kill();
        assert_eq!(work.read("out.csv"), "older", "nothing replaces a file before it is whole");
        service.release();
        work.bw8(EXPORT).exits(0);
        assert_eq!(work.ids("out.csv"), IDS.collect::<Vec<_>>(), "killed at page {page}");
        let second = pages(&service);
        assert_eq!(second.len(), all - (page - 1), "killed at page {page}, then asked for {second:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_page_that_is_waited_for_and_says_how_to_go_on() {
    let service = Service::start(list);
    let work = Work::at(&service.base_url());
    service.hold(3);
    let child = work.start(work.command(EXPORT));
    service.wait_for_held();
    child.signal("INT");
    child.ended().exits(130).says("stopping").says("same command again");
    service.release();
    work.bw8(EXPORT).exits(0);
    assert_eq!(work.ids("out.csv").len(), 60);
    // The pages that had come were kept.
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
    work.bw8(EXPORT).exits(6);
    assert_eq!(work.read("out.csv"), "older");
    is_down.store(false, std::sync::atomic::Ordering::SeqCst);
    let before = pages(&service).len();
    work.bw8(EXPORT).exits(0);
    assert_eq!(work.ids("out.csv").len(), 60);
    assert!(pages(&service)[before] > 1);
}

#[test]
fn details_that_are_here_are_not_asked_for_again() {
    let work = Work::beside_sandbox();
    let requests = || work.export("tickets -o out.csv --details").exits(0).json()["requests"].as_u64().unwrap();
    let first = requests();
    assert!(first > 80, "{first}");
    let again = requests();
    assert!(again < 10, "{again}");
}
