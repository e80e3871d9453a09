//! The way out: from the service through the mirror into a file. `plan` says what is meant, `gather` asks for it, `columns`
//! and `shape` make cells of it, `rows` and `write` put them into a file, `manifest` says what proves that it is all.

mod arguments;
mod columns;
mod definitions;
mod filter;
mod gather;
mod html;
mod manifest;
mod moment;
mod names;
mod period;
mod plan;
mod rows;
mod shape;
mod summary;
mod tags;
mod write;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rust_i18n::t;
use serde_json::json;

pub use arguments::Arguments;

use arguments::{Summary, To};
use columns::Choice;
use definitions::Definitions;
use filter::{Filter, Term};
use gather::Gathered;
use manifest::{FileSum, Manifest};
use names::Names;
use plan::{Plan, Source};
use rows::{Passed, Pile};
use shape::{Shape, Style};
use summary::Tally;
use write::{Table, Written};

use crate::account::Account;
use crate::api::{Client, Target};
use crate::entity::{Catalog, Kind, Part};
use crate::error::{Context, Error, Exit, Result};
use crate::format::SUMMARY_SHEET_NAMES;
use crate::language::Language;
use crate::message;
use crate::mirror::{List, Mirror};
use crate::refresh::{Question, Refresh};
use crate::settings::Settings;
use crate::terminal::{Interrupt, Printer, Progress};

/// How often a lock that another command holds is tried.
const LOCK_PAUSE: Duration = Duration::from_millis(200);

/// How long a filtered list that was broken off is kept, in seconds.
const FORGET_SECONDS: i64 = 2 * 24 * 60 * 60;

/// Exports an entity's records into a file.
///
/// # Errors
/// Wrong usage, a login that is refused, a service that fails, an export that cannot be made whole, a full disk.
pub fn run(arguments: &Arguments, settings: &Settings, account: &Account, printer: &Printer) -> Result<Exit> {
    let began = Instant::now();
    let catalog = &settings.catalog;
    let now = service_time(catalog);
    let plan = Plan::new(arguments, catalog, now.date())?;
    let connection = account.connect()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context(|| "tokio".to_owned())?;
    let _inside = runtime.enter();
    let stop = Interrupt::listen();
    let choice = Choice {
        entity: plan.entity,
        named: &arguments.columns,
        headers: plan.headers,
        mode: settings.account_mode,
        has_names: plan.has_names,
    };
    let secrets = choice.named_secrets();
    let mirror = open_mirror(arguments, account, !secrets.is_empty(), printer)?;
    let client = Arc::new(Client::new(connection.target.clone(), &catalog.service)?);
    let progress = Progress::new(printer);
    let refresh =
        Refresh { client: &client, mirror: &mirror, catalog, stop: &stop, progress: &progress, kept_secrets: &secrets };
    let target = &connection.target;
    let job = Job { arguments, plan: &plan, choice: &choice, refresh, target, now, runtime: &runtime };
    let done = job.run();
    progress.end();
    let report = done?;
    report.tell(&plan, printer, &client, began);
    Ok(Exit::Done)
}

/// The time where the service is.
fn service_time(catalog: &Catalog) -> jiff::civil::DateTime {
    let offset = jiff::tz::Offset::from_seconds(catalog.service.utc_offset).unwrap_or(jiff::tz::Offset::UTC);
    offset.to_datetime(jiff::Timestamp::now())
}

fn open_mirror(arguments: &Arguments, account: &Account, has_secrets: bool, printer: &Printer) -> Result<Mirror> {
    if has_secrets && arguments.incremental {
        return Err(
            Error::usage(message!("export.secret_incremental")).hint(message!("export.secret_incremental_hint"))
        );
    }
    if arguments.no_mirror || has_secrets {
        return Mirror::temporary();
    }
    let file = account.mirror_file()?;
    printer.detail(&t!("export.mirror_at", file = file.display()));
    Mirror::open(&file)
}

/// One export, with everything it needs.
struct Job<'a> {
    arguments: &'a Arguments,
    plan: &'a Plan<'a>,
    choice: &'a Choice<'a>,
    refresh: Refresh<'a>,
    target: &'a Target,
    now: jiff::civil::DateTime,
    runtime: &'a tokio::runtime::Runtime,
}

