//! Text that was broken before it came here, whatever the format: read in a wrong encoding and saved again. Some of it can be
//! told for certain.

use std::sync::LazyLock;

use encoding_rs::{Encoding, GBK, UTF_8, WINDOWS_1252};
use memchr::memmem;

use super::row::Row;
use crate::problem::Problem;

/// What stands for characters that are lost.
const LOST: &str = "\u{fffd}";
/// The same, read as GBK.
const LOST_IN_GBK: &str = "锟斤拷";

/// Notes the cells of a row whose text was broken.
pub(super) fn note(row: &mut Row) {
    let text = row.cells.as_slice();
    let may_be_lost = MARKS.find(text.as_bytes()).is_some();
    if text.is_ascii() && !may_be_lost {
        return;
    }
    let may_be_broken = may_be_in(text.as_bytes());
    for column in 0..row.cells.len() {
        let text = row.cell(column).text;
        if (may_be_broken || may_be_lost || begins_as_broken(text))
            && let Some(problem) = find(text)
        {
            row.remark(Some(column), problem);
        }
    }
}

/// Whether bytes of UTF-8 may hold broken text: a quick look, which says so too often and never too seldom.
fn may_be_in(bytes: &[u8]) -> bool {
    // The first bytes of what is sought are those of many sound characters: the second ones tell. No early end: so the loops run
    // on many bytes at a time.
    let is_pair = |first: u8, second: u8| (first == 0xef) & (second == 0xbf) | (first == 0xe9) & (second == 0x94);
    bytes.iter().fold(false, |any, byte| any | (*byte == 0xc3))
        || bytes
            .iter()
            .zip(bytes.get(1..).unwrap_or_default())
            .fold(false, |any, (first, second)| any | is_pair(*first, *second))
}

/// Whether the first wide character of a text is one that Chinese characters in UTF-8 begin with when they are read as GBK.
/// They are rare.
fn begins_as_broken(text: &str) -> bool {
    let Some(first) = text.as_bytes().iter().position(|byte| !byte.is_ascii()) else { return false };
    text[first..].chars().next().is_some_and(|c| BEGINNINGS.get(c as usize) == Some(&true))
}

/// What programs write for characters that they do not have.
static MARKS: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"??"));

/// Whether a character is one of GBK whose two bytes are the first two of a Chinese character in UTF-8, by its number.
static BEGINNINGS: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let pairs = (0xe4..=0xe9).flat_map(|first| (0x80..=0xbf).map(move |second| [first, second]));
    let mut beginnings = vec![false; 0x1_0000];
    for c in pairs.filter_map(|pair| GBK.decode_without_bom_handling(&pair).0.chars().next()) {
        beginnings[c as usize] = true;
    }
    beginnings
});

/// What is wrong with a text, if it was broken.
pub fn find(text: &str) -> Option<Problem> {
    if text.contains("???") || (text.len() > 1 && text.bytes().all(|byte| byte == b'?')) {
        return Some(Problem::held("question_marks"));
    }
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
        .or_else(|| read_right(&unbroken, WINDOWS_1252))
        .or_else(|| read_as_chinese(text))
        .or_else(|| mostly_read_as_gbk(text))
        .or_else(|| mostly_read_as_western(text))?;
    Some(Problem::held("wrong_encoding").with("meant", crate::text::clean(&crate::text::shorten(&meant, 30))))
}

/// The text that this was before its UTF-8 was read in a wrong encoding.
fn read_right(text: &str, wrong: &'static Encoding) -> Option<String> {
    let is_telling = match wrong == GBK {
        true => begins_as_broken(text),
        false => text.chars().any(|c| matches!(c, '\u{c2}'..='\u{f4}')),
    };
    if !is_telling {
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
    let wide: Vec<char> = meant.chars().filter(|c| !c.is_ascii()).collect();
    match wrong == GBK {
        // Two Chinese characters are three wrong ones; fewer prove nothing.
        true => wide.len() >= 2 && wide.iter().all(|c| matches!(c, '\u{2010}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')),
        false => !wide.is_empty(),
    }
    .then(|| meant.into_owned())
}

/// What is left of the text that this was before its UTF-8 was read as GBK, where some of its bytes were lost: they became
/// question marks, or fell out.
fn mostly_read_as_gbk(text: &str) -> Option<String> {
    let is_first = |byte: u8| (0xe4..=0xe9).contains(&byte);
    let is_next = |byte: u8| (0x80..=0xbf).contains(&byte);
    if !text.chars().filter(|c| !c.is_ascii()).take(3).any(|c| BEGINNINGS.get(c as usize) == Some(&true)) {
        return None;
    }
    // Three bytes of a Chinese character are one and a half of these; so their halves take turns.
    let (mut wide, mut fitting, mut beginnings, mut pairs, mut good_pairs) = (0, 0, 0, 0, 0);
    let mut before = None;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4];
    for c in text.chars() {
        if c.is_ascii() {
            before = None;
            bytes.push(c as u8);
            continue;
        }
        wide += 1;
        let (encoded, _, is_other) = GBK.encode(c.encode_utf8(&mut buffer));
        let part = match &*encoded {
            [first, second] if !is_other && is_first(*first) && is_next(*second) => Some(Part::Beginning),
            [first, second] if !is_other && is_next(*first) && is_first(*second) => Some(Part::Middle),
            [first, second] if !is_other && is_next(*first) && is_next(*second) => Some(Part::End),
            _ => None,
        };
        fitting += usize::from(part.is_some());
        beginnings += usize::from(part == Some(Part::Beginning));
        if let (Some(before), Some(part)) = (before, part) {
            pairs += 1;
            good_pairs += usize::from(matches!(
                (before, part),
                (Part::Beginning, Part::Middle) | (Part::Middle, Part::End) | (Part::End, Part::Beginning)
            ));
        }
        before = part;
        bytes.extend_from_slice(&encoded);
    }
    let is_broken = wide > 1
        && fitting * 10 >= wide * 9
        && beginnings > 0
        && beginnings + good_pairs > 1
        && good_pairs * 2 >= pairs;
    is_broken.then(|| String::from_utf8_lossy(&bytes).replace('\u{fffd}', "?"))
}

