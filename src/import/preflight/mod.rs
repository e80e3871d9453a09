//! The first reading of an input, before anything is sent: all its mistakes, its fingerprint, and what occurs twice in it.
//! `basis` is what its rows are read by, `reading` takes them one by one (`own_ids` keeps those that name records of this
//! service, `reason` says why one is not sent) and keeps what was `gathered`, `duplicates` compares them, and `found` is what
//! came of it.

mod basis;
mod duplicates;
mod found;
mod gathered;
mod own_ids;
mod reading;
mod reason;

use std::collections::HashMap;

use basis::{Basis, kept_field, words_of};
use duplicates::find_duplicates;
use gathered::{Gathered, Seen};
use reading::Reading;

use super::agreed::Agreed;
use super::cells::CellSpool;
use super::left_out::LeftOut;
use super::likely_doubles::hold_likely_doubles;
use super::options::PreflightOptions;
use super::references::Question;
use super::repeated_records::refuse_repeats;
use super::spool::Spool;
use super::words::Words;
use crate::check::duplicates::Duplicates;
use crate::definitions::DefinitionSource;
use crate::entity::WriteMode;
use crate::error::{Error, Result};
use crate::format::{self, FileFormat, Reader};
use crate::message;

pub use found::{Preflight, Rows};
pub use reading::Purpose;
pub(super) use reason::reason_of;

impl Preflight {
    /// Reads the whole input, once.
    ///
    /// # Errors
    /// An input or mapping that cannot be used.
    pub fn run(
        options: &PreflightOptions<'_>,
        definitions: &DefinitionSource<'_>,
        agreed: &Agreed,
        words: &Words,
        purpose: Purpose,
    ) -> Result<(Preflight, Rows)> {
        let format = format::detect(&options.input)?;
        let reader = format::open(&options.input)?;
        let basis = Basis::find(options, definitions, agreed, words, reader.sheet().clone())?;
        let (reading, questions) = read_rows(&basis, words, reader, purpose)?;
        refuse_unusable(&basis, &reading)?;
        let Reading { spool, cells, seen, mut gathered, .. } = reading;
        let has_old_ids = basis.mapping.old_id.is_some() && !seen.lacks_old_id;
        let mut spool = spool.finish()?;
        let duplicates = compare_rows(&basis, &mut spool, seen, &mut gathered)?;
        let rows = Rows { spool, duplicates, cells: cells.map(CellSpool::finish).transpose()?, has_old_ids };
        Ok((preflight_of(basis, format, gathered, questions, rows.spool.rows), rows))
    }
}

/// Reads the rows; once more where a person is asked about words that they say, and what that is.
fn read_rows<'a>(
    basis: &'a Basis<'a>,
    words: &'a Words,
    reader: Reader,
    purpose: Purpose,
) -> Result<(Reading<'a>, Vec<Question>)> {
    let (asks, keeps_cells) = match &purpose {
        Purpose::Findings => (false, false),
        Purpose::Sending(cells) => (true, cells.is_some()),
    };
    let mut reading = Reading::new(basis, words, purpose)?.all(reader)?;
    let asked = std::mem::take(&mut reading.said_words).many();
    let questions = if asks { asked.questions(&basis.mapping) } else { Vec::new() };
    if !questions.is_empty() {
        // Which of them are many is known only now, and rows that wait are no rows with mistakes.
        let cells = if keeps_cells { Some(Box::new(CellSpool::new()?)) } else { None };
        let reader = format::open(&basis.options.input)?;
        reading = Reading::new(basis, words, Purpose::Sending(cells))?.asking(asked).all(reader)?;
    }
    Ok((reading, questions))
}

/// An input without rows, or whose rows name records of their own where new ones are to be made, is not used.
fn refuse_unusable(basis: &Basis<'_>, reading: &Reading<'_>) -> Result<()> {
    if reading.rows == 0 {
        let file = &basis.options.input.shown;
        return Err(Error::usage(message!("mapping.no_rows", file = file)).hint(message!("mapping.no_rows_hint")));
    }
    match reading.own_ids.as_ref().filter(|_| basis.options.mode == WriteMode::Create) {
        Some(own_ids) => Err(own_ids.refuse_create(&basis.mapping)),
        None => Ok(()),
    }
}

/// Finds what rows show only side by side: several that change one record, that would make one twice, or that have the same key.
fn compare_rows(basis: &Basis<'_>, spool: &mut Spool, seen: Seen, gathered: &mut Gathered) -> Result<Duplicates> {
    let Basis { mapping, options, consents, .. } = basis;
    let Gathered { findings, consented, .. } = gathered;
    refuse_repeats(spool, mapping, seen.records, findings)?;
    if options.mode.makes_records(mapping.entity()) {
        hold_likely_doubles(spool, mapping, &seen.rivals, (&consents.consent, consented), findings)?;
    }
    let mut duplicates = Duplicates::new(seen.keys, seen.old_ids);
    if !duplicates.is_empty() {
        find_duplicates(spool, mapping, &mut duplicates, findings)?;
    }
    Ok(duplicates)
}

/// What was known before the rows were read and what was found in them, as the run goes on with it.
fn preflight_of(
    basis: Basis<'_>,
    format: &'static FileFormat,
    gathered: Gathered,
    questions: Vec<Question>,
    rows: u64,
) -> Preflight {
    let Basis { options, mut mapping, mut known, consents, .. } = basis;
    let fingerprint = gathered.fingerprint();
    let moved_columns = gathered.moved.found(|column| mapping.header(column).to_owned());
    let (consented, agreed_earlier) = consents.told_apart(gathered.consented);
    let lacking = known.lacking.take();
    let words = words_of(known, &mapping);
    let left_out = gathered.left_out.finish();
    let filled: Vec<&str> = left_out.iter().map(LeftOut::column).collect();
    mapping.report.forget_blank_columns(&options.custom.member, &filled);
    Preflight {
        words,
        lacking,
        coverage: gathered.coverage.finish(&mapping),
        named: HashMap::new(),
        left_out,
        replaced: gathered.replaced.finish(&mapping),
        account_fields: basis.account_fields.into_iter().map(|field| kept_field(field, &mapping)).collect(),
        rows,
        questions,
        format,
        sheet: basis.sheet,
        findings: gathered.findings,
        waiting: gathered.waiting,
        moved_columns: moved_columns.filter(|_| !consents.is_move_meant()),
        consent: consents.consent,
        consented,
        agreed_earlier,
        fingerprint,
        first: gathered.first,
        first_operation: gathered.first_operation,
        handed_back: basis.handed_back,
        rows_of_export: basis.rows_of_export,
        is_unknown_export: basis.is_unknown_export,
        mapping,
    }
}
