//! Which account a command means: one of the service, or the sandbox in the working folder. What is remembered of it, the
//! index of runs and the local copy, lies in folders of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::api::{Credentials, History, Target};
use crate::entity::AccountMode;
use crate::error::{Context, Exit, Result};
use crate::journal::{IndexedExport, RunIndex};
use crate::message::Message;
use crate::mirror::Mirror;
use crate::sandbox;
use crate::settings::{self, ConnectionOptions, Settings};
use crate::t;

/// Where rows go to or come from.
#[derive(Debug, Clone)]
pub enum Account {
    /// An account of the service.
    Service(Target),
    /// The sandbox with its records in this folder.
    Sandbox {
        /// The folder, absolute.
        folder: PathBuf,
        /// Whether its contacts belong to companies.
        mode: AccountMode,
        /// How it is spoken to.
        connection: ConnectionOptions,
        /// What was met there so far.
        history: History,
    },
}

/// Begins the identity of a sandbox; that of a service is an address.
pub const SANDBOX: &str = "sandbox ";

/// The identity of an account, as people read it.
pub fn shown_identity(identity: &str) -> String {
    match identity.strip_prefix(SANDBOX) {
        Some(folder) => t!("run.sandbox_in", folder = folder).into_owned(),
        None => identity.to_owned(),
    }
}

/// What the sandbox goes by where runs name their host.
pub const SANDBOX_HOST: &str = "sandbox";

/// An account that can be talked to. A sandbox of its own ends with it.
#[derive(Debug)]
pub struct Connection {
    /// How it is reached.
    pub target: Target,
    /// The sandbox, when it is one.
    pub sandbox: Option<sandbox::Server>,
}

impl Account {
    /// The account that options and settings mean.
    ///
    /// # Errors
    /// No login, or an address that cannot be used.
    pub fn new(connection: &ConnectionOptions, settings: &Settings) -> Result<Account> {
        if !connection.sandbox {
            return settings.target(connection).map(Account::Service);
        }
        let folder = std::path::absolute(".").context(|| ".".to_owned())?;
        let (connection, history) = (connection.clone(), History::default());
        Ok(Account::Sandbox { folder, mode: settings.account_mode, connection, history })
    }

    /// Makes it possible to talk to the account: starts the sandbox, when that is meant.
    ///
    /// # Errors
    /// A sandbox that cannot start.
    pub fn connect(&self) -> Result<Connection> {
        match self {
            Account::Service(target) => Ok(Connection { target: target.clone(), sandbox: None }),
            Account::Sandbox { folder, mode, connection, history } => {
                let server = sandbox::in_folder(folder, *mode)?;
                let login = sandbox::LOGIN;
                let credentials =
                    Credentials::Basic { user: login.user.into(), password: login.password.to_owned().into() };
                let target = connection.sandbox_target(&server.base_url(), credentials)?;
                let target = Target { history: history.clone(), ..target };
                Ok(Connection { target, sandbox: Some(server) })
            }
        }
    }

    /// Requests to it that were not written down yet, and how many of them repeated another one; they are written down now.
    pub fn take_requests(&self) -> (u64, u64) {
        match self {
            Account::Service(target) => target.history.take(),
            Account::Sandbox { history, .. } => history.take(),
        }
    }

    /// How the account is reached, to show a request that is not sent: which port the sandbox gets is seen when it starts.
    pub fn shown_target(&self) -> Option<Target> {
        match self {
            Account::Service(target) => Some(target.clone()),
            Account::Sandbox { connection, .. } => {
                let login = sandbox::LOGIN;
                let credentials =
                    Credentials::Basic { user: login.user.into(), password: login.password.to_owned().into() };
                connection.sandbox_target("http://127.0.0.1", credentials).ok()
            }
        }
    }

    /// The account as part of a run's identity. The sandbox takes another port each time, so it goes by its folder.
    pub fn identity(&self) -> String {
        match self {
            Account::Service(target) => target.identity(),
            Account::Sandbox { folder, .. } => format!("{SANDBOX}{}", folder.display()),
        }
    }

    /// The host, as shown.
    pub fn host(&self) -> String {
        match self {
            Account::Service(target) => target.host(),
            Account::Sandbox { .. } => SANDBOX_HOST.to_owned(),
        }
    }

    /// The folder of the index of runs into this account: those into the sandbox go with its records.
    ///
    /// # Errors
    /// A machine that does not tell where its user keeps things.
    pub fn index_folder(&self) -> Result<PathBuf> {
        match self {
            Account::Service(_) => settings::state_folder(),
            Account::Sandbox { folder, .. } => Ok(folder.join(sandbox::FOLDER)),
        }
    }

