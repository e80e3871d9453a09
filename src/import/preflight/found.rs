//! What the first reading found: of the input, and its rows.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;

use crate::check::consent::Consent;
use crate::check::duplicates::Duplicates;
use crate::check::findings::Findings;
use crate::definitions::Lacking;
use crate::entity::Field;
use crate::error::Result;
use crate::format::{FileFormat, Sheet};
use crate::import::cells::CheckedCells;
use crate::import::change::{HandedBack, MovedColumns, RowsOfExport};
use crate::import::coverage::Coverage;
use crate::import::left_out::LeftOut;
use crate::import::operation::{Members, WriteOperation};
use crate::import::references::Question;
use crate::import::replaced::{self, Replaced};
use crate::import::spool::{RowState, Spool};
use crate::language::Language;
use crate::mapping::Mapping;
use crate::message::Message;
use crate::t;

/// Names of records that are kept to be shown beside their ids.
const NAMES_AT_HAND: usize = 2_000;

/// What the first reading found.
#[derive(Debug)]
pub struct Preflight {
    /// What the file is.
    pub format: &'static FileFormat,
    /// How the file was read.
    pub sheet: Sheet,
    /// Which column feeds which field.
    pub mapping: Mapping,
    /// Rows, blank ones left out.
    pub rows: u64,
    /// All that was found.
    pub findings: Findings,
    /// Rows that wait for a decision about what they refer to.
    pub waiting: u64,
    /// What a person agreed to.
    pub consent: Consent,
    /// Kinds of warnings that are words because a person agreed to them on the command line.
    pub consented: BTreeSet<String>,
    /// Kinds of warnings of this input that were agreed to earlier, and when.
    pub agreed_earlier: Vec<(String, Date)>,
    /// Fingerprint of the decoded rows and their header; of the header alone where no row can be sent.
    pub fingerprint: String,
    /// The first record that will be sent, as its fields and values, secrets masked.
    pub first: Vec<(String, String)>,
    /// What the user should know of the account's custom fields.
    pub words: Vec<Message>,
    /// Why these are not known.
    pub lacking: Option<Lacking>,
    /// The custom fields that the account told of, as they were when the file was read; options only of those that are fed.
    pub account_fields: Vec<Field>,
    /// What the records are called that rows refer to, by fields and ids: as many as are kept at hand.
    pub(in crate::import) named: HashMap<(String, String), String>,
    /// Columns of which nothing comes over.
    pub left_out: Vec<LeftOut>,
    /// Words that the mapping file replaced.
    pub replaced: Vec<Replaced>,
    /// Rows that are looked at closely.
    pub coverage: Coverage,
    /// What that record asks for, where it changes one that is there.
    pub first_operation: Option<WriteOperation>,
    /// The export of ours that the file is.
    pub(in crate::import) handed_back: Option<Box<HandedBack>>,
    /// The export of ours whose rows the file has, without saying of which records they are.
    pub(in crate::import) rows_of_export: Option<RowsOfExport>,
    /// Columns of that export whose cells stand in other rows than they were exported in.
    pub(in crate::import) moved_columns: Option<MovedColumns>,
    /// The file is an export of ours, and nobody knows here what it said.
    pub(in crate::import) is_unknown_export: bool,
    /// What a person is asked about words that are no choices.
    pub(in crate::import) questions: Vec<Question>,
}

impl Preflight {
    /// What the mapping file made of words, a line for each field.
    pub fn replaced_words(&self) -> Vec<Message> {
        replaced::lines(&self.replaced)
    }

    /// Which export of ours the file is, in words.
    pub fn export_words(&self) -> Option<String> {
        if self.is_unknown_export {
            return Some(t!("change.unknown_export").into_owned());
        }
        let (file, exported) = self.handed_back.as_ref()?.shown();
        Some(t!("change.handed_back", file = file, exported = exported).into_owned())
    }

    /// The first record that is sent is that of another row: what the account has decides which.
    pub(in crate::import) fn show_first(&mut self, first: Option<WriteOperation>) {
        self.first = match &first {
            Some(WriteOperation::Draft(members)) => self.shown(members),
            Some(WriteOperation::Change { id, cells }) => {
                let entity = self.mapping.entity();
                let id = entity
                    .id
                    .as_ref()
                    .and_then(|name| entity.field(name))
                    .map(|field| (field.label(Language::current()).to_owned(), id.clone()));
                id.into_iter().chain(self.shown(&Members::of(cells))).collect()
            }
            Some(WriteOperation::Tags(edit)) => edit.shown(self.mapping.entity()),
            _ => Vec::new(),
        };
        self.first_operation = first;
    }

    /// What a row says, for a person: with the name of each record beside its id.
    pub(in crate::import) fn shown(&self, members: &Members) -> Vec<(String, String)> {
        let shown = members.shown(self.mapping.entity()).into_iter();
        let with_name = |((label, text), (field, id)): ((String, String), (&str, &str))| match self
            .named
            .get(&(field.to_owned(), id.to_owned()))
        {
            Some(name) => (label, t!("lookup.id_and_name", id = text, name = name).into_owned()),
            None => (label, text),
        };
        shown.zip(members.iter()).map(with_name).collect()
    }

    /// What a record is called that a row refers to by this field, as far as that was noted.
    pub(in crate::import) fn name_of(&self, field: &str, id: &str) -> Option<&str> {
        self.named.get(&(field.to_owned(), id.to_owned())).map(String::as_str)
    }

    /// Notes what a record is called that a row refers to.
    pub(in crate::import) fn note_name(&mut self, field: &str, id: &str, name: &str) {
        if !name.is_empty() && self.named.len() < NAMES_AT_HAND {
            self.named.insert((field.to_owned(), id.to_owned()), name.to_owned());
        }
    }
}

/// The rows of the first reading.
#[derive(Debug)]
pub struct Rows {
    /// The rows, as they will be sent.
    pub spool: Spool,
    /// What occurs more than once in them.
    pub duplicates: Duplicates,
    /// Their cells, when they are to be kept.
    pub cells: Option<CheckedCells>,
    /// Whether each of them has an old id.
    pub has_old_ids: bool,
}

impl Rows {
    /// Begins again with the first row.
    ///
    /// # Errors
    /// A spool that cannot be read.
    pub fn begin(&mut self) -> Result<()> {
        self.duplicates.begin();
        self.spool.rewind()
    }

    /// Calls `with` on what each row that may be sent asks for, and begins again with the first row.
    ///
    /// # Errors
    /// A spool that cannot be read, or whatever `with` says.
    pub(in crate::import) fn each_operation(
        &mut self,
        mut with: impl FnMut(&WriteOperation) -> Result<()>,
    ) -> Result<()> {
        self.begin()?;
        while let Some(row) = self.spool.next()? {
            if let RowState::Sound(operation) | RowState::Held { operation, .. } = &row.state {
                with(operation)?;
            }
        }
        self.begin()
    }
}
