//! Which sheet is read, and which of its rows is the header: the one that names most fields. A title above it, an
//! explanation before the data and a sheet of something else are passed over, and said.

use std::cmp::Reverse;
use std::sync::Arc;

use super::book::{Book, SheetEntry};
use super::package::Package;
use super::rows::Rows;
use super::tail::Tail;
use super::template;
use crate::error::{Error, Result};
use crate::format::headings::Headings;
use crate::format::input::Input;
use crate::format::row::Row;
use crate::format::sheet::Sheet;
use crate::format::summary_sheet::SUMMARY_SHEET_NAMES;
use crate::message;
use crate::message::Message;

/// Rows of a sheet among which the header is looked for, blank ones left out.
pub(in crate::format) const LOOKED_AT: usize = 20;
/// Rows of a sheet that are read for them; a sheet may begin far down.
const MAX_READ: usize = 100_000;

/// The tab of a sheet.
#[derive(Debug, Clone)]
pub(in crate::format) struct Tab {
    /// Its name.
    pub name: String,
    /// Whether a person sees it.
    pub is_visible: bool,
}

/// A workbook whose sheets can be looked at, in whatever form it is kept.
pub(in crate::format) trait Workbook {
    /// Its sheets, in the order of their tabs.
    fn tabs(&self) -> Vec<Tab>;

    /// The first rows of a sheet that are not blank, at most [`LOOKED_AT`].
    ///
    /// # Errors
    /// A sheet that is damaged.
    fn first_rows(&mut self, sheet: usize) -> Result<Vec<Row>>;

    /// What a sheet says behind its rows.
    ///
    /// # Errors
    /// A sheet that is damaged.
    fn tail(&mut self, sheet: usize) -> Result<Tail>;
}

/// A workbook whose rows are read one after another.
pub(super) struct StreamedBook<'a> {
    /// Its container.
    pub package: &'a mut Package,
    /// What it says of itself.
    pub book: &'a Book,
}

impl Workbook for StreamedBook<'_> {
    fn tabs(&self) -> Vec<Tab> {
        let tab = |sheet: &SheetEntry| Tab { name: sheet.name.clone(), is_visible: sheet.is_visible };
        self.book.sheets.iter().map(tab).collect()
    }

    fn first_rows(&mut self, sheet: usize) -> Result<Vec<Row>> {
        let mut rows = Rows::open(self.package, self.book, &self.book.sheets[sheet], Tail::default())?;
        let (mut found, mut row, mut read) = (Vec::new(), Row::default(), 0);
        while found.len() < LOOKED_AT && read < MAX_READ && rows.read(&mut row)? {
            read += 1;
            if !row.is_blank() {
                found.push(row.clone());
            }
        }
        Ok(found)
    }

    fn tail(&mut self, sheet: usize) -> Result<Tail> {
        Tail::read(self.package, &self.book.sheets[sheet].path)
    }
}

/// What is read of a workbook.
pub(in crate::format) struct Choice {
    /// The sheet, counted from 0.
    pub index: usize,
    /// What is known of it before its first row.
    pub sheet: Sheet,
    /// What it says behind its rows.
    pub tail: Tail,
}

