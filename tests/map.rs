//! `bw8 map`: a mapping is proposed, looked over by a person, and read by `--mapping`.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::*;

const FILE: &str = "姓名,客户手机号,公司编号,在职状态,内部代号,电子信箱地址\n\
    示例甲,13100000001,20001,在岗,甲-1,anna@example.com\n示例乙,13100000002,20001,在岗,甲-2,ben@example.com\n\
    示例丙,13100000003,20001,在职,甲-3,cleo@example.com\n示例丁,13100000004,20001,停薪,甲-4,dora@example.com\n";

#[test]
fn what_is_proposed_can_be_used_as_it_stands_and_applies_nothing_uncertain() {
    let work = Work::with("mine.csv", FILE);
    work.bw8("check customers mine.csv").exits(2).says("Mobile, Landline");
    work.bw8("map customers mine.csv -o map.toml").exits(0).says("bw8 check customers mine.csv --mapping map.toml");
    let text = work.read("map.toml");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert!(lines[0].starts_with("header = [\"姓名\", ") && lines[1] == "[columns]", "{text}");
    assert!(lines[2].starts_with("\"客户手机号\" = \"mobile\" # "), "{text}");
    assert!(text.contains("\n# \"内部代号\" = \"\" # "), "{text}");
    assert!(text.contains("# \"在岗\" = \"\" # 2 times") && text.contains("# \"停薪\" = \"\" # 1 times"), "{text}");
    assert!(!text.contains("示例甲") && !text.contains("13100000001") && text.contains("131****0001"), "{text}");
    let ran = work.bw8("check customers mine.csv --mapping map.toml");
    ran.exits(3).says("客户手机号 → Mobile (mobile)").says("内部代号: no such field");
    // Filled in by a person, nothing is left to say.
    let filled = text
        .replace("# \"在岗\" = \"\"", "\"在岗\" = \"在职\"")
        .replace("# \"停薪\" = \"\"", "\"停薪\" = \"离职\"")
        .replace("# \"电子信箱地址\"", "\"电子信箱地址\"")
        .replace("# drop = ", "drop = ");
    work.write("map.toml", filled);
    work.bw8("check customers mine.csv --mapping map.toml --strict").exits(0).says("电子信箱地址 → Email (email)");
}

#[test]
fn columns_that_came_since_the_mapping_was_made_are_told() {
    let work = Work::with("mine.csv", "单位,住址,说明\n示例甲,甲路,好\n");
    work.write("next.csv", "单位,住址,说明,新列,网址\n示例乙,乙路,好,x,www.example.com\n");
    work.write("less.csv", "单位,住址\n示例乙,乙路\n");
    for mapping in ["map.toml", "map.xlsx"] {
        work.bw8(["map", "companies", "mine.csv", "-o", mapping]).exits(0);
        let check = |file: &str| work.bw8(["check", "companies", file, "--mapping", mapping]);
        check("mine.csv").exits(0);
        check("next.csv").exits(2).says("new columns: 新列, 网址");
        check("less.csv").exits(2).says("missing ones: 说明");
    }
}

#[test]
fn without_a_file_the_text_or_the_document_stands_on_standard_output() {
    let work = Work::with("mine.csv", FILE);
    let ran = work.bw8("map customers mine.csv");
    work.write("map.toml", ran.exits(0).stdout());
    work.bw8("check customers mine.csv --mapping map.toml").exits(3).says("Mobile (mobile)");
    let ran = work.bw8("map customers mine.csv --format json");
    ran.exits(0);
    let told = ran.json();
    assert_eq!(
        told["columns"][0],
        json!({"column": "A", "header": "姓名", "state": "known", "field": "name",
        "confidence": null, "certain": true})
    );
    assert_eq!((&told["columns"][1]["field"], &told["columns"][1]["certain"]), (&json!("mobile"), &json!(true)));
    assert_eq!(told["columns"][4]["state"], "nothing");
    assert_eq!(told["words"], json!([{"field": "state", "words": [["在岗", 2], ["停薪", 1]]}]));
    work.write("again.toml", told["mapping"].as_str().unwrap());
    work.bw8("check customers mine.csv --mapping again.toml").exits(3);
    work.bw8("map customers mine.csv --lang zh --show").exits(0).says("按表头识别").says("13100000001");
}

