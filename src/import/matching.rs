//! Which record of the account each row is about, and what the row makes of it: looked up once for all of them in a list that
//! this command has read, before anything is sent, and kept in a file in their order.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::additions::Additions;
use super::cell_origins::CellOrigins;
use super::change::{RecordChange, SaidCell};
use super::decision::{Matched, PastEnd, There};
use super::forecast::{Would, finding, forecast, is_all_shown, written_cells};
use super::gone_records::GoneRecords;
use super::last_sent::LastSent;
use super::memory::{Memory, Remembered, Said, may_be_reopened};
use super::operation::{Members, WriteOperation};
use super::options::ImportOptions;
use super::preflight::{Preflight, Rows};
use super::row_counts::Plan;
use super::row_lines::{RowLineWriter, RowLines};
use super::spool::{RowState, SpooledRow};
use super::strangers::words_of_strangers;
use crate::api::as_text;
use crate::check::confirmed::Confirmed;
use crate::check::consent::KEY_OF_ANOTHER;
use crate::check::describe::{SHOWN_KINDS, describe};
use crate::check::duplicates::{Duplicates, KeyCounter, RowKeys, first_eight, is_same_key_value};
use crate::check::findings::Findings;
use crate::entity::WriteMode;
use crate::error::Result;
use crate::journal::{JournalReader, OldIds, OperationCursor, RunIndex};
use crate::lookup::{KnownList, ListProof, Lists};
use crate::message;
use crate::message::Message;
use crate::terminal::Printer;
use crate::text::clean;

/// Most ids that a message names.
const NAMED_IDS: usize = 5;

/// What was found of a row, before rows about the same record are known.
#[derive(Debug, Serialize, Deserialize)]
struct Candidate {
    number: u64,
    /// It is to be sent, as far as all else is known.
    is_free: bool,
    found: Matched,
    would: Would,
    /// Its id in another system.
    old_id: Option<String>,
}

/// What the account has of the rows, row after row.
#[derive(Debug)]
pub(super) struct Matches {
    lines: RowLines<Matched>,
    /// What that makes of them; none where only some of them were looked at.
    pub plan: Option<Plan>,
    /// What the first of them that is sent asks for.
    pub first: Option<WriteOperation>,
}

impl Matches {
    /// What was found of the few rows that have lines.
    pub(super) fn of_few(lines: RowLineWriter<Matched>) -> Result<Matches> {
        Ok(Matches { lines: lines.finish()?, plan: None, first: None })
    }

    /// What was found of rows that name their records, what that comes to, and what the first that is sent asks for.
    pub(super) fn of_named(
        lines: RowLineWriter<Matched>,
        plan: Plan,
        first: Option<WriteOperation>,
    ) -> Result<Matches> {
        Ok(Matches { lines: lines.finish()?, plan: Some(plan), first })
    }

    /// What was found of the row at `row_index`; rows are asked for in their order.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn at(&mut self, row_index: u64) -> Result<Option<Matched>> {
        self.lines.at(row_index)
    }

    /// Begins again with the first row.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn begin(&mut self) -> Result<()> {
        self.lines.rewind()
    }

    /// Calls `take` with the id of every record that was found, and begins again with the first row.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn each_record(&mut self, mut take: impl FnMut(&str)) -> Result<()> {
        self.begin()?;
        while let Some((_, found)) = self.lines.next()? {
            found.ids.iter().for_each(|id| take(id));
        }
        self.begin()
    }
}

/// Looks rows up in a list of the account.
#[derive(Debug)]
pub(super) struct Matching<'a> {
    /// What the command is to do.
    pub options: &'a ImportOptions<'a>,
    /// What the first reading found.
    pub preflight: &'a Preflight,
    /// The account's list, as this command has read it.
    pub list: &'a KnownList<'a>,
    /// The ids that records have in another system, where rows name them.
    pub old_ids: Option<OldIds>,
    /// Where the cells of rows come from that change records.
    pub origins: CellOrigins<'a>,
    /// The run that is retried: a key that one of its rows has sent is no other row's.
    pub retried: Option<JournalReader>,
    /// What is not in the list counts as not there, although the list is not proved whole: a person says so.
    pub accepts_incomplete: bool,
}

