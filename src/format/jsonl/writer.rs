//! Writes JSON Lines: an object of the columns, or, where there are none, the objects that the values are.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};
use crate::files::AtomicFile;
use crate::format::value::Value;
use crate::format::write_options::WriteOptions;
use crate::format::writer::Writer;
use crate::message;
use crate::message::Message;

/// Writes JSON Lines, which appear under their name when they are whole.
pub(super) struct JsonlWriter {
    path: PathBuf,
    file: BufWriter<AtomicFile>,
    titles: Vec<String>,
    line: String,
}

impl JsonlWriter {
    /// Begins a file that will stand at `path`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn create(path: &Path, options: &WriteOptions<'_>) -> Result<Self> {
        let file = BufWriter::new(AtomicFile::beside(path, options.access).context(|| cannot_write(path))?);
        let titles =
            options.columns.iter().map(|column| serde_json::Value::from(column.title.as_str()).to_string()).collect();
        Ok(JsonlWriter { path: path.to_owned(), file, titles, line: String::new() })
    }
}

impl Writer for JsonlWriter {
    fn write(&mut self, values: &[Value<'_>]) -> Result<()> {
        self.line.clear();
        if let ([], [Value::Json(object)]) = (self.titles.as_slice(), values) {
            let written = self.file.write_all(object.as_bytes()).and_then(|()| self.file.write_all(b"\n"));
            return written.context(|| cannot_write(&self.path));
        }
        for (title, value) in self.titles.iter().zip(values) {
            self.line.push(if self.line.is_empty() { '{' } else { ',' });
            self.line.push_str(title);
            self.line.push(':');
            let json = match value {
                Value::Json(json) => {
                    self.line.push_str(json);
                    continue;
                }
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
        self.file.write_all(self.line.as_bytes()).context(|| cannot_write(&self.path))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let cannot_write = || cannot_write(&self.path);
        let file = self.file.into_inner().map_err(|error| error.into_error()).context(cannot_write)?;
        file.replace(&self.path).context(cannot_write)
    }
}

fn cannot_write(path: &Path) -> Message {
    message!("csv.cannot_write", file = path.display())
}
