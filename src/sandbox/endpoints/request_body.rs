//! Request bodies.

use serde_json::{Map, Value};

use super::call::Call;
use super::rejection::{Checked, reject};

/// The record in a request's body, out of its wrapper.
pub(crate) fn record(call: &Call<'_>) -> Checked<Map<String, Value>> {
    let kind = call.content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return reject("SANDBOX-CONTENT-TYPE", "Content-Type: must be application/json");
    }
    let Ok(Value::Object(mut body)) = serde_json::from_slice(call.body) else {
        return reject("SANDBOX-NOT-JSON", "body: must be a JSON object");
    };
    let Some(wrap) = call.route.endpoint.and_then(|endpoint| endpoint.wrap.as_deref()) else { return Ok(body) };
    match (body.remove(wrap), body.keys().next()) {
        (Some(Value::Object(record)), None) => Ok(record),
        (Some(_), None) => reject("SANDBOX-WRAPPER", format!("{wrap}: must be an object")),
        (Some(_), Some(other)) => reject("SANDBOX-WRAPPER", format!("{other}: does not belong beside {wrap}")),
        (None, _) => reject("SANDBOX-WRAPPER", format!("{wrap}: the record must be wrapped in it")),
    }
}
