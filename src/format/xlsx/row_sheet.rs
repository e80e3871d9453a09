//! The rows of a sheet as the format has them, written one after another into a temporary file. Everything else of a workbook is
//! made by a library; of rows it keeps each cell until its row is complete, which takes four times as long.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::escapes::push_escaped;
use super::layout::LINE_HEIGHT;
use crate::format::column_letters::column_letters;

/// Bytes that are written or read at a time.
const BUFFER: usize = 64 * 1024;

/// The number of a look among those of the workbook; 0 is that of a cell of which nothing is said.
pub(super) type Look = usize;

/// The rows of one sheet below its titles.
#[derive(Debug)]
pub(super) struct RowSheet {
    file: BufWriter<File>,
    /// The letters of each column so far.
    letters: Vec<String>,
    /// The row that is written.
    text: Vec<u8>,
    /// Its number, as a person sees it.
    number: String,
    /// Bytes of the rows so far.
    size: u64,
}

impl RowSheet {
    /// Rows that wait in a folder until they are put into their workbook.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn new_in(folder: &Path) -> std::io::Result<RowSheet> {
        let file = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(folder)?);
        Ok(RowSheet { file, letters: Vec::new(), text: Vec::new(), number: String::new(), size: 0 })
    }

    /// How many columns have a cell in any row.
    pub(super) fn columns(&self) -> usize {
        self.letters.len()
    }

    /// Bytes of the rows so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Begins the row that a person sees under this number.
    pub(super) fn begin_row(&mut self, number: u32) {
        self.number = number.to_string();
        self.text.clear();
    }

    /// Ends the row, which is so many lines high.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn end_row(&mut self, lines: usize) -> std::io::Result<()> {
        self.push("</row>");
        let number = &self.number;
        let begin = match lines.min(MOST_LINES) {
            0 | 1 => format!("<row r=\"{number}\">"),
            lines => format!("<row r=\"{number}\" ht=\"{}\">", lines * LINE_HEIGHT),
        };
        self.size += (begin.len() + self.text.len()) as u64;
        self.file.write_all(begin.as_bytes())?;
        self.file.write_all(&self.text)
    }

    /// A cell with a text that is not empty.
    pub(super) fn text(&mut self, column: usize, text: &str, look: Look) {
        self.begin_cell(column, look);
        let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t' | b'\n'));
        let keeps_spaces = is_space(text.as_bytes().first()) || is_space(text.as_bytes().last());
        self.push(if keeps_spaces {
            " t=\"inlineStr\"><is><t xml:space=\"preserve\">"
        } else {
            " t=\"inlineStr\"><is><t>"
        });
        push_escaped(text, &mut self.text);
        self.push("</t></is></c>");
    }

    /// A cell with a number.
    pub(super) fn number(&mut self, column: usize, number: f64, look: Look) {
        self.begin_cell(column, look);
        // A whole number is made into digits in a quarter of the time.
        let digits = match number.trunc() == number && number.abs() < WHOLE {
            true => (number as i64).to_string(),
            false => number.to_string(),
        };
        self.push("><v>");
        self.push(&digits);
        self.push("</v></c>");
    }

    /// A cell with nothing but a look.
    pub(super) fn blank(&mut self, column: usize, look: Look) {
        self.begin_cell(column, look);
        self.push("/>");
    }

    fn begin_cell(&mut self, column: usize, look: Look) {
        while self.letters.len() <= column {
            self.letters.push(column_letters(self.letters.len()));
        }
        self.push("<c r=\"");
        self.text.extend_from_slice(self.letters[column].as_bytes());
        self.text.extend_from_slice(self.number.as_bytes());
        if look > 0 {
            self.push("\" s=\"");
            self.push(&look.to_string());
        }
        self.push("\"");
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Writes all rows to `out`.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn write_to(&mut self, out: &mut impl Write) -> std::io::Result<()> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0))?;
        let mut rows = BufReader::with_capacity(BUFFER, file);
        loop {
            let read = rows.fill_buf()?;
            if read.is_empty() {
                return Ok(());
            }
            out.write_all(read)?;
            let length = read.len();
            rows.consume(length);
        }
    }
}

/// No row is higher than 409 points.
const MOST_LINES: usize = 25;

/// Whole numbers below this one are written as such.
const WHOLE: f64 = 1e15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_as_the_format_has_them() {
        let mut rows = RowSheet::new_in(&std::env::temp_dir()).unwrap();
        rows.begin_row(2);
        rows.text(0, "示例 <&>", 0);
        rows.number(2, 1.5, 3);
        rows.number(26, -7.0, 0);
        rows.end_row(1).unwrap();
        rows.begin_row(3);
        rows.blank(1, 4);
        rows.text(2, " a\r", 1);
        rows.end_row(2).unwrap();
        let mut written = Vec::new();
        rows.write_to(&mut written).unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>示例 &lt;&amp;&gt;</t></is></c><c r=\"C2\" s=\"3\"><v>1.5</v></c>\
             <c r=\"AA2\"><v>-7</v></c></row><row r=\"3\" ht=\"32\"><c r=\"B3\" s=\"4\"/><c r=\"C3\" s=\"1\" t=\"inlineStr\"><is>\
             <t xml:space=\"preserve\"> a_x000D_</t></is></c></row>"
        );
        assert_eq!(rows.columns(), 27);
    }
}
