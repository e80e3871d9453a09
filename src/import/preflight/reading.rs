//! The first reading, row by row: what a row says, what is wrong with it, and what it is known by.

use sha2::{Digest, Sha256};

use super::basis::Basis;
use super::gathered::{Gathered, Seen};
use super::own_ids::OwnIds;
use super::reason::{ONE_OF, reason_of};
use crate::check::as_shown::mark_missing;
use crate::check::confirmed::Confirmed;
use crate::check::consent::Consent;
use crate::check::describe::CONFIRMED;
use crate::check::duplicates::{Keys, first_eight, watched};
use crate::check::finding::Finding;
use crate::check::record::Record;
use crate::check::row_shape::OTHER_HEADINGS;
use crate::entity::{Entity, WriteMode};
use crate::error::Result;
use crate::format::{Reader, Row, Sheet};
use crate::import::cells::CellSpool;
use crate::import::change::{CellBaseline, HandedBack, SaidRow, unedited};
use crate::import::checked_rows::{Checks, ReadRow};
use crate::import::operation::{Members, OperationBuilder, WriteOperation, given_column, old_id_of};
use crate::import::repeated_records::record_named;
use crate::import::spool::{RowState, SpoolWriter, SpooledRow};
use crate::import::words::{SaidWords, Weighed, Words};
use crate::journal::Reason;
use crate::mapping::{FieldSource, Mapping, ValueSource};
use crate::message;
use crate::message::Message;
use crate::problem::{Problem, Severity};
use crate::text::clean;

/// Most cells of a row that are named of those that were edited and are never written.
const MOST_UNSENT: usize = 3;

/// Codes of what only a new record has to say.
const LACKS: [&str; 2] = ["required", ONE_OF];

/// What an input is read for.
pub enum Purpose {
    /// What is found in its rows. None of them can be sent.
    Findings,
    /// Its rows may be sent; their cells go there, when they are to be kept.
    Sending(Option<Box<CellSpool>>),
}

/// The first reading, row by row.
pub(super) struct Reading<'a> {
    mapping: &'a Mapping,
    sheet: &'a Sheet,
    /// Rows may be sent.
    is_to_send: bool,
    /// Rows change records that are there.
    changes_records: bool,
    operations: OperationBuilder<'a>,
    /// The rows …
    pub spool: SpoolWriter,
    /// … and their cells, when they are to be kept.
    pub cells: Option<CellSpool>,
    /// What is told of them.
    pub gathered: Gathered,
    /// What they are compared by.
    pub seen: Seen,
    /// How many there are.
    pub rows: u64,
    entity: &'a Entity,
    mode: WriteMode,
    /// The ids of this service's records that rows name as their own.
    pub own_ids: Option<OwnIds>,
    /// What a person agreed to.
    consent: &'a Consent,
    row: Row,
    record: Record,
    /// The export of ours that the file is.
    handed_back: Option<&'a HandedBack>,
    /// What it said of the row's cells, by their sources; empty where that is not known.
    baselines: Vec<Option<CellBaseline>>,
    /// The column with what only records that are there have.
    given: Option<usize>,
    keys: Keys,
    /// The row of other headings below which the rows are.
    other_headings: Option<u64>,
    /// What a person decided about words, and about which of them one is asked.
    words: &'a Words,
    asked: SaidWords,
    /// Words that are no choices, and that alone keep rows from being sent.
    pub said_words: SaidWords,
}

impl<'a> Reading<'a> {
    pub(super) fn new(basis: &'a Basis<'a>, words: &'a Words, purpose: Purpose) -> Result<Self> {
        let Basis { options, sheet, mapping, .. } = basis;
        let (is_to_send, cells) = match purpose {
            Purpose::Findings => (false, None),
            Purpose::Sending(cells) => (true, cells.map(|cells| *cells)),
        };
        Ok(Reading {
            mapping,
            sheet,
            is_to_send,
            changes_records: basis.changes_records(),
            operations: OperationBuilder::new(&options.entity, options.mode)?
                .looked_up(mapping.is_found_by_key())
                .of_drafts(mapping.looks_up())
                .in_columns_of(sheet),
            spool: SpoolWriter::new()?,
            cells,
            gathered: Gathered::nothing(sheet, mapping)?,
            seen: Seen::default(),
            rows: 0,
            entity: &options.entity,
            mode: options.mode,
            own_ids: None,
            given: given_column(&options.entity, sheet),
            consent: &basis.consents.consent,
            row: Row::default(),
            record: Record::default(),
            handed_back: basis.handed_back.as_deref(),
            baselines: Vec::new(),
            keys: Keys::default(),
            other_headings: None,
            words,
            asked: SaidWords::default(),
            said_words: SaidWords::default(),
        })
    }

