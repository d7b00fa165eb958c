//! The call's socket: opened, written and read in one poll, without a task of its own.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Sink as _, SinkExt as _, Stream as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::DeepgramTts;
use crate::limits::EDGE_GRACE;
use crate::net::deepgram::socket::{ConnectError, Socket, connect};
use crate::vendor::VendorErrorKind;
use crate::wire::deepgram_tts::{CLOSE, query};

/// The socket, as far as there is one.
pub(super) enum Wire {
    None,
    Opening(Pin<Box<dyn Future<Output = Result<Socket, ConnectError>> + Send>>),
    Open {
        socket: Box<Socket>,
        /// What the socket has not taken yet. Bounded by what the machine keeps.
        outbox: VecDeque<Message>,
        /// Whether the socket has taken something that may not have left.
        unflushed: bool,
    },
}

/// What came of the socket.
#[derive(Debug)]
pub(super) enum FromWire {
    Opened,
    NotOpened(ConnectError),
    Audio(Bytes),
    Text(Utf8Bytes),
    /// It is over; the kind tells how, where that is a failure at all.
    Closed(VendorErrorKind),
}

impl Wire {
    pub(super) fn open(voice: &DeepgramTts) -> Self {
        let account = voice.account.clone();
        let path = format!("/v1/speak?{}", query(&voice.model));
        Self::Opening(Box::pin(async move { connect(&account, &path).await }))
    }

    /// Sends a text message with the next poll. Dropped where there is no socket.
    pub(super) fn send(&mut self, message: Cow<'static, str>) {
        if let Self::Open { outbox, .. } = self {
            outbox.push_back(Message::Text(match message {
                Cow::Borrowed(message) => Utf8Bytes::from_static(message),
                Cow::Owned(message) => message.into(),
            }));
        }
    }

    /// Writes what there is to write and waits for news. Can be dropped without losing anything.
    pub(super) async fn next(&mut self) -> FromWire {
        poll_fn(|context| self.poll(context)).await
    }

    /// Lets go of the socket as is polite, within a bound.
    pub(super) async fn say_goodbye(self) {
        if let Self::Open { mut socket, .. } = self {
            let goodbye = async {
                let said = socket.send(Message::Text(Utf8Bytes::from_static(CLOSE)));
                if said.await.is_ok() {
                    let _ = socket.close().await;
                }
            };
            let _ = timeout(EDGE_GRACE / 2, goodbye).await;
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<FromWire> {
        let news = match self {
            Self::None => return Poll::Pending,
            Self::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                Ok(socket) => {
                    *self = Self::Open {
                        socket: Box::new(socket),
                        outbox: VecDeque::new(),
                        unflushed: false,
                    };
                    return Poll::Ready(FromWire::Opened);
                }
                Err(error) => FromWire::NotOpened(error),
            },
            Self::Open {
                socket,
                outbox,
                unflushed,
            } => {
                let mut socket = Pin::new(&mut **socket);
                if let Err(error) = write(socket.as_mut(), outbox, unflushed, context) {
                    FromWire::Closed(kind_of(&error))
                } else {
                    match ready!(read(socket, context)) {
                        news @ FromWire::Closed(_) => news,
                        news => return Poll::Ready(news),
                    }
                }
            }
        };
        *self = Self::None;
        Poll::Ready(news)
    }
}

/// Writes as much as the socket takes. What is left wakes the task when it takes more.
fn write(
    mut socket: Pin<&mut Socket>,
    outbox: &mut VecDeque<Message>,
    unflushed: &mut bool,
    context: &mut Context<'_>,
) -> Result<(), WsError> {
    while !outbox.is_empty()
        && let Poll::Ready(ready) = socket.as_mut().poll_ready(context)
        && let Some(message) = outbox.pop_front()
    {
        ready?;
        socket.as_mut().start_send(message)?;
        *unflushed = true;
    }
    if *unflushed && let Poll::Ready(flushed) = socket.poll_flush(context) {
        flushed?;
        *unflushed = false;
    }
    Ok(())
}

fn read(mut socket: Pin<&mut Socket>, context: &mut Context<'_>) -> Poll<FromWire> {
    loop {
        let news = match ready!(socket.as_mut().poll_next(context)) {
            Some(Ok(Message::Binary(mulaw))) => FromWire::Audio(mulaw),
            Some(Ok(Message::Text(message))) => FromWire::Text(message),
            Some(Ok(Message::Close(frame))) => FromWire::Closed(kind_of_close(frame.as_ref())),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Err(error)) => FromWire::Closed(kind_of(&error)),
            None => FromWire::Closed(VendorErrorKind::Dropped),
        };
        return Poll::Ready(news);
    }
}

fn kind_of(error: &WsError) -> VendorErrorKind {
    match error {
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => VendorErrorKind::Dropped,
        WsError::Protocol(_) | WsError::Capacity(_) | WsError::Utf8(_) => VendorErrorKind::Garbage,
        _ => VendorErrorKind::Dropped,
    }
}

/// Deepgram closes with 1008 where we asked too much, 1003 and 1009 for what it cannot take, and
/// 1011 for its own failures and its limits of time.
fn kind_of_close(frame: Option<&CloseFrame>) -> VendorErrorKind {
    match frame.map(|frame| u16::from(frame.code)) {
        Some(1003 | 1009) => VendorErrorKind::Refused,
        Some(1008) => VendorErrorKind::RateLimited,
        Some(1011) => VendorErrorKind::Failed,
        _ => VendorErrorKind::Dropped,
    }
}
