//! Reads a workbook of Excel 97 to 2003.

use std::fs::File;
use std::io::Read;

use super::compound_file::CompoundFile;
use super::globals::{self, Globals};
use super::worksheet;
use crate::error::{Error, Result};
use crate::format::input::Input;
use crate::format::loaded_book::{LoadedBook, LoadedSheet, MAX_FILE, too_large};
use crate::format::reader::Reader;
use crate::format::xlsx::cell_text::DAYS_TO_1904;
use crate::format::xlsx::error::damaged;
use crate::message;
use crate::t;

/// How messages call the form.
const FORM: &str = "XLS";

/// Opens a workbook, chooses the sheet and reads its header; the rows follow.
///
/// # Errors
/// Another document in the same container, one with a password, one that is damaged or too large.
pub(in crate::format) fn open(input: &Input) -> Result<Reader> {
    let input = input.clone();
    Reader::spawn(&input.shown.clone(), move |sink| load(&input)?.send(FORM, &input, sink))
}

fn load(input: &Input) -> Result<LoadedBook> {
    let shown = &input.shown;
    let unreadable = |why: std::io::Error| Error::usage(message!("format.unreadable", file = shown, why = why));
    let file = File::open(&input.path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(too_large(shown, FORM));
    }
    let container = CompoundFile::new(bytes).ok_or_else(|| unknown(shown))?;
    let Some(stream) = container.stream("Workbook") else {
        return Err(other_document(&container, shown));
    };
    drop(container);
    let globals = Globals::read(&stream).map_err(|unread| match unread {
        globals::Unread::Old => old(shown),
        globals::Unread::Encrypted => encrypted(shown),
        globals::Unread::Damaged => damaged(shown, &t!("xlsx.parser")),
    })?;
    let mut book = LoadedBook { sheets: Vec::new(), days_later: if globals.is_1904 { DAYS_TO_1904 } else { 0 } };
    for entry in &globals.sheets {
        let sheet = worksheet::read(&stream, entry.start, &globals).map_err(|unread| match unread {
            worksheet::Unread::Damaged => damaged(shown, &t!("xlsx.parser")),
            worksheet::Unread::TooLarge => too_large(shown, FORM),
        })?;
        book.sheets.push(LoadedSheet { name: entry.name.clone(), is_visible: entry.is_visible, ..sheet });
    }
    Ok(book)
}

/// What else is kept in such a container.
fn other_document(container: &CompoundFile, shown: &str) -> Error {
    let kind = if container.has("EncryptedPackage") {
        return encrypted(shown);
    } else if container.has("Book") {
        return old(shown);
    } else if container.has("Workbook") {
        return damaged(shown, &t!("xlsx.parser"));
    } else if container.has("WordDocument") {
        t!("xlsx.kind_document")
    } else if container.has("PowerPoint Document") {
        t!("xlsx.kind_slides")
    } else {
        return unknown(shown);
    };
    Error::usage(message!("xlsx.other_document", file = shown, kind = kind)).hint(message!("xlsx.other_document_hint"))
}

fn encrypted(shown: &str) -> Error {
    Error::usage(message!("xlsx.encrypted", file = shown)).hint(message!("xlsx.encrypted_hint"))
}

fn old(shown: &str) -> Error {
    Error::usage(message!("format.old_workbook", file = shown)).hint(message!("format.ole_hint"))
}

fn unknown(shown: &str) -> Error {
    Error::usage(message!("format.ole", file = shown)).hint(message!("format.ole_hint"))
}
