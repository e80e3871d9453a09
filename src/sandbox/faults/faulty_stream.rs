//! The connection itself, so that a fault can cut it: a stream that a request's handler can tell to close, to reset, or
//! to send raw bytes first.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cut {
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
pub(crate) struct ConnectionControl(Arc<Mutex<ConnectionState>>);

#[derive(Debug, Default)]
struct ConnectionState {
    cut: Option<Cut>,
    requests: u64,
}

impl ConnectionControl {
    /// The connection ends this way as soon as an answer is written to it.
    pub(crate) fn cut(&self, cut: Cut) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cut = Some(cut);
    }

    /// Counts a request and tells how many came before it on this connection.
    pub(crate) fn count(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests += 1;
        state.requests - 1
    }

    fn pending(&self) -> Option<Cut> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cut.clone()
    }
}

/// A TCP stream that obeys its [`ConnectionControl`].
#[derive(Debug)]
pub(crate) struct FaultyStream {
    stream: TcpStream,
    control: ConnectionControl,
    /// How many of the bytes of [`Cut::SendThenClose`] are out.
    sent: usize,
}

impl FaultyStream {
    /// A connection that nothing is wrong with so far.
    pub(crate) fn new(stream: TcpStream) -> Self {
        FaultyStream { stream, control: ConnectionControl::default(), sent: 0 }
    }

    /// What its handler holds of it.
    pub(crate) fn control(&self) -> ConnectionControl {
        self.control.clone()
    }

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
