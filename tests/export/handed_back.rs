//! What an export handed back does not do: take another account's records for its own, lose an agent's value without a word, fall
//! over tags that look like nothing, or write what a spreadsheet program made of a text.

use serde_json::{Value, json};

use crate::harness::*;

/// Three contacts of an account that were made in this year, without the members that are named.
fn account(year: u32, without: &'static [&'static str]) -> Service {
    let contact = move |id: u32| {
        let mut contact = json!({"cId": id.to_string(), "name": format!("示例 {year} {id}"), "mobile": format!("1300000{id}"),
            "note": "", "tableName": "甲", "state": "1", "createDT": format!("{year}-01-05 08:00:00"),
            "updateDT": format!("{year}-01-05 08:00:00")});
        without.iter().for_each(|name| drop(contact.as_object_mut().unwrap().remove(*name)));
        contact
    };
    let mut contacts: Vec<Value> = (5001..5004).map(contact).collect();
    Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/users.json") => {
            let page = if request.number_of("page") > 1 { &[][..] } else { &contacts[..] };
            (200, json!({"users": page, "count": contacts.len()}).to_string())
        }
        ("GET", "/companies.json") => (200, json!({"companies": [], "count": 0}).to_string()),
        ("GET", "/tickets.json") => (200, json!({"tickets": [], "count": 0}).to_string()),
        (method, path) => {
            let is_meant = |contact: &&mut Value| path == format!("/users/{}.json", contact["cId"].as_str().unwrap());
            let Some(contact) = contacts.iter_mut().find(is_meant) else { return unknown() };
            if method == "PUT" {
                let body: Value = serde_json::from_str(&request.body).unwrap();
                for (name, value) in body["user"].as_object().unwrap() {
                    contact[name] = value.clone();
                }
            }
            (200, json!({"user": contact}).to_string())
        }
    })
}

fn puts(service: &Service) -> usize {
    service.requests().iter().filter(|request| request.method == "PUT").count()
}

#[test]
fn the_export_of_another_account_changes_nothing_here() {
    let (theirs, same, other) = (account(2020, &[]), account(2020, &[]), account(2021, &[]));
    let work = Work::at(&theirs.base_url());
    work.bw8("export customers -o mine.csv --summary none --headers zh --rate 0").exits(0);
    let mut table = work.table("mine.csv");
    table.set(2, "备注", "我改的");
    work.write_table("mine.csv", &table);
    let at = |service: &Service, more: &str| {
        let typed = format!("import customers mine.csv --mode update --no-canary --rate 0 --fresh{more}");
        let mut command = work.command(typed);
        command.env("BW8_BASE_URL", service.base_url());
        work.run(command)
    };
    at(&other, "").exits(2).says("other_export");
    at(&other, " --dry-run").exits(2).says("other_export");
    assert_eq!(puts(&other), 0);
    // The same records under another address are the same account.
    at(&same, "").exits(0);
    assert_eq!(puts(&same), 1);
}

#[test]
fn tags_and_columns_that_a_list_does_not_show_are_said() {
    let hidden = account(2020, &["tableName", "note"]);
    let work = Work::at(&hidden.base_url());
    work.bw8("export tags -o tags.csv --rate 0").exits(1).says("does not show the tags");
    assert!(!work.path("tags.csv").exists());
    work.bw8("export tags -o tags.csv --rate 0 --accept-incomplete").exits(5).says("shows no tags of 3 records");
    work.bw8("export customers -o mine.csv --rate 0").exits(0).says("not the same as blank").says("Note");
    let shown = account(2020, &[]);
    let work = Work::at(&shown.base_url());
    work.bw8("export tags -o tags.csv --rate 0").exits(0).never_says("shows no tags");
}

fn exported(entity: &str, notes: &[&str], field: &str) -> (Work, Server) {
    let (work, server) = (Work::new(), Server::start(""));
    for (number, note) in notes.iter().enumerate() {
        let body = json!({"user": {field: note}}).to_string();
        server.change(&format!("users/{}", 50_001 + number), &body);
    }
    work.on(&server, format!("export {entity} -o mine.csv --summary none --headers zh")).exits(0);
    (work, server)
}

