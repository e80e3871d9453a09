//! The invented account: what is in it from the start, and what a seed fills it with. The same seed makes the same
//! records with the same ids.

use std::str::FromStr;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::binding;
use super::check::KNOWN_TAGS;
use super::clock::moment;
use super::custom_fields::{self, CustomField};
use super::defaults::fill_defaults;
use super::get::MESSAGES;
use super::ids::first_id;
use super::store::{IndexedFields, Record, Store};
use crate::entity::{Catalog, Entity};
use crate::error::{Error, Result};
use rust_i18n::t;

/// 2025-01-01 08:00:00 in the service's zone: when the invented account begins.
const BEGINNING: i64 = 1_735_689_600;
/// A year of it, in seconds.
const YEAR: i64 = 365 * 86_400;

/// How many records a seed makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Companies.
    pub companies: i64,
    /// Contacts.
    pub customers: i64,
    /// Tickets.
    pub tickets: i64,
    /// Chats.
    pub chats: i64,
    /// Calls.
    pub calls: i64,
    /// Knowledge entries.
    pub knowledge: i64,
}

impl Size {
    /// `factor` times the usual numbers.
    pub fn times(factor: i64) -> Self {
        Size {
            companies: 20 * factor,
            customers: 60 * factor,
            tickets: 80 * factor,
            chats: 20 * factor,
            calls: 20 * factor,
            knowledge: 10 * factor,
        }
    }
}

impl Default for Size {
    fn default() -> Self {
        Size::times(1)
    }
}

impl FromStr for Size {
    type Err = Error;

    /// A factor, or numbers by entity: `customers=1000000,tickets=100000`. What is not named has its usual number.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::usage(t!("sandbox.bad_size", size = text)).hint(t!("sandbox.bad_size_hint"));
        let number = |text: &str| text.parse::<i64>().ok().filter(|n| (1..=100_000_000).contains(n)).ok_or_else(wrong);
        if !text.contains('=') {
            return Ok(Size::times(number(text)?.min(1_000_000)));
        }
        let mut size = Size::default();
        for part in text.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or_else(wrong)?;
            let value = number(value)?;
            match name {
                "companies" => size.companies = value,
                "customers" => size.customers = value,
                "tickets" => size.tickets = value,
                "chats" => size.chats = value,
                "calls" => size.calls = value,
                "knowledge" => size.knowledge = value,
                _ => return Err(wrong()),
            }
        }
        Ok(size)
    }
}

/// Puts in place what no account is without and what the interface cannot create: agents, their groups, templates.
pub fn seed_base(store: &mut Store) -> Result<()> {
    let mut seeder = Seeder { store, random: Rng::with_seed(0) };
    let names = ["示例一线组", "示例二线组", "示例回访组"];
    seeder.insert("agent-groups", 3, |n, _| json!({"sgName": names[index(n)]}))?;
    seeder.insert("agents", 8, |n, _| {
        json!({"sPassportName": format!("agent{n:02}"), "groupId": (301 + n % 3).to_string(),
                   "sNum": format!("{n:04}"), "name": format!("示例客服{n:02}"), "gnder": (1 + n % 2).to_string(),
                   "email": format!("agent{n:02}@example.com"), "mobile": format!("130100000{n:02}"),
                   "isAdmin": if n == 1 { "1" } else { "0" }, "isStat": "1"})
    })?;
    let names = ["示例默认模板", "示例安装模板", "示例维修模板"];
    seeder.insert("ticket-templates", 3, |n, _| {
        json!({"ticketTemplateName": names[index(n)], "ticketTemplateDescription": "", "visibleRange": "1",
                   "isReleased": "0", "creatorId": "7001"})
    })
}

