//! How fast a file is looked over with everything on, beside a program that only reads it: `check` of a CSV beside a bare
//! loop from `csv` to JSON lines, the same file in GB18030 beside itself in UTF-8, `check` of a workbook beside calamine's
//! reader of cells. Both sides run in the same round, so the figures that count are ratios.
//!
//! `cargo bench --bench check` runs it all; `-- --rows 100000` changes the size of the CSV (a workbook has three tenths of it).

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
use std::process::{Command, Stdio};
use std::time::Instant;

use calamine::{Reader, Xlsx};

const ROUNDS: usize = 5;
const HEADER: [&str; 10] = ["姓名", "手机", "固定电话", "邮箱", "职位", "在职状态", "QQ号", "备注", "公司编号", "标签"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("json-lines") => json_lines(Path::new(&arguments[1])),
        Some("cells") => cells(Path::new(&arguments[1])),
        first => {
            let named = first.filter(|first| *first == "--rows").and_then(|_| arguments.get(1));
            let rows = named.map_or(1_000_000, |rows| rows.parse().expect("rows"));
            text(rows);
            workbook(rows * 3 / 10);
        }
    }
}

/// Text in UTF-8 beside the bare loop, and in GB18030 beside itself.
fn text(rows: usize) {
    let work = tempfile::tempdir().expect("a folder for the bench");
    let (utf8, gb18030) = (work.path().join("customers.csv"), work.path().join("gb18030.csv"));
    write_text(&utf8, rows);
    let text = std::fs::read_to_string(&utf8).expect("a file");
    std::fs::write(&gb18030, encoding_rs::GB18030.encode(&text).0).expect("room on the disk");
    drop(text);
    println!("check of a CSV of {rows} rows");
    let (mut rates, mut costs, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let ours = measure(&check(work.path(), &utf8), work.path());
        let bare = measure(&yardstick("json-lines", &utf8), work.path());
        let other = measure(&check(work.path(), &gb18030), work.path());
        println!(
            "  bw8 {:.0} rows/s, {:.2} µs CPU a row, {:.1} MiB; bare loop {:.0} rows/s, {:.2} µs; GB18030 {:.2} µs; rate {:.2}",
            rows as f64 / ours.seconds,
            ours.cpu * 1e6 / rows as f64,
            ours.peak,
            rows as f64 / bare.seconds,
            bare.cpu * 1e6 / rows as f64,
            other.cpu * 1e6 / rows as f64,
            bare.seconds / ours.seconds,
        );
        rates.push(bare.seconds / ours.seconds);
        costs.push(other.cpu / ours.cpu);
        peaks.push(ours.peak.max(other.peak));
    }
    println!(
        "  median: {:.2} of the bare loop's rate (aim 0.4 or more), {:.1} MiB (aim under 32), GB18030 {:.2} of the CPU (aim 1.5 or less)",
        median(rates),
        median(peaks),
        median(costs)
    );
}

/// A workbook beside calamine's reader of cells.
fn workbook(rows: usize) {
    let work = tempfile::tempdir().expect("a folder for the bench");
    let file = work.path().join("customers.xlsx");
    write_workbook(&file, rows);
    println!("check of a workbook of {rows} rows");
    let (mut rates, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let ours = measure(&check(work.path(), &file), work.path());
        let bare = measure(&yardstick("cells", &file), work.path());
        println!(
            "  bw8 {:.0} rows/s, {:.2} µs CPU a row, {:.1} MiB; cells reader {:.0} rows/s, {:.2} µs, {:.1} MiB; rate {:.2}",
            rows as f64 / ours.seconds,
            ours.cpu * 1e6 / rows as f64,
            ours.peak,
            rows as f64 / bare.seconds,
            bare.cpu * 1e6 / rows as f64,
            bare.peak,
            bare.seconds / ours.seconds,
        );
        rates.push(bare.seconds / ours.seconds);
        peaks.push(ours.peak - bare.peak);
    }
    println!(
        "  median: {:.2} of the cells reader's rate (aim 0.6 or more), {:.1} MiB more than it (aim 16 or less)",
        median(rates),
        median(peaks)
    );
}

