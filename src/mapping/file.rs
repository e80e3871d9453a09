//! A mapping file: what a user says about columns whose headers do not say it themselves.
//!
//! ```toml
//! drop = ["导出人", 7]             # columns that are left out, by header or by number from 1
//! header = ["客户电话", "…"]       # the header it was made for; another one is refused
//! entity = "tickets"             # what its rows are
//! source = "zendesk"             # the system in which its records have old ids
//! optional = true                # columns that the file lacks are passed over
//! accept = ["hidden_row"]        # kinds of warnings whose rows are sent
//! date_order = "dmy"             # how values are read, as the options of these names say
//! country = "HK"
//! keep_raw = true
//! clear = ["备注"]                # fields that an update empties where their cell is empty
//! [columns]
//! "客户电话" = "mobile"          # a column, and a field by name or label; "" when it means none
//! "流水号" = "old id"            # or the id that the record has in the other system
//! [constants]
//! companyId = "20001"            # the same for every row
//! [defaults]
//! state = "在职"                 # where the cell is empty
//! [values.state]
//! "在岗" = "在职"                # a text of the file, and the text to take instead
//! [templates]
//! fixnumber = "{{ 区号 ~ '-' ~ 电话 }}"
//! [skip]
//! "状态" = ["作废"]              # rows with this text in this column are left out
//! [overwrite]
//! tableName = "merge"            # what an update does where the account has another value: always, if-blank, …
//! ```
//!
//! It may be a workbook as well ([`workbook`]), which means the same.
//!
//! It is read strictly, and every entry keeps its line, so that an error about it can name the line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::presets::{names, preset};
use super::toml_quoted::toml_quoted;
use super::workbook::{self, Place};
use crate::error::{Error, Result};
use crate::format::{of_signature, read_text};
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::t;
use crate::toml_words;
use crate::value::{Country, DateOrder, ValueOptions};

/// One entry of a section, with the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: String,
    pub value: String,
    pub line: usize,
}

/// What a mapping file says.
#[derive(Debug, Clone, Default)]
pub struct MappingFile {
    /// How messages call the file.
    shown: String,
    /// All of it, as it was read; of a workbook what it means.
    text: String,
    /// Where the lines of the text stand in a workbook; empty of a text file.
    places: Vec<Place>,
    /// Column → field.
    pub(super) columns: Vec<Entry>,
    /// Field → value of every row.
    pub(super) constants: Vec<Entry>,
    /// Field → value where the cell is empty.
    pub(super) defaults: Vec<Entry>,
    /// Field → template over the row's columns.
    pub(super) templates: Vec<Entry>,
    /// Field, and text of the file → text to take instead.
    pub(super) values: Vec<(Entry, Vec<Entry>)>,
    /// Columns that are left out on purpose.
    pub(super) drop: Vec<Entry>,
    /// Kinds of warnings that are consented to.
    accept: Vec<String>,
    /// How values are read.
    values_read: ValueOptions,
    /// Column, and the texts in it that leave a row out.
    pub(super) skip: Vec<(Entry, Vec<Entry>)>,
    /// Fields that an update empties where their cell is empty.
    pub(super) clear: Vec<Entry>,
    /// Field → what an update does where the account has another value.
    pub(super) overwrite: Vec<Entry>,
    /// The same as typed on the command line.
    pub(super) typed_overwrites: Vec<Entry>,
    /// The columns that are imported, where they were named on the command line.
    pub(super) only: Vec<Entry>,
    /// The header it was made for.
    pub(super) header: Option<Vec<String>>,
    /// What the rows are that it is for.
    pub(super) entity: Option<String>,
    /// What the system goes by in which the records have old ids.
    pub(super) source: Option<String>,
    /// Whether columns that the file lacks are passed over, and of several for one field the first is taken.
    pub(super) optional: bool,
}

/// Settings that the program writes for what was typed.
const TYPED_COLUMNS: &str = "typed_columns";
const TYPED_OVERWRITES: &str = "typed_overwrites";

type Section = BTreeMap<Spanned<String>, Spanned<String>>;

