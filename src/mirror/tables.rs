//! The tables of a mirror, and what their rows are in the program.

use serde::{Deserialize, Serialize};

/// Version of the tables; a file of another one is begun anew, as all it holds can be asked for again.
pub(super) const VERSION: i64 = 2;

/// `question` is a list's query, `pass` its generation, `window` a page cursor.
pub(super) const TABLES: &str = "
CREATE TABLE list(
    id INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    question TEXT NOT NULL,
    -- Number of the generation being read or read last.
    pass INTEGER NOT NULL DEFAULT 0,
    -- When its reading began, seconds of Unix time.
    began INTEGER,
    -- It is read to its end.
    is_read INTEGER NOT NULL DEFAULT 0,
    -- Beginning of the last refresh that ended: everything the service had then is here.
    complete INTEGER,
    -- The total the service gave at the end of the last refresh.
    total INTEGER,
    -- What proved the last whole reading, as the reader of lists writes it.
    proof TEXT NOT NULL DEFAULT '',
    -- Beginning of the last refresh that read everything, and refreshes since that asked for changes alone.
    whole INTEGER,
    increments INTEGER NOT NULL DEFAULT 0,
    -- How many more records the service counted without deleted ones than there were here, when that was compared last.
    live_offset INTEGER,
    UNIQUE(entity, question)
);
CREATE TABLE record(
    list INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    key TEXT NOT NULL,
    -- The generation that saw it last.
    seen INTEGER NOT NULL,
    -- When it was created and changed last, as `2026-01-31 08:00:00`; none where it does not say so.
    created TEXT,
    updated TEXT,
    -- It is marked as deleted.
    is_deleted INTEGER NOT NULL DEFAULT 0,
    -- When it was stored, seconds of Unix time.
    stored INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL,
    PRIMARY KEY(list, rank, key)
) WITHOUT ROWID;
-- What was asked for one record: its own page, the messages of a chat.
CREATE TABLE detail(
    list INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    -- A hash of what the list said of the record when it was asked, and when that was, seconds of Unix time.
    stamp TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY(list, rank, key, name)
) WITHOUT ROWID;
-- Keys of custom fields met in a list's records.
CREATE TABLE custom(list INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY(list, key)) WITHOUT ROWID;
-- How far the reading of a list has come, by filter.
CREATE TABLE window(
    list INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY(list, number)
) WITHOUT ROWID;
";

/// The definitions of custom fields by entity, as the service gave them.
pub(super) const DEFINITIONS: &str = "
CREATE TABLE IF NOT EXISTS definition(entity TEXT PRIMARY KEY, read INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
";

/// What other programs may attach the file for: records and their own pages as texts. They say nothing that the tables do
/// not, and are made anew whenever the file is opened.
pub(super) const VIEWS: &str = "
DROP VIEW IF EXISTS records;
CREATE VIEW records AS
    SELECT list.entity AS entity, record.key AS id, CAST(record.body AS TEXT) AS json,
           datetime(list.complete, 'unixepoch') AS complete
    FROM record JOIN list ON list.id = record.list WHERE list.question = '';
DROP VIEW IF EXISTS record_details;
CREATE VIEW record_details AS
    SELECT list.entity AS entity, detail.key AS id, detail.name AS page, CAST(detail.body AS TEXT) AS json
    FROM detail JOIN list ON list.id = detail.list WHERE list.question = '';
DROP VIEW IF EXISTS record_fields;
CREATE VIEW record_fields AS
    SELECT records.entity AS entity, records.id AS id, member.key AS name, CAST(member.value AS TEXT) AS value
    FROM records, json_each(records.json) AS member;
";

/// Where a record stands in a list: by number when its id is one, by text behind all numbers otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The id as a number.
    pub rank: i64,
    /// The id as the service wrote it.
    pub text: String,
}

impl Key {
    /// The key of an id.
    pub fn of(id: &str) -> Self {
        Key { rank: id.parse().unwrap_or(i64::MAX), text: id.to_owned() }
    }

    /// The key of a record that has no id of its own, by a hash of what it says.
    pub fn without_id(hash: &str) -> Self {
        Key { rank: i64::MAX, text: format!("#{hash}") }
    }

    /// Whether it is the key of a record that has an id of its own.
    pub fn has_id(&self) -> bool {
        !(self.rank == i64::MAX && self.text.starts_with('#'))
    }

    /// Before every other key.
    pub fn first() -> Self {
        Key { rank: i64::MIN, text: String::new() }
    }
}

/// What was asked, and how complete the answer here is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its number in the file.
    pub id: i64,
    /// Entity of the catalog.
    pub entity: String,
    /// What it was asked for; empty for everything.
    pub query: String,
    /// Number of the generation being read or read last.
    pub generation: i64,
    /// When its reading began (Unix seconds).
    pub began: Option<i64>,
    /// It is read to its end.
    pub is_read: bool,
    /// Beginning of the last refresh that ended (Unix seconds).
    pub complete: Option<i64>,
    /// The service's total at its end.
    pub total: Option<u64>,
    /// Beginning of the last refresh that read everything (Unix seconds).
    pub whole: Option<i64>,
    /// Refreshes since that asked for changes alone.
    pub increments: u32,
    /// How many more records the service counted without deleted ones than there were here, when that was compared last.
    pub live_offset: Option<i64>,
}

