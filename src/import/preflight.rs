//! The first reading of an input, before anything is sent: all its mistakes, its fingerprint, and what occurs twice in it.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::agreed::{Agreed, KeptConsent};
use super::cells::{CellSpool, CheckedCells};
use super::change::{CellBaseline, FileOrigin, HandedBack, MovedCells, MovedColumns, RowsOfExport, SaidRow, unedited};
use super::checked_rows::{Checks, ReadRow};
use super::coverage::{Coverage, CoverageFinder};
use super::left_out::{LeftOut, LeftOutCounter};
use super::likely_doubles::{KeysSeen, hold_likely_doubles};
use super::operation::{Members, OperationBuilder, WriteOperation, given_column, old_id_of};
use super::options::PreflightOptions;
use super::references::Question;
use super::repeated_records::{record_named, refuse_repeats};
use super::replaced::{self, Replaced, ReplacedCounter};
use super::spool::{RowState, Spool, SpoolWriter, SpooledRow};
use super::words::{SaidWords, Weighed, Words};
use crate::check::as_shown::mark_missing;
use crate::check::confirmed::Confirmed;
use crate::check::consent::{Consent, OWN_EXPORT, ROWS_MOVED, is_for_mappings, is_kept};
use crate::check::describe::CONFIRMED;
use crate::check::duplicates::{
    DUPLICATE, Duplicates, KeyCounter, Keys, NaturalKey, duplicate_rule, first_eight, old_id_duplicate_rule, watched,
};
use crate::check::finding::Finding;
use crate::check::findings::Findings;
use crate::check::record::Record;
use crate::check::row_shape::OTHER_HEADINGS;
use crate::definitions::{DefinitionSource, KnownFields};
use crate::entity::{Entity, Field, WriteMode};
use crate::error::{Error, Result};
use crate::format::{self, FileFormat, Row, Sheet};
use crate::journal::Reason;
use crate::language::Language;
use crate::mapping::{FieldSource, Mapping, MappingFile, ValueSource, wants_account_fields};
use crate::message;
use crate::message::Message;
use crate::problem::{Problem, Severity};
use crate::t;
use crate::text::clean;

/// Most rules that the reason of a row names.
const SHOWN_RULES: usize = 20;

/// Most cells of a row that are named of those that were edited and are never written.
const MOST_UNSENT: usize = 3;

/// Names of records that are kept to be shown beside their ids.
const NAMES_AT_HAND: usize = 2_000;

/// Codes of what only a new record has to say.
const LACKS: [&str; 2] = ["required", ONE_OF];
/// Code of a row that fills none of some columns, which its rule names.
const ONE_OF: &str = "one_of";

/// What an input is read for.
pub enum Purpose {
    /// What is found in its rows. None of them can be sent.
    Findings,
    /// Its rows may be sent; their cells go there, when they are to be kept.
    Sending(Option<Box<CellSpool>>),
}

/// What the first reading found.
#[derive(Debug)]
pub struct Preflight {
    /// What the file is.
    pub format: &'static FileFormat,
    /// How the file was read.
    pub sheet: Sheet,
    /// Which column feeds which field.
    pub mapping: Mapping,
    /// Rows, blank ones left out.
    pub rows: u64,
    /// All that was found.
    pub findings: Findings,
    /// Rows that wait for a decision about what they refer to.
    pub waiting: u64,
    /// What a person agreed to.
    pub consent: Consent,
    /// Kinds of warnings that are words because a person agreed to them on the command line.
    pub consented: BTreeSet<String>,
    /// Kinds of warnings of this input that were agreed to earlier, and when.
    pub agreed_earlier: Vec<(String, Date)>,
    /// Fingerprint of the decoded rows and their header; of the header alone where no row can be sent.
    pub fingerprint: String,
    /// The first record that will be sent, as its fields and values, secrets masked.
    pub first: Vec<(String, String)>,
    /// What the user should know of the account's custom fields.
    pub words: Vec<Message>,
    /// The custom fields that the account told of, as they were when the file was read; options only of those that are fed.
    pub account_fields: Vec<Field>,
    /// What the records are called that rows refer to, by fields and ids: as many as are kept at hand.
    pub(super) named: HashMap<(String, String), String>,
    /// Columns of which nothing comes over.
    pub left_out: Vec<LeftOut>,
    /// Words that the mapping file replaced.
    pub replaced: Vec<Replaced>,
    /// Rows that are looked at closely.
    pub coverage: Coverage,
    /// What that record asks for, where it changes one that is there.
    pub first_operation: Option<WriteOperation>,
    /// The export of ours that the file is.
    pub(super) handed_back: Option<Box<HandedBack>>,
    /// The export of ours whose rows the file has, without saying of which records they are.
    pub(super) rows_of_export: Option<RowsOfExport>,
    /// Columns of that export whose cells stand in other rows than they were exported in.
    pub(super) moved_columns: Option<MovedColumns>,
    /// The file is an export of ours, and nobody knows here what it said.
    pub(super) is_unknown_export: bool,
    /// What a person is asked about words that are no choices.
    pub(super) questions: Vec<Question>,
}

