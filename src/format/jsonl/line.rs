//! A line of JSON Lines as the members it has, in their order, with every digit of their numbers.

use std::rc::Rc;

use rust_i18n::t;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer as _};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::format::cell::CellKind;

/// What stands between the elements of a list in a cell …
const BETWEEN: &str = ",";
/// … and what could be taken for that.
const SEPARATORS: [char; 12] = [',', '，', ';', '；', '、', '|', '｜', '/', '／', '&', '\n', '\t'];

/// Most objects and lists in each other.
const MAX_DEPTH: usize = 100;

/// A member of an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name; that of one in another object stands behind the other's: `address.city`.
    pub name: String,
    /// Its text; none when it has a form that no cell has.
    pub text: Option<String>,
    /// What it is.
    pub kind: CellKind,
    /// The member whose pairs of a key and a value it is one of.
    pub of: Option<Rc<str>>,
}

/// Why a line is not one object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LineFault {
    /// It ends too early.
    Ended,
    /// From this character on it is no JSON, counted from 1.
    NotJson(usize),
    /// It is JSON and no object.
    NoObject,
    /// It names a member twice.
    Twice(String),
    /// Objects and lists stand in each other deeper than is read.
    TooDeep,
}

impl LineFault {
    fn of(error: &serde_json::Error, text: &str) -> LineFault {
        match error.classify() {
            Category::Eof => LineFault::Ended,
            Category::Data => LineFault::NoObject,
            Category::Syntax | Category::Io => {
                // The library counts bytes.
                let before = text.bytes().take(error.column().saturating_sub(1));
                LineFault::NotJson(1 + before.filter(|byte| byte & 0xc0 != 0x80).count())
            }
        }
    }

    /// What is wrong, in words.
    pub(super) fn words(&self) -> String {
        match self {
            LineFault::Ended => t!("jsonl.ended"),
            LineFault::NotJson(column) => t!("jsonl.not_json", column = column),
            LineFault::NoObject => t!("jsonl.no_object"),
            LineFault::Twice(name) => t!("jsonl.twice", name = crate::text::clean(&crate::text::shorten(name, 40))),
            LineFault::TooDeep => t!("jsonl.too_deep", depth = MAX_DEPTH),
        }
        .into_owned()
    }
}

/// The members of the object in a line.
///
/// # Errors
/// A line that is no object, or one that names a member twice.
pub(super) fn members(line: &str) -> Result<Vec<Member>, LineFault> {
    if nests_too_deep(line) {
        return Err(LineFault::TooDeep);
    }
    let mut members = Vec::new();
    flatten("", line, &mut members)?;
    Ok(members)
}

/// Whether objects and lists stand in each other deeper than is read.
fn nests_too_deep(line: &str) -> bool {
    let openings = line.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count();
    if openings <= MAX_DEPTH {
        return false;
    }
    let (mut depth, mut is_text, mut is_escaped) = (0usize, false, false);
    for byte in line.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

fn flatten(before: &str, object: &str, members: &mut Vec<Member>) -> Result<(), LineFault> {
    let not_whole = |error: serde_json::Error| LineFault::of(&error, object);
    let mut reader = serde_json::Deserializer::from_str(object);
    let own = reader.deserialize_map(Members).map_err(not_whole)?;
    reader.end().map_err(not_whole)?;
    for (name, value) in own {
        let name = if before.is_empty() { name } else { format!("{before}.{name}") };
        if value.get().starts_with('{') {
            flatten(&name, value.get(), members)?;
            continue;
        }
        if members.iter().any(|known| known.name == name) {
            return Err(LineFault::Twice(name));
        }
        if let Some(pairs) = pairs(value.get()) {
            // As many as there are of them: a record may have hundreds of custom fields.
            let of: Rc<str> = name.as_str().into();
            for Pair { key, value } in pairs {
                let (text, kind) = value_of(value.get()).map_err(not_whole)?;
                let is_taken = members.iter().any(|known| known.name == key);
                let own = if is_taken { format!("{name}.{key}") } else { key };
                members.push(Member { name: own, text, kind, of: Some(Rc::clone(&of)) });
            }
            continue;
        }
        let (text, kind) = value_of(value.get()).map_err(not_whole)?;
        members.push(Member { name, text, kind, of: None });
    }
    Ok(())
}

/// What a record says of a field beside its members: `{"key": "field_12", "value": "…"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair<'a> {
    key: String,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// The pairs that a list is made of; none of a list of something else.
fn pairs(value: &str) -> Option<Vec<Pair<'_>>> {
    if !value.starts_with('[') || !value.contains("\"key\"") {
        return None;
    }
    let pairs: Vec<Pair<'_>> = serde_json::from_str(value).ok()?;
    let mut keys: Vec<&str> = pairs.iter().map(|pair| pair.key.as_str()).collect();
    keys.sort_unstable();
    // Each becomes a column.
    let are_apart = keys.windows(2).all(|two| two[0] != two[1]) && keys.iter().all(|key| !key.is_empty());
    (are_apart && !pairs.is_empty()).then_some(pairs)
}

