//! Files are written and read back in every format, and files made to hurt end in an error that says what to do.

use std::io::{Cursor, Write};
use std::path::Path;

use bw8::error::Error;
use bw8::format::{self, CellKind, Column, Input, Row, Value, WriteOptions, XLSX, content_of};

type Table = Vec<(u64, Vec<(String, CellKind)>)>;

fn read(path: &Path, adjust: impl FnOnce(&mut Input)) -> Result<(format::Sheet, Table), Error> {
    let mut input = Input { path: path.to_owned(), shown: "the file".into(), ..Input::default() };
    adjust(&mut input);
    let mut reader = format::open(&input)?;
    let (mut rows, mut row) = (Vec::new(), Row::default());
    while reader.read(&mut row)? {
        let cells = (0..row.cells.len()).map(|at| row.cell(at)).map(|cell| (cell.text.to_owned(), cell.kind));
        rows.push((row.number, cells.collect()));
    }
    Ok((reader.sheet().clone(), rows))
}

fn column(title: &str, is_text: bool) -> Column {
    Column { title: title.into(), is_text, required: false }
}

#[test]
fn what_is_written_is_read_back_in_every_format_that_is_read() {
    let date = jiff::civil::date(2018, 2, 3);
    let columns = [column("手机", true), column("Value", false)];
    let table = [
        (Value::Text("013000000001"), "013000000001", CellKind::Text),
        (Value::Text("=1+1"), "=1+1", CellKind::Text),
        (Value::Text("'quoted'"), "'quoted'", CellKind::Text),
        (Value::Text("+86 130 0000 0001"), "+86 130 0000 0001", CellKind::Text),
        (Value::Text("two\nlines, \"and\" marks"), "two\nlines, \"and\" marks", CellKind::Text),
        (Value::Text("  spaces around  "), "  spaces around  ", CellKind::Text),
        (Value::Text("_x000D_ & <b> 😀 示例"), "_x000D_ & <b> 😀 示例", CellKind::Text),
        (Value::Text("\u{1}\u{7}"), "\u{1}\u{7}", CellKind::Text),
        (Value::Number(13_000_000_001.0), "13000000001", CellKind::Number),
        (Value::Number(-0.5), "-0.5", CellKind::Number),
        (Value::Date(date), "2018-02-03", CellKind::Date),
        (Value::DateTime(date.at(8, 0, 1, 0)), "2018-02-03 08:00:01", CellKind::DateTime),
        (Value::Date(jiff::civil::date(1850, 1, 1)), "1850-01-01", CellKind::Text),
    ];
    for format in format::readable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("a.{}", format.extension()));
        let mut writer = format.create(&path, &WriteOptions::new(&columns)).unwrap();
        for (value, ..) in &table {
            writer.write(&[*value, *value]).unwrap();
        }
        assert_eq!(writer.cut(), 0);
        assert!(!path.exists(), "a half-written file must not stand under the name");
        writer.finish().unwrap();
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "temporary files are left: {left:?}");

        let (sheet, rows) = read(&path, |_| ()).unwrap();
        assert_eq!(sheet.header, ["手机", "Value"]);
        // The names of members stand in every line, and in none of their own.
        let header_row = u64::from(!format.is_for_programs);
        assert_eq!((sheet.header_row, sheet.others.len(), sheet.notes.len()), (header_row, 0, 0));
        assert_eq!(rows.len(), table.len());
        for ((at, row), (_, text, kind)) in
            rows.iter().zip(&table).enumerate().map(|(at, (row, want))| ((at, row), want))
        {
            assert_eq!(row.0, at as u64 + header_row + 1, "{}", format.name);
            let kind = if format.has_sheets { *kind } else { CellKind::Text };
            assert_eq!(row.1[0], (text.to_string(), kind), "{}, column of text", format.name);
            assert_eq!(row.1[1], (text.to_string(), kind), "{}", format.name);
        }
    }
}

#[test]
fn a_text_too_long_for_a_cell_is_cut_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    let mut writer = XLSX.create(&path, &WriteOptions::new(&[column("a", false)])).unwrap();
    writer.write(&[Value::Text(&"字".repeat(40_000))]).unwrap();
    assert_eq!(writer.cut(), 1);
    writer.finish().unwrap();
    assert_eq!(read(&path, |_| ()).unwrap().1[0].1[0].0.chars().count(), 32_767);
}

