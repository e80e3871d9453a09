//! The making of a [`Mapping`]: first what the mapping file says, then what the headers say, then whether anything that
//! every record needs is missing.

use std::collections::{HashMap, HashSet};

use rust_i18n::t;

use super::expression::Template;
use super::file::{Entry, MappingFile};
use super::report::{MappingReport, Matched, Missing, Unused};
use super::result_columns::is_result_column;
use super::sources::{FieldSource, KeySources, Mapping, RowRule, ValueSource};
use crate::entity::{AccountMode, Custom, Entity, Field, Requirement, Rule, fold};
use crate::error::{Error, Result};
use crate::format::{Cell, CellKind, Sheet, column_letters};
use crate::language::Language;
use crate::message;
use crate::message::Detail;
use crate::value;

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
    ) -> Result<Mapping> {
        let nothing = MappingFile::default();
        let mut builder = MappingBuilder::new(entity, custom, sheet, file.unwrap_or(&nothing), mode);
        builder.take_mapping()?;
        builder.match_headers()?;
        builder.settle_defaults()?;
        builder.require_columns()?;
        Ok(builder.finish())
    }
}

/// A mapping in the making.
struct MappingBuilder<'a> {
    entity: &'a Entity,
    custom: &'a Custom,
    sheet: &'a Sheet,
    file: &'a MappingFile,
    mode: AccountMode,
    words: Headers,
    /// The source of each field of the entity, by the field's index.
    sources: Vec<Option<ValueSource>>,
    defaults: HashMap<usize, String>,
    values: HashMap<usize, HashMap<String, String>>,
    /// Why a column is not sent, for those that already are decided upon without feeding a field.
    reasons: HashMap<usize, String>,
    /// Columns that a template reads. They may feed a field of their own besides.
    read_by_template: HashSet<usize>,
}

impl<'a> MappingBuilder<'a> {
    fn new(entity: &'a Entity, custom: &'a Custom, sheet: &'a Sheet, file: &'a MappingFile, mode: AccountMode) -> Self {
        MappingBuilder {
            entity,
            custom,
            sheet,
            file,
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
    fn take_mapping(&mut self) -> Result<()> {
        let file = self.file;
        for entry in &file.drop {
            let column = self.column_of(entry, &entry.key, "drop")?;
            self.reasons.insert(column, t!("mapping.dropped").into_owned());
        }
        for entry in &file.columns {
            let column = self.column_of(entry, &entry.key, "[columns]")?;
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
                    let what = t!("mapping.bad_template", name = entry.key, why = why);
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
                .wrong(entry, t!("mapping.not_for_sending", section = section, name = field.name, reason = reason))
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
        value::clean(field, Cell { text, kind: CellKind::Text }, &mut String::new()).map_err(|problem| {
            let what = t!("mapping.bad_value", section = section, name = field.name, why = problem.rule());
            self.file.wrong(entry, what).hint(problem.hint())
        })
    }

    fn second_source(&self, entry: &Entry, name: &str, section: &str) -> Error {
        self.file
            .wrong(entry, t!("mapping.two_sources", section = section, name = name))
            .hint(message!("mapping.two_sources_hint"))
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
                    .file
                    .wrong(entry, t!("mapping.no_column", section = section, name = name))
                    .hint(message!("mapping.no_column_hint", known = known)))
            }
            _ => Err(self
                .file
                .wrong(entry, t!("mapping.same_header", section = section, name = name))
                .hint(message!("mapping.same_header_hint"))),
        }
    }

    /// The field that the mapping file calls `word`: its name, label or alias.
    fn field_of(&self, entry: &Entry, word: &str, section: &str) -> Result<usize> {
        self.words.find(&fold(word)).ok_or_else(|| {
            let entity = self.entity.label(Language::current());
            self.file
                .wrong(entry, t!("mapping.no_field", section = section, name = word, entity = entity))
                .hint(message!("mapping.no_field_hint", name = self.entity.name))
        })
    }

    /// A default without a column stands for every row; replaced values without a source would do nothing.
    fn settle_defaults(&mut self) -> Result<()> {
        for (field_index, default) in &self.defaults {
            self.sources[*field_index].get_or_insert_with(|| ValueSource::Constant(default.clone()));
        }
        let idle = self.file.values.iter().find(|(field, _)| {
            self.words.find(&fold(&field.key)).is_some_and(|field_index| self.sources[field_index].is_none())
        });
        match idle {
            None => Ok(()),
            Some((field, _)) => Err(self
                .file
                .wrong(field, t!("mapping.unused_values", name = field.key))
                .hint(message!("mapping.unused_values_hint"))),
        }
    }

