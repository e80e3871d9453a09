//! One record by its id, and the messages of a chat.

use serde_json::json;

use super::call::Call;
use crate::entity::Entity;
use crate::error::Result;
use crate::sandbox::answer::{Answer, error_answer};
use crate::sandbox::record_style::singular;
use crate::sandbox::records::store::Store;
use crate::sandbox::variants::Missing;

/// Where a stored chat keeps its messages; they are no field of it.
pub(crate) const MESSAGES: &str = "messages";

/// One record. A deleted one can still be read by its id: only lists hide it.
pub(crate) fn get(call: &Call<'_>, entity: &Entity, id: i64, store: &Store) -> Result<Answer> {
    let style = call.record_style();
    Ok(match store.get(&entity.name, id)? {
        Some(record) => Answer::text(200, style.wrapped(singular(entity), style.is_list(entity), entity, id, &record)),
        None if call.variants.missing == Missing::Empty => Answer::json(200, &json!({ singular(entity): [] })),
        None => error_answer(call.variants, 404, "SANDBOX-NO-SUCH-RECORD", &format!("{id} does not exist")),
    })
}

/// The messages of one chat.
pub(crate) fn messages(call: &Call<'_>, entity: &Entity, id: i64, store: &Store) -> Result<Answer> {
    let key = call.route.endpoint.and_then(|endpoint| endpoint.answer.as_deref()).unwrap_or("data");
    let Some(chat) = store.get(&entity.name, id)? else {
        return Ok(error_answer(call.variants, 404, "SANDBOX-NO-SUCH-RECORD", &format!("{id} does not exist")));
    };
    let messages = chat.get(MESSAGES).cloned().unwrap_or_else(|| json!([]));
    Ok(Answer::json(200, &json!({ key: messages })))
}
