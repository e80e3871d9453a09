//! The two modes an account may have.

use serde::{Deserialize, Serialize};

/// Whether contacts belong to companies (2B) or stand alone (2C). The service does not tell; it is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
pub enum AccountMode {
    /// Contacts belong to companies; groups hold companies.
    #[default]
    #[serde(rename = "2B", alias = "2b")]
    #[value(name = "2b")]
    Business,
    /// No companies; groups hold contacts.
    #[serde(rename = "2C", alias = "2c")]
    #[value(name = "2c")]
    Consumer,
}
