//! Records of delimited text, read strictly: a quotation that is not well formed is told, never repaired without a word.
//! Where a record ends is what lenient readers say, too, so that records are counted alike.

use csv::ByteRecord;
use memchr::{memchr, memchr_iter, memchr2, memchr3};

use super::text_source::{Filled, TextSource};

/// Most bytes of one record. A quotation that goes on longer was never meant to.
const MAX_RECORD: usize = 4 << 20;
/// What old programs put at the end of a text.
const END_MARK: u8 = 0x1a;

/// Why no further record can be read.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file cannot be read.
    Unreadable(std::io::Error),
    /// In this line stand bytes that are no text of the encoding.
    NotText(u64),
    /// The quotation mark opened in this line is never closed.
    OpenQuote(u64),
    /// The record that begins in this line has no end.
    Endless(u64),
}

/// What is known of a record beside its cells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RecordFacts {
    /// Row number a spreadsheet program shows.
    pub(super) row: u64,
    /// The line it begins in.
    pub(super) line: u64,
    /// The line it ends in.
    pub(super) last_line: u64,
    /// The first cell, counted from 0, behind whose closing quotation mark stands text, and the line of that mark.
    pub(super) malformed: Option<(usize, u64)>,
    /// Whether a cell has line breaks.
    pub(super) has_breaks: bool,
}

/// Reads records.
pub(super) struct RecordReader {
    source: TextSource,
    delimiter: u8,
    buffer: Vec<u8>,
    /// Where the next record begins in the buffer.
    at: usize,
    is_ended: bool,
    is_broken: bool,
    /// The line the next record begins in, from 1.
    line: u64,
    /// The row number of the next record.
    row: u64,
    /// A cell in the making.
    cell: Vec<u8>,
}

impl RecordReader {
    /// Reads the records of a source, cells being split at `delimiter`.
    pub(super) fn new(source: TextSource, delimiter: u8) -> RecordReader {
        RecordReader {
            source,
            delimiter,
            buffer: Vec::new(),
            at: 0,
            is_ended: false,
            is_broken: false,
            line: 1,
            row: 1,
            cell: Vec::new(),
        }
    }

