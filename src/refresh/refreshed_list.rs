//! A list that was brought up to date, and what was asked and answered for it.

use super::decision::{Proof, explained};
use super::details::FailedPage;
use super::list_query::ListQuery;
use super::refresher::Refresher;
use crate::entity::Entity;
use crate::error::Result;
use crate::language::Language;
use crate::message;
use crate::mirror::{List, PageCursor};
use crate::projection::service_time;
use crate::t;
use crate::text::clean;

/// Ids in several spellings that are named.
const MOST_NAMED: usize = 10;

/// What was asked of one list and what came, as a manifest shows it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct ListReport {
    /// The entity.
    pub entity: String,
    /// Where it was asked.
    pub path: String,
    /// With which filters.
    pub filter: String,
    /// When the reading began, in the service's time zone.
    pub began: Option<String>,
    /// The service's total on the first page.
    pub count_before: Option<u64>,
    /// The service's total on the last page.
    pub count_after: Option<u64>,
    /// Records that came, each counted once.
    pub records: u64,
    /// Pages it took.
    pub pages: u64,
    /// Times it was read.
    #[serde(rename = "passes")]
    pub readings: u32,
    /// Every page was seen to join the one before it.
    pub joined: bool,
    /// What proves that it is whole; nothing where it is not.
    pub proof: Vec<Proof>,
    /// Records of the service's total that fall in pages that came back short: this login may not see them.
    pub hidden: u64,
}

impl ListReport {
    /// The report of an answer that has no pages to join and no total to compare with.
    pub(super) fn without_pages(entity: &Entity, path: String, records: u64, requests: u64) -> Self {
        ListReport {
            entity: entity.name.clone(),
            path,
            filter: String::new(),
            began: None,
            count_before: None,
            count_after: None,
            records,
            pages: requests,
            readings: 1,
            joined: true,
            proof: vec![Proof::OnePage],
            hidden: 0,
        }
    }
}

/// A list that is whole.
#[derive(Debug)]
pub struct RefreshedList {
    /// The list.
    pub list: List,
    /// What was asked for it by this command.
    pub reports: Vec<ListReport>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// It is not whole, or cannot be proved to be, and is taken all the same.
    pub is_incomplete: bool,
    /// Single records that had to be asked for it and could not.
    pub failed_pages: Vec<FailedPage>,
}

/// How a list was brought up to date, as a manifest shows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ReadingReport {
    /// The entity.
    pub entity: String,
    /// Everything was read by this export, or by the one it goes on from.
    pub whole: bool,
    /// Refreshes since the last whole reading that asked for changes alone.
    pub increments: u32,
    /// When the last whole reading began, by the service's clock.
    pub whole_reading: Option<String>,
    /// Everything the service had then is here, by its clock.
    pub as_of: Option<String>,
    /// Seconds that the service's clock is ahead of this machine's.
    pub clock_ahead: i64,
    /// What nothing shows before the next whole reading.
    pub unproved: Vec<Unproved>,
}

/// A change that a reading of changes alone may not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unproved {
    /// A record that was marked as deleted, or changed, and kept its date of the last change.
    ChangesWithoutDate,
    /// A record that is gone while another one came back with an old date of creation near to its own.
    BalancedReturns,
}

impl RefreshedList {
    /// A list for which nothing was asked yet.
    pub(super) fn of(list: &List) -> Self {
        RefreshedList {
            list: list.clone(),
            reports: Vec::new(),
            warnings: Vec::new(),
            is_incomplete: false,
            failed_pages: Vec::new(),
        }
    }
}

impl Refresher<'_> {
    /// How many records the service counts in a list that is whole and does not show to this login.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn hidden(&self, refreshed: &RefreshedList) -> Result<u64> {
        let list = &refreshed.list;
        match list.increments {
            // A reading that was made again says the same once more.
            0 => {
                Ok(refreshed.reports.iter().filter(|report| !report.proof.is_empty()).map(|report| report.hidden).sum())
            }
            // What was asked since then shows changes alone.
            _ => Ok(list.total.unwrap_or(0).saturating_sub(self.mirror.held(list)?)),
        }
    }

    /// What the user should know of the ids in a list: records that have none of their own, and ids that are one number.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn words_of_ids(&self, list: &List) -> Result<Vec<String>> {
        let entity = self.catalog.get(&list.entity);
        let Some((entity, id)) = entity.and_then(|entity| Some((entity, entity.id.as_ref()?))) else {
            return Ok(Vec::new());
        };
        let label = entity.label(Language::current());
        let count = self.mirror.without_id(list)?;
        let without =
            (count > 0).then(|| message!("refresh.without_id", entity = label, count = count, id = id).to_string());
        let ids = self.mirror.spelled_twice(list, MOST_NAMED)?;
        let ids = clean(&ids.join(", ")).into_owned();
        let twice = (!ids.is_empty()).then(|| t!("refresh.spelled_twice", entity = label, ids = ids).into_owned());
        Ok(without.into_iter().chain(twice).collect())
    }

    /// How a list was brought up to date.
    pub fn reading(&self, list: &List) -> ReadingReport {
        let moment =
            |seconds: Option<i64>| seconds.map(|seconds| service_time(seconds, self.client.service()).to_string());
        ReadingReport {
            entity: list.entity.clone(),
            whole: list.increments == 0,
            increments: list.increments,
            whole_reading: moment(list.whole),
            as_of: moment(list.complete),
            clock_ahead: self.client.clock_ahead(),
            unproved: match list.increments {
                0 => Vec::new(),
                _ => vec![Unproved::ChangesWithoutDate, Unproved::BalancedReturns],
            },
        }
    }

    /// What was asked by a query and how far its pages were read.
    pub(super) fn report(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
        records: u64,
        readings: u32,
    ) -> ListReport {
        ListReport {
            entity: query.entity.name.clone(),
            path: query.endpoint.path.clone(),
            filter: query.filter(),
            began: list.began.map(|began| service_time(began, self.client.service()).to_string()),
            count_before: cursor.count_before,
            count_after: cursor.count_after,
            records,
            pages: cursor.pages,
            readings,
            joined: cursor.is_joined,
            proof: Vec::new(),
            hidden: explained(cursor).unwrap_or(0),
        }
    }
}
