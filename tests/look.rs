//! A look inside, and what a command says of itself to whoever is not there: the log, the first request, exit codes that are
//! true, notices, the language of jobs.

use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

use crate::harness::*;

const PASSWORD: &str = "canary-Geheim-7391";

/// A service that takes customers.
fn taking() -> Service {
    Service::start(|request| match request.method.as_str() {
        "POST" => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
        _ => unknown(),
    })
}

#[test]
fn a_log_has_a_line_for_each_exchange_and_nobodys_data() {
    let service = taking();
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 3));
    work.bw8("import customers mine.csv --rate 0 --no-canary --log talk.log --log-bodies").exits(0);
    let log = work.read("talk.log");
    let lines: Vec<&str> = log.lines().filter(|line| !line.starts_with("  ")).collect();
    assert_eq!(lines.len(), service.requests().len(), "{log}");
    assert_eq!(lines.iter().filter(|line| line.contains(" POST /api/v1/users.json 201 ")).count(), 3, "{log}");
    assert!(lines.iter().any(|line| line.contains(" ms id=") && line.ends_with(" row=2")), "{log}");
    assert!(log.contains(r#"  > {"user":{"#) && log.contains(r#"  < {"user":{"#), "{log}");
    for personal in ["13100000001", "示例", "sandbox", "Basic"] {
        assert!(!log.contains(personal), "{personal}\n{log}");
    }
    let mode = std::fs::metadata(work.path("talk.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    work.bw8("import customers mine.csv --log-bodies").exits(2).says("--log");
    work.bw8("import customers mine.csv --fresh --log no/such/folder/talk.log")
        .exits(1)
        .says("no/such/folder/talk.log");
}

#[test]
fn a_log_that_others_could_read_is_closed_to_them_and_one_that_is_lost_is_told() {
    let service = taking();
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 1));
    work.write("talk.log", "before\n");
    std::fs::set_permissions(work.path("talk.log"), std::fs::Permissions::from_mode(0o644)).unwrap();
    work.bw8("import customers mine.csv --no-canary --log talk.log").exits(0);
    let mode = std::fs::metadata(work.path("talk.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(work.read("talk.log").starts_with("before\n") && work.read("talk.log").contains(" POST "));
    if cfg!(target_os = "linux") {
        let ran = work
            .bw8("import customers mine.csv --fresh --no-canary --rate 0 --accept-warnings --log /dev/full --lang zh");
        ran.exits(0).says("日志 /dev/full 写入失败（磁盘已满）");
        assert_eq!(ran.stderr().matches("日志").count(), 1, "{ran}");
    }
}

#[cfg(unix)]
#[test]
fn what_the_system_says_is_told_in_the_users_language_and_with_what_to_do() {
    let work = Work::at("https://service.example.com");
    work.write_table("mine.csv", &customers(1, 1));
    let long = format!("{}.csv", "名".repeat(90));
    for (typed, exit, said) in [
        (vec!["check", "customers", &long], 2, "名称太长（最多 255 字节，约 85 个汉字）"),
        (vec!["export", "customers", "-o", &long, "--sandbox"], 1, "名称太长（最多 255 字节，约 85 个汉字）"),
        (
            vec!["import", "customers", "mine.csv", "--sandbox", "--run", &long],
            1,
            "名称太长（最多 255 字节，约 85 个汉字）",
        ),
        (
            vec!["export", "customers", "-o", "out.csv", "--ca-cert", "没有.pem"],
            2,
            "证书文件 没有.pem 无法使用：没有这个文件或文件夹",
        ),
        (vec!["check", "customers", "mine.csv/rows.csv"], 2, "路径中有一段是文件，不是文件夹"),
    ] {
        let ran = work.run(work.command([&typed[..], &["--lang", "zh"]].concat()));
        ran.exits(exit).says(said).never_says("os error");
    }
    let ran = work.bw8("export customers -o out.csv --ca-cert missing.pem");
    ran.exits(2).says("there is no such file or folder").says("check the path after --ca-cert");
}

#[test]
fn more_words_tell_the_stages_of_an_import() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("mine.csv", &customers(1, 2));
    let ran = work.on(&server, "import customers mine.csv --verbose");
    ran.exits(0).says("reading and checking mine.csv").says("asking 127.0.0.1").says("sending up to 2 rows");
    ran.says("writing the reports (");
}

#[test]
fn more_words_tell_the_stages_of_an_export() {
    let work = Work::beside(Server::start(""));
    let ran = work.bw8("export customers -o out.csv --verbose");
    ran.exits(0).says("connecting as").says("Customers: reading the list").says("the service counts 60 records");
    ran.says("60 records read from 1 page").says("writing the records (csv)");
    ran.says("putting the file in place");
    let ran = work.bw8("export tickets -o tickets.csv --details --rate 0 -v --lang zh");
    ran.exits(0).says("连接帮我吧：").says("逐条读取").says("写出记录");
    work.bw8("export customers -o out.csv").exits(0).never_says("reading the list");
}

#[test]
fn a_dry_run_shows_the_first_request_as_it_would_leave_without_the_login() {
    let service = taking();
    let work = Work::at(&service.base_url());
    let mut table = Table::of(&["companyName", "servicepassword"]);
    table.push(&["示例'公司", PASSWORD]);
    work.write_table("mine.csv", &table);
    let ran = work.bw8("import companies mine.csv --dry-run");
    ran.exits(0).says("the first request").says("/companies.json").says("\"servicepassword\": \"•••\"");
    ran.never_says(PASSWORD).never_says("Basic ");
    let ran = work.bw8("import companies mine.csv --dry-run --as-curl");
    ran.exits(0).never_says(PASSWORD);
    let curl = ran.stdout().lines().find(|line| line.starts_with("curl ")).unwrap().to_owned();
    let words = shlex::split(&curl).unwrap();
    assert_eq!(words[..5], ["curl", "-X", "POST", "-u", "demo@example.com:•••"], "{curl}");
    assert!(words.iter().any(|word| word.contains("示例'公司")), "{curl}");
    let first = work.bw8("import companies mine.csv --dry-run --format json");
    first.exits(0);
    assert_eq!(first.json()["first_request"]["method"], "POST");
    assert!(service.requests().iter().all(|request| request.method == "GET"));
    work.bw8("import companies mine.csv --as-curl").exits(2).says("--dry-run");
}

#[test]
fn the_command_of_a_login_by_token_shows_its_header_without_the_token() {
    let service = Service::start(|request| match request.path.contains("token") {
        true => {
            (200, "{\"access_token\":\"Geheim-Token-7391\",\"token_type\":\"bearer\",\"expires_in\":3600}".to_owned())
        }
        false => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 1));
    let run = |typed: &str| {
        let mut command = work.command(typed);
        command.env("BW8_CLIENT_ID", "example-id").env("BW8_CLIENT_SECRET", PASSWORD);
        work.run(command)
    };
    let ran = run("import customers mine.csv --dry-run --as-curl");
    ran.exits(0).says("-H 'Authorization: Bearer •••'").never_says(" -u ");
    ran.never_says("Geheim");
    run("import customers mine.csv --dry-run")
        .exits(0)
        .says("Authorization: Bearer ••• (example-id)")
        .never_says("Geheim");
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_does_not_arrive_is_no_success() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例,13100000001,20001\n");
    for typed in ["check customers mine.csv --format json", "completions bash", "entities", "--help", "import --help"] {
        let mut command = work.command(typed);
        command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        let ended = command.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{typed}: {said}");
        assert!(said.contains("not all of the output could be written"), "{typed}: {said}");
    }
}

#[test]
fn wrong_usage_is_json_too_where_that_is_wanted() {
    for (typed, code, names) in [
        ("import --format json", "cli.missing", "<ENTITY>"),
        ("import customers mine.csv --as-curl --format json", "cli.missing", "--dry-run"),
        ("--format=json import customers a.csv --no-such-thing", "cli.unknown", "--no-such-thing"),
        ("frob --format json", "cli.no_command", "frob"),
        ("import customers a.csv --format json --mode", "cli.no_value", "--mode"),
        ("import customers a.csv --format json --mode foo", "cli.value", "foo"),
        ("import customers a.csv --format json --timeout 99999", "cli.value", "99999"),
        ("import customers a.csv --format json --run a --run b", "cli.twice", "--run"),
        ("import customers a.csv --format json --same-account a --other-account", "cli.conflict", "--other-account"),
        ("import mine.csv --format json", "cli.entity_first", "mine.csv"),
        ("--format json", "cli.other", ""),
        ("import customers twice.csv --format json --sandbox", "mapping.two_columns", ""),
    ] {
        for lang in ["en", "zh"] {
            let work = Work::with("twice.csv", "姓名,手机,手机号码\n示例,13100000001,13100000001\n");
            let ran = work.bw8(format!("{typed} --lang {lang}"));
            ran.exits(2);
            let document = ran.json();
            assert_eq!((&document["exit"], &document["error"]["kind"]), (&2.into(), &"usage".into()), "{document}");
            assert_eq!(document["error"]["code"], code, "{document}");
            let message = document["error"]["message"].as_str().unwrap();
            let is_named = message.contains(names) || lang == "zh" && names == "<ENTITY>";
            assert!(!message.is_empty() && is_named, "{document}");
        }
    }
}

#[test]
fn a_number_out_of_its_range_is_told_with_the_range() {
    for (typed, lang, said) in [
        ("--timeout 99999", "zh", "1 到 3600 之间的整数"),
        ("--limit 0", "zh", "不小于 1 的整数"),
        ("--timeout 99999", "en", "1..=3600"),
    ] {
        Work::new().bw8(format!("import customers a.csv {typed} --lang {lang}")).exits(2).says(said);
    }
}

#[test]
fn what_was_said_to_the_service_adds_up_over_all_processes_of_a_run() {
    let server = Server::start("--fault 429,on=POST_users,nth=2,retry-after=0 --fault delay,ms=300,on=POST_users");
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 12));
    let import = "import customers mine.csv --no-canary --concurrency 1";
    let child = work.start(work.command_on(&server, import));
    server.wait_for_requests_to("customers.create", 7);
    child.kill();
    work.on(&server, import).exits_with_one_of(&[0, 4]);
    let said = work.summary()["requests"].as_u64().unwrap();
    let made = server.requests();
    // What was said in the last second before it was killed may not have been written down; and the one request that was
    // on its way then, written down already, may never have arrived.
    assert!(said <= made + 1 && said + 8 >= made, "{said} of {made}");
}

