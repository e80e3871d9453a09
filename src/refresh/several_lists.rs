//! Records that have several lists: several endpoints make up one list here, such as field definitions by what they define.

use serde_json::Value;

use super::refreshed_list::{ListReport, RefreshedList};
use super::refresher::Refresher;
use crate::api;
use crate::entity::{Confidence, Endpoint, Entity};
use crate::error::{Error, Result};
use crate::message;
use crate::mirror::Key;
use crate::t;

/// Room for the records of one endpoint among the keys of the list.
const RECORDS_OF_ONE: i64 = 1_000_000;

impl Refresher<'_> {
    /// Reads a list that is several endpoints, `(name, endpoint, id in its path)`; each record is told where it came from
    /// by a member of the entity's `origin`. An assumed endpoint may be refused.
    ///
    /// # Errors
    /// The user stops or the service fails.
    pub async fn read_several(
        &self,
        entity: &Entity,
        origin: &str,
        endpoints: &[(&str, &Endpoint, Option<String>)],
    ) -> Result<RefreshedList> {
        let now = jiff::Timestamp::now().as_second();
        let list = self.mirror.begin_generation(&self.mirror.list(&entity.name, "")?, now)?;
        let mut refreshed = RefreshedList::of(&list);
        for (at, (name, endpoint, id)) in (0..).zip(endpoints) {
            self.stop.check()?;
            let path = endpoint.path.replace("{id}", id.as_deref().unwrap_or_default());
            let document = match self.ask(self.client.target().address(&path)).await? {
                Ok(document) => document,
                Err(refusal) if endpoint.confidence == Confidence::Assumed => {
                    let why = format!("{} {}", refusal.code, refusal.message);
                    refreshed.warnings.push(t!("refresh.refused", path = path, why = why).into_owned());
                    continue;
                }
                Err(refusal) => {
                    let why = format!("{} {}", refusal.code, refusal.message);
                    return Err(Error::cannot_run(message!("api.read_failed", path = path, why = why))
                        .hint(message!("api.rejected_hint")));
                }
            };
            let records = api::records(&document, endpoint.answer.as_deref().unwrap_or_default());
            let records = records.ok_or_else(|| Error::cannot_run(message!("refresh.no_list", path = path)))?;
            let from = id.as_ref().map_or_else(|| (*name).to_owned(), |id| format!("{name} {id}"));
            self.mirror.together(|| {
                for (number, record) in (0..).zip(records.iter()) {
                    let mut record = record.into_owned();
                    if let Some(members) = record.as_object_mut() {
                        members.insert(origin.to_owned(), Value::from(from.clone()));
                    }
                    let key = Key { rank: at * RECORDS_OF_ONE + number, text: from.clone() };
                    self.store(entity, &list, &key, &record)?;
                }
                Ok(())
            })?;
            refreshed.reports.push(ListReport::without_pages(entity, path, records.len() as u64, 1));
        }
        let total = self.mirror.seen(&list)?;
        self.mirror.end_generation(&list, list.began, Some(total))?;
        refreshed.list = self.mirror.list(&entity.name, "")?;
        Ok(refreshed)
    }
}
