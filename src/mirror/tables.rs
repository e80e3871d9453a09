//! The tables of a mirror, and what their rows are in the program.

/// Version of the tables; a file of another one is begun anew, as all it holds can be asked for again.
pub(super) const VERSION: i64 = 1;

/// Stored names stay as they are, so that no copy is lost: `question` is a list's query, `pass` its generation, `window` a page
/// cursor, `tail` its last keys.
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
    UNIQUE(entity, question)
);
CREATE TABLE record(
    list INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    key TEXT NOT NULL,
    -- The generation that saw it last.
    seen INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY(list, rank, key)
) WITHOUT ROWID;
-- What was asked for one record: its own page, the messages of a chat.
CREATE TABLE detail(
    list INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    -- A hash of what the list said of the record when it was asked.
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
    filter TEXT NOT NULL,
    position INTEGER NOT NULL,
    size INTEGER NOT NULL,
    tail TEXT NOT NULL,
    count_before INTEGER,
    count_after INTEGER,
    pages INTEGER NOT NULL,
    -- The service gives pages of its own size, whatever is asked for.
    is_fixed INTEGER NOT NULL,
    -- Every page was seen to join the one before it.
    is_joined INTEGER NOT NULL,
    is_finished INTEGER NOT NULL,
    PRIMARY KEY(list, number)
) WITHOUT ROWID;
";

/// Where a record stands in a list: by number when its id is one, by text behind all numbers otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// How far the reading of one filter has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageCursor {
    /// Which of a list's filters it is, from 0.
    pub number: i64,
    /// The filter, as a query string.
    pub filter: String,
    /// Records of the service's order that are read.
    pub position: u64,
    /// Records a page carries; 0 before the first one.
    pub page_size: u64,
    /// Keys of the last page, in its order.
    pub last_keys: Vec<String>,
    /// The service's total on the first page.
    pub count_before: Option<u64>,
    /// The service's total on the last page.
    pub count_after: Option<u64>,
    /// Pages read.
    pub pages: u64,
    /// The service gives pages of its own size, whatever is asked for.
    pub is_fixed: bool,
    /// Every page was seen to join the one before it.
    pub is_joined: bool,
    /// Read to its end.
    pub is_finished: bool,
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
    })
}

/// A row of `window`.
pub(super) fn read_cursor(row: &rusqlite::Row<'_>) -> rusqlite::Result<PageCursor> {
    let number = |at: usize| row.get::<_, Option<i64>>(at).map(|n| n.and_then(|n| u64::try_from(n).ok()));
    Ok(PageCursor {
        number: row.get(0)?,
        filter: row.get(1)?,
        position: number(2)?.unwrap_or(0),
        page_size: number(3)?.unwrap_or(0),
        last_keys: serde_json::from_str(&row.get::<_, String>(4)?).unwrap_or_default(),
        count_before: number(5)?,
        count_after: number(6)?,
        pages: number(7)?.unwrap_or(0),
        is_fixed: row.get(8)?,
        is_joined: row.get(9)?,
        is_finished: row.get(10)?,
    })
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
