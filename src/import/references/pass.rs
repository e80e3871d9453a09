//! The references of all rows of an input, found before anything is sent.

use rust_i18n::t;

use super::reference::Reference;
use super::resolver::{Resolver, Unclear};
use crate::check::finding::Finding;
use crate::entity::Entity;
use crate::error::Result;
use crate::import::memory::{Memory, Said};
use crate::import::operation::{Members, WriteOperation};
use crate::import::preflight::{Preflight, Rows, reason_of};
use crate::import::spool::{RowState, SpoolWriter, SpooledRow};
use crate::journal::{Journal, OperationCursor};
use crate::language::Language;
use crate::lookup::Lists;
use crate::mapping::Mapping;
use crate::problem::{Problem, Severity};
use crate::terminal::Printer;
use crate::text::{clean, shorten};

/// References that are written down together.
const TOGETHER: usize = 1000;
/// Most characters of a text that a finding shows.
const SHOWN: usize = 60;

/// What is looked up for, and where what is found is kept.
pub(in crate::import) struct Pass<'p, 'a> {
    /// The references of the rows.
    pub references: &'p [Reference<'a>],
    /// The account's lists.
    pub lists: &'p mut Lists<'a>,
    /// The run, once it has begun.
    pub journal: Option<&'p Journal>,
    /// What the rows are.
    pub entity: &'p Entity,
}

/// Which rows are not sent now, whatever they refer to.
pub(in crate::import) struct Settled<'p> {
    /// Those that have an end in this run.
    pub ended: Option<OperationCursor>,
    /// Those that other runs have done or may have done.
    pub memory: &'p mut Memory,
}

impl Settled<'_> {
    fn has(&mut self, row_index: u64) -> Result<bool> {
        let is_ended = self.ended.as_mut().map_or(Ok(None), |ended| ended.at(row_index))?.is_some();
        let remembered = self.memory.at(row_index)?;
        Ok(is_ended || remembered.is_some_and(|row| matches!(row.said, Said::Done | Said::Unknown)))
    }
}

/// How many rows a reference was found for, and how many not.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    found: u64,
    unclear: u64,
}

/// Whether any row that may be sent says something of a record.
///
/// # Errors
/// A spool that cannot be read.
pub(in crate::import) fn is_needed(rows: &mut Rows) -> Result<bool> {
    rows.begin()?;
    let mut is_needed = false;
    while let Some(mut row) = rows.spool.next()?.filter(|_| !is_needed) {
        let members = members_of(&mut row);
        is_needed = members.is_some_and(|members| members.is_unresolved);
    }
    rows.begin()?;
    Ok(is_needed)
}

