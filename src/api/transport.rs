//! The transport: one pool of HTTP/1.1 connections to one host, over TLS unless that host is this machine, through the
//! proxy the system names. It follows nothing and repeats nothing that left, and it says exactly how far a request got.

use std::io::{self, Read};
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::Method;
use http::header::{CONTENT_ENCODING, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, retry};
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use super::log::{Exchange, ExchangeLog};
use super::proxy::Shown;
use super::target::Target;
use super::{proxy, proxy_answer, tls, trouble};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::message;
use crate::message::Message;
use crate::waiting::Awaiting;

/// An answer with more bytes than this is not read to its end.
const LARGEST_BODY: usize = 64 * 1024 * 1024;
/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that idled longer is not used again: the service may be about to close it, and a write that leaves at
/// that moment is in doubt. Servers commonly keep one for five seconds and more.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// How long after the time limit an answer that is there already may take to be read.
const READING_TIME: Duration = Duration::from_millis(100);

/// How long an answer is waited for after the user asked to stop. Containers and services are killed ten seconds after they are told
/// to end: until then the run has to be closed.
pub const LAST_ANSWERS: Duration = Duration::from_secs(7);

/// Sends requests to one host.
#[derive(Debug)]
pub(super) struct Http {
    client: Client,
    timeout: Duration,
    host: String,
    /// Host and port, as a proxy is asked for them.
    authority: String,
    /// The proxy on the way, as people call it.
    proxy: Option<Shown>,
    log: Option<ExchangeLog>,
}

/// What is sent.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// HTTP method.
    pub method: Method,
    /// Where to.
    pub address: &'a Url,
    /// Headers, those left out that every request has.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The row it is about, and its id.
    pub about: Option<(u64, Uuid)>,
    /// What for.
    pub purpose: Purpose,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Records.
    Records,
    /// A token: a login is in what is sent and comes back, which goes into no log.
    Token,
    /// Telling somebody how a command ended.
    Notice,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body, or why it did not come whole.
    pub body: std::result::Result<Bytes, Message>,
}

/// Why nothing came back.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection was made, and none will be: the error says why.
    ForGood(Error),
    /// No connection was made: the request was certainly not processed.
    NotSent(Message),
    /// The request may have left: nobody knows.
    Lost(Message),
}

impl Failure {
    /// Why, in words.
    fn text(&self) -> String {
        match self {
            Failure::ForGood(error) => error.message(),
            Failure::NotSent(why) | Failure::Lost(why) => why.to_string(),
        }
    }
}

