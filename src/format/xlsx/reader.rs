//! Reads a sheet on a thread of its own, which owns the workbook and sends batches of rows: the parser's cells borrow the
//! workbook, and a parser that panics on a damaged file ends its thread and nothing else.

use std::fs::File;
use std::io::BufReader;
use std::sync::Once;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use calamine::{Cell, DataRef, SheetType, SheetVisible, Xlsx, XlsxCellReader};
use rust_i18n::t;

use super::number;
use super::template::{self, Example};
use super::{MAX_COLUMNS, MAX_ROWS, guard};
use crate::error::{Error, Result};
use crate::format::{CellKind, Input, Reader, Row, Sheet};

/// Rows of a batch …
const BATCH_ROWS: usize = 512;
/// … unless their texts and fields take more bytes than this.
const BATCH_BYTES: usize = 256 << 10;
/// Batches that wait for the one who reads.
const WAITING: usize = 2;
/// Name of the parsing threads, whose panics are not printed.
const THREAD: &str = "bw8-workbook";

type Batch = Vec<Row>;

enum Message {
    Opened(Sheet),
    Rows(Batch),
    Failed(Error),
}

/// Reads one sheet of a workbook.
pub struct XlsxReader {
    shown: String,
    sheet: Sheet,
    messages: Receiver<Message>,
    /// Batches that were read go back, so that their memory is used again.
    used: Sender<Batch>,
    batch: Batch,
    next: usize,
    thread: Option<JoinHandle<()>>,
}

impl XlsxReader {
    /// Opens a workbook, chooses the sheet and reads its header.
    ///
    /// # Errors
    /// A file that [`guard::check`] refuses or the parser cannot read, an unknown sheet, a sheet without a header.
    pub fn open(input: &Input) -> Result<Self> {
        keep_panics_quiet();
        let shown = input.shown.clone();
        let (sender, messages) = sync_channel(WAITING);
        let (used, returned) = channel();
        let thread = {
            let input = input.clone();
            std::thread::Builder::new()
                .name(THREAD.to_owned())
                .spawn(move || {
                    if let Err(error) = parse(&input, &sender, &returned) {
                        // Nobody listens any more: then nobody wants to know.
                        let _ = sender.send(Message::Failed(error));
                    }
                })
                .map_err(|why| Error::cannot_run(t!("format.unreadable", file = shown, why = why)))?
        };
        let mut reader = XlsxReader {
            shown,
            sheet: Sheet::default(),
            messages,
            used,
            batch: Vec::new(),
            next: 0,
            thread: Some(thread),
        };
        match reader.receive()? {
            Some(Message::Opened(sheet)) => reader.sheet = sheet,
            _ => return Err(guard::damaged(&reader.shown, &t!("xlsx.parser"))),
        }
        Ok(reader)
    }

    /// The next message; none when the thread ended well.
    fn receive(&mut self) -> Result<Option<Message>> {
        match self.messages.recv() {
            Ok(Message::Failed(error)) => Err(error),
            Ok(message) => Ok(Some(message)),
            Err(_) => match self.thread.take().map(JoinHandle::join) {
                Some(Err(_)) => Err(guard::damaged(&self.shown, &t!("xlsx.parser"))),
                _ => Ok(None),
            },
        }
    }
}

impl Reader for XlsxReader {
    fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    fn read(&mut self, row: &mut Row) -> Result<bool> {
        while self.next == self.batch.len() {
            let Some(Message::Rows(batch)) = self.receive()? else {
                return Ok(false);
            };
            let _ = self.used.send(std::mem::replace(&mut self.batch, batch));
            self.next = 0;
        }
        std::mem::swap(row, &mut self.batch[self.next]);
        self.next += 1;
        Ok(true)
    }
}

/// A damaged file can make the parser panic. The error says so; the backtrace would only frighten.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() != Some(THREAD) {
                before(panic);
            }
        }));
    });
}

/// The thread's work: looks the file over, chooses the sheet, sends its rows. Ends early when nobody receives.
fn parse(input: &Input, sender: &SyncSender<Message>, returned: &Receiver<Batch>) -> Result<()> {
    let shown = &input.shown;
    let open = || File::open(&input.path).map_err(|why| Error::usage(t!("format.unreadable", file = shown, why = why)));
    guard::check(open()?, shown)?;
    let mut workbook: Xlsx<_> =
        calamine::Reader::new(BufReader::new(open()?)).map_err(|error| guard::damaged(shown, &error))?;
    let example = template::read_example(&mut workbook);
    let (mut sheet, first_row) = choose(&mut workbook, input)?;
    let name = sheet.name.clone().unwrap_or_default();
    let mut rows = Rows::open(&mut workbook, &name, shown)?;
    let mut batch = Batch::new();
    let more = fill(&mut rows, &mut batch, first_row)?;
    sheet.example_row = example.and_then(|example| find_example(&example, &sheet.header, &batch));
    if sender.send(Message::Opened(sheet)).is_err() || sender.send(Message::Rows(batch)).is_err() || !more {
        return Ok(());
    }
    loop {
        let mut batch = returned.try_recv().unwrap_or_default();
        let more = fill(&mut rows, &mut batch, first_row)?;
        if sender.send(Message::Rows(batch)).is_err() || !more {
            return Ok(());
        }
    }
}

/// Fills a batch with rows from `first_row` on, using its old rows again; false at the end of the sheet.
fn fill(rows: &mut Rows<'_>, batch: &mut Batch, first_row: u64) -> Result<bool> {
    let (mut filled, mut bytes) = (0, 0);
    let more = loop {
        if filled == BATCH_ROWS || bytes >= BATCH_BYTES {
            break true;
        }
        if filled == batch.len() {
            batch.push(Row::default());
        }
        let row = &mut batch[filled];
        if !rows.read(row)? {
            break false;
        }
        if row.number >= first_row && !row.is_blank() {
            bytes += row.cells.as_slice().len() + row.cells.len() * size_of::<usize>();
            filled += 1;
        }
    };
    batch.truncate(filled);
    Ok(more)
}

