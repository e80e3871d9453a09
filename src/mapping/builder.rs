//! The making of a [`Mapping`]: first what the mapping file says, then what the headers say, then whether anything that
//! every record needs is missing.

use std::collections::{HashMap, HashSet};

use super::expression::Template;
use super::file::{Entry, MappingFile};
use super::header_index::HeaderIndex;
use super::result_columns::{is_own_column, is_result_column, leading_columns};
use super::sendable::unsendable;
use super::sources::{Mapping, OldIdColumn, OldReference, ValueSource, external};
use super::vendors::{Recognised, Vendors};
use crate::entity::{AccountMode, Custom, Edits, Entity, Field, Kind, OLD_ID, Overwrite, Requirement, Rule, fold};
use crate::error::{Error, Result};
use crate::format::{Cell, CellKind, Sheet, column_letters};
use crate::language::Language;
use crate::message;
use crate::t;
use crate::value::{self, ValueOptions};

/// Most headings that a message shows.
const SHOWN_HEADINGS: usize = 20;

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
        let entity = &entity.with_clues();
        let mut builder = MappingBuilder::new(entity, custom, sheet, file.unwrap_or(&nothing), mode);
        builder.options = options;
        builder.take_mapping()?;
        match builder.decide() {
            Ok(()) => Ok(builder.finish()),
            Err(error) => Err(builder.told(error)),
        }
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
    /// What an update does where the account has another value, by the field's index.
    pub(super) overwrites: HashMap<usize, Overwrite>,
    /// Fields that an empty cell empties.
    pub(super) clears: HashSet<usize>,
    /// Why a column is not sent, for those that already are decided upon without feeding a field.
    pub(super) reasons: HashMap<usize, String>,
    /// Columns whose texts leave a row out.
    pub(super) skip: Vec<(usize, Vec<String>)>,
    /// Columns of which the mapping file says that they mean no field. They count as taken by nothing.
    without_field: HashSet<usize>,
    /// Columns that a template reads. They may feed a field of their own besides.
    pub(super) read_by_template: HashSet<usize>,
    /// The export of another system that the file looks like.
    pub(super) recognised: Option<Recognised>,
    /// Columns that hold keys of another system, and whose they are.
    old_ids: Vec<OldId>,
    /// Columns with such keys that the mapping file takes ids from.
    pub(super) foreign: HashSet<usize>,
    /// What the user says the other system goes by.
    pub(super) source: Option<String>,
    /// The column that the mapping file says holds the records' own ids there, and where it says so.
    said_old_id: Option<(usize, Entry)>,
    /// The column with the records' own ids there, where it is known which system that is.
    pub(super) old_id: Option<OldIdColumn>,
}