#[test]
fn a_column_of_telephones_goes_where_its_values_say() {
    let file = |number: &str| format!("姓名,电话,公司编号\n示例甲,{number}1,20001\n示例乙,{number}2,20001\n");
    for (number, field) in [("1310000000", "Mobile (mobile)"), ("010-0000000", "Landline (fixnumber)")] {
        let work = Work::with("mine.csv", file(number));
        work.bw8("map customers mine.csv -o map.toml").exits(0);
        work.bw8("check customers mine.csv --mapping map.toml").exits(0).says(&format!("电话 → {field}"));
    }
}

#[test]
fn a_column_of_telephones_of_both_kinds_is_known_and_its_mobile_numbers_are_routed() {
    let numbers = ["13100000001", "13100000002", "13100000003", "13100000004", "13100000005", "010-62000001"];
    let rows: Vec<String> = numbers.iter().map(|number| format!("示例{number},{number},20001\n")).collect();
    let work = Work::with("mine.csv", format!("姓名,电话,公司编号\n{}", rows.concat()));
    let ran = work.bw8("map customers mine.csv");
    ran.exits(0).says("电话 → Landline (fixnumber), by its heading; its mobile numbers go to Mobile, row by row");
    work.bw8("map customers mine.csv --lang zh").exits(0).says("其中的手机号会逐行导入到“手机”");
    work.write("map.toml", ran.stdout());
    work.bw8("import customers mine.csv --mapping map.toml --sandbox").exits(0);
    work.bw8("export customers -o all.csv --sandbox --no-mirror").exits(0);
    let all = work.table("all.csv");
    let of = |column: &str| all.column(column).iter().filter(|number| numbers.contains(&**number)).count();
    assert_eq!((of("Mobile"), of("Landline")), (5, 1));
    // Another heading, of which nothing is known.
    work.write("other.csv", format!("姓名,业务电话1,公司编号\n{}", rows.concat()));
    let ran = work.bw8("map customers other.csv -o map.xlsx");
    ran.exits(0);
    let columns = work.table("map.xlsx");
    assert_eq!(columns.column("对应字段")[1], columns.column("建议字段")[1]);
}

#[test]
fn headings_that_quote_break_or_repeat_make_a_mapping_that_can_be_read() {
    let file = "姓名,手机,公司编号,\"甲\"\"乙\\\n丙\",重,重,,\u{1b}[2J\u{202e}x\n示例,13100000001,20001,1,2,3,4,5\n";
    let work = Work::with("mine.csv", file);
    let ran = work.bw8("map customers mine.csv");
    ran.exits(0);
    assert!(!ran.stdout().contains(['\u{1b}', '\u{202e}']), "{ran}");
    work.write("map.toml", ran.stdout().replace("# drop = ", "drop = "));
    work.bw8("check customers mine.csv --mapping map.toml --strict").exits(0);
}

#[test]
fn two_columns_of_one_field_and_a_missing_one_are_said() {
    let file = "姓名,客户姓名,手机\n示例甲,示例乙,13100000001\n";
    let work = Work::with("mine.csv", file);
    let ran = work.bw8("map customers mine.csv");
    ran.exits(0).says("means Name, as column A does").says("# companyId = \"\"");
    let filled = ran.stdout().replace("# drop = ", "drop = ").replace("# companyId = \"\"", "companyId = \"20001\"");
    work.write("map.toml", filled);
    work.bw8("check customers mine.csv --mapping map.toml --strict").exits(0);
}

