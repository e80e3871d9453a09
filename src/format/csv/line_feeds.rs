//! Line ends of every kind as line feeds.

use std::io::Read;

/// Turns CR LF into LF, so that a line is counted where it ends: the parser sees the end of a record at the CR and would
/// count the LF to the next one.
pub(super) struct LineFeeds<R> {
    inner: R,
    /// The last byte read was a CR that has not been passed on.
    held: bool,
}

impl<R> LineFeeds<R> {
    /// What `inner` reads, with line feeds.
    pub(super) fn new(inner: R) -> Self {
        LineFeeds { inner, held: false }
    }
}

impl<R: Read> Read for LineFeeds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // One byte is kept free for a CR that was held and turns out to stand alone.
        let Some(room) = buffer.len().checked_sub(1).filter(|room| *room > 0) else {
            return self.inner.read(buffer);
        };
        loop {
            let read = self.inner.read(&mut buffer[1..=room])?;
            if read == 0 {
                let left = usize::from(std::mem::take(&mut self.held));
                buffer[..left].fill(b'\r');
                return Ok(left);
            }
            let mut from = 1;
            if std::mem::take(&mut self.held) && buffer[1] != b'\n' {
                buffer[0] = b'\r';
                from = 0;
            }
            let mut end = read + 1;
            if buffer[end - 1] == b'\r' {
                self.held = true;
                end -= 1;
            }
            let kept = drop_before_line_feed(&mut buffer[from..end]);
            if kept > 0 {
                buffer.copy_within(from..from + kept, 0);
                return Ok(kept);
            }
        }
    }
}

/// Removes every CR that stands before an LF and tells how many bytes are left.
fn drop_before_line_feed(bytes: &mut [u8]) -> usize {
    let Some(first) = bytes.iter().position(|byte| *byte == b'\r') else {
        return bytes.len();
    };
    let mut kept = first;
    for at in first..bytes.len() {
        if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
            continue;
        }
        bytes[kept] = bytes[at];
        kept += 1;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_return_before_a_line_feed_is_dropped() {
        for size in 2..9 {
            let mut out = Vec::new();
            let mut source = LineFeeds::new(&b"a\r\nb\rc\r\r\n\r"[..]);
            let mut buffer = vec![0; size];
            loop {
                match source.read(&mut buffer).unwrap() {
                    0 => break,
                    read => out.extend_from_slice(&buffer[..read]),
                }
            }
            assert_eq!(out, b"a\nb\rc\r\n\r", "buffer of {size}");
        }
    }
}
