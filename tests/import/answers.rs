//! Every answer the service may give, and every way it may fail to give one: what a row is reported as is what is true.

use serde_json::Value;

use crate::harness::*;

/// Imports customers one after the other against a server with these switches, and checks what every report must keep:
/// a created row is there once with its values, a refused or failed one is not there, nothing was sent twice.
fn import_against(switches: &str, options: &str) -> (Work, Server, Ran) {
    let server = Server::start(&format!("{switches} --variant duplicate-mobile=accepted"));
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 12));
    let ran = work.on(&server, format!("import customers mine.csv --no-canary --timeout 2 {options}"));
    let records = server.records("customers");
    let (input, results) = (work.table("mine.csv"), work.results());
    for (row, status) in results.column("status").into_iter().enumerate() {
        let is_row = |record: &&serde_json::Map<String, Value>| record["mobile"] == input.column("手机")[row];
        let there: Vec<_> = records.iter().filter(is_row).collect();
        match status {
            "created" => assert!(there.len() == 1 && there[0]["name"] == input.column("姓名")[row], "{there:?}\n{ran}"),
            "failed" | "refused" | "pending" => assert!(there.is_empty(), "row {row} {status}: {there:?}\n{ran}"),
            _ => assert!(there.len() <= 1, "row {row} {status}: {there:?}\n{ran}"),
        }
    }
    assert_eq!(work.summary()["rows"]["read"], 12);
    assert_rows_add_up(&work.summary());
    assert!(server.requests() <= 12 + 12 / 10 + 35, "{ran}");
    (work, server, ran)
}

fn assert_rows_add_up(summary: &Value) {
    let rows = summary["rows"].as_object().unwrap();
    let ends: u64 = rows.iter().filter(|(name, _)| *name != "read").map(|(_, count)| count.as_u64().unwrap()).sum();
    assert_eq!(rows["read"], ends, "{summary}");
}

#[test]
fn every_form_of_created_is_created_with_its_id() {
    for form in ["wiki200", "wiki201", "list", "data-id", "data-record"] {
        let (work, _server, ran) = import_against(&format!("--variant created={form}"), "");
        ran.exits(0);
        assert_rows(&work.summary(), "created 12");
        assert_eq!(work.summary()["ids_pending"], 0, "{form}");
        assert!(work.results().column("id").iter().all(|id| id.parse::<u64>().unwrap() > 50060), "{form}");
    }
}

#[test]
fn created_without_an_id_is_created_and_its_id_is_found() {
    let (work, server, ran) = import_against("--variant created=insert-ok", "");
    assert_rows(&work.summary(), "created 12");
    assert_eq!(work.summary()["ids_pending"], 0);
    ran.exits(0).says("12 ids were found");
    let results = work.results();
    for record in server
        .records("customers")
        .iter()
        .filter(|record| results.column("id").contains(&record["cId"].as_str().unwrap()))
    {
        let row = results.column("id").iter().position(|id| record["cId"] == *id).unwrap();
        assert_eq!(record["mobile"], work.table("mine.csv").column("手机")[row]);
    }
}

#[test]
fn numbers_lists_and_other_ways_of_writing_change_nothing() {
    for switches in ["numbers=number", "single=list", "single=object", "count=string", "missing=404"] {
        let (work, _server, ran) = import_against(&format!("--variant {switches}"), "");
        ran.exits(0);
        assert_rows(&work.summary(), "created 12");
    }
}

#[test]
fn a_refusal_under_http_200_is_a_refusal() {
    let server = Server::start("--variant errors=200 --fault 403,on=GET_companies");
    let work = Work::new();
    let mut table = customers(1, 3);
    table.set(1, "公司编号", "99999");
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv").exits(3).says("SANDBOX-");
    assert_rows(&work.summary(), "created 2, failed 1");
    assert_eq!(server.stored("customers"), 62);
}

