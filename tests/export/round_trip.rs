//! An export handed back changes what was edited in it and nothing else: every entity, in every format.

use calamine::{Data, Reader, open_workbook_auto};
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Map, Value};

use crate::harness::*;

type Record = Map<String, Value>;

/// Entities whose records can be changed: the path of a record, the field that is edited with its heading, and what an
/// update's body is wrapped in.
const ENTITIES: [(&str, &str, &str, &str, &str); 4] = [
    ("customers", "users", "note", "备注", "user"),
    ("companies", "companies", "address", "地址", "company"),
    ("tickets", "tickets", "subject", "标题", "ticket"),
    ("customer-groups", "customergroups", "groupName", "分组名称", "customergroup"),
];

/// A work folder with an export, in this format, and the sandbox it is of.
fn exported(entity: &str, file: &str) -> (Work, Server) {
    let (work, server) = (Work::new(), Server::start(""));
    prepare(&server);
    work.on(&server, format!("export {entity} -o {file} --summary none --headers {}", headings(file))).exits(0);
    (work, server)
}

/// Headings as people have them, and the interface's own where programs read.
fn headings(file: &str) -> &str {
    if file.ends_with("jsonl") { "api" } else { "zh" }
}

/// What the sandbox's own records do not have all of: markup, codes beyond the catalog, lists, lines, times that are not set.
fn prepare(server: &Server) {
    server.change(
        "tickets/900001",
        r#"{"ticket":{"descript":"<p>第一行</p><p>第二行 &amp; <b>更多</b></p>","ticketTemplateId":"4"}}"#,
    );
    server.change("users/50001", r#"{"user":{"note":"第一行\n第二行","tableName":"乙,甲"}}"#);
    server.change("users/50002", r#"{"user":{"note":"=1+1","tableName":""}}"#);
}

/// Writes a text into a cell of a row of a table, from 0 below the header.
fn edit(work: &Work, file: &str, row: usize, heading: &str, field: &str, text: &str) {
    if file.ends_with("jsonl") {
        let mut lines: Vec<String> = work.read(file).lines().map(str::to_owned).collect();
        let mut record: Value = serde_json::from_str(&lines[row]).unwrap();
        record[field] = text.into();
        lines[row] = record.to_string();
        return work.write(file, lines.join("\n") + "\n");
    }
    if file.ends_with("xlsx") {
        return save_again(&work.path(file), row, heading, text);
    }
    let mut table = work.table(file);
    table.set(row, heading, text);
    work.write_table(file, &table);
}

/// Saves a workbook as another program does, which drops what it does not know, with one cell changed.
fn save_again(path: &std::path::Path, row: usize, heading: &str, text: &str) {
    let mut old = open_workbook_auto(path).unwrap();
    let cells = old.worksheet_range_at(0).unwrap().unwrap();
    let mut new = Workbook::new();
    let sheet = new.add_worksheet();
    let (as_text, as_time) = (Format::new().set_num_format("@"), Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"));
    let edited = (0..cells.width()).find(|column| cells[(0, *column)] == *heading).unwrap();
    for (row_index, column, cell) in cells.used_cells() {
        let (at, column_at) = (u32::try_from(row_index).unwrap(), u16::try_from(column).unwrap());
        match cell {
            Data::DateTime(moment) => sheet.write_number_with_format(at, column_at, moment.as_f64(), &as_time).unwrap(),
            Data::Float(number) => sheet.write_number(at, column_at, *number).unwrap(),
            Data::Int(number) => sheet.write_number(at, column_at, *number as f64).unwrap(),
            cell => sheet.write_string_with_format(at, column_at, cell.to_string(), &as_text).unwrap(),
        };
    }
    let at = u32::try_from(row + 1).unwrap();
    sheet.write_string_with_format(at, u16::try_from(edited).unwrap(), text, &as_text).unwrap();
    new.save(path).unwrap();
}

/// The ids of the exported records, in the order of the file.
fn ids(work: &Work, file: &str, id: &str) -> Vec<String> {
    match file.ends_with("jsonl") {
        true => {
            let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()[id].as_str().unwrap().to_owned();
            work.read(file).lines().map(id).collect()
        }
        false => work.ids(file).iter().map(u64::to_string).collect(),
    }
}

/// Records by their ids, without the time of their last change.
fn by_id(records: Vec<Record>, id: &str) -> std::collections::BTreeMap<String, Record> {
    let mut records: std::collections::BTreeMap<_, _> =
        records.into_iter().map(|record| (record[id].as_str().unwrap().to_owned(), record)).collect();
    records.values_mut().for_each(|record| drop(record.remove("updateDT")));
    records
}

fn id_of(entity: &str) -> &'static str {
    match entity {
        "customers" => "cId",
        "companies" => "uId",
        "tickets" => "ticketId",
        _ => "groupId",
    }
}

/// A file of every format.
const FILES: [&str; 3] = ["mine.csv", "mine.xlsx", "mine.jsonl"];

#[test]
fn an_export_that_nobody_edited_writes_nothing() {
    for (entity, ..) in ENTITIES {
        for file in FILES {
            let (work, server) = exported(entity, file);
            let (before, writes) = (server.records(entity), server.requests_to(&format!("{entity}.update")));
            let ran = work.on(&server, format!("import {entity} {file} --mode update"));
            ran.exits(0).says("this is the export of");
            let rows = work.summary()["rows"].clone();
            assert_eq!(rows["unchanged"], rows["read"], "{entity} {file}: {ran}");
            assert_eq!(server.requests_to(&format!("{entity}.update")), writes, "{entity} {file}");
            assert_eq!(server.records(entity), before, "{entity} {file}");
        }
    }
}

#[test]
fn two_edited_cells_are_two_writes() {
    for (entity, _, field, heading, _) in ENTITIES {
        for file in FILES {
            let (work, server) = exported(entity, file);
            let before = by_id(server.records(entity), id_of(entity));
            let writes = server.requests_to(&format!("{entity}.update"));
            let ids = ids(&work, file, id_of(entity));
            edit(&work, file, 0, heading, field, "改过的第一行");
            edit(&work, file, 1, heading, field, "改过的第二行");
            let ran = work.on(&server, format!("import {entity} {file} --mode update"));
            ran.exits(0);
            assert_eq!(server.requests_to(&format!("{entity}.update")) - writes, 2, "{entity} {file}: {ran}");
            let mut expected = before;
            for (id, text) in ids.iter().zip(["改过的第一行", "改过的第二行"]) {
                expected.get_mut(id).unwrap().insert(field.to_owned(), text.into());
            }
            assert_eq!(by_id(server.records(entity), id_of(entity)), expected, "{entity} {file}");
        }
    }
}

#[test]
fn what_a_colleague_changed_meanwhile_stays() {
    for (entity, path, field, heading, wrap) in ENTITIES {
        for file in FILES {
            let (work, server) = exported(entity, file);
            let ids = ids(&work, file, id_of(entity));
            // One that nobody edits in the file, one that is edited there as well, one that is edited in the file alone.
            let theirs = |text: &str| format!(r#"{{"{wrap}":{{"{field}":"{text}"}}}}"#);
            server.change(&format!("{path}/{}", ids[0]), &theirs("同事改的甲"));
            server.change(&format!("{path}/{}", ids[1]), &theirs("同事改的乙"));
            edit(&work, file, 1, heading, field, "表格改的乙");
            edit(&work, file, 2, heading, field, "表格改的丙");
            let mut expected = by_id(server.records(entity), id_of(entity));
            let writes = server.requests_to(&format!("{entity}.update"));
            let ran = work.on(&server, format!("import {entity} {file} --mode update"));
            ran.exits(3).says("1 row the service keeps");
            assert_eq!(server.requests_to(&format!("{entity}.update")) - writes, 1, "{entity} {file}: {ran}");
            expected.get_mut(&ids[2]).unwrap().insert(field.to_owned(), "表格改的丙".into());
            assert_eq!(by_id(server.records(entity), id_of(entity)), expected, "{entity} {file}");
            let results = work.results();
            assert_eq!(results.column("status")[..3], ["skipped", "held", "updated"], "{entity} {file}");
            assert_eq!(results.column("code")[..3], ["service_kept", "changed_meanwhile", ""]);
            let message = results.column("message")[1].to_owned();
            assert!(message.contains("表格改的乙") && message.contains("同事改的乙"), "{message}");
        }
    }
}

/// An export of customers whose first row is edited in the file and was changed in the service meanwhile.
fn with_conflict(file: &str) -> (Work, Server) {
    let (work, server) = exported("customers", file);
    server.change("users/50001", r#"{"user":{"note":"同事改的"}}"#);
    edit(&work, file, 0, "备注", "note", "表格改的");
    (work, server)
}

fn note_of(server: &Server, id: &str) -> String {
    by_id(server.records("customers"), "cId")[id]["note"].as_str().unwrap().to_owned()
}

#[test]
fn a_conflict_is_written_once_a_person_says_so() {
    for file in ["mine.csv", "mine.xlsx"] {
        let (work, server) = with_conflict(file);
        let failed = format!("failed.{}", file.rsplit('.').next().unwrap());
        work.on(&server, format!("import customers {file} --mode update")).exits(3);
        let failed = work.run_folder().join(failed);
        let typed =
            |failed: &std::path::Path| format!("retry {}", failed.strip_prefix(work.path("")).unwrap().display());
        // Nobody said anything: nothing is written, however often it is tried.
        work.on(&server, typed(&failed)).exits(3);
        assert_eq!(note_of(&server, "50001"), "同事改的", "{file}");
        let mut table = work.table(&failed);
        table.set(0, "confirm import", "yes");
        match file.ends_with("xlsx") {
            true => std::fs::write(&failed, workbook(&[("失败", &table)])).unwrap(),
            false => std::fs::write(&failed, table.to_csv()).unwrap(),
        }
        work.on(&server, typed(&failed)).exits(0);
        assert_eq!(note_of(&server, "50001"), "表格改的", "{file}");
    }
}

#[test]
fn what_is_said_to_be_always_written_is_written() {
    let (work, server) = with_conflict("mine.csv");
    work.on(&server, "import customers mine.csv --mode update --overwrite 备注=always").exits(0);
    assert_eq!(note_of(&server, "50001"), "表格改的");
    let (work, server) = with_conflict("mine.csv");
    work.on(&server, "import customers mine.csv --mode update --accept-warnings=changed_meanwhile").exits(0);
    assert_eq!(note_of(&server, "50001"), "表格改的");
}

#[test]
fn an_export_is_known_by_another_name_without_its_manifest_and_sorted() {
    for file in FILES {
        let (work, server) = exported("customers", file);
        server.change("users/50002", r#"{"user":{"note":"同事改的"}}"#);
        std::fs::remove_file(work.path(format!("{file}.manifest.json"))).unwrap();
        let other = format!("other {file}").replace(' ', "-");
        std::fs::rename(work.path(file), work.path(&other)).unwrap();
        if file.ends_with("csv") {
            let mut table = work.table(&other);
            table.rows[1..].reverse();
            work.write_table(&other, &table);
        }
        let before = server.records("customers");
        work.on(&server, format!("import customers {other} --mode update")).exits(0).says("this is the export of");
        assert_eq!(server.records("customers"), before, "{file}");
    }
}

#[test]
fn the_export_of_another_week_under_the_same_name_is_not_taken_for_the_file() {
    let (work, server) = exported("customers", "mine.csv");
    let old = work.read("mine.csv");
    for number in 50001..50021 {
        server.change(&format!("users/{number}"), r#"{"user":{"note":"同事改的"}}"#);
    }
    work.on(&server, "export customers -o mine.csv --headers zh").exits(0);
    // Somebody saves the old one over it; the manifest beside it is that of the new one.
    work.write("mine.csv", old);
    let before = server.records("customers");
    work.on(&server, "import customers mine.csv --mode update").exits(0).says("20 rows the service keeps");
    assert_eq!(server.records("customers"), before);
}

#[test]
fn an_export_that_is_older_than_the_last_one_imported_asks() {
    let (work, server) = exported("customers", "old.csv");
    server.change("users/50001", r#"{"user":{"note":"同事改的"}}"#);
    work.on(&server, "export customers -o new.csv --headers zh").exits(0);
    edit(&work, "new.csv", 1, "备注", "note", "新的");
    work.on(&server, "import customers new.csv --mode update").exits(0);
    edit(&work, "old.csv", 2, "备注", "note", "旧的");
    work.on(&server, "import customers old.csv --mode update").exits(2).says("--accept-warnings=older_file");
    assert_ne!(note_of(&server, "50003"), "旧的");
    work.on(&server, "import customers old.csv --mode update --accept-warnings=older_file").exits(0);
    assert_eq!(note_of(&server, "50003"), "旧的");
    // The newer one is asked nothing.
    edit(&work, "new.csv", 3, "备注", "note", "又一个");
    work.on(&server, "import customers new.csv --mode update").exits(0);
}

/// A service with two tickets as the documents show them, and what an export of ours cannot carry whole.
fn tickets() -> Service {
    tickets_with("<p>一</p><p>二</p>")
}

/// The same with this description.
fn tickets_with(description: &'static str) -> Service {
    let ticket = move |id: u32, kind: &str| {
        serde_json::json!({"ticketId": id.to_string(), "subject": format!("示例 {id}"), "ticketType": kind,
            "descript": description, "custUserId": "50001", "servicerUserId": "0", "ticketStatus": "9",
            "tagList": "乙,甲", "ticketTemplateId": "4", "solveDT": "0000-00-00 00:00:00", "isDeleted": "0",
            "createDT": "2026-01-05 08:00:00", "updateDT": "2026-01-05 08:00:00",
            "custom_fields": [{"key": "field_1", "value": "12.50"}, {"key": "field_2", "value": "2026-02-01"},
                {"key": "field_3", "value": "00123"}]})
    };
    let mut tickets = [ticket(900_001, "0"), ticket(900_002, "1")];
    Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/tickets.json") => {
            let page = if request.number_of("page") > 1 { &[][..] } else { &tickets[..] };
            (200, serde_json::json!({"tickets": page, "count": 2}).to_string())
        }
        ("GET", "/tickets/ticket_fields2.json") => (
            200,
            serde_json::json!({"ticket_fields": [
                {"key": "field_1", "name": "金额", "type": "5"}, {"key": "field_2", "name": "日期", "type": "8"},
                {"key": "field_3", "name": "编码", "type": "2"}]})
            .to_string(),
        ),
        (method, path) => {
            let ticket = tickets
                .iter_mut()
                .find(|ticket| path == format!("/tickets/{}.json", ticket["ticketId"].as_str().unwrap()));
            let Some(ticket) = ticket else { return unknown() };
            if method == "PUT" {
                let body: Value = serde_json::from_str(&request.body).unwrap();
                for (name, value) in body["ticket"].as_object().unwrap() {
                    ticket[name] = value.clone();
                }
            }
            (200, serde_json::json!({"ticket": [ticket]}).to_string())
        }
    })
}

#[test]
fn what_a_file_cannot_carry_whole_is_never_written_back() {
    for file in FILES {
        let service = tickets();
        let work = Work::at(&service.base_url());
        work.export(format!("tickets -o {file} --summary none --headers {}", headings(file))).exits(0);
        work.bw8(format!("import tickets {file} --mode update --rate 0")).exits(0);
        assert_rows(&work.summary(), "unchanged 2");
        edit(&work, file, 1, "标题", "subject", "改过的");
        work.bw8(format!("import tickets {file} --mode update --rate 0")).exits(0);
        let writes: Vec<Request> = service.requests().into_iter().filter(|request| request.method == "PUT").collect();
        let bodies: Vec<&str> = writes.iter().map(|request| request.body.as_str()).collect();
        assert_eq!(bodies, [r#"{"ticket":{"subject":"改过的","ticketTemplateId":"4"}}"#], "{file}");
    }
}

#[test]
fn custom_numbers_and_days_are_numbers_and_days_in_workbooks() {
    let service = tickets();
    let work = Work::at(&service.base_url());
    work.export("tickets -o mine.xlsx --summary none --headers zh").exits(0);
    let mut book = open_workbook_auto(work.path("mine.xlsx")).unwrap();
    let cells = book.worksheet_range_at(0).unwrap().unwrap();
    let cell = |heading: &str| {
        let column = (0..cells.width()).find(|column| cells[(0, *column)] == *heading).unwrap();
        cells[(1, column)].clone()
    };
    assert_eq!(cell("金额"), Data::Float(12.5));
    assert!(matches!(cell("日期"), Data::DateTime(_)), "{:?}", cell("日期"));
    assert_eq!(cell("编码"), Data::String("00123".to_owned()));
}

#[test]
fn a_file_is_edited_and_imported_as_often_as_wanted() {
    let (work, server) = exported("customers", "mine.csv");
    // There and back again: what the file says now is compared with what the record says now.
    for text in ["甲", "乙", "甲"] {
        edit(&work, "mine.csv", 2, "备注", "note", text);
        work.on(&server, "import customers mine.csv --mode update --overwrite 备注=always").exits(0);
        assert_eq!(note_of(&server, "50003"), text);
    }
    let writes = server.requests_to("customers.update");
    work.on(&server, "import customers mine.csv --mode update --overwrite 备注=always").exits(0);
    assert_eq!(server.requests_to("customers.update"), writes);
}

/// A description with all that an editor puts into one, and what people type.
const RICH: &str = "<div>您好 &amp; 欢迎</div><ol><li>第一步</li><li>第二步</li></ol><p>见<a href=\"https://example.com/a?b=1&amp;c=2\">说明</a>，\
    <img src=\"https://example.com/1.png\" alt=\"截图\"></p><p>联系 <张三> 或 <somebody@example.com>，&yen;5</p>";

fn cells(work: &Work, file: &str, heading: &str) -> Vec<String> {
    work.table(file).column(heading).iter().map(|cell| (*cell).to_owned()).collect()
}

#[test]
fn markup_becomes_text_that_loses_no_word_and_is_never_written_back() {
    for file in ["mine.csv", "mine.xlsx"] {
        let service = tickets_with(RICH);
        let work = Work::at(&service.base_url());
        work.export(format!("tickets -o {file} --summary none --headers zh")).exits(0);
        let text = cells(&work, file, "描述").remove(0);
        for word in [
            "您好 & 欢迎",
            "1. 第一步",
            "2. 第二步",
            "说明 (https://example.com/a?b=1&c=2)",
            "[截图 https://example.com/1.png]",
            "<张三>",
            "<somebody@example.com>",
            "¥5",
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert!(!["<p", "<li", "<div", "<a ", "&amp;"].iter().any(|tag| text.contains(tag)), "{text}");
        edit(&work, file, 0, "标题", "subject", "改过的");
        work.bw8(format!("import tickets {file} --mode update --rate 0")).exits(0);
        let bodies: Vec<String> = written(&service);
        assert_eq!(bodies, [r#"{"ticket":{"subject":"改过的","ticketTemplateId":"4"}}"#], "{file}");
        // As often as somebody says that it is always to be written.
        work.bw8(format!("import tickets {file} --mode update --rate 0 --fresh --overwrite 描述=always")).exits(0);
        assert_eq!(written(&service).len(), 1, "{file}");
    }
}

/// The bodies of all changes.
fn written(service: &Service) -> Vec<String> {
    service.requests().into_iter().filter(|request| request.method == "PUT").map(|request| request.body).collect()
}

#[test]
fn markup_that_is_exported_as_it_is_comes_back_whole() {
    for file in ["raw.csv", "raw.xlsx"] {
        let service = tickets_with(RICH);
        let work = Work::at(&service.base_url());
        work.export(format!("tickets -o {file} --summary none --headers zh --raw")).exits(0);
        assert_eq!(cells(&work, file, "描述"), [RICH, RICH], "{file}");
        work.bw8(format!("import tickets {file} --mode update --rate 0")).exits(0);
        assert_rows(&work.summary(), "unchanged 2");
        assert_eq!(written(&service).len(), 0, "{file}");
        let changed = RICH.replace("第一步", "第零步");
        edit(&work, file, 1, "描述", "descript", &changed);
        work.bw8(format!("import tickets {file} --mode update --rate 0")).exits(0);
        let body: Value = serde_json::from_str(&written(&service).remove(0)).unwrap();
        assert_eq!(body, serde_json::json!({"ticket": {"descript": changed, "ticketTemplateId": "4"}}), "{file}");
    }
}

#[test]
fn a_check_without_the_account_knows_what_its_export_said() {
    for file in ["mine.csv", "mine.xlsx"] {
        let service = tickets();
        let work = Work::at(&service.base_url());
        work.export(format!("tickets -o {file} --summary none --headers zh")).exits(0);
        let asked = service.requests().len();
        // A type beyond the catalog is the service's own.
        work.bw8(format!("check tickets {file} --mode update")).exits(0).says("this is the export of");
        edit(&work, file, 1, "工单类型", "ticketType", "不存在的类型");
        work.bw8(format!("check tickets {file} --mode update")).exits(3).says("不存在的类型");
        assert_eq!(service.requests().len(), asked, "{file}");
    }
}