#[test]
fn a_document_and_a_line_carry_nothing_that_a_terminal_acts_on() {
    let service = Service::start(|request| match request.method.as_str() {
        "POST" => (422, "{\"errcode\":\"7\",\"errmsg\":\"no\\nnext: rm -rf \\u009b2J\\u202e\"}".to_owned()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 1));
    let ran = work.bw8("import customers mine.csv --rate 0 --format json");
    ran.exits(3);
    assert!(!ran.stdout().contains(['\u{9b}', '\u{202e}']) && !ran.stderr().contains(['\u{9b}', '\u{202e}']), "{ran}");
    assert!(!ran.stderr().lines().any(|line| line.starts_with("next: rm")), "{ran}");
    assert!(!work.read(work.run_folder().join("summary.json")).contains(['\u{9b}', '\u{202e}']));
}

/// Names and words that look like lines of ours, or move a cursor.
#[cfg(unix)]
const FORGED: &str =
    "示例\nnext: bw8 evil\nhint: evil\n下一步：evil\u{9b}2J\u{202e}\u{2066}\u{1b}[31m\u{2028}提示：evil";

#[cfg(unix)]
#[test]
fn no_name_and_no_word_of_a_command_begins_a_line_of_its_own_or_moves_a_cursor() {
    let work = Work::new();
    let file = format!("{FORGED}.csv");
    let (missing, book) = (format!("no-{file}"), format!("{FORGED}.xlsx"));
    work.write(&file, "姓名,手机,公司编号\n示例,12,20001\n示例二,13100000002,20001\n");
    let odd = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let typed: &[&[&str]] = &[
        &["check", "customers", &file],
        &["check", "customers", &missing],
        &["inspect", &file],
        &["map", "customers", &file, "-o", &book],
        &["import", "customers", &file, "--yes", "--sandbox"],
        &["import", "customers", &file, "--mapping", &missing],
        &["import", "customers", &file, "--run", FORGED, "--dry-run", "--sandbox"],
        &["export", "customers", "-o", &format!("{FORGED}/out.csv"), "--sandbox"],
        &["export", "customers", "-o", "out.csv", "--since", FORGED],
        &["export", "customers", "-o", "out.csv", "--where", FORGED],
        &["template", "customers", "-o", &book],
        &["retry", FORGED],
        &["settle", FORGED],
        &["runs"],
        &["runs", "find", FORGED],
        &["ids", "import", &file],
        &["import", FORGED, &file],
        &["import", &file],
        &[FORGED],
        &["import", "customers", &file, &format!("--{FORGED}")],
        &["import", "customers", &file, "--mode", FORGED],
        &["import", "customers", &file, "--rate", FORGED],
        &["import", "customers", &file, "--account", FORGED],
        &["import", "customers", &file, "--base-url", FORGED],
        &["import", "customers", &file, "--sheet", FORGED],
        &["import", "customers", &file, "--encoding", FORGED],
        &["sandbox", "--fault", FORGED],
        &["completions", FORGED],
    ];
    for words in typed {
        for more in [["--lang", "zh", "--format", "text"], ["--lang", "en", "--format", "json"]] {
            let ran = work.run(work.command([words, &more[..]].concat()));
            ran.exits_with_one_of(&[0, 1, 2, 3]);
            let said = format!("{}\n{}", ran.stdout(), ran.stderr());
            assert!(!said.contains(odd), "{words:?}: {said:?}");
            let is_forged = |line: &str| {
                let forged = ["next: bw8 evil", "hint: evil", "下一步：evil"];
                forged.iter().any(|forged| line.trim_start().starts_with(forged))
            };
            assert!(!said.lines().any(is_forged), "{words:?}: {said}");
        }
    }
}

#[test]
fn the_language_of_a_job_is_what_its_user_chose() {
    let said = |change: &dyn Fn(&mut std::process::Command, &Work)| {
        let work = Work::new();
        let mut command = work.command("import customers missing.csv --sandbox");
        command.env("LANG", "C").env_remove("LC_ALL");
        change(&mut command, &work);
        let ran = work.run(command);
        ran.exits(2);
        ran.stderr().to_owned()
    };
    assert!(said(&|_, _| {}).contains("error:"));
    assert!(
        said(&|command, _| {
            command.env("BW8_LANG", "zh");
        })
        .contains("错误：")
    );
    assert!(said(&|_, work| work.write("bw8.toml", "lang = \"zh\"\n")).contains("错误："));
    assert!(
        said(&|command, work| {
            work.write("bw8.toml", "lang = \"zh\"\n");
            command.env("BW8_LANG", "en");
        })
        .contains("error:")
    );
    // The last use at a terminal.
    assert!(
        said(&|_, work| {
            std::fs::create_dir_all(work.path("state")).unwrap();
            work.write("state/language", "zh");
        })
        .contains("错误：")
    );
}

#[test]
fn a_language_that_is_not_spoken_is_told_with_those_that_are() {
    let ran = |variable: &str, file: &str, typed: &str| {
        let work = Work::new();
        work.write("bw8.toml", file);
        let mut command = work.command(typed);
        command.env("LANG", "C").env_remove("LC_ALL").env("BW8_LANG", variable);
        work.run(command)
    };
    ran("fr", "", "entities").exits(0).says("BW8_LANG: no language is called 'fr'; use zh (中文) or en (English)");
    ran("", "lang = \"deutsch\"\n", "entities").exits(0).says("bw8.toml: no language is called 'deutsch'");
    ran("fr", "lang = \"zh\"\n", "entities")
        .exits(0)
        .says("BW8_LANG：没有“fr”这种语言，请改为 zh（中文）或 en（English）");
    ran("fr", "", "entities --lang zh").exits(0).never_says("没有“fr”这种语言");
    for word in ["中文", "zh-TW", "zh_CN.UTF-8", " ZH ", "Chinese", "cn"] {
        let ran = ran(word, "", "import customers missing.csv --sandbox");
        ran.exits(2).says("错误：").never_says("这种语言");
    }
    for word in ["en_GB", "English", "en", "", " "] {
        ran(word, "", "import customers missing.csv --sandbox").exits(2).says("error:").never_says("no language");
    }
}

/// Nobody reads the pipe, somebody does, and somebody stops reading it: nothing waits for any of them.
#[test]
fn a_log_may_be_a_pipe_and_holds_nothing_up() {
    let service = taking();
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 2));
    let pipe = work.path("talk");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let typed = "import customers mine.csv --no-canary --log talk";
    let ran = work.bw8(typed);
    ran.exits(2).says("nobody reads the pipe talk").says("start what reads it first");
    assert!(service.requests().is_empty(), "{ran}");
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    // The reader has the pipe open once it can be opened to be written.
    let at_once = || {
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        std::fs::File::options().write(true).custom_flags(flags).open(&pipe)
    };
    let held = std::iter::repeat_with(at_once).flatten().next().unwrap();
    work.bw8(typed).exits(0);
    drop(held);
    let log = reader.join().unwrap();
    assert_eq!(log.matches(" POST ").count(), 2, "{log}");
    assert!(log.contains(" GET "), "{log}");
    // Open, and read by nobody: what it cannot take is lost, and that is said.
    let idle = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let mut filled = at_once().unwrap();
    while std::io::Write::write(&mut filled, &[b'x'; 4096]).is_ok() {}
    work.bw8(format!("{typed} --fresh --accept-warnings")).exits(0).says("the log talk");
    drop(idle);
}

