//! Messages of the v1 protocol.

use serde::Deserialize;

use super::{Garbage, Message, Text, Word, Words, failed, kind, samples, text};

#[derive(Deserialize)]
struct Results<'a> {
    start: Option<f64>,
    duration: Option<f64>,
    is_final: Option<bool>,
    speech_final: Option<bool>,
    from_finalize: Option<bool>,
    #[serde(borrow)]
    channel: Option<Channel<'a>>,
}

#[derive(Deserialize)]
struct Channel<'a> {
    #[serde(borrow)]
    alternatives: Option<Vec<Alternative<'a>>>,
}

#[derive(Deserialize)]
struct Alternative<'a> {
    #[serde(borrow)]
    transcript: Option<Text<'a>>,
    #[serde(borrow)]
    words: Option<Vec<RawWord<'a>>>,
}

#[derive(Deserialize)]
struct RawWord<'a> {
    #[serde(borrow)]
    word: Option<Text<'a>>,
    #[serde(borrow)]
    punctuated_word: Option<Text<'a>>,
    start: Option<f64>,
    end: Option<f64>,
}

#[derive(Deserialize)]
struct UtteranceEnd {
    last_word_end: Option<f64>,
}

pub(super) fn parse(message: &str) -> Result<Message<'_>, Garbage> {
    match &*kind(message)? {
        "Results" => results(message).map(Message::Words),
        "UtteranceEnd" => {
            let end: UtteranceEnd = serde_json::from_str(message).map_err(|_| Garbage)?;
            // It is -1 where there was no word.
            let last_word_end = end.last_word_end.filter(|end| *end >= 0.0).map(samples);
            Ok(Message::UtteranceEnd { last_word_end })
        }
        "Error" => failed(message),
        // `SpeechStarted` comes with noise, too, and again within a turn: it means nothing to us.
        _ => Ok(Message::Other),
    }
}

fn results(message: &str) -> Result<Words<'_>, Garbage> {
    let results: Results<'_> = serde_json::from_str(message).map_err(|_| Garbage)?;
    let alternatives = results.channel.and_then(|channel| channel.alternatives);
    let best = alternatives.and_then(|alternatives| alternatives.into_iter().next());
    let (transcript, words) = best.map_or((None, None), |best| (best.transcript, best.words));
    let until = results.start.zip(results.duration);
    let endpoint = results.speech_final.unwrap_or(false);
    Ok(Words {
        text: text(transcript),
        until: until.map(|(start, duration)| samples(start + duration)),
        is_final: results.is_final.unwrap_or(false) || endpoint,
        endpoint,
        from_finalize: results.from_finalize.unwrap_or(false),
        guess: None,
        words: words
            .unwrap_or_default()
            .into_iter()
            .filter_map(word)
            .collect(),
    })
}

fn word(raw: RawWord<'_>) -> Option<Word<'_>> {
    Some(Word {
        text: raw.punctuated_word.or(raw.word)?.0,
        from: samples(raw.start?),
        to: samples(raw.end?),
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use dsp::Samples;

    use super::*;

    const FINAL: &str = include_str!("../../../../fuzz/seeds/deepgram_stt/listen_final");

    fn words(message: &str) -> Words<'_> {
        match parse(message) {
            Ok(Message::Words(words)) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_final_has_its_words_and_their_places_in_samples() {
        let heard = words(FINAL);
        assert_eq!(heard.text, "no");
        assert!(heard.is_final && heard.endpoint && !heard.from_finalize);
        assert_eq!(heard.until, Some(Samples(35_360)));
        assert_eq!(
            heard.words,
            [Word {
                text: "No.".into(),
                from: Samples(32_800),
                to: Samples(34_400)
            }]
        );
        assert!(matches!(heard.text, Cow::Borrowed(_)), "nothing is copied");
    }

    #[test]
    fn members_may_be_missing_null_or_unknown() {
        for message in [
            r#"{"type":"Results"}"#,
            r#"{"type":"Results","channel":null,"is_final":null,"start":null}"#,
            r#"{"type":"Results","channel":{"alternatives":[]},"future":{"a":[1]}}"#,
            r#"{"type":"Results","channel":{"alternatives":[{"words":null}]}}"#,
        ] {
            assert_eq!(words(message), Words::default(), "{message}");
        }
        for message in [
            "{}",
            r#"{"type":null}"#,
            r#"{"type":"Weather","channel":[0,1]}"#,
        ] {
            assert_eq!(parse(message), Ok(Message::Other), "{message}");
        }
    }

    #[test]
    fn what_is_no_message_is_garbage() {
        for message in [
            "",
            "[]x",
            "{",
            r#"{"type":7}"#,
            r#"{"type":"Results","start":"soon"}"#,
        ] {
            assert_eq!(parse(message), Err(Garbage), "{message}");
        }
    }

    #[test]
    fn an_utterance_without_a_word_has_no_last_word() {
        let end = |last_word_end| Ok(Message::UtteranceEnd { last_word_end });
        assert_eq!(
            parse(r#"{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.39}"#),
            end(Some(Samples(19_120)))
        );
        assert_eq!(
            parse(r#"{"type":"UtteranceEnd","last_word_end":-1}"#),
            end(None)
        );
    }
}
