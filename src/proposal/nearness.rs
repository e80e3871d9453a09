//! How near a heading is to the names of a field.

use crate::entity::{Field, fold};

/// Edits that make a name another one: below this share of it, they are not near.
const LEAST_LIKENESS: f64 = 0.6;

/// How near a heading is to the nearest name of a field, from 0 to 1.
pub(super) fn nearness(heading: &str, field: &Field) -> f64 {
    let heading = fold(heading);
    let names = [&field.name, &field.zh, &field.en].into_iter().chain(&field.aliases);
    names.map(|name| between(&heading, &fold(name))).fold(0.0, f64::max)
}

/// How near two folded texts are.
fn between(one: &str, other: &str) -> f64 {
    if one == other && !one.is_empty() {
        return 1.0;
    }
    let lengths = (one.chars().count() as f64, other.chars().count() as f64);
    let (short, long) = if lengths.0 <= lengths.1 { (one, other) } else { (other, one) };
    let share = lengths.0.min(lengths.1) / lengths.0.max(lengths.1).max(1.0);
    // Two Chinese characters are a word, two letters are not.
    let is_word = short.chars().count() >= if short.is_ascii() { 4 } else { 2 };
    let contained = if is_word && long.contains(short) { 0.55 + 0.4 * share } else { 0.0 };
    let likeness = strsim::normalized_damerau_levenshtein(one, other);
    let likeness = if is_word && likeness >= LEAST_LIKENESS { likeness * 0.95 } else { 0.0 };
    f64::max(contained, likeness)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_within_names_and_slips_are_near() {
        assert!(between("客户手机号", "手机号") > 0.7);
        assert!(between("moblie", "mobile") > 0.7);
        assert!(between("客户手机号", "备注") == 0.0);
        assert!(between("id", "userid") == 0.0);
        assert!(between("", "手机") == 0.0);
    }
}
