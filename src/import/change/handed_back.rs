//! A file that is an export of ours, as it was written or edited since: which one it is, and what that said in the cells of a
//! row.
//!
//! A workbook says it itself, unseen, wherever it was sent to meanwhile. A text file cannot: the manifest beside it says it, or
//! what stands in its cells. That is looked at in any case, because a file of the same name may be the export of another week.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ffi::OsString;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::moved_cells::MovedCells;
use super::record_change::field_of;
use super::said_cell::{CellBaseline, SaidCell, ShownMarks};
use super::verdict::value_now;
use crate::baseline::{self, About, Baseline, CellMarks, mark, unsent_mark};
use crate::entity::{Custom, Entity, Field, Overwrite, fold};
use crate::error::Result;
use crate::format::{self, Input, Row, Sheet};
use crate::mapping::{FieldSource, Mapping, ValueSource};
use crate::projection::text_of;

/// Exports that a file is compared with.
const MOST: usize = 40;
/// Columns of fields that only the service fills by which a file is known to be an export, whoever made it.
const READ_ONLY: usize = 2;

/// What a file comes from.
#[derive(Debug)]
pub(in crate::import) enum FileOrigin {
    /// An export of ours, of which it is known what it said.
    Known(Box<HandedBack>),
    /// An export of which nobody knows here what it said.
    Unknown,
    /// A file that people made.
    Own,
}

/// An export of ours that a person hands back.
#[derive(Debug)]
pub(in crate::import) struct HandedBack {
    /// What it said.
    baseline: Baseline,
    /// The place of each source's field in it.
    places: Vec<Option<usize>>,
    /// The columns with what names the record, each with its field; none where the file does not say it.
    names: Vec<(Field, usize)>,
    /// The columns that are never written, each with its place in it.
    unsent: Vec<(usize, usize)>,
}

/// What an export said in the cells of a row.
#[derive(Debug, Default)]
pub(in crate::import) struct SaidRow {
    /// By the sources of the mapping; empty where nothing is known.
    pub cells: Vec<Option<CellBaseline>>,
    /// Columns that are never written and were edited all the same.
    pub edited_unsent: Vec<usize>,
}

/// What the manifest beside an export says of it.
#[derive(Deserialize)]
struct Manifest {
    entity: String,
    export: Uuid,
}

