//! Puts the invented account into a store. The same seed makes the same records with the same ids.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::sample_data;
use super::size::Size;
use crate::entity::{Catalog, Entity};
use crate::error::Result;
use crate::sandbox::clock::service_time;
use crate::sandbox::custom_fields;
use crate::sandbox::endpoints::binding;
use crate::sandbox::endpoints::defaults::fill_defaults;
use crate::sandbox::records::ids::first_id;
use crate::sandbox::records::indexed_fields::IndexedFields;
use crate::sandbox::records::record::Record;
use crate::sandbox::records::store::Store;

/// What no account is without and the documented interface cannot create: agents, their groups, ticket templates.
pub(crate) fn seed_base(store: &mut Store) -> Result<()> {
    for name in ["agent-groups", "agents", "ticket-templates"] {
        seed_invented(store, name)?;
    }
    Ok(())
}

/// The invented records of one of the kinds that every account has some of.
pub(crate) fn seed_invented(store: &mut Store, name: &str) -> Result<()> {
    let mut seeder = Seeder { store, random: Rng::with_seed(0) };
    match name {
        "agent-groups" => {
            let names = ["示例一线组", "示例二线组", "示例回访组"];
            seeder.insert(name, 3, |n, _| json!({"sgName": names[index(n)]}))
        }
        "agents" => seeder.insert(name, 8, |n, _| {
            json!({"sPassportName": format!("agent{n:02}"), "groupId": (301 + n % 3).to_string(),
                   "sNum": format!("{n:04}"), "name": format!("示例客服{n:02}"), "gnder": (1 + n % 2).to_string(),
                   "email": format!("agent{n:02}@example.com"), "mobile": format!("130100000{n:02}"),
                   "isAdmin": if n == 1 { "1" } else { "0" }, "isStat": "1"})
        }),
        "ticket-templates" => {
            let names = ["示例默认模板", "示例安装模板", "示例维修模板"];
            seeder.insert(name, 3, |n, _| {
                json!({"ticketTemplateName": names[index(n)], "ticketTemplateDescription": "", "visibleRange": "1",
                   "isReleased": "0", "creatorId": "7001"})
            })
        }
        "customer-groups" => {
            let names = ["示例金牌", "示例银牌", "示例普通", "示例渠道", "示例试用", "示例联系人组"];
            seeder.insert(name, 6, |n, _| json!({"groupName": names[index(n)], "type": if n < 6 { "1" } else { "2" }}))
        }
        _ => Ok(()),
    }
}

/// What a seed adds: everything else.
pub(crate) fn seed_sample_data(store: &mut Store, seed: u64, size: Size) -> Result<()> {
    seed_invented(store, "customer-groups")?;
    let mut seeder = Seeder { store, random: Rng::with_seed(seed) };
    seeder.insert("companies", size.companies, sample_data::company)?;
    seeder.insert("customers", size.customers, |n, random| sample_data::customer(n, random, size))?;
    seeder.insert("tickets", size.tickets, |n, random| sample_data::ticket(n, random, size))?;
    seeder.insert("chats", size.chats, sample_data::chat)?;
    seeder.insert("calls", size.calls, sample_data::phone_call)?;
    seeder.insert("knowledge", size.knowledge, sample_data::knowledge)?;
    seeder.insert_bindings(size.customers)
}

/// Puts invented records into a store.
struct Seeder<'a> {
    store: &'a mut Store,
    random: Rng,
}

impl Seeder<'_> {
    /// Makes `count` records, the n-th (from 1) by `make`.
    fn insert(&mut self, name: &str, count: i64, make: impl Fn(i64, &mut Rng) -> Value) -> Result<()> {
        let Some(entity) = Catalog::embedded().get(name) else { return Ok(()) };
        let indexed = IndexedFields::of(entity);
        for n in 1..=count {
            let id = first_id(name) + n - 1;
            let Value::Object(mut record) = make(n, &mut self.random) else { continue };
            let time = service_time(sample_data::created_at(n, count));
            for member in [indexed.created, indexed.updated].into_iter().flatten() {
                record.entry(member).or_insert_with(|| Value::String(time.clone()));
            }
            fill_defaults(entity, id, &self.store.main_agent(), &mut record);
            self.fill_custom_fields(entity, &mut record);
            self.store.put_at(&indexed, id, &record, "", 0)?;
        }
        Ok(())
    }

    /// Gives the record values of its entity's custom fields.
    fn fill_custom_fields(&mut self, entity: &Entity, record: &mut Record) {
        let all = self.store.custom_fields();
        let fields = all.of(&entity.name);
        let values: Map<String, Value> = fields
            .iter()
            .filter(|field| !field.is_cascade())
            .map(|field| (field.key.clone(), Value::String(sample_data::custom_value(field, &mut self.random))))
            .collect();
        if !fields.is_empty() {
            record.insert(custom_fields::MEMBER.to_owned(), Value::Object(values));
        }
    }

    /// Binds every third contact.
    fn insert_bindings(&mut self, customers: i64) -> Result<()> {
        let Some(entity) = Catalog::embedded().get("bindings") else { return Ok(()) };
        for (n, contact) in (0..customers).step_by(3).enumerate() {
            let id = first_id("bindings") + i64::try_from(n).unwrap_or_default();
            let source = if n % 2 == 0 { "open" } else { "wechat" };
            let app = if n % 2 == 0 { "" } else { "wx-example" };
            let binding = json!({"cId": (first_id("customers") + contact).to_string(), "openId": format!("ext-{:05}", n + 1),
                                 "appId": app, "account_source": source});
            let Value::Object(mut binding) = binding else { continue };
            binding::fill_defaults(id, &mut binding);
            self.store.put_at(&binding::indexed_fields(entity), id, &binding, "", 0)?;
        }
        Ok(())
    }
}

/// The index of the n-th of something.
fn index(n: i64) -> usize {
    usize::try_from(n - 1).unwrap_or_default()
}
