//! The making of a [`Mapping`]: first what the mapping file says, then what the headers say, then whether anything that
//! every record needs is missing.

use std::collections::{HashMap, HashSet};

use rust_i18n::t;

use super::expression::Template;
use super::file::{Entry, MappingFile};
use super::header_index::HeaderIndex;
use super::result_columns::is_result_column;
use super::sendable::unsendable;
use super::sources::{Mapping, ValueSource};
use crate::entity::{AccountMode, Custom, Entity, Field, Requirement, Rule, fold};
use crate::error::{Error, Result};
use crate::format::{Cell, CellKind, Sheet, column_letters};
use crate::language::Language;
use crate::message;
use crate::value::{self, ValueOptions};

impl Mapping {
    /// Decides for every column of `sheet` what it feeds.
    ///
    /// # Errors
    /// A header that fits nothing, two columns for one field, a missing column that every record needs, and a mapping
    /// that names a column or field that does not exist.
    pub fn new(
        entity: &Entity,
        custom: &Custom,
        sheet: &Sheet,
        file: Option<&MappingFile>,
        mode: AccountMode,
        options: ValueOptions,
    ) -> Result<Mapping> {
        let nothing = MappingFile::default();
        let mut builder = MappingBuilder::new(entity, custom, sheet, file.unwrap_or(&nothing), mode);
        builder.options = options;
        builder.take_mapping()?;
        builder.match_headers()?;
        builder.settle_defaults()?;
        builder.require_columns()?;
        Ok(builder.finish())
    }
}

/// A mapping in the making.
pub(super) struct MappingBuilder<'a> {
    pub(super) entity: &'a Entity,
    pub(super) custom: &'a Custom,
    pub(super) sheet: &'a Sheet,
    pub(super) file: &'a MappingFile,
    pub(super) mode: AccountMode,
    pub(super) options: ValueOptions,
    headers: HeaderIndex,
    /// The source of each field of the entity, by the field's index.
    pub(super) sources: Vec<Option<ValueSource>>,
    pub(super) defaults: HashMap<usize, String>,
    pub(super) values: HashMap<usize, HashMap<String, String>>,
    /// Why a column is not sent, for those that already are decided upon without feeding a field.
    pub(super) reasons: HashMap<usize, String>,
    /// Columns whose texts leave a row out.
    pub(super) skip: Vec<(usize, Vec<String>)>,
    /// Columns of which the mapping file says that they mean no field. They count as taken by nothing.
    without_field: HashSet<usize>,
    /// Columns that a template reads. They may feed a field of their own besides.
    pub(super) read_by_template: HashSet<usize>,
}

impl<'a> MappingBuilder<'a> {
    fn new(entity: &'a Entity, custom: &'a Custom, sheet: &'a Sheet, file: &'a MappingFile, mode: AccountMode) -> Self {
        MappingBuilder {
            entity,
            custom,
            sheet,
            file,
            mode,
            options: ValueOptions::default(),
            headers: HeaderIndex::new(entity),
            sources: vec![None; entity.fields.len()],
            defaults: HashMap::new(),
            values: HashMap::new(),
            reasons: HashMap::new(),
            skip: Vec::new(),
            without_field: HashSet::new(),
            read_by_template: HashSet::new(),
        }
    }

