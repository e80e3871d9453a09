//! A file that is an export of ours, as it was written or edited since: which one it is, and what that said in the cells of a
//! row.
//!
//! A workbook says it itself, unseen, wherever it was sent to meanwhile. A text file cannot: the manifest beside it says it, or
//! what stands in its cells. That is looked at in any case, because a file of the same name may be the export of another week.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use serde::Deserialize;
use uuid::Uuid;

use super::said_cell::CellBaseline;
use crate::baseline::{self, Baseline, CellMarks, mark};
use crate::entity::{Entity, Field, Overwrite, fold};
use crate::error::Result;
use crate::format::{self, Input, Row, Sheet};
use crate::mapping::{Mapping, ValueSource};

/// Exports that a file is compared with.
const MOST: usize = 12;

/// An export of ours that a person hands back.
#[derive(Debug)]
pub(in crate::import) struct HandedBack {
    /// What it said.
    baseline: Baseline,
    /// The place of each source's field in it.
    places: Vec<Option<usize>>,
    /// The columns with what names the record, each with its field.
    names: Vec<(Field, usize)>,
}

/// What the manifest beside an export says of it.
#[derive(Deserialize)]
struct Manifest {
    export: Uuid,
}

impl HandedBack {
    /// The export that a file is; none when it is none of those that are known here. `known` is the place of what its run knew.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(in crate::import) fn find(
        input: &Input,
        sheet: &Sheet,
        mapping: &Mapping,
        folder: Option<&Path>,
        known: Option<&Path>,
    ) -> Result<Option<HandedBack>> {
        let Some(names) = names(mapping) else { return Ok(None) };
        if let Some(known) = known {
            return Ok(HandedBack::of_run(mapping, known));
        }
        let of = |baseline: Baseline| HandedBack { places: places(mapping, &baseline), baseline, names: names.clone() };
        let Some(folder) = folder else { return Ok(None) };
        let entity = mapping.entity();
        let is_of_entity = |baseline: &Baseline| baseline.about.entity == entity.name;
        let marked = sheet.export.as_ref().and_then(|export| Uuid::try_parse(export).ok());
        let marked = marked.and_then(|export| Baseline::of_export(folder, &export)).filter(is_of_entity);
        if let Some(baseline) = marked {
            return Ok(Some(of(baseline)));
        }
        let beside = manifest_of(&input.path);
        let mut candidates: Vec<Candidate> = Baseline::all(folder, &entity.name)
            .into_iter()
            .map(|baseline| {
                let is_named = Some(baseline.about.export) == beside;
                Candidate { is_named, export: of(baseline), same: 0, other: 0 }
            })
            .filter(|candidate| candidate.is_named || candidate.export.has_columns_of(sheet, entity))
            .collect();
        // The one that is named, then the newest.
        candidates.sort_by_key(|candidate| !candidate.is_named);
        candidates.truncate(MOST);
        if candidates.is_empty() {
            return Ok(None);
        }
        let (mut reader, mut row) = (format::open(input)?, Row::default());
        while reader.read(&mut row)? {
            for candidate in &mut candidates {
                candidate.compare(mapping, &row)?;
            }
        }
        let is_one = |candidate: &Candidate| candidate.same > 0 && candidate.same >= candidate.other;
        // Of equals the first.
        let found = candidates.into_iter().rev().filter(is_one).max_by_key(|candidate| candidate.same);
        Ok(found.map(|candidate| candidate.export))
    }

    /// The export that the file of a run was, kept in this place; none when it is not there any more.
    pub(in crate::import) fn of_run(mapping: &Mapping, known: &Path) -> Option<HandedBack> {
        let names = names(mapping)?;
        Baseline::open(known).map(|baseline| HandedBack { places: places(mapping, &baseline), baseline, names })
    }

    /// What it said in the cells of a row, by the sources of the mapping; nothing where it had no such record.
    ///
    /// # Errors
    /// What is kept of it cannot be read.
    pub(in crate::import) fn cells(&self, mapping: &Mapping, row: &Row) -> Result<Vec<Option<CellBaseline>>> {
        let Some(marks) = self.baseline.record(&self.name(row))? else { return Ok(Vec::new()) };
        let cell = |(index, place): (usize, &Option<usize>)| {
            let CellMarks { shown, value } = marks.get((*place)?).copied()?;
            let source = &mapping.sources[index];
            let ValueSource::Column(column) = source.source else { return None };
            let is_unedited = mark(&source.field, row.cell(column).text) == shown;
            Some(CellBaseline { is_unedited, value_mark: value })
        };
        Ok(self.places.iter().enumerate().map(cell).collect())
    }

    /// The name of a row's record.
    fn name<'a>(&self, row: &'a Row) -> Cow<'a, str> {
        match self.names.as_slice() {
            [(_, column)] => Cow::Borrowed(row.cell(*column).text),
            names => {
                let parts = names.iter().map(|(field, column)| baseline::normal(field, row.cell(*column).text));
                Cow::Owned(parts.collect::<Vec<_>>().join("/"))
            }
        }
    }

    /// Where what it said is kept.
    pub(in crate::import) fn path(&self) -> &Path {
        &self.baseline.path
    }

    /// The file it was written as, and when.
    pub(in crate::import) fn shown(&self) -> (&str, &str) {
        (&self.baseline.about.file, &self.baseline.about.exported)
    }

    /// Whether no newer export of its entity was imported.
    pub(in crate::import) fn is_newest_imported(&self, folder: &Path) -> bool {
        baseline::last_imported(folder, &self.baseline.about.entity).is_none_or(|last| last <= self.baseline.about.at)
    }

    /// Keeps that its rows are imported.
    ///
    /// # Errors
    /// A full disk.
    pub(in crate::import) fn note_import(&self, folder: &Path) -> Result<()> {
        baseline::note_import(folder, &self.baseline.about)
    }

    /// Whether a file has no other columns than it had.
    fn has_columns_of(&self, sheet: &Sheet, entity: &Entity) -> bool {
        let about = &self.baseline.about;
        let titles: Vec<&str> =
            sheet.header.iter().map(|title| title.trim()).filter(|title| !title.is_empty()).collect();
        let is_own = |title: &&str| match about.titles.is_empty() {
            // Records as they came have their members for columns.
            true => entity.field(title).is_some() || about.fields.iter().any(|field| field == title),
            false => about.titles.iter().any(|own| fold(own) == fold(title)),
        };
        titles.len() > 1 && titles.iter().all(is_own)
    }
}