/// The rows of the first reading.
#[derive(Debug)]
pub struct Rows {
    /// The rows, as they will be sent.
    pub spool: Spool,
    /// What occurs more than once in them.
    pub duplicates: Duplicates,
    /// Their cells, when they are to be kept.
    pub cells: Option<CheckedCells>,
    /// Whether each of them has an old id.
    pub has_old_ids: bool,
}

impl Rows {
    /// Begins again with the first row.
    ///
    /// # Errors
    /// A spool that cannot be read.
    pub fn begin(&mut self) -> Result<()> {
        self.duplicates.begin();
        self.spool.rewind()
    }
}

impl Preflight {
    /// Reads the whole input, once.
    ///
    /// # Errors
    /// An input or mapping that cannot be used.
    pub fn run(
        options: &PreflightOptions<'_>,
        definitions: &DefinitionSource<'_>,
        agreed: &Agreed,
        words: &Words,
        purpose: Purpose,
    ) -> Result<(Preflight, Rows)> {
        let PreflightOptions { input, entity, custom, mapping_file, account_mode, values, .. } = options;
        let format = format::detect(input)?;
        let reader = format::open(input)?;
        let sheet = reader.sheet().clone();
        let known = match wants_account_fields(entity, &sheet, mapping_file.as_ref()) {
            true => definitions.of(entity),
            false => KnownFields::default(),
        };
        // Whatever comes next would wait for it in vain, and nothing is known from before.
        if let Some(error) = known.unreached.clone().filter(|_| definitions.keeps && known.definitions.is_empty()) {
            return Err(error);
        }
        let account_fields = known.fields(entity, endpoint_of(options.mode));
        let entity = &entity.with_account_fields(&account_fields);
        let mut mapping = Mapping::new(entity, custom, &sheet, mapping_file.as_ref(), *account_mode, *values)?;
        let fingerprint = mapping.fingerprint();
        mapping.words = words.meant();
        let mut consent = options.consent.clone();
        let in_file = mapping_file.iter().flat_map(MappingFile::accepted).filter(|code| is_for_mappings(code));
        in_file.for_each(|code| consent.add(code));
        let on_command_line = consent.clone();
        let is_move_meant = consent.names(ROWS_MOVED);
        let earlier: Vec<&KeptConsent> = agreed
            .consents(&entity.name, &fingerprint)
            .filter(|kept| !consent.covers(&kept.code) && is_kept(&kept.code))
            .collect();
        earlier.iter().for_each(|kept| consent.add(&kept.code));
        let origin = match entity.may_change || entity.edits.is_some() {
            false => FileOrigin::Own,
            true => {
                HandedBack::find(input, &sheet, &mapping, options.baselines.as_deref(), options.baseline.as_deref())?
            }
        };
        // What has a key or an old id is known by that.
        let is_known_by_nothing = mapping.keys.is_empty() && mapping.old_id.is_none();
        let rows_of_export =
            match options.mode == WriteMode::Create && is_known_by_nothing && !consent.names(OWN_EXPORT) {
                true => RowsOfExport::find(input, &sheet, &mapping, options.baselines.as_deref())?,
                false => None,
            };
        let is_unknown_export = matches!(origin, FileOrigin::Unknown) && options.mode != WriteMode::Create;
        let handed_back = if let FileOrigin::Known(handed_back) = origin { Some(handed_back) } else { None };
        let read = |reader, purpose, asked| {
            let mut reading = Reading::new(&mapping, &sheet, options, &consent, (words, asked), purpose)?;
            reading.handed_back = handed_back.as_deref();
            // Rows about one record are told apart by what they say.
            let changes_records = entity.may_change || entity.edits.is_some() || options.mode != WriteMode::Create;
            let (has_values, has_identities) = (handed_back.is_none(), reading.is_to_send || changes_records);
            let checks = Checks { mapping: &mapping, sheet: &sheet, has_values, has_identities };
            checks.each(reader, |checked| reading.take(checked))?;
            Ok::<Reading<'_>, Error>(reading)
        };
        let (asks, keeps_cells) = match &purpose {
            Purpose::Findings => (false, false),
            Purpose::Sending(cells) => (true, cells.is_some()),
        };
        let none = SaidWords::default();
        let mut reading = read(reader, purpose, &none)?;
        let asked = std::mem::take(&mut reading.said_words).many();
        let questions = if asks { asked.questions(&mapping) } else { Vec::new() };
        if !questions.is_empty() {
            // Which of them are many is known only now, and rows that wait are no rows with mistakes.
            let cells = if keeps_cells { Some(Box::new(CellSpool::new()?)) } else { None };
            reading = read(format::open(input)?, Purpose::Sending(cells), &asked)?;
        }
        if reading.rows == 0 {
            return Err(
                Error::usage(message!("mapping.no_rows", file = input.shown)).hint(message!("mapping.no_rows_hint"))
            );
        }
        if let Some(own_ids) = reading.own_ids.as_ref().filter(|_| options.mode == WriteMode::Create) {
            return Err(own_ids.refuse_create(&mapping));
        }
        let Reading {
            spool,
            cells,
            mut findings,
            fingerprint,
            first,
            first_operation,
            mut consented,
            coverage,
            left_out,
            replaced,
            waiting,
            rivals,
            moved,
            ..
        } = reading;
        let moved_columns = moved.found(|column| mapping.header(column).to_owned());
        let mut duplicates = Duplicates::new(reading.keys_seen, reading.old_ids_seen);
        let has_old_ids = mapping.old_id.is_some() && !reading.lacks_old_id;
        let mut spool = spool.finish()?;
        refuse_repeats(&mut spool, &mapping, reading.records_seen, &mut findings)?;
        if options.mode.makes_records(entity) {
            hold_likely_doubles(&mut spool, &mapping, &rivals, (&consent, &mut consented), &mut findings)?;
        }
        let cells = cells.map(CellSpool::finish).transpose()?;
        if !duplicates.is_empty() {
            find_duplicates(&mut spool, &mapping, &mut duplicates, &mut findings)?;
        }
        let fingerprint = fingerprint.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let (consented, earlier_ones): (BTreeSet<String>, BTreeSet<String>) =
            consented.into_iter().map(str::to_owned).partition(|code| on_command_line.covers(code));
        let agreed_earlier = earlier.iter().filter(|kept| earlier_ones.contains(kept.code.as_str()));
        let agreed_earlier = agreed_earlier.map(|kept| (kept.code.clone(), kept.agreed)).collect();
        let words = words_of(known, &mapping);
        let coverage = coverage.finish(&mapping);
        let left_out = left_out.finish();
        let filled: Vec<&str> = left_out.iter().map(LeftOut::column).collect();
        mapping.report.forget_blank_columns(&filled);
        let preflight = Preflight {
            words,
            coverage,
            named: HashMap::new(),
            left_out,
            replaced: replaced.finish(&mapping),
            account_fields: account_fields.into_iter().map(|field| kept_field(field, &mapping)).collect(),
            rows: spool.rows,
            questions,
            format,
            sheet,
            mapping,
            findings,
            waiting,
            consent,
            consented,
            agreed_earlier,
            fingerprint,
            first,
            first_operation,
            handed_back,
            rows_of_export,
            moved_columns: moved_columns.filter(|_| !is_move_meant),
            is_unknown_export,
        };
        Ok((preflight, Rows { spool, duplicates, cells, has_old_ids }))
    }
}

