//! What is meant by what was typed: the entity, the question the service is asked, the output and its format. Nothing is
//! asked yet.

use std::path::PathBuf;

use jiff::Span;
use jiff::civil::Date;

use crate::entity::{Catalog, Entity, Service};
use crate::error::{Error, Result};
use crate::export::arguments::{Arguments, By, Headers, To};
use crate::export::period::Bounds;
use crate::language::Language;
use crate::message;
use crate::refresh::Question;

/// How an entity's records are found.
#[derive(Debug)]
pub enum Source<'a> {
    /// By one list.
    List(Question<'a>),
    /// By several endpoints that list them, each with the id its path wants.
    Several(Vec<(&'a str, &'a crate::entity::Endpoint, Option<String>)>),
    /// By asking each record of another entity.
    Walk(&'a crate::entity::Walk),
    /// By counting the tags of other records.
    Tags,
}

/// Where the output goes.
#[derive(Debug, Clone)]
pub struct Output {
    /// The file; none is standard output.
    pub file: Option<PathBuf>,
    /// Its format.
    pub to: To,
}

/// What is meant.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Whose records.
    pub entity: &'a Entity,
    /// How they are found.
    pub source: Source<'a>,
    /// Times they must lie in, by member.
    pub spans: Vec<(String, Bounds)>,
    /// Where they go.
    pub output: Output,
    /// The language of headers and words; none for the interface's own names.
    pub headers: Option<Language>,
    /// Each record's own page is asked for.
    pub has_details: bool,
    /// Names stand beside ids.
    pub has_names: bool,
}

impl<'a> Plan<'a> {
    /// What the arguments mean on `today`.
    ///
    /// # Errors
    /// Words that mean nothing, and options that do not fit the entity.
    pub fn new(arguments: &Arguments, catalog: &'a Catalog, today: Date) -> Result<Self> {
        let entity = catalog.find(&arguments.entity)?;
        if !entity.is_exportable() {
            return Err(Error::usage(message!("export.not_exportable", entity = entity.name)));
        }
        let bounds = match &arguments.period {
            Some(word) => Bounds::of_period(word, today)?,
            None => Bounds::between(arguments.since.as_deref(), arguments.until.as_deref())?,
        };
        let updated = Bounds::between(arguments.updated_since.as_deref(), None)?;
        let mut spans = Vec::new();
        if !bounds.is_open() {
            spans.push((time_field(entity, arguments.by)?, bounds));
        }
        if !updated.is_open() {
            spans.push((time_field(entity, By::Updated)?, updated));
        }
        let output = output(arguments, bounds, today)?;
        let mut has_details = arguments.details;
        let source = match source(arguments, entity, &catalog.service)? {
            Source::List(question) => {
                // Search answers with ids alone.
                has_details |= question.is_search();
                Source::List(narrowed(question, arguments, bounds, updated, &catalog.service))
            }
            source => source,
        };
        if has_details && entity.endpoint("get").is_none() {
            return Err(Error::usage(message!("export.no_details", entity = entity.name)));
        }
        if arguments.messages && entity.parts.is_empty() {
            return Err(Error::usage(message!("export.no_messages", entity = entity.name)));
        }
        let headers = match arguments.headers {
            Some(Headers::Zh) => Some(Language::Zh),
            Some(Headers::En) => Some(Language::En),
            Some(Headers::Api) => None,
            None if output.to == To::Jsonl => None,
            None => Some(Language::current()),
        };
        let has_names = arguments.names || (output.to == To::Xlsx && !arguments.no_names);
        Ok(Plan { entity, source, spans, output, headers, has_details, has_names })
    }
}

/// The field with the time that is meant.
fn time_field(entity: &Entity, by: By) -> Result<String> {
    let (field, word) = match by {
        By::Created => (&entity.created, "created"),
        By::Updated => (&entity.updated, "updated"),
        By::Solved => (&entity.solved, "solved"),
    };
    field.clone().ok_or_else(|| Error::usage(message!("export.no_such_time", entity = entity.name, by = word)))
}

