//! What people answer, made into what a command takes: plain functions of texts.

use std::path::{Path, PathBuf};

use crate::terminal::words_of;

/// The number of an entry, as people type it: `2`, `２`, `2.`.
pub(super) fn number_of(answer: &str, most: usize) -> Option<usize> {
    let digit = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        _ => c,
    };
    let digits: String = answer.trim().trim_end_matches(['.', '。', '、', ')']).chars().map(digit).collect();
    digits.parse().ok().filter(|number| *number <= most)
}

/// The file that was typed or dragged into the window: consoles put it in quotation marks, or write it as for a shell. As it
/// stands where no such file is there.
pub(super) fn path_of(answer: &str, is_there: impl Fn(&Path) -> bool) -> PathBuf {
    // PowerShell writes a call.
    let answer = answer.trim().trim_start_matches("& ").trim();
    let bare = [('"', '"'), ('\'', '\''), ('“', '”')]
        .into_iter()
        .find_map(|(open, close)| answer.strip_prefix(open)?.strip_suffix(close))
        .unwrap_or(answer);
    let path = PathBuf::from(bare);
    if is_there(&path) {
        return path;
    }
    let word = words_of(answer).filter(|words| words.len() == 1).and_then(|words| words.into_iter().next());
    word.map(PathBuf::from).filter(|path| is_there(path)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for answer in ["2", " 2 ", "２", "2.", "2、"] {
            assert_eq!(number_of(answer, 6), Some(2), "{answer}");
        }
        for answer in ["", "7", "导入", "-1", "2 3"] {
            assert_eq!(number_of(answer, 6), None, "{answer}");
        }
    }

    #[test]
    fn files_are_read_as_consoles_write_them_when_they_are_dragged_in() {
        let is_there = |path: &Path| path == Path::new("/资料/客户 名单.xlsx");
        for answer in [
            "/资料/客户 名单.xlsx",
            "\"/资料/客户 名单.xlsx\"",
            "'/资料/客户 名单.xlsx' ",
            "& '/资料/客户 名单.xlsx'",
            "“/资料/客户 名单.xlsx”",
        ] {
            assert_eq!(path_of(answer, is_there), Path::new("/资料/客户 名单.xlsx"), "{answer}");
        }
        assert_eq!(path_of("\"nowhere.xlsx\"", is_there), Path::new("nowhere.xlsx"));
    }

    #[cfg(not(windows))]
    #[test]
    fn files_are_read_as_a_shell_would() {
        let is_there = |path: &Path| path == Path::new("/资料/客户 名单.xlsx");
        assert_eq!(path_of(r"/资料/客户\ 名单.xlsx ", is_there), Path::new("/资料/客户 名单.xlsx"));
    }
}
