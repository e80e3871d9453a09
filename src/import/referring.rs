//! Rows that refer to records of the account: looked up before anything is sent, where something is left to be.

use super::memory::Memory;
use super::options::ImportOptions;
use super::preflight::{Preflight, Rows};
use super::references::{self, Made, Outcome, Pass, Questions, Reference, Settled, Stage};
use super::repeated_records::{records_of, refuse_repeats};
use super::row_sender::halting;
use super::sent_rows::SentRows;
use crate::check::describe::{SHOWN_KINDS, describe};
use crate::error::Result;
use crate::journal::{Journal, JournalReader, OperationCursor};
use crate::lookup::Lists;
use crate::t;
use crate::terminal::Printer;

/// Rows that refer to records of the account.
pub(super) struct Referring<'a> {
    /// What the command is to do.
    pub options: &'a ImportOptions<'a>,
    /// The run, once it has begun, …
    pub journal: Option<&'a Journal>,
    /// … or as it was left, where nothing goes on with it.
    pub past: Option<&'a JournalReader>,
}

impl Referring<'_> {
    /// Finds the records that rows refer to in the account's lists.
    ///
    /// # Errors
    /// A list that cannot be read now.
    pub(super) fn resolve(
        &self,
        ended: impl Fn() -> Result<Option<OperationCursor>>,
        memory: &mut Memory,
        preflight: &mut Preflight,
        rows: &mut Rows,
        printer: &Printer,
    ) -> Result<Outcome> {
        // Rows wait for what is decided about their words, whatever they refer to.
        let (mut questions, waiting) = (Questions::of(preflight.questions.clone()), preflight.waiting);
        let mut outcome = self.resolve_all(ended, memory, preflight, rows, (&mut questions, printer))?;
        outcome.waiting += waiting;
        outcome.questions = questions.list.len();
        // What is asked about stands in it from the first time on.
        if let Some(journal) = self.journal.filter(|_| outcome.questions > 0) {
            let file = journal.folder().join(references::FILE_NAME);
            if let Err(why) = references::write(&file, &questions.list) {
                printer.warn(&t!("lookup.not_written", file = file.display(), why = why.message()));
            }
        }
        Ok(outcome)
    }

    fn resolve_all(
        &self,
        ended: impl Fn() -> Result<Option<OperationCursor>>,
        memory: &mut Memory,
        preflight: &mut Preflight,
        rows: &mut Rows,
        (questions, printer): (&mut Questions, &Printer),
    ) -> Result<Outcome> {
        let options = self.options;
        let references = Reference::all(&preflight.mapping, options.catalog);
        // Nothing is made where there is nothing.
        let is_there = !options.dry_run || !options.is_sandbox() || options.account.index_folder()?.exists();
        let changes_done = preflight.mapping.is_found_by_key();
        if references.is_empty() {
            return Ok(Outcome::default());
        }
        if !references::is_needed(Settled { ended: ended()?, memory, changes_done }, rows)? {
            return Ok(Outcome::default());
        }
        if !is_there {
            printer.warn(&t!("lookup.no_sandbox_yet"));
            return Ok(Outcome::default());
        }
        printer.stage(&t!("run.stage_look", host = options.account.named_host()));
        let mut lists = Lists::new(&options.account, options.catalog, !options.dry_run, printer)?;
        let settled = Settled { ended: ended()?, memory, changes_done };
        self.look(&references, (&mut lists, questions), Stage::First(settled), preflight, rows, printer)
    }

    /// Looks once more at the rows that are sent and refer to records that were to be made before them.
    ///
    /// # Errors
    /// A list that cannot be read now.
    pub(super) fn resolve_made(
        &self,
        made: &mut Made,
        sent: SentRows<'_>,
        preflight: &mut Preflight,
        rows: &mut Rows,
        printer: &Printer,
    ) -> Result<Outcome> {
        let options = self.options;
        let references = Reference::all(&preflight.mapping, options.catalog);
        printer.stage(&t!("run.stage_look", host = options.account.named_host()));
        let mut lists = Lists::new(&options.account, options.catalog, true, printer)?;
        for (key, entity, id) in made.take_remembered() {
            // A list may be slower than the record itself.
            if lists.gives(options.catalog.find(&entity)?, &id)? {
                made.add(key, id, false);
            }
        }
        let mut questions = Questions::default();
        let stage = Stage::ParentsMade(made, sent);
        self.look(&references, (&mut lists, &mut questions), stage, preflight, rows, printer)
    }

    fn look<'b>(
        &self,
        references: &[Reference<'b>],
        (lists, questions): (&mut Lists<'b>, &mut Questions),
        stage: Stage<'_>,
        preflight: &mut Preflight,
        rows: &mut Rows,
        printer: &Printer,
    ) -> Result<Outcome>
    where
        Self: 'b,
    {
        let is_first = matches!(stage, Stage::First(_));
        let told = describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?;
        let pass = Pass { options: self.options, references, lists, journal: self.journal, past: self.past, questions };
        let outcome = references::resolve(pass, stage, preflight, rows, printer);
        // A server that never answered is not down but somewhere else.
        let outcome = outcome.map_err(|error| if lists.was_answered() { halting(error) } else { error })?;
        let entity = preflight.mapping.entity();
        if is_first && (entity.is_asked_for() && entity.may_change || entity.edits.is_some()) {
            // Two rows that say it otherwise may mean one record.
            refuse_repeated(preflight, rows)?;
        }
        let found = describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?;
        // What the file itself says was told before.
        if found != told {
            printer.warn(&found);
        }
        Ok(outcome)
    }
}

/// Refuses rows about one record as they name it now.
fn refuse_repeated(preflight: &mut Preflight, rows: &mut Rows) -> Result<()> {
    let records = records_of(&mut rows.spool, preflight.mapping.entity())?;
    refuse_repeats(&mut rows.spool, &preflight.mapping, records, &mut preflight.findings)?;
    rows.begin()
}
