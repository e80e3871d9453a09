//! The references of all rows of an input, found before anything is sent.

use std::path::Path;

use super::answers::{Answers, Decided, Given, exact_key_of, key_of};
use super::new_parent::{Made, NewParent};
use super::questions::Questions;
use super::reference::Reference;
use super::resolver::{Meant, Resolver, Unclear, Way};
use super::telling::{give, restore, take};
use super::workbook::FILE_NAME;
use crate::check::consent::REFERENCE_UNCLEAR;
use crate::check::finding::Finding;
use crate::entity::{AccountMode, Catalog, Entity, Requirement};
use crate::error::{Error, Result};
use crate::files::short_path;
use crate::format::Content;
use crate::import::memory::{Memory, Said};
use crate::import::operation::{DraftWriter, Members, WriteOperation};
use crate::import::options::{ImportOptions, Missing};
use crate::import::preflight::{Preflight, Rows, reason_of};
use crate::import::sent_rows::SentRows;
use crate::import::spool::{RowState, SpoolWriter, SpooledRow};
use crate::import::strangers::words_of_strangers;
use crate::journal::{Journal, OldIds, OperationCursor, RunIndex};
use crate::language::Language;
use crate::lookup::Lists;
use crate::mapping::Mapping;
use crate::message;
use crate::message::{Detail, Message};
use crate::problem::{Problem, Severity};
use crate::t;
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
    /// The run, once it has begun.
    pub journal: Option<&'p Journal>,
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
        Ok(is_ended || !is_looked_up && remembered.is_some_and(|row| is_settled(row.said)))
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
    let Pass { options, references, lists, journal, questions } = pass;
    let is_first = matches!(stage, Stage::First(_));
    let own = journal.map(|journal| journal.folder().join(FILE_NAME));
    let kept = journal.map(Journal::decisions).transpose()?.unwrap_or_default();
    let answers = Answers::gather(kept, own.as_deref(), options.references.decisions.as_deref())?;
    let missing = missing(options, references)?;
    let mut work = Work {
        creates: answers.creates() || missing.iter().any(|(_, missing)| *missing == Missing::Create),
        made: match &stage {
            Stage::First(_) => None,
            Stage::ParentsMade(made, _) => Some(*made),
        },
        catalog: options.catalog,
        resolver: Resolver::new(lists, old_ids_of(options, references)?, journal),
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
            let mut names: Vec<(String, String)> = Vec::new();
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
                        if !has_first {
                            names.push((reference.field.clone(), name));
                        }
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
                show_first(preflight, options.entity(), &row, &names);
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

/// Everything references are resolved with.
struct Work<'w, 'a> {
    resolver: Resolver<'w, 'a>,
    catalog: &'w Catalog,
    /// Whether records are to be made that are not there.
    creates: bool,
    /// Those that were made.
    made: Option<&'w Made>,
    /// Which were made for which rows, to be written down.
    made_for: Vec<(Content, String)>,
    journal: Option<&'w Journal>,
    answers: Answers,
    /// What becomes of what is not there, by field.
    missing: Vec<(String, Missing)>,
    entity: &'w Entity,
    drafts: DraftWriter,
    account_mode: AccountMode,
    questions: &'w mut Questions,
    /// Whether a person is asked about what is not clear: not of a row that is held back.
    asks: bool,
}

/// What became of a reference of a row.
enum Resolved {
    /// The row says nothing of it, or it stays empty.
    Nothing,
    /// Its id stands in the row now.
    Found {
        /// What the record is called.
        name: String,
        /// What there is to say of it.
        word: Option<Problem>,
    },
    /// It is to be made before the row.
    Awaits(NewParent),
    /// A person has to decide, or the list has to be read completely, or what is to be made first is not there yet.
    Waits,
    /// The row is not sent.
    Refused(Unclear),
}

impl<'a> Work<'_, 'a> {
    fn resolve(&mut self, reference: &Reference<'a>, members: &mut Members) -> Result<Resolved> {
        let unclear = match self.resolver.find(reference, members)? {
            None => return Ok(Resolved::Nothing),
            Some(Ok(meant)) => return Ok(put(reference, members, meant)),
            Some(Err(unclear)) => unclear,
        };
        let said = reference.said(members);
        let key = key_of(&reference.field, &said);
        let may_be_blank = !self.is_required(reference);
        let given = self.answers.get(&key).or_else(|| self.answers.get(&exact_key_of(&reference.field, &said)));
        if let Some(given) = given.cloned().filter(|_| unclear.way != Way::Correct) {
            match self.decided(reference, members, &given, (unclear.way, may_be_blank))? {
                // What was chosen once is not there any more.
                None => {}
                Some(resolved) => {
                    if let Some(journal) = self.journal.filter(|_| given.place.is_some()) {
                        journal.keep_decision(&key, &given.decided.to_text())?;
                        if let Some(own) = self.answers.given_before(&key) {
                            own.place = None;
                        }
                    }
                    if let (Resolved::Found { .. }, Some(id)) = (&resolved, members.value(&reference.field)) {
                        self.resolver.keep(&reference.field, &said, id);
                    }
                    return Ok(match resolved {
                        Resolved::Refused(refused) => Resolved::Refused(Unclear { text: unclear.text, ..refused }),
                        resolved => resolved,
                    });
                }
            }
        }
        let missing = self.missing.iter().find(|(field, _)| *field == reference.field).map(|(_, missing)| *missing);
        let parent = reference.new_parent(members, self.account_mode).filter(|_| unclear.way == Way::DecideMissing);
        match (unclear.way, missing) {
            (Way::Correct, _) | (Way::DecideMissing, Some(Missing::Refuse)) => Ok(Resolved::Refused(unclear)),
            (Way::DecideMissing, Some(Missing::Blank)) => {
                reference.leave_out(members);
                Ok(Resolved::Nothing)
            }
            (Way::Later, _) => Ok(Resolved::Waits),
            (Way::Decide | Way::DecideMissing, _) => match parent {
                Some(parent) if missing == Some(Missing::Create) => Ok(self.made(reference, members, parent)),
                parent => {
                    let may_be = (parent.is_some(), may_be_blank);
                    if self.asks {
                        self.questions.ask(key, reference, &unclear, reference.shown(members), may_be);
                    }
                    Ok(Resolved::Waits)
                }
            },
        }
    }

    /// A draft of which nothing is open any more becomes the request that it asks for: from here on it is read once more, and a
    /// request is read faster than a draft.
    fn finish(&self, row: &mut SpooledRow) {
        if let Some(operation) = operation_of(row)
            && matches!(operation, WriteOperation::Draft(_))
            && !operation.is_unresolved()
        {
            let draft = std::mem::replace(operation, WriteOperation::Draft(Members::default()));
            *operation = self.drafts.finished(draft);
        }
    }

    /// The id of a record that was made; a row that refers to one that was not waits.
    fn made(&self, reference: &Reference<'a>, members: &mut Members, parent: NewParent) -> Resolved {
        let Some(made) = self.made else { return Resolved::Awaits(parent) };
        match made.get(&parent.key(reference.entity)) {
            Some((id, _)) => put(reference, members, Meant { id: id.to_owned(), name: parent.shown(), word: None }),
            None => Resolved::Waits,
        }
    }

    /// Notes which of the records that a row awaited were made for it.
    fn note_made(&mut self, row: Content, awaited: &[NewParent], members: &Members) {
        let made = awaited.iter().filter_map(|parent| {
            let entity = self.catalog.get(&parent.entity)?;
            let (id, is_new) = self.made?.get(&parent.key(entity))?;
            let is_meant = is_new && members.value(&parent.field) == Some(id);
            is_meant.then(|| format!("{} {id} {}", parent.entity, parent.shown()))
        });
        let made: Vec<String> = made.collect();
        if !made.is_empty() {
            self.made_for.push((row, made.join("; ")));
        }
    }

    /// Does what a person decided; none when the record that was chosen before is not there any more, or what was to be made
    /// cannot be.
    fn decided(
        &mut self,
        reference: &Reference<'a>,
        members: &mut Members,
        given: &Given,
        (way, may_be_blank): (Way, bool),
    ) -> Result<Option<Resolved>> {
        match &given.decided {
            Decided::Create => {
                let parent = reference.new_parent(members, self.account_mode).filter(|_| way == Way::DecideMissing);
                match (parent, &given.place) {
                    (Some(parent), _) => Ok(Some(self.made(reference, members, parent))),
                    (None, None) => Ok(None),
                    (None, Some(place)) => Err(cannot_be_made(reference, place.clone())),
                }
            }
            Decided::Use(id) => match (self.resolver.chosen(reference, id)?, &given.place) {
                (Some(meant), _) => Ok(Some(put(reference, members, meant))),
                (None, None) => Ok(None),
                (None, Some(place)) => {
                    let entity = reference.entity.labels();
                    Err(Error::usage(message!("lookup.no_such_id", place = place.clone(), entity = entity, id = id))
                        .hint(message!("lookup.bad_answer_hint")))
                }
            },
            Decided::Blank if may_be_blank => {
                reference.leave_out(members);
                Ok(Some(Resolved::Nothing))
            }
            Decided::Blank => {
                let place = given.place.clone().unwrap_or_default();
                Err(Error::usage(message!("lookup.not_blank", place = place, label = reference.labels.clone()))
                    .hint(message!("lookup.bad_answer_hint")))
            }
            Decided::Refuse => Ok(Some(Resolved::Refused(Unclear {
                member: reference.tells[0].member.clone(),
                text: String::new(),
                problem: Problem::new("decided_not_to_send"),
                way: Way::Correct,
                candidates: Vec::new(),
            }))),
        }
    }

    fn is_required(&self, reference: &Reference<'_>) -> bool {
        let field = self.entity.field(&reference.field);
        field.is_some_and(|field| matches!(self.entity.requirement(field, self.account_mode), Requirement::Always(_)))
    }

    /// Writes down what texts were taken to mean, once there are so many.
    fn keep(&mut self, least: usize) -> Result<()> {
        if let Some(journal) = self.journal.filter(|_| self.made_for.len() >= least) {
            journal.keep_made_first(&std::mem::take(&mut self.made_for))?;
        }
        match self.journal {
            Some(journal) if self.resolver.new.len() >= least => {
                journal.keep_references(&std::mem::take(&mut self.resolver.new))
            }
            Some(_) => Ok(()),
            None => {
                self.resolver.new.clear();
                Ok(())
            }
        }
    }
}

