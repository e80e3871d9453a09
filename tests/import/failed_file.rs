//! The file of failed rows in people's hands: what a yes in it covers, and which of its columns are ours.

use crate::harness::*;

const HEAD: &str = "姓名,手机,公司编号,备注\n";

/// A service that takes a mobile twice, and has the mobiles 13000000001 and 13000000002.
fn server() -> Server {
    Server::start("--variant duplicate-mobile=accepted")
}

fn with_mobile(server: &Server, mobile: &str) -> usize {
    server.records("customers").iter().filter(|record| record["mobile"] == mobile).count()
}

#[test]
fn a_column_for_consent_in_a_file_that_is_not_ours_is_none() {
    let server = server();
    for heading in ["确认导入", "confirm import"] {
        let work = Work::with(
            "mine.csv",
            format!(
                "姓名,手机,公司编号,备注,{heading}\n示例甲,13000000001,20001,好,是\n示例乙,13100000002,20001,NULL,是\n"
            ),
        );
        let ran = work.on(&server, "import customers mine.csv --run run --lang zh");
        ran.exits(3).says("未识别，不导入");
        assert_rows(&work.summary_of("run"), "held 2");
        assert_eq!(work.table("run/results.csv").column("code"), ["exists_in_account", "null_word"]);
        // It stays beside ours, which stands where it always stands.
        let failed = work.table("run/failed.xlsx");
        assert_eq!(
            failed.header().iter().filter(|title| **title == "确认导入" || **title == "confirm import").count(),
            2
        );
        assert_eq!(failed.column(heading).last(), Some(&if heading == "确认导入" { "" } else { "是" }));
        work.write("back.xlsx", workbook(&[("mine", &failed)]));
        work.on(&server, "retry back.xlsx --run again").exits(3);
        assert_rows(&work.summary_of("again"), "held 2");
        assert_eq!(with_mobile(&server, "13000000001"), 1);
    }
}

#[test]
fn a_yes_covers_what_the_row_was_held_for_and_nothing_else() {
    let server = server();
    for (title, text, code) in [
        ("手机", "13000000002", "exists_in_account"),
        ("姓名", "合计", "totals_row_by_words"),
        ("公司编号", "NULL", ""),
    ] {
        let work = Work::with("mine.csv", format!("{HEAD}示例甲,13100000001,20001,NULL\n"));
        work.on(&server, "import customers mine.csv --run run").exits(3);
        let stored = server.stored("customers");
        for (file, run) in [("failed.csv", "text"), ("failed.xlsx", "book")] {
            let mut failed = work.table(format!("run/{file}"));
            failed.set(0, "confirm import", "是").set(0, title, text);
            match file {
                "failed.csv" => work.write_table("back.csv", &failed),
                _ => work.write("back.xlsx", workbook(&[("mine", &failed)])),
            }
            let back = file.replace("failed", "back");
            let ran = work.on(&server, format!("retry {back} --run {run}"));
            ran.exits(3);
            if !code.is_empty() {
                assert_eq!(work.table(format!("{run}/results.csv")).column("code"), [code], "{ran}");
            }
            assert_eq!(server.stored("customers"), stored, "{title}: {ran}");
        }
        assert!(!work.read("book/issues.csv").contains("(是)"), "{}", work.read("book/issues.csv"));
        // Once that was shown as well, a yes covers both.
        if code == "exists_in_account" {
            let mut failed = work.table("text/failed.csv");
            work.write_table("both.csv", failed.set(0, "confirm import", "是"));
            work.on(&server, "retry both.csv --run both").exits(0);
            assert_eq!(server.stored("customers"), stored + 1);
            assert_eq!(with_mobile(&server, text), 2);
        }
    }
}

#[test]
fn a_yes_to_a_second_record_is_for_the_one_that_was_shown() {
    let server = server();
    let work = Work::with("mine.csv", format!("{HEAD}示例甲,13000000003,20001,好\n"));
    work.on(&server, "import customers mine.csv --run run").exits(3);
    let mut failed = work.table("run/failed.csv");
    failed.set(0, "confirm import", "是").set(0, "手机", "13000000004");
    work.write_table("other.csv", &failed);
    work.on(&server, "retry other.csv --run other").exits(3);
    assert_eq!(with_mobile(&server, "13000000004"), 1);
    failed.set(0, "手机", "13000000003");
    work.write_table("same.csv", &failed);
    work.on(&server, "retry same.csv --run same").exits(0);
    assert_eq!(with_mobile(&server, "13000000003"), 2);
}

