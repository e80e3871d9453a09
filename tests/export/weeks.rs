//! Week after week only changes are asked for, and the file is that of a full export all the same, whatever the service does
//! to its records without marking them as changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::civil::{DateTime, datetime};
use jiff::{Span, ToSpan};

use super::drift::Random;
use crate::harness::*;

/// Seeds of each kind of change, unless the environment asks for more.
const SEEDS: u64 = 1;
/// A Monday morning where the service is.
const BEGIN: DateTime = datetime(2026, 3, 2, 7, 0, 0, 0);

/// What happens beside honest work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    /// Records are deleted for good.
    Deleted,
    /// Records are marked as deleted and not as changed.
    DeletedSoftly,
    /// A record is deleted for good while another one is made.
    Balanced,
    /// The state of a week ago is put back.
    PutBack,
    /// Another account answers under the same login.
    OtherAccount,
    /// Nobody works for weeks, then somebody does.
    Quiet,
}

const KINDS: [Kind; 7] =
    [Kind::Nothing, Kind::Deleted, Kind::DeletedSoftly, Kind::Balanced, Kind::PutBack, Kind::OtherAccount, Kind::Quiet];

#[derive(Clone)]
struct Customer {
    name: String,
    created: DateTime,
    updated: DateTime,
    is_deleted: bool,
}

#[derive(Clone)]
struct Account {
    customers: BTreeMap<u64, Customer>,
    next: u64,
    newest_first: bool,
    /// The filters by date leave out their last day.
    ends_before_last_day: bool,
}

impl Account {
    fn new(random: &mut Random, first: u64, size: u64) -> Account {
        let customer = |random: &mut Random| {
            let created = BEGIN - Span::new().minutes(2000 + random.below(1_000_000) as i64);
            Customer { name: format!("示例 {}", random.below(1000)), created, updated: created, is_deleted: false }
        };
        let customers = (first..first + size).map(|id| (id, customer(random))).collect();
        Account { customers, next: first + size, newest_first: false, ends_before_last_day: false }
    }

    fn pick(&self, random: &mut Random) -> u64 {
        *self.customers.keys().nth(random.below(self.customers.len())).unwrap()
    }

    fn add(&mut self, now: DateTime) {
        let customer = Customer { name: "示例新".to_owned(), created: now, updated: now, is_deleted: false };
        self.customers.insert(self.next, customer);
        self.next += 1;
    }

    /// A week of work that marks what it changes.
    fn work(&mut self, random: &mut Random, monday: DateTime) {
        for _ in 0..5 + random.below(20) {
            let now = monday - Span::new().minutes(random.below(7 * 24 * 60) as i64);
            let id = self.pick(random);
            match random.below(4) {
                0 => self.add(now),
                1 => {
                    let customer = self.customers.get_mut(&id).unwrap();
                    (customer.is_deleted, customer.updated) = (true, customer.updated.max(now));
                }
                _ => {
                    let customer = self.customers.get_mut(&id).unwrap();
                    (customer.name, customer.updated) =
                        (format!("改 {}", random.below(1000)), customer.updated.max(now));
                }
            }
        }
    }

    fn answer(&self, request: &Request) -> (u16, String) {
        if request.path != "/users.json" {
            return unknown();
        }
        let bound = |name: &str, open: &str| request.query.get(name).map_or(open, |day| &day[..10]).to_owned();
        let within = |day: String, start: &str, end: &str| {
            let last = bound(end, "9");
            bound(start, "0") <= day && (day < last || day == last && !self.ends_before_last_day)
        };
        let with_deleted = request.query.get("deStat").is_some_and(|value| value == "1");
        let mut found: Vec<(&u64, &Customer)> = self
            .customers
            .iter()
            .filter(|(_, customer)| {
                within(customer.created.date().to_string(), "created_start", "created_end")
                    && within(customer.updated.date().to_string(), "updated_start", "updated_end")
                    && (with_deleted || !customer.is_deleted)
            })
            .collect();
        if self.newest_first {
            found.reverse();
        }
        let size = request.number_of("per_page").clamp(1, 100);
        let start = (request.number_of("page").max(1) - 1) * size;
        let rows = found.iter().skip(start).take(size).map(|(id, customer)| {
            let Customer { name, created, updated, is_deleted } = customer;
            let time = |moment: &DateTime| moment.strftime("%Y-%m-%d %H:%M:%S").to_string();
            format!(
                "{{\"cId\":\"{id}\",\"name\":\"{name}\",\"state\":\"{}\",\"createDT\":\"{}\",\"updateDT\":\"{}\"}}",
                if *is_deleted { 3 } else { 1 },
                time(created),
                time(updated)
            )
        });
        (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.collect::<Vec<_>>().join(","), found.len()))
    }
}