fn put(reference: &Reference<'_>, members: &mut Members, meant: Meant) -> Resolved {
    reference.put(members, &meant.id);
    Resolved::Found { name: meant.name, word: meant.word }
}

fn cannot_be_made(reference: &Reference<'_>, place: Message) -> Error {
    let entity = reference.entity.labels();
    Error::usage(message!("lookup.cannot_create", place = place, entity = entity))
        .hint(message!("lookup.cannot_create_hint", entity = entity))
}

/// What becomes of what is not there, by the names of fields.
fn missing(options: &ImportOptions<'_>, references: &[Reference<'_>]) -> Result<Vec<(String, Missing)>> {
    let mut missing = Vec::new();
    for (name, what) in &options.references.missing {
        let is_meant = |reference: &&Reference<'_>| reference.is_called(name, options.entity());
        let Some(reference) = references.iter().find(is_meant) else {
            let known = references.iter().map(|reference| reference.labels.clone()).collect();
            return Err(Error::usage(message!("lookup.unknown_missing", name = name))
                .hint(message!("lookup.unknown_missing_hint", known = Detail::List(known))));
        };
        let field = options.entity().field(&reference.field);
        let is_required = field.is_some_and(|field| {
            let requirement = options.entity().requirement(field, options.preflight.account_mode);
            matches!(requirement, Requirement::Always(_))
        });
        if *what == Missing::Blank && is_required {
            let place = format!("--missing {name}");
            return Err(Error::usage(message!("lookup.not_blank", place = place, label = reference.labels.clone())));
        }
        if *what == Missing::Create && !reference.may_be_made(options.preflight.account_mode) {
            let place = message!("lookup.missing_place", name = name);
            return Err(cannot_be_made(reference, place));
        }
        missing.push((reference.field.clone(), *what));
    }
    Ok(missing)
}

