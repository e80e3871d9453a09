//! JSON Lines: one object a row, its members named after the columns. Written for programs, so texts, numbers and nothing
//! stay apart and no cell is cut.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Column, Value, Writer};
use crate::error::{Context, Result};
use crate::message;

/// Writes JSON Lines to a temporary name in the same folder and renames it when whole.
pub struct JsonlWriter {
    path: PathBuf,
    file: BufWriter<tempfile::NamedTempFile>,
    titles: Vec<String>,
    line: String,
}

impl JsonlWriter {
    /// Begins a file that will stand at `path`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn create(path: &Path, columns: &[Column]) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let place = || message!("csv.cannot_write", file = path.display());
        let file = BufWriter::new(tempfile::NamedTempFile::new_in(folder).context(place)?);
        let titles = columns.iter().map(|column| serde_json::Value::from(column.title.as_str()).to_string()).collect();
        Ok(JsonlWriter { path: path.to_owned(), file, titles, line: String::new() })
    }
}

impl Writer for JsonlWriter {
    fn write(&mut self, values: &[Value<'_>]) -> Result<()> {
        self.line.clear();
        for (title, value) in self.titles.iter().zip(values) {
            self.line.push(if self.line.is_empty() { '{' } else { ',' });
            self.line.push_str(title);
            self.line.push(':');
            let json = match value {
                Value::Empty => serde_json::Value::Null,
                Value::Text(text) => (*text).into(),
                // A whole number of up to 15 digits is exact either way; it is written without a fraction.
                Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => (*number as i64).into(),
                Value::Number(number) => (*number).into(),
                Value::Date(date) => date.to_string().into(),
                Value::DateTime(moment) => moment.strftime("%Y-%m-%d %H:%M:%S").to_string().into(),
            };
            self.line.push_str(&json.to_string());
        }
        self.line.push_str("}\n");
        let place = || message!("csv.cannot_write", file = self.path.display());
        self.file.write_all(self.line.as_bytes()).context(place)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let place = || message!("csv.cannot_write", file = self.path.display());
        let file = self.file.into_inner().map_err(|error| error.into_error()).context(place)?;
        file.as_file().sync_all().context(place)?;
        file.persist(&self.path).map_err(|error| error.error).context(place)?;
        Ok(())
    }
}
