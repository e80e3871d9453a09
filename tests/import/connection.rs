//! What stands between the program and its service: one message and one way on for each cause.

use std::io::{Read, Write};
use std::net::TcpListener;

use rcgen::{BasicConstraints, CertificateParams, IsCa};

use crate::harness::*;

const PASSWORD: &str = "canary-Geheim-7391";

/// An import of one row into this address, with these words more.
fn import(work: &Work, address: &str, more: &str, environment: &[(&str, &str)]) -> Ran {
    work.write_table("mine.csv", &customers(1, 1));
    let mut command = work.command(format!("import customers mine.csv --base-url {address} --rate 0 --wait 0 {more}"));
    command.env("BW8_USER", "me@example.com").env("BW8_PASSWORD", PASSWORD).envs(environment.iter().copied());
    work.run(command)
}

fn of_host(host: &str) -> CertificateParams {
    CertificateParams::new([host.to_owned()]).unwrap()
}

fn import_over_tls(tls: &Tls, file: &[u8]) -> Ran {
    let work = Work::with("host.crt", file);
    import(&work, &format!("https://localhost:{}", tls.address.port()), "--ca-cert host.crt", &[])
}

#[test]
fn a_certificate_that_is_named_itself_is_trusted_whether_it_is_an_authority_or_not() {
    let mut authority = of_host("localhost");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for parameters in [authority, of_host("localhost")] {
        let tls = Tls::with(parameters);
        import_over_tls(&tls, tls.certificate.as_bytes()).exits(3).says("7 no");
        // As programs on Windows write it.
        let text: String = tls.certificate.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).unwrap();
        import_over_tls(&tls, &bytes).exits(3).says("7 no");
    }
}

#[test]
fn an_authority_that_is_not_named_is_told_so_without_a_circle() {
    let mut authority = of_host("localhost");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (tls, other) = (Tls::with(authority.clone()), Tls::with(authority));
    let ran = import_over_tls(&tls, other.certificate.as_bytes());
    ran.exits(1).says("localhost").says("The login was not sent");
    assert_eq!(tls.requests(), 0);
}

#[test]
fn a_named_certificate_is_still_looked_at() {
    let dated = |from: i32, until: i32| {
        let mut parameters = of_host("localhost");
        parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        parameters
    };
    for (parameters, said) in [
        (dated(2001, 2002), "ended on 2002-01-01"),
        (dated(2201, 2202), "valid from 2201-01-01"),
        (of_host("elsewhere.example.com"), "is for another name: elsewhere.example.com"),
    ] {
        for is_authority in [false, true] {
            let mut parameters = parameters.clone();
            if is_authority {
                parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }
            let tls = Tls::with(parameters);
            let ran = import_over_tls(&tls, tls.certificate.as_bytes());
            ran.exits(1).says(said).says("The login was not sent").never_says("--ca-cert with");
            assert_eq!(tls.requests(), 0, "{ran}");
        }
    }
}

#[test]
fn a_file_of_another_kind_is_no_certificate() {
    for file in [b"no certificate".as_slice(), b"\x30\x82\x01\x00 and something else", b""] {
        let tls = Tls::start("localhost");
        import_over_tls(&tls, file).exits(2).says("host.crt").says("PEM");
        assert_eq!(tls.requests(), 0);
    }
}

#[test]
fn a_port_that_does_not_speak_https_is_named_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let ran = import(&Work::new(), &format!("https://{address}"), "", &[]);
    ran.exits(1).says("does not speak https").says("check the port").never_says(PASSWORD);
}

#[test]
fn a_proxy_setting_that_cannot_be_read_is_never_passed_by() {
    let tls = Tls::start("localhost");
    let address = format!("https://localhost:{}", tls.address.port());
    for (name, value) in [
        ("ALL_PROXY", "socks://127.0.0.1:1/"),
        ("HTTPS_PROXY", "http：//127.0.0.1:1"),
        ("https_proxy", "http://127.0.0.1:port"),
        ("HTTPS_PROXY", "http://EXAMPLE\\me:canary-Geheim-7391@127.0.0.1:1"),
        ("HTTPS_PROXY", "http://me:canary-Geheim@7391@127.0.0.1:1"),
    ] {
        let ran = import(&Work::with("root.pem", &tls.certificate), &address, "--ca-cert root.pem", &[(name, value)]);
        // Names of variables have no case there.
        let name = if cfg!(windows) { name.to_uppercase() } else { name.to_owned() };
        ran.exits(2).says(&name).says(if value.contains('@') { "%5C" } else { "NO_PROXY" }).never_says(PASSWORD);
        assert_eq!(tls.requests(), 0, "{ran}");
    }
    // What is plainly meant is used; nobody listens there, which is the proxy's fault and not the service's.
    let settings = [("HTTPS_PROXY", " http://127.0.0.1:1 ")];
    let ran = import(&Work::with("root.pem", &tls.certificate), &address, "--ca-cert root.pem", &settings);
    ran.exits(1).says("by the proxy http://127.0.0.1:1 (HTTPS_PROXY): the connection was refused");
    assert_eq!(tls.requests(), 0, "{ran}");
}

