//! A call's conversation: between what the data plane reports and what the dialogue wants.
//!
//! Pure: events, tool results and `now` go in by `handle_*`; what is to be done comes out of
//! [`Conversation::poll_effect`], and the next moment at which something is due out of
//! [`Conversation::poll_timeout`]. After each `handle_*`, drain the effects and then ask for the
//! timeout.

mod agent;
mod ahead;
mod caller;
mod deadlines;

use std::collections::{BTreeSet, VecDeque};

use dsp::Samples;
use jiff::Zoned;
use pipeline::Mono;
use pipeline::message::{Command, Event, EventKind, Expectation};
use storage::call_log::TurnTimings;

use self::ahead::Ahead;
pub(super) use self::ahead::Thought;
use self::deadlines::{Deadlines, Due};
use super::ending::Ending;
use super::record::Record;
use super::speaking::Speaking;
use super::turn::{Turn, millis};
use crate::dialogue::{Brain, Input, Offer, ToolId, mask};
use crate::feed::FeedEvent;
use crate::limits;
use crate::llm;
use crate::tools::{ToolCall, ToolOutcome};

/// The two clocks a conversation goes by.
#[derive(Clone, Debug)]
pub(super) struct Now {
    /// For deadlines and latencies.
    pub(super) mono: Mono,
    /// The business's local time, for what "tomorrow" means.
    pub(super) local: Zoned,
}

/// What is to be done, in this order.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    Send(Command),
    RunTool {
        id: ToolId,
        call: ToolCall,
    },
    /// Ask the language model, instead of what it was asked before.
    Ask(llm::Request),
    /// Its answer is no longer wanted.
    StopAsking,
    /// What became of a question that was asked ahead of its turn.
    Thought(Thought),
    Publish(FeedEvent),
    /// The caller decides about these times, and about nothing else.
    Hold(Option<Offer>),
    /// A turn was answered; for the histograms.
    Turn(TurnTimings),
}

pub(super) struct Conversation {
    brain: Box<dyn Brain>,
    /// When media began to flow; feed and transcript count from here.
    opened: Mono,
    typed_speech: bool,
    speaking: Speaking,
    caller: Caller,
    /// Where the caller began to speak last, in their audio.
    speech_began: Samples,
    /// Where their last turn ended.
    speech_ended: Samples,
    /// Tools whose result the dialogue waits for.
    tools_running: BTreeSet<ToolId>,
    /// The dialogue waits for a language model.
    asking: bool,
    /// What the model has answered while the caller spoke: said only if they said nothing.
    held: VecDeque<llm::Answer>,
    ahead: Ahead,
    /// Since the agent's last words to the matter, the caller was told that it takes a moment.
    filled: bool,
    expects: Expectation,
    /// The state as last published.
    shown: (String, Expectation),
    /// What the caller was deciding about when it was last looked at.
    offered: Option<Offer>,
    silence: Patience,
    deadlines: Deadlines,
    ending: Plan,
    turn: Option<Turn>,
    record: Record,
    /// Recogniser failures since its last words.
    stt_failures: u32,
    effects: VecDeque<Effect>,
}

/// What the caller is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Quiet,
    Speaking,
    /// They spoke; their words are being recognised.
    Recognising,
}

/// What a silent line leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    Fresh,
    /// The caller was asked whether they are still there.
    Asked,
}

/// Whether the call is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    GoOn,
    /// Once everything said has been heard.
    After(Ending),
    /// The caller spoke over the good-bye. Unless words come of it, it stands.
    Withdrawn(Ending),
    /// The data plane was told.
    Told(Ending),
}

impl Conversation {
    /// A conversation whose media flows since `now`.
    pub(super) fn new(brain: Box<dyn Brain>, typed_speech: bool, now: Mono) -> Self {
        Self {
            brain,
            opened: now,
            typed_speech,
            speaking: Speaking::default(),
            caller: Caller::Quiet,
            speech_began: Samples::ZERO,
            speech_ended: Samples::ZERO,
            tools_running: BTreeSet::new(),
            asking: false,
            held: VecDeque::new(),
            ahead: Ahead::default(),
            filled: false,
            expects: Expectation::default(),
            shown: (String::new(), Expectation::default()),
            offered: None,
            silence: Patience::Fresh,
            deadlines: Deadlines::default(),
            ending: Plan::GoOn,
            turn: None,
            record: Record::default(),
            stt_failures: 0,
            effects: VecDeque::new(),
        }
    }

