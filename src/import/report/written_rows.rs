//! Which rows stand in a file that is being written, by their numbers, which only grow. They lie in a temporary file, as there
//! may be more of them than memory should hold.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use crate::error::{Context, Result};

/// Bytes of a number.
const SIZE: u64 = 8;

/// The numbers of rows, in the order in which they were written.
pub(super) struct WrittenRows {
    file: BufWriter<File>,
    rows: u64,
}

impl WrittenRows {
    /// None yet.
    ///
    /// # Errors
    /// No temporary file can be made.
    pub(super) fn new() -> Result<WrittenRows> {
        let file = tempfile::tempfile().context(crate::files::no_temporary_file)?;
        Ok(WrittenRows { file: BufWriter::new(file), rows: 0 })
    }

    /// One more row, whose number is higher than those before.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn add(&mut self, number: u64) -> Result<()> {
        self.file.write_all(&number.to_le_bytes()).context(crate::files::no_temporary_file)?;
        self.rows += 1;
        Ok(())
    }

    /// Where the row with this number stands among them, from 0.
    ///
    /// # Errors
    /// A temporary file that cannot be read.
    pub(super) fn find(&mut self, number: u64) -> Result<Option<u64>> {
        self.search(number).context(crate::files::no_temporary_file)
    }

    fn search(&mut self, number: u64) -> io::Result<Option<u64>> {
        self.file.flush()?;
        let file = self.file.get_mut();
        let (mut first, mut behind, mut found) = (0, self.rows, None);
        while first < behind && found.is_none() {
            let middle = first + (behind - first) / 2;
            let mut bytes = [0; SIZE as usize];
            file.seek(SeekFrom::Start(middle * SIZE))?;
            file.read_exact(&mut bytes)?;
            match u64::from_le_bytes(bytes).cmp(&number) {
                std::cmp::Ordering::Less => first = middle + 1,
                std::cmp::Ordering::Greater => behind = middle,
                std::cmp::Ordering::Equal => found = Some(middle),
            }
        }
        file.seek(SeekFrom::End(0))?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_while_others_are_added() {
        let mut rows = WrittenRows::new().unwrap();
        for (index, number) in [2, 3, 7, 20, 1_048_576].into_iter().enumerate() {
            assert_eq!(rows.find(number).unwrap(), None);
            rows.add(number).unwrap();
            assert_eq!(rows.find(number).unwrap(), Some(index as u64));
        }
        assert_eq!((rows.find(2).unwrap(), rows.find(8).unwrap()), (Some(0), None));
    }
}
