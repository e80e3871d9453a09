//! `bw8 inspect`: what a file is, before anybody says what its rows are to become. Nothing is sent or written.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::options::ReadingOptions;
use crate::check::record::Record;
use crate::entity::Field;
use crate::error::{Exit, Result};
use crate::format::{self, Headings, Input, column_letters};
use crate::language::Language;
use crate::mapping::{KnownHeadings, Mapping};
use crate::message;
use crate::message::Message;
use crate::problem::Severity;
use crate::settings::{Settings, SettingsOptions};
use crate::survey::{
    AnyHeadings, ColumnKind, ColumnSurvey, EntityFit, FileSurvey, entity_fits, masked, masked_heading, masked_message,
    shown,
};
use crate::t;
use crate::terminal::{Printer, quoted_path};
use crate::text::{clean, shorten};
use crate::value::ValueOptions;

/// Kinds of records that are named beside the best.
const OTHER_FITS: usize = 2;
/// Characters of a heading and of a sample that a line shows.
const SHOWN_LENGTH: usize = 24;

/// `bw8 inspect`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file, or - for standard input
    file: PathBuf,
    #[command(flatten)]
    reading: ReadingOptions,
    /// Show samples as they are, personal data included
    #[arg(long)]
    show: bool,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// What is told of a file.
struct Report<'a> {
    input: &'a Input,
    /// The file as it was typed.
    typed: &'a Path,
    format: &'static str,
    survey: &'a FileSurvey,
    fits: Vec<EntityFit<'a>>,
    /// Whether nothing is masked.
    show: bool,
}

/// Looks a file over.
///
/// # Errors
/// A file that cannot be read.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let catalog = &settings.catalog;
    let any: Arc<dyn Headings> = Arc::new(AnyHeadings::new(catalog));
    let (mut input, _kept) = arguments.reading.looked_over(&arguments.file, any)?;
    let format = format::detect(&input)?.name;
    // What an import would read depends on what is imported: the best guess is read as that.
    let header = format::open(&input)?.sheet().header.clone();
    let titles: Vec<&str> = header.iter().map(String::as_str).collect();
    if let Some(fit) = entity_fits(catalog, &titles).first() {
        input.headings = Some(Arc::new(KnownHeadings::new(fit.entity, None)));
    }
    let survey = look(&input, &settings, &titles)?;
    let fits = entity_fits(catalog, &survey.headings());
    let report = Report { input: &input, typed: &arguments.file, format, survey: &survey, fits, show: arguments.show };
    printer.result(&report.text());
    printer.json(&report.json());
    Ok(Exit::Done)
}

/// Looks at the whole file, and at its rows as a check of what they most likely are does.
fn look(input: &Input, settings: &Settings, titles: &[&str]) -> Result<FileSurvey> {
    let sheet = format::open(input)?.sheet().clone();
    let fits = entity_fits(&settings.catalog, titles);
    let custom = &settings.catalog.service.custom;
    let mapping = fits.first().and_then(|fit| {
        Mapping::new(fit.entity, custom, &sheet, None, settings.account_mode, ValueOptions::default()).ok()
    });
    let Some(mapping) = mapping else { return FileSurvey::read(input) };
    let mut record = Record::default();
    FileSurvey::look(input, |row, survey| {
        mapping.check(row, &mut record);
        for finding in &record.findings {
            let is_said = row.remarks.iter().any(|remark| remark.problem.code == finding.code);
            if !is_said && finding.severity >= Severity::Held {
                survey.remark(row.number, finding.code, finding.severity, || finding.rule.clone());
            }
        }
    })
}

