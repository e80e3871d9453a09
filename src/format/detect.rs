//! What a file really is, by its first bytes; its name only helps the message.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::file_format::{FileFormat, Open};
use super::formats::readable;
use super::input::Input;
use super::reader::Reader;
use crate::error::{Error, Result};
use crate::message;
use crate::message::Message;
use crate::pipes::refuse_pipe;

/// Bytes that are looked at; no signature is longer, and web pages say soon what they are.
const HEAD: usize = 1024;
/// What files begin with that are named by mistake, and the key of what they are.
const NO_TABLES: &[(&[u8], &str)] = &[
    (b"%PDF", "format.kind_pdf"),
    (b"\x89PNG", "format.kind_image"),
    (b"\xFF\xD8\xFF", "format.kind_image"),
    (b"GIF8", "format.kind_image"),
    (b"II*\0", "format.kind_image"),
    (b"MM\0*", "format.kind_image"),
    (b"Rar!\x1A", "format.kind_archive"),
    (b"7z\xBC\xAF\x27\x1C", "format.kind_archive"),
    (b"\x1F\x8B", "format.kind_archive"),
    (b"{\\rtf", "format.kind_document"),
    (b"L\0\0\0\x01\x14\x02\0", "format.kind_link"),
    (b"[InternetShortcut]", "format.kind_link"),
    (b"bplist00", "format.kind_placeholder"),
    (b"SQLite format 3", "format.kind_database"),
];
/// How web pages begin, in lower case. Programs save tables as pages under the name of a workbook, which Excel opens.
const PAGES: &[&str] = &[
    "<!doctype html",
    "<html",
    "<head",
    "<meta",
    "<body",
    "<table",
    "<style",
    "<div",
    "mime-version:",
    "from: <saved by",
    "from: \"saved by",
    "content-type: multipart/",
    "snapshot-content-location:",
];
/// What an XML workbook of Excel 2003 says near its beginning, in lower case.
const XML_WORKBOOK: &str = "urn:schemas-microsoft-com:office:spreadsheet";
/// How an OpenDocument spreadsheet that is one XML file begins, behind its declaration.
const FLAT_WORKBOOK: &str = "<office:document";
/// What Excel and WPS put before the name of the file that locks a workbook.
const LOCK: &str = "~$";

/// The format of a file.
///
/// # Errors
/// A missing or unreadable file, a directory, an empty file, a kind that is not read, a name that lies.
pub fn detect(input: &Input) -> Result<&'static FileFormat> {
    recognise(input).map(|(format, _)| format)
}

/// Opens a file for reading, whatever format it is in.
///
/// # Errors
/// Everything of [`detect`], and a file whose header cannot be read.
pub fn open(input: &Input) -> Result<Reader> {
    let (format, open) = recognise(input)?;
    if let Some(sheet) = input.sheet.as_ref().filter(|_| format.signatures.is_empty()) {
        return Err(Error::usage(message!("format.no_sheets", file = input.shown, sheet = crate::text::clean(sheet)))
            .hint(message!("format.no_sheets_hint")));
    }
    open(input)
}

