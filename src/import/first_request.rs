//! The first request of a run as it would leave, for whoever wants to see it before it does.

use serde_json::{Value, json};

use super::operation::{DraftWriter, Members, WriteOperation};
use super::options::ImportOptions;
use super::route::{Access, Route};
use crate::api::Credentials;
use crate::entity::Method;
use crate::terminal::quoted;

/// What stands for a secret.
const HIDDEN: &str = "•••";

/// A request that is shown and not sent.
#[derive(Debug)]
pub(super) struct FirstRequest {
    method: Method,
    address: String,
    /// The login, whose name is no secret.
    login: Login,
    /// Name of the header with the request's id.
    request_id: String,
    /// None where it is made of the record as it is then.
    body: Option<Value>,
}

/// How a request says who sends it.
#[derive(Debug)]
enum Login {
    /// By this user's name and a password.
    Basic(String),
    /// By a token that the key pair of this name asks for.
    Token(String),
}

impl FirstRequest {
    /// The first request that an operation asks for; none for one that the entity has no endpoint for.
    pub(super) fn of(options: &ImportOptions<'_>, operation: &WriteOperation) -> Option<FirstRequest> {
        if operation.is_unresolved() {
            return None;
        }
        let target = options.account.shown_target()?;
        let (catalog, entity) = (options.catalog, options.entity());
        let access = |name: &str| Access::new(&target, catalog, catalog.get(name)?);
        let (route, id, body) = match operation {
            WriteOperation::Write { body, .. } => {
                let route = Route::new(&target, catalog, entity, entity.endpoint("create")?);
                (route, None, Some(body.clone()))
            }
            WriteOperation::Draft(members) => {
                let route = Route::new(&target, catalog, entity, entity.endpoint("create")?);
                (route, None, Some(DraftWriter::new(entity, &catalog.service.custom).body(members)))
            }
            // Only the account tells whether it makes a record or changes one.
            WriteOperation::LookedUp { .. } => return None,
            WriteOperation::Change { id, cells } => {
                let access = access(&entity.name)?;
                let body = access.body(&Members::of(cells));
                (access.update, Some(id.as_str()), Some(body))
            }
            WriteOperation::Tags(edit) => (access(&edit.entity)?.update, Some(edit.id.as_str()), None),
        };
        let secrets = &route.expected.secrets;
        let custom = &catalog.service.custom;
        let body = body.map(|body| {
            without(serde_json::from_slice(&body).unwrap_or_default(), secrets, &custom.key, &custom.value)
        });
        Some(FirstRequest {
            method: route.method,
            address: route.address(&target, id).to_string(),
            login: match &target.credentials {
                Credentials::Basic { user, .. } => Login::Basic(user.clone()),
                Credentials::OAuth { client_id, .. } => Login::Token(client_id.clone()),
            },
            request_id: catalog.service.request_id.header.clone(),
            body,
        })
    }

    /// It as a request is written.
    pub(super) fn text(&self) -> String {
        let body = self.body.as_ref().and_then(|body| serde_json::to_string_pretty(body).ok());
        let head = format!(
            "{} {}\nAuthorization: {}\nContent-Type: application/json\n{}: {HIDDEN}",
            self.method(),
            self.address,
            match &self.login {
                Login::Basic(user) => format!("{HIDDEN} ({user})"),
                Login::Token(client_id) => format!("Bearer {HIDDEN} ({client_id})"),
            },
            self.request_id
        );
        match body {
            Some(body) => format!("{head}\n\n{body}"),
            None => head,
        }
    }

    /// It as a command of curl. The login is none, so that nothing is sent by pasting it.
    pub(super) fn curl(&self) -> String {
        let (option, login) = match &self.login {
            Login::Basic(user) => ("-u", format!("{user}:{HIDDEN}")),
            Login::Token(_) => ("-H", format!("Authorization: Bearer {HIDDEN}")),
        };
        let login = quoted(&login).into_owned();
        let mut words = vec!["curl".to_owned(), "-X".to_owned(), self.method(), option.to_owned(), login];
        words.extend(["-H".to_owned(), quoted("Content-Type: application/json").into_owned()]);
        if let Some(body) = &self.body {
            words.extend(["--data-binary".to_owned(), quoted(&body.to_string()).into_owned()]);
        }
        words.push(quoted(&self.address).into_owned());
        words.join(" ")
    }

    /// It for programs.
    pub(super) fn json(&self) -> Value {
        json!({"method": self.method(), "address": self.address, "body": self.body})
    }

    fn method(&self) -> String {
        format!("{:?}", self.method).to_uppercase()
    }
}

/// A document without the values of secret members, custom fields included.
fn without(value: Value, secrets: &[String], key: &str, custom_value: &str) -> Value {
    let is_secret = |name: &str| secrets.iter().any(|secret| secret == name);
    match value {
        Value::Array(items) => items.into_iter().map(|item| without(item, secrets, key, custom_value)).collect(),
        Value::Object(members) => {
            let is_custom = members.get(key).and_then(Value::as_str).is_some_and(is_secret);
            members
                .into_iter()
                .map(|(name, value)| match is_secret(&name) || is_custom && name == custom_value {
                    true => (name, HIDDEN.into()),
                    false => (name, without(value, secrets, key, custom_value)),
                })
                .collect()
        }
        other => other,
    }
}
