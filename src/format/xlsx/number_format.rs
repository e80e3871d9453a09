//! What a cell shows of its number: `00012345`, `85%`, `1,234.50`, `3.5万`, `36:00`. Formats that need a calendar, a
//! fraction or an exponent are recognised and not shown.

use std::fmt::Write;

/// The number format of a cell.
#[derive(Debug)]
pub(in crate::format) struct NumberFormat {
    sections: Vec<Section>,
    /// What a number means under it.
    pub meaning: Meaning,
    /// Whether a whole number is shown as it is.
    pub shows_integers: bool,
    /// What is shown before and behind a text, where a text is not shown as it is; the inner none shows nothing of it.
    text: Option<Option<(String, String)>>,
}

/// What a number means under a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Meaning {
    /// Just that: it is shown as it is.
    Plain,
    /// A number, shown in another form.
    Number,
    /// A day, with a time or without.
    Day,
    /// A time of day.
    Time,
    /// A span of time, which may be longer than a day.
    Duration,
}

/// What is shown for positive numbers, for negative ones, or for zero.
#[derive(Debug, Default)]
struct Section {
    tokens: Vec<Token>,
    /// Whether something in it is not understood.
    is_unknown: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(String),
    /// The number as it is.
    General,
    /// A digit: `0`, or one that is left out (`#`) or blank (`?`) where the number has none.
    Digit(char),
    Point,
    Comma,
    Percent,
    /// A letter of a date or time, how often it stands there, and whether it may run over (`[h]`).
    Clock(char, usize, bool),
    /// The words for the halves of the day.
    Half(&'static str, &'static str),
}

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

impl NumberFormat {
    /// The format of cells nobody gave one.
    pub(in crate::format) fn general() -> NumberFormat {
        NumberFormat { sections: Vec::new(), meaning: Meaning::Plain, shows_integers: true, text: None }
    }

