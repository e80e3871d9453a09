//! The first reading of an input, before anything is sent: all its mistakes, its fingerprint, and what occurs twice in it.

use rust_i18n::t;
use sha2::{Digest, Sha256};

use super::MappingFile;
use super::check::{Finding, Record};
use super::findings::Findings;
use super::identity::{Census, Keys, Repeated, watched};
use super::mapping::{Plan, Slot, Source, no_rows};
use super::report::EXTRA_COLUMNS;
use super::request::{Mode, Requests};
use super::spool::{Fate, Spool, SpoolWriter, Spooled};
use crate::entity::{AccountMode, Entity};
use crate::error::Result;
use crate::format::{self, Input, Reader, Row, Sheet};
use crate::journal::Reason;
use crate::language::Language;
use crate::text::clean;

/// What the first reading found.
#[derive(Debug)]
pub struct Survey {
    /// How the file was read.
    pub sheet: Sheet,
    /// Which column feeds which field.
    pub plan: Plan,
    /// Rows, blank ones left out.
    pub rows: u64,
    /// All mistakes.
    pub findings: Findings,
    /// Fingerprint of the decoded rows and their header.
    pub fingerprint: String,
    /// The first record that will be sent, as its fields and values, secrets masked.
    pub first: Vec<(String, String)>,
}

/// The rows of the first reading.
#[derive(Debug)]
pub struct Rows {
    /// The rows, as they will be sent.
    pub spool: Spool,
    /// What occurs more than once in them.
    pub repeated: Repeated,
}

impl Rows {
    /// Begins again with the first row.
    ///
    /// # Errors
    /// A spool that cannot be read.
    pub fn begin(&mut self) -> Result<()> {
        self.repeated.begin();
        self.spool.rewind()
    }
}

impl Survey {
    /// Reads the whole input once, and a second time only when something occurs twice in it.
    ///
    /// # Errors
    /// An input or mapping that cannot be used.
    pub fn take(
        input: &Input,
        entity: &Entity,
        mapping: Option<&MappingFile>,
        account_mode: AccountMode,
        mode: Mode,
    ) -> Result<(Survey, Rows)> {
        let mut reader = format::open(input)?;
        let sheet = reader.sheet().clone();
        let plan = Plan::new(entity, &sheet, mapping, account_mode)?;
        let mut reading = Reading::new(&plan, &sheet, entity, mode)?;
        while reading.next(&mut reader)? {}
        if reading.rows == 0 {
            return Err(no_rows(&input.shown));
        }
        let Reading { spool, mut findings, census, fingerprint, first, .. } = reading;
        let mut repeated = Repeated::new(census);
        let mut spool = spool.finish()?;
        if !repeated.is_empty() {
            find_duplicates(input, &sheet, &plan, &mut repeated, &mut findings)?;
            tell_apart(&mut spool, &mut repeated)?;
        }
        let fingerprint = fingerprint.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let survey = Survey { rows: spool.rows, sheet, plan, findings, fingerprint, first };
        Ok((survey, Rows { spool, repeated }))
    }
}

/// The first reading, row by row.
struct Reading<'a> {
    plan: &'a Plan,
    sheet: &'a Sheet,
    requests: Requests<'a>,
    spool: SpoolWriter,
    findings: Findings,
    census: Census,
    fingerprint: Sha256,
    first: Vec<(String, String)>,
    rows: u64,
    /// Columns that tie a row of a file of failed rows to its run.
    origin: Option<(usize, usize)>,
    row: Row,
    record: Record,
    keys: Keys,
}

impl<'a> Reading<'a> {
    fn new(plan: &'a Plan, sheet: &'a Sheet, entity: &'a Entity, mode: Mode) -> Result<Self> {
        let mut fingerprint = Sha256::new();
        for title in &sheet.header {
            fingerprint.update(title.trim().as_bytes());
            fingerprint.update([0xff]);
        }
        let column = |title: &str| sheet.header.iter().position(|header| header.trim() == title);
        Ok(Reading {
            plan,
            sheet,
            requests: Requests::new(entity, mode)?,
            spool: SpoolWriter::new()?,
            findings: Findings::new()?,
            census: Census::default(),
            fingerprint,
            first: Vec::new(),
            rows: 0,
            origin: column(EXTRA_COLUMNS[0]).zip(column(EXTRA_COLUMNS[1])),
            row: Row::default(),
            record: Record::default(),
            keys: Keys::default(),
        })
    }

    fn next(&mut self, reader: &mut Reader) -> Result<bool> {
        if !reader.read(&mut self.row)? {
            return Ok(false);
        }
        let content = self.row.content;
        self.fingerprint.update(content);
        let mut spooled = Spooled { number: self.row.number, content, key: None, origin: None, fate: Fate::Example };
        if self.sheet.example_row != Some(self.row.number) {
            self.plan.check(&self.row, &mut self.record);
            spooled.key = self.keys.of(self.plan, &self.record);
            self.census.add(watched(spooled.key.map(|(key, _)| key), &content));
            let text = |column: usize| self.row.cell(column).text.trim().to_owned();
            spooled.origin = self.origin.map(|(row, run)| (text(row), text(run)));
            spooled.fate = self.fate()?;
        }
        self.spool.add(&spooled)?;
        self.rows += 1;
        Ok(true)
    }

