//! `bw8 retry`: sends again what was refused or failed, after the file was fixed. It is a run of its own, linked to the
//! first and claiming its rows there, so that the same file retried twice sends nothing twice.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::options::{ConsentOptions, SendingOptions, ValueArguments, account_name};
use super::runs;
use crate::account::Account;
use crate::check::consent::{EXISTS, ROWS_GONE};
use crate::entity::WriteMode;
use crate::error::{Context, Error, Exit, Result};
use crate::files::path_of_text;
use crate::format::{self, Input, Row};
use crate::import::report::file_to_retry;
use crate::import::{self, Accounts, ImportOptions, PreflightOptions, ResumeOptions};
use crate::import::{BASELINE_NOTE, BINDS_NOTE};
use crate::journal::{Journal, JournalReader, Parent, RunIndex};
use crate::mapping::{KnownHeadings, MappingFile, RESULT_COLUMNS};
use crate::message;
use crate::pipes::refuse_pipe;
use crate::settings::{ConnectionOptions, Settings, SettingsOptions};
use crate::t;
use crate::terminal::{CommandLine, Global, Printer};

/// `bw8 retry`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A run's folder, or its file of failed rows after it was fixed
    run_or_file: PathBuf,
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(flatten)]
    settings: SettingsOptions,
    #[command(flatten)]
    sending: SendingOptions,
    #[command(flatten)]
    values: ValueArguments,
    #[command(flatten)]
    consent: ConsentOptions,
    /// Send nothing when any row has a mistake; check ends with code 2 instead of 3
    #[arg(long)]
    strict: bool,
    /// Go on although input, mapping or catalog changed; done rows stay done
    #[arg(long)]
    accept_changed: bool,
}

/// Sends failed rows again.
///
/// # Errors
/// A file that belongs to no run, and everything of an import.
pub fn run(arguments: &Arguments, global: &Global, typed: &CommandLine, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let account = Account::new(&arguments.connection, &settings)?;
    let mut index = account.index()?;
    index.take_words().iter().for_each(|word| printer.warn(&word.to_string()));
    // Folders of runs may have been moved since.
    let further = arguments.sending.further.runs_from.as_deref();
    index.look_in(import::run_places(&account, &arguments.run_or_file, further)?);
    index.look_through()?;
    let resends = arguments.sending.doubt.resend_unknown;
    let (folder, file) = find(&arguments.run_or_file, &index, (typed, resends))?;
    let first_run = JournalReader::open(&folder)?;
    let told = arguments.sending.accounts.told();
    let accounts = Accounts { account: &account, catalog: &settings.catalog, told: &told, patience: None };
    accounts.keep_told(&index)?;
    accounts.refuse_other(&index, &first_run)?;
    drop(index);
    let parent = first_run.identity();
    let options = ImportOptions {
        catalog: &settings.catalog,
        preflight: preflight(&settings, &first_run, file, arguments)?,
        resume: ResumeOptions {
            folder: arguments.sending.run.clone(),
            fresh: false,
            accept_changed: arguments.accept_changed,
            account_name: account_name(&account, &arguments.settings),
            accounts: arguments.sending.accounts.told(),
            runs_from: arguments.sending.further.runs_from.clone(),
            decisions: arguments.sending.references.decisions.clone(),
            consents: arguments.consent.accept_warnings.is_some(),
            creates_existing: arguments.consent.consent().names(EXISTS),
            resends: arguments.sending.doubt.options().resends_unknown(),
            sends_beside_gone: arguments.consent.consent().names(ROWS_GONE),
        },
        account,
        parent: Some(Parent { run: parent.run, folder }),
        dry_run: arguments.sending.dry_run,
        as_curl: arguments.sending.as_curl,
        limit: None,
        strict: arguments.strict,
        max_failures: arguments.sending.max_failures,
        reads_back: !arguments.sending.no_canary,
        sample: arguments.sending.sample.into(),
        answers: arguments.sending.answers(None, &arguments.settings, global),
        keeps_going: arguments.sending.keep_going,
        doubt: arguments.sending.doubt.options(),
        references: arguments.sending.references.options(),
        // Rows that are sent again are bound as those that went at once.
        binds: arguments.sending.bind.clone().or(first_run.note(BINDS_NOTE)?),
        typed: typed.clone(),
    };
    import::run(&options, printer)
}

