//! One cell made into one value of the service, by the kind of its field. Spaces around a text are removed; in numbers,
//! ids and telephone numbers full-width digits become plain ones. Whatever cannot be sent as it stands is a [`Problem`],
//! never a guess.

use super::digits::{
    Digits, SAFE_DIGITS, all_digits, digits, ends_in_lost_digits, holds_scientific, refuse_lost_digits,
};
use super::form_fit::unlike;
use super::half_width::half_width;
use super::html_entities;
use super::null_word::is_null_word;
use super::options::ValueOptions;
use super::tags::{is_signed_in_part, signed_tags};
use super::{date, email, list, phone, restoring};
use crate::entity::{Choice, Field, Form, Kind, fold, simplified};
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
    "#BLOCKED!",
    "#CONNECT!",
    "#UNKNOWN!",
    "#BUSY!",
    "#EXTERNAL!",
    "#PYTHON!",
    "#TIMEOUT!",
    "#名称?",
    "#NAME？",
    "#ERROR!",
    // As LibreOffice writes them.
    "#REF",
    "#VALUE",
    "#NAME",
    "#DIV/0",
    "#NUM",
    "#NULL",
    "#N/A!",
    "#SPILL",
    "#名称？",
    "#值!",
    "#引用!",
    "#数字!",
    "#空!",
    "#溢出!",
    // As other languages have them.
    "#WERT!",
    "#BEZUG!",
    "#NV",
    "#ZAHL!",
    "#ÜBERLAUF!",
    "#VALEUR!",
    "#NOM?",
    "#NOMBRE!",
    "#PROPAGATION!",
    "#N/D",
    "#¡VALOR!",
    "#¡REF!",
    "#¿NOMBRE?",
    "#¡NUM!",
    "#¡DIV/0!",
    "#VALOR!",
    "#NOME?",
    "#VALORE!",
    "#RIF!",
    "#ЗНАЧ!",
    "#ССЫЛКА!",
    "#Н/Д",
];

/// What people write below a text that stands above.
const DITTO: &[&str] = &["同上", "同左", "同前", "同上行", "〃", "〞", "″", "ditto", "Ditto"];

/// What LibreOffice writes before the number of an error.
const ERROR_NUMBERS: [&str; 4] = ["Err:", "错误:", "错误：", "錯誤:"];

/// The longest text in which a whole-cell date is hardly meant: a name, a position. Longer ones are notes.
const SHORT_TEXT: usize = 100;

/// Most labels of choices that a finding lists.
const SHOWN_CHOICES: usize = 30;
/// How like a label has to be for a text that is none to be a slip of it.
const LIKE: f64 = 0.5;

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
    if cell.kind == CellKind::Error
        || (text.as_bytes().first() == Some(&b'#') && FORMULA_ERRORS.contains(&text))
        || is_error_number(text)
    {
        return Err(Problem::new("formula_error"));
    }
    if is_too_narrow(text) {
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
        Kind::Text if field.text_only => code(cell, options, out, noticed)?,
        Kind::Text | Kind::Html => out.push_str(text),
        Kind::Mobile | Kind::Phone => phone::clean(field.kind, cell, options, out, noticed)?,
        Kind::Email => email::clean(text, options, out, noticed)?,
        Kind::Id if field.takes_words && is_word(text) => out.push_str(text),
        Kind::Id => id(cell, options, out, noticed)?,
        Kind::Ids => ids(cell, field.takes_words, out)?,
        Kind::Integer => integer(text, options, out, noticed)?,
        Kind::Decimal => decimal(text, options, out, noticed)?,
        Kind::Choice if field.several && is_several(field, text) => {
            for part in list::parts(text).filter(|part| !part.is_empty()) {
                let mut value = String::new();
                choice(field, part, options, &mut value, noticed)?;
                list::push(out, &value);
            }
        }
        Kind::Choice => choice(field, text, options, out, noticed)?,
        Kind::Date => date::clean_date(cell, options, out, noticed)?,
        Kind::DateTime => date::clean_datetime(cell, options, out, noticed)?,
        Kind::Tags => {
            tags(text, out)?;
            if is_of_a_program(out) {
                noticed.push(Problem::held("tags_of_a_program"));
            }
            if is_signed_in_part(out) {
                noticed.push(Problem::held("signed_in_part"));
            } else if let Some((added, removed)) = signed_tags(out) {
                if let Some(tag) = added.iter().find(|tag| removed.contains(tag)) {
                    return Err(Problem::new("tag_both_ways").with("tag", crate::text::clean(tag)));
                }
                noticed.push(Problem::word("tags_signed"));
            }
        }
    }
    match field.max {
        Some(max) if out.len() > max && out.chars().count() > max => {
            Err(Problem::new("too_long").with("max", max).with("length", out.chars().count()))
        }
        _ => Ok(()),
    }
}

