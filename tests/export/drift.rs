//! The list changes while it is read: whoever was there throughout is in the file exactly once.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use crate::harness::*;

/// Numbers that look random and are the same for the same seed.
pub struct Random(u64);

impl Random {
    pub fn of_seed(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// A list that loses, gains and regains records between requests.
struct List {
    random: Random,
    ids: BTreeSet<u64>,
    lost: Vec<u64>,
    throughout: BTreeSet<u64>,
    next: u64,
}

impl List {
    fn new(seed: u64) -> List {
        let ids: BTreeSet<u64> = (1..=230).map(|n| n * 3).collect();
        List { random: Random::of_seed(seed), throughout: ids.clone(), ids, lost: Vec::new(), next: 1000 }
    }

    fn change(&mut self) {
        for _ in 0..self.random.below(4) {
            match self.random.below(4) {
                // A hard delete, which no filter shows.
                0 | 1 => {
                    let at = self.random.below(self.ids.len());
                    let id = *self.ids.iter().nth(at).unwrap();
                    self.ids.remove(&id);
                    self.throughout.remove(&id);
                    self.lost.push(id);
                }
                // One that was deleted comes back where it was.
                2 if !self.lost.is_empty() => {
                    let at = self.random.below(self.lost.len());
                    self.ids.insert(self.lost.swap_remove(at));
                }
                _ => {
                    self.ids.insert(self.next);
                    self.next += 1;
                }
            }
        }
    }
}

/// Exports a list that changes at each request; false where it was not proved whole, and no file was written.
fn export_while_it_changes(seed: u64) -> bool {
    let list = Arc::new(Mutex::new(List::new(seed)));
    let world = Arc::clone(&list);
    let cap = [20, 35, 50][seed as usize % 3];
    let service = Service::start(move |request| {
        if request.path != "/users.json" {
            return unknown();
        }
        let mut list = world.lock().unwrap();
        list.change();
        let ids: Vec<u64> = list.ids.iter().copied().collect();
        (200, page(&ids, request, cap, Some(&ids.len().to_string())))
    });
    let work = Work::at(&service.base_url());
    if work.export("customers -o out.csv --columns cId").exits_with_one_of(&[0, 5]) == 5 {
        assert!(!work.path("out.csv").exists(), "seed {seed}: a file that is not whole");
        return false;
    }
    let ids = work.ids("out.csv");
    let distinct: HashSet<&u64> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "seed {seed}: a record appears twice");
    let missing: Vec<u64> =
        list.lock().unwrap().throughout.iter().copied().filter(|id| !distinct.contains(id)).collect();
    assert!(missing.is_empty(), "seed {seed}: missing {missing:?}");
    assert!(ids.is_sorted(), "seed {seed}: not in order");
    true
}

#[test]
fn who_was_there_throughout_appears_exactly_once_over_200_seeds() {
    let halves = std::thread::scope(|scope| {
        let export =
            |half| scope.spawn(move || (0..100u64).filter(|seed| export_while_it_changes(seed * 2 + half)).count());
        [0, 1].map(export).map(|half| half.join().unwrap())
    });
    // Which page meets which change is up to the machine: a list may seem to hold back a record that came and went.
    assert!(halves.iter().sum::<usize>() >= 198, "{halves:?} proved whole");
}

#[test]
fn the_sandbox_changes_between_pages() {
    for (seed, fault) in [(1, "page-delete"), (2, "page-insert"), (3, "page-change")] {
        let work = Work::beside(Server::inside(|options| {
            options.variants.set("page-cap", "10").unwrap();
            options.faults = vec![format!("{fault},share=60%").parse().unwrap()];
            options.fault_seed = seed;
        }));
        let first: Vec<u64> = (900_001..900_081).collect();
        let json = work.export("tickets -o out.csv --columns ticketId,subject").exits(0).json();
        let ids = work.ids("out.csv");
        let distinct: HashSet<&u64> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{fault}: {json}");
        // Deleting takes the first records away, one by one; everything behind the last of them was there throughout.
        let begin = if fault == "page-delete" { ids[0] } else { first[0] };
        for id in first.iter().filter(|id| **id >= begin + 40) {
            assert!(distinct.contains(id), "{fault}: {id} is missing");
        }
    }
}
