//! A value as the format keeps it, and how it looks.

use std::borrow::Cow;

use rust_xlsxwriter::{Color, ExcelDateTime, Format};

use super::cell_text::shortest;
use super::row_sheet::Look;
use crate::format::value::Value;

/// A value as the format keeps it.
pub(super) enum CellValue<'a> {
    /// Nothing is written.
    Empty,
    /// A number.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A day or a moment as a number, and how it is shown.
    Date(f64, Look),
}

/// A cell of which nothing is said.
pub(super) const PLAIN: Look = 0;
/// A text that must stay one.
pub(super) const TEXT: Look = 1;
/// A text that is broken into lines.
pub(super) const WRAPPED: Look = 2;
const DATE: Look = 3;
const DATE_TIME: Look = 4;
/// How many there are.
const LOOKS: usize = 5;

/// The same look of a cell that is wrong.
pub(super) fn wrong(look: Look) -> Look {
    look + LOOKS
}

/// The looks of cells, in the order of their numbers.
pub(super) fn looks() -> Vec<Format> {
    let own: [Format; LOOKS] = [
        Format::new(),
        Format::new().set_num_format("@"),
        Format::new().set_text_wrap(),
        Format::new().set_num_format("yyyy-mm-dd"),
        Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
    ];
    let wrong = |format: &Format| {
        format.clone().set_background_color(Color::RGB(0x00FF_C7CE)).set_font_color(Color::RGB(0x009C_0006))
    };
    let wrong: Vec<Format> = own.iter().map(wrong).collect();
    own.into_iter().skip(1).chain(wrong).collect()
}

impl<'a> CellValue<'a> {
    /// A number or a date the format does not have is text.
    pub(super) fn of(value: &Value<'a>) -> CellValue<'a> {
        match *value {
            Value::Empty | Value::Text("") => CellValue::Empty,
            Value::Text(text) | Value::Json(text) => CellValue::Text(text.into()),
            Value::Number(number) if !number.is_finite() => CellValue::Text(shortest(number).into()),
            Value::Number(number) => CellValue::Number(number),
            Value::Date(date) => match excel_date(date) {
                Some(excel) => CellValue::Date(excel.to_excel(), DATE),
                None => CellValue::Text(date.to_string().into()),
            },
            Value::DateTime(moment) => match excel_moment(moment) {
                Some(excel) => CellValue::Date(excel.to_excel(), DATE_TIME),
                None => CellValue::Text(moment.strftime("%Y-%m-%d %H:%M:%S").to_string().into()),
            },
        }
    }
}

/// The date as the format keeps it; none before 1900.
fn excel_date(date: jiff::civil::Date) -> Option<ExcelDateTime> {
    let year = u16::try_from(date.year()).ok()?;
    ExcelDateTime::from_ymd(year, date.month().unsigned_abs(), date.day().unsigned_abs()).ok()
}

fn excel_moment(moment: jiff::civil::DateTime) -> Option<ExcelDateTime> {
    let (hour, minute, second) = (moment.hour(), moment.minute(), moment.second());
    excel_date(moment.date())?
        .and_hms(u16::from(hour.unsigned_abs()), minute.unsigned_abs(), second.unsigned_abs())
        .ok()
}
