//! Whether a row becomes a new record, changes one that is there, or neither: decided for each of them before anything is sent.

use crate::harness::*;

/// Two people of the sandbox, one of them with another note, and one that is new.
const PEOPLE: &str = "姓名,手机,公司编号,备注\n示例联系人00001,13000000001,,示例 新备注\n示例联系人00002,13000000002,,\n示例甲,13100000001,20001,\n";

fn writes(server: &Server) -> (u64, u64) {
    (server.requests_to("customers.create"), server.requests_to("customers.update"))
}

#[track_caller]
fn assert_column(work: &Work, title: &str, expected: &[&str]) {
    assert_eq!(work.results().column(title), expected, "{:?}", work.results());
}

#[test]
fn an_upsert_creates_what_is_new_changes_what_differs_and_leaves_the_rest() {
    let server = Server::start("");
    let work = Work::with("mine.csv", PEOPLE);
    let before = server.records("customers");
    let ran = work.on(&server, "import customers mine.csv --mode upsert");
    ran.exits(0).says("will create 1, update 1, leave 1 unchanged");
    assert_column(&work, "status", &["updated", "unchanged", "created"]);
    assert_column(&work, "action", &["update", "update", "create"]);
    assert_column(&work, "id", &["50001", "50002", "50061"]);
    assert_rows(&work.summary(), "created 1, updated 1, unchanged 1");
    assert_eq!(writes(&server), (1, 1));
    let after = server.records("customers");
    assert_eq!((after.len(), &after[0]["note"]), (before.len() + 1, &"示例 新备注".into()));
    // Only what differs is written, and what the file does not say stays.
    assert_eq!((&after[0]["companyId"], &after[1]), (&before[0]["companyId"], &before[1]));
    // The same command does nothing, and the same rows once more say nothing new.
    work.on(&server, "import customers mine.csv --mode upsert").exits(0).says("done before");
    work.on(&server, "import customers mine.csv --mode upsert --fresh").exits(0);
    assert_rows(&work.summary(), "unchanged 3");
    assert_eq!(writes(&server), (1, 1));
}

#[test]
fn what_would_be_done_is_said_before_and_by_check_and_dry_run() {
    let server = Server::start("");
    let work = Work::with("mine.csv", PEOPLE.to_owned() + "示例乙,abc,20001,\n");
    work.bw8("check customers mine.csv --mode upsert")
        .exits(3)
        .says("--online")
        .says("without it the row can only change");
    let plan = "将新建 1、更新 1、无变化 1，1 行有误";
    for typed in
        ["check customers mine.csv --mode upsert --online", "import customers mine.csv --mode upsert --dry-run"]
    {
        work.on(&server, format!("{typed} --lang zh")).exits(3).says(plan);
        let ran = work.on(&server, format!("{typed} --format json"));
        ran.exits(3);
        let document = ran.json();
        let plan = if typed.starts_with("check") { &document["account"]["plan"] } else { &document["plan"] };
        assert_eq!((&plan["create"], &plan["update"], &plan["unchanged"]), (&1.into(), &1.into(), &1.into()), "{ran}");
    }
    assert_eq!(writes(&server), (0, 0));
    assert!(work.runs().is_empty());
    work.on(&server, "import customers mine.csv --mode upsert --lang zh").exits(3).says(plan);
    assert_rows(&work.summary(), "created 1, updated 1, unchanged 1, refused 1");
}

#[test]
fn rows_are_found_by_the_key_that_is_named_and_several_fields_are_one_key() {
    let server = Server::start("");
    let work = Work::with("mail.csv", "邮箱,备注\nPERSON00003@example.com,示例\nnobody@example.com,示例\n");
    work.on(&server, "import customers mail.csv --mode update --key 邮箱").exits(3);
    assert_column(&work, "status", &["updated", "refused"]);
    assert_column(&work, "code", &["", "not_there"]);
    assert_column(&work, "id", &["50003", ""]);
    assert!(work.results().column("message")[1].contains("nobody@example.com"), "{:?}", work.results());
    let note = |id: usize| server.records("customers")[id]["note"].clone();
    assert_eq!((note(2), note(3)), ("示例".into(), "".into()));
    // Once somebody has made the record that was not there, the same command goes on.
    work.write("new.csv", "姓名,手机,邮箱,公司编号\n示例,13100000077,nobody@example.com,20001\n");
    work.on(&server, "import customers new.csv").exits(0);
    work.on(&server, "import customers mail.csv --mode update --key 邮箱").exits(0);
    assert_eq!(server.records("customers").last().unwrap()["note"], "示例");
    work.write(
        "both.csv",
        "姓名,邮箱,备注\n示例联系人00004,person00004@example.com,两项\n示例联系人00004,person00005@example.com,两项\n",
    );
    work.on(&server, "import customers both.csv --mode update --key name,email").exits(3);
    assert_column(&work, "status", &["updated", "refused"]);
    assert_eq!((note(3), note(4)), ("两项".into(), "".into()));
}

