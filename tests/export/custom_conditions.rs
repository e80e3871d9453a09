//! Columns and conditions of custom fields: whatever their labels hold, and in every spelling that their values have.

use serde_json::{Value, json};

use crate::harness::*;

/// A custom field as the account defines it.
fn definition(key: &str, label: &str, kind: &str, options: Value) -> Value {
    json!({ "key": key, "name": label, "type": kind, "system": "0", "custom_field_options": options })
}

/// Customers from 1 on, each with one of these values of the field.
fn service(definitions: &[Value], key: &str, values: &[Value]) -> Service {
    let rows: Vec<Value> = values
        .iter()
        .zip(1..)
        .map(|(value, id)| json!({ "cId": id.to_string(), "companyId": "7", "custom_fields": [{ "key": key, "value": value }] }))
        .collect();
    let list = json!({ "users": rows, "count": rows.len() }).to_string();
    let definitions = json!({ "user_fields": definitions }).to_string();
    Service::start(move |request| match request.path.as_str() {
        "/users.json" => (200, list.clone()),
        "/users/user_fields.json" => (200, definitions.clone()),
        _ => unknown(),
    })
}

#[test]
fn a_label_with_a_comma_or_an_equals_sign_names_its_column_and_its_condition() {
    for label in ["型号，规格", "型号,规格", "a=b", "尺寸＝长,宽"] {
        let service = service(
            &[definition("field_1", label, "2", json!([])), definition("field_2", "规格", "2", json!([]))],
            "field_1",
            &[json!("A"), json!("B")],
        );
        let work = Work::at(&service.base_url());
        let columns = format!("cId,{label},规格");
        work.export(["customers", "-o", "out.csv", "--columns", &columns, "--where", &format!("{label}=B")]).exits(0);
        assert_eq!(work.rows("out.csv")[1..], [["2", "B", ""].map(str::to_owned).to_vec()], "{label}");
    }
}

#[test]
fn a_label_that_several_fields_have_is_asked_about_and_their_headers_name_them() {
    let definitions = [
        definition("field_1", "型号", "2", json!([])),
        definition("field_2", "型号", "2", json!([])),
        definition("field_3", "手机", "2", json!([])),
    ];
    let service = service(&definitions, "field_2", &[json!("A"), json!("B")]);
    let work = Work::at(&service.base_url());
    for asked in [["--where", "型号=A"], ["--columns", "cId,型号"]] {
        let ran = work.export([&["customers", "-o", "out.csv"], &asked[..]].concat());
        ran.exits(2).says("several custom fields are called '型号'").says("型号（field_1）, 型号（field_2）");
    }
    let asked = ["--where", "型号（field_2）=A", "--columns", "cId,型号（field_2）,手机(field_3)"];
    work.export([&["customers", "-o", "out.csv"], &asked[..]].concat()).exits(0);
    assert_eq!(work.rows("out.csv")[1..], [["1", "A", ""].map(str::to_owned).to_vec()]);
}