/// The file as TOML has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Document {
    /// Columns that are left out on purpose: headers, or numbers from 1.
    drop: Vec<Spanned<toml::Value>>,
    /// The header it was made for: with another one the file is refused.
    header: Option<Vec<String>>,
    /// What the rows are that it is for.
    entity: Option<String>,
    /// The system in which the records have old ids, such as `zendesk`.
    source: Option<Spanned<String>>,
    /// Whether columns that the file lacks are passed over; of several for one field the first is taken.
    optional: bool,
    /// Column = texts: rows with one of these texts there are left out.
    skip: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    /// Kinds of warnings that are consented to, by code.
    accept: Vec<String>,
    /// Which comes first in dates such as 03/04/2026: `dmy` or `mdy`.
    date_order: Option<Spanned<String>>,
    /// Country of telephone numbers without a country code, such as `CN`.
    country: Option<Spanned<String>>,
    /// Whether nothing is restored of what a spreadsheet program changed.
    keep_raw: bool,
    /// Fields that an update empties where their cell is empty.
    clear: Vec<Spanned<String>>,
    /// Field = what an update does where the account has another value: `always`, `if-blank`, `never`, `merge`, `remove`.
    overwrite: Section,
    /// Written by the program, from what was typed.
    typed_columns: Vec<Spanned<String>>,
    /// Written by the program, from what was typed of fields.
    typed_overwrites: Vec<(Spanned<String>, String)>,
    /// Column = field.
    columns: Section,
    /// Field = value of every row.
    constants: Section,
    /// Field = value where the cell is empty.
    defaults: Section,
    /// Field = template over the columns of the row.
    templates: Section,
    /// `[values.FIELD]`: text of the file = text to take instead.
    values: BTreeMap<Spanned<String>, Section>,
}

impl MappingFile {
    /// Reads the file at `path`, or the mapping of that name that is shipped.
    ///
    /// # Errors
    /// A file that cannot be read or whose encoding is not certain, a name that is not known, and everything of
    /// [`MappingFile::parse`].
    pub fn read(path: &Path) -> Result<MappingFile> {
        let shown = path.display().to_string();
        if !path.exists() {
            if let Some(text) = preset(&shown) {
                return MappingFile::parse(text, &shown);
            }
            let known = names().collect::<Vec<_>>().join(Language::current().pick("、", ", "));
            return Err(
                Error::usage(message!("format.missing", file = shown)).hint(message!("mapping.shipped", names = known))
            );
        }
        let is_workbook = of_signature(path).is_some_and(|format| format.has_sheets);
        let (text, places) = match is_workbook {
            true => workbook::read(path, &shown)?,
            false => (read_text(path, &shown)?, Vec::new()),
        };
        MappingFile::parse_placed(&text, &shown, places)
    }

    /// Reads the text of a mapping file, which messages call `shown`.
    ///
    /// # Errors
    /// Text that is not TOML, a section that is not known, a value that is not a text; each with its line.
    pub fn parse(text: &str, shown: &str) -> Result<MappingFile> {
        MappingFile::parse_placed(text, shown, Vec::new())
    }

