//! What services do wrong: capped, counted wrong, endless, slow, broken.

use super::service::{Service, customer, page, unknown};
use super::work::Work;

fn ids(count: u64) -> Vec<u64> {
    (1..=count).collect()
}

/// Exports from a service that answers lists by `answer`.
fn export(answer: impl FnMut(&super::service::Request) -> String + Send + 'static) -> (Work, super::work::Ran) {
    let mut answer = answer;
    let service = Service::start(move |request| match request.path.as_str() {
        "/users.json" => (200, answer(request)),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let ran = work.export(&["customers", "-o", "out.csv", "--columns", "cId"]);
    (work, ran)
}

#[test]
fn a_page_cap_is_recognised_from_the_first_page() {
    for count in [Some("230"), None] {
        let (work, ran) = export(move |request| page(&ids(230), request, 50, count));
        let json = ran.ended(0).json();
        assert_eq!(work.ids("out.csv"), ids(230));
        assert!(json["requests"].as_u64().unwrap() < 12, "{json}");
    }
}

#[test]
fn a_total_may_be_text_wrong_or_absent() {
    for (count, says) in [
        (Some("\"230\""), None),
        (Some("17"), Some("17")),
        (Some("100"), Some("100")),
        (Some("999"), Some("999")),
        (Some("\"many\""), None),
        (None, None),
    ] {
        let (work, ran) = export(move |request| page(&ids(230), request, 100, count));
        let json = ran.ended(0).json();
        assert_eq!(work.ids("out.csv"), ids(230), "{count:?}");
        let warnings = json["warnings"].to_string();
        assert_eq!(says.is_some(), warnings.contains("the service says"), "{count:?}: {warnings}");
    }
}

#[test]
fn a_service_with_pages_of_its_own_size_is_read_all_the_same() {
    for count in [Some("95"), None] {
        let (work, ran) = export(move |request| {
            let mut request = request.clone();
            request.query.insert("per_page".to_owned(), "10".to_owned());
            page(&ids(95), &request, 10, count)
        });
        ran.ended(0);
        assert_eq!(work.ids("out.csv"), ids(95), "{count:?}");
    }
}

#[test]
fn small_lists_of_every_size_are_whole() {
    for size in [0, 1, 2, 3, 4, 5, 9, 99, 100, 101] {
        for count in [true, false] {
            let (work, ran) =
                export(move |request| page(&ids(size), request, 100, count.then(|| size.to_string()).as_deref()));
            ran.ended(0);
            assert_eq!(work.ids("out.csv"), ids(size), "{size}, count {count}");
        }
    }
}

#[test]
fn pages_that_repeat_end_with_a_clear_error() {
    let same = |request: &super::service::Request| {
        let size = request.number_of("per_page");
        (1..=size as u64).map(customer).collect::<Vec<_>>().join(",")
    };
    for count in ["", ",\"count\":5000"] {
        let (work, ran) = export(move |request| format!("{{\"users\":[{}]{count}}}", same(request)));
        let ran = ran.ended(5);
        assert!(ran.json()["error"]["message"].as_str().unwrap().contains("again and again"), "{ran:?}");
        assert!(!work.path("out.csv").exists());
    }
}

#[test]
fn a_list_without_end_ends_with_a_clear_error() {
    let (_, ran) = export(|request| {
        let size = request.number_of("per_page") as u64;
        let start = (request.number_of("page") as u64 - 1) * size;
        let records: Vec<String> = (start..start + size).map(customer).collect();
        format!("{{\"users\":[{}],\"count\":300}}", records.join(","))
    });
    assert!(ran.ended(5).json()["error"]["message"].as_str().unwrap().contains("does not end"));
}

#[test]
fn a_list_in_no_order_at_all_ends_with_a_clear_error() {
    let mut turn = 0;
    let (_, ran) = export(move |request| {
        turn += 37;
        let shuffled: Vec<u64> = (0..400).map(|n| (n * 7919 + turn * 31) % 400 + 1).collect();
        page(&shuffled, request, 100, None)
    });
    assert!(ran.ended(5).json()["error"]["message"].as_str().unwrap().contains("changes faster"));
}

#[test]
fn bursts_of_refusals_and_broken_answers_are_waited_out() {
    let work = Work::faulty(&[
        "429,on=GET users,nth=1..2,retry-after=0",
        "503,on=GET users,nth=3..4",
        "backslash,on=GET users",
    ]);
    let json = work.export(&["customers", "-o", "out.csv"]).ended(0).json();
    assert_eq!(json["records"], 60);
    assert!(json["retries"].as_u64().unwrap() >= 4, "{json}");
    assert!(work.read("out.csv").contains("C:\\data"), "the backslash is kept as it came");
}

#[test]
fn the_links_to_other_pages_are_not_needed() {
    for variant in
        [&["next-page=absent"][..], &["count=string"], &["count=absent", "next-page=absent"], &["numbers=number"]]
    {
        let work = Work::variant(&[variant, &["page-cap=7"]].concat());
        let json = work.export(&["customers", "-o", "out.csv"]).ended(0).json();
        assert_eq!(json["records"], 60, "{variant:?}");
        assert_eq!(work.ids("out.csv").len(), 60);
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_older_file_alone() {
    let work = Work::with(|options| options.seed_size = "customers=3000".parse().unwrap());
    work.export(&["customers", "-o", "out.csv"]).ended(0);
    let older = work.read("out.csv");
    // No file may grow beyond 100 blocks: the way out is tried with the mirror already filled.
    let script = format!(
        "trap '' XFSZ; ulimit -f 100; exec '{}' export customers -o out.csv --incremental --rate 0 --lang en",
        env!("CARGO_BIN_EXE_bw8")
    );
    let reference = work.command(&[]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).current_dir(work.path(""));
    shell.envs(reference.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write") && said.contains("out.csv"), "{said}");
    assert_eq!(work.read("out.csv"), older);
    let left: Vec<_> = std::fs::read_dir(work.path("")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".bw8-")), "{left:?}");
}

#[test]
fn a_login_that_is_refused_has_a_code_of_its_own() {
    let work = Work::new();
    let mut command = work.command(&["export", "customers", "-o", "out.csv"]);
    let output = command.env("BW8_PASSWORD", "wrong").output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert!(!work.path("out.csv").exists());
}
