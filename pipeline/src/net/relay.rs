//! One call on the net thread: between its rings, its two speech edges and its session.
//!
//! The relay never waits for one of them while another has news: what an edge or the session does
//! not take is kept (and bounded) beside the loop.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;

use dsp::Samples;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::edge::{SpeechConfig, SttEvent, SttInput, TtsConfig, TtsEvent, TtsInput};
use super::edge_link::{EdgeLink, takes};
use super::hearing::Hearing;
use super::orders::Orders;
use super::speaking::{Delivered, Speaking};
use super::turns::{Given, Turns};
use crate::fact::{CallKey, Order, Report};
use crate::limits::{EDGE_GRACE, HANG_UP_PATIENCE, TTS_BACKLOG_CLAUSES};
use crate::message::{Command, EndReason, Event, EventKind, SpeechEdge, Transcript, UtteranceId};
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
    /// The agent's, where it is not the one that all calls have.
    pub(crate) voice: Option<TtsConfig>,
}

/// What the switchboard tells a relay.
pub(super) enum Told {
    Report(Mono, Report),
    Ended(EndReason),
}

pub(super) struct Relay {
    call: CallKey,
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
            call: admission.call,
            told,
            orders,
            metrics,
            session: Session {
                events: admission.events,
                last_event: admission.last_event,
            },
            commands: admission.commands,
            edges,
            hearing: Hearing::new(admission.rings.caller, speech.stt.delivery()),
            stt,
            takes_typed_words: speech.stt.takes_typed_words(),
            turns: Turns::default(),
            clock: VoiceClock::default(),
            turn_ended_at: None,
            speaking: Speaking::new(admission.rings.agent),
            tts,
            clauses: VecDeque::new(),
            latest: None,
            asked: VecDeque::new(),
            hanging_up: HangingUp::No,
        }
    }

    /// Serves the call until the voice thread has let go of it.
    pub(super) async fn run(mut self) {
        let reason = loop {
            match self.next().await {
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
            event = self.tts.events.recv(), if self.tts.is_up() && self.speaking.has_room() => Woken::Tts(event),
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

    // ---- from the voice thread ---------------------------------------------

    fn handle_report(&mut self, at: Mono, report: Report) {
        match report {
            Report::Started => self.tell(at, EventKind::Started),
            Report::Audio { until, .. } => {
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
                self.hearing.handle_speech_started(position);
                self.feed_stt();
                self.tell(at, EventKind::SpeechStarted { position });
            }
            Report::SpeechPaused {
                position,
                last_voiced,
            } => {
                if self.turns.is_on() {
                    self.clock.voice = Some(last_voiced);
                    self.hearing.handle_speech_paused(position, last_voiced);
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
            Report::BargeIn {
                utterance,
                heard,
                voiced_at,
                cleared_at,
            } => {
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

    // ---- from the session --------------------------------------------------

    fn handle_command(&mut self, command: Command) {
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
                self.orders.give(self.call, Order::Expect(expectation));
                self.hearing.push(SttInput::Expect(expectation));
                self.feed_stt();
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

    fn say(&mut self, utterance: UtteranceId, text: String, last: bool) {
        if self.speaking.is_retired(utterance) {
            return;
        }
        if !self.tts.is_up() || self.clauses.len() >= TTS_BACKLOG_CLAUSES {
            return self.tts_failed(Some(utterance), "the synthesiser takes no more");
        }
        let clause = match self.latest {
            Some((latest, clauses)) if latest == utterance => clauses,
            _ => {
                self.asked.push_back((utterance, Mono::now()));
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
    fn forget(&mut self, through: UtteranceId) {
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

    fn hang_up_if_delivered(&mut self) {
        if matches!(self.hanging_up, HangingUp::OnceDelivered(_))
            && self.speaking.is_all_delivered()
        {
            self.hang_up(true);
        }
    }

    /// Nobody speaks to the caller any more; what was to be said before the end is still said.
    fn handle_session_gone(&mut self) {
        if matches!(self.hanging_up, HangingUp::No) {
            self.hang_up(false);
        }
    }

    /// The synthesiser has not delivered in time: what it has not said by now ends where it
    /// stands, or the caller would wait for it for ever.
    fn give_up_waiting(&mut self) {
        let unfinished: Vec<_> = self.speaking.open().collect();
        for utterance in unfinished {
            self.tts_failed(Some(utterance), "the synthesiser is too slow to wait for");
        }
        self.hang_up(true);
    }

    fn hang_up(&mut self, after_playout: bool) {
        self.hanging_up = HangingUp::Ordered;
        self.orders.give(self.call, Order::HangUp { after_playout });
    }

    // ---- from the recogniser -----------------------------------------------

    fn handle_stt(&mut self, event: SttEvent) {
        let now = Mono::now();
        let kind = match event {
            SttEvent::Partial { text } => EventKind::Partial { text },
            SttEvent::Final(transcript) => return self.words(now, transcript),
            SttEvent::Nothing { position } => {
                if !self.turns.handle_nothing() {
                    return;
                }
                self.note_stt_final(now);
                EventKind::NothingRecognised { position }
            }
            SttEvent::Failed { reason } => EventKind::SpeechFailed {
                edge: SpeechEdge::Stt,
                utterance: None,
                reason,
            },
        };
        self.tell(now, kind);
    }

    /// Words, which end the caller's turn where nobody has ended it yet.
    fn words(&mut self, now: Mono, words: Transcript) {
        let mut resumed = None;
        match self.turns.handle_words(&words) {
            Given::Answer => {}
            Given::EndsTurn { through } => self.end_turn(now, through),
            Given::Turn {
                from,
                through,
                resumes,
            } => {
                self.tell(now, EventKind::SpeechStarted { position: from });
                self.end_turn(now, through);
                resumed = resumes;
            }
        }
        self.note_stt_final(now);
        self.tell(now, EventKind::Transcript(words));
        if let Some(position) = resumed {
            self.tell(now, EventKind::SpeechStarted { position });
        }
    }

    /// The recogniser has ended the caller's turn.
    fn end_turn(&mut self, now: Mono, through: Samples) {
        self.orders.give(self.call, Order::EndTurn { through });
        self.hearing.handle_turn_cut(through);
        self.feed_stt();
        self.turn_ended_at = Some(now);
        let ended = EventKind::SpeechEnded {
            position: through,
            silence: self.clock.silence(now, through),
        };
        self.tell(now, ended);
    }

    fn note_stt_final(&mut self, now: Mono) {
        if let Some(ended_at) = self.turn_ended_at.take() {
            self.metrics.stt_final.record(now.since(ended_at));
        }
    }

    /// The recogniser is gone. The call goes on without one; its session decides what that means.
    fn handle_stt_lost(&mut self) {
        self.stt.input = None;
        self.hearing.forget();
        self.turns.handle_lost();
        self.metrics.count(Oddity::EdgeLost);
        let kind = EventKind::SpeechFailed {
            edge: SpeechEdge::Stt,
            utterance: None,
            reason: "the recogniser is gone".into(),
        };
        self.tell(Mono::now(), kind);
    }

    fn feed_stt(&mut self) {
        let Some(input) = &self.stt.input else {
            return self.hearing.forget();
        };
        while !self.hearing.is_caught_up()
            && let Ok(permit) = input.try_reserve()
            && let Some(next) = self.hearing.next()
        {
            permit.send(next);
        }
    }

    // ---- from the synthesiser ----------------------------------------------

    fn handle_tts(&mut self, event: TtsEvent) {
        match event {
            TtsEvent::Audio { utterance, mulaw } => {
                self.note_first_audio(utterance);
                let delivered = self.speaking.handle_audio(utterance, mulaw);
                self.heed(delivered);
            }
            TtsEvent::ClauseDone {
                utterance,
                clause,
                samples,
            } => self.tell(
                Mono::now(),
                EventKind::ClauseSynthesised {
                    utterance,
                    clause,
                    samples,
                },
            ),
            TtsEvent::Done { utterance } => {
                // An utterance without words has no first audio.
                self.asked.retain(|(asked, _)| *asked != utterance);
                let delivered = self.speaking.handle_end(utterance);
                self.heed(delivered);
            }
            TtsEvent::Failed { utterance, reason } => self.tts_failed(Some(utterance), &reason),
        }
    }

    fn note_first_audio(&mut self, utterance: UtteranceId) {
        let now = Mono::now();
        let Some(at) = self.asked.iter().position(|(asked, _)| *asked == utterance) else {
            return;
        };
        if let Some((_, asked_at)) = self.asked.remove(at) {
            self.metrics.tts_first_byte.record(now.since(asked_at));
            self.tell(now, EventKind::FirstAudio { utterance });
        }
    }

    /// The synthesiser is gone: what it had promised ends where it stands.
    fn handle_tts_lost(&mut self) {
        self.tts.input = None;
        self.clauses.clear();
        self.metrics.count(Oddity::EdgeLost);
        let unfinished: Vec<_> = self.speaking.open().collect();
        if unfinished.is_empty() {
            self.tts_failed(None, "the synthesiser is gone");
        }
        for utterance in unfinished {
            self.tts_failed(Some(utterance), "the synthesiser is gone");
        }
    }

    fn tts_failed(&mut self, utterance: Option<UtteranceId>, reason: &str) {
        if let Some(utterance) = utterance {
            self.asked.retain(|(asked, _)| *asked != utterance);
            let delivered = self.speaking.handle_end(utterance);
            self.heed(delivered);
        }
        let kind = EventKind::SpeechFailed {
            edge: SpeechEdge::Tts,
            utterance,
            reason: reason.into(),
        };
        self.tell(Mono::now(), kind);
    }

    fn feed_tts(&mut self) {
        let Some(input) = &self.tts.input else {
            return self.clauses.clear();
        };
        while !self.clauses.is_empty()
            && let Ok(permit) = input.try_reserve()
            && let Some(next) = self.clauses.pop_front()
        {
            permit.send(next);
        }
    }

    /// Wakes the voice thread for audio that should not wait for its tick.
    fn heed(&mut self, delivered: Delivered) {
        for _ in 0..delivered.retired {
            self.metrics.count(Oddity::RetiredAudio);
        }
        if delivered.wakes {
            self.orders.give(self.call, Order::Audio);
        }
    }

    // ---- to the session ----------------------------------------------------

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
