//! What the agent does: what the dialogue wants, how it is spoken and heard, and what becomes of it
//! when speech fails.

use pipeline::Mono;
use pipeline::message::{Command, EventKind, Expectation, SpeechEdge, UtteranceId};

use super::deadlines::Due;
use super::{Caller, Conversation, Effect, Now, Plan};
use crate::dialogue::{Action, Input, Question, clauses, mask};
use crate::feed::FeedEvent;
use crate::limits;
use crate::session::ending::Ending;
use crate::session::speaking::Utterance;

impl Conversation {
    /// Lets the dialogue think and does what it wants. True where it speaks or works on.
    pub(super) fn think(&mut self, input: Input, now: &Now) -> bool {
        if let Plan::Told(_) = self.ending {
            return false;
        }
        let mut goes_on = false;
        let mut said = None;
        for action in self.brain.handle(input, &now.local) {
            match action {
                Action::Say { text, question } => {
                    goes_on = true;
                    self.filled = false;
                    let line = self.record.agent(self.elapsed_ms(now.mono));
                    said = Some(line);
                    self.say(&text, question, line, 0, now.mono);
                }
                Action::Clause {
                    text,
                    question,
                    last,
                } => {
                    goes_on = true;
                    self.filled = false;
                    said = self.say_on(&text, question, last, now.mono).or(said);
                }
                Action::Ask(request) => {
                    goes_on = true;
                    self.stop_asking();
                    self.asking = true;
                    if let Some(turn) = &mut self.turn {
                        turn.asked(now.mono);
                    }
                    self.ask(request);
                }
                Action::StopAsking => self.stop_asking(),
                Action::Answered => {
                    if let Some(line) = said {
                        self.record.answers(line);
                    }
                }
                Action::Message => {
                    if let Some(line) = said {
                        self.record.leaves_message(line);
                    }
                }
                Action::RunTool { id, call } => {
                    goes_on = true;
                    self.tools_running.insert(id);
                    self.record.tool(call.name());
                    self.publish(FeedEvent::ToolStarted {
                        tool: call.name().to_owned(),
                    });
                    self.effects.push_back(Effect::RunTool { id, call });
                }
                Action::Abandon(id) => {
                    self.tools_running.remove(&id);
                }
                Action::Speak(language) => self.send(Command::Language(language.code())),
                Action::Expect(expects) => {
                    self.expects = expects;
                    self.send(Command::Expect(expects));
                }
                // Whoever was promised a human gets one.
                Action::HangUp if self.ending == Plan::After(Ending::Transfer) => {}
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
        let offer = self.brain.deciding();
        if offer != self.offered {
            self.offered.clone_from(&offer);
            self.effects.push_back(Effect::Hold(offer));
        }
        goes_on
    }

    fn stop_asking(&mut self) {
        self.held.clear();
        if std::mem::take(&mut self.asking) {
            self.effects.push_back(Effect::StopAsking);
        }
    }

    /// The caller waits: they are told so, which answers nothing.
    pub(super) fn fill(&mut self, now: &Now) {
        let turn = self.turn.take();
        self.think(Input::Slow, now);
        self.turn = turn;
        self.filled = true;
    }

    /// Hands words over to be spoken; `line` is theirs in the transcript.
    pub(super) fn say(&mut self, text: &str, question: Question, line: usize, lost: u32, at: Mono) {
        let clauses = clauses::split(text);
        if clauses.is_empty() {
            return;
        }
        let id = self.speaking.begin(question, line, lost);
        self.publish(FeedEvent::Agent {
            utterance: id.0,
            text: mask::masked(text, Expectation::Open),
            question: word(&question),
        });
        let count = clauses.len();
        for (n, clause) in clauses.into_iter().enumerate() {
            self.hand_over(id, clause, n + 1 == count);
        }
        if let Some(turn) = &mut self.turn {
            turn.said(id, at);
        }
    }

    /// Goes on with the utterance that grows, or begins one; its line in the transcript, if there
    /// is one.
    fn say_on(&mut self, text: &str, question: Question, last: bool, at: Mono) -> Option<usize> {
        let growing = self.speaking.growing();
        let id = match growing {
            Some(id) => id,
            None if text.is_empty() => return None,
            None => {
                let line = self.record.agent(self.elapsed_ms(at));
                self.speaking.begin(question, line, 0)
            }
        };
        let (utterance, text_shown) = (id.0, mask::masked(text, Expectation::Open));
        let shown = word(&question);
        self.publish(match growing {
            None => FeedEvent::Agent {
                utterance,
                text: text_shown,
                question: shown,
            },
            Some(_) => FeedEvent::AgentGoesOn {
                utterance,
                text: text_shown,
                question: shown,
            },
        });
        self.hand_over(id, text.to_owned(), last);
        if let Some(turn) = &mut self.turn {
            turn.said(id, at);
        }
        let utterance = self.speaking.get_mut(id)?;
        utterance.question = question;
        Some(utterance.line)
    }

    fn hand_over(&mut self, id: UtteranceId, clause: String, last: bool) {
        if let Some(utterance) = self.speaking.get_mut(id) {
            utterance.push(&clause, last);
        }
        self.send(Command::Say {
            utterance: id,
            text: clause,
            last,
        });
    }

    pub(super) fn playout(&mut self, id: UtteranceId, kind: &EventKind, at: Mono) {
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
                self.record.heard_whole(utterance.line, &text);
                self.speaking.remove(id);
                if self.turn.as_mut().is_some_and(|t| t.heard(id, at)) {
                    self.finish_turn();
                }
                self.publish(FeedEvent::AgentFinished { utterance: id.0 });
            }
            _ => {}
        }
    }

    pub(super) fn finish_turn(&mut self) {
        if let Some(timings) = self.turn.take().and_then(|turn| turn.timings()) {
            self.record.turn(timings);
            self.publish(FeedEvent::Turn(timings));
            self.effects.push_back(Effect::Turn(timings));
        }
    }

    pub(super) fn speech_failed(
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
                    self.unclear(now);
                }
            }
        }
    }

    /// Words were lost on their way to the caller: say them again, or give up.
    pub(super) fn lose(&mut self, id: Option<UtteranceId>, now: &Now) {
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

    pub(super) fn trouble(&mut self, what: &str) {
        self.publish(FeedEvent::Trouble {
            what: what.to_owned(),
        });
    }
}

/// The name of a unit variant, as it is on the wire.
fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