/// What became of it.
struct Report {
    manifest: Manifest,
    files: Vec<String>,
}

impl<'a> Job<'a> {
    fn run(&self) -> Result<Report> {
        let mirror = self.refresh.mirror;
        let _lock = self.wait_for_lock()?;
        self.forget_old_lists()?;
        let (mut gathered, definitions) = self.runtime.block_on(async {
            let gathered = gather::records(&self.refresh, self.plan, self.arguments.incremental).await?;
            let definitions = gather::definitions(&self.refresh, self.plan.entity).await?;
            Ok::<_, Error>((gathered, definitions))
        })?;
        let filter = self.filter(&definitions)?;
        let workshop = write::workshop(self.plan.output.file.as_deref())?;
        let made = match &self.plan.source {
            Source::Tags => self.write_tags(&gathered, &filter, workshop.path()).map(|made| vec![made]),
            _ => self.write_records(&mut gathered, definitions, &filter, workshop.path()),
        }
        .map_err(|error| self.without_workshop(error, workshop.path()))?;
        let report = self.publish(gathered.reports, gathered.warnings, made)?;
        for list in &gathered.lists {
            // A list that was asked with filters of its own is of no use to other exports.
            match list.question.is_empty() {
                true => mirror.mark_used(list)?,
                false => mirror.forget(list)?,
            }
        }
        Ok(report)
    }

    /// Waits until no other export refreshes this account's mirror.
    fn wait_for_lock(&self) -> Result<std::fs::File> {
        let mut is_told = false;
        loop {
            if let Some(lock) = self.refresh.mirror.lock()? {
                return Ok(lock);
            }
            if !std::mem::replace(&mut is_told, true) {
                self.refresh.progress.say(&t!("mirror.waiting"));
            }
            self.refresh.stop.check()?;
            std::thread::sleep(LOCK_PAUSE);
        }
    }

    /// Forgets lists that were asked with filters, broken off and never taken up again.
    fn forget_old_lists(&self) -> Result<()> {
        let now = jiff::Timestamp::now().as_second();
        for list in self.refresh.mirror.lists()? {
            if !list.question.is_empty() && list.began.is_none_or(|began| now - began > FORGET_SECONDS) {
                self.refresh.mirror.forget(&list)?;
            }
        }
        Ok(())
    }

