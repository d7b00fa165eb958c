//! How a model can fail.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::Shared;

/// A fault of a model, or of the whole server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Connections are dropped without an answer.
    Refuse,
    Status {
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: &'static str,
    },
    /// The head of a response, then nothing before the fault is healed.
    StallBeforeFirst,
    /// So many pieces, then nothing before the fault is healed.
    StallAfter(usize),
    /// So many pieces, then the connection breaks.
    DropAfter(usize),
    /// So many pieces, then the stream ends as if that were all.
    EndAfter(usize),
    /// After `[DONE]` the connection stays open.
    Linger,
    /// An event that is no JSON.
    Garbage,
}

impl Fault {
    /// A refusal with this status and body.
    #[must_use]
    pub fn status(status: u16, body: &'static str) -> Self {
        Self::Status {
            status,
            headers: Vec::new(),
            body,
        }
    }
}

/// A fault, of one model or of all.
#[derive(Clone, Debug)]
pub(super) struct Injected {
    pub(super) model: Option<String>,
    pub(super) fault: Fault,
}

impl Injected {
    pub(super) fn of(self, model: &str) -> Option<Fault> {
        let meant = self.model.is_none_or(|meant| meant == model);
        meant.then_some(self.fault)
    }
}

fn refuses(shared: &Shared) -> bool {
    let now = shared.faults.now();
    now.is_some_and(|now| now.fault == Fault::Refuse)
}

/// Lets connections in, unless the fault is [`Fault::Refuse`].
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// A connection that breaks where the fault is [`Fault::Refuse`].
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    shared: Arc<Shared>,
}

impl Door {
    pub(super) fn new(listener: TcpListener, shared: Arc<Shared>) -> Self {
        Self { listener, shared }
    }
}

impl axum::serve::Listener for Door {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            if let Ok((stream, peer)) = self.listener.accept().await
                && !refuses(&self.shared)
            {
                // An answer is many small pieces.
                drop(stream.set_nodelay(true));
                self.shared.see(|seen| seen.connections += 1);
                let shared = Arc::clone(&self.shared);
                return (Line { stream, shared }, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() && refuses(&self.shared) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
