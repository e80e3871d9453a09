//! Where records of one entity are written and read, with which body, and what comes back.

use bytes::Bytes;
use serde_json::{Map, Value};
use url::Url;

use super::operation::{Members, body_of};
use crate::api::{Expected, Place, Target, as_text};
use crate::entity::{Catalog, Custom, Endpoint, Entity, Method};

/// Where one kind of request goes and what comes back.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path with `{id}` in it, or without.
    path: String,
    /// The address, when the path needs no id.
    address: Url,
    /// Member the record is wrapped in.
    wrap: Option<String>,
    /// What an answer looks like.
    pub expected: Expected,
    /// Members an update has to send again.
    pub resend: Vec<String>,
}

/// How records of one entity are read and changed.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// The entity.
    pub entity: Entity,
    /// How its records carry custom fields.
    pub custom: Custom,
    /// Reads one record.
    pub get: Route,
    /// Changes one record.
    pub update: Route,
}

impl Route {
    /// The route of an endpoint.
    pub(super) fn new(target: &Target, catalog: &Catalog, entity: &Entity, endpoint: &Endpoint) -> Route {
        let list = entity.endpoint("list").and_then(|list| list.answer.clone());
        let get = entity.endpoint("get").and_then(|get| get.answer.clone());
        let mut wrappers: Vec<String> =
            [endpoint.answer.clone(), endpoint.wrap.clone(), get, list].into_iter().flatten().collect();
        wrappers.dedup();
        let collection = endpoint.path.split("/{id}").next().unwrap_or_default();
        // Behind a gateway the service calls itself by its own name.
        let own = Url::parse(&format!("{}{collection}", catalog.service.base_url)).ok();
        Route {
            method: endpoint.method,
            path: endpoint.path.clone(),
            address: target.address(&endpoint.path),
            wrap: endpoint.wrap.clone(),
            expected: Expected {
                wrappers,
                id: entity.id.clone(),
                place: Place::new(std::iter::once(target.address(collection)).chain(own)),
                keys: telling_fields(entity).cloned().collect(),
                unknown_path_code: catalog.service.error.unknown_path_code.clone(),
                secrets: entity.fields.iter().filter(|field| field.secret).map(|field| field.name.clone()).collect(),
                is_whole: false,
                conflict: None,
            },
            resend: endpoint.resend.clone(),
        }
    }

    /// The address for a record's id, or for a record that has none yet.
    pub(super) fn address(&self, target: &Target, id: Option<&str>) -> Url {
        match id {
            Some(id) => target.address(&self.path.replace("{id}", &encoded(id))),
            None => self.address.clone(),
        }
    }
}

impl Access {
    /// The routes of an entity whose records can be read one by one and changed.
    pub(super) fn new(target: &Target, catalog: &Catalog, entity: &Entity) -> Option<Access> {
        let route = |name| entity.endpoint(name).map(|endpoint| Route::new(target, catalog, entity, endpoint));
        Some(Access {
            entity: entity.clone(),
            custom: catalog.service.custom.clone(),
            get: match entity.conflict.as_ref().filter(|_| entity.is_asked_for()) {
                Some(conflict) => route(&conflict.endpoint)?,
                None => route("get")?,
            },
            update: whole(route("update")?),
        })
    }

    /// Where a record is read.
    pub(super) fn read_address(&self, target: &Target, id: &str) -> Url {
        if !self.entity.is_asked_for() {
            return self.get.address(target, Some(id));
        }
        let mut address = self.get.address(target, None);
        address.query_pairs_mut().extend_pairs(self.entity.named_by().iter().zip(id.split('/')));
        address
    }

    /// The name of a record that was read, as a row names it.
    pub(super) fn name_of(&self, record: &Map<String, Value>) -> String {
        self.entity.key_name(|field| record.get(field).map(as_text).unwrap_or_default())
    }

    /// The body of a change.
    pub(super) fn body(&self, members: &Members) -> Bytes {
        body_of(members, &self.custom, self.update.wrap.as_ref())
    }
}

/// The same where an answer is compared with what was sent.
fn whole(mut route: Route) -> Route {
    route.expected.is_whole = true;
    route
}

/// An id as part of a path. Checked ids are digits; an overlay may allow others.
fn encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

/// The fields that tell one record from another: those of its natural keys, else the one it is shown by.
fn telling_fields(entity: &Entity) -> impl Iterator<Item = &String> {
    let shown = entity.display.iter().filter(|_| entity.keys.is_empty());
    entity.keys.iter().flatten().chain(shown).chain(&entity.tags)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::api::Credentials;

    fn target() -> Target {
        Target {
            base: Url::parse("https://www.example.com/api/v1").unwrap(),
            credentials: Credentials::Basic { user: "me@example.com".into(), password: String::new().into() },
            ca_cert: None,
            concurrency: 1,
            rate: 0.0,
            timeout: Duration::from_secs(1),
            patience: Duration::ZERO,
            first_patience: Duration::ZERO,
            log: None,
            history: Default::default(),
        }
    }

    #[test]
    fn a_change_is_one_record_under_its_wrapper_with_custom_fields_together() {
        let catalog = Catalog::embedded();
        let access = Access::new(&target(), catalog, catalog.get("customers").unwrap()).unwrap();
        let mut members = Members { fields: [("name", "示例 \"一\"")].into_iter().collect(), ..Members::default() };
        let body = |members: &Members| serde_json::from_slice::<Value>(&access.body(members)).unwrap();
        assert_eq!(body(&members), json!({"user": {"name": "示例 \"一\""}}));
        members.custom = [("f_1", "a"), ("f_2", "b")].into_iter().collect();
        members.fields.push("cId", "7");
        assert_eq!(
            body(&members),
            json!({"user": {"name": "示例 \"一\"", "cId": "7",
                "custom_fields": [{"key": "f_1", "value": "a"}, {"key": "f_2", "value": "b"}]}})
        );
    }
}
