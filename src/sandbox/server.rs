//! The server as others start it: options, its own thread and runtime, its address, its end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::sync::oneshot;

use super::auth::Tokens;
use super::faults::{Fault, Plan};
use super::repeats::Repeats;
use super::routes::{Assume, Route, routes};
use super::seed::{self, Size};
use super::store::Store;
use super::variants::Variants;
use super::watch::Watch;
use super::wire::{Control, Gate};
use super::{handler, page};
use crate::entity::{AccountMode, Catalog, Entity, Method};
use crate::error::{Context, Error, Result};
use rust_i18n::t;

/// How a server is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 takes a free one. Only addresses of this machine are accepted.
    pub listen: SocketAddr,
    /// The file that keeps the records; none keeps them in memory.
    pub data: Option<PathBuf>,
    /// Fills a new store with invented records.
    pub seed: Option<u64>,
    /// How many of them.
    pub seed_size: Size,
    /// Which assumed endpoints answer.
    pub assume: Assume,
    /// Which variant of the interface is played.
    pub variants: Variants,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Decides everything random about faults.
    pub fault_seed: u64,
}

impl Default for Options {
    /// A free port, an empty store in memory, nothing assumed, no faults.
    fn default() -> Self {
        Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: None,
            seed: None,
            seed_size: Size::default(),
            assume: Assume::default(),
            variants: Variants::default(),
            faults: Vec::new(),
            fault_seed: 1,
        }
    }
}

/// Everything the requests share.
#[derive(Debug)]
pub struct World {
    /// All routes.
    pub routes: Vec<Route>,
    /// Path of the base address.
    pub base_path: String,
    /// The switches in force.
    pub variants: Variants,
    /// What goes wrong.
    pub faults: Plan,
    /// Tokens that are good.
    pub tokens: Tokens,
    /// What happened so far.
    pub watch: Watch,
    /// The limit of requests a second.
    pub pace: Pace,
    /// Writes by their `Requestid`.
    pub repeats: Repeats,
    address: SocketAddr,
    store: Mutex<Store>,
}

impl World {
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

    fn new(options: Options, address: SocketAddr) -> Result<Self> {
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
        Ok(World {
            routes: routes(&options.assume),
            base_path,
            variants: options.variants,
            faults: Plan::new(options.faults, options.fault_seed),
            tokens: Tokens::default(),
            watch: Watch::default(),
            pace: Pace::default(),
            repeats: Repeats::default(),
            address,
            store: Mutex::new(store),
        })
    }
}

/// How many requests came in the running second.
#[derive(Debug, Default)]
pub struct Pace(Mutex<Option<(Instant, u64)>>);

impl Pace {
    /// Whether one more request is within `rate` a second; 0 = no limit.
    pub fn allows(&self, rate: u64) -> bool {
        if rate == 0 {
            return true;
        }
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (begin, count) =
            window.filter(|(begin, _)| begin.elapsed() < Duration::from_secs(1)).unwrap_or((Instant::now(), 0));
        *window = Some((begin, count + 1));
        count < rate
    }
}

/// A running server. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    base_url: String,
    assumed: Vec<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server on threads of its own, so that it can be called from anywhere.
    ///
    /// # Errors
    /// An address that is not of this machine or is taken; data that cannot be used.
    pub fn start(options: Options) -> Result<Server> {
        let listen = options.listen;
        if !listen.ip().is_loopback() {
            return Err(Error::usage(t!("sandbox.not_loopback", address = listen.to_string()))
                .hint(t!("sandbox.not_loopback_hint")));
        }
        let cannot = |why: std::io::Error| {
            Error::cannot_run(t!("sandbox.cannot_listen", address = listen.to_string(), why = why.to_string()))
                .hint(t!("sandbox.cannot_listen_hint"))
        };
        let listener = TcpListener::bind(listen).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let world = Arc::new(World::new(options, address)?);
        let (assumed, base_url) = (world.assumed(), world.base_url());
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sandbox")
            .enable_all()
            .build()
            .map_err(cannot)?;
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                runtime.block_on(serve(listener, address, world, stopped));
                // What still stalls is a fault that waits for ever.
                runtime.shutdown_timeout(Duration::from_millis(200));
            })
            .map_err(cannot)?;
        Ok(Server { address, base_url, assumed, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address of its interface.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The assumed endpoints that are switched on, by name.
    pub fn assumed(&self) -> &[String] {
        &self.assumed
    }

    /// Lets requests in flight end, then ends.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

async fn serve(listener: TcpListener, address: SocketAddr, world: Arc<World>, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let gate = Gate::new(listener, address, world.clone());
    let router = Router::new()
        .route("/", get(page::page))
        .route("/sandbox/state.json", get(page::state))
        // Browsers ask for it on their own; it is no request of the interface.
        .route("/favicon.ico", get(|| async { axum::http::StatusCode::NO_CONTENT }))
        .fallback(handler::handle)
        .with_state(world);
    let service = router.into_make_service_with_connect_info::<Control>();
    let (sent, stopping) = oneshot::channel();
    let graceful = axum::serve(gate, service).with_graceful_shutdown(async move {
        let _ = stopped.await;
        let _ = sent.send(());
    });
    // Requests that a fault holds up are not waited for without end.
    let patience = async {
        let _ = stopping.await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    tokio::select! {
        _ = graceful => {}
        () = patience => {}
    }
}

/// The endpoints that imports and exports rely on although they are assumed.
pub fn needed() -> Assume {
    let is_needed = |route: &Route| match route.method {
        Method::Get => true,
        Method::Delete => false,
        Method::Post | Method::Put => route.entity.is_some_and(Entity::is_importable),
    };
    let names = routes(&Assume::Nothing)
        .into_iter()
        .filter(|route| route.is_assumed && !route.is_v2 && is_needed(route))
        .map(|route| route.names[0].clone());
    Assume::Named(names.collect())
}

/// Folder of the sandbox in the working folder.
pub const FOLDER: &str = ".bw8";

/// The server that `--sandbox` means: a free port, records in `.bw8/sandbox.db` of the folder, filled with seed 1 when
/// they are new, for an account of this mode.
///
/// # Errors
/// As [`Server::start`]; also when the folder cannot be made.
pub fn in_folder(folder: &Path, mode: AccountMode) -> Result<Server> {
    let place = folder.join(FOLDER);
    std::fs::create_dir_all(&place).map_err(|why| {
        Error::cannot_run(t!("sandbox.no_folder", folder = place.display().to_string(), why = why.to_string()))
    })?;
    let variants = Variants { mode: mode.into(), ..Variants::default() };
    Server::start(Options {
        data: Some(place.join("sandbox.db")),
        seed: Some(1),
        assume: needed(),
        variants,
        ..Options::default()
    })
}
