//! Many records that were created in the very same second, at a wall and behind none.

use crate::harness::*;

/// What the filters by date of a service know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dates {
    /// Seconds, both bounds included.
    Seconds,
    /// Seconds, without the first one.
    AfterStart,
    /// Days alone.
    Days,
    /// Nothing: they are not honoured.
    Nothing,
}

/// How many customers came one by one, how many in one second after them, and how many of any list are given.
#[derive(Debug, Clone, Copy)]
struct World {
    spread: usize,
    at_once: usize,
    wall: usize,
    dates: Dates,
    has_order: bool,
    newest_first: bool,
    /// So many are in the list, whatever there is, and its total says the same.
    cut: Option<usize>,
    /// When those of one second were created.
    second: &'static str,
}

const WORLD: World = World {
    spread: 300,
    at_once: 350,
    wall: usize::MAX,
    dates: Dates::Seconds,
    has_order: false,
    newest_first: false,
    cut: None,
    second: "2026-05-01 10:20:30",
};

impl World {
    fn customers(self) -> Vec<(usize, String)> {
        let begin = jiff::civil::date(2024, 1, 1).at(8, 0, 0, 0);
        let moment = |n: usize| begin.saturating_add(jiff::Span::new().hours(n as i64 * 30));
        let spread = (0..self.spread).map(|n| moment(n).strftime("%Y-%m-%d %H:%M:%S").to_string());
        let at_once = (0..self.at_once).map(|_| self.second.to_owned());
        let mut all: Vec<_> = (50_001..).zip(spread.chain(at_once)).collect();
        if self.newest_first {
            // Those of one second are the oldest then.
            let last = all.len();
            all = (0..last).map(|n| (50_001 + n, all[last - 1 - n].1.clone())).collect();
            for (n, customer) in all.iter_mut().enumerate() {
                customer.1 = match n < self.at_once {
                    true => "2023-05-01 10:20:30".to_owned(),
                    false => moment(n).strftime("%Y-%m-%d %H:%M:%S").to_string(),
                };
            }
            all.reverse();
        }
        all
    }

    /// A service that gives these customers, tells no total, and gives empty pages beyond a wall.
    fn start(self) -> Service {
        let all = self.customers();
        Service::start(move |request| {
            let own = request.path.strip_prefix("/users/").and_then(|rest| rest.strip_suffix(".json"));
            if let Some(id) = own.and_then(|id| id.parse::<usize>().ok()) {
                return match all.iter().find(|(other, _)| *other == id) {
                    Some((id, made)) => (200, format!("{{\"user\":{}}}", row(*id, made))),
                    None => (200, "{\"user\":[]}".to_owned()),
                };
            }
            if request.path != "/users.json" {
                return unknown();
            }
            let bound = |name: &str| request.query.get(name).filter(|_| self.dates != Dates::Nothing);
            let length = if self.dates == Dates::Days { 10 } else { 19 };
            let holds = |made: &str| {
                let is_after = bound("created_start").is_none_or(|from| match self.dates {
                    Dates::AfterStart => made > from.as_str(),
                    _ => made[..length] >= from[..length],
                });
                is_after && bound("created_end").is_none_or(|to| made[..length] <= to[..length])
            };
            let mut found: Vec<_> = all.iter().filter(|(_, made)| holds(made)).collect();
            if self.has_order && request.query.get("created_order").is_some_and(|order| order == "desc") {
                // In one second those of the smallest id come first.
                found.sort_by(|one, other| other.1.cmp(&one.1));
            }
            found.truncate(self.cut.unwrap_or(usize::MAX));
            let beside = self.cut.map(|_| format!(",\"count\":{}", found.len())).unwrap_or_default();
            let size = request.number_of("per_page").clamp(1, 40);
            let start = (request.number_of("page").max(1) - 1) * size;
            let taken = if start + size > self.wall { 0 } else { size };
            let rows: Vec<_> = found.iter().skip(start).take(taken).map(|(id, made)| row(*id, made)).collect();
            (200, format!("{{\"users\":[{}]{beside}}}", rows.join(",")))
        })
    }

    /// Exports them. Tells what the export said, and how many it wrote.
    fn export(self) -> (Ran, usize, usize) {
        let service = self.start();
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId");
        let written = if work.path("out.csv").exists() { work.ids("out.csv").len() } else { 0 };
        (ran, written, service.requests().len())
    }
}

