//! What usual rows of a file are like, and rows that are not: a comma or a line break that was not quoted shifts values into
//! other columns, and often no single value shows it.

use csv::StringRecord;

use super::layout::SampleRow;
use crate::format::row::Row;
use crate::format::table_remarks::is_remark;
use crate::format::totals::is_totals;
use crate::problem::Problem;

/// Filled cells that make a column's habit.
const HABIT: usize = 5;
/// Codes of what is held back for the rows around it.
pub(super) const CODES: [&str; 5] =
    ["broken_line", "torn_row", "cells_shifted", "value_slipped", "value_beside_its_column"];
/// What the heading of a part of a table ends in, and its greatest length in characters.
const PARTS: [&str; 12] = ["区", "區", "部", "省", "市", "组", "類", "类", "月", "年", "季度", "渠道"];
const LONGEST_PART: usize = 8;
/// Words that people write where nothing is to be written.
const PLACEHOLDERS: [&str; 14] =
    ["无", "暂无", "没有", "未知", "不详", "空", "-", "--", "—", "/", "\\", "n/a", "none", "null"];

/// The shape of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Digits, and what stands between digits: numbers, dates, telephones.
    Digits = 0,
    /// Letters of ASCII: names, codes, addresses of mail and pages.
    Letters = 1,
    /// Anything wider: Chinese above all.
    Wide = 2,
}

/// What the cells of a column look like.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    shapes: [usize; 3],
    reached: [usize; 4],
    blanks: usize,
}

/// What usual rows are like.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    /// Columns of the header, without blank ones at its end, and with them.
    columns: usize,
    header_cells: usize,
    shapes: Vec<Column>,
    /// Columns that hold digits and nothing else.
    strict: Vec<usize>,
    /// Columns of nothing but numbers, mail addresses, web addresses, or days.
    reaching: Vec<(usize, Reached)>,
    /// Blank cells at the end of a row are missing here, always.
    cuts_blanks: bool,
    /// Rows begin with what organisations are called.
    begin_with_organizations: bool,
    /// Rows that are shorter, longer, or of one cell are usual here.
    are_short: bool,
    are_long: bool,
    are_single: bool,
}

impl Neighbours {
    /// Learns what is usual from the first rows below a header of `columns` columns, which has `header_cells` cells.
    pub(super) fn new(columns: usize, header_cells: usize, rows: &[SampleRow]) -> Neighbours {
        let count = |is: &dyn Fn(&SampleRow) -> bool| rows.iter().filter(|row| is(row)).count();
        let is_long = |row: &SampleRow| row.cells.len() > header_cells && filled_width(&row.cells) <= columns;
        let (short, long) = (count(&|row| row.cells.len() < columns), count(&is_long));
        let single = count(&|row| row.cells.len() == 1);
        let are_long = long >= 2 && long * 2 > rows.len();
        let is_usual = |row: &&SampleRow| {
            row.cells.len() >= columns && filled_width(&row.cells) <= columns && (are_long || !is_long(row))
        };
        let mut shapes = vec![Column::default(); columns];
        for row in rows.iter().filter(is_usual) {
            for (column, cell) in shapes.iter_mut().zip(&row.cells) {
                match shape(cell) {
                    Some(shape) => column.shapes[shape as usize] += 1,
                    None => column.blanks += 1,
                }
                if let Some(reached) = Reached::of(cell) {
                    column.reached[reached as usize] += 1;
                }
            }
        }
        let reaching = (0..columns).filter_map(|column| Some((column, shapes[column].only_reached()?))).collect();
        let strict = (0..columns).filter(|column| shapes[*column].holds_digits_only()).collect();
        Neighbours {
            columns,
            header_cells,
            shapes,
            strict,
            reaching,
            cuts_blanks: cuts_blanks(columns, rows),
            begin_with_organizations: begin_with_organizations(rows.iter().filter(is_usual)),
            are_short: short >= HABIT && short * 3 > rows.len(),
            are_long,
            are_single: single >= HABIT && single * 2 > rows.len(),
        }
    }

    /// Whether blank cells missing or too many at the end are the habit of this file.
    pub(super) fn has_uneven_habit(&self) -> bool {
        self.are_short || self.are_long
    }

