//! The decoder against hand-made frames.

use proptest::prelude::*;

use super::*;

const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A client's frame: first byte (FIN, reserved bits, opcode) and payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        0..=125 => frame.push(0x80 | u8::try_from(payload.len()).expect("short")),
        126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).expect("short").to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;
const FIRST_TEXT: u8 = 0x01;
const NEXT: u8 = 0x00;
const LAST: u8 = 0x80;

fn decoder() -> Decoder {
    Decoder::new(vec![0; 4_096].into())
}

/// All messages of a byte stream that arrives in pieces of the given sizes, and how it ended.
fn heard(bytes: &[u8], sizes: &[usize]) -> (Vec<String>, Result<(), Violation>) {
    let mut decoder = decoder();
    let mut messages = Vec::new();
    let mut rest = bytes;
    let mut sizes = sizes.iter().cycle();
    loop {
        loop {
            match decoder.next_message() {
                Ok(Some(message)) => messages.push(format!("{message:?}")),
                Ok(None) => break,
                Err(violation) => return (messages, Err(violation)),
            }
        }
        let size = sizes.next().copied().unwrap_or(usize::MAX).min(rest.len());
        if rest.is_empty() || decoder.spare().is_empty() {
            return (messages, Ok(()));
        }
        let taken = decoder.feed(&rest[..size]);
        rest = &rest[taken..];
    }
}

/// The one violation that a stream ends with.
fn violation(bytes: &[u8]) -> Violation {
    heard(bytes, &[]).1.expect_err("the stream breaks a rule")
}

#[test]
fn messages_and_control_frames_come_out_in_order() {
    let stream = [
        frame(TEXT, b"one"),
        frame(PING, b"p"),
        frame(BINARY, &[2; 300]),
        frame(PONG, b""),
        frame(CLOSE, b"\x03\xE8bye"),
        frame(TEXT, b"after the close"),
    ]
    .concat();
    let mut decoder = decoder();
    assert_eq!(decoder.feed(&stream), stream.len());
    assert_eq!(decoder.next_message(), Ok(Some(Message::Text("one"))));
    assert_eq!(decoder.next_message(), Ok(Some(Message::Ping(b"p"))));
    assert_eq!(decoder.next_message(), Ok(Some(Message::Binary(&[2; 300]))));
    assert_eq!(decoder.next_message(), Ok(Some(Message::Pong(b""))));
    let bye = CloseFrame {
        code: CloseCode::NORMAL,
        reason: "bye",
    };
    assert_eq!(decoder.next_message(), Ok(Some(Message::Close(Some(bye)))));
    assert_eq!(
        decoder.next_message(),
        Ok(None),
        "nothing comes after a close"
    );
}

#[test]
fn fragments_are_joined_and_a_ping_between_them_comes_first() {
    let stream = [
        frame(FIRST_TEXT, b"caf\xC3"),
        frame(PING, b"alive?"),
        frame(NEXT, b"\xA9 "),
        frame(NEXT, b""),
        frame(LAST, b"noir"),
        frame(TEXT, b"next"),
    ]
    .concat();
    let mut decoder = decoder();
    decoder.feed(&stream);
    assert_eq!(decoder.next_message(), Ok(Some(Message::Ping(b"alive?"))));
    assert_eq!(decoder.undecoded(), None, "a message is under way");
    assert_eq!(
        decoder.next_message(),
        Ok(Some(Message::Text("caf\u{e9} noir")))
    );
    assert_eq!(decoder.next_message(), Ok(Some(Message::Text("next"))));
}

#[test]
fn each_broken_rule_has_its_violation_and_close_code() {
    let mut unmasked = frame(TEXT, b"");
    unmasked[1] &= 0x7F;
    let cases = [
        (unmasked, Violation::Unmasked, 1002),
        (frame(TEXT | 0x40, b""), Violation::ReservedBits, 1002),
        (frame(0x83, b""), Violation::ReservedOpcode, 1002),
        (frame(0x8B, b""), Violation::ReservedOpcode, 1002),
        (frame(PING & 0x7F, b""), Violation::FragmentedControl, 1002),
        (frame(PING, &[0; 126]), Violation::LongControl, 1002),
        (frame(LAST, b"x"), Violation::LoneContinuation, 1002),
        (
            [frame(FIRST_TEXT, b"a"), frame(TEXT, b"b")].concat(),
            Violation::InterruptedMessage,
            1002,
        ),
        (frame(CLOSE, b"\x03"), Violation::BadClose, 1002),
        (frame(CLOSE, b"\x03\xED"), Violation::BadClose, 1002),
        (frame(CLOSE, b"\x03\xE8\xFF"), Violation::BadUtf8, 1007),
        (frame(TEXT, b"\xC3\x28"), Violation::BadUtf8, 1007),
        (
            [frame(FIRST_TEXT, b"\xC3"), frame(LAST, b"")].concat(),
            Violation::BadUtf8,
            1007,
        ),
        (b"\x81\xFE\x00\x05".to_vec(), Violation::BadLength, 1002),
        (
            b"\x81\xFF\0\0\0\0\0\0\xFF\xFF".to_vec(),
            Violation::BadLength,
            1002,
        ),
        (
            b"\x81\xFF\x80\0\0\0\0\x01\0\0".to_vec(),
            Violation::BadLength,
            1002,
        ),
    ];
    for (stream, expected, code) in cases {
        assert_eq!(violation(&stream), expected, "{stream:02X?}");
        assert_eq!(expected.close_code(), CloseCode(code), "{expected}");
    }
}

