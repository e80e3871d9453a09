//! The tags of a record, which the service keeps as one text.

use super::half_width::half_width;

/// The tags of a record's tag text.
pub fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty())
}

/// What a text of signed tags adds and removes: `+老客户,-试用`. None when it is a plain list, in which a tag may have no sign.
pub fn signed_tags(text: &str) -> Option<(Vec<&str>, Vec<&str>)> {
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for tag in tags(text) {
        match signed(tag)? {
            (true, tag) => added.push(tag),
            (false, tag) => removed.push(tag),
        }
    }
    (!added.is_empty() || !removed.is_empty()).then_some((added, removed))
}

/// Whether only some of the tags of a text have a sign, so that nobody knows what is meant.
pub(super) fn is_signed_in_part(text: &str) -> bool {
    // Nearly no tag has a sign. These bytes are one, or begin one that is wide or a true minus.
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'-' | 0xe2 | 0xef)) {
        return false;
    }
    // A sign alone is meant for a tag that is missing.
    let is_lone = |tag: &str| matches!(half_width(tag).as_ref(), "+" | "-" | "−");
    let signed_ones = tags(text).filter(|tag| signed(tag).is_some() || is_lone(tag)).count();
    signed_ones > 0 && signed_ones < tags(text).count() || tags(text).any(is_lone)
}

/// The tag text after signed tags are added and removed, in the order the tags were in, new ones at the end; none when the text
/// is a plain list.
pub fn edited_tags(edits: &str, now: &str) -> Option<String> {
    let (added, removed) = signed_tags(edits)?;
    let mut wanted: Vec<&str> = Vec::new();
    for tag in tags(now).chain(added) {
        if !wanted.contains(&tag) && !removed.contains(&tag) {
            wanted.push(tag);
        }
    }
    Some(wanted.join(","))
}

/// A tag without its sign, and whether that is a plus.
fn signed(tag: &str) -> Option<(bool, &str)> {
    let sign = tag.chars().next()?;
    let rest = tag[sign.len_utf8()..].trim_start();
    match half_width(&sign.to_string()).as_ref() {
        _ if rest.is_empty() => None,
        "+" => Some((true, rest)),
        "-" | "−" => Some((false, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_tags_edit_and_plain_ones_do_not() {
        for (edits, now, wanted) in [
            ("+老客户,-试用", "试用,甲", Some("甲,老客户")),
            ("-试用,+老客户", "甲,老客户", Some("甲,老客户")),
            ("＋乙", "甲", Some("甲,乙")),
            ("-甲", "甲", Some("")),
            ("甲,乙", "丙", None),
            ("+甲,乙", "丙", None),
            ("+", "丙", None),
            ("", "丙", None),
        ] {
            assert_eq!(edited_tags(edits, now).as_deref(), wanted, "{edits}");
        }
        assert!(is_signed_in_part("+") && is_signed_in_part("＋,甲") && is_signed_in_part("+甲,-"));
        assert!(is_signed_in_part("+甲,乙") && !is_signed_in_part("+甲,-乙") && !is_signed_in_part("甲,乙"));
    }
}
