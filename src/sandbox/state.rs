//! What all requests share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::auth::Tokens;
use super::custom_fields::CustomFields;
use super::faults::plan::FaultPlan;
use super::idempotency::IdempotencyKeys;
use super::options::Options;
use super::rate_limiter::RateLimiter;
use super::records::store::Store;
use super::request_log::RequestLog;
use super::routes::{Route, routes};
use super::seed::seeder;
use super::variants::Variants;
use crate::entity::Catalog;
use crate::error::{Context, Result};

/// What all requests share.
#[derive(Debug)]
pub(super) struct AppState {
    /// All routes.
    pub routes: Vec<Route>,
    /// Path of the base address.
    pub base_path: String,
    /// The switches in force.
    pub variants: Variants,
    /// The account's custom fields.
    pub custom_fields: Arc<CustomFields>,
    /// What goes wrong.
    pub faults: Arc<FaultPlan>,
    /// Tokens that are good.
    pub tokens: Tokens,
    /// What happened so far.
    pub request_log: Arc<RequestLog>,
    /// The limit of requests a second.
    pub rate_limiter: RateLimiter,
    /// Writes by their `Requestid`.
    pub idempotency_keys: IdempotencyKeys,
    address: SocketAddr,
    /// What opens the page and the state: any page of the web can ask this machine for them.
    key: String,
    store: Mutex<Store>,
}

impl AppState {
    /// The base address of the interface.
    pub(super) fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.base_path)
    }

    /// The assumed endpoints that are switched on, by name.
    pub(super) fn assumed(&self) -> Vec<String> {
        let assumed = self.routes.iter().filter(|route| route.is_assumed && route.is_on);
        let mut names: Vec<String> = assumed.map(|route| route.names[0].clone()).collect();
        names.sort_unstable();
        names
    }

    /// What opens the page and the state.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The records.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of a server at `address`.
    ///
    /// # Errors
    /// Data that cannot be used.
    pub(super) fn new(options: Options, address: SocketAddr) -> Result<Self> {
        let mut store = Store::open(options.data.as_deref())?;
        if store.is_empty() {
            // At once, so that a command killed meanwhile does not leave half an account in the file.
            store.transaction(|store| {
                match &options.like {
                    Some(like) => like.insert(store)?,
                    None => seeder::seed_base(store)?,
                }
                options.seed.map_or(Ok(()), |seed| seeder::seed_sample_data(store, seed, options.seed_size))
            })?;
        }
        let base = &Catalog::embedded().service.base_url;
        let base_path = url::Url::parse(base).context(|| base.clone())?.path().trim_end_matches('/').to_owned();
        let mut routes = routes();
        options.assume.apply(&mut routes);
        Ok(AppState {
            routes,
            base_path,
            variants: options.variants,
            custom_fields: store.custom_fields(),
            faults: Arc::new(FaultPlan::new(options.faults, options.fault_seed)),
            tokens: Tokens::default(),
            request_log: Arc::default(),
            rate_limiter: RateLimiter::default(),
            idempotency_keys: IdempotencyKeys::default(),
            address,
            key: uuid::Uuid::new_v4().simple().to_string(),
            store: Mutex::new(store),
        })
    }
}