/// Two people of one name are told apart by the names of their companies.
#[test]
fn a_part_of_a_key_may_be_a_record_that_is_told_by_its_name() {
    let (work, server) = (Work::new(), Server::start(""));
    let records = server.records("customers");
    let company = |at: usize| {
        let id = records[at]["companyId"].clone();
        let known = server.records("companies").into_iter().find(|company| company["uId"] == id);
        known.unwrap()["companyName"].as_str().unwrap().to_owned()
    };
    let name = |at: usize| records[at]["name"].as_str().unwrap().to_owned();
    assert_ne!(company(0), company(1));
    let rows = [
        format!("{},{},改了,", name(0), company(0)),
        format!("{},{},改了,", name(1), company(1)),
        format!("{},{},新的,13100000012", name(1), company(0)),
    ];
    work.write("mine.csv", format!("姓名,公司名称,备注,手机\n{}\n", rows.join("\n")));
    work.on(&server, "import customers mine.csv --mode upsert --key 姓名,公司编号 --expect 1").exits(0);
    assert_column(&work, "status", &["updated", "updated", "created"]);
    assert_eq!(work.results().column("id")[..2], ["50001", "50002"]);
    work.on(&server, "import customers mine.csv --mode update --key name,companyId --run again").exits(0);
    assert_rows(&work.summary_of("again"), "unchanged 3");
    // Its keys are those of one row, said twice.
    work.write("twice.csv", format!("姓名,公司名称,备注\n{}\n", [&rows[0][..rows[0].len() - 1]; 2].join("\n")));
    work.on(&server, "import customers twice.csv --mode update --key name,companyId").exits(0);
    assert_column(&work, "status", &["unchanged", "skipped"]);
}

#[test]
fn a_key_is_a_field_with_a_column_and_a_mode_that_looks_for_it() {
    let work = Work::with("mine.csv", PEOPLE);
    work.bw8("check customers mine.csv --mode update --key nonsense").exits(2).says("nonsense");
    work.bw8("check customers mine.csv --mode update --key 邮箱").exits(2).says("Email");
    work.bw8("check customers mine.csv --key mobile").exits(2).says("--mode upsert");
    work.bw8("check tags mine.csv --mode upsert").exits(2);
    work.write("notes.csv", "备注\n示例\n");
    work.bw8("check customers notes.csv --mode update").exits(2);
}

#[test]
fn a_row_of_a_record_that_is_there_is_skipped() {
    let server = Server::start("");
    let rows = "姓名,手机,公司编号\n别名,13000000001,20001\n示例甲,13100000001,20001\n";
    let work = Work::with("mine.csv", rows);
    let ran = work.on(&server, "import customers mine.csv --mode skip-existing");
    ran.exits(0).says("will create 1, skip 1 that exist");
    assert_column(&work, "status", &["skipped", "created"]);
    assert_column(&work, "code", &["exists_in_account", ""]);
    assert_column(&work, "id", &["50001", "50061"]);
    assert_eq!(writes(&server), (1, 0));
    assert_eq!(server.records("customers")[0]["name"], "示例联系人00001");
    // The next file says some of it again.
    work.write("next.csv", format!("{rows}示例乙,13100000002,20001\n"));
    work.on(&server, "import customers next.csv --mode skip-existing").exits(0);
    assert_column(&work, "status", &["skipped", "skipped", "created"]);
}

