//! Which function answers a call.

use serde_json::json;

use super::binding;
use super::call::Call;
use super::field_definitions;
use super::get;
use super::list;
use super::write;
use crate::error::Result;
use crate::sandbox::answer::{Answer, error_answer};
use crate::sandbox::records::store::Store;
use crate::sandbox::routes::Action;

/// Carries a call out.
pub(crate) fn dispatch(call: &Call<'_>, store: &mut Store) -> Result<Answer> {
    if !call.route.is_open_to_agents && !call.is_main {
        return Ok(error_answer(call.variants, 403, "SANDBOX-NO-PERMISSION", "no permission for this resource"));
    }
    let id = call.id.unwrap_or_default();
    match (call.route.action, call.route.entity) {
        (Action::Account, _) | (_, None) => Ok(account(call)),
        (Action::List, Some(entity)) => list::list(call, entity, store),
        (Action::ListByOwner(owner), Some(entity)) => list::list_by_owner(call, entity, owner, id, store),
        (Action::ShowMany, Some(entity)) => list::show_many(call, entity, store),
        (Action::Search, Some(entity)) => list::search(call, entity, store),
        (Action::Get, Some(entity)) => get::get(call, entity, id, store),
        (Action::Create, Some(entity)) => write::create(call, entity, store),
        (Action::Update, Some(entity)) => write::update(call, entity, id, store),
        (Action::Delete, Some(entity)) => write::delete(call, entity, id, store),
        (Action::Messages, Some(entity)) => get::messages(call, entity, id, store),
        (Action::Fields(owner, is_all), Some(_)) => Ok(field_definitions::list(call, owner, is_all)),
        (Action::CreateBinding, Some(entity)) => binding::create(call, entity, store),
        (Action::QueryBinding, Some(entity)) => binding::query(call, entity, store),
        (Action::UpdateBinding, Some(entity)) => binding::update(call, entity, store),
        (Action::DeleteBinding, Some(entity)) => binding::delete(call, entity, store),
    }
}

/// Only the text for a login that is not the main account is known, not its shape.
fn account(call: &Call<'_>) -> Answer {
    if call.is_main {
        Answer::json(200, &json!({"agent_info": {"agentId": "18", "name": "示例服务商"}}))
    } else {
        error_answer(call.variants, 403, "SANDBOX-NOT-MAIN", "不是主账号")
    }
}
