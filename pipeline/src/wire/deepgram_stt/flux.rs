//! Messages of Flux, whose model finds the ends of turns itself.

use serde::Deserialize;

use super::{Garbage, Guess, Message, Text, Words, failed, kind, samples, text};

#[derive(Deserialize)]
struct TurnInfo<'a> {
    #[serde(borrow)]
    event: Option<Text<'a>>,
    audio_window_end: Option<f64>,
    #[serde(borrow)]
    transcript: Option<Text<'a>>,
    #[serde(borrow)]
    trigger: Option<Text<'a>>,
}

pub(super) fn parse(message: &str) -> Result<Message<'_>, Garbage> {
    match &*kind(message)? {
        "TurnInfo" => turn_info(message).map(Message::Words),
        "Error" => failed(message),
        _ => Ok(Message::Other),
    }
}

/// A transcript is that of the whole turn so far: it takes the place of the one before, as an
/// interim does. An eager end is no end: `TurnResumed` may follow, and nothing may come of it yet.
fn turn_info(message: &str) -> Result<Words<'_>, Garbage> {
    let info: TurnInfo<'_> = serde_json::from_str(message).map_err(|_| Garbage)?;
    let event = text(info.event);
    let ended = event == "EndOfTurn";
    Ok(Words {
        text: text(info.transcript),
        until: info.audio_window_end.map(samples),
        is_final: ended,
        endpoint: ended,
        from_finalize: ended && text(info.trigger) == "manual",
        guess: match &*event {
            "EagerEndOfTurn" => Some(Guess::Over),
            "TurnResumed" => Some(Guess::GoesOn),
            _ => None,
        },
        words: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use dsp::Samples;

    use super::*;

    #[test]
    fn only_the_end_of_a_turn_is_final() {
        let heard = |event: &str| {
            let message = format!(
                r#"{{"type":"TurnInfo","event":"{event}","transcript":"an oil change","audio_window_end":2.6,"words":[{{"word":"an"}}]}}"#
            );
            match parse(&message) {
                Ok(Message::Words(words)) => {
                    assert_eq!(words.text, "an oil change");
                    assert_eq!(words.until, Some(Samples(20_800)));
                    (words.is_final, words.endpoint, words.guess)
                }
                other => panic!("{other:?}"),
            }
        };
        for (event, guess) in [
            ("StartOfTurn", None),
            ("Update", None),
            ("EagerEndOfTurn", Some(Guess::Over)),
            ("TurnResumed", Some(Guess::GoesOn)),
            ("Nap", None),
        ] {
            assert_eq!(heard(event), (false, false, guess), "{event}");
        }
        assert_eq!(heard("EndOfTurn"), (true, true, None));
    }

    #[test]
    fn an_end_that_we_forced_says_so() {
        let message = r#"{"type":"TurnInfo","event":"EndOfTurn","trigger":"manual"}"#;
        assert!(matches!(
            parse(message),
            Ok(Message::Words(words)) if words.from_finalize
        ));
    }

    #[test]
    fn an_error_is_named_by_its_code() {
        let message = r#"{"type":"Error","code":"INTERNAL_SERVER_ERROR","description":"oh"}"#;
        assert_eq!(
            parse(message),
            Ok(Message::Failed {
                what: "INTERNAL_SERVER_ERROR".into()
            })
        );
    }
}
