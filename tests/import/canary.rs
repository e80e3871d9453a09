//! Few rows that between them fill all columns go first and are read back; some random ones may be read back at the end; what
//! does not come over is said before anybody agrees.

use crate::harness::*;

const HEADER: &str = "姓名,手机,公司编号,标签,备注\n";

#[test]
fn rows_that_fill_further_columns_go_first_and_are_compared() {
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    let mut rows = String::from(HEADER);
    for number in 1..=8 {
        rows += &format!("示例,1310000000{number},20001,,\n");
    }
    // Only the last row has a tag, which the account drops.
    rows += "示例,13100000009,20001,没有设置的标签,示例\n";
    work.write("mine.csv", rows);
    work.on(&server, "import customers mine.csv").exits(5).says("Tags: sent \"没有设置的标签\"");
    assert_rows(&work.summary(), "created 2, pending 7");
    // The row that stops the run says so, wherever somebody looks.
    let results = work.results();
    assert_eq!(results.column("code")[8], "tags_dropped");
    assert!(results.column("message")[8].contains("没有设置的标签"), "{results:?}");
}

#[test]
fn a_column_that_is_filled_late_is_compared_when_it_comes() {
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    let rows = 3000;
    let mut text = String::from(HEADER);
    for number in 1..=rows {
        let tag = if number == 2500 { "没有设置的标签" } else { "" };
        text += &format!("示例,131{number:08},20001,{tag},\n");
    }
    work.write("mine.csv", text);
    let ran = work.on(&server, "import customers mine.csv --yes=3000");
    ran.exits(5).says("row 2501 was stored as record").says("the run stops here").says("not compared so far: Tags");
    let counts = work.summary()["rows"].clone();
    assert!(counts["pending"].as_u64().unwrap() > 0, "{counts}");
}

/// Services drop tags that they do not know. Each tag is looked for once, in the row that brings it.
#[test]
fn a_tag_that_a_new_record_does_not_get_stops_the_run_and_is_said_where_nothing_is_compared() {
    let rows = |mobile: u64| {
        let row = |number| {
            // Tags of the rows that go first are there.
            let tag = if number == 40 { "没有设置的标签" } else { "vip" };
            format!("示例,{},20001,{tag},示例\n", mobile + number)
        };
        HEADER.to_owned() + &(1..=60).map(row).collect::<String>()
    };
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    work.write("mine.csv", rows(13_100_000_000));
    work.on(&server, "import customers mine.csv --concurrency 1").exits(5).says("row 41 was stored as record");
    assert_rows(&work.summary(), "created 40, pending 20");
    assert_eq!(work.results().column("code")[39], "tags_dropped");
    work.write("other.csv", rows(13_200_000_000));
    let ran = work.on(&server, "import customers other.csv --no-canary --concurrency 1 --run other");
    ran.exits(3).says("created, but the record does not have these tags: 没有设置的标签");
    assert_eq!(work.table("other/results.csv").column("status")[39], "created");
    assert_eq!(work.table("other/results.csv").column("code")[39], "tags_dropped");
    // A tag that is known to be kept costs no request.
    assert_eq!(server.requests_to("customers.get"), 2 + 2);
}

/// The answer to a create repeats the record: what it lacks is looked for, whatever was seen before.
#[test]
fn tags_that_an_answer_lacks_are_looked_for() {
    let mut kept = Vec::new();
    let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/users.json") => {
            let mut sent: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            let id = (50_001 + kept.len()).to_string();
            sent["user"]["cId"] = id.into();
            if kept.len() == 2 {
                // There are enough of them.
                sent["user"]["tableName"] = "甲".into();
            }
            kept.push(sent.to_string());
            (201, sent.to_string())
        }
        ("GET", path) => {
            let id = path.trim_start_matches("/users/").trim_end_matches(".json").parse::<usize>();
            let record = id.ok().and_then(|id| kept.get(id.checked_sub(50_001)?).cloned());
            record.map_or_else(unknown, |record| (200, record))
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let rows = (1..=4).map(|number| format!("示例,1310000000{number},20001,\"甲,乙\",示例\n"));
    work.write("mine.csv", HEADER.to_owned() + &rows.collect::<String>());
    work.bw8("import customers mine.csv --rate 0 --no-canary --concurrency 1").exits(3).says("these tags: 乙");
    assert_eq!(work.results().column("code"), ["", "", "tags_dropped", ""]);
}

