//! What was typed: the command line, as clap reads it. What it means together with the environment and the
//! configuration file is decided in `settings`. Help texts are English here; `locales/help.yml` holds the Chinese ones,
//! put in place by [`command`].

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, CommandFactory, Parser, Subcommand};

use crate::command::{
    check, entities, export, ids, import, inspect, map, mirror, retry, runs, sandbox, settle, template,
};
use crate::error::Error;
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::t;
use crate::terminal::Global;
use crate::text;

/// Moves customers, companies, tickets, tags and bindings between spreadsheets and 帮我吧 (Bangwo8).
#[derive(Debug, Parser)]
#[command(name = "bw8", bin_name = "bw8", version, propagate_version = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// Options every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Map, check, send, report; the same command again continues an unfinished run
    Import(Box<import::Arguments>),
    /// Everything import does before the first request, offline; with --online everything before the first write
    Check(Box<check::Arguments>),
    /// Show what a file is: encoding or sheets, header, columns, and which records it fits; offline
    Inspect(inspect::Arguments),
    /// Propose which column means which field, as a mapping file to look over; offline
    Map(map::Arguments),
    /// Send again what was refused or failed, after the file was fixed
    Retry(Box<retry::Arguments>),
    /// Find out what became of rows whose answers were lost, and of rows created without an id; creates nothing
    Settle(settle::Arguments),
    /// Which runs there were and what became of them
    Runs(runs::Arguments),
    /// Write every record of a list into a spreadsheet, complete and provably so
    Export(Box<export::Arguments>),
    /// Show or forget the local copies exports are written from
    Mirror(mirror::Arguments),
    /// Which records have which ids in other systems: to a file, or from one
    Ids(ids::Arguments),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Show what can be imported and exported, and how sure each endpoint is
    Entities(entities::Arguments),
    /// Write a workbook to fill in
    Template(template::Arguments),
    /// Start the sandbox: the Bangwo8 interface with invented data, on this machine
    Sandbox(sandbox::Arguments),
}

impl Command {
    /// What a notice at the end calls it; none for a command that somebody sits at.
    pub fn told_as(&self) -> Option<String> {
        match self {
            Command::Import(arguments) => Some(format!("import {}", arguments.entity())),
            Command::Retry(_) => Some("retry".to_owned()),
            Command::Export(arguments) => Some(format!("export {}", arguments.entity())),
            Command::Settle(_) => Some("settle".to_owned()),
            Command::Check(arguments) if arguments.is_online() => Some(format!("check {}", arguments.entity())),
            _ => None,
        }
    }
}

/// What a notice calls a command that cannot be understood; none for one that somebody sits at.
pub fn typed_as(arguments: &[OsString]) -> Option<String> {
    let words: Vec<String> = arguments.iter().skip(1).map(|word| text::part(&word.to_string_lossy())).collect();
    let at = words.iter().position(|word| ["import", "retry", "export", "settle", "check"].contains(&word.as_str()))?;
    let (command, rest) = (words[at].as_str(), &words[at + 1..]);
    let is_online = || rest.iter().any(|word| word == "--online" || word == "--sandbox");
    match command {
        "check" if !is_online() => None,
        "retry" | "settle" => Some(command.to_owned()),
        _ => Some(match rest.first().filter(|word| !word.starts_with('-')) {
            Some(entity) => format!("{command} {entity}"),
            None => command.to_owned(),
        }),
    }
}

/// The command line with its help in `language`.
pub fn command(language: Language) -> clap::Command {
    let command = arrange(Cli::command(), "", language);
    match language {
        Language::En => command,
        Language::Zh => translate(command, ""),
    }
}

/// The same without what is rarely needed, and with how to see that.
pub fn brief(command: clap::Command) -> clap::Command {
    brief_of(command, "")
}

fn brief_of(mut command: clap::Command, path: &str) -> clap::Command {
    let is_rare = |argument: &&Arg| RARE.contains(&argument.get_id().as_str()) && !argument.is_positional();
    let rare: Vec<String> =
        command.get_arguments().filter(is_rare).map(|argument| argument.get_id().to_string()).collect();
    for id in &rare {
        command = command.mut_arg(id, |argument| argument.hide(true));
    }
    if !rare.is_empty() && !path.is_empty() {
        let more = t!("help.more", count = rare.len(), command = format!("bw8{path} {HELP_ALL}")).into_owned();
        command = command.after_help(more);
    }
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(&name, |sub| brief_of(sub, &format!("{path} {name}")));
    }
    command
}

/// Shows the options that are rarely needed, too.
pub const HELP_ALL: &str = "--help-all";

/// Options that few people need.
const RARE: [&str; 33] = [
    "accept_changed",
    "accept_incomplete",
    "account_mode",
    "api",
    "as_curl",
    "bind",
    "ca_cert",
    "concurrency",
    "country",
    "date_order",
    "encoding",
    "expect",
    "fill_merged",
    "full_every",
    "header_row",
    "keep_going",
    "keep_raw",
    "log",
    "log_bodies",
    "max_failures",
    "no_canary",
    "no_progress",
    "notifications_off",
    "other_account",
    "overwrite",
    "resend_unknown",
    "runs_from",
    "same_account",
    "server_dedupe",
    "server_timeout",
    "source",
    "timeout",
    "wait",
];

