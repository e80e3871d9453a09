//! Which rows were handed to the network, and which of them came back done: a mark a row, in a file that lies in memory, so that
//! a mark costs no call of the system and waits for no disk. A process that was killed leaves them in the system's own memory,
//! so that rows that never left are known from those that did. A machine that went down does not: then they say nothing.
//!
//! The marks count only together with their head, which is on the disk before the first of them is made: it names the run, the
//! machine, its boot and the file itself. Whatever is not as the head says, missing or damaged, leaves a row in doubt.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{Ordering, compiler_fence};

use memmap2::{MmapMut, MmapOptions};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::operation::Operation;
use super::status::Status;
use crate::error::{Context, Error, Result};
use crate::files::{self, create_private_file};
use crate::message;
use crate::message::Message;

/// Name of the file in the run's folder.
const FILE_NAME: &str = "journal.marks";
/// Begins the file.
const MAGIC: &[u8; 8] = b"bw8mark1";
/// Bytes of the head: what it begins with, a hash of what it names, how many rows there are, a checksum.
const HEAD: usize = 64;
/// Bytes of a mark: no mark lies on two pages of memory.
const SLOT: u64 = 16;
/// Bytes of the file that lie in memory at a time: what a run needs of it does not grow with its rows, which come nearly in
/// order. A multiple of what every system maps.
const WINDOW: u64 = 1 << 20;
/// Where a mark says how far its row came; the rest is the record's id.
const STATE: u32 = 60;

/// How far a row came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// It was never handed to the network.
    NotSent,
    /// It was handed over.
    HandedOver,
    /// The service said that it is done: how, and the record's id when it said that.
    Done(Status, Option<String>),
}

/// Makes marks for the rows of a run.
#[derive(Debug)]
pub struct Marks {
    file: File,
    length: u64,
    window: RefCell<Window>,
    run: Uuid,
}

/// The part of the file that lies in memory.
#[derive(Debug)]
struct Window {
    begin: u64,
    map: MmapMut,
}

impl Window {
    /// The part that begins at `begin`, of a file of so many bytes.
    fn open(file: &File, begin: u64, length: u64) -> std::io::Result<Window> {
        let size = usize::try_from(WINDOW.min(length.saturating_sub(begin))).unwrap_or(0);
        // SAFETY: nobody else changes the file or makes it shorter: it was made here, and the run's lock is held. Whatever its
        // bytes are, they are numbers, and are checked before they mean anything.
        let map = unsafe { MmapOptions::new().offset(begin).len(size).map_mut(file) }?;
        Ok(Window { begin, map })
    }
}

impl Marks {
    /// Begins the marks of a run of so many rows; none on a machine that does not tell one boot from another.
    ///
    /// # Errors
    /// A folder that cannot be written, a full disk.
    pub fn begin(folder: &Path, run: &Uuid, rows: u64) -> Result<Option<Marks>> {
        let path = folder.join(FILE_NAME);
        files::remove(&path)?;
        let Some(boot) = boot() else { return Ok(None) };
        create_private_file(&path)?;
        let mut file = File::options().read(true).write(true).open(&path).context(|| place(folder))?;
        let begun = (|| {
            file.write_all(&head(run, &boot, &file_identity(&file)?, rows))?;
            // All of it is written at the beginning: a disk that is full must show now, and not when a mark is made.
            std::io::copy(&mut std::io::repeat(0).take(rows * SLOT), &mut file)?;
            file.sync_all()
        })();
        begun.context(|| place(folder))?;
        let length = HEAD as u64 + rows * SLOT;
        // Where a file cannot lie in memory, rows of a process that is killed are in doubt.
        let Ok(window) = Window::open(&file, 0, length) else { return Marks::end(folder).map(|()| None) };
        Ok(Some(Marks { file, length, window: RefCell::new(window), run: *run }))
    }

    /// A row is about to be handed to the network. Before this says so, it must not be.
    ///
    /// # Errors
    /// A row that the marks have no room for: the input is another one than they were begun for.
    pub fn hand_over(&self, row: u64) -> Result<()> {
        let is_marked = self.put(row, 1 << STATE);
        // The mark is made before anything of the request is.
        compiler_fence(Ordering::SeqCst);
        if is_marked { Ok(()) } else { Err(Error::cannot_run(message!("journal.no_mark"))) }
    }

    /// A row is given back: nothing of it has reached the service, so it counts as one that was never handed over.
    pub fn take_back(&self, row: u64) {
        self.put_both(row, 0, 0);
    }

