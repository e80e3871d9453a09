//! One table as a file: what it holds, and the writer of its format.

use std::path::PathBuf;

use super::output::TextEncoding;
use crate::error::Result;
use crate::files::Access;
use crate::format::{Column, Dialect, FileFormat, SummarySheet, WriteOptions, Writer};

/// A table to write.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Its format.
    pub format: &'static FileFormat,
    /// Encoding of a text file.
    pub encoding: TextEncoding,
    /// The name it is written under.
    pub path: PathBuf,
    /// Name of its sheet.
    pub sheet: String,
    /// Name of a first sheet that sums it up.
    pub summary_sheet: Option<String>,
    /// What it carries unseen, where its format can: the export it is of.
    pub mark: Option<String>,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    /// Cells that were cut.
    pub cut: u64,
    /// Sheets the rows took.
    pub sheets: usize,
}

impl Table {
    /// Begins the file.
    ///
    /// # Errors
    /// A folder that cannot be written, too many columns.
    pub(super) fn create(&self) -> Result<Box<dyn Writer>> {
        let encoding = match self.encoding {
            TextEncoding::Utf8 => encoding_rs::UTF_8,
            TextEncoding::Gb18030 => encoding_rs::GB18030,
        };
        let options = WriteOptions {
            dialect: Dialect { encoding, ..Dialect::default() },
            access: Access::Usual,
            sheet: Some(&self.sheet),
            summary_sheet: self.summary_sheet.as_deref(),
            mark: self.mark.as_deref(),
            ..WriteOptions::new(&self.columns)
        };
        self.format.create(&self.path, &options)
    }
}

impl Written {
    /// Completes a file, and tells what its format made of it.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn finish(writer: Box<dyn Writer>, summary: Option<SummarySheet>) -> Result<Written> {
        let written = Written { cut: writer.cut(), sheets: writer.sheets() };
        match summary {
            Some(summary) => writer.finish_with(&summary)?,
            None => writer.finish()?,
        }
        Ok(written)
    }
}
