//! Writes a sheet row by row in constant memory. A sheet that is full is continued on the next one: `名称`, `名称_2`,
//! `名称_3`.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, Format, IgnoreError, Note, Workbook, Worksheet,
    XlsxError,
};

use super::cell_value::{CellFormats, CellValue};
use super::error::cannot_write;
use super::layout::{bounded, fits_into_a_cell, lay_out, text_width, title_width, write_title};
use super::limits::{MAX_COLUMNS, MAX_ROWS, continued, cut_text, sheet_name};
use super::save::save;
use super::summary::write_summary;
use super::template::{EXPORT, HIDDEN};
use crate::error::Result;
use crate::files::{Access, folder_of};
use crate::format::column::Column;
use crate::format::marking::{Mark, Marking};
use crate::format::panics::caught;
use crate::format::summary_sheet::SummarySheet;
use crate::format::value::Value;
use crate::format::write_options::WriteOptions;
use crate::format::writer::Writer;
use crate::t;

/// Rows whose texts decide how wide a column is.
const MEASURED_ROWS: u32 = 1_000;

/// Half the time of the library's own choice, for a tenth more bytes.
const COMPRESSION: u8 = 3;

/// Most notes beside cells; the reason of every row stands in its own column.
const MAX_NOTES: usize = 1_000;

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
    has_summary: bool,
    /// The next row of the sheet, from 0.
    row: u32,
    cut: u64,
    /// The export it is of.
    mark: Option<String>,
    formats: CellFormats,
    marking: Marking,
    /// Notes beside cells so far; they are kept in memory until the end.
    notes: usize,
    access: Access,
}

impl XlsxWriter {
    /// Begins a workbook that will stand at `path`.
    ///
    /// # Errors
    /// A folder that cannot be written, more columns than a sheet has.
    pub fn create(path: &Path, options: &WriteOptions<'_>) -> Result<Self> {
        if options.columns.len() > MAX_COLUMNS as usize {
            return Err(cannot_write(path, &t!("xlsx.too_many_columns", columns = options.columns.len())));
        }
        let mut workbook = Workbook::new();
        workbook.set_zip_compression_level(COMPRESSION);
        // The rows wait here, so that they lie on the disk they are meant for and nowhere else.
        workbook.set_tempdir(folder_of(path)).map_err(|error| cannot_write(path, &error))?;
        if let Some(mark) = options.mark {
            workbook.set_properties(&DocProperties::new().set_custom_property(EXPORT, mark));
        }
        if let Some(name) = options.summary_sheet {
            let sheet = workbook.add_worksheet();
            sheet.set_name(sheet_name(name)).map_err(|error| cannot_write(path, &error))?;
        }
        let mut writer = XlsxWriter {
            has_summary: options.summary_sheet.is_some(),
            path: path.to_owned(),
            workbook,
            name: sheet_name(options.sheet.unwrap_or(&t!("xlsx.sheet"))),
            columns: options.columns.to_vec(),
            widths: Vec::new(),
            rows_per_sheet: options.rows_per_sheet.unwrap_or(MAX_ROWS).clamp(2, MAX_ROWS),
            sheets: 0,
            row: 0,
            cut: 0,
            mark: options.mark.map(str::to_owned),
            formats: CellFormats::new(),
            marking: options.marking.cloned().unwrap_or_default(),
            notes: 0,
            access: options.access,
        };
        writer.begin_sheet()?;
        Ok(writer)
    }

    /// The index of the sheet being written among all.
    fn sheet_index(&self) -> usize {
        self.sheets - 1 + usize::from(self.has_summary)
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
        let (columns, marking) = (&self.columns, &self.marking);
        let begin = |sheet: &mut Worksheet| {
            sheet.set_name(name)?;
            for (column_index, column) in (0..).zip(columns) {
                if column.is_text {
                    sheet.set_column_format(column_index, &text)?;
                }
                write_title(sheet, column_index, column)?;
            }
            lay_out(sheet)?;
            help(sheet, marking, columns.len())
        };
        self.workbook
            .add_worksheet_with_constant_memory()
            .and_then(begin)
            .map_err(|error| cannot_write(&self.path, &error))
    }

