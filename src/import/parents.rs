//! Records that rows refer to and that the account does not have are made before the rows are sent, by a run of their own: its
//! journal, its memory and its settling are those of every run, so that each of them is made once, whoever else makes it and
//! wherever this command is killed. The run lies beside that of the rows.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::notes::parent_note;
use super::options::{Answers, ImportOptions, PreflightOptions, ReferenceOptions, ResumeOptions};
use super::preflight::Rows;
use super::references::{Made, NewParent, ParentKey};
use super::sent_rows::SentRows;
use super::settle::{self, SettleCommand};
use crate::check::consent::EXISTS;
use crate::check::consent::SENT_BEFORE;
use crate::entity::{Catalog, Entity, WriteMode};
use crate::error::{Error, Result};
use crate::files::{create_private_folder, short_path};
use crate::format::{self, CSV, Column, Input, Row, Value, WriteOptions};
use crate::journal::{Journal, JournalReader, Operation, OperationCursor, Status};
use crate::language::Language;
use crate::mapping::MappingFile;
use crate::message;
use crate::message::Message;
use crate::t;
use crate::terminal::{Printer, Yes};

/// Records that are named before they are made.
const NAMED: usize = 5;

/// Records that are to be made, by their entities.
#[derive(Debug, Default)]
pub(super) struct Parents {
    /// Each entity with its records, in the order in which rows name them.
    pub lists: Vec<(String, Vec<NewParent>)>,
}

/// A run that makes records for the rows of another one.
pub(super) struct ParentRun<'a> {
    /// The entity of the records.
    pub entity: &'a Entity,
    /// What the run is to do.
    pub options: ImportOptions<'a>,
    /// Its folder.
    pub folder: PathBuf,
    /// Its rows, …
    parents: Vec<NewParent>,
    /// … and those of them that rows want now.
    wanted: HashSet<ParentKey>,
}

impl Parents {
    /// Those that the rows want which are sent.
    ///
    /// # Errors
    /// A spool that cannot be read.
    pub(super) fn wanted(rows: &mut Rows, mut sent: SentRows<'_>, catalog: &Catalog) -> Result<Parents> {
        let mut parents = Parents::default();
        let mut known: HashSet<ParentKey> = HashSet::new();
        let mut row_index = 0;
        sent.begin()?;
        rows.begin()?;
        // Few files need a record that is not there: all others are spared a reading.
        if !rows.spool.has_awaiting {
            return Ok(parents);
        }
        while let Some(row) = rows.spool.next()? {
            if !row.awaits.is_empty() && sent.has(row_index, &row)? {
                for parent in row.awaits {
                    if catalog.get(&parent.entity).is_some_and(|entity| known.insert(parent.key(entity))) {
                        parents.add(parent);
                    }
                }
            }
            row_index += 1;
        }
        sent.begin()?;
        rows.begin()?;
        Ok(parents)
    }

    fn add(&mut self, parent: NewParent) {
        match self.lists.iter_mut().find(|(entity, _)| *entity == parent.entity) {
            Some((_, list)) => list.push(parent),
            None => self.lists.push((parent.entity.clone(), vec![parent])),
        }
    }

    /// Whether there is nothing to be made.
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// What is made before the rows, a line for each entity.
    pub(super) fn words(&self, catalog: &Catalog) -> Vec<String> {
        let words = |(name, list): &(String, Vec<NewParent>)| {
            let records = catalog.get(name)?.counted(list.len() as u64, Language::current());
            let mut names: Vec<String> = list.iter().take(NAMED).map(NewParent::shown).collect();
            names.extend((list.len() > NAMED).then(|| "…".to_owned()));
            let names = names.join(&t!("lookup.and_name"));
            Some(t!("lookup.creates_first", records = records, names = names).into_owned())
        };
        self.lists.iter().filter_map(words).collect()
    }

