//! How fast a whole import is, beside a bare loop that posts the same file and keeps nothing, and how full it keeps its
//! slots when the service is far away. Everything is measured against one raw responder in the same run, so the figures
//! that count are ratios.
//!
//! `cargo bench --bench import` runs it all; `-- --rows 1000000` changes the size, `-- latency` and `-- memory` do
//! one part alone, memory with the journal's size.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "benches say what they expect by failing, and nobody outside uses them"
)]

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ROUNDS: usize = 9;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let option =
        |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    match arguments.first().map(String::as_str) {
        Some("respond") => respond(Duration::from_millis(arguments[1].parse().expect("milliseconds"))),
        Some("bare") => {
            bare(&arguments[1], Path::new(&arguments[2]), arguments[3].parse().expect("requests in flight"));
        }
        Some("memory") => memory(),
        Some("latency") => latency(),
        _ => {
            let rows = option("--rows").map_or(200_000, |rows| rows.parse().expect("rows"));
            whole_import(rows);
            latency();
        }
    }
}

/// A whole import beside the bare loop: rate and CPU.
fn whole_import(rows: usize) {
    let work = tempfile::tempdir().expect("a folder for the bench");
    let file = work.path().join("customers.csv");
    write_customers(&file, rows);
    let (mut rates, mut costs, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    println!("whole import, {rows} rows, 32 in flight, no latency");
    for round in 0..=ROUNDS {
        let responder = Responder::start(0);
        let import = || measure(&mut import(work.path(), &file, &responder.address, 32, round));
        let loop_alone = || measure(Command::new(myself()).args(["bare", &responder.address]).arg(&file).arg("32"));
        // Now the one goes first, now the other: what a machine does meanwhile meets both.
        let (ours, bare) = match round % 2 {
            0 => {
                let ours = import();
                (ours, loop_alone())
            }
            _ => {
                let bare = loop_alone();
                (import(), bare)
            }
        };
        let rate = bare.seconds / ours.seconds;
        let cost = ours.cpu / bare.cpu;
        let per_row = |cpu: f64| cpu * 1e6 / rows as f64;
        println!(
            "  {}bw8 {:.0} rows/s, {:.1} µs CPU a row; bare loop {:.0} rows/s, {:.1} µs; rate {rate:.2}, CPU {cost:.2}",
            if round == 0 { "(warm-up) " } else { "" },
            rows as f64 / ours.seconds,
            per_row(ours.cpu),
            rows as f64 / bare.seconds,
            per_row(bare.cpu),
        );
        if round > 0 {
            rates.push(rate);
            costs.push(cost);
            parts.push(per_row(ours.cpu - bare.cpu));
        }
    }
    println!("  median of {ROUNDS} pairs (least to most):");
    println!("  {} of the bare loop's rate (aim 0.80 or more)", spread(rates));
    println!("  {} of its CPU (aim 1.6 or less)", spread(costs));
    println!("  {} µs a row of our own (aim 7 or less)", spread(parts));
}

/// With latency every client is bound by it: rows a second beside in flight ÷ latency, and beside the bare loop, which
/// waits for the same responder and its timer.
fn latency() {
    for (milliseconds, in_flight) in [(50, 16), (50, 64), (200, 16), (200, 64)] {
        let ideal = f64::from(in_flight) * 1000.0 / milliseconds as f64;
        let rows = (ideal * 20.0) as usize;
        let work = tempfile::tempdir().expect("a folder for the bench");
        let file = work.path().join("customers.csv");
        write_customers(&file, rows);
        let responder = Responder::start(milliseconds);
        let ours = measure(&mut import(work.path(), &file, &responder.address, in_flight, 0));
        let bare =
            measure(Command::new(myself()).args(["bare", &responder.address]).arg(&file).arg(in_flight.to_string()));
        let share = |seconds: f64| rows as f64 / seconds / ideal;
        println!(
            "{milliseconds} ms, {in_flight} in flight: {:.3} of in flight / latency (aim 0.97), the bare loop {:.3}",
            share(ours.seconds),
            share(bare.seconds)
        );
    }
}

/// Peak memory at 10,000 and 1,000,000 rows, and the journal's bytes a row.
fn memory() {
    let mut peaks = Vec::new();
    for rows in [10_000, 1_000_000] {
        let work = tempfile::tempdir().expect("a folder for the bench");
        let file = work.path().join("customers.csv");
        write_customers(&file, rows);
        let responder = Responder::start(0);
        let command = import(work.path(), &file, &responder.address, 32, 0);
        let mut timed = Command::new("/usr/bin/time");
        timed.args(["-f", "%M"]).arg(command.get_program()).args(command.get_args()).current_dir(work.path());
        for (name, value) in command.get_envs() {
            timed.env(name, value.unwrap_or_default());
        }
        let output = timed.stdout(Stdio::null()).output().expect("/usr/bin/time is there");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let peak: f64 = text.lines().last().and_then(|line| line.trim().parse().ok()).expect("a peak in KiB");
        let journal = std::fs::metadata(work.path().join("runs-0/run/journal.db")).map_or(0, |file| file.len());
        println!("{rows} rows: peak {:.1} MiB, journal {:.1} bytes a row", peak / 1024.0, journal as f64 / rows as f64);
        peaks.push(peak / 1024.0);
    }
    println!("growth: {:.1} MiB (aim 12 or less; both peaks 32 or less)", peaks[1] - peaks[0]);
}

fn import(folder: &Path, file: &Path, address: &str, in_flight: u32, round: usize) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bw8"));
    command
        .args(["import", "customers"])
        .arg(file)
        .args(["--base-url", &format!("http://{address}"), "--concurrency", &in_flight.to_string(), "--rate", "0"])
        .args(["--run", &format!("runs-{round}/run"), "--fresh", "--yes", "--no-canary", "--quiet", "--no-progress"])
        .current_dir(folder)
        .env("BW8_USER", "bench")
        .env("BW8_PASSWORD", "bench")
        // Nothing is known of the rounds before: each is what it costs to import a file for the first time.
        .env("BW8_STATE_DIR", folder.join(format!("state-{round}")))
        .env("BW8_CONFIG_DIR", folder.join("config"))
        .stderr(Stdio::inherit());
    command
}

