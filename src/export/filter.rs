//! Which records are written. The service is asked for as little as its filters allow; this decides to the second, on the
//! mirror as well as on a fresh list.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::columns::ColumnChoice;
use super::options::Condition;
use super::period::Bounds;
use super::plan::{ExportPlan, Meant};
use crate::api::as_text;
use crate::entity::{CustomKind, Entity, Field, Kind, Service};
use crate::error::Result;
use crate::projection::{Definitions, Moment, custom_value, is_told_deleted, moment, text_of, told};
use crate::text::is_invisible;

/// A member that must have a value.
#[derive(Debug, Clone)]
struct Term {
    /// The member, or the key of a custom field.
    name: String,
    /// It is a custom field.
    is_custom: bool,
    /// It is a time: a day stands for all of it.
    is_time: bool,
    /// It is a number: digits that count for nothing are not compared.
    is_number: bool,
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
    /// Each record's own page is asked for.
    has_details: bool,
    /// What the list has blank in all of its records: only their own pages tell it.
    unsaid: HashSet<String>,
}

impl<'a> RecordFilter<'a> {
    /// The filter that a plan means.
    ///
    pub(super) fn new(plan: &'a ExportPlan<'a>, definitions: &Definitions) -> Self {
        let choice = ColumnChoice { options: plan.options };
        let mut terms: Vec<Term> = Vec::new();
        for Condition { column, value } in &choice.conditions(definitions) {
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
            let (kind, has_options) = (definitions.kind(&name), definitions.has_options(&name));
            match terms.iter_mut().find(|term| term.name == name) {
                Some(term) => term.values.extend(values),
                None => terms.push(Term {
                    name,
                    is_custom: field.is_none_or(|field| field.custom),
                    is_unknown,
                    is_time: field.map_or(kind == Some(CustomKind::Date), Field::is_time),
                    is_number: match field {
                        Some(field) => matches!(field.kind, Kind::Integer | Kind::Decimal),
                        None => matches!(kind, Some(CustomKind::Integer | CustomKind::Decimal)),
                    },
                    is_list: match field {
                        Some(field) => matches!(field.kind, Kind::Ids | Kind::Tags) || field.several,
                        None => has_options,
                    },
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
            has_details: plan.has_details,
            unsaid: HashSet::new(),
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
        self.meant.iter().all(|(name, meant)| match (told(record, detail, name), meant) {
            (None, _) => true,
            (Some(value), Meant::Id(id)) => text_of(value) == *id,
            (Some(value), Meant::Time(bounds)) => {
                moment::read(&as_text(value), self.service).is_none_or(|moment| bounds.holds(moment))
            }
        })
    }

    /// Whether a record, with its own page where there is one, is written.
    pub(super) fn holds(&self, record: &Value, detail: Option<&Value>) -> bool {
        // Of one whose own page failed nobody knows what that would tell.
        if detail.is_none() && self.has_details {
            return self.could_hold(record);
        }
        let get = |name: &str| told(record, detail, name);
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
                || [detail, Some(record)].into_iter().flatten().find_map(|record| self.told_custom(record, &term.name));
            let member = || get(&term.name).map(Cow::Borrowed);
            let value = match (term.is_unknown, term.is_custom) {
                (true, _) => member().or_else(custom),
                (false, true) => custom(),
                (false, false) => member(),
            };
            term.is_met(value.as_deref().unwrap_or(&Value::Null), self.service)
        };
        (self.with_deleted || !is_told_deleted(self.entity, record, detail))
            && self.is_meant(record, detail)
            && self.spans.iter().all(in_bounds)
            && self.terms.iter().all(has_value)
    }

    /// The first time that a record should tell and does not, so that nobody knows whether it lies in its span.
    pub(super) fn undated(&self, record: &Value, detail: Option<&Value>) -> Option<&str> {
        let get = |name: &str| told(record, detail, name);
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
        let terms = self.terms.iter().filter(|term| self.tells(record, term)).cloned().collect();
        let spans = self.spans.iter().filter(|(name, _)| !self.unsaid.contains(name)).cloned().collect();
        RecordFilter { terms, spans, has_details: false, ..self.clone() }.holds(record, None)
    }

    /// Whether it is known of a record that passed that it is one of those meant.
    pub(super) fn is_judged(&self, record: &Value, detail: Option<&Value>) -> bool {
        let is_dated = |name: &str| record.get(name).is_some() && !self.unsaid.contains(name);
        detail.is_some()
            || !self.has_details
            || self.terms.iter().all(|term| self.tells(record, term))
                && self.spans.iter().all(|(name, _)| is_dated(name))
    }

    /// The names of what is asked of records that the list has blank in all of them, of which `records` calls its argument on
    /// each: what only the records' own pages tell.
    pub(super) fn note_unsaid(&mut self, records: impl FnOnce(&mut dyn FnMut(&Value)) -> Result<()>) -> Result<()> {
        let mut terms: Vec<&Term> = self.terms.iter().collect();
        let mut spans: Vec<&str> = self.spans.iter().map(|(name, _)| name.as_str()).collect();
        records(&mut |record| {
            terms.retain(|term| !self.says(record, term));
            spans.retain(|name| record.get(name).is_none_or(|value| moment::is_unset(&as_text(value))));
        })?;
        let names = terms.into_iter().map(|term| term.name.as_str()).chain(spans);
        self.unsaid = names.map(str::to_owned).collect();
        Ok(())
    }

    /// Whether the list tells what a record has for a term.
    fn tells(&self, record: &Value, term: &Term) -> bool {
        !self.unsaid.contains(&term.name) && self.shown(record, term).is_some()
    }

    /// Whether it has a value there.
    fn says(&self, record: &Value, term: &Term) -> bool {
        self.shown(record, term).is_some_and(|value| match term.is_time {
            true => !moment::is_unset(&as_text(&value)),
            false => !value.is_null() && !text_of(&value).is_empty(),
        })
    }

    /// What the list shows of a record for a term.
    fn shown<'b>(&self, record: &'b Value, term: &Term) -> Option<Cow<'b, Value>> {
        let custom = || self.custom(record, &term.name).filter(|_| term.is_custom || term.is_unknown);
        let member = || record.get(&term.name).filter(|_| !term.is_custom || term.is_unknown).map(Cow::Borrowed);
        custom().or_else(member)
    }

    /// The value of a custom field, where it has any.
    fn told_custom<'b>(&self, record: &'b Value, key: &str) -> Option<Cow<'b, Value>> {
        self.custom(record, key).filter(|value| !value.is_null())
    }

    fn custom<'b>(&self, record: &'b Value, key: &str) -> Option<Cow<'b, Value>> {
        custom_value(record.get(&self.service.custom.member), &self.service.custom, key)
    }
}

