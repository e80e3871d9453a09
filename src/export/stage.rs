//! Writes the tables of an export into the staging directory: the records, the parts that belong to them, or the tags in
//! use. None of them is in place yet.

use std::path::{Path, PathBuf};

use super::baseline::KeptCells;
use super::columns::ColumnChoice;
use super::facts;
use super::filter::RecordFilter;
use super::lost_characters::LostCharacters;
use super::plan::ExportPlan;
use super::record_reader::RecordReader;
use super::seen_records::SeenRecords;
use super::table::{Table, Written};
use super::table_writer::write_table;
use super::tags::{self, TagRows};
use super::unknown_members::{UnknownMember, UnknownMembers};
use crate::api::as_text;
use crate::entity::{Entity, Part};
use crate::error::{Error, Result};
use crate::format::{Column, SUMMARY_SHEET_NAMES};
use crate::mirror::List;
use crate::projection::{CellStyle, Definitions, Names, Projection};
use crate::refresh::Refresher;
use crate::t;

/// A table that is written and not yet in place.
#[derive(Debug)]
pub(super) struct StagedFile {
    /// Where it is.
    pub path: PathBuf,
    /// What its name has beyond that of the export's file.
    pub suffix: String,
    /// Its rows below the header.
    pub rows: u64,
    /// Deleted records that were left out of it.
    pub deleted_left_out: u64,
    /// Characters in it that could not be read.
    pub lost: LostCharacters,
    /// Members of its records that the catalog does not know.
    pub unknown: Vec<UnknownMember>,
    /// What its format made of it.
    pub written: Written,
    /// What it says in the cells that can be written back.
    pub kept: Option<KeptCells>,
}

/// Writes into a staging directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage<'a> {
    /// What is asked.
    pub plan: &'a ExportPlan<'a>,
    /// Where the records are.
    pub refresher: Refresher<'a>,
    /// Which of them are written.
    pub filter: &'a RecordFilter<'a>,
    /// The staging directory.
    pub directory: &'a Path,
}

/// What the name of the file with the counts of tags ends in.
const COUNTS: &str = "-counts";

