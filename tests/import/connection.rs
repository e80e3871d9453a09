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
fn a_first_row_whose_page_breaks_does_not_cost_another_one_at_each_try() {
    let page = "<html>please log in</html>";
    for (status, body, has_list) in
        [(200, page, true), (200, "", true), (503, "<html>busy</html>", true), (302, "", true), (200, page, false)]
    {
        let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("POST", _) => (201, format!("{{\"user\":{{\"cId\":\"{}\"}}}}", 50_000 + request.number)),
            (_, path) if path.starts_with("/users/5") => (status, body.to_owned()),
            (_, "/users.json") if has_list => (200, "{\"users\":[],\"count\":0}".to_owned()),
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        work.write_table("mine.csv", &customers(1, 2));
        work.bw8("import customers mine.csv --rate 0 --wait 1s").exits(0).says("cannot be read back");
        assert_rows(&work.summary(), "created 2");
    }
}

#[test]
fn the_page_of_a_firewall_is_read_in_the_encoding_of_the_mainland() {
    let (page, ..) = encoding_rs::GB18030.encode("<html><title>网站防火墙</title>请求被拦截</html>");
    let page = page.into_owned();
    let service = Service::start_with_bytes(move |request| match request.method.as_str() {
        "POST" => (403, page.clone()),
        _ => (404, Vec::new()),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 2));
    work.bw8("import customers mine.csv --rate 0 --no-canary --keep-going").exits(3).says("网站防火墙 请求被拦截");
}

#[test]
fn a_file_with_several_certificates_is_used_whatever_else_stands_in_it() {
    let tls = Tls::start("localhost");
    let odd = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
    let half = "-----BEGIN CERTIFICATE-----\nMII!!\n-----END CERTIFICATE-----\n";
    let bare: String = tls.certificate.lines().filter(|line| !line.starts_with('-')).collect();
    for file in [format!("{odd}{}", tls.certificate), format!("{half}{}", tls.certificate), bare] {
        let ran = import_over_tls(&tls, file.as_bytes());
        ran.exits(3).says("7 no");
    }
    for (file, said) in [
        (odd.to_owned(), "the certificate in it is damaged"),
        (rcgen::KeyPair::generate().unwrap().serialize_pem(), "it is a private key"),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nQUJD\n-----END CERTIFICATE REQUEST-----\n".to_owned(),
            "a request for a certificate",
        ),
        ("<html>log in first</html>".to_owned(), "it is a page"),
        (String::new(), "it is empty"),
    ] {
        let ran = import_over_tls(&tls, file.as_bytes());
        // Nothing else is said to fail of it.
        ran.exits(2).says(said).never_says("custom fields");
    }
}

#[test]
fn who_issued_a_certificate_is_named() {
    let mut parameters = of_host("localhost");
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "示例网关 CA");
    let (tls, other) = (Tls::with(parameters), Tls::start("localhost"));
    let address = format!("https://localhost:{}", tls.address.port());
    let ran = import(&Work::new(), &address, "", &[]);
    ran.exits(1).says("who issued the certificate").says("示例网关 CA").says("--ca-cert");
    // Who named a file is not told to name one.
    let ran = import(&Work::with("host.crt", &other.certificate), &address, "--ca-cert host.crt", &[]);
    ran.exits(1).says("does not hold the certificate of 示例网关 CA").says("whole chain");
    assert_eq!(tls.requests(), 0);
}

#[test]
fn a_certificate_for_other_uses_or_with_an_address_as_a_name_is_told_as_that() {
    let mut for_clients = of_host("localhost");
    for_clients.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let tls = Tls::with(for_clients);
    let ran = import_over_tls(&tls, tls.certificate.as_bytes());
    ran.exits(1).says("was not issued for servers").never_says("EkuError");

    let mut as_name = of_host("localhost");
    as_name.subject_alt_names = vec![rcgen::SanType::DnsName("127.0.0.1".try_into().unwrap())];
    let tls = Tls::with(as_name);
    let work = Work::with("host.crt", &tls.certificate);
    let ran = import(&work, &format!("https://{}", tls.address), "--ca-cert host.crt", &[]);
    ran.exits(1).says("IP:127.0.0.1 (not DNS:127.0.0.1)");

    let mut as_name = of_host("localhost");
    as_name.subject_alt_names = vec![rcgen::SanType::DnsName("::1".try_into().unwrap())];
    let tls = Tls::at("[::1]:0", as_name);
    let work = Work::with("host.crt", &tls.certificate);
    let ran = import(&work, &format!("https://{}", tls.address), "--ca-cert host.crt", &[]);
    ran.exits(1).says("IP:::1 (not DNS:::1)");

    let tls =
        Tls::with(CertificateParams::new((0..9).map(|n| format!("host{n}.example.com")).collect::<Vec<_>>()).unwrap());
    import_over_tls(&tls, tls.certificate.as_bytes())
        .exits(1)
        .says("host4.example.com … (9 in all)")
        .never_says("host5");
}