    fn filter(&self, definitions: &Definitions) -> Result<Filter<'a>> {
        let endpoint = match &self.plan.source {
            Source::List(question) => Some(question.endpoint),
            _ => None,
        };
        let mut terms: Vec<Term> = Vec::new();
        for text in &self.arguments.terms {
            let (name, value) = text.split_once('=').ok_or_else(|| {
                Error::usage(message!("export.bad_term", term = text)).hint(message!("export.bad_term_hint"))
            })?;
            let (name, value) = (name.trim(), value.trim());
            let field = self.choice.field(name);
            let key = definitions.key_of(name);
            let member = match (field, key) {
                (Some(field), _) => field.name.clone(),
                (None, Some(key)) => key.to_owned(),
                // The service filters by it and tells nothing about it.
                (None, None) if endpoint.is_some_and(|e| e.filters.iter().any(|filter| filter == name)) => continue,
                (None, None) => return Err(self.choice.unknown(name, &[], definitions)),
            };
            let values = gather::stored_values(field, definitions, &member, value);
            match terms.iter_mut().find(|term| term.name == member) {
                Some(term) => term.values.extend(values),
                None => terms.push(Term {
                    name: member,
                    is_custom: field.is_none(),
                    is_list: field.is_some_and(|field| matches!(field.kind, Kind::Ids | Kind::Tags)),
                    values,
                }),
            }
        }
        Ok(Filter {
            entity: self.plan.entity,
            custom: &self.refresh.catalog.service.custom,
            spans: self.plan.spans.clone(),
            terms,
            with_deleted: self.arguments.with_deleted,
        })
    }

    /// Asks for what the records alone do not say, then writes the tables.
    fn write_records(
        &self,
        gathered: &mut Gathered,
        definitions: Definitions,
        filter: &Filter<'_>,
        workshop: &std::path::Path,
    ) -> Result<Vec<Made>> {
        let Some(list) = gathered.lists.first().cloned() else {
            return Ok(Vec::new());
        };
        let question = match &self.plan.source {
            Source::List(question) => Some(question),
            _ => None,
        };
        let names =
            self.runtime.block_on(async { self.ask_more(question, &list, filter, &mut gathered.warnings).await })?;
        let names = Names::new(self.refresh.mirror, names);
        let custom = definitions.order(&self.refresh.mirror.custom(&list)?);
        let columns = self.choice.columns(&custom, &definitions, &names)?;
        let language = self.plan.headers.unwrap_or(Language::current());
        let style = Style { is_raw: self.arguments.raw, is_typed: self.plan.output.to != To::Csv, language };
        let mut shape = Shape { columns, style, custom: &self.refresh.catalog.service.custom, definitions, names };
        let table = self.table(workshop, &shape, self.plan.entity.label(language), "");
        let mut tally = Tally::new(self.plan.entity, self.facts(language), language, table.front.is_some());
        let pile = self.pile(&list);
        self.refresh.progress.begin(&t!("export.writing"), 0, None);
        let path = table.path.clone();
        let (passed, written) = pile.write(filter, &mut shape, &mut tally, table)?;
        let mut made = vec![Made { path, suffix: String::new(), rows: passed.written, passed: Some(passed), written }];
        if self.arguments.messages {
            for part in &self.plan.entity.parts {
                made.push(self.write_part(part, &pile, filter, &mut shape, workshop)?);
            }
        }
        Ok(made)
    }

    async fn ask_more(
        &self,
        question: Option<&Question<'_>>,
        list: &List,
        filter: &Filter<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<(&'a crate::entity::Entity, List)>> {
        if let Some(question) = question {
            if self.plan.has_details {
                warnings.extend(gather::details(&self.refresh, question, list, filter).await?);
            }
            if self.arguments.messages {
                warnings.extend(gather::parts(&self.refresh, question, list, filter).await?);
            }
        }
        if !self.plan.has_names {
            return Ok(Vec::new());
        }
        let named = self.arguments.columns.iter().filter_map(|name| self.choice.field(name.trim()));
        let fields: Vec<_> = match self.arguments.columns.is_empty() {
            true => self.plan.entity.fields.iter().collect(),
            false => named.collect(),
        };
        gather::names(&self.refresh, &fields, &self.pile(list), filter, warnings).await
    }

    fn pile<'b>(&'b self, list: &'b List) -> Pile<'b> {
        let detail = self.plan.has_details.then_some("get");
        Pile { mirror: self.refresh.mirror, list, detail, stop: self.refresh.stop }
    }

    fn table(&self, workshop: &std::path::Path, shape: &Shape<'_>, sheet: &str, suffix: &str) -> Table {
        let to = self.plan.output.to;
        let has_front = to == To::Xlsx && self.arguments.summary == Summary::Auto && suffix.is_empty();
        let language = self.plan.headers.unwrap_or(Language::current());
        Table {
            to,
            encoding: self.arguments.encoding,
            path: workshop.join(self.file_name(suffix)),
            sheet: sheet.to_owned(),
            front: has_front.then(|| language.pick(SUMMARY_SHEET_NAMES[0], SUMMARY_SHEET_NAMES[1]).to_owned()),
            columns: shape.columns.iter().map(shape::Column::format).collect(),
        }
    }

    fn write_part(
        &self,
        part: &Part,
        pile: &Pile<'_>,
        filter: &Filter<'_>,
        shape: &mut Shape<'_>,
        workshop: &std::path::Path,
    ) -> Result<Made> {
        let id = self.plan.entity.id.as_ref().and_then(|id| self.plan.entity.field(id));
        let language = self.plan.headers.unwrap_or(Language::current());
        let columns = id.into_iter().chain(&part.fields).map(|field| shape::Column {
            title: self.plan.headers.map_or(field.name.as_str(), |language| field.label(language)).to_owned(),
            from: shape::From::Field(field),
        });
        let mut part_shape = Shape {
            columns: columns.collect(),
            style: shape.style,
            custom: shape.custom,
            definitions: Definitions::default(),
            names: Names::new(self.refresh.mirror, Vec::new()),
        };
        let suffix = format!("-{}", part.name);
        let table = self.table(workshop, &part_shape, language.pick(&part.zh, &part.en), &suffix);
        let path = table.path.clone();
        let (rows, written) = pile.write_parts(filter, part, &mut part_shape, table)?;
        Ok(Made { path, suffix, rows, passed: None, written })
    }

    fn write_tags(&self, gathered: &Gathered, filter: &Filter<'_>, workshop: &std::path::Path) -> Result<Made> {
        let language = self.plan.headers.unwrap_or(Language::current());
        let piles = gathered.lists.iter().map(|list| self.pile(list));
        let rows = tags::count(piles, self.refresh.catalog, filter, language)?;
        let table = Table {
            to: self.plan.output.to,
            encoding: self.arguments.encoding,
            path: workshop.join(self.file_name("")),
            sheet: self.plan.entity.label(language).to_owned(),
            front: None,
            columns: tags::columns(self.plan.headers),
        };
        let path = table.path.clone();
        let (rows, written) = tags::write(&rows, &table)?;
        Ok(Made { path, suffix: String::new(), rows, passed: None, written })
    }

    /// What a file is called until it is in place.
    fn file_name(&self, suffix: &str) -> std::path::PathBuf {
        let target = self.plan.output.file.clone().unwrap_or_else(|| "-".into());
        with_suffix(&target, suffix).file_name().map_or_else(|| "table".into(), Into::into)
    }

    /// An error in the words of the user, who knows nothing of the folder files are made in.
    fn without_workshop(&self, error: Error, workshop: &std::path::Path) -> Error {
        let folder = workshop.parent().unwrap_or(workshop);
        let message = error.message().replace(&workshop.display().to_string(), &folder.display().to_string());
        let renamed = Error::new(error.kind(), message);
        match error.hint_text() {
            Some(hint) => renamed.hint(hint),
            None => renamed,
        }
    }

    /// The filters as typed.
    fn filters(&self) -> Vec<String> {
        let arguments = self.arguments;
        let given = [
            ("--since", &arguments.since),
            ("--until", &arguments.until),
            ("--updated-since", &arguments.updated_since),
            ("--period", &arguments.period),
            ("--company", &arguments.company),
            ("--customer", &arguments.customer),
            ("--template", &arguments.template),
            ("--month", &arguments.month),
        ];
        let mut filters: Vec<String> =
            given.iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?))).collect();
        filters.extend(arguments.terms.iter().map(|term| format!("--where {term}")));
        let spans = self.plan.spans.iter().map(|(field, bounds)| format!("{field}: {}", bounds.name()));
        filters.extend(spans);
        if arguments.with_deleted {
            filters.push("--with-deleted".to_owned());
        }
        filters
    }

    /// The filters for a reader who knows nothing of the command line.
    fn filters_in_words(&self, language: Language) -> Vec<String> {
        let label = |name: &str| {
            self.plan.entity.field(name).map_or_else(|| name.to_owned(), |field| field.label(language).to_owned())
        };
        let spans = self.plan.spans.iter().map(|(field, bounds)| {
            let day = |moment: Option<jiff::civil::DateTime>| {
                moment.map_or_else(|| "…".to_owned(), |moment| moment.date().to_string())
            };
            format!("{}: {} – {}", label(field), day(bounds.from), day(bounds.to))
        });
        let others = self.filters().into_iter().filter(|filter| {
            !["--since", "--until", "--updated-since", "--period"].iter().any(|option| filter.starts_with(option))
                && filter.starts_with("--")
        });
        spans.chain(others.map(|filter| filter.trim_start_matches("--where ").to_owned())).collect()
    }

    /// What the first sheet says beside counts.
    fn facts(&self, language: Language) -> Vec<(String, String)> {
        let locale = language.pick("zh", "en");
        let filters = self.filters_in_words(language);
        let filter = match filters.is_empty() {
            true => t!("export.front_everything", locale = locale).into_owned(),
            false => filters.join("\n"),
        };
        vec![
            (
                t!("export.front_account", locale = locale).into_owned(),
                format!("{} @ {}", self.target.credentials.name(), self.target.host()),
            ),
            (t!("export.front_when", locale = locale).into_owned(), self.now.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            (t!("export.front_filter", locale = locale).into_owned(), filter),
        ]
    }

    /// Puts the whole files in place, and the manifest beside them.
    fn publish(
        &self,
        windows: Vec<crate::refresh::Report>,
        mut warnings: Vec<String>,
        made: Vec<Made>,
    ) -> Result<Report> {
        let passed = made.first().and_then(|made| made.passed).unwrap_or_default();
        let records = made.first().map_or(0, |made| made.rows);
        let mut sums = Vec::new();
        let mut files = Vec::new();
        for made in &made {
            if made.written.cut > 0 {
                warnings.push(t!("export.cut", cells = made.written.cut).into_owned());
            }
            let (sha256, bytes) = write::checksum(&made.path)?;
            let Some(target) = &self.plan.output.file else {
                write::print(&made.path)?;
                files.push("-".to_owned());
                continue;
            };
            let published = write::publish(&made.path, &with_suffix(target, &made.suffix))?;
            if published.is_beside {
                warnings
                    .push(t!("export.beside", file = target.display(), beside = published.path.display()).into_owned());
            }
            let name = published.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            sums.push(FileSum { name, rows: made.rows, sheets: made.written.sheets, bytes, sha256 });
            files.push(published.path.display().to_string());
        }
        let server_count = windows.last().and_then(|window| window.count_after);
        let manifest = Manifest {
            version: manifest::VERSION,
            entity: self.plan.entity.name.clone(),
            program: concat!("bw8 ", env!("CARGO_PKG_VERSION")).to_owned(),
            exported: self.now.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            account: format!("{} @ {}", self.target.credentials.name(), self.target.host()),
            filter: self.filters(),
            complete: true,
            records,
            server_count,
            deleted_left_out: passed.deleted,
            windows,
            files: sums,
            warnings,
        };
        if let Some(target) = &self.plan.output.file {
            manifest.write(&manifest::path_of(target))?;
        }
        Ok(Report { manifest, files })
    }
}

