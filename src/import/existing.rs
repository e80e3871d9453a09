//! Whether the account has what rows would make: the natural keys of its own list, read once before anything is sent. That
//! is a help and no condition: where the list cannot be had, that is said, and the run goes on.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime;

use super::memory::{Existing, Found, Memory};
use super::options::ImportOptions;
use super::preflight::{Preflight, Rows};
use crate::api::{self, Client, as_text};
use crate::check::consent::EXISTS;
use crate::check::duplicates::key_hashes;
use crate::entity::Entity;
use crate::error::{Error, Result};
use crate::journal::{OperationCursor, RunIdentity, RunIndex};
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::mirror::{Key, Mirror};
use crate::projection::is_deleted;
use crate::refresh::{ListQuery, Page, Refresher};
use crate::t;
use crate::terminal::{Interrupt, Printer, Progress};

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
    /// because of it.
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
    ) -> Result<u64> {
        if !self.is_needed()? {
            return Ok(0);
        }
        let label = self.options.entity().label(Language::current());
        let existing = match look(self.options, printer) {
            Ok(existing) => existing,
            Err(why) => {
                printer.warn(&t!("memory.nobody_looked", entity = label, why = why));
                return Ok(0);
            }
        };
        let is_consented = self.preflight.consent.names(EXISTS);
        let found = Found { identity: self.identity, entity: self.options.entity(), existing: &existing, is_consented };
        let held = memory.add_existing(&found, index, rows, ended)?;
        if held > 0 {
            let records = self.options.entity().counted(held, Language::current());
            printer.warn(&t!("memory.exists", records = records, labels = self.labels()));
        }
        Ok(held)
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

/// The account's records by their natural keys; else why nobody knows.
fn look(options: &ImportOptions<'_>, printer: &Printer) -> std::result::Result<Existing, Message> {
    let failed = |error: Error| Message::from(error.message());
    let connection = options.account.connect().map_err(failed)?;
    let client = Client::new(connection.target, &options.catalog.service).map_err(failed)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|_| message!("run.no_runtime"))?;
    let progress = Progress::new(printer);
    let found = runtime.block_on(read(options, &Arc::new(client), &progress));
    progress.end();
    found
}

async fn read(
    options: &ImportOptions<'_>,
    client: &Arc<Client>,
    progress: &Progress,
) -> std::result::Result<Existing, Message> {
    let (entity, service) = (options.entity(), &options.catalog.service);
    let Some(mut query) = ListQuery::new(entity, "list", service) else { return Err(message!("memory.no_list")) };
    // A deleted record is not there.
    query.parameters.clear();
    let (first, pages) = in_time(PATIENCE, first_page(&query, client)).await?;
    match pages {
        Some(1) => Ok(by_key(entity, &first)),
        Some(pages) if pages > MOST_PAGES => Err(message!("memory.too_many", most = MOST_PAGES)),
        // How long a list is that gives no total, only time can tell.
        _ => {
            let patience = PATIENCE + PATIENCE_A_PAGE * u32::try_from(pages.unwrap_or(0)).unwrap_or(0);
            in_time(patience, whole_list(options, &query, client, progress)).await
        }
    }
}

/// What comes in time.
async fn in_time<T>(patience: Duration, work: impl Future<Output = Result<T>>) -> std::result::Result<T, Message> {
    match tokio::time::timeout(patience, work).await {
        // The service's own words may repeat what nobody is to see.
        Ok(done) => done.map_err(|_| message!("memory.no_list")),
        Err(_) => Err(message!("memory.no_list_in_time", seconds = patience.as_secs())),
    }
}

/// The first page of a list, and how many pages there are by the service's own total, where it gives one.
async fn first_page(query: &ListQuery<'_>, client: &Client) -> Result<(Vec<Value>, Option<u64>)> {
    let service = client.service();
    let size = u64::from(service.paging.advised);
    let page = query.endpoint.paged.then_some(Page { number: 1, size });
    let document = client.read(&query.address(client.target(), service, page)).await?;
    let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
    let no_list = || Error::cannot_run(message!("refresh.no_list", path = query.endpoint.path));
    let records: Vec<Value> = api::records(&document, wrapper).ok_or_else(no_list)?.into_values();
    let length = records.len() as u64;
    let pages = match api::total(&document, wrapper, &service.paging.count) {
        _ if page.is_none() || length == 0 => Some(1),
        Some(total) => Some(total.div_ceil(length.min(size)).max(1)),
        None => None,
    };
    Ok((records, pages))
}

/// All records of a list, as whole as an export has it.
async fn whole_list(
    options: &ImportOptions<'_>,
    query: &ListQuery<'_>,
    client: &Arc<Client>,
    progress: &Progress,
) -> Result<Existing> {
    let mirror = Mirror::in_memory()?;
    let refresher = Refresher {
        client,
        mirror: &mirror,
        catalog: options.catalog,
        stop: &Interrupt::of_process(),
        progress,
        kept_secrets: &[],
        accepts_incomplete: false,
        full_every: 0,
    };
    let list = refresher.read_all(query).await?.list;
    let mut existing = Existing::new();
    let mut last = Key::first();
    loop {
        let batch = mirror.after(&list, &last, BATCH)?;
        let Some((key, _)) = batch.records.last() else { return Ok(existing) };
        last = key.clone();
        let records: Vec<Value> =
            batch.records.iter().filter_map(|(_, body)| serde_json::from_slice(body).ok()).collect();
        existing.extend(by_key(query.entity, &records));
    }
}

fn by_key(entity: &Entity, records: &[Value]) -> Existing {
    let mut existing = Existing::new();
    for record in records.iter().filter(|record| !is_deleted(entity, record)) {
        let text =
            |name: &str| record.get(name).map(|value| as_text(value).into_owned()).filter(|text| !text.is_empty());
        let Some(id) = entity.id.as_deref().and_then(text) else { continue };
        existing.extend(key_hashes(entity, text).into_iter().map(|hash| (hash, id.clone())));
    }
    existing
}