    /// Whether rows end at their last filled cell.
    pub(super) fn cuts_blanks(&self) -> bool {
        self.cuts_blanks
    }

    /// Notes of a row what its cells and its neighbours say. `before` and `next` are the rows directly above and below it.
    pub(super) fn judge(&self, row: &mut Row, before: Option<usize>, next: Option<&Row>) {
        let width = row.cells.len();
        let filled = filled_width(&row.cells);
        if filled > self.columns {
            return;
        }
        if is_line_of_its_own(row) {
            return;
        }
        if let Some(code) = self.torn(&row.cells, before, next) {
            row.remark(None, with_widths(Problem::held(code), row, self.columns));
        } else if width > self.header_cells && !self.are_long {
            let is_sure = self.fits(&row.cells) && !self.fits_joined(&row.cells);
            let problem = if is_sure { Problem::word("cells_blank") } else { Problem::held("cells_shifted") };
            row.remark(None, with_widths(problem, row, self.columns));
        } else if width < self.columns {
            if !self.are_any_fitting(&row.cells) {
                row.remark(None, with_widths(Problem::held("cells_shifted"), row, self.columns));
            } else if !self.are_short {
                row.remark(None, with_widths(Problem::word("cells_blank"), row, self.columns));
            }
        } else if let Some(column) = self.slipped(&row.cells) {
            row.remark(Some(column), Problem::held("value_slipped"));
        }
        if let Some(column) = self.moved_right(&row.cells) {
            row.remark(Some(column), Problem::held("value_beside_its_column"));
        }
    }

    /// The column of a value that stands right of the blank cell of its own: a number beside a blank one in a column of numbers,
    /// where others have texts.
    fn moved_right(&self, cells: &StringRecord) -> Option<usize> {
        let cell = |column: usize| cells.get(column).unwrap_or_default().trim();
        let is_moved = |(column, kind): &&(usize, Reached)| {
            let text = cell(column + 1);
            cell(*column).is_empty()
                && Reached::of(text) == Some(*kind)
                && self.shapes.get(column + 1).is_some_and(|beside| beside.hardly_has(*kind))
                // What is said twice is no slip.
                && (0..self.columns).all(|other| other == column + 1 || cell(other) != text)
        };
        self.reaching.iter().find(is_moved).map(|(column, _)| column + 1)
    }

