//! Services that do something else with a change than they were told: each is found out by the rows that go first, before a
//! second record is touched.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::*;

type Records = BTreeMap<u64, Value>;

/// What a service makes of a change of the record with this id.
type Fault = fn(&Kind, &mut Records, u64, &BTreeMap<String, String>);

/// An entity whose records are changed: how the service names it, and three fields that a row changes beside one that it leaves
/// alone, each with what it is called.
struct Kind {
    entity: &'static str,
    path: &'static str,
    word: &'static str,
    id: &'static str,
    first: u64,
    head: &'static str,
    /// The columns of a new record, and the cells before its text.
    new: (&'static str, &'static str),
    text: (&'static str, &'static str),
    other: (&'static str, &'static str),
    tags: (&'static str, &'static str),
    untouched: (&'static str, &'static str),
}

const CUSTOMERS: Kind = Kind {
    entity: "customers",
    path: "users",
    word: "user",
    id: "cId",
    first: 50_001,
    head: "联系人编号,备注,职位,标签",
    new: ("公司编号,姓名,手机,职位,备注,标签", "20001,示例,1300000000N,新职位"),
    text: ("note", "Note"),
    other: ("position", "Position"),
    tags: ("tableName", "Tags"),
    untouched: ("QQ", "QQ number"),
};

const KINDS: [Kind; 3] = [
    CUSTOMERS,
    Kind {
        entity: "companies",
        path: "companies",
        word: "company",
        id: "uId",
        first: 20_001,
        head: "公司编号,备注,地址,标签",
        new: ("公司名称,地址,备注,标签", "示例公司N,新职位"),
        text: ("serveNote", "Note"),
        other: ("address", "Address"),
        tags: ("tableName", "Tags"),
        untouched: ("city", "City"),
    },
    Kind {
        entity: "tickets",
        path: "tickets",
        word: "ticket",
        id: "ticketId",
        first: 900_001,
        head: "工单编号,描述,标题,标签",
        new: ("联系人编号,标题,描述,标签", "5000N,新职位"),
        text: ("descript", "Description"),
        other: ("subject", "Subject"),
        tags: ("tagList", "Tags"),
        untouched: ("priorityLevel", "Priority"),
    },
];

impl Kind {
    fn records(&self) -> Records {
        let record = |id: u64| {
            let mut record = json!({"name": format!("示例 {id}"), "mobile": format!("131{id:08}"), "companyName": format!("示例公司 {id}"),
                "ticketTemplateId": "4", "updateDT": "2026-01-05 08:00:00"});
            record[self.id] = id.to_string().into();
            record[self.text.0] = "旧备注".into();
            record[self.other.0] = "旧职位".into();
            record[self.tags.0] = "甲,乙".into();
            record[self.untouched.0] = "2".into();
            record
        };
        (self.first..self.first + 4).map(|id| (id, record(id))).collect()
    }

    /// Three rows that change three fields each.
    fn rows(&self) -> String {
        let rows = (self.first..self.first + 3).map(|id| format!("{id},新<b>备注</b>,新职位,\"甲,乙,丙\"\n"));
        format!("{}\n{}", self.head, rows.collect::<String>())
    }

    fn import(&self, work: &Work) -> Ran {
        work.write("mine.csv", self.rows());
        work.bw8(format!("import {} mine.csv --mode update --rate 0", self.entity))
    }
}

impl Kind {
    /// Three new records that fill the same fields.
    fn import_new(&self, work: &Work) -> Ran {
        let (head, cells) = self.new;
        let rows =
            (1..=3).map(|number| format!("{},新<b>备注</b>,\"甲,乙,丙\"\n", cells.replace('N', &number.to_string())));
        work.write("mine.csv", format!("{head}\n{}", rows.collect::<String>()));
        work.bw8(format!("import {} mine.csv --accept-warnings --rate 0", self.entity))
    }
}

/// Writes what was sent.
fn keep(_: &Kind, records: &mut Records, id: u64, sent: &BTreeMap<String, String>) {
    let record = records.get_mut(&id).unwrap();
    sent.iter().for_each(|(name, value)| record[name] = value.clone().into());
}

/// Writes what was sent, but makes this of the text.
fn keep_text(
    kind: &Kind,
    records: &mut Records,
    id: u64,
    sent: &BTreeMap<String, String>,
    text: impl Fn(&str) -> String,
) {
    keep(kind, records, id, sent);
    records.get_mut(&id).unwrap()[kind.text.0] = text(&sent[kind.text.0]).into();
}

