//! Bindings have no ids: each is asked for by its customer and source, changed by these, and an export of them handed back
//! changes what was edited and nothing else.

use crate::harness::*;

type Record = serde_json::Map<String, serde_json::Value>;

/// Bindings by customer and source, whole.
fn bindings(server: &Server) -> std::collections::BTreeMap<(String, String), Record> {
    let text = |record: &Record, name: &str| record[name].as_str().unwrap().to_owned();
    // Where it is kept, which no answer shows.
    let whole = |mut record: Record| {
        record.remove("identity");
        record
    };
    let key = |record: &Record| (text(record, "cId"), text(record, "account_source"));
    server.records("bindings").into_iter().map(|record| (key(&record), whole(record))).collect()
}

/// A folder with an export of the sandbox's bindings.
fn exported(file: &str) -> (Work, Server) {
    let (work, server) = (Work::new(), Server::start(""));
    work.on(&server, format!("export bindings -o {file} --summary none --headers zh")).exits(0);
    (work, server)
}

fn writes(server: &Server) -> u64 {
    server.requests_to("bindings.update") + server.requests_to("bindings.create")
}

#[test]
fn an_export_that_nobody_edited_writes_nothing() {
    for mode in ["", " --mode update"] {
        for file in ["mine.csv", "mine.xlsx"] {
            let (work, server) = exported(file);
            let before = bindings(&server);
            let ran = work.on(&server, format!("import bindings {file}{mode}"));
            ran.exits(0).never_says("about to create");
            assert_rows(&work.summary(), "unchanged 20");
            assert_eq!(writes(&server), 0, "{file}{mode}\n{ran}");
            assert_eq!(bindings(&server), before, "{file}{mode}");
        }
    }
}