struct Weeks {
    account: Arc<Mutex<Account>>,
    service: Service,
    work: Work,
}

impl Weeks {
    fn new(account: Account) -> Weeks {
        let account = Arc::new(Mutex::new(account));
        let answering = Arc::clone(&account);
        let service = Service::start(move |request| answering.lock().unwrap().answer(request));
        let work = Work::at(&service.base_url());
        let weeks = Weeks { account, service, work };
        weeks.turn_to(BEGIN);
        weeks
    }

    /// The service's clock is set to a moment of its time zone.
    fn turn_to(&self, moment: DateTime) {
        let offset = jiff::tz::Offset::constant(8);
        self.service.set_clock(offset.to_timestamp(moment).unwrap().as_second() as u64);
    }

    /// What changes alone bring, and what a full export brings, are the same.
    #[track_caller]
    fn compare(&self, place: &str) -> serde_json::Value {
        let json = self.work.export("customers -o weekly.csv --columns cId,name,state --with-deleted --incremental");
        let json = json.exits(0).json();
        self.work.export("customers -o full.csv --columns cId,name,state --with-deleted --no-mirror").exits(0);
        assert!(self.work.read("weekly.csv") == self.work.read("full.csv"), "{place}: {json}");
        json
    }
}

fn five_weeks(kind: Kind, seed: u64) {
    let mut random = Random::of_seed(seed * 101 + kind as u64 + 1);
    let size = 120 + random.below(200) as u64;
    let weeks = Weeks::new(Account::new(&mut random, 50_001, size));
    weeks.compare("first");
    let when = 1 + random.below(4);
    let mut older = weeks.account.lock().unwrap().clone();
    for week in 1..=5 {
        let monday = BEGIN + (week as i64).weeks();
        {
            let mut account = weeks.account.lock().unwrap();
            let before = account.clone();
            if kind != Kind::Quiet || week == 5 {
                account.work(&mut random, monday);
            }
            for _ in 0..if week == when { 1 + random.below(3) } else { 0 } {
                let id = account.pick(&mut random);
                match kind {
                    Kind::Deleted => drop(account.customers.remove(&id)),
                    Kind::DeletedSoftly => account.customers.get_mut(&id).unwrap().is_deleted = true,
                    Kind::Balanced => {
                        account.customers.remove(&id);
                        account.add(monday - 1.hour());
                    }
                    Kind::PutBack if week > 1 => *account = older.clone(),
                    Kind::OtherAccount => *account = Account::new(&mut random, 50_001, size),
                    _ => {}
                }
            }
            older = before;
        }
        weeks.turn_to(monday);
        weeks.compare(&format!("{kind:?}, seed {seed}, week {week} (it happens in week {when})"));
    }
}

#[test]
fn changes_alone_bring_what_a_full_export_brings() {
    let seeds = std::env::var("BW8_TEST_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                for kind in KINDS.into_iter().skip(half).step_by(2) {
                    (0..seeds).for_each(|seed| five_weeks(kind, seed));
                }
            });
        }
    });
}

#[test]
fn a_deletion_costs_a_few_spans_of_a_long_list() {
    let mut random = Random::of_seed(7);
    let weeks = Weeks::new(Account::new(&mut random, 50_001, 11_000));
    let first = weeks.compare("first")["requests"].as_u64().unwrap();
    for week in 1..=2 {
        {
            let mut account = weeks.account.lock().unwrap();
            account.work(&mut random, BEGIN + week.weeks());
            let id = account.pick(&mut random);
            account.customers.remove(&id);
        }
        weeks.turn_to(BEGIN + week.weeks());
        let json = weeks.compare("a deletion");
        // The whole list is 110 pages; half of it or less is read again.
        assert!(json["requests"].as_u64().unwrap() * 10 < first * 7, "{first}: {json}");
        assert!(json["warnings"].to_string().contains("gone for good"), "{json}");
    }
}

