//! What all requests share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::auth::Tokens;
use super::faults::Plan;
use super::options::Options;
use super::rate_limiter::RateLimiter;
use super::repeats::Repeats;
use super::routes::{Route, routes};
use super::seed;
use super::store::Store;
use super::variants::Variants;
use super::watch::Watch;
use crate::entity::Catalog;
use crate::error::{Context, Result};

/// What all requests share.
#[derive(Debug)]
pub struct AppState {
    /// All routes.
    pub routes: Vec<Route>,
    /// Path of the base address.
    pub base_path: String,
    /// The switches in force.
    pub variants: Variants,
    /// What goes wrong.
    pub faults: Arc<Plan>,
    /// Tokens that are good.
    pub tokens: Tokens,
    /// What happened so far.
    pub watch: Arc<Watch>,
    /// The limit of requests a second.
    pub rate_limiter: RateLimiter,
    /// Writes by their `Requestid`.
    pub repeats: Repeats,
    address: SocketAddr,
    store: Mutex<Store>,
}

impl AppState {
    /// The base address of the interface.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.base_path)
    }

    /// The assumed endpoints that are switched on, by name.
    pub fn assumed(&self) -> Vec<String> {
        let assumed = self.routes.iter().filter(|route| route.is_assumed && route.is_on);
        let mut names: Vec<String> = assumed.map(|route| route.names[0].clone()).collect();
        names.sort_unstable();
        names
    }

    /// The records.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of a server at `address`.
    ///
    /// # Errors
    /// Data that cannot be used.
    pub fn new(options: Options, address: SocketAddr) -> Result<Self> {
        let mut store = Store::open(options.data.as_deref())?;
        if store.is_empty() {
            // At once, so that a command killed meanwhile does not leave half an account in the file.
            store.at_once(|store| {
                seed::furnish(store)?;
                options.seed.map_or(Ok(()), |seed| seed::fill(store, seed, options.seed_size))
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
            faults: Arc::new(Plan::new(options.faults, options.fault_seed)),
            tokens: Tokens::default(),
            watch: Arc::default(),
            rate_limiter: RateLimiter::default(),
            repeats: Repeats::default(),
            address,
            store: Mutex::new(store),
        })
    }
}
