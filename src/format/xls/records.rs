//! The records of a stream, one after another. One that is too long is continued in the records behind it.

use super::compound_file::u16_at;

/// What a record is, where it counts here.
pub(super) mod kind {
    pub(in super::super) const FORMULA: u16 = 0x0006;
    pub(in super::super) const END: u16 = 0x000A;
    pub(in super::super) const CALENDAR: u16 = 0x0022;
    pub(in super::super) const PASSWORD: u16 = 0x002F;
    pub(in super::super) const CONTINUE: u16 = 0x003C;
    pub(in super::super) const COLUMNS: u16 = 0x007D;
    pub(in super::super) const SHEET: u16 = 0x0085;
    pub(in super::super) const NUMBERS: u16 = 0x00BD;
    pub(in super::super) const RICH_TEXT: u16 = 0x00D6;
    pub(in super::super) const STYLE: u16 = 0x00E0;
    pub(in super::super) const MERGES: u16 = 0x00E5;
    pub(in super::super) const SHARED_TEXTS: u16 = 0x00FC;
    pub(in super::super) const SHARED_TEXT: u16 = 0x00FD;
    pub(in super::super) const CALCULATED_BY: u16 = 0x01C1;
    pub(in super::super) const NUMBER: u16 = 0x0203;
    pub(in super::super) const TEXT: u16 = 0x0204;
    pub(in super::super) const BOOL_OR_ERROR: u16 = 0x0205;
    pub(in super::super) const TEXT_OF_FORMULA: u16 = 0x0207;
    pub(in super::super) const ROW: u16 = 0x0208;
    pub(in super::super) const SHORT_NUMBER: u16 = 0x027E;
    pub(in super::super) const FORMAT: u16 = 0x041E;
    pub(in super::super) const BEGIN: u16 = 0x0809;
}

/// A record, and what continues it.
pub(super) struct Record<'a> {
    /// What it is.
    pub kind: u16,
    /// Its bytes, and those of the records that continue it.
    pub pieces: Vec<&'a [u8]>,
}

impl<'a> Record<'a> {
    /// Its own bytes.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.pieces[0]
    }
}

/// The records from a place of a stream on, up to the end of the part that begins there.
pub(super) struct Records<'a> {
    stream: &'a [u8],
    at: usize,
    /// Parts that lie within parts: charts in a sheet.
    depth: usize,
    /// Whether the end of the part was seen; without it records may be lost.
    pub is_whole: bool,
}

impl<'a> Records<'a> {
    /// Begins at a place.
    pub(super) fn new(stream: &'a [u8], at: usize) -> Records<'a> {
        Records { stream, at, depth: 0, is_whole: false }
    }

    fn next_piece(&mut self) -> Option<(u16, &'a [u8])> {
        let (kind, length) = (u16_at(self.stream, self.at)?, usize::from(u16_at(self.stream, self.at + 2)?));
        let bytes = self.stream.get(self.at + 4..self.at + 4 + length)?;
        self.at += 4 + length;
        Some((kind, bytes))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        while !self.is_whole {
            let (kind, bytes) = self.next_piece()?;
            let mut pieces = vec![bytes];
            while u16_at(self.stream, self.at) == Some(kind::CONTINUE) {
                pieces.push(self.next_piece()?.1);
            }
            match kind {
                kind::BEGIN => self.depth += 1,
                kind::END => {
                    self.depth = self.depth.saturating_sub(1);
                    self.is_whole = self.depth == 0;
                    continue;
                }
                _ => {}
            }
            if self.depth <= 1 {
                return Some(Record { kind, pieces });
            }
        }
        None
    }
}
