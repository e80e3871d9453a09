//! How fast rows find the records that they refer to: look-ups by mobile number in a mirror of 100,000 customers, and the memory
//! that takes. Prints both; the aims are 200,000 look-ups a second and less than 64 MiB.
//!
//! `cargo bench --bench lookup`; `-- --rows 10000000` looks more often.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "benches say what they expect by failing, and nobody outside uses them"
)]

use std::rc::Rc;
use std::time::Instant;

use bw8::entity::Catalog;
use bw8::lookup::{KnownList, ListProof};
use bw8::mirror::{Key, Marks, Mirror};

const RECORDS: u64 = 100_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let named = arguments.iter().position(|argument| argument == "--rows").and_then(|at| arguments.get(at + 1));
    let rows: u64 = named.map_or(1_000_000, |rows| rows.parse().expect("rows"));
    let folder = tempfile::tempdir().expect("a folder for the bench");
    let mirror = Mirror::open(&folder.path().join("mirror.db")).expect("a mirror");
    let list = mirror.list("customers", "").expect("a list");
    let list = mirror.begin_generation(&list, jiff::Timestamp::now().as_second()).expect("a pass");
    mirror
        .together(|| {
            (0..RECORDS).try_for_each(|number| {
                let id = (10_000_000 + number).to_string();
                let record = serde_json::json!({
                    "cId": id, "name": format!("示例联系人{number:07}"), "mobile": format!("130{number:08}"),
                    "email": format!("person{number}@example.com"), "note": "示例备注：从周一起无法使用",
                });
                mirror.put(&list, &Key::of(&id), &Marks::default(), record.to_string().as_bytes()).map(drop)
            })
        })
        .expect("a filled mirror");
    let before = memory();
    let entity = Catalog::embedded().get("customers").expect("customers");
    let known = KnownList::new(entity, ListProof::Whole, Rc::new(mirror), Some(list));
    let began = Instant::now();
    known.index(&[&["mobile"]]).expect("an index");
    println!("{RECORDS} records are put in order in {:.2} s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    for row in 0..rows {
        // One in eleven is not there; the others come in no order.
        let number = row.wrapping_mul(7_919) % (RECORDS + RECORDS / 10);
        let found = known.find(&["mobile"], &[&format!("130{number:08}")]).expect("a look-up");
        assert_eq!(found.len(), usize::from(number < RECORDS), "the record of number {number}");
    }
    let rate = rows as f64 / began.elapsed().as_secs_f64();
    println!("{rate:.0} look-ups a second (aim 200,000 or more)");
    println!("{:.1} MiB at the peak, {:.1} of them for this (aim less than 64)", memory(), memory() - before);
}

/// The most memory this process had so far, in MiB; not a number where the system does not tell.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        peak.and_then(|peak| peak.trim().strip_suffix("kB")).and_then(|peak| peak.trim().parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}
