//! The errors for workbooks.

use std::fmt::Display;
use std::io;
use std::path::Path;

use rust_xlsxwriter::XlsxError;
use zip::result::ZipError;

use crate::error::Error;
use crate::language::Language;
use crate::message;
use crate::message::Message;

/// The error for a workbook that cannot be read, and why.
pub(in crate::format) fn damaged(shown: &str, why: &dyn Display) -> Error {
    Error::usage(message!("xlsx.damaged", file = shown, why = why)).hint(message!("xlsx.damaged_hint"))
}

/// The same for what a library says in its own words: these are English, and stand in English sentences alone.
pub(in crate::format) fn damaged_by(shown: &str, ours: &str, theirs: &dyn Display) -> Error {
    match Language::current() {
        Language::En => damaged(shown, &format!("{ours}: {theirs}")),
        Language::Zh => damaged(shown, &ours),
    }
}

/// The error for a workbook that is larger than what is read.
pub(in crate::format) fn too_large(shown: &str) -> Error {
    Error::usage(message!("xlsx.too_large", file = shown)).hint(message!("xlsx.too_large_hint"))
}

/// The error for a workbook that could not be written, with what the system or the library says.
pub(in crate::format) fn not_written(path: &Path, error: &(dyn std::error::Error + 'static)) -> Error {
    let of_package = error.downcast_ref::<ZipError>().or_else(|| match error.downcast_ref::<XlsxError>() {
        Some(XlsxError::ZipError(error)) => Some(error),
        _ => None,
    });
    let of_system = match (error.downcast_ref::<XlsxError>(), of_package) {
        (Some(XlsxError::IoError(error)), _) | (_, Some(ZipError::Io(error))) => Some(error),
        _ => error.downcast_ref::<io::Error>(),
    };
    let Some(of_system) = of_system else { return cannot_write(path, &error) };
    let error = cannot_write(path, &Message::of_system(of_system));
    match Message::hint_of_system(of_system) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// The error for a workbook that could not be written, and why.
pub fn cannot_write(path: &Path, why: &dyn Display) -> Error {
    Error::cannot_run(message!("xlsx.cannot_write", file = path.display(), why = why))
        .hint(message!("xlsx.cannot_write_hint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_whichever_library_met_it() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let raw = || io::Error::from_raw_os_error(if cfg!(windows) { 112 } else { 28 });
        assert_eq!(raw().kind(), full().kind());
        let errors: [Box<dyn std::error::Error>; 4] = [
            Box::new(raw()),
            Box::new(ZipError::Io(raw())),
            Box::new(XlsxError::IoError(raw())),
            Box::new(XlsxError::ZipError(ZipError::Io(raw()))),
        ];
        for error in errors {
            let told = not_written(Path::new("a.xlsx"), error.as_ref());
            assert!(told.message().contains(&Message::of_system(&raw()).to_string()), "{error:?}: {told}");
            assert_ne!(told.hint_text(), cannot_write(Path::new("a.xlsx"), &"").hint_text(), "{error:?}");
        }
    }
}
