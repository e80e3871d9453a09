//! What people read and fix: `results.xlsx` and `failed.xlsx`, and what comes back after a spreadsheet program had it.

use std::io::Read;

use crate::harness::*;

/// A part of a workbook, as XML.
#[track_caller]
fn part(work: &Work, file: &str, name: &str) -> String {
    let file = std::fs::File::open(work.path(file)).unwrap();
    let mut text = String::new();
    zip::ZipArchive::new(file).unwrap().by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// One good row, one without a telephone, one with a wrong choice, one with the telephone of the first.
const MIXED: &str = "姓名,手机,在职状态,公司编号\n示例 甲,13100000001,在职,20001\n示例 乙,,在职,20001\n\
    示例 丙,13100000003,休假,20001\n示例 丁,13100000001,在职,20001\n";

fn mixed(language: &str) -> Work {
    let work = Work::with("mine.csv", MIXED);
    work.bw8(format!("import customers mine.csv --sandbox --run run --lang {language}")).exits(3);
    work
}

#[test]
fn the_results_are_a_workbook_that_names_people() {
    let work = mixed("zh");
    let sheets = all_sheets(&work.path("run/results.xlsx"));
    assert_eq!([&*sheets[0].0, &*sheets[1].0], ["导入概览", "逐行结果"]);
    let summary: Vec<String> = sheets[0].1.rows.iter().map(|row| row.join(" ").trim().to_owned()).collect();
    let says = |words: &str| assert!(summary.iter().any(|line| line.contains(words)), "{words}: {summary:#?}");
    ["联系人导入结果", "总行数 4", "mine.csv", "已新建 1", "未发送（表格有误） 3", "手机与第 2 行重复 1"]
        .into_iter()
        .for_each(says);
    let rows = &sheets[1].1;
    assert_eq!(rows.header(), ["行号", "姓名", "手机", "结果", "原因", "帮我吧编号", "怎么办", "时间"]);
    assert_eq!(rows.column("行号"), ["2", "3", "4", "5"]);
    assert_eq!(rows.column("姓名"), ["示例 甲", "示例 乙", "示例 丙", "示例 丁"]);
    assert_eq!(rows.column("结果")[..2], ["已新建", "未发送（表格有误）"]);
    assert_eq!(rows.column("帮我吧编号")[0], work.table("run/results.csv").column("id")[0]);
    assert_eq!(rows.column("怎么办")[..2], ["", "请补填其中一项"]);
    assert!(rows.column("原因")[2].contains("只能填写：在职、离职"), "{rows:?}");
    let chart = part(&work, "run/results.xlsx", "xl/charts/chart1.xml");
    assert!(chart.contains("导入概览"), "{chart}");
    let sheet = part(&work, "run/results.xlsx", "xl/worksheets/sheet2.xml");
    for look in [
        "<autoFilter",
        "ySplit=\"1\"",
        "state=\"frozen\"",
        "paperSize=\"9\"",
        "orientation=\"landscape\"",
        "fitToHeight=\"0\"",
    ] {
        assert!(sheet.contains(look), "{look} is missing: {sheet}");
    }
}

#[test]
fn the_results_of_a_retry_name_the_rows_of_the_first_file() {
    let work = mixed("en");
    let mut failed = work.table("run/failed.csv");
    work.write_table("fixed.csv", failed.set(0, "手机", "13100000002"));
    work.bw8("retry fixed.csv --sandbox --run again").exits(3);
    let rows = &all_sheets(&work.path("again/results.xlsx"))[1].1;
    assert_eq!(rows.column("Row"), ["2", "3", "4"]);
    assert_eq!(rows.column("Row in the original file"), ["3", "4", "5"]);
    assert_eq!(rows.column("Result")[0], "created");
}

#[test]
fn failed_rows_of_text_are_a_workbook_to_work_in() {
    let work = mixed("zh");
    let failed = work.table("run/failed.xlsx");
    assert_eq!(failed.header()[..6], ["原因", "建议", "姓名", "手机", "在职状态", "公司编号"]);
    assert_eq!(failed.header()[6..], ["bw8_row", "bw8_run", "bw8_status", "bw8_error"]);
    assert_eq!(failed.column("姓名"), ["示例 乙", "示例 丙", "示例 丁"]);
    assert_eq!(failed.column("原因")[2], "手机与原表格第 2 行重复（那一行不在本文件中）");
    assert_eq!(failed.column("建议")[0], "请补填其中一项");
    let sheet = part(&work, "run/failed.xlsx", "xl/worksheets/sheet1.xml");
    for look in ["xSplit=\"2\"", "<dataValidation", "在职,离职", "outlineLevel=\"1\""] {
        assert!(sheet.contains(look), "{look} is missing: {sheet}");
    }
    let notes = part(&work, "run/failed.xlsx", "xl/comments1.xml");
    assert!(notes.contains("ref=\"E3\"") && notes.contains("休假"), "{notes}");
    let styles = part(&work, "run/failed.xlsx", "xl/styles.xml");
    assert!(styles.contains("FFFFC7CE"), "{styles}");
    // The text file for programs stays as it was.
    assert_eq!(work.table("run/failed.csv").header()[..2], ["姓名", "手机"]);
}

#[test]
fn rows_that_are_compared_are_those_of_the_file_they_stand_in() {
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司编号\n示例,,20001\n示例 甲,13100000001,20001\n示例 乙,13100000001,20001\n",
    );
    let rejecting = Server::start("--variant duplicate-mobile=refused");
    work.write("first.csv", "姓名,手机,公司编号\n示例 先,13100000001,20001\n");
    work.on(&rejecting, "import customers first.csv --run first").exits(0);
    work.on(
        &rejecting,
        "import customers mine.csv --run run --fresh --keep-going --accept-warnings=exists_in_account --lang zh",
    )
    .exits(3);
    let failed = work.table("run/failed.xlsx");
    assert_eq!(failed.column("姓名"), ["示例", "示例 甲", "示例 乙"]);
    assert_eq!(failed.column("原因")[2], "手机与本文件第 3 行重复");
}