/// What is done, and what the program says of it.
type Named = (&'static str, Fault, fn(&Kind) -> String);

/// What becomes of what is sent, in a new record and in one that is changed.
const OF_WHAT_IS_SENT: [Named; 6] = [
    (
        "drops a column",
        |kind, records, id, sent| {
            let mut sent = sent.clone();
            sent.remove(kind.text.0);
            keep(kind, records, id, &sent);
        },
        |kind| format!("{}: sent", kind.text.1),
    ),
    ("stores nothing at all", |_, _, _, _| {}, |kind| format!("{}: sent", kind.text.1)),
    (
        "cuts a text",
        |kind, records, id, sent| keep_text(kind, records, id, sent, |text| text.chars().take(2).collect()),
        |kind| format!("{}: sent", kind.text.1),
    ),
    (
        "takes the markup out of a text",
        |kind, records, id, sent| {
            keep_text(kind, records, id, sent, |text| text.replace("<b>", "").replace("</b>", ""));
        },
        |kind| format!("{}: sent", kind.text.1),
    ),
    (
        "loses a tag",
        |kind, records, id, sent| {
            keep(kind, records, id, sent);
            records.get_mut(&id).unwrap()[kind.tags.0] = "甲".into();
        },
        |kind| format!("{}: sent", kind.tags.1),
    ),
    (
        "writes two fields into each other",
        |kind, records, id, sent| {
            keep(kind, records, id, sent);
            let record = records.get_mut(&id).unwrap();
            (record[kind.text.0], record[kind.other.0]) =
                (sent[kind.other.0].clone().into(), sent[kind.text.0].clone().into());
        },
        |kind| format!("{}: sent", kind.other.1),
    ),
];

/// What becomes of what was there.
const OF_WHAT_WAS_THERE: [Named; 4] = [
    (
        "replaces the record by what was sent",
        |kind, records, id, sent| {
            let mut record = json!({});
            record[kind.id] = id.to_string().into();
            records.insert(id, record);
            keep(kind, records, id, sent);
        },
        |kind| format!("{}: not sent, and", kind.untouched.1),
    ),
    (
        "blanks a field that was not named",
        |kind, records, id, sent| {
            keep(kind, records, id, sent);
            records.get_mut(&id).unwrap()[kind.untouched.0] = "".into();
        },
        |kind| format!("{}: not sent, and", kind.untouched.1),
    ),
    (
        "writes to the next record",
        |kind, records, id, sent| keep(kind, records, id + 1, sent),
        |kind| format!("{}: sent", kind.text.1),
    ),
    (
        "appends to what was there",
        |kind, records, id, sent| keep_text(kind, records, id, sent, |text| format!("旧备注{text}")),
        |kind| format!("{}: sent", kind.text.1),
    ),
];

/// A service with these records, and what it does with a change or a new one, whose answer has the id alone.
fn service(kind: &'static Kind, fault: Option<Fault>) -> Service {
    let mut records = kind.records();
    Service::start(move |request| {
        let sent = |request: &Request| -> BTreeMap<String, String> {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            serde_json::from_value(body[kind.word].clone()).unwrap()
        };
        if request.method == "POST" && request.path == format!("/{}.json", kind.path) {
            let id = records.keys().max().unwrap() + 1;
            let mut record = json!({});
            record[kind.id] = id.to_string().into();
            records.insert(id, record.clone());
            fault.unwrap_or(keep)(kind, &mut records, id, &sent(request));
            return (201, json!({kind.word: record}).to_string());
        }
        let id = request.path.strip_prefix(&format!("/{}/", kind.path)).and_then(|path| path.strip_suffix(".json"));
        let Some(id) = id.and_then(|id| id.parse::<u64>().ok()).filter(|id| records.contains_key(id)) else {
            return unknown();
        };
        if request.method == "PUT" {
            fault.unwrap_or(keep)(kind, &mut records, id, &sent(request));
            return (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned());
        }
        (200, json!({kind.word: records[&id]}).to_string())
    })
}

/// What was asked for by this method.
fn sent(service: &Service, method: &str) -> Vec<String> {
    let requests = service.requests().into_iter();
    requests.filter(|request| request.method == method).map(|request| request.path).collect()
}

/// A row of which something was not stored is not done.
fn status_by_code(work: &Work) -> &'static str {
    match work.results().column("code")[0] {
        "stored_otherwise" => "updated",
        "not_stored" | "tags_dropped" => "failed",
        code => panic!("{code}"),
    }
}

