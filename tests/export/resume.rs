//! Broken off anywhere, the same command goes on from the pages it has.

use super::incremental::today;
use crate::harness::*;

const IDS: std::ops::RangeInclusive<u64> = 1..=60;

fn list(request: &Request) -> (u16, String) {
    // All of them were created, and changed last, on the fifth of January.
    let since = request.query.get("created_start").or_else(|| request.query.get("updated_start"));
    let ids: Vec<u64> =
        if since.is_some_and(|since| since.as_str() > "2026-01-06") { Vec::new() } else { IDS.collect() };
    match request.path.as_str() {
        "/users.json" => (200, page(&ids, request, 10, Some(&ids.len().to_string()))),
        _ => unknown(),
    }
}

const EXPORT: &[&str] =
    &["export", "customers", "-o", "out.csv", "--columns", "cId", "--rate", "0", "--concurrency", "1", "--no-progress"];

/// The pages of the list that were asked for: not what it is compared with when it was read.
fn pages(service: &Service) -> Vec<usize> {
    let is_page = |request: &&Request| {
        let is_plain =
            !["created_order", "created_start", "updated_start"].iter().any(|name| request.query.contains_key(*name));
        request.path == "/users.json" && is_plain && request.number_of("per_page") > 1
    };
    service.requests().iter().filter(is_page).map(|request| request.number_of("page")).collect()
}

#[test]
fn killed_at_every_page_it_goes_on_from_there() {
    let service = Service::start(list);
    let whole = Work::at(&service.base_url());
    whole.bw8(EXPORT).exits(0);
    let all = pages(&service).len();
    assert!(all > 5);
    for page in 1..=all {
        let work = Work::at(&service.base_url());
        std::fs::write(work.path("out.csv"), "older").unwrap();
        service.hold(page);
        let child = work.start(work.command(EXPORT));
        service.wait_for_held();
        child.kill();
        assert_eq!(work.read("out.csv"), "older", "nothing replaces a file before it is whole");
        service.release();
        work.bw8(EXPORT).exits(0);
        assert_eq!(work.ids("out.csv"), IDS.collect::<Vec<_>>(), "killed at page {page}");
        let second = pages(&service);
        assert_eq!(second.len(), all - (page - 1), "killed at page {page}, then asked for {second:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_page_that_is_waited_for_and_says_how_to_go_on() {
    let service = Service::start(list);
    let work = Work::at(&service.base_url());
    service.hold(3);
    let child = work.start(work.command(EXPORT));
    service.wait_for_held();
    child.signal("INT");
    child.ended().exits(130).says("stopping").says("same command again");
    service.release();
    work.bw8(EXPORT).exits(0);
    assert_eq!(work.ids("out.csv").len(), 60);
    // The pages that had come were kept.
    assert!(pages(&service).iter().all(|page| *page > 2), "{:?}", pages(&service));
}

#[test]
fn a_failing_service_leaves_what_was_read_for_the_next_time() {
    let is_down = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let down = std::sync::Arc::clone(&is_down);
    let service = Service::start(move |request| {
        let is_late = request.path == "/users.json" && request.number > 3;
        match is_late && down.load(std::sync::atomic::Ordering::SeqCst) {
            true => (403, "{\"errcode\":\"1\",\"errmsg\":\"no permission\"}".to_owned()),
            false => list(request),
        }
    });
    let work = Work::at(&service.base_url());
    std::fs::write(work.path("out.csv"), "older").unwrap();
    work.bw8(EXPORT).exits(6);
    assert_eq!(work.read("out.csv"), "older");
    is_down.store(false, std::sync::atomic::Ordering::SeqCst);
    let before = pages(&service).len();
    work.bw8(EXPORT).exits(0);
    assert_eq!(work.ids("out.csv").len(), 60);
    assert!(pages(&service)[before] > 1);
}

#[test]
fn details_that_are_here_are_not_asked_for_again() {
    let work = Work::beside_sandbox();
    let requests = || work.export("tickets -o out.csv --details").exits(0).json()["requests"].as_u64().unwrap();
    let first = requests();
    assert!(first > 80, "{first}");
    let again = requests();
    assert!(again < 10, "{again}");
}

/// A list of 300 contacts, as documented, that others change while an export waits.
#[derive(Default)]
struct Changing {
    changed: Vec<u64>,
    gone: Vec<u64>,
}

/// What comes of an export that is killed at its fifth page and continued after `change`, by id: the names.
fn continued_after(change: impl Fn(&mut Changing)) -> std::collections::BTreeMap<u64, String> {
    let state = std::sync::Arc::new(std::sync::Mutex::new(Changing::default()));
    let answering = std::sync::Arc::clone(&state);
    let today = today();
    let service = Service::start(move |request| {
        if request.path != "/users.json" {
            return unknown();
        }
        let state = answering.lock().unwrap();
        let updated = |id: &u64| {
            if state.changed.contains(id) {
                format!("{today} 23:59:59")
            } else {
                format!("2026-01-05 08:00:{:02}", id % 60)
            }
        };
        let bound = |name: &str, other: &str| request.query.get(name).cloned().unwrap_or(other.to_owned());
        let ids: Vec<u64> = (1..=300)
            .filter(|id| !state.gone.contains(id))
            .filter(|id| updated(id) >= bound("updated_start", ""))
            .filter(|_| bound("created_start", "2026-01-01").as_str() <= "2026-01-06")
            .collect();
        let size = request.number_of("per_page").clamp(1, 20);
        let start = (request.number_of("page").max(1) - 1) * size;
        let row = |id: &u64| {
            let name = if state.changed.contains(id) { "改" } else { "示例" };
            format!(
                "{{\"cId\":\"{id}\",\"name\":\"{name}\",\"state\":\"1\",\"createDT\":\"2026-01-05 08:00:00\",\"updateDT\":\"{}\"}}",
                updated(id)
            )
        };
        let rows: Vec<String> = ids.iter().skip(start).take(size).map(row).collect();
        (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.join(","), ids.len()))
    });
    let work = Work::at(&service.base_url());
    let export = "export customers -o out.csv --columns cId,name --rate 0 --concurrency 1 --no-progress";
    service.hold(5);
    let child = work.start(work.command(export));
    service.wait_for_held();
    child.kill();
    change(&mut state.lock().unwrap());
    service.release();
    work.bw8(export).exits(0).says("going on");
    work.rows("out.csv")[1..].iter().map(|row| (row[0].parse().unwrap(), row[1].clone())).collect()
}

#[test]
fn what_was_read_before_a_kill_and_changed_since_is_as_it_is_now() {
    let names = continued_after(|state| {
        state.changed.push(3);
        state.gone.push(7);
    });
    assert_eq!(names.len(), 299);
    assert_eq!((names[&3].as_str(), names.get(&7)), ("改", None));
    let names = continued_after(|state| state.gone.push(7));
    assert_eq!((names.len(), names.get(&7)), (299, None));
}

/// A list of many pages whose total and spans of the creation date are honoured, and whose pages are small, so that it is read in
/// parts. It answers from what is counted, not from what is kept.
struct Parts {
    ids: std::collections::BTreeMap<u64, String>,
}

impl Parts {
    fn new() -> Parts {
        let day = |id: u64| jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days((id / 2) as i64));
        Parts { ids: (1..=260).map(|id| (id, format!("{} 08:00:00", day(id)))).collect() }
    }

    fn answer(&self, request: &Request) -> (u16, String) {
        if request.path != "/users.json" {
            return unknown();
        }
        let bound = |name: &str, open: &str| request.query.get(name).map_or(open.to_owned(), Clone::clone);
        let created = bound("created_start", "0")..=bound("created_end", "9");
        // Whatever was done since was done today.
        let updated = bound("updated_start", "0")..=bound("updated_end", "9");
        let changed = |id: &u64, made: &String| if *id == 7 && self.is_changed() { today() } else { made.clone() };
        let found: Vec<(&u64, &String)> = self
            .ids
            .iter()
            .filter(|(id, made)| created.contains(*made) && updated.contains(&changed(id, made)))
            .collect();
        let size = request.number_of("per_page").clamp(1, 2);
        let start = (request.number_of("page").max(1) - 1) * size;
        let rows: Vec<String> = found
            .iter()
            .skip(start)
            .take(size)
            .map(|(id, made)| {
                let name = if **id == 7 && self.is_changed() { "改" } else { "示例" };
                let changed = changed(id, made);
                format!(
                    "{{\"cId\":\"{id}\",\"name\":\"{name}\",\"state\":\"1\",\"createDT\":\"{made}\",\"updateDT\":\"{changed}\"}}"
                )
            })
            .collect();
        (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.join(","), found.len()))
    }

    fn is_changed(&self) -> bool {
        !self.ids.contains_key(&20)
    }

    /// One of the first part is deleted for good, another one changed, and a new one made.
    fn change(&mut self) {
        self.ids.remove(&20);
        self.ids.insert(900, today());
    }
}

