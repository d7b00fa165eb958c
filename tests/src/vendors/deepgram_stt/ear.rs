//! What one connection hears and says.

use std::ops::Range;
use std::time::Duration;

use serde_json::json;

use super::audio::{FRAME, WORD_FRAMES, first_frame, number, word, written};
use super::{Finalize, Manner};

/// Silence after which a turn of Flux is over, in frames.
const FLUX_SILENCE: u64 = 20;

/// Silence after which Flux says that it may be, where it was asked to.
const FLUX_EAGER_SILENCE: u64 = 6;

/// Frames between two interim results.
const INTERIM_EVERY: u64 = 10;

pub(super) struct Ear {
    flux: bool,
    manner: Manner,
    /// Silence that is an endpoint, in frames.
    endpointing: u64,
    /// Bytes that are no whole frame yet.
    rest: Vec<u8>,
    /// Bytes before the first whole frame.
    lead: usize,
    synced: bool,
    ranges: Vec<Range<u64>>,
    silence: u64,
    /// All that was given, in bytes.
    given: u64,
    /// Where the present result begins, in bytes of this connection.
    segment: u64,
    words: Vec<Said>,
    /// Frames of silence since the last word.
    quiet: u64,
    /// Whether words were said since the last endpoint.
    in_speech: bool,
    told_end: bool,
    last_word_end: u64,
    turn: u64,
    /// Whether it says that a turn of Flux may be over, and whether it has.
    eager: bool,
    told_eager: bool,
}

#[derive(Clone, Copy)]
struct Said {
    word: usize,
    from: u64,
    to: u64,
    frames: usize,
}

impl Ear {
    pub(super) fn new(path: &str, manner: Manner) -> Self {
        let ms = path.split("endpointing=").nth(1).and_then(|rest| {
            let digits = rest.split('&').next()?;
            digits.parse::<u64>().ok()
        });
        Self {
            flux: path.starts_with("/v2/"),
            manner,
            endpointing: ms.unwrap_or(10).div_ceil(20),
            rest: Vec::new(),
            lead: 0,
            synced: false,
            ranges: Vec::new(),
            silence: 0,
            given: 0,
            segment: 0,
            words: Vec::new(),
            quiet: 0,
            in_speech: false,
            told_end: true,
            last_word_end: 0,
            turn: 0,
            eager: path.contains("&eager_eot_threshold="),
            told_eager: false,
        }
    }

    pub(super) fn greeting(&self) -> Vec<String> {
        let connected = json!({"type": "Connected", "request_id": "r", "sequence_id": 0});
        self.flux
            .then(|| connected.to_string())
            .into_iter()
            .collect()
    }

    pub(super) fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    pub(super) fn silence(&self) -> u64 {
        self.silence
    }

    /// How much audio it was given.
    pub(super) fn given(&self) -> Duration {
        Duration::from_micros(self.given * 125)
    }

    pub(super) fn hear(&mut self, mulaw: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(mulaw);
        if !self.synced {
            let Some(lead) = first_frame(&self.rest) else {
                let silence = self.rest.len() as u64;
                self.silence += silence;
                self.given += silence;
                self.rest.clear();
                return Vec::new();
            };
            self.rest.drain(..lead);
            self.lead = lead;
            self.given += lead as u64;
            self.synced = true;
        }
        let mut said = Vec::new();
        while self.rest.len() >= FRAME {
            let frame: Vec<u8> = self.rest.drain(..FRAME).collect();
            self.given += FRAME as u64;
            match number(&frame) {
                Some(number) => self.note_range(number * FRAME as u64),
                None => self.silence += FRAME as u64,
            }
            self.hear_frame(word(&frame), &mut said);
        }
        said
    }

    fn note_range(&mut self, from: u64) {
        let to = from + FRAME as u64;
        match self.ranges.last_mut() {
            Some(last) if last.end == from => last.end = to,
            Some(_) => self.ranges.push(from..to),
            None => self.ranges.push(from.saturating_sub(self.lead as u64)..to),
        }
    }

