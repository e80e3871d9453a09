//! The files themselves: written under a name of their own beside the target, put in place when whole.

use std::io::Write;
use std::path::{Path, PathBuf};

use rust_i18n::t;
use sha2::{Digest, Sha256};

use crate::error::{Context, Error, Result};
use crate::export::arguments::{Encoding, To};
use crate::export::summary::Front;
use crate::format::xlsx::XlsxWriter;
use crate::format::{CSV, Column, Dialect, JSONL, Value, WriteOptions, Writer};
use crate::message;

/// A table to write.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its format.
    pub to: To,
    /// Encoding of a text file.
    pub encoding: Encoding,
    /// The name it is written under.
    pub path: PathBuf,
    /// Name of its sheet.
    pub sheet: String,
    /// Name of a first sheet that sums it up.
    pub front: Option<String>,
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
pub enum Open {
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
    pub fn create(&self) -> Result<Open> {
        Ok(match self.to {
            To::Xlsx => {
                let options = WriteOptions {
                    sheet: Some(&self.sheet),
                    summary_sheet: self.front.as_deref(),
                    ..WriteOptions::new(&self.columns)
                };
                Open::Xlsx(Box::new(XlsxWriter::create(&self.path, &options)?))
            }
            To::Csv => {
                let encoding = match self.encoding {
                    Encoding::Utf8 => encoding_rs::UTF_8,
                    Encoding::Gb18030 => encoding_rs::GB18030,
                };
                let dialect = Dialect { encoding, ..Dialect::default() };
                Open::Text(CSV.create(&self.path, &WriteOptions { dialect, ..WriteOptions::new(&self.columns) })?)
            }
            To::Jsonl => Open::Text(JSONL.create(&self.path, &WriteOptions::new(&self.columns))?),
        })
    }
}

impl Open {
    /// Writes a row.
    ///
    /// # Errors
    /// A full disk.
    pub fn write(&mut self, values: &[Value<'_>]) -> Result<()> {
        match self {
            Open::Xlsx(writer) => writer.write(values),
            Open::Text(writer) => writer.write(values),
        }
    }

    /// Completes the file.
    ///
    /// # Errors
    /// A full disk.
    pub fn finish(self, front: Option<Front>) -> Result<Written> {
        match self {
            Open::Xlsx(writer) => {
                let written = Written { cut: writer.cut(), sheets: writer.sheets() };
                match front {
                    Some(front) => writer.finish_with(&front)?,
                    None => writer.finish()?,
                }
                Ok(written)
            }
            Open::Text(writer) => {
                let written = Written { cut: writer.cut(), sheets: 1 };
                writer.finish()?;
                Ok(written)
            }
        }
    }
}

/// A folder for files that are not whole yet, on the disk they are meant for. It is gone when it is dropped.
///
/// # Errors
/// A folder that cannot be written.
pub fn workshop(target: Option<&Path>) -> Result<tempfile::TempDir> {
    let folder = match target {
        Some(target) => folder_of(target).to_owned(),
        None => std::env::temp_dir(),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".bw8-");
    builder.tempdir_in(&folder).context(|| message!("export.cannot_write", file = folder.display()))
}

/// Where a finished file ended up.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its path.
    pub path: PathBuf,
    /// Its name is taken by a program that has it open, so it stands beside.
    pub is_beside: bool,
}

/// Puts a whole file in place. When the target is open in a spreadsheet program, beside it.
///
/// # Errors
/// No name can be taken.
pub fn publish(whole: &Path, target: &Path) -> Result<Published> {
    let is_open = is_open_elsewhere(target);
    if !is_open {
        match std::fs::rename(whole, target) {
            Ok(()) => return Ok(Published { path: target.to_owned(), is_beside: false }),
            Err(_) if target.exists() => {}
            Err(error) => return Err(cannot_write(target, &error)),
        }
    }
    for number in 2..1000 {
        let beside = beside(target, number);
        if beside.exists() {
            continue;
        }
        std::fs::rename(whole, &beside).map_err(|error| cannot_write(&beside, &error))?;
        return Ok(Published { path: beside, is_beside: true });
    }
    Err(cannot_write(target, &t!("export.no_name")))
}

fn cannot_write(file: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::cannot_run(format!("{}: {why}", t!("export.cannot_write", file = file.display())))
}

/// Excel and WPS put an owner file beside a workbook they have open; to replace it then would let the user's next "save"
/// undo the export.
fn is_open_elsewhere(target: &Path) -> bool {
    let Some(name) = target.file_name() else {
        return false;
    };
    let owner = folder_of(target).join(format!("~${}", name.to_string_lossy()));
    target.exists() && owner.exists()
}

/// `weekly.xlsx` becomes `weekly-2.xlsx`.
fn beside(target: &Path, number: u32) -> PathBuf {
    let stem = target.file_stem().unwrap_or_default().to_string_lossy();
    let name = match target.extension() {
        Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    target.with_file_name(name)
}

fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Copies a whole file to standard output. A pipe that is closed early ends it without a fuss: its reader had enough.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(whole: &Path) -> Result<()> {
    let place = || message!("export.cannot_write", file = "-");
    let mut file = std::fs::File::open(whole).context(place)?;
    let mut out = std::io::stdout().lock();
    match std::io::copy(&mut file, &mut out).and_then(|_| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context(place),
    }
}

/// The SHA-256 of a file, and how long it is.
///
/// # Errors
/// A file that cannot be read.
pub fn checksum(file: &Path) -> Result<(String, u64)> {
    let place = || message!("format.unreadable", file = file.display(), why = "");
    let mut hasher = Sha256::new();
    let mut source = std::fs::File::open(file).context(place)?;
    let length = std::io::copy(&mut source, &mut HashWriter(&mut hasher)).context(place)?;
    Ok((hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), length))
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_workbook_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, target) = (folder.path().join("whole"), folder.path().join("weekly.xlsx"));
        std::fs::write(&target, "old").unwrap();
        std::fs::write(folder.path().join("~$weekly.xlsx"), "").unwrap();
        std::fs::write(&whole, "new").unwrap();
        let published = publish(&whole, &target).unwrap();
        assert!(published.is_beside);
        assert_eq!(published.path, folder.path().join("weekly-2.xlsx"));
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
        assert_eq!(std::fs::read_to_string(&published.path).unwrap(), "new");
    }

    #[test]
    fn a_file_takes_the_place_of_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, target) = (folder.path().join("whole"), folder.path().join("weekly.csv"));
        std::fs::write(&target, "old").unwrap();
        std::fs::write(&whole, "new").unwrap();
        assert!(!publish(&whole, &target).unwrap().is_beside);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
    }
}
