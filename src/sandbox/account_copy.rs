//! What a real account is made of beside its customers and what they bring, for a sandbox that is to be like it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::custom_fields::CustomField;
use super::endpoints::defaults::fill_defaults;
use super::records::indexed_fields::IndexedFields;
use super::records::record::Record;
use super::records::store::Store;
use super::seed::seeder::seed_invented;
use crate::entity::Catalog;
use crate::error::Result;

/// What is copied, those that others refer to first.
pub const COPIED: [&str; 4] = ["agent-groups", "agents", "customer-groups", "ticket-templates"];

/// Agents, groups, ticket templates and custom fields of an account. The invented ones stand in for each kind that is not in it.
#[derive(Debug, Clone, Default)]
pub struct AccountCopy {
    /// Records by their ids, by entity.
    pub records: BTreeMap<String, BTreeMap<i64, BTreeMap<String, String>>>,
    /// Custom fields, by entity.
    pub custom_fields: BTreeMap<String, Vec<CustomField>>,
}

impl AccountCopy {
    /// Puts all of it into a store.
    pub(super) fn insert(&self, store: &mut Store) -> Result<()> {
        store.put_custom_fields(&self.custom_fields)?;
        for name in COPIED {
            let (Some(records), Some(entity)) = (self.records.get(name), Catalog::embedded().get(name)) else {
                seed_invented(store, name)?;
                continue;
            };
            let indexed = IndexedFields::of(entity);
            for (id, fields) in records {
                let member = |(name, value): (&String, &String)| (name.clone(), Value::String(value.clone()));
                let mut record: Record = fields.iter().map(member).collect();
                fill_defaults(entity, *id, &store.main_agent(), &mut record);
                store.put_at(&indexed, *id, &record, "", 0)?;
            }
        }
        Ok(())
    }
}