fn value_of(value: &str) -> serde_json::Result<(Option<String>, CellKind)> {
    Ok(match value.as_bytes().first() {
        Some(b'"') => (Some(serde_json::from_str(value)?), CellKind::Text),
        Some(b't') => (Some("TRUE".to_owned()), CellKind::Bool),
        Some(b'f') => (Some("FALSE".to_owned()), CellKind::Bool),
        Some(b'n') => (Some(String::new()), CellKind::Text),
        Some(b'[') => (list(value)?, CellKind::Text),
        // All digits are there, which a number of a spreadsheet program does not promise.
        _ => (Some(value.to_owned()), CellKind::Text),
    })
}

/// A list in a cell; none when its elements would not stay apart there.
fn list(value: &str) -> serde_json::Result<Option<String>> {
    let elements: Vec<&RawValue> = serde_json::from_str(value)?;
    let mut texts = Vec::new();
    for element in elements {
        match value_of(element.get())? {
            (Some(text), _) if !element.get().starts_with(['{', '[']) && !text.contains(SEPARATORS) => texts.push(text),
            _ => return Ok(None),
        }
    }
    Ok(Some(texts.join(BETWEEN)))
}

/// The members of an object as they stand there.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("{…}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Vec<(String, Option<String>)>> {
        Some(members(line).ok()?.into_iter().map(|member| (member.name, member.text)).collect())
    }

    #[test]
    fn members_are_cells_with_all_their_digits() {
        let line = r#" {"a":"x\ty","b":12345678901234567890123,"c":1.10,"d":null,"e":true,"f":{"g":{"h":1},"i":""},"j":["x","y"]} "#;
        let expected = [
            ("a", "x\ty"),
            ("b", "12345678901234567890123"),
            ("c", "1.10"),
            ("d", ""),
            ("e", "TRUE"),
            ("f.g.h", "1"),
            ("f.i", ""),
            ("j", "x,y"),
        ];
        let expected: Vec<_> = expected.map(|(name, text)| (name.to_owned(), Some(text.to_owned()))).into();
        assert_eq!(read(line).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told() {
        let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(members(&deep(MAX_DEPTH - 1)).is_ok());
        for depth in [MAX_DEPTH, 200_000] {
            assert_eq!(members(&deep(depth)), Err(LineFault::TooDeep));
        }
        assert_eq!(members(&format!("{{\"a\":\"{}\"}}", "[\\\"".repeat(300))).map(|found| found.len()), Ok(1));
        assert_eq!(members(r#"{"a":1"#), Err(LineFault::Ended));
        assert_eq!(members(r#"{"a":1 "b":2}"#), Err(LineFault::NotJson(8)));
        assert_eq!(members("[1]"), Err(LineFault::NoObject));
        assert_eq!(members(r#"{"a":1,"a":2}"#), Err(LineFault::Twice("a".into())));
    }

    #[test]
    fn custom_fields_are_cells_of_their_own() {
        let line = r#"{"note":"","custom_fields":[{"key":"field_1","value":"x,y"},{"key":"note","value":1.50},{"key":"f","value":["a"]}]}"#;
        let expected = [("note", ""), ("field_1", "x,y"), ("custom_fields.note", "1.50"), ("f", "a")];
        let expected: Vec<_> = expected.map(|(name, text)| (name.to_owned(), Some(text.to_owned()))).into();
        assert_eq!(read(line).unwrap(), expected);
        let others =
            r#"{"a":[{"key":"x","value":"1"},{"key":"x","value":"2"}],"b":[{"key":"x","value":"1","more":2}]}"#;
        assert_eq!(read(others).unwrap(), [("a".to_owned(), None), ("b".to_owned(), None)]);
        let of = |line: &str| members(line).unwrap().into_iter().map(|member| member.of).collect::<Vec<_>>();
        assert_eq!(
            of(line),
            [None, Some("custom_fields".into()), Some("custom_fields".into()), Some("custom_fields".into())]
        );
    }

    #[test]
    fn what_no_cell_can_hold_is_none_and_what_is_no_object_is_an_error() {
        for line in [r#"{"a":["x,y"]}"#, r#"{"a":[{"b":1}]}"#, r#"{"a":[["b"]]}"#] {
            assert_eq!(read(line).unwrap(), [("a".to_owned(), None)], "{line}");
        }
        for line in
            ["", "[]", "1", "{", r#"{"a":1"#, r#"{"a":1} {"a":2}"#, r#"{"a":1,"a":2}"#, r#"{"a":01}"#, "{'a':1}"]
        {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
