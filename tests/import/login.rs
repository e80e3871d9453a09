//! Logins, certificates and secrets.

use std::process::Command;

use crate::harness::*;

/// A password that is nowhere else, so that it is found wherever it leaks.
const CANARY: &str = "canary-Geheim-7391";

fn imported(server: &Server, change: impl FnOnce(&mut Command)) -> (Work, Ran) {
    let work = Work::sample("customers.xlsx");
    let mut command = work.command_on(server, "import customers customers.xlsx");
    change(&mut command);
    let ran = work.run(command);
    (work, ran)
}

#[test]
fn a_wrong_password_is_refused_before_any_row_is_lost() {
    let server = Server::start("");
    let (work, ran) = imported(&server, |command| {
        command.env("BW8_PASSWORD", "wrong");
    });
    ran.exits(6).says("login");
    assert_rows(&work.summary(), "pending 10");
    // One to look what is there.
    assert_eq!(server.requests(), 1);
    work.on(&server, "import customers customers.xlsx").exits(0);
    assert_rows(&work.summary(), "created 10");
}

#[test]
fn a_wrong_password_is_a_refused_login_for_changes_too() {
    let (work, server) = (Work::sample("tags.csv"), Server::start(""));
    let mut command = work.command_on(&server, "import tags tags.csv");
    command.env("BW8_PASSWORD", "wrong");
    work.run(command).exits(6).says("login");
    assert_rows(&work.summary(), "pending 4");
}

#[test]
fn an_account_that_may_not_write_is_told_so() {
    let server = Server::start("--fault 403,on=POST_users");
    let (work, ran) = imported(&server, |_| {});
    ran.exits(6).says("FAULT-403");
    assert_rows(&work.summary(), "pending 10");
}

#[test]
fn a_forbidden_answer_in_the_middle_belongs_to_its_row() {
    let (work, server) = (Work::new(), Server::start("--fault 403,on=POST_users,nth=4"));
    work.write_table("mine.csv", &customers(1, 6));
    work.on(&server, "import customers mine.csv --concurrency 1").exits(3);
    assert_rows(&work.summary(), "created 5, failed 1");
}

#[test]
fn a_login_refused_in_the_middle_stops_and_goes_on_later() {
    let (work, server) = (Work::new(), Server::start("--fault 401,on=POST_users,nth=4"));
    work.write_table("mine.csv", &customers(1, 8));
    work.on(&server, "import customers mine.csv --concurrency 1").exits(6);
    assert_rows(&work.summary(), "created 3, pending 5");
    work.on(&server, "import customers mine.csv").exits(0);
    assert_eq!(server.stored("customers"), 68);
}

#[test]
fn without_a_login_nothing_begins() {
    let work = Work::sample("customers.xlsx");
    work.bw8("import customers customers.xlsx").exits(2).says("BW8_USER").says("--sandbox");
    assert!(work.runs().is_empty());
}

fn with_key_pair(command: &mut Command) {
    command.env("BW8_CLIENT_ID", "sandbox-id").env("BW8_CLIENT_SECRET", "sandbox-secret");
}

fn tokens(server: &Server) -> u64 {
    server.requests_to("token")
}

#[test]
fn a_key_pair_wins_and_asks_for_a_token_to_look_and_one_to_send() {
    let server = Server::start("");
    let (work, ran) = imported(&server, |command| {
        with_key_pair(command);
        command.env("BW8_PASSWORD", "wrong");
    });
    ran.exits(0);
    assert_rows(&work.summary(), "created 10");
    assert_eq!(tokens(&server), 3);
}

#[test]
fn a_wrong_key_pair_is_a_refused_login() {
    let server = Server::start("");
    let (work, ran) = imported(&server, |command| {
        with_key_pair(command);
        command.env("BW8_CLIENT_SECRET", CANARY);
    });
    ran.exits(6).never_says(CANARY);
    assert_rows(&work.summary(), "pending 10");
}

