//! Which fields the records of a list show: by one that no record carries, or that is masked, nobody is found, so that not
//! having found anyone proves nothing.

use serde_json::Value;

use crate::api::as_text;
use crate::entity::{Field, Kind};
use crate::message;
use crate::message::Message;

/// Signs that stand for digits or letters that nobody is to see.
const MASKS: [char; 3] = ['*', '＊', '•'];

/// What the records of a list show of some fields.
#[derive(Debug)]
pub struct ShownFields<'a> {
    records: u64,
    fields: Vec<ShownField<'a>>,
}

#[derive(Debug)]
struct ShownField<'a> {
    field: &'a Field,
    is_carried: bool,
    is_masked: bool,
}

impl<'a> ShownFields<'a> {
    /// Of these fields, before any record.
    pub fn of(fields: &[&'a Field]) -> ShownFields<'a> {
        let fields = fields.iter().map(|field| ShownField { field, is_carried: false, is_masked: false });
        ShownFields { records: 0, fields: fields.collect() }
    }

    /// Takes a record of the list.
    pub fn look_at(&mut self, record: &Value) {
        self.records += 1;
        for ShownField { field, is_carried, is_masked } in &mut self.fields {
            let Some(value) = record.get(&field.name) else { continue };
            *is_carried = true;
            let is_maskable = matches!(field.kind, Kind::Mobile | Kind::Phone | Kind::Email);
            *is_masked = *is_masked || is_maskable && as_text(value).contains(MASKS);
        }
    }

    /// Why nobody can be found by these fields, when that is so. A list without records hides nothing.
    pub fn unseen(&self) -> Option<Message> {
        let field = self.fields.iter().find(|field| self.records > 0 && (!field.is_carried || field.is_masked))?;
        let label = field.field.labels();
        Some(match field.is_carried {
            false => message!("lookup.not_shown", field = label),
            true => message!("lookup.masked", field = label),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entity::Catalog;

    fn unseen(name: &str, records: &[Value]) -> Option<String> {
        let entity = Catalog::embedded().get("customers").unwrap();
        let mut shown = ShownFields::of(&[entity.field(name).unwrap()]);
        records.iter().for_each(|record| shown.look_at(record));
        shown.unseen().map(|why| why.code().to_owned())
    }

    #[test]
    fn a_field_that_no_record_carries_or_that_is_masked_finds_nobody() {
        assert_eq!(unseen("mobile", &[]), None);
        assert_eq!(unseen("mobile", &[json!({"mobile": "13000000001"}), json!({})]), None);
        assert_eq!(unseen("email", &[json!({"email": ""})]), None);
        assert_eq!(unseen("email", &[json!({"mobile": "13000000001"})]).unwrap(), "lookup.not_shown");
        let masked = [json!({"mobile": "13000000001"}), json!({"mobile": "130****0002"})];
        assert_eq!(unseen("mobile", &masked).unwrap(), "lookup.masked");
        // A name is what its owner makes of it.
        assert_eq!(unseen("name", &[json!({"name": "示例*"})]), None);
    }
}