/// Fills the account.
pub fn seed_sample_data(store: &mut Store, seed: u64, size: Size) -> Result<()> {
    let mut seeder = Seeder { store, random: Rng::with_seed(seed) };
    let names = ["示例金牌", "示例银牌", "示例普通", "示例渠道", "示例试用", "示例联系人组"];
    seeder.insert(
        "customer-groups",
        6,
        |n, _| json!({"groupName": names[index(n)], "type": if n < 6 { "1" } else { "2" }}),
    )?;
    seeder.insert("companies", size.companies, company)?;
    seeder.insert("customers", size.customers, |n, random| customer(n, random, size))?;
    seeder.insert("tickets", size.tickets, |n, random| ticket(n, random, size))?;
    seeder.insert("chats", size.chats, chat)?;
    seeder.insert("calls", size.calls, call)?;
    seeder.insert("knowledge", size.knowledge, entry)?;
    seeder.insert_bindings(size.customers)
}

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
            // Spread over a year, so that windows of time have something in them.
            let time = moment(BEGINNING + YEAR / count.max(1) * (n - 1));
            for member in [indexed.created, indexed.updated].into_iter().flatten() {
                record.entry(member).or_insert_with(|| Value::String(time.clone()));
            }
            fill_defaults(entity, id, &mut record);
            self.fill_custom_fields(entity, &mut record);
            self.store.put_at(&indexed, id, &record, "", 0)?;
        }
        Ok(())
    }

    /// Gives the record values of its entity's custom fields.
    fn fill_custom_fields(&mut self, entity: &Entity, record: &mut Record) {
        let fields = custom_fields::of(&entity.name);
        let values: Map<String, Value> = fields
            .iter()
            .filter(|field| !field.is_cascade())
            .map(|field| (field.key.clone(), Value::String(value(field, &mut self.random))))
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

fn value(field: &CustomField, random: &mut Rng) -> String {
    match field.kind.as_str() {
        "1" => random.choice(&field.custom_field_options).map(|option| option.key.clone()).unwrap_or_default(),
        "4" => random.u32(1..500).to_string(),
        "6" => random.choice(["是", "否"]).unwrap_or_default().to_owned(),
        "8" => format!("2025-{:02}-{:02}", random.u8(1..=12), random.u8(1..=28)),
        _ => format!("示例{}", random.u32(1..1000)),
    }
}

/// The index of the n-th of something.
fn index(n: i64) -> usize {
    usize::try_from(n - 1).unwrap_or_default()
}

/// An id of the first `count` records of an entity.
fn any(random: &mut Rng, entity: &str, count: i64) -> String {
    (first_id(entity) + random.i64(0..count.max(1))).to_string()
}

fn tags(random: &mut Rng) -> String {
    let count = random.usize(0..3);
    random.choose_multiple(KNOWN_TAGS.iter().copied(), count).join(",")
}

fn company(n: i64, random: &mut Rng) -> Value {
    json!({"companyName": format!("示例公司{n:05}有限公司"), "servicestarttime": "2025-01-01",
           "serviceendtime": "2025-12-31", "userURL": format!("https://company{n:05}.example.com"), "serveNote": "",
           "serviceCharge": random.u32(0..10_000).to_string(), "serviceaccount": format!("demo{n:05}"),
           "servicepassword": format!("sandbox-{n:05}"), "address": format!("示例路{n}号"),
           "userGroup": random.u8(1..=5).to_string(), "tableName": tags(random),
           "province": "示例省", "city": "示例市", "service_groupid": any(random, "agent-groups", 3),
           "supportId": any(random, "agents", 8)})
}

fn customer(n: i64, random: &mut Rng, size: Size) -> Value {
    json!({"name": format!("示例联系人{n:05}"), "mobile": (13_000_000_000 + n).to_string(),
           "fixnumber": if n % 4 == 0 { format!("010-{n:08}") } else { String::new() },
           "email": format!("person{n:05}@example.com"), "position": random.choice(["采购", "运维", "经理"]),
           "QQ": "", "note": "", "companyId": any(random, "companies", size.companies),
           "tableName": tags(random), "supportId": any(random, "agents", 8)})
}

fn ticket(n: i64, random: &mut Rng, size: Size) -> Value {
    let subject = random.choice(["打印机无法使用", "账号无法登录", "申请开票", "预约安装"]).unwrap_or_default();
    let status = random.u8(1..=6);
    let created = BEGINNING + YEAR / size.tickets.max(1) * (n - 1);
    let later = |hours: i64| moment(created + hours * 3600);
    let mut ticket = json!({
        "subject": format!("示例工单{n:05} {subject}"), "descript": "<p>示例描述，从周一起无法使用。</p>",
        "custUserId": any(random, "customers", size.customers), "servicerUserId": any(random, "agents", 8),
        "servicerGroupId": any(random, "agent-groups", 3), "ccUserIdList": if n % 5 == 0 { "7001,7002" } else { "" },
        "ccGroupIdList": "", "ticketType": random.u8(1..=4).to_string(), "priorityLevel": random.u8(1..=4).to_string(),
        "ticketStatus": status.to_string(), "tagList": tags(random),
        "ticketTemplateId": any(random, "ticket-templates", 3), "updateDT": later(24)});
    for (from, member, hours) in [(2, "openDT", 1), (3, "waitDT", 2), (4, "solveDT", 8), (5, "closeDT", 24)] {
        if status >= from {
            ticket[member] = Value::String(later(hours));
        }
    }
    ticket
}

fn chat(n: i64, random: &mut Rng) -> Value {
    let id = first_id("chats") + n - 1;
    let begin = BEGINNING + n * 3600;
    let entity = Catalog::embedded().get("chats");
    let path = entity.and_then(|entity| entity.endpoint("messages")).map_or("", |endpoint| endpoint.path.as_str());
    let contents = format!("{}{}", Catalog::embedded().service.base_url, path.replace("{id}", &id.to_string()));
    let visitor = format!("u3_o2_example{n:05}");
    let said = |identity: &str, who: &str, text: &str, seconds: i64| json!({"spokesman": who, "spokesman_identity": identity, "msg": text, "create_time": moment(begin + seconds)});
    json!({"type": random.choice(["1", "2", "3", "4"]), "support_id": "7001", "support_name": "示例客服01",
           "uname": visitor, "start_time": moment(begin), "end_time": moment(begin + 720), "client_ip": "192.0.2.10",
           "ip_info": "示例市", "evaluate": random.u8(0..=3).to_string(), "evaluate_time": moment(begin + 780),
           "evaluate_remark": "", "end_type": "1", "servicer_msg_count": "1", "client_msg_count": "2",
           "first_response": random.u8(5..60).to_string(), "response_speed": "0", "chat_clue": "", "contents": contents,
           MESSAGES: [said("2", &visitor, "示例：请问怎么重置？", 0), said("1", "示例客服01", "示例：请长按三秒。", 20),
                      said("2", &visitor, "示例：好了，谢谢。", 60)]})
}

fn call(n: i64, random: &mut Rng) -> Value {
    let id = first_id("calls") + n - 1;
    let begin = BEGINNING + n * 5400;
    json!({"direction": random.u8(0..=1).to_string(), "appraise": random.u8(1..=3).to_string(),
           "fromPhone": (13_000_000_000 + n).to_string(), "toPhone": "4000000000", "Transfer": "0", "TransferTime": "",
           "TransferToAgentid": "0", "agentid": any(random, "agents", 8), "digits": "2", "fromattr": "示例市",
           "CallSummary": "", "alertingTime": moment(begin), "starttime": moment(begin + 10),
           "endtime": moment(begin + 100), "sstime": moment(begin + 15), "setime": moment(begin + 95),
           "eventFlowState": "7", "callduration": "90", "seccallduration": "80",
           "recordurl": format!("https://files.example.com/rec/{id}.wav")})
}

fn entry(n: i64, random: &mut Rng) -> Value {
    json!({"sQuestion": format!("示例问题{n:03}：怎么重置？"), "sAnswer": "<p>示例：长按三秒。</p>", "sAttachment": "",
           "servicerId": "7001", "state": "1", "reviewerId": "7001", "goodRate": format!("{}%", random.u8(50..=100)),
           "badRate": "0%", "adoptCount": random.u8(0..9).to_string(), "isFAQ": if n <= 3 { "1" } else { "0" },
           "relatedQuestion": "", "similarQuestion": [{"id": (110 + n).to_string(), "sqname": "示例：如何重置？"}],
           "fId": if n % 4 == 0 { "0" } else { "12" }})
}
