//! Our three messages, written where they will be sent from.

use base64_simd::{Out, STANDARD};

use crate::wire::NoRoom;

/// Writes audio for the caller to the front of `out` and returns the message's length in bytes.
/// `audio` is raw G.711 mu-law of any length.
///
/// # Errors
/// When `out` is too short.
pub fn write_media(out: &mut [u8], stream_sid: &str, audio: &[u8]) -> Result<usize, NoRoom> {
    let mut message = Writer { out, len: 0 };
    message.put(br#"{"event":"media","streamSid":""#)?;
    message.put_escaped(stream_sid)?;
    message.put(br#"","media":{"payload":""#)?;
    message.put_base64(audio)?;
    message.put(br#""}}"#)?;
    Ok(message.len)
}

/// Writes a mark, which comes back once everything sent before it was played or cleared.
///
/// # Errors
/// When `out` is too short.
pub fn write_mark(out: &mut [u8], stream_sid: &str, name: &str) -> Result<usize, NoRoom> {
    let mut message = Writer { out, len: 0 };
    message.put(br#"{"event":"mark","streamSid":""#)?;
    message.put_escaped(stream_sid)?;
    message.put(br#"","mark":{"name":""#)?;
    message.put_escaped(name)?;
    message.put(br#""}}"#)?;
    Ok(message.len)
}

/// Writes the order to forget all audio that was not played yet.
///
/// # Errors
/// When `out` is too short.
pub fn write_clear(out: &mut [u8], stream_sid: &str) -> Result<usize, NoRoom> {
    let mut message = Writer { out, len: 0 };
    message.put(br#"{"event":"clear","streamSid":""#)?;
    message.put_escaped(stream_sid)?;
    message.put(br#""}"#)?;
    Ok(message.len)
}

struct Writer<'o> {
    out: &'o mut [u8],
    len: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), NoRoom> {
        self.room(bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    fn put_base64(&mut self, bytes: &[u8]) -> Result<(), NoRoom> {
        let room = self.room(STANDARD.encoded_length(bytes.len()))?;
        let _ = STANDARD.encode(bytes, Out::from_slice(room));
        Ok(())
    }

    /// Puts the inside of a JSON string. A stream SID comes from the peer, so it may hold anything.
    fn put_escaped(&mut self, text: &str) -> Result<(), NoRoom> {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut rest = text.as_bytes();
        while let Some(at) = rest
            .iter()
            .position(|&b| b < b' ' || b == b'"' || b == b'\\')
        {
            let (plain, special) = rest.split_at(at);
            self.put(plain)?;
            let (&byte, after) = special.split_first().ok_or(NoRoom)?;
            match byte {
                b'"' | b'\\' => self.put(&[b'\\', byte])?,
                control => {
                    self.put(br"\u00")?;
                    let digits = [control >> 4, control & 0xF];
                    self.put(&digits.map(|digit| HEX[usize::from(digit)]))?;
                }
            }
            rest = after;
        }
        self.put(rest)
    }

    /// The next `len` bytes of the output.
    fn room(&mut self, len: usize) -> Result<&mut [u8], NoRoom> {
        let end = self.len.checked_add(len).ok_or(NoRoom)?;
        let room = self.out.get_mut(self.len..end).ok_or(NoRoom)?;
        self.len = end;
        Ok(room)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    type Write<'a> = &'a dyn Fn(&mut [u8]) -> Result<usize, NoRoom>;

    fn written(write: Write<'_>) -> String {
        let mut out = [0; 2_048];
        let len = write(&mut out).expect("room");
        String::from_utf8(out[..len].to_vec()).expect("JSON is UTF-8")
    }

    fn value(write: Write<'_>) -> Value {
        serde_json::from_str(&written(write)).expect("JSON")
    }

    #[test]
    fn the_three_messages_are_spelled_as_twilio_wants_them() {
        assert_eq!(
            written(&|out| write_media(out, "MZ1", &[0xFF, 0x7F, 0x00])),
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"/38A"}}"#
        );
        assert_eq!(
            written(&|out| write_mark(out, "MZ1", "t3")),
            r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"t3"}}"#
        );
        assert_eq!(
            written(&|out| write_clear(out, "MZ1")),
            r#"{"event":"clear","streamSid":"MZ1"}"#
        );
    }

    proptest! {
        #[test]
        fn whatever_the_sid_and_the_name_hold_the_message_is_json_that_says_so(
            sid in any::<String>(),
            name in "\\PC{0,20}|[\u{0}-\u{7f}]{0,20}",
            audio in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            prop_assume!(sid.len() < 200);
            prop_assert_eq!(
                value(&|out| write_mark(out, &sid, &name)),
                json!({"event": "mark", "streamSid": sid, "mark": {"name": name}})
            );
            prop_assert_eq!(
                value(&|out| write_clear(out, &sid)),
                json!({"event": "clear", "streamSid": sid})
            );
            let payload = STANDARD.encode_to_string(&audio);
            prop_assert_eq!(
                value(&|out| write_media(out, &sid, &audio)),
                json!({"event": "media", "streamSid": sid, "media": {"payload": payload}})
            );
        }

        #[test]
        fn a_buffer_one_byte_too_short_is_refused(
            sid in "[ -~\n]{0,20}",
            audio in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let writes: [Write<'_>; 3] = [
                &|out| write_media(out, &sid, &audio),
                &|out| write_mark(out, &sid, &sid),
                &|out| write_clear(out, &sid),
            ];
            for write in writes {
                let len = written(write).len();
                prop_assert_eq!(write(&mut vec![0; len]), Ok(len));
                prop_assert_eq!(write(&mut vec![0; len - 1]), Err(NoRoom));
            }
        }
    }
}
