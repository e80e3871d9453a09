//! `bw8 sandbox`: what was typed, and what is said.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::account::Account;
use crate::entity::AccountMode;
use crate::error::{Context, Error, Exit, Result};
use crate::files::{create_private_folder, free_name_beside};
use crate::language::Language;
use crate::message;
use crate::rehearsal::{self, AccountReading};
use crate::sandbox::{self, AGENT, Assume, Fault, LOGIN, Options, Server, Size, Variants};
use crate::settings::{ConnectionOptions, Settings, SettingsOptions};
use crate::t;
use crate::terminal::{Interrupt, Printer, quoted, quoted_path};

/// Where it listens when nothing is said.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8808);

/// Options of `bw8 sandbox`.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Address to listen on; only this machine can reach it, port 0 takes a free one [default: 127.0.0.1:8808]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Keep the records in this file; without it they live in memory
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Copy agents, groups, ticket templates and custom fields of an account, no customers, into what --sandbox uses in this folder; with --data or --listen the server starts with them
    #[arg(long, value_name = "NAME", num_args = 0..=1, conflicts_with = "seed")]
    pub like: Option<Option<String>>,
    /// Fill a new store with invented records, the same for the same number
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How much a seed makes: a factor, or numbers such as customers=1000,tickets=500
    #[arg(long, value_name = "SIZE", default_value = "1")]
    pub seed_size: String,
    /// Switch on endpoints that are only assumed to exist: all, or names such as users.create
    #[arg(long, value_name = "NAMES", default_value = "none")]
    pub assume: String,
    /// Play a variant of the interface: name=value, several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub variant: Vec<String>,
    /// Let something go wrong, such as 'close-after-store,on=POST tickets,nth=3'; several times
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<String>,
    /// Decides which requests a fault with a share meets
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub fault_seed: u64,
    /// Section of bw8.toml with the account to use
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Whether contacts belong to companies (2b) or stand alone (2c) [default: 2b]
    #[arg(long, value_name = "MODE")]
    pub account_mode: Option<AccountMode>,
}

impl Arguments {
    /// The section of the account that counts.
    fn account(&self) -> Option<&str> {
        self.like.as_ref().and_then(Option::as_deref).or(self.account.as_deref())
    }

    fn options(&self) -> Result<Options> {
        let mut variants = Variants::default();
        // The sandbox never reads api.toml: a mistake there must not cancel itself out.
        let of_settings = Settings::read_account_mode(self.account())?;
        variants.mode = self.account_mode.or(of_settings).unwrap_or_default().into();
        for variant in &self.variant {
            let (name, value) = variant.split_once('=').ok_or_else(|| {
                Error::usage(message!("sandbox.unknown_variant", name = variant)).hint(message!("sandbox.variant_hint"))
            })?;
            variants.set(name, value)?;
        }
        Ok(Options {
            listen: self.listen.unwrap_or(LISTEN),
            data: self.data.clone(),
            like: None,
            seed: self.seed,
            seed_size: self.seed_size.parse::<Size>()?,
            assume: Assume::parse(&self.assume)?,
            variants,
            faults: self.fault.iter().map(|fault| fault.parse::<Fault>()).collect::<Result<_>>()?,
            fault_seed: self.fault_seed,
        })
    }
}

/// Runs the server until Ctrl-C.
///
/// # Errors
/// When an option cannot be understood or the server cannot start.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    let mut options = arguments.options()?;
    if arguments.like.is_some() {
        let is_folders_own = arguments.data.is_none() && arguments.listen.is_none();
        let file = if is_folders_own { Some(sandbox::file_in(Path::new(""))) } else { arguments.data.clone() };
        if let Some(file) = file.as_ref().filter(|file| !is_folders_own && file.exists()) {
            return Err(Error::usage(message!("sandbox.like_file_used", file = file.display()))
                .hint(message!("sandbox.like_file_used_hint")));
        }
        let reading = read_account(arguments, printer)?;
        if let (Some(file), true) = (&file, is_folders_own) {
            return keep(reading, file, arguments, printer);
        }
        say_copied(&reading, printer);
        options.like = Some(reading.copy);
    }
    let kept = options.data.clone().filter(|file| options.seed.is_some() && file.exists());
    let server = Server::start(options)?;
    if let Some(file) = kept {
        printer.say(&t!("sandbox.kept", file = file.display().to_string()));
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context(|| message!("run.no_runtime"))?;
    runtime.block_on(async {
        // Listened for before anything is said: whoever reads the address can already interrupt.
        let interrupt = Interrupt::of_process();
        let _orderly = interrupt.orderly(None);
        introduce(&server, printer);
        interrupt.interrupted().await;
    });
    server.stop();
    printer.say(&t!("sandbox.stopped"));
    Ok(Exit::Done)
}