    /// The same for a text whose lines come from a workbook.
    fn parse_placed(text: &str, shown: &str, places: Vec<Place>) -> Result<MappingFile> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line_at = |span: Range<usize>| 1 + text[..span.start].matches('\n').count();
        let document: Document = toml::from_str(text).map_err(|error| {
            let (line, why) = toml_words::explain(text, &error);
            Error::usage(location(shown, &places, line, why)).hint(message!("mapping.syntax_hint"))
        })?;
        let wrong = |entry: &Spanned<String>| {
            let what = message!("mapping.bad_option", value = entry.get_ref());
            Error::usage(location(shown, &places, line_at(entry.span()), what))
        };
        let values_read = ValueOptions {
            keep_raw: document.keep_raw,
            date_order: match &document.date_order {
                None => None,
                Some(order) => Some(DateOrder::of_name(order.get_ref()).ok_or_else(|| wrong(order))?),
            },
            country: match &document.country {
                None => Country::default(),
                Some(country) => Country::of_code(country.get_ref()).ok_or_else(|| wrong(country))?,
            },
        };
        let source = match &document.source {
            None => None,
            Some(source) => Some(source_name(source.get_ref()).ok_or_else(|| {
                let what = message!("mapping.bad_source", value = source.get_ref());
                Error::usage(location(shown, &places, line_at(source.span()), what))
            })?),
        };
        let entries = |section: Section| {
            let mut entries: Vec<Entry> = section
                .into_iter()
                .map(|(key, value)| Entry {
                    line: line_at(key.span()),
                    key: key.into_inner(),
                    value: value.into_inner(),
                })
                .collect();
            entries.sort_by_key(|entry| entry.line);
            entries
        };
        let name =
            |key: Spanned<String>| Entry { line: line_at(key.span()), key: key.into_inner(), value: String::new() };
        let dropped = |column: Spanned<toml::Value>| {
            let line = line_at(column.span());
            let key = match column.into_inner() {
                toml::Value::String(header) => header,
                toml::Value::Integer(number) => format!("#{number}"),
                _ => {
                    let what = message!("mapping.bad_drop");
                    return Err(Error::usage(location(shown, &places, line, what)));
                }
            };
            Ok(Entry { key, value: String::new(), line })
        };
        let drop = document.drop.into_iter().map(dropped).collect::<Result<_>>()?;
        Ok(MappingFile {
            shown: shown.to_owned(),
            places,
            text: text.to_owned(),
            columns: entries(document.columns),
            constants: entries(document.constants),
            defaults: entries(document.defaults),
            templates: entries(document.templates),
            values: document.values.into_iter().map(|(field, section)| (name(field), entries(section))).collect(),
            drop,
            skip: document
                .skip
                .into_iter()
                .map(|(column, texts)| (name(column), texts.into_iter().map(name).collect()))
                .collect(),
            clear: document.clear.into_iter().map(name).collect(),
            overwrite: entries(document.overwrite),
            typed_overwrites: document
                .typed_overwrites
                .into_iter()
                .map(|(field, value)| Entry { value, ..name(field) })
                .collect(),
            only: document.typed_columns.into_iter().map(name).collect(),
            header: document.header,
            entity: document.entity,
            source,
            optional: document.optional,
            accept: document.accept,
            values_read,
        })
    }

    /// Kinds of warnings that it consents to.
    pub fn accepted(&self) -> impl Iterator<Item = &str> {
        self.accept.iter().map(String::as_str)
    }

    /// How values are read, as far as the file says it.
    pub fn values(&self) -> ValueOptions {
        self.values_read
    }

    /// A mapping file with what was typed beside it: the columns that are imported, and what an update does with fields
    /// (`FIELD=WHAT`).
    ///
    /// # Errors
    /// What is no such pair.
    pub fn with_typed(
        file: Option<MappingFile>,
        columns: &[String],
        overwrites: &[String],
    ) -> Result<Option<MappingFile>> {
        if columns.is_empty() && overwrites.is_empty() {
            return Ok(file);
        }
        let shown = t!("mapping.command_line").into_owned();
        let mut file = file.unwrap_or_else(|| MappingFile { shown, ..MappingFile::default() });
        let entry =
            |key: &str, value: &str| Entry { key: key.trim().to_owned(), value: value.trim().to_owned(), line: 1 };
        let names = columns.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        file.only = names.map(|name| entry(name, "")).collect();
        for typed in overwrites {
            let Some((field, what)) = typed.split_once('=') else {
                return Err(Error::usage(message!("mapping.no_overwrite", typed = typed))
                    .hint(message!("mapping.bad_overwrite_hint")));
            };
            file.typed_overwrites.push(entry(field, what));
        }
        Ok(Some(file))
    }

    /// Refuses words about what may be written over, for rows whose columns say that themselves. Runs that began with such words
    /// are still read.
    ///
    /// # Errors
    /// There are any.
    pub fn refuse_overwrites(&self) -> Result<()> {
        let Some(entry) = self.typed_overwrites.iter().chain(&self.overwrite).next() else { return Ok(()) };
        Err(self
            .wrong(entry, message!("mapping.overwrite_of_tags", name = entry.key))
            .hint(message!("mapping.overwrite_of_tags_hint")))
    }

    /// What was typed beside the file, as lines of it.
    fn typed_lines(&self) -> Vec<String> {
        let list = |texts: Vec<String>| format!("[{}]", texts.join(", "));
        let quoted = |entry: &Entry| toml_quoted(&entry.key);
        let pair = |entry: &Entry| list(vec![toml_quoted(&entry.key), toml_quoted(&entry.value)]);
        let mut lines = Vec::new();
        if !self.only.is_empty() {
            lines.push(format!("{TYPED_COLUMNS} = {}", list(self.only.iter().map(quoted).collect())));
        }
        if !self.typed_overwrites.is_empty() {
            lines.push(format!("{TYPED_OVERWRITES} = {}", list(self.typed_overwrites.iter().map(pair).collect())));
        }
        lines
    }

    /// The text of a mapping file that says how values are read and what was typed beside it, too, so that the same comes of it
    /// again; none when there is nothing to say.
    pub fn text_with(file: Option<&MappingFile>, values: ValueOptions) -> Option<String> {
        let mut said = values.as_lines();
        said.extend(file.iter().flat_map(|file| file.typed_lines()));
        if said.is_empty() {
            return file.map(|file| file.text.clone());
        }
        let keys = || ValueOptions::KEYS.into_iter().chain([TYPED_COLUMNS, TYPED_OVERWRITES]);
        let is_said = |line: &str| line.split('=').next().is_some_and(|key| keys().any(|known| known == key.trim()));
        let mut is_above = true;
        let rest = file.map_or("", |file| &file.text).lines().filter(|line| {
            is_above &= !line.trim_start().starts_with('[');
            !(is_above && is_said(line))
        });
        Some(said.into_iter().chain(rest.map(str::to_owned)).map(|line| line + "\n").collect())
    }

    /// The file, or one that says nothing else, with what the other system goes by.
    pub fn with_source(file: Option<MappingFile>, source: &str) -> MappingFile {
        let mut file = file.unwrap_or_default();
        let said = format!("source = {}\n", toml_quoted(source));
        let mut is_above = true;
        let rest = file.text.lines().filter(|line| {
            is_above &= !line.trim_start().starts_with('[');
            !(is_above && line.split('=').next().is_some_and(|key| key.trim() == "source"))
        });
        file.text = std::iter::once(said).chain(rest.map(|line| format!("{line}\n"))).collect();
        file.source = Some(source.to_owned());
        file
    }

    /// All of the file, as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// An error about an entry, naming the file and its line.
    pub(super) fn wrong(&self, entry: &Entry, what: Message) -> Error {
        Error::usage(location(&self.shown, &self.places, entry.line, what))
    }
}

