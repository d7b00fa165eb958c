//! The call's socket: opened, lost, and opened again.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::{Sink as _, SinkExt as _, Stream as _, StreamExt as _};
use std::future::poll_fn;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::DeepgramStt;
use super::listening::Outgoing;
use super::redial::{Next, Redial};
use crate::limits::STT_GOODBYE;
use crate::net::deepgram::socket::{ConnectError, Socket, connect};
use crate::time::Mono;
use crate::vendor::VendorErrorKind;
use crate::wire::deepgram_stt::CLOSE_STREAM;

/// The way to the vendor.
pub(super) struct Wire {
    ear: Arc<DeepgramStt>,
    redial: Redial,
    state: State,
}

enum State {
    Waiting(Instant),
    Opening(Opening),
    Open {
        socket: Box<Socket>,
        /// The socket has taken all that it was given.
        writable: bool,
        /// It has said something that we understood.
        makes_sense: bool,
    },
}

type Opening = Pin<Box<dyn Future<Output = Result<Socket, ConnectError>> + Send>>;

/// What happened on the wire.
pub(super) enum News {
    /// A connection is open, to this model.
    Up(String),
    /// An attempt failed, or was not made. `away` says that it will take longer.
    NotUp {
        kind: Option<VendorErrorKind>,
        away: bool,
    },
    Text(Utf8Bytes),
    /// Nothing of the protocol.
    Binary,
    Lost,
    /// The socket takes more.
    Writable,
}

impl Wire {
    pub(super) fn new(ear: Arc<DeepgramStt>) -> Self {
        Self {
            ear,
            redial: Redial::default(),
            state: State::Waiting(Instant::now()),
        }
    }

    /// The next thing that happens. Nothing is lost when this is cancelled.
    pub(super) async fn next(&mut self) -> News {
        loop {
            match &mut self.state {
                State::Waiting(until) => {
                    sleep_until(*until).await;
                    if !self.ear.breaker.admits(Mono::now()) {
                        let next = self.redial.handle_not_admitted();
                        return self.wait(None, next);
                    }
                    self.state = State::Opening(self.open());
                }
                State::Opening(opening) => {
                    return match opening.await {
                        Ok(socket) => {
                            self.state = State::Open {
                                socket: Box::new(socket),
                                writable: true,
                                makes_sense: false,
                            };
                            News::Up(self.model().to_owned())
                        }
                        Err(error) => self.handle_refused(&error),
                    };
                }
                State::Open {
                    socket, writable, ..
                } => {
                    let news = poll_fn(|cx| poll_socket(socket, writable, cx)).await;
                    if let News::Lost = news {
                        self.handle_lost();
                    }
                    return news;
                }
            }
        }
    }

    /// What came made sense: the vendor works.
    pub(super) fn handle_sense(&mut self) {
        if let State::Open { makes_sense, .. } = &mut self.state
            && !std::mem::replace(makes_sense, true)
        {
            self.redial.handle_success();
            self.ear.breaker.succeeded();
        }
    }

    /// The connection is of no use any more.
    pub(super) fn hang(&mut self, now: Mono) {
        self.ear.breaker.failed(now);
        self.state = State::Waiting(Instant::now());
    }

    /// Whether the socket has taken all it was given.
    pub(super) fn takes_more(&self) -> bool {
        matches!(self.state, State::Open { writable: true, .. })
    }

    /// Whether there is a socket that has not taken all it was given.
    pub(super) fn is_blocked(&self) -> bool {
        matches!(
            self.state,
            State::Open {
                writable: false,
                ..
            }
        )
    }

    /// Gives the socket a message; only while it takes more. A socket that is broken says so when
    /// it is read.
    pub(super) fn send(&mut self, out: Outgoing) {
        let State::Open {
            socket, writable, ..
        } = &mut self.state
        else {
            return;
        };
        let message = match out {
            Outgoing::Audio(mulaw) => Message::Binary(mulaw),
            Outgoing::Text(text) => Message::Text(Utf8Bytes::from_static(text)),
        };
        if Pin::new(&mut **socket).start_send(message).is_ok() {
            // Whether it went out at once; if not, the reader of the socket sees to it.
            let mut cx = Context::from_waker(std::task::Waker::noop());
            *writable = Pin::new(&mut **socket).poll_flush(&mut cx).is_ready();
        }
    }

    /// Tells the vendor that the call is over.
    pub(super) async fn say_goodbye(self) {
        let State::Open { mut socket, .. } = self.state else {
            return;
        };
        let goodbye = async {
            let close = Message::Text(Utf8Bytes::from_static(CLOSE_STREAM));
            if socket.send(close).await.is_ok() {
                while let Some(Ok(_)) = socket.next().await {}
            }
        };
        // The call does not wait for what is said after it.
        let _ = timeout(STT_GOODBYE, goodbye).await;
    }

    fn open(&self) -> Opening {
        let account = self.ear.account.clone();
        let path = self.ear.path(self.model());
        Box::pin(async move { connect(&account, &path).await })
    }

    fn model(&self) -> &str {
        match &self.ear.fallback_model {
            Some(second) if self.redial.asks_second_model() => second,
            _ => &self.ear.model,
        }
    }

    fn handle_refused(&mut self, error: &ConnectError) -> News {
        let has_second = self.ear.fallback_model.is_some();
        let next = self.redial.handle_failure(error.kind, has_second);
        if next.delay.is_zero() {
            tracing::warn!(%error, "the recogniser's model is refused; another one is asked");
        } else {
            tracing::warn!(%error, "no connection to the recogniser");
            self.ear.breaker.failed(Mono::now());
        }
        self.wait(Some(error.kind), next)
    }

    /// A connection that never made sense counts as one that was not made.
    fn handle_lost(&mut self) {
        let delay = match &self.state {
            State::Open {
                makes_sense: true, ..
            } => std::time::Duration::ZERO,
            _ => {
                self.ear.breaker.failed(Mono::now());
                self.redial
                    .handle_failure(VendorErrorKind::Dropped, false)
                    .delay
            }
        };
        self.state = State::Waiting(Instant::now() + delay);
    }

    fn wait(&mut self, kind: Option<VendorErrorKind>, next: Next) -> News {
        self.state = State::Waiting(Instant::now() + next.delay);
        News::NotUp {
            kind,
            away: next.away,
        }
    }
}

/// One socket, both ways: reads, and sees to it that what was given to it goes out.
fn poll_socket(socket: &mut Socket, writable: &mut bool, cx: &mut Context<'_>) -> Poll<News> {
    loop {
        match Pin::new(&mut *socket).poll_next(cx) {
            Poll::Ready(Some(Ok(Message::Text(text)))) => return Poll::Ready(News::Text(text)),
            Poll::Ready(Some(Ok(Message::Binary(_)))) => return Poll::Ready(News::Binary),
            Poll::Ready(Some(Ok(Message::Close(_)) | Err(_)) | None) => {
                return Poll::Ready(News::Lost);
            }
            // Pings are answered by the library.
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Pending => break,
        }
    }
    if !*writable {
        match Pin::new(socket).poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                *writable = true;
                return Poll::Ready(News::Writable);
            }
            Poll::Ready(Err(_)) => return Poll::Ready(News::Lost),
            Poll::Pending => {}
        }
    }
    Poll::Pending
}