/// What was rehearsed before goes out of the way: a copy among it would be neither, and what is remembered of runs belongs to it.
fn set_aside(folder: &Path, printer: &Printer) -> Result<()> {
    if std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none()) {
        return Ok(());
    }
    let aside = free_name_beside(folder)?;
    std::fs::rename(folder, &aside).map_err(|why| {
        Error::cannot_run(message!("sandbox.like_in_the_way", folder = folder.display(), why = why.to_string()))
            .hint(message!("sandbox.like_in_the_way_hint"))
    })?;
    printer.warn(&t!("sandbox.like_set_aside", folder = quoted_path(&aside)));
    Ok(())
}

fn read_account(arguments: &Arguments, printer: &Printer) -> Result<AccountReading> {
    let options = SettingsOptions {
        account: arguments.account().map(str::to_owned),
        api: None,
        account_mode: arguments.account_mode,
    };
    let settings = Settings::read(&options)?;
    let account = Account::new(&ConnectionOptions::default(), &settings)?;
    let reading = rehearsal::read(&account, &settings.catalog, printer)?;
    reading.words.iter().for_each(|word| printer.warn(&word.to_string()));
    Ok(reading)
}

/// Makes the store that `--sandbox` uses in this folder.
fn keep(reading: AccountReading, file: &Path, arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    set_aside(Path::new(sandbox::FOLDER), printer)?;
    create_private_folder(Path::new(sandbox::FOLDER))?;
    say_copied(&reading, printer);
    let options = Options { data: Some(file.to_owned()), like: Some(reading.copy), ..Options::default() };
    Server::start(options)?.stop();
    let by_name = |counts: &[(String, usize)]| counts.iter().cloned().collect::<std::collections::BTreeMap<_, _>>();
    printer.json(&json!({
        "version": 1,
        "file": file.display().to_string(),
        "records": by_name(&reading.records),
        "custom_fields": by_name(&reading.custom_fields),
        "invented": reading.invented,
        "exit": Exit::Done,
    }));
    printer.result(&t!("sandbox.like_kept", file = quoted_path(file)));
    printer.result(&format!("  bw8 import {} --sandbox{}", t!("sandbox.like_example"), account_words(arguments)?));
    Ok(Exit::Done)
}

/// What a rehearsal has to name: the account, where its contacts are not what they are taken for otherwise.
fn account_words(arguments: &Arguments) -> Result<String> {
    let Some(name) = arguments.account() else { return Ok(String::new()) };
    let mode = |name| Settings::read_account_mode(name).map(Option::unwrap_or_default);
    Ok(if mode(Some(name))? == mode(None)? { String::new() } else { format!(" --account {}", quoted(name)) })
}

/// Says what there is of each kind.
fn say_copied(reading: &AccountReading, printer: &Printer) {
    let catalog = crate::entity::Catalog::embedded();
    let label = |name: &str| catalog.get(name).map_or("", |entity| entity.label(Language::current())).to_owned();
    let records = reading.records.iter().map(|(name, count)| format!("  {}  {count}", label(name)));
    let fields = reading
        .custom_fields
        .iter()
        .map(|(name, count)| t!("sandbox.like_fields", what = label(name), count = count).into_owned());
    printer.say(&t!("sandbox.like_copied"));
    records.chain(fields).for_each(|line| printer.say(&line));
}

/// Says where it is and how to log in.
fn introduce(server: &Server, printer: &Printer) {
    let base = server.base_url();
    let host = server.page();
    let curl = format!("curl -u {}:{} '{base}/tickets.json?page=1&per_page=1'", LOGIN.user, LOGIN.password);
    printer.json(&json!({
        "version": 1,
        "address": server.address().to_string(),
        "base_url": base,
        "basic": {"user": LOGIN.user, "password": LOGIN.password},
        "agent": {"user": AGENT.0, "password": AGENT.1},
        "oauth": {"client_id": LOGIN.client_id, "client_secret": LOGIN.client_secret},
        "assumed": server.assumed(),
        "page": host,
        "curl": curl,
    }));
    if printer.is_json() {
        return;
    }
    printer.result(&t!("sandbox.started", base = base, page = host));
    printer.result(&t!("sandbox.basic", user = LOGIN.user, password = LOGIN.password));
    printer.result(&t!("sandbox.oauth", id = LOGIN.client_id, secret = LOGIN.client_secret));
    if !server.assumed().is_empty() {
        printer.result(&t!("sandbox.assumed", count = server.assumed().len()));
    }
    printer.result(&t!("sandbox.try"));
    printer.result(&format!("  {curl}"));
    printer.say(&t!("sandbox.ctrl_c"));
}
