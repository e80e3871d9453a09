//! Updates change what was meant and nothing else: each record is read right before it is written, and only what differs is.

use serde_json::json;

use crate::harness::*;

/// The record with this id.
#[track_caller]
fn record(server: &Server, entity: &str, id: &str) -> serde_json::Map<String, serde_json::Value> {
    let records = server.records(entity);
    let is_it = |record: &&serde_json::Map<String, serde_json::Value>| record.values().any(|value| value == id);
    records.iter().find(is_it).unwrap_or_else(|| panic!("no {entity} {id}")).clone()
}

/// The bodies of the requests that change records.
fn bodies(service: &Service) -> Vec<serde_json::Value> {
    let changes = service.requests().into_iter().filter(|request| request.method == "PUT");
    changes.map(|request| serde_json::from_str(&request.body).unwrap()).collect()
}

/// A service with one ticket, whose changes are kept in what it answers.
fn one_ticket(record: serde_json::Value) -> Service {
    let mut record = record;
    Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/tickets/900001.json") => (200, serde_json::json!({"ticket": [record]}).to_string()),
        ("PUT", "/tickets/900001.json") => {
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            for (name, value) in body["ticket"].as_object().unwrap() {
                record[name] = value.clone();
            }
            (200, r#"{"status":"0","message":"Update ok","data":true}"#.to_owned())
        }
        _ => unknown(),
    })
}

#[test]
fn a_row_that_says_what_the_record_says_writes_nothing() {
    let (work, server) = (Work::new(), Server::start(""));
    let before = server.records("customers");
    let (name, mobile) = (before[0]["name"].as_str().unwrap(), before[0]["mobile"].as_str().unwrap());
    work.write("mine.csv", format!("联系人编号,姓名,手机\n50001,{name},{mobile}\n50002,,\n"));
    work.on(&server, "import customers mine.csv --mode update").exits(0);
    assert_rows(&work.summary(), "unchanged 2");
    assert_eq!((server.requests_to("customers.update"), server.requests_to("customers.get")), (0, 2));
    assert_eq!(server.records("customers"), before);
}

#[test]
fn only_what_differs_is_written_beside_what_has_to_be_sent_again() {
    let service = one_ticket(serde_json::json!({"ticketId": "900001", "subject": "甲", "descript": "<p>一</p>",
        "priorityLevel": "2", "ticketTemplateId": "4", "ccUserIdList": "7001,7002"}));
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "工单编号,标题,描述,优先级,抄送客服编号\n900001,乙,一,一般,\"7002,7001\"\n");
    work.bw8("import tickets mine.csv --mode update --rate 0").exits(0);
    assert_rows(&work.summary(), "updated 1");
    assert_eq!(bodies(&service), [serde_json::json!({"ticket": {"subject": "乙", "ticketTemplateId": "4"}})]);
}

