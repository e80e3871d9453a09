//! What every format's writer does.

use super::marking::Mark;
use super::summary_sheet::SummarySheet;
use super::value::Value;
use crate::error::Result;

/// Writes rows in order. Nothing stands under the file's name until [`Writer::finish`]: a half-written file is never
/// taken for a whole one.
pub trait Writer {
    /// Writes one row.
    ///
    /// # Errors
    /// A full disk or a format's limit.
    fn write(&mut self, values: &[Value<'_>]) -> Result<()>;

    /// Writes one row some cells of which are wrong, each with what is said beside it where the format can.
    ///
    /// # Errors
    /// As [`Writer::write`].
    fn write_marked(&mut self, values: &[Value<'_>], _marks: &[Mark]) -> Result<()> {
        self.write(values)
    }

    /// Cells so far whose text was cut because the format holds no longer one.
    fn cut(&self) -> u64 {
        0
    }

    /// Sheets the rows take so far; 1 where the format has none.
    fn sheets(&self) -> usize {
        1
    }

    /// Completes the file with a sheet that sums it up, where one was announced when the file was begun, and puts it under
    /// its name. Formats without sheets leave it out.
    ///
    /// # Errors
    /// As [`Writer::finish`].
    fn finish_with(self: Box<Self>, _summary: &SummarySheet) -> Result<()> {
        self.finish()
    }

    /// Completes the file and puts it under its name.
    ///
    /// # Errors
    /// A full disk, or a name that is locked by another program.
    fn finish(self: Box<Self>) -> Result<()>;
}
