//! What is known of an input before its rows are read: its columns, the account's custom fields, what a person agreed to, and
//! the export of ours that it may be.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::check::consent::{Consent, OWN_EXPORT, ROWS_MOVED, is_for_mappings, is_kept};
use crate::definitions::{DefinitionSource, KnownFields};
use crate::entity::{Field, WriteMode};
use crate::error::Result;
use crate::format::Sheet;
use crate::import::agreed::Agreed;
use crate::import::change::{FileOrigin, HandedBack, RowsOfExport};
use crate::import::options::PreflightOptions;
use crate::import::words::Words;
use crate::mapping::{Mapping, MappingFile, wants_account_fields};
use crate::message;
use crate::message::Message;

/// What the rows of an input are read by.
pub(super) struct Basis<'a> {
    /// What they mean.
    pub options: &'a PreflightOptions<'a>,
    /// How the file is read.
    pub sheet: Sheet,
    /// Which column feeds which field.
    pub mapping: Mapping,
    /// What the account told of its custom fields …
    pub known: KnownFields,
    /// … and those of them that rows may have.
    pub account_fields: Vec<Field>,
    /// What a person agreed to.
    pub consents: Consents,
    /// The export of ours that the file is.
    pub handed_back: Option<Box<HandedBack>>,
    /// The export of ours whose rows the file has, without saying of which records they are.
    pub rows_of_export: Option<RowsOfExport>,
    /// The file is an export of ours, and nobody knows here what it said.
    pub is_unknown_export: bool,
}

impl<'a> Basis<'a> {
    /// Finds out what the rows are read by.
    ///
    /// # Errors
    /// Columns that do not fit, custom fields that cannot be asked for, a file that cannot be read.
    pub(super) fn find(
        options: &'a PreflightOptions<'a>,
        definitions: &DefinitionSource<'_>,
        agreed: &Agreed,
        words: &Words,
        sheet: Sheet,
    ) -> Result<Basis<'a>> {
        let PreflightOptions { entity, custom, mapping_file, account_mode, values, .. } = options;
        let known = known_fields(options, definitions, &sheet)?;
        let account_fields = known.fields(entity, endpoint_of(options.mode));
        let entity = entity.with_account_fields(&account_fields);
        let mut mapping = Mapping::new(&entity, custom, &sheet, mapping_file.as_ref(), *account_mode, *values)?;
        let consents = Consents::gather(options, agreed, &mapping);
        mapping.words = words.meant();
        let origin = file_origin(options, &sheet, &mapping)?;
        let rows_of_export = rows_of_export(options, &sheet, &mapping, &consents.consent)?;
        let is_unknown_export = matches!(origin, FileOrigin::Unknown) && changes_records(options.mode, &mapping);
        let handed_back = if let FileOrigin::Known(handed_back) = origin { Some(handed_back) } else { None };
        Ok(Basis {
            options,
            sheet,
            mapping,
            known,
            account_fields,
            consents,
            handed_back,
            rows_of_export,
            is_unknown_export,
        })
    }

    /// Whether rows change records that are there.
    pub(super) fn changes_records(&self) -> bool {
        changes_records(self.options.mode, &self.mapping)
    }
}

/// What is known of the account's custom fields, where the file needs to know.
fn known_fields(
    options: &PreflightOptions<'_>,
    definitions: &DefinitionSource<'_>,
    sheet: &Sheet,
) -> Result<KnownFields> {
    let known = match wants_account_fields(&options.entity, sheet, options.mapping_file.as_ref()) {
        true => definitions.of(&options.entity),
        false => KnownFields::default(),
    };
    // Whatever comes next would wait for it in vain, and nothing is known from before.
    match known.unreached.clone().filter(|_| definitions.keeps && known.definitions.is_empty()) {
        Some(error) => Err(error),
        None => Ok(known),
    }
}

/// The endpoint that rows of a mode are sent to.
fn endpoint_of(mode: WriteMode) -> &'static str {
    match mode {
        WriteMode::Update => "update",
        _ => "create",
    }
}

