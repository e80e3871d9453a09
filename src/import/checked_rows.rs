//! Rows checked on a thread of their own, between the one that reads them and the one that decides about them: each of the
//! three has about as much to do. They travel in batches, whose memory goes back to be filled again.

use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use crate::check::identity::Identities;
use crate::check::record::Record;
use crate::error::Result;
use crate::format::{Content, ContentHasher, Reader, Row, Sheet};
use crate::mapping::{Mapping, is_confirmation};

/// Rows of a batch …
const BATCH_ROWS: usize = 128;
/// … unless their texts take more bytes than this.
const BATCH_BYTES: usize = 256 << 10;
/// Batches that wait for the one who decides.
const WAITING: usize = 2;
/// The memory of a row with more bytes than this is not used again: rows of that size are rare.
const LARGE_ROW: usize = 16 << 10;

/// A row, what it says, and what it is known by.
#[derive(Debug, Default)]
pub(super) struct ReadRow {
    /// The row, as a person sees it in the sheet.
    pub row: Row,
    /// What the checks made of it; nothing where they were left to the one who decides.
    pub record: Record,
    /// The hash of its cells, as they stand in the file; none where rows are not to be known again.
    pub content: Content,
    /// The hash of what it says; none where rows are not to be known again.
    pub identity: Content,
    /// Whether its cell for a person's consent says yes.
    pub is_confirmed: bool,
}

type Batch = Vec<ReadRow>;

/// How rows are checked.
pub(super) struct Checks<'a> {
    /// Which column feeds which field.
    pub mapping: &'a Mapping,
    /// How the file is read.
    pub sheet: &'a Sheet,
    /// Values are checked here, too: nothing else has a say in what of a row is checked.
    pub has_values: bool,
    /// Rows are to be known again, by what they say and by their cells.
    pub has_identities: bool,
}

impl Checks<'_> {
    /// Calls `take` with every row, in order.
    ///
    /// # Errors
    /// A row that cannot be read, or whatever `take` says.
    pub(super) fn each(&self, reader: Reader, mut take: impl FnMut(&mut ReadRow) -> Result<()>) -> Result<()> {
        let (sender, batches) = sync_channel(WAITING);
        let (used, returned) = channel();
        std::thread::scope(|scope| {
            scope.spawn(move || self.check_all(reader, &sender, &returned));
            for batch in batches {
                let mut batch: Batch = batch?;
                batch.iter_mut().try_for_each(&mut take)?;
                let _ = used.send(batch);
            }
            Ok(())
        })
    }

    /// Checks until there are no more rows, or nobody wants them.
    fn check_all(&self, mut reader: Reader, sender: &SyncSender<Result<Batch>>, returned: &Receiver<Batch>) {
        let (mut contents, mut identities) = (ContentHasher::default(), Identities::new(self.mapping));
        loop {
            let mut batch = returned.try_recv().unwrap_or_default();
            let (mut filled, mut bytes) = (0, 0);
            let read = loop {
                if filled == BATCH_ROWS || bytes >= BATCH_BYTES {
                    break Ok(true);
                }
                if filled == batch.len() {
                    batch.push(ReadRow::default());
                }
                let checked = &mut batch[filled];
                if checked.row.cells.as_slice().len() > LARGE_ROW {
                    *checked = ReadRow::default();
                }
                match reader.read(&mut checked.row) {
                    Ok(true) => self.check(checked, &mut contents, &mut identities),
                    end => break end,
                }
                bytes += checked.row.cells.as_slice().len();
                filled += 1;
            };
            batch.truncate(filled);
            // The rows before one that cannot be read still count.
            if sender.send(Ok(batch)).is_err() {
                return;
            }
            match read {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    // Nobody listens any more: then nobody wants to know.
                    let _ = sender.send(Err(error));
                    return;
                }
            }
        }
    }

    fn check(&self, checked: &mut ReadRow, contents: &mut ContentHasher, identities: &mut Identities) {
        let ReadRow { row, record, content, identity, is_confirmed } = checked;
        let confirmation = self.mapping.own.confirmation;
        *is_confirmed = confirmation.is_some_and(|column| is_confirmation(row.cell(column).text));
        if self.has_identities {
            *content = contents.of(&row.cells);
        }
        self.mapping.take_as_shown(row, self.sheet);
        if self.has_values {
            self.mapping.check(row, record);
        }
        if self.has_identities {
            *identity = identities.of(self.mapping, row, !self.is_known_by_words(record));
        }
    }

    /// Whether a row makes something new, and nothing but its words tells it from others.
    fn is_known_by_words(&self, record: &Record) -> bool {
        let entity = self.mapping.entity();
        let makes_new = !entity.may_change && entity.edits.is_none() && entity.conflict.is_none();
        makes_new && self.has_values && !record.has_key(self.mapping) && record.old_id.is_empty()
    }
}
