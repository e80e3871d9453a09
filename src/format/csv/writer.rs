//! Writes delimited text.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use csv::Terminator;

use super::formula_guard::guard;
use crate::error::{Context, Result};
use crate::files::AtomicFile;
use crate::format::value::Value;
use crate::format::write_options::WriteOptions;
use crate::format::writer::Writer;
use crate::message;
use crate::message::Message;

/// Writes delimited text, which appears under its name when it is whole.
pub(super) struct CsvWriter {
    path: PathBuf,
    writer: csv::Writer<BufWriter<AtomicFile>>,
    /// Which columns are kept as text, where a leading + is that of a phone number.
    text_columns: Vec<bool>,
    encoding: &'static encoding_rs::Encoding,
}

impl CsvWriter {
    /// Begins a file that will stand at `path`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn create(path: &Path, options: &WriteOptions<'_>) -> Result<Self> {
        let (columns, encoding) = (options.columns, options.dialect.encoding);
        let cannot_write = || cannot_write(path);
        let mut file = BufWriter::new(AtomicFile::beside(path, options.access).context(cannot_write)?);
        if encoding == encoding_rs::UTF_8 {
            file.write_all(b"\xEF\xBB\xBF").context(cannot_write)?;
        }
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .terminator(Terminator::CRLF)
            .delimiter(options.dialect.delimiter)
            .from_writer(file);
        for column in columns {
            writer.write_field(encoding.encode(&guard(&column.title, false)).0).context(cannot_write)?;
        }
        writer.write_record(None::<&[u8]>).context(cannot_write)?;
        let text_columns = columns.iter().map(|column| column.is_text).collect();
        Ok(CsvWriter { path: path.to_owned(), writer, text_columns, encoding })
    }
}

fn cannot_write(path: &Path) -> Message {
    message!("csv.cannot_write", file = path.display())
}

impl Writer for CsvWriter {
    fn write(&mut self, values: &[Value<'_>]) -> Result<()> {
        let cannot_write = || cannot_write(&self.path);
        for (column, value) in values.iter().enumerate() {
            let may_be_phone = self.text_columns.get(column).copied().unwrap_or(false);
            match value {
                Value::Empty => self.writer.write_field(""),
                // Commas, quotes and line breaks are never part of a longer character in either encoding.
                Value::Text(text) | Value::Json(text) => {
                    self.writer.write_field(self.encoding.encode(&guard(text, may_be_phone)).0)
                }
                Value::Number(number) => self.writer.write_field(number.to_string()),
                Value::Date(date) => self.writer.write_field(date.to_string()),
                Value::DateTime(moment) => self.writer.write_field(moment.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            }
            .context(cannot_write)?;
        }
        self.writer.write_record(None::<&[u8]>).context(cannot_write)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let cannot_write = || cannot_write(&self.path);
        let file = self.writer.into_inner().map_err(|error| error.into_error()).context(cannot_write)?;
        let file = file.into_inner().map_err(|error| error.into_error()).context(cannot_write)?;
        file.replace(&self.path).context(cannot_write)
    }
}