#[test]
fn a_token_revoked_while_many_are_in_flight_is_renewed_once() {
    let (work, server) =
        (Work::new(), Server::start("--fault delay,ms=20,to=60 --fault token-revoked,on=POST_users,nth=30"));
    work.write_table("mine.csv", &customers(1, 80));
    let mut command = work.command_on(&server, "import customers mine.csv --concurrency 16");
    with_key_pair(&mut command);
    work.run(command).exits(0);
    assert_rows(&work.summary(), "created 80");
    // To look for companies, to look what is there, to send, and once more.
    assert_eq!(tokens(&server), 4);
}

#[test]
fn a_token_is_renewed_before_its_end() {
    // Long enough that what is left of a token when it is renewed is longer than a request takes on a busy machine.
    let (work, server) = (Work::new(), Server::start("--variant token-lifetime=3 --fault delay,ms=70,on=POST_users"));
    work.write_table("mine.csv", &customers(1, 50));
    let mut command = work.command_on(&server, "import customers mine.csv --concurrency 1");
    with_key_pair(&mut command);
    work.run(command).exits(0);
    // One to look for companies, one to look what is there, one to send, and one for each span that a token is used.
    let most = 3 + (work.summary()["seconds"].as_f64().unwrap() / 2.0) as u64;
    assert!((2..=most).contains(&tokens(&server)), "{} of {most}", tokens(&server));
    assert!(server.state()["counts"]["by_endpoint"]["customers.create"]["401"].is_null());
}

#[test]
fn plain_http_to_another_machine_is_refused() {
    let work = Work::sample("customers.xlsx");
    for address in ["http://www.example.com", "http://192.0.2.1/api/v1", "http://localhost.example.com"] {
        let mut command = work.command(format!("import customers customers.xlsx --base-url {address}"));
        command.env("BW8_USER", "me@example.com").env("BW8_PASSWORD", CANARY);
        work.run(command).exits(2).says("https").never_says(CANARY);
    }
    assert!(work.runs().is_empty());
}

#[test]
fn a_password_in_the_address_is_refused_and_not_repeated() {
    let work = Work::sample("customers.xlsx");
    let address = format!("https://me:{CANARY}@www.example.com");
    let mut command = work.command("import customers customers.xlsx");
    command.env("BW8_BASE_URL", address).env("BW8_USER", "me@example.com").env("BW8_PASSWORD", "x");
    work.run(command).exits(2).never_says(CANARY);
}

#[test]
fn a_host_that_does_not_resolve_leaves_everything_for_later() {
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    let mut command = work.command("import customers mine.csv --base-url https://nowhere.invalid --rate 0 --wait 1");
    command.env("BW8_USER", "me@example.com").env("BW8_PASSWORD", CANARY);
    let ran = work.run(command);
    ran.exits_with_one_of(&[1, 5]);
    ran.says("next: bw8 import").never_says(CANARY);
    assert_rows(&work.summary(), "pending 3");
}

/// What the files and the output of a run hold must not hold the password, plain or as a header carries it.
#[track_caller]
fn assert_no_secret(work: &Work, ran: &Ran, secrets: &[&str]) {
    for secret in secrets {
        ran.never_says(secret);
        for (path, bytes) in work.all_files() {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {}", path.display());
        }
    }
}

#[test]
fn no_file_and_no_output_holds_a_secret() {
    let (work, server) =
        (Work::sample("customers-with-mistakes.xlsx"), Server::start("--fault 500,on=POST_users,nth=3"));
    let ran = work.on(&server, "import customers customers-with-mistakes.xlsx --verbose --format json");
    ran.exits(4);
    // demo@example.com:sandbox, sandbox-id:sandbox-secret
    assert_no_secret(&work, &ran, &["ZGVtb0BleGFtcGxlLmNvbTpzYW5kYm94"]);
    let mut command = work.command_on(
        &server,
        "import customers customers-with-mistakes.xlsx --fresh --verbose --other-account --keep-going",
    );
    with_key_pair(&mut command);
    let ran = work.run(command);
    ran.exits(3);
    assert_no_secret(&work, &ran, &["sandbox-secret", "c2FuZGJveC1pZDpzYW5kYm94LXNlY3JldA==", "Bearer"]);
}