    /// What the mapping file says goes first.
    fn take_mapping(&mut self) -> Result<()> {
        let file = self.file;
        self.compare_header()?;
        for (column, texts) in &file.skip {
            let index = self.column_of(column, &column.key, "[skip]")?;
            self.skip.push((index, texts.iter().map(|entry| entry.key.clone()).collect()));
        }
        for entry in &file.drop {
            let column = self.column_of(entry, &entry.key, "drop")?;
            self.reasons.insert(column, t!("mapping.dropped").into_owned());
        }
        for entry in &file.columns {
            let column = self.column_of(entry, &entry.key, "[columns]")?;
            if entry.value.trim().is_empty() {
                self.without_field.insert(column);
                continue;
            }
            let field_index = self.field_of(entry, &entry.value, "[columns]")?;
            if self.is_decided(column) {
                return Err(self.second_source(entry, &entry.key, "[columns]"));
            }
            self.take(entry, "[columns]", field_index, ValueSource::Column(column))?;
        }
        for entry in &file.constants {
            let field_index = self.field_of(entry, &entry.key, "[constants]")?;
            self.refuse_bad_value(entry, field_index, "[constants]")?;
            self.take(entry, "[constants]", field_index, ValueSource::Constant(entry.value.clone()))?;
        }
        for entry in &file.templates {
            let field_index = self.field_of(entry, &entry.key, "[templates]")?;
            let template = Template::new(
                &entry.value,
                |name| self.column_of(entry, name, "[templates]"),
                |why| {
                    let what = message!("mapping.bad_template", name = entry.key, why = why);
                    file.wrong(entry, what).hint(message!("mapping.bad_template_hint"))
                },
            )?;
            for column in template.columns() {
                self.read_by_template.insert(column);
            }
            self.take(entry, "[templates]", field_index, ValueSource::Template(Box::new(template)))?;
        }
        for entry in &file.defaults {
            let field_index = self.field_of(entry, &entry.key, "[defaults]")?;
            self.refuse_unsendable(entry, field_index, "[defaults]")?;
            self.refuse_bad_value(entry, field_index, "[defaults]")?;
            if self.defaults.insert(field_index, entry.value.clone()).is_some() {
                return Err(self.second_source(entry, &entry.key, "[defaults]"));
            }
        }
        for (field, entries) in &file.values {
            let field_index = self.field_of(field, &field.key, "[values]")?;
            self.refuse_unsendable(field, field_index, "[values]")?;
            for entry in entries {
                self.refuse_bad_value(entry, field_index, "[values]")?;
            }
            let values = entries.iter().map(|entry| (entry.key.trim().to_owned(), entry.value.clone())).collect();
            if self.values.insert(field_index, values).is_some() {
                return Err(self.second_source(field, &field.key, "[values]"));
            }
        }
        Ok(())
    }

    /// A mapping that says for which header it was made takes no other: a column may have come that it knows nothing of.
    fn compare_header(&self) -> Result<()> {
        let Some(made_for) =
            self.file.header.as_ref().map(|titles| titles.iter().map(|title| fold(title)).collect::<Vec<_>>())
        else {
            return Ok(());
        };
        let now: Vec<String> = self.sheet.header.iter().map(|title| fold(title)).collect();
        let list = |titles: Vec<&String>| {
            let titles: Vec<&str> = titles.iter().map(|title| title.trim()).collect();
            titles.join(Language::current().pick("、", ", "))
        };
        let added: Vec<&String> = self
            .sheet
            .header
            .iter()
            .filter(|title| {
                !title.trim().is_empty() && !is_result_column(&fold(title)) && !made_for.contains(&fold(title))
            })
            .collect();
        let gone: Vec<&String> =
            self.file.header.iter().flatten().filter(|title| !now.contains(&fold(title))).collect();
        if added.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let none = || Language::current().pick("无", "none").to_owned();
        let or_none = |titles: Vec<&String>| if titles.is_empty() { none() } else { list(titles) };
        Err(Error::usage(message!("mapping.other_header", added = or_none(added), gone = or_none(gone)))
            .hint(message!("mapping.other_header_hint")))
    }

    /// Gives a field its source, which must be the only one.
    fn take(&mut self, entry: &Entry, section: &str, field_index: usize, source: ValueSource) -> Result<()> {
        self.refuse_unsendable(entry, field_index, section)?;
        if self.sources[field_index].replace(source).is_some() {
            return Err(self.second_source(entry, &self.entity.fields[field_index].name, section));
        }
        Ok(())
    }

    fn refuse_unsendable(&self, entry: &Entry, field_index: usize, section: &str) -> Result<()> {
        let field = &self.entity.fields[field_index];
        match self.unsendable(field) {
            None => Ok(()),
            Some(reason) => Err(self
                .file
                .wrong(
                    entry,
                    message!("mapping.not_for_sending", section = section, name = field.name, reason = reason),
                )
                .hint(message!("mapping.not_for_sending_hint"))),
        }
    }

    /// A value that the mapping file itself gives is checked once, not found wrong in every row.
    fn refuse_bad_value(&self, entry: &Entry, field_index: usize, section: &str) -> Result<()> {
        let field = &self.entity.fields[field_index];
        let text = entry.value.trim();
        if text.is_empty() {
            return Ok(());
        }
        let cell = Cell { text, kind: CellKind::Text };
        value::clean(field, cell, &self.options, &mut String::new(), &mut Vec::new()).map_err(|problem| {
            let what = message!("mapping.bad_value", section = section, name = field.name, why = problem.rule());
            self.file.wrong(entry, what).hint(problem.hint())
        })
    }

