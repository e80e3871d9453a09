//! The main job: import a sheet, see what became of every row, fix what failed, send that again.

use serde_json::{Value, json};

use crate::harness::*;

const RESULTS_HEAD: [&str; 11] =
    ["row", "sheet", "status", "action", "id", "code", "field", "message", "attempts", "request_id", "time"];

#[test]
fn every_sample_goes_into_the_sandbox() {
    for (entity, sample, rows) in [
        ("customers", "customers.xlsx", "created 10"),
        ("companies", "companies.csv", "created 3"),
        ("customer-groups", "customer-groups.csv", "created 3"),
        ("tickets", "tickets.xlsx", "created 4"),
        ("tags", "tags.csv", "updated 4"),
        ("bindings", "bindings.csv", "created 4"),
    ] {
        let work = Work::sample(sample);
        work.bw8(format!("import {entity} {sample} --sandbox")).exits(0).says("bw8 runs show");
        assert_rows(&work.summary(), rows);
        assert_eq!(work.results().header(), RESULTS_HEAD, "{sample}");
    }
}

#[test]
fn the_summary_has_the_head_that_scripts_rely_on() {
    let work = Work::sample("customers-with-mistakes.xlsx");
    let ran = work.bw8("import customers customers-with-mistakes.xlsx --sandbox --format json");
    let printed = ran.exits(3).json();
    assert_eq!(printed, work.summary());
    let head = ["version", "entity", "finished", "exit"].map(|name| printed[name].clone());
    assert_eq!(Value::from(head.to_vec()), json!([1, "customers", true, 3]));
    for name in ["run", "rows", "ids_pending", "requests", "retries", "seconds", "errors"] {
        assert!(!printed[name].is_null(), "{name} is missing: {printed}");
    }
    assert_rows(&printed, "created 3, refused 7");
}

