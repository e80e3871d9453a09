//! Which records are written. The service is asked for as little as its filters allow; this decides to the second, on the
//! mirror as well as on a fresh list.

use serde_json::Value;

use super::columns::ColumnChoice;
use super::options::Condition;
use super::period::Bounds;
use super::plan::{ExportPlan, Meant};
use crate::api::as_text;
use crate::entity::{Entity, Field, Kind, Service, fold};
use crate::projection::{Definitions, custom_value, is_deleted, moment, text_of};

/// A member that must have a value.
#[derive(Debug, Clone)]
struct Term {
    /// The member, or the key of a custom field.
    name: String,
    /// It is a custom field.
    is_custom: bool,
    /// Neither the catalog nor the account knows it: a member or custom field that the records may have.
    is_unknown: bool,
    /// It holds several values, one of which must be meant.
    is_list: bool,
    /// Any of these values will do.
    values: Vec<String>,
}

/// What a filter asks of each record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// The member, or the key of a custom field.
    pub name: String,
    /// It is a custom field.
    pub is_custom: bool,
}

/// Which records are written.
#[derive(Debug, Clone)]
pub(super) struct RecordFilter<'a> {
    /// Their entity.
    pub entity: &'a Entity,
    /// Where custom fields are, and in which zone times.
    service: &'a Service,
    /// Members with times, and the bounds they must lie in.
    spans: Vec<(String, Bounds)>,
    /// Members with times by which the service was asked to filter.
    asked: &'a [String],
    /// Members with values.
    terms: Vec<Term>,
    /// What the list was asked for.
    meant: Vec<(String, Meant)>,
    /// Deleted records too.
    with_deleted: bool,
}

impl<'a> RecordFilter<'a> {
    /// The filter that a plan means.
    ///
    pub(super) fn new(plan: &'a ExportPlan<'a>, definitions: &Definitions) -> Self {
        let choice = ColumnChoice { options: plan.options };
        let mut terms: Vec<Term> = Vec::new();
        for Condition { column, value } in &plan.options.selection.conditions {
            let field = choice.field(column);
            let name = match (field, definitions.key_of(column)) {
                (Some(field), _) => field.name.clone(),
                (None, Some(key)) => key.to_owned(),
                // The service filters by it and tells nothing about it.
                (None, None) if plan.query().is_some_and(|query| query.endpoint.filters.contains(column)) => continue,
                (None, None) => column.clone(),
            };
            let is_unknown = field.is_none() && definitions.key_of(column).is_none();
            let values = stored_values(field, definitions, &name, value);
            match terms.iter_mut().find(|term| term.name == name) {
                Some(term) => term.values.extend(values),
                None => terms.push(Term {
                    name,
                    is_custom: field.is_none_or(|field| field.custom),
                    is_unknown,
                    is_list: field.is_some_and(|field| matches!(field.kind, Kind::Ids | Kind::Tags)),
                    values,
                }),
            }
        }
        RecordFilter {
            entity: plan.options.entity,
            service: &plan.options.catalog.service,
            spans: plan.spans.clone(),
            asked: &plan.asked,
            terms,
            meant: plan.meant.clone(),
            with_deleted: plan.options.selection.with_deleted,
        }
    }

    /// Columns of conditions that neither the catalog nor the account knows.
    pub(super) fn unknown_columns(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter(|term| term.is_unknown).map(|term| term.name.as_str())
    }

    /// The same for all records of another entity: deleted ones are meant or not alike.
    pub(super) fn all_of<'b>(&'b self, entity: &'b Entity) -> RecordFilter<'b> {
        RecordFilter { entity, spans: Vec::new(), terms: Vec::new(), meant: Vec::new(), ..self.clone() }
    }

