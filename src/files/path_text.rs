//! Paths as texts that keep all of them.

use std::borrow::Cow;
#[cfg(unix)]
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Stands before the bytes of a path that is no text. No absolute path begins so.
const BYTES: &str = "bytes:";

/// An absolute path as a text that keeps all of it: the path itself, or its bytes in hexadecimal where it is no text. File
/// names of old archives are not UTF-8.
pub fn path_to_text(path: &Path) -> Cow<'_, str> {
    match path.to_str() {
        Some(text) => Cow::Borrowed(text),
        None => bytes_to_text(path),
    }
}

/// The path that [`path_to_text`] made this text of.
pub fn path_of_text(text: &str) -> PathBuf {
    text.strip_prefix(BYTES).and_then(path_of_bytes).unwrap_or_else(|| PathBuf::from(text))
}

#[cfg(unix)]
fn bytes_to_text(path: &Path) -> Cow<'_, str> {
    use std::os::unix::ffi::OsStrExt;
    let digits = path.as_os_str().as_bytes().iter().map(|byte| format!("{byte:02x}"));
    Cow::Owned(std::iter::once(BYTES.to_owned()).chain(digits).collect())
}

#[cfg(unix)]
fn path_of_bytes(digits: &str) -> Option<PathBuf> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
    Some(PathBuf::from(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes?)))
}

/// Names are text on other systems, but for half characters that nothing shows.
#[cfg(not(unix))]
fn bytes_to_text(path: &Path) -> Cow<'_, str> {
    path.to_string_lossy()
}

#[cfg(not(unix))]
fn path_of_bytes(_digits: &str) -> Option<PathBuf> {
    None
}

/// For `#[serde(with = …)]`: a path as the text of [`path_to_text`].
pub mod path_as_text {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes a path.
    ///
    /// # Errors
    /// What the serializer says.
    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::path_to_text(path))
    }

    /// Reads a path.
    ///
    /// # Errors
    /// No text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        String::deserialize(deserializer).map(|text| super::path_of_text(&text))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn paths_survive_as_text_whatever_their_bytes() {
        use std::os::unix::ffi::OsStrExt;
        for bytes in [&b"/a/\xbf\xcd\xbb\xa7.csv"[..], "/客户/a b.csv".as_bytes(), b"/bytes:2f", b"/\xff"] {
            let path = Path::new(OsStr::from_bytes(bytes));
            assert_eq!(path_of_text(&path_to_text(path)), path);
        }
        assert_eq!(path_to_text(Path::new("/客户.csv")), "/客户.csv");
    }
}
