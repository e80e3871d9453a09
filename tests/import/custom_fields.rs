//! Custom fields are known by the account's own words: labels as headings, options by their texts and paths, kinds for the
//! checks; asked for once, kept, and no more than a word where they cannot be had.

use serde_json::{Value, json};

use crate::harness::*;

/// A service with companies and these custom fields of theirs.
fn companies(definitions: impl Fn(&Request) -> (u16, String) + Send + 'static) -> Service {
    let mut made = 20_000;
    Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        (_, "/companies/company_fields.json") => definitions(request),
        ("GET", "/companies.json") => (200, json!({"companies": [], "count": 0}).to_string()),
        ("POST", "/companies.json") => {
            made += 1;
            let mut record: Value = serde_json::from_str(&request.body).unwrap();
            record["company"]["uId"] = json!(made.to_string());
            (200, record.to_string())
        }
        ("GET", path) if path.starts_with("/companies/") => {
            (200, json!({"company": {"uId": "20001", "companyName": "示例一"}}).to_string())
        }
        _ => unknown(),
    })
}

fn defined(fields: &Value) -> (u16, String) {
    (200, json!({"company_fields": fields}).to_string())
}

/// What the first write carried in its custom fields.
fn sent(service: &Service) -> Value {
    let requests = service.requests();
    let write = requests.iter().find(|request| request.method == "POST").expect("a write");
    let body: Value = serde_json::from_str(&write.body).unwrap();
    body["company"]["custom_fields"].clone()
}

fn writes(service: &Service) -> usize {
    service.requests().iter().filter(|request| request.method == "POST").count()
}

#[test]
fn columns_are_not_left_out_because_nobody_could_tell_what_they_are() {
    for (status, answer, said) in [
        (200, "<html>please log in</html>", "please log in"),
        (403, "<html>blocked</html>", "blocked"),
        (500, "{\"errcode\":\"1\",\"errmsg\":\"broken\"}", "broken"),
    ] {
        let service = companies(move |_| (status, answer.to_owned()));
        let work = Work::at(&service.base_url());
        work.write("a.csv", "公司名称,示例级别\n示例一,甲\n");
        let ran = work.bw8("import companies a.csv --no-canary --rate 0 --wait 1s");
        ran.exits(1)
            .says("B 示例级别 may be custom fields")
            .says(said)
            .says("drop = [\"示例级别\"]")
            .never_says("may not see");
        assert_eq!(writes(&service), 0);
        // Whose columns are all known or blank goes on, and who leaves the column out.
        work.write("m.toml", "drop = [\"示例级别\"]\n[columns]\n\"公司名称\" = \"companyName\"\n");
        work.write("blank.csv", "公司,示例级别\n示例二,\n");
        work.bw8("import companies blank.csv --no-canary --rate 0 --wait 1s").exits(0);
        work.bw8("import companies a.csv --mapping m.toml --no-canary --rate 0 --wait 1s").exits(0);
        assert_eq!(writes(&service), 2);
    }
}

#[test]
fn a_service_without_definitions_is_not_said_to_refuse_them() {
    for answer in ["{\"errcode\":\"100047\",\"errmsg\":\"Invalid resource URI\"}", "<html>404 Not Found</html>"] {
        let service = companies(move |_| (404, answer.to_owned()));
        let work = Work::at(&service.base_url());
        work.write("a.csv", "公司名称,示例级别\n示例一,甲\n");
        let ran = work.bw8("import companies a.csv --no-canary --rate 0");
        ran.exits(0)
            .says("has no definitions of custom fields (/companies/company_fields.json")
            .never_says("may not see");
    }
}

#[test]
fn labels_are_headings_and_option_words_become_what_the_endpoint_takes() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("t.csv", "标题,联系人编号,示例产品,示例计划日\n示例 一,50001,打印机,2026/3/1\n示例 二,50001,81002,\n");
    work.on(&server, "import tickets t.csv").exits(0);
    assert_rows(&work.summary(), "created 2");
    let records = server.records("tickets");
    let custom: Vec<String> = records.iter().rev().map(|record| record["custom_fields"].to_string()).take(2).collect();
    assert!(custom[1].contains("81001") && custom[1].contains("2026-03-01"), "{custom:?}");
    assert!(custom[0].contains("81002"), "{custom:?}");
    // Contacts and companies take the texts.
    work.write("c.csv", "公司名称,示例行业,示例人数,示例重点\n示例公司,零售,12,yes\n");
    work.on(&server, "import companies c.csv").exits(0);
    let company = server.records("companies").pop().unwrap()["custom_fields"].to_string();
    assert!(company.contains("231") && company.contains("\"12\"") && company.contains('是'), "{company}");
}

