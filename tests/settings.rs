//! What is configured, and where from: a flag beats the environment, which beats `bw8.toml` in the working folder, which
//! beats the one in the user's configuration folder, which beats what is built in. An account that is named counts as
//! typed. A login is one thing and goes nowhere but to the host it was written down with.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::harness::*;

/// `bw8.toml` in the working folder, and in the user's configuration folder.
const FOLDER: &str = "bw8.toml";
const USER: &str = "config/bw8.toml";

/// A password that is nowhere else, so that it is found wherever it leaks.
const SECRET: &str = "canary-Geheim-7391";

/// A service with three customers.
fn service() -> Service {
    Service::start(|request| match request.path.as_str() {
        "/users.json" => (200, page(&[1, 2, 3], request, 100, Some("3"))),
        _ => unknown(),
    })
}

/// A section with a login of this name.
fn account(name: &str, base_url: &str, user: &str) -> String {
    format!("[account.{name}]\nbase_url = \"{base_url}\"\nuser = \"{user}\"\npassword = \"of {user}\"\n\n")
}

/// Which user the requests of a service came from; none when there were none.
fn user_of(service: &Service) -> Option<String> {
    let requests = service.requests();
    let users = requests.iter().map(|request| {
        let pair = BASE64_STANDARD.decode(request.authorization.strip_prefix("Basic ").unwrap()).unwrap();
        let (user, password) = String::from_utf8(pair).map(|pair| pair.split_once(':').map(owned)).unwrap().unwrap();
        assert_eq!(password, format!("of {user}"), "a user and a password of two layers");
        user
    });
    let users: std::collections::BTreeSet<String> = users.collect();
    assert!(users.len() < 2, "{users:?}");
    users.into_iter().next()
}

fn owned((user, password): (&str, &str)) -> (String, String) {
    (user.to_owned(), password.to_owned())
}

/// An export of customers in this folder. Nothing it does is slow, unless a setting makes it so.
fn export(work: &Work, environment: &[(&str, &str)], more: &str) -> Ran {
    let mut command = work.command(format!("export customers -o out.csv --no-mirror {more}"));
    command.envs(environment.iter().copied());
    work.run(command)
}

#[test]
fn the_strongest_layer_says_which_service_and_which_login() {
    let services: [Service; 5] = std::array::from_fn(|_| service());
    let urls: Vec<String> = services.iter().map(Service::base_url).collect();
    let users = ["env@example.com", "env@example.com", "folder@example.com", "user@example.com", "user@example.com"];
    for strongest in 0..services.len() {
        let work = Work::new();
        work.write_private("config/api.toml", &format!("[service]\nbase_url = \"{}\"\n", urls[4]));
        let user = account("default", &urls[3], "user@example.com");
        // What is built in has no login of its own.
        work.write_private(USER, &if strongest > 3 { user.replace("base_url", "# base_url") } else { user });
        if strongest <= 2 {
            work.write_private(FOLDER, &account("default", &urls[2], "folder@example.com"));
        }
        let mut environment = Vec::new();
        if strongest <= 1 {
            let login = [("BW8_USER", "env@example.com"), ("BW8_PASSWORD", "of env@example.com")];
            environment = [&[("BW8_BASE_URL", urls[1].as_str())], &login[..]].concat();
        }
        let flag = if strongest == 0 { format!("--base-url {}", urls[0]) } else { String::new() };
        let seen: Vec<usize> = services.iter().map(|service| service.requests().len()).collect();
        export(&work, &environment, &flag).exits(0);
        for (layer, service) in services.iter().enumerate() {
            assert_eq!(service.requests().len() > seen[layer], layer == strongest, "{layer}, not {strongest}");
        }
        assert_eq!(user_of(&services[strongest]).as_deref(), Some(users[strongest]));
    }
}

/// Each file adds to what the other says of an account.
#[test]
fn the_files_fill_in_what_the_other_does_not_say() {
    let (folder, user) = (service(), service());
    let work = Work::new();
    work.write_private(FOLDER, &account("one", &folder.base_url(), "one@example.com"));
    work.write_private(USER, &account("two", &user.base_url(), "two@example.com"));
    export(&work, &[], "--account one").exits(0);
    export(&work, &[], "--account two").exits(0);
    assert_eq!(user_of(&folder).as_deref(), Some("one@example.com"));
    assert_eq!(user_of(&user).as_deref(), Some("two@example.com"));
    export(&work, &[], "--account three").exits(2).says("three");
}

