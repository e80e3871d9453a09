//! One cell made into one value of the service, by the kind of its field. Spaces around a text are removed; in numbers,
//! ids and telephone numbers full-width digits become plain ones. Whatever cannot be sent as it stands is a [`Problem`],
//! never a guess.

use super::digits::{SAFE_DIGITS, all_digits, refuse_lost_digits};
use super::half_width::half_width;
use super::{date, phone};
use crate::entity::{Choice, Field, Kind};
use crate::format::{Cell, CellKind};
use crate::message::Detail;
use crate::problem::Problem;

/// What spreadsheet programs show where a formula failed. Saved as CSV, it stands there as text.
const FORMULA_ERRORS: &[&str] = &[
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#GETTING_DATA",
];

/// Words that databases and programs write for "nothing", in lower case.
const NULL_WORDS: &[&str] = &["null", "(null)", "<null>", "[null]", "\\n", "nan", "none", "undefined", "nil"];

/// Appends the value of a cell that is not empty to `out`, which must be empty. What may be right and has to be looked at, and
/// what was restored, goes to `noticed`.
///
/// # Errors
/// A value that is wrong.
pub fn clean(field: &Field, cell: Cell<'_>, out: &mut String, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    let text = cell.text;
    if cell.kind == CellKind::Error || (text.starts_with('#') && FORMULA_ERRORS.contains(&text)) {
        return Err(Problem::new("formula_error"));
    }
    if NULL_WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        // Consent to it is consent to an empty cell.
        noticed.push(Problem::held("null_word"));
        return Ok(());
    }
    refuse_control_characters(field.kind, text)?;
    match field.kind {
        Kind::Text | Kind::Html | Kind::Tags if field.text_only || is_long_number(cell) => refuse_lost_digits(cell)?,
        _ => {}
    }
    match field.kind {
        Kind::Text | Kind::Html => out.push_str(text),
        Kind::Mobile | Kind::Phone => phone::clean(field.kind, cell, out)?,
        Kind::Email => email(text, out)?,
        Kind::Id => id(cell, out)?,
        Kind::Ids => ids(cell, out)?,
        Kind::Integer => integer(text, out)?,
        Kind::Decimal => decimal(text, out)?,
        Kind::Choice => choice(field, text, out)?,
        Kind::Date => date::clean_date(cell, out)?,
        Kind::DateTime => date::clean_datetime(cell, out)?,
        Kind::Tags => tags(text, out)?,
    }
    match field.max {
        Some(max) if out.len() > max && out.chars().count() > max => {
            Err(Problem::new("too_long").with("max", max).with("length", out.chars().count()))
        }
        _ => Ok(()),
    }
}

/// Line breaks and tabs are part of a longer text, and separate tags and ids; elsewhere nothing of the kind is meant.
fn refuse_control_characters(kind: Kind, text: &str) -> Result<(), Problem> {
    let lines = matches!(kind, Kind::Text | Kind::Html | Kind::Tags | Kind::Ids);
    // Every control character is a byte below space, DEL, or begins with 0xC2. No early end: so the loop runs on many
    // bytes at a time.
    let may_be_control = |byte: u8| byte < 0x20 || byte == 0x7f || byte == 0xc2;
    if !text.bytes().fold(false, |any, byte| any | may_be_control(byte)) {
        return Ok(());
    }
    match text.chars().find(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
        Some(c) => Err(Problem::new("control_character").with("character", c.escape_unicode())),
        None => Ok(()),
    }
}

/// Whether a cell is a number of the size that card numbers and codes have, and amounts and counts do not.
fn is_long_number(cell: Cell<'_>) -> bool {
    cell.kind == CellKind::Number
        && (cell.text.contains('e') || (cell.text.len() > SAFE_DIGITS && !cell.text.contains('.')))
}

fn id(cell: Cell<'_>, out: &mut String) -> Result<(), Problem> {
    refuse_lost_digits(cell)?;
    let text = half_width(cell.text);
    if !all_digits(text.trim()) {
        return Err(Problem::new("not_an_id"));
    }
    out.push_str(text.trim());
    Ok(())
}