#[test]
fn a_column_that_is_said_to_mean_nothing_is_not_sent_and_counted() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例甲,13100000001,20001\n");
    work.write("map.toml", "[columns]\n'姓名' = ''\n");
    let ran = work.bw8("check customers mine.csv --mapping map.toml");
    ran.exits(0).says("1 column is not imported").says("A 姓名");
    work.bw8("check customers mine.csv --mapping map.toml --strict").exits(2);
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is_read() {
    let work = Work::with("mine.csv", FILE);
    work.write("map.toml", "mine");
    work.bw8("map customers mine.csv -o map.toml").exits(2).says("map.toml").says("another name");
    assert_eq!(work.read("map.toml"), "mine");
    work.bw8("map customers mine.csv -o map.csv").exits(2).says(".toml").says(".xlsx");
    work.bw8("map agents mine.csv").exits(2);
    work.bw8("map nosuch mine.csv").exits(2).says("nosuch");
    work.bw8("map customers none.csv").exits(2).says("none.csv does not exist");
}

/// Fills in a workbook as a person would: the cell of `title` in the row whose cell of `key` is `name`.
fn fill_in(work: &Work, sheet: &str, key: &str, name: &str, title: &str, text: &str) {
    let mut sheets = all_sheets(&work.path("map.xlsx"));
    let table = &mut sheets.iter_mut().find(|(had, _)| had == sheet).unwrap().1;
    let row = table.column(key).iter().position(|had| *had == name).unwrap();
    table.set(row, title, text);
    let sheets: Vec<(&str, &Table)> = sheets.iter().map(|(name, table)| (name.as_str(), table)).collect();
    work.write("map.xlsx", workbook(&sheets));
}

#[test]
fn a_workbook_is_filled_in_and_means_the_same() {
    let work = Work::with("mine.csv", FILE);
    work.bw8("map customers mine.csv -o map.xlsx").exits(0).says("--mapping map.xlsx");
    let columns = work.table("map.xlsx");
    assert_eq!(columns.column("表头"), ["姓名", "客户手机号", "公司编号", "在职状态", "内部代号", "电子信箱地址"]);
    assert_eq!(columns.column("对应字段"), ["姓名", "手机", "公司编号", "在职状态", "", ""]);
    assert_eq!(columns.column("建议字段")[5], "邮箱");
    assert_eq!(columns.column("示例1")[..2], ["示*", "131****0001"]);
    // As it stands: nothing uncertain is applied.
    let ran = work.bw8("check customers mine.csv --mapping map.xlsx");
    ran.exits(3).says("客户手机号 → Mobile (mobile)").says("2 columns are not imported");
    fill_in(&work, "列对应", "表头", "内部代号", "对应字段", "不导入");
    fill_in(&work, "列对应", "表头", "电子信箱地址", "对应字段", "邮箱");
    fill_in(&work, "取值对应", "表格中的文字", "在岗", "改为", "在职");
    fill_in(&work, "取值对应", "表格中的文字", "停薪", "改为", "离职");
    work.bw8("check customers mine.csv --mapping map.xlsx --strict").exits(0).says("电子信箱地址 → Email (email)");
    // A column that somebody clears is not sent, whatever its heading says.
    fill_in(&work, "列对应", "表头", "姓名", "对应字段", "");
    work.bw8("check customers mine.csv --mapping map.xlsx").exits(0).says("A 姓名");
    // A run keeps it: its retry needs the file no more.
    work.bw8("import customers mine.csv --mapping map.xlsx --sandbox").exits(0);
}

#[test]
fn a_mistake_in_a_workbook_is_told_by_sheet_and_row() {
    let work = Work::with("mine.csv", FILE);
    work.bw8("map customers mine.csv -o map.xlsx").exits(0);
    fill_in(&work, "列对应", "表头", "内部代号", "对应字段", "没有的字段");
    let ran = work.bw8("check customers mine.csv --mapping map.xlsx");
    ran.exits(2).says("map.xlsx, sheet '列对应', row 6: ").says("没有的字段");
    fill_in(&work, "列对应", "表头", "内部代号", "对应字段", "手机");
    let ran = work.bw8("check customers mine.csv --mapping map.xlsx --lang zh");
    ran.exits(2).says("工作表“列对应”第 6 行").says("第二个来源");
    fill_in(&work, "列对应", "表头", "内部代号", "对应字段", "");
    fill_in(&work, "取值对应", "表格中的文字", "在岗", "改为", "没有的选项");
    work.bw8("check customers mine.csv --mapping map.xlsx").exits(2).says("sheet '取值对应', row 2: ");
    work.write("map.xlsx", workbook(&[("列对应", Table::of(&["列", "表头"]).push(&["A", "姓名"]))]));
    work.bw8("check customers mine.csv --mapping map.xlsx").exits(2).says("对应字段").says("bw8 map");
    work.write("map.xlsx", workbook(&[("数据", Table::of(&["列", "表头"]).push(&["A", "姓名"]))]));
    work.bw8("check customers mine.csv --mapping map.xlsx").exits(2).says("列对应");
}

