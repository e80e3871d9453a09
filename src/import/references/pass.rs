//! The references of all rows of an input, found before anything is sent.

use std::path::Path;

use super::answers::Answers;
use super::new_parent::Made;
use super::questions::Questions;
use super::reference::Reference;
use super::resolution::{Resolution, Resolved, missing};
use super::resolver::{Resolver, Unclear};
use super::telling::{give, operation_of, restore, take};
use super::workbook::FILE_NAME;
use crate::check::consent::REFERENCE_UNCLEAR;
use crate::check::finding::Finding;
use crate::error::{Error, Result};
use crate::files::short_path;
use crate::import::memory::{Memory, Said};
use crate::import::operation::{DraftWriter, Members, WriteOperation};
use crate::import::options::{ImportOptions, Missing};
use crate::import::preflight::{Preflight, Rows, reason_of};
use crate::import::sent_rows::SentRows;
use crate::import::spool::{RowState, SpoolWriter, SpooledRow};
use crate::import::strangers::words_of_strangers;
use crate::journal::{Journal, JournalReader, OldIds, OperationCursor, RunIndex};
use crate::language::Language;
use crate::lookup::Lists;
use crate::mapping::Mapping;
use crate::message;
use crate::problem::{Problem, Severity};
use crate::terminal::Printer;
use crate::text::{clean, shorten};

/// References that are written down together.
const TOGETHER: usize = 1000;
/// Most characters of a text that a finding shows.
const SHOWN: usize = 60;

/// What is looked up for, and where what is found is kept.
pub(in crate::import) struct Pass<'p, 'a> {
    /// What the command is to do.
    pub options: &'p ImportOptions<'a>,
    /// The references of the rows.
    pub references: &'p [Reference<'a>],
    /// The account's lists.
    pub lists: &'p mut Lists<'a>,
    /// The run, once it has begun, …
    pub journal: Option<&'p Journal>,
    /// … or as it was left, where nothing goes on with it.
    pub past: Option<&'p JournalReader>,
    /// What a person is asked.
    pub questions: &'p mut Questions,
}

/// What came of the references of all rows.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::import) struct Outcome {
    /// Rows that are refused for them.
    pub refused: u64,
    /// Rows that wait.
    pub waiting: u64,
    /// Rows that refer to a record that is to be made before them.
    pub awaiting: u64,
    /// How many texts a person has to decide about.
    pub questions: usize,
}

impl Outcome {
    /// Why rows wait, and what to do about it; none when none do.
    pub(in crate::import) fn waits(&self, folder: &Path) -> Option<Error> {
        let error = match (self.waiting, self.questions) {
            (0, _) => return None,
            (rows, 0) => Error::stopped(message!("lookup.waiting_unproved", rows = rows))
                .hint(message!("lookup.waiting_unproved_hint")),
            (rows, questions) => Error::stopped(message!("lookup.waiting", rows = rows, questions = questions))
                .hint(message!("lookup.waiting_hint", file = short_path(&folder.join(FILE_NAME)).display())),
        };
        Some(error)
    }
}

/// Which rows are looked at.
pub(in crate::import) enum Stage<'p> {
    /// All that are not settled.
    First(Settled<'p>),
    /// Those that are sent and refer to records that were to be made, which are there now as far as they could be.
    ParentsMade(&'p Made, SentRows<'p>),
}

/// Which rows are not sent now, whatever they refer to.
pub(in crate::import) struct Settled<'p> {
    /// Those that have an end in this run.
    pub ended: Option<OperationCursor>,
    /// Those that other runs have done or may have done.
    pub memory: &'p mut Memory,
    /// What was done is sent all the same, as a change.
    pub changes_done: bool,
}

