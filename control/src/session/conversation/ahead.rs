//! Thinking ahead: words that are likely the caller's whole turn are given to the language model
//! before the turn has ended.
//!
//! What it answers, words and tools alike, is kept here and known to nobody. Only when the dialogue
//! has heard the turn and asks the model for itself, and asks the very same, does the answer flow,
//! as if it had been asked then. Otherwise it is thrown away. So nothing is said, done or written
//! down for words that nobody has said in the end.

use std::collections::VecDeque;

use pipeline::endpointing::same_words;

use super::{Conversation, Effect, Now, Plan};
use crate::limits;
use crate::llm::{self, Answer};

/// What is thought about the caller's present turn.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Words that are likely whole and were not thought about yet.
    likely: Option<String>,
    early: Option<Early>,
    /// How often the model was asked in this turn.
    times: usize,
}

/// What the model was asked before its time.
#[derive(Debug)]
struct Early {
    words: String,
    request: llm::Request,
    answers: VecDeque<Answer>,
}

/// What became of an early question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::session) enum Thought {
    /// Its answer was the answer.
    Used,
    /// It was in vain. What is paid for and of no use, in characters: of the conversation that was
    /// given to the model, and of what the model had written.
    Discarded { prompt: usize, answer: usize },
}

impl Conversation {
    /// The words so far are likely all.
    pub(super) fn likely_end(&mut self, text: String) {
        let early = self.ahead.early.as_ref();
        if early.is_none_or(|early| !same_words(&early.words, &text)) {
            self.ahead.likely = Some(text);
        }
    }

    /// The caller's turn is over.
    pub(super) fn think_afresh(&mut self) {
        self.think_no_further();
        self.ahead.times = 0;
    }

    /// What was thought about is not what the caller says.
    pub(super) fn think_no_further(&mut self) {
        self.ahead.likely = None;
        if let Some(thought) = self.ahead.discard() {
            self.effects.push_back(Effect::StopAsking);
            self.effects.push_back(Effect::Thought(thought));
        }
    }

    /// Asks the model about words that are likely whole, once nothing else is under way: an answer
    /// that the agent is giving, or a tool that runs, may change what is asked.
    pub(super) fn think_ahead(&mut self, now: &Now) {
        let idle = self.speaking.is_silent() && !self.at_work() && self.ending == Plan::GoOn;
        let Some(words) = self.ahead.likely.take_if(|_| idle) else {
            return;
        };
        self.think_no_further();
        if self.ahead.times >= limits::EARLY_QUESTIONS {
            return;
        }
        if let Some(request) = self.brain.speculate(&words, &now.local) {
            self.ahead.times += 1;
            self.ahead.early = Some(Early {
                words,
                request: request.clone(),
                answers: VecDeque::new(),
            });
            self.effects.push_back(Effect::Ask(request));
        }
    }

    /// The dialogue asks: either this was asked before, and its answer is to be had, or it is asked
    /// now.
    pub(super) fn ask(&mut self, request: llm::Request) {
        self.ahead.likely = None;
        let early = &mut self.ahead.early;
        match early.take_if(|early| early.request.asks_the_same_as(&request)) {
            Some(early) => {
                self.held = early.answers;
                self.effects.push_back(Effect::Thought(Thought::Used));
            }
            None => {
                self.think_no_further();
                self.effects.push_back(Effect::Ask(request));
            }
        }
    }

    /// The model goes on with an answer that nobody has asked for yet. False where somebody has.
    pub(super) fn keep_early(&mut self, answer: &Answer) -> bool {
        let Some(early) = &mut self.ahead.early else {
            return false;
        };
        if let Answer::Failed(_) = answer {
            // It is asked again in its time.
            self.think_no_further();
        } else {
            early.answers.push_back(answer.clone());
        }
        true
    }

    /// The call is over: what was thought about in vain.
    pub(in crate::session) fn thought_at_the_end(&mut self) -> Option<Thought> {
        self.ahead.discard()
    }
}

impl Ahead {
    fn discard(&mut self) -> Option<Thought> {
        let early = self.early.take()?;
        let written = early.answers.iter().map(Answer::letters);
        Some(Thought::Discarded {
            prompt: early.request.letters(),
            answer: written.sum(),
        })
    }
}