#[test]
fn values_are_checked_by_their_kinds_and_the_nearest_option_is_named() {
    let (work, server) = (Work::new(), Server::start(""));
    let rows = "示例一,零售业,1,2026-01-01,是\n示例二,零售,十二,2026-01-01,是\n示例三,零售,1,明天,是\n示例四,零售,1,2026-01-01,也许\n";
    work.write("c.csv", format!("公司名称,示例行业,示例人数,示例签约日,示例重点\n{rows}示例五,制造,3,2026-01-01,否\n"));
    work.on(&server, "import companies c.csv").exits(3).says("most like it is '零售'");
    assert_rows(&work.summary(), "created 1, refused 4");
    // The copy of the definitions serves the check, which asks nobody.
    let before = server.requests();
    let mut check = work.command("check companies c.csv");
    check.envs([("BW8_BASE_URL", server.base_url()), ("BW8_USER", "demo@example.com"), ("BW8_PASSWORD", "sandbox")]);
    let checked = work.run(check);
    checked.exits(3).says("most like it is '零售'").says("custom fields are known as the account had them on");
    assert_eq!(server.requests(), before);
}

#[test]
fn nested_options_are_named_by_their_path() {
    let fields = json!([{"id": 1, "name": "示例区域", "key": "field_40", "type": "18", "system": "0", "custom_field_options": [
        {"key": "1", "value": "华北", "subset_value": [{"key": "11", "value": "北京"}, {"key": "12", "value": "其他"}]},
        {"key": "2", "value": "华南", "subset_value": [{"key": "21", "value": "广州"}, {"key": "22", "value": "其他"}]}]}]);
    let service = companies(move |_| defined(&fields));
    let work = Work::at(&service.base_url());
    work.write("api.toml", "[companies.endpoints.create]\noption_ids = true\n");
    let rows = "示例一,华北/北京\n示例二,华南 ＞ 其他\n示例三,广州\n示例四,其他\n";
    work.write("c.csv", format!("公司名称,示例区域\n{rows}"));
    // The last one is below two of them.
    work.bw8("import companies c.csv --no-canary --rate 0").exits(3);
    assert_rows(&work.summary(), "created 3, refused 1");
    let requests = service.requests();
    let mut values: Vec<String> = requests
        .iter()
        .filter(|request| request.method == "POST")
        .map(|request| {
            serde_json::from_str::<Value>(&request.body).unwrap()["company"]["custom_fields"][0]["value"].to_string()
        })
        .collect();
    values.sort();
    assert_eq!(values, ["\"11\"", "\"21\"", "\"22\""]);
    // Where texts are sent there is no room for a cascade: it is said, not dropped.
    work.write("api.toml", "");
    let ran = work.bw8("import companies c.csv --dry-run --rate 0 --fresh");
    ran.exits(0).says("B  示例区域: not sent, the service takes no values of this kind here");
}

/// Two options of one name are told apart by their numbers.
#[test]
fn options_of_one_name_are_not_guessed_at() {
    let fields = json!([{"id": 1, "name": "示例产品", "key": "field_40", "type": "1", "system": "0", "custom_field_options": [
        {"key": "1", "value": "打印机"}, {"key": "2", "value": "打印机"}, {"key": "3", "value": "扫描仪"}]}]);
    let service = companies(move |_| defined(&fields));
    let work = Work::at(&service.base_url());
    work.write("api.toml", "[companies.endpoints.create]\noption_ids = true\n");
    work.write("c.csv", "公司名称,示例产品\n示例一,打印机\n示例二,2\n示例三,扫描仪\n");
    work.bw8("import companies c.csv --no-canary --rate 0")
        .exits(3)
        .says("several options of the account are called so");
    assert_rows(&work.summary(), "created 2, refused 1");
    assert_eq!(writes(&service), 2);
}

#[test]
fn a_field_of_api_toml_and_the_account_is_one_column() {
    let fields = json!([{"name": "示例级别", "key": "field_7", "type": "1", "system": "0",
        "custom_field_options": [{"key": "71", "value": "甲级"}, {"key": "72", "value": "乙级"}]}]);
    let service = companies(move |_| defined(&fields));
    let work = Work::at(&service.base_url());
    let declared = "[[companies.custom_fields]]\nkey = \"field_7\"\nlabel = \"我的级别\"\n";
    work.write("api.toml", declared);
    // Either name means it; both in one file are two columns for one field.
    work.write("one.csv", "公司名称,示例级别\n示例一,甲级\n");
    work.bw8("import companies one.csv --no-canary --rate 0").exits(0);
    assert_eq!(sent(&service), json!([{"key": "field_7", "value": "甲级"}]));
    work.write("two.csv", "公司名称,我的级别\n示例二,丙级\n");
    work.bw8("import companies two.csv --no-canary --rate 0").exits(3).says("甲级");
    work.write("both.csv", "公司名称,我的级别,示例级别\n示例三,甲级,甲级\n");
    work.bw8("import companies both.csv --rate 0").exits(2).says("我的级别");
    assert_eq!(writes(&service), 1);
}

