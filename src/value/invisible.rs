//! Characters that nobody sees. They come along when a text is copied from a web page, a chat or an address book, make two
//! equal texts different, and mean nothing; where they do mean something, in some scripts and in emoji, they stay.

use std::borrow::Cow;

use super::options::ValueOptions;
use crate::entity::{Field, Kind};
use crate::problem::Problem;

/// The same text without what nobody sees; what was taken out goes to `noticed`.
///
/// # Errors
/// A character that turns the order of the text around, and one that must not stay where nothing may be restored.
pub fn visible<'a>(
    field: &Field,
    text: &'a str,
    options: &ValueOptions,
    noticed: &mut Vec<Problem>,
) -> Result<Cow<'a, str>, Problem> {
    if !may_hold_unseen(text) || !text.chars().any(|c| class(c) != Class::Seen) {
        return Ok(Cow::Borrowed(text));
    }
    let is_code = is_code(field);
    let is_right_to_left = text.chars().any(|c| {
        c != '\u{61c}' && matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
    });
    let mut kept = String::with_capacity(text.len());
    let (mut removed, mut spaces) = (Vec::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match class(c) {
            Class::Seen => kept.push(c),
            Class::Reversing if !is_right_to_left || is_code => {
                return Err(Problem::new("reversing_character").with("character", name(c)));
            }
            Class::Joiner if !is_code && joins(kept.chars().next_back(), c, characters.peek().copied()) => kept.push(c),
            Class::Direction | Class::Reversing if !is_code && is_right_to_left => kept.push(c),
            Class::Space if field.kind == Kind::Html => kept.push(c),
            Class::Space if may_hold_spaces(field) => {
                kept.push(' ');
                spaces = true;
            }
            _ if removed.contains(&c) => {}
            _ => removed.push(c),
        }
    }
    if kept == text {
        return Ok(Cow::Borrowed(text));
    }
    if options.keep_raw {
        let first = removed.first().copied().unwrap_or('\u{a0}');
        return match is_code {
            true => Err(Problem::new("invisible_character").with("character", name(first))),
            false => Ok(Cow::Borrowed(text)),
        };
    }
    if !removed.is_empty() {
        let names: Vec<String> = removed.into_iter().map(name).collect();
        noticed.push(Problem::word("invisible_removed").with("characters", names.join(" ")));
    } else if spaces {
        noticed.push(Problem::word("space_replaced"));
    }
    Ok(Cow::Owned(kept.trim().to_owned()))
}

/// Whether a text may hold a character that is not simply seen: a look at its bytes, many at a time, which says so too often
/// and never too seldom.
fn may_hold_unseen(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let bytes = text.as_bytes();
    let is_first = |byte: u8| matches!(byte, 0xc2 | 0xcd | 0xd8 | 0xe1 | 0xe2 | 0xf3);
    // Chinese signs begin with these bytes, too: the second one tells.
    let is_pair = |first: u8, second: u8| {
        (first == 0xe3) & (second == 0x85) | (first == 0xef) & matches!(second, 0xb8 | 0xbb | 0xbe | 0xbf)
    };
    // No early end: so the loop runs on many bytes at a time.
    bytes.iter().fold(false, |any, byte| any | is_first(*byte))
        || bytes
            .iter()
            .zip(bytes.get(1..).unwrap_or_default())
            .fold(false, |any, (first, second)| any | is_pair(*first, *second))
}

/// What a character is to the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It is seen, or is an ordinary space.
    Seen,
    /// Nothing is seen, and it means nothing.
    Nothing,
    /// A space that is not the ordinary one.
    Space,
    /// It joins letters, or chooses the form of the sign before it.
    Joiner,
    /// It says in which direction a text runs.
    Direction,
    /// It turns the text behind it around.
    Reversing,
}

fn class(c: char) -> Class {
    match c {
        // Nearly every character of a Chinese text.
        '\u{3000}'..='\u{3163}' | '\u{3165}'..='\u{fdff}' | '\u{ff01}'..='\u{ff9f}' => Class::Seen,
        '\u{ad}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fffc}'
        | '\u{fff9}'..='\u{fffb}' => Class::Nothing,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}'..='\u{2029}' | '\u{202f}' | '\u{205f}' => {
            Class::Space
        }
        '\u{34f}'
        | '\u{180b}'..='\u{180d}'
        | '\u{180f}'
        | '\u{200c}'..='\u{200d}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e01ef}' => Class::Joiner,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202d}' | '\u{2066}' | '\u{2068}'..='\u{2069}' => {
            Class::Direction
        }
        '\u{202e}' | '\u{2067}' => Class::Reversing,
        _ => Class::Seen,
    }
}

