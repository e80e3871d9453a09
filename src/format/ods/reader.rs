//! Reads an OpenDocument spreadsheet.

use super::content;
use crate::error::{Error, Result};
use crate::format::input::Input;
use crate::format::row_sink::RowSink;
use crate::format::xlsx::error::damaged;
use crate::format::xlsx::package::Package;
use crate::message;
use crate::t;

/// What an OpenDocument container says it is.
const KIND: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// Whether a container holds such a spreadsheet.
///
/// # Errors
/// A container that is damaged.
pub(in crate::format) fn is_spreadsheet(package: &mut Package) -> Result<bool> {
    Ok(package.beginning("mimetype")?.starts_with(KIND))
}

/// Chooses the sheet, sends its rows.
///
/// # Errors
/// A spreadsheet with a password, one that is damaged or too large, one without a header.
pub(in crate::format) fn read(package: &mut Package, input: &Input, sink: &RowSink) -> Result<()> {
    let shown = &input.shown;
    if package.beginning("META-INF/manifest.xml")?.contains("encryption-data") {
        return Err(Error::usage(message!("xlsx.encrypted", file = shown)).hint(message!("xlsx.encrypted_hint")));
    }
    let missing = || damaged(shown, &t!("xlsx.missing_part", part = "content.xml"));
    let book = {
        let mut xml = package.part("content.xml", content::MAX_CONTENT)?.ok_or_else(missing)?;
        content::read(&mut xml, shown)?
    };
    book.send(content::FORM, input, sink)
}
