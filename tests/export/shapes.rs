//! Lists in shapes that services give them: what a total counts beside what is given, pages that come back short or empty, walls,
//! filters that are refused. What can be proved is read to its end; what cannot ends with a code.

use std::collections::BTreeSet;

use crate::harness::*;

/// How a service gives its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Shape {
    /// Records there are; their ids begin at 1.
    records: u64,
    /// One in so many is hidden after pages are cut, the total counts it; 0 for none.
    hidden_each: u64,
    /// One in so many is deleted and not given; the total counts it.
    deleted_each: u64,
    /// Its page comes back empty, whatever else is on it.
    broken: u64,
    /// Nothing is given beyond so many records, with this status.
    wall: Option<(u64, u16)>,
    /// Filters are refused.
    refuses_filters: bool,
    has_total: bool,
    /// The address of the next page stands beside the list.
    has_next: bool,
    /// It is given, and never an address.
    is_next_null: bool,
}

fn made(id: u64) -> String {
    let day = jiff::civil::date(2024, 1, 1).saturating_add(jiff::Span::new().days((id / 10) as i64));
    format!("{day} 08:00:00")
}

fn record(id: u64, state: u64) -> String {
    let made = made(id);
    format!(
        "{{\"cId\":\"{id}\",\"name\":\"示例 {id}\",\"mobile\":\"13000000000\",\"state\":\"{state}\",\"createDT\":\"{made}\",\"updateDT\":\"{made}\"}}"
    )
}

impl Shape {
    fn counted(records: u64) -> Shape {
        Shape { records, has_total: true, ..Shape::default() }
    }

    fn is_each(id: u64, each: u64) -> bool {
        each > 0 && id.is_multiple_of(each)
    }

    /// Ids that can be read.
    fn given(&self) -> Vec<u64> {
        let is_given = |id: &u64| {
            !Shape::is_each(*id, self.hidden_each) && !Shape::is_each(*id, self.deleted_each) && *id != self.broken
        };
        (1..=self.records).filter(is_given).collect()
    }

    fn answer(&self, request: &Request) -> (u16, String) {
        let own = request.path.strip_prefix("/users/").and_then(|rest| rest.strip_suffix(".json"));
        if let Some(id) = own.and_then(|id| id.parse::<u64>().ok()) {
            return match id <= self.records && !Shape::is_each(id, self.hidden_each) {
                true => {
                    let state = if Shape::is_each(id, self.deleted_each) { 3 } else { 1 };
                    (200, format!("{{\"user\":{}}}", record(id, state)))
                }
                false => (200, "{\"user\":[]}".to_owned()),
            };
        }
        if request.path != "/users.json" {
            return unknown();
        }
        let bound = |name: &str| request.query.get(name);
        if self.refuses_filters && bound("created_start").or(bound("created_end")).is_some() {
            return (400, "{\"errcode\":\"100048\",\"errmsg\":\"unknown parameter\"}".to_owned());
        }
        let mut found: Vec<u64> = (1..=self.records)
            .filter(|id| bound("created_start").is_none_or(|from| made(*id) >= *from))
            .filter(|id| bound("created_end").is_none_or(|to| made(*id) <= *to))
            .collect();
        if !self.refuses_filters && bound("created_order").is_some_and(|order| order == "desc") {
            found.reverse();
        }
        let count = found.len();
        found.retain(|id| !Shape::is_each(*id, self.deleted_each));
        let size = request.number_of("per_page").clamp(1, 100);
        let start = (request.number_of("page").max(1) - 1) * size;
        if let Some((most, status)) = self.wall
            && (start + size) as u64 > most
        {
            return (status, "{\"errcode\":\"100422\",\"errmsg\":\"page too deep\"}".to_owned());
        }
        let cut: Vec<u64> = found.iter().skip(start).take(size).copied().collect();
        let is_shown = |id: &&u64| !Shape::is_each(**id, self.hidden_each) && !cut.contains(&self.broken);
        let rows: Vec<String> = cut.iter().filter(is_shown).map(|id| record(*id, 1)).collect();
        let total = if self.has_total { format!(",\"count\":{count}") } else { String::new() };
        let next = match (self.has_next, self.is_next_null) {
            (true, _) if start + size < found.len() => ",\"next_page\":\"https://www.example.com/next\"",
            (true, _) | (_, true) => ",\"next_page\":null",
            _ => "",
        };
        (200, format!("{{\"users\":[{}]{total}{next}}}", rows.join(",")))
    }

    fn serve(self) -> Service {
        Service::start(move |request| self.answer(request))
    }
}

/// Exports it; all that can be read is in the file exactly once, and it is said to be complete.
#[track_caller]
fn is_read_whole(shape: Shape) -> (Work, Service, serde_json::Value) {
    let service = shape.serve();
    let work = Work::at(&service.base_url());
    // A page that fails is asked for again for as long as is waited; a wall fails for good.
    let wait = if shape.wall.is_some() { " --wait 1s" } else { "" };
    let ran = work.export(format!("customers -o out.csv --columns cId{wait}"));
    ran.exits(0);
    let ids = work.ids("out.csv");
    let distinct: BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "{shape:?}\n{ran}");
    // A record whose page comes back empty may be had by its own page.
    let readable: Vec<u64> = distinct.into_iter().filter(|id| *id != shape.broken).collect();
    assert_eq!(readable, shape.given(), "{shape:?}\n{ran}");
    let json = ran.json();
    assert_eq!(json["complete"], true, "{shape:?}\n{ran}");
    (work, service, json)
}