#[test]
fn a_refused_row_of_each_kind_of_record_has_failed() {
    // What is not known to be missing is sent, and refused there.
    for (entity, hidden, table) in [
        ("companies", "customergroups", Table::of(&["公司名称", "客户分组编号"]).push(&["示例甲", "999"]).clone()),
        ("tickets", "users", Table::of(&["标题", "联系人编号", "工单模板编号"]).push(&["示例", "999999", "4"]).clone()),
        (
            "tags",
            "companies",
            Table::of(&["对象类型", "记录编号", "添加标签"]).push(&["联系人", "999999", "示例"]).clone(),
        ),
        (
            "bindings",
            "users",
            Table::of(&["联系人编号", "第三方用户标识", "绑定来源"]).push(&["999999", "x", "开放平台"]).clone(),
        ),
    ] {
        let (work, server) = (Work::new(), Server::start(&format!("--fault 403,on=GET_{hidden}")));
        work.write_table("mine.csv", &table);
        work.on(&server, format!("import {entity} mine.csv")).exits(3);
        assert_rows(&work.summary(), "failed 1");
    }
}

/// Faults after which nobody can say whether the record was made.
#[test]
fn a_lost_answer_leaves_the_row_unknown_and_unsent() {
    for fault in [
        "close-before",
        "close-after-read",
        "close-after-store",
        "reset-after-store",
        "stall-after-store",
        "stall",
        "half-body",
        "half-status",
        "500",
        "500-after-store",
        "502",
        "503",
        "504",
        "504-after-store",
        "html",
        "gzip-broken",
    ] {
        let (work, server, ran) = import_against(&format!("--fault {fault},on=POST_users,nth=2"), "--concurrency 1");
        // What arrived is found at the end; of what did not, nobody can say yet that it will not.
        let exit = match server.stored("customers") {
            72 => (0, "created 12"),
            _ => (4, "created 11, unknown 1"),
        };
        ran.exits(exit.0);
        assert_rows(&work.summary(), exit.1);
        let requests = server.requests_to("customers.create");
        work.on(&server, "import customers mine.csv").exits(exit.0).says("done before");
        assert_eq!(server.requests_to("customers.create"), requests, "{fault}");
    }
}

#[test]
fn a_refusal_leaves_the_row_failed_and_nothing_on_the_server() {
    for fault in ["404", "409", "422", "error-body"] {
        let (work, _, ran) = import_against(&format!("--fault {fault},on=POST_users,nth=3"), "");
        ran.exits(3);
        assert_rows(&work.summary(), "created 11, failed 1");
    }
}

#[test]
fn what_was_certainly_not_processed_is_sent_again() {
    for fault in [
        "429,on=POST_users,nth=3,retry-after=1",
        "429,on=POST_users,nth=3,retry-after=date",
        "429,on=POST_users,nth=3,retry-after=garbage",
    ] {
        let (work, server, ran) = import_against(&format!("--fault {fault}"), "");
        ran.exits(0);
        assert_rows(&work.summary(), "created 12");
        assert_eq!(server.state()["counts"]["writes_stored"], 12, "{fault}");
    }
}

/// Whether anything was written to a connection that is just being closed is a matter of microseconds: either the row was
/// certainly not sent and goes again, or it is in doubt. Both are true, and nothing else is.
#[test]
fn a_connection_that_is_closed_leaves_a_row_in_doubt_or_sends_it_again() {
    for fault in ["accept-close,nth=1", "accept-reset,nth=1", "refuse,nth=1,ms=300", "close-idle"] {
        let (.., ran) = import_against(&format!("--fault {fault}"), "--concurrency 1");
        ran.exits_with_one_of(&[0, 4]);
    }
}

#[test]
fn answers_that_only_look_odd_are_read() {
    for fault in ["backslash", "slow-body,ms=1,nth=2", "delay,ms=1,to=9"] {
        let (work, _, ran) = import_against(&format!("--fault {fault}"), "");
        ran.exits(0);
        assert_rows(&work.summary(), "created 12");
    }
    // Where no answer names an id, that of a list neither, nothing but the service's word says that rows were made.
    let (work, _, ran) = import_against("--fault no-id", "");
    ran.exits(4).says("it named no id").says("bw8 settle ");
    assert_rows(&work.summary(), "created 12");
}

#[test]
fn a_redirect_ends_the_run_and_is_not_followed() {
    for fault in ["302", "307"] {
        let (work, server, ran) = import_against(&format!("--fault {fault},on=POST_users,nth=3"), "--concurrency 1");
        ran.exits(1);
        assert_rows(&work.summary(), "created 2, unknown 1, pending 9");
        assert_eq!(server.requests_to("customers.create"), 3);
        work.on(&server, "import customers mine.csv").exits(4);
        assert_rows(&work.summary(), "created 11, unknown 1");
    }
}

