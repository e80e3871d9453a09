//! A working folder for one test, and the program run in it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use bw8::sandbox::{Assume, Options, Server};
use serde_json::Value;

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// The JSON document on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, after checking how it ended.
    #[track_caller]
    pub fn ended(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:?}\n{}", String::from_utf8_lossy(&self.stdout));
        self
    }
}

/// A working folder, and the address of a service.
pub struct Work {
    folder: tempfile::TempDir,
    base_url: String,
    _server: Option<Server>,
}

impl Work {
    /// With the service at this address.
    pub fn at(base_url: &str) -> Work {
        Work { folder: tempfile::tempdir().unwrap(), base_url: base_url.to_owned(), _server: None }
    }

    /// With a rehearsal server of seed 1, all assumed endpoints on, and whatever `change` makes of that.
    pub fn with(change: impl FnOnce(&mut Options)) -> Work {
        let mut options = Options { seed: Some(1), assume: Assume::All, ..Options::default() };
        change(&mut options);
        let server = Server::start(options).unwrap();
        let base_url = server.base_url();
        Work { _server: Some(server), ..Work::at(&base_url) }
    }

    /// With a rehearsal server that has these faults.
    pub fn faulty(faults: &[&str]) -> Work {
        Work::with(|options| options.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect())
    }

    /// With a rehearsal server that plays these variants.
    pub fn variant(switches: &[&str]) -> Work {
        Work::with(|options| {
            for switch in switches {
                let (name, value) = switch.split_once('=').unwrap();
                options.variants.set(name, value).unwrap();
            }
        })
    }

    /// With a rehearsal server without surprises.
    pub fn new() -> Work {
        Work::with(|_| {})
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The text of a file.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The rows of a CSV file, its header first.
    #[track_caller]
    pub fn rows(&self, name: &str) -> Vec<Vec<String>> {
        rows(self.read(name).as_bytes())
    }

    /// The first column of a CSV file.
    #[track_caller]
    pub fn ids(&self, name: &str) -> Vec<u64> {
        self.rows(name)[1..].iter().map(|row| row[0].parse().unwrap()).collect()
    }

    /// The command, ready to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bw8"));
        command
            .args(arguments)
            .args(["--lang", "en"])
            .current_dir(self.folder.path())
            .env("BW8_BASE_URL", &self.base_url)
            .env("BW8_USER", "demo@example.com")
            .env("BW8_PASSWORD", "sandbox")
            .env("BW8_STATE_DIR", self.path("state"))
            .env("BW8_CONFIG_DIR", self.path("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Exports without a limit of our own on the pace, with a JSON document at the end.
    pub fn export(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["export", "--rate", "0", "--format", "json"], arguments].concat())
    }
}

/// The rows of delimited text, its header first.
pub fn rows(text: &[u8]) -> Vec<Vec<String>> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}
