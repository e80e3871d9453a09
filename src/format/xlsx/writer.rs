//! Writes a sheet row by row in constant memory. A sheet that is full is continued on the next one: `名称`, `名称_2`,
//! `名称_3`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DocProperties, Format, IgnoreError, Note, Workbook, Worksheet, XlsxError,
};

use super::cell_value::{CellValue, PLAIN, TEXT, WRAPPED, looks, wrong};
use super::error::{cannot_write, not_written};
use super::layout::{bounded, fits_into_a_cell, lay_out, lines_of, text_width, title_width, too_wide, write_title};
use super::limits::{MAX_COLUMNS, MAX_ROWS, continued, cut_text, sheet_name};
use super::row_sheet::{Look, RowSheet};
use super::save::{COMPRESSION, SheetRows, save_with_rows};
use super::summary::write_summary;
use super::template::{EXPORT, HIDDEN};
use crate::error::Result;
use crate::files::{Access, folder_of};
use crate::format::column::Column;
use crate::format::marking::{Mark, Marking};
use crate::format::summary_sheet::SummarySheet;
use crate::format::value::Value;
use crate::format::write_options::WriteOptions;
use crate::format::writer::Writer;
use crate::t;

/// Rows whose texts decide how wide a column is.
const MEASURED_ROWS: u32 = 1_000;

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
    /// The sheets that are complete, and the one that is being written.
    sheets: Vec<SheetRows>,
    /// There is a sheet before those of the rows.
    has_summary: bool,
    /// The next row of the sheet, from 0.
    row: u32,
    cut: u64,
    /// The export it is of.
    mark: Option<String>,
    looks: Vec<Format>,
    /// How many looks of the workbook have numbers before those: its titles'.
    titles: Look,
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
        // Rows wait here, so that they lie on the disk they are meant for and nowhere else.
        workbook.set_tempdir(folder_of(path)).map_err(|error| not_written(path, &error))?;
        if let Some(mark) = options.mark {
            workbook.set_properties(&DocProperties::new().set_custom_property(EXPORT, mark));
        }
        if let Some(name) = options.summary_sheet {
            let sheet = workbook.add_worksheet();
            sheet.set_name(sheet_name(name)).map_err(|error| not_written(path, &error))?;
        }
        let mut writer = XlsxWriter {
            has_summary: options.summary_sheet.is_some(),
            path: path.to_owned(),
            workbook,
            name: sheet_name(options.sheet.unwrap_or(&t!("xlsx.sheet"))),
            columns: options.columns.to_vec(),
            widths: Vec::new(),
            rows_per_sheet: options.rows_per_sheet.unwrap_or(MAX_ROWS).clamp(2, MAX_ROWS),
            sheets: Vec::new(),
            row: 0,
            cut: 0,
            mark: options.mark.map(str::to_owned),
            looks: looks(),
            titles: options.columns.iter().map(|column| column.required).collect::<BTreeSet<bool>>().len(),
            marking: options.marking.cloned().unwrap_or_default(),
            notes: 0,
            access: options.access,
        };
        writer.begin_sheet()?;
        Ok(writer)
    }

    fn begin_sheet(&mut self) -> Result<()> {
        let name = match self.sheets.len() {
            0 => self.name.clone(),
            number => continued(&self.name, number + 1),
        };
        self.widths = self.columns.iter().map(title_width).collect();
        self.row = 1;
        let rows = RowSheet::new_in(folder_of(&self.path)).map_err(|error| not_written(&self.path, &error))?;
        let sheet_index = self.sheets.len() + usize::from(self.has_summary);
        self.sheets.push(SheetRows { sheet_index, rows, last: 1, columns: self.columns.len() });
        let (columns, marking, looks) = (&self.columns, &self.marking, &self.looks);
        let begin = |sheet: &mut Worksheet| {
            sheet.set_name(name)?;
            for (column_index, column) in (0..).zip(columns) {
                write_title(sheet, column_index, column)?;
            }
            // Looks are numbered in the order in which they are used.
            for (column_index, look) in (0..).zip(looks) {
                sheet.write_blank(1, column_index, look)?;
            }
            for (column_index, _) in (0..).zip(columns).filter(|(_, column)| column.is_text) {
                sheet.set_column_format(column_index, &looks[TEXT - 1])?;
            }
            lay_out(sheet)?;
            help(sheet, marking, columns.len())
        };
        // Of the sheets of the library these are the ones whose looks keep their numbers.
        self.workbook
            .add_worksheet_with_constant_memory()
            .and_then(begin)
            .map_err(|error| not_written(&self.path, &error))
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
        written.map(|_| ()).map_err(|error| not_written(&self.path, &error))
    }

    fn end_sheet(&mut self) -> Result<()> {
        let Some(rows) = self.sheets.last_mut() else { return Ok(()) };
        rows.last = self.row;
        let sheet_index = rows.sheet_index;
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
        self.workbook.worksheet_from_index(sheet_index).and_then(end).map_err(|error| not_written(&self.path, &error))
    }
}

