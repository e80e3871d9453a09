//! Which columns a sheet has: all of the entity's that are no secrets, or those the user named, in that order.

use std::borrow::Cow;

use super::options::{Condition, ExportOptions};
use crate::entity::{Field, Part, fold, titled};
use crate::error::{Error, Result};
use crate::message;
use crate::projection::{Column, ColumnSource, Definitions, Names, tell_apart};

/// Decides on columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColumnChoice<'a> {
    /// What is meant.
    pub options: &'a ExportOptions<'a>,
}

impl<'a> ColumnChoice<'a> {
    /// Names among those of the user that neither the catalog nor the account knows: members of the records, it may be.
    pub(super) fn unknown_names(&self, custom: &[String], definitions: &Definitions) -> Vec<Cow<'a, str>> {
        let is_known = |name: &str| self.field(name).is_some() || definitions.key_of(name).is_some();
        let mut names = self.names(definitions);
        names.retain(|name| !is_known(name) && !custom.iter().any(|key| key == name));
        names
    }

    /// The columns the user named. A custom field may have a comma in its label, which stands between columns as well.
    pub(super) fn names(&self, definitions: &Definitions) -> Vec<Cow<'a, str>> {
        let mut parts: Vec<&'a str> = self.typed_columns().collect();
        let mut names = Vec::new();
        let is_known = |name: &str| self.field(name).is_some() || definitions.key_of(name).is_some();
        while !parts.is_empty() {
            let joined = (2..=parts.len()).rev().find_map(|count| {
                let label = parts[..count].join(",");
                let is_one = definitions.key_of(&label).is_some() && !parts[..count].iter().all(|part| is_known(part));
                is_one.then_some((label, count))
            });
            let (name, count) =
                joined.map_or((Cow::Borrowed(parts[0]), 1), |(label, count)| (Cow::Owned(label), count));
            names.push(name);
            parts.drain(..count);
        }
        names
    }

    /// The conditions. A custom field may have an equals sign in its label, which ends a column's name as well.
    pub(super) fn conditions(&self, definitions: &Definitions) -> Vec<Condition> {
        let is_known = |name: &str| self.field(name).is_some() || definitions.key_of(name).is_some();
        let read = |condition: &Condition| {
            let typed = format!("{}={}", condition.column, condition.value);
            let ends = typed.match_indices(['=', '＝']).skip(1);
            let mut others = ends.map(|(at, sign)| (typed[..at].trim(), typed[at + sign.len()..].trim()));
            match is_known(&condition.column) {
                true => condition.clone(),
                false => others.find(|(column, _)| definitions.key_of(column).is_some()).map_or_else(
                    || condition.clone(),
                    |(column, value)| Condition { column: column.to_owned(), value: value.to_owned() },
                ),
            }
        };
        self.options.selection.conditions.iter().map(read).collect()
    }

    fn typed_columns(&self) -> impl Iterator<Item = &'a str> {
        self.options.columns.iter().map(|name| name.trim()).filter(|name| !name.is_empty())
    }

    /// The columns, each custom field of `custom` among them, and those `members` that the user named.
    ///
    /// # Errors
    /// A name that is no column, with those that are.
    pub(super) fn columns(
        &self,
        custom: &[String],
        members: &[String],
        definitions: &Definitions,
        names: &Names<'_>,
    ) -> Result<Vec<Column<'a>>> {
        let mut columns = Vec::new();
        if self.options.columns.is_empty() {
            let id = self.options.entity.id.as_ref().and_then(|id| self.options.entity.field(id));
            let is_other = |field: &&Field| id.is_none_or(|id| id.name != field.name);
            for field in id.into_iter().chain(self.options.entity.fields.iter().filter(is_other)) {
                if field.is_comparable() && field.exists_in(self.options.account_mode) {
                    self.add(field, names, &mut columns);
                }
            }
            // Those the catalog knows have their column, or none when they are secret.
            let is_other = |key: &&String| self.options.entity.field(key).is_none();
            columns.extend(custom.iter().filter(is_other).map(|key| self.custom(key, definitions)));
        }
        for name in &self.names(definitions) {
            let name: &str = name;
            match (self.field(name), definitions.key_of(name)) {
                (Some(field), _) => self.add(field, names, &mut columns),
                // A custom field that the catalog knows by another name.
                (None, Some(key)) if self.options.entity.field(key).is_some() => {
                    self.options.entity.field(key).into_iter().for_each(|field| self.add(field, names, &mut columns));
                }
                (None, Some(key)) => columns.push(self.custom(key, definitions)),
                (None, None) if custom.iter().any(|key| key == name) => columns.push(self.custom(name, definitions)),
                (None, None) if members.iter().any(|member| member == name) => {
                    columns.push(Column { title: name.to_owned(), from: ColumnSource::Member(name.to_owned()) });
                }
                (None, None) => return Err(self.unknown(name, custom, definitions)),
            }
        }
        tell_apart(&mut columns, self.options.entity, definitions, self.options.is_reserved);
        Ok(columns)
    }

    /// The columns of a table of parts: the key of the record they belong to, and their own fields.
    pub(super) fn part_columns(&self, part: &'a Part) -> Vec<Column<'a>> {
        let id = self.options.entity.id.as_ref().and_then(|id| self.options.entity.field(id));
        let column = |field| Column { title: self.title(field), from: ColumnSource::Field(field) };
        id.into_iter().chain(&part.fields).map(column).collect()
    }

    /// The fields of the columns the user named, or all.
    pub(super) fn fields(&self) -> Vec<&'a Field> {
        match self.options.columns.is_empty() {
            true => self.options.entity.fields.iter().filter(|field| !field.write_only).collect(),
            false => self.named_fields().collect(),
        }
    }

    /// The field that a header or an interface's name means.
    pub(super) fn field(&self, name: &str) -> Option<&'a Field> {
        let wanted = fold(name);
        let is_meant = |field: &&Field| {
            [&field.name, &field.zh, &field.en].into_iter().chain(&field.aliases).any(|word| fold(word) == wanted)
                || [&field.zh, &field.en].into_iter().any(|label| fold(&titled(label, &field.name)) == wanted)
        };
        let field = self.options.entity.field(name).or_else(|| self.options.entity.fields.iter().find(is_meant));
        field.filter(|field| !field.write_only)
    }

    /// The names the user typed, of columns and in conditions, that no field of the catalog has: custom fields, or mistakes.
    pub(super) fn unresolved(&self) -> impl Iterator<Item = &'a str> {
        let conditions = self.options.selection.conditions.iter().map(|condition| condition.column.as_str());
        self.typed_columns().chain(conditions).filter(|name| self.field(name).is_none())
    }

    /// The same, now that the account's custom fields are known.
    pub(super) fn unresolved_among(&self, definitions: &Definitions) -> Vec<String> {
        let conditions = self.conditions(definitions).into_iter().map(|condition| condition.column);
        let columns = self.names(definitions).into_iter().map(Cow::into_owned);
        columns.chain(conditions).filter(|name| self.field(name).is_none()).collect()
    }

    /// The secret fields the user named.
    pub(super) fn named_secrets(&self) -> Vec<String> {
        self.named_fields().filter(|field| field.secret).map(|field| field.name.clone()).collect()
    }

    fn named_fields(&self) -> impl Iterator<Item = &'a Field> {
        self.typed_columns().filter_map(|name| self.field(name))
    }

    /// The error for a word that is no column.
    pub(super) fn unknown(&self, name: &str, custom: &[String], definitions: &Definitions) -> Error {
        let language = self.options.language();
        let fields = self.options.entity.fields.iter().filter(|field| !field.write_only);
        let own = fields.map(|field| format!("{} ({})", field.label(language), field.name));
        let undefined = custom.iter().filter(|key| !definitions.has(key)).cloned();
        let known: Vec<String> = own.chain(definitions.titles()).chain(undefined).collect();
        Error::usage(message!("export.unknown_column", column = name, entity = self.options.entity.labels()))
            .hint(message!("export.unknown_column_hint", known = known.join(", ")))
    }

    fn add(&self, field: &'a Field, names: &Names<'_>, columns: &mut Vec<Column<'a>>) {
        columns.push(Column { title: self.title(field), from: ColumnSource::Field(field) });
        if let Some(entity) = field.reference.as_deref().filter(|entity| self.options.has_names && names.knows(entity))
        {
            columns.push(Column { title: self.name_title(field), from: ColumnSource::Names(field, entity) });
        }
    }

    fn title(&self, field: &Field) -> String {
        self.options.headers.map_or(field.name.as_str(), |language| field.label(language)).to_owned()
    }

    fn custom(&self, key: &str, definitions: &Definitions) -> Column<'a> {
        let title = match self.options.headers {
            Some(_) => definitions.label(key).to_owned(),
            None => key.to_owned(),
        };
        Column { title, from: ColumnSource::Custom(key.to_owned()) }
    }

    /// The header of the names beside a column of ids. Its brackets keep it from being taken for another field when the
    /// file is imported.
    fn name_title(&self, field: &Field) -> String {
        field.name_title(self.options.headers)
    }
}
