//! Writes a sheet row by row in constant memory, to a temporary name in the target's folder that is renamed when whole.
//! A sheet that is full is continued on the next one: `名称`, `名称_2`, `名称_3`.

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

use rust_i18n::t;
use rust_xlsxwriter::{Color, ExcelDateTime, Format, FormatAlign, IgnoreError, Workbook, Worksheet};
use unicode_width::UnicodeWidthStr;

use super::number::shortest;
use super::{MAX_COLUMNS, MAX_ROWS, SummarySheet, summary_sheet};
use crate::error::{Error, Result};
use crate::format::{Column, Value, Writer};
use crate::message;

/// UTF-16 units a cell holds.
const MAX_TEXT: usize = 32_767;
/// Characters a sheet's name may have.
const MAX_NAME: usize = 31;
/// Rows whose texts decide how wide a column is.
const MEASURED_ROWS: u32 = 1_000;
/// Columns are between so many digits wide.
const WIDTHS: (usize, usize) = (10, 60);

/// What to write.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// Name of the sheet; what a sheet's name may not hold is left out of it.
    pub sheet: &'a str,
    /// Its columns.
    pub columns: &'a [Column],
    /// Rows of a sheet before the next one is begun, the header included.
    pub rows_per_sheet: u32,
    /// Name of a sheet before it that [`XlsxWriter::finish_with`] fills.
    pub summary_sheet: Option<&'a str>,
}

impl<'a> Options<'a> {
    /// Columns on a sheet of this name, as many rows as the format holds.
    pub fn new(sheet: &'a str, columns: &'a [Column]) -> Self {
        Options { sheet, columns, rows_per_sheet: MAX_ROWS, summary_sheet: None }
    }
}

/// Writes a workbook of one table.
pub struct XlsxWriter {
    path: PathBuf,
    workbook: Workbook,
    name: String,
    columns: Vec<Column>,
    widths: Vec<usize>,
    rows_per_sheet: u32,
    sheets: usize,
    /// There is a sheet before those of the rows.
    has_summary_sheet: bool,
    /// The next row of the sheet, from 0.
    row: u32,
    cut: u64,
    formats: Formats,
}

/// The looks of cells.
struct Formats {
    text: Format,
    date: Format,
    date_time: Format,
}

impl XlsxWriter {
    /// Begins a workbook that will stand at `path`.
    ///
    /// # Errors
    /// A folder that cannot be written, more columns than a sheet has.
    pub fn create(path: &Path, options: &Options<'_>) -> Result<Self> {
        if options.columns.len() > MAX_COLUMNS as usize {
            return Err(cannot_write(path, &t!("xlsx.too_many_columns", columns = options.columns.len())));
        }
        let mut workbook = Workbook::new();
        // The rows wait here, so that they lie on the disk they are meant for and nowhere else.
        workbook.set_tempdir(folder(path)).map_err(|error| cannot_write(path, &error))?;
        if let Some(name) = options.summary_sheet {
            let sheet = workbook.add_worksheet();
            sheet.set_name(sheet_name(name)).map_err(|error| cannot_write(path, &error))?;
        }
        let mut writer = XlsxWriter {
            has_summary_sheet: options.summary_sheet.is_some(),
            path: path.to_owned(),
            workbook,
            name: sheet_name(options.sheet),
            columns: options.columns.to_vec(),
            widths: Vec::new(),
            rows_per_sheet: options.rows_per_sheet.clamp(2, MAX_ROWS),
            sheets: 0,
            row: 0,
            cut: 0,
            formats: Formats {
                text: Format::new().set_num_format("@"),
                date: Format::new().set_num_format("yyyy-mm-dd"),
                date_time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            },
        };
        writer.begin_sheet()?;
        Ok(writer)
    }

    /// The place of the sheet being written among all.
    fn at(&self) -> usize {
        self.sheets - 1 + usize::from(self.has_summary_sheet)
    }

    /// How many sheets the rows took.
    pub fn sheets(&self) -> usize {
        self.sheets
    }

    /// Completes the file with what its first sheet says, and puts it under its name.
    ///
    /// # Errors
    /// As [`Writer::finish`].
    pub fn finish_with(mut self: Box<Self>, summary: &SummarySheet) -> Result<()> {
        if self.has_summary_sheet {
            let sheet = self.workbook.worksheet_from_index(0);
            sheet
                .and_then(|sheet| summary_sheet::write(sheet, summary))
                .map_err(|error| cannot_write(&self.path, &error))?;
        }
        self.finish()
    }

