//! Telephone numbers. A mainland mobile number is brought to its eleven digits; any other number is left as it was
//! written, in plain digits, when it can be one. Nothing is guessed: what a spreadsheet has kept as a number is taken only
//! when no zero can have been lost, and a number that has lost one waits for a person.
//!
//! The rules are our own: what they have to tell apart is which numbers a spreadsheet has damaged, which no library knows.

use super::digits::{Digits, all_digits, digits};
use super::half_width::half_width;
use super::landline::{area_code, has_area, is_impossible, is_service, is_usual_landline};
use super::list::{divided, numbers_in};
use super::options::{Country, ValueOptions};
use super::restoring;
use crate::entity::Kind;
use crate::format::{Cell, CellKind};
use crate::problem::Problem;

/// How many digits a mainland mobile number has.
const MOBILE_DIGITS: usize = 11;

/// What people write before an extension.
const EXTENSION_WORDS: &[&str] = &["转", "分机", "ext.", "ext", "x", "#"];

/// Code of the word about a landline in a field for mobile numbers.
pub const LANDLINE_IN_MOBILE: &str = "landline_in_mobile";

/// Country codes of two digits; those of one are 1 and 7, all others have three.
const TWO_DIGIT_CODES: &[&str] = &[
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95", "98",
];

/// What country codes of three digits begin with.
const THREE_DIGIT_BEGINNINGS: &[&str] = &[
    "21", "22", "23", "24", "25", "26", "29", "35", "37", "38", "42", "50", "59", "67", "68", "69", "85", "87", "88",
    "96", "97", "99",
];

pub(super) fn clean(
    kind: Kind,
    cell: Cell<'_>,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    if is_mainland_mobile(cell.text) {
        out.push_str(cell.text);
        return Ok(());
    }
    match digits(cell) {
        Digits::Lost => return Err(Problem::new("digits_lost")),
        Digits::Restored(number) => {
            of_number(kind, &number, options, out, noticed)?;
            return restoring::say(options, Problem::word("number_restored").with("value", &*out), noticed);
        }
        Digits::Kept if cell.kind == CellKind::Number => {
            return of_number(kind, cell.text, options, out, noticed);
        }
        Digits::Kept => {}
    }
    if kind == Kind::Phone && options.country.is_china() && is_usual_landline(cell.text) {
        out.push_str(cell.text);
        return Ok(());
    }
    let text = half_width(cell.text);
    let text = text.trim();
    if is_wide(cell.text) {
        restoring::say(options, Problem::word("half_width").with("value", text), noticed)?;
    }
    out.extend(text.chars().filter(|c| !is_sign(*c)));
    if let Some(prefix) = mobile_prefix(out) {
        out.drain(..prefix.len());
        // A person writes the plus; without it the prefix came with the number, or was once one with it.
        if matches!(prefix, "86" | "086" | "0") {
            restoring::say(options, Problem::word("prefix_removed").with("prefix", prefix), noticed)?;
        }
        return Ok(());
    }
    let count = numbers_in(text);
    if count > 1 {
        return Err(Problem::new("several_numbers").with("count", count));
    }
    let compact = std::mem::take(out);
    out.push_str(text);
    match kind {
        Kind::Mobile => mobile(text, &compact, options.country, noticed),
        _ => phone(text, &compact, options, out, noticed),
    }
}

/// A number that a spreadsheet program has kept as such, so that zeros before it are gone.
fn of_number(
    kind: Kind,
    number: &str,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    if is_mainland_mobile(number) {
        out.push_str(number);
        return Ok(());
    }
    if let Some(mobile) = number.strip_prefix("86").filter(|rest| is_mainland_mobile(rest)) {
        restoring::say(options, Problem::word("prefix_removed").with("prefix", "86"), noticed)?;
        out.push_str(mobile);
        return Ok(());
    }
    let country = options.country;
    let is_whole_abroad =
        !country.is_china() && !country.has_zero && (country.digits.0..=country.digits.1).contains(&number.len());
    if is_whole_abroad {
        out.push_str(number);
        return Ok(());
    }
    let is_none = number.starts_with('-') || number.len() > LONGEST_NATIONAL || number.contains('.');
    if (kind == Kind::Mobile && is_broken_mobile(number)) || is_none {
        return Err(Problem::new("not_a_mobile").with("digits", number.len()));
    }
    if kind == Kind::Phone && country.is_china() {
        if is_service(number) || (matches!(number.len(), 7 | 8) && number.starts_with(|c| ('2'..='8').contains(&c))) {
            out.push_str(number);
            return Ok(());
        }
        if has_lost_zero(number) {
            return restore_zero(number, options, out, noticed);
        }
    }
    Err(Problem::new("number_cell"))
}

