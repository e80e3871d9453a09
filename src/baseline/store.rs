//! What files of ours said, kept by account: a small database for each export, with a mark for each cell that can be written
//! back. It lies on this machine and not in the file, so that a file may be renamed, sorted, saved by another program and sent
//! to and fro; the file, or the manifest beside it, names its export, and where neither does it is known by what it says.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::mark::{WIDTH, mark, marks, unsent_mark};
use crate::entity::Field;
use crate::error::{Context, Result};
use crate::files::{create_private_file, create_private_folder, keep_private};
use crate::message;

/// Version of a file. A program that does not know it does not guess.
const VERSION: u32 = 2;
const EXTENSION: &str = "db";
/// Stands for a value that the service did not show. No value has this mark.
const NOT_SHOWN: u64 = (1 << (8 * WIDTH)) - 1;
/// Exports of an account that are kept in any case: the newest of them. Of those before, the last one of each file, and the last
/// one of a week of each entity are kept, too …
const NEWEST: usize = 60;
/// … as long as there are no more than this …
const MOST: usize = 300;
/// … and how long at most, in seconds.
const LONGEST: i64 = 180 * 24 * 60 * 60;
const WEEK: i64 = 7 * 24 * 60 * 60;

const TABLES: &str = "
CREATE TABLE about (json TEXT NOT NULL);
-- Marks of a record's cells, in the order of the fields.
CREATE TABLE record (id INTEGER PRIMARY KEY, marks BLOB NOT NULL);
";

/// What an export was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Version of the file.
    version: u32,
    /// The export.
    pub export: Uuid,
    /// Name of the entity.
    pub entity: String,
    /// Its file, as messages call it.
    pub file: String,
    /// When it was made, where the service is.
    pub exported: String,
    /// The same in milliseconds of Unix time.
    pub at: i64,
    /// The headings of its columns; none of records that were written as they came.
    pub titles: Vec<String>,
    /// The fields whose cells are known, custom fields by their keys.
    pub fields: Vec<String>,
    /// The headings of the columns whose cells are known behind those: what only the service fills, and names beside ids.
    #[serde(default)]
    pub unsent: Vec<String>,
    /// Which of them says when a record was made.
    #[serde(default)]
    pub created: Option<usize>,
}

impl About {
    /// An export of an entity that was made now.
    pub fn new(entity: &str, file: &str, exported: &str, titles: Vec<String>, fields: Vec<String>) -> About {
        About {
            version: VERSION,
            export: Uuid::nil(),
            entity: entity.to_owned(),
            file: file.to_owned(),
            exported: exported.to_owned(),
            at: jiff::Timestamp::now().as_millisecond(),
            titles,
            fields,
            unsent: Vec::new(),
            created: None,
        }
    }
}

/// What an export said in a cell, and what the service said then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CellMarks {
    /// The mark of what the cell shows.
    pub shown: u64,
    /// The mark of the value it was made of.
    pub value: u64,
    /// The mark of what a spreadsheet program makes of what it shows.
    pub saved: u64,
}

impl CellMarks {
    /// The marks of a cell that shows a text, and of the value it was made of.
    pub fn of(field: &Field, shown: &str, value: &str) -> CellMarks {
        let is_value = shown == value;
        let (shown, saved) = marks(field, shown);
        CellMarks { shown, value: if is_value { shown } else { mark(field, value) }, saved }
    }

    /// What is kept of a cell whose value the record did not show.
    pub const HIDDEN: CellMarks = CellMarks { shown: 0, value: NOT_SHOWN, saved: 0 };

    /// The mark of a cell that is never written back, whatever a spreadsheet program makes of it.
    pub fn of_unsent(shown: &str) -> CellMarks {
        let mark = unsent_mark(shown);
        CellMarks { shown: mark, value: mark, saved: mark }
    }
}

/// Keeps what an export says, while it is written.
#[derive(Debug)]
pub struct BaselineWriter {
    connection: Connection,
    path: PathBuf,
    marks: Vec<u8>,
    export: Uuid,
}

