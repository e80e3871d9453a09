//! Tables in files: made, read and changed the way a person would with a spreadsheet program.

use std::io::{Cursor, Read, Write};
use std::path::Path;

use calamine::{Data, Reader, open_workbook_auto};
use rust_xlsxwriter::{Format, Workbook};

/// Rows of text, header first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn of(header: &[&str]) -> Table {
        Table { rows: vec![header.iter().map(|title| (*title).to_owned()).collect()] }
    }

    pub fn push(&mut self, cells: &[&str]) -> &mut Table {
        self.rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
        self
    }

    /// A CSV or XLSX file.
    #[track_caller]
    pub fn read(path: &Path) -> Table {
        if path.extension().is_some_and(|extension| extension == "xlsx") {
            return Table { rows: cells_of(path) };
        }
        Table::of_csv(&std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    pub fn of_csv(text: &str) -> Table {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let rows = reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        Table { rows }
    }

    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        writer.into_inner().unwrap()
    }

    pub fn header(&self) -> Vec<&str> {
        self.rows[0].iter().map(String::as_str).collect()
    }

    /// Rows below the header.
    pub fn len(&self) -> usize {
        self.rows.len() - 1
    }

    /// The values of a column.
    #[track_caller]
    pub fn column(&self, title: &str) -> Vec<&str> {
        let place = self.place(title);
        self.rows[1..].iter().map(|row| row.get(place).map_or("", String::as_str)).collect()
    }

    /// Writes one cell: row from 0 below the header.
    #[track_caller]
    pub fn set(&mut self, row: usize, title: &str, text: &str) -> &mut Table {
        let place = self.place(title);
        self.rows[row + 1][place] = text.to_owned();
        self
    }

    /// Takes a column away.
    #[track_caller]
    pub fn delete_column(&mut self, title: &str) -> &mut Table {
        let place = self.place(title);
        for row in &mut self.rows {
            row.remove(place);
        }
        self
    }

    #[track_caller]
    fn place(&self, title: &str) -> usize {
        self.rows[0]
            .iter()
            .position(|had| had == title)
            .unwrap_or_else(|| panic!("no column {title} in {:?}", self.rows[0]))
    }
}

/// The cells of a workbook's first sheet as text.
fn cells_of(path: &Path) -> Vec<Vec<String>> {
    let mut workbook = open_workbook_auto(path).unwrap();
    let sheet = workbook.worksheet_range_at(0).unwrap().unwrap();
    let text = |cell: &Data| match cell {
        Data::Empty => String::new(),
        cell => cell.to_string(),
    };
    sheet.rows().map(|row| row.iter().map(text).collect()).collect()
}

/// All sheets of a workbook that a person sees, as text.
pub fn all_sheets(path: &Path) -> Vec<(String, Table)> {
    let mut workbook = open_workbook_auto(path).unwrap();
    let text = |cell: &Data| if *cell == Data::Empty { String::new() } else { cell.to_string() };
    let visible: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == calamine::SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    let rows = |name: &String| {
        let sheet = workbook.worksheet_range(name).unwrap();
        sheet.rows().map(|row| row.iter().map(text).collect()).collect()
    };
    visible
        .iter()
        .map(rows)
        .collect::<Vec<_>>()
        .into_iter()
        .zip(&visible)
        .map(|(rows, name)| (name.clone(), Table { rows }))
        .collect()
}

/// The text of one part of a workbook.
pub fn part_of(path: &Path, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// A workbook with these sheets, all cells text.
pub fn workbook(sheets: &[(&str, &Table)]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for (name, table) in sheets {
        let sheet = workbook.add_worksheet().set_name(*name).unwrap();
        for (row, cells) in table.rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let format = Format::new().set_num_format("@");
                sheet.write_string_with_format(row as u32, column as u16, cell, &format).unwrap();
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// Adds a row of text cells to the first sheet of a workbook and leaves everything else in it as it is.
pub fn add_row(path: &Path, row: usize, cells: &[String]) {
    let mut old = zip::ZipArchive::new(Cursor::new(std::fs::read(path).unwrap())).unwrap();
    let mut new = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let cell = |(column, text): (usize, &String)| {
        let letter = char::from(b'A' + u8::try_from(column).unwrap());
        format!(r#"<c r="{letter}{row}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    };
    let cells: String = cells.iter().enumerate().filter(|(_, text)| !text.is_empty()).map(cell).collect();
    let added = format!(r#"<row r="{row}">{cells}</row></sheetData>"#);
    for place in 0..old.len() {
        let mut part = old.by_index(place).unwrap();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        let name = part.name().unwrap().into_owned();
        if name == "xl/worksheets/sheet1.xml" {
            text = text.replace("</sheetData>", &added);
        }
        new.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        new.write_all(text.as_bytes()).unwrap();
    }
    std::fs::write(path, new.finish().unwrap().into_inner()).unwrap();
}

/// `n` customers with a mobile number each, made up from the number `from` on.
pub fn customers(from: u64, n: u64) -> Table {
    let mut table = Table::of(&["姓名", "手机", "公司编号"]);
    for number in from..from + n {
        table.push(&[&format!("示例 {number}"), &format!("131{number:08}"), "20001"]);
    }
    table
}
