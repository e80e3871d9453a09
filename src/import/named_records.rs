//! What rows make of the records that they name by their ids, found out for each row before anybody is asked: by reading each
//! record where there are few, by the account's list where that takes fewer questions. Of more rows than that nobody knows how
//! many change anything; nothing else depends on it, as each record is read once more right before it is written.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use futures::{StreamExt, stream};
use serde_json::{Map, Value};
use tokio::runtime;

use super::additions::Additions;
use super::cell_origins::CellOrigins;
use super::decision::{Matched, There};
use super::forecast::{Would, forecast, is_all_shown, written_cells};
use super::last_sent::LastSent;
use super::matching::{Matches, tell};
use super::memory::may_be_reopened;
use super::operation::{DraftWriter, WriteOperation};
use super::options::ImportOptions;
use super::pipeline::Stop;
use super::preflight::{Preflight, Rows};
use super::row_counts::Plan;
use super::row_lines::RowLineWriter;
use super::row_sender::RowSender;
use super::spool::RowState;
use crate::api::Client;
use crate::check::findings::Findings;
use crate::entity::Entity;
use crate::error::{Context, Error, Result};
use crate::journal::OperationCursor;
use crate::lookup::{KnownList, Lists};
use crate::message;
use crate::message::Message;
use crate::t;
use crate::terminal::{Interrupt, Printer, Progress};

/// Most records that are read one by one: at five a second this takes less than two minutes.
const MOST_READ: usize = 500;

/// The rows of one command that name their records.
#[derive(Debug)]
pub(super) struct NamedRecords<'a> {
    /// What the command is to do.
    pub options: &'a ImportOptions<'a>,
    /// What the first reading found.
    pub preflight: &'a Preflight,
    /// Where the cells of rows come from.
    pub origins: CellOrigins<'a>,
}

/// A row that changes a record, as far as runs know.
#[derive(Debug)]
struct NamedRow {
    row_index: u64,
    number: u64,
    /// It would be held back for what it says …
    is_held: bool,
    /// … although nothing of it would be sent.
    waits_in_any_case: bool,
    operation: WriteOperation,
}

/// What is known of a row's record.
enum Seen {
    /// It is this.
    Record(Map<String, Value>),
    /// It is not there, in these words.
    NotThere(Message),
    /// It says what the row says.
    Said,
    /// It does not show all that the row says something of.
    Part,
}

/// What was found, in the making.
struct Found {
    lines: RowLineWriter<Matched>,
    plan: Plan,
    first: Option<WriteOperation>,
    /// What was found of some rows before.
    others: Option<Matches>,
}