/// Looks the rows up in the account's list, and says what that makes of them.
///
/// # Errors
/// A service that cannot be reached, a full disk.
pub(super) fn match_rows(
    options: &ImportOptions<'_>,
    preflight: &Preflight,
    rows: &mut Rows,
    known: (&mut Memory, Option<OperationCursor>, (Option<&LastSent>, Option<&Additions>)),
    findings: &mut Findings,
    printer: &Printer,
) -> Result<Matches> {
    let catalog = options.catalog;
    let entity = catalog.find(&options.entity().name)?;
    // Nothing is made where there is nothing.
    let keeps = !options.dry_run || options.account.mirror_file()?.exists();
    let mut lists = Lists::new(&options.account, catalog, keeps, printer)?;
    let list = lists.of(entity)?;
    let accepts_incomplete = options.answers.accepts_incomplete;
    match &list.proof {
        ListProof::Whole => {}
        ListProof::NotWhole(why) if accepts_incomplete => {
            printer.warn(&message!("modes.accepted_incomplete", entity = entity.labels(), why = why).to_string());
        }
        ListProof::NotWhole(why) | ListProof::CannotBeHad(why) => {
            printer.warn(&message!("modes.list_not_whole", entity = entity.labels(), why = why).to_string());
        }
    }
    let old_ids = preflight.mapping.source().map(|_| old_ids_of(options)).transpose()?;
    if let Some(old_ids) = &old_ids {
        old_ids.by_record()?;
    }
    let (memory, ended, told) = known;
    let origins = CellOrigins::of(preflight, told);
    let retried = options.parent.as_ref().map(|parent| JournalReader::open(&parent.folder)).transpose()?;
    retried.as_ref().filter(|_| !options.dry_run).map_or(Ok(()), JournalReader::build_indexes)?;
    let matching = Matching { options, preflight, list: &list, old_ids, origins, retried, accepts_incomplete };
    let matches = matching.run(rows, memory, ended, findings)?;
    let strangers = matching.old_ids.as_ref().map(OldIds::strangers).unwrap_or_default();
    words_of_strangers(&strangers).iter().for_each(|word| printer.warn(&word.to_string()));
    Ok(matches)
}

/// The ids that the account's records of this kind have in other systems.
fn old_ids_of(options: &ImportOptions<'_>) -> Result<OldIds> {
    let index = RunIndex::open_existing(&options.account.index_folder()?)?;
    OldIds::of(index, &options.account.identity(), [options.entity().name.as_str()])
}

/// Says what was found in the account of rows that are not sent.
///
/// # Errors
/// A temporary file that cannot be read.
pub(super) fn tell_found(findings: &Findings, preflight: &Preflight, printer: &Printer) -> Result<()> {
    let found = describe(findings, &preflight.mapping, SHOWN_KINDS)?;
    if !found.is_empty() {
        printer.warn(&found);
    }
    Ok(())
}

/// What a row was found by.
enum Found {
    /// Just this record.
    One(String),
    /// None; by the id that the row names, when it names one.
    Nothing(Option<String>),
    /// Records of which nobody can tell which is meant, and why.
    Several(Vec<String>, Message),
    /// The record that it names, while its key is that of others, and that in words.
    KeyOfAnother(String, Vec<String>),
}

