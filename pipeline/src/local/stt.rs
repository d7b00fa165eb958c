//! The recogniser's edge of one call: keeps the caller's audio, cuts each turn out of it, and has
//! it read.

use std::collections::VecDeque;

use dsp::{Samples, mulaw};
use tokio::sync::mpsc;

use super::limits::TURN_AUDIO;
use super::{LocalSpeech, Reading};
use crate::message::{Expectation, Transcript};
use crate::net::edge::{SttEvent, SttInput};

/// Serves one call until its input ends. Each ended turn is answered by exactly one
/// [`SttEvent::Final`] or [`SttEvent::Nothing`]; a failure is reported before it.
pub async fn run(
    speech: LocalSpeech,
    mut input: mpsc::Receiver<SttInput>,
    output: mpsc::Sender<SttEvent>,
) {
    let mut ear = Ear::default();
    while let Some(heard) = input.recv().await {
        let Some(turn) = ear.hear(heard) else {
            continue;
        };
        let (from, to) = (turn.from, turn.to);
        let answer = match speech.recognise(turn.expectation, &turn.mulaw).await {
            Ok(reading) => judge(reading, from, to),
            Err(error) => {
                let reason = error.to_string();
                if output.send(SttEvent::Failed { reason }).await.is_err() {
                    return;
                }
                SttEvent::Nothing { position: to }
            }
        };
        if output.send(answer).await.is_err() {
            return;
        }
    }
}

/// The grammar's reading is the transcript, the language model's a second opinion. Where the
/// grammar has none, the turn held nothing that can be acted on.
pub(crate) fn judge(reading: Reading, from: Samples, to: Samples) -> SttEvent {
    match reading.grammar {
        Some(text) => SttEvent::Final(Transcript {
            text,
            second_opinion: Some(reading.lm.unwrap_or_default()),
            typed: false,
            from,
            to,
        }),
        None => SttEvent::Nothing { position: to },
    }
}

/// A turn as it goes to the recogniser.
#[derive(Debug, PartialEq, Eq)]
struct Turn {
    expectation: Expectation,
    from: Samples,
    to: Samples,
    mulaw: Vec<u8>,
}

/// The last of the caller's audio, and where the present turn began in it.
#[derive(Debug, Default)]
struct Ear {
    /// At most [`TURN_AUDIO`].
    audio: VecDeque<u8>,
    /// Position just after the last sample of `audio`.
    end: Samples,
    /// Where the caller began to speak, once per turn.
    turn_from: Option<Samples>,
    expectation: Expectation,
}

impl Ear {
    /// Takes the next input; gives a turn once it has ended.
    fn hear(&mut self, input: SttInput) -> Option<Turn> {
        match input {
            SttInput::Audio { position, mulaw } => {
                self.take(position, &mulaw);
                None
            }
            SttInput::SpeechStarted { position } => {
                // Speech that goes on after a short pause belongs to the turn that began earlier.
                self.turn_from.get_or_insert(position);
                None
            }
            SttInput::SpeechEnded { position } => {
                let from = self.turn_from.take().unwrap_or(position);
                Some(Turn {
                    expectation: self.expectation,
                    from,
                    to: position,
                    mulaw: self.cut(from, position),
                })
            }
            SttInput::Expect(expectation) => {
                self.expectation = expectation;
                None
            }
            // Nothing is typed here, what is said is recognised; and pauses are heard in the audio.
            SttInput::Echo { .. }
            | SttInput::TypedWords(_)
            | SttInput::SpeechFaltered { .. }
            | SttInput::SpeechPaused { .. }
            | SttInput::SpeechResumed { .. } => None,
        }
    }

    /// Appends audio. Lost frames become silence, so that positions stay true.
    fn take(&mut self, position: Samples, mulaw: &[u8]) {
        let longest = usize::try_from(TURN_AUDIO.0).unwrap_or(usize::MAX);
        let gap = usize::try_from(position.saturating_sub(self.end).0).unwrap_or(usize::MAX);
        self.audio
            .extend(std::iter::repeat_n(mulaw::SILENCE, gap.min(longest)));
        let known = usize::try_from(self.end.saturating_sub(position).0).unwrap_or(usize::MAX);
        let fresh = &mulaw[known.min(mulaw.len())..];
        self.audio.extend(fresh);
        self.end = self
            .end
            .max(Samples(position.0.saturating_add(mulaw.len() as u64)));
        let excess = self.audio.len().saturating_sub(longest);
        self.audio.drain(..excess);
    }

