//! Which fields there are: custom ones and the service's own.

use serde_json::{Value, json};

use super::call::Call;
use crate::entity::{Catalog, Kind};
use crate::sandbox::answer::Answer;

/// Field definitions: custom ones, and before them the service's own where all are asked for.
pub(crate) fn list(call: &Call<'_>, owner: &str, is_all: bool) -> Answer {
    let endpoint = call.route.endpoint;
    let path = endpoint.map_or("", |endpoint| endpoint.path.as_str()).replace("{id}", "1");
    let path = path.trim_end_matches(".json");
    let mut fields: Vec<Value> = Vec::new();
    let catalog = Catalog::embedded();
    if let Some(entity) = catalog.get(owner).filter(|_| is_all) {
        let own = entity.fields.iter().enumerate().filter(|(_, field)| !field.read_only && !field.write_only);
        fields.extend(own.map(|(index, field)| {
            let options: Vec<Value> =
                field.choices.iter().map(|choice| json!({"key": choice.value, "value": choice.zh})).collect();
            json!({"id": (1001 + index).to_string(), "name": field.zh, "key": field.name, "type": type_code(field.kind),
                   "system": "1", "custom_field_options": options})
        }));
    }
    fields.extend(call.custom_fields.of(owner).iter().map(|field| json!(field)));
    for field in &mut fields {
        let url = format!("{}{path}/{}.json", catalog.service.base_url, field["id"].as_str().unwrap_or_default());
        field["url"] = Value::String(url);
    }
    let key = endpoint.and_then(|endpoint| endpoint.answer.as_deref()).unwrap_or("data");
    Answer::json(200, &json!({ key: fields }))
}

/// The service's code for a kind of value.
fn type_code(kind: Kind) -> &'static str {
    match kind {
        Kind::Choice => "1",
        Kind::Html => "3",
        Kind::Integer => "4",
        Kind::Decimal => "5",
        Kind::Date | Kind::DateTime => "8",
        Kind::Mobile | Kind::Phone => "17",
        _ => "2",
    }
}
