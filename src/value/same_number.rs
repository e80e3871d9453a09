//! When two telephone numbers are one: whatever signs stand between their digits, however the code of the country is written,
//! and whether a word or a sign sets an extension apart.

use std::borrow::Cow;

use super::digits::all_digits;
use super::landline::{EXTENSION, has_area, is_service};
use super::phone::{is_mainland_mobile, mobile_prefix, of_home, without_extension};

/// Appends what a telephone number is compared by. Numbers as nearly all are written keep their digits, which journals know.
pub fn push_number(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend(text.bytes().filter(|byte| !b" -()".contains(byte)));
    let compact = &out[start..];
    let is_usual = compact.iter().all(u8::is_ascii_digit) && !compact.starts_with(b"86") && !compact.starts_with(b"00");
    if !is_usual && let Some(number) = str::from_utf8(compact).ok().and_then(number_of) {
        out.truncate(start);
        out.extend_from_slice(number.as_bytes());
    }
}

/// The number inside its country and its extension, or with the plus and the code of another one; none of what is no number.
fn number_of(compact: &str) -> Option<String> {
    let compact = compact.replace('.', "");
    let (number, extension) = without_extension(&compact);
    let extension = extension.chars().filter(char::is_ascii_digit);
    let number = match (mobile_prefix(number), behind_code(number)) {
        (Some(prefix), _) => Cow::Borrowed(&number[prefix.len()..]),
        (None, Some(national)) => in_country(national)?,
        // Other countries have both, too.
        (None, None) => number.strip_prefix("00").map_or(Cow::Borrowed(number), |rest| Cow::Owned(format!("+{rest}"))),
    };
    all_digits(number.strip_prefix('+').unwrap_or(&number)).then(|| number.chars().chain(extension).collect())
}

/// What stands behind the code of the mainland; without a sign that it is one, an area has to follow.
fn behind_code(number: &str) -> Option<&str> {
    of_home(number)
        .or_else(|| number.strip_prefix("86").filter(|rest| has_area(rest.strip_prefix('0').unwrap_or(rest), 0)))
}

/// A number of the mainland as it is dialled there; none where it is no such number.
fn in_country(national: &str) -> Option<Cow<'_, str>> {
    let is_whole = national.starts_with('0') || is_mainland_mobile(national) || is_service(national);
    match is_whole {
        true => Some(Cow::Borrowed(national)),
        false => has_area(national, EXTENSION).then(|| Cow::Owned(format!("0{national}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> String {
        let mut out = Vec::new();
        push_number(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_number_is_one_however_it_is_written() {
        for text in [
            "010-88880000",
            "(010) 8888 0000",
            "+86 10 88880000",
            "0086-10-88880000",
            "86-010-88880000",
            "+86(010)88880000",
            "010.8888.0000",
        ] {
            assert_eq!(number(text), "01088880000", "{text}");
        }
        for text in [
            "010-88880000-801",
            "010-88880000转801",
            "010-88880000 ext. 801",
            "+86 10 88880000 分机 801",
            "+86-10-88880000-801",
        ] {
            assert_eq!(number(text), "01088880000801", "{text}");
        }
        assert_eq!([number("+86 400 000 0000"), number("400-000-0000")], ["4000000000"; 2]);
        assert_eq!([number("+86 130 0000 0001"), number("13000000001")], ["13000000001"; 2]);
        assert_eq!([number("0755-8000000"), number("+86 755 8000000")], ["07558000000"; 2]);
        assert_eq!([number("00852 2000 0000"), number("+852-20000000")], ["+85220000000"; 2]);
    }

    #[test]
    fn what_is_another_number_or_none_stays_apart() {
        let others =
            ["010-88880000", "021-88880000", "88880000", "010-88880000-801", "010-88880000-802", "+1 010 8888 0000"];
        for (at, text) in others.iter().enumerate() {
            assert!(others[at + 1..].iter().all(|other| number(other) != number(text)), "{text}");
        }
        // A local number that begins as the code of the country, what only looks like one, and words.
        assert_eq!([number("86100000"), number("+8612"), number("前台")], ["86100000", "+8612", "前台"]);
        for text in ["868元", "862号楼", "863中", "8688元/月", "86", "86２号"] {
            assert_eq!(number(text), text);
        }
    }
}
