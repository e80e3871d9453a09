//! Reads of an account what a sandbox needs to be like it: agents, groups, ticket templates and custom fields. Of customers and
//! what belongs to them nothing is read, of agents only what rows may name them by.

use serde_json::Value;
use tokio::runtime;

use crate::account::Account;
use crate::api::{Client, as_text};
use crate::definitions;
use crate::entity::{Catalog, Custom, Entity};
use crate::error::{Context, Error, Result};
use crate::lookup::{ListProof, Lists};
use crate::message;
use crate::message::Message;
use crate::mirror::Mirror;
use crate::sandbox::{AccountCopy, COPIED, CustomField, CustomFieldOption};
use crate::terminal::{Interrupt, Printer};

/// What is kept of each record: what others refer to it by and what it refers to.
const KEPT: &[&str] = &[
    "sgName",
    "sPassportName",
    "sNum",
    "name",
    "email",
    "groupId",
    "gnder",
    "isAdmin",
    "isStat",
    "createDT",
    "groupName",
    "type",
    "ticketTemplateName",
    "visibleRange",
    "servicerGroupId",
    "servicerId",
    "isReleased",
    "creatorId",
];

/// Entities whose custom fields are copied.
const WITH_CUSTOM_FIELDS: [&str; 3] = ["customers", "companies", "tickets"];

/// What was read of an account.
#[derive(Debug, Default)]
pub struct AccountReading {
    /// What a sandbox is made of.
    pub copy: AccountCopy,
    /// How many there are of each entity.
    pub records: Vec<(String, usize)>,
    /// How many custom fields each entity has.
    pub custom_fields: Vec<(String, usize)>,
    /// Entities that invented records or fields stand in for, as the account does not show its own.
    pub invented: Vec<String>,
    /// What the user should know.
    pub words: Vec<Message>,
}

/// Reads an account.
///
/// # Errors
/// The login is refused, the host cannot be reached, the user stops.
pub fn read(account: &Account, catalog: &Catalog, printer: &Printer) -> Result<AccountReading> {
    let mut reading = AccountReading::default();
    let mut lists = Lists::new(account, catalog, false, printer)?;
    for entity in COPIED.iter().filter_map(|name| catalog.get(name)) {
        let list = lists.of(entity)?;
        match &list.proof {
            ListProof::Whole => {}
            ListProof::NotWhole(why) => {
                reading.words.push(message!("sandbox.like_not_whole", what = entity.labels(), why = why.clone()));
            }
            ListProof::CannotBeHad(why) => {
                reading.words.push(message!("sandbox.like_refused", what = entity.labels(), why = why.clone()));
                reading.invented.push(entity.name.clone());
                continue;
            }
        }
        let records = reading.copy.records.entry(entity.name.clone()).or_default();
        let mut without_number = None;
        list.each(|id, record| match id.parse() {
            Ok(id) => {
                let kept = |name: &&str| Some(((*name).to_owned(), as_text(record.get(*name)?).into_owned()));
                records.insert(id, KEPT.iter().filter_map(kept).collect());
            }
            Err(_) => without_number = Some(id.to_owned()),
        })?;
        if let Some(id) = without_number {
            return Err(Error::cannot_run(message!("sandbox.like_bad_id", what = entity.labels(), id = id))
                .hint(message!("sandbox.like_bad_id_hint")));
        }
        reading.records.push((entity.name.clone(), records.len()));
    }
    read_custom_fields(account, catalog, &mut reading)?;
    Ok(reading)
}

fn read_custom_fields(account: &Account, catalog: &Catalog, reading: &mut AccountReading) -> Result<()> {
    let connection = account.connect()?;
    let client = Client::new(connection.target, &catalog.service)?;
    // Not that of the account: what is kept there is no copy of what it is now.
    let mirror = Mirror::in_memory()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().context(|| message!("run.no_runtime"))?;
    let stop = Interrupt::of_process();
    for entity in WITH_CUSTOM_FIELDS.iter().filter_map(|name| catalog.get(name)) {
        let known = runtime.block_on(stop.unless_set(definitions::ask(&client, catalog, entity, &mirror)))?;
        let Some((_, records)) = mirror.definitions(&entity.name)? else {
            reading.words.extend(known.words);
            reading.words.push(message!("sandbox.like_no_fields", what = entity.labels()));
            reading.invented.push(entity.name.clone());
            continue;
        };
        let records: Vec<Value> = serde_json::from_str(&records).unwrap_or_default();
        let fields: Vec<CustomField> =
            records.iter().filter_map(|record| custom_field(record, entity, &catalog.service.custom)).collect();
        reading.custom_fields.push((entity.name.clone(), fields.len()));
        reading.copy.custom_fields.insert(entity.name.clone(), fields);
    }
    Ok(())
}

/// A custom field as the sandbox knows it; none for a field that every account has.
fn custom_field(record: &Value, entity: &Entity, custom: &Custom) -> Option<CustomField> {
    let text = |name: &str| record.get(name).map(as_text).unwrap_or_default().into_owned();
    let key = text(&custom.definition_key);
    let is_own = text(&custom.system) != "1" && !key.is_empty() && entity.field(&key).is_none();
    is_own.then(|| CustomField {
        id: text("id"),
        name: text(&custom.label),
        kind: text(&custom.kind),
        system: "0".to_owned(),
        custom_field_options: options(record.get(&custom.options), custom),
        key,
    })
}

fn options(list: Option<&Value>, custom: &Custom) -> Vec<CustomFieldOption> {
    let option = |option: &Value| {
        let text = |name: &str| option.get(name).map(as_text).unwrap_or_default().into_owned();
        CustomFieldOption {
            key: text(&custom.option_key),
            value: text(&custom.option_text),
            subset_value: options(option.get(&custom.suboptions), custom),
        }
    };
    list.and_then(Value::as_array).into_iter().flatten().map(option).collect()
}
