//! Words for "nothing".

use std::borrow::Cow;

use super::half_width::half_width;
use crate::entity::{Field, Kind};

/// What databases and programs write, in lower case.
const OF_PROGRAMS: &[&str] = &[
    "null",
    "(null)",
    "<null>",
    "[null]",
    "{null}",
    "\"null\"",
    "'null'",
    "#null",
    "\\n",
    "nan",
    "<nan>",
    "nat",
    "<na>",
    "none",
    "(none)",
    "<none>",
    "undefined",
    "nil",
    "(nil)",
    "<nil>",
    "dbnull",
    "n/a",
    "#n/a n/a",
    "(blank)",
    "(empty)",
    "(空)",
    "(空白)",
    "<空>",
    "[空]",
    "空值",
    "(未填写)",
];

/// What people write where there is nothing to write, in lower case.
const OF_PEOPLE: &[&str] = &[
    "无",
    "暂无",
    "没有",
    "未知",
    "不详",
    "空",
    "空白",
    "未填",
    "未填写",
    "待定",
    "待补充",
    "na",
    "n.a.",
    "-",
    "--",
    "---",
    "—",
    "——",
    "/",
    "\\",
    "?",
    "unknown",
    "empty",
    "blank",
    "*",
    ".",
    "tbd",
    "missing",
];

/// What all of them begin with.
const BEGINNINGS: &str = "(<[{\"'#\\nud空无暂没未不待-—/?eb*.tm";

/// The longest of them, in bytes.
const LONGEST: usize = 15;

/// Whether a text is a word for "nothing", be it a program's or a person's: no name of anybody.
pub fn is_no_name(text: &str) -> bool {
    let text = half_width(text);
    text.len() <= LONGEST && OF_PROGRAMS.iter().chain(OF_PEOPLE).any(|word| word.eq_ignore_ascii_case(&text))
}

/// Whether a cell says in a word that there is nothing. People's own words count where a field takes no free text.
pub(super) fn is_null_word(field: &Field, text: &str) -> bool {
    if text.len() > LONGEST || text.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let text = match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => half_width(text),
    };
    // Nearly every text ends here.
    if !text.starts_with(|first: char| BEGINNINGS.contains(first.to_ascii_lowercase())) {
        return false;
    }
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(&text));
    let takes_free_text = matches!(field.kind, Kind::Text | Kind::Html) && !field.text_only;
    is(OF_PROGRAMS) || (!takes_free_text && is(OF_PEOPLE) && field.choice(&text).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn the_beginnings_are_those_of_the_words() {
        let first = |word: &&str| word.chars().next().unwrap();
        assert!(OF_PROGRAMS.iter().chain(OF_PEOPLE).map(first).all(|first| BEGINNINGS.contains(first)));
    }

    #[test]
    fn words_of_programs_count_everywhere_and_those_of_people_where_no_text_is_meant() {
        let catalog = Catalog::embedded();
        let is = |name: &str, text: &str| is_null_word(catalog.get("customers").unwrap().field(name).unwrap(), text);
        for text in
            ["NULL", "Null", "(NULL)", "<null>", "\\N", "nan", "NaN", "None", "NaT", "<NA>", "ＮＵＬＬ", "（null）"]
        {
            assert!(is("note", text) && is("mobile", text) && is("state", text), "{text}");
        }
        for text in ["无", "暂无", "N/A", "-", "——", "/", "（空）"] {
            assert!(is("email", text) && is("QQ", text) && is("tableName", text) && is("companyId", text), "{text}");
            assert_eq!(is("note", text), ["N/A", "（空）"].contains(&text), "{text}");
        }
        for text in ["Nancy", "Null 公司", "nonesuch", "1", "", "在职", "无锡分部"] {
            assert!(!is("name", text) && !is("mobile", text), "{text}");
        }
    }
}
