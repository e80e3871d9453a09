//! `decisions.xlsx`: what a person has to decide, a row for each text of which it is not clear which record it means.

use std::path::Path;

use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::answered_rows::{answered_rows, hidden};
use super::answers::{BLANK, CREATE, OTHERS, REFUSE};
use super::question::{ANSWER, KEY, Question, TITLES};
use crate::error::Result;
use crate::files::Access;
use crate::format::Column;
use crate::format::xlsx::layout::{A4, LINE_HEIGHT, lay_out, lines_of, write_title};
use crate::format::xlsx::limits::{MAX_ROWS, cut_text};
use crate::format::xlsx::template::EXPLANATION;
use crate::format::xlsx::{cannot_write, save};
use crate::language::Language;
use crate::mapping::is_word_key;
use crate::t;

/// Name of the file in a run's folder.
pub(in crate::import) const FILE_NAME: &str = "decisions.xlsx";
/// Characters the list of a drop-down may have, commas included.
const MAX_LIST: usize = 255;
/// The columns that a person fills in, and by which an answer is known again.
const ANSWER_COLUMN: u16 = 5;
const KEY_COLUMN: u16 = 6;
/// Lines that a row shows at most.
const MOST_LINES: usize = 20;
/// Characters the column of the explanation is wide.
const EXPLANATION_WIDTH: f64 = 110.0;
const WIDTHS: [f64; 7] = [16.0, 30.0, 8.0, 44.0, 60.0, 16.0, 24.0];

/// Writes what is to be decided into a run's folder. What was answered stays behind it, so that it can be answered otherwise.
///
/// # Errors
/// A full disk, a file that another program holds.
pub(in crate::import) fn write(path: &Path, questions: &[Question]) -> Result<()> {
    let answered = if path.exists() { answered_rows(path)? } else { Vec::new() };
    let answered = answered.into_iter().map(|row| row.question);
    let is_asked = |answered: &Question| questions.iter().any(|question| question.key == answered.key);
    let answered: Vec<Question> = answered.filter(|question| !is_asked(question)).collect();
    let questions: Vec<&Question> = questions.iter().chain(&answered).collect();
    let mut workbook = Workbook::new();
    let filled = fill(workbook.add_worksheet(), &questions).and_then(|()| explain(workbook.add_worksheet()));
    filled.map_err(|error| cannot_write(path, &error))?;
    save(&mut workbook, path, Access::Owner)
}

fn fill(sheet: &mut Worksheet, questions: &[&Question]) -> std::result::Result<(), XlsxError> {
    let language = Language::current();
    let said = |[zh, en]: [&'static str; 2]| language.pick(zh, en);
    sheet.set_name(said(["待决定", "to decide"]))?;
    let titles = TITLES.into_iter().chain([ANSWER]).map(said).chain([KEY]);
    for ((column_index, title), width) in (0u16..).zip(titles).zip(WIDTHS) {
        let column = Column { title: title.to_owned(), is_text: true, required: false };
        write_title(sheet, column_index, &column)?;
        sheet.set_column_width(column_index, width)?;
    }
    let cell = Format::new().set_text_wrap().set_align(FormatAlign::Top).set_num_format("@");
    for (row, question) in (1u32..).zip(questions) {
        let candidates: Vec<&str> = question.candidates.iter().map(|(_, described)| described.as_str()).collect();
        let (label, text) = (cut_text(&question.label), cut_text(&question.text));
        let key = hidden(&question.key, label, text);
        let texts = [label, text, "", &question.why, &candidates.join("\n"), &question.answer, &key];
        let mut lines = 1;
        for ((column_index, text), width) in (0u16..).zip(texts).zip(WIDTHS) {
            let text = cut_text(text);
            sheet.write_string_with_format(row, column_index, text, &cell)?;
            lines = lines.max(if column_index == KEY_COLUMN { 1 } else { lines_of(text, width) });
        }
        if lines > 1 {
            sheet.set_row_height(row, (lines.min(MOST_LINES) * LINE_HEIGHT) as f64)?;
        }
        sheet.write_number(row, 2, question.rows as f64)?;
        let ids = question.candidates.iter().map(|(id, _)| id.as_str());
        let made = question.may_be_made.then(|| language.pick(CREATE[0], CREATE[1]));
        let blank = question.may_be_blank.then(|| language.pick(BLANK[0], BLANK[1]));
        let others = question.has_others.then(|| language.pick(OTHERS[0], OTHERS[1]));
        let words = others.into_iter().chain(made).chain(blank).chain([language.pick(REFUSE[0], REFUSE[1])]);
        let mut offered: Vec<&str> = ids.chain(words).collect();
        while offered.iter().map(|word| word.chars().count() + 1).sum::<usize>() > MAX_LIST {
            offered.remove(0);
        }
        let rule = DataValidation::new().allow_list_strings(&offered)?;
        let rule = match is_word_key(&question.key) {
            true => {
                rule.set_error_style(DataValidationErrorStyle::Warning).set_error_message(t!("template.unusual"))?
            }
            // The id of any record may be typed, too.
            false => rule.show_error_message(false).set_input_message(t!("lookup.answer_advice"))?,
        };
        sheet.add_data_validation(row, ANSWER_COLUMN, row, ANSWER_COLUMN, &rule)?;
    }
    let last = u32::try_from(questions.len()).unwrap_or(MAX_ROWS - 1);
    sheet.autofilter(0, 0, last, KEY_COLUMN)?;
    sheet.set_column_hidden(KEY_COLUMN)?;
    lay_out(sheet)
}

/// What is to be done with it, on a sheet that holds no answers.
fn explain(sheet: &mut Worksheet) -> std::result::Result<(), XlsxError> {
    sheet.set_name(Language::current().pick(EXPLANATION[0], EXPLANATION[1]))?;
    sheet.set_column_width(0, EXPLANATION_WIDTH)?.set_landscape().set_print_fit_to_pages(1, 0).set_paper_size(A4);
    for (row, line) in (0u32..).zip(t!("lookup.workbook_advice").lines()) {
        sheet.write_string(row, 0, line)?;
    }
    Ok(())
}