    /// How many of which entity, for scripts.
    pub(super) fn json(&self) -> serde_json::Value {
        self.lists.iter().map(|(entity, list)| (entity.clone(), serde_json::json!(list.len()))).collect()
    }
}

impl<'a> ParentRun<'a> {
    /// The run that makes these records for the rows of another one. What it has sent already it keeps, whether the rows still
    /// want it or not; what it has not, and nobody wants any more, is made no more.
    ///
    /// # Errors
    /// A folder that cannot be written, a journal that cannot be read.
    pub(super) fn of(
        options: &ImportOptions<'a>,
        journal: &Journal,
        entity: &'a Entity,
        wanted: &[NewParent],
    ) -> Result<ParentRun<'a>> {
        let folder = folder_of(journal, &entity.name)?;
        let before = if Journal::exists(&folder) { Some(JournalReader::open_read_only(&folder)?) } else { None };
        let file_before = before.as_ref().map(|past| past.identity().input_path.clone());
        let there = file_before.as_deref().map(|file| read(file, &entity.name)).transpose()?.unwrap_or_default();
        let mut parents = match &before {
            Some(past) => sent_of(past, &there)?,
            None => Vec::new(),
        };
        drop(before);
        let known: HashSet<ParentKey> = parents.iter().map(|parent| parent.key(entity)).collect();
        parents.extend(wanted.iter().filter(|parent| !known.contains(&parent.key(entity))).cloned());
        let is_same = parents.len() == there.len()
            && parents.iter().zip(&there).all(|(parent, there)| parent.key(entity) == there.key(entity));
        let (file, parents) = match file_before.filter(|_| is_same) {
            Some(file) => (file, there),
            None => (write(&folder, &entity.name, &parents)?, parents),
        };
        let options = follow_up(options, (entity, WriteMode::SkipExisting), &folder, file, &fields_of(&parents))?;
        let wanted = wanted.iter().map(|parent| parent.key(entity)).collect();
        Ok(ParentRun { entity, options, folder, parents, wanted })
    }

    /// Finds out what became of rows that an earlier command has left in doubt, where its run had come to an end.
    ///
    /// # Errors
    /// An account or a journal that cannot be read.
    pub(super) fn settle(&self, printer: &Printer) -> Result<()> {
        if !Journal::exists(&self.folder) {
            return Ok(());
        }
        let past = JournalReader::open_read_only(&self.folder)?;
        let is_in_doubt = matches!(past.ended()?, Some((_, true))) && past.unsettled()? != (0, 0);
        drop(past);
        if !is_in_doubt {
            return Ok(());
        }
        let command = SettleCommand {
            account: self.options.account.clone(),
            catalog: self.options.catalog,
            folder: self.folder.clone(),
            runs_from: self.options.resume.runs_from.clone(),
            doubt: self.options.doubt,
            typed: self.options.typed.clone(),
        };
        settle::run(&command, printer).map(drop)
    }

    /// Adds the records that are there now; why the first of the others is not.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub(super) fn read_made(&self, made: &mut Made) -> Result<(u64, Option<NotMade>)> {
        let (mut new, mut not_made) = (0, None);
        if !Journal::exists(&self.folder) {
            return Ok((new, not_made));
        }
        let mut ended = OperationCursor::open(&self.folder)?;
        for (row_index, parent) in (0u64..).zip(&self.parents) {
            let Some(operation) = ended.at(row_index)? else { continue };
            match id_of(operation) {
                Some((id, is_new)) => {
                    new += u64::from(is_new);
                    made.add(parent.key(self.entity), id, is_new);
                }
                None if is_remembered(operation) => {
                    let id = operation.id.clone().unwrap_or_default();
                    made.remember(parent.key(self.entity), &self.entity.name, id);
                    if not_made.is_none() && self.is_wanted(parent) {
                        not_made = Some(self.not_made(parent, operation));
                    }
                }
                None if not_made.is_none() && self.is_wanted(parent) => {
                    not_made = Some(self.not_made(parent, operation));
                }
                None => {}
            }
        }
        Ok((new, not_made))
    }

    /// Whether a row waits for it: what became of the others keeps none waiting.
    fn is_wanted(&self, parent: &NewParent) -> bool {
        self.wanted.contains(&parent.key(self.entity))
    }

    fn not_made(&self, parent: &NewParent, operation: &Operation) -> NotMade {
        let why = operation.reason.as_deref().map(|reason| reason.message.clone()).unwrap_or_default();
        let folder = short_path(&self.folder);
        let hint = match operation.status {
            Status::Unknown => message!("lookup.not_created_doubt_hint"),
            _ => message!("lookup.not_created_hint", folder = folder.display()),
        };
        NotMade { why: message!("lookup.not_created_for", name = parent.shown(), why = why), hint }
    }

    /// What was made, in words.
    pub(super) fn words(&self, new: u64) -> String {
        let records = self.entity.counted(new, Language::current());
        t!("lookup.created_first", records = records, folder = short_path(&self.folder).display()).into_owned()
    }
}