    /// The host, as a sentence names it.
    pub fn named_host(&self) -> String {
        match self {
            Account::Service(target) => target.host(),
            Account::Sandbox { .. } => t!("run.the_sandbox").into_owned(),
        }
    }

    /// The index of runs into this account.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn index(&self) -> Result<RunIndex> {
        RunIndex::open(&self.index_folder()?)
    }

    /// Keeps what an export came to, for `bw8 runs`.
    ///
    /// # Errors
    /// A folder that cannot be written, a full disk.
    pub fn note_export(&self, ended: ExportEnd<'_>) -> Result<()> {
        let now = jiff::Timestamp::now().as_millisecond();
        let lasted = i64::try_from(ended.lasted.as_millis()).unwrap_or(i64::MAX);
        self.index()?.put_export(&IndexedExport {
            target: self.identity(),
            host: self.host(),
            entity: ended.entity.to_owned(),
            file: ended.file.map(|file| std::path::absolute(file).unwrap_or_else(|_| file.to_owned())),
            started: now.saturating_sub(lasted),
            lasted,
            records: ended.records,
            is_complete: ended.is_complete,
            exit: ended.exit.into(),
            why: ended.why,
        })
    }

    /// The file of what was agreed to for this account.
    ///
    /// # Errors
    /// As [`Account::index_folder`].
    pub fn agreed_file(&self) -> Result<PathBuf> {
        match self {
            Account::Service(target) => {
                let name = Mirror::path(&settings::state_folder()?.join("agreed"), &target.host(), &target.identity());
                Ok(name.with_extension("json"))
            }
            Account::Sandbox { folder, .. } => Ok(folder.join(sandbox::FOLDER).join("agreed.json")),
        }
    }

    /// The folder of what this account's exports said.
    ///
    /// # Errors
    /// A machine that does not tell where its user keeps things.
    pub fn baseline_folder(&self) -> Result<PathBuf> {
        match self {
            Account::Service(target) => {
                let folder = settings::state_folder()?.join("baselines");
                Ok(Mirror::path(&folder, &target.host(), &target.identity()).with_extension(""))
            }
            Account::Sandbox { folder, .. } => Ok(folder.join(sandbox::FOLDER).join("baselines")),
        }
    }

    /// The file of the account's local copy.
    ///
    /// # Errors
    /// A machine that does not tell where its user keeps things.
    pub fn mirror_file(&self) -> Result<PathBuf> {
        match self {
            Account::Service(target) => Ok(Mirror::path(&mirrors()?, &target.host(), &target.identity())),
            Account::Sandbox { folder, .. } => Ok(folder.join(sandbox::FOLDER).join(SANDBOX_MIRROR)),
        }
    }
}

/// What an export came to.
#[derive(Debug)]
pub struct ExportEnd<'a> {
    /// Name of the entity.
    pub entity: &'a str,
    /// The file; none for standard output.
    pub file: Option<&'a Path>,
    /// How long it took.
    pub lasted: Duration,
    /// Records that were written; none when no file was.
    pub records: Option<u64>,
    /// Whether it is proved that nothing is missing.
    pub is_complete: bool,
    /// How the command ends.
    pub exit: Exit,
    /// Why there is no file.
    pub why: Option<Message>,
}

/// Name of the sandbox's local copy.
const SANDBOX_MIRROR: &str = "mirror.db";

/// The folder of the local copies of the service's accounts.
fn mirrors() -> Result<PathBuf> {
    Ok(settings::state_folder()?.join("mirrors"))
}

/// All indexes of runs there are: the user's, which learns of the runs that lie in these folders, and that of the sandbox in the
/// working folder.
///
/// # Errors
/// An index that cannot be read.
pub fn indexes(places: &[PathBuf]) -> Result<Vec<RunIndex>> {
    let mut own = RunIndex::open_existing(&settings::state_folder()?)?;
    own.look_in(places.to_vec());
    own.look_through()?;
    let of_sandbox = Some(Path::new(sandbox::FOLDER)).filter(|folder| RunIndex::exists(folder));
    std::iter::once(Ok(own)).chain(of_sandbox.map(RunIndex::open)).collect()
}

/// The files of all local copies there are: those of the service's accounts, and that of the sandbox in the working folder.
///
/// # Errors
/// A folder that cannot be read.
pub fn mirror_files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let folder = mirrors()?;
    if let Ok(entries) = std::fs::read_dir(&folder) {
        for entry in entries {
            files.push(entry.context(|| folder.display().to_string())?.path());
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "db"));
    files.extend(Some(Path::new(sandbox::FOLDER).join(SANDBOX_MIRROR)).filter(|file| file.exists()));
    files.sort();
    Ok(files)
}
