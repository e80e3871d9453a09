//! `bw8 sandbox` as a child of the test.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Map, Value};

/// A rehearsal server on a free port, killed when dropped.
pub struct Server {
    child: Child,
    address: String,
    base_url: String,
}

impl Server {
    /// Seed 1 in memory, all assumed endpoints on, and further switches as they are typed. A fault is one word:
    /// `--fault 429,times=2`; write `_` for the space in `on=POST_users`.
    pub fn start(switches: &str) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bw8"))
            .args(["sandbox", "--format", "json", "--listen", "127.0.0.1:0", "--seed", "1", "--assume", "all"])
            .args(switches.split_whitespace().map(|word| word.replace('_', " ")))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{switches}: {error}: {line}"));
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        Server { child, address: text("address"), base_url: text("base_url") }
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
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

    /// Waits until the server has seen `n` requests in all.
    pub fn wait_for_requests(&self, n: u64) {
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while self.requests() < n {
            assert!(std::time::Instant::now() < deadline, "no {n} requests came: {}", self.state());
            std::thread::yield_now();
        }
    }

    fn get(&self, path: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let body = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        serde_json::from_slice(&answer[body..]).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