#[test]
fn a_deletion_that_a_return_with_old_dates_makes_up_for_is_seen() {
    for is_soft in [false, true] {
        let mut random = Random::of_seed(11);
        let mut account = Account::new(&mut random, 50_001, 900);
        let mut by_date: Vec<u64> = account.customers.keys().copied().collect();
        by_date.sort_by_key(|id| account.customers[id].created);
        let (old, new) = (by_date[100], by_date[800]);
        let returning = account.customers[&old].clone();
        match is_soft {
            true => account.customers.get_mut(&old).unwrap().is_deleted = true,
            false => drop(account.customers.remove(&old)),
        }
        let weeks = Weeks::new(account);
        weeks.compare("first");
        {
            let mut account = weeks.account.lock().unwrap();
            account.customers.insert(old, returning);
            match is_soft {
                true => account.customers.get_mut(&new).unwrap().is_deleted = true,
                false => drop(account.customers.remove(&new)),
            }
        }
        weeks.turn_to(BEGIN + 1.week());
        weeks.compare("swapped");
    }
}

#[test]
fn another_account_is_seen_where_its_newest_record_is_among_the_changes() {
    let mut random = Random::of_seed(13);
    let mut account = |minutes: i64| {
        let mut account = Account::new(&mut random, 50_001, 150);
        account.newest_first = true;
        let newest = account.customers.get_mut(&50_150).unwrap();
        newest.created = BEGIN - minutes.minutes();
        newest.updated = newest.created;
        account
    };
    let (one, other) = (account(90), account(30));
    let weeks = Weeks::new(one);
    weeks.compare("first");
    *weeks.account.lock().unwrap() = other;
    weeks.turn_to(BEGIN + 1.hour());
    weeks.compare("another account");
}

#[test]
fn a_deletion_that_a_new_record_makes_up_for_is_seen_by_filters_without_their_last_day() {
    let mut random = Random::of_seed(17);
    let mut account = Account::new(&mut random, 50_001, 300);
    account.ends_before_last_day = true;
    let weeks = Weeks::new(account);
    weeks.compare("first");
    {
        let mut account = weeks.account.lock().unwrap();
        let oldest = account.customers.iter().min_by_key(|(_, customer)| customer.created);
        let oldest = *oldest.unwrap().0;
        account.customers.remove(&oldest);
        account.add(BEGIN + 6.days());
    }
    weeks.turn_to(BEGIN + 1.week());
    weeks.compare("balanced");
}

#[test]
fn changes_that_were_broken_off_are_not_taken_up_a_week_later() {
    let mut random = Random::of_seed(3);
    let weeks = Weeks::new(Account::new(&mut random, 50_001, 300));
    weeks.compare("first");
    weeks.turn_to(BEGIN + 1.week());
    weeks.account.lock().unwrap().work(&mut random, BEGIN + 1.week());
    // Broken off after the list of what was created.
    weeks.service.hold(3);
    let typed =
        "export customers -o weekly.csv --columns cId,name,state --with-deleted --incremental --rate 0 --concurrency 1";
    let child = weeks.work.start(weeks.work.command(typed));
    weeks.service.wait_for_held();
    child.kill();
    weeks.service.release();
    // A week goes by on this machine as well.
    let folder = weeks.work.path("state/mirrors");
    let mirrors = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mirror = mirrors.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "db")).unwrap();
    let connection = rusqlite::Connection::open(mirror).unwrap();
    let aged = connection.execute("UPDATE list SET began = began - 604800 WHERE began IS NOT NULL", []).unwrap();
    assert!(aged > 0, "something was broken off");
    drop(connection);
    weeks.account.lock().unwrap().work(&mut random, BEGIN + 2.weeks());
    weeks.turn_to(BEGIN + 2.weeks());
    weeks.compare("a week later");
}

#[test]
fn every_so_many_times_everything_is_read_and_the_manifest_says_so() {
    let mut random = Random::of_seed(5);
    let weeks = Weeks::new(Account::new(&mut random, 50_001, 150));
    let reading = || {
        let typed = "customers -o weekly.csv --columns cId --incremental --full-every 3";
        weeks.work.export(typed).exits(0);
        let manifest: serde_json::Value = serde_json::from_str(&weeks.work.read("weekly.csv.manifest.json")).unwrap();
        let reading = &manifest["readings"][0];
        (reading["whole"].as_bool().unwrap(), reading["increments"].as_u64().unwrap())
    };
    let readings: Vec<(bool, u64)> = (0..5).map(|_| reading()).collect();
    assert_eq!(readings, [(true, 0), (false, 1), (false, 2), (true, 0), (false, 1)]);
}