    /// The same where a person is asked about these words.
    pub(super) fn asking(self, asked: SaidWords) -> Self {
        Reading { asked, ..self }
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// A row that cannot be read, a full disk, an answer about a word that is no choice either.
    pub(super) fn all(mut self, reader: Reader) -> Result<Self> {
        // Rows about one record are told apart by what they say.
        let (has_values, has_identities) = (self.handed_back.is_none(), self.is_to_send || self.changes_records);
        let checks = Checks { mapping: self.mapping, sheet: self.sheet, has_values, has_identities };
        checks.each(reader, |checked| self.take(checked))?;
        Ok(self)
    }

    fn take(&mut self, checked: &mut ReadRow) -> Result<()> {
        std::mem::swap(&mut self.row, &mut checked.row);
        std::mem::swap(&mut self.record, &mut checked.record);
        let (content, identity) = (checked.content, checked.identity);
        if self.is_to_send {
            self.gathered.fingerprint.update(content);
        }
        self.gathered.left_out.see(&self.row);
        let confirmed = self.confirmed(checked.is_confirmed);
        self.check()?;
        self.look_at_tags();
        self.look_at_headings_above();
        let mut spooled = SpooledRow { confirmed, ..SpooledRow::unread(self.row.number, identity, content) };
        if self.record.severity() != Some(Severity::Skipped) {
            self.gathered.replaced.see(&mut self.record);
            spooled.lacks = self.take_lacks();
            self.note_what_it_is_known_by(&mut spooled);
            self.require_key(&spooled);
        }
        spooled.state = self.state(&spooled.confirmed)?;
        if let Some(record) = record_named(&spooled, self.entity) {
            self.seen.records.add(record);
        }
        self.spool.add(&spooled)?;
        if let Some(cells) = &mut self.cells {
            mark_missing(&mut self.row);
            cells.add(&self.row)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// What a person consented to in the row's own cell of a file of failed rows.
    fn confirmed(&self, is_confirmed: bool) -> Confirmed {
        let told = self.mapping.own.error().filter(|_| is_confirmed);
        told.map(|column| Confirmed::of_error(self.row.cell(column).text)).unwrap_or_default()
    }

    /// By what the row is known again: the record it names, its keys, the row of an earlier run that it is, its old id.
    fn note_what_it_is_known_by(&mut self, spooled: &mut SpooledRow) {
        spooled.id = self.own_id().or_else(|| self.given_id());
        let mut keys = self.keys.of(self.mapping, &self.record);
        spooled.key = keys.next();
        spooled.weaker.extend(keys);
        if let (Some(key), Some(id)) = (&mut spooled.key, self.given_id()) {
            // Several records may have its key, and this is another one than theirs.
            key.hash = first_eight(&Sha256::digest(format!("{}/{id}", key.hash)));
        }
        self.seen.rivals.see(spooled);
        // Rows that say the same are told apart only where they are to be known again.
        if self.is_to_send || spooled.key.is_some() {
            self.seen.keys.add(watched(spooled.key_hash(), &spooled.identity));
        }
        let text = |column: usize| self.row.cell(column).text.trim().to_owned();
        spooled.origin = self.mapping.own.origin().map(|(row, run)| (text(row), text(run)));
        // Rows of tags name the old ids of records that are there.
        let old_id = old_id_of(self.mapping, &self.record).filter(|_| self.mapping.entity().edits.is_none());
        spooled.old_id = old_id.map(Box::new);
        match &spooled.old_id {
            Some(old_id) => self.seen.old_ids.add(first_eight(&old_id.hash())),
            None => self.seen.lacks_old_id = true,
        }
    }

    /// Checks the row of a file of ours, of which what somebody edited counts; that of any other was checked before.
    fn check(&mut self) -> Result<()> {
        let Some(handed_back) = self.handed_back else { return Ok(()) };
        let said = handed_back.row(self.mapping, &self.row, &mut self.gathered.moved)?;
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
            && self.said_words.weigh((self.mapping, &self.record), self.words, &self.asked)? == Weighed::Waits
        {
            self.gathered.waiting += 1;
            return Ok(RowState::Waiting);
        }
        let findings = &mut self.record.findings;
        if findings.iter().any(|finding| finding.severity == Severity::Skipped) {
            findings.retain(|finding| finding.severity == Severity::Skipped);
        }
        for finding in findings.iter_mut().filter(|finding| finding.severity == Severity::Held) {
            if self.consent.covers(finding.code) {
                self.gathered.consented.insert(finding.code);
            }
            if confirmed.names(finding.code) || self.consent.covers(finding.code) {
                finding.severity = Severity::Word;
                finding.hint = Message::of_key(CONFIRMED.to_owned(), Vec::new());
            }
        }
        for finding in &self.record.findings {
            self.gathered.findings.add(self.rows, self.row.number, finding)?;
        }
        let Some(severity) = self.record.severity() else { return Ok(self.sound()) };
        self.gathered.findings.count_row(severity);
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
        if !self.is_to_send && !self.gathered.first.is_empty() && !names_record {
            // It says nothing, and cannot be sent.
            return WriteOperation::Draft(Members { is_unresolved: true, ..Members::default() });
        }
        self.operations.operation(self.mapping, &self.record, &self.row, &self.baselines)
    }

    fn sound(&mut self) -> RowState {
        let operation = self.operation();
        if self.is_to_send {
            self.gathered.coverage.see(self.rows, self.mapping, &self.record);
        }
        if self.gathered.first.is_empty() {
            let is_new = matches!(operation, WriteOperation::Write { .. } | WriteOperation::Draft(_));
            self.gathered.first = self.record.shown(self.mapping, is_new);
            // What has to be looked up first can be neither shown nor compared yet.
            let names_old_id = matches!(&operation, WriteOperation::Tags(edit) if edit.id.is_empty());
            self.gathered.first_operation = (!names_old_id).then(|| operation.clone());
        }
        RowState::Sound(operation)
    }
}
