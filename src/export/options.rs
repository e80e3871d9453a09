//! What a command wants exported, decided before anything is asked.

use clap::ValueEnum;
use jiff::civil::DateTime;

use super::output::Output;
use super::period::Bounds;
use crate::account::Account;
use crate::entity::{AccountMode, Catalog, Entity};
use crate::language::Language;

/// What an export is to do.
#[derive(Debug)]
pub struct ExportOptions<'a> {
    /// What is known of the interface.
    pub catalog: &'a Catalog,
    /// Where records come from.
    pub account: Account,
    /// Whether contacts belong to companies.
    pub account_mode: AccountMode,
    /// Whose records.
    pub entity: &'a Entity,
    /// Which of them.
    pub selection: Selection,
    /// Where they go.
    pub output: Output,
    /// The columns the user named; empty for all.
    pub columns: Vec<String>,
    /// The language of headers; none for the interface's own names.
    pub headers: Option<Language>,
    /// Whether a header means something else than a field in a file that is imported.
    pub is_reserved: fn(&str) -> bool,
    /// Codes instead of words, HTML as it is.
    pub is_raw: bool,
    /// Names stand beside ids.
    pub has_names: bool,
    /// Each record's own page is asked for.
    pub has_details: bool,
    /// What belongs to each record, such as the messages of a chat, is asked for.
    pub has_messages: bool,
    /// What becomes of what was read.
    pub mirror: MirrorUse,
    /// What cannot be proved to be all is written all the same, marked so.
    pub accepts_incomplete: bool,
    /// Of so many exports of changes one reads everything; 0 for none.
    pub full_every: u32,
    /// The moment the export is of, where the service is.
    pub now: DateTime,
}

impl ExportOptions<'_> {
    /// Whether records are written as they came: for programs, who read what the service says and no words of ours.
    pub fn is_as_it_came(&self) -> bool {
        self.output.format.is_for_programs && self.headers.is_none()
    }

    /// The language of words in the file.
    pub fn language(&self) -> Language {
        self.headers.unwrap_or(Language::current())
    }
}

/// Which records are meant.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The span one of their times lies in …
    pub bounds: Bounds,
    /// … the word that means it, today or in a week something else …
    pub period: Option<String>,
    /// … and which time that is.
    pub by: RecordTime,
    /// The span of their last change.
    pub updated: Bounds,
    /// Values they have.
    pub conditions: Vec<Condition>,
    /// The company they belong to, by id.
    pub company: Option<String>,
    /// The customer they belong to, by id.
    pub customer: Option<String>,
    /// The ticket template they were made with, by id.
    pub template: Option<String>,
    /// The month they were created in.
    pub month: Option<String>,
    /// Of field definitions: those of these forms too, by id.
    pub forms: Vec<String>,
    /// Deleted records too.
    pub with_deleted: bool,
    /// All of this as typed.
    pub typed: Vec<TypedFilter>,
}

/// A value that a column has: `status=solved`.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The column, by header or by the interface's name.
    pub column: String,
    /// Its value, as a word or as the service stores it.
    pub value: String,
}

/// A filter as typed: an option and its value.
#[derive(Debug, Clone)]
pub struct TypedFilter {
    /// The option, such as `--since`.
    pub option: &'static str,
    /// Its value.
    pub value: String,
    /// It says a span of time, which is known by its days as well.
    pub is_time: bool,
}

/// What becomes of the records that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MirrorUse {
    /// Everything is read; the local copy keeps it.
    ReadAll,
    /// Only what changed is read; the rest is in the local copy.
    ReadChanges,
    /// Everything is read, and forgotten at the end.
    Temporary,
}

/// Which time of a record is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecordTime {
    /// Creation.
    Created,
    /// The last change.
    Updated,
    /// Solution.
    Solved,
}

impl RecordTime {
    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordTime::Created => "created",
            RecordTime::Updated => "updated",
            RecordTime::Solved => "solved",
        }
    }
}

/// What headers and words are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HeaderNames {
    /// Chinese.
    Zh,
    /// English.
    En,
    /// The interface's own names.
    Api,
}

impl HeaderNames {
    /// The language; none for the interface's own names.
    pub fn language(self) -> Option<Language> {
        match self {
            HeaderNames::Zh => Some(Language::Zh),
            HeaderNames::En => Some(Language::En),
            HeaderNames::Api => None,
        }
    }
}

/// Whether there is a sheet that sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SummaryChoice {
    /// In workbooks.
    Auto,
    /// Never.
    None,
}
