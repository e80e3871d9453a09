//! The records: one SQLite database, in memory or one file, one row for each record of any entity. What lists and checks
//! ask for often stands in columns of its own, beside the record's JSON text.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::indexed_fields::IndexedFields;
use super::record::{Record, text};
use super::selection::Selection;
use crate::error::{Context, Error, Result};
use crate::message;
use crate::sandbox::clock::now_milliseconds;
use crate::sandbox::custom_fields::{CustomField, CustomFields};
use crate::sandbox::endpoints::defaults::FIRST_AGENT;
use crate::t;

const SCHEMA: &str = "
CREATE TABLE record (
    entity  TEXT NOT NULL,
    id      INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    lookup  TEXT NOT NULL,  -- value of the natural key
    parent  INTEGER NOT NULL,  -- the contact or company it belongs to
    stored  INTEGER NOT NULL,  -- Unix milliseconds of the create
    request TEXT NOT NULL,  -- Requestid of the last write
    body    TEXT NOT NULL,
    PRIMARY KEY (entity, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX by_lookup ON record (entity, lookup) WHERE lookup <> '';
CREATE INDEX by_parent ON record (entity, parent) WHERE parent <> 0;
CREATE INDEX by_created ON record (entity, created, deleted);
CREATE INDEX by_updated ON record (entity, updated, deleted);
";

/// Custom fields of the account that the store was made like; a store of an older program has no such table.
const COPIED_FIELDS: &str = "
CREATE TABLE IF NOT EXISTS copied_fields (entity TEXT PRIMARY KEY, fields TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// How selective each index is, said beforehand: without it SQLite takes the primary key for the best way to everything,
/// which is a walk over the whole entity for each check of a natural key.
const STATISTICS: &str = "
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('record', 'record', '1000000 100000 1'),
    ('record', 'by_lookup', '1000000 100000 2 1'),
    ('record', 'by_parent', '1000000 100000 3 1'),
    ('record', 'by_created', '1000000 100000 2 2 1'),
    ('record', 'by_updated', '1000000 100000 2 2 1');
ANALYZE sqlite_schema;
";

/// Marks a file as a store of this server (`bw8s`), so that no other database is written to by mistake.
const APPLICATION: i32 = 0x6277_3873;
/// Version of the store's layout.
const VERSION: i32 = 1;

/// The ids a selection gave, until the next write.
#[derive(Debug)]
struct CachedSelection {
    selection: Selection,
    generation: u64,
    ids: Arc<Vec<i64>>,
}

/// All records.
#[derive(Debug)]
pub(crate) struct Store {
    db: Connection,
    /// Ids of each entity that are not deleted, ascending: makes the last page of a long list as cheap as the first.
    live_ids: HashMap<String, Vec<i64>>,
    next_ids: HashMap<String, i64>,
    custom_fields: Arc<CustomFields>,
    generation: u64,
    cached: Option<CachedSelection>,
}

impl Store {
    /// Opens the file, or a store in memory.
    ///
    /// # Errors
    /// When the file cannot be opened or is no store.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        let location = || path.map_or_else(|| "sandbox".to_owned(), |path| path.display().to_string());
        if let Some(path) = path {
            // Whoever tries an import here puts data of real people into it.
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(false);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path).context(location)?;
        }
        let db = match path {
            Some(path) => Connection::open(path),
            None => Connection::open_in_memory(),
        }
        .context(location)?;
        // What a killed process wrote survives; only a machine that loses power can lose the last records, and
        // nobody keeps the only copy of anything here. The file belongs to one server at a time, as ids are given out from memory.
        let pragmas = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
                       PRAGMA synchronous = OFF;";
        let unusable = |why: String| {
            Error::cannot_run(message!("sandbox.data_unusable", file = location(), why = why))
                .hint(message!("sandbox.data_unusable_hint"))
        };
        let prepare = || {
            db.busy_timeout(Duration::from_secs(3))?;
            // Otherwise a new value for a prepared look-up makes SQLite plan it anew, which costs more than the look-up.
            db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            let is_new: bool = db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
            let mark: (i32, i32) = db.query_row(
                "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if !is_new && mark != (APPLICATION, VERSION) {
                return Ok(false);
            }
            db.execute_batch(pragmas)?;
            if is_new {
                // At once, so that a killed process does not leave a file that is neither new nor marked.
                db.execute_batch(&format!(
                    "BEGIN IMMEDIATE; {SCHEMA} {STATISTICS} PRAGMA application_id = {APPLICATION};
                     PRAGMA user_version = {VERSION}; COMMIT;"
                ))?;
            }
            db.execute_batch(COPIED_FIELDS)?;
            Ok(true)
        };
        if !prepare().map_err(|error| failure(error, &location(), &unusable))? {
            return Err(unusable(t!("sandbox.not_a_store").into_owned()));
        }
        db.set_prepared_statement_cache_capacity(64);
        let mut store = Store {
            db,
            live_ids: HashMap::new(),
            next_ids: HashMap::new(),
            custom_fields: Arc::new(CustomFields::new(BTreeMap::new())),
            generation: 0,
            cached: None,
        };
        store.load().context(location)?;
        Ok(store)
    }

    fn load(&mut self) -> rusqlite::Result<()> {
        let mut rows = self.db.prepare("SELECT entity, id, deleted FROM record ORDER BY entity, id")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let (entity, id, deleted): (String, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if !deleted {
                self.live_ids.entry(entity.clone()).or_default().push(id);
            }
            self.next_ids.insert(entity, id + 1);
        }
        let mut copied = self.db.prepare("SELECT entity, fields FROM copied_fields")?;
        let copied = copied.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        let mut fields = BTreeMap::new();
        for row in copied {
            let (entity, text): (String, String) = row?;
            fields.insert(entity, serde_json::from_str(&text).unwrap_or_default());
        }
        self.custom_fields = Arc::new(CustomFields::new(fields));
        Ok(())
    }

    /// Keeps the custom fields of the account that the store is made like.
    pub(crate) fn put_custom_fields(&mut self, fields: &BTreeMap<String, Vec<CustomField>>) -> Result<()> {
        for (entity, fields) in fields {
            // Texts alone always serialise.
            let text = serde_json::to_string(fields).unwrap_or_default();
            self.db
                .execute("INSERT INTO copied_fields (entity, fields) VALUES (?, ?)", params![entity, text])
                .context(|| "sandbox".to_owned())?;
        }
        self.custom_fields = Arc::new(CustomFields::new(fields.clone()));
        Ok(())
    }

    /// The account's custom fields.
    pub(crate) fn custom_fields(&self) -> Arc<CustomFields> {
        self.custom_fields.clone()
    }

    /// The agent that the login belongs to: the first one there is.
    pub(crate) fn main_agent(&self) -> String {
        let first = self.live_ids.get("agents").and_then(|ids| ids.first());
        first.map_or_else(|| FIRST_AGENT.to_owned(), i64::to_string)
    }

    /// Whether nothing is stored.
    pub(crate) fn is_empty(&self) -> bool {
        self.next_ids.is_empty()
    }

    /// How many records of each entity there are, deleted ones aside.
    pub(crate) fn counts(&self) -> Vec<(&str, usize)> {
        let mut counts: Vec<_> = self.live_ids.iter().map(|(entity, ids)| (entity.as_str(), ids.len())).collect();
        counts.sort_unstable();
        counts
    }

    /// Runs `work` in one transaction.
    pub(crate) fn transaction<T>(&mut self, work: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        let location = || "sandbox".to_owned();
        self.db.execute_batch("BEGIN IMMEDIATE").context(location)?;
        let result = work(self);
        let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.db.execute_batch(end).context(location)?;
        result
    }

    /// The id the next record of `entity` gets; the first one is `first`.
    pub(crate) fn next_id(&self, entity: &str, first: i64) -> i64 {
        self.next_ids.get(entity).map_or(first, |next| (*next).max(first))
    }

    /// Stores a new record or one that takes the place of the record with its id.
    pub(crate) fn put(&mut self, indexed: &IndexedFields<'_>, id: i64, record: &Record, request: &str) -> Result<()> {
        self.put_at(indexed, id, record, request, now_milliseconds())
    }

    /// The same for a record that came to be at `stored` (Unix milliseconds).
    pub(crate) fn put_at(
        &mut self,
        indexed: &IndexedFields<'_>,
        id: i64,
        record: &Record,
        request: &str,
        stored: i64,
    ) -> Result<()> {
        let deleted = indexed.is_deleted(record);
        let column = |name: Option<&str>| name.map_or("", |name| text(record, name)).to_owned();
        let parent: i64 = indexed.parent.map_or(0, |name| text(record, name).parse().unwrap_or(0));
        // A map with text keys always serialises.
        let body = serde_json::to_string(record).unwrap_or_default();
        let sql = "INSERT INTO record (entity, id, deleted, created, updated, lookup, parent, stored, request, body)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT (entity, id) DO UPDATE SET deleted = excluded.deleted, created = excluded.created,
                   updated = excluded.updated, lookup = excluded.lookup, parent = excluded.parent,
                   request = excluded.request, body = excluded.body";
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.execute(params![
                    indexed.entity,
                    id,
                    deleted,
                    column(indexed.created),
                    column(indexed.updated),
                    column(indexed.lookup),
                    parent,
                    stored,
                    request,
                    body
                ])
            })
            .context(|| format!("{} {id}", indexed.entity))?;
        self.update_live_ids(indexed.entity, id, !deleted);
        Ok(())
    }

    /// Takes a record away for good.
    pub(crate) fn remove(&mut self, entity: &str, id: i64) -> Result<()> {
        self.db
            .execute("DELETE FROM record WHERE entity = ? AND id = ?", params![entity, id])
            .context(|| format!("{entity} {id}"))?;
        self.update_live_ids(entity, id, false);
        Ok(())
    }

    fn update_live_ids(&mut self, entity: &str, id: i64, alive: bool) {
        self.generation += 1;
        if !self.live_ids.contains_key(entity) {
            self.live_ids.insert(entity.to_owned(), Vec::new());
            self.next_ids.insert(entity.to_owned(), 0);
        }
        if let (Some(ids), Some(next)) = (self.live_ids.get_mut(entity), self.next_ids.get_mut(entity)) {
            *next = (*next).max(id + 1);
            // A new record has the highest id, so the search is for changed ones only.
            let position =
                if ids.last().is_none_or(|last| *last < id) { Err(ids.len()) } else { ids.binary_search(&id) };
            match (position, alive) {
                (Err(position), true) => ids.insert(position, id),
                (Ok(position), false) => drop(ids.remove(position)),
                _ => {}
            }
        }
    }

    /// The record of this id, deleted or not.
    pub(crate) fn get(&self, entity: &str, id: i64) -> Result<Option<Record>> {
        let body: Option<String> = self
            .db
            .prepare_cached("SELECT body FROM record WHERE entity = ? AND id = ?")
            .and_then(|mut statement| statement.query_row(params![entity, id], |row| row.get(0)).optional())
            .context(|| format!("{entity} {id}"))?;
        body.map(|body| serde_json::from_str(&body).context(|| format!("{entity} {id}"))).transpose()
    }

    /// Whether a record of this id exists and is not deleted.
    pub(crate) fn exists(&self, entity: &str, id: i64) -> bool {
        self.live_ids.get(entity).is_some_and(|ids| ids.binary_search(&id).is_ok())
    }

    /// The first record with this natural key that is not deleted.
    pub(crate) fn find(&self, entity: &str, key: &str) -> Result<Option<i64>> {
        self.db
            .prepare_cached(
                "SELECT id FROM record
                 WHERE entity = ? AND lookup = ? AND lookup <> '' AND deleted = 0 ORDER BY id",
            )
            .and_then(|mut statement| statement.query_row(params![entity, key], |row| row.get(0)).optional())
            .context(|| entity.to_owned())
    }

    /// Every record of `entity` that belongs to `parent`, deleted ones aside.
    pub(crate) fn children(&self, entity: &str, parent: i64) -> Result<Vec<(i64, Record)>> {
        let sql = "SELECT id, body FROM record
                   WHERE entity = ? AND parent = ? AND parent <> 0 AND deleted = 0 ORDER BY id";
        self.rows(sql, &[entity.to_owned().into(), parent.into()])
    }

    /// How many records are selected, and those from `skip` on, `take` at most.
    pub(crate) fn page(
        &mut self,
        selection: &Selection,
        skip: usize,
        take: usize,
    ) -> Result<(usize, Vec<(i64, Record)>)> {
        if selection.is_plain() {
            let ids = self.live_ids.get(&selection.entity).map_or(&[][..], Vec::as_slice);
            return Ok((ids.len(), self.records(&selection.entity, slice(ids, skip, take))?));
        }
        let ids = self.selected(selection)?;
        Ok((ids.len(), self.records(&selection.entity, slice(&ids, skip, take))?))
    }

    /// The records of these ids, in this order; those that do not exist are left out.
    fn records(&self, entity: &str, ids: &[i64]) -> Result<Vec<(i64, Record)>> {
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            records.extend(self.get(entity, *id)?.map(|record| (*id, record)));
        }
        Ok(records)
    }

    /// All ids of a selection. Kept until the next write, so that the pages of one walk are counted once.
    fn selected(&mut self, selection: &Selection) -> Result<Arc<Vec<i64>>> {
        if let Some(cached) = &self.cached
            && cached.generation == self.generation
            && cached.selection == *selection
        {
            return Ok(cached.ids.clone());
        }
        let mut sql = "SELECT id FROM record WHERE entity = ?".to_owned();
        if !selection.with_deleted {
            sql.push_str(" AND deleted = 0");
        }
        for condition in &selection.conditions {
            sql.push_str(&format!(" AND {condition}"));
        }
        let mut orders = selection.orders.clone();
        // The plus keeps SQLite from walking the whole entity in order of ids where an index of times is shorter.
        orders.push("+id".to_owned());
        sql.push_str(&format!(" ORDER BY {}", orders.join(", ")));
        let values = std::iter::once(Sql::from(selection.entity.clone())).chain(selection.values.iter().cloned());
        let ids: rusqlite::Result<Vec<i64>> = self
            .db
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_map(params_from_iter(values), |row| row.get(0))?.collect());
        let ids = Arc::new(ids.context(|| selection.entity.clone())?);
        self.cached =
            Some(CachedSelection { selection: selection.clone(), generation: self.generation, ids: ids.clone() });
        Ok(ids)
    }

    /// Every stored record with the `Requestid` of its last write, for people and tests to look at.
    pub(crate) fn all_records(&self) -> Result<Vec<(String, i64, String, Record)>> {
        let mut found = Vec::new();
        let mut read = || -> rusqlite::Result<()> {
            let mut rows = self.db.prepare("SELECT entity, id, request, body FROM record ORDER BY entity, id")?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                let body: String = row.get(3)?;
                found.push((row.get(0)?, row.get(1)?, row.get(2)?, serde_json::from_str(&body).unwrap_or_default()));
            }
            Ok(())
        };
        read().context(|| "sandbox".to_owned())?;
        Ok(found)
    }

    fn rows(&self, sql: &str, values: &[Sql]) -> Result<Vec<(i64, Record)>> {
        let rows: rusqlite::Result<Vec<(i64, String)>> = self.db.prepare_cached(sql).and_then(|mut statement| {
            statement.query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        });
        let rows = rows.context(|| "sandbox".to_owned())?;
        Ok(rows.into_iter().map(|(id, body)| (id, serde_json::from_str(&body).unwrap_or_default())).collect())
    }
}

