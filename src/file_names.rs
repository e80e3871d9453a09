//! Names that files have on Windows, and those that they cannot have there.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::message;
use crate::message::SystemWords;

/// Names of devices on Windows, whatever their endings: what is written to `NUL.csv` is nowhere.
const RESERVED: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// Most units of UTF-16 of a name on Windows.
const LONGEST_NAME_OF_WINDOWS: usize = 255;

/// Refuses a name that Windows has no file of, or takes for something else, before anything is done for it.
///
/// # Errors
/// It is such a name.
pub fn refuse(path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let words = match cfg!(windows) {
        true if is_reserved(&name) => message!("system.reserved", name = name),
        true if is_no_name(&name) => message!("system.bad_name_on_windows"),
        _ => return Ok(()),
    };
    Err(io::Error::new(ErrorKind::InvalidFilename, SystemWords(words)))
}

/// Whether Windows has no file of such a name. What is written to `12:30.csv` would be hidden in a file named `12`.
fn is_no_name(name: &str) -> bool {
    let is_forbidden = |character: char| r#"<>:"/\|?*"#.contains(character) || character < ' ';
    name.contains(is_forbidden) || name.encode_utf16().count() > LONGEST_NAME_OF_WINDOWS
}

/// Whether Windows takes a name for a device, or cuts its end off. The bare name of the device that swallows all is meant so.
fn is_reserved(name: &str) -> bool {
    let is_cut = name.len() > 2 && name.ends_with(['.', ' ']);
    !name.eq_ignore_ascii_case("NUL") && (is_name_of_device(name) || is_cut)
}

/// Whether Windows takes a name for that of a device.
fn is_name_of_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_port = || {
        let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
        number.is_some_and(|number| number.len() == 1 && number.bytes().all(|byte| (b'1'..=b'9').contains(&byte)))
    };
    RESERVED.contains(&&*stem) || is_port()
}

/// Whether Windows has a device at a path.
pub fn is_device(path: &Path) -> bool {
    let text = path.to_string_lossy().replace('/', "\\");
    let name = text.rsplit('\\').next().unwrap_or_default();
    // The console by the names that it has for programs, and devices by their own, without a path on them.
    let is_console = || ["CONIN$", "CONOUT$"].iter().any(|console| name.eq_ignore_ascii_case(console));
    let is_own = || text.strip_prefix(r"\\.\").is_some_and(|own| !own.contains('\\'));
    is_name_of_device(name) || is_console() || is_own()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_are_known_whatever_their_endings() {
        for name in ["CON", "nul.csv", "Nul.tar.gz", "aux .xlsx", "com1", "LPT9.csv", "prn.", "客户.", "客户.csv "]
        {
            assert!(is_reserved(name), "{name}");
        }
        for name in
            ["NUL", "console.csv", "nullable.csv", "COM0.csv", "COM10.csv", "客户.csv", ".", "..", "", "company.csv"]
        {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[test]
    fn devices_of_windows_are_known_by_their_paths() {
        for path in ["NUL", "con", r"C:\lists\nul.csv", r"\\.\COM12", r"\\.\PhysicalDrive0", "conin$", "//./NUL"] {
            assert!(is_device(Path::new(path)), "{path}");
        }
        for path in
            ["console.csv", r"C:\CON\list.csv", r"\\.\C:\list.csv", r"\\.\pipe\rows", r"\\?\C:\list.csv", "-", ""]
        {
            assert!(!is_device(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn names_that_windows_does_not_have_are_known() {
        let long = "长".repeat(256);
        for name in ["周报 12:30.csv", "a*b.csv", "谁?.xlsx", "a\tb", "<客户>.csv", &long] {
            assert!(is_no_name(name), "{name}");
        }
        let long = "长".repeat(251) + ".csv";
        for name in ["周报 12：30.csv", "客户（一）+[2]&'a'.xlsx", "", "..", ".bw8", &long] {
            assert!(!is_no_name(name), "{name}");
        }
    }
}