/// A proxy that says this to everybody.
fn proxy_that_says(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://me:{PASSWORD}@{address}")
}

#[test]
fn a_proxy_that_refuses_is_named_with_what_it_wants() {
    let wanting = "HTTP/1.1 407 no\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n";
    let refusing = "HTTP/1.1 403 no\r\nContent-Length: 0\r\n\r\n";
    for (answer, has_login, said, hint) in [
        (wanting, false, "wants a login", "write user and password into the address"),
        // Who has written them there is not told to do so.
        (wanting, true, "does not take the login", "Windows logins only (NTLM, Negotiate)"),
        (refusing, true, "does not let the connection through", "let this host through"),
        (refusing, false, "does not let the connection through", "NO_PROXY"),
    ] {
        let mut proxy = proxy_that_says(answer);
        if !has_login {
            proxy = proxy.replace(&format!("me:{PASSWORD}@"), "");
        }
        let ran = import(&Work::new(), "https://service.example.com", "", &[("HTTPS_PROXY", &proxy)]);
        ran.exits(1).says(said).says(hint).says("(HTTPS_PROXY)").never_says(PASSWORD);
        ran.never_says("check the address and the network");
    }
    let ran =
        import(&Work::new(), "https://service.example.com", "--lang zh", &[("HTTPS_PROXY", &proxy_that_says(wanting))]);
    ran.exits(1).says("（来自 HTTPS_PROXY）").says("域登录").never_says("请在代理地址中写上");
}

#[test]
fn an_exception_may_name_a_port() {
    let tls = Tls::start("localhost");
    let port = tls.address.port();
    let with = |exceptions: &str| {
        let settings = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", exceptions)];
        let work = Work::with("root.pem", &tls.certificate);
        import(&work, &format!("https://localhost:{port}"), "--ca-cert root.pem", &settings)
    };
    with(&format!("localhost:{port}")).exits(3).says("7 no");
    with("localhost:1").exits(1).says("by the proxy");
}

#[test]
fn the_page_of_a_firewall_is_a_failed_row_and_no_missing_permission() {
    let service = Service::start(|request| match request.method.as_str() {
        "POST" if request.body.contains("13100000001") => {
            (403, "<!DOCTYPE html><html><body>Request blocked. Incident 7391</body></html>".to_owned())
        }
        "POST" => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 3));
    let ran = work.bw8("import customers mine.csv --rate 0 --no-canary --keep-going --concurrency 1");
    ran.exits(3).says("Request blocked").never_says("permission");
    assert_rows(&work.summary(), "created 2, failed 1");
}

#[test]
fn a_first_row_that_may_not_be_read_back_does_not_cost_another_one_at_each_try() {
    let service = Service::start(|request| match request.method.as_str() {
        "POST" => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
        _ => (403, "{\"errcode\":\"403\",\"errmsg\":\"no permission\"}".to_owned()),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 3));
    work.bw8("import customers mine.csv --rate 0").exits(0).says("cannot be read back").says("no permission");
    assert_rows(&work.summary(), "created 3");
}

