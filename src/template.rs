//! `bw8 template`: a workbook to fill in, made from an entity of the catalog. The data sheet comes first, then the sheet
//! that explains its columns, then a very-hidden one that says what the workbook is (see [`crate::format::xlsx::template`]).
//!
//! A template is in Chinese unless `--lang` asks for another language, because the people who fill it in are Chinese; its
//! explanation names the labels of both. The ones in `templates/` are this module's output: `BW8_UPDATE=1 cargo test template` writes them anew.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, DocProperties, ExcelDateTime, Format,
    FormatAlign, Formula, IgnoreError, Note, Workbook, Worksheet, XlsxError,
};
use unicode_width::UnicodeWidthStr;

use crate::entity::{AccountMode, Catalog, Confidence, Entity, Field, Kind, Requirement};
use crate::format::xlsx::layout::{
    A4, LINE_HEIGHT, MAX_LIST, bounded, fits_into_a_cell, lay_out, lines_of, title_of, title_width, write_title,
};
use crate::format::xlsx::limits::{MAX_ROWS, sheet_name};
use crate::format::xlsx::template::{EXAMPLE, EXPLANATION, HIDDEN, PREFIX};
use crate::format::{Column, column_letters};
use crate::language::Language;
use crate::t;
use crate::text::shorten;

/// Raised when a template means something else than before.
const VERSION: &str = "1";
/// The example's row, from 0.
const EXAMPLE_ROW: u32 = 1;
/// Characters a message beside a cell may have, and its title.
const MAX_MESSAGE: (usize, usize) = (255, 32);
/// The first column of the hidden sheet that holds a list of choices; the facts stand before it.
const FIRST_LIST: u16 = 3;

/// The column of the explanation that says how long a text may be.
const MAX_COLUMN: u16 = 6;

/// What a template is made for.
#[derive(Debug, Clone, Copy, Default)]
pub struct TemplateOptions<'a> {
    /// The account's mode.
    pub mode: AccountMode,
    /// Its language; none for Chinese.
    pub language: Option<Language>,
    /// Its file as a command names it; none for the usual one.
    pub file: Option<&'a str>,
}

impl TemplateOptions<'_> {
    fn language(&self) -> Language {
        self.language.unwrap_or(Language::Zh)
    }
}

/// A column of the template.
struct TemplateColumn<'a> {
    field: &'a Field,
    /// As the format knows it.
    sheet_column: Column,
    /// The labels of a choice, without the one that means a deleted record.
    choices: Vec<&'a str>,
    /// Whether it has to be filled in, in words.
    requirement: String,
    /// Its cell of the example row.
    example: Option<String>,
}

/// The template of an entity, the same bytes each time.
///
/// # Errors
/// A catalog that exceeds a limit of the format.
pub fn workbook(catalog: &Catalog, entity: &Entity, options: &TemplateOptions<'_>) -> Result<Workbook, XlsxError> {
    let words = Words(options.language());
    let columns: Vec<TemplateColumn<'_>> =
        entity.offered(options.mode).map(|field| template_column(entity, field, options.mode, words)).collect();
    let facts = facts(entity, &columns);
    let mut workbook = Workbook::new();
    let mut properties = DocProperties::new()
        .set_title(words.say("template.title", &[("entity", words.of_entity(entity))]))
        .set_author("bw8")
        .set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?);
    for (name, value) in facts.iter().filter(|(_, value)| value.chars().count() <= MAX_LIST) {
        properties = properties.set_custom_property(name, value.as_str());
    }
    workbook.set_properties(&properties);
    write_data(workbook.add_worksheet(), catalog, entity, &columns, words)?;
    write_explanation(workbook.add_worksheet(), entity, &columns, options)?;
    write_hidden(workbook.add_worksheet(), &facts, &columns)?;
    Ok(workbook)
}