/// Why a record was not made, and what to do about it.
pub(super) struct NotMade {
    why: Message,
    hint: Message,
}

impl NotMade {
    /// The run that was to make it did not begin.
    pub(super) fn of(error: Error) -> NotMade {
        NotMade { why: error.into_message(), hint: message!("lookup.waiting_unproved_hint") }
    }
}

/// Why rows wait whose parents were not made.
pub(super) fn waits_for_parents(rows: u64, not_made: Option<NotMade>) -> Error {
    match not_made {
        Some(NotMade { why, hint }) => {
            Error::stopped(message!("lookup.not_created", rows = rows, why = why)).hint(hint)
        }
        None => Error::stopped(message!("lookup.not_created_yet", rows = rows))
            .hint(message!("lookup.waiting_unproved_hint")),
    }
}

/// The id of a record that a run has made, or has found in the account, and whether it has made it.
fn id_of(operation: &Operation) -> Option<(String, bool)> {
    let is_found = || operation.reason.as_deref().is_some_and(|reason| reason.code == EXISTS);
    match operation.status {
        Status::Created => Some((operation.id.clone()?, true)),
        Status::Skipped if is_found() => Some((operation.id.clone()?, false)),
        _ => None,
    }
}

/// Whether an earlier run has made a record, of which nothing else is known.
fn is_remembered(operation: &Operation) -> bool {
    let is_sent_before = operation.reason.as_deref().is_some_and(|reason| reason.code == SENT_BEFORE);
    operation.status == Status::Skipped && is_sent_before && operation.id.is_some()
}

/// The folder of the run that makes an entity's records for the rows of another run: beside that, and named in its journal.
fn folder_of(journal: &Journal, entity: &str) -> Result<PathBuf> {
    let note = parent_note(entity);
    let own = journal.folder();
    let stem = own.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(name) = journal.note(&note)? {
        return Ok(own.with_file_name(name));
    }
    let mut name = format!("{stem}-{entity}");
    let mut number = 1;
    while own.with_file_name(&name).exists() {
        number += 1;
        name = format!("{stem}-{entity}-{number}");
    }
    journal.set_note(&note, &name)?;
    Ok(own.with_file_name(name))
}

/// Rows of a run that it has sent, or may have sent.
fn sent_of(past: &JournalReader, there: &[NewParent]) -> Result<Vec<NewParent>> {
    let reserved: HashSet<u64> = past.reserved()?.into_iter().map(|row| row.row).collect();
    let mut ended = OperationCursor::open(past.folder())?;
    let mut sent = Vec::new();
    for (row_index, parent) in (0u64..).zip(there) {
        let has_end = ended
            .at(row_index)?
            .is_some_and(|operation| !matches!(operation.status, Status::Failed | Status::Refused | Status::Held));
        if has_end || reserved.contains(&row_index) {
            sent.push(parent.clone());
        }
    }
    Ok(sent)
}

