//! What became of rows whose answers were lost: found out by reading the account, and by nothing less than proof.

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::harness::*;

/// A list of customers that grows by what is sent to it, as a test wants it told.
#[derive(Default)]
struct Account {
    records: Vec<Map<String, Value>>,
    /// Creates that came.
    creates: usize,
    /// Records that the list does not show yet.
    is_hidden: Vec<String>,
}

impl Account {
    fn add(&mut self, record: Value) -> String {
        let id = (50_001 + self.records.len()).to_string();
        let mut record = record.as_object().unwrap().clone();
        record.insert("cId".to_owned(), json!(id));
        record.insert("createDT".to_owned(), json!(now()));
        record.insert("updateDT".to_owned(), json!(now()));
        self.records.push(record);
        id
    }
}

/// The service's clock.
fn now() -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    jiff::Timestamp::now().to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What comes of a create.
enum Answer {
    /// It is made, and the answer says so.
    Made,
    /// It is made, and the answer is lost.
    Lost,
    /// It is not made, and the answer is lost.
    Nothing,
    /// It is made, and the answer has no id.
    WithoutId,
    /// It is not made, and the answer says that all went well.
    SaidOnly,
}

/// A service for customers whose creates are answered by `answer`, given their number from 1.
fn service(answer: impl Fn(usize, &mut Account, &Value) -> Answer + Send + 'static) -> (Service, Arc<Mutex<Account>>) {
    let account = Arc::new(Mutex::new(Account::default()));
    let kept = Arc::clone(&account);
    let service = Service::start(move |request| {
        let mut account = kept.lock().unwrap();
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/users.json") => {
                let sent: Value = serde_json::from_str(&request.body).unwrap();
                account.creates += 1;
                let number = account.creates;
                let answer = answer(number, &mut account, &sent["user"]);
                if matches!(answer, Answer::Nothing) {
                    return (504, String::new());
                }
                if matches!(answer, Answer::SaidOnly) {
                    return (200, r#"{"errcode":"0","errmsg":"ok"}"#.to_owned());
                }
                let id = account.add(sent["user"].clone());
                match answer {
                    Answer::Made => (201, format!("{{\"user\":{{\"cId\":\"{id}\"}}}}")),
                    Answer::WithoutId => (200, r#"{"status":"0","message":"Insert ok","data":false}"#.to_owned()),
                    Answer::Lost | Answer::Nothing | Answer::SaidOnly => (504, String::new()),
                }
            }
            ("GET", "/users.json") => {
                let shown: Vec<&Map<String, Value>> = account
                    .records
                    .iter()
                    .filter(|record| !account.is_hidden.iter().any(|id| record["cId"] == *id))
                    .collect();
                let size = request.number_of("per_page").max(1);
                let start = (request.number_of("page").max(1) - 1) * size;
                let page: Vec<_> = shown.iter().skip(start).take(size).collect();
                (200, json!({"users": page, "count": shown.len().to_string()}).to_string())
            }
            ("GET", path) => {
                let id = path.trim_start_matches("/users/").trim_end_matches(".json");
                match account.records.iter().find(|record| record["cId"] == *id) {
                    Some(record) => (200, json!({"user": record}).to_string()),
                    None => unknown(),
                }
            }
            _ => unknown(),
        }
    });
    (service, account)
}

const IMPORT: &str = "import customers mine.csv --no-canary --concurrency 1 --rate 0";

fn work(service: &Service, rows: u64) -> Work {
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, rows));
    work
}

fn run_name(work: &Work) -> String {
    work.run_folder().file_name().unwrap().to_str().unwrap().to_owned()
}

fn settle(work: &Work, more: &str) -> Ran {
    work.bw8(format!("settle {} --rate 0 {more}", run_name(work)))
}

/// How often each mobile number is in the account.
fn count(account: &Mutex<Account>, mobile: &str) -> usize {
    account.lock().unwrap().records.iter().filter(|record| record["mobile"] == *mobile).count()
}

