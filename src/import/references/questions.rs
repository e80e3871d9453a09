//! What a person is asked: each text once, however many rows say it.

use std::collections::HashMap;

use super::question::Question;
use super::reference::Reference;
use super::resolver::{Unclear, Way};

/// Questions that are asked at a time; the others come once these are answered.
const MOST: usize = 5_000;

/// What is asked, in the order it was met.
#[derive(Debug, Default)]
pub(in crate::import) struct Questions {
    /// The questions.
    pub(in crate::import) list: Vec<Question>,
    places: HashMap<String, usize>,
}

impl Questions {
    /// Those that are asked already.
    pub(in crate::import) fn of(list: Vec<Question>) -> Questions {
        Questions { list, places: HashMap::new() }
    }

    /// One more row says a text of which it is not clear what it means.
    pub(super) fn ask(
        &mut self,
        key: String,
        reference: &Reference<'_>,
        unclear: &Unclear,
        text: String,
        (may_be_made, may_be_blank): (bool, bool),
    ) {
        if let Some(place) = self.places.get(&key) {
            self.list[*place].rows += 1;
            return;
        }
        if self.list.len() >= MOST {
            return;
        }
        self.places.insert(key.clone(), self.list.len());
        self.list.push(Question {
            key,
            label: reference.labels.to_string(),
            text,
            rows: 1,
            why: unclear.problem.rule().kind().to_string(),
            candidates: unclear.candidates.clone(),
            may_be_made,
            may_be_blank,
            answer: String::new(),
            has_others: unclear.way == Way::DecideColumn,
        });
    }
}