#[test]
fn a_giant_frame_is_refused_by_its_header_alone() {
    let mut header = vec![TEXT, 0xFF];
    header.extend((1_u64 << 40).to_be_bytes());
    header.extend(MASK);
    assert_eq!(violation(&header), Violation::TooBig);
    assert_eq!(Violation::TooBig.close_code(), CloseCode::TOO_BIG);
}

#[test]
fn the_longest_message_fits_in_one_frame_or_in_many_and_one_byte_more_does_not() {
    let longest = vec![b'x'; 4_096 - 139];
    let whole = frame(TEXT, &longest);
    let (messages, end) = heard(&whole, &[1_000]);
    assert_eq!((messages.len(), end), (1, Ok(())));

    let mut fragments = frame(FIRST_TEXT, b"");
    for piece in longest.chunks(100) {
        fragments.extend(frame(NEXT, piece));
        fragments.extend(frame(PING, &[0; 125]));
    }
    let fitting = [fragments.clone(), frame(LAST, b"")].concat();
    let (messages, end) = heard(&fitting, &[1_000]);
    assert_eq!(
        (messages.len(), end),
        (longest.len().div_ceil(100) + 1, Ok(()))
    );

    assert_eq!(
        violation(&frame(TEXT, &[&longest[..], b"x"].concat())),
        Violation::TooBig
    );
    assert_eq!(
        violation(&[fragments, frame(LAST, b"x")].concat()),
        Violation::TooBig
    );
}

#[test]
fn a_violation_stays_whatever_comes_after_it() {
    let mut decoder = decoder();
    decoder.feed(&frame(0x83, b""));
    decoder.feed(&frame(TEXT, b"fine"));
    for _ in 0..2 {
        assert_eq!(decoder.next_message(), Err(Violation::ReservedOpcode));
    }
    decoder.reset();
    decoder.feed(&frame(TEXT, b"another connection"));
    assert_eq!(
        decoder.next_message(),
        Ok(Some(Message::Text("another connection")))
    );
}

#[test]
fn a_connection_is_handed_over_in_the_middle_of_a_frame() {
    let stream = [frame(TEXT, b"start"), frame(TEXT, b"media")].concat();
    let mut first = decoder();
    first.feed(&stream[..stream.len() - 3]);
    assert_eq!(first.next_message(), Ok(Some(Message::Text("start"))));
    let mut second = decoder();
    second.feed(first.undecoded().expect("between messages"));
    second.feed(&stream[stream.len() - 3..]);
    assert_eq!(second.next_message(), Ok(Some(Message::Text("media"))));
}

/// Mostly lawful frames, some of them not.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let lawful = prop::sample::select(vec![
        TEXT, TEXT, BINARY, PING, PONG, FIRST_TEXT, NEXT, NEXT, LAST, LAST, CLOSE,
    ]);
    let first = prop_oneof![20 => lawful, 1 => any::<u8>()];
    (first, "[a-z\u{e9}]{0,80}").prop_map(|(first, text)| {
        let is_close = first & 0x0F == 8;
        let payload = [
            if is_close { b"\x03\xE8" } else { &b""[..] },
            text.as_bytes(),
        ]
        .concat();
        frame(first, &payload[..payload.len().min(125)])
    })
}

proptest! {
    #[test]
    fn any_cutting_of_the_stream_gives_the_same_messages_and_the_same_end(
        frames in prop::collection::vec(any_frame(), 0..30),
        sizes in prop::collection::vec(1_usize..60, 1..20),
    ) {
        let stream = frames.concat();
        prop_assert_eq!(heard(&stream, &sizes), heard(&stream, &[]));
        prop_assert_eq!(heard(&stream, &[1]), heard(&stream, &[]));
    }

    #[test]
    fn no_bytes_whatever_make_the_decoder_panic(
        stream in prop::collection::vec(any::<u8>(), 0..600),
        sizes in prop::collection::vec(1_usize..60, 1..20),
    ) {
        prop_assert_eq!(heard(&stream, &sizes), heard(&stream, &[]));
    }
}
