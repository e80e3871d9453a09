//! Rows that make records, settled by a reading of the account's list: what they say is looked for among its records that
//! are newer than the run and that no row has.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::super::operation::WriteOperation;
use super::super::resemblance::may_be_of;
use super::super::sent_members::sent_members;
use super::super::sent_members::{is_stored, value_of};
use super::super::witness::HandedOut;
use super::Settling;
use super::kept_rows::KeptRun;
use super::verdict::{self, Alike, Verdict};
use crate::api::{self, Single, as_text, read_rejected};
use crate::check::duplicates::{key_hashes, shown_hash};
use crate::entity::{Custom, Entity, Field, Kind, WriteMode};
use crate::error::{Error, Result};
use crate::format::Content;
use crate::journal::{JournalReader, MadeLast, Operation, Status};
use crate::message;
use crate::mirror::{Key, List, Mirror};
use crate::projection::{moment, service_time};
use crate::refresh::{ListQuery, Page, Refresher};

/// Rows that are settled together: what they sent is held in memory.
const AT_ONCE: u64 = 50_000;
/// Records looked at together.
const BATCH: usize = 1000;
/// Rows whose records are only to be told and that are held against every record that nobody has: more would take too long.
const MOST_RESEMBLED: usize = 1000;
/// The service's filters know days only, and its clock is not ours.
const OVERLAP_DAYS: i64 = 1;

/// A reading of the list.
struct Reading {
    mirror: Mirror,
    list: List,
    /// It is proved that nothing is missing in it.
    is_whole: bool,
    /// The record that was made last, when it is in it.
    acknowledged: Option<MadeLast>,
    /// A record that a row of the run made.
    example: Option<Map<String, Value>>,
}

/// Rows that say the same, and what was found of them.
#[derive(Default)]
struct Group {
    /// What they sent.
    sent: Vec<(String, String)>,
    /// Those that were made.
    made: Vec<Operation>,
    /// Those of which nobody knows.
    doubtful: Vec<Operation>,
    matches: Vec<u64>,
    similar: Vec<u64>,
    /// The highest id that there was before any of them was sent, when that is known: a record of theirs is above it.
    highest: Option<u64>,
}

impl Group {
    /// Whether a record may be of one of its rows: it is newer.
    fn may_have_made(&self, id: u64) -> bool {
        self.highest.is_none_or(|highest| id > highest)
    }
}

/// Records of a reading that no row is known to have made.
#[derive(Default)]
struct Unclaimed {
    /// Those that tell what rows told, with the hash of that.
    found: Vec<(u64, Map<String, Value>, u64)>,
    /// Others, with the rows that they resemble.
    strangers: Vec<(u64, Vec<Content>)>,
    /// Records like none of the rows that they were held against.
    others: Vec<u64>,
}

/// A row and what became of it.
pub(super) type Settlement = (Operation, Verdict);