impl<'a> Stage<'a> {
    /// Writes the records of a list, and the parts that belong to them where those are wanted.
    ///
    /// # Errors
    /// A name that is no column, a mirror that cannot be read, a full disk, the user stops.
    pub(super) fn records(
        &self,
        list: &List,
        definitions: Definitions,
        name_lists: Vec<(&'a Entity, List)>,
        account: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<StagedFile>> {
        let options = self.plan.options;
        let names = Names::new(self.refresher.mirror, name_lists);
        let custom = definitions.order(&self.refresher.mirror.custom(list)?);
        let reader = RecordReader::new(&self.refresher, self.plan, list);
        let mut projection = self.projection(&reader, &custom, definitions, names)?;
        let language = options.language();
        let mut table = self.table(options.entity.label(language), "", self.formats(&projection));
        table.summary_sheet = options
            .output
            .has_summary
            .then(|| language.pick(SUMMARY_SHEET_NAMES[0], SUMMARY_SHEET_NAMES[1]).to_owned());
        let is_whole = options.is_as_it_came() && projection.is_whole;
        let mut kept = KeptCells::begin(options, &projection.columns, &custom, is_whole).unwrap_or_else(|error| {
            warnings.push(t!("export.not_known_again", why = error.message()).into_owned());
            None
        });
        table.mark = kept.as_ref().map(|kept| kept.export().to_string());
        let facts = facts::of(self.plan, account);
        let path = table.path.clone();
        self.begin_writing(list)?;
        let mut seen = SeenRecords::of(options, &projection);
        let (counts, written) = write_table(table, |rows, send| {
            let counts = reader.each(self.filter, |key, record, detail| {
                self.refresher.progress.advance();
                seen.look_through(&key.text, record, detail, projection.custom);
                match options.is_as_it_came() {
                    true => projection.add_as_it_came(record, detail, rows)?,
                    false => projection.add(record, detail, rows)?,
                }
                if let Some(kept) = &mut kept {
                    kept.add(options, &key.text, record, detail, rows)?;
                }
                send(rows)
            })?;
            let counter = seen.counter.take();
            let summary =
                counter.map(|counter| counter.sheet(facts, counts.passed, &mut projection.names)).transpose()?;
            Ok((counts, summary))
        })?;
        let rows = counts.passed;
        if rows > 0 && !options.is_as_it_came() {
            warnings.extend(seen.of_nobody(self.plan.has_details));
        }
        warnings.extend(counts.words());
        let records = StagedFile {
            path,
            suffix: String::new(),
            rows,
            deleted_left_out: counts.deleted,
            lost: seen.lost,
            unknown: seen.unknown.found(),
            written,
            kept,
        };
        let mut staged = vec![records];
        if options.has_messages {
            for part in &options.entity.parts {
                staged.push(self.part(part, &reader)?);
            }
        }
        Ok(staged)
    }

    /// The columns of the table, and what fills them.
    fn projection(
        &self,
        reader: &RecordReader<'_>,
        custom: &[String],
        definitions: Definitions,
        names: Names<'a>,
    ) -> Result<Projection<'a>> {
        let options = self.plan.options;
        let choice = ColumnChoice { options };
        let unknown_names = choice.unknown_names(custom, &definitions);
        let unknown_names: Vec<&str> = unknown_names.iter().map(AsRef::as_ref).collect();
        let members = reader.members_among(&unknown_names)?;
        Ok(Projection {
            columns: choice.columns(custom, &members, &definitions, &names)?,
            style: self.style(),
            is_whole: options.columns.is_empty(),
            custom: &options.catalog.service.custom,
            definitions,
            names,
        })
    }

    /// Says that records are written, and of how many where that is known: how many of them a filter takes out shows when they are
    /// looked at.
    fn begin_writing(&self, list: &List) -> Result<()> {
        let options = self.plan.options;
        let total = self.refresher.mirror.seen(list)?;
        let total = options.selection.conditions.is_empty().then_some(total).filter(|total| *total > 0);
        self.refresher.progress.stage(&t!("export.stage_write", format = options.output.format.name));
        self.refresher.progress.begin(&t!("export.writing"), 0, total);
        Ok(())
    }

    /// Writes the parts of the records as a table, each with the key of its record.
    fn part(&self, part: &Part, reader: &RecordReader<'_>) -> Result<StagedFile> {
        let options = self.plan.options;
        let mut projection = Projection {
            columns: ColumnChoice { options }.part_columns(part),
            style: self.style(),
            is_whole: true,
            custom: &options.catalog.service.custom,
            definitions: Definitions::default(),
            names: Names::new(self.refresher.mirror, Vec::new()),
        };
        let suffix = format!("-{}", part.name);
        let table = self.table(options.language().pick(&part.zh, &part.en), &suffix, self.formats(&projection));
        let path = table.path.clone();
        let mut lost = LostCharacters::default();
        let mut unknown = UnknownMembers::of_part(options.entity, part);
        let id = options.entity.id.as_deref().unwrap_or_default();
        let (rows, written) = write_table(table, |rows, send| {
            let mut count = 0;
            reader.each_part(self.filter, &part.name, |part| {
                count += 1;
                let of = part.get(id).map(as_text).unwrap_or_default();
                lost.look_through(&of, part, None, projection.custom);
                unknown.look_through(part, None);
                match options.is_as_it_came() {
                    true => projection.add_as_it_came(part, None, rows)?,
                    false => projection.add(part, None, rows)?,
                }
                send(rows)
            })?;
            Ok((count, None))
        })?;
        Ok(StagedFile { path, suffix, rows, deleted_left_out: 0, lost, unknown: unknown.found(), written, kept: None })
    }

    /// Writes the tags of these lists' records, and beside them how many records carry which.
    ///
    /// # Errors
    /// A mirror that cannot be read, a full disk, the user stops.
    pub(super) fn tags(
        &self,
        lists: &[List],
        warnings: &mut Vec<String>,
        is_incomplete: &mut bool,
    ) -> Result<Vec<StagedFile>> {
        let options = self.plan.options;
        let readers = lists.iter().map(|list| RecordReader::new(&self.refresher, self.plan, list));
        let columns = tags::columns(options.entity, options.headers);
        let kept = KeptCells::begin_tags(options, &columns).unwrap_or_else(|error| {
            warnings.push(t!("export.not_known_again", why = error.message()).into_owned());
            None
        });
        let mut table = self.table(options.entity.label(options.language()), "", columns);
        table.mark = kept.as_ref().map(|kept| kept.export().to_string());
        let mut tag_rows = TagRows {
            entity: options.entity,
            catalog: options.catalog,
            filter: self.filter,
            language: options.language(),
            is_coded: options.is_raw || options.headers.is_none(),
            kept,
            untold: Vec::new(),
        };
        let staged = |path, suffix: &str, rows, written, kept| StagedFile {
            path,
            suffix: suffix.to_owned(),
            rows,
            deleted_left_out: 0,
            lost: LostCharacters::default(),
            unknown: Vec::new(),
            written,
            kept,
        };
        let path = table.path.clone();
        let ((rows, counts), written) = write_table(table, |rows, send| {
            let written = tag_rows.write(readers, rows, send)?;
            Ok((written, None))
        })?;
        for (entity, shown, hidden) in &tag_rows.untold {
            if *shown == 0 && !options.accepts_incomplete {
                return Err(Error::cannot_run(crate::message!(
                    "export.no_tags_shown",
                    entity = entity,
                    records = hidden
                ))
                .hint(crate::message!("export.no_tags_shown_hint")));
            }
            *is_incomplete |= *shown == 0;
            warnings.push(crate::message!("export.tags_not_shown", entity = entity, records = hidden).to_string());
        }
        let mut files = vec![staged(path, "", rows, written, tag_rows.kept)];
        // Standard output is one table.
        if options.output.file_of("").is_some() {
            let title = t!("export.tag_counts", locale = options.language().pick("zh", "en"));
            let table = self.table(&title, COUNTS, tags::count_columns(options.headers));
            let path = table.path.clone();
            let written = tags::write_counts(&counts, &table)?;
            files.push(staged(path, COUNTS, counts.len() as u64, written, None));
        }
        Ok(files)
    }

    /// The columns as a format wants them; none for records that are written whole.
    fn formats(&self, projection: &Projection<'_>) -> Vec<Column> {
        match self.plan.options.is_as_it_came() && projection.is_whole {
            true => Vec::new(),
            false => projection.columns.iter().map(|column| column.format(&projection.definitions)).collect(),
        }
    }

    /// Refuses conditions on what neither the catalog nor the account nor any record knows.
    ///
    /// # Errors
    /// A name that is no column.
    pub(super) fn check_conditions(&self, list: &List, definitions: &Definitions) -> Result<()> {
        let names: Vec<&str> = self.filter.unknown_columns().collect();
        if names.is_empty() {
            return Ok(());
        }
        let custom = self.refresher.mirror.custom(list)?;
        let members = RecordReader::new(&self.refresher, self.plan, list).members_among(&names)?;
        match names.iter().find(|name| !members.iter().chain(&custom).any(|known| known == *name)) {
            Some(name) => Err(ColumnChoice { options: self.plan.options }.unknown(name, &custom, definitions)),
            None => Ok(()),
        }
    }

    fn style(&self) -> CellStyle {
        let options = self.plan.options;
        CellStyle { is_raw: options.is_raw, is_typed: options.output.format.keeps_types, language: options.language() }
    }

    fn table(&self, sheet: &str, suffix: &str, columns: Vec<Column>) -> Table {
        let output = &self.plan.options.output;
        Table {
            format: output.format,
            encoding: output.encoding,
            path: self.directory.join(output.staged_name(suffix)),
            sheet: sheet.to_owned(),
            summary_sheet: None,
            mark: None,
            columns,
        }
    }

    /// An error in the words of the user, who knows nothing of the directory files are made in.
    pub(super) fn without_directory(&self, error: Error) -> Error {
        let folder = self.directory.parent().unwrap_or(self.directory);
        let directory = self.directory.display().to_string();
        if !error.message().contains(&directory) {
            return error;
        }
        let message = error.message().replace(&directory, &folder.display().to_string());
        let renamed = Error::new(error.kind(), message);
        match error.hint_text() {
            Some(hint) => renamed.hint(hint),
            None => renamed,
        }
    }
}
