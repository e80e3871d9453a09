//! What the first reading gathers, row by row: what is told of the rows, and what they are compared by.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::check::duplicates::KeyCounter;
use crate::check::findings::Findings;
use crate::error::Result;
use crate::format::Sheet;
use crate::import::change::MovedCells;
use crate::import::coverage::CoverageFinder;
use crate::import::left_out::LeftOutCounter;
use crate::import::likely_doubles::KeysSeen;
use crate::import::operation::WriteOperation;
use crate::import::replaced::ReplacedCounter;
use crate::mapping::Mapping;

/// What was found in the rows.
pub(super) struct Gathered {
    /// All that is wrong with them.
    pub findings: Findings,
    /// Kinds that would be held back without consent.
    pub consented: BTreeSet<&'static str>,
    /// Rows that wait for what is decided about words.
    pub waiting: u64,
    /// The fingerprint of what was read.
    pub fingerprint: Sha256,
    /// The first record that will be sent, as its fields and values …
    pub first: Vec<(String, String)>,
    /// … and what it asks for.
    pub first_operation: Option<WriteOperation>,
    /// Cells of an export of ours that stand in other rows.
    pub moved: MovedCells,
    /// Rows that are looked at closely.
    pub coverage: CoverageFinder,
    /// Columns of which nothing comes over.
    pub left_out: LeftOutCounter,
    /// Words that the mapping file replaced.
    pub replaced: ReplacedCounter,
}

impl Gathered {
    /// Nothing yet.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn nothing(sheet: &Sheet, mapping: &Mapping) -> Result<Gathered> {
        let mut fingerprint = Sha256::new();
        for title in &sheet.header {
            fingerprint.update(title.trim().as_bytes());
            fingerprint.update([0xff]);
        }
        Ok(Gathered {
            findings: Findings::new()?,
            consented: BTreeSet::new(),
            waiting: 0,
            fingerprint,
            first: Vec::new(),
            first_operation: None,
            moved: MovedCells::default(),
            coverage: CoverageFinder::default(),
            left_out: LeftOutCounter::new(mapping),
            replaced: ReplacedCounter::default(),
        })
    }

    /// The fingerprint as text.
    pub(super) fn fingerprint(&self) -> String {
        self.fingerprint.clone().finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What was seen of the rows, to compare them.
#[derive(Default)]
pub(super) struct Seen {
    /// Their keys.
    pub keys: KeyCounter,
    /// Records that they change, as they name them.
    pub records: KeyCounter,
    /// Their old ids.
    pub old_ids: KeyCounter,
    /// Whether a row has no old id.
    pub lacks_old_id: bool,
    /// Whether some of their keys may be shared by rows that are known by others.
    pub rivals: KeysSeen,
}