#[test]
fn a_cell_says_that_its_field_is_to_be_emptied_and_an_empty_one_says_nothing() {
    let (work, server) = (Work::new(), Server::start(""));
    server.change("users/50001", r#"{"user":{"note":"旧备注","position":"旧职位"}}"#);
    work.write("mine.csv", "联系人编号,备注,职位\n50001,,#清空\n50002,#clear,\n");
    work.on(&server, "import customers mine.csv --mode update").exits(0);
    assert_rows(&work.summary(), "updated 1, unchanged 1");
    let changed = record(&server, "customers", "50001");
    assert_eq!((&changed["note"], &changed["position"]), (&"旧备注".into(), &"".into()));
    // A mapping may say it of every empty cell.
    work.write("map.toml", "clear = [\"备注\"]\n");
    work.write("second.csv", "联系人编号,备注,职位\n50001,,\n");
    work.on(&server, "import customers second.csv --mode update --mapping map.toml").exits(0);
    assert_eq!(record(&server, "customers", "50001")["note"], "");
    // A new record has nothing to empty.
    work.write("new.csv", "姓名,手机,公司编号,备注\n新客户,13100000001,20001,#清空\n");
    work.on(&server, "import customers new.csv").exits(0);
    assert_eq!(server.records("customers").last().unwrap().get("note"), None);
}

#[test]
fn what_a_field_overwrites_is_said_field_by_field() {
    let (work, server) = (Work::new(), Server::start(""));
    server.change("users/50001", r#"{"user":{"note":"旧备注","position":"","QQ":"10000"}}"#);
    work.write("mine.csv", "联系人编号,备注,职位,QQ号\n50001,新备注,新职位,20000\n");
    let overwrite = "--overwrite 备注=never --overwrite position=if-blank,QQ=if-blank";
    work.on(&server, format!("import customers mine.csv --mode update {overwrite}"))
        .exits(0)
        .says("1 row the service keeps");
    assert_rows(&work.summary(), "updated 1");
    let changed = record(&server, "customers", "50001");
    assert_eq!(
        (&changed["note"], &changed["position"], &changed["QQ"]),
        (&"旧备注".into(), &"新职位".into(), &"10000".into())
    );
    assert_eq!(work.results().column("code"), ["service_kept"]);
    work.on(&server, "import customers mine.csv --mode update --overwrite 备注=often").exits(2).says("often");
    work.on(&server, "import customers mine.csv --mode update --overwrite 备注=merge").exits(2).says("merge");
    work.on(&server, "import customers mine.csv --mode update --overwrite 备注").exits(2);
}

#[test]
fn a_list_is_replaced_or_merged_as_is_said() {
    let (work, server) = (Work::new(), Server::start(""));
    for (id, switches, expected) in [("50001", "", "丙"), ("50002", "--overwrite 标签=merge", "甲,乙,丙")] {
        server.change(&format!("users/{id}"), r#"{"user":{"tableName":"甲,乙"}}"#);
        work.write("mine.csv", format!("联系人编号,标签\n{id},丙\n"));
        work.on(&server, format!("import customers mine.csv --mode update --fresh {switches}")).exits(0);
        assert_eq!(record(&server, "customers", id)["tableName"], expected);
    }
}

#[test]
fn columns_that_are_not_named_are_left_alone() {
    let (work, server) = (Work::new(), Server::start(""));
    let before = record(&server, "customers", "50001");
    work.write("mine.csv", "联系人编号,姓名,备注\n50001,新姓名,新备注\n");
    work.on(&server, "import customers mine.csv --mode update --columns 备注").exits(0).says("--columns");
    let after = record(&server, "customers", "50001");
    assert_eq!((&after["name"], &after["note"]), (&before["name"], &"新备注".into()));
    work.on(&server, "import customers mine.csv --mode update --columns 职位").exits(2).says("Position");
    work.on(&server, "import customers mine.csv --mode update --columns 没有").exits(2).says("没有");
}

#[test]
fn an_update_that_drops_changes_or_blanks_a_field_stops_after_the_first_one() {
    for (variant, row, ends) in [
        ("put=blanks", "50002,新备注,标签", "updated 1, unchanged 1, pending 1"),
        ("unknown-tags=dropped", "50002,,没有设置的标签", "unchanged 1, failed 1, pending 1"),
    ] {
        let (work, server) = (Work::new(), Server::start(&format!("--variant {variant}")));
        // The first row changes nothing, so that nothing can be seen by it.
        let same = record(&server, "customers", "50001")["note"].as_str().unwrap().to_owned();
        work.write("mine.csv", format!("联系人编号,备注,标签\n50001,{same},\n{row}\n50003,另一个,\n"));
        work.on(&server, "import customers mine.csv --mode update").exits(5);
        assert_rows(&work.summary(), ends);
        assert_eq!(server.requests_to("customers.update"), 1, "{variant}");
    }
}

#[test]
fn that_each_record_is_read_is_said_before_it_is_asked_for() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "联系人编号,备注\n50001,新备注\n50002,新备注\n");
    work.on(&server, "import customers mine.csv --mode update").exits(0).says("2 reads");
}

#[test]
fn a_record_that_is_another_one_than_was_asked_for_is_never_written() {
    let service = Service::start(|request| match request.method.as_str() {
        "GET" if request.path == "/users/50001.json" => (200, format!("{{\"user\":{}}}", customer(50002))),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "联系人编号,备注\n50001,新备注\n");
    work.bw8("import customers mine.csv --mode update --rate 0 --keep-going").exits(3);
    assert_rows(&work.summary(), "failed 1");
    assert!(bodies(&service).is_empty());
}

/// The file of a week ago, brought once more: what it says was sent then, and what a colleague has changed since stays.
#[test]
fn what_was_sent_last_is_the_origin_of_a_file_that_is_no_export() {
    let (work, server) = (Work::new(), Server::start(""));
    let head = "姓名,手机,公司编号,备注,职位\n";
    let rows = |note: &str| {
        let row = |n: u32| format!("示例{n},1310000000{n},20001,{note}{n},经理\n");
        format!("{head}{}", (1..=4).map(row).collect::<String>())
    };
    work.write("week.csv", rows("备注"));
    work.on(&server, "import customers week.csv --mode upsert --expect 4").exits(0);
    assert_rows(&work.summary(), "created 4");
    let ids: Vec<String> = work.results().column("id").into_iter().map(str::to_owned).collect();
    let id = |n: usize| ids[n - 1].clone();
    server.change(&format!("users/{}", id(1)), r#"{"user":{"note":"同事改的"}}"#);
    // A file of another name and order says the same.
    work.write("again.csv", format!("{head}{}", rows("备注").lines().skip(1).collect::<Vec<_>>().join("\n")));
    let foreseen = "will create 0, update 0, leave 3 unchanged, 1 row leaves what the service says as it is";
    work.on(&server, "import customers again.csv --mode upsert --run second --dry-run").exits(0).says(foreseen);
    work.on(&server, "import customers again.csv --mode upsert --run second").exits(0);
    assert_rows(&work.summary_of("second"), "unchanged 3, skipped 1");
    assert_eq!(record(&server, "customers", &id(1))["note"], "同事改的");
    // That of the colleague.
    assert_eq!(server.requests_to("customers.update"), 1);
    let results = work.table("second/results.csv");
    assert_eq!(results.column("code")[0], "service_kept");
    // What the file says newly is written where nobody changed the record, and held where somebody did.
    work.write("new.csv", rows("新备注"));
    let foreseen = work.on(&server, "import customers new.csv --mode upsert --dry-run");
    foreseen.exits(3).says("update 3, leave 0 unchanged, 1 row is held").says("edited in the file, and changed");
    let checked = work.on(&server, "check customers new.csv --mode upsert --online");
    checked.exits(3).says("update 3, leave 0 unchanged, 1 row is held");
    work.on(&server, "import customers new.csv --mode upsert --run third").exits(3);
    assert_rows(&work.summary_of("third"), "updated 3, held 1");
    assert_eq!(record(&server, "customers", &id(1))["note"], "同事改的");
    assert_eq!(record(&server, "customers", &id(2))["note"], "新备注2");
    // A person's word writes it, and back again is a change as well.
    let failed = work.read("third/failed.csv").replace("confirm import", "确认导入");
    assert!(failed.contains("同事改的"), "{failed}");
    work.on(&server, "import customers new.csv --mode upsert --overwrite 备注=always --run fourth").exits(0);
    assert_eq!(record(&server, "customers", &id(1))["note"], "新备注1");
    work.on(&server, "import customers week.csv --mode upsert --run fifth").exits(0);
    assert_rows(&work.summary_of("fifth"), "updated 4");
    assert_eq!(record(&server, "customers", &id(1))["note"], "备注1");
}

/// An update by id, twice: what a colleague wrote in between is not put back.
#[test]
fn an_update_that_is_brought_once_more_leaves_what_was_changed_since() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "联系人编号,备注,职位\n50001,甲,经理\n50002,甲,经理\n");
    work.on(&server, "import customers mine.csv --mode update --run first").exits(0);
    server.change("users/50001", r#"{"user":{"note":"同事改的"}}"#);
    work.write("copy.csv", "联系人编号,备注,职位\n50002,甲,经理\n50001,甲,主管\n");
    work.on(&server, "import customers copy.csv --mode update --run second").exits(0);
    let changed = record(&server, "customers", "50001");
    assert_eq!((&changed["note"], &changed["position"]), (&"同事改的".into(), &"主管".into()));
    // The folder of a run that is gone tells nothing new, and what it told is still known.
    std::fs::remove_dir_all(work.path("first")).unwrap();
    work.write("third.csv", "联系人编号,备注\n50001,甲\n");
    work.on(&server, "import customers third.csv --mode update --run third").exits(0);
    assert_rows(&work.summary_of("third"), "skipped 1");
    assert_eq!(record(&server, "customers", "50001")["note"], "同事改的");
}

/// Nobody can say what a run has sent whose folder was never looked into and is gone: that is said once.
#[test]
fn a_run_that_tells_nothing_of_what_it_sent_is_named_once() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "联系人编号,备注\n50001,甲\n50002,甲\n");
    work.on(&server, "import customers mine.csv --mode update --run first").exits(0);
    // The index knows its rows.
    work.on(&server, "import customers mine.csv --mode update --run second --dry-run").exits(0);
    // Beside the file it would be found.
    let elsewhere = Work::new();
    std::fs::rename(work.path("first"), elsewhere.path("first")).unwrap();
    for (path, _) in work.all_files().into_iter().filter(|(path, _)| path.ends_with("customers.sent")) {
        std::fs::remove_file(path).unwrap();
    }
    work.write("other.csv", "联系人编号,备注\n50001,乙\n");
    let words = "what 1 earlier run sent can no longer be read (first)";
    work.on(&server, "import customers other.csv --mode update --run second --dry-run").exits(0).says(words);
    work.on(&server, "import customers other.csv --mode update --run second").exits(0).says(words);
    work.write("third.csv", "联系人编号,备注\n50001,丙\n");
    work.on(&server, "import customers third.csv --mode update --run third").exits(0).never_says("earlier run sent");
    // A folder that is there again tells.
    std::fs::rename(elsewhere.path("first"), work.path("first")).unwrap();
    server.change("users/50002", r#"{"user":{"note":"同事改的"}}"#);
    work.write("fourth.csv", "联系人编号,备注\n50002,甲\n");
    work.on(&server, "import customers fourth.csv --mode update --run fourth").exits(0);
    assert_eq!(record(&server, "customers", "50002")["note"], "同事改的");
}

/// Which of two rows about one record is meant is not decided by their order.
#[test]
fn a_second_row_about_a_record_is_done_once_when_it_says_the_same_and_refused_when_it_does_not() {
    for (entity, heading, id, field, update) in [
        ("customers", "联系人编号", "50001", "备注", "customers.update"),
        ("companies", "公司编号", "20001", "备注", "companies.update"),
        ("tickets", "工单编号", "900001", "标题", "tickets.update"),
    ] {
        let (work, server) = (Work::new(), Server::start(""));
        let other = id.replace("0001", "0002");
        work.write("mine.csv", format!("{heading},{field}\n{id},甲\n{other},丙\n{id},甲\n{id},乙\n{id},甲\n"));
        let typed = format!("{entity} mine.csv --mode update");
        work.bw8(format!("check {typed}")).exits(3).says("changes the record that row 2 changes");
        let ran = work.on(&server, format!("import {typed}"));
        ran.exits(3).says("rows 4, 6: says of its record what an earlier row says").says("row 2 changes");
        let results = work.results();
        assert_eq!(results.column("status"), ["updated", "updated", "skipped", "refused", "skipped"], "{entity}");
        assert_eq!(results.column("code"), ["", "", "same_row", "second_change", "same_row"]);
        assert_eq!(server.requests_to(update), 2);
        assert_eq!(record(&server, entity, id).values().filter(|value| *value == "甲").count(), 1, "{entity}");
        // The row that is put right can be sent: what the first one did is what it is compared with.
        work.on(&server, format!("retry {}", work.run_folder().display())).exits_with_one_of(&[0, 3]);
    }
}

#[test]
fn a_second_row_of_a_key_is_done_once_where_records_are_changed() {
    let (work, server) = (Work::new(), Server::start(""));
    let rows = "姓名,手机,备注,公司编号\n示例联系人00001,13000000001,甲,\n示例联系人00001,13000000001,甲,\n";
    for mode in ["upsert", "update --key mobile"] {
        work.write("mine.csv", rows.replace('甲', mode));
        work.on(&server, format!("import customers mine.csv --mode {mode}")).exits(0);
        assert_rows(&work.summary(), "updated 1, skipped 1");
        assert_eq!(work.results().column("code"), ["", "same_row"], "{mode}");
    }
    // A new record for each is not meant by the same row twice either, but nobody knows.
    work.write("new.csv", "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例甲,13100000001,20001\n");
    work.on(&server, "import customers new.csv").exits(3);
    assert_eq!(work.results().column("code"), ["", "duplicate"]);
}

#[test]
fn what_an_editor_leaves_of_a_deleted_text_is_blank() {
    let blank = ["", "<p></p>", "<p><br></p>", "<div><br/></div>", "&nbsp;", "<p>&nbsp;</p>\n"];
    let shown = ["<p>示例</p>", "<p><img src='https://example.com/a.png'></p>", "<P><IMG></P>", "0"];
    let (work, server) = (Work::new(), Server::start(""));
    let mut rows = "工单编号,描述\n".to_owned();
    let ids = 900_001..;
    for (id, text) in ids.clone().zip(blank.iter().chain(&shown)) {
        server.change(&format!("tickets/{id}"), &json!({"ticket": {"descript": text}}).to_string());
        rows.push_str(&format!("{id},示例补充\n"));
    }
    work.write("t.csv", rows);
    work.on(&server, "import tickets t.csv --mode update --overwrite 描述=if-blank").exits(0);
    assert_rows(&work.summary(), "updated 6, skipped 4");
    let records = server.records("tickets");
    for (id, text) in ids.zip(blank.map(|_| "示例补充").iter().chain(&shown)) {
        let id = id.to_string();
        let ticket = records.iter().find(|ticket| ticket["ticketId"] == id.as_str()).unwrap();
        assert_eq!(ticket["descript"], *text, "{id}");
    }
}
