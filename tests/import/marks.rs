//! Which rows of a killed run had left is believed only where it is proved: by marks of this run, in the very file that it wrote,
//! since this machine began. Whatever else lies there leaves each row in doubt that was about to be sent.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::harness::*;

const IMPORT: &str = "import tickets mine.csv --no-canary --concurrency 1 --server-timeout 600 --run here";
const ROWS: usize = 20;
/// Rows that are stored when it is killed.
const STORED: u64 = 7;
/// Bytes of the head of the file of marks.
const HEAD: usize = 64;

/// A run of twenty tickets that was killed when seven were stored; the last answer was still on its way.
fn killed(server: &Server) -> Work {
    let work = Work::new();
    let mut table = Table::of(&["标题", "描述", "客户编号"]);
    for row in 1..=ROWS {
        table.push(&[&format!("示例 {row}"), "说明", "50001"]);
    }
    work.write_table("mine.csv", &table);
    let before = server.stored("tickets");
    let running = work.start(work.command_on(server, IMPORT));
    server.wait_until_stored("tickets", before + STORED);
    // Rows behind them are about to be sent.
    while u64::from(last_window(&work.path("here"))) < STORED {
        std::thread::sleep(A_MOMENT);
    }
    running.kill();
    work
}

/// The row with which the last window begins that is reserved and not over.
fn last_window(folder: &Path) -> u32 {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let journal = rusqlite::Connection::open_with_flags(folder.join("journal.db"), flags).unwrap();
    journal.query_row("SELECT coalesce(max(first), 0) FROM reservation", [], |row| row.get(0)).unwrap_or(0)
}

/// The head that a run with this id writes into this very file, on a machine that calls itself and its boot so.
fn head(file: &File, run: &str, boot: &str) -> Vec<u8> {
    let about = file.metadata().unwrap();
    let mut head = b"bw8mark1".to_vec();
    head.extend(Sha256::digest(format!("{run}\n{boot}\n{} {}", about.dev(), about.ino())));
    head.extend((ROWS as u64).to_le_bytes());
    let sum = Sha256::digest(&head);
    head.extend(&sum[..16]);
    head
}

/// The id of a run, as a copy of its journal has it: whoever opens that itself changes it.
fn run_of(folder: &Path) -> String {
    let copy = tempfile::tempdir().unwrap();
    for name in ["journal.db", "journal.db-wal"] {
        std::fs::copy(folder.join(name), copy.path().join(name)).unwrap();
    }
    let journal = rusqlite::Connection::open(copy.path().join("journal.db")).unwrap();
    let identity: String =
        journal.query_row("SELECT value FROM run WHERE name = 'identity'", [], |row| row.get(0)).unwrap();
    let identity: serde_json::Value = serde_json::from_str(&identity).unwrap();
    identity["run"].as_str().unwrap().to_owned()
}

/// How this machine calls itself and its boot.
fn own_boot() -> [String; 3] {
    ["/etc/machine-id", "/proc/sys/kernel/hostname", "/proc/sys/kernel/random/boot_id"]
        .map(|path| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned())
}

#[test]
fn marks_of_another_boot_machine_run_or_file_are_not_believed() {
    type Change = fn(&mut File, &str);
    let [machine, host, boot] = own_boot();
    let put = |file: &mut File, head: &[u8]| {
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(head).unwrap();
    };
    let all = |text: &str| text.to_owned();
    // What stands there is what these tests take it for, or none of them would say anything.
    let (own, other) = (format!("{machine} {host} {boot}"), "00000000-0000-0000-0000-000000000000");
    for (what, run, called, is_believed) in [
        ("this run, machine and boot", None, all(&own), true),
        ("another boot", None, format!("{machine} {host} {other}"), false),
        ("another machine", None, format!("{} {host} {boot}", "0".repeat(32)), false),
        ("another host", None, format!("{machine} elsewhere {boot}"), false),
        ("another run", Some(other), all(&own), false),
    ] {
        let server = Server::faulty(&["stall-after-store,on=POST tickets,nth=7"]);
        let work = killed(&server);
        let mut file = File::options().read(true).write(true).open(work.path("here/journal.marks")).unwrap();
        let run = run.map_or_else(|| run_of(&work.path("here")), str::to_owned);
        let head = head(&file, &run, &called);
        if is_believed {
            let mut found = vec![0; HEAD];
            file.read_exact(&mut found).unwrap();
            assert_eq!(found, head);
        }
        put(&mut file, &head);
        drop(file);
        goes_on(&server, &work, what, is_believed);
    }
    let changes: [(&str, Change); 3] = [
        ("a head that is damaged", |file, _| {
            file.seek(SeekFrom::Start(20)).unwrap();
            file.write_all(b"x").unwrap();
        }),
        ("a file that was cut", |file, _| file.set_len(HEAD as u64 + 16 * 12).unwrap()),
        ("a copy of the file", |_, path| {
            std::fs::copy(path, format!("{path}.copy")).unwrap();
            std::fs::rename(format!("{path}.copy"), path).unwrap();
        }),
    ];
    for (what, change) in changes {
        let server = Server::faulty(&["stall-after-store,on=POST tickets,nth=7"]);
        let work = killed(&server);
        let path = work.path("here/journal.marks");
        let mut file = File::options().read(true).write(true).open(&path).unwrap();
        change(&mut file, path.to_str().unwrap());
        drop(file);
        goes_on(&server, &work, what, false);
    }
}

/// The run goes on: with all rows where its marks are believed, else without those that it was about to send. No row is sent twice.
#[track_caller]
fn goes_on(server: &Server, work: &Work, what: &str, is_believed: bool) {
    let ran = work.on(server, IMPORT);
    ran.exits(if is_believed { 0 } else { 4 });
    let summary = work.summary_of("here");
    let rows = |end: &str| usize::try_from(summary["rows"][end].as_u64().unwrap()).unwrap();
    assert_eq!((rows("unknown") > 0, rows("created") + rows("unknown")), (!is_believed, ROWS), "{what}: {summary}");
    let counts = server.count_by("tickets", "subject");
    let stored: Vec<usize> = (1..=ROWS).filter_map(|row| counts.get(&format!("示例 {row}")).copied()).collect();
    assert!(stored.len() == rows("created") && stored.iter().all(|count| *count == 1), "{what}: {counts:?}");
}
