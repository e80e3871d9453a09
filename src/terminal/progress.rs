//! How far a command has come: a bar on a terminal, a plain line every half minute elsewhere. It is told numbers; what they
//! count is the business of those who tell them.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use rust_i18n::t;

use super::printer::Printer;

/// How often a plain line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Shows how far one step after another has come.
#[derive(Debug)]
pub struct Progress {
    printer: Printer,
    bar: Option<ProgressBar>,
    step: Mutex<Step>,
}

/// The step that is under way.
#[derive(Debug)]
struct Step {
    what: String,
    done: u64,
    total: Option<u64>,
    /// What else there is to say of it.
    note: String,
    /// When the last plain line was written, and how much was done then.
    last_line: (Instant, u64),
}

impl Step {
    fn new(what: &str, done: u64, total: Option<u64>) -> Step {
        Step { what: what.to_owned(), done, total, note: String::new(), last_line: (Instant::now(), done) }
    }

    /// The plain line, when it is time for one.
    fn line(&mut self) -> Option<String> {
        let passed = self.last_line.0.elapsed();
        if passed < LINE_EVERY {
            return None;
        }
        let rate = self.done.saturating_sub(self.last_line.1) as f64 / passed.as_secs_f64();
        self.last_line = (Instant::now(), self.done);
        let line = match self.total {
            None => t!("progress.line", what = self.what, done = self.done, note = self.note),
            Some(total) => {
                let left = total.saturating_sub(self.done) as f64;
                let left = if rate > 0.0 { clock((left / rate) as u64) } else { "?".to_owned() };
                let rate = format!("{rate:.1}");
                let (what, done, note) = (&self.what, self.done, &self.note);
                t!("progress.line_of", what = what, done = done, total = total, note = note, rate = rate, left = left)
            }
        };
        Some(line.into_owned())
    }
}

impl Progress {
    /// Progress as the options want it.
    pub fn new(printer: &Printer) -> Progress {
        let has_terminal =
            std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let bar = (printer.has_progress() && has_terminal)
            .then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8)));
        Progress { printer: printer.clone(), bar, step: Mutex::new(Step::new("", 0, None)) }
    }

    /// A new step begins, `done` of it being done already, of `total` where that is known.
    pub fn begin(&self, what: &str, done: u64, total: Option<u64>) {
        *self.step() = Step::new(what, done, total);
        self.draw_new(what, done, total);
    }

    /// `done` of the step are done, of `total` where that is known.
    pub fn set(&self, done: u64, total: Option<u64>) {
        let mut step = self.step();
        let is_total_new = step.total.is_none() && total.is_some();
        (step.done, step.total) = (done, total);
        match &self.bar {
            Some(_) if is_total_new => {
                let what = step.what.clone();
                drop(step);
                self.draw_new(&what, done, total);
            }
            Some(bar) => {
                bar.set_length(total.unwrap_or(0).max(done));
                bar.set_position(done);
            }
            None => self.write_line(&mut step),
        }
    }

    /// One more of the step is done.
    pub fn advance(&self) {
        let (done, total) = {
            let step = self.step();
            (step.done + 1, step.total)
        };
        self.set(done, total);
    }

    /// Says something more beside the numbers from now on.
    pub fn note(&self, text: &str) {
        self.step().note = text.to_owned();
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        }
    }

    /// Says something without tearing the bar.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.printer.say(text)),
            None => self.printer.say(text),
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn write_line(&self, step: &mut Step) {
        if self.printer.has_progress()
            && let Some(line) = step.line()
        {
            self.printer.say(&line);
        }
    }

    fn draw_new(&self, what: &str, done: u64, total: Option<u64>) {
        let Some(bar) = &self.bar else { return };
        let template = match total {
            Some(_) => t!("progress.bar"),
            None => t!("progress.spinner"),
        };
        // A wrong template is seen by every user of a terminal at once; plain looks are better than none.
        if let Ok(style) = ProgressStyle::with_template(&template) {
            let rate = |state: &ProgressState, text: &mut dyn Write| {
                let _ = write!(text, "{:.0}", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
        }
        bar.reset();
        bar.set_prefix(what.to_owned());
        bar.set_length(total.unwrap_or(0));
        bar.set_position(done);
        // What was done before says nothing of the speed now.
        bar.reset_eta();
    }

    fn step(&self) -> MutexGuard<'_, Step> {
        self.step.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Seconds as people read them: `1:02:03`, `2:03`.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
