//! The rows of an input as the first reading left them: checked, named and made into requests, in a temporary file. What is
//! sent is exactly what was checked, whatever happens to the input meanwhile, and no row is parsed or checked twice.
//!
//! The file has no name and goes with the process; what has to outlive it is in the journal.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use bytes::Bytes;

use super::operation::{LookUp, Members, WriteOperation};
use super::pairs::Pairs;
use super::references::NewParent;
use crate::check::confirmed::Confirmed;
use crate::check::consent::Consent;
use crate::check::duplicates::{NaturalKey, RowKeys, Seen, first_eight};
use crate::error::{Context, Error, Result};
use crate::format::Content;
use crate::journal::{OldId, Reason, RowIdentity};
use crate::message::Message;

/// What a row has come to in the first reading.
#[derive(Debug, Clone)]
pub enum RowState {
    /// It is provably no data, as the template's example row.
    Skipped(Reason),
    /// It has mistakes.
    Refused(Reason),
    /// It refers to what is not there. It keeps its key: it is to be sent once that is put right.
    Unresolved(Reason),
    /// It waits: it is not clear yet which record it refers to.
    Waiting,
    /// It may be right: it can be sent once a person consents to all of these codes.
    Held {
        /// Codes of what a person has to look at.
        codes: Vec<String>,
        /// Why it waits.
        reason: Reason,
        /// What it asks for.
        operation: WriteOperation,
    },
    /// It can be sent.
    Sound(WriteOperation),
}

/// A row as the first reading left it.
#[derive(Debug, Clone)]
pub struct SpooledRow {
    /// The row number a person sees.
    pub number: u64,
    /// The hash of what it says in the columns that are sent.
    pub identity: Content,
    /// The hash of all its cells.
    pub content: Content,
    /// Its natural key, when it has one.
    pub key: Option<NaturalKey>,
    /// Its weaker natural keys, beside the one that it is known by.
    pub weaker: Vec<NaturalKey>,
    /// The id of a record of this service that it names as its own.
    pub id: Option<String>,
    /// Why it cannot become a new record, where it may change one that is there all the same.
    pub lacks: Option<Reason>,
    /// For a retry: the cells that name its row and run there.
    pub origin: Option<(String, String)>,
    /// The id that its record has in another system, when the file says it.
    pub old_id: Option<Box<OldId>>,
    /// What a person has consented to in its own cell.
    pub confirmed: Confirmed,
    /// Records it refers to that are to be made before it is sent.
    pub(in crate::import) awaits: Vec<NewParent>,
    /// What it has come to.
    pub state: RowState,
}

impl SpooledRow {
    /// A row of which no more is known than what it is found by.
    pub fn unread(number: u64, identity: Content, content: Content) -> SpooledRow {
        SpooledRow {
            number,
            identity,
            content,
            key: None,
            weaker: Vec::new(),
            id: None,
            lacks: None,
            origin: None,
            old_id: None,
            confirmed: Confirmed::default(),
            awaits: Vec::new(),
            state: RowState::Skipped(Reason::default()),
        }
    }

    /// What it is found by in journals, where the rows before it say `seen`.
    pub fn known_by(&self, seen: Seen) -> RowIdentity {
        RowIdentity { identity: self.identity, copy: seen.copy, content: self.content, content_copy: seen.content_copy }
    }

    /// Whether it may be sent, now or later: then it holds its key.
    pub fn is_sound(&self) -> bool {
        !matches!(self.state, RowState::Skipped(_) | RowState::Refused(_))
    }

    /// Whether it is known by another natural key than the strongest.
    pub fn is_known_by_weaker(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.number > 0)
    }

    /// Whether a person consented to all of these kinds, for the row or for all rows.
    pub fn confirms(&self, codes: &[String], consent: &Consent) -> bool {
        self.confirmed.covers_all(codes, consent)
    }

    /// The hash of its natural key, when it has one.
    pub fn key_hash(&self) -> Option<u64> {
        self.key.as_ref().map(|key| key.hash)
    }

    /// What it is known by, beside what it says.
    pub fn keys(&self) -> RowKeys {
        let old_id = self.old_id.as_deref().map(|old_id| first_eight(&old_id.hash()));
        RowKeys { natural: self.key_hash(), old_id }
    }
}

