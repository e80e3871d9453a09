//! Text that was broken before it came here, whatever the format: read in a wrong encoding and saved again. Some of it can be
//! told for certain.

use std::collections::HashSet;

use encoding_rs::{Encoding, GBK, UTF_8, WINDOWS_1252};
use memchr::memchr3_iter;

use super::row::Row;
use crate::problem::Problem;

/// What stands for characters that are lost.
const LOST: &str = "\u{fffd}";
/// The same, read as GBK.
const LOST_IN_GBK: &str = "锟斤拷";

/// Notes the cells of a row whose text was broken.
pub(super) fn note(row: &mut Row) {
    let text = row.cells.as_slice();
    if text.is_ascii() || !may_be_in(text.as_bytes()) {
        return;
    }
    for column in 0..row.cells.len() {
        if let Some(problem) = find(row.cell(column).text) {
            row.remark(Some(column), problem);
        }
    }
}

/// Whether bytes of UTF-8 may hold broken text: a quick look, which says so too often and never too seldom.
fn may_be_in(bytes: &[u8]) -> bool {
    // In one pass: the first bytes of what is sought are those of many sound characters, and what follows tells them apart.
    memchr3_iter(0xc3, 0xe9, 0xef, bytes).any(|at| match &bytes[at..] {
        [0xe9, 0x8b..=0x91, ..] | [0xc3, ..] => true,
        rest => rest.starts_with(LOST.as_bytes()) || rest.starts_with(&LOST_IN_GBK.as_bytes()[..3]),
    })
}

/// What is wrong with a text, if it was broken.
fn find(text: &str) -> Option<Problem> {
    if text.is_ascii() {
        return None;
    }
    if text.contains(LOST) || text.contains(LOST_IN_GBK) || text.contains("锟斤") {
        return Some(Problem::new("characters_lost"));
    }
    // Programs make plain spaces of those that do not break, which are bytes of broken text.
    let unbroken = text.replace(' ', "\u{a0}");
    let meant = read_right(text, GBK)
        .or_else(|| read_right(text, WINDOWS_1252))
        .or_else(|| read_right(&unbroken, WINDOWS_1252))?;
    Some(Problem::held("wrong_encoding").with("meant", crate::text::clean(&crate::text::shorten(&meant, 30))))
}

/// The text that this was before its UTF-8 was read in a wrong encoding.
fn read_right(text: &str, wrong: &'static Encoding) -> Option<String> {
    let is_telling = |c: char| match wrong == GBK {
        true => matches!(c, '\u{92e0}'..='\u{947f}'),
        false => matches!(c, '\u{c2}'..='\u{f4}'),
    };
    if !text.chars().any(is_telling) {
        return None;
    }
    let (bytes, _, has_others) = wrong.encode(text);
    if has_others && wrong != GBK {
        return None;
    }
    // The last character of the text may have lost its end.
    let valid = match std::str::from_utf8(&bytes) {
        Ok(_) => bytes.len(),
        Err(error) if wrong == GBK && error.valid_up_to() + 4 > bytes.len() => error.valid_up_to(),
        Err(_) => return None,
    };
    let (meant, _) = UTF_8.decode_without_bom_handling(&bytes[..valid]);
    let wide: HashSet<char> = meant.chars().filter(|c| !c.is_ascii()).collect();
    let least = if wrong == GBK { 2 } else { 1 };
    (wide.len() >= least || (wide.len() == 1 && meant.chars().filter(|c| !c.is_ascii()).count() >= least))
        .then(|| meant.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        let problem = find(text);
        assert!(problem.is_none() || may_be_in(text.as_bytes()), "{text} would be passed over");
        problem.map(|problem| problem.code)
    }

    #[test]
    fn broken_text_is_told() {
        for text in ["示例\u{fffd}", "锟斤拷锟斤拷"] {
            assert_eq!(code(text), Some("characters_lost"), "{text}");
        }
        for text in ["用户", "示例公司", "广东省深圳市", "é", "Müller"] {
            for wrong in [GBK, WINDOWS_1252] {
                let (read, _) = wrong.decode_without_bom_handling(text.as_bytes());
                if (wrong == GBK && text.chars().any(|c| c < '\u{800}')) || read.contains('\u{fffd}') {
                    continue;
                }
                assert!(code(&read).is_some(), "{text} as {read}");
            }
        }
        assert_eq!(code("鐢ㄦ埛"), Some("wrong_encoding"));
        assert_eq!(code("MÃ¼ller"), Some("wrong_encoding"));
        // 你好, and the space that does not break became a plain one.
        assert_eq!(code("ä½ å¥½"), Some("wrong_encoding"));
    }

    #[test]
    fn sound_text_is_not() {
        for text in
            ["鑫磊贸易有限公司", "锅炉厂", "Müller", "café, naïve", "錢鐘書", "鑄鐵鍋", "鎮", "½ × 3 °C", "江苏锦绣"]
        {
            assert_eq!(code(text), None, "{text}");
        }
    }
}