#[test]
fn two_edited_cells_are_two_writes_and_what_others_changed_stays() {
    let (work, server) = exported("mine.csv");
    let before = bindings(&server);
    let keys: Vec<_> = before.keys().cloned().collect();
    let mut table = work.table("mine.csv");
    let row = |table: &Table, at: usize| {
        let number = table.column("联系人编号").iter().position(|id| *id == keys[at].0).unwrap();
        (number, table.column("第三方用户标识")[number].to_owned())
    };
    // One that is edited here and there, one that is edited there alone, two that are edited here.
    let theirs = |at: usize, open: &str| {
        let (customer, source) = &keys[at];
        let body = format!(r#"{{"cId":"{customer}","account_source":"{source}","openId":"{open}"}}"#);
        server.change("user/relationship/cid", &body);
    };
    theirs(0, "theirs-0");
    theirs(1, "theirs-1");
    for at in [0, 2, 3] {
        let (number, _) = row(&table, at);
        table.set(number, "第三方用户标识", &format!("edited-{at}"));
    }
    work.write_table("mine.csv", &table);
    let sent = writes(&server);
    let mut expected = bindings(&server);
    work.on(&server, "import bindings mine.csv --mode update").exits(3).says("this is the export of");
    assert_rows(&work.summary(), "updated 2, unchanged 16, skipped 1, held 1");
    assert_eq!(writes(&server) - sent, 2);
    for at in [2, 3] {
        expected.get_mut(&keys[at]).unwrap().insert("openId".to_owned(), format!("edited-{at}").into());
    }
    assert_eq!(bindings(&server), expected);
    // Nothing of a binding is named but what has changed, and what it is known by.
    let results = work.results();
    assert!(results.column("id").iter().any(|id| *id == format!("{}/{}", keys[2].0, keys[2].1)));
}

#[test]
fn a_change_is_asked_for_by_its_key_and_sends_it_again() {
    let mut open = "ext-1".to_owned();
    let service = Service::start(move |request| match request.method.as_str() {
        "GET" if request.path == "/user/relationship/cid.json" => {
            let record = serde_json::json!({"aId": "600001", "cId": "50041", "openId": open, "appId": "", "account_source": "open"});
            (200, serde_json::json!({"data": [record], "msg": "success"}).to_string())
        }
        "PUT" if request.path == "/user/relationship/cid.json" => {
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            open = body["openId"].as_str().unwrap().to_owned();
            (200, r#"{"data":true,"msg":"success"}"#.to_owned())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-2,开放平台\n");
    work.bw8("import bindings mine.csv --mode update --rate 0").exits(0);
    let asked = service.requests();
    let asked: Vec<_> = asked.iter().filter(|request| request.path == "/user/relationship/cid.json").collect();
    for request in asked.iter().filter(|request| request.method == "GET") {
        assert_eq!((request.query["cId"].as_str(), request.query["account_source"].as_str()), ("50041", "open"));
        assert_eq!(request.query.len(), 2);
    }
    let bodies: Vec<_> = service.requests().into_iter().filter(|request| request.method == "PUT").collect();
    let body: serde_json::Value = serde_json::from_str(&bodies[0].body).unwrap();
    assert_eq!(body, serde_json::json!({"openId": "ext-2", "cId": "50041", "account_source": "open"}));
    assert_eq!(bodies.len(), 1);
}

#[test]
fn a_binding_that_is_not_there_is_not_made_by_a_change() {
    for variant in ["unbound=empty", "unbound=error"] {
        let (work, server) = (Work::new(), Server::start(&format!("--variant {variant}")));
        work.write("mine.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-1,钉钉\n");
        work.on(&server, "import bindings mine.csv --mode update --keep-going").exits(3).says("without --mode update");
        assert_rows(&work.summary(), "failed 1");
        assert_eq!(writes(&server), 0, "{variant}");
    }
}

#[test]
fn a_service_that_answers_with_another_binding_is_not_written_to() {
    let service = Service::start(|request| match request.method.as_str() {
        "GET" if request.path == "/user/relationship/cid.json" => {
            (200, r#"{"data":[{"cId":"50042","openId":"ext-1","account_source":"open"}],"msg":"success"}"#.to_owned())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("mine.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-2,开放平台\n");
    work.bw8("import bindings mine.csv --mode update --rate 0 --keep-going").exits(3).says("50042/open");
    assert!(service.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn a_binding_to_someone_else_is_changed_only_in_a_change() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("first.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-1,开放平台\n");
    work.on(&server, "import bindings first.csv").exits(0);
    work.write("second.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-2,开放平台\n");
    work.on(&server, "import bindings second.csv").exits(3).says("ext-1").says("--mode update");
    work.on(&server, "import bindings second.csv --mode update").exits(0);
    assert_rows(&work.summary(), "updated 1");
    let sent = writes(&server);
    work.on(&server, "import bindings second.csv --mode update --fresh").exits(0);
    assert_rows(&work.summary(), "unchanged 1");
    assert_eq!(writes(&server), sent);
    // There and back again is two changes.
    work.on(&server, "import bindings first.csv --mode update").exits(0);
    assert_rows(&work.summary(), "updated 1");
}

#[test]
fn a_change_in_doubt_is_settled_by_asking() {
    let server = Server::faulty(&["504-after-store,on=PUT bindings,nth=1"]);
    let work = Work::new();
    work.write("new.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-1,钉钉\n50042,ext-2,钉钉\n");
    work.on(&server, "import bindings new.csv").exits(0);
    work.write("change.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-3,钉钉\n50042,ext-4,钉钉\n");
    let change = "import bindings change.csv --mode update --no-canary --concurrency 1 --run change";
    work.on(&server, change).exits(0).says("found out: 1 row is done");
    assert_eq!(server.requests_to("bindings.update"), 2);
    assert_rows(&work.summary_of("change"), "updated 2");
}

#[test]
fn a_binding_that_is_changed_twice_is_changed_once() {
    let (work, server) = exported("mine.csv");
    let keys: Vec<_> = bindings(&server).into_keys().collect();
    let (customer, source) = &keys[0];
    let rows = ["edited-1", "edited-1", "edited-2"].map(|open| format!("{customer},{open},{source}\n"));
    work.write("twice.csv", format!("联系人编号,第三方用户标识,绑定来源\n{}", rows.concat()));
    let sent = writes(&server);
    work.on(&server, "import bindings twice.csv --mode update").exits(3);
    assert_eq!(work.results().column("code"), ["", "same_row", "second_change"]);
    assert_eq!(writes(&server) - sent, 1);
    assert_eq!(bindings(&server)[&keys[0]]["openId"], "edited-1");
    // The same customer is named in two ways.
    let rows = format!("{customer},,edited-3,{source}\n,13000000001,edited-4,{source}\n");
    work.write("ways.csv", format!("联系人编号,客户手机,第三方用户标识,绑定来源\n{rows}"));
    work.on(&server, "import bindings ways.csv --mode update --run ways").exits(3);
    assert_eq!(work.table("ways/results.csv").column("code"), ["", "second_change"]);
    assert_eq!(bindings(&server)[&keys[0]]["openId"], "edited-3");
}

/// What is there already is asked for, which takes its own turn: no row waits for one that waits for it.
#[test]
fn bindings_that_are_there_hold_nobody_up_however_few_go_at_once() {
    let (work, server) = (Work::new(), Server::start(""));
    let rows = |open: &str| {
        let rows = (50041..50047).map(|id| format!("{id},{open}-{id},企业微信\n"));
        format!("联系人编号,第三方用户标识,绑定来源\n{}", rows.collect::<String>())
    };
    work.write("mine.csv", rows("示例"));
    work.on(&server, "import bindings mine.csv").exits(0);
    work.write("other.csv", rows("别的"));
    for concurrency in [1, 4] {
        let typed = "import bindings other.csv --no-canary --keep-going --fresh";
        work.on(&server, format!("{typed} --concurrency {concurrency} --run run-{concurrency}")).exits(3);
        assert_rows(&work.summary_of(&format!("run-{concurrency}")), "failed 6");
    }
}

/// A yes that nothing follows is seen at the first row, as a binding can be asked for.
#[test]
fn a_binding_that_is_only_said_to_be_made_stops_the_run() {
    let service = Service::start(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/user/relationship/cid.json") => (200, r#"{"data":true,"msg":"success"}"#.to_owned()),
        ("GET", "/user/relationship/cid.json") => (200, r#"{"data":[],"msg":"success"}"#.to_owned()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("bind.csv", "cId,openId,account_source\n50001,ext-1,open\n50002,ext-2,open\n50003,ext-3,open\n");
    let import = "import bindings bind.csv --rate 0 --run run";
    work.bw8(import).exits(5).says("the service has nothing of it").says("bw8 settle ");
    assert_rows(&work.summary_of("run"), "unknown 1, pending 2");
    work.bw8("settle run --server-timeout 0").exits(5).says("1 row was not done and can be sent");
    assert_rows(&work.summary_of("run"), "pending 3");
    // What the account has is read back by its key.
    let server = Server::start("");
    let ids: Vec<String> =
        server.records("customers").iter().take(2).map(|record| record["cId"].as_str().unwrap().to_owned()).collect();
    let rows: String = ids.iter().map(|id| format!("{id},示例-{id},dingtalk\n")).collect();
    work.write("true.csv", format!("cId,openId,account_source\n{rows}"));
    let ran = work.on(&server, "import bindings true.csv --run true");
    ran.exits(0).says("everything arrived").never_says("the answer holds no id");
}

/// A contact has a binding for each WeChat account that it follows.
#[test]
fn several_bindings_of_one_contact_and_source_are_known_by_what_they_say() {
    let binding = |number: u32, open: &str, app: &str| serde_json::json!({"aId": format!("60000{number}"), "cId": "50001", "openId": open, "appId": app, "account_source": "wechat"});
    let bindings = [binding(1, "wx-1", "app-1"), binding(2, "wx-2", "app-2")];
    let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/users.json") => (200, page(&[50_001], request, 100, Some("1"))),
        ("GET", "/user/relationship/cid.json") => {
            let is_meant = request.query.get("account_source").is_some_and(|source| source == "wechat");
            let found = if is_meant { &bindings[..] } else { &[] };
            (200, serde_json::json!({"data": found, "msg": "success"}).to_string())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.export("bindings -o o.csv --summary none --headers zh").exits(0);
    for mode in ["", " --mode update"] {
        work.bw8(format!("import bindings o.csv --rate 0{mode}")).exits(0);
        assert_rows(&work.summary(), "unchanged 2");
    }
    // Which of them a change would be made to nobody can tell.
    let mut table = work.table("o.csv");
    table.set(0, "第三方用户标识", "wx-3");
    work.write_table("o.csv", &table);
    work.bw8("import bindings o.csv --rate 0 --mode update").exits(3).says("nothing tells which one is meant");
    assert_rows(&work.summary(), "unchanged 1, refused 1");
    assert!(service.requests().iter().all(|request| request.method == "GET"));
}

/// The service has one binding of a contact for each source: of two new ones in one file the second is named, neither sent nor lost.
#[test]
fn the_second_of_two_new_bindings_of_one_contact_and_source_is_refused_and_kept() {
    let (work, server) = (Work::new(), Server::start(""));
    let there = server.stored("bindings");
    let head = "联系人编号,绑定来源,第三方用户标识,公众号AppID\n";
    work.write(
        "new.csv",
        format!("{head}50020,微信公众号,wx-1,app-1\n50020,微信公众号,wx-2,app-2\n50020,开放平台,o-1,\n"),
    );
    work.on(&server, "import bindings new.csv --run run").exits(3);
    let results = work.table("run/results.csv");
    assert_eq!(results.column("status"), ["created", "refused", "created"]);
    assert_eq!(results.column("code"), ["", "duplicate", ""]);
    let failed = work.table("run/failed.csv");
    assert_eq!(failed.column("第三方用户标识"), ["wx-2"]);
    // Nor does it come to anything when it is tried by itself.
    for command in ["retry run --run again", "import bindings new.csv --run run"] {
        work.on(&server, command).exits(3);
    }
    work.write("alone.csv", format!("{head}50020,微信公众号,wx-2,app-2\n"));
    work.on(&server, "import bindings alone.csv").exits(3).says("there is already another value: wx-1, app-1");
    assert_eq!(server.stored("bindings"), there + 2);
    let bound = |record: &Record| record["cId"] == "50020" && record["account_source"] == "wechat";
    let bound: Vec<Record> = server.records("bindings").into_iter().filter(bound).collect();
    assert!(bound.len() == 1 && bound[0]["openId"] == "wx-1", "{bound:?}");
}

/// There is no list of bindings, so nobody can say how many are new before they are sent.
#[test]
fn a_check_says_that_it_cannot_know_which_bindings_are_there() {
    let (work, server) = exported("mine.csv");
    for command in ["check bindings mine.csv --online", "import bindings mine.csv --dry-run"] {
        let ran = work.on(&server, command);
        ran.exits(0).says("at most 20 bindings would be created").says("has no list of them");
        let ran = work.on(&server, format!("{command} --lang zh"));
        ran.exits(0).says("最多将向").says("要到逐条发送时才知道；已存在的算作无变化");
    }
    work.write_table("people.csv", &customers(1, 2));
    let ran = work.on(&server, "check customers people.csv --online");
    ran.exits_with_one_of(&[0, 3]);
    ran.never_says("at most").never_says("has no list of them");
}

/// A new binding gets no id: what its file said is known by its key.
#[test]
fn a_binding_that_a_colleague_changed_since_we_made_it_is_not_changed_back() {
    for is_there in [false, true] {
        let server = Server::start("");
        let work = Work::with("mine.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-0901,开放平台\n");
        if is_there {
            work.on(&server, "import bindings mine.csv --run first").exits(0);
        }
        work.on(&server, "import bindings mine.csv --run made").exits(0);
        let body = r#"{"cId":"50041","account_source":"open","openId":"ext-theirs"}"#;
        server.change("user/relationship/cid", body);
        let before = bindings(&server);
        let ran = work.on(&server, "import bindings mine.csv --mode update --run change");
        ran.exits(0).says("the service keeps its value").never_says("it is not known what became of them");
        assert_eq!(bindings(&server), before);
        // What somebody edits in that file is asked about.
        work.write("mine.csv", "联系人编号,第三方用户标识,绑定来源\n50041,ext-0902,开放平台\n");
        work.on(&server, "import bindings mine.csv --mode update --run edited").exits(3);
        assert_eq!(bindings(&server), before);
    }
}

/// There is nothing that a change could change.
#[test]
fn a_binding_that_somebody_else_has_is_not_said_to_be_changeable() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "联系人编号,第三方用户标识,绑定来源\n50059,ext-00001,开放平台\n");
    let before = bindings(&server);
    let ran = work.on(&server, "import bindings mine.csv --keep-going");
    ran.exits(3).says("another record has the value, perhaps").never_says("--mode update");
    assert_eq!(bindings(&server), before);
}