#[test]
fn each_fault_is_found_out_after_one_record() {
    std::thread::scope(|scope| {
        for kind in &KINDS {
            scope.spawn(move || {
                for (what, fault, said) in OF_WHAT_IS_SENT.into_iter().chain(OF_WHAT_WAS_THERE) {
                    let service = service(kind, Some(fault));
                    let work = Work::at(&service.base_url());
                    let ran = kind.import(&work);
                    let only = format!("/{}/{}.json", kind.path, kind.first);
                    assert_eq!(sent(&service, "PUT"), [only], "{}: {what}: {ran}", kind.entity);
                    ran.exits(5).says(&said(kind));
                    assert_rows(&work.summary(), &format!("{} 1, pending 2", status_by_code(&work)));
                }
            });
        }
    });
}

#[test]
fn each_fault_is_found_out_after_one_new_record() {
    std::thread::scope(|scope| {
        for kind in &KINDS {
            scope.spawn(move || {
                for (what, fault, said) in OF_WHAT_IS_SENT {
                    let service = service(kind, Some(fault));
                    let work = Work::at(&service.base_url());
                    let ran = kind.import_new(&work);
                    assert_eq!(sent(&service, "POST").len(), 1, "{}: {what}: {ran}", kind.entity);
                    ran.exits(5).says(&said(kind));
                    assert_rows(&work.summary(), "created 1, pending 2");
                }
            });
        }
    });
}

#[test]
fn a_service_that_does_as_it_is_told_is_found_out_of_nothing() {
    for kind in &KINDS {
        let service = service(kind, None);
        let work = Work::at(&service.base_url());
        kind.import(&work).exits(0);
        assert_rows(&work.summary(), "updated 3");
        assert_eq!(sent(&service, "PUT").len(), 3, "{}", kind.entity);
        let work = Work::at(&service.base_url());
        kind.import_new(&work).exits(0);
        assert_rows(&work.summary(), "created 3");
    }
}

#[test]
fn a_service_that_reads_out_what_was_there_before_is_found_out() {
    let before = CUSTOMERS.records();
    let service = Service::start(move |request| match request.method.as_str() {
        "PUT" => (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned()),
        _ if request.path.starts_with("/users/") && request.path != "/users/user_fields.json" => {
            // What it has kept of an answer from before.
            let id: u64 = request.path["/users/".len()..].trim_end_matches(".json").parse().unwrap_or(CUSTOMERS.first);
            (200, json!({"user": before[&id]}).to_string())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    CUSTOMERS.import(&work).exits(5).says("Note:");
    assert_eq!(sent(&service, "PUT").len(), 1);
}

/// What a service makes of a change of a binding: of the third-party user, the app and the name it had.
type BindingFault = fn(&mut [&str; 3]);

const OF_A_BINDING: [(&str, BindingFault, &str); 4] = [
    ("stores nothing at all", |_| {}, "Third-party user ID: sent"),
    ("cuts the user", |binding| binding[0] = "ext", "Third-party user ID: sent"),
    ("drops the app", |binding| binding[0] = "ext-new", "WeChat app ID: sent"),
    ("blanks what was not named", |binding| *binding = ["ext-new", "app-new", ""], "not sent, and"),
];

#[test]
fn each_fault_in_a_binding_is_found_out_after_one() {
    for (what, fault, said) in OF_A_BINDING {
        let mut bindings = std::collections::HashMap::new();
        let service = Service::start(move |request| {
            if request.path != "/user/relationship/cid.json" {
                return unknown();
            }
            if request.method == "PUT" {
                let body: Value = serde_json::from_str(&request.body).unwrap();
                fault(bindings.get_mut(body["cId"].as_str().unwrap()).unwrap());
                return (200, r#"{"data":true,"msg":"success"}"#.to_owned());
            }
            let customer = request.query["cId"].clone();
            let [user, app, name] = *bindings.entry(customer.clone()).or_insert(["ext-old", "app-old", "示例"]);
            let record = json!({"aId": "600001", "cId": customer, "openId": user, "appId": app, "nickname": name,
                "account_source": "open"});
            (200, json!({"data": [record], "msg": "success"}).to_string())
        });
        let work = Work::at(&service.base_url());
        work.write(
            "mine.csv",
            "联系人编号,第三方用户标识,公众号AppID,绑定来源\n50041,ext-new,app-new,开放平台\n50042,ext-new2,app-new,开放平台\n",
        );
        let ran = work.bw8("import bindings mine.csv --mode update --rate 0");
        assert_eq!(sent(&service, "PUT").len(), 1, "{what}: {ran}");
        ran.exits(5).says(said);
        assert_rows(&work.summary(), &format!("{} 1, pending 1", status_by_code(&work)));
    }
}