    /// The same for all records, whatever they say.
    pub(super) fn everything(&self) -> RecordFilter<'a> {
        RecordFilter { spans: Vec::new(), terms: Vec::new(), meant: Vec::new(), with_deleted: true, ..self.clone() }
    }

    /// Whether a record is one of those that the list was asked for, as far as it says so.
    pub(super) fn is_meant(&self, record: &Value, detail: Option<&Value>) -> bool {
        self.meant.iter().all(|(name, meant)| {
            let value = detail.and_then(|detail| detail.get(name)).or_else(|| record.get(name));
            match (value, meant) {
                (None, _) => true,
                (Some(value), Meant::Id(id)) => text_of(value) == *id,
                (Some(value), Meant::Time(bounds)) => {
                    moment::read(&as_text(value), self.service).is_none_or(|moment| bounds.holds(moment))
                }
            }
        })
    }

    /// Whether a record, with its own page where there is one, is written.
    pub(super) fn holds(&self, record: &Value, detail: Option<&Value>) -> bool {
        let get = |name: &str| detail.and_then(|detail| detail.get(name)).or_else(|| record.get(name));
        let in_bounds = |(name, bounds): &(String, Bounds)| {
            // A list's row may lack a member the service was asked to filter by; then its word is taken.
            let Some(value) = get(name) else { return true };
            let text = as_text(value);
            match moment::read(&text, self.service) {
                Some(moment) => bounds.holds(moment),
                // What is not told to be outside is not left out.
                None => !moment::is_unset(&text) || self.asked.contains(name),
            }
        };
        let has_value = |term: &Term| {
            let custom =
                || [detail, Some(record)].into_iter().flatten().find_map(|record| self.custom(record, &term.name));
            let member = || get(&term.name);
            let value = match (term.is_unknown, term.is_custom) {
                (true, _) => member().or_else(custom),
                (false, true) => custom(),
                (false, false) => member(),
            };
            term.is_met(value.unwrap_or(&Value::Null))
        };
        (self.with_deleted || !is_deleted(self.entity, detail.unwrap_or(record)))
            && self.is_meant(record, detail)
            && self.spans.iter().all(in_bounds)
            && self.terms.iter().all(has_value)
    }

    /// The first time that a record should tell and does not, so that nobody knows whether it lies in its span.
    pub(super) fn undated(&self, record: &Value, detail: Option<&Value>) -> Option<&str> {
        let get = |name: &str| detail.and_then(|detail| detail.get(name)).or_else(|| record.get(name));
        let mut names = self.spans.iter().map(|(name, _)| name.as_str());
        names.find(|name| get(name).is_some_and(|value| moment::read(&as_text(value), self.service).is_none()))
    }

    /// What the filter asks of records: each member, or key of a custom field, and whether it is one.
    pub(super) fn asks(&self) -> Vec<Asked> {
        // Whether a record has a member that nobody knows is looked for in all of them.
        let known = self.terms.iter().filter(|term| !term.is_unknown);
        let terms = known.map(|term| Asked { name: term.name.clone(), is_custom: term.is_custom });
        let spans = self.spans.iter().map(|(name, _)| Asked { name: name.clone(), is_custom: false });
        terms.chain(spans).collect()
    }

    /// Whether a record tells what is asked.
    pub(super) fn is_told(&self, record: &Value, asked: &Asked) -> bool {
        match asked.is_custom {
            true => self.custom(record, &asked.name).is_some(),
            false => record.get(&asked.name).is_some(),
        }
    }

    /// Whether a record may be written once its own page is known: what the list does not tell is not held against it.
    pub(super) fn could_hold(&self, record: &Value) -> bool {
        let is_told = |term: &&Term| {
            let has_custom = || (term.is_custom || term.is_unknown) && self.custom(record, &term.name).is_some();
            let has_member = || (!term.is_custom || term.is_unknown) && record.get(&term.name).is_some();
            has_custom() || has_member()
        };
        let terms = self.terms.iter().filter(is_told).cloned().collect();
        RecordFilter { terms, ..self.clone() }.holds(record, None)
    }

    fn custom<'b>(&self, record: &'b Value, key: &str) -> Option<&'b Value> {
        custom_value(record.get(&self.service.custom.member), &self.service.custom, key)
    }
}

impl Term {
    /// Whether a value is one of those meant. Of several in a list one has to be.
    fn is_met(&self, value: &Value) -> bool {
        let text = text_of(value);
        let is_meant = |text: &str| self.values.iter().any(|value| value == text || fold(value) == fold(text));
        match value {
            Value::Array(values) => is_meant(&text) || values.iter().any(|value| self.is_met(value)),
            _ if self.is_list => text.split([',', '，']).any(is_meant),
            _ => is_meant(&text),
        }
    }
}

/// The texts a condition's value may stand for in a record: itself, and what the catalog or the account stores for it.
fn stored_values(field: Option<&Field>, definitions: &Definitions, key: &str, value: &str) -> Vec<String> {
    let mut values = vec![value.to_owned()];
    values.extend(field.and_then(|field| field.choice(value)).map(|choice| choice.value.clone()));
    values.extend(definitions.value_of(key, value).map(str::to_owned));
    values
}
