//! How many records a seed makes.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::message;

/// How many records a seed makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Companies.
    pub companies: i64,
    /// Contacts.
    pub customers: i64,
    /// Tickets.
    pub tickets: i64,
    /// Chats.
    pub chats: i64,
    /// Calls.
    pub calls: i64,
    /// Knowledge entries.
    pub knowledge: i64,
}

impl Size {
    /// `factor` times the usual numbers.
    pub fn times(factor: i64) -> Self {
        Size {
            companies: 20 * factor,
            customers: 60 * factor,
            tickets: 80 * factor,
            chats: 20 * factor,
            calls: 20 * factor,
            knowledge: 10 * factor,
        }
    }
}

impl Default for Size {
    fn default() -> Self {
        Size::times(1)
    }
}

impl FromStr for Size {
    type Err = Error;

    /// A factor, or numbers by entity: `customers=1000000,tickets=100000`. What is not named has its usual number.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::usage(message!("sandbox.bad_size", size = text)).hint(message!("sandbox.bad_size_hint"));
        let number = |text: &str| text.parse::<i64>().ok().filter(|n| (1..=100_000_000).contains(n)).ok_or_else(wrong);
        if !text.contains('=') {
            return Ok(Size::times(number(text)?.min(1_000_000)));
        }
        let mut size = Size::default();
        for part in text.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or_else(wrong)?;
            let value = number(value)?;
            match name {
                "companies" => size.companies = value,
                "customers" => size.customers = value,
                "tickets" => size.tickets = value,
                "chats" => size.chats = value,
                "calls" => size.calls = value,
                "knowledge" => size.knowledge = value,
                _ => return Err(wrong()),
            }
        }
        Ok(size)
    }
}