/// What people put between the parts of a list in one cell. A carriage return before a line feed is trimmed off.
fn separates(c: char) -> bool {
    matches!(c, ',' | '，' | ';' | '；' | '、' | '\n')
}

fn ids(cell: Cell<'_>, out: &mut String) -> Result<(), Problem> {
    refuse_lost_digits(cell)?;
    for part in cell.text.split(separates) {
        let part = half_width(part.trim());
        if !all_digits(part.trim()) {
            return Err(Problem::new("not_ids"));
        }
        push_separated(out, part.trim());
    }
    Ok(())
}

fn tags(text: &str, out: &mut String) -> Result<(), Problem> {
    // Most cells hold one tag.
    if !text.contains(separates) {
        out.push_str(text);
        return Ok(());
    }
    for part in text.split(separates) {
        if part.trim().is_empty() {
            return Err(Problem::new("empty_tag"));
        }
        push_separated(out, part.trim());
    }
    Ok(())
}

fn push_separated(out: &mut String, part: &str) {
    if !out.is_empty() {
        out.push(',');
    }
    out.push_str(part);
}

fn integer(text: &str, out: &mut String) -> Result<(), Problem> {
    let text = half_width(text);
    let text = text.trim();
    if !all_digits(text.strip_prefix(['-', '+']).unwrap_or(text)) {
        return Err(Problem::new("not_an_integer"));
    }
    out.push_str(text);
    Ok(())
}

fn decimal(text: &str, out: &mut String) -> Result<(), Problem> {
    let text = half_width(text);
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(Problem::new("not_a_decimal"));
    }
    out.push_str(text);
    Ok(())
}

fn choice(field: &Field, text: &str, out: &mut String) -> Result<(), Problem> {
    // The exact labels first: that needs no folding, and nearly every cell holds one.
    let exact = |choice: &&Choice| choice.value == text || choice.zh == text || choice.en == text;
    let found = field.choices.iter().find(exact).or_else(|| field.choice(text));
    match found {
        Some(choice) => {
            out.push_str(&choice.value);
            Ok(())
        }
        None => {
            let labels = field.choices.iter().map(Choice::labels).collect();
            Err(Problem::new("not_a_choice").with_detail("allowed", Detail::List(labels)))
        }
    }
}

