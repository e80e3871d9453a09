//! Whether the account that an earlier run wrote into is the one of this command, though host or login differ: three of the
//! records that it created are read back and compared.

use serde_json::{Map, Value};
use tokio::runtime;

use super::options::ImportOptions;
use super::route::Access;
use crate::api::{self, Client, as_text};
use crate::check::duplicates::key_hashes;
use crate::entity::{Entity, Service};
use crate::error::{Context, Result};
use crate::journal::{IndexedRun, JournalReader, Operation};
use crate::message;
use crate::projection::moment;

/// Records that are read back.
const RECORDS: usize = 3;
/// How far the service's clock and ours may be apart, in seconds.
const CLOCKS_APART: i64 = 15 * 60;

/// Whether this command's login finds the records that a run created, with the same keys and the same time of creation. What
/// cannot be read proves nothing.
///
/// # Errors
/// An account that cannot be talked to at all.
pub(super) fn is_proved(options: &ImportOptions<'_>, run: &IndexedRun) -> Result<bool> {
    let created = match JournalReader::open_read_only(&run.folder).and_then(|past| past.created(RECORDS)) {
        Ok(created) if !created.is_empty() => created,
        _ => return Ok(false),
    };
    let connection = options.account.connect()?;
    let Some(access) = Access::new(&connection.target, options.catalog, options.entity()) else { return Ok(false) };
    let client = Client::new(connection.target, &options.catalog.service)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().context(|| message!("run.no_runtime"))?;
    let service = &options.catalog.service;
    Ok(created.iter().all(|operation| {
        let Some(id) = &operation.id else { return false };
        let answer = runtime.block_on(client.ask(&access.get.address(client.target(), Some(id))));
        let Ok(Ok(document)) = answer else { return false };
        let wrappers = &access.get.expected.wrappers;
        let record = wrappers.iter().find_map(|wrapper| api::record(&document, wrapper));
        let record = record.and_then(|record| record.as_object().cloned());
        record.is_some_and(|record| is_record_of(operation, &record, options.entity(), service))
    }))
}

/// Whether a record is the one that a row became.
fn is_record_of(operation: &Operation, record: &Map<String, Value>, entity: &Entity, service: &Service) -> bool {
    let text = |name: &str| record.get(name).map(|value| as_text(value).into_owned()).filter(|text| !text.is_empty());
    let has_key = operation.row.key.is_none_or(|key| key_hashes(entity, text).contains(&key));
    let created = entity.created.as_deref().and_then(text).and_then(|text| moment::parse(&text));
    let sent = moment::service_time(operation.at / 1000, service);
    has_key && created.is_some_and(|created| sent.duration_since(created.begin()).as_secs().abs() <= CLOCKS_APART)
}
