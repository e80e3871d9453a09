//! One export, from what is meant to a file: everything is read into the mirror, written out of it, and put in place when
//! it is whole.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Span;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::columns::ColumnChoice;
use super::filter::RecordFilter;
use super::gather::{self, Gathered};
use super::manifest::Manifest;
use super::mended::Mended;
use super::name_lists::{let_go_of_names, name_lists};
use super::options::{Condition, ExportOptions, MirrorUse};
use super::period::Bounds;
use super::plan::{ExportPlan, Source, refuse_no_date};
use super::publish::{Published, publish};
use super::record_reader::RecordReader;
use super::report::Exported;
use super::stage::{Stage, StagedFile};
use super::untold::{note_unsaid, refuse_untold};
use crate::account::ExportEnd;
use crate::api::{Client, Target};
use crate::entity::{CustomKind, titled};
use crate::error::{Context, Error, ErrorKind, Exit, Result};
use crate::message;
use crate::mirror::{List, Mirror};
use crate::projection::Definitions;
use crate::refresh::Refresher;
use crate::t;
use crate::terminal::{Interrupt, Printer, Progress};
use crate::text::clean;
use crate::waiting::Wait;

/// Seconds that two clocks may differ without one of them being wrong.
const CLOCK_SECONDS: i64 = 10 * 60;

/// Options below one that are named where they are left out.
const MOST_BRANCHES: usize = 10;

/// How often a lock that another command holds is tried.
const LOCK_PAUSE: Duration = Duration::from_millis(200);

/// How long a filtered list that was broken off is kept, in seconds.
const FORGET_SECONDS: i64 = 30 * 24 * 60 * 60;

/// Exports an entity's records into a file.
///
/// # Errors
/// Options that do not fit the entity, a login that is refused, a service that fails, an export that cannot be made whole,
/// a full disk, the user stops.
pub fn run(options: &ExportOptions<'_>, printer: &Printer) -> Result<Exit> {
    let began = Instant::now();
    let plan = ExportPlan::new(options)?;
    let connection = options.account.connect()?;
    let runtime = start_runtime()?;
    let stop = Interrupt::of_process();
    let _orderly = stop.orderly(Some(message!("refresh.stopping")));
    let secrets = ColumnChoice { options }.named_secrets();
    let mirror = open_mirror(options, !secrets.is_empty(), printer)?;
    let client = Arc::new(Client::new(connection.target.clone(), &options.catalog.service)?);
    let progress = Progress::new(printer);
    let work = |mirror: &Mirror| {
        let refresher = Refresher {
            client: &client,
            mirror,
            catalog: options.catalog,
            stop: &stop,
            progress: &progress,
            kept_secrets: &secrets,
            accepts_incomplete: options.accepts_incomplete,
            full_every: options.full_every,
        };
        export(&plan, refresher, &connection.target, &runtime)
    };
    let mut exported = work(&mirror);
    if exported.as_ref().is_err_and(Mirror::is_damage) && options.mirror != MirrorUse::Temporary && secrets.is_empty() {
        // What is in it can all be read again.
        drop(mirror);
        exported = work(&begin_anew(&options.account.mirror_file()?, printer)?);
    }
    progress.end();
    // What was read is kept nowhere.
    let is_forgotten = options.mirror == MirrorUse::Temporary || !secrets.is_empty();
    let exported = exported.map_err(|error| match is_forgotten && error.kind() == ErrorKind::Interrupted {
        true => Error::new(error.kind(), error.into_message()).hint(message!("export.begins_anew_hint")),
        false => error,
    });
    let exit = match &exported {
        Ok(exported) => exported.tell(options.entity, printer, &client, began),
        Err(error) => error.exit(),
    };
    note(options, &exported, exit, began, printer);
    exported.map(|_| exit)
}

/// Keeps for `bw8 runs` what the export came to. Where that cannot be kept the export is as good.
fn note(options: &ExportOptions<'_>, exported: &Result<Exported>, exit: Exit, began: Instant, printer: &Printer) {
    let end = ExportEnd {
        entity: &options.entity.name,
        file: options.output.file.as_deref(),
        lasted: began.elapsed(),
        records: exported.as_ref().ok().map(|exported| exported.manifest.records),
        is_complete: exported.as_ref().is_ok_and(|exported| exported.manifest.complete),
        exit,
        why: exported.as_ref().err().map(|error| error.clone().into_message()),
    };
    if let Err(error) = options.account.note_export(end) {
        printer.detail(&error.message());
    }
}