#[test]
fn an_agents_value_in_a_cell_that_was_blank_is_kept_and_said() {
    let (work, server) = exported("customers", &["", ""], "note");
    server.change("users/50002", r#"{"user":{"note":"同事写的"}}"#);
    let writes = server.requests_to("customers.update");
    work.on(&server, "import customers mine.csv --mode update").exits(0).says("1 row the service keeps");
    let results = work.results();
    assert_eq!(results.column("code")[..3], ["", "service_kept", ""]);
    assert!(results.column("message")[1].contains("同事写的"));
    assert_eq!(server.requests_to("customers.update"), writes);
    work.on(&server, "import customers mine.csv --mode update --fresh --overwrite 备注=always").exits(0);
    assert_eq!(server.requests_to("customers.update"), writes);
}

#[test]
fn tags_that_look_like_nothing_come_back_as_they_are() {
    let (work, server) = exported("tags", &["N/A", "无", "-", "空", "a\u{a0}b", "#清空"], "tableName");
    let writes = server.requests_to("customers.update");
    let ran = work.on(&server, "import tags mine.csv");
    ran.exits(0);
    let rows = work.summary()["rows"].clone();
    assert_eq!(rows["unchanged"], rows["read"], "{ran}");
    assert_eq!(server.requests_to("customers.update"), writes);
}

#[test]
fn what_a_chinese_spreadsheet_program_makes_of_texts_waits() {
    let said = ["1-2", "2025-01-20 10:11:12", "09:05", "00:30", "2025-01", "1/2", "2025-01-20", "9:05"];
    // The last two are edits.
    let saved = ["1月2日", "2025/1/20 10:11", "9:05", "0:30", "2025年1月", "2026/1/2", "2026-01-20", "9:15"];
    let (work, server) = exported("customers", &said, "note");
    let writes = server.requests_to("customers.update");
    let mut table = work.table("mine.csv");
    for (row, text) in saved.iter().enumerate() {
        table.set(row, "备注", text);
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv --mode update").exits(3);
    let codes = work.results().column("code")[..8].iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    assert_eq!(codes, ["respelled", "respelled", "respelled", "respelled", "respelled", "respelled", "", ""]);
    assert_eq!(server.requests_to("customers.update") - writes, 2);
}

#[test]
fn a_tag_that_is_added_and_taken_away_at_once_is_refused() {
    for (entity, text, options) in [
        ("customers", "联系人编号,标签\n50001,\"-甲,+甲\"\n", "--mode update"),
        ("tags", "对象类型,记录编号,添加标签,移除标签\n联系人,50001,甲,甲\n", ""),
        ("tags", "对象类型,记录编号,添加标签\n联系人,50001,\"+甲,-甲\"\n", ""),
    ] {
        let (work, server) = (Work::new(), Server::start(""));
        server.change("users/50001", r#"{"user":{"tableName":"甲,乙"}}"#);
        let writes = server.requests_to("customers.update");
        work.write("mine.csv", text);
        work.on(&server, format!("import {entity} mine.csv {options}")).exits(3);
        assert_eq!(work.results().column("code"), ["tag_both_ways"], "{text}");
        assert_eq!(server.requests_to("customers.update"), writes);
    }
}

#[test]
fn a_mask_is_not_said_to_be_what_somebody_changed() {
    let (work, server) = (Work::new(), Server::start(""));
    server.change("companies/20001", r#"{"company":{"servicepassword":"example"}}"#);
    work.write("mine.csv", "公司编号,服务密码\n20001,••••••\n");
    let ran = work.on(&server, "import companies mine.csv --mode update");
    ran.exits(0).never_says("somebody changed").never_says("the service \"");
}

/// What somebody writes over a value is an edit, also where it is a word for "nothing": it is asked about as in any other file.
#[test]
fn a_word_for_nothing_that_was_written_over_a_value_waits() {
    let (work, server) = exported("customers", &["备注一", "备注二", "null", ""], "note");
    let writes = server.requests_to("customers.update");
    let exported = work.read("mine.csv");
    work.on(&server, "import customers mine.csv --mode update").exits(0);
    for (word, note) in [("null", "备注一"), ("NULL", "备注二")] {
        work.write("mine.csv", exported.replacen(note, word, 1));
        let ran = work.on(&server, "import customers mine.csv --mode update --fresh");
        ran.exits(3).says("is a word for \"nothing\"").says("1 row may be right");
        assert_eq!(work.summary()["rows"]["held"], 1, "{ran}");
    }
    // Where a cell was emptied, or says in words that its field is to be empty, nobody is asked.
    work.write("mine.csv", exported.replacen("备注一", "", 1));
    work.on(&server, "import customers mine.csv --mode update --fresh").exits(0);
    assert_eq!(server.requests_to("customers.update"), writes);
    work.write("mine.csv", exported.replacen("备注一", "#清空", 1));
    work.on(&server, "import customers mine.csv --mode update --fresh").exits(0);
    assert_eq!(server.requests_to("customers.update"), writes + 1);
    assert_eq!(server.records("customers")[0]["note"], "");
}
