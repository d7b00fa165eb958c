//! A call's conversation: between what the data plane reports and what the dialogue wants.
//!
//! Pure: events, tool results and `now` go in by `handle_*`; what is to be done comes out of
//! [`Conversation::poll_effect`], and the next moment at which something is due out of
//! [`Conversation::poll_timeout`]. After each `handle_*`, drain the effects and then ask for the
//! timeout.

mod deadlines;

use std::collections::VecDeque;

use jiff::Zoned;
use pipeline::Mono;
use pipeline::message::{
    Command, Event, EventKind, Expectation, SpeechEdge, Transcript, UtteranceId,
};
use storage::call_log::TurnTimings;
use storage::customer::Phone;

use self::deadlines::{Deadlines, Due};
use super::ending::Ending;
use super::record::Record;
use super::speaking::{Speaking, Utterance};
use super::turn::{Turn, millis};
use crate::dialogue::{Action, Brain, Input, Question, Silence, ToolId, mask};
use crate::feed::FeedEvent;
use crate::limits;
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
    Publish(FeedEvent),
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
    /// Tools whose result the dialogue waits for.
    tools_running: usize,
    expects: Expectation,
    /// The state as last published.
    shown: (String, Expectation),
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
            tools_running: 0,
            expects: Expectation::default(),
            shown: (String::new(), Expectation::default()),
            silence: Patience::Fresh,
            deadlines: Deadlines::default(),
            ending: Plan::GoOn,
            turn: None,
            record: Record::default(),
            stt_failures: 0,
            effects: VecDeque::new(),
        }
    }

    /// Media flows: the agent greets.
    pub(super) fn handle_opened(&mut self, caller: Option<Phone>, now: &Now) {
        let speech = if self.typed_speech {
            "typed"
        } else {
            "recognised"
        };
        self.publish(FeedEvent::Started {
            speech: speech.to_owned(),
        });
        self.think(Input::Opened { caller }, now);
        self.settle(now.mono);
    }

    /// Something happened to the audio. `Started` and `Ended` are the session's own affair.
    pub(super) fn handle_event(&mut self, event: Event, now: &Now) {
        let at = event.at;
        match event.kind {
            EventKind::Started | EventKind::Ended { .. } => {}
            EventKind::SpeechStarted { .. } => {
                self.finish_turn();
                self.caller = Caller::Speaking;
                self.publish(FeedEvent::CallerSpeech { speaking: true });
            }
            EventKind::SpeechEnded { silence, .. } => {
                self.caller = Caller::Recognising;
                let paused = std::time::Duration::from_millis(silence.as_ms());
                self.turn = Some(Turn::new(self.opened, at, paused));
                self.publish(FeedEvent::CallerSpeech { speaking: false });
            }
            EventKind::Partial { text } => {
                let text = mask::masked(&text, self.expects);
                self.publish(FeedEvent::Partial { text });
            }
            EventKind::Transcript(transcript) => self.words(transcript, at, now),
            EventKind::NothingRecognised { .. } => self.no_words(now),
            EventKind::Keypad { key } => self.key(key, now),
            EventKind::SpeechFailed {
                edge,
                utterance,
                reason,
            } => self.speech_failed(edge, utterance, &reason, now),
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
        self.settle(now.mono);
    }

    /// A tool is done.
    pub(super) fn handle_tool(&mut self, id: ToolId, outcome: ToolOutcome, now: &Now) {
        self.tools_running = self.tools_running.saturating_sub(1);
        self.think(Input::ToolFinished { id, outcome }, now);
        self.settle(now.mono);
    }

    /// Time has passed. Early calls do nothing.
    pub(super) fn handle_timeout(&mut self, now: &Now) {
        while let Some(due) = self.deadlines.take_due(now.mono) {
            match due {
                Due::Silence => self.silent(now),
                Due::Words => {
                    self.trouble("the recogniser gave no answer in time");
                    self.caller = Caller::Quiet;
                    self.think(Input::Unclear, now);
                }
                Due::Playout => {
                    self.trouble("an utterance was not heard in time");
                    let lost = self.speaking.first().map(|u| u.id);
                    self.lose(lost, now);
                }
            }
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

    // ---- the caller -------------------------------------------------------

    fn words(&mut self, transcript: Transcript, at: Mono, now: &Now) {
        self.caller = Caller::Quiet;
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
        let heard = Input::Heard {
            text: transcript.text,
            second_opinion: transcript.second_opinion,
        };
        let goes_on = self.think(heard, now);
        if let Plan::After(ending) | Plan::Withdrawn(ending) = planned
            && self.ending == Plan::GoOn
            && !goes_on
        {
            self.ending = Plan::After(ending);
        }
    }

    fn no_words(&mut self, now: &Now) {
        // After its deadline the dialogue has asked again already.
        if self.caller != Caller::Recognising {
            return;
        }
        self.caller = Caller::Quiet;
        self.publish(FeedEvent::Unclear);
        if let Plan::Withdrawn(ending) = self.ending {
            // A cough over the good-bye.
            self.ending = Plan::After(ending);
        } else {
            self.think(Input::Unclear, now);
        }
    }

    fn key(&mut self, key: char, now: &Now) {
        self.silence = Patience::Fresh;
        let private = matches!(
            self.expects,
            Expectation::Phone | Expectation::DateOfBirth | Expectation::Address
        );
        self.publish(FeedEvent::Keypad {
            key: if private { '·' } else { key },
        });
        self.think(Input::Keypad(key), now);
    }

    /// The caller spoke over the agent: of everything said, only the heard part was said.
    fn interrupted(&mut self, first: UtteranceId, reaction_ms: f64, now: &Now) {
        let mut heard = String::new();
        for utterance in self.speaking.remove_all() {
            let text = utterance.heard_text();
            self.record.heard(utterance.line, &text);
            if utterance.id == first {
                heard = text;
            } else {
                self.send(Command::Retire {
                    utterance: utterance.id,
                });
            }
        }
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

    fn silent(&mut self, now: &Now) {
        match self.silence {
            Patience::Fresh => {
                self.silence = Patience::Asked;
                self.think(Input::Silence(Silence::Prompt), now);
            }
            Patience::Asked => {
                self.record.fell_silent();
                self.think(Input::Silence(Silence::HangUp), now);
                if self.ending == Plan::GoOn {
                    self.ending = Plan::After(Ending::HungUp);
                }
            }
        }
    }

    // ---- the agent --------------------------------------------------------

    /// Lets the dialogue think and does what it wants. True where it speaks or works on.
    fn think(&mut self, input: Input, now: &Now) -> bool {
        if let Plan::Told(_) = self.ending {
            return false;
        }
        let mut goes_on = false;
        let mut said = None;
        for action in self.brain.handle(input, &now.local) {
            match action {
                Action::Say { text, question } => {
                    goes_on = true;
                    let line = self.record.agent(self.elapsed_ms(now.mono));
                    said = Some(line);
                    self.say(&text, question, line, 0, now.mono);
                }
                Action::Answered => {
                    if let Some(line) = said {
                        self.record.answers(line);
                    }
                }
                Action::RunTool { id, call } => {
                    goes_on = true;
                    self.tools_running += 1;
                    self.record.tool(call.name());
                    self.publish(FeedEvent::ToolStarted {
                        tool: call.name().to_owned(),
                    });
                    self.effects.push_back(Effect::RunTool { id, call });
                }
                Action::Expect(expects) => {
                    self.expects = expects;
                    self.send(Command::Expect(expects));
                }
                Action::HangUp => self.ending = Plan::After(Ending::HungUp),
                Action::Transfer { .. } => self.ending = Plan::After(Ending::Transfer),
            }
        }
        let state = (self.brain.state().to_owned(), self.expects);
        if state != self.shown {
            self.shown = state.clone();
            self.publish(FeedEvent::State {
                state: state.0,
                expects: word(&self.expects),
            });
        }
        goes_on
    }

    /// Hands words over to be spoken; `line` is theirs in the transcript.
    fn say(&mut self, text: &str, question: Question, line: usize, lost: u32, at: Mono) {
        let utterance = self.speaking.say(text, question, line, lost);
        let id = utterance.id;
        let count = utterance.clauses().len();
        self.effects.push_back(Effect::Publish(FeedEvent::Agent {
            utterance: id.0,
            text: mask::masked(text, Expectation::Open),
            question: word(&question),
        }));
        for (n, clause) in utterance.clauses().enumerate() {
            self.effects.push_back(Effect::Send(Command::Say {
                utterance: id,
                text: clause.to_owned(),
                last: n + 1 == count,
            }));
        }
        if count == 0 {
            self.speaking.remove(id);
            return;
        }
        if let Some(turn) = &mut self.turn {
            turn.said(id, at);
        }
    }

    fn playout(&mut self, id: UtteranceId, kind: &EventKind, at: Mono) {
        let at_ms = self.elapsed_ms(at);
        let Some(utterance) = self.speaking.get_mut(id) else {
            return; // Retired meanwhile.
        };
        self.deadlines.cancel(Due::Playout);
        match kind {
            EventKind::FirstAudio { .. } => {
                if let Some(turn) = &mut self.turn {
                    turn.first_audio(id, at);
                }
            }
            EventKind::UtteranceStarted { .. } => {
                utterance.started = true;
                self.record.started(utterance.line, at_ms);
                if let Some(turn) = &mut self.turn {
                    turn.first_frame(id, at);
                }
                self.publish(FeedEvent::AgentStarted { utterance: id.0 });
            }
            EventKind::ClauseSynthesised {
                clause, samples, ..
            } => utterance.synthesised(*clause, *samples),
            EventKind::Heard { samples, .. } => {
                utterance.heard_up_to(*samples);
                if samples.0 > 0 && self.turn.as_mut().is_some_and(|t| t.heard(id, at)) {
                    self.finish_turn();
                }
            }
            EventKind::UtteranceFinished { .. } => {
                let text = utterance.text.clone();
                self.record.heard(utterance.line, &text);
                self.speaking.remove(id);
                if self.turn.as_mut().is_some_and(|t| t.heard(id, at)) {
                    self.finish_turn();
                }
                self.publish(FeedEvent::AgentFinished { utterance: id.0 });
            }
            _ => {}
        }
    }

    fn finish_turn(&mut self) {
        if let Some(timings) = self.turn.take().and_then(|turn| turn.timings()) {
            self.record.turn(timings);
            self.publish(FeedEvent::Turn(timings));
            self.effects.push_back(Effect::Turn(timings));
        }
    }

    // ---- when speech fails ------------------------------------------------

    fn speech_failed(
        &mut self,
        edge: SpeechEdge,
        utterance: Option<UtteranceId>,
        reason: &str,
        now: &Now,
    ) {
        match edge {
            SpeechEdge::Tts => {
                self.trouble(&format!("the agent's voice failed: {reason}"));
                let lost = utterance.or_else(|| self.speaking.first().map(|u| u.id));
                self.lose(lost, now);
            }
            SpeechEdge::Stt => {
                self.trouble(&format!("the recogniser failed: {reason}"));
                self.stt_failures += 1;
                if self.stt_failures > limits::MAX_SPEECH_FAILURES {
                    self.end_now(Ending::Fault);
                } else if self.caller == Caller::Recognising {
                    self.caller = Caller::Quiet;
                    self.think(Input::Unclear, now);
                }
            }
        }
    }

    /// Words were lost on their way to the caller: say them again, or give up.
    fn lose(&mut self, id: Option<UtteranceId>, now: &Now) {
        let Some(Utterance {
            id,
            text,
            question,
            line,
            lost,
            ..
        }) = id.and_then(|id| self.speaking.remove(id))
        else {
            return;
        };
        self.send(Command::Retire { utterance: id });
        if lost + 1 < limits::MAX_SPEECH_FAILURES {
            self.say(&text, question, line, lost + 1, now.mono);
        } else {
            self.end_now(match self.ending {
                // The caller is on the way to a human already.
                Plan::After(Ending::Transfer) => Ending::Transfer,
                _ => Ending::Fault,
            });
        }
    }

    fn trouble(&mut self, what: &str) {
        self.publish(FeedEvent::Trouble {
            what: what.to_owned(),
        });
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
        if let Plan::After(ending) = self.ending
            && silent
            && self.tools_running == 0
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
        let quiet = silent && self.caller == Caller::Quiet && self.tools_running == 0;
        let patience = match self.silence {
            Patience::Fresh => limits::SILENCE_PROMPT,
            Patience::Asked => limits::SILENCE_HANG_UP,
        };
        self.deadlines.keep(Due::Silence, quiet, now, patience);
        let recognising = self.caller == Caller::Recognising;
        self.deadlines
            .keep(Due::Words, recognising, now, limits::TRANSCRIPT_DEADLINE);
        let progress = match self.speaking.first() {
            Some(utterance) if utterance.started => limits::PLAYOUT_GRACE,
            _ => limits::FIRST_FRAME_DEADLINE,
        };
        self.deadlines.keep(Due::Playout, !silent, now, progress);
    }

    fn send(&mut self, command: Command) {
        self.effects.push_back(Effect::Send(command));
    }

    fn publish(&mut self, what: FeedEvent) {
        self.effects.push_back(Effect::Publish(what));
    }
}

/// The name of a unit variant, as it is on the wire.
fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
