//! Asks for single records: a ticket's own page, the messages of a chat. What an earlier command asked for is kept as long
//! as the record has not changed since. A page that fails costs itself: the list has the record all the same.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use serde_json::Value;

use super::detail_stamp::DetailStamp;
use super::list_query::ListQuery;
use super::pages::Page;
use super::refresher::Refresher;
use super::shown::named;
use crate::api::{self, Document, Rejection, Single};
use crate::entity::{Endpoint, Entity};
use crate::error::{Error, ErrorKind, Result};
use crate::language::Language;
use crate::message;
use crate::mirror::{Key, List};
use crate::projection::{custom_keys, remove_secrets, text_of};
use crate::t;

/// Records looked at together.
const BATCH: usize = 500;
/// Pages from earlier commands that are asked for once more, to see whether these show what they did.
const LOOKED_AT: usize = 3;
/// Pages that fail in a row, none being answered meanwhile, before the service itself may have failed: they are asked for once
/// more, behind the others.
const SUSPICIOUS: u64 = 5;
/// Pages that fail in a row before the list is asked whether the service answers at all.
const MOST_IN_A_ROW: u64 = 20;
/// Pages that fail before it is said that this page fails for all records, none having been answered.
const MOST_FAILING: u64 = 100;
/// Pages that are named; the others are counted.
const MOST_NAMED: usize = 1_000;

/// What is asked for one record.
#[derive(Debug, Clone, Copy)]
pub struct Detail<'a> {
    /// Name of the endpoint.
    pub name: &'a str,
    /// Where it is asked.
    pub endpoint: &'a Endpoint,
    /// The answer is a list of parts, not the record itself.
    pub is_list: bool,
}

/// What came of asking for single records.
#[derive(Debug, Default)]
pub struct DetailsRead {
    /// Pages that were answered.
    answered: u64,
    /// Records that the service does not have any more.
    pub missing: u64,
    /// Pages that failed, whatever was tried.
    pub failed: u64,
    /// The first of them.
    pub named: Vec<FailedPage>,
}

/// A single record's page that failed.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FailedPage {
    /// The record's id.
    pub id: String,
    /// What was asked for, such as `get`.
    pub page: String,
    /// Why it could not be had.
    pub why: String,
}

/// A record to be asked for, and what the list says of it.
type Asked = (Key, DetailStamp);

/// What came of asking for several records.
#[derive(Debug, Default)]
struct Round {
    /// Those whose pages failed, and why.
    failed: Vec<(Asked, Error)>,
    /// Most pages that failed in a row, none being answered meanwhile.
    longest_row: u64,
}