/// Takes rows.
#[derive(Debug)]
pub(super) struct SpoolWriter {
    file: BufWriter<File>,
    record: Vec<u8>,
    rows: u64,
    has_awaiting: bool,
}

/// Gives rows back, in order.
#[derive(Debug)]
pub struct Spool {
    file: BufReader<File>,
    record: Vec<u8>,
    /// Index of the next row.
    next_index: u64,
    /// Rows it was given.
    pub rows: u64,
    /// Whether any of them refers to records that are to be made before it.
    pub(super) has_awaiting: bool,
}

/// Bytes of a record's head: number, identity, content, key with a flag.
const HEAD: usize = 8 + 16 + 16 + 9;

const SKIPPED: u8 = 0;
const REFUSED: u8 = 1;
const WRITE: u8 = 2;
const CHANGE: u8 = 3;
const TAGS: u8 = 4;
const HELD: u8 = 5;
const DRAFT: u8 = 6;
const LOOKED_UP: u8 = 7;
const UNRESOLVED: u8 = 8;
const WAITING: u8 = 9;

impl SpoolWriter {
    /// An empty spool in the system's folder for temporary files.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn new() -> Result<SpoolWriter> {
        let file = tempfile::tempfile().context(place)?;
        let file = BufWriter::with_capacity(64 * 1024, file);
        Ok(SpoolWriter { file, record: Vec::new(), rows: 0, has_awaiting: false })
    }

    /// Takes one more row.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn add(&mut self, row: &SpooledRow) -> Result<()> {
        let out = &mut self.record;
        out.clear();
        out.extend_from_slice(&row.number.to_le_bytes());
        out.extend_from_slice(&row.identity);
        out.extend_from_slice(&row.content);
        out.push(u8::from(row.key.is_some()));
        out.extend_from_slice(&row.key_hash().unwrap_or_default().to_le_bytes());
        // So far the head, of HEAD bytes for each row.
        if let Some(key) = &row.key {
            out.push(key.number);
            push(out, key.text.as_bytes());
        }
        out.push(u8::try_from(row.weaker.len()).unwrap_or(u8::MAX));
        for key in row.weaker.iter().take(usize::from(u8::MAX)) {
            out.extend_from_slice(&key.hash.to_le_bytes());
            out.push(key.number);
            push(out, key.text.as_bytes());
        }
        out.push(u8::from(row.id.is_some()));
        if let Some(id) = &row.id {
            push(out, id.as_bytes());
        }
        out.push(u8::from(row.lacks.is_some()));
        if let Some(lacks) = &row.lacks {
            push_reason(out, lacks);
        }
        out.push(u8::from(row.origin.is_some()));
        if let Some((number, run)) = &row.origin {
            push(out, number.as_bytes());
            push(out, run.as_bytes());
        }
        out.push(u8::from(row.old_id.is_some()));
        if let Some(old_id) = &row.old_id {
            push(out, old_id.source.as_bytes());
            push(out, old_id.id.as_bytes());
        }
        push(out, row.confirmed.to_text().as_bytes());
        out.push(u8::from(!row.awaits.is_empty()));
        if !row.awaits.is_empty() {
            push(out, &json(&row.awaits));
        }
        match &row.state {
            RowState::Skipped(reason) => {
                out.push(SKIPPED);
                push_reason(out, reason);
            }
            RowState::Refused(reason) => {
                out.push(REFUSED);
                push_reason(out, reason);
            }
            RowState::Waiting => out.push(WAITING),
            RowState::Unresolved(reason) => {
                out.push(UNRESOLVED);
                push_reason(out, reason);
            }
            RowState::Held { codes, reason, operation } => {
                out.push(HELD);
                push(out, &json(codes));
                push_reason(out, reason);
                push_operation(out, operation);
            }
            RowState::Sound(operation) => push_operation(out, operation),
        }
        self.rows += 1;
        self.has_awaiting |= !row.awaits.is_empty();
        let length = length(out.len()).to_le_bytes();
        self.file.write_all(&length).and_then(|()| self.file.write_all(&self.record)).context(place)
    }

    /// The same rows, to be read from the first on.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn finish(self) -> Result<Spool> {
        let mut file = self.file.into_inner().map_err(|error| error.into_error()).context(place)?;
        file.seek(SeekFrom::Start(0)).context(place)?;
        let file = BufReader::with_capacity(64 * 1024, file);
        Ok(Spool { file, record: Vec::new(), next_index: 0, rows: self.rows, has_awaiting: self.has_awaiting })
    }
}