    fn begin_sheet(&mut self) -> Result<()> {
        let text = self.formats.text.clone();
        self.sheets += 1;
        let name = match self.sheets {
            1 => self.name.clone(),
            number => continued(&self.name, number),
        };
        self.widths = self.columns.iter().map(title_width).collect();
        self.row = 1;
        let columns = &self.columns;
        let begin = |sheet: &mut Worksheet| {
            sheet.set_name(name)?;
            for (at, column) in (0..).zip(columns) {
                if column.is_text {
                    sheet.set_column_format(at, &text)?;
                }
                write_title(sheet, at, column)?;
            }
            lay_out(sheet)
        };
        self.workbook
            .add_worksheet_with_constant_memory()
            .and_then(begin)
            .map_err(|error| cannot_write(&self.path, &error))
    }

    fn end_sheet(&mut self) -> Result<()> {
        let at = self.at();
        let (row, widths) = (self.row, &self.widths);
        let end = |sheet: &mut Worksheet| {
            for (at, width) in (0..).zip(widths) {
                sheet.set_column_width(at, bounded(*width))?;
            }
            if let Some(last) = u16::try_from(widths.len()).ok().and_then(|columns| columns.checked_sub(1)) {
                sheet.autofilter(0, 0, row - 1, last)?;
                sheet.ignore_error_range(0, 0, row - 1, last, IgnoreError::NumberStoredAsText)?;
            }
            Ok(())
        };
        self.workbook.worksheet_from_index(at).and_then(end).map_err(|error| cannot_write(&self.path, &error))
    }
}

