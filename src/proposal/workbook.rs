//! A proposal as a workbook that a person fills in with a spreadsheet program and `--mapping` reads. What is certain stands in
//! the column that counts, all else beside it. It is in Chinese whatever language is spoken, as a template is.

use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format, Formula, Workbook, Worksheet,
    XlsxError,
};
use unicode_width::UnicodeWidthStr;

use super::mapping_proposal::{ColumnProposal, MappingProposal, Meaning};
use crate::format::xlsx::layout::{A4, bounded, lay_out, write_title};
use crate::format::xlsx::limits::{MAX_ROWS, cut_text};
use crate::format::xlsx::template::{EXPLANATION, HIDDEN};
use crate::format::{Column, column_letters};
use crate::mapping::workbook::{
    COLUMNS_SHEET, CONSTANTS_SHEET, FIELD, HEADING, INSTEAD, LEAVE_OUT, LETTERS, MADE_FOR, OF_FIELD, VALUE, WORD,
    WORDS_SHEET,
};
use crate::survey::SAMPLES;
use crate::t;
use crate::text::clean;

/// The column of [`FIELD`] in the first sheet.
const FIELD_COLUMN: u16 = 2 + SAMPLES as u16;
/// The column of the sheet of words that says how often one occurs.
const COUNT_COLUMN: u16 = 2;
/// The column of [`INSTEAD`] in the sheet of words.
const INSTEAD_COLUMN: u16 = 3;
/// The first column of the hidden sheet that holds a list.
const FIRST_LIST: u16 = 3;

/// A workbook to fill in. `samples` tells how samples are shown; `command` is how the file is used.
///
/// # Errors
/// A limit of the format.
pub fn workbook(
    proposal: &MappingProposal<'_>,
    command: &str,
    samples: impl Fn(&str, &str) -> String,
) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let properties =
        DocProperties::new().set_author("bw8").set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?);
    workbook.set_properties(&properties);
    let mut lists = Lists::default();
    write_columns(workbook.add_worksheet(), proposal, &samples, &mut lists)?;
    if !proposal.words.is_empty() {
        write_words(workbook.add_worksheet(), proposal, &mut lists)?;
    }
    if !proposal.missing.is_empty() {
        write_constants(workbook.add_worksheet(), proposal)?;
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name(EXPLANATION[0])?.set_column_width(0, 100)?.set_paper_size(A4);
    for (row, line) in (0u32..).zip(say("map.workbook_advice", &[("command", command)]).lines()) {
        sheet.write_string(row, 0, line)?;
    }
    lists.write(workbook.add_worksheet(), proposal.header())?;
    Ok(workbook)
}

/// The lists that cells choose from, a column of the hidden sheet each.
#[derive(Default)]
struct Lists {
    lists: Vec<Vec<String>>,
}

impl Lists {
    /// A rule that a cell holds one of these texts; another one is asked about and kept.
    fn rule(&mut self, texts: Vec<String>) -> Result<DataValidation, XlsxError> {
        let letters = column_letters(usize::from(FIRST_LIST) + self.lists.len());
        let range = format!("='{HIDDEN}'!${letters}$1:${letters}${}", texts.len().max(1));
        self.lists.push(texts);
        Ok(DataValidation::new()
            .allow_list_formula(Formula::new(range))
            .set_error_message(say("template.unusual", &[]))?
            .set_error_style(DataValidationErrorStyle::Warning))
    }

    fn write<'a>(&self, sheet: &mut Worksheet, header: impl Iterator<Item = &'a str>) -> Result<(), XlsxError> {
        sheet.set_name(HIDDEN)?.set_very_hidden(true);
        sheet.write_string(0, 0, MADE_FOR)?.write_string(0, 1, "1")?;
        for (row, heading) in (1u32..).zip(header) {
            sheet.write_string(row, 0, cut_text(heading))?;
        }
        for (column, texts) in (FIRST_LIST..).zip(&self.lists) {
            for (row, text) in (0u32..).zip(texts) {
                sheet.write_string(row, column, cut_text(text))?;
            }
        }
        Ok(())
    }
}

fn write_columns(
    sheet: &mut Worksheet,
    proposal: &MappingProposal<'_>,
    samples: impl Fn(&str, &str) -> String,
    lists: &mut Lists,
) -> Result<(), XlsxError> {
    sheet.set_name(COLUMNS_SHEET)?;
    let sample_titles = (1..=SAMPLES).map(|number| say("map.sample_title", &[("number", &number.to_string())]));
    let mut titles = vec![LETTERS.to_owned(), HEADING.to_owned()];
    titles.extend(sample_titles);
    titles.push(FIELD.to_owned());
    titles.extend(["map.proposed_title", "map.confidence_title", "map.remark_title"].map(|key| say(key, &[])));
    let mut table = vec![titles];
    for (index, column) in proposal.columns.iter().enumerate() {
        let mut shown: Vec<String> =
            column.survey.samples.iter().map(|sample| samples(&column.survey.heading, sample)).collect();
        shown.resize(SAMPLES, String::new());
        // Names are written as they are: the mapping is read by them.
        let mut cells = vec![column_letters(index), column.survey.heading.trim().to_owned()];
        cells.extend(shown);
        cells.extend(said(proposal, column));
        table.push(cells);
    }
    write_table(sheet, &table)?;
    let labels = std::iter::once(LEAVE_OUT.to_owned())
        .chain(proposal.choosable().map(|index| proposal.word_for(index).to_owned()));
    let rule = lists.rule(labels.collect())?;
    sheet.add_data_validation(1, FIELD_COLUMN, MAX_ROWS - 1, FIELD_COLUMN, &rule)?;
    lay_out(sheet)
}