/// Reads, writes, puts in place.
fn export(plan: &ExportPlan<'_>, refresher: Refresher<'_>, target: &Target, runtime: &Runtime) -> Result<Exported> {
    let _lock = wait_for_lock(refresher)?;
    forget_old_lists(refresher.mirror)?;
    let output = &plan.options.output;
    let account = format!("{} @ {}", target.credentials.name(), target.host());
    refresher.progress.stage(&t!("export.stage_connect", account = account));
    let (mut gathered, definitions) = runtime.block_on(refresher.stop.unless_set(async {
        // What cannot be answered is refused before the list is asked for.
        let (mut definitions, mut warnings) = (None, Vec::new());
        if (ColumnChoice { options: plan.options }).unresolved().next().is_some() {
            let known = gather::definitions(&refresher, plan.options.entity, &mut warnings).await?;
            refuse_unanswerable(plan, &known)?;
            for name in unsure(plan, &known) {
                refresher.progress.say(&t!("export.unsure_column", column = clean(&name)));
            }
            definitions = Some(known);
        }
        let mut gathered = gather::records(&refresher, plan).await?;
        refuse_other_period(plan, &refresher)?;
        gathered.warnings.append(&mut warnings);
        let definitions = match definitions {
            Some(known) => known,
            None => gather::definitions(&refresher, plan.options.entity, &mut gathered.warnings).await?,
        };
        Ok((gathered, definitions))
    }))?;
    gathered.warnings.extend(branches_left_out(plan, &definitions));
    let mut filter = RecordFilter::new(plan, &definitions);
    if let [list] = gathered.lists.as_slice() {
        let list = list.clone();
        note_unsaid(&refresher, plan, &list, &mut filter)?;
        runtime.block_on(refresher.stop.unless_set(async {
            match refuse_untold(&refresher, plan, &list, &filter).await? {
                true => gather::to_the_day(&refresher, plan, &mut gathered).await,
                false => Ok(()),
            }
        }))?;
    }
    // Made before more is asked: a folder that cannot be written is seen at once.
    let directory = output.stage()?;
    let stage = Stage { plan, refresher, filter: &filter, directory: directory.path() };
    let mut staged =
        write(stage, &mut gathered, definitions, &account, runtime).map_err(|error| stage.without_directory(error))?;
    refresher.progress.stage(&t!("export.stage_place"));
    let published = publish(&staged, output, refresher)?;
    let mended = Mended::new(refresher.client.mended(), &staged);
    let export = keep_cells(plan, &mut staged, &published, &mut gathered.warnings);
    let mut manifest = Manifest::new(plan, &account, &gathered, &staged, &published, mended);
    manifest.export = export;
    if let Some(file) = &published.first {
        manifest.write_beside(file)?;
    }
    let_go(refresher.mirror, &gathered.lists)?;
    let is_printed = output.file.is_none();
    Ok(Exported { manifest, files: published.files, is_printed, is_cut: published.is_cut })
}

/// Keeps what the records' file says, now that it is in place: the export it is known by. Without it the file is as good, but
/// not known again when it is handed back.
fn keep_cells(
    plan: &ExportPlan<'_>,
    staged: &mut [StagedFile],
    published: &Published,
    warnings: &mut Vec<String>,
) -> Option<Uuid> {
    let kept = staged.first_mut()?.kept.take()?;
    let export = kept.export();
    match kept.keep(plan.options, published.files.first().map_or("-", String::as_str)) {
        Ok(()) => Some(export),
        Err(error) => {
            warnings.push(t!("export.not_known_again", why = error.message()).into_owned());
            None
        }
    }
}

