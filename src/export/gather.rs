//! Everything that has to be asked before a file can be written: the records, their details, the account's custom fields.

use rust_i18n::t;

use super::filter::RecordFilter;
use super::options::MirrorUse;
use super::plan::{ExportPlan, Source};
use crate::api;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::mirror::List;
use crate::projection::Definitions;
use crate::refresh::{Detail, ListQuery, ListReport, RefreshedList, Refresher};

/// What was gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The lists with the records, one but for tags.
    pub lists: Vec<List>,
    /// What was asked for them.
    pub reports: Vec<ListReport>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// The service's total of what was asked for last.
    pub server_count: Option<u64>,
    /// They are not whole, or cannot be proved to be.
    pub is_incomplete: bool,
}

impl Gathered {
    fn add(&mut self, refreshed: RefreshedList) {
        self.server_count = refreshed.list.total;
        self.is_incomplete |= refreshed.is_incomplete;
        self.lists.push(refreshed.list);
        self.reports.extend(refreshed.reports);
        self.warnings.extend(refreshed.warnings);
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
        Source::List(query) => gathered.add(read(query).await?),
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
            gathered.is_incomplete = parents.is_incomplete;
            gathered.add(walked);
        }
        Source::Tags => {
            for entity in refresher.catalog.entities().iter().filter(|entity| entity.tags.is_some()) {
                if let Some(query) = everything_of(refresher, entity) {
                    gathered.add(read(&query).await?);
                }
            }
        }
    }
    Ok(gathered)
}

fn everything_of<'a>(refresher: &Refresher<'a>, entity: &'a Entity) -> Option<ListQuery<'a>> {
    ListQuery::new(entity, "list", refresher.client.service())
}

/// Asks for what the list does not tell of the records that may be written: each one's own page, and its parts, such as a
/// chat's messages. Tells what the user should know.
///
/// # Errors
/// The user stops or the service fails.
pub(super) async fn details(
    refresher: &Refresher<'_>,
    plan: &ExportPlan<'_>,
    list: &List,
    filter: &RecordFilter<'_>,
) -> Result<Vec<String>> {
    let Some(query) = plan.query() else {
        return Ok(Vec::new());
    };
    let entity = query.entity;
    let mut warnings = Vec::new();
    if let Some(endpoint) = entity.endpoint("get").filter(|_| plan.has_details) {
        let detail = Detail { name: "get", endpoint, is_list: false };
        let missing = refresher.read_details(query, list, detail, |record| filter.could_hold(record)).await?;
        warnings.extend(missing_warning(missing));
    }
    if plan.options.has_messages {
        let mut missing = 0;
        for part in &entity.parts {
            if let Some(endpoint) = entity.endpoint(&part.endpoint) {
                let detail = Detail { name: &part.name, endpoint, is_list: true };
                missing += refresher.read_details(query, list, detail, |record| filter.could_hold(record)).await?;
            }
        }
        warnings.extend(missing_warning(missing));
    }
    Ok(warnings)
}

fn missing_warning(missing: u64) -> Option<String> {
    (missing > 0).then(|| t!("export.details_missing", count = missing).into_owned())
}

/// The custom fields of an entity, where the service tells about them.
///
/// # Errors
/// The login is refused or the host cannot be reached.
pub(super) async fn definitions(refresher: &Refresher<'_>, entity: &Entity) -> Result<Definitions> {
    let mut definitions = Definitions::default();
    let Some(fields) = refresher.catalog.entities().iter().find(|fields| fields.origin.is_some()) else {
        return Ok(definitions);
    };
    if fields.endpoint(&entity.name).is_none() {
        return Ok(definitions);
    }
    let custom = &refresher.catalog.service.custom;
    for (name, endpoint) in fields.endpoints.iter().filter(|(_, endpoint)| !endpoint.path.contains("{id}")) {
        // A ticket's value may be an option of a company's field; other entities keep to their own.
        let is_own = *name == entity.name;
        let is_useful = is_own || entity.fields.iter().any(|field| field.reference.as_deref() == Some("customers"));
        if !is_useful {
            continue;
        }
        let url = refresher.client.target().address(&endpoint.path);
        match refresher.client.ask(&url).await {
            Ok(Ok(document)) => {
                let records = api::records(&document, endpoint.answer.as_deref().unwrap_or_default());
                for record in records.into_iter().flatten() {
                    match is_own {
                        true => definitions.add(record, custom),
                        false => definitions.add_other(record, custom),
                    }
                }
            }
            Ok(Err(_)) => {}
            // Without the right to see definitions the keys and ids have to do.
            Err(error) if error.kind() == ErrorKind::Denied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(definitions)
}