/// A column with keys of another system.
struct OldId {
    column: usize,
    /// The field that its header means, where it means one.
    field: Option<usize>,
    /// The entity whose keys they are; empty for the row's own.
    of: &'static str,
    /// Whether they are those of a third system.
    external: bool,
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
            overwrites: HashMap::new(),
            clears: HashSet::new(),
            reasons: HashMap::new(),
            skip: Vec::new(),
            without_field: HashSet::new(),
            read_by_template: HashSet::new(),
            recognised: recognise(sheet),
            old_ids: Vec::new(),
            foreign: HashSet::new(),
            source: file.source.clone(),
            said_old_id: None,
            old_id: None,
        }
    }

    /// Everything that the mapping file does not decide.
    fn decide(&mut self) -> Result<()> {
        self.find_old_ids();
        self.find_own_old_id()?;
        self.place_old_references();
        self.leave_out_results();
        self.match_headers()?;
        self.join_names();
        self.settle_defaults()?;
        self.narrow()?;
        self.place_old_ids();
        self.require_system()?;
        self.require_columns()
    }

    /// A success file of Salesforce's loader has the id it made in front of the input's columns and what became of the row
    /// behind them.
    fn leave_out_results(&mut self) {
        let titles: Vec<&str> = self.sheet.header.iter().map(|header| header.trim()).collect();
        let ["ID", input @ .., "STATUS"] = titles.as_slice() else { return };
        if input.iter().any(|title| title.chars().any(char::is_lowercase)) {
            for column in [0, titles.len() - 1] {
                if !self.is_decided(column) {
                    self.reasons.insert(column, t!("mapping.result_column").into_owned());
                }
            }
        }
    }

    /// The first and the last name become one, where there is one column for each and none for both.
    fn join_names(&mut self) {
        let names = &Vendors::embedded().names;
        let only = |headers: &[String]| {
            let mut columns =
                self.sheet.header.iter().enumerate().filter(|(_, header)| headers.contains(&fold(header)));
            columns.next().map(|(column, _)| column).filter(|_| columns.next().is_none())
        };
        let (Some(first), Some(last)) = (only(&names.first), only(&names.last)) else { return };
        let Some(name) = self.entity.fields.iter().position(|field| field.name == names.field) else { return };
        if self.is_decided(first) || self.is_decided(last) {
            return;
        }
        if self.sources[name].is_some() {
            for column in [first, last] {
                self.reasons.entry(column).or_insert_with(|| t!("mapping.another_column").into_owned());
            }
            return;
        }
        let title = |column: usize| self.sheet.header[column].trim();
        if let Ok(template) = Template::name_of((title(first), first), (title(last), last)) {
            self.read_by_template.extend([first, last]);
            self.sources[name] = Some(ValueSource::Template(Box::new(template)));
        }
    }

    /// An error, with what the file looks like.
    fn told(&self, error: Error) -> Error {
        match &self.recognised {
            None => error,
            Some(seen) => error.and_hint(seen.text(self.file.text().is_empty() && self.is_of_entity())),
        }
    }

    /// Whether the file looks like one whose rows become records of this entity.
    pub(super) fn is_of_entity(&self) -> bool {
        self.recognised.as_ref().is_some_and(|seen| seen.entity == self.entity.name)
    }

    /// The template of our own that the file looks like: it has all of its columns.
    pub(super) fn own_template(&self) -> Option<Recognised> {
        let titles: Vec<String> = titles(self.sheet).into_iter().map(fold).collect();
        let ours: Vec<String> = self.entity.offered(self.mode).map(|field| fold(&field.zh)).collect();
        let is_ours = !ours.is_empty() && ours.iter().all(|title| titles.contains(title));
        let matched = titles.iter().filter(|title| ours.contains(title)).count();
        is_ours.then(|| Recognised {
            name: "bw8-template".to_owned(),
            zh: "bw8 的模板".to_owned(),
            en: "a template of bw8".to_owned(),
            entity: self.entity.name.clone(),
            source: String::new(),
            matched,
            columns: titles.len(),
        })
    }

    /// Finds the columns that hold keys of another system: by their headers alone, or because they mean ids of this service
    /// in a file that is known to be another system's. They feed nothing.
    fn find_old_ids(&mut self) {
        let vendors = Vendors::embedded();
        let folded: Vec<String> = self.sheet.header.iter().map(|header| fold(header)).collect();
        let is_key =
            |header: &String| vendors.key(header).is_some_and(|key| key.always) && !self.headers.is_exact(header);
        let is_marked = self.recognised.is_some() || self.source.is_some() || folded.iter().any(is_key);
        let mut found = Vec::new();
        for (column, header) in folded.iter().enumerate() {
            let key = vendors.key(header).filter(|key| is_marked || (key.always && is_key(header)));
            let field = self.headers.find(header);
            let is_id = |field: &Field| matches!(field.kind, Kind::Id | Kind::Ids) && field.clue.is_none();
            let means_id = field.is_some_and(|field| is_id(&self.entity.fields[field]));
            let is_old = match field {
                Some(_) => means_id && (key.is_some() || (is_marked && !vendors.is_own(header))),
                None => key.is_some(),
            };
            if is_old {
                let (of, external) = key.map_or(("", false), |key| (key.of, key.external));
                found.push(OldId { column, field, of, external });
            }
        }
        for old in &found {
            if vendors.key(&folded[old.column]).is_some_and(|key| key.always) {
                self.foreign.insert(old.column);
            }
            if self.reasons.contains_key(&old.column) || !self.is_decided(old.column) {
                self.reasons.insert(old.column, t!("mapping.old_id").into_owned());
            }
        }
        self.old_ids = found;
    }

    /// Finds the column with the ids that the records have in the other system: the one that the mapping file names, one whose
    /// header says so, or the one that is known of the export. They are remembered where it is known which system that is.
    fn find_own_old_id(&mut self) -> Result<()> {
        let vendors = Vendors::embedded();
        let folded: Vec<String> = self.sheet.header.iter().map(|header| fold(header)).collect();
        // One that is left out is not sent: it is remembered all the same where it is known to be an old id.
        let is_free = |column: usize| {
            let feeds = |source: &ValueSource| matches!(source, ValueSource::Column(taken) if *taken == column);
            let is_old = self.old_ids.iter().any(|old| old.column == column);
            (is_old || !self.is_decided(column)) && !self.sources.iter().flatten().any(feeds)
        };
        let says_so = || {
            let of_header = |header: &String| vendors.is_old_id(header) && self.headers.find(header).is_none();
            folded.iter().position(of_header).filter(|column| is_free(*column)).map(|column| (column, false))
        };
        let known_system = self.recognised.as_ref().filter(|_| self.is_of_entity());
        let of_export = || {
            let (column, external) = vendors.own_key(&known_system?.name, &folded)?;
            is_free(column).then_some((column, external))
        };
        let likely = || {
            let column = vendors.likely_own_key(&self.entity.name, &folded).filter(|column| is_free(*column))?;
            self.source.as_ref().map(|_| (column, false))
        };
        let said = self.said_old_id.as_ref().map(|(column, _)| (*column, false));
        let Some((column, is_external)) = said.or_else(of_export).or_else(says_so).or_else(likely) else {
            return Ok(());
        };
        let source = self.source.clone().or_else(|| known_system.map(|seen| seen.source.clone()));
        let source = source.map(|source| if is_external { external(&source) } else { source });
        if let (None, Some((_, entry))) = (&source, &self.said_old_id) {
            let what = message!("mapping.old_id_without_source", name = entry.key);
            return Err(self.file.wrong(entry, what).hint(message!("mapping.old_id_without_source_hint")));
        }
        let reason = match &source {
            Some(source) => t!("mapping.old_id_kept", source = source),
            None => t!("mapping.old_id_not_kept"),
        };
        self.reasons.insert(column, reason.into_owned());
        self.old_id = source.map(|source| OldIdColumn { column, source });
        Ok(())
    }

    /// What the system goes by that the file comes from, where that is known.
    pub(super) fn system(&self) -> Option<String> {
        let of_file = self.source.clone().or_else(|| self.recognised.as_ref().map(|seen| seen.source.clone()));
        of_file.filter(|source| !source.is_empty())
    }

    /// The places of what tells by old ids which records are meant.
    fn old_id_clues(&self) -> impl Iterator<Item = usize> {
        let is_one = |field: &Field| field.clue.as_ref().is_some_and(|clue| clue.key == OLD_ID);
        (0..self.entity.fields.len()).filter(move |index| is_one(&self.entity.fields[*index]))
    }

    /// Takes columns with old ids of other records for what tells of these, unless they are left out on purpose. People of
    /// another system are nobody here.
    fn place_old_references(&mut self) {
        for OldReference { column, entity, .. } in self.old_references() {
            let is_dropped = self.file.drop.iter().any(|entry| self.columns_named(&entry.key).contains(&column));
            let refers = |field: &Field| field.reference.as_deref() == Some(entity.as_str());
            let is_free = |index: &usize| {
                let field = &self.entity.fields[*index];
                let reference = field.clue.as_ref().and_then(|clue| self.entity.field(&clue.reference));
                self.sources[*index].is_none() && self.unsendable(field).is_none() && reference.is_some_and(refers)
            };
            let place = self.old_id_clues().find(is_free).filter(|_| !is_dropped && entity != "agents");
            if let Some(place) = place {
                self.reasons.remove(&column);
                self.sources[place] = Some(ValueSource::Column(column));
            }
        }
    }

    /// A system that is named has ids in the file, and old ids are those of a system that is named.
    fn require_system(&self) -> Result<()> {
        let column = self.old_id_clues().find_map(|index| match self.sources[index] {
            Some(ValueSource::Column(column)) => Some(column),
            _ => None,
        });
        match (&self.source, column, self.system()) {
            (_, Some(column), None) => {
                let name = self.sheet.header[column].trim();
                Err(Error::usage(message!("mapping.reference_without_source", name = name))
                    .hint(message!("mapping.old_id_without_source_hint")))
            }
            // A mapping that is shipped names its system, and is used for whatever columns a file has.
            (Some(source), None, _)
                if !self.file.optional && self.old_id.is_none() && self.old_references().is_empty() =>
            {
                Err(Error::usage(message!("mapping.no_old_id", source = source, headers = self.headings()))
                    .hint(message!("mapping.no_old_id_hint")))
            }
            _ => Ok(()),
        }
    }

    /// Columns with ids that other records have in the other system, where it is known which one that is.
    pub(super) fn old_references(&self) -> Vec<OldReference> {
        let Some(source) = self.system() else { return Vec::new() };
        let reference = |old: &OldId| {
            let of_field = old.field.and_then(|field| self.entity.fields[field].reference.clone());
            let entity = of_field.unwrap_or_else(|| old.of.to_owned());
            let is_other = !matches!(entity.as_str(), "" | "others") && entity != self.entity.name;
            let source = if old.external { external(&source) } else { source.clone() };
            is_other.then_some(OldReference { column: old.column, entity, source })
        };
        self.old_ids.iter().filter_map(reference).collect()
    }

    /// Where an id is required and the file has only that of another system, every row says so.
    fn place_old_ids(&mut self) {
        for index in 0..self.entity.fields.len() {
            let field = &self.entity.fields[index];
            let is_wanted = self.is_required(field) || self.wished().any(|name| *name == field.name);
            let has_source = self.sources[index].is_some() || self.has_clue(field);
            if has_source || !is_wanted || self.unsendable(field).is_some() {
                continue;
            }
            let is_own_id = self.entity.id.as_ref() == Some(&field.name);
            let stands_for = |old: &&OldId| match old.field {
                Some(meant) => meant == index,
                None if is_own_id => old.of.is_empty() || old.of == self.entity.name,
                None => field.reference.as_deref() == Some(old.of),
            };
            let column = self.old_ids.iter().find(stands_for).map(|old| old.column);
            self.sources[index] = column.map(ValueSource::OldId);
        }
    }

    /// What the mapping file says goes first.
    fn take_mapping(&mut self) -> Result<()> {
        let file = self.file;
        self.compare_header()?;
        if let Some(entity) = file.entity.as_ref().filter(|entity| **entity != self.entity.name) {
            let what = message!("mapping.other_entity", entity = entity, given = self.entity.name);
            return Err(Error::usage(what).hint(message!("mapping.other_entity_hint", entity = entity)));
        }
        for (column, texts) in &file.skip {
            if self.passes_over(&column.key) {
                continue;
            }
            let index = self.column_of(column, &column.key, "[skip]")?;
            self.skip.push((index, texts.iter().map(|entry| entry.key.clone()).collect()));
        }
        for entry in &file.drop {
            if self.passes_over(&entry.key) {
                continue;
            }
            let column = self.column_of(entry, &entry.key, "drop")?;
            self.reasons.insert(column, t!("mapping.dropped").into_owned());
        }
        for entry in &file.columns {
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
                    Some(_) if file.optional => {
                        self.reasons.insert(column, t!("mapping.another_column").into_owned());
                    }
                    Some(_) => return Err(self.second_source(entry, &entry.value, "[columns]")),
                }
                continue;
            }
            let field_index = self.field_of(entry, &entry.value, "[columns]")?;
            if file.optional && self.sources[field_index].is_some() {
                self.reasons.insert(column, t!("mapping.another_column").into_owned());
                continue;
            }
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
        for entry in &file.clear {
            let field_index = self.field_named(entry, "clear")?;
            self.refuse_unsendable(entry, field_index, "clear")?;
            self.clears.insert(field_index);
        }
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
    fn narrow(&mut self) -> Result<()> {
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
            .skip(leading_columns(&self.sheet.header))
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

    /// Whether nothing is meant by a column because the file lacks it.
    fn passes_over(&self, name: &str) -> bool {
        self.file.optional && self.columns_named(name).is_empty()
    }

    /// The columns that the mapping file calls `name`.
    fn columns_named(&self, name: &str) -> Vec<usize> {
        let header = &self.sheet.header;
        // Columns that our workbook of failed rows put before the input's are none of it.
        let own = leading_columns(header);
        let columns = |same: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (own..header.len()).filter(|column| same(&header[*column])).collect()
        };
        let mut found = columns(&|header| header.trim() == name.trim());
        // By its number, where its header is nothing to name it by.
        if found.is_empty()
            && let Some(number) = name.trim().strip_prefix('#').and_then(|digits| digits.parse::<usize>().ok())
        {
            found = columns(&|_| true).into_iter().filter(|column| column + 1 - own == number).collect();
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
            _ => Err(self
                .file
                .wrong(entry, message!("mapping.same_header", section = section, name = name))
                .hint(message!("mapping.same_header_hint"))),
        }
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

    /// The field that a column's header means.
    pub(super) fn means(&self, column: usize) -> Option<usize> {
        self.headers.find(&fold(&self.sheet.header[column]))
    }

    /// Whether a column is left out because of what it means, and for no other reason.
    pub(super) fn is_left_for_that(&self, column: usize) -> bool {
        let meant = self.means(column).map(|field| &self.entity.fields[field]);
        let because = meant.and_then(|field| self.unsendable(field));
        because.is_some() && self.reasons.get(&column) == because.as_ref()
    }

    /// The error for a label that several custom fields of the account have.
    fn same_labelled(&self, label: &str) -> Option<Error> {
        let fields = self.entity.same_labelled(label);
        let keys: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let keys = keys.join(Language::current().pick("、", ", "));
        let first = fields.first()?;
        Some(
            Error::usage(message!("mapping.same_label", label = label.trim(), keys = keys))
                .hint(message!("mapping.same_label_hint", example = first.zh)),
        )
    }

    /// Words about headers that mean a field of the catalog although a custom field of the account is called so, too.
    pub(super) fn shared_labels(&self) -> Vec<String> {
        let language = Language::current();
        let columns = self.sheet.header.iter().enumerate().filter_map(|(column, header)| {
            let field = self.entity.fields.iter().zip(&self.sources).find_map(|(field, source)| {
                matches!(source, Some(ValueSource::Column(taken)) if *taken == column).then_some(field)
            })?;
            let other = *self.entity.same_labelled(header).first().filter(|other| other.name != field.name)?;
            let (header, label) = (header.trim(), field.label(language));
            Some(t!("mapping.shared_label", header = header, field = label, name = field.name, other = other.zh))
        });
        columns.map(std::borrow::Cow::into_owned).collect()
    }

    /// A default without a column stands for every row; replaced values without a source would do nothing.
    fn settle_defaults(&mut self) -> Result<()> {
        for (field_index, default) in &self.defaults {
            self.sources[*field_index].get_or_insert_with(|| ValueSource::Constant(default.clone()));
        }
        let idle = self.file.values.iter().find(|(field, _)| {
            self.headers.find_named(&fold(&field.key)).is_some_and(|field_index| self.sources[field_index].is_none())
        });
        match idle.filter(|_| !self.file.optional) {
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
        let own = leading_columns(&self.sheet.header);
        for (column, header) in self.sheet.header.iter().enumerate() {
            if self.is_decided(column) || self.without_field.contains(&column) {
                continue;
            }
            if column < own {
                self.reasons.insert(column, t!("mapping.result_column").into_owned());
                continue;
            }
            let folded = fold(header);
            let Some(field_index) = self.headers.find(&folded) else {
                if let Some(error) = self.same_labelled(header) {
                    return Err(error);
                }
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
                Some(ValueSource::Constant(_) | ValueSource::Template(_) | ValueSource::OldId(_)) => {}
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
        // A record that is changed is found by its key where the file has no ids.
        let has_key = || self.has_key() || self.old_id.is_some();
        let is_found_otherwise = || self.entity.is_own_id(field) && !self.has_source(&field.name) && has_key();
        // A record whose tags are changed is found by its old id as well.
        let is_of_edits = |edits: &Edits| edits.record == field.name && self.old_id.is_some();
        if self.entity.edits.as_ref().is_some_and(is_of_edits) {
            return false;
        }
        matches!(self.entity.requirement(field, self.mode), Requirement::Always(_)) && !is_found_otherwise()
    }

    /// Whether all fields of one of the entity's keys have a source.
    fn has_key(&self) -> bool {
        self.entity.keys.iter().any(|key| key.iter().all(|name| self.has_source(name)))
    }

    /// Whether rows are looked up by the ids that they name, and by nothing else: then one record may be named twice.
    pub(super) fn is_by_id_alone(&self) -> bool {
        // A new record has no name yet.
        let names = if self.entity.id.is_some() || self.entity.may_change { self.entity.named_by() } else { &[] };
        let is_named =
            |field: &Field| self.is_required(field) && (self.has_source(&field.name) || self.has_clue(field));
        !names.is_empty() && self.fields_of(names).all(is_named)
    }

    /// The positions of what tells which record a reference means, among the fields that have a source.
    pub(super) fn clues_of(&self, field: &Field) -> impl Iterator<Item = usize> {
        let is_clue = |clue: &Field| clue.clue.as_ref().is_some_and(|clue| clue.reference == field.name);
        (0..self.sources.len())
            .filter(move |index| self.sources[*index].is_some() && is_clue(&self.entity.fields[*index]))
    }

    /// Whether something tells which record a reference means.
    pub(super) fn has_clue(&self, field: &Field) -> bool {
        field.is_looked_up && self.clues_of(field).next().is_some()
    }

    pub(super) fn has_source(&self, name: &str) -> bool {
        self.entity.fields.iter().zip(&self.sources).any(|(field, source)| field.name == name && source.is_some())
    }

    /// The rules "one of these" that hold in this account mode.
    pub(super) fn alternatives(&self) -> impl Iterator<Item = &'a Rule> {
        let mode = self.mode;
        self.entity.rules.iter().filter(move |rule| !rule.one_of.is_empty() && rule.holds_in(mode))
    }

    /// Fields without which a person has to consent, in this account mode.
    pub(super) fn wished(&self) -> impl Iterator<Item = &'a String> {
        let mode = self.mode;
        self.entity.rules.iter().filter(move |rule| rule.holds_in(mode)).filter_map(|rule| rule.wish.as_ref())
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
            headers = self.headings()
        ))
        .hint(match self.sheet.others.is_empty() {
            true => message!("mapping.nothing_matches_hint", known = known.join(separator), name = self.entity.name),
            // Most likely the rows stand in another sheet.
            false => message!("mapping.other_sheet_hint", sheets = self.sheet.others.join(separator)),
        })
    }

    /// The headings that were read, for a person to look at.
    fn headings(&self) -> String {
        let headings = self.sheet.header.iter().map(|header| header.trim()).filter(|header| !header.is_empty());
        headings.take(SHOWN_HEADINGS).collect::<Vec<_>>().join(Language::current().pick("、", ", "))
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

    /// Rows that are looked up in the account have something to be found by.
    fn require_key(&self) -> Result<()> {
        let language = Language::current();
        let has_id = self.entity.id.as_ref().is_some_and(|id| self.has_source(id));
        if !self.entity.is_looked_up || has_id || self.entity.is_asked_for() || self.has_key() || self.old_id.is_some()
        {
            return Ok(());
        }
        let id = self.entity.id.iter().map(std::slice::from_ref);
        let keys = id.chain(self.entity.keys.iter().map(Vec::as_slice));
        let labels: Vec<String> = keys
            .map(|key| self.fields_of(key).map(|field| field.label(language)).collect::<Vec<_>>().join(" + "))
            .collect();
        Err(Error::usage(message!(
            "mapping.missing_key",
            entity = self.entity.label(language),
            keys = labels.join(language.pick("、", ", ")),
            headers = self.headings()
        ))
        .hint(message!("mapping.missing_key_hint")))
    }

    /// A column that every record needs is missed before any row is read, not in every row.
    fn require_columns(&self) -> Result<()> {
        let language = Language::current();
        let mut missing: Vec<String> = self
            .entity
            .fields
            .iter()
            .zip(&self.sources)
            .filter(|(field, source)| source.is_none() && !self.has_clue(field))
            .filter(|(field, _)| self.is_required(field) && self.unsendable(field).is_none())
            .map(|(field, _)| t!("mapping.missing_field", zh = field.zh, en = field.en).into_owned())
            .collect();
        for rule in self.alternatives() {
            if !rule.one_of.iter().any(|name| self.has_source(name)) {
                missing.push(t!("mapping.missing_one_of", labels = self.labels(&rule.one_of)).into_owned());
            }
        }
        if missing.is_empty() {
            return self.require_key();
        }
        Err(Error::usage(message!(
            "mapping.missing_columns",
            entity = self.entity.label(language),
            missing = missing.join(language.pick("；", "; ")),
            row = self.sheet.header_row,
            headers = self.headings()
        ))
        .hint(message!("mapping.missing_columns_hint", name = self.entity.name)))
    }
}

/// The export of another system that a file looks like.
fn recognise(sheet: &Sheet) -> Option<Recognised> {
    Vendors::embedded().recognise(&titles(sheet))
}

/// The headers of a file, without those that our file of failed rows adds.
fn titles(sheet: &Sheet) -> Vec<&str> {
    let titles = sheet.header.iter().skip(leading_columns(&sheet.header)).map(|title| title.trim());
    titles.filter(|title| !fold(title).is_empty() && !is_own_column(title)).collect()
}
