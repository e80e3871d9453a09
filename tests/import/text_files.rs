//! Text files as people have them: what is plain is read and said, what could be wrong is held back or refused by line.

use encoding_rs::{BIG5, Encoding, GB18030, UTF_16BE, UTF_16LE};

use crate::harness::*;

const GOOD: &str = "姓名,手机,公司编号,备注\n示例甲,13100000001,20001,老客户\n示例乙,13100000002,20001,新客户\n";

/// What became of the rows of a file, by their row numbers.
fn imported(work: &Work, entity: &str) -> Vec<(String, String, String)> {
    work.bw8(format!("import {entity} mine.csv --sandbox")).exits_with_one_of(&[0, 3]);
    let results = work.results();
    let rows = results.column("row").into_iter().zip(results.column("status")).zip(results.column("code"));
    let rows: Vec<(String, String, String)> =
        rows.map(|((row, status), code)| (row.to_owned(), status.to_owned(), code.to_owned())).collect();
    rows
}

/// Rows that were not simply created, as `row status code`.
fn others(work: &Work, entity: &str) -> Vec<String> {
    let rows = imported(work, entity).into_iter().filter(|(_, status, _)| status != "created");
    rows.map(|(row, status, code)| format!("{row} {status} {code}")).collect()
}

fn stored(work: &Work, entity: &str, column: &str) -> Vec<String> {
    work.bw8(format!("export {entity} -o all.csv --sandbox --no-mirror --lang zh")).exits(0);
    work.table("all.csv").column(column).into_iter().map(str::to_owned).collect()
}

#[test]
fn text_behind_a_closing_quotation_mark_is_refused_by_line() {
    for (text, line, refused) in [
        ("示例甲,13100000001,20001,\"他说\"你好\"就走了\"\n", "line 2", 1),
        (
            "示例甲,13100000001,20001,\"5寸屏\n示例乙,13100000002,20001,无\n示例丙,13100000003,20001,\"7寸屏\n",
            "line 4",
            1,
        ),
    ] {
        let work = Work::with("mine.csv", format!("姓名,手机,公司编号,备注\n{text}示例戊,13100000009,20001,好\n"));
        work.bw8("check customers mine.csv").exits(3).says(line).says("double a quotation mark");
        let rows = imported(&work, "customers");
        assert_eq!(rows.iter().filter(|(_, status, _)| status == "refused").count(), refused, "{rows:?}");
        assert_eq!(rows.last().unwrap().1, "created");
        let folder = work.run_folder();
        work.bw8(["retry", folder.to_str().unwrap(), "--sandbox"]).exits(3).says("quotation mark");
    }
}

#[test]
fn a_quotation_mark_that_is_never_closed_stops_the_file_at_its_line() {
    let work = Work::with("mine.csv", format!("{GOOD}示例丙,13100000003,20001,\"5寸屏\n示例丁,13100000004,20001,无\n"));
    work.bw8("import customers mine.csv --sandbox").exits(2).says("line 4").says("\"\"");
}

#[test]
fn rows_that_a_quotation_swallowed_are_held() {
    let swallowed = "示例丙,13100000003,20001,\"5寸屏\n示例丁,13100000004,20001,无\n示例戊,13100000005,20001,7寸屏\"\n";
    let work = Work::with("mine.csv", format!("{GOOD}{swallowed}"));
    assert_eq!(others(&work, "customers"), ["4 held rows_in_quotation"]);
    let work = Work::with("mine.csv", format!("{GOOD}示例丙,13100000003,20001,\"第一行\n第二行，好\"\n"));
    assert_eq!(others(&work, "customers"), [""; 0]);
}