impl Term {
    /// Whether a value is one of those meant. Of several in a list one has to be.
    fn is_met(&self, value: &Value, service: &Service) -> bool {
        let text = text_of(value);
        if self.is_time {
            return self.values.iter().any(|value| is_moment(value, &text, service));
        }
        let is_same = |value: &String, text: &str| {
            value == text
                || is_same_text(value, text)
                || self.is_number && number(value).is_some_and(|value| number(text) == Some(value))
        };
        let is_meant = |text: &str| self.values.iter().any(|value| is_same(value, text));
        match value {
            Value::Array(values) => is_meant(&text) || values.iter().any(|value| self.is_met(value, service)),
            _ if self.is_list => is_meant(&text) || text.split([',', '，']).any(is_meant),
            _ => is_meant(&text),
        }
    }
}

/// Whether a record's time is the one that is meant: a moment, any of a day, or none at all.
fn is_moment(meant: &str, text: &str, service: &Service) -> bool {
    match (moment::read(meant, service), moment::read(text, service)) {
        (Some(Moment::Day(day)), Some(found)) => found.day() == day,
        (Some(meant), Some(found)) => meant == found,
        _ => meant == text || moment::is_unset(meant) && moment::is_unset(text),
    }
}

/// Whether two texts are one to a person: width, case, spaces and invisible characters aside. Signs count, as in codes.
fn is_same_text(one: &str, other: &str) -> bool {
    let fold = |text: &str| -> String {
        let text = text.nfkc().flat_map(char::to_lowercase);
        text.filter(|c| !c.is_whitespace() && !is_invisible(*c)).collect()
    };
    fold(one) == fold(other)
}

/// What a number is compared by: its sign, and its digits but for those that count for nothing; none of what is no number.
fn number(text: &str) -> Option<(bool, String, String)> {
    let text: String = text.trim().nfkc().collect();
    let (is_negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text.as_str()),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !(whole.is_empty() && part.is_empty()) && [whole, part].iter().all(|digits| all_digits(digits));
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let is_zero = whole.is_empty() && part.is_empty();
    is_number.then(|| (is_negative && !is_zero, whole.to_owned(), part.to_owned()))
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The texts a condition's value may stand for in a record: itself, and what the catalog or the account stores for it.
fn stored_values(field: Option<&Field>, definitions: &Definitions, key: &str, value: &str) -> Vec<String> {
    let mut values = vec![value.to_owned()];
    values.extend(field.and_then(|field| field.choice(value)).map(|choice| choice.value.clone()));
    values.extend(definitions.spellings(key, value));
    values
}
