//! What a cell shows as text: numbers in their shortest exact form, dates and times as the service writes them.

use std::fmt::Write;

use calamine::{DataRef, ExcelDateTime};
use jiff::civil::{Date, DateTime};
use jiff::{RoundMode, Unit};

use crate::format::cell::CellKind;

/// Writes the text of a cell behind `text` and tells what it was.
pub(super) fn text_of(value: &DataRef<'_>, text: &mut String) -> CellKind {
    match value {
        DataRef::Empty => CellKind::Text,
        DataRef::String(string) => put(text, string, CellKind::Text),
        DataRef::SharedString(string) => put(text, string, CellKind::Text),
        DataRef::Bool(true) => put(text, "TRUE", CellKind::Bool),
        DataRef::Bool(false) => put(text, "FALSE", CellKind::Bool),
        // Writing to a string cannot fail, here and below.
        DataRef::Error(error) => {
            let _ = write!(text, "{error}");
            CellKind::Error
        }
        DataRef::Int(number) => {
            let _ = write!(text, "{number}");
            CellKind::Number
        }
        DataRef::Float(number) => put(text, &shortest(*number), CellKind::Number),
        DataRef::DateTime(moment) => date(moment, text),
        DataRef::DateTimeIso(iso) => date_of_iso(iso, text),
        DataRef::DurationIso(iso) => put(text, iso, CellKind::Text),
    }
}

/// The shortest decimal that is exactly this number: `13000000001`, `1.5`, `1e21`.
pub(super) fn shortest(number: f64) -> String {
    let size = number.abs();
    match size {
        0.0 => "0".to_owned(),
        1e-7..1e21 => format!("{number}"),
        _ if number.is_finite() => format!("{number:e}"),
        _ => format!("{number}"),
    }
}

fn put(text: &mut String, value: &str, kind: CellKind) -> CellKind {
    text.push_str(value);
    kind
}

/// A number that its format shows as a date; one that has no date stays a number.
fn date(moment: &ExcelDateTime, text: &mut String) -> CellKind {
    let number = moment.as_f64();
    if moment.is_duration() || !(0.0..2_958_466.0).contains(&number) {
        return put(text, &shortest(number), CellKind::Number);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let parts = [month, day, hour, minute, second].map(|part| i8::try_from(part).unwrap_or(0));
    let [month, day, hour, minute, second] = parts;
    let year = i16::try_from(year).unwrap_or(0);
    let exact = DateTime::new(year, month, day, hour, minute, second, i32::from(milli) * 1_000_000);
    let Ok(exact) = exact else {
        // Excel believes in 29 February 1900; no check will.
        let _ = write!(text, "{year:04}-{month:02}-{day:02}");
        return CellKind::Date;
    };
    // Halves of a millisecond are lost in the fraction of a day: 08:00:00 may be kept as 07:59:59.9999.
    let rounding = jiff::civil::DateTimeRound::new().smallest(Unit::Second).mode(RoundMode::HalfExpand);
    let rounded = exact.round(rounding).unwrap_or(exact);
    if number < 1.0 {
        // A time of day without a day.
        let _ = write!(text, "{}", rounded.time().strftime("%H:%M:%S"));
        return CellKind::Text;
    }
    put_date_time(rounded, text)
}

fn date_of_iso(iso: &str, text: &mut String) -> CellKind {
    if let Ok(moment) = iso.parse::<DateTime>() {
        return put_date_time(moment, text);
    }
    match iso.parse::<Date>() {
        Ok(date) => put_date_time(date.at(0, 0, 0, 0), text),
        Err(_) => put(text, iso, CellKind::Text),
    }
}

fn put_date_time(moment: DateTime, text: &mut String) -> CellKind {
    if moment.time() == jiff::civil::Time::midnight() {
        let _ = write!(text, "{}", moment.date());
        CellKind::Date
    } else {
        let _ = write!(text, "{}", moment.strftime("%Y-%m-%d %H:%M:%S"));
        CellKind::DateTime
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    fn shown(value: DataRef<'_>) -> (String, CellKind) {
        let mut text = String::new();
        let kind = text_of(&value, &mut text);
        (text, kind)
    }

    fn moment(number: f64, is_1904: bool) -> (String, CellKind) {
        shown(DataRef::DateTime(ExcelDateTime::new(number, ExcelDateTimeType::DateTime, is_1904)))
    }

    #[test]
    fn numbers_are_as_short_as_they_are_exact() {
        for (number, text) in [
            (13_000_000_001.0, "13000000001"),
            (0.1, "0.1"),
            (-0.0, "0"),
            (1.5, "1.5"),
            (999_999_999_999_999.0, "999999999999999"),
            (1.010_119_900_307_851_2e17, "101011990030785120"),
            (1e21, "1e21"),
            (-2.5e-9, "-2.5e-9"),
        ] {
            assert_eq!(shown(DataRef::Float(number)), (text.to_owned(), CellKind::Number));
        }
    }

    #[test]
    fn dates_have_no_zone_and_times_are_whole_seconds() {
        assert_eq!(moment(43_134.0, false), ("2018-02-03".into(), CellKind::Date));
        assert_eq!(moment(43_134.333_333_3, false), ("2018-02-03 08:00:00".into(), CellKind::DateTime));
        assert_eq!(moment(43_134.999_999_99, false), ("2018-02-04".into(), CellKind::Date));
        assert_eq!(moment(41_672.0, true), ("2018-02-03".into(), CellKind::Date));
        assert_eq!(moment(60.0, false), ("1900-02-29".into(), CellKind::Date));
        assert_eq!(moment(0.5, false), ("12:00:00".into(), CellKind::Text));
        assert_eq!(moment(-1.0, false), ("-1".into(), CellKind::Number));
        assert_eq!(moment(1e300, false), ("1e300".into(), CellKind::Number));
        assert_eq!(shown(DataRef::DateTimeIso("2018-02-03T08:00:00".into())).0, "2018-02-03 08:00:00");
        assert_eq!(shown(DataRef::DateTimeIso("2018-02-03".into())), ("2018-02-03".into(), CellKind::Date));
        assert_eq!(shown(DataRef::DateTimeIso("whenever".into())), ("whenever".into(), CellKind::Text));
    }
}
