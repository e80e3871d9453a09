//! `bw8 inspect`: what a file is, without a word of whom it is about.

use serde_json::{Value, json};

use crate::harness::*;

const FILE: &str = "姓名,手机号码,邮箱,公司编号,登记日期,会员等级,备注\n\
    示例甲,13100000001,anna@example.com,20001,2026-01-05,金,\n\
    示例乙,13100000002,ben@example.com,20001,2026-01-06,银,\n\
    示例丙,13100000003,,20002,2026-01-07,金,\n\
    示例丁,13100000004,dora@example.com,20003,2026-01-08,金,\n";

fn columns<'a>(document: &'a Value, key: &str) -> Vec<&'a Value> {
    document["columns"].as_array().unwrap().iter().map(|column| &column[key]).collect()
}

#[test]
fn a_text_file_is_told_by_encoding_header_kinds_and_entity() {
    let work = Work::with("mine.csv", encoding_rs::GB18030.encode(FILE).0);
    let ran = work.bw8("inspect mine.csv --format json");
    ran.exits(0);
    let told = ran.json();
    assert_eq!(
        (&told["format"], &told["encoding"], &told["delimiter"]),
        (&json!("csv"), &json!("GB18030"), &json!(","))
    );
    assert_eq!((&told["header_row"], &told["rows"], &told["headings"]), (&json!(1), &json!(4), &json!(7)));
    assert_eq!(columns(&told, "kind"), ["text", "phone", "mail", "id", "date", "choice", "empty"]);
    assert_eq!(columns(&told, "filled"), [4, 4, 3, 4, 4, 4, 0].map(|count| json!(count)).iter().collect::<Vec<_>>());
    assert_eq!(told["entities"][0], json!({"entity": "customers", "known": 5}));
    assert_eq!(told["columns"][1]["field"], "mobile");
    let ran = work.bw8("inspect mine.csv --lang zh");
    ran.exits(0)
        .says("GB18030")
        .says("数据 4 行，7 列")
        .says("最像联系人（customers）：7 个表头认识 5 个")
        .says("电话");
}

#[test]
fn samples_say_nothing_of_persons_unless_that_is_asked_for() {
    let work = Work::with("mine.csv", encoding_rs::GB18030.encode(FILE).0);
    let secrets = ["示例甲", "13100000001", "anna@example.com", "2026-01-05"];
    for typed in ["inspect mine.csv", "inspect mine.csv --format json"] {
        let ran = work.bw8(typed);
        ran.exits(0).says("示*").says("131****0001").says("a***@…").says("2026-**-**");
        for secret in secrets {
            ran.never_says(secret);
        }
        let ran = work.bw8(format!("{typed} --show"));
        ran.exits(0);
        for secret in secrets {
            ran.says(secret);
        }
    }
}

#[test]
fn what_a_reader_quotes_is_masked_too() {
    let file = "姓名,手机,公司编号\n\"示例甲\"住址,13100000001,20001\n示例乙,13100000002,20001\n";
    let work = Work::with("mine.csv", file);
    let ran = work.bw8("inspect mine.csv");
    ran.exits(0).says("1 time text_behind_quotation, row 2").never_says("住址");
    work.bw8("inspect mine.csv --show").exits(0).says("住址");
    // A file without a header has a person in its first row.
    work.write("bare.csv", "示例甲,13100000001,anna@example.com\n示例乙,13100000002,ben@example.com\n");
    let ran = work.bw8("inspect bare.csv");
    ran.exits(0).says("No heading is known").never_says("13100000001").never_says("anna@");
}

