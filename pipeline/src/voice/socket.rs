//! The caller's socket: what was received and not decoded, what was encoded and not sent.

use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;

use crate::limits::{SOCKET_STALL, WRITE_BUFFER_BYTES};
use crate::time::Mono;
use crate::wire::NoRoom;
use crate::wire::websocket::{CloseCode, Decoder, Opcode, encode, encode_close, encode_with};

/// What one read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// Bytes, now in the decoder.
    Bytes,
    /// Nothing more for now; the socket will say when there is.
    Drained,
    /// The end of the stream, or an error: nothing will ever come.
    Lost,
}

/// The sending half of a caller's connection, and the socket itself.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    /// Encoded frames; those in `from..to` are yet to be sent.
    buffer: Box<[u8]>,
    from: usize,
    to: usize,
    /// Since when the socket has taken nothing although there is something to send.
    stuck_since: Option<Mono>,
    /// Whether writing failed: the connection is lost.
    broken: bool,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: vec![0; WRITE_BUFFER_BYTES].into(),
            from: 0,
            to: 0,
            stuck_since: None,
            broken: false,
        }
    }

    /// Reads once, without waiting.
    pub(super) fn read(&mut self, decoder: &mut Decoder) -> Received {
        loop {
            return match self.stream.read(decoder.spare()) {
                Ok(0) => Received::Lost,
                Ok(len) => {
                    decoder.received(len);
                    Received::Bytes
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => Received::Drained,
                Err(_) => Received::Lost,
            };
        }
    }

    /// Whether everything encoded so far has been sent.
    pub(super) fn is_idle(&self) -> bool {
        self.from == self.to
    }

    /// Encodes a text message that `write` puts into the buffer, and sends what the socket takes.
    pub(super) fn send_text(
        &mut self,
        now: Mono,
        write: impl FnOnce(&mut [u8]) -> Result<usize, NoRoom>,
    ) {
        let encoded = encode_with(&mut self.buffer[self.to..], Opcode::Text, write);
        self.send(now, encoded);
    }

    /// Answers a ping, unless the far end sends pings and takes nothing: then what it has yet to
    /// take keeps its room, and `false` is returned.
    #[must_use]
    pub(super) fn send_pong(&mut self, now: Mono, payload: &[u8]) -> bool {
        if self.to > WRITE_BUFFER_BYTES / 2 {
            return false;
        }
        let encoded = encode(&mut self.buffer[self.to..], Opcode::Pong, payload);
        self.send(now, encoded);
        true
    }

    /// Says goodbye.
    pub(super) fn send_close(&mut self, now: Mono, code: CloseCode) {
        let encoded = encode_close(&mut self.buffer[self.to..], code, "");
        self.send(now, encoded);
    }

    /// Sends what the socket takes of what was encoded. It keeps the rest.
    pub(super) fn flush(&mut self, now: Mono) {
        while self.from < self.to && !self.broken {
            match self.stream.write(&self.buffer[self.from..self.to]) {
                Ok(0) => self.broken = true,
                Ok(len) => {
                    self.from += len;
                    self.stuck_since = None;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.stuck_since.get_or_insert(now);
                    return;
                }
                Err(_) => self.broken = true,
            }
        }
        self.from = 0;
        self.to = 0;
    }

    /// Whether the connection can be written to no more.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether the far end has taken nothing for too long.
    pub(super) fn is_stalled(&self, now: Mono) -> bool {
        self.stuck_since
            .is_some_and(|since| now.since(since) >= SOCKET_STALL)
    }

    fn send(&mut self, now: Mono, encoded: Result<usize, NoRoom>) {
        match encoded {
            Ok(len) => {
                self.to += len;
                self.flush(now);
            }
            // The buffer holds all that may wait (see its size), so half a message would be next.
            Err(NoRoom) => self.broken = true,
        }
    }
}

/// Prepares a caller's socket for the voice thread: nothing on it waits, and nothing is held back
/// for a fuller packet.
pub(crate) fn prepare(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    Ok(TcpStream::from_std(stream))
}