impl Spool {
    /// Begins again with the first row.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn rewind(&mut self) -> Result<()> {
        self.next_index = 0;
        self.file.seek(SeekFrom::Start(0)).map(drop).context(place)
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn next(&mut self) -> Result<Option<SpooledRow>> {
        Ok(self.next_of(|_, _| true)?.map(|(_, row)| row))
    }

    /// The next row without what it asks for, which is most of it: its state says no more than whether it is sound. None at the
    /// end.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn next_known(&mut self) -> Result<Option<SpooledRow>> {
        Ok(self.next_read(|_, _| true, |fields, head| fields.known_row(head))?.map(|(_, row)| row))
    }

    /// The next row whose key and identity are wanted, with its index; none at the end. The others are passed over, which
    /// costs a part of what reading them does.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn next_of(
        &mut self,
        is_wanted: impl Fn(Option<u64>, &Content) -> bool,
    ) -> Result<Option<(u64, SpooledRow)>> {
        self.next_read(is_wanted, |fields, head| fields.row(head))
    }

    fn next_read(
        &mut self,
        is_wanted: impl Fn(Option<u64>, &Content) -> bool,
        read: impl Fn(Fields<'_>, Head) -> Option<SpooledRow>,
    ) -> Result<Option<(u64, SpooledRow)>> {
        loop {
            let mut length = [0; 4];
            match self.file.read_exact(&mut length) {
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
                read => read.context(place)?,
            }
            let rest = (u32::from_le_bytes(length) as usize).checked_sub(HEAD).ok_or_else(changed)?;
            let mut head = [0; HEAD];
            self.file.read_exact(&mut head).context(place)?;
            let head = Fields(&head).head().ok_or_else(changed)?;
            let row_index = self.next_index;
            self.next_index += 1;
            if is_wanted(head.key, &head.identity) {
                self.record.resize(rest, 0);
                self.file.read_exact(&mut self.record).context(place)?;
                let row = read(Fields(&self.record), head).ok_or_else(changed)?;
                return Ok(Some((row_index, row)));
            }
            self.file.seek_relative(rest as i64).context(place)?;
        }
    }
}

/// What each record begins with.
struct Head {
    number: u64,
    identity: Content,
    content: Content,
    /// The hash of the row's key, when it has one.
    key: Option<u64>,
}

/// What is read is what was written; a file that changed under us is no more trusted than any other input.
fn changed() -> Error {
    Error::cannot_run(place())
}

