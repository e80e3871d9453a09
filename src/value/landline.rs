//! Landlines of mainland China: an area code that there is, and as many digits behind it as there can be.

use super::digits::all_digits;

/// What area codes of three digits begin with, without their zero.
const AREAS: &str = "31 33 34 35 37 39 41 42 43 44 45 46 47 48 51 52 53 54 55 56 57 58 59 63 66 69 70 71 72 73 74 75 76 77 79 \
    81 82 83 85 87 88 89 90 91 93 94 95 97 99";
/// Numbers of three digits that everybody can dial.
const OF_THE_STATE: [&str; 8] = ["110", "112", "114", "117", "119", "120", "121", "122"];
/// What people type where they have no number.
const MADE_UP: [&str; 3] = ["123", "1234", "123456"];
/// Most digits of an extension.
pub(super) const EXTENSION: usize = 6;
/// Most digits of an extension that nothing sets apart.
const EXTENSION_WITHOUT_SIGN: usize = 4;

/// How many digits an area code has without its zero, when a text begins with one.
pub(super) fn area_code(national: &str) -> Option<usize> {
    match national.as_bytes() {
        [b'1', b'0', ..] => Some(2),
        [b'2', second, ..] if *second != b'6' => Some(2),
        [b'3'..=b'9', _, _, ..] => Some(3),
        _ => None,
    }
}

/// A landline as nearly all are written, with a line behind its area code: `010-00000000`. Nothing is to be done about it.
pub(super) fn is_usual_landline(text: &str) -> bool {
    let Some((area, local)) = text.strip_prefix('0').and_then(|text| text.split_once('-')) else { return false };
    all_digits(area) && area_code(area) == Some(area.len()) && all_digits(local) && is_long_enough(area, local.len())
}

/// Numbers that are dialled without an area code: 400 and 800 with ten digits, 95 and 96 with five to eight.
pub(super) fn is_service(digits: &str) -> bool {
    all_digits(digits)
        && match digits.len() {
            10 => digits.starts_with("400") || digits.starts_with("800"),
            5..=8 => digits.starts_with("95") || digits.starts_with("96"),
            _ => false,
        }
}

/// Whether a text of digits and the signs between them can be no number of the mainland: its area code is none, or too few or
/// too many digits stand behind it. `text` is without an extension that a word begins.
pub(super) fn is_impossible(text: &str) -> bool {
    let home = text.trim_start_matches('(');
    let home = ["+86", "0086", "86"].iter().find_map(|code| home.strip_prefix(code));
    let is_abroad = text.contains('+') || text.starts_with("00");
    match home {
        Some(rest) if is_abroad => is_no_number(rest),
        _ if is_abroad => false,
        _ => is_no_number(text) && home.is_none_or(is_no_number),
    }
}

fn is_no_number(text: &str) -> bool {
    let number = digits(text);
    let last = text.trim_end_matches(|c: char| !c.is_ascii_digit()).rsplit(|c: char| !c.is_ascii_digit()).next();
    let last = last.filter(|last| last.len() < number.len() && last.len() <= EXTENSION);
    let without_last = last.map(|last| &number[..number.len() - last.len()]);
    let is_apart = text.trim().bytes().any(|byte| !byte.is_ascii_digit());
    let is_local = |digits: &str| matches!(digits.len(), 7 | 8) && (!digits.starts_with('1') || is_service(digits));
    let may_be = |digits: &str| match digits.strip_prefix('0') {
        Some(national) => has_area(national, if is_apart { 0 } else { EXTENSION_WITHOUT_SIGN }),
        None => is_local(digits) || is_service(digits) || has_area(digits, 0) || is_nearby(digits),
    };
    // Up to six digits may be a number inside a house. Those of three that begin with 1 are of the state, and few.
    let is_short = number.len() <= if number.starts_with('0') { 5 } else { 6 };
    let is_made_up = MADE_UP.contains(&number.as_str()) || (number.len() == 3 && number.starts_with('1'));
    if is_made_up {
        return !OF_THE_STATE.contains(&number.as_str());
    }
    !is_short && !may_be(&number) && !without_last.is_some_and(may_be)
}

/// Whether digits are an area code that there is, and a local number; so many digits more may stand behind it.
pub(super) fn has_area(national: &str, more: usize) -> bool {
    let divided = area_code(national).and_then(|code| national.split_at_checked(code));
    let Some((area, local)) = divided else { return false };
    // What is more is no part of the number.
    is_long_enough(area, local.len().min(8)) && local.len() <= 8 + more
}

/// Whether an area code is one that there is, and local numbers of it have so many digits.
fn is_long_enough(area: &str, digits: usize) -> bool {
    match area.len() {
        2 => digits == 8,
        _ => matches!(digits, 7 | 8) && AREAS.split_whitespace().any(|known| area.starts_with(known)),
    }
}

/// Whether digits are a number of Hong Kong, Macao or Taiwan with its code, or of the mainland.
fn is_nearby(digits: &str) -> bool {
    match digits.get(..3) {
        Some("852" | "853") => digits.len() == 11,
        Some("886") => (11..=13).contains(&digits.len()),
        _ => false,
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_landline_is_known_at_a_glance() {
        for text in ["010-00000000", "021-00000000", "0755-0000000", "0755-00000000", "0999-0000000"] {
            assert!(is_usual_landline(text) && !is_impossible(text), "{text}");
        }
        for text in ["010-0000000", "0100-00000000", "0320-00000000", "02a-00000000", "010-00000000-1", "10-00000000"] {
            assert!(!is_usual_landline(text), "{text}");
        }
    }

    #[test]
    fn a_landline_has_an_area_code_and_seven_or_eight_digits() {
        for text in [
            "010-123",
            "021-123456789012",
            "010-0000000",
            "010-000000000",
            "0100-00000000",
            "0320-00000000",
            "0755-000000",
            "0260-0000000",
            "123456789",
            "12345678",
            "1234567890",
            "123456789012",
            "400-000-00000",
            "4000000",
            "+86-010-123",
        ] {
            let is_wanted = text != "4000000";
            assert_eq!(is_impossible(text), is_wanted, "{text}");
        }
        for text in [
            "010-00000000",
            "(010)0000 0000",
            "0108000000012",
            "010-00000000-8001",
            "010-0000-0000-8001",
            "0755-0000000",
            "0755-00000000-80012",
            "0999-0000000",
            "00000008-1",
            "88880000",
            "8888000",
            "8001",
            "010000",
            "400-000-0000",
            "400-000-0000-1",
            "8000000000",
            "95000",
            "95000000",
            "+86 10 00000000",
            "+86 010 00000000",
            "86-10-00000000",
            "755-00000000",
            "+852 0000 0000",
            "852-00000000",
            "+1 212 555 0100",
            "0085200000000",
        ] {
            let is_wanted = text == "010000";
            assert_eq!(is_impossible(text), is_wanted, "{text}");
        }
    }
}