/// Fixes the three rows of the file, which is what a person does with it.
fn fixed(work: &Work, file: &str) -> Table {
    let mut failed = work.table(file);
    failed.set(0, "手机", "13100000002").set(1, "在职状态", "离职").set(2, "手机", "13100000004");
    failed
}

#[test]
fn a_workbook_comes_back_whatever_a_spreadsheet_program_made_of_it() {
    let text = |work: &Work| fixed(work, "run/failed.xlsx");
    let gbk = |work: &Work| {
        let csv = String::from_utf8(text(work).to_csv()).unwrap();
        work.write("back.csv", encoding_rs::GBK.encode(&csv).0);
        "back.csv"
    };
    let saved_again = |work: &Work| {
        work.write("back.xlsx", workbook(&[("mine", &text(work))]));
        "back.xlsx"
    };
    let tabs = |work: &Work| {
        let lines: Vec<String> = text(work).rows.iter().map(|row| row.join("\t")).collect();
        work.write("back.txt", lines.join("\r\n"));
        "back.txt"
    };
    let without_technical = |work: &Work| {
        let mut table = text(work);
        ["bw8_row", "bw8_run", "bw8_status", "bw8_error"].into_iter().for_each(|title| {
            table.delete_column(title);
        });
        work.write("run/failed.xlsx", workbook(&[("mine", &table)]));
        "run/failed.xlsx"
    };
    let moved = |work: &Work| {
        let mut table = text(work);
        table.rows.iter_mut().for_each(|row| row.rotate_left(2));
        work.write("back.xlsx", workbook(&[("mine", &table)]));
        "back.xlsx"
    };
    let ways: [&dyn Fn(&Work) -> &'static str; 5] = [&gbk, &saved_again, &tabs, &without_technical, &moved];
    for way in ways {
        let work = mixed("zh");
        let file = way(&work);
        let ran = work.bw8(format!("retry {file} --sandbox --run again --lang zh"));
        ran.exits(0).never_says("未识别，不导入：原因");
        assert_rows(&work.summary_of("again"), "created 3");
    }
}

#[test]
fn a_row_that_waits_is_agreed_to_in_the_workbook() {
    let work = Work::with(
        "mine.csv",
        "姓名,手机,QQ,公司编号\n示例甲,13100000001,NULL,20001\n示例乙,13100000002,10001,20001\n",
    );
    work.bw8("import customers mine.csv --sandbox --run run").exits(3);
    let mut failed = work.table("run/failed.xlsx");
    assert_eq!(failed.header()[..3], ["reason", "what to do", "confirm import"]);
    let sheet = part(&work, "run/failed.xlsx", "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("xSplit=\"3\"") && sheet.contains("\"yes\""), "{sheet}");
    let held: Vec<usize> = failed
        .column("bw8_status")
        .iter()
        .enumerate()
        .filter(|(_, status)| **status == "held")
        .map(|(at, _)| at)
        .collect();
    assert!(!held.is_empty(), "{failed:?}");
    let count = held.len();
    for row in held {
        failed.set(row, "confirm import", "yes");
    }
    work.write("run/failed.xlsx", workbook(&[("mine", &failed)]));
    work.bw8("retry run --sandbox --run again").exits(0);
    assert_eq!(work.summary_of("again")["rows"]["created"], count);
}