/// A table that is written and not yet in place.
struct Made {
    path: std::path::PathBuf,
    suffix: String,
    rows: u64,
    passed: Option<Passed>,
    written: Written,
}

/// `chats.xlsx` has its messages in `chats-messages.xlsx`.
fn with_suffix(target: &std::path::Path, suffix: &str) -> std::path::PathBuf {
    let stem = target.file_stem().unwrap_or_default().to_string_lossy();
    match target.extension() {
        _ if suffix.is_empty() => target.to_owned(),
        Some(extension) => target.with_file_name(format!("{stem}{suffix}.{}", extension.to_string_lossy())),
        None => target.with_file_name(format!("{stem}{suffix}")),
    }
}

impl Report {
    fn tell(&self, plan: &Plan<'_>, printer: &Printer, client: &Client, began: Instant) {
        for warning in &self.manifest.warnings {
            printer.warn(warning);
        }
        let label = plan.entity.label(Language::current());
        let records = self.manifest.records;
        let text = t!("export.done", entity = label, records = records, files = self.files.join(", "));
        // Standard output may carry the records themselves.
        match plan.output.file.is_some() && !printer.is_quiet() {
            true => printer.result(&text),
            false => printer.say(&text),
        }
        if plan.output.file.is_some() {
            printer.json(&json!({
                "version": 1,
                "entity": plan.entity.name,
                "finished": true,
                "records": records,
                "server_count": self.manifest.server_count,
                "deleted_left_out": self.manifest.deleted_left_out,
                "files": self.files,
                "warnings": self.manifest.warnings,
                "windows": self.manifest.windows,
                "requests": client.requests(),
                "retries": client.retries(),
                "seconds": began.elapsed().as_secs_f64(),
                "exit": 0,
            }));
        }
    }
}
