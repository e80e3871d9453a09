//! A file that is an export of ours never puts back what somebody changed since, whoever brings it, wherever, and whatever was done
//! to the file; where it is not known what the export said, nothing is written without asking.

use crate::harness::*;

/// What somebody did to a file, in words and as it is done.
type Edit = (&'static str, fn(&mut Table));

/// A work folder with an export of customers in this format, and the sandbox it is of, in which a colleague changes the note of
/// 50001 afterwards.
fn exported(file: &str) -> (Work, Server) {
    let (work, server) = (Work::new(), Server::start(""));
    for id in ["50001", "50002", "50003"] {
        change(&server, id, "note", &format!("备注 {id}"));
    }
    let headings = if file.ends_with("jsonl") { "api" } else { "zh" };
    work.on(&server, format!("export customers -o {file} --summary none --headers {headings}")).exits(0);
    change(&server, "50001", "note", "同事的更正");
    (work, server)
}

fn change(server: &Server, id: &str, field: &str, text: &str) {
    server.change(&format!("users/{id}"), &format!(r#"{{"user":{{"{field}":"{text}"}}}}"#));
}

/// What a customer says in a field.
#[track_caller]
fn said(server: &Server, id: &str, field: &str) -> String {
    let records = server.records("customers");
    let record = records.iter().find(|record| record["cId"] == id).unwrap();
    record[field].as_str().unwrap().to_owned()
}

#[test]
fn an_export_is_known_whatever_was_done_to_its_file() {
    let with_column = |table: &mut Table| table.rows.iter_mut().for_each(|row| row.push("我的列".to_owned()));
    let with_heading = |table: &mut Table| {
        let column = table.rows[0].iter().position(|title| title == "职位").unwrap();
        table.rows[0][column] = "职务说明".to_owned();
    };
    let without_id = |table: &mut Table| table.rows.iter_mut().for_each(|row| drop(row.remove(0)));
    let edits: [Edit; 3] = [("mine.csv", with_column), ("mine.csv", with_heading), ("o.csv", without_id)];
    for (number, (name, edit)) in edits.into_iter().enumerate() {
        let (work, server) = exported("o.csv");
        let mut table = work.table("o.csv");
        edit(&mut table);
        work.write_table(name, &table);
        let writes = server.requests_to("customers.update");
        let ran = work.on(&server, format!("import customers {name} --mode update"));
        ran.exits(0).says("this is the export of").says("1 row the service keeps");
        assert_eq!(server.requests_to("customers.update"), writes, "{number}");
        assert_eq!(said(&server, "50001", "note"), "同事的更正", "{number}");
    }
}

#[test]
fn an_export_is_known_under_another_name_of_the_host() {
    let (work, server) = exported("o.csv");
    let mut command = work.command_on(&server, "import customers o.csv --mode update");
    command.env("BW8_BASE_URL", server.base_url().replace("127.0.0.1", "localhost"));
    work.run(command).exits(0).says("this is the export of");
    assert_eq!(said(&server, "50001", "note"), "同事的更正");
}

#[test]
fn an_export_that_nobody_knows_here_is_held_where_it_differs() {
    for (file, field) in [("o.csv", "备注"), ("o.xlsx", "备注"), ("renamed.csv", "备注"), ("o.jsonl", "note")] {
        let exported_as = if file == "renamed.csv" { "o.csv" } else { file };
        let (work, server) = exported(exported_as);
        let elsewhere = Work::new();
        std::fs::copy(work.path(exported_as), elsewhere.path(file)).unwrap();
        let manifest = format!("{exported_as}.manifest.json");
        if file == "o.csv" {
            std::fs::copy(work.path(&manifest), elsewhere.path(&manifest)).unwrap();
        }
        if file.ends_with("csv") {
            let mut table = elsewhere.table(file);
            table.set(1, field, "我改的");
            elsewhere.write_table(file, &table);
        }
        let before = server.records("customers");
        let ran = elsewhere.on(&server, format!("import customers {file} --mode update"));
        ran.exits(3).says("origin_unknown");
        assert_eq!(server.records("customers"), before, "{file}: {ran}");
        let results = elsewhere.results();
        assert_eq!((results.column("status")[0], results.column("code")[0]), ("held", "origin_unknown"), "{file}");
        assert!(results.column("message")[0].contains("同事的更正"), "{file}");
        // A person looked.
        let ran =
            elsewhere.on(&server, format!("import customers {file} --mode update --accept-warnings=origin_unknown"));
        ran.exits(0);
        assert_eq!(said(&server, "50001", "note"), "备注 50001", "{file}");
    }
}

#[test]
fn of_two_exports_that_a_file_may_be_it_is_the_older_one() {
    let (work, server) = exported("first.csv");
    work.on(&server, "export customers -o second.csv --summary none --headers zh").exits(0);
    let mut table = work.table("first.csv");
    table.set(0, "备注", "我改的");
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv --mode update").exits(3);
    assert_eq!(work.results().column("code")[0], "changed_meanwhile");
    assert_eq!(said(&server, "50001", "note"), "同事的更正");
}

#[test]
fn an_export_is_known_by_its_manifest_though_every_cell_was_edited() {
    let (work, server) = (Work::new(), Server::start(""));
    work.on(&server, "export customers -o o.csv --columns cId,note --summary none").exits(0);
    change(&server, "50001", "note", "同事的更正");
    let mut table = work.table("o.csv");
    for row in 0..table.rows.len() - 1 {
        table.set(row, "Note", &format!("我改的 {row}"));
    }
    work.write_table("o.csv", &table);
    work.on(&server, "import customers o.csv --mode update").exits(3).says("this is the export of");
    assert_eq!(said(&server, "50001", "note"), "同事的更正");
    assert_eq!(said(&server, "50002", "note"), "我改的 1");
}

#[test]
fn a_row_that_was_kept_in_one_cell_still_knows_the_others() {
    let (work, server) = (Work::new(), Server::start(""));
    let row = |position: &str| format!("联系人编号,备注,职位\n50001,甲,{position}\n");
    work.write("first.csv", "联系人编号,备注\n50001,甲\n");
    work.on(&server, "import customers first.csv --mode update").exits(0);
    change(&server, "50001", "note", "同事的更正");
    work.write("second.csv", row("经理"));
    work.on(&server, "import customers second.csv --mode update").exits(0).says("1 row the service keeps");
    assert_eq!(said(&server, "50001", "position"), "经理");
    // What the second file wrote is no change of somebody else.
    work.write("third.csv", row("总监"));
    work.on(&server, "import customers third.csv --mode update").exits(0);
    assert_eq!(said(&server, "50001", "position"), "总监");
    change(&server, "50001", "position", "同事的职位");
    work.write("fourth.csv", row("总监") + "50002,乙,\n");
    work.on(&server, "import customers fourth.csv --mode update").exits(0);
    assert_eq!(
        (said(&server, "50001", "position"), said(&server, "50001", "note")),
        ("同事的职位".into(), "同事的更正".into())
    );
}

#[test]
fn a_further_reply_is_a_further_reply() {
    let (work, server) = (Work::new(), Server::start(""));
    for (number, text) in ["请补充材料", "材料已收到", "请补充材料"].into_iter().enumerate() {
        let file = format!("{number}.csv");
        work.write(&file, format!("工单编号,回复,标题\n900001,{text},标题 {number}\n"));
        let writes = server.requests_to("tickets.update");
        work.on(&server, format!("import tickets {file} --mode update")).exits(0);
        assert_rows(&work.summary(), "updated 1");
        assert_eq!(server.requests_to("tickets.update") - writes, 1);
        // The same once more is nothing.
        work.on(&server, format!("import tickets {file} --mode update")).exits(0);
        assert_eq!(server.requests_to("tickets.update") - writes, 1);
    }
}

#[test]
fn consent_holds_for_the_value_that_was_shown() {
    let (work, server) = exported("o.csv");
    let mut table = work.table("o.csv");
    table.set(0, "备注", "我改的");
    work.write_table("o.csv", &table);
    work.on(&server, "import customers o.csv --mode update").exits(3);
    let confirm = |folder: std::path::PathBuf| {
        let failed = folder.strip_prefix(work.path("")).unwrap().join("failed.csv");
        let mut table = work.table(&failed);
        table.set(0, "confirm import", "yes");
        std::fs::write(work.path(&failed), table.to_csv()).unwrap();
        format!("retry {}", failed.display())
    };
    let retry = confirm(work.run_folder());
    change(&server, "50001", "note", "同事的第二次更正");
    work.on(&server, retry).exits(3).says("同事的第二次更正");
    assert_eq!(said(&server, "50001", "note"), "同事的第二次更正");
    let retry = confirm(work.runs().pop().unwrap());
    work.on(&server, retry).exits(0);
    assert_eq!(said(&server, "50001", "note"), "我改的");
}

/// A service with one ticket that has this description and these texts in two custom fields, one of a line of text and one of
/// numbers.
fn one_ticket(description: String, text: &'static str, number: &'static str) -> Service {
    let mut ticket = serde_json::json!({"ticketId": "900001", "subject": "示例", "descript": description, "custUserId": "50001",
        "ticketStatus": "1", "isDeleted": "0", "createDT": "2026-01-05 08:00:00", "updateDT": "2026-01-05 08:00:00",
        "custom_fields": [{"key": "field_1", "value": text}, {"key": "field_2", "value": number}]});
    Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/tickets.json") => {
            let page = if request.number_of("page") > 1 { vec![] } else { vec![ticket.clone()] };
            (200, serde_json::json!({"tickets": page, "count": 1}).to_string())
        }
        ("GET", "/tickets/ticket_fields2.json") => (
            200,
            serde_json::json!({"ticket_fields": [{"key": "field_1", "name": "编码", "type": "2"},
                {"key": "field_2", "name": "金额", "type": "5"}]})
            .to_string(),
        ),
        ("GET", "/tickets/900001.json") => (200, serde_json::json!({"ticket": [ticket]}).to_string()),
        ("PUT", "/tickets/900001.json") => {
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            for (name, value) in body["ticket"].as_object().unwrap() {
                match value.as_array() {
                    None => ticket[name] = value.clone(),
                    Some(pairs) => pairs.iter().for_each(|pair| {
                        let number = if pair["key"] == "field_1" { 0 } else { 1 };
                        ticket["custom_fields"][number] = pair.clone();
                    }),
                }
            }
            (200, serde_json::json!({"ticket": [ticket]}).to_string())
        }
        _ => unknown(),
    })
}

