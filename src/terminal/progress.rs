//! How far a command has come, and what it waits for: a bar on a terminal, plain lines elsewhere. It is told numbers; what
//! they count is the business of those who tell them. One thread looks at them now and then and says what is due.

use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printer::Printer;
use super::screen::{self, Asking};
use super::silence::{Due, LONGEST_SILENCE, Silence};
use super::step::{Step, wait_line};
use crate::message::Message;
use crate::t;
use crate::waiting::{Wait, slow_answer};

/// How often is looked whether something is to be said.
const TICK: Duration = Duration::from_millis(250);
/// Columns of a terminal that does not tell.
const USUAL_WIDTH: usize = 80;

/// The step that is under way.
static STEP: Mutex<Option<Step>> = Mutex::new(None);

/// Shows how far one step after another has come.
#[derive(Debug)]
pub struct Progress {
    printer: Printer,
    has_bar: bool,
}

impl Progress {
    /// Progress as the options want it.
    pub fn new(printer: &Printer) -> Progress {
        let has_terminal =
            std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Progress { printer: printer.clone(), has_bar: printer.has_progress() && has_terminal }
    }

    /// A new step begins, `done` of it being done already, of `total` where that is known.
    pub fn begin(&self, what: &str, done: u64, total: Option<u64>) {
        *step() = Some(Step::new(what, done, total, Instant::now()));
        if self.has_bar && screen::bar().is_none() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            // It has no placeholder but the one for a text of ours.
            bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
            screen::show(Some(bar));
        }
    }

    /// `done` of the step are done, of `total` where that is known.
    pub fn set(&self, done: u64, total: Option<u64>) {
        if let Some(step) = step().as_mut() {
            step.set(done, total);
        }
    }

    /// One more of the step is done.
    pub fn advance(&self) {
        if let Some(step) = step().as_mut() {
            step.advance();
        }
    }

    /// Says something more beside the numbers from now on.
    pub fn note(&self, text: &str) {
        if let Some(step) = step().as_mut().filter(|step| step.note != text) {
            text.clone_into(&mut step.note);
        }
    }

    /// The step ends before all of it is done.
    pub fn is_ending(&self) {
        if let Some(step) = step().as_mut() {
            step.is_ending = true;
        }
    }

    /// Says something without tearing the bar.
    pub fn say(&self, text: &str) {
        self.printer.say(text);
    }

    /// A stage of the work begins: told to those who asked for more.
    pub fn stage(&self, text: &str) {
        self.printer.stage(text);
    }

    /// Takes the bar away.
    pub fn end(&self) {
        *step() = None;
        if let Some(bar) = screen::bar() {
            screen::show(None);
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// Looks now and then, until the process ends, whether something is to be said.
pub fn break_silence(printer: &Printer) {
    let printer = printer.clone();
    screen::last_said();
    std::thread::spawn(move || {
        let mut silence = Silence::default();
        loop {
            std::thread::sleep(TICK);
            if !Asking::is_under_way() {
                look(&printer, &mut silence, Instant::now());
            }
        }
    });
}

/// Draws the bar anew, or says the line that is due.
fn look(printer: &Printer, silence: &mut Silence, now: Instant) {
    let wait = Wait::current();
    let slow = slow_answer(now);
    if let Some(step) = step().as_mut() {
        step.sample(now);
    }
    if draw(now, wait.as_ref(), slow.as_ref()) {
        return;
    }
    let last_said = screen::last_said();
    // Whoever wants errors only is not left to wonder for long why nothing happens.
    let is_long = now.saturating_duration_since(last_said) >= LONGEST_SILENCE;
    let say = |is_urgent: bool, line: &str| if is_urgent { printer.warn(line) } else { printer.say(line) };
    match (silence.due(now, last_said, wait.as_ref()), &wait) {
        (Due::Nothing, _) | (Due::Wait, None) => {}
        (Due::Wait, Some(wait)) => say(wait.is_urgent || is_long, &wait_line(wait, now)),
        // Whoever wants no bar wants to know all the same that it is not dead.
        (Due::Step, _) => {
            let step = step().as_ref().map(|step| step.line(now));
            let line = match (step, &slow) {
                (Some(step), Some(slow)) => format!("{step} · {slow}"),
                (Some(step), None) => step,
                (None, Some(slow)) => format!("{slow}{}", t!("waiting.other")),
                (None, None) => match screen::current_stage() {
                    Some(stage) => t!("progress.at_stage", stage = stage).into_owned(),
                    None => t!("progress.at_work").into_owned(),
                },
            };
            say(slow.is_some(), &line);
        }
    }
}

/// Draws the bar; false where there is none.
fn draw(now: Instant, wait: Option<&Wait>, slow: Option<&Message>) -> bool {
    let Some(bar) = screen::bar() else { return false };
    let width = terminal_size::terminal_size_of(std::io::stderr()).map_or(USUAL_WIDTH, |(width, _)| width.0.into());
    let line = step().as_ref().map(|step| step.bar(wait, slow, now, width));
    // A console that a person halted keeps whoever draws; those who do the work must not wait for the step meanwhile.
    if let Some(line) = line {
        bar.set_message(line);
    }
    true
}

fn step() -> MutexGuard<'static, Option<Step>> {
    STEP.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
