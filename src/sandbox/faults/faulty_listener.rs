//! An accept loop of our own for axum, which plays the faults that need no request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::TcpListener;

use super::fault::Kind;
use super::faulty_stream::{ConnectionControl, FaultyStream};
use super::plan::FaultPlan;
use crate::sandbox::request_log::RequestLog;

/// Accepts connections, and plays the faults that need no request.
#[derive(Debug)]
pub(crate) struct FaultyListener {
    listener: Option<TcpListener>,
    address: SocketAddr,
    faults: Arc<FaultPlan>,
    request_log: Arc<RequestLog>,
}

impl FaultyListener {
    /// A faulty listener over one that is bound already.
    pub(crate) fn new(
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
                return (FaultyStream::new(stream), peer);
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

impl Connected<IncomingStream<'_, FaultyListener>> for ConnectionControl {
    fn connect_info(stream: IncomingStream<'_, FaultyListener>) -> Self {
        stream.io().control()
    }
}
