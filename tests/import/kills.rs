//! A campaign of kills: commands are killed at every point of a row's way and run again until they come to their end, against
//! services that know request ids again and that do not, with answers that get lost. Whatever happens, no row is lost, none is
//! made twice, nothing is said to be done that is not; and after `bw8 settle` nothing is unknown that a look at the account
//! decides.
//!
//! `KILLS=900 cargo test --release --test main -- --ignored --nocapture many_kills` kills longer: as often as it says, a third of
//! it for each kind of service. `KILLS_SEED=7` begins with another history.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::harness::*;

/// Rows of one history.
const ROWS: usize = 24;
/// Kills of the short programme, for each kind of service.
const SHORT: u64 = 20;
/// Kills of one history at most.
const OF_ONE: u64 = 10;
/// Requests in flight, unless told otherwise.
const IN_FLIGHT: usize = 4;
/// Bytes of the head of the file of marks, and of one mark.
const HEAD: usize = 64;
const SLOT: usize = 16;

/// Where a killed process was with one of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Nothing was reserved.
    BeforeIntent,
    /// Reserved, and not handed over.
    IntentToSend,
    /// Handed over, and not answered.
    SendToAnswer,
    /// Answered, and not in the journal.
    AnswerToCommit,
    /// All in the journal, and not reported.
    CommitToReport,
    /// Reports are being written.
    Reporting,
}

const PHASES: [Phase; 6] = [
    Phase::BeforeIntent,
    Phase::IntentToSend,
    Phase::SendToAnswer,
    Phase::AnswerToCommit,
    Phase::CommitToReport,
    Phase::Reporting,
];

/// Where a process is, as far as its files tell; several at once.
fn phases(folder: &Path) -> Vec<Phase> {
    let mut phases = phases_of_rows(folder);
    phases.dedup();
    phases
}

/// The same for each row that is on its way.
fn phases_of_rows(folder: &Path) -> Vec<Phase> {
    let Ok(journal) =
        rusqlite::Connection::open_with_flags(folder.join("journal.db"), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
    else {
        return vec![Phase::BeforeIntent];
    };
    let number = |sql: &str| journal.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap_or(0);
    let (ended, reserved) = (number("SELECT count(*) FROM operation"), number("SELECT count(*) FROM reservation"));
    if ended + reserved == 0 {
        return vec![Phase::BeforeIntent];
    }
    if reserved == 0 && ended == ROWS as i64 {
        return vec![match folder.join("issues.csv").exists() || folder.join("results.csv").exists() {
            true => Phase::Reporting,
            false => Phase::CommitToReport,
        }];
    }
    let marks = std::fs::read(folder.join("journal.marks")).unwrap_or_default();
    let mut have_ends = [false; ROWS];
    if let Ok(mut statement) = journal.prepare("SELECT row FROM operation") {
        let rows = statement.query_map([], |row| row.get::<_, u32>(0)).unwrap();
        rows.flatten().for_each(|row| have_ends[row as usize] = true);
    }
    let mut phases = Vec::new();
    for (row, has_end) in have_ends.into_iter().enumerate() {
        let slot = marks.get(HEAD + row * SLOT..HEAD + (row + 1) * SLOT);
        let state = slot.map_or(0, |slot| slot[7] >> 4);
        phases.extend(match (has_end, state) {
            (true, _) => None,
            (false, 0) if reserved > 0 => Some(Phase::IntentToSend),
            (false, 0) => None,
            (false, 1) => Some(Phase::SendToAnswer),
            (false, _) => Some(Phase::AnswerToCommit),
        });
    }
    phases
}

/// What rows are and where they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Customers,
    Tickets,
    Tags,
    Updates,
    Bindings,
}

const KINDS: [Kind; 5] = [Kind::Customers, Kind::Tickets, Kind::Tags, Kind::Updates, Kind::Bindings];