#[test]
fn a_condition_is_met_by_every_spelling_of_its_value() {
    let choice = |id: &str, text: &str| json!({ "key": id, "value": text });
    let branch = |id: &str, text: &str, below: Value| json!({ "key": id, "value": text, "subset_value": below });
    let products = json!([choice("101", "甲"), choice("102", "乙"), choice("103", "甲,乙")]);
    let regions = json!([
        branch("1", "华东", json!([choice("11", "其他"), choice("12", "上海")])),
        branch("2", "华南", json!([choice("21", "其他")])),
    ]);
    let cases = [
        // One of several options, by id or by text.
        ("6", products.clone(), json!(["101", "102", "102,101", ["101"], "甲", "乙,甲", "103"]), "甲", "1,3,4,5,6"),
        ("6", products, json!(["101", "102", "103", "甲,乙"]), "甲,乙", "3,4"),
        // An option of one name on several branches.
        ("18", regions.clone(), json!(["11", "12", "21", "1", "华南/其他"]), "其他", "1,3,5"),
        ("18", regions, json!(["11", "12", "21", "1", "华南/其他"]), "华南/其他", "3,5"),
        ("5", json!([]), json!(["12.50", "12.5", 12.5, "+12.5", "-12.5", "13", ""]), "12.5", "1,2,3,4"),
        ("4", json!([]), json!(["7", "007", 7, "-7", "12345678901234567890"]), "7", "1,2,3"),
        ("4", json!([]), json!(["12345678901234567891", "12345678901234567890"]), "12345678901234567890", "2"),
        ("8", json!([]), json!(["2026-1-5", "2026-01-05 10:00:00", "2026-02-05", ""]), "2026/01/05", "1,2"),
        ("6", json!([]), json!(["1", 1, true, "是", "0", "", "否"]), "是", "1,2,3,4"),
        // Signs are part of a code, spaces and width are not.
        ("2", json!([]), json!(["A-1", "A1", "Ａ－1", "a- 1", "A_1", "-1"]), "A-1", "1,3,4"),
    ];
    for (kind, options, values, asked, expected) in cases {
        let service = service(&[definition("field_1", "示例", kind, options)], "field_1", values.as_array().unwrap());
        let work = Work::at(&service.base_url());
        work.export(["customers", "-o", "out.csv", "--columns", "cId", "--where", &format!("示例={asked}")]).exits(0);
        let ids: Vec<String> = work.ids("out.csv").iter().map(u64::to_string).collect();
        assert_eq!(ids.join(","), expected, "{asked} of {values}");
    }
}

#[test]
fn a_name_where_ids_are_kept_and_a_date_that_is_none_are_refused() {
    let service = service(&[definition("field_1", "到期", "8", json!([]))], "field_1", &[json!("2026-01-05")]);
    let work = Work::at(&service.base_url());
    work.export("customers -o out.csv --where companyId=示例公司").exits(2).says("is no ID").says("Companies");
    work.export("customers -o out.csv --where companyId=Example").exits(2).says("is no ID");
    work.export("customers -o out.csv --where 到期=明天").exits(2).says("'明天' is no date");
    work.export("customers -o out.csv --where 不存在=1").exits(2).says("到期 (field_1)");
    assert!(service.requests().iter().all(|request| request.path != "/users.json"));
    work.export("customers -o out.csv --where companyId= --where companyId=7").exits(0);
    assert_eq!(work.rows("out.csv").len(), 2);
}

/// An option of a cascade is a value of its own: who has one below it is left out, and that is said.
#[test]
fn what_lies_below_an_option_that_is_asked_for_is_said_to_be_left_out() {
    let option = |id: &str, text: &str, below: Value| json!({ "key": id, "value": text, "subset_value": below });
    let cities =
        json!([option("11", "上海", json!([option("111", "浦东", json!([]))])), option("12", "杭州", json!([]))]);
    let regions = json!([option("1", "华东", cities), option("2", "华东南", json!([]))]);
    let values = json!(["1", "11", "111", "12", "2", "华东/杭州"]);
    let service = service(&[definition("field_1", "地区", "18", regions)], "field_1", values.as_array().unwrap());
    let work = Work::at(&service.base_url());
    let export = |conditions: &[&str]| {
        let conditions = conditions.iter().flat_map(|condition| ["--where", condition]);
        let ran = work.export(
            [&["customers", "-o", "out.csv", "--columns", "cId"][..], &conditions.collect::<Vec<_>>()].concat(),
        );
        ran.exits(0);
        (work.ids("out.csv"), ran)
    };
    let (ids, ran) = export(&["地区=华东"]);
    assert_eq!(ids, [1]);
    ran.says("'地区' is '华东' alone").says("华东/上海, 华东/上海/浦东, 华东/杭州").says("--where 地区=华东/上海");
    let (ids, ran) = export(&["地区=华东", "地区=华东/上海", "地区=杭州"]);
    assert_eq!(ids, [1, 2, 4, 6]);
    ran.says("(华东/上海/浦东)");
    let (ids, ran) = export(&["地区=1", "地区=11", "地区=111", "地区=12"]);
    assert_eq!(ids, [1, 2, 3, 4, 6]);
    ran.never_says("alone");
    let (_, ran) = export(&["地区=华东南"]);
    ran.never_says("alone");
}
