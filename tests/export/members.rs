//! No member of a record is lost without a word: JSON Lines carry records as they came, tables say what they have no column
//! for, and what the catalog does not know can be named.

use serde_json::{Value, json};

use crate::harness::*;

const RECORD: &str = r#"{"cId":"1","name":"示例 1","mobile":"13000000001","state":"1","note":"<p>一</p>","big":123456789012345678901,
    "nested":{"a":[1,{"b":"1.10"}],"c":1.10},"empty":"","vip_level":"金",
    "custom_fields":[{"key":"field_1","value":["x","y"]},{"key":"field_7","value":"7"}]}"#;

/// A service with this customer and another one.
fn service() -> Service {
    Service::start(|request| match request.path.as_str() {
        "/users.json" => (200, format!("{{\"users\":[{RECORD},{}],\"count\":2}}", customer(2))),
        _ => unknown(),
    })
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn json_lines_carry_each_record_as_it_came() {
    let service = service();
    let work = Work::at(&service.base_url());
    let mut texts = Vec::new();
    for lang in ["zh_CN.UTF-8", "en_US.UTF-8", "C"] {
        let mut command = work.command("export customers -o a.jsonl --rate 0");
        command.env("LANG", lang);
        work.run(command).exits(0);
        texts.push(work.read("a.jsonl"));
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    let wanted: Value = serde_json::from_str(RECORD).unwrap();
    assert_eq!(lines(&texts[0])[0], wanted);
    for digits in ["123456789012345678901", "\"c\":1.10"] {
        assert!(texts[0].contains(digits), "{}", texts[0]);
    }
    work.export("customers -o b.jsonl --headers api").exits(0);
    assert_eq!(work.read("b.jsonl"), texts[0]);
}

#[test]
fn json_lines_with_headers_are_in_words() {
    let service = service();
    let work = Work::at(&service.base_url());
    work.export("customers -o a.jsonl --headers zh --columns cId,state,name").exits(0);
    assert_eq!(lines(&work.read("a.jsonl"))[0], json!({"联系人编号": "1", "在职状态": "在职", "姓名": "示例 1"}));
}

#[test]
fn columns_of_json_lines_are_values_as_they_came() {
    let service = service();
    let work = Work::at(&service.base_url());
    work.export("customers -o a.jsonl --columns state,nested,field_1,field_7,big").exits(0);
    let expected = json!({
        "state": "1", "nested": {"a": [1, {"b": "1.10"}], "c": 0}, "field_1": ["x", "y"], "field_7": "7", "big": 0,
    });
    let mut found = lines(&work.read("a.jsonl"))[0].clone();
    assert_eq!(found["big"].to_string(), "123456789012345678901");
    assert_eq!(found["nested"]["c"].to_string(), "1.10");
    (found["big"], found["nested"]["c"]) = (json!(0), json!(0));
    assert_eq!(found, expected);
    assert_eq!(lines(&work.read("a.jsonl"))[1]["nested"], Value::Null);
}

#[test]
fn what_a_records_own_page_says_is_in_its_line() {
    let service = Service::start(|request| match request.path.as_str() {
        "/tickets.json" => {
            (200, r#"{"tickets":[{"ticketId":"1","subject":"列表","only_list":1}],"count":1}"#.to_owned())
        }
        "/tickets/1.json" => {
            (200, r#"{"ticket":[{"ticketId":"1","subject":"详情","descriptattachments":[{"id":7}]}]}"#.to_owned())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.export("tickets -o a.jsonl --details").exits(0);
    let expected = json!({"ticketId": "1", "subject": "详情", "only_list": 1, "descriptattachments": [{"id": 7}]});
    assert_eq!(lines(&work.read("a.jsonl")), [expected]);
    let ran = work.export("tickets -o a.csv --details");
    ran.exits(0).says("(only_list)");
    let rows = work.rows("a.csv");
    let at = rows[0].iter().position(|title| title == "Description attachments").unwrap();
    assert_eq!(rows[1][at], r#"[{"id":7}]"#);
}

#[test]
fn tables_say_which_members_have_no_column_and_they_can_be_named() {
    let service = service();
    let work = Work::at(&service.base_url());
    for file in ["a.csv", "a.xlsx"] {
        let ran = work.export(["customers", "-o", file, "--no-names"]);
        ran.exits(0).says("(big, nested, vip_level)");
        let manifest: Value = serde_json::from_str(&work.read(format!("{file}.manifest.json"))).unwrap();
        let names: Vec<&Value> =
            manifest["unknown_members"].as_array().unwrap().iter().map(|member| &member["name"]).collect();
        assert_eq!(names, ["big", "nested", "vip_level"]);
        assert_eq!(manifest["unknown_members"][0]["records"], 1);
    }
    work.export("customers -o a.jsonl").exits(0).never_says("more than the catalog knows");
    let ran = work.export("customers -o a.csv --columns cId,vip_level,big,nested");
    ran.exits(0).never_says("more than the catalog knows");
    let rows = work.rows("a.csv");
    assert_eq!(rows[0], ["Customer ID", "vip_level", "big", "nested"]);
    assert_eq!(rows[1][..3], ["1", "金", "123456789012345678901"]);
    assert_eq!(rows[2], ["2", "", "", ""]);
    for condition in ["vip_level=金", "field_7=7"] {
        work.export(["customers", "-o", "a.csv", "--columns", "cId", "--where", condition]).exits(0);
        assert_eq!(work.ids("a.csv"), [1], "{condition}");
    }
    for wrong in ["--columns=cId,vip_leve", "--where=vip_leve=金"] {
        let ran = work.export(["customers", "-o", "a.csv", wrong]);
        assert!(ran.exits(2).json()["error"]["message"].as_str().unwrap().contains("vip_leve"), "{ran}");
    }
}

/// A service with a customer whose custom fields are given so.
fn with_custom_fields(fields: Value) -> Service {
    Service::start(move |request| match request.path.as_str() {
        "/users.json" => {
            let mut record: Value = serde_json::from_str(RECORD).unwrap();
            record["custom_fields"] = fields.clone();
            (200, json!({"users": [record], "count": 1}).to_string())
        }
        "/users/user_fields.json" => {
            (200, json!({"user_fields": [{"key": "field_1", "name": "会员等级", "type": "1"}]}).to_string())
        }
        _ => unknown(),
    })
}

#[test]
fn custom_fields_are_found_in_every_form_they_are_given_in() {
    for fields in [
        json!([{"key": "field_1", "value": "金"}, {"key": "field_7", "value": "7"}]),
        json!([null, [], {"key": "field_1", "value": "金"}, {"key": "field_7", "value": "7"}]),
        json!({"0": {"key": "field_1", "value": "金"}, "1": {"key": "field_7", "value": "7"}}),
        json!({"field_1": "金", "field_7": 7}),
        json!([["field_1", "金"], ["field_7", "7"]]),
        json!(r#"[{"key":"field_1","value":"金"},{"key":"field_7","value":"7"}]"#),
        json!(r#"{"field_1":"金","field_7":"7"}"#),
    ] {
        let service = with_custom_fields(fields.clone());
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o a.csv");
        ran.exits(0).never_says("custom_fields");
        let rows = work.rows("a.csv");
        for (title, value) in [("会员等级", "金"), ("field_7", "7")] {
            let at =
                rows[0].iter().position(|found| found == title).unwrap_or_else(|| panic!("{fields}: {:?}", rows[0]));
            assert_eq!(rows[1][at], value, "{fields}");
        }
        work.export("customers -o b.csv --columns cId --where 会员等级=金").exits(0);
        assert_eq!(work.ids("b.csv"), [1], "{fields}");
        work.export("customers -o a.jsonl").exits(0);
        assert_eq!(lines(&work.read("a.jsonl"))[0]["custom_fields"], fields);
    }
    // One alone, as such a service gives a list of one.
    let service = with_custom_fields(json!({"key": "field_1", "value": "金"}));
    let work = Work::at(&service.base_url());
    work.export("customers -o a.csv --columns 会员等级").exits(0).never_says("custom_fields");
    assert_eq!(work.rows("a.csv")[1], ["金"]);
}

#[test]
fn custom_fields_that_cannot_all_be_read_are_told() {
    for fields in [
        json!([{"id": "field_1", "val": "金"}]),
        json!([{"key": "", "value": "金"}]),
        json!([{"key": "field_1", "value": "金"}, {"key": "field_1", "value": "银"}]),
        json!("会员等级：金"),
        json!(7),
    ] {
        let service = with_custom_fields(fields.clone());
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o a.csv");
        ran.exits(0).says("custom_fields");
        let manifest: Value = serde_json::from_str(&work.read("a.csv.manifest.json")).unwrap();
        let unknown = manifest["unknown_members"].as_array().unwrap();
        assert!(unknown.contains(&json!({"name": "custom_fields", "records": 1})), "{fields}: {manifest}");
        work.export("customers -o a.csv --columns cId,custom_fields").exits(0);
        let shown = fields.as_str().map_or_else(|| fields.to_string(), str::to_owned);
        assert_eq!(work.rows("a.csv")[1], ["1", &shown]);
    }
    for nothing in [json!(null), json!(""), json!([]), json!({}), json!(false), json!(0), json!("[]"), json!([null])] {
        let service = with_custom_fields(nothing.clone());
        let work = Work::at(&service.base_url());
        work.export("customers -o a.csv").exits(0).never_says("custom_fields");
    }
}

#[test]
fn other_programs_can_attach_the_local_copy() {
    let service = service();
    let work = Work::at(&service.base_url());
    work.export("customers -o a.csv").exits(0);
    work.export("customers -o a.csv --incremental").exits(0);
    let mirrors = std::fs::read_dir(work.path("state/mirrors")).unwrap().map(|entry| entry.unwrap().path());
    let file = mirrors.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "db")).unwrap();
    let other = rusqlite::Connection::open_in_memory().unwrap();
    other.execute("ATTACH ? AS bw8", [file.to_str().unwrap()]).unwrap();
    let ask = |sql: &str| other.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let json = ask("SELECT json FROM bw8.records WHERE entity = 'customers' AND id = '1'");
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), serde_json::from_str::<Value>(RECORD).unwrap());
    assert_eq!(ask("SELECT value FROM bw8.record_fields WHERE id = '1' AND name = 'vip_level'"), "金");
    assert_eq!(ask("SELECT json_extract(json, '$.name') FROM bw8.records WHERE id = '1'"), "示例 1");
}

#[test]
fn what_single_records_show_from_now_on_is_asked_of_all() {
    let has_field = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = std::sync::Arc::clone(&has_field);
    let record = |id: usize, more: &str| {
        let times = format!("\"createDT\":\"2025-01-01 08:00:{id:02}\",\"updateDT\":\"2025-01-01 08:00:{id:02}\"");
        format!("{{\"cId\":\"{id}\",\"name\":\"示例\",\"state\":\"1\"{more},{times}}}")
    };
    let service = Service::start(move |request| {
        let id = request.path.strip_prefix("/users/").and_then(|rest| rest.strip_suffix(".json"));
        if let Some(id) = id.and_then(|id| id.parse::<usize>().ok()).filter(|id| *id <= 20) {
            let field = format!(",\"custom_fields\":[{{\"key\":\"field_9\",\"value\":\"值{id}\"}}]");
            let more = if seen.load(std::sync::atomic::Ordering::SeqCst) { field.as_str() } else { "" };
            return (200, format!("{{\"user\":{}}}", record(id, more)));
        }
        if request.path != "/users.json" {
            return unknown();
        }
        let size = request.number_of("per_page").max(1);
        let start = (request.number_of("page").max(1) - 1) * size;
        let rows: Vec<String> = (1..=20).skip(start).take(size).map(|id| record(id, "")).collect();
        (200, format!("{{\"users\":[{}],\"count\":20}}", rows.join(",")))
    });
    let work = Work::at(&service.base_url());
    let own_pages = || service.requests().iter().filter(|request| request.path.starts_with("/users/")).count();
    let export = || work.export("customers -o out.csv --headers api --details");
    export().exits(0);
    let all = own_pages();
    export().exits(0).never_says("other fields");
    // Nothing is asked for again but a few.
    assert!(own_pages() - all < 10, "{} pages", own_pages() - all);
    has_field.store(true, std::sync::atomic::Ordering::SeqCst);
    export().exits(0).says("show other fields than before (field_9)");
    let table = work.rows("out.csv");
    let column = table[0].iter().position(|title| title == "field_9").unwrap();
    assert!(table[1..].iter().all(|row| row[column] == format!("值{}", row[0])), "{table:?}");
}
