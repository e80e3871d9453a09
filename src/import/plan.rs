//! The rows of the first reading, one after another, become actions of the run: what is known of a row is looked up, what
//! becomes of it is decided by [`decide`], and put into the words of the journal here.

use std::collections::HashSet;
use std::path::PathBuf;

use uuid::Uuid;

use super::additions::{self, Additions};
use super::cell_origins::CellOrigins;
use super::change::HandedBack;
use super::decision::{Checked, Decision, KeyMatch, Matched, PastEnd, RowFacts, There, decide};
use super::last_sent::LastSent;
use super::matching::Matches;
use super::memory::{Memory, Remembered, Said};
use super::operation::{DraftWriter, TagEdit, WriteOperation};
use super::options::ImportOptions;
use super::origin::{Origin, RetriedRow, Retry, of_others, retries_of};
use super::preflight::{Preflight, Rows};
use super::report::words;
use super::spool::{RowState, Spool, SpooledRow};
use crate::check::confirmed::Confirmed;
use crate::check::consent::{Consent, EXISTS, LIKELY_DOUBLE, SENT_BEFORE};
use crate::check::duplicates::{
    DUPLICATE, Duplicates, NaturalKey, Seen, duplicate_rule, old_id_duplicate_rule, sent_double_rule,
};
use crate::error::{Error, Result};
use crate::journal::{
    Journal, JournalReader, Match, OldIds, Operation, OperationCursor, Reason, RegisteredRows, RowKey, Status,
    UNKNOWN_BEFORE, UNKNOWN_ELSEWHERE,
};
use crate::mapping::Mapping;
use crate::message;
use crate::message::Message;

/// Code of a row that another run has sent when it said something else: its old id tells.
pub(super) const CHANGED_SINCE: &str = "sent_before_changed";

/// A row that is to be sent.
#[derive(Debug, Clone)]
pub(super) struct PendingWrite {
    /// Which row.
    pub row: RowKey,
    /// The id of its write.
    pub request_id: Uuid,
    /// What it asks for.
    pub operation: WriteOperation,
    /// Rows with the same mark never run at the same time.
    pub writer: Option<u64>,
    /// It may have been sent before.
    pub is_repeat: bool,
}

/// What comes of one row.
#[derive(Debug)]
pub(super) enum RowAction {
    /// It has an end already; whether that came of a write.
    Ended { was_written: bool },
    /// It has an end now, without being sent.
    End(Operation),
    /// It waits for a decision and has no end yet.
    Wait,
    /// It is to be sent.
    Send(PendingWrite),
}

/// What is known of the rows beside what this run has made of them.
#[derive(Debug, Default)]
pub(super) struct KnownRows {
    /// What other runs say.
    pub memory: Memory,
    /// What the account has of them, where they are looked up there.
    pub matches: Option<Matches>,
    /// What was told of the records that they change.
    pub last_sent: Option<LastSent>,
    /// What runs have added to records that no record shows.
    pub additions: Option<Additions>,
    /// Which of them may be sent, to be kept before the first one is.
    pub registered: Option<RegisteredRows>,
}

impl RowAction {
    /// Whether something is written for the row, or was.
    pub(super) fn is_written(&self) -> bool {
        match self {
            RowAction::Ended { was_written } => *was_written,
            RowAction::Send(pending) => pending.operation.may_write(),
            RowAction::End(_) | RowAction::Wait => false,
        }
    }
}

