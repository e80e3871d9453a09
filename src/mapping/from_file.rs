//! What the mapping file says of columns and fields, which goes before what the headers say.

use std::collections::HashSet;

use super::builder::MappingBuilder;
use super::expression::Template;
use super::file::Entry;
use super::numbered_columns::number_of;
use super::result_columns::is_result_column;
use super::sources::ValueSource;
use super::vendors::Vendors;
use crate::entity::{Kind, Overwrite, fold};
use crate::error::{Error, Result};
use crate::format::{Cell, CellKind};
use crate::language::Language;
use crate::message;
use crate::t;
use crate::value;

impl MappingBuilder<'_> {
    /// What the mapping file says goes first.
    pub(super) fn take_mapping(&mut self) -> Result<()> {
        self.compare_header()?;
        self.refuse_other_entity()?;
        self.take_skipped()?;
        self.take_dropped()?;
        self.take_columns()?;
        self.take_constants()?;
        self.take_templates()?;
        self.take_defaults()?;
        self.take_values()?;
        self.take_cleared()?;
        self.take_overwrites()
    }

    fn refuse_other_entity(&self) -> Result<()> {
        match self.file.entity.as_ref().filter(|entity| **entity != self.entity.name) {
            Some(entity) => {
                let what = message!("mapping.other_entity", entity = entity, given = self.entity.name);
                Err(Error::usage(what).hint(message!("mapping.other_entity_hint", entity = entity)))
            }
            None => Ok(()),
        }
    }

    /// Texts of columns whose rows are not sent.
    fn take_skipped(&mut self) -> Result<()> {
        for (column, texts) in &self.file.skip {
            if self.passes_over(&column.key) {
                continue;
            }
            let index = self.column_of(column, &column.key, "[skip]")?;
            self.skip.push((index, texts.iter().map(|entry| entry.key.clone()).collect()));
        }
        Ok(())
    }

    /// Columns that are not sent.
    fn take_dropped(&mut self) -> Result<()> {
        for entry in &self.file.drop {
            if self.passes_over(&entry.key) {
                continue;
            }
            let named = match self.columns_named(&entry.key) {
                // All columns of one name are left out together.
                columns if columns.len() > 1 => columns,
                _ => vec![self.column_of(entry, &entry.key, "drop")?],
            };
            for column in named {
                self.reasons.insert(column, t!("mapping.dropped").into_owned());
            }
        }
        Ok(())
    }

    /// Which field each column is.
    fn take_columns(&mut self) -> Result<()> {
        for entry in &self.file.columns {
            if self.passes_over(&entry.key) {
                continue;
            }
            let column = self.column_of(entry, &entry.key, "[columns]")?;
            if entry.value.trim().is_empty() {
                self.without_field.insert(column);
                continue;
            }
            if self.means_old_id(&entry.value) {
                match &self.said_old_id {
                    None => self.said_old_id = Some((column, entry.clone())),
                    Some(_) if self.file.optional => {
                        self.reasons.insert(column, t!("mapping.another_column").into_owned());
                    }
                    Some(_) => return Err(self.second_source(entry, &entry.value, "[columns]")),
                }
                continue;
            }
            let field_index = self.field_of(entry, &entry.value, "[columns]")?;
            if self.file.optional && self.sources[field_index].is_some() {
                self.reasons.insert(column, t!("mapping.another_column").into_owned());
                continue;
            }
            if self.is_decided(column) {
                return Err(self.second_source(entry, &entry.key, "[columns]"));
            }
            // A mapping that is shipped is used for accounts of all kinds.
            if let Some(because) = self.unsendable(&self.entity.fields[field_index]).filter(|_| self.file.optional) {
                self.reasons.insert(column, because);
                continue;
            }
            self.take(entry, "[columns]", field_index, ValueSource::Column(column))?;
        }
        Ok(())
    }

    /// Values that all rows have.
    fn take_constants(&mut self) -> Result<()> {
        for entry in &self.file.constants {
            let field_index = self.field_of(entry, &entry.key, "[constants]")?;
            self.refuse_template(entry, "[constants]")?;
            self.refuse_bad_value(entry, field_index, "[constants]")?;
            self.take(entry, "[constants]", field_index, ValueSource::Constant(entry.value.clone()))?;
        }
        Ok(())
    }

    /// Values made of several columns.
    fn take_templates(&mut self) -> Result<()> {
        let file = self.file;
        for entry in &file.templates {
            let field_index = self.field_of(entry, &entry.key, "[templates]")?;
            let mut lacks = false;
            let template = Template::new(
                &entry.value,
                |name| {
                    lacks |= self.passes_over(name);
                    self.column_of(entry, name, "[templates]")
                },
                |why| {
                    let what = message!("mapping.bad_template", name = entry.key, why = why);
                    file.wrong(entry, what).hint(message!("mapping.bad_template_hint"))
                },
            );
            if template.is_err() && lacks {
                continue;
            }
            let template = template?;
            if file.optional && self.sources[field_index].is_some() {
                for column in template.columns() {
                    self.reasons.entry(column).or_insert_with(|| t!("mapping.another_column").into_owned());
                }
                continue;
            }
            for column in template.columns() {
                self.read_by_template.insert(column);
            }
            self.take(entry, "[templates]", field_index, ValueSource::Template(Box::new(template)))?;
        }
        Ok(())
    }

    /// Values of blank cells.
    fn take_defaults(&mut self) -> Result<()> {
        for entry in &self.file.defaults {
            let field_index = self.field_of(entry, &entry.key, "[defaults]")?;
            self.refuse_template(entry, "[defaults]")?;
            self.refuse_unsendable(entry, field_index, "[defaults]")?;
            self.refuse_bad_value(entry, field_index, "[defaults]")?;
            if self.defaults.insert(field_index, entry.value.clone()).is_some() {
                return Err(self.second_source(entry, &entry.key, "[defaults]"));
            }
        }
        Ok(())
    }

    /// What words of the file mean.
    fn take_values(&mut self) -> Result<()> {
        for (field, entries) in &self.file.values {
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

    /// Fields that blank cells empty.
    fn take_cleared(&mut self) -> Result<()> {
        for entry in &self.file.clear {
            let field_index = self.field_named(entry, "clear")?;
            self.refuse_unsendable(entry, field_index, "clear")?;
            self.clears.insert(field_index);
        }
        Ok(())
    }

    /// What may be written over.
    fn take_overwrites(&mut self) -> Result<()> {
        let file = self.file;
        // What is typed goes before what a file says.
        for entry in file.overwrite.iter().chain(&file.typed_overwrites) {
            let field_index = self.field_named(entry, "[overwrite]")?;
            self.refuse_unsendable(entry, field_index, "[overwrite]")?;
            let overwrite = Overwrite::of_name(&entry.value).ok_or_else(|| {
                let what = message!("mapping.bad_overwrite", name = entry.key, value = entry.value);
                file.wrong(entry, what).hint(message!("mapping.bad_overwrite_hint"))
            })?;
            let is_list = matches!(self.entity.fields[field_index].kind, Kind::Tags | Kind::Ids);
            if overwrite.is_of_lists() && !is_list {
                let what = message!("mapping.merges_no_list", name = entry.key);
                return Err(file.wrong(entry, what).hint(message!("mapping.bad_overwrite_hint")));
            }
            self.overwrites.insert(field_index, overwrite);
        }
        Ok(())
    }

    /// Leaves out all columns but those that are to be imported, where they are named; what every record needs stays.
    pub(super) fn narrow(&mut self) -> Result<()> {
        if self.file.only.is_empty() {
            return Ok(());
        }
        let mut named = HashSet::new();
        for entry in &self.file.only {
            named.insert(self.field_named(entry, "--columns")?);
        }
        for (index, field) in self.entity.fields.iter().enumerate() {
            let is_needed = self.is_required(field) || self.entity.named_by().contains(&field.name);
            if named.contains(&index) || is_needed {
                continue;
            }
            if let Some(ValueSource::Column(column)) = self.sources[index].take() {
                self.reasons.insert(column, t!("mapping.not_named").into_owned());
            }
        }
        match named.iter().find(|index| self.sources[**index].is_none()) {
            None => Ok(()),
            Some(index) => {
                let label = self.entity.fields[*index].label(Language::current());
                Err(Error::usage(message!("mapping.named_without_column", label = label))
                    .hint(message!("mapping.named_without_column_hint")))
            }
        }
    }

    /// The field that a person names: by name, label or alias, or by the heading of the column that feeds it.
    fn field_named(&self, entry: &Entry, section: &str) -> Result<usize> {
        let of_column = |column: usize| {
            let feeds =
                |source: &Option<ValueSource>| matches!(source, Some(ValueSource::Column(own)) if *own == column);
            self.sources.iter().position(feeds)
        };
        match self.columns_named(&entry.key).as_slice() {
            [column] if of_column(*column).is_some() => Ok(of_column(*column).unwrap_or_default()),
            _ => self.field_of(entry, &entry.key, section),
        }
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
            .enumerate()
            .filter(|(column, title)| {
                let is_result = self.own.has(*column) || is_result_column(&fold(title));
                !title.trim().is_empty() && !is_result && !made_for.contains(&fold(title))
            })
            .map(|(_, title)| title)
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
    pub(super) fn take(&mut self, entry: &Entry, section: &str, field_index: usize, source: ValueSource) -> Result<()> {
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

    /// A template where none is evaluated would be sent as it is written.
    fn refuse_template(&self, entry: &Entry, section: &str) -> Result<()> {
        if !(entry.value.contains("{{") || entry.value.contains("{%")) {
            return Ok(());
        }
        let what = message!("mapping.template_elsewhere", section = section, name = entry.key);
        Err(self.file.wrong(entry, what).hint(message!("mapping.template_elsewhere_hint", section = section)))
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

    /// Whether nothing is meant by a column because the file lacks it.
    fn passes_over(&self, name: &str) -> bool {
        self.file.optional && self.columns_named(name).is_empty()
    }

    /// The columns that the mapping file calls `name`.
    pub(super) fn columns_named(&self, name: &str) -> Vec<usize> {
        let header = &self.sheet.header;
        // Columns that our file of failed rows added are none of the input.
        let columns = |same: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (0..header.len()).filter(|column| !self.own.has(*column) && same(&header[*column])).collect()
        };
        let mut found = columns(&|header| header.trim() == name.trim());
        // By its number, where its header is nothing to name it by.
        if found.is_empty()
            && let Some(number) = number_of(name)
        {
            found = Some(self.own.column_of(number)).filter(|column| *column < header.len()).into_iter().collect();
        }
        if found.is_empty() {
            found = columns(&|header| fold(header) == fold(name));
        }
        found
    }

    /// The column that the mapping file calls `name`.
    fn column_of(&self, entry: &Entry, name: &str, section: &str) -> Result<usize> {
        let header = &self.sheet.header;
        match self.columns_named(name).as_slice() {
            [column] => Ok(*column),
            [] => {
                let known: Vec<&str> = header.iter().map(|header| header.trim()).filter(|h| !h.is_empty()).collect();
                let known = known.join(Language::current().pick("、", ", "));
                Err(self
                    .file
                    .wrong(entry, message!("mapping.no_column", section = section, name = name))
                    .hint(message!("mapping.no_column_hint", known = known)))
            }
            columns => {
                let numbers: Vec<usize> = columns.iter().map(|column| self.own.number_of(*column)).collect();
                let is_named = |number: &usize| {
                    let by_number = self.file.columns.iter().chain(&self.file.drop);
                    by_number.filter_map(|entry| number_of(&entry.key)).any(|named| named == *number)
                };
                // The others are spoken of by their numbers.
                match numbers.iter().copied().filter(|number| !is_named(number)).collect::<Vec<_>>().as_slice() {
                    [number] if section != "drop" => Ok(self.own.column_of(*number)),
                    _ => Err(self.same_header(entry, name, section, &numbers)),
                }
            }
        }
    }

    /// Several columns have the header that the mapping file names.
    fn same_header(&self, entry: &Entry, name: &str, section: &str, numbers: &[usize]) -> Error {
        let what = message!("mapping.same_header", section = section, name = name);
        let others: Vec<String> = numbers.iter().skip(1).map(usize::to_string).collect();
        let hint = message!("mapping.same_header_hint", first = numbers[0], others = others.join(", "));
        self.file.wrong(entry, what).hint(hint)
    }

    /// Whether the mapping file means old ids by `name`, and no field.
    fn means_old_id(&self, name: &str) -> bool {
        let folded = fold(name);
        Vendors::embedded().is_old_id(&folded) && self.headers.find(&folded).is_none()
    }

    /// The field that the mapping file calls `name`: its name, label or alias.
    fn field_of(&self, entry: &Entry, name: &str, section: &str) -> Result<usize> {
        self.headers.find_named(&fold(name)).ok_or_else(|| {
            if let Some(error) = self.same_labelled(name) {
                return error;
            }
            if self.entity.has_account_fields() {
                let custom = self.entity.fields.iter().filter(|field| field.custom);
                let known: Vec<String> = custom.map(|field| format!("{} ({})", field.zh, field.name)).collect();
                let known = known.join(Language::current().pick("、", ", "));
                return self
                    .file
                    .wrong(entry, message!("mapping.no_account_field", section = section, name = name))
                    .hint(message!("mapping.no_account_field_hint", known = known, entity = self.entity.name));
            }
            let entity = self.entity.label(Language::current());
            self.file
                .wrong(entry, message!("mapping.no_field", section = section, name = name, entity = entity))
                .hint(message!("mapping.no_field_hint", name = self.entity.name))
        })
    }
}
