//! Rows that name their records by ids: what each of them changes is found out and said before anything is sent, and by a command
//! that sends nothing.

use serde_json::{Value, json};

use crate::harness::*;

/// The export of an entity that people have, in a folder of its own, and the sandbox it is of.
fn exported(entity: &str, switches: &str) -> (Work, Server) {
    let (work, server) = (Work::new(), Server::start(switches));
    work.on(&server, format!("export {entity} -o o.csv --summary none --headers zh")).exits(0);
    (work, server)
}

/// Writes a text into a cell of a row of the export, from 0 below the header.
fn edit(work: &Work, row: usize, heading: &str, text: &str) {
    let mut table = work.table("o.csv");
    table.set(row, heading, text);
    work.write_table("o.csv", &table);
}

#[test]
fn how_many_records_rows_change_is_said_before_the_first_write() {
    for (entity, heading, update) in [
        ("customers", "备注", "customers.update"),
        ("companies", "地址", "companies.update"),
        ("tickets", "标题", "tickets.update"),
    ] {
        let (work, server) = exported(entity, "");
        let rows = work.table("o.csv").rows.len() as u64 - 1;
        edit(&work, 2, heading, "改过的");
        let words = format!("will update 1, leave {} unchanged", rows - 1);
        let typed = format!("{entity} o.csv --mode update");
        let ran = work.on(&server, format!("import {typed} --dry-run"));
        // The record that changes is shown, and of it what changes.
        ran.exits(0).says(&words).says("改过的");
        work.on(&server, format!("check {typed} --online")).exits(0).says(&words);
        work.on(&server, format!("import {typed} --expect 2")).exits(2).says("--expect 1");
        assert_eq!(server.requests_to(update), 0, "{entity}");
        work.on(&server, format!("import {typed} --expect 1 --yes=1")).exits(0).says(&words);
        assert_rows(&work.summary(), &format!("updated 1, unchanged {}", rows - 1));
        assert_eq!(server.requests_to(update), 1, "{entity}");
    }
}

