//! How the sheets of a workbook look to a person: titles, widths, print.

use rust_xlsxwriter::{Color, Format, FormatAlign, Worksheet, XlsxError};
use unicode_width::UnicodeWidthStr;

use super::limits::cut_text;
use crate::format::column::Column;

/// Characters the list of a drop-down may have, commas included.
pub const MAX_LIST: usize = 255;
/// The number of this size of paper in the format.
pub const A4: u8 = 9;
/// Columns are between so many digits wide.
const WIDTHS: (usize, usize) = (10, 60);

/// Writes the title of a column; a required one is red and starred.
///
/// # Errors
/// A limit of the format.
pub fn write_title(sheet: &mut Worksheet, column_index: u16, column: &Column) -> Result<(), XlsxError> {
    let mut format = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00DD_EBF7))
        .set_align(FormatAlign::VerticalCenter)
        .set_text_wrap();
    if column.required {
        format = format.set_font_color(Color::RGB(0x00C0_0000));
    }
    sheet.write_string_with_format(0, column_index, cut_text(&title_of(column)), &format).map(drop)
}

/// The title as the header row shows it.
pub fn title_of(column: &Column) -> String {
    if column.required { format!("{}*", column.title) } else { column.title.clone() }
}

/// Freezes the header and makes the sheet print well.
///
/// # Errors
/// A limit of the format.
pub fn lay_out(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 0)?.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    sheet.set_paper_size(A4);
    Ok(())
}

/// The width of a column for texts of this width.
pub fn bounded(width: usize) -> f64 {
    let width = u32::try_from(width.clamp(WIDTHS.0, WIDTHS.1)).unwrap_or(0);
    f64::from(width) + 1.0
}

/// The width of a column whose texts do not all fit, for one that does not; none of a text that does.
pub(super) fn too_wide(text: &str) -> Option<f64> {
    (text_width(text) > WIDTHS.1).then(|| bounded(WIDTHS.1))
}

/// The width of a title, with room for the button of the filter.
pub fn title_width(column: &Column) -> usize {
    title_of(column).width() + 3
}

/// The width of the widest of a text's first lines.
pub fn text_width(text: &str) -> usize {
    text.lines().take(10).map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// Points a line is high, with room for the fonts of Chinese machines.
pub const LINE_HEIGHT: usize = 16;

/// How many lines a text takes in a column of this width that breaks it. Excel finds the height of a row itself; LibreOffice does
/// not, and draws the lines of one row over the next.
pub fn lines_of(text: &str, column_width: f64) -> usize {
    // A line ends a little before the border: no character is cut in two, and few words.
    let room = (column_width as usize).saturating_sub(2).max(1);
    text.lines().map(|line| line.width().div_ceil(room).max(1)).sum()
}

/// Whether the labels of a choice fit into the rule of a cell.
pub fn fits_into_a_cell(labels: &[&str]) -> bool {
    labels.join(",").encode_utf16().count() <= MAX_LIST && !labels.iter().any(|label| label.contains([',', '"']))
}
