//! Services that leave the rules of lists: whoever was there throughout is in the file exactly once, or the exit code says
//! that this could not be proved.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use super::drift::Random;
use crate::harness::*;

/// Seeds of each lie, unless the environment asks for more.
const SEEDS: u64 = 1;

/// How a service leaves the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    /// It gives nothing beyond a record, and says so with an error.
    WallRefused,
    /// It fails beyond a record.
    WallFails,
    /// It gives empty pages beyond a record.
    WallEmpty,
    /// It gives the last page again beyond a record.
    WallRepeats,
    /// It gives nothing beyond a record, and counts no further.
    WallCounted,
    /// The same at a number that is not round, where the creation date is honoured as a filter: else nothing could tell it from
    /// a list that is so short.
    WallCountedAnywhere,
    /// It refuses what lies beyond a record, and there is no total.
    WallRefusedUncounted,
    /// It gives empty pages beyond a record, and there is no total.
    WallEmptyUncounted,
    /// The same, and the total is too low.
    WallEmptyLow,
    /// It gives the first records whatever is asked for, and counts those, where the creation date is honoured as a filter.
    OnePage,
    /// It cuts pages before it leaves out what this login may not see.
    HiddenCounted,
    /// The same, and its total leaves them out.
    HiddenNotCounted,
    /// The same, and there is no total, only the address of the next page.
    HiddenNext,
    /// Pages have a size of its own.
    OwnSize,
    /// What changed last comes first.
    ByChange,
    /// What changed last comes last.
    ByChangeLast,
    /// The newest comes first.
    NewestFirst,
    /// Pages are counted from 0.
    FromZero,
    /// The same without a total.
    FromZeroUncounted,
    /// The total is of the page.
    TotalOfPage,
    /// The total is too high.
    TotalHigh,
    /// The total is too low.
    TotalLow,
    /// There is no total.
    TotalAbsent,
    /// A page comes twice, in place of the next one.
    Repeats,
    /// Beyond the end comes the last page, and there is no total.
    Clamps,
    /// Beyond the end comes an error, and there is no total.
    RefusesEnd,
    /// Records of the same moment come in another order for every page size.
    Unstable,
    /// It gives nothing beyond one of the smaller round numbers, or so many pages of its own size, and counts no further, whatever
    /// is honoured.
    WallCountedRound,
}

const LIES: [Lie; 28] = [
    Lie::WallRefused,
    Lie::WallFails,
    Lie::WallEmpty,
    Lie::WallRepeats,
    Lie::WallCounted,
    Lie::WallCountedAnywhere,
    Lie::WallCountedRound,
    Lie::WallRefusedUncounted,
    Lie::WallEmptyUncounted,
    Lie::WallEmptyLow,
    Lie::OnePage,
    Lie::HiddenCounted,
    Lie::HiddenNotCounted,
    Lie::HiddenNext,
    Lie::OwnSize,
    Lie::ByChange,
    Lie::ByChangeLast,
    Lie::NewestFirst,
    Lie::FromZero,
    Lie::FromZeroUncounted,
    Lie::TotalOfPage,
    Lie::TotalHigh,
    Lie::TotalLow,
    Lie::TotalAbsent,
    Lie::Repeats,
    Lie::Clamps,
    Lie::RefusesEnd,
    Lie::Unstable,
];

/// What is read to its end all the same while nothing changes.
const READ_ALL_THE_SAME: [Lie; 13] = [
    Lie::HiddenNotCounted,
    Lie::OwnSize,
    Lie::ByChange,
    Lie::ByChangeLast,
    Lie::NewestFirst,
    Lie::FromZero,
    Lie::FromZeroUncounted,
    Lie::TotalOfPage,
    Lie::TotalLow,
    Lie::TotalAbsent,
    Lie::Clamps,
    Lie::RefusesEnd,
    Lie::Unstable,
];

/// What looks like a wall unless the creation date is honoured as a filter.
const NEEDS_FILTERS: [Lie; 3] = [Lie::TotalOfPage, Lie::TotalLow, Lie::RefusesEnd];

/// A customer as the service keeps it.
#[derive(Clone)]
struct Customer {
    day: u64,
    /// Moment of the last change, in the order of changes.
    changed: u64,
    is_hidden: bool,
}

/// A list that changes between requests.
struct World {
    random: Random,
    lie: Lie,
    records: BTreeMap<u64, Customer>,
    throughout: HashSet<u64>,
    clock: u64,
    next: u64,
    /// Whether anything changes, and whether the creation date is honoured as a filter.
    changes: bool,
    filters: bool,
    wall: usize,
    repeated: Option<u64>,
}