/// Whether a text is an error as LibreOffice numbers them: `Err:502`.
fn is_error_number(text: &str) -> bool {
    // Nearly every text begins otherwise.
    if !matches!(text.as_bytes().first(), Some(b'E' | 0xe9)) {
        return false;
    }
    let number = ERROR_NUMBERS.iter().find_map(|word| text.strip_prefix(word));
    number.is_some_and(|number| number.len() == 3 && number.starts_with('5') && all_digits(number))
}

/// Whether a text is what a spreadsheet program shows where a cell is too narrow for its number, and saves as text.
fn is_too_narrow(text: &str) -> bool {
    text.len() > 2 && text.bytes().all(|byte| byte == b'#')
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

/// What a spreadsheet program has done to a value before it came here, as far as it shows.
fn look_for_damage(
    field: &Field,
    cell: Cell<'_>,
    options: &ValueOptions,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let is_text = matches!(field.kind, Kind::Text | Kind::Html | Kind::Tags);
    if matches!(cell.kind, CellKind::Date | CellKind::DateTime) {
        return date_cell(field, cell.text, noticed);
    }
    let restored;
    let cell = match is_text && (field.text_only || is_long_number(cell)) {
        false => cell,
        true => match digits(cell) {
            Digits::Kept => cell,
            Digits::Restored(number) if field.text_only => {
                restored = number;
                Cell { text: &restored, ..cell }
            }
            Digits::Restored(_) | Digits::Lost => return Err(Problem::new("digits_lost")),
        },
    };
    let takes_words = matches!(field.kind, Kind::Text | Kind::Tags | Kind::Choice) || field.takes_words;
    if takes_words && let Some(text) = html_entities::unescaped(cell.text) {
        noticed.push(Problem::held("html_entities").with("text", text));
    }
    if let Some(form @ (Form::Name | Form::Organization | Form::Account)) = field.form
        && cell.kind != CellKind::Text
        && let Some(code) = unlike(form, cell.text)
    {
        noticed.push(Problem::held(code));
    }
    if !is_text || cell.kind != CellKind::Text {
        if field.kind == Kind::Tags && cell.kind == CellKind::Number && cell.text.len() >= 5 && all_digits(cell.text) {
            noticed.push(Problem::held("number_in_list"));
        }
        return Ok(());
    }
    if holds_scientific(cell.text) {
        noticed.push(Problem::held("scientific_in_text"));
    } else if ends_in_lost_digits(cell.text) {
        noticed.push(Problem::held("rounded_in_text"));
    } else if cell.text.len() <= 24 && became_date(field, cell.text) && !options.keep_raw {
        noticed.push(Problem::held("became_date"));
    } else if cell.text.len() <= 9 && DITTO.contains(&cell.text) {
        noticed.push(Problem::held("ditto"));
    } else if field.text_only && is_grouped(cell.text) {
        noticed.push(Problem::held("grouped_digits"));
    } else if let Some(count) = field.text_only.then(|| codes_in(cell.text)).filter(|count| *count > 1) {
        noticed.push(Problem::held("several_codes").with("count", count));
    } else if let Some(code) = field.form.and_then(|form| unlike(form, cell.text)) {
        noticed.push(Problem::held(code));
    }
    Ok(())
}

/// How many codes a cell holds; none where it is not certain.
fn codes_in(text: &str) -> usize {
    // Nearly every code.
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return 1;
    }
    let count = list::ids_in(text);
    if count > 1 && list::divided(text).all(|part| part.len() >= 5) {
        return count;
    }
    let is_code = |part: &str| {
        let is_sign = |byte: u8| matches!(byte, b'-' | b'_' | b'.');
        part.len() >= 3
            && part.bytes().any(|byte| byte.is_ascii_digit())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_sign(byte))
    };
    let parts = || list::divided(text).flat_map(str::split_whitespace);
    if parts().all(is_code) { parts().count() } else { 0 }
}