/// The records of a file of ours.
fn read(file: &Path, entity: &str) -> Result<Vec<NewParent>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let shown = file.display().to_string();
    let input = Input { path: file.to_owned(), shown, header_row: Some(1), ..Input::default() };
    let mut reader = format::open(&input)?;
    let header = reader.sheet().header.clone();
    let (mut row, mut parents) = (Row::default(), Vec::new());
    while reader.read(&mut row)? {
        let text = |column: usize| row.cell(column).text.to_owned();
        let says = header.iter().enumerate().map(|(column, name)| (name.trim().to_owned(), text(column)));
        let says = says.filter(|(_, text)| !text.is_empty()).collect();
        parents.push(NewParent { field: String::new(), entity: entity.to_owned(), says });
    }
    Ok(parents)
}

/// Writes records into a file that no run of the folder has read yet: a column for each of their fields.
fn write(folder: &Path, entity: &str, parents: &[NewParent]) -> Result<PathBuf> {
    create_private_folder(folder)?;
    let file = (1u32..).map(|number| folder.join(format!("{entity}-{number}.csv"))).find(|file| !file.exists());
    // There are more numbers than files in a folder.
    let file = file.unwrap_or_else(|| folder.join(format!("{entity}.csv")));
    let names = fields_of(parents);
    let mut writer = CSV.create(&file, &WriteOptions::new(&Column::plain(&names)))?;
    for parent in parents {
        let says: HashMap<&str, &str> = parent.says.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let values: Vec<Value<'_>> =
            names.iter().map(|name| says.get(name).map_or(Value::Empty, |text| Value::Text(text))).collect();
        writer.write(&values)?;
    }
    writer.finish()?;
    Ok(file)
}

/// The fields that records say something for, in their order.
fn fields_of(parents: &[NewParent]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in parents.iter().flat_map(|parent| &parent.says) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// What a run is to do for another one, with a file of ours that has these fields for columns. A person has agreed to it with the
/// rows.
pub(super) fn follow_up<'a>(
    options: &ImportOptions<'a>,
    (entity, mode): (&Entity, WriteMode),
    folder: &Path,
    file: PathBuf,
    fields: &[&str],
) -> Result<ImportOptions<'a>> {
    let columns = fields.iter().map(|name| format!("\"{name}\" = \"{name}\"\n"));
    let mapping = format!("[columns]\n{}", columns.collect::<String>());
    let shown = short_path(&file).display().to_string();
    let before = &options.preflight;
    Ok(ImportOptions {
        catalog: options.catalog,
        account: options.account.clone(),
        preflight: PreflightOptions {
            input: Input { path: file, shown, header_row: Some(1), ..Input::default() },
            entity: mode.entity(entity, &[]),
            custom: before.custom,
            mapping_file: Some(MappingFile::parse(&mapping, &t!("retry.mapping_of_run"))?),
            account_mode: before.account_mode,
            mode,
            key: Vec::new(),
            values: before.values,
            consent: before.consent.clone(),
            baselines: None,
            baseline: None,
        },
        resume: ResumeOptions {
            folder: Some(folder.to_owned()),
            fresh: false,
            accept_changed: true,
            consents: before.consent.clone() != Default::default(),
            creates_existing: false,
            resends: options.resume.resends,
            decisions: None,
            // They are made of the rows as they are now.
            sends_beside_gone: true,
            ..options.resume.clone()
        },
        parent: None,
        dry_run: false,
        as_curl: false,
        limit: None,
        strict: false,
        max_failures: None,
        sample: 0,
        reads_back: options.reads_back,
        answers: Answers {
            yes: Some(Yes::All),
            expected: None,
            is_account_meant: true,
            notifications_off: options.answers.notifications_off,
            // Nothing is made that may be there.
            accepts_incomplete: false,
        },
        keeps_going: options.keeps_going,
        doubt: options.doubt,
        references: ReferenceOptions::default(),
        binds: None,
        typed: options.typed.clone(),
    })
}
