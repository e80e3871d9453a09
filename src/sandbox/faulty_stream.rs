//! The connection itself, so that a fault can cut it: an accept loop of our own for axum, and a stream that a request's
//! handler can tell to close, to reset, or to send raw bytes first.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::faults::{FaultPlan, Kind};
use super::request_log::RequestLog;

/// How a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// Closed, as a process that ends would.
    Close,
    /// Reset.
    Reset,
    /// These bytes, then closed.
    SendThenClose(Vec<u8>),
    /// Closed once the answer is out.
    CloseAfterAnswer,
}

/// What a handler holds of its connection.
#[derive(Debug, Clone, Default)]
pub struct ConnectionControl(Arc<Mutex<ConnectionState>>);

#[derive(Debug, Default)]
struct ConnectionState {
    cut: Option<Cut>,
    requests: u64,
}

impl ConnectionControl {
    /// The connection ends this way as soon as an answer is written to it.
    pub fn cut(&self, cut: Cut) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cut = Some(cut);
    }

    /// Counts a request and tells how many came before it on this connection.
    pub fn count(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests += 1;
        state.requests - 1
    }

    fn pending(&self) -> Option<Cut> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cut.clone()
    }
}

impl Connected<IncomingStream<'_, FaultyListener>> for ConnectionControl {
    fn connect_info(stream: IncomingStream<'_, FaultyListener>) -> Self {
        stream.io().control.clone()
    }
}

/// Accepts connections, and plays the faults that need no request.
#[derive(Debug)]
pub struct FaultyListener {
    listener: Option<TcpListener>,
    address: SocketAddr,
    faults: Arc<FaultPlan>,
    request_log: Arc<RequestLog>,
}

impl FaultyListener {
    /// A faulty listener over one that is bound already.
    pub fn new(
        listener: TcpListener,
        address: SocketAddr,
        faults: Arc<FaultPlan>,
        request_log: Arc<RequestLog>,
    ) -> Self {
        FaultyListener { listener: Some(listener), address, faults, request_log }
    }

    /// The listener, bound anew after connections were refused.
    async fn listener(&mut self) -> &TcpListener {
        loop {
            // Looked at twice because a borrow that is returned on one path only is not accepted otherwise.
            if self.listener.is_some() {
                break;
            }
            match TcpListener::bind(self.address).await {
                Ok(listener) => self.listener = Some(listener),
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
        self.listener.as_ref().expect("the loop ends only with a listener")
    }
}

impl Listener for FaultyListener {
    type Io = FaultyStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (FaultyStream, SocketAddr) {
        loop {
            let Ok((stream, peer)) = self.listener().await.accept().await else {
                // Too many open files: wait until some are closed.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            self.request_log.count_connection();
            let Some(fault) = self.faults.on_connection() else {
                return (FaultyStream { stream, control: ConnectionControl::default(), sent: 0 }, peer);
            };
            self.request_log.count_fault(fault.kind.as_str());
            if fault.kind != Kind::AcceptClose {
                let _ = stream.set_zero_linger();
            }
            if fault.kind == Kind::Refuse {
                self.listener = None;
                drop(stream);
                tokio::time::sleep(fault.pause()).await;
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// A TCP stream that obeys its [`ConnectionControl`].
#[derive(Debug)]
pub struct FaultyStream {
    stream: TcpStream,
    control: ConnectionControl,
    /// How many of the bytes of [`Cut::SendThenClose`] are out.
    sent: usize,
}

impl FaultyStream {
    /// Sends what is to be sent before the end, then ends: hyper drops the stream on an error.
    fn end(&mut self, cut: &Cut, context: &mut Context<'_>) -> Poll<io::Error> {
        if let Cut::SendThenClose(bytes) = cut {
            while self.sent < bytes.len() {
                match Pin::new(&mut self.stream).poll_write(context, &bytes[self.sent..]) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(written)) if written > 0 => self.sent += written,
                    Poll::Ready(_) => break,
                }
            }
        }
        if *cut == Cut::Reset {
            let _ = self.stream.set_zero_linger();
        }
        Poll::Ready(io::Error::from(io::ErrorKind::ConnectionAborted))
    }
}

impl AsyncRead for FaultyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.control.pending() {
            None | Some(Cut::CloseAfterAnswer) => Pin::new(&mut self.stream).poll_write(context, bytes),
            Some(cut) => self.end(&cut, context).map(Err),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.control.pending() {
            None | Some(Cut::CloseAfterAnswer) => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
            Some(cut) => self.end(&cut, context).map(Err),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() && self.control.pending() == Some(Cut::CloseAfterAnswer) {
            return Pin::new(&mut self.stream).poll_shutdown(context);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
