//! Reads the records of a list from the mirror: those that the filter lets pass, each with what was asked for it alone.

use serde_json::Value;

use super::filter::RecordFilter;
use super::plan::ExportPlan;
use crate::error::{Error, Result};
use crate::message;
use crate::mirror::{Key, List, Mirror};
use crate::projection::is_told_deleted;
use crate::refresh::{DetailStamp, Refresher};
use crate::terminal::Interrupt;

/// Records read together.
const BATCH: usize = 512;

/// Where the records are.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordReader<'a> {
    /// The mirror.
    pub mirror: &'a Mirror,
    /// The list.
    pub list: &'a List,
    /// The name of the details to read, when there are any.
    pub detail: Option<&'a str>,
    /// Ctrl-C.
    pub stop: &'a Interrupt,
}

/// What was read of a list.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct RecordCounts {
    /// Records that passed the filter.
    pub passed: u64,
    /// Deleted records that were left out.
    pub deleted: u64,
    /// Records that the list was not asked for.
    pub unasked: u64,
    /// Records that passed although they do not tell a time that is asked for.
    pub undated: u64,
    /// Records that passed as nothing tells whether they meet the condition: the list does not, and their own pages failed.
    pub unjudged: u64,
}

impl RecordCounts {
    /// What to say of records that nobody can judge by what was asked for.
    pub(super) fn words(self) -> Vec<String> {
        let words = [
            (self.unasked, message!("export.unasked", records = self.unasked)),
            (self.unjudged, message!("export.unjudged", records = self.unjudged)),
            (self.undated, message!("export.undated", records = self.undated)),
        ];
        words.into_iter().filter(|(records, _)| *records > 0).map(|(_, words)| words.to_string()).collect()
    }
}

impl<'a> RecordReader<'a> {
    /// Reads a list of a plan.
    pub(super) fn new(refresher: &Refresher<'a>, plan: &ExportPlan<'_>, list: &'a List) -> Self {
        let detail = plan.has_details.then_some("get");
        RecordReader { mirror: refresher.mirror, list, detail, stop: refresher.stop }
    }

    /// Calls `with` on every record that the filter lets pass, in the order of ids, with its own page where there is one.
    ///
    /// # Errors
    /// What `with` says, a mirror that cannot be read, the user stops.
    pub(super) fn each(
        &self,
        filter: &RecordFilter<'_>,
        mut with: impl FnMut(&Key, &Value, Option<&Value>) -> Result<()>,
    ) -> Result<RecordCounts> {
        let mut counts = RecordCounts::default();
        let mut last = Key::first();
        loop {
            self.stop.check()?;
            let batch = self.mirror.after(self.list, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else {
                return Ok(counts);
            };
            last = key.clone();
            for (key, body) in &batch.records {
                let record = parse(body)?;
                // What was asked for a record that is out by what the list says is of an older state.
                let detail = match self.detail.filter(|_| filter.could_hold(&record)) {
                    Some(name) => self.asked(key, name, &record)?,
                    None => None,
                };
                if filter.holds(&record, detail.as_ref()) {
                    counts.passed += 1;
                    match filter.is_judged(&record, detail.as_ref()) {
                        true => counts.undated += u64::from(filter.undated(&record, detail.as_ref()).is_some()),
                        false => counts.unjudged += 1,
                    }
                    with(key, &record, detail.as_ref())?;
                } else if !filter.is_meant(&record, detail.as_ref()) {
                    counts.unasked += 1;
                } else if is_told_deleted(filter.entity, &record, detail.as_ref()) {
                    counts.deleted += 1;
                }
            }
        }
    }

    /// Calls `with` on every part of this name of the records that the filter lets pass, with the key of its record.
    ///
    /// # Errors
    /// As [`RecordReader::each`].
    pub(super) fn each_part(
        &self,
        filter: &RecordFilter<'_>,
        name: &str,
        mut with: impl FnMut(&Value) -> Result<()>,
    ) -> Result<()> {
        let id = filter.entity.id.clone().unwrap_or_default();
        self.each(filter, |key, record, _| {
            let Some(Value::Array(parts)) = self.asked(key, name, record)? else {
                return Ok(());
            };
            for mut part in parts {
                if let Some(members) = part.as_object_mut() {
                    members.insert(id.clone(), Value::from(key.text.clone()));
                }
                with(&part)?;
            }
            Ok(())
        })
        .map(drop)
    }

    /// Those of these names that are members of any record, or of its own page; all of them when there is no record.
    ///
    /// # Errors
    /// As [`RecordReader::each`].
    pub(super) fn members_among(&self, names: &[&str]) -> Result<Vec<String>> {
        let mut missing: Vec<&str> = names.to_vec();
        let mut last = Key::first();
        let mut is_empty = true;
        while !missing.is_empty() {
            self.stop.check()?;
            let batch = self.mirror.after(self.list, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else { break };
            last = key.clone();
            is_empty = false;
            for (key, body) in &batch.records {
                let record = parse(body)?;
                let detail = self.detail.map(|name| self.asked(key, name, &record)).transpose()?.flatten();
                missing.retain(|name| {
                    record.get(*name).or_else(|| detail.as_ref().and_then(|detail| detail.get(*name))).is_none()
                });
            }
        }
        let is_found = |name: &&&str| is_empty || !missing.contains(*name);
        Ok(names.iter().filter(is_found).map(|name| (*name).to_owned()).collect())
    }

    /// What was asked for one record alone, under this name; none where the list says something else of it since.
    fn asked(&self, key: &Key, name: &str, record: &Value) -> Result<Option<Value>> {
        let kept = self.mirror.detail(self.list, key, name)?;
        let kept = kept.filter(|(stamp, _)| DetailStamp::read(stamp).is_of(record));
        kept.map(|(_, body)| parse(&body)).transpose()
    }
}

fn parse(body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).map_err(|error| Error::cannot_run(message!("export.bad_record", why = error)))
}
