//! What a person sees of the rows of a sheet and their cells do not tell: what is hidden, merged, or declared as totals.

use super::area::Area;
use super::tail::{Table, Tail};
use crate::format::cell::CellKind;
use crate::format::column_letters::column_letters;
use crate::format::row::{Row, Shown};
use crate::problem::Problem;

/// What a person sees of the rows of a sheet, one after another.
pub(in crate::format) struct Sight {
    /// Merged cells that begin in a row to come, and those that reach into the one being read.
    merges: Vec<Area>,
    next_merge: usize,
    active_merges: Vec<(Area, Option<First>)>,
    /// Whether cells that are merged downwards take the value of their first one.
    fills: bool,
    tables: Vec<Table>,
    /// Columns that are hidden, first and last.
    hidden_columns: Vec<(u32, u32)>,
}

/// The first of merged cells, which holds their value.
struct First {
    text: String,
    kind: CellKind,
    /// What it shows, where that is something else.
    shown: Option<Shown>,
}

impl Sight {
    /// With the first row. Merged cells are in the order of their first rows.
    pub(in crate::format) fn new(tail: Tail, mut hidden_columns: Vec<(u32, u32)>) -> Sight {
        let Tail { merges, tables } = tail;
        // Each column once, however often it is said to be hidden.
        hidden_columns.sort_unstable();
        hidden_columns.dedup_by(|next, before| {
            let is_joined = next.0 <= before.1;
            before.1 = if is_joined { before.1.max(next.1) } else { before.1 };
            is_joined
        });
        Sight { merges, next_merge: 0, active_merges: Vec::new(), fills: false, tables, hidden_columns }
    }

    /// Whether cells that are merged downwards take the value of their first one.
    pub(in crate::format) fn set_fills(&mut self, fills: bool) {
        self.fills = fills;
    }

    /// Says of the row that was read what a person sees of it and the cells do not tell.
    pub(in crate::format) fn remark(&mut self, row: &mut Row, width: usize) {
        let index = u32::try_from(row.number.saturating_sub(1)).unwrap_or(u32::MAX);
        if row.is_hidden {
            row.remark(None, Problem::held("hidden_row"));
        }
        for (first, last) in &self.hidden_columns {
            for column in *first as usize..=(*last as usize).min(row.cells.len()) {
                if !row.cell(column).text.trim().is_empty() {
                    row.remark(Some(column), Problem::held("hidden_column").with("column", column_letters(column)));
                }
            }
        }
        while let Some(area) = self.merges.get(self.next_merge).filter(|area| area.top <= index) {
            // What a header shows is no value of the rows below it.
            let first = (self.fills && area.top == index).then(|| First::of(row, area.left as usize));
            self.active_merges.push((*area, first));
            self.next_merge += 1;
        }
        self.active_merges.retain(|(area, _)| area.bottom >= index);
        // Each cell once, however many ranges it is merged in.
        let mut merged = vec![false; if self.active_merges.len() > 1 { width } else { 0 }];
        for (area, first) in &self.active_merges {
            for column in area.columns().take_while(|column| (*column as usize) < width) {
                if (index, column) == (area.top, area.left) {
                    continue;
                }
                if let Some(is_merged) = merged.get_mut(column as usize)
                    && std::mem::replace(is_merged, true)
                {
                    continue;
                }
                match first.as_ref().filter(|_| column == area.left) {
                    Some(first) => first.fill(row, column as usize, area),
                    None => row.remark(Some(column as usize), Problem::new("merged_cells").with("range", area)),
                }
            }
        }
        let totals = |table: &&Table| {
            table.totals > 0
                && table.area.rows().contains(&index)
                && index > table.area.bottom - table.totals.min(table.area.bottom)
        };
        if let Some(table) = self.tables.iter().find(totals) {
            let is_inside = |column: usize| table.area.columns().contains(&u32::try_from(column).unwrap_or(u32::MAX));
            // Beside a table there may be data.
            let is_alone =
                (0..row.cells.len()).all(|column| is_inside(column) || row.cell(column).text.trim().is_empty());
            let problem = if is_alone { Problem::skipped("totals_row") } else { Problem::held("totals_row") };
            row.remark(None, problem);
        }
    }
}

impl First {
    fn of(row: &Row, column: usize) -> First {
        let cell = row.cell(column);
        let shown = row.shown.iter().find(|shown| shown.column == column).cloned();
        First { text: cell.text.to_owned(), kind: cell.kind, shown }
    }

    /// Puts the value into a cell below.
    fn fill(&self, row: &mut Row, column: usize, area: &Area) {
        if self.text.is_empty() {
            return;
        }
        let width = row.cells.len().max(column + 1);
        let had_kinds = !row.kinds.is_empty();
        let text = |at: usize| if at == column { self.text.as_str() } else { row.cells.get(at).unwrap_or_default() };
        row.cells = (0..width).map(text).collect();
        if had_kinds || self.kind != CellKind::Text {
            row.kinds.resize(width, CellKind::Text);
            row.kinds[column] = self.kind;
        }
        row.shown.retain(|shown| shown.column != column);
        row.shown.extend(self.shown.clone());
        row.remark(Some(column), Problem::word("merged_filled").with("range", area));
    }
}