/// How many changes a service was asked for.
fn writes(service: &Service) -> usize {
    service.requests().iter().filter(|request| request.method == "PUT").count()
}

#[test]
fn what_a_spreadsheet_makes_of_a_text_is_held_and_of_a_number_nothing() {
    for (text, saved) in
        [("00012", "12"), ("0451", "451"), ("1e5", "100000"), ("+8613000000000", "8613000000000"), ("1.10", "1.1")]
    {
        let service = one_ticket("一".to_owned(), text, "12.50");
        let work = Work::at(&service.base_url());
        work.export("tickets -o o.csv --summary none --headers zh").exits(0);
        let mut table = work.table("o.csv");
        table.set(0, "金额", "12.5");
        work.write_table("o.csv", &table);
        work.bw8("import tickets o.csv --mode update --rate 0").exits(0);
        assert_rows(&work.summary(), "unchanged 1");
        table.set(0, "编码", saved);
        work.write_table("o.csv", &table);
        work.bw8("import tickets o.csv --mode update --rate 0").exits(3).says(text);
        assert_eq!(work.results().column("code"), ["respelled"], "{text}");
        assert_eq!(writes(&service), 0, "{text}");
        // Whoever means it says so.
        work.bw8("import tickets o.csv --mode update --rate 0 --accept-warnings=respelled").exits(0);
        assert_eq!(writes(&service), 1, "{text}");
    }
    // Any other text is an edit.
    let service = one_ticket("一".to_owned(), "00012", "12.50");
    let work = Work::at(&service.base_url());
    work.export("tickets -o o.csv --summary none --headers zh").exits(0);
    let mut table = work.table("o.csv");
    table.set(0, "编码", "00013");
    work.write_table("o.csv", &table);
    work.bw8("import tickets o.csv --mode update --rate 0").exits(0);
    assert_eq!(writes(&service), 1);
}