#[test]
fn a_label_that_two_fields_have_is_a_question() {
    let field = |key: &str| json!({"name": "示例级别", "key": key, "type": "2", "system": "0"});
    let fields =
        json!([field("field_7"), field("field_8"), {"name": "备注", "key": "field_9", "type": "2", "system": "0"}]);
    let service = companies(move |_| defined(&fields));
    let work = Work::at(&service.base_url());
    work.write("c.csv", "公司名称,示例级别\n示例一,甲\n");
    work.bw8("import companies c.csv --rate 0").exits(2).says("field_7, field_8");
    assert_eq!(writes(&service), 0);
    work.write("d.csv", "公司名称,示例级别（field_8）,备注,备注（field_9）\n示例一,甲,乙,丙\n");
    work.bw8("import companies d.csv --no-canary --rate 0").exits(0);
    assert_eq!(sent(&service), json!([{"key": "field_8", "value": "甲"}, {"key": "field_9", "value": "丙"}]));
    // A heading that the catalog has goes there, which is said.
    work.write("e.csv", "公司名称,备注,示例级别（field_7）\n示例二,乙,甲\n");
    work.bw8("import companies e.csv --no-canary --rate 0").exits(0).says("备注（field_9）");
}

#[test]
fn a_field_that_vanished_since_the_mapping_was_made_is_named() {
    let fields = json!([{"name": "示例级别", "key": "field_7", "type": "2", "system": "0"}]);
    let service = companies(move |_| defined(&fields));
    let work = Work::at(&service.base_url());
    work.write("c.csv", "公司名称,级别\n示例一,甲\n");
    work.write("m.toml", "[columns]\n\"级别\" = \"field_6\"\n");
    let ran = work.bw8("import companies c.csv --mapping m.toml --rate 0");
    ran.exits(2).says("field_6").says("may have been deleted").says("示例级别 (field_7)");
    work.write("api.toml", "[[companies.custom_fields]]\nkey = \"field_6\"\nlabel = \"级别\"\n");
    let ran = work.bw8("import companies c.csv --dry-run --rate 0");
    ran.exits(0).says("the account has none of that key");
    assert_eq!(writes(&service), 0);
}

#[test]
fn definitions_that_cannot_be_had_cost_only_themselves() {
    let fields = json!([{"name": "示例级别", "key": "field_7", "type": "2", "system": "0"}]);
    let asked_before = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&asked_before);
    let service = companies(move |_| match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => (403, r#"{"errcode":"403","errmsg":"no permission"}"#.to_owned()),
        1 => defined(&fields),
        _ => (500, String::new()),
    });
    let work = Work::at(&service.base_url());
    work.write("a.csv", "公司名称,示例级别\n示例一,甲\n");
    work.bw8("import companies a.csv --no-canary --rate 0").exits(0).says("may not see the definitions");
    assert_eq!(sent(&service), Value::Null);
    // Nothing is asked for a file that needs none of it.
    work.write("b.csv", "公司名称\n示例二\n");
    work.bw8("import companies b.csv --no-canary --rate 0").exits(0);
    assert_eq!(asked_before.load(std::sync::atomic::Ordering::Relaxed), 1);
    work.write("c.csv", "公司名称,示例级别\n示例三,甲\n");
    work.bw8("import companies c.csv --no-canary --rate 0").exits(0);
    // What was kept stands in, with its age.
    work.write("d.csv", "公司名称,示例级别\n示例四,乙\n");
    let ran = work.bw8("import companies d.csv --no-canary --rate 0 --wait 1");
    ran.exits(0).says("custom fields are known as the account had them on");
    let last = service.requests().into_iter().rfind(|request| request.method == "POST").unwrap();
    assert!(last.body.contains("field_7"), "{}", last.body);
}

#[test]
fn a_template_has_the_accounts_fields() {
    let work = Work::beside_sandbox();
    work.bw8("template companies -o plain.xlsx").exits(0);
    assert!(!work.rows("plain.xlsx")[0].contains(&"示例行业".to_owned()));
    work.bw8("template companies --online -o online.xlsx").exits(0);
    let header = work.rows("online.xlsx").swap_remove(0);
    assert!(
        ["示例行业", "示例人数", "示例签约日", "示例重点"].iter().all(|label| header.contains(&(*label).to_owned()))
    );
    // From now on they are known without asking.
    work.bw8("template companies -o kept.xlsx").exits(0).says("custom fields are known as the account had them on");
    assert_eq!(work.rows("kept.xlsx")[0], header);
    work.bw8("mirror").exits(0).says("custom fields of Companies: as of");
    Work::new().bw8("template companies --online").exits(2);
}