#[test]
fn what_is_remembered_is_its_users_alone_whatever_the_umask() {
    let service = taking();
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 2));
    let run = |typed: &str, input: Vec<u8>| {
        let import = work.command(typed);
        let mut shell = work.program("sh");
        shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(import.get_program()).args(import.get_args());
        for (name, value) in import.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        work.run_with(shell, input).exits(0);
    };
    let mode = |path: &str| std::fs::metadata(work.path(path)).unwrap().permissions().mode() & 0o777;
    run("import customers mine.csv --no-canary", Vec::new());
    assert_eq!((mode("state"), mode("state/runs.db")), (0o700, 0o600));
    assert_eq!((mode("bw8-runs"), mode("bw8-runs/begin.lock")), (0o700, 0o600));
    std::fs::remove_dir_all(work.path("bw8-runs")).unwrap();
    run("import customers - --no-canary", customers(3, 1).to_csv());
    assert_eq!((mode("bw8-runs"), mode("bw8-runs/stdin")), (0o700, 0o700));
}

#[test]
fn a_check_of_standard_input_leaves_no_copy() {
    let work = Work::new();
    let table = customers(1, 2).set(0, "手机", "12").to_csv();
    let ran = work.run_with(work.command("check customers -"), table);
    ran.exits(3).says("stdin.issues.csv");
    assert!(!work.path("bw8-runs").exists());
    assert!(work.path("stdin.issues.csv").exists());
}

