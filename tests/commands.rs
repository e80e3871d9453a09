//! What every command does alike: a user's `api.toml` and `bw8.toml` are known to all of them, a file is checked as it is
//! imported, who asks to stop is answered, and a command that is shown can be pasted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::*;

/// A custom field of customers, and a whole new kind of record.
const OVERLAY: &str = r#"
[[customers.custom_fields]]
key = "field_2"
label = "获客渠道"
label_en = "Acquisition channel"

[visits]
zh = "拜访记录"
en = "Visits"
id = "visitId"
keys = [["topic"]]

[visits.endpoints.list]
method = "GET"
path = "/visits.json"
answer = "visits"

[visits.endpoints.create]
method = "POST"
path = "/visits.json"
wrap = "visit"
answer = "visit"

[[visits.fields]]
name = "visitId"
zh = "拜访编号"
en = "Visit ID"
kind = "id"
read_only = true

[[visits.fields]]
name = "topic"
zh = "拜访主题"
en = "Topic"
kind = "text"
required = true
example = "示例拜访"
"#;

/// An overlay that is wrong in its third line.
const BROKEN: &str = "[customers]\n\nzh = 5\n";

/// A file without the company that accounts of the usual kind require.
const WITHOUT_COMPANY: &str = "姓名,手机\n示例,13100000001\n";

