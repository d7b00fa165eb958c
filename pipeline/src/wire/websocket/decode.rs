//! A client's frames, from bytes in any pieces to whole messages.

use super::close::{CloseCode, CloseFrame};
use super::header::{Header, Opcode};
use crate::wire::limits::{CONTROL_PAYLOAD_MAX, FRAME_HEADER_MAX};

/// A message, or a control frame. Borrowed from the decoder's buffer, where it was unmasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'b> {
    Text(&'b str),
    Binary(&'b [u8]),
    /// To be answered with a pong of the same payload.
    Ping(&'b [u8]),
    Pong(&'b [u8]),
    /// To be answered with a close frame; nothing comes after it.
    Close(Option<CloseFrame<'b>>),
}

/// What a client did wrong. Answer with a close frame of [`Violation::close_code`], then close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Violation {
    #[error("a client's frame is not masked")]
    Unmasked,
    #[error("a reserved bit is set, and no extension was negotiated")]
    ReservedBits,
    #[error("the frame's opcode is reserved")]
    ReservedOpcode,
    #[error("a control frame is fragmented")]
    FragmentedControl,
    #[error("a control frame's payload is longer than 125 bytes")]
    LongControl,
    #[error("the frame's length is not in its shortest form")]
    BadLength,
    #[error("a continuation frame continues nothing")]
    LoneContinuation,
    #[error("a new message begins inside a fragmented one")]
    InterruptedMessage,
    #[error("a close frame's payload is one byte long, or its code must not travel")]
    BadClose,
    #[error("a text message or a close reason is not UTF-8")]
    BadUtf8,
    #[error("the message is longer than this connection takes")]
    TooBig,
}

impl Violation {
    /// The code to close the connection with.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::BadUtf8 => CloseCode::INVALID_PAYLOAD,
            Self::TooBig => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }

    /// A short, constant name to count by.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Unmasked => "unmasked",
            Self::ReservedBits => "reserved_bits",
            Self::ReservedOpcode => "reserved_opcode",
            Self::FragmentedControl => "fragmented_control",
            Self::LongControl => "long_control",
            Self::BadLength => "bad_length",
            Self::LoneContinuation => "lone_continuation",
            Self::InterruptedMessage => "interrupted_message",
            Self::BadClose => "bad_close",
            Self::BadUtf8 => "bad_utf8",
            Self::TooBig => "too_big",
        }
    }
}

/// Decodes one connection's frames inside a buffer that its creator allocated.
///
/// Read into [`Decoder::spare`], tell [`Decoder::received`] how much came, then take messages
/// until there are none:
///
/// ```
/// use pipeline::wire::websocket::{Decoder, Message, Violation};
///
/// let mut decoder = Decoder::new(vec![0; 1_024].into());
/// let bytes = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"; // what the socket gave
/// decoder.spare()[..bytes.len()].copy_from_slice(bytes);
/// decoder.received(bytes.len());
/// assert_eq!(decoder.next_message(), Ok(Some(Message::Text("Hello"))));
/// assert_eq!(decoder.next_message(), Ok(None));
/// ```
///
/// # Real-time
/// Does not allocate. A frame that is in the buffer whole is unmasked where it lies; only
/// fragments, and frames cut by the end of the buffer, are moved.
#[derive(Debug)]
pub struct Decoder {
    /// `[joined fragments | gap | received and not decoded | spare]`
    buffer: Box<[u8]>,
    /// The end of the fragments joined so far (of the message under way), which start at zero.
    joined: usize,
    /// What is received and not decoded yet.
    begin: usize,
    end: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between messages.
    Idle,
    /// Inside a fragmented message.
    Joining { is_text: bool },
    /// The client has closed; what it sends after that means nothing.
    Closed,
    /// The client broke a rule; nothing it sends can be understood any more.
    Broken(Violation),
}

impl Decoder {
    /// What the buffer must hold beyond the longest message: a control frame among its fragments.
    const OVERHEAD: usize = FRAME_HEADER_MAX + CONTROL_PAYLOAD_MAX;

    /// A decoder of messages that are at most 139 bytes shorter than `buffer`.
    ///
    /// # Panics
    /// When the buffer could not even take a control frame.
    #[must_use]
    pub fn new(buffer: Box<[u8]>) -> Self {
        assert!(
            buffer.len() >= Self::OVERHEAD,
            "a WebSocket decoder's buffer needs {} bytes",
            Self::OVERHEAD
        );
        Self {
            buffer,
            joined: 0,
            begin: 0,
            end: 0,
            state: State::Idle,
        }
    }

