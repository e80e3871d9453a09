//! What services do wrong: capped, counted wrong, endless, slow, broken.

use super::drift::Random;
use crate::harness::*;

fn ids(count: u64) -> Vec<u64> {
    (1..=count).collect()
}

/// Exports from a service that answers lists by `answer`.
fn export(answer: impl FnMut(&Request) -> String + Send + 'static) -> (Work, Ran) {
    let mut answer = answer;
    let service = Service::start(move |request| match request.path.as_str() {
        "/users.json" => (200, answer(request)),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let ran = work.export("customers -o out.csv --columns cId");
    (work, ran)
}

#[test]
fn a_page_cap_is_recognised_from_the_first_page() {
    for count in [Some("230"), None] {
        let (work, ran) = export(move |request| page(&ids(230), request, 50, count));
        let json = ran.exits(0).json();
        assert_eq!(work.ids("out.csv"), ids(230));
        // Without a total it is looked for more beyond the end, there by smaller pages too, and before the first page.
        assert!(json["requests"].as_u64().unwrap() < if count.is_some() { 15 } else { 34 }, "{json}");
    }
}

#[test]
fn a_total_may_be_text_wrong_or_absent() {
    for (count, says) in [
        (Some("\"230\""), None),
        (Some("222"), Some("the service says there are 222,")),
        (Some("\"many\""), None),
        (None, None),
    ] {
        let (work, ran) = export(move |request| page(&ids(230), request, 100, count));
        let json = ran.exits(0).json();
        assert_eq!(work.ids("out.csv"), ids(230), "{count:?}");
        let warnings = json["warnings"].to_string();
        match says {
            Some(says) => assert!(warnings.contains(says), "{count:?}: {warnings}"),
            None => assert!(!warnings.contains("the service says"), "{count:?}: {warnings}"),
        }
    }
}

#[test]
fn a_total_far_below_what_came_is_no_proof_where_nothing_else_shows_the_end() {
    for count in ["0", "17", "100"] {
        let (_, ran) = export(move |request| page(&ids(230), request, 100, Some(count)));
        ran.exits(5).says("that nothing follows the first 230 records could not be proved").says("--accept-incomplete");
    }
}

#[test]
fn a_total_that_nothing_explains_is_no_proof_and_can_be_accepted() {
    let service = Service::start(|request| match request.path.as_str() {
        "/users.json" => (200, page(&ids(230), request, 100, Some("999"))),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    std::fs::write(work.path("out.csv"), "older").unwrap();
    let error = work.export("customers -o out.csv --columns cId").exits(5).json()["error"].clone();
    assert!(error["message"].as_str().unwrap().contains("counts 999 records"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--since"), "{error}");
    assert_eq!(work.read("out.csv"), "older");
    for how in ["", " --incremental"] {
        let typed = format!("customers -o out.csv --columns cId --accept-incomplete{how}");
        let json = work.export(typed.as_str()).exits(5).says("not all").json();
        assert_eq!(
            (&json["complete"], &json["records"], &json["exit"]),
            (&false.into(), &230.into(), &5.into()),
            "{json}"
        );
        assert_eq!(work.ids("out.csv"), ids(230));
        let manifest: serde_json::Value = serde_json::from_str(&work.read("out.csv.manifest.json")).unwrap();
        assert_eq!(manifest["complete"], false, "{manifest}");
        assert_eq!(
            manifest["windows"].as_array().unwrap().last().unwrap()["proof"],
            serde_json::json!([]),
            "{manifest}"
        );
    }
    // Nothing is built on what is not whole.
    let error = work.export("customers -o out.csv --incremental").exits(5).json();
    assert_eq!(error["error"]["code"], "refresh.wall_empty", "{error}");
}

#[test]
fn what_lies_beyond_a_wall_is_read_in_spans_of_the_creation_date() {
    let day =
        |id: u64| jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days((id / 10) as i64)).to_string();
    let service = Service::start(move |request| {
        let bound = |name: &str, open: &str| request.query.get(name).map_or(open, |day| &day[..10]).to_owned();
        let (from, to) = (bound("created_start", "0"), bound("created_end", "9"));
        let found: Vec<u64> = ids(1234).into_iter().filter(|id| day(*id) >= from && day(*id) <= to).collect();
        match request.path.as_str() {
            "/users.json" if request.number_of("page") * request.number_of("per_page") > 500 => {
                (400, "{\"errcode\":\"100422\",\"errmsg\":\"page too deep\"}".to_owned())
            }
            "/users.json" => (200, page(&found, request, 100, Some(&found.len().to_string()))),
            _ => unknown(),
        }
    });
    let work = Work::at(&service.base_url());
    work.export("customers -o out.csv --columns cId").exits(0).says("spans of the creation date");
    assert_eq!(work.ids("out.csv"), ids(1234));
    let manifest: serde_json::Value = serde_json::from_str(&work.read("out.csv.manifest.json")).unwrap();
    let windows = manifest["windows"].as_array().unwrap();
    assert!(windows.len() > 3, "{manifest}");
    let spans = windows.iter().filter(|window| window["filter"].as_str().unwrap().contains("created_"));
    for span in spans {
        assert_eq!(span["proof"], serde_json::json!(["pages_joined", "total_agrees"]), "{manifest}");
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
        ran.exits(0);
        assert_eq!(work.ids("out.csv"), ids(95), "{count:?}");
    }
}

#[test]
fn a_list_in_an_envelope_is_read_like_any_other() {
    let (work, ran) = export(|request| {
        let inner = page(&ids(230), request, 100, Some("230"));
        format!("{{\"code\":0,\"msg\":\"ok\",\"data\":{inner}}}")
    });
    ran.exits(0);
    assert_eq!(work.ids("out.csv"), ids(230));
}

#[test]
fn small_lists_of_every_size_are_whole() {
    for size in [0, 1, 2, 3, 4, 5, 9, 99, 100, 101] {
        for count in [true, false] {
            let (work, ran) =
                export(move |request| page(&ids(size), request, 100, count.then(|| size.to_string()).as_deref()));
            ran.exits(0);
            assert_eq!(work.ids("out.csv"), ids(size), "{size}, count {count}");
        }
    }
}

#[test]
fn pages_that_repeat_end_with_a_clear_error() {
    let same = |request: &Request| {
        let size = request.number_of("per_page");
        (1..=size as u64).map(customer).collect::<Vec<_>>().join(",")
    };
    for count in ["", ",\"count\":5000"] {
        let (work, ran) = export(move |request| format!("{{\"users\":[{}]{count}}}", same(request)));
        assert!(ran.exits(5).json()["error"]["message"].as_str().unwrap().contains("again and again"), "{ran}");
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
    assert!(ran.exits(5).json()["error"]["message"].as_str().unwrap().contains("does not end"));
}

#[test]
fn a_list_of_other_records_in_another_order_each_time_ends_with_a_clear_error() {
    let mut turn = 0;
    let service = Service::start(move |request| {
        turn += 37;
        let turned: Vec<u64> = (0..400).map(|n| (n * 7919 + turn * 31) % 400 + turn).collect();
        (200, page(&turned, request, 100, None))
    });
    // One request after the other, so that each time is the same each time.
    let ran = Work::at(&service.base_url()).export("customers -o out.csv --concurrency 1");
    assert!(ran.exits(5).json()["error"]["message"].as_str().unwrap().contains("changes faster"));
}

#[test]
fn bursts_of_refusals_and_broken_answers_are_waited_out() {
    let work = Work::beside(Server::faulty(&[
        "429,on=GET users,nth=1..2,retry-after=0",
        "503,on=GET users,nth=3..4",
        "backslash,on=GET users",
    ]));
    let json = work.export("customers -o out.csv").exits(0).json();
    assert_eq!(json["records"], 60);
    assert!(json["retries"].as_u64().unwrap() >= 4, "{json}");
    assert!(work.read("out.csv").contains("C:\\data"), "the backslash is kept as it came");
}

#[test]
fn the_links_to_other_pages_are_not_needed() {
    for variant in
        [&["next-page=absent"][..], &["count=string"], &["count=absent", "next-page=absent"], &["numbers=number"]]
    {
        let work = Work::beside(Server::variant(&[variant, &["page-cap=7"]].concat()));
        let json = work.export("customers -o out.csv").exits(0).json();
        assert_eq!(json["records"], 60, "{variant:?}");
        assert_eq!(work.ids("out.csv").len(), 60);
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_older_file_alone() {
    let work = Work::beside(Server::inside(|options| options.seed_size = "customers=3000".parse().unwrap()));
    work.export("customers -o out.csv").exits(0);
    let older = work.read("out.csv");
    // No file may grow beyond 600 blocks: the way out is tried with the mirror already filled.
    let script = format!(
        "trap '' XFSZ; ulimit -f 600; exec '{}' export customers -o out.csv --incremental --rate 0",
        env!("CARGO_BIN_EXE_bw8")
    );
    let mut shell = work.program("sh");
    shell.args(["-c", &script]);
    work.run(shell).exits(1).says("cannot write").says("out.csv");
    assert_eq!(work.read("out.csv"), older);
    let left: Vec<_> = std::fs::read_dir(work.path("")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".bw8-")), "{left:?}");
}

#[test]
fn a_login_that_is_refused_has_a_code_of_its_own() {
    let work = Work::beside_sandbox();
    let mut command = work.command("export customers -o out.csv");
    command.env("BW8_PASSWORD", "wrong");
    work.run(command).exits(6);
    assert!(!work.path("out.csv").exists());
}

#[test]
fn a_list_in_no_order_at_all_is_never_taken_for_whole() {
    for seed in 1..=5 {
        let (mut random, mut all) = (Random::of_seed(seed), ids(400));
        let (work, ran) = export(move |request| {
            (1..all.len()).rev().for_each(|at| all.swap(at, random.below(at + 1)));
            page(&all, request, 100, None)
        });
        if ran.exits_with_one_of(&[0, 5]) == 0 {
            assert_eq!(work.ids("out.csv").len(), 400, "seed {seed}: records are missing and nobody is told\n{ran}");
        }
    }
}