#[test]
fn two_records_with_one_key_are_named_and_the_row_waits_whatever_is_consented_to() {
    let server = Server::start("--variant duplicate-mobile=accepted");
    let work = Work::with("twins.csv", "姓名,手机,公司编号\n示例甲,13000000001,20001\n");
    work.on(&server, "import customers twins.csv --accept-warnings=exists_in_account").exits(0);
    work.write(
        "mine.csv",
        "姓名,手机,备注,公司编号\n示例,13000000001,改,20001\n示例联系人00002,13000000002,改,20001\n",
    );
    for consent in ["", " --accept-warnings --fresh"] {
        let ran =
            work.on(&server, format!("import customers mine.csv --mode upsert{consent} --run held{}", consent.len()));
        ran.exits(3).says("several records");
        let results = work.table(format!("held{}/results.csv", consent.len()));
        assert_eq!((results.column("status")[0], results.column("code")[0]), ("held", "ambiguous"));
        let message = results.column("message")[0];
        assert!(message.contains("50001") && message.contains("50061"), "{message}");
    }
    // Whoever knows which is meant says so by its id.
    let mut failed = work.table("held0/failed.csv");
    for (row, id) in failed.rows.iter_mut().zip(["联系人编号", "50061"]) {
        row.push(id.to_owned());
    }
    work.write_table("fixed.csv", &failed);
    work.on(&server, "retry fixed.csv --run again").exits(0);
    assert_eq!(work.table("again/results.csv").column("id"), ["50061"]);
    let records = server.records("customers");
    assert_eq!((&records[60]["note"], &records[0]["note"]), (&"改".into(), &"".into()));
}

#[test]
fn a_record_known_by_a_weaker_key_alone_waits_where_the_stronger_one_differs() {
    let server = Server::start("");
    let header = "姓名,手机,固话,公司编号";
    // The fourth person of the sandbox has a landline, which others of that name may share.
    let work = Work::with("mine.csv", format!("{header}\n示例联系人00004,13900000001,010-00000004,20001\n"));
    work.on(&server, "import customers mine.csv --mode upsert").exits(3);
    assert_column(&work, "code", &["ambiguous"]);
    work.write("other.csv", format!("{header},备注\n示例联系人00004,,010-00000004,,改\n"));
    work.on(&server, "import customers other.csv --mode upsert").exits(0);
    assert_column(&work, "status", &["updated"]);
    assert_column(&work, "id", &["50004"]);
    assert_eq!(writes(&server), (0, 1));
}

/// The mobile number is one person's, the name and the landline are another's.
#[test]
fn a_row_whose_keys_are_those_of_two_records_waits() {
    let server = Server::start("");
    let work = Work::with(
        "mine.csv",
        "姓名,手机,固话,公司编号,备注\n示例联系人00004,13000000001,010-00000004,20001,改\n新名,13000000002,,20001,改\n",
    );
    for mode in ["upsert", "update"] {
        work.on(&server, format!("import customers mine.csv --mode {mode} --run {mode}")).exits(3);
        let results = work.table(format!("{mode}/results.csv"));
        assert_eq!(results.column("code"), ["ambiguous", ""]);
        assert!(results.column("message")[0].contains("50001") && results.column("message")[0].contains("50004"));
    }
    assert_eq!(server.records("customers")[0]["name"], "示例联系人00001");
}

#[test]
fn the_id_that_a_row_names_goes_before_its_key_and_must_not_contradict_it() {
    let server = Server::start("");
    let rows = "联系人编号,姓名,手机,公司编号\n50001,新名,13000000001,20001\n50002,示例,13000000003,20001\n99999,示例,13100000009,20001\n,示例乙,13100000002,20001\n50005,示例,13100000005,20001\n";
    let work = Work::with("mine.csv", rows);
    work.on(&server, "import customers mine.csv --mode upsert --accept-warnings").exits(3);
    assert_column(&work, "status", &["updated", "held", "refused", "created", "updated"]);
    assert_column(&work, "code", &["", "key_of_another", "not_there", "", ""]);
    let records = server.records("customers");
    assert_eq!(records[0]["name"], "新名");
    assert_eq!((&records[1]["mobile"], &records[4]["mobile"]), (&"13000000002".into(), &"13100000005".into()));
}

#[test]
fn a_row_with_nothing_to_be_found_by_waits_or_is_refused() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "姓名,固话,公司编号\n,010-11111111,20001\n示例乙,010-22222222,20001\n");
    work.bw8("check customers mine.csv --mode upsert").exits(3).says("no_key");
    work.on(&server, "import customers mine.csv --mode upsert").exits(3);
    assert_column(&work, "status", &["held", "created"]);
    assert_column(&work, "code", &["no_key", ""]);
    work.on(&server, "import customers mine.csv --mode upsert --accept-warnings=no_key").exits(0);
    assert_column(&work, "status", &["created", "created"]);
    work.write("update.csv", "邮箱,备注\n,示例\nperson00001@example.com,示例\n");
    let ran = work.on(&server, "import customers update.csv --mode update --key email --run update");
    ran.exits(3).says("an update only changes records that are there").never_says("consented");
    let results = work.table("update/results.csv");
    assert_eq!((results.column("status"), results.column("code")), (vec!["refused", "updated"], vec!["no_key", ""]));
}

