//! How far a refresh has come: a bar on a terminal, a plain line every half minute elsewhere.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rust_i18n::t;

use crate::printer::Printer;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Shows how far one step has come.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    printer: Printer,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    what: String,
    done: u64,
    total: Option<u64>,
    last: Instant,
}

impl Progress {
    /// Progress as these options want it.
    pub fn new(printer: &Printer) -> Self {
        let bar = (printer.has_progress() && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            bar.set_style(ProgressStyle::default_bar());
            bar
        });
        let state = State { what: String::new(), done: 0, total: None, last: Instant::now() };
        Progress { bar, printer: printer.clone(), state: RefCell::new(state) }
    }

    /// A new step begins.
    pub fn begin(&self, what: &str, done: u64, total: Option<u64>) {
        *self.state.borrow_mut() = State { what: what.to_owned(), done, total, last: Instant::now() };
        if let Some(bar) = &self.bar {
            let template = match total {
                Some(_) => "{prefix} {wide_bar} {pos}/{len} {per_sec} {eta}",
                None => "{prefix} {spinner} {pos} {per_sec}",
            };
            // The templates are constants; a wrong one would show in every run.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.reset();
            bar.set_prefix(what.to_owned());
            bar.set_length(total.unwrap_or(0));
            bar.set_position(done);
        }
    }

    /// `done` of the step are done, of `total`.
    pub fn set(&self, done: u64, total: Option<u64>) {
        let mut state = self.state.borrow_mut();
        let began_to_know = state.total.is_none() && total.is_some();
        state.done = done;
        state.total = total;
        if let Some(bar) = &self.bar {
            if began_to_know {
                let what = state.what.clone();
                drop(state);
                self.begin(&what, done, total);
                return;
            }
            bar.set_length(total.unwrap_or(0).max(done));
            bar.set_position(done);
        } else if self.printer.has_progress() && state.last.elapsed() >= LINE_EVERY {
            state.last = Instant::now();
            let line = match state.total {
                Some(total) => t!("refresh.line_of", what = state.what, done = state.done, total = total),
                None => t!("refresh.line", what = state.what, done = state.done),
            };
            self.printer.say(&line);
        }
    }

    /// One more of the step is done.
    pub fn advance(&self) {
        let (done, total) = {
            let state = self.state.borrow();
            (state.done + 1, state.total)
        };
        self.set(done, total);
    }

    /// Says something above the bar.
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
}
