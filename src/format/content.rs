//! What a row holds, as a hash: how rows are recognised whatever their position.

use csv::StringRecord;
use sha2::{Digest, Sha256};

/// What a row holds, whatever its position: the first half of a SHA-256 over its cells.
pub type Content = [u8; 16];

/// Makes the hash of a row's cells: the first half of a SHA-256. Spaces at their ends and empty cells at the row's end are
/// left out, as a file saved again by another program holds the same rows.
#[derive(Debug, Default)]
pub struct ContentHasher {
    /// The cells one after another, so that they are hashed in one go.
    buffer: Vec<u8>,
}

impl ContentHasher {
    /// The hash of this row.
    pub fn of(&mut self, cells: &StringRecord) -> Content {
        self.buffer.clear();
        let mut filled = 0;
        for cell in cells {
            self.buffer.extend_from_slice(cell.trim().as_bytes());
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

/// The hash of a row's cells.
pub fn content_of(cells: &StringRecord) -> Content {
    ContentHasher::default().of(cells)
}

const CELL_END: u8 = 0xff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ignores_what_saving_again_changes() {
        let content = |cells: &[&str]| ContentHasher::default().of(&cells.to_vec().into());
        assert_eq!(content(&["a", "b"]), content(&["a ", "b", "", " "]));
        assert_ne!(content(&["a", "b"]), content(&["ab", ""]));
        assert_ne!(content(&["", "a"]), content(&["a", ""]));
    }

    #[test]
    fn the_hash_that_journals_hold_stays_as_it_is() {
        let content = ContentHasher::default().of(&vec!["a ", "", "=1", ""].into());
        let hex: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "04e0e770f5c78edd113aae8e56139553");
    }
}
