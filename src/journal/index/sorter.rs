//! Puts any number of short byte strings in order: in memory as long as there is room, else by way of a temporary file that
//! holds them in parts, each in order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};

use crate::error::{Context, Result};
use crate::message::Message;

/// Bytes of the length before each string.
const LENGTH: usize = size_of::<u32>();
/// Bytes of a part that are read at a time.
const CHUNK: usize = 8 * 1024;

/// Byte strings on their way into their order.
#[derive(Debug)]
pub(super) struct Sorter {
    /// Those in memory, each behind its length.
    bytes: Vec<u8>,
    /// Where each of them begins.
    starts: Vec<u32>,
    /// Bytes that may be held in memory.
    room: usize,
    file: Option<BufWriter<File>>,
    /// Where each part ends in the file; it begins where the one before it ends.
    ends: Vec<u64>,
}

impl Sorter {
    /// An empty one that holds `room` bytes in memory.
    pub(super) fn new(room: usize) -> Sorter {
        // Places in memory are kept in four bytes.
        let room = room.min(u32::MAX as usize / 2);
        Sorter { bytes: Vec::new(), starts: Vec::new(), room, file: None, ends: Vec::new() }
    }

    /// Adds one more.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn add(&mut self, string: &[u8]) -> io::Result<()> {
        if !self.starts.is_empty() && self.bytes.len() + LENGTH + string.len() > self.room {
            self.write_part()?;
        }
        let too_long = || io::Error::new(ErrorKind::InvalidInput, "a string too long to be sorted");
        let length = u32::try_from(string.len()).map_err(|_| too_long())?;
        self.starts.push(u32::try_from(self.bytes.len()).map_err(|_| too_long())?);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(string);
        Ok(())
    }

    /// Hands them over in their order. Errors of its own begin with `place`.
    ///
    /// # Errors
    /// A full disk, a temporary file that cannot be read, or what `take` says.
    pub(super) fn each(mut self, place: &Message, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let broken = || place.clone();
        if self.file.is_none() {
            self.sort();
            return self.strings().try_for_each(take);
        }
        self.write_part().context(broken)?;
        let Some(file) = self.file.take() else { return Ok(()) };
        (self.bytes, self.starts) = (Vec::new(), Vec::new());
        let mut file = file.into_inner().map_err(|error| error.into_error()).context(broken)?;
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let mut parts: Vec<Part> = begins.zip(&self.ends).map(|(begin, end)| Part::new(begin..*end)).collect();
        let mut first = BinaryHeap::with_capacity(parts.len());
        for (number, part) in parts.iter_mut().enumerate() {
            let mut string = Vec::new();
            if part.next(&mut file, &mut string).context(broken)? {
                first.push(Reverse((string, number)));
            }
        }
        while let Some(mut smallest) = first.peek_mut() {
            let Reverse((string, number)) = &mut *smallest;
            take(string)?;
            if !parts[*number].next(&mut file, string).context(broken)? {
                PeekMut::pop(smallest);
            }
        }
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.starts.sort_unstable_by(|a, b| string_at(bytes, *a).cmp(string_at(bytes, *b)));
    }

    fn strings(&self) -> impl Iterator<Item = &[u8]> {
        self.starts.iter().map(|start| string_at(&self.bytes, *start))
    }

    fn write_part(&mut self) -> io::Result<()> {
        self.sort();
        let mut file = match self.file.take() {
            Some(file) => file,
            None => BufWriter::with_capacity(CHUNK, tempfile::tempfile()?),
        };
        for string in self.strings() {
            file.write_all(&(string.len() as u32).to_be_bytes())?;
            file.write_all(string)?;
        }
        self.file = Some(file);
        self.ends.push(self.ends.last().copied().unwrap_or(0) + self.bytes.len() as u64);
        self.bytes.clear();
        self.starts.clear();
        Ok(())
    }
}

/// The string whose length stands at `start`.
fn string_at(bytes: &[u8], start: u32) -> &[u8] {
    let (length, rest) = bytes[start as usize..].split_at(LENGTH);
    &rest[..length_of(length)]
}

fn length_of(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
}

/// A part of the file, read from its beginning on.
struct Part {
    /// What of it was not read.
    left: std::ops::Range<u64>,
    buffer: Vec<u8>,
    /// What of the buffer was handed over.
    taken: usize,
}

impl Part {
    fn new(left: std::ops::Range<u64>) -> Part {
        Part { left, buffer: Vec::new(), taken: 0 }
    }

    /// The next string; false at the end.
    fn next(&mut self, file: &mut File, string: &mut Vec<u8>) -> io::Result<bool> {
        if !self.holds(LENGTH, file)? {
            return Ok(false);
        }
        let length = length_of(&self.buffer[self.taken..self.taken + LENGTH]);
        if !self.holds(LENGTH + length, file)? {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        string.clear();
        string.extend_from_slice(&self.buffer[self.taken + LENGTH..][..length]);
        self.taken += LENGTH + length;
        Ok(true)
    }

    /// Whether so many bytes are there; reads on where the buffer holds fewer.
    fn holds(&mut self, bytes: usize, file: &mut File) -> io::Result<bool> {
        if self.buffer.len() - self.taken < bytes && !self.left.is_empty() {
            self.buffer.drain(..std::mem::take(&mut self.taken));
            let wanted = (bytes.max(CHUNK) - self.buffer.len()) as u64;
            let wanted = wanted.min(self.left.end - self.left.start);
            file.seek(SeekFrom::Start(self.left.start))?;
            file.take(wanted).read_to_end(&mut self.buffer)?;
            self.left.start += wanted;
        }
        Ok(self.buffer.len() - self.taken >= bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_come_in_their_order_however_little_room_there_is(
            strings in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..60),
            room in 0_usize..400,
        ) {
            let mut sorter = Sorter::new(room);
            strings.iter().for_each(|string| sorter.add(string).unwrap());
            let mut sorted = Vec::new();
            sorter.each(&Message::default(), |string| { sorted.push(string.to_vec()); Ok(()) }).unwrap();
            let mut expected = strings;
            expected.sort();
            prop_assert_eq!(sorted, expected);
        }
    }

    #[test]
    fn strings_longer_than_a_chunk_and_a_room_are_whole() {
        let mut sorter = Sorter::new(100);
        let long = |byte: u8| vec![byte; 3 * CHUNK + 1];
        [9, 3, 7, 1].map(long).iter().for_each(|string| sorter.add(string).unwrap());
        let mut sorted = Vec::new();
        sorter
            .each(&Message::default(), |string| {
                sorted.push(string.to_vec());
                Ok(())
            })
            .unwrap();
        assert_eq!(sorted, [1, 3, 7, 9].map(long));
    }
}