/// Decides about one row after another.
pub(super) struct RowPlanner<'a> {
    /// The rows.
    spool: Spool,
    /// Makes drafts into writes.
    drafts: DraftWriter,
    /// Which column feeds which field.
    mapping: &'a Mapping,
    /// The export of ours that the file is, where its rows do not name their records.
    handed_back: Option<HandedBack>,
    /// The file is an export of ours, and nobody knows here what it said.
    is_unknown_export: bool,
    /// What a person agreed to.
    consent: &'a Consent,
    /// Whether rows that were done are sent all the same where they say something else now.
    changes_done: bool,
    /// Whether rows that write to the same record must not run at the same time.
    one_writer: bool,
    /// What occurs more than once.
    duplicates: Duplicates,
    /// The journal as it was when the command began.
    past: JournalReader,
    /// Whether it holds ends of an earlier input.
    has_earlier: bool,
    /// The run that is retried.
    origin: Option<Origin>,
    /// Runs that retried rows of this one.
    retries: Vec<Retry>,
    /// What all other runs say.
    memory: Memory,
    /// What the account has of the rows, where they are looked up there.
    matches: Option<Matches>,
    /// What was told of the records that rows change.
    last_sent: Option<LastSent>,
    /// What runs have added to records that no record shows.
    additions: Option<Additions>,
    /// The ids that records have in another system, where rows name records by them.
    old_ids: Option<OldIds>,
    /// Request ids of rows that may have been sent before.
    repeats: HashSet<Uuid>,
    /// Request ids that rows are not sent under any more.
    renewed: HashSet<Uuid>,
    /// Rows that have an end.
    ended: OperationCursor,
    /// Index of the next row.
    next_index: u64,
}

