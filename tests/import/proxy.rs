//! The way to the service through a proxy.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use crate::harness::*;

const HOST: &str = "service.example.com";
const PASSWORD: &str = "proxy-Geheim-2604";

/// A proxy that connects everyone to one server, and tells what it was asked for.
struct Proxy {
    address: SocketAddr,
    asked: Receiver<String>,
}

impl Proxy {
    fn start(server: SocketAddr, greet: fn(&mut TcpStream) -> String) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = channel();
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let _ = tell.send(greet(&mut client));
                let server = TcpStream::connect(server).unwrap();
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                std::thread::spawn(move || std::io::copy(&mut &server, &mut client));
            }
        });
        Proxy { address, asked }
    }
}

/// The head of a CONNECT request.
fn http(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    String::from_utf8(head).unwrap()
}

/// The login and the host of a SOCKS5 request (RFC 1928, RFC 1929).
fn socks(client: &mut TcpStream) -> String {
    let mut take = |count: usize, answer: &[u8]| {
        let mut bytes = vec![0; count];
        client.read_exact(&mut bytes).unwrap();
        client.write_all(answer).unwrap();
        bytes
    };
    let methods = usize::from(take(2, b"")[1]);
    take(methods, &[5, 2]);
    let name = usize::from(take(2, b"")[1]);
    let name = take(name, b"");
    let password = usize::from(take(1, b"")[0]);
    let password = take(password, &[1, 0]);
    let host = usize::from(take(5, b"")[4]);
    let host = take(host, b"");
    take(2, &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]);
    [name, password, host].map(|part| String::from_utf8(part).unwrap()).join(" ")
}

fn import(proxy: &str, tls: &Tls) -> (Work, Ran) {
    import_with(HOST, tls, &[("HTTPS_PROXY", proxy)])
}

/// An import into a host, with what the environment says of proxies.
fn import_with(host: &str, tls: &Tls, environment: &[(&str, &str)]) -> (Work, Ran) {
    let work = Work::new();
    work.write_table("mine.csv", &customers(1, 1));
    work.write("root.pem", &tls.certificate);
    let mut command = work.command(format!(
        "import customers mine.csv --base-url https://{host} --ca-cert root.pem --rate 0 --timeout 5"
    ));
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env("BW8_USER", "me@example.com").env("BW8_PASSWORD", "secret").envs(environment.iter().copied());
    let ran = work.run(command);
    (work, ran)
}

#[test]
fn a_proxy_of_the_system_is_used_and_its_password_is_told_to_nobody() {
    let tls = Tls::start(HOST);
    let proxy = Proxy::start(tls.address, http);
    let (_work, ran) = import(&format!("http://me:{PASSWORD}@{}", proxy.address), &tls);
    ran.exits(3).says("7 no").never_says(PASSWORD);
    let asked = proxy.asked.recv().unwrap().to_lowercase();
    assert!(asked.starts_with(&format!("connect {HOST}:443 ")), "{asked}");
    assert!(asked.contains("proxy-authorization: basic "), "{asked}");
    assert!(!asked.contains("\r\nauthorization:"), "the service's login is not the proxy's business: {asked}");
    assert!(tls.requests() > 0);
}

#[test]
fn an_address_of_ipv6_is_not_reached_through_a_proxy_and_the_proxy_is_not_to_blame() {
    let tls = Tls::start(HOST);
    let proxy = Proxy::start(tls.address, http);
    let address = format!("http://{}", proxy.address);
    for host in ["[2001:db8::1]", "[2001:db8::1]:8443"] {
        let (_work, ran) = import_with(host, &tls, &[("HTTPS_PROXY", &address)]);
        ran.exits(1).says("no way to an address of IPv6").says("by its name").never_says("tried again");
    }
    assert_eq!(tls.requests(), 0);
}

#[test]
fn a_socks_proxy_is_used() {
    let tls = Tls::start(HOST);
    let proxy = Proxy::start(tls.address, socks);
    let (_work, ran) = import(&format!("socks5h://me:{PASSWORD}@{}", proxy.address), &tls);
    ran.exits(3).says("7 no").never_says(PASSWORD);
    assert_eq!(proxy.asked.recv().unwrap(), format!("me {PASSWORD} {HOST}"));
}

#[test]
fn a_proxy_of_another_kind_is_refused() {
    let tls = Tls::start(HOST);
    let (_work, ran) = import(&format!("https://me:{PASSWORD}@127.0.0.1:9"), &tls);
    ran.exits(2).says("proxy").says("HTTPS_PROXY").never_says(PASSWORD);
    assert_eq!(tls.requests(), 0);
}

#[test]
fn the_password_of_a_socks_proxy_is_told_as_it_is() {
    let tls = Tls::start(HOST);
    let proxy = Proxy::start(tls.address, socks);
    let (_work, ran) = import(&format!("socks5h://me:50%25%2541%20@{}", proxy.address), &tls);
    ran.exits(3).says("7 no");
    assert_eq!(proxy.asked.recv().unwrap(), format!("me 50%%41  {HOST}"));
}

#[test]
fn a_proxy_may_be_named_in_small_letters_or_for_everything() {
    for name in ["https_proxy", "ALL_PROXY", "all_proxy"] {
        let tls = Tls::start(HOST);
        let proxy = Proxy::start(tls.address, http);
        let address = format!("http://{}", proxy.address);
        let (_work, ran) = import_with(HOST, &tls, &[(name, &address)]);
        ran.exits(3).says("7 no");
        assert!(proxy.asked.recv().unwrap().starts_with("CONNECT "), "{name}");
    }
}

#[test]
fn a_host_that_needs_no_proxy_is_asked_directly() {
    let tls = Tls::start("localhost");
    let host = format!("localhost:{}", tls.address.port());
    for exception in ["localhost", "example.com, LOCALHOST", "*"] {
        let (_work, ran) = import_with(&host, &tls, &[("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", exception)]);
        ran.exits(3).says("7 no");
    }
}

#[test]
fn this_machine_is_never_asked_through_a_proxy() {
    let (work, server) = (Work::new(), Server::start(""));
    work.write_table("mine.csv", &customers(1, 1));
    let mut command = work.command_on(&server, "import customers mine.csv");
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:9");
    }
    work.run(command).exits(0);
    assert_rows(&work.summary(), "created 1");
}

#[test]
fn a_port_that_is_none_is_told_as_such() {
    let work = Work::at("https://service.example.com");
    for (lang, said, hint) in [
        ("en", "HTTPS_PROXY cannot be read as the address of a proxy", "a number from 1 to 65535"),
        ("zh", "HTTPS_PROXY 不是有效的代理地址", "1 到 65535 之间的数字"),
    ] {
        let mut command = work.command(format!("export customers -o out.csv --wait 0 --lang {lang}"));
        command.env("HTTPS_PROXY", "http://127.0.0.1:99999").env_remove("NO_PROXY").env_remove("no_proxy");
        work.run(command).exits(2).says(said).says(hint).never_says("socks5h");
    }
}
