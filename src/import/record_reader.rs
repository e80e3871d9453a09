//! Reads single records of an account for a command that sends nothing to it.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::runtime::{self, Runtime};

use super::route::Route;
use crate::account::{Account, Connection};
use crate::api::{self, Client};
use crate::entity::{Catalog, Entity};
use crate::error::{Context, Result};
use crate::message;
use crate::message::Message;

/// Reads the records of one entity, one after another.
#[derive(Debug)]
pub struct RecordReader {
    get: Route,
    client: Client,
    runtime: Runtime,
    patience: Option<Duration>,
    /// A sandbox lasts as long as it is asked.
    _connection: Connection,
}

/// What is said of a record.
#[derive(Debug)]
pub enum SaidRecord {
    /// It is there.
    There(Map<String, Value>),
    /// The service says that it is not, or may not be seen.
    NotThere,
    /// Nothing that tells, for this reason.
    Unknown(Message),
}

impl RecordReader {
    /// For an account; none where the entity's records cannot be read one by one. Each is waited for as long as `patience`, where the
    /// command can do without.
    ///
    /// # Errors
    /// A sandbox that cannot start.
    pub fn new(
        account: &Account,
        catalog: &Catalog,
        entity: &Entity,
        patience: Option<Duration>,
    ) -> Result<Option<RecordReader>> {
        let Some(get) = entity.endpoint("get") else { return Ok(None) };
        let connection = account.connect()?;
        let get = Route::new(&connection.target, catalog, entity, get);
        let client = Client::new(connection.target.clone(), &catalog.service)?;
        let runtime =
            runtime::Builder::new_current_thread().enable_all().build().context(|| message!("run.no_runtime"))?;
        Ok(Some(RecordReader { get, client, runtime, patience, _connection: connection }))
    }

    /// What the service says of the record with this id.
    pub fn read(&self, id: &str) -> SaidRecord {
        let address = self.get.address(self.client.target(), Some(id));
        let asked = self.client.ask(&address);
        let answer = self.runtime.block_on(async {
            match self.patience {
                Some(patience) => tokio::time::timeout(patience, asked).await.ok(),
                None => Some(asked.await),
            }
        });
        let record = |document| {
            let record = self.get.expected.wrappers.iter().find_map(|wrapper| api::record(document, wrapper))?;
            record.as_object().cloned()
        };
        match answer {
            Some(Ok(Ok(document))) => record(&document).map_or(SaidRecord::NotThere, SaidRecord::There),
            Some(Ok(Err(rejection))) if rejection.is_page => SaidRecord::Unknown(Message::from(rejection.message)),
            Some(Ok(Err(_))) => SaidRecord::NotThere,
            Some(Err(error)) => SaidRecord::Unknown(error.into_message()),
            None => {
                let seconds = self.patience.unwrap_or_default().as_secs();
                SaidRecord::Unknown(message!("ids.no_answer", seconds = seconds))
            }
        }
    }
}
