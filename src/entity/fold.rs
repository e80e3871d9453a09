//! When two texts are the same to a person.

use unicode_normalization::UnicodeNormalization;

/// One form for texts that a person would call the same: width, case, spaces, stars and bracketed notes aside.
pub fn fold(text: &str) -> String {
    let mut folded: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '\u{feff}' | '_' | '-'))
        .collect();
    for note in ["(必填)", "(选填)", "(required)", "(optional)"] {
        if let Some(rest) = folded.strip_suffix(note) {
            folded.truncate(rest.len());
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_forgives_what_people_do_to_headers() {
        assert_eq!(fold(" ＊手机（必填） "), "手机");
        assert_eq!(fold("Mobile Phone *"), fold("mobilephone"));
    }
}