impl World {
    fn new(lie: Lie, seed: u64, changes: bool) -> World {
        let mut random = Random::of_seed(seed * 31 + lie as u64 + 1);
        let size = match lie {
            Lie::WallCounted => 1300 + random.below(200),
            Lie::WallCountedRound => 750 + random.below(100),
            _ => 250 + random.below(500),
        } as u64;
        let hides = matches!(lie, Lie::HiddenCounted | Lie::HiddenNotCounted | Lie::HiddenNext);
        let hole = random.below(size as usize) as u64;
        let records: BTreeMap<u64, Customer> = (1..=size)
            .map(|n| {
                let is_hidden = hides && (n.abs_diff(hole) < 130 || random.below(50) == 0);
                (n * 3, Customer { day: n * 700 / size, changed: n, is_hidden })
            })
            .collect();
        let throughout = records.iter().filter(|(_, record)| !record.is_hidden).map(|(id, _)| *id).collect();
        let wall = match lie {
            Lie::WallCounted => 1000,
            Lie::WallCountedRound => [500, 511, 512, 700][random.below(4)],
            // A wall where the low total is makes a list that nothing can tell from one that is so short.
            Lie::WallEmptyLow => size as usize / 3 + 20 + random.below(60),
            _ => 100 + random.below(120),
        };
        let filters = random.below(4) > 0
            || matches!(lie, Lie::WallCountedAnywhere | Lie::OnePage)
            || !changes && NEEDS_FILTERS.contains(&lie);
        World {
            random,
            lie,
            records,
            throughout,
            clock: size + 1,
            next: size * 3 + 1000,
            changes,
            filters,
            wall,
            repeated: None,
        }
    }

    fn change(&mut self) {
        for _ in 0..if self.changes { self.random.below(3) } else { 0 } {
            let at = self.random.below(self.records.len());
            let id = *self.records.keys().nth(at).unwrap();
            self.clock += 1;
            match self.random.below(4) {
                0 => {
                    self.records.remove(&id);
                    self.throughout.remove(&id);
                }
                1 => {
                    self.records.insert(self.next, Customer { day: 699, changed: self.clock, is_hidden: false });
                    self.next += 1;
                }
                _ => self.records.get_mut(&id).unwrap().changed = self.clock,
            }
        }
    }

    fn answer(&mut self, request: &Request) -> (u16, String) {
        if request.path != "/users.json" {
            return unknown();
        }
        self.change();
        let bound = |name: &str| request.query.get(name).filter(|_| self.filters).map(|day| number_of_day(&day[..10]));
        let (from, to) = (bound("created_start").unwrap_or(0), bound("created_end").unwrap_or(u64::MAX));
        let mut found: Vec<(u64, Customer)> = self
            .records
            .iter()
            .filter(|(_, record)| (from..=to).contains(&record.day))
            .map(|(id, record)| (*id, record.clone()))
            .collect();
        let mut number = request.number_of("page") as u64;
        let mut size = (request.number_of("per_page") as u64).clamp(1, 40);
        match self.lie {
            Lie::ByChange => found.sort_by_key(|(_, record)| u64::MAX - record.changed),
            Lie::ByChangeLast => found.sort_by_key(|(_, record)| record.changed),
            Lie::NewestFirst => found.reverse(),
            Lie::OwnSize => size = 30,
            Lie::FromZero | Lie::FromZeroUncounted => number += 1,
            Lie::Unstable => found.sort_by_key(|(id, record)| (record.day / 50, id * 7919 % (size + 3), *id)),
            Lie::WallCountedAnywhere => found.truncate(self.wall),
            Lie::WallCountedRound => {
                size = size.min(if self.wall == 700 { 7 } else { 40 });
                found.truncate(self.wall);
            }
            Lie::OnePage => {
                (number, size) = (1, 20);
                found.truncate(20);
            }
            _ => {}
        }
        let Some(number) = number.checked_sub(1) else { return (200, "{\"users\":[]}".to_owned()) };
        let length = found.len();
        let mut start = (number * size) as usize;
        let end = start + size as usize;
        match self.lie {
            Lie::WallRefused | Lie::WallRefusedUncounted if end > self.wall => {
                return (400, "{\"errcode\":\"100422\",\"errmsg\":\"page too deep\"}".to_owned());
            }
            Lie::WallFails if end > self.wall => return (200, "{\"errcode\":\"1\",\"errmsg\":\"error\"}".to_owned()),
            Lie::WallRepeats if end > self.wall => {
                start = (self.wall / size as usize).saturating_sub(1) * size as usize;
            }
            Lie::RefusesEnd if start >= length && number > 0 => {
                return (404, "{\"errcode\":\"404\",\"errmsg\":\"no such page\"}".to_owned());
            }
            Lie::Clamps if start >= length => start = length.saturating_sub(1) / size as usize * size as usize,
            // Once in a while the answer of the page before, as of a cache that mixes them up.
            Lie::Repeats if number > 1 && self.repeated != Some(number) && self.random.below(4) == 0 => {
                self.repeated = Some(number);
                start -= size as usize;
            }
            _ => {}
        }
        let is_emptied = [Lie::WallEmpty, Lie::WallCounted, Lie::WallEmptyUncounted, Lie::WallEmptyLow];
        let is_beyond = is_emptied.contains(&self.lie) && end > self.wall;
        let is_shown = |record: &&(u64, Customer)| !record.1.is_hidden;
        let rows = found.iter().skip(start).take(if is_beyond { 0 } else { size as usize }).filter(is_shown);
        let rows: Vec<String> = rows.map(|(id, record)| row(*id, record)).collect();
        let shown = found.iter().filter(is_shown).count();
        let count = match self.lie {
            Lie::WallCounted => Some(length.min(self.wall)),
            Lie::HiddenNotCounted => Some(shown),
            Lie::HiddenNext | Lie::TotalAbsent | Lie::Clamps | Lie::RefusesEnd | Lie::FromZeroUncounted => None,
            Lie::WallRefusedUncounted | Lie::WallEmptyUncounted => None,
            Lie::TotalOfPage => Some(rows.len()),
            Lie::TotalHigh => Some(length + 77),
            Lie::TotalLow | Lie::WallEmptyLow => Some(length / 3),
            _ => Some(length),
        };
        let count = count.map(|count| format!(",\"count\":{count}")).unwrap_or_default();
        let next = match self.lie {
            Lie::HiddenNext if end < length => ",\"next_page\":\"https://www.example.com/next\"",
            Lie::HiddenNext => ",\"next_page\":null",
            _ => "",
        };
        (200, format!("{{\"users\":[{}]{count}{next}}}", rows.join(",")))
    }
}