impl<'a> NamedRecords<'a> {
    /// What the rows of a command make of their records.
    pub(super) fn new(
        options: &'a ImportOptions<'a>,
        preflight: &'a Preflight,
        told: (Option<&'a LastSent>, Option<&'a Additions>),
    ) -> NamedRecords<'a> {
        NamedRecords { options, preflight, origins: CellOrigins::of(preflight, told) }
    }

    /// What the rows make of their records, besides what was found of some of them in `others`; `others` alone where the rows
    /// name no records, or are too many. The inner error is why nothing can be sent.
    ///
    /// # Errors
    /// A damaged journal or mirror, a full disk.
    pub(super) fn look(
        &self,
        rows: &mut Rows,
        ended: impl Fn() -> Result<Option<OperationCursor>>,
        others: Option<Matches>,
        findings: &mut Findings,
        printer: &Printer,
    ) -> Result<std::result::Result<Option<Matches>, Error>> {
        let options = self.options;
        // Nothing is made where there is nothing.
        let is_there = !options.dry_run || !options.is_sandbox() || options.account.index_folder()?.exists();
        if !options.changes_records() || !is_there {
            return Ok(Ok(others));
        }
        let (mut few, mut counted) = (Vec::new(), BTreeMap::<String, u64>::new());
        self.each(rows, ended()?, |row| {
            *counted.entry(self.entity_of(&row.operation)?.name.clone()).or_default() += 1;
            if few.len() <= MOST_READ {
                few.push(row);
            }
            Ok(())
        })?;
        let mut found = Found { lines: RowLineWriter::new()?, plan: Plan::default(), first: None, others };
        match few.len() {
            0 => return Ok(Ok(found.others)),
            1..=MOST_READ => {
                if let Err(error) = self.read_each(few, &mut found, findings, printer)? {
                    return Ok(Err(error));
                }
            }
            _ => {
                let Some(lists) = self.lists(&counted, printer)? else { return Ok(Ok(found.others)) };
                self.each(rows, ended()?, |row| {
                    let seen = self.seen_in(&lists, &row.operation)?;
                    self.take(row, seen, &mut found, findings)
                })?;
            }
        }
        found.finish().map(|found| Ok(Some(found)))
    }

    /// Calls `with` on each row that is to be sent and names its record.
    fn each(
        &self,
        rows: &mut Rows,
        mut ended: Option<OperationCursor>,
        mut with: impl FnMut(NamedRow) -> Result<()>,
    ) -> Result<()> {
        let consent = &self.preflight.consent;
        let drafts = DraftWriter::new(self.options.entity(), &self.options.catalog.service.custom);
        let mut row_index = 0;
        rows.begin()?;
        while let Some(row) = rows.spool.next()? {
            let seen = rows.duplicates.see(row.number, row.keys(), &row.identity, &row.content, row.is_sound());
            let end = ended.as_mut().map_or(Ok(None), |ended| ended.at(row_index))?;
            let is_free = end.is_none_or(may_be_reopened) && seen.is_double_of().is_none();
            let (operation, is_held, waits_in_any_case) = match row.state {
                RowState::Sound(operation) => (Some(operation), false, false),
                RowState::Held { operation, codes, .. } => {
                    let is_agreed = row.confirmed.covers_all(&codes, consent);
                    (Some(operation), !is_agreed, !is_agreed && consent.waits_in_any_case(&codes))
                }
                _ => (None, false, false),
            };
            // What a row refers to may name its record.
            let operation = operation.filter(|_| is_free).and_then(|operation| drafts.ready(operation));
            if let Some(mut operation) = operation.filter(|operation| id_of(operation).is_some_and(|id| !id.is_empty()))
            {
                self.origins.add_to(&mut operation, &row.confirmed, None)?;
                with(NamedRow { row_index, number: row.number, is_held, waits_in_any_case, operation })?;
            }
            row_index += 1;
        }
        rows.begin()
    }

    /// Reads the record of each of these rows. The inner error is why they cannot be read.
    fn read_each(
        &self,
        rows: Vec<NamedRow>,
        found: &mut Found,
        findings: &mut Findings,
        printer: &Printer,
    ) -> Result<std::result::Result<(), Error>> {
        let connection = match self.options.account.connect() {
            Ok(connection) => connection,
            Err(error) => return Ok(Err(error)),
        };
        let client = Client::new(connection.target, &self.options.catalog.service)?;
        let (stop, interrupt) = (Stop::default(), Interrupt::of_process());
        let sender = RowSender::new(&client, &stop, self.options.catalog, self.preflight.mapping.entity());
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context(|| message!("run.no_runtime"))?;
        let progress = Progress::new(printer);
        progress.begin(&t!("modes.reading_named"), 0, Some(rows.len() as u64));
        let read = async |row: &NamedRow| -> Result<Seen> {
            let id = id_of(&row.operation).unwrap_or_default();
            let Some(access) = sender.access_of(&row.operation) else { return Ok(Seen::Part) };
            let seen = match sender.read_for_row(access, id).await? {
                Ok(record) => Seen::Record(record),
                Err(reason) if reason.code == "not_found" => Seen::NotThere(reason.message),
                Err(_) if sender.says_one_of_several(access, &row.operation, id) => Seen::Said,
                // Whoever sends the row finds out, too.
                Err(_) => Seen::Part,
            };
            progress.advance();
            Ok(seen)
        };
        let all = async {
            let mut all = stream::iter(rows.iter().map(read)).buffered(client.limiter().ceiling());
            let mut seen = Vec::new();
            while let Some(one) = all.next().await {
                seen.push(one?);
            }
            Ok(seen)
        };
        let all = runtime.block_on(interrupt.unless_set(all));
        progress.end();
        let all = match all {
            Ok(all) => all,
            Err(error) => return Ok(Err(error)),
        };
        for (row, seen) in rows.into_iter().zip(all) {
            self.take(row, seen, found, findings)?;
        }
        Ok(Ok(()))
    }

    /// The lists that show the records of so many rows, where reading them takes fewer questions than there are rows.
    fn lists(
        &self,
        counted: &BTreeMap<String, u64>,
        printer: &Printer,
    ) -> Result<Option<HashMap<String, Rc<KnownList<'a>>>>> {
        let (options, catalog) = (self.options, self.options.catalog);
        let keeps = !options.dry_run || options.account.mirror_file()?.exists();
        let mut lists = Lists::new(&options.account, catalog, keeps, printer)?;
        let mut pages = 0;
        for name in counted.keys() {
            match lists.pages(catalog.find(name)?)? {
                Some(more) => pages += more,
                None => return Ok(None),
            }
        }
        if pages >= counted.values().sum() {
            return Ok(None);
        }
        let list = |name: &String| Ok((name.clone(), lists.of(catalog.find(name)?)?));
        counted.keys().map(list).collect::<Result<_>>().map(Some)
    }

    /// What the lists show of a row's record. One that is not in them may be there all the same.
    fn seen_in(&self, lists: &HashMap<String, Rc<KnownList<'_>>>, operation: &WriteOperation) -> Result<Seen> {
        let list = lists.get(&self.entity_of(operation)?.name);
        let Some((list, id)) = list.zip(id_of(operation)) else { return Ok(Seen::Part) };
        let Some(Value::Object(record)) = list.record(id)? else { return Ok(Seen::Part) };
        let custom = &self.options.catalog.service.custom;
        Ok(if is_all_shown(list, custom, operation, &record)? { Seen::Record(record) } else { Seen::Part })
    }

    /// Takes what is known of a row.
    fn take(&self, row: NamedRow, seen: Seen, found: &mut Found, findings: &mut Findings) -> Result<()> {
        let NamedRow { row_index, number, is_held, waits_in_any_case, operation } = row;
        if let Some(other) = found.others.as_mut().map(|others| others.at(row_index)).transpose()?.flatten() {
            found.plan.add(other.there, &Would::Write);
            return found.lines.add(row_index, &other);
        }
        let entity = self.entity_of(&operation)?;
        let custom = &self.options.catalog.service.custom;
        let (there, would) = match &seen {
            Seen::Record(record) => forecast(entity, custom, &operation, record),
            Seen::NotThere(why) => (There::Changes, Would::NotThere(why.clone())),
            Seen::Said => (There::Unchanged, Would::Write),
            Seen::Part => (There::Changes, Would::MayWrite),
        };
        // What waits for consent is not counted among what is sent.
        if waits_in_any_case || is_held && there == There::Changes {
            return Ok(());
        }
        found.plan.spared += u64::from(is_held);
        let ids = id_of(&operation).map(str::to_owned).into_iter().collect();
        let matched = Matched { there, ids, reason: Message::default() };
        found.plan.add(there, &would);
        tell(findings, (row_index, number), &matched, &would)?;
        let is_sent = matches!(would, Would::Write | Would::MayWrite) && there == There::Changes;
        if is_sent && found.first.is_none() {
            found.first = Some(match &seen {
                Seen::Record(record) => written_cells(entity, custom, &operation, record),
                _ => operation,
            });
        }
        found.lines.add(row_index, &matched)
    }

    /// What the record is that a row names.
    fn entity_of(&self, operation: &WriteOperation) -> Result<&'a Entity> {
        match operation {
            WriteOperation::Tags(edit) => self.options.catalog.find(&edit.entity),
            _ => Ok(self.preflight.mapping.entity()),
        }
    }
}

impl Found {
    fn finish(self) -> Result<Matches> {
        Matches::of_named(self.lines, self.plan, self.first)
    }
}

/// The id by which a row names its record; for one that has none, its key.
fn id_of(operation: &WriteOperation) -> Option<&str> {
    match operation {
        WriteOperation::Change { id, .. } => Some(id),
        WriteOperation::Tags(edit) => Some(&edit.id),
        WriteOperation::Write { .. } | WriteOperation::Draft(_) | WriteOperation::LookedUp { .. } => None,
    }
}