    fn second_source(&self, entry: &Entry, name: &str, section: &str) -> Error {
        self.file
            .wrong(entry, message!("mapping.two_sources", section = section, name = name))
            .hint(message!("mapping.two_sources_hint"))
    }

    /// The column that the mapping file calls `name`.
    fn column_of(&self, entry: &Entry, name: &str, section: &str) -> Result<usize> {
        let header = &self.sheet.header;
        let columns = |same: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (0..header.len()).filter(|column| same(&header[*column])).collect()
        };
        let mut found = columns(&|header| header.trim() == name.trim());
        // By its number, where its header is nothing to name it by.
        if found.is_empty()
            && let Some(number) = name.trim().strip_prefix('#').and_then(|digits| digits.parse::<usize>().ok())
        {
            found = columns(&|_| true).into_iter().filter(|column| column + 1 == number).collect();
        }
        if found.is_empty() {
            found = columns(&|header| fold(header) == fold(name));
        }
        match found.as_slice() {
            [column] => Ok(*column),
            [] => {
                let known: Vec<&str> = header.iter().map(|header| header.trim()).filter(|h| !h.is_empty()).collect();
                let known = known.join(Language::current().pick("、", ", "));
                Err(self
                    .file
                    .wrong(entry, message!("mapping.no_column", section = section, name = name))
                    .hint(message!("mapping.no_column_hint", known = known)))
            }
            _ => Err(self
                .file
                .wrong(entry, message!("mapping.same_header", section = section, name = name))
                .hint(message!("mapping.same_header_hint"))),
        }
    }

    /// The field that the mapping file calls `name`: its name, label or alias.
    fn field_of(&self, entry: &Entry, name: &str, section: &str) -> Result<usize> {
        self.headers.find(&fold(name)).ok_or_else(|| {
            let entity = self.entity.label(Language::current());
            self.file
                .wrong(entry, message!("mapping.no_field", section = section, name = name, entity = entity))
                .hint(message!("mapping.no_field_hint", name = self.entity.name))
        })
    }

    /// A default without a column stands for every row; replaced values without a source would do nothing.
    fn settle_defaults(&mut self) -> Result<()> {
        for (field_index, default) in &self.defaults {
            self.sources[*field_index].get_or_insert_with(|| ValueSource::Constant(default.clone()));
        }
        let idle = self.file.values.iter().find(|(field, _)| {
            self.headers.find(&fold(&field.key)).is_some_and(|field_index| self.sources[field_index].is_none())
        });
        match idle {
            None => Ok(()),
            Some((field, _)) => Err(self
                .file
                .wrong(field, message!("mapping.unused_values", name = field.key))
                .hint(message!("mapping.unused_values_hint"))),
        }
    }

    /// What the headers say fills what is left.
    fn match_headers(&mut self) -> Result<()> {
        let mut twice: Vec<(usize, usize, usize)> = Vec::new();
        let explicit: Vec<bool> = self.sources.iter().map(Option::is_some).collect();
        for (column, header) in self.sheet.header.iter().enumerate() {
            if self.is_decided(column) || self.without_field.contains(&column) {
                continue;
            }
            let folded = fold(header);
            let Some(field_index) = self.headers.find(&folded) else {
                if is_result_column(&folded) {
                    self.reasons.insert(column, t!("mapping.result_column").into_owned());
                }
                continue;
            };
            if let Some(reason) = self.unsendable(&self.entity.fields[field_index]) {
                self.reasons.insert(column, reason);
                continue;
            }
            match &self.sources[field_index] {
                None => self.sources[field_index] = Some(ValueSource::Column(column)),
                Some(_) if explicit[field_index] => {
                    self.reasons.insert(column, t!("mapping.replaced").into_owned());
                }
                Some(ValueSource::Column(first)) => twice.push((field_index, *first, column)),
                Some(ValueSource::Constant(_) | ValueSource::Template(_)) => {}
            }
        }
        if self.sources.iter().all(Option::is_none) {
            return Err(self.nothing_matches());
        }
        if twice.is_empty() { Ok(()) } else { Err(self.two_columns(&twice)) }
    }

    /// Whether the mapping file has already said what a column is for.
    fn is_decided(&self, column: usize) -> bool {
        self.reasons.contains_key(&column)
            || self
                .sources
                .iter()
                .flatten()
                .any(|source| matches!(source, ValueSource::Column(taken) if *taken == column))
    }

    /// Why a field is never sent, if so.
    pub(super) fn unsendable(&self, field: &Field) -> Option<String> {
        unsendable(self.entity, field, self.mode)
    }

    pub(super) fn is_required(&self, field: &Field) -> bool {
        matches!(self.entity.requirement(field, self.mode), Requirement::Always(_))
    }

    fn has_source(&self, name: &str) -> bool {
        self.entity.fields.iter().zip(&self.sources).any(|(field, source)| field.name == name && source.is_some())
    }

    /// The rules "one of these" that hold in this account mode.
    pub(super) fn alternatives(&self) -> impl Iterator<Item = &'a Rule> {
        let mode = self.mode;
        self.entity.rules.iter().filter(move |rule| !rule.one_of.is_empty() && rule.holds_in(mode))
    }

    /// Labels of the named fields, joined as alternatives.
    fn labels(&self, names: &[String]) -> String {
        let language = Language::current();
        let labels: Vec<&str> = self.fields_of(names).map(|field| field.label(language)).collect();
        labels.join(language.pick("、", ", "))
    }

    pub(super) fn fields_of<'b>(&'b self, names: &'b [String]) -> impl Iterator<Item = &'b Field> {
        names.iter().filter_map(|name| self.entity.field(name))
    }

    fn column_name(&self, column: usize) -> String {
        t!("mapping.column", letters = column_letters(column), header = self.sheet.header[column].trim()).into_owned()
    }

    fn nothing_matches(&self) -> Error {
        let language = Language::current();
        let headers: Vec<&str> =
            self.sheet.header.iter().map(|header| header.trim()).filter(|header| !header.is_empty()).take(8).collect();
        let known: Vec<&str> = self
            .entity
            .fields
            .iter()
            .filter(|field| self.unsendable(field).is_none() && !field.read_only)
            .map(|field| field.label(language))
            .collect();
        let separator = language.pick("、", ", ");
        Error::usage(message!(
            "mapping.nothing_matches",
            entity = self.entity.label(language),
            row = self.sheet.header_row,
            headers = headers.join(separator)
        ))
        .hint(match self.sheet.others.is_empty() {
            true => message!("mapping.nothing_matches_hint", known = known.join(separator), name = self.entity.name),
            // Most likely the rows stand in another sheet.
            false => message!("mapping.other_sheet_hint", sheets = self.sheet.others.join(separator)),
        })
    }

    fn two_columns(&self, twice: &[(usize, usize, usize)]) -> Error {
        let language = Language::current();
        let pairs: Vec<String> = twice
            .iter()
            .map(|(field_index, first, second)| {
                t!(
                    "mapping.two_columns",
                    first = self.column_name(*first),
                    second = self.column_name(*second),
                    field = self.entity.fields[*field_index].label(language)
                )
                .into_owned()
            })
            .collect();
        let (_, _, second) = twice[0];
        Error::usage(pairs.join(language.pick("；", "; ")))
            .hint(message!("mapping.two_columns_hint", header = self.sheet.header[second].trim()))
    }

    /// A column that every record needs is missed before any row is read, not in every row.
    fn require_columns(&self) -> Result<()> {
        let language = Language::current();
        let mut missing: Vec<String> = self
            .entity
            .fields
            .iter()
            .zip(&self.sources)
            .filter(|(field, source)| source.is_none() && self.is_required(field) && self.unsendable(field).is_none())
            .map(|(field, _)| t!("mapping.missing_field", zh = field.zh, en = field.en).into_owned())
            .collect();
        for rule in self.alternatives() {
            if !rule.one_of.iter().any(|name| self.has_source(name)) {
                missing.push(t!("mapping.missing_one_of", labels = self.labels(&rule.one_of)).into_owned());
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::usage(message!(
            "mapping.missing_columns",
            entity = self.entity.label(language),
            missing = missing.join(language.pick("；", "; "))
        ))
        .hint(message!("mapping.missing_columns_hint", name = self.entity.name)))
    }
}
