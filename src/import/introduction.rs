//! What a person knows an account by, read before that person is asked: its name, how many records it has, who its agents
//! are, and the record that the first row changes, with the names of those it refers to. At most five requests, and one for each
//! of a few names; what cannot be had is not known, and stops nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future;
use serde_json::{Map, Value};
use tokio::runtime;

use super::comparison::sent_values;
use super::operation::WriteOperation;
use super::options::ImportOptions;
use super::pipeline::Stop;
use super::preflight::Preflight;
use super::row_sender::RowSender;
use super::sent_members::value_of;
use crate::api::{self, Client, Document, Target, as_text};
use crate::entity::{Catalog, Field};
use crate::language::Language;
use crate::t;
use crate::text::{clean, shorten};

/// How long a person waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Agents that are named.
const NAMED_AGENTS: usize = 2;

/// Names that are asked for.
const ASKED_NAMES: usize = 8;

/// What is known of an account.
#[derive(Debug, Default)]
pub(super) struct Introduction {
    name: Option<String>,
    customers: Option<u64>,
    companies: Option<u64>,
    agents: Option<u64>,
    named_agents: Vec<String>,
    /// The first record that is changed: labels, old values where they are known, new values.
    changed: Option<Vec<(String, Option<String>, String)>>,
}

impl Introduction {
    /// Reads what there is to know of an account, and of the record that `first` changes.
    pub(super) fn read(
        options: &ImportOptions<'_>,
        target: &Target,
        (preflight, first): (&Preflight, Option<&WriteOperation>),
    ) -> Introduction {
        let client = Client::new(target.clone(), &options.catalog.service);
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        match (client, runtime) {
            (Ok(client), Ok(runtime)) => runtime.block_on(read(options, &client, (preflight, first))),
            // Why, the run itself tells.
            _ => Introduction::default(),
        }
    }

    /// What the service calls the account.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The account in words.
    pub(super) fn text(&self) -> String {
        let number = |number: Option<u64>| number.map_or_else(not_given, |number| number.to_string());
        let agents = match self.named_agents.is_empty() {
            true => number(self.agents),
            false => {
                t!("agreement.agents", count = number(self.agents), names = self.named_agents.join("、")).into_owned()
            }
        };
        t!(
            "agreement.account",
            name = self.name.clone().unwrap_or_else(not_given),
            customers = number(self.customers),
            companies = number(self.companies),
            agents = agents
        )
        .into_owned()
    }

    /// The first record as lines, old value → new value; none when it makes a new one.
    pub(super) fn changes(&self) -> Option<Vec<String>> {
        let line = |(label, old, new): &(String, Option<String>, String)| {
            let colon = Language::current().pick("：", ": ");
            format!("  {label}{colon}{} → {new}", old.clone().unwrap_or_else(not_given))
        };
        self.changed.as_ref().map(|changed| changed.iter().map(line).collect())
    }
}

fn not_given() -> String {
    t!("agreement.not_given").into_owned()
}

async fn read(
    options: &ImportOptions<'_>,
    client: &Client,
    (preflight, first): (&Preflight, Option<&WriteOperation>),
) -> Introduction {
    let catalog = options.catalog;
    let (name, customers, companies, agents, changed) = tokio::join!(
        account_name(client),
        list(catalog, client, "customers", 1),
        list(catalog, client, "companies", 1),
        list(catalog, client, "agents", NAMED_AGENTS),
        changed(options.catalog, preflight, client, first),
    );
    let named = catalog.get("agents").and_then(|agents| agents.display.clone()).unwrap_or_default();
    let text = |agent: &Value| agent.get(&named).map(|name| shown(&as_text(name))).filter(|name| !name.is_empty());
    let count = |list: &Option<List>| list.as_ref().and_then(|list| list.total);
    Introduction {
        name,
        customers: count(&customers),
        companies: count(&companies),
        agents: count(&agents),
        named_agents: agents.iter().flat_map(|list| &list.records).filter_map(text).take(NAMED_AGENTS).collect(),
        changed,
    }
}

/// The beginning of a list.
struct List {
    records: Vec<Value>,
    total: Option<u64>,
}

async fn list(catalog: &Catalog, client: &Client, entity: &str, records: usize) -> Option<List> {
    let endpoint = catalog.get(entity)?.endpoint("list")?;
    let wrapper = endpoint.answer.as_ref()?;
    let paging = &catalog.service.paging;
    let mut address = client.target().address(&endpoint.path);
    address.query_pairs_mut().append_pair(&paging.page, "1").append_pair(&paging.per_page, &records.to_string());
    let document = ask(client, &address).await?;
    Some(List {
        // An answer of another shape is no list of this.
        records: api::records(&document, wrapper)?.into_values(),
        total: api::total(&document, wrapper, &paging.count),
    })
}

/// The account's name, as the service gives it.
async fn account_name(client: &Client) -> Option<String> {
    let account = &client.service().account;
    let document = ask(client, &client.target().address(&account.path)).await?;
    let inner =
        document.as_object()?.values().find_map(|value| value.as_array().map_or(Some(value), |list| list.first()));
    let places = [Some(&*document), inner];
    let mut texts =
        account.names.iter().flat_map(|name| places.into_iter().flatten().filter_map(move |at| at.get(name)));
    texts.find_map(|text| text.as_str().map(shown).filter(|text| !text.is_empty()))
}

