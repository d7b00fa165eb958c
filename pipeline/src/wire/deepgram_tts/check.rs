//! What must hold for any message whatever: the body of the fuzz target `deepgram_tts`.

use super::{Notice, parse, query, speak};

/// Checks that a message is read without panic, by its type alone, and that the same text, given
/// to be spoken, survives its escapes.
///
/// # Panics
/// When that is not so.
pub fn check_any_message(message: &str) {
    let general = serde_json::from_str::<serde_json::Value>(message).ok();
    let kind = general.as_ref().and_then(|value| value["type"].as_str());
    match parse(message) {
        Ok(notice) => check_kind(&notice, kind),
        // The general parser takes the last of two types, and we take none.
        Err(_) => {
            let twice = message.matches("type").count() > 1 || message.contains('\\');
            assert!(kind.is_none() || twice);
        }
    }
    let spoken: serde_json::Value =
        serde_json::from_str(&speak(message)).expect("invariant: we write JSON");
    let text = spoken["text"].as_str().expect("invariant: with a text");
    assert_eq!(text.trim_end(), message.trim_end());
    assert!(text.ends_with(' '));
    let query = query(message);
    assert!(
        query
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    );
    assert_eq!(query.matches('&').count(), 3);
}

fn check_kind(notice: &Notice<'_>, kind: Option<&str>) {
    let expected = match notice {
        Notice::Metadata => "Metadata",
        Notice::Flushed => "Flushed",
        Notice::Cleared => "Cleared",
        Notice::Warning { .. } => "Warning",
        Notice::Error { .. } => "Error",
        Notice::Unknown => return,
    };
    assert_eq!(kind, Some(expected));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_message_passes_the_check_of_the_fuzzer(
            message in r#"\{"type":"(Flushed|Cleared|Warning|Error|[^"]{0,4})"(,"(code|warn_code|type)":("[A-Z_\\]{0,8}"|7|\{\}))?\}"#,
        ) {
            check_any_message(&message);
        }

        #[test]
        fn any_words_pass_the_check_of_the_fuzzer(words in any::<String>()) {
            check_any_message(&words);
        }
    }

    #[test]
    fn the_seeds_of_the_fuzzer_pass_its_check() {
        for seed in [
            include_str!("../../../../fuzz/seeds/deepgram_tts/metadata"),
            include_str!("../../../../fuzz/seeds/deepgram_tts/flushed"),
            include_str!("../../../../fuzz/seeds/deepgram_tts/cleared"),
            include_str!("../../../../fuzz/seeds/deepgram_tts/warning"),
            include_str!("../../../../fuzz/seeds/deepgram_tts/warning_live"),
            include_str!("../../../../fuzz/seeds/deepgram_tts/error"),
        ] {
            assert_ne!(parse(seed), Ok(Notice::Unknown), "{seed}");
            check_any_message(seed);
        }
    }
}