/// What is left of a record.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn head(mut self) -> Option<Head> {
        let number = u64::from_le_bytes(self.array()?);
        let identity = self.array()?;
        let content = self.array()?;
        let has_key = self.array()? == [1];
        let hash = u64::from_le_bytes(self.array()?);
        Some(Head { number, identity, content, key: has_key.then_some(hash) })
    }

    fn row(mut self, head: Head) -> Option<SpooledRow> {
        let row = self.named_row(head)?;
        let state = match self.array::<1>()?[0] {
            SKIPPED => RowState::Skipped(self.reason()?),
            REFUSED => RowState::Refused(self.reason()?),
            WAITING => RowState::Waiting,
            UNRESOLVED => RowState::Unresolved(self.reason()?),
            HELD => {
                let codes = serde_json::from_slice(self.part()?).ok()?;
                let reason = self.reason()?;
                let kind = self.array::<1>()?[0];
                RowState::Held { codes, reason, operation: self.operation(kind)? }
            }
            kind => RowState::Sound(self.operation(kind)?),
        };
        Some(SpooledRow { state, ..row })
    }

    fn known_row(mut self, head: Head) -> Option<SpooledRow> {
        let row = self.named_row(head)?;
        let state = match self.array::<1>()?[0] {
            SKIPPED => RowState::Skipped(Reason::default()),
            REFUSED => RowState::Refused(Reason::default()),
            _ => RowState::Waiting,
        };
        Some(SpooledRow { state, ..row })
    }

    /// The row as far as it stands before its state.
    fn named_row(&mut self, head: Head) -> Option<SpooledRow> {
        let Head { number, identity, content, key } = head;
        let key = match key {
            Some(hash) => Some(NaturalKey { hash, number: self.array::<1>()?[0], text: self.text()? }),
            None => None,
        };
        let [weaker] = self.array::<1>()?;
        let weaker = (0..weaker).map(|_| {
            let hash = u64::from_le_bytes(self.array()?);
            Some(NaturalKey { hash, number: self.array::<1>()?[0], text: self.text()? })
        });
        let weaker = weaker.collect::<Option<Vec<_>>>()?;
        let id = match self.array::<1>()? {
            [1] => Some(self.text()?),
            _ => None,
        };
        let lacks = match self.array::<1>()? {
            [1] => Some(self.reason()?),
            _ => None,
        };
        let origin = match self.array::<1>()? {
            [1] => Some((self.text()?, self.text()?)),
            _ => None,
        };
        let old_id = match self.array::<1>()? {
            [1] => Some(Box::new(OldId { source: self.text()?, id: self.text()? })),
            _ => None,
        };
        let confirmed = Confirmed::of_text(&self.text()?);
        let awaits = match self.array::<1>()? {
            [1] => serde_json::from_slice(self.part()?).ok()?,
            _ => Vec::new(),
        };
        let state = RowState::Waiting;
        Some(SpooledRow { number, identity, content, key, weaker, id, lacks, origin, old_id, confirmed, awaits, state })
    }

    fn reason(&mut self) -> Option<Reason> {
        Some(Reason { code: self.text()?, field: self.text()?, message: Message::of_json(&self.text()?) })
    }

    fn operation(&mut self, kind: u8) -> Option<WriteOperation> {
        Some(match kind {
            WRITE => {
                let look_up: &[u8] = self.part()?;
                let look_up: Option<Box<LookUp>> =
                    if look_up.is_empty() { None } else { Some(serde_json::from_slice(look_up).ok()?) };
                WriteOperation::Write { body: Bytes::copy_from_slice(self.part()?), look_up }
            }
            DRAFT => WriteOperation::Draft(self.members()?),
            LOOKED_UP => {
                let members = self.members()?;
                WriteOperation::LookedUp { members, cells: serde_json::from_slice(self.part()?).ok()? }
            }
            CHANGE => WriteOperation::Change { id: self.text()?, cells: serde_json::from_slice(self.part()?).ok()? },
            TAGS => WriteOperation::Tags(serde_json::from_slice(self.part()?).ok()?),
            _ => return None,
        })
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    fn part(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    fn members(&mut self) -> Option<Members> {
        let [is_unresolved, is_given] = self.array::<2>()?.map(|flag| flag == 1);
        Some(Members { is_unresolved, is_given, fields: self.pairs()?, custom: self.pairs()? })
    }

    fn pairs(&mut self) -> Option<Pairs> {
        let (ends, _) = self.part()?.as_chunks();
        let ends = ends.iter().map(|end| u32::from_le_bytes(*end) as usize).collect();
        Pairs::of_parts(self.text()?, ends)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.part()?.to_vec()).ok()
    }
}

fn push_reason(out: &mut Vec<u8>, reason: &Reason) {
    push(out, reason.code.as_bytes());
    push(out, reason.field.as_bytes());
    push(out, reason.message.to_json().as_bytes());
}

fn push_operation(out: &mut Vec<u8>, operation: &WriteOperation) {
    match operation {
        WriteOperation::Write { body, look_up } => {
            out.push(WRITE);
            push(out, &look_up.as_ref().map(json).unwrap_or_default());
            push(out, body);
        }
        WriteOperation::Draft(members) => {
            out.push(DRAFT);
            push_members(out, members);
        }
        WriteOperation::LookedUp { members, cells } => {
            out.push(LOOKED_UP);
            push_members(out, members);
            push(out, &json(cells));
        }
        WriteOperation::Change { id, cells } => {
            out.push(CHANGE);
            push(out, id.as_bytes());
            push(out, &json(cells));
        }
        WriteOperation::Tags(edit) => {
            out.push(TAGS);
            push(out, &json(edit));
        }
    }
}

fn push_members(out: &mut Vec<u8>, members: &Members) {
    out.extend([members.is_unresolved, members.is_given].map(u8::from));
    for pairs in [&members.fields, &members.custom] {
        let (text, ends) = pairs.parts();
        out.extend_from_slice(&length(ends.len() * size_of::<u32>()).to_le_bytes());
        out.extend(ends.iter().flat_map(|end| length(*end).to_le_bytes()));
        push(out, text.as_bytes());
    }
}