/// The format of a file, and how it is opened.
fn recognise(input: &Input) -> Result<(&'static FileFormat, Open)> {
    let shown = &input.shown;
    if input.path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(LOCK)) {
        return Err(Error::usage(message!("format.lock", file = shown)).hint(message!("format.lock_hint")));
    }
    let head = read_head(input)?;
    if head.is_empty() {
        return Err(Error::usage(message!("format.empty", file = shown)).hint(message!("format.empty_hint")));
    }
    let extension = input.path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let openable = || readable().filter_map(|format| Some((format, format.open?)));
    let of_signature = openable().find(|(format, _)| begins_as(&head, format));
    let of_name = openable().find(|(format, _)| format.is_promised_by(extension));
    let promises_workbook = of_name.is_some_and(|(format, _)| !format.signatures.is_empty());
    let text_format = |is_meant: &dyn Fn(&FileFormat) -> bool| {
        openable()
            .find(|(format, _)| format.signatures.is_empty() && is_meant(format))
            .ok_or_else(|| not_a_table(shown))
    };
    match of_signature {
        Some(_) if of_name.is_some() && !promises_workbook && !extension.starts_with("json") => {
            Err(Error::usage(message!("format.is_workbook", file = shown)).hint(message!("format.is_workbook_hint")))
        }
        Some(found) => Ok(found),
        _ if is_page(&head) => Err(other_form(message!("format.page", file = shown))),
        _ if is_xml_workbook(&head) => Err(other_form(message!("format.xml_workbook", file = shown))),
        _ if is_flat_workbook(&head) => Err(other_form(message!("format.flat_workbook", file = shown))),
        _ if let Some(kind) = kind_of_no_table(&head) => {
            Err(Error::usage(message!("format.other_kind", file = shown, kind = crate::t!(kind)))
                .hint(message!("format.other_kind_hint", extensions = extensions())))
        }
        _ if is_utf32(&head) => {
            Err(Error::usage(message!("format.utf32", file = shown)).hint(message!("format.utf32_hint")))
        }
        _ if is_json(&head, '[') => {
            Err(Error::usage(message!("format.json_array", file = shown)).hint(message!("format.json_array_hint")))
        }
        _ if promises_workbook && is_text(&head) => {
            Err(Error::usage(message!("format.text_workbook", file = shown))
                .hint(message!("format.text_workbook_hint")))
        }
        _ if promises_workbook => Err(Error::usage(message!("format.broken_workbook", file = shown))
            .hint(message!("format.broken_workbook_hint"))),
        // Whatever has no signature is text.
        _ if is_json(&head, '{') => text_format(&|format| format.is_for_programs),
        _ => match of_name {
            Some(promised) => Ok(promised),
            None => text_format(&|format| !format.is_for_programs),
        },
    }
}

/// The format that a file has by its first bytes, whatever its name; none when it is text, or cannot be read.
pub fn of_signature(path: &Path) -> Option<&'static FileFormat> {
    let mut head = [0; 8];
    let read = File::open(path).ok()?.read(&mut head).ok()?;
    of_first_bytes(&head[..read])
}

/// The format that has these first bytes as its signature; none when they are text, or nothing that is read.
pub fn of_first_bytes(head: &[u8]) -> Option<&'static FileFormat> {
    readable().find(|format| begins_as(head, format))
}

fn begins_as(head: &[u8], format: &FileFormat) -> bool {
    format.signatures.iter().any(|signature| head.starts_with(signature))
}

/// The beginning of a text as plain letters in lower case, whatever its encoding.
fn letters(head: &[u8]) -> String {
    let letters = head.iter().filter(|byte| byte.is_ascii() && **byte != 0);
    letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

fn is_page(head: &[u8]) -> bool {
    let text = letters(head);
    let text = behind_declarations(&text);
    PAGES.iter().any(|beginning| text.starts_with(beginning))
}

/// A text behind a declaration and comments.
fn behind_declarations(text: &str) -> &str {
    let mut text = text.trim_start();
    while let Some((_, rest)) = text
        .strip_prefix("<?")
        .and_then(|inside| inside.split_once("?>"))
        .or_else(|| text.strip_prefix("<!--").and_then(|inside| inside.split_once("-->")))
    {
        text = rest.trim_start();
    }
    text
}

fn is_xml_workbook(head: &[u8]) -> bool {
    let text = letters(head);
    text.trim_start().starts_with('<') && text.contains(XML_WORKBOOK)
}

fn is_flat_workbook(head: &[u8]) -> bool {
    behind_declarations(&letters(head)).starts_with(FLAT_WORKBOOK)
}

/// The key of what a file is that holds no table, where that is known.
fn kind_of_no_table(head: &[u8]) -> Option<&'static str> {
    let is_picture = (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP"))
        || head.get(4..8) == Some(b"ftyp")
        || (head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]));
    if is_picture {
        return Some("format.kind_image");
    }
    let letters = letters(head);
    if letters.starts_with('{') && letters.contains("\"doc_id\"") && letters.contains("\"url\"") {
        return Some("format.kind_link");
    }
    NO_TABLES.iter().find(|(signature, _)| head.starts_with(signature)).map(|(_, kind)| *kind)
}