#[test]
fn a_row_whose_answer_was_lost_is_found_at_the_end_of_the_run() {
    let (service, account) = service(|number, _, _| if number == 2 { Answer::Lost } else { Answer::Made });
    let work = work(&service, 3);
    work.bw8(IMPORT).exits(0).says("1 row is done");
    assert_rows(&work.summary(), "created 3");
    let results = work.results();
    assert_eq!(results.column("id"), ["50001", "50002", "50003"]);
    assert_eq!(results.column("code"), ["", "settled", ""]);
    assert_eq!(account.lock().unwrap().records.len(), 3);
    work.bw8(IMPORT).exits(0).says("done before");
}

#[test]
fn a_row_that_did_not_arrive_is_sent_once_its_absence_is_proved() {
    let (service, account) = service(|number, _, _| if number == 2 { Answer::Nothing } else { Answer::Made });
    let work = work(&service, 3);
    let ran = work.bw8(IMPORT);
    ran.exits(4).says("bw8 settle ").says("it creates nothing");
    assert_rows(&work.summary(), "created 2, unknown 1");
    assert_eq!(account.lock().unwrap().records.len(), 2);
    // The service may still be working on it.
    settle(&work, "").exits(4).says("1 row is still not known");
    settle(&work, "--server-timeout 0").exits(5).says("1 row was not done and can be sent").says(IMPORT);
    assert_rows(&work.summary(), "created 2, pending 1");
    work.bw8(IMPORT).exits(0);
    assert_rows(&work.summary(), "created 3");
    assert_eq!(account.lock().unwrap().records.len(), 3);
}

#[test]
fn a_run_with_rows_that_were_proved_not_done_is_not_said_to_be_done() {
    let (service, account) = service(|number, _, _| if number == 2 { Answer::Nothing } else { Answer::Made });
    let work = work(&service, 3);
    work.bw8(format!("{IMPORT} --server-timeout 0")).exits(5).says("1 row was not done and can be sent").says(IMPORT);
    assert_rows(&work.summary(), "created 2, pending 1");
    work.bw8(IMPORT).exits(0);
    assert_eq!(account.lock().unwrap().records.len(), 3);
}

#[test]
fn the_same_command_settles_before_it_goes_on() {
    let (service, account) = service(|number, _, _| if number == 1 { Answer::Lost } else { Answer::Made });
    let work = work(&service, 3);
    account.lock().unwrap().is_hidden.push("50001".to_owned());
    work.bw8(format!("{IMPORT} --limit 1")).exits(4);
    account.lock().unwrap().is_hidden.clear();
    work.bw8(IMPORT).exits(0).says("1 row is done");
    assert_rows(&work.summary(), "created 3");
    assert_eq!(account.lock().unwrap().records.len(), 3);
}

#[test]
fn a_record_that_shows_up_late_is_not_taken_for_absent() {
    let (service, account) = service(|number, account, _| {
        if number == 2 {
            account.is_hidden.push("50002".to_owned());
            return Answer::Lost;
        }
        Answer::Made
    });
    let work = work(&service, 2);
    work.bw8(IMPORT).exits(4);
    // Nothing was made after it, so nobody can say that the list is up to date.
    settle(&work, "--server-timeout 0").exits(4).says("1 row is still not known");
    assert_eq!(account.lock().unwrap().creates, 2);
    account.lock().unwrap().is_hidden.clear();
    settle(&work, "--server-timeout 0").exits(0).says("1 row is done");
    assert_eq!(work.results().column("id"), ["50001", "50002"]);
}

#[test]
fn a_list_that_lags_behind_proves_nothing_absent() {
    let (service, account) = service(|number, account, _| {
        if number >= 2 {
            account.is_hidden.push((50_000 + number).to_string());
        }
        if number == 2 { Answer::Lost } else { Answer::Made }
    });
    let work = work(&service, 3);
    work.bw8(IMPORT).exits(4);
    settle(&work, "--server-timeout 0").exits(4);
    account.lock().unwrap().is_hidden.clear();
    settle(&work, "--server-timeout 0").exits(0);
    assert_rows(&work.summary(), "created 3");
}