fn push(out: &mut Vec<u8>, part: &[u8]) {
    out.extend_from_slice(&length(part.len()).to_le_bytes());
    out.extend_from_slice(part);
}

/// A row of a spreadsheet is far below four gigabytes.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    // Texts and lists of texts always serialise.
    serde_json::to_vec(value).unwrap_or_default()
}

fn place() -> Message {
    crate::files::no_temporary_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::change::{CellBaseline, SaidCell};
    use crate::import::operation::{Members, TagEdit};

    #[test]
    fn rows_come_back_as_they_were() {
        let row = |state: RowState| SpooledRow { state, ..SpooledRow::unread(7, [4; 16], [3; 16]) };
        let reason = Reason { code: "required".into(), field: "name".into(), message: "必填".into() };
        let look_up =
            LookUp { by: vec![("cId".into(), "1".into())], same: vec![("openId".into(), "x".into())], is_first: true };
        let baseline = Some(CellBaseline { is_unedited: true, ..CellBaseline::edited(u64::MAX) });
        let fields = [("name", "示例"), ("note", "")].into_iter().collect();
        let members = Members { fields, ..Members::default() };
        let cells = vec![SaidCell { field: "name".into(), shown: "示例".into(), baseline, ..SaidCell::default() }];
        let edit = TagEdit { entity: "customers".into(), id: "1".into(), add: vec!["a".into()], ..TagEdit::default() };
        let rows = [
            row(RowState::Skipped(reason.clone())),
            row(RowState::Refused(reason.clone())),
            row(RowState::Unresolved(reason.clone())),
            row(RowState::Waiting),
            SpooledRow {
                confirmed: Confirmed::of_text("hidden_row"),
                ..row(RowState::Held {
                    codes: vec!["hidden_row".into()],
                    reason: reason.clone(),
                    operation: WriteOperation::Change { id: "6".into(), cells: Vec::new() },
                })
            },
            SpooledRow {
                key: Some(NaturalKey { hash: u64::MAX, number: 0, text: "13000000001".into() }),
                weaker: vec![NaturalKey { hash: 5, number: 1, text: "010-00000001 示例".into() }],
                id: Some("50001".into()),
                lacks: Some(reason),
                origin: Some(("3".into(), "run".into())),
                awaits: vec![NewParent {
                    field: "companyId".into(),
                    entity: "companies".into(),
                    says: vec![("companyName".into(), "示例".into())],
                }],
                old_id: Some(Box::new(OldId { source: "crm".into(), id: "旧 7".into() })),
                ..row(RowState::Sound(WriteOperation::Write { body: Bytes::from_static(b"{}"), look_up: None }))
            },
            row(RowState::Sound(WriteOperation::Write {
                body: Bytes::from_static(b"{\"a\":1}"),
                look_up: Some(Box::new(look_up)),
            })),
            row(RowState::Sound(WriteOperation::Draft(members.clone()))),
            row(RowState::Sound(WriteOperation::LookedUp { members, cells: cells.clone() })),
            row(RowState::Sound(WriteOperation::Change { id: "5".into(), cells })),
            row(RowState::Sound(WriteOperation::Tags(Box::new(edit)))),
        ];
        let mut writer = SpoolWriter::new().unwrap();
        for row in &rows {
            writer.add(row).unwrap();
        }
        let mut spool = writer.finish().unwrap();
        assert_eq!(spool.rows, 11);
        for row in &rows {
            assert_eq!(format!("{:?}", spool.next().unwrap().unwrap()), format!("{row:?}"));
        }
        assert!(spool.next().unwrap().is_none());
        spool.rewind().unwrap();
        // Only one of them has a key.
        let with_key = rows.iter().position(|row| row.key.is_some()).unwrap();
        let (row_index, wanted) = spool.next_of(|key, _| key.is_some()).unwrap().unwrap();
        assert_eq!((row_index, format!("{wanted:?}")), (with_key as u64, format!("{:?}", rows[with_key])));
        assert_eq!(format!("{:?}", spool.next().unwrap().unwrap()), format!("{:?}", rows[with_key + 1]));
        assert!(spool.next_of(|key, _| key.is_some()).unwrap().is_none());
    }
}