/// Asks for what the lists do not say of their records, then writes the tables.
fn write(
    stage: Stage<'_>,
    gathered: &mut Gathered,
    definitions: Definitions,
    account: &str,
    runtime: &Runtime,
) -> Result<Vec<StagedFile>> {
    let Stage { plan, refresher, filter, .. } = stage;
    let list = match (&plan.source, gathered.lists.first()) {
        (Source::Tags, _) => {
            let Gathered { lists, warnings, is_incomplete, .. } = gathered;
            return stage.tags(lists, warnings, is_incomplete);
        }
        (_, None) => return Ok(Vec::new()),
        (_, Some(list)) => list.clone(),
    };
    let list = &list;
    let names = runtime.block_on(refresher.stop.unless_set(async {
        gather::details(&refresher, plan, list, filter, gathered).await?;
        stage.check_conditions(list, &definitions)?;
        let warnings = &mut gathered.warnings;
        if !plan.options.has_names {
            return Ok(Vec::new());
        }
        let fields = ColumnChoice { options: plan.options }.fields();
        let reader = RecordReader::new(&refresher, plan, list);
        name_lists(&refresher, &fields, &reader, filter, plan.options.mirror, warnings).await
    }))?;
    let staged = stage.records(list, definitions, names.clone(), account, &mut gathered.warnings)?;
    let_go_of_names(refresher.mirror, &names)?;
    Ok(staged)
}

/// Refuses a word for a span that means another one by the service's clock than by this machine's, which is wrong then.
fn refuse_other_period(plan: &ExportPlan<'_>, refresher: &Refresher<'_>) -> Result<()> {
    let selection = &plan.options.selection;
    let Some(word) = &selection.period else { return Ok(()) };
    let ahead = refresher.client.clock_ahead();
    let theirs = plan.options.now.saturating_add(Span::new().seconds(ahead));
    if ahead.abs() < CLOCK_SECONDS || Bounds::of_period(word, theirs.date())? == selection.bounds {
        return Ok(());
    }
    let [ours, theirs] = [plan.options.now, theirs].map(|now| now.strftime("%Y-%m-%d %H:%M").to_string());
    Err(Error::cannot_run(message!("export.other_clock", word = word, ours = ours, theirs = theirs))
        .hint(message!("export.other_clock_hint")))
}

/// Names of which only the records tell whether they are columns, as no custom fields are known: reading them may take long.
fn unsure(plan: &ExportPlan<'_>, definitions: &Definitions) -> Vec<String> {
    let is_filter =
        |name: &str| plan.query().is_some_and(|query| query.endpoint.filters.iter().any(|filter| filter == name));
    let choice = ColumnChoice { options: plan.options };
    let names = choice.unresolved().filter(|name| !is_filter(name));
    names.filter(|_| definitions.is_empty()).map(str::to_owned).collect()
}

/// Refuses names that are neither fields nor custom fields of the account, and values that are none of a custom field's
/// options.
fn refuse_unanswerable(plan: &ExportPlan<'_>, definitions: &Definitions) -> Result<()> {
    let choice = ColumnChoice { options: plan.options };
    let is_filter =
        |name: &str| plan.query().is_some_and(|query| query.endpoint.filters.iter().any(|filter| filter == name));
    // Without the right to see definitions a custom field is known by the key that records carry.
    let is_known = |name: &str| definitions.is_empty() || definitions.key_of(name).is_some() || may_be_member(name);
    let unresolved = choice.unresolved_among(definitions);
    if let Some(name) = unresolved.iter().find(|name| !is_known(name) && !is_filter(name)) {
        return Err(choice.unknown(name, &[], definitions));
    }
    if let Some(name) = unresolved.iter().find(|name| definitions.keys_of(name).len() > 1) {
        let titles = definitions.keys_of(name).into_iter().map(|key| titled(definitions.label(key), key));
        return Err(Error::usage(message!("export.several_columns", column = name))
            .hint(message!("export.several_columns_hint", known = titles.collect::<Vec<_>>().join(", "))));
    }
    for Condition { column, value } in &choice.conditions(definitions) {
        let Some(key) = definitions.key_of(column).filter(|_| choice.field(column).is_none()) else { continue };
        if definitions.kind(key) == Some(CustomKind::Date) {
            refuse_no_date(value, &plan.options.catalog.service)?;
        }
        if let Some(known) = definitions.options_without(key, value) {
            return Err(Error::usage(message!("export.no_choice", column = column, value = value))
                .hint(message!("export.no_choice_hint", known = known.join(", "))));
        }
    }
    Ok(())
}

