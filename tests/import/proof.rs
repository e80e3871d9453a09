//! What answers prove: only what is proved is said to be done or not done; all else is in doubt, in the service's own words.

use serde_json::{Value, json};

use crate::harness::*;

/// A service that knows no lists and answers a create by `answer`, given how many came before it.
fn creating(
    mut answer: impl FnMut(usize, &Request) -> (u16, Vec<(String, String)>, String) + Send + 'static,
) -> Service {
    let mut created = 0;
    Service::with_heads(move |request| {
        if request.method != "POST" {
            let (status, body) = unknown();
            return (status, Vec::new(), body);
        }
        created += 1;
        answer(created, request)
    })
}

fn import(service: &Service, rows: u64) -> (Work, Ran) {
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, rows));
    let ran = work.bw8("import customers mine.csv --no-canary --concurrency 1 --rate 0");
    (work, ran)
}

fn body(text: &str) -> (u16, Vec<(String, String)>, String) {
    (200, Vec::new(), text.to_owned())
}

#[test]
fn a_place_without_a_body_is_proof() {
    // A service may call itself by another host than the one that it is spoken to by.
    for (status, host) in [(201, ""), (204, ""), (200, ""), (201, "https://www.example.com")] {
        let service = creating(move |number, _| {
            let place = format!("{host}/api/v1/users/{}.json", 50_000 + number);
            (status, vec![("Location".to_owned(), place)], String::new())
        });
        let (work, ran) = import(&service, 3);
        ran.exits(0);
        assert_eq!(work.results().column("id"), ["50001", "50002", "50003"]);
    }
}