    /// Whether a row of this width, between these, looks like a part of a row that a line break tore: the first part, or a
    /// later one.
    fn torn(&self, cells: &StringRecord, before: Option<usize>, next: Option<&Row>) -> Option<&'static str> {
        if self.columns < 2 || self.are_single {
            return None;
        }
        let width = cells.len();
        let is_name =
            |lone: &str| self.cuts_blanks && lone.chars().count() > 1 && lone.chars().all(char::is_alphabetic);
        if self.cuts_blanks && (width > 1 || is_name(cells.get(0).unwrap_or_default().trim())) {
            let is_torn = next.is_some_and(|next| {
                let lone = next.cells.get(0).unwrap_or_default();
                next.cells.len() == 1 && !is_name(lone.trim()) && !tears_nothing(next) && self.may_go_on(cells, lone)
            });
            return is_torn.then_some("torn_row");
        }
        if self.begins_a_row(cells) && before != Some(1) {
            let is_torn = next.is_some_and(|next| !self.begins_a_row(&next.cells) && self.goes_on(cells, next));
            return is_torn.then_some("torn_row");
        }
        // Behind a lone cell any row may be the rest of one whose first cell was torn.
        let may_be_rest = width == 1
            || before.is_some_and(|before| self.tears(before, width) || (before == 1 && width <= self.columns));
        if may_be_rest && !self.is_whole_by_itself(cells) {
            return Some("broken_line");
        }
        next.is_some_and(|next| !self.begins_a_row(&next.cells) && self.goes_on(cells, next)).then_some("torn_row")
    }

    /// Whether a row goes on in the next line, as a line break that was not quoted leaves it.
    fn goes_on(&self, cells: &StringRecord, next: &Row) -> bool {
        match next.cells.len() {
            1 => !tears_nothing(next) && self.may_go_on(cells, next.cells.get(0).unwrap_or_default()),
            length if self.tears(cells.len(), length) => !self.is_whole_by_itself(&next.cells),
            // The rest of the last cell, which has separators in it.
            length => {
                cells.len() == self.columns
                    && length < self.columns
                    && !self.are_short
                    && !self.are_any_fitting(&next.cells)
                    && self.may_go_on(cells, next.cells.get(0).unwrap_or_default())
            }
        }
    }

    /// Whether a row may go on behind blank lines, as a text of several paragraphs does: the two parts make one row, or a lone
    /// sentence follows, which heads no part of a table.
    pub(super) fn goes_on_below(&self, first: usize, next: &StringRecord) -> bool {
        self.tears(first, next.len()) || (next.len() == 1 && is_sentence(next.get(0).unwrap_or_default()))
    }

    /// Whether a short row begins as whole ones do: all its cells are like their columns, and two at least are no texts, which could
    /// stand anywhere.
    fn is_whole_by_itself(&self, cells: &StringRecord) -> bool {
        let is_telling = |(column, cell): &(&Column, &str)| {
            shape(cell).is_some_and(|shape| shape != Shape::Wide && column.has(shape) && !column.has(Shape::Wide))
        };
        cells.len() > 2 && self.shapes.iter().zip(cells).filter(is_telling).count() > 1 && self.are_any_fitting(cells)
    }

    /// Whether rows of these widths may be the two parts of one.
    fn tears(&self, first: usize, second: usize) -> bool {
        !self.are_short
            && !self.cuts_blanks
            && first < self.columns
            && second < self.columns
            && first + second == self.columns + 1
    }

    /// Whether a row begins as all rows do: with what an organisation is called.
    pub(super) fn begins_a_row(&self, cells: &StringRecord) -> bool {
        self.begin_with_organizations && names_organization(cells)
    }

    /// Whether the lone text of the next line may be the rest of the last cell of a row: that is filled, and the text looks
    /// like others of its column.
    fn may_go_on(&self, cells: &StringRecord, rest: &str) -> bool {
        if cells.len() < self.columns {
            return true;
        }
        let last = self.columns - 1;
        let has_text = cells.get(last).and_then(shape).is_some_and(|shape| shape != Shape::Digits);
        has_text && shape(rest).is_some_and(|shape| self.shapes[last].has(shape))
    }

    /// Whether every filled cell looks like others of its column. What nothing is known of does not.
    fn fits(&self, cells: &StringRecord) -> bool {
        self.shapes.iter().zip(cells).all(|(column, cell)| shape(cell).is_none_or(|shape| column.has(shape)))
    }

    /// Whether the row would fit as well if a comma between two of its texts were part of them: then nobody knows whether it
    /// is one too many.
    fn fits_joined(&self, cells: &StringRecord) -> bool {
        let cell = |column: usize| cells.get(column).unwrap_or_default();
        let is_text = |column: usize| shape(cell(column)).is_some_and(|shape| shape != Shape::Digits);
        let takes = |column: usize, text: &str| match shape(text) {
            Some(shape) => self.shapes[column].has(shape),
            None => self.shapes[column].filled() == 0 || self.shapes[column].blanks > 0,
        };
        // A text of two of which one is wide is wide.
        let wider = |joined: usize| match shape(cell(joined + 1)) {
            Some(Shape::Wide) => cell(joined + 1),
            _ => cell(joined),
        };
        (0..self.columns.saturating_sub(1)).any(|joined| {
            is_text(joined)
                && is_text(joined + 1)
                && takes(joined, wider(joined))
                && (joined + 1..self.columns).all(|column| takes(column, cell(column + 1)))
        })
    }

    /// Whether no filled cell looks unlike all others of its column. What nothing is known of may be anything.
    fn are_any_fitting(&self, cells: &StringRecord) -> bool {
        self.shapes
            .iter()
            .zip(cells)
            .all(|(column, cell)| shape(cell).is_none_or(|shape| column.filled() == 0 || column.has(shape)))
    }

    /// The first cell that is unlike the digits of its column, when the cells from there on would fit one column further
    /// left or right.
    fn slipped(&self, cells: &StringRecord) -> Option<usize> {
        let odd = self.strict.iter().copied().find(|column| {
            let text = cells.get(*column).unwrap_or_default();
            !text.as_bytes().first().is_none_or(u8::is_ascii_digit)
                && shape(text).is_some_and(|shape| shape != Shape::Digits)
                && !PLACEHOLDERS.contains(&text.trim().to_lowercase().as_str())
        })?;
        let fits = |from: usize, to: usize| {
            let Some(shape) = shape(cells.get(from).unwrap_or_default()) else { return true };
            self.shapes.get(to).is_some_and(|column| column.filled() == 0 || column.has(shape))
        };
        let is_blank = |column: usize| shape(cells.get(column).unwrap_or_default()).is_none();
        let from_left = odd > 0 && (odd..self.columns).all(|column| fits(column, column - 1));
        let from_right = is_blank(self.columns - 1)
            && (odd..self.columns).all(|column| is_blank(column) || fits(column, column + 1));
        (from_left || from_right).then_some(odd)
    }
}