    /// Media flows: the agent greets. `opening` says whom.
    pub(super) fn handle_opened(&mut self, opening: Input, now: &Now) {
        let speech = if self.typed_speech {
            "typed"
        } else {
            "recognised"
        };
        self.publish(FeedEvent::Started {
            speech: speech.to_owned(),
        });
        self.think(opening, now);
        self.settle(now.mono);
    }

    /// A machine listens. What is being said to it would not be recorded whole.
    pub(super) fn handle_machine(&mut self, now: &Now) {
        self.machine(now);
        self.settle(now.mono);
    }

    /// Something happened to the audio. `Started` and `Ended` are the session's own affair.
    pub(super) fn handle_event(&mut self, event: Event, now: &Now) {
        let at = event.at;
        match event.kind {
            EventKind::Started | EventKind::Ended { .. } => {}
            EventKind::SpeechStarted { position } => {
                self.finish_turn();
                self.caller = Caller::Speaking;
                self.speech_began = position;
                self.publish(FeedEvent::CallerSpeech { speaking: true });
            }
            EventKind::SpeechEnded { position, silence } => {
                self.caller = Caller::Recognising;
                self.speech_ended = position;
                let paused = std::time::Duration::from_millis(silence.as_ms());
                self.turn = Some(Turn::new(self.opened, at, paused));
                self.publish(FeedEvent::CallerSpeech { speaking: false });
            }
            EventKind::Partial { text } => {
                self.deadlines.cancel(Due::Talk);
                let text = mask::masked(&text, self.expects);
                self.publish(FeedEvent::Partial { text });
            }
            EventKind::LikelyEnd { text } => self.likely_end(text),
            EventKind::WentOn => self.think_no_further(),
            EventKind::Transcript(transcript) => self.words(transcript, at, now),
            EventKind::Backchannel(transcript) => self.backchannel(transcript, at, now),
            EventKind::NothingRecognised { position } => self.no_words(position, now),
            EventKind::Keypad { key } => self.key(key, now),
            EventKind::SpeechFailed {
                edge,
                utterance,
                reason,
            } => self.speech_failed(edge, utterance, &reason, now),
            EventKind::Ducked {
                utterance,
                reaction,
            } => self.publish(FeedEvent::Ducked {
                utterance: utterance.0,
                reaction_ms: reaction.as_secs_f64() * 1_000.0,
            }),
            EventKind::Resumed {
                utterance,
                silent_for,
                ..
            } => {
                self.deadlines.cancel(Due::Playout);
                self.publish(FeedEvent::Resumed {
                    utterance: utterance.0,
                    silent_ms: silent_for.as_secs_f64() * 1_000.0,
                });
            }
            EventKind::BargeIn {
                utterance,
                heard,
                reaction,
            } => {
                if let Some(spoken) = self.speaking.get_mut(utterance) {
                    spoken.heard_up_to(heard);
                    self.interrupted(utterance, reaction.as_secs_f64() * 1_000.0, now);
                }
            }
            EventKind::FirstAudio { utterance }
            | EventKind::UtteranceStarted { utterance }
            | EventKind::ClauseSynthesised { utterance, .. }
            | EventKind::Heard { utterance, .. }
            | EventKind::UtteranceFinished { utterance, .. } => {
                self.playout(utterance, &event.kind, at);
            }
        }
        self.release(now);
        self.think_ahead(now);
        self.settle(now.mono);
    }

    /// The language model goes on with its answer.
    pub(super) fn handle_model(&mut self, answer: llm::Answer, now: &Now) {
        if self.keep_early(&answer) {
            return;
        }
        self.held.push_back(answer);
        self.release(now);
        self.settle(now.mono);
    }

    /// Lets the dialogue hear of what the model answered, unless the caller has the floor. A sound
    /// over the agent may come to nothing: until it is known to be more, what is being said goes on
    /// to be made, but nothing new is begun.
    fn release(&mut self, now: &Now) {
        while let Some(answer) = self.held.front()
            && (self.caller == Caller::Quiet || self.speaking.goes_on() && answer.only_speaks())
            && let Some(answer) = self.held.pop_front()
        {
            let words = matches!(answer, llm::Answer::Text(_));
            self.asking &= words;
            if let Some(turn) = &mut self.turn {
                turn.model_spoke(words, now.mono);
            }
            self.think(Input::Model(answer), now);
        }
    }