/// The sections of a command's options: key of the heading, and what stands under it.
const SECTIONS: [(&str, &[&str]); 6] = [
    (
        "help.section.rows",
        &[
            "sheet",
            "encoding",
            "header_row",
            "fill_merged",
            "mapping",
            "mode",
            "key",
            "keep_raw",
            "date_order",
            "country",
            "source",
            "columns",
            "overwrite",
            "limit",
        ],
    ),
    (
        "help.section.sending",
        &[
            "dry_run",
            "as_curl",
            "expect",
            "strict",
            "accept_warnings",
            "yes",
            "max_failures",
            "keep_going",
            "no_canary",
            "notifications_off",
            "server_timeout",
            "resend_unknown",
            "keep_service",
            "server_dedupe",
        ],
    ),
    ("help.section.runs", &["run", "fresh", "accept_changed", "same_account", "other_account", "runs_from"]),
    (
        "help.section.account",
        &["sandbox", "account", "base_url", "ca_cert", "api", "account_mode", "timeout", "concurrency", "rate", "wait"],
    ),
    ("help.section.output", &["lang", "format", "quiet", "verbose", "no_progress", "log", "log_bodies"]),
    (
        "help.section.records",
        &[
            "since",
            "until",
            "updated_since",
            "period",
            "by",
            "terms",
            "company",
            "customer",
            "template",
            "month",
            "form",
            "with_deleted",
            "details",
            "messages",
            "incremental",
            "no_mirror",
            "full_every",
            "accept_incomplete",
        ],
    ),
];

/// Puts options under headings and shows examples first.
fn arrange(mut command: clap::Command, path: &str, language: Language) -> clap::Command {
    let arguments: Vec<String> = command
        .get_arguments()
        .filter(|argument| !argument.is_positional())
        .map(|argument| argument.get_id().to_string())
        .collect();
    for id in arguments {
        if let Some((heading, _)) = SECTIONS.iter().find(|(_, ids)| ids.contains(&id.as_str())) {
            command = command.mut_arg(&id, |argument| argument.help_heading(t!(*heading).into_owned()));
        }
    }
    let key = format!("help.examples{path}");
    let examples = t!(&key);
    if examples != key && language == Language::En {
        let template = format!(
            "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\nExamples:\n{examples}\n\n{{all-args}}{{after-help}}"
        );
        command = command.help_template(template);
    }
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(&name, |sub| arrange(sub, &format!("{path}.{name}"), language));
    }
    command
}

/// Whether all options are to be shown.
pub fn wants_all(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|word| *word != "--").any(|word| word == HELP_ALL)
}

/// `bw8 help import` as `bw8 import --help`, so that the help of a command is the same in both languages; `--help-all` as the
/// option that it adds to.
pub fn help_as_option(arguments: &[OsString]) -> Vec<OsString> {
    match arguments {
        [program, word, command @ ..] if word == "help" => {
            let command = command.iter().filter(|word| *word != HELP_ALL);
            std::iter::once(program).chain(command).cloned().chain(std::iter::once("--help".into())).collect()
        }
        _ if wants_all(arguments) => {
            arguments.iter().map(|word| if word == HELP_ALL { "--help".into() } else { word.clone() }).collect()
        }
        _ => arguments.to_vec(),
    }
}

/// Whether a command line is wrong in that it says too little for anything but its help.
pub fn is_help(error: &clap::Error) -> bool {
    error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
}

/// What is wrong with a command line. The parser itself says it in English only, and by no code.
pub fn wrong_usage(error: &clap::Error) -> Error {
    let text = |kind: ContextKind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(Language::current().pick("、", ", "))),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::MissingRequiredArgument => message!("cli.missing", argument = argument),
        ErrorKind::UnknownArgument => message!("cli.unknown", argument = argument),
        ErrorKind::InvalidSubcommand => {
            message!("cli.no_command", command = text(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::InvalidValue if value.is_empty() => message!("cli.no_value", argument = argument),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            message!("cli.value", value = value, argument = argument)
        }
        ErrorKind::ArgumentConflict => match text(ContextKind::PriorArg) {
            Some(other) if other == argument => message!("cli.twice", argument = argument),
            other => message!("cli.conflict", argument = argument, other = other.unwrap_or_default()),
        },
        _ => message!("cli.other"),
    };
    let valid = text(ContextKind::ValidValue).filter(|valid| !valid.is_empty());
    let meant = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(text);
    let hint = match (meant, valid) {
        (Some(meant), _) => message!("cli.meant", meant = meant),
        (None, Some(valid)) => message!("cli.valid", valid = valid),
        (None, None) => range(error).unwrap_or(message!("cli.help")),
    };
    Error::usage(message).hint(hint)
}

/// Which numbers there may be where another one is.
fn range(error: &clap::Error) -> Option<Message> {
    let why = std::error::Error::source(error)?.to_string();
    let (least, most) = why.split_once(" is not in ")?.1.split_once("..")?;
    let most = most.trim_start_matches('=');
    // Where nothing is too much, the parser names the highest number it knows.
    Some(match most.len() {
        ..16 => message!("cli.range", least = least, most = most),
        _ => message!("cli.least", least = least),
    })
}

