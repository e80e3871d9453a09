//! What it costs to know which rows an account has already: the look into the index for each row of an input, catching up
//! with a new journal, and making the index anew, with a hundred runs and five million rows.
//!
//! `cargo bench --bench index` runs it all; `-- --rows 500000` changes how many rows are remembered.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "benches say what they expect by failing, and nobody outside uses them"
)]

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bw8::entity::AccountMode;
use bw8::journal::{InputRow, Journal, JournalReader, Operation, RowIdentity, RowKey, RunIdentity, RunIndex, Status};
use uuid::Uuid;

const RUNS: u64 = 100;
const TARGET: &str = "https://www.example.com/api/v1 demo@example.com";
/// As many rows as a command looks up together.
const BATCH: usize = 1 << 16;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, state, numbers @ ..] = &arguments[..]
        && command == "look"
    {
        let number = |at: usize| numbers[at].parse().unwrap();
        return look(Path::new(state), number(0), number(1), number(2));
    }
    let option = arguments.iter().position(|argument| argument == "--rows").and_then(|at| arguments.get(at + 1));
    let remembered: u64 = option.map_or(5_000_000, |rows| rows.parse().unwrap());
    let work = tempfile::tempdir().unwrap();
    let a_run = remembered / RUNS;
    let started = Instant::now();
    let mut index = RunIndex::open(&work.path().join("state")).unwrap();
    for run in 0..RUNS {
        make_run(&index, work.path(), run, run * a_run..(run + 1) * a_run);
    }
    println!("{RUNS} journals of {a_run} rows made in {:.1} s", started.elapsed().as_secs_f64());

    let started = Instant::now();
    index.memory("customers").unwrap();
    let file = std::fs::metadata(work.path().join("state/runs.db")).unwrap().len();
    println!(
        "made anew from {remembered} rows: {:.1} s (aim 20 or less), {:.0} bytes a row",
        started.elapsed().as_secs_f64(),
        file as f64 / remembered as f64
    );

    for rows in [10_000, 100_000, 1_000_000] {
        println!("an input of {rows} rows");
        for (what, first, step, runs) in
            [("new", remembered + 1_000_000, 1, 0), ("known", 0, remembered / rows, RUNS as usize)]
        {
            // In a process of its own, as a command is: what was allocated here would hide what it needs.
            let output = Command::new(std::env::current_exe().unwrap())
                .arg("look")
                .arg(work.path().join("state"))
                .args([rows, first, step].map(|number| number.to_string()))
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let [seconds, mib, found] = said.split_whitespace().collect::<Vec<_>>()[..] else { unreachable!("{said}") };
            assert_eq!(found.parse::<usize>().unwrap(), runs);
            let micros = seconds.parse::<f64>().unwrap() * 1e6 / rows as f64;
            println!("  {what}: {micros:.2} µs a row (aim 1.5 or less), {mib} MiB more memory (aim 16 or less)");
        }
    }

    for rows in [10_000, 50_000] {
        let first = remembered + 20_000_000 + rows;
        make_run(&index, work.path(), RUNS + rows, first..first + rows);
        let started = Instant::now();
        index.memory("customers").unwrap();
        let once = started.elapsed().as_secs_f64();
        let started = Instant::now();
        index.memory("customers").unwrap();
        println!(
            "a new journal of {rows} rows: {:.1} µs a row, once; the next time {:.1} ms for all runs",
            once * 1e6 / rows as f64,
            started.elapsed().as_secs_f64() * 1e3
        );
    }
}

/// Looks rows up as a command does; says the seconds, how much more memory there was at its peak, and how many runs sent
/// some of them.
fn look(state: &Path, rows: u64, first: u64, step: u64) {
    let before = memory("VmHWM:");
    let index = RunIndex::open(state).unwrap();
    let mut batch = Vec::with_capacity(BATCH.min(rows as usize));
    let mut found = HashSet::new();
    let mut seconds = 0.0;
    for row in 0..rows {
        batch.push(input_row(first + row * step));
        if batch.len() == BATCH || row + 1 == rows {
            let started = Instant::now();
            let sent = index.sent_before(&batch, None, |_| true).unwrap();
            seconds += started.elapsed().as_secs_f64();
            found.extend(sent.into_iter().flatten().map(|sent| sent.run));
            batch.clear();
        }
    }
    println!("{seconds} {:.1} {}", memory("VmHWM:") - before, found.len());
}

/// Memory of this process in MiB; not a number where the system does not tell.
fn memory(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line =
        status.lines().find_map(|line| line.strip_prefix(name)?.trim().trim_end_matches(" kB").parse::<f64>().ok());
    line.map_or(f64::NAN, |kib| kib / 1024.0)
}

/// Hashes without a pattern, as those of rows are.
fn hash(number: u64) -> [u8; 16] {
    let mix = |mut value: u64| {
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    };
    let (first, second) = (mix(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)), mix(number ^ 0x5555_5555));
    (u128::from(first) << 64 | u128::from(second)).to_be_bytes()
}

fn key(number: u64) -> u64 {
    u64::from_be_bytes(hash(number ^ 0xffff_0000_0000)[..8].try_into().unwrap())
}

fn input_row(number: u64) -> InputRow {
    let identity = RowIdentity { identity: hash(number), copy: 0, content: hash(!number), content_copy: 0 };
    InputRow { identity, key: Some(key(number)), weaker: None, old_id: None }
}

/// A finished run that created these rows.
fn make_run(index: &RunIndex, work: &Path, number: u64, rows: std::ops::Range<u64>) {
    let folder = work.join(format!("run-{number}"));
    std::fs::create_dir(&folder).unwrap();
    let identity = RunIdentity {
        run: Uuid::from_u128(u128::from(number) + 1),
        entity: "customers".into(),
        key: Vec::new(),
        mode: "create".into(),
        target: TARGET.into(),
        host: "www.example.com".into(),
        input: format!("input {number}"),
        mapping: "mapping".into(),
        catalog: "catalog".into(),
        input_path: format!("/customers-{number}.csv").into(),
        input_shown: "customers.csv".into(),
        sheet: None,
        header_row: None,
        encoding: None,
        mapping_text: None,
        account_mode: AccountMode::Business,
        rows: rows.end - rows.start,
        parent: None,
        started: number.cast_signed(),
    };
    let mut journal = Journal::create(&folder, &identity).unwrap();
    let operations: Vec<Operation> = rows
        .enumerate()
        .map(|(place, number)| Operation {
            row: RowKey {
                row: place as u64,
                number: place as u64 + 2,
                identity: Some(hash(number)),
                content: hash(!number),
                copy: 0,
                content_copy: 0,
                key: Some(key(number)),
                origin: None,
                generation: 0,
                old_id: None,
                added: None,
            },
            status: Status::Created,
            id: Some((50_000 + number).to_string()),
            attempts: 1,
            at: 0,
            reason: None,
        })
        .collect();
    journal.apply(&[], &operations, &[]).unwrap();
    journal.close().unwrap();
    index.put(JournalReader::open_read_only(&folder).unwrap().identity(), &folder).unwrap();
}
