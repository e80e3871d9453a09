//! Rows that were exported from here and have lost the column with the ids of their records: as new records they would all be
//! there a second time. The file may have another name and format by now, so that what stands in its cells tells.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use super::handed_back::{has_columns, places, shown};
use crate::baseline::{self, About};
use crate::entity::{Field, Kind};
use crate::error::{Error, Result};
use crate::format::{self, Input, Row, Sheet};
use crate::mapping::Mapping;
use crate::message;

/// Rows that are looked at: the first ones tell what the others are.
const ROWS: usize = 2_000;
/// Exports that a file is compared with.
const MOST: usize = 20;
/// So many cells at least have to be the same for a row to be one of an export: one alone, such as a title, is soon said again.
const CELLS: usize = 2;

/// Rows by what they say: how many say it, and whether an export does.
type SaidRows = HashMap<u64, (usize, bool)>;

/// Rows that an export of ours has said.
#[derive(Debug)]
pub(in crate::import) struct RowsOfExport {
    /// How many of the rows that were looked at.
    pub rows: usize,
    of: usize,
    about: About,
}

impl RowsOfExport {
    /// Finds an export that said at least half of the rows of a file, which does not name their records. `folder` is where it is
    /// kept what exports of the account said.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(in crate::import) fn find(
        input: &Input,
        sheet: &Sheet,
        mapping: &Mapping,
        folder: Option<&Path>,
    ) -> Result<Option<RowsOfExport>> {
        let entity = mapping.entity();
        let names_records = entity.id.as_ref().is_none_or(|id| mapping.column(id).is_some());
        let Some(folder) = folder.filter(|_| !names_records && entity.edits.is_none()) else { return Ok(None) };
        let wanted = |about: &About| has_columns(about, sheet, mapping);
        // What another account had may well be brought into this one.
        let own = baseline::all(folder, &entity.name, wanted).filter(|known| known.path.parent() == Some(folder));
        for known in own.take(MOST) {
            let places = places(mapping, &known.about);
            let told: Vec<(usize, usize)> = places
                .iter()
                .enumerate()
                .filter(|(index, _)| tells(&mapping.sources[*index].field))
                .filter_map(|(index, place)| Some((index, (*place)?)))
                .collect();
            let (mut said, of) = rows_of(input, mapping, &told)?;
            known.each(|marks| {
                let cells = told.iter().map(|(_, place)| marks.get(*place).map_or(0, |marks| marks.saved));
                if let Some(is_said) = hash_of(cells).and_then(|row| said.get_mut(&row)) {
                    is_said.1 = true;
                }
            })?;
            let rows = said.into_values().filter(|(_, is_said)| *is_said).map(|(rows, _)| rows).sum();
            if rows > 0 && 2 * rows >= of {
                return Ok(Some(RowsOfExport { rows, of, about: known.about }));
            }
        }
        Ok(None)
    }

    /// They are not made a second time unless a person says so.
    pub(in crate::import) fn refuse(&self, file: &str) -> Error {
        let RowsOfExport { rows, of, about: About { file: export, exported, .. } } = self;
        Error::usage(message!(
            "change.own_export",
            file = file,
            rows = rows,
            of = of,
            export = export,
            exported = exported
        ))
        .hint(message!("change.own_export_hint"))
    }
}

/// Whether a field tells one record from another. Where a choice was made anew for all rows they are still the same records.
fn tells(field: &Field) -> bool {
    !matches!(field.kind, Kind::Choice | Kind::Tags)
}

/// How many of the first rows of a file say the same, by what they say, and how many there are.
fn rows_of(input: &Input, mapping: &Mapping, told: &[(usize, usize)]) -> Result<(SaidRows, usize)> {
    let (mut reader, mut row) = (format::open(input)?, Row::default());
    let (mut rows, mut count) = (SaidRows::new(), 0);
    while count < ROWS && reader.read(&mut row)? {
        let shown = shown(mapping, &row);
        if let Some(row) = hash_of(told.iter().map(|(index, _)| shown[*index].saved())) {
            rows.entry(row).or_default().0 += 1;
        }
        count += 1;
    }
    Ok((rows, count))
}

/// What cells say, as one number; none where they say too little.
fn hash_of(marks: impl Iterator<Item = u64>) -> Option<u64> {
    let (mut hasher, mut filled) = (DefaultHasher::new(), 0);
    for mark in marks {
        filled += usize::from(mark != 0);
        mark.hash(&mut hasher);
    }
    (filled >= CELLS).then(|| hasher.finish())
}
