//! A cell of tags: one list, with signs on all of them or on none.

use super::list;
use super::tags::{is_signed_in_part, signed_tags, tags};
use crate::problem::Problem;

/// The tags of a cell as one list.
///
/// # Errors
/// A tag that is missing, or both added and removed.
pub(super) fn clean(text: &str, out: &mut String, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    parts(text, out)?;
    if is_of_a_program(out) {
        noticed.push(Problem::held("tags_of_a_program"));
    }
    if is_signed_in_part(out) {
        noticed.push(Problem::held("signed_in_part"));
    } else if let Some((added, removed)) = signed_tags(out) {
        if let Some(tag) = added.iter().find(|tag| removed.contains(tag)) {
            return Err(Problem::new("tag_both_ways").with("tag", crate::text::clean(tag)));
        }
        noticed.push(Problem::word("tags_signed"));
    }
    Ok(())
}

fn parts(text: &str, out: &mut String) -> Result<(), Problem> {
    // Most cells hold one tag.
    if !list::is_list(text) {
        out.push_str(text);
        return Ok(());
    }
    for part in list::parts(text) {
        if part.is_empty() {
            return Err(Problem::new("empty_tag"));
        }
        list::push(out, part);
    }
    Ok(())
}

/// Whether a text of tags is what a program writes of its data: `{a,b}`, `{"name":"a"}`, `"a","b"`.
fn is_of_a_program(text: &str) -> bool {
    // Nearly no tag has one of these signs. No early end: so the loop runs on many bytes at a time.
    if !text.bytes().fold(false, |any, byte| any | matches!(byte, b'{' | b'[' | b'"')) {
        return false;
    }
    let is_in = |text: &str, open: char, close: char| text.len() > 1 && text.starts_with(open) && text.ends_with(close);
    is_in(text, '{', '}') || is_in(text, '[', ']') || tags(text).any(|tag| is_in(tag, '"', '"') || is_in(tag, '{', '}'))
}
