//! Whether the account has what rows would make: the natural keys of its own list, read once before anything is sent. That
//! is a help and no condition: where the list cannot be had, that is said, and the run goes on.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime;

use super::change::SaidCell;
use super::decision::{Matched, There};
use super::forecast::finding;
use super::matching::Matches;
use super::memory::{Existing, Found, Memory};
use super::operation::WriteOperation;
use super::options::ImportOptions;
use super::preflight::{Preflight, Rows};
use super::row_lines::RowLineWriter;
use super::row_sender::halting;
use super::spool::RowState;
use crate::api::{self, Client, as_text};
use crate::check::consent::{EXISTS, KEY_OF_ANOTHER};
use crate::check::duplicates::{hashes_of_several, key_hashes, numbered_key_hashes};
use crate::check::findings::Findings;
use crate::entity::{Entity, Field, WriteMode};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Journal, JournalReader, OperationCursor, Parent, RunIdentity, RunIndex};
use crate::language::Language;
use crate::lookup::ShownFields;
use crate::mapping::Mapping;
use crate::message;
use crate::message::Message;
use crate::mirror::{Key, Mirror};
use crate::projection::is_deleted;
use crate::refresh::{ListQuery, Page, Refresher};
use crate::t;
use crate::terminal::{Interrupt, Printer, Progress, quoted_path};

/// Pages of a list that is read at all.
const MOST_PAGES: u64 = 100;
/// How long the beginning of a list is waited for, and how much longer …
const PATIENCE: Duration = Duration::from_secs(10);
/// … for each of its pages.
const PATIENCE_A_PAGE: Duration = Duration::from_secs(1);
/// Records looked at together.
const BATCH: usize = 1000;

/// A look into the account, for the rows of one command.
#[derive(Debug)]
pub(super) struct Look<'a> {
    /// What the command is to do.
    pub options: &'a ImportOptions<'a>,
    /// What the first reading found.
    pub preflight: &'a Preflight,
    /// What the run is.
    pub identity: &'a RunIdentity,
    /// How many rows there are to send as far as runs know.
    pub left: u64,
}