#[test]
fn a_number_that_lost_digits_is_a_text_that_nobody_takes_for_whole() {
    let work = Work::sample("customers-with-mistakes.xlsx");
    work.bw8("import customers customers-with-mistakes.xlsx --sandbox --run run --lang zh").exits(3);
    let failed = work.table("run/failed.xlsx");
    let damaged = failed.column("QQ号").into_iter().find(|text| text.contains("E+")).map(str::to_owned);
    assert_eq!(damaged.as_deref(), Some("1.2345678901234568E+17"));
    let names = failed.column("姓名").len();
    work.bw8("retry run --sandbox --run again").exits(3);
    assert_eq!(work.summary_of("again")["rows"]["refused"], names, "nothing was fixed");
}

#[test]
fn of_two_files_of_failed_rows_the_one_that_was_changed_is_meant() {
    let work = mixed("en");
    work.write_table("run/failed.csv", &fixed(&work, "run/failed.csv"));
    work.bw8("retry run --sandbox --run text").exits(0);
    assert_rows(&work.summary_of("text"), "created 3");

    let work = mixed("en");
    work.write("run/failed.xlsx", workbook(&[("mine", &fixed(&work, "run/failed.xlsx"))]));
    work.bw8("retry run --sandbox --run book").exits(0);
    assert_rows(&work.summary_of("book"), "created 3");

    let work = mixed("en");
    work.write("run/failed.xlsx", workbook(&[("mine", &fixed(&work, "run/failed.xlsx"))]));
    work.write_table("run/failed.csv", &fixed(&work, "run/failed.csv"));
    work.bw8("retry run --sandbox").exits(2).says(&as_printed("run/failed.xlsx and run/failed.csv were changed"));
}

#[test]
fn a_workbook_that_a_person_changed_is_never_overwritten() {
    let (work, server) = (Work::new(), Server::start(""));
    let mut table = customers(10, 5);
    work.write_table("mine.csv", table.set(0, "手机", "").set(1, "手机", "wrong"));
    work.on(&server, "import customers mine.csv --run run --limit 3").exits(3);
    work.write("run/failed.xlsx", "mine now");
    work.on(&server, "import customers mine.csv --run run").exits(3).says("failed-2.xlsx");
    assert_eq!(work.read("run/failed.xlsx"), "mine now");
    assert_eq!(work.table("run/failed-2.xlsx").len(), 2);
    // What was put right in the older one is not passed by without a word.
    let ran = work.on(&server, "retry run");
    ran.exits(2).says(&as_printed("run/failed.xlsx was changed, and run/failed.csv was written after that"));
    let both = work.table("run/failed-2.xlsx").set(0, "手机", "13100000301").set(1, "手机", "13100000302").clone();
    work.write("run/failed.xlsx", workbook(&[("mine", &both)]));
    work.on(&server, "retry run/failed.xlsx --run again").exits(0);
    assert_rows(&work.summary_of("again"), "created 2");
}

#[test]
fn columns_that_a_mapping_file_numbers_are_those_of_the_input() {
    let (work, server) = (Work::with("mine.csv", "姓名,手机,,公司编号\n示例 甲,,甲注,20001\n"), Server::start(""));
    work.write("map.toml", "[columns]\n\"#3\" = \"note\"\n");
    work.on(&server, "import customers mine.csv --mapping map.toml --run run").exits(3);
    let mut failed = work.table("run/failed.xlsx");
    work.write("back.xlsx", workbook(&[("mine", failed.set(0, "手机", "13100000001"))]));
    work.on(&server, "retry back.xlsx --run again").exits(0);
    assert_eq!(server.records("customers").pop().unwrap()["note"], "甲注");
}

#[test]
fn what_is_said_of_a_row_is_not_taken_for_its_data() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例 甲,,20001\n");
    work.bw8("import customers mine.csv --sandbox --run run --lang zh").exits(3);
    let mut failed = work.table("run/failed.xlsx");
    failed.set(0, "手机", "13100000001").set(0, "原因", "必填，请填写").set(0, "建议", "请填写一个号码，必填");
    ["bw8_row", "bw8_run", "bw8_status", "bw8_error"].into_iter().for_each(|title| {
        failed.delete_column(title);
    });
    work.write("run/failed.xlsx", workbook(&[("mine", &failed)]));
    work.bw8("retry run --sandbox --run again").exits(0);
}