impl Settling<'_> {
    /// Settles the rows that made records or may have.
    ///
    /// # Errors
    /// The list cannot be read, a full disk.
    pub(super) async fn by_list(&self, past: &JournalReader, kept: &KeptRun<'_>) -> Result<Vec<Settlement>> {
        let (unknown, made) = past.unsettled()?;
        let reading = self.read_list(past).await?;
        let parts = (unknown + made).div_ceil(AT_ONCE).max(1);
        let mut settled = Vec::new();
        for part in 0..parts {
            let custom = &self.catalog.service.custom;
            let groups = self.groups(past, kept, custom, |hash| u64::from(hash[0]) % parts == part)?;
            settled.append(&mut self.compare(past, &reading, groups).await?);
        }
        Ok(settled)
    }

    async fn read_list(&self, past: &JournalReader) -> Result<Reading> {
        let entity = self.entity;
        let service = self.client.service();
        let Some(mut query) = ListQuery::new(entity, "list", service) else {
            return Err(Error::cannot_run(message!("memory.no_list")));
        };
        // The first answer tells what the service's clock says.
        let first = query.endpoint.paged.then_some(Page { number: 1, size: 1 });
        let address = query.address(self.client.target(), service, first);
        if let Err(rejection) = self.client.ask(&address).await? {
            return Err(super::unreadable(read_rejected(address.path(), &rejection, &self.client.target().host())));
        }
        // What the run made is no older than the run.
        if let Some([from, _]) = query.created(service) {
            let began = self.lost.map_or(i64::MAX, |(began, _)| began).min(past.identity().started);
            let began = began / 1000 + self.client.clock_ahead();
            let day = service_time(began, service).date();
            let day = day.saturating_sub(jiff::Span::new().days(OVERLAP_DAYS + self.days_behind(past).await?));
            let from = from.clone();
            query = query.with(&from, &format!("{day} 00:00:00"));
        }
        let mirror = Mirror::temporary()?;
        let refresher = Refresher {
            client: self.client,
            mirror: &mirror,
            catalog: self.catalog,
            stop: self.interrupt,
            progress: self.progress,
            kept_secrets: &[],
            // What is in it is there, whatever is missing.
            accepts_incomplete: true,
            full_every: 0,
        };
        let refreshed = refresher.read_all(&query).await?;
        let is_whole = !refreshed.is_incomplete
            && refreshed.reports.iter().all(|report| report.hidden == 0)
            && mirror.without_id(&refreshed.list)? == 0;
        let list = refreshed.list;
        let record = |id: &str| -> Result<Option<Map<String, Value>>> {
            let body = mirror.get(&list, &Key::of(id))?;
            Ok(body.and_then(|body| serde_json::from_slice(&body).ok()))
        };
        let example = match past.made_last()? {
            Some(made) => record(&made.id)?,
            None => None,
        };
        // A list in which the newest record is missing lags behind.
        let acknowledged = match self.made_last(past)? {
            Some(made) => record(&made.id)?.map(|_| made),
            None => None,
        };
        Ok(Reading { mirror, list, is_whole, acknowledged, example })
    }

    /// Days that the clock of the records is behind that of the answers: a record that was made says when, by its own clock.
    async fn days_behind(&self, past: &JournalReader) -> Result<i64> {
        let (Some(created), Some(get)) = (&self.entity.created, self.entity.endpoint("get")) else { return Ok(0) };
        let Some(MadeLast { id, at, .. }) = self.made_last(past)? else { return Ok(0) };
        let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        let address = self.client.target().address(&get.path.replace("{id}", &id));
        let Single::Document(document) = self.client.ask_briefly(&address).await? else { return Ok(0) };
        let record = api::record(&document, get.answer.as_deref().unwrap_or_default());
        let made =
            record.as_ref().and_then(|record| record.get(created)).and_then(|made| moment::parse(&as_text(made)));
        let day = service_time(at / 1000 + self.client.clock_ahead(), self.client.service()).date();
        Ok(made.map_or(0, |made| (day.duration_since(made.day()).as_hours() / 24).max(0)))
    }

    /// The record that runs into this account made last since this one began.
    fn made_last(&self, past: &JournalReader) -> Result<Option<MadeLast>> {
        let identity = past.identity();
        let mut made = past.made_last()?;
        for run in self.index.runs_for(&identity.entity)? {
            if run.run != identity.run
                && run.target == identity.target
                && WriteMode::of(&run.mode).makes_records(self.entity)
            {
                // A journal that cannot be read proves nothing.
                let last = JournalReader::open_read_only(&run.folder).and_then(|past| past.made_last());
                let last = last.ok().flatten().filter(|made| made.at >= identity.started);
                made =
                    made.into_iter().chain(last.map(|made| MadeLast { row: None, ..made })).max_by_key(|made| made.at);
            }
        }
        Ok(made)
    }

    /// Looks for the rows of these groups among the records of a reading.
    async fn compare(
        &self,
        past: &JournalReader,
        reading: &Reading,
        mut groups: BTreeMap<Content, Group>,
    ) -> Result<Vec<Settlement>> {
        let entity = self.entity;
        let mut by_hash: HashMap<u64, Vec<Content>> = HashMap::new();
        for (identity, group) in &groups {
            by_hash.entry(telling(entity, &group.sent)).or_default().push(*identity);
        }
        let Unclaimed { found, strangers, others } = self.unclaimed(past, reading, &groups, &by_hash)?;
        for (id, resembled) in strangers {
            resembled.into_iter().for_each(|identity| groups.entry(identity).or_default().similar.push(id));
        }
        let other = others.first().copied();
        for group in groups.values_mut().filter(|group| group.doubtful.is_empty()) {
            // It may be any of them for all that is known.
            group.similar.extend(other);
        }
        for (id, record, hash) in found {
            let candidates = by_hash.get(&hash).into_iter().flatten();
            let mut matching: Vec<(usize, Content)> = Vec::new();
            let mut all: Vec<Content> = Vec::new();
            for identity in candidates {
                let Some(group) = groups.get(identity).filter(|group| group.may_have_made(id)) else { continue };
                all.push(*identity);
                let example = reading.example.as_ref();
                if self.says_the_same(entity, &record, id, &group.sent, example).await? {
                    matching.push((group.sent.len(), *identity));
                }
            }
            // It is that of the rows that said most of what it says; where several did, nobody can tell.
            let most = matching.iter().map(|(fields, _)| *fields).max();
            let best: Vec<Content> =
                matching.iter().filter(|(fields, _)| Some(*fields) == most).map(|(_, identity)| *identity).collect();
            match best.as_slice() {
                [one] if groups.get(one).is_some_and(|group| group.highest.is_some()) => {
                    groups.entry(*one).or_default().matches.push(id);
                }
                // Without the highest id of before the run, a record may be older than the run.
                _ => all.iter().for_each(|identity| groups.entry(*identity).or_default().similar.push(id)),
            }
        }
        let shared = past.found_in_account()?;
        let verdicts =
            groups.into_iter().flat_map(|(identity, group)| self.verdicts(reading, group, shared.contains(&identity)));
        Ok(verdicts.collect())
    }

    /// The records of a reading that may be those of rows: newer than what there was before, and no row is known to have made them.
    fn unclaimed(
        &self,
        past: &JournalReader,
        reading: &Reading,
        groups: &BTreeMap<Content, Group>,
        by_hash: &HashMap<u64, Vec<Content>>,
    ) -> Result<Unclaimed> {
        let entity = self.entity;
        let highest = groups.values().map(|group| group.highest.unwrap_or(0)).min();
        let made = HandedOut::default();
        past.each_made(|id| made.add(id))?;
        let Unclaimed { mut found, mut strangers, mut others } = Unclaimed::default();
        let undoubted = groups.values().filter(|group| group.doubtful.is_empty()).count();
        let resembles_all = undoubted <= MOST_RESEMBLED;
        let mut last = Key::first();
        loop {
            let batch = reading.mirror.after(&reading.list, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else { break };
            last = key.clone();
            for record in batch.records.iter().filter_map(|(_, body)| serde_json::from_slice(body).ok()) {
                let Value::Object(record) = record else { continue };
                let Some(id) = id_of(entity, &record) else { continue };
                if highest.is_some_and(|highest| id <= highest) || made.has(id) {
                    continue;
                }
                match tellings(entity, &record).into_iter().find(|hash| by_hash.contains_key(hash)) {
                    Some(hash) => found.push((id, record, hash)),
                    None => {
                        let resembled = self.resembled(groups, resembles_all, id, &record);
                        if !resembles_all && others.len() < BATCH {
                            others.push(id);
                        }
                        strangers.push((id, resembled));
                    }
                }
            }
            // Most records are like none of them.
            strangers.retain(|(_, resembled)| !resembled.is_empty());
        }
        let ids = found.iter().map(|(id, ..)| *id).chain(strangers.iter().map(|(id, _)| *id)).chain(others.clone());
        let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
        let taken = self.index.claimed(&entity.name, &ids)?;
        found.retain(|(id, ..)| !taken.contains(&id.to_string()));
        strangers.retain(|(id, _)| !taken.contains(&id.to_string()));
        others.retain(|id| !taken.contains(&id.to_string()));
        Ok(Unclaimed { found, strangers, others })
    }

    /// The rows whose hash is wanted, those that say the same together, with what they sent.
    fn groups(
        &self,
        past: &JournalReader,
        kept: &KeptRun<'_>,
        custom: &Custom,
        is_wanted: impl Fn(&Content) -> bool,
    ) -> Result<BTreeMap<Content, Group>> {
        let mut groups: BTreeMap<Content, Group> = BTreeMap::new();
        let mut rows = kept.rows(past)?;
        let mut next = 0;
        let mut from = 0;
        loop {
            let unsettled = past.unsettled_rows(from, BATCH)?;
            let Some(last) = unsettled.last() else { return Ok(groups) };
            from = last.row.row + 1;
            for operation in unsettled {
                while next <= operation.row.row {
                    if !rows.next()? {
                        return Ok(groups);
                    }
                    next += 1;
                }
                let identity = operation.row.identity.unwrap_or(operation.row.content);
                // A row in doubt whose record is known was a change of it.
                let is_change = operation.status == Status::Unknown && operation.id.is_some();
                if is_change || !is_wanted(&identity) || !kept.tells_what_was_sent(&operation) {
                    continue;
                }
                let highest = self.highest_before(&operation);
                let group = groups.entry(identity).or_insert_with(|| Group { highest, ..Group::default() });
                group.highest = group.highest.zip(highest).map(|(one, other)| one.min(other));
                if group.sent.is_empty()
                    && let WriteOperation::Write { body, .. } = rows.operation(None)?
                {
                    group.sent = sent_members(&kept.entity, &body, custom);
                }
                match operation.status {
                    Status::Unknown => group.doubtful.push(operation),
                    _ => group.made.push(operation),
                }
            }
        }
    }

    /// The rows in doubt, or all of them, that a record which is found by none of them may have come from all the same: a service
    /// that changes what it is given changes what it is found by as well.
    fn resembled(
        &self,
        groups: &BTreeMap<Content, Group>,
        is_of_all: bool,
        id: u64,
        record: &Map<String, Value>,
    ) -> Vec<Content> {
        let custom = &self.catalog.service.custom;
        let is_meant = |group: &Group| (is_of_all || !group.doubtful.is_empty()) && group.may_have_made(id);
        let resembled = groups
            .iter()
            .filter(|(_, group)| is_meant(group))
            .filter(|(_, group)| may_be_of(self.entity, custom, &group.sent, record));
        resembled.map(|(identity, _)| *identity).collect()
    }

    fn verdicts(&self, reading: &Reading, group: Group, was_shared: bool) -> Vec<Settlement> {
        let Group { made, doubtful, mut matches, mut similar, .. } = group;
        matches.sort_unstable();
        similar.sort_unstable();
        let may_be_absent = |row: &Operation| {
            let is_later = reading.acknowledged.as_ref().is_some_and(|made| is_later(made, row));
            reading.is_whole && is_later && self.is_time_over(row)
        };
        let texts = |ids: Vec<u64>| ids.into_iter().map(|id| id.to_string()).collect();
        let alike = Alike {
            made: made.iter().map(may_be_absent).collect(),
            doubtful: doubtful.iter().map(may_be_absent).collect(),
            matches: texts(matches),
            similar: texts(similar),
            was_shared,
        };
        let (of_made, verdicts) = verdict::settle(&alike);
        // What the service said of a row stands, unless all there is was seen and nothing of it can be its record.
        let is_news = |verdict: &Verdict| match verdict {
            Verdict::Made(_) | Verdict::NotMade { .. } => true,
            Verdict::Unknown(candidates) => candidates.is_empty() && reading.is_whole,
        };
        let found = made.into_iter().zip(of_made).filter(|(_, verdict)| is_news(verdict));
        found.chain(doubtful.into_iter().zip(verdicts)).collect()
    }

    /// Whether a record says all that was sent, and nothing else that a person would have typed. Lists may leave fields out:
    /// then the record is asked for.
    async fn says_the_same(
        &self,
        entity: &Entity,
        record: &Map<String, Value>,
        id: u64,
        sent: &[(String, String)],
        example: Option<&Map<String, Value>>,
    ) -> Result<bool> {
        let custom = &self.catalog.service.custom;
        let is_comparable = |name: &str| entity.field(name).is_none_or(Field::is_comparable);
        let compared = || sent.iter().filter(|(name, _)| is_comparable(name));
        let is_said = |record: &Map<String, Value>| {
            compared()
                .all(|(name, value)| is_stored(entity.field(name), value, value_of(record, name, custom).as_deref()))
                && !says_more(entity, record, sent, example)
        };
        let is_missing = |name: &str| value_of(record, name, custom).is_none();
        if !compared().any(|(name, _)| is_missing(name)) {
            return Ok(is_said(record));
        }
        let is_other = |(name, value): &(String, String)| {
            let got = value_of(record, name, custom);
            got.is_some() && !is_stored(entity.field(name), value, got.as_deref())
        };
        if compared().any(is_other) {
            return Ok(false);
        }
        Ok(self.record(entity, id).await?.is_some_and(|whole| is_said(&whole)))
    }

    /// A record with all its fields; none when it cannot be had.
    async fn record(&self, entity: &Entity, id: u64) -> Result<Option<Map<String, Value>>> {
        let Some(get) = entity.endpoint("get") else { return Ok(None) };
        let address = self.client.target().address(&get.path.replace("{id}", &id.to_string()));
        let Ok(document) = self.client.ask(&address).await? else { return Ok(None) };
        let record = get.answer.as_deref().and_then(|answer| api::record(&document, answer));
        let record = record.and_then(|record| record.as_object().cloned());
        Ok(record.filter(|record| id_of(entity, record) == Some(id)))
    }
}

