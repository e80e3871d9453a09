//! What asks the service and stores its answers: everything a refresh works with, and the two steps all of it is made of.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use url::Url;

use super::list_query::ListQuery;
use super::record_key;
use crate::api::{Client, Document, Rejection, Single, as_text};
use crate::entity::{Catalog, Endpoint, Entity};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::message;
use crate::mirror::{Key, List, Marks, Mirror};
use crate::projection::{custom_keys, is_deleted, moment, remove_secrets};
use crate::terminal::{Interrupt, Progress};

/// What the service said: a document, or no.
pub(super) type Answer = std::result::Result<Document, Rejection>;

/// Everything a refresh works with.
#[derive(Debug, Clone, Copy)]
pub struct Refresher<'a> {
    /// Speaks to the service.
    pub client: &'a Arc<Client>,
    /// Keeps what it says.
    pub mirror: &'a Mirror,
    /// What is known of it.
    pub catalog: &'a Catalog,
    /// Ctrl-C.
    pub stop: &'a Interrupt,
    /// How far it has come.
    pub progress: &'a Progress,
    /// Secret fields that are kept although secrets never are: the user named them, and the mirror is temporary.
    pub kept_secrets: &'a [String],
    /// A list that cannot be proved whole is taken as it is, marked so.
    pub accepts_incomplete: bool,
    /// Every so many times that changes are asked for, everything is read; 0 for never.
    pub full_every: u32,
}

impl Refresher<'_> {
    /// Now, by this machine's clock (Unix seconds).
    pub(super) fn now(&self) -> i64 {
        jiff::Timestamp::now().as_second()
    }

    /// A moment of this machine's clock by the service's own, whose filters know no other.
    pub(super) fn by_service_clock(&self, moment: i64) -> i64 {
        moment.saturating_add(self.client.clock_ahead())
    }

    /// Asks for a document on a task of its own, so that storing one page does not hold up the next.
    pub(super) fn fetch(&self, url: Url) -> impl Future<Output = Result<Document>> + use<> {
        let client = Arc::clone(self.client);
        on_a_task(async move { client.read(&url).await })
    }

    /// Asks something to which "no" is an answer, on a task of its own.
    pub(super) fn ask(&self, url: Url) -> impl Future<Output = Result<Answer>> + use<> {
        let client = Arc::clone(self.client);
        on_a_task(async move { client.ask(&url).await })
    }

    /// Asks for a single record that others can do without, on a task of its own.
    pub(super) fn ask_briefly(&self, url: Url) -> impl Future<Output = Result<Single>> + use<> {
        let client = Arc::clone(self.client);
        on_a_task(async move { client.ask_briefly(&url).await })
    }

    /// How many minutes so many requests take at the pace that is kept; none where there is no pace of our own.
    pub(super) fn minutes_for(&self, requests: u64) -> Option<u64> {
        let rate = self.client.target().rate;
        (rate > 0.0).then(|| Duration::from_secs_f64(requests as f64 / rate).as_secs().div_ceil(60).max(1))
    }

    /// Says how many single records are asked for and how long that takes, before the first one.
    pub(super) fn announce(&self, label: &str, requests: u64) {
        if requests == 0 {
            return;
        }
        let text = match self.minutes_for(requests) {
            Some(minutes) => message!("refresh.details_time", entity = label, requests = requests, minutes = minutes),
            None => message!("refresh.details", entity = label, requests = requests),
        };
        self.progress.say(&text.to_string());
    }

    /// The address of an endpoint for the record of this id.
    pub(super) fn address_of(&self, endpoint: &Endpoint, id: &str) -> Url {
        let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        self.client.target().address(&endpoint.path.replace("{id}", &id))
    }

    /// Stores one record of an entity as seen by the list's generation. Tells whether it had not seen it before.
    pub(super) fn store(&self, entity: &Entity, list: &List, key: &Key, record: &Value) -> Result<bool> {
        let custom = &self.catalog.service.custom;
        for key in custom_keys(record, custom) {
            self.mirror.put_custom(list, &key)?;
        }
        let mut record = Cow::Borrowed(record);
        if entity.fields.iter().any(|field| field.secret) {
            remove_secrets(record.to_mut(), entity, custom, self.kept_secrets);
        }
        let moment = |member: &Option<String>| {
            let moment = moment::read(&as_text(record.get(member.as_ref()?)?), &self.catalog.service)?.begin();
            Some(moment.strftime("%Y-%m-%d %H:%M:%S").to_string())
        };
        let marks = Marks {
            created: moment(&entity.created),
            updated: moment(&entity.updated),
            is_deleted: is_deleted(entity, &record),
            stored: self.now(),
        };
        let body = record.to_string();
        // 0 stands for none: several records may have it.
        let is_another = key.rank == 0
            && entity.id.is_some()
            && self.mirror.has_seen(list, key)?
            && self.mirror.get(list, key)?.is_some_and(|before| before != body.as_bytes());
        let key = match is_another {
            true => Cow::Owned(Key::without_id(&record_key::hash(&record))),
            false => Cow::Borrowed(key),
        };
        self.mirror.put(list, &key, &marks, body.as_bytes())
    }

    /// What a query's records are called.
    pub(super) fn label(&self, query: &ListQuery<'_>) -> String {
        query.entity.label(Language::current()).to_owned()
    }
}

/// Begins work at once, on a task that ends when nobody waits for it any more.
fn on_a_task<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> impl Future<Output = Result<T>> {
    // A set takes its tasks with it when it is dropped; a handle alone would leave the task behind.
    let mut task = JoinSet::new();
    task.spawn(work);
    async move {
        match task.join_next().await {
            Some(Ok(done)) => done,
            // What broke was said where it did; a library's words for it help nobody.
            Some(Err(_)) | None => Err(Error::cannot_run(message!("printer.broken", place = "refresher.rs"))
                .hint(message!("printer.broken_hint"))),
        }
    }
}
