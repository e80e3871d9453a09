//! Files of every kind, each with what must come of it: the rows that are created, or why one is not, or why the file is not
//! read. Those in `files` were made by other programs (xlwt, LibreOffice); the others are made here.

mod differential;
mod made;
mod neighbours;
mod rows_without_word;
mod slips;
mod sound_rows;
mod text_cases;

use crate::harness::*;
pub use made::*;

/// A file, and what comes of it: a line a row (`created NAME|QQ|NOTE`, or status and code), or the words of an error.
type Case = (&'static str, Vec<u8>, &'static [&'static str]);

fn file(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/files");
    std::fs::read(folder.join(name)).unwrap()
}

/// What comes of a file of contacts.
fn outcome(name: &str, bytes: &[u8]) -> Vec<String> {
    outcome_of("customers", name, bytes)
}

/// What comes of a file of these records.
fn outcome_of(entity: &str, name: &str, bytes: &[u8]) -> Vec<String> {
    let titles = match entity {
        "companies" => ["Company ID", "Company name", "Address", "Note"],
        "tickets" => ["Ticket ID", "Subject", "Tags", "Description"],
        _ => ["Customer ID", "Name", "QQ number", "Note"],
    };
    let work = Work::with(name, bytes);
    let ran = work.bw8(["import", entity, name, "--sandbox"]);
    let code = ran.exits_with_one_of(&[0, 2, 3]);
    if work.runs().is_empty() {
        return vec![ran.stderr().to_owned()];
    }
    work.bw8(["export", entity, "-o", "all.csv", "--sandbox", "--no-mirror"]).exits(0);
    let all = work.table("all.csv");
    let records: Vec<[&str; 4]> = (0..all.len()).map(|at| titles.map(|title| all.column(title)[at])).collect();
    let results = work.results();
    let rows = results.column("status").into_iter().zip(results.column("code")).zip(results.column("id"));
    let rows: Vec<String> = rows
        .map(|((status, code), id)| match records.iter().find(|record| record[0] == id) {
            Some([_, name, qq, note]) => format!("{status} {name}|{qq}|{note}"),
            None => format!("{status} {code}"),
        })
        .collect();
    let is_whole = rows.iter().all(|row| row.starts_with("created") || row.starts_with("skipped"));
    assert_eq!(code, if is_whole { 0 } else { 3 }, "{name}: {rows:?}\n{ran}");
    rows
}

/// Tries each file of contacts, and tells of all that came out otherwise.
#[track_caller]
fn try_all(cases: Vec<Case>) {
    try_each(cases.into_iter().map(|(name, bytes, expected)| ("customers", name, bytes, expected)).collect());
}

/// Tries each file, and tells of all that came out otherwise.
#[track_caller]
fn try_each(cases: Vec<(&'static str, &'static str, Vec<u8>, &'static [&'static str])>) {
    let mut wrong = Vec::new();
    for (entity, name, bytes, expected) in cases {
        let rows = outcome_of(entity, name, &bytes);
        let is_right = match rows.as_slice() {
            [error] if error.contains("error:") => expected.iter().all(|words| error.contains(words)),
            rows => rows == expected,
        };
        if !is_right {
            wrong.push(format!("{name}: {rows:#?}\nnot {expected:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const THREE: &[&str] = &["created 示例客户1||备注 1", "created 示例客户2||备注 2", "created 示例客户3||备注 3"];
const SECOND_HIDDEN: &[&str] = &["created 示例客户1||备注 1", "held hidden_row", "created 示例客户3||备注 3"];
const SECOND_MERGED: &[&str] = &["created 示例客户1||合并", "refused merged_cells", "created 示例客户3||备注"];
const SHOWN: &[&str] = &[
    "created 示例客户1|00010001|85%",
    "created 示例客户2|123456|0.3",
    "created 示例客户3|123457|2026-01-05",
    "created 示例客户4|123458|2026-01-05 08:30:00",
    "created 示例客户5|123459|1,234.50",
    "created 示例客户6|123460|TRUE",
    // Guarded in the text file that it is read from here.
    "created 示例客户7|123461|'-7",
    "created 示例客户8|123462|123.45",
    "created 示例客户9|123463|36:00",
];
/// The same, where LibreOffice made a number of the word.
const SHOWN_IN_ODS: &[&str] =
    &[SHOWN[0], SHOWN[1], SHOWN[2], SHOWN[3], SHOWN[4], "created 示例客户6|123460|1", SHOWN[6], SHOWN[7], SHOWN[8]];
const TWO: &[&str] = &["created 示例客户1|10001|甲", "created 示例客户2|00123|"];

#[test]
fn old_workbooks_are_read_as_a_person_sees_them() {
    try_all(vec![
        ("plain.xls", file("plain.xls"), THREE),
        ("plain.et", file("plain.xls"), THREE),
        ("plain.xlsx", file("plain.xls"), THREE),
        ("hidden-row.xls", file("hidden-row.xls"), SECOND_HIDDEN),
        (
            "hidden-column.xls",
            file("hidden-column.xls"),
            &["held hidden_column", "held hidden_column", "created 示例客户3||"],
        ),
        ("merged.xls", file("merged.xls"), SECOND_MERGED),
        ("hidden-sheet.xls", file("hidden-sheet.xls"), &["created 示例客户1||备注 1", "created 示例客户2||备注 2"]),
        (
            "formula.xls",
            file("formula-uncalculated.xls"),
            &["refused formula_without_result", "created 示例客户2||有备注"],
        ),
        ("shown.xls", file("shown.xls"), SHOWN),
        ("libreoffice.xls", file("libreoffice.xls"), SHOWN),
        ("1904.xls", file("1904.xls"), &["created 示例客户1||2026-01-05"]),
        ("second-sheet-title.xls", file("second-sheet-title.xls"), &["created 示例客户1||甲", "created 示例客户2||乙"]),
    ]);
}

#[test]
fn the_same_table_of_five_programs_becomes_the_same_rows() {
    for (name, tag) in [
        ("openpyxl.xlsx", "A"),
        ("xlsxwriter.xlsx", "_x0041_"),
        ("libreoffice.xlsx", "_x0041_"),
        ("kinds.xls", "_x0041_"),
        ("kinds.ods", "_x0041_"),
    ] {
        let rows = outcome(name, &file(name));
        assert_eq!(
            rows,
            [
                "created 示例客户1|00012345|两\n行",
                "created 示例客户2|12345678|0.8",
                "created 示例客户3||2026-01-05",
                "created 示例客户4|123456789012345678|2026-01-05 08:30:00",
                "created 示例客户5||TRUE",
                "created 示例客户6||前后空格",
                "created 示例客户7||<b>&\"引号\"😀",
                // Guarded in the text file that it is read from here.
                "created 示例客户8||'-1,234.50",
            ],
            "{name}"
        );
        let work = Work::with(name, file(name));
        work.bw8(["import", "customers", name, "--sandbox"]).exits(0);
        // openpyxl does not escape what stands for an escaped character, and Excel reads it as one.
        work.bw8("export customers -o all.csv --sandbox --no-mirror").exits(0);
        let tags: Vec<String> = work.table("all.csv").column("Tags").iter().map(|tag| (*tag).to_owned()).collect();
        assert!(tags.contains(&tag.to_owned()), "{name}: {tags:?}");
    }
}

#[test]
fn the_texts_of_an_old_workbook_are_whole_where_they_are_parted() {
    let rows = outcome("long.xls", &file("long.xls"));
    let note = |number: usize| {
        let word = if number.is_multiple_of(3) { "note" } else { "备注" };
        format!("{word}{number}{}{}", "长".repeat(number % 90), "x".repeat(number * 7 % 130))
    };
    let expected: Vec<String> = (1..60).map(|number| format!("created 示例客户{number}||{}", note(number))).collect();
    assert_eq!(rows, expected);
}

#[test]
fn old_containers_that_hold_something_else_are_named_for_it() {
    let plain = file("plain.xls");
    try_all(vec![
        ("old.xls", renamed_stream(&plain, "Book"), &["a workbook of Excel 95 or older", "save it as .xlsx"]),
        ("old.xlsx", renamed_stream(&plain, "EncryptedPackage"), &["protected by a password"]),
        ("a.xls", renamed_stream(&plain, "WordDocument"), &["a Word document"]),
        ("a.xls", renamed_stream(&plain, "Other"), &["protected by a password, or a damaged old .xls"]),
        ("a.xls", with_password(&plain), &["protected by a password", "remove the password"]),
        ("a.xls", plain[..plain.len() / 2].to_vec(), &["damaged"]),
        ("a.xls", plain[..512].to_vec(), &["old .xls workbook"]),
        ("a.csv", plain, &["is a workbook that was given the name of a text file"]),
    ]);
}

#[test]
fn open_document_spreadsheets_are_read_as_a_person_sees_them() {
    let cells = |cells: &str| {
        ods(&format!("<t:table-row>{}{}{}{cells}</t:table-row>", p("示例客户1"), p("13100000001"), p("20001")))
    };
    try_all(vec![
        ("shown.ods", file("shown.ods"), SHOWN_IN_ODS),
        ("shown.xlsx", file("shown.ods"), SHOWN_IN_ODS),
        ("hidden-row.ods", file("hidden-row.ods"), SECOND_HIDDEN),
        ("merged.ods", file("merged.ods"), SECOND_MERGED),
        (
            "a.ods",
            cells(&(p("") + &p("两 <text:s text:c=\"2\"/>格<text:line-break/>行"))),
            &["created 示例客户1||两   格\n行"],
        ),
        ("a.ods", cells(&(p("") + "<t:table-cell t:formula=\"of:=1\"/>")), &["refused formula_without_result"]),
        (
            "a.ods",
            cells(&(p("") + "<t:table-cell t:formula=\"of:=IF(1=2;1;&quot;&quot;)\"><text:p/></t:table-cell>")),
            &["created 示例客户1||"],
        ),
        (
            "a.ods",
            cells(
                &(p("")
                    + "<t:table-cell office:value-type=\"time\" office:time-value=\"PT08H30M00S\"><text:p>8:30</text:p></t:table-cell>"),
            ),
            &["created 示例客户1||8:30"],
        ),
        (
            "a.ods",
            cells(
                "<t:table-cell/><t:table-cell office:value-type=\"string\"><office:annotation><text:p>批注</text:p></office:annotation><text:p>甲</text:p></t:table-cell>",
            ),
            &["created 示例客户1||甲"],
        ),
        (
            "a.ods",
            cells(
                "<t:table-cell/><t:table-cell office:value-type=\"string\" calcext:value-type=\"error\"><text:p>#N/A</text:p></t:table-cell>",
            ),
            &["refused formula_error"],
        ),
        (
            "a.ods",
            cells(
                "<t:table-cell/><t:table-cell t:formula=\"of:=1/0\" office:value-type=\"float\" office:value=\"0\"><text:p>Err:502</text:p></t:table-cell>",
            ),
            &["refused formula_error"],
        ),
        ("a.ods", encrypted_ods(), &["protected by a password"]),
        ("a.ods", file("shown.ods")[..3000].to_vec(), &["damaged"]),
        ("a.csv", file("shown.ods"), &["is a workbook that was given the name of a text file"]),
    ]);
}

#[test]
fn workbooks_of_excel_are_read_whatever_kind_they_are() {
    let plain = sheets(&[
        &["示例客户1", "13100000001", "20001", "10001", "甲"],
        &["示例客户2", "13100000002", "20001", "00123", ""],
    ]);
    let kind = |kind: &str| rezipped(&plain, |text| text.replace("spreadsheetml.sheet.main", kind));
    let date = "<c t=\"d\"><v>2026-01-05</v></c>";
    let dated = sheets(&[&["示例客户1", "13100000001", "20001", "", date]]);
    try_all(vec![
        ("a.xlsx", plain.clone(), TWO),
        ("a.xls", plain.clone(), TWO),
        ("a.ods", plain.clone(), TWO),
        ("a.xlsm", kind("sheet.macroEnabled.main"), TWO),
        ("a.xltx", kind("spreadsheetml.template.main"), TWO),
        ("a.xltm", kind("template.macroEnabled.main"), TWO),
        ("strict.xlsx", strict(&dated), &["created 示例客户1||2026-01-05"]),
        ("a.xlsb", kind("sheet.binary.macroEnabled.main"), &["a binary workbook (.xlsb)", "save the table as .xlsx"]),
    ]);
}

#[test]
fn other_files_under_the_name_of_a_table_are_named_for_what_they_are() {
    let text = "姓名,手机,公司编号\n示例客户1,13100000001,20001\n";
    let page = "<html><meta charset=gbk><table><tr><td>姓名</td></tr></table></html>";
    let gbk = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    let utf16 = |text: &str| [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let xml = "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">";
    let page_words: &[&str] = &["is a web page", "save it as .xlsx"];
    let text_words: &[&str] = &["is text, whatever its name says", "ends in .txt"];
    try_all(vec![
        ("a.xls", page.into(), page_words),
        ("a.xls", gbk(page), page_words),
        ("a.xlsx", format!("\u{feff}{page}").into_bytes(), page_words),
        ("a.xls", utf16(page), page_words),
        ("a.xls", "MIME-Version: 1.0\nContent-Type: multipart/related".into(), page_words),
        ("a.xls", "From: <Saved by Excel>\nSubject: a".into(), page_words),
        ("a.xls", xml.into(), &["an XML workbook of Excel 2003", "save it as .xlsx"]),
        ("a.xlsx", format!("\u{feff}{xml}").into_bytes(), &["an XML workbook of Excel 2003"]),
        (
            "a.fods",
            "<?xml version=\"1.0\"?>\n<office:document xmlns:office=\"a\">".into(),
            &[".fods", "save it as .xlsx"],
        ),
        ("a.xls", text.replace(',', "\t").into(), text_words),
        ("a.xlsx", text.into(), text_words),
        ("a.et", gbk(text), text_words),
        ("a.xls", utf16(&text.replace(',', "\t")), text_words),
        // The way out works.
        ("a.txt", gbk(&text.replace(',', "\t")), &["created 示例客户1||"]),
        ("a.txt", utf16(&text.replace(',', "\t")), &["created 示例客户1||"]),
        ("a.xlsx", b"\x00\x01\x02\x03".to_vec(), &["is not a workbook, whatever its name says"]),
    ]);
}

#[test]
fn files_that_are_no_tables_are_named_for_what_they_are() {
    let zip = |names: &[&str]| zipped(&names.iter().map(|name| (*name, "a")).collect::<Vec<_>>());
    try_all(vec![
        ("a.xlsx", b"%PDF-1.7".to_vec(), &["a PDF document"]),
        ("a.csv", b"\x89PNG\r\n\x1a\n".to_vec(), &["a picture"]),
        ("a.xlsx", b"\xFF\xD8\xFF\xE0".to_vec(), &["a picture"]),
        ("a.csv", b"GIF89a".to_vec(), &["a picture"]),
        ("a.xlsx", b"RIFF\0\0\0\0WEBP".to_vec(), &["a picture"]),
        ("a.xls", b"Rar!\x1A\x07".to_vec(), &["an archive", "unpack it"]),
        ("a.csv", b"\x1F\x8B\x08".to_vec(), &["an archive", "unpack it"]),
        ("a.xlsx", zip(&["一.xlsx", "二.xlsx"]), &["a ZIP archive", "unpack it and name one file"]),
        ("a.numbers", zip(&["Index/Document.iwa"]), &["a Numbers spreadsheet", "Export To"]),
        ("a.docx", zipped(&[("[Content_Types].xml", "wordprocessingml")]), &["a Word document"]),
        ("a.doc", b"{\\rtf1".to_vec(), &["a text document (RTF)"]),
        ("a.lnk", b"L\0\0\0\x01\x14\x02\0".to_vec(), &["a link to a file"]),
        ("a.gsheet", br#"{"url":"https://example.com","doc_id":"a"}"#.to_vec(), &["a link to a file"]),
        ("a.icloud", b"bplist00".to_vec(), &["a placeholder of a cloud drive"]),
        ("~$a.xlsx", b"\x05demo".to_vec(), &["while it is open", "without ~$"]),
        ("a.xlsx", Vec::new(), &["is empty", "let it be downloaded first"]),
        ("a.db", b"SQLite format 3\0".to_vec(), &["a database"]),
    ]);
}

const MEMBERS: &str = r#"{"姓名":"示例客户1","手机":13100000001,"公司编号":"20001""#;

#[test]
fn json_lines_are_read_as_exports_write_them() {
    let with = |rest: &str| format!("{MEMBERS}{rest}}}\n").into_bytes();
    let later = format!("{MEMBERS}}}\n\n{}", MEMBERS.replace('1', "2").replace("23200000002", "13100000002"));
    let later = later.replace("20002", "20001") + ",\"备注\":\"后来\"}\n";
    try_all(vec![
        ("a.jsonl", with(r#","备注":"两\n行","QQ":null"#), &["created 示例客户1||两\n行"]),
        ("a.ndjson", with(r#","备注":12345678901234567890123"#), &["created 示例客户1||12345678901234567890123"]),
        ("a.json", with(r#","备注":1.10"#), &["created 示例客户1||1.10"]),
        ("a.txt", with(r#","备注":true"#), &["created 示例客户1||TRUE"]),
        ("a.csv", [b"\xEF\xBB\xBF".to_vec(), with(r#","备注":"甲""#)].concat(), &["created 示例客户1||甲"]),
        ("a.jsonl", with(r#","备注":{"a":"b"}"#), &["created 示例客户1||"]),
        ("a.jsonl", with(r#","备注":[{"a":"b"}]"#), &["refused nested_value"]),
        ("a.jsonl", later.into_bytes(), &["created 示例客户1||", "created 示例客户2||后来"]),
        ("a.jsonl", [with(""), b"{\"a\":".to_vec()].concat(), &["line 2: not one whole JSON object"]),
        ("a.jsonl", with(r#","姓名":"示例""#), &["line 1: not one whole JSON object"]),
        ("a.jsonl", b"{\"a\":\"\xC4\xE3\"}".to_vec(), &["line 1", "not UTF-8"]),
        ("a.jsonl", b"a,b\n1,2\n".to_vec(), &["line 1: not one whole JSON object"]),
        ("a.json", b"[{\"a\":1}]".to_vec(), &["one JSON list, not JSON Lines"]),
        ("a.json", b"{\n  \"a\": 1\n}".to_vec(), &["line 1: not one whole JSON object"]),
    ]);
}

#[test]
fn an_export_in_json_lines_comes_back_as_it_was() {
    let work = Work::beside_sandbox();
    work.export("customers -o before.jsonl --no-mirror").exits(0);
    work.bw8("check customers before.jsonl --mode update").exits(0).says("60 rows, nothing to fix");
    work.bw8("import customers before.jsonl --mode update --rate 0").exits(0);
    assert_rows(&work.summary(), "unchanged 60");
    work.export("customers -o after.jsonl --no-mirror").exits(0);
    let records = |file: &str| -> Vec<serde_json::Value> {
        let lines = work.read(file);
        let without_moment = |line: &str| {
            let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
            record.as_object_mut().unwrap().remove("updateDT").unwrap();
            record
        };
        lines.lines().map(without_moment).collect()
    };
    assert_eq!(records("before.jsonl"), records("after.jsonl"));
}

#[test]
fn the_rows_that_failed_of_any_kind_are_written_so_that_they_can_be_handed_back() {
    for (name, bytes, failed) in [
        ("a.xls", file("hidden-row.xls"), "failed.xlsx"),
        ("a.ods", file("hidden-row.ods"), "failed.xlsx"),
        ("a.jsonl", format!("{MEMBERS},\"备注\":[[1]]}}\n").into_bytes(), "failed.jsonl"),
    ] {
        let work = Work::with(name, bytes);
        work.bw8(["import", "customers", name, "--sandbox"]).exits(3);
        let failed = work.run_folder().join(failed);
        // What was held back or could not be read is so still.
        work.bw8(["retry", failed.to_str().unwrap(), "--sandbox"]).exits(3);
    }
}
