//! Panics of libraries that are expected: a damaged file makes a parser panic, a full disk the writer of workbooks. They
//! become errors; the backtrace would only frighten.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Keeps panics of this thread quiet from now on, or lets them be heard again. Tells how it was before.
fn set_quiet(is_quiet: bool) -> bool {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_QUIET.get() {
                before(panic);
            }
        }));
    });
    IS_QUIET.replace(is_quiet)
}

/// Keeps panics of this thread quiet for as long as it lives: whoever waits for it is told.
pub(super) fn keep_quiet() {
    set_quiet(true);
}

/// What `work` comes to, or the words of the panic that ended it. What it worked on is not to be used after that.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let before = set_quiet(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    set_quiet(before);
    done.map_err(|payload| words(&*payload))
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    text.unwrap_or_default().to_owned()
}