/// The sources of a row whose cells nobody edited, so that they are left alone.
pub(in crate::import) fn unedited(mapping: &Mapping, row: &Row, baselines: &[Option<CellBaseline>]) -> Vec<bool> {
    let is_unedited = |(index, baseline): (usize, &Option<CellBaseline>)| {
        let source = &mapping.sources[index];
        let ValueSource::Column(column) = source.source else { return false };
        let is_filled = !row.cell(column).text.trim().is_empty();
        baseline.is_some_and(|baseline| baseline.is_unedited) && is_filled && source.overwrite != Overwrite::Always
    };
    baselines.iter().enumerate().map(is_unedited).collect()
}

/// An export that a file may be, and how many of its cells say what that said.
struct Candidate {
    export: HandedBack,
    is_named: bool,
    same: u64,
    other: u64,
}

impl Candidate {
    fn compare(&mut self, mapping: &Mapping, row: &Row) -> Result<()> {
        for cell in self.export.cells(mapping, row)?.into_iter().flatten() {
            match cell.is_unedited {
                true => self.same += 1,
                false => self.other += 1,
            }
        }
        Ok(())
    }
}

/// What names a row's record, with its columns; none where the file does not say all of it.
fn names(mapping: &Mapping) -> Option<Vec<(Field, usize)>> {
    let entity = mapping.entity();
    let named = |name: &String| Some((entity.field(name)?.clone(), mapping.column(name)?));
    let names: Option<Vec<_>> = match &entity.edits {
        Some(edits) => [&edits.entity, &edits.record].into_iter().map(named).collect(),
        None => entity.named_by().iter().map(named).collect(),
    };
    names.filter(|names| !names.is_empty())
}

/// The place of each source's field in an export.
fn places(mapping: &Mapping, baseline: &Baseline) -> Vec<Option<usize>> {
    let place = |name: &str| baseline.about.fields.iter().position(|field| field == name);
    mapping.sources.iter().map(|source| place(&source.field.name).filter(|_| source.sent)).collect()
}

/// The export that the manifest beside a file names.
fn manifest_of(file: &Path) -> Option<Uuid> {
    let mut name = OsString::from(file.file_name()?);
    name.push(".manifest.json");
    let text = std::fs::read(file.with_file_name(name)).ok()?;
    serde_json::from_slice::<Manifest>(&text).ok().map(|manifest| manifest.export)
}