    /// What it says of itself once more on a sheet that nobody sees: programs drop now the one, now the other.
    fn add_mark(&mut self) -> Result<()> {
        let Some(mark) = &self.mark else { return Ok(()) };
        let sheet = self.workbook.add_worksheet();
        sheet.set_very_hidden(true);
        let written = sheet
            .set_name(HIDDEN)
            .and_then(|sheet| sheet.write_string(0, 0, EXPORT))
            .and_then(|sheet| sheet.write_string(0, 1, mark));
        written.map(|_| ()).map_err(|error| cannot_write(&self.path, &error))
    }

    fn end_sheet(&mut self) -> Result<()> {
        let sheet_index = self.sheet_index();
        let (row, widths, wrapped) = (self.row, &self.widths, &self.marking.wrapped);
        let end = |sheet: &mut Worksheet| {
            for (column_index, width) in (0..).zip(widths) {
                let fixed = wrapped.iter().find(|(column, _)| *column == column_index).map(|(_, width)| *width);
                sheet.set_column_width(column_index, fixed.unwrap_or_else(|| bounded(*width)))?;
            }
            if let Some(last) = u16::try_from(widths.len()).ok().and_then(|columns| columns.checked_sub(1)) {
                sheet.autofilter(0, 0, row - 1, last)?;
                sheet.ignore_error_range(0, 0, row - 1, last, IgnoreError::NumberStoredAsText)?;
            }
            Ok(())
        };
        self.workbook.worksheet_from_index(sheet_index).and_then(end).map_err(|error| cannot_write(&self.path, &error))
    }
}

