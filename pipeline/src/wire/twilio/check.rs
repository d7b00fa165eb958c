//! What must hold for any message whatever: the body of the fuzz target `twilio_message`.

use super::parse::{Event, Inbound};
use super::{json, parse, write_mark, write_media};

/// Small, so that payloads that are too long are found, too.
const ROOM_BYTES: usize = 256;

/// Checks that the fast way of reading a message says what the general one says, and that what was
/// read can be written and read again.
///
/// # Panics
/// When that is not so.
pub fn check_any_message(message: &str) {
    let (mut room, mut other_room) = ([0; ROOM_BYTES], [0; ROOM_BYTES]);
    let read = parse(message, &mut room);
    assert_eq!(
        read,
        json::parse(message, &mut other_room),
        "two ways, two meanings"
    );
    if let Ok(inbound) = read {
        check_round_trip(&inbound, message.len());
    }
}

fn check_round_trip(inbound: &Inbound<'_>, message_len: usize) {
    // A control character grows from one byte to six.
    let mut out = vec![0; 6 * message_len + 2 * ROOM_BYTES];
    let sid = inbound.stream_sid.as_deref().unwrap_or_default();
    let written = match &inbound.event {
        Event::Media { audio, .. } => write_media(&mut out, sid, audio),
        Event::Mark { name } => write_mark(&mut out, sid, name),
        _ => return,
    };
    let len = written.expect("invariant: the room is ample");
    let sent = std::str::from_utf8(&out[..len]).expect("invariant: the parts were UTF-8");
    let mut room = [0; ROOM_BYTES];
    let again = parse(sent, &mut room).expect("invariant: we write what we can read");
    assert_eq!(again.stream_sid.as_deref(), Some(sid));
    match (&again.event, &inbound.event) {
        (Event::Media { audio: again, .. }, Event::Media { audio, .. }) => assert_eq!(again, audio),
        (again, event) => assert_eq!(again, event),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_message_passes_the_check_of_the_fuzzer(
            message in r#"\{"event":"(media|mark|stop|dtmf)","streamSid":"[^"]{0,4}","(media|mark)":\{"(payload|name)":"[A-Za-z/=\\]{0,8}"\}\}"#,
        ) {
            check_any_message(&message);
        }
    }

    #[test]
    fn the_seeds_of_the_fuzzer_pass_its_check() {
        for seed in [
            include_str!("../../../../fuzz/seeds/twilio_message/media"),
            include_str!("../../../../fuzz/seeds/twilio_message/media_reordered"),
            include_str!("../../../../fuzz/seeds/twilio_message/start"),
            include_str!("../../../../fuzz/seeds/twilio_message/dtmf"),
            include_str!("../../../../fuzz/seeds/twilio_message/mark"),
            include_str!("../../../../fuzz/seeds/twilio_message/stop"),
        ] {
            assert!(parse(seed, &mut [0; ROOM_BYTES]).is_ok(), "{seed}");
            check_any_message(seed);
        }
    }
}