#[cfg(unix)]
#[test]
fn what_a_killed_command_leaves_of_its_data_goes_at_the_next_start() {
    let service = Service::start(|_| (200, format!("{{\"users\":[{}],\"count\":1}}", customer(1))));
    let work = Work::at(&service.base_url());
    std::fs::create_dir(work.path("temporary")).unwrap();
    let left = || std::fs::read_dir(work.path("temporary")).unwrap().count();
    let command = |typed: &str| {
        let mut command = work.command(typed);
        command.env("TMPDIR", work.path("temporary"));
        command
    };
    let table = customers(1, 2).to_csv();
    std::fs::write(work.path("rows.csv"), &table).unwrap();
    for (typed, input) in [("check customers - --online", true), ("export customers -o - --to csv --no-mirror", false)]
    {
        service.hold(1);
        let mut held = command(typed);
        if input {
            held.stdin(std::fs::File::open(work.path("rows.csv")).unwrap());
        }
        let running = work.start(held);
        service.wait_for_held();
        assert!(left() > 0, "{typed}");
        running.kill();
        service.release();
        assert!(left() > 0, "{typed}");
        work.run(command("runs")).exits(0);
        assert_eq!(left(), 0, "{typed}");
    }
    // One that is told to end clears up itself.
    service.hold(1);
    let mut held = command("check customers - --online");
    held.stdin(std::fs::File::open(work.path("rows.csv")).unwrap());
    let running = work.start(held);
    service.wait_for_held();
    running.signal("TERM");
    running.ended().exits(130);
    assert_eq!(left(), 0);
    service.release();
}

