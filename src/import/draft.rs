//! The making of a [`Plan`]: first what the mapping file says, then what the headers say, then whether anything that
//! every record needs is missing.

use std::collections::{HashMap, HashSet};

use rust_i18n::t;

use super::mapping::{KeySlots, MappingReport, Matched, Missing, Plan, RowRule, Slot, Source, Unused};
use super::mapping_file::{Entry, MappingFile};
use super::template::Template;
use super::value;
use crate::entity::{AccountMode, Entity, Field, Rule, fold};
use crate::error::{Error, Result};
use crate::format::{Cell, CellKind, Sheet, column_letters};
use crate::language::Language;

/// Columns of the files that importers hand back with their results. They say what became of a row and are no part of it.
const RESULT_COLUMNS: &[&str] = &[
    "bw8_row",
    "bw8_run",
    "bw8_status",
    "bw8_error",
    "sf__Id",
    "sf__Created",
    "STATUS",
    "ERROR",
    "Errors",
    "Old Id",
    "失败原因",
    "错误原因",
    "错误信息",
    "导入结果",
];

/// A plan in the making.
pub(super) struct Draft<'a> {
    entity: &'a Entity,
    sheet: &'a Sheet,
    mapping: &'a MappingFile,
    mode: AccountMode,
    words: Headers,
    /// The source of each field of the entity, by the field's place.
    sources: Vec<Option<Source>>,
    defaults: HashMap<usize, String>,
    values: HashMap<usize, HashMap<String, String>>,
    /// Why a column is not sent, for those that already are decided upon without feeding a field.
    reasons: HashMap<usize, String>,
    /// Columns that a template reads. They may feed a field of their own besides.
    read_by_template: HashSet<usize>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(entity: &'a Entity, sheet: &'a Sheet, mapping: &'a MappingFile, mode: AccountMode) -> Self {
        Draft {
            entity,
            sheet,
            mapping,
            mode,
            words: Headers::new(entity),
            sources: vec![None; entity.fields.len()],
            defaults: HashMap::new(),
            values: HashMap::new(),
            reasons: HashMap::new(),
            read_by_template: HashSet::new(),
        }
    }

    /// What the mapping file says goes first.
    pub(super) fn take_mapping(&mut self) -> Result<()> {
        let mapping = self.mapping;
        for entry in &mapping.drop {
            let column = self.column_of(entry, &entry.key, "drop")?;
            self.reasons.insert(column, t!("mapping.dropped").into_owned());
        }
        for entry in &mapping.columns {
            let column = self.column_of(entry, &entry.key, "[columns]")?;
            let place = self.field_of(entry, &entry.value, "[columns]")?;
            if self.is_decided(column) {
                return Err(self.second_source(entry, &entry.key, "[columns]"));
            }
            self.take(entry, "[columns]", place, Source::Column(column))?;
        }
        for entry in &mapping.constants {
            let place = self.field_of(entry, &entry.key, "[constants]")?;
            self.refuse_bad_value(entry, place, "[constants]")?;
            self.take(entry, "[constants]", place, Source::Constant(entry.value.clone()))?;
        }
        for entry in &mapping.templates {
            let place = self.field_of(entry, &entry.key, "[templates]")?;
            let template = Template::new(
                &entry.value,
                |name| self.column_of(entry, name, "[templates]"),
                |why| {
                    let what = t!("mapping.bad_template", name = entry.key, why = why);
                    mapping.wrong(entry, what).hint(t!("mapping.bad_template_hint"))
                },
            )?;
            for column in template.columns() {
                self.read_by_template.insert(column);
            }
            self.take(entry, "[templates]", place, Source::Template(Box::new(template)))?;
        }
        for entry in &mapping.defaults {
            let place = self.field_of(entry, &entry.key, "[defaults]")?;
            self.refuse_unsendable(entry, place, "[defaults]")?;
            self.refuse_bad_value(entry, place, "[defaults]")?;
            if self.defaults.insert(place, entry.value.clone()).is_some() {
                return Err(self.second_source(entry, &entry.key, "[defaults]"));
            }
        }
        for (field, entries) in &mapping.values {
            let place = self.field_of(field, &field.key, "[values]")?;
            self.refuse_unsendable(field, place, "[values]")?;
            for entry in entries {
                self.refuse_bad_value(entry, place, "[values]")?;
            }
            let values = entries.iter().map(|entry| (entry.key.trim().to_owned(), entry.value.clone())).collect();
            if self.values.insert(place, values).is_some() {
                return Err(self.second_source(field, &field.key, "[values]"));
            }
        }
        Ok(())
    }

    /// Gives a field its source, which must be the only one.
    fn take(&mut self, entry: &Entry, section: &str, place: usize, source: Source) -> Result<()> {
        self.refuse_unsendable(entry, place, section)?;
        if self.sources[place].replace(source).is_some() {
            return Err(self.second_source(entry, &self.entity.fields[place].name, section));
        }
        Ok(())
    }

    fn refuse_unsendable(&self, entry: &Entry, place: usize, section: &str) -> Result<()> {
        let field = &self.entity.fields[place];
        match self.unsendable(field) {
            None => Ok(()),
            Some(reason) => Err(self
                .mapping
                .wrong(entry, t!("mapping.not_for_sending", section = section, name = field.name, reason = reason))
                .hint(t!("mapping.not_for_sending_hint"))),
        }
    }

    /// A value that the mapping file itself gives is checked once, not found wrong in every row.
    fn refuse_bad_value(&self, entry: &Entry, place: usize, section: &str) -> Result<()> {
        let field = &self.entity.fields[place];
        let text = entry.value.trim();
        if text.is_empty() {
            return Ok(());
        }
        value::clean(field, Cell { text, kind: CellKind::Text }, &mut String::new()).map_err(|problem| {
            let what = t!("mapping.bad_value", section = section, name = field.name, why = problem.rule());
            self.mapping.wrong(entry, what).hint(problem.hint())
        })
    }

    fn second_source(&self, entry: &Entry, name: &str, section: &str) -> Error {
        self.mapping
            .wrong(entry, t!("mapping.two_sources", section = section, name = name))
            .hint(t!("mapping.two_sources_hint"))
    }

    /// The column that the mapping file calls `name`.
    fn column_of(&self, entry: &Entry, name: &str, section: &str) -> Result<usize> {
        let header = &self.sheet.header;
        let columns = |same: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (0..header.len()).filter(|column| same(&header[*column])).collect()
        };
        let mut found = columns(&|header| header.trim() == name.trim());
        if found.is_empty() {
            found = columns(&|header| fold(header) == fold(name));
        }
        match found.as_slice() {
            [column] => Ok(*column),
            [] => {
                let known: Vec<&str> = header.iter().map(|header| header.trim()).filter(|h| !h.is_empty()).collect();
                let known = known.join(Language::current().pick("、", ", "));
                Err(self
                    .mapping
                    .wrong(entry, t!("mapping.no_column", section = section, name = name))
                    .hint(t!("mapping.no_column_hint", known = known)))
            }
            _ => Err(self
                .mapping
                .wrong(entry, t!("mapping.same_header", section = section, name = name))
                .hint(t!("mapping.same_header_hint"))),
        }
    }

    /// The field that the mapping file calls `word`: its name, label or alias.
    fn field_of(&self, entry: &Entry, word: &str, section: &str) -> Result<usize> {
        self.words.find(&fold(word)).ok_or_else(|| {
            let entity = self.entity.label(Language::current());
            self.mapping
                .wrong(entry, t!("mapping.no_field", section = section, name = word, entity = entity))
                .hint(t!("mapping.no_field_hint", name = self.entity.name))
        })
    }

    /// A default without a column stands for every row; replaced values without a source would do nothing.
    pub(super) fn settle_defaults(&mut self) -> Result<()> {
        for (place, default) in &self.defaults {
            self.sources[*place].get_or_insert_with(|| Source::Constant(default.clone()));
        }
        let idle =
            self.mapping.values.iter().find(|(field, _)| {
                self.words.find(&fold(&field.key)).is_some_and(|place| self.sources[place].is_none())
            });
        match idle {
            None => Ok(()),
            Some((field, _)) => Err(self
                .mapping
                .wrong(field, t!("mapping.unused_values", name = field.key))
                .hint(t!("mapping.unused_values_hint"))),
        }
    }

    /// What the headers say fills what is left.
    pub(super) fn match_headers(&mut self) -> Result<()> {
        let mut twice: Vec<(usize, usize, usize)> = Vec::new();
        let explicit: Vec<bool> = self.sources.iter().map(Option::is_some).collect();
        for (column, header) in self.sheet.header.iter().enumerate() {
            if self.is_decided(column) {
                continue;
            }
            let folded = fold(header);
            let Some(place) = self.words.find(&folded) else {
                if RESULT_COLUMNS.iter().any(|name| fold(name) == folded) {
                    self.reasons.insert(column, t!("mapping.result_column").into_owned());
                }
                continue;
            };
            if let Some(reason) = self.unsendable(&self.entity.fields[place]) {
                self.reasons.insert(column, reason);
                continue;
            }
            match &self.sources[place] {
                None => self.sources[place] = Some(Source::Column(column)),
                Some(_) if explicit[place] => {
                    self.reasons.insert(column, t!("mapping.replaced").into_owned());
                }
                Some(Source::Column(first)) => twice.push((place, *first, column)),
                Some(Source::Constant(_) | Source::Template(_)) => {}
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
            || self.sources.iter().flatten().any(|source| matches!(source, Source::Column(taken) if *taken == column))
    }

    /// Why a field is never sent, if so. The record's own id is not sent either, but an update needs to know it.
    fn unsendable(&self, field: &Field) -> Option<String> {
        if field.read_only && self.entity.id.as_ref() != Some(&field.name) {
            return Some(t!("mapping.read_only").into_owned());
        }
        match field.mode {
            Some(mode) if mode != self.mode => Some(match self.mode {
                AccountMode::Business => t!("mapping.only_2c").into_owned(),
                AccountMode::Consumer => t!("mapping.only_2b").into_owned(),
            }),
            _ => None,
        }
    }

    fn is_required(&self, field: &Field) -> bool {
        let by_rule =
            |rule: &Rule| rule.require.as_ref() == Some(&field.name) && rule.mode.is_none_or(|mode| mode == self.mode);
        // A field that is read-only and required is the id of a record to change.
        field.required || (!field.read_only && self.entity.rules.iter().any(by_rule))
    }

    fn has_source(&self, name: &str) -> bool {
        self.entity.fields.iter().zip(&self.sources).any(|(field, source)| field.name == name && source.is_some())
    }

    /// The rules "one of these" that hold in this account mode.
    fn alternatives(&self) -> impl Iterator<Item = &'a Rule> {
        let mode = self.mode;
        self.entity
            .rules
            .iter()
            .filter(move |rule| !rule.one_of.is_empty() && rule.mode.is_none_or(|wanted| wanted == mode))
    }

    /// Labels of the named fields, joined as alternatives.
    fn labels(&self, names: &[String]) -> String {
        let language = Language::current();
        let labels: Vec<&str> =
            names.iter().filter_map(|name| self.entity.field(name)).map(|field| field.label(language)).collect();
        labels.join(language.pick("、", ", "))
    }

    fn place_of(&self, column: usize) -> String {
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
        Error::usage(t!(
            "mapping.nothing_matches",
            entity = self.entity.label(language),
            row = self.sheet.header_row,
            headers = headers.join(separator)
        ))
        .hint(match self.sheet.others.is_empty() {
            true => t!("mapping.nothing_matches_hint", known = known.join(separator), name = self.entity.name),
            // Most likely the rows stand in another sheet.
            false => t!("mapping.other_sheet_hint", sheets = self.sheet.others.join(separator)),
        })
    }

    fn two_columns(&self, twice: &[(usize, usize, usize)]) -> Error {
        let language = Language::current();
        let pairs: Vec<String> = twice
            .iter()
            .map(|(place, first, second)| {
                t!(
                    "mapping.two_columns",
                    first = self.place_of(*first),
                    second = self.place_of(*second),
                    field = self.entity.fields[*place].label(language)
                )
                .into_owned()
            })
            .collect();
        let (_, _, second) = twice[0];
        Error::usage(pairs.join(language.pick("；", "; ")))
            .hint(t!("mapping.two_columns_hint", header = self.sheet.header[second].trim()))
    }

    /// A column that every record needs is missed before any row is read, not in every row.
    pub(super) fn require_columns(&self) -> Result<()> {
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
        Err(Error::usage(t!(
            "mapping.missing_columns",
            entity = self.entity.label(language),
            missing = missing.join(language.pick("；", "; "))
        ))
        .hint(t!("mapping.missing_columns_hint", name = self.entity.name)))
    }

    pub(super) fn finish(self) -> Plan {
        let report = self.report();
        let slots: Vec<Slot> = self
            .entity
            .fields
            .iter()
            .enumerate()
            .filter_map(|(place, field)| Some(self.slot(place, field, self.sources[place].clone()?)))
            .collect();
        let place = |name: &String| slots.iter().position(|slot| slot.field.name == *name);
        let mut rules: Vec<RowRule> = self
            .alternatives()
            .map(|rule| RowRule::OneOf {
                slots: rule.one_of.iter().filter_map(place).collect(),
                labels: self.labels(&rule.one_of),
            })
            .collect();
        if let Some(edits) = &self.entity.edits
            && let Some(slot) = place(&edits.set)
        {
            rules.push(RowRule::Excludes {
                slot,
                others: [&edits.add, &edits.remove].into_iter().filter_map(place).collect(),
            });
        }
        let keys = (0u8..)
            .zip(&self.entity.keys)
            .filter_map(|(number, fields)| {
                let slots = fields.iter().map(place).collect::<Option<Vec<_>>>()?;
                Some(KeySlots { number, fields: fields.clone(), slots })
            })
            .collect();
        Plan {
            entity: self.entity.clone(),
            mode: self.mode,
            header: self.sheet.header.clone(),
            has_custom: slots.iter().any(|slot| slot.field.custom),
            slots,
            rules,
            keys,
            report,
        }
    }

    fn slot(&self, place: usize, field: &Field, source: Source) -> Slot {
        let sent = !field.read_only;
        // A text always serialises.
        let name = serde_json::to_string(&field.name).expect("a text serialises");
        let head = if field.custom { format!("{{\"key\":{name},\"value\":") } else { format!("{name}:") };
        Slot {
            required: self.is_required(field),
            field: field.clone(),
            source,
            sent,
            default: self.defaults.get(&place).cloned(),
            values: self.values.get(&place).cloned().unwrap_or_default(),
            head: head.into_bytes(),
        }
    }

    fn report(&self) -> MappingReport {
        let language = Language::current();
        let mut report = MappingReport::default();
        let mut by_column: Vec<(usize, Matched)> = Vec::new();
        for (field, source) in self.entity.fields.iter().zip(&self.sources) {
            let (field_name, label) = (field.name.clone(), field.label(language).to_owned());
            match source {
                Some(Source::Column(column)) => by_column.push((
                    *column,
                    Matched {
                        column: Some(column_letters(*column)),
                        source: self.sheet.header[*column].trim().to_owned(),
                        field: field_name,
                        label,
                    },
                )),
                Some(Source::Constant(text)) => {
                    let shown = if field.secret { "•••" } else { text };
                    by_column.push((
                        usize::MAX,
                        Matched { column: None, source: format!("\"{shown}\""), field: field_name, label },
                    ));
                }
                Some(Source::Template(template)) => by_column.push((
                    usize::MAX,
                    Matched { column: None, source: template.source.clone(), field: field_name, label },
                )),
                None if field.read_only || self.unsendable(field).is_some() => {}
                None => report.missing.push(Missing { field: field_name, label }),
            }
        }
        by_column.sort_by_key(|(column, _)| *column);
        for (column, header) in self.sheet.header.iter().enumerate() {
            if by_column.iter().any(|(matched, _)| *matched == column) {
                continue;
            }
            let in_template =
                || self.read_by_template.contains(&column).then(|| t!("mapping.in_template").into_owned());
            let reason = in_template().or_else(|| self.reasons.get(&column).cloned());
            let unused = Unused { column: column_letters(column), header: header.trim().to_owned(), reason };
            if unused.reason.is_some() { report.not_sent.push(unused) } else { report.unmatched.push(unused) }
        }
        report.matched = by_column.into_iter().map(|(_, matched)| matched).collect();
        report
    }
}

/// The fields of an entity by the words that mean them. A name or label goes before an alias.
struct Headers {
    exact: HashMap<String, usize>,
    aliases: HashMap<String, usize>,
}

impl Headers {
    fn new(entity: &Entity) -> Self {
        let mut headers = Headers { exact: HashMap::new(), aliases: HashMap::new() };
        for (place, field) in entity.fields.iter().enumerate() {
            for word in [&field.name, &field.zh, &field.en] {
                headers.exact.entry(fold(word)).or_insert(place);
            }
            for word in &field.aliases {
                headers.aliases.entry(fold(word)).or_insert(place);
            }
        }
        headers
    }

    fn find(&self, folded: &str) -> Option<usize> {
        self.exact.get(folded).or_else(|| self.aliases.get(folded)).copied()
    }
}