#[test]
fn what_a_new_record_lacks_is_no_fault_of_a_row_that_changes_one() {
    let server = Server::start("");
    let rows = "姓名,手机,公司编号\n新名,13000000001,\n示例甲,13100000001,\n";
    let work = Work::with("mine.csv", rows);
    work.on(&server, "import customers mine.csv --mode upsert").exits(3);
    assert_column(&work, "status", &["updated", "refused"]);
    assert_column(&work, "code", &["", "required"]);
    assert_eq!(writes(&server), (0, 1));
}

#[test]
fn rows_of_one_key_are_refused_and_two_rows_of_one_record_are_one_change() {
    let server = Server::start("");
    let rows = "联系人编号,姓名,手机,备注,公司编号\n,示例联系人00001,13000000001,甲,\n,示例联系人00001,13000000001,乙,\n50001,示例联系人00001,,丙,\n";
    let work = Work::with("mine.csv", rows);
    work.on(&server, "import customers mine.csv --mode upsert").exits(3);
    assert_column(&work, "status", &["updated", "refused", "refused"]);
    assert_column(&work, "code", &["", "duplicate", "same_record"]);
    assert_eq!(server.records("customers")[0]["note"], "甲");
}

#[test]
fn most_rows_being_new_is_a_surprise_that_a_number_answers() {
    let server = Server::start("");
    let work = Work::new();
    let mut table = customers(1, 6);
    table.push(&["示例联系人00001", "13000000001", ""]);
    work.write_table("mine.csv", &table);
    for number in ["", " --expect 5"] {
        let ran = work.on(&server, format!("import customers mine.csv --mode upsert{number}"));
        ran.exits(2).says("--expect 6").says("6 of 7 rows");
    }
    assert_eq!(writes(&server), (0, 0));
    work.on(&server, "import customers mine.csv --mode upsert --expect 6").exits(0);
    assert_rows(&work.summary(), "created 6, unchanged 1");
    // A few rows are looked over, and creating is no surprise where nothing else is meant.
    work.write_table("few.csv", &customers(100, 3));
    work.on(&server, "import customers few.csv --mode upsert").exits(0);
    work.write_table("four.csv", &customers(150, 4));
    work.on(&server, "import customers four.csv --mode upsert").exits(2).says("--expect 4");
    work.write_table("new.csv", &customers(200, 8));
    work.on(&server, "import customers new.csv --mode skip-existing").exits(0);
}

/// A list that says it is longer than it is: nobody knows what is missing in it.
fn incomplete() -> Service {
    Service::start(|request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/users.json") => {
            let own = |mobile| format!("示例 7\",\"mobile\":\"{mobile}");
            (200, page(&[7, 8], request, 100, Some("5")).replace(&own("13000000000"), &own("13000000007")))
        }
        ("GET", path) if path.starts_with("/users/") => (200, format!("{{\"user\":{}}}", customer(7))),
        ("POST", "/users.json") => (201, "{\"user\":{\"cId\":\"9\"}}".to_owned()),
        ("PUT", "/users/7.json") => (200, "{\"user\":{\"cId\":\"7\"}}".to_owned()),
        _ => unknown(),
    })
}

fn sent(service: &Service) -> Vec<String> {
    let requests = service.requests();
    requests.iter().filter(|request| request.method != "GET").map(|request| request.method.clone()).collect()
}

#[test]
fn nothing_is_made_on_a_list_that_is_not_proved_whole() {
    let rows = "姓名,手机,公司编号,备注\n示例 7,13000000007,20001,改\n示例甲,13100000001,20001,\n";
    for mode in ["upsert", "skip-existing", "update"] {
        let service = incomplete();
        let work = Work::at(&service.base_url());
        work.write("mine.csv", rows);
        let ran = work.bw8(format!("import customers mine.csv --mode {mode} --no-canary --rate 0"));
        ran.exits(3).says("--accept-incomplete");
        assert_column(&work, "status", &[if mode == "skip-existing" { "skipped" } else { "updated" }, "held"]);
        assert_column(
            &work,
            "code",
            &[if mode == "skip-existing" { "exists_in_account" } else { "" }, "list_not_whole"],
        );
        assert!(!sent(&service).contains(&"POST".to_owned()), "{ran}");
    }
    let service = incomplete();
    let work = Work::at(&service.base_url());
    work.write("mine.csv", rows);
    work.bw8("import customers mine.csv --mode upsert --no-canary --rate 0 --accept-incomplete").exits(0);
    assert_column(&work, "status", &["updated", "created"]);
    // The way on that was named works on the command that named it.
    let service = incomplete();
    let work = Work::at(&service.base_url());
    work.write("mine.csv", rows);
    work.bw8("import customers mine.csv --mode upsert --no-canary --rate 0").exits(3);
    work.bw8("import customers mine.csv --mode upsert --no-canary --rate 0").exits(3).says("--accept-incomplete");
    work.bw8("import customers mine.csv --mode upsert --no-canary --rate 0 --accept-incomplete").exits(0);
    assert_column(&work, "status", &["updated", "created"]);
    assert_eq!(sent(&service), ["PUT", "POST"]);
}