fn check(folder: &Path, file: &Path) -> Vec<String> {
    let words =
        [env!("CARGO_BIN_EXE_bw8"), "check", "customers", &file.display().to_string(), "--quiet", "--no-progress"];
    std::fs::create_dir_all(folder.join("state")).expect("a folder");
    words.map(str::to_owned).to_vec()
}

fn yardstick(which: &str, file: &Path) -> Vec<String> {
    vec![myself().display().to_string(), which.to_owned(), file.display().to_string()]
}

struct Measured {
    seconds: f64,
    cpu: f64,
    /// Most memory at any time, in MiB.
    peak: f64,
}

/// Runs a command under `time`, which tells what it took.
fn measure(command: &[String], folder: &Path) -> Measured {
    let started = Instant::now();
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%U %S %M"])
        .args(command)
        .current_dir(folder)
        .env("BW8_STATE_DIR", folder.join("state"))
        .env("BW8_CONFIG_DIR", folder.join("config"))
        .stdout(Stdio::null())
        .output()
        .expect("/usr/bin/time is there");
    let seconds = started.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?} ended with {}: {said}", output.status);
    let told: Vec<f64> = said
        .lines()
        .last()
        .into_iter()
        .flat_map(str::split_whitespace)
        .map(|word| word.parse().expect("a figure"))
        .collect();
    Measured { seconds, cpu: told[0] + told[1], peak: told[2] / 1024.0 }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn myself() -> PathBuf {
    std::env::current_exe().expect("the bench knows itself")
}

fn row(row: usize) -> [String; 10] {
    [
        format!("示例客户{row:07}"),
        format!("130{row:08}"),
        format!("010-{row:08}"),
        format!("customer{row:07}@example.com"),
        "示例职位经理".to_owned(),
        "在职".to_owned(),
        format!("1{row:08}"),
        "示例备注：这一行是生成的数据，只用来测量速度，没有别的意思，请不要当真，也不要导入到真正的账号里，谢谢"
            .to_owned(),
        "20001".to_owned(),
        "示例,北区,重点客户".to_owned(),
    ]
}

fn write_text(path: &Path, rows: usize) {
    let mut file = csv::Writer::from_path(path).expect("a file for the bench");
    file.write_record(HEADER).expect("room on the disk");
    for number in 0..rows {
        file.write_record(row(number)).expect("room on the disk");
    }
    file.flush().expect("room on the disk");
}

fn write_workbook(path: &Path, rows: usize) {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().expect("a sheet");
    for (column, title) in HEADER.iter().enumerate() {
        sheet.write_string(0, column as u16, *title).expect("a cell");
    }
    for number in 0..rows {
        for (column, text) in row(number).iter().enumerate() {
            sheet.write_string(number as u32 + 1, column as u16, text).expect("a cell");
        }
    }
    workbook.save(path).expect("room on the disk");
}

/// The yardstick for text: every row as a line of JSON.
fn json_lines(file: &Path) {
    let mut reader = csv::Reader::from_path(file).expect("a file");
    let header = reader.headers().expect("a header").clone();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).expect("a record") {
        out.write_all(b"{").expect("a pipe");
        for (at, (name, value)) in header.iter().zip(&record).enumerate() {
            if at > 0 {
                out.write_all(b",").expect("a pipe");
            }
            serde_json::to_writer(&mut out, name).expect("a pipe");
            out.write_all(b":").expect("a pipe");
            serde_json::to_writer(&mut out, value).expect("a pipe");
        }
        out.write_all(b"}\n").expect("a pipe");
    }
}

/// The yardstick for workbooks: every cell, and nothing done with it.
fn cells(file: &Path) {
    let mut workbook: Xlsx<_> = calamine::open_workbook(file).expect("a workbook");
    let name = workbook.sheet_names()[0].clone();
    let mut reader = workbook.worksheet_cells_reader(&name).expect("a sheet");
    let mut count = 0usize;
    while let Some(cell) = reader.next_cell().expect("a cell") {
        count += usize::from(!matches!(cell.get_value(), calamine::DataRef::Empty));
    }
    println!("{count}");
}