impl HandedBack {
    /// What a file comes from. `folder` is where it is kept what exports of the account said, `known` the place of what its run
    /// knew.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(in crate::import) fn find(
        input: &Input,
        sheet: &Sheet,
        mapping: &Mapping,
        folder: Option<&Path>,
        known: Option<&Path>,
    ) -> Result<FileOrigin> {
        let names = names(mapping);
        let entity = mapping.entity();
        let is_of_entity = |about: &About| about.entity == entity.name;
        let of = |baseline: Baseline| {
            FileOrigin::Known(Box::new(HandedBack {
                places: places(mapping, &baseline.about),
                unsent: unsent(mapping, sheet, &baseline.about),
                baseline,
                names: names.clone(),
            }))
        };
        if let Some(known) = known.and_then(Baseline::open).filter(|known| is_of_entity(&known.about)) {
            return Ok(of(known));
        }
        let Some(folder) = folder else { return Ok(FileOrigin::Own) };
        let marked = sheet.export.as_ref().and_then(|export| Uuid::try_parse(export).ok());
        // Where rows name no records, those of another account are no origin of anything here.
        let may_be_origin = |baseline: &Baseline| {
            is_of_entity(&baseline.about) && (!names.is_empty() || baseline.path.parent() == Some(folder))
        };
        if let Some(baseline) = marked.and_then(|export| baseline::find(folder, &export))
            && may_be_origin(&baseline)
        {
            return Ok(of(baseline));
        }
        let beside = manifest_of(&input.path, entity);
        let named = beside.and_then(|export| baseline::find(folder, &export));
        let named = named.filter(may_be_origin);
        let found = match names.is_empty() {
            // Without what names the records nothing can be compared.
            true => named,
            false => alike(input, (sheet, mapping, &names), folder, named)?,
        };
        Ok(match found {
            Some(baseline) => of(baseline),
            None if marked.is_some() || beside.is_some() => FileOrigin::Unknown,
            // Other systems have such columns, too, and their files do not name records of this service.
            None if (!names.is_empty() || mapping.source().is_none()) && looks_exported(sheet, entity) => {
                FileOrigin::Unknown
            }
            None => FileOrigin::Own,
        })
    }

    /// The export that the file of a run was, kept in this place; none when it is not there any more.
    pub(in crate::import) fn of_run(mapping: &Mapping, known: &Path) -> Option<HandedBack> {
        let of = |baseline: Baseline| HandedBack {
            places: places(mapping, &baseline.about),
            baseline,
            names: names(mapping),
            unsent: Vec::new(),
        };
        Baseline::open(known).map(of)
    }

    /// What it said in the cells of a row, by the sources of the mapping; nothing where it had no such record, or the row does
    /// not name it.
    ///
    /// # Errors
    /// What is kept of it cannot be read.
    pub(in crate::import) fn cells(&self, mapping: &Mapping, row: &Row) -> Result<Vec<Option<CellBaseline>>> {
        if self.names.is_empty() {
            return Ok(Vec::new());
        }
        cells(&self.baseline, &self.places, &name(&self.names, row), &shown(mapping, row))
    }

    /// What it said in the cells of a row that says of which record it is, with what was edited in it; what has moved among the
    /// rows goes into `moved`.
    ///
    /// # Errors
    /// What is kept of it cannot be read.
    pub(in crate::import) fn row(&self, mapping: &Mapping, row: &Row, moved: &mut MovedCells) -> Result<SaidRow> {
        if self.names.is_empty() {
            return Ok(SaidRow::default());
        }
        let Some(marks) = self.baseline.record(&name(&self.names, row))? else { return Ok(SaidRow::default()) };
        let shown = shown(mapping, row);
        let cells = cells_of(&marks, &self.places, &shown);
        let edited = cells.iter().zip(&self.places).zip(&shown).zip(&mapping.sources);
        let edited = edited.filter_map(|(((cell, place), shown), source)| {
            let said = marks.get((*place)?)?;
            let ValueSource::Column(column) = source.source else { return None };
            cell.filter(|cell| !cell.is_unedited && !cell.is_respelled)?;
            Some((column, said.saved, shown.saved()))
        });
        let unsent = self.unsent.iter().filter_map(|(column, place)| {
            let text = row.cell(*column).text;
            let (said, now) = (marks.get(*place)?.saved, unsent_mark(text));
            (said != now).then_some((*column, said, now))
        });
        let unsent: Vec<(usize, u64, u64)> = unsent.collect();
        moved.take(edited.chain(unsent.iter().copied()));
        let is_edited = |column: &usize| !may_be_lost(row.cell(*column).text);
        let edited_unsent = unsent.into_iter().map(|(column, ..)| column).filter(is_edited).collect();
        Ok(SaidRow { cells, edited_unsent })
    }

    /// Says what it said in the cells of a row that did not name its record, once the record is known.
    ///
    /// # Errors
    /// What is kept of it cannot be read.
    pub(in crate::import) fn add_origin(&self, entity: &Entity, record: &str, cells: &mut [SaidCell]) -> Result<()> {
        if !self.names.is_empty() {
            return Ok(());
        }
        let Some(marks) = self.baseline.record(record)? else { return Ok(()) };
        let fields = &self.baseline.about.fields;
        for cell in cells.iter_mut().filter(|cell| cell.baseline.is_none()) {
            let place = fields.iter().position(|field| *field == cell.field);
            let said = place.and_then(|place| marks.get(place).copied());
            let field = field_of(entity, cell);
            cell.baseline = said.map(|said| CellBaseline::of(said, &ShownMarks::of(&field, &cell.shown)));
        }
        Ok(())
    }

    /// Whether the file says of itself that it is another export, one of which nothing is known here: its cells alone made it
    /// look like this one.
    pub(in crate::import) fn is_taken_for_another(&self, input: &Input, sheet: &Sheet, entity: &Entity) -> bool {
        let marked = sheet.export.as_ref().and_then(|export| Uuid::try_parse(export).ok());
        let named = marked.or_else(|| manifest_of(&input.path, entity));
        named.is_some_and(|export| export != self.baseline.about.export)
    }

    /// Whether it was of another account than that of this folder, or of the same under another name.
    pub(in crate::import) fn is_of_another_account(&self, folder: &Path) -> bool {
        self.baseline.path.parent() != Some(folder)
    }

    /// Whether a record is the one of which it said something under this name: it was made at that time, or most of what was said
    /// is there. None where it said nothing of it.
    ///
    /// # Errors
    /// What is kept of it cannot be read.
    pub(in crate::import) fn knows(
        &self,
        name: &str,
        entity: &Entity,
        custom: &Custom,
        record: &Map<String, Value>,
    ) -> Result<Option<bool>> {
        let Some(marks) = self.baseline.record(name)? else { return Ok(None) };
        let About { fields, created, .. } = &self.baseline.about;
        let exported = created.and_then(|place| marks.get(fields.len() + place)).filter(|marks| marks.saved != 0);
        let made = entity.created.as_ref().and_then(|created| record.get(created)).map(text_of);
        if let Some((exported, made)) = exported.zip(made) {
            return Ok(Some(exported.saved == unsent_mark(&made)));
        }
        let is_said = |(name, marks): &(&String, &CellMarks)| {
            // A file of tags calls them by what is done with them.
            let own = entity.field(name).or_else(|| entity.field(entity.tags.as_ref()?));
            let field = own.cloned().unwrap_or_else(|| Field::custom_text(name));
            let now = value_now(record, custom, &field.name, field.custom);
            now.is_some_and(|now| mark(&field, &now) == marks.value)
        };
        let said: Vec<(&String, &CellMarks)> =
            fields.iter().zip(&marks).filter(|(_, marks)| marks.value != 0).collect();
        let same = said.iter().filter(|said| is_said(said)).count();
        Ok((!said.is_empty()).then_some(2 * same >= said.len()))
    }

    /// Whether rows name their records by themselves, so that all of it is known when they are read.
    pub(in crate::import) fn names_records(&self) -> bool {
        !self.names.is_empty()
    }

    /// Where what it said is kept.
    pub(in crate::import) fn path(&self) -> &Path {
        &self.baseline.path
    }

    /// The file it was written as, and when.
    pub(in crate::import) fn shown(&self) -> (&str, &str) {
        (&self.baseline.about.file, &self.baseline.about.exported)
    }

    /// The same in milliseconds of Unix time.
    pub(in crate::import) fn exported_at(&self) -> i64 {
        self.baseline.about.at
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
    baseline: Baseline,
    places: Vec<Option<usize>>,
    /// The columns that are never written, each with its place.
    unsent: Vec<(usize, usize)>,
    is_named: bool,
    same: u64,
    other: u64,
    /// Cells of columns that are never written, which say what it said: they tell exports apart that are alike.
    unsent_same: u64,
}

