//! `bw8 sandbox`: what was typed, and what is said.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use rust_i18n::t;
use serde_json::json;

use crate::entity::AccountMode;
use crate::error::{Context, Error, Exit, Result};
use crate::message;
use crate::sandbox::{AGENT, Assume, Fault, LOGIN, Options, Server, Size, Variants};
use crate::settings::Settings;
use crate::terminal::{Interrupt, Printer};

/// Options of `bw8 sandbox`.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Address to listen on; only this machine can reach it, port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8808")]
    pub listen: SocketAddr,
    /// Keep the records in this file; without it they live in memory
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
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
    fn options(&self) -> Result<Options> {
        let mut variants = Variants::default();
        // The sandbox never reads api.toml: a mistake there must not cancel itself out.
        let of_settings = Settings::read_account_mode(self.account.as_deref())?;
        variants.mode = self.account_mode.or(of_settings).unwrap_or_default().into();
        for variant in &self.variant {
            let (name, value) = variant.split_once('=').ok_or_else(|| {
                Error::usage(message!("sandbox.unknown_variant", name = variant)).hint(message!("sandbox.variant_hint"))
            })?;
            variants.set(name, value)?;
        }
        Ok(Options {
            listen: self.listen,
            data: self.data.clone(),
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
    let options = arguments.options()?;
    let kept = options.data.clone().filter(|file| options.seed.is_some() && file.exists());
    let server = Server::start(options)?;
    if let Some(file) = kept {
        printer.say(&t!("sandbox.kept", file = file.display().to_string()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context(|| "tokio".to_owned())?;
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
