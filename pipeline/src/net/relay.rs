//! One call on the net thread: between its rings, its two speech edges and its session.
//!
//! The relay never waits for one of them while another has news: what an edge or the session does
//! not take is kept (and bounded) beside the loop.

mod recogniser;
mod session;
mod synthesiser;
mod voice;

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;

use dsp::Samples;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::edge::{SpeechConfig, SttEvent, SttInput, TtsEvent, TtsInput};
use super::edge_link::{EdgeLink, takes};
use super::hearing::{Delivery, Hearing};
use super::interjection::Interjection;
use super::orders::Orders;
use super::speaking::Speaking;
use super::turns::Turns;
use crate::fact::{CallKey, Report};
use crate::limits::EDGE_GRACE;
use crate::message::{Command, EndReason, Event, EventKind, Expectation, UtteranceId};
use crate::metrics::{Metrics, Oddity};
use crate::ring::NetEnds;
use crate::time::Mono;

/// A call that was admitted, as its net thread gets it.
pub(crate) struct Admission {
    pub(crate) call: CallKey,
    pub(crate) rings: NetEnds,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) events: mpsc::Sender<Event>,
    /// Room for the last event, whatever the session does.
    pub(crate) last_event: mpsc::OwnedPermit<Event>,
    /// Where it is not the one that all calls have.
    pub(crate) speech: Option<SpeechConfig>,
}

/// What the switchboard tells a relay.
pub(super) enum Told {
    Report(Mono, Report),
    Ended(EndReason),
}

pub(super) struct Relay {
    call: CallKey,
    /// When it was woken.
    now: Mono,
    told: mpsc::Receiver<Told>,
    orders: Orders,
    metrics: Arc<Metrics>,
    session: Session,
    commands: mpsc::Receiver<Command>,
    edges: JoinSet<()>,
    hearing: Hearing,
    stt: EdgeLink<SttInput, SttEvent>,
    takes_typed_words: bool,
    turns: Turns,
    clock: VoiceClock,
    interjection: Interjection,
    /// What the dialogue waits for.
    expects: Expectation,
    /// When the turn ended whose words are awaited.
    turn_ended_at: Option<Mono>,
    speaking: Speaking,
    tts: EdgeLink<TtsInput, TtsEvent>,
    /// Clauses and cancellations that the synthesiser has not taken yet.
    clauses: VecDeque<TtsInput>,
    /// The utterance of the latest clause, and how many clauses it has.
    latest: Option<(UtteranceId, u32)>,
    /// When an utterance was asked for whose first audio is awaited.
    asked: VecDeque<(UtteranceId, Mono)>,
    hanging_up: HangingUp,
}

/// Where the caller's audio stands, so that a pause can be told in it.
#[derive(Default)]
struct VoiceClock {
    /// The audio reached up to here, and when.
    latest: (Mono, Samples),
    /// Where the caller's last stretch of speech ended, unless the caller has gone on.
    voice: Option<Samples>,
}

impl VoiceClock {
    fn handle_audio(&mut self, at: Mono, until: Samples) {
        self.latest = (at, until);
    }

    /// Up to where audio has come.
    fn until(&self) -> Samples {
        self.latest.1
    }

    /// How long the caller has been silent now; words reach up to `through`.
    fn silence(&self, now: Mono, through: Samples) -> Samples {
        let (at, until) = self.latest;
        let since = u64::try_from(now.since(at).as_millis()).unwrap_or(u64::MAX);
        let spoken = self.voice.unwrap_or(through).min(until);
        until.saturating_sub(spoken) + Samples::from_ms(since.min(MEDIA_GAP_MS))
    }
}

/// Audio comes every 100 ms at least; what is beyond is a gap, and no measure of silence.
const MEDIA_GAP_MS: u64 = 1_000;

/// The session's end.
struct Session {
    events: mpsc::Sender<Event>,
    last_event: mpsc::OwnedPermit<Event>,
}

/// Whether the call is to end once all was said.
enum HangingUp {
    No,
    /// When the synthesiser has delivered, but no later than this.
    OnceDelivered(Instant),
    /// The voice thread has the order.
    Ordered,
}

/// What woke the relay.
enum Woken {
    Told(Option<Told>),
    Command(Option<Command>),
    Stt(Option<SttEvent>),
    Tts(Option<TtsEvent>),
    SttTakes,
    TtsTakes,
    OutOfPatience,
}

impl Relay {
    pub(super) fn new(
        admission: Admission,
        told: mpsc::Receiver<Told>,
        orders: Orders,
        speech: &SpeechConfig,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut edges = JoinSet::new();
        let stt = EdgeLink::start(&mut edges, |input, events| {
            speech.stt.start(input, events, &metrics)
        });
        let tts = EdgeLink::start(&mut edges, |input, events| {
            speech.tts.start(input, events, &metrics)
        });
        Self {
            edges,
            takes_typed_words: speech.stt.takes_typed_words(),
            ..Self::between(
                admission,
                told,
                orders,
                (stt, tts),
                speech.stt.delivery(),
                metrics,
            )
        }
    }