/// Whether a joiner means something between its neighbours. What chooses a form stands behind a sign that has some; what joins
/// letters stands between two of a script that joins them, or of emoji.
fn joins(before: Option<char>, joiner: char, after: Option<char>) -> bool {
    let joins_letters = matches!(joiner, '\u{200c}'..='\u{200d}' | '\u{34f}');
    let is_joined = |c: char| !c.is_ascii() && !matches!(c, '\u{3000}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}');
    match (before, after) {
        (Some(before), Some(after)) if joins_letters => is_joined(before) && is_joined(after),
        // Those that name a flag stand behind one.
        (Some(before), _) if matches!(joiner, '\u{e0000}'..='\u{e007f}') => {
            matches!(before, '\u{1f3f4}' | '\u{e0000}'..='\u{e007f}')
        }
        (Some(before), _) => !joins_letters && !before.is_ascii_alphabetic() && !before.is_whitespace(),
        (None, _) => false,
    }
}

/// Whether a value is a code, a number or a name of something, in which nothing invisible can be meant.
fn is_code(field: &Field) -> bool {
    field.text_only || !matches!(field.kind, Kind::Text | Kind::Html | Kind::Tags)
}

/// Whether a space inside a value may be meant.
fn may_hold_spaces(field: &Field) -> bool {
    match field.kind {
        Kind::Text => !field.text_only,
        Kind::Email | Kind::Id | Kind::Integer | Kind::Decimal => false,
        _ => true,
    }
}

/// `U+200B`.
pub(super) fn name(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    fn seen(name: &str, text: &str) -> Result<(String, Vec<String>), &'static str> {
        with(name, text, ValueOptions::default())
    }

    fn with(name: &str, text: &str, options: ValueOptions) -> Result<(String, Vec<String>), &'static str> {
        let catalog = Catalog::embedded();
        let field = catalog.get("customers").unwrap().field(name).unwrap();
        let mut noticed = Vec::new();
        let text = visible(field, text, &options, &mut noticed).map_err(|problem| problem.code)?.into_owned();
        let words = noticed
            .iter()
            .map(|problem| match problem.details.first() {
                Some((_, detail)) => format!("{} {detail}", problem.code),
                None => problem.code.to_owned(),
            })
            .collect();
        Ok((text, words))
    }

    #[test]
    fn the_quick_look_misses_nothing() {
        for c in (char::MIN..=char::MAX).filter(|c| class(*c) != Class::Seen) {
            assert!(may_hold_unseen(&format!("甲{c}乙")), "{}", name(c));
        }
        assert!(!may_hold_unseen("示例，甲、乙（丙）。ABC 1"));
    }

    #[test]
    fn what_nobody_sees_is_taken_out_by_name() {
        for (field, text, expected, word) in [
            ("name", "示例甲\u{200b}", "示例甲", "invisible_removed U+200B"),
            ("name", "示\u{200b}例乙", "示例乙", "invisible_removed U+200B"),
            ("name", "\u{feff}示例\u{ad}丙", "示例丙", "invisible_removed U+FEFF U+00AD"),
            ("name", "示例\u{2060}丁\u{200e}", "示例丁", "invisible_removed U+2060 U+200E"),
            ("name", "示\u{200d}例", "示例", "invisible_removed U+200D"),
            ("mobile", "\u{202d}13100000001\u{202c}", "13100000001", "invisible_removed U+202D U+202C"),
            ("email", "\u{200b}a@exam\u{200d}ple.com", "a@example.com", "invisible_removed U+200B U+200D"),
            ("email", "c\u{a0}@example.com", "c@example.com", "invisible_removed U+00A0"),
            ("QQ", "3234\u{a0}5678", "32345678", "invisible_removed U+00A0"),
            ("state", "\u{a0}在职\u{200b}", "在职", "invisible_removed U+200B"),
            ("tableName", "重\u{a0}要", "重 要", "space_replaced"),
            ("companyId", "20001\u{fe0f}", "20001", "invisible_removed U+FE0F"),
        ] {
            assert_eq!(seen(field, text), Ok((expected.to_owned(), vec![word.to_owned()])), "{text:?}");
        }
    }

    #[test]
    fn what_means_something_stays() {
        for text in [
            "示例　甲",
            "王❤\u{fe0f}",
            "👨\u{200d}👩\u{200d}👧",
            "می\u{200c}خواهم",
            "葛\u{e0100}城",
            "שלום\u{200f}!",
            "示例，（甲）",
        ] {
            assert_eq!(seen("name", text), Ok((text.to_owned(), Vec::new())), "{text:?}");
        }
        assert_eq!(seen("name", "abc\u{202e}cba"), Err("reversing_character"));
    }

    #[test]
    fn nothing_is_taken_out_where_nothing_may_be_restored() {
        let raw = ValueOptions { keep_raw: true, ..ValueOptions::default() };
        assert_eq!(with("name", "示例\u{200b}甲", raw), Ok(("示例\u{200b}甲".to_owned(), Vec::new())));
        assert_eq!(with("mobile", "\u{202d}13100000001", raw), Err("invisible_character"));
    }
}