/// Whether a record was acknowledged later than nobody knew of a row any more: a list that has it does not lag behind the row. Of
/// two that ended in one millisecond nobody can tell which did first; but rows leave in their order, so that what stands below
/// left after the row, and what stands above may have been there before it left.
fn is_later(made: &MadeLast, row: &Operation) -> bool {
    made.at > row.at || made.at == row.at && made.row.is_some_and(|number| number > row.row.row)
}

fn id_of(entity: &Entity, record: &Map<String, Value>) -> Option<u64> {
    record.get(entity.id.as_deref()?).and_then(|id| as_text(id).parse().ok())
}

/// What a row is looked for by: its natural key, else what it is shown by.
fn telling(entity: &Entity, sent: &[(String, String)]) -> u64 {
    let text = |name: &str| sent.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    key_hashes(entity, text).first().copied().or_else(|| shown_hash(entity, text)).unwrap_or_default()
}

/// What a record may be found by.
fn tellings(entity: &Entity, record: &Map<String, Value>) -> Vec<u64> {
    let text = |name: &str| record.get(name).map(|value| as_text(value).into_owned()).filter(|text| !text.is_empty());
    let mut hashes = key_hashes(entity, text);
    hashes.extend(shown_hash(entity, text));
    if hashes.is_empty() {
        hashes.push(0);
    }
    hashes
}