/// An account that gives no list as long as there is nothing in it.
#[test]
fn rows_that_wait_for_a_list_go_once_there_is_one_and_by_the_way_that_is_named() {
    let rows = "姓名,手机,公司编号\n示例 7,13000000007,20001\n";
    let service = || {
        let mut made: Vec<serde_json::Value> = Vec::new();
        let mut reads = 0;
        Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/users.json") => {
                reads += 1;
                // Somebody else makes one by and by.
                let count = made.len();
                match count {
                    0 if reads < 8 => (404, r#"{"error":"RecordNotFound","description":"Not found"}"#.to_owned()),
                    _ => (200, serde_json::json!({"users": made, "count": count}).to_string()),
                }
            }
            ("GET", path) if path.starts_with("/users/") => (200, serde_json::json!({"user": made[0]}).to_string()),
            ("POST", "/users.json") => {
                let mut record: serde_json::Value = serde_json::from_str(&request.body).unwrap();
                record["user"]["cId"] = "9".into();
                made.push(record["user"].clone());
                (201, record.to_string())
            }
            _ => unknown(),
        })
    };
    let upsert = "import customers mine.csv --mode upsert --rate 0";
    let first = service();
    let work = Work::at(&first.base_url());
    work.write("mine.csv", rows);
    work.bw8(upsert).exits(3).says("whether there is such a record").says("--mode create").never_says("incomplete");
    work.bw8(format!("{upsert} --lang zh --fresh"))
        .exits(3)
        .says("无法查看帮我吧里是否已有这条记录")
        .says("--mode create");
    work.bw8("import customers mine.csv --mode create --rate 0").exits(0);
    work.bw8(format!("{upsert} --fresh")).exits(0).says("unchanged 1");
    assert_eq!(sent(&first), ["POST"]);
    // The list comes by and by: the same command sends what waited for it.
    let second = service();
    let work = Work::at(&second.base_url());
    work.write("mine.csv", rows);
    let waited = (0..8).take_while(|_| work.bw8(upsert).exits_with_one_of(&[0, 3]) == 3).count();
    assert!((1..8).contains(&waited), "{waited}");
    assert_eq!(sent(&second), ["POST"]);
    // A change needs to see its record.
    let third = service();
    let work = Work::at(&third.base_url());
    work.write("mine.csv", rows);
    let ran = work.bw8("import customers mine.csv --mode update --rate 0");
    ran.exits(3).says("which record this is").says("a login that may see this list").never_says("--mode create");
}

#[test]
fn nothing_is_made_where_the_list_cannot_be_had() {
    let service = Service::start(|_| unknown());
    let work = Work::at(&service.base_url());
    work.write("mine.csv", PEOPLE);
    work.bw8("import customers mine.csv --mode upsert --rate 0").exits(3);
    assert_column(&work, "code", &["list_not_whole", "list_not_whole", "list_not_whole"]);
    work.bw8("import customers mine.csv --mode upsert --rate 0 --fresh --accept-incomplete").exits(3);
    assert!(sent(&service).is_empty());
}