impl Kind {
    fn command(self) -> &'static str {
        match self {
            Kind::Customers => "import customers mine.csv --run run",
            Kind::Tickets => "import tickets mine.csv --run run",
            Kind::Tags => "import tags mine.csv --run run",
            Kind::Updates => "import customers mine.csv --mode update --run run",
            Kind::Bindings => "import bindings mine.csv --run run",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Kind::Customers => "POST users",
            Kind::Tickets => "POST tickets",
            Kind::Tags | Kind::Updates => "PUT users",
            Kind::Bindings => "POST bindings",
        }
    }

    fn table(self, server: &Server) -> Table {
        let ids: Vec<String> = server
            .records("customers")
            .iter()
            .map(|record| record["cId"].as_str().unwrap().to_owned())
            .skip(20)
            .take(ROWS)
            .collect();
        let mut table = Table::of(match self {
            Kind::Customers => &["姓名", "手机", "公司编号"][..],
            Kind::Tickets => &["标题", "描述", "联系人编号"],
            Kind::Tags => &["对象类型", "记录编号", "添加标签"],
            Kind::Updates => &["联系人编号", "备注"],
            Kind::Bindings => &["联系人编号", "第三方用户标识", "绑定来源"],
        });
        for (row, id) in ids.iter().enumerate() {
            let (name, mobile) = (format!("示例 {row}"), format!("131{row:08}"));
            match self {
                Kind::Customers => table.push(&[&name, &mobile, "20001"]),
                // Every third one says the same as the one before.
                Kind::Tickets => table.push(&[&format!("示例 {}", row - usize::from(row % 3 == 2)), "说明", id]),
                Kind::Tags => table.push(&["联系人", id, "示例标签"]),
                Kind::Updates => table.push(&[id, &name]),
                Kind::Bindings => table.push(&[id, &name, "钉钉"]),
            };
        }
        if self == Kind::Tickets {
            for row in 0..ROWS {
                table.set(row, "联系人编号", &ids[0]);
            }
        }
        table
    }

    /// How often the effect of each row is there, and how often it should be.
    fn effects(self, server: &Server, table: &Table, row: usize) -> (usize, usize) {
        let cells = &table.rows[row + 1];
        let records = server.records(if self == Kind::Tickets { "tickets" } else { "customers" });
        let count = |is_effect: &dyn Fn(&serde_json::Map<String, serde_json::Value>) -> bool| {
            records.iter().filter(|record| is_effect(record)).count()
        };
        match self {
            Kind::Customers => (count(&|record| record["mobile"] == *cells[1]), 1),
            Kind::Tickets => {
                let alike = table.rows[1..].iter().filter(|other| other[0] == cells[0]).count();
                (count(&|record| record["subject"] == *cells[0] && record["descript"] == "说明"), alike)
            }
            Kind::Tags => {
                let tags = |record: &serde_json::Map<String, serde_json::Value>| {
                    record["tableName"].as_str().unwrap().split(',').filter(|tag| *tag == cells[2]).count()
                };
                (records.iter().filter(|record| record["cId"] == *cells[1]).map(tags).sum(), 1)
            }
            Kind::Updates => (count(&|record| record["cId"] == *cells[0] && record["note"] == *cells[1]), 1),
            Kind::Bindings => {
                let bindings = server.records("bindings");
                (bindings.iter().filter(|binding| binding["openId"] == *cells[1]).count(), 1)
            }
        }
    }
}

/// What a campaign came to.
#[derive(Default)]
struct Tally {
    kills: u64,
    hit: BTreeMap<Phase, u64>,
    /// Rows that each kill left in doubt.
    in_doubt: Vec<usize>,
}

