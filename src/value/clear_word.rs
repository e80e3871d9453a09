//! What a person writes into a cell to empty the field of a record that is changed: an empty cell says nothing.

/// Whether a cell says that its field is to be emptied: `#清空`, `#clear`.
pub fn is_clear_word(text: &str) -> bool {
    let Some(word) = text.strip_prefix(['#', '＃']) else { return false };
    word.trim() == "清空" || word.trim().eq_ignore_ascii_case("clear")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_on_purpose() {
        assert!(["#清空", "＃清空", "#clear", "#CLEAR", "# 清空"].into_iter().all(is_clear_word));
        assert!(!["清空", "clear", "#清空库存", "#", "", "#1"].into_iter().any(is_clear_word));
    }
}
