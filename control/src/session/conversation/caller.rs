//! What the caller does: words, silence, keys, speaking over the agent.

use dsp::Samples;
use pipeline::Mono;
use pipeline::message::{Command, Expectation, Transcript, UtteranceId};

use super::deadlines::Due;
use super::{Caller, Conversation, Now, Patience, Plan};
use crate::dialogue::{Input, Silence, mask};
use crate::feed::FeedEvent;
use crate::session::ending::Ending;

impl Conversation {
    pub(super) fn words(&mut self, transcript: Transcript, at: Mono, now: &Now) {
        // Words of what was said before the caller went on leave them the floor.
        if self.caller != Caller::Speaking || transcript.to > self.speech_began {
            self.caller = Caller::Quiet;
        }
        self.stt_failures = 0;
        self.silence = Patience::Fresh;
        // Said over our good-bye, or in the moment before it: it stands unless the dialogue goes on.
        let planned = self.ending;
        if let Plan::After(Ending::HungUp) | Plan::Withdrawn(_) = planned {
            self.ending = Plan::GoOn;
        }
        if let Some(turn) = &mut self.turn {
            turn.transcript(at);
        }
        let at_ms = self.elapsed_ms(at);
        let shown = self.record.caller(at_ms, &transcript.text, self.expects);
        let second = transcript.second_opinion.as_deref();
        let second_shown = second.map(|text| mask::masked(text, self.expects));
        self.publish(FeedEvent::Caller {
            text: shown,
            second_opinion: second_shown,
            typed: transcript.typed,
        });
        self.think_again(now);
        let heard = Input::Heard {
            text: transcript.text,
            second_opinion: transcript.second_opinion,
        };
        let goes_on = self.think(heard, now);
        self.think_afresh();
        if let Plan::After(ending) | Plan::Withdrawn(ending) = planned
            && self.ending == Plan::GoOn
            && !goes_on
        {
            self.ending = Plan::After(ending);
        }
    }

    /// The caller only acknowledges what the agent says, which is no turn, unless the agent has
    /// come to its end meanwhile and waits for an answer.
    pub(super) fn backchannel(&mut self, transcript: Transcript, at: Mono, now: &Now) {
        if self.speaking.is_silent() && !self.at_work() {
            return self.words(transcript, at, now);
        }
        if self.caller != Caller::Speaking || transcript.to > self.speech_began {
            self.caller = Caller::Quiet;
        }
        self.stt_failures = 0;
        self.silence = Patience::Fresh;
        self.turn = None;
        self.think_afresh();
        let at_ms = self.elapsed_ms(at);
        let shown = self.record.caller(at_ms, &transcript.text, self.expects);
        self.publish(FeedEvent::Caller {
            text: shown,
            second_opinion: None,
            typed: transcript.typed,
        });
    }

    /// A turn that ended at `position` held no words.
    pub(super) fn no_words(&mut self, position: Samples, now: &Now) {
        // After its deadline the dialogue has asked again already; of an old turn it is no news.
        if self.caller != Caller::Recognising || position < self.speech_ended {
            return;
        }
        self.publish(FeedEvent::Unclear);
        self.think_afresh();
        self.unclear(now);
    }

    /// The caller made a sound, and no words came of it.
    pub(super) fn unclear(&mut self, now: &Now) {
        self.caller = Caller::Quiet;
        if !self.speaking.is_silent() {
            // A cough over what is being said: nobody asked for it to be said again.
            self.turn = None;
        } else if let Plan::After(ending) | Plan::Withdrawn(ending) = self.ending {
            // A cough over the good-bye, or just after it.
            self.ending = Plan::After(ending);
        } else {
            self.think(Input::Unclear, now);
        }
    }

    pub(super) fn key(&mut self, key: char, now: &Now) {
        self.silence = Patience::Fresh;
        self.deadlines.cancel(Due::Silence);
        let private = matches!(
            self.expects,
            Expectation::Phone | Expectation::DateOfBirth | Expectation::Address
        );
        self.publish(FeedEvent::Keypad {
            key: if private { '·' } else { key },
        });
        if !self.asking {
            self.think_again(now);
        }
        self.think(Input::Keypad(key), now);
    }

    /// The caller went on before they had heard all of an answer that is given anew then.
    fn think_again(&mut self, now: &Now) {
        let answering = self.asking || !self.speaking.is_silent();
        if !answering || !self.brain.thinks_again() {
            return;
        }
        // Of several utterances the earlier ones were heard to their end.
        let heard = self.take_back(None).into_iter();
        let heard = heard.map(|(_, text)| text).rfind(|text| !text.is_empty());
        let heard = heard.unwrap_or_default();
        self.think(Input::Interrupted { heard }, now);
    }

    /// Nothing more of what was said is to be heard; the data plane knows it of `retired`. Gives
    /// what was heard of each utterance.
    fn take_back(&mut self, retired: Option<UtteranceId>) -> Vec<(UtteranceId, String)> {
        let mut heard = Vec::new();
        for utterance in self.speaking.remove_all() {
            let (id, text) = (utterance.id, utterance.heard_text());
            self.record.heard(utterance.line, &text);
            if retired != Some(id) {
                self.send(Command::Retire { utterance: id });
            }
            heard.push((id, text));
        }
        heard
    }

    /// The caller spoke over the agent: of everything said, only the heard part was said.
    pub(super) fn interrupted(&mut self, first: UtteranceId, reaction_ms: f64, now: &Now) {
        let heard = self.take_back(Some(first)).into_iter();
        let heard: String = heard
            .filter(|(id, _)| *id == first)
            .map(|(_, text)| text)
            .collect();
        self.finish_turn();
        if let Plan::After(Ending::HungUp) = self.ending {
            self.ending = Plan::Withdrawn(Ending::HungUp);
        }
        self.publish(FeedEvent::BargeIn {
            utterance: first.0,
            heard: mask::masked(&heard, Expectation::Open),
            reaction_ms,
        });
        self.think(Input::Interrupted { heard }, now);
    }

    pub(super) fn machine(&mut self, now: &Now) {
        self.take_back(None);
        self.caller = Caller::Quiet;
        self.held.clear();
        self.think_afresh();
        self.think(Input::Machine, now);
    }

    pub(super) fn silent(&mut self, now: &Now) {
        match self.silence {
            Patience::Fresh => {
                self.silence = Patience::Asked;
                self.think(Input::Silence(Silence::Prompt), now);
            }
            Patience::Asked => {
                self.record.fell_silent();
                self.think(Input::Silence(Silence::HangUp), now);
                if let Plan::GoOn | Plan::Withdrawn(_) = self.ending {
                    self.ending = Plan::After(Ending::HungUp);
                }
            }
        }
    }
}
