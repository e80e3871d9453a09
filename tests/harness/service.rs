//! A service that answers as a test wants, and remembers what it was asked. The sandbox keeps to the documents; this one
//! does not have to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, UNIX_EPOCH};

/// What a request asks for.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path under the base address.
    pub path: String,
    /// Its query.
    pub query: BTreeMap<String, String>,
    /// The value of its `Authorization`.
    pub authorization: String,
    pub body: String,
    /// How many came before it, from 1.
    pub number: usize,
}

impl Request {
    /// A number of the query.
    pub fn number_of(&self, name: &str) -> usize {
        self.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

type Answer = dyn FnMut(&Request) -> (u16, Vec<(String, String)>, Vec<u8>) + Send;

/// Holds requests back until a test lets them go.
#[derive(Default)]
struct Gate {
    state: Mutex<Held>,
    changed: Condvar,
}

#[derive(Default)]
struct Held {
    /// The request that is held back.
    at: Option<usize>,
    /// It has come.
    is_reached: bool,
    is_open: bool,
}

/// A running service.
pub struct Service {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    gate: Arc<Gate>,
    /// What its answers say the time is (Unix seconds); 0 when they say nothing.
    clock: Arc<AtomicU64>,
}

impl Service {
    /// Answers every request by `answer`.
    pub fn start(mut answer: impl FnMut(&Request) -> (u16, String) + Send + 'static) -> Service {
        Service::start_with_bytes(move |request| {
            let (status, body) = answer(request);
            (status, body.into_bytes())
        })
    }

    /// Answers every request by `answer`, whose bodies need not be text.
    pub fn start_with_bytes(mut answer: impl FnMut(&Request) -> (u16, Vec<u8>) + Send + 'static) -> Service {
        Service::start_with(move |request| {
            let (status, body) = answer(request);
            (status, Vec::new(), body)
        })
    }

    /// Answers every request by `answer`: status, headers and body.
    pub fn with_heads(
        mut answer: impl FnMut(&Request) -> (u16, Vec<(String, String)>, String) + Send + 'static,
    ) -> Service {
        Service::start_with(move |request| {
            let (status, headers, body) = answer(request);
            (status, headers, body.into_bytes())
        })
    }

    pub fn start_with(
        answer: impl FnMut(&Request) -> (u16, Vec<(String, String)>, Vec<u8>) + Send + 'static,
    ) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answer: Arc<Mutex<Box<Answer>>> = Arc::new(Mutex::new(Box::new(answer)));
        let gate = Arc::new(Gate::default());
        let clock = Arc::new(AtomicU64::new(0));
        let (log, door, date) = (Arc::clone(&requests), Arc::clone(&gate), Arc::clone(&clock));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log, door) = (Arc::clone(&answer), Arc::clone(&log), Arc::clone(&door));
                let date = Arc::clone(&date);
                std::thread::spawn(move || serve(stream, &answer, &log, &door, &date));
            }
        });
        Service { address, requests, gate, clock }
    }

    /// Its base address.
    pub fn base_url(&self) -> String {
        format!("http://{}/api/v1", self.address)
    }

    /// Sets the time that its answers say it is (Unix seconds).
    pub fn set_clock(&self, seconds: u64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Forgets the requests so far and holds back the `number`-th from now on.
    pub fn hold(&self, number: usize) {
        self.requests.lock().unwrap().clear();
        *self.gate.state.lock().unwrap() = Held { at: Some(number), ..Held::default() };
    }

    /// Waits until the request that is held back has come.
    pub fn wait_for_held(&self) {
        let mut state = self.gate.state.lock().unwrap();
        while !state.is_reached {
            state = self.gate.changed.wait(state).unwrap();
        }
    }

    /// Lets it go, and forgets the requests so far.
    pub fn release(&self) {
        let mut state = self.gate.state.lock().unwrap();
        state.is_open = true;
        state.at = None;
        self.gate.changed.notify_all();
        drop(state);
        self.requests.lock().unwrap().clear();
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &Mutex<Box<Answer>>,
    log: &Mutex<Vec<Request>>,
    gate: &Gate,
    clock: &AtomicU64,
) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap(), words.next().unwrap_or_else(|| "/".to_owned()));
        let (mut authorization, mut length) = (String::new(), 0);
        let mut header = String::new();
        while reader.read_line(&mut header).unwrap_or(0) > 2 {
            let (name, value) = header.split_once(':').unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "authorization" => authorization = value.trim().to_owned(),
                "content-length" => length = value.trim().parse().unwrap(),
                _ => {}
            }
            header.clear();
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let url = url::Url::parse(&format!("http://x{target}")).unwrap();
        let query = url.query_pairs().into_owned().collect();
        let path = url.path().trim_start_matches("/api/v1").to_owned();
        let body = String::from_utf8(body).unwrap();
        let request = {
            let mut log = log.lock().unwrap();
            let request = Request { method, path, query, authorization, body, number: log.len() + 1 };
            log.push(request.clone());
            request
        };
        let mut state = gate.state.lock().unwrap();
        if state.at == Some(request.number) {
            state.is_reached = true;
            gate.changed.notify_all();
            while !state.is_open {
                state = gate.changed.wait(state).unwrap();
            }
        }
        drop(state);
        let (status, headers, body) = answer.lock().unwrap()(&request);
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let date = match clock.load(Ordering::SeqCst) {
            0 => String::new(),
            seconds => format!("date: {}\r\n", httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))),
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\n{date}content-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_err() {
            return;
        }
    }
}

/// A page of a list of customers, as documented: `ids` in order, a total, at most `cap` a page.
pub fn page(ids: &[u64], request: &Request, cap: usize, count: Option<&str>) -> String {
    let size = request.number_of("per_page").clamp(1, cap);
    let start = (request.number_of("page").max(1) - 1) * size;
    let records: Vec<String> = ids.iter().skip(start).take(size).map(|id| customer(*id)).collect();
    let count = count.map(|count| format!(",\"count\":{count}")).unwrap_or_default();
    format!("{{\"users\":[{}]{count}}}", records.join(","))
}

/// A customer.
pub fn customer(id: u64) -> String {
    format!(
        "{{\"cId\":\"{id}\",\"name\":\"示例 {id}\",\"mobile\":\"13000000000\",\"state\":\"1\",\
         \"createDT\":\"2026-01-05 08:00:00\",\"updateDT\":\"2026-01-05 08:00:00\"}}"
    )
}

/// What a path without a list is answered with.
pub fn unknown() -> (u16, String) {
    (404, "{\"errcode\":\"100047\",\"errmsg\":\"Invalid resource URI\"}".to_owned())
}