#[test]
fn tags_and_bindings_that_change_nothing_are_counted_before_anything_is_sent() {
    let (work, server) = (Work::new(), Server::start(""));
    server.change("users/50001", r#"{"user":{"tableName":"甲"}}"#);
    server.change("users/50002", r#"{"user":{"tableName":"乙"}}"#);
    work.write("mine.csv", "对象类型,记录编号,标签\n联系人,50001,甲\n联系人,50002,甲\n联系人,59999,甲\n");
    let ran = work.on(&server, "import tags mine.csv --dry-run");
    ran.exits(3).says("will update 1, leave 1 unchanged, 1 row has mistakes").says("59999");
    work.on(&server, "import tags mine.csv --expect 1").exits(3);
    assert_rows(&work.summary(), "updated 1, unchanged 1, failed 1");
}

#[test]
fn the_first_record_that_is_shown_is_the_first_that_changes() {
    let (work, server) = exported("customers", "");
    edit(&work, 3, "备注", "新备注");
    edit(&work, 3, "职位", "#清空");
    let mobile = work.table("o.csv").column("手机")[3].to_owned();
    let mut command = work.unagreed("import customers o.csv --mode update --rate 0");
    command.envs([("BW8_BASE_URL", server.base_url()), ("BW8_USER", "demo@example.com"), ("BW8_PASSWORD", "sandbox")]);
    let ran = work.run(command);
    ran.exits(2).never_says(&mobile);
    #[cfg(unix)]
    {
        let mut command = work.unagreed("import customers o.csv --mode update --rate 0");
        command.envs([
            ("BW8_BASE_URL", server.base_url()),
            ("BW8_USER", "demo@example.com"),
            ("BW8_PASSWORD", "sandbox"),
        ]);
        let mut terminal = work.at_terminal(command);
        terminal.shows("50004 → 50004").shows("→ 新备注").never_showed("50001 → 50001");
        terminal.answers("[y/N]", "n");
        terminal.ended().exits(130);
    }
    assert_eq!(server.requests_to("customers.update"), 0);
}

/// So many customers, and how a service shows them: all in their list, or each on its own page with more.
fn customers(count: u64, hidden: &'static [&'static str]) -> Service {
    let mut records: Vec<Value> = (0..count)
        .map(|number| {
            json!({"cId": (50_001 + number).to_string(), "name": format!("示例 {number}"), "note": "旧备注",
                "mobile": format!("131{number:08}"), "tableName": "甲", "state": "1",
                "createDT": "2026-01-05 08:00:00", "updateDT": "2026-01-05 08:00:00"})
        })
        .collect();
    Service::start(move |request| {
        if request.path == "/users.json" {
            let size = request.number_of("per_page").clamp(1, 100);
            let begin = (request.number_of("page").max(1) - 1) * size;
            let shown = |record: &Value| {
                let mut record = record.clone();
                hidden.iter().for_each(|name| drop(record.as_object_mut().unwrap().remove(*name)));
                record
            };
            let page: Vec<Value> = records.iter().skip(begin).take(size).map(shown).collect();
            return (200, json!({"users": page, "count": records.len()}).to_string());
        }
        let id = request.path.strip_prefix("/users/").and_then(|path| path.strip_suffix(".json"));
        let Some(record) = records.iter_mut().find(|record| record["cId"].as_str() == id) else { return unknown() };
        if request.method == "PUT" {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            for (name, value) in body["user"].as_object().unwrap() {
                record[name] = value.clone();
            }
        }
        (200, json!({"user": record}).to_string())
    })
}

/// How often a service was asked by this method for what begins so.
fn asked(service: &Service, method: &str, path: &str) -> usize {
    let requests = service.requests().into_iter();
    requests.filter(|request| request.method == method && request.path.starts_with(path)).count()
}

/// Rows that give these customers this note and these tags.
fn rows(count: u64, note: impl Fn(u64) -> &'static str, tags: &str) -> String {
    let row = |number: u64| format!("{},{},{tags}\n", 50_001 + number, note(number));
    format!("联系人编号,备注,标签\n{}", (0..count).map(row).collect::<String>())
}

#[test]
fn many_rows_are_held_against_the_list_where_that_takes_fewer_questions() {
    let service = customers(600, &[]);
    let work = Work::at(&service.base_url());
    work.write("mine.csv", rows(600, |number| if number % 100 == 0 { "新备注" } else { "旧备注" }, "甲"));
    let ran = work.bw8("import customers mine.csv --mode update --rate 0 --expect 6");
    ran.exits(0).says("will update 6, leave 594 unchanged");
    assert_rows(&work.summary(), "updated 6, unchanged 594");
    assert_eq!(asked(&service, "PUT", "/users/"), 6);
    // Each that is changed is read right before.
    assert!(asked(&service, "GET", "/users/") < 30, "{ran}");
}

#[test]
fn what_a_list_does_not_show_is_no_value_of_the_record() {
    let service = customers(600, &["tableName"]);
    let work = Work::at(&service.base_url());
    work.write("mine.csv", rows(600, |_| "旧备注", "甲"));
    let ran = work.bw8("import customers mine.csv --mode update --rate 0 --dry-run");
    ran.exits(0).says("will update at most 600 (600 only known once read), leave 0 unchanged");
    work.bw8("import customers mine.csv --mode update --rate 0").exits(0);
    assert_rows(&work.summary(), "unchanged 600");
    assert_eq!(asked(&service, "PUT", "/users/"), 0);
}

/// A list without tags makes an export without them; what we wrote ourselves since is no change of somebody else.
#[test]
fn what_we_wrote_into_a_field_that_the_list_does_not_show_is_ours() {
    for mode in ["update", "upsert"] {
        let service = customers(5, &["tableName"]);
        let work = Work::at(&service.base_url());
        let set = |tags: &str| {
            work.export("customers -o o.csv --summary none --headers zh").exits(0);
            let mut table = work.table("o.csv");
            table.set(0, "标签", tags);
            work.write_table("o.csv", &table);
            work.bw8(format!("import customers o.csv --mode {mode} --rate 0 --accept-warnings=older_file"))
        };
        // Nobody knew of the tags that are there: a person looks.
        set("乙").exits(3);
        assert_eq!(asked(&service, "PUT", "/users/"), 0, "{mode}");
        work.write("own.csv", "联系人编号,标签\n50001,乙\n");
        work.bw8("import customers own.csv --mode update --rate 0").exits(0);
        for tags in ["丙", "丁"] {
            set(tags).exits(0);
        }
        assert_eq!(asked(&service, "PUT", "/users/"), 3, "{mode}");
    }
}

#[test]
fn a_row_without_an_id_says_by_what_else_it_can_be_found() {
    let (work, server) = (Work::new(), Server::start(""));
    let mobile = server.records("customers")[1]["mobile"].as_str().unwrap().to_owned();
    work.write("mine.csv", format!("联系人编号,手机,备注\n50001,,甲\n,{mobile},乙\n"));
    work.on(&server, "import customers mine.csv --mode update").exits(3).says("names no record").says("--key mobile");
    work.on(&server, "import customers mine.csv --mode update --key mobile --run found").exits(0);
    assert_eq!(server.records("customers")[1]["note"], "乙");
    // Where the file has nothing else, nothing else is named.
    work.write("ids.csv", "联系人编号,备注\n50001,丙\n,丁\n");
    work.on(&server, "import customers ids.csv --mode update").exits(3).says("must not be empty").never_says("--key");
}

#[test]
fn the_first_new_record_is_shown_with_the_tags_that_it_gets() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "姓名,手机,公司编号,标签\n示例新,13900000001,20001,\"+急,-慢\"\n");
    let ran = work.on(&server, "import customers mine.csv");
    ran.exits(0).says("Tags: 急\n").never_says("Tags: +急");
}

