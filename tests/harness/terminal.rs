//! A command at a terminal of its own: what it asks there, and what is typed.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::running::Pipe;
use super::{Ran, Running};

/// Ctrl-D.
pub const END_OF_INPUT: u8 = 4;
/// Ctrl-S.
pub const HALT: u8 = 19;
/// Ctrl-Q.
pub const GO_ON: u8 = 17;

/// A terminal with a command at it.
pub struct Terminal {
    running: Running,
    keyboard: File,
    screen: Arc<Pipe>,
}

impl Terminal {
    #[track_caller]
    pub(super) fn start(mut command: Command, folder: &Path) -> Terminal {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let terminal = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        // SAFETY: between fork and exec only system calls are made.
        unsafe {
            command.pre_exec(move || {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(&terminal)?;
                Ok(())
            });
        }
        let running = Running::start(&mut command, folder);
        // Its end of the terminal is the command's alone from here on.
        drop(command);
        let keyboard = File::from(controller);
        let screen = Pipe::of(keyboard.try_clone().unwrap());
        Terminal { running, keyboard, screen }
    }

    /// Waits until the terminal shows a text, and types a line.
    #[track_caller]
    pub fn answers(&mut self, question: &str, line: &str) -> &mut Terminal {
        self.shows(question);
        self.screen.forget();
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
        self
    }

    /// Waits until the terminal shows a text; what stood there before the last line was typed does not count.
    #[track_caller]
    pub fn shows(&mut self, text: &str) -> &mut Terminal {
        self.screen.wait_for(|said| said.contains(text), || format!("the terminal never showed {text:?}"));
        self
    }

    /// Expects that a text was not shown since the last line was typed.
    #[track_caller]
    pub fn never_showed(&mut self, text: &str) -> &mut Terminal {
        let shown = self.screen.text();
        assert!(!shown.contains(text), "{shown}");
        self
    }

    /// Presses a key that makes no line.
    pub fn press(&mut self, key: u8) {
        self.keyboard.write_all(&[key]).unwrap();
    }

    /// Waits for the end of the command.
    pub fn ended(self) -> Ran {
        self.running.ended()
    }
}