#[test]
fn a_place_that_is_another_one_is_no_proof() {
    for place in
        ["/api/v1/companies/77.json", "http://other.example/users/77.json", "/error/500", "/login?next=/users/77"]
    {
        let service = creating(move |number, _| match number {
            1 => body(r#"{"user":{"cId":"50001"}}"#),
            _ => (201, vec![("Location".to_owned(), place.to_owned())], String::new()),
        });
        let (work, ran) = import(&service, 2);
        ran.exits(4);
        assert_rows(&work.summary(), "created 1, unknown 1");
    }
}

/// Sent again, it would be there twice.
#[test]
fn a_no_that_holds_the_new_record_or_names_it_is_never_sent_again() {
    let record = r#"{"user":{"cId":"50002"}}"#;
    for (status, place, answer) in [
        (429, None, record),
        (429, Some("/api/v1/users/50002.json"), "{}"),
        (429, Some("/api/v1/users/50002.json"), ""),
        (429, None, r#"{"status":"0","message":"Insert ok","data":false}"#),
        (401, None, record),
        (403, None, record),
        (404, Some("/api/v1/users/50002.json"), "{}"),
        (400, None, r#"{"errcode":"7","errmsg":"no","user":{"cId":"50002"}}"#),
        (503, None, record),
    ] {
        let service = creating(move |number, _| match number {
            2 => (
                status,
                place.map(|place| ("Location".to_owned(), place.to_owned())).into_iter().collect(),
                answer.to_owned(),
            ),
            number => body(&format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + number)),
        });
        let (work, ran) = import(&service, 3);
        ran.exits(4);
        assert_eq!(work.results().column("status"), ["created", "unknown", "created"], "{status} {place:?} {answer}");
        let sent = service.requests().into_iter().filter(|request| request.method == "POST").count();
        assert_eq!(sent, 3, "{status} {place:?} {answer}");
    }
}

/// Nor does a token that is renewed send it again.
#[test]
fn a_rejected_token_with_the_new_record_is_not_renewed_for_it() {
    let mut created = 0;
    let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/users.json") => {
            created += 1;
            let status = if created == 2 { 401 } else { 200 };
            (status, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + created))
        }
        (_, path) if path.contains("token") => (200, r#"{"access_token":"t-1234567890","expires_in":3600}"#.to_owned()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 3));
    let mut command = work.command("import customers mine.csv --no-canary --concurrency 1 --rate 0");
    command.env_remove("BW8_USER").env_remove("BW8_PASSWORD");
    command.envs([("BW8_CLIENT_ID", "example-id"), ("BW8_CLIENT_SECRET", "example-secret")]);
    work.run(command).exits(4);
    assert_eq!(work.results().column("status"), ["created", "unknown", "created"]);
    let sent =
        service.requests().into_iter().filter(|request| request.path == "/users.json" && request.method == "POST");
    assert_eq!(sent.count(), 3);
}

#[test]
fn a_yes_beside_a_plain_no_proves_nothing_and_what_a_record_says_of_itself_is_no_no() {
    for (beside, is_no) in [
        (r#","success":false"#, true),
        (r#","ok":false"#, true),
        (r#","code":500,"message":"系统错误""#, true),
        (r#","result":"fail","reason":"x""#, true),
        (r#","errors":[{"code":1,"message":"手机号已存在"}]"#, true),
        (r#","error_code":"100103","error_msg":"no""#, true),
        (r#","meta":{"code":500}"#, true),
        (r#","users":[{"cId":"50902"}]"#, true),
        (r#","user":{"cId":"50902"}"#, true),
        (r#","success":true,"code":0,"errors":[]"#, false),
        (r#","code":200,"msg":"操作成功","error":null"#, false),
        (r#","result":"ok","error_code":0"#, false),
        (r#","company":{"code":"500","state":"404"}"#, false),
    ] {
        let service = creating(move |number, _| {
            let beside = if number == 2 { beside } else { "" };
            let own = r#""status":"2","state":"500","code":"KH-404""#;
            body(&format!("{{\"user\":{{\"cId\":\"{}\",{own}}}{beside}}}", 50_000 + number))
        });
        let (work, ran) = import(&service, 3);
        ran.exits(if is_no { 4 } else { 0 });
        let second = if is_no { "unknown" } else { "created" };
        assert_eq!(work.results().column("status"), ["created", second, "created"], "{beside}");
    }
}

#[test]
fn the_words_of_an_unknown_shape_stand_in_the_results() {
    for answer in [
        r#"{"code":500,"msg":"系统繁忙，请稍后再试"}"#,
        r#"{"code":500,"msg":"\u7cfb\u7edf\u7e41\u5fd9\uff0c\u8bf7\u7a0d\u540e\u518d\u8bd5"}"#,
        r#"{"result":{"success":false,"reason":"系统繁忙，请稍后再试"}}"#,
        "<html><body>系统繁忙，请稍后再试</body></html>",
    ] {
        let service = creating(move |_, _| body(answer));
        let (work, ran) = import(&service, 2);
        ran.exits(4);
        assert_rows(&work.summary(), "unknown 2");
        for message in work.results().column("message") {
            assert!(message.contains("系统繁忙，请稍后再试"), "{message}");
        }
    }
}

#[test]
fn long_words_are_cut_and_hold_nothing_that_acts() {
    let service = creating(|_, _| {
        (500, Vec::new(), format!("{{\"errcode\":\"9\",\"errmsg\":\"\\u001b[2J{}\"}}", "长".repeat(4000)))
    });
    let (work, ran) = import(&service, 1);
    ran.exits(4);
    let results = work.results();
    let message = results.column("message")[0];
    assert!(!message.contains('\u{1b}') && message.contains("长长长"), "{message}");
    assert!((900..1200).contains(&message.chars().count()), "{}", message.chars().count());
}

/// The first row is answered as it should be; the second one with what is another's.
#[test]
fn an_answer_about_another_row_proves_nothing() {
    let record = |id: usize, mobile: &str| format!("{{\"user\":{{\"cId\":\"{id}\",\"mobile\":\"{mobile}\"}}}}");
    let mobiles: Vec<String> = customers(1, 3).column("手机").into_iter().map(str::to_owned).collect();
    for (what, second) in [
        ("the id of the first row", record(50_001, &mobiles[1])),
        ("the id of the first row as data", r#"{"status":"0","message":"Insert ok","data":50001}"#.to_owned()),
        ("the record of the first row", record(50_002, &mobiles[0])),
        ("the record of a stranger", record(50_002, "13999999999")),
        ("an id that cannot be", record(0, &mobiles[1])),
        ("yes and no", r#"{"errcode":"0","errmsg":"ok","error":"no"}"#.to_owned()),
    ] {
        let mobiles = mobiles.clone();
        let service = creating(move |number, _| match number {
            2 => body(&second),
            number => body(&record(50_000 + number, &mobiles[number - 1])),
        });
        let (work, ran) = import(&service, 3);
        ran.exits(4);
        let results = work.results();
        assert_eq!(results.column("status"), ["created", "unknown", "created"], "{what}");
        assert_eq!(results.column("id"), ["50001", "", "50003"], "{what}");
    }
}

#[test]
fn a_run_that_goes_on_knows_the_ids_of_its_rows() {
    let service = creating(|number, _| {
        let id = if number == 2 { 50_001 } else { 50_000 + number };
        body(&format!("{{\"status\":\"0\",\"message\":\"Insert ok\",\"data\":{id}}}"))
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 3));
    work.bw8("import customers mine.csv --no-canary --limit 1").exits(0);
    work.bw8("import customers mine.csv --no-canary").exits(4);
    assert_eq!(work.results().column("status"), ["created", "unknown", "created"]);
}

#[test]
fn a_mobile_that_the_service_writes_in_its_own_way_is_still_ours() {
    let service = creating(|number, request| {
        let sent: Value = serde_json::from_str(&request.body).unwrap();
        let mobile = sent["user"]["mobile"].as_str().unwrap();
        let shown = match number {
            1 => format!("+86{mobile}"),
            2 => format!("{}****{}", &mobile[..3], &mobile[7..]),
            _ => format!("{} {} {}", &mobile[..3], &mobile[3..7], &mobile[7..]),
        };
        body(&format!("{{\"user\":{{\"cId\":\"{}\",\"mobile\":\"{shown}\"}}}}", 50_000 + number))
    });
    let (work, ran) = import(&service, 3);
    ran.exits(0);
    assert_rows(&work.summary(), "created 3");
}

#[test]
fn a_redirected_write_is_in_doubt_and_ends_the_run() {
    let service = creating(|number, _| match number {
        1 => body(r#"{"user":{"cId":"50001"}}"#),
        _ => (302, vec![("Location".to_owned(), "/login".to_owned())], String::new()),
    });
    let (work, ran) = import(&service, 4);
    ran.exits(1).says("redirect");
    assert_rows(&work.summary(), "created 1, unknown 1, pending 2");
}

#[test]
fn a_no_without_a_word_of_the_service_is_in_doubt_where_gateways_say_it() {
    for (status, words, rows) in [
        (409, "<html>Conflict</html>", "created 1, unknown 1"),
        (413, "", "created 1, unknown 1"),
        (499, "", "created 1, unknown 1"),
        (503, r#"{"errcode":"1","errmsg":"busy"}"#, "created 1, unknown 1"),
        (409, r#"{"errcode":"1","errmsg":"no"}"#, "created 1, failed 1"),
        (413, r#"{"errcode":"1","errmsg":"no"}"#, "created 1, failed 1"),
        (422, "", "created 1, failed 1"),
    ] {
        let service = creating(move |number, _| match number {
            1 => body(r#"{"user":{"cId":"50001"}}"#),
            _ => (status, vec![("Retry-After".to_owned(), "1".to_owned())], words.to_owned()),
        });
        let (work, ran) = import(&service, 2);
        ran.exits(if rows.contains("unknown") { 4 } else { 3 });
        assert_rows(&work.summary(), rows);
    }
}

/// A gateway answers the question for one record with another one.
#[test]
fn tags_of_another_record_are_never_written_onto_one() {
    let mut tags = "旧标签";
    let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/users/50001.json") => {
            (200, r#"{"user":{"cId":"50002","name":"示例","tableName":"别人的标签"}}"#.to_owned())
        }
        ("GET", "/users/50003.json") => {
            (200, format!(r#"{{"user":{{"cId":"50003","name":"示例","tableName":"{tags}"}}}}"#))
        }
        ("PUT", path) => {
            tags = "旧标签,新标签";
            (200, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", &path[7..12]))
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let table = Table::of(&["对象类型", "记录编号", "添加标签"])
        .push(&["联系人", "50003", "新标签"])
        .push(&["联系人", "50001", "新标签"])
        .clone();
    work.write_table("tags.csv", &table);
    work.bw8("import tags tags.csv --no-canary --concurrency 1").exits(3).says("50002");
    assert_rows(&work.summary(), "updated 1, failed 1");
    let written: Vec<Request> = service.requests().into_iter().filter(|request| request.method == "PUT").collect();
    assert_eq!(written.len(), 1);
    assert!(written[0].body.contains("旧标签,新标签") && written[0].path == "/users/50003.json");
}

#[test]
fn a_change_that_is_answered_with_another_record_is_in_doubt() {
    let service = Service::start(|request| match request.method.as_str() {
        "PUT" => (200, r#"{"user":{"cId":"50009","name":"别人"}}"#.to_owned()),
        "GET" if request.path == "/users/50001.json" => (200, r#"{"user":{"cId":"50001","name":"示例"}}"#.to_owned()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", Table::of(&["联系人编号", "姓名"]).push(&["50001", "示例一"]));
    work.bw8("import customers mine.csv --mode update --no-canary").exits(4);
    assert_rows(&work.summary(), "unknown 1");
}

/// An account of two customers; what a change or a new one is answered with, by the note that it says, and which changes are done.
fn of_two(
    answer: impl Fn(&str) -> (u16, Vec<(String, String)>, String) + Send + 'static,
    is_done: impl Fn(&str) -> bool + Send + 'static,
) -> Service {
    let record = |id: u64| {
        json!({"cId": id.to_string(), "name": format!("示例 {id}"), "mobile": format!("131000{id}"), "note": "", "state": "1",
            "createDT": "2026-01-05 08:00:00", "updateDT": "2026-01-05 08:00:00"})
    };
    let mut records = [record(50_001), record(50_002)];
    Service::with_heads(move |request| {
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let place = records.iter().position(|record| request.path.contains(record["cId"].as_str().unwrap()));
        if let (Some(place), "PUT", Some(note)) = (place, request.method.as_str(), body["user"]["note"].as_str())
            && is_done(note)
        {
            records[place]["note"] = note.into();
        }
        let document = match (request.method.as_str(), request.path.as_str(), place) {
            ("PUT" | "POST", ..) => return answer(body["user"]["note"].as_str().unwrap()),
            ("GET", "/users.json", _) if request.number_of("page") > 1 => json!({"users": [], "count": "2"}),
            ("GET", "/users.json", _) => json!({"users": records, "count": "2"}),
            ("GET", _, Some(place)) => json!({"user": records[place]}),
            _ => return (404, Vec::new(), unknown().1),
        };
        (200, Vec::new(), document.to_string())
    })
}

/// A record that another row of the run changes is not the one that a row made, whichever of them stands first, and also where
/// the run goes on in another process.
#[test]
fn the_id_of_a_record_that_another_row_changes_is_no_new_one() {
    let change = "示例 50001,13100050001,改,20001\n";
    let new = "示例新,13100000009,新,20001\n";
    for (rows, more, statuses) in [
        (format!("{change}{new}"), &[""][..], ["updated", "unknown"]),
        (format!("{new}{change}"), &[""], ["unknown", "updated"]),
        (format!("{change}{new}"), &["--limit 1", ""], ["updated", "unknown"]),
    ] {
        for answer in [
            r#"{"status":"0","message":"Insert ok","data":50001}"#,
            r#"{"user":{"cId":"50001","mobile":"13100000009"}}"#,
        ] {
            let of_note = move |note: &str| match note {
                "新" => body(answer),
                _ => body(r#"{"status":"0","message":"Update ok","data":true}"#),
            };
            let service = of_two(of_note, |_| true);
            let work = Work::at(&service.base_url());
            work.write("mine.csv", format!("姓名,手机,备注,公司编号\n{rows}"));
            let last = more.len() - 1;
            for (number, more) in more.iter().enumerate() {
                let ran = work.bw8(format!(
                    "import customers mine.csv --mode upsert --no-canary --concurrency 1 --rate 0 {more}"
                ));
                ran.exits(if number == last { 4 } else { 0 });
            }
            assert_eq!(work.results().column("status"), statuses, "{answer} {more:?}");
            assert!(work.results().column("id").iter().filter(|id| **id == "50001").count() == 1);
        }
    }
}

/// The last record of a long file is another row's from the first row on.
#[test]
fn the_id_of_a_record_that_a_late_row_changes_is_no_answer_to_the_first() {
    let service =
        Service::start(|request| match (request.method.as_str(), request.path.trim_start_matches("/users/")) {
            ("PUT", "50001.json") => (200, r#"{"status":"0","message":"Update ok","data":53000}"#.to_owned()),
            ("PUT", _) => (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned()),
            (_, "50001.json") => (200, json!({"user": {"cId": "50001", "note": "甲"}}).to_string()),
            _ => unknown(),
        });
    let work = Work::at(&service.base_url());
    let rows: String = (50_002..=53_000).map(|id| format!("{id},乙\n")).collect();
    work.write("mine.csv", format!("联系人编号,备注\n50001,甲乙\n{rows}"));
    let ran = work.bw8("import customers mine.csv --mode update --no-canary --concurrency 1 --rate 0 --limit 1");
    ran.exits(4);
    assert_rows(&work.summary(), "unknown 1, pending 2999");
}

/// What a change is answered with names the record that was asked for, or nothing: a number that is no other row's may count
/// what was written.
#[test]
fn a_change_that_is_answered_with_the_id_of_another_row_is_in_doubt() {
    for (status, place, text, is_done) in [
        (200, "", r#"{"status":"0","message":"Update ok","data":50001}"#, true),
        (200, "", r#"{"status":"0","message":"Update ok","data":1}"#, true),
        (200, "", r#"{"status":"0","message":"Update ok","data":"3"}"#, true),
        (204, "/api/v1/users/50001.json", "", true),
        (200, "", r#"{"status":"0","message":"Update ok","data":50002}"#, false),
        (200, "", r#"{"status":"0","message":"Update ok","data":{"cId":"50009"}}"#, false),
        (204, "/api/v1/users/50009.json", "", false),
        (204, "/api/v1/users/50002.json", "", false),
    ] {
        for (mode, table) in [
            ("update", "联系人编号,备注\n50001,甲\n50002,乙\n"),
            ("upsert", "姓名,手机,备注,公司编号\n示例 50001,13100050001,甲,20001\n示例 50002,13100050002,乙,20001\n"),
        ] {
            let of_note = move |note: &str| match note {
                "甲" => {
                    let place = (!place.is_empty()).then(|| ("Location".to_owned(), place.to_owned()));
                    (status, place.into_iter().collect(), text.to_owned())
                }
                _ => body(r#"{"status":"0","message":"Update ok","data":true}"#),
            };
            let service = of_two(of_note, move |note| is_done || note != "甲");
            let work = Work::at(&service.base_url());
            work.write("mine.csv", table);
            let ran = work.bw8(format!("import customers mine.csv --mode {mode} --no-canary --concurrency 1 --rate 0"));
            ran.exits(if is_done { 0 } else { 4 });
            let first = if is_done { "updated" } else { "unknown" };
            assert_eq!(work.results().column("status"), [first, "updated"], "{mode} {status} {place} {text}");
            assert_eq!(work.results().column("id"), ["50001", "50002"]);
        }
    }
}
