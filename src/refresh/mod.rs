//! Brings the mirror up to date: asks the service page by page, stores what it answers, and proves that nothing is missing.
//! It is the one place where `api` and `mirror` meet; exports are written from what it leaves behind.
//!
//! `pages` says which page to ask for and what a page proves, `window` reads one filter of a list to its end, `list` repeats
//! that until the answer is whole, `details` asks for single records, `walk` finds records that have no list.

mod details;
mod list;
mod pages;
mod question;
mod record;
mod walk;
mod window;

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use crate::api::{Client, Document};
use crate::entity::{Catalog, Entity};
use crate::error::{Error, Result};
use crate::mirror::{List, Mirror};
use crate::terminal::{Interrupt, Progress};

pub use details::Detail;
pub use list::{Outcome, Report};
pub use question::Question;
pub use record::{is_deleted, text_of};

/// Everything a refresh works with.
#[derive(Debug, Clone, Copy)]
pub struct Refresh<'a> {
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
}

impl Refresh<'_> {
    /// Asks for a document on a task of its own, so that storing one page does not hold up the next.
    fn fetch(&self, url: Url) -> impl Future<Output = Result<Document>> + use<> {
        let client = Arc::clone(self.client);
        Task(tokio::spawn(async move { client.read(&url).await }))
    }

    /// Stores one record of an entity as seen by the list's pass.
    fn store(&self, entity: &Entity, list: &List, key: &crate::mirror::Key, record: &Value) -> Result<()> {
        let custom = &self.catalog.service.custom;
        for key in record::custom_keys(record, custom) {
            self.mirror.put_custom(list, &key)?;
        }
        let secrets = entity.fields.iter().filter(|field| field.secret && !self.kept_secrets.contains(&field.name));
        let body = match record.as_object() {
            Some(members) if secrets.clone().any(|field| members.contains_key(&field.name)) => {
                let mut members = members.clone();
                for field in secrets {
                    members.remove(&field.name);
                }
                Value::Object(members).to_string()
            }
            _ => record.to_string(),
        };
        self.mirror.put(list, key, body.as_bytes())
    }
}

/// A task that ends when nobody waits for it any more.
struct Task<T>(tokio::task::JoinHandle<Result<T>>);

impl<T> Future for Task<T> {
    type Output = Result<T>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0)
            .poll(context)
            .map(|joined| joined.unwrap_or_else(|error| Err(Error::cannot_run(error.to_string()))))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