impl<'a> RowPlanner<'a> {
    /// What decides about the rows of a run, before the first of them.
    ///
    /// # Errors
    /// A spool or journal that cannot be read, or another process that retries the same run.
    pub(super) fn open(
        options: &ImportOptions<'_>,
        preflight: &'a Preflight,
        rows: Rows,
        known: KnownRows,
        journal: &Journal,
    ) -> Result<RowPlanner<'a>> {
        let KnownRows { memory, matches, last_sent, additions, .. } = known;
        let run = journal.identity().run;
        let past = journal.reader()?;
        // What is read of it is read by one thread at a time.
        let handed_back = preflight.handed_back.as_ref().filter(|handed_back| !handed_back.names_records());
        let handed_back = handed_back.and_then(|known| HandedBack::of_run(&preflight.mapping, known.path()));
        let mut planner = RowPlanner {
            spool: rows.spool,
            drafts: DraftWriter::new(options.entity(), &options.catalog.service.custom),
            mapping: &preflight.mapping,
            handed_back,
            is_unknown_export: preflight.is_unknown_export,
            consent: &preflight.consent,
            changes_done: options.entity().may_change,
            one_writer: options.preflight.mode.has_one_writer(options.entity()),
            duplicates: rows.duplicates,
            has_earlier: past.has_earlier()?,
            repeats: past.repeats()?,
            renewed: past.renewed()?,
            past,
            origin: Origin::open(options, journal)?,
            retries: retries_of(options, &run, &run, &[])?,
            memory,
            matches,
            last_sent,
            additions,
            old_ids: old_ids_of(options, preflight)?,
            ended: OperationCursor::open(journal.folder())?,
            next_index: 0,
        };
        planner.match_earlier_rows()?;
        Ok(planner)
    }

    /// Finds which rows of an earlier input are still there, each of them once: a row that is gone may have been edited.
    fn match_earlier_rows(&mut self) -> Result<()> {
        if !self.has_earlier {
            return Ok(());
        }
        for way in Match::ALL {
            self.duplicates.begin();
            let mut row_index = 0;
            while let Some(row) = self.spool.next()? {
                let seen = self.see(&row);
                self.past.match_earlier(way, row_index, &row.known_by(seen), row.old_id.as_deref())?;
                row_index += 1;
            }
            self.spool.rewind()?;
        }
        self.duplicates.begin();
        let mut keys = self.past.unmatched_keys()?;
        if !keys.is_empty() {
            // A row of the same key that says something else is that row, edited; so is one that names the same row of the first run.
            let mut edited = HashSet::new();
            while let Some(row) = self.spool.next()? {
                let of_origin = self.sent_for(&row)?.and_then(|sent| sent.row.key);
                edited.extend(row.key_hash().into_iter().chain(of_origin).filter(|key| keys.contains(key)));
            }
            self.spool.rewind()?;
            keys = edited;
        }
        self.past.keep_gone(|key| keys.contains(&key))
    }

    /// The action of the next row; none at the end.
    ///
    /// # Errors
    /// A spool or journal that cannot be read.
    pub(super) fn next(&mut self) -> Result<Option<RowAction>> {
        let action = self.action()?;
        self.next_index += u64::from(action.is_some());
        Ok(action)
    }

    fn see(&mut self, row: &SpooledRow) -> Seen {
        match row.state {
            RowState::Skipped(_) => Seen::default(),
            _ => self.duplicates.see(row.number, row.keys(), &row.identity, &row.content, row.is_sound()),
        }
    }

    fn action(&mut self) -> Result<Option<RowAction>> {
        let Some(spooled) = self.spool.next()? else { return Ok(None) };
        let seen = self.see(&spooled);
        if let Some(ended) = self.ended.at(self.next_index)? {
            return Ok(Some(RowAction::Ended { was_written: is_of_write(ended.status) }));
        }
        let remembered = self.memory.at(self.next_index)?;
        let matched = self.matches.as_mut().map(|matches| matches.at(self.next_index)).transpose()?.flatten();
        let known = self.known(&spooled, seen, remembered.as_ref(), matched.as_ref())?;
        let row = RowKey {
            row: self.next_index,
            number: spooled.number,
            identity: Some(spooled.identity),
            content: spooled.content,
            copy: seen.copy,
            content_copy: seen.content_copy,
            key: spooled.key_hash(),
            origin: known.origin,
            generation: known.facts.earlier.map_or(0, PastEnd::next_generation),
            old_id: spooled.old_id.clone(),
            added: None,
        };
        let key = spooled.key.as_ref();
        let (status, reason) = match decide(&known.facts) {
            Decision::Nothing => return Ok(Some(RowAction::Ended { was_written: false })),
            Decision::KeepEarlier => {
                let earlier = known.earlier.ok_or_else(undecided)?;
                return Ok(Some(RowAction::End(kept(row, earlier))));
            }
            Decision::Send { .. } if matches!(spooled.state, RowState::Waiting) => return Ok(Some(RowAction::Wait)),
            Decision::Send { generation } => {
                let state = (spooled.state, spooled.confirmed, known.shown);
                return self.send(RowKey { generation, ..row }, state, matched);
            }
            Decision::Edited => {
                let sent = known.earlier_key.ok_or_else(undecided)?;
                return Ok(Some(RowAction::End(edited(row, &sent))));
            }
            Decision::Elsewhere => {
                let (there, folder) = known.elsewhere.ok_or_else(undecided)?;
                return Ok(Some(RowAction::End(match known.is_edited && there.status != Status::Unknown {
                    true => edited(row, &there),
                    false => taken_care_of(row, &there, &folder),
                })));
            }
            Decision::Skip => match spooled.state {
                RowState::Skipped(reason) => (Status::Skipped, reason),
                _ => return Err(undecided()),
            },
            Decision::SentBefore => {
                let there = remembered.ok_or_else(undecided)?;
                return Ok(Some(RowAction::End(self.sent_before(row, there))));
            }
            Decision::ChangedSinceSent => {
                let there = remembered.ok_or_else(undecided)?;
                return Ok(Some(RowAction::End(self.changed_since(row, there))));
            }
            Decision::UnknownElsewhere => {
                let there = remembered.ok_or_else(undecided)?;
                let reason = match self.memory.gone_folder(&there) {
                    Some(folder) => reason(UNKNOWN_BEFORE, message!("memory.row_unknown_gone", folder = folder)),
                    None => {
                        let folder = self.memory.folder(&there);
                        reason(UNKNOWN_ELSEWHERE, message!("memory.row_unknown", folder = folder))
                    }
                };
                (Status::Unknown, reason)
            }
            Decision::RefuseSentKey => {
                let there = remembered.ok_or_else(undecided)?;
                (Status::Refused, self.sent_key(key, &there))
            }
            Decision::HoldSentBefore => {
                let there = remembered.ok_or_else(undecided)?;
                let message = message!(
                    "memory.row_held",
                    id = there.id.as_deref().unwrap_or("?"),
                    folder = self.memory.folder(&there)
                );
                (Status::Held, reason(SENT_BEFORE, message))
            }
            Decision::HoldExisting => {
                let reason = match (remembered, known.waits) {
                    (Some(there), _) => self.existing(key_of(&spooled, &there), &there, &spooled.state),
                    (None, waits) => waits.ok_or_else(undecided)?,
                };
                (Status::Held, reason)
            }
            Decision::HoldLikelyDouble => {
                let there = remembered.ok_or_else(undecided)?;
                (Status::Held, self.likely_double(key_of(&spooled, &there), &there))
            }
            Decision::HoldSeveral | Decision::HoldUnproved | Decision::HoldGone => {
                let found = matched.ok_or_else(undecided)?;
                let code = found.there.code().ok_or_else(undecided)?.0;
                (Status::Held, with_way_on(code, found.reason))
            }
            Decision::RefuseMissing | Decision::RefuseSameRecord(_) => {
                let found = matched.ok_or_else(undecided)?;
                let code = found.there.code().ok_or_else(undecided)?.0;
                (Status::Refused, with_way_on(code, found.reason))
            }
            Decision::RefuseLacks => {
                let found = matched.ok_or_else(undecided)?;
                let lacks = spooled.lacks.ok_or_else(undecided)?;
                (Status::Refused, Reason { message: found.reason, ..lacks })
            }
            Decision::SkipExisting => {
                let found = matched.ok_or_else(undecided)?;
                let id = found.ids.first().cloned();
                let ended = end(row, Status::Skipped, reason(EXISTS, found.reason));
                return Ok(Some(RowAction::End(Operation { id, ..ended })));
            }
            Decision::Unchanged => {
                let id = matched.ok_or_else(undecided)?.ids.pop();
                let at = jiff::Timestamp::now().as_millisecond();
                let ended = Operation { row, status: Status::Unchanged, id, attempts: 0, at, reason: None };
                return Ok(Some(RowAction::End(ended)));
            }
            Decision::Hold => match spooled.state {
                RowState::Held { reason, .. } => (Status::Held, reason),
                _ => return Err(undecided()),
            },
            Decision::RefuseMistakes => match spooled.state {
                RowState::Refused(reason) | RowState::Unresolved(reason) => (Status::Refused, reason),
                _ => return Err(undecided()),
            },
            Decision::RefuseDouble(first) => match (seen.first_of_old_id, &row.old_id) {
                (Some(_), Some(old_id)) => {
                    (Status::Refused, reason(DUPLICATE, old_id_duplicate_rule(&old_id.id, first)))
                }
                _ => (Status::Refused, self.double(key, first, duplicate_rule)),
            },
            Decision::RefuseOldNumber => (Status::Refused, reason("old_row_number", message!("import.old_row_number"))),
            Decision::RefuseSentDouble(first) => match row.old_id.as_ref().filter(|_| known.is_old_id_sent) {
                Some(old_id) => {
                    let rule = message!("import.duplicate_sent_old_id", id = old_id.id, row = first);
                    (Status::Refused, reason(DUPLICATE, rule))
                }
                None => (Status::Refused, self.double(key, first, sent_double_rule)),
            },
        };
        Ok(Some(RowAction::End(end(row, status, reason))))
    }

    fn send(
        &self,
        mut row: RowKey,
        (state, confirmed, shown): (RowState, Confirmed, Option<Reason>),
        matched: Option<Matched>,
    ) -> Result<Option<RowAction>> {
        let (RowState::Sound(operation) | RowState::Held { operation, .. }) = state else { return Err(undecided()) };
        let mut operation = match (operation, matched) {
            (WriteOperation::LookedUp { members, cells }, Some(found)) => match (found.there, found.ids.first()) {
                (There::Changes, Some(id)) => WriteOperation::Change { id: id.clone(), cells },
                (There::New | There::Anew, None) => WriteOperation::Draft(members),
                _ => return Err(undecided()),
            },
            // A row that is looked up is never sent without having been.
            (WriteOperation::LookedUp { .. }, None) => return Err(undecided()),
            (WriteOperation::Tags(edit), _) => match self.named(*edit)? {
                Ok(edit) => WriteOperation::Tags(Box::new(edit)),
                Err(why) => return Ok(Some(RowAction::End(end(row, Status::Refused, why)))),
            },
            (operation, _) => operation,
        };
        let origins = CellOrigins {
            entity: self.mapping.entity(),
            consent: self.consent,
            handed_back: self.handed_back.as_ref(),
            last_sent: self.last_sent.as_ref(),
            additions: self.additions.as_ref(),
            is_unknown: self.is_unknown_export,
        };
        origins.add_to(&mut operation, &confirmed, shown.as_ref())?;
        if let Some(ended) = additions::in_doubt(&row, &operation) {
            return Ok(Some(RowAction::End(ended)));
        }
        row.added = additions::added_by(self.mapping.entity(), self.drafts.custom(), &operation);
        if let (Some(origin), Some(number)) = (&self.origin, row.origin) {
            origin.claim(number)?;
        }
        let writer = if self.one_writer { writer_of(&operation).or(row.key) } else { None };
        let operation = self.drafts.ready(operation).ok_or_else(undecided)?;
        let run = self.past.identity().run;
        let mut request_id = row.request_id(&run);
        while self.renewed.contains(&request_id) {
            row.generation += 1;
            request_id = row.request_id(&run);
        }
        let is_repeat = self.repeats.contains(&request_id);
        Ok(Some(RowAction::Send(PendingWrite { row, request_id, operation, writer, is_repeat })))
    }

    /// A change of tags, unless its record's id and old id are those of two records.
    fn named(&self, edit: TagEdit) -> Result<std::result::Result<TagEdit, Reason>> {
        let (Some(old_ids), Some(old_id)) = (&self.old_ids, &edit.old_id) else { return Ok(Ok(edit)) };
        Ok(match old_ids.find(&edit.entity, &old_id.source, &old_id.id)? {
            Some(id) if edit.id != id => {
                let message = message!("import.old_id_of_another", old = old_id.id, id = id, given = edit.id);
                Err(reason("old_id_of_another", message))
            }
            _ => Ok(edit),
        })
    }

    /// The end of a row that another run has done.
    fn sent_before(&self, row: RowKey, there: Remembered) -> Operation {
        let id = there.id.as_deref().unwrap_or("?");
        let message = match there.said {
            Said::Given => message!("memory.row_given", id = id),
            _ => message!("memory.row_done", id = id, folder = self.memory.folder(&there)),
        };
        Operation { id: there.id, ..end(row, Status::Skipped, reason(SENT_BEFORE, message)) }
    }

    /// The end of a row that another run has done, when it said something else.
    fn changed_since(&self, row: RowKey, there: Remembered) -> Operation {
        let folder = self.memory.folder(&there);
        let old_id = row.old_id.as_ref().map_or("?", |old_id| &old_id.id);
        let id = there.id.as_deref().unwrap_or("?");
        let message = message!("memory.row_changed", old = old_id, id = id, folder = folder);
        Operation { id: there.id, ..end(row, Status::Skipped, reason(CHANGED_SINCE, message)) }
    }

    /// Why a row is refused whose key another run has sent.
    fn sent_key(&self, key: Option<&NaturalKey>, there: &Remembered) -> Reason {
        let ((labels, field), folder) = (self.labels_and_field(key), self.memory.folder(there));
        let gone = self.memory.gone_folder(there);
        let message = match there.is_in_doubt {
            true if let Some(folder) = gone => {
                message!("memory.row_key_in_doubt_gone", labels = labels, folder = folder)
            }
            true => message!("memory.row_key_in_doubt", labels = labels, folder = folder),
            false => {
                let id = there.id.as_deref().unwrap_or("?");
                message!("memory.row_sent_key", labels = labels, id = id, folder = folder)
            }
        };
        Reason { field, ..reason("key_sent_before", message) }
    }

    /// Why a row waits whose key a record of the account has; and what else it waits for, as consent is given to the row.
    fn existing(&self, key: Option<&NaturalKey>, there: &Remembered, state: &RowState) -> Reason {
        let (labels, field) = self.labels_and_field(key);
        let id = there.id.as_deref().unwrap_or("?");
        let message = message!("memory.row_exists", labels = labels, id = id);
        let also = match state {
            RowState::Held { reason, .. } => Some(reason.message.clone()),
            _ => None,
        };
        let message = Message::joined("import.and_rule", std::iter::once(message).chain(also)).unwrap_or_default();
        Reason { field, ..reason(EXISTS, message) }
    }

    /// Why a row waits of which another run has sent a weaker key.
    fn likely_double(&self, key: Option<&NaturalKey>, there: &Remembered) -> Reason {
        let (labels, field) = self.labels_and_field(key);
        let folder = self.memory.folder(there);
        let message = match &there.id {
            Some(id) => message!("memory.row_likely_double", labels = labels, id = id, folder = folder),
            None => message!("memory.row_likely_double_in_doubt", labels = labels, folder = folder),
        };
        Reason { field, ..reason(LIKELY_DOUBLE, message) }
    }

    /// The labels of a key's fields, and the first of them.
    fn labels_and_field(&self, key: Option<&NaturalKey>) -> (Message, String) {
        let labels = key.map(|key| self.mapping.key_labels(key.number)).unwrap_or_default();
        let field = key.and_then(|key| self.mapping.key_fields(key.number).first().cloned()).unwrap_or_default();
        (labels, field)
    }

    /// Puts the claims of a retry on the disk; before that, none of the rows may be sent.
    ///
    /// # Errors
    /// A full disk, a damaged journal.
    pub(super) fn keep_claims(&self) -> Result<()> {
        self.origin.as_ref().map_or(Ok(()), Origin::keep_claims)
    }

    /// Looks up what is known of a row.
    fn known(
        &self,
        row: &SpooledRow,
        seen: Seen,
        remembered: Option<&Remembered>,
        matched: Option<&Matched>,
    ) -> Result<Known> {
        let key = row.key_hash();
        let (mut earlier, mut earlier_key) = (None, None);
        if self.has_earlier {
            earlier = self.past.earlier(self.next_index)?;
            let old_id = row.old_id.as_deref();
            earlier_key = old_id.map(|old_id| self.past.earlier_by_old_id(old_id)).transpose()?.flatten();
            if earlier_key.is_none() {
                earlier_key = key.map(|hash| self.past.earlier_by_key(hash)).transpose()?.flatten();
            }
            if earlier_key.is_none() && earlier.is_none() {
                earlier_key = self.sent_for(row)?.map(|sent| (sent, false));
            }
        }
        let run = self.past.identity().run;
        let numbers: Vec<_> = earlier.iter().map(|earlier| (run, earlier.row.number)).collect();
        let identity = (&row.identity, seen.copy);
        let old_id = row.old_id.as_deref();
        let mut elsewhere = of_others(&self.retries, RetriedRow { numbers: &numbers, key, identity, old_id })?;
        let (mut origin, mut first_run_key, mut has_old_number, mut is_old_id_sent) = (None, None, false, false);
        if let Some(first_run) = &self.origin {
            origin = first_run.number_of(row.origin.as_ref(), key)?;
            let numbers = first_run.numbers(origin)?;
            let row = RetriedRow { numbers: &numbers, key, identity, old_id };
            if elsewhere.is_none() {
                elsewhere = of_others(&first_run.siblings, row)?;
            }
            if origin.is_some() {
                elsewhere = elsewhere.map_or_else(|| first_run.end_of(&numbers), |found| Ok(Some(found)))?;
                first_run_key = first_run.sent_key(key)?;
            }
            if let Some(old_id) = old_id.filter(|_| first_run_key.is_none()) {
                first_run_key = first_run.sent_old_id(old_id)?;
                is_old_id_sent = first_run_key.is_some();
            }
            if let Some((there, _)) = &elsewhere {
                has_old_number = first_run.may_be_another(there, row)?;
            }
        }
        let first_run = self.origin.as_ref().map(|first_run| first_run.by_number(origin)).transpose()?.flatten();
        let is_said = |known: &Operation| known.row.identity.is_none_or(|there| there == *identity.0);
        let said_before = || first_run.iter().chain(&earlier).any(is_said);
        let is_sent_otherwise = elsewhere.as_ref().is_some_and(|(there, _)| !is_said(there));
        let is_edited = first_run.is_some() && is_sent_otherwise && !said_before();
        let shown = first_run.as_ref().and_then(|before| before.reason.as_deref().cloned());
        let mut waits = None;
        if remembered.is_none() && !self.memory.has_looked {
            waits = earlier.iter().chain(&first_run).find_map(waits_for_existing);
        }
        let said = remembered.map(|remembered| remembered.said).or(waits.as_ref().map(|_| Said::ExistsInAccount));
        let facts = RowFacts {
            checked: match &row.state {
                RowState::Skipped(_) => Checked::Skipped,
                RowState::Held { codes, .. } if !row.confirms(codes, self.consent) => {
                    match self.consent.waits_in_any_case(codes) {
                        true => Checked::HeldInAnyCase,
                        false => Checked::Held,
                    }
                }
                RowState::Refused(_) | RowState::Unresolved(_) => Checked::Refused,
                RowState::Sound(_) | RowState::Held { .. } | RowState::Waiting => Checked::Sound,
            },
            has_end: false,
            double_of: seen.is_double_of(),
            earlier: earlier.as_ref().map(PastEnd::of),
            earlier_key: earlier_key
                .as_ref()
                .map(|(sent, is_in_input)| KeyMatch { end: PastEnd::of(sent), is_in_input: *is_in_input }),
            elsewhere: elsewhere.as_ref().map(|(there, _)| PastEnd::of(there)),
            remembered: said,
            there: matched.map(|found| found.there),
            changes_done: self.changes_done,
            // Consent to sending twice is given each time, by its code or for the row.
            may_be_sent_again: match remembered {
                Some(there) => there.is_overruled(self.consent, row),
                // Nobody can look now: it is the record that was shown.
                None => waits.is_some() && (self.consent.names(EXISTS) || row.confirmed.names(EXISTS)),
            },
            first_run_key,
            has_old_number,
        };
        let earlier_key = earlier_key.map(|(sent, _)| sent);
        Ok(Known { facts, earlier, earlier_key, elsewhere, is_edited, origin, is_old_id_sent, waits, shown })
    }

    /// For a retry: what this run has sent, before its input changed, for the row of the first run that a row names as its own. It
    /// is that row, edited, whatever it says now.
    fn sent_for(&self, row: &SpooledRow) -> Result<Option<Operation>> {
        let Some(first_run) = &self.origin else { return Ok(None) };
        let number = first_run.number_of(row.origin.as_ref(), row.key_hash())?;
        Ok(number.map(|number| self.past.earlier_by_origin(number)).transpose()?.flatten())
    }

    fn double(&self, key: Option<&NaturalKey>, first: u64, rule: impl Fn(&Mapping, u8, u64) -> Message) -> Reason {
        let Some(key) = key else { return Reason::default() };
        let field = self.mapping.key_fields(key.number).first().cloned().unwrap_or_default();
        Reason { code: DUPLICATE.to_owned(), field, message: rule(self.mapping, key.number, first) }
    }
}