#[test]
fn a_row_that_is_too_wide_is_kept_whole_and_can_be_mended() {
    let work = Work::with("mine.csv", format!("{GOOD}示例丙,13100000003,20001,要红色,不要蓝色\n"));
    assert_eq!(others(&work, "customers"), ["4 refused ragged"]);
    let file = work.run_folder().join("failed.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    let kept = text.trim_end().strip_suffix("不要蓝色").unwrap();
    std::fs::write(&file, kept.replace("要红色", "\"要红色,不要蓝色\"")).unwrap();
    work.bw8(["retry", file.to_str().unwrap(), "--sandbox"]).exits(0);
    assert!(stored(&work, "customers", "备注").contains(&"要红色,不要蓝色".to_owned()));
}

#[test]
fn values_that_slipped_are_held_and_stay_so_until_a_person_confirms() {
    let header = "姓名,手机,公司编号,备注,QQ号,标签\n";
    let usual: String = (1..8).map(|n| format!("示例{n},1310000001{n},20001,无,1234567{n},老客户\n")).collect();
    for (odd, code) in [
        ("示例乙,13100000002,20001,要红色,不要蓝色,,\n", "cells_shifted"),
        ("示例乙,13100000002,20001,要红色,不要蓝色,\n", "value_slipped"),
        ("示例乙,13100000002,20001,无,,\n", ""),
        ("示例乙,13100000002,20001,要红色,暂无,老客户\n", "null_word"),
    ] {
        let work = Work::with("mine.csv", format!("{header}{usual}{odd}"));
        let expected: Vec<String> = if code.is_empty() { vec![] } else { vec![format!("9 held {code}")] };
        assert_eq!(others(&work, "customers"), expected, "{odd}");
        if !code.is_empty() {
            let folder = work.run_folder();
            work.bw8(["retry", folder.to_str().unwrap(), "--sandbox"]).exits(3).says(code);
            let work = Work::with("mine.csv", format!("{header}{usual}{odd}"));
            imported(&work, "customers");
            let folder = work.run_folder();
            let consent = format!("--accept-warnings={code},not_an_account");
            work.bw8(["retry", folder.to_str().unwrap(), "--sandbox", &consent]).exits(0);
        }
    }
}

#[test]
fn a_line_break_that_was_not_quoted_is_held() {
    let work = Work::with("mine.csv", "公司名称,地址\n示例一公司,甲路1号\n2楼\n示例二公司,乙路2号\n");
    assert_eq!(others(&work, "companies"), ["2 held torn_row", "3 held broken_line", "4 held broken_line"]);
    let folder = work.run_folder();
    work.bw8(["retry", folder.to_str().unwrap(), "--sandbox"]).exits(3);
    assert!(!stored(&work, "companies", "公司名称").contains(&"2楼".to_owned()));
    let work = Work::with("mine.csv", "公司名称,地址,备注\n示例一公司,甲路1号\n2楼,好\n示例二公司,乙路2号,无\n");
    assert_eq!(others(&work, "companies"), ["2 held torn_row", "3 held broken_line"]);
}

#[test]
fn blank_cells_at_the_end_are_said_and_cost_nothing() {
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司编号,备注\n示例甲,13100000001,20001,无,\n示例乙,13100000002,20001,好\n示例丙,13100000003,20001\n",
    );
    work.bw8("check customers mine.csv").exits(0).says("blank ones at the end");
    assert_eq!(others(&work, "customers"), [""; 0]);
    let rows: String = (1..8).map(|n| format!("示例{n},1310000001{n},20001\n")).collect();
    let work = Work::with("mine.csv", format!("姓名,手机,公司编号,备注\n{rows}"));
    work.bw8("check customers mine.csv").exits(0).says("blank cells at the end");
}

