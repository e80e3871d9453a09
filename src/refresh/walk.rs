//! Records that have no list of their own: each record of another entity is asked for them.

use futures::{StreamExt, stream};

use super::details::FailedPage;
use super::record_key;
use super::refreshed_list::{ListReport, RefreshedList};
use super::refresher::Refresher;
use crate::api::{self, Single};
use crate::entity::{Endpoint, Entity, Walk};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::message;
use crate::mirror::{Key, List};
use crate::t;

/// Records whose answers are stored together.
const BATCH: usize = 50;
/// Requests that fail, none having been answered, before it is said that all of them do.
const MOST_WITHOUT_ANSWER: usize = 20;
/// Requests that fail before the service is said to.
const MOST_FAILING: usize = 1_000;

impl Refresher<'_> {
    /// Asks each record of `parents` for its records of `entity`, one request for each value of the walk's choice.
    ///
    /// A record whose answer cannot be had costs itself. Nothing tells what became of the answers that an earlier command got,
    /// so that none of them is taken over.
    ///
    /// # Errors
    /// The user stops, or the service fails or refuses for all records.
    pub async fn walk(
        &self,
        entity: &Entity,
        walk: &Walk,
        endpoint: &Endpoint,
        parents: &List,
    ) -> Result<RefreshedList> {
        let now = jiff::Timestamp::now().as_second();
        let list = self.mirror.begin_generation(&self.mirror.list(&entity.name, "")?, now)?;
        let (pages, failed) = self.walk_through(entity, walk, endpoint, parents, &list).await?;
        let records = self.mirror.seen(&list)?;
        self.mirror.end_generation(&list, list.began, Some(records))?;
        let report = ListReport::without_pages(entity, endpoint.path.clone(), records, pages);
        let mut refreshed = RefreshedList::of(&self.mirror.list(&entity.name, "")?);
        refreshed.reports.push(report);
        refreshed.failed_pages = failed;
        Ok(refreshed)
    }

    /// The walk itself. Tells how many requests it took, and which of them failed.
    async fn walk_through(
        &self,
        entity: &Entity,
        walk: &Walk,
        endpoint: &Endpoint,
        parents: &List,
        list: &List,
    ) -> Result<(u64, Vec<FailedPage>)> {
        let choices: Vec<&str> = entity
            .field(&walk.each)
            .map(|field| field.choices.iter().map(|choice| choice.value.as_str()).collect())
            .unwrap_or_default();
        let total = self.mirror.seen(parents)?;
        let requests = total * choices.len() as u64;
        let nothing = entity.conflict.as_ref().and_then(|conflict| conflict.nothing.as_deref());
        let (mut asked_of, mut pages, mut answered) = (0, 0, 0_u64);
        let mut failed: Vec<FailedPage> = Vec::new();
        let mut refused = None;
        let label = entity.label(Language::current());
        let text = match self.minutes_for(requests) {
            Some(minutes) => t!("refresh.walk_time", entity = label, requests = requests, minutes = minutes),
            None => t!("refresh.walk", entity = label, requests = requests),
        };
        self.progress.say(&text);
        self.progress.begin(entity.label(Language::current()), 0, Some(total));
        let mut last = Key::first();
        loop {
            let batch = self.mirror.after(parents, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else {
                // Of few records all may have failed.
                return match refused {
                    Some(error) if answered == 0 => Err(error),
                    _ => Ok((pages, failed)),
                };
            };
            last = key.clone();
            let has_id = batch.records.iter().filter(|(key, _)| key.has_id());
            let asked = has_id.flat_map(|(key, _)| choices.iter().map(move |choice| (key, *choice)));
            let answers = asked.take_while(|_| !self.stop.is_set()).map(|(key, choice)| {
                let answer = self.ask_briefly(self.walk_address(walk, endpoint, key, choice));
                async move { (key, choice, answer.await) }
            });
            let mut answers = stream::iter(answers).buffered(self.client.limiter().ceiling());
            let mut found = Vec::new();
            while let Some((key, choice, reply)) = answers.next().await {
                let error = match reply? {
                    Single::Document(document) => {
                        answered += 1;
                        let records = api::records(&document, endpoint.answer.as_deref().unwrap_or_default());
                        found.extend(
                            records.into_iter().flat_map(api::Records::into_values).map(|record| (key.clone(), record)),
                        );
                        continue;
                    }
                    // A record that has none may be refused instead of being answered with nothing.
                    Single::Rejected(rejection) if Some(rejection.message.as_str()) == nothing => {
                        answered += 1;
                        continue;
                    }
                    Single::Rejected(rejection) => {
                        let why = format!("{} {}", rejection.code, rejection.message);
                        Error::cannot_run(message!("api.read_failed", path = endpoint.path, why = why))
                            .hint(message!("api.rejected_hint"))
                    }
                    Single::Failing(error) => error,
                };
                let page = format!("{} {choice}", walk.each);
                failed.push(FailedPage { id: key.text.clone(), page, why: error.message() });
                if answered == 0 && failed.len() >= MOST_WITHOUT_ANSWER || failed.len() >= MOST_FAILING {
                    return Err(error);
                }
                refused = Some(error);
            }
            self.stop.check()?;
            asked_of += batch.records.len() as u64;
            pages += (batch.records.len() * choices.len()) as u64;
            self.mirror.together(|| {
                for (parent, record) in &found {
                    // In the order of the records asked, told apart by all they say.
                    let key = Key { rank: parent.rank, text: format!("{}/{}", parent.text, record_key::hash(record)) };
                    self.store(entity, list, &key, record)?;
                }
                Ok(())
            })?;
            self.progress.set(asked_of, Some(total));
        }
    }

    fn walk_address(&self, walk: &Walk, endpoint: &Endpoint, key: &Key, choice: &str) -> url::Url {
        let mut url = self.client.target().address(&endpoint.path);
        url.query_pairs_mut().append_pair(&walk.parameter, &key.text).append_pair(&walk.each, choice);
        url
    }
}
