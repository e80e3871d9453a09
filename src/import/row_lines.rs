//! What is known of rows, one after another, in a file without a name that goes with the process: memory does not grow with
//! the rows.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Context, Result};
use crate::message::Message;

/// The lines in the making.
pub(super) struct RowLineWriter<T>(BufWriter<File>, PhantomData<T>);

impl<T: Serialize + DeserializeOwned> RowLineWriter<T> {
    /// Begins.
    ///
    /// # Errors
    /// A folder for temporary files that cannot be written.
    pub(super) fn new() -> Result<Self> {
        Ok(RowLineWriter(BufWriter::new(tempfile::tempfile().context(place)?), PhantomData))
    }

    /// Adds what is known of a row; rows come in their order, and those of which nothing is known are left out.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn add(&mut self, row_index: u64, known: &T) -> Result<()> {
        serde_json::to_writer(&mut self.0, &(row_index, known)).map_err(std::io::Error::from).context(place)?;
        self.0.write_all(b"\n").context(place)
    }

    /// The lines, to be read from the first on.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn finish(self) -> Result<RowLines<T>> {
        let file = self.0.into_inner().map_err(|error| error.into_error()).context(place)?;
        let mut lines = RowLines { file: BufReader::new(file), next: None };
        lines.rewind()?;
        Ok(lines)
    }
}

/// What is known of rows, in their order.
#[derive(Debug)]
pub(super) struct RowLines<T> {
    file: BufReader<File>,
    next: Option<(u64, T)>,
}

impl<T: DeserializeOwned> RowLines<T> {
    /// What is known of the row at `row_index`; rows are asked for in their order.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn at(&mut self, row_index: u64) -> Result<Option<T>> {
        while self.next.as_ref().is_some_and(|(row, _)| *row < row_index) {
            self.next()?;
        }
        match &self.next {
            Some((row, _)) if *row == row_index => Ok(self.next()?.map(|(_, known)| known)),
            _ => Ok(None),
        }
    }

    /// The next row of which something is known, and that; none at the end.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn next(&mut self) -> Result<Option<(u64, T)>> {
        let mut text = String::new();
        self.file.read_line(&mut text).context(place)?;
        let following = if text.is_empty() { None } else { Some(serde_json::from_str(&text).context(place)?) };
        Ok(std::mem::replace(&mut self.next, following))
    }

    /// Begins again with the first row.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn rewind(&mut self) -> Result<()> {
        self.file.seek(SeekFrom::Start(0)).context(place)?;
        self.next = None;
        self.next().map(drop)
    }
}

fn place() -> Message {
    crate::files::no_temporary_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_in_their_order_and_once_more() {
        let mut lines = RowLineWriter::new().unwrap();
        for row in [1, 4, 5] {
            lines.add(row, &format!("行 {row}\n")).unwrap();
        }
        let mut lines = lines.finish().unwrap();
        for _ in 0..2 {
            let found: Vec<Option<String>> = [0, 1, 2, 5, 6].map(|row| lines.at(row).unwrap()).into();
            assert_eq!(found, [None, Some("行 1\n".into()), None, Some("行 5\n".into()), None]);
            lines.rewind().unwrap();
        }
    }
}
