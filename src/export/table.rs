//! One table as a file: what it holds, and the writer of its format.

use std::path::PathBuf;

use super::output::{ExportFormat, TextEncoding};
use crate::error::Result;
use crate::format::csv::{CsvWriter, Dialect};
use crate::format::jsonl::JsonlWriter;
use crate::format::xlsx::{Options, SummarySheet, XlsxWriter};
use crate::format::{Column, Value, Writer};

/// A table to write.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its format.
    pub format: ExportFormat,
    /// Encoding of a text file.
    pub encoding: TextEncoding,
    /// The name it is written under.
    pub path: PathBuf,
    /// Name of its sheet.
    pub sheet: String,
    /// Name of a first sheet that sums it up.
    pub summary_sheet: Option<String>,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written {
    /// Cells that were cut.
    pub cut: u64,
    /// Sheets the rows took.
    pub sheets: usize,
}

/// A table being written.
pub enum OpenTable {
    /// A workbook.
    Xlsx(Box<XlsxWriter>),
    /// Text.
    Text(Box<dyn Writer>),
}

impl Table {
    /// Begins the file.
    ///
    /// # Errors
    /// A folder that cannot be written, too many columns.
    pub fn create(&self) -> Result<OpenTable> {
        Ok(match self.format {
            ExportFormat::Xlsx => {
                let summary_sheet = self.summary_sheet.as_deref();
                let options = Options { summary_sheet, ..Options::new(&self.sheet, &self.columns) };
                OpenTable::Xlsx(Box::new(XlsxWriter::create(&self.path, &options)?))
            }
            ExportFormat::Csv => {
                let encoding = match self.encoding {
                    TextEncoding::Utf8 => encoding_rs::UTF_8,
                    TextEncoding::Gb18030 => encoding_rs::GB18030,
                };
                let dialect = Dialect { encoding, ..Dialect::default() };
                OpenTable::Text(Box::new(CsvWriter::create_in(&self.path, &self.columns, dialect)?))
            }
            ExportFormat::Jsonl => OpenTable::Text(Box::new(JsonlWriter::create(&self.path, &self.columns)?)),
        })
    }
}

impl OpenTable {
    /// Writes a row.
    ///
    /// # Errors
    /// A full disk.
    pub fn write(&mut self, values: &[Value<'_>]) -> Result<()> {
        match self {
            OpenTable::Xlsx(writer) => writer.write(values),
            OpenTable::Text(writer) => writer.write(values),
        }
    }

    /// Completes the file.
    ///
    /// # Errors
    /// A full disk.
    pub fn finish(self, summary: Option<SummarySheet>) -> Result<Written> {
        match self {
            OpenTable::Xlsx(writer) => {
                let written = Written { cut: writer.cut(), sheets: writer.sheets() };
                match summary {
                    Some(summary) => writer.finish_with(&summary)?,
                    None => writer.finish()?,
                }
                Ok(written)
            }
            OpenTable::Text(writer) => {
                let written = Written { cut: writer.cut(), sheets: 1 };
                writer.finish()?;
                Ok(written)
            }
        }
    }
}