/// One history: a command is killed and run again until it comes to its end, then settled until nothing is left to find out.
fn history(kind: Kind, policy: &str, random: &mut fastrand::Rng, tally: &mut Tally) {
    let share = random.u8(5..12);
    let server = Server::inside(|options| {
        options.seed = Some(random.u64(..));
        options.variants.set("duplicate-mobile", "accepted").unwrap();
        options.variants.set("requestid", policy).unwrap();
        let on = kind.target();
        let faults = [
            format!("delay,ms=3,on={on}"),
            format!("504-after-store,on={on},share={share}%"),
            format!("close-after-read,on={on},share=4%"),
        ];
        options.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    });
    let work = Work::new();
    let table = kind.table(&server);
    work.write_table("mine.csv", &table);
    let dedupe = match policy {
        "replayed" => " --server-dedupe replay",
        "duplicate" => " --server-dedupe refuse",
        _ => "",
    };
    let command = format!("{} --no-canary --keep-going --server-timeout 0{dedupe}", kind.command());
    let folder = work.path("run");
    for _ in 0..random.u64(1..=OF_ONE) {
        let wanted = PHASES[random.usize(..PHASES.len())];
        let mut running = work.start(work.command_on(&server, command.as_str()));
        // Until it is where it is wanted to be, and a little longer.
        while running.is_running() && !(folder.join("journal.db").exists() && phases(&folder).contains(&wanted)) {
            std::thread::sleep(A_MOMENT);
        }
        std::thread::sleep(Duration::from_micros(random.u64(..400)));
        if !running.is_running() {
            running.ended().exits_with_one_of(&[0, 1, 3, 4, 5]);
            break;
        }
        running.kill();
        let hit = phases(&folder);
        tally.kills += 1;
        hit.iter().for_each(|phase| *tally.hit.entry(*phase).or_default() += 1);
        tally.in_doubt.push(phases_of_rows(&folder).iter().filter(|phase| **phase == Phase::SendToAnswer).count());
    }
    let mut exits = Vec::new();
    for _ in 0..8 {
        let ran = work.on(&server, command.as_str());
        exits.push(ran.exits_with_one_of(&[0, 4, 5]));
        let settled = work.on(&server, format!("settle run --server-timeout 0{dedupe}").as_str());
        let exit = settled.exits_with_one_of(&[0, 4, 5]);
        exits.push(exit);
        if exit == 0 {
            break;
        }
    }
    let said = work.table("run/results.csv");
    let about = || format!("{kind:?} {policy} {exits:?}\n{said:?}\n{}", server.state());
    let statuses = said.column("status");
    for (row, status) in statuses.iter().enumerate() {
        let (there, wanted) = kind.effects(&server, &table, row);
        assert!(there <= wanted, "row {row} is there {there} times: {}", about());
        // Rows that say the same share what is there: no more of them are done than that.
        let is_alike = |other: usize| table.rows[other + 1] == table.rows[row + 1];
        let is_done = |other: usize| matches!(statuses[other], "created" | "updated" | "unchanged");
        let done = (0..statuses.len()).filter(|other| is_alike(*other) && is_done(*other)).count();
        assert!(done <= there, "row {row} {status}: {done} rows like it are done, {there} there: {}", about());
        // Only the last rows may be in doubt: nothing was made after them.
        assert!(is_done(row) || *status == "unknown", "row {row} ended as {status}: {}", about());
    }
    let ids: Vec<&str> = said.column("id").into_iter().filter(|id| !id.is_empty()).collect();
    let mut different = ids.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), ids.len(), "an id was given twice: {}", about());
    // With the list in hand a person would decide them: a record is there, or later ones are and it is not.
    if matches!(kind, Kind::Customers | Kind::Tickets) {
        let undecided = said.column("status").iter().filter(|status| **status == "unknown").count();
        assert!(undecided <= 1 + ROWS / 8, "{undecided} rows are unknown: {}", about());
    } else {
        assert!(!said.column("status").contains(&"unknown"), "{}", about());
    }
}

fn campaign(kills: u64, policy: &str) {
    let seed = std::env::var("KILLS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut tally = Tally::default();
    let is_all_hit = |tally: &Tally| PHASES.iter().all(|phase| tally.hit.contains_key(phase));
    for history_number in 0.. {
        let kind = KINDS[history_number % KINDS.len()];
        history(kind, policy, &mut random, &mut tally);
        // A programme that never was in a phase says nothing of it.
        if tally.kills >= kills && is_all_hit(&tally) {
            break;
        }
        assert!(tally.kills < kills * 3 + 60, "void: only these were hit: {:?}", tally.hit);
    }
    tally.in_doubt.sort_unstable();
    let median = tally.in_doubt[tally.in_doubt.len() / 2];
    // At most twice as many as are in flight: whatever else was reserved had not been handed over.
    assert!(median <= 2 * IN_FLIGHT, "a median of {median} rows in doubt");
    println!("{} kills, a median of {median} rows in doubt, phases {:?}", tally.kills, tally.hit);
}

#[test]
fn kills_lose_and_double_nothing_where_a_repeated_request_is_done_again() {
    campaign(SHORT, "ignored");
}

#[test]
fn kills_lose_and_double_nothing_where_a_repeated_request_is_answered_as_before() {
    campaign(SHORT, "replayed");
}

#[test]
fn kills_lose_and_double_nothing_where_a_repeated_request_is_refused() {
    campaign(SHORT, "duplicate");
}

#[test]
#[ignore = "long: see the head of this file"]
fn many_kills_lose_and_double_nothing() {
    let kills: u64 = std::env::var("KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(900);
    for policy in ["ignored", "replayed", "duplicate"] {
        campaign(kills.div_ceil(3), policy);
    }
}
