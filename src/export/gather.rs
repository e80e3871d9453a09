//! Everything that has to be asked before a file can be written: the records, their details, the names of the ids in
//! them, the account's custom fields.

use std::collections::{BTreeSet, HashSet};

use rust_i18n::t;

use crate::api::{self, as_text};
use crate::entity::{Entity, Field};
use crate::error::{Error, ErrorKind, Result};
use crate::export::definitions::Definitions;
use crate::export::filter::Filter;
use crate::export::plan::{Plan, Source};
use crate::export::rows::Pile;
use crate::language::Language;
use crate::message;
use crate::mirror::{Key, List};
use crate::refresh::{Detail, Outcome, Question, Refresh, Report, text_of};

/// Pages of a list of names that are always worth it.
const FEW_PAGES: u64 = 20;
/// Records of a page, roughly.
const PAGE: u64 = 90;
/// Question under which single records asked for their names are kept.
const NAMES: &str = "?names";
/// How long a name asked for one by one is believed.
const NAMES_SECONDS: i64 = 24 * 60 * 60;

/// What was gathered.
#[derive(Debug)]
pub struct Gathered {
    /// The lists with the records, one but for tags.
    pub lists: Vec<List>,
    /// What was asked for them.
    pub reports: Vec<Report>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl Gathered {
    fn of(outcome: Outcome) -> Self {
        Gathered { lists: vec![outcome.list], reports: outcome.reports, warnings: outcome.warnings }
    }
}

/// Gathers the records.
///
/// # Errors
/// The user stops, the service fails, or a list cannot be made whole.
pub async fn records(refresh: &Refresh<'_>, plan: &Plan<'_>, is_incremental: bool) -> Result<Gathered> {
    let read = async |question: &Question<'_>| match is_incremental {
        true => refresh.read_changes(question).await,
        false => refresh.read_all(question).await,
    };
    Ok(match &plan.source {
        Source::List(question) => Gathered::of(read(question).await?),
        Source::Several(endpoints) => {
            let origin = plan.entity.origin.as_deref().unwrap_or_default();
            Gathered::of(refresh.read_several(plan.entity, origin, endpoints).await?)
        }
        Source::Walk(walk) => {
            let parents = refresh.catalog.get(&walk.entity).and_then(|parents| list_of(refresh, parents));
            let endpoint = plan.entity.endpoint("query");
            let (Some(question), Some(endpoint)) = (parents, endpoint) else {
                return Err(Error::usage(message!("export.not_exportable", entity = plan.entity.name)));
            };
            let parents = read(&question).await?;
            let walked = refresh.walk(plan.entity, walk, endpoint, &parents.list).await?;
            refresh.mirror.mark_used(&parents.list)?;
            let mut gathered = Gathered::of(walked);
            gathered.reports.splice(0..0, parents.reports);
            gathered.warnings.splice(0..0, parents.warnings);
            gathered
        }
        Source::Tags => {
            let mut gathered = Gathered { lists: Vec::new(), reports: Vec::new(), warnings: Vec::new() };
            for entity in refresh.catalog.entities().iter().filter(|entity| entity.tags.is_some()) {
                if let Some(question) = list_of(refresh, entity) {
                    let outcome = read(&question).await?;
                    gathered.lists.push(outcome.list);
                    gathered.reports.extend(outcome.reports);
                    gathered.warnings.extend(outcome.warnings);
                }
            }
            gathered
        }
    })
}

/// The list of everything of an entity.
pub fn list_of<'a>(refresh: &Refresh<'a>, entity: &'a Entity) -> Option<Question<'a>> {
    Question::new(entity, "list", refresh.client.service())
}

/// Asks for each record's own page.
///
/// # Errors
/// The user stops or the service fails.
pub async fn details(
    refresh: &Refresh<'_>,
    question: &Question<'_>,
    list: &List,
    filter: &Filter<'_>,
) -> Result<Option<String>> {
    let Some(endpoint) = question.entity.endpoint("get") else {
        return Ok(None);
    };
    let detail = Detail { name: "get", endpoint, is_list: false };
    let missing = refresh.read_details(question, list, detail, |record| filter.could_hold(record)).await?;
    Ok((missing > 0).then(|| t!("export.details_missing", count = missing).into_owned()))
}

/// Asks for the parts of each record, such as a chat's messages.
///
/// # Errors
/// The user stops or the service fails.
pub async fn parts(
    refresh: &Refresh<'_>,
    question: &Question<'_>,
    list: &List,
    filter: &Filter<'_>,
) -> Result<Option<String>> {
    let mut missing = 0;
    for part in &question.entity.parts {
        if let Some(endpoint) = question.entity.endpoint(&part.endpoint) {
            let detail = Detail { name: &part.name, endpoint, is_list: true };
            missing += refresh.read_details(question, list, detail, |record| filter.could_hold(record)).await?;
        }
    }
    Ok((missing > 0).then(|| t!("export.details_missing", count = missing).into_owned()))
}

