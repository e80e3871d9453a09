//! The server as others start it: its own thread and runtime, its address, its end.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::sync::oneshot;

use super::assume::needed;
use super::faults::faulty_listener::FaultyListener;
use super::faults::faulty_stream::ConnectionControl;
use super::options::Options;
use super::state::AppState;
use super::variants::Variants;
use super::{handler, status};
use crate::entity::AccountMode;
use crate::error::{Error, Result};
use crate::message;
use crate::message::Message;

/// A running server. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    base_url: String,
    page: String,
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
            return Err(Error::usage(message!("sandbox.not_loopback", address = listen.to_string()))
                .hint(message!("sandbox.not_loopback_hint")));
        }
        let cannot = |why: std::io::Error| {
            Error::cannot_run(message!(
                "sandbox.cannot_listen",
                address = listen.to_string(),
                why = Message::of_system(&why)
            ))
            .hint(message!("sandbox.cannot_listen_hint"))
        };
        let listener = TcpListener::bind(listen).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let state = Arc::new(AppState::new(options, address)?);
        let (assumed, base_url) = (state.assumed(), state.base_url());
        let page = format!("http://{address}/?key={}", state.key());
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
                runtime.block_on(serve(listener, address, state, stopped));
                // What still stalls is a fault that waits for ever.
                runtime.shutdown_timeout(Duration::from_millis(200));
            })
            .map_err(cannot)?;
        Ok(Server { address, base_url, page, assumed, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address of its interface.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The address of its page, which holds its key.
    pub fn page(&self) -> &str {
        &self.page
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

async fn serve(listener: TcpListener, address: SocketAddr, state: Arc<AppState>, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let listener = FaultyListener::new(listener, address, state.faults.clone(), state.request_log.clone());
    let router = Router::new()
        .route("/", get(status::page))
        .route("/sandbox/state.json", get(status::state_json))
        // Browsers ask for it on their own; it is no request of the interface.
        .route("/favicon.ico", get(|| async { http::StatusCode::NO_CONTENT }))
        .fallback(handler::handle)
        .layer(axum::middleware::from_fn(only_this_machine))
        .with_state(state);
    let service = router.into_make_service_with_connect_info::<ConnectionControl>();
    let (sent, stopping) = oneshot::channel();
    let graceful = axum::serve(listener, service).with_graceful_shutdown(async move {
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

/// Refuses requests that name another host than this machine: a page of the web whose name leads here is no caller.
async fn only_this_machine(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    match host.is_none_or(is_this_machine) {
        true => next.run(request).await,
        false => {
            let refused =
                axum::response::Response::new(axum::body::Body::from("this is a sandbox of another machine's\n"));
            let (mut head, body) = refused.into_parts();
            head.status = http::StatusCode::MISDIRECTED_REQUEST;
            axum::response::Response::from_parts(head, body)
        }
    }
}

/// Whether the host of a request, with or without a port, is this machine.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]")
}

/// Folder of the sandbox in the working folder.
pub const FOLDER: &str = ".bw8";

/// The file with the records of the sandbox that `--sandbox` means in a folder.
pub fn file_in(folder: &Path) -> PathBuf {
    folder.join(FOLDER).join("sandbox.db")
}

/// The server that `--sandbox` means: a free port, records in `.bw8/sandbox.db` of the folder, filled with seed 1 when
/// they are new, for an account of this mode.
///
/// # Errors
/// As [`Server::start`]; also when the folder cannot be made.
pub fn in_folder(folder: &Path, mode: AccountMode) -> Result<Server> {
    let data = file_in(folder);
    let folder = folder.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(|why| {
        Error::cannot_run(message!("sandbox.no_folder", folder = folder.display().to_string(), why = why.to_string()))
    })?;
    Server::start(Options {
        data: Some(data),
        seed: Some(1),
        assume: needed(),
        variants: Variants { mode: mode.into(), ..Variants::default() },
        ..Options::default()
    })
}
