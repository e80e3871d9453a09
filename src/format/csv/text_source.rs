//! The text of a file as UTF-8, piece by piece, whatever encoding it is in.

use std::io::Read;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

/// Bytes that are read at a time.
const PIECE: usize = 128 << 10;

/// What came of asking for more text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// There is more.
    More,
    /// The text is at its end.
    End,
    /// Behind the text so far stand bytes that are no text of the encoding.
    Broken,
}

/// A source of text. UTF-8 passes as it is: whoever takes it has to look whether it is that.
pub(super) struct TextSource {
    bytes: Box<dyn Read>,
    decoder: Option<Decoder>,
    /// Bytes that are to be decoded.
    piece: Vec<u8>,
    at: usize,
    filled: usize,
    end: Option<Filled>,
}

impl TextSource {
    /// The text of these bytes, which begin behind any byte order mark.
    pub(super) fn new(bytes: Box<dyn Read>, encoding: &'static Encoding) -> TextSource {
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        let piece = vec![0; if decoder.is_some() { PIECE } else { 0 }];
        TextSource { bytes, decoder, piece, at: 0, filled: 0, end: None }
    }

    /// Appends more text to `buffer`.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn fill(&mut self, buffer: &mut Vec<u8>) -> std::io::Result<Filled> {
        if let Some(end) = self.end {
            return Ok(end);
        }
        let before = buffer.len();
        let Some(decoder) = &mut self.decoder else {
            buffer.resize(before + PIECE, 0);
            let read = read_some(&mut *self.bytes, &mut buffer[before..])?;
            buffer.truncate(before + read);
            if read == 0 {
                self.end = Some(Filled::End);
            }
            return Ok(self.end.unwrap_or(Filled::More));
        };
        loop {
            if self.at == self.filled {
                self.filled = read_some(&mut *self.bytes, &mut self.piece)?;
                self.at = 0;
            }
            let is_last = self.filled == 0;
            let raw = &self.piece[self.at..self.filled];
            let from = buffer.len();
            let most = decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(4 * raw.len() + 16);
            buffer.resize(from + most, 0);
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(raw, &mut buffer[from..], is_last);
            buffer.truncate(from + written);
            self.at += read;
            self.end = match result {
                DecoderResult::Malformed(..) => Some(Filled::Broken),
                DecoderResult::InputEmpty if is_last => Some(Filled::End),
                _ => None,
            };
            if buffer.len() > before {
                return Ok(Filled::More);
            }
            if let Some(end) = self.end {
                return Ok(end);
            }
        }
    }
}

fn read_some(bytes: &mut dyn Read, into: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match bytes.read(into) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