#[test]
fn ids_of_this_service_stop_a_create_before_anything_is_sent() {
    let server = Server::start("");
    let work = Work::new();
    work.on(&server, "export tickets -o tickets.csv").exits_with_one_of(&[0]);
    work.on(&server, "export customers -o people.xlsx").exits(0);
    for file in ["tickets tickets.csv", "customers people.xlsx"] {
        for command in ["check", "import"] {
            let ran = work.on(&server, format!("{command} {file}"));
            ran.exits(2).says("--source NAME").says("--mode update").says("--mode upsert").says("drop = ");
        }
    }
    assert_eq!((writes(&server), server.requests_to("tickets.create")), ((0, 0), 0));
    assert!(work.runs().is_empty());
    work.write("mine.csv", "联系人编号,姓名,手机,公司编号\n,示例甲,13100000001,20001\n");
    work.on(&server, "import customers mine.csv").exits(0);
    work.write("dropped.csv", "联系人编号,姓名,手机,公司编号\n70001,示例乙,13100000002,20001\n");
    work.write("mapping.toml", "drop = [\"联系人编号\"]\n");
    work.on(&server, "import customers dropped.csv --mapping mapping.toml").exits(0);
    assert_eq!(server.stored("customers"), 62);
}

#[test]
fn numbers_of_another_system_are_not_said_to_be_ids_of_this_one() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "工单号,标题,客户编号\nT1,示例甲,50001\n");
    let ran = work.on(&server, "import tickets mine.csv");
    ran.exits(2).says("cannot be ids of this service").says("says T1").says("--source NAME").never_says("--mode");
    work.on(&server, "import tickets mine.csv --lang zh").exits(2).says("不可能是帮我吧的编号").says("--source 系统名");
    // The way on leads on.
    work.write("mine.csv", "工单号,标题,客户手机\nT1,示例甲,13000000001\n");
    work.on(&server, "import tickets mine.csv --source old").exits(0);
    work.write("numbers.csv", "工单编号,标题,客户手机\n900001,示例乙,13000000001\n");
    work.on(&server, "import tickets numbers.csv --source old").exits(0);
    assert_eq!(server.requests_to("tickets.update"), 0);
}

#[test]
fn an_export_handed_back_changes_nothing_and_an_edited_cell_changes_one_record() {
    let server = Server::start("");
    let work = Work::new();
    work.on(&server, "export customers -o people.csv").exits(0);
    work.on(&server, "import customers people.csv --mode upsert --run same").exits(0);
    assert_rows(&work.summary_of("same"), "unchanged 60");
    let mut people = work.table("people.csv");
    let note = people.header().iter().position(|title| *title == "备注" || *title == "Note").unwrap();
    people.rows[3][note] = "示例 改".to_owned();
    work.write_table("people.csv", &people);
    work.on(&server, "import customers people.csv --mode upsert --run edited").exits(0);
    assert_rows(&work.summary_of("edited"), "updated 1, unchanged 59");
    assert_eq!(writes(&server), (0, 1));
}

#[test]
fn a_run_that_was_killed_goes_on_and_makes_and_changes_everything_once() {
    let (work, server) = (Work::new(), Server::start("--fault stall-after-store,on=PUT_users,nth=3"));
    let mut table = Table::of(&["姓名", "手机", "公司编号", "备注"]);
    for number in 1..=12 {
        let mobile = if number % 2 == 0 { format!("131000000{number:02}") } else { format!("130000000{number:02}") };
        table.push(&[&format!("示例{number}"), &mobile, "20001", "改"]);
    }
    work.write_table("mine.csv", &table);
    let typed = "import customers mine.csv --mode upsert --run mine --no-canary --concurrency 1 --keep-going";
    let running = work.start(work.command_on(&server, typed));
    server.wait_for_requests_to("customers.update", 3);
    running.kill();
    let ran = work.on(&server, format!("{typed} --server-timeout 0"));
    ran.exits_with_one_of(&[0, 4]);
    assert_eq!(server.stored("customers"), 66, "{ran}");
    let notes = server.count_by("customers", "note");
    let done = notes.get("改").copied().unwrap_or_default();
    assert!(done == 12 || done == 11 && work.summary_of("mine")["rows"]["unknown"] == 1, "{notes:?}\n{ran}");
    let results = work.table("mine/results.csv");
    assert_eq!(results.column("action"), ["update", "create"].repeat(6));
}

#[test]
fn failed_rows_are_retried_in_the_same_mode() {
    let server = Server::start("--fault 422,on=PUT_users,nth=1");
    let work = Work::with("mine.csv", PEOPLE);
    work.on(&server, "import customers mine.csv --mode upsert --run mine --no-canary --keep-going").exits(3);
    let results = work.table("mine/results.csv");
    assert_eq!(results.column("status"), ["failed", "unchanged", "created"]);
    assert_eq!((results.column("action")[0], results.column("id")[0]), ("update", "50001"));
    work.on(&server, "retry mine --run again").exits(0);
    let again = work.table("again/results.csv");
    assert_eq!((again.column("status"), again.column("action")), (vec!["updated"], vec!["update"]));
    assert_eq!(server.records("customers")[0]["note"], "示例 新备注");
    assert_eq!(server.stored("customers"), 61);
}