/// Whether these bytes are text of four bytes a character. Every one of them has two zeros at least, always in their place.
fn is_utf32(head: &[u8]) -> bool {
    let units = || head.chunks_exact(4);
    let is_little = units().all(|unit| unit[3] == 0 && unit[2] <= 0x10 && unit[..2] != [0, 0]);
    let is_big = units().all(|unit| unit[0] == 0 && unit[1] <= 0x10 && unit[2..] != [0, 0]);
    head.len() >= 8 && (is_little || is_big)
}

/// Whether a text is an object in JSON with a member, or (`[`) a list of them.
fn is_json(head: &[u8], opening: char) -> bool {
    let text = letters(head);
    let Some(inside) = text.trim_start().strip_prefix(opening).map(str::trim_start) else { return false };
    let object = match opening {
        '[' => inside.strip_prefix('{').map(str::trim_start),
        _ => Some(inside),
    };
    let name = object.and_then(|object| object.strip_prefix('"')).and_then(|name| name.split_once('"'));
    name.is_some_and(|(_, behind)| behind.trim_start().starts_with(':'))
}

/// Whether these bytes may be text: in units of two bytes, or without what no text has.
fn is_text(head: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0x1A);
    head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") || !head.iter().any(is_control)
}

/// The error for a table in a form that spreadsheet programs open and this one does not.
fn other_form(what: Message) -> Error {
    Error::usage(what).hint(message!("format.save_as_xlsx"))
}

fn not_a_table(shown: &str) -> Error {
    Error::usage(message!("format.not_a_table", file = shown))
        .hint(message!("format.other_kind_hint", extensions = extensions()))
}

/// The extensions of all files that are read.
fn extensions() -> String {
    let extensions: Vec<String> =
        readable().flat_map(FileFormat::readable_extensions).map(|extension| format!(".{extension}")).collect();
    extensions.join(", ")
}

/// Quotation marks that a shell takes for a part of a name.
const QUOTATION_MARKS: [char; 10] = ['“', '”', '‘', '’', '「', '」', '＂', '＇', '"', '\''];

