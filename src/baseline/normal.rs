//! One form for the spellings of a value: as the service keeps it, as our files show it, as a spreadsheet program saves it
//! again.

use std::borrow::Cow;

use jiff::civil::Time;

use crate::entity::{Field, Kind};
use crate::projection::{Moment, html_text, moment};
use crate::value;

/// A text of a cell or of a record in the one form in which those of a field are compared: a choice as its value, a list in
/// order, a number without the zeros that do not count, a day without its midnight; what says "not set" is empty.
pub fn normal<'a>(field: &Field, text: &'a str) -> Cow<'a, str> {
    let text = text.trim();
    match field.kind {
        _ if text.is_empty() => Cow::Borrowed(""),
        Kind::Date | Kind::DateTime if moment::is_unset(text) => Cow::Borrowed(""),
        Kind::Date | Kind::DateTime => day_or_moment(text),
        Kind::Integer | Kind::Decimal => number(text).map_or(Cow::Borrowed(text), Cow::Owned),
        Kind::Choice if field.several && field.choice(text).is_none() => choices(field, text),
        Kind::Choice => {
            let choice = field.choice(text).or_else(|| field.choice(without_fraction(text)));
            choice.map_or(Cow::Borrowed(without_fraction(text)), |choice| Cow::Owned(choice.value.clone()))
        }
        Kind::Tags | Kind::Ids => list(text),
        Kind::Id | Kind::Mobile | Kind::Phone => Cow::Borrowed(without_fraction(text)),
        Kind::Text if field.text_only => Cow::Borrowed(without_fraction(text)),
        Kind::Text | Kind::Html | Kind::Email => lines(text),
    }
}

/// Whether a text says that nothing is set: as a person leaves it, and as the service writes it where a field holds no day, no
/// record or no choice.
pub fn is_unset(field: &Field, text: &str) -> bool {
    let is_zero = || text.trim() == "0";
    match field.kind {
        _ if normal(field, text).is_empty() => true,
        Kind::Id => is_zero(),
        Kind::Choice => is_zero() && field.choice("0").is_none(),
        _ => false,
    }
}

/// What a spreadsheet program makes of a text when it opens a text file and saves it again: of `00012` the number 12, of `1e5`
/// 100000, of `2025-1-2` a day.
pub(super) fn in_a_spreadsheet(text: &str) -> Cow<'_, str> {
    /// No number and no day is longer.
    const LONGEST: usize = 40;
    let text = text.trim();
    match text {
        "" => Cow::Borrowed(""),
        text if text.len() > LONGEST => lines(text),
        text if text.eq_ignore_ascii_case("true") => Cow::Borrowed("TRUE"),
        text if text.eq_ignore_ascii_case("false") => Cow::Borrowed("FALSE"),
        text => calculated(text).map_or_else(|| day_or_moment(text), Cow::Owned),
    }
}

/// A text in the form that all spellings of it have which programs make of it: of a moment the numbers of its day and the minute,
/// as the order of a day's numbers, seconds and halves of a day come and go.
pub(super) fn loosely(text: &str) -> Cow<'_, str> {
    /// What stands between the numbers of a moment.
    const BETWEEN: &[char] = &[
        '-', '/', '.', ':', ' ', '年', '月', '日', '时', '分', '秒', '上', '下', '午', 'T', 'A', 'P', 'M', 'a', 'p',
        'm',
    ];
    let text = text.trim();
    let is_moment = text.len() <= 40 && text.contains(['-', '/', '.', '年']);
    let is_moment = is_moment && text.chars().all(|c| c.is_ascii_digit() || BETWEEN.contains(&c));
    let numbers: Vec<u32> = text.split(BETWEEN).filter_map(|number| number.parse().ok()).collect();
    match numbers.as_slice() {
        day if is_moment && day.len() >= 3 => {
            let mut date = [day[0] % 100, day[1] % 100, day[2] % 100];
            date.sort_unstable();
            Cow::Owned(format!("{date:?} {}", day.get(4).unwrap_or(&0)))
        }
        _ => in_a_spreadsheet(text),
    }
}