/// The endpoint that rows of a mode are sent to.
fn endpoint_of(mode: WriteMode) -> &'static str {
    match mode {
        WriteMode::Update => "update",
        _ => "create",
    }
}

/// A custom field as a run keeps it: options only where rows have values of it.
fn kept_field(mut field: Field, mapping: &Mapping) -> Field {
    if mapping.position(&field.name).is_none() {
        field.choices.clear();
    }
    field
}

/// What there is to say of the account's custom fields, and of those that rows have values of and the account has not.
fn words_of(known: KnownFields, mapping: &Mapping) -> Vec<Message> {
    let mut words = known.words;
    if !known.definitions.is_empty() {
        let fields = mapping.sources.iter().map(|source| &source.field).filter(|field| field.custom);
        let vanished = fields.filter(|field| !known.definitions.has(&field.name));
        words.extend(vanished.map(|field| message!("definitions.vanished", label = field.labels(), key = field.name)));
    }
    words
}

impl Preflight {
    /// What the mapping file made of words, a line for each field.
    pub fn replaced_words(&self) -> Vec<Message> {
        replaced::lines(&self.replaced)
    }

    /// Which export of ours the file is, in words.
    pub fn export_words(&self) -> Option<String> {
        if self.is_unknown_export {
            return Some(t!("change.unknown_export").into_owned());
        }
        let (file, exported) = self.handed_back.as_ref()?.shown();
        Some(t!("change.handed_back", file = file, exported = exported).into_owned())
    }

