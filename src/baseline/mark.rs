//! A value as a short number, by which it is known again.

use sha2::{Digest, Sha256};

use super::normal::{normal, normal_custom};
use crate::entity::Field;

/// Bytes of a mark.
pub(super) const WIDTH: usize = 6;

/// The mark of a value: values that are the same have the same one, and two others hardly ever do. No value has 0. It stays as it
/// is: marks are kept.
pub fn mark(field: &Field, text: &str) -> u64 {
    // What a custom field holds one program knows from the account's definitions, and another does not.
    let normal = if field.custom { normal_custom(text.trim()) } else { normal(field, text) };
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