/// What a system goes by, as it is kept; none of what can be no name.
pub fn source_name(text: &str) -> Option<String> {
    let name = text.trim().to_lowercase();
    let is_name = !name.is_empty() && name.chars().count() <= LONGEST_SOURCE && !name.contains(char::is_control);
    is_name.then_some(name)
}

/// Most characters of what a system goes by.
const LONGEST_SOURCE: usize = 40;

/// What is wrong, with its place: the line of a text file, the row of a workbook.
fn location(shown: &str, places: &[Place], line: usize, what: Message) -> Message {
    match places.get(line - 1).copied().flatten() {
        Some((sheet, row)) => {
            message!("mapping.cell_location", file = shown, sheet = sheet, row = row, what = what)
        }
        None => message!("mapping.location", file = shown, line = line, what = what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_know_their_lines() {
        let text =
            "drop = [\"甲\",\n  \"乙\"]\n[columns]\n\"客户 电话\" = \"mobile\"\n[values.state]\n\"在岗\" = \"在职\"\n";
        let file = MappingFile::parse(text, "m.toml").unwrap();
        assert_eq!(file.drop[1], Entry { key: "乙".into(), value: String::new(), line: 2 });
        assert_eq!(file.columns, [Entry { key: "客户 电话".into(), value: "mobile".into(), line: 4 }]);
        let (field, values) = &file.values[0];
        assert_eq!((field.key.as_str(), field.line), ("state", 5));
        assert_eq!(values, &[Entry { key: "在岗".into(), value: "在职".into(), line: 6 }]);
    }

    #[test]
    fn what_is_not_a_mapping_file_is_refused_by_line() {
        let refused = |text: &str| MappingFile::parse(text, "m.toml").unwrap_err().message();
        assert!(refused("\n[colums]\na = \"b\"").starts_with("m.toml, line 2: "));
        assert!(refused("\n[colums]\na = \"b\"").contains("colums"));
        assert!(refused("[constants]\na = 1").starts_with("m.toml, line 2: "));
        assert!(refused("[columns]\na = \"b\"\na = \"c\"").starts_with("m.toml, line 3: "));
        assert!(refused("[columns").starts_with("m.toml, line 1: "));
        assert!(refused("date_order = \"ymd\"").starts_with("m.toml, line 1: \"ymd\" is none of"));
    }

    #[test]
    fn how_values_are_read_is_kept_with_the_text() {
        let values = ValueOptions { keep_raw: true, date_order: Some(DateOrder::Mdy), ..ValueOptions::default() };
        let file =
            MappingFile::parse("date_order = \"dmy\"\n[columns]\n\"country = \" = \"mobile\"\n", "m.toml").unwrap();
        assert_eq!(file.values().date_order, Some(DateOrder::Dmy));
        let text = MappingFile::text_with(Some(&file), values).unwrap();
        let again = MappingFile::parse(&text, "m.toml").unwrap();
        assert_eq!((again.values(), again.columns.len()), (values, 1));
        assert_eq!(MappingFile::text_with(None, ValueOptions::default()), None);
        let alone = MappingFile::text_with(None, values).unwrap();
        assert_eq!(MappingFile::parse(&alone, "m.toml").unwrap().values(), values);
    }
}