impl Http {
    /// The transport to a target's host; connects to nothing yet.
    ///
    /// # Errors
    /// A certificate that cannot be read, a proxy of an unknown kind, or a machine whose TLS cannot be set up.
    pub(super) fn new(target: &Target) -> Result<Http> {
        // Plain HTTP is only ever this machine, where no proxy and no certificate is wanted.
        let (proxy, tls) = match target.base.scheme() {
            "http" => (None, tls::trusting_nobody(target.ca_cert.as_deref())?),
            _ => (proxy::of_system(&target.base)?, tls::trusting(target.ca_cert.as_deref())?),
        };
        let builder = patient(Client::builder())
            .tls_backend_preconfigured(tls)
            .http1_only()
            .no_proxy()
            .redirect(Policy::none())
            // Nothing that left is repeated. What remains is in the pool: a request of which no byte was written, because
            // its connection had closed meanwhile, takes another one.
            .retry(retry::never().max_retries_per_request(0))
            .user_agent(concat!("bw8/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT.min(target.timeout / 2))
            // As large as what may be in flight, or connections are thrown away and made again.
            .pool_max_idle_per_host(target.concurrency.max(1))
            .pool_idle_timeout(IDLE_TIMEOUT);
        let log = target.log.as_ref().map(|log| ExchangeLog::open(&log.file, log.has_bodies)).transpose()?;
        let (proxy, shown) = proxy.map(|proxy| (proxy.proxy, proxy.shown)).unzip();
        let client = proxy.into_iter().fold(builder, ClientBuilder::proxy).build();
        let client = client.map_err(|why| Error::cannot_run(message!("api.no_client", why = why)))?;
        let port = target.base.port_or_known_default().unwrap_or_default();
        let authority = format!("{}:{port}", target.base.host_str().unwrap_or_default());
        Ok(Http { client, timeout: target.timeout, host: target.host(), authority, proxy: shown, log })
    }

    /// Sends one request and reads what comes back, within the target's time limit.
    ///
    /// # Errors
    /// Nothing came back.
    pub(super) async fn exchange(&self, request: Request<'_>) -> std::result::Result<Response, Failure> {
        // Nobody is to think that something else takes so long.
        let what = match request.purpose {
            Purpose::Records => "waiting.answer",
            Purpose::Token => "waiting.token",
            Purpose::Notice => "waiting.notice",
        };
        let _awaiting = Awaiting::begin(what, &self.host);
        match &self.log {
            None => self.send(request).await,
            Some(log) => Box::pin(self.send_and_log(log, request)).await,
        }
    }

    async fn send_and_log(&self, log: &ExchangeLog, request: Request<'_>) -> std::result::Result<Response, Failure> {
        let began = Instant::now();
        let (method, address, about) = (request.method.clone(), request.address, request.about);
        let (sent, purpose) = (request.body.clone(), request.purpose);
        let came = self.send(request).await;
        let back = came.as_ref().ok().and_then(|response| response.body.as_ref().ok());
        let id = about.map(|(_, id)| id.to_string());
        log.write(&Exchange {
            method: method.as_str(),
            address,
            request_id: id.as_deref(),
            row: about.map(|(row, _)| row),
            came: match &came {
                Ok(response) => Ok(response.status),
                Err(failure) => Err(failure.text()),
            },
            lasted: began.elapsed(),
            bodies: (purpose == Purpose::Records).then(|| (&*sent, back.map_or(b"".as_slice(), |body| body))),
        });
        came
    }

    async fn send(&self, request: Request<'_>) -> std::result::Result<Response, Failure> {
        let mut outgoing = reqwest::Request::new(request.method, request.address.clone());
        *outgoing.headers_mut() = request.headers;
        *outgoing.body_mut() = Some(request.body.into());
        let timed_out = || message!("api.timed_out", seconds = self.timeout.as_secs());
        let mut head = None;
        let exchange = async {
            let mut response = self.client.execute(outgoing).await.map_err(|error| self.failure(&error))?;
            head = Some((response.status().as_u16(), std::mem::take(response.headers_mut())));
            Ok(whole_body(&mut response, LARGEST_BODY).await)
        };
        let body = {
            let exchange = pin!(exchange);
            tokio::select! {
                biased;
                came = within(self.timeout, exchange) => match came {
                    Some(Ok(body)) => body,
                    Some(Err(failure)) => return Err(self.explained(failure).await),
                    None => Err(timed_out()),
                },
                () = gives_up() => Err(message!("api.given_up", seconds = LAST_ANSWERS.as_secs())),
            }
        };
        let Some((status, headers)) = head else {
            return Err(Failure::Lost(body.err().unwrap_or_default()));
        };
        let is_gzip =
            headers.get(CONTENT_ENCODING).is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip"));
        let body = if is_gzip && body.as_ref().is_ok_and(|body| !body.is_empty()) {
            body.and_then(|body| inflate(&body, LARGEST_BODY))
        } else {
            body
        };
        Ok(Response { status, headers, body })
    }

    /// A failure with what the proxy itself says of it, where it let nothing through.
    async fn explained(&self, failure: Failure) -> Failure {
        let is_refused = |why: &Message| why.part("why").is_some_and(|why| why.code() == "api.proxy_refused");
        match (&failure, &self.proxy) {
            (Failure::NotSent(why), Some(Shown { at: Some(at), login, .. })) if is_refused(why) => {
                let why = proxy_answer::why(at, &self.authority, login.as_ref()).await;
                Failure::NotSent(self.on_the_way(why))
            }
            _ => failure,
        }
    }

    /// Whether a proxy is named that this host is not spoken to through, as it is for `http://` alone.
    pub(super) fn passes_proxy_by(&self) -> bool {
        self.proxy.is_none() && proxy::is_for_http_alone()
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        match error.is_connect() {
            true => match trouble::for_good(error, &self.host, self.proxy.as_ref()) {
                Some(error) => Failure::ForGood(error),
                None => Failure::NotSent(self.on_the_way(trouble::reason(error))),
            },
            // Not even a request could be made of it.
            false if error.is_builder() => Failure::NotSent(trouble::reason(error)),
            false => Failure::Lost(trouble::reason(error)),
        }
    }

    /// Why no connection comes about, with the proxy it should have come through.
    fn on_the_way(&self, why: Message) -> Message {
        match &self.proxy {
            Some(proxy) => message!("api.through_proxy", proxy = proxy.name, why = why),
            None => why,
        }
    }
}

/// The system gives up no connection while an answer is waited for: the time limit is the exchange's alone.
fn patient(builder: ClientBuilder) -> ClientBuilder {
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(None);
    builder.tcp_keepalive(None).tcp_keepalive_interval(None).tcp_keepalive_retries(None)
}

/// The user asked to stop, and what was on its way then had its time.
async fn gives_up() {
    Interrupt::of_process().interrupted().await;
    tokio::time::sleep(LAST_ANSWERS).await;
}

/// What an exchange came to within a time limit. After it, what the exchange has at hand already still counts: a machine
/// that slept past the limit finds the answer in its socket, and reading it takes a few steps of several tasks.
async fn within<T>(limit: Duration, mut exchange: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    match timeout(limit, exchange.as_mut()).await {
        Ok(came) => Some(came),
        Err(_) => timeout(READING_TIME, exchange).await.ok(),
    }
}

/// Why a body was not read to its end: with how much of it came, where the connection was closed.
fn broken_off(why: Message, came: usize, expected: Option<u64>) -> Message {
    match (why.code(), expected) {
        ("api.closed", Some(expected)) => message!("api.cut_off", came = came, expected = expected),
        ("api.closed", None) => message!("api.cut_off_somewhere", came = came),
        _ => why,
    }
}

/// A body to its end, unless it breaks off or is larger than any real one.
async fn whole_body(response: &mut reqwest::Response, largest: usize) -> std::result::Result<Bytes, Message> {
    let mut whole = BytesMut::new();
    let expected = response.content_length();
    loop {
        let part = match response.chunk().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(error) => return Err(broken_off(trouble::reason(&error), whole.len(), expected)),
        };
        if part.len() > largest - whole.len() {
            return Err(message!("api.too_large"));
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.freeze())
}

fn inflate(body: &[u8], largest: usize) -> std::result::Result<Bytes, Message> {
    let mut whole = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(body).take(largest as u64 + 1).read_to_end(&mut whole);
    match read {
        Ok(bytes) if bytes > largest => Err(message!("api.too_large")),
        Ok(_) => Ok(whole.into()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(message!("api.cut_off_somewhere", came = body.len()))
        }
        Err(_) => Err(message!("api.not_unpacked", bytes = body.len())),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use secrecy::SecretString;
    use tokio::sync::oneshot;

    use super::*;
    use crate::api::Credentials;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";

    /// A port of this machine, and the transport to it.
    fn server() -> (TcpListener, Http, Url) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = Url::parse(&format!("http://{}/api/v1", listener.local_addr().unwrap())).unwrap();
        let credentials = Credentials::Basic { user: "me".into(), password: SecretString::from("secret") };
        let timeout = Duration::from_secs(60);
        let target = Target {
            base: base.clone(),
            credentials,
            ca_cert: None,
            concurrency: 2,
            rate: 0.0,
            timeout,
            patience: timeout,
            first_patience: timeout,
            log: None,
            history: Default::default(),
        };
        (listener, Http::new(&target).unwrap(), base)
    }

    fn post(address: &Url) -> Request<'_> {
        Request {
            method: Method::POST,
            address,
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"{}!"),
            about: None,
            purpose: Purpose::Records,
        }
    }