#[test]
fn a_run_in_doubt_is_settled_with_the_fields_it_was_read_with() {
    let (work, server) = (Work::new(), Server::start("--fault 504-after-store,on=POST_companies"));
    work.write("c.csv", "公司名称,示例行业\n示例 一,零售\n");
    work.on(&server, "import companies c.csv --no-canary").exits(0).says("found out: 1 row is done");
    assert_rows(&work.summary(), "created 1");
    assert_eq!(server.stored("companies"), 21);
}

/// Check boxes with options hold several of them, as ids or as texts.
#[test]
fn several_options_of_one_field_are_written_by_their_words_and_come_back() {
    for (kind, stored, changed) in [
        ("6", "51,53", "51,52"),
        ("19", "53,51", "51,52"),
        ("6", "足球,棋", "足球,篮球"),
        ("19", "足球,棋", "足球,篮球"),
    ] {
        let options =
            json!([{"key": "51", "value": "足球"}, {"key": "52", "value": "篮球"}, {"key": "53", "value": "棋"}]);
        let field =
            json!([{"name": "爱好", "key": "field_5", "type": kind, "system": "0", "custom_field_options": options}]);
        let mut records: Vec<Value> = ["20001", "20002"]
            .map(|id| {
                json!({"uId": id, "companyName": format!("示例 {id}"), "custom_fields": [{"key": "field_5", "value": stored}]})
            })
            .into();
        let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            (_, "/companies/company_fields.json") => defined(&field),
            ("GET", "/companies.json") => (200, json!({"companies": records, "count": 2}).to_string()),
            (method, path) => {
                let is_it =
                    |record: &&mut Value| path == format!("/companies/{}.json", record["uId"].as_str().unwrap());
                let Some(record) = records.iter_mut().find(is_it) else { return unknown() };
                if method == "PUT" {
                    let sent: Value = serde_json::from_str(&request.body).unwrap();
                    record["custom_fields"] = sent["company"]["custom_fields"].clone();
                }
                (200, json!({"company": record}).to_string())
            }
        });
        let work = Work::at(&service.base_url());
        if stored.starts_with('5') {
            work.write("api.toml", "[companies.endpoints.update]\noption_ids = true\n");
        }
        work.export("companies -o mine.csv --headers zh --columns uId,field_5").exits(0);
        let mut table = work.table("mine.csv");
        let words: std::collections::BTreeSet<&str> = table.column("爱好")[0].split(',').collect();
        assert_eq!(words, ["棋", "足球"].into());
        work.bw8("import companies mine.csv --mode update --rate 0").exits(0);
        assert_rows(&work.summary(), "unchanged 2");
        table.set(0, "爱好", "足球、篮球");
        work.write_table("mine.csv", &table);
        work.bw8("import companies mine.csv --mode update --rate 0").exits(0);
        assert_rows(&work.summary(), "updated 1, unchanged 1");
        let writes: Vec<Value> = service
            .requests()
            .into_iter()
            .filter(|request| request.method == "PUT")
            .map(|request| serde_json::from_str::<Value>(&request.body).unwrap()["company"]["custom_fields"].clone())
            .collect();
        assert_eq!(writes, [json!([{"key": "field_5", "value": changed}])]);
        // What is no option among them is refused.
        table.set(1, "爱好", "足球,跳舞");
        work.write_table("mine.csv", &table);
        work.bw8("import companies mine.csv --mode update --rate 0").exits(3);
    }
}

/// Of an export in JSON Lines each custom field is a column; the member that holds them is none.
#[test]
fn the_member_that_holds_custom_fields_is_no_column_of_its_own() {
    let (work, server) = (Work::new(), Server::start(""));
    work.on(&server, "export customers -o mine.jsonl").exits(0);
    let mut lines: Vec<Value> =
        work.read("mine.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let write =
        |lines: &[Value]| work.write("mine.jsonl", lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    lines[0]["custom_fields"] = json!([]);
    for typed in ["check customers mine.jsonl --mode update", "map customers mine.jsonl", "inspect mine.jsonl"] {
        write(&lines);
        work.bw8(typed).exits(0).never_says("custom_fields");
    }
    lines.iter_mut().for_each(|line| line["custom_fields"] = json!([]));
    write(&lines);
    work.bw8("check customers mine.jsonl --mode update").exits(0).never_says("custom_fields");
    // What nobody can read is named.
    lines[0]["custom_fields"] = json!([{"id": 1}]);
    write(&lines);
    let ran = work.on(&server, "import customers mine.jsonl --mode update --dry-run");
    ran.exits_with_one_of(&[0, 2, 3]);
    ran.says("custom_fields: 1 row");
}
