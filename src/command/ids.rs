//! `bw8 ids`: which records of an account have which ids in other systems, as a table for a colleague's machine, and back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Map, Value as Json, json};

use super::options::{AccountArguments, FurtherRuns, ReadingOptions};
use crate::account::Account;
use crate::entity::{Catalog, Entity, fold};
use crate::error::{Error, Exit, Result};
use crate::format::{self, CellKind, Column, FileFormat, Headings, Row, Value, WriteOptions, of_extension};
use crate::import::{self, Accounts, RecordReader, SaidRecord};
use crate::journal::{Given, KnownOldId, OldId, OldIds, RunIndex};
use crate::language::Language;
use crate::mapping::{RESULT_COLUMNS, source_name};
use crate::message;
use crate::message::Message;
use crate::problem::{Problem, Severity};
use crate::settings::{ConnectionOptions, Settings, SettingsOptions};
use crate::t;
use crate::terminal::Printer;
use crate::text::clean;
use crate::value::{self, ValueOptions};

/// The columns of the table, in Chinese and in English. The last one need not be there.
const COLUMNS: [[&str; 2]; 5] = [
    ["来源系统", "source"],
    ["对象类型", "entity"],
    ["旧系统编号", "old id"],
    ["帮我吧编号", "new id"],
    ["帮我吧账号", "account"],
];
/// The one of the account, among them.
const ACCOUNT: usize = 4;
/// How long it is tried to prove that another login is one of the same account.
const PATIENCE: Duration = Duration::from_secs(30);
/// New ids of an entity that are asked for.
const SAMPLES: usize = 3;
/// Lines with mistakes that are shown.
const SHOWN: usize = 10;

/// `bw8 ids`.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

/// What to do with the ids.
#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Write all old ids of the account with those of Bangwo8 to a file (.xlsx or .csv)
    Export {
        /// Where to write them
        file: PathBuf,
        #[command(flatten)]
        accounts: AccountArguments,
        #[command(flatten)]
        further: FurtherRuns,
        #[command(flatten)]
        connection: ConnectionOptions,
        #[command(flatten)]
        settings: SettingsOptions,
    },
    /// Take in old ids from such a file; what belongs to another record is refused by line, and nothing is kept then
    Import {
        /// The file: columns source, entity, old id, new id
        file: PathBuf,
        #[command(flatten)]
        reading: ReadingOptions,
        #[command(flatten)]
        connection: ConnectionOptions,
        #[command(flatten)]
        settings: SettingsOptions,
    },
}

/// Writes or takes in old ids.
///
/// # Errors
/// A file that cannot be written or read, ids that contradict what is known.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    match &arguments.action {
        Action::Export { file, accounts, further, connection, settings } => {
            let settings = Settings::read(settings)?;
            let (account, told) = (Account::new(connection, &settings)?, accounts.told());
            let patience = Some(PATIENCE);
            let accounts = Accounts { account: &account, catalog: &settings.catalog, told: &told, patience };
            export(file, accounts, further.runs_from.as_deref(), printer)
        }
        Action::Import { file, reading, connection, settings } => {
            let settings = Settings::read(settings)?;
            take_in(file, reading, &Account::new(connection, &settings)?, &settings.catalog, printer)
        }
    }
}

/// The index of an account's runs, with all that lie near a file, up to date.
fn index_of(
    account: &Account,
    file: &Path,
    further: Option<&Path>,
    catalog: &Catalog,
    printer: &Printer,
) -> Result<RunIndex> {
    let mut index = account.index()?;
    index.look_in(import::run_places(account, file, further)?);
    let read = |index: &mut RunIndex| {
        index.look_through()?;
        names(catalog).into_iter().try_for_each(|entity| index.memory(entity).map(drop))
    };
    match read(&mut index) {
        Err(error) if index.repair(&error)? => read(&mut index)?,
        done => done?,
    }
    index.take_words().iter().for_each(|word| printer.warn(&word.to_string()));
    Ok(index)
}

/// All entities of which records may have old ids.
fn names(catalog: &Catalog) -> Vec<&str> {
    catalog.entities().iter().filter(|entity| entity.is_importable()).map(|entity| entity.name.as_str()).collect()
}

