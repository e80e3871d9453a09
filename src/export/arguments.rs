//! What was typed after `bw8 export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::settings::{ConnectionOptions, SettingsOptions};

/// Options of `bw8 export`.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// What to export: customers, companies, tickets, … or the Chinese word (`bw8 entities` lists them)
    #[arg(value_name = "ENTITY")]
    pub entity: String,
    /// File to write, `-` for standard output; {period} and {date} are filled in
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Format, where the file's extension does not tell
    #[arg(long, value_name = "FORMAT")]
    pub to: Option<To>,
    /// Encoding of a CSV file
    #[arg(long, value_name = "NAME", default_value = "utf-8")]
    pub encoding: Encoding,
    /// Only records from this day on (2026-01-31, or with a time)
    #[arg(long, value_name = "DATE", conflicts_with = "period")]
    pub since: Option<String>,
    /// Only records up to this day, the day included
    #[arg(long, value_name = "DATE", conflicts_with = "period")]
    pub until: Option<String>,
    /// Only records changed from this day on
    #[arg(long, value_name = "DATE")]
    pub updated_since: Option<String>,
    /// Only records of this span: today, yesterday, this-week, last-week, this-month, last-month, …, or 2026-01
    #[arg(long, value_name = "WORD")]
    pub period: Option<String>,
    /// Which time --since, --until and --period mean
    #[arg(long, value_name = "TIME", default_value = "created")]
    pub by: By,
    /// Only records with this value: column=value, several times; several values of one column are alternatives
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    pub terms: Vec<String>,
    /// Only tickets (or customers) of the company with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["customer", "template", "month"])]
    pub company: Option<String>,
    /// Only tickets of the customer with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["template", "month"])]
    pub customer: Option<String>,
    /// Only tickets of the template with this id, by the service's search
    #[arg(long, value_name = "ID")]
    pub template: Option<String>,
    /// Only tickets created in this month (2026-01), by the service's search
    #[arg(long, value_name = "MONTH")]
    pub month: Option<String>,
    /// For field definitions: those of this form too, several times
    #[arg(long, value_name = "ID")]
    pub form: Vec<String>,
    /// Deleted records too
    #[arg(long)]
    pub with_deleted: bool,
    /// Only these columns, in this order, by header or by the interface's name
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Language of headers and words, or the interface's own names
    #[arg(long, value_name = "zh|en|api")]
    pub headers: Option<Headers>,
    /// Codes instead of words, and HTML as it is
    #[arg(long)]
    pub raw: bool,
    /// Names beside ids, in every format
    #[arg(long, conflicts_with = "no_names")]
    pub names: bool,
    /// No names beside ids, in workbooks either
    #[arg(long)]
    pub no_names: bool,
    /// Whether a workbook begins with a sheet that sums it up
    #[arg(long, value_name = "auto|none", default_value = "auto")]
    pub summary: Summary,
    /// Ask for each record's own page: custom fields and times a list may lack
    #[arg(long)]
    pub details: bool,
    /// For chats: their messages, in a file of their own beside
    #[arg(long)]
    pub messages: bool,
    /// Ask only for what changed since the last complete export, and write from the local copy
    #[arg(long, conflicts_with = "no_mirror")]
    pub incremental: bool,
    /// Keep the data in a temporary file that is deleted, not in the local copy
    #[arg(long)]
    pub no_mirror: bool,
    /// The account.
    #[command(flatten)]
    pub connection: ConnectionOptions,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingsOptions,
}

/// A format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum To {
    /// Excel workbook.
    Xlsx,
    /// Comma-separated text.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl To {
    /// The format an extension stands for.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "xlsx" => Some(To::Xlsx),
            "csv" | "txt" => Some(To::Csv),
            "jsonl" | "ndjson" => Some(To::Jsonl),
            _ => None,
        }
    }
}

/// The encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Encoding {
    /// UTF-8 with a byte order mark.
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    /// GB18030, for programs that know nothing else.
    #[value(name = "gb18030", aliases = ["gbk", "gb2312"])]
    Gb18030,
}

/// Which time of a record is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Creation.
    Created,
    /// The last change.
    Updated,
    /// Solution.
    Solved,
}

/// What headers and words are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Headers {
    /// Chinese.
    Zh,
    /// English.
    En,
    /// The interface's own names.
    Api,
}

/// Whether there is a sheet that sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Summary {
    /// In workbooks.
    Auto,
    /// Never.
    None,
}
