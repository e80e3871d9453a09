//! A server for one test, and a client as plain as it gets: one connection, bytes out, bytes in.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bw8::sandbox::{Assume, Options, Server};
use serde_json::Value;

/// `demo@example.com:sandbox`, the main account.
pub const MAIN: &str = "Basic ZGVtb0BleGFtcGxlLmNvbTpzYW5kYm94";
/// `agent01@example.com:sandbox`, an agent without further rights.
pub const AGENT: &str = "Basic YWdlbnQwMUBleGFtcGxlLmNvbTpzYW5kYm94";
/// `sandbox-id:sandbox-secret`, the key pair.
pub const KEY_PAIR: &str = "Basic c2FuZGJveC1pZDpzYW5kYm94LXNlY3JldA==";

/// A server for one test.
pub struct Host {
    server: Server,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status; 0 when no whole head came.
    pub status: u16,
    /// Headers with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body as far as it came.
    pub body: Vec<u8>,
    /// Whether the body is as long as was said.
    pub is_whole: bool,
    /// How the connection ended, when not in order.
    pub error: Option<ErrorKind>,
}

impl Reply {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Host {
    /// Seed 1 in memory, all assumed endpoints on, and whatever `change` makes of that.
    pub fn with(change: impl FnOnce(&mut Options)) -> Host {
        let mut options = Options { seed: Some(1), assume: Assume::All, ..Options::default() };
        change(&mut options);
        Host { server: Server::start(options).unwrap() }
    }

    /// The usual server.
    pub fn new() -> Host {
        Host::with(|_| {})
    }

    /// With these `name=value` switches.
    pub fn variant(switches: &[&str]) -> Host {
        Host::with(|options| {
            for switch in switches {
                let (name, value) = switch.split_once('=').unwrap();
                options.variants.set(name, value).unwrap();
            }
        })
    }

    /// With these faults.
    pub fn faulty(faults: &[&str]) -> Host {
        Host::with(|options| options.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect())
    }

    /// A new connection to it.
    pub fn connect(&self) -> Result<TcpStream, ErrorKind> {
        let stream = TcpStream::connect(self.server.address()).map_err(|error| error.kind())?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Ok(stream)
    }

    /// Sends one request as it is written, `\n` standing for the line end, and reads what comes.
    pub fn raw(&self, head: &str, body: &[u8]) -> Reply {
        // Its page and its state open with a key.
        let key = self.key();
        let head = &head
            .replacen("GET / HTTP", &format!("GET /?key={key} HTTP"), 1)
            .replacen("/sandbox/state.json?", &format!("/sandbox/state.json?key={key}&"), 1)
            .replacen("/sandbox/state.json HTTP", &format!("/sandbox/state.json?key={key} HTTP"), 1);
        match self.connect() {
            Ok(mut stream) => exchange(&mut stream, head, body),
            Err(error) => no_answer(error),
        }
    }

    /// A request of the main account; `path` is under the base address.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.ask_with(method, path, &format!("Authorization: {MAIN}\n"), body)
    }

    /// The same with other header lines.
    pub fn ask_with(&self, method: &str, path: &str, headers: &str, body: Option<&Value>) -> Reply {
        let kind = if body.is_some() { "Content-Type: application/json\n" } else { "" };
        let body = body.map(Value::to_string).unwrap_or_default();
        let path = path.replace(' ', "%20");
        self.raw(&format!("{method} /api/v1{path} HTTP/1.1\n{headers}{kind}"), body.as_bytes())
    }

    /// GET.
    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None)
    }

    /// POST.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, Some(body))
    }

    /// PUT.
    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.ask("PUT", path, Some(body))
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Reply {
        self.ask("DELETE", path, None)
    }

    /// What opens its page.
    pub fn key(&self) -> &str {
        self.server.page().split_once("key=").unwrap().1
    }

    /// The address of the server.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// What the server says of itself.
    pub fn state(&self) -> Value {
        self.raw("GET /sandbox/state.json HTTP/1.1\n", b"").json()
    }

    /// How many records of an entity are stored.
    pub fn stored(&self, entity: &str) -> u64 {
        self.state()["stored"][entity].as_u64().unwrap()
    }
}

/// One request and its answer on a connection.
pub fn exchange(stream: &mut TcpStream, head: &str, body: &[u8]) -> Reply {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\n", body.len()) };
    let head = format!("{head}Host: 127.0.0.1\n{length}\n").replace('\n', "\r\n");
    if let Err(error) = stream.write_all(&[head.as_bytes(), body].concat()) {
        return no_answer(error.kind());
    }
    let mut bytes = Vec::new();
    let mut buffer = [0; 16384];
    loop {
        if let Some(reply) = parse(&bytes).filter(|reply| reply.is_whole) {
            return reply;
        }
        let error = match stream.read(&mut buffer) {
            Ok(0) => ErrorKind::UnexpectedEof,
            Ok(read) => {
                bytes.extend_from_slice(&buffer[..read]);
                continue;
            }
            Err(error) => error.kind(),
        };
        let reply = parse(&bytes).unwrap_or_else(|| Reply { body: bytes, ..no_answer(error) });
        return Reply { error: Some(error), ..reply };
    }
}

fn no_answer(error: ErrorKind) -> Reply {
    Reply { status: 0, headers: Vec::new(), body: Vec::new(), is_whole: false, error: Some(error) }
}

fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse().unwrap());
    let body = bytes[end + 4..].to_vec();
    let is_whole = length.is_none_or(|length: usize| body.len() >= length);
    Some(Reply { status, headers, body, is_whole, error: None })
}