/// The custom fields of an entity, where the service tells about them.
///
/// # Errors
/// The login is refused or the host cannot be reached.
pub async fn definitions(refresh: &Refresh<'_>, entity: &Entity) -> Result<Definitions> {
    let mut definitions = Definitions::default();
    let Some(fields) = refresh.catalog.entities().iter().find(|fields| fields.origin.is_some()) else {
        return Ok(definitions);
    };
    if fields.endpoint(&entity.name).is_none() {
        return Ok(definitions);
    }
    let custom = &refresh.catalog.service.custom;
    for (name, endpoint) in fields.endpoints.iter().filter(|(_, endpoint)| !endpoint.path.contains("{id}")) {
        // A ticket's value may be an option of a company's field; other entities keep to their own.
        let is_own = *name == entity.name;
        let is_useful = is_own || entity.fields.iter().any(|field| field.reference.as_deref() == Some("customers"));
        if !is_useful {
            continue;
        }
        let url = refresh.client.target().address(&endpoint.path);
        match refresh.client.ask(&url).await {
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

/// Lists with the names of all entities that the fields refer to. What cannot be had is told and left out.
///
/// # Errors
/// The user stops.
pub async fn names<'a>(
    refresh: &Refresh<'a>,
    fields: &[&Field],
    pile: &Pile<'_>,
    filter: &Filter<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<(&'a Entity, List)>> {
    let wanted: BTreeSet<&str> = fields.iter().filter_map(|field| field.reference.as_deref()).collect();
    let records = pile.mirror.seen(pile.list)?;
    let mut lists = Vec::new();
    for name in wanted {
        let Some(entity) = refresh.catalog.get(name) else { continue };
        if pile.list.entity == name && pile.list.question.is_empty() {
            lists.push((entity, pile.list.clone()));
            continue;
        }
        let found = match name_list(refresh, entity, records).await {
            Ok(Some(list)) => Ok(list),
            Ok(None) => one_by_one(refresh, entity, fields, pile, filter).await,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            // A list that is only assumed, or not allowed: single records may still be.
            Err(_) => one_by_one(refresh, entity, fields, pile, filter).await,
        };
        match found {
            Ok(list) => lists.push((entity, list)),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let label = entity.label(Language::current());
                warnings.push(t!("export.no_names", entity = label, why = error.message()).into_owned());
            }
        }
    }
    Ok(lists)
}

/// The whole list of an entity, when that costs no more than asking for single records.
async fn name_list(refresh: &Refresh<'_>, entity: &Entity, records: u64) -> Result<Option<List>> {
    let Some(question) = Question::new(entity, "list", refresh.client.service()) else {
        return Ok(None);
    };
    let known = refresh.mirror.list(&entity.name, &question.text(refresh.client.service()))?;
    if known.complete.is_none() && question.endpoint.paged {
        let count = refresh.live_count(&question).await?.unwrap_or(0);
        if count / PAGE > FEW_PAGES.max(records) {
            return Ok(None);
        }
    }
    let outcome = refresh.read_changes(&question).await?;
    refresh.mirror.mark_used(&outcome.list)?;
    Ok(Some(outcome.list))
}

/// Single records for the ids that are to be written.
async fn one_by_one(
    refresh: &Refresh<'_>,
    entity: &Entity,
    fields: &[&Field],
    pile: &Pile<'_>,
    filter: &Filter<'_>,
) -> Result<List> {
    let now = jiff::Timestamp::now().as_second();
    let mut list = refresh.mirror.list(&entity.name, NAMES)?;
    if list.began.is_none_or(|began| now - began > NAMES_SECONDS) {
        list = refresh.mirror.begin_pass(&list, now)?;
    }
    let fields: Vec<&&Field> = fields.iter().filter(|field| field.reference.as_deref() == Some(&entity.name)).collect();
    let mut ids: HashSet<String> = HashSet::new();
    pile.each(filter, |_, record, detail| {
        for field in &fields {
            let value = detail.and_then(|detail| detail.get(&field.name)).or_else(|| record.get(&field.name));
            let text = value.map(text_of).unwrap_or_default();
            ids.extend(text.split(',').map(str::trim).filter(|id| !id.is_empty() && *id != "0").map(str::to_owned));
        }
        Ok(())
    })?;
    let mut missing = Vec::new();
    for id in ids {
        if refresh.mirror.get(&list, &Key::of(&id))?.is_none() {
            missing.push(id);
        }
    }
    missing.sort_unstable();
    refresh.read_single(entity, &list, missing).await?;
    Ok(list)
}

/// The words a term's value may stand for in a record: itself, and what the catalog or the account stores for it.
pub fn stored_values(field: Option<&Field>, definitions: &Definitions, key: &str, value: &str) -> Vec<String> {
    let mut values = vec![value.to_owned()];
    values.extend(field.and_then(|field| field.choice(value)).map(|choice| choice.value.clone()));
    values.extend(definitions.value_of(key, value).map(str::to_owned));
    values
}

/// The tags of a record.
pub fn tags_of(entity: &Entity, record: &serde_json::Value) -> Vec<String> {
    let text = entity.tags.as_ref().and_then(|tags| record.get(tags)).map(as_text).unwrap_or_default();
    text.split([',', '，']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}
