//! A file that tells its first error once. The library that packs workbooks writes the end of a package once more when it is dropped
//! after an error, and says on the screen, in its own words, that this failed, too.

use std::io::{ErrorKind, Result, Seek, SeekFrom, Write};

/// A writer that takes everything, and writes nothing more, once it has failed.
#[derive(Debug)]
pub(super) struct FirstError<W> {
    inner: W,
    has_failed: bool,
}

impl<W> FirstError<W> {
    /// Writes into `inner`.
    pub(super) fn of(inner: W) -> Self {
        FirstError { inner, has_failed: false }
    }

    fn noted<T>(&mut self, result: Result<T>) -> Result<T> {
        // What was interrupted is tried once more.
        self.has_failed |= matches!(&result, Err(why) if why.kind() != ErrorKind::Interrupted);
        result
    }
}

impl<W: Write> Write for FirstError<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.has_failed {
            return Ok(bytes.len());
        }
        let written = self.inner.write(bytes);
        // No room is told so, too.
        self.has_failed |= matches!(written, Ok(0)) && !bytes.is_empty();
        self.noted(written)
    }

    fn flush(&mut self) -> Result<()> {
        if self.has_failed {
            return Ok(());
        }
        let flushed = self.inner.flush();
        self.noted(flushed)
    }
}

impl<W: Seek> Seek for FirstError<W> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        if self.has_failed {
            return Ok(0);
        }
        let position = self.inner.seek(to);
        self.noted(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_told_and_nothing_is_written_after_it() {
        let mut room = [0; 4];
        let mut file = FirstError::of(std::io::Cursor::new(room.as_mut_slice()));
        file.write_all(b"abc").unwrap();
        assert!(file.write_all(b"defg").is_err());
        file.write_all(b"hij").unwrap();
        file.flush().unwrap();
        assert_eq!(file.stream_position().unwrap(), 0);
        assert_eq!(&room, b"abcd");
    }
}