impl Matching<'_> {
    /// Looks up all rows. Rows that have an end in `ended`, or that runs remember, are not counted as to be sent.
    ///
    /// # Errors
    /// A mirror or spool that cannot be read, a full disk.
    pub(super) fn run(
        &self,
        rows: &mut Rows,
        memory: &mut Memory,
        mut ended: Option<OperationCursor>,
        findings: &mut Findings,
    ) -> Result<Matches> {
        let mut lines = RowLineWriter::new()?;
        let mut same = KeyCounter::default();
        let (mut plan, mut first) = (Plan::default(), None);
        let mut gone = GoneRecords::new(self.list, &self.preflight.consent, self.options.doubt.server_timeout);
        let mut row_index = 0;
        rows.begin()?;
        while let Some(row) = rows.spool.next()? {
            let seen = rows.duplicates.see(row.number, row.keys(), &row.identity, &row.content, row.is_sound());
            let end = ended.as_mut().map_or(Ok(None), |ended| ended.at(row_index))?;
            let remembered = memory.at(row_index)?;
            let found = match said_by(&row.state) {
                Some(said) if seen.first.or(seen.first_of_old_id).is_none() => {
                    let (found, would) = self.look_up(&row, said)?;
                    let found = self.unless_moved(found, &row, remembered.as_ref(), memory)?;
                    Some((gone.look(found, &row, remembered.as_ref(), memory)?, would))
                }
                _ => None,
            };
            if let Some((found, would)) = found {
                let old_id = row.old_id.as_ref().map(|old_id| old_id.id.clone());
                if is_of_one(found.there, old_id.as_deref()) {
                    found.ids.iter().for_each(|id| same.add(hash_of(id)));
                }
                let waits = found.there == There::Unproved
                    && self.options.entity().may_change
                    && remembered.as_ref().is_some_and(|row| row.said == Said::DoneAndChanged);
                let is_retried = remembered.as_ref().is_some_and(|there| there.said == Said::Retried);
                let is_made_once = remembered.is_some_and(|there| !there.is_overruled(&self.preflight.consent, &row))
                    && (is_retried || !found.there.is_known())
                    && !waits;
                let has_end = end.is_some_and(|end| !may_be_reopened(end));
                let is_held = self.is_held(&row);
                let is_sent = matches!(found.there, There::New | There::Anew | There::Changes) && !is_made_once;
                let waits = found.there == There::Unchanged && self.waits_in_any_case(&row);
                let is_free = !has_end && (!is_held || !is_sent && !waits);
                if is_free && is_sent && matches!(would, Would::Write | Would::MayWrite) && first.is_none() {
                    first = self.first_operation(&found, &row)?;
                }
                plan.spared += u64::from(is_free && is_held);
                plan.remembered += u64::from(is_free && is_made_once);
                let is_free = is_free && !is_made_once;
                let is_of_other = is_free && self.is_key_of_other(&row)?;
                plan.refused += u64::from(is_of_other);
                let is_free = is_free && !is_of_other;
                lines.add(row_index, &Candidate { number: row.number, is_free, found, would, old_id })?;
            }
            row_index += 1;
        }
        rows.begin()?;
        memory.begin()?;
        let matches = finish(lines, same, plan, findings)?;
        Ok(Matches { first, ..matches })
    }

    /// Whether a row of the run that is retried has sent this row's key: then it is refused when it is its turn.
    fn is_key_of_other(&self, row: &SpooledRow) -> Result<bool> {
        let (Some(retried), Some(key)) = (&self.retried, row.key_hash()) else { return Ok(false) };
        Ok(retried.by_key(key)?.is_some_and(|sent| !PastEnd::of(&sent).is_open()))
    }

    /// Whether a row would be held back for what it says.
    fn is_held(&self, row: &SpooledRow) -> bool {
        let RowState::Held { codes, .. } = &row.state else { return false };
        !row.confirms(codes, &self.preflight.consent)
    }

    /// The same although nothing of it would be sent.
    fn waits_in_any_case(&self, row: &SpooledRow) -> bool {
        let RowState::Held { codes, .. } = &row.state else { return false };
        !row.confirms(codes, &self.preflight.consent) && self.preflight.consent.waits_in_any_case(codes)
    }

    fn look_up(&self, row: &SpooledRow, (members, cells): (&Members, &[SaidCell])) -> Result<(Matched, Would)> {
        let of = |there, ids: Vec<String>, reason| (Matched { there, ids, reason }, Would::Write);
        let id = match self.find(row, members)? {
            Found::One(id) => id,
            Found::KeyOfAnother(id, others) if self.keeps_key(row, &id, cells)? => {
                let reason = message!("modes.key_of_another", id = id, ids = named(&others));
                let ids = std::iter::once(id).chain(others).collect();
                return Ok(of(There::KeyOfAnother, ids, reason));
            }
            Found::KeyOfAnother(id, _) => id,
            Found::Several(ids, _) if self.mode() == WriteMode::SkipExisting && row.id.is_none() && ids.len() > 1 => {
                let reason = message!("modes.exists", id = named(&ids));
                return Ok(of(There::Exists, ids, reason));
            }
            Found::Several(ids, reason) => return Ok(of(There::Several, ids, reason)),
            Found::Nothing(id) => return Ok((self.not_there(row, members, id)?, Would::Write)),
        };
        if self.mode() == WriteMode::SkipExisting {
            let reason = message!("modes.exists", id = id);
            return Ok(of(There::Exists, vec![id], reason));
        }
        let Some(Value::Object(record)) = self.list.record(&id)? else {
            return Ok(of(There::Changes, vec![id], Message::default()));
        };
        let change = self.change_of(&id, cells, &row.confirmed)?;
        let custom = &self.options.catalog.service.custom;
        let (there, would) = match is_all_shown(self.list, custom, &change, &record)? {
            false => (There::Changes, Would::MayWrite),
            true => forecast(self.preflight.mapping.entity(), custom, &change, &record),
        };
        Ok((Matched { there, ids: vec![id], reason: Message::default() }, would))
    }

    /// What was found of a row, unless its key was moved: a run has made another record of it, which is there still, and somebody
    /// has given its key to the one that was found.
    fn unless_moved(
        &self,
        found: Matched,
        row: &SpooledRow,
        remembered: Option<&Remembered>,
        memory: &Memory,
    ) -> Result<Matched> {
        let made = remembered.filter(|remembered| remembered.said.has_made() && !remembered.by_weaker);
        let (None, There::Changes, [id], Some(made)) = (&row.id, found.there, found.ids.as_slice(), made) else {
            return Ok(found);
        };
        let Some(own) = made.id.as_ref().filter(|own| *own != id) else { return Ok(found) };
        if self.list.record(own)?.is_none() {
            return Ok(found);
        }
        let reason = message!("modes.key_moved", id = id, made = own, folder = memory.folder(made));
        Ok(Matched { there: There::Several, ids: vec![id.clone(), own.clone()], reason })
    }

    /// Whether a row waits that gives its record a key of another one: it does, and nobody has said that it is meant.
    fn keeps_key(&self, row: &SpooledRow, id: &str, cells: &[SaidCell]) -> Result<bool> {
        if row.confirmed.names(KEY_OF_ANOTHER)
            || self.preflight.consent.names(KEY_OF_ANOTHER)
            || self.mode() == WriteMode::SkipExisting
        {
            return Ok(false);
        }
        let Some(Value::Object(record)) = self.list.record(id)? else { return Ok(true) };
        let (entity, custom) = (self.preflight.mapping.entity(), &self.options.catalog.service.custom);
        let change = self.change_of(id, cells, &row.confirmed)?;
        let change = RecordChange::of(entity, custom, &change, &record);
        let keys = 0..u8::try_from(entity.keys.len()).unwrap_or(u8::MAX);
        let mut fields = keys.flat_map(|key| self.preflight.mapping.key_fields(key));
        Ok(fields.any(|field| change.members.value(field).is_some()))
    }

    /// The change of a record that cells ask for, with where they come from.
    fn change_of(&self, id: &str, cells: &[SaidCell], confirmed: &Confirmed) -> Result<WriteOperation> {
        let mut cells = cells.to_vec();
        self.origins.add(id, &mut cells, confirmed, None)?;
        Ok(WriteOperation::Change { id: id.to_owned(), cells })
    }

    /// What the first row that is sent asks for: of a change, what it writes.
    fn first_operation(&self, found: &Matched, row: &SpooledRow) -> Result<Option<WriteOperation>> {
        let Some((members, cells)) = said_by(&row.state) else { return Ok(None) };
        let Some(id) = found.ids.first() else { return Ok(Some(WriteOperation::Draft(members.clone()))) };
        let change = self.change_of(id, cells, &row.confirmed)?;
        Ok(Some(match self.list.record(id)? {
            Some(Value::Object(record)) => {
                written_cells(self.preflight.mapping.entity(), &self.options.catalog.service.custom, &change, &record)
            }
            _ => change,
        }))
    }

    /// What becomes of a row whose record is not in the list.
    fn not_there(&self, row: &SpooledRow, members: &Members, id: Option<String>) -> Result<Matched> {
        let of = |there, reason| Matched { there, ids: Vec::new(), reason };
        let proof = self.proof(members)?;
        let is_proved = match &proof {
            ListProof::Whole => true,
            ListProof::NotWhole(_) => self.accepts_incomplete,
            ListProof::CannotBeHad(_) => false,
        };
        // A row without a key is known to be new only by a person.
        let has_nothing = id.is_none() && self.key_of(members).is_none() && row.old_id.is_none();
        if !is_proved && !has_nothing {
            let why = proof.why().cloned().unwrap_or_default();
            let reason = match (&proof, self.mode()) {
                (ListProof::CannotBeHad(_), WriteMode::Update) => message!("modes.cannot_look", why = why),
                (ListProof::CannotBeHad(_), _) => message!("modes.cannot_look_up", why = why),
                _ => message!("modes.not_proved", why = why),
            };
            return Ok(of(There::Unproved, reason));
        }
        Ok(match (id, self.mode(), &row.lacks) {
            (Some(id), ..) => of(There::Missing, message!("modes.no_such_id", id = id)),
            (None, WriteMode::Update, _) => of(There::Missing, self.no_such_key(row)?),
            (None, _, Some(lacks)) => of(There::Lacks, message!("modes.lacks", what = lacks.message)),
            (None, _, None) => of(There::New, Message::default()),
        })
    }

    /// What proves that a row's record is not there: the list, as far as it shows the first key that the row has.
    fn proof(&self, members: &Members) -> Result<ListProof> {
        match self.key_of(members) {
            Some(fields) => self.list.proof_by(&fields.iter().map(String::as_str).collect::<Vec<_>>()),
            None => Ok(self.list.proof.clone()),
        }
    }

    /// The fields of the first key that the row has.
    fn key_of(&self, members: &Members) -> Option<&[String]> {
        let keys = 0..u8::try_from(self.options.entity().keys.len()).unwrap_or(u8::MAX);
        let has_key =
            |fields: &&[String]| !fields.is_empty() && fields.iter().all(|name| members.value(name).is_some());
        keys.map(|key| self.preflight.mapping.key_fields(key)).find(has_key)
    }

    fn no_such_key(&self, row: &SpooledRow) -> Result<Message> {
        if let Some(old_id) = &row.old_id {
            let old = clean(&old_id.id);
            if let Some(id) = self.record_of_old_id(row)? {
                return Ok(message!("modes.old_id_gone", old = old, id = id));
            }
            if row.key.is_none() {
                return Ok(message!("modes.no_such_old_id", old = old, source = clean(&old_id.source)));
            }
        }
        let Some(key) = &row.key else { return Ok(message!("modes.no_such_key", labels = "", value = "")) };
        let labels = self.preflight.mapping.key_labels(key.number);
        Ok(message!("modes.no_such_key", labels = labels, value = clean(&key.text)))
    }

    /// The record that a row is about: by the key that a user names, else by its own id, else by its old id, else by its
    /// natural keys.
    fn find(&self, row: &SpooledRow, members: &Members) -> Result<Found> {
        let by_key = self.find_by_key(members)?;
        let is_named_key = !self.options.preflight.key.is_empty();
        let id = match (&row.id, self.record_of_old_id(row)?) {
            (Some(id), _) => id.clone(),
            // One that is gone is none.
            (None, Some(id)) if self.list.record(&id)?.is_some() => id,
            (None, _) => {
                return match by_key {
                    Some(Found::One(id)) => self.unless_another(row, id),
                    found => Ok(found.unwrap_or(Found::Nothing(None))),
                };
            }
        };
        let is_there = self.list.record(&id)?.is_some();
        let several = |ids: Vec<String>| {
            let reason = message!("modes.id_and_key", id = id, ids = named(&ids));
            Found::Several(std::iter::once(id.clone()).chain(ids).collect(), reason)
        };
        let is_decided = is_there && !is_named_key && row.id.as_deref() == Some(id.as_str());
        Ok(match by_key {
            Some(Found::One(other)) if other == id => Found::One(other),
            Some(Found::One(other)) if is_decided => Found::KeyOfAnother(id, vec![other]),
            Some(Found::Several(ids, _)) if is_decided && !ids.contains(&id) => Found::KeyOfAnother(id, ids),
            Some(Found::One(other)) => several(vec![other]),
            Some(Found::Several(ids, _)) if ids.contains(&id) => Found::One(id),
            Some(Found::Several(ids, _)) => several(ids),
            // The key that a user names is not that of the record with this id.
            Some(Found::Nothing(_)) if is_named_key && is_there => {
                let reason = message!("modes.other_key", id = id);
                Found::Several(vec![id], reason)
            }
            Some(Found::KeyOfAnother(..)) => Found::One(id),
            Some(Found::Nothing(_)) | None if is_there => Found::One(id),
            Some(Found::Nothing(_)) | None => Found::Nothing(Some(id)),
        })
    }

    /// The record that a row's key finds, unless it is known by another old id of the same system: there it is another record.
    fn unless_another(&self, row: &SpooledRow, id: String) -> Result<Found> {
        let (Some(old_ids), Some(old_id)) = (&self.old_ids, &row.old_id) else { return Ok(Found::One(id)) };
        let Some(known) = old_ids.other_of(&self.options.entity().name, old_id, &id)? else {
            return Ok(Found::One(id));
        };
        let (known, own) = (clean(&known), clean(&old_id.id));
        let reason =
            message!("modes.other_old_id", id = id, source = clean(&old_id.source), known = known, old_id = own);
        Ok(Found::Several(vec![id], reason))
    }

    /// The record that a row's old id is known to be.
    fn record_of_old_id(&self, row: &SpooledRow) -> Result<Option<String>> {
        let (Some(old_ids), Some(old_id)) = (&self.old_ids, &row.old_id) else { return Ok(None) };
        old_ids.find(&self.options.entity().name, &old_id.source, &old_id.id)
    }

    /// The record with the first of the keys that the row has; none where it has no key. A record that has only a weaker one
    /// of them and says something else for a stronger one may be another.
    fn find_by_key(&self, members: &Members) -> Result<Option<Found>> {
        let mapping = &self.preflight.mapping;
        let mut stronger: Vec<(&[String], Vec<&str>)> = Vec::new();
        for (number, _) in (0u8..).zip(&self.options.entity().keys) {
            let fields = mapping.key_fields(number);
            let values: Option<Vec<&str>> = fields.iter().map(|name| members.value(name)).collect();
            let Some(values) = values.filter(|values| !values.is_empty()) else { continue };
            let names: Vec<&str> = fields.iter().map(String::as_str).collect();
            let mut ids = self.list.find(&names, &values)?;
            if ids.len() > 1 {
                let reason = message!("modes.several", labels = mapping.key_labels(number), ids = named(&ids));
                return Ok(Some(Found::Several(ids, reason)));
            }
            let Some(id) = ids.pop() else {
                let ids = self.list.find_among_several(&names, &values)?;
                if !ids.is_empty() {
                    let labels = mapping.key_labels(number);
                    let reason = message!("modes.among_several", labels = labels, ids = named(&ids));
                    return Ok(Some(Found::Several(ids, reason)));
                }
                stronger.push((fields, values));
                continue;
            };
            if let Some(found) = self.other_by_weaker_key(members, number, &id)? {
                return Ok(Some(found));
            }
            let record = self.list.record(&id)?.unwrap_or_default();
            let says_otherwise = stronger.iter().any(|(fields, values)| self.says_otherwise(&record, fields, values));
            return Ok(Some(match says_otherwise {
                false => Found::One(id),
                true => {
                    let reason = message!("modes.weaker_key", labels = mapping.key_labels(number), id = id);
                    Found::Several(vec![id], reason)
                }
            }));
        }
        Ok((!stronger.is_empty()).then_some(Found::Nothing(None)))
    }

    /// Other records that have a weaker key of the row, where the one that has the stronger key `number` does not: it is not
    /// clear which of them is meant.
    fn other_by_weaker_key(&self, members: &Members, number: u8, id: &str) -> Result<Option<Found>> {
        let mapping = &self.preflight.mapping;
        for (weaker, _) in (0u8..).zip(&self.options.entity().keys).filter(|(weaker, _)| *weaker > number) {
            let fields = mapping.key_fields(weaker);
            let values: Option<Vec<&str>> = fields.iter().map(|name| members.value(name)).collect();
            let Some(values) = values.filter(|values| !values.is_empty()) else { continue };
            let names: Vec<&str> = fields.iter().map(String::as_str).collect();
            let others = self.list.find(&names, &values)?;
            if !others.is_empty() && others.iter().all(|other| other != id) {
                let reason = message!(
                    "modes.keys_of_two",
                    labels = mapping.key_labels(number),
                    id = id,
                    other_labels = mapping.key_labels(weaker),
                    ids = named(&others)
                );
                return Ok(Some(Found::Several(std::iter::once(id.to_owned()).chain(others).collect(), reason)));
            }
        }
        Ok(None)
    }

    /// Whether a record says something else for a key than the row does, not merely nothing.
    fn says_otherwise(&self, record: &Value, fields: &[String], values: &[&str]) -> bool {
        let texts: Vec<String> =
            fields.iter().map(|name| record.get(name).map(as_text).unwrap_or_default().into_owned()).collect();
        let is_said = texts.iter().all(|text| !text.trim().is_empty());
        let is_same =
            |((name, text), value): ((&String, &String), &&str)| is_same_key_value(self.list.entity, name, text, value);
        is_said && !fields.iter().zip(&texts).zip(values).all(is_same)
    }

    fn mode(&self) -> WriteMode {
        self.options.preflight.mode
    }
}

