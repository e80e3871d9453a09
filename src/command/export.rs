//! `bw8 export`: writes every record of a list into a file.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::civil::DateTime;

use crate::account::Account;
use crate::error::{Error, Exit, Result};
use crate::export::{
    self, Bounds, Condition, ExportOptions, HeaderNames, MirrorUse, Output, RecordTime, Selection, SummaryChoice,
    TextEncoding, TypedFilter,
};
use crate::format::{FORMATS, FileFormat, named};
use crate::language::Language;
use crate::mapping::is_reserved;
use crate::message;
use crate::projection::service_time;
use crate::settings::{ConnectionOptions, Settings, SettingsOptions};
use crate::terminal::Printer;

/// Of so many exports of changes one reads everything: once in a quarter of weekly ones.
const FULL_EVERY: u32 = 13;

/// `bw8 export`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to export: customers, companies, tickets, … or the Chinese word (`bw8 entities` lists them)
    #[arg(value_name = "ENTITY")]
    entity: String,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    selection: SelectionOptions,
    #[command(flatten)]
    cells: CellOptions,
    /// Ask for each record's own page: custom fields and times a list may lack
    #[arg(long)]
    details: bool,
    /// For chats: their messages, in a file of their own beside
    #[arg(long)]
    messages: bool,
    /// Ask only for what changed since the last complete export, and write from the local copy
    #[arg(long, conflicts_with = "no_mirror")]
    incremental: bool,
    /// With --incremental: read everything every so many times; 0 for never
    #[arg(long, value_name = "N", default_value_t = FULL_EVERY)]
    full_every: u32,
    /// Keep the data in a temporary file that is deleted, not in the local copy
    #[arg(long)]
    no_mirror: bool,
    /// Write what came even when it cannot be proved to be all: the manifest says so, and the exit code is 5
    #[arg(long)]
    accept_incomplete: bool,
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// Where the records go.
#[derive(Debug, Args)]
struct OutputOptions {
    /// File to write, `-` for standard output; {period} and {date} are filled in
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Format, where the file's extension does not tell
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    to: Option<&'static FileFormat>,
    /// Encoding of a CSV file
    #[arg(long, value_name = "NAME", default_value = "utf-8")]
    encoding: TextEncoding,
}

/// Which records are meant.
#[derive(Debug, Args)]
struct SelectionOptions {
    /// Only records from this day on (2026-01-31, or with a time)
    #[arg(long, value_name = "DATE", conflicts_with = "period")]
    since: Option<String>,
    /// Only records up to this day, the day included
    #[arg(long, value_name = "DATE", conflicts_with = "period")]
    until: Option<String>,
    /// Only records changed from this day on
    #[arg(long, value_name = "DATE")]
    updated_since: Option<String>,
    /// Only records of this span: today, yesterday, this-week, last-week, this-month, last-month, …, or 2026-01
    #[arg(long, value_name = "WORD")]
    period: Option<String>,
    /// Which time --since, --until and --period mean
    #[arg(long, value_name = "TIME", default_value = "created")]
    by: RecordTime,
    /// Only records with this value: column=value, several times; several values of one column are alternatives
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    terms: Vec<String>,
    /// Only tickets (or customers) of the company with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["customer", "template", "month"])]
    company: Option<String>,
    /// Only tickets of the customer with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["template", "month"])]
    customer: Option<String>,
    /// Only tickets of the template with this id, by the service's search
    #[arg(long, value_name = "ID")]
    template: Option<String>,
    /// Only tickets created in this month (2026-01), by the service's search
    #[arg(long, value_name = "MONTH")]
    month: Option<String>,
    /// For field definitions: those of this form too, several times
    #[arg(long, value_name = "ID")]
    form: Vec<String>,
    /// Deleted records too
    #[arg(long)]
    with_deleted: bool,
}

/// How records look in the file.
#[derive(Debug, Args)]
struct CellOptions {
    /// Only these columns, in this order, by header or by the interface's name
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// Language of headers and words, or the interface's own names
    #[arg(long, value_name = "zh|en|api")]
    headers: Option<HeaderNames>,
    /// Codes instead of words, and HTML as it is
    #[arg(long)]
    raw: bool,
    /// Names beside ids, in every format
    #[arg(long, conflicts_with = "no_names")]
    names: bool,
    /// No names beside ids, in workbooks either
    #[arg(long)]
    no_names: bool,
    /// Whether a workbook begins with a sheet that sums it up
    #[arg(long, value_name = "auto|none", default_value = "auto")]
    summary: SummaryChoice,
}