#[test]
fn a_service_that_is_slower_than_the_limit_is_told_from_one_that_is_gone() {
    let (work, server) = (Work::new(), Server::start("--fault stall,on=POST_users --fault stall,on=GET_users"));
    work.write_table("mine.csv", &customers(1, 5));
    let ran = work.on(&server, "import customers mine.csv --timeout 1 --wait 0 --no-canary --concurrency 1");
    ran.exits(5).says("no answer within 1 seconds (--timeout)").says("--timeout 120");
    // The first write of a command goes alone.
    assert_rows(&work.summary(), "unknown 1, pending 4");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once_and_kept() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("plain.csv", &customers(1, 3));
    let made = std::process::Command::new("mkfifo").arg(work.path("pipe.csv")).status().unwrap();
    assert!(made.success());
    for command in ["inspect pipe.csv", "map customers pipe.csv"] {
        let child = work.start(work.command(command));
        std::fs::write(work.path("pipe.csv"), work.read("plain.csv")).unwrap();
        child.ended().exits(0);
    }
    let child = work.start(work.command_on(&server, "import customers pipe.csv"));
    std::fs::copy(work.path("plain.csv"), work.path("copy.csv")).unwrap();
    std::fs::write(work.path("pipe.csv"), work.read("plain.csv")).unwrap();
    child.ended().exits(0);
    assert_rows(&work.summary(), "created 3");
    // The same rows again are known.
    let child = work.start(work.command_on(&server, "import customers pipe.csv"));
    std::fs::write(work.path("pipe.csv"), work.read("plain.csv")).unwrap();
    child.ended().exits(0).says("done before");
    assert_eq!(server.requests_to("customers.create"), 3);
}

#[test]
fn a_certificate_is_read_as_windows_and_mails_write_it() {
    let tls = Tls::start("localhost");
    let pem = &tls.certificate;
    let units = |text: &str| -> Vec<u16> { text.encode_utf16().collect() };
    let of_windows = pem.replace('\n', "\r\n");
    let files = [
        format!("\u{feff}{of_windows}").into_bytes(),
        units(&format!("\u{feff}{of_windows}")).into_iter().flat_map(u16::to_le_bytes).collect(),
        units(&format!("\u{feff}{pem}")).into_iter().flat_map(u16::to_be_bytes).collect(),
        units(pem).into_iter().flat_map(u16::to_le_bytes).collect(),
        pem.lines().map(|line| format!("  \t{line} \n")).collect::<String>().into_bytes(),
        format!("subject=CN = localhost\n{pem}").into_bytes(),
    ];
    for (number, file) in files.iter().enumerate() {
        import_over_tls(&tls, file).exits(3).says("7 no");
        assert!(tls.requests() > number);
    }
}

#[test]
fn a_port_for_https_that_is_spoken_to_in_http_is_suspected_and_no_row_is_in_doubt() {
    let tls = Tls::start("localhost");
    let address = format!("http://localhost:{}", tls.address.port());
    let said = format!("https://localhost:{}", tls.address.port());
    let work = Work::new();
    import(&work, &address, "--no-canary", &[]).exits(1).says(&said);
    assert_rows(&work.summary(), "pending 1");
    let mut command = work.command(format!("export customers -o out.csv --wait 0 --base-url {address}"));
    command.env("BW8_USER", "me@example.com").env("BW8_PASSWORD", PASSWORD);
    work.run(command).exits(1).says(&said);
}

#[cfg(unix)]
#[test]
fn a_pipe_where_a_file_is_needed_more_than_once_is_refused_at_once() {
    let (work, server) = (Work::new(), Server::start("--fault 422,on=POST_users,nth=2"));
    work.write_table("plain.csv", &customers(1, 3));
    work.on(&server, "import customers plain.csv --no-canary --keep-going").exits(3);
    assert!(std::process::Command::new("mkfifo").arg(work.path("pipe.csv")).status().unwrap().success());
    // Nobody ever writes to it.
    for command in [
        "retry pipe.csv",
        "check customers plain.csv --mapping pipe.csv",
        "import customers plain.csv --decisions pipe.csv --fresh",
    ] {
        work.on(&server, command).exits(2).says("pipe.csv is standard input or a pipe").says("into a file first");
    }
    let child = work.start(work.command("inspect pipe.csv"));
    std::fs::write(work.path("pipe.csv"), work.read("plain.csv")).unwrap();
    child.ended().exits(0).says("bw8 check customers pipe.csv");
}

#[test]
fn standard_input_is_no_file_to_retry() {
    let work = Work::new();
    let ran = work.run_with(work.command("retry - --sandbox"), "姓名,手机\n示例甲,13000000001\n");
    ran.exits(2).says("- is standard input or a pipe").says("into a file first");
    let ran = work.run_with(work.command("inspect -"), "姓名,手机\n示例甲,13000000001\n");
    ran.exits(0).says("bw8 check customers -\n");
}