    /// Where to put received bytes. Never empty once [`Self::next_message`] has returned `None`.
    pub fn spare(&mut self) -> &mut [u8] {
        if self.state == State::Idle {
            // The message given out last is of no more use.
            self.joined = 0;
        }
        if self.begin == self.end {
            self.begin = self.joined;
            self.end = self.joined;
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.begin..self.end, self.joined);
            self.end -= self.begin - self.joined;
            self.begin = self.joined;
        }
        &mut self.buffer[self.end..]
    }

    /// Says that the first `len` bytes of [`Self::spare`] were received.
    ///
    /// # Panics
    /// When that is more than there was room for.
    pub fn received(&mut self, len: usize) {
        assert!(
            len <= self.buffer.len() - self.end,
            "received more than the spare room"
        );
        self.end += len;
    }

    /// Takes over bytes received elsewhere, as many as there is room for, and returns that number.
    pub fn feed(&mut self, bytes: &[u8]) -> usize {
        let spare = self.spare();
        let len = bytes.len().min(spare.len());
        spare[..len].copy_from_slice(&bytes[..len]);
        self.received(len);
        len
    }

    /// The next message or control frame; `None` when more must be received first, and for ever
    /// after a close frame.
    ///
    /// # Errors
    /// When the client broke a rule; from then on always the same.
    pub fn next_message(&mut self) -> Result<Option<Message<'_>>, Violation> {
        loop {
            match self.step() {
                Ok(Step::Wait) => return Ok(None),
                Ok(Step::Fragment) => {}
                Ok(Step::Whole(opcode, from, to)) => return self.give(opcode, from, to),
                Err(violation) => {
                    self.state = State::Broken(violation);
                    return Err(violation);
                }
            }
        }
    }

    /// What was received and not decoded yet, for handing the connection over to another decoder.
    /// `None` inside a fragmented message, whose beginning is already decoded.
    #[must_use]
    pub fn undecoded(&self) -> Option<&[u8]> {
        (self.state == State::Idle).then(|| &self.buffer[self.begin..self.end])
    }

    /// Drops what was received, to make room for the rest of what nobody will read.
    pub fn discard(&mut self) {
        self.joined = 0;
        self.begin = 0;
        self.end = 0;
    }

    /// Forgets the connection and keeps the buffer for another one.
    pub fn reset(&mut self) {
        self.discard();
        self.state = State::Idle;
    }

    /// Decodes one frame, if a whole one is there.
    fn step(&mut self) -> Result<Step, Violation> {
        match self.state {
            State::Closed => {
                self.begin = self.end;
                return Ok(Step::Wait);
            }
            State::Broken(violation) => return Err(violation),
            State::Idle => self.joined = 0,
            State::Joining { .. } => {}
        }
        let Some(header) = Header::read(&self.buffer[self.begin..self.end])? else {
            return Ok(Step::Wait);
        };
        let payload_len = self.admit(&header)?;
        let from = self.begin + header.header_len;
        let to = from + payload_len;
        if to > self.end {
            return Ok(Step::Wait);
        }
        self.begin = to;
        unmask(&mut self.buffer[from..to], header.mask);
        Ok(match (self.state, header.opcode) {
            (State::Joining { is_text }, Opcode::Continuation) => {
                self.join(from, to);
                if !header.fin {
                    return Ok(Step::Fragment);
                }
                self.state = State::Idle;
                let opcode = if is_text {
                    Opcode::Text
                } else {
                    Opcode::Binary
                };
                Step::Whole(opcode, 0, self.joined)
            }
            (_, opcode) if header.fin => Step::Whole(opcode, from, to),
            (_, opcode) => {
                self.join(from, to);
                self.state = State::Joining {
                    is_text: opcode == Opcode::Text,
                };
                Step::Fragment
            }
        })
    }

    /// Whether this frame may come now, and its payload's length if it may be that long.
    fn admit(&self, header: &Header) -> Result<usize, Violation> {
        match (self.state, header.opcode) {
            (State::Joining { .. }, Opcode::Text | Opcode::Binary) => {
                return Err(Violation::InterruptedMessage);
            }
            (State::Joining { .. }, _) => {}
            (_, Opcode::Continuation) => return Err(Violation::LoneContinuation),
            _ => {}
        }
        let payload_len = usize::try_from(header.payload_len).map_err(|_| Violation::TooBig)?;
        let room = self.buffer.len() - Self::OVERHEAD - self.joined;
        if !header.opcode.is_control() && payload_len > room {
            return Err(Violation::TooBig);
        }
        Ok(payload_len)
    }

    fn join(&mut self, from: usize, to: usize) {
        self.buffer.copy_within(from..to, self.joined);
        self.joined += to - from;
    }

    fn give(
        &mut self,
        opcode: Opcode,
        from: usize,
        to: usize,
    ) -> Result<Option<Message<'_>>, Violation> {
        let message = match message(opcode, &self.buffer[from..to]) {
            Ok(message) => message,
            Err(violation) => {
                self.state = State::Broken(violation);
                return Err(violation);
            }
        };
        if opcode == Opcode::Close {
            self.state = State::Closed;
        }
        Ok(Some(message))
    }
}

enum Step {
    /// No whole frame is there.
    Wait,
    /// A fragment was joined.
    Fragment,
    /// A message or control frame lies unmasked in this part of the buffer.
    Whole(Opcode, usize, usize),
}

fn message(opcode: Opcode, payload: &[u8]) -> Result<Message<'_>, Violation> {
    Ok(match opcode {
        Opcode::Text => Message::Text(utf8(payload)?),
        Opcode::Binary | Opcode::Continuation => Message::Binary(payload),
        Opcode::Ping => Message::Ping(payload),
        Opcode::Pong => Message::Pong(payload),
        Opcode::Close => Message::Close(close_frame(payload)?),
    })
}

fn close_frame(payload: &[u8]) -> Result<Option<CloseFrame<'_>>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(None),
            _ => Err(Violation::BadClose),
        };
    };
    let code = CloseCode(u16::from_be_bytes(*code));
    if !code.may_travel() {
        return Err(Violation::BadClose);
    }
    Ok(Some(CloseFrame {
        code,
        reason: utf8(reason)?,
    }))
}

fn utf8(bytes: &[u8]) -> Result<&str, Violation> {
    std::str::from_utf8(bytes).map_err(|_| Violation::BadUtf8)
}

/// XORs a payload with its mask, eight bytes at a time (section 5.3).
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let twice = u64::from_ne_bytes([
        mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3],
    ]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}