#[test]
fn columns_of_the_input_that_are_called_like_ours_stay_data() {
    let work = Work::with("mine.csv", "姓名,原因,建议,手机,公司编号\n示例 甲,甲因,甲议,,20001\n");
    work.write("map.toml", "[columns]\n\"原因\" = \"note\"\n\"建议\" = \"position\"\n");
    let server = Server::start("");
    work.on(&server, "import customers mine.csv --mapping map.toml --run run --lang zh").exits(3);
    let mut failed = work.table("run/failed.xlsx");
    assert_eq!(failed.header()[..5], ["原因", "建议", "姓名", "原因", "建议"]);
    let phone = failed.header().iter().position(|title| *title == "手机").unwrap();
    failed.rows[1][phone] = "13100000001".into();
    work.write("back.xlsx", workbook(&[("mine", &failed)]));
    work.on(&server, "retry back.xlsx --run again").exits(0);
    let record = server.records("customers").pop().unwrap();
    assert_eq!((&record["note"], &record["position"]), (&"甲因".into(), &"甲议".into()));
}

#[test]
fn a_refused_row_as_wide_as_a_sheet_is_kept_and_is_refused_again() {
    let rows = sheet_row("", &["姓名", "手机", "公司编号"])
        + "<row r='2'><c r='A2' t='str'><v>示例甲</v></c><c r='B2'><v>13100000001</v></c><c r='C2'><v>20001</v></c><c r='XFD2' t='str'><v>x</v></c></row>";
    let work = Work::with("mine.xlsx", Sheets::of(&rows).bytes());
    work.bw8("import customers mine.xlsx --sandbox").exits(3).says("failed.xlsx");
    assert_eq!(work.results().column("code"), ["right_of_table"]);
    let failed = work.run_folder().join("failed.xlsx");
    work.bw8(["retry", failed.to_str().unwrap(), "--sandbox"]).exits(3).never_says("created 1");
}

#[test]
fn a_cell_that_is_hidden_or_merged_a_thousand_times_is_said_once() {
    let rows = sheet_row("", &["姓名", "手机", "公司编号", "备注"])
        + &sheet_row("", &["示例甲", "13100000001", "20001", "无"]);
    let hidden = format!("<cols>{}</cols>", "<col min='1' max='16384' hidden='1'/>".repeat(3000));
    let merged = format!("<mergeCells>{}</mergeCells>", "<mergeCell ref='A1:XFD1048576'/>".repeat(3000));
    for sheets in [Sheets::of(&rows).before(&hidden), Sheets::of(&rows).behind(&merged)] {
        let work = Work::with("mine.xlsx", sheets.bytes());
        let ran = work.bw8("check customers mine.xlsx --format json");
        ran.exits(3);
        assert!(ran.stdout().len() < 100_000, "{} bytes", ran.stdout().len());
    }
}

#[test]
fn rows_without_names_are_told_by_what_they_are_about() {
    let server = Server::start("");
    let work = Work::with(
        "people.csv",
        "客户编号,姓名,手机,公司名称\nC1,示例一,13100000001,示例公司00001有限公司\nC2,示例二,13100000002,示例公司00001有限公司\n",
    );
    work.on(&server, "import customers people.csv --source old").exits(0);
    work.write("bindings.csv", "联系人旧系统编号,第三方用户标识,绑定来源\nC1,ext-1,开放平台\nC2,ext-2,开放平台\n");
    work.on(&server, "import bindings bindings.csv --source old --run bindings --lang zh").exits(0);
    let rows = &all_sheets(&work.path("bindings/results.xlsx"))[1].1;
    assert_eq!(rows.column("联系人旧系统编号"), ["C1", "C2"], "{rows:?}");
    assert_eq!(rows.column("第三方用户标识"), ["ext-1", "ext-2"], "{rows:?}");
    work.write("tags.csv", "对象类型,旧系统编号,添加标签\n联系人,C1,示例甲\n联系人,C2,示例乙\n");
    work.on(&server, "import tags tags.csv --source old --run tags --lang zh").exits(0);
    let rows = &all_sheets(&work.path("tags/results.xlsx"))[1].1;
    assert_eq!(rows.column("对象类型"), ["联系人", "联系人"], "{rows:?}");
    assert_eq!(rows.column("添加标签"), ["示例甲", "示例乙"], "{rows:?}");
    assert_eq!(rows.column("旧系统编号"), ["C1", "C2"], "{rows:?}");
}