impl BaselineWriter {
    /// Begins in an account's folder.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn begin(folder: &Path) -> Result<BaselineWriter> {
        create_private_folder(folder)?;
        keep_private(folder)?;
        let export = Uuid::now_v7();
        let path = folder.join(format!("{export}.new"));
        create_private_file(&path)?;
        let connection = Connection::open(&path).context(|| path.display().to_string())?;
        let writer = BaselineWriter { connection, path, marks: Vec::new(), export };
        // Until it is whole nobody reads it.
        let pragmas = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;";
        writer.done(writer.connection.execute_batch(&format!("{pragmas}{TABLES}")))?;
        Ok(writer)
    }

    /// The export, as its file names it.
    pub fn export(&self) -> Uuid {
        self.export
    }

    /// Takes the cells of a record, in the order of the fields. A record without an id is not known again.
    ///
    /// # Errors
    /// A full disk.
    pub fn add(&mut self, id: &str, cells: impl IntoIterator<Item = CellMarks>) -> Result<()> {
        let Some(id) = number_of(id) else { return Ok(()) };
        self.marks.clear();
        for cell in cells {
            push(&mut self.marks, cell);
        }
        let put = || {
            let mut statement = self.connection.prepare_cached("INSERT OR REPLACE INTO record VALUES (?1, ?2)")?;
            statement.execute(params![id, self.marks])
        };
        self.done(put().map(drop))
    }

    /// Keeps it, now that the export's file is whole. Old ones go.
    ///
    /// # Errors
    /// A full disk.
    pub fn keep(self, about: &About) -> Result<()> {
        let about = About { export: self.export, ..about.clone() };
        // Texts and numbers always serialise.
        let json = serde_json::to_string(&about).unwrap_or_default();
        self.done(self.connection.execute("INSERT INTO about VALUES (?1)", [json]).map(drop))?;
        self.done(self.connection.execute_batch("COMMIT"))?;
        let BaselineWriter { connection, path, .. } = self;
        connection.close().map_err(|(_, error)| error).context(|| path.display().to_string())?;
        std::fs::rename(&path, path.with_extension(EXTENSION)).context(|| path.display().to_string())?;
        if let Some(folder) = path.parent() {
            forget_old(folder, about.at / 1000);
        }
        Ok(())
    }

    /// Lets go of it: there is no file that says so.
    pub fn forget(self) {
        let BaselineWriter { connection, path, .. } = self;
        drop(connection);
        // What stays behind holds nothing but marks, and goes with the next export.
        let _ = std::fs::remove_file(path);
    }

    fn done(&self, result: rusqlite::Result<()>) -> Result<()> {
        result.context(|| message!("export.cannot_write", file = self.path.display()))
    }
}

/// What an export said.
#[derive(Debug)]
pub struct Baseline {
    connection: Connection,
    /// The file it is kept in.
    pub path: PathBuf,
    /// What the export was.
    pub about: About,
}

impl Baseline {
    /// What is kept in a file; none when it is not there or cannot be read: then nothing is known of that export.
    pub fn open(path: &Path) -> Option<Baseline> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        let json: String = connection.query_row("SELECT json FROM about", [], |row| row.get(0)).ok()?;
        let about: About = serde_json::from_str(&json).ok()?;
        (about.version == VERSION).then(|| Baseline { connection, path: path.to_owned(), about })
    }

    /// What the export said in the cells of a record, in the order of its fields; none when it had no such record.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn record(&self, id: &str) -> Result<Option<Vec<CellMarks>>> {
        let Some(id) = number_of(id) else { return Ok(None) };
        let found: rusqlite::Result<Option<Vec<u8>>> = (|| {
            let mut statement = self.connection.prepare_cached("SELECT marks FROM record WHERE id = ?1")?;
            statement.query_row([id], |row| row.get(0)).optional()
        })();
        let marks = found.context(|| self.path.display().to_string())?;
        Ok(marks.map(|marks| read(&marks)))
    }

    /// What the export said of each of its records.
    ///
    /// # Errors
    /// A file that cannot be read, or whatever `take` says.
    pub fn each(&self, mut take: impl FnMut(&[CellMarks])) -> Result<()> {
        let place = || self.path.display().to_string();
        let mut statement = self.connection.prepare("SELECT marks FROM record").context(place)?;
        let mut rows = statement.query([]).context(place)?;
        while let Some(row) = rows.next().context(place)? {
            let marks: Vec<u8> = row.get(0).context(place)?;
            take(&read(&marks));
        }
        Ok(())
    }
}