impl Candidate {
    fn compare(&mut self, name: &str, row: &Row, shown: &[ShownMarks]) -> Result<()> {
        let Some(marks) = self.baseline.record(name)? else { return Ok(()) };
        for cell in cells_of(&marks, &self.places, shown).into_iter().flatten() {
            match cell.is_unedited || cell.is_respelled {
                true => self.same += 1,
                false => self.other += 1,
            }
        }
        let says = |(column, place): &&(usize, usize)| {
            marks.get(*place).is_some_and(|said| said.saved != 0 && said.saved == unsent_mark(row.cell(*column).text))
        };
        self.unsent_same += self.unsent.iter().filter(says).count() as u64;
        Ok(())
    }

    /// Whether at least half of its cells are in the file.
    fn is_alike(&self) -> bool {
        self.same > 0 && self.same >= self.other
    }
}

/// The export that a file is by what its cells say. Where it is as much like several of them it is the one that is `named`, else
/// the oldest: what was changed between them is then held and not overwritten.
///
/// # Errors
/// A file that cannot be read.
fn alike(
    input: &Input,
    (sheet, mapping, names): (&Sheet, &Mapping, &[(Field, usize)]),
    folder: &Path,
    named: Option<Baseline>,
) -> Result<Option<Baseline>> {
    let candidate = |baseline: Baseline, is_named| {
        let places = places(mapping, &baseline.about);
        let unsent = unsent(mapping, sheet, &baseline.about);
        Candidate { baseline, places, unsent, is_named, same: 0, other: 0, unsent_same: 0 }
    };
    let name_of_named = named.as_ref().map(|named| named.about.export);
    let mut candidates: Vec<Candidate> = named.into_iter().map(|named| candidate(named, true)).collect();
    let is_other = |about: &About| Some(about.export) != name_of_named && has_columns(about, sheet, mapping);
    let others = baseline::all(folder, &mapping.entity().name, is_other).take(MOST);
    candidates.extend(others.map(|other| candidate(other, false)));
    if candidates.is_empty() {
        return Ok(None);
    }
    let (mut reader, mut row) = (format::open(input)?, Row::default());
    while reader.read(&mut row)? {
        let (name, shown) = (name(names, &row), shown(mapping, &row));
        for candidate in &mut candidates {
            candidate.compare(&name, &row, &shown)?;
        }
    }
    let rank = |candidate: &Candidate| {
        let is_alike = candidate.is_alike();
        let (same, unsent) = if is_alike { (candidate.same, candidate.unsent_same) } else { (0, 0) };
        (is_alike, same, candidate.is_named, unsent, Reverse(candidate.baseline.about.at))
    };
    // One that the file is named after is it, however much of it was edited.
    let found = candidates.into_iter().max_by_key(rank).filter(|found| found.is_named || found.is_alike());
    Ok(found.map(|found| found.baseline))
}