#[test]
fn killed_at_the_border_of_every_part_nothing_is_lost_doubled_or_stale() {
    let export = "export customers -o out.csv --columns cId,name --rate 0 --concurrency 1 --no-progress";
    let parts = std::sync::Arc::new(std::sync::Mutex::new(Parts::new()));
    let answering = std::sync::Arc::clone(&parts);
    let service = Service::start(move |request| answering.lock().unwrap().answer(request));
    let whole = Work::at(&service.base_url());
    whole.bw8(export).exits(0).says("spans of the creation date");
    // The first page of each part, and what follows the last one.
    let requests = service.requests();
    let is_border = |request: &&Request| {
        let is_part = ["created_start", "created_end"].iter().any(|name| request.query.contains_key(*name));
        is_part && request.number_of("page") == 1 && request.number_of("per_page") > 1
    };
    let mut borders: Vec<usize> = requests.iter().filter(is_border).map(|request| request.number).collect();
    assert!(borders.len() > 2, "{borders:?}");
    borders.push(requests.len());
    for border in borders {
        *parts.lock().unwrap() = Parts::new();
        let work = Work::at(&service.base_url());
        service.hold(border);
        let child = work.start(work.command(export));
        service.wait_for_held();
        child.kill();
        parts.lock().unwrap().change();
        service.release();
        work.bw8(export).exits(0);
        work.bw8(format!("{} --no-mirror", export.replace("out.csv", "full.csv"))).exits(0);
        assert_eq!(work.read("out.csv"), work.read("full.csv"), "killed at request {border}");
        assert!(work.read("out.csv").contains("改"));
    }
}

#[test]
fn of_a_list_of_which_nothing_was_read_nothing_is_said_to_go_on() {
    let service = Service::start(|_| unknown());
    let work = Work::at(&service.base_url());
    for _ in 0..2 {
        work.bw8("export customers -o mine.csv --rate 0").exits(1).never_says("going on after");
    }
}
