//! Several values in one cell: where a field takes a list, and where it does not.

use super::digits::all_digits;
use super::half_width::half_width;
use crate::entity::Kind;

/// What people put between the parts of a list in one cell. A carriage return before a line feed is trimmed off.
fn separates(c: char) -> bool {
    matches!(c, ',' | '，' | ';' | '；' | '、' | '|' | '｜' | '\n')
}

/// The parts of a list, without the spaces around them; of `[a, b]`, `["a", "b"]` and `['a', 'b']` those inside.
pub fn parts(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let text = inner.filter(|inner| !inner.contains(['[', ']'])).unwrap_or(text);
    let are_in = |mark: char| {
        let is_quoted = |part: &str| part.len() >= 2 && part.starts_with(mark) && part.ends_with(mark);
        text.split(separates).all(|part| is_quoted(part.trim()))
    };
    let are_quoted = inner.is_some() && (are_in('"') || are_in('\''));
    text.split(separates).map(str::trim).map(move |part| if are_quoted { &part[1..part.len() - 1] } else { part })
}

/// Whether a text is more than one part.
pub(super) fn is_list(text: &str) -> bool {
    text.contains(separates) || (text.starts_with('[') && text.ends_with(']'))
}

/// Appends a part to a list as the service keeps it.
pub(super) fn push(out: &mut String, part: &str) {
    if !out.is_empty() {
        out.push(',');
    }
    out.push_str(part);
}

/// The parts of a cell in which one number or address is meant: also those divided by a slash or a word.
pub(super) fn divided(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| separates(c) || matches!(c, '/' | '／' | '\\' | '&' | '和' | '或' | '及'))
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// One of the parts of a cell, counted from 1; empty where there are not so many.
pub fn part(text: &str, number: usize) -> &str {
    number.checked_sub(1).and_then(|index| divided(text).nth(index)).unwrap_or_default()
}

/// How many parts a cell has.
pub fn count_parts(text: &str) -> usize {
    divided(text).count()
}

/// How many telephone numbers stand in a cell; one when it is not certain that there are more.
pub(super) fn numbers_in(text: &str) -> usize {
    // Nearly every cell: nothing in it parts numbers, and it is too short for two that nothing parts.
    if text.len() < 22 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return 1;
    }
    let count = |part: &str| part.chars().filter(char::is_ascii_digit).count();
    let text = half_width(text);
    let several = divided(&text).filter(|part| count(part) >= 5).count();
    if several > 1 {
        return several;
    }
    // `010-00000000/1`: the second one differs in its last digits.
    let (mut first, mut ends) = (0, 0);
    for part in divided(&text).filter(|_| !text.contains('\n')) {
        match count(part) {
            digits if first == 0 => first = digits,
            1..=4 if all_digits(part) => ends += 1,
            _ => {}
        }
    }
    if first >= 7 && ends > 0 {
        return 1 + ends;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let whole = words.iter().filter(|word| count(word) >= 10).count();
    match whole {
        0 | 1 if words.len() == 1 && all_digits(&text) && text.len() == 22 => 2,
        0 => 1,
        whole => whole,
    }
}

/// The telephone numbers or mail addresses of a text that holds several of them; none of one that does not.
pub fn each_of_several(kind: Kind, text: &str) -> Vec<&str> {
    let digits = |part: &str| half_width(part).chars().filter(char::is_ascii_digit).count();
    let is_meant = |part: &&str| match kind {
        Kind::Mobile | Kind::Phone => digits(part) >= 5,
        Kind::Email => part.contains(['@', '＠']),
        _ => false,
    };
    // Nearly every text: too short for two, or of a kind that is not looked into.
    if text.len() < 11 || !matches!(kind, Kind::Mobile | Kind::Phone | Kind::Email) {
        return Vec::new();
    }
    let parts: Vec<&str> = divided(text).filter(is_meant).collect();
    if parts.len() > 1 {
        return parts;
    }
    // Within a number there may be spaces, too.
    let is_whole = |word: &&str| kind == Kind::Email && is_meant(word) || digits(word) >= 10;
    let words: Vec<&str> = text.split_whitespace().filter(is_whole).collect();
    if words.len() > 1 { words } else { Vec::new() }
}

/// How many IDs stand in a cell that takes one.
pub(super) fn ids_in(text: &str) -> usize {
    if all_digits(text) {
        return 1;
    }
    let text = half_width(text);
    match divided(&text).all(all_digits) {
        true => divided(&text).count().max(1),
        false => 1,
    }
}

/// How many mail addresses stand in a cell.
pub(super) fn addresses_in(text: &str) -> usize {
    text.chars().filter(|c| matches!(c, '@' | '＠')).count().min(
        text.split(|c: char| separates(c) || c.is_whitespace() || matches!(c, '/' | '／' | '&'))
            .filter(|part| part.contains(['@', '＠']))
            .count(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_in_many_dresses() {
        for text in ["a,b", "a，b", "a; b", "a；b", "a、b", "a|b", "a｜b", "a\r\nb", "[a，b]", "[ \"a\", \"b\" ]"]
        {
            assert_eq!(parts(text).collect::<Vec<_>>(), ["a", "b"], "{text}");
            assert!(is_list(text), "{text}");
        }
        assert_eq!(parts("【重要】").collect::<Vec<_>>(), ["【重要】"]);
        assert_eq!(parts("[a],[b]").collect::<Vec<_>>(), ["[a]", "[b]"]);
    }

    #[test]
    fn each_number_or_address_of_several_is_found_and_one_is_not_several() {
        let mobiles = |text| each_of_several(Kind::Mobile, text);
        for text in [
            "13000000001,13000000002",
            "13000000001 / 13000000002",
            "13000000001 13000000002",
            "13000000001、13000000002",
        ] {
            assert_eq!(mobiles(text), ["13000000001", "13000000002"], "{text}");
        }
        for text in ["13000000001", "+86 130 0000 0001", "130-0000-0001", "010-00000000/1", "", "13000000001（王）"]
        {
            assert!(mobiles(text).is_empty(), "{text}");
        }
        assert_eq!(each_of_several(Kind::Email, "a@example.com b@example.com"), ["a@example.com", "b@example.com"]);
        assert!(each_of_several(Kind::Email, "Anna B <a@example.com>").is_empty());
        assert!(each_of_several(Kind::Text, "13000000001,13000000002").is_empty());
    }

    #[test]
    fn several_numbers_and_addresses_are_counted() {
        for (text, expected) in [
            ("13100000001/13100000002", 2),
            ("13100000001、13100000002；13100000003", 3),
            ("13100000001\n13100000002", 2),
            ("13100000001 13100000002", 2),
            ("1310000000113100000002", 2),
            ("010-00000000/1", 2),
            ("13100000001或13100000002", 2),
            ("131 0000 0001", 1),
            ("010-00000000转8001", 1),
            ("(010) 0000 0000", 1),
            ("+86 13100000001", 1),
            ("无", 1),
        ] {
            assert_eq!(numbers_in(text), expected, "{text}");
        }
        assert_eq!(addresses_in("a@example.com；b@example.com"), 2);
        assert_eq!(addresses_in("a@example.com b@example.com/c@example.com"), 3);
        assert_eq!(addresses_in("a@@example.com"), 1);
        assert_eq!(ids_in("101,102"), 2);
        assert_eq!(ids_in("甲,102"), 1);
    }
}
