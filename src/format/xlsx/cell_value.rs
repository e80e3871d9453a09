//! A value as the format keeps it.

use std::borrow::Cow;

use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign};

use super::cell_text::shortest;
use crate::format::value::Value;

/// A value as the format keeps it.
pub(super) enum CellValue<'a> {
    /// Nothing is written.
    Empty,
    /// A number.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A day or a moment, and how it is shown.
    Date(ExcelDateTime, &'a Format),
}

/// The looks of cells.
pub(super) struct CellFormats {
    /// Of a text that must stay one.
    pub text: Format,
    /// Of a text that is broken into lines.
    pub wrapped: Format,
    date: Format,
    date_time: Format,
}

impl CellFormats {
    /// The looks of all cells.
    pub(super) fn new() -> Self {
        CellFormats {
            text: Format::new().set_num_format("@"),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            date_time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }

    /// A number or a date the format does not have is text.
    pub(super) fn value<'a>(&'a self, value: &Value<'a>) -> CellValue<'a> {
        match *value {
            Value::Empty | Value::Text("") => CellValue::Empty,
            Value::Text(text) | Value::Json(text) => CellValue::Text(text.into()),
            Value::Number(number) if !number.is_finite() => CellValue::Text(shortest(number).into()),
            Value::Number(number) => CellValue::Number(number),
            Value::Date(date) => match excel_date(date) {
                Some(excel) => CellValue::Date(excel, &self.date),
                None => CellValue::Text(date.to_string().into()),
            },
            Value::DateTime(moment) => match excel_moment(moment) {
                Some(excel) => CellValue::Date(excel, &self.date_time),
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
