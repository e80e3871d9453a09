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

/// Bytes that are looked at; no signature is longer, and web pages say soon what they are.
const HEAD: usize = 1024;
/// An encrypted .xlsx, an old .xls or .et.
const OLE: &[u8] = b"\xD0\xCF\x11\xE0";
/// PDF, PNG, JPEG: files that are named by mistake.
const NO_TABLES: &[&[u8]] = &[b"%PDF", b"\x89PNG", b"\xFF\xD8\xFF"];
/// How web pages begin, in lower case. Programs save tables as pages under the name of a workbook, which Excel opens.
const PAGES: &[&str] =
    &["<!doctype html", "<html", "<head", "<meta", "<body", "<table", "<style", "<div", "mime-version:"];
/// What an XML workbook of Excel 2003 says near its beginning, in lower case.
const XML_WORKBOOK: &str = "urn:schemas-microsoft-com:office:spreadsheet";

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
    let (_, open) = recognise(input)?;
    open(input)
}

/// The format of a file, and how it is opened.
fn recognise(input: &Input) -> Result<(&'static FileFormat, Open)> {
    let shown = &input.shown;
    let head = read_head(input)?;
    if head.is_empty() {
        return Err(Error::usage(message!("format.empty", file = shown)).hint(message!("format.empty_hint")));
    }
    let extension = input.path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let openable = || readable().filter_map(|format| Some((format, format.open?)));
    let of_signature = openable().find(|(format, _)| begins_as(&head, format));
    let of_name = readable().find(|format| format.is_promised_by(extension));
    match (of_signature, of_name) {
        (Some(_), Some(promised)) if promised.signature.is_empty() => {
            Err(Error::usage(message!("format.is_workbook", file = shown)).hint(message!("format.is_workbook_hint")))
        }
        (Some(found), _) => Ok(found),
        _ if head.starts_with(OLE) => {
            Err(Error::usage(message!("format.ole", file = shown)).hint(message!("format.ole_hint")))
        }
        _ if is_page(&head) => Err(other_form(message!("format.page", file = shown))),
        _ if is_xml_workbook(&head) => Err(other_form(message!("format.xml_workbook", file = shown))),
        _ if NO_TABLES.iter().any(|signature| head.starts_with(signature)) => Err(not_a_table(shown)),
        (None, Some(promised)) if !promised.signature.is_empty() => {
            Err(Error::usage(message!("format.broken_workbook", file = shown))
                .hint(message!("format.broken_workbook_hint")))
        }
        // Whatever has no signature is text.
        _ => openable().find(|(format, _)| format.signature.is_empty()).ok_or_else(|| not_a_table(shown)),
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
    !format.signature.is_empty() && head.starts_with(format.signature)
}

/// The beginning of a text as plain letters in lower case, whatever its encoding.
fn letters(head: &[u8]) -> String {
    let letters = head.iter().filter(|byte| byte.is_ascii() && **byte != 0);
    letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

fn is_page(head: &[u8]) -> bool {
    let text = letters(head);
    let mut text = text.trim_start();
    // A declaration and comments may stand before the page.
    while let Some((_, rest)) = text
        .strip_prefix("<?")
        .and_then(|inside| inside.split_once("?>"))
        .or_else(|| text.strip_prefix("<!--").and_then(|inside| inside.split_once("-->")))
    {
        text = rest.trim_start();
    }
    PAGES.iter().any(|beginning| text.starts_with(beginning))
}

fn is_xml_workbook(head: &[u8]) -> bool {
    let text = letters(head);
    text.trim_start().starts_with('<') && text.contains(XML_WORKBOOK)
}

/// The error for a table in a form that spreadsheet programs open and this one does not.
fn other_form(what: Message) -> Error {
    Error::usage(what).hint(message!("format.save_as_xlsx"))
}

fn not_a_table(shown: &str) -> Error {
    let extensions: Vec<String> =
        readable().flat_map(FileFormat::readable_extensions).map(|extension| format!(".{extension}")).collect();
    Error::usage(message!("format.not_a_table", file = shown))
        .hint(message!("format.not_a_table_hint", extensions = extensions.join(", ")))
}

/// The first bytes of a file.
fn read_head(input: &Input) -> Result<Vec<u8>> {
    let shown = &input.shown;
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => {
            Error::usage(message!("format.missing", file = shown)).hint(message!("format.missing_hint"))
        }
        _ => Error::usage(message!("format.unreadable", file = shown, why = error))
            .hint(message!("format.unreadable_hint")),
    };
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
            ("a.jsonl", b"{}", Ok("csv")),
            ("a", b"a", Ok("csv")),
            ("a.xlsx", b"PK\x03\x04", Ok("xlsx")),
            ("a", b"PK\x03\x04 and more", Ok("xlsx")),
            ("a.jsonl", b"PK\x03\x04", Ok("xlsx")),
            ("a.tsv", b"PK\x03\x04", Err("format.is_workbook")),
            ("a.Xlsx", b"a,b", Err("format.broken_workbook")),
            ("a.et", b"a,b", Err("format.broken_workbook")),
            ("a.xlsx", OLE, Err("format.ole")),
            ("a.csv", b"%PDF-1.7", Err("format.not_a_table")),
            ("a.xlsx", b"\x89PNG", Err("format.not_a_table")),
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