    /// What the headers say fills what is left.
    fn match_headers(&mut self) -> Result<()> {
        let mut twice: Vec<(usize, usize, usize)> = Vec::new();
        let explicit: Vec<bool> = self.sources.iter().map(Option::is_some).collect();
        for (column, header) in self.sheet.header.iter().enumerate() {
            if self.is_decided(column) {
                continue;
            }
            let folded = fold(header);
            let Some(field_index) = self.words.find(&folded) else {
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
        matches!(self.entity.requirement(field, self.mode), Requirement::Always(_))
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
        let labels: Vec<&str> = self.fields_of(names).map(|field| field.label(language)).collect();
        labels.join(language.pick("、", ", "))
    }

    fn fields_of<'b>(&'b self, names: &'b [String]) -> impl Iterator<Item = &'b Field> {
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
            true => t!("mapping.nothing_matches_hint", known = known.join(separator), name = self.entity.name),
            // Most likely the rows stand in another sheet.
            false => t!("mapping.other_sheet_hint", sheets = self.sheet.others.join(separator)),
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

    fn finish(self) -> Mapping {
        let report = self.report();
        let sources: Vec<FieldSource> = self
            .entity
            .fields
            .iter()
            .enumerate()
            .filter_map(|(index, field)| Some(self.field_source(index, field, self.sources[index].clone()?)))
            .collect();
        let position = |name: &String| sources.iter().position(|source| source.field.name == *name);
        let mut rules: Vec<RowRule> = self
            .alternatives()
            .map(|rule| RowRule::OneOf {
                sources: rule.one_of.iter().filter_map(position).collect(),
                labels: Detail::List(self.fields_of(&rule.one_of).map(Field::labels).collect()),
            })
            .collect();
        if let Some(edits) = &self.entity.edits
            && let Some(source) = position(&edits.set)
        {
            let others = [&edits.add, &edits.remove].into_iter().filter_map(position).collect();
            rules.push(RowRule::Excludes { source, others });
        }
        let keys = (0u8..)
            .zip(&self.entity.keys)
            .filter_map(|(number, fields)| {
                let sources = fields.iter().map(position).collect::<Option<Vec<_>>>()?;
                Some(KeySources { number, fields: fields.clone(), sources })
            })
            .collect();
        Mapping {
            entity: self.entity.clone(),
            mode: self.mode,
            header: self.sheet.header.clone(),
            has_custom: sources.iter().any(|source| source.field.custom),
            custom_head: format!("{}:[", json_text(&self.custom.member)).into_bytes(),
            sources,
            rules,
            keys,
            report,
        }
    }

    fn field_source(&self, field_index: usize, field: &Field, source: ValueSource) -> FieldSource {
        let name = json_text(&field.name);
        let head = match field.custom {
            true => format!("{{{}:{name},{}:", json_text(&self.custom.key), json_text(&self.custom.value)),
            false => format!("{name}:"),
        };
        FieldSource {
            required: self.is_required(field),
            field: field.clone(),
            source,
            sent: !field.read_only,
            default: self.defaults.get(&field_index).cloned(),
            values: self.values.get(&field_index).cloned().unwrap_or_default(),
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
                Some(ValueSource::Column(column)) => by_column.push((
                    *column,
                    Matched {
                        column: Some(column_letters(*column)),
                        source: self.sheet.header[*column].trim().to_owned(),
                        field: field_name,
                        label,
                    },
                )),
                Some(ValueSource::Constant(text)) => {
                    let shown = if field.secret { "•••" } else { text };
                    by_column.push((
                        usize::MAX,
                        Matched { column: None, source: format!("\"{shown}\""), field: field_name, label },
                    ));
                }
                Some(ValueSource::Template(template)) => by_column.push((
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

/// A text as JSON has it.
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The fields of an entity by the words that mean them. A name or label goes before an alias.
struct Headers {
    exact: HashMap<String, usize>,
    aliases: HashMap<String, usize>,
}

impl Headers {
    fn new(entity: &Entity) -> Self {
        let mut headers = Headers { exact: HashMap::new(), aliases: HashMap::new() };
        for (field_index, field) in entity.fields.iter().enumerate() {
            for word in [&field.name, &field.zh, &field.en] {
                headers.exact.entry(fold(word)).or_insert(field_index);
            }
            for word in &field.aliases {
                headers.aliases.entry(fold(word)).or_insert(field_index);
            }
        }
        headers
    }

    fn find(&self, folded: &str) -> Option<usize> {
        self.exact.get(folded).or_else(|| self.aliases.get(folded)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    fn planned(entity: &str, header: &[&str], mapping: &str, mode: AccountMode) -> Result<Mapping> {
        let header = header.iter().map(|title| (*title).to_owned()).collect();
        let sheet = Sheet { header, header_row: 1, ..Sheet::default() };
        let file = MappingFile::parse(mapping, "m.toml")?;
        let catalog = Catalog::embedded();
        Mapping::new(catalog.get(entity).unwrap(), &catalog.service.custom, &sheet, Some(&file), mode)
    }

    fn mapped(entity: &str, header: &[&str], mapping: &str) -> Mapping {
        planned(entity, header, mapping, AccountMode::Business).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(entity: &str, header: &[&str], mapping: &str) -> String {
        planned(entity, header, mapping, AccountMode::Business).unwrap_err().message().to_owned()
    }

    fn matched(mapping: &Mapping) -> Vec<String> {
        mapping
            .report()
            .matched
            .iter()
            .map(|matched| format!("{} {}", matched.column.as_deref().unwrap_or(&matched.source), matched.field))
            .collect()
    }

    #[test]
    fn headers_are_forgiven_their_dress() {
        let mapping = mapped("customers", &[" ＊姓名（必填） ", "Mobile Phone *", "companyid", "E-mail"], "");
        assert_eq!(matched(&mapping), ["A name", "B mobile", "C companyId", "D email"]);
    }

    #[test]
    fn every_column_is_accounted_for() {
        let header = ["手机", "公司编号", "联系人编号", "创建时间", "分组", "会员等级", "bw8_row", "sf__Id", ""];
        let mapping = mapped("customers", &header, "");
        assert_eq!(matched(&mapping), ["A mobile", "B companyId", "C cId"]);
        let unmatched: Vec<&str> = mapping.report().unmatched.iter().map(|unused| unused.column.as_str()).collect();
        assert_eq!(unmatched, ["F", "I"]);
        let not_sent: Vec<&str> = mapping.report().not_sent.iter().map(|unused| unused.column.as_str()).collect();
        assert_eq!(not_sent, ["D", "E", "G", "H"]);
        assert!(mapping.report().text().contains("F  会员等级"));
    }

    #[test]
    fn two_columns_for_one_field_are_refused_by_letter_and_header() {
        let message = refused("customers", &["手机", "公司编号", "Mobile phone"], "");
        assert_eq!(message, "column A '手机' and column C 'Mobile phone' both mean Mobile");
    }

    #[test]
    fn a_header_that_fits_nothing_and_a_missing_column_are_told_apart() {
        assert!(refused("customers", &["甲", "乙"], "").starts_with("no column fits Customers"));
        let message = refused("customers", &["姓名"], "");
        assert_eq!(message, "columns that Customers need are missing: Company ID (公司编号); one of: Mobile, Landline");
        assert!(planned("customers", &["手机"], "", AccountMode::Consumer).is_ok());
    }

    #[test]
    fn a_mapping_file_goes_before_the_header() {
        let file = "drop = ['导出人']\n[columns]\n'客户电话' = '手机'\n[constants]\ncompanyId = '20001'\n\
                       [defaults]\nstate = '在职'\n[values.state]\n'在岗' = '在职'\n";
        let mapping = mapped("customers", &["客户电话", "移动电话", "公司编号", "导出人", "在职状态"], file);
        assert_eq!(matched(&mapping), ["A mobile", "E state", "\"20001\" companyId"]);
        assert_eq!(mapping.report().not_sent.len(), 3);
    }

    #[test]
    fn a_template_reads_columns_that_mean_something_by_themselves() {
        let file = "[templates]\nfixnumber = \"{{ 区号 ~ '-' ~ 电话 }}\"";
        let mapping = mapped("customers", &["区号", "电话", "公司编号"], file);
        assert_eq!(matched(&mapping), ["C companyId", "{{ 区号 ~ '-' ~ 电话 }} fixnumber"]);
        assert_eq!(mapping.report().not_sent.len(), 2);
        let message = refused("customers", &["电话"], file);
        assert!(message.starts_with("m.toml, line 2: [templates] names the column '区号'"), "{message}");
        let message = refused("customers", &["电话"], "[templates]\nname = '{{ 电话 '");
        assert!(message.starts_with("m.toml, line 2: [templates] 'name': syntax error"), "{message}");
    }

    #[test]
    fn a_mapping_file_that_does_not_fit_is_refused_by_line() {
        let header = ["手机", "公司编号", "客户电话"];
        let refused = |mapping: &str| refused("customers", &header, mapping);
        assert!(refused("drop = ['备注']").starts_with("m.toml, line 1: drop names the column '备注'"));
        assert!(refused("[columns]\n'备注' = 'note'").starts_with("m.toml, line 2: [columns] names the column '备注'"));
        assert!(
            refused("[columns]\n'客户电话' = '电话2'").starts_with("m.toml, line 2: [columns] names the field '电话2'")
        );
        assert!(
            refused("[constants]\nname = 'a'\n'姓名' = 'b'")
                .starts_with("m.toml, line 3: [constants] gives 'name' a second")
        );
        assert!(refused("[defaults]\nstate = '在岗'").contains("gives 'state' is not one of"));
        assert!(refused("[values.companyId]\n'甲' = '乙'").starts_with("m.toml, line 2: the value"));
        assert!(refused("[constants]\ncreateDT = '2026-01-05'").contains("not sent: set by the service"));
        assert!(refused("[constants]\nuserGroup = '1'").contains("2C accounts only"));
        assert!(refused("[values.state]\n'在岗' = '在职'").starts_with("m.toml, line 1: [values] names 'state'"));
    }

    #[test]
    fn the_fingerprint_follows_the_meaning_not_the_order() {
        let one = mapped("customers", &["手机", "公司编号"], "").fingerprint();
        assert_eq!(one, mapped("customers", &["公司编号", "手机"], "").fingerprint());
        assert_ne!(one, mapped("customers", &["手机", "公司编号"], "[defaults]\nstate = '1'").fingerprint());
        assert_ne!(one, mapped("customers", &["手机", "公司编号", "姓名"], "").fingerprint());
    }
}
