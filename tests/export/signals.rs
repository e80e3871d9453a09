//! An export that is told to end does so at once, whatever it waits for, and without a folder left behind.

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
fn a_signal_ends_what_is_waited_for_at_once() {
    let service = Service::start(answer);
    let held = first_detail(&service);
    for name in SIGNALS {
        let work = Work::at(&service.base_url());
        std::fs::write(work.path("out.csv"), "older").unwrap();
        service.hold(held);
        let child = work.start(work.command(EXPORT));
        service.wait_for_held();
        assert_eq!(staging(&work, "").len(), 1, "there is something that could be left behind");
        child.signal(name);
        let ran = child.ended();
        ran.exits(130).says("stopping").says("same command again");
        assert_eq!(staging(&work, ""), [""; 0], "{name}");
        assert_eq!(work.read("out.csv"), "older", "{name}");
        service.release();
        work.bw8(EXPORT).exits(0);
        assert_eq!(work.ids("out.csv"), [1, 2, 3, 4, 5], "{name}");
    }
}

#[test]
fn a_signal_ends_the_wait_that_a_service_asks_for() {
    let service = Service::start(|request| match request.number_of("page") {
        1 => (200, page(&(1..=300).collect::<Vec<_>>(), request, 100, Some("300"))),
        _ => (429, "{\"errcode\":\"429\",\"errmsg\":\"busy\"}".to_owned()),
    });
    for name in SIGNALS {
        let work = Work::at(&service.base_url());
        service.hold(3);
        let child = work.start(work.command("export customers -o out.csv --rate 0 --concurrency 1"));
        // The second request was answered: the third repeats it.
        service.wait_for_held();
        service.release();
        child.signal(name);
        child.ended().exits(130);
        assert!(staging(&work, "").is_empty() && !work.path("out.csv").exists(), "{name}");
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
    child.ended().exits(130);
    assert_eq!(staging(&work, "tmp"), [""; 0]);
    assert!(std::fs::read_dir(work.path("tmp")).unwrap().next().is_none());
    service.release();
}
