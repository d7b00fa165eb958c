//! Who says what, and when: the machine behind a call's synthesiser.
//!
//! Pure: it is told what happened ([`Speaker::handle_speak`] and its like), and then asked what to
//! do ([`Speaker::poll_order`]), what the call hears ([`Speaker::poll_event`]) and when to be told
//! the time ([`Speaker::timeout`]).
//!
//! A phrase that was made before needs no speaker. All else goes to the vendor's socket as it
//! comes, ahead of its turn; where that fails, what was not delivered is asked of the vendor
//! clause by clause, then of the voice on this machine, and then given up, aloud.

mod deadlines;
mod falling;
mod on_socket;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use dsp::Samples;

use super::budget::Budget;
use super::groups::{Answer, Group};
use super::script::{Piece, Rung, Script, TooMuch, Words};
use crate::message::UtteranceId;
use crate::metrics::Metrics;
use crate::net::edge::TtsEvent;
use crate::time::Mono;
use crate::vendor::{SharedBreaker, VendorErrorKind};
use crate::wire::deepgram_tts::{self as wire, Notice};

/// What the machine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Open the socket. Answered by `handle_opened` or `handle_not_opened`.
    Open,
    /// Let go of the socket, or of opening it.
    HangUp,
    /// Send a text message on the socket.
    Send(Cow<'static, str>),
    /// Have one piece spoken elsewhere than on the socket; never on [`Rung::Socket`].
    Fetch { from: Rung, text: String },
    /// What is being fetched is not wanted any more.
    StopFetch,
}

/// The machine of one call.
#[derive(Debug)]
pub(super) struct Speaker {
    script: Script,
    link: Link,
    /// What the socket was given and has not finished, oldest first. Only the last may be unflushed.
    groups: VecDeque<Group>,
    /// When each clear was sent that is not answered. While there is one, audio is of the past.
    clears: VecDeque<Mono>,
    /// So many pieces at the front of the script were given to the socket, or need no speaker.
    planned: usize,
    fetch: Option<Fetch>,
    /// The speaker at the front has made no audio since.
    quiet_since: Mono,
    /// The utterance that the socket has been given a flush of.
    begun: Option<UtteranceId>,
    budget: Budget,
    /// The breaker has let us in, and waits to hear what came of it.
    admitted: bool,
    speaks_locally: bool,
    breaker: SharedBreaker,
    metrics: Arc<Metrics>,
    orders: VecDeque<Order>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    /// Words wait for it since then, if any do.
    Opening {
        wanted: Option<Mono>,
    },
    Up,
}

/// One piece on its way from another speaker than the socket.
#[derive(Clone, Copy, Debug)]
struct Fetch {
    utterance: UtteranceId,
    from: Rung,
    samples: Samples,
}

impl Speaker {
    pub(super) fn new(speaks_locally: bool, breaker: SharedBreaker, metrics: Arc<Metrics>) -> Self {
        Self {
            script: Script::default(),
            link: Link::Down,
            groups: VecDeque::new(),
            clears: VecDeque::new(),
            planned: 0,
            fetch: None,
            quiet_since: Mono::default(),
            begun: None,
            budget: Budget::default(),
            admitted: false,
            speaks_locally,
            breaker,
            metrics,
            orders: VecDeque::new(),
        }
    }

    // ---- from the call -----------------------------------------------------

    /// The call begins: the socket is opened ahead of its first words.
    pub(super) fn handle_start(&mut self) {
        if self.breaker.is_closed() {
            self.open(None);
        }
    }

    pub(super) fn handle_speak(&mut self, words: Words, now: Mono) {
        let utterance = words.utterance;
        if let Err(TooMuch) = self.script.take(words) {
            self.handle_cancel(utterance, now);
            self.script.give_up(utterance, "too much to say".into());
        }
        self.advance(now);
    }

    /// Nothing of this utterance is to be heard any more.
    pub(super) fn handle_cancel(&mut self, utterance: UtteranceId, now: Mono) {
        self.planned -= self.script.count_in(self.planned, utterance);
        self.script.forget(utterance);
        if self.fetch.is_some_and(|fetch| fetch.utterance == utterance) {
            self.stop_fetch();
        }
        match self.groups.front() {
            Some(front) if front.is_of(utterance) => self.clear(now),
            _ => {
                for group in &mut self.groups {
                    group.forget(utterance);
                }
                if self.open_group().is_some_and(|group| group.is_forgotten()) {
                    self.flush(now);
                }
            }
        }
        if self.script.front().is_none()
            && let Link::Opening { wanted } = &mut self.link
        {
            *wanted = None;
            self.admitted = false;
        }
        self.advance(now);
    }

    /// The call takes audio again, after a time in which nobody was listened to.
    pub(super) fn handle_room(&mut self, now: Mono) {
        self.quiet_since = now;
        self.clears.iter_mut().for_each(|sent| *sent = now);
        if let Link::Opening {
            wanted: Some(since),
        } = &mut self.link
        {
            *since = now;
        }
    }

    // ---- from the socket ---------------------------------------------------

    pub(super) fn handle_opened(&mut self, now: Mono) {
        self.link = Link::Up;
        self.advance(now);
    }

