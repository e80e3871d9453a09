//! Services that make it hard to find out what became of a row: they change what they store, mask what they list, count in
//! their own way, or refuse to say. Nothing is sent twice for that, and nothing of others is taken for ours.

use serde_json::{Map, Value, json};

use crate::harness::*;

/// The service's clock.
fn now() -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    jiff::Timestamp::now().to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

type Record = Map<String, Value>;

/// Records of one kind.
struct Kept {
    records: Vec<Record>,
    id: &'static str,
    created: &'static str,
}

impl Kept {
    fn add(&mut self, record: &Value) -> String {
        let id = (50_001 + self.records.len()).to_string();
        let mut record = record.as_object().unwrap().clone();
        record.insert(self.id.to_owned(), json!(id));
        record.insert(self.created.to_owned(), json!(now()));
        self.records.push(record);
        id
    }
}

/// A page of a list, as documented.
fn page_of(records: &[Record], request: &Request) -> Vec<Record> {
    let size = request.number_of("per_page").max(1);
    records.iter().skip(request.number_of("page").saturating_sub(1) * size).take(size).cloned().collect()
}

fn service_of(
    entity: &'static str,
    stores: impl Fn(&mut Value) + Send + 'static,
    shows: impl Fn(&mut Record) + Send + 'static,
    lost: impl Fn(usize) -> bool + Send + 'static,
) -> Service {
    let (plural, singular, id, created) = match entity {
        "tickets" => ("tickets", "ticket", "ticketId", "createdTime"),
        _ => ("users", "user", "cId", "createDT"),
    };
    let mut kept = Kept { records: Vec::new(), id, created };
    let list = format!("/{plural}.json");
    let mut creates = 0;
    Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", path) if path == list => {
            creates += 1;
            let mut sent: Value = serde_json::from_str(&request.body).unwrap();
            stores(&mut sent[singular]);
            let id = kept.add(&sent[singular]);
            match lost(creates) {
                true => (504, String::new()),
                false => (201, json!({singular: {kept.id: id}}).to_string()),
            }
        }
        ("GET", path) if path == list => {
            let mut page = page_of(&kept.records, request);
            page.iter_mut().for_each(&shows);
            (200, json!({plural: page, "count": kept.records.len().to_string()}).to_string())
        }
        ("GET", path) => {
            let id = path.trim_start_matches(&format!("/{plural}/")).trim_end_matches(".json");
            match kept.records.iter().find(|record| record[kept.id] == *id) {
                Some(record) => {
                    let mut record = record.clone();
                    shows(&mut record);
                    (200, json!({singular: record}).to_string())
                }
                None => unknown(),
            }
        }
        _ => unknown(),
    })
}

/// How many creates came.
fn creates(service: &Service) -> usize {
    service.requests().iter().filter(|request| request.method == "POST").count()
}

/// Runs an import whose second row's answer is lost, settles, and goes on; the row has to stay in doubt, its record shown.
fn stays_in_doubt(work: &Work, service: &Service, entity: &str, about: &str) {
    let import = format!("import {entity} mine.csv --no-canary --concurrency 1 --rate 0 --keep-going --run run");
    work.bw8(&*import).exits(4);
    work.bw8("settle run --rate 0 --server-timeout 0").exits(4);
    assert_eq!(work.table("run/results.csv").column("status"), ["created", "unknown", "created"], "{about}");
    let message = work.table("run/results.csv").column("message")[1].to_owned();
    assert!(message.contains("50002"), "{about}: {message}");
    work.bw8(&*import).exits(4);
    assert_eq!(creates(service), 3, "{about}");
}

