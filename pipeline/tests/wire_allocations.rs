//! The codecs' promise to the voice thread: a well-formed call costs no allocation.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use pipeline::wire::limits::RECEIVE_BUFFER_BYTES;
use pipeline::wire::twilio::{self, Event};
use pipeline::wire::websocket::{Decoder, Message, Opcode, encode, encode_with};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

/// A client's text frame (masked with zeros, which RFC 6455 allows) of less than 64 KiB.
fn text_frame(fin: bool, first: bool, payload: &str) -> Vec<u8> {
    let len = u16::try_from(payload.len()).expect("short");
    let mut frame = vec![u8::from(fin) << 7 | u8::from(first)];
    if len < 126 {
        frame.push(0x80 | payload.len() as u8);
    } else {
        frame.push(0x80 | 126);
        frame.extend(len.to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(payload.as_bytes());
    frame
}

#[test]
fn a_well_formed_call_is_read_and_answered_without_allocation() {
    let media = format!(
        r#"{{"event":"media","sequenceNumber":"3","streamSid":"MZ1","media":{{"track":"inbound","chunk":"1","timestamp":"5","payload":"{}"}}}}"#,
        "/".repeat(214) + "8="
    );
    let reordered =
        r#"{"media":{"payload":"//8="},"streamSid":"MZ1","event":"media","new":{"a":1.5}}"#;
    let (head, tail) = media.split_at(100);
    let stream = [
        text_frame(
            true,
            true,
            r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#,
        ),
        text_frame(true, true, &media),
        text_frame(false, true, head),
        text_frame(true, false, tail),
        text_frame(true, true, reordered),
        text_frame(
            true,
            true,
            r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"g1:t2"}}"#,
        ),
        text_frame(
            true,
            true,
            r#"{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"5"}}"#,
        ),
        text_frame(
            true,
            true,
            r#"{"event":"stop","streamSid":"MZ1","stop":{"callSid":"CA1"}}"#,
        ),
    ]
    .concat();
    let mut decoder = Decoder::new(vec![0; RECEIVE_BUFFER_BYTES].into());
    let mut audio = [0; 1_024];
    let mut out = [0; 1_024];
    let (mut heard, mut sent, mut messages) = (0, 0, 0);

    assert_no_alloc(|| {
        for piece in stream.chunks(97) {
            decoder.feed(piece);
            while let Ok(Some(message)) = decoder.next_message() {
                let Message::Text(text) = message else {
                    continue;
                };
                messages += 1;
                let Ok(inbound) = twilio::parse(text, &mut audio) else {
                    continue;
                };
                match inbound.event {
                    Event::Media { audio, .. } => {
                        heard += audio.len();
                        sent += encode_with(&mut out, Opcode::Text, |room| {
                            twilio::write_media(room, "MZ1", audio)
                        })
                        .unwrap_or(0);
                    }
                    Event::Mark { .. } => {
                        sent += encode(&mut out, Opcode::Pong, b"x").unwrap_or(0);
                    }
                    _ => {}
                }
            }
        }
    });

    assert_eq!(messages, 7);
    assert_eq!(heard, 161 + 161 + 2);
    assert!(sent > 2 * 216);
}