/// A spreadsheet program puts a green triangle on digits that are a text.
#[test]
fn counts_in_workbooks_are_numbers() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号,在职状态\n示例甲,13100000001,20001,在岗\n");
    work.bw8("import customers mine.csv --sandbox --run run --lang zh").exits(3);
    let summary = part(&work, "run/results.xlsx", "xl/worksheets/sheet1.xml");
    let strings = part(&work, "run/results.xlsx", "xl/sharedStrings.xml");
    assert!(summary.contains("<c r=\"B9\" s=") && !strings.contains("<t>1</t>"), "{summary}\n{strings}");
    work.bw8("map customers mine.csv -o map.xlsx").exits(0);
    let words = part(&work, "map.xlsx", "xl/worksheets/sheet2.xml");
    let count = words.split("<c r=\"C2\"").nth(1).and_then(|cell| cell.split("</c>").next()).unwrap_or_default();
    assert!(count.ends_with("><v>1</v>") && !count.contains("t=\"s\""), "{words}");
    work.bw8("export companies -o out.xlsx --sandbox --lang zh").exits(0);
    assert!(!part(&work, "out.xlsx", "xl/sharedStrings.xml").contains("<t>20</t>"));
}

#[test]
fn long_cells_of_failed_rows_are_broken_into_lines() {
    let note = "示例备注".repeat(70);
    let work = Work::with(
        "mine.csv",
        format!("姓名,手机,公司编号,备注\n示例甲,13100000001,20001,{note}\n示例乙,139,20001,短\n"),
    );
    work.bw8("import customers mine.csv --sandbox --run run").exits(3);
    let sheet = part(&work, "run/failed.xlsx", "xl/worksheets/sheet1.xml");
    let height = |row: u32| {
        let begin = sheet.split(&format!("<row r=\"{row}\"")).nth(1).unwrap_or_else(|| panic!("{sheet}"));
        let tag = begin.split('>').next().unwrap();
        tag.split("ht=\"").nth(1).and_then(|rest| rest.split('"').next()).map_or(16, |height| height.parse().unwrap())
    };
    // 560 columns of text in lines of less than 60.
    assert!(height(2) >= 10 * 16, "{}", height(2));
    assert!(height(3) <= 4 * 16, "{}", height(3));
}

#[test]
fn what_to_do_stands_in_the_order_of_what_is_wrong_and_names_its_column() {
    let note = "示例".repeat(130);
    let rows = format!("姓名,手机,公司编号,备注,在职状态\n示例甲,13100000001,20001,{note},休假\n示例乙,,20001,,在职\n");
    let work = Work::with("mine.csv", rows);
    let ran = work.bw8("import customers mine.csv --sandbox --run run --lang zh");
    // What can be chosen is what can be written, and a rule that names its columns is not said of one of them.
    ran.exits(3).says("只能填写：在职、离职").never_says("已删除").never_says("手机：手机、固定电话");
    for (file, row) in [("run/failed.xlsx", 0), ("run/results.xlsx", 0)] {
        let sheets = all_sheets(&work.path(file));
        let table = &sheets.last().unwrap().1;
        let todo = if table.header().contains(&"建议") { "建议" } else { "怎么办" };
        let (why, todo) = (table.column("原因")[row], table.column(todo)[row]);
        let order = |text: &str| {
            ["备注：", "在职状态："].map(|column| text.find(column).unwrap_or_else(|| panic!("{file}: {text}")))
        };
        assert!(order(why).is_sorted() && order(todo).is_sorted(), "{why}\n{todo}");
        assert_eq!(todo.lines().count(), 2, "{todo}");
    }
    let table = work.table("run/failed.xlsx");
    assert_eq!((table.column("原因")[1], table.column("建议")[1]), ("手机、固定电话不能都留空", "请补填其中一项"));
    let strings = part(&work, "run/failed.xlsx", "xl/worksheets/sheet1.xml");
    assert!(strings.contains("\"在职,离职\""), "{strings}");
}

#[test]
fn what_was_agreed_to_is_not_said_to_be_put_right() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号,备注\n示例甲,13100000001,20001,NULL\n");
    work.bw8("import customers mine.csv --sandbox --run run --lang zh").exits(3).says("请清空这个单元格；确认导入则");
    let mut table = work.table("run/failed.xlsx");
    work.write("run/failed.xlsx", workbook(&[("Sheet1", table.set(0, "确认导入", "是"))]));
    let ran = work.bw8("retry run/failed.xlsx --sandbox --lang zh");
    ran.exits(0)
        .says("以下内容已经确认，将按确认的结果导入：")
        .never_says("以下内容已自动处理")
        .never_says("请清空这个单元格");
}