#[test]
fn a_proxy_that_does_not_get_through_is_told_by_its_answer() {
    for (answer, said, hint) in [
        ("HTTP/1.1 502 no\r\n\r\n", "did not get through to the host (HTTP 502)", "the proxy does not reach it now"),
        ("HTTP/1.1 503 no\r\n\r\n", "did not get through to the host (HTTP 503)", "the proxy does not reach it now"),
        ("HTTP/1.1 405 no\r\n\r\n<html>", "no proxy, or its login page (HTTP 405)", "the matter is the proxy"),
        (
            "HTTP/1.1 302 no\r\nLocation: /login\r\n\r\n",
            "no proxy, or its login page (HTTP 302)",
            "the matter is the proxy",
        ),
        ("SSH-2.0-example\r\n", "does not speak HTTP", "the matter is the proxy"),
    ] {
        let ran = import(&Work::new(), "https://service.example.com", "", &[("HTTPS_PROXY", &proxy_that_says(answer))]);
        ran.exits(1).says(said).says(hint).says("(HTTPS_PROXY)").never_says(PASSWORD);
    }
    // Nobody listens there.
    let ran = import(&Work::new(), "https://service.example.com", "", &[("HTTPS_PROXY", "http://127.0.0.1:1")]);
    ran.exits(1).says("whether it runs").never_says("check the address and the network");
    let ran = import(&Work::new(), "https://service.invalid", "", &[("HTTPS_PROXY", "socks5://127.0.0.1:1")]);
    ran.exits(1).says("socks5h://");
}

#[test]
fn settings_of_proxies_are_read_as_people_leave_them() {
    let host = "https://service.invalid";
    for value in ["\"http://127.0.0.1:1\"", "\u{200b}http://127.0.0.1:1"] {
        import(&Work::new(), host, "", &[("HTTPS_PROXY", value)]).exits(1).says("by the proxy http://127.0.0.1:1");
    }
    for (value, said) in [
        ("http://127.0.0.1:1/proxy.pac", "a script (PAC)"),
        ("DIRECT", "HTTPS_PROXY cannot be read"),
        // What stands before the slash is a part of the password.
        ("http://me:canary-Geheim-7391/x@127.0.0.1:1", "%2F"),
        ("http://me:canary-Geheim-7391#x@127.0.0.1:1", "%23"),
    ] {
        let ran = import(&Work::new(), host, "", &[("HTTPS_PROXY", value)]);
        ran.exits(2).says(said).never_says("canary").never_says("Geheim");
    }
    for exception in ["a.invalid，service.invalid", "https://service.invalid/", "a.invalid|service.invalid."] {
        let settings = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", exception)];
        import(&Work::new(), host, "", &settings)
            .exits(1)
            .says("no host called service.invalid")
            .never_says("proxy http");
    }
    // Only addresses without TLS go through it.
    import(&Work::new(), host, "", &[("HTTP_PROXY", "http://127.0.0.1:1")])
        .exits(1)
        .says("name it in HTTPS_PROXY, too");
}

#[test]
fn a_log_is_not_written_into_a_table() {
    let service = Service::start(|_| unknown());
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 1));
    let before = work.read("mine.csv");
    work.bw8("import customers mine.csv --log mine.csv").exits(2).says("mine.csv holds something else than a log");
    assert_eq!(work.read("mine.csv"), before);
    assert!(service.requests().is_empty());
    // A log of others, an empty file and one of ours are.
    work.write("jobs.log", "began\n");
    work.write("talk", "");
    for log in ["jobs.log", "talk", "talk", "new.csv"] {
        work.bw8(format!("import customers mine.csv --log {log}")).exits(1).never_says("something else");
        assert!(work.read(log).contains(" POST ") || work.read(log).contains(" GET "), "{log}");
    }
}

