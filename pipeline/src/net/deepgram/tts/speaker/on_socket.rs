//! What the socket is given, and when its words are flushed.

use dsp::Samples;

use super::super::groups::{Answer, Group};
use super::super::script::Rung;
use super::{Link, Order, Speaker};
use crate::limits::{TTS_FLUSHES_COMFORTABLE, TTS_FLUSHES_NEARLY_GONE, TTS_RUNNING_DRY};
use crate::time::Mono;
use crate::vendor::VendorErrorKind;
use crate::wire::deepgram_tts as wire;

impl Speaker {
    /// Gives the socket what it can have, in order. True where the front piece is another
    /// speaker's now.
    pub(super) fn plan(&mut self, now: Mono) -> bool {
        while let Some(piece) = self.script.get(self.planned) {
            if piece.is_ready() {
                let (closes, ends) = (piece.kept.is_some(), piece.last);
                self.planned += 1;
                if closes || ends {
                    self.flush(now);
                }
                continue;
            }
            let (utterance, letters) = (piece.utterance, piece.letters());
            if self
                .open_group()
                .is_some_and(|group| !group.is_of(utterance))
            {
                self.flush(now);
            }
            let Some(piece) = self.script.get(self.planned) else {
                return false;
            };
            if piece.rung != Rung::Socket {
                self.flush(now);
                return false;
            }
            if !self.may_ask_for(utterance, now) {
                self.script.fall(utterance, Rung::Local);
                return self.planned == 0;
            }
            match &mut self.link {
                Link::Up => {}
                Link::Down => {
                    self.open(Some(now));
                    return false;
                }
                Link::Opening { wanted } => {
                    wanted.get_or_insert(now);
                    return false;
                }
            }
            let flushes = self.open_group().is_some() || self.budget.flushes_left(now) > 0;
            // A letter more for the space behind it.
            if !flushes || !self.budget.has_room(letters + 1, now) {
                self.flush(now);
                self.script.fall(utterance, Rung::Rest);
                return self.planned == 0;
            }
            self.send_planned(now);
        }
        false
    }

    /// Sends the next piece of the plan.
    pub(super) fn send_planned(&mut self, now: Mono) {
        let Some(piece) = self.script.get(self.planned) else {
            return;
        };
        let ends = piece.last;
        let speak = wire::speak(&piece.text);
        match self.groups.back_mut() {
            Some(group) if group.answer == Answer::NotAsked => group.add(piece),
            _ => self.groups.push_back(Group::new(piece)),
        }
        self.budget.note_spoken(piece.letters() + 1, now);
        self.orders.push_back(Order::Send(speak.into()));
        self.planned += 1;
        if ends {
            self.flush(now);
        }
    }

    /// Whether the unflushed words should not wait for more. Where they must not (the utterance's
    /// end), they are flushed already.
    pub(super) fn wants_flush(&mut self, now: Mono) -> bool {
        // While the vendor has something to say, more words cost no time, and no flush.
        let [group] = self.groups.make_contiguous() else {
            return false;
        };
        if group.answer != Answer::NotAsked {
            return false;
        }
        let left = self.budget.flushes_left(now);
        let first = self.begun != Some(group.utterance);
        let dry_at = self.script.audible_until().minus(TTS_RUNNING_DRY);
        (group.ends_sentence && left > TTS_FLUSHES_COMFORTABLE)
            || ((first || dry_at <= now) && left > TTS_FLUSHES_NEARLY_GONE)
    }

    /// Asks for the audio of the unflushed words, if there are any.
    pub(super) fn flush(&mut self, now: Mono) {
        let Some(group) = self.groups.back_mut() else {
            return;
        };
        if group.answer != Answer::NotAsked {
            return;
        }
        group.answer = Answer::Awaited;
        self.begun = Some(group.utterance);
        self.budget.note_flush(now);
        self.orders.push_back(Order::Send(wire::FLUSH.into()));
        if self.groups.len() == 1 {
            self.quiet_since = now;
        }
    }

    /// Has the socket forget all it was given. What of it is still wanted is given to it again.
    pub(super) fn clear(&mut self, now: Mono) {
        if self
            .groups
            .front()
            .is_some_and(|group| group.samples > Samples::ZERO)
        {
            self.succeeded();
        }
        self.admitted = false;
        self.groups.clear();
        self.planned = 0;
        self.begun = None;
        self.clears.push_back(now);
        self.orders.push_back(Order::Send(wire::CLEAR.into()));
    }

    pub(super) fn finish_group(&mut self, now: Mono) {
        let Some(group) = self.groups.front() else {
            return;
        };
        if group.answer == Answer::NotAsked {
            return;
        }
        if group.is_audible && group.samples == Samples::ZERO {
            return self.fail(VendorErrorKind::Garbage, now);
        }
        self.script.finish(group.pieces, group.samples);
        self.planned -= group.pieces;
        self.groups.pop_front();
        self.quiet_since = now;
        if self.groups.is_empty() {
            self.succeeded();
        }
    }

    pub(super) fn open(&mut self, wanted: Option<Mono>) {
        self.link = Link::Opening { wanted };
        self.orders.push_back(Order::Open);
    }

    pub(super) fn open_group(&self) -> Option<&Group> {
        self.groups
            .back()
            .filter(|group| group.answer == Answer::NotAsked)
    }
}