/// Whether a record says something in words that was not sent, and that the service does not put into every record.
fn says_more(
    entity: &Entity,
    record: &Map<String, Value>,
    sent: &[(String, String)],
    example: Option<&Map<String, Value>>,
) -> bool {
    let is_typed = |kind: Kind| matches!(kind, Kind::Text | Kind::Html | Kind::Mobile | Kind::Phone | Kind::Email);
    let text = |record: &Map<String, Value>, name: &str| record.get(name).map(|value| as_text(value).into_owned());
    entity
        .fields
        .iter()
        .filter(|field| !field.read_only && !field.custom && !field.secret && is_typed(field.kind))
        .filter(|field| !sent.iter().any(|(name, _)| *name == field.name))
        .any(|field| {
            let said = text(record, &field.name).filter(|said| !said.trim().is_empty());
            said.is_some() && said != example.and_then(|example| text(example, &field.name))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::RowKey;

    #[test]
    fn a_record_is_later_than_a_row_by_its_time_and_in_one_millisecond_by_its_place() {
        let row = RowKey { row: 5, number: 7, ..RowKey::default() };
        let in_doubt = Operation { row, status: Status::Unknown, id: None, attempts: 1, at: 1000, reason: None };
        for (at, row, later) in [
            (1001, Some(0), true),
            (1001, Some(9), true),
            // That of another run, or of a row that is not in the input any more.
            (1001, None, true),
            (1000, Some(6), true),
            (1000, Some(4), false),
            (1000, Some(5), false),
            (1000, None, false),
            (999, Some(9), false),
        ] {
            assert_eq!(is_later(&MadeLast { id: "50001".into(), at, row }, &in_doubt), later, "{at} {row:?}");
        }
    }
}
