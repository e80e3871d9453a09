//! Mail addresses.

use super::half_width::half_width;
use super::list::addresses_in;
use super::options::ValueOptions;
use super::restoring;
use crate::problem::Problem;

/// One `@`, no spaces, and a domain of at least two parts. Whether mail arrives is not ours to say.
pub(super) fn clean(
    text: &str,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    if is_address(text) {
        out.push_str(text);
        return Ok(());
    }
    let count = addresses_in(text);
    if count > 1 {
        return Err(Problem::new("several_addresses").with("count", count));
    }
    let plain = half_width(text);
    if is_address(&plain) {
        restoring::say(options, Problem::word("half_width").with("value", &plain), noticed)?;
        out.push_str(&plain);
        return Ok(());
    }
    Err(Problem::new("not_an_email"))
}

/// Whether a text is a mail address, in whatever width its signs are.
pub fn looks_like_address(text: &str) -> bool {
    is_address(&half_width(text))
}

fn is_address(text: &str) -> bool {
    is_usual(text) || may_be_address(text)
}

/// An address of letters, digits and the commonest signs alone, as nearly all are.
fn is_usual(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let Some(at) = text.bytes().position(|byte| byte == b'@') else { return false };
    let (local, domain) = (&text.as_bytes()[..at], &text.as_bytes()[at + 1..]);
    let is_part = |part: &[u8]| {
        let [first, .., last] = part else { return part.len() == 1 && part[0].is_ascii_alphanumeric() };
        first.is_ascii_alphanumeric()
            && last.is_ascii_alphanumeric()
            && part.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    !local.is_empty()
        && local.iter().all(|byte| is_sign(*byte))
        && domain.contains(&b'.')
        && domain.split(|byte| *byte == b'.').all(is_part)
}

fn may_be_address(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| (c.is_alphanumeric() && !is_wide(c)) || c == '-')
    };
    let is_local = |local: &str| {
        !local.is_empty()
            && !local.chars().any(|c| {
                c.is_whitespace() || is_wide(c) || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '"' | ':' | '、')
            })
    };
    text.split_once('@')
        .is_some_and(|(local, domain)| is_local(local) && domain.contains('.') && domain.split('.').all(is_part))
}

/// A letter or sign of ASCII in the width of Chinese.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{ff01}'..='\u{ff5e}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_usual_is_an_address(text in "[a-zA-Z0-9._@ -]{0,5}@[a-zA-Z0-9._@ -]{0,8}") {
            prop_assert!(!is_usual(&text) || may_be_address(&text), "{}", text);
        }
    }

    #[test]
    fn what_is_usual_is_known_at_a_glance() {
        assert!(is_usual("a.b_c-1@mail.example.com") && is_usual("a@b.c"));
        assert!(
            !is_usual("@b.c") && !is_usual("a@b") && !is_usual("a@-b.c") && !is_usual("a@b..c") && !is_usual("a b@b.c")
        );
    }
}