#[test]
fn a_run_that_did_it_all_is_no_plan_again() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "联系人编号,备注\n50001,甲\n50002,甲\n");
    work.on(&server, "import customers mine.csv --mode update").exits(0);
    server.change("users/50001", r#"{"user":{"note":"同事的"}}"#);
    let reads = server.requests_to("customers.get");
    work.on(&server, "import customers mine.csv --mode update --dry-run").exits(0).never_says("will update");
    work.on(&server, "import customers mine.csv --mode update").exits(0);
    assert_eq!((server.requests_to("customers.get"), server.requests_to("customers.update")), (reads, 3));
}

#[test]
fn a_limit_counts_the_rows_that_change_something() {
    for (entity, heading, update) in [("customers", "备注", "customers.update"), ("tickets", "标题", "tickets.update")]
    {
        let (work, server) = exported(entity, "");
        edit(&work, 4, heading, "改过的");
        edit(&work, 7, heading, "也改过的");
        let typed = format!("import {entity} o.csv --mode update");
        work.on(&server, format!("{typed} --limit 1 --expect 1")).exits(0);
        assert_eq!((server.requests_to(update), work.results().column("status")[4]), (1, "updated"), "{entity}");
        // The same limit is reached, a larger one is not.
        work.on(&server, format!("{typed} --limit 1")).exits(0);
        assert_eq!(server.requests_to(update), 1, "{entity}");
        work.on(&server, typed).exits(0);
        assert_eq!(server.requests_to(update), 2, "{entity}");
    }
}

#[test]
fn only_columns_that_are_sent_are_said_not_to_be_compared() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "手机,备注\n13000000001,示例\n");
    work.on(&server, "import customers mine.csv --mode update").exits(0).never_says("not compared so far");
}