fn template_column<'a>(entity: &'a Entity, field: &'a Field, mode: AccountMode, words: Words) -> TemplateColumn<'a> {
    let requirement = entity.requirement(field, mode);
    let text = match requirement {
        Requirement::Always(Confidence::Confirmed) => words.say("template.required", &[]),
        Requirement::Always(Confidence::Assumed) => words.say("template.required_assumed", &[]),
        Requirement::OneOf(rule) => {
            let labels: Vec<&str> =
                rule.one_of.iter().filter_map(|name| entity.field(name)).map(|field| field.label(words.0)).collect();
            words.say("template.one_of", &[("fields", &labels.join(words.comma()))])
        }
        Requirement::Wished => words.say("template.wished", &[]),
        Requirement::Never => words.say("template.optional", &[]),
    };
    let required = matches!(requirement, Requirement::Always(_));
    // Whatever is no number and no date is kept as it is typed.
    let is_text = !matches!(field.kind, Kind::Integer | Kind::Decimal | Kind::Date | Kind::DateTime | Kind::Html);
    let choices = field.offered_choices().map(|choice| choice.label(words.0)).collect();
    let sheet_column = Column { title: field.label(words.0).to_owned(), is_text, required };
    // The example of a choice is the label that can be chosen.
    let of_choice =
        |example: &String| field.choices.iter().find(|choice| choice.zh == *example || choice.en == *example);
    let in_english = || field.example_en.as_ref().filter(|_| words.0 == Language::En);
    let example = field.example.as_ref().map(|example| match of_choice(example) {
        Some(choice) => choice.label(words.0).to_owned(),
        None => in_english().unwrap_or(example).clone(),
    });
    TemplateColumn { field, choices, sheet_column, requirement: text, example }
}