struct Measured {
    seconds: f64,
    cpu: f64,
}

fn measure(command: &mut Command) -> Measured {
    let before = children_cpu();
    let started = Instant::now();
    let status = command.status().expect("the command runs");
    let seconds = started.elapsed().as_secs_f64();
    assert!(status.success(), "the command ended with {status}");
    Measured { seconds, cpu: children_cpu() - before }
}

/// CPU seconds of children that have ended; not a number where the system does not tell.
fn children_cpu() -> f64 {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return f64::NAN };
    // Behind the name in brackets, cutime and cstime are the 14th and 15th, in hundredths of a second.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = rest.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// The median of some values, and how far they lie apart.
fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    format!("{:.2} ({:.2} to {:.2})", values[values.len() / 2], values[0], values[last])
}

/// Ten columns, about 245 bytes a row.
fn write_customers(path: &Path, rows: usize) {
    let mut file = BufWriter::new(std::fs::File::create(path).expect("a file for the bench"));
    writeln!(file, "姓名,手机,固定电话,邮箱,职位,在职状态,QQ号,备注,公司编号,标签").expect("room on the disk");
    for row in 0..rows {
        writeln!(
            file,
            "示例客户{row:07},130{row:08},010-{row:08},customer{row:07}@example.com,示例职位经理,在职,1{row:08},\
             示例备注：这一行是生成的数据，只用来测量速度，没有别的意思，请不要当真，\
             也不要导入到真正的账号里，谢谢,20001,\"示例,北区,重点客户\""
        )
        .expect("room on the disk");
    }
    file.flush().expect("room on the disk");
}

fn myself() -> PathBuf {
    std::env::current_exe().expect("the bench knows itself")
}

/// The raw responder in a process of its own.
struct Responder {
    child: Child,
    address: String,
}

