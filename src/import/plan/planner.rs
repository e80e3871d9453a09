//! The rows of the first reading, one after another: what is known of each is looked up, what becomes of it is decided by
//! [`decide`], and it is sent or ended.

use std::collections::HashSet;

use uuid::Uuid;

use super::action::{PendingWrite, RowAction, is_of_write};
use super::ends::{Ends, reason, refused, undecided};
use super::known_row::{KnownRow, PastRuns};
use crate::check::consent::Consent;
use crate::check::duplicates::{Duplicates, Seen};
use crate::error::Result;
use crate::import::additions::{self, Additions};
use crate::import::cell_origins::CellOrigins;
use crate::import::change::HandedBack;
use crate::import::decision::{Decision, Matched, PastEnd, There, decide};
use crate::import::last_sent::LastSent;
use crate::import::matching::Matches;
use crate::import::memory::Memory;
use crate::import::operation::{DraftWriter, TagEdit, WriteOperation};
use crate::import::options::ImportOptions;
use crate::import::origin::{Origin, retries_of};
use crate::import::preflight::{Preflight, Rows};
use crate::import::spool::{RowState, Spool, SpooledRow};
use crate::journal::{Journal, Match, OldIds, OperationCursor, Reason, RegisteredRows, RowKey};
use crate::mapping::Mapping;
use crate::message;

/// What is known of the rows beside what this run has made of them.
#[derive(Debug, Default)]
pub(in crate::import) struct KnownRows {
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

/// Decides about one row after another.
pub(in crate::import) struct RowPlanner<'a> {
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
    /// What tells what runs have made of the rows.
    runs: PastRuns,
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
    pub(in crate::import) fn open(
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
            repeats: past.repeats()?,
            renewed: past.renewed()?,
            runs: PastRuns {
                has_earlier: past.has_earlier()?,
                past,
                origin: Origin::open(options, journal)?,
                retries: retries_of(options, &run, &run, &[])?,
            },
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
        if !self.runs.has_earlier {
            return Ok(());
        }
        for way in Match::ALL {
            self.duplicates.begin();
            let mut row_index = 0;
            while let Some(row) = self.spool.next()? {
                let seen = self.see(&row);
                self.runs.past.match_earlier(way, row_index, &row.known_by(seen), row.old_id.as_deref())?;
                row_index += 1;
            }
            self.spool.rewind()?;
        }
        self.duplicates.begin();
        let mut keys = self.runs.past.unmatched_keys()?;
        if !keys.is_empty() {
            // A row of the same key that says something else is that row, edited; so is one that names the same row of the first run.
            let mut edited = HashSet::new();
            while let Some(row) = self.spool.next()? {
                let of_origin = self.runs.sent_for(&row)?.and_then(|sent| sent.row.key);
                edited.extend(row.key_hash().into_iter().chain(of_origin).filter(|key| keys.contains(key)));
            }
            self.spool.rewind()?;
            keys = edited;
        }
        self.runs.past.keep_gone(|key| keys.contains(&key))
    }

    /// The action of the next row; none at the end.
    ///
    /// # Errors
    /// A spool or journal that cannot be read.
    pub(in crate::import) fn next(&mut self) -> Result<Option<RowAction>> {
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
        let known = self.known(spooled, seen)?;
        let facts = known.facts(self.consent, self.changes_done);
        let row = RowKey {
            row: self.next_index,
            number: known.spooled.number,
            identity: Some(known.spooled.identity),
            content: known.spooled.content,
            copy: seen.copy,
            content_copy: seen.content_copy,
            key: known.spooled.key_hash(),
            origin: known.past.origin,
            generation: facts.earlier.map_or(0, PastEnd::next_generation),
            old_id: known.spooled.old_id.clone(),
            added: None,
        };
        Ok(Some(match decide(&facts) {
            Decision::Nothing => RowAction::Ended { was_written: false },
            Decision::Send { .. } if matches!(known.spooled.state, RowState::Waiting) => RowAction::Wait,
            Decision::Send { generation } => self.send(RowKey { generation, ..row }, known)?,
            decision => {
                let ends = Ends { mapping: self.mapping, memory: &self.memory };
                RowAction::End(ends.of(decision, row, known)?)
            }
        }))
    }

