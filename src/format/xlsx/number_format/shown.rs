//! What a section shows of a number, a day or a time.

use std::fmt::Write;

use super::decimal::Decimal;
use super::section::{Section, Token};

/// The months as formats spell them.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Section {
    pub(super) fn show_number(&self, mut decimal: Decimal, out: &mut String) -> Option<()> {
        let is_digit = |token: &Token| matches!(token, Token::Digit(_));
        let point = self.tokens.iter().position(|token| *token == Token::Point).unwrap_or(self.tokens.len());
        let (whole, fraction) = self.tokens.split_at(point);
        let last_digit = self.tokens.iter().rposition(is_digit);
        let first_digit = whole.iter().position(is_digit);
        for (at, token) in self.tokens.iter().enumerate() {
            match token {
                Token::Percent => decimal.point += 2,
                Token::Comma if last_digit.is_some_and(|last| at > last) => decimal.point -= 3,
                Token::Clock(..) | Token::Half(..) => return None,
                _ => {}
            }
        }
        let is_grouped = whole.iter().enumerate().any(|(at, token)| {
            *token == Token::Comma
                && first_digit.is_some_and(|first| at > first)
                && last_digit.is_some_and(|last| at < last)
        });
        let (integer, decimals) = decimal.rounded(fraction.iter().filter(|token| is_digit(token)).count());
        out.push_str(&show_whole(whole, &integer, is_grouped, &decimal));
        if first_digit.is_none() && !fraction.is_empty() {
            // A format such as `.00` has no place for them, and they are shown all the same.
            out.push_str(&integer);
        }
        let mut decimals = decimals.as_str();
        for token in fraction {
            match token {
                Token::Digit(placeholder) => {
                    let (digit, rest) = decimals.split_at_checked(1).unwrap_or(("0", ""));
                    let is_shown = *placeholder == '0' || decimals.bytes().any(|digit| digit != b'0');
                    match (is_shown, placeholder) {
                        (true, _) => out.push_str(digit),
                        (false, '?') => out.push(' '),
                        _ => {}
                    }
                    decimals = rest;
                }
                Token::Point => out.push('.'),
                token => push_literal(token, &decimal, out),
            }
        }
        Some(())
    }

    /// A moment such as `2026-03-05 08:30:00`, or a day alone.
    pub(super) fn show_moment(&self, moment: &str) -> String {
        let number = |range: std::ops::Range<usize>| moment.get(range).and_then(|digits| digits.parse::<usize>().ok());
        let mut out = String::new();
        for token in &self.tokens {
            let (value, width) = match token {
                Token::Literal(text) => {
                    out.push_str(text);
                    continue;
                }
                Token::Clock('y', 3.., _) => (number(0..4), 4),
                Token::Clock('y', ..) => (number(2..4), 2),
                Token::Clock('o', count @ 3.., _) => {
                    let name = number(5..7).and_then(|month| MONTHS.get(month.wrapping_sub(1))).copied();
                    let letters = [3, usize::MAX, 1][(*count - 3).min(2)];
                    out.extend(name.unwrap_or_default().chars().take(letters));
                    continue;
                }
                Token::Clock('o', width, _) => (number(5..7), *width),
                Token::Clock('d', width @ 1..=2, _) => (number(8..10), *width),
                Token::Clock('h', width, _) => (number(11..13), *width),
                Token::Clock('m', width, _) => (number(14..16), *width),
                Token::Clock('s', width, _) => (number(17..19), *width),
                _ => continue,
            };
            // Writing to a string cannot fail.
            let _ = write!(out, "{:0width$}", value.unwrap_or(0));
        }
        out.trim().to_owned()
    }

    pub(super) fn show_time(&self, days: f64) -> Option<String> {
        let has_fraction = self.tokens.contains(&Token::Digit('0'));
        let tick = if has_fraction { 1e3 } else { 1.0 };
        // Milliseconds or seconds; the range leaves no room for overflow.
        let ticks = (days * 86_400.0 * tick).round() as u64;
        let tick = tick as u64;
        let (seconds, milliseconds) = (ticks / tick, ticks % tick);
        let has_halves = self.tokens.iter().any(|token| matches!(token, Token::Half(..)));
        let hour = seconds / 3_600 % 24;
        let mut decimals = format!("{milliseconds:03}");
        let mut out = String::new();
        for token in &self.tokens {
            let (value, width) = match token {
                Token::Clock('h', width, true) => (seconds / 3_600, *width),
                Token::Clock('m', width, true) => (seconds / 60, *width),
                Token::Clock('s', width, true) => (seconds, *width),
                Token::Clock('h', width, _) if has_halves => ((hour + 11) % 12 + 1, *width),
                Token::Clock('h', width, _) => (hour, *width),
                Token::Clock('m', width, _) => (seconds / 60 % 60, *width),
                Token::Clock('s', width, _) => (seconds % 60, *width),
                Token::Clock(..) => return None,
                Token::Half(first, second) => {
                    out.push_str(if hour < 12 { first } else { second });
                    continue;
                }
                Token::Digit(_) => {
                    out.push(if decimals.is_empty() { '0' } else { decimals.remove(0) });
                    continue;
                }
                Token::Point => {
                    out.push('.');
                    continue;
                }
                Token::Literal(text) => {
                    out.push_str(text);
                    continue;
                }
                _ => continue,
            };
            // Writing to a string cannot fail.
            let _ = write!(out, "{value:0width$}");
        }
        Some(out.trim().to_owned())
    }
}

/// The part before the decimal point: its digits take their places from the right, and what is left stands at the first.
fn show_whole(tokens: &[Token], integer: &str, is_grouped: bool, decimal: &Decimal) -> String {
    let mut left = integer.as_bytes();
    let mut places = tokens.iter().filter(|token| matches!(token, Token::Digit(_))).count();
    // From right to left.
    let mut pieces: Vec<String> = Vec::new();
    let mut shown_digits = 0;
    for token in tokens.iter().rev() {
        let Token::Digit(placeholder) = token else {
            let mut piece = String::new();
            push_literal(token, decimal, &mut piece);
            pieces.push(piece);
            continue;
        };
        places -= 1;
        let count = if places == 0 { left.len().max(1) } else { 1 };
        for _ in 0..count {
            let (digit, rest) = match left.split_last() {
                Some((digit, rest)) => (char::from(*digit), rest),
                None if *placeholder == '0' => ('0', &[][..]),
                None if *placeholder == '?' => (' ', &[][..]),
                None => continue,
            };
            left = rest;
            if is_grouped && shown_digits > 0 && shown_digits % 3 == 0 && digit != ' ' {
                pieces.push(",".to_owned());
            }
            pieces.push(digit.to_string());
            shown_digits += 1;
        }
    }
    pieces.iter().rev().map(String::as_str).collect()
}

fn push_literal(token: &Token, decimal: &Decimal, out: &mut String) {
    match token {
        Token::Literal(text) => out.push_str(text),
        Token::Percent => out.push('%'),
        Token::General => out.push_str(&decimal.text()),
        _ => {}
    }
}
