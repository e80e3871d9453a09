//! What stands on standard error and standard output, and when something was last said there. A bar that is shown is lifted
//! for a line and put back below it.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use indicatif::ProgressBar;

use crate::text::clean_lines;

/// The screen of this process.
static SCREEN: Mutex<Screen> = Mutex::new(Screen { bar: None, last_said: None });
/// Questions that are being asked.
static QUESTIONS: AtomicUsize = AtomicUsize::new(0);

struct Screen {
    bar: Option<ProgressBar>,
    /// When something was last said.
    last_said: Option<Instant>,
}

/// A person is asked something until this is dropped, and nothing is to be shown over it.
#[derive(Debug)]
pub(super) struct Asking;

impl Asking {
    pub(super) fn begin() -> Asking {
        QUESTIONS.fetch_add(1, Ordering::SeqCst);
        Asking
    }

    /// Whether somebody is being asked.
    pub(super) fn is_under_way() -> bool {
        QUESTIONS.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        said();
        QUESTIONS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Says a line on standard error. A closed pipe on the other side is not an error of ours: there is nobody left to tell.
pub(super) fn stderr(text: &str) {
    let write = || {
        let _ = writeln!(std::io::stderr().lock(), "{}", clean_lines(text));
    };
    match said() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Writes a line on standard output.
pub(super) fn stdout(text: &str) {
    said();
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Shows a bar from now on, or none.
pub(super) fn show(bar: Option<ProgressBar>) {
    screen().bar = bar;
}

/// The bar that is shown.
pub(super) fn bar() -> Option<ProgressBar> {
    screen().bar.clone()
}

/// When something was last said; the first question begins the silence.
pub(super) fn last_said() -> Instant {
    *screen().last_said.get_or_insert_with(Instant::now)
}

/// Something is said now, below this bar if there is one.
fn said() -> Option<ProgressBar> {
    let mut screen = screen();
    screen.last_said = Some(Instant::now());
    screen.bar.clone()
}

fn screen() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