fn export(file: &Path, accounts: Accounts<'_>, further: Option<&Path>, printer: &Printer) -> Result<Exit> {
    let Accounts { account, catalog, .. } = accounts;
    let format = format_of(file)?;
    if file.exists() {
        return Err(Error::usage(message!("ids.exists", file = file.display())).hint(message!("ids.exists_hint")));
    }
    let mut index = index_of(account, file, further, catalog, printer)?;
    accounts.keep_told(&index)?;
    for target in accounts.prove_old_ids(&mut index, &names(catalog).into_iter().collect())? {
        printer.say(&message!("memory.same_account", target = target).to_string());
    }
    let known = OldIds::of(index, &account.identity(), [])?;
    let titles = COLUMNS.map(|[zh, en]| Language::current().pick(zh, en).to_owned());
    let columns = titles.map(|title| Column { title, is_text: true, required: false });
    let mut writer = format.create(file, &WriteOptions::new(&columns))?;
    let mut counts = Counts::default();
    let name = name_of(account);
    known.each(|KnownOldId { entity, old_id, id }| {
        let kind =
            catalog.get(&entity).map_or(entity.as_str(), |known| Language::current().pick(&known.zh, &known.name));
        writer.write(&[&old_id.source, kind, &old_id.id, &id, &name].map(Value::Text))?;
        counts.add(&entity);
        Ok(())
    })?;
    writer.finish()?;
    printer.result(&message!("ids.exported", rows = counts.all(), file = file.display()).to_string());
    counts.tell(catalog, printer);
    let strangers = known.all_strangers()?;
    import::words_of_strangers(&strangers).iter().for_each(|word| printer.warn(&word.to_string()));
    printer.json(&json!({"version": 1, "file": file.display().to_string(), "ids": counts.json(), "exit": Exit::Done}));
    Ok(Exit::Done)
}

/// What the account goes by in the table, which may lie anywhere: the sandbox goes by that alone.
fn name_of(account: &Account) -> String {
    match account {
        Account::Service(_) => account.identity(),
        Account::Sandbox { .. } => account.host(),
    }
}

/// Refuses a row that was written of another account, unless that is known to be this one behind another login: records of
/// both may have the same ids.
fn refuse_other(known: &OldIds, account: &Account, file: &str, row: u64, written: &str) -> Result<()> {
    let own = name_of(account);
    if written.is_empty() || written == own || known.is_of(written) {
        return Ok(());
    }
    Err(Error::usage(message!("ids.other_account", file = file, row = row, account = clean(written), own = own))
        .hint(message!("ids.other_account_hint")))
}

/// The format that a file's name asks for.
fn format_of(file: &Path) -> Result<&'static FileFormat> {
    let format = file.extension().and_then(|extension| of_extension(&extension.to_string_lossy()));
    format.filter(|format| format.is_readable()).ok_or_else(|| {
        Error::usage(message!("ids.no_format", file = file.display())).hint(message!("ids.no_format_hint"))
    })
}

/// How many old ids there are, by entity.
#[derive(Debug, Default)]
struct Counts(BTreeMap<String, u64>);

impl Counts {
    fn add(&mut self, entity: &str) {
        *self.0.entry(entity.to_owned()).or_default() += 1;
    }

    fn all(&self) -> u64 {
        self.0.values().sum()
    }

    fn tell(&self, catalog: &Catalog, printer: &Printer) {
        for (entity, rows) in &self.0 {
            let label = catalog.get(entity).map_or(entity.as_str(), |entity| entity.label(Language::current()));
            printer.result(&t!("ids.of_entity", entity = label, rows = rows));
        }
    }

    fn json(&self) -> Map<String, Json> {
        self.0.iter().map(|(entity, rows)| (entity.clone(), Json::from(*rows))).collect()
    }
}

/// Some of the new ids, by entity, each with its row: they are asked for, because another account has other records.
#[derive(Debug, Default)]
struct Samples(BTreeMap<String, Vec<(u64, String)>>);

impl Samples {
    /// Takes the first ones and the last one.
    fn add(&mut self, row: u64, given: KnownOldId) {
        let ids = self.0.entry(given.entity).or_default();
        ids.truncate(SAMPLES - 1);
        ids.push((row, given.id));
    }

    /// Refuses a file whose records the account has not. Where that cannot be seen, it is said.
    fn look_up(&self, file: &str, account: &Account, catalog: &Catalog, printer: &Printer) -> Result<()> {
        let mut missing = Vec::new();
        'entities: for (name, ids) in &self.0 {
            let entity = catalog.find(name)?;
            let Some(reader) = RecordReader::new(account, catalog, entity, Some(PATIENCE))? else { continue };
            for (row, id) in ids {
                match reader.read(id) {
                    SaidRecord::There(_) => {}
                    SaidRecord::NotThere => {
                        let what = message!("ids.not_there", entity = entity.labels(), id = id);
                        missing.push(message!("ids.line", row = row, what = what));
                    }
                    SaidRecord::Unknown(why) => {
                        printer.warn(&t!("ids.not_looked_up", file = file, why = why));
                        break 'entities;
                    }
                }
            }
        }
        let rows = missing.len();
        match Message::joined("ids.lines", missing) {
            None => Ok(()),
            Some(lines) => Err(Error::usage(message!("ids.refused", file = file, rows = rows, lines = lines))
                .hint(message!("ids.not_there_hint"))),
        }
    }
}

/// The columns of a file, for whoever looks for its header.
#[derive(Debug)]
struct Titles;

impl Headings for Titles {
    fn find(&self, heading: &str) -> Option<usize> {
        COLUMNS.iter().position(|titles| titles.iter().any(|title| fold(title) == fold(heading)))
    }

    fn example(&self, _known: usize) -> &[String] {
        &[]
    }

