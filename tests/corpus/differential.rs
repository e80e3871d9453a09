//! Workbooks are read as calamine reads them whole, and text as another reader counts it: what is read here row by row loses
//! nothing.

use std::path::{Path, PathBuf};

use bw8::format::{self, CellKind, Input, Row};
use calamine::{Data, Reader as _};
use proptest::prelude::*;

use super::made::*;
use crate::harness::*;

fn input(path: &Path) -> Input {
    Input { path: path.to_owned(), shown: "the file".into(), ..Input::default() }
}

/// Every cell below the header, by row number and column.
fn cells(input: &Input) -> Vec<(u64, usize, String, CellKind)> {
    let mut reader = format::open(input).unwrap();
    let (mut row, mut cells) = (Row::default(), Vec::new());
    while reader.read(&mut row).unwrap() {
        for column in 0..row.cells.len() {
            let cell = row.cell(column);
            if !cell.text.is_empty() {
                cells.push((row.number, column, cell.text.to_owned(), cell.kind));
            }
        }
    }
    cells
}

/// Whether a cell says what calamine reads there.
fn is_same(text: &str, kind: CellKind, other: &Data) -> bool {
    match other {
        Data::String(other) => text == other.replace("\r\n", "\n"),
        Data::Float(_) | Data::Int(_) => {
            let number =
                if let Data::Int(number) = other { *number as f64 } else { other.to_string().parse().unwrap() };
            text.parse::<f64>().is_ok_and(|read| (read - number).abs() <= number.abs() * 1e-14)
        }
        Data::Bool(other) => text == if *other { "TRUE" } else { "FALSE" },
        Data::DateTime(moment) => {
            let seconds = (moment.as_f64() * 86_400.0).round() as i64;
            let expected = jiff::civil::date(1899, 12, 30).at(0, 0, 0, 0) + jiff::SignedDuration::from_secs(seconds);
            text == expected.strftime("%Y-%m-%d").to_string()
                || text == expected.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        Data::Error(_) => kind == CellKind::Error,
        other => panic!("{other:?}"),
    }
}

fn workbooks() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["templates", "samples", "tests/corpus/files"];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "xlsx"));
    files.sort();
    files
}

#[test]
fn workbooks_are_read_as_another_reader_reads_them_whole() {
    let mut compared = 0;
    let folder = tempfile::tempdir().unwrap();
    let mut files = workbooks();
    assert!(files.len() >= 8, "{files:?}");
    let rows: Vec<String> = (0..40).map(|row| format!("示例{row}\u{20}&amp;&lt;甲&gt;\t{row}")).collect();
    let rows: Vec<[&str; 5]> = rows.iter().map(|text| [text.as_str(), "13100000001", "", "0012", "两\n行"]).collect();
    let rows: Vec<&[&str]> = rows.iter().map(|row| row.as_slice()).collect();
    for (name, bytes) in [("made.xlsx", sheets(&rows)), ("strict.xlsx", strict(&sheets(&rows)))] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        files.push(folder.path().join(name));
    }
    for file in files {
        let mut book = calamine::open_workbook_auto(&file).unwrap();
        for sheet in book.sheets_metadata().to_vec() {
            let range = book.worksheet_range(&sheet.name).unwrap();
            let Some((first_row, first_column)) = range.start() else { continue };
            let named = Input { sheet: Some(sheet.name.clone()), header_row: Some(1), ..input(&file) };
            let Ok(reader) = format::open(&named) else { continue };
            let header = reader.sheet().header_row;
            drop(reader);
            let read = cells(&named);
            let mut expected = 0;
            for (row, column, value) in range.used_cells() {
                let number = (first_row as usize + row + 1) as u64;
                if number <= header || matches!(value, Data::String(text) if text.is_empty()) {
                    continue;
                }
                expected += 1;
                let column = first_column as usize + column;
                let cell = read.iter().find(|cell| cell.0 == number && cell.1 == column);
                assert!(
                    cell.is_some_and(|(.., text, kind)| is_same(text, *kind, value)),
                    "{} {} row {number} column {column}: {cell:?} is not {value:?}",
                    file.display(),
                    sheet.name
                );
            }
            assert_eq!(read.len(), expected, "{} {}", file.display(), sheet.name);
            compared += expected;
        }
    }
    assert!(compared > 300, "{compared} cells");
}

