//! What the session wants, on its way to the synthesiser and to the voice thread.

use tokio::time::Instant;

use super::{HangingUp, Relay, SttInput, TtsInput};
use crate::fact::Order;
use crate::limits::{HANG_UP_PATIENCE, TTS_BACKLOG_CLAUSES};
use crate::message::{Command, UtteranceId};
use crate::metrics::Oddity;

impl Relay {
    pub(in crate::net) fn handle_command(&mut self, command: Command) {
        match command {
            Command::Say {
                utterance,
                text,
                last,
            } => self.say(utterance, text, last),
            Command::Retire { utterance } => {
                self.forget(utterance);
                self.orders
                    .give(self.call, Order::Retire { through: utterance });
            }
            Command::Expect(expectation) => {
                self.expects = expectation;
                self.orders.give(self.call, Order::Expect(expectation));
                self.hearing.push(SttInput::Expect(expectation));
                self.feed_stt();
            }
            Command::Language(language) => {
                self.clauses.push_back(TtsInput::Language(language));
                self.feed_tts();
            }
            Command::TypedWords(words) if self.takes_typed_words => {
                self.hearing.push(SttInput::TypedWords(words));
                self.feed_stt();
            }
            Command::TypedWords(_) => self.metrics.count(Oddity::CommandIgnored),
            Command::HangUp {
                after_playout: true,
            } => {
                if matches!(self.hanging_up, HangingUp::No) {
                    self.hanging_up = HangingUp::OnceDelivered(Instant::now() + HANG_UP_PATIENCE);
                }
            }
            Command::HangUp {
                after_playout: false,
            } => self.hang_up(false),
        }
    }

    pub(super) fn say(&mut self, utterance: UtteranceId, text: String, last: bool) {
        if self.speaking.is_retired(utterance) {
            return;
        }
        if !self.tts.is_up() || self.clauses.len() >= TTS_BACKLOG_CLAUSES {
            return self.tts_failed(Some(utterance), "the synthesiser takes no more");
        }
        let clause = match self.latest {
            Some((latest, clauses)) if latest == utterance => clauses,
            _ => {
                self.asked.push_back((utterance, self.now));
                self.speaking.handle_asked(utterance);
                0
            }
        };
        self.latest = Some((utterance, clause + 1));
        self.clauses.push_back(TtsInput::Speak {
            utterance,
            clause,
            text,
            last,
        });
        self.feed_tts();
    }

    /// Nothing of this utterance, or of any before it, is worth any work from now on.
    pub(super) fn forget(&mut self, through: UtteranceId) {
        self.clauses.retain(
            |input| !matches!(input, TtsInput::Speak { utterance, .. } if *utterance <= through),
        );
        self.asked.retain(|(utterance, _)| *utterance > through);
        let unfinished: Vec<_> = self
            .speaking
            .open()
            .filter(|open| *open <= through)
            .collect();
        for utterance in unfinished {
            self.clauses.push_front(TtsInput::Cancel { utterance });
        }
        self.speaking.retire(through);
        // What was kept for the ring may now go nowhere, and make room.
        let delivered = self.speaking.handle_room();
        self.heed(delivered);
        self.feed_tts();
    }

    pub(in crate::net) fn hang_up_if_delivered(&mut self) {
        if matches!(self.hanging_up, HangingUp::OnceDelivered(_))
            && self.speaking.is_all_delivered()
        {
            self.hang_up(true);
        }
    }

    /// Nobody speaks to the caller any more; what was to be said before the end is still said.
    pub(super) fn handle_session_gone(&mut self) {
        if matches!(self.hanging_up, HangingUp::No) {
            self.hang_up(false);
        }
    }

    /// The synthesiser has not delivered in time: what it has not said by now ends where it
    /// stands, or the caller would wait for it for ever.
    pub(super) fn give_up_waiting(&mut self) {
        let unfinished: Vec<_> = self.speaking.open().collect();
        for utterance in unfinished {
            self.tts_failed(Some(utterance), "the synthesiser is too slow to wait for");
        }
        self.hang_up(true);
    }

    pub(super) fn hang_up(&mut self, after_playout: bool) {
        self.hanging_up = HangingUp::Ordered;
        self.orders.give(self.call, Order::HangUp { after_playout });
    }
}