/// Where somebody or something is reached, or when, as a text shows by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Number = 0,
    Mail = 1,
    Web = 2,
    Day = 3,
}

impl Reached {
    /// What a text is that is one of them and nothing else.
    fn of(text: &str) -> Option<Reached> {
        let text = text.trim();
        // Nearly every text of a person ends here.
        if text.len() < FEWEST_DIGITS || !text.is_ascii() {
            return None;
        }
        let is_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b' ' | b'(' | b')');
        let is_phone = text.bytes().all(is_number) && text.bytes().filter(u8::is_ascii_digit).count() >= FEWEST_DIGITS;
        // A day has as many digits.
        let parts = || text.split(['-', '/', '.']);
        let is_day = parts().count() == 3
            && parts().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
            && parts().next().is_some_and(|year| year.len() == 4);
        let is_one_word = !text.contains(char::is_whitespace);
        match text {
            _ if is_day => Some(Reached::Day),
            _ if is_phone => Some(Reached::Number),
            _ if is_one_word && text.matches('@').count() == 1 => Some(Reached::Mail),
            _ if is_one_word && ["www.", "http://", "https://"].iter().any(|head| text.starts_with(head)) => {
                Some(Reached::Web)
            }
            _ => None,
        }
    }
}

/// Fewest digits of a telephone number.
const FEWEST_DIGITS: usize = 7;

/// What organisations are called by, and what is a part of one.
const ORGANIZATIONS: [&str; 2] = ["公司", "集团"];
const PARTS_OF_ONE: [&str; 3] = ["分公司", "子公司", "总公司"];

fn names_organization(cells: &StringRecord) -> bool {
    let text = cells.get(0).unwrap_or_default().trim();
    let is_named = |end: &&str| text.len() > end.len() && text.ends_with(*end);
    ORGANIZATIONS.iter().any(is_named) && !PARTS_OF_ONE.iter().any(|end| text.ends_with(end))
}

/// Whether nearly all rows, two at least, begin so.
fn begin_with_organizations<'a>(rows: impl Iterator<Item = &'a SampleRow>) -> bool {
    let (mut count, mut named) = (0, 0);
    for row in rows {
        count += 1;
        named += usize::from(names_organization(&row.cells));
    }
    named > 1 && named * 10 >= count * 9
}

/// Whether the rows of a file end at their last filled cell, wherever that is: none ends in a blank one, and short rows of several
/// lengths are no parts of rows that a line break tore.
fn cuts_blanks(columns: usize, rows: &[SampleRow]) -> bool {
    let width = |row: &SampleRow| row.cells.len();
    if rows.iter().any(|row| filled_width(&row.cells) < width(row)) {
        return false;
    }
    let is_apart = |at: usize| {
        let pairs =
            |other: Option<&SampleRow>| other.is_some_and(|other| width(other) + width(&rows[at]) == columns + 1);
        !pairs(at.checked_sub(1).map(|before| &rows[before])) && !pairs(rows.get(at + 1))
    };
    let short = || rows.iter().enumerate().filter(|(_, row)| width(row) < columns);
    let apart = short().filter(|(at, _)| is_apart(*at)).count();
    let first = short().next().map(|(_, row)| width(row));
    apart > 1 && short().any(|(_, row)| Some(width(row)) != first)
}

