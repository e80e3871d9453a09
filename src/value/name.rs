//! The name of a person.

/// A first and a last name as one: in the Chinese order and without a space when both are Chinese.
pub fn full_name(first: &str, last: &str) -> String {
    let (first, last) = (first.trim(), last.trim());
    match (first.is_empty(), last.is_empty()) {
        (false, false) if is_chinese(first) && is_chinese(last) => format!("{last}{first}"),
        (false, false) => format!("{first} {last}"),
        _ => format!("{first}{last}"),
    }
}

fn is_chinese(text: &str) -> bool {
    text.chars()
        .all(|c| matches!(c, '·' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_their_language() {
        assert_eq!(full_name("小明", " 示例 "), "示例小明");
        assert_eq!(full_name("Anna", "Example"), "Anna Example");
        assert_eq!(full_name("Anna", "示例"), "Anna 示例");
        assert_eq!((full_name("", "示例"), full_name("Anna", " ")), ("示例".to_owned(), "Anna".to_owned()));
    }
}