/// The ids that records have in other systems, for rows that change the tags of records they name so; none where no row does.
///
/// # Errors
/// A damaged index.
fn old_ids_of(options: &ImportOptions<'_>, preflight: &Preflight) -> Result<Option<OldIds>> {
    if options.entity().edits.is_none() || preflight.mapping.source().is_none() {
        return Ok(None);
    }
    let names = options.catalog.entities().iter().filter(|entity| entity.tags.is_some());
    let names = names.map(|entity| entity.name.as_str());
    OldIds::of(options.account.index()?, &options.account.identity(), names).map(Some)
}

/// What is known of a row, and where from.
struct Known {
    facts: RowFacts,
    earlier: Option<Operation>,
    earlier_key: Option<Operation>,
    elsewhere: Option<(Operation, PathBuf)>,
    /// For a retry: it says something else than when that run sent it, and than when it failed.
    is_edited: bool,
    /// For a retry: the row's number in the run that is retried.
    origin: Option<u64>,
    /// For a retry: another row with its old id was sent there.
    is_old_id_sent: bool,
    /// Why it waited before, when that was for a record that the account has and nobody can look now.
    waits: Option<Reason>,
    /// For a retry: how the row ended in the run that is retried, as a person was shown it.
    shown: Option<Reason>,
}