impl Column {
    /// What all filled cells are, two at least.
    fn only_reached(&self) -> Option<Reached> {
        let is_all = |kind: &Reached| self.reached[*kind as usize] > 1 && self.reached[*kind as usize] == self.filled();
        [Reached::Number, Reached::Mail, Reached::Web, Reached::Day].into_iter().find(is_all)
    }

    /// Whether others of its cells are texts, and one at most is of this kind.
    fn hardly_has(&self, kind: Reached) -> bool {
        let count = self.reached[kind as usize];
        count <= 1 && self.filled() > count
    }

    fn filled(&self) -> usize {
        self.shapes.iter().sum()
    }

    /// Whether a tenth of the cells have this shape.
    fn has(&self, shape: Shape) -> bool {
        let count = self.shapes[shape as usize];
        count > 0 && count * 10 >= self.filled()
    }

    fn holds_digits_only(&self) -> bool {
        let (digits, filled) = (self.shapes[Shape::Digits as usize], self.filled());
        // One that is not may be the one that slipped.
        digits >= HABIT && filled - digits <= 1.max(filled / 50)
    }
}

pub(super) fn with_widths(problem: Problem, row: &Row, columns: usize) -> Problem {
    problem
        .with("line", row.line.unwrap_or(row.number))
        .with("cells", row.cells.len())
        .with("columns", columns)
        .with("first", crate::text::clean(&crate::text::shorten(row.cells.get(0).unwrap_or_default().trim(), 30)))
}

/// Whether a lone text is known to be totals of the table or a remark around it, so that it is no part of another row.
fn is_line_of_its_own(row: &Row) -> bool {
    let text = row.cells.get(0).unwrap_or_default().trim();
    row.cells.len() == 1 && (is_totals(row) || is_remark(&[text]))
}

/// Whether a lone text is no part of the rows around it: a line of its own, or what a part of the table is headed by.
pub(super) fn tears_nothing(row: &Row) -> bool {
    let text = row.cells.get(0).unwrap_or_default().trim();
    let is_part = || text.chars().count() <= LONGEST_PART && PARTS.iter().any(|ending| text.ends_with(ending));
    row.cells.len() == 1 && (is_line_of_its_own(row) || is_part())
}

/// Whether a text is a sentence or more: long, or with marks between its parts.
fn is_sentence(text: &str) -> bool {
    const MARKS: [char; 10] = ['，', '。', '；', '！', '？', '、', ';', '!', '?', ','];
    text.contains(MARKS) || text.chars().count() > LONGEST_HEADING
}

/// The longest text above the rows of a part of a table, in characters.
const LONGEST_HEADING: usize = 20;

/// Cells up to the last one that is filled.
pub(super) fn filled_width(cells: &StringRecord) -> usize {
    (0..cells.len()).rev().find(|column| !cells[*column].trim().is_empty()).map_or(0, |last| last + 1)
}

/// The shape of a cell; none when it is blank.
fn shape(text: &str) -> Option<Shape> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let between = |byte: u8| matches!(byte, b'+' | b'-' | b'.' | b'/' | b':' | b' ' | b'(' | b')' | b'#' | b'*' | b'%');
    // `１３１…` and digits with an invisible character are numbers that are going to be restored.
    let is_of_number = |c: char| match narrow(c) {
        Some(c) => c.is_ascii_digit() || u8::try_from(c).is_ok_and(between),
        None => crate::text::is_invisible(c) || c == '\u{a0}' || c == '\u{3000}',
    };
    Some(match text {
        _ if !text.is_ascii() => match text.chars().all(is_of_number) {
            true => Shape::Digits,
            false => Shape::Wide,
        },
        _ if text.bytes().all(|byte| byte.is_ascii_digit() || between(byte)) => Shape::Digits,
        _ => Shape::Letters,
    })
}

/// A character as ASCII has it, if it does: `１` is 1.
fn narrow(c: char) -> Option<char> {
    match c {
        '！'..='～' => char::from_u32(c as u32 - ('！' as u32 - '!' as u32)),
        _ => c.is_ascii().then_some(c),
    }
}