    /// A row that was handed over has ended. Only what is done is worth a mark: all else stays in doubt until the journal knows.
    pub fn ended(&self, operation: &Operation) {
        let state = match operation.status {
            Status::Created => 2,
            Status::Updated => 3,
            _ => return,
        };
        let id = operation.id.as_ref().map_or(Some(0), |id| id.parse().ok()).filter(|id: &u64| *id < 1 << STATE);
        if let Some(id) = id {
            self.put(operation.row.row, state << STATE | id);
        }
    }

    /// Makes a mark; false where there is no room for it. A process that is killed between the two halves leaves a mark that
    /// does not check, and a row in doubt.
    fn put(&self, row: u64, value: u64) -> bool {
        self.put_both(row, value, check(&self.run, row, value))
    }

    fn put_both(&self, row: u64, value: u64, check: u64) -> bool {
        let Some(at) = row.checked_mul(SLOT).and_then(|at| at.checked_add(HEAD as u64)).filter(|at| *at < self.length)
        else {
            return false;
        };
        let mut window = self.window.borrow_mut();
        let begin = at - at % WINDOW;
        if window.begin != begin {
            match Window::open(&self.file, begin, self.length) {
                Ok(next) => *window = next,
                Err(_) => return false,
            }
        }
        // Less than a window.
        let place = (at - begin) as usize;
        let Some(slot) = window.map.get_mut(place..).and_then(|rest| rest.first_chunk_mut::<{ SLOT as usize }>())
        else {
            return false;
        };
        slot[..8].copy_from_slice(&value.to_le_bytes());
        slot[8..].copy_from_slice(&check.to_le_bytes());
        true
    }

    /// Takes the marks away: the journal knows all there is to know.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn end(folder: &Path) -> Result<()> {
        files::remove(&folder.join(FILE_NAME))
    }
}

/// The marks that a process left. Those of rows without an end are read, one by one.
#[derive(Debug)]
pub(super) struct LeftMarks {
    file: RefCell<File>,
    run: Uuid,
}

impl LeftMarks {
    /// The marks of a run; none where they are missing or prove nothing.
    pub(super) fn read(folder: &Path, run: &Uuid, rows: u64) -> Option<LeftMarks> {
        let mut file = File::open(folder.join(FILE_NAME)).ok()?;
        let wanted = head(run, &boot()?, &file_identity(&file).ok()?, rows);
        let mut found = [0; HEAD];
        file.read_exact(&mut found).ok()?;
        let is_whole = file.metadata().ok()?.len() == HEAD as u64 + rows * SLOT;
        (is_whole && found == wanted).then(|| LeftMarks { file: RefCell::new(file), run: *run })
    }

    /// Calls `take` with the rows of a run that were handed over for certain, in their order, whatever machine and boot the
    /// marks are of: those that are missing prove nothing then, but no sound one is made by chance.
    pub(super) fn each_handed_over(folder: &Path, run: &Uuid, mut take: impl FnMut(u64) -> Result<bool>) -> Result<()> {
        let file = match File::open(folder.join(FILE_NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).context(|| place(folder)),
        };
        let mut file = BufReader::with_capacity(64 * 1024, file);
        let (mut head, mut slot) = ([0; HEAD], [0; SLOT as usize]);
        if file.read_exact(&mut head).is_err() {
            return Ok(());
        }
        for row in 0.. {
            match file.read_exact(&mut slot) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error).context(|| place(folder)),
            }
            let [value, kept] = [&slot[..8], &slot[8..]]
                .map(|half| half.iter().rev().fold(0, |number: u64, byte| number << 8 | u64::from(*byte)));
            if (value, kept) != (0, 0) && kept == check(run, row, value) && !take(row)? {
                break;
            }
        }
        Ok(())
    }

    /// A mark as it stands in the file: what it says, and what it is checked by.
    fn read_mark(&self, row: u64) -> std::io::Result<(u64, u64)> {
        let (mut file, mut half) = (self.file.borrow_mut(), [0; SLOT as usize / 2]);
        file.seek(SeekFrom::Start((HEAD as u64).saturating_add(row.saturating_mul(SLOT))))?;
        file.read_exact(&mut half)?;
        let value = u64::from_le_bytes(half);
        file.read_exact(&mut half)?;
        Ok((value, u64::from_le_bytes(half)))
    }

    /// How far a row came; in doubt where its mark is damaged.
    pub(super) fn of(&self, row: u64) -> Mark {
        let Ok((value, kept)) = self.read_mark(row) else { return Mark::HandedOver };
        if (value, kept) == (0, 0) {
            return Mark::NotSent;
        }
        let id = value & ((1 << STATE) - 1);
        let id = (id > 0).then(|| id.to_string());
        match value >> STATE {
            _ if kept != check(&self.run, row, value) => Mark::HandedOver,
            2 => Mark::Done(Status::Created, id),
            3 => Mark::Done(Status::Updated, id),
            _ => Mark::HandedOver,
        }
    }
}

