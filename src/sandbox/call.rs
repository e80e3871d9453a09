//! One request on its way through the server: what was asked, of whom, and which function answers it.

use super::answer::{Answer, Look, refusal};
use super::routes::{Action, Route};
use super::store::Store;
use super::variants::Variants;
use super::{binding, list, write};
use crate::entity::Entity;
use crate::error::Result;

/// One request.
#[derive(Debug)]
pub struct Call<'a> {
    /// The endpoint it is for.
    pub route: &'a Route,
    /// The id in its path.
    pub id: Option<i64>,
    /// Its query parameters.
    pub query: Vec<(String, String)>,
    /// Its `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Its `Requestid`; empty when it has none.
    pub request_id: &'a str,
    /// Its body.
    pub body: &'a [u8],
    /// The switches in force.
    pub variants: &'a Variants,
    /// Whether the main account is asking.
    pub is_main: bool,
}

impl Call<'_> {
    /// How records are written in its answer.
    pub fn look(&self) -> Look<'_> {
        Look { variants: self.variants, is_v2: self.route.is_v2, is_short: false }
    }

    /// The value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Carries it out.
    pub fn answer(&self, store: &mut Store) -> Result<Answer> {
        if !self.route.is_open && !self.is_main {
            return Ok(refusal(self.variants, 403, "SANDBOX-NO-PERMISSION", "no permission for this resource"));
        }
        let id = self.id.unwrap_or_default();
        match (self.route.action, self.route.entity) {
            (Action::Account, _) | (_, None) => Ok(self.account()),
            (Action::List, Some(entity)) => list::list(self, entity, store),
            (Action::Belonging(owner), Some(entity)) => list::belonging(self, entity, owner, id, store),
            (Action::Many, Some(entity)) => list::many(self, entity, store),
            (Action::Search, Some(entity)) => list::search(self, entity, store),
            (Action::Get, Some(entity)) => self.one(entity, id, store),
            (Action::Create, Some(entity)) => write::create(self, entity, store),
            (Action::Update, Some(entity)) => write::update(self, entity, id, store),
            (Action::Delete, Some(entity)) => write::delete(self, entity, id, store),
            (Action::Messages, Some(entity)) => list::messages(self, entity, id, store),
            (Action::Fields(owner, is_all), Some(_)) => Ok(list::fields(self, owner, is_all)),
            (Action::Bind, Some(entity)) => binding::bind(self, entity, store),
            (Action::Binding, Some(entity)) => binding::query(self, entity, store),
            (Action::Rebind, Some(entity)) => binding::rebind(self, entity, store),
            (Action::Unbind, Some(entity)) => binding::unbind(self, entity, store),
        }
    }

    /// A deleted record can still be read by its id: only lists hide it.
    fn one(&self, entity: &Entity, id: i64, store: &Store) -> Result<Answer> {
        use super::answer::singular;
        use super::variants::Missing;
        let look = self.look();
        Ok(match store.get(&entity.name, id)? {
            Some(record) => {
                Answer::text(200, look.wrapped(singular(entity), look.is_list(entity), entity, id, &record))
            }
            None if self.variants.missing == Missing::Empty => {
                Answer::json(200, &serde_json::json!({ singular(entity): [] }))
            }
            None => refusal(self.variants, 404, "SANDBOX-NO-SUCH-RECORD", &format!("{id} does not exist")),
        })
    }

    /// Only the text for a login that is not the main account is known, not its shape.
    fn account(&self) -> Answer {
        if self.is_main {
            Answer::json(200, &serde_json::json!({"agent_info": {"agentId": "18", "name": "示例服务商"}}))
        } else {
            refusal(self.variants, 403, "SANDBOX-NOT-MAIN", "不是主账号")
        }
    }
}
