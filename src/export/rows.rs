//! The way from the mirror to the file: one side reads and shapes, the other writes, a few batches apart. Neither holds
//! more than those.

use std::sync::mpsc;

use serde_json::Value;

use crate::entity::Part;
use crate::error::{Error, Result};
use crate::export::filter::Filter;
use crate::export::shape::{Rows, Shape};
use crate::export::summary::Tally;
use crate::export::write::{Table, Written};
use crate::message;
use crate::mirror::{Key, List, Mirror};
use crate::refresh::is_deleted;
use crate::terminal::Interrupt;

/// Records shaped together.
const BATCH: usize = 512;
/// Batches on their way.
const UNDERWAY: usize = 4;

/// Where the records are.
#[derive(Debug, Clone, Copy)]
pub struct Pile<'a> {
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
pub struct Passed {
    /// Records that were written.
    pub written: u64,
    /// Deleted records that were left out.
    pub deleted: u64,
}

impl Pile<'_> {
    /// Calls `with` on every record that the filter lets pass, in the order of ids, with its own page where there is one.
    ///
    /// # Errors
    /// What `with` says, a mirror that cannot be read, the user stops.
    pub fn each(
        &self,
        filter: &Filter<'_>,
        mut with: impl FnMut(&Key, &Value, Option<&Value>) -> Result<()>,
    ) -> Result<Passed> {
        let mut passed = Passed::default();
        let mut last = Key::first();
        loop {
            self.stop.check()?;
            let batch = self.mirror.after(self.list, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else {
                return Ok(passed);
            };
            last = key.clone();
            for (key, body) in &batch.records {
                let record = read(body)?;
                let detail = match self.detail {
                    Some(name) => self.mirror.detail(self.list, key, name)?.map(|(_, body)| read(&body)).transpose()?,
                    None => None,
                };
                if filter.holds(&record, detail.as_ref()) {
                    passed.written += 1;
                    with(key, &record, detail.as_ref())?;
                } else if is_deleted(filter.entity, detail.as_ref().unwrap_or(&record)) {
                    passed.deleted += 1;
                }
            }
        }
    }

    /// Writes the records as a table.
    ///
    /// # Errors
    /// As [`Pile::each`], and what the file says.
    pub fn write(
        &self,
        filter: &Filter<'_>,
        shape: &mut Shape<'_>,
        tally: &mut Tally<'_>,
        table: Table,
    ) -> Result<(Passed, Written)> {
        let width = shape.columns.len();
        pass(width, table, |rows, send| {
            let passed = self.each(filter, |_, record, detail| {
                tally.add(detail.unwrap_or(record));
                shape.add(record, detail, rows)?;
                send(rows)
            })?;
            Ok((passed, tally.finish(passed.written, &mut shape.names)?))
        })
    }

    /// Writes the parts of the records (messages of chats) as a table, each with the key of its record.
    ///
    /// # Errors
    /// As [`Pile::write`].
    pub fn write_parts(
        &self,
        filter: &Filter<'_>,
        part: &Part,
        shape: &mut Shape<'_>,
        table: Table,
    ) -> Result<(u64, Written)> {
        let width = shape.columns.len();
        let id = filter.entity.id.clone().unwrap_or_default();
        pass(width, table, |rows, send| {
            let mut parts = 0;
            self.each(filter, |key, _, _| {
                let Some((_, body)) = self.mirror.detail(self.list, key, &part.name)? else {
                    return Ok(());
                };
                for mut one in read(&body)?.as_array().cloned().unwrap_or_default() {
                    if let Some(members) = one.as_object_mut() {
                        members.insert(id.clone(), Value::from(key.text.clone()));
                    }
                    parts += 1;
                    shape.add(&one, None, rows)?;
                    send(rows)?;
                }
                Ok(())
            })?;
            Ok((parts, None))
        })
    }
}

fn read(body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).map_err(|error| Error::cannot_run(message!("export.bad_record", why = error)))
}

/// Runs the writer on a thread of its own while `produce` makes rows. A batch that is full is sent by the function it is
/// given; what it leaves at its end is written with the front sheet.
fn pass<T>(
    width: usize,
    table: Table,
    produce: impl FnOnce(
        &mut Rows,
        &mut dyn FnMut(&mut Rows) -> Result<()>,
    ) -> Result<(T, Option<crate::export::summary::Front>)>,
) -> Result<(T, Written)> {
    let (sender, receiver) = mpsc::sync_channel::<Rows>(UNDERWAY);
    let (front_sender, front_receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut open = table.create()?;
            for rows in receiver {
                rows.each(|values| open.write(values))?;
            }
            // Nothing is finished when the rows ended because their maker failed.
            match front_receiver.recv() {
                Ok(front) => open.finish(front).map(Some),
                Err(_) => Ok(None),
            }
        });
        let mut rows = Rows::new(width);
        let mut send = |rows: &mut Rows| {
            if rows.len() < BATCH {
                return Ok(());
            }
            let full = std::mem::replace(rows, Rows::new(width));
            // The writer has ended only when it failed; its own error is the one to tell.
            sender.send(full).map_err(|_| Error::cannot_run(String::new()))
        };
        let produced = produce(&mut rows, &mut send);
        let produced = produced.map(|(value, front)| {
            // The same as above.
            let _ = sender.send(rows);
            let _ = front_sender.send(front);
            value
        });
        drop(sender);
        drop(front_sender);
        let written = writer.join().unwrap_or_else(|_| Err(Error::cannot_run(message!("export.writer_died"))));
        match (produced, written) {
            (Ok(value), Ok(Some(written))) => Ok((value, written)),
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
            (Ok(_), Ok(None)) => Err(Error::cannot_run(message!("export.writer_died"))),
        }
    })
}
