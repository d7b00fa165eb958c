//! The caller's socket: what was received and not decoded, what was encoded and not sent.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

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
    /// Whether what is in the buffer is the last that the far end is sent.
    ends: bool,
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
            ends: false,
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

    /// Says goodbye, and then that nothing follows: whoever reads to the end finds it, whatever they
    /// are still sending.
    pub(super) fn send_close_and_end(&mut self, now: Mono, code: CloseCode) {
        self.ends = true;
        self.send_close(now, code);
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
        if std::mem::take(&mut self.ends) && self.stream.shutdown(Shutdown::Write).is_err() {
            self.broken = true;
        }
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

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream as StdStream};
    use std::time::Duration;

    use super::*;

    fn pair() -> (Socket, StdStream) {
        let door = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let far = StdStream::connect(door.local_addr().expect("bound")).expect("connected");
        let (near, _) = door.accept().expect("accepted");
        (Socket::new(prepare(near).expect("a socket")), far)
    }

    /// Sends until the socket takes no more, as if a caller's network had gone away.
    fn fill(socket: &mut Socket, now: Mono) {
        while socket.is_idle() {
            socket.send_text(now, |out| {
                out[..2_000].fill(b' ');
                Ok(2_000)
            });
        }
    }

    #[test]
    fn a_socket_that_takes_nothing_for_two_seconds_is_stalled() {
        let (mut socket, _far) = pair();
        let begin = Mono::from_millis(0);
        fill(&mut socket, begin);
        let later = |past: Duration| begin.plus(past);
        assert!(!socket.is_stalled(later(SOCKET_STALL - Duration::from_millis(1))));
        assert!(socket.is_stalled(later(SOCKET_STALL)));
    }

    #[test]
    fn what_the_socket_did_not_take_is_sent_later_and_whole() {
        let (mut socket, mut far) = pair();
        let now = Mono::from_millis(0);
        fill(&mut socket, now);
        socket.send_close(now, CloseCode::NORMAL);
        far.set_nonblocking(true).expect("an option");
        let mut received = Vec::new();
        let mut piece = [0; 1 << 16];
        while !socket.is_idle() || !received.ends_with(&[0x88, 2, 0x03, 0xE8]) {
            match far.read(&mut piece) {
                Ok(len) => received.extend(&piece[..len]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            socket.flush(now);
        }
        let message = [&[0x81, 126, 0x07, 0xD0], &[b' '; 2_000][..]].concat();
        assert!(received.starts_with(&message));
        assert_eq!((received.len() - 4) % message.len(), 0, "no message is cut");
        assert!(!socket.is_stalled(now.plus(2 * SOCKET_STALL)));
    }

    #[test]
    fn a_peer_that_pings_and_reads_nothing_gets_no_more_than_half_the_buffer() {
        let (mut socket, _far) = pair();
        let now = Mono::from_millis(0);
        fill(&mut socket, now);
        let pongs = (0..1_000)
            .take_while(|_| socket.send_pong(now, &[7; 125]))
            .count();
        assert!(pongs < WRITE_BUFFER_BYTES / 125);
        assert!(!socket.is_broken());
    }
}