impl Responder {
    fn start(milliseconds: u64) -> Responder {
        let mut child = Command::new(myself())
            .args(["respond", &milliseconds.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the responder starts");
        let mut address = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut address).expect("an address");
        Responder { child, address: address.trim().to_owned() }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers every request with the same record as soon as its body is there, or so much later; knows nothing of HTTP but
/// lengths.
fn respond(delay: Duration) {
    if !delay.is_zero() {
        return respond_late(delay);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address"));
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::task::spawn_local(answer(stream));
        }
    });
}

/// The answer to a create. No record's id is given twice: that would prove nothing.
fn reply() -> Vec<u8> {
    static NEXT: AtomicU64 = AtomicU64::new(10_000_000);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27";
    format!("{head}\r\n\r\n{{\"user\":{{\"cId\":\"{id:08}\"}}}}").into_bytes()
}

async fn answer(mut stream: tokio::net::TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        while let Some(end) = request_end(&buffer) {
            buffer.drain(..end);
            if stream.write_all(&reply()).await.is_err() {
                return;
            }
        }
        match stream.read_buf(&mut buffer).await {
            Ok(read) if read > 0 => {}
            _ => return,
        }
    }
}

/// One thread for each connection reads, and one answers when it is time: all wait equally long, so answers leave in the
/// order requests came. The system's sleep is exact to a tenth of a millisecond; the runtime's timer would be late by one
/// or two, which would be counted against the client, and waiting by looking at the clock would take a core from it.
fn respond_late(delay: Duration) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let (due, waiting) = std::sync::mpsc::channel::<(Instant, std::sync::Arc<std::net::TcpStream>)>();
    std::thread::spawn(move || {
        for (until, stream) in waiting {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            let _ = (&*stream).write_all(&reply());
        }
    });
    for stream in listener.incoming() {
        let stream = std::sync::Arc::new(stream.expect("a connection"));
        let _ = stream.set_nodelay(true);
        let due = due.clone();
        std::thread::spawn(move || {
            let mut buffer = Vec::with_capacity(16 * 1024);
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = std::io::Read::read(&mut &*stream, &mut chunk) {
                buffer.extend_from_slice(&chunk[..read]);
                while let Some(end) = request_end(&buffer) {
                    buffer.drain(..end);
                    let _ = due.send((Instant::now() + delay, std::sync::Arc::clone(&stream)));
                }
            }
        });
    }
}

/// Where the first request in the buffer ends, when it is whole.
fn request_end(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    let end = head + length.unwrap_or(0);
    (buffer.len() >= end).then_some(end)
}

/// The yardstick: reads the file, posts every row with a tuned client, keeps nothing.
fn bare(address: &str, file: &Path, in_flight: usize) {
    rustls::crypto::ring::default_provider().install_default().expect("the first provider");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = reqwest::Client::builder()
        .http1_only()
        .no_proxy()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(in_flight)
        .build()
        .expect("a client");
    let url: reqwest::Url = format!("http://{address}/api/v1/users.json").parse().expect("an address");
    let mut reader = csv::Reader::from_path(file).expect("a file");
    let names = ["name", "mobile", "fixnumber", "email", "position", "state", "QQ", "note", "companyId", "tableName"];
    let rows = std::cell::RefCell::new((reader.byte_records(), Vec::<u8>::new()));
    let next = || {
        let (records, scratch) = &mut *rows.borrow_mut();
        let record = records.next()?.expect("a record");
        scratch.clear();
        scratch.extend_from_slice(b"{\"user\":{");
        for (at, (name, value)) in names.iter().zip(&record).enumerate() {
            if at > 0 {
                scratch.push(b',');
            }
            serde_json::to_writer(&mut *scratch, name).expect("memory");
            scratch.push(b':');
            serde_json::to_writer(&mut *scratch, std::str::from_utf8(value).expect("text")).expect("memory");
        }
        scratch.extend_from_slice(b"}}");
        Some(bytes::Bytes::copy_from_slice(scratch))
    };
    let worker = || async {
        while let Some(body) = next() {
            let mut request = reqwest::Request::new(reqwest::Method::POST, url.clone());
            let headers = request.headers_mut();
            headers.insert("authorization", reqwest::header::HeaderValue::from_static("Basic YmVuY2g6YmVuY2g="));
            headers.insert("content-type", reqwest::header::HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.into());
            let response = client.execute(request).await.expect("an answer");
            assert!(response.status().is_success());
            response.bytes().await.expect("a body");
        }
    };
    runtime.block_on(futures::future::join_all((0..in_flight).map(|_| worker())));
}