    /// Looks up what is known of a row.
    fn known(&mut self, spooled: SpooledRow, seen: Seen) -> Result<KnownRow> {
        let remembered = self.memory.at(self.next_index)?;
        let matched = self.matches.as_mut().map(|matches| matches.at(self.next_index)).transpose()?.flatten();
        let past = self.runs.of_row(self.next_index, &spooled, seen)?;
        let is_unknown = remembered.is_none() && !self.memory.has_looked;
        let waits = if is_unknown { past.waits_for_existing() } else { None };
        Ok(KnownRow { spooled, seen, past, remembered, matched, waits })
    }

    fn send(&self, mut row: RowKey, known: KnownRow) -> Result<RowAction> {
        let KnownRow { spooled, past, matched, .. } = known;
        let mut operation = match self.operation_of(spooled.state, matched)? {
            Ok(operation) => operation,
            Err(why) => return Ok(RowAction::End(refused(row, why))),
        };
        self.cell_origins().add_to(&mut operation, &spooled.confirmed, past.shown().as_ref())?;
        if let Some(ended) = additions::in_doubt(&row, &operation) {
            return Ok(RowAction::End(ended));
        }
        row.added = additions::added_by(self.mapping.entity(), self.drafts.custom(), &operation);
        if let (Some(origin), Some(number)) = (&self.runs.origin, row.origin) {
            origin.claim(number)?;
        }
        let writer = if self.one_writer { writer_of(&operation).or(row.key) } else { None };
        let operation = self.drafts.ready(operation).ok_or_else(undecided)?;
        let request_id = self.request_id_of(&mut row);
        let is_repeat = self.repeats.contains(&request_id);
        Ok(RowAction::Send(PendingWrite { row, request_id, operation, writer, is_repeat }))
    }

    /// What is asked for a row, by what the account has of it; or why it is refused.
    fn operation_of(
        &self,
        state: RowState,
        matched: Option<Matched>,
    ) -> Result<std::result::Result<WriteOperation, Reason>> {
        let (RowState::Sound(operation) | RowState::Held { operation, .. }) = state else { return Err(undecided()) };
        Ok(Ok(match (operation, matched) {
            (WriteOperation::LookedUp { members, cells }, Some(found)) => match (found.there, found.ids.first()) {
                (There::Changes, Some(id)) => WriteOperation::Change { id: id.clone(), cells },
                (There::New | There::Anew, None) => WriteOperation::Draft(members),
                _ => return Err(undecided()),
            },
            // A row that is looked up is never sent without having been.
            (WriteOperation::LookedUp { .. }, None) => return Err(undecided()),
            (WriteOperation::Tags(edit), _) => {
                return Ok(self.named(*edit)?.map(|edit| WriteOperation::Tags(Box::new(edit))));
            }
            (operation, _) => operation,
        }))
    }

    /// What is known of where the cells of rows that change records come from.
    fn cell_origins(&self) -> CellOrigins<'_> {
        CellOrigins {
            entity: self.mapping.entity(),
            consent: self.consent,
            handed_back: self.handed_back.as_ref(),
            last_sent: self.last_sent.as_ref(),
            additions: self.additions.as_ref(),
            is_unknown: self.is_unknown_export,
        }
    }

    /// The id of a row's write: under one that it is not sent under any more it is sent no more.
    fn request_id_of(&self, row: &mut RowKey) -> Uuid {
        let run = self.runs.past.identity().run;
        let mut request_id = row.request_id(&run);
        while self.renewed.contains(&request_id) {
            row.generation += 1;
            request_id = row.request_id(&run);
        }
        request_id
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

    /// Puts the claims of a retry on the disk; before that, none of the rows may be sent.
    ///
    /// # Errors
    /// A full disk, a damaged journal.
    pub(in crate::import) fn keep_claims(&self) -> Result<()> {
        self.runs.origin.as_ref().map_or(Ok(()), Origin::keep_claims)
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
