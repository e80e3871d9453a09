//! `bw8 template`: a workbook to fill in.

use std::path::PathBuf;

use crate::account::Account;
use crate::definitions::DefinitionSource;
use crate::entity::Entity;
use crate::error::{Error, Exit, Result};
use crate::files::Access;
use crate::format::xlsx::{cannot_write, save};
use crate::message;
use crate::message::Detail;
use crate::settings::{ConnectionOptions, Settings, SettingsOptions};
use crate::t;
use crate::template::{TemplateOptions, workbook};
use crate::terminal::{Global, Printer, quoted_path, write_out};

/// Write a workbook to fill in
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// What its rows will be: customers, companies, tickets, …
    #[arg(value_name = "ENTITY")]
    entity: String,
    /// Where to write it, - for standard output [default: ENTITY-template.xlsx]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Ask the account for its custom fields; without it those it told of before are taken
    #[arg(long)]
    online: bool,
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// Writes the template of an entity.
///
/// # Errors
/// An entity that cannot be imported, a file that is there already or cannot be written.
pub fn run(arguments: &Arguments, global: &Global, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let catalog = &settings.catalog;
    let entity = catalog.find(&arguments.entity)?;
    if !entity.is_importable() {
        let known = catalog.entities().iter().filter(|entity| entity.is_importable()).map(Entity::named);
        return Err(Error::usage(message!("template.not_importable", entity = entity.named()))
            .hint(message!("template.not_importable_hint", known = Detail::List(known.collect()))));
    }
    let path = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}-template.xlsx", entity.name)));
    let is_piped = path.as_os_str() == "-";
    let shown = path.display().to_string();
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    if extension.is_some_and(|extension| extension != "xlsx") {
        let file = path.with_extension("xlsx");
        return Err(Error::usage(message!("template.no_workbook", file = shown))
            .hint(message!("template.no_workbook_hint", file = quoted_path(&file))));
    }
    if !is_piped && path.exists() {
        return Err(Error::usage(message!("template.exists", file = shown)).hint(message!("template.exists_hint")));
    }
    let account = match Account::new(&arguments.connection, &settings) {
        Err(error) if arguments.online => return Err(error),
        account => account.ok(),
    };
    let account = account.as_ref();
    let known = DefinitionSource { catalog, account, asks: arguments.online, keeps: arguments.online }.of(entity);
    // Nobody asks the account for a workbook without its fields.
    if let Some(error) = known.unreached {
        return Err(error.and_hint(message!("template.offline_hint")));
    }
    known.words.iter().for_each(|word| printer.warn(&word.to_string()));
    let entity = &entity.with_account_fields(&known.fields(entity, "create"));
    let file = (!is_piped).then(|| quoted_path(&path));
    let options = TemplateOptions { mode: settings.account_mode, language: global.lang, file: file.as_deref() };
    let mut workbook = workbook(catalog, entity, &options).map_err(|error| cannot_write(&path, &error))?;
    if is_piped {
        let bytes = workbook.save_to_buffer().map_err(|error| cannot_write(&path, &error))?;
        write_out(&bytes);
        return Ok(Exit::Done);
    }
    save(&mut workbook, &path, Access::Usual)?;
    printer.say(&t!("template.written", file = quoted_path(&path), entity = entity.name));
    printer.json(&serde_json::json!({"version": 1, "entity": entity.name, "file": shown, "exit": Exit::Done}));
    Ok(Exit::Done)
}
