//! `results.xlsx`: what became of every row, for people: figures, a chart and the commonest reasons first, then a sheet of
//! rows in their words.

use std::borrow::Cow;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::advice::advice;
use super::content::RunContent;
use super::row_findings::RowFindings;
use super::words;
use crate::account::shown_identity;
use crate::check::findings::RowFinding;
use crate::entity::Field;
use crate::error::Result;
use crate::files::short_path;
use crate::format::{
    Column, Counts, Fact, Marking, Row, SUMMARY_SHEET_NAMES, SummarySheet, Value, WriteOptions, Writer, XLSX,
};
use crate::import::cells::{CellReader, KeptCells};
use crate::import::notes::COMPANY_NOTE;
use crate::journal::{Operation, OperationCursor, Status};
use crate::language::Language;
use crate::mapping::Mapping;
use crate::t;

/// Reasons the first sheet shows.
const SHOWN_REASONS: usize = 10;
/// Columns that say which row is meant beside its number, at most.
const MOST_NAMES: usize = 5;
/// Widths of the columns whose texts are broken into lines.
const TEXT_WIDTH: f64 = 42.0;

/// Writes the workbook and says where it stands.
///
/// # Errors
/// A full disk, a journal that cannot be read.
pub(super) fn write(content: &RunContent<'_>, mut operations: OperationCursor) -> Result<PathBuf> {
    let path = content.journal.folder().join("results.xlsx");
    let names = names(content.mapping);
    let is_retry = content.identity().parent.is_some();
    let columns = columns(&names, is_retry);
    let first_text = columns.len() - 4;
    let wrapped = [first_text, first_text + 2].map(|column| (u16::try_from(column).unwrap_or(0), TEXT_WIDTH));
    let marking = Marking { wrapped: wrapped.to_vec(), ..Marking::default() };
    let sheet = t!("report.book_rows");
    let mut book = XLSX.create(
        &path,
        &WriteOptions {
            sheet: Some(&sheet),
            summary_sheet: Some(Language::current().pick(SUMMARY_SHEET_NAMES[2], SUMMARY_SHEET_NAMES[3])),
            marking: Some(&marking),
            ..WriteOptions::new(&columns)
        },
    )?;
    let mut findings = RowFindings::new(content.past);
    let cells = CellReader::open(content.journal.folder(), content.identity()).ok();
    let mut cells = KeptCells::of(cells.map(|cells| cells.only(names.iter().map(|(_, column)| *column))));
    let statuses = Status::ALL.map(words::status);
    for row_index in 0..content.identity().rows {
        let operation = operations.at(row_index)?;
        let found = match operation.map(|operation| operation.status) {
            Some(Status::Refused | Status::Held) => findings.at(row_index)?,
            _ => Vec::new(),
        };
        write_row(book.as_mut(), (operation, &statuses), cells.next(), &found, (&names, content.mapping), is_retry)?;
    }
    let none = Row::default();
    content.past.each_gone(|gone| {
        let gone = words::as_gone(gone);
        let about = (&*names, content.mapping);
        write_row(book.as_mut(), (Some(&gone), &statuses), &none, &[], about, is_retry)
    })?;
    book.finish_with(&summary(content)?)?;
    Ok(path)
}

/// The columns of the input by which a person knows a row, with their fields: its name, then what its keys are made of. Rows that have
/// no name are known by what they have to say; a record that one refers to may be told by something else than its id.
fn names(mapping: &Mapping) -> Vec<(String, usize)> {
    let entity = mapping.entity();
    let named = entity.display.iter().chain(entity.keys.iter().flatten()).chain(entity.id.iter());
    let edits =
        entity.edits.iter().flat_map(|edits| [&edits.entity, &edits.record, &edits.set, &edits.add, &edits.remove]);
    let required = entity.fields.iter().filter(|field| field.required && entity.display.is_none());
    let mut names: Vec<(String, usize)> = Vec::new();
    for name in named.chain(edits).chain(required.map(|field| &field.name)) {
        let is_told = |field: &Field| field.clue.as_ref().is_some_and(|clue| clue.reference == *name);
        for field in entity.fields.iter().filter(|field| field.name == *name || is_told(field)) {
            let Some(column) = mapping.column(&field.name) else { continue };
            if !field.secret && names.len() < MOST_NAMES && !names.iter().any(|(_, known)| *known == column) {
                names.push((field.label(Language::current()).to_owned(), column));
            }
        }
    }
    names.extend(mapping.old_id.as_ref().map(|old_id| (t!("report.book_old_id").into_owned(), old_id.column)));
    names
}

fn columns(names: &[(String, usize)], is_retry: bool) -> Vec<Column> {
    let column = |title: &str, is_text: bool| Column { title: title.to_owned(), is_text, ..Column::default() };
    let mut columns = vec![column(&t!("report.book_row"), false)];
    if is_retry {
        columns.push(column(&t!("report.book_origin"), false));
    }
    columns.extend(names.iter().map(|(label, _)| column(label, true)));
    columns.push(column(&t!("report.book_status"), false));
    columns.push(column(&t!("report.book_why"), false));
    columns.push(column(&t!("report.book_id"), true));
    columns.push(column(&t!("report.book_todo"), false));
    columns.push(column(&t!("report.book_time"), false));
    columns
}