/// Rows that hold anything, as another reader counts them, without the header.
fn counted(bytes: &[u8]) -> usize {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let is_filled = |record: &csv::ByteRecord| record.iter().any(|cell| !cell.trim_ascii().is_empty());
    reader.byte_records().filter_map(Result::ok).filter(is_filled).count().saturating_sub(1)
}

/// A list, damaged in a few places.
fn damaged(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut text = String::from("姓名,手机,公司编号,备注\n");
    for row in 0..random.usize(1..12) {
        let note = random.choice(["无", "\"要红色,不要蓝色\"", "\"两\n行\"", "27\"", "", "\"\"\"好\"\"\""]).unwrap();
        text += &format!("示例{row},131{row:08},20001,{note}\n");
    }
    let mut characters: Vec<char> = text.chars().collect();
    let header = characters.iter().position(|c| *c == '\n').unwrap() + 1;
    for _ in 0..random.usize(0..5) {
        let at = random.usize(header..characters.len());
        match random.u8(0..3) {
            0 => drop(characters.remove(at)),
            1 => characters.insert(at, *random.choice(&['"', ',', '\n', ';', ' ', '甲', '\'']).unwrap()),
            _ => characters[at] = *random.choice(&['"', ',', '\n', '\t', '1', '=']).unwrap(),
        }
        if characters.len() <= header {
            break;
        }
    }
    characters.into_iter().collect::<String>().into_bytes()
}

#[test]
fn no_row_of_a_damaged_list_goes_missing() {
    let mut random = fastrand::Rng::with_seed(20_260_105);
    let mut read = 0;
    for _ in 0..40 {
        let bytes = damaged(&mut random);
        let work = Work::with("mine.csv", &bytes);
        let ran = work.bw8("import customers mine.csv --sandbox --keep-going --format json");
        let code = ran.exits_with_one_of(&[0, 2, 3, 5]);
        if code == 2 {
            assert!(work.runs().is_empty(), "{ran}");
            continue;
        }
        let results = work.results();
        let count = |status: &str| results.column("status").iter().filter(|found| **found == status).count();
        let counts = ["created", "refused", "skipped", "held", "failed", "pending"].map(count);
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(counts.iter().sum::<usize>(), counted(&bytes), "{text}\n{ran}");
        read += 1;
    }
    assert!(read >= 20, "{read} files were read");
}

/// Texts as lists hold them; none that means something to a spreadsheet program that reads text.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof!["[一-龥]{1,8}", "1[3-9][0-9]{9}", "0{1,4}[0-9]{1,18}", "[a-z,;|\n\" é😀-]{0,12}", Just(String::new())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn tables_that_others_write_are_read_to_the_digit(
        rows in proptest::collection::vec(("[一-龥]{1,8}", proptest::collection::vec(cell(), 3)), 1..10),
    ) {
        let header = ["公司名称", "联系地址", "电话", "备注"];
        let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, rest)| [vec![name], rest].concat()).collect();
        let folder = tempfile::tempdir().unwrap();
        let (text, book) = (folder.path().join("a.csv"), folder.path().join("a.xlsx"));
        let mut writer = csv::Writer::from_path(&text).unwrap();
        writer.write_record(header).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (number, row) in std::iter::once(header.map(str::to_owned).to_vec()).chain(rows.clone()).enumerate() {
            for (column, cell) in row.iter().enumerate() {
                sheet.write_string(number as u32, column as u16, cell).unwrap();
            }
        }
        workbook.save(&book).unwrap();
        for path in [text, book] {
            let mut reader = format::open(&Input { encoding: Some("utf-8".into()), ..input(&path) }).unwrap();
            prop_assert_eq!(&reader.sheet().header, &header);
            let (mut row, mut read) = (Row::default(), Vec::new());
            while reader.read(&mut row).unwrap() {
                read.push((0..4).map(|column| row.cell(column).text.to_owned()).collect::<Vec<_>>());
            }
            prop_assert_eq!(&read, &rows, "{}", path.display());
        }
    }
}
