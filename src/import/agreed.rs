//! What a person agreed to for an account, kept in its state so that the same is not asked each week: kinds of warnings, with
//! the mapping they were met under, and that notifications are switched off.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::error::{Context, Result};
use crate::files::{self, Access, create_private_folder, folder_of};

/// What was agreed to for an account.
#[derive(Debug, Default)]
pub struct Agreed {
    /// Where it is kept; nowhere for a command without an account.
    file: Option<PathBuf>,
    document: Document,
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Document {
    version: u32,
    account: String,
    #[serde(default)]
    consents: Vec<KeptConsent>,
    /// What the service calls the account.
    #[serde(default)]
    name: Option<String>,
    /// Kind of write → when it was said that nobody is notified of it.
    #[serde(default)]
    notifications_off: BTreeMap<String, Date>,
}

/// Consent to one kind of warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptConsent {
    /// Name of the entity.
    entity: String,
    /// Fingerprint of the mapping.
    mapping: String,
    /// The kind.
    pub code: String,
    /// When.
    pub agreed: Date,
}

impl Agreed {
    /// What was agreed to for this account. A file that cannot be understood says nothing: what it said is asked again.
    ///
    /// # Errors
    /// A machine that does not tell where its user keeps things.
    pub fn of(account: &Account) -> Result<Agreed> {
        let file = account.agreed_file()?;
        let document = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let document = document.unwrap_or_default();
        Ok(Agreed { file: Some(file), document: Document { version: 1, account: account.identity(), ..document } })
    }

    /// The kinds that were agreed to under a mapping.
    pub(super) fn consents<'a>(
        &'a self,
        entity: &'a str,
        mapping: &'a str,
    ) -> impl Iterator<Item = &'a KeptConsent> + 'a {
        self.document.consents.iter().filter(move |kept| kept.entity == entity && kept.mapping == mapping)
    }

    /// Keeps consent to these kinds under a mapping.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn keep_consents<'a>(
        &mut self,
        entity: &str,
        mapping: &str,
        codes: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        let before = self.document.consents.len();
        for code in codes {
            if self.consents(entity, mapping).all(|kept| kept.code != code) {
                self.document.consents.push(KeptConsent {
                    entity: entity.to_owned(),
                    mapping: mapping.to_owned(),
                    code: code.to_owned(),
                    agreed: today(),
                });
            }
        }
        if self.document.consents.len() == before { Ok(()) } else { self.save() }
    }

    /// What the service calls the account, as far as somebody was asked about it.
    pub(super) fn name(&self) -> Option<&str> {
        self.document.name.as_deref()
    }

    /// Keeps what the service calls the account.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn keep_name(&mut self, name: &str) -> Result<()> {
        if self.name() == Some(name) {
            return Ok(());
        }
        self.document.name = Some(name.to_owned());
        self.save()
    }

    /// When it was said that nobody is notified of this kind of write.
    pub(super) fn notifications_off(&self, kind: &str) -> Option<Date> {
        self.document.notifications_off.get(kind).copied()
    }

    /// Keeps that nobody is notified of these kinds of writes.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn keep_notifications_off(&mut self, kinds: &[&str]) -> Result<()> {
        for kind in kinds {
            self.document.notifications_off.entry((*kind).to_owned()).or_insert_with(today);
        }
        self.save()
    }

    fn save(&self) -> Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let place = || path.display().to_string();
        create_private_folder(folder_of(path))?;
        // Texts and dates always serialise.
        let text = serde_json::to_vec_pretty(&self.document).unwrap_or_default();
        files::whole(path, Access::Owner, |file| file.write_all(&text).context(place))
    }
}

fn today() -> Date {
    jiff::ZonedDateTime::now().date()
}
