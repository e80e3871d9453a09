//! Whether a record may be what a row made although it does not say the same: services change what they are given.

use serde_json::{Map, Value};

use super::sent_members::{is_stored, value_of};
use super::skeleton::Skeleton;
use crate::entity::{Custom, Entity, Kind};

/// Whether a record may be what became of what was sent: all it says of that resembles it. What it does not say, or what a
/// service is known to set itself, decides nothing.
pub(super) fn may_be_of(
    entity: &Entity,
    custom: &Custom,
    sent: &[(String, String)],
    record: &Map<String, Value>,
) -> bool {
    sent.iter().all(|(name, value)| {
        let field = entity.field(name);
        let Some(got) = value_of(record, name, custom) else { return true };
        match field.map_or(Kind::Text, |field| field.kind) {
            _ if got.is_empty() || value.is_empty() || field.is_some_and(|field| field.secret) => true,
            Kind::Text | Kind::Html | Kind::Mobile | Kind::Phone | Kind::Email => {
                Skeleton::of(value).may_become(&Skeleton::of(&got))
            }
            Kind::Id => got == "0" || is_stored(field, value, Some(&got)),
            _ => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn a_record_may_be_of_a_row_unless_it_says_something_else() {
        let catalog = Catalog::embedded();
        let entity = catalog.get("tickets").unwrap();
        let sent = [("subject", "打印机坏了😀"), ("descript", "说明"), ("custUserId", "50001")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let may_be = |record: Value| may_be_of(entity, &catalog.service.custom, &sent, record.as_object().unwrap());
        assert!(may_be(
            json!({"ticketId": "900001", "subject": "打印机坏了", "descript": "<p>说明</p>", "custUserId": 50001})
        ));
        assert!(may_be(json!({"ticketId": "900001", "subject": "打印机坏了", "custUserId": "0"})));
        assert!(may_be(json!({"ticketId": "900001"})));
        assert!(!may_be(json!({"subject": "打印机坏了", "descript": "说明", "custUserId": "50002"})));
        assert!(!may_be(json!({"subject": "打印机坏了", "descript": "换一台", "custUserId": "50001"})));
        assert!(!may_be(json!({"subject": "网络不通", "descript": "说明", "custUserId": "50001"})));
    }
}