impl Settled<'_> {
    /// What is done to a record that is there is decided by that record, whatever was made once.
    fn has(&mut self, row_index: u64, row: &mut SpooledRow) -> Result<bool> {
        let is_looked_up = matches!(operation_of(row), Some(WriteOperation::LookedUp { .. }));
        let is_ended = self.ended.as_mut().map_or(Ok(None), |ended| ended.at(row_index))?.is_some();
        let remembered = self.memory.at(row_index)?;
        let is_done = |said| matches!(said, Said::Done | Said::DoneAndChanged | Said::Given);
        let is_settled = |said: Said| said == Said::Unknown || is_done(said) && !self.changes_done;
        let is_retried = remembered.as_ref().is_some_and(|row| row.said == Said::Retried);
        Ok(is_ended || is_retried || !is_looked_up && remembered.is_some_and(|row| is_settled(row.said)))
    }
}

/// How many rows a reference was found for, and how many not.
#[derive(Debug, Clone, Default)]
struct Tally {
    found: u64,
    unclear: u64,
    /// What there is to say of rows whose ids were taken as they stand.
    as_written: Option<AsWritten>,
}

/// Rows whose ids nobody could look up. It is one word for all of them: they are as many as the file has.
#[derive(Debug, Clone)]
struct AsWritten {
    word: Problem,
    rows: u64,
    /// Index and number of the first of them …
    first: (u64, u64),
    /// … and its id.
    id: String,
}

impl Tally {
    /// Counts a row whose id was taken as it stands.
    fn take_as_written(&mut self, word: Problem, row: (u64, u64), id: &str) {
        let first = || AsWritten { word, rows: 0, first: row, id: id.to_owned() };
        self.as_written.get_or_insert_with(first).rows += 1;
    }
}

/// Whether any row that may be sent says something of a record.
///
/// # Errors
/// A spool or journal that cannot be read.
pub(in crate::import) fn is_needed(mut settled: Settled<'_>, rows: &mut Rows) -> Result<bool> {
    rows.begin()?;
    let (mut is_needed, mut row_index) = (false, 0);
    while let Some(mut row) = rows.spool.next()?.filter(|_| !is_needed) {
        let is_settled = settled.has(row_index, &mut row)?;
        is_needed = !is_settled && operation_of(&mut row).is_some_and(|operation| operation.is_unresolved());
        row_index += 1;
    }
    settled.memory.begin()?;
    rows.begin()?;
    Ok(is_needed)
}

/// Takes all ids of all rows as they stand.
#[cfg(test)]
pub(in crate::import) fn take_as_written(rows: &mut Rows) {
    let mut spool = SpoolWriter::new().unwrap();
    rows.begin().unwrap();
    while let Some(mut row) = rows.spool.next().unwrap() {
        if let Some(operation) = operation_of(&mut row) {
            operation.take_as_written();
        }
        spool.add(&row).unwrap();
    }
    rows.spool = spool.finish().unwrap();
    rows.begin().unwrap();
}

/// The ids that records have in other systems, where rows name records by them.
fn old_ids_of(options: &ImportOptions<'_>, references: &[Reference<'_>]) -> Result<Option<OldIds>> {
    let named = references.iter().filter(|reference| reference.has_old_ids());
    let named: Vec<&str> = named.map(|reference| reference.entity.name.as_str()).collect();
    if named.is_empty() {
        return Ok(None);
    }
    let index = RunIndex::open_existing(&options.account.index_folder()?)?;
    OldIds::of(index, &options.account.identity(), named).map(Some)
}