fn head(run: &Uuid, boot: &str, file: &str, rows: u64) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(MAGIC);
    head[8..40].copy_from_slice(&Sha256::digest(format!("{run}\n{boot}\n{file}")));
    head[40..48].copy_from_slice(&rows.to_le_bytes());
    let sum = Sha256::digest(&head[..48]);
    head[48..].copy_from_slice(&sum[..16]);
    head
}

/// What a mark is checked by: no other row's mark, and none of another run, passes for it.
fn check(run: &Uuid, row: u64, value: u64) -> u64 {
    let (high, low) = run.as_u64_pair();
    let mixed = [high, low, row, value]
        .into_iter()
        .fold(0x9e37_79b9_7f4a_7c15_u64, |sum, part| (sum ^ part).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(31));
    // Zero is no mark.
    mixed | 1
}

fn place(folder: &Path) -> Message {
    message!("journal.cannot_open", file = folder.join(FILE_NAME).display())
}

/// What tells this boot of this machine from all others.
#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Some(format!("{} {} {}", machine.trim(), name.trim(), boot.trim())).filter(|_| !boot.trim().is_empty())
}

/// What tells this boot of this machine from all others.
#[cfg(target_os = "macos")]
fn boot() -> Option<String> {
    let value = |name: &str| {
        let said = std::process::Command::new("/usr/sbin/sysctl").args(["-n", name]).output().ok()?;
        let text = String::from_utf8(said.stdout).ok()?;
        Some(text.trim().to_owned()).filter(|text| said.status.success() && !text.is_empty())
    };
    Some(format!("{} {}", value("kern.hostname")?, value("kern.bootsessionuuid")?))
}

/// What tells this boot of this machine from all others: when it was, to a ten-millionth of a second. Whoever sets the clock
/// moves it, and then the marks prove nothing.
#[cfg(windows)]
fn boot() -> Option<String> {
    use windows_sys::Wdk::System::SystemInformation::{NtQuerySystemInformation, SystemTimeOfDayInformation};
    // The first of them is the moment of the boot.
    let (mut times, mut length) = ([0i64; 6], 0);
    let room = u32::try_from(size_of_val(&times)).ok()?;
    // SAFETY: `times` has room for as many bytes as is said.
    let status = unsafe {
        NtQuerySystemInformation(SystemTimeOfDayInformation, times.as_mut_ptr().cast(), room, &raw mut length)
    };
    let machine = std::env::var("COMPUTERNAME").unwrap_or_default();
    (status >= 0 && times[0] != 0).then(|| format!("{machine} {}", times[0]))
}

/// Nothing here tells one boot from another, so a killed process leaves its rows in doubt.
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn boot() -> Option<String> {
    None
}

/// What tells a file from a copy of it that was put in its place.
#[cfg(unix)]
fn file_identity(file: &File) -> std::io::Result<String> {
    use std::os::unix::fs::MetadataExt;
    let about = file.metadata()?;
    Ok(format!("{} {}", about.dev(), about.ino()))
}

