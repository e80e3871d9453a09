//! Which writes go alone and are compared besides the rows that go first: the first of each kind of write, and each after it
//! that sets a field, or has one to lose, of which nobody has seen yet what the service makes of it. Few do: what was seen once
//! is seen.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use tokio::sync::{Mutex, MutexGuard};

/// Most writes of a kind that go alone.
const MOST: u32 = 50;

/// A kind of write: what becomes of one tells nothing of the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct WriteKind {
    /// Name of the records' entity.
    pub entity: String,
    /// It makes a record; else it changes one.
    pub is_new: bool,
}

/// What was seen of the service.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// Writes are looked at.
    pub is_on: bool,
    seen: RefCell<HashMap<WriteKind, Seen>>,
    /// Fields that answers to changes show otherwise than they are.
    untold: RefCell<HashSet<String>>,
    one: Mutex<()>,
}

#[derive(Debug, Default)]
struct Seen {
    told: HashSet<String>,
    /// How many went alone.
    looks: u32,
    /// Its records cannot be compared.
    is_blind: bool,
}

/// A write goes alone, among those that have to.
#[derive(Debug)]
pub(super) struct Look<'a> {
    _guard: MutexGuard<'a, ()>,
    /// Nothing was seen of its kind before.
    pub is_first: bool,
}

impl Looks {
    /// Whether a write has to go alone that tells this.
    pub(super) fn wants(&self, kind: &WriteKind, told: &[String]) -> bool {
        self.is_on
            && !told.is_empty()
            && self.seen.borrow().get(kind).is_none_or(|seen| {
                !seen.is_blind && seen.looks < MOST && told.iter().any(|told| !seen.told.contains(told))
            })
    }

    /// The turn of a write that goes alone; none when others have shown meanwhile what it tells.
    pub(super) async fn turn(&self, kind: &WriteKind, told: &[String]) -> Option<Look<'_>> {
        if !self.wants(kind, told) {
            return None;
        }
        let guard = self.one.lock().await;
        if !self.wants(kind, told) {
            return None;
        }
        let mut seen = self.seen.borrow_mut();
        let seen = seen.entry(kind.clone()).or_default();
        seen.looks += 1;
        Some(Look { _guard: guard, is_first: seen.told.is_empty() })
    }

    /// A record was as it had to be.
    pub(super) fn see(&self, kind: &WriteKind, told: Vec<String>) {
        self.seen.borrow_mut().entry(kind.clone()).or_default().told.extend(told);
    }

    /// What was written cannot be compared: another write would show nothing more.
    pub(super) fn cannot_see(&self, kind: &WriteKind) {
        self.seen.borrow_mut().entry(kind.clone()).or_default().is_blind = true;
    }

    /// Whether what an answer shows of a field is to be believed.
    pub(super) fn believes(&self, field: &str) -> bool {
        !self.untold.borrow().contains(field)
    }

    /// An answer showed a field otherwise than it is: as it was before, it may be.
    pub(super) fn disbelieve(&self, field: &str) {
        self.untold.borrow_mut().insert(field.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_seen_once_is_seen_and_each_kind_is_seen_by_itself() {
        let looks = Looks { is_on: true, ..Looks::default() };
        let kind = |is_new| WriteKind { entity: "customers".to_owned(), is_new };
        let told = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(looks.turn(&kind(true), &told(&["a"])).await.unwrap().is_first);
        looks.see(&kind(true), told(&["a", "b"]));
        assert!(!looks.wants(&kind(true), &told(&["b", "a"])) && looks.wants(&kind(false), &told(&["a"])));
        assert!(!looks.turn(&kind(true), &told(&["a", "c"])).await.unwrap().is_first);
        looks.cannot_see(&kind(false));
        assert!(!looks.wants(&kind(false), &told(&["a"])));
        assert!(!Looks::default().wants(&kind(true), &told(&["a"])));
    }
}