    /// The audio between two positions, as far as it is still here.
    fn cut(&self, from: Samples, to: Samples) -> Vec<u8> {
        let start = self.end.saturating_sub(Samples(self.audio.len() as u64));
        let place = |position: Samples| {
            let place = usize::try_from(position.saturating_sub(start).0).unwrap_or(usize::MAX);
            place.min(self.audio.len())
        };
        let (from, to) = (place(from), place(to));
        self.audio.range(from.min(to)..to).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn audio(position: u64, mulaw: &[u8]) -> SttInput {
        SttInput::Audio {
            position: Samples(position),
            mulaw: Bytes::copy_from_slice(mulaw),
        }
    }

    fn started(position: u64) -> SttInput {
        SttInput::SpeechStarted {
            position: Samples(position),
        }
    }

    fn ended(position: u64) -> SttInput {
        SttInput::SpeechEnded {
            position: Samples(position),
        }
    }

    fn heard(ear: &mut Ear, inputs: Vec<SttInput>) -> Vec<Turn> {
        inputs
            .into_iter()
            .filter_map(|input| ear.hear(input))
            .collect()
    }

    #[test]
    fn a_turn_runs_from_the_start_of_speech_to_its_end() {
        let turns = heard(
            &mut Ear::default(),
            vec![
                SttInput::Expect(Expectation::Phone),
                audio(0, b"abcdef"),
                started(2),
                audio(6, b"ghij"),
                ended(8),
            ],
        );
        assert_eq!(
            turns,
            [Turn {
                expectation: Expectation::Phone,
                from: Samples(2),
                to: Samples(8),
                mulaw: b"cdefgh".to_vec(),
            }]
        );
    }

    #[test]
    fn a_pause_within_a_turn_does_not_lose_its_beginning() {
        let turns = heard(
            &mut Ear::default(),
            vec![audio(0, b"abcdefgh"), started(1), started(5), ended(7)],
        );
        assert_eq!(turns[0].mulaw, b"bcdefg");
    }

    #[test]
    fn the_next_turn_does_not_hold_the_last_one() {
        let turns = heard(
            &mut Ear::default(),
            vec![
                audio(0, b"abcdefgh"),
                started(0),
                ended(3),
                started(5),
                ended(7),
            ],
        );
        assert_eq!(turns[1].mulaw, b"fg");
    }

    #[test]
    fn lost_frames_are_silence_and_repeated_ones_are_heard_once() {
        let turns = heard(
            &mut Ear::default(),
            vec![
                audio(0, b"ab"),
                audio(4, b"ef"),
                audio(4, b"efg"),
                started(0),
                ended(7),
            ],
        );
        let silence = mulaw::SILENCE;
        assert_eq!(
            turns[0].mulaw,
            [b'a', b'b', silence, silence, b'e', b'f', b'g']
        );
    }

    #[test]
    fn of_a_turn_longer_than_the_buffer_the_end_is_kept() {
        let longest = usize::try_from(TURN_AUDIO.0).expect("small");
        let mut ear = Ear::default();
        ear.hear(started(0));
        ear.hear(audio(0, b"first"));
        ear.hear(audio(5, &vec![1; longest]));
        let turn = ear.hear(ended(5 + TURN_AUDIO.0)).expect("a turn");
        assert_eq!(turn.mulaw, vec![1; longest]);
    }

    #[test]
    fn a_jump_in_positions_does_not_take_memory() {
        let mut ear = Ear::default();
        ear.hear(audio(u64::MAX - 1, b"abc"));
        assert!(ear.audio.len() <= usize::try_from(TURN_AUDIO.0).expect("small"));
    }

    #[test]
    fn an_end_without_a_start_is_still_answered() {
        let turns = heard(&mut Ear::default(), vec![audio(0, b"abc"), ended(3)]);
        assert_eq!(turns.len(), 1);
        assert!(turns[0].mulaw.is_empty());
    }

    #[test]
    fn only_what_the_grammar_reads_is_a_transcript() {
        let (from, to) = (Samples(1), Samples(2));
        let lm_only = Reading {
            grammar: None,
            lm: Some("yes".into()),
        };
        assert_eq!(judge(lm_only, from, to), SttEvent::Nothing { position: to });
        let both = Reading {
            grammar: Some("no".into()),
            lm: Some("yes".into()),
        };
        assert!(matches!(
            judge(both, from, to),
            SttEvent::Final(Transcript { text, second_opinion: Some(second), typed: false, .. })
                if text == "no" && second == "yes"
        ));
    }
}
