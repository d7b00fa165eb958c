//! What must hold for any bytes whatever: the body of the fuzz target `websocket`.

use super::{Decoder, Message, Opcode, Violation, encode};

/// Small, so that messages that are too big are found, too.
const BUFFER_BYTES: usize = 512;

/// Reads `input` as a count, so many piece sizes, and a client's stream; checks that the stream
/// gives the same messages and the same end in these pieces as at once, and that each message
/// survives being encoded and decoded.
///
/// # Panics
/// When that is not so.
pub fn check_any_bytes(input: &[u8]) {
    let (sizes, stream) = match input.split_first() {
        Some((&count, rest)) => rest.split_at(usize::from(count % 16).min(rest.len())),
        None => return,
    };
    let whole = decoded(stream, &[]);
    assert_eq!(
        decoded(stream, sizes),
        whole,
        "the pieces decide what is heard"
    );
    for message in &whole.0 {
        let sent = masked(message);
        let (heard, end) = decoded(&sent, &[]);
        assert_eq!(
            (heard.as_slice(), end),
            (std::slice::from_ref(message), Ok(()))
        );
    }
}

/// What a stream held, and how it ended.
type Decoded = (Vec<(Opcode, Vec<u8>)>, Result<(), Violation>);

/// The messages of a stream that arrives in pieces of `sizes`, in turn, and how it ended.
fn decoded(mut stream: &[u8], sizes: &[u8]) -> Decoded {
    let mut decoder = Decoder::new(vec![0; BUFFER_BYTES].into());
    let mut messages = Vec::new();
    let mut sizes = sizes.iter().map(|&size| usize::from(size).max(1)).cycle();
    loop {
        loop {
            match decoder.next_message() {
                Ok(Some(message)) => messages.push(owned(message)),
                Ok(None) => break,
                Err(violation) => return (messages, Err(violation)),
            }
        }
        if stream.is_empty() {
            return (messages, Ok(()));
        }
        let size = sizes.next().unwrap_or(usize::MAX).min(stream.len());
        let taken = decoder.feed(&stream[..size]);
        assert_ne!(taken, 0, "a decoder that waits has room");
        stream = &stream[taken..];
    }
}

fn owned(message: Message<'_>) -> (Opcode, Vec<u8>) {
    match message {
        Message::Text(text) => (Opcode::Text, text.as_bytes().to_vec()),
        Message::Binary(bytes) => (Opcode::Binary, bytes.to_vec()),
        Message::Ping(payload) => (Opcode::Ping, payload.to_vec()),
        Message::Pong(payload) => (Opcode::Pong, payload.to_vec()),
        Message::Close(None) => (Opcode::Close, Vec::new()),
        Message::Close(Some(frame)) => {
            let code = frame.code.0.to_be_bytes();
            (Opcode::Close, [&code[..], frame.reason.as_bytes()].concat())
        }
    }
}

/// The message as our server's frame, given the mask (of zeros) that a client's frame has.
fn masked((opcode, payload): &(Opcode, Vec<u8>)) -> Vec<u8> {
    let mut frame = vec![0; payload.len() + 10];
    let len = encode(&mut frame, *opcode, payload).expect("invariant: ten bytes hold any header");
    frame.truncate(len);
    frame[1] |= 0x80;
    let header_len = len - payload.len();
    frame.splice(header_len..header_len, [0; 4]);
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_pass_the_check_of_the_fuzzer(
            input in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            check_any_bytes(&input);
        }
    }

    #[test]
    fn the_seeds_of_the_fuzzer_pass_its_check() {
        check_any_bytes(include_bytes!("../../../../fuzz/seeds/websocket/fragments"));
        check_any_bytes(include_bytes!(
            "../../../../fuzz/seeds/websocket/all_opcodes"
        ));
        check_any_bytes(include_bytes!("../../../../fuzz/seeds/websocket/too_big"));
    }
}