/// Exports an entity's records into a file.
///
/// # Errors
/// Wrong usage, a login that is refused, a service that fails, an export that cannot be made whole, a full disk.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let options = arguments.options(&settings)?;
    export::run(&options, printer)
}

impl Arguments {
    /// What is exported, as typed.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// What the arguments mean.
    fn options<'a>(&self, settings: &'a Settings) -> Result<ExportOptions<'a>> {
        let account = Account::new(&self.connection, settings)?;
        let now = service_time(jiff::Timestamp::now().as_second(), &settings.catalog.service);
        let entity = settings.catalog.find(&self.entity)?;
        if !entity.is_exportable() {
            return Err(Error::usage(message!("export.not_exportable", entity = entity.name)));
        }
        let selection = self.selection.meant(now)?;
        let output = self.output.meant(&self.cells, selection.bounds, now)?;
        let headers = match self.cells.headers {
            Some(headers) => headers.language(),
            None if output.format.is_for_programs => None,
            None => Some(Language::current()),
        };
        Ok(ExportOptions {
            catalog: &settings.catalog,
            account,
            account_mode: settings.account_mode,
            entity,
            selection,
            columns: self.cells.column_names(),
            headers,
            is_reserved,
            is_raw: self.cells.raw,
            has_names: self.cells.names || (output.format.has_sheets && !self.cells.no_names),
            output,
            has_details: self.details,
            has_messages: self.messages,
            accepts_incomplete: self.accept_incomplete,
            full_every: self.full_every,
            mirror: match (self.incremental, self.no_mirror) {
                (true, _) => MirrorUse::ReadChanges,
                (false, true) => MirrorUse::Temporary,
                (false, false) => MirrorUse::ReadAll,
            },
            now,
        })
    }
}

impl OutputOptions {
    fn meant(&self, cells: &CellOptions, bounds: Bounds, now: DateTime) -> Result<Output> {
        let name = self.output.to_string_lossy();
        let mut output = Output::new(&name, self.to, self.encoding, bounds, now.date())?;
        output.has_summary &= cells.summary == SummaryChoice::Auto;
        Ok(output)
    }
}

impl CellOptions {
    /// The columns that are named; an input method may have written the commas in full width.
    fn column_names(&self) -> Vec<String> {
        self.columns.iter().flat_map(|names| names.split('，')).map(str::to_owned).collect()
    }
}

impl SelectionOptions {
    fn meant(&self, now: DateTime) -> Result<Selection> {
        let bounds = match &self.period {
            Some(word) => Bounds::of_period(word, now.date())?,
            None => Bounds::between(self.since.as_deref(), self.until.as_deref())?,
        };
        Ok(Selection {
            bounds,
            period: self.period.clone(),
            by: self.by,
            updated: Bounds::between(self.updated_since.as_deref(), None)?,
            conditions: self.terms.iter().map(|term| condition(term)).collect::<Result<_>>()?,
            company: self.company.clone(),
            customer: self.customer.clone(),
            template: self.template.clone(),
            month: self.month.clone(),
            forms: self.form.clone(),
            with_deleted: self.with_deleted,
            typed: self.typed(),
        })
    }

    /// The filters as typed.
    fn typed(&self) -> Vec<TypedFilter> {
        let given = [
            ("--since", &self.since, true),
            ("--until", &self.until, true),
            ("--updated-since", &self.updated_since, true),
            ("--period", &self.period, true),
            ("--company", &self.company, false),
            ("--customer", &self.customer, false),
            ("--template", &self.template, false),
            ("--month", &self.month, false),
        ];
        let given = given
            .into_iter()
            .filter_map(|(option, value, is_time)| Some(TypedFilter { option, value: value.clone()?, is_time }));
        let conditions = self.terms.iter();
        given
            .chain(conditions.map(|term| TypedFilter { option: "--where", value: term.clone(), is_time: false }))
            .collect()
    }
}

/// A format by its name.
fn format_parser() -> impl TypedValueParser<Value = &'static FileFormat> {
    PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)).try_map(|name| named(&name).ok_or(name))
}

fn condition(term: &str) -> Result<Condition> {
    // An input method may have written the sign in full width.
    let (column, value) = term
        .split_once(['=', '＝'])
        .filter(|(column, _)| !column.trim().is_empty())
        .ok_or_else(|| Error::usage(message!("export.bad_term", term = term)).hint(message!("export.bad_term_hint")))?;
    Ok(Condition { column: column.trim().to_owned(), value: value.trim().to_owned() })
}