#[test]
fn dialects_are_recognised() {
    let commas = "姓名,手机,公司编号,备注\r\n示例甲,13100000001,20001,\"甲,乙\"\r\n";
    let plain = |mark: &str| commas.replace("\"甲,乙\"", "无").replace(',', mark);
    for text in [
        format!("\u{feff}{commas}"),
        format!("\u{feff}\u{feff}{commas}"),
        format!("{commas}\u{1a}"),
        format!("sep=,\r\n{commas}"),
        commas.replace("\r\n", "\r"),
        commas.replacen("\r\n", "\n", 1),
        plain(";"),
        plain("\t"),
        plain("|"),
        format!("sep=^\n{}", plain("^")),
        plain("\t,").replace("\r\n", "\t\r\n"),
        format!("客户资料导出\n\n导出日期,2026-01-05\n{commas}"),
        commas.replace(",20001,", ", \"20001\" ,"),
        commas.replace("手机", "手机\u{200b}").replace("姓名", "\u{2060}姓\u{ad}名"),
        format!("{commas},,,\r\n,,,\r\n").replace("备注\r\n", "备注,,\r\n"),
    ] {
        let work = Work::with("mine.csv", &text);
        let rows = imported(&work, "customers");
        assert_eq!(rows.len(), 1, "{text:?}");
        assert_eq!(rows[0].1, "created", "{text:?}: {rows:?}");
        assert!(stored(&work, "customers", "手机").contains(&"13100000001".to_owned()), "{text:?}");
    }
}

#[test]
fn a_header_below_a_title_is_named() {
    let work = Work::with("mine.csv", "客户资料导出\n姓名;手机;公司编号;备注\n示例甲;13100000001;20001;无\n");
    work.bw8("check customers mine.csv").exits(0).says("row 2").says("客户资料导出");
    work.bw8("check customers mine.csv --header-row 2").exits(0);
    let work = Work::with("mine.csv", "甲,乙,丙,丁\n姓名,手机,公司编号,备注\n示例甲,13100000001,20001,无\n");
    work.bw8("check customers mine.csv").exits(2).says("--header-row 2");
}

#[test]
fn columns_that_nothing_known_separates_are_refused() {
    for text in [
        "姓名^手机^公司编号\n示例甲^13100000001^20001\n",
        "姓名，手机，公司编号\n示例甲，13100000001，20001\n",
        "姓名  手机  公司编号\n示例甲  13100000001  20001\n",
    ] {
        let work = Work::with("mine.csv", text);
        work.bw8("check customers mine.csv").exits(2).says("one cell").says("sep=;");
    }
    let work = Work::with("mine.csv", "公司名称\n示例一公司;甲路1号\n示例二公司;乙路2号\n");
    work.bw8("check companies mine.csv").exits(2).says("one cell");
}

#[test]
fn marks_that_keep_a_number_a_text_are_taken_off() {
    let work = Work::with(
        "mine.csv",
        "姓名,手机,公司编号,QQ号,备注\n=\"示例甲\",=\"13100000001\",=\"20001\",=\"0012345\",\"=\"\"00456\"\"\"\n示例乙,'13100000002,20001,'0067890,\t00123\n",
    );
    work.bw8("check customers mine.csv").exits(0).says("00123 are read as 00123");
    assert_eq!(others(&work, "customers"), [""; 0]);
    let (numbers, notes) = (stored(&work, "customers", "QQ号"), stored(&work, "customers", "备注"));
    assert!(numbers.contains(&"0012345".into()) && numbers.contains(&"0067890".into()), "{numbers:?}");
    assert!(notes.contains(&"00456".into()) && notes.contains(&"00123".into()), "{notes:?}");
}

#[test]
fn the_example_row_of_a_template_is_skipped_in_text_too() {
    let work = Work::with(
        "mine.csv",
        "姓名,手机,固定电话,邮箱,备注,公司编号*\n示例 张三,13000000000,010-00000000,example@example.com,,20001\n示例甲,13100000001,,,,20001\n",
    );
    assert_eq!(others(&work, "customers"), ["2 skipped example"]);
    let work = Work::with("mine.csv", "姓名,手机,公司编号*\n示例 张三,13100000001,20001\n");
    assert_eq!(others(&work, "customers"), [""; 0]);
}

fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    match encoding {
        e if e == UTF_16LE => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        e if e == UTF_16BE => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        e => e.encode(text).0.into_owned(),
    }
}

#[test]
fn encodings_are_recognised_and_said() {
    let traditional = "姓名,手機,公司編號,備註\n範例甲,13100000001,20001,老客戶\n";
    for (text, encoding, name) in [
        (GOOD, GB18030, "GB18030"),
        (GOOD, UTF_16LE, "UTF-16LE"),
        (GOOD, UTF_16BE, "UTF-16BE"),
        (traditional, BIG5, "BIG5"),
    ] {
        let mapping = "[columns]\n\"手機\" = \"mobile\"\n\"公司編號\" = \"companyId\"\n\"備註\" = \"note\"\n";
        let work = Work::new();
        work.write("m.toml", mapping);
        std::fs::write(work.path("mine.csv"), encoded(text, encoding)).unwrap();
        let with = if encoding == BIG5 { " --mapping m.toml" } else { "" };
        work.bw8(format!("check customers mine.csv{with}")).exits(0).says(name).says("姓名");
        let named = name.to_lowercase().replace("gb18030", "gbk");
        work.bw8(format!("check customers mine.csv{with} --encoding {named}")).exits(0).says(name);
    }
    let work = Work::with("mine.csv", GOOD);
    work.bw8("check customers mine.csv --encoding klingon").exits(2).says("klingon").says("gb18030");
    let work = Work::with("mine.csv", format!("\u{feff}{GOOD}"));
    work.bw8("check customers mine.csv --encoding gbk").exits(2).says("--encoding");
}

#[test]
fn a_byte_that_contradicts_later_is_an_error_by_line() {
    let rows: String = (0..20_000).map(|n| format!("示例{n},1310{n:07},20001,老客户\n")).collect();
    let head = "姓名,手机,公司编号,备注\n";
    for (mut bytes, broken) in [
        (format!("{head}{rows}").into_bytes(), &b"\xb9\xab\xcb\xbe"[..]),
        (encoded(&format!("{head}{rows}"), GB18030), &b"\xff\xff"[..]),
    ] {
        bytes.extend_from_slice(b"A,13200000000,20001,");
        bytes.extend_from_slice(broken);
        bytes.extend_from_slice(b"\nB,13200000001,20001,x\n");
        let work = Work::new();
        std::fs::write(work.path("mine.csv"), bytes).unwrap();
        work.bw8("check customers mine.csv").exits(2).says("line 20002").says("--encoding");
    }
}

#[test]
fn text_that_was_broken_before_is_never_sent_silently() {
    let rows = "示例甲,13100000001,20001,锟斤拷锟斤拷\n示例乙,13100000002,20001,鐢ㄦ埛\n示例丙,13100000003,20001,MÃ¼ller\n示例\u{fffd},13100000004,20001,无\n示例鑫,13100000005,20001,Müller\n";
    let work = Work::with("mine.csv", format!("姓名,手机,公司编号,备注\n{rows}"));
    assert_eq!(
        others(&work, "customers"),
        ["2 refused characters_lost", "3 held wrong_encoding", "4 held wrong_encoding", "5 refused characters_lost"]
    );
}

#[test]
fn what_export_writes_in_gb18030_is_read_back() {
    let work = Work::with("mine.csv", GOOD);
    work.bw8("import customers mine.csv --sandbox").exits(0);
    work.bw8("export customers -o all.csv --sandbox --no-mirror --encoding gb18030").exits(0);
    work.bw8("check customers all.csv --mode update").exits(0).says("GB18030");
}