    /// The first record that is sent is that of another row: what the account has decides which.
    pub(super) fn show_first(&mut self, first: Option<WriteOperation>) {
        self.first = match &first {
            Some(WriteOperation::Draft(members)) => self.shown(members),
            Some(WriteOperation::Change { id, cells }) => {
                let entity = self.mapping.entity();
                let id = entity
                    .id
                    .as_ref()
                    .and_then(|name| entity.field(name))
                    .map(|field| (field.label(Language::current()).to_owned(), id.clone()));
                id.into_iter().chain(self.shown(&Members::of(cells))).collect()
            }
            Some(WriteOperation::Tags(edit)) => edit.shown(self.mapping.entity()),
            _ => Vec::new(),
        };
        self.first_operation = first;
    }

    /// What a row says, for a person: with the name of each record beside its id.
    pub(super) fn shown(&self, members: &Members) -> Vec<(String, String)> {
        let shown = members.shown(self.mapping.entity()).into_iter();
        let with_name = |((label, text), (field, id)): ((String, String), (&str, &str))| match self
            .named
            .get(&(field.to_owned(), id.to_owned()))
        {
            Some(name) => (label, t!("lookup.id_and_name", id = text, name = name).into_owned()),
            None => (label, text),
        };
        shown.zip(members.iter()).map(with_name).collect()
    }

    /// Notes what a record is called that a row refers to.
    pub(super) fn note_name(&mut self, field: &str, id: &str, name: &str) {
        if !name.is_empty() && self.named.len() < NAMES_AT_HAND {
            self.named.insert((field.to_owned(), id.to_owned()), name.to_owned());
        }
    }
}

/// Ids of this service's records that rows name as their own.
struct OwnIds {
    column: Option<usize>,
    rows: u64,
    /// The number of the first of these rows …
    first: u64,
    /// … and the id it names.
    id: String,
    /// Whether any of them can be an id of this service.
    is_possible: bool,
}

impl OwnIds {
    /// A new record gets an id of its own: rows that name one may be there already, and would be there twice.
    fn refuse_create(&self, mapping: &Mapping) -> Error {
        let OwnIds { column, rows, first, id, is_possible } = self;
        let header = column.map_or("", |column| mapping.header(column));
        if !is_possible {
            return Error::usage(message!("import.foreign_ids", header = header, rows = rows, row = first, id = id))
                .hint(message!("import.foreign_ids_hint", header = header));
        }
        let entity = mapping.entity().labels();
        Error::usage(message!("import.own_ids", header = header, entity = entity, rows = rows, row = first, id = id))
            .hint(message!("import.own_ids_hint", header = header))
    }
}

/// The first reading, row by row.
struct Reading<'a> {
    mapping: &'a Mapping,
    /// Rows may be sent.
    is_to_send: bool,
    operations: OperationBuilder<'a>,
    spool: SpoolWriter,
    cells: Option<CellSpool>,
    findings: Findings,
    keys_seen: KeyCounter,
    /// Records that rows change, as they name them.
    records_seen: KeyCounter,
    old_ids_seen: KeyCounter,
    /// Whether a row has no old id.
    lacks_old_id: bool,
    fingerprint: Sha256,
    first: Vec<(String, String)>,
    first_operation: Option<WriteOperation>,
    rows: u64,
    entity: &'a Entity,
    mode: WriteMode,
    /// The ids of this service's records that rows name as their own.
    own_ids: Option<OwnIds>,
    /// What a person agreed to.
    consent: &'a Consent,
    /// Kinds that would be held back without that.
    consented: BTreeSet<&'static str>,
    row: Row,
    record: Record,
    /// The export of ours that the file is.
    handed_back: Option<&'a HandedBack>,
    /// What it said of the row's cells, by their sources; empty where that is not known.
    baselines: Vec<Option<CellBaseline>>,
    /// Cells of it that stand in other rows.
    moved: MovedCells,
    /// The column with what only records that are there have.
    given: Option<usize>,
    keys: Keys,
    /// Whether some of them may be shared by rows that are known by others.
    rivals: KeysSeen,
    coverage: CoverageFinder,
    left_out: LeftOutCounter,
    replaced: ReplacedCounter,
    /// The row of other headings below which the rows are.
    other_headings: Option<u64>,
    /// What a person decided about words, and about which of them one is asked.
    words: &'a Words,
    asked: &'a SaidWords,
    /// Words that are no choices, and that alone keep rows from being sent.
    said_words: SaidWords,
    /// Rows that wait for what is decided about them.
    waiting: u64,
}

