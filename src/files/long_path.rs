//! Paths that Windows takes though they are long.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// A path that a library hands to Windows as it is, where a long one has to begin so that it is taken.
pub fn long_path(path: &Path) -> Cow<'_, Path> {
    if !cfg!(windows) {
        return Cow::Borrowed(path);
    }
    let long = std::path::absolute(path).ok().and_then(|path| verbatim(path.to_str()?).map(PathBuf::from));
    long.map_or(Cow::Borrowed(path), Cow::Owned)
}

/// Most characters of a path that Windows takes without more ado, with room for what is put behind it.
const USUAL_PATH: usize = 230;

/// An absolute path of Windows in the form that may be long; none when it is short, or has that form.
fn verbatim(path: &str) -> Option<String> {
    if path.encode_utf16().count() < USUAL_PATH || path.starts_with(r"\\?\") || path.starts_with(r"\\.\") {
        return None;
    }
    Some(match path.strip_prefix(r"\\") {
        Some(share) => format!(r"\\?\UNC\{share}"),
        None => format!(r"\\?\{path}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_of_windows_have_a_form_of_their_own() {
        let deep = "资料\\".repeat(100);
        assert_eq!(verbatim(&format!(r"C:\{deep}a.csv")), Some(format!(r"\\?\C:\{deep}a.csv")));
        assert_eq!(verbatim(&format!(r"\\server\{deep}a.csv")), Some(format!(r"\\?\UNC\server\{deep}a.csv")));
        assert_eq!(verbatim(&format!(r"\\?\C:\{deep}a.csv")), None);
        assert_eq!(verbatim(r"C:\资料\a.csv"), None);
    }
}
