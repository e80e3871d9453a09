//! Records that have no list of their own: each record of another entity is asked for them.

use futures::{StreamExt, stream};

use super::record_key;
use super::refreshed_list::{ListReport, RefreshedList};
use super::refresher::Refresher;
use super::whole_list::is_resumable;
use crate::api;
use crate::entity::{Endpoint, Entity, Walk};
use crate::error::Result;
use crate::language::Language;
use crate::mirror::{Key, List, PageCursor};
use crate::t;

/// Records whose answers are stored together.
const BATCH: usize = 50;

impl Refresher<'_> {
    /// Asks each record of `parents` for its records of `entity`, one request for each value of the walk's choice.
    ///
    /// # Errors
    /// The user stops or the service fails; the same command goes on from the last record asked.
    pub async fn walk(
        &self,
        entity: &Entity,
        walk: &Walk,
        endpoint: &Endpoint,
        parents: &List,
    ) -> Result<RefreshedList> {
        let now = jiff::Timestamp::now().as_second();
        let mut list = self.mirror.list(&entity.name, "")?;
        if !is_resumable(&list, now) {
            list = self.mirror.begin_generation(&list, now)?;
        }
        if !list.is_read {
            self.walk_on(entity, walk, endpoint, parents, &list).await?;
        }
        let pages = self.mirror.cursor(&list, 0)?.map_or(0, |cursor| cursor.pages);
        let records = self.mirror.seen(&list)?;
        self.mirror.end_generation(&list, list.began, Some(records))?;
        let report = ListReport::without_pages(entity, endpoint.path.clone(), records, pages);
        let mut refreshed = RefreshedList::of(&self.mirror.list(&entity.name, "")?);
        refreshed.reports.push(report);
        Ok(refreshed)
    }

    /// The walk itself, from where it was broken off.
    async fn walk_on(
        &self,
        entity: &Entity,
        walk: &Walk,
        endpoint: &Endpoint,
        parents: &List,
        list: &List,
    ) -> Result<()> {
        let choices: Vec<&str> = entity
            .field(&walk.each)
            .map(|field| field.choices.iter().map(|choice| choice.value.as_str()).collect())
            .unwrap_or_default();
        let total = self.mirror.seen(parents)?;
        let mut cursor =
            self.mirror.cursor(list, 0)?.unwrap_or(PageCursor { is_joined: true, ..PageCursor::default() });
        let requests = total.saturating_sub(cursor.position) * choices.len() as u64;
        let label = entity.label(Language::current());
        let text = match self.minutes_for(requests) {
            Some(minutes) => t!("refresh.walk_time", entity = label, requests = requests, minutes = minutes),
            None => t!("refresh.walk", entity = label, requests = requests),
        };
        self.progress.say(&text);
        self.progress.begin(entity.label(Language::current()), cursor.position, Some(total));
        let mut last = cursor.last_keys.first().map_or_else(Key::first, |id| Key::of(id));
        loop {
            let batch = self.mirror.after(parents, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else {
                return Ok(());
            };
            last = key.clone();
            let asked = batch.records.iter().flat_map(|(key, _)| choices.iter().map(move |choice| (key, *choice)));
            let answers = asked.take_while(|_| !self.stop.is_set()).map(|(key, choice)| {
                let answer = self.ask(self.walk_address(walk, endpoint, key, choice));
                async move { (key, answer.await) }
            });
            let mut answers = stream::iter(answers).buffered(self.client.limiter().ceiling());
            let mut found = Vec::new();
            while let Some((key, reply)) = answers.next().await {
                // A contact without a binding may be refused instead of being answered with nothing.
                if let Ok(document) = reply? {
                    let records = api::records(&document, endpoint.answer.as_deref().unwrap_or_default());
                    found.extend(
                        records.into_iter().flat_map(api::Records::into_values).map(|record| (key.clone(), record)),
                    );
                }
            }
            self.stop.check()?;
            cursor.position += batch.records.len() as u64;
            cursor.pages += (batch.records.len() * choices.len()) as u64;
            cursor.last_keys = vec![last.text.clone()];
            self.mirror.together(|| {
                for (parent, record) in &found {
                    // In the order of the records asked, told apart by all they say.
                    let key = Key { rank: parent.rank, text: format!("{}/{}", parent.text, record_key::hash(record)) };
                    self.store(entity, list, &key, record)?;
                }
                self.mirror.put_cursor(list, &cursor)
            })?;
            self.progress.set(cursor.position, Some(total));
        }
    }

    fn walk_address(&self, walk: &Walk, endpoint: &Endpoint, key: &Key, choice: &str) -> url::Url {
        let mut url = self.client.target().address(&endpoint.path);
        url.query_pairs_mut().append_pair(&walk.parameter, &key.text).append_pair(&walk.each, choice);
        url
    }
}
