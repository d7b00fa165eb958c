//! What the caller's words say of a sound over the agent.
//!
//! The voice thread falls silent at a sound and asks nobody; whether the agent goes on is decided
//! there by how long the voice lasts, and here by words, whichever comes first. Words that only
//! acknowledge ("uh-huh") let it go on, and are nobody's turn; all others take the floor, even when
//! the agent has gone on meanwhile because they were late.

mod words;

use dsp::Samples;

use crate::fact::Order;
use crate::message::{Expectation, Transcript, UtteranceId};
use crate::time::Mono;
use words::{Words, weigh};

/// The latest sound over the agent, as one call's relay sees it.
#[derive(Debug, Default)]
pub(super) struct Interjection {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// There was none, or it has been decided what it was.
    #[default]
    None,
    /// The agent fell silent in this utterance, and may have gone on.
    Undecided {
        utterance: UtteranceId,
        /// Where the sound began.
        voice: Samples,
    },
    /// The voice thread has been told that the caller has the floor. Until it has obeyed, the words
    /// wait, so that the session hears of the interruption first.
    Committing {
        utterance: UtteranceId,
        words: Option<(Mono, Transcript)>,
    },
}

/// What becomes of a turn's words.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are the caller's turn.
    Turn(Transcript),
    /// They only acknowledge what the agent says.
    Backchannel(Transcript),
    /// They are kept until the voice thread has obeyed.
    Kept,
}

impl Interjection {
    /// The agent fell silent for a sound that began at `voice`.
    pub(super) fn handle_ducked(&mut self, utterance: UtteranceId, voice: Samples) {
        if let State::None | State::Undecided { .. } = self.state {
            self.state = State::Undecided { utterance, voice };
        }
    }

    /// The caller has taken the floor. Words about it that were already decided are awaited no
    /// longer than the voice thread's answer.
    pub(super) fn handle_barge_in(&mut self) {
        if let State::Undecided { .. } = self.state {
            self.state = State::None;
        }
    }

    /// The voice thread has obeyed: gives the words that waited for it.
    pub(super) fn handle_decided(&mut self, about: UtteranceId) -> Option<(Mono, Transcript)> {
        match std::mem::take(&mut self.state) {
            State::Committing { utterance, words } if utterance == about => words,
            other => {
                self.state = other;
                None
            }
        }
    }

    /// The caller began another turn, after all that was undecided: whatever its words were, nobody
    /// has them.
    pub(super) fn handle_turn_started(&mut self, position: Samples) {
        if let State::Undecided { voice, .. } = self.state
            && voice < position
        {
            self.state = State::None;
        }
    }

    /// Words that may still change.
    pub(super) fn handle_partial(&mut self, text: &str, expects: Expectation) -> Option<Order> {
        let State::Undecided { utterance, .. } = self.state else {
            return None;
        };
        match weigh(text, expects) {
            Words::None => None,
            Words::Backchannel => Some(Order::Resume { utterance }),
            Words::Turn => {
                self.state = State::Committing {
                    utterance,
                    words: None,
                };
                Some(Order::Commit { utterance })
            }
        }
    }

    /// The words of a turn.
    pub(super) fn handle_words(
        &mut self,
        at: Mono,
        words: Transcript,
        expects: Expectation,
    ) -> (Verdict, Option<Order>) {
        match &mut self.state {
            State::None => (Verdict::Turn(words), None),
            State::Undecided { utterance, voice } => {
                let (utterance, about_it) = (*utterance, words.to > *voice);
                if weigh(&words.text, expects) == Words::Turn {
                    self.state = State::Committing {
                        utterance,
                        words: Some((at, words)),
                    };
                    return (Verdict::Kept, Some(Order::Commit { utterance }));
                }
                // Words of a sound before this one say nothing of it.
                let order = about_it.then_some(Order::Resume { utterance });
                if about_it {
                    self.state = State::None;
                }
                (Verdict::Backchannel(words), order)
            }
            State::Committing { words: kept, .. } => match kept {
                None => {
                    *kept = Some((at, words));
                    (Verdict::Kept, None)
                }
                Some(_) => (Verdict::Turn(words), None),
            },
        }
    }

    /// The recogniser found no words in the caller's turn up to `position`.
    pub(super) fn handle_nothing(&mut self, position: Samples) -> Option<Order> {
        match self.state {
            State::Undecided { utterance, voice } if voice < position => {
                self.state = State::None;
                Some(Order::Resume { utterance })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