fn row(id: usize, made: &str) -> String {
    format!("{{\"cId\":\"{id}\",\"name\":\"示例\",\"state\":\"1\",\"createDT\":\"{made}\"}}")
}

#[test]
fn what_was_created_in_the_second_of_the_last_record_before_a_wall_is_read() {
    for world in [
        World { wall: 500, ..WORLD },
        World { wall: 610, ..WORLD },
        World { wall: 340, at_once: 120, ..WORLD },
        World { wall: 500, has_order: true, ..WORLD },
        World { wall: 500, dates: Dates::Days, ..WORLD },
        World { wall: 500, dates: Dates::Days, has_order: true, ..WORLD },
        World { wall: 500, second: "2026-05-01 00:00:00", ..WORLD },
        World { wall: 500, second: "2026-05-01 23:59:59", ..WORLD },
        World { wall: 500, newest_first: true, ..WORLD },
        World { wall: 500, newest_first: true, has_order: true, ..WORLD },
    ] {
        let (ran, written, _) = world.export();
        ran.exits(0);
        assert_eq!(written, world.spread + world.at_once, "{world:?}\n{ran}");
    }
}

#[test]
fn a_filter_that_leaves_out_its_own_bounds_is_no_way_around_a_wall() {
    for (has_order, second) in [(false, WORLD.second), (true, WORLD.second), (false, "2026-05-01 00:00:00")] {
        let (ran, written, _) = World { wall: 500, dates: Dates::AfterStart, has_order, second, ..WORLD }.export();
        ran.exits(5).says("--accept-incomplete");
        assert_eq!(written, 0);
    }
}

#[test]
fn a_second_of_more_than_the_service_gives_is_named() {
    for world in [
        World { wall: 500, at_once: 900, ..WORLD },
        World { wall: 500, at_once: 900, has_order: true, ..WORLD },
        World { wall: 500, at_once: 900, dates: Dates::Days, ..WORLD },
        World { wall: 500, at_once: 900, spread: 0, ..WORLD },
    ] {
        let (ran, written, _) = world.export();
        ran.exits(5).says("2026-05-01").says("--accept-incomplete");
        assert_eq!(written, 0, "{world:?}");
    }
}

#[test]
fn many_that_were_taken_over_in_one_second_behind_no_wall_are_whole() {
    for world in [
        WORLD,
        World { spread: 0, ..WORLD },
        World { spread: 0, at_once: 400, second: "2024-05-01 00:00:00", ..WORLD },
        World { spread: 1, at_once: 800, ..WORLD },
        World { dates: Dates::Nothing, ..WORLD },
        World { dates: Dates::Nothing, has_order: true, ..WORLD },
        World { dates: Dates::Days, ..WORLD },
        World { dates: Dates::AfterStart, ..WORLD },
        World { at_once: 400, has_order: true, ..WORLD },
        World { newest_first: true, ..WORLD },
    ] {
        let (ran, written, requests) = world.export();
        ran.exits(0);
        assert_eq!(written, world.spread + world.at_once, "{world:?}\n{ran}");
        assert!(requests < 200, "{world:?}: {requests}");
    }
}

#[test]
fn a_list_of_one_second_that_is_cut_anywhere_is_not_whole() {
    let all = World { spread: 0, at_once: 197, ..WORLD };
    for cut in [137, 100] {
        for dates in [Dates::Seconds, Dates::Days] {
            for wall in [usize::MAX, cut] {
                let (ran, written, _) = World { cut: Some(cut), wall, dates, ..all }.export();
                ran.exits(5).says("2026-05-01").says("--accept-incomplete").never_says("same command");
                assert_eq!(written, 0, "{cut} {dates:?} {wall}");
            }
        }
        let (ran, written, _) = World { cut: Some(cut), dates: Dates::Nothing, ..all }.export();
        ran.exits(5).says("--accept-incomplete").never_says("same command");
        assert_eq!(written, 0);
        // So many and no more.
        for dates in [Dates::Seconds, Dates::Days, Dates::Nothing] {
            let (ran, written, _) = World { at_once: cut, cut: Some(cut), dates, ..all }.export();
            ran.exits(0);
            assert_eq!(written, cut);
        }
    }
}
