//! Reads the account's lists for one command: over one connection, each list once, as whole as an export has it.

use std::collections::HashMap;
use std::fs::File;
use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::{self, Runtime};

use super::known_list::{KnownList, ListProof};
use crate::account::{Account, Connection};
use crate::api::{self, Client};
use crate::entity::{Catalog, Entity};
use crate::error::{Context, ErrorKind, Result};
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::mirror::Mirror;
use crate::projection::is_deleted;
use crate::refresh::{ListQuery, Page, Refresher};
use crate::t;
use crate::terminal::{Interrupt, Printer, Progress};

/// Records of a list that every command reads as a whole; of a longer one it asks for what changed, and compares counts.
const MOST_READ_WHOLE: u64 = 50_000;

/// The account's lists, as far as this command has read them.
#[derive(Debug)]
pub struct Lists<'a> {
    catalog: &'a Catalog,
    progress: Progress,
    client: Arc<Client>,
    runtime: Runtime,
    mirror: Rc<Mirror>,
    /// Keeps other commands from refreshing the account's own mirror meanwhile.
    _lock: Option<File>,
    /// It ends with the lists, when it is the sandbox.
    _connection: Connection,
    read: HashMap<String, Rc<KnownList<'a>>>,
}

impl<'a> Lists<'a> {
    /// No list yet, and the connection over which they are read. They go into the account's mirror, where `keeps` says so and no
    /// other command is using it; into a temporary one otherwise.
    ///
    /// # Errors
    /// A sandbox that cannot start, a mirror that cannot be opened.
    pub fn new(account: &Account, catalog: &'a Catalog, keeps: bool, printer: &Printer) -> Result<Lists<'a>> {
        let connection = account.connect()?;
        let client = Arc::new(Client::new(connection.target.clone(), &catalog.service)?);
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context(|| message!("run.no_runtime"))?;
        let own = if keeps { own_mirror(account, printer)? } else { None };
        let (mirror, lock) = match own {
            Some((mirror, lock)) => (mirror, Some(lock)),
            None => (Mirror::temporary()?, None),
        };
        Ok(Lists {
            catalog,
            progress: Progress::new(printer),
            client,
            runtime,
            mirror: Rc::new(mirror),
            _lock: lock,
            _connection: connection,
            read: HashMap::new(),
        })
    }

    /// The account's list of this entity, brought up to date when it is asked for first. A list that the service does not have,
    /// or refuses, is a list that cannot be had.
    ///
    /// # Errors
    /// The host cannot be reached, the service goes on failing, the user stops.
    pub fn of(&mut self, entity: &'a Entity) -> Result<Rc<KnownList<'a>>> {
        if let Some(known) = self.read.get(&entity.name) {
            return Ok(Rc::clone(known));
        }
        let known = self.read_list(entity);
        self.progress.end();
        let known = Rc::new(known?);
        self.read.insert(entity.name.clone(), Rc::clone(&known));
        Ok(known)
    }

    /// How many pages bringing a list up to date takes, by the service's own total; none where nobody can say.
    ///
    /// # Errors
    /// As [`Lists::of`].
    pub fn pages(&self, entity: &Entity) -> Result<Option<u64>> {
        let service = self.client.service();
        let Some(query) = ListQuery::new(entity, "list", service).filter(|query| query.endpoint.paged) else {
            return Ok(None);
        };
        let before = self.mirror.list(&entity.name, &query.text(service))?;
        if before.complete.is_some() && self.mirror.held(&before)? > MOST_READ_WHOLE {
            // What changed since is little beside it.
            return Ok(Some(1));
        }
        let address = query.address(self.client.target(), service, Some(Page { number: 1, size: 1 }));
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        let stop = Interrupt::of_process();
        let answer = self.runtime.block_on(stop.unless_set(self.client.ask(&address)))?;
        let total = answer.ok().and_then(|document| api::total(&document, wrapper, &service.paging.count));
        Ok(total.map(|total| total.div_ceil(u64::from(service.paging.advised))))
    }

    /// Whether the service has answered anything yet.
    pub fn was_answered(&self) -> bool {
        self.client.was_answered()
    }

    /// Whether the service shows this record by its id, whatever its list says. What it refuses to show is not there.
    ///
    /// # Errors
    /// The host cannot be reached, the service goes on failing, the user stops.
    pub fn gives(&self, entity: &Entity, id: &str) -> Result<bool> {
        let Some(get) = entity.endpoint("get") else { return Ok(false) };
        let address = self.client.target().address(&get.path.replace("{id}", id));
        let stop = Interrupt::of_process();
        let asked = self.runtime.block_on(stop.unless_set(async { self.client.ask(&address).await }));
        let document = match asked {
            Err(error) if error.kind() == ErrorKind::Denied => return Ok(false),
            asked => asked?,
        };
        let Ok(document) = document else { return Ok(false) };
        let record = get.answer.as_deref().and_then(|answer| api::record(&document, answer));
        let is_it = |record: &serde_json::Value| {
            let own = entity.id.as_deref().and_then(|name| record.get(name)).map(api::as_text);
            own.as_deref() == Some(id) && !is_deleted(entity, record)
        };
        Ok(record.as_ref().is_some_and(|record| is_it(record)))
    }

    fn read_list(&self, entity: &'a Entity) -> Result<KnownList<'a>> {
        let cannot_be_had =
            |why: Message| KnownList::new(entity, ListProof::CannotBeHad(why), Rc::clone(&self.mirror), None);
        let Some(mut query) = ListQuery::new(entity, "list", &self.catalog.service) else {
            return Ok(cannot_be_had(message!("lookup.no_list", entity = entity.labels())));
        };
        let stop = Interrupt::of_process();
        let refresher = Refresher {
            client: &self.client,
            mirror: &self.mirror,
            catalog: self.catalog,
            stop: &stop,
            progress: &self.progress,
            kept_secrets: &[],
            accepts_incomplete: true,
            full_every: 0,
        };
        let read = self.runtime.block_on(stop.unless_set(async {
            let before = self.mirror.list(&entity.name, &query.text(&self.catalog.service))?;
            if let Some(why) = self.refusal(&query, before.complete.is_none()).await? {
                // It may be the question for deleted records that is refused.
                let without = query.clone().without(&self.catalog.service.filters.deleted);
                let is_same = without.parameters == query.parameters;
                if is_same || self.refusal(&without, before.complete.is_none()).await?.is_some() {
                    return Ok(Err(why));
                }
                query = without;
            }
            // What is said of a row stands on what is there now: of what changed without a word only a whole reading tells.
            let refreshed = match self.mirror.held(&before)? {
                0..=MOST_READ_WHOLE => refresher.read_whole(&query).await?,
                _ => refresher.read_changes(&query).await?,
            };
            self.mirror.mark_used(&refreshed.list)?;
            Ok(Ok(refreshed))
        }));
        let refreshed = match read {
            Ok(Ok(refreshed)) => refreshed,
            Ok(Err(why)) => return Ok(cannot_be_had(why)),
            // Nobody can be found in it, nor be proved not to be there.
            Err(error) if error.code() == "refresh.no_ids" => return Ok(cannot_be_had(error.into_message())),
            Err(error) => return Err(error),
        };
        let proof = match (refreshed.is_incomplete, refresher.hidden(&refreshed)?) {
            (true, _) => ListProof::NotWhole(refreshed.warnings.last().cloned().unwrap_or_default().into()),
            // One of them may be the one that is looked for.
            (false, hidden @ 1..) => ListProof::NotWhole(message!("lookup.hidden", hidden = hidden)),
            (false, 0) => match self.mirror.without_id(&refreshed.list)? {
                0 => ListProof::Whole,
                count => ListProof::NotWhole(message!("lookup.without_id", count = count)),
            },
        };
        Ok(KnownList::new(entity, proof, Rc::clone(&self.mirror), Some(refreshed.list)))
    }

    /// Asks for the beginning of a list: why the service does not give it, when it does not. Says how many pages it takes, when
    /// it is read for the first time.
    async fn refusal(&self, query: &ListQuery<'_>, is_new: bool) -> Result<Option<Message>> {
        let service = self.client.service();
        let entity = query.entity;
        let page = query.endpoint.paged.then_some(Page { number: 1, size: 1 });
        let refused = |why: Message| Ok(Some(message!("lookup.refused", entity = entity.labels(), why = why)));
        let document = match self.client.ask(&query.address(self.client.target(), service, page)).await {
            Ok(Ok(document)) => document,
            Ok(Err(rejection)) => {
                return refused(format!("{} {}", rejection.code, rejection.message).trim().to_owned().into());
            }
            // A login that is wrong is refused everything.
            Err(error) if error.kind() != ErrorKind::Denied => return Err(error),
            Err(error) => match error.clone().into_message() {
                why if why.code() == "api.login_rejected" => return Err(error),
                why => return refused(why),
            },
        };
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        if api::records_of(&document, wrapper, entity.id.as_deref()).is_none() {
            return Ok(Some(message!("lookup.no_list", entity = entity.labels())));
        }
        if let Some(count) = api::total(&document, wrapper, &service.paging.count).filter(|_| is_new && page.is_some())
        {
            let pages = count.div_ceil(u64::from(service.paging.advised)).max(1);
            let label = entity.label(Language::current());
            self.progress.say(&message!("lookup.reading", entity = label, count = count, pages = pages).to_string());
        }
        Ok(None)
    }
}

/// The account's own mirror, held for this command; none while another command is using it.
fn own_mirror(account: &Account, printer: &Printer) -> Result<Option<(Mirror, File)>> {
    let file = account.mirror_file()?;
    let mirror = match Mirror::open(&file) {
        Err(error) if Mirror::is_damage(&error) => {
            // What is in it can all be read again.
            let aside = Mirror::set_aside(&file)?;
            printer.warn(&t!("mirror.set_aside", file = file.display(), aside = aside.display()));
            Mirror::open(&file)?
        }
        opened => opened?,
    };
    Ok(mirror.lock()?.map(|lock| (mirror, lock)))
}