/// What the first row changes, with the values the service has now.
async fn changed(
    catalog: &Catalog,
    preflight: &Preflight,
    client: &Client,
    first: Option<&WriteOperation>,
) -> Option<Vec<(String, Option<String>, String)>> {
    let operation = first?;
    let stop = Stop::default();
    let sender = RowSender::new(client, &stop, catalog, preflight.mapping.entity());
    let access = sender.access_of(operation)?;
    let id = match operation {
        WriteOperation::Write { .. } | WriteOperation::Draft(_) | WriteOperation::LookedUp { .. } => return None,
        WriteOperation::Change { id, .. } => id,
        WriteOperation::Tags(edit) => &edit.id,
    };
    let named = id;
    let before: Option<Map<String, Value>> =
        tokio::time::timeout(PATIENCE, sender.read(access, id)).await.ok().and_then(Result::ok).and_then(Result::ok);
    let old = |name: &str| before.as_ref().map(|before| value_of(before, name, &access.custom).unwrap_or_default());
    let sent = sent_values(access, operation, before.as_ref());
    let both = sent.iter().flat_map(|(name, new)| {
        let field = access.entity.field(name).filter(|field| field.reference.is_some());
        field.into_iter().flat_map(|field| [(field, new.clone()), (field, old(&field.name).unwrap_or_default())])
    });
    let names = names(catalog, preflight, client, both).await;
    let line = |(name, new): &(String, String)| {
        let field = access.entity.field(name);
        let label = field.map_or(name.as_str(), |field| field.label(Language::current()));
        let shown = |text: &str| match field.filter(|field| field.reference.is_some()) {
            Some(field) => with_names(field, text, &names),
            None => value(field, text),
        };
        (label.to_owned(), old(name).map(|old| shown(&old)), shown(new))
    };
    let id = Some((preflight.mapping.entity().id.clone().unwrap_or_default(), id.clone()))
        .filter(|(name, _)| !name.is_empty());
    let id = id.map(|(name, id)| {
        let field = access.entity.field(&name);
        (field.map_or(name.clone(), |field| field.label(Language::current()).to_owned()), Some(id.clone()), id)
    });
    let lines = sent.iter().map(line).collect::<Vec<_>>();
    let parts = access.entity.named_by().iter().zip(named.split('/')).filter(|_| access.entity.is_asked_for());
    let key = parts.map(|(name, part)| {
        let field = access.entity.field(name);
        let label = field.map_or(name.as_str(), |field| field.label(Language::current()));
        (label.to_owned(), Some(value(field, part)), value(field, part))
    });
    Some(id.into_iter().chain(key).chain(lines).collect())
}

/// What records are called, by the field that refers to them and their id.
type NamesOfIds = BTreeMap<(String, String), String>;

/// The names of the records that these fields refer to, as far as they are known or a few questions tell them.
async fn names<'f>(
    catalog: &Catalog,
    preflight: &Preflight,
    client: &Client,
    told: impl Iterator<Item = (&'f Field, String)>,
) -> NamesOfIds {
    let (mut names, mut asked) = (NamesOfIds::new(), BTreeMap::new());
    for (field, text) in told {
        for id in ids(&text) {
            let key = (field.name.clone(), id.to_owned());
            match preflight.name_of(&field.name, id) {
                Some(name) => drop(names.insert(key, name.to_owned())),
                None if asked.len() < ASKED_NAMES => drop(asked.insert(key, field)),
                None => {}
            }
        }
    }
    let ask = asked.into_iter().map(async |(key, field)| {
        let entity = field.reference.as_deref().and_then(|entity| catalog.get(entity))?;
        let (get, display) = (entity.endpoint("get")?, entity.display.as_ref()?);
        let document = ask(client, &client.target().address(&get.path.replace("{id}", &key.1))).await?;
        let record = api::record(&document, get.answer.as_deref()?)?;
        let is_it = entity.id.as_ref().and_then(|id| record.get(id)).map(as_text).is_some_and(|id| *id == key.1);
        let name = record.get(display).map(|name| shown(&as_text(name))).filter(|name| is_it && !name.is_empty());
        name.map(|name| (key, name))
    });
    names.extend(future::join_all(ask).await.into_iter().flatten());
    names
}

/// The ids that a reference says; `0` is how a service says that there is none.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    let is_id = |id: &&str| id.bytes().all(|byte| byte.is_ascii_digit()) && id.bytes().any(|byte| byte != b'0');
    text.split(',').map(str::trim).filter(is_id)
}

/// A reference as it is shown: each id with the name of its record.
fn with_names(field: &Field, text: &str, names: &NamesOfIds) -> String {
    let named = |id: &str| match names.get(&(field.name.clone(), id.to_owned())) {
        Some(name) => t!("lookup.id_and_name", id = id, name = name).into_owned(),
        None => shown(id),
    };
    text.split(',').map(|id| named(id.trim())).collect::<Vec<_>>().join(", ")
}

/// A value as it is shown: the word of a choice, no secret.
fn value(field: Option<&Field>, text: &str) -> String {
    match field {
        Some(field) if field.secret => "•••".to_owned(),
        Some(field) => {
            field.choice(text).map_or_else(|| shown(text), |choice| choice.label(Language::current()).to_owned())
        }
        None => shown(text),
    }
}

/// Words of the service, as one line of ours may hold them.
fn shown(text: &str) -> String {
    clean(&shorten(text.trim(), 60)).into_owned()
}

async fn ask(client: &Client, address: &url::Url) -> Option<Document> {
    tokio::time::timeout(PATIENCE, client.read(address)).await.ok()?.ok()
}