/// What a Chinese character of GBK holds of one in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Its first two bytes.
    Beginning,
    /// The last byte of one, and the first of the next.
    Middle,
    /// Its last two bytes.
    End,
}

/// The same where it was read as letters of the west.
fn mostly_read_as_western(text: &str) -> Option<String> {
    let of_byte = |c: char| {
        let mut buffer = [0; 4];
        let (encoded, _, is_other) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
        match &*encoded {
            [byte] if !is_other => Some(*byte),
            // Bytes that mean nothing there are kept by some programs as they are.
            _ => u8::try_from(u32::from(c)).ok(),
        }
    };
    let (mut bytes, mut characters, mut whole, mut letters) = (Vec::new(), 0, 0, false);
    // How many bytes of a character have come; none where nothing is expected.
    let mut taken = 0;
    for c in text.chars() {
        let byte = of_byte(c)?;
        match byte {
            0xe4..=0xe9 if taken != 1 => {
                taken = 1;
                characters += 1;
            }
            0x80..=0xbf if matches!(taken, 1 | 2) => {
                taken += 1;
                whole += usize::from(taken == 3);
            }
            // A space of these may have become an ordinary one; marks of a full width have another first byte.
            b' ' if matches!(taken, 1 | 2) => taken = 0,
            0xe3 | 0xef => taken = 1,
            0x00..=0x7f if taken != 1 => {
                letters |= byte.is_ascii_alphabetic();
                taken = 0;
            }
            _ => return None,
        }
        bytes.push(byte);
    }
    let is_broken = characters > 1 && taken != 1 && (whole > 0 || !letters);
    is_broken.then(|| String::from_utf8_lossy(&bytes).replace('\u{fffd}', "?"))
}

/// The Chinese text that this was before it was read as letters of the west: `ÄãºÃ` for 你好.
fn read_as_chinese(text: &str) -> Option<String> {
    let (bytes, _, has_others) = WINDOWS_1252.encode(text);
    if has_others {
        return None;
    }
    let mut pairs = 0;
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        if first.is_ascii() {
            at += 1;
            continue;
        }
        let is_common = (0xb0..=0xd7).contains(first) && bytes.get(at + 1).is_some_and(|second| *second >= 0xa1);
        if !is_common {
            return None;
        }
        pairs += 1;
        at += 2;
    }
    (pairs >= 2).then(|| GBK.decode_without_bom_handling(&bytes).0.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        let problem = find(text);
        let mut row = Row { cells: vec![text].into(), ..Row::default() };
        note(&mut row);
        assert_eq!(problem.is_some(), !row.remarks.is_empty(), "{text} would be passed over");
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
        for text in ["鐢ㄦ埛", "浣犲ソ", "ÄãºÃ", "Ê¾Àý¹«Ë¾"] {
            assert_eq!(code(text), Some("wrong_encoding"), "{text}");
        }
        // Some bytes became question marks, or fell out.
        for text in [
            "鍖椾含绀轰緥绉戞妧鏈夐檺鍏?鍙?",
            "閲嶈?佸?㈡埛",
            "閫?璐?",
            "瀹㈡埛瑕佹眰灏藉揩澶勭悊",
            "閲嶈佸㈡埛",
            "鍙戠エ鎶澶撮敊璇",
            "è¯·è”ç³»å”®åŽ",
            "ç»ç†",
            "å¹¿å·žå¸‚å¤©æ²³åŒº",
            "é‡è¦å®¢æˆ·",
            "äº§å“è´¨é‡é—®é¢˜",
        ] {
            assert_eq!(code(text), Some("wrong_encoding"), "{text}");
        }
        assert!(mostly_read_as_gbk("鍖椾含绀轰緥鍏?鍙?").is_some_and(|meant| meant.starts_with("北京示例")));
        for text in ["????", "示例???", "??"] {
            assert_eq!(code(text), Some("question_marks"), "{text}");
        }
        assert_eq!(code("MÃ¼ller"), Some("wrong_encoding"));
        // 你好, and the space that does not break became a plain one.
        assert_eq!(code("ä½ å¥½"), Some("wrong_encoding"));
    }

    #[test]
    fn sound_text_is_not() {
        for text in [
            "鑫磊贸易有限公司",
            "锅炉厂",
            "Müller",
            "café, naïve",
            "錢鐘書",
            "鑄鐵鍋",
            "鎮",
            "½ × 3 °C",
            "江苏锦绣",
            "真的吗??",
            "?",
            "涓涓细流",
            "浜",
            "Größe: 5 m²",
            "«né», «volé»",
            "Été à Orléans — l'élève",
            "鍵盤與滑鼠",
            "鏈條與鐵鎖",
            "靜電紙為誰",
            "涓涓",
            "浣熊",
            "客户反馈：打不开?是否升级?",
            "示例?公司",
        ] {
            assert_eq!(code(text), None, "{text}");
        }
    }
}
