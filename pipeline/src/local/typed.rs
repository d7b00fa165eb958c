//! Speech without engines: the caller's words are typed, and voices are a buzz.
//!
//! The audio still drives voice detection, turn-taking, barge-in and pacing as speech would; only
//! the words travel beside it. Transcripts say that they were typed.

mod buzz;

use std::collections::VecDeque;

use dsp::Samples;
use tokio::sync::mpsc;

pub use buzz::buzz;

use super::limits::TYPED_LINES;
use super::{Speech, Voice};
use crate::message::Transcript;
use crate::net::edge::{SttEvent, SttInput, TtsEvent, TtsInput};

/// A recogniser that recognises nothing: each ended turn takes the next typed line.
pub async fn stt(mut input: mpsc::Receiver<SttInput>, output: mpsc::Sender<SttEvent>) {
    let mut lines = Lines::default();
    while let Some(heard) = input.recv().await {
        let Some(answer) = lines.hear(heard) else {
            continue;
        };
        if output.send(answer).await.is_err() {
            return;
        }
    }
}

/// A synthesiser that buzzes for as long as the words would take.
pub async fn tts(input: mpsc::Receiver<TtsInput>, output: mpsc::Sender<TtsEvent>) {
    let synthesise = |text: &str| Ok(Speech::Kept(buzz(text, Voice::AGENT).into()));
    super::tts::serve(synthesise, input, output).await;
}

/// Typed lines that wait for their turns.
#[derive(Debug, Default)]
struct Lines {
    waiting: VecDeque<String>,
    turn_from: Option<Samples>,
}

impl Lines {
    fn hear(&mut self, input: SttInput) -> Option<SttEvent> {
        match input {
            SttInput::TypedWords(words) => {
                if self.waiting.len() < TYPED_LINES {
                    self.waiting.push_back(words);
                    None
                } else {
                    let reason = format!("{TYPED_LINES} typed lines already wait for their turns");
                    Some(SttEvent::Failed { reason })
                }
            }
            SttInput::SpeechStarted { position } => {
                self.turn_from.get_or_insert(position);
                None
            }
            SttInput::SpeechEnded { position } => {
                let from = self.turn_from.take().unwrap_or(position);
                Some(match self.waiting.pop_front() {
                    Some(text) => SttEvent::Final(Transcript {
                        text,
                        second_opinion: None,
                        typed: true,
                        from,
                        to: position,
                    }),
                    None => SttEvent::Nothing { position },
                })
            }
            SttInput::Audio { .. }
            | SttInput::Echo { .. }
            | SttInput::Expect(_)
            | SttInput::SpeechFaltered { .. }
            | SttInput::SpeechPaused { .. }
            | SttInput::SpeechResumed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::UtteranceId;

    fn ended(position: u64) -> SttInput {
        SttInput::SpeechEnded {
            position: Samples(position),
        }
    }

    #[test]
    fn each_turn_takes_the_next_line_and_says_that_it_was_typed() {
        let mut lines = Lines::default();
        assert_eq!(lines.hear(SttInput::TypedWords("one".into())), None);
        assert_eq!(lines.hear(SttInput::TypedWords("two".into())), None);
        lines.hear(SttInput::SpeechStarted {
            position: Samples(80),
        });
        assert_eq!(
            lines.hear(ended(500)),
            Some(SttEvent::Final(Transcript {
                text: "one".into(),
                second_opinion: None,
                typed: true,
                from: Samples(80),
                to: Samples(500),
            }))
        );
        assert!(matches!(
            lines.hear(ended(900)),
            Some(SttEvent::Final(Transcript { text, .. })) if text == "two"
        ));
    }

    #[test]
    fn a_turn_without_a_line_held_no_words() {
        assert_eq!(
            Lines::default().hear(ended(500)),
            Some(SttEvent::Nothing {
                position: Samples(500)
            })
        );
    }

    #[test]
    fn too_many_lines_are_refused_aloud() {
        let mut lines = Lines::default();
        for _ in 0..TYPED_LINES {
            assert_eq!(lines.hear(SttInput::TypedWords("x".into())), None);
        }
        assert!(matches!(
            lines.hear(SttInput::TypedWords("x".into())),
            Some(SttEvent::Failed { .. })
        ));
    }

    #[tokio::test]
    async fn the_agent_buzzes_its_clauses_in_order_and_says_how_long_they_were() {
        let (wishes, input) = mpsc::channel(8);
        let (output, mut events) = mpsc::channel(8);
        let edge = tokio::spawn(tts(input, output));
        for (clause, text, last) in [
            (0, "Hello,", false),
            (1, "how can I help?", false),
            // Without words it just closes the utterance.
            (2, "", true),
        ] {
            let utterance = UtteranceId(3);
            let text = text.to_owned();
            let speak = TtsInput::Speak {
                utterance,
                clause,
                text,
                last,
            };
            wishes.send(speak).await.expect("the edge listens");
        }
        let mut heard = Samples::ZERO;
        let mut clauses = Vec::new();
        loop {
            match events.recv().await.expect("it goes on until it is done") {
                TtsEvent::Audio { mulaw, .. } => heard += Samples(mulaw.len() as u64),
                TtsEvent::ClauseDone {
                    clause, samples, ..
                } => {
                    assert_eq!(samples, heard, "clause {clause}");
                    heard = Samples::ZERO;
                    clauses.push(clause);
                }
                TtsEvent::Done { utterance } => {
                    assert_eq!(utterance, UtteranceId(3));
                    break;
                }
                TtsEvent::Failed { reason, .. } => panic!("{reason}"),
            }
        }
        assert_eq!(clauses, [0, 1, 2]);
        drop(wishes);
        edge.await.expect("the edge ends with its input");
    }
}
