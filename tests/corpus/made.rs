//! Files that are made for the corpus.

use std::io::{Cursor, Read, Write};

use crate::harness::{Sheets, sheet_row};

/// A ZIP file of these parts.
pub fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A ZIP file with other texts in its parts.
pub fn rezipped(bytes: &[u8], change: impl Fn(String) -> String) -> Vec<u8> {
    let mut old = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = Vec::new();
    for at in 0..old.len() {
        let mut part = old.by_index(at).unwrap();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        parts.push((part.name().unwrap().into_owned(), change(text)));
    }
    let parts: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    zipped(&parts)
}

/// A workbook of customers.
pub fn sheets(rows: &[&[&str]]) -> Vec<u8> {
    let header = sheet_row("", &["姓名", "手机", "公司编号", "QQ", "备注"]);
    Sheets::of(&rows.iter().fold(header, |before, row| before + &sheet_row("", row))).bytes()
}

/// The workbook in the standard's strict form.
pub fn strict(bytes: &[u8]) -> Vec<u8> {
    rezipped(bytes, |text| {
        text.replace(
            "http://schemas.openxmlformats.org/officeDocument/2006/",
            "http://purl.oclc.org/ooxml/officeDocument/",
        )
        .replace("<worksheet>", "<worksheet xmlns=\"http://purl.oclc.org/ooxml/spreadsheetml/main\">")
        .replace(
            "<workbook>",
            "<workbook xmlns=\"http://purl.oclc.org/ooxml/spreadsheetml/main\" conformance=\"strict\">",
        )
    })
}

/// An OpenDocument spreadsheet of customers with these rows, whose elements of tables have the prefix `t`.
pub fn ods(rows: &str) -> Vec<u8> {
    let header: String = ["姓名", "手机", "公司编号", "QQ", "备注"].map(p).concat();
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet><t:table t:name=\"联系人\"><t:table-row>{header}</t:table-row>{rows}</t:table></office:spreadsheet></office:body></office:document-content>"
    );
    let content = content.replace("<t:", "<table:").replace("</t:", "</table:").replace(" t:", " table:");
    zipped(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", &content)])
}

/// A cell of an OpenDocument spreadsheet with this paragraph.
pub fn p(text: &str) -> String {
    match text {
        "" => "<t:table-cell/>".to_owned(),
        text => format!("<t:table-cell office:value-type=\"string\"><text:p>{text}</text:p></t:table-cell>"),
    }
}

/// An OpenDocument spreadsheet with a password.
pub fn encrypted_ods() -> Vec<u8> {
    zipped(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"),
        ("content.xml", "?"),
    ])
}

/// An old workbook whose stream has another name.
pub fn renamed_stream(bytes: &[u8], name: &str) -> Vec<u8> {
    let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let old = units("Workbook");
    let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
    let mut renamed = units(name);
    let length = renamed.len() + 2;
    renamed.resize(64, 0);
    let mut bytes = bytes.to_vec();
    bytes[at..at + 64].copy_from_slice(&renamed);
    bytes[at + 64] = u8::try_from(length).unwrap();
    bytes
}

/// An old workbook that says it has a password: a record nobody reads becomes the one that says so.
pub fn with_password(bytes: &[u8]) -> Vec<u8> {
    let record = [0x60, 0x01, 0x02, 0x00];
    let at = bytes.windows(record.len()).position(|window| window == record).unwrap();
    let mut bytes = bytes.to_vec();
    bytes[at..at + 2].copy_from_slice(&[0x2F, 0x00]);
    bytes
}

/// A text in an encoding, with the mark that programs put before it.
pub fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let little = || text.encode_utf16().flat_map(u16::to_le_bytes);
    match encoding {
        "utf-8-sig" => format!("\u{feff}{text}").into_bytes(),
        "utf-16" => [0xff, 0xfe].into_iter().chain(little()).collect(),
        "utf-16-le" => little().collect(),
        "utf-16-be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        name => encoding_rs::Encoding::for_label(name.as_bytes()).unwrap().encode(text).0.into_owned(),
    }
}