/// One `@`, no spaces, and a domain of at least two parts. Whether mail arrives is not ours to say.
fn email(text: &str, out: &mut String) -> Result<(), Problem> {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let is_local = |local: &str| {
        !local.is_empty()
            && !local.chars().any(|c| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '"' | ':'))
    };
    let valid = text.split_once('@').is_some_and(|(local, domain)| {
        is_local(local) && domain.contains('.') && domain.split('.').all(is_part) && !text.contains('＠')
    });
    if !valid {
        return Err(Problem::new("not_an_email"));
    }
    out.push_str(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    fn field(entity: &str, name: &str) -> Field {
        Catalog::embedded().get(entity).unwrap().field(name).unwrap().clone()
    }

    fn cleaned(field: &Field, text: &str, kind: CellKind) -> Result<String, &'static str> {
        let mut out = String::new();
        clean(field, Cell { text, kind }, &mut out, &mut Vec::new()).map(|()| out).map_err(|problem| problem.code)
    }

    fn text(entity: &str, name: &str, text: &str) -> Result<String, &'static str> {
        cleaned(&field(entity, name), text, CellKind::Text)
    }

    fn number(entity: &str, name: &str, text: &str) -> Result<String, &'static str> {
        cleaned(&field(entity, name), text, CellKind::Number)
    }

    #[test]
    fn ids_are_digits() {
        assert_eq!(text("tickets", "custUserId", "５０００１"), Ok("50001".into()));
        assert_eq!(text("tickets", "custUserId", "A1"), Err("not_an_id"));
        assert_eq!(number("tickets", "custUserId", "50001"), Ok("50001".into()));
        assert_eq!(number("tickets", "custUserId", "1234567890123456"), Err("digits_lost"));
        assert_eq!(text("tickets", "custUserId", "1.38E+10"), Err("digits_lost"));
        assert_eq!(text("tickets", "custUserId", "50001.0"), Err("digits_lost"));
        assert_eq!(text("tickets", "ccUserIdList", "1，2； 3"), Ok("1,2,3".into()));
        assert_eq!(text("tickets", "ccUserIdList", "1,,2"), Err("not_ids"));
    }

    #[test]
    fn a_code_that_must_stay_text_keeps_its_digits_or_is_refused() {
        assert_eq!(text("customers", "QQ", "0012345"), Ok("0012345".into()));
        assert_eq!(number("customers", "QQ", "12345"), Ok("12345".into()));
        assert_eq!(number("customers", "QQ", "1.38e+20"), Err("digits_lost"));
        assert_eq!(text("bindings", "openId", "12E5"), Ok("12E5".into()));
        assert_eq!(text("bindings", "openId", "ext-1.0"), Ok("ext-1.0".into()));
    }

    #[test]
    fn a_long_number_in_a_text_is_not_trusted() {
        assert_eq!(number("customers", "note", "1.1010119900101e+17"), Err("digits_lost"));
        assert_eq!(number("customers", "note", "110101199001010000"), Err("digits_lost"));
        assert_eq!(number("customers", "note", "0.30000000000000004"), Ok("0.30000000000000004".into()));
        assert_eq!(text("customers", "note", "110101199001010000"), Ok("110101199001010000".into()));
    }

    #[test]
    fn tags_become_one_list() {
        assert_eq!(text("customers", "tableName", "重要， 华东;老客户、\r\n新"), Err("empty_tag"));
        assert_eq!(text("customers", "tableName", "重要， 华东;老客户\r\n新"), Ok("重要,华东,老客户,新".into()));
    }

    #[test]
    fn a_choice_is_sent_as_its_value() {
        assert_eq!(text("tickets", "ticketStatus", "已解决"), Ok("4".into()));
        assert_eq!(text("tickets", "ticketStatus", "ＳＯＬＶＥＤ"), Ok("4".into()));
        assert_eq!(text("tickets", "ticketStatus", "好了"), Err("not_a_choice"));
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(text("customers", "name", &"张".repeat(30)), Ok("张".repeat(30)));
        assert_eq!(text("customers", "name", &"张".repeat(31)), Err("too_long"));
    }

    #[test]
    fn mail_addresses_are_checked_for_form_only() {
        for good in ["a@example.com", "a.b+c@sub.example.cn", "张@例子.中国"] {
            assert_eq!(text("customers", "email", good), Ok(good.into()));
        }
        for bad in ["a", "a@b", "a@@b.cn", "a b@c.cn", "a@b..cn", "a@b.cn;c@d.cn", "@b.cn", "a＠b.cn", "mailto:a@b.cn"]
        {
            assert_eq!(text("customers", "email", bad), Err("not_an_email"), "{bad}");
        }
    }

    #[test]
    fn failed_formulas_and_control_characters_are_found() {
        assert_eq!(text("customers", "name", "#N/A"), Err("formula_error"));
        assert_eq!(cleaned(&field("customers", "name"), "#REF!", CellKind::Error), Err("formula_error"));
        assert_eq!(text("customers", "name", "#1 店"), Ok("#1 店".into()));
        assert_eq!(text("customers", "name", "a\u{7}b"), Err("control_character"));
        assert_eq!(text("customers", "name", "a\u{85}b"), Err("control_character"));
        assert_eq!(text("customers", "note", "两行\n文字"), Ok("两行\n文字".into()));
        assert_eq!(text("customers", "mobile", "130\n00000001"), Err("control_character"));
    }

    #[test]
    fn numbers_keep_their_form() {
        let mut field = field("customers", "name");
        field.kind = Kind::Integer;
        assert_eq!(cleaned(&field, "-１２", CellKind::Text), Ok("-12".into()));
        assert_eq!(cleaned(&field, "1.5", CellKind::Number), Err("not_an_integer"));
        field.kind = Kind::Decimal;
        assert_eq!(cleaned(&field, "1.50", CellKind::Text), Ok("1.50".into()));
        assert_eq!(cleaned(&field, "1,234", CellKind::Text), Err("not_a_decimal"));
    }
}