/// The first bytes of a file.
fn read_head(input: &Input) -> Result<Vec<u8>> {
    let shown = &input.shown;
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => {
            let plain = shown.trim_matches(QUOTATION_MARKS);
            let is_quoted = plain.len() < shown.len() && Path::new(plain).is_file();
            Error::usage(message!("format.missing", file = shown)).hint(match is_quoted {
                true => message!("format.quoted_hint", file = plain),
                false => message!("format.missing_hint"),
            })
        }
        // That says what to do by itself.
        ErrorKind::InvalidFilename => Error::usage(message!("format.unreadable", file = shown, why = error)),
        _ => Error::usage(message!("format.unreadable", file = shown, why = error))
            .hint(message!("format.unreadable_hint")),
    };
    refuse_pipe(&input.path)?;
    if std::fs::metadata(&input.path).map_err(unreadable)?.is_dir() {
        return Err(Error::usage(message!("format.directory", file = shown)).hint(message!("format.directory_hint")));
    }
    let mut head = Vec::with_capacity(HEAD);
    let file = File::open(&input.path).map_err(unreadable)?;
    file.take(HEAD as u64).read_to_end(&mut head).map_err(unreadable)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(name: &str, bytes: &[u8]) -> Result<&'static str> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        detect(&Input { path, shown: name.into(), ..Input::default() }).map(|format| format.name)
    }

    #[test]
    fn the_first_bytes_decide_and_a_name_that_lies_is_refused() {
        for (name, bytes, expected) in [
            ("a.csv", &b"a,b"[..], Ok("csv")),
            ("a.TXT", b"a,b", Ok("csv")),
            ("a.jsonl", b"{}", Ok("jsonl")),
            ("a.txt", b"\xEF\xBB\xBF{ \"a\" : 1}", Ok("jsonl")),
            ("a.json", b"[\n {\"a\": 1}]", Err("format.json_array")),
            ("a.csv", b"{a},b", Ok("csv")),
            ("a", b"a", Ok("csv")),
            ("a.xlsx", b"PK\x03\x04", Ok("xlsx")),
            ("a", b"PK\x03\x04 and more", Ok("xlsx")),
            ("a.jsonl", b"PK\x03\x04", Ok("xlsx")),
            ("a.tsv", b"PK\x03\x04", Err("format.is_workbook")),
            ("a.Xlsx", b"a,b", Err("format.text_workbook")),
            ("a.et", b"a\tb", Err("format.text_workbook")),
            ("a.xls", b"\xFF\xFEa\0", Err("format.text_workbook")),
            ("a.xlsx", b"\x00\x01", Err("format.broken_workbook")),
            ("a.xlsx", b"\xD0\xCF\x11\xE0", Ok("xlsx")),
            ("a.xls", b"PK\x03\x04", Ok("xlsx")),
            ("~$a.xlsx", b"\x05user", Err("format.lock")),
            ("a.csv", b"%PDF-1.7", Err("format.other_kind")),
            ("a.xlsx", b"\x89PNG", Err("format.other_kind")),
            ("a.xlsx", b"\0\0\0\x18ftypheic", Err("format.other_kind")),
            ("a.gsheet", b"{\"url\":\"https://example.com\",\"doc_id\":\"x\"}", Err("format.other_kind")),
            ("a.fods", b"<?xml version=\"1.0\"?>\n<office:document xmlns", Err("format.flat_workbook")),
            ("a.csv", b"", Err("format.empty")),
            ("a.xls", b"\xEF\xBB\xBF\r\n<HTML><body><table>", Err("format.page")),
            ("a.xlsx", b"<?xml version=\"1.0\"?><!-- a --> <!DOCTYPE html>", Err("format.page")),
            ("a.csv", b"<table border=1>", Err("format.page")),
            ("a.xls", b"\xFF\xFE<\0h\0t\0m\0l\0>\0", Err("format.page")),
            ("a.xls", b"MIME-Version: 1.0\r\nX-Document-Type: Workbook", Err("format.page")),
            (
                "a.xls",
                b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
                Err("format.xml_workbook"),
            ),
            ("a.csv", b"<name>,b", Ok("csv")),
            ("a.csv", b"\xFF\xFE\0\0\x0D\x59\0\0,\0\0\0", Err("format.utf32")),
            ("a.txt", b"\0\0\xFE\xFF\0\0\x59\x0D\0\0\0,", Err("format.utf32")),
            ("a.csv", b"a\0\0\0,\0\0\0b\0\0\0", Err("format.utf32")),
            ("a.xls", b"\xFF\xFE\0\0a\0\0\0", Err("format.utf32")),
            ("a.csv", b"\xFF\xFEa\0,\0b\0", Ok("csv")),
        ] {
            match (detected(name, bytes), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{name}"),
                (Err(error), Err(code)) => {
                    assert_eq!(error.code(), code, "{name}");
                }
                (found, _) => panic!("{name}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn the_hint_names_the_extensions_of_all_readable_formats() {
        let hint = detected("a.csv", b"%PDF").unwrap_err().hint_text().unwrap_or_default();
        for format in readable() {
            assert!(hint.contains(&format!(".{}", format.extension())), "{hint}");
        }
    }
}