#[test]
fn what_another_run_made_is_changed_and_not_made_again() {
    let server = Server::start("");
    let work = Work::new();
    work.write_table("first.csv", &customers(1, 3));
    work.on(&server, "import customers first.csv --run first").exits(0);
    let mut second = customers(1, 4);
    second.set(0, "姓名", "示例 改名");
    work.write_table("second.csv", &second);
    let ran = work.on(&server, "import customers second.csv --mode upsert --run second");
    ran.exits(0).says("will create 1, update 1, leave 2 unchanged");
    assert_rows(&work.summary_of("second"), "created 1, updated 1, unchanged 2");
    // What an upsert made is known to those who only create, and what it changed is no creation of its own.
    work.write_table("third.csv", &second);
    work.on(&server, "import customers third.csv --run third").exits(3);
    assert_eq!(server.stored("customers"), 64);
    assert_eq!(work.table("third/results.csv").column("status")[3], "skipped");
    // The first file once more puts the name back.
    work.write_table("fourth.csv", &customers(1, 3));
    work.on(&server, "import customers fourth.csv --mode upsert --run fourth").exits(0);
    assert_rows(&work.summary_of("fourth"), "updated 1, unchanged 2");
}

#[test]
fn next_weeks_file_of_the_same_name_is_a_run_of_its_own() {
    let server = Server::start("");
    let work = Work::with("mine.csv", PEOPLE);
    work.on(&server, "import customers mine.csv --mode upsert").exits(0);
    work.write("mine.csv", PEOPLE.replace("新备注", "又一条备注"));
    work.on(&server, "import customers mine.csv --mode upsert").exits(0);
    assert_eq!(work.runs().len(), 2);
    assert_rows(&work.summary(), "updated 1, unchanged 2");
}

#[test]
fn the_same_rows_are_a_run_of_their_own_where_another_has_written_since() {
    let server = Server::start("");
    let work = Work::new();
    for (name, note) in [("a", "甲"), ("b", "乙")] {
        work.write(&format!("{name}.csv"), format!("姓名,手机,公司编号,备注\n示例,13000000001,,{note}\n"));
    }
    for (name, note) in [("a", "甲"), ("b", "乙"), ("a", "甲"), ("a", "甲")] {
        work.on(&server, format!("import customers {name}.csv --mode upsert")).exits(0);
        assert_eq!(server.records("customers")[0]["note"], note);
    }
    assert_eq!((work.runs().len(), server.requests_to("customers.update")), (3, 3));
}

#[test]
fn a_row_is_found_by_the_old_id_that_a_run_has_made_a_record_of() {
    let server = Server::start("");
    let work = Work::new();
    let header = "old id,姓名,手机,帮我吧公司编号,备注";
    work.write("first.csv", format!("{header}\nA-1,示例甲,13100000001,20001,\nA-2,示例乙,13100000002,20001,\n"));
    work.on(&server, "import customers first.csv --source crm").exits(0);
    // A week later one of them has another telephone, and one more has come.
    work.write(
        "next.csv",
        format!(
            "{header}\nA-1,示例甲,13100000001,20001,\nA-2,示例乙,13100000009,20001,\nA-3,示例丙,13100000003,20001,\n"
        ),
    );
    work.on(&server, "import customers next.csv --source crm --mode upsert").exits(0);
    assert_column(&work, "status", &["unchanged", "updated", "created"]);
    assert_column(&work, "id", &["50061", "50062", "50063"]);
    assert_eq!(server.records("customers")[61]["mobile"], "13100000009");
    assert_eq!(server.stored("customers"), 63);
}

