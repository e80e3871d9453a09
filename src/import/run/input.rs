//! The file of a run: read, checked and told about.

use super::super::agreed::Agreed;
use super::super::binding_run::announce;
use super::super::cells::CellSpool;
use super::super::left_out::LeftOut;
use super::super::options::ImportOptions;
use super::super::preflight::{Preflight, Purpose, Rows};
use super::super::report::write_issues_beside;
use super::super::words::Words;
use crate::check::describe::{SHOWN_KINDS, describe};
use crate::definitions::DefinitionSource;
use crate::error::{Error, Result};
use crate::message;
use crate::message::Detail;
use crate::t;
use crate::terminal::Printer;

/// The rows of a file, and what a person agreed to before.
pub(super) struct Input {
    /// What was found in them.
    pub preflight: Preflight,
    /// The rows themselves.
    pub rows: Rows,
    /// What a person agreed to in this account.
    pub agreed: Agreed,
    /// What a person decided about words of the rows.
    pub words: Words,
}

impl Input {
    /// Reads the file and says what is in it.
    ///
    /// # Errors
    /// A file that cannot be used, or rows that are not to be left behind.
    pub(super) fn read(options: &ImportOptions<'_>, printer: &Printer) -> Result<Input> {
        printer.stage(&t!("run.stage_read", file = options.preflight.input.shown));
        let (agreed, words) = (Agreed::of(&options.account)?, Words::named(options)?);
        let (preflight, rows) = read(options, &agreed, &words)?;
        tell(options, &preflight, printer)?;
        announce(options, &preflight.mapping, printer)?;
        refuse_fields_unknown_for_now(&preflight)?;
        refuse_what_strict_refuses(options, &preflight)?;
        Ok(Input { preflight, rows, agreed, words })
    }

    /// Reads the file once more, where more is decided about its words than was known: that makes other rows of them.
    ///
    /// # Errors
    /// A file that cannot be used, or is another one now.
    pub(super) fn read_again(&mut self, options: &ImportOptions<'_>, words: Words, printer: &Printer) -> Result<()> {
        let told = describe(&self.preflight.findings, &self.preflight.mapping, SHOWN_KINDS)?;
        let (preflight, rows) = read(options, &self.agreed, &words)?;
        if preflight.fingerprint != self.preflight.fingerprint {
            return Err(Error::cannot_run(message!("run.changed_meanwhile", file = options.preflight.input.shown)));
        }
        let found = describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?;
        if found != told && !found.is_empty() {
            printer.warn(&found);
        }
        (self.preflight, self.rows, self.words) = (preflight, rows, words);
        Ok(())
    }
}

fn read(options: &ImportOptions<'_>, agreed: &Agreed, words: &Words) -> Result<(Preflight, Rows)> {
    let definitions = DefinitionSource {
        catalog: options.catalog,
        account: Some(&options.account),
        asks: true,
        keeps: !options.dry_run,
    };
    let cells = if options.dry_run { None } else { Some(Box::new(CellSpool::new()?)) };
    Preflight::run(&options.preflight, &definitions, agreed, words, Purpose::Sending(cells))
}

/// Columns are not left out because the account could not tell just now that they are custom fields.
fn refuse_fields_unknown_for_now(preflight: &Preflight) -> Result<()> {
    let columns: Vec<Detail> = preflight.left_out.iter().filter_map(LeftOut::of_no_field).map(Detail::Text).collect();
    match preflight.lacking.as_ref().filter(|lacking| lacking.is_passing && !columns.is_empty()) {
        None => Ok(()),
        Some(lacking) => {
            let what = message!("definitions.needed", columns = Detail::List(columns), why = lacking.why());
            let hint = message!("definitions.needed_hint");
            Err(Error::cannot_run(what).hint(hint).and_hint(preflight.mapping.report().loss_hint()))
        }
    }
}

fn refuse_what_strict_refuses(options: &ImportOptions<'_>, preflight: &Preflight) -> Result<()> {
    if !options.strict {
        return Ok(());
    }
    if preflight.findings.not_sent() > 0 {
        let path = write_issues_beside(&options.preflight.input, preflight)?;
        return Err(Error::usage(message!("run.strict", rows = preflight.findings.not_sent()))
            .hint(message!("run.strict_hint", file = path.display())));
    }
    match preflight.mapping.report().loss() {
        Some(loss) => Err(Error::usage(loss).hint(preflight.mapping.report().loss_hint())),
        None => Ok(()),
    }
}

/// Shows which columns are understood, and what is wrong with the rows, before anything is sent.
fn tell(options: &ImportOptions<'_>, preflight: &Preflight, printer: &Printer) -> Result<()> {
    let (file, rows, reading) = (&options.preflight.input.shown, preflight.rows, &preflight.sheet.reading);
    let read = match &preflight.sheet.name {
        Some(sheet) => message!("run.read_sheet", file = file, rows = rows, reading = reading, sheet = sheet),
        None => message!("run.read", file = file, rows = rows, reading = reading),
    };
    printer.say(&read.to_string());
    if !preflight.sheet.others.is_empty() {
        printer.say(&t!("run.other_sheets", sheets = preflight.sheet.others.join(", ")));
    }
    printer.say(&preflight.mapping.report().text());
    preflight.words.iter().for_each(|word| printer.warn(&word.to_string()));
    preflight.replaced_words().iter().for_each(|words| printer.say(&words.to_string()));
    preflight.sheet.notes.iter().for_each(|note| printer.say(&note.to_string()));
    preflight.export_words().iter().for_each(|words| printer.say(words));
    let found = describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?;
    if !found.is_empty() {
        printer.warn(&found);
    }
    for (code, date) in &preflight.agreed_earlier {
        printer.say(&t!("agreement.earlier", date = date, codes = code));
    }
    Ok(())
}
