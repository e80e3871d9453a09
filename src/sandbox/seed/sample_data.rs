//! The invented records: the n-th company, contact, ticket and so on. What differs by chance comes from the seed.

use fastrand::Rng;
use serde_json::{Value, json};

use super::size::Size;
use crate::entity::Catalog;
use crate::sandbox::clock::service_time;
use crate::sandbox::custom_fields::CustomField;
use crate::sandbox::endpoints::check::KNOWN_TAGS;
use crate::sandbox::endpoints::get::MESSAGES;
use crate::sandbox::records::ids::first_id;

/// 2025-01-01 08:00:00 in the service's zone: when the invented account begins.
const ACCOUNT_START: i64 = 1_735_689_600;
/// A year of it, in seconds.
const YEAR: i64 = 365 * 86_400;

/// When the n-th of `count` records came to be: spread over a year, so that windows of time have something in them.
pub(crate) fn created_at(n: i64, count: i64) -> i64 {
    ACCOUNT_START + YEAR / count.max(1) * (n - 1)
}

/// A company.
pub(crate) fn company(n: i64, random: &mut Rng) -> Value {
    json!({"companyName": format!("示例公司{n:05}有限公司"), "servicestarttime": "2025-01-01",
           "serviceendtime": "2025-12-31", "userURL": format!("https://company{n:05}.example.com"), "serveNote": "",
           "serviceCharge": random.u32(0..10_000).to_string(), "serviceaccount": format!("demo{n:05}"),
           "servicepassword": format!("sandbox-{n:05}"), "address": format!("示例路{n}号"),
           "userGroup": random.u8(1..=5).to_string(), "tableName": tags(random),
           "province": "示例省", "city": "示例市", "service_groupid": random_id(random, "agent-groups", 3),
           "supportId": random_id(random, "agents", 8)})
}

/// A contact of one of the companies.
pub(crate) fn customer(n: i64, random: &mut Rng, size: Size) -> Value {
    json!({"name": format!("示例联系人{n:05}"), "mobile": (13_000_000_000 + n).to_string(),
           "fixnumber": if n % 4 == 0 { format!("010-{n:08}") } else { String::new() },
           "email": format!("person{n:05}@example.com"), "position": random.choice(["采购", "运维", "经理"]),
           "QQ": "", "note": "", "companyId": random_id(random, "companies", size.companies),
           "tableName": tags(random), "supportId": random_id(random, "agents", 8)})
}

/// A ticket of one of the contacts.
pub(crate) fn ticket(n: i64, random: &mut Rng, size: Size) -> Value {
    let subject = random.choice(["打印机无法使用", "账号无法登录", "申请开票", "预约安装"]).unwrap_or_default();
    let status = random.u8(1..=6);
    let created = created_at(n, size.tickets);
    let later = |hours: i64| service_time(created + hours * 3600);
    let mut ticket = json!({
        "subject": format!("示例工单{n:05} {subject}"), "descript": "<p>示例描述，从周一起无法使用。</p>",
        "custUserId": random_id(random, "customers", size.customers), "servicerUserId": random_id(random, "agents", 8),
        "servicerGroupId": random_id(random, "agent-groups", 3), "ccUserIdList": if n % 5 == 0 { "7001,7002" } else { "" },
        "ccGroupIdList": "", "ticketType": random.u8(1..=4).to_string(), "priorityLevel": random.u8(1..=4).to_string(),
        "ticketStatus": status.to_string(), "tagList": tags(random),
        "ticketTemplateId": random_id(random, "ticket-templates", 3), "updateDT": later(24)});
    for (from, member, hours) in [(2, "openDT", 1), (3, "waitDT", 2), (4, "solveDT", 8), (5, "closeDT", 24)] {
        if status >= from {
            ticket[member] = Value::String(later(hours));
        }
    }
    ticket
}