#[test]
fn an_account_that_is_named_beats_the_environment_and_keeps_its_host() {
    let (named, other, default, flag) = (service(), service(), service(), service());
    let environment =
        [("BW8_BASE_URL", &*other.base_url()), ("BW8_USER", "env@example.com"), ("BW8_PASSWORD", "of env@example.com")]
            .map(|(name, value)| (name, value.to_owned()));
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let work = Work::new();
    let unnamed = account("default", &default.base_url(), "default@example.com");
    work.write_private(FOLDER, &(unnamed.clone() + &account("mine", &named.base_url(), "mine@example.com")));
    export(&work, &environment, "--account mine").exits(0);
    assert_eq!(user_of(&named).as_deref(), Some("mine@example.com"));
    // A host that is typed is meant.
    export(&work, &environment, &format!("--account mine --base-url {}", flag.base_url())).exits(0);
    assert_eq!(user_of(&flag).as_deref(), Some("mine@example.com"));
    // Without a host of its own its login belongs to the service, wherever the other layers point.
    let own = service();
    work.write("api.toml", format!("[service]\nbase_url = \"{}\"\n", own.base_url()));
    let login = account("mine", "", "mine@example.com").replace("base_url", "# base_url");
    work.write_private(FOLDER, &(unnamed + &login));
    export(&work, &environment, "--account mine").exits(0);
    assert_eq!(user_of(&own).as_deref(), Some("mine@example.com"));
    assert_eq!((user_of(&other), user_of(&default)), (None, None));
}

#[test]
fn a_certificate_belongs_to_the_account_it_was_written_down_with() {
    let tls = Tls::start("localhost");
    let work = Work::with("root.pem", &tls.certificate);
    work.write_table("mine.csv", &customers(1, 1));
    let url = format!("https://localhost:{}", tls.address.port());
    let default = account("default", &url, "default@example.com") + "ca_cert = \"root.pem\"\n";
    let mine = account("mine", &url, "mine@example.com");
    let import = |more: &str| work.bw8(format!("import customers mine.csv --rate 0 --no-canary {more}"));
    work.write_private(FOLDER, &(default.clone() + &mine));
    import("--account mine").exits(1).says("certificate");
    assert_eq!(tls.requests(), 0);
    work.write_private(FOLDER, &(default + &mine + "ca_cert = \"root.pem\"\n"));
    import("--account mine").exits(3).says("7 no");
    // One to look for companies, one into the account, two at its list, one to send.
    assert_eq!(tls.requests(), 5);
}

/// A folder from somebody else must not lead the user's own login to somebody else.
#[test]
fn a_login_of_the_user_does_not_follow_a_host_of_the_working_folder() {
    let (mine, theirs) = (service(), service());
    let work = Work::new();
    work.write_private(USER, &account("default", &mine.base_url(), "user@example.com"));
    work.write(FOLDER, format!("[account.default]\nbase_url = \"{}\"\n", theirs.base_url()));
    let ran = export(&work, &[], "");
    ran.exits_with_one_of(&[0, 2]);
    assert_eq!(user_of(&theirs), None, "{ran}");
    // Nor to where its api.toml points, unless that is named.
    let work = Work::with("api.toml", format!("[service]\nbase_url = \"{}\"\n", theirs.base_url()));
    work.write_private(USER, &account("default", "", "user@example.com").replace("base_url", "# base_url"));
    export(&work, &[], "").exits(2).says("api.toml in this folder names another host");
    assert_eq!(user_of(&theirs), None);
    // Nor does a login of the environment, or another one of the user where an account is named.
    let environment = [("BW8_USER", "env@example.com"), ("BW8_PASSWORD", "of env@example.com")];
    export(&work, &environment, "").exits(2).says("api.toml in this folder names another host");
    let folder = Work::with(FOLDER, format!("[account.prod]\nbase_url = \"{}\"\n", theirs.base_url()));
    let own = account("default", &mine.base_url(), "user@example.com");
    folder.write_private(USER, &(own + &account("prod", &mine.base_url(), "prod@example.com")));
    export(&folder, &[], "--account prod").exits(2).says("bw8.toml in this folder names another host");
    export(&folder, &environment, "--account prod").exits(2).says("or BW8_BASE_URL");
    assert_eq!(user_of(&theirs), None);
    export(&work, &[], "--api api.toml").exits(0);
    assert_eq!(user_of(&theirs).as_deref(), Some("user@example.com"));
}

