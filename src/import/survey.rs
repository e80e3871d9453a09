//! The first reading of an input, before anything is sent: all its mistakes, its fingerprint, and what occurs twice in it.

use rust_i18n::t;
use sha2::{Digest, Sha256};

use super::MappingFile;
use super::check::{Finding, Record};
use super::findings::Findings;
use super::identity::{Census, Contents, Keys, Repeated, watched};
use super::mapping::{Plan, Slot, Source, no_rows};
use crate::entity::{AccountMode, Entity};
use crate::error::Result;
use crate::format::{self, Input, Row, Sheet};
use crate::journal::Content;
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
    /// What occurs more than once.
    pub repeated: Repeated,
    /// Fingerprint of the decoded rows and their header.
    pub fingerprint: String,
    /// The first record that will be sent, as its fields and values, secrets masked.
    pub first: Vec<(String, String)>,
}

/// The fingerprint of an input, made row by row: two readings of the same rows agree.
#[derive(Debug, Clone, Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Begins with the header.
    pub fn of_header(header: &[String]) -> Fingerprint {
        let mut hasher = Sha256::new();
        for title in header {
            hasher.update(title.trim().as_bytes());
            hasher.update([0xff]);
        }
        Fingerprint(hasher)
    }

    /// Adds one row.
    pub fn add(&mut self, content: &Content) {
        self.0.update(content);
    }

    /// The fingerprint of all rows.
    pub fn finish(self) -> String {
        self.0.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Survey {
    /// Reads the whole input once; a second time only when something occurs twice in it.
    ///
    /// # Errors
    /// An input or mapping that cannot be used.
    pub fn take(input: &Input, entity: &Entity, mapping: Option<&MappingFile>, mode: AccountMode) -> Result<Survey> {
        let mut reader = format::open(input)?;
        let sheet = reader.sheet().clone();
        let plan = Plan::new(entity, &sheet, mapping, mode)?;
        let mut survey = Survey {
            sheet,
            plan,
            rows: 0,
            findings: Findings::new()?,
            repeated: Repeated::default(),
            fingerprint: String::new(),
            first: Vec::new(),
        };
        let (mut row, mut record, mut keys) = (Row::default(), Record::default(), Keys::default());
        let mut contents = Contents::default();
        let mut census = Census::default();
        let mut fingerprint = Fingerprint::of_header(&survey.sheet.header);
        while reader.read(&mut row)? {
            let content = contents.of(&row);
            fingerprint.add(&content);
            if survey.sheet.example_row != Some(row.number) {
                survey.plan.check(&row, &mut record);
                census.add(watched(keys.of(&survey.plan, &record).map(|(key, _)| key), &content));
                survey.keep(&row, &record)?;
            }
            survey.rows += 1;
        }
        if survey.rows == 0 {
            return Err(no_rows(&input.shown));
        }
        survey.fingerprint = fingerprint.finish();
        survey.repeated = census.repeated();
        if !survey.repeated.is_empty() {
            survey.find_duplicates(input)?;
        }
        Ok(survey)
    }

    fn keep(&mut self, row: &Row, record: &Record) -> Result<()> {
        if record.findings.is_empty() {
            if self.first.is_empty() {
                self.first = record.shown(&self.plan);
            }
            return Ok(());
        }
        self.findings.rows += 1;
        for finding in &record.findings {
            self.findings.add(self.rows, row, finding)?;
        }
        Ok(())
    }

    /// Reads the input again and finds the rows whose key an earlier row has.
    fn find_duplicates(&mut self, input: &Input) -> Result<()> {
        let mut reader = format::open(input)?;
        let (mut row, mut record, mut keys) = (Row::default(), Record::default(), Keys::default());
        let mut contents = Contents::default();
        let mut repeated = self.repeated.clone();
        let mut place = 0;
        while reader.read(&mut row)? {
            if self.sheet.example_row != Some(row.number) {
                self.plan.check(&row, &mut record);
                let key = keys.of(&self.plan, &record);
                let is_sound = record.findings.is_empty();
                let seen = repeated.see(row.number, key.map(|(key, _)| key), &contents.of(&row), is_sound);
                if let (Some(first), Some((_, fields))) = (seen.first, key) {
                    self.findings.rows += u64::from(is_sound);
                    self.findings.add(place, &row, &duplicate(&self.plan, fields, &record, first))?;
                }
            }
            place += 1;
        }
        Ok(())
    }
}

/// The finding for a row whose key an earlier row of the file has.
pub fn duplicate(plan: &Plan, fields: &[String], record: &Record, first: u64) -> Finding {
    let labels: Vec<&str> = fields.iter().map(|field| plan.label(field)).collect();
    let values: Vec<&str> = fields.iter().filter_map(|field| record.value(plan, field)).collect();
    Finding {
        column: fields.first().and_then(|field| plan.column(field)),
        field: fields.first().cloned(),
        code: "duplicate",
        value: clean(&values.join(" ")).into_owned(),
        rule: t!("import.duplicate", labels = labels.join(" + "), row = first).into_owned(),
        hint: t!("import.duplicate_hint").into_owned(),
    }
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
        let value =
            |slot: &Slot, text: &str| if slot.field.secret { "•••".to_owned() } else { clean(text).into_owned() };
        self.sent(plan)
            .map(|(slot, text)| (slot.field.label(Language::current()).to_owned(), value(slot, text)))
            .collect()
    }
}