#[test]
fn a_workbook_holds_drop_downs_and_values_for_all_rows() {
    let work = Work::with("mine.csv", "姓名,手机,重,重\n示例甲,13100000001,1,2\n");
    work.bw8("map customers mine.csv -o map.xlsx --show").exits(0);
    let sheet = part_of(&work.path("map.xlsx"), "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<dataValidation type=\"list\"") && sheet.contains("'bw8'!$D$1:$D$"), "{sheet}");
    assert_eq!(work.table("map.xlsx").column("示例1")[1], "13100000001");
    work.bw8("check customers mine.csv --mapping map.xlsx").exits(2).says("Company ID");
    fill_in(&work, "固定值", "字段", "公司编号", "每一行都取", "20001");
    work.bw8("check customers mine.csv --mapping map.xlsx").exits(0).says("\"20001\" → Company ID");
    fill_in(&work, "列对应", "列", "C", "对应字段", "备注");
    fill_in(&work, "列对应", "列", "D", "对应字段", "不导入");
    work.bw8("check customers mine.csv --mapping map.xlsx --strict").exits(0).says("C  重 → Note");
}

#[test]
fn a_mapping_is_read_as_notepad_saves_it() {
    let work = Work::with("mine.csv", FILE);
    let text = "[columns]\r\n\"客户手机号\" = \"手机\"\r\n[values.\"在职状态\"]\r\n\"在岗\" = \"在职\"\r\n\"停薪\" = \"离职\"\r\n";
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xFF\xFE", units.as_slice()].concat();
    for bytes in [encoding_rs::GB18030.encode(text).0.into_owned(), marked, format!("\u{feff}{text}").into_bytes()] {
        work.write("map.toml", bytes);
        work.bw8("check customers mine.csv --mapping map.toml").exits(0).says("客户手机号 → Mobile (mobile)");
    }
    let mut broken = text.as_bytes().to_vec();
    broken.extend(b"# \xFF\n");
    work.write("map.toml", broken);
    work.bw8("check customers mine.csv --mapping map.toml").exits(2).says("map.toml, line 6: ").says("Notepad");
    work.bw8("check customers mine.csv --mapping map.toml --lang zh").exits(2).says("第 6 行").says("记事本");
}

#[test]
fn configuration_is_read_as_notepad_saves_it() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号,渠道来源\n示例甲,13100000001,20001,门店\n");
    let overlay = "[[customers.custom_fields]]\nkey = \"field_2\"\nlabel = \"渠道来源\"\n";
    work.write("api.toml", encoding_rs::GB18030.encode(overlay).0);
    work.bw8("check customers mine.csv").exits(0).says("渠道来源 → ");
    let units: Vec<u8> =
        "[account.default]\nmode = \"2C\" # 示例\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    work.write("bw8.toml", [b"\xFF\xFE", units.as_slice()].concat());
    work.write("bare.csv", "姓名,手机\n示例甲,13100000001\n");
    work.bw8("check customers bare.csv").exits(0);
    work.write("bw8.toml", b"[account.default]\nmode = \"\xFFC\"\n");
    work.bw8("check customers bare.csv --lang zh").exits(2).says("bw8.toml 第 2 行");
}

