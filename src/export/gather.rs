//! Everything that has to be asked before a file can be written: the records, their details, the account's custom fields.

use jiff::Span;

use super::filter::RecordFilter;
use super::options::MirrorUse;
use super::plan::{ExportPlan, Source};
use crate::definitions;
use crate::entity::Entity;
use crate::error::{Error, Result};
use crate::message;
use crate::mirror::List;
use crate::projection::Definitions;
use crate::projection::moment::{self, Moment};
use crate::refresh::{Detail, FailedPage, ListQuery, ListReport, ReadingReport, RefreshedList, Refresher};

/// Records that a warning names.
const MOST_IN_WARNING: usize = 5;

/// What was gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The lists with the records, one but for tags.
    pub lists: Vec<List>,
    /// What was asked for them.
    pub reports: Vec<ListReport>,
    /// How each list was brought up to date.
    pub readings: Vec<ReadingReport>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// The service's total of what was asked for last.
    pub server_count: Option<u64>,
    /// They are not whole, or cannot be proved to be.
    pub is_incomplete: bool,
    /// Records whose own page failed.
    pub failed_pages: FailedPages,
}

/// Records whose own page failed, which stand in the file as the list has them.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub(super) struct FailedPages {
    /// How many there are.
    pub pages: u64,
    /// The first of them.
    pub named: Vec<FailedPage>,
}

impl FailedPages {
    /// What the user should know of them.
    fn warning(&self) -> Option<String> {
        let (pages, ids, why) = self.told()?;
        Some(message!("export.details_failed", pages = pages, ids = ids, why = why).to_string())
    }

    /// The same of records that are found by asking others for them.
    fn walk_warning(&self, entity: &Entity) -> Option<String> {
        let (pages, ids, why) = self.told()?;
        Some(message!("export.walk_failed", pages = pages, ids = ids, why = why, entity = entity.labels()).to_string())
    }

    fn told(&self) -> Option<(u64, String, &str)> {
        let first = self.named.first()?;
        let mut ids: Vec<&str> = self.named.iter().take(MOST_IN_WARNING).map(|page| page.id.as_str()).collect();
        ids.dedup();
        let ids = format!("{}{}", ids.join(", "), if self.named.len() > MOST_IN_WARNING { " …" } else { "" });
        Some((self.pages, ids, &first.why))
    }
}

impl Gathered {
    fn add(&mut self, refreshed: RefreshedList) {
        self.server_count = refreshed.list.total;
        self.is_incomplete |= refreshed.is_incomplete;
        self.lists.push(refreshed.list);
        self.reports.extend(refreshed.reports);
        self.warnings.extend(refreshed.warnings);
        self.failed_pages.pages += refreshed.failed_pages.len() as u64;
        self.failed_pages.named.extend(refreshed.failed_pages);
    }
}

/// Gathers the records.
///
/// # Errors
/// The user stops, the service fails, or a list cannot be made whole.
pub(super) async fn records(refresher: &Refresher<'_>, plan: &ExportPlan<'_>) -> Result<Gathered> {
    let entity = plan.options.entity;
    let read = async |query: &ListQuery<'_>| match plan.options.mirror {
        MirrorUse::ReadChanges => refresher.read_changes(query).await,
        MirrorUse::ReadAll | MirrorUse::Temporary => refresher.read_all(query).await,
    };
    let mut gathered = Gathered::default();
    match &plan.source {
        Source::List(query) => {
            let query = refresher.with_filters_that_find(query).await?;
            gathered.add(read(&query).await?);
        }
        Source::Several(endpoints) => {
            let origin = entity.origin.as_deref().unwrap_or_default();
            gathered.add(refresher.read_several(entity, origin, endpoints).await?);
        }
        Source::Walk(walk) => {
            let parents = refresher.catalog.get(&walk.entity).and_then(|parents| everything_of(refresher, parents));
            let endpoint = entity.endpoint("query");
            let (Some(query), Some(endpoint)) = (parents, endpoint) else {
                return Err(Error::usage(message!("export.not_exportable", entity = entity.name)));
            };
            let parents = read(&query).await?;
            let walked = refresher.walk(entity, walk, endpoint, &parents.list).await?;
            refresher.mirror.mark_used(&parents.list)?;
            gathered.reports = parents.reports;
            gathered.warnings = parents.warnings;
            gathered.warnings.extend(refresher.words_of_ids(&parents.list)?);
            gathered.is_incomplete = parents.is_incomplete;
            gathered.add(walked);
            gathered.warnings.extend(gathered.failed_pages.walk_warning(entity));
        }
        Source::Tags => {
            for entity in refresher.catalog.entities().iter().filter(|entity| entity.tags.is_some()) {
                if let Some(query) = everything_of(refresher, entity) {
                    gathered.add(read(&query).await?);
                }
            }
        }
    }
    gathered.readings = gathered.lists.iter().map(|list| refresher.reading(list)).collect();
    for list in &gathered.lists {
        gathered.warnings.extend(refresher.words_of_ids(list)?);
    }
    Ok(gathered)
}