#[test]
fn what_shows_the_encoding_late_in_a_file_is_shown_as_its_sample() {
    let rows: String = (0..6_000).map(|n| format!("Person {n},1310000{n:04},20001,\n")).collect();
    let text = format!("Name,Mobile,Company ID,Note\n{rows}Anna,13200000000,20001,老客户要红色的贸易公司\n");
    let work = Work::new();
    std::fs::write(work.path("mine.csv"), encoded(&text, GB18030)).unwrap();
    work.bw8("check customers mine.csv").exits(0).says("GB18030").says("老客户要红色的贸易公司");
    std::fs::write(work.path("mine.csv"), encoded(&text.replace("Person 90,", "示例丙,"), GB18030)).unwrap();
    work.bw8("check customers mine.csv").exits(0).says("示例丙");
}

#[test]
fn text_of_four_bytes_a_character_is_named_with_a_way_out() {
    let mark = [0xff, 0xfe, 0, 0];
    let units: Vec<u8> = GOOD.chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
    let work = Work::new();
    for (name, bytes) in [("mine.csv", [&mark[..], &units].concat()), ("bare.csv", units.clone())] {
        std::fs::write(work.path(name), bytes).unwrap();
        work.bw8(format!("check customers {name}")).exits(2).says("UTF-32").says("iconv").says("PowerShell");
    }
    work.bw8("import customers mine.csv --sandbox --lang zh").exits(2).says("UTF-32 编码").says("CSV UTF-8");
}

#[test]
fn behind_a_lone_line_only_the_row_that_may_be_its_rest_is_held() {
    let rows = |from: u32, to: u32| -> String { (from..to).map(|n| format!("示例{n}公司,路{n},无\n")).collect() };
    let work = Work::with("mine.csv", format!("公司名称,地址,备注\n{}华东大客户\n{}", rows(0, 5), rows(5, 9)));
    assert_eq!(others(&work, "companies"), ["6 held torn_row", "7 held lone_cell", "8 held broken_line"]);
}

#[test]
fn a_header_that_comes_again_in_another_case_is_skipped_and_tears_nothing_apart() {
    let file = "Subject;Description;Customer ID\nPrinter;jam;50001\nSUBJECT;description;customer id\nMouse;bad;50002\n";
    let work = Work::with("mine.csv", file);
    assert_eq!(others(&work, "tickets"), ["3 skipped header_repeated"]);
    // Two files, one behind the other.
    let part = |n: u32| format!("\u{feff}姓名,手机,公司编号\n示例{n},1310000000{n},20001\n");
    let work = Work::with("mine.csv", part(1) + &part(2));
    assert_eq!(others(&work, "customers"), ["3 skipped header_repeated"]);
}

#[test]
fn headings_and_choices_in_traditional_chinese_are_understood() {
    let file = "姓名,手機號碼,電子郵箱,公司編號,在職狀態\n範例甲,13100000001,a@example.com,20001,在職\n範例乙,13100000002,,20001,離職\n";
    let work = Work::with("mine.csv", file);
    assert_eq!(others(&work, "customers"), [""; 0]);
    let (names, states) = (stored(&work, "customers", "姓名"), stored(&work, "customers", "在职状态"));
    let of = |name: &str| &*states[names.iter().position(|had| had == name).unwrap()];
    assert_eq!((of("範例甲"), of("範例乙")), ("在职", "离职"));
    work.bw8("check customers mine.csv --lang zh").exits(0).says("離職 → 离职");
}

#[test]
fn a_time_of_day_where_a_day_is_kept_is_dropped_when_a_person_agrees() {
    let file = "公司名称,服务开始日期,服务结束日期\n示例甲公司,2026/1/5 0:00,2026-12-31 23:59:59\n示例乙公司,2026-01-05T16:00:00Z,\n";
    let work = Work::with("mine.csv", file);
    assert_eq!(others(&work, "companies"), ["2 held date_with_time", "3 refused not_a_date"]);
    work.bw8("import companies mine.csv --sandbox --fresh --accept-warnings=date_with_time").exits(3);
    assert!(stored(&work, "companies", "服务结束日期").contains(&"2026-12-31".to_owned()));
}