    /// A tool is done. Of one that was abandoned nobody wants to know.
    pub(super) fn handle_tool(&mut self, id: ToolId, outcome: ToolOutcome, now: &Now) {
        if self.tools_running.remove(&id) {
            self.think(Input::ToolFinished { id, outcome }, now);
        }
        self.settle(now.mono);
    }

    /// Time has passed. Early calls do nothing.
    pub(super) fn handle_timeout(&mut self, now: &Now) {
        while let Some(due) = self.deadlines.take_due(now.mono) {
            match due {
                Due::Silence => self.silent(now),
                Due::Slow => self.fill(now),
                Due::Talk => {
                    self.trouble("a sound goes on without words");
                    self.unclear(now);
                }
                Due::Words => {
                    self.trouble("the recogniser gave no answer in time");
                    self.unclear(now);
                }
                Due::Playout => {
                    self.trouble("an utterance was not heard in time");
                    let lost = self.speaking.first().map(|u| u.id);
                    self.lose(lost, now);
                }
            }
            self.release(now);
            self.settle(now.mono);
        }
    }

    pub(super) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Self::handle_timeout`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Mono> {
        self.deadlines.next()
    }

    /// The way we meant the call to end, where we did.
    pub(super) fn intended(&self) -> Option<Ending> {
        match self.ending {
            Plan::After(ending) | Plan::Withdrawn(ending) | Plan::Told(ending) => Some(ending),
            Plan::GoOn => None,
        }
    }

    /// Milliseconds of the call at `now`.
    pub(super) fn elapsed_ms(&self, now: Mono) -> u64 {
        millis(now.since(self.opened))
    }

    /// The call is over: what was still being said was heard as far as marks say.
    pub(super) fn into_record(mut self) -> (Record, Option<TurnTimings>) {
        for utterance in self.speaking.remove_all() {
            let heard = utterance.heard_text();
            self.record.heard(utterance.line, &heard);
        }
        let turn = self.turn.take().and_then(|turn| turn.timings());
        if let Some(turn) = turn {
            self.record.turn(turn);
        }
        (self.record, turn)
    }

    // ---- ends and deadlines -----------------------------------------------

    fn end_now(&mut self, ending: Ending) {
        if !matches!(self.ending, Plan::Told(_)) {
            self.ending = Plan::Told(ending);
            self.send(Command::HangUp {
                after_playout: false,
            });
        }
    }

    /// Brings the deadlines, and a planned end, in line with what is going on.
    fn settle(&mut self, now: Mono) {
        let silent = self.speaking.is_silent();
        // Whoever has just begun to speak is not cut off, though a human hears them, too.
        let is_heard = self.caller == Caller::Quiet;
        if let Plan::After(ending) = self.ending
            && silent
            && !self.at_work()
            && (is_heard || ending != Ending::HungUp)
        {
            self.ending = Plan::Told(ending);
            self.send(Command::HangUp {
                after_playout: true,
            });
        }
        if let Plan::Told(_) = self.ending {
            self.deadlines = Deadlines::default();
            return;
        }
        let nobody_speaks = silent && self.caller == Caller::Quiet;
        let quiet = nobody_speaks && !self.at_work();
        let patience = match self.silence {
            Patience::Fresh => limits::SILENCE_PROMPT,
            Patience::Asked => limits::SILENCE_HANG_UP,
        };
        self.deadlines.keep(Due::Silence, quiet, now, patience);
        let kept_waiting = nobody_speaks && self.at_work() && !self.filled;
        self.deadlines
            .keep(Due::Slow, kept_waiting, now, limits::SLOW_AFTER);
        let speaking = self.caller == Caller::Speaking;
        self.deadlines
            .keep(Due::Talk, speaking, now, limits::WORDLESS_TALK);
        let recognising = self.caller == Caller::Recognising;
        self.deadlines
            .keep(Due::Words, recognising, now, limits::TRANSCRIPT_DEADLINE);
        let progress = match self.speaking.first() {
            Some(utterance) if utterance.started => limits::PLAYOUT_GRACE,
            _ => limits::FIRST_FRAME_DEADLINE,
        };
        self.deadlines.keep(Due::Playout, !silent, now, progress);
    }

    /// The caller waits for a tool or a model.
    fn at_work(&self) -> bool {
        !self.tools_running.is_empty() || self.asking
    }

    fn send(&mut self, command: Command) {
        self.effects.push_back(Effect::Send(command));
    }

    fn publish(&mut self, what: FeedEvent) {
        self.effects.push_back(Effect::Publish(what));
    }
}