    /// Reads one request to its end.
    fn take_request(stream: &mut TcpStream) {
        let mut request = Vec::new();
        while !request.ends_with(b"{}!") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
    }

    /// Nobody knocks any more.
    fn assert_nothing_more(listener: &TcpListener) {
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[tokio::test]
    async fn an_answer_that_came_while_the_machine_slept_is_read() {
        let (listener, http, address) = server();
        let (asked, is_asked) = oneshot::channel();
        let (sleeps, is_asleep) = std::sync::mpsc::channel();
        let (answered, is_answered) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            take_request(&mut stream);
            asked.send(()).unwrap();
            is_asleep.recv().unwrap();
            stream.write_all(ANSWER).unwrap();
            answered.send(stream).unwrap();
        });
        let machine = async {
            is_asked.await.unwrap();
            // Nothing else runs on this thread until the answer lies in the socket and the time is over.
            tokio::time::pause();
            sleeps.send(()).unwrap();
            let stream = is_answered.recv().unwrap();
            tokio::time::advance(http.timeout * 2).await;
            stream
        };
        let (response, _stream) = tokio::join!(http.exchange(post(&address)), machine);
        assert_eq!(response.unwrap().body.unwrap(), "done");
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_limit_only_what_is_there_already_counts() {
        let limit = Duration::from_secs(1);
        assert_eq!(within(limit, pin!(std::future::pending::<()>())).await, None);
        let steps = async {
            tokio::time::sleep(limit).await;
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(within(limit, pin!(steps)).await, Some(()));
        assert_eq!(within(limit, pin!(tokio::time::sleep(limit * 2))).await, None);
    }

    #[tokio::test]
    async fn a_connection_that_closed_while_idle_is_replaced_and_nothing_is_sent_twice() {
        let (listener, http, address) = server();
        let (closed, is_closed) = oneshot::channel();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            take_request(&mut stream);
            stream.write_all(ANSWER).unwrap();
            drop(stream);
            closed.send(()).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            take_request(&mut stream);
            stream.write_all(ANSWER).unwrap();
            listener
        });
        assert_eq!(http.exchange(post(&address)).await.unwrap().status, 200);
        is_closed.await.unwrap();
        // The end of the connection is seen where the system is asked for news.
        tokio::task::yield_now().await;
        assert_eq!(http.exchange(post(&address)).await.unwrap().status, 200);
        assert_nothing_more(&serving.join().unwrap());
    }

    #[tokio::test]
    async fn a_request_that_was_read_is_lost_with_its_connection_and_not_repeated() {
        let (listener, http, address) = server();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            take_request(&mut stream);
            stream.write_all(ANSWER).unwrap();
            take_request(&mut stream);
            listener
        });
        assert_eq!(http.exchange(post(&address)).await.unwrap().status, 200);
        let failure = http.exchange(post(&address)).await.unwrap_err();
        assert!(matches!(&failure, Failure::Lost(why) if why.code() == "api.closed"), "{failure:?}");
        assert_nothing_more(&serving.join().unwrap());
    }

    #[tokio::test]
    async fn what_could_not_leave_was_not_sent() {
        let (listener, http, address) = server();
        drop(listener);
        let failure = http.exchange(post(&address)).await.unwrap_err();
        assert!(matches!(&failure, Failure::NotSent(why) if why.code() == "api.nobody_listens"), "{failure:?}");
        let mut endless = address.clone();
        endless.set_path(&"x".repeat(70_000));
        let failure = http.exchange(post(&endless)).await.unwrap_err();
        assert!(matches!(&failure, Failure::NotSent(_)), "{failure:?}");
    }

    #[tokio::test]
    async fn a_status_stands_though_its_body_breaks_off() {
        let (listener, http, address) = server();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            take_request(&mut stream);
            stream.write_all(b"HTTP/1.1 422 no\r\nContent-Length: 100\r\n\r\nhalf").unwrap();
        });
        let response = http.exchange(post(&address)).await.unwrap();
        assert_eq!((response.status, response.body.unwrap_err().code()), (422, "api.cut_off"));
    }

    #[tokio::test]
    async fn a_body_without_end_is_not_read_for_ever() {
        let (listener, http, address) = server();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            take_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
            while stream.write_all(b"5\r\nmore \r\n").is_ok() {}
        });
        let mut response = http.client.post(address).body("{}!").send().await.unwrap();
        assert_eq!(whole_body(&mut response, 100_000).await.unwrap_err().code(), "api.too_large");
    }

    #[test]
    fn a_packed_body_is_unpacked_unless_it_is_broken_or_too_large() {
        let text = "示例".repeat(100);
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(inflate(&packed, text.len()).unwrap(), text);
        assert!(inflate(&packed, text.len() - 1).is_err());
        let why = |body: &[u8]| inflate(body, text.len()).unwrap_err().code().to_owned();
        assert_eq!(why(&packed[..packed.len() / 2]), "api.cut_off_somewhere");
        assert_eq!(why(b"no gzip, nor anything like it"), "api.not_unpacked");
    }
}
