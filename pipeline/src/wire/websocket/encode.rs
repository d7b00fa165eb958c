//! Our frames: unmasked, never fragmented.

use super::close::CloseCode;
use super::header::{Opcode, server_header, server_header_len};
use crate::wire::NoRoom;
use crate::wire::limits::CONTROL_PAYLOAD_MAX;

/// Writes one frame with `payload` to the front of `out` and returns its length in bytes.
///
/// A control frame's payload must not be longer than [`CONTROL_PAYLOAD_MAX`]; a pong repeats the
/// ping's payload, which never is.
///
/// # Errors
/// When `out` is too short.
pub fn encode(out: &mut [u8], opcode: Opcode, payload: &[u8]) -> Result<usize, NoRoom> {
    debug_assert!(!opcode.is_control() || payload.len() <= CONTROL_PAYLOAD_MAX);
    let (header, header_len) = server_header(opcode, payload.len());
    let total = header_len + payload.len();
    let frame = out.get_mut(..total).ok_or(NoRoom)?;
    frame[..header_len].copy_from_slice(&header[..header_len]);
    frame[header_len..].copy_from_slice(payload);
    Ok(total)
}

/// Writes one frame whose payload `write` puts into the room that it is given; it returns how many
/// bytes that were. So a message is written where it will be sent from, and is moved only if it
/// turned out so much shorter than the room that its header is shorter, too.
///
/// # Errors
/// When `out` is too short, or `write` says so.
pub fn encode_with(
    out: &mut [u8],
    opcode: Opcode,
    write: impl FnOnce(&mut [u8]) -> Result<usize, NoRoom>,
) -> Result<usize, NoRoom> {
    let reserved = server_header_len(out.len());
    let payload_len = write(out.get_mut(reserved..).ok_or(NoRoom)?)?;
    let (header, header_len) = server_header(opcode, payload_len);
    if header_len != reserved {
        out.copy_within(reserved..reserved + payload_len, header_len);
    }
    out[..header_len].copy_from_slice(&header[..header_len]);
    Ok(header_len + payload_len)
}

/// Writes a close frame. A reason that is too long for a control frame is cut at a character.
///
/// # Errors
/// When `out` is too short.
pub fn encode_close(out: &mut [u8], code: CloseCode, reason: &str) -> Result<usize, NoRoom> {
    let reason = &reason[..reason.floor_char_boundary(CONTROL_PAYLOAD_MAX - 2)];
    encode_with(out, Opcode::Close, |room| {
        let payload = room.get_mut(..2 + reason.len()).ok_or(NoRoom)?;
        payload[..2].copy_from_slice(&code.0.to_be_bytes());
        payload[2..].copy_from_slice(reason.as_bytes());
        Ok(payload.len())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        let mut out = [0; 300];
        assert_eq!(encode(&mut out, Opcode::Text, b"Hello"), Ok(7));
        assert_eq!(out[..7], *b"\x81\x05Hello");
        assert_eq!(encode(&mut out, Opcode::Binary, &[9; 256]), Ok(260));
        assert_eq!(out[..4], [0x82, 0x7E, 0x01, 0x00]);
        let mut out = vec![0; 65_546];
        assert_eq!(encode(&mut out, Opcode::Binary, &[9; 65_536]), Ok(65_546));
        assert_eq!(out[..10], [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_close_frame_has_its_code_and_as_much_of_the_reason_as_fits() {
        let mut out = [0; 200];
        assert_eq!(encode_close(&mut out, CloseCode::TOO_BIG, "big"), Ok(7));
        assert_eq!(out[..7], *b"\x88\x05\x03\xF1big");
        let long = "\u{fc}".repeat(100);
        let total = encode_close(&mut out, CloseCode::NORMAL, &long).expect("room");
        assert_eq!(total, 2 + 2 + 122);
        assert_eq!(std::str::from_utf8(&out[4..total]), Ok(&long[..122]));
    }

    proptest! {
        #[test]
        fn writing_in_place_gives_the_same_frame(
            payload in prop::collection::vec(any::<u8>(), 0..600),
            slack in 0_usize..400,
        ) {
            let mut copied = vec![0; 700];
            let copied_len = encode(&mut copied, Opcode::Text, &payload).expect("room");
            let mut out = vec![0; payload.len() + 4 + slack];
            let len = encode_with(&mut out, Opcode::Text, |room| {
                room[..payload.len()].copy_from_slice(&payload);
                Ok(payload.len())
            }).expect("room");
            prop_assert_eq!(&out[..len], &copied[..copied_len]);
        }

        #[test]
        fn too_little_room_is_an_error_and_not_a_panic(room in 0_usize..30, len in 0_usize..40) {
            let mut out = vec![0; room];
            prop_assert_eq!(
                encode(&mut out, Opcode::Text, &vec![1; len]).is_ok(),
                len + 2 <= room
            );
            prop_assert_eq!(
                encode_close(&mut out, CloseCode::NORMAL, &"x".repeat(len)).is_ok(),
                len + 4 <= room
            );
        }
    }
}