#[test]
fn what_a_service_does_to_texts_does_not_make_a_row_look_absent() {
    type Change = fn(&str) -> String;
    let changes: [(&str, Change); 7] = [
        ("打印机 & 扫描仪 <坏了>", |text| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")),
        ("打印机坏了需要尽快派人来修理否则无法打印发票", |text| text.chars().take(8).collect()),
        ("打印机坏了😀谢谢", |text| text.chars().take_while(|c| *c <= '\u{ffff}').collect()),
        ("打印机坏了😀", |text| text.chars().map(|c| if c > '\u{ffff}' { '?' } else { c }).collect()),
        ("打印赌机坏了", |text| text.replace('赌', "*")),
        ("it's broken", |text| text.replace('\'', r"\'")),
        ("打印机坏了", |text| format!("【工单】{text}")),
    ];
    for (subject, change) in changes {
        let stores = move |ticket: &mut Value| ticket["subject"] = json!(change(ticket["subject"].as_str().unwrap()));
        let service = service_of("tickets", stores, |_| {}, |number| number == 2);
        let work = Work::at(&service.base_url());
        let mut table = Table::of(&["标题", "描述", "联系人编号"]);
        for subject in ["第一个", subject, "第三个"] {
            table.push(&[subject, "说明", "50001"]);
        }
        work.write_table("mine.csv", &table);
        stays_in_doubt(&work, &service, "tickets", subject);
    }
}

#[test]
fn numbers_that_a_list_masks_do_not_make_a_row_look_absent() {
    let masks: [fn(&str) -> String; 3] = [
        |mobile| format!("{}****{}", &mobile[..3], &mobile[7..]),
        |mobile| "*".repeat(mobile.len()),
        |_| String::new(),
    ];
    for mask in masks {
        let shows = move |customer: &mut Record| {
            let shown = mask(customer["mobile"].as_str().unwrap());
            customer.insert("mobile".to_owned(), json!(shown));
        };
        let service = service_of("customers", |_| {}, shows, |number| number == 2);
        let work = Work::at(&service.base_url());
        work.write_table("mine.csv", &customers(1, 3));
        stays_in_doubt(&work, &service, "customers", mask("13000000002").as_str());
    }
}

/// Of other customers that came meanwhile a person sees that they are no row of the file.
#[test]
fn records_that_say_something_else_leave_no_doubt() {
    let stores = |customer: &mut Value| {
        if customer["name"] == "示例 2" {
            *customer = json!({"name": "别的客户", "mobile": "13100000000", "companyId": "20001"});
        }
    };
    let service = service_of("customers", stores, |_| {}, |number| number == 2);
    let work = Work::at(&service.base_url());
    let mut table = Table::of(&["姓名", "手机", "公司编号"]);
    for row in 1..4 {
        table.push(&[&format!("示例 {row}"), &format!("1300000000{row}"), "20001"]);
    }
    work.write_table("mine.csv", &table);
    work.bw8("import customers mine.csv --no-canary --concurrency 1 --rate 0 --run run").exits(4);
    work.bw8("settle run --rate 0 --server-timeout 0").exits(5).says("1 row was not done");
}

/// How a list leaves the rules, so that the highest id is not where it seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Odd {
    /// Pages are cut, and there is no total.
    Capped,
    /// Pages are cut, and only the next one is named.
    CappedNext,
    /// The total is of the page.
    TotalOfPage,
    /// The total is an old one, and pages are cut.
    OldTotal,
    /// Pages are counted from 0, and there is no total.
    FromZero,
    /// Pages are counted from 0, and the newest comes first.
    FromZeroNewest,
}