/// A number in a field for mobile numbers that is not a mainland mobile number as it stands.
fn mobile(text: &str, compact: &str, country: Country, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    let (number, extension) = without_extension(compact);
    if is_abroad(number) {
        return Ok(());
    }
    let has_extension = !extension.is_empty() || may_end_in_extension(text);
    let of_home = mobile_prefix(number).map_or(number, |prefix| &number[prefix.len()..]);
    if (has_extension && of_home.len() > 11 && of_home.get(..11).is_some_and(is_mainland_mobile) && all_digits(of_home))
        || (!extension.is_empty() && is_mainland_mobile(of_home))
    {
        return Ok(());
    }
    if country.is_china() {
        if (is_landline(number) && !is_impossible(before_extension(text))) || is_service(number) {
            noticed.push(Problem::word(LANDLINE_IN_MOBILE));
            return Ok(());
        }
    } else if is_of_length(number, country) {
        return Ok(());
    }
    Err(match all_digits(number.trim_start_matches('+')) {
        true => Problem::new("not_a_mobile").with("digits", number.trim_start_matches('+').len()),
        false => Problem::new("not_a_phone"),
    })
}

/// A number in a field for any telephone number that is not a mainland mobile number.
fn phone(
    text: &str,
    compact: &str,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    if options.country.is_china() && all_digits(compact) {
        let bare = compact.strip_prefix("86").filter(|rest| is_broken_mobile(rest)).unwrap_or(compact);
        // No local number has eleven digits and begins with 1.
        if (is_broken_mobile(bare) || (compact.len() == 11 && compact.starts_with('1'))) && !is_extended(text, bare) {
            return Err(Problem::new("not_a_mobile").with("digits", compact.len()));
        }
    }
    if let Some(national) = of_home(without_extension(compact).0) {
        // As without the code of the country; not as long as one, it is no landline either.
        if national.starts_with('1') && is_broken_mobile(national) && !is_mobile_of(text, national) {
            return Err(Problem::new("not_a_mobile").with("digits", national.len()));
        }
    }
    if options.country.is_china() && all_digits(text) && has_lost_zero(text) {
        out.clear();
        return restore_zero(text, options, out, noticed);
    }
    let (number, _) = without_extension(compact);
    let is_nothing = number.len() >= 3 && number.bytes().all(|byte| byte == b'0');
    let has_area =
        number.strip_prefix('0').and_then(|rest| Some(&rest[area_code(rest)?..])).is_some_and(is_mainland_mobile);
    let is_wrong_abroad = number.starts_with('+') && !is_abroad(number) && !is_home(number);
    if is_nothing || is_wrong_abroad || (has_area && options.country.is_china()) || !may_be_a_number(text) {
        return Err(Problem::new("not_a_phone"));
    }
    let is_nowhere =
        number.starts_with("00") && number.len() > LONGEST_INSIDE && !is_abroad(number) && !is_home(number);
    if is_nowhere
        || (options.country.is_china() && !is_mobile_of(text, compact) && is_impossible(before_extension(text)))
    {
        noticed.push(Problem::held("impossible_landline"));
    }
    Ok(())
}

/// Most digits of a number with the code of its country and without an extension: one that was a number lost no zero then.
const LONGEST_NATIONAL: usize = 13;
/// Most digits of a number of the mainland behind its code, with an extension.
const LONGEST_HOME: usize = 18;
/// Most digits of a number inside a house.
const LONGEST_INSIDE: usize = 6;

/// The national number behind the code of the mainland, with which a text without signs begins.
pub(super) fn of_home(compact: &str) -> Option<&str> {
    ["+86", "0086"].iter().find_map(|prefix| compact.strip_prefix(prefix)).filter(|rest| all_digits(rest))
}