/// Puts ids in the place of what tells of records, in all rows that may be sent. Rows that name what is not there are refused;
/// those of which it is not clear what they mean wait for a person.
///
/// # Errors
/// A list that cannot be read now, answers that cannot be used, a full disk.
pub(in crate::import) fn resolve(
    pass: Pass<'_, '_>,
    mut stage: Stage<'_>,
    preflight: &mut Preflight,
    rows: &mut Rows,
    printer: &Printer,
) -> Result<Outcome> {
    let Pass { options, references, lists, journal, past, questions } = pass;
    let is_first = matches!(stage, Stage::First(_));
    let folder = journal.map(Journal::folder).or(past.map(JournalReader::folder));
    let own = folder.map(|folder| folder.join(FILE_NAME));
    let kept = journal.map(Journal::decisions).or_else(|| past.map(JournalReader::decisions));
    let kept = kept.transpose()?.unwrap_or_default();
    let answers = Answers::gather(kept, own.as_deref(), options.references.decisions.as_deref())?;
    let missing = missing(options, references)?;
    let mut work = Resolution {
        creates: answers.creates() || missing.iter().any(|(_, missing)| *missing == Missing::Create),
        made: match &stage {
            Stage::First(_) => None,
            Stage::ParentsMade(made, _) => Some(*made),
        },
        catalog: options.catalog,
        resolver: Resolver::new(lists, references, old_ids_of(options, references)?, journal)?,
        passed_over: Vec::new(),
        journal,
        answers,
        missing,
        entity: options.entity(),
        drafts: DraftWriter::new(options.entity(), &options.catalog.service.custom),
        account_mode: options.preflight.account_mode,
        questions,
        asks: true,
        made_for: Vec::new(),
    };
    work.pass_over(references, printer)?;
    let mut tallies = vec![Tally::default(); references.len()];
    let mut outcome = Outcome::default();
    let mut spool = SpoolWriter::new()?;
    let mut has_first = false;
    rows.begin()?;
    let mut row_index = 0;
    while let Some(mut row) = rows.spool.next()? {
        let is_settled = match &mut stage {
            Stage::First(settled) => {
                let is_skipped = matches!(row.state, RowState::Skipped(_));
                let is_double = !is_skipped && {
                    let is_sound = row.is_sound();
                    rows.duplicates.see(row.number, row.keys(), &row.identity, &row.content, is_sound).is_double()
                };
                settled.has(row_index, &mut row)? || is_double
            }
            Stage::ParentsMade(_, sent) => !sent.has(row_index, &row)? || row.awaits.is_empty(),
        };
        if let Some(mut members) = operation_of(&mut row).filter(|_| !is_settled).and_then(|it| take(it, references)) {
            let members = &mut members;
            let told = (is_first && work.creates).then(|| members.clone());
            let mut awaits = Vec::new();
            let (mut findings, mut waits) = (Vec::new(), false);
            let is_held = matches!(row.state, RowState::Held { .. });
            work.asks = !is_held;
            for (reference, tally) in references.iter().zip(&mut tallies) {
                match work.resolve(reference, members)? {
                    Resolved::Nothing => {}
                    Resolved::Found { name, word } => {
                        match word {
                            None => tally.found += 1,
                            Some(word) => {
                                let id = members.value(&reference.field).unwrap_or_default();
                                tally.take_as_written(word, (row_index, row.number), id);
                            }
                        }
                        let id = members.value(&reference.field).unwrap_or_default();
                        preflight.note_name(&reference.field, id, &name);
                    }
                    Resolved::Awaits(parent) => awaits.push(parent),
                    Resolved::Waits => {
                        tally.unclear += u64::from(!is_held);
                        waits = true;
                    }
                    Resolved::Refused(Unclear { member, text, problem, .. }) => {
                        tally.unclear += 1;
                        findings.push(finding(&preflight.mapping, reference, &member, &text, problem));
                    }
                }
            }
            let is_refused = findings.iter().any(|finding| finding.severity == Severity::Refused);
            let is_awaiting = !awaits.is_empty() && !is_refused && !waits;
            let made = std::mem::take(&mut row.awaits);
            let identity = row.identity;
            if let Some(operation) = operation_of(&mut row) {
                match told {
                    Some(told) if is_awaiting => restore(operation, told),
                    _ => {
                        work.note_made(identity, &made, members);
                        give(operation, references, std::mem::take(members));
                    }
                }
            }
            if is_awaiting {
                // It is looked at once more, and what there is to say of it is said then.
                row.awaits = awaits;
                outcome.awaiting += 1;
                spool.add(&row)?;
                row_index += 1;
                continue;
            }
            if !is_refused && !waits && !has_first && matches!(row.state, RowState::Sound(_)) {
                has_first = true;
                show_first(preflight, &row);
            }
            for finding in &findings {
                preflight.findings.add(row_index, row.number, finding)?;
            }
            if is_refused {
                preflight.findings.held -= u64::from(is_held);
                preflight.findings.refused += 1;
                outcome.refused += 1;
                row.state = RowState::Unresolved(reason_of(&preflight.mapping, &findings, Severity::Refused));
            } else if let (true, RowState::Held { codes, .. }) = (waits, &mut row.state) {
                // It is held back anyway: nobody is asked what it refers to before it is to be sent.
                codes.push(REFERENCE_UNCLEAR.to_owned());
            } else if waits {
                outcome.waiting += 1;
                row.state = RowState::Waiting;
            }
            work.finish(&mut row);
        }
        spool.add(&row)?;
        row_index += 1;
        work.keep(TOGETHER)?;
    }
    work.keep(1)?;
    for (reference, tally) in references.iter().zip(&tallies) {
        let Some(AsWritten { word, rows, first: (row_index, number), id }) = &tally.as_written else { continue };
        let word = word.clone().with("rows", rows);
        let finding = finding(&preflight.mapping, reference, &reference.tells[0].member, id, word);
        preflight.findings.add(*row_index, *number, &finding)?;
    }
    rows.spool = spool.finish()?;
    rows.begin()?;
    match &mut stage {
        Stage::First(settled) => settled.memory.begin()?,
        Stage::ParentsMade(_, sent) => sent.begin()?,
    }
    preflight.waiting += outcome.waiting;
    outcome.questions = work.questions.list.len();
    if is_first {
        words_of_strangers(&work.resolver.strangers()).iter().for_each(|word| printer.warn(&word.to_string()));
    }
    for (reference, tally) in
        references.iter().zip(tallies).filter(|_| is_first).filter(|(_, tally)| tally.found + tally.unclear > 0)
    {
        let (label, entity) = (reference.labels.to_string(), reference.entity.label(Language::current()));
        printer.say(&match tally.unclear {
            0 => message!("lookup.found", label = label, entity = entity, rows = tally.found).to_string(),
            unclear => {
                message!("lookup.found_some", label = label, entity = entity, rows = tally.found, unclear = unclear)
                    .to_string()
            }
        });
    }
    Ok(outcome)
}

fn finding(mapping: &Mapping, reference: &Reference<'_>, member: &str, text: &str, problem: Problem) -> Finding {
    Finding {
        column: mapping
            .column(member)
            .or_else(|| mapping.old_id.as_ref().filter(|_| reference.is_subject).map(|of| of.column)),
        field: Some(reference.field.clone()),
        code: problem.code,
        severity: problem.severity,
        value: clean(&shorten(text, SHOWN)).into_owned(),
        rule: problem.rule(),
        hint: problem.hint(),
    }
}

/// Makes a row the one that is shown before anything is sent: with the name of each record beside its id.
fn show_first(preflight: &mut Preflight, row: &SpooledRow) {
    let RowState::Sound(operation) = &row.state else { return };
    preflight.first = match operation {
        WriteOperation::Draft(members) | WriteOperation::LookedUp { members, .. } => preflight.shown(members),
        WriteOperation::Change { cells, .. } => {
            let said = cells.iter().map(|cell| (&cell.field, &cell.value));
            preflight.shown(&Members { fields: said.collect(), ..Members::default() })
        }
        WriteOperation::Write { .. } | WriteOperation::Tags(_) => return,
    };
    preflight.first_operation = Some(operation.clone());
}