/// A chat, with its messages.
pub(crate) fn chat(n: i64, random: &mut Rng) -> Value {
    let id = first_id("chats") + n - 1;
    let begin = ACCOUNT_START + n * 3600;
    let entity = Catalog::embedded().get("chats");
    let path = entity.and_then(|entity| entity.endpoint("messages")).map_or("", |endpoint| endpoint.path.as_str());
    let contents = format!("{}{}", Catalog::embedded().service.base_url, path.replace("{id}", &id.to_string()));
    let visitor = format!("u3_o2_example{n:05}");
    let said = |identity: &str, who: &str, text: &str, seconds: i64| json!({"spokesman": who, "spokesman_identity": identity, "msg": text, "create_time": service_time(begin + seconds)});
    json!({"type": random.choice(["1", "2", "3", "4"]), "support_id": "7001", "support_name": "示例客服01",
           "uname": visitor, "start_time": service_time(begin), "end_time": service_time(begin + 720), "client_ip": "192.0.2.10",
           "ip_info": "示例市", "evaluate": random.u8(0..=3).to_string(), "evaluate_time": service_time(begin + 780),
           "evaluate_remark": "", "end_type": "1", "servicer_msg_count": "1", "client_msg_count": "2",
           "first_response": random.u8(5..60).to_string(), "response_speed": "0", "chat_clue": "", "contents": contents,
           MESSAGES: [said("2", &visitor, "示例：请问怎么重置？", 0), said("1", "示例客服01", "示例：请长按三秒。", 20),
                      said("2", &visitor, "示例：好了，谢谢。", 60)]})
}

/// A phone call.
pub(crate) fn phone_call(n: i64, random: &mut Rng) -> Value {
    let id = first_id("calls") + n - 1;
    let begin = ACCOUNT_START + n * 5400;
    json!({"direction": random.u8(0..=1).to_string(), "appraise": random.u8(1..=3).to_string(),
           "fromPhone": (13_000_000_000 + n).to_string(), "toPhone": "4000000000", "Transfer": "0", "TransferTime": "",
           "TransferToAgentid": "0", "agentid": random_id(random, "agents", 8), "digits": "2", "fromattr": "示例市",
           "CallSummary": "", "alertingTime": service_time(begin), "starttime": service_time(begin + 10),
           "endtime": service_time(begin + 100), "sstime": service_time(begin + 15), "setime": service_time(begin + 95),
           "eventFlowState": "7", "callduration": "90", "seccallduration": "80",
           "recordurl": format!("https://files.example.com/rec/{id}.wav")})
}

/// A knowledge entry.
pub(crate) fn knowledge(n: i64, random: &mut Rng) -> Value {
    json!({"sQuestion": format!("示例问题{n:03}：怎么重置？"), "sAnswer": "<p>示例：长按三秒。</p>", "sAttachment": "",
           "servicerId": "7001", "state": "1", "reviewerId": "7001", "goodRate": format!("{}%", random.u8(50..=100)),
           "badRate": "0%", "adoptCount": random.u8(0..9).to_string(), "isFAQ": if n <= 3 { "1" } else { "0" },
           "relatedQuestion": "", "similarQuestion": [{"id": (110 + n).to_string(), "sqname": "示例：如何重置？"}],
           "fId": if n % 4 == 0 { "0" } else { "12" }})
}

/// A value for a custom field.
pub(crate) fn custom_value(field: &CustomField, random: &mut Rng) -> String {
    match field.kind.as_str() {
        "1" => random.choice(&field.custom_field_options).map(|option| option.key.clone()).unwrap_or_default(),
        "4" => random.u32(1..500).to_string(),
        "6" => random.choice(["是", "否"]).unwrap_or_default().to_owned(),
        "8" => format!("2025-{:02}-{:02}", random.u8(1..=12), random.u8(1..=28)),
        _ => format!("示例{}", random.u32(1..1000)),
    }
}

/// An id of the first `count` records of an entity.
fn random_id(random: &mut Rng, entity: &str, count: i64) -> String {
    (first_id(entity) + random.i64(0..count.max(1))).to_string()
}

fn tags(random: &mut Rng) -> String {
    let count = random.usize(0..3);
    random.choose_multiple(KNOWN_TAGS.iter().copied(), count).join(",")
}