/// Days since the first of January 2024.
fn number_of_day(day: &str) -> u64 {
    let day: jiff::civil::Date = day.parse().unwrap();
    let first = jiff::civil::date(2024, 1, 1);
    u64::try_from(day.duration_since(first).as_hours() / 24).unwrap_or(0)
}

fn row(id: u64, record: &Customer) -> String {
    let day = jiff::civil::date(2024, 1, 1).saturating_add(jiff::Span::new().days(record.day as i64));
    format!("{{\"cId\":\"{id}\",\"name\":\"示例\",\"state\":\"1\",\"createDT\":\"{day} 08:00:00\"}}")
}

const COMMAND: &str = "customers -o out.csv --columns cId";

/// What helps where an export does not end well.
const WAYS_ON: [&str; 3] = ["--accept-incomplete", "--since and --until", "fewer people"];

/// How often an export is gone on with.
const TRIES: usize = 3;

/// Exports from a service that lies. Tells whether the export says it is complete, or what is wrong about that.
fn export(lie: Lie, seed: u64, changes: bool) -> Result<bool, String> {
    let world = Arc::new(Mutex::new(World::new(lie, seed, changes)));
    let answering = Arc::clone(&world);
    let service = Service::start(move |request| answering.lock().unwrap().answer(request));
    let work = Work::at(&service.base_url());
    let mut ran = work.export(COMMAND);
    let is_hinted = |ran: &Ran| WAYS_ON.iter().any(|way| ran.stdout().contains(way));
    // The same command is said to go on: it does, be it that something moved once more.
    for _ in 0..TRIES {
        let is_over = ran.exits_with_one_of(&[0, 5]) == 0 || is_hinted(&ran);
        if is_over || !ran.stdout().contains("run the same command again") {
            break;
        }
        ran = work.export(COMMAND);
    }
    let wrong = |what: String| Err(format!("{lie:?}, seed {seed}, changes {changes}: {what}\n{ran}"));
    if ran.exits_with_one_of(&[0, 5]) == 5 {
        return match is_hinted(&ran) && !work.path("out.csv").exists() {
            true => Ok(false),
            false => wrong("no way on, or a file all the same".to_owned()),
        };
    }
    let ids = work.ids("out.csv");
    let distinct: HashSet<u64> = ids.iter().copied().collect();
    let world = world.lock().unwrap();
    let missing = world.throughout.iter().filter(|id| !distinct.contains(id)).count();
    match missing == 0 && distinct.len() == ids.len() && ran.json()["complete"] == true {
        true => Ok(true),
        false => wrong(format!("{missing} records are missing, {} are doubled", ids.len() - distinct.len())),
    }
}

