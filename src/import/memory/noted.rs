//! What is noted of rows while they are looked up.

use std::collections::{BTreeMap, HashMap};

use super::concerned::Concerned;
use super::remembered::{Remembered, Said};
use super::retried_rows::RetriedRows;
use crate::error::Result;
use crate::import::resume::CheckedRow;
use crate::import::row_lines::RowLineWriter;
use crate::journal::{GivenOldIds, IndexedRun, InputRow, RunIndex, SentBefore, Status};

/// What the number of no run is.
const NO_RUN: i64 = 0;

/// What was noted of the rows that were looked up so far.
pub(super) struct Noted<'a> {
    concerned: &'a Concerned<'a>,
    /// Runs of this account.
    own: &'a HashMap<i64, IndexedRun>,
    /// Old ids that somebody has brought from elsewhere.
    given: Option<GivenOldIds>,
    /// Rows that others have retried.
    retried: &'a RetriedRows,
    /// What is remembered of each row.
    pub lines: RowLineWriter<Remembered>,
    /// How many rows which run says what of.
    pub counts: BTreeMap<(i64, Said), u64>,
    /// How many rows are sent once more at a person's word.
    pub resent: u64,
    /// How many rows which run of another account knows.
    pub known_to_others: HashMap<i64, u64>,
}

impl<'a> Noted<'a> {
    pub(super) fn new(
        concerned: &'a Concerned<'a>,
        own: &'a HashMap<i64, IndexedRun>,
        (given, retried): (Option<GivenOldIds>, &'a RetriedRows),
    ) -> Result<Self> {
        let (lines, counts, known_to_others) = (RowLineWriter::new()?, BTreeMap::new(), HashMap::new());
        Ok(Noted { concerned, own, given, retried, lines, counts, resent: 0, known_to_others })
    }

    /// Notes what was brought of a row, else what a run of this account has made of it, else that one of another has.
    pub(super) fn row(
        &mut self,
        index: &RunIndex,
        row_index: u64,
        (row, checked): (&InputRow, &CheckedRow),
        (sent, sent_by_others): (Option<SentBefore>, Option<SentBefore>),
    ) -> Result<()> {
        let would_be_sent = checked.is_sound && !checked.is_double;
        if let Some(run) = self.retried.run_of(row) {
            if would_be_sent {
                *self.counts.entry((run, Said::Retried)).or_default() += 1;
            }
            let said = Said::Retried;
            let remembered = Remembered { said, id: None, is_in_doubt: false, by_weaker: false, run: Some(run) };
            return self.lines.add(row_index, &remembered);
        }
        let by_old_id = sent.as_ref().is_some_and(|sent| sent.by_old_id);
        if let (Some(given), Some(old_id)) = (&self.given, &row.old_id)
            && !by_old_id
            && let Some(id) = index.given_id(given, old_id)?
        {
            if would_be_sent {
                *self.counts.entry((NO_RUN, Said::Given)).or_default() += 1;
            }
            let remembered =
                Remembered { said: Said::Given, id: Some(id), is_in_doubt: false, by_weaker: false, run: None };
            self.lines.add(row_index, &remembered)?;
        } else if let Some(sent) = sent
            && let Some(run) = self.own.get(&sent.run)
        {
            if self.concerned.resends && !run.is_there && sent.status == Status::Unknown {
                self.resent += u64::from(would_be_sent);
                return Ok(());
            }
            let said = self.concerned.said(&sent, run, row.key.is_some());
            let is_overruled = said == Said::WeakerKey
                && said.is_overruled(self.concerned.consent, &checked.confirmed, sent.id.as_deref());
            if would_be_sent && !is_overruled {
                *self.counts.entry((sent.run, said)).or_default() += 1;
            }
            let is_in_doubt = sent.status == Status::Unknown;
            let by_weaker = sent.by_weaker;
            let remembered = Remembered { said, id: sent.id, is_in_doubt, by_weaker, run: Some(sent.run) };
            self.lines.add(row_index, &remembered)?;
        } else if let Some(sent) = sent_by_others.filter(|_| would_be_sent) {
            *self.known_to_others.entry(sent.run).or_default() += 1;
        }
        Ok(())
    }
}
