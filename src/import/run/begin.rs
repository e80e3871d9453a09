//! Which run is meant, what it has done, and what others say of its rows: found out, and written down before anything is sent.

use super::super::additions::Additions;
use super::super::known::{Known, register};
use super::super::last_sent::keep_told;
use super::super::memory::Memory;
use super::super::notes::{BASELINE_NOTE, note_command, note_fields};
use super::super::options::ImportOptions;
use super::super::places::{hold_here, places, tell_index};
use super::super::references::{Answers, FILE_NAME};
use super::super::report::words;
use super::super::resume::{self, OpenedRun, ResumePlan};
use super::super::run_identity::identity;
use super::super::settle::Found;
use super::super::strange_export::refuse_strange_export;
use super::super::words::Words;
use super::input::Input;
use super::settling::{settle_before, settle_before_change};
use crate::error::{Error, Exit, Result};
use crate::files::{self, short_path};
use crate::journal::{Counts, Journal, JournalReader, RegisteredRows, RunIdentity, RunIndex};
use crate::machine::shared_folder;
use crate::message;
use crate::t;
use crate::terminal::{Printer, quoted_path};

/// What there is to begin with.
pub(super) enum Begun {
    /// A run did it all before; how it ended.
    Before(Box<JournalReader>, Exit),
    /// This one.
    Run(Box<BegunRun>),
}

/// A run before it looks into the account.
pub(super) struct BegunRun {
    /// What it writes down.
    pub journal: Journal,
    /// All runs of the account.
    pub index: RunIndex,
    /// What other runs say of the rows.
    pub memory: Memory,
    /// The rows that others see as taken, where such rows must not be sent twice.
    pub registered: Option<RegisteredRows>,
    /// What runs have added to records that no record shows.
    pub additions: Option<Additions>,
    /// How many rows have an end already; none of a new run.
    pub ended: Option<u64>,
    /// What it counted when this command began.
    pub before: Counts,
}

impl BegunRun {
    /// What it writes down; what the index holds in memory is of no use while rows are sent.
    pub(super) fn into_journal(self) -> Journal {
        self.journal
    }
}

/// Finds out which run is meant, and begins it or goes on with it.
///
/// # Errors
/// Something that makes the run what it is has changed, a journal that cannot be read, rows that another command is sending.
pub(super) fn begin(options: &ImportOptions<'_>, input: &mut Input, printer: &Printer) -> Result<Begun> {
    printer.stage(&t!("run.stage_memory"));
    let identity = identity(options, &input.preflight)?;
    let mut index = options.account.index()?;
    index.look_in(places(options, &identity)?);
    // Two commands at once must not both begin to send the same rows.
    let deciding = index.hold()?;
    let here = hold_here(options)?;
    let find_out = |index: &mut RunIndex, input: &mut Input| {
        Known::find_out(options, &identity, index, &mut input.rows, &input.preflight.mapping)
    };
    let known = find_out(&mut index, input);
    tell_index(&mut index, printer);
    let mut known = known?;
    let decided = words_of(options, &known.meant)?;
    if !decided.decides_as(&input.words) {
        input.read_again(options, decided, printer)?;
        known = find_out(&mut index, input)?;
    }
    let Input { preflight, rows, words, .. } = input;
    refuse_answers_of_other_account(options, &identity, &index)?;
    known.refuse_rows_of_export(options, preflight)?;
    if !known.is_finished() {
        refuse_strange_export(options, preflight, rows)?;
    }
    // First: a row that is being sent at this moment is in doubt as well, and finding out about it would be for nothing.
    known.refuse_rows_in_work((options, preflight), &identity, &index, rows)?;
    known.tell(preflight, printer);
    let mut settled_as_sent = Found::default();
    let before_change = |journal: &mut Journal| {
        settled_as_sent = settle_before_change(journal, options, &index, printer)?;
        let counts = journal.reader()?.counts()?;
        let sent = counts.created + counts.updated;
        if sent > 0 {
            printer.warn(&message!("resume.sent_otherwise", rows = sent).to_string());
        }
        keep_told(options, &journal.reader()?)
    };
    let opened = resume::open(known.meant, &options.resume, identity, known.ended, &index, before_change)?;
    let (mut journal, ended) = match opened {
        OpenedRun::Finished(past, exit) => return Ok(Begun::Before(Box::new(past), exit)),
        OpenedRun::Continue(journal, ended) => (journal, Some(ended)),
        OpenedRun::New(journal) => (journal, None),
    };
    let registered = register(options, &journal, &index, (rows, &preflight.mapping))?;
    drop((here, deciding));
    // A run that was forgotten has words again from here on.
    journal.remember()?;
    words.to_keep().try_for_each(|(key, answer)| journal.keep_decision(key, &answer))?;
    note_command(&journal, options)?;
    if let Some(handed_back) = &preflight.handed_back {
        journal.set_note(BASELINE_NOTE, &files::path_to_text(handed_back.path()))?;
    }
    note_fields(&journal, &preflight.account_fields)?;
    files::sweep(journal.folder());
    let settled = match ended {
        Some(_) => settle_before(&mut journal, options, &index, printer)?,
        None => Found::default(),
    };
    // What was found never to have left is sent by this command, too.
    let is_left = settled_as_sent.free + settled.free + settled.repeated + journal.not_sent();
    let ended = ended.map(|ended| ended.saturating_sub(is_left));
    // What this run itself has added is known, too, now that its rows are settled.
    let additions = Additions::of(options, &mut index, journal.identity(), &preflight.mapping)?;
    if let Some(additions) = &additions {
        additions.tell(options.entity(), rows, printer)?;
    }
    let before = journal.reader()?.counts()?;
    tell(&journal, ended, &before, printer)?;
    Ok(Begun::Run(Box::new(BegunRun { journal, index, memory: known.memory, registered, additions, ended, before })))
}

