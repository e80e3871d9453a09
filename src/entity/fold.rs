//! When two texts are the same to a person.

use unicode_normalization::UnicodeNormalization;

use crate::text::is_invisible;

/// One form for texts that a person would call the same: width, case, spaces, invisible characters, stars and bracketed
/// notes aside.
pub fn fold(text: &str) -> String {
    let mut folded: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !is_invisible(*c) && !matches!(c, '*' | '_' | '-'))
        .collect();
    folded.truncate(folded.trim_end_matches(':').len());
    for note in [
        "(必填)",
        "(选填)",
        "(必填项)",
        "(选填项)",
        "[必填]",
        "[选填]",
        "【必填】",
        "【选填】",
        "(required)",
        "(optional)",
    ] {
        if let Some(rest) = folded.strip_suffix(note) {
            folded.truncate(rest.len());
        }
    }
    match folded.strip_prefix('【').and_then(|rest| rest.strip_suffix('】')) {
        Some(inner) if !inner.is_empty() => inner.to_owned(),
        _ => folded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_forgives_what_people_do_to_headers() {
        assert_eq!(fold(" ＊手机（必填） "), "手机");
        assert_eq!(
            [fold("手机："), fold("【手机】"), fold("手机[必填]"), fold("【】")],
            ["手机", "手机", "手机", "【】"]
        );
        assert_eq!(fold("Mobile Phone *"), fold("mobilephone"));
        assert_eq!(fold("\u{feff}手\u{200b}机\u{ad}\u{202c}\u{2060}"), "手机");
    }
}