    /// The code of a format that workbooks name by its number alone, as it is in China.
    pub(in crate::format) fn built_in(id: u32) -> Option<&'static str> {
        Some(match id {
            1 => "0",
            2 => "0.00",
            3 => "#,##0",
            4 => "#,##0.00",
            5 | 6 => "\"¥\"#,##0;\"¥\"-#,##0",
            7 | 8 => "\"¥\"#,##0.00;\"¥\"-#,##0.00",
            9 => "0%",
            10 => "0.00%",
            11 => "0.00E+00",
            12 => "# ?/?",
            13 => "# ??/??",
            14 => "yyyy/m/d",
            15 => "d-mmm-yy",
            16 => "d-mmm",
            17 => "mmm-yy",
            22 => "yyyy/m/d h:mm",
            27 | 36 | 50 | 52 | 57 => "yyyy\"年\"m\"月\"",
            28 | 29 | 51 | 53 | 54 | 58 => "m\"月\"d\"日\"",
            30 => "m-d-yy",
            31 => "yyyy\"年\"m\"月\"d\"日\"",
            18 => "h:mm AM/PM",
            19 => "h:mm:ss AM/PM",
            20 => "h:mm",
            21 => "h:mm:ss",
            32 => "h\"时\"mm\"分\"",
            33 => "h\"时\"mm\"分\"ss\"秒\"",
            34 | 55 => "上午/下午h\"时\"mm\"分\"",
            35 | 56 => "上午/下午h\"时\"mm\"分\"ss\"秒\"",
            37 | 38 => "#,##0;-#,##0",
            39 | 40 => "#,##0.00;-#,##0.00",
            41 => "#,##0;-#,##0;\"-\"",
            42 => "\"¥\"#,##0;\"¥\"-#,##0;\"¥\"\"-\"",
            43 => "#,##0.00;-#,##0.00;\"-\"??",
            44 => "\"¥\"#,##0.00;\"¥\"-#,##0.00;\"¥\"\"-\"??",
            45 => "mm:ss",
            46 => "[h]:mm:ss",
            47 => "mm:ss.0",
            48 => "##0.0E+0",
            _ => return None,
        })
    }

    /// The format a code means.
    pub(in crate::format) fn of_code(code: &str) -> NumberFormat {
        let code = code.replace("G/通用格式", "General").replace("G/標準", "General");
        let text = text_section(&split(&code));
        let sections: Vec<Section> = split(&code).into_iter().map(Section::of_code).collect();
        let meaning = meaning_of(&sections);
        let shows_integers = meaning == Meaning::Plain || sections.first().is_some_and(Section::shows_integers);
        NumberFormat { sections, meaning, shows_integers, text }
    }

    /// What is shown for a number, written as a plain decimal; none when it is not known.
    pub(in crate::format) fn show(&self, number: &str) -> Option<String> {
        let decimal = Decimal::of_text(number)?;
        let (section, is_negative) = match (self.sections.as_slice(), decimal.is_negative, decimal.digits.is_empty()) {
            ([_, second, ..], true, false) => (second, false),
            ([_, _, third, ..], _, true) => (third, false),
            ([first, ..], is_negative, _) => (first, is_negative),
            ([], ..) => return Some(number.to_owned()),
        };
        if section.is_unknown {
            return None;
        }
        let mut shown = if is_negative { "-".to_owned() } else { String::new() };
        section.show_number(decimal, &mut shown)?;
        // What is left is room between columns, or nothing at all.
        Some(shown.trim().to_owned())
    }

    /// Whether a text is shown as it is.
    pub(in crate::format) fn shows_texts(&self) -> bool {
        self.text.is_none()
    }

    /// What is shown for a text; none when nothing is.
    pub(in crate::format) fn show_text(&self, text: &str) -> Option<String> {
        match &self.text {
            None => Some(text.to_owned()),
            Some(around) => around.as_ref().map(|(before, behind)| format!("{before}{text}{behind}")),
        }
    }

    /// What is shown of a moment where that is not its whole day: `5-Mar`, `2026年1月`; none where it is. What is not known of
    /// it is left out.
    pub(in crate::format) fn show_part_of_day(&self, moment: &str) -> Option<String> {
        let section = self.sections.first()?;
        let has = |letter: char, most: usize| {
            let is = |token: &Token| matches!(token, Token::Clock(c, count, _) if *c == letter && *count <= most);
            section.tokens.iter().any(is)
        };
        match has('y', 4) && has('o', 4) && has('d', 2) {
            true => None,
            false => Some(section.show_moment(moment)),
        }
    }

    /// What is shown for a time of day or a span of time, in days; none when it is not known.
    pub(in crate::format) fn show_time(&self, days: f64) -> Option<String> {
        let section = self.sections.first().filter(|section| !section.is_unknown)?;
        if !(0.0..1e6).contains(&days) {
            return None;
        }
        section.show_time(days)
    }
}

