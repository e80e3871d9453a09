//! Database files that another program holds: a backup, a viewer, another command. They are waited for like anything else, with
//! a word.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::interrupt::Interrupt;
use crate::message;
use crate::waiting::Wait;

/// How long somebody else may hold a file. Another command may be reading millions of rows.
const LONGEST: Duration = Duration::from_secs(60);
/// Commands that work at the same time hold a file for a moment, again and again: that is no wait to speak of.
const A_MOMENT: Duration = Duration::from_secs(1);
/// How often is looked again.
const STEP: Duration = Duration::from_millis(20);

thread_local! {
    /// When the wait of this thread began.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Waits whenever the file of this connection is held by another program, and says so.
///
/// # Errors
/// None that a connection that is open has.
pub fn wait_when_locked(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait))
}

/// Waits a little; false when that is long enough. `tries` counts how often it was called for this lock.
fn wait(tries: i32) -> bool {
    let now = Instant::now();
    let began = BEGAN.get().filter(|_| tries > 0).unwrap_or(now);
    BEGAN.set(Some(began));
    let waited = now.saturating_duration_since(began);
    if waited >= LONGEST || Interrupt::of_process().is_set() {
        return false;
    }
    let wait = || Wait {
        why: message!("waiting.locked_file"),
        until: Some(began + LONGEST),
        ends: message!("waiting.other"),
        is_retry: false,
        is_urgent: true,
    };
    // It is taken back at the end of each step: nothing tells when the file is free.
    let _said = (waited >= A_MOMENT).then(|| wait().begin());
    std::thread::sleep(STEP);
    true
}
