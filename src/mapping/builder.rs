//! The making of a [`Mapping`]: first what the mapping file says, then what the headers say, then whether anything that
//! every record needs is missing.

use std::collections::{HashMap, HashSet};

use super::expression::Template;
use super::file::{Entry, MappingFile};
use super::header_index::HeaderIndex;
use super::numbered_columns::with_columns_of;
use super::presets::preset;
use super::result_columns::{OwnColumns, is_result_column};
use super::sendable::unsendable;
use super::sources::{Mapping, OldIdColumn, ValueSource};
use super::toml_quoted::toml_quoted;
use super::vendors::{Recognised, Vendors};
use crate::entity::{AccountMode, Custom, Edits, Entity, Field, Overwrite, Requirement, Rule, fold};
use crate::error::{Error, Result};
use crate::format::{Sheet, broken_text, column_letters};
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::t;
use crate::value::ValueOptions;

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
        let file = file.unwrap_or(&nothing);
        let sheet = &*with_columns_of(sheet, file);
        let mut builder = MappingBuilder::new(entity, custom, sheet, file, mode);
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
    pub(super) headers: HeaderIndex,
    /// The columns that our file of failed rows adds, which are none of the input.
    pub(super) own: OwnColumns,
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
    pub(super) without_field: HashSet<usize>,
    /// Columns that a template reads. They may feed a field of their own besides.
    pub(super) read_by_template: HashSet<usize>,
    /// The export of another system that the file looks like.
    pub(super) recognised: Option<Recognised>,
    /// Columns that hold keys of another system, and whose they are.
    pub(super) old_ids: Vec<OldId>,
    /// Columns with such keys that the mapping file takes ids from.
    pub(super) foreign: HashSet<usize>,
    /// What the user says the other system goes by.
    pub(super) source: Option<String>,
    /// The column that the mapping file says holds the records' own ids there, and where it says so.
    pub(super) said_old_id: Option<(usize, Entry)>,
    /// The column with the records' own ids there, where it is known which system that is.
    pub(super) old_id: Option<OldIdColumn>,
}

