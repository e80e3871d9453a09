//! A value as a short number, by which it is known again.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::normal::{in_a_spreadsheet, lines, loosely, normal};
use crate::entity::{Field, Kind};

/// Bytes of a mark.
pub(super) const WIDTH: usize = 6;

/// The mark of a value: values that are the same have the same one, and two others hardly ever do. No value has 0. It stays as it
/// is: marks are kept.
pub fn mark(field: &Field, text: &str) -> u64 {
    mark_of(&marked(field, text))
}

/// The mark of a value, and that of what a spreadsheet program makes of it when it opens a file and saves it again: the same where
/// it leaves it alone.
pub fn marks(field: &Field, text: &str) -> (u64, u64) {
    let exact = marked(field, text);
    let mark = mark_of(&exact);
    let may_change = field.custom || matches!(field.kind, Kind::Text | Kind::Id | Kind::Mobile | Kind::Phone);
    let saved = if may_change { in_a_spreadsheet(&exact) } else { Cow::Borrowed(&*exact) };
    (mark, if saved == exact { mark } else { mark_of(&saved) })
}

/// The mark of a cell that is never written back. It is compared and nothing else, so that all that programs make of it is the
/// same.
pub fn unsent_mark(text: &str) -> u64 {
    mark_of(&loosely(text))
}

/// The form of a value that is marked.
fn marked<'a>(field: &Field, text: &'a str) -> Cow<'a, str> {
    // What a custom field holds one program knows from the account's definitions, and another does not.
    if field.custom { lines(text.trim()) } else { normal(field, text) }
}

pub(super) fn mark_of(normal: &str) -> u64 {
    if normal.is_empty() {
        return 0;
    }
    let digest = Sha256::digest(normal.as_bytes());
    let mark = digest.iter().take(WIDTH).fold(0, |mark, byte| mark << 8 | u64::from(*byte));
    mark.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn marks_stay_as_files_hold_them() {
        let field = Catalog::embedded().get("customers").unwrap().field("name").unwrap();
        assert_eq!(mark(field, " 示例 "), mark(field, "示例"));
        assert_eq!((mark(field, ""), mark(field, "示例")), (0, 14_654_168_791_256));
        assert_ne!(mark(field, "示例"), mark(field, "示例 二"));
    }
}
