//! What is noticed of records while they are written.

use serde_json::Value;

use super::lost_characters::LostCharacters;
use super::options::ExportOptions;
use super::summary::SummaryCounter;
use super::unknown_members::UnknownMembers;
use crate::entity::{Custom, Field};
use crate::projection::{self, Projection};
use crate::t;

/// What is noticed of records while they are written.
#[derive(Debug)]
pub(super) struct SeenRecords<'a> {
    /// Characters that could not be read.
    pub lost: LostCharacters,
    /// Members that the catalog does not know.
    pub unknown: UnknownMembers<'a>,
    /// Name and label of fields that no record has shown so far.
    unseen: Vec<(String, String)>,
    /// What the sheet for the reader in a hurry counts.
    pub counter: Option<SummaryCounter<'a>>,
}

impl<'a> SeenRecords<'a> {
    /// Before the first record.
    pub(super) fn of(options: &'a ExportOptions<'_>, projection: &Projection<'a>) -> Self {
        let language = options.language();
        let name_and_label = |field: &Field| (field.name.clone(), field.label(language).to_owned());
        let fields = projection.columns.iter().filter_map(projection::Column::own_field);
        SeenRecords {
            lost: LostCharacters::default(),
            unknown: UnknownMembers::of(options.entity, projection.custom),
            unseen: fields.map(name_and_label).collect(),
            counter: options
                .output
                .has_summary
                .then(|| SummaryCounter::new(options.entity, &options.catalog.service, language)),
        }
    }

    /// Looks through a record, and its own page where that was asked for.
    pub(super) fn look_through(&mut self, key: &str, record: &Value, detail: Option<&Value>, custom: &Custom) {
        self.lost.look_through(key, record, detail, custom);
        self.unknown.look_through(record, detail);
        let records = [Some(record), detail].into_iter().flatten();
        self.unseen.retain(|(name, _)| !records.clone().any(|record| record.get(name).is_some()));
        if let Some(counter) = &mut self.counter {
            counter.add(record, detail);
        }
    }

    /// What is said of fields that no record shows: what everybody has blank is not the same as what nobody is shown.
    pub(super) fn of_nobody(&self, has_details: bool) -> Option<String> {
        if self.unseen.is_empty() {
            return None;
        }
        let columns = self.unseen.iter().map(|(_, label)| label.as_str()).collect::<Vec<_>>().join(", ");
        Some(match has_details {
            true => t!("export.not_shown", columns = columns).into_owned(),
            false => t!("export.not_shown_in_list", columns = columns).into_owned(),
        })
    }
}