/// A customer that was typed in this morning says what a row says that did not arrive: it is not ours, wherever the list hides
/// it.
#[test]
fn an_entry_of_before_the_run_is_not_ours_however_odd_the_list_is() {
    for odd in [Odd::Capped, Odd::CappedNext, Odd::TotalOfPage, Odd::OldTotal, Odd::FromZero, Odd::FromZeroNewest] {
        let mut kept = Kept { records: Vec::new(), id: "cId", created: "createDT" };
        for number in 0..12 {
            kept.add(&json!({"name": "从前", "mobile": format!("131000000{number:02}"), "companyId": "20001"}));
        }
        kept.add(&json!({"name": "示例 2", "mobile": "13000000002", "companyId": "20001"}));
        let mut creates = 0;
        let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/users.json") => {
                creates += 1;
                if creates == 2 {
                    return (504, String::new());
                }
                let sent: Value = serde_json::from_str(&request.body).unwrap();
                let id = kept.add(&sent["user"]);
                (201, json!({"user": {"cId": id}}).to_string())
            }
            ("GET", "/users.json") => {
                let is_from_zero = matches!(odd, Odd::FromZero | Odd::FromZeroNewest);
                let size = if is_from_zero { 100 } else { 5 };
                let number = request.number_of("page");
                let start = if is_from_zero { number } else { number.max(1) - 1 } * size;
                let mut records = kept.records.clone();
                if odd == Odd::FromZeroNewest {
                    records.reverse();
                }
                let all = records.len();
                let page: Vec<Record> = records.into_iter().skip(start).take(size).collect();
                let mut answer = json!({"users": page});
                match odd {
                    Odd::TotalOfPage => answer["count"] = json!(page.len()),
                    Odd::OldTotal => answer["count"] = json!(10),
                    Odd::CappedNext => {
                        answer["next_page"] = json!((start + size < all).then_some("/users.json?page=2"));
                    }
                    Odd::Capped | Odd::FromZero | Odd::FromZeroNewest => {}
                }
                (200, answer.to_string())
            }
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        let mut table = Table::of(&["姓名", "手机", "公司编号"]);
        for row in 1..4 {
            table.push(&[&format!("示例 {row}"), &format!("1300000000{row}"), "20001"]);
        }
        work.write_table("mine.csv", &table);
        let import = "import customers mine.csv --no-canary --concurrency 1 --rate 0 --keep-going --run run";
        work.bw8(format!("{import} --accept-warnings=exists_in_account")).exits(4);
        work.bw8("settle run --rate 0 --server-timeout 0").exits_with_one_of(&[4, 5]);
        let results = work.table("run/results.csv");
        assert_eq!(results.column("id")[1], "", "{odd:?}: {results:?}");
    }
}

