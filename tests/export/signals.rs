//! An export that is told to end: in order by the first signal, at once by the second, and without a folder left behind
//! either way.

use crate::harness::*;

const SIGNALS: [&str; 3] = ["INT", "TERM", "HUP"];

const EXPORT: &[&str] = &[
    "export",
    "customers",
    "-o",
    "out.csv",
    "--columns",
    "cId",
    "--details",
    "--rate",
    "0",
    "--concurrency",
    "1",
    "--no-progress",
];

/// A list of five customers, and the page of each.
fn answer(request: &Request) -> (u16, String) {
    match request.path.strip_prefix("/users/").and_then(|rest| rest.strip_suffix(".json")?.parse().ok()) {
        Some(id) => (200, format!("{{\"user\":{}}}", customer(id))),
        None if request.path == "/users.json" => (200, page(&[1, 2, 3, 4, 5], request, 100, Some("5"))),
        None => unknown(),
    }
}

/// The number of the request for the first customer's own page, when nothing is known before.
fn first_detail(service: &Service) -> usize {
    let work = Work::at(&service.base_url());
    work.bw8(EXPORT).exits(0);
    assert_eq!(work.ids("out.csv"), [1, 2, 3, 4, 5]);
    service.requests().iter().find(|request| request.path == "/users/1.json").unwrap().number
}

/// Staging directories in a folder of the work directory.
fn staging(work: &Work, folder: &str) -> Vec<String> {
    let names = std::fs::read_dir(work.path(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).filter(|name| name.starts_with(".bw8-")).collect()
}

#[test]
fn the_first_signal_ends_it_in_order_and_the_second_at_once() {
    let service = Service::start(answer);
    let held = first_detail(&service);
    for name in SIGNALS {
        for signals in 1..=2 {
            let work = Work::at(&service.base_url());
            std::fs::write(work.path("out.csv"), "older").unwrap();
            service.hold(held);
            let child = work.start(work.command(EXPORT));
            service.wait_for_held();
            assert_eq!(staging(&work, "").len(), 1, "there is something that could be left behind");
            child.signal(name);
            child.wait_until_it_says("stopping");
            if signals == 2 {
                child.signal(name);
            } else {
                service.release();
            }
            let ran = child.ended();
            ran.exits(130);
            assert_eq!(ran.stderr().contains("same command again"), signals == 1, "{signals} {name}\n{ran}");
            assert_eq!(staging(&work, ""), [""; 0], "{signals} {name}");
            assert_eq!(work.read("out.csv"), "older", "{signals} {name}");
            service.release();
            work.bw8(EXPORT).exits(0);
            assert_eq!(work.ids("out.csv"), [1, 2, 3, 4, 5], "{signals} {name}");
        }
    }
}

#[test]
fn a_temporary_copy_does_not_outlive_the_command() {
    let service = Service::start(answer);
    let held = first_detail(&service);
    let work = Work::at(&service.base_url());
    std::fs::create_dir(work.path("tmp")).unwrap();
    service.hold(held);
    let mut command = work.command(EXPORT);
    command.arg("--no-mirror").env("TMPDIR", work.path("tmp"));
    let child = work.start(command);
    service.wait_for_held();
    assert_eq!(staging(&work, "tmp").len(), 1, "the copy is there");
    child.signal("TERM");
    child.wait_until_it_says("stopping");
    child.signal("TERM");
    child.ended().exits(130);
    assert_eq!(staging(&work, "tmp"), [""; 0]);
    assert!(std::fs::read_dir(work.path("tmp")).unwrap().next().is_none());
    service.release();
}
