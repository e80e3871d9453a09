//! Lists whose pages are cut before what a login may not see is left out, or whose totals are too low: whoever can be seen is in the
//! file, or the exit code says that this could not be proved.

use crate::harness::*;

/// Most records of a page.
const CAP: usize = 40;

/// A service of customers.
#[derive(Clone, Copy)]
struct World {
    customers: usize,
    /// Those from the first to before the second may not be seen.
    hidden: (usize, usize),
    /// Its total, of how many there are and of how many can be seen.
    total: fn(usize, usize) -> Option<usize>,
    /// It says whether another page follows.
    has_next: bool,
    /// Its pages are counted from 0.
    is_from_zero: bool,
    /// A page that reaches beyond is empty.
    wall: usize,
}

const WORLD: World = World {
    customers: 371,
    hidden: (60, 320),
    total: |_, seen| Some(seen),
    has_next: false,
    is_from_zero: false,
    wall: usize::MAX,
};

impl World {
    fn seen(self) -> usize {
        self.customers - (self.hidden.1 - self.hidden.0)
    }

    fn answer(self, request: &Request) -> (u16, String) {
        if request.path != "/users.json" {
            return unknown();
        }
        let size = request.number_of("per_page").clamp(1, CAP);
        let Some(number) = (request.number_of("page") + usize::from(self.is_from_zero)).checked_sub(1) else {
            return (200, "{\"users\":[]}".to_owned());
        };
        let (start, end) = (number * size, (number + 1) * size);
        let rows: Vec<String> = (start..end.min(self.customers))
            .filter(|n| end <= self.wall && !(self.hidden.0..self.hidden.1).contains(n))
            .map(|n| format!("{{\"cId\":\"{}\",\"name\":\"示例\",\"createDT\":\"2024-05-01 08:00:00\"}}", 50_001 + n))
            .collect();
        let count = (self.total)(self.customers, self.seen()).map(|count| format!(",\"count\":{count}"));
        let next = match (self.has_next, end < self.customers) {
            (false, _) => "",
            (true, true) => ",\"next_page\":\"https://www.example.com/next\"",
            (true, false) => ",\"next_page\":null",
        };
        (200, format!("{{\"users\":[{}]{}{next}}}", rows.join(","), count.unwrap_or_default()))
    }

    fn export(self) -> (Ran, usize) {
        let service = Service::start(move |request| self.answer(request));
        let work = Work::at(&service.base_url());
        let ran = work.export("customers -o out.csv --columns cId");
        let written = if work.path("out.csv").exists() { work.ids("out.csv").len() } else { 0 };
        (ran, written)
    }
}

#[test]
fn a_total_of_what_can_be_seen_says_how_far_it_is_looked_behind_empty_pages() {
    for hidden in [(60, 320), (0, 260), (10, 270), (111, 371)] {
        let world = World { hidden, ..WORLD };
        let (ran, written) = world.export();
        ran.exits(0);
        assert_eq!(written, world.seen(), "{hidden:?}\n{ran}");
    }
}

#[test]
fn where_the_first_pages_are_empty_their_size_is_not_taken_for_known() {
    for (customers, hidden) in [(498, (0, 185)), (562, (0, 210)), (371, (0, 339)), (371, (0, 100))] {
        let world = World { customers, hidden, total: |_, _| None, has_next: true, ..WORLD };
        let (ran, written) = world.export();
        ran.exits(0);
        assert_eq!(written, world.seen(), "{hidden:?}\n{ran}");
    }
}

#[test]
fn pages_from_0_are_seen_where_part_of_the_first_came_otherwise() {
    for hidden in [(22, 82), (30, 60), (35, 85)] {
        let world = World { customers: 90, hidden, is_from_zero: true, ..WORLD };
        let (ran, written) = world.export();
        ran.exits(0);
        assert_eq!(written, world.seen(), "{hidden:?}\n{ran}");
    }
}

#[test]
fn as_many_as_a_low_total_says_are_not_all() {
    for (customers, wall) in [(305, 109), (347, 138), (508, 175)] {
        let world = World { customers, hidden: (0, 0), total: |all, _| Some(all / 3), wall, ..WORLD };
        let (ran, written) = world.export();
        ran.exits(5).says("--accept-incomplete");
        assert_eq!(written, 0);
    }
}

#[test]
fn a_total_that_agrees_by_chance_is_no_end() {
    let mut customers: Vec<u64> = (50_001..=50_100).collect();
    let may_be_seen = |id: &u64| *id != 50_005 && !(50_031..=50_097).contains(id);
    let service = Service::start(move |request| {
        if request.path != "/users.json" {
            return unknown();
        }
        let size = request.number_of("per_page").clamp(1, 10);
        let start = request.number_of("page").saturating_sub(1) * size;
        let count = customers.iter().filter(|id| may_be_seen(id)).count();
        let rows: Vec<String> = customers
            .iter()
            .skip(start)
            .take(size)
            .filter(|id| may_be_seen(id))
            .map(|id| format!("{{\"cId\":\"{id}\",\"name\":\"示例\",\"createDT\":\"2024-05-01 08:00:00\"}}"))
            .collect();
        // As many as lie behind all the hidden ones are deleted of those that were read: the total is what came until then.
        if start + size >= 30 && customers[0] == 50_001 {
            customers.drain(..3);
        }
        (200, format!("{{\"users\":[{}],\"count\":{count}}}", rows.join(",")))
    });
    let work = Work::at(&service.base_url());
    let ran = work.export("customers -o out.csv --columns cId");
    if ran.exits_with_one_of(&[0, 5]) == 0 {
        let ids = work.ids("out.csv");
        assert!((50_098..=50_100).all(|id| ids.contains(&id)), "{ids:?}\n{ran}");
    }
}