#[test]
fn the_report_and_the_list_of_runs_name_the_account() {
    for (login, name) in [
        ("user = \"demo@example.com\"\npassword = \"sandbox\"\n", "demo@example.com"),
        ("client_id = \"sandbox-id\"\nclient_secret = \"sandbox-secret\"\n", "sandbox-id"),
    ] {
        let (work, server) = (Work::new(), Server::start(""));
        work.write_table("mine.csv", &customers(1, 1));
        work.write_private(FOLDER, &format!("[account.mine]\nbase_url = \"{}\"\n{login}", server.base_url()));
        let ran = work.bw8("import customers mine.csv --account mine --rate 0 --format json");
        let expected = format!("{} {name}", server.base_url());
        assert_eq!(ran.exits(0).json()["account"], expected, "{ran}");
        assert_eq!(work.summary()["account"], expected);
        let shown = work.bw8(format!("runs show {} --format json", work.run_folder().display()));
        assert_eq!(shown.exits(0).json()["account"], expected, "{shown}");
    }
}

/// A user and a password that stand in two places are no login, nor is half of one.
#[test]
fn halves_of_logins_are_never_put_together() {
    let whole = "user = \"whole@example.com\"\npassword = \"of whole@example.com\"\n";
    let pair = "client_id = \"an-id\"\nclient_secret = \"a-secret\"\n";
    for (environment, folder, user, expected) in [
        (&[("BW8_USER", "half@example.com")][..], "", "", None),
        (&[("BW8_PASSWORD", SECRET)], "", "", None),
        (&[("BW8_USER", "half@example.com")], whole, "", None),
        (&[("BW8_USER", "half@example.com")], "password = \"canary-Geheim-7391\"\n", "", None),
        (&[("BW8_CLIENT_ID", "half")], pair, "", None),
        (&[("BW8_CLIENT_ID", "half")], "client_secret = \"canary-Geheim-7391\"\n", "", None),
        (&[], "user = \"half@example.com\"\n", whole, None),
        (&[], "user = \"half@example.com\"\n", "password = \"canary-Geheim-7391\"\n", None),
        (&[], "password = \"canary-Geheim-7391\"\n", "user = \"half@example.com\"\n", None),
        (&[("BW8_PASSWORD", SECRET)], whole, "", Some("whole@example.com")),
        (&[], "password = \"canary-Geheim-7391\"\n", whole, Some("whole@example.com")),
    ] {
        let service = service();
        let work = Work::new();
        let address = format!("base_url = \"{}\"\n", service.base_url());
        work.write_private(FOLDER, &format!("[account.default]\n{address}{folder}"));
        work.write_private(USER, &format!("[account.default]\n{address}{user}"));
        let ran = export(&work, environment, "");
        ran.exits(if expected.is_some() { 0 } else { 2 }).never_says(SECRET);
        assert_eq!(user_of(&service).as_deref(), expected, "{environment:?} {folder} {user}\n{ran}");
        assert_eq!(expected.is_none(), ran.stderr().contains("no login is given"), "{ran}");
    }
}

/// What would keep the command from ever coming to its end stands in the weaker layer.
#[test]
fn the_strongest_layer_says_how_fast_and_how_long() {
    for (flag, folder, user) in [
        ("--rate 0 --timeout 1", "rate = 0.001\ntimeout = 3600\n", "rate = 0.001\ntimeout = 3600\n"),
        ("", "rate = 0\ntimeout = 1\n", "rate = 0.001\ntimeout = 3600\n"),
        ("", "", "rate = 0\ntimeout = 1\n"),
    ] {
        let server = Server::start("--fault stall,on=POST_users,nth=3");
        let work = Work::new();
        work.write_table("mine.csv", &customers(1, 12));
        work.write(FOLDER, format!("[account.default]\n{folder}"));
        work.write_private(USER, &format!("[account.default]\n{user}"));
        let mut command = work.command(format!("import customers mine.csv {flag}"));
        command.envs([("BW8_BASE_URL", server.base_url()), ("BW8_USER", "demo@example.com")]);
        command.env("BW8_PASSWORD", "sandbox");
        work.run(command).exits(4);
        assert_rows(&work.summary(), "created 11, unknown 1");
    }
}

