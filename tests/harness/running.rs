//! A command that was started and has not come to its end.

use std::cell::Cell;
use std::io::Read;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::Ran;

/// Longer than any command of these tests takes on a busy machine; under Wine every call of the system goes through another process.
const LONGEST: Duration = Duration::from_secs(if cfg!(windows) { 400 } else { 90 });

/// Between two looks at what is waited for: whoever is waited for needs the cores.
pub const A_MOMENT: Duration = Duration::from_micros(200);

/// A running command; what it says is read as it says it.
pub struct Running {
    command: String,
    folder: PathBuf,
    place: &'static Location<'static>,
    child: Child,
    stdout: Arc<Pipe>,
    stderr: Arc<Pipe>,
}

impl Running {
    /// Starts a command whose standard output and standard error are pipes.
    #[track_caller]
    pub(super) fn start(command: &mut Command, folder: &Path) -> Running {
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Running {
            command: format!("{command:?}"),
            folder: folder.to_owned(),
            place: Location::caller(),
            child,
            stdout: Pipe::of(stdout),
            stderr: Pipe::of(stderr),
        }
    }

    /// Gives it this on its standard input, and no more. One that ends without reading it does not have to.
    pub(super) fn give(&mut self, input: &[u8]) {
        match std::io::Write::write_all(&mut self.child.stdin.take().unwrap(), input) {
            Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => {}
            given => given.unwrap(),
        }
    }

    /// Whether it is still at work.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has said something on standard error.
    #[track_caller]
    pub fn wait_until_it_says(&self, text: &str) {
        self.stderr.wait_for(|said| said.contains(text), || format!("it never said {text:?}"));
    }

    /// The first line of its standard output.
    #[track_caller]
    pub(super) fn first_line(&self) -> String {
        let problem = || format!("no line came; it said {:?}", self.stderr.text());
        self.stdout.wait_for(|said| said.contains('\n'), problem);
        self.stdout.text().lines().next().unwrap_or_default().to_owned()
    }

    /// Sends a signal, `INT` or `TERM`.
    #[cfg(unix)]
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Tells it what happens to its console, as Windows does: by a thread in it that begins in a routine of the system.
    #[cfg(windows)]
    #[track_caller]
    pub fn hears_of_its_console(&self, event: u32) {
        use std::os::windows::io::AsRawHandle;
        use windows_sys::Win32::Foundation::CloseHandle;
        use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};
        use windows_sys::Win32::System::Threading::CreateRemoteThread;
        // SAFETY: both names end with a zero, and the library is part of every process.
        let routine = unsafe {
            let library = GetModuleHandleA(c"kernelbase.dll".as_ptr().cast());
            GetProcAddress(library, c"CtrlRoutine".as_ptr().cast()).unwrap()
        };
        // SAFETY: it is what a thread begins in, at the same address in every process, and takes the event for its argument.
        let thread = unsafe {
            let begin =
                std::mem::transmute::<unsafe extern "system" fn() -> isize, unsafe extern "system" fn(_) -> _>(routine);
            let process = self.child.as_raw_handle();
            CreateRemoteThread(process, std::ptr::null(), 0, Some(begin), event as *const _, 0, std::ptr::null_mut())
        };
        assert!(!thread.is_null(), "{}", std::io::Error::last_os_error());
        // SAFETY: the handle is ours, and nobody uses it afterwards.
        unsafe { CloseHandle(thread) };
    }

    /// Kills it, as a machine that goes down does. It must not have panicked before.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.end().is_checked.set(true);
    }

    /// Waits for its end.
    pub fn ended(mut self) -> Ran {
        self.end()
    }

    /// One that hangs is killed, so that the test fails and shows what it said.
    fn end(&mut self) -> Ran {
        for pipe in [&self.stdout, &self.stderr] {
            if !pipe.is_closed_within(LONGEST) {
                let _ = self.child.kill();
            }
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let ran = Ran {
            command: self.command.clone(),
            folder: self.folder.clone(),
            place: self.place,
            code,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            is_checked: Cell::new(false),
        };
        let is_broken =
            ["panicked", "itself broke down", "程序内部出错"].iter().any(|words| ran.stderr.contains(words));
        assert!(!is_broken, "it panicked:\n{ran}");
        ran
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What comes through a pipe, and whether the other end is closed.
#[derive(Default)]
pub(super) struct Pipe {
    state: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

impl Pipe {
    pub(super) fn of(mut reader: impl Read + Send + 'static) -> Arc<Pipe> {
        let pipe = Arc::new(Pipe::default());
        let written = Arc::clone(&pipe);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut state = written.state.lock().unwrap();
                state.0.extend_from_slice(&buffer[..read]);
                state.1 = read == 0;
                written.changed.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        pipe
    }

    #[track_caller]
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.state.lock().unwrap().0.clone()).unwrap()
    }

    #[track_caller]
    pub(super) fn wait_for(&self, is_met: impl Fn(&str) -> bool, problem: impl Fn() -> String) {
        let state = self.state.lock().unwrap();
        let is_awaited = |state: &mut (Vec<u8>, bool)| !state.1 && !is_met(&String::from_utf8_lossy(&state.0));
        let (state, _) = self.changed.wait_timeout_while(state, LONGEST, is_awaited).unwrap();
        let said = String::from_utf8_lossy(&state.0).into_owned();
        drop(state);
        assert!(is_met(&said), "{}:\n{said}", problem());
    }

    /// What came so far is not looked at again.
    #[cfg(unix)]
    pub(super) fn forget(&self) {
        self.state.lock().unwrap().0.clear();
    }

    fn is_closed_within(&self, longest: Duration) -> bool {
        let state = self.state.lock().unwrap();
        self.changed.wait_timeout_while(state, longest, |state| !state.1).unwrap().0.1
    }
}