/// Whoever selects text in a console, or types Ctrl-S, halts what is written there, and nothing else.
#[test]
fn a_console_that_is_halted_does_not_halt_the_sending() {
    const ROWS: u64 = 30;
    let (tell, told) = std::sync::mpsc::channel();
    let service = Service::start(move |request| match request.method.as_str() {
        "POST" => {
            tell.send(()).unwrap();
            (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number))
        }
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, ROWS));
    let mut shell = work.program("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>/dev/tty", env!("CARGO_BIN_EXE_bw8")]);
    shell.args(["import", "customers", "mine.csv", "--yes", "--rate", "8", "--no-canary"]);
    let mut terminal = work.at_terminal(shell);
    terminal.shows("Customers [").press(HALT);
    for row in 0..ROWS {
        told.recv_timeout(std::time::Duration::from_secs(60)).unwrap_or_else(|_| panic!("row {row} was never sent"));
    }
    terminal.press(GO_ON);
    terminal.ended().exits(0);
}

#[test]
fn a_look_into_the_account_counts_rows_that_wait_and_takes_answers_as_an_import_does() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write(
        "mine.csv",
        "姓名,手机,公司名称\n示例甲,13100000001,示例新公司\n示例乙,13100000002,示例公司00002有限公司\n",
    );
    let ran = work.on(&server, "check customers mine.csv --online");
    ran.exits(3).says("nothing to fix in the file itself; not all of them would be sent");
    ran.says("dry run: 1 customer would be created").says("1 row waits for decisions");
    let ran = work.on(&server, "check customers mine.csv --online --format json");
    ran.exits(3);
    assert_eq!(ran.json()["rows"]["waiting"], 1);
    let ran = work.on(&server, "check customers mine.csv --online --missing 公司名称=create");
    ran.exits(0).says("dry run: 2 customers would be created").never_says("waits for decisions");
    work.on(&server, "import customers mine.csv --dry-run --lang zh").exits(3).says("1 行等待决定；未实际发送");
    // What was asked is read in English and answered in either language.
    work.on(&server, "import customers mine.csv --run run").exits(5).says("fill in the column “answer”");
    let mut table = work.table("run/decisions.xlsx");
    assert_eq!(table.header()[..2], ["field", "in the file"]);
    table.set(0, "answer", "create");
    work.write("run/decisions.xlsx", workbook(&[("to decide", &table)]));
    let ran = work.on(&server, "import customers mine.csv --run run");
    ran.exits(0).never_says("decisions.xlsx");
}