impl Writer for XlsxWriter {
    fn write(&mut self, values: &[Value<'_>]) -> Result<()> {
        self.write_row(values, &[])
    }

    fn write_marked(&mut self, values: &[Value<'_>], marks: &[Mark]) -> Result<()> {
        self.write_row(values, marks)
    }

    fn cut(&self) -> u64 {
        self.cut
    }

    fn sheets(&self) -> usize {
        self.sheets.len()
    }

    fn finish_with(mut self: Box<Self>, summary: &SummarySheet) -> Result<()> {
        if self.has_summary {
            let sheet = self.workbook.worksheet_from_index(0);
            sheet.and_then(|sheet| write_summary(sheet, summary)).map_err(|error| not_written(&self.path, &error))?;
        }
        self.finish()
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.end_sheet()?;
        self.add_mark()?;
        let looks = self.titles..self.titles + self.looks.len();
        save_with_rows(&mut self.workbook, (&mut self.sheets, looks), &self.path, self.access)
    }
}

impl XlsxWriter {
    fn write_row(&mut self, values: &[Value<'_>], marks: &[Mark]) -> Result<()> {
        if self.row == self.rows_per_sheet {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        if values.len() > MAX_COLUMNS as usize {
            return Err(cannot_write(&self.path, &t!("xlsx.too_many_columns", columns = values.len())));
        }
        let Some(SheetRows { sheet_index, rows, .. }) = self.sheets.last_mut() else { return Ok(()) };
        rows.begin_row(self.row + 1);
        let mut lines = 1;
        for (column_index, value) in (0u16..).zip(values) {
            let column = usize::from(column_index);
            let is_text = self.columns.get(column).is_some_and(|column| column.is_text);
            let wrapped = self.marking.wrapped.iter().find(|(wrapped, _)| *wrapped == column_index);
            let mark = marks.iter().find(|mark| mark.column == column);
            let value = CellValue::of(value);
            let column_width = wrapped.map(|(_, width)| *width).or_else(|| match &value {
                CellValue::Text(text) if self.marking.wraps_long && !is_text => too_wide(text),
                _ => None,
            });
            // A column is as wide as such a text is broken for, wherever it comes.
            let is_measured = self.row < MEASURED_ROWS || wrapped.is_none() && column_width.is_some();
            let look = match &value {
                CellValue::Date(_, look) => *look,
                _ if is_text => TEXT,
                _ if column_width.is_some() => WRAPPED,
                _ => PLAIN,
            };
            let look = if mark.is_some() { wrong(look) } else { look };
            let look = if look == PLAIN { PLAIN } else { self.titles + look };
            let mut width = 0;
            match value {
                CellValue::Empty if mark.is_some() => rows.blank(column, look),
                CellValue::Empty => continue,
                // It stays a number in a column of text, too: what a spreadsheet program made of a phone number must not
                // look repaired. What is typed over it is text.
                CellValue::Number(number) => rows.number(column, number, look),
                CellValue::Date(number, _) => {
                    width = 19;
                    rows.number(column, number, look);
                }
                CellValue::Text(text) => {
                    let kept = cut_text(&text);
                    self.cut += u64::from(kept.len() < text.len());
                    width = if is_measured { text_width(kept) } else { 0 };
                    if let Some(column_width) = column_width {
                        lines = lines.max(lines_of(kept, column_width));
                    }
                    rows.text(column, kept, look);
                }
            }
            if let Some(mark) = mark.filter(|mark| !mark.note.is_empty() && self.notes < MAX_NOTES) {
                self.notes += 1;
                let note = Note::new(cut_text(&mark.note)).add_author_prefix(false);
                let sheet = self.workbook.worksheet_from_index(*sheet_index);
                sheet
                    .and_then(|sheet| sheet.insert_note(self.row, column_index, &note).map(drop))
                    .map_err(|error| not_written(&self.path, &error))?;
            }
            if is_measured && let Some(widest) = self.widths.get_mut(column) {
                *widest = width.max(*widest);
            }
        }
        rows.end_row(lines).map_err(|error| not_written(&self.path, &error))?;
        self.row += 1;
        Ok(())
    }
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