/// What the workbook is, in names and values.
fn facts(entity: &Entity, columns: &[TemplateColumn<'_>]) -> Vec<(String, String)> {
    let mut facts = vec![
        (format!("{PREFIX}entity"), entity.name.clone()),
        (format!("{PREFIX}version"), VERSION.to_owned()),
        (format!("{PREFIX}example_row"), (EXAMPLE_ROW + 1).to_string()),
    ];
    for column in columns {
        if let Some(example) = &column.example {
            facts.push((format!("{EXAMPLE}{}", title_of(&column.sheet_column)), example.clone()));
        }
    }
    facts
}

fn write_data(
    sheet: &mut Worksheet,
    catalog: &Catalog,
    entity: &Entity,
    columns: &[TemplateColumn<'_>],
    words: Words,
) -> Result<(), XlsxError> {
    sheet.set_name(sheet_name(words.of_entity(entity)))?;
    let mut list = FIRST_LIST;
    for (column_index, column) in (0u16..).zip(columns) {
        let field = column.field;
        let format = Format::new().set_num_format(number_format(field.kind, column.sheet_column.is_text));
        sheet.set_column_format(column_index, &format)?;
        write_title(sheet, column_index, &column.sheet_column)?;
        if entity.rules.iter().any(|rule| rule.one_of.contains(&field.name)) {
            sheet.insert_note(0, column_index, &note(&column.requirement))?;
        }
        let example = column.example.as_deref().unwrap_or_default();
        write_example(sheet, column_index, example, field.kind, &format.set_italic().set_font_color(Color::Gray))?;
        let width = title_width(&column.sheet_column).max(example.width() + 2).max(least_width(field.kind));
        sheet.set_column_width(column_index, bounded(width))?;
        let validation = validation(column, &mut list)?
            .set_input_title(shorten(field.label(words.0), MAX_MESSAGE.1 - 1))?
            .set_input_message(shorten(&message(catalog, column, words), MAX_MESSAGE.0 - 1))?
            .set_error_title(shorten(field.label(words.0), MAX_MESSAGE.1 - 1))?
            .set_error_message(words.say("template.unusual", &[]))?
            .set_error_style(DataValidationErrorStyle::Warning);
        sheet.add_data_validation(EXAMPLE_ROW, column_index, MAX_ROWS - 1, column_index, &validation)?;
    }
    if columns.iter().any(|column| column.example.is_some()) {
        sheet.insert_note(EXAMPLE_ROW, 0, &note(&words.say("template.example", &[])))?;
    }
    if let Some(last) = u16::try_from(columns.len()).ok().and_then(|columns| columns.checked_sub(1)) {
        sheet.autofilter(0, 0, MAX_ROWS - 1, last)?;
        sheet.ignore_error_range(0, 0, MAX_ROWS - 1, last, IgnoreError::NumberStoredAsText)?;
    }
    lay_out(sheet)
}

/// A date becomes a real date, all else a text.
fn write_example(
    sheet: &mut Worksheet,
    column_index: u16,
    example: &str,
    kind: Kind,
    format: &Format,
) -> Result<(), XlsxError> {
    let date = (kind == Kind::Date).then(|| ExcelDateTime::parse_from_str(example).ok()).flatten();
    match date {
        Some(date) => sheet.write_with_format(EXAMPLE_ROW, column_index, &date, format)?,
        None if example.is_empty() => sheet,
        None => sheet.write_string_with_format(EXAMPLE_ROW, column_index, example, format)?,
    };
    Ok(())
}

/// What may stand in a column. A list too long for the cell's own rule is taken from the hidden sheet's column `list`.
fn validation(column: &TemplateColumn<'_>, list: &mut u16) -> Result<DataValidation, XlsxError> {
    let field = column.field;
    let validation = DataValidation::new();
    // A list lets one of them be chosen.
    if !column.choices.is_empty() && !field.several {
        if fits_into_a_cell(&column.choices) {
            return validation.allow_list_strings(&column.choices);
        }
        let letters = column_letters(usize::from(*list));
        *list += 1;
        let range = format!("='{HIDDEN}'!${letters}$1:${letters}${}", column.choices.len());
        return Ok(validation.allow_list_formula(Formula::new(range)));
    }
    Ok(match (field.kind, field.max.and_then(|max| u32::try_from(max).ok())) {
        (Kind::Date | Kind::DateTime, _) => {
            let first = ExcelDateTime::from_ymd(1900, 1, 1)?;
            validation.allow_date(DataValidationRule::GreaterThanOrEqualTo(first))
        }
        (Kind::Integer | Kind::Decimal, _) => validation.allow_decimal_number(DataValidationRule::Between(-1e15, 1e15)),
        (_, Some(max)) => validation.allow_text_length(DataValidationRule::LessThanOrEqualTo(max)),
        _ => validation.allow_any_value(),
    })
}

/// What a person sees beside a cell of the column.
fn message(catalog: &Catalog, column: &TemplateColumn<'_>, words: Words) -> String {
    let field = column.field;
    let mut lines = vec![column.requirement.clone(), words.kind(field.kind)];
    if let Some(max) = field.max {
        lines.push(words.say("template.max", &[("max", &max.to_string())]));
    }
    if let Some(entity) = field.reference.as_ref().and_then(|name| catalog.get(name)) {
        lines.push(words.say("template.reference", &[("entity", words.of_entity(entity))]));
    }
    lines.join("\n")
}

fn write_explanation(
    sheet: &mut Worksheet,
    entity: &Entity,
    columns: &[TemplateColumn<'_>],
    options: &TemplateOptions<'_>,
) -> Result<(), XlsxError> {
    let words = Words(options.language());
    sheet.set_name(words.0.pick(EXPLANATION[0], EXPLANATION[1]))?;
    let bold = Format::new().set_bold().set_font_size(14);
    sheet.write_string_with_format(0, 0, words.say("template.title", &[("entity", words.of_entity(entity))]), &bold)?;
    let usual = format!("{}-template.xlsx", entity.name);
    let command = format!("bw8 import {} {}", entity.name, options.file.unwrap_or(&usual));
    let advice = words.say("template.advice", &[("command", &command)]);
    let mut row = 1;
    for line in advice.lines() {
        sheet.write_string(row, 0, line)?;
        row += 1;
    }
    row += 1;
    let head = Format::new().set_bold().set_background_color(Color::RGB(0x00DD_EBF7)).set_text_wrap();
    let widths = [20.0, 24.0, 20.0, 26.0, 30.0, 40.0, 10.0, 12.0];
    for ((column_index, title), width) in (0u16..).zip(words.say("template.columns", &[]).split(" | ")).zip(widths) {
        sheet.write_string_with_format(row, column_index, title, &head)?;
        sheet.set_column_width(column_index, width)?;
    }
    let cell = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for column in columns {
        row += 1;
        let field = column.field;
        let confidence = match field.confidence {
            Confidence::Confirmed => "template.confirmed",
            Confidence::Assumed => "template.assumed",
        };
        let texts = [
            field.label(words.0),
            words.other(field),
            &field.name,
            &column.requirement,
            &words.kind(field.kind),
            &column.choices.join(words.comma()),
            "",
            &words.say(confidence, &[]),
        ];
        let mut lines = 1;
        for ((column_index, text), width) in (0u16..).zip(texts).zip(widths) {
            sheet.write_string_with_format(row, column_index, text, &cell)?;
            lines = lines.max(lines_of(text, width));
        }
        if let Some(max) = field.max {
            sheet.write_number_with_format(row, MAX_COLUMN, max as f64, &cell)?;
        }
        if lines > 1 {
            sheet.set_row_height(row, (lines * LINE_HEIGHT) as f64)?;
        }
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0).set_paper_size(A4);
    Ok(())
}

fn write_hidden(
    sheet: &mut Worksheet,
    facts: &[(String, String)],
    columns: &[TemplateColumn<'_>],
) -> Result<(), XlsxError> {
    sheet.set_name(HIDDEN)?.set_very_hidden(true);
    for (row, (name, value)) in (0u32..).zip(facts) {
        sheet.write_string(row, 0, name)?.write_string(row, 1, value)?;
    }
    let lists = columns.iter().map(|column| &column.choices).filter(|labels| !fits_into_a_cell(labels));
    for (column_index, labels) in (FIRST_LIST..).zip(lists) {
        for (row, label) in (0u32..).zip(labels) {
            sheet.write_string(row, column_index, *label)?;
        }
    }
    Ok(())
}

fn note(text: &str) -> Note {
    Note::new(text).add_author_prefix(false)
}

fn number_format(kind: Kind, is_text: bool) -> &'static str {
    match kind {
        Kind::Date => "yyyy-mm-dd",
        Kind::DateTime => "yyyy-mm-dd hh:mm:ss",
        _ if is_text => "@",
        _ => "General",
    }
}

/// Digits a column of this kind is at least wide.
fn least_width(kind: Kind) -> usize {
    match kind {
        Kind::Html => 40,
        Kind::Email => 26,
        Kind::Text | Kind::Tags | Kind::DateTime => 20,
        Kind::Mobile | Kind::Phone => 16,
        Kind::Date | Kind::Id | Kind::Ids | Kind::Integer | Kind::Decimal | Kind::Choice => 12,
    }
}

/// Words of a workbook, in its language.
#[derive(Debug, Clone, Copy)]
struct Words(Language);

impl Words {
    /// A text of the workbook.
    fn say(self, key: &str, values: &[(&str, &str)]) -> String {
        let text = t!(key, locale = self.0.pick("zh", "en"));
        let (names, values): (Vec<&str>, Vec<String>) =
            values.iter().map(|(name, value)| (*name, (*value).to_owned())).unzip();
        rust_i18n::replace_patterns(&text, &names, &values)
    }

    fn of_entity(self, entity: &Entity) -> &str {
        entity.label(self.0)
    }

    /// The label of a field in the other language.
    fn other(self, field: &Field) -> &str {
        self.0.pick(&field.en, &field.zh)
    }

    fn comma(self) -> &'static str {
        self.0.pick("、", ", ")
    }

    fn kind(self, kind: Kind) -> String {
        let key = match kind {
            Kind::Text => "template.kind_text",
            Kind::Html => "template.kind_html",
            Kind::Mobile => "template.kind_mobile",
            Kind::Phone => "template.kind_phone",
            Kind::Email => "template.kind_email",
            Kind::Id => "template.kind_id",
            Kind::Ids => "template.kind_ids",
            Kind::Integer => "template.kind_integer",
            Kind::Decimal => "template.kind_decimal",
            Kind::Choice => "template.kind_choice",
            Kind::Date => "template.kind_date",
            Kind::DateTime => "template.kind_datetime",
            Kind::Tags => "template.kind_tags",
        };
        self.say(key, &[])
    }
}
