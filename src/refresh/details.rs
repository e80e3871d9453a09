//! Asks for single records: a ticket's own page, the messages of a chat. What an earlier command asked for is kept as long
//! as the record has not changed since.

use futures::{StreamExt, stream};
use serde_json::Value;

use super::list_query::ListQuery;
use super::record_key;
use super::refresher::Refresher;
use crate::api;
use crate::entity::{Endpoint, Entity};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::message;
use crate::mirror::{Key, List};
use crate::projection::{custom_keys, remove_secrets};

/// Records looked at together.
const BATCH: usize = 500;

/// What is asked for one record.
#[derive(Debug, Clone, Copy)]
pub struct Detail<'a> {
    /// Name of the endpoint.
    pub name: &'a str,
    /// Where it is asked.
    pub endpoint: &'a Endpoint,
    /// The answer is a list of parts, not the record itself.
    pub is_list: bool,
}

impl Refresher<'_> {
    /// Asks for the details of every wanted record of a list that are not here yet. Tells how many the service does not
    /// have.
    ///
    /// # Errors
    /// The user stops or the service fails; what was asked is kept.
    pub async fn read_details(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        detail: Detail<'_>,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<u64> {
        self.progress.begin(&self.label(query), 0, Some(self.mirror.seen(list)?));
        let mut missing = 0;
        let mut last = Key::first();
        loop {
            let batch = self.mirror.after(list, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else {
                return Ok(missing);
            };
            last = key.clone();
            let mut asked = Vec::new();
            for (key, body) in &batch.records {
                let record: Value = serde_json::from_slice(body).unwrap_or_default();
                let stamp = record_key::hash(&record);
                let is_here = self.mirror.detail(list, key, detail.name)?.is_some_and(|(old, _)| old == stamp);
                match is_here || !wanted(&record) {
                    true => self.progress.advance(),
                    false => asked.push((key.clone(), stamp)),
                }
            }
            missing += self.ask_details(query, list, detail, asked).await?;
        }
    }

    async fn ask_details(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        detail: Detail<'_>,
        asked: Vec<(Key, String)>,
    ) -> Result<u64> {
        let mut missing = 0;
        let answers = asked.into_iter().take_while(|_| !self.stop.is_set()).map(|(key, stamp)| {
            let answer = self.ask(self.address_of(detail.endpoint, &key.text));
            async move { (key, stamp, answer.await) }
        });
        let mut answers = stream::iter(answers).buffer_unordered(self.client.limiter().ceiling());
        while let Some((key, stamp, reply)) = answers.next().await {
            let wrapper = detail.endpoint.answer.as_deref().unwrap_or_default();
            let body = match &reply? {
                Err(_) => None,
                Ok(document) if detail.is_list => {
                    api::records(document, wrapper).map(|records| Value::Array(records.clone()))
                }
                Ok(document) => api::record(document, wrapper).cloned(),
            };
            self.progress.advance();
            match body {
                None => missing += 1,
                Some(body) => self.store_detail(query, list, &key, detail.name, &stamp, body)?,
            }
        }
        self.stop.check()?;
        Ok(missing)
    }

    fn store_detail(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        key: &Key,
        name: &str,
        stamp: &str,
        mut body: Value,
    ) -> Result<()> {
        self.mirror.together(|| {
            for custom in custom_keys(&body, &self.catalog.service.custom) {
                self.mirror.put_custom(list, &custom)?;
            }
            remove_secrets(&mut body, query.entity, &self.catalog.service.custom, &[]);
            self.mirror.put_detail(list, key, name, stamp, body.to_string().as_bytes())
        })
    }

    /// Asks for single records and stores those the service has in a list.
    ///
    /// # Errors
    /// The entity has no page for a single record, the user stops or the service fails.
    pub async fn read_single(&self, entity: &Entity, list: &List, ids: Vec<String>) -> Result<()> {
        let endpoint =
            entity.endpoint("get").ok_or_else(|| Error::usage(message!("export.no_details", entity = entity.name)))?;
        let label = entity.label(Language::current());
        self.progress.begin(label, 0, Some(ids.len() as u64));
        let answers = ids.into_iter().take_while(|_| !self.stop.is_set()).map(|id| {
            let answer = self.ask(self.address_of(endpoint, &id));
            async move { (id, answer.await) }
        });
        let mut answers = stream::iter(answers).buffer_unordered(self.client.limiter().ceiling());
        while let Some((id, reply)) = answers.next().await {
            if let Ok(document) = reply?
                && let Some(record) = api::record(&document, endpoint.answer.as_deref().unwrap_or_default())
            {
                self.mirror.together(|| self.store(entity, list, &Key::of(&id), record))?;
            }
            self.progress.advance();
        }
        self.stop.check()
    }
}