    pub(super) fn handle_not_opened(&mut self, kind: VendorErrorKind, now: Mono) {
        self.fail(kind, now);
    }

    pub(super) fn handle_audio(&mut self, mulaw: Bytes, now: Mono) {
        if !self.clears.is_empty() {
            return;
        }
        let Some(group) = self.groups.front_mut() else {
            return;
        };
        self.quiet_since = now;
        group.samples += Samples(mulaw.len() as u64);
        if group.is_insane() {
            return self.fail(VendorErrorKind::Garbage, now);
        }
        if !group.is_forgotten() {
            self.script.deliver(group.utterance, mulaw, now);
        }
    }

    /// A text message of the vendor.
    pub(super) fn handle_text(&mut self, message: &str, now: Mono) {
        match wire::parse(message) {
            Ok(Notice::Flushed) if self.clears.is_empty() => self.finish_group(now),
            Ok(Notice::Cleared) => {
                self.clears.pop_front();
            }
            Ok(Notice::Warning { code }) if code == wire::EXCESSIVE_FLUSH => {
                self.budget.exhaust_flushes(now);
                let mut groups = self.groups.iter_mut().rev();
                if let Some(group) = groups.find(|group| group.answer != Answer::NotAsked) {
                    group.answer = Answer::Refused;
                }
            }
            Ok(Notice::Error { code }) => {
                tracing::debug!(%code, "the synthesiser reports an error");
                return self.fail(VendorErrorKind::Failed, now);
            }
            Ok(Notice::Warning { code }) => tracing::debug!(%code, "the synthesiser warns"),
            Ok(Notice::Metadata | Notice::Flushed | Notice::Unknown) => {}
            Err(_) => return self.fail(VendorErrorKind::Garbage, now),
        }
        self.advance(now);
    }

    /// The socket has ended. Where nothing was asked of it, that is no failure: it was idle.
    pub(super) fn handle_closed(&mut self, kind: VendorErrorKind, now: Mono) {
        if self.groups.is_empty() && self.clears.is_empty() {
            self.link = Link::Down;
            self.advance(now);
        } else {
            self.fail(kind, now);
        }
    }

    // ---- from the other speakers -------------------------------------------

    pub(super) fn handle_fetched(&mut self, mulaw: Bytes, now: Mono) {
        let Some(fetch) = &mut self.fetch else {
            return;
        };
        self.quiet_since = now;
        fetch.samples += Samples(mulaw.len() as u64);
        self.script.deliver(fetch.utterance, mulaw, now);
    }

    pub(super) fn handle_fetch_done(&mut self, now: Mono) {
        let Some(Fetch { from, samples, .. }) = self.fetch else {
            return;
        };
        let audible = self.script.front().is_some_and(Piece::is_audible);
        if audible && samples == Samples::ZERO {
            return self.handle_fetch_failed(VendorErrorKind::Garbage, "no audio came", now);
        }
        self.fetch = None;
        self.script.finish(1, samples);
        if from == Rung::Rest {
            self.succeeded();
        }
        self.advance(now);
    }

    pub(super) fn handle_fetch_failed(&mut self, kind: VendorErrorKind, why: &str, now: Mono) {
        let Some(fetch) = self.fetch.take() else {
            return;
        };
        if fetch.from == Rung::Rest {
            self.count_failure(kind, now);
        }
        self.script.break_off(1, fetch.samples);
        self.fall(fetch.utterance, fetch.from, kind, why);
        self.advance(now);
    }

    // ---- what comes of it --------------------------------------------------

    pub(super) fn poll_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    pub(super) fn poll_event(&mut self) -> Option<TtsEvent> {
        self.script.next_event()
    }

    pub(super) fn has_event(&self) -> bool {
        self.script.has_event()
    }

    /// Delivers what is ready, and gives the speakers what they can have.
    fn advance(&mut self, now: Mono) {
        loop {
            let refused = self.groups.front().is_some_and(Group::is_refused);
            if refused {
                return self.fail(VendorErrorKind::RateLimited, now);
            }
            while self.script.front().is_some_and(Piece::is_ready) {
                self.script.deliver_ready(now);
                self.planned = self.planned.saturating_sub(1);
            }
            if let Some(front) = self.script.front()
                && self.planned == 0
                && self.fetch.is_none()
                && front.rung != Rung::Socket
            {
                self.fetch_front(now);
            }
            if !self.plan(now) {
                break;
            }
        }
        if self.wants_flush(now) {
            self.flush(now);
        }
    }

    fn fetch_front(&mut self, now: Mono) {
        let Some(front) = self.script.front() else {
            return;
        };
        let (utterance, from) = (front.utterance, front.rung);
        self.orders.push_back(Order::Fetch {
            from,
            text: front.text.clone(),
        });
        self.quiet_since = now;
        self.fetch = Some(Fetch {
            utterance,
            from,
            samples: Samples::ZERO,
        });
    }

    fn stop_fetch(&mut self) {
        self.fetch = None;
        self.orders.push_back(Order::StopFetch);
    }
}

#[cfg(test)]
mod tests;
