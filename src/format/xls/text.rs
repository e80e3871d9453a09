//! Texts in records: of one byte a character, or two; a text may go on in the next record, and changes its width there.

/// A place in the pieces of a record.
pub(super) struct Cursor<'a> {
    pieces: &'a [&'a [u8]],
    piece: usize,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At a place of the first piece.
    pub(super) fn new(pieces: &'a [&'a [u8]], at: usize) -> Cursor<'a> {
        Cursor { pieces, piece: 0, at }
    }

    fn byte(&mut self) -> Option<u8> {
        while self.at >= self.pieces.get(self.piece)?.len() {
            self.piece += 1;
            self.at = 0;
        }
        let byte = self.pieces[self.piece][self.at];
        self.at += 1;
        Some(byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from(self.u16()?) | u32::from(self.u16()?) << 16)
    }

    fn skip(&mut self, bytes: u32) -> Option<()> {
        for _ in 0..bytes {
            self.byte()?;
        }
        Some(())
    }

    /// A text behind its length, which takes one byte or two.
    pub(super) fn text(&mut self, is_short: bool) -> Option<String> {
        let characters = if is_short { u16::from(self.byte()?) } else { self.u16()? };
        let flags = self.byte()?;
        let runs = if flags & 0x08 != 0 { u32::from(self.u16()?) } else { 0 };
        let more = if flags & 0x04 != 0 { self.u32()? } else { 0 };
        let text = self.characters(usize::from(characters), flags & 1 != 0)?;
        self.skip(runs.checked_mul(4)?.checked_add(more)?)?;
        Some(text)
    }

    fn characters(&mut self, count: usize, is_wide: bool) -> Option<String> {
        let mut is_wide = is_wide;
        let mut units = Vec::with_capacity(count);
        while units.len() < count {
            if self.at >= self.pieces.get(self.piece)?.len() {
                // The next piece says anew how wide its characters are.
                self.piece += 1;
                self.at = 0;
                is_wide = self.byte()? & 1 != 0;
            }
            units.push(if is_wide { self.u16()? } else { u16::from(self.byte()?) });
        }
        Some(String::from_utf16_lossy(&units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_on_in_the_next_record_in_another_width() {
        let pieces: [&[u8]; 2] = [b"\x04\x00\x00ab", b"\x01\x3a\x79\x8b\x4f"];
        assert_eq!(Cursor::new(&pieces, 0).text(false).unwrap(), "ab示例");
    }

    #[test]
    fn how_a_text_looks_and_is_read_aloud_is_passed_over() {
        let pieces: [&[u8]; 1] = [b"\x01\x00\x0c\x01\x00\x02\x00\x00\x00a1234xxb"];
        let mut cursor = Cursor::new(&pieces, 0);
        assert_eq!(cursor.text(false).unwrap(), "a");
        assert_eq!(cursor.byte(), Some(b'b'));
        assert_eq!(cursor.text(false), None);
    }
}