impl Refresher<'_> {
    /// Asks for the details of every wanted record of a list that are not here yet.
    ///
    /// # Errors
    /// The user stops, or the service fails for all records; what was asked is kept.
    pub async fn read_details(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        detail: Detail<'_>,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<DetailsRead> {
        if !detail.is_list {
            self.forget_where_shown_otherwise(query, list, detail, &wanted).await?;
        }
        let requests = self.not_here(query.entity, list, detail, &wanted)?;
        if requests > 0 {
            let (label, name) = (self.label(query), detail.name);
            self.progress.stage(&t!("refresh.stage_details", entity = label, page = name, requests = requests));
        }
        self.announce(&self.label(query), requests);
        self.progress.begin(&self.label(query), 0, Some(self.mirror.seen(list)?));
        let mut read = DetailsRead::default();
        let mut denied = None;
        let mut last = Key::first();
        loop {
            let batch = self.mirror.after(list, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else { break };
            last = key.clone();
            let mut asked = Vec::new();
            for (key, body) in &batch.records {
                let record: Value = serde_json::from_slice(body).unwrap_or_default();
                match !wanted(&record) || self.is_here(query.entity, list, detail, key, &record)? {
                    true => self.progress.advance(),
                    false => {
                        let now = self.by_service_clock(self.now());
                        asked.push((key.clone(), DetailStamp::new(&record, now)));
                    }
                }
            }
            let mut round = self.ask_details(query, list, detail, asked, &mut read).await?;
            if round.longest_row >= SUSPICIOUS {
                let again = round.failed.into_iter().map(|(asked, _)| asked).collect();
                round = self.ask_details(query, list, detail, again, &mut read).await?;
            }
            for ((key, _), error) in round.failed {
                // What was asked for an older state of the record does not stand in for it.
                self.mirror.forget_detail(list, &key, detail.name)?;
                read.failed += 1;
                if read.named.len() < MOST_NAMED {
                    read.named.push(FailedPage { id: key.text, page: detail.name.to_owned(), why: error.message() });
                }
                denied = denied.or((error.kind() == ErrorKind::Denied).then_some(error));
            }
        }
        match denied {
            // Nobody may see such a page: that is no matter of single records.
            Some(error) if read.answered == 0 => Err(error),
            _ => Ok(read),
        }
    }

    /// Forgets all that was asked for before where some of it, asked for once more, shows members that it did not, or lacks those
    /// that it did: a custom field that everybody has from now on, a right that the login got or lost.
    async fn forget_where_shown_otherwise(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        detail: Detail<'_>,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<()> {
        let here = self.newest_kept(query.entity, list, detail, wanted)?;
        if here.len() < LOOKED_AT {
            return Ok(());
        }
        let (mut gained, mut lost): (Option<BTreeSet<String>>, Option<BTreeSet<String>>) = (None, None);
        for (key, body) in here {
            let reply = self.ask_briefly(self.address_of(detail.endpoint, &key.text)).await?;
            let Single::Document(document) = reply else { return Ok(()) };
            let Ok(Some(mut now)) = detail.body(query.entity, &key.text, &document) else { return Ok(()) };
            if other_id(query.entity, &key.text, &now).is_some() {
                return Ok(());
            }
            remove_secrets(&mut now, query.entity, &self.catalog.service.custom, &[]);
            let now = self.shown(&now);
            let before = self.shown(&serde_json::from_slice(&body).unwrap_or_default());
            let narrow = |of_all: &mut Option<BTreeSet<String>>, of_this: BTreeSet<String>| {
                *of_all = Some(of_all.take().map_or(of_this.clone(), |all| &all & &of_this));
            };
            narrow(&mut gained, &now - &before);
            narrow(&mut lost, &before - &now);
        }
        // What one record alone has or has not any more is no matter of all.
        let members: Vec<String> = gained.into_iter().chain(lost).flatten().collect();
        if !members.is_empty() {
            self.progress.say(&t!(
                "refresh.pages_show_otherwise",
                entity = self.label(query),
                members = named(members.into_iter())
            ));
            self.each_record(list, &mut |key, _| {
                self.mirror.forget_detail(list, key, detail.name)?;
                Ok(true)
            })?;
        }
        Ok(())
    }

    /// The newest wanted records whose pages are kept, and what these said.
    fn newest_kept(
        &self,
        entity: &Entity,
        list: &List,
        detail: Detail<'_>,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Vec<(Key, Vec<u8>)>> {
        let mut here = Vec::new();
        self.each_record(list, &mut |key, record| {
            if let Some((stamp, body)) = self.mirror.detail(list, key, detail.name)?
                && self.still_stands(entity, list, record, &DetailStamp::read(&stamp))
                && wanted(record)
            {
                here.push((key.clone(), body));
                if here.len() > LOOKED_AT {
                    here.remove(0);
                }
            }
            Ok(true)
        })?;
        Ok(here)
    }

    /// How many wanted records have to be asked for.
    fn not_here(
        &self,
        entity: &Entity,
        list: &List,
        detail: Detail<'_>,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<u64> {
        let (mut count, mut last) = (0, Key::first());
        loop {
            self.stop.check()?;
            let batch = self.mirror.after(list, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else { return Ok(count) };
            last = key.clone();
            for (key, body) in &batch.records {
                let record: Value = serde_json::from_slice(body).unwrap_or_default();
                count += u64::from(wanted(&record) && !self.is_here(entity, list, detail, key, &record)?);
            }
        }
    }

    /// Whether what is asked for a record is here, and as it would be answered now.
    fn is_here(&self, entity: &Entity, list: &List, detail: Detail<'_>, key: &Key, record: &Value) -> Result<bool> {
        // Without an id there is nothing to ask for.
        if !key.has_id() {
            return Ok(true);
        }
        let old = self.mirror.detail(list, key, detail.name)?;
        Ok(old.is_some_and(|(old, _)| self.still_stands(entity, list, record, &DetailStamp::read(&old))))
    }

    /// Asks for these records.
    async fn ask_details(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        detail: Detail<'_>,
        asked: Vec<Asked>,
        read: &mut DetailsRead,
    ) -> Result<Round> {
        let mut round = Round::default();
        let mut in_a_row = 0;
        let answers = asked.into_iter().take_while(|_| !self.stop.is_set()).map(|asked| {
            let answer = self.ask_briefly(self.address_of(detail.endpoint, &asked.0.text));
            async move { (asked, answer.await) }
        });
        let mut answers = stream::iter(answers).buffer_unordered(self.client.limiter().ceiling());
        while let Some((asked, reply)) = answers.next().await {
            self.progress.advance();
            let reply = match reply? {
                Single::Failing(error) => {
                    in_a_row += 1;
                    round.longest_row = round.longest_row.max(in_a_row);
                    if read.answered == 0 && in_a_row >= MOST_FAILING {
                        return Err(error);
                    }
                    if in_a_row.is_multiple_of(MOST_IN_A_ROW) {
                        // It waits until the service answers, and fails when it does not.
                        self.fetch(self.shortest_address(query)).await?;
                    }
                    round.failed.push((asked, error));
                    continue;
                }
                Single::Document(document) => Some(document),
                Single::Rejected(rejection) if is_denial(&rejection) => {
                    let why = format!("{} {}", rejection.code, rejection.message);
                    let path = self.address_of(detail.endpoint, &asked.0.text).path().to_owned();
                    let error = Error::new(ErrorKind::Denied, message!("api.read_failed", path = path, why = why));
                    round.failed.push((asked, error));
                    continue;
                }
                Single::Rejected(_) => None,
            };
            in_a_row = 0;
            read.answered += 1;
            let body = match reply.map(|document| detail.body(query.entity, &asked.0.text, &document)).transpose() {
                Ok(body) => body.flatten(),
                Err(error) => {
                    round.failed.push((asked, error));
                    continue;
                }
            };
            // Another record's page says nothing of this one.
            if let Some(other) = body.as_ref().and_then(|body| other_id(query.entity, &asked.0.text, body)) {
                let error = Error::cannot_run(message!("refresh.other_record", id = asked.0.text, other = other));
                round.failed.push((asked, error));
                continue;
            }
            match body {
                None => {
                    read.missing += 1;
                    self.mirror.forget_detail(list, &asked.0, detail.name)?;
                }
                Some(body) => self.store_detail(query, list, &asked, detail.name, body)?,
            }
        }
        self.stop.check()?;
        Ok(round)
    }

    /// The address of the shortest answer that a query has.
    fn shortest_address(&self, query: &ListQuery<'_>) -> url::Url {
        let page = query.endpoint.paged.then_some(Page { number: 1, size: 1 });
        query.address(self.client.target(), self.client.service(), page)
    }

    fn store_detail(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        (key, stamp): &Asked,
        name: &str,
        mut body: Value,
    ) -> Result<()> {
        self.mirror.together(|| {
            for custom in custom_keys(&body, &self.catalog.service.custom) {
                self.mirror.put_custom(list, &custom)?;
            }
            remove_secrets(&mut body, query.entity, &self.catalog.service.custom, &[]);
            self.mirror.put_detail(list, key, name, &stamp.text(), body.to_string().as_bytes())
        })
    }

    /// Asks for single records and stores those the service has in a list. Tells how many could not be had.
    ///
    /// # Errors
    /// The entity has no page for a single record, the user stops or the service fails.
    pub async fn read_single(&self, entity: &Entity, list: &List, ids: Vec<String>) -> Result<u64> {
        let endpoint =
            entity.endpoint("get").ok_or_else(|| Error::usage(message!("export.no_details", entity = entity.name)))?;
        let label = entity.label(Language::current());
        self.announce(label, ids.len() as u64);
        self.progress.begin(label, 0, Some(ids.len() as u64));
        let (mut answered, mut failed) = (0, 0);
        let answers = ids.into_iter().take_while(|_| !self.stop.is_set()).map(|id| {
            let answer = self.ask_briefly(self.address_of(endpoint, &id));
            async move { (id, answer.await) }
        });
        let mut answers = stream::iter(answers).buffer_unordered(self.client.limiter().ceiling());
        while let Some((id, reply)) = answers.next().await {
            self.progress.advance();
            match reply? {
                Single::Failing(error) if answered == 0 && failed >= MOST_IN_A_ROW => return Err(error),
                Single::Failing(error) if error.kind() == ErrorKind::Denied => return Err(error),
                Single::Failing(_) => failed += 1,
                Single::Rejected(_) => answered += 1,
                Single::Document(document) => {
                    answered += 1;
                    let record = record_of(entity, &id, endpoint.answer.as_deref().unwrap_or_default(), &document);
                    let is_other = |record: &Option<Value>| {
                        record.as_ref().is_some_and(|record| other_id(entity, &id, record).is_some())
                    };
                    if record.as_ref().map_or(true, is_other) {
                        failed += 1;
                    } else if let Ok(Some(record)) = record {
                        self.mirror.together(|| self.store(entity, list, &Key::of(&id), &record))?;
                    }
                }
            }
        }
        self.stop.check()?;
        Ok(failed)
    }
}

/// Whether a rejection says that this login may not see a record, not that there is none.
pub(super) fn is_denial(rejection: &Rejection) -> bool {
    let said = format!("{} {}", rejection.code, rejection.message);
    matches!(rejection.code.as_str(), "401" | "403") || api::says_denied(&said)
}

/// The record of this id in an answer, which may hold others besides; none where it holds no record at all.
fn record_of(entity: &Entity, id: &str, wrapper: &str, document: &Document) -> Result<Option<Value>> {
    if let Some(record) = api::record(document, wrapper) {
        return Ok(Some(record.into_owned()));
    }
    let mut records = api::records(document, wrapper).map(api::Records::into_values).unwrap_or_default();
    let came = records.len();
    if came < 2 {
        return Ok(None);
    }
    let is_asked =
        |record: &Value| entity.id.as_ref().and_then(|name| record.get(name)).is_some_and(|said| text_of(said) == id);
    records.retain(is_asked);
    match (records.pop(), records.is_empty()) {
        (Some(record), true) => Ok(Some(record)),
        _ => Err(Error::cannot_run(message!("refresh.several_records", id = id, records = came))),
    }
}

/// The id of a record that is not the one that was asked for; none where it does not say which one it is.
fn other_id(entity: &Entity, id: &str, record: &Value) -> Option<String> {
    let said = record.get(entity.id.as_ref()?).map(text_of)?;
    (!said.is_empty() && said != id).then(|| said.into_owned())
}

impl Detail<'_> {
    /// What an answer says of the record of this id.
    ///
    /// # Errors
    /// It holds several records, and not this one alone among them.
    fn body(&self, entity: &Entity, id: &str, document: &Document) -> Result<Option<Value>> {
        let wrapper = self.endpoint.answer.as_deref().unwrap_or_default();
        match self.is_list {
            true => Ok(api::records(document, wrapper).map(|records| Value::Array(records.into_values()))),
            false => record_of(entity, id, wrapper, document),
        }
    }
}