/// Whether a text is a number with commas between its thousands: `12,345,678`.
fn is_grouped(text: &str) -> bool {
    let mut parts = text.split(',');
    let first = parts.next().unwrap_or_default();
    text.contains(',')
        && (1..=3).contains(&first.len())
        && all_digits(first)
        && parts.all(|part| part.len() == 3 && all_digits(part))
}

/// A cell with the format of a date, where none is meant.
fn date_cell(field: &Field, text: &str, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    let is_short = field.max.is_some_and(|max| max <= SHORT_TEXT);
    match field.kind {
        Kind::Date | Kind::DateTime => {}
        Kind::Text | Kind::Html if !field.text_only && !is_short && field.form.is_none() => {
            noticed.push(Problem::word("date_cell_in_text").with("text", text));
        }
        Kind::Text | Kind::Html | Kind::Tags if !field.text_only => {
            noticed.push(Problem::held("date_cell_in_text").with("text", text));
        }
        _ => {
            let number = date::number_of(text).map_or_else(|| text.to_owned(), |number| number.to_string());
            return Err(Problem::new("date_cell").with("number", number));
        }
    }
    Ok(())
}

/// Whether a text is what a spreadsheet program makes of a code that looks like a date. `3月5日` may be meant in a text.
fn became_date(field: &Field, text: &str) -> bool {
    let is_code = field.text_only || field.kind == Kind::Tags;
    (date::looks_like_short_date(text) && (field.text_only || text.is_ascii()))
        || (is_code && (date::looks_like_whole_date(text) || date::looks_like_month_or_time(text)))
}

/// Whether a cell is a number of the size that card numbers and codes have, and amounts and counts do not.
fn is_long_number(cell: Cell<'_>) -> bool {
    cell.kind == CellKind::Number
        && (cell.text.contains('e') || (cell.text.len() > SAFE_DIGITS && !cell.text.contains('.')))
}

/// A code of letters and digits, in plain width.
fn code(cell: Cell<'_>, options: &ValueOptions, out: &mut String, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    if let Digits::Restored(number) = digits(cell) {
        restoring::say(options, Problem::word("number_restored").with("value", &number), noticed)?;
        out.push_str(&number);
        return Ok(());
    }
    let text = cell.text;
    let is_wide = |c: char| matches!(c, '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}');
    if text.is_ascii() || options.keep_raw || !text.chars().any(is_wide) {
        out.push_str(text);
        return Ok(());
    }
    out.push_str(&half_width(text));
    noticed.push(Problem::word("half_width").with("value", &*out));
    Ok(())
}

/// The digits of a number, those in the width of Chinese made plain and those that became a fraction restored.
fn whole_number(
    cell: Cell<'_>,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    match digits(cell) {
        Digits::Lost => Err(Problem::new("digits_lost")),
        Digits::Restored(number) => {
            restoring::say(options, Problem::word("number_restored").with("value", &number), noticed)?;
            out.push_str(&number);
            Ok(())
        }
        Digits::Kept => {
            out.push_str(half_width(cell.text).trim());
            if !cell.text.is_ascii() {
                restoring::say(options, Problem::word("half_width").with("value", &*out), noticed)?;
            }
            Ok(())
        }
    }
}

fn id(cell: Cell<'_>, options: &ValueOptions, out: &mut String, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    if all_digits(cell.text) && (cell.kind != CellKind::Number || cell.text.len() <= SAFE_DIGITS) {
        out.push_str(cell.text);
        return Ok(());
    }
    let count = list::ids_in(cell.text);
    if count > 1 {
        return Err(Problem::new("several_ids").with("count", count));
    }
    let before = noticed.len();
    whole_number(cell, options, out, noticed)?;
    if !all_digits(out) {
        noticed.truncate(before);
        return Err(Problem::new("not_an_id"));
    }
    Ok(())
}