#[test]
fn a_row_that_was_hidden_waits_until_somebody_says_yes_however_often_it_is_sent_again() {
    let rows = sheet_row("", &["姓名", "手机", "公司编号"])
        + &sheet_row("hidden='1'", &["示例甲", "13100000001", "20001"])
        + &sheet_row("", &["示例乙", "13100000002", "20001"]);
    let work = Work::with("mine.xlsx", Sheets::of(&rows).bytes());
    work.bw8("import customers mine.xlsx --sandbox --run first --lang zh").exits(3);
    let reasons: Vec<String> = [("first", "second"), ("second", "third")]
        .into_iter()
        .map(|(run, next)| {
            work.bw8(format!("retry {run} --sandbox --run {next} --lang zh")).exits(3);
            work.table(format!("{next}/failed.xlsx")).column("原因")[0].to_owned()
        })
        .collect();
    assert_eq!(reasons[0], reasons[1]);
    let mut failed = work.table("third/failed.xlsx");
    failed.set(0, "确认导入", "是");
    work.write("back.xlsx", workbook(&[("mine", &failed)]));
    work.bw8("retry back.xlsx --sandbox --run back").exits(0);
    assert_rows(&work.summary_of("back"), "created 1");
}

/// A workbook whose columns stand in this order.
fn in_order(table: &Table, order: &[usize]) -> Vec<u8> {
    let mut moved = Table { rows: Vec::new() };
    moved.rows.extend(table.rows.iter().map(|row| order.iter().map(|column| row[*column].clone()).collect()));
    workbook(&[("mine", &moved)])
}

#[test]
fn our_columns_are_known_wherever_a_person_moves_them() {
    let work = Work::with("mine.csv", format!("{HEAD}示例甲,,20001,好\n示例乙,13100000002,20001,NULL\n"));
    work.bw8("import customers mine.csv --sandbox --run run --lang zh").exits(3);
    let mut failed = work.table("run/failed.xlsx");
    failed.set(0, "手机", "13100000001").set(1, "确认导入", "是");
    assert_eq!(failed.header()[..4], ["原因", "建议", "确认导入", "姓名"]);
    for (name, order) in
        [("behind", [3, 4, 5, 6, 7, 8, 9, 10, 2, 1, 0]), ("between", [3, 4, 0, 5, 2, 6, 1, 7, 8, 9, 10])]
    {
        work.write(&format!("{name}.xlsx"), in_order(&failed, &order));
        let ran = work.bw8(format!("retry {name}.xlsx --sandbox --strict --lang zh --dry-run"));
        ran.exits(0).never_says("未识别");
    }
    work.bw8("retry behind.xlsx --sandbox --strict --run again --lang zh").exits(0);
    assert_rows(&work.summary_of("again"), "created 2");
}

#[test]
fn a_file_of_somebody_elses_has_no_columns_of_ours() {
    let work = Work::with("mine.csv", "原因,建议,标题,联系人编号,优先级\n客户投诉,赠礼,示例单,50001,很高\n");
    work.bw8("import tickets mine.csv --sandbox --run run --lang zh")
        .exits(3)
        .says("A  原因：未识别")
        .never_says("上次导入");
    for file in ["failed.csv", "failed.xlsx"] {
        let failed = work.table(format!("run/{file}"));
        assert_eq!(failed.header()[..5], ["原因", "建议", "原因", "建议", "标题"], "{file}");
        assert_eq!(failed.rows[1][2..4], ["客户投诉", "赠礼"], "{file}");
    }
    work.write(
        "map.toml",
        "[columns]\n\"原因\" = \"descript\"\n\"建议\" = \"tag\"\n[values.priority]\n\"很高\" = \"高\"\n",
    );
    work.bw8("import tickets mine.csv --sandbox --mapping map.toml --run mapped").exits(0);
    assert_rows(&work.summary_of("mapped"), "created 1");
}