/// Refuses a workbook of answers that lies in the folder of a run into another account, the sandbox's too, and names records by
/// their ids: here they are those of others.
fn refuse_answers_of_other_account(
    options: &ImportOptions<'_>,
    identity: &RunIdentity,
    index: &RunIndex,
) -> Result<()> {
    let Some(named) = options.references.decisions.as_deref() else { return Ok(()) };
    // One that lies elsewhere, or beside a journal that cannot be read, does not tell where it comes from.
    let past = std::path::absolute(named).ok().and_then(|file| Some(file.parent()?.to_owned()));
    let past = past.filter(|folder| Journal::exists(folder)).map(|folder| JournalReader::open_read_only(&folder));
    let Some(Ok(past)) = past else { return Ok(()) };
    let target = &past.identity().target;
    if *target == identity.target || index.is_same_account(&identity.target, target)? == Some(true) {
        return Ok(());
    }
    match Answers::gather(Vec::new(), None, Some(named))?.hold_ids() {
        false => Ok(()),
        true => Err(Error::usage(message!("lookup.answers_elsewhere", file = named.display()))
            .hint(message!("lookup.answers_elsewhere_hint", run = quoted_path(short_path(past.folder()))))),
    }
}

/// Says whether a run begins or goes on.
fn tell(journal: &Journal, ended: Option<u64>, before: &Counts, printer: &Printer) -> Result<()> {
    let folder = quoted_path(journal.folder());
    match ended {
        None => {
            printer.say(&t!("run.new", folder = folder));
            shared_folder(journal.folder()).iter().for_each(|word| printer.warn(&word.to_string()));
        }
        Some(_) if before.ended() > 0 => {
            let counts = words::counts_of(&journal.reader()?, before)?;
            printer.say(&t!("run.continue", folder = folder, counts = counts));
        }
        Some(0) if !journal.reader()?.repeats()?.is_empty() => {
            printer.say(&t!("run.accept_again", folder = folder));
        }
        Some(0) => printer.say(&t!("run.accept_none", folder = folder)),
        Some(ended) => printer.say(&t!("run.accept", folder = folder, rows = ended)),
    }
    Ok(())
}

/// What a person decided about words of rows of the run that is meant.
///
/// # Errors
/// A workbook that cannot be read, or says what cannot be done.
fn words_of(options: &ImportOptions<'_>, meant: &ResumePlan) -> Result<Words> {
    let named = options.references.decisions.as_deref();
    let (kept, own) = match meant {
        ResumePlan::Continue(folder, past) | ResumePlan::Accept(folder, past) => {
            (past.decisions()?, Some(folder.join(FILE_NAME)))
        }
        ResumePlan::New(_) | ResumePlan::Finished(..) => (Vec::new(), None),
    };
    Ok(Words::of(&Answers::gather(kept, own.as_deref(), named)?))
}