/// Whether an export had the columns of a file: all of them, or most of those that are sent.
pub(super) fn has_columns(about: &About, sheet: &Sheet, mapping: &Mapping) -> bool {
    let titles: Vec<&str> = sheet.header.iter().map(|title| title.trim()).filter(|title| !title.is_empty()).collect();
    let is_own = |title: &&str| about.titles.iter().any(|own| fold(own) == fold(title));
    let sent = mapping.sources.iter().filter(|source| source.sent && matches!(source.source, ValueSource::Column(_)));
    let known = places(mapping, about).iter().flatten().count();
    titles.len() > 1 && known > 0 && (titles.iter().all(is_own) || 2 * known >= sent.count())
}

/// Whether a file has columns that only the service fills, as an export has them and hardly any other file.
fn looks_exported(sheet: &Sheet, entity: &Entity) -> bool {
    let is_read_only = |title: &&String| {
        let field = entity.field_called(title.trim());
        field.is_some_and(|field| field.read_only && !entity.named_by().contains(&field.name))
    };
    sheet.header.iter().filter(is_read_only).count() >= READ_ONLY
}

/// What an export said of a record of this name, by the sources of the mapping, whose cells show these marks now.
fn cells(
    baseline: &Baseline,
    places: &[Option<usize>],
    name: &str,
    shown: &[ShownMarks],
) -> Result<Vec<Option<CellBaseline>>> {
    let Some(marks) = baseline.record(name)? else { return Ok(Vec::new()) };
    Ok(cells_of(&marks, places, shown))
}