/// Whether a text is what something is known by and no number gone wrong: a name, a mail address, a telephone number.
fn is_word(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E');
    let signs = text.chars().filter(|c| matches!(c, '-' | '(' | ')' | '（' | '）')).count();
    let is_number = || signs > 0 || text.starts_with('+');
    text.chars().any(is_letter) || text.contains('@') || (!text.contains(['.', ',', '，']) && is_number())
}

/// The parts of a text, each an id or, where they are looked up, what something is known by.
fn ids(cell: Cell<'_>, takes_words: bool, out: &mut String) -> Result<(), Problem> {
    refuse_lost_digits(cell)?;
    for part in list::parts(cell.text) {
        refuse_lost_digits(Cell { text: part, kind: cell.kind })?;
        if takes_words && is_word(part) {
            list::push(out, part.trim());
            continue;
        }
        let part = half_width(part);
        if !all_digits(part.trim()) {
            return Err(Problem::new("not_ids"));
        }
        list::push(out, part.trim());
    }
    Ok(())
}

fn tags(text: &str, out: &mut String) -> Result<(), Problem> {
    // Most cells hold one tag.
    if !list::is_list(text) {
        out.push_str(text);
        return Ok(());
    }
    for part in list::parts(text) {
        if part.is_empty() {
            return Err(Problem::new("empty_tag"));
        }
        list::push(out, part);
    }
    Ok(())
}

/// Whether a text of tags is what a program writes of its data: `{a,b}`, `{"name":"a"}`, `"a","b"`.
fn is_of_a_program(tags: &str) -> bool {
    // Nearly no tag has one of these signs. No early end: so the loop runs on many bytes at a time.
    if !tags.bytes().fold(false, |any, byte| any | matches!(byte, b'{' | b'[' | b'"')) {
        return false;
    }
    let is_in = |text: &str, open: char, close: char| text.len() > 1 && text.starts_with(open) && text.ends_with(close);
    is_in(tags, '{', '}')
        || is_in(tags, '[', ']')
        || super::tags::tags(tags).any(|tag| is_in(tag, '"', '"') || is_in(tag, '{', '}'))
}

fn integer(text: &str, options: &ValueOptions, out: &mut String, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    let text = half_width(text);
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if all_digits(unsigned) {
        out.push_str(text);
        return Ok(());
    }
    if let Some(plain) = without_grouping(text).filter(|plain| !plain.contains('.')) {
        restoring::say(options, Problem::word("number_restored").with("value", &plain), noticed)?;
        out.push_str(&plain);
        return Ok(());
    }
    // A whole number that a program wrote as a fraction: `3.0`.
    let whole = text.split_once('.').filter(|(_, zeros)| !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0'));
    match whole {
        Some((whole, _)) if all_digits(whole.strip_prefix(['-', '+']).unwrap_or(whole)) => {
            restoring::say(options, Problem::word("number_restored").with("value", whole), noticed)?;
            out.push_str(whole);
            Ok(())
        }
        _ => Err(Problem::new("not_an_integer")),
    }
}

/// A number without what tables show it with: commas between its thousands, and the sign of money before it or 元 behind it.
fn without_grouping(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let money = ['¥', '￥', '$'].iter().find_map(|money| unsigned.strip_prefix(*money)).map(str::trim_start);
    let yuan = money.is_none().then(|| unsigned.strip_suffix('元')).flatten().map(str::trim_end);
    let number = money.or(yuan).unwrap_or(unsigned);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_plain = (all_digits(whole) && (money.is_some() || yuan.is_some())) || is_grouped(whole);
    let is_number = is_plain && (fraction.is_empty() && !number.ends_with('.') || all_digits(fraction));
    is_number.then(|| format!("{sign}{}", number.replace(',', "")))
}

fn decimal(text: &str, options: &ValueOptions, out: &mut String, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    let text = half_width(text);
    let text = text.trim();
    if let Some(plain) = without_grouping(text) {
        restoring::say(options, Problem::word("number_restored").with("value", &plain), noticed)?;
        out.push_str(&plain);
        return Ok(());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(Problem::new("not_a_decimal"));
    }
    out.push_str(text);
    Ok(())
}

/// A word that was taken for a choice, and how it was written.
fn understood(choice: &Choice, written: &str) -> Problem {
    Problem::word("choice_understood")
        .with("written", crate::text::clean(written))
        .with_detail("choice", choice.labels())
}

/// Whether a text is a choice's label, case and width aside, and no other name for it.
fn is_own_word(choice: &Choice, text: &str) -> bool {
    let own = [&choice.zh, &choice.en];
    own.iter().any(|own| *own == text) || own.iter().any(|own| fold(own) == fold(text))
}

/// The choices that are called so.
fn called<'a>(field: &'a Field, text: &str) -> Vec<&'a Choice> {
    let wanted = fold(text);
    field.choices.iter().filter(|choice| fold(&choice.zh) == wanted || fold(&choice.en) == wanted).collect()
}