#[test]
fn the_beginning_of_a_text_that_found_no_room_is_never_written() {
    let service = one_ticket(format!("<p>{}</p>", "长".repeat(40_000)), "甲", "1");
    let work = Work::at(&service.base_url());
    work.export("tickets -o o.xlsx --raw --summary none --headers zh").exits(0);
    let elsewhere = Work::at(&service.base_url());
    std::fs::copy(work.path("o.xlsx"), elsewhere.path("o.xlsx")).unwrap();
    for work in [&work, &elsewhere] {
        work.bw8("import tickets o.xlsx --mode update --rate 0 --accept-warnings").exits(0);
        assert_rows(&work.summary(), "unchanged 1");
    }
    let mut table = work.table("o.xlsx");
    let column = table.rows[0].iter().position(|title| title == "描述").unwrap();
    let edited = table.rows[1][column].replacen('长', "短", 1);
    table.set(0, "描述", &edited);
    work.write("p.xlsx", workbook(&[("工单", &table)]));
    work.bw8("import tickets p.xlsx --mode update --rate 0 --accept-warnings --overwrite 描述=always").exits(3);
    assert_eq!(work.results().column("code"), ["cell_cut"]);
    assert_eq!(writes(&service), 0);
}

#[test]
fn nothing_is_written_to_a_record_that_was_deleted_since() {
    for (entity, path, wrap, field, value, heading) in [
        ("customers", "users/50001", "user", "state", "3", "备注"),
        ("companies", "companies/20001", "company", "status", "2", "地址"),
    ] {
        let (work, server) = (Work::new(), Server::start(""));
        work.on(&server, format!("export {entity} -o o.csv --summary none --headers zh")).exits(0);
        server.change(path, &format!(r#"{{"{wrap}":{{"{field}":"{value}"}}}}"#));
        let mut table = work.table("o.csv");
        table.set(0, heading, "改过的");
        work.write_table("o.csv", &table);
        let writes = server.requests_to(&format!("{entity}.update"));
        work.on(&server, format!("import {entity} o.csv --mode update")).exits(3).says("has been deleted");
        assert_eq!(server.requests_to(&format!("{entity}.update")), writes, "{entity}");
        assert_eq!(work.results().column("code")[0], "record_deleted", "{entity}");
    }
    // Its own page says it before the list does.
    let mut ticket =
        serde_json::json!({"ticketId": "900001", "subject": "示例", "custUserId": "50001", "isDeleted": "0"});
    let service = Service::start(move |request| match request.path.as_str() {
        "/tickets.json" => (200, serde_json::json!({"tickets": [ticket], "count": 1}).to_string()),
        "/tickets/900001.json" => {
            ticket["isDeleted"] = "1".into();
            (200, serde_json::json!({"ticket": [ticket]}).to_string())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "工单编号,标题\n900001,改过的\n");
    work.bw8("import tickets mine.csv --mode update --rate 0").exits(3).says("has been deleted");
    assert_eq!(writes(&service), 0);
}

#[test]
fn a_row_whose_id_and_mobile_are_those_of_two_people_is_held() {
    let (work, server) = (Work::new(), Server::start(""));
    let before = server.records("customers");
    let mobile = said(&server, "50002", "mobile");
    work.write(
        "mine.csv",
        format!("联系人编号,手机,备注\n50001,{mobile},甲\n50002,{mobile},乙\n50003,13100009999,丙\n"),
    );
    work.on(&server, "import customers mine.csv --mode update --dry-run").exits(3).says("50002");
    let ran = work.on(&server, "import customers mine.csv --mode update --accept-warnings");
    ran.exits(3);
    assert_eq!(work.results().column("status"), ["held", "updated", "updated"], "{ran}");
    assert!(work.results().column("message")[0].contains("50002"));
    assert_eq!(said(&server, "50001", "mobile"), before[0]["mobile"].as_str().unwrap());
}

#[test]
fn a_formula_that_was_never_calculated_is_refused_in_an_export_too() {
    let (work, server) = exported("o.xlsx");
    let table = work.table("o.xlsx");
    let column = u16::try_from(table.rows[0].iter().position(|title| title == "备注").unwrap()).unwrap();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0u32..).zip(&table.rows) {
        for (at, cell) in (0u16..).zip(cells).filter(|(at, _)| (row, *at) != (2, column)) {
            sheet.write_string(row, at, cell).unwrap();
        }
    }
    sheet.write_formula(2, column, rust_xlsxwriter::Formula::new("=C3&\"x\"").set_result("")).unwrap();
    book.save(work.path("o.xlsx")).unwrap();
    work.on(&server, "import customers o.xlsx --mode update").exits(3).says("never calculated");
    assert_eq!(work.results().column("status")[1], "refused");
}

#[test]
fn an_export_without_its_ids_is_not_made_a_second_time() {
    let server = Server::start("");
    let work = Work::new();
    work.on(&server, "export tickets -o mine.csv --summary none --headers zh").exits(0);
    let stored = server.stored("tickets");
    let without_ids = |edit: Edit| {
        let mut table = work.table("mine.csv");
        table.delete_column("工单编号");
        (edit.1)(&mut table);
        work.write_table("handed.csv", &table);
        work.on(&server, "import tickets handed.csv --dry-run").exits(2).says("say what").says("own_export");
        work.on(&server, "import tickets handed.csv").exits(2).says("each of these records would be there twice");
        assert_eq!(server.stored("tickets"), stored, "{}", edit.0);
    };
    let with_numbers = |table: &mut Table| {
        table.rows[0].insert(0, "序号".to_owned());
        for (number, row) in table.rows.iter_mut().enumerate().skip(1) {
            row.insert(0, number.to_string());
        }
    };
    let closed = |table: &mut Table| {
        for row in 0..table.len() {
            table.set(row, "工单状态", "已关闭");
        }
    };
    let half = |table: &mut Table| table.rows.truncate(20);
    let edits: [Edit; 4] = [("as it is", |_| {}), ("numbers", with_numbers), ("closed", closed), ("half", half)];
    edits.into_iter().for_each(without_ids);
    let mut table = work.table("mine.csv");
    table.delete_column("工单编号");
    table.rows.truncate(3);
    work.write_table("handed.csv", &table);
    work.on(&server, "import tickets handed.csv --accept-warnings=own_export").exits(0);
    assert_eq!(server.stored("tickets"), stored + 2);
}

#[test]
fn new_rows_below_the_headings_of_an_export_are_new() {
    let server = Server::start("");
    let work = Work::new();
    work.on(&server, "export tickets -o mine.csv --summary none --headers zh").exits(0);
    let mut table = work.table("mine.csv");
    table.delete_column("工单编号");
    let last = table.rows[1].clone();
    table.rows.truncate(1);
    for number in 0..4 {
        // Of the same people and kinds, with texts of their own.
        table.rows.push(last.clone());
        table.set(number, "标题", &format!("示例新工单 {number}"));
    }
    work.write_table("new.csv", &table);
    work.on(&server, "import tickets new.csv --dry-run").exits(0);
    // A person's own file goes on being that, whoever exported its rows meanwhile: what was sent is known.
    let rows = |count: u32| {
        let mut table = Table::of(&["标题", "描述", "客户手机"]);
        for row in 1..=count {
            table.push(&[&format!("示例 {row}"), "示例说明", "13000000001"]);
        }
        table
    };
    work.write_table("own.csv", &rows(4));
    work.on(&server, "import tickets own.csv").exits(0);
    work.on(&server, "export tickets -o again.csv --summary none").exits(0);
    work.write_table("more.csv", &rows(6));
    work.on(&server, "import tickets more.csv").exits(3);
    assert_rows(&work.summary(), "created 2, held 4");
    work.write_table("own.csv", &rows(6));
    work.on(&server, "import tickets own.csv --accept-changed --accept-warnings=sent_before").exits(0);
    // Another account has none of them.
    let other = Server::start("");
    table.rows.truncate(1);
    table.rows.push(last);
    work.write_table("moved.csv", &table);
    work.on(&other, "import tickets moved.csv --dry-run").exits(0);
}

#[test]
fn a_file_of_another_system_is_no_export_of_ours_for_its_times() {
    let server = Server::start("");
    let header = "工单号,标题,描述,客户手机,创建时间,更新时间";
    let rows = |text: &str| format!("{header}\nT1,示例一,{text},13000000001,2024-01-01 08:00,2024-01-02 08:00\n");
    let work = Work::with("mine.csv", rows("一"));
    work.on(&server, "import tickets mine.csv --source crm --run first").exits(0);
    work.write("mine.csv", rows("改过"));
    let ran = work.on(&server, "import tickets mine.csv --source crm --mode upsert --run second");
    ran.exits(0).never_says("this is an export");
    assert_rows(&work.summary_of("second"), "updated 1");
}

/// In the sandbox an export of the sandbox is edited and comes back; one of an account has no records there, and the way on is said.
#[test]
fn an_export_of_an_account_is_not_rehearsed_on_records_of_the_sandbox() {
    let (work, server) = (Work::new(), Server::typed("--seed 2 --assume all"));
    work.on(&server, "export customers -o o.xlsx --headers zh").exits(0);
    change(&server, "50001", "note", "同事的更正");
    for (file, command) in [("s.csv", "customers s.csv --mode update"), ("t.csv", "tags t.csv")] {
        let entity = command.split_whitespace().next().unwrap();
        work.bw8(format!("export {entity} -o {file} --headers zh --sandbox")).exits(0);
        let mut table = work.table(file);
        table.set(2, if entity == "tags" { "设为标签" } else { "备注" }, "示例改动");
        work.write_table(file, &table);
        let ran = work.bw8(format!("import {command} --sandbox"));
        ran.exits(0);
        assert_eq!(work.summary()["rows"]["updated"], 1, "{ran}");
    }
    work.on(&server, "export tags -o account-tags.csv --headers zh").exits(0);
    for rest in ["customers o.xlsx --mode update", "customers o.xlsx --mode upsert", "tags account-tags.csv"] {
        for switch in ["", " --dry-run"] {
            let ran = work.bw8(format!("import {rest} --sandbox{switch}"));
            ran.exits(2).says("not one of this sandbox").says("add --dry-run").says("--accept-warnings=origin_unknown");
        }
    }
    work.bw8("import customers o.xlsx --mode update --sandbox --accept-warnings=origin_unknown --lang zh")
        .exits_with_one_of(&[0, 3]);
    // What is said to do does what it says.
    let writes = server.requests_to("customers.update");
    work.on(&server, "import customers o.xlsx --mode update --dry-run").exits(0).says("the service says");
    assert_eq!(server.requests_to("customers.update"), writes);
    // A file of one's own is rehearsed as it is.
    work.write("own.csv", "联系人编号,备注\n50001,示例\n");
    work.bw8("import customers own.csv --mode update --sandbox").exits(0);
}

/// What was found out afterwards was sent all the same: of a service that gives no ids that is every row.
#[test]
fn what_was_found_to_be_made_is_where_the_next_file_comes_from() {
    for switches in ["--variant created=insert-ok", "--fault close-after-store,on=POST_users,nth=2"] {
        let (work, server) = (Work::new(), Server::start(switches));
        let rows = |note: &str| {
            let row = |n: u8| format!("示例 {n},1310000000{n},20001,{note} {n}\n");
            format!("姓名,手机,公司编号,备注\n{}{}{}", row(1), row(2), row(3))
        };
        work.write("first.csv", rows("说明"));
        work.on(&server, "import customers first.csv --concurrency 1 --server-timeout 0").exits(0);
        let id = work.results().column("id")[1].to_owned();
        change(&server, &id, "note", "同事的更正");
        work.write("second.csv", rows("新说明"));
        work.on(&server, "import customers second.csv --mode upsert").exits(3).says("同事的更正");
        assert_eq!(said(&server, &id, "note"), "同事的更正", "{switches}");
        assert_rows(&work.summary(), "updated 2, held 1");
    }
}

/// A change whose answer was lost, and that is there: what somebody writes afterwards is that one's.
#[test]
fn what_was_found_to_be_changed_is_where_the_next_file_comes_from() {
    let server = Server::start("--fault close-after-store,on=PUT_users,nth=1");
    let work = Work::with("first.csv", "联系人编号,备注\n50001,甲\n50002,甲\n");
    work.on(&server, "import customers first.csv --mode update --concurrency 1 --server-timeout 0").exits(0);
    change(&server, "50001", "note", "同事的更正");
    change(&server, "50002", "note", "同事的更正");
    work.write("second.csv", "联系人编号,备注\n50001,乙\n50002,乙\n");
    work.on(&server, "import customers second.csv --mode update").exits(3);
    assert_rows(&work.summary(), "held 2");
    assert_eq!(said(&server, "50001", "note"), "同事的更正");
}

/// Of a row in doubt nobody knows which record it made or changed, and what that said then.
#[test]
fn rows_in_doubt_are_named_before_their_records_are_changed() {
    let server = Server::start("--fault close-after-read,on=PUT_users,nth=2..9");
    let work = Work::with("first.csv", "联系人编号,备注\n50001,甲\n50002,甲\n");
    work.on(&server, "import customers first.csv --mode update --run first --concurrency 1 --server-timeout 300")
        .exits(4);
    let words = "to be safe find that out first: bw8 settle first";
    work.write("second.csv", "联系人编号,备注\n50001,乙\n");
    for run in ["second", "third"] {
        work.on(&server, format!("import customers second.csv --mode update --run {run} --dry-run"))
            .exits(0)
            .says(words);
    }
    work.on(&server, "settle first --server-timeout 0").exits(5);
    work.on(&server, "import customers second.csv --mode update --run second --dry-run")
        .exits(0)
        .never_says("find that out");
}
