//! What is asked for what is meant: which lists of the service, with which of its filters, and in which spans the records
//! must lie. Nothing is asked yet.

use jiff::Span;
use jiff::civil::Date;

use super::columns::ColumnChoice;
use super::options::{Condition, ExportOptions, MirrorUse, RecordTime, Selection};
use super::period::Bounds;
use crate::entity::{Endpoint, Entity, Service, Walk};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::message;
use crate::projection::moment;
use crate::refresh::ListQuery;

/// How an entity's records are found.
#[derive(Debug)]
pub(super) enum Source<'a> {
    /// By one list.
    List(ListQuery<'a>),
    /// By several endpoints that list them, each with the id its path wants.
    Several(Vec<(&'a str, &'a Endpoint, Option<String>)>),
    /// By asking each record of another entity.
    Walk(&'a Walk),
    /// By counting the tags of other records.
    Tags,
}

/// What is asked, and what decides on the records that come.
#[derive(Debug)]
pub(super) struct ExportPlan<'a> {
    /// What is meant.
    pub options: &'a ExportOptions<'a>,
    /// How records are found.
    pub source: Source<'a>,
    /// The same list asked for just the days that are meant.
    pub exact: Option<ListQuery<'a>>,
    /// Times they must lie in, by member.
    pub spans: Vec<(String, Bounds)>,
    /// Members with times by which the service is asked to filter.
    pub asked: Vec<String>,
    /// What the list was asked for by its path or by a search: members that say so, with their values.
    pub meant: Vec<(String, Meant)>,
    /// Each record's own page is asked for.
    pub has_details: bool,
}

/// What a member of a record must say for the record to be one of those that a list was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// This id.
    Id(String),
    /// A time within these bounds.
    Time(Bounds),
}

impl<'a> ExportPlan<'a> {
    /// What has to be asked for these options.
    ///
    /// # Errors
    /// Options that do not fit the entity.
    pub(super) fn new(options: &'a ExportOptions<'a>) -> Result<Self> {
        let (entity, selection) = (options.entity, &options.selection);
        let mut spans = Vec::new();
        for (by, bounds) in [(selection.by, selection.bounds), (RecordTime::Updated, selection.updated)] {
            if !bounds.is_open() {
                spans.push((time_field(entity, by)?, bounds));
            }
        }
        let service = &options.catalog.service;
        let mut has_details = options.has_details;
        let mut exact = None;
        let source = match source(entity, selection, service)? {
            Source::List(query) => {
                // Search answers with ids alone.
                has_details |= query.is_search();
                // The local copy is of everything.
                Source::List(match options.mirror {
                    MirrorUse::ReadChanges => query,
                    MirrorUse::ReadAll | MirrorUse::Temporary => {
                        exact = Some(narrowed(query.clone(), selection, service, 0));
                        narrowed(query, selection, service, 1)
                    }
                })
            }
            source => source,
        };
        if has_details && entity.endpoint("get").is_none() {
            return Err(Error::usage(message!("export.no_details", entity = entity.name)));
        }
        if selection.by == RecordTime::Solved && !selection.bounds.is_open() && !has_details {
            return Err(Error::usage(message!("export.list_lacks_time", entity = entity.name))
                .hint(message!("export.add_details_hint")));
        }
        if !options.columns.is_empty() && options.columns.iter().all(|name| name.trim().is_empty()) {
            return Err(Error::usage(message!("export.no_columns")).hint(message!("export.no_columns_hint")));
        }
        if selection.by != RecordTime::Created && selection.bounds.is_open() {
            return Err(Error::usage(message!("export.by_without_span", by = selection.by.as_str()))
                .hint(message!("export.by_without_span_hint")));
        }
        refuse_no_choices(options)?;
        if options.has_messages && entity.parts.is_empty() {
            return Err(Error::usage(message!("export.no_messages", entity = entity.name)));
        }
        let asked = asked(&source, entity, service);
        let meant = meant(entity, selection)?;
        Ok(ExportPlan { options, source, exact, spans, asked, meant, has_details })
    }

