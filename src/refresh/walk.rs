//! Records that have no list of their own: each record of another entity is asked for them. Also the lists that are
//! several endpoints, such as field definitions by what they define.

use futures::{StreamExt, stream};
use rust_i18n::t;
use serde_json::Value;

use super::list::{Outcome, Report};
use super::{Refresh, record};
use crate::api;
use crate::entity::{Confidence, Endpoint, Entity, Walk};
use crate::error::{Error, Result};
use crate::message;
use crate::mirror::{Key, List, Window};

/// Records whose answers are stored together.
const BATCH: usize = 50;

/// A reading that began longer ago is begun anew.
const RESUMABLE_SECONDS: i64 = 24 * 60 * 60;

impl Refresh<'_> {
    /// Asks each record of `parents` for its records of `entity`, one request for each value of the walk's choice.
    ///
    /// # Errors
    /// The user stops or the service fails; the same command goes on from the last record asked.
    pub async fn walk(&self, entity: &Entity, walk: &Walk, endpoint: &Endpoint, parents: &List) -> Result<Outcome> {
        let now = jiff::Timestamp::now().as_second();
        let mut list = self.mirror.list(&entity.name, "")?;
        let is_resumable = list.began.is_some_and(|began| (0..RESUMABLE_SECONDS).contains(&(now - began)));
        if !is_resumable {
            list = self.mirror.begin_pass(&list, now)?;
        }
        if !list.is_read {
            self.walk_on(entity, walk, endpoint, parents, &list).await?;
        }
        let pages = self.mirror.window(&list, 0)?.map_or(0, |window| window.pages);
        let records = self.mirror.seen(&list)?;
        self.mirror.end_pass(&list, Some(records))?;
        let report = Report {
            entity: entity.name.clone(),
            path: endpoint.path.clone(),
            filter: String::new(),
            began: None,
            count_before: None,
            count_after: None,
            records,
            pages,
            passes: 1,
            joined: true,
        };
        Ok(Outcome { list: self.mirror.list(&entity.name, "")?, reports: vec![report], warnings: Vec::new() })
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
        let mut window = self.mirror.window(list, 0)?.unwrap_or(Window { is_joined: true, ..Window::default() });
        self.announce(entity, total.saturating_sub(window.position), choices.len());
        self.progress.begin(entity.label(crate::language::Language::current()), window.position, Some(total));
        let mut last = window.tail.first().map_or_else(Key::first, |id| Key::of(id));
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
                    found.extend(records.into_iter().flatten().map(|record| (key.clone(), record.clone())));
                }
            }
            self.stop.check()?;
            window.position += batch.records.len() as u64;
            window.pages += (batch.records.len() * choices.len()) as u64;
            window.tail = vec![last.text.clone()];
            self.mirror.together(|| {
                for (parent, record) in &found {
                    // In the order of the records asked, told apart by all they say.
                    let key = Key { rank: parent.rank, text: format!("{}/{}", parent.text, record::hash(record)) };
                    self.store(entity, list, &key, record)?;
                }
                self.mirror.put_window(list, &window)
            })?;
            self.progress.set(window.position, Some(total));
        }
    }

    /// Says how many requests it will be and how long they take, before the first one.
    fn announce(&self, entity: &Entity, records: u64, choices: usize) {
        let requests = records * choices as u64;
        let rate = self.client.target().rate;
        let label = entity.label(crate::language::Language::current());
        let text = if rate > 0.0 {
            let minutes = std::time::Duration::from_secs_f64(requests as f64 / rate).as_secs().div_ceil(60);
            t!("refresh.walk_time", entity = label, requests = requests, minutes = minutes)
        } else {
            t!("refresh.walk", entity = label, requests = requests)
        };
        self.progress.say(&text);
    }

    fn walk_address(&self, walk: &Walk, endpoint: &Endpoint, key: &Key, choice: &str) -> url::Url {
        let mut url = self.client.target().address(&endpoint.path);
        url.query_pairs_mut().append_pair(&walk.parameter, &key.text).append_pair(&walk.each, choice);
        url
    }

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
    ) -> Result<Outcome> {
        let now = jiff::Timestamp::now().as_second();
        let list = self.mirror.begin_pass(&self.mirror.list(&entity.name, "")?, now)?;
        let mut outcome = Outcome { list: list.clone(), reports: Vec::new(), warnings: Vec::new() };
        for (at, (name, endpoint, id)) in (0..).zip(endpoints) {
            self.stop.check()?;
            let path = endpoint.path.replace("{id}", id.as_deref().unwrap_or_default());
            let document = match self.ask(self.client.target().address(&path)).await? {
                Ok(document) => document,
                Err(refusal) if endpoint.confidence == Confidence::Assumed => {
                    let why = format!("{} {}", refusal.code, refusal.message);
                    outcome.warnings.push(t!("refresh.refused", path = path, why = why).into_owned());
                    continue;
                }
                Err(refusal) => {
                    let why = format!("{} {}", refusal.code, refusal.message);
                    return Err(Error::cannot_run(message!("api.read_failed", path = path, why = why))
                        .hint(message!("api.refused_hint")));
                }
            };
            let records = api::records(&document, endpoint.answer.as_deref().unwrap_or_default());
            let records = records.ok_or_else(|| Error::cannot_run(message!("refresh.no_list", path = path)))?;
            let from = id.as_ref().map_or_else(|| (*name).to_owned(), |id| format!("{name} {id}"));
            self.mirror.together(|| {
                for (number, record) in (0..).zip(records) {
                    let mut record = record.clone();
                    if let Some(members) = record.as_object_mut() {
                        members.insert(origin.to_owned(), Value::from(from.clone()));
                    }
                    let key = Key { rank: at * 1_000_000 + number, text: from.clone() };
                    self.store(entity, &list, &key, &record)?;
                }
                Ok(())
            })?;
            outcome.reports.push(Report {
                entity: entity.name.clone(),
                path,
                filter: String::new(),
                began: None,
                count_before: None,
                count_after: None,
                records: records.len() as u64,
                pages: 1,
                passes: 1,
                joined: true,
            });
        }
        let total = self.mirror.seen(&list)?;
        self.mirror.end_pass(&list, Some(total))?;
        outcome.list = self.mirror.list(&entity.name, "")?;
        Ok(outcome)
    }
}