/// Chooses the sheet and its header.
///
/// # Errors
/// An unknown sheet, a workbook or a sheet without a header, a sheet that is damaged.
pub(in crate::format) fn choose(workbook: &mut impl Workbook, input: &Input) -> Result<Choice> {
    let shown = &input.shown;
    let tabs = workbook.tabs();
    let mut best: Option<(usize, Header)> = None;
    for index in candidates(&tabs, input)? {
        let rows = workbook.first_rows(index)?;
        let Some(mut header) = header_among(&rows, input, &Tail::default()) else { continue };
        header.has_rows = rows.iter().any(|row| row.number > header.number);
        header.is_explanation = is_explanation(&tabs[index]);
        if best.as_ref().is_none_or(|(_, before)| header.fits_better_than(before)) {
            best = Some((index, header));
        }
    }
    let Some((index, _)) = best else {
        let mut hidden = Vec::new();
        for (index, tab) in tabs.iter().enumerate().filter(|(_, tab)| !tab.is_visible && is_for_rows(tab)) {
            if workbook.first_rows(index).is_ok_and(|rows| !rows.is_empty()) {
                hidden.push(tab.name.clone());
            }
        }
        if let (None, Some(first)) = (&input.sheet, hidden.first()) {
            let hint = message!("mapping.hidden_sheet_hint", sheets = hidden.join(", "), first = first);
            return Err(Error::usage(message!("xlsx.empty", file = shown)).hint(hint));
        }
        if let Some(row) = input.header_row {
            return Err(Error::usage(message!("format.no_such_row", file = shown, row = row))
                .hint(message!("format.no_such_row_hint")));
        }
        return Err(match &input.sheet {
            Some(sheet) => Error::usage(message!("xlsx.no_header", file = shown, sheet = sheet)),
            None => Error::usage(message!("xlsx.empty", file = shown)),
        }
        .hint(message!("xlsx.no_header_hint")));
    };
    let tail = workbook.tail(index)?;
    let rows = workbook.first_rows(index)?;
    // Its merged cells, which are known now, may tell more.
    let header = header_among(&rows, input, &tail).unwrap_or_default();
    let mut notes = notes_of_header(&rows, &header, input);
    let mut others = Vec::new();
    let mut hidden = Vec::new();
    for (other, tab) in tabs.iter().enumerate().filter(|(other, tab)| *other != index && is_for_rows(tab)) {
        // A sheet that is not read need not be sound.
        if workbook.first_rows(other).is_ok_and(|rows| !rows.is_empty()) {
            if tab.is_visible { &mut others } else { &mut hidden }.push(tab.name.clone());
        }
    }
    if !hidden.is_empty() {
        notes.push(message!("xlsx.hidden_sheets", sheets = hidden.join(", ")));
    }
    let sheet = Sheet {
        name: Some(tabs[index].name.clone()),
        others,
        hidden,
        header: header.titles,
        header_row: header.number,
        notes,
        ..Sheet::default()
    };
    Ok(Choice { index, sheet, tail })
}

/// The sheets that may be meant.
fn candidates(tabs: &[Tab], input: &Input) -> Result<Vec<usize>> {
    let of = |is_meant: &dyn Fn(&Tab) -> bool| -> Vec<usize> {
        tabs.iter().enumerate().filter(|(_, tab)| is_meant(tab)).map(|(index, _)| index).collect()
    };
    let visible = of(&|tab| tab.is_visible && is_for_rows(tab));
    let Some(wanted) = &input.sheet else { return Ok(visible) };
    let named = of(&|tab| tab.name.trim() == wanted.trim());
    if named.is_empty() {
        let names: Vec<&str> = visible.into_iter().map(|index| tabs[index].name.as_str()).collect();
        return Err(Error::usage(message!("xlsx.no_sheet", file = input.shown, sheet = wanted))
            .hint(message!("xlsx.no_sheet_hint", sheets = names.join(", "))));
    }
    Ok(named)
}

/// Whether rows of somebody may stand in a sheet: what this program writes beside them is none of theirs.
fn is_for_rows(sheet: &Tab) -> bool {
    !template::EXPLANATION.contains(&sheet.name.as_str())
        && sheet.name != template::HIDDEN
        && !SUMMARY_SHEET_NAMES.contains(&sheet.name.as_str())
}

/// Whether a sheet is called an explanation or an example.
fn is_explanation(sheet: &Tab) -> bool {
    let name = sheet.name.to_lowercase();
    ["说明", "示例", "样例", "范例", "例子", "說明", "範例", "readme", "example", "sample", "instruction"]
        .iter()
        .any(|word| name.contains(word))
}

/// A row that may be the header.
#[derive(Debug, Clone, Default)]
struct Header {
    /// Its row number, from 1.
    number: u64,
    /// Its texts, trailing empty ones left out.
    titles: Vec<String>,
    /// How many different fields they name.
    known: usize,
    /// The first of them, as a number.
    field: Option<usize>,
    /// How many of them are not empty.
    filled: usize,
    is_hidden: bool,
    /// Whether one of them is what a record is hardly without.
    is_telling: bool,
    /// Whether rows stand below it.
    has_rows: bool,
    /// Whether its sheet is called an explanation or an example.
    is_explanation: bool,
}

impl Header {
    fn new(row: &Row, headings: Option<&Arc<dyn Headings>>) -> Header {
        let mut titles: Vec<String> = row.cells.iter().map(str::to_owned).collect();
        while titles.last().is_some_and(|title| title.trim().is_empty()) {
            titles.pop();
        }
        let mut fields: Vec<usize> = headings
            .map(|headings| titles.iter().filter_map(|title| headings.find(title)).collect())
            .unwrap_or_default();
        let field = fields.first().copied();
        fields.sort_unstable();
        fields.dedup();
        let is_telling = headings.is_some_and(|headings| fields.iter().any(|known| headings.is_telling(*known)));
        let filled = titles.iter().filter(|title| !title.trim().is_empty()).count();
        let is_hidden = row.is_hidden;
        Header {
            number: row.number,
            titles,
            known: fields.len(),
            field,
            filled,
            is_hidden,
            is_telling,
            ..Header::default()
        }
    }