impl<'a> Reading<'a> {
    fn new(
        mapping: &'a Mapping,
        sheet: &'a Sheet,
        options: &'a PreflightOptions<'_>,
        consent: &'a Consent,
        (words, asked): (&'a Words, &'a SaidWords),
        purpose: Purpose,
    ) -> Result<Self> {
        let (is_to_send, cells) = match purpose {
            Purpose::Findings => (false, None),
            Purpose::Sending(cells) => (true, cells.map(|cells| *cells)),
        };
        let mut fingerprint = Sha256::new();
        for title in &sheet.header {
            fingerprint.update(title.trim().as_bytes());
            fingerprint.update([0xff]);
        }
        Ok(Reading {
            mapping,
            is_to_send,
            operations: OperationBuilder::new(&options.entity, options.mode)?
                .looked_up(mapping.is_found_by_key())
                .of_drafts(mapping.looks_up())
                .in_columns_of(sheet),
            spool: SpoolWriter::new()?,
            cells,
            findings: Findings::new()?,
            keys_seen: KeyCounter::default(),
            records_seen: KeyCounter::default(),
            old_ids_seen: KeyCounter::default(),
            lacks_old_id: false,
            fingerprint,
            first: Vec::new(),
            first_operation: None,
            rows: 0,
            entity: &options.entity,
            mode: options.mode,
            own_ids: None,
            given: given_column(&options.entity, sheet),
            consent,
            consented: BTreeSet::new(),
            row: Row::default(),
            record: Record::default(),
            handed_back: None,
            baselines: Vec::new(),
            moved: MovedCells::default(),
            keys: Keys::default(),
            rivals: KeysSeen::default(),
            coverage: CoverageFinder::default(),
            left_out: LeftOutCounter::new(mapping),
            replaced: ReplacedCounter::default(),
            other_headings: None,
            words,
            asked,
            said_words: SaidWords::default(),
            waiting: 0,
        })
    }

