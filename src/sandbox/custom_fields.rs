//! Custom fields: which there are, how their values are written, and how they are stored (a drop-down as its option id).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The member of a record that carries custom fields.
pub(super) const MEMBER: &str = "custom_fields";

/// One option of a drop-down, or one node of a cascade.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CustomFieldOption {
    /// Option id.
    pub key: String,
    /// Option text.
    pub value: String,
    /// The next level of a cascade.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subset_value: Vec<CustomFieldOption>,
}

/// One custom field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CustomField {
    /// Its id.
    pub id: String,
    /// Its label.
    pub name: String,
    /// Its key in a record's `custom_fields`.
    pub key: String,
    /// Code of its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// `1` for a field of the service itself.
    pub system: String,
    /// Options of a drop-down or a cascade.
    pub custom_field_options: Vec<CustomFieldOption>,
}

static INVENTED: LazyLock<BTreeMap<String, Vec<CustomField>>> = LazyLock::new(|| {
    // The file is part of the binary and a test reads it.
    serde_json::from_str(include_str!("custom_fields.json")).expect("custom_fields.json is valid")
});

/// The custom fields of an account, by entity.
#[derive(Debug, Clone)]
pub(super) struct CustomFields(BTreeMap<String, Vec<CustomField>>);

impl CustomFields {
    /// Those of the invented account, except where an account that is copied has its own.
    pub(super) fn new(copied: BTreeMap<String, Vec<CustomField>>) -> Self {
        let mut all = INVENTED.clone();
        all.extend(copied);
        CustomFields(all)
    }

    /// The custom fields of an entity, or of a `form`.
    pub(super) fn of(&self, owner: &str) -> &[CustomField] {
        self.0.get(owner).map_or(&[], Vec::as_slice)
    }
}

impl CustomField {
    /// A cascade: only the `_v2` forms carry it.
    pub(super) fn is_cascade(&self) -> bool {
        self.kind == "18"
    }

    /// What is stored for a value as it was sent, or what is wrong with it. A drop-down is sent as its option's id when
    /// `by_id`, as its text otherwise.
    pub(super) fn read(&self, sent: &Value, by_id: bool) -> Result<Value, &'static str> {
        let text = match sent {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Array(_) | Value::Object(_) if self.is_cascade() => return Ok(sent.clone()),
            _ => return Err("must be a string or a number"),
        };
        if text.is_empty() {
            return Ok(Value::String(text));
        }
        let stored = match self.kind.as_str() {
            "1" => {
                let is_meant =
                    |option: &&CustomFieldOption| if by_id { option.key == text } else { option.value == text };
                let unknown = if by_id { "is not an option id" } else { "is not the text of an option" };
                self.custom_field_options.iter().find(is_meant).ok_or(unknown)?.key.clone()
            }
            "4" if text.parse::<u64>().is_err() => return Err("must be a positive integer"),
            "5" if text.parse::<f64>().is_err() => return Err("must be a decimal number"),
            "6" if !matches!(text.as_str(), "是" | "否") => return Err("must be 是 or 否"),
            "8" if text.parse::<jiff::civil::Date>().is_err() => return Err("must be a date such as 2018-02-03"),
            _ => text,
        };
        Ok(Value::String(stored))
    }

    /// The stored value as it is answered.
    pub(super) fn show<'a>(&'a self, stored: &'a Value, by_id: bool) -> std::borrow::Cow<'a, Value> {
        use std::borrow::Cow;
        if by_id || self.kind != "1" {
            return Cow::Borrowed(stored);
        }
        let option = self.custom_field_options.iter().find(|option| stored == option.key.as_str());
        option.map_or(Cow::Borrowed(stored), |option| Cow::Owned(Value::String(option.value.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_stored_by_id_and_shown_either_way() {
        let fields = CustomFields::new(BTreeMap::new());
        let field = &fields.of("companies")[0];
        let stored = field.read(&"零售".into(), false).unwrap();
        assert_eq!(stored, "231");
        assert_eq!(*field.show(&stored, false), "零售");
        assert_eq!(*field.show(&stored, true), "231");
        assert!(field.read(&"231".into(), false).is_err());
        assert!(field.read(&"零售".into(), true).is_err());
    }
}