#[test]
fn problems_of_an_earlier_check_do_not_stay_once_they_are_fixed() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例,12,20001\n");
    work.bw8("check customers mine.csv").exits(3);
    assert!(work.path("mine.issues.csv").exists());
    work.write("mine.csv", "姓名,手机,公司编号\n示例,13100000001,20001\n");
    work.bw8("check customers mine.csv").exits(0);
    assert!(!work.path("mine.issues.csv").exists());
    // A file of somebody else's stays.
    work.write("mine.issues.csv", "示例\n");
    work.bw8("check customers mine.csv").exits(0);
    assert!(work.path("mine.issues.csv").exists());
}

#[test]
fn an_apostrophe_that_is_taken_off_is_told_and_one_that_is_meant_stays() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "姓名,手机,公司编号,备注\n示例甲,13100000001,20001,'=1+2\n示例乙,13100000002,20001,''@ab\n");
    let ran = work.on(&server, "import customers mine.csv");
    ran.exits(0).says("the apostrophe before = + - @").says("if it belongs to the text, write it twice");
    let made: Vec<String> = work.results().column("id").iter().map(|id| (*id).to_owned()).collect();
    let records = server.records("customers");
    let note_of =
        |id: &String| records.iter().find(|record| record["cId"] == id.as_str()).map(|record| record["note"].clone());
    let notes: Vec<_> = made.iter().filter_map(note_of).collect();
    assert_eq!(notes, ["=1+2", "'@ab"]);
}

#[test]
fn a_run_whose_journal_alone_is_gone_is_told_as_such() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("mine.csv", &customers(1, 1));
    work.on(&server, "import customers mine.csv").exits(0);
    let folder = work.run_folder();
    std::fs::remove_file(folder.join("journal.db")).unwrap();
    work.bw8("runs")
        .exits(0)
        .says("the folder has no journal.db any more; 1 row it sent")
        .never_says("the folder is gone");
    work.bw8("runs --lang zh").exits(0).says("文件夹里已没有 journal.db");
    let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
    work.bw8(format!("runs show {name}")).exits(0).says("1 row it sent").says("from a backup").says("runs forget");
    work.on(&server, format!("settle {name}")).exits(2).says("no journal.db").says("from a backup");
    work.on(&server, format!("retry {}", folder.display())).exits(2).says("no journal.db").says("from a backup");
    work.bw8(format!("runs forget {}", folder.display())).exits(2).says("--yes");
    assert!(folder.join("results.csv").exists());
    work.bw8(format!("runs forget {name} --yes")).exits(0).says("1 row it sent");
    assert!(!folder.join("results.csv").exists());
    work.bw8(format!("runs forget {name} --yes")).exits(0);
    std::fs::remove_dir_all(&folder).unwrap();
    work.bw8(format!("runs show {name}")).exits(0).says("the folder is gone");
    work.bw8(format!("runs forget {name} --yes")).exits(0).says("nothing of this run is left");
    // What it sent is known all the same.
    work.on(&server, "import customers mine.csv").exits(0).says("imported before");
    assert_eq!(server.records("customers").iter().filter(|record| record["mobile"] == "13000000001").count(), 1);
}

#[test]
fn a_run_of_the_sandbox_is_listed_once_also_beside_one_into_an_account() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("mine.csv", &customers(1, 1));
    work.bw8("import customers mine.csv --sandbox").exits(0);
    work.on(&server, "import customers mine.csv").exits(0);
    let ran = work.bw8("runs --format json");
    ran.exits(0);
    let runs = ran.json();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 2, "{runs}");
}

