//! What a record said in the fields that a change writes, right before it was written: kept as marks with the row where the answer
//! was lost, so that a later reading tells whether the change never arrived.

use serde_json::{Map, Value};

use super::operation::Members;
use super::route::Access;
use super::sent_members::value_of;
use crate::baseline::mark;
use crate::entity::Field;
use crate::journal::Reason;
use crate::message;

/// The detail that holds it.
const WAS: &str = "was";

/// Adds to why a change is in doubt what the record said before. What cannot be seen, such as a reply or a secret, proves nothing.
pub(super) fn with_image(reason: Reason, access: &Access, members: &Members, record: &Map<String, Value>) -> Reason {
    let marks: Option<Vec<String>> =
        members.iter().map(|(name, _)| mark_of(access, record, name).map(|mark| format!("{name}={mark}"))).collect();
    let (Some(marks), Some(why)) = (marks, reason.message.part("why")) else { return reason };
    let was = marks.join(",");
    Reason { message: message!("attempt.change_in_doubt", why = why, was = was), ..reason }
}

/// Whether a record says in all fields that were to be written what it said before; not where that is not known.
pub(super) fn is_as_before(reason: &Reason, access: &Access, record: &Map<String, Value>) -> bool {
    // Settling that could not tell has put more words behind the first ones.
    let first = reason.message.part("before");
    let was = reason.message.part(WAS).or_else(|| first.as_ref()?.part(WAS)).map(|was| was.to_string());
    let is_same = |pair: &str| {
        let (name, mark) = pair.rsplit_once('=')?;
        Some(mark_of(access, record, name)?.to_string() == mark)
    };
    was.is_some_and(|was| was.split(',').all(|pair| is_same(pair) == Some(true)))
}

/// The mark of what a record says in a field; none of what it never shows, or nobody is to see.
fn mark_of(access: &Access, record: &Map<String, Value>, name: &str) -> Option<u64> {
    let field = access.entity.field(name).cloned().unwrap_or_else(|| Field::custom_text(name));
    let now = value_of(record, name, &access.custom).unwrap_or_default();
    (field.is_comparable() && !field.secret).then(|| mark(&field, &now))
}
