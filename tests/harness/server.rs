//! `bw8 sandbox`: as a child of the test, or inside it where a test sets what no switch says.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use bw8::sandbox::{Assume, Options};
use serde_json::{Map, Value, json};

use super::{A_MOMENT, Running, Typed, Work};

/// A sandbox on a free port, ended when dropped.
pub struct Server {
    /// The line of JSON it began with.
    said: Value,
    /// A child.
    running: Option<Running>,
    _folder: Option<Work>,
    /// Or a thread of the test.
    _inside: Option<bw8::sandbox::Server>,
}

impl Server {
    /// Seed 1 in memory, all assumed endpoints on, and further switches as they are typed. A fault is one word:
    /// `--fault 429,times=2`; write `_` for the space in `on=POST_users`.
    pub fn start(switches: &str) -> Server {
        let words: Vec<String> = switches.split_whitespace().map(|word| word.replace('_', " ")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Server::typed([&["--seed", "1", "--assume", "all"], &words[..]].concat())
    }

    /// Just what is typed, in a folder of its own.
    pub fn typed(switches: impl Typed) -> Server {
        let work = Work::new();
        let mut command = work.command(["sandbox", "--format", "json", "--listen", "127.0.0.1:0"]);
        command.args(switches.words());
        Server::of(command, work)
    }

    /// The sandbox a command starts.
    pub fn of(command: Command, work: Work) -> Server {
        let running = work.start(command);
        let line = running.first_line();
        let said = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Server { said, running: Some(running), _folder: Some(work), _inside: None }
    }

    /// Inside the test: seed 1 in memory, all assumed endpoints on, and whatever `change` makes of that.
    pub fn inside(change: impl FnOnce(&mut Options)) -> Server {
        let mut options = Options { seed: Some(1), assume: Assume::All, ..Options::default() };
        change(&mut options);
        let server = bw8::sandbox::Server::start(options).unwrap();
        let address = server.address().to_string();
        let said = json!({"address": address, "base_url": server.base_url(), "page": server.page()});
        Server { said, running: None, _folder: None, _inside: Some(server) }
    }

    /// Inside the test, with these faults.
    pub fn faulty(faults: &[&str]) -> Server {
        Server::inside(|options| options.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect())
    }

    /// Inside the test, with these `name=value` switches.
    pub fn variant(switches: &[&str]) -> Server {
        Server::inside(|options| {
            for switch in switches {
                let (name, value) = switch.split_once('=').unwrap();
                options.variants.set(name, value).unwrap();
            }
        })
    }

    /// The line of JSON it began with.
    pub fn said(&self) -> &Value {
        &self.said
    }

    pub fn address(&self) -> &str {
        self.said["address"].as_str().unwrap()
    }

    pub fn base_url(&self) -> &str {
        self.said["base_url"].as_str().unwrap()
    }

    /// The child, for signals and its end.
    #[cfg(unix)]
    pub fn into_running(mut self) -> Running {
        self.running.take().unwrap()
    }

    /// What the server says of itself.
    pub fn state(&self) -> Value {
        self.get("/sandbox/state.json")
    }

    /// Requests seen so far.
    pub fn requests(&self) -> u64 {
        self.state()["counts"]["requests"].as_u64().unwrap()
    }

    /// Requests to one endpoint, as `customers.create`.
    pub fn requests_to(&self, endpoint: &str) -> u64 {
        let state = self.state();
        state["counts"]["by_endpoint"][endpoint]
            .as_object()
            .map_or(0, |by_status| by_status.values().map(|count| count.as_u64().unwrap()).sum())
    }

    /// How many records of an entity are stored.
    pub fn stored(&self, entity: &str) -> u64 {
        self.state()["stored"][entity].as_u64().unwrap()
    }

    /// The records of an entity.
    pub fn records(&self, entity: &str) -> Vec<Map<String, Value>> {
        let state = self.get(&format!("/sandbox/state.json?records={entity}"));
        let records = state["records"][entity].as_array().unwrap();
        records.iter().map(|record| record["record"].as_object().unwrap().clone()).collect()
    }

    /// How often each value of a field occurs among the records of an entity.
    pub fn count_by(&self, entity: &str, field: &str) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for record in self.records(entity) {
            *counts.entry(record[field].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        counts
    }

    /// Waits until the server has seen `n` requests beside those for the list of customers, which an import looks into first.
    #[track_caller]
    pub fn wait_for_requests(&self, n: u64) {
        self.wait_until(n, || {
            self.requests().saturating_sub(self.requests_to("customers.list") + self.requests_to("companies.list"))
        });
    }

    /// Waits until an endpoint, as `customers.create`, has seen `n` requests.
    #[track_caller]
    pub fn wait_for_requests_to(&self, endpoint: &str, n: u64) {
        self.wait_until(n, || self.requests_to(endpoint));
    }

    /// Waits until so many records of an entity are stored.
    #[track_caller]
    pub fn wait_until_stored(&self, entity: &str, n: u64) {
        self.wait_until(n, || self.stored(entity));
    }

    #[track_caller]
    fn wait_until(&self, n: u64, seen: impl Fn() -> u64) {
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while seen() < n {
            assert!(std::time::Instant::now() < deadline, "no {n} requests came: {}", self.state());
            std::thread::sleep(A_MOMENT);
        }
    }

    /// What opens its page.
    pub fn key(&self) -> &str {
        self.said["page"].as_str().unwrap().split_once("key=").unwrap().1
    }

    fn get(&self, path: &str) -> Value {
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{sign}key={}", self.key());
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let body = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        serde_json::from_slice(&answer[body..]).unwrap()
    }
}

/// A child is killed, and must not have panicked before.
impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take().filter(|_| !std::thread::panicking()) {
            running.kill();
        }
    }
}
