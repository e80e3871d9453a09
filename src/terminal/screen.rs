//! What stands on standard error and standard output, and when something was last said there. A bar that is shown is lifted
//! for a line and put back below it. Whoever selects text in a console, or types Ctrl-S, halts all that is written there: a
//! thread of its own writes, so that nobody else waits for that person.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::error::{Context, Error};
use crate::message;
use crate::text::clean_lines;

/// The screen of this process.
static SCREEN: Mutex<Screen> =
    Mutex::new(Screen { bar: None, last_said: None, unwritten: None, document: None, cause: None, stage: None });
/// Questions that are being asked.
static QUESTIONS: AtomicUsize = AtomicUsize::new(0);

struct Screen {
    bar: Option<ProgressBar>,
    /// When something was last said.
    last_said: Option<Instant>,
    /// Why not all of standard output arrived.
    unwritten: Option<std::io::Error>,
    /// The document that the command ended with, whether it was shown or not.
    document: Option<serde_json::Value>,
    /// What ended it.
    cause: Option<Error>,
    /// The stage of the work, and when the first one began.
    stage: Option<(String, Instant)>,
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

/// Says a line on standard error; on a terminal it is only on its way there.
pub(super) fn stderr(text: &str) {
    let bar = said();
    let line = clean_lines(text).into_owned();
    match writer() {
        Some(writer) => drop(writer.send(Job::Line(line, bar))),
        None => write_line(&line, bar.as_ref()),
    }
}

/// A closed pipe on the other side is not an error of ours: there is nobody left to tell.
fn write_line(line: &str, bar: Option<&ProgressBar>) {
    let write = || {
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    };
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// What the thread that writes has to do.
enum Job {
    /// Write a line, above the bar if there is one.
    Line(String, Option<ProgressBar>),
    /// Say that all before it is written.
    Answer(Sender<()>),
}

/// The way to the thread that writes on standard error; none where that is no terminal, as a file or a pipe is written at once.
fn writer() -> Option<&'static Sender<Job>> {
    static WRITER: OnceLock<Option<Sender<Job>>> = OnceLock::new();
    let begin = || {
        if !std::io::stderr().is_terminal() {
            return None;
        }
        let (sender, jobs) = mpsc::channel();
        std::thread::spawn(move || {
            for job in jobs {
                match job {
                    Job::Line(line, bar) => write_line(&line, bar.as_ref()),
                    Job::Answer(written) => drop(written.send(())),
                }
            }
        });
        Some(sender)
    };
    WRITER.get_or_init(begin).as_ref()
}

/// Waits until all that was said is written; not longer than this, if it is given.
pub fn finish_writing(longest: Option<Duration>) {
    let (written, told) = mpsc::channel();
    let is_asked = writer().is_some_and(|writer| writer.send(Job::Answer(written)).is_ok());
    // Whoever waited long enough goes on without.
    let _ = match longest {
        _ if !is_asked => return,
        Some(longest) => told.recv_timeout(longest).ok(),
        None => told.recv().ok(),
    };
}

/// Writes a line on standard output.
pub(super) fn stdout(text: &str) {
    said();
    finish_writing(None);
    let mut out = std::io::stdout().lock();
    note_unwritten(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// Writes a text on standard output as it is.
pub fn write_out(text: &[u8]) {
    finish_writing(None);
    let mut out = std::io::stdout().lock();
    note_unwritten(out.write_all(text).and_then(|()| out.flush()));
}

/// What went to standard output and did not arrive is told at the end. Whoever closed a pipe had enough.
fn note_unwritten(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        screen().unwritten.get_or_insert(error);
    }
}

/// Why not all of standard output arrived.
pub fn unwritten() -> Option<Error> {
    let error = screen().unwritten.take()?;
    let place = message!("printer.unwritten");
    Some(Err::<(), _>(error).context(|| place).err()?.hint(message!("printer.unwritten_hint")))
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

/// The document that a command ends with.
pub(super) fn remember(document: &serde_json::Value) {
    screen().document = Some(document.clone());
}

/// The document that the command ended with.
pub fn last_document() -> Option<serde_json::Value> {
    screen().document.clone()
}

/// What ends the command, for whoever is told of that elsewhere.
pub fn note_cause(error: &Error) {
    screen().cause = Some(error.clone());
}

/// What ended the command.
pub fn last_cause() -> Option<Error> {
    screen().cause.clone()
}

/// A stage of the work begins.
pub(super) fn stage(text: &str) {
    let mut screen = screen();
    let began = screen.stage.as_ref().map_or_else(Instant::now, |(_, began)| *began);
    screen.stage = Some((text.to_owned(), began));
}

/// The stage of the work.
pub(super) fn current_stage() -> Option<String> {
    screen().stage.as_ref().map(|(text, _)| text.clone())
}

/// Seconds since the first stage began.
pub(super) fn since_begin() -> f64 {
    screen().stage.as_ref().map_or(0.0, |(_, began)| began.elapsed().as_secs_f64())
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