/// The field that counts, the one that is proposed, how sure it is, and a remark.
fn said(proposal: &MappingProposal<'_>, column: &ColumnProposal<'_>) -> [String; 4] {
    let none = String::new;
    let label = |field: usize| proposal.word_for(field).to_owned();
    let routed = || match proposal.routed(column) {
        Some(field) => say("map.routed_remark", &[("label", &field.zh)]),
        None => none(),
    };
    match &column.meaning {
        Meaning::Known { field } => [label(*field), none(), say("map.by_heading", &[]), routed()],
        Meaning::NotSent { reason } => {
            let reason = reason.clone().unwrap_or_else(|| say("mapping.result_column", &[]));
            [LEAVE_OUT.to_owned(), none(), none(), reason]
        }
        Meaning::Twice { field, first } => {
            let remark = say("map.twice_remark", &[("first", &column_letters(*first)), ("label", &label(*field))]);
            [none(), none(), none(), remark]
        }
        Meaning::Proposed { field, confidence, is_certain } => {
            let counts = if *is_certain { label(*field) } else { none() };
            let remark = if *is_certain { routed() } else { say("map.uncertain_remark", &[]) };
            [counts, label(*field), format!("{confidence}%"), remark]
        }
        Meaning::OtherSystem => [none(), none(), none(), say("map.other_system", &[])],
        Meaning::Nothing => [none(), none(), none(), say("map.nothing_remark", &[])],
    }
}

fn write_words(sheet: &mut Worksheet, proposal: &MappingProposal<'_>, lists: &mut Lists) -> Result<(), XlsxError> {
    sheet.set_name(WORDS_SHEET)?;
    let mut table = vec![[OF_FIELD, WORD, &say("map.count_title", &[]), INSTEAD].map(str::to_owned).to_vec()];
    let mut first: u32 = 1;
    for words in &proposal.words {
        let field = proposal.field(words.field);
        for (word, _) in &words.words {
            table.push(vec![field.zh.clone(), word.clone(), String::new(), String::new()]);
        }
        let last = u32::try_from(table.len() - 1).unwrap_or(MAX_ROWS - 1);
        let rule = lists.rule(field.offered_choices().map(|choice| choice.zh.clone()).collect())?;
        sheet.add_data_validation(first, INSTEAD_COLUMN, last, INSTEAD_COLUMN, &rule)?;
        first = last + 1;
    }
    write_table(sheet, &table)?;
    let counts = proposal.words.iter().flat_map(|words| &words.words);
    for (row, (_, count)) in (1u32..MAX_ROWS).zip(counts) {
        // Exact up to 2^53, far beyond any count of rows.
        sheet.write_number(row, COUNT_COLUMN, *count as f64)?;
    }
    lay_out(sheet)
}

fn write_constants(sheet: &mut Worksheet, proposal: &MappingProposal<'_>) -> Result<(), XlsxError> {
    sheet.set_name(CONSTANTS_SHEET)?;
    let mut table = vec![[OF_FIELD, VALUE, &say("map.remark_title", &[])].map(str::to_owned).to_vec()];
    for field in &proposal.missing {
        let remark = say("map.constant_remark", &[]);
        table.push(vec![proposal.field(*field).zh.clone(), String::new(), remark]);
    }
    write_table(sheet, &table)?;
    lay_out(sheet)
}

/// Writes a table of texts, its first row as titles, each column as wide as it needs.
fn write_table(sheet: &mut Worksheet, table: &[Vec<String>]) -> Result<(), XlsxError> {
    let text = Format::new().set_num_format("@");
    let Some((titles, rows)) = table.split_first() else { return Ok(()) };
    for (column, title) in (0u16..).zip(titles) {
        write_title(sheet, column, &Column { title: title.clone(), is_text: true, required: false })?;
        sheet.set_column_format(column, &text)?;
        let cells = table.iter().filter_map(|row| row.get(usize::from(column)));
        let width = cells.map(|cell| clean(cell).width() + 2).max().unwrap_or_default();
        sheet.set_column_width(column, bounded(width))?;
    }
    for (row, cells) in (1u32..).zip(rows) {
        for (column, cell) in (0u16..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string_with_format(row, column, cut_text(cell), &text)?;
        }
    }
    Ok(())
}

/// A text of the workbook: Chinese, whatever language is spoken.
fn say(key: &str, values: &[(&str, &str)]) -> String {
    let text = t!(key, locale = "zh");
    let (names, values): (Vec<&str>, Vec<String>) =
        values.iter().map(|(name, value)| (*name, (*value).to_owned())).unzip();
    rust_i18n::replace_patterns(&text, &names, &values)
}