impl Writer for XlsxWriter {
    fn write(&mut self, values: &[Value<'_>]) -> Result<()> {
        let written = caught(|| self.write_row(values, &[]));
        self.unless_broken_off(written)
    }

    fn write_marked(&mut self, values: &[Value<'_>], marks: &[Mark]) -> Result<()> {
        let written = caught(|| self.write_row(values, marks));
        self.unless_broken_off(written)
    }

    fn cut(&self) -> u64 {
        self.cut
    }

    fn sheets(&self) -> usize {
        self.sheets
    }

    fn finish_with(mut self: Box<Self>, summary: &SummarySheet) -> Result<()> {
        if self.has_summary {
            let sheet = self.workbook.worksheet_from_index(0);
            sheet.and_then(|sheet| write_summary(sheet, summary)).map_err(|error| cannot_write(&self.path, &error))?;
        }
        self.finish()
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let finished = caught(|| {
            self.end_sheet()?;
            self.add_mark()?;
            save(&mut self.workbook, &self.path, self.access)
        });
        self.unless_broken_off(finished)
    }
}

impl XlsxWriter {
    /// The library panics where it cannot write to the disk.
    fn unless_broken_off(&self, done: std::result::Result<Result<()>, String>) -> Result<()> {
        done.unwrap_or_else(|words| Err(cannot_write(&self.path, &cause(&words))))
    }

    fn write_row(&mut self, values: &[Value<'_>], marks: &[Mark]) -> Result<()> {
        if self.row == self.rows_per_sheet {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        if values.len() > MAX_COLUMNS as usize {
            return Err(cannot_write(&self.path, &t!("xlsx.too_many_columns", columns = values.len())));
        }
        let sheet_index = self.sheet_index();
        let sheet =
            self.workbook.worksheet_from_index(sheet_index).map_err(|error| cannot_write(&self.path, &error))?;
        for (column_index, value) in (0u16..).zip(values) {
            let is_text = self.columns.get(usize::from(column_index)).is_some_and(|column| column.is_text);
            let is_wrapped = self.marking.wrapped.iter().any(|(wrapped, _)| *wrapped == column_index);
            let mark = marks.iter().find(|mark| mark.column == usize::from(column_index));
            let (value, format) = match self.formats.value(value) {
                CellValue::Date(date, format) => (CellValue::Date(date, format), Some(format)),
                value if is_text => (value, Some(&self.formats.text)),
                value if is_wrapped => (value, Some(&self.formats.wrapped)),
                value => (value, None),
            };
            let wrong = mark.map(|_| wrong(format));
            // A text looks as its column does where nothing else is said: that costs less than saying the same of each cell.
            let own = if is_text && !matches!(value, CellValue::Date(..)) { None } else { format };
            let format = wrong.as_ref().or(own);
            let mut width = 0;
            let written = match (value, format) {
                (CellValue::Empty, Some(format)) if wrong.is_some() => {
                    sheet.write_blank(self.row, column_index, format)
                }
                (CellValue::Empty, _) => continue,
                // It stays a number in a column of text, too: what a spreadsheet program made of a phone number must not
                // look repaired. What is typed over it is text.
                (CellValue::Number(number), Some(format)) => {
                    sheet.write_number_with_format(self.row, column_index, number, format)
                }
                (CellValue::Number(number), None) => sheet.write_number(self.row, column_index, number),
                (CellValue::Date(date, usual), format) => {
                    width = 19;
                    sheet.write_with_format(self.row, column_index, &date, format.unwrap_or(usual))
                }
                (CellValue::Text(text), format) => {
                    let kept = cut_text(&text);
                    self.cut += u64::from(kept.len() < text.len());
                    width = if self.row < MEASURED_ROWS { text_width(kept) } else { 0 };
                    match format {
                        Some(format) => sheet.write_string_with_format(self.row, column_index, kept, format),
                        None => sheet.write_string(self.row, column_index, kept),
                    }
                }
            };
            written.map_err(|error| cannot_write(&self.path, &error))?;
            if let Some(mark) = mark.filter(|mark| !mark.note.is_empty() && self.notes < MAX_NOTES) {
                self.notes += 1;
                let note = Note::new(cut_text(&mark.note)).add_author_prefix(false);
                sheet.insert_note(self.row, column_index, &note).map_err(|error| cannot_write(&self.path, &error))?;
            }
            if self.row < MEASURED_ROWS
                && let Some(widest) = self.widths.get_mut(usize::from(column_index))
            {
                *widest = width.max(*widest);
            }
        }
        self.row += 1;
        Ok(())
    }
}

/// How a wrong cell looks that would look so otherwise.
fn wrong(format: Option<&Format>) -> Format {
    let format = format.cloned().unwrap_or_default();
    format.set_background_color(Color::RGB(0x00FF_C7CE)).set_font_color(Color::RGB(0x009C_0006))
}

/// Keeps columns in sight, offers choices, and folds away what is for programs.
fn help(sheet: &mut Worksheet, marking: &Marking, columns: usize) -> Result<(), XlsxError> {
    if marking.frozen > 0 {
        sheet.set_freeze_panes(1, marking.frozen)?;
    }
    for (column, choices) in &marking.choices {
        // A longer list does not fit into the rule of a cell; what may stand there is said in the reason.
        let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
        if fits_into_a_cell(&choices) {
            let list =
                DataValidation::new().allow_list_strings(&choices)?.set_error_style(DataValidationErrorStyle::Warning);
            sheet.add_data_validation(1, *column, MAX_ROWS - 1, *column, &list)?;
        }
    }
    if let (Some(first), Some(last)) =
        (marking.technical, u16::try_from(columns).ok().and_then(|all| all.checked_sub(1)))
    {
        sheet.group_columns_collapsed(first, last)?;
    }
    Ok(())
}

/// What a panic of the library says of the disk, in the system's own words.
fn cause(words: &str) -> String {
    let code = words.split_once("code: ").and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next());
    match code.and_then(|code| code.parse().ok()) {
        Some(code) => crate::message::Message::of_system(&std::io::Error::from_raw_os_error(code)).to_string(),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_in_the_words_of_the_system() {
        let words = "Couldn't write to xml file: Os { code: 2, kind: NotFound, message: \"…\" }";
        assert_eq!(cause(words), "there is no such file or folder");
        assert_eq!(cause("something else"), "something else");
    }
}
