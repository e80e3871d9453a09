//! Faults that change what a list is made of, just before one of its pages is read.

use serde_json::Value;

use super::fault::{Fault, Kind};
use crate::entity::Entity;
use crate::error::Result;
use crate::sandbox::clock::now;
use crate::sandbox::endpoints::defaults::fill_defaults;
use crate::sandbox::records::indexed_fields::IndexedFields;
use crate::sandbox::records::record::{Record, text};
use crate::sandbox::records::selection::Selection;
use crate::sandbox::records::store::Store;

/// Changes what a list is made of, just before one of its pages is read.
pub(crate) fn change_list(fault: &Fault, entity: &Entity, store: &mut Store) -> Result<()> {
    if !matches!(fault.kind, Kind::PageInsert | Kind::PageChange | Kind::PageDelete) {
        return Ok(());
    }
    let selection = Selection { entity: entity.name.clone(), ..Selection::default() };
    let (_, first) = store.page(&selection, 0, 1)?;
    let Some((id, mut record)) = first.into_iter().next() else { return Ok(()) };
    let indexed = IndexedFields::of(entity);
    match (fault.kind, &entity.deleted) {
        (Kind::PageInsert, _) => {
            let id = store.next_id(&entity.name, 1);
            for name in [entity.id.as_deref(), indexed.created, indexed.updated, indexed.lookup].into_iter().flatten() {
                record.remove(name);
            }
            fill_defaults(entity, id, &store.main_agent(), &mut record);
            store.put(&indexed, id, &record, "")
        }
        (Kind::PageChange, _) => {
            let text = format!("{} （已改）", display(entity, &record));
            for (name, value) in [(entity.display.as_deref(), text), (indexed.updated, now())] {
                if let Some(name) = name {
                    record.insert(name.to_owned(), Value::String(value));
                }
            }
            store.put(&indexed, id, &record, "")
        }
        (_, None) => store.remove(&entity.name, id),
        (_, Some(rule)) => {
            record.insert(rule.field.clone(), Value::String(rule.values[0].clone()));
            store.put(&indexed, id, &record, "")
        }
    }
}

/// The name a person would call the record by.
fn display(entity: &Entity, record: &Record) -> String {
    entity.display.as_deref().map_or("", |name| text(record, name)).to_owned()
}
