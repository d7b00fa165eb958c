//! What the voice thread tells, on its way to the recogniser and to the session.

use super::{Relay, SttInput};
use crate::fact::Report;
use crate::message::EventKind;
use crate::metrics::Oddity;
use crate::time::Mono;

impl Relay {
    pub(in crate::net) fn handle_report(&mut self, at: Mono, report: Report) {
        match report {
            Report::Started => self.tell(at, EventKind::Started),
            Report::Audio { until, echo, .. } => {
                if echo {
                    self.hearing.handle_echo(self.clock.until(), until);
                }
                self.clock.handle_audio(at, until);
                for _ in 0..self.hearing.handle_audio(until) {
                    self.metrics.count(Oddity::BacklogDropped);
                }
                self.feed_stt();
            }
            Report::SpeechStarted { position } => {
                if !self.turns.handle_started(position) {
                    return;
                }
                self.clock.voice = None;
                self.interjection.handle_turn_started(position);
                self.hearing.handle_speech_started(position);
                self.feed_stt();
                self.tell(at, EventKind::SpeechStarted { position });
            }
            Report::SpeechFaltered {
                position,
                last_voiced,
            } => {
                if self.turns.is_on() {
                    let faltered = SttInput::SpeechFaltered {
                        position,
                        last_voiced,
                    };
                    self.hearing.handle_voice(position, faltered);
                    self.feed_stt();
                }
            }
            Report::SpeechPaused {
                position,
                last_voiced,
                slow,
            } => {
                if self.turns.is_on() {
                    self.clock.voice = Some(last_voiced);
                    let paused = SttInput::SpeechPaused {
                        position,
                        last_voiced,
                        slow,
                    };
                    self.hearing.handle_voice(position, paused);
                    self.feed_stt();
                }
            }
            Report::SpeechResumed { position } => {
                if self.turns.is_on() {
                    self.clock.voice = None;
                    self.hearing.push(SttInput::SpeechResumed { position });
                    self.feed_stt();
                }
            }
            Report::SpeechEnded { position, silence } => {
                if !self.turns.handle_ended(position) {
                    return;
                }
                self.hearing.handle_speech_ended(position);
                self.turn_ended_at = Some(at);
                self.feed_stt();
                self.tell(at, EventKind::SpeechEnded { position, silence });
            }
            Report::UtteranceStarted { utterance } => {
                self.tell(at, EventKind::UtteranceStarted { utterance });
            }
            Report::Heard { utterance, samples } => {
                self.tell(at, EventKind::Heard { utterance, samples });
            }
            Report::UtteranceFinished { utterance, samples } => {
                self.tell(at, EventKind::UtteranceFinished { utterance, samples });
            }
            Report::Ducked {
                utterance,
                voice,
                voiced_at,
                cleared_at,
            } => {
                self.interjection.handle_ducked(utterance, voice);
                let reaction = cleared_at.since(voiced_at);
                let ducked = EventKind::Ducked {
                    utterance,
                    reaction,
                };
                self.tell(at, ducked);
            }
            Report::Resumed {
                utterance,
                from,
                silent_for,
            } => {
                let resumed = EventKind::Resumed {
                    utterance,
                    from,
                    silent_for,
                };
                self.tell(at, resumed);
            }
            Report::Decided { utterance } => {
                if let Some((at, words)) = self.interjection.handle_decided(utterance) {
                    self.tell(at, EventKind::Transcript(words));
                }
            }
            Report::BargeIn {
                utterance,
                heard,
                voiced_at,
                cleared_at,
            } => {
                self.interjection.handle_barge_in();
                self.forget(utterance);
                let reaction = cleared_at.since(voiced_at);
                self.tell(
                    at,
                    EventKind::BargeIn {
                        utterance,
                        heard,
                        reaction,
                    },
                );
            }
            Report::Keypad { key } => self.tell(
                at,
                EventKind::Keypad {
                    key: char::from(key),
                },
            ),
            Report::Room => {
                let delivered = self.speaking.handle_room();
                self.heed(delivered);
            }
        }
    }
}
