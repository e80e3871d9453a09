//! Reads JSON Lines. The columns are the members of all objects: the file is read once for their names, and a line that is
//! no object is known before anything is sent.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use super::line::{Member, members};
use crate::error::{Error, Result};
use crate::format::cell::CellKind;
use crate::format::input::Input;
use crate::format::reader::Reader;
use crate::format::row::Row;
use crate::format::sheet::Sheet;
use crate::message;
use crate::problem::Problem;

/// Most bytes of a line.
const MAX_LINE: u64 = 16 << 20;
/// Most different members.
const MAX_COLUMNS: usize = 16_384;

/// Opens a file of JSON Lines and finds its columns; the rows follow.
///
/// # Errors
/// A file that cannot be read, a line that is no object.
pub(super) fn open(input: &Input) -> Result<Reader> {
    let input = input.clone();
    Reader::spawn(&input.shown.clone(), move |sink| {
        let columns = Columns::read(&mut Lines::open(&input)?)?;
        let mut lines = Lines::open(&input)?;
        let sheet = Sheet { header: columns.titles.clone(), reading: "JSON Lines".to_owned(), ..Sheet::default() };
        let mut read = |row: &mut Row| {
            while let Some(members) = lines.next()? {
                if !columns.fill(row, members) {
                    return Err(lines.malformed(&crate::t!("jsonl.changed")));
                }
                row.number = lines.number;
                row.line = Some(lines.number);
                if !row.is_blank() || !row.remarks.is_empty() {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let first = sink.fill(&mut read)?;
        sink.send(sheet, first, read)
    })
}

/// The lines of a file.
struct Lines {
    shown: String,
    file: BufReader<File>,
    line: Vec<u8>,
    /// The line that was read last, counted from 1.
    number: u64,
}

impl Lines {
    fn open(input: &Input) -> Result<Lines> {
        let cannot = |why: std::io::Error| Error::usage(message!("format.unreadable", file = input.shown, why = why));
        let file = BufReader::new(File::open(&input.path).map_err(cannot)?);
        Ok(Lines { shown: input.shown.clone(), file, line: Vec::new(), number: 0 })
    }

    /// The members of the next line that is not blank; none at the end.
    fn next(&mut self) -> Result<Option<Vec<Member>>> {
        loop {
            self.line.clear();
            let mut limited = Read::by_ref(&mut self.file).take(MAX_LINE);
            let read = limited.read_until(b'\n', &mut self.line);
            let read = read.map_err(|why| Error::usage(message!("format.unreadable", file = self.shown, why = why)))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read as u64 == MAX_LINE {
                return Err(self.malformed(&crate::t!("jsonl.too_long")));
            }
            let text = std::str::from_utf8(&self.line).map_err(|_| self.malformed(&crate::t!("jsonl.not_utf8")))?;
            let text = if self.number == 1 { text.trim_start_matches('\u{feff}') } else { text };
            if text.trim().is_empty() {
                continue;
            }
            return match members(text) {
                Ok(members) => Ok(Some(members)),
                Err(fault) => Err(self.malformed(&fault.words())),
            };
        }
    }

    fn malformed(&self, why: &dyn std::fmt::Display) -> Error {
        Error::usage(message!("jsonl.malformed", file = self.shown, line = self.number, why = why))
            .hint(message!("jsonl.malformed_hint"))
    }
}

/// The columns of a file.
#[derive(Default)]
struct Columns {
    titles: Vec<String>,
    index: HashMap<String, usize>,
    /// Members whose parts are columns, and which say nothing else where they have no parts.
    in_parts: HashSet<String>,
}

impl Columns {
    fn read(lines: &mut Lines) -> Result<Columns> {
        let mut columns = Columns::default();
        let mut filled = HashSet::new();
        while let Some(members) = lines.next()? {
            for member in members {
                if let Some(of) = member.of.filter(|of| !columns.in_parts.contains(&**of)) {
                    columns.in_parts.insert(of.to_string());
                }
                if member.text.as_deref() != Some("") && !filled.contains(&member.name) {
                    filled.insert(member.name.clone());
                }
                if !columns.index.contains_key(&member.name) {
                    columns.index.insert(member.name.clone(), columns.titles.len());
                    columns.titles.push(member.name);
                }
            }
            if columns.titles.len() > MAX_COLUMNS {
                return Err(lines.malformed(&crate::t!("jsonl.too_many")));
            }
        }
        columns.in_parts.retain(|name| !filled.contains(name));
        columns.titles.retain(|name| !columns.in_parts.contains(name));
        columns.index = columns.titles.iter().cloned().enumerate().map(|(at, name)| (name, at)).collect();
        Ok(columns)
    }

    /// Puts members into the columns of a row; false when one of them was not there when the columns were found.
    fn fill(&self, row: &mut Row, members: Vec<Member>) -> bool {
        row.clear();
        let mut cells: Vec<(String, CellKind)> = vec![(String::new(), CellKind::Text); self.titles.len()];
        for member in members {
            let Some(column) = self.index.get(&member.name).copied() else {
                if self.in_parts.contains(&member.name) {
                    continue;
                }
                return false;
            };
            match member.text {
                Some(text) => cells[column] = (text, member.kind),
                None => row.remark(Some(column), Problem::new("nested_value")),
            }
        }
        for (text, kind) in cells {
            row.cells.push_field(&text);
            row.kinds.push(kind);
        }
        true
    }
}