#[test]
fn faults_mixed_at_random_leave_the_books_true() {
    for seed in 1..=3 {
        let faults = "--fault close-after-store,share=10% --fault 500,share=10% --fault 429,share=10%,retry-after=1";
        let (work, server, ran) = import_against(&format!("{faults} --fault-seed {seed}"), "--concurrency 8");
        // Where the list of companies failed time and again, nothing is sent.
        if ran.exits_with_one_of(&[0, 4, 5]) == 5 {
            assert_rows(&work.summary(), "pending 12");
        }
        assert_eq!(server.state()["counts"]["repeated_request_ids"], 0, "{ran}");
    }
}

#[test]
fn a_server_that_goes_down_stops_the_run_and_the_same_command_continues() {
    let server = Server::start("--fault 502,on=POST_users,nth=4..6");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 30));
    let import = "import customers mine.csv --concurrency 1 --wait 0";
    work.on(&server, import).exits(5).says("next: bw8 import");
    assert_rows(&work.summary(), "created 3, unknown 2, pending 25");
    // Whoever goes on sends one row and waits for its answer.
    work.on(&server, import).exits(5);
    assert_rows(&work.summary(), "created 3, unknown 3, pending 24");
    work.on(&server, "import customers mine.csv").exits(4);
    assert_rows(&work.summary(), "created 27, unknown 3");
    assert_eq!(server.stored("customers"), 87);
}

#[test]
fn the_same_refusal_again_and_again_stops_the_run() {
    let server = Server::start("--fault 403,on=GET_companies");
    let work = Work::new();
    let mut table = customers(1, 40);
    for row in 1..40 {
        table.set(row, "公司编号", "99999");
    }
    work.write_table("mine.csv", &table);
    let ran = work.on(&server, "import customers mine.csv");
    ran.exits(5).says("20 rows in a row").says("--keep-going");
    assert!(server.requests_to("customers.create") < 30);
    // The first row that this command sends is rejected, too.
    work.on(&server, "import customers mine.csv").exits(5).says("stopped after the first row").says("--keep-going");
    work.on(&server, "import customers mine.csv --keep-going").exits(3);
    assert_rows(&work.summary(), "created 1, failed 39");
}

#[test]
fn the_first_row_decides_about_the_others_when_it_is_rejected() {
    let (work, server) = (Work::new(), Server::start("--fault 403,on=GET_companies"));
    work.write_table("mine.csv", customers(1, 30).set(0, "公司编号", "99999"));
    for typed in ["import customers mine.csv --no-canary", "import customers mine.csv --no-canary --format json"] {
        if typed.ends_with("json") {
            let ran = work.on(&server, format!("{typed} --keep-going"));
            ran.exits(3);
            assert_rows(&ran.json(), "created 29, failed 1");
        } else {
            work.on(&server, typed).exits(5).says("rejected row 2").says("--keep-going");
            assert_rows(&work.summary(), "failed 1, pending 29");
            assert_eq!(server.requests_to("customers.create"), 1);
        }
    }
    // Nothing is left that could fail like it.
    work.write_table("one.csv", customers(50, 1).set(0, "公司编号", "99999"));
    work.on(&server, "import customers one.csv").exits(3);
}

