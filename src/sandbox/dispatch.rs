//! Which function answers a call.

use serde_json::json;

use super::answer::{Answer, refusal};
use super::call::Call;
use super::routes::Action;
use super::store::Store;
use super::{binding, fields, get, list, write};
use crate::error::Result;

/// Carries a call out.
pub fn dispatch(call: &Call<'_>, store: &mut Store) -> Result<Answer> {
    if !call.route.is_open && !call.is_main {
        return Ok(refusal(call.variants, 403, "SANDBOX-NO-PERMISSION", "no permission for this resource"));
    }
    let id = call.id.unwrap_or_default();
    match (call.route.action, call.route.entity) {
        (Action::Account, _) | (_, None) => Ok(account(call)),
        (Action::List, Some(entity)) => list::list(call, entity, store),
        (Action::Belonging(owner), Some(entity)) => list::belonging(call, entity, owner, id, store),
        (Action::Many, Some(entity)) => list::many(call, entity, store),
        (Action::Search, Some(entity)) => list::search(call, entity, store),
        (Action::Get, Some(entity)) => get::get(call, entity, id, store),
        (Action::Create, Some(entity)) => write::create(call, entity, store),
        (Action::Update, Some(entity)) => write::update(call, entity, id, store),
        (Action::Delete, Some(entity)) => write::delete(call, entity, id, store),
        (Action::Messages, Some(entity)) => get::messages(call, entity, id, store),
        (Action::Fields(owner, is_all), Some(_)) => Ok(fields::list(call, owner, is_all)),
        (Action::Bind, Some(entity)) => binding::bind(call, entity, store),
        (Action::Binding, Some(entity)) => binding::query(call, entity, store),
        (Action::Rebind, Some(entity)) => binding::rebind(call, entity, store),
        (Action::Unbind, Some(entity)) => binding::unbind(call, entity, store),
    }
}

/// Only the text for a login that is not the main account is known, not its shape.
fn account(call: &Call<'_>) -> Answer {
    if call.is_main {
        Answer::json(200, &json!({"agent_info": {"agentId": "18", "name": "示例服务商"}}))
    } else {
        refusal(call.variants, 403, "SANDBOX-NOT-MAIN", "不是主账号")
    }
}
