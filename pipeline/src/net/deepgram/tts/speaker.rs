//! Who says what, and when: the machine behind a call's synthesiser.
//!
//! Pure: it is told what happened ([`Speaker::handle_speak`] and its like), and then asked what to
//! do ([`Speaker::poll_order`]), what the call hears ([`Speaker::poll_event`]) and when to be told
//! the time ([`Speaker::timeout`]).
//!
//! A phrase that was made before needs no speaker. All else goes to the vendor's socket as it
//! comes, ahead of its turn; where that fails, what was not delivered is asked of the vendor
//! clause by clause, then of the voice on this machine, and then given up, aloud.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use dsp::Samples;

use super::budget::Budget;
use super::groups::{Answer, Group};
use super::script::{Piece, Rung, Script, TooMuch, Words};
use crate::limits::{
    TTS_CLEARED, TTS_FIRST_AUDIO, TTS_FLUSHES_COMFORTABLE, TTS_FLUSHES_NEARLY_GONE, TTS_NEXT_AUDIO,
    TTS_OPEN, TTS_RUNNING_DRY,
};
use crate::message::UtteranceId;
use crate::metrics::Metrics;
use crate::net::edge::TtsEvent;
use crate::time::Mono;
use crate::vendor::{SharedBreaker, Vendor, VendorErrorKind};
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

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Open,
    Cleared,
    SocketAudio,
    FetchedAudio,
    /// The caller will have nothing to hear soon, and unflushed words wait for company.
    RunningDry,
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

    // ---- time --------------------------------------------------------------

    /// When to be told the time.
    pub(super) fn timeout(&mut self, now: Mono) -> Option<Mono> {
        self.due(now).map(|(at, _)| at)
    }

    pub(super) fn handle_time(&mut self, now: Mono) {
        match self.due(now) {
            Some((at, due)) if at <= now => match due {
                Due::Open | Due::Cleared | Due::SocketAudio => {
                    self.fail(VendorErrorKind::TimedOut, now);
                }
                Due::FetchedAudio => {
                    self.orders.push_back(Order::StopFetch);
                    self.handle_fetch_failed(VendorErrorKind::TimedOut, "no audio in time", now);
                }
                Due::RunningDry => self.flush(now),
            },
            _ => {}
        }
    }

    fn due(&mut self, now: Mono) -> Option<(Mono, Due)> {
        let quiet = |heard: Samples| match heard {
            Samples::ZERO => TTS_FIRST_AUDIO,
            _ => TTS_NEXT_AUDIO,
        };
        let open = match self.link {
            Link::Opening { wanted } => wanted.map(|since| since.plus(TTS_OPEN)),
            Link::Down | Link::Up => None,
        };
        let cleared = self.clears.front().map(|sent| sent.plus(TTS_CLEARED));
        let front = self.groups.front();
        let flushed = front.filter(|group| group.answer != Answer::NotAsked);
        let audio = flushed.map(|group| self.quiet_since.plus(quiet(group.samples)));
        let fetched = self
            .fetch
            .map(|fetch| self.quiet_since.plus(quiet(fetch.samples)));
        let dry = match self.groups.len() {
            1 if flushed.is_none() && self.budget.flushes_left(now) > TTS_FLUSHES_NEARLY_GONE => {
                Some(self.script.audible_until().minus(TTS_RUNNING_DRY))
            }
            _ => None,
        };
        [
            (open, Due::Open),
            (cleared, Due::Cleared),
            (audio, Due::SocketAudio),
            (fetched, Due::FetchedAudio),
            (dry, Due::RunningDry),
        ]
        .into_iter()
        .filter_map(|(at, due)| Some((at?, due)))
        .min_by_key(|(at, _)| *at)
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

    /// Gives the socket what it can have, in order. True where the front piece is another
    /// speaker's now.
    fn plan(&mut self, now: Mono) -> bool {
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
    fn send_planned(&mut self, now: Mono) {
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
    fn wants_flush(&mut self, now: Mono) -> bool {
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
    fn flush(&mut self, now: Mono) {
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
    fn clear(&mut self, now: Mono) {
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

    fn finish_group(&mut self, now: Mono) {
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

    /// The socket is of no more use. What it has not delivered is the next speaker's.
    fn fail(&mut self, kind: VendorErrorKind, now: Mono) {
        self.count_failure(kind, now);
        self.link = Link::Down;
        self.orders.push_back(Order::HangUp);
        self.clears.clear();
        if let Some(group) = self.groups.front() {
            self.script.break_off(group.pieces, group.samples);
        }
        self.groups.clear();
        self.planned = 0;
        let front = self.script.front();
        let affected = front.filter(|piece| piece.rung == Rung::Socket && !piece.is_ready());
        if let Some(utterance) = affected.map(|piece| piece.utterance) {
            self.fall(utterance, Rung::Socket, kind, "the vendor failed");
        }
        self.advance(now);
    }

    /// The next speaker in line takes the utterance over. Where there is none, it is lost, unless
    /// all that was asked of it is delivered.
    fn fall(&mut self, utterance: UtteranceId, from: Rung, kind: VendorErrorKind, why: &str) {
        let hopeless = matches!(kind, VendorErrorKind::Unauthorized | VendorErrorKind::Quota);
        let next = match from {
            Rung::Socket if !hopeless => Some(Rung::Rest),
            Rung::Socket | Rung::Rest if self.speaks_locally => Some(Rung::Local),
            _ => None,
        };
        if let Some(rung) = next {
            return self.script.fall(utterance, rung);
        }
        let front = self.script.front();
        if front.is_some_and(|piece| piece.utterance == utterance) {
            let reason = format!("nobody could say it: {why} ({})", kind.label());
            self.script.give_up(utterance, reason);
        }
    }

    /// Whether the vendor is to be asked to speak this utterance. Where nobody else could, it is.
    fn may_ask_for(&mut self, utterance: UtteranceId, now: Mono) -> bool {
        if !self.admitted && self.begun != Some(utterance) {
            self.admitted = self.breaker.admits(now);
            return self.admitted || !self.speaks_locally;
        }
        true
    }

    fn succeeded(&mut self) {
        self.admitted = false;
        self.breaker.succeeded();
    }

    fn count_failure(&mut self, kind: VendorErrorKind, now: Mono) {
        self.admitted = false;
        self.metrics.vendor_errors.count(Vendor::DeepgramTts, kind);
        // A refusal is about these words, and says nothing about the next ones.
        if kind != VendorErrorKind::Refused {
            self.breaker.failed(now);
        }
    }

    fn open(&mut self, wanted: Option<Mono>) {
        self.link = Link::Opening { wanted };
        self.orders.push_back(Order::Open);
    }

    fn stop_fetch(&mut self) {
        self.fetch = None;
        self.orders.push_back(Order::StopFetch);
    }

    fn open_group(&self) -> Option<&Group> {
        self.groups
            .back()
            .filter(|group| group.answer == Answer::NotAsked)
    }
}

#[cfg(test)]
mod tests;
