//! Ctrl-C and its like, for the whole process: the first one asks the program to stop, in order where somebody sees to that
//! and else at once, the second one leaves at once. What was told to be ignored when the program began stays ignored.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::printer::Printer;
use super::screen::finish_writing;
use crate::error::{Error, Exit};
use crate::files;
use crate::interrupt::Interrupt;
use crate::message;
use crate::t;

/// How long a console that takes nothing is waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What asks the program to end. None is missed between two calls of `next`.
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals([Option<tokio::signal::unix::Signal>; 3]);

#[cfg(unix)]
impl Signals {
    /// Listens from now on; must be called inside the runtime.
    ///
    /// # Errors
    /// A handler that cannot be set: the system's own stays, which ends the process at once.
    pub fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // `nohup` and a shell's background jobs have a signal ignored: a handler of ours would hear it after all.
        let unless_ignored = |kind: SignalKind| match is_ignored(kind.as_raw_value()) {
            true => Ok(None),
            false => signal(kind).map(Some),
        };
        Ok(Signals([
            unless_ignored(SignalKind::interrupt())?,
            unless_ignored(SignalKind::hangup())?,
            signal(SignalKind::terminate()).map(Some)?,
        ]))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        async fn heard(signal: &mut Option<tokio::signal::unix::Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        let [interrupt, hangup, terminate] = &mut self.0;
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(hangup) => {}
            () = heard(terminate) => {}
        }
    }
}

/// Whether whoever started the program had a signal ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is changed, and `action` has room for what is told.
    let is_told = unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) } == 0;
    // SAFETY: all of it was written, and zeroes are a value of it.
    is_told && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}

/// What asks the program to end. None is missed between two calls of `next`.
#[cfg(windows)]
#[derive(Debug)]
pub struct Signals {
    ctrl_c: tokio::signal::windows::CtrlC,
    ctrl_break: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    logoff: tokio::signal::windows::CtrlLogoff,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    /// Listens from now on; must be called inside the runtime.
    ///
    /// # Errors
    /// A handler that cannot be set: the system's own stays, which ends the process at once.
    pub fn new() -> std::io::Result<Self> {
        use tokio::signal::windows;
        Ok(Signals {
            ctrl_c: windows::ctrl_c()?,
            ctrl_break: windows::ctrl_break()?,
            close: windows::ctrl_close()?,
            logoff: windows::ctrl_logoff()?,
            shutdown: windows::ctrl_shutdown()?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.ctrl_break.recv() => {}
            _ = self.close.recv() => {}
            _ = self.logoff.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}

/// How long whoever is told of the end is waited for.
const TELLING: Duration = Duration::from_secs(5);

/// Listens for the whole process from now on. Where the program is left at once, `tell` tells of it before.
pub fn listen(printer: &Printer, tell: impl FnOnce() + Send + 'static) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let signals = {
        let _inside = runtime.enter();
        Signals::new()
    };
    // Without a handler the system's own ends the process at once.
    let Ok(mut signals) = signals else { return };
    let printer = printer.clone();
    std::thread::spawn(move || {
        runtime.block_on(signals.next());
        let interrupt = Interrupt::of_process();
        if let Some(exit) = over_with() {
            // The command is at its end: only whoever is told of that has not heard it yet.
            printer.warn(&t!("notice.not_told", why = message!("refresh.interrupted")));
            leave_at_once(exit);
        } else if interrupt.is_orderly() {
            // Before it is done, as what it ends may be over at once.
            if let Some(word) = interrupt.told() {
                printer.warn(&word.to_string());
            }
            interrupt.set();
        } else {
            set(End::Leaving);
            interrupt.set();
            printer.error(&Error::interrupted(message!("signals.stopped")).hint(message!("signals.stopped_hint")));
            let (done, told) = tokio::sync::oneshot::channel();
            std::thread::spawn(move || {
                tell();
                let _ = done.send(());
            });
            runtime.block_on(async {
                tokio::select! {
                    _ = told => {}
                    () = signals.next() => {}
                    () = tokio::time::sleep(TELLING) => {}
                }
            });
            leave_at_once(Exit::Interrupted);
        }
        runtime.block_on(signals.next());
        leave_at_once(over_with().unwrap_or(Exit::Interrupted));
    });
}

/// How far the program is from its end.
#[derive(Debug, Clone, Copy)]
enum End {
    /// It works.
    Ahead,
    /// It is being left, and said so.
    Leaving,
    /// The command is over, and said how; at most whoever is told of that is waited for.
    Over(Exit),
}

static END: Mutex<End> = Mutex::new(End::Ahead);

fn set(end: End) {
    *END.lock().unwrap_or_else(PoisonError::into_inner) = end;
}

fn over_with() -> Option<Exit> {
    match *END.lock().unwrap_or_else(PoisonError::into_inner) {
        End::Over(exit) => Some(exit),
        End::Ahead | End::Leaving => None,
    }
}

/// The command is over, with this exit code. Never returns when the program is being left already, so that it ends once and in one
/// way.
pub fn over(exit: Exit) {
    let mut end = END.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*end, End::Leaving) {
        drop(end);
        loop {
            std::thread::park();
        }
    }
    *end = End::Over(exit);
}

/// Ends the process at once. What is on the disk is whole: only files in the making go.
fn leave_at_once(exit: Exit) -> ! {
    files::discard_staging_and_make_no_more();
    finish_writing(Some(LAST_WORDS));
    std::process::exit(i32::from(u8::from(exit)))
}
