//! Draws the summary sheet of a workbook.

use rust_xlsxwriter::{Chart, ChartType, Color, Format, FormatAlign, Worksheet, XlsxError};
use unicode_width::UnicodeWidthStr;

use super::layout::A4;
use crate::format::summary_sheet::{Counts, Fact, SummarySheet};

/// Characters a column is wide at most.
const WIDEST: usize = 70;

/// Characters the column of counts is wide.
const COUNT_WIDTH: f64 = 16.0;

/// Rows a chart is high.
const CHART_ROWS: u32 = 18;

/// Writes the sheet.
pub(super) fn write_summary(sheet: &mut Worksheet, summary: &SummarySheet) -> Result<(), XlsxError> {
    let title = Format::new().set_bold().set_font_size(16);
    let name = Format::new().set_font_color(Color::RGB(0x0059_5959)).set_align(FormatAlign::Top);
    let text = Format::new().set_align(FormatAlign::Left).set_align(FormatAlign::Top);
    let head = Format::new().set_bold().set_background_color(Color::RGB(0x00DD_EBF7));
    let number = Format::new().set_num_format("#,##0").set_align(FormatAlign::Left);
    sheet.set_screen_gridlines(false).set_portrait().set_print_fit_to_pages(1, 0).set_paper_size(A4);
    sheet.write_string_with_format(0, 0, &summary.title, &title)?;
    let mut row = 2;
    for (fact, value) in &summary.facts {
        sheet.write_string_with_format(row, 0, fact, &name)?;
        match value {
            Fact::Number(count) => {
                // Exact up to 2^53, far beyond any count.
                sheet.write_number_with_format(row, 1, *count as f64, &number)?;
                row += 1;
            }
            // A line a row: programs disagree on how high a row with several lines is.
            Fact::Text(value) => {
                for line in value.lines() {
                    sheet.write_string_with_format(row, 1, line, &text)?;
                    row += 1;
                }
            }
        }
    }
    let mut widest = summary.facts.iter().map(|(fact, _)| fact.width()).max().unwrap_or(0);
    let mut is_charted = false;
    for counts in summary.counts.iter().filter(|counts| !counts.rows.is_empty()) {
        row += 1;
        sheet.write_string_with_format(row, 0, &counts.title, &head)?;
        sheet.write_string_with_format(row, 1, &counts.unit, &head)?;
        let first = row + 1;
        for (value, count) in &counts.rows {
            row += 1;
            widest = widest.max(value.width());
            sheet.write_string(row, 0, value)?;
            // Exact up to 2^53, far beyond any count of rows.
            sheet.write_number_with_format(row, 1, *count as f64, &number)?;
        }
        if counts.is_charted && !std::mem::replace(&mut is_charted, true) {
            chart(sheet, counts, first, row)?;
        }
        row += 1;
    }
    sheet.set_column_width(0, widest.clamp(14, WIDEST) as f64 + 2.0)?;
    // Of counts: the facts above them may be longer, as nothing stands beside those.
    sheet.set_column_width(1, COUNT_WIDTH)?;
    sheet.set_column_width(2, 3.0)?;
    Ok(())
}

fn chart(sheet: &mut Worksheet, counts: &Counts, first: u32, last: u32) -> Result<(), XlsxError> {
    let name = sheet.name();
    let mut chart = Chart::new(ChartType::Column);
    chart
        .add_series()
        .set_categories((name.as_str(), first, 0, last, 0))
        .set_values((name.as_str(), first, 1, last, 1))
        .set_name(counts.unit.as_str());
    chart.title().set_name(counts.title.as_str());
    chart.legend().set_hidden();
    if counts.rows.iter().all(|(_, count)| *count <= 10) {
        // There are no halves of a record.
        chart.y_axis().set_major_unit(1.0);
    }
    chart.set_width(560).set_height(CHART_ROWS * 20);
    sheet.insert_chart(first - 1, 3, &chart).map(drop)
}
