//! Where writes of one entity go and what comes back.

use bytes::Bytes;
use serde_json::{Map, Value};
use url::Url;

use crate::api::{Expected, Target};
use crate::entity::{Catalog, Endpoint, Entity, Method};

/// Where writes of one entity go and what comes back.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path with `{id}` in it, or without.
    pub path: String,
    /// The address, when the path needs no id.
    pub address: Url,
    /// Member the record is wrapped in.
    pub wrap: Option<String>,
    /// What an answer looks like.
    pub expected: Expected,
    /// Members an update has to send again.
    pub resend: Vec<String>,
}

impl Route {
    /// The route of an endpoint.
    pub(super) fn new(target: &Target, catalog: &Catalog, entity: &Entity, endpoint: &Endpoint) -> Route {
        let list = entity.endpoint("list").and_then(|list| list.answer.clone());
        let get = entity.endpoint("get").and_then(|get| get.answer.clone());
        let mut wrappers: Vec<String> =
            [endpoint.answer.clone(), endpoint.wrap.clone(), get, list].into_iter().flatten().collect();
        wrappers.dedup();
        Route {
            method: endpoint.method,
            path: endpoint.path.clone(),
            address: target.address(&endpoint.path),
            wrap: endpoint.wrap.clone(),
            expected: Expected {
                wrappers,
                id: entity.id.clone(),
                unknown_path_code: catalog.service.error.unknown_path_code.clone(),
                secrets: entity.fields.iter().filter(|field| field.secret).map(|field| field.name.clone()).collect(),
            },
            resend: endpoint.resend.clone(),
        }
    }

    /// The address for a record's id.
    pub(super) fn address_of(&self, target: &Target, id: &str) -> Url {
        target.address(&self.path.replace("{id}", &encoded(id)))
    }

    /// The body that carries `members`.
    pub(super) fn body(&self, members: Map<String, Value>) -> Bytes {
        let document = match &self.wrap {
            None => Value::Object(members),
            Some(wrap) => Value::Object(Map::from_iter([(wrap.clone(), Value::Object(members))])),
        };
        Bytes::from(document.to_string())
    }
}

/// An id as part of a path. Checked ids are digits; an overlay may allow others.
fn encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}