/// What stands for a value in the Chinese usage.
const VALUE_NAMES: [(&str, &str); 33] = [
    ("ADDRESS", "地址"),
    ("CODE", "代码"),
    ("CODES", "代码"),
    ("COLUMN=VALUE", "列名=值"),
    ("DATE", "日期"),
    ("DIR", "文件夹"),
    ("DURATION", "时长"),
    ("ENTITY", "对象"),
    ("FAULT", "故障"),
    ("FIELD", "字段"),
    ("FIELD=WHAT", "字段=方式"),
    ("FILE", "文件"),
    ("FORMAT", "格式"),
    ("HOST", "主机"),
    ("ID", "编号"),
    ("LANG", "语言"),
    ("MODE", "方式"),
    ("MONTH", "月份"),
    ("NAME", "名称"),
    ("NAMES", "名称"),
    ("NAME=VALUE", "名称=值"),
    ("ORDER", "顺序"),
    ("RUN", "导入记录"),
    ("RUN_OR_FILE", "导入记录或文件"),
    ("SECONDS", "秒数"),
    ("SHELL", "shell 名称"),
    ("SIZE", "规模"),
    ("SYSTEM", "来源"),
    ("TIME", "时间"),
    ("URL", "网址"),
    ("VALUE", "值"),
    ("WHAT", "方式"),
    ("WORD", "时间段"),
];

/// An argument whose value has a Chinese name.
fn named(argument: Arg) -> Arg {
    let name = |had: &str| VALUE_NAMES.iter().find(|(name, _)| *name == had).map(|(_, zh)| *zh);
    let names: Option<Vec<&str>> = match argument.get_value_names() {
        Some(had) => had.iter().map(|had| name(had)).collect(),
        None if argument.get_action().takes_values() => {
            name(&argument.get_id().as_str().to_uppercase()).map(|name| vec![name])
        }
        None => None,
    };
    match names {
        Some(names) => argument.value_names(names),
        None => argument,
    }
}

/// The usage line of a command, whose words for its parts the parser has in English only.
fn usage(command: &clap::Command, path: &str) -> String {
    let mut command = command.clone().bin_name(format!("bw8{}", path.replace('.', " ")));
    let usage = command.render_usage().to_string();
    usage
        .trim_start_matches("Usage: ")
        .replace("[OPTIONS]", "[选项]")
        .replace("<COMMAND>", "<命令>")
        .replace("[COMMAND]", "[命令]")
}

/// A help as it is shown: the parser ends each heading with a colon of its own.
pub fn help_text(error: &clap::Error, language: Language) -> String {
    let text = error.render().to_string();
    let line = |line: &str| match line.strip_suffix(":\n") {
        Some(heading) if language == Language::Zh && !heading.starts_with(' ') => format!("{heading}：\n"),
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Puts the Chinese help in place: `help.import.limit` for the option `limit` of `import`, `help.option.rate` for an option
/// that several commands take, `help.import` for its about.
fn translate(mut command: clap::Command, path: &str) -> clap::Command {
    let text = |key: String| {
        let text = t!(&key).into_owned();
        (text != key).then_some(text)
    };
    if let Some(about) = text(format!("help{path}")) {
        command = command.about(about.clone()).long_about(about);
    }
    let examples =
        text(format!("help.examples{path}")).map(|examples| format!("\n示例：\n{examples}\n")).unwrap_or_default();
    command = command
        .help_template(format!("{{about-with-newline}}\n用法：{{usage}}\n{examples}\n{{all-args}}{{after-help}}"))
        .subcommand_help_heading("命令")
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true);
    let arguments: Vec<String> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    for id in arguments {
        let help = text(format!("help{path}.{id}")).or_else(|| text(format!("help.option.{id}")));
        command = command.mut_arg(&id, |argument| {
            let heading = match argument.get_help_heading() {
                Some(heading) => heading.to_owned(),
                None if argument.is_positional() => "参数".to_owned(),
                None => "选项".to_owned(),
            };
            // What the values mean stands in the help itself.
            let argument = match argument.get_action() {
                ArgAction::Set | ArgAction::Append => argument.hide_possible_values(true).hide_default_value(true),
                _ => argument,
            };
            let argument = named(argument.help_heading(heading));
            match help {
                Some(help) => argument.help(help.clone()).long_help(help),
                None => argument,
            }
        });
    }
    let flag = |id: &'static str, short: char, action: ArgAction, help: &'static str| {
        Arg::new(id).short(short).long(id).action(action).help(help).help_heading("选项")
    };
    command = command.arg(flag("help", 'h', ArgAction::Help, "显示帮助"));
    if path.is_empty() {
        command = command.arg(flag("version", 'V', ArgAction::Version, "显示版本"));
    }
    let usage = usage(&command, path);
    command = command.override_usage(usage);
    let subcommands: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in subcommands {
        command = command.mut_subcommand(&name, |sub| translate(sub, &format!("{path}.{name}")));
    }
    command
}