/// Reads the list again for just the days that are asked for: its records do not tell their times, so that what is asked for
/// beside them cannot be left out.
///
/// # Errors
/// As [`records`].
pub(super) async fn to_the_day(
    refresher: &Refresher<'_>,
    plan: &ExportPlan<'_>,
    gathered: &mut Gathered,
) -> Result<()> {
    let Some(query) = &plan.exact else { return Ok(()) };
    for list in std::mem::take(&mut gathered.lists) {
        refresher.mirror.forget(&list)?;
    }
    gathered.add(refresher.read_all(query).await?);
    let beside = beside_the_bounds(refresher, query).await?;
    if beside > 0 {
        gathered.warnings.push(message!("export.at_the_bounds", count = beside).to_string());
    }
    gathered.readings = gathered.lists.iter().map(|list| refresher.reading(list)).collect();
    for list in &gathered.lists {
        gathered.warnings.extend(refresher.words_of_ids(list)?);
    }
    Ok(())
}

/// How many records more the service gives for a second more at each end. They lie in these seconds, or in the first and the last
/// one that are meant: a filter may leave out its own bounds, and such records do not tell which it is.
async fn beside_the_bounds(refresher: &Refresher<'_>, query: &ListQuery<'_>) -> Result<u64> {
    let service = refresher.client.service();
    let mut wider = query.clone();
    for [from, to] in [query.created(service), query.updated(service)].into_iter().flatten() {
        for (name, more) in [(from, -1), (to, 1)] {
            let Some(Moment::Time(at)) = query.value(name).and_then(moment::parse) else { continue };
            let at = at.saturating_add(Span::new().seconds(more));
            wider = wider.replace(name, &at.strftime("%Y-%m-%d %H:%M:%S").to_string());
        }
    }
    let counts = (refresher.live_count(query).await?, refresher.live_count(&wider).await?);
    Ok(counts.0.zip(counts.1).map_or(0, |(meant, wider)| wider.saturating_sub(meant)))
}

fn everything_of<'a>(refresher: &Refresher<'a>, entity: &'a Entity) -> Option<ListQuery<'a>> {
    ListQuery::new(entity, "list", refresher.client.service())
}

/// Asks for what the list does not tell of the records that may be written: each one's own page, and its parts, such as a
/// chat's messages. A page that fails costs itself.
///
/// # Errors
/// The user stops or the service fails.
pub(super) async fn details(
    refresher: &Refresher<'_>,
    plan: &ExportPlan<'_>,
    list: &List,
    filter: &RecordFilter<'_>,
    gathered: &mut Gathered,
) -> Result<()> {
    let Some(query) = plan.query() else {
        return Ok(());
    };
    let entity = query.entity;
    let mut wanted = Vec::new();
    if let Some(endpoint) = entity.endpoint("get").filter(|_| plan.has_details) {
        wanted.push(Detail { name: "get", endpoint, is_list: false });
    }
    if plan.options.has_messages {
        let parts = entity.parts.iter().filter_map(|part| Some((part, entity.endpoint(&part.endpoint)?)));
        wanted.extend(parts.map(|(part, endpoint)| Detail { name: &part.name, endpoint, is_list: true }));
    }
    for detail in wanted {
        let read = refresher.read_details(query, list, detail, |record| filter.could_hold(record)).await?;
        if read.missing > 0 {
            gathered.warnings.push(message!("export.details_missing", count = read.missing).to_string());
        }
        gathered.failed_pages.pages += read.failed;
        gathered.failed_pages.named.extend(read.named);
    }
    gathered.warnings.extend(gathered.failed_pages.warning());
    Ok(())
}

/// The custom fields of an entity, where the service tells about them. Where it fails to, what it told before has to do, or
/// keys and ids; that is a warning.
///
/// # Errors
/// The login is refused or the host cannot be reached.
pub(super) async fn definitions(
    refresher: &Refresher<'_>,
    entity: &Entity,
    warnings: &mut Vec<String>,
) -> Result<Definitions> {
    let known = definitions::ask(refresher.client, refresher.catalog, entity, refresher.mirror).await?;
    let lacking = known.lacking.iter().filter(|lacking| lacking.is_passing).map(definitions::Lacking::of_export);
    warnings.extend(known.words.iter().cloned().chain(lacking).map(|words| words.to_string()));
    Ok(known.definitions)
}