/// A column with keys of another system.
pub(super) struct OldId {
    pub(super) column: usize,
    /// The field that its header means, where it means one.
    pub(super) field: Option<usize>,
    /// The entity whose keys they are; empty for the row's own.
    pub(super) of: &'static str,
    /// Whether they are those of a third system.
    pub(super) external: bool,
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
            own: OwnColumns::of(&sheet.header),
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
        self.require_columns()?;
        self.route_mobiles();
        Ok(())
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
        let Some(name) = self.entity.fields.iter().position(|field| field.name == names.field) else { return };
        let (first, last) = match (only(&names.first), only(&names.last)) {
            (Some(first), Some(last)) => (first, last),
            // One of the two is all there is of the name.
            (Some(column), None) | (None, Some(column)) => {
                let none = |headers: &[String]| !self.sheet.header.iter().any(|header| headers.contains(&fold(header)));
                let is_alone = none(&names.first) || none(&names.last);
                if is_alone && self.sources[name].is_none() && !self.is_decided(column) {
                    self.sources[name] = Some(ValueSource::Column(column));
                }
                return;
            }
            (None, None) => return,
        };
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
            Some(seen) => {
                let lines = seen.lines(self.proposes());
                let error = lines.iter().fold(error, |error, line| error.and_hint(line.trim_start()));
                match self.proposes() && !self.is_mended_by_shipped(seen) {
                    true => error.and_hint(&*t!("mapping.proposed_lacks")),
                    false => error,
                }
            }
        }
    }

    /// Whether with the mapping that is shipped for it the file lacks nothing: else the hint would lead in a circle.
    fn is_mended_by_shipped(&self, seen: &Recognised) -> bool {
        let file = preset(&seen.name).and_then(|text| MappingFile::parse(text, &seen.name).ok());
        file.is_some_and(|file| {
            Mapping::new(self.entity, self.custom, self.sheet, Some(&file), self.mode, self.options).is_ok()
        })
    }

    /// Whether the mapping that is shipped for what the file looks like may be proposed.
    pub(super) fn proposes(&self) -> bool {
        self.file.text().is_empty() && self.is_of_entity()
    }

    /// Whether the file looks like one whose rows become records of this entity.
    pub(super) fn is_of_entity(&self) -> bool {
        self.recognised.as_ref().is_some_and(|seen| seen.entity == self.entity.name)
    }

    /// The template of our own that the file looks like: it has all of its columns.
    pub(super) fn own_template(&self) -> Option<Recognised> {
        let titles: Vec<String> = titles(self.sheet).into_iter().map(fold).collect();
        let ours: Vec<String> = self.entity.offered(self.mode).map(|field| fold(&field.zh)).collect();
        // An export has these columns, too, and beside them those that the service alone sets.
        let is_export = self.entity.fields.iter().any(|field| field.read_only && titles.contains(&fold(&field.zh)));
        let is_ours = !ours.is_empty() && !is_export && ours.iter().all(|title| titles.contains(title));
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

    /// The field that a column's header means.
    pub(super) fn means(&self, column: usize) -> Option<usize> {
        let header = fold(&self.sheet.header[column]);
        // No other column can mean what the service alone sets.
        let is_set_by_service =
            |field: &Field| field.read_only && field.fallback_aliases.iter().any(|alias| fold(alias) == header);
        self.headers.find(&header).or_else(|| self.entity.fields.iter().position(is_set_by_service))
    }

    /// Whether a column is left out because of what it means, and for no other reason.
    pub(super) fn is_left_for_that(&self, column: usize) -> bool {
        let meant = self.means(column).map(|field| &self.entity.fields[field]);
        let because = meant.and_then(|field| self.unsendable(field));
        because.is_some() && self.reasons.get(&column) == because.as_ref()
    }

    /// The error for a label that several custom fields of the account have.
    pub(super) fn same_labelled(&self, label: &str) -> Option<Error> {
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
        let fallbacks = self.fallbacks();
        for (column, header) in self.sheet.header.iter().enumerate() {
            if self.is_decided(column) || self.without_field.contains(&column) {
                continue;
            }
            if self.own.has(column) {
                self.reasons.insert(column, t!("mapping.result_column").into_owned());
                continue;
            }
            let folded = fold(header);
            let fallback = fallbacks.iter().find(|(own, _)| *own == column).map(|(_, field)| *field);
            let Some(field_index) = fallback.or_else(|| self.headers.find(&folded)) else {
                if let Some(error) = self.same_labelled(header) {
                    return Err(error);
                }
                if is_result_column(&folded) {
                    self.reasons.insert(column, t!("mapping.result_column").into_owned());
                } else if let Some(field) = self.named_beside(&folded) {
                    let label = field.label(Language::current());
                    self.reasons.insert(column, t!("mapping.names_beside", label = label).into_owned());
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
                Some(
                    ValueSource::Constant(_)
                    | ValueSource::Template(_)
                    | ValueSource::OldId(_)
                    | ValueSource::Routed(_),
                ) => {}
            }
        }
        self.refuse_broken_headings()?;
        if self.sources.iter().all(Option::is_none) {
            return Err(self.nothing_matches());
        }
        if twice.is_empty() { Ok(()) } else { Err(self.two_columns(&twice)) }
    }

    /// The field with the ids beside which an export of ours has a column of names: this one, and that of the ids is there.
    fn named_beside(&self, folded: &str) -> Option<&Field> {
        let languages = [Some(Language::Zh), Some(Language::En), None];
        let is_it = |field: &Field| languages.iter().any(|language| fold(&field.name_title(*language)) == folded);
        let referring = self.entity.fields.iter().enumerate().filter(|(_, field)| field.reference.is_some());
        let (index, field) = referring.into_iter().find(|(_, field)| field.clue.is_none() && is_it(field))?;
        let has_ids = self.sheet.header.iter().any(|header| self.headers.find(&fold(header)) == Some(index));
        has_ids.then_some(field)
    }

    /// A heading whose text was broken means nothing, and its column would be lost for that.
    fn refuse_broken_headings(&self) -> Result<()> {
        for (column, header) in self.sheet.header.iter().enumerate() {
            if self.own.has(column)
                || self.is_decided(column)
                || self.without_field.contains(&column)
                || self.read_by_template.contains(&column)
            {
                continue;
            }
            let Some(problem) = broken_text(header.trim()) else { continue };
            let name = self.column_name(column);
            let number = self.own.number_of(column);
            return Err(Error::usage(message!("mapping.broken_heading", column = name, what = problem.rule()))
                .hint(message!("mapping.broken_heading_hint", number = number)));
        }
        Ok(())
    }

    /// Whether the mapping file has already said what a column is for.
    pub(super) fn is_decided(&self, column: usize) -> bool {
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

    /// Whether all fields of one of the entity's keys have a source, or something tells which record they mean.
    fn has_key(&self) -> bool {
        let is_told = |field: &Field| self.entity.is_looked_up && self.has_clue(field);
        let has = |name: &String| self.has_source(name) || self.entity.field(name).is_some_and(is_told);
        self.entity.keys.iter().any(|key| key.iter().all(has))
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
        let (entity, row, headers) = (self.entity.label(language), self.sheet.header_row, self.headings());
        Error::usage(match row {
            0 => message!("mapping.no_member_matches", entity = entity, headers = headers),
            _ => message!("mapping.nothing_matches", entity = entity, row = row, headers = headers),
        })
        .hint(match self.sheet.others.is_empty() {
            true if !self.sheet.hidden.is_empty() => {
                message!(
                    "mapping.hidden_sheet_hint",
                    sheets = self.sheet.hidden.join(separator),
                    first = self.sheet.hidden[0]
                )
            }
            true => message!("mapping.nothing_matches_hint", known = known.join(separator), name = self.entity.name),
            // Most likely the rows stand in another sheet.
            false => message!("mapping.other_sheet_hint", sheets = self.sheet.others.join(separator)),
        })
    }

    /// The headings that were read, for a person to look at.
    pub(super) fn headings(&self) -> String {
        let headings = self.sheet.header.iter().map(|header| header.trim()).filter(|header| !header.is_empty());
        headings.take(SHOWN_HEADINGS).collect::<Vec<_>>().join(Language::current().pick("、", ", "))
    }

    fn two_columns(&self, twice: &[(usize, usize, usize)]) -> Error {
        let language = Language::current();
        let pairs = twice.iter().map(|(field_index, first, second)| {
            message!(
                "mapping.two_columns",
                first = self.column_name(*first),
                second = self.column_name(*second),
                field = self.entity.fields[*field_index].label(language)
            )
        });
        let said = Message::joined("mapping.two_columns_and", pairs).unwrap_or_default();
        let dropped: Vec<String> = twice.iter().map(|(_, first, second)| self.named_in_drop(*first, *second)).collect();
        let dropped = dropped.join(", ");
        let hint = match self.recognised.as_ref().filter(|_| self.proposes()) {
            Some(seen) => message!("mapping.two_columns_known_hint", name = seen.name, column = dropped),
            None => message!("mapping.two_columns_hint", column = dropped),
        };
        Error::usage(said).hint(hint)
    }

    /// How a mapping file names a column that means the same as another: a heading that both have does not say which of them is
    /// meant.
    fn named_in_drop(&self, first: usize, second: usize) -> String {
        let header = self.sheet.header[second].trim();
        match fold(&self.sheet.header[first]) == fold(header) {
            true => self.own.number_of(second).to_string(),
            false => toml_quoted(header),
        }
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
        let fields: Vec<&Field> = self
            .entity
            .fields
            .iter()
            .zip(&self.sources)
            .filter(|(field, source)| source.is_none() && !self.has_clue(field))
            .filter(|(field, _)| self.is_required(field) && self.unsendable(field).is_none())
            .map(|(field, _)| field)
            .collect();
        let of_this_mode = |field: &&&Field| self.is_of_this_mode(field);
        let mode_words = fields.iter().find(of_this_mode).map(|field| {
            let labels = language.pick(&field.zh, &field.en);
            t!("mapping.missing_in_2c", field = labels).into_owned()
        });
        let named = |field: &Field| t!("mapping.missing_field", zh = field.zh, en = field.en).into_owned();
        let mut missing: Vec<String> = fields.into_iter().map(named).collect();
        for rule in self.alternatives() {
            if !rule.one_of.iter().any(|name| self.has_source(name)) {
                missing.push(t!("mapping.missing_one_of", labels = self.labels(&rule.one_of)).into_owned());
            }
        }
        if missing.is_empty() {
            return self.require_key();
        }
        let (entity, missing) = (self.entity.label(language), missing.join(language.pick("；", "; ")));
        let (row, headers) = (self.sheet.header_row, self.headings());
        let error = Error::usage(match row {
            0 => message!("mapping.missing_members", entity = entity, missing = missing, headers = headers),
            _ => message!("mapping.missing_columns", entity = entity, missing = missing, row = row, headers = headers),
        });
        let hint = message!("mapping.missing_columns_hint", name = self.entity.name);
        let words = mode_words.into_iter().chain(self.sheet_words());
        Err(words.fold(error.hint(hint), |error, words| error.and_hint(&*words)))
    }

    /// Whether a field is needed because of the account's mode alone, which is a setting and may be the wrong one.
    fn is_of_this_mode(&self, field: &Field) -> bool {
        let is_needed = |mode| matches!(self.entity.requirement(field, mode), Requirement::Always(_));
        self.mode == AccountMode::Business && !is_needed(AccountMode::Consumer)
    }

    /// Which sheet was read, and what else there is.
    fn sheet_words(&self) -> Vec<String> {
        let Sheet { name: Some(sheet), others, hidden, .. } = self.sheet else { return Vec::new() };
        let separator = Language::current().pick("、", ", ");
        let of = |key, names: &[String]| t!(key, sheet = sheet, sheets = names.join(separator)).into_owned();
        let others = (!others.is_empty()).then(|| of("mapping.sheet_among", others));
        let hidden = (!hidden.is_empty()).then(|| of("mapping.sheet_among_hidden", hidden));
        others.into_iter().chain(hidden).collect()
    }
}

/// The export of another system that a file looks like.
fn recognise(sheet: &Sheet) -> Option<Recognised> {
    Vendors::embedded().recognise(&titles(sheet))
}

/// The headers of a file, without those that our file of failed rows adds.
fn titles(sheet: &Sheet) -> Vec<&str> {
    let own = OwnColumns::of(&sheet.header);
    let titles = sheet.header.iter().enumerate().filter(|(column, _)| !own.has(*column)).map(|(_, title)| title.trim());
    titles.filter(|title| !fold(title).is_empty()).collect()
}
