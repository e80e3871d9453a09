//! What a person sees in a sheet, and what a cell holds: hidden, merged, shown in another form, not calculated.

use crate::harness::{self, Sheets, Work, sheet_row};

const HEADER: [&str; 4] = ["姓名", "手机", "公司编号", "备注"];

/// A customer with this XML for the cell of the note.
fn customer(number: u32, attributes: &str, note: &str) -> String {
    sheet_row(attributes, &[&format!("示例客户{number}"), &format!("1310000000{number}"), "20001", note])
}

fn customers(rows: &[String]) -> String {
    sheet_row("", &HEADER) + &rows.concat()
}

/// Imports a file and tells status and code of each row, and what the service holds of the notes.
fn imported(sheets: &Sheets, more: &str) -> (Vec<String>, Vec<String>, Work) {
    let work = Work::with("mine.xlsx", sheets.bytes());
    let ran = work.bw8(format!("import customers mine.xlsx --sandbox {more}"));
    let results = work.results();
    let outcome: Vec<String> = results
        .column("status")
        .iter()
        .zip(results.column("code"))
        .map(|(status, code)| format!("{status} {code}").trim().to_owned())
        .collect();
    let is_whole = outcome.iter().all(|outcome| outcome.starts_with("created") || outcome.starts_with("skipped"));
    ran.exits(if is_whole { 0 } else { 3 });
    work.bw8("export customers -o all.csv --sandbox --no-mirror").exits(0);
    let all = work.table("all.csv");
    let names = all.column("Name");
    let mut notes: Vec<(&str, &str)> =
        names.into_iter().zip(all.column("Note")).filter(|(name, _)| name.starts_with("示例客户")).collect();
    notes.sort_unstable();
    let notes = notes.into_iter().map(|(_, note)| note.to_owned()).collect();
    (outcome, notes, work)
}

#[test]
fn a_hidden_row_is_held_back_until_somebody_consents() {
    let rows =
        [customer(1, "", "a"), customer(2, "hidden='1'", "b"), customer(3, "hidden='true'", "c"), customer(4, "", "d")];
    let sheets = Sheets::of(&customers(&rows));
    let (outcome, notes, work) = imported(&sheets, "");
    assert_eq!(outcome, ["created", "held hidden_row", "held hidden_row", "created"]);
    assert_eq!(notes, ["a", "d"]);
    work.bw8("check customers mine.xlsx").exits(3).says("rows 3, 4: hidden in the sheet");
    // The file of failed rows hides nothing, and asks all the same.
    let failed = work.run_folder().join("failed.xlsx");
    work.bw8(["retry", failed.to_str().unwrap(), "--sandbox"]).exits(3).says("was held back: hidden in the sheet");
    let (outcome, ..) = imported(&sheets, "--accept-warnings=hidden_row");
    assert_eq!(outcome, ["created"; 4]);
}

#[test]
fn a_hidden_column_counts_where_it_is_sent() {
    let rows = customers(&[customer(1, "", "a"), customer(2, "", "")]);
    let hidden =
        |min: u32| Sheets::of(&rows).before(&format!("<cols><col min='{min}' max='{min}' hidden='1'/></cols>"));
    assert_eq!(imported(&hidden(4), "").0, ["held hidden_column", "created"]);
    assert_eq!(imported(&hidden(6), "").0, ["created", "created"]);
}

#[test]
fn the_rest_of_merged_cells_is_refused_with_its_range() {
    let rows = [customer(1, "", "a"), customer(2, "", ""), customer(3, "", "c")];
    let merged = |range: &str| {
        Sheets::of(&customers(&rows)).behind(&format!("<mergeCells><mergeCell ref='{range}'/></mergeCells>"))
    };
    let (outcome, _, work) = imported(&merged("D2:D3"), "");
    assert_eq!(outcome, ["created", "refused merged_cells", "created"]);
    work.bw8("check customers mine.xlsx").exits(3).says("D2:D3");
    // Beside the columns that are sent they do no harm.
    assert_eq!(imported(&merged("F2:F3"), "").0, ["created"; 3]);
}

