//! What a web page writes for a sign: `&amp;` for `&`. Where plain text is meant, another program has exported its pages.

use htmlize::unescape;

/// The longest name of a sign that people meet, in bytes: `&thetasym;`.
const LONGEST: usize = 12;

/// The text with the signs that are meant; none when it has none of those that end in a semicolon. `&copy=2` in a web address
/// is a parameter.
pub(super) fn unescaped(text: &str) -> Option<String> {
    // Nearly every text ends here.
    memchr::memchr(b'&', text.as_bytes())?;
    let (mut plain, mut rest, mut is_found) = (String::with_capacity(text.len()), text, false);
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let entity = entity(rest);
        let meant = unescape(entity);
        match entity.is_empty() || meant == entity {
            true => {
                plain.push('&');
                rest = &rest[1..];
            }
            false => {
                plain.push_str(&meant.replace('\u{a0}', " "));
                rest = &rest[entity.len()..];
                is_found = true;
            }
        }
    }
    plain.push_str(rest);
    is_found.then_some(plain)
}

/// What stands from the sign to the semicolon, when that may be the name or the number of a sign; else nothing.
fn entity(text: &str) -> &str {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'#';
    let name = text.bytes().skip(1).take(LONGEST).take_while(is_part).count();
    match text.as_bytes().get(1 + name) {
        Some(b';') if name > 1 => &text[..name + 2],
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_known_by_their_semicolon() {
        for (text, plain) in [
            ("示例&amp;子公司", "示例&子公司"),
            ("甲路&nbsp;1号", "甲路 1号"),
            ("it&#39;s &#x4f60;", "it's 你"),
            ("&lt;br&gt;好", "<br>好"),
            ("a?b=1&amp;c=2&d", "a?b=1&c=2&d"),
            ("&&quot;", "&\""),
        ] {
            assert_eq!(unescaped(text).as_deref(), Some(plain), "{text}");
        }
        for text in ["R&D", "A&B;C", "a?b=1&copy=2", "AT&T", "&;", "&", "甲&乙；丙", "a & b;", "?a&lt", "&#;"] {
            assert_eq!(unescaped(text), None, "{text}");
        }
    }
}