/// Tags are among what is looked at, however many columns only one row fills.
#[test]
fn a_row_with_tags_is_looked_at_whatever_else_there_is() {
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    let fields = ["固话", "邮箱", "职位", "QQ号", "备注", "标签"];
    let values = ["010-11111111", "a@example.com", "示例", "10001", "示例", "没有设置的标签"];
    let mut text = format!("姓名,手机,公司编号,{}\n", fields.join(","));
    for row in 0..30 {
        let cell = |field: usize| if row == field * 3 { values[field] } else { "" };
        let cells: Vec<&str> = (0..fields.len()).map(cell).collect();
        text += &format!("示例,131000000{row:02},20001,{}\n", cells.join(","));
    }
    work.write("mine.csv", text);
    work.on(&server, "import customers mine.csv").exits(5).says("Tags: sent");
    assert!(work.summary()["rows"]["pending"].as_u64().unwrap() >= 20, "{}", work.summary()["rows"]);
}

/// What a service changes besides was not sent, and is not said to be.
#[test]
fn what_a_change_costs_besides_is_said_as_such() {
    let mut record =
        serde_json::json!({"cId": "50001", "name": "示例", "mobile": "13000000001", "note": "旧", "qq": "10001"});
    let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/users/50001.json") => (200, serde_json::json!({"user": record}).to_string()),
        ("PUT", "/users/50001.json") => {
            record["note"] = "新".into();
            record["mobile"] = "13000000009".into();
            record.as_object_mut().unwrap().remove("qq");
            (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "联系人编号,备注\n50001,新\n");
    let ran = work.bw8("import customers mine.csv --mode update --rate 0");
    // No row is left that could fare like it.
    ran.exits(3).says("Mobile: not sent, and changed from \"13000000001\" to \"13000000009\"");
    ran.says("not sent, and \"10001\" is gone").never_says("Mobile: sent");
    let message = work.results().column("message")[0].to_owned();
    assert!(message.contains("Mobile: not sent"), "{message}");
}

#[test]
fn a_sample_at_the_end_tells_what_the_service_changed() {
    let (work, server) = (Work::new(), Server::start("--variant unknown-tags=dropped"));
    let mut rows = String::from(HEADER);
    for number in 1..=6 {
        rows += &format!("示例,1310000000{number},20001,{},\n", if number > 3 { "没有设置的标签" } else { "vip" });
    }
    work.write("mine.csv", rows);
    let ran = work.on(&server, "import customers mine.csv --no-canary --sample 6");
    ran.exits(3).says("the service changed Tags in 3 of 6 records that were read back, such as row 5");
    let sample = || work.summary()["sample"].to_string();
    let fields = r#"[{"field":"tableName","is_rule":false,"records":3}]"#;
    assert_eq!(sample(), format!(r#"{{"compared":6,"differing":3,"fields":{fields},"missing":0,"unread":0}}"#));
    let mut rows = String::from(HEADER);
    for number in 1..=6 {
        rows += &format!("示例,1320000000{number},20001,没有{number},\n");
    }
    work.write("rule.csv", rows);
    let ran = work.on(&server, "import customers rule.csv --no-canary --sample 4");
    ran.exits(3).says("a rule of the service sets Tags");
    work.write("good.csv", format!("{HEADER}示例,13300000001,20001,vip,\n"));
    work.on(&server, "import customers good.csv --no-canary --sample 4")
        .exits(0)
        .says("1 random records were read back");
    assert_eq!(sample(), r#"{"compared":1,"differing":0,"fields":[],"missing":0,"unread":0}"#);
    // Nobody looked: no figure.
    work.write("none.csv", format!("{HEADER}示例,13300000002,20001,vip,\n"));
    assert_eq!(
        work.on(&server, "import customers none.csv --format json").exits(0).json()["sample"],
        serde_json::Value::Null
    );
}

#[test]
fn what_does_not_come_over_is_said_before_the_question() {
    let (work, server) = (Work::new(), Server::start(""));
    let rows = "示例,13100000001,20001,7002,2020-01-05,12\n示例,13100000002,20001,7003,2020-01-06,\n示例,13100000003,20001,,,\n";
    work.write("mine.csv", format!("姓名,手机,公司编号,负责客服编号,创建时间,积分\n{rows}"));
    let ran = work.on(&server, "import customers mine.csv --dry-run --lang zh --format json");
    ran.exits(0).says("D 负责客服编号：2 行有内容，不会导入，全部记录的").says("将是 demo@example.com");
    ran.says("E 创建时间：2 行有内容，不会导入，创建时间将是今天").says("F 积分：1 行有内容，不会导入，没有对应的字段");
    let left_out = &ran.json()["left_out"];
    assert_eq!((&left_out[0]["field"], &left_out[0]["rows"]), (&"supportId".into(), &2.into()));
    work.on(&server, "import customers mine.csv").exits(0).says("E 创建时间: 2 rows have something");
    // An update leaves them as they are.
    work.write("change.csv", "联系人编号,备注,创建时间\n50001,示例,2020-01-05\n");
    let ran = work.on(&server, "import customers change.csv --mode update");
    ran.exits(0).says("C 创建时间: 1 row has something, which does not come over: the service sets it itself");
}
