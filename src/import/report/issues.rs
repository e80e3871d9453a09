//! `issues.csv`: one line for each finding of the check.

use std::path::{Path, PathBuf};

use super::content::RunContent;
use crate::check::findings::RowFinding;
use crate::error::Result;
use crate::files;
use crate::format::{CSV, Column, Input, Value, WriteOptions, Writer, column_letters};
use crate::import::preflight::Preflight;
use crate::mapping::Mapping;

const HEAD: [&str; 8] = ["row", "sheet", "column", "header", "code", "rule", "hint", "severity"];
/// Rows whose findings are read from the journal at a time.
const AT_A_TIME: usize = 4096;

/// Writes all findings to a file in the working folder, for commands that have no run.
///
/// # Errors
/// A folder that cannot be written.
pub fn write_issues_beside(input: &Input, preflight: &Preflight) -> Result<PathBuf> {
    write_issues_to(PathBuf::from(files::name_with_ending(&input.path, ".issues.csv")), preflight)
}

/// Removes the findings that an earlier check of an input wrote beside it, and no other file of that name.
///
/// # Errors
/// A file that cannot be removed.
pub fn remove_issues_beside(input: &Input) -> Result<()> {
    let path = PathBuf::from(files::name_with_ending(&input.path, ".issues.csv"));
    let head = HEAD.join(",");
    let is_ours = std::fs::read(&path).is_ok_and(|bytes| {
        String::from_utf8_lossy(&bytes[..bytes.len().min(head.len() + 3)])
            .trim_start_matches('\u{feff}')
            .starts_with(&head)
    });
    if is_ours { files::remove(&path) } else { Ok(()) }
}

/// Writes the findings of a check into a file.
///
/// # Errors
/// A full disk, a folder that cannot be written.
pub fn write_issues_to(path: PathBuf, preflight: &Preflight) -> Result<PathBuf> {
    let mut issues = Issues::create(&path)?;
    preflight.findings.each(|finding| issues.write(&finding, preflight.sheet.name.as_deref(), &preflight.mapping))?;
    issues.finish()?;
    Ok(path)
}

/// Writes the findings of a run into its folder.
///
/// # Errors
/// A full disk, a journal that cannot be read.
pub(super) fn write(content: &RunContent<'_>) -> Result<Option<PathBuf>> {
    let path = content.journal.folder().join("issues.csv");
    let mut writer = None;
    let mut from = 0;
    while from < content.identity().rows {
        for finding in content.past.findings(from, AT_A_TIME)? {
            let writer: &mut Issues = match &mut writer {
                Some(writer) => writer,
                none => none.insert(Issues::create(&path)?),
            };
            writer.write(&finding, content.identity().sheet.as_deref(), content.mapping)?;
        }
        from += AT_A_TIME as u64;
    }
    match writer {
        Some(writer) => writer.finish().map(|()| Some(path)),
        // The file of an earlier input would speak of rows that are fixed.
        None => files::remove(&path).map(|()| None),
    }
}

/// A file of findings.
struct Issues {
    writer: Box<dyn Writer>,
}

impl Issues {
    /// Begins a file of findings.
    ///
    /// # Errors
    /// A folder that cannot be written.
    fn create(path: &Path) -> Result<Issues> {
        Ok(Issues { writer: CSV.create(path, &WriteOptions::new(&Column::plain(&HEAD)))? })
    }

    /// Writes one finding.
    ///
    /// # Errors
    /// A full disk.
    fn write(&mut self, finding: &RowFinding, sheet: Option<&str>, mapping: &Mapping) -> Result<()> {
        let column = finding.column.and_then(|column| usize::try_from(column).ok());
        let number = finding.number.to_string();
        let (rule, hint) = (finding.rule.to_string(), finding.hint.to_string());
        let letters = column.map(column_letters).unwrap_or_default();
        self.writer.write(&[
            Value::Text(&number),
            Value::Text(sheet.unwrap_or_default()),
            Value::Text(&letters),
            Value::Text(column.map_or("", |column| mapping.header(column))),
            Value::Text(&finding.code),
            Value::Text(&rule),
            Value::Text(&hint),
            Value::Text(finding.severity.as_str()),
        ])
    }

    /// Completes the file.
    ///
    /// # Errors
    /// A full disk, or a name another program holds.
    fn finish(self) -> Result<()> {
        self.writer.finish()
    }
}
