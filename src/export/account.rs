//! Which account a command talks to, and where its mirror is: the account of the settings, or the rehearsal server.

use std::path::{Path, PathBuf};

use crate::api::{Credentials, Target};
use crate::entity::Catalog;
use crate::error::Result;
use crate::mirror::Mirror;
use crate::sandbox;
use crate::settings::{self, Connection, Settings};

/// Folder of the rehearsal server in the working folder.
const REHEARSAL: &str = ".bw8";

/// An account, and the rehearsal server when it is one.
#[derive(Debug)]
pub struct Account {
    /// How it is reached.
    pub target: Target,
    /// Ends with the command.
    _server: Option<sandbox::Server>,
}

impl Account {
    /// The account the options mean.
    ///
    /// # Errors
    /// No login, an address that cannot be used, a rehearsal server that cannot start.
    pub fn open(connection: &Connection, settings: &Settings, catalog: &Catalog) -> Result<Self> {
        if !connection.sandbox {
            return Ok(Account { target: settings.target(connection, catalog)?, _server: None });
        }
        let server = sandbox::in_folder(Path::new("."))?;
        let login = Credentials::Basic {
            user: sandbox::LOGIN.user.to_owned(),
            password: sandbox::LOGIN.password.to_owned().into(),
        };
        let target = Settings::rehearsal(connection, &server.base_url(), login)?;
        Ok(Account { target, _server: Some(server) })
    }

    /// The account as people call it.
    pub fn label(&self) -> String {
        format!("{} @ {}", self.target.credentials.name(), self.target.host())
    }
}

/// The file of an account's mirror.
///
/// # Errors
/// A machine that does not tell where its user keeps things.
pub fn mirror_file(target: &Target) -> Result<PathBuf> {
    match target.is_rehearsal {
        true => Ok(Path::new(REHEARSAL).join("mirror.db")),
        false => Ok(Mirror::path(&settings::state_folder()?.join("mirrors"), &target.host(), &target.identity())),
    }
}
