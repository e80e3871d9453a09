//! A file of ours that is edited again after its rows were imported: what the service has from us since is no change of anybody
//! else, and what somebody else changed since still is.

use crate::harness::*;

/// Records of each kind that a person edits in an export: the path of one, its heading and field, what a change is wrapped in.
const KINDS: [(&str, &str, &str, &str, &str); 3] = [
    ("customers", "users/50001", "备注", "note", "user"),
    ("companies", "companies/20001", "地址", "address", "company"),
    ("tickets", "tickets/900001", "标题", "subject", "ticket"),
];

/// Writes a text into the first row of a file.
fn edit(work: &Work, file: &str, heading: &str, text: &str) {
    let mut table = work.table(file);
    table.set(0, heading, text);
    work.write_table(file, &table);
}

#[test]
fn what_we_sent_since_an_export_was_made_is_the_origin_of_its_cells() {
    for (entity, path, heading, field, wrap) in KINDS {
        let (work, server) = (Work::new(), Server::start(""));
        let said = || server.records(entity)[0][field].as_str().unwrap().to_owned();
        work.on(&server, format!("export {entity} -o o.csv --summary none --headers zh")).exits(0);
        for text in ["第一次", "第二次", "第三次"] {
            edit(&work, "o.csv", heading, text);
            work.on(&server, format!("import {entity} o.csv --mode update")).exits(0);
            assert_rows_of_one(&work, "updated");
            assert_eq!(said(), text, "{entity}");
        }
        // A colleague is somebody else.
        server.change(path, &format!(r#"{{"{wrap}":{{"{field}":"同事改的"}}}}"#));
        edit(&work, "o.csv", heading, "第四次");
        work.on(&server, format!("import {entity} o.csv --mode update")).exits(3);
        assert_rows_of_one(&work, "held");
        assert_eq!((said().as_str(), work.results().column("code")[0]), ("同事改的", "changed_meanwhile"), "{entity}");
    }
}

/// How the first row of the newest run ended.
#[track_caller]
fn assert_rows_of_one(work: &Work, status: &str) {
    assert_eq!(work.results().column("status")[0], status);
}

#[test]
fn tags_that_we_set_since_they_were_exported_are_no_change_of_somebody_else() {
    let (work, server) = (Work::new(), Server::start(""));
    let said = || server.records("customers")[0]["tableName"].as_str().unwrap_or_default().to_owned();
    server.change("users/50001", r#"{"user":{"tableName":"甲"}}"#);
    work.on(&server, "export tags -o o.csv --summary none --headers zh").exits(0);
    let table = work.table("o.csv");
    let row = table.column("记录编号").iter().position(|id| *id == "50001").unwrap();
    let set = |tags: &str| {
        let mut table = work.table("o.csv");
        table.set(row, "设为标签", tags);
        work.write_table("o.csv", &table);
        work.on(&server, "import tags o.csv")
    };
    for tags in ["甲,乙", "乙,丙", "丁"] {
        set(tags).exits(0);
        assert_eq!(said(), tags);
    }
    server.change("users/50001", r#"{"user":{"tableName":"同事的"}}"#);
    set("戊").exits(3);
    assert_eq!((said().as_str(), work.results().column("code")[row]), ("同事的", "changed_meanwhile"));
}

/// A file of ours says nothing of the cells that nobody edited in it: they are not what we told the service.
#[test]
fn what_nobody_edited_was_not_told() {
    let (work, server) = (Work::new(), Server::start(""));
    server.change("users/50001", r#"{"user":{"note":"旧备注","position":"旧职位"}}"#);
    work.on(&server, "export customers -o o.csv --summary none --headers zh").exits(0);
    edit(&work, "o.csv", "备注", "新备注");
    work.on(&server, "import customers o.csv --mode update").exits(0);
    work.write("mine.csv", "联系人编号,职位\n50001,新职位\n");
    work.on(&server, "import customers mine.csv --mode update").exits(0);
    assert_rows(&work.summary(), "updated 1");
}

/// What is put back from an export of before is what was sent last: what was sent before that is new again.
#[test]
fn what_an_export_put_back_is_no_longer_what_was_sent_before() {
    let (work, server) = (Work::new(), Server::start(""));
    let note = || {
        let records = server.records("customers");
        records.iter().find(|record| record["cId"] == "50001").unwrap()["note"].as_str().unwrap().to_owned()
    };
    server.change("users/50001", r#"{"user":{"note":"原来"}}"#);
    work.on(&server, "export customers -o before.csv --summary none --headers zh --columns 联系人编号,备注").exits(0);
    work.write("mine.csv", "联系人编号,备注\n50001,新的\n");
    work.on(&server, "import customers mine.csv --mode update").exits(0);
    work.on(&server, "import customers before.csv --mode update").exits(0);
    assert_eq!(note(), "新的");
    // Who is asked sees all that is written.
    let back = "import customers before.csv --mode update --overwrite 备注=always";
    work.on(&server, format!("{back} --dry-run")).exits(0).says("原来");
    work.on(&server, back).exits(0);
    assert_eq!(note(), "原来");
    work.write("again.csv", "联系人编号,备注\n50001,新的\n");
    work.on(&server, "import customers again.csv --mode update").exits(0);
    assert_rows(&work.summary(), "updated 1");
    assert_eq!(note(), "新的");
}