/// What this export said, whichever account of this machine it was of; none when nothing of it is kept here. `folder` is that of an
/// account: one account may have several, by its logins and by the names of its host.
pub fn find(folder: &Path, export: &Uuid) -> Option<Baseline> {
    let name = format!("{export}.{EXTENSION}");
    folders(folder).iter().find_map(|folder| Baseline::open(&folder.join(&name)))
}

/// What is known of exports of an entity that are `wanted`: those of the account's folder first, the newest of each folder first.
pub fn all(folder: &Path, entity: &str, wanted: impl Fn(&About) -> bool) -> impl Iterator<Item = Baseline> {
    let mut all = Vec::new();
    for folder in folders(folder) {
        // Few of them are kept open: a machine has only so many files open at once.
        let found = kept_in(&folder).into_iter().filter_map(|path| Some((Baseline::open(&path)?.about, path)));
        let mut found: Vec<_> = found.filter(|(about, _)| about.entity == entity && wanted(about)).collect();
        found.sort_by_key(|(about, _)| std::cmp::Reverse((about.at, about.export)));
        all.extend(found);
    }
    all.into_iter().filter_map(|(_, path)| Baseline::open(&path))
}

/// The folders of the exports of all accounts of this machine, that of the account first.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let beside = folder.parent().and_then(|parent| std::fs::read_dir(parent).ok()).into_iter().flatten().flatten();
    let others = beside.map(|entry| entry.path()).filter(|path| path != folder && path.is_dir());
    std::iter::once(folder.to_owned()).chain(others).collect()
}

/// The files of the exports that are kept in a folder.
fn kept_in(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION)).collect()
}

/// The number a record is kept under: its id, or one made of its name.
pub(super) fn number_of(id: &str) -> Option<i64> {
    match id.trim() {
        "" => None,
        id => Some(id.parse().unwrap_or_else(|_| {
            let digest = Sha256::digest(id.as_bytes());
            // Ids are above zero.
            !digest.iter().take(WIDTH).fold(0, |number, byte| number << 8 | i64::from(*byte))
        })),
    }
}

/// Appends the marks of a cell: a byte that says how many there are, and them. Most cells show their value or nothing, which a
/// spreadsheet program leaves as it is.
fn push(out: &mut Vec<u8>, cell: CellMarks) {
    let bytes = |mark: u64| mark.to_be_bytes();
    let start = size_of::<u64>() - WIDTH;
    let CellMarks { shown, value, saved } = cell;
    let count: u8 = match cell {
        _ if shown != saved => 3,
        _ if shown != value => 2,
        _ => u8::from(shown != 0),
    };
    out.push(count);
    for mark in [shown, value, saved].into_iter().take(count.into()) {
        out.extend_from_slice(&bytes(mark)[start..]);
    }
}

fn read(mut marks: &[u8]) -> Vec<CellMarks> {
    let mut cells = Vec::new();
    let next = |marks: &mut &[u8]| {
        let (mark, rest) = marks.split_at_checked(WIDTH)?;
        *marks = rest;
        Some(mark.iter().fold(0, |mark, byte| mark << 8 | u64::from(*byte)))
    };
    while let Some((count, rest)) = marks.split_first() {
        marks = rest;
        let cell = match count {
            0 => Some(CellMarks::default()),
            1 => next(&mut marks).map(|mark| CellMarks { shown: mark, value: mark, saved: mark }),
            count => next(&mut marks).zip(next(&mut marks)).and_then(|(shown, value)| {
                let saved = if *count == 2 { shown } else { next(&mut marks)? };
                Some(CellMarks { shown, value, saved })
            }),
        };
        let Some(cell) = cell else { break };
        cells.push(cell);
    }
    cells
}

