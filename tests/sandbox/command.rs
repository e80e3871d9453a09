//! The command and the server inside other commands.

use std::net::SocketAddr;

use bw8::entity::AccountMode;
use bw8::sandbox::{Assume, Options, Server, in_folder};
use serde_json::json;

use crate::harness::{self, Work};

#[test]
fn it_says_where_it_is_and_how_to_log_in() {
    let server = harness::Server::typed("--seed 1 --assume users.create");
    let said = server.said();
    let address: SocketAddr = said["address"].as_str().unwrap().parse().unwrap();
    assert_eq!(said["base_url"], format!("http://{address}/api/v1"));
    assert_eq!(said["basic"], json!({"user": "demo@example.com", "password": "sandbox"}));
    assert_eq!(said["oauth"], json!({"client_id": "sandbox-id", "client_secret": "sandbox-secret"}));
    assert_eq!(said["assumed"], json!(["customers.create"]));
}

#[test]
fn what_cannot_be_understood_is_refused_with_what_can() {
    for (arguments, code, words) in [
        (&["--listen", "0.0.0.0:0"][..], 2, "127.0.0.1"),
        (&["--listen", "127.0.0.1:0", "--fault", "explode"], 2, "close-after-store"),
        (&["--listen", "127.0.0.1:0", "--fault", "500,on="], 2, "on="),
        (&["--listen", "127.0.0.1:0", "--variant", "created=maybe"], 2, "insert-ok"),
        (&["--listen", "127.0.0.1:0", "--variant", "created"], 2, "name=value"),
        (&["--listen", "127.0.0.1:0", "--assume", "users.explode"], 2, "customers.create"),
        (&["--listen", "127.0.0.1:0", "--seed-size", "big"], 2, "customers=1000"),
        (&["--listen", "127.0.0.1:0", "--data", "no/such/folder/x.db"], 1, "no/such/folder/x.db"),
    ] {
        let ran = Work::new().bw8([&["sandbox"], arguments].concat());
        ran.exits(code).says(words);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_in_order() {
    let running = harness::Server::typed("").into_running();
    running.signal("INT");
    running.ended().exits(0);
}

#[test]
fn records_in_a_folder_survive_from_one_command_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let count = |server: &Server| {
        let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
        let key = server.page().split_once("key=").unwrap().1;
        let head = format!("GET /sandbox/state.json?key={key} HTTP/1.1\n");
        super::host::exchange(&mut stream, &head, b"").json()["stored"]["customers"].as_u64().unwrap()
    };
    let server = in_folder(folder.path(), AccountMode::Business).unwrap();
    assert_eq!(count(&server), 60);
    assert!(server.assumed().contains(&"customers.create".to_owned()));
    assert!(!server.assumed().contains(&"customers.delete".to_owned()));
    let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /api/v1/users.json HTTP/1.1\nAuthorization: {}\nContent-Type: application/json\n",
        super::host::MAIN
    );
    let created =
        super::host::exchange(&mut stream, &head, br#"{"user":{"mobile":"13100000001","companyId":"20001"}}"#);
    assert_eq!(created.status, 200);
    // The file belongs to one server at a time.
    let error = in_folder(folder.path(), AccountMode::Business).unwrap_err();
    assert!(error.hint_text().is_some(), "{error}");
    server.stop();
    let again = in_folder(folder.path(), AccountMode::Business).unwrap();
    assert_eq!(count(&again), 61);
    assert!(folder.path().join(".bw8/sandbox.db").exists());
}

#[test]
fn the_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let before = std::fs::read(&file).unwrap();
    let error = Server::start(Options { data: Some(file.clone()), ..Options::default() }).unwrap_err();
    assert!(error.message().contains("other.db"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let text = folder.path().join("text.db");
    std::fs::write(&text, "no database at all, but long enough to be looked at as one by its first bytes").unwrap();
    assert!(Server::start(Options { data: Some(text), ..Options::default() }).is_err());
}

#[test]
fn a_server_ends_when_it_is_dropped() {
    let server = Server::start(Options { assume: Assume::All, ..Options::default() }).unwrap();
    let (address, page) = (server.address(), server.page().to_owned());
    let head = format!("GET {} HTTP/1.1\n", page.trim_start_matches(&format!("http://{address}")));
    let ask = || match std::net::TcpStream::connect(address) {
        Ok(mut stream) => {
            stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
            super::host::exchange(&mut stream, &head, b"").status
        }
        Err(_) => 0,
    };
    assert_eq!(ask(), 200);
    drop(server);
    // Its door may still be seen to open: a child of another test that is being started holds it for a moment.
    assert_ne!(ask(), 200);
}

#[test]
fn the_page_for_people_shows_what_is_stored_and_which_switches_are_on() {
    let host = super::host::Host::with(|options| {
        options.variants.set("created", "insert-ok").unwrap();
        options.faults = vec!["503,on=POST tickets,nth=3".parse().unwrap()];
    });
    let headers = format!("Authorization: {}\nRequestid: <script>\n", super::host::MAIN);
    host.ask_with("GET", "/users.json", &headers, None);
    let page = host.raw("GET / HTTP/1.1\n", b"");
    let text = page.text();
    assert_eq!(page.status, 200);
    for words in ["insert-ok", "503,on=POST tickets,nth=3", "users.json", "demo@example.com"] {
        assert!(text.contains(words), "{words}");
    }
    assert!(!text.contains("<script>"));
}

#[test]
fn pages_of_the_web_cannot_read_what_is_rehearsed() {
    let host = super::host::Host::new();
    let ask = |head: &str| {
        let mut stream = std::net::TcpStream::connect(host.address()).unwrap();
        super::host::exchange(&mut stream, head, b"")
    };
    let key = host.key();
    for path in ["/".to_owned(), "/sandbox/state.json".to_owned(), "/sandbox/state.json?key=other".to_owned()] {
        assert_eq!(ask(&format!("GET {path} HTTP/1.1\nHost: localhost\n")).status, 403, "{path}");
    }
    for name in ["localhost:80", "127.0.0.1", "[::1]:8080", "LOCALHOST"] {
        assert_eq!(ask(&format!("GET /?key={key} HTTP/1.1\nHost: {name}\n")).status, 200, "{name}");
    }
    for name in ["rebound.example.com", "localhost.example.com", "127.0.0.1.example.com:80", "192.0.2.1"] {
        let main = super::host::MAIN;
        for head in [
            format!("GET /?key={key} HTTP/1.1\nHost: {name}\n"),
            format!("GET /api/v1/users.json HTTP/1.1\nHost: {name}\nAuthorization: {main}\n"),
        ] {
            assert_eq!(ask(&head).status, 421, "{name}");
        }
    }
}
