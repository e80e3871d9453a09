//! The custom fields of an account: asked for once a command, kept in the account's local copy with the time they were read,
//! and taken from there where nobody is asked or the service does not tell.

use std::time::Duration;

use serde_json::Value;
use tokio::runtime;

use crate::account::Account;
use crate::api::{self, Client, Rejection, Single};
use crate::entity::{Catalog, Endpoint, Entity, Field};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::message::Message;
use crate::mirror::Mirror;
use crate::projection::{Definitions, service_time};

/// How long the service has to tell of its custom fields, where a command can do without.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is known of an entity's custom fields.
#[derive(Debug, Default)]
pub struct KnownFields {
    /// What is known.
    pub definitions: Definitions,
    /// What the user should know: what cannot be had, and how old what stands in for it is.
    pub words: Vec<Message>,
    /// Why the service does not tell of the entity's own, where nothing of them is kept either.
    pub lacking: Option<Lacking>,
    /// Why it could not be asked, or nothing was heard of it as long as it was waited for.
    pub unreached: Option<Error>,
}

/// Why custom fields are not known.
#[derive(Debug)]
pub struct Lacking {
    why: Message,
    /// The service, or something in between, failed: another time it may tell them.
    pub is_passing: bool,
}

impl Lacking {
    /// What it costs where rows are read from a file.
    pub fn of_import(&self) -> Message {
        match self.why.code() {
            // These say it themselves.
            "definitions.denied" | "definitions.no_path" | "definitions.no_list" => self.why.clone(),
            _ => message!("definitions.none", why = self.why.clone()),
        }
    }

    /// What it costs where records are written into a file.
    pub fn of_export(&self) -> Message {
        message!("export.no_definitions", why = self.why.clone())
    }

    /// Why they are not known.
    pub fn why(&self) -> Message {
        self.why.clone()
    }
}

/// Where the custom fields of an account are known from.
#[derive(Debug, Clone, Copy)]
pub struct DefinitionSource<'a> {
    /// What is known of the interface.
    pub catalog: &'a Catalog,
    /// The account; without one nothing is known.
    pub account: Option<&'a Account>,
    /// Whether it is asked; else what was kept of it counts.
    pub asks: bool,
    /// Whether what it says is kept.
    pub keeps: bool,
}

impl<'a> DefinitionSource<'a> {
    /// What is kept of an account, if anything.
    pub fn kept(catalog: &'a Catalog, account: Option<&'a Account>) -> Self {
        DefinitionSource { catalog, account, asks: false, keeps: false }
    }

    /// The custom fields of an entity. What cannot be had costs itself alone.
    pub fn of(&self, entity: &Entity) -> KnownFields {
        let Some(account) = self.account.filter(|_| !sources(self.catalog, entity).is_empty()) else {
            return KnownFields::default();
        };
        let mirror = self.mirror(account);
        if !self.asks {
            return mirror.map(|mirror| kept(&mirror, self.catalog, entity)).unwrap_or_default();
        }
        let mirror = mirror.map_or_else(Mirror::in_memory, Ok);
        let asked = mirror.and_then(|mirror| {
            let connection = account.connect()?;
            let client = match Client::new(connection.target, &self.catalog.service) {
                Ok(client) => client,
                // A setting that cannot be used is the matter, whatever is asked.
                Err(error) => return Ok(KnownFields { unreached: Some(error), ..KnownFields::default() }),
            };
            let no_runtime = |_| Error::cannot_run(message!("run.no_runtime"));
            let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(no_runtime)?;
            let asking = ask(&client, self.catalog, entity, &mirror);
            let asked = runtime.block_on(async { tokio::time::timeout(PATIENCE, asking).await });
            let (why, failed) = match asked {
                Ok(Ok(known)) => return Ok(known),
                Ok(Err(error)) => (Message::from(error.message()), Some(error)),
                Err(_) => (message!("definitions.no_answer", seconds = PATIENCE.as_secs()), None),
            };
            let mut known = kept(&mirror, self.catalog, entity);
            let answers_else = || runtime.block_on(answers(&client, entity));
            known.unreached = failed.filter(|_| !client.limiter().was_answered() && !answers_else());
            known.lacking = known.definitions.is_empty().then_some(Lacking { why, is_passing: true });
            Ok(known)
        });
        let mut known = asked.unwrap_or_else(|error| KnownFields {
            lacking: Some(Lacking { why: error.message().into(), is_passing: true }),
            ..KnownFields::default()
        });
        known.words.extend(known.lacking.as_ref().map(Lacking::of_import));
        known
    }

    /// The account's local copy, where there is one or something is to be kept in it.
    fn mirror(&self, account: &Account) -> Option<Mirror> {
        let file = account.mirror_file().ok().filter(|file| self.keeps || file.exists())?;
        // A damaged one is the business of the command that reads lists.
        Mirror::open(&file).ok()
    }
}

