//! `decisions.xlsx`: what a person has to decide, a row for each text of which it is not clear which record it means.

use std::path::Path;

use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::answered_rows::{answered_rows, hidden};
use super::answers::{BLANK, CREATE, OTHERS, REFUSE};
use super::question::{ANSWER, KEY, Question, TITLES};
use crate::error::Result;
use crate::files::Access;
use crate::format::Column;
use crate::format::xlsx::layout::{lay_out, write_title};
use crate::format::xlsx::limits::cut_text;
use crate::format::xlsx::{cannot_write, save};
use crate::language::Language;
use crate::t;

/// Name of the file in a run's folder.
pub(in crate::import) const FILE_NAME: &str = "decisions.xlsx";
/// Characters the list of a drop-down may have, commas included.
const MAX_LIST: usize = 255;
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
    fill(workbook.add_worksheet(), &questions).map_err(|error| cannot_write(path, &error))?;
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
        for (column_index, text) in (0u16..).zip(texts) {
            sheet.write_string_with_format(row, column_index, cut_text(text), &cell)?;
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
        let rule = DataValidation::new()
            .allow_list_strings(&offered)?
            .set_error_style(DataValidationErrorStyle::Warning)
            .set_error_message(t!("template.unusual"))?;
        sheet.add_data_validation(row, 5, row, 5, &rule)?;
    }
    sheet.set_column_hidden(6)?;
    lay_out(sheet)
}