#[test]
fn whatever_a_service_does_nothing_is_missing_or_the_exit_code_tells() {
    let seeds = std::env::var("BW8_TEST_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    let complete = Mutex::new(BTreeMap::new());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (complete, wrong) = (&complete, &wrong);
            scope.spawn(move || {
                for lie in LIES.into_iter().skip(half).step_by(2) {
                    for changes in [false, true] {
                        for seed in 0..seeds {
                            match export(lie, seed, changes) {
                                Ok(is_complete) => {
                                    let name = format!("{lie:?}, changes {changes}");
                                    *complete.lock().unwrap().entry(name).or_insert(0) += u64::from(is_complete);
                                }
                                Err(why) => wrong.lock().unwrap().push(why),
                            }
                        }
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {seeds} seeds:\n{}", wrong.len(), wrong.join("\n"));
    // What only looks odd is read to its end all the same.
    let complete = complete.into_inner().unwrap();
    println!("of {seeds} seeds complete: {complete:#?}");
    for lie in READ_ALL_THE_SAME {
        // Of many worlds a few hide so much in a row that nothing proves where they end.
        assert!(complete[&format!("{lie:?}, changes false")] >= seeds - seeds / 4, "{lie:?}");
    }
}

/// A service that told a total once and gives empty pages without one from then on: what it told is not gone.
#[test]
fn a_total_that_was_told_holds_when_the_service_falls_silent_about_it() {
    let ids: Vec<u64> = (1..=60).collect();
    for (good, nothing) in [
        (1, r#"{"users":[]}"#),
        (3, r#"{"users":[],"count":null}"#),
        (6, r#"{"users":null,"count":null}"#),
        (4, r#"{"users":null}"#),
    ] {
        let all = ids.clone();
        let mut asked = 0;
        let service = Service::start(move |request| match request.path.as_str() {
            "/users.json" => {
                asked += 1;
                match asked > good {
                    true => (200, nothing.to_owned()),
                    false => (200, page(&all, request, 10, Some("60"))),
                }
            }
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId");
        ran.exits(5).says("60").says("--accept-incomplete");
        assert!(!work.path("out.csv").exists(), "{nothing}\n{ran}");
    }
}

/// A service that fails is at fault itself, and one that breaks answers off is told as that, with and without a length.
#[test]
fn a_service_that_fails_sends_nobody_to_the_network() {
    let service = Service::start(|request| match request.path.as_str() {
        "/users.json" => (500, r#"{"error":"x"}"#.to_owned()),
        _ => unknown(),
    });
    let work = Work::at(&service.base_url());
    let ran = work.bw8("export customers -o out.csv --wait 0 --rate 0");
    ran.exits(1).says("the service itself failed").never_says("check the address and the network");
    let ran = work.bw8("export customers -o out.csv --wait 0 --rate 0 --lang zh");
    ran.exits(1).says("失败：x\n").says("是帮我吧自己出错，与网络和设置无关").never_says("检查地址和网络");
}

/// A list that says it is empty, while a record that it had is still there: an older file stays, and no twin is made of what is
/// there. What is gone is gone.
#[test]
fn a_list_that_has_lost_most_of_its_records_is_whole_only_where_they_are_gone() {
    for nothing in [r#"{"users":[],"count":0}"#, r#"{"users":[]}"#] {
        let state = Arc::new(Mutex::new("whole"));
        let told = Arc::clone(&state);
        let service = Service::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/users.json") if *told.lock().unwrap() == "whole" => {
                (200, page(&(1..=12).collect::<Vec<_>>(), request, 100, Some("12")))
            }
            ("GET", "/users.json") => (200, nothing.to_owned()),
            ("GET", path) if path.starts_with("/users/") && *told.lock().unwrap() != "gone" => {
                match path.trim_start_matches("/users/").trim_end_matches(".json").parse() {
                    Ok(id) => (200, format!("{{\"user\":{}}}", customer(id))),
                    Err(_) => unknown(),
                }
            }
            _ => unknown(),
        });
        let work = Work::at(&service.base_url());
        work.export("customers -o out.csv --columns cId --summary none").exits(0);
        let before = work.read("out.csv");
        *state.lock().unwrap() = "empty";
        let ran = work.export("customers -o out.csv --columns cId --summary none");
        ran.exits(5).says("record 12, which is not among them, is still there").says("--accept-incomplete");
        assert_eq!(work.read("out.csv"), before);
        work.write("mine.csv", "姓名,手机,公司编号\n示例,13000000000,20001\n");
        let ran = work.bw8("import customers mine.csv --mode upsert --rate 0 --lang zh");
        ran.exits(3).says("记录 12，单独查询时仍然存在");
        assert!(service.requests().iter().all(|request| request.method == "GET"), "{ran}");
        *state.lock().unwrap() = "gone";
        work.export("customers -o out.csv --columns cId --summary none").exits(0);
        assert_eq!(work.read("out.csv").lines().count(), 1);
    }
}