fn choice(
    field: &Field,
    text: &str,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    // An account may have given two of its options one name.
    let same = if field.custom { called(field, text) } else { Vec::new() };
    if same.windows(2).any(|pair| pair[0].value != pair[1].value) {
        let options = same.into_iter().map(|choice| choice.value.clone().into());
        return Err(Problem::new("option_twice").with_detail("options", Detail::List(options.collect())));
    }
    // The exact labels first: that needs no folding, and nearly every cell holds one.
    let exact = |choice: &&Choice| choice.zh == text || choice.en == text;
    let known = field.choices.iter().find(exact).or_else(|| field.choice(text));
    if let Some(choice) = known {
        if !is_own_word(choice, text) {
            // Another system's word for it, which is known, or a code: a person sees what became of it.
            noticed.push(understood(choice, text));
        }
        out.push_str(&choice.value);
        return Ok(());
    }
    // A code that became a fraction, or a word that only one of them begins with.
    let whole = text.strip_suffix(".0").and_then(|whole| field.choices.iter().find(|choice| choice.value == whole));
    // What an account's own options mean is known to that account alone.
    let beginning = || field.choice_beginning(text).filter(|_| !field.custom);
    let traditional = || simplified(text).filter(|_| !field.custom).and_then(|text| field.choice(&text));
    if let Some(choice) = whole.or_else(traditional).or_else(beginning) {
        restoring::say(options, understood(choice, text), noticed)?;
        out.push_str(&choice.value);
        return Ok(());
    }
    let labels = field.offered_choices().map(Choice::labels);
    let allowed = Detail::List(labels.take(SHOWN_CHOICES).collect());
    // An account may have hundreds of options of its own.
    let problem = match nearest(field, text).filter(|_| field.custom) {
        Some(choice) => Problem::new("not_an_option").with_detail("nearest", choice.labels()),
        None => Problem::new("not_a_choice"),
    };
    Err(problem.with_detail("allowed", allowed))
}

/// Whether a text is several choices, and not one that is called so.
fn is_several(field: &Field, text: &str) -> bool {
    list::is_list(text) && field.choice(text).is_none()
}

/// The choice whose label is most like a text that is none.
fn nearest<'a>(field: &'a Field, text: &str) -> Option<&'a Choice> {
    let wanted = fold(text);
    let likeness = |choice: &Choice| {
        let names = [&choice.zh, &choice.en].into_iter().chain(&choice.aliases).map(|name| fold(name));
        let of_name = |name: String| match !wanted.is_empty() && (name.contains(&wanted) || wanted.contains(&name)) {
            true => 1.0,
            false => strsim::normalized_damerau_levenshtein(&name, &wanted),
        };
        names.map(of_name).fold(0.0, f64::max)
    };
    let all = field.choices.iter().map(|choice| (likeness(choice), choice));
    // Of two that are as like the first is named.
    let best = all.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(likeness, _)| *likeness >= LIKE).map(|(_, choice)| choice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;
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