    /// The list the records are in, where they are in one.
    pub(super) fn query(&self) -> Option<&ListQuery<'a>> {
        match &self.source {
            Source::List(query) => Some(query),
            Source::Several(_) | Source::Walk(_) | Source::Tags => None,
        }
    }
}

/// What records say of themselves that a list of a company, a customer, a template or a month must have.
///
/// # Errors
/// A month that is none.
fn meant(entity: &Entity, selection: &Selection) -> Result<Vec<(String, Meant)>> {
    let ids = [
        ("companies", &selection.company),
        ("customers", &selection.customer),
        ("ticket-templates", &selection.template),
    ];
    let mut meant = Vec::new();
    for (of, id) in ids {
        let field = entity.fields.iter().find(|field| field.reference.as_deref() == Some(of));
        if let (Some(field), Some(id)) = (field, id) {
            meant.push((field.name.clone(), Meant::Id(id.clone())));
        }
    }
    if let (Some(created), Some(month)) = (&entity.created, &selection.month) {
        // The service takes more than months, such as days.
        if let Ok(bounds) = Bounds::of_period(month, Date::MIN) {
            meant.push((created.clone(), Meant::Time(bounds)));
        }
    }
    Ok(meant)
}

/// The members with times by which a list is asked to filter.
fn asked(source: &Source<'_>, entity: &Entity, service: &Service) -> Vec<String> {
    let Source::List(query) = source else { return Vec::new() };
    let members = [(query.created(service), &entity.created), (query.updated(service), &entity.updated)];
    let is_asked = |names: &[String; 2]| names.iter().any(|name| query.value(name).is_some());
    members
        .into_iter()
        .filter(|(names, _)| names.is_some_and(is_asked))
        .filter_map(|(_, member)| member.clone())
        .collect()
}

/// Refuses values that a column of choices, or of times, cannot have: nothing would be found, and nobody would know why.
fn refuse_no_choices(options: &ExportOptions<'_>) -> Result<()> {
    let choice = ColumnChoice { options };
    for Condition { column, value } in &options.selection.conditions {
        let Some(field) = choice.field(column) else { continue };
        if field.is_time() {
            refuse_no_date(value, &options.catalog.service)?;
        }
        // A name beside an id is none: nobody would be found by it.
        let is_id = value.is_ascii() && value.bytes().any(|byte| byte.is_ascii_digit());
        if let (false, Some(of), false) = (value.is_empty(), &field.reference, is_id) {
            let of = options.catalog.get(of).map_or(of.as_str(), |entity| entity.label(Language::current()));
            return Err(Error::usage(message!("export.no_id", column = column, value = value))
                .hint(message!("export.no_id_hint", of = of)));
        }
        if field.choices.is_empty() {
            continue;
        }
        if field.choice(value).is_none() {
            let known =
                field.choices.iter().map(|choice| format!("{} ({})", choice.label(options.language()), choice.value));
            let known: Vec<String> = known.collect();
            return Err(Error::usage(message!("export.no_choice", column = column, value = value))
                .hint(message!("export.no_choice_hint", known = known.join(", "))));
        }
    }
    Ok(())
}

/// Refuses what is no date, and no way to say that there is none.
pub(super) fn refuse_no_date(value: &str, service: &Service) -> Result<()> {
    if moment::is_unset(value) || moment::read(value, service).is_some() {
        return Ok(());
    }
    Err(Error::usage(message!("export.bad_date", text = value)).hint(message!("export.bad_date_hint")))
}

/// The field with the time that is meant.
fn time_field(entity: &Entity, by: RecordTime) -> Result<String> {
    let field = match by {
        RecordTime::Created => &entity.created,
        RecordTime::Updated => &entity.updated,
        RecordTime::Solved => &entity.solved,
    };
    field.clone().ok_or_else(|| Error::usage(message!("export.no_such_time", entity = entity.name, by = by.as_str())))
}