/// A decision that does not fit what is known: a mistake of ours, and no reason to send.
fn undecided() -> Error {
    Error::cannot_run(message!("run.broken"))
}

/// The key of a row by which a record is known.
fn key_of<'r>(row: &'r SpooledRow, there: &Remembered) -> Option<&'r NaturalKey> {
    if there.by_weaker { row.weaker.first() } else { row.key.as_ref() }
}

/// The end a row had before the input changed.
fn kept(row: RowKey, earlier: Operation) -> Operation {
    let RowKey { origin, generation, added, .. } = earlier.row;
    let row = RowKey { origin, generation, added, ..row };
    Operation { row, ..earlier }
}

/// The end of a row that was edited since it was sent.
fn edited(row: RowKey, sent: &Operation) -> Operation {
    let message = message!("import.changed_since", id = sent.id.as_deref().unwrap_or("?"), row = sent.row.number);
    let status = done_or_unknown(sent.status);
    Operation { id: sent.id.clone(), ..end(row, status, reason("changed_since_sent", message)) }
}

/// The end of a row that another run took care of.
fn taken_care_of(row: RowKey, there: &Operation, folder: &std::path::Path) -> Operation {
    let message = message!(
        "import.retried_before",
        folder = folder.display(),
        status = words::status_message(there.status),
        id = there.id.as_deref().unwrap_or("")
    );
    Operation { id: there.id.clone(), ..end(row, done_or_unknown(there.status), reason("retried_before", message)) }
}