/// Whether a text is a mainland mobile number, and perhaps an extension that a word or a sign sets apart.
fn is_mobile_of(text: &str, compact: &str) -> bool {
    let (number, _) = without_extension(compact);
    let number = of_home(number).unwrap_or(number);
    is_mainland_mobile(number) || is_extended(text, number)
}

/// Whether digits are a mainland mobile number and an extension: `13000000001-8001`.
fn is_extended(text: &str, number: &str) -> bool {
    let extension = text.rsplit_once('-').filter(|_| may_end_in_extension(text)).map_or(0, |(_, end)| end.len());
    extension > 0
        && number.len() == MOBILE_DIGITS + extension
        && number.get(..MOBILE_DIGITS).is_some_and(is_mainland_mobile)
}

/// A number without the extension that a word begins.
fn before_extension(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_digit() || c == '+' || is_sign(c);
    &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())]
}

/// Puts the zero back that a spreadsheet program took; a person has to look, for other countries have numbers like this.
fn restore_zero(
    number: &str,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    if options.keep_raw {
        return Err(Problem::new("number_cell"));
    }
    out.push('0');
    out.push_str(number);
    noticed.push(Problem::held("zero_lost").with("number", &*out));
    Ok(())
}

/// What stands before a mainland mobile number in a text without signs.
pub(super) fn mobile_prefix(compact: &str) -> Option<&'static str> {
    let (before, _) = compact
        .len()
        .checked_sub(MOBILE_DIGITS)
        .and_then(|at| compact.split_at_checked(at))
        .filter(|(_, number)| is_mainland_mobile(number))?;
    ["+86", "0086", "+0086", "+860", "086", "86", "0", ""].into_iter().find(|prefix| *prefix == before)
}

/// What a number is that can be told from any other number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberLook {
    /// A mainland mobile number.
    Mobile,
    /// Another telephone number: of a landline, a service, another country.
    Landline,
}

/// What a text is when it is a telephone number beyond doubt, or begins with one of several; none otherwise.
pub fn number_look(text: &str) -> Option<NumberLook> {
    let text = half_width(text);
    let number = divided(&text).next().unwrap_or_default();
    let compact: String = number.chars().filter(|c| !is_sign(*c)).collect();
    let (number, _) = without_extension(&compact);
    if mobile_prefix(number).is_some() {
        return Some(NumberLook::Mobile);
    }
    let is_telling = is_service(number) && number.len() == 10;
    (is_landline(number) || is_telling || is_abroad(number)).then_some(NumberLook::Landline)
}

/// Eleven digits, the first two as the numbering plan gives them to mobile phones.
pub fn is_mainland_mobile(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == MOBILE_DIGITS
        && bytes[0] == b'1'
        && (b'3'..=b'9').contains(&bytes[1])
        && bytes.iter().all(|byte| byte.is_ascii_digit())
}

/// Nine to thirteen digits that begin like a mobile number: one with a digit lost or doubled.
fn is_broken_mobile(digits: &str) -> bool {
    (9..=13).contains(&digits.len())
        && digits.starts_with('1')
        && digits.as_bytes().get(1).is_some_and(|second| (b'3'..=b'9').contains(second))
}

/// An area code and a local number; an extension may follow without a word: `0108000000012`.
fn is_landline(compact: &str) -> bool {
    // Without the plus it is told by the zero behind it, or by being as long as a number is with it.
    let bare_home = || compact.strip_prefix("86").filter(|rest| has_area(rest.strip_prefix('0').unwrap_or(rest), 0));
    let national = match of_home(compact).or_else(bare_home) {
        Some(rest) => rest.strip_prefix('0').unwrap_or(rest),
        None => match compact.strip_prefix('0') {
            Some(rest) => rest,
            None => return false,
        },
    };
    let code = area_code(national).filter(|_| all_digits(national) && (10..=15).contains(&national.len()));
    // A mobile number has no area code.
    code.is_some_and(|code| !is_mainland_mobile(&national[code..]))
}

/// Whether digits are an area code and a local number without the zero before them. 400 and 800 are whole without one.
fn has_lost_zero(digits: &str) -> bool {
    let is_whole = is_service(digits) || ["852", "853", "886"].iter().any(|code| digits.starts_with(code));
    let fits = match area_code(digits) {
        Some(2) => digits.len() == 10,
        Some(_) => matches!(digits.len(), 10 | 11),
        None => false,
    };
    all_digits(digits) && fits && !is_whole
}

