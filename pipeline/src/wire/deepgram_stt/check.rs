//! What must hold for any message whatever: the body of the fuzz target `deepgram_stt`.

use super::{Message, Protocol, parse};

/// Checks that a message of either protocol is read or refused, and that what is final is so for
/// a reason.
///
/// # Panics
/// When that is not so.
pub fn check_any_message(message: &str) {
    for protocol in [Protocol::Listen, Protocol::Flux] {
        match parse(protocol, message) {
            Ok(Message::Words(words)) => {
                assert!(words.is_final || !words.endpoint, "an end that may change");
                assert!(words.text.len() <= message.len(), "words out of nowhere");
                let shown: usize = words.words.iter().map(|word| word.text.len()).sum();
                assert!(shown <= message.len(), "words out of nowhere");
            }
            Ok(Message::Failed { what }) => assert!(what.len() <= message.len()),
            Ok(Message::UtteranceEnd { .. } | Message::Other) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_message_passes_the_check_of_the_fuzzer(
            message in r#"\{"type":"(Results|UtteranceEnd|TurnInfo|Error)","(start|last_word_end|audio_window_end)":-?[0-9]{1,3}(e[0-9]{1,3})?,"(duration|is_final|event|channel)":(1|true|null|"EndOfTurn"|\{"alternatives":\[\{"transcript":"[a-z\\n ]{0,6}"\}\]\})\}"#,
        ) {
            check_any_message(&message);
        }
    }

    #[test]
    fn the_seeds_of_the_fuzzer_pass_its_check() {
        for (protocol, seed) in [
            (
                Protocol::Listen,
                include_str!("../../../../fuzz/seeds/deepgram_stt/listen_final"),
            ),
            (
                Protocol::Listen,
                include_str!("../../../../fuzz/seeds/deepgram_stt/utterance_end"),
            ),
            (
                Protocol::Listen,
                include_str!("../../../../fuzz/seeds/deepgram_stt/speech_started"),
            ),
            (
                Protocol::Listen,
                include_str!("../../../../fuzz/seeds/deepgram_stt/metadata"),
            ),
            (
                Protocol::Flux,
                include_str!("../../../../fuzz/seeds/deepgram_stt/turn_info"),
            ),
            (
                Protocol::Flux,
                include_str!("../../../../fuzz/seeds/deepgram_stt/error"),
            ),
        ] {
            assert!(parse(protocol, seed).is_ok(), "{seed}");
            check_any_message(seed);
        }
    }
}