/// What the file comes from, where that says what its rows change.
fn file_origin(options: &PreflightOptions<'_>, sheet: &Sheet, mapping: &Mapping) -> Result<FileOrigin> {
    let entity = mapping.entity();
    match entity.may_change || entity.edits.is_some() {
        false => Ok(FileOrigin::Own),
        true => {
            HandedBack::find(&options.input, sheet, mapping, options.baselines.as_deref(), options.baseline.as_deref())
        }
    }
}

/// The export of ours whose rows would be made once more, unless a person means that.
fn rows_of_export(
    options: &PreflightOptions<'_>,
    sheet: &Sheet,
    mapping: &Mapping,
    consent: &Consent,
) -> Result<Option<RowsOfExport>> {
    // What has a key or an old id is known by that.
    let is_known_by_nothing = mapping.keys.is_empty() && mapping.old_id.is_none();
    match options.mode == WriteMode::Create && is_known_by_nothing && !consent.names(OWN_EXPORT) {
        true => RowsOfExport::find(&options.input, sheet, mapping, options.baselines.as_deref()),
        false => Ok(None),
    }
}

fn changes_records(mode: WriteMode, mapping: &Mapping) -> bool {
    mode != WriteMode::Create || mapping.entity().edits.is_some()
}

/// What a person agreed to, and where.
pub(super) struct Consents {
    /// All of it.
    pub consent: Consent,
    /// What of it was said now: on the command line, or in the mapping file.
    now: Consent,
    /// Kinds of warnings that were agreed to earlier, and when.
    earlier: Vec<(String, Date)>,
}

impl Consents {
    fn gather(options: &PreflightOptions<'_>, agreed: &Agreed, mapping: &Mapping) -> Consents {
        let mut consent = options.consent.clone();
        let in_file = options.mapping_file.iter().flat_map(MappingFile::accepted).filter(|code| is_for_mappings(code));
        in_file.for_each(|code| consent.add(code));
        let now = consent.clone();
        let earlier: Vec<(String, Date)> = agreed
            .consents(&mapping.entity().name, &mapping.fingerprint())
            .filter(|kept| !consent.covers(&kept.code) && is_kept(&kept.code))
            .map(|kept| (kept.code.clone(), kept.agreed))
            .collect();
        earlier.iter().for_each(|(code, _)| consent.add(code));
        Consents { consent, now, earlier }
    }

    /// Whether rows of an export were moved on purpose.
    pub(super) fn is_move_meant(&self) -> bool {
        self.now.names(ROWS_MOVED)
    }

    /// Kinds of warnings that are words because of what was said now, and those that are so because of what was said earlier.
    pub(super) fn told_apart(&self, consented: BTreeSet<&'static str>) -> (BTreeSet<String>, Vec<(String, Date)>) {
        let (consented, earlier_ones): (BTreeSet<String>, BTreeSet<String>) =
            consented.into_iter().map(str::to_owned).partition(|code| self.now.covers(code));
        let agreed_earlier = self.earlier.iter().filter(|(code, _)| earlier_ones.contains(code.as_str()));
        (consented, agreed_earlier.cloned().collect())
    }
}

/// A custom field as a run keeps it: options only where rows have values of it.
pub(super) fn kept_field(mut field: Field, mapping: &Mapping) -> Field {
    if mapping.position(&field.name).is_none() {
        field.choices.clear();
    }
    field
}

/// What there is to say of the account's custom fields, and of those that rows have values of and the account has not.
pub(super) fn words_of(known: KnownFields, mapping: &Mapping) -> Vec<Message> {
    let mut words = known.words;
    if !known.definitions.is_empty() {
        let fields = mapping.sources.iter().map(|source| &source.field).filter(|field| field.custom);
        let vanished = fields.filter(|field| !known.definitions.has(&field.name));
        words.extend(vanished.map(|field| message!("definitions.vanished", label = field.labels(), key = field.name)));
    }
    words
}