impl Writer for XlsxWriter {
    fn write(&mut self, values: &[Value<'_>]) -> Result<()> {
        if self.row == self.rows_per_sheet {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        if values.len() > MAX_COLUMNS as usize {
            return Err(cannot_write(&self.path, &t!("xlsx.too_many_columns", columns = values.len())));
        }
        let at = self.at();
        let sheet = self.workbook.worksheet_from_index(at).map_err(|error| cannot_write(&self.path, &error))?;
        for (at, value) in (0u16..).zip(values) {
            let is_text = self.columns.get(usize::from(at)).is_some_and(|column| column.is_text);
            let (written, width) = match self.formats.cell(value) {
                Cell::Empty => continue,
                // It stays a number in a column of text, too: what a spreadsheet program made of a phone number must not
                // look mended. What is typed over it is text.
                Cell::Number(number) if is_text => {
                    (sheet.write_number_with_format(self.row, at, number, &self.formats.text), 0)
                }
                Cell::Number(number) => (sheet.write_number(self.row, at, number), 0),
                Cell::Date(date, format) => (sheet.write_with_format(self.row, at, &date, format), 19),
                Cell::Text(text) => {
                    let kept = cut_text(&text);
                    self.cut += u64::from(kept.len() < text.len());
                    let width = if self.row < MEASURED_ROWS { text_width(kept) } else { 0 };
                    let written = match is_text {
                        true => sheet.write_string_with_format(self.row, at, kept, &self.formats.text),
                        false => sheet.write_string(self.row, at, kept),
                    };
                    (written, width)
                }
            };
            written.map_err(|error| cannot_write(&self.path, &error))?;
            if self.row < MEASURED_ROWS
                && let Some(widest) = self.widths.get_mut(usize::from(at))
            {
                *widest = width.max(*widest);
            }
        }
        self.row += 1;
        Ok(())
    }

    fn cut(&self) -> u64 {
        self.cut
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.end_sheet()?;
        save(&mut self.workbook, &self.path)
    }
}

/// A value as the format keeps it.
enum Cell<'a> {
    Empty,
    Number(f64),
    Text(Cow<'a, str>),
    Date(ExcelDateTime, &'a Format),
}

impl Formats {
    /// A number or a date the format does not have is text.
    fn cell<'a>(&'a self, value: &Value<'a>) -> Cell<'a> {
        match *value {
            Value::Empty | Value::Text("") => Cell::Empty,
            Value::Text(text) => Cell::Text(text.into()),
            Value::Number(number) if !number.is_finite() => Cell::Text(shortest(number).into()),
            Value::Number(number) => Cell::Number(number),
            Value::Date(date) => match excel_date(date) {
                Some(excel) => Cell::Date(excel, &self.date),
                None => Cell::Text(date.to_string().into()),
            },
            Value::DateTime(moment) => match excel_moment(moment) {
                Some(excel) => Cell::Date(excel, &self.date_time),
                None => Cell::Text(moment.strftime("%Y-%m-%d %H:%M:%S").to_string().into()),
            },
        }
    }
}

/// The width of the widest of a text's first lines.
fn text_width(text: &str) -> usize {
    text.lines().take(10).map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// The beginning of a text that fits into a cell.
fn cut_text(text: &str) -> &str {
    if text.len() <= MAX_TEXT {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > MAX_TEXT
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// Saves a workbook under a temporary name in the target's folder and puts it in place when it is whole.
///
/// # Errors
/// A full disk, a folder that cannot be written, a target that another program holds.
pub fn save(workbook: &mut Workbook, path: &Path) -> Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder(path)).map_err(|error| cannot_write(path, &error))?;
    workbook.save_to_writer(file.as_file_mut()).map_err(|error| cannot_write(path, &error))?;
    file.as_file_mut().flush().and_then(|()| file.as_file().sync_all()).map_err(|error| cannot_write(path, &error))?;
    file.persist(path).map_err(|error| cannot_write(path, &error.error))?;
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The error for a workbook that could not be written, and why.
pub fn cannot_write(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::cannot_run(message!("xlsx.cannot_write", file = path.display(), why = why))
        .hint(message!("xlsx.cannot_write_hint"))
}

/// Writes the title of a column; a required one is red and starred.
///
/// # Errors
/// A limit of the format.
pub fn write_title(
    sheet: &mut Worksheet,
    at: u16,
    column: &Column,
) -> std::result::Result<(), rust_xlsxwriter::XlsxError> {
    let mut format = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00DD_EBF7))
        .set_align(FormatAlign::VerticalCenter)
        .set_text_wrap();
    if column.required {
        format = format.set_font_color(Color::RGB(0x00C0_0000));
    }
    sheet.write_string_with_format(0, at, cut_text(&title_of(column)), &format).map(drop)
}

/// The title as the header row shows it.
pub fn title_of(column: &Column) -> String {
    if column.required { format!("{}*", column.title) } else { column.title.clone() }
}

/// Freezes the header and makes the sheet print well.
///
/// # Errors
/// A limit of the format.
pub fn lay_out(sheet: &mut Worksheet) -> std::result::Result<(), rust_xlsxwriter::XlsxError> {
    sheet.set_freeze_panes(1, 0)?.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    Ok(())
}

/// The width of a column for texts of this width.
pub fn bounded(width: usize) -> f64 {
    let width = u32::try_from(width.clamp(WIDTHS.0, WIDTHS.1)).unwrap_or(0);
    f64::from(width) + 1.0
}

/// The width of a title, with room for the button of the filter.
pub fn title_width(column: &Column) -> usize {
    title_of(column).width() + 3
}

/// A name a sheet may have.
pub fn sheet_name(name: &str) -> String {
    let allowed = |c: &char| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') && !c.is_control();
    let name: String = name.chars().filter(allowed).take(MAX_NAME).collect();
    let name = name.trim().trim_matches('\'').trim();
    if name.is_empty() { "Sheet1".to_owned() } else { name.to_owned() }
}

/// The name of the `number`-th sheet of a table.
fn continued(name: &str, number: usize) -> String {
    let end = format!("_{number}");
    let kept: String = name.chars().take(MAX_NAME - end.len()).collect();
    kept + &end
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut_text("abc"), "abc");
        assert_eq!(cut_text(&"字".repeat(40_000)).chars().count(), 32_767);
        assert_eq!(cut_text(&"😀".repeat(20_000)).chars().count(), 16_383);
    }

    #[test]
    fn names_of_sheets_are_allowed_ones() {
        assert_eq!(sheet_name("联系人"), "联系人");
        assert_eq!(sheet_name("a/b:[c]"), "abc");
        assert_eq!(sheet_name("''"), "Sheet1");
        assert_eq!(sheet_name(&"长".repeat(40)).chars().count(), 31);
        assert_eq!(continued(&"长".repeat(31), 12).chars().count(), 31);
    }
}
