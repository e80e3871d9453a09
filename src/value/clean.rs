//! One cell made into one value of the service, by the kind of its field. Spaces around a text are removed; in numbers,
//! ids and telephone numbers full-width digits become plain ones. Whatever cannot be sent as it stands is a [`Problem`],
//! never a guess.

use super::damage::look_for_damage;
use super::null_word::is_null_word;
use super::options::ValueOptions;
use super::{choice, code, date, email, list, number, phone, shown_error, tag_list};
use crate::entity::{Field, Kind};
use crate::format::Cell;
use crate::problem::Problem;

/// Appends the value of a cell that is not empty to `out`, which must be empty. What may be right and has to be looked at, and
/// what was restored, goes to `noticed`.
///
/// # Errors
/// A value that is wrong.
pub fn clean(
    field: &Field,
    cell: Cell<'_>,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let text = cell.text;
    if shown_error::is_of_formula(cell) {
        return Err(Problem::new("formula_error"));
    }
    if shown_error::is_too_narrow(text) {
        return Err(Problem::new("cell_too_narrow"));
    }
    if is_null_word(field, text) {
        let is_kept = options.keep_raw && matches!(field.kind, Kind::Text | Kind::Html | Kind::Tags);
        if !is_kept {
            // Consent to it is consent to an empty cell.
            noticed.push(Problem::held("null_word"));
            return Ok(());
        }
        noticed.push(Problem::held("null_word_kept"));
    }
    refuse_control_characters(field.kind, text)?;
    look_for_damage(field, cell, options, noticed)?;
    match field.kind {
        Kind::Text if field.text_only => code::code(cell, options, out, noticed)?,
        Kind::Text | Kind::Html => out.push_str(text),
        Kind::Mobile | Kind::Phone => phone::clean(field.kind, cell, options, out, noticed)?,
        Kind::Email => email::clean(text, options, out, noticed)?,
        Kind::Id if field.takes_words && code::is_word(text) => out.push_str(text),
        Kind::Id => code::id(cell, options, out, noticed)?,
        Kind::Ids => code::ids(cell, field.takes_words, out)?,
        Kind::Integer => number::integer(text, options, out, noticed)?,
        Kind::Decimal => number::decimal(text, options, out, noticed)?,
        Kind::Choice => choice::clean(field, text, options, out, noticed)?,
        Kind::Date => date::clean_date(cell, options, out, noticed)?,
        Kind::DateTime => date::clean_datetime(cell, options, out, noticed)?,
        Kind::Tags => tag_list::clean(text, out, noticed)?,
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
    let tabs = matches!(kind, Kind::Text | Kind::Html);
    // Every control character is a byte below space, DEL, or begins with 0xC2. No early end: so the loop runs on many
    // bytes at a time.
    let may_be_control = |byte: u8| byte < 0x20 || byte == 0x7f || byte == 0xc2;
    if !text.bytes().fold(false, |any, byte| any | may_be_control(byte)) {
        return Ok(());
    }
    let is_line_break = |c: char| matches!(c, '\n' | '\r');
    match text.chars().find(|c: &char| c.is_control() && !(lines && is_line_break(*c)) && !(tabs && *c == '\t')) {
        None => Ok(()),
        Some(c) if is_line_break(c) => Err(match (kind, list::numbers_in(text), list::addresses_in(text)) {
            (Kind::Mobile | Kind::Phone, count @ 2.., _) => Problem::new("several_numbers").with("count", count),
            (Kind::Email, _, count @ 2..) => Problem::new("several_addresses").with("count", count),
            _ => {
                Problem::new("several_lines").with("count", text.split(is_line_break).filter(|l| !l.is_empty()).count())
            }
        }),
        Some(c) => Err(Problem::new("control_character").with("character", c.escape_unicode())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;
    use crate::format::CellKind;
    use crate::problem::Severity;

    fn field(entity: &str, name: &str) -> Field {
        Catalog::embedded().get(entity).unwrap().field(name).unwrap().clone()
    }

    fn cleaned(field: &Field, text: &str, kind: CellKind) -> Result<String, &'static str> {
        let mut out = String::new();
        clean(field, Cell { text, kind }, &ValueOptions::default(), &mut out, &mut Vec::new())
            .map(|()| out)
            .map_err(|problem| problem.code)
    }

    /// The value and the codes of what was noticed of it, held ones with a star.
    fn noticed(entity: &str, name: &str, text: &str, kind: CellKind) -> Result<(String, String), &'static str> {
        let (mut out, mut noticed) = (String::new(), Vec::new());
        clean(&field(entity, name), Cell { text, kind }, &ValueOptions::default(), &mut out, &mut noticed)
            .map_err(|problem| problem.code)?;
        let star = |problem: &Problem| if problem.severity == Severity::Held { "*" } else { "" };
        let codes: Vec<String> = noticed.iter().map(|problem| format!("{}{}", star(problem), problem.code)).collect();
        Ok((out, codes.join(" ")))
    }

    fn is(value: &str, codes: &str) -> Result<(String, String), &'static str> {
        Ok((value.to_owned(), codes.to_owned()))
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
        assert_eq!(noticed("tickets", "custUserId", "50001.0", CellKind::Text), is("50001", "number_restored"));
        assert_eq!(text("tickets", "custUserId", "50001,50002"), Err("several_ids"));
        assert_eq!(text("tickets", "custUserId", "50001\n50002"), Err("several_lines"));
        assert_eq!(text("tickets", "ccUserIdList", "[1，2]"), Ok("1,2".into()));
        assert_eq!(text("tickets", "ccUserIdList", "1|2、3\n4"), Ok("1,2,3,4".into()));
        assert_eq!(text("tickets", "ccUserIdList", "1,1.5E+9"), Err("digits_lost"));
        assert_eq!(text("tickets", "ccUserIdList", "1，2； 3"), Ok("1,2,3".into()));
        assert_eq!(text("tickets", "ccUserIdList", "1,,2"), Err("not_ids"));
    }

    #[test]
    fn numbers_are_taken_without_what_tables_show_them_with() {
        for (written, number) in [
            ("1,234.50", "1234.50"),
            ("1,234,567", "1234567"),
            ("¥1,234.50", "1234.50"),
            ("￥ 100", "100"),
            ("100元", "100"),
            ("1,234.50 元", "1234.50"),
            ("-1,234", "-1234"),
            ("$5", "5"),
            ("１，２３４", "1234"),
        ] {
            assert_eq!(noticed("companies", "serviceCharge", written, CellKind::Text), is(number, "number_restored"));
        }
        for written in ["1,23", "1.234,50", "12,34,567", "1,234.", "¥", "元", "1 万元", ",123", "1,2345"] {
            assert!(noticed("companies", "serviceCharge", written, CellKind::Text).is_err(), "{written}");
        }
    }

    #[test]
    fn a_code_that_must_stay_text_keeps_its_digits_or_is_refused() {
        assert_eq!(noticed("customers", "QQ", "0012345", CellKind::Text), is("0012345", ""));
        assert_eq!(noticed("customers", "QQ", "12345678.0", CellKind::Text), is("12345678", "number_restored"));
        assert_eq!(noticed("customers", "QQ", "1.2345678E7", CellKind::Text), is("12345678", "number_restored"));
        for kind in [CellKind::Text, CellKind::Number] {
            assert_eq!(noticed("customers", "QQ", "123456.7", kind), is("123456.7", "*not_an_account"));
            assert_eq!(noticed("customers", "QQ", "1", kind), is("1", "*not_an_account"));
        }
        assert_eq!(noticed("customers", "QQ", "00000000", CellKind::Text), is("00000000", "*not_an_account"));
        assert_eq!(noticed("customers", "QQ", "a.12345", CellKind::Text), is("a.12345", ""));
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
        for (text, code) in [
            ("110101199001010000", "*rounded_in_text"),
            ("110101199001011234", ""),
            ("1.10101E+17", "*scientific_in_text"),
            ("证件号 1.10101E+17", "*scientific_in_text"),
            ("C++", ""),
            ("5-Mar", "*became_date"),
            ("3月5日", ""),
        ] {
            assert_eq!(noticed("customers", "note", text, CellKind::Text), is(text, code), "{text}");
        }
        assert_eq!(
            noticed("customers", "tableName", "重要,1.1E+17", CellKind::Text),
            is("重要,1.1E+17", "*scientific_in_text")
        );
    }

    #[test]
    fn codes_that_became_dates_and_lists_that_became_numbers_are_found() {
        let date = |name: &str, text: &str| noticed("customers", name, text, CellKind::Date);
        assert_eq!(date("QQ", "2026-03-05"), Err("date_cell"));
        assert_eq!(date("companyId", "2036-11-22"), Err("date_cell"));
        assert_eq!(date("mobile", "2036-11-22"), Err("date_cell"));
        assert_eq!(date("position", "2026-03-01"), is("2026-03-01", "*date_cell_in_text"));
        assert_eq!(date("tableName", "2026-03-01"), is("2026-03-01", "*date_cell_in_text"));
        assert_eq!(date("note", "2026-03-01"), is("2026-03-01", "date_cell_in_text"));
        let address = |name| noticed("companies", name, "2026-03-05", CellKind::Date);
        assert_eq!(address("address"), is("2026-03-05", "*date_cell_in_text"));
        assert_eq!(noticed("customers", "QQ", "3月5日", CellKind::Text), is("3月5日", "*became_date"));
        assert_eq!(noticed("customers", "tableName", "101102", CellKind::Number), is("101102", "*number_in_list"));
        assert_eq!(noticed("customers", "tableName", "2026", CellKind::Number), is("2026", ""));
    }

    #[test]
    fn codes_are_in_plain_width_and_stand_alone() {
        assert_eq!(noticed("customers", "QQ", "１２３４５６", CellKind::Text), is("123456", "half_width"));
        assert_eq!(noticed("customers", "companyId", "２０００１", CellKind::Text), is("20001", "half_width"));
        assert_eq!(
            noticed("customers", "QQ", "123456、234567", CellKind::Text),
            is("123456、234567", "*several_codes")
        );
        assert_eq!(noticed("customers", "name", "ＡＢ", CellKind::Text), is("ＡＢ", ""));
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
        let said = |text: &str| noticed("tickets", "ticketStatus", text, CellKind::Text);
        assert_eq!(said("已解决"), is("4", ""));
        assert_eq!(said("4"), is("4", "choice_understood"));
        assert_eq!(said("已解"), is("4", "choice_understood"));
        assert_eq!(said("sol"), is("4", "choice_understood"));
        assert_eq!(said("4.0"), is("4", "choice_understood"));
        for ambiguous in ["已", "s", "4.5"] {
            assert_eq!(said(ambiguous), Err("not_a_choice"), "{ambiguous}");
        }
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
        for bad in ["a", "a@b", "a@@b.cn", "a b@c.cn", "a@b..cn", "@b.cn", "mailto:a@b.cn"] {
            assert_eq!(text("customers", "email", bad), Err("not_an_email"), "{bad}");
        }
        for several in ["a@b.cn;c@d.cn", "a@b.cn c@d.cn", "a@b.cn/c@d.cn", "a@b.cn\nc@d.cn", "a@b.cn、c＠d.cn"] {
            assert_eq!(text("customers", "email", several), Err("several_addresses"), "{several}");
        }
        assert_eq!(noticed("customers", "email", "a＠b．cn", CellKind::Text), is("a@b.cn", "half_width"));
    }

    #[test]
    fn failed_formulas_and_control_characters_are_found() {
        assert_eq!(text("customers", "name", "#N/A"), Err("formula_error"));
        assert_eq!(cleaned(&field("customers", "name"), "#REF!", CellKind::Error), Err("formula_error"));
        assert_eq!(text("customers", "name", "#1 店"), Ok("#1 店".into()));
        assert_eq!(text("customers", "name", "a\u{7}b"), Err("control_character"));
        assert_eq!(text("customers", "name", "a\u{85}b"), Err("control_character"));
        assert_eq!(text("customers", "note", "两行\n文字"), Ok("两行\n文字".into()));
        assert_eq!(text("customers", "mobile", "130\t00000001"), Err("control_character"));
        assert_eq!(text("customers", "mobile", "130\n00000001"), Err("several_lines"));
        assert_eq!(text("customers", "mobile", "13000000001\r\n13000000002"), Err("several_numbers"));
    }

    #[test]
    fn numbers_keep_their_form() {
        let mut field = field("customers", "name");
        field.kind = Kind::Integer;
        assert_eq!(cleaned(&field, "-１２", CellKind::Text), Ok("-12".into()));
        assert_eq!(cleaned(&field, "1.5", CellKind::Number), Err("not_an_integer"));
        field.kind = Kind::Decimal;
        assert_eq!(cleaned(&field, "1.50", CellKind::Text), Ok("1.50".into()));
        assert_eq!(cleaned(&field, "1,23", CellKind::Text), Err("not_a_decimal"));
    }
}