    fn hear_frame(&mut self, word: Option<usize>, said: &mut Vec<String>) {
        let (from, to) = (self.given - FRAME as u64, self.given);
        if let Some(word) = word {
            match self.words.last_mut() {
                // The next frame of the same word; the same word again is another one.
                Some(last) if last.word == word && last.to == from && last.frames < WORD_FRAMES => {
                    last.to = to;
                    last.frames += 1;
                }
                _ => self.words.push(Said {
                    word,
                    from,
                    to,
                    frames: 1,
                }),
            }
            if std::mem::take(&mut self.told_eager) {
                said.push(self.turn_info("TurnResumed", None));
            }
            self.quiet = 0;
            self.in_speech = true;
            self.told_end = false;
            self.last_word_end = to;
        } else {
            self.quiet += 1;
        }
        let ends = if self.flux {
            FLUX_SILENCE
        } else {
            self.endpointing
        };
        let finds = self.manner.finds_endpoints && self.manner.makes_final;
        if self.in_speech && self.quiet == ends && finds {
            self.in_speech = false;
            said.push(self.finish(true, false));
        } else if self.eager && self.in_speech && self.quiet == FLUX_EAGER_SILENCE {
            self.told_eager = true;
            said.push(self.turn_info("EagerEndOfTurn", None));
        } else if self.quiet == 50 && !self.told_end && !self.flux {
            self.told_end = true;
            if self.manner.tells_utterance_end {
                let end = self.last_word_end as f64 / 8_000.0;
                let end = json!({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": end});
                said.push(end.to_string());
            }
        } else if (self.given / FRAME as u64).is_multiple_of(INTERIM_EVERY) {
            said.push(self.result(false, false, false));
        }
    }

    pub(super) fn obey(&mut self, text: &str) -> Vec<String> {
        let asked = text.contains(if self.flux {
            "ForceEndTurn"
        } else {
            "Finalize"
        });
        // Flux has nothing to end where nobody spoke.
        if !asked || (self.flux && self.words.is_empty()) {
            return Vec::new();
        }
        match self.manner.finalize {
            Finalize::Answered => vec![self.finish(false, true)],
            Finalize::AnsweredEmpty => {
                self.words.clear();
                vec![self.finish(false, true)]
            }
            Finalize::Ignored => Vec::new(),
        }
    }

    /// Final words of all audio so far.
    fn finish(&mut self, endpoint: bool, forced: bool) -> String {
        let result = self.result(true, endpoint, forced);
        self.segment = self.given;
        self.words.clear();
        self.told_eager = false;
        self.turn += 1;
        result
    }

    /// The words that were heard well enough, and how they are written.
    fn heard(&self) -> (Vec<&Said>, String) {
        let enough = |said: &&Said| said.frames * 2 >= WORD_FRAMES;
        let heard: Vec<&Said> = self.words.iter().filter(enough).collect();
        let text: Vec<String> = heard.iter().map(|said| written(said.word)).collect();
        (heard, text.join(" "))
    }

    /// What Flux says of its turn.
    fn turn_info(&self, event: &str, trigger: Option<&str>) -> String {
        json!({
            "type": "TurnInfo", "event": event, "turn_index": self.turn,
            "audio_window_start": seconds(self.segment), "audio_window_end": seconds(self.given),
            "transcript": self.heard().1, "words": [], "end_of_turn_confidence": 0.8,
            "trigger": trigger,
        })
        .to_string()
    }

    fn result(&self, is_final: bool, endpoint: bool, forced: bool) -> String {
        if self.flux {
            let trigger = if forced { "manual" } else { "model" };
            return match is_final {
                true => self.turn_info("EndOfTurn", Some(trigger)),
                false => self.turn_info("Update", None),
            };
        }
        let (heard, text) = self.heard();
        let words: Vec<_> = heard
            .iter()
            .map(|said| {
                json!({
                    "word": written(said.word), "punctuated_word": written(said.word),
                    "start": seconds(said.from), "end": seconds(said.to), "confidence": 0.9,
                })
            })
            .collect();
        json!({
            "type": "Results", "channel_index": [0, 1],
            "start": seconds(self.segment), "duration": seconds(self.given - self.segment),
            "is_final": is_final, "speech_final": endpoint, "from_finalize": forced,
            "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": words}]},
        })
        .to_string()
    }
}

fn seconds(bytes: u64) -> f64 {
    bytes as f64 / 8_000.0
}