/// The sections of a code.
fn split(code: &str) -> Vec<&str> {
    let (mut sections, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped, mut is_bracketed) = (false, false, false);
    for (at, c) in code.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '\\' | '!' | '_' | '*' => is_escaped = true,
            '[' => is_bracketed = true,
            ']' => is_bracketed = false,
            ';' if !is_bracketed => {
                sections.push(&code[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    sections.push(&code[start..]);
    sections
}

/// What is shown before and behind a text: the section of texts is the fourth, or the last one that has an `@`. None where a
/// text is shown as it is; the inner none where nothing of it is.
fn text_section(codes: &[&str]) -> Option<Option<(String, String)>> {
    let is_of_texts = |code: &&&str| {
        let mut section = Section::default();
        section.take_texts(code);
        section.tokens.contains(&Token::General)
    };
    let code = match codes {
        [_, _, _, texts] => texts,
        _ => codes.last().filter(is_of_texts)?,
    };
    let mut section = Section::default();
    section.take_texts(code);
    let literal = |tokens: &[Token]| -> String {
        let text = |token: &Token| if let Token::Literal(text) = token { text.clone() } else { String::new() };
        tokens.iter().map(text).collect()
    };
    let Some(at) = section.tokens.iter().position(|token| *token == Token::General) else {
        let shows_something = !literal(&section.tokens).trim().is_empty();
        return if shows_something { None } else { Some(None) };
    };
    let (before, behind) = (literal(&section.tokens[..at]), literal(&section.tokens[at + 1..]));
    let is_plain = before.trim().is_empty() && behind.trim().is_empty();
    (!is_plain).then_some(Some((before, behind)))
}

fn meaning_of(sections: &[Section]) -> Meaning {
    let Some(first) = sections.first() else { return Meaning::Plain };
    let letters = || sections.iter().flat_map(|section| &section.tokens);
    if letters().any(|token| matches!(token, Token::Clock(_, _, true))) {
        return Meaning::Duration;
    }
    if letters().any(|token| matches!(token, Token::Clock('y' | 'o' | 'd', ..))) {
        return Meaning::Day;
    }
    if letters().any(|token| matches!(token, Token::Clock(..))) {
        return Meaning::Time;
    }
    match (sections.len(), first.tokens.as_slice()) {
        _ if first.is_unknown => Meaning::Number,
        (1, [Token::General] | []) => Meaning::Plain,
        _ => Meaning::Number,
    }
}

impl Section {
    fn of_code(code: &str) -> Section {
        let mut section = Section::default();
        let mut rest = code;
        while let Some(c) = rest.chars().next() {
            let taken = section.take(c, rest);
            rest = rest.get(taken..).unwrap_or_default();
        }
        section.tell_minutes_from_months();
        section
    }

    /// Takes the code of a section of texts, in which `@` is the text: that stands as [`Token::General`].
    fn take_texts(&mut self, code: &str) {
        let mut rest = code;
        while let Some(c) = rest.chars().next() {
            let taken = match c {
                '@' => {
                    self.tokens.push(Token::General);
                    1
                }
                '"' | '\\' | '!' | '_' | '*' | '[' => self.take(c, rest),
                c => {
                    self.literal(c.encode_utf8(&mut [0; 4]));
                    c.len_utf8()
                }
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// Takes one token from the beginning of `rest`, which is `c`, and tells how many bytes it takes.
    fn take(&mut self, c: char, rest: &str) -> usize {
        let behind = &rest[c.len_utf8()..];
        let next = behind.chars().next();
        let repeated = || rest.chars().take_while(|other| other.eq_ignore_ascii_case(&c)).count();
        for (words, first, second) in [("AM/PM", "AM", "PM"), ("A/P", "A", "P"), ("上午/下午", "上午", "下午")]
        {
            if rest.get(..words.len()).is_some_and(|head| head.eq_ignore_ascii_case(words)) {
                self.tokens.push(Token::Half(first, second));
                return words.len();
            }
        }
        if rest.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("general")) {
            self.tokens.push(Token::General);
            return 7;
        }
        let token = match c {
            '"' => {
                let text = behind.split('"').next().unwrap_or_default();
                self.literal(text);
                return text.len() + 2;
            }
            '\\' | '!' => {
                self.literal(next.map(String::from).as_deref().unwrap_or_default());
                return c.len_utf8() + next.map_or(0, char::len_utf8);
            }
            // Room as wide as a character, and a character that fills the cell.
            '_' | '*' => return c.len_utf8() + next.map_or(0, char::len_utf8),
            '[' => {
                let inside = behind.split(']').next().unwrap_or_default();
                self.take_bracket(inside);
                return inside.len() + 2;
            }
            '@' if rest == "@" && self.tokens.is_empty() => return 1,
            '0' | '#' | '?' => Token::Digit(c),
            '.' => Token::Point,
            ',' => Token::Comma,
            '%' => Token::Percent,
            'E' | 'e' if matches!(next, Some('+' | '-')) => {
                self.is_unknown = true;
                return 2;
            }
            'y' | 'Y' | 'e' | 'E' => Token::Clock('y', repeated(), false),
            'd' | 'D' | 'a' | 'A' => Token::Clock('d', repeated(), false),
            'm' | 'M' | 'h' | 'H' | 's' | 'S' => Token::Clock(c.to_ascii_lowercase(), repeated(), false),
            '/' if self.tokens.iter().any(|token| matches!(token, Token::Digit(_))) => {
                self.is_unknown = true;
                return 1;
            }
            'a'..='z' | 'A'..='Z' | '@' => {
                self.is_unknown = true;
                return 1;
            }
            c => {
                self.literal(c.encode_utf8(&mut [0; 4]));
                return c.len_utf8();
            }
        };
        let length = if let Token::Clock(_, count, _) = token { count } else { 1 };
        self.tokens.push(token);
        length
    }

    /// A colour, a currency, a span of time, or a condition.
    fn take_bracket(&mut self, inside: &str) {
        let lower = inside.to_ascii_lowercase();
        let first = lower.chars().next().unwrap_or_default();
        let is_colour = ["black", "blue", "cyan", "green", "magenta", "red", "white", "yellow", "color"];
        if let Some(currency) = inside.strip_prefix('$') {
            self.literal(currency.split('-').next().unwrap_or_default());
        } else if matches!(first, 'h' | 'm' | 's') && lower.chars().all(|c| c == first) {
            self.tokens.push(Token::Clock(first, lower.len(), true));
        } else if !is_colour.iter().any(|colour| lower.starts_with(colour))
            && !inside.starts_with(['黑', '蓝', '青', '绿', '红', '白', '黄'])
        {
            self.is_unknown = true;
        }
    }

    fn literal(&mut self, text: &str) {
        if let Some(Token::Literal(before)) = self.tokens.last_mut() {
            before.push_str(text);
        } else if !text.is_empty() {
            self.tokens.push(Token::Literal(text.to_owned()));
        }
    }

    /// `m` is a month unless it stands behind an hour or before a second.
    fn tell_minutes_from_months(&mut self) {
        let letters: Vec<(usize, char)> = self
            .tokens
            .iter()
            .enumerate()
            .filter_map(|(at, token)| if let Token::Clock(c, ..) = token { Some((at, *c)) } else { None })
            .collect();
        for (place, (at, c)) in letters.iter().enumerate().filter(|(_, (_, c))| *c == 'm') {
            let before = place.checked_sub(1).and_then(|before| letters.get(before)).map(|(_, c)| *c);
            let after = letters.get(place + 1).map(|(_, c)| *c);
            if before != Some('h')
                && after != Some('s')
                && let Token::Clock(letter, _, false) = &mut self.tokens[*at]
            {
                debug_assert_eq!(letter, c);
                *letter = 'o';
            }
        }
    }

    /// Whether nothing but the digits of a whole number is shown.
    fn shows_integers(&self) -> bool {
        let zeros = self.tokens.iter().filter(|token| **token == Token::Digit('0')).count();
        !self.is_unknown && zeros == 1 && self.tokens.iter().all(|token| matches!(token, Token::Digit('0' | '#')))
    }

    fn show_number(&self, mut decimal: Decimal, out: &mut String) -> Option<()> {
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
    fn show_moment(&self, moment: &str) -> String {
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

    fn show_time(&self, days: f64) -> Option<String> {
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

/// A number as its decimal digits, so that rounding is what a person would do.
#[derive(Debug, Clone)]
struct Decimal {
    is_negative: bool,
    /// Without zeros at its ends; empty for 0.
    digits: String,
    /// How many digits stand before the decimal point; it may be less than none or more than all.
    point: i32,
}

impl Decimal {
    fn of_text(text: &str) -> Option<Decimal> {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let zeros = all.len() - all.trim_start_matches('0').len();
        let point = i32::try_from(whole.len()).ok()? - i32::try_from(zeros).ok()?;
        Some(Decimal { is_negative, digits: all.trim_matches('0').to_owned(), point })
    }

    /// The digits before and behind the decimal point, rounded to so many behind it, half away from zero. None stand before
    /// it for a number below 1.
    fn rounded(&self, decimals: usize) -> (String, String) {
        let point = self.point;
        let digit = |at: i32| -> u8 {
            usize::try_from(at).ok().and_then(|at| self.digits.as_bytes().get(at)).map_or(0, |digit| digit - b'0')
        };
        let end = point.saturating_add(i32::try_from(decimals).unwrap_or(i32::MAX));
        let start = point.min(0).min(end);
        // A zero in front takes what is carried over.
        let mut digits: Vec<u8> = std::iter::once(0).chain((start..end).map(digit)).collect();
        if digit(end) >= 5 {
            for digit in digits.iter_mut().rev() {
                *digit = (*digit + 1) % 10;
                if *digit > 0 {
                    break;
                }
            }
        }
        let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let (whole, fraction) = text.split_at(text.len() - decimals.min(text.len()));
        (whole.trim_start_matches('0').to_owned(), fraction.to_owned())
    }

    fn text(&self) -> String {
        let count = usize::try_from(i32::try_from(self.digits.len()).unwrap_or(0) - self.point).unwrap_or(0);
        let (whole, fraction) = self.rounded(count);
        let whole = if whole.is_empty() { "0" } else { &whole };
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_as_the_sheet_shows_it() {
        for (code, number, shown) in [
            ("00000000", "12345", Some("00012345")),
            ("000-0000-0000", "13100000001", Some("131-0000-0001")),
            ("0000", "123456", Some("123456")),
            ("#,##0", "101102", Some("101,102")),
            ("#,##0", "999", Some("999")),
            ("#,##0.00", "1234567.5", Some("1,234,567.50")),
            ("#,##0.00_);[Red](#,##0.00)", "-1234.5", Some("(1,234.50)")),
            ("0%", "0.85", Some("85%")),
            ("0.0%", "0.8555", Some("85.6%")),
            ("0.00", "1.005", Some("1.01")),
            ("0.00", "-0.5", Some("-0.50")),
            ("0", "3.7", Some("4")),
            ("0.00", "9.999", Some("10.00")),
            ("0.##", "1.5", Some("1.5")),
            ("#.0", "0.25", Some(".3")),
            (".00", "5", Some("5.00")),
            (".00", "0.5", Some(".50")),
            ("\\N\\o.0", "5", Some("No5.0")),
            ("\"¥\"#,##0.00", "1234.5", Some("¥1,234.50")),
            ("[$¥-804]#,##0.00", "1234.5", Some("¥1,234.50")),
            ("0!.0,\"万\"", "35000", Some("3.5万")),
            ("0.0,,\"百万\"", "2500000", Some("2.5百万")),
            ("#,##0\"元\"", "1200", Some("1,200元")),
            ("\"NO.\"000", "7", Some("NO.007")),
            ("General\"件\"", "12", Some("12件")),
            ("0;-0;\"无\"", "0", Some("无")),
            ("0;-0;\"无\"", "-3", Some("-3")),
            (";;;", "5", Some("")),
            ("# ?/?", "0.5", None),
            ("0.00E+00", "12345", None),
            ("[<1000]0;0,\"K\"", "12", None),
            ("[DBNum1]0", "12", None),
            ("0", "1e30", None),
        ] {
            let format = NumberFormat::of_code(code);
            assert_eq!(format.show(number).as_deref(), shown, "{code} {number}");
            assert_eq!(format.meaning, Meaning::Number, "{code}");
        }
    }

    #[test]
    fn days_times_and_spans_are_told_apart() {
        for (code, meaning) in [
            ("General", Meaning::Plain),
            ("G/通用格式", Meaning::Plain),
            ("@", Meaning::Plain),
            ("yyyy/m/d", Meaning::Day),
            ("m\"月\"d\"日\"", Meaning::Day),
            ("[$-409]mmm-yy;@", Meaning::Day),
            ("yyyy\"年\"m\"月\"d\"日\" aaaa", Meaning::Day),
            ("yyyy-mm-dd hh:mm:ss", Meaning::Day),
            ("h:mm", Meaning::Time),
            ("mm:ss.0", Meaning::Time),
            ("[$-F400]h:mm:ss AM/PM", Meaning::Time),
            ("[h]:mm", Meaning::Duration),
            ("[Red]0", Meaning::Number),
            ("\"days\"0", Meaning::Number),
        ] {
            assert_eq!(NumberFormat::of_code(code).meaning, meaning, "{code}");
        }
        for (code, days, shown) in [
            ("h:mm", 8.5 / 24.0, "8:30"),
            ("[h]:mm", 1.5, "36:00"),
            ("[mm]:ss", 1.0 / 24.0, "60:00"),
            ("h:mm AM/PM", 0.5, "12:00 PM"),
            ("上午/下午h\"时\"mm\"分\"", 0.75, "下午6时00分"),
            ("mm:ss.0", 0.000_723_379_63, "01:02.5"),
        ] {
            assert_eq!(NumberFormat::of_code(code).show_time(days).as_deref(), Some(shown), "{code}");
        }
    }

    #[test]
    fn a_day_of_which_only_a_part_is_shown_is_told() {
        for (code, shown) in [
            ("d-mmm", Some("5-Mar")),
            ("m\"月\"d\"日\"", Some("3月5日")),
            ("[$-409]mmm-yy;@", Some("Mar-26")),
            ("yyyy\"年\"m\"月\"", Some("2026年3月")),
            ("mmmm d", Some("March 5")),
            ("dd", Some("05")),
            ("m/d h:mm", Some("3/5 8:30")),
            ("yyyy/m/d", None),
            ("d-mmm-yy", None),
            ("yyyy-mm-dd hh:mm:ss", None),
            ("[$-F800]dddd, mmmm dd, yyyy", None),
        ] {
            let format = NumberFormat::of_code(code);
            assert_eq!(format.show_part_of_day("2026-03-05 08:30:00").as_deref(), shown, "{code}");
        }
        for (id, is_part) in
            [(14, false), (15, false), (16, true), (17, true), (22, false), (31, false), (57, true), (58, true)]
        {
            let format = NumberFormat::built_in(id).map(NumberFormat::of_code).unwrap();
            assert_eq!(format.show_part_of_day("2026-03-05").is_some(), is_part, "{id}");
        }
    }

    #[test]
    fn the_built_in_formats_are_understood() {
        let shown = |id, number| NumberFormat::built_in(id).and_then(|code| NumberFormat::of_code(code).show(number));
        assert_eq!(shown(3, "2024001").as_deref(), Some("2,024,001"));
        assert_eq!(shown(10, "0.5").as_deref(), Some("50.00%"));
        assert_eq!(shown(44, "0").as_deref(), Some("¥-"));
        let meaning = |id| NumberFormat::built_in(id).map(|code| NumberFormat::of_code(code).meaning);
        assert_eq!(
            (meaning(14), meaning(58), meaning(20)),
            (Some(Meaning::Day), Some(Meaning::Day), Some(Meaning::Time))
        );
        assert_eq!((meaning(0), meaning(49)), (None, None));
        assert!(NumberFormat::of_code("0").shows_integers && NumberFormat::of_code("###0").shows_integers);
        assert!(!NumberFormat::of_code("00").shows_integers && !NumberFormat::of_code("0.0").shows_integers);
    }
}