impl Look<'_> {
    /// Adds what the account has to what runs remember, and says so, or that nobody looked. Tells how many rows are not sent
    /// because of it. The inner error is why nothing can be sent either.
    ///
    /// # Errors
    /// A damaged index, a full disk.
    pub(super) fn add_to(
        &self,
        memory: &mut Memory,
        index: &mut RunIndex,
        rows: &mut Rows,
        ended: Option<OperationCursor>,
        printer: &Printer,
    ) -> Result<Result<u64>> {
        if !self.is_needed()? {
            return Ok(Ok(0));
        }
        let label = self.options.entity().label(Language::current());
        let existing = match self.look(self.options.entity(), printer) {
            Ok(account) => {
                if let Some(why) = account.why_not_all {
                    printer.warn(&t!("memory.looked_in_part", entity = label, why = why));
                }
                account.existing
            }
            Err(NoLook::Ends(error)) => return Ok(Err(error)),
            Err(NoLook::Without(why)) => {
                printer.warn(&t!("memory.nobody_looked", entity = label, why = why));
                return Ok(Ok(0));
            }
        };
        let is_consented = self.preflight.consent.names(EXISTS);
        let found = Found { identity: self.identity, entity: self.options.entity(), existing: &existing, is_consented };
        let held = memory.add_existing(&found, index, rows, ended)?;
        if held > 0 {
            let records = self.options.entity().counted(held, Language::current());
            // A retry has the mode of its run.
            let words = match &self.options.parent {
                None => t!("memory.exists", records = records, labels = self.labels()),
                Some(parent) => {
                    let file = self.first_input(parent)?;
                    t!("memory.exists_retry", records = records, labels = self.labels(), file = file)
                }
            };
            printer.warn(&words);
        }
        Ok(Ok(held))
    }

    /// The input of the run that is retried, as a command names it.
    fn first_input(&self, parent: &Parent) -> Result<String> {
        let mut past = JournalReader::open_read_only(&parent.folder)?;
        while let Some(parent) = past.identity().parent.clone().filter(|parent| Journal::exists(&parent.folder)) {
            past = JournalReader::open_read_only(&parent.folder)?;
        }
        Ok(quoted_path(&past.identity().input_path))
    }

    /// Which of the rows that name their records by ids would give them the key of another one, so that nobody can tell which of
    /// the two is meant; nothing where no row changes a key. It is a help and no condition, too; the inner error is why nothing can
    /// be sent.
    ///
    /// # Errors
    /// A full disk, a spool that cannot be read.
    pub(super) fn keys_of_others(
        &self,
        rows: &mut Rows,
        findings: &mut Findings,
        printer: &Printer,
    ) -> Result<Result<Option<Matches>>> {
        // Whoever names records by their ids looks for no keys: those of the rows are the catalog's.
        let entity = self.options.catalog.find(&self.options.entity().name)?;
        let is_by_id = self.options.preflight.mode == WriteMode::Update && entity.id.is_some();
        let is_listed = !entity.keys.is_empty() && entity.endpoint("list").is_some();
        let is_there =
            !self.options.dry_run || !self.options.is_sandbox() || self.options.account.index_folder()?.exists();
        if !(is_by_id && is_listed && is_there && self.left > 0 && has_new_key(entity, rows)?) {
            return Ok(Ok(None));
        }
        let label = entity.label(Language::current());
        let account = match self.look(entity, printer) {
            Ok(account) => account,
            Err(NoLook::Ends(error)) => return Ok(Err(error)),
            Err(NoLook::Without(why)) => {
                printer.warn(&t!("memory.nobody_looked_for_keys", entity = label, why = why));
                return Ok(Ok(None));
            }
        };
        if let Some(why) = &account.why_not_all {
            printer.warn(&t!("memory.looked_for_keys_in_part", entity = label, why = why));
        }
        let mut lines = RowLineWriter::new()?;
        let mut row_index = 0;
        rows.begin()?;
        while let Some(row) = rows.spool.next()? {
            let is_agreed = row.confirmed.names(KEY_OF_ANOTHER) || self.preflight.consent.names(KEY_OF_ANOTHER);
            if let Some((id, cells)) = changed_by(&row.state).filter(|_| !is_agreed)
                && let Some(other) = account.other_with_key(id, cells)
            {
                let reason = message!("modes.key_of_another", id = id, ids = other);
                let found = Matched { there: There::KeyOfAnother, ids: vec![id.to_owned(), other.to_owned()], reason };
                if let Some((code, severity)) = found.there.code() {
                    findings.count_row(severity);
                    findings.add(row_index, row.number, &finding(code, severity, &found.reason))?;
                }
                lines.add(row_index, &found)?;
            }
            row_index += 1;
        }
        rows.begin()?;
        Matches::of_few(lines).map(|matches| Ok(Some(matches)))
    }

    /// Whether this command makes at least one record that is known by a key and that the account has a list of. Of rows that
    /// are held back, a person at the terminal may still send some.
    fn is_needed(&self) -> Result<bool> {
        let Look { options, preflight, .. } = self;
        let entity = options.entity();
        let has_rows = self.left > 0 || preflight.findings.held > 0 && options.answers.yes.is_none();
        let is_listed = !self.labels().is_empty() && entity.id.is_some() && entity.endpoint("list").is_some();
        // Nothing is made where there is nothing.
        let is_there = !options.dry_run || !options.is_sandbox() || options.account.index_folder()?.exists();
        Ok(options.makes_records() && has_rows && is_listed && is_there)
    }

    /// The natural keys that rows of this input can have.
    fn labels(&self) -> String {
        let keys = 0..u8::try_from(self.options.entity().keys.len()).unwrap_or(u8::MAX);
        let labels =
            keys.map(|key| self.preflight.mapping.key_labels(key)).filter(|labels| *labels != Message::default());
        Message::joined("memory.or_label", labels).unwrap_or_default().to_string()
    }
}

/// What a row that names its record by its id says of it, where it is for sending.
fn changed_by(state: &RowState) -> Option<(&str, &[SaidCell])> {
    match state {
        RowState::Sound(WriteOperation::Change { id, cells })
        | RowState::Held { operation: WriteOperation::Change { id, cells }, .. } => Some((id, cells)),
        _ => None,
    }
}

/// Whether any row says something for a key that it has not from an export.
fn has_new_key(entity: &Entity, rows: &mut Rows) -> Result<bool> {
    let is_new = |cell: &SaidCell| {
        let is_unedited = cell.baseline.is_some_and(|baseline| baseline.is_unedited);
        !is_unedited && !cell.value.is_empty() && entity.keys.iter().flatten().any(|name| *name == cell.field)
    };
    let mut has_any = false;
    rows.begin()?;
    while let Some(row) = rows.spool.next()? {
        has_any |= changed_by(&row.state).is_some_and(|(_, cells)| cells.iter().any(is_new));
    }
    rows.begin()?;
    Ok(has_any)
}