/// Two people have swapped their numbers: the ids say which records are meant.
#[test]
fn a_record_that_its_row_names_gets_the_key_of_another_where_a_person_says_so() {
    let (work, server) = (Work::new(), Server::start("--variant duplicate-mobile=accepted"));
    let mobiles = |server: &Server| {
        let records = server.records("customers");
        [0, 1].map(|number| records[number]["mobile"].as_str().unwrap_or_default().to_owned())
    };
    let rows = "联系人编号,姓名,手机,公司编号\n50001,示例联系人00001,13000000002,20001\n50002,示例联系人00002,13000000001,20002\n";
    for (file, mode) in [("a.csv", "update"), ("b.csv", "upsert")] {
        work.write(file, rows);
        work.on(&server, format!("import customers {file} --mode {mode} --accept-warnings --run {mode}")).exits(3);
        assert_eq!(work.table(format!("{mode}/results.csv")).column("code"), ["key_of_another", "key_of_another"]);
        assert_eq!(mobiles(&server), ["13000000001", "13000000002"]);
    }
    // In the row's own cell …
    let mut failed = work.table("update/failed.csv");
    failed.set(0, "confirm import", "yes");
    failed.set(1, "confirm import", "yes");
    std::fs::write(work.path("update/failed.csv"), failed.to_csv()).unwrap();
    work.on(&server, "retry update/failed.csv --run again").exits(0);
    assert_eq!(mobiles(&server), ["13000000002", "13000000001"]);
    // … or by its code.
    work.write("c.csv", "联系人编号,手机\n50001,13000000001\n50002,13000000002\n");
    work.on(&server, "import customers c.csv --mode update --accept-warnings=key_of_another --run back").exits(0);
    assert_eq!(mobiles(&server), ["13000000001", "13000000002"]);
    // A record that keeps the key it has waits for nobody.
    work.write("d.csv", "联系人编号,手机,备注\n50001,13000000001,示例\n");
    work.on(&server, "import customers d.csv --mode update --run own").exits(0);
}

/// Of records that are there nothing is set, so nothing is said of them: only new ones get an owner and a day.
#[test]
fn what_new_records_get_is_not_said_of_those_that_are_changed() {
    let (work, server) = (Work::new(), Server::start(""));
    let file = |rows: &str| format!("姓名,手机,公司编号,创建时间\n{rows}");
    let there = "改名甲,13000000001,20001,2020-01-01\n改名乙,13000000002,20001,2020-01-01\n";
    let run = |name: &str, rows: String| {
        work.write(name, file(&rows));
        work.on(&server, format!("import customers {name} --mode upsert --lang zh"))
    };
    let changed = run("there.csv", there.to_owned());
    changed.exits(0).says("将新建 0、更新 2");
    assert!(!changed.to_string().contains("负责客服将是") && !changed.to_string().contains("将是今天"), "{changed}");
    let either = run("either.csv", format!("{}新甲,13100000009,20001,2020-01-01\n", there.replace("改名", "再改")));
    either.exits(0).says("将新建 1、更新 2").says("新建联系人的负责客服将是 demo@example.com，已有联系人的不变");
    either.says("新建记录的创建时间将是今天（导入的时间），已有记录的不变");
    let new = run("new.csv", "新乙,13100000008,20001,2020-01-01\n".to_owned());
    new.exits(0).says("将新建 1、更新 0").says("全部联系人的负责客服将是").says("创建时间将是今天");
}

/// The number of somebody whom an import has made is another person's now: which of the two the row means only a person can say.
#[test]
fn a_key_that_a_colleague_gave_to_another_record_is_asked_about() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write(
        "a.csv",
        "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例乙,13100000002,20001\n示例丙,13100000003,20001\n",
    );
    work.on(&server, "import customers a.csv --run a").exits(0);
    let results = work.table("a/results.csv");
    let made = results.column("id");
    let mobile = |id: &str, mobile: &str| {
        server.change(&format!("users/{id}"), &format!("{{\"user\":{{\"mobile\":\"{mobile}\"}}}}"));
    };
    mobile(made[0], "13100000009");
    mobile(made[1], "13100000001");
    let record = |id: &str| {
        let is_it = |record: &serde_json::Map<_, _>| record["cId"] == *id;
        server.records("customers").into_iter().find(is_it).unwrap()
    };
    let before = [record(made[0]), record(made[1])];
    work.write("b.csv", "姓名,手机,公司编号,备注\n示例甲,13100000001,,示例\n示例丙,13100000003,,示例\n");
    let ran = work.on(&server, "import customers b.csv --mode upsert --run b");
    ran.exits(3).says(&format!("of record {} now, and an import made record {} of it", made[1], made[0]));
    assert_eq!(work.table("b/results.csv").column("status"), ["held", "updated"]);
    assert_eq!(work.table("b/results.csv").column("code"), ["ambiguous", ""]);
    assert_eq!([record(made[0]), record(made[1])], before);
    // Whoever names the record says which is meant.
    work.write("c.csv", format!("联系人编号,姓名,手机,公司编号,备注\n{},示例乙,13100000001,,示例\n", made[1]));
    work.on(&server, "import customers c.csv --mode upsert --run c").exits(0);
    assert_eq!(record(made[1])["note"], "示例");
}