/// Puts ids in the place of what tells of records, in all rows that may be sent; those of which it is not clear are refused.
///
/// # Errors
/// A list that cannot be read now, a full disk.
pub(in crate::import) fn resolve(
    pass: Pass<'_, '_>,
    mut settled: Settled<'_>,
    preflight: &mut Preflight,
    rows: &mut Rows,
    printer: &Printer,
) -> Result<()> {
    let Pass { references, lists, journal, entity } = pass;
    let mut resolver = Resolver::new(lists, journal);
    let mut tallies = vec![Tally::default(); references.len()];
    let mut spool = SpoolWriter::new()?;
    let mut has_first = false;
    rows.begin()?;
    let mut row_index = 0;
    while let Some(mut row) = rows.spool.next()? {
        let is_skipped = matches!(row.state, RowState::Skipped(_));
        let is_double = !is_skipped
            && rows
                .duplicates
                .see(row.number, row.key_hash(), &row.identity, &row.content, row.is_sound())
                .first
                .is_some();
        let is_settled = settled.has(row_index)? || is_double;
        if let Some(members) = members_of(&mut row).filter(|_| !is_settled) {
            members.is_unresolved = false;
            let mut names: Vec<(String, String)> = Vec::new();
            let mut findings = Vec::new();
            for (reference, tally) in references.iter().zip(&mut tallies) {
                match resolver.find(reference, members)? {
                    None => {}
                    Some(Ok(meant)) => {
                        tally.found += 1;
                        reference.put(members, &meant.id);
                        findings.extend(meant.word.map(|word| {
                            let tell = &reference.tells[0].member;
                            finding(&preflight.mapping, reference, tell, &meant.id, word)
                        }));
                        names.push((reference.field.clone(), meant.name));
                    }
                    Some(Err(Unclear { member, text, problem })) => {
                        tally.unclear += 1;
                        findings.push(finding(&preflight.mapping, reference, &member, &text, problem));
                    }
                }
            }
            let is_unclear = findings.iter().any(|finding| finding.severity == Severity::Refused);
            if !is_unclear && !has_first && matches!(row.state, RowState::Sound(_)) {
                has_first = true;
                show_first(preflight, entity, &row, &names);
            }
            for finding in &findings {
                preflight.findings.add(row_index, row.number, finding)?;
            }
            if is_unclear {
                if matches!(row.state, RowState::Held { .. }) {
                    preflight.findings.held -= 1;
                }
                preflight.findings.refused += 1;
                row.state = RowState::Unresolved(reason_of(&preflight.mapping, &findings, Severity::Refused));
            }
        }
        spool.add(&row)?;
        row_index += 1;
        if let Some(journal) = journal.filter(|_| resolver.new.len() >= TOGETHER) {
            journal.keep_references(&std::mem::take(&mut resolver.new))?;
        }
    }
    if let Some(journal) = journal {
        journal.keep_references(&resolver.new)?;
    }
    rows.spool = spool.finish()?;
    rows.begin()?;
    settled.memory.begin()?;
    for (reference, tally) in references.iter().zip(tallies) {
        if tally.found + tally.unclear > 0 {
            let (label, entity) = (reference.labels.to_string(), reference.entity.label(Language::current()));
            let told = match tally.unclear {
                0 => t!("lookup.found", label = label, entity = entity, rows = tally.found),
                unclear => {
                    t!("lookup.found_some", label = label, entity = entity, rows = tally.found, unclear = unclear)
                }
            };
            printer.say(&told);
        }
    }
    Ok(())
}

/// The values of a row that may be sent.
fn members_of(row: &mut SpooledRow) -> Option<&mut Members> {
    let (RowState::Sound(operation) | RowState::Held { operation, .. }) = &mut row.state else { return None };
    match operation {
        WriteOperation::Draft(members) | WriteOperation::Change { members, .. } => Some(members),
        WriteOperation::Write { .. } | WriteOperation::Tags(_) => None,
    }
}

fn finding(mapping: &Mapping, reference: &Reference<'_>, member: &str, text: &str, problem: Problem) -> Finding {
    Finding {
        column: mapping.column(member),
        field: Some(reference.field.clone()),
        code: problem.code,
        severity: problem.severity,
        value: clean(&shorten(text, SHOWN)).into_owned(),
        rule: problem.rule(),
        hint: problem.hint(),
    }
}

/// Makes a row the one that is shown before anything is sent: with the name of each record beside its id.
fn show_first(preflight: &mut Preflight, entity: &Entity, row: &SpooledRow, names: &[(String, String)]) {
    let RowState::Sound(operation) = &row.state else { return };
    let (WriteOperation::Draft(members) | WriteOperation::Change { members, .. }) = operation else { return };
    let language = Language::current();
    let shown = |(name, value): &(String, String)| {
        let field = entity.field(name);
        let text = match field {
            Some(field) if field.secret => "•••".to_owned(),
            Some(field) => match field.choice(value) {
                Some(choice) => choice.label(language).to_owned(),
                None => clean(value).into_owned(),
            },
            None => clean(value).into_owned(),
        };
        let called = names.iter().find(|(field, called)| field == name && !called.is_empty());
        let text = match called {
            Some((_, called)) => t!("lookup.id_and_name", id = text, name = called).into_owned(),
            None => text,
        };
        (field.map_or(name.as_str(), |field| field.label(language)).to_owned(), text)
    };
    preflight.first = members.iter().map(shown).collect();
    preflight.first_operation = Some(operation.clone());
}