impl Report<'_> {
    fn text(&self) -> String {
        let sheet = &self.survey.sheet;
        let (rows, columns) = (self.survey.rows, self.survey.columns.len());
        let file = &self.input.shown;
        let (reading, row) = (&sheet.reading, sheet.header_row);
        let mut lines = vec![
            match row {
                0 => t!("inspect.file_of_objects", file = file, reading = reading, rows = rows, columns = columns),
                _ => t!("inspect.file", file = file, reading = reading, row = row, rows = rows, columns = columns),
            }
            .into_owned(),
        ];
        let sheets = |names: &[String]| names.join(Language::current().pick("、", ", "));
        if let Some(name) = &sheet.name {
            lines.push(t!("inspect.sheet", sheet = name).into_owned());
        }
        if !sheet.others.is_empty() {
            lines.push(t!("inspect.other_sheets", sheets = sheets(&sheet.others)).into_owned());
        }
        lines.extend(sheet.notes.iter().map(|note| self.said(note)));
        if self.survey.skipped > 0 {
            lines.push(message!("inspect.skipped", rows = self.survey.skipped).to_string());
        }
        lines.push(String::new());
        lines.extend(aligned(self.survey.columns.iter().enumerate().map(|(index, column)| self.line(index, column))));
        if !self.survey.remarks.is_empty() {
            lines.push(String::new());
            lines.push(t!("inspect.remarks").into_owned());
        }
        for (code, remark) in &self.survey.remarks {
            let numbers: Vec<String> = remark.rows.iter().map(u64::to_string).collect();
            let more = if remark.count > numbers.len() as u64 { "…" } else { "" };
            let rows = format!("{}{more}", numbers.join(", "));
            let what = self.said(&remark.rule);
            let remark = message!("inspect.remark", count = remark.count, code = code, rows = rows, what = what);
            lines.push(remark.to_string());
        }
        lines.push(String::new());
        lines.extend(self.fit_lines());
        if !self.show {
            lines.push(t!("inspect.masked").into_owned());
        }
        lines.join("\n")
    }

    /// What the headings fit, and which command goes on.
    fn fit_lines(&self) -> Vec<String> {
        let language = Language::current();
        let headings = self.survey.headings().len();
        let Some((best, others)) = self.fits.split_first() else { return vec![t!("inspect.no_fit").into_owned()] };
        let (entity, known) = (best.entity, best.known);
        let mut lines = vec![
            t!("inspect.fit", entity = entity.label(language), name = entity.name, known = known, headings = headings)
                .into_owned(),
        ];
        let others: Vec<String> = others
            .iter()
            .take(OTHER_FITS)
            .map(|fit| format!("{} {}/{headings}", fit.entity.label(language), fit.known))
            .collect();
        if !others.is_empty() {
            lines.push(t!("inspect.other_fits", fits = others.join(language.pick("，", ", "))).into_owned());
        }
        let path = quoted_path(self.typed);
        lines.push(t!("inspect.next", command = format!("bw8 check {} {path}", entity.name)).into_owned());
        lines
    }

    /// What a reader says, without what it quotes unless that may be shown.
    fn said(&self, message: &Message) -> String {
        let text = if self.show { message.to_string() } else { masked_message(message).to_string() };
        clean(&text).into_owned()
    }

    fn heading(&self, column: &ColumnSurvey) -> String {
        match self.show {
            true => shown(&column.heading).into_owned(),
            false => masked_heading(&column.heading),
        }
    }

    fn samples(&self, column: &ColumnSurvey) -> Vec<String> {
        let sample = |text: &String| if self.show { shown(text).into_owned() } else { masked(&column.heading, text) };
        column.samples.iter().map(sample).collect()
    }

    /// The field of the best entity that a heading names.
    fn field(&self, column: &ColumnSurvey) -> Option<&Field> {
        let entity = self.fits.first()?.entity;
        entity.fields.get(KnownHeadings::new(entity, None).find(&column.heading)?)
    }

    fn line(&self, index: usize, column: &ColumnSurvey) -> Vec<String> {
        let field = self.field(column).map(|field| format!("→ {}", field.label(Language::current())));
        let samples: Vec<String> =
            self.samples(column).iter().map(|sample| shorten(sample, SHOWN_LENGTH).into_owned()).collect();
        vec![
            column_letters(index),
            shorten(&self.heading(column), SHOWN_LENGTH).into_owned(),
            kind_label(column.kind()),
            format!("{}%", self.filled(column)),
            samples.join(Language::current().pick("、", ", ")),
            field.unwrap_or_default(),
        ]
    }

    /// How many of its cells are filled, in percent; 100 only when all are.
    fn filled(&self, column: &ColumnSurvey) -> u64 {
        (column.filled * 100).checked_div(self.survey.rows).unwrap_or(0)
    }

    fn json(&self) -> Value {
        let sheet = &self.survey.sheet;
        let columns: Vec<Value> = self
            .survey
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                json!({"column": column_letters(index), "header": self.heading(column), "kind": column.kind(),
                    "filled": column.filled, "distinct": column.words.counted().map(|words| words.len()),
                    "samples": self.samples(column), "field": self.field(column).map(|field| &field.name)})
            })
            .collect();
        let notes: Vec<Value> =
            sheet.notes.iter().map(|note| json!({"code": note.code(), "text": self.said(note)})).collect();
        let remarks: Vec<Value> = self
            .survey
            .remarks
            .iter()
            .map(|(code, remark)| {
                json!({"code": code, "severity": remark.severity, "count": remark.count, "rows": remark.rows,
                    "text": self.said(&remark.rule)})
            })
            .collect();
        let entities: Vec<Value> =
            self.fits.iter().map(|fit| json!({"entity": fit.entity.name, "known": fit.known})).collect();
        json!({
            "version": 1, "file": self.input.shown, "format": self.format, "reading": sheet.reading, "encoding": sheet.encoding,
            "delimiter": sheet.delimiter.map(|byte| char::from(byte).to_string()), "sheet": sheet.name.as_deref().map(clean),
            "other_sheets": cleaned(&sheet.others), "hidden_sheets": cleaned(&sheet.hidden), "header_row": sheet.header_row,
            "rows": self.survey.rows, "rows_skipped": self.survey.skipped, "headings": self.survey.headings().len(),
            "columns": columns, "notes": notes, "remarks": remarks, "entities": entities, "masked": !self.show,
            "exit": Exit::Done,
        })
    }
}

fn cleaned(names: &[String]) -> Vec<Cow<'_, str>> {
    names.iter().map(|name| clean(name)).collect()
}

/// Lines whose parts stand below each other, whatever the width of their characters.
fn aligned(lines: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let lines: Vec<Vec<String>> = lines.collect();
    let parts = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..parts).map(|part| lines.iter().map(|line| line[part].width()).max().unwrap_or_default()).collect();
    let line = |line: &Vec<String>| {
        let padded =
            line.iter().zip(&widths).map(|(text, width)| format!("{text}{}  ", " ".repeat(width - text.width())));
        padded.collect::<String>().trim_end().to_owned()
    };
    lines.iter().map(line).collect()
}

fn kind_label(kind: ColumnKind) -> String {
    match kind {
        ColumnKind::Empty => t!("inspect.kind_empty"),
        ColumnKind::Text => t!("inspect.kind_text"),
        ColumnKind::Number => t!("inspect.kind_number"),
        ColumnKind::Date => t!("inspect.kind_date"),
        ColumnKind::Phone => t!("inspect.kind_phone"),
        ColumnKind::Mail => t!("inspect.kind_mail"),
        ColumnKind::Id => t!("inspect.kind_id"),
        ColumnKind::Choice => t!("inspect.kind_choice"),
    }
    .into_owned()
}