#[test]
fn the_strongest_layer_says_how_many_requests_are_in_flight() {
    for (flag, folder, user, most) in [
        ("--concurrency 1", "concurrency = 3\n", "concurrency = 2\n", 1),
        ("", "concurrency = 3\n", "concurrency = 2\n", 3),
        ("", "", "concurrency = 2\n", 2),
        ("", "", "", 4),
    ] {
        let server = Server::start("--fault delay,ms=40,on=POST_users");
        let work = Work::new();
        work.write_table("mine.csv", &customers(1, 24));
        work.write(FOLDER, format!("[account.default]\n{folder}"));
        work.write_private(USER, &format!("[account.default]\n{user}"));
        work.on(&server, format!("import customers mine.csv {flag}")).exits(0);
        assert_eq!(server.state()["counts"]["most_in_flight"], most, "{flag} {folder} {user}");
    }
}

#[test]
fn the_strongest_layer_says_whether_contacts_belong_to_companies() {
    let (of_companies, alone) = ("mode = \"2B\"\n", "mode = \"2C\"\n");
    for (typed, folder, user, is_company_required) in [
        ("--account-mode 2c --account mine", of_companies, of_companies, false),
        ("--account-mode 2b", alone, alone, true),
        ("--account mine", alone, of_companies, true),
        ("", alone, of_companies, false),
        ("", of_companies, alone, true),
        ("", "", alone, false),
        ("", "", "", true),
    ] {
        let work = Work::new();
        work.write("mine.csv", "姓名,手机\n示例,13100000001\n");
        work.write(FOLDER, format!("[account.default]\n{folder}\n[account.mine]\nmode = \"2B\"\n"));
        work.write_private(USER, &format!("[account.default]\n{user}"));
        let ran = work.bw8(format!("check customers mine.csv {typed}"));
        match is_company_required {
            true => drop(ran.exits(2).says("columns that Customers need are missing: Company ID")),
            false => drop(ran.exits(0)),
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_with_a_secret_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let service = service();
    for secret in ["password", "client_secret"] {
        for name in [FOLDER, USER] {
            let work = Work::new();
            work.write_private(name, &(account("default", &service.base_url(), "me@example.com")));
            let text = work.read(name).replace("password", secret) + "client_id = \"an-id\"\n";
            work.write(name, text);
            for mode in [0o640, 0o604, 0o644] {
                std::fs::set_permissions(work.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
                export(&work, &[], "").exits(2).says("bw8.toml holds a password").says("chmod 600");
            }
        }
    }
    assert_eq!(service.requests().len(), 0);
    let work = Work::new();
    work.write(FOLDER, format!("[account.default]\nbase_url = \"{}\"\n", service.base_url()));
    // A file without a secret may be read by all; a login of the environment goes to the host that is named beside it.
    let address = service.base_url();
    let environment =
        [("BW8_BASE_URL", &*address), ("BW8_USER", "env@example.com"), ("BW8_PASSWORD", "of env@example.com")];
    export(&work, &environment, "").exits(0);
}

/// Mistakes in a configuration file; the third line holds the mistake.
const MISTAKES: &[(&str, &str)] = &[
    ("an unknown key", "passwort = \"canary-Geheim-7391\""),
    ("an unknown section", "[acount.default]\npassword = \"canary-Geheim-7391\""),
    ("a number that is none", "timeout = \"soon\""),
    ("half a number", "rate = 1."),
    ("a mode that is none", "mode = \"2D\""),
    ("a text that never ends", "password = \"canary-Geheim-7391"),
    ("a value without marks", "password = canary-Geheim-7391"),
    ("a password twice", "password = \"canary-Geheim-7391\"\npassword = \"canary-Geheim-7391\""),
    ("no TOML at all", "password: canary-Geheim-7391"),
    ("a key without a value", "canary-Geheim-7391"),
];

#[test]
fn a_mistake_is_told_by_file_and_line_and_repeats_no_secret() {
    for (mistake, text) in MISTAKES {
        for name in [FOLDER, USER] {
            let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例,13100000001,20001\n");
            work.write_private(name, &format!("[account.default]\nuser = \"me@example.com\"\n{text}\n"));
            let place = if *mistake == "a password twice" { "bw8.toml, line 4: " } else { "bw8.toml, line 3: " };
            for command in ["check customers mine.csv", "import customers mine.csv", "export customers -o out.csv"] {
                let ran = work.bw8(command);
                ran.exits(2);
                assert!(ran.stderr().contains(place), "{mistake}: expected {place:?}\n{ran}");
                ran.never_says("Geheim");
            }
            work.bw8("check customers mine.csv --lang zh").exits(2).says("bw8.toml 第 ").never_says("Geheim");
        }
    }
}

/// A password of digits that stands there without quotation marks is a number to the parser, and still a secret.
#[test]
fn a_password_of_digits_is_not_repeated_either() {
    for key in ["password", "client_secret"] {
        let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例,13100000001,20001\n");
        work.write_private(FOLDER, &format!("[account.default]\nuser = \"me@example.com\"\n{key} = 73917391\n"));
        work.bw8("check customers mine.csv").exits(2).says("bw8.toml, line 3: ").never_says("7391");
    }
}

#[test]
fn a_number_out_of_range_is_told_by_file_and_line() {
    for (number, rule) in [
        ("concurrency = 0", "1–1024"),
        ("concurrency = 1025", "1–1024"),
        ("timeout = 0", "1–3600"),
        ("timeout = 3601", "1–3600"),
        ("timeout = -1", "1–3600"),
        ("rate = -1", "0.001–100000"),
        ("rate = 0.0001", "0.001–100000"),
        ("rate = nan", "0.001–100000"),
        ("rate = inf", "0.001–100000"),
    ] {
        let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例,13100000001,20001\n");
        work.write(FOLDER, format!("[account.default]\nmode = \"2B\"\n{number}\n"));
        let ran = work.bw8("check customers mine.csv");
        ran.exits(2).says("bw8.toml").says(rule);
        assert!(ran.stderr().contains("bw8.toml, line 3"), "{number}: the line is not told\n{ran}");
    }
}

#[test]
fn a_number_typed_out_of_range_is_refused() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例,13100000001,20001\n");
    for typed in ["--concurrency 0", "--timeout 0", "--timeout 3601", "--rate=-1", "--rate 0.0001", "--rate nan"] {
        let option = typed.split([' ', '=']).next().unwrap();
        work.bw8(format!("import customers mine.csv --sandbox {typed}")).exits(2).says(option);
        assert!(work.runs().is_empty(), "{typed}");
    }
}

#[test]
fn a_file_of_settings_that_an_editor_changed_is_told_in_the_users_language_with_its_line() {
    let settings = |content: &[u8]| {
        let work = Work::new();
        work.write_private("bw8.toml", "");
        std::fs::write(work.path("bw8.toml"), content).unwrap();
        work.write_table("mine.csv", &customers(1, 1));
        let mut command = work.command("check customers mine.csv");
        command.env("LANG", "zh_CN.UTF-8");
        work.run(command)
    };
    let account = "[account.default]\nuser = \"示例@example.com\"\n";
    for (wrong, said) in [
        ("password = “Geheim7391”\n", "第 3 行有误：这里用了中文标点 “"),
        ("password ＝ \"Geheim7391\"\n", "中文标点 ＝"),
        ("passwort = \"Geheim7391\"\n", "没有名为 passwort 的设置"),
        ("user = \"Geheim7391\"\n", "这个名称重复出现"),
        ("base_url = www.example.com\n", "第 3 行有误：文字要加英文引号"),
        ("ca_cert = \"C:\\Users\\Geheim7391.pem\"\n", "第 3 行有误：双引号中的反斜杠会被当作转义符"),
        ("ca_cert = \"C:\\new\\7391.pem\"\n", "第 3 行有误：双引号中的反斜杠会被当作转义符"),
        (
            "base_url = \"C:\\Users\\Geheim7391\"\n",
            "请改用英文单引号，如 ca_cert = 'D:\\certs\\ca.pem'；或把每个反斜杠写两遍",
        ),
        ("password = \"Geheim\\q7391\"\n", "第 3 行有误：双引号中的反斜杠会被当作转义符"),
        ("password = \"Geheim\\t7391\"\n", "第 3 行有误：双引号中的反斜杠会被当作转义符"),
        ("ca_cert = C:\\Users\\Geheim7391.pem\n", "第 3 行有误：文字要加英文引号；带反斜杠的请用英文单引号"),
        ("base_url\u{a0}= \"Geheim7391\"\n", "第 3 行有误：这一行有特殊空格或不可见字符"),
        ("base_url =\u{3000}\"Geheim7391\"\n", "特殊空格或不可见字符"),
        ("base_url = \"Geheim7391\n", "第 3 行有误：这一行少了一个引号"),
        ("base_url = 7\n", "这个设置的值类型不对"),
        ("wait = \"十分钟\"\n", "不是有效的时长（写法：wait = \"90s\""),
        ("【account.other】\n", "中文标点 【"),
    ] {
        let ran = settings(format!("{account}{wrong}").as_bytes());
        ran.exits(2).says(said).says("bw8.toml").never_says("7391").never_says("expected");
    }
    let text = format!("{account}password = \"Geheim7391\"\n");
    let utf_16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    // Read as what it is, up to the login that nobody can try here.
    settings(&utf_16).exits(0);
    // Lines end as old Macs ended them.
    settings(text.replace('\n', "\r").as_bytes()).exits(0);
    let wrong = format!("{account}\npassword = “Geheim7391”\n").replace('\n', "\r");
    settings(wrong.as_bytes()).exits(2).says("第 4 行有误：这里用了中文标点 “").never_says("7391");
    let notify = "lang = \"zh\"\nnotify = \"C:\\7391\\x\"\n";
    settings(notify.as_bytes()).exits(2).says("第 2 行有误：双引号中的反斜杠会被当作转义符").never_says("7391");
    let (gbk, ..) = encoding_rs::GBK.encode(&text);
    let ran = settings(&gbk);
    ran.exits_with_one_of(&[0, 2]);
    ran.never_says("7391");
}

#[test]
fn corrections_with_the_line_ends_of_old_macs_are_read_and_a_path_in_double_quotation_marks_is_told() {
    let work = Work::with("api.toml", "[customers]\rzh = '客户联系人'\r");
    work.bw8("entities --lang zh").exits(0).says("客户联系人");
    work.write("api.toml", "[customers]\r\rzhh = '客户联系人'\r");
    work.bw8("entities --lang zh").exits(2).says("api.toml 第 3 行");
    work.write("api.toml", "[service]\nbase_url = \"C:\\Users\\x\"\n");
    work.bw8("entities --lang zh").exits(2).says("api.toml 第 2 行：双引号中的反斜杠").says("每个反斜杠写两遍");
}

#[cfg(unix)]
#[test]
fn a_file_with_the_address_for_notices_is_not_said_to_hold_a_password() {
    use std::os::unix::fs::PermissionsExt;
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 1));
    work.write("bw8.toml", "notify = \"https://robot.example.com/?key=canary\"\n");
    std::fs::set_permissions(work.path("bw8.toml"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = work.bw8("entities");
    ran.exits_with_one_of(&[0, 2]);
    let ran = work.bw8("import customers mine.csv --base-url http://127.0.0.1:1");
    ran.exits(2).says("address for notices").says("chmod 600").never_says("password").never_says("canary");
}

#[test]
fn a_folder_that_this_program_cannot_write_is_named_with_the_variable_that_names_another() {
    let service = service();
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 1));
    work.write("file", "");
    for command in ["import customers mine.csv", "import customers mine.csv --run run", "export customers -o out.csv"] {
        let mut command = work.command(command);
        command.env("BW8_STATE_DIR", work.path("file").join("state"));
        let ran = work.run(command);
        ran.exits(1).says(&work.path("file").join("state").display().to_string()).says("BW8_STATE_DIR");
        ran.never_says("--run DIR");
    }
}

#[test]
fn a_variable_whose_name_is_nearly_right_is_told() {
    let work = Work::with("mine.csv", "姓名,手机,公司编号\n示例,13100000001,20001\n");
    let command = |name: &str| {
        let mut command = work.command("check customers mine.csv --lang en");
        command.env(name, "https://example.com");
        work.run(command)
    };
    for (name, meant) in [("BW8_BASEURL", "BW8_BASE_URL"), ("BW8_PASS", "BW8_PASSWORD")] {
        command(name).exits(0).says(&format!("{name} means nothing to bw8, which reads {meant}"));
    }
    command("BW8_PROJECT").exits(0).never_says("BW8_PROJECT");
}