#[test]
fn a_retry_needs_the_workbook_no_more() {
    let file =
        "姓名,客户手机号,公司编号\n示例甲,13100000001,20001\n示例乙,13100000002,20001\n示例丙,13100000003,没有\n";
    let (work, server) = (Work::with("mine.csv", file), Server::start(""));
    work.bw8("map customers mine.csv -o map.xlsx").exits(0);
    work.on(&server, "import customers mine.csv --mapping map.xlsx --run run").exits(3);
    std::fs::remove_file(work.path("map.xlsx")).unwrap();
    let mut failed = work.table("run/failed.csv");
    failed.set(0, "公司编号", "20001");
    work.write_table("run/failed.csv", &failed);
    work.on(&server, "retry run/failed.csv").exits(0);
    assert_eq!(server.count_by("customers", "mobile")["13100000003"], 1);
}

/// Every file that is shipped, whatever its rows are said to be: a heading may name a record by its name, or be an id of another
/// system, which is no field of the rows.
#[test]
fn every_shipped_file_gets_a_mapping_that_can_be_read() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let files_of = |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files_of(samples.clone()).chain(files_of(samples.join("migration"))).filter(|path| path.is_file());
    let work = Work::new();
    let mut mapped = 0;
    for (number, path) in files.enumerate() {
        let copy = format!("{number}.{}", path.extension().unwrap().to_str().unwrap());
        std::fs::copy(&path, work.path(&copy)).unwrap();
        for entity in ["companies", "customers", "tickets", "tags", "bindings", "customer-groups"] {
            let mapping = format!("{number}-{entity}.xlsx");
            work.bw8(format!("map {entity} {copy}")).exits(0);
            work.bw8(format!("map {entity} {copy} -o {mapping}")).exits(0);
            work.bw8(format!("check {entity} {copy} --mapping {mapping}")).exits_with_one_of(&[0, 2, 3]);
            mapped += 1;
        }
    }
    assert!(mapped >= 72, "{mapped}");
}

#[test]
fn a_heading_that_tells_a_record_by_its_name_is_known_and_can_be_chosen() {
    let work = Work::with("mine.csv", "姓名,手机,公司\n示例甲,13100000001,示例科技有限公司\n");
    let ran = work.bw8("map customers mine.csv");
    ran.exits(0).says("公司 → Company name (companyId.companyName)").never_says("companyId = ");
    work.bw8("map customers mine.csv -o map.xlsx").exits(0);
    assert_eq!(work.table("map.xlsx").column("对应字段"), ["姓名", "手机", "公司名称"]);
    let ran = work.bw8("check customers mine.csv --mapping map.xlsx");
    ran.exits(0).says("公司 → Company name (companyId.companyName)");
    // Another heading, for which a person chooses what it means.
    work.write("other.csv", "姓名,手机,甲方\n示例甲,13100000001,示例科技有限公司\n");
    std::fs::remove_file(work.path("map.xlsx")).unwrap();
    work.bw8("map customers other.csv -o map.xlsx").exits(0);
    fill_in(&work, "列对应", "表头", "甲方", "对应字段", "公司名称");
    let ran = work.bw8("check customers other.csv --mapping map.xlsx");
    ran.exits(0).says("甲方 → Company name (companyId.companyName)");
    // What a name means goes by another word where its label is that of the number.
    work.write("tickets.csv", "标题,联系人编号,受理客服\n示例,50001,示例客服\n");
    std::fs::remove_file(work.path("map.xlsx")).unwrap();
    work.bw8("map tickets tickets.csv -o map.xlsx").exits(0);
    let ran = work.bw8("check tickets tickets.csv --mapping map.xlsx");
    ran.exits(0).says("受理客服 → Assignee ID (servicerUserId.any)");
}

#[test]
fn an_id_of_another_system_is_said_and_stays_what_it_is() {
    let work =
        Work::with("mine.csv", "organization_id,姓名,手机,公司\n360000000101,示例甲,13100000001,示例科技有限公司\n");
    work.bw8("map customers mine.csv").exits(0).says("organization_id: not sent, an id of another system");
    work.bw8("map customers mine.csv -o map.xlsx --lang zh").exits(0);
    let table = work.table("map.xlsx");
    assert_eq!((table.column("对应字段")[0], &table.column("说明")[0][..15]), ("", "旧系统编号"));
    let ran = work.bw8("check customers mine.csv --mapping map.xlsx");
    ran.exits(0).says("organization_id: not sent, an id of another system");
}