    fn status_and_reason(&self) -> [&'static str; 2] {
        [RESULT_COLUMNS[2], RESULT_COLUMNS[3]]
    }
}

fn take_in(
    file: &Path,
    reading: &ReadingOptions,
    account: &Account,
    catalog: &Catalog,
    printer: &Printer,
) -> Result<Exit> {
    let (input, _kept) = reading.looked_over(file, std::sync::Arc::new(Titles))?;
    let mut reader = format::open(&input)?;
    let shown = input.shown;
    let header = &reader.sheet().header;
    let column = |place: usize| {
        header.iter().position(|title| Titles.find(title) == Some(place)).ok_or_else(|| {
            let [zh, en] = COLUMNS[place];
            let title = Language::current().pick(zh, en);
            Error::usage(message!("ids.no_column", file = shown, title = title)).hint(message!("ids.no_column_hint"))
        })
    };
    let columns = [column(0)?, column(1)?, column(2)?, column(3)?];
    let of_account = header.iter().position(|title| Titles.find(title) == Some(ACCOUNT));
    let index = index_of(account, file, None, catalog, printer)?;
    let _deciding = index.hold()?;
    let known = OldIds::of(index, &account.identity(), [])?;
    let giving = known.give()?;
    let (mut counts, mut known_before) = (Counts::default(), 0_u64);
    let (mut wrong, mut wrong_count) = (Vec::new(), 0_u64);
    let mut samples = Samples::default();
    let mut row = Row::default();
    while reader.read(&mut row)? {
        if let Some(column) = of_account {
            refuse_other(&known, account, &shown, row.number, row.cell(column).text.trim())?;
        }
        let what = match read_row(&row, columns, catalog) {
            Err(what) => what,
            Ok(given) => match giving.add(&given)? {
                Given::New => {
                    counts.add(&given.entity);
                    samples.add(row.number, given);
                    continue;
                }
                Given::Known => {
                    known_before += 1;
                    continue;
                }
                Given::Another(other) => {
                    message!("ids.another", old = given.old_id.id, id = given.id, other = other)
                }
            },
        };
        wrong_count += 1;
        if wrong.len() < SHOWN {
            wrong.push(message!("ids.line", row = row.number, what = what));
        }
    }
    if wrong_count > 0 {
        let lines = Message::joined("ids.lines", wrong).unwrap_or_default();
        let what = message!("ids.refused", file = shown, rows = wrong_count, lines = lines);
        return Err(Error::usage(what).hint(message!("ids.refused_hint")));
    }
    samples.look_up(&shown, account, catalog, printer)?;
    giving.keep()?;
    printer.result(&message!("ids.taken_in", rows = counts.all(), known = known_before).to_string());
    counts.tell(catalog, printer);
    printer.json(&json!({"version": 1, "file": shown, "ids": counts.json(), "known_before": known_before,
        "exit": Exit::Done}));
    Ok(Exit::Done)
}

/// What a row says.
fn read_row(row: &Row, columns: [usize; 4], catalog: &Catalog) -> std::result::Result<KnownOldId, Message> {
    if let Some(remark) = row.remarks.iter().find(|remark| remark.problem.severity >= Severity::Held) {
        return Err(remark.problem.rule());
    }
    let [source, entity, old_id, id] = columns.map(|column| row.cell(column));
    let missing = |place: usize| {
        let [zh, en] = COLUMNS[place];
        message!("ids.empty", title = Language::current().pick(zh, en))
    };
    let source = match source.text.trim() {
        "" => return Err(missing(0)),
        text => source_name(text).ok_or_else(|| message!("import.bad_source"))?,
    };
    let entity = match entity.text.trim() {
        "" => return Err(missing(1)),
        name => catalog.find(name).map_err(Error::into_message)?,
    };
    let old_id = value::foreign_id(old_id).map_err(|problem| problem.rule())?;
    if old_id.is_empty() {
        return Err(missing(2));
    }
    if id.text.trim().is_empty() {
        return Err(missing(3));
    }
    let id = id_of(entity, id.text.trim(), id.kind)?;
    Ok(KnownOldId { entity: entity.name.clone(), old_id: OldId { source, id: old_id }, id })
}

/// The id of a record here, as the checks leave it.
fn id_of(entity: &Entity, text: &str, kind: CellKind) -> std::result::Result<String, Message> {
    let field = entity.id.as_ref().and_then(|id| entity.field(id));
    let field = field.ok_or_else(|| message!("ids.without_id", entity = entity.name))?;
    let (mut id, mut noticed) = (String::new(), Vec::new());
    let cell = format::Cell { text, kind };
    value::clean(field, cell, &ValueOptions::default(), &mut id, &mut noticed).map_err(|problem| problem.rule())?;
    match noticed.iter().find(|problem| problem.severity >= Severity::Held) {
        Some(problem) => Err(problem.rule()),
        None if id.bytes().all(|byte| byte == b'0') => Err(Problem::new("zero_id").rule()),
        None => Ok(id),
    }
}
