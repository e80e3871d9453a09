//! Turning a filled mirror into a workbook, against `rust_xlsxwriter` in constant memory writing the same cells from
//! memory. Prints both rates and their ratio; the aim is 0.85 or more.
//!
//! The mirror is filled as a refresh would leave it, so the command finds all pages read and only writes.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "benches say what they expect by failing, and nobody outside uses them"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bw8::mirror::{Key, Marks, Mirror};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

const RECORDS: u64 = 200_000;
const ROUNDS: usize = 3;
const COLUMNS: &[&str] =
    &["cId", "name", "mobile", "fixnumber", "email", "position", "state", "note", "companyId", "supportId", "createDT"];
/// Which columns are kept as text, ids and phones, by the catalog.
const IS_TEXT: [bool; 10] = [true, false, true, true, false, false, false, false, true, true];

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the bench");
    let base_url = refuse_everything();
    let mut best = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        best[0] = best[0].min(export(folder.path(), &base_url));
        best[1] = best[1].min(yardstick(folder.path()));
    }
    let rate = |time: Duration| RECORDS as f64 / time.as_secs_f64();
    println!("{RECORDS} records of {} columns", COLUMNS.len());
    println!("bw8 export, mirror to xlsx   {:>9.0} rows/s", rate(best[0]));
    println!("rust_xlsxwriter, from memory {:>9.0} rows/s", rate(best[1]));
    println!("ratio {:.2}", rate(best[0]) / rate(best[1]));
}

fn texts(id: u64) -> [String; 10] {
    [
        id.to_string(),
        format!("示例联系人{id:07}"),
        format!("130{id:08}"),
        "010-00000000".to_owned(),
        format!("person{id}@example.com"),
        "经理".to_owned(),
        "在职".to_owned(),
        "示例备注：从周一起无法使用".to_owned(),
        (20_000 + id % 500).to_string(),
        (7_000 + id % 8).to_string(),
    ]
}

/// Fills the mirror anew and writes it out.
fn export(folder: &Path, base_url: &str) -> Duration {
    let state = folder.join("state");
    let _ = std::fs::remove_dir_all(&state);
    let host = base_url.trim_start_matches("http://").trim_end_matches("/api/v1");
    let mirror =
        Mirror::open(&Mirror::path(&state.join("mirrors"), host, &format!("{base_url} bench"))).expect("a mirror");
    let list = mirror.list("customers", "").expect("a list");
    let list = mirror.begin_generation(&list, jiff::Timestamp::now().as_second()).expect("a pass");
    mirror
        .together(|| {
            for id in 1..=RECORDS {
                let [cid, name, mobile, fixnumber, email, position, _, note, company, support] = texts(id);
                let record = serde_json::json!({
                    "cId": cid, "name": name, "mobile": mobile, "fixnumber": fixnumber, "email": email,
                    "position": position, "state": "1", "note": note, "companyId": company, "supportId": support,
                    "createDT": "2026-01-05 08:00:00",
                });
                mirror.put(&list, &Key::of(&cid), &Marks::default(), record.to_string().as_bytes())?;
            }
            Ok(())
        })
        .expect("a filled mirror");
    mirror.end_generation(&list, list.began, Some(RECORDS)).expect("a whole list");
    drop(mirror);
    let began = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_bw8"))
        .args(["export", "customers", "-o", "out.xlsx", "--quiet", "--rate", "0", "--lang", "zh"])
        .args(["--no-names", "--summary", "none", "--columns", &COLUMNS.join(",")])
        .current_dir(folder)
        .env("BW8_BASE_URL", base_url)
        .env("BW8_USER", "bench")
        .env("BW8_PASSWORD", "bench")
        .env("BW8_STATE_DIR", &state)
        .env("BW8_CONFIG_DIR", folder.join("config"))
        .status()
        .expect("bw8 runs");
    assert!(status.success());
    began.elapsed()
}

/// The same cells with the same formats, from memory.
fn yardstick(folder: &Path) -> Duration {
    let rows: Vec<[String; 10]> = (1..=RECORDS).map(texts).collect();
    let began = Instant::now();
    let text = Format::new().set_num_format("@");
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let created = ExcelDateTime::from_ymd(2026, 1, 5).and_then(|day| day.and_hms(8, 0, 0)).expect("a date");
    let mut workbook = Workbook::new();
    workbook.set_tempdir(folder).expect("a folder");
    let sheet = workbook.add_worksheet_with_constant_memory().expect("a sheet");
    for (row, texts) in (1..).zip(&rows) {
        for (column, cell) in (0u16..).zip(texts) {
            match IS_TEXT[usize::from(column)] {
                true => sheet.write_string_with_format(row, column, cell, &text).expect("a cell"),
                false => sheet.write_string(row, column, cell).expect("a cell"),
            };
        }
        sheet.write_with_format(row, 10, &created, &date).expect("a cell");
    }
    workbook.save(folder.join("yardstick.xlsx")).expect("a workbook");
    began.elapsed()
}

/// A service that has nothing to say: the pages are all in the mirror.
fn refuse_everything() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
                let mut line = String::new();
                while reader.read_line(&mut line).unwrap_or(0) > 0 {
                    if line == "\r\n" {
                        let body = r#"{"errcode":"100047","errmsg":"Invalid resource URI"}"#;
                        let head = format!("HTTP/1.1 404 X\r\ncontent-length: {}\r\n\r\n", body.len());
                        if stream.write_all((head + body).as_bytes()).is_err() {
                            return;
                        }
                    }
                    line.clear();
                }
            });
        }
    });
    format!("http://{address}/api/v1")
}
