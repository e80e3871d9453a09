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
