//! How a run is going, while it goes: a bar on a terminal, a plain line every thirty seconds elsewhere. What it shows is
//! what is recorded, never what is only hoped for.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use rust_i18n::t;

use super::recorder::Tally;
use crate::printer::Printer;

/// How often a plain line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Shows how a run is going.
pub struct Progress<'a> {
    printer: &'a Printer,
    tally: &'a Tally,
    total: u64,
    bar: Option<ProgressBar>,
    /// When the last plain line was written, and how many rows had ended then.
    last_line: Mutex<(Instant, u64)>,
}

impl<'a> Progress<'a> {
    /// The progress of a run of `total` rows.
    pub fn new(printer: &'a Printer, tally: &'a Tally, total: u64, wants_bar: bool) -> Self {
        let ended = tally.counts().ended();
        let has_terminal =
            std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let bar = (wants_bar && has_terminal && !printer.is_quiet()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            // A wrong template is seen by every user of a terminal at once; plain looks are better than none.
            if let Ok(style) = ProgressStyle::with_template(&t!("progress.bar")) {
                let rate = |state: &ProgressState, text: &mut dyn Write| {
                    let _ = write!(text, "{:.0}", state.per_sec());
                };
                bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
            }
            // What earlier processes did says nothing of the speed of this one.
            let bar = bar.with_position(ended);
            bar.reset_eta();
            bar.set_message(t!("progress.message", good = 0, bad = 0, in_flight = 0).into_owned());
            bar
        });
        Progress { printer, tally, total, bar, last_line: Mutex::new((Instant::now(), ended)) }
    }

    /// Shows the state now, when it is time.
    pub fn show(&self, in_flight: usize) {
        let counts = self.tally.counts();
        let bad = counts.refused + counts.failed + counts.unknown;
        if let Some(bar) = &self.bar {
            bar.set_message(
                t!("progress.message", good = counts.done(), bad = bad, in_flight = in_flight).into_owned(),
            );
            bar.set_position(counts.ended());
            return;
        }
        let mut last = self.last_line.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let passed = last.0.elapsed();
        if passed < LINE_EVERY {
            return;
        }
        let rate = (counts.ended() - last.1) as f64 / passed.as_secs_f64();
        let left = self.total.saturating_sub(counts.ended()) as f64;
        let left = if rate > 0.0 { time((left / rate) as u64) } else { "?".to_owned() };
        self.printer.say(&t!(
            "progress.line",
            ended = counts.ended(),
            total = self.total,
            good = counts.done(),
            bad = bad,
            rate = format!("{rate:.1}"),
            in_flight = in_flight,
            left = left
        ));
        *last = (Instant::now(), counts.ended());
    }

    /// Says something without tearing the bar.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.printer.say(text)),
            None => self.printer.say(text),
        }
    }

    /// Takes the bar away; the summary says it all.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Seconds as people read them: `1:02:03`, `2:03`.
pub fn time(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