/// Old ones go, and what exports that were broken off left behind, `now` in seconds of Unix time. One that cannot go now goes
/// another time.
fn forget_old(folder: &Path, now: i64) {
    let mut kept = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        // Its name says when it was made.
        let Some(export) = path.file_stem().and_then(|name| Uuid::try_parse(&name.to_string_lossy()).ok()) else {
            continue;
        };
        let made = export.get_timestamp().map_or(0, |at| i64::try_from(at.to_unix().0).unwrap_or(i64::MAX));
        let is_broken_off = path.extension().is_some_and(|extension| extension != EXTENSION);
        if now.saturating_sub(made) > if is_broken_off { 24 * 60 * 60 } else { LONGEST } {
            let _ = std::fs::remove_file(path);
        } else if !is_broken_off {
            kept.push((made, path));
        }
    }
    kept.sort();
    kept.reverse();
    let (mut files, mut weeks, mut count) = (HashSet::new(), HashSet::new(), 0);
    for (index, (made, path)) in kept.into_iter().enumerate() {
        let about = Baseline::open(&path).map(|baseline| baseline.about);
        let is_last = about.is_some_and(|About { entity, file, .. }| {
            let is_last_of_week = weeks.insert((entity.clone(), made / WEEK));
            files.insert((entity, file)) || is_last_of_week
        });
        if index < NEWEST || is_last && count < MOST {
            count += 1;
        } else {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    /// Keeps an export of a file that was made so many seconds ago, and old ones go.
    fn keep(folder: &Path, entity: &str, file: &str, ago: u64) -> Uuid {
        let now = jiff::Timestamp::now().as_second().unsigned_abs();
        let writer = BaselineWriter::begin(folder).unwrap();
        let kept = writer.path.with_extension(EXTENSION);
        writer.keep(&About::new(entity, file, "", Vec::new(), Vec::new())).unwrap();
        let export = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, now - ago, 0));
        std::fs::rename(kept, folder.join(format!("{export}.{EXTENSION}"))).unwrap();
        forget_old(folder, i64::try_from(now).unwrap());
        export
    }

    #[test]
    fn many_exports_of_another_file_do_not_push_out_the_last_one() {
        let account = tempfile::tempdir().unwrap();
        let folder = &account.path().join("account");
        // In the middle of the week before this one, whenever that is.
        let last = (jiff::Timestamp::now().as_second() % WEEK + WEEK / 2).unsigned_abs();
        let older = last + 1_000;
        let older = keep(folder, "customers", "mine.xlsx", older);
        let last = keep(folder, "customers", "mine.xlsx", last);
        for hour in 0..70 {
            keep(folder, "companies", "job.csv", 80_000 - hour);
        }
        assert!(find(folder, &last).is_some());
        assert!(find(folder, &older).is_none());
        assert!(kept_in(folder).len() <= NEWEST + 2);
    }

    #[test]
    fn what_an_export_said_is_found_again() {
        let account = tempfile::tempdir().unwrap();
        let folder = &account.path().join("account");
        let note = Catalog::embedded().get("customers").unwrap().field("note").unwrap();
        let cells = [("一", "一"), ("", ""), ("二", "<p>二</p>"), ("0012", "0012"), ("12", "0012")];
        let cells = cells.map(|(shown, value)| CellMarks::of(note, shown, value));
        let (titles, fields) = (vec!["备注".to_owned()], vec!["note".to_owned()]);
        let about = |at: i64| About { at, ..About::new("customers", "a.csv", "", titles.clone(), fields.clone()) };
        // Ages are told by the clock.
        let now = jiff::Timestamp::now().as_millisecond();
        let mut writer = BaselineWriter::begin(folder).unwrap();
        let export = writer.export();
        writer.add("50001", cells).unwrap();
        writer.add("50001/open", cells).unwrap();
        writer.add(" ", cells).unwrap();
        assert!(find(folder, &export).is_none());
        writer.keep(&about(now)).unwrap();
        let kept = find(folder, &export).unwrap();
        assert_eq!(kept.record("50001").unwrap().unwrap(), cells);
        assert_eq!(kept.record("50001/open").unwrap().unwrap(), cells);
        for id in ["50002", "50002/open", " "] {
            assert_eq!(kept.record(id).unwrap(), None, "{id}");
        }
        let second = BaselineWriter::begin(folder).unwrap();
        second.forget();
        let third = BaselineWriter::begin(folder).unwrap();
        third.keep(&about(now + 1)).unwrap();
        let times = |entity: &str| all(folder, entity, |_| true).map(|kept| kept.about.at).collect::<Vec<_>>();
        assert_eq!(times("customers"), [now + 1, now]);
        assert!(times("tickets").is_empty());
    }
}
