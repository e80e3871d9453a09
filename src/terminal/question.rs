//! Asking a person, at the console itself: also when inputs and outputs are redirected, and never when nobody sits there.

use std::fs::{File, OpenOptions};

use super::screen::{Asking, finish_writing};
use crate::error::{Context, Result};
use crate::message;
use crate::text::clean_lines;

/// The console of whoever typed the command.
#[derive(Debug)]
pub struct Console {
    input: File,
    output: File,
}

impl Console {
    /// The console; none when there is none, as for a command of a scheduler, or when another command has it.
    pub fn open() -> Option<Console> {
        let open = |name: &str| OpenOptions::new().read(true).write(true).open(name).ok();
        let (input, output) = (open(system::INPUT)?, open(system::OUTPUT)?);
        system::is_in_front(&input).then_some(Console { input, output })
    }

    /// The console that was opened for this process alone, as a double click does: it closes when the process ends.
    pub fn own() -> Option<Console> {
        if system::is_own() { Console::open() } else { None }
    }

    /// Shows a text.
    pub fn say(&mut self, text: &str) {
        finish_writing(None);
        // Somebody who has gone away cannot be told.
        let _ = system::write(&mut self.output, &format!("{}\n", clean_lines(text)));
    }

    /// Shows a question and takes a line as its answer; empty when the console is closed instead.
    ///
    /// # Errors
    /// An answer that cannot be read.
    pub fn ask(&mut self, question: &str) -> Result<String> {
        Ok(self.ask_unless_closed(question)?.unwrap_or_default())
    }

    /// Shows a question and takes a line as its answer; none when the console is closed instead.
    ///
    /// # Errors
    /// As [`Console::ask`].
    pub fn ask_unless_closed(&mut self, question: &str) -> Result<Option<String>> {
        let ask = || message!("run.no_answer");
        let _asking = Asking::begin();
        finish_writing(None);
        system::write(&mut self.output, &format!("{} ", clean_lines(question))).context(ask)?;
        Ok(system::read_line(&mut self.input).context(ask)?.map(|line| line.trim().to_owned()))
    }

    /// As [`Console::ask_unless_closed`], for what nobody may see while it is typed.
    ///
    /// # Errors
    /// As [`Console::ask`]; a console that cannot be told to show nothing.
    pub fn ask_unseen(&mut self, question: &str) -> Result<Option<String>> {
        let unseen = system::Unseen::begin(&self.input).context(|| message!("run.no_answer"))?;
        let answer = self.ask_unless_closed(question);
        drop(unseen);
        self.say("");
        answer
    }

    /// Asks a question and says whether the answer was yes.
    ///
    /// # Errors
    /// As [`Console::ask`].
    pub fn agrees(&mut self, question: &str) -> Result<bool> {
        self.ask(question).map(|answer| is_yes(&answer))
    }
}

/// Whether an answer is a yes.
pub fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "ｙ" | "是" | "好" | "是的" | "确定")
}

/// A number as people type it: `30000`, `30,000`, `３００００`.
pub fn typed_number(text: &str) -> Option<u64> {
    let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | '，' | '\'' | '_');
    let digits: Option<String> = text
        .chars()
        .filter(|c| !is_between(*c))
        .map(|c| match c {
            '0'..='9' => Some(c),
            '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')),
            _ => None,
        })
        .collect();
    digits?.parse().ok()
}

#[cfg(unix)]
mod system {
    use std::fs::File;
    use std::io::{Read, Result, Write};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    pub(super) const INPUT: &str = "/dev/tty";
    pub(super) const OUTPUT: &str = "/dev/tty";

    /// Whoever leads a session has no shell above it.
    pub(super) fn is_own() -> bool {
        rustix::process::getsid(None).is_ok_and(|leader| leader == rustix::process::getpid())
    }

    /// A command in the background that reads is halted by the system, without a word.
    pub(super) fn is_in_front(console: &File) -> bool {
        rustix::termios::tcgetpgrp(console).is_ok_and(|front| front == rustix::process::getpgrp())
    }

    pub(super) fn write(console: &mut File, text: &str) -> Result<()> {
        console.write_all(text.as_bytes())
    }

