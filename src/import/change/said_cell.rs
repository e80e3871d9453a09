//! A cell of a row that changes a record.

use serde::{Deserialize, Serialize};

use crate::baseline::{CellMarks, marks, may_be_respelled};
use crate::check::consent::SENT_BEFORE;
use crate::entity::{Field, Kind, Overwrite};
use crate::journal::{Reason, Status, UNKNOWN_ELSEWHERE};
use crate::message::Message;

/// A cell of a row that changes a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidCell {
    /// The field, by the interface's name or a custom field's key.
    pub field: String,
    /// Whether it is a custom field.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_custom: bool,
    /// What the file shows; nothing where a person says that the field is to be emptied.
    pub shown: String,
    /// What the service is told for that; not known of a cell that nobody edited.
    pub value: String,
    /// What is done where the account has another value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub overwrite: Overwrite,
    /// It tells which record is referred to, and that was not looked up yet.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_unresolved: bool,
    /// What the export said from which the file comes; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<CellBaseline>,
    /// What it adds to its record was added before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_before: Option<AddedBefore>,
}

impl SaidCell {
    /// Whether it may be written, whatever its record says: somebody edited it since the export, or it is written all the same.
    pub(in crate::import) fn may_be_written(&self) -> bool {
        self.overwrite == Overwrite::Always || self.baseline.is_none_or(|baseline| !baseline.is_unedited)
    }
}

/// That what a cell adds to its record was added before, or may have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedBefore {
    /// Nobody knows whether it arrived.
    pub is_in_doubt: bool,
    /// Why it is not added, in words.
    pub why: Message,
}

impl AddedBefore {
    /// How a row ends of which nothing else is written.
    pub fn end(&self) -> (Status, Reason) {
        let (status, code) = match self.is_in_doubt {
            true => (Status::Unknown, UNKNOWN_ELSEWHERE),
            false => (Status::Skipped, SENT_BEFORE),
        };
        (status, Reason { code: code.to_owned(), field: String::new(), message: self.why.clone() })
    }
}

/// What an export of ours said in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellBaseline {
    /// Whether the cell still says it.
    pub is_unedited: bool,
    /// Whether it says what a spreadsheet program makes of it, which may be no edit.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_respelled: bool,
    /// The mark of the value that the service had then.
    pub value_mark: u64,
    /// Whether the export was not shown it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_hidden: bool,
    /// The mark of the value that we told the service since: what it has from us nobody else has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_mark: Option<u64>,
}

/// What a cell shows, as marks.
#[derive(Debug, Clone)]
pub struct ShownMarks {
    exact: u64,
    /// Of what a spreadsheet program makes of it.
    saved: u64,
    /// Whether the field holds numbers or days, which have several spellings.
    has_spellings: bool,
    /// The text, where it looks like a day or a time.
    moment: Option<Box<str>>,
}

impl ShownMarks {
    /// That of what a spreadsheet program makes of it.
    pub fn saved(&self) -> u64 {
        self.saved
    }

    /// Those of a text in a cell of a field.
    pub fn of(field: &Field, text: &str) -> ShownMarks {
        let has_spellings = matches!(field.kind, Kind::Integer | Kind::Decimal | Kind::Date | Kind::DateTime);
        let (exact, saved) = marks(field, text);
        let is_moment = text.len() <= 24 && text.contains(['/', ':', '月']);
        ShownMarks { exact, saved, has_spellings, moment: is_moment.then(|| text.into()) }
    }
}

impl CellBaseline {
    /// What the cell of a file is that is an export of which nobody knows what it said: whatever the service says may have been
    /// said since. No value has this mark.
    pub const UNKNOWN: CellBaseline = CellBaseline { value_mark: u64::MAX, ..CellBaseline::edited(0) };

    /// What an export said in a cell of a field that shows something of these marks now.
    pub fn of(said: CellMarks, shown: &ShownMarks) -> CellBaseline {
        let is_same = said.shown == shown.exact;
        let is_saved = said.saved == shown.saved
            || !is_same && shown.moment.as_deref().is_some_and(|text| may_be_respelled(said, text));
        let is_hidden = said == CellMarks::HIDDEN;
        CellBaseline {
            is_unedited: is_same || is_saved && shown.has_spellings,
            is_respelled: !is_same && is_saved && !shown.has_spellings,
            value_mark: if is_hidden { 0 } else { said.value },
            is_hidden,
            told_mark: None,
        }
    }

    /// Whether the cell was blank, and still is.
    pub fn was_blank(self) -> bool {
        self.is_unedited && self.value_mark == 0 && !self.is_hidden
    }

    /// Whether a value of this mark is one that nobody but us has made since.
    pub fn knows(self, mark: u64) -> bool {
        self.value_mark == mark || self.told_mark == Some(mark)
    }

    /// A cell that was edited, of which the service had a value of this mark.
    pub const fn edited(value_mark: u64) -> CellBaseline {
        CellBaseline { is_unedited: false, is_respelled: false, value_mark, is_hidden: false, told_mark: None }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

fn is_default(overwrite: &Overwrite) -> bool {
    *overwrite == Overwrite::default()
}
