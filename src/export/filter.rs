//! Which records are written. The service is asked for as little as its filters allow; this decides to the second, on the
//! mirror as well as on a fresh list.

use serde_json::Value;

use crate::api::as_text;
use crate::entity::{Custom, Entity, fold};
use crate::export::moment;
use crate::export::period::Bounds;
use crate::refresh::{is_deleted, text_of};

/// A member that must have a value.
#[derive(Debug, Clone)]
pub struct Term {
    /// The member, or the key of a custom field.
    pub name: String,
    /// It is a custom field.
    pub is_custom: bool,
    /// It holds several values, one of which must be meant.
    pub is_list: bool,
    /// Any of these values will do.
    pub values: Vec<String>,
}

/// Which records are written.
#[derive(Debug, Clone)]
pub struct Filter<'a> {
    /// Their entity.
    pub entity: &'a Entity,
    /// Where custom fields are.
    pub custom: &'a Custom,
    /// Members with times, and the bounds they must lie in.
    pub spans: Vec<(String, Bounds)>,
    /// Members with values.
    pub terms: Vec<Term>,
    /// Deleted records too.
    pub with_deleted: bool,
}

impl Filter<'_> {
    /// Whether a record, with its own page where there is one, is written.
    pub fn holds(&self, record: &Value, detail: Option<&Value>) -> bool {
        let get = |name: &str| detail.and_then(|detail| detail.get(name)).or_else(|| record.get(name));
        let in_bounds = |(name, bounds): &(String, Bounds)| {
            // A list's row may lack a member the service was asked to filter by; then its word is taken.
            let Some(value) = get(name) else { return true };
            moment::parse(&as_text(value)).is_some_and(|moment| bounds.holds(moment))
        };
        let has_value = |term: &Term| {
            let text = match term.is_custom {
                true => {
                    [detail, Some(record)].into_iter().flatten().find_map(|record| self.custom_text(record, &term.name))
                }
                false => get(&term.name).map(|value| text_of(value).into_owned()),
            };
            let text = text.unwrap_or_default();
            match term.is_list {
                true => text.split([',', '，']).any(|part| term.values.iter().any(|value| fold(value) == fold(part))),
                false => term.values.iter().any(|value| *value == text || fold(value) == fold(&text)),
            }
        };
        (self.with_deleted || !is_deleted(self.entity, detail.unwrap_or(record)))
            && self.spans.iter().all(in_bounds)
            && self.terms.iter().all(has_value)
    }

    /// Whether a record may be written once its own page is known: what the list does not tell is not held against it.
    pub fn could_hold(&self, record: &Value) -> bool {
        let is_told = |term: &&Term| match term.is_custom {
            true => self.custom_text(record, &term.name).is_some(),
            false => record.get(&term.name).is_some(),
        };
        let terms = self.terms.iter().filter(is_told).cloned().collect();
        Filter { terms, ..self.clone() }.holds(record, None)
    }

    fn custom_text(&self, record: &Value, key: &str) -> Option<String> {
        let fields = record.get(&self.custom.member)?.as_array()?;
        let field =
            fields.iter().find(|field| field.get(&self.custom.key).is_some_and(|found| as_text(found) == key))?;
        field.get(&self.custom.value).map(|value| text_of(value).into_owned())
    }
}
