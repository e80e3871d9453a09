//! The transport: one pool of connections to one host, over TLS unless that host is this machine, through the proxy the
//! system names. It follows nothing and repeats nothing that left, and it says exactly how far a request got.

use std::error::Error as Cause;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_ENCODING, HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::{self, Client};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;

use super::target::Target;
use crate::error::{Error, Result};
use crate::message;
use crate::message::Message;

/// An answer with more bytes than this is not read to its end.
const LARGEST_BODY: usize = 64 * 1024 * 1024;
/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that idled longer is not used again: the service may be about to close it, and a write that leaves at
/// that moment is in doubt. Servers commonly keep one for five seconds and more.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

type AnyError = Box<dyn Cause + Send + Sync>;

/// Sends requests to one host.
#[derive(Debug)]
pub struct Http {
    client: Client<Connector, Full<Bytes>>,
    timeout: Duration,
    host: HeaderValue,
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body, or why it did not come whole.
    pub body: std::result::Result<Bytes, Message>,
}

/// Why nothing came back.
#[derive(Debug)]
pub enum Failure {
    /// No connection was made, as nobody vouches for the host's certificate.
    Untrusted(Message),
    /// No connection was made: the request was certainly not processed.
    NotSent(Message),
    /// The request may have left: nobody knows.
    Lost(Message),
}

impl Failure {
    fn of(error: &legacy::Error) -> Failure {
        match error.is_connect() {
            true if is_bad_certificate(error) => Failure::Untrusted(reason(error)),
            true => Failure::NotSent(reason(error)),
            false => Failure::Lost(reason(error)),
        }
    }

    /// Why, whichever it is.
    pub fn why(&self) -> &Message {
        match self {
            Failure::Untrusted(why) | Failure::NotSent(why) | Failure::Lost(why) => why,
        }
    }
}

impl Http {
    /// The transport to a target's host; connects to nothing yet.
    ///
    /// # Errors
    /// A certificate that cannot be read, a proxy of an unknown kind, or a machine whose TLS cannot be set up.
    pub fn new(target: &Target) -> Result<Http> {
        let host = HeaderValue::from_str(&target.host())
            .map_err(|_| Error::usage(message!("api.bad_address", address = target.host())))?;
        let client = Client::builder(TokioExecutor::new())
            // As large as what may be in flight, or connections are thrown away and made again.
            .pool_max_idle_per_host(target.concurrency.max(1))
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_timer(TokioTimer::new())
            // Only a request of which no byte was written, because its connection had closed meanwhile, takes another one.
            .retry_canceled_requests(true)
            .set_host(false)
            .build(Connector::new(target)?);
        Ok(Http { client, timeout: target.timeout, host })
    }

    /// Sends one request and reads what comes back, within the target's time limit.
    ///
    /// # Errors
    /// Nothing came back.
    pub async fn exchange(&self, mut request: Request<Full<Bytes>>) -> std::result::Result<Response, Failure> {
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("bw8/", env!("CARGO_PKG_VERSION"))));
        let mut head = None;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| Failure::of(&error))?;
            let (parts, body) = response.into_parts();
            head = Some(parts);
            Ok(Limited::new(body, LARGEST_BODY).collect().await)
        };
        let exchanged = tokio::time::timeout(self.timeout, exchange).await;
        let body = match exchanged {
            Ok(Err(failure)) => return Err(failure),
            Ok(Ok(Ok(body))) => Ok(body.to_bytes()),
            Ok(Ok(Err(error))) => Err(reason(error.as_ref())),
            Err(_) => Err(message!("api.timed_out")),
        };
        let Some(head) = head else {
            return Err(Failure::Lost(body.err().unwrap_or_default()));
        };
        let is_gzip =
            head.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip"));
        let body = if is_gzip && body.as_ref().is_ok_and(|body| !body.is_empty()) {
            body.and_then(|body| inflate(&body, LARGEST_BODY))
        } else {
            body
        };
        Ok(Response { status: head.status.as_u16(), headers: head.headers, body })
    }
}

/// An address as the transport takes it.
///
/// # Errors
/// One with a character that the transport does not take.
pub fn uri(address: &Url) -> Result<Uri> {
    Uri::try_from(address.as_str())
        .map_err(|_| Error::cannot_run(message!("api.bad_address", address = address.path())))
}

fn inflate(body: &[u8], largest: usize) -> std::result::Result<Bytes, Message> {
    let mut whole = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(body).take(largest as u64 + 1).read_to_end(&mut whole);
    match read {
        Ok(bytes) if bytes > largest => Err(message!("api.too_large")),
        Ok(_) => Ok(whole.into()),
        Err(error) => Err(error.to_string().into()),
    }
}

/// Makes connections, each within its time.
#[derive(Debug, Clone)]
struct Connector {
    secure: HttpsConnector<Route>,
    timeout: Duration,
}

