//! Numbers that count or measure, without what tables show them with.

use super::damage::is_grouped;
use super::digits::all_digits;
use super::half_width::half_width;
use super::options::ValueOptions;
use super::restoring;
use crate::problem::Problem;

/// A whole number.
pub(super) fn integer(
    text: &str,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
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

/// A number that may have a fraction.
pub(super) fn decimal(
    text: &str,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
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