/// A number of this country, after its code: +86.
fn is_home(compact: &str) -> bool {
    let rest = ["+86", "0086"].iter().find_map(|prefix| compact.strip_prefix(prefix));
    rest.is_some_and(|rest| (7..=LONGEST_HOME).contains(&rest.len()) && all_digits(rest))
}

/// A number of another country, written with its code behind `+` or `00`.
fn is_abroad(compact: &str) -> bool {
    let Some(digits) = compact.strip_prefix('+').or_else(|| compact.strip_prefix("00")) else { return false };
    if !all_digits(digits) || !(7..=15).contains(&digits.len()) || digits.starts_with("86") {
        return false;
    }
    let begins = |codes: &[&str]| codes.iter().any(|code| digits.starts_with(code));
    match digits.as_bytes()[0] {
        b'1' => digits.len() == 11,
        b'7' => digits.len() == 11,
        _ if digits.starts_with("852") || digits.starts_with("853") => digits.len() == 11,
        _ if digits.starts_with("886") => (11..=13).contains(&digits.len()),
        _ => begins(TWO_DIGIT_CODES) || begins(THREE_DIGIT_BEGINNINGS),
    }
}

/// A number of a country whose plan is not known: as long as its numbers are.
fn is_of_length(compact: &str, country: Country) -> bool {
    let zero = usize::from(country.has_zero);
    all_digits(compact) && (country.digits.0..=country.digits.1 + zero).contains(&compact.len())
}

/// The number, and what stands from the word for an extension on.
pub(super) fn without_extension(compact: &str) -> (&str, &str) {
    let end = compact.find(|c: char| !c.is_ascii_digit() && c != '+').unwrap_or(compact.len());
    let (number, extension) = compact.split_at(end);
    match extension.is_empty() || is_extension(extension) {
        true => (number, extension),
        false => (compact, ""),
    }
}

/// Whether the last group of digits is set apart as an extension is: `13000000001-8001`.
fn may_end_in_extension(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(_, end)| (1..=6).contains(&end.len()) && all_digits(end))
}

fn is_extension(text: &str) -> bool {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let lower = text.to_lowercase();
    EXTENSION_WORDS.iter().any(|word| {
        lower.strip_prefix(word).is_some_and(|rest| {
            let rest = rest.trim_start_matches([':', '.', ' ']);
            (1..=8).contains(&digits(rest)) && rest.chars().all(|c| c.is_ascii_digit() || is_sign(c))
        })
    })
}

/// Signs that people put between the digits of a number.
fn is_sign(c: char) -> bool {
    matches!(c, ' ' | '-' | '(' | ')' | '.')
}

/// Digits with the signs people put between them, and one extension.
fn may_be_a_number(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')');
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let plus = text.strip_prefix("(+").or_else(|| text.strip_prefix('+')).unwrap_or(text);
    let end = plus.find(|c: char| !is_sign(c)).unwrap_or(plus.len());
    let (number, extension) = plus.split_at(end);
    let most = if may_end_in_extension(number.trim()) { 20 } else { 15 };
    (3..=most).contains(&digits(number)) && (extension.is_empty() || is_extension(extension))
}

