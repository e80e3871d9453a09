//! Asking a person, at the console itself: also when inputs and outputs are redirected, and never when nobody sits there.

use std::fs::{File, OpenOptions};

use super::screen::Asking;
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

    /// Shows a text.
    pub fn say(&mut self, text: &str) {
        // Somebody who has gone away cannot be told.
        let _ = system::write(&mut self.output, &format!("{}\n", clean_lines(text)));
    }

    /// Shows a question and takes a line as its answer; empty when the console is closed instead.
    ///
    /// # Errors
    /// An answer that cannot be read.
    pub fn ask(&mut self, question: &str) -> Result<String> {
        let ask = || message!("run.no_answer");
        let _asking = Asking::begin();
        system::write(&mut self.output, &format!("{} ", clean_lines(question))).context(ask)?;
        Ok(system::read_line(&mut self.input).context(ask)?.trim().to_owned())
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

    pub(super) const INPUT: &str = "/dev/tty";
    pub(super) const OUTPUT: &str = "/dev/tty";

    /// A command in the background that reads is halted by the system, without a word.
    pub(super) fn is_in_front(console: &File) -> bool {
        rustix::termios::tcgetpgrp(console).is_ok_and(|front| front == rustix::process::getpgrp())
    }

    pub(super) fn write(console: &mut File, text: &str) -> Result<()> {
        console.write_all(text.as_bytes())
    }

    pub(super) fn read_line(console: &mut File) -> Result<String> {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while console.read(&mut byte)? == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

#[cfg(windows)]
mod system {
    use std::fs::File;
    use std::io::{Error, Result};
    use std::os::windows::io::AsRawHandle;
    use std::ptr::null;

    use windows_sys::Win32::System::Console::{ReadConsoleW, WriteConsoleW};

    pub(super) const INPUT: &str = "CONIN$";
    pub(super) const OUTPUT: &str = "CONOUT$";

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

    pub(super) fn read_line(console: &mut File) -> Result<String> {
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
            if read == 0 || line.ends_with(&[u16::from(b'\n')]) || line.first() == Some(&0x1a) {
                let text = String::from_utf16_lossy(&line);
                return Ok(text.trim_matches(['\r', '\n', '\u{1a}']).to_owned());
            }
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
