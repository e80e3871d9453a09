//! Texts as TOML has them.

use std::borrow::Cow;

use crate::text::clean;

/// A text in quotation marks as TOML has it, with nothing in it that a terminal would act on.
pub fn toml_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if matches!(clean(c.encode_utf8(&mut [0; 4])), Cow::Owned(_)) => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_read_back_as_it_was() {
        for text in ["手机", "a\"b\\c", "两\n行\t", "\u{1b}[2J\u{202e}\u{feff}", "#1", ""] {
            let document: toml::Table = format!("{} = 1", toml_quoted(text)).parse().unwrap();
            assert_eq!(document.keys().next().map(String::as_str), Some(text));
        }
    }
}