/// A server that answers every request with a refusal that repeats what was in the request's head.
fn echoing_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut buffer = [0; 65536];
                while let Ok(read @ 1..) = std::io::Read::read(&mut stream, &mut buffer) {
                    let request = String::from_utf8_lossy(&buffer[..read]).replace(['\r', '\n', '"'], " ");
                    let body = format!(r#"{{"errcode":"7","errmsg":"bad request {request} of {CANARY}"}}"#);
                    let head = format!("HTTP/1.1 422 no\r\nContent-Length: {}\r\n\r\n", body.len());
                    if std::io::Write::write_all(&mut stream, (head + &body).as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

#[test]
fn a_secret_that_the_server_repeats_goes_nowhere() {
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 3));
    let mut command = work.command("import customers mine.csv --rate 0 --verbose --keep-going");
    command.env("BW8_BASE_URL", echoing_server()).env("BW8_USER", "me@example.com").env("BW8_PASSWORD", CANARY);
    let ran = work.run(command);
    ran.exits(3);
    let header = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("me@example.com:{CANARY}"));
    assert_no_secret(&work, &ran, &[CANARY, &header]);
}

#[test]
fn a_secret_cell_that_the_server_repeats_goes_nowhere() {
    let work = Work::new();
    let mut table = Table::of(&["companyName", "servicepassword"]);
    table.push(&["示例公司", CANARY]);
    work.write_table("mine.csv", &table);
    let mut command = work.command("import companies mine.csv --rate 0 --verbose");
    command.env("BW8_BASE_URL", echoing_server()).env("BW8_USER", "me@example.com").env("BW8_PASSWORD", "sandbox");
    let ran = work.run(command);
    ran.exits(3).says("•••");
    std::fs::remove_file(work.path("mine.csv")).unwrap();
    // The fixed file is the user's own rows, cells and all.
    std::fs::remove_file(work.run_folder().join("failed.csv")).unwrap();
    assert_no_secret(&work, &ran, &[CANARY]);
}

/// A server that answers with this page, in which `{head}` is what it was asked and `{cell}` the secret cell.
fn page_server(page: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 65536];
            let Ok(read @ 1..) = std::io::Read::read(&mut stream, &mut buffer) else { continue };
            let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
            let head = request.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n", " ");
            let page = page.replace("{head}", &head);
            let _ = std::io::Write::write_all(&mut stream, page.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn no_form_of_a_repeated_secret_is_shown() {
    let pages = [
        // Cut in the middle when it is shortened.
        "HTTP/1.1 400 no\r\nConnection: close\r\n\r\n<p>{head}</p> xxxxxxxxxxxxxxxxxxxxxxxx Geheim <b> 7391  acht",
        "HTTP/1.1 400 no\r\nConnection: close\r\n\r\nbad Geheim <b> 7391  acht",
        "HTTP/1.1 302 no\r\nLocation: /login?was=Geheim+%3Cb%3E+7391++acht\r\nConnection: close\r\n\r\n",
    ];
    let password = format!("{CANARY}-{CANARY}-{CANARY}-{CANARY}-{CANARY}");
    let pair = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("me@example.com:{password}"));
    for page in pages {
        let work = Work::new();
        let mut table = Table::of(&["companyName", "servicepassword"]);
        table.push(&["示例公司", "Geheim <b> 7391  acht"]);
        work.write_table("mine.csv", &table);
        let mut command = work.command("import companies mine.csv --rate 0 --verbose");
        command.env("BW8_BASE_URL", page_server(page)).env("BW8_USER", "me@example.com").env("BW8_PASSWORD", &password);
        let ran = work.run(command);
        ran.exits_with_one_of(&[1, 3]);
        for secret in [&pair[..40], CANARY, "7391"] {
            ran.never_says(secret);
        }
    }
}

