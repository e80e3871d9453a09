//! What a cell shows of its number: `00012345`, `85%`, `1,234.50`, `3.5万`, `36:00`. Formats that need a calendar, a
//! fraction or an exponent are recognised and not shown.

mod decimal;
mod section;
mod shown;

use decimal::Decimal;
use section::{Section, Token};

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
