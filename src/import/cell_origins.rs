//! Where the cells of a row that changes a record come from: what our export said in them, else what we told the service last of
//! the record. It decides what a person edited, and what somebody changed in the service meanwhile.

use super::additions::Additions;
use super::change::{
    CONFLICT, CUT, CellBaseline, HandedBack, ORIGIN_UNKNOWN, RESPELLED, SaidCell, differing, field_of,
};
use super::last_sent::LastSent;
use super::operation::WriteOperation;
use super::preflight::Preflight;
use crate::check::confirmed::Confirmed;
use crate::check::consent::Consent;
use crate::entity::{Entity, Overwrite};
use crate::error::Result;
use crate::journal::Reason;

/// What is known of where the cells of a file's rows come from.
#[derive(Debug)]
pub(super) struct CellOrigins<'a> {
    /// What the rows are.
    pub entity: &'a Entity,
    /// What a person agreed to.
    pub consent: &'a Consent,
    /// The export of ours that the file is.
    pub handed_back: Option<&'a HandedBack>,
    /// What was sent last of the records that rows change.
    pub last_sent: Option<&'a LastSent>,
    /// What runs have added to records that no record shows.
    pub additions: Option<&'a Additions>,
    /// The file is an export of which nobody knows here what it said.
    pub is_unknown: bool,
}

impl<'a> CellOrigins<'a> {
    /// What is known of the rows that were read first, whose records are not known before they are looked up.
    pub(super) fn of(
        preflight: &'a Preflight,
        (last_sent, additions): (Option<&'a LastSent>, Option<&'a Additions>),
    ) -> CellOrigins<'a> {
        CellOrigins {
            entity: preflight.mapping.entity(),
            consent: &preflight.consent,
            handed_back: preflight.handed_back.as_deref(),
            last_sent,
            additions,
            is_unknown: preflight.is_unknown_export,
        }
    }

    /// Says of what a row changes where that comes from, as [`CellOrigins::add`].
    ///
    /// # Errors
    /// A damaged file.
    pub(super) fn add_to(
        &self,
        operation: &mut WriteOperation,
        confirmed: &Confirmed,
        shown: Option<&Reason>,
    ) -> Result<()> {
        match operation {
            WriteOperation::Change { id, cells } => self.add(id, cells, confirmed, shown),
            WriteOperation::Tags(edit) if !edit.set.is_empty() => {
                if let Some(last_sent) = self.last_sent {
                    last_sent.add_origin_of_tags(edit)?;
                }
                edit.baseline = self.agreed_tags(edit.baseline, confirmed, shown);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Says of the cells of a row where they come from, as far as that is not known. `confirmed` tells when a person wants what was
    /// edited to be written, whatever the service says; `shown` is why it waited for that, with what the service said then.
    ///
    /// # Errors
    /// A damaged file.
    pub(super) fn add(
        &self,
        record: &str,
        cells: &mut [SaidCell],
        confirmed: &Confirmed,
        shown: Option<&Reason>,
    ) -> Result<()> {
        if let Some(handed_back) = self.handed_back {
            handed_back.add_origin(self.entity, record, cells)?;
        }
        if let Some(last_sent) = self.last_sent {
            last_sent.add_origin(record, cells)?;
        }
        if let Some(additions) = self.additions {
            additions.add_to(self.entity, record, cells, self.last_sent)?;
        }
        for cell in cells.iter_mut() {
            let is_asked = matches!(cell.overwrite, Overwrite::Edited | Overwrite::IfBlank);
            // What the service never shows has no other value there.
            if is_asked && field_of(self.entity, cell).is_comparable() {
                cell.baseline = self.agreed(&cell.field, cell.baseline, confirmed, shown);
            }
        }
        Ok(())
    }

    /// The origin of a cell of this field, with what a person agreed to: where that was when another value of the service was
    /// shown, it is that one which is overwritten.
    pub(super) fn agreed(
        &self,
        field: &str,
        origin: Option<CellBaseline>,
        confirmed: &Confirmed,
        shown: Option<&Reason>,
    ) -> Option<CellBaseline> {
        let origin = origin.or(self.is_unknown.then_some(CellBaseline::UNKNOWN));
        let code = match origin {
            Some(CellBaseline::UNKNOWN) => ORIGIN_UNKNOWN,
            Some(origin) if origin.is_respelled => RESPELLED,
            _ => CONFLICT,
        };
        // A row is held back for the first of these kinds, and what is shown is of all of them.
        let is_confirmed = [CONFLICT, ORIGIN_UNKNOWN, RESPELLED, CUT].iter().any(|code| confirmed.names(code));
        let is_agreed = is_confirmed || self.consent.covers(code);
        let Some(origin) = origin.filter(|origin| is_agreed && !origin.is_unedited) else { return origin };
        let shown = shown.map(differing).filter(|shown| !shown.is_empty())?;
        match shown.into_iter().find(|(shown, _)| shown == field) {
            Some((_, mark)) => mark.map(CellBaseline::edited),
            // Nothing was said of it.
            None => Some(origin),
        }
    }

    /// The same for the tags of a record, which are all that a row says.
    pub(super) fn agreed_tags(
        &self,
        origin: Option<CellBaseline>,
        confirmed: &Confirmed,
        shown: Option<&Reason>,
    ) -> Option<CellBaseline> {
        let field = shown.and_then(|shown| differing(shown).pop()).map(|(field, _)| field).unwrap_or_default();
        self.agreed(&field, origin, confirmed, shown)
    }
}