fn failure(error: rusqlite::Error, location: &str, unusable: &impl Fn(String) -> Error) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(cause, _) if cause.code == rusqlite::ErrorCode::DatabaseBusy => {
            Error::cannot_run(message!("sandbox.data_in_use", file = location))
                .hint(message!("sandbox.data_in_use_hint"))
        }
        error => unusable(error.to_string()),
    }
}

fn slice(ids: &[i64], skip: usize, take: usize) -> &[i64] {
    let from = skip.min(ids.len());
    &ids[from..from.saturating_add(take).min(ids.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the statistics these walk the whole entity, and a create takes longer with each record.
    #[test]
    fn look_ups_and_windows_use_their_indexes() {
        let store = Store::open(None).unwrap();
        for (condition, index) in [
            ("lookup = ? AND lookup <> ''", "by_lookup (entity=? AND lookup=?)"),
            ("parent = ? AND parent <> 0", "by_parent (entity=? AND parent=?)"),
            ("created >= ?", "by_created (entity=? AND created>?)"),
            ("updated <= ?", "by_updated (entity=? AND updated<?)"),
        ] {
            let sql =
                format!("EXPLAIN QUERY PLAN SELECT id FROM record WHERE entity = ? AND {condition} AND deleted = 0");
            let plan: String = store.db.query_row(&sql, ["customers", ""], |row| row.get(3)).unwrap();
            assert!(plan.contains(index), "{plan}");
        }
    }

    #[test]
    fn ids_stay_in_order_whatever_is_deleted_and_restored() {
        let mut store = Store::open(None).unwrap();
        let indexed = IndexedFields::bare("things");
        for id in [3, 1, 2, 9] {
            store.put(&indexed, id, &Record::new(), "").unwrap();
        }
        store.remove("things", 2).unwrap();
        assert_eq!(store.live_ids["things"], [1, 3, 9]);
        assert!(store.exists("things", 3) && !store.exists("things", 2));
        assert_eq!(store.next_id("things", 1), 10);
    }
}