/// What to say of conditions on an option that has others below it: those are values of their own, and not asked for.
fn branches_left_out(plan: &ExportPlan<'_>, definitions: &Definitions) -> Vec<String> {
    let choice = ColumnChoice { options: plan.options };
    let conditions = choice.conditions(definitions);
    let custom = conditions.iter().filter(|condition| choice.field(&condition.column).is_none());
    let custom = custom.filter_map(|condition| Some((definitions.key_of(&condition.column)?, condition)));
    let custom: Vec<(&str, &Condition)> = custom.collect();
    let is_asked_for = |key: &str, path: &str| {
        let mut of_key = custom.iter().filter(|(other, _)| *other == key);
        of_key.any(|(_, condition)| definitions.spellings(key, &condition.value).iter().any(|word| word == path))
    };
    let words = |(key, Condition { column, value }): &(&str, &Condition)| {
        let below = definitions.below(key, value).into_iter().filter(|path| !is_asked_for(key, path));
        let below: Vec<&str> = below.collect();
        let first = *below.first()?;
        let more = if below.len() > MOST_BRANCHES { ", …" } else { "" };
        let shown = below[..below.len().min(MOST_BRANCHES)].join(", ");
        let shown = clean(&shown).into_owned() + more;
        let option = format!("{column}={first}");
        Some(
            t!("export.branches_left_out", column = column, value = value, branches = shown, option = option)
                .into_owned(),
        )
    };
    custom.iter().filter_map(words).collect()
}

/// Whether a name may be that of a member which the catalog does not know, or the key of a custom field: that shows in the records
/// alone.
fn may_be_member(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn start_runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context(|| message!("run.no_runtime"))
}

fn open_mirror(options: &ExportOptions<'_>, has_secrets: bool, printer: &Printer) -> Result<Mirror> {
    if has_secrets && options.mirror == MirrorUse::ReadChanges {
        return Err(
            Error::usage(message!("export.secret_incremental")).hint(message!("export.secret_incremental_hint"))
        );
    }
    if has_secrets || options.mirror == MirrorUse::Temporary {
        return Mirror::temporary();
    }
    let file = options.account.mirror_file()?;
    printer.detail(&t!("export.mirror_at", file = file.display()));
    match Mirror::open(&file) {
        Err(error) if Mirror::is_damage(&error) => begin_anew(&file, printer),
        opened => opened,
    }
}

/// A new mirror in the place of a damaged one.
fn begin_anew(file: &Path, printer: &Printer) -> Result<Mirror> {
    let aside = Mirror::set_aside(file)?;
    printer.warn(&t!("mirror.set_aside", file = file.display(), aside = aside.display()));
    Mirror::open(file)
}

/// Waits until no other export refreshes this account's mirror.
fn wait_for_lock(refresher: Refresher<'_>) -> Result<File> {
    let mut waiting = None;
    loop {
        if let Some(lock) = refresher.mirror.lock()? {
            return Ok(lock);
        }
        waiting.get_or_insert_with(|| {
            let ends = message!("waiting.other");
            Wait { why: message!("mirror.waiting"), until: None, ends, is_retry: false, is_urgent: true }.begin()
        });
        refresher.stop.check()?;
        std::thread::sleep(LOCK_PAUSE);
    }
}

/// Lets go of lists that are written out: the next export reads them anew.
fn let_go(mirror: &Mirror, lists: &[List]) -> Result<()> {
    for list in lists {
        // A list that was asked with filters of its own is of no use to other exports.
        match list.query.is_empty() {
            true => mirror.mark_used(list)?,
            false => mirror.forget(list)?,
        }
    }
    Ok(())
}

/// Forgets lists that were asked with filters, broken off and never taken up again.
fn forget_old_lists(mirror: &Mirror) -> Result<()> {
    let now = jiff::Timestamp::now().as_second();
    for list in mirror.lists()? {
        if !list.query.is_empty() && list.began.is_none_or(|began| now - began > FORGET_SECONDS) {
            mirror.forget(&list)?;
        }
    }
    Ok(())
}