/// The account's records of one kind.
struct AccountRecords<'a> {
    entity: &'a Entity,
    /// By their natural keys.
    existing: Existing,
    /// All that have each of them.
    having: HashSet<(u64, String)>,
    /// What their list shows of each of the keys that rows may have.
    shown: Vec<ShownFields<'a>>,
    /// Records met that have no id: who is among them cannot be found.
    without_id: u64,
    /// Why there may be others.
    why_not_all: Option<Message>,
}

impl<'a> Look<'a> {
    /// The account's records by their natural keys; else why nobody knows.
    fn look(&self, entity: &'a Entity, printer: &Printer) -> std::result::Result<AccountRecords<'a>, NoLook> {
        let options = self.options;
        let failed = |error: Error| NoLook::Without(error.message().into());
        let connection = options.account.connect().map_err(failed)?;
        let client = Client::new(connection.target, &options.catalog.service).map_err(failed)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|_| NoLook::Without(message!("run.no_runtime")))?;
        let progress = Progress::new(printer);
        let mut records = AccountRecords::of(entity, &self.preflight.mapping);
        let client = Arc::new(client);
        let read = runtime.block_on(read(options, &mut records, &client, &progress));
        progress.end();
        read.map_err(NoList::weighed)?;
        let without_id = (records.without_id > 0).then(|| message!("lookup.without_id", count = records.without_id));
        records.why_not_all = records.why_not_all.or(without_id);
        records.why_not_all = records.why_not_all.or_else(|| records.shown.iter().find_map(ShownFields::unseen));
        Ok(records)
    }
}

async fn read(
    options: &ImportOptions<'_>,
    records: &mut AccountRecords<'_>,
    client: &Arc<Client>,
    progress: &Progress,
) -> std::result::Result<(), NoList> {
    let (entity, service) = (options.entity(), &options.catalog.service);
    let Some(mut query) = ListQuery::new(entity, "list", service) else { return Err(NoList::None) };
    // A deleted record is not there.
    query.parameters.clear();
    let (first, pages) = in_time(PATIENCE, first_page(&query, client)).await?;
    // Who is on it is there, whatever becomes of the rest.
    records.take(&first);
    records.why_not_all = match pages {
        Some(1) => None,
        Some(pages) if pages > MOST_PAGES => Some(message!("memory.too_many", most = MOST_PAGES)),
        // How long a list is that gives no total, only time can tell.
        _ => {
            let patience = PATIENCE + PATIENCE_A_PAGE * u32::try_from(pages.unwrap_or(0)).unwrap_or(0);
            whole_list(options, &query, (client, patience), progress, records)
                .await
                .unwrap_or_else(|error| Some(NoList::Failed(error).message()))
        }
    };
    Ok(())
}

/// What comes in time.
async fn in_time<T>(patience: Duration, work: impl Future<Output = Result<T>>) -> std::result::Result<T, NoList> {
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done.map_err(NoList::Failed),
        Err(_) => Err(NoList::TooSlow(patience)),
    }
}

/// Why nobody looked.
enum NoLook {
    /// Rows can be sent all the same.
    Without(Message),
    /// Nothing can be sent either.
    Ends(Error),
}

/// Why there is no list to look into.
enum NoList {
    /// The account gives none.
    None,
    /// It does not come in time.
    TooSlow(Duration),
    /// It cannot be read.
    Failed(Error),
}

impl NoList {
    fn message(&self) -> Message {
        match self {
            NoList::TooSlow(patience) => message!("memory.no_list_in_time", seconds = patience.as_secs()),
            // The service's own words may repeat what nobody is to see.
            NoList::None | NoList::Failed(_) => message!("memory.no_list"),
        }
    }

    /// Whether it is no matter of the list: the login is refused, the user stops, or the port speaks another language, so that a
    /// row sent would only be in doubt.
    fn weighed(self) -> NoLook {
        let why = self.message();
        let NoList::Failed(error) = self else { return NoLook::Without(why) };
        let is_login = error.kind() == ErrorKind::Denied && error.code() != "api.forbidden";
        if error.kind() == ErrorKind::Interrupted || is_login {
            return NoLook::Ends(error);
        }
        match error.is_about("api.maybe_tls") {
            true => NoLook::Ends(halting(error)),
            false => NoLook::Without(why),
        }
    }
}