    fn take(&mut self, checked: &mut ReadRow) -> Result<()> {
        std::mem::swap(&mut self.row, &mut checked.row);
        std::mem::swap(&mut self.record, &mut checked.record);
        let (content, identity) = (checked.content, checked.identity);
        if self.is_to_send {
            self.fingerprint.update(content);
        }
        self.left_out.see(&self.row);
        let number = self.row.number;
        let told = self.mapping.own.error().filter(|_| checked.is_confirmed);
        let confirmed = told.map(|column| Confirmed::of_error(self.row.cell(column).text)).unwrap_or_default();
        self.check()?;
        self.look_at_tags();
        self.look_at_headings_above();
        let mut spooled = SpooledRow {
            number,
            identity,
            content,
            key: None,
            weaker: Vec::new(),
            id: None,
            lacks: None,
            origin: None,
            old_id: None,
            confirmed,
            awaits: Vec::new(),
            state: RowState::Skipped(Reason::default()),
        };
        if self.record.severity() != Some(Severity::Skipped) {
            self.replaced.see(&mut self.record);
            spooled.id = self.own_id().or_else(|| self.given_id());
            spooled.lacks = self.take_lacks();
            let mut keys = self.keys.of(self.mapping, &self.record);
            spooled.key = keys.next();
            spooled.weaker.extend(keys);
            if let (Some(key), Some(id)) = (&mut spooled.key, self.given_id()) {
                // Several records may have its key, and this is another one than theirs.
                key.hash = first_eight(&Sha256::digest(format!("{}/{id}", key.hash)));
            }
            self.rivals.see(&spooled);
            // Rows that say the same are told apart only where they are to be known again.
            if self.is_to_send || spooled.key.is_some() {
                self.keys_seen.add(watched(spooled.key_hash(), &identity));
            }
            let text = |column: usize| self.row.cell(column).text.trim().to_owned();
            spooled.origin = self.mapping.own.origin().map(|(row, run)| (text(row), text(run)));
            // Rows of tags name the old ids of records that are there.
            let old_id = old_id_of(self.mapping, &self.record).filter(|_| self.mapping.entity().edits.is_none());
            spooled.old_id = old_id.map(Box::new);
            match &spooled.old_id {
                Some(old_id) => self.old_ids_seen.add(first_eight(&old_id.hash())),
                None => self.lacks_old_id = true,
            }
            self.require_key(&spooled);
        }
        spooled.state = self.state(&spooled.confirmed)?;
        if let Some(record) = record_named(&spooled, self.entity) {
            self.records_seen.add(record);
        }
        self.spool.add(&spooled)?;
        if let Some(cells) = &mut self.cells {
            mark_missing(&mut self.row);
            cells.add(&self.row)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Checks the row of a file of ours, of which what somebody edited counts; that of any other was checked before.
    fn check(&mut self) -> Result<()> {
        let Some(handed_back) = self.handed_back else { return Ok(()) };
        let said = handed_back.row(self.mapping, &self.row, &mut self.moved)?;
        let SaidRow { cells, edited_unsent } = said;
        self.baselines = cells;
        // A row that may become a new record is sent with all it says.
        let unedited = match self.mode {
            // Tags that nobody edited are said all the same, as they stand.
            _ if self.entity.edits.is_some() => unedited(self.mapping, &self.row, &self.baselines),
            WriteMode::Update => unedited(self.mapping, &self.row, &self.baselines),
            _ => Vec::new(),
        };
        self.mapping.check_edited(&self.row, &unedited, &mut self.record);
        // A cell that the reader stumbled over is not one that says nothing, nor is one that says it in a word.
        let is_remarked = |source: &FieldSource| match source.source {
            ValueSource::Column(column) => {
                self.row.remarks.iter().any(|remark| remark.column == Some(column))
                    || self.record.findings.iter().any(|it| it.code == "null_word" && it.column == Some(column))
            }
            _ => false,
        };
        let is_left_alone = |(index, source): (usize, &FieldSource)| {
            let says_nothing = || self.record.says_nothing(index) && !is_remarked(source);
            !source.sent || unedited.get(index) == Some(&true) || says_nothing()
        };
        if !unedited.is_empty() && self.mapping.sources.iter().enumerate().all(is_left_alone) {
            // Nothing of it is written, whatever it looks like.
            self.record.findings.clear();
        }
        for column in edited_unsent.into_iter().take(MOST_UNSENT) {
            let (text, problem) = (self.row.cell(column).text, Problem::held("edited_unsent"));
            self.record.findings.push(Finding::new(None, Some(column), text, problem));
        }
        Ok(())
    }

    /// What only records that are there have, where the row says it: they are told apart by it.
    fn given_id(&self) -> Option<String> {
        let text = self.row.cell(self.given?).text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The id of a record of this service that the row names as its own.
    fn own_id(&mut self) -> Option<String> {
        let name = self.entity.id.as_ref()?;
        let id = self.record.value(self.mapping, name).filter(|id| id.bytes().any(|byte| byte != b'0'))?.to_owned();
        let is_possible = id.bytes().all(|byte| byte.is_ascii_digit());
        let (column, number) = (self.mapping.column(name), self.row.number);
        let first = || OwnIds { column, rows: 0, first: number, id: clean(&id).into_owned(), is_possible };
        let own_ids = self.own_ids.get_or_insert_with(first);
        own_ids.rows += 1;
        own_ids.is_possible |= is_possible;
        Some(id)
    }

    /// What the row lacks to become a new record, where it may change one that is there: that is no mistake of the row.
    fn take_lacks(&mut self) -> Option<Reason> {
        if self.mode != WriteMode::Upsert {
            return None;
        }
        let is_lack = |finding: &Finding| LACKS.contains(&finding.code) && finding.severity == Severity::Refused;
        let lacks: Vec<Finding> = self.record.findings.iter().filter(|finding| is_lack(finding)).cloned().collect();
        if lacks.is_empty() {
            return None;
        }
        for finding in self.record.findings.iter_mut().filter(|finding| is_lack(finding)) {
            let rule = std::mem::take(&mut finding.rule);
            finding.rule = message!("check.lacks_for_new", rule = rule);
            finding.hint = Message::default();
            (finding.code, finding.severity) = ("lacks_for_new", Severity::Word);
        }
        Some(reason_of(self.mapping, &lacks, Severity::Refused))
    }

    /// A row that is to be looked up has something to be found by: a change is refused without it, and a record that may be
    /// there already waits for consent.
    fn require_key(&mut self, row: &SpooledRow) {
        let is_found = row.id.is_some() || row.key.is_some() || row.old_id.is_some();
        if !self.mapping.is_found_by_key() || is_found || self.record.severity() == Some(Severity::Refused) {
            return;
        }
        let is_update = self.mode == WriteMode::Update;
        let problem = if is_update { Problem::new("no_key") } else { Problem::held("no_key") };
        let problem = problem.with_detail("labels", self.mapping.all_key_labels().into());
        let mut finding = Finding::new(None, None, "", problem);
        if is_update {
            finding.hint = message!("check.no_key_of_change_hint");
        }
        self.record.findings.push(finding);
    }

    /// A tag that a row adds and takes away is a mistake: one of both was meant.
    fn look_at_tags(&mut self) {
        if self.entity.edits.is_none() || self.record.severity() >= Some(Severity::Skipped) {
            return;
        }
        let operation = self.operations.operation(self.mapping, &self.record, &self.row, &self.baselines);
        if let WriteOperation::Tags(edit) = operation
            && let Some(tag) = edit.opposed()
        {
            let problem = Problem::new("tag_both_ways").with("tag", clean(tag));
            self.record.findings.push(Finding::new(None, None, "", problem));
        }
    }

    /// Below the headings of other columns the values are those of these, and stand in the wrong ones.
    fn look_at_headings_above(&mut self) {
        let has = |code: &str| self.record.findings.iter().any(|finding| finding.code == code);
        if has("header_repeated") {
            self.other_headings = None;
        } else if has(OTHER_HEADINGS) {
            self.other_headings = Some(self.row.number);
        } else if let Some(above) = self.other_headings
            && self.record.severity() != Some(Severity::Skipped)
        {
            let problem = Problem::held("below_headings").with("row", above);
            self.record.findings.push(Finding::new(None, None, "", problem));
        }
    }

    /// What the row has come to. A row that is no data is that, whatever else stands in it.
    fn state(&mut self, confirmed: &Confirmed) -> Result<RowState> {
        if self.record.severity() != Some(Severity::Skipped)
            && self.said_words.weigh((self.mapping, &self.record), self.words, self.asked)? == Weighed::Waits
        {
            self.waiting += 1;
            return Ok(RowState::Waiting);
        }
        let findings = &mut self.record.findings;
        if findings.iter().any(|finding| finding.severity == Severity::Skipped) {
            findings.retain(|finding| finding.severity == Severity::Skipped);
        }
        for finding in findings.iter_mut().filter(|finding| finding.severity == Severity::Held) {
            if self.consent.covers(finding.code) {
                self.consented.insert(finding.code);
            }
            if confirmed.names(finding.code) || self.consent.covers(finding.code) {
                finding.severity = Severity::Word;
                finding.hint = Message::of_key(CONFIRMED.to_owned(), Vec::new());
            }
        }
        for finding in &self.record.findings {
            self.findings.add(self.rows, self.row.number, finding)?;
        }
        let Some(severity) = self.record.severity() else { return Ok(self.sound()) };
        self.findings.count_row(severity);
        let reason = || reason_of(self.mapping, &self.record.findings, severity);
        Ok(match severity {
            Severity::Word => self.sound(),
            Severity::Skipped => RowState::Skipped(reason()),
            Severity::Refused => RowState::Refused(reason()),
            Severity::Held => {
                let held = self.record.findings.iter().filter(|finding| finding.severity == Severity::Held);
                let codes = held.map(|finding| finding.code.to_owned()).collect();
                let reason = reason();
                RowState::Held { codes, reason, operation: self.operation() }
            }
        })
    }

    fn operation(&mut self) -> WriteOperation {
        let has_tags = self.mode == WriteMode::Update && self.entity.tags.is_some();
        let names_record = has_tags || self.entity.edits.is_some() || self.entity.is_asked_for();
        if !self.is_to_send && !self.first.is_empty() && !names_record {
            // It says nothing, and cannot be sent.
            return WriteOperation::Draft(Members { is_unresolved: true, ..Members::default() });
        }
        self.operations.operation(self.mapping, &self.record, &self.row, &self.baselines)
    }

    fn sound(&mut self) -> RowState {
        let operation = self.operation();
        if self.is_to_send {
            self.coverage.see(self.rows, self.mapping, &self.record);
        }
        if self.first.is_empty() {
            let is_new = matches!(operation, WriteOperation::Write { .. } | WriteOperation::Draft(_));
            self.first = self.record.shown(self.mapping, is_new);
            // What has to be looked up first can be neither shown nor compared yet.
            let names_old_id = matches!(&operation, WriteOperation::Tags(edit) if edit.id.is_empty());
            self.first_operation = (!names_old_id).then(|| operation.clone());
        }
        RowState::Sound(operation)
    }
}

/// Why a row is not sent: its findings of this weight.
pub(super) fn reason_of(mapping: &Mapping, findings: &[Finding], severity: Severity) -> Reason {
    // In the order of the columns, as what can be done about them is told.
    let mut findings: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == severity).collect();
    findings.sort_by_key(|finding| finding.column);
    let rules = findings.iter().map(|finding| {
        match finding.column.map(|column| mapping.header(column)).filter(|header| !header.is_empty()) {
            // It names its columns itself.
            Some(_) if finding.code == ONE_OF => finding.rule.clone(),
            Some(header) => message!("import.in_column", header = header, rule = finding.rule),
            None => finding.rule.clone(),
        }
    });
    // A row may have thousands of them, and all are in the file of what was found.
    let rules = rules.take(SHOWN_RULES);
    Reason {
        code: findings.first().map(|first| first.code.to_owned()).unwrap_or_default(),
        field: findings.first().and_then(|first| first.field.clone()).unwrap_or_default(),
        message: Message::joined("import.and_rule", rules).unwrap_or_default(),
    }
}

/// Finds the rows whose key an earlier row has and, among those that share what they are watched by, which say the same and
/// which have the same cells. Of all other rows no more is read than what tells that they are alone.
fn find_duplicates(
    spool: &mut Spool,
    mapping: &Mapping,
    duplicates: &mut Duplicates,
    findings: &mut Findings,
) -> Result<()> {
    let (mut identities, mut contents) = (KeyCounter::default(), KeyCounter::default());
    // What is passed over shows no old id.
    let reads_all = duplicates.has_old_ids();
    while let Some((row_index, row)) = spool.next_of(|key, identity| reads_all || duplicates.watches(key, identity))? {
        if matches!(row.state, RowState::Skipped(_)) {
            continue;
        }
        if duplicates.watches(row.key_hash(), &row.identity) {
            identities.add(first_eight(&row.identity));
            contents.add(first_eight(&row.content));
        }
        let seen = duplicates.see(row.number, row.keys(), &row.identity, &row.content, row.is_sound());
        let finding = match (seen.first_of_old_id, &row.old_id, seen.first, &row.key) {
            (Some(first), Some(old_id), ..) => Some(old_id_duplicate(mapping, &old_id.id, first)),
            (_, _, Some(first), Some(key)) => Some(duplicate(mapping, key, first)),
            _ => None,
        };
        if let Some(finding) = finding {
            match row.state {
                RowState::Refused(_) | RowState::Unresolved(_) | RowState::Waiting | RowState::Skipped(_) => {}
                RowState::Held { .. } => {
                    findings.held -= 1;
                    findings.refused += 1;
                }
                RowState::Sound(_) => findings.refused += 1,
            }
            findings.add(row_index, row.number, &finding)?;
        }
    }
    duplicates.tell_apart(identities, contents);
    duplicates.begin();
    spool.rewind()
}

/// The finding for a row whose old id an earlier row of the file has.
fn old_id_duplicate(mapping: &Mapping, id: &str, first: u64) -> Finding {
    Finding {
        column: mapping.old_id.as_ref().map(|old_id| old_id.column),
        field: None,
        code: DUPLICATE,
        severity: Severity::Refused,
        value: clean(id).into_owned(),
        rule: old_id_duplicate_rule(id, first),
        hint: message!("import.duplicate_old_id_hint"),
    }
}

/// The finding for a row whose key an earlier row of the file has.
fn duplicate(mapping: &Mapping, key: &NaturalKey, first: u64) -> Finding {
    let fields = mapping.key_fields(key.number);
    Finding {
        column: fields.first().and_then(|field| mapping.column(field)),
        field: fields.first().cloned(),
        code: DUPLICATE,
        severity: Severity::Refused,
        value: clean(&key.text).into_owned(),
        rule: duplicate_rule(mapping, key.number, first),
        hint: message!("import.duplicate_hint"),
    }
}
