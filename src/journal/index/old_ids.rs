//! Which records of an account have which ids in other systems: those that runs made or found done, and those that somebody
//! has brought from elsewhere.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rusqlite::{OptionalExtension, Transaction, params};

use super::super::operation::{OldId, hash_of};
use super::runs::RunIndex;
use crate::error::{Context, Result};
use crate::files::path_of_text;
use crate::format::Content;

/// Old ids of an account, to be looked up.
///
/// ```ignore
/// let old_ids = OldIds::of(account.index()?, &account.identity(), ["companies", "customers"])?;
/// let customer = old_ids.find("customers", "zendesk", "360012345678")?;
/// ```
///
/// The source of a column with such ids is that of its [`OldReference`](crate::mapping::OldReference), the form of an id that of
/// [`foreign_id`](crate::value::foreign_id).
#[derive(Debug)]
pub struct OldIds {
    index: RunIndex,
    /// The account, and all that are known to be the same.
    targets: Vec<String>,
    /// Old ids that were looked for and are known from accounts of which nobody has said whether they are this one.
    strangers: RefCell<BTreeMap<String, StrangeIds>>,
}

/// Old ids that are known from an account of which nobody has said whether it is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrangeIds {
    /// Address and login.
    pub target: String,
    /// The folder of the last run that knows some of them.
    pub folder: PathBuf,
    /// How many there are.
    pub ids: u64,
}

/// An account of which nobody has said whether it is this one, and the folder of a run into it.
type Stranger = (String, PathBuf);

/// An old id and the record that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOldId {
    /// What kind of record it is.
    pub entity: String,
    /// Its id in the other system.
    pub old_id: OldId,
    /// Its id here.
    pub id: String,
}

/// Old ids of one entity that somebody has brought from elsewhere.
#[derive(Debug)]
pub struct GivenOldIds {
    targets: Vec<String>,
    entity: String,
    is_empty: bool,
}

impl GivenOldIds {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }
}