fn cells_of(marks: &[CellMarks], places: &[Option<usize>], shown: &[ShownMarks]) -> Vec<Option<CellBaseline>> {
    let cell =
        |(place, shown): (&Option<usize>, &ShownMarks)| Some(CellBaseline::of(marks.get((*place)?).copied()?, shown));
    places.iter().zip(shown).map(cell).collect()
}

/// Whether a cell may say something else because a program could not keep or show what stood in it: it is blank, too narrow for
/// it, shortens a long number, or has no such letters.
fn may_be_lost(text: &str) -> bool {
    /// Digits that a spreadsheet program keeps.
    const KEPT: usize = 15;
    let text = text.trim();
    let is_long = text.len() > KEPT && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = text.contains(['E', 'e']) && text.parse::<f64>().is_ok();
    // A moment without its format, as days since 1900.
    let is_serial = text.contains('.') && text.parse::<f64>().is_ok_and(|days| (20_000.0..80_000.0).contains(&days));
    text.is_empty() || text.starts_with('#') || text.contains(['?', '\u{fffd}']) || is_long || is_short || is_serial
}

/// The columns of a file that are never written, each with its place among the marks of an export: those of the same heading.
fn unsent(mapping: &Mapping, sheet: &Sheet, about: &About) -> Vec<(usize, usize)> {
    let is_sent = |column: usize| {
        mapping
            .sources
            .iter()
            .any(|source| source.sent && matches!(source.source, ValueSource::Column(of) if of == column))
    };
    let place = |title: &String| about.unsent.iter().position(|unsent| fold(unsent) == fold(title));
    let columns = sheet.header.iter().enumerate().filter(|(column, _)| !is_sent(*column));
    columns.filter_map(|(column, title)| Some((column, about.fields.len() + place(title)?))).collect()
}

/// The marks of what a row's cells show, by the sources of the mapping.
pub(super) fn shown(mapping: &Mapping, row: &Row) -> Vec<ShownMarks> {
    let shown = |source: &FieldSource| match source.source {
        ValueSource::Column(column) => ShownMarks::of(&source.field, row.cell(column).text),
        _ => ShownMarks::of(&source.field, ""),
    };
    mapping.sources.iter().map(shown).collect()
}

/// What names a row's record, with its columns; nothing where the file does not say all of it.
fn names(mapping: &Mapping) -> Vec<(Field, usize)> {
    let entity = mapping.entity();
    let named = |name: &String| Some((entity.field(name)?.clone(), mapping.column(name)?));
    let names: Option<Vec<_>> = match &entity.edits {
        Some(edits) => [&edits.entity, &edits.record].into_iter().map(named).collect(),
        None => entity.named_by().iter().map(named).collect(),
    };
    names.unwrap_or_default()
}

/// The name of a row's record.
fn name<'a>(names: &[(Field, usize)], row: &'a Row) -> Cow<'a, str> {
    match names {
        [(_, column)] => Cow::Borrowed(row.cell(*column).text),
        names => {
            let parts = names.iter().map(|(field, column)| baseline::normal(field, row.cell(*column).text));
            Cow::Owned(parts.collect::<Vec<_>>().join("/"))
        }
    }
}

/// The place of each source's field in an export.
pub(super) fn places(mapping: &Mapping, about: &About) -> Vec<Option<usize>> {
    let place = |source: &FieldSource| {
        let is_cell = source.sent && matches!(source.source, ValueSource::Column(_));
        about.fields.iter().position(|field| *field == source.field.name).filter(|_| is_cell)
    };
    mapping.sources.iter().map(place).collect()
}

/// The export that the manifest beside a file names, where it is one of such records.
fn manifest_of(file: &Path, entity: &Entity) -> Option<Uuid> {
    let mut name = OsString::from(file.file_name()?);
    name.push(".manifest.json");
    let text = std::fs::read(file.with_file_name(name)).ok()?;
    let manifest: Manifest = serde_json::from_slice(&text).ok()?;
    (manifest.entity == entity.name).then_some(manifest.export)
}
