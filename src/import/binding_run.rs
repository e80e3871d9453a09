//! What `--bind` does: once a run has made or found its records, each is bound to the id that it has in another system, by a run
//! of its own beside it. A row of both operations so ends in two places, each of which goes on, is settled and is retried like any
//! other run, and nothing is bound before its record is there.

use std::path::{Path, PathBuf};

use super::options::ImportOptions;
use super::parents::follow_up;
use super::places::{binding_folder, binds};
use super::report::words;
use crate::entity::{Entity, WriteMode};
use crate::error::{Error, Result};
use crate::files::{create_private_folder, short_path};
use crate::format::{CSV, Column, Value, WriteOptions};
use crate::journal::{JournalReader, Operation, Status};
use crate::mapping::Mapping;
use crate::message;
use crate::message::Detail;
use crate::t;
use crate::terminal::{Printer, quoted_path};

/// A run that binds the records of another one.
pub(super) struct BindingRun<'a> {
    /// What it is to do.
    pub options: ImportOptions<'a>,
    folder: PathBuf,
    rows: u64,
}

/// Which entity holds bindings, and in which of its fields.
struct Bindings<'a> {
    entity: &'a Entity,
    /// The field of the record, that of the id in the other system, and that of the other system.
    fields: [&'a str; 3],
    /// The other system, as the field says it.
    source: &'a str,
}

/// Refuses what cannot be bound before anything is sent, and says what will be.
///
/// # Errors
/// Records that are never bound, a system that bindings do not know, rows without old ids.
pub(super) fn announce(options: &ImportOptions<'_>, mapping: &Mapping, printer: &Printer) -> Result<()> {
    let Some(bindings) = bindings_of(options)? else { return Ok(()) };
    if mapping.source().is_none() {
        return Err(Error::usage(message!("bind.no_old_ids")).hint(message!("bind.no_old_ids_hint")));
    }
    printer.say(&t!("bind.announced", source = bindings.source));
    Ok(())
}

fn bindings_of<'a>(options: &'a ImportOptions<'_>) -> Result<Option<Bindings<'a>>> {
    let Some(named) = &options.binds else { return Ok(None) };
    let own = options.entity();
    let found = options.catalog.entities().iter().find(|entity| binds(entity, &own.name)).and_then(|entity| {
        let (walk, conflict) = (entity.walk.as_ref()?, entity.conflict.as_ref()?);
        Some((entity, [walk.parameter.as_str(), conflict.same.first()?.as_str(), walk.each.as_str()]))
    });
    let Some((entity, fields)) = found else {
        return Err(Error::usage(message!("bind.none", entity = own.labels())).hint(message!("bind.none_hint")));
    };
    let choices = entity.field(fields[2]).map_or(&[][..], |field| &field.choices);
    match choices.iter().find(|choice| choice.value == *named) {
        Some(choice) => Ok(Some(Bindings { entity, fields, source: &choice.value })),
        None => {
            let known = Detail::List(choices.iter().map(|choice| choice.value.clone().into()).collect());
            Err(Error::usage(message!("bind.unknown", name = named)).hint(message!("bind.unknown_hint", known = known)))
        }
    }
}

impl<'a> BindingRun<'a> {
    /// The run that binds the records of the run in `folder`; none where there is nothing to bind.
    ///
    /// # Errors
    /// A damaged journal, a folder that cannot be written.
    pub(super) fn of(options: &ImportOptions<'a>, folder: &Path) -> Result<Option<BindingRun<'a>>> {
        let Some(Bindings { entity, fields, source }) = bindings_of(options)? else { return Ok(None) };
        let past = JournalReader::open_read_only(folder)?;
        let own = binding_folder(folder, entity);
        let file = own.join(format!("{}.csv", entity.name));
        let mut writer = None;
        let mut rows = 0;
        past.each_operation(|operation| {
            let Some((id, old_id)) = bound(operation) else { return Ok(()) };
            let writer = match &mut writer {
                Some(writer) => writer,
                None => {
                    create_private_folder(&own)?;
                    writer.insert(CSV.create(&file, &WriteOptions::new(&Column::plain(&fields)))?)
                }
            };
            writer.write(&[Value::Text(id), Value::Text(old_id), Value::Text(source)])?;
            rows += 1;
            Ok(())
        })?;
        let Some(writer) = writer else { return Ok(None) };
        writer.finish()?;
        let options = follow_up(options, (entity, WriteMode::Create), &own, file, &fields)?;
        Ok(Some(BindingRun { options, folder: own, rows }))
    }

    /// What is about to be done.
    pub(super) fn begins(&self) -> String {
        message!("bind.begins", rows = self.rows, folder = short_path(&self.folder).display()).to_string()
    }

    /// What became of it.
    ///
    /// # Errors
    /// A damaged journal.
    pub(super) fn ended(&self) -> Result<String> {
        let past = JournalReader::open_read_only(&self.folder)?;
        let counts = past.all_counts()?;
        let said = words::counts_of(&past, &counts)?;
        let folder = quoted_path(&self.folder);
        Ok(match counts.done() == counts.read {
            true => t!("bind.ended", counts = said, folder = folder).into_owned(),
            false => t!("bind.ended_in_part", counts = said, folder = folder).into_owned(),
        })
    }
}

/// The record of a row and its id in the other system, where both are known and the record is there.
fn bound(operation: &Operation) -> Option<(&str, &str)> {
    let is_there = matches!(operation.status, Status::Created | Status::Updated | Status::Unchanged | Status::Skipped);
    let old_id = operation.row.old_id.as_deref()?;
    Some((operation.id.as_deref().filter(|_| is_there)?, &old_id.id))
}