#[test]
fn records_hidden_here_and_there_are_counted_and_said() {
    for (records, hidden_each) in
        [(3, 2), (80, 7), (80, 50), (80, 80), (80, 11), (150, 11), (350, 7), (350, 50), (350, 350)]
    {
        for has_next in [false, true] {
            let shape = Shape { hidden_each, has_next, ..Shape::counted(records) };
            let (work, ..) = is_read_whole(shape);
            let manifest: serde_json::Value = serde_json::from_str(&work.read("out.csv.manifest.json")).unwrap();
            let hidden: u64 = manifest["windows"].as_array().unwrap().last().unwrap()["hidden"].as_u64().unwrap();
            assert_eq!(hidden, records / hidden_each, "{shape:?} {manifest}");
        }
    }
}

#[test]
fn a_total_that_counts_deleted_records_is_explained_by_their_own_pages() {
    let shape = Shape { deleted_each: 40, ..Shape::counted(300) };
    let (work, service, json) = is_read_whole(shape);
    assert!(json["warnings"].to_string().contains("7 of them are not in its list"), "{json}");
    let own = service.requests().iter().filter(|request| request.path.starts_with("/users/")).count();
    assert!(own <= 15, "{own}");
    // Its total tells nothing of what is deleted later on.
    let ran = work.export("customers -o out.csv --columns cId --incremental");
    ran.exits(0).says("reading everything");
}

#[test]
fn a_wall_that_answers_with_a_missing_right_is_a_wall() {
    for status in [400, 403, 404, 500] {
        is_read_whole(Shape { wall: Some((500, status)), ..Shape::counted(734) });
    }
}

#[test]
fn a_wall_that_no_filter_leads_around_names_the_way_on() {
    for status in [400, 403] {
        let shape = Shape { wall: Some((500, status)), refuses_filters: true, ..Shape::counted(734) };
        let service = shape.serve();
        let work = Work::at(&service.base_url());
        let error = work.export("customers -o out.csv --columns cId --wait 1s").exits(5).json()["error"].clone();
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("--since") && hint.contains("--accept-incomplete"), "{error}");
        assert!(!hint.contains("same command again"), "{error}");
        assert!(!work.path("out.csv").exists());
    }
}

#[test]
fn filters_that_are_refused_cost_nothing_but_the_question() {
    for records in [350, 5320] {
        is_read_whole(Shape { refuses_filters: true, ..Shape::counted(records) });
    }
}

#[test]
fn a_list_that_never_names_a_next_page_is_read_to_its_end() {
    for records in [80, 300, 734] {
        for has_total in [false, true] {
            is_read_whole(Shape { records, has_total, is_next_null: true, ..Shape::default() });
        }
    }
}

#[test]
fn a_list_without_a_total_is_read_to_its_end() {
    for records in [0, 1, 80, 300, 734] {
        for has_next in [false, true] {
            is_read_whole(Shape { records, has_next, ..Shape::default() });
        }
    }
}

#[test]
fn one_record_that_empties_its_page_costs_itself() {
    for (records, broken) in [(350, 150), (350, 1), (350, 330), (350, 350), (30, 10)] {
        for (has_total, has_next) in [(true, false), (true, true), (false, true), (false, false)] {
            is_read_whole(Shape { records, broken, has_total, has_next, ..Shape::default() });
        }
    }
}

/// A record whose creation date is put right while parts are read moves from one part to another.
#[test]
fn records_that_move_between_parts_are_not_lost() {
    let mut moved: std::collections::BTreeMap<u64, String> = (1..=6100).map(|id| (id, made(id))).collect();
    let mut pages = 0;
    let service = Service::start(move |request| {
        if request.path != "/users.json" {
            return unknown();
        }
        let bound = |name: &str, open: &str| request.query.get(name).map_or(open.to_owned(), Clone::clone);
        let (from, to) = (bound("created_start", "0"), bound("created_end", "9"));
        let size = request.number_of("per_page").clamp(1, 100);
        pages += usize::from(size > 1);
        // One of each part goes into the other one, while the second one is read.
        if pages == 45 {
            let (first, last) = (moved[&10].clone(), moved[&6000].clone());
            moved.insert(10, last);
            moved.insert(6000, first);
        }
        let found: Vec<(&u64, &String)> = moved.iter().filter(|(_, made)| **made >= from && **made <= to).collect();
        let start = (request.number_of("page").max(1) - 1) * size;
        let rows: Vec<String> = found
            .iter()
            .skip(start)
            .take(size)
            .map(|(id, made)| format!("{{\"cId\":\"{id}\",\"state\":\"1\",\"createDT\":\"{made}\"}}"))
            .collect();
        (200, format!("{{\"users\":[{}],\"count\":{}}}", rows.join(","), found.len()))
    });
    let work = Work::at(&service.base_url());
    work.export("customers -o out.csv --columns cId").exits(0);
    assert_eq!(work.ids("out.csv"), (1..=6100).collect::<Vec<u64>>());
}