/// A colleague types the customer in by hand while the row is in doubt.
#[test]
fn a_manual_entry_is_not_taken_for_ours() {
    for (more, field) in [("写法不同", "name"), ("人工录入", "note")] {
        let (service, account) = service(move |number, account, sent| {
            if number != 2 {
                return Answer::Made;
            }
            let mut by_hand = sent.clone();
            by_hand[field] = json!(more);
            account.add(by_hand);
            Answer::Nothing
        });
        let work = work(&service, 3);
        work.bw8(IMPORT).exits(4);
        settle(&work, "--server-timeout 0").exits(4).says("1 row is still not known");
        let results = work.results();
        assert_eq!(results.column("status"), ["created", "unknown", "created"]);
        assert_eq!(results.column("id")[1], "");
        // It is shown, to be looked at.
        assert!(results.column("message")[1].contains("50002"), "{results:?}");
        assert_eq!(account.lock().unwrap().creates, 3);
    }
}

#[test]
fn an_entry_of_before_the_run_is_not_taken_for_ours() {
    let (service, account) = service(|number, _, _| if number == 2 { Answer::Nothing } else { Answer::Made });
    let work = work(&service, 3);
    let table = work.table("mine.csv");
    let sent = json!({"name": table.column("姓名")[1], "mobile": table.column("手机")[1], "companyId": "20001"});
    account.lock().unwrap().add(sent);
    work.bw8(format!("{IMPORT} --accept-warnings=exists_in_account")).exits(4);
    settle(&work, "--server-timeout 0").exits(5).says("1 row was not done");
    let mobile = table.column("手机")[1].to_owned();
    assert_eq!(count(&account, &mobile), 1);
}

#[test]
fn a_record_of_another_row_is_not_given_to_its_twin() {
    // Tickets have no key: rows that say the same are told apart by their records alone.
    let (server, work) = (Server::start("--fault 504,on=POST_tickets,nth=2"), Work::new());
    let mut table = Table::of(&["标题", "描述", "联系人编号"]);
    for descript in ["说明 一", "说明 一", "说明 二"] {
        table.push(&["示例工单", descript, "50001"]);
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import tickets mine.csv --no-canary --concurrency 1").exits(4);
    assert_rows(&work.summary(), "created 2, unknown 1");
    let name = run_name(&work);
    work.on(&server, format!("settle {name} --server-timeout 0")).exits(5).says("1 row was not done");
    work.on(&server, "import tickets mine.csv --no-canary --concurrency 1").exits(0);
    assert_rows(&work.summary(), "created 3");
    let tickets = server.records("tickets");
    assert_eq!(tickets.iter().filter(|ticket| ticket["subject"] == "示例工单").count(), 3);
}

#[test]
fn equal_rows_share_the_records_that_are_there() {
    let faults =
        ["504-after-store,on=POST tickets,nth=2", "504,on=POST tickets,nth=3", "504-after-store,on=POST tickets,nth=4"];
    let (server, work) = (Server::faulty(&faults), Work::new());
    let mut table = Table::of(&["标题", "描述", "联系人编号"]);
    for subject in ["甲", "乙", "乙", "乙", "丙"] {
        table.push(&[&format!("示例 {subject}"), "说明", "50001"]);
    }
    work.write_table("mine.csv", &table);
    work.on(&server, "import tickets mine.csv --no-canary --concurrency 1 --keep-going").exits(4);
    assert_rows(&work.summary(), "created 4, unknown 1");
    let name = run_name(&work);
    work.on(&server, format!("settle {name} --server-timeout 0")).exits(5);
    work.on(&server, "import tickets mine.csv --no-canary --concurrency 1 --keep-going").exits(0);
    let tickets = server.count_by("tickets", "subject");
    assert_eq!(tickets["示例 乙"], 3);
    let results = work.results();
    let mut ids = results.column("id");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5, "{results:?}");
}

/// Of two equal rows one arrived, and nobody can tell which: the other one is sent under a request id that the service has not
/// seen from either.
#[test]
fn the_second_of_two_equal_rows_is_not_refused_for_the_first_one() {
    for [first, second] in [["504", "504-after-store"], ["504-after-store", "504"]] {
        let faults = [format!("{first},on=POST tickets,nth=2"), format!("{second},on=POST tickets,nth=3")];
        let server = Server::inside(|options| {
            options.variants.set("requestid", "duplicate").unwrap();
            options.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        });
        let work = Work::new();
        let mut table = Table::of(&["标题", "描述", "联系人编号"]);
        for subject in ["甲", "乙", "乙", "丙"] {
            table.push(&[&format!("示例 {subject}"), "说明", "50001"]);
        }
        work.write_table("mine.csv", &table);
        let import = "import tickets mine.csv --no-canary --concurrency 1 --keep-going";
        work.on(&server, import).exits(4);
        assert_rows(&work.summary(), "created 3, unknown 1");
        let name = run_name(&work);
        work.on(&server, format!("settle {name} --server-timeout 0")).exits(5).says("1 row was not done");
        work.on(&server, import).exits(0);
        assert_rows(&work.summary(), "created 4");
        assert_eq!(server.count_by("tickets", "subject")["示例 乙"], 2);
    }
}

