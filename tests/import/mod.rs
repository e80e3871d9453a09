//! The import path through the built binary: a file per theme. A test is a work directory ([`Work`]), a rehearsal server
//! ([`Server`]) where one is needed, commands as people type them, and what is expected of them ([`Ran`]).

mod answers;
mod bad_input;
mod journal;
mod login;
mod main_job;
mod proxy;
mod records;

mod files;
mod server;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

pub use files::{Table, add_row, workbook};
pub use server::Server;

/// Longer than any command of these tests takes on a busy machine.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(90);

/// A folder of its own for one test, with its own state and configuration, and commands run in it.
pub struct Work {
    folder: tempfile::TempDir,
}

/// A command that was run to its end. Everything about it is printed when an expectation fails.
#[derive(Clone)]
pub struct Ran {
    command: String,
    folder: PathBuf,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Work {
    pub fn new() -> Work {
        Work { folder: tempfile::tempdir().unwrap() }
    }

    /// A work directory with one file in it.
    pub fn with(name: &str, content: impl AsRef<[u8]>) -> Work {
        let work = Work::new();
        work.write(name, content);
        work
    }

    /// A work directory with one of the samples in it.
    pub fn sample(name: &str) -> Work {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
        Work::with(name, std::fs::read(sample).unwrap())
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: impl AsRef<Path>) -> String {
        String::from_utf8(std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    pub fn write_table(&self, name: &str, table: &Table) {
        self.write(name, table.to_csv());
    }

    /// A table of the work directory, CSV or XLSX, header first.
    pub fn table(&self, name: impl AsRef<Path>) -> Table {
        Table::read(&self.path(name))
    }

    /// The command `bw8 …` as it is typed, not yet started. English unless the test says otherwise.
    pub fn command(&self, typed: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bw8"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BW8_") || name.starts_with("LC_")) {
            command.env_remove(name);
        }
        command
            .args(typed.split_whitespace())
            .current_dir(self.folder.path())
            .env("BW8_STATE_DIR", self.path("state"))
            .env("BW8_CONFIG_DIR", self.path("config"))
            .env("LANG", "en_US.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The same against a server, as its main account and as fast as it goes.
    pub fn command_on(&self, server: &Server, typed: &str) -> Command {
        let mut command = self.command(&format!("{typed} --rate 0"));
        command.envs([
            ("BW8_BASE_URL", server.base_url()),
            ("BW8_USER", "demo@example.com"),
            ("BW8_PASSWORD", "sandbox"),
        ]);
        command
    }

    /// Runs `bw8 …` to its end.
    #[track_caller]
    pub fn bw8(&self, typed: &str) -> Ran {
        self.run(self.command(typed))
    }

    /// Runs `bw8 …` against a server, to its end.
    #[track_caller]
    pub fn on(&self, server: &Server, typed: &str) -> Ran {
        self.run(self.command_on(server, typed))
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn run(&self, mut command: Command) -> Ran {
        let child = command.spawn().unwrap();
        self.ran(&command, end_of(child))
    }

    /// Runs a command with `input` on its standard input.
    pub fn run_with(&self, mut command: Command, input: impl AsRef<[u8]>) -> Ran {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_ref()).unwrap();
        self.ran(&command, end_of(child))
    }

    /// Waits for a command that was started.
    pub fn wait(&self, child: Child) -> Ran {
        self.ran(&Command::new("bw8"), end_of(child))
    }

    fn ran(&self, command: &Command, output: Output) -> Ran {
        Ran {
            command: format!("{command:?}"),
            folder: self.folder.path().to_owned(),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Folders of runs, oldest first.
    pub fn runs(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.path("bw8-runs")) else { return Vec::new() };
        let mut runs: Vec<PathBuf> =
            entries.map(|entry| entry.unwrap().path()).filter(|path| path.join("journal.db").exists()).collect();
        runs.sort_by_key(|path| std::fs::metadata(path.join("journal.lock")).unwrap().modified().unwrap());
        runs
    }

    /// The one run's folder.
    #[track_caller]
    pub fn run_folder(&self) -> PathBuf {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }

    /// `summary.json` of the newest run.
    pub fn summary(&self) -> Value {
        let folder = self.runs().pop().expect("a run's folder");
        serde_json::from_slice(&std::fs::read(folder.join("summary.json")).unwrap()).unwrap()
    }

    /// `results.csv` of the newest run.
    pub fn results(&self) -> Table {
        self.table(self.runs().pop().expect("a run's folder").join("results.csv"))
    }

    /// Every file below the work directory with its bytes.
    pub fn all_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    files.push((entry.clone(), std::fs::read(&entry).unwrap()));
                }
            }
        }
        files
    }
}

/// What a child leaves behind. One that hangs is killed, so that the test fails and shows what it said.
fn end_of(child: Child) -> Output {
    let (ended, has_ended) = std::sync::mpsc::channel::<()>();
    let id = child.id().to_string();
    std::thread::spawn(move || {
        if has_ended.recv_timeout(LONGEST) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(ended);
    output
}

impl Ran {
    /// Expects an exit code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Ran {
        assert_eq!(self.code, code, "{self}");
        assert!(!self.stderr.contains("panicked"), "{self}");
        self
    }

    /// Expects a text on standard output or standard error.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Ran {
        assert!(self.stdout.contains(text) || self.stderr.contains(text), "expected {text:?}:\n{self}");
        self
    }

    /// Expects that a text is nowhere.
    #[track_caller]
    pub fn never_says(&self, text: &str) -> &Ran {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "did not expect {text:?}:\n{self}");
        self
    }

    /// Standard output as the one JSON document that it is.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not one JSON document: {error}\n{self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ran { command, folder, code, stdout, stderr } = self;
        writeln!(f, "{command}\nin {}\nexit code {code}\n-- stdout\n{stdout}\n-- stderr\n{stderr}", folder.display())
    }
}

/// How many rows a summary says ended so, all of them named: `rows(&summary, "created 10, refused 1")`.
#[track_caller]
pub fn assert_rows(summary: &Value, expected: &str) {
    let rows = summary["rows"].as_object().unwrap_or_else(|| panic!("no rows in {summary}"));
    let total: u64 = rows.iter().filter(|(name, _)| *name != "read").map(|(_, count)| count.as_u64().unwrap()).sum();
    assert_eq!(rows["read"], total, "the ends do not add up to the rows that were read: {summary}");
    let named: Vec<String> =
        bw8_words().filter(|name| rows[*name] != 0).map(|name| format!("{name} {}", rows[name])).collect();
    assert_eq!(named.join(", "), expected, "{summary}");
}

fn bw8_words() -> impl Iterator<Item = &'static str> {
    ["created", "updated", "unchanged", "skipped", "refused", "failed", "unknown", "pending"].into_iter()
}

/// `n` customers with a mobile number each, made up from the number `from` on.
pub fn customers(from: u64, n: u64) -> Table {
    let mut table = Table::of(&["姓名", "手机", "公司编号"]);
    for number in from..from + n {
        table.push(&[&format!("示例 {number}"), &format!("131{number:08}"), "20001"]);
    }
    table
}