/// Why a row waited for consent, when that was because the account has its record.
fn waits_for_existing(before: &Operation) -> Option<Reason> {
    let reason = before.reason.as_deref().filter(|_| before.status == Status::Held)?;
    (reason.code == EXISTS).then(|| reason.clone())
}

/// Why a row is not sent for what the account has, and what can be done about it.
fn with_way_on(code: &str, why: Message) -> Reason {
    let way_on = Message::of_key(format!("modes.{code}_hint"), Vec::new());
    reason(code, message!("import.and_rule", first = why, second = way_on))
}

/// A row that is not known to be done is not known to be done here either.
fn done_or_unknown(status: Status) -> Status {
    if status == Status::Unknown { Status::Unknown } else { Status::Skipped }
}

fn reason(code: &str, message: Message) -> Reason {
    Reason { code: code.to_owned(), field: String::new(), message }
}

/// The record a job writes to, when it names one.
fn writer_of(operation: &WriteOperation) -> Option<u64> {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    let hash = |parts: (&str, &str)| BuildHasherDefault::<DefaultHasher>::default().hash_one(parts);
    match operation {
        WriteOperation::Write { .. } | WriteOperation::Draft(_) | WriteOperation::LookedUp { .. } => None,
        WriteOperation::Change { id, .. } => Some(hash(("", id))),
        WriteOperation::Tags(edit) => Some(hash((&edit.entity, &edit.id))),
    }
}

/// Whether a row that ended so was sent.
pub(super) fn is_of_write(status: Status) -> bool {
    matches!(status, Status::Created | Status::Updated | Status::Failed | Status::Unknown)
}

/// An end without a request.
fn end(row: RowKey, status: Status, reason: Reason) -> Operation {
    let at = jiff::Timestamp::now().as_millisecond();
    Operation { row, status, id: None, attempts: 0, at, reason: Some(Box::new(reason)) }
}