impl Connector {
    fn new(target: &Target) -> Result<Connector> {
        // Plain HTTP is only ever this machine, where no proxy and no certificate is wanted.
        let (proxy, tls) = match target.base.scheme() {
            "http" => (None, trusting_nobody()?),
            _ => (Matcher::from_system().intercept(&uri(&target.base)?), trusting(target.ca_cert.as_deref())?),
        };
        let timeout = CONNECT_TIMEOUT.min(target.timeout / 2);
        Ok(Connector { secure: HttpsConnector::from((Route::new(proxy)?, tls)), timeout })
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = AnyError;
    type Future = BoxFuture<'static, std::result::Result<Self::Response, AnyError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), AnyError>> {
        self.secure.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connected = tokio::time::timeout(self.timeout, self.secure.call(to));
        Box::pin(async move {
            let late = |_| io::Error::from(io::ErrorKind::TimedOut);
            connected.await.map_err(late)?
        })
    }
}

/// The way to the host: straight, or through a proxy.
#[derive(Debug, Clone)]
enum Route {
    Straight(HttpConnector),
    Tunnel(Tunnel<HttpConnector>),
    Socks(SocksV5<HttpConnector>),
}

impl Route {
    fn new(proxy: Option<Intercept>) -> Result<Route> {
        let mut straight = HttpConnector::new();
        straight.set_nodelay(true);
        straight.enforce_http(false);
        let Some(proxy) = proxy else { return Ok(Route::Straight(straight)) };
        match proxy.uri().scheme_str() {
            Some("http") => {
                let tunnel = Tunnel::new(proxy.uri().clone(), straight);
                Ok(Route::Tunnel(match proxy.basic_auth() {
                    Some(login) => tunnel.with_auth(login.clone()),
                    None => tunnel,
                }))
            }
            Some(kind @ ("socks5" | "socks5h")) => {
                let socks = SocksV5::new(proxy.uri().clone(), straight).local_dns(kind == "socks5");
                Ok(Route::Socks(match proxy.raw_auth() {
                    Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
                    None => socks,
                }))
            }
            kind => Err(Error::usage(message!("api.proxy_kind", kind = kind.unwrap_or_default()))
                .hint(message!("api.proxy_kind_hint"))),
        }
    }
}

impl Service<Uri> for Route {
    type Response = TokioIo<TcpStream>;
    type Error = AnyError;
    type Future = BoxFuture<'static, std::result::Result<Self::Response, AnyError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), AnyError>> {
        match self {
            Route::Straight(http) => http.poll_ready(context).map_err(AnyError::from),
            Route::Tunnel(tunnel) => tunnel.poll_ready(context).map_err(AnyError::from),
            Route::Socks(socks) => socks.poll_ready(context).map_err(AnyError::from),
        }
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        match self {
            Route::Straight(http) => {
                let connecting = http.call(to);
                Box::pin(async { Ok(connecting.await?) })
            }
            Route::Tunnel(tunnel) => {
                let connecting = tunnel.call(to);
                Box::pin(async { Ok(connecting.await?) })
            }
            Route::Socks(socks) => {
                let connecting = socks.call(to);
                Box::pin(async { Ok(connecting.await?) })
            }
        }
    }
}

/// TLS that accepts what the system trusts and, beside it, what a file names.
fn trusting(ca_cert: Option<&Path>) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = ca_cert.map(certificates).transpose()?.unwrap_or_default();
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(no_client)?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder
        .map_err(no_client)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS for a host that is not spoken to over TLS.
fn trusting_nobody() -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(no_client)?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bad = |why: Message| Error::usage(message!("api.bad_certificate", file = path.display(), why = why));
    let pem = std::fs::read(path).map_err(|error| bad(error.to_string().into()))?;
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| bad(e.to_string().into()))?;
    if found.is_empty() { Err(bad(message!("api.no_certificate"))) } else { Ok(found) }
}

fn no_client(why: rustls::Error) -> Error {
    Error::cannot_run(message!("api.no_client", why = why))
}

/// The innermost cause of a transport error, without the address (which may hold a query) and without repetition.
fn reason(error: &(dyn Cause + 'static)) -> Message {
    if error.is::<http_body_util::LengthLimitError>() {
        return message!("api.too_large");
    }
    let mut cause = error;
    loop {
        if cause.downcast_ref().is_some_and(hyper::Error::is_incomplete_message) {
            return message!("api.closed");
        }
        let Some(inner) = cause.source() else { break };
        cause = inner;
    }
    match cause.downcast_ref().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => return message!("api.nobody_listens"),
        Some(io::ErrorKind::TimedOut) => return message!("api.timed_out"),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => return message!("api.closed"),
        _ => {}
    }
    let text = cause.to_string();
    match text.contains("://") {
        true => message!("api.connection_failed"),
        false => text.into(),
    }
}

/// Whether a connection was not made because nobody vouches for the host's certificate.
fn is_bad_certificate(error: &legacy::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return true;
        }
        cause = match error.downcast_ref::<io::Error>() {
            // An I/O error does not name the error it holds as its source.
            Some(error) => error.get_ref().map(|inner| inner as &dyn Cause),
            None => error.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_packed_body_is_unpacked_unless_it_is_broken_or_too_large() {
        let text = "示例".repeat(100);
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(inflate(&packed, text.len()).unwrap(), text);
        assert!(inflate(&packed, text.len() - 1).is_err());
        assert!(inflate(&packed[..packed.len() / 2], text.len()).is_err());
        assert!(inflate(b"no gzip", text.len()).is_err());
    }
}