#[test]
fn a_workbook_is_told_with_all_its_sheets_and_what_is_hidden() {
    let head = sheet_row("", &["姓名", "手机", "公司编号"]);
    let rows = format!(
        "{head}{}{}",
        sheet_row("", &["示例甲", "13100000001", "20001"]),
        sheet_row(r#"hidden="1""#, &["示例乙", "13100000002", "20001"])
    );
    let other = sheet_row("", &["说明"]) + &sheet_row("", &["示例"]);
    let book = Sheets::default().sheet("联系人", &rows).sheet("杂项", &other).sheet("旧表", &other).hidden();
    let work = Work::with("mine.xlsx", book.bytes());
    let ran = work.bw8("inspect mine.xlsx --format json");
    ran.exits(0);
    let told = ran.json();
    assert_eq!((&told["format"], &told["sheet"], &told["encoding"]), (&json!("xlsx"), &json!("联系人"), &Value::Null));
    assert_eq!((&told["other_sheets"], &told["hidden_sheets"]), (&json!(["杂项"]), &json!(["旧表"])));
    assert_eq!(told["remarks"][0]["code"], "hidden_row");
    assert_eq!((&told["remarks"][0]["count"], &told["remarks"][0]["rows"]), (&json!(1), &json!([3])));
    let ran = work.bw8("inspect mine.xlsx --sheet 旧表 --format json");
    ran.exits(0);
    assert_eq!(ran.json()["sheet"], "旧表");
    work.bw8("inspect mine.xlsx --sheet 新表").exits(2).says("新表");
}

#[test]
fn nothing_in_a_file_can_move_the_cursor() {
    let work = Work::with("mine.csv", "姓名,手机\u{202e}x,备注\n\u{1b}[2J甲乙,13100000001,\u{61c}一二\n");
    for typed in ["inspect mine.csv --show", "inspect mine.csv --show --format json"] {
        let ran = work.bw8(typed);
        ran.exits(0);
        for active in ['\u{1b}', '\u{202e}', '\u{61c}'] {
            assert!(!ran.stdout().contains(active), "{active:?}\n{ran}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_a_way_on() {
    let work = Work::new();
    work.bw8("inspect none.csv").exits(2).says("none.csv does not exist");
    work.write("mine.csv", FILE);
    work.bw8("inspect mine.csv --encoding nosuch").exits(2).says("nosuch").says("gb18030");
    work.bw8("inspect mine.csv --header-row 2 --format json").exits(0).says("\"header_row\":2");
}

#[test]
fn standard_input_is_looked_over_and_not_kept() {
    let work = Work::new();
    let text = encoding_rs::GB18030.encode("姓名,手机,公司编号,备注\n示例甲,13100000001,20001,无\n").0.into_owned();
    work.run_with(work.command("inspect -"), &text).exits(0).says("GB18030").says("standard input");
    work.run_with(work.command("map customers -"), &text).exits(0).says("[columns]");
    work.run_with(work.command("inspect -"), b"").exits(2).says("is empty");
    assert_eq!(
        std::fs::read_dir(work.path(""))
            .unwrap()
            .filter(|entry| !entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'))
            .count(),
        0
    );
}

#[test]
fn samples_are_what_the_sheet_shows() {
    let head = sheet_row("", &["公司名称", "备注", "合同编号"]);
    let number = |style: u32, text: &str| format!(r#"<c s="{style}"><v>{text}</v></c>"#);
    let row = sheet_row("", &["示例公司", &number(1, "0.85"), &number(2, "123")]);
    let work = Work::with("mine.xlsx", Sheets::of(&(head + &row)).format("0%").format("00000").bytes());
    work.bw8("inspect mine.xlsx").exits(0).says("85%").says("00123").never_says("0.85");
    let ran = work.bw8("inspect mine.xlsx --show --format json");
    ran.exits(0);
    assert_eq!(columns(&ran.json(), "samples"), [&json!(["示例公司"]), &json!(["85%"]), &json!(["00123"])]);
}

#[test]
fn what_says_who_a_person_is_is_masked_however_short_it_is() {
    let file =
        "姓名,QQ号,微信号,身份证号,联系地址,紧急程度,件数\n甲,10001,wx_a1,11010119900101001X,示例路 1 号,高,12\n";
    let work = Work::with("mine.csv", file);
    for typed in ["inspect mine.csv", "inspect mine.csv --format json", "map customers mine.csv"] {
        let ran = work.bw8(typed);
        ran.exits(0);
        for secret in ["10001", "wx_a1", "1101011990", "001X", "示例路"] {
            ran.never_says(secret);
        }
    }
    work.bw8("inspect mine.csv").exits(0).says("甲*").says("高").says("12");
    work.bw8("inspect mine.csv --show").exits(0).says("10001").says("wx_a1");
}

#[test]
fn what_a_check_of_the_rows_would_find_is_told() {
    let work = Work::with("mine.csv", "公司名称,地址\n示例甲,a,b\n合计,\n示例乙,NULL\n");
    let ran = work.bw8("inspect mine.csv --format json");
    ran.exits(0);
    let told = ran.json();
    let codes: Vec<&Value> = told["remarks"].as_array().unwrap().iter().map(|remark| &remark["code"]).collect();
    assert_eq!(codes, ["null_word", "ragged", "totals_row_by_words"]);
    work.bw8("inspect mine.csv --lang zh").exits(0).says("需要留意").says("null_word，第 4 行");
    let work = Work::with("sound.csv", "公司名称,地址\n示例甲,甲路\n示例乙,乙路\n");
    work.bw8("inspect sound.csv --lang zh").exits(0).never_says("需要留意");
}