impl RunIndex {
    /// The account, and all that are known to be the same.
    fn same_accounts(&self, target: &str) -> Result<Vec<String>> {
        let same = (|| {
            let mut statement =
                self.connection.prepare("SELECT other FROM account WHERE target = ?1 AND is_same ORDER BY other")?;
            statement.query_map([target], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        })();
        let mut targets = vec![target.to_owned()];
        targets.extend(same.context(|| self.place())?);
        Ok(targets)
    }

    /// The accounts of which nobody has said whether they are this one and whose records of these entities have old ids.
    ///
    /// # Errors
    /// A damaged index.
    pub fn strangers_with_old_ids(&self, target: &str, entities: &BTreeSet<&str>) -> Result<BTreeSet<String>> {
        let mut strangers = BTreeSet::new();
        for entity in entities {
            let runs = self.of_entity(entity)?;
            let mut unsaid = BTreeMap::new();
            for run in runs.into_iter().filter(|run| run.target != target) {
                if self.is_same_account(target, &run.target)?.is_none() {
                    unsaid.insert(run.number, run.target);
                }
            }
            // Most indexes hold the runs of one account.
            if unsaid.is_empty() {
                continue;
            }
            let with_old_ids = (|| {
                let mut statement = self.connection.prepare("SELECT DISTINCT run FROM by_old_id WHERE status <> 7")?;
                statement.query_map([], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()
            })();
            let with_old_ids = with_old_ids.context(|| self.place())?;
            strangers.extend(with_old_ids.iter().filter_map(|run| unsaid.remove(run)));
        }
        Ok(strangers)
    }

    /// The old ids of an entity that somebody has brought from elsewhere into this account.
    ///
    /// # Errors
    /// A damaged index.
    pub fn given(&self, target: &str, entity: &str) -> Result<GivenOldIds> {
        let has_any = self.connection.prepare("SELECT 1 FROM given_old_id").and_then(|mut any| any.exists([]));
        let is_empty = !has_any.context(|| self.place())?;
        Ok(GivenOldIds { targets: self.same_accounts(target)?, entity: entity.to_owned(), is_empty })
    }

    /// The record of an old id that was brought from elsewhere.
    ///
    /// # Errors
    /// A damaged index.
    pub fn given_id(&self, given: &GivenOldIds, old_id: &Content) -> Result<Option<String>> {
        if given.is_empty {
            return Ok(None);
        }
        let sql = "SELECT CAST(id AS TEXT) FROM given_old_id WHERE target = ?1 AND entity = ?2 AND hash = ?3";
        for target in &given.targets {
            let found = self.connection.prepare_cached(sql).and_then(|mut statement| {
                statement.query_row(params![target, given.entity, &old_id[..]], |row| row.get(0)).optional()
            });
            if let Some(id) = found.context(|| self.place())? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

impl OldIds {
    /// Whether an account is this one, as far as anybody has said.
    pub fn is_of(&self, target: &str) -> bool {
        self.targets.iter().any(|known| known == target)
    }

    /// The old ids of an account. Journals of runs for these entities that are new or grew are read first.
    ///
    /// # Errors
    /// A damaged index, a full disk.
    pub fn of<'a>(mut index: RunIndex, target: &str, entities: impl IntoIterator<Item = &'a str>) -> Result<OldIds> {
        for entity in entities {
            index.memory(entity)?;
        }
        let targets = index.same_accounts(target)?;
        Ok(OldIds { index, targets, strangers: RefCell::default() })
    }

    /// The record of this account that has this id in another system, when one is known: of several runs that made one the
    /// last one counts.
    ///
    /// # Errors
    /// A damaged index.
    pub fn find(&self, entity: &str, source: &str, id: &str) -> Result<Option<String>> {
        let hash = hash_of(source, id);
        let found = (|| -> rusqlite::Result<(Option<String>, Vec<Stranger>)> {
            let mut statement = self.index.connection.prepare_cached(
                "SELECT run.target, CAST(by_old_id.id AS TEXT), run.folder FROM by_old_id JOIN run ON run.number = by_old_id.run
                 WHERE hash = ?1 AND run.entity = ?2 AND status <> 7 AND by_old_id.id IS NOT NULL
                 ORDER BY started DESC, run.number DESC",
            )?;
            let mut rows = statement.query(params![&hash[..], entity])?;
            let mut strangers = Vec::new();
            while let Some(row) = rows.next()? {
                let target = row.get_ref(0)?.as_str()?;
                if self.targets.iter().any(|same| same == target) {
                    return Ok((Some(row.get(1)?), Vec::new()));
                }
                strangers.push((target.to_owned(), path_of_text(&row.get::<_, String>(2)?)));
            }
            Ok((None, strangers))
        })();
        let (found, strangers) = found.context(|| self.index.place())?;
        if found.is_some() {
            return Ok(found);
        }
        let given = GivenOldIds { targets: self.targets.clone(), entity: entity.to_owned(), is_empty: false };
        let given = self.index.given_id(&given, &hash)?;
        if given.is_none() && !strangers.is_empty() {
            self.note_strangers(strangers)?;
        }
        Ok(given)
    }

    /// Counts an old id that only other accounts know.
    fn note_strangers(&self, strangers: Vec<Stranger>) -> Result<()> {
        let mut seen = BTreeSet::new();
        for (target, folder) in strangers {
            let is_said = self.index.is_same_account(&self.targets[0], &target)?.is_some();
            if is_said || !seen.insert(target.clone()) {
                continue;
            }
            let mut all = self.strangers.borrow_mut();
            let known = all.entry(target.clone()).or_insert(StrangeIds { target, folder, ids: 0 });
            known.ids += 1;
        }
        Ok(())
    }

    /// The old ids that were looked for in vain and are known from accounts of which nobody has said whether they are this one.
    pub fn strangers(&self) -> Vec<StrangeIds> {
        self.strangers.borrow().values().cloned().collect()
    }

    /// All old ids of accounts of which nobody has said whether they are this one.
    ///
    /// # Errors
    /// A damaged index.
    pub fn all_strangers(&self) -> Result<Vec<StrangeIds>> {
        let counted = (|| {
            let mut statement = self.index.connection.prepare(
                "SELECT run.target, count(DISTINCT hash), max(run.number) FROM by_old_id
                   JOIN run ON run.number = by_old_id.run
                 WHERE status <> 7 AND by_old_id.id IS NOT NULL AND run.target <> ?1
                   AND NOT EXISTS (SELECT 1 FROM account WHERE target = ?1 AND other = run.target)
                 GROUP BY 1",
            )?;
            let rows = statement.query_map([&self.targets[0]], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?.cast_unsigned(), row.get::<_, i64>(2)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })();
        let runs = self.index.listed()?;
        let folder = |number: i64| runs.iter().find(|run| run.number == number).map(|run| run.folder.clone());
        let of = |(target, ids, last)| StrangeIds { target, folder: folder(last).unwrap_or_default(), ids };
        Ok(counted.context(|| self.index.place())?.into_iter().map(of).collect())
    }

    /// Whether any id is known that such records have in this system.
    ///
    /// # Errors
    /// A damaged index.
    pub fn has_any(&self, entity: &str, source: &str) -> Result<bool> {
        let broken = || self.index.place();
        let targets = serde_json::to_string(&self.targets).context(broken)?;
        let has_any = self.index.connection.prepare(
            "SELECT 1 FROM by_old_id JOIN run ON run.number = by_old_id.run
               WHERE source = ?1 AND run.entity = ?2 AND status <> 7 AND by_old_id.id IS NOT NULL
                 AND run.target IN (SELECT value FROM json_each(?3))
             UNION ALL SELECT 1 FROM given_old_id
               WHERE source = ?1 AND entity = ?2 AND target IN (SELECT value FROM json_each(?3)) LIMIT 1",
        );
        has_any.and_then(|mut any| any.exists(params![source, entity, targets])).context(broken)
    }

    /// Gets ready to find old ids by their records.
    ///
    /// # Errors
    /// A damaged index, a full disk.
    pub fn by_record(&self) -> Result<()> {
        let indexes = "CREATE INDEX IF NOT EXISTS old_id_by_record ON by_old_id (id);
                       CREATE INDEX IF NOT EXISTS given_by_record ON given_old_id (id);";
        self.index.connection.execute_batch(indexes).context(|| self.index.place())
    }

    /// An id that a record has in the system of an old id, and that is another one; none where nothing is known of any.
    ///
    /// # Errors
    /// A damaged index.
    pub fn other_of(&self, entity: &str, old_id: &OldId, id: &str) -> Result<Option<String>> {
        let broken = || self.index.place();
        let targets = serde_json::to_string(&self.targets).context(broken)?;
        let mut statement = self
            .index
            .connection
            .prepare_cached(
                "SELECT old_id FROM by_old_id JOIN run ON run.number = by_old_id.run
                   WHERE by_old_id.id IN (?1, ?2) AND run.entity = ?3 AND source = ?4 AND old_id <> ?5
                     AND status <> 7 AND run.target IN (SELECT value FROM json_each(?6))
                 UNION ALL SELECT old_id FROM given_old_id
                   WHERE id IN (?1, ?2) AND entity = ?3 AND source = ?4 AND old_id <> ?5
                     AND target IN (SELECT value FROM json_each(?6)) LIMIT 1",
            )
            .context(broken)?;
        // Ids are kept as numbers wherever they are some.
        let known = params![id, id.parse::<i64>().ok(), entity, old_id.source, old_id.id, targets];
        statement.query_row(known, |row| row.get(0)).optional().context(broken)
    }

    /// Begins to take in old ids that are brought from elsewhere: all of them, or none.
    ///
    /// # Errors
    /// Another process that keeps the index for itself.
    pub fn give(&self) -> Result<Giving<'_>> {
        let transaction = self.index.connection.unchecked_transaction().context(|| self.index.place())?;
        Ok(Giving { old_ids: self, transaction })
    }

    /// Calls `take` with every old id of the account, each of them once, in the order of entity, source and id.
    ///
    /// # Errors
    /// A damaged index, or whatever `take` says.
    pub fn each(&self, mut take: impl FnMut(KnownOldId) -> Result<()>) -> Result<()> {
        let broken = || self.index.place();
        let targets = serde_json::to_string(&self.targets).context(broken)?;
        let mut statement = self
            .index
            .connection
            .prepare(
                "SELECT run.entity, source, old_id, CAST(by_old_id.id AS TEXT), started FROM by_old_id
                   JOIN run ON run.number = by_old_id.run
                   WHERE status <> 7 AND by_old_id.id IS NOT NULL AND run.target IN (SELECT value FROM json_each(?1))
                 UNION ALL SELECT entity, source, old_id, CAST(id AS TEXT), 0 FROM given_old_id
                   WHERE target IN (SELECT value FROM json_each(?1))
                 ORDER BY 1, 2, 3, 5 DESC",
            )
            .context(broken)?;
        let mut rows = statement.query([targets]).context(broken)?;
        let mut last: Option<KnownOldId> = None;
        while let Some(row) = rows.next().context(broken)? {
            let read = || -> rusqlite::Result<KnownOldId> {
                let old_id = OldId { source: row.get(1)?, id: row.get(2)? };
                Ok(KnownOldId { entity: row.get(0)?, old_id, id: row.get(3)? })
            };
            let known = read().context(broken)?;
            let is_same = |last: &KnownOldId| last.entity == known.entity && last.old_id == known.old_id;
            if !last.as_ref().is_some_and(is_same) {
                take(known.clone())?;
                last = Some(known);
            }
        }
        Ok(())
    }
}

/// Old ids on their way into the index. What is not kept in the end was never there.
#[derive(Debug)]
pub struct Giving<'a> {
    old_ids: &'a OldIds,
    transaction: Transaction<'a>,
}

/// What became of an old id that was brought from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It is new.
    New,
    /// It was known to belong to this record.
    Known,
    /// It belongs to the record with this id.
    Another(String),
}

impl Giving<'_> {
    /// Takes in one more.
    ///
    /// # Errors
    /// A full disk, a damaged index.
    pub fn add(&self, given: &KnownOldId) -> Result<Given> {
        let KnownOldId { entity, old_id, id } = given;
        if let Some(known) = self.old_ids.find(entity, &old_id.source, &old_id.id)? {
            return Ok(if known == *id { Given::Known } else { Given::Another(known) });
        }
        let target = self.old_ids.targets.first();
        self.transaction
            .prepare_cached("INSERT INTO given_old_id VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .and_then(|mut statement| {
                statement.execute(params![target, entity, &old_id.hash()[..], id, old_id.source, old_id.id])
            })
            .context(|| self.old_ids.index.place())?;
        Ok(Given::New)
    }

    /// Keeps them.
    ///
    /// # Errors
    /// A full disk.
    pub fn keep(self) -> Result<()> {
        self.transaction.commit().context(|| self.old_ids.index.place())
    }
}
