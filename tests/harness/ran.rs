//! What a command did.

use std::cell::Cell;
use std::panic::Location;
use std::path::PathBuf;

use serde_json::Value;

/// A command that came to its end.
#[must_use = "look at its exit code"]
pub struct Ran {
    /// The command as it was started.
    pub(super) command: String,
    pub(super) folder: PathBuf,
    /// Where the test ran it.
    pub(super) place: &'static Location<'static>,
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) is_checked: Cell<bool>,
}

impl Ran {
    /// Expects an exit code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Ran {
        self.is_checked.set(true);
        assert_eq!(self.code, code, "\n{self}");
        self
    }

    /// Expects one of these exit codes and tells which it was.
    #[track_caller]
    pub fn exits_with_one_of(&self, codes: &[i32]) -> i32 {
        self.is_checked.set(true);
        assert!(codes.contains(&self.code), "expected one of {codes:?}:\n{self}");
        self.code
    }

    /// Expects a text on standard output or standard error.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Ran {
        let is_said = self.stdout().contains(text) || self.stderr().contains(text);
        assert!(is_said, "expected {text:?}:\n{self}");
        self
    }

    /// Expects that a text is nowhere.
    #[track_caller]
    pub fn never_says(&self, text: &str) -> &Ran {
        let is_said = self.stdout().contains(text) || self.stderr().contains(text);
        assert!(!is_said, "did not expect {text:?}:\n{self}");
        self
    }

    /// Standard output as the one JSON document that it is.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(self.stdout()).unwrap_or_else(|error| panic!("not one JSON document: {error}\n{self}"))
    }

    /// What it wrote on standard output.
    #[track_caller]
    pub fn stdout(&self) -> &str {
        self.expect_checked();
        &self.stdout
    }

    /// What it said on standard error.
    #[track_caller]
    pub fn stderr(&self) -> &str {
        self.expect_checked();
        &self.stderr
    }

    #[track_caller]
    fn expect_checked(&self) {
        assert!(self.is_checked.get(), "the exit code comes first:\n{self}");
    }
}

impl Drop for Ran {
    fn drop(&mut self) {
        if !self.is_checked.get() && !std::thread::panicking() {
            panic!("nobody looked at the exit code of the command at {}:\n{self}", self.place);
        }
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ran { command, folder, code, stdout, stderr, .. } = self;
        writeln!(f, "{command}\nin {}\nexit code {code}\n-- stdout\n{stdout}\n-- stderr\n{stderr}", folder.display())
    }
}

/// A text with paths of the program's own, as it shows them on this system.
pub fn as_printed(text: &str) -> String {
    text.replace('/', std::path::MAIN_SEPARATOR_STR)
}

/// How many rows a summary says ended so, all of them named: `assert_rows(&summary, "created 10, refused 1")`. Together
/// they are the rows that were read.
#[track_caller]
pub fn assert_rows(summary: &Value, expected: &str) {
    const STATES: [&str; 9] =
        ["created", "updated", "unchanged", "skipped", "refused", "held", "failed", "unknown", "pending"];
    let rows = summary["rows"].as_object().unwrap_or_else(|| panic!("no rows in {summary}"));
    let total: u64 = rows.iter().filter(|(name, _)| *name != "read").map(|(_, count)| count.as_u64().unwrap()).sum();
    assert_eq!(rows["read"], total, "the ends do not add up to the rows that were read: {summary}");
    let named = STATES.iter().filter(|name| rows[**name] != 0).map(|name| format!("{name} {}", rows[*name]));
    assert_eq!(named.collect::<Vec<_>>().join(", "), expected, "{summary}");
}