    /// A line that was typed; none where the console was closed instead.
    pub(super) fn read_line(console: &mut File) -> Result<Option<String>> {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while console.read(&mut byte)? == 1 {
            if byte[0] == b'\n' {
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
            line.push(byte[0]);
        }
        Ok(Some(line).filter(|line| !line.is_empty()).map(|line| String::from_utf8_lossy(&line).into_owned()))
    }

    /// What is typed is not shown until this is dropped.
    pub(super) struct Unseen {
        console: File,
        before: Termios,
    }

    impl Unseen {
        pub(super) fn begin(console: &File) -> Result<Unseen> {
            let (console, before) = (console.try_clone()?, tcgetattr(console)?);
            let mut unseen = before.clone();
            unseen.local_modes.remove(LocalModes::ECHO);
            tcsetattr(&console, OptionalActions::Now, &unseen)?;
            Ok(Unseen { console, before })
        }
    }

    impl Drop for Unseen {
        fn drop(&mut self) {
            // A console that is gone shows nothing.
            let _ = tcsetattr(&self.console, OptionalActions::Now, &self.before);
        }
    }
}

#[cfg(windows)]
mod system {
    use std::fs::File;
    use std::io::{Error, Result};
    use std::os::windows::io::AsRawHandle;
    use std::ptr::null;

    use windows_sys::Win32::System::Console::{
        ENABLE_ECHO_INPUT, GetConsoleMode, GetConsoleProcessList, ReadConsoleW, SetConsoleMode, WriteConsoleW,
    };

    pub(super) const INPUT: &str = "CONIN$";
    pub(super) const OUTPUT: &str = "CONOUT$";

    /// The system counts the processes of a console.
    pub(super) fn is_own() -> bool {
        let mut processes = [0; 2];
        // SAFETY: `processes` has room for as many as is said.
        unsafe { GetConsoleProcessList(processes.as_mut_ptr(), 2) == 1 }
    }

    /// No console is kept from a command in the background.
    pub(super) fn is_in_front(_console: &File) -> bool {
        true
    }

    /// As characters: bytes would be taken for those of the console's code page.
    pub(super) fn write(console: &mut File, text: &str) -> Result<()> {
        let text: Vec<u16> = text.replace('\n', "\r\n").encode_utf16().collect();
        for part in text.chunks(1000) {
            let (length, mut written) = (part.len() as u32, 0);
            // SAFETY: the handle is open as long as the file, and `part` has `length` characters.
            let is_written =
                unsafe { WriteConsoleW(console.as_raw_handle(), part.as_ptr(), length, &raw mut written, null()) };
            if is_written == 0 {
                return Err(Error::last_os_error());
            }
        }
        Ok(())
    }

    /// A line that was typed; none where the console was closed instead.
    pub(super) fn read_line(console: &mut File) -> Result<Option<String>> {
        let mut line = Vec::new();
        loop {
            let (mut part, mut read) = ([0u16; 256], 0);
            // SAFETY: the handle is open as long as the file, and `part` has room for 256 characters.
            let is_read =
                unsafe { ReadConsoleW(console.as_raw_handle(), part.as_mut_ptr().cast(), 256, &raw mut read, null()) };
            if is_read == 0 {
                return Err(Error::last_os_error());
            }
            line.extend_from_slice(&part[..read as usize]);
            // Ctrl-Z ends the input.
            let is_closed = read == 0 || line.first() == Some(&0x1a);
            if is_closed || line.ends_with(&[u16::from(b'\n')]) {
                let text = String::from_utf16_lossy(&line);
                return Ok((!is_closed).then(|| text.trim_matches(['\r', '\n']).to_owned()));
            }
        }
    }

    /// What is typed is not shown until this is dropped.
    pub(super) struct Unseen {
        console: File,
        before: u32,
    }

    impl Unseen {
        pub(super) fn begin(console: &File) -> Result<Unseen> {
            let (console, mut before) = (console.try_clone()?, 0);
            // SAFETY: the handle is open as long as the file, and `before` has room for what is told.
            let is_done = unsafe {
                GetConsoleMode(console.as_raw_handle(), &raw mut before) != 0
                    && SetConsoleMode(console.as_raw_handle(), before & !ENABLE_ECHO_INPUT) != 0
            };
            if is_done { Ok(Unseen { console, before }) } else { Err(Error::last_os_error()) }
        }
    }

    impl Drop for Unseen {
        fn drop(&mut self) {
            // SAFETY: the handle is open as long as the file.
            unsafe { SetConsoleMode(self.console.as_raw_handle(), self.before) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_type_it() {
        for text in ["30000", "30,000", "３００００", "30，000", " 30 000 "] {
            assert_eq!(typed_number(text), Some(30_000), "{text}");
        }
        for text in ["", "y", "30k", "-30000", "三万", "30.000"] {
            assert_eq!(typed_number(text), None, "{text}");
        }
    }
}
