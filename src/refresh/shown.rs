//! Whether a list shows other members than it did before: a custom field that everybody has from now on, a right that the login
//! got or lost. No record is marked as changed for that, so it shows where one that is not changed comes otherwise.

use std::collections::BTreeSet;

use serde_json::Value;

use super::list_query::ListQuery;
use super::refresher::Refresher;
use crate::api::says_nothing;
use crate::error::Result;
use crate::mirror::{Key, List};
use crate::projection::each_custom;
use crate::t;
use crate::text::clean;

/// Records that are looked at in one go.
const BATCH: usize = 500;
/// Members that are named.
const MOST_NAMED: usize = 5;

impl Refresher<'_> {
    /// The reason to read everything, where records among the changes that are not changed show members that no record here has,
    /// or where all that came lack members that these have.
    pub(super) fn shows_otherwise(&self, query: &ListQuery<'_>, list: &List, parts: &[List]) -> Result<Option<String>> {
        let updated = query.entity.updated.as_deref().unwrap_or_default();
        // What came, and what those of it that are not changed have now and had.
        let (mut came, mut now, mut before) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for part in parts {
            self.each_record(part, &mut |key, record| {
                let shown = self.shown(record);
                if let Some(body) = self.mirror.get(list, key)? {
                    let kept: Value = serde_json::from_slice(&body).unwrap_or_default();
                    if kept.get(updated) == record.get(updated) {
                        now.extend(shown.iter().cloned());
                        before.extend(self.shown(&kept));
                    }
                }
                came.extend(shown);
                Ok(true)
            })?;
        }
        let lost = before.difference(&came).cloned();
        let mut gained: BTreeSet<String> = now.difference(&before).cloned().collect();
        if !gained.is_empty() {
            self.each_record(list, &mut |_, record| {
                let shown = self.shown(record);
                gained.retain(|name| !shown.contains(name));
                Ok(!gained.is_empty())
            })?;
        }
        let mut members = lost.chain(gained).peekable();
        Ok(members.peek().is_some().then(|| {
            t!("refresh.shows_otherwise", entity = self.label(query), members = named(&mut members)).into_owned()
        }))
    }

    /// The members and custom fields of a record that say something.
    pub(super) fn shown(&self, record: &Value) -> BTreeSet<String> {
        let custom = &self.catalog.service.custom;
        let mut shown = BTreeSet::new();
        for (name, value) in record.as_object().into_iter().flatten() {
            if *name == custom.member {
                each_custom(Some(value), custom, &mut |key, value| {
                    if !says_nothing(&value) {
                        shown.insert(key.into_owned());
                    }
                });
            } else if !says_nothing(value) {
                shown.insert(name.clone());
            }
        }
        shown
    }

    /// Calls `with` on the records of a list until it has seen enough.
    pub(super) fn each_record(&self, list: &List, with: &mut dyn FnMut(&Key, &Value) -> Result<bool>) -> Result<()> {
        let mut last = Key::first();
        loop {
            self.stop.check()?;
            let batch = self.mirror.after(list, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else { return Ok(()) };
            last = key.clone();
            for (key, body) in &batch.records {
                if !with(key, &serde_json::from_slice(body).unwrap_or_default())? {
                    return Ok(());
                }
            }
        }
    }
}

/// Some of these members, as they are named to the user.
pub(super) fn named(members: impl Iterator<Item = String>) -> String {
    members.map(|name| clean(&name).into_owned()).take(MOST_NAMED).collect::<Vec<_>>().join(", ")
}
