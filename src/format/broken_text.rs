//! Text that was broken before it came here, whatever the format: read in a wrong encoding and saved again. Some of it can be
//! told for certain.

use std::sync::LazyLock;

use encoding_rs::{Encoding, GBK, UTF_8, WINDOWS_1252};
use memchr::memmem;

use super::row::Row;
use crate::problem::Problem;

/// What stands for characters that are lost.
const LOST: &str = "\u{fffd}";
/// The same, read as GBK; and that in the characters of Taiwan.
const LOST_IN_GBK: &str = "锟斤拷";
const LOST_IN_OLD_CHARACTERS: &str = "錕斤拷";
/// What memory that was never written to reads as in GBK.
const UNWRITTEN: [char; 2] = ['烫', '屯'];
/// How many of them no text has.
const MANY_UNWRITTEN: usize = 4;

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
        if (may_be_broken || may_be_lost || first_wide(text).is_some_and(may_begin))
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
    let [lost, in_gbk, in_old_characters] = [LOST, LOST_IN_GBK, LOST_IN_OLD_CHARACTERS].map(|text| {
        let bytes = text.as_bytes();
        [bytes[0], bytes[1]]
    });
    let is_pair = |first: u8, second: u8| {
        let pair = [first, second];
        (pair == lost) | (pair == in_gbk) | (pair == in_old_characters)
    };
    bytes.iter().fold(false, |any, byte| any | (*byte == 0xc3))
        || bytes
            .iter()
            .zip(bytes.get(1..).unwrap_or_default())
            .fold(false, |any, (first, second)| any | is_pair(*first, *second))
}

/// Whether the first wide character of a text is one that Chinese characters in UTF-8 begin with when they are read as GBK.
/// They are rare.
fn begins_as_broken(text: &str) -> bool {
    first_wide(text).is_some_and(|c| BEGINNINGS.get(c as usize) == Some(&true))
}

/// The first character of a text that is no ASCII.
fn first_wide(text: &str) -> Option<char> {
    let first = text.as_bytes().iter().position(|byte| !byte.is_ascii())?;
    text[first..].chars().next()
}

/// Whether broken text may begin with a character.
fn may_begin(c: char) -> bool {
    UNWRITTEN.contains(&c) || BEGINNINGS.get(c as usize) == Some(&true)
}