#[test]
fn results_have_one_line_for_each_row_in_input_order() {
    let work = Work::sample("customers-with-mistakes.xlsx");
    work.bw8("import customers customers-with-mistakes.xlsx --sandbox").exits(3);
    let folder = work.run_folder();
    let bytes = std::fs::read(folder.join("results.csv")).unwrap();
    assert!(bytes.starts_with("\u{feff}row,sheet,status,".as_bytes()));
    let results = work.results();
    assert_eq!(results.column("row"), ["2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]);
    assert_eq!(results.column("status")[..3], ["created", "refused", "refused"]);
    let issues = work.table(folder.join("issues.csv"));
    assert_eq!(issues.header(), ["row", "sheet", "column", "header", "code", "rule", "hint", "severity"]);
    assert_eq!(issues.column("row"), ["3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(issues.rows[2][..5], ["4", "联系人", "D", "邮箱", "not_an_email"]);
}

#[test]
fn a_user_reads_the_language_of_the_machine_or_the_one_asked_for() {
    let work = Work::sample("customers.xlsx");
    work.bw8("check customers customers.xlsx --lang zh").exits(0).says("10 行").never_says("rows");
    work.bw8("check customers customers.xlsx --lang en").exits(0).says("10 rows").never_says("行");
    let mut command = work.command("check customers customers.xlsx");
    command.env("LANG", "zh_CN.UTF-8");
    work.run(command).exits(0).says("10 行");
}

#[test]
fn quiet_says_nothing_when_all_went_well_and_the_summary_when_not() {
    let work = Work::sample("customers.xlsx");
    let ran = work.bw8("import customers customers.xlsx --sandbox --quiet");
    assert_eq!((ran.exits(0).stdout(), ran.stderr()), ("", ""), "{ran}");
    let work = Work::sample("customers-with-mistakes.xlsx");
    work.bw8("import customers customers-with-mistakes.xlsx --sandbox --quiet").exits(3).says("failed.xlsx");
}

#[test]
fn with_json_standard_output_is_one_document_whatever_happens() {
    let work = Work::sample("customers.xlsx");
    for (command, code) in [
        ("import customers customers.xlsx --dry-run --sandbox", 0),
        ("import customers customers.xlsx --sandbox", 0),
        ("import customers customers.xlsx --sandbox", 0),
        ("import customers missing.xlsx --sandbox", 2),
        ("check customers customers.xlsx", 0),
        ("runs", 0),
    ] {
        work.bw8(format!("{command} --format json")).exits(code).json();
    }
}

#[test]
fn a_refused_login_is_one_json_document_too() {
    let (work, server) = (Work::sample("customers.xlsx"), Server::start(""));
    let mut command = work.command_on(&server, "import customers customers.xlsx --format json");
    command.env("BW8_PASSWORD", "wrong");
    let printed = work.run(command).exits(6).json();
    assert_eq!(printed["exit"], 6);
    assert!(printed["error"]["message"].as_str().unwrap().contains("login"), "{printed}");
}

#[test]
fn standard_input_is_kept_and_recognised() {
    let work = Work::new();
    let rows = customers(1, 3).to_csv();
    work.run_with(work.command("import customers - --sandbox"), &rows).exits(0).says("created 3");
    work.run_with(work.command("import customers - --sandbox"), &rows).exits(0).says("done before");
    assert_rows(&work.summary(), "created 3");
}

#[test]
fn a_run_from_standard_input_goes_on_without_the_input() {
    let work = Work::new();
    let rows = customers(1, 3).to_csv();
    work.run_with(work.command("import customers - --sandbox --run here --limit 1"), &rows).exits(0);
    work.bw8("import customers - --sandbox --run here").exits(0).says("created 3");
    work.bw8("import customers - --sandbox --run here").exits(0).says("done before");
}

#[test]
fn a_run_from_standard_input_goes_on_by_the_folder_it_made_itself() {
    let work = Work::new();
    let rows = customers(1, 3).to_csv();
    work.run_with(work.command("import customers - --sandbox --limit 1"), rows).exits(0);
    let folder = work.run_folder();
    work.bw8(format!("import customers - --sandbox --run {}", folder.display())).exits(0).says("created 3");
}

#[test]
fn other_rows_on_standard_input_are_not_taken_for_those_of_a_run() {
    let work = Work::new();
    let command = || work.command("import customers - --sandbox --run here");
    work.run_with(command(), customers(1, 3).to_csv()).exits(0);
    let ran = work.run_with(command(), customers(7, 3).to_csv());
    ran.exits(2).says("standard input holds other rows");
}

#[test]
fn a_filled_template_is_imported_without_its_example_row() {
    let work = Work::new();
    work.bw8("template customers -o mine.xlsx").exits(0);
    let table = work.table("mine.xlsx");
    let mobile = table.header().iter().position(|title| title.contains("手机")).unwrap();
    let mut mine = table.rows[1].clone();
    mine[mobile] = "13100000777".into();
    let company = table.header().iter().position(|title| title.contains("公司编号")).unwrap();
    mine[company] = "20001".into();
    add_row(&work.path("mine.xlsx"), 3, &mine);
    work.bw8("import customers mine.xlsx --sandbox").exits(0);
    assert_rows(&work.summary(), "created 1, skipped 1");
}

/// Mends the rows of the sample with mistakes, as a person would.
fn fix(table: &mut Table) {
    table.set(0, "手机", "13000000922").set(1, "邮箱", "sample923@example.com").set(2, "在职状态", "在职");
    table.set(3, "备注", "短一些").set(4, "QQ号", "10000926").set(5, "手机", "13000000927");
    table.set(6, "公司编号", "20005");
}

#[test]
fn what_failed_is_fixed_and_sent_again_once() {
    let work = Work::sample("customers-with-mistakes.xlsx");
    work.bw8("import customers customers-with-mistakes.xlsx --sandbox").exits(3);
    let failed = work.run_folder().join("failed.xlsx");
    let mut table = work.table(&failed);
    fix(&mut table);
    std::fs::write(&failed, workbook(&[("联系人", &table)])).unwrap();
    let retry = format!("retry {} --sandbox", failed.display());
    work.bw8(&retry).exits(0).says("created 7");
    // The first run knows that its rows were taken over.
    let shown = work.bw8(format!("runs show {} --format json", failed.parent().unwrap().display()));
    assert_eq!(shown.exits(0).json()["claimed"], 7, "{shown}");
    work.bw8(&retry).exits(0).says("done before");
    work.bw8(format!("retry {} --sandbox", failed.parent().unwrap().display())).exits(0).says("done before");
}

#[test]
fn rows_that_nobody_fixed_stay_refused() {
    let work = Work::new();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let text = |row: u32, cells: [&str; 4], sheet: &mut rust_xlsxwriter::Worksheet| {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    };
    text(0, ["姓名", "手机", "固定电话", "公司编号"], sheet);
    text(1, ["示例 甲", "13000000811", "", "20001"], sheet);
    text(2, ["示例 乙", "13000000811", "", "20001"], sheet);
    text(3, ["示例 丙", "", "", "20001"], sheet);
    // What a spreadsheet program keeps of a number whose zero nobody can tell.
    sheet.write_number(3, 2, 8001.0).unwrap();
    book.save(work.path("mine.xlsx")).unwrap();
    let server = Server::start("--variant duplicate-mobile=accepted");
    work.on(&server, "import customers mine.xlsx").exits(3);
    assert_rows(&work.summary(), "created 1, refused 2");
    let failed = work.run_folder().join("failed.xlsx");
    work.on(&server, format!("retry {}", failed.display())).exits(3).says("row 2 of the earlier input");
    assert_rows(&work.summary(), "refused 2");
    assert_eq!(server.requests_to("customers.create"), 1);
}

#[test]
fn the_failed_file_needs_no_extra_columns() {
    let work = Work::sample("customers-with-mistakes.xlsx");
    work.bw8("import customers customers-with-mistakes.xlsx --sandbox").exits(3);
    let failed = work.run_folder().join("failed.xlsx");
    let mut table = work.table(&failed);
    fix(&mut table);
    for column in ["bw8_row", "bw8_run", "bw8_status", "bw8_error"] {
        table.delete_column(column);
    }
    std::fs::write(&failed, workbook(&[("联系人", &table)])).unwrap();
    let retry = format!("retry {} --sandbox", failed.display());
    work.bw8(&retry).exits(0).says("created 7");
    work.bw8(&retry).exits(0).says("done before");
}

/// Three rows, of which the first is fine, one has no number and one a wrong address; and cells that are easily spoilt.
fn two_mistakes() -> Table {
    let mut table = Table::of(&["备注", "姓名", "我的列", "手机", "邮箱", "公司编号"]);
    table.push(&["", "示例 甲", "x", "13000000801", "", "20001"]);
    table.push(&["'=1+1", "示例 乙", "007", "", "a@example.com", "20001"]);
    table.push(&["''一行,\n\"两行\"", "示例 丙", "-5", "+86 13000000803", "wrong", "20001"]);
    table
}

#[test]
fn the_row_number_is_the_one_a_spreadsheet_shows() {
    let work = Work::new();
    let rows = "\"示例\n一\",13100000001,20001\n\n示例,,20001\n,,\n示例,13100000003,20001\n";
    work.write("mine.csv", format!("姓名,手机,公司编号\n{rows}"));
    work.bw8("import customers mine.csv --sandbox --accept-warnings=line_breaks").exits(3);
    assert_eq!(work.results().column("status"), ["created", "refused", "created"]);
    assert_eq!(work.table(work.run_folder().join("failed.csv")).column("bw8_row"), [work.results().column("row")[1]]);
    let mut table = Table::of(&["姓名", "手机", "公司编号"]);
    table.push(&["示例\n一", "13100000004", "20001"]).push(&["", "", ""]).push(&["示例", "", "20001"]);
    work.write("mine.xlsx", workbook(&[("联系人", &table)]));
    work.bw8("import customers mine.xlsx --sandbox").exits(3);
    assert_eq!(work.results().column("row"), ["2", "4"]);
}

#[test]
fn a_retry_keeps_the_mapping_of_its_run() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("map.toml", "[columns]\n\"称呼\" = \"name\"\n[constants]\ncompanyId = \"20001\"\n");
    work.write("mine.csv", "称呼,手机\n示例 甲,\n");
    work.on(&server, "import customers mine.csv --mapping map.toml").exits(3);
    let failed = work.run_folder().join("failed.csv");
    let mut table = work.table(&failed);
    std::fs::write(&failed, table.set(0, "手机", "13100000001").to_csv()).unwrap();
    std::fs::remove_file(work.path("map.toml")).unwrap();
    work.on(&server, format!("retry {}", failed.display())).exits(0);
    let record = server.records("customers").pop().unwrap();
    assert_eq!((&record["name"], &record["companyId"]), (&"示例 甲".into(), &"20001".into()));
}

#[test]
fn a_failed_csv_keeps_columns_order_and_every_cell() {
    let work = Work::new();
    work.write_table("mine.csv", &two_mistakes());
    work.bw8("import customers mine.csv --sandbox").exits(3).says("next: bw8 retry");
    let failed = work.run_folder().join("failed.csv");
    let table = work.table(&failed);
    assert_eq!(table.header()[..6], ["备注", "姓名", "我的列", "手机", "邮箱", "公司编号"]);
    assert_eq!(table.header()[6..], ["bw8_row", "bw8_run", "bw8_status", "bw8_error"]);
    assert_eq!((table.column("bw8_row"), table.column("bw8_status")), (vec!["3", "4"], vec!["refused", "refused"]));
    assert_eq!(table.column("我的列"), ["007", "'-5"]);
}

#[test]
fn cells_that_look_like_formulas_come_back_as_they_were() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("mine.csv", &two_mistakes());
    work.on(&server, "import customers mine.csv").exits(3);
    let failed = work.run_folder().join("failed.csv");
    let mut table = work.table(&failed);
    table.set(0, "手机", "13000000802").set(1, "邮箱", "c@example.com");
    std::fs::write(&failed, table.to_csv()).unwrap();
    work.on(&server, format!("retry {}", failed.display())).exits(0);
    let records = server.records("customers");
    let notes: Vec<_> = records[61..].iter().map(|record| record["note"].as_str().unwrap()).collect();
    assert_eq!(notes, ["=1+1", "'一行,\n\"两行\""]);
}

#[test]
fn fixing_one_more_row_sends_that_row_and_no_other() {
    let (work, server) = (Work::new(), Server::start("--variant duplicate-mobile=accepted"));
    work.write_table("mine.csv", &two_mistakes());
    work.on(&server, "import customers mine.csv").exits(3);
    let failed = work.run_folder().join("failed.csv");
    let retry = format!("retry {}", failed.display());
    let mut table = work.table(&failed);
    std::fs::write(&failed, table.set(0, "手机", "13000000802").to_csv()).unwrap();
    work.on(&server, &retry).exits(3);
    std::fs::write(&failed, table.set(1, "邮箱", "c@example.com").to_csv()).unwrap();
    work.on(&server, &retry).exits(0).says("created 1");
    work.on(&server, format!("{retry} --accept-changed")).exits(0);
    assert_eq!(server.stored("customers"), 63);
    assert!(server.count_by("customers", "mobile").values().all(|count| *count == 1));
}

#[test]
fn a_copy_of_the_failed_file_elsewhere_sends_nothing_twice() {
    let (work, server) = (Work::new(), Server::start("--variant duplicate-mobile=accepted"));
    work.write_table("mine.csv", &two_mistakes());
    work.on(&server, "import customers mine.csv").exits(3);
    let mut table = work.table(work.run_folder().join("failed.csv"));
    work.write_table("first.csv", table.set(0, "手机", "13000000802"));
    work.on(&server, "retry first.csv").exits(3);
    work.write_table("second.csv", table.set(1, "邮箱", "c@example.com"));
    work.on(&server, "retry second.csv").exits(0);
    assert_rows(&work.summary(), "created 1, skipped 1");
    assert_eq!(server.stored("customers"), 63);
}

#[test]
fn a_fixed_key_protects_a_row_without_the_extra_columns() {
    let (work, server) = (Work::new(), Server::start("--variant duplicate-mobile=accepted"));
    work.write_table("mine.csv", &two_mistakes());
    work.on(&server, "import customers mine.csv").exits(3);
    let mut table = work.table(work.run_folder().join("failed.csv"));
    table.set(0, "手机", "13000000802").delete_column("bw8_row").delete_column("bw8_status").delete_column("bw8_error");
    work.write_table("first.csv", &table);
    work.on(&server, "retry first.csv").exits(3);
    work.write_table("second.csv", table.set(1, "邮箱", "c@example.com").set(0, "备注", "改过"));
    work.on(&server, "retry second.csv").exits(0);
    assert_rows(&work.summary(), "created 1, skipped 1");
    assert_eq!(server.stored("customers"), 63);
}

#[test]
fn a_failed_file_that_a_person_changed_is_never_overwritten() {
    let (work, server) = (Work::new(), Server::start(""));
    let mut table = two_mistakes();
    for row in customers(10, 5).rows.into_iter().skip(1) {
        table.push(&["", &row[0], "", &row[1], "", "20001"]);
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import customers mine.csv --limit 4").exits(3);
    let failed = work.run_folder().join("failed.csv");
    std::fs::write(&failed, "mine now").unwrap();
    work.on(&server, "import customers mine.csv").exits(3).says("failed-2.csv");
    assert_eq!(std::fs::read_to_string(&failed).unwrap(), "mine now");
    assert_eq!(work.table(failed.with_file_name("failed-2.csv")).len(), 2);
}

#[test]
fn a_failed_csv_keeps_the_delimiter() {
    let work = Work::with("mine.csv", "姓名;手机;公司编号\n示例 1;13100000001;20001\n示例 2;wrong;20001\n");
    work.bw8("import customers mine.csv --sandbox").exits(3);
    let failed = work.read(work.run_folder().join("failed.csv"));
    assert!(failed.contains("姓名;手机;公司编号;bw8_row"), "{failed}");
}
