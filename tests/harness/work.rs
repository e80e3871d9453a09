//! A folder of its own for one test, and the program run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Ran, Running, Server, Table, Typed};

/// The sandbox's main account.
pub const USER: &str = "demo@example.com";
pub const PASSWORD: &str = "sandbox";

/// What the harness answers for a command that sends rows to a service.
const AGREED: [&str; 2] = ["--yes", "--notifications-off"];

/// A folder with its own state and configuration, and the service its commands talk to, if there is one.
pub struct Work {
    folder: tempfile::TempDir,
    base_url: Option<String>,
    _server: Option<Box<Server>>,
}

impl Work {
    /// An empty folder, and no service.
    pub fn new() -> Work {
        Work { folder: tempfile::tempdir().unwrap(), base_url: None, _server: None }
    }

    /// With one file in it.
    pub fn with(name: &str, content: impl AsRef<[u8]>) -> Work {
        let work = Work::new();
        work.write(name, content);
        work
    }

    /// With one of the samples in it.
    pub fn sample(name: &str) -> Work {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
        Work::with(name, std::fs::read(sample).unwrap())
    }

    /// Every command talks to the service at this address.
    pub fn at(base_url: &str) -> Work {
        Work { base_url: Some(base_url.to_owned()), ..Work::new() }
    }

    /// Every command talks to this sandbox, which ends with the folder.
    pub fn beside(server: Server) -> Work {
        Work { base_url: Some(server.base_url().to_owned()), _server: Some(Box::new(server)), ..Work::new() }
    }

    /// Every command talks to a sandbox without surprises.
    pub fn beside_sandbox() -> Work {
        Work::beside(Server::inside(|_| {}))
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// A file that only its owner can read, as one that holds a password must be.
    pub fn write_private(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    #[track_caller]
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        let path = self.path(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        String::from_utf8(bytes).unwrap()
    }

    pub fn write_table(&self, name: &str, table: &Table) {
        self.write(name, table.to_csv());
    }

    /// A table of the folder, CSV or XLSX, header first.
    #[track_caller]
    pub fn table(&self, name: impl AsRef<Path>) -> Table {
        Table::read(&self.path(name))
    }

    /// Its rows, header first.
    #[track_caller]
    pub fn rows(&self, name: &str) -> Vec<Vec<String>> {
        self.table(name).rows
    }

    /// The first column of a table, which holds ids.
    #[track_caller]
    pub fn ids(&self, name: &str) -> Vec<u64> {
        self.rows(name)[1..].iter().map(|row| row[0].parse().unwrap()).collect()
    }

    /// The command `bw8 …` as it is typed, not yet started. English unless the test says otherwise; nothing of the
    /// environment the tests run in reaches it.
    pub fn command(&self, typed: impl Typed) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_bw8"));
        command.args(typed.words());
        agree(&mut command);
        command
    }

    /// A command for which nobody has agreed to anything.
    pub fn unagreed(&self, typed: impl Typed) -> Command {
        let command = self.command(typed);
        let words = command.get_args().filter(|word| !AGREED.iter().any(|agreed| word == agreed));
        let mut unagreed = Command::new(command.get_program());
        unagreed.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        unagreed.current_dir(self.folder.path());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => unagreed.env(name, value),
                None => unagreed.env_remove(name),
            };
        }
        unagreed
    }

    /// Starts a command at a terminal of its own. Its outputs are pipes all the same.
    #[cfg(unix)]
    #[track_caller]
    pub fn at_terminal(&self, command: Command) -> super::Terminal {
        super::Terminal::start(command, self.folder.path())
    }

    /// Another program, in the folder and the environment of `bw8`.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy().to_uppercase();
            if text.starts_with("BW8_") || text.starts_with("LC_") || text.ends_with("_PROXY") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("BW8_STATE_DIR", self.path("state"))
            .env("BW8_CONFIG_DIR", self.path("config"))
            .env("LANG", "en_US.UTF-8")
            .envs([("USER", "example"), ("HOSTNAME", "example")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(base_url) = &self.base_url {
            talk_to(&mut command, base_url);
        }
        command
    }

    /// A command against a server, as its main account and as fast as it goes.
    pub fn command_on(&self, server: &Server, typed: impl Typed) -> Command {
        let mut command = self.command(typed);
        command.args(["--rate", "0"]);
        talk_to(&mut command, server.base_url());
        agree(&mut command);
        command
    }

    /// Runs `bw8 …` to its end.
    #[track_caller]
    pub fn bw8(&self, typed: impl Typed) -> Ran {
        self.run(self.command(typed))
    }

    /// Runs `bw8 …` against a server, to its end.
    #[track_caller]
    pub fn on(&self, server: &Server, typed: impl Typed) -> Ran {
        self.run(self.command_on(server, typed))
    }

    /// Exports as fast as it goes, with a JSON document at the end.
    #[track_caller]
    pub fn export(&self, typed: impl Typed) -> Ran {
        let mut command = self.command("export --rate 0 --format json");
        command.args(typed.words());
        self.run(command)
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn run(&self, command: Command) -> Ran {
        self.start(command).ended()
    }

    /// Runs a command with `input` on its standard input.
    #[track_caller]
    pub fn run_with(&self, mut command: Command, input: impl AsRef<[u8]>) -> Ran {
        command.stdin(Stdio::piped());
        let mut running = self.start(command);
        running.give(input.as_ref());
        running.ended()
    }

    /// Starts a command.
    #[track_caller]
    pub fn start(&self, mut command: Command) -> Running {
        without_terminal(&mut command);
        Running::start(&mut command, self.folder.path())
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

    /// `summary.json` in a folder.
    #[track_caller]
    pub fn summary_of(&self, folder: &str) -> Value {
        serde_json::from_str(&self.read(Path::new(folder).join("summary.json"))).unwrap()
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

/// As the main account of the sandbox, whoever answers there.
fn talk_to(command: &mut Command, base_url: &str) {
    command.envs([("BW8_BASE_URL", base_url), ("BW8_USER", USER), ("BW8_PASSWORD", PASSWORD)]);
}

/// A command that sends rows to a service, agreed to beforehand.
fn agree(command: &mut Command) {
    let words: Vec<String> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let sends =
        words.iter().any(|word| word == "import" || word == "retry") && words.first().is_some_and(|word| word != "ids");
    if sends && !words.iter().any(|word| word == "--sandbox") {
        let is_said = |agreed: &&str| words.iter().any(|word| word.starts_with(*agreed));
        command.args(AGREED.into_iter().filter(|agreed| !is_said(agreed)));
    }
}

/// Whoever runs the tests may sit at a terminal; no command of theirs is to ask there. One that serves stays with the
/// tests, so that it ends with them.
#[cfg(unix)]
fn without_terminal(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    if command.get_args().next().is_some_and(|word| word == "sandbox") {
        return;
    }
    // SAFETY: between fork and exec only a system call is made.
    unsafe {
        command.pre_exec(|| {
            // A leader of a session has no terminal to lose.
            let _ = rustix::process::setsid();
            Ok(())
        });
    }
}

#[cfg(not(unix))]
fn without_terminal(_command: &mut Command) {}