/// Whether a text holds more of what such memory reads as than anybody writes.
fn is_unwritten(text: &str) -> bool {
    let longest = text.split(|c| !UNWRITTEN.contains(&c)).map(|part| part.chars().count()).max().unwrap_or_default();
    longest >= MANY_UNWRITTEN
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
    if (text.contains("???") && !is_asked(text)) || (text.len() > 1 && text.bytes().all(|byte| byte == b'?')) {
        return Some(Problem::held("question_marks"));
    }
    if text.is_ascii() {
        return None;
    }
    let are_lost = |lost: &&str| text.contains(*lost);
    if [LOST, "锟斤", "錕斤", LOST_IN_WESTERN].iter().any(are_lost) || is_unwritten(text) {
        return Some(Problem::new("characters_lost"));
    }
    // Programs make plain spaces of those that do not break, which are bytes of broken text.
    let unbroken = text.replace(' ', "\u{a0}");
    let meant = read_right(text, GBK)
        .or_else(|| read_right(text, WINDOWS_1252))
        .or_else(|| read_right(&unbroken, WINDOWS_1252))
        .or_else(|| read_as_chinese(text))
        .or_else(|| mostly_read_as_gbk(text))
        .or_else(|| mostly_read_as_western(text))
        .or_else(|| with_western_signs(text))?;
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

/// The same as [`LOST`], read as letters of the west.
const LOST_IN_WESTERN: &str = "ï¿½";

/// Whether somebody asks, and asks again with each mark: the words before every three of them are those of a question.
fn is_asked(text: &str) -> bool {
    const WORDS: [&str; 28] = [
        "吗",
        "呢",
        "么",
        "嘛",
        "吧",
        "啥",
        "谁",
        "哪",
        "几",
        "何",
        "怎",
        "咋",
        "多少",
        "是否",
        "能否",
        "可否",
        "没有",
        "是不是",
        "能不能",
        "会不会",
        "要不要",
        "行不行",
        "嗎",
        "麼",
        "誰",
        "幾",
        "多久",
        "啊",
    ];
    const ENGLISH: [&str; 9] = ["what", "why", "who", "how", "when", "where", "which", "really", "right"];
    // Behind the last of them nothing has to be asked.
    let Some((before, _)) = text.rsplit_once("???") else { return false };
    let asks = |part: &str| {
        let clause = part.rsplit(['。', '！', '，', ',', '.', '!', '\n']).next().unwrap_or_default();
        let lower = || clause.to_lowercase();
        part.is_empty()
            || WORDS.iter().any(|word| clause.contains(word))
            || lower().split(|c: char| !c.is_alphabetic()).any(|word| ENGLISH.contains(&word))
    };
    !text.starts_with('?') && before.split("???").all(asks)
}

/// The text that this was before signs of it that have three bytes in UTF-8 were read as letters of the west, and the others were
/// not: `价格â€”高` for 价格—高. Such letters stand together in no language.
fn with_western_signs(text: &str) -> Option<String> {
    // Dashes and quotation marks; signs of full width; those of Chinese.
    const BEGINNINGS: [&str; 4] = ["â€", "ï¼", "ï½", "ã€"];
    // Signs of two bytes, which prove less.
    const OF_TWO: [&str; 3] = ["Â·", "Â°", "Ã—"];
    let begins = |at: usize| BEGINNINGS.iter().any(|beginning| text[at..].starts_with(beginning));
    let is_chinese = || text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let mut meant = String::new();
    let mut rest = 0;
    for (at, _) in text.char_indices().filter(|(_, c)| matches!(c, 'â' | 'ï' | 'ã' | 'Â' | 'Ã')) {
        let length = match &text[at..] {
            _ if begins(at) => 3,
            sign if OF_TWO.iter().any(|two| sign.starts_with(two)) && is_chinese() => 2,
            _ => continue,
        };
        let sign: String = text[at..].chars().take(length).collect();
        let (bytes, _, _) = WINDOWS_1252.encode(&sign);
        // A last byte that is a control character there is often gone.
        let Ok(right) = std::str::from_utf8(&bytes) else { continue };
        meant.push_str(&text[rest..at]);
        meant.push_str(right);
        rest = at + sign.len();
    }
    (rest > 0).then(|| meant + &text[rest..])
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
            let follows = matches!(
                (before, part),
                (Part::Beginning, Part::Middle) | (Part::Middle, Part::End) | (Part::End, Part::Beginning)
            );
            // The one between them fell out.
            let is_torn = (before, part) == (Part::Beginning, Part::End) && is_end_of_common(&encoded);
            good_pairs += usize::from(follows || is_torn);
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

/// Whether the two bytes of a rare character are the last two of a common one in UTF-8.
fn is_end_of_common(pair: &[u8]) -> bool {
    let &[first, second] = pair else { return false };
    let is_rare = first < 0xa1 || second < 0xa1;
    let is_common = |head: u8| {
        let bytes = [head, first, second];
        let Ok(text) = std::str::from_utf8(&bytes) else { return false };
        let (encoded, _, _) = GBK.encode(text);
        matches!(&*encoded, [0xb0..=0xd7, second] if *second >= 0xa1)
    };
    is_rare && (0xe4..=0xe9).any(is_common)
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
        for text in ["示例\u{fffd}", "锟斤拷锟斤拷", "錕斤拷", "客户ï¿½", "烫烫烫屯屯", "abc屯屯屯屯"]
        {
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
            "价格â€”高",
            "好ï¼Œ的",
            "他说â€œ好",
            "阿依Â·古丽",
            "规格5Ã—3",
            "price â€“ 100 €",
            "涓浗",
        ] {
            assert_eq!(code(text), Some("wrong_encoding"), "{text}");
        }
        assert!(mostly_read_as_gbk("鍖椾含绀轰緥鍏?鍙?").is_some_and(|meant| meant.starts_with("北京示例")));
        for text in ["????", "示例???", "??", "???有限公司", "重要???客户", "真的吗???，示例???", "ABC???"]
        {
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
            "真的吗???",
            "为什么不发货????急",
            "why not???",
            "烫烫烫",
            "水烫，烫手",
            "屯里的屯",
            "他说“café”—很好",
            "Ânimo—å",
            "ÃO 公司",
            "10×5",
            "20°C 左右",
            "中国—Köln",
            "阿依·古丽",
            "«Où est-ce ?» — là-bas… à côté",
            "Fuß – größer €",
            "涓瑩",
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