#[test]
fn a_record_that_is_deleted_or_twice_there_decides_nothing() {
    let (service, account) = service(|number, account, sent| {
        if number == 2 {
            account.add(sent.clone());
            return Answer::Lost;
        }
        Answer::Made
    });
    let work = work(&service, 3);
    work.bw8(IMPORT).exits(4);
    settle(&work, "--server-timeout 0").exits(4);
    let message = work.results().column("message")[1].to_owned();
    assert!(message.contains("50002") && message.contains("50003"), "{message}");
    assert_eq!(account.lock().unwrap().creates, 3);
}

#[test]
fn rows_created_without_an_id_get_theirs() {
    let (service, _) = service(|_, _, _| Answer::WithoutId);
    let work = work(&service, 4);
    work.bw8(IMPORT).exits(0).says("4 ids were found");
    assert_eq!(work.results().column("id"), ["50001", "50002", "50003", "50004"]);
    assert_eq!(work.summary()["ids_pending"], 0);
}

#[test]
fn a_yes_without_a_record_is_no_proof() {
    let (service, account) = service(|_, _, _| Answer::SaidOnly);
    let work = work(&service, 3);
    let looked = "3 rows that the service said were made are not in its list";
    work.bw8(IMPORT).exits(4).says(looked).says("bw8 settle ").never_says("created 3");
    assert_rows(&work.summary(), "unknown 3");
    assert_eq!(work.results().column("code"), ["not_in_list"; 3]);
    // Nothing later shows that the list is up to date: it says so, and what can be done.
    settle(&work, "--server-timeout 0").exits(4).says("3 rows are still not known").says("--resend-unknown");
    work.bw8(IMPORT).exits(4).says("done before").says("bw8 settle ").never_says("retry").never_says("--fresh");
    assert_eq!(account.lock().unwrap().creates, 3);
    settle(&work, "--resend-unknown").exits(5).says("3 rows are free to be sent once more").says(IMPORT);
    work.bw8(IMPORT).exits(4).says("are sent once more").never_says("nothing was sent yet");
    assert_eq!(account.lock().unwrap().creates, 6);
}

#[test]
fn a_row_that_the_service_only_said_was_made_is_sent_once_its_absence_is_proved() {
    let (service, account) = service(|number, _, _| if number == 2 { Answer::SaidOnly } else { Answer::Made });
    let work = work(&service, 3);
    work.bw8(IMPORT).exits(4).says("1 row that the service said was made is not in its list");
    assert_rows(&work.summary(), "created 2, unknown 1");
    settle(&work, "--server-timeout 0").exits(5).says("1 row was not done and can be sent");
    assert_rows(&work.summary(), "created 2, pending 1");
    // Another input knows nothing of it as sent.
    work.bw8(IMPORT).exits(0);
    assert_rows(&work.summary(), "created 3");
    assert_eq!(account.lock().unwrap().creates, 4);
    work.bw8(IMPORT).exits(0).says("done before").never_says("retry");
    // Where the service's time is over at once the run itself finds it out.
    let (service, account) = service_of_one_lie();
    let work = self::work(&service, 3);
    work.bw8(format!("{IMPORT} --server-timeout 0")).exits(5).says("1 row was not done and can be sent");
    work.bw8(IMPORT).exits(0);
    assert_rows(&work.summary(), "created 3");
    assert_eq!(account.lock().unwrap().creates, 4);
}

fn service_of_one_lie() -> (Service, Arc<Mutex<Account>>) {
    service(|number, _, _| if number == 2 { Answer::SaidOnly } else { Answer::Made })
}