/// What a row asks for that may be sent.
fn operation_of(row: &mut SpooledRow) -> Option<&mut WriteOperation> {
    match &mut row.state {
        RowState::Sound(operation) | RowState::Held { operation, .. } => Some(operation),
        _ => None,
    }
}

fn finding(mapping: &Mapping, reference: &Reference<'_>, member: &str, text: &str, problem: Problem) -> Finding {
    Finding {
        column: mapping.column(member),
        field: Some(reference.field.clone()),
        code: problem.code,
        severity: problem.severity,
        value: clean(&shorten(text, SHOWN)).into_owned(),
        rule: problem.rule(),
        hint: problem.hint(),
    }
}

/// Makes a row the one that is shown before anything is sent: with the name of each record beside its id.
fn show_first(preflight: &mut Preflight, entity: &Entity, row: &SpooledRow, names: &[(String, String)]) {
    let RowState::Sound(operation) = &row.state else { return };
    let members: Vec<(String, String)> = match operation {
        WriteOperation::Draft(members) | WriteOperation::LookedUp { members, .. } => members.to_vec(),
        WriteOperation::Change { cells, .. } => {
            cells.iter().map(|cell| (cell.field.clone(), cell.value.clone())).collect()
        }
        WriteOperation::Write { .. } | WriteOperation::Tags(_) => return,
    };
    let language = Language::current();
    let shown = |(name, value): &(String, String)| {
        let field = entity.field(name);
        let text = match field {
            Some(field) if field.secret => "•••".to_owned(),
            Some(field) => match field.choice(value) {
                Some(choice) => choice.label(language).to_owned(),
                None => clean(value).into_owned(),
            },
            None => clean(value).into_owned(),
        };
        let called = names.iter().find(|(field, called)| field == name && !called.is_empty());
        let text = match called {
            Some((_, called)) => t!("lookup.id_and_name", id = text, name = called).into_owned(),
            None => text,
        };
        (field.map_or(name.as_str(), |field| field.label(language)).to_owned(), text)
    };
    preflight.first = members.iter().map(shown).collect();
    preflight.first_operation = Some(operation.clone());
}
