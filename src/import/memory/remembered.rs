//! What is remembered of a row, and what a person may overrule of it.

use serde::{Deserialize, Serialize};

use crate::check::confirmed::Confirmed;
use crate::check::consent::{Consent, EXISTS, LIKELY_DOUBLE, SENT_BEFORE};
use crate::import::spool::SpooledRow;

/// What another run has made of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::import) enum Said {
    /// It is done.
    Done,
    /// Nobody knows whether it arrived.
    Unknown,
    /// It is done: its old id tells. It says something else now.
    DoneAndChanged,
    /// It is done: somebody has brought its old id and its record from elsewhere.
    Given,
    /// A run that retried it has taken care of it, in whatever words.
    Retried,
    /// Only its natural key was sent, by a row that says something else.
    OnlyKey,
    /// Only a weaker natural key of it was sent, by a row that had no stronger one.
    WeakerKey,
    /// A row without a key that says the same was done, in another input that is finished: it may be meant once more.
    DoneInAnotherInput,
    /// No run, but the account itself has a record with its natural key.
    ExistsInAccount,
}

impl Said {
    /// Whether it has become a record.
    pub(in crate::import) fn has_made(self) -> bool {
        matches!(self, Said::Done | Said::DoneAndChanged | Said::Given | Said::OnlyKey)
    }

    /// Whether the row is sent all the same: a person says so each time, by a code or in the row's own cell, where they were shown
    /// the record with this `id`. What is done is never done again.
    pub(in crate::import) fn is_overruled(self, consent: &Consent, confirmed: &Confirmed, id: Option<&str>) -> bool {
        let code = match self {
            Said::DoneInAnotherInput => SENT_BEFORE,
            Said::ExistsInAccount => EXISTS,
            Said::WeakerKey => LIKELY_DOUBLE,
            Said::Done | Said::Unknown | Said::DoneAndChanged | Said::Given | Said::Retried | Said::OnlyKey => {
                return false;
            }
        };
        confirmed.names_record(code, id) || consent.names(code)
    }
}

#[cfg(test)]
impl Said {
    /// All of it.
    pub(in crate::import) const ALL: [Said; 9] = [
        Said::Done,
        Said::Unknown,
        Said::DoneAndChanged,
        Said::Given,
        Said::Retried,
        Said::OnlyKey,
        Said::WeakerKey,
        Said::DoneInAnotherInput,
        Said::ExistsInAccount,
    ];
}

/// What is remembered of a row, or found in the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::import) struct Remembered {
    /// What the other run has made of it, or that the account has it.
    pub said: Said,
    /// The record's id, when it is known.
    pub id: Option<String>,
    /// Nobody knows whether what was sent has arrived.
    pub is_in_doubt: bool,
    /// It is only the next weaker one of the row's natural keys by which it is known.
    pub by_weaker: bool,
    /// What that run goes by in the index, when it is one.
    pub(super) run: Option<i64>,
}

impl Remembered {
    /// Whether a row is sent all the same, as a person says.
    pub(in crate::import) fn is_overruled(&self, consent: &Consent, row: &SpooledRow) -> bool {
        self.said.is_overruled(consent, &row.confirmed, self.id.as_deref())
            || self.is_confirmed(&row.confirmed, row.is_known_by_weaker())
    }

    /// Whether a person was shown the record that the account has of a row, or the row that it was made of since.
    pub(super) fn is_confirmed(&self, confirmed: &Confirmed, is_known_by_weaker: bool) -> bool {
        let is_of_row = (self.by_weaker || is_known_by_weaker) && confirmed.names_record(LIKELY_DOUBLE, None);
        self.said == Said::ExistsInAccount && (is_of_row || confirmed.names_record(EXISTS, self.id.as_deref()))
    }
}
