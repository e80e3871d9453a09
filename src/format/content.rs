//! What a row holds, as a hash: how rows are recognised whatever their place.

use sha2::{Digest, Sha256};

use super::Row;

/// Makes the hash of a row's cells: the first half of a SHA-256. Spaces at their ends and empty cells at the row's end are
/// left out, as a file saved again by another program holds the same rows.
#[derive(Debug, Default)]
pub struct Contents {
    /// The cells one after another, so that they are hashed in one go.
    buffer: Vec<u8>,
}

impl Contents {
    /// The hash of this row.
    pub fn of(&mut self, row: &Row) -> [u8; 16] {
        self.buffer.clear();
        let mut filled = 0;
        for column in 0..row.cells.len() {
            self.buffer.extend_from_slice(row.cell(column).text.trim().as_bytes());
            let is_empty = self.buffer.last().is_none_or(|last| *last == CELL_END);
            // Ends a cell; no text holds this byte.
            self.buffer.push(CELL_END);
            if !is_empty {
                filled = self.buffer.len();
            }
        }
        let digest = Sha256::digest(&self.buffer[..filled]);
        let mut content = [0; 16];
        content.copy_from_slice(&digest[..16]);
        content
    }
}

const CELL_END: u8 = 0xff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ignores_what_saving_again_changes() {
        let content = |cells: &[&str]| Contents::default().of(&Row { cells: cells.to_vec().into(), ..Row::default() });
        assert_eq!(content(&["a", "b"]), content(&["a ", "b", "", " "]));
        assert_ne!(content(&["a", "b"]), content(&["ab", ""]));
        assert_ne!(content(&["", "a"]), content(&["a", ""]));
    }
}