/// A number as a spreadsheet program takes it, in digits alone.
fn calculated(text: &str) -> Option<String> {
    /// Beyond it nobody writes digits.
    const MOST_ZEROS: i32 = 30;
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    if !(-MOST_ZEROS..=MOST_ZEROS).contains(&exponent) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let zeros = "0".repeat(exponent.unsigned_abs() as usize);
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let (digits, point) = match exponent < 0 {
        true => (format!("{zeros}{digits}"), point + i32::try_from(zeros.len()).ok()?),
        false => (format!("{digits}{zeros}"), point),
    };
    let (whole, fraction) = digits.split_at_checked(usize::try_from(point).ok()?)?;
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if whole == "0" && fraction.is_empty() { "" } else { sign };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// Whether a cell shows a value of a record: it says the same, or what our files can carry of it.
pub fn shows(field: &Field, cell: &str, value: &str) -> bool {
    let cell = normal(field, cell);
    if cell == normal(field, value) {
        return true;
    }
    match field.kind {
        Kind::Html => {
            let text = normal(field, &html_text(value)).into_owned();
            cell == text || is_cut(&cell, &text) || is_cut(&cell, &normal(field, value))
        }
        Kind::Text => is_cut(&cell, &normal(field, value)),
        _ => false,
    }
}

/// Characters that a cell of a workbook may have.
const MOST: usize = 32_767;

/// Whether a cell is the beginning of a text that a workbook has no room for.
fn is_cut(cell: &str, text: &str) -> bool {
    // The ends of lines and of the text are not counted.
    cell.len() >= MOST / 2 && text.encode_utf16().count() > MOST && text.starts_with(cell)
}

/// Whether a cell holds as much as a cell of a workbook can: what stands in it is most likely the beginning of a longer text.
pub fn is_full(cell: &str) -> bool {
    // The last character may be one of two units that found no room.
    cell.len() >= MOST && (MOST - 1..=MOST).contains(&cell.encode_utf16().count())
}

fn day_or_moment(text: &str) -> Cow<'_, str> {
    match moment::parse(text) {
        Some(Moment::Day(day)) => Cow::Owned(day.to_string()),
        Some(Moment::Time(at)) if at.time() == Time::midnight() => Cow::Owned(at.date().to_string()),
        Some(Moment::Time(at)) => Cow::Owned(at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        None => lines(text),
    }
}

/// A number of digits without the zeros that do not count; none for what is no such number, and for what must keep its zeros.
fn number(text: &str) -> Option<String> {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_code_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) || has_code_zero {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let sign = if whole == "0" && fraction.is_empty() { "" } else { sign };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// `50001.0` is what some programs make of the number 50001 when a cell of its column is empty.
fn without_fraction(text: &str) -> &str {
    text.strip_suffix(".0").filter(|whole| whole.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(text)
}

/// Several choices, each as its value.
fn choices<'a>(field: &Field, text: &str) -> Cow<'a, str> {
    let value = |part| field.choice(part).map_or(part, |choice| &choice.value).to_owned();
    let mut parts: Vec<String> = value::list_parts(text).filter(|part| !part.is_empty()).map(value).collect();
    parts.sort_unstable();
    parts.dedup();
    Cow::Owned(parts.join(","))
}

fn list(text: &str) -> Cow<'_, str> {
    let mut parts: Vec<&str> = value::list_parts(text).filter(|part| !part.is_empty() && *part != "0").collect();
    parts.sort_unstable();
    parts.dedup();
    match parts.as_slice() {
        [one] => Cow::Borrowed(one),
        parts => Cow::Owned(parts.join(",")),
    }
}

pub(super) fn lines(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    fn field(entity: &str, name: &str) -> Field {
        Catalog::embedded().get(entity).unwrap().field(name).unwrap().clone()
    }

    #[test]
    fn spellings_of_one_value_have_one_form() {
        for (entity, name, spellings) in [
            ("tickets", "ticketStatus", &["4", "已解决", "Solved", " 4 ", "4.0"][..]),
            ("tickets", "ticketType", &["0", "0.0"]),
            ("tickets", "createDT", &["2026-01-05 09:30:00", "2026/1/5 9:30", "2026-01-05T09:30:00"]),
            ("tickets", "solveDT", &["", "0000-00-00 00:00:00", "null"]),
            ("companies", "servicestarttime", &["2026-01-05", "2026/1/5", "2026-01-05 00:00:00"]),
            ("customers", "tableName", &["甲,乙", "乙， 甲", "乙;甲"]),
            ("tickets", "ccUserIdList", &["7001,7002", "7002、7001", "7002,7001,0"]),
            ("customers", "companyId", &["20001", "20001.0"]),
            ("customers", "mobile", &["13000000001", "13000000001.0"]),
            ("customers", "note", &["一\n二", "一\r\n二", "一\r二 "]),
        ] {
            let field = field(entity, name);
            let first = normal(&field, spellings[0]).into_owned();
            for spelling in spellings {
                assert_eq!(normal(&field, spelling), first, "{entity}.{name} {spelling}");
            }
        }
    }

    #[test]
    fn other_values_have_other_forms() {
        for (entity, name, one, other) in [
            ("tickets", "ticketType", "0", ""),
            ("customers", "mobile", "013000000001", "13000000001"),
            ("customers", "QQ", "0012345", "12345"),
            ("customers", "tableName", "甲,乙", "甲"),
            ("customers", "note", "一 二", "一\n二"),
            ("tickets", "createDT", "2026-01-05 09:30:00", "2026-01-05"),
        ] {
            let field = field(entity, name);
            assert_ne!(normal(&field, one), normal(&field, other), "{entity}.{name}");
        }
    }

    #[test]
    fn custom_fields_are_what_their_definitions_say() {
        let custom = |kind| Field { kind, ..Field::custom_text("field_1") };
        for (kind, text, expected) in [
            (Kind::Text, "12.50", "12.50"),
            (Kind::Decimal, "12.50", "12.5"),
            (Kind::Text, "2026/1/5", "2026/1/5"),
            (Kind::Date, "2026/1/5", "2026-01-05"),
            (Kind::Text, "-0", "-0"),
        ] {
            assert_eq!(normal(&custom(kind), text), expected);
        }
    }

    #[test]
    fn a_spreadsheet_takes_texts_for_numbers_and_days() {
        for (text, saved) in [
            ("00012", "12"),
            ("1e5", "100000"),
            ("1.5E-3", "0.0015"),
            ("12e-1", "1.2"),
            ("+8613000000000", "8613000000000"),
            ("1.10", "1.1"),
            ("-0", "0"),
            ("2025-1-2", "2025-01-02"),
            ("2025-01-02 00:00:00", "2025-01-02"),
            ("true", "TRUE"),
            ("1.1.1", "1.1.1"),
            ("e5", "e5"),
            ("一\r\n二", "一\n二"),
        ] {
            assert_eq!(in_a_spreadsheet(text), saved, "{text}");
            assert_eq!(in_a_spreadsheet(saved), saved, "{saved}");
        }
    }

    #[test]
    fn a_cell_shows_what_a_file_of_ours_can_carry() {
        let html = field("tickets", "descript");
        let paragraphs = "<p>一</p><p>二</p>";
        assert!(shows(&html, &html_text(paragraphs), paragraphs) && shows(&html, "<b>一</b>", "<b>一</b>"));
        assert!(!shows(&html, "三", "<p>一</p>"));
        let long = "字".repeat(40_000);
        let kept: String = long.chars().take(32_767).collect();
        assert!(shows(&html, &kept, &long) && !shows(&html, "字", &long));
        let note = field("customers", "note");
        assert!(!shows(&note, "一", "<p>一</p>") && !shows(&note, "", "一"));
    }
}