/// The first page of a list, and how many pages there are by the service's own total, where it gives one. One is all only
/// where the service says that no other follows: its total may be that of the page.
async fn first_page(query: &ListQuery<'_>, client: &Client) -> Result<(Vec<Value>, Option<u64>)> {
    let service = client.service();
    let size = u64::from(service.paging.advised);
    let page = query.endpoint.paged.then_some(Page { number: 1, size });
    let document = client.read(&query.address(client.target(), service, page)).await?;
    let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
    let no_list = || Error::cannot_run(message!("refresh.no_list", path = query.endpoint.path));
    let records = api::records_of(&document, wrapper, query.entity.id.as_deref());
    let records: Vec<Value> = records.ok_or_else(no_list)?.into_values();
    let length = records.len() as u64;
    let total = api::total(&document, wrapper, &service.paging.count);
    let is_last = page.is_none() || api::has_next(&document, wrapper, &service.paging.next) == Some(false);
    let pages = match total {
        Some(total) if is_last && length > 0 && total == length => Some(1),
        None if page.is_none() => Some(1),
        Some(total) if length > 0 => Some(total.div_ceil(length.min(size)).max(2)),
        _ => None,
    };
    Ok((records, pages))
}

/// All records of a list, as whole as an export has it, or what came of it in time; why there may be others.
async fn whole_list(
    options: &ImportOptions<'_>,
    query: &ListQuery<'_>,
    (client, patience): (&Arc<Client>, Duration),
    progress: &Progress,
    records: &mut AccountRecords<'_>,
) -> Result<Option<Message>> {
    let mirror = Mirror::in_memory()?;
    let refresher = Refresher {
        client,
        mirror: &mirror,
        catalog: options.catalog,
        stop: &Interrupt::of_process(),
        progress,
        kept_secrets: &[],
        // Who is in it is there, whatever is missing.
        accepts_incomplete: true,
        full_every: 0,
    };
    let (list, why_not_all) = match tokio::time::timeout(patience, refresher.read_all(query)).await {
        Ok(refreshed) => {
            let refreshed = refreshed?;
            let why_not_all = match (refreshed.is_incomplete, refresher.hidden(&refreshed)?) {
                (true, _) => Some(refreshed.warnings.last().cloned().unwrap_or_default().into()),
                (false, hidden @ 1..) => Some(message!("lookup.hidden", hidden = hidden)),
                (false, 0) => None,
            };
            (refreshed.list, why_not_all)
        }
        // Who came in time is there.
        Err(_) => {
            let list = mirror.list(&query.entity.name, &query.text(&options.catalog.service))?;
            (list, Some(NoList::TooSlow(patience).message()))
        }
    };
    let mut last = Key::first();
    loop {
        let batch = mirror.after(&list, &last, BATCH)?;
        let Some((key, _)) = batch.records.last() else { return Ok(why_not_all) };
        last = key.clone();
        let batch: Vec<Value> =
            batch.records.iter().filter_map(|(_, body)| serde_json::from_slice(body).ok()).collect();
        records.take(&batch);
    }
}

impl<'a> AccountRecords<'a> {
    /// None yet.
    fn of(entity: &'a Entity, mapping: &Mapping) -> AccountRecords<'a> {
        let keys = 0..u8::try_from(entity.keys.len()).unwrap_or(u8::MAX);
        let fields = keys.map(|key| mapping.key_fields(key).iter().filter_map(|name| entity.field(name)).collect());
        let shown = fields.map(|fields: Vec<&Field>| ShownFields::of(&fields)).collect();
        AccountRecords {
            entity,
            existing: Existing::default(),
            having: HashSet::new(),
            shown,
            without_id: 0,
            why_not_all: None,
        }
    }

    /// Takes records of the account.
    fn take(&mut self, records: &[Value]) {
        let entity = self.entity;
        for record in records.iter().filter(|record| !is_deleted(entity, record)) {
            let text =
                |name: &str| record.get(name).map(|value| as_text(value).into_owned()).filter(|text| !text.is_empty());
            let Some(id) = entity.id.as_deref().and_then(text) else {
                self.without_id += 1;
                continue;
            };
            self.shown.iter_mut().for_each(|shown| shown.look_at(record));
            let hashes = numbered_key_hashes(entity, text);
            let among = hashes_of_several(entity, text);
            self.having.extend(hashes.iter().chain(&among).map(|(_, hash)| (*hash, id.clone())));
            self.existing.add(&id, &hashes);
            self.existing.add_among(&id, &among);
        }
    }

    /// Another record than the one with this id that has one of the keys which cells say, where that one has it not.
    fn other_with_key(&self, id: &str, cells: &[SaidCell]) -> Option<&str> {
        let said = |name: &str| cells.iter().find(|cell| cell.field == name).map(|cell| cell.value.clone());
        let hashes = key_hashes(self.entity, |name| said(name).filter(|value| !value.is_empty()));
        let is_own = |hash: &u64| self.having.contains(&(*hash, id.to_owned()));
        let others = hashes.into_iter().filter(|hash| !is_own(hash));
        others.filter_map(|hash| self.existing.id(hash)).find(|other| *other != id)
    }
}