#[test]
fn a_full_sheet_is_continued_on_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    let columns = [column("n", false)];
    let options = WriteOptions { sheet: Some("联系人"), rows_per_sheet: Some(3), ..WriteOptions::new(&columns) };
    let mut writer = XLSX.create(&path, &options).unwrap();
    for number in 1..=5 {
        writer.write(&[Value::Number(f64::from(number))]).unwrap();
    }
    assert_eq!(writer.sheets(), 3);
    writer.finish().unwrap();
    let (sheet, rows) = read(&path, |_| ()).unwrap();
    assert_eq!(
        (sheet.name.as_deref(), sheet.others.as_slice()),
        (Some("联系人"), &["联系人_2".into(), "联系人_3".into()][..])
    );
    assert_eq!(rows.len(), 2);
    let (sheet, rows) = read(&path, |input| input.sheet = Some("联系人_3".into())).unwrap();
    assert_eq!((sheet.header, rows[0].0, rows[0].1[0].0.as_str()), (vec!["n".to_owned()], 2, "5"));
}

#[test]
fn a_target_that_cannot_be_written_is_named_and_nothing_is_left() {
    let columns = [column("a", false)];
    for format in format::FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("a.{}", format.extension());
        let path = folder.path().join(&name);
        std::fs::create_dir(&path).unwrap();
        let error = format.create(&path, &WriteOptions::new(&columns)).unwrap().finish().unwrap_err();
        assert!(error.message().contains(&name), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{}", format.name);
        let nowhere = folder.path().join("none").join(&name);
        assert!(format.create(&nowhere, &WriteOptions::new(&columns)).is_err(), "{}", format.name);
    }
}

#[test]
fn no_format_shows_a_file_before_it_is_whole() {
    let columns = [column("a", false)];
    for format in format::FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("a.{}", format.extension()));
        std::fs::write(&path, "before").unwrap();
        let mut writer = format.create(&path, &WriteOptions::new(&columns)).unwrap();
        writer.write(&[Value::Text("示例")]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before", "{}", format.name);
        drop(writer);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before", "{}", format.name);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{}", format.name);
        format.create(&path, &WriteOptions::new(&columns)).unwrap().finish().unwrap();
        assert_ne!(std::fs::read(&path).unwrap(), b"before", "{}", format.name);
    }
}

#[test]
fn a_guarded_cell_is_read_as_it_was_meant_and_hashed_so() {
    let folder = tempfile::tempdir().unwrap();
    let read_rows = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut reader = format::open(&Input { path, shown: name.into(), ..Input::default() }).unwrap();
        let (mut rows, mut row) = (Vec::new(), Row::default());
        while reader.read(&mut row).unwrap() {
            rows.push(row.clone());
        }
        rows
    };
    let guarded = read_rows("guarded.csv", "a,b\n'=1,it's\n''=1,'plain\n'\t,\n");
    let texts: Vec<Vec<&str>> = guarded.iter().map(|row| row.cells.iter().collect()).collect();
    assert_eq!(texts, [["=1", "it's"], ["'=1", "'plain"], ["\t", ""]]);
    // What a row holds does not depend on whether a program took the guard off meanwhile.
    let plain = read_rows("plain.csv", "a,b\n=1,it's\n");
    assert_eq!(content_of(&guarded[0].cells), content_of(&plain[0].cells));
    assert_ne!(content_of(&guarded[0].cells), content_of(&guarded[1].cells));
}

/// A workbook put together by hand: what its parts hold is what the test is about.
struct Parts(Vec<(String, Vec<u8>)>);

const SHEET: &str = r#"<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row></sheetData>"#;

