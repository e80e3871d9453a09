//! `bw8 export`: writes every record of a list into a file.

use crate::account::Account;
use crate::error::{Exit, Result};
use crate::export;
use crate::settings::Settings;
use crate::terminal::Printer;

pub use crate::export::Arguments;

/// Exports an entity's records into a file.
///
/// # Errors
/// Wrong usage, a login that is refused, a service that fails, an export that cannot be made whole, a full disk.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let account = Account::new(&arguments.connection, &settings)?;
    export::run(arguments, &settings, &account, printer)
}
