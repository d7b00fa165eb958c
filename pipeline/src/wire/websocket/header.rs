//! Frame headers (RFC 6455 section 5.2).
//!
//! ```text
//! byte 0: FIN (0x80), three reserved bits, opcode (low four bits)
//! byte 1: MASK (0x80), length (low seven bits): 0-125 as is,
//!         126: the next two bytes, 127: the next eight (big-endian)
//! then the masking key, four bytes, if MASK is set
//! ```

use super::decode::Violation;
use crate::wire::limits::CONTROL_PAYLOAD_MAX;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
const SHORT_LENGTH: u8 = 0x7F;
const TWO_LENGTH_BYTES: u8 = 126;
const EIGHT_LENGTH_BYTES: u8 = 127;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// A later fragment of the message under way.
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

impl Opcode {
    pub(super) const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }

    const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }
}

/// A client's frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: [u8; 4],
    /// Bytes of the header itself.
    pub(super) header_len: usize,
    /// Bytes after the header, as announced; nothing has checked yet that they fit anywhere.
    pub(super) payload_len: u64,
}

impl Header {
    /// Reads a header from the front of `bytes`; `None` while it is not complete. A rule broken by
    /// the first two bytes is reported without waiting for more.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, Violation> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        if first & RESERVED != 0 {
            return Err(Violation::ReservedBits);
        }
        let opcode = Opcode::from_bits(first & 0x0F).ok_or(Violation::ReservedOpcode)?;
        let fin = first & FIN != 0;
        if second & MASKED == 0 {
            return Err(Violation::Unmasked);
        }
        let short = second & SHORT_LENGTH;
        if opcode.is_control() && !fin {
            return Err(Violation::FragmentedControl);
        }
        if opcode.is_control() && usize::from(short) > CONTROL_PAYLOAD_MAX {
            return Err(Violation::LongControl);
        }
        let (payload_len, length_bytes) = match short {
            TWO_LENGTH_BYTES => match rest.first_chunk() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 2),
                None => return Ok(None),
            },
            EIGHT_LENGTH_BYTES => match rest.first_chunk() {
                Some(length) => (u64::from_be_bytes(*length), 8),
                None => return Ok(None),
            },
            _ => (u64::from(short), 0),
        };
        // "The minimal number of bytes MUST be used", and the most significant bit must be zero.
        let is_minimal = match length_bytes {
            2 => payload_len > CONTROL_PAYLOAD_MAX as u64,
            8 => payload_len > u64::from(u16::MAX) && payload_len >> 63 == 0,
            _ => true,
        };
        if !is_minimal {
            return Err(Violation::BadLength);
        }
        let Some(mask) = rest.get(length_bytes..).and_then(<[u8]>::first_chunk) else {
            return Ok(None);
        };
        Ok(Some(Self {
            fin,
            opcode,
            mask: *mask,
            header_len: 2 + length_bytes + mask.len(),
            payload_len,
        }))
    }
}

/// The longest header of an unmasked frame.
pub(super) const SERVER_HEADER_MAX: usize = 10;

/// Bytes of the header of an unmasked frame.
pub(super) const fn server_header_len(payload_len: usize) -> usize {
    if payload_len <= CONTROL_PAYLOAD_MAX {
        2
    } else if payload_len <= u16::MAX as usize {
        4
    } else {
        SERVER_HEADER_MAX
    }
}

/// The header of an unmasked frame that is a whole message, and how many of its bytes count.
pub(super) fn server_header(
    opcode: Opcode,
    payload_len: usize,
) -> ([u8; SERVER_HEADER_MAX], usize) {
    let header_len = server_header_len(payload_len);
    let mut header = [0; SERVER_HEADER_MAX];
    let length = (payload_len as u64).to_be_bytes();
    header[0] = FIN | opcode as u8;
    match header_len {
        2 => header[1] = length[7],
        4 => {
            header[1] = TWO_LENGTH_BYTES;
            header[2..4].copy_from_slice(&length[6..]);
        }
        _ => {
            header[1] = EIGHT_LENGTH_BYTES;
            header[2..].copy_from_slice(&length);
        }
    }
    (header, header_len)
}
