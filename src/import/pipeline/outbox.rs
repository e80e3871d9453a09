//! Ends of rows on their way to the journal writer, which writes many at the cost of one.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::mpsc;

use super::journal_writer::Message;
use crate::journal::{LARGEST_WINDOW, Operation};

/// Ends that are handed over together at most: as many as two windows hold. Each group is a sync.
const GROUP: usize = LARGEST_WINDOW;

/// Ends on their way to the journal writer, in groups.
#[derive(Debug)]
pub(super) struct Outbox {
    ends: RefCell<Vec<Operation>>,
    to_journal: mpsc::Sender<Message>,
}

impl Outbox {
    /// An empty one.
    pub(super) fn new(to_journal: mpsc::Sender<Message>) -> Self {
        Outbox { ends: RefCell::new(Vec::with_capacity(GROUP)), to_journal }
    }

    /// A row has ended; handed over once there are enough.
    pub(super) fn push(&self, operation: Operation) {
        self.ends.borrow_mut().push(operation);
        if self.ends.borrow().len() >= GROUP {
            self.flush();
        }
    }

    /// Hands over the ends so far.
    pub(super) fn flush(&self) {
        let ends = self.ends.replace(Vec::with_capacity(GROUP));
        if !ends.is_empty() {
            self.say(Message::Ended(ends));
        }
    }

    /// Rows, by their indexes, that were not sent and will not be.
    pub(super) fn give_back(&self, rows: HashSet<u64>) {
        self.say(Message::Unsent(rows));
    }

    /// Nothing is in flight any more: the last ends, and the last word.
    pub(super) fn close(self) {
        self.flush();
        self.say(Message::Close);
    }

    fn say(&self, message: Message) {
        // The journal writer hangs up only after it was told to close, which is the last thing said.
        let _ = self.to_journal.send(message);
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::operation;
    use super::*;
    use crate::journal::Status;

    #[test]
    fn ends_go_in_groups_and_the_rest_before_the_last_word() {
        let (to_journal, inbox) = mpsc::channel();
        let outbox = Outbox::new(to_journal);
        for place in 0..GROUP as u64 + 3 {
            outbox.push(operation(place, Status::Created));
        }
        outbox.flush();
        outbox.flush();
        outbox.push(operation(1000, Status::Created));
        outbox.close();
        let said: Vec<usize> = inbox
            .iter()
            .map(|message| match message {
                Message::Ended(ends) => ends.len(),
                Message::Close => 0,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(said, [GROUP, 3, 1, 0]);
    }
}