impl Parts {
    /// One sheet per `(name, state, content)`.
    fn sheets(sheets: &[(&str, &str, &str)]) -> Self {
        let relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let mut parts = Parts(Vec::new());
        parts.put("[Content_Types].xml", r#"<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#);
        parts.put("_rels/.rels", &format!(r#"<Relationships><Relationship Id="r1" Type="{relationships}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#));
        let (mut book, mut rels) = (String::new(), String::new());
        for (at, (name, state, content)) in sheets.iter().enumerate() {
            book += &format!(r#"<sheet name="{name}" sheetId="{at}" state="{state}" r:id="s{at}"/>"#);
            rels += &format!(r#"<Relationship Id="s{at}" Type="{relationships}/worksheet" Target="sheet{at}.xml"/>"#);
            parts.put(&format!("xl/sheet{at}.xml"), &format!("<worksheet>{content}</worksheet>"));
        }
        for kind in ["styles", "sharedStrings"] {
            rels += &format!(r#"<Relationship Id="{kind}" Type="{relationships}/{kind}" Target="{kind}.xml"/>"#);
        }
        parts.put("xl/workbook.xml", &format!("<workbook><workbookPr/><sheets>{book}</sheets></workbook>"));
        parts.put("xl/_rels/workbook.xml.rels", &format!("<Relationships>{rels}</Relationships>"));
        parts
    }

    fn sheet(content: &str) -> Self {
        Parts::sheets(&[("Sheet1", "visible", content)])
    }

    fn put(&mut self, name: &str, content: &str) -> &mut Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), content.as_bytes().to_vec()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.0 {
            zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }
}

/// Says of every part that it is encrypted.
fn encrypted(mut bytes: Vec<u8>) -> Vec<u8> {
    for (head, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        for at in 0..bytes.len() - 4 {
            if bytes[at..].starts_with(head) {
                bytes[at + flags] |= 1;
            }
        }
    }
    bytes
}

fn read_bytes(bytes: &[u8], adjust: impl FnOnce(&mut Input)) -> Result<(format::Sheet, Table), Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    std::fs::write(&path, bytes).unwrap();
    read(&path, adjust)
}

fn cell(reference: &str) -> String {
    format!(r#"<c r="{reference}"><v>1</v></c>"#)
}

#[test]
fn a_workbook_made_to_hurt_ends_in_an_error() {
    let rows = |cells: &str| format!("<sheetData><row>{cells}</row></sheetData>");
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("column overflow", Parts::sheet(&rows(&cell("AAAAAAAA1"))).bytes(), "damaged"),
        ("row overflow", Parts::sheet(&rows(&cell("A99999999999"))).bytes(), "damaged"),
        ("beyond the last row", Parts::sheet(&rows(&cell("A1048577"))).bytes(), "damaged"),
        ("beyond the last column", Parts::sheet(&rows(&cell("XFE1"))).bytes(), "damaged"),
        ("cell twice", Parts::sheet(&rows(&(cell("A1") + &cell("A1")))).bytes(), "damaged"),
        ("rows backwards", Parts::sheet(&rows(&(cell("A2") + &cell("A1")))).bytes(), "damaged"),
        ("no such string", Parts::sheet(&rows(r#"<c r="A1" t="s"><v>7</v></c>"#)).bytes(), "damaged"),
        ("cut off", Parts::sheet("<sheetData><row><c r=\"A1\"><v>1").bytes(), "damaged"),
        (
            "entities",
            Parts::sheet(SHEET).put("xl/workbook.xml", r#"<!DOCTYPE a [<!ENTITY b "c">]><workbook/>"#).bytes(),
            "xl/workbook.xml",
        ),
        (
            "long text",
            Parts::sheet(&rows(&format!("<c r=\"A1\" t=\"inlineStr\"><is><t>{}</t></is></c>", "x".repeat(2 << 20))))
                .bytes(),
            "longer",
        ),
        ("long comment", Parts::sheet(&format!("<!--{}-->{SHEET}", "< ".repeat(1 << 20))).bytes(), "longer"),
        ("inflates without end", Parts::sheet(&format!("{SHEET}{}", "<a/>".repeat(4 << 20))).bytes(), "larger"),
        ("another encoding", Parts::sheet(SHEET).put("xl/styles.xml", "\0<\0a").bytes(), "UTF-8"),
        ("no workbook", Parts::sheet(SHEET).put("xl/workbook.xml", "").bytes(), "damaged"),
        ("a document", Parts(vec![]).put("[Content_Types].xml", "wordprocessingml").bytes(), "Word"),
        ("an archive", Parts(vec![]).put("a.txt", "a").bytes(), "ZIP"),
        ("OpenDocument", Parts(vec![]).put("mimetype", "a").bytes(), "OpenDocument"),
        ("half a file", Parts::sheet(SHEET).bytes()[..400].to_vec(), "damaged"),
        ("encrypted parts", encrypted(Parts::sheet(SHEET).bytes()), "password"),
        ("nothing in it", Parts::sheet("<sheetData/>").bytes(), "header"),
    ];
    for (name, bytes, expected) in cases {
        let error = read_bytes(&bytes, |_| ()).err().unwrap_or_else(|| panic!("{name}: it was read"));
        assert!(error.message().contains(expected), "{name}: {error}");
        assert!(error.message().contains("the file") && error.hint_text().is_some(), "{name}: {error}");
    }
}

#[test]
fn what_nobody_reads_cannot_make_a_workbook_unreadable() {
    let sst = |text: &str| Parts::sheet(SHEET).put("xl/sharedStrings.xml", text).bytes();
    let long = "x".repeat(2 << 20);
    for (name, bytes) in [
        ("a count that is not true", sst(r#"<sst uniqueCount="9999999999999999"></sst>"#)),
        ("a count in another attribute", sst(r#"<sst x:uniqueCount="9999999999999999" uniqueCount="0"/>"#)),
        ("a dimension that is not true", Parts::sheet(&format!(r#"<dimension ref="A5:C3"/>{SHEET}"#)).bytes()),
        ("a query in UTF-16", Parts::sheet(SHEET).put("customXml/item1.xml", "\u{feff}<\0a\0").bytes()),
        ("a drawing with a declaration", Parts::sheet(SHEET).put("xl/media/a.svg", "<!DOCTYPE svg><svg/>").bytes()),
        ("data of an add-in", Parts::sheet(SHEET).put("customXml/item2.xml", &format!("<a b='{long}'/>")).bytes()),
    ] {
        let (sheet, _) = read_bytes(&bytes, |_| ()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sheet.header, ["a"], "{name}");
    }
}

#[test]
fn a_part_is_found_by_its_relationship_and_read_within_limits_whatever_its_name() {
    let named = |target: &str, strings: &str| {
        let sheet = r#"<sheetData><row><c t="s"><v>0</v></c></row></sheetData>"#;
        let mut parts = Parts::sheet(sheet);
        parts.0.retain(|(name, _)| name != "xl/_rels/workbook.xml.rels");
        parts.put("xl/_rels/workbook.xml.rels", &format!(r#"<Relationships><Relationship Id="s0" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet" Target="/xl/sheet0.xml"/><Relationship Id="x" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/sharedStrings" Target="{target}"/></Relationships>"#));
        parts.put("xl/sharedStrings.xml", "<sst><si><t>decoy</t></si></sst>").put("xl/texts.bin", strings).bytes()
    };
    let (sheet, _) = read_bytes(&named("Texts.bin", "<sst><si><t>meant</t></si></sst>"), |_| ()).unwrap();
    assert_eq!(sheet.header, ["meant"]);
    let endless = format!("<sst>{}</sst>", "<si/>".repeat(4 << 20));
    let error = read_bytes(&named("texts.bin", &endless), |_| ()).unwrap_err();
    assert!(error.message().contains("larger"), "{error}");
}

#[test]
fn texts_are_read_whatever_form_they_have() {
    let cells = concat!(
        r#"<c r="A1" t="str"><v><![CDATA[甲]]></v></c>"#,
        r#"<c r="B1" t="inlineStr"><is><r><t>乙</t></r><r><rPr><b/></rPr><t xml:space="preserve"> 丙</t></r><rPh sb="0" eb="1"><t>yi</t></rPh></is></c>"#,
        r#"<c r="C1" t="s"><v>1</v></c>"#,
        r#"<c r="D1" t="str"><v>a &amp; &#x4E01;&lt;</v></c>"#,
        r#"<c r="E1" t="inlineStr"><is><t>x_x000D_y_x005F_x000D_</t></is></c>"#,
        r#"<c r="F1" t="e"><v>#NEW!</v></c>"#,
        r#"<c r="G1" t="d"><v>2026-01-05T00:00:00</v></c>"#,
    );
    let mut parts = Parts::sheet(&format!("<sheetData><x:row xmlns:x='a' r='1'>{cells}</x:row></sheetData>"));
    parts.put(
        "xl/sharedStrings.xml",
        "<x:sst xmlns:x='a'><x:si/><x:si><x:t>戊</x:t><x:phoneticPr fontId='1'/></x:si></x:sst>",
    );
    let (sheet, _) = read_bytes(&parts.bytes(), |_| ()).unwrap();
    assert_eq!(sheet.header, ["甲", "乙 丙", "戊", "a & 丁<", "x\ry_x000D_", "#NEW!", "2026-01-05"]);
}

#[test]
fn a_damaged_row_is_found_behind_sound_ones() {
    let rows: String = (1..2_000).map(|row| format!("<row r=\"{row}\">{}</row>", cell(&format!("A{row}")))).collect();
    let bytes =
        Parts::sheet(&format!("<sheetData>{rows}<row r=\"2000\">{}</row></sheetData>", cell("AAAAAAAA1"))).bytes();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    std::fs::write(&path, bytes).unwrap();
    let mut reader = format::open(&Input { path, ..Input::default() }).unwrap();
    let mut row = Row::default();
    let error = std::iter::repeat_with(|| reader.read(&mut row)).find_map(|read| read.err());
    assert!(error.is_some());
}

#[test]
fn a_reader_that_is_dropped_early_ends_its_thread() {
    let rows: String = (1..20_000).map(|row| format!("<row>{}</row>", cell(&format!("A{row}")))).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    std::fs::write(&path, Parts::sheet(&format!("<sheetData>{rows}</sheetData>")).bytes()).unwrap();
    for _ in 0..3 {
        let mut reader = format::open(&Input { path: path.clone(), ..Input::default() }).unwrap();
        assert!(reader.read(&mut Row::default()).unwrap());
    }
}

#[test]
fn the_first_visible_sheet_with_rows_is_read() {
    let numbers = r#"<sheetData><row r="3"><c r="B3"><v>5</v></c></row><row r="7"><c r="A7" t="b"><v>1</v></c><c r="C7" t="e"><v>#N/A</v></c></row></sheetData>"#;
    let bytes = Parts::sheets(&[
        ("hidden", "hidden", SHEET),
        ("deep", "veryHidden", SHEET),
        ("填写说明", "visible", SHEET),
        ("blank", "visible", "<sheetData><row r=\"1\"><c r=\"A1\" s=\"1\"/></row></sheetData>"),
        ("data", "visible", numbers),
        ("more", "visible", SHEET),
    ])
    .bytes();
    let (sheet, rows) = read_bytes(&bytes, |_| ()).unwrap();
    assert_eq!((sheet.name.as_deref(), sheet.others), (Some("data"), vec!["more".to_owned()]));
    assert_eq!((sheet.header_row, sheet.header), (3, vec!["".to_owned(), "5".to_owned()]));
    let cell = |text: &str, kind| (text.to_owned(), kind);
    let expected = vec![cell("TRUE", CellKind::Bool), cell("", CellKind::Text), cell("#N/A", CellKind::Error)];
    assert_eq!(rows, [(7, expected)]);

    let (sheet, _) = read_bytes(&bytes, |input| input.sheet = Some("hidden".into())).unwrap();
    assert_eq!(sheet.header, ["a"]);
    let (sheet, _) = read_bytes(&bytes, |input| input.header_row = Some(4)).unwrap();
    assert_eq!(sheet.header_row, 7);
    let error = read_bytes(&bytes, |input| input.sheet = Some("none".into())).unwrap_err();
    assert!(error.hint_text().unwrap().contains("data, more"), "{error:?}");
    let error = read_bytes(&bytes, |input| input.sheet = Some("blank".into())).unwrap_err();
    assert!(error.message().contains("blank"), "{error}");
}

#[test]
fn the_epoch_of_1904_is_respected() {
    let dates = r#"<sheetData><row><c r="A1" s="1"><v>41672</v></c></row></sheetData>"#;
    let styles = r#"<styleSheet><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
    let mut parts = Parts::sheet(dates);
    parts.put("xl/styles.xml", styles);
    let book =
        r#"<workbook><workbookPr date1904="1"/><sheets><sheet name="a" sheetId="1" r:id="s0"/></sheets></workbook>"#;
    parts.put("xl/workbook.xml", book);
    assert_eq!(read_bytes(&parts.bytes(), |_| ()).unwrap().0.header, ["2018-02-03"]);
}