    /// Passes over the next line, which is no row.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn pass_line(&mut self) -> Result<(), Stop> {
        if let Some((_, next)) = self.line_end(0)? {
            self.at += next;
            self.line += 1;
        }
        Ok(())
    }

    /// Reads the next record; none at the end. Empty lines are rows of a spreadsheet, and no records.
    ///
    /// # Errors
    /// A file that cannot be read, bytes that are no text, a quotation mark that is never closed.
    pub(super) fn read(&mut self, record: &mut ByteRecord) -> Result<Option<RecordFacts>, Stop> {
        record.clear();
        loop {
            let Some((end, next)) = self.line_end(0)? else { return Ok(None) };
            let line = &self.buffer[self.at..self.at + end];
            let is_last = self.is_ended && self.at + next == self.buffer.len();
            // Some programs fill the last block of a file with such marks.
            if line.is_empty() || (is_last && line.iter().all(|byte| *byte == END_MARK)) {
                self.at += next;
                self.line += 1;
                self.row += 1;
                continue;
            }
            let mut facts =
                RecordFacts { row: self.row, line: self.line, last_line: self.line, ..RecordFacts::default() };
            if memchr(b'"', line).is_none() {
                let line = if is_last { without_end_marks(line) } else { line };
                let mut from = 0;
                for delimiter in memchr_iter(self.delimiter, line) {
                    record.push_field(&line[from..delimiter]);
                    from = delimiter + 1;
                }
                record.push_field(&line[from..]);
                self.at += next;
                self.line += 1;
            } else {
                let next = self.read_quoted(record, &mut facts)?;
                self.at += next;
                self.line = facts.last_line + 1;
            }
            self.row += 1;
            return Ok(Some(facts));
        }
    }

    /// Reads a record that has quotation marks, and says where the next one begins.
    fn read_quoted(&mut self, record: &mut ByteRecord, facts: &mut RecordFacts) -> Result<usize, Stop> {
        let mut at = 0;
        loop {
            if at > MAX_RECORD {
                return Err(Stop::Endless(self.line));
            }
            let start = at;
            // Neither a mark nor what one of the spaces before it begins with.
            if !matches!(self.byte(at)?, Some(b'"' | b' ' | b'\t' | 0xe3 | 0xc2)) {
                at = self.read_plain(record, at)?;
                match self.end_of_cell(at)? {
                    Some(next) => return Ok(next),
                    None => at += 1,
                }
                continue;
            }
            at = self.pass_spaces(at)?;
            let mut malformed = None;
            self.cell.clear();
            if self.byte(at)? == Some(b'"') {
                at = self.read_quotation(at + 1, facts)?;
                let behind = self.pass_spaces(at)?;
                match self.byte(behind)? {
                    None | Some(b'\n' | b'\r') => at = behind,
                    Some(byte) if byte == self.delimiter => at = behind,
                    Some(END_MARK) if self.ends_in_marks(behind)? => at = self.buffer.len() - self.at,
                    Some(_) => malformed = Some((record.len(), facts.last_line)),
                }
            } else {
                at = start;
            }
            if malformed.is_some() || self.cell.is_empty() && at == start {
                // Without a quotation, or behind what was none, the cell ends at the next delimiter or line break.
                at = self.plain_end(at)?;
                self.cell.clear();
                self.cell.extend_from_slice(&self.buffer[self.at + start..self.at + at]);
                while self.byte(at)?.is_none() && self.cell.last() == Some(&END_MARK) {
                    self.cell.pop();
                }
            }
            facts.malformed = facts.malformed.or(malformed);
            if self.cell.contains(&b'\r') {
                drop_before_line_feeds(&mut self.cell);
            }
            record.push_field(&self.cell);
            match self.end_of_cell(at)? {
                Some(next) => return Ok(next),
                None => at += 1,
            }
        }
    }

    /// Reads a cell that has no quotation, as nearly all have none, and says where it ends.
    fn read_plain(&mut self, record: &mut ByteRecord, start: usize) -> Result<usize, Stop> {
        let end = self.plain_end(start)?;
        let is_last = self.byte(end)?.is_none();
        let cell = &self.buffer[self.at + start..self.at + end];
        record.push_field(if is_last { without_end_marks(cell) } else { cell });
        Ok(end)
    }

    /// Whether from here on there are only marks of the end.
    fn ends_in_marks(&mut self, mut at: usize) -> Result<bool, Stop> {
        while self.byte(at)? == Some(END_MARK) {
            at += 1;
        }
        Ok(self.byte(at)?.is_none())
    }

    /// Where a cell without a quotation ends: at the next delimiter, line break, or the end of the file.
    fn plain_end(&mut self, mut at: usize) -> Result<usize, Stop> {
        loop {
            let rest = &self.buffer[self.at + at..];
            match memchr3(self.delimiter, b'\n', b'\r', rest) {
                Some(end) => return Ok(at + end),
                None => at += rest.len(),
            }
            if !self.more()? {
                return Ok(at);
            }
        }
    }

    /// Where the next record begins, when the cell that ends here is the last of its record.
    fn end_of_cell(&mut self, at: usize) -> Result<Option<usize>, Stop> {
        Ok(match self.byte(at)? {
            None => Some(at),
            Some(b'\n') => Some(at + 1),
            Some(b'\r') => Some(if self.byte(at + 1)? == Some(b'\n') { at + 2 } else { at + 1 }),
            Some(_) => None,
        })
    }

    /// Reads a quotation from behind its opening mark into the cell, and says where its closing mark ends.
    fn read_quotation(&mut self, mut at: usize, facts: &mut RecordFacts) -> Result<usize, Stop> {
        let opened = facts.last_line;
        loop {
            let mark = loop {
                match memchr(b'"', &self.buffer[self.at + at..]) {
                    Some(mark) => break at + mark,
                    None if self.buffer.len() - self.at > MAX_RECORD || !self.more()? => {
                        return Err(Stop::OpenQuote(opened));
                    }
                    None => {}
                }
            };
            if mark > MAX_RECORD {
                return Err(Stop::OpenQuote(opened));
            }
            let text = &self.buffer[self.at + at..self.at + mark];
            let breaks = count_lines(text);
            facts.last_line += breaks;
            facts.has_breaks |= breaks > 0;
            self.cell.extend_from_slice(text);
            at = mark + 1;
            if self.byte(at)? != Some(b'"') {
                return Ok(at);
            }
            self.cell.push(b'"');
            at += 1;
        }
    }

    /// Where the spaces from `at` on end. Where a tab is no delimiter it is a space.
    fn pass_spaces(&mut self, mut at: usize) -> Result<usize, Stop> {
        loop {
            let length = match self.byte(at)? {
                Some(b' ') => 1,
                Some(b'\t') if self.delimiter != b'\t' => 1,
                // A space as wide as a Chinese character, and one that does not break.
                Some(0xe3) if self.byte(at + 1)? == Some(0x80) && self.byte(at + 2)? == Some(0x80) => 3,
                Some(0xc2) if self.byte(at + 1)? == Some(0xa0) => 2,
                _ => return Ok(at),
            };
            at += length;
        }
    }

    /// The byte at this place of the record; none at the end of the file.
    fn byte(&mut self, at: usize) -> Result<Option<u8>, Stop> {
        loop {
            if let Some(byte) = self.buffer.get(self.at + at) {
                return Ok(Some(*byte));
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// Where the line from `from` on ends, and where the next one begins; none when there is no line.
    fn line_end(&mut self, from: usize) -> Result<Option<(usize, usize)>, Stop> {
        let mut searched = from;
        loop {
            let rest = &self.buffer[self.at + searched..];
            match memchr2(b'\n', b'\r', rest) {
                Some(end) if rest[end] == b'\n' => return Ok(Some((searched + end, searched + end + 1))),
                Some(end) if end + 1 < rest.len() || self.is_ended => {
                    let feeds = usize::from(rest.get(end + 1) == Some(&b'\n'));
                    return Ok(Some((searched + end, searched + end + 1 + feeds)));
                }
                Some(end) => searched += end,
                None => searched += rest.len(),
            }
            if searched > MAX_RECORD {
                return Err(Stop::Endless(self.line));
            }
            let before = self.buffer.len() - self.at;
            if !self.more()? {
                let whole = self.buffer.len() - self.at;
                return match whole {
                    0 => Ok(None),
                    // A return at the very end is found now that the end is known.
                    _ if searched < before => continue,
                    _ => Ok(Some((whole, whole))),
                };
            }
        }
    }

    /// Reads more text behind what is in the buffer; false at the end.
    fn more(&mut self) -> Result<bool, Stop> {
        if self.is_ended {
            return Ok(false);
        }
        if self.is_broken {
            return Err(Stop::NotText(self.line + count_lines(&self.buffer[self.at..])));
        }
        self.buffer.drain(..std::mem::take(&mut self.at));
        match self.source.fill(&mut self.buffer).map_err(Stop::Unreadable)? {
            Filled::More => Ok(true),
            Filled::End => {
                self.is_ended = true;
                Ok(false)
            }
            Filled::Broken => {
                self.is_broken = true;
                self.more()
            }
        }
    }
}

/// A text without the marks by which old programs tell its end.
fn without_end_marks(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != END_MARK).map_or(0, |last| last + 1);
    &text[..end]
}

/// Line breaks in a text, whatever they are made of.
fn count_lines(text: &[u8]) -> u64 {
    let feeds = memchr_iter(b'\n', text).count();
    let returns = memchr_iter(b'\r', text).filter(|at| text.get(at + 1) != Some(&b'\n')).count();
    (feeds + returns) as u64
}

/// Removes every return that stands before a line feed: one line break is as good as the other.
fn drop_before_line_feeds(text: &mut Vec<u8>) {
    let mut kept = 0;
    for at in 0..text.len() {
        if text[at] == b'\r' && text.get(at + 1) == Some(&b'\n') {
            continue;
        }
        text[kept] = text[at];
        kept += 1;
    }
    text.truncate(kept);
}

#[cfg(test)]
mod tests {
    use encoding_rs::UTF_8;

    use super::*;

    type Read = (u64, u64, bool, Vec<String>);

    fn read(text: &str) -> Result<Vec<Read>, Stop> {
        let source = TextSource::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), UTF_8);
        let (mut reader, mut record, mut all) = (RecordReader::new(source, b','), ByteRecord::new(), Vec::new());
        while let Some(facts) = reader.read(&mut record)? {
            let cells = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            all.push((facts.row, facts.line, facts.malformed.is_some(), cells));
        }
        Ok(all)
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        read(text).unwrap().into_iter().map(|(_, _, _, cells)| cells).collect()
    }

    #[test]
    fn line_ends_may_be_mixed() {
        for text in [
            "a,b\n1,2\n",
            "a,b\r\n1,2",
            "a,b\r1,2\r",
            "a,b\r\n1,2\r\n\u{1a}",
            "a,b\n1,2\u{1a}",
            "a,\"b\"\n1,\"2\"\r",
            "a,b\n1,2\n\u{1a}\u{1a}",
            "a,b\n1,2\u{1a}\u{1a}\u{1a}",
            "a,b\n1,\"2\"\u{1a}\u{1a}",
            "a,b\n\"1\",2\u{1a}\u{1a}",
        ] {
            assert_eq!(cells(text), [["a", "b"], ["1", "2"]], "{text:?}");
        }
    }

    #[test]
    fn a_quotation_holds_what_it_says() {
        assert_eq!(cells("\"a,\"\"b\"\"\r\nc\",d\n"), [["a,\"b\"\nc", "d"]]);
        assert_eq!(cells("a, \"b,c\" ,\t\"d\"\t\n"), [["a", "b,c", "d"]]);
        assert_eq!(cells("a,5\"b,\"\"\n"), [["a", "5\"b", ""]]);
        assert_eq!(cells(" a , b\n"), [[" a ", " b"]]);
    }

    #[test]
    fn what_stands_behind_a_closing_mark_is_told_and_kept() {
        let all = read("a,b\n\"x\"y,z\n1,2\n").unwrap();
        assert_eq!(all[1], (2, 2, true, vec!["\"x\"y".into(), "z".into()]));
        assert_eq!(all[2], (3, 3, false, vec!["1".into(), "2".into()]));
        let all = read("1,\"x\n2,y\n3,\"z\n4,w\n").unwrap();
        assert_eq!(all[0], (1, 1, true, vec!["1".into(), "\"x\n2,y\n3,\"z".into()]));
        assert_eq!(all[1], (2, 4, false, vec!["4".into(), "w".into()]));
    }

    #[test]
    fn rows_and_lines_are_counted_apart() {
        let all = read("a,b\n\n\"1\n1\",2\r\n\r\n3,4").unwrap();
        let places: Vec<(u64, u64)> = all.iter().map(|(row, line, _, _)| (*row, *line)).collect();
        assert_eq!(places, [(1, 1), (3, 3), (5, 6)]);
    }

    #[test]
    fn a_mark_that_is_never_closed_is_named_by_its_line() {
        assert!(matches!(read("a,b\n1,2\n3,\"4\n5,6\n"), Err(Stop::OpenQuote(3))));
        assert!(matches!(read("a,b\n1,\"2\n\"\",4\n"), Err(Stop::OpenQuote(2))));
        let long = format!("a\n\"{}\n", "x\n".repeat(3 << 20));
        assert!(matches!(read(&long), Err(Stop::OpenQuote(2))));
    }
}