#[test]
fn what_cannot_be_looked_up_is_created_by_word_alone_and_no_success() {
    let service = Service::start(|request| match request.method.as_str() {
        "POST" => (200, r#"{"errcode":"0","errmsg":"ok"}"#.to_owned()),
        _ => (403, r#"{"errcode":"7","errmsg":"no lists"}"#.to_owned()),
    });
    let work = work(&service, 2);
    let ran = work.bw8(IMPORT);
    ran.exits(4).says("of 2 records the service only said that they were made").says("bw8 settle ");
    assert_rows(&work.summary(), "created 2");
    assert_eq!(work.summary()["ids_pending"], 2);
    assert!(work.results().column("message").iter().all(|message| message.contains("could not be looked up")));
    work.bw8(IMPORT).exits(4).says("done before").says("bw8 settle ");
}

#[test]
fn a_person_may_have_rows_sent_once_more_and_hears_that_they_may_double() {
    let (service, account) = service(|number, account, _| {
        if number == 2 {
            account.is_hidden.push("50002".to_owned());
            return Answer::Lost;
        }
        Answer::Made
    });
    let work = work(&service, 2);
    work.bw8(IMPORT).exits(4);
    settle(&work, "--resend-unknown")
        .exits(5)
        .says("1 row is free to be sent once more")
        .never_says("found out:")
        .says("may be there twice");
    work.bw8(IMPORT).exits(0);
    assert_eq!(account.lock().unwrap().records.len(), 3);
    assert_rows(&work.summary(), "created 2");
}

#[test]
fn a_hand_cut_file_of_unknown_rows_is_told_what_finds_out() {
    let (service, account) = service(|number, account, _| {
        if number == 2 {
            account.is_hidden.push("50002".to_owned());
            return Answer::Lost;
        }
        Answer::Made
    });
    let work = work(&service, 2);
    work.bw8(IMPORT).exits(4);
    let name = run_name(&work);
    let mut cut = Table::of(&["姓名", "手机", "公司编号"]);
    cut.rows.push(work.table("mine.csv").rows[2].clone());
    work.write_table("cut.csv", &cut);
    let ran = work.bw8("import customers cut.csv --no-canary --run cut");
    ran.exits(4).says(&as_printed(&format!("bw8 settle bw8-runs/{name}")));
    assert_eq!(account.lock().unwrap().creates, 2);
    work.bw8("import customers cut.csv --no-canary --run cut").exits(4).says("bw8 settle");
    account.lock().unwrap().is_hidden.clear();
    work.bw8(format!("settle {name}")).exits(0);
    // What was settled there is known here.
    work.bw8("import customers cut.csv --no-canary --run cut").exits(0);
    assert_rows(&work.summary_of("cut"), "skipped 1");
    assert_eq!(account.lock().unwrap().creates, 2);
}

#[test]
fn unknown_rows_are_named_by_their_keys_in_chinese_too() {
    let (service, _) = service(|number, _, _| if number == 2 { Answer::Nothing } else { Answer::Made });
    let work = work(&service, 3);
    let ran = work.bw8(format!("{IMPORT} --lang zh"));
    ran.exits(4).says("请不要重新导入这 1 行待核实的数据").says("它不会新建任何记录").says("bw8 settle ");
    let last = ran.stdout().trim_end().lines().last().unwrap().to_owned();
    assert!(last.trim().starts_with("bw8 settle "), "{last}");
    let message = work.results().column("message")[1].to_owned();
    let mobile = work.table("mine.csv").column("手机")[1].to_owned();
    assert!(message.contains(&mobile), "{message}");
}

#[test]
fn changes_tags_and_bindings_are_asked_for_themselves() {
    let server = Server::faulty(&[
        "504-after-store,on=PUT users,nth=2",
        "504,on=PUT users,nth=3",
        "504-after-store,on=POST bindings,nth=1",
        "504,on=POST bindings,nth=2",
    ]);
    let work = Work::new();
    let ids: Vec<String> =
        server.records("customers").iter().take(3).map(|record| record["cId"].as_str().unwrap().to_owned()).collect();
    let mut table = Table::of(&["联系人编号", "备注"]);
    for id in &ids {
        table.push(&[id, "新的备注"]);
    }
    work.write_table("change.csv", &table);
    let change = "import customers change.csv --mode update --no-canary --concurrency 1 --run change";
    work.on(&server, change).exits(4);
    assert_rows(&work.summary_of("change"), "updated 2, unknown 1");
    work.on(&server, "settle change --server-timeout 0").exits(5);
    work.on(&server, change).exits(0);
    assert_rows(&work.summary_of("change"), "updated 3");
    let mut table = Table::of(&["联系人编号", "第三方用户标识", "绑定来源"]);
    for id in &ids {
        table.push(&[id, &format!("示例-{id}"), "钉钉"]);
    }
    work.write_table("bind.csv", &table);
    let bind = "import bindings bind.csv --no-canary --concurrency 1 --run bind";
    work.on(&server, bind).exits(4);
    assert_rows(&work.summary_of("bind"), "created 2, unknown 1");
    work.on(&server, "settle bind --server-timeout 0").exits(5);
    work.on(&server, bind).exits(0);
    assert_rows(&work.summary_of("bind"), "created 3");
}

/// What somebody else has filled meanwhile shows nothing of what was sent.
#[test]
fn a_change_in_doubt_is_not_done_for_what_another_has_written() {
    let note = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&note);
    let service = Service::start(move |request| {
        let record = json!({"cId": "50001", "name": "示例", "mobile": "13000000001", "note": *kept.lock().unwrap(),
            "updateDT": now(), "createDT": "2026-01-05 08:00:00"});
        match (request.method.as_str(), request.path.as_str()) {
            ("PUT", _) => {
                *kept.lock().unwrap() = "由他人填写".to_owned();
                (504, String::new())
            }
            ("GET", "/users/50001.json") => (200, json!({"user": record}).to_string()),
            ("GET", "/users.json") => (200, json!({"users": [record], "count": "1"}).to_string()),
            _ => unknown(),
        }
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "联系人编号,备注\n50001,新的备注\n");
    let import = "import customers mine.csv --mode update --no-canary --rate 0 --overwrite 备注=if-blank";
    work.bw8(import).exits(4);
    settle(&work, "--server-timeout 0").exits(4).says("1 row is still not known");
    assert_rows(&work.summary(), "unknown 1");
    *note.lock().unwrap() = "新的备注".to_owned();
    settle(&work, "").exits(0).says("1 row is done");
}

/// A service with one customer, whose first change does not arrive, nor any answer to it.
fn service_that_loses_a_change() -> (Service, Arc<Mutex<String>>) {
    let note = Arc::new(Mutex::new("原来的备注".to_owned()));
    let kept = Arc::clone(&note);
    let mut changes = 0;
    let service = Service::start(move |request| {
        if request.method == "PUT" {
            changes += 1;
            if changes == 1 {
                return (504, String::new());
            }
            let body: Value = serde_json::from_str(&request.body).unwrap();
            body["user"]["note"].as_str().unwrap().clone_into(&mut kept.lock().unwrap());
        }
        // It was changed this morning, so that when it was changed proves nothing.
        let record = json!({"cId": "50001", "name": "示例", "mobile": "13000000001", "note": *kept.lock().unwrap(),
            "updateDT": now(), "createDT": "2026-01-05 08:00:00"});
        match request.path.as_str() {
            "/users/50001.json" => (200, json!({"user": record}).to_string()),
            "/users.json" => (200, json!({"users": [record], "count": "1"}).to_string()),
            _ => unknown(),
        }
    });
    (service, note)
}

const CHANGE: &str = "import customers mine.csv --mode update --no-canary --rate 0";

fn work_of_change(service: &Service) -> Work {
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "联系人编号,备注\n50001,新的备注\n");
    work
}

#[test]
fn a_change_that_never_arrived_is_known_by_what_the_record_said_before_it() {
    let (service, note) = service_that_loses_a_change();
    let work = work_of_change(&service);
    work.bw8(CHANGE).exits(4).says("1 change").never_says("there twice");
    // It may still arrive.
    settle(&work, "").exits(4);
    settle(&work, "--server-timeout 0").exits(5).says("1 row was not done and can be sent");
    work.bw8(CHANGE).exits(0);
    assert_eq!(*note.lock().unwrap(), "新的备注");
    assert_rows(&work.summary(), "updated 1");
}

#[test]
fn a_change_in_doubt_whose_record_somebody_else_changed_ends_as_a_person_says() {
    for (option, exit, last, ends) in
        [("--resend-unknown", 5, "新的备注", "updated 1"), ("--keep-service", 0, "同事的备注", "skipped 1")]
    {
        let (service, note) = service_that_loses_a_change();
        let work = work_of_change(&service);
        work.bw8(CHANGE).exits(4);
        "同事的备注".clone_into(&mut note.lock().unwrap());
        let ran = settle(&work, "--server-timeout 0 --lang zh");
        ran.exits(4)
            .says("--resend-unknown")
            .says("--keep-service")
            .says("会覆盖帮我吧那时的内容")
            .never_says("就会重复");
        // What may still arrive is not given up.
        settle(&work, "--keep-service").exits(4);
        settle(&work, &format!("--server-timeout 0 {option}")).exits(exit);
        work.bw8(CHANGE).exits(0);
        assert_eq!(*note.lock().unwrap(), last);
        assert_rows(&work.summary(), ends);
    }
}

#[test]
fn what_is_to_be_kept_is_a_record_that_was_to_be_changed() {
    let (service, _) = service(|_, _, _| Answer::Lost);
    let work = work(&service, 1);
    work.bw8(IMPORT).exits_with_one_of(&[0, 4]);
    settle(&work, "--keep-service").exits(2).says("make new ones");
}

#[test]
fn a_service_that_knows_request_ids_again_is_asked_again() {
    let import = |policy: &str, switch: &str, fault: &str| {
        let server = Server::start(&format!("--variant requestid={policy} --fault {fault},on=POST_users,nth=2"));
        let work = Work::new();
        work.write_table("mine.csv", &customers(1, 3));
        let import = "import customers mine.csv --no-canary --concurrency 1";
        let ran = work.on(&server, format!("{import} --server-dedupe {switch}"));
        ran.exits(0);
        assert_rows(&work.summary(), "created 3");
        assert_eq!(server.stored("customers"), 63, "{policy} {fault}\n{ran}");
    };
    // Each waits before it asks again.
    std::thread::scope(|scope| {
        for (policy, switch) in [("replayed", "replay"), ("duplicate", "refuse")] {
            for fault in ["504-after-store", "504"] {
                scope.spawn(move || import(policy, switch, fault));
            }
        }
    });
}

#[test]
fn a_run_that_is_not_ours_or_is_at_work_is_not_settled() {
    let (service, account) = service(|_, _, _| Answer::Made);
    let work = work(&service, 1);
    work.bw8(IMPORT).exits(0);
    settle(&work, "").exits(0).says("nothing to find out");
    // Another login that does not find the records is one of another account, perhaps.
    account.lock().unwrap().records.clear();
    let mut other = work.command(format!("settle {}", run_name(&work)));
    other.env("BW8_USER", "other@example.com");
    work.run(other).exits(2).says("--same-account");
    work.bw8("settle nowhere").exits(2);
}

#[test]
fn values_are_read_as_the_run_read_them() {
    let (service, account) = service(|_, account, _| {
        account.is_hidden.push("50001".to_owned());
        Answer::Lost
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "姓名,手机,公司编号\n示例\u{200b}一,13000000001,20001\n");
    work.bw8(format!("{IMPORT} --keep-raw")).exits(4);
    account.lock().unwrap().is_hidden.clear();
    settle(&work, "").exits(0).says("1 row is done");
    assert_eq!(work.results().column("id"), ["50001"]);
    assert_eq!(account.lock().unwrap().records[0]["name"], "示例\u{200b}一");
}

/// What another run knows of a run's rows is found out there, first.
#[test]
fn settling_a_run_settles_those_that_sent_its_rows_or_retried_them() {
    let server = Server::faulty(&["500,on=POST users,nth=2"]);
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    work.write_table("more.csv", &customers(1, 5));
    let options = "--concurrency 1 --no-canary";
    work.on(&server, format!("import customers mine.csv --run mine {options}")).exits(4);
    work.on(&server, format!("import customers more.csv --run more {options}")).exits(4);
    assert_eq!(work.table("more/results.csv").column("code")[1], "unknown_elsewhere");
    // While it is not known there, it is not known here.
    let ran = work.on(&server, "settle more");
    ran.exits(4).says("sent rows of this one before (mine): found out: 1 row is still not known");
    ran.never_says("nothing to find out");
    let ran = work.on(&server, "settle more --server-timeout 0");
    ran.exits(5).says("sent rows of this one before (mine): found out: 1 row was not done and can be sent");
    ran.says("1 row is decided anew when this run goes on");
    assert_rows(&work.summary_of("more"), "created 2, skipped 2, pending 1");
    work.on(&server, format!("import customers more.csv --run more {options}")).exits(0);
    work.on(&server, format!("import customers mine.csv --run mine {options}")).exits(0);
    assert_eq!(server.stored("customers"), 60 + 5);
    // One that retried a row.
    let server = Server::faulty(&["422,on=POST users,nth=2", "500,on=POST users,nth=4"]);
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    work.on(&server, format!("import customers mine.csv --run mine {options} --keep-going")).exits(3);
    work.on(&server, format!("retry mine --run again {options} --keep-going")).exits(4);
    let ran = work.on(&server, "settle mine");
    ran.exits(3).says("retried rows of this one (again): found out: 1 row is still not known");
    ran.never_says("nothing to find out");
}

/// The clock that records are dated by is three days behind, whatever the answers themselves say of the time.
#[test]
fn a_record_that_is_dated_by_a_clock_that_is_behind_is_found() {
    for is_lost in [true, false] {
        let records = Arc::new(Mutex::new(Vec::<Value>::new()));
        let kept = Arc::clone(&records);
        let mut creates = 0;
        let service = Service::start(move |request| {
            let mut records = kept.lock().unwrap();
            match (request.method.as_str(), request.path.as_str()) {
                ("POST", "/users.json") => {
                    creates += 1;
                    if creates == 2 && !is_lost {
                        return (504, String::new());
                    }
                    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
                    let now = jiff::Timestamp::now().to_zoned_datetime(zone).saturating_sub(jiff::Span::new().days(3));
                    let mut record: Value = serde_json::from_str::<Value>(&request.body).unwrap()["user"].take();
                    let id = (50_001 + records.len()).to_string();
                    record["cId"] = json!(id);
                    record["createDT"] = json!(now.strftime("%Y-%m-%d %H:%M:%S").to_string());
                    records.push(record);
                    match creates == 2 {
                        true => (504, String::new()),
                        false => (201, format!("{{\"user\":{{\"cId\":\"{id}\"}}}}")),
                    }
                }
                ("GET", "/users.json") => {
                    let from = request.query.get("created_start").cloned().unwrap_or_default();
                    let found: Vec<&Value> =
                        records.iter().filter(|record| record["createDT"].as_str().unwrap() >= from.as_str()).collect();
                    let size = request.number_of("per_page").max(1);
                    let page: Vec<_> =
                        found.iter().skip((request.number_of("page").max(1) - 1) * size).take(size).collect();
                    (200, json!({"users": page, "count": found.len()}).to_string())
                }
                ("GET", path) => {
                    let id = path.trim_start_matches("/users/").trim_end_matches(".json");
                    match records.iter().find(|record| record["cId"] == *id) {
                        Some(record) => (200, json!({"user": record}).to_string()),
                        None => unknown(),
                    }
                }
                _ => unknown(),
            }
        });
        let work = work(&service, 4);
        let ran = work.bw8(IMPORT);
        match is_lost {
            true => {
                ran.exits(0);
                assert_rows(&work.summary(), "created 4");
                assert_eq!(work.results().column("code"), ["", "settled", "", ""]);
            }
            false => drop(ran.exits(4)),
        }
        // Whatever is done next, nothing is there twice.
        settle(&work, "").exits_with_one_of(&[0, 3, 4]);
        work.bw8(IMPORT).exits_with_one_of(&[0, 4]);
        let records = records.lock().unwrap();
        let mobiles: std::collections::BTreeSet<&str> =
            records.iter().map(|record| record["mobile"].as_str().unwrap()).collect();
        assert_eq!(mobiles.len(), records.len());
    }
}