fn write_row(
    book: &mut dyn Writer,
    (operation, statuses): (Option<&Operation>, &[String; Status::ALL.len()]),
    row: &Row,
    findings: &[RowFinding],
    (names, mapping): (&[(String, usize)], &Mapping),
    is_retry: bool,
) -> Result<()> {
    let number = |number: Option<u64>| number.map_or(Value::Empty, |number| Value::Number(number as f64));
    let reason = operation.and_then(|operation| operation.reason.as_deref());
    let status: Cow<'_, str> = match operation {
        Some(operation) if operation.status == Status::Skipped => {
            words::status_of(operation.status, reason.map_or("", |reason| &reason.code)).into()
        }
        Some(operation) => statuses[operation.status as usize - 1].as_str().into(),
        None => t!("status.pending"),
    };
    let without_id = operation.and_then(|operation| words::without_id(mapping.entity(), operation));
    let why = match (operation, reason) {
        _ if without_id.is_some() => without_id.unwrap_or_default(),
        (Some(operation), Some(reason)) => words::why(operation.status, &reason.code, &reason.message),
        _ => String::new(),
    };
    let todo = advice(operation, findings, mapping);
    let row_number = operation.map(|operation| operation.row.number).or(Some(row.number).filter(|number| *number > 0));
    let mut values = vec![number(row_number)];
    if is_retry {
        values.push(number(operation.and_then(|operation| operation.row.origin)));
    }
    let is_this = operation.is_none_or(|operation| operation.row.number == row.number);
    values.extend(names.iter().map(|(_, column)| match is_this {
        true => Value::Text(row.cell(*column).text.trim()),
        false => Value::Empty,
    }));
    let time = operation.and_then(|operation| local(operation.at)).map_or(Value::Empty, Value::DateTime);
    values.extend([
        Value::Text(&status),
        Value::Text(&why),
        Value::Text(operation.and_then(|operation| operation.id.as_deref()).unwrap_or_default()),
        Value::Text(&todo),
        time,
    ]);
    book.write(&values)
}

/// A moment on the clock of this machine.
fn local(at: i64) -> Option<jiff::civil::DateTime> {
    TimeZone::system().to_datetime(Timestamp::from_millisecond(at).ok()?).with().subsec_nanosecond(0).build().ok()
}

fn summary(content: &RunContent<'_>) -> Result<SummarySheet> {
    let identity = content.identity();
    let (requests, _, seconds) = content.past.totals()?;
    let at = |at: i64| local(at).map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
    let company = content.past.note(COMPANY_NOTE)?;
    let fact = |name: Cow<'_, str>, fact: Fact| (name.into_owned(), fact);
    let mut facts = vec![fact(t!("report.book_account"), shown_identity(&identity.target).into())];
    facts.extend(company.map(|company| fact(t!("report.book_company"), company.into())));
    let input = match &identity.sheet {
        Some(sheet) => format!("{} · {sheet}", identity.input_shown),
        None => identity.input_shown.clone(),
    };
    facts.extend([
        fact(t!("report.book_input"), input.into()),
        fact(t!("report.book_folder"), short_path(content.journal.folder()).display().to_string().into()),
        fact(t!("report.book_started"), at(identity.started).into()),
        fact(t!("report.book_ended"), at(Timestamp::now().as_millisecond()).into()),
        fact(t!("report.book_seconds"), t!("report.seconds", seconds = format!("{seconds:.0}")).into_owned().into()),
        fact(t!("report.book_requests"), requests.into()),
        fact(t!("report.book_rows_read"), content.counts.read.into()),
    ]);
    if content.gone.read > 0 {
        facts.push(fact(t!("report.book_gone"), content.gone.read.into()));
    }
    let unit = t!("report.book_count").into_owned();
    let ends = words::parts(&content.counts, &content.reasons);
    let is_wrong = |status: Status| !status.is_done();
    let reasons = content.reasons.iter().filter(|(status, ..)| is_wrong(*status)).take(SHOWN_REASONS);
    let reasons = reasons.map(|(status, code, message, rows)| {
        let colon = Language::current().pick("：", ": ");
        (format!("{}{colon}{}", words::status(*status), words::why(*status, code, message)), *rows)
    });
    Ok(SummarySheet {
        title: t!("report.book_title", entity = content.mapping.entity().label(Language::current())).into_owned(),
        facts,
        counts: vec![
            Counts { title: t!("report.book_ends").into_owned(), unit: unit.clone(), rows: ends, is_charted: true },
            Counts { title: t!("report.book_reasons").into_owned(), unit, rows: reasons.collect(), is_charted: false },
        ],
    })
}
