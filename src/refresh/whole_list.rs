//! Makes a list of the mirror whole: reads it, compares what was read with what the service says it has, and reads again
//! while the two disagree.

use rust_i18n::t;
use serde_json::Value;

use super::decision::{Reading, ReadingDecision, decide};
use super::list_query::ListQuery;
use super::page_reader::changing;
use super::refreshed_list::RefreshedList;
use super::refresher::Refresher;
use crate::error::Result;
use crate::mirror::{Key, List, PageCursor};
use crate::projection::is_deleted;

/// A reading that began longer ago is begun anew: what it read first may have changed since.
const RESUMABLE_SECONDS: i64 = 24 * 60 * 60;
/// A reading that ended longer ago is not written out any more: the file would be of another day than it says.
const FRESH_SECONDS: i64 = 60 * 60;

impl Refresher<'_> {
    /// Reads everything a query asks for, going on from where an earlier command was broken off.
    ///
    /// # Errors
    /// The user stops, the service fails, or the list changes faster than it can be read.
    pub async fn read_all(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let now = jiff::Timestamp::now().as_second();
        let list = self.mirror.list(&query.entity.name, &query.text(self.client.service()))?;
        let limit = if list.is_read { FRESH_SECONDS } else { RESUMABLE_SECONDS };
        match (is_younger(&list, limit, now), list.is_read) {
            (true, true) => self.already_read(query, &list, now),
            (true, false) => {
                let position = self.mirror.cursor(&list, 0)?.map_or(0, |cursor| cursor.position);
                self.progress.say(&t!("refresh.resuming", entity = self.label(query), done = position));
                self.read_until_whole(query, list, now).await
            }
            (false, _) => self.read_until_whole(query, self.mirror.begin_generation(&list, now)?, now).await,
        }
    }

    /// The pages are all here and only a file was not written.
    fn already_read(&self, query: &ListQuery<'_>, list: &List, now: i64) -> Result<RefreshedList> {
        let minutes = list.began.map_or(0, |began| (now - began) / 60);
        self.progress.say(&t!("refresh.already_read", entity = self.label(query), minutes = minutes));
        let cursor = self.mirror.cursor(list, 0)?.unwrap_or_default();
        let cursor = PageCursor { count_after: list.total, ..cursor };
        let mut refreshed = RefreshedList::of(list);
        refreshed.reports.push(self.report(query, list, &cursor, self.mirror.seen(list)?, 0));
        Ok(refreshed)
    }

    async fn read_until_whole(&self, query: &ListQuery<'_>, mut list: List, now: i64) -> Result<RefreshedList> {
        let mut refreshed = RefreshedList::of(&list);
        let mut before = None;
        let mut readings = 1;
        loop {
            self.progress.begin(&self.label(query), 0, None);
            let cursor = self.read_pages(&list, query, 0).await?;
            let read = self.mirror.seen(&list)?;
            let deleted = if cursor.count_after == Some(read) { 0 } else { self.deleted(query, &list)? };
            refreshed.reports.push(self.report(query, &list, &cursor, read, readings));
            match decide(&cursor, read, deleted, before, readings) {
                ReadingDecision::Accept => {}
                ReadingDecision::AcceptAgainstCount => {
                    let count = cursor.count_after.unwrap_or(0);
                    let warning = t!("refresh.count_differs", entity = self.label(query), count = count, read = read);
                    refreshed.warnings.push(warning.into_owned());
                }
                ReadingDecision::AcceptAlike => {
                    let warning = t!("refresh.read_alike", entity = self.label(query), read = read);
                    refreshed.warnings.push(warning.into_owned());
                }
                ReadingDecision::GiveUp => return Err(changing(query)),
                ReadingDecision::ReadAgain => {
                    before = Some(Reading { records: read, count: cursor.count_after });
                    readings += 1;
                    list = self.mirror.begin_generation(&list, now)?;
                    let changed = cursor.count_after.map_or(0, |count| count.abs_diff(read)).max(1);
                    let warning = t!("refresh.read_again", entity = self.label(query), changed = changed);
                    self.progress.say(&warning);
                    refreshed.warnings.push(warning.into_owned());
                    continue;
                }
            }
            self.mirror.end_generation(&list, cursor.count_after)?;
            refreshed.list = self.mirror.list(&list.entity, &list.query)?;
            return Ok(refreshed);
        }
    }

    /// How many records of a list are marked as deleted.
    pub(super) fn deleted(&self, query: &ListQuery<'_>, list: &List) -> Result<u64> {
        if query.entity.deleted.is_none() {
            return Ok(0);
        }
        let mut deleted = 0;
        let mut last = Key::first();
        loop {
            let batch = self.mirror.after(list, &last, 1000)?;
            let Some((key, _)) = batch.records.last() else {
                return Ok(deleted);
            };
            last = key.clone();
            let is_deleted = |body: &[u8]| {
                serde_json::from_slice::<Value>(body).is_ok_and(|record| is_deleted(query.entity, &record))
            };
            deleted += batch.records.iter().filter(|(_, body)| is_deleted(body)).count() as u64;
        }
    }
}

/// Whether a list's reading began no longer than so many seconds ago and is to be gone on with.
fn is_younger(list: &List, seconds: i64, now: i64) -> bool {
    list.began.is_some_and(|began| (0..seconds).contains(&(now - began)))
}

/// Whether a reading that was broken off is gone on with.
pub(super) fn is_resumable(list: &List, now: i64) -> bool {
    is_younger(list, RESUMABLE_SECONDS, now)
}