/// What a record says of itself that the mirror counts by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// When it was created, as `2026-01-31 08:00:00`.
    pub created: Option<String>,
    /// When it was changed last.
    pub updated: Option<String>,
    /// It is marked as deleted.
    pub is_deleted: bool,
    /// When it is stored (Unix seconds).
    pub stored: i64,
}

/// How far the reading of one filter has come, and what its pages proved so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCursor {
    /// Which of a list's filters it is, from 0.
    pub number: i64,
    /// The filter, as a query string.
    pub filter: String,
    /// Places of the service's order that were asked for.
    pub position: u64,
    /// Records a page carries; 0 before the first one.
    pub page_size: u64,
    /// Keys of the last page that brought something new, in its order.
    pub last_keys: Vec<String>,
    /// Number and size of that page.
    pub last_page: Option<(u64, u64)>,
    /// Places up to its last record.
    pub reached: u64,
    /// The service's total on the first page.
    pub count_before: Option<u64>,
    /// The service's total on the last page.
    pub count_after: Option<u64>,
    /// Whether the last page said that another one follows; none when it says nothing of the kind.
    pub has_next: Option<bool>,
    /// Records came after it had said that there is no next page.
    #[serde(default)]
    pub is_next_wrong: bool,
    /// The service's total of the whole list was seen to be of something else: that of a part tells nothing either.
    #[serde(default)]
    pub is_total_wrong: bool,
    /// What was told of totals in all readings.
    #[serde(default)]
    pub told: ToldTotals,
    /// Pages read.
    pub pages: u64,
    /// Pages that brought something new.
    pub gaining_pages: u64,
    /// Records that came, each counted once.
    pub records: u64,
    /// The service gives pages of its own size, or in no order that could be held on to: they are asked for one after the
    /// other, all of one size.
    pub is_fixed: bool,
    /// The service counts its pages from 0.
    pub is_from_zero: bool,
    /// Every page was seen to join the one before it.
    pub is_joined: bool,
    /// The order of ids in its pages.
    pub order: PageOrder,
    /// Pages in a row, up to the last one, that brought nothing new.
    pub beyond: u32,
    /// Places that came back empty before a page that brought something new.
    pub gaps: u64,
    /// Places that came back empty since the last page that brought something new …
    pub open_gaps: u64,
    /// … and in that page.
    pub tail_gap: u64,
    /// A page behind the last record brought what had come before.
    #[serde(default)]
    pub is_repeated: bool,
    /// The last page came empty although a record that is there lies in its range.
    #[serde(default)]
    pub is_withheld: bool,
    /// Some places of its pages hold nothing instead of a record.
    #[serde(default)]
    pub has_blanks: bool,
    /// It has to be read on up to here, whatever comes.
    pub until: u64,
    /// The whole list ended at a wall, so that this is a part of it.
    #[serde(default)]
    pub is_behind_wall: bool,
    /// Why the service gives no more, although it says it has more.
    pub wall: Option<Wall>,
    /// Read to its end.
    pub is_finished: bool,
}

/// The totals that were told of a list, in all of its readings by one command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldTotals {
    /// The one before the last that was another.
    pub other: Option<u64>,
    /// The highest.
    pub highest: Option<u64>,
    /// They went from one number to another and back: two machines of the service may have answered, one of which lacks records.
    pub is_returning: bool,
    /// An answer named the list, its total or its next page: that it is empty is said of this list.
    #[serde(default)]
    pub is_named: bool,
}

/// The order of ids in pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageOrder {
    /// Not seen yet.
    #[default]
    Unknown,
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
    /// By something else, or by nothing.
    Other,
}

/// How a service refuses to give what lies beyond a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wall {
    /// It says no, in these words.
    Refused(String),
    /// A page fails for this reason, however often it is asked for, while those before it do not.
    Failing(String),
    /// Some places of the list cannot be read, for this reason, while those around them can.
    Unreadable(String),
    /// Every page is empty.
    Empty,
    /// It gives the same records again and again.
    Repeated,
}

/// Records in order of their ids.
#[derive(Debug, Default)]
pub struct Batch {
    /// Key and body of each.
    pub records: Vec<(Key, Vec<u8>)>,
}

/// A row of `list`.
pub(super) fn read_list(row: &rusqlite::Row<'_>) -> rusqlite::Result<List> {
    Ok(List {
        id: row.get(0)?,
        entity: row.get(1)?,
        query: row.get(2)?,
        generation: row.get(3)?,
        began: row.get(4)?,
        is_read: row.get(5)?,
        complete: row.get(6)?,
        total: row.get::<_, Option<i64>>(7)?.and_then(|total| u64::try_from(total).ok()),
        whole: row.get(8)?,
        increments: row.get(9)?,
        live_offset: row.get(10)?,
    })
}

/// The cursor in a row of `window`; none where another version wrote it.
pub(super) fn read_cursor(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<PageCursor>> {
    Ok(serde_json::from_str(&row.get::<_, String>(0)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_numbers_with_texts_behind() {
        let mut keys: Vec<Key> = ["b", "10", "9", "a", "-1"].into_iter().map(Key::of).collect();
        keys.sort();
        let texts: Vec<&str> = keys.iter().map(|key| key.text.as_str()).collect();
        assert_eq!(texts, ["-1", "9", "10", "a", "b"]);
    }
}