/// Whether digits or letters stand in the width of Chinese.
fn is_wide(text: &str) -> bool {
    !text.is_ascii()
        && text.chars().any(
            |c| matches!(c, '\u{ff0b}' | '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}'),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number, and the codes of what was noticed; or the code of what is wrong.
    fn with(kind: Kind, text: &str, cell: CellKind, options: ValueOptions) -> Result<(String, String), &'static str> {
        let (mut out, mut noticed) = (String::new(), Vec::new());
        clean(kind, Cell { text, kind: cell }, &options, &mut out, &mut noticed).map_err(|problem| problem.code)?;
        let codes: Vec<&str> = noticed.iter().map(|problem| problem.code).collect();
        Ok((out, codes.join(" ")))
    }

    fn cleaned(kind: Kind, text: &str, cell: CellKind) -> Result<String, &'static str> {
        with(kind, text, cell, ValueOptions::default()).map(|(number, _)| number)
    }

    fn said(kind: Kind, text: &str, cell: CellKind) -> Result<(String, String), &'static str> {
        with(kind, text, cell, ValueOptions::default())
    }

    fn is(number: &str, codes: &str) -> Result<(String, String), &'static str> {
        Ok((number.to_owned(), codes.to_owned()))
    }

    #[test]
    fn a_mainland_mobile_is_brought_to_eleven_digits() {
        let spellings = [
            "13000000001",
            "130 0000 0001",
            "130-0000-0001",
            "130—0000—0001",
            "130.0000.0001",
            "+86 13000000001",
            "0086-130-0000-0001",
            "(+86)13000000001",
            "（+86）13000000001",
        ];
        for text in spellings {
            assert_eq!(said(Kind::Mobile, text, CellKind::Text), is("13000000001", ""), "{text}");
        }
        for (text, kind, codes) in [
            ("8613000000001", CellKind::Text, "prefix_removed"),
            ("86-130-0000-0001", CellKind::Text, "prefix_removed"),
            ("013000000001", CellKind::Text, "prefix_removed"),
            ("8613000000001", CellKind::Number, "prefix_removed"),
            ("8613000000001.0", CellKind::Text, "prefix_removed number_restored"),
            ("13000000001.0", CellKind::Text, "number_restored"),
            ("1.3000000001E10", CellKind::Text, "number_restored"),
            ("１３００００００００１", CellKind::Text, "half_width"),
        ] {
            for field in [Kind::Mobile, Kind::Phone] {
                assert_eq!(said(field, text, kind), is("13000000001", codes), "{text}");
            }
            let raw = ValueOptions { keep_raw: true, ..ValueOptions::default() };
            assert_eq!(with(Kind::Mobile, text, kind, raw), Err("kept_raw"), "{text}");
        }
    }

    #[test]
    fn other_numbers_stay_as_they_are_written() {
        for text in [
            "010-00000000",
            "(010) 0000 0000",
            "+852 0000 0000",
            "400-000-0000",
            "95000",
            "010-00000000转801",
            "010-00000000 转 801",
            "010-00000000 ext. 12",
            "010-00000000 Ext:12",
            "010-00000000-8001",
            "0755-00000000-80012",
            "010-00000000#8001",
            "+86 10 00000000",
            "80000008-1",
            "8001",
            "+1 212 555 0100",
            "+86 400 000 0000",
            "+86 010-00000000-801",
            "+86 95000000",
            "0086 755 00000000",
            "86-010-00000000",
            "13000000001-12",
            "13000000001-8001",
            "+86 13000000001-8001",
            "+86 130 0000 0001 转 12",
            "0012125550100",
            "0081300000000",
            "120",
            "801",
        ] {
            assert_eq!(said(Kind::Phone, text, CellKind::Text), is(text, ""), "{text}");
        }
        for text in ["000-12345678", "00000008-1", "0010-00000000", "123", "1234", "123456", "+86-12345678"] {
            assert_eq!(said(Kind::Phone, text, CellKind::Text), is(text, "impossible_landline"), "{text}");
        }
        for text in ["+86 1380013800", "0086 138 0013 80", "+86 138001380000", "+86 1380013800 转 12", "1380013800-12"]
        {
            assert_eq!(cleaned(Kind::Phone, text, CellKind::Text), Err("not_a_mobile"), "{text}");
        }
        for text in ["010-13000000001", "0755 13000000001"] {
            assert_eq!(cleaned(Kind::Phone, text, CellKind::Text), Err("not_a_phone"), "{text}");
            assert_eq!(cleaned(Kind::Mobile, text, CellKind::Text), Err("not_a_mobile"), "{text}");
        }
        for text in
            ["无", "12", "a13000000001", "010-00000000转", "000-00000000", "+852 0000 000", "+999", "+86 10 000"]
        {
            assert_eq!(cleaned(Kind::Phone, text, CellKind::Text), Err("not_a_phone"), "{text}");
        }
        for text in
            ["13000000001/13000000002", "13000000001 13000000002", "010-00000000、010-00000001", "010-00000000/1"]
        {
            assert_eq!(cleaned(Kind::Phone, text, CellKind::Text), Err("several_numbers"), "{text}");
        }
    }

    #[test]
    fn what_is_no_mobile_number_is_refused_in_its_field() {
        for text in [
            "13100",
            "1310000",
            "13100000",
            "123",
            "00000000000",
            "99999999999",
            "23100000001",
            "1300000000",
            "130000000012",
            "12000000001",
            "00000000",
            "88888888",
            "2100000000",
            "+1310000000",
            "+8613000000",
            "10086",
        ] {
            assert_eq!(cleaned(Kind::Mobile, text, CellKind::Text), Err("not_a_mobile"), "{text}");
        }
        for text in ["tel:13100000007", "13100000008（微信同号）", "1310000 0009 张", "a"] {
            assert_eq!(cleaned(Kind::Mobile, text, CellKind::Text), Err("not_a_phone"), "{text}");
        }
        for text in [
            "010-00000000",
            "(0755)0000 0000",
            "400-000-0000",
            "8000000000",
            "95000",
            "+86 10 00000000",
            "01000000000转12",
            "86-010-00000000",
            "861000000000",
            "86 755 00000000",
        ] {
            assert_eq!(said(Kind::Mobile, text, CellKind::Text), is(text, LANDLINE_IN_MOBILE), "{text}");
        }
        for text in [
            "+852 9000 0000",
            "+853-60000000",
            "+886 912 000 000",
            "0085290000000",
            "+44 7700 900000",
            "13000000001-8001",
            "13000000001转1234",
            "+86 130 0000 0001 转 12",
        ] {
            assert_eq!(said(Kind::Mobile, text, CellKind::Text), is(text, ""), "{text}");
        }
    }

    #[test]
    fn a_damaged_number_is_never_guessed() {
        assert_eq!(cleaned(Kind::Mobile, "13000000001", CellKind::Number), Ok("13000000001".into()));
        assert_eq!(cleaned(Kind::Mobile, "1000000000", CellKind::Number), Err("number_cell"));
        assert_eq!(cleaned(Kind::Mobile, "1300000000", CellKind::Number), Err("not_a_mobile"));
        for text in ["1.3e+10", "1.38E+10", "1.3E10"] {
            assert_eq!(cleaned(Kind::Mobile, text, CellKind::Text), Err("digits_lost"), "{text}");
        }
        for text in ["1300000000", "130000000012"] {
            assert_eq!(cleaned(Kind::Phone, text, CellKind::Text), Err("not_a_mobile"), "{text}");
        }
    }

    #[test]
    fn a_landline_that_lost_its_zero_waits() {
        for kind in [CellKind::Number, CellKind::Text] {
            for text in ["1000000000", "2100000000", "75500000000", "7310000000"] {
                assert_eq!(said(Kind::Phone, text, kind), is(&format!("0{text}"), "zero_lost"), "{text}");
            }
            for text in ["4000000000", "95000", "88880000"] {
                assert_eq!(said(Kind::Phone, text, kind), is(text, ""), "{text}");
            }
        }
        assert_eq!(cleaned(Kind::Phone, "85290000000", CellKind::Number), Err("number_cell"));
        assert_eq!(cleaned(Kind::Phone, "8001", CellKind::Number), Err("number_cell"));
    }

    #[test]
    fn numbers_of_another_country_are_known_by_their_length() {
        let of = |code: &str| ValueOptions { country: Country::of_code(code).unwrap(), ..ValueOptions::default() };
        for (code, text) in [("HK", "90000000"), ("us", "2125550100"), ("TW", "0912000000"), ("GB", "07700900000")] {
            assert_eq!(with(Kind::Mobile, text, CellKind::Text, of(code)), is(text, ""), "{text}");
        }
        assert_eq!(with(Kind::Mobile, "90000000", CellKind::Number, of("HK")), is("90000000", ""));
        assert_eq!(with(Kind::Mobile, "912000000", CellKind::Number, of("TW")), Err("number_cell"));
        assert_eq!(with(Kind::Mobile, "900000", CellKind::Text, of("HK")), Err("not_a_mobile"));
        assert_eq!(with(Kind::Phone, "2125550100", CellKind::Text, of("US")), is("2125550100", ""));
        assert!(Country::of_code("XX").is_none());
    }
}
