//! Which columns a sheet has: all of the entity's that are no secrets, or those the user named, in that order.

use crate::entity::{AccountMode, Entity, Field, fold};
use crate::error::{Error, Result};
use crate::export::definitions::Definitions;
use crate::export::names::Names;
use crate::export::shape::{Column, From, tell_apart};
use crate::language::Language;
use crate::message;

/// What decides on columns.
#[derive(Debug)]
pub struct Choice<'a> {
    /// Whose records.
    pub entity: &'a Entity,
    /// The columns the user named; empty for all.
    pub named: &'a [String],
    /// The language of headers; none for the interface's names.
    pub headers: Option<Language>,
    /// Whether contacts belong to companies.
    pub mode: AccountMode,
    /// Names stand beside ids.
    pub has_names: bool,
}

impl<'a> Choice<'a> {
    /// The columns, each custom field of `custom` among them.
    ///
    /// # Errors
    /// A name that is no column, with those that are.
    pub fn columns(&self, custom: &[String], definitions: &Definitions, names: &Names<'_>) -> Result<Vec<Column<'a>>> {
        let mut columns = Vec::new();
        if self.named.is_empty() {
            let id = self.entity.id.as_ref().and_then(|id| self.entity.field(id));
            let is_other = |field: &&Field| id.is_none_or(|id| id.name != field.name);
            for field in id.into_iter().chain(self.entity.fields.iter().filter(is_other)) {
                if !field.secret && field.mode.is_none_or(|mode| mode == self.mode) {
                    self.add(field, names, &mut columns);
                }
            }
            columns.extend(custom.iter().map(|key| self.custom(key, definitions)));
        }
        for name in self.named.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            match (self.field(name), definitions.key_of(name)) {
                (Some(field), _) => self.add(field, names, &mut columns),
                (None, Some(key)) => columns.push(self.custom(key, definitions)),
                (None, None) if custom.iter().any(|key| key == name) => columns.push(self.custom(name, definitions)),
                (None, None) => return Err(self.unknown(name, custom, definitions)),
            }
        }
        tell_apart(&mut columns);
        Ok(columns)
    }

    /// The field that a header or an interface's name means.
    pub fn field(&self, name: &str) -> Option<&'a Field> {
        let wanted = fold(name);
        let is_meant = |field: &&Field| {
            [&field.name, &field.zh, &field.en].into_iter().chain(&field.aliases).any(|word| fold(word) == wanted)
        };
        self.entity.field(name).or_else(|| self.entity.fields.iter().find(is_meant))
    }

    /// The secret fields the user named.
    pub fn named_secrets(&self) -> Vec<String> {
        let fields = self.named.iter().filter_map(|name| self.field(name.trim()));
        fields.filter(|field| field.secret).map(|field| field.name.clone()).collect()
    }

    /// The error for a word that is no column.
    pub fn unknown(&self, name: &str, custom: &[String], definitions: &Definitions) -> Error {
        let language = self.headers.unwrap_or(Language::current());
        let own = self.entity.fields.iter().map(|field| format!("{} ({})", field.label(language), field.name));
        let known: Vec<String> = own.chain(custom.iter().map(|key| definitions.label(key).to_owned())).collect();
        Error::usage(message!("export.unknown_column", column = name, entity = self.entity.name))
            .hint(message!("export.unknown_column_hint", known = known.join(", ")))
    }

    fn add(&self, field: &'a Field, names: &Names<'_>, columns: &mut Vec<Column<'a>>) {
        let title = self.headers.map_or(field.name.as_str(), |language| field.label(language)).to_owned();
        columns.push(Column { title, from: From::Field(field) });
        if let Some(entity) = field.reference.as_deref().filter(|entity| self.has_names && names.knows(entity)) {
            columns.push(Column { title: self.name_title(field), from: From::Names(field, entity) });
        }
    }

    fn custom(&self, key: &str, definitions: &Definitions) -> Column<'a> {
        let title = match self.headers {
            Some(_) => definitions.label(key).to_owned(),
            None => key.to_owned(),
        };
        Column { title, from: From::Custom(key.to_owned()) }
    }

    /// The header of the names beside a column of ids. Its brackets keep it from being taken for another field when the
    /// file is imported.
    fn name_title(&self, field: &Field) -> String {
        match self.headers {
            None => format!("{}.name", field.name),
            Some(Language::Zh) => format!("{}（名称）", field.zh.trim_end_matches("编号")),
            Some(Language::En) => {
                let label = field.en.trim_end_matches(" IDs").trim_end_matches(" ID");
                format!("{label} (name)")
            }
        }
    }
}