#[test]
fn a_secret_cell_that_is_wrong_is_not_repeated() {
    let work = Work::with("api.toml", "[[companies.fields]]\nname = \"servicepassword\"\nmax = 9\n");
    let mut table = Table::of(&["companyName", "servicepassword"]);
    table.push(&["示例公司", CANARY]);
    work.write_table("mine.csv", &table);
    let ran = work.bw8("check companies mine.csv --verbose");
    ran.exits(3).says("servicepassword").says("•••").never_says(CANARY);
    assert!(!work.read("mine.issues.csv").contains(CANARY));
}

#[test]
fn a_certificate_nobody_vouches_for_is_refused_before_the_login_is_sent() {
    for host in ["localhost", "elsewhere.example.com"] {
        let (work, tls) = (Work::new(), Tls::start(host));
        work.write_table("mine.csv", &customers(1, 1));
        work.write("root.pem", &tls.certificate);
        let address = format!("--base-url https://localhost:{} --rate 0", tls.address.port());
        let import = |more: &str| {
            let mut command = work.command(format!("import customers mine.csv {address} {more}"));
            command.env("BW8_USER", "me@example.com").env("BW8_PASSWORD", CANARY);
            work.run(command)
        };
        let ran = import("");
        ran.exits(1).says("certificate").says("--ca-cert").never_says(CANARY);
        assert_eq!(tls.requests(), 0);
        let ran = import("--ca-cert root.pem");
        if host == "localhost" {
            ran.exits(3).says("7 no");
        } else {
            ran.exits(1).says("certificate");
            assert_eq!(tls.requests(), 0, "{ran}");
        }
    }
}

#[test]
fn a_certificate_file_that_is_none_is_refused() {
    let work = Work::with("root.pem", "no certificate");
    work.write_table("mine.csv", &customers(1, 1));
    let mut command = work.command("import customers mine.csv --ca-cert root.pem");
    command.env("BW8_USER", "me@example.com").env("BW8_PASSWORD", CANARY);
    work.run(command).exits(2).says("root.pem");
}

#[test]
fn a_secret_whose_backslash_was_read_as_an_escape_is_not_shown() {
    // Written into the answer as it is, which is known of the service; what is read there is another text.
    let page = "HTTP/1.1 400 no\r\nConnection: close\r\n\r\n{\"errcode\":\"7\",\"errmsg\":\"bad Geheim\\n7391-acht\"}";
    let work = Work::new();
    let mut table = Table::of(&["companyName", "servicepassword"]);
    table.push(&["示例公司", "Geheim\\n7391-acht"]);
    work.write_table("mine.csv", &table);
    let mut command = work.command("import companies mine.csv --rate 0 --verbose");
    command.env("BW8_BASE_URL", page_server(page)).env("BW8_USER", "me@example.com").env("BW8_PASSWORD", CANARY);
    let ran = work.run(command);
    ran.exits(3).says("7 bad •••").never_says("7391");
}

#[test]
fn a_secret_that_stands_in_json_in_a_page_is_not_shown() {
    let page = "HTTP/1.1 400 no\r\nConnection: close\r\n\r\n<html><body><pre>{&quot;was&quot;:&quot;Geheim \\&quot;7391\\&quot;                 \\u5bc6\\u7801&quot;}</pre></body></html>";
    let work = Work::new();
    let mut table = Table::of(&["companyName", "servicepassword"]);
    table.push(&["示例公司", "Geheim \"7391\" 密码"]);
    work.write_table("mine.csv", &table);
    let mut command =
        work.command("import companies mine.csv --rate 0 --verbose --log talk.log --log-bodies --no-canary");
    command.env("BW8_BASE_URL", page_server(page)).env("BW8_USER", "me@example.com").env("BW8_PASSWORD", CANARY);
    let ran = work.run(command);
    ran.exits_with_one_of(&[1, 3]);
    ran.says("•••").never_says("7391").never_says("5bc6");
    for (path, content) in work.all_files() {
        let name = path.file_name().unwrap().to_string_lossy();
        // The user's own rows, and what is kept of them.
        let is_own = name == "mine.csv" || name.starts_with("failed.") || name.starts_with("journal.");
        let text = String::from_utf8_lossy(&content);
        assert!(is_own || !text.contains("7391") && !text.contains("5bc6"), "{}", path.display());
    }
}
