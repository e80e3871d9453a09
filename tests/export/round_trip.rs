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
    work.on(&server, &format!("export {entity} -o {file} --summary none --headers {}", headings(file))).exits(0);
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
    let edited = (0..cells.width()).find(|column| cells[(0, *column)].to_string() == heading).unwrap();
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
            let ran = work.on(&server, &format!("import {entity} {file} --mode update"));
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
            let ran = work.on(&server, &format!("import {entity} {file} --mode update"));
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
            let ran = work.on(&server, &format!("import {entity} {file} --mode update"));
            ran.exits(3).says("1 rows the service keeps");
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
