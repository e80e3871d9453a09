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
        // What a custom field holds its definition does not always say; our workbooks show numbers and days as such.
        Kind::Text if field.custom => normal_custom(text),
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

/// The form of a custom field's text of which nothing is known: a number, a day, or a text.
pub(super) fn normal_custom(text: &str) -> Cow<'_, str> {
    number(text).map_or_else(|| day_or_moment(text), Cow::Owned)
}

/// Whether a cell shows a value of a record: it says the same, or what our files can carry of it.
pub fn shows(field: &Field, cell: &str, value: &str) -> bool {
    let cell = normal(field, cell);
    if cell == normal(field, value) {
        return true;
    }
    let shown = match field.kind {
        Kind::Html => normal(field, &html_text(value)).into_owned(),
        Kind::Text => normal(field, value).into_owned(),
        _ => return false,
    };
    cell == shown || is_cut(&cell, &shown)
}

/// Whether a cell is the beginning of a text that a workbook has no room for.
fn is_cut(cell: &str, text: &str) -> bool {
    // The ends of lines and of the text are not counted.
    const MOST: usize = 32_767;
    cell.len() >= MOST / 2 && text.encode_utf16().count() > MOST && text.starts_with(cell)
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

fn lines(text: &str) -> Cow<'_, str> {
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
    fn custom_fields_are_numbers_days_and_texts() {
        let custom = Field { custom: true, ..field("customers", "note") };
        assert_eq!(normal(&custom, "12.50"), "12.5");
        assert_eq!(normal(&custom, "2026/1/5"), "2026-01-05");
        assert_eq!(normal(&custom, "0"), "0");
        assert_eq!(normal(&custom, "007"), "007");
        assert_eq!(normal(&custom, "1.1.1"), "1.1.1");
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
