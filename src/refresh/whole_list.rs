//! Makes a list of the mirror whole: reads it, weighs what its pages prove, and reads again, or in parts, while that is not
//! enough.

use serde_json::Value;

use super::beyond::Beyond;
use super::decision::{Doubt, Proof, is_round};
use super::list_query::ListQuery;
use super::not_whole::not_whole;
use super::pages::Page;
use super::readings::ReadQuery;
use super::refreshed_list::{ListReport, RefreshedList};
use super::refresher::Refresher;
use crate::api::Single;
use crate::error::{ErrorKind, Result};
use crate::mirror::{Key, List, PageCursor, Wall};
use crate::projection::is_deleted;
use crate::t;

/// A reading that began longer ago is begun anew, where the list cannot be asked for what changed since.
const RESUMABLE_SECONDS: i64 = 24 * 60 * 60;
/// A list of more pages than this is read in spans of the creation date, where the service takes notice of it.
pub(super) const PAGES_OF_A_PART: u64 = 50;

/// A number of pages after which services give no more.
const PAGES_AT_A_WALL: u64 = 100;

impl Refresher<'_> {
    /// Reads everything a query asks for, going on from where an earlier command was broken off.
    ///
    /// # Errors
    /// The user stops, the service fails, or the list cannot be proved to be whole.
    pub async fn read_all(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let read = self.read_all_as_asked(query).await;
        self.or_without_refused(query, read, async |query| self.read_all_as_asked(query).await).await
    }

    /// What was read; where the service refuses to be asked for deleted records too, what is read without asking for them.
    pub(super) async fn or_without_refused(
        &self,
        query: &ListQuery<'_>,
        read: Result<RefreshedList>,
        again: impl AsyncFn(&ListQuery<'_>) -> Result<RefreshedList>,
    ) -> Result<RefreshedList> {
        let deleted = &self.client.service().filters.deleted;
        let error = match read {
            Err(error) if error.kind() == ErrorKind::CannotRun && query.value(deleted).is_some() => error,
            read => return read,
        };
        let without = query.clone().without(deleted);
        if self.is_refused(query).await? && !self.is_refused(&without).await? {
            self.progress.say(&t!("refresh.no_deleted", entity = self.label(query)));
            return again(&without).await;
        }
        Err(error)
    }

    /// Whether the service answers the beginning of a list with no.
    async fn is_refused(&self, query: &ListQuery<'_>) -> Result<bool> {
        let page = query.endpoint.paged.then_some(Page { number: 1, size: 1 });
        let url = query.address(self.client.target(), self.client.service(), page);
        Ok(!matches!(self.ask_briefly(url).await?, Single::Document(_)))
    }

    pub(super) async fn read_all_as_asked(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let now = self.now();
        let list = self.mirror.list(&query.entity.name, &query.text(self.client.service()))?;
        let has_changes = self.has_changes(query);
        // What was read whole by an earlier command proves nothing now, unless it can be brought up to date.
        if !is_resumable(&list, now, has_changes) || list.is_read && !has_changes {
            return self.read_anew(query, &list).await;
        }
        let read = if list.is_read {
            self.already_read(query, &list, now)?
        } else {
            let done = self.mirror.seen(&list)?;
            if done > 0 {
                self.progress.say(&t!("refresh.resuming", entity = self.label(query), done = done));
            }
            self.read_until_whole(query, list).await?
        };
        if has_changes { self.catch_up(query, read).await } else { Ok(read) }
    }

    /// Reads a list from its beginning.
    pub(super) async fn read_anew(&self, query: &ListQuery<'_>, list: &List) -> Result<RefreshedList> {
        self.read_until_whole(query, self.mirror.begin_generation(list, self.now())?).await
    }

    /// The pages are all here and only a file was not written.
    fn already_read(&self, query: &ListQuery<'_>, list: &List, now: i64) -> Result<RefreshedList> {
        let minutes = list.began.map_or(0, |began| (now - began) / 60);
        self.progress.say(&t!("refresh.already_read", entity = self.label(query), minutes = minutes));
        let mut refreshed = RefreshedList::of(list);
        refreshed.reports = self.reports_of(list)?;
        Ok(refreshed)
    }

    /// What was told of a list when it was read.
    pub(super) fn reports_of(&self, list: &List) -> Result<Vec<ListReport>> {
        Ok(serde_json::from_str(&self.mirror.proof(list)?).unwrap_or_default())
    }

    async fn read_until_whole(&self, query: &ListQuery<'_>, list: List) -> Result<RefreshedList> {
        let mut refreshed = RefreshedList::of(&list);
        let is_in_parts = !self.mirror.cursors(&list, 1)?.is_empty();
        let read = match is_in_parts {
            true => {
                let cursor = self.mirror.cursor(&list, 0)?.unwrap_or_default();
                ReadQuery { list, cursor, verdict: Err(Doubt::TooLong), is_undivided: false }
            }
            false => {
                let most = query.created(self.client.service()).map(|_| PAGES_OF_A_PART);
                self.read_query(query, list, &PageCursor::default(), most, &mut refreshed).await?
            }
        };
        let mut read = self.in_parts_where_needed(query, read, &mut refreshed).await?;
        let list = read.list.clone();
        if read.verdict.is_ok()
            && let Some(id) = self.vanished(query, &list, &refreshed.reports).await?
        {
            read.verdict = Err(Doubt::Vanished(id));
        }
        let doubt = match read.verdict {
            Ok(_) => None,
            Err(doubt) => {
                let takes_dates = query.created(self.client.service()).is_some() && !read.is_undivided;
                Some(not_whole(query, takes_dates, &read.cursor, &doubt))
            }
        };
        match doubt {
            None => {
                let complete = list.began.map(|began| self.by_service_clock(began));
                self.mirror.end_generation(&list, complete, read.cursor.count_after)?;
                self.mirror.put_proof(&list, &serde_json::to_string(&refreshed.reports).unwrap_or_default())?;
                if !read.cursor.told.is_named && self.mirror.seen(&list)? == 0 {
                    refreshed.warnings.push(t!("refresh.bare", entity = self.label(query)).into_owned());
                }
            }
            Some(error) if self.accepts_incomplete => {
                refreshed.warnings.push(error.message());
                refreshed.is_incomplete = true;
                self.mirror.mark_incomplete(&list)?;
            }
            // A later command begins anew: going on would find the same.
            Some(error) => {
                self.mirror.mark_incomplete(&list)?;
                return Err(error);
            }
        }
        refreshed.list = self.mirror.list(&list.entity, &list.query)?;
        Ok(refreshed)
    }

    /// Reads in parts what is too long for one, or could not be proved to be whole in one; where that cannot be, what was
    /// read stands as it is.
    async fn in_parts_where_needed(
        &self,
        query: &ListQuery<'_>,
        read: ReadQuery,
        refreshed: &mut RefreshedList,
    ) -> Result<ReadQuery> {
        let doubt = match &read.verdict {
            Err(doubt) => doubt.clone(),
            // A service may stop counting where it stops giving.
            Ok(proofs) if is_suspicious(&read.cursor, proofs) => Doubt::RoundTotal,
            Ok(_) => return Ok(read),
        };
        let is_divisible =
            query.created(self.client.service()).is_some() && !matches!(doubt, Doubt::Wall(Wall::Unreadable(_)));
        let in_parts = match is_divisible {
            true => self.read_in_parts(query, &read, &doubt, refreshed).await?,
            false => None,
        };
        match (in_parts, doubt) {
            (Some(verdict), _) => Ok(ReadQuery { verdict, ..read }),
            (None, Doubt::TooLong) => {
                // What was asked for the beginning stands; the rest is read on without a limit.
                let hint = read.cursor.clone();
                let read = self.read_query(query, read.list, &hint, None, refreshed).await?;
                self.look_beyond(query, ReadQuery { is_undivided: true, ..read }).await
            }
            (None, Doubt::RoundTotal) => self.look_beyond(query, ReadQuery { is_undivided: true, ..read }).await,
            (None, doubt) => Ok(ReadQuery { verdict: Err(doubt), is_undivided: is_divisible, ..read }),
        }
    }

    /// Looks whether a list whose total is a round number goes on behind its last record.
    async fn look_beyond(&self, query: &ListQuery<'_>, mut read: ReadQuery) -> Result<ReadQuery> {
        if let Ok(proofs) = &mut read.verdict
            && is_suspicious(&read.cursor, proofs)
            && !proofs.contains(&Proof::NoIdsFollow)
        {
            match self.ids_beyond(query, &read.list, &read.cursor).await? {
                Beyond::Nothing => proofs.push(Proof::NoIdsFollow),
                Beyond::Something | Beyond::Unknown => read.verdict = Err(Doubt::RoundTotal),
            }
        }
        Ok(read)
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

/// Whether the total of a list, or its length, is one that a service may stop at, and nothing shows that it did not.
pub(super) fn is_suspicious(cursor: &PageCursor, proofs: &[Proof]) -> bool {
    let total = cursor.count_after.unwrap_or(cursor.records);
    // A limit of so many pages, of whatever size.
    let is_page_limit = cursor.page_size > 1 && total > 0 && total.is_multiple_of(cursor.page_size * PAGES_AT_A_WALL);
    (is_round(total) || is_page_limit) && !proofs.contains(&Proof::OtherEndRead)
}

/// Whether a reading that was broken off is gone on with: however old it is, where it can be asked for what changed since.
fn is_resumable(list: &List, now: i64, has_changes: bool) -> bool {
    let longest = if has_changes { i64::MAX } else { RESUMABLE_SECONDS };
    list.began.is_some_and(|began| (0..longest).contains(&(now - began)))
}