/// What tells a file from a copy of it that was put in its place. When it was made does not: a file that takes the name of
/// another takes that over, too.
#[cfg(windows)]
fn file_identity(file: &File) -> std::io::Result<String> {
    use std::os::windows::io::AsRawHandle;

    use windows_sys::Win32::Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle};
    let mut about = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open as long as the file, and `about` has room for what is told.
    match unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut about) } {
        0 => Err(std::io::Error::last_os_error()),
        _ => Ok(format!("{} {} {}", about.dwVolumeSerialNumber, about.nFileIndexHigh, about.nFileIndexLow)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::operation::RowKey;
    use super::*;

    fn write_at(mut file: &File, bytes: &[u8], at: u64) -> std::io::Result<()> {
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    }

    fn operation(row: u64, status: Status, id: Option<&str>) -> Operation {
        let row = RowKey { row, number: row + 2, ..RowKey::default() };
        Operation { row, status, id: id.map(str::to_owned), attempts: 1, at: 0, reason: None }
    }

    fn run() -> Uuid {
        Uuid::from_u128(7)
    }

    /// A folder in which eight rows have marks of every kind.
    fn marked() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let marks = Marks::begin(folder.path(), &run(), 8).unwrap().expect("this machine tells its boot");
        for row in 1..6 {
            marks.hand_over(row).unwrap();
        }
        marks.ended(&operation(2, Status::Created, Some("50001")));
        marks.ended(&operation(3, Status::Created, None));
        marks.ended(&operation(4, Status::Updated, Some("50002")));
        marks.ended(&operation(5, Status::Failed, None));
        folder
    }

    #[test]
    fn marks_tell_how_far_rows_came() {
        let folder = marked();
        let left = LeftMarks::read(folder.path(), &run(), 8).unwrap();
        for (row, mark) in [
            (0, Mark::NotSent),
            (1, Mark::HandedOver),
            (2, Mark::Done(Status::Created, Some("50001".to_owned()))),
            (3, Mark::Done(Status::Created, None)),
            (4, Mark::Done(Status::Updated, Some("50002".to_owned()))),
            (5, Mark::HandedOver),
            (7, Mark::NotSent),
            (8, Mark::HandedOver),
        ] {
            assert_eq!(left.of(row), mark, "{row}");
        }
    }

    /// More rows than lie in memory at a time, and not in order.
    #[test]
    fn marks_far_apart_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let rows = 3 * WINDOW / SLOT;
        let marks = Marks::begin(folder.path(), &run(), rows).unwrap().expect("this machine tells its boot");
        let border = (WINDOW - HEAD as u64) / SLOT;
        let marked = [0, border - 1, border, rows - 1, 5, border + 7, border - 2, rows / 2];
        marked.iter().for_each(|row| marks.hand_over(*row).unwrap());
        assert!(marks.hand_over(rows).is_err() && marks.hand_over(u64::MAX).is_err());
        drop(marks);
        let left = LeftMarks::read(folder.path(), &run(), rows).unwrap();
        let is_left = |row: &u64| left.of(*row) == Mark::HandedOver;
        assert!(marked.iter().all(is_left));
        assert!([1, border - 3, border + 1, rows - 2].iter().all(|row| left.of(*row) == Mark::NotSent));
    }

    #[test]
    fn marks_of_another_run_boot_or_file_prove_nothing() {
        let folder = marked();
        assert!(LeftMarks::read(folder.path(), &Uuid::from_u128(8), 8).is_none());
        assert!(LeftMarks::read(folder.path(), &run(), 9).is_none());
        let path = folder.path().join(FILE_NAME);
        let whole = std::fs::read(&path).unwrap();
        // Of another boot: written into the very file, so that it differs in nothing else.
        let file = File::options().write(true).open(&path).unwrap();
        let identity = file_identity(&file).unwrap();
        write_at(&file, &head(&run(), "another boot", &identity, 8), 0).unwrap();
        assert!(LeftMarks::read(folder.path(), &run(), 8).is_none());
        write_at(&file, &head(&run(), &boot().unwrap(), &identity, 8), 0).unwrap();
        assert!(LeftMarks::read(folder.path(), &run(), 8).is_some());
        // A copy that was put in its place. Not every system lets a file be replaced that is open.
        drop(file);
        let copy = folder.path().join("copy");
        std::fs::write(&copy, &whole).unwrap();
        std::fs::rename(&copy, &path).unwrap();
        assert!(LeftMarks::read(folder.path(), &run(), 8).is_none());
        std::fs::remove_file(&path).unwrap();
        assert!(LeftMarks::read(folder.path(), &run(), 8).is_none());
    }

    #[test]
    fn a_damaged_mark_leaves_its_row_in_doubt_and_no_other() {
        let folder = marked();
        let path = folder.path().join(FILE_NAME);
        let whole = std::fs::read(&path).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let byte = whole[bit / 8] ^ 1 << (bit % 8);
            write_at(&file, &[byte], bit as u64 / 8).unwrap();
            let left = LeftMarks::read(folder.path(), &run(), 8);
            if bit / 8 < HEAD {
                assert!(left.is_none(), "bit {bit} of the head");
            } else {
                let row = (bit / 8 - HEAD) as u64 / SLOT;
                assert_eq!(left.unwrap().of(row), Mark::HandedOver, "bit {bit}, row {row}");
            }
            write_at(&file, &[whole[bit / 8]], bit as u64 / 8).unwrap();
        }
        for length in 0..whole.len() {
            file.set_len(length as u64).unwrap();
            assert!(LeftMarks::read(folder.path(), &run(), 8).is_none(), "{length}");
            file.set_len(whole.len() as u64).unwrap();
            write_at(&file, &whole, 0).unwrap();
        }
    }
}