fn source<'a>(entity: &'a Entity, selection: &Selection, service: &Service) -> Result<Source<'a>> {
    let endpoint = match (&selection.company, &selection.customer) {
        (Some(_), _) => "by_company",
        (_, Some(_)) => "by_user",
        _ if selection.template.is_some() || selection.month.is_some() => "search",
        _ => "list",
    };
    if endpoint != "list" {
        let query = ListQuery::new(entity, endpoint, service)
            .ok_or_else(|| Error::usage(message!("export.no_such_list", entity = entity.name)))?;
        return Ok(Source::List(match selection.company.as_ref().or(selection.customer.as_ref()) {
            Some(id) => query.of(id),
            None => query.search(&search_terms(entity, selection)),
        }));
    }
    if entity.edits.is_some() {
        return Ok(Source::Tags);
    }
    if let Some(walk) = &entity.walk {
        return Ok(Source::Walk(walk));
    }
    if let Some(query) = ListQuery::new(entity, "list", service) {
        return Ok(Source::List(query));
    }
    let mut endpoints = Vec::new();
    for (name, endpoint) in &entity.endpoints {
        if endpoint.path.contains("{id}") {
            endpoints.extend(selection.forms.iter().map(|form| (name.as_str(), endpoint, Some(form.clone()))));
        } else {
            endpoints.push((name.as_str(), endpoint, None));
        }
    }
    Ok(Source::Several(endpoints))
}

/// What the service's search is asked for: `ticketTemplateId:7 createDT:2026-01`.
fn search_terms(entity: &Entity, selection: &Selection) -> String {
    let template = entity.fields.iter().find(|field| field.reference.as_deref() == Some("ticket-templates"));
    let terms = [(template.map(|field| &field.name), &selection.template), (entity.created.as_ref(), &selection.month)];
    let terms: Vec<String> =
        terms.into_iter().filter_map(|(field, value)| Some(format!("{}:{}", field?, value.as_ref()?))).collect();
    terms.join(" ")
}

/// The query with the filters the service itself can apply. Its filters know days only, whether the last one is included and in
/// which zone it is meant is not known of all: so many days more are asked for at each end, and the rest is decided here.
fn narrowed<'a>(mut query: ListQuery<'a>, selection: &Selection, service: &Service, more_days: i64) -> ListQuery<'a> {
    let has_own_window = query.endpoint.window.is_some();
    let day = |date: Date, time: &str, has_own_window: bool| {
        let more = if time == DAY_BEGIN { -more_days } else { more_days };
        let date = date.saturating_add(Span::new().days(more));
        match has_own_window {
            true => date.to_string(),
            false => format!("{date} {time}"),
        }
    };
    let created = query.created(service).cloned();
    let updated = query.updated(service).cloned();
    let (by, bounds) = (selection.by, selection.bounds);
    let mut updated_from = selection.updated.from;
    match by {
        RecordTime::Created => {
            if let Some([from, to]) = created {
                for (name, bound, time) in [(from, bounds.from, DAY_BEGIN), (to, bounds.to, DAY_END)] {
                    if let Some(bound) = bound {
                        query = query.with(&name, &day(bound.date(), time, has_own_window));
                    }
                }
            }
        }
        // What was solved in a span was changed then or later.
        RecordTime::Updated | RecordTime::Solved => updated_from = updated_from.max(bounds.from),
    }
    if let Some([from, to]) = updated {
        if let Some(bound) = updated_from {
            query = query.with(&from, &day(bound.date(), DAY_BEGIN, false));
        }
        if let (RecordTime::Updated, Some(bound)) = (by, bounds.to) {
            query = query.with(&to, &day(bound.date(), DAY_END, false));
        }
    }
    for condition in &selection.conditions {
        // A filter of the endpoint's own that is no field is the service's business alone.
        if query.endpoint.filters.contains(&condition.column) {
            query = query.with(&condition.column, &condition.value);
        }
    }
    query
}

/// The first second of a day, as the service's filters want it.
const DAY_BEGIN: &str = "00:00:00";
/// Its last second.
const DAY_END: &str = "23:59:59";