#[test]
fn a_sandbox_that_is_not_there_yet_is_not_taken_for_looked_into() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例,13100000001,99999\n");
    work.bw8("check customers mine.csv --sandbox").exits(0).says("the sandbox of this folder is not there yet");
    work.bw8("import customers mine.csv --sandbox").exits(3).says("the account has no such record");
}

#[test]
fn problems_stand_in_one_order_whoever_looks() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write("mine.csv", "公司编号,邮箱,手机,姓名\n99999,bad,13100000001,示例甲\n20001,bad,12,示例乙\n99998,a@example.com,13100000003,\n");
    work.on(&server, "check customers mine.csv --online").exits(3);
    work.on(&server, "import customers mine.csv").exits(3);
    assert_eq!(work.read("mine.issues.csv"), work.read(work.run_folder().join("issues.csv")));
}

/// Which command helps depends on how the rows ended, and on who has taken them over since.
#[test]
fn a_run_that_is_over_names_what_helps() {
    let (work, server) = (Work::new(), Server::start(""));
    let mut table = customers(1, 3);
    table.set(1, "手机", "").set(2, "手机", "");
    work.write_table("mine.csv", &table);
    let import = "import customers mine.csv --run one";
    work.on(&server, import).exits(3);
    work.on(&server, import).exits(3).says("`bw8 retry one").says("the 2 rows again");
    let fix = |run: &str, mobile: &str| {
        let file = format!("{run}/failed.csv");
        let mut failed = work.table(&file);
        failed.set(0, "手机", mobile);
        work.write_table(&file, &failed);
    };
    fix("one", "13100000091");
    work.on(&server, "retry one --run two").exits(3);
    let first = work.on(&server, import);
    first.exits(3).says("the last retry: two").says("`bw8 retry two").never_says("bw8 retry one");
    fix("two", "13100000092");
    work.on(&server, "retry two --run three").exits(0);
    work.on(&server, import).exits(3).says("the last retry: three").never_says("bw8 retry");
    work.bw8("runs show one").exits(0).never_says("bw8 retry");
    // What stands on the account's side of a command stays there.
    work.write_table("practice.csv", &table);
    work.bw8("import customers practice.csv --sandbox --run practice").exits(3);
    work.bw8("runs show practice").exits(0).says("bw8 retry practice --sandbox");
    work.bw8("import customers practice.csv --sandbox --run practice").exits(3).says("bw8 retry practice --sandbox");
    // Where all is done nothing is to be retried.
    work.write_table("all.csv", &customers(20, 2));
    work.on(&server, "import customers all.csv").exits(0);
    work.on(&server, "import customers all.csv").exits(0).says("done before").never_says("retry");
}

#[test]
fn a_chinese_user_reads_chinese() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例乙,13100000002,20001\n");
    work.bw8("import customers mine.csv --sandbox --lang zh").exits(0);
    work.bw8("runs --lang zh").exits(0).says("  练习环境  联系人").never_says("sandbox  ");
    let again = work.bw8("import customers mine.csv --sandbox --lang zh");
    again.exits(0).says("这份表格已经导入过").never_says("--fresh");
    let ran = work.bw8("template 知识库 --lang zh");
    ran.exits(2).says("知识库（knowledge）不支持导入").says("联系人（customers）、公司（companies）");
    work.bw8("import 知识库 mine.csv --sandbox --lang zh").exits(2).says("知识库（knowledge）只能导出");
    let ran = work.bw8("entities --lang zh");
    ran.exits(0).says("S4").never_says("mirror of").never_says("means deleted").never_says("pattern");
    work.bw8("entities customers --lang zh").exits(0).says("必填：公司编号（2B）");
    work.bw8("help --lang zh").exits(0).says("\n命令：\n").never_says("命令:");
    work.bw8("import --help --lang zh").exits(0).says("\n选项：\n").never_says("选项:");
}

#[test]
fn the_question_says_what_becomes_of_the_rows() {
    let server = Server::start("");
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例甲,13100000001,20001\n示例乙,13100000002,20001\n");
    let unagreed = |typed: &str| {
        let mut command = work.unagreed(typed);
        command
            .env("BW8_BASE_URL", server.base_url())
            .env("BW8_USER", "demo@example.com")
            .env("BW8_PASSWORD", "sandbox");
        command
    };
    let mut terminal = work.at_terminal(unagreed("import customers mine.csv --lang zh --rate 0"));
    terminal.shows("  姓名：示例甲").answers("确定新建 2 位联系人吗？[y/N]", "n");
    terminal.ended().exits(130);
    work.write("update.csv", "联系人编号,备注\n50001,示例\n");
    let mut terminal = work.at_terminal(unagreed("import customers update.csv --mode update --lang zh --rate 0"));
    terminal.shows("  备注：").answers("确定更新 1 位联系人吗？[y/N]", "n");
    terminal.ended().exits(130);
}