/// The row of the template's example, while it stands among the first rows as the template brought it.
fn find_example(example: &Example, header: &[String], rows: &[Row]) -> Option<u64> {
    rows.iter().find(|row| example.is(header, row)).map(|row| row.number)
}

/// The sheet to read with its header, and the first row below it.
fn choose(workbook: &mut Xlsx<BufReader<File>>, input: &Input) -> Result<(Sheet, u64)> {
    let shown = &input.shown;
    let sheets: Vec<(String, bool)> = calamine::Reader::sheets_metadata(workbook)
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();
    let visible = sheets.iter().filter(|(name, visible)| {
        *visible && name != template::EXPLANATION && !super::FRONT_NAMES.contains(&name.as_str())
    });
    let visible: Vec<&String> = visible.map(|(name, _)| name).collect();
    let mut candidates = visible.clone();
    if let Some(wanted) = &input.sheet {
        candidates = sheets.iter().map(|(name, _)| name).filter(|name| name.trim() == wanted.trim()).collect();
        if candidates.is_empty() {
            let names: Vec<&str> = visible.iter().map(|name| name.as_str()).collect();
            return Err(Error::usage(t!("xlsx.no_sheet", file = shown, sheet = wanted))
                .hint(t!("xlsx.no_sheet_hint", sheets = names.join(", "))));
        }
    }
    let from = input.header_row.unwrap_or(1);
    for name in candidates {
        let Some(header) = first_row(workbook, name, from, shown)? else {
            continue;
        };
        let mut others = Vec::new();
        for other in visible.into_iter().filter(|other| *other != name) {
            // A sheet that is not read need not be sound.
            if matches!(first_row(workbook, other, 1, shown), Ok(Some(_))) {
                others.push(other.clone());
            }
        }
        let mut titles: Vec<String> = header.cells.iter().map(str::to_owned).collect();
        while titles.last().is_some_and(|title| title.trim().is_empty()) {
            titles.pop();
        }
        let sheet = Sheet {
            delimiter: None,
            name: Some(name.clone()),
            others,
            header: titles,
            header_row: header.number,
            reading: "XLSX".to_owned(),
            example_row: None,
        };
        return Ok((sheet, header.number + 1));
    }
    Err(match &input.sheet {
        Some(sheet) => Error::usage(t!("xlsx.no_header", file = shown, sheet = sheet)),
        None => Error::usage(t!("xlsx.empty", file = shown)),
    }
    .hint(t!("xlsx.no_header_hint")))
}

/// The first row of a sheet from `from` on that is not blank.
fn first_row(workbook: &mut Xlsx<BufReader<File>>, name: &str, from: u64, shown: &str) -> Result<Option<Row>> {
    let mut rows = Rows::open(workbook, name, shown)?;
    let mut row = Row::default();
    while rows.read(&mut row)? {
        if row.number >= from && !row.is_blank() {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The rows of a sheet, put together from its cells.
struct Rows<'a> {
    cells: XlsxCellReader<'a, BufReader<File>>,
    /// The first cell of the next row.
    ahead: Option<Cell<DataRef<'a>>>,
    last: Option<(u32, u32)>,
    /// Asked again behind its end, the parser would run into the rest of the sheet.
    ended: bool,
    text: String,
    shown: &'a str,
}

impl<'a> Rows<'a> {
    fn open(workbook: &'a mut Xlsx<BufReader<File>>, name: &str, shown: &'a str) -> Result<Self> {
        let cells = workbook.worksheet_cells_reader(name).map_err(|error| guard::damaged(shown, &error))?;
        Ok(Rows { cells, ahead: None, last: None, ended: false, text: String::new(), shown })
    }

    /// Reads the next row, blank or not; false at the end.
    fn read(&mut self, row: &mut Row) -> Result<bool> {
        row.clear();
        loop {
            let cell = match self.ahead.take() {
                Some(cell) => cell,
                None => match self.next_cell()? {
                    Some(cell) => cell,
                    None => return Ok(row.number > 0),
                },
            };
            let (number, column) = cell.get_position();
            let number = u64::from(number) + 1;
            if row.number == 0 {
                row.number = number;
            } else if row.number != number {
                self.ahead = Some(cell);
                return Ok(true);
            }
            self.text.clear();
            let kind = number::text_of(cell.get_value(), &mut self.text);
            if self.text.is_empty() {
                continue;
            }
            while row.cells.len() < column as usize {
                row.cells.push_field("");
                row.kinds.push(CellKind::Text);
            }
            row.cells.push_field(&self.text);
            row.kinds.push(kind);
        }
    }

    fn next_cell(&mut self) -> Result<Option<Cell<DataRef<'a>>>> {
        if self.ended {
            return Ok(None);
        }
        let after = |last: Option<(u32, u32)>| last.map_or(0, |(row, _)| row + 1);
        let cell = self
            .cells
            .next_cell()
            .map_err(|error| guard::damaged(self.shown, &t!("xlsx.after_row", row = after(self.last), why = error)))?;
        self.ended = cell.is_none();
        if let Some(cell) = &cell {
            let place = cell.get_position();
            // A cell given twice or out of order could only be put in the wrong place.
            if place.0 >= MAX_ROWS || place.1 >= MAX_COLUMNS || self.last.is_some_and(|last| place <= last) {
                return Err(guard::damaged(self.shown, &t!("xlsx.order", row = after(self.last))));
            }
            self.last = Some(place);
        }
        Ok(cell)
    }
}
