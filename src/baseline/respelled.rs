//! What a Chinese spreadsheet program shows of texts that look like days and times, and saves: of `1-2` it makes `1月2日`, of
//! `2025-01` `2025年1月`, and the seconds of a moment go. Which text it was cannot be seen any more, but whether what an export
//! said may have been it.

use super::mark::mark_of;
use super::store::CellMarks;

/// No day and no moment is longer.
const LONGEST: usize = 20;

/// Whether a cell that shows this text may be one in which an export said something else, saved by a spreadsheet program.
pub fn may_be_respelled(said: CellMarks, text: &str) -> bool {
    let text = text.trim();
    if said.shown == 0 || text.len() > LONGEST || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let (shown, saved) = (|text: &str| mark_of(text) == said.shown, |text: &str| mark_of(text) == said.saved);
    if let Some((day, time)) = text.split_once(' ') {
        // The seconds are gone.
        let Some(([year, month, day], [hour, minute])) = numbers(day, &['/', '-']).zip(numbers(time, &[':'])) else {
            return false;
        };
        let minute = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}");
        return (0..60).any(|second| saved(&format!("{minute}:{second:02}")));
    }
    if let Some([hour, minute]) = numbers(text, &[':']) {
        return shown(&format!("{hour:02}:{minute:02}"));
    }
    if let Some([hour, minute, second]) = numbers(text, &[':']) {
        return shown(&format!("{hour:02}:{minute:02}:{second:02}"));
    }
    let is_day = |month: u32, day: u32| {
        ["-", "/"].iter().any(|between| {
            let one = |month: &str, day: &str| shown(&format!("{month}{between}{day}"));
            let (wide_month, wide_day) = (format!("{month:02}"), format!("{day:02}"));
            let (month, day) = (month.to_string(), day.to_string());
            one(&month, &day) || one(&wide_month, &wide_day) || one(&month, &wide_day) || one(&wide_month, &day)
        })
    };
    if let Some(text) = text.strip_suffix('日')
        && let Some([month, day]) = numbers(text, &['月'])
    {
        return is_day(month, day);
    }
    if let Some(text) = text.strip_suffix('月')
        && let Some([year, month]) = numbers(text, &['年'])
    {
        return is_day(year, month);
    }
    match numbers(text, &['/']) {
        // The year is that in which it was saved; of a month its first day is left.
        Some([year, month, day]) => is_day(month, day) || day == 1 && is_day(year, month),
        None => false,
    }
}

/// The numbers of a text of this many.
fn numbers<const N: usize>(text: &str, between: &[char]) -> Option<[u32; N]> {
    let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten();
    let numbers: Vec<u32> = text.split(between).map(number).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn what_a_chinese_program_makes_of_days_and_times_is_known_again() {
        let note = Catalog::embedded().get("customers").unwrap().field("note").unwrap();
        let may_be = |said: &str, text: &str| may_be_respelled(CellMarks::of(note, said, said), text);
        for (said, text) in [
            ("1-2", "1月2日"),
            ("01/02", "1月2日"),
            ("1/2", "2026/1/2"),
            ("2025-01", "2025年1月"),
            ("2025-01", "2025/1/1"),
            ("2025-01-20 10:11:12", "2025/1/20 10:11"),
            ("09:05", "9:05"),
            ("00:30", "0:30"),
        ] {
            assert!(may_be(said, text), "{said} {text}");
        }
        for (said, text) in [
            ("1-2", "1月3日"),
            ("2025-01-20 10:11:12", "2025/1/20 10:12"),
            ("2025-01-20", "2026-01-20"),
            ("09:05", "9:06"),
            ("示例", "9:05"),
            ("", "1月2日"),
            ("12", "2025/1/2"),
        ] {
            assert!(!may_be(said, text), "{said} {text}");
        }
    }
}