fn source<'a>(arguments: &Arguments, entity: &'a Entity, service: &Service) -> Result<Source<'a>> {
    let template = entity.fields.iter().find(|field| field.reference.as_deref() == Some("ticket-templates"));
    let by_search =
        [(template.map(|field| &field.name), &arguments.template), (entity.created.as_ref(), &arguments.month)];
    let terms: Vec<String> =
        by_search.into_iter().filter_map(|(field, value)| Some(format!("{}:{}", field?, value.as_ref()?))).collect();
    let endpoint = match (&arguments.company, &arguments.customer) {
        (Some(_), _) => "by_company",
        (_, Some(_)) => "by_user",
        _ if arguments.template.is_some() || arguments.month.is_some() => "search",
        _ => "list",
    };
    if endpoint != "list" {
        let question = Question::new(entity, endpoint, service)
            .ok_or_else(|| Error::usage(message!("export.no_such_list", entity = entity.name)))?;
        return Ok(Source::List(match arguments.company.as_ref().or(arguments.customer.as_ref()) {
            Some(id) => question.of(id),
            None => question.search(&terms.join(" ")),
        }));
    }
    if entity.edits.is_some() {
        return Ok(Source::Tags);
    }
    if let Some(walk) = &entity.walk {
        return Ok(Source::Walk(walk));
    }
    if let Some(question) = Question::new(entity, "list", service) {
        return Ok(Source::List(question));
    }
    let forms = arguments.form.iter();
    let mut endpoints = Vec::new();
    for (name, endpoint) in &entity.endpoints {
        if endpoint.path.contains("{id}") {
            endpoints.extend(forms.clone().map(|form| (name.as_str(), endpoint, Some(form.clone()))));
        } else {
            endpoints.push((name.as_str(), endpoint, None));
        }
    }
    Ok(Source::Several(endpoints))
}

/// The question with the filters the service itself can apply. Its filters know days only; the rest is decided here.
fn narrowed<'a>(
    mut question: Question<'a>,
    arguments: &Arguments,
    bounds: Bounds,
    updated_since: Bounds,
    service: &Service,
) -> Question<'a> {
    if arguments.incremental {
        return question;
    }
    let is_window = question.endpoint.window.is_some();
    let day = |date: Date, time: &str, is_window: bool| match is_window {
        // Whether the last day is included is not known of these lists; a day more is asked for and left out here.
        true if time != "00:00:00" => date.saturating_add(Span::new().days(1)).to_string(),
        true => date.to_string(),
        false => format!("{date} {time}"),
    };
    let created = question.created(service).cloned();
    let updated = question.updated(service).cloned();
    let mut updated_from = updated_since.from;
    match arguments.by {
        By::Created => {
            if let Some([from, to]) = created {
                for (name, bound, time) in [(from, bounds.from, "00:00:00"), (to, bounds.to, "23:59:59")] {
                    if let Some(bound) = bound {
                        question = question.with(&name, &day(bound.date(), time, is_window));
                    }
                }
            }
        }
        // What was solved in a span was changed then or later.
        By::Updated | By::Solved => updated_from = updated_from.max(bounds.from),
    }
    if let Some([from, to]) = updated {
        if let Some(bound) = updated_from {
            question = question.with(&from, &day(bound.date(), "00:00:00", false));
        }
        if let (By::Updated, Some(bound)) = (arguments.by, bounds.to) {
            question = question.with(&to, &day(bound.date(), "23:59:59", false));
        }
    }
    for term in &arguments.terms {
        // A filter of the endpoint's own that is no field is the service's business alone.
        if let Some((name, value)) = term.split_once('=')
            && question.endpoint.filters.iter().any(|filter| filter == name)
        {
            question = question.with(name, value);
        }
    }
    question
}

fn output(arguments: &Arguments, bounds: Bounds, today: Date) -> Result<Output> {
    let text = arguments.output.to_string_lossy();
    let unknown =
        || Error::usage(message!("export.which_format", file = text)).hint(message!("export.which_format_hint"));
    if text == "-" {
        return Ok(Output { file: None, to: arguments.to.ok_or_else(unknown)? });
    }
    let name = text.replace("{period}", &bounds.name()).replace("{date}", &today.to_string());
    let file = PathBuf::from(&name);
    if let Some(open) = name.find('{').filter(|open| name[*open..].contains('}')) {
        return Err(Error::usage(message!("export.unknown_place", place = name[open..].to_owned()))
            .hint(message!("export.unknown_place_hint")));
    }
    let by_extension = file.extension().and_then(|extension| To::of_extension(&extension.to_string_lossy()));
    let to = arguments.to.or(by_extension).ok_or_else(unknown)?;
    if file.is_dir() {
        return Err(Error::usage(message!("export.is_folder", file = file.display())));
    }
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => Err(Error::usage(message!("export.no_folder", folder = folder.display()))
            .hint(message!("export.no_folder_hint"))),
        _ => Ok(Output { file: Some(file), to }),
    }
}
