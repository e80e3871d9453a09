//! A file that is an export of ours never puts back what somebody changed since, whoever brings it, wherever, and whatever was done
//! to the file; where it is not known what the export said, nothing is written without asking.

use crate::harness::*;

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
    let edits: [(&str, fn(&mut Table)); 3] =
        [("mine.csv", with_column), ("mine.csv", with_heading), ("o.csv", without_id)];
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