#[test]
fn cells_that_are_merged_downwards_are_filled_when_that_is_asked_for() {
    let rows = [customer(1, "", "a"), customer(2, "", ""), customer(3, "", "c")];
    let merged = |range: &str| {
        Sheets::of(&customers(&rows)).behind(&format!("<mergeCells><mergeCell ref='{range}'/></mergeCells>"))
    };
    let (outcome, notes, work) = imported(&merged("D2:D3"), "--fill-merged");
    assert_eq!((outcome, notes), (vec!["created".to_owned(); 3], ["a", "a", "c"].map(str::to_owned).to_vec()));
    work.bw8("check customers mine.xlsx --fill-merged").exits(0).says("D2:D3");
    // What stands beside is no value of this column, and what a header shows no value of a row.
    let (outcome, ..) = imported(&merged("C2:D3"), "--fill-merged");
    assert_eq!(outcome, ["refused merged_cells", "refused merged_cells", "created"]);
    let (outcome, ..) = imported(&merged("D1:D2"), "--fill-merged");
    assert_eq!(outcome, ["refused merged_cells", "created", "created"]);
}

#[test]
fn a_title_above_the_header_is_passed_over() {
    let title = sheet_row("", &["客户资料表", "", "", ""]);
    let sheets = Sheets::of(&(title + &sheet_row("", &["制表：示例"]) + &customers(&[customer(1, "", "a")])))
        .behind("<mergeCells><mergeCell ref='A1:D1'/></mergeCells>");
    let (outcome, notes, work) = imported(&sheets, "");
    assert_eq!((outcome, notes), (vec!["created".to_owned()], vec!["a".to_owned()]));
    work.bw8("check customers mine.xlsx").exits(0).says("row 3");
    // A title that is the name of a field, too.
    let rows = ["公司", "公司名称", "示例一公司"].map(|text| sheet_row("", &[text])).concat();
    let work = Work::with("mine.xlsx", Sheets::of(&rows).bytes());
    work.bw8("import companies mine.xlsx --sandbox").exits(0);
    assert_eq!(work.results().len(), 1);
    // A list whose values are the names of fields is no title.
    let rows = ["公司名称", "地址", "备注"].map(|text| sheet_row("", &[text])).concat();
    let work = Work::with("mine.xlsx", Sheets::of(&rows).bytes());
    let ran = work.bw8("check companies mine.xlsx");
    ran.exits(0).says("2 rows");
}

#[test]
fn a_header_of_two_rows_is_read_by_its_second() {
    let rows = sheet_row("", &["姓名", "联系方式", "", "公司编号"])
        + &sheet_row("", &["", "手机", "备注", ""])
        + &sheet_row("", &["示例客户1", "13100000001", "a", "20001"]);
    let merges = ["A1:A2", "B1:C1", "D1:D2"].map(|range| format!("<mergeCell ref='{range}'/>")).concat();
    let sheets = Sheets::of(&rows).behind(&format!("<mergeCells>{merges}</mergeCells>"));
    let (outcome, notes, _) = imported(&sheets, "");
    assert_eq!((outcome, notes), (vec!["created".to_owned()], vec!["a".to_owned()]));
}

#[test]
fn the_sheet_whose_header_fits_is_read_and_the_others_are_named() {
    let explanation =
        sheet_row("", &["客户", "说明"]) + &sheet_row("", &["姓名", "必填"]) + &sheet_row("", &["手机", "选填"]);
    let sheets = Sheets::of(&explanation)
        .sheet("数据", &customers(&[customer(1, "", "a")]))
        .sheet("旧数据", &customers(&[customer(2, "", "b")]))
        .sheet("底稿", &customers(&[customer(3, "", "c")]))
        .hidden();
    let (outcome, notes, work) = imported(&sheets, "");
    assert_eq!((outcome, notes), (vec!["created".to_owned()], vec!["a".to_owned()]));
    let ran = work.bw8("check customers mine.xlsx");
    ran.exits(0).says("sheet 数据").says("Sheet1, 旧数据").says("底稿");
}