    /// Whether at least half of what it says is understood.
    fn is_plain(&self) -> bool {
        self.known > 0 && self.known * 2 >= self.filled
    }

    /// Whether it is more like the header of somebody's rows than that of a sheet before it: rows stand below it, it names what
    /// a record is hardly without, its sheet is not called an explanation, it names more fields, or as many and less else.
    fn fits_better_than(&self, before: &Header) -> bool {
        let rank = |header: &Header| {
            let unknown = header.filled.saturating_sub(header.known);
            let has_rows = header.known > 0 && header.has_rows;
            (has_rows, header.is_telling, !header.is_explanation, header.known, Reverse(unknown))
        };
        self.known > 0 && rank(self) > rank(before)
    }
}

/// The header among the first rows of a sheet: the first of them, unless what stands above a better one is plainly no data.
fn header_among(rows: &[Row], input: &Input, tail: &Tail) -> Option<Header> {
    let from = input.header_row.unwrap_or(1);
    let headings = input.headings.as_ref();
    let mut merged = rows.to_vec();
    fill_merged(&mut merged, tail);
    let mut headers = merged.iter().filter(|row| row.number >= from).map(|row| Header::new(row, headings));
    let mut best = headers.next()?;
    if input.header_row.is_some() {
        return Some(best);
    }
    // A table says itself where its header is.
    if let [table] = tail.tables.as_slice()
        && let Some(row) = merged.iter().find(|row| row.number == u64::from(table.area.top) + 1)
    {
        let of_table = Header::new(row, headings);
        if of_table.known >= best.known {
            return Some(of_table);
        }
    }
    let mut is_under_titles = true;
    let mut above = best.clone();
    for header in headers {
        is_under_titles &= above.filled <= 1 || above.is_hidden;
        let is_better = header.known > best.known
            || (best.is_hidden && header.known == best.known)
            // A title may be a heading, too: `公司`, and below it `公司名称`.
            || (best.number == above.number && best.filled == 1 && header.known == 1 && header.field == best.field);
        // Below a lone title any row that names a column, and says more than the title, is likelier.
        let is_below_title = best.number == above.number
            && best.filled == 1
            && header.filled > 1
            && header.known > 0
            && header.known >= best.known;
        if (is_below_title || (is_better && header.is_plain()))
            && !header.is_hidden
            && (is_under_titles || header.known > 1)
        {
            best = header.clone();
        }
        above = header;
    }
    Some(best)
}

/// Gives the cells that are merged downwards, or across, with one above or before them its text: a header of two rows is
/// read by its second.
fn fill_merged(rows: &mut [Row], tail: &Tail) {
    let Some(last) = rows.last().map(|row| row.number) else { return };
    for area in tail.merges.iter().take_while(|area| u64::from(area.top) < last).filter(|area| area.bottom > area.top) {
        let of_row = |row: u32| move |candidate: &&Row| candidate.number == u64::from(row) + 1;
        let Some(text) = rows.iter().find(of_row(area.top)).map(|row| row.cell(area.left as usize).text.to_owned())
        else {
            continue;
        };
        if area.left != area.right || text.is_empty() {
            continue;
        }
        for row in
            rows.iter_mut().filter(|row| (u64::from(area.top) + 2..=u64::from(area.bottom) + 1).contains(&row.number))
        {
            let column = area.left as usize;
            let mut cells: Vec<String> = row.cells.iter().map(str::to_owned).collect();
            cells.resize(cells.len().max(column + 1), String::new());
            cells[column].clone_from(&text);
            row.cells = cells.into();
        }
    }
}

/// What is said when the header is not the first row.
fn notes_of_header(rows: &[Row], header: &Header, input: &Input) -> Vec<Message> {
    let is_first = rows.iter().find(|row| !row.is_blank()).is_none_or(|row| row.number >= header.number);
    if is_first || input.header_row.is_some() {
        Vec::new()
    } else {
        vec![message!("xlsx.header_found", row = header.number)]
    }
}