/// How a command stands to the catalog.
enum Catalog {
    /// It reads it, and shows so by saying this.
    Read(&'static str),
    /// It has no need of it.
    Unread,
}

/// A line for each command, and more than one where there is more to know. `{run}` stands for the folder of a run.
const COMMANDS: &[(&str, Catalog)] = &[
    ("import customers customers.csv --dry-run --sandbox", Catalog::Read("获客渠道 → Acquisition channel (field_2)")),
    ("import visits visits.csv --dry-run --sandbox", Catalog::Read("拜访主题 → Topic (topic)")),
    ("check customers customers.csv", Catalog::Read("获客渠道 → Acquisition channel (field_2)")),
    ("check visits visits.csv", Catalog::Read("拜访主题 → Topic (topic)")),
    ("inspect customers.csv", Catalog::Read("Acquisition channel")),
    ("map customers customers.csv", Catalog::Read("field_2")),
    ("retry {run} --dry-run --sandbox", Catalog::Read("获客渠道 → Acquisition channel (field_2)")),
    ("settle {run} --sandbox", Catalog::Read("nothing to find out")),
    ("runs", Catalog::Read("Customers")),
    ("runs show {run}", Catalog::Read("Customers")),
    ("runs find 示例", Catalog::Read("Customers")),
    ("export customers -o - --to csv --sandbox", Catalog::Read("Acquisition channel")),
    ("mirror", Catalog::Read("Visits: 2 records")),
    ("entities", Catalog::Read("visits  Visits  import, export")),
    ("entities visits", Catalog::Read("拜访主题  Topic")),
    ("entities customers", Catalog::Read("获客渠道")),
    ("template customers -o customers.xlsx", Catalog::Read("customers.xlsx")),
    ("template 拜访记录 -o visits.xlsx", Catalog::Read("visits.xlsx")),
    ("ids export ids.xlsx --sandbox", Catalog::Read("0 old ids")),
    ("ids import ids.csv --sandbox", Catalog::Read("Visits: 1")),
    ("completions bash", Catalog::Unread),
    ("help", Catalog::Unread),
    // Its own test is below, as it does not end by itself.
    ("sandbox --help", Catalog::Unread),
];

/// A folder in which every command of the table has something to do.
fn prepared() -> Work {
    let work = Work::with("api.toml", OVERLAY);
    work.write("customers.csv", "姓名,手机,公司编号,获客渠道\n示例,13100000001,20001,门店\n");
    work.write("visits.csv", "拜访主题\n示例\n");
    work.write("failed.csv", "姓名,手机,公司编号,获客渠道\n示例,,20001,门店\n");
    work.write("ids.csv", "source,entity,old id,new id\ncrm,拜访记录,7,1\n");
    work.bw8("import customers failed.csv --sandbox --run run").exits(3);
    let service = visits();
    let mut command = work.command("export visits -o visits-out.csv --rate 0");
    command.envs([("BW8_BASE_URL", service.base_url().as_str()), ("BW8_USER", "me"), ("BW8_PASSWORD", "x")]);
    work.run(command).exits(0);
    work
}

/// A service with two records of the new kind.
fn visits() -> Service {
    let records =
        json!({"visits": [{"visitId": "1", "topic": "示例甲"}, {"visitId": "2", "topic": "示例乙"}], "count": 2});
    Service::start(move |request| match request.path.as_str() {
        "/visits.json" => (200, records.to_string()),
        _ => unknown(),
    })
}

#[test]
fn every_command_stands_in_the_table() {
    let work = Work::new();
    let help = work.bw8("--help");
    let listed = help.exits(0).stdout().split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let is_command = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let listed: BTreeSet<&str> =
        listed.lines().filter(is_command).filter_map(|line| line.split_whitespace().next()).collect();
    let table: BTreeSet<&str> = COMMANDS.iter().filter_map(|(typed, _)| typed.split(' ').next()).collect();
    assert_eq!(table, listed);
}

#[test]
fn the_help_of_a_command_is_asked_for_in_two_ways() {
    let work = Work::new();
    for language in ["zh", "en"] {
        for command in ["", "import", "runs show"] {
            let help = work.bw8(format!("{command} --lang {language} --help"));
            let asked = work.bw8(format!("help {command} --lang {language}"));
            assert_eq!(asked.exits(0).stdout(), help.exits(0).stdout());
        }
    }
    work.bw8("help nonsense").exits(2);
}

/// Runs every command of the table in a folder of its own, and tells of each that does not do as it should.
fn walk(overlay: Option<&str>, is_right: impl Fn(&Catalog, i32, &Ran) -> bool) {
    let mut wrong = Vec::new();
    for (typed, catalog) in COMMANDS {
        let work = prepared();
        overlay.iter().for_each(|text| work.write("api.toml", text));
        let ran = work.bw8(typed.replace("{run}", "run"));
        let code = ran.exits_with_one_of(&[0, 1, 2, 3]);
        if !is_right(catalog, code, &ran) {
            wrong.push(ran.to_string());
        }
    }
    assert!(wrong.is_empty(), "{} of {} commands:\n{}", wrong.len(), COMMANDS.len(), wrong.join("\n"));
}

#[test]
fn every_command_that_reads_the_catalog_knows_what_the_user_added() {
    walk(None, |catalog, code, ran| match catalog {
        // The row of the run that is retried has its mistake still.
        Catalog::Read(sign) => matches!(code, 0 | 3) && (ran.stdout().contains(sign) || ran.stderr().contains(sign)),
        Catalog::Unread => code == 0,
    });
}

#[test]
fn every_command_that_reads_the_catalog_refuses_a_wrong_one_and_no_other_does() {
    walk(Some(BROKEN), |catalog, code, ran| match catalog {
        Catalog::Read(_) => code == 2 && ran.stderr().contains("api.toml, line 3: customers.zh"),
        Catalog::Unread => code == 0,
    });
}

#[test]
fn the_sandbox_starts_whatever_the_overlay_says() {
    for overlay in [BROKEN, OVERLAY] {
        let work = Work::with("api.toml", overlay);
        let command = work.command("sandbox --format json --listen 127.0.0.1:0 --seed 1");
        let server = Server::of(command, work);
        assert_eq!(server.stored("customers"), 60);
        assert!(server.state()["stored"]["visits"].is_null(), "{}", server.state());
    }
}

#[test]
fn a_record_of_the_new_kind_goes_out_and_comes_in() {
    let service = Service::start(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/visits.json") => (200, json!({"visit": {"visitId": "3"}}).to_string()),
        ("GET", "/visits.json") => {
            (200, json!({"visits": [{"visitId": "3", "topic": "示例"}], "count": 1}).to_string())
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write("api.toml", OVERLAY);
    work.write("visits.csv", "拜访主题\n示例\n");
    work.bw8("import visits visits.csv --rate 0 --no-canary --accept-warnings=exists_in_account").exits(0);
    assert_rows(&work.summary(), "created 1");
    assert_eq!(body_of(&service, "POST"), json!({"visit": {"topic": "示例"}}));
    work.export("拜访记录 -o out.csv").exits(0);
    assert_eq!(work.rows("out.csv"), [["Visit ID", "Topic"], ["3", "示例"]]);
}

/// The body of the only request of this method.
#[track_caller]
fn body_of(service: &Service, method: &str) -> Value {
    let requests = service.requests();
    let mut bodies = requests.iter().filter(|request| request.method == method).map(|request| &request.body);
    let body = bodies.next().unwrap_or_else(|| panic!("no {method} in {requests:?}"));
    assert_eq!(bodies.next(), None);
    serde_json::from_str(body).unwrap()
}

/// Custom fields go by other names on this deployment.
const RENAMED: &str = "[service.custom]\nmember = \"extras\"\nkey = \"id\"\nvalue = \"val\"\n";

/// A service that answers everything about its one customer with this record.
fn one_customer(record: &Value) -> Service {
    let (one, list) = (json!({"user": record}).to_string(), json!({"users": [record], "count": 1}).to_string());
    Service::start(move |request| match request.path.as_str() {
        "/users.json" if request.method == "GET" => (200, list.clone()),
        "/users.json" | "/users/77.json" => (200, one.clone()),
        _ => unknown(),
    })
}

#[test]
fn imports_and_exports_carry_custom_fields_under_the_names_of_the_overlay() {
    let extras = json!([{"id": "field_2", "val": "门店"}]);
    let record = json!({"cId": "77", "name": "示例", "mobile": "13100000001", "companyId": "20001", "extras": extras});
    let new = || {
        let service = one_customer(&record);
        (Work::at(&service.base_url()), service)
    };
    let (work, service) = new();
    work.write("api.toml", format!("{OVERLAY}\n{RENAMED}"));
    work.write("mine.csv", "姓名,手机,公司编号,获客渠道\n示例,13100000001,20001,门店\n");
    let typed = "import customers mine.csv --rate 0 --accept-warnings=exists_in_account";
    work.bw8(typed).exits(0).says("row 2 went first and was read back");
    let sent = json!({"user": {"name": "示例", "mobile": "13100000001", "companyId": "20001", "extras": extras}});
    assert_eq!(body_of(&service, "POST"), sent);
    let (work, service) = new();
    work.write("api.toml", format!("{OVERLAY}\n{RENAMED}"));
    work.write("mine.csv", "联系人编号,获客渠道\n77,展会\n");
    // This one keeps nothing, which its answer shows.
    let ran = work.bw8("import customers mine.csv --mode update --rate 0 --no-canary");
    ran.exits(3).says("the record says what it said before: Acquisition channel");
    let changed = json!([{"id": "field_2", "val": "展会"}]);
    assert_eq!(body_of(&service, "PUT"), json!({"user": {"extras": changed}}));
    let (work, _service) = new();
    work.write("api.toml", RENAMED);
    work.export("customers -o out.csv --columns cId,field_2 --headers api").exits(0);
    assert_eq!(work.rows("out.csv"), [["cId", "field_2"], ["77", "门店"]]);
}

/// What was stored is read under these names too, and a value that is not there is missed.
#[test]
fn a_custom_field_that_was_dropped_is_missed_under_the_names_of_the_overlay() {
    let record = json!({"cId": "77", "name": "示例", "mobile": "13100000001", "companyId": "20001", "extras": [],
        "custom_fields": [{"key": "field_2", "value": "门店"}]});
    let service = one_customer(&record);
    let work = Work::at(&service.base_url());
    work.write("api.toml", format!("{OVERLAY}\n{RENAMED}"));
    work.write("mine.csv", "姓名,手机,公司编号,获客渠道\n示例,13100000001,20001,门店\n");
    let typed = "import customers mine.csv --rate 0 --accept-warnings=exists_in_account";
    work.bw8(typed).exits(3).says("Acquisition channel: sent \"门店\"");
}

/// Where `bw8.toml` says that contacts stand alone, and what is typed so that the section is meant.
const CONTACTS_ALONE: &[(&str, &str)] = &[
    ("[account.default]\nmode = \"2C\"\n", ""),
    ("[account.default]\nmode = \"2B\"\n\n[account.mine]\nmode = \"2C\"\n", "--account mine"),
];

#[test]
fn contacts_may_stand_alone_for_every_command() {
    for (settings, account) in CONTACTS_ALONE {
        for command in ["import customers mine.csv --dry-run --sandbox", "check customers mine.csv"] {
            let work = Work::with("mine.csv", WITHOUT_COMPANY);
            work.bw8(command).exits(2).says("Company ID");
            work.write("bw8.toml", settings);
            work.bw8(format!("{command} {account}")).exits(0);
            work.bw8(format!("{command} {account} --account-mode 2b")).exits(2).says("Company ID");
        }
        let work = Work::with("bw8.toml", settings);
        let shown = work.bw8(format!("entities customers {account}"));
        let typed = work.bw8("entities customers --account-mode 2c");
        assert!(shown.exits(0).stdout() == typed.exits(0).stdout(), "not those of 2C:\n{shown}");
        shown.never_says("required: Company ID");
        work.bw8(format!("entities customers {account} --account-mode 2b")).exits(0).says("required: Company ID");
    }
}

#[test]
fn a_template_asks_for_the_company_only_where_there_are_companies() {
    let has_company = |work: &Work, typed: &str, title: &str| {
        work.bw8(format!("template customers -o mine.xlsx {typed}")).exits(0);
        let table = work.table("mine.xlsx");
        assert!(table.header().contains(&title), "{typed}: no {title} in {:?}", table.header());
        std::fs::remove_file(work.path("mine.xlsx")).unwrap();
    };
    has_company(&Work::new(), "", "公司编号*");
    for (settings, account) in CONTACTS_ALONE {
        let work = Work::with("bw8.toml", settings);
        has_company(&work, account, "公司编号");
    }
}

/// Files that make records and files that change them: `check` says of each what the import would.
#[test]
fn a_file_is_checked_as_it_will_be_imported() {
    let update = "联系人编号,备注\n50001,新的备注\n";
    let update_with_mistake = "联系人编号,邮箱\n50001,没有邮箱\n50002,a@example.com\n";
    let without_key = "职位,备注\n经理,新的备注\n";
    let create = "姓名,手机,公司编号\n示例,13100000001,20001\n示例,,20001\n";
    for (text, mode, code) in [
        (update, "update", 0),
        (update_with_mistake, "update", 3),
        (without_key, "update", 2),
        (create, "create", 3),
        (update, "create", 2),
    ] {
        let work = Work::with("mine.csv", text);
        let checked = work.bw8(format!("check customers mine.csv --mode {mode} --format json"));
        let imported = work.bw8(format!("import customers mine.csv --mode {mode} --dry-run --sandbox --format json"));
        let (checked, imported) = (checked.exits(code).json(), imported.exits(code).json());
        for part in ["/mapping", "/error", "/rows/read", "/rows/refused"] {
            assert_eq!(checked.pointer(part), imported.pointer(part), "{part} of {mode}: {text}");
        }
    }
    let work = Work::with("mine.csv", create);
    work.bw8("check customers mine.csv --format json").exits(3);
    work.bw8("check customers mine.csv --mode change").exits(2).says("--mode");
}

#[cfg(unix)]
mod stopped {
    use super::*;

    const SIGNALS: [&str; 2] = ["INT", "TERM"];

    /// What a folder holds beside what the test put there.
    fn left_behind(work: &Work) -> Vec<String> {
        let names = std::fs::read_dir(work.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).filter(|name| name.starts_with(".bw8-")).collect()
    }

    #[test]
    fn an_import_ends_what_is_in_flight_and_reports() {
        for signal in SIGNALS {
            let server = Server::start("--fault delay,ms=50,on=POST_users");
            let work = Work::new();
            work.write_table("mine.csv", &customers(1, 100));
            let running = work.start(work.command_on(&server, "import customers mine.csv"));
            server.wait_for_requests(6);
            running.signal(signal);
            running.ended().exits(130).says("interrupted").says("next: bw8 import customers mine.csv");
            let rows = work.summary()["rows"].clone();
            assert_eq!((&rows["read"], &rows["unknown"]), (&json!(100), &json!(0)), "{signal}: {rows}");
            assert!(rows["pending"].as_u64().unwrap() > 0, "{signal}: {rows}");
            assert_eq!(work.results().len(), 100, "{signal}");
        }
    }

    /// While it reads the list, and while it asks for the details of what it will write.
    #[test]
    fn an_export_says_how_to_go_on_and_leaves_nothing_behind() {
        for signal in SIGNALS {
            for (typed, held) in [
                ("export customers -o out.csv", "customers.list"),
                ("export tickets -o out.csv --details", "tickets.get"),
            ] {
                let server = Server::start(&format!("--variant page-cap=4 --fault delay,ms=150,on={held}"));
                let work = Work::new();
                let running = work.start(work.command_on(&server, format!("{typed} --concurrency 1")));
                server.wait_for_requests_to(held, 2);
                running.signal(signal);
                let ran = running.ended();
                ran.exits(130).says("stopping").says("same command again");
                assert!(!work.path("out.csv").exists(), "{ran}");
                assert_eq!(left_behind(&work), [""; 0], "{signal} {typed}\n{ran}");
            }
        }
    }

    #[test]
    fn a_sandbox_ends_in_order() {
        for signal in SIGNALS {
            let running = Server::start("").into_running();
            running.signal(signal);
            running.ended().exits(0);
        }
    }
}

/// Names that a shell would read as something else.
#[cfg(unix)]
const AWKWARD: &[&str] = &[
    "客户 $5|a'b.csv",
    "a\"b c.csv",
    "$(touch owned) `touch owned`.csv",
    "a;touch owned&b>owned.csv",
    "back\\slash \\n.csv",
    "~.csv",
    "#1 (2) [3] {4,5} *?!.csv",
    "a=b.csv",
];

/// The command that a command showed as the next one.
#[cfg(unix)]
fn next_of(ran: &Ran) -> String {
    let next = ran.stdout().lines().find_map(|line| line.strip_prefix("next: "));
    next.unwrap_or_else(|| panic!("no command is shown:\n{ran}")).to_owned()
}

/// Pastes it into a shell that finds `bw8`.
#[cfg(unix)]
#[track_caller]
fn paste(work: &Work, next: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_bw8"), folder.path().join("bw8")).unwrap();
    let mut shell = work.program("sh");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    shell.args(["-c", next]).env("PATH", path);
    work.run(shell)
}

#[cfg(unix)]
#[test]
fn a_command_that_is_shown_can_be_pasted_whatever_the_file_is_called() {
    for name in AWKWARD {
        let work = Work::new();
        let mut table = customers(1, 3);
        work.write_table(name, table.set(1, "手机", ""));
        work.write("map $1.toml", "[constants]\nnote = \"示例\"\n");
        let limited = work.bw8(["import", "customers", name, "--mapping", "map $1.toml", "--sandbox", "--limit", "1"]);
        let next = next_of(limited.exits(0));
        assert_eq!(work.summary()["next"], next);
        assert_rows(&work.summary(), "created 1, pending 2");
        let whole = paste(&work, &next);
        let next = next_of(whole.exits(3));
        assert_eq!(work.summary()["next"], next);
        assert_rows(&work.summary(), "created 2, refused 1");
        assert_eq!(work.runs().len(), 1, "it began anew:\n{whole}");
        let failed = work.run_folder().join("failed.csv");
        let mut fixed = work.table(&failed);
        std::fs::write(&failed, fixed.set(0, "手机", "13100000002").to_csv()).unwrap();
        paste(&work, &next).exits(0);
        assert_rows(&work.summary(), "created 1");
        assert!(!work.path("owned").exists(), "a part of the name was run");
    }
}

/// What was typed to reach an account, and to know its fields, belongs to the command that goes on there.
#[cfg(unix)]
#[test]
fn a_command_that_is_shown_goes_where_the_first_one_went() {
    for is_named in [true, false] {
        let (work, server) = (Work::new(), Server::start(""));
        let login = "user = \"demo@example.com\"\npassword = \"sandbox\"\n";
        let section = |name: &str, address: &str| format!("[account.{name}]\nbase_url = \"{address}\"\n{login}\n");
        work.write_private(
            "bw8.toml",
            &(section("default", "http://127.0.0.1:9") + &section("mine", server.base_url())),
        );
        work.write("other.toml", OVERLAY);
        work.write("mine.csv", "姓名,手机,公司编号,获客渠道\n示例,,20001,门店\n");
        let place = if is_named { "--account mine".to_owned() } else { format!("--base-url {}", server.base_url()) };
        let ran = work.bw8(format!("import customers mine.csv --api other.toml {place}"));
        let next = next_of(ran.exits(3));
        let failed = work.run_folder().join("failed.csv");
        let mut fixed = work.table(&failed);
        std::fs::write(&failed, fixed.set(0, "手机", "13100000001").to_csv()).unwrap();
        paste(&work, &format!("{next} --yes")).exits(0).says("created 1");
        let record = server.records("customers").pop().unwrap();
        assert_eq!(record["custom_fields"], json!({"field_2": "门店"}), "{next}: {record:?}");
    }
}

#[test]
fn a_custom_field_of_the_overlay_is_a_column_of_the_template_and_of_exports() {
    let work = prepared();
    work.bw8("template customers -o customers.xlsx").exits(0);
    let template = work.table("customers.xlsx");
    assert!(template.header().contains(&"获客渠道"), "{:?}", template.header());
    work.bw8("template visits -o visits.xlsx").exits(0);
    assert_eq!(work.table("visits.xlsx").header(), ["拜访主题*"]);
    work.bw8("import customers customers.csv --sandbox").exits(0);
    work.bw8("export customers -o out.csv --sandbox --columns 手机,获客渠道").exits(0);
    let out = work.table("out.csv");
    assert_eq!(out.header(), ["Mobile", "Acquisition channel"]);
    assert_eq!(out.rows.last().unwrap(), &["13100000001", "门店"], "the value is lost");
    // It has one column, not one more under the service's own name for it.
    work.bw8("export customers -o all.csv --sandbox").exits(0);
    let all = work.table("all.csv");
    let row = all.rows.last().unwrap();
    assert_eq!(row.iter().filter(|cell| *cell == "门店").count(), 1, "{:?}", all.rows);
    assert_eq!(all.column("Acquisition channel").last(), Some(&"门店"), "{:?}\n{row:?}", all.header());
}

/// A secret is a secret under these names too, when the service repeats it, and is not exported unless it is named.
#[test]
fn a_secret_custom_field_of_the_overlay_is_never_shown() {
    let overlay = OVERLAY.replace("label = \"获客渠道\"", "label = \"获客渠道\"\nsecret = true");
    for renamed in ["", RENAMED] {
        let service = Service::start(|request| (422, json!({"errcode": "7", "errmsg": request.body}).to_string()));
        let work = Work::at(&service.base_url());
        work.write("api.toml", format!("{overlay}\n{renamed}"));
        work.write("mine.csv", "姓名,手机,公司编号,获客渠道\n示例,13100000001,20001,canary-Geheim-7391\n");
        let ran = work.bw8("import customers mine.csv --rate 0 --no-canary --verbose");
        ran.exits(3).says("•••").never_says("Geheim");
        assert!(body_of(&service, "POST").to_string().contains("Geheim"));
    }
    let work = Work::with("api.toml", &overlay);
    work.write("mine.csv", "姓名,手机,公司编号,获客渠道\n示例,13100000001,20001,canary-Geheim-7391\n");
    work.bw8("import customers mine.csv --sandbox").exits(0).never_says("Geheim");
    work.bw8("export customers -o named.csv --sandbox --columns 手机,获客渠道").exits(0);
    assert!(work.read("named.csv").contains("canary-Geheim-7391"), "it was named");
    work.bw8("export customers -o all.csv --sandbox").exits(0);
    assert!(!work.read("all.csv").contains("Geheim"), "{}", work.rows("all.csv")[0].join(","));
}