/// Asks for the custom fields of an entity and keeps them in `mirror`.
///
/// # Errors
/// The login is refused or the host cannot be reached.
pub async fn ask(client: &Client, catalog: &Catalog, entity: &Entity, mirror: &Mirror) -> Result<KnownFields> {
    let mut known = KnownFields::default();
    for (name, endpoint, is_own) in sources(catalog, entity) {
        let url = client.target().address(&endpoint.path);
        let lacking = match client.ask_briefly(&url).await? {
            Single::Document(document) => {
                match api::records(&document, endpoint.answer.as_deref().unwrap_or_default()) {
                    Some(records) => {
                        let records = Value::Array(records.into_values());
                        // A copy that cannot be written does not keep anybody from what was just read.
                        let _ = mirror.put_definitions(name, now(), &records.to_string());
                        known.add(&records, catalog, is_own);
                        continue;
                    }
                    None => Lacking { why: message!("definitions.no_list"), is_passing: false },
                }
            }
            Single::Rejected(rejection) => rejected(client, &endpoint.path, &rejection),
            // Not every login may see them.
            Single::Failing(error) if error.kind() == ErrorKind::Denied => {
                Lacking { why: message!("definitions.denied"), is_passing: false }
            }
            Single::Failing(error) => Lacking { why: error.message().into(), is_passing: true },
        };
        match (kept_of(mirror, name), lacking) {
            (Some((at, records)), _) => {
                known.add(&records, catalog, is_own);
                if is_own {
                    known.words.push(message!("definitions.kept", at = moment(at, catalog)));
                }
            }
            (None, lacking) if is_own => known.lacking = Some(lacking),
            (None, lacking) if lacking.is_passing => known.words.push(lacking.of_export()),
            (None, _) => {}
        }
    }
    Ok(known)
}

/// What the no to a question for definitions means.
fn rejected(client: &Client, path: &str, rejection: &Rejection) -> Lacking {
    let Rejection { code, message, is_page } = rejection;
    if *code == client.service().error.unknown_path_code || code == "404" {
        return Lacking { why: message!("definitions.no_path", path = path), is_passing: false };
    }
    // A page is of something in between.
    Lacking { why: format!("{code} {message}").into(), is_passing: *is_page }
}

/// Whether the service answers for the entity's list while it does not for its definitions.
async fn answers(client: &Client, entity: &Entity) -> bool {
    let Some(list) = entity.endpoint("list") else { return false };
    matches!(client.ask_once(&client.target().address(&list.path)).await, Ok(Single::Document(_) | Single::Rejected(_)))
}

/// What is kept of the custom fields of an entity.
fn kept(mirror: &Mirror, catalog: &Catalog, entity: &Entity) -> KnownFields {
    let mut known = KnownFields::default();
    for (name, _, is_own) in sources(catalog, entity) {
        if let Some((at, records)) = kept_of(mirror, name) {
            known.add(&records, catalog, is_own);
            if is_own {
                known.words.push(message!("definitions.kept", at = moment(at, catalog)));
            }
        }
    }
    known
}

fn kept_of(mirror: &Mirror, name: &str) -> Option<(i64, Value)> {
    let (at, records) = mirror.definitions(name).ok().flatten()?;
    Some((at, serde_json::from_str(&records).ok()?))
}

/// The lists of definitions that matter for an entity, and whether each is its own. A ticket's value may be an option of a
/// company's field; other entities keep to their own.
fn sources<'a>(catalog: &'a Catalog, entity: &Entity) -> Vec<(&'a String, &'a Endpoint, bool)> {
    let Some(fields) = catalog.entities().iter().find(|fields| fields.origin.is_some()) else { return Vec::new() };
    if fields.endpoint(&entity.name).is_none() {
        return Vec::new();
    }
    let has_customers = entity.fields.iter().any(|field| field.reference.as_deref() == Some("customers"));
    let all = fields.endpoints.iter().filter(|(_, endpoint)| !endpoint.path.contains("{id}"));
    all.map(|(name, endpoint)| (name, endpoint, *name == entity.name))
        .filter(|(_, _, is_own)| *is_own || has_customers)
        .collect()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn moment(at: i64, catalog: &Catalog) -> String {
    service_time(at, &catalog.service).strftime("%Y-%m-%d %H:%M").to_string()
}

impl KnownFields {
    fn add(&mut self, records: &Value, catalog: &Catalog, is_own: bool) {
        let custom = &catalog.service.custom;
        for record in records.as_array().into_iter().flatten() {
            match is_own {
                true => self.definitions.add(record, custom),
                false => self.definitions.add_other(record, custom),
            }
        }
    }

    /// The custom fields as the catalog would have them, for requests of one of an entity's endpoints.
    pub fn fields(&self, entity: &Entity, endpoint: &str) -> Vec<Field> {
        let option_ids = entity.endpoint(endpoint).is_some_and(|endpoint| endpoint.option_ids);
        self.definitions.fields(option_ids)
    }
}
