//! An import that is told to end does so in time, and leaves nothing in the making behind.

use std::process::Stdio;
use std::sync::mpsc;

use serde_json::json;

use crate::harness::*;

const SIGNALS: [&str; 3] = ["INT", "TERM", "HUP"];

/// Whoever ends a program in order kills it after ten seconds.
#[test]
fn an_interrupt_does_not_wait_for_an_answer_that_never_comes() {
    let (reached, is_reached) = mpsc::channel();
    let (held, end) = mpsc::channel::<()>();
    let mut creates = 0;
    let service = Service::start(move |request| {
        if request.method != "POST" {
            return unknown();
        }
        creates += 1;
        if creates == 3 {
            reached.send(()).unwrap();
            let _ = end.recv();
        }
        (201, json!({"user": {"cId": (50_000 + creates).to_string()}}).to_string())
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 9));
    let import = "import customers mine.csv --no-canary --concurrency 1 --rate 0";
    let child = work.start(work.command(format!("{import} --timeout 600")));
    is_reached.recv().unwrap();
    child.signal("INT");
    child.ended().exits(130).says("seconds at most").says("next: bw8 import customers mine.csv");
    assert_rows(&work.summary(), "created 2, unknown 1, pending 6");
    let results = work.results();
    assert!(results.column("message")[2].contains("told to stop"), "{:?}", results.column("message"));
    drop(held);
    work.bw8(import).exits(4);
    assert_rows(&work.summary(), "created 8, unknown 1");
    assert_eq!(service.requests().iter().filter(|request| request.method == "POST").count(), 9);
}

#[test]
fn half_of_what_came_in_by_a_pipe_is_not_left_behind() {
    for name in SIGNALS {
        let work = Work::new();
        let mut command = work.command("import customers - --sandbox");
        command.stdin(Stdio::piped());
        let child = work.start(command);
        child.wait_until_it_says("standard input");
        let kept = || {
            let names = std::fs::read_dir(work.path("bw8-runs/stdin")).unwrap().map(|entry| entry.unwrap().file_name());
            names.collect::<Vec<_>>()
        };
        assert_eq!(kept().len(), 1, "there is something that could be left behind");
        child.signal(name);
        child.ended().exits(130);
        assert_eq!(kept(), [""; 0], "{name}");
    }
}