#[test]
fn a_look_up_that_is_refused_does_not_prove_that_nothing_is_bound() {
    for (status, body, is_free) in [
        (200, r#"{"data":[],"msg":"success"}"#, true),
        (200, r#"{"state":"403","message":"user error"}"#, true),
        (200, r#"{"state":"403","message":"no permission"}"#, false),
        (200, r#"{"errcode":"100018","errmsg":"no permission"}"#, false),
        (404, r#"{"errcode":"100047","errmsg":"Invalid resource URI"}"#, false),
    ] {
        let mut creates = 0;
        let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/user/relationship/cid.json") => {
                creates += 1;
                match creates {
                    2 => (504, String::new()),
                    _ => (200, r#"{"data":true,"msg":"success"}"#.to_owned()),
                }
            }
            ("GET", "/user/relationship/cid.json") => (status, body.to_owned()),
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        let mut table = Table::of(&["联系人编号", "第三方用户标识", "绑定来源"]);
        for row in 1..4 {
            table.push(&[&format!("5000{row}"), &format!("示例-{row}"), "钉钉"]);
        }
        work.write_table("mine.csv", &table);
        work.bw8("import bindings mine.csv --no-canary --concurrency 1 --rate 0 --run run").exits(4);
        work.bw8("settle run --rate 0 --server-timeout 0").exits(if is_free { 5 } else { 4 });
        assert_eq!(work.summary_of("run")["rows"]["unknown"], u64::from(!is_free), "{body}");
    }
}

/// The file has got more rows while a row is in doubt: what is found out of that row holds all the same.
#[test]
fn a_row_that_was_not_done_is_sent_though_the_file_has_grown() {
    let server = Server::faulty(&["504,on=POST tickets,nth=2"]);
    let work = Work::with("mine.csv", "标题,描述,联系人编号\n示例一,甲,50001\n示例二,乙,50001\n示例三,丙,50001\n");
    let import = "import tickets mine.csv --no-canary --concurrency 1";
    let before = server.stored("tickets");
    work.on(&server, import).exits(4);
    work.write(
        "mine.csv",
        "标题,描述,联系人编号\n示例一,甲,50001\n示例二,乙,50001\n示例三,丙,50001\n示例四,丁,50001\n",
    );
    work.on(&server, format!("{import} --accept-changed --server-timeout 0"))
        .exits(5)
        .says("1 row was not done and can be sent");
    assert_eq!(server.stored("tickets"), before + 3);
    work.on(&server, import).exits(0);
    assert_rows(&work.summary(), "created 4");
    work.on(&server, import).exits(0).says("done before");
    assert_eq!(server.stored("tickets"), before + 4);
    assert_eq!(server.count_by("tickets", "subject")["示例二"], 1);
}

/// The file has got other rows while a row is in doubt, which is found out about only after they were sent.
#[test]
fn a_row_in_doubt_is_sent_once_though_the_file_has_changed() {
    let tickets = |rows: &[&str]| {
        let row = |subject: &&str| format!("{subject},甲,50001\n");
        format!("标题,描述,联系人编号\n{}", rows.iter().map(row).collect::<String>())
    };
    for more in ["", "--resend-unknown", "--server-dedupe replay"] {
        let server = Server::faulty(&["stall-after-store,on=POST tickets,nth=2"]);
        let work = Work::with("mine.csv", tickets(&["示例 1", "示例 2", "示例 3"]));
        let import = "import tickets mine.csv --run run --no-canary --concurrency 1 --server-timeout 0";
        let before = server.stored("tickets");
        let running = work.start(work.command_on(&server, import));
        server.wait_until_stored("tickets", before + 2);
        running.kill();
        work.write("mine.csv", tickets(&["示例 0", "示例 3", "示例 2", "示例 1", "示例 4"]));
        work.on(&server, format!("{import} --accept-changed {more}")).exits_with_one_of(&[0, 4, 5]);
        work.on(&server, "settle run --server-timeout 0").exits_with_one_of(&[0, 4, 5]);
        work.on(&server, import).exits_with_one_of(&[0, 4]);
        let subjects = server.count_by("tickets", "subject");
        let counts = (0..5).map(|n| subjects.get(&format!("示例 {n}")).copied().unwrap_or(0));
        assert_eq!(counts.collect::<Vec<_>>(), [1; 5], "{more}");
    }
}

/// Its record is there, and a later run of ours has changed it: that run did not make it.
#[test]
fn a_record_that_was_changed_since_may_be_that_of_a_row_in_doubt() {
    let server = Server::faulty(&["stall-after-store,on=POST tickets,nth=2"]);
    let work = Work::with("mine.csv", "标题,描述,联系人编号\n示例 1,甲,50001\n示例 2,甲,50001\n示例 3,甲,50001\n");
    let import = "import tickets mine.csv --run run --no-canary --concurrency 1 --server-timeout 0";
    let before = server.stored("tickets");
    let running = work.start(work.command_on(&server, import));
    server.wait_until_stored("tickets", before + 2);
    running.kill();
    let of_row = |record: &Map<String, Value>| record["subject"] == "示例 2";
    let id = server.records("tickets").into_iter().find(of_row).unwrap()["ticketId"].as_str().unwrap().to_owned();
    work.write("change.csv", format!("工单编号,描述\n{id},乙\n"));
    work.on(&server, "import tickets change.csv --mode update --run change").exits(0);
    for _ in 0..3 {
        work.on(&server, import).exits(4).never_says("was not done");
        assert_eq!(server.stored("tickets"), before + 3);
    }
    let settled = work.on(&server, "settle run --server-timeout 0");
    settled.exits(4).says(&format!("records that may be its own: {id}"));
    assert_eq!(server.stored("tickets"), before + 3);
}