#[test]
fn columns_of_names_in_an_export_of_ours_are_known() {
    let work = Work::new();
    for (entity, language, names) in [
        ("tickets", "zh", "受理客服（名称）"),
        ("tickets", "en", "Assignee (name)"),
        ("bindings", "zh", "联系人（名称）"),
    ] {
        let file = format!("{entity}-{language}.xlsx");
        work.bw8(format!("export {entity} -o {file} --sandbox --lang {language}")).exits(0);
        let table = &all_sheets(&work.path(&file)).pop().unwrap().1;
        assert!(table.header().contains(&names), "{:?}", table.header());
        let ran = work.bw8(format!("import {entity} {file} --mode update --sandbox --strict --lang {language}"));
        ran.exits(0).says(names).never_says("未识别").never_says("no such field").never_says("bw8 的模板");
    }
    // Names alone are no names beside ids.
    work.write("names.csv", "标题,联系人编号,受理客服（名称）\n示例,50001,示例客服\n");
    work.bw8("check tickets names.csv --lang zh").exits(0).says("受理客服（名称）：未识别");
}

/// What the system says of a path is told as that, and scripts get a code.
#[cfg(unix)]
#[test]
fn an_error_that_only_the_system_knows_has_a_code() {
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 1));
    let ran = |lang: &str| {
        let mut shell = work.program("sh");
        let command = "mkdir gone && cd gone && rmdir ../gone && \"$0\" import customers ../mine.csv --sandbox --run r \
            --format json --lang \"$1\"";
        shell.args(["-c", command, env!("CARGO_BIN_EXE_bw8"), lang]);
        work.run(shell)
    };
    let english = ran("en");
    let error = english.exits(1).json()["error"].clone();
    assert!(!error["code"].as_str().unwrap().is_empty(), "{english}");
    english.says("there is no such file or folder");
    ran("zh").exits(1).says("没有这个文件或文件夹").never_says("os error");
}

/// What an office program, a chat or a name with spaces makes of a command is told as that, in both languages, and is refused.
#[test]
fn slips_of_whoever_types_a_command_are_told_with_what_to_type() {
    let work = Work::new();
    for name in ["mine.csv", "my list.csv", "-2026.csv"] {
        work.write_table(name, &customers(1, 1));
    }
    for (typed, code, en, zh) in [
        (vec!["check", "customers", "mine.csv", "—mode", "upsert"], "cli.dashes", "hyphens", "请写成 --mode"),
        (vec!["check", "customers", "mine.csv", "–-mode=upsert"], "cli.dashes", "--mode", "横线写法不对"),
        (vec!["import", "customers", "mine.csv", "－－dry-run"], "cli.dashes", "--dry-run", "请写成 --dry-run"),
        (vec!["check", "customers", "mine.csv", "-mode", "upsert"], "cli.dashes", "--mode", "请写成 --mode"),
        (vec!["check", "customers", "my", "list.csv"], "cli.extra", "quotation marks: ", "请加上英文引号，写成"),
        (vec!["check", "customers", "mine.csv", "more.csv"], "cli.extra", "takes one file", "一次只能写一个文件"),
        (vec!["inspect", "-2026.csv"], "cli.file_like_option", "write it as ./-2026.csv", "以 - 开头"),
        (vec!["inspect", "“mine.csv”"], "format.missing", "write mine.csv", "不要写中文引号，请写成 mine.csv"),
    ] {
        let ran = |more: &[&str]| work.run(work.command([&typed[..], more].concat()));
        ran(&[]).exits(2).says(&as_printed(en)).never_says("Usage:");
        ran(&["--lang", "zh"]).exits(2).says(zh).never_says("unexpected");
        assert_eq!(ran(&["--format", "json"]).exits(2).json()["error"]["code"], code);
    }
    // What only begins with a dash, or is no option of any command, is said as before.
    work.bw8("check customers mine.csv -x").exits(2).says("unexpected argument '-x'");
    work.bw8("check customers mine.csv --moed upsert").exits(2).says("--mode");
}