/// What a row says as a new record and of one that is there, where it is for sending.
fn said_by(state: &RowState) -> Option<(&Members, &[SaidCell])> {
    match state {
        RowState::Sound(WriteOperation::LookedUp { members, cells })
        | RowState::Held { operation: WriteOperation::LookedUp { members, cells }, .. } => Some((members, cells)),
        _ => None,
    }
}

/// Says of a row that is not sent what was found.
///
/// # Errors
/// A full disk.
pub(super) fn tell(
    findings: &mut Findings,
    (row_index, number): (u64, u64),
    found: &Matched,
    would: &Would,
) -> Result<()> {
    let of_account = found.there.code().map(|(code, severity)| finding(code, severity, &found.reason));
    if let Some(said) = of_account.or_else(|| would.finding()) {
        findings.count_row(said.severity);
        findings.add(row_index, number, &said)?;
    }
    Ok(())
}

/// Whether no other row may be about the same record: one that changes it, or that would give it an id in another system.
fn is_of_one(there: There, old_id: Option<&str>) -> bool {
    matches!(there, There::Changes | There::Unchanged) || there == There::Exists && old_id.is_some()
}

/// Rows after the first that are about one record are refused: what each of them changes was decided by the record as it was
/// before all of them.
fn finish(
    candidates: RowLineWriter<Candidate>,
    same: KeyCounter,
    mut plan: Plan,
    findings: &mut Findings,
) -> Result<Matches> {
    let mut candidates = candidates.finish()?;
    let mut duplicates = Duplicates::new(same, KeyCounter::default());
    let mut lines = RowLineWriter::new()?;
    while let Some((row_index, mut row)) = candidates.next()? {
        if let ([id], true) = (row.found.ids.as_slice(), is_of_one(row.found.there, row.old_id.as_deref())) {
            let keys = RowKeys { natural: Some(hash_of(id)), old_id: None };
            let seen = duplicates.see(row.number, keys, &[0; 16], &[0; 16], true);
            if let Some(first) = seen.first {
                row.found.there = There::SameRecord(first);
                row.found.reason = message!("modes.same_record", row = first, id = id);
            }
        }
        if row.is_free {
            plan.add(row.found.there, &row.would);
            tell(findings, (row_index, row.number), &row.found, &row.would)?;
        }
        lines.add(row_index, &row.found)?;
    }
    Ok(Matches { lines: lines.finish()?, plan: Some(plan), first: None })
}

fn hash_of(id: &str) -> u64 {
    first_eight(&Sha256::digest(id.as_bytes()))
}

/// A few ids, to be named.
fn named(ids: &[String]) -> String {
    let more = if ids.len() > NAMED_IDS { " …" } else { "" };
    let ids: Vec<&str> = ids.iter().take(NAMED_IDS).map(String::as_str).collect();
    format!("{}{more}", ids.join(", "))
}