#[test]
fn a_formula_without_a_result_is_refused_and_one_out_of_date_held() {
    let text = |value: &str| format!("<c t=\"str\"><f>A1&amp;B1</f>{value}</c>");
    let number = |value: &str| format!("<c><f>1+1</f>{value}</c>");
    let rows = customers(&[
        customer(1, "", &text("<v>a</v>")),
        customer(2, "", &text("<v></v>")),
        customer(3, "", &number("")),
        customer(4, "", &number("<v/>")),
        customer(5, "", &number("<v>0</v>")),
    ]);
    let (outcome, notes, work) = imported(&Sheets::of(&rows), "");
    let refused = "refused formula_without_result";
    assert_eq!(outcome, ["created", "created", refused, refused, "created"]);
    assert_eq!(notes, ["a", "", "0"]);
    // What was refused for want of a value stays so when the file of failed rows comes back as it is.
    let failed = work.run_folder().join("failed.xlsx");
    work.bw8(["retry", failed.to_str().unwrap(), "--sandbox"]).exits(3);
    let asks = Sheets::of(&rows).book("<calcPr fullCalcOnLoad='1'/>");
    let (outcome, ..) = imported(&asks, "");
    let held = "held formula_not_calculated";
    assert_eq!(outcome, [held, held, refused, refused, refused]);
}

#[test]
fn numbers_are_taken_as_the_sheet_shows_them_where_texts_belong() {
    let cell = |style: u32, number: &str| format!("<c s=\"{style}\"><v>{number}</v></c>");
    let rows = customers(&[
        customer(1, "", &cell(1, "123")),
        customer(2, "", &cell(2, "0.85")),
        customer(3, "", &cell(3, "1.5")),
        customer(4, "", &cell(4, "35000")),
        customer(5, "", &cell(5, "0.5")),
        customer(6, "", &cell(0, "0.7999999999999999")),
        customer(7, "", &cell(6, "46082")),
    ]);
    let sheets = ["00000", "0.0%", "[h]:mm", "0!.0,\"万\"", "# ?/?", "yyyy\"年\"m\"月\"d\"日\""]
        .into_iter()
        .fold(Sheets::of(&rows), Sheets::format);
    let (outcome, notes, _) = imported(&sheets, "");
    assert_eq!(outcome[4..], ["held number_format", "created", "created"]);
    assert_eq!(notes, ["00123", "85.0%", "36:00", "3.5万", "0.8", "2026-03-01"]);
}

#[test]
fn a_code_keeps_its_zeros_and_is_no_date() {
    let header = sheet_row("", &["姓名", "手机", "公司编号", "QQ号", "标签"]);
    let row = |number: u32, code: &str, tags: &str| {
        sheet_row("", &[&format!("示例客户{number}"), &format!("1310000000{number}"), "20001", code, tags])
    };
    let cell = |style: u32, number: &str| format!("<c s=\"{style}\"><v>{number}</v></c>");
    let rows = header
        + &row(1, &cell(1, "12345"), "")
        + &row(2, &cell(2, "46086"), "")
        + &row(3, &cell(3, "12345678"), "")
        + &row(4, "", &cell(3, "101102"));
    let sheets = ["00000000", "m/d/yyyy", "#,##0"].into_iter().fold(Sheets::of(&rows), Sheets::format);
    let work = Work::with("mine.xlsx", sheets.bytes());
    work.bw8("import customers mine.xlsx --sandbox").exits(3).says("46086").says("101,102");
    let results = work.results();
    assert_eq!(results.column("status"), ["created", "refused", "created", "refused"]);
    assert_eq!(results.column("code"), ["", "date_cell", "", "number_or_list"]);
    work.bw8("export customers -o all.csv --sandbox --no-mirror").exits(0);
    let all = work.table("all.csv");
    let codes: Vec<&str> = all
        .column("Name")
        .into_iter()
        .zip(all.column("QQ number"))
        .filter(|(name, _)| ["示例客户1", "示例客户3"].contains(name))
        .map(|(_, code)| code)
        .collect();
    assert!(codes.contains(&"00012345") && codes.contains(&"12345678"), "{codes:?}");
}

#[test]
fn days_are_counted_from_where_the_workbook_counts() {
    let rows = sheet_row("", &["公司名称", "服务开始日期"]) + &sheet_row("", &["示例一公司", "<c><v>44565</v></c>"]);
    let work = Work::with("mine.xlsx", Sheets::of(&rows).book("<workbookPr date1904='1'/>").bytes());
    work.bw8("import companies mine.xlsx --sandbox").exits(0);
    work.bw8("export companies -o all.csv --sandbox --no-mirror").exits(0);
    assert!(work.read("all.csv").contains("2026-01-05"));
}