/// What the rows of the file mean: what they meant in the first run.
fn preflight<'a>(
    settings: &'a Settings,
    first_run: &JournalReader,
    file: PathBuf,
    arguments: &Arguments,
) -> Result<PreflightOptions<'a>> {
    let parent = first_run.identity();
    let mode = WriteMode::of(&parent.mode);
    let mapping_text = parent.mapping_text.as_deref();
    let shown = file.display().to_string();
    let entity = mode.entity(settings.catalog.find(&parent.entity)?, &parent.key);
    let mapping_file = mapping_text.map(|text| MappingFile::parse(text, &t!("retry.mapping_of_run"))).transpose()?;
    let headings = KnownHeadings::new(&entity, mapping_file.as_ref());
    let values = arguments.values.options(mapping_file.as_ref());
    Ok(PreflightOptions {
        input: Input { path: file, shown, headings: Some(Arc::new(headings)), ..Input::default() },
        entity,
        custom: &settings.catalog.service.custom,
        mapping_file,
        account_mode: parent.account_mode,
        mode,
        key: parent.key.clone(),
        values,
        consent: arguments.consent.known()?,
        baselines: None,
        baseline: first_run.note(BASELINE_NOTE)?.as_deref().map(path_of_text),
    })
}

/// The folder of the run that is retried and the file with its rows.
fn find(named: &Path, index: &RunIndex, typed: (&CommandLine, bool)) -> Result<(PathBuf, PathBuf)> {
    let absolute = |path: &Path| std::path::absolute(path).context(|| path.display().to_string());
    // A run of its own goes on from it later.
    refuse_pipe(named)?;
    if named.is_dir() {
        if !Journal::exists(named) {
            if let Some(error) = runs::why_gone(std::slice::from_ref(index), named)? {
                return Err(error);
            }
            return Err(
                Error::usage(message!("journal.none", folder = named.display())).hint(message!("journal.none_hint"))
            );
        }
        return match file_to_retry(&JournalReader::open(named)?)? {
            Some(file) => Ok((absolute(named)?, file)),
            None => Err(nothing_to_retry(named, typed)?),
        };
    }
    if !named.exists() {
        return Err(
            Error::usage(message!("format.missing", file = named.display())).hint(message!("journal.none_hint"))
        );
    }
    let run = run_named_in(named)?;
    if let Some(run) = run
        && let Some(indexed) = index.of_id(&run)?.filter(|run| run.is_there)
    {
        return Ok((indexed.folder, named.to_owned()));
    }
    // The extra columns may be gone; a file that still lies in its run's folder belongs to it.
    let beside = absolute(named)?.parent().map(Path::to_owned).unwrap_or_default();
    match (Journal::exists(&beside), run) {
        (true, _) => Ok((beside, named.to_owned())),
        (false, Some(run)) => Err(Error::usage(message!("retry.run_gone", file = named.display(), run = run))
            .hint(message!("retry.run_gone_hint"))),
        (false, None) => {
            Err(Error::usage(message!("retry.no_run", file = named.display())).hint(message!("retry.no_run_hint")))
        }
    }
}

fn nothing_to_retry(folder: &Path, (typed, resends): (&CommandLine, bool)) -> Result<Error> {
    let past = JournalReader::open(folder)?;
    let unknown = past.counts()?.unknown;
    let error = match past.forgotten()? {
        None if unknown > 0 => {
            let command = typed.on_same_account("settle", folder);
            let hint = match resends {
                true => message!("retry.resend_hint", rows = unknown, command = command),
                false => message!("retry.unknown_hint", rows = unknown, command = command),
            };
            Error::usage(message!("retry.nothing", folder = folder.display())).hint(hint)
        }
        None => Error::usage(message!("retry.nothing", folder = folder.display())).hint(message!("retry.nothing_hint")),
        Some(_) => {
            Error::usage(message!("retry.forgotten", folder = folder.display())).hint(message!("retry.forgotten_hint"))
        }
    };
    Ok(error)
}

/// The run that the first row of a file of failed rows names.
fn run_named_in(file: &Path) -> Result<Option<uuid::Uuid>> {
    let input = Input { path: file.to_owned(), shown: file.display().to_string(), ..Input::default() };
    let mut reader = format::open(&input)?;
    let Some(column) = reader.sheet().header.iter().position(|header| header.trim() == RESULT_COLUMNS[1]) else {
        return Ok(None);
    };
    let mut row = Row::default();
    while reader.read(&mut row)? {
        if let Ok(run) = row.cell(column).text.trim().parse() {
            return Ok(Some(run));
        }
    }
    Ok(None)
}
