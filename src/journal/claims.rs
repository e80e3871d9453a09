//! Which rows of a run later runs have taken over: written into the journal of the run that is retried.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::database::{connect, damaged, failed};
use super::operation::Claim;
use super::rows::signed;
use crate::error::Result;
use crate::files::{path_of_text, path_to_text};

/// The claims on the rows of a run.
#[derive(Debug)]
pub struct Claims {
    connection: Connection,
    folder: PathBuf,
}

impl Claims {
    /// The claims in the journal of a folder.
    ///
    /// # Errors
    /// None there, made by a newer program, or damaged.
    pub fn open(folder: &Path) -> Result<Claims> {
        Ok(Claims { connection: connect(folder, OpenFlags::SQLITE_OPEN_READ_WRITE)?, folder: folder.to_owned() })
    }

    /// Who has taken over the row with this number.
    ///
    /// # Errors
    /// A damaged file.
    pub fn of(&self, number: u64) -> Result<Option<Claim>> {
        let found = self
            .connection
            .prepare_cached("SELECT run, folder FROM claim WHERE number = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([signed(number)], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
                    .optional()
            })
            .map_err(|error| failed(&self.folder, error))?;
        match found {
            None => Ok(None),
            Some((run, folder)) => {
                let run = run.parse().map_err(|_| damaged(&self.folder))?;
                Ok(Some(Claim { run, folder: path_of_text(&folder) }))
            }
        }
    }

    /// Takes over a row of this run for another one. It stands once [`Claims::keep`] has been called: one sync for
    /// many rows.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn add(&self, number: u64, claim: &Claim) -> Result<()> {
        if self.connection.is_autocommit() {
            self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| failed(&self.folder, error))?;
        }
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO claim (number, run, folder) VALUES (?1, ?2, ?3)")
            .and_then(|mut statement| {
                statement.execute(params![signed(number), claim.run.to_string(), path_to_text(&claim.folder)])
            })
            .map_err(|error| failed(&self.folder, error))?;
        Ok(())
    }

    /// Puts the claims so far on the disk.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn keep(&self) -> Result<()> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection.execute_batch("COMMIT").map_err(|error| failed(&self.folder, error))
    }
}