#[test]
fn a_picture_and_an_error_of_any_name_are_refused_by_their_cell() {
    let rows = customers(&[
        customer(1, "", r#"<c t="str"><f>_xlfn.DISPIMG(&quot;ID_0&quot;,1)</f><v>=DISPIMG("ID_0",1)</v></c>"#),
        customer(2, "", r#"<c t="str"><v>=DISPIMG("ID_0",1)</v></c>"#),
        customer(3, "", r##"<c t="e" vm="1"><v>#VALUE!</v></c>"##),
        customer(4, "", r##"<c t="e"><f>X()</f><v>#SPILL!</v></c>"##),
        customer(5, "", r##"<c t="e"><v>#TOMORROW!</v></c>"##),
        customer(6, "", "IMAGE(1)"),
    ]);
    let (outcome, notes, _) = imported(&Sheets::of(&rows), "");
    let (picture, error) = ("refused picture_in_cell", "refused formula_error");
    assert_eq!(outcome, [picture, picture, picture, error, error, "created"]);
    assert_eq!(notes, ["IMAGE(1)"]);
}

#[test]
fn rows_that_the_sheet_itself_calls_no_data_are_skipped() {
    let header = sheet_row("", &HEADER);
    let rows = customers(&[
        customer(1, "", "a"),
        header,
        sheet_row("", &["name", "mobile", "companyId", "note"]),
        sheet_row("", &["汇总", "", "", "<c><f>SUBTOTAL(103,D2:D4)</f><v>3</v></c>"]),
    ]);
    let sheets = Sheets::of(&rows).table("ref='A1:D5' totalsRowCount='1'");
    let (outcome, ..) = imported(&sheets, "");
    assert_eq!(outcome, ["created", "skipped header_repeated", "skipped header_repeated", "skipped totals_row"]);
}

#[test]
fn totals_that_a_table_declares_are_skipped_whatever_they_are_called_and_held_beside_other_cells() {
    let rows = |name: &str, beside: &str| {
        customers(&[
            customer(1, "", "a"),
            sheet_row("", &[name, "", "", "<c><f>SUBTOTAL(103,D2:D2)</f><v>1</v></c>", beside]),
            sheet_row("", &["示例客户2", "13100000002", "20001", "b"]),
        ])
    };
    for (name, beside, expected) in [
        ("示例客户9", "", "skipped totals_row"),
        ("", "", "skipped totals_row"),
        ("示例客户9", "旁边的字", "refused one_of"),
    ] {
        let sheets = Sheets::of(&rows(name, beside)).table("ref='A1:D3' totalsRowCount='1'");
        let (outcome, ..) = imported(&sheets, "");
        assert_eq!(outcome, ["created", expected, "created"], "{name} {beside}");
    }
    // A company lacks nothing: beside other cells a person is asked.
    let row = |cells: &[&str]| sheet_row("", cells);
    let companies =
        row(&["公司名称", "地址", "备注"]) + &row(&["示例甲公司", "甲路", "a"]) + &row(&["示例乙公司", "", "b"]);
    let work = Work::with("mine.xlsx", Sheets::of(&companies).table("ref='A1:B3' totalsRowCount='1'").bytes());
    work.bw8("import companies mine.xlsx --sandbox").exits(3);
    let results = work.results();
    assert_eq!((results.column("status")[1], results.column("code")[1]), ("held", "totals_row"));
    // Totals that are switched off are none: the row is data.
    let sheets =
        Sheets::of(&customers(&[customer(1, "", "a"), customer(2, "", "b")])).table("ref='A1:D3' totalsRowShown='0'");
    let (outcome, ..) = imported(&sheets, "");
    assert_eq!(outcome, ["created", "created"]);
}

#[test]
fn text_that_was_broken_before_is_told_by_its_cell_as_in_text_files() {
    let mut table = harness::customers(1, 4);
    for (row, note) in ["鐢ㄦ埛璧勬枡", "坏\u{fffd}字", "ä½ å¥½", "José"].into_iter().enumerate() {
        table.set(row, "姓名", note);
    }
    let work = Work::with("mine.xlsx", harness::workbook(&[("联系人", &table)]));
    work.bw8("import customers mine.xlsx --sandbox").exits(3);
    assert_eq!(work.results().column("code"), ["wrong_encoding", "characters_lost", "wrong_encoding", ""]);
    assert_eq!(work.results().column("status"), ["held", "refused", "held", "created"]);
}

#[test]
fn days_of_an_open_document_count_from_the_day_that_it_says() {
    for (first, days) in [("1904-01-01", "44565"), ("1899-12-30", "46027"), ("1900-01-01", "46025")] {
        let cell = |text: &str| {
            format!("<table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell>")
        };
        let number = format!(
            "<table:table-cell office:value-type='float' office:value='{days}'><text:p>{days}</text:p></table:table-cell>"
        );
        let rows = [[cell("公司名称"), cell("服务开始日期")], [cell("示例一公司"), number]];
        let rows: String =
            rows.iter().map(|row| format!("<table:table-row>{}</table:table-row>", row.concat())).collect();
        let content = format!(
            "<office:document-content><office:body><office:spreadsheet><table:calculation-settings><table:null-date table:date-value='{first}'/></table:calculation-settings><table:table table:name='一'>{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
        );
        let kind = "application/vnd.oasis.opendocument.spreadsheet";
        let work = Work::with("mine.ods", crate::corpus::zipped(&[("mimetype", kind), ("content.xml", &content)]));
        work.bw8("import companies mine.ods --sandbox").exits(0);
        work.bw8("export companies -o all.csv --sandbox --no-mirror").exits(0);
        assert!(work.read("all.csv").contains("2026-01-05"), "{first}");
    }
}

#[test]
fn a_day_of_which_the_sheet_shows_a_part_waits_and_a_day_is_no_name() {
    // 1 and 2 show a part, 3 a whole day.
    let formats = ["d-mmm", "m\"月\"d\"日\"", "yyyy/m/d"];
    let styled = |style: usize| format!(r#"<c s="{style}"><v>46086</v></c>"#);
    let rows = customers(&[
        customer(1, "", &styled(1)),
        customer(2, "", &styled(2)),
        customer(3, "", &styled(3)),
        sheet_row("", &[&styled(3), "13100000004", "20001", ""]),
    ]);
    let sheets =
        formats.into_iter().fold(Sheets::of(&rows), |sheets, code| sheets.format(&code.replace('"', "&quot;")));
    let (outcome, notes, work) = imported(&sheets, "");
    let part = "held day_shown_in_part";
    assert_eq!(outcome, [part, part, "created", "held date_cell_in_text"]);
    assert_eq!(notes, ["2026-03-05"]);
    work.bw8("check customers mine.xlsx --lang zh").exits(3).says("单元格只显示了日期的一部分");
    // Written anew it shows all of it, and asks all the same.
    let failed = work.run_folder().join("failed.xlsx");
    work.bw8(["retry", failed.to_str().unwrap(), "--sandbox"]).exits(3).says("shows only a part");
    let rows = sheet_row("", &["标题", "描述", "联系人编号"])
        + &sheet_row("", &["示例 1", &styled(1), "50001"])
        + &sheet_row("", &["示例 2", &styled(3), "50001"])
        + &sheet_row("", &["示例 3", "5-Mar", "50001"]);
    let sheets =
        formats.into_iter().fold(Sheets::of(&rows), |sheets, code| sheets.format(&code.replace('"', "&quot;")));
    let work = Work::with("tickets.xlsx", sheets.bytes());
    work.bw8("import tickets tickets.xlsx --sandbox").exits(3).says("is formatted as a date");
    assert_eq!(work.results().column("code"), ["day_shown_in_part", "", "became_date"]);
}

#[test]
fn the_cells_that_one_formula_fills_are_as_out_of_date_as_it_is() {
    let first = r#"<c><f t="array" ref="D2:D3">A2:A3</f><v>0</v></c>"#;
    let rows =
        customers(&[customer(1, "", first), customer(2, "", "<c><v>0</v></c>"), customer(3, "", "<c><v>0</v></c>")]);
    let sheets = Sheets::of(&rows);
    let (outcome, notes, _) = imported(&sheets, "");
    assert_eq!((outcome, notes), (vec!["created".to_owned(); 3], vec!["0".to_owned(); 3]));
    let (outcome, ..) = imported(&Sheets::of(&rows).book("<calcPr fullCalcOnLoad='1'/>"), "");
    let refused = "refused formula_without_result";
    assert_eq!(outcome, [refused, refused, "created"]);
}

#[test]
fn a_text_is_taken_with_what_its_format_shows_around_it() {
    let styled = |style: u32, text: &str| format!(r#"<c s="{style}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let rows = customers(&[
        customer(1, "", &styled(1, "甲")),
        customer(2, "", &styled(2, "乙")),
        customer(3, "", &styled(3, "丙")),
        customer(4, "", &styled(4, "丁")),
        customer(5, "", &styled(5, "戊")),
    ]);
    let formats = ["@\"有限公司\"", "0;-0;0;\"备注：\"@", ";;;", "@", "_ * #,##0_ ;_ * -#,##0_ ;_ * \"-\"_ ;_ @_ "];
    let sheets = formats.into_iter().fold(Sheets::of(&rows), |sheets, code| sheets.format(code));
    let (outcome, notes, _) = imported(&sheets, "");
    assert_eq!(outcome, ["created", "created", "held number_format", "created", "created"]);
    assert_eq!(notes, ["甲有限公司", "备注：乙", "丁", "戊"]);
}

#[test]
fn an_amount_whose_unit_stands_in_its_format_alone_waits() {
    let rows = sheet_row("", &["公司名称", "服务费余额"])
        + &sheet_row("", &["示例一公司", "<c s=\"1\"><v>3</v></c>"])
        + &sheet_row("", &["示例二公司", "<c><v>3</v></c>"]);
    let work = Work::with("mine.xlsx", Sheets::of(&rows).format("0\"万\"").bytes());
    work.bw8("import companies mine.xlsx --sandbox").exits(3).says("3万");
    assert_eq!(work.results().column("code"), ["number_format", ""]);
}

#[test]
fn the_sheet_of_the_rows_is_read_and_not_that_of_an_example() {
    let header = sheet_row("", &["公司名称", "地址", "备注"]);
    let row = |name: &str| sheet_row("", &[name, "甲路", "无"]);
    let data = || header.clone() + &row("示例一公司") + &row("示例二公司");
    for (name, rows) in [
        ("填写示例", header.clone() + &row("某某科技有限公司")),
        (
            "字段说明",
            sheet_row("", &["公司名称", "地址", "备注", "网址", "标签"])
                + &sheet_row("", &["必填", "选填", "选填", "选填", "选填"]),
        ),
        ("模板", header.clone()),
        (
            "选项",
            sheet_row("", &["省份", "城市", "地址", "标签"]) + &sheet_row("", &["示例省", "示例市", "甲路", "甲"]),
        ),
    ] {
        let sheets = Sheets::default().sheet(name, &rows).sheet("数据", &data());
        let work = Work::with("mine.xlsx", sheets.bytes());
        work.bw8("import companies mine.xlsx --sandbox --lang zh").exits(0).says("工作表“数据”").says(name);
        harness::assert_rows(&work.summary(), "created 2");
    }
}

#[test]
fn a_landline_and_a_mobile_number_in_each_others_place_change_it() {
    let work = Work::with("mine.csv", "姓名,手机,固定电话,公司编号\n示例1,010-62345678,13100000001,20001\n");
    work.bw8("import customers mine.csv --sandbox --lang zh").exits(0).says("已对调");
    work.bw8("export customers -o all.csv --sandbox --no-mirror").exits(0);
    let all = work.table("all.csv");
    let at = all.column("Name").iter().position(|name| *name == "示例1").unwrap();
    assert_eq!((all.column("Mobile")[at], all.column("Landline")[at]), ("13100000001", "010-62345678"));
    work.bw8("import customers mine.csv --sandbox --keep-raw --run raw --fresh").exits(0).never_says("changed places");
}
