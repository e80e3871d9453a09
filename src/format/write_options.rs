//! What a file is written with, beside its rows.

use super::column::Column;
use super::dialect::Dialect;
use super::marking::Marking;
use crate::files::Access;

/// What a file is written with. A format takes of it what it knows.
#[derive(Debug, Clone, Copy)]
pub struct WriteOptions<'a> {
    /// Its columns.
    pub columns: &'a [Column],
    /// How text is written, in formats that are text.
    pub dialect: Dialect,
    /// Name of the sheet, in formats with sheets; what a sheet's name may not hold is left out of it.
    pub sheet: Option<&'a str>,
    /// Name of a sheet before it that [`Writer::finish_with`](super::Writer::finish_with) fills.
    pub summary_sheet: Option<&'a str>,
    /// What the file carries unseen, in formats that can: the export it is of.
    pub mark: Option<&'a str>,
    /// Rows of a sheet before the next one is begun, the header included, where they are to be fewer than the format holds.
    pub rows_per_sheet: Option<u32>,
    /// What somebody who works in it is helped with, in formats with sheets.
    pub marking: Option<&'a Marking>,
    /// Who may read it.
    pub access: Access,
}

impl<'a> WriteOptions<'a> {
    /// These columns, for the file's owner alone, and nothing else to say.
    pub fn new(columns: &'a [Column]) -> Self {
        WriteOptions {
            columns,
            dialect: Dialect::default(),
            sheet: None,
            summary_sheet: None,
            mark: None,
            rows_per_sheet: None,
            marking: None,
            access: Access::Owner,
        }
    }
}