    /// A relay between edges that somebody else has started.
    pub(super) fn between(
        admission: Admission,
        told: mpsc::Receiver<Told>,
        orders: Orders,
        (stt, tts): (EdgeLink<SttInput, SttEvent>, EdgeLink<TtsInput, TtsEvent>),
        delivery: Delivery,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            call: admission.call,
            now: Mono::default(),
            told,
            orders,
            metrics,
            session: Session {
                events: admission.events,
                last_event: admission.last_event,
            },
            commands: admission.commands,
            edges: JoinSet::new(),
            hearing: Hearing::new(admission.rings.caller, delivery),
            stt,
            takes_typed_words: false,
            turns: Turns::default(),
            clock: VoiceClock::default(),
            interjection: Interjection::default(),
            expects: Expectation::default(),
            turn_ended_at: None,
            speaking: Speaking::new(admission.rings.agent),
            tts,
            clauses: VecDeque::new(),
            latest: None,
            asked: VecDeque::new(),
            hanging_up: HangingUp::No,
        }
    }

    /// Has it act at this time.
    pub(super) fn woken(&mut self, now: Mono) -> &mut Self {
        self.now = now;
        self
    }

    /// Gives the edges what they take.
    pub(super) fn feed(&mut self) {
        self.feed_stt();
        self.feed_tts();
    }

    /// Whether more may be taken from the synthesiser.
    pub(super) fn takes_audio(&self) -> bool {
        self.tts.is_up() && self.speaking.has_room()
    }

    /// Serves the call until the voice thread has let go of it.
    pub(super) async fn run(mut self) {
        let reason = loop {
            let woken = self.next().await;
            self.now = Mono::now();
            match woken {
                Woken::Told(Some(Told::Report(at, report))) => self.handle_report(at, report),
                Woken::Told(Some(Told::Ended(reason))) => break reason,
                // The switchboard could not reach us, or the voice thread is no more.
                Woken::Told(None) => break EndReason::Fault,
                Woken::Command(Some(command)) => self.handle_command(command),
                Woken::Command(None) => self.handle_session_gone(),
                Woken::Stt(Some(event)) => self.handle_stt(event),
                Woken::Stt(None) => self.handle_stt_lost(),
                Woken::Tts(Some(event)) => self.handle_tts(event),
                Woken::Tts(None) => self.handle_tts_lost(),
                Woken::SttTakes => self.feed_stt(),
                Woken::TtsTakes => self.feed_tts(),
                Woken::OutOfPatience => self.give_up_waiting(),
            }
            self.hang_up_if_delivered();
        };
        self.finish(reason).await;
    }

    async fn next(&mut self) -> Woken {
        let patience = match self.hanging_up {
            HangingUp::OnceDelivered(until) => Some(until),
            HangingUp::No | HangingUp::Ordered => None,
        };
        let mut out_of_patience = pin!(sleep_until(patience.unwrap_or_else(Instant::now)));
        tokio::select! {
            biased;
            told = self.told.recv() => Woken::Told(told),
            command = self.commands.recv(), if self.listens_to_session() => Woken::Command(command),
            event = self.tts.events.recv(), if self.takes_audio() => Woken::Tts(event),
            event = self.stt.events.recv(), if self.stt.is_up() => Woken::Stt(event),
            () = takes(self.tts.input.as_ref()), if !self.clauses.is_empty() => Woken::TtsTakes,
            () = takes(self.stt.input.as_ref()), if !self.hearing.is_caught_up() => Woken::SttTakes,
            () = &mut out_of_patience, if patience.is_some() => Woken::OutOfPatience,
        }
    }

    /// A session that has gone after asking for the end has said all it had to say.
    fn listens_to_session(&self) -> bool {
        matches!(self.hanging_up, HangingUp::No) || !self.commands.is_closed()
    }

    fn tell(&self, at: Mono, kind: EventKind) {
        if self.session.events.try_send(Event { at, kind }).is_err() {
            self.metrics.count(Oddity::EventDropped);
        }
    }

    /// Says the last word to the session, and lets the edges go: they end with their input, or
    /// are ended.
    async fn finish(self, reason: EndReason) {
        let Self {
            session,
            stt,
            tts,
            mut edges,
            ..
        } = self;
        drop(session.last_event.send(Event {
            at: Mono::now(),
            kind: EventKind::Ended { reason },
        }));
        drop((session.events, stt, tts));
        let all_ended = async { while edges.join_next().await.is_some() {} };
        // What has not ended in time is aborted with the set.
        let _ = timeout(EDGE_GRACE, all_ended).await;
    }
}

#[cfg(test)]
mod tests;