#[test]
fn what_is_there_already_stops_no_run_that_made_something() {
    let (work, server) = (Work::new(), Server::start(""));
    // Somebody else, of whom nothing is known here.
    let other = Work::new();
    other.write_table("known.csv", &customers(1, 30));
    other.on(&server, "import customers known.csv").exits(0);
    // Other rows with the same telephones.
    let mut table = customers(100, 31);
    for row in 1..31 {
        table.set(row, "手机", &format!("131{row:08}"));
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv --accept-warnings=exists_in_account").exits(3);
    assert_rows(&work.summary(), "created 1, failed 30");
}

#[test]
fn a_most_number_of_failures_stops_the_run() {
    let (work, server) = (Work::new(), Server::start("--fault 403,on=GET_companies"));
    let mut table = customers(1, 20);
    for row in (0..20).step_by(2) {
        table.set(row, "公司编号", "99999");
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv --max-failures 3 --concurrency 1 --keep-going").exits(5);
    assert_rows(&work.summary(), "created 2, failed 3, pending 15");
}

/// Whoever refuses a request that comes twice is up: answers that get lost one after another are no outage.
#[test]
fn a_service_that_refuses_a_repeated_request_is_not_waited_for() {
    let lost = [2, 4, 6, 8, 10].map(|nth| format!("504-after-store,on=POST tickets,nth={nth}"));
    let server = Server::inside(|options| {
        options.variants.set("requestid", "duplicate").unwrap();
        options.faults = lost.iter().map(|fault| fault.parse().unwrap()).collect();
    });
    let work = Work::new();
    work.write("mine.csv", "标题,描述,联系人编号\n".to_owned() + &"示例,说明,50001\n".repeat(8));
    let ran = work.on(&server, "import tickets mine.csv --run run --server-dedupe refuse --concurrency 1");
    ran.exits(0).says("8 rows: created 8").never_says("does not acknowledge");
    assert_eq!(server.records("tickets").iter().filter(|ticket| ticket["subject"] == "示例").count(), 8);
}

/// Tags for so many contacts, on a service that answers the questions for one of them by `answer`, and changes by `changed`.
fn tags_on(
    answer: impl Fn(&Request) -> Option<(u16, String)> + Send + 'static,
    changed: impl Fn(usize) -> (u16, String) + Send + 'static,
    rows: usize,
    options: &str,
) -> (Work, Ran) {
    let mut tagged = std::collections::HashSet::new();
    let service = Service::start(move |request| {
        let id = request.path.trim_start_matches("/users/").trim_end_matches(".json").to_owned();
        match (request.method.as_str(), answer(request)) {
            (_, Some(answer)) => answer,
            ("GET", None) if id.parse::<u64>().is_ok() => {
                let tags = if tagged.contains(&id) { "老客户" } else { "" };
                (200, format!("{{\"user\":{{\"cId\":\"{id}\",\"name\":\"示例\",\"tableName\":\"{tags}\"}}}}"))
            }
            ("PUT", None) => {
                tagged.insert(id);
                changed(request.number)
            }
            _ => unknown(),
        }
    });
    let work = Work::at(&service.base_url());
    let mut table = Table::of(&["对象类型", "记录编号", "添加标签"]);
    for row in 0..rows {
        table = table.push(&["联系人", &(50_001 + row).to_string(), "老客户"]).clone();
    }
    work.write_table("tags.csv", &table);
    let ran = work.bw8(format!("import tags tags.csv --rate 0 {options}"));
    (work, ran)
}

#[test]
fn a_record_whose_own_page_is_refused_or_breaks_costs_its_own_row() {
    for (status, words) in [(403, "no access to this contact"), (500, "broken here"), (429, "locked here")] {
        for options in ["", "--keep-going"] {
            let answer = move |request: &Request| {
                let body = format!("{{\"errcode\":\"7\",\"errmsg\":\"{words}\"}}");
                (request.path == "/users/50006.json").then_some((status, body))
            };
            let done = |_| (200, "{\"data\":true,\"msg\":\"success\"}".to_owned());
            let (work, ran) = tags_on(answer, done, 12, options);
            ran.exits(3).says(words);
            assert_rows(&work.summary(), "updated 11, failed 1");
        }
    }
}

#[test]
fn a_first_record_that_may_not_be_read_is_a_missing_permission() {
    let answer = |request: &Request| {
        (request.method == "GET").then(|| (403, "{\"errcode\":\"7\",\"errmsg\":\"no access\"}".to_owned()))
    };
    let (work, ran) = tags_on(answer, |_| (204, String::new()), 3, "--no-canary");
    ran.exits(6).says("no access");
    assert_rows(&work.summary(), "pending 3");
}

#[test]
fn a_change_that_is_taken_without_a_word_is_read_back_and_nobody_waits() {
    for status in [200, 204] {
        let (work, ran) = tags_on(|_| None, move |_| (status, String::new()), 30, "");
        ran.exits(0).never_says("does not acknowledge");
        assert_rows(&work.summary(), "updated 30");
    }
}

#[test]
fn new_records_that_are_taken_without_a_word_are_in_doubt_and_nobody_waits() {
    let service = Service::start(|request| match request.method.as_str() {
        "POST" => (201, String::new()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 30));
    let ran = work.bw8("import customers mine.csv --rate 0 --no-canary --wait 2s");
    ran.exits(4).never_says("does not acknowledge");
    assert_rows(&work.summary(), "unknown 30");
}