#[test]
fn what_a_refused_login_has_around_it_is_told() {
    let service = Service::start(|_| (401, "{\"errcode\":\"1\",\"errmsg\":\"wrong password\"}".to_owned()));
    for (password, said) in [
        ("secret ", "BW8_PASSWORD begins or ends"),
        ("\"secret\"", "BW8_PASSWORD begins or ends"),
        ("secret", "check BW8_USER and BW8_PASSWORD"),
    ] {
        let ran = import(&Work::new(), &service.base_url(), "", &[("BW8_PASSWORD", password)]);
        ran.exits(6).says(said).never_says("secret");
    }
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 1));
    let mut command = work.command(format!("import customers mine.csv --base-url {}", service.base_url()));
    command.env("BW8_USER", "me@example.com").env_remove("BW8_PASSWORD");
    work.run(command).exits(2).says("BW8_PASSWORD is missing");
}

#[test]
fn an_error_within_a_run_has_a_code_for_programs() {
    let service = Service::start(|request| match request.method.as_str() {
        "POST" => (401, "{\"errcode\":\"1\",\"errmsg\":\"wrong password\"}".to_owned()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    work.write_table("mine.csv", &customers(1, 1));
    let ran = work.bw8("import customers mine.csv --format json");
    let told = ran.exits(6).json();
    assert_eq!(
        (&told["error"]["code"], &told["error"]["kind"]),
        (&"api.login_rejected".into(), &"denied".into()),
        "{ran}"
    );
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

/// Nobody learns only on the real address that a file is none.
#[test]
fn a_certificate_that_is_no_file_is_told_whatever_the_address() {
    let work = Work::new();
    for address in ["http://127.0.0.1:1", "https://127.0.0.1:1"] {
        import(&work, address, "--ca-cert missing.pem", &[])
            .exits(2)
            .says("missing.pem")
            .says("check the path after --ca-cert");
    }
    work.write("mine.pem", "no certificate");
    import(&work, "http://127.0.0.1:1", "--ca-cert mine.pem", &[]).exits(2).says("mine.pem");
    work.bw8("import customers mine.csv --sandbox --ca-cert missing.pem --lang zh").exits(2).says("missing.pem");
    let tls = Tls::with(of_host("localhost"));
    work.write("good.pem", &tls.certificate);
    import(&work, "http://127.0.0.1:1", "--ca-cert good.pem", &[]).exits_with_one_of(&[1, 5]);
}

/// A device may be read for ever, in silence.
#[cfg(unix)]
#[test]
fn a_device_is_refused_by_name_and_pipes_are_not() {
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 1));
    for command in [
        "inspect /dev/zero",
        "check customers /dev/zero",
        "map customers /dev/zero",
        "import customers /dev/zero --sandbox",
        "retry /dev/zero --sandbox",
        "check customers mine.csv --mapping /dev/zero",
        "check customers mine.csv --api /dev/zero",
        "export customers -o out.csv --sandbox --ca-cert /dev/zero",
    ] {
        work.bw8(command).exits(2).says("/dev/zero is a device and no file").says("name an ordinary file");
        work.bw8(format!("{command} --lang zh")).exits(2).says("/dev/zero 是设备，不是文件").says("普通文件");
    }
    for name in ["-", "/dev/stdin"] {
        let mut command = work.command(format!("check customers {name}"));
        command.stdin(std::fs::File::open("/dev/zero").unwrap());
        work.run(command).exits(2).says("is a device and no file");
        // There is an end to nothing, to a file and to a pipe.
        work.bw8(format!("check customers {name}")).exits(2).says("is empty");
        let mut command = work.command(format!("check customers {name}"));
        command.stdin(std::fs::File::open(work.path("mine.csv")).unwrap());
        work.run(command).exits(0).says("1 row, nothing to fix");
        let ran = work.run_with(work.command(format!("check customers {name}")), work.read("mine.csv"));
        ran.exits(0).says("1 row, nothing to fix");
    }
    let mut shell = work.program("bash");
    shell.args(["-c", "\"$0\" check customers <(cat mine.csv)", env!("CARGO_BIN_EXE_bw8")]);
    work.run(shell).exits(0).says("1 row, nothing to fix");
}
