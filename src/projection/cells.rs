//! Turns a record into cells: what stands in each column, in words a person reads.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::column::{Column, ColumnSource};
use super::custom::{CustomValues, joined_custom};
use super::definitions::Definitions;
use super::html;
use super::moment::{self, Moment};
use super::names::Names;
use super::record::{text_of, told};
use super::row_batch::RowBatch;
use crate::entity::{Custom, CustomKind, Field, Kind};
use crate::error::Result;
use crate::language::Language;

/// How cells are written.
#[derive(Debug, Clone, Copy)]
pub struct CellStyle {
    /// Codes instead of words, HTML as it is.
    pub is_raw: bool,
    /// Numbers and dates as such; otherwise as text.
    pub is_typed: bool,
    /// The language of words.
    pub language: Language,
}

/// Turns records into rows.
#[derive(Debug)]
pub struct Projection<'a> {
    /// The columns.
    pub columns: Vec<Column<'a>>,
    /// How cells are written.
    pub style: CellStyle,
    /// Records that are written as they came are written whole, whatever the columns.
    pub is_whole: bool,
    /// Where custom fields are.
    pub custom: &'a Custom,
    /// What they are called.
    pub definitions: Definitions,
    /// Names of ids.
    pub names: Names<'a>,
}

impl Projection<'_> {
    /// Adds a record's row, with what its own page says before what the list said.
    ///
    /// # Errors
    /// A name that cannot be looked up.
    pub fn add(&mut self, record: &Value, detail: Option<&Value>, rows: &mut RowBatch) -> Result<()> {
        let (columns, style, custom, names) = (&self.columns, self.style, self.custom, &mut self.names);
        let definitions = &self.definitions;
        let get = |name: &str| told(record, detail, name);
        let has_custom = columns.iter().any(Column::is_custom);
        let values = if has_custom { CustomValues::of(record, detail, custom) } else { CustomValues::default() };
        for column in columns {
            match &column.from {
                ColumnSource::Field(field) if field.custom && definitions.has_options(&field.name) => {
                    add_custom(&field.name, values.get(&field.name), definitions, style, rows);
                }
                ColumnSource::Field(field) if field.custom => {
                    add_field(field, values.get(&field.name), style, rows);
                }
                ColumnSource::Field(field) => add_field(field, get(&field.name), style, rows),
                ColumnSource::Names(field, entity) => {
                    let ids = get(&field.name).map(text_of).unwrap_or_default();
                    rows.push_with(|text| names.of(entity, &ids, text))?;
                }
                ColumnSource::Member(name) => rows.push(&get(name).map(text_of).unwrap_or_default()),
                ColumnSource::Custom(key) => add_custom(key, values.get(key), definitions, style, rows),
            }
        }
        Ok(())
    }

    /// Adds a record as it came, as JSON: the values of the columns, or, where there are none, all of it. Names stand beside
    /// their ids.
    ///
    /// # Errors
    /// A name that cannot be looked up.
    pub fn add_as_it_came(&mut self, record: &Value, detail: Option<&Value>, rows: &mut RowBatch) -> Result<()> {
        let get = |name: &str| told(record, detail, name);
        let values = CustomValues::of(record, detail, self.custom);
        let mut named = Map::new();
        for column in &self.columns {
            let value = match &column.from {
                ColumnSource::Field(field) if field.custom => values.get(&field.name),
                ColumnSource::Field(field) => get(&field.name),
                ColumnSource::Custom(key) => values.get(key),
                ColumnSource::Member(name) => get(name),
                ColumnSource::Names(field, entity) => {
                    let ids = get(&field.name).map(text_of).unwrap_or_default();
                    let mut names = String::new();
                    self.names.of(entity, &ids, &mut names)?;
                    if self.is_whole {
                        named.insert(column.title.clone(), Value::String(names));
                    } else {
                        rows.push_json(&Value::String(names));
                    }
                    continue;
                }
            };
            if !self.is_whole {
                rows.push_json(value.unwrap_or(&Value::Null));
            }
        }
        if self.is_whole {
            match (detail, record) {
                (None, _) if named.is_empty() => rows.push_json(record),
                (_, Value::Object(members)) => {
                    let own = detail.and_then(Value::as_object).into_iter().flatten();
                    let mut whole = members.clone();
                    let is_told = |(name, value): &(&String, &Value)| !value.is_null() || !members.contains_key(*name);
                    whole.extend(own.filter(is_told).map(|(name, value)| (name.clone(), value.clone())));
                    if let Some(fields) = detail.and_then(|detail| joined_custom(record, detail, self.custom)) {
                        whole.insert(self.custom.member.clone(), fields);
                    }
                    whole.extend(named);
                    rows.push_json(&Value::Object(whole));
                }
                _ => rows.push_json(record),
            }
        }
        Ok(())
    }
}

/// The value of a custom field, as the account defines it.
fn add_custom(key: &str, value: Option<&Value>, definitions: &Definitions, style: CellStyle, rows: &mut RowBatch) {
    let text = value.map(text_of).unwrap_or_default();
    if text.is_empty() {
        return rows.push_empty();
    }
    match definitions.kind(key).filter(|_| style.is_typed) {
        Some(CustomKind::Integer | CustomKind::Decimal) => {
            if let Some(number) = exact_number(&text) {
                return rows.push_number(number);
            }
        }
        Some(CustomKind::Date) => match moment::parse(&text) {
            Some(Moment::Day(day)) => return rows.push_date(day),
            Some(Moment::Time(moment)) => return rows.push_date_time(moment),
            None => {}
        },
        _ => {}
    }
    match style.is_raw {
        true => rows.push(&text),
        false => rows.push(&definitions.words(key, text.into_owned())),
    }
}

fn add_field(field: &Field, value: Option<&Value>, style: CellStyle, rows: &mut RowBatch) {
    let Some(value) = value else {
        rows.push_empty();
        return;
    };
    let text: Cow<'_, str> = text_of(value);
    match field.kind {
        _ if text.is_empty() => rows.push_empty(),
        Kind::Date | Kind::DateTime if moment::is_unset(&text) => rows.push_empty(),
        Kind::Date | Kind::DateTime => match moment::parse(&text) {
            Some(Moment::Day(day)) => rows.push_date(day),
            Some(Moment::Time(moment)) => rows.push_date_time(moment),
            None => rows.push(&text),
        },
        Kind::Integer | Kind::Decimal if style.is_typed => match exact_number(&text) {
            Some(number) => rows.push_number(number),
            None => rows.push(&text),
        },
        Kind::Choice if !style.is_raw => match field.choices.iter().find(|choice| choice.value == text) {
            Some(choice) => rows.push(choice.label(style.language)),
            None => rows.push(&text),
        },
        Kind::Html if !style.is_raw => rows.push(&html::strip(&text)),
        _ => rows.push(&text),
    }
}

/// The number a text is, when a spreadsheet keeps every digit of it.
fn exact_number(text: &str) -> Option<f64> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let keeps_zeros = unsigned.starts_with('0') && unsigned.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    (is_plain && digits <= 15 && !keeps_zeros)
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_a_spreadsheet_keeps_are_numbers() {
        assert_eq!(exact_number("12.50"), Some(12.5));
        assert_eq!((exact_number("-3"), exact_number("0.5")), (Some(-3.0), Some(0.5)));
        for text in ["007", "-01.5", "70%", "1e5", "1234567890123456", "1-2", "nan", ""] {
            assert_eq!(exact_number(text), None, "{text}");
        }
    }
}
