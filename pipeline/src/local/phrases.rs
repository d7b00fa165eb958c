//! Whole phrases kept as audio, so that what is said again (greetings, questions) starts at once.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Voice;
use super::limits::{PHRASE_BYTES, PHRASES_BYTES};

/// The phrases said last, up to [`PHRASES_BYTES`] of audio.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    /// The one used last is at the back.
    kept: VecDeque<Phrase>,
    bytes: usize,
}

#[derive(Debug)]
struct Phrase {
    voice: Voice,
    text: String,
    mulaw: Bytes,
}

impl Phrases {
    /// The audio of `text`, if it was said before.
    pub(super) fn find(&mut self, voice: Voice, text: &str) -> Option<Bytes> {
        let place = self
            .kept
            .iter()
            .rposition(|phrase| phrase.voice == voice && phrase.text == text)?;
        let phrase = self.kept.remove(place)?;
        let mulaw = phrase.mulaw.clone();
        self.kept.push_back(phrase);
        Some(mulaw)
    }

    /// Keeps a phrase; the ones not used for longest make room for it.
    pub(super) fn keep(&mut self, voice: Voice, text: String, mulaw: Bytes) {
        if mulaw.len() > PHRASE_BYTES || self.find(voice, &text).is_some() {
            return;
        }
        self.bytes += mulaw.len();
        self.kept.push_back(Phrase { voice, text, mulaw });
        while self.bytes > PHRASES_BYTES {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.bytes -= oldest.mulaw.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(bytes: usize) -> Bytes {
        vec![7; bytes].into()
    }

    #[test]
    fn a_phrase_is_found_in_the_voice_it_was_said_with() {
        let mut phrases = Phrases::default();
        phrases.keep(Voice::Slt, "hello".into(), audio(10));
        assert_eq!(phrases.find(Voice::Slt, "hello"), Some(audio(10)));
        assert_eq!(phrases.find(Voice::Rms, "hello"), None);
        assert_eq!(phrases.find(Voice::Slt, "hello there"), None);
    }

    #[test]
    fn the_phrase_not_used_for_longest_makes_room() {
        let mut phrases = Phrases::default();
        let fit = PHRASES_BYTES / PHRASE_BYTES;
        for number in 0..fit {
            phrases.keep(Voice::Slt, number.to_string(), audio(PHRASE_BYTES));
        }
        assert!(phrases.find(Voice::Slt, "0").is_some(), "used again");
        phrases.keep(Voice::Slt, "new".into(), audio(PHRASE_BYTES));
        assert!(phrases.find(Voice::Slt, "0").is_some());
        assert!(phrases.find(Voice::Slt, "1").is_none());
        assert!(phrases.bytes <= PHRASES_BYTES);
    }

    #[test]
    fn an_overlong_phrase_is_not_kept() {
        let mut phrases = Phrases::default();
        phrases.keep(Voice::Slt, "epic".into(), audio(PHRASE_BYTES + 1));
        assert_eq!(phrases.find(Voice::Slt, "epic"), None);
        assert_eq!(phrases.bytes, 0);
    }
}
