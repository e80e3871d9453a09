//! From a sheet to the service, in this order: `preflight` reads the whole input once and finds what is wrong with it, `spool`
//! keeps its rows as they will be sent and `cells` as they were; `checked_rows` is its second core, `repeated_records` looks
//! for rows that change the same record, `likely_doubles` for those that would make one twice. `run_identity` says what makes it the run it is, `places` where runs lie; `known` gathers what earlier runs say (`resume` finds the run that is meant, `memory` asks all others), `referring`
//! for rows that change the same record. `run_identity` says what makes it the run it is, `places` where runs lie; `known` gathers what earlier runs say (`resume` finds the run that is meant, `memory` asks all others, `accounts` finds out which accounts are one, `strange_export` whether a file is the export of another), `referring`
//! looks up the records that rows refer to (`references`; `parents` makes those that are not there, for the rows that `sent_rows`
//! knows), `matching` those that they are about (`gone_records` those that were deleted since), or `existing` whether they are
//! there; `row_lines` keeps what was found. `agreement` asks a person (`introduction` reads what that person knows the account
//! by, `agreed` keeps what was answered, `left_out` counts what does not come over and `replaced` the words that a mapping file replaced, `coverage` finds the rows that are looked at
//! closely). `plan` decides what becomes of each row (`decision` by what is known of it, `additions` what was added to a record before, `origin` knows what runs that retry one
//! another's rows made of it), `operation` is what a row asks of the service (`pairs` its names and values), `change` what that writes; `pipeline` sends the
//! rows and writes down what happened (`row_sender` takes one row to its end, `caution` lets it wait where nobody knows what
//! became of others, `route` knows where it goes, `witness` whether an answer may be about it, `before_image` what a record said before its change), `read_back` compares the first rows by `comparison`, and `looks` says which others go alone. `closing` ends it and `report` tells all of it. `foreseen` does
//! the same without sending. `settle` finds out what became of rows in doubt (`resemblance` sees through what a service does to
//! texts, of which `skeleton` is left), `find` looks into what is kept, `forget` undoes the keeping. `run` is the story that
//! ties them together.

mod accounts;
mod additions;
mod agreed;
mod agreement;
mod before_image;
mod binding_run;
mod caution;
mod cell_origins;
mod cells;
mod change;
mod checked_rows;
mod closing;
mod comparison;
mod coverage;
mod decision;
mod existing;
mod find;
mod first_look;
mod first_request;
mod forecast;
mod foreseen;
mod forget;
mod gone_records;
mod introduction;
mod known;
mod last_sent;
mod left_out;
mod likely_doubles;
mod looks;
mod matching;
mod memory;
mod named_records;
mod not_retried;
mod notes;
mod operation;
mod options;
mod origin;
mod pairs;
mod parents;
mod pipeline;
mod places;
mod plan;
mod preflight;
mod read_back;
mod record_reader;
mod references;
mod referring;
mod repeated_records;
mod replaced;
pub mod report;
mod resemblance;
mod resume;
mod retried;
mod route;
mod row_counts;
mod row_lines;
mod row_sender;
mod run;
mod run_identity;
mod sent_members;
mod sent_rows;
mod settle;
mod skeleton;
mod spool;
pub mod stdin;
mod strange_export;
mod strangers;
#[cfg(test)]
mod tests;
mod witness;
mod words;

pub use accounts::Accounts;
pub use agreed::Agreed;
pub use find::{FoundRow, Sought, find_in_run};
pub use foreseen::{Foreseen, foresee};
pub use forget::PersonalFiles;
pub use notes::{BASELINE_NOTE, BINDS_NOTE, COMMAND_NOTE, COMPANY_NOTE, WHO_NOTE};
pub use options::{
    Answers, DoubtOptions, ImportOptions, Missing, PreflightOptions, ReferenceOptions, ResumeOptions, SERVER_TIMEOUT,
    ToldAccounts,
};
pub use places::{is_lost_run, lost_runs, places_here, run_places};
pub use preflight::{Preflight, Purpose, Rows};
pub use record_reader::{RecordReader, SaidRecord};
pub use retried::last_retry;
pub use run::run;
pub use settle::{SettleCommand, run as settle};
pub use strangers::words_of_strangers;
pub use words::Words;

pub use crate::api::Honours;