    fn fate(&mut self) -> Result<Fate> {
        if self.record.findings.is_empty() {
            if self.first.is_empty() {
                self.first = self.record.shown(self.plan);
            }
            return Ok(Fate::Sound(self.requests.job(self.plan, &self.record)));
        }
        self.findings.rows += 1;
        for finding in &self.record.findings {
            self.findings.add(self.rows, &self.row, finding)?;
        }
        Ok(Fate::Refused(reason_of(self.plan, &self.record.findings)))
    }
}

/// Why a row with findings is refused.
fn reason_of(plan: &Plan, findings: &[Finding]) -> Reason {
    let rules: Vec<String> = findings
        .iter()
        .map(|finding| match finding.column.map(|column| plan.header(column)).filter(|header| !header.is_empty()) {
            Some(header) => t!("import.in_column", header = header, rule = finding.rule).into_owned(),
            None => finding.rule.clone(),
        })
        .collect();
    Reason {
        code: findings.first().map(|first| first.code.to_owned()).unwrap_or_default(),
        field: findings.first().and_then(|first| first.field.clone()).unwrap_or_default(),
        message: rules.join("; "),
    }
}

/// Finds out which rows are equal: among those that will be sent, whatever became of the input meanwhile.
fn tell_apart(spool: &mut Spool, repeated: &mut Repeated) -> Result<()> {
    let mut equal = Census::default();
    while let Some(row) = spool.next()? {
        if let Some(content) = repeated.content(row.key.map(|(key, _)| key), &row.content) {
            equal.add(content);
        }
    }
    repeated.tell_apart(equal);
    spool.rewind()
}

/// Reads the input again and finds the rows whose key an earlier row has.
fn find_duplicates(
    input: &Input,
    sheet: &Sheet,
    plan: &Plan,
    repeated: &mut Repeated,
    findings: &mut Findings,
) -> Result<()> {
    let mut reader = format::open(input)?;
    let (mut row, mut record, mut keys) = (Row::default(), Record::default(), Keys::default());
    let mut place = 0;
    while reader.read(&mut row)? {
        if sheet.example_row != Some(row.number) {
            plan.check(&row, &mut record);
            let key = keys.of(plan, &record);
            let is_sound = record.findings.is_empty();
            let hash = key.map(|(key, _)| key);
            let seen = repeated.see(row.number, hash, &row.content, is_sound);
            if let (Some(first), Some((_, number))) = (seen.first, key) {
                findings.rows += u64::from(is_sound);
                findings.add(place, &row, &duplicate(plan, number, &record, first))?;
            }
        }
        place += 1;
    }
    repeated.begin();
    Ok(())
}

/// The finding for a row whose key an earlier row of the file has.
fn duplicate(plan: &Plan, key: u8, record: &Record, first: u64) -> Finding {
    let fields = plan.key_fields(key);
    let values: Vec<&str> = fields.iter().filter_map(|field| record.value(plan, field)).collect();
    Finding {
        column: fields.first().and_then(|field| plan.column(field)),
        field: fields.first().cloned(),
        code: DUPLICATE,
        value: clean(&values.join(" ")).into_owned(),
        rule: duplicate_rule(plan, key, first),
        hint: t!("import.duplicate_hint").into_owned(),
    }
}

/// Why a row whose key an earlier row of the file has is refused.
pub fn duplicate_reason(plan: &Plan, key: u8, first: u64) -> Reason {
    Reason {
        code: DUPLICATE.to_owned(),
        field: plan.key_fields(key).first().cloned().unwrap_or_default(),
        message: duplicate_rule(plan, key, first),
    }
}

/// Why a row is refused whose key a row has that an earlier input or the retried run has sent.
pub fn sent_double_reason(plan: &Plan, key: u8, first: u64) -> Reason {
    let message = t!("import.duplicate_sent", labels = key_labels(plan, key), row = first).into_owned();
    Reason { message, ..duplicate_reason(plan, key, first) }
}

const DUPLICATE: &str = "duplicate";

fn duplicate_rule(plan: &Plan, key: u8, first: u64) -> String {
    t!("import.duplicate", labels = key_labels(plan, key), row = first).into_owned()
}

fn key_labels(plan: &Plan, key: u8) -> String {
    let labels: Vec<&str> = plan.key_fields(key).iter().map(|field| plan.label(field)).collect();
    labels.join(" + ")
}

impl Plan {
    /// The label of a field in the user's language; its name when it is not known.
    fn label<'a>(&'a self, field: &'a str) -> &'a str {
        self.entity().field(field).map_or(field, |known| known.label(Language::current()))
    }

    /// The column that feeds a field.
    fn column(&self, field: &str) -> Option<usize> {
        match self.slots.iter().find(|slot| slot.field.name == field)?.source {
            Source::Column(column) => Some(column),
            _ => None,
        }
    }
}

impl Record {
    /// What will be sent, for a person to look at: labels and values, secrets masked.
    fn shown(&self, plan: &Plan) -> Vec<(String, String)> {
        let value = |slot: &Slot, text: &str| match slot.field.choice(text) {
            _ if slot.field.secret => "•••".to_owned(),
            Some(choice) => choice.label(Language::current()).to_owned(),
            None => clean(text).into_owned(),
        };
        self.sent(plan)
            .map(|(slot, text)| (slot.field.label(Language::current()).to_owned(), value(slot, text)))
            .collect()
    }
}
