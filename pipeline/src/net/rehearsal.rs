//! A call's data plane on one thread, under a virtual clock.
//!
//! The same machines as in a running shard (the call, the rings, the relay) between a telephone
//! that plays what it gets and returns marks, and speech edges that whoever rehearses stands in
//! for. Nothing here waits or reads a clock: after each step everything has come to rest, so the
//! same steps always lead to the same call.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dsp::{LINE_RATE_HZ, MulawFrame};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapRb};
use tokio::sync::mpsc;

use super::edge::{SttEvent, SttInput, TtsEvent, TtsInput};
use super::edge_link::EdgeLink;
use super::hearing::Delivery;
use super::orders::Orders;
use super::relay::{Admission, Relay};
use crate::call::Call;
use crate::call::ledger::MarkName;
use crate::call::outlet::Outlet;
use crate::doorbell::Doorbell;
use crate::fact::{About, CallKey, Order, Report};
use crate::limits::{EVENTS, FACTS_PER_CALL, TICK, TTS_RING_LOW_FRAMES};
use crate::message::{Command, EndReason, Event};
use crate::metrics::{Metrics, Oddity};
use crate::ring::{AgentFrame, CallerFrame, VoiceEnds, rings};
use crate::time::Mono;

/// One call, as its caller and its session have it.
pub struct Rehearsal {
    call: Call,
    relay: Relay,
    port: Port,
    orders: HeapCons<About<Order>>,
    events: mpsc::Receiver<Event>,
    stt: mpsc::Receiver<SttInput>,
    tts: mpsc::Receiver<TtsInput>,
    /// What the synthesiser has made and the relay has no room for.
    made: VecDeque<TtsEvent>,
    /// The relay's other ends; it is woken by calls, never by these.
    _idle: Box<dyn Send>,
}

/// The telephone, and the voice thread's ends of the rings.
struct Port {
    now: Mono,
    rings: VoiceEnds,
    asks_for_room: bool,
    reports: VecDeque<Report>,
    telephone: Telephone,
    metrics: Arc<Metrics>,
}

/// Plays what it gets, sample by sample, and returns marks.
#[derive(Debug, Default)]
pub struct Telephone {
    buffer: VecDeque<u8>,
    /// Marks, and how much is to be played before each.
    marks: VecDeque<(usize, MarkName)>,
    returned: VecDeque<MarkName>,
    /// All it has played; pauses are left out.
    pub played: Vec<u8>,
    /// When it played anything last.
    pub sounded_at: Option<Mono>,
    /// When it was told to forget what it had not played.
    pub cleared_at: Vec<Mono>,
}

impl Rehearsal {
    /// A call that begins now. A recogniser that hears the whole line gets all audio as it comes.
    ///
    /// # Errors
    /// Where the system has no room for another pair of doorbells.
    pub fn new(now: Mono, hears_whole_line: bool) -> std::io::Result<Self> {
        let (voice, net) = rings();
        let (orders_in, orders) = HeapRb::new(FACTS_PER_CALL).split();
        let (told_in, told) = mpsc::channel(1);
        let (commands_in, commands) = mpsc::channel(1);
        let (events_in, events) = mpsc::channel(EVENTS + 1);
        let (stt_link, stt, stt_events) = EdgeLink::open();
        let (tts_link, tts, tts_events) = EdgeLink::open();
        let metrics = Arc::<Metrics>::default();
        let admission = Admission {
            call: CallKey { slot: 0, serial: 1 },
            rings: net,
            commands,
            last_event: events_in
                .clone()
                .try_reserve_owned()
                .map_err(|_| std::io::ErrorKind::Other)?,
            events: events_in,
            speech: None,
        };
        let delivery = if hears_whole_line {
            Delivery::Live
        } else {
            Delivery::Cut
        };
        let orders_out = Orders::new(orders_in, Doorbell::new()?);
        let links = (stt_link, tts_link);
        let relay = Relay::between(
            admission,
            told,
            orders_out,
            links,
            delivery,
            metrics.clone(),
        );
        let mut rehearsal = Self {
            call: Call::default(),
            relay,
            port: Port {
                now,
                rings: voice,
                asks_for_room: false,
                reports: VecDeque::from([Report::Started]),
                telephone: Telephone::default(),
                metrics,
            },
            orders,
            events,
            stt,
            tts,
            made: VecDeque::new(),
            _idle: Box::new((told_in, commands_in, stt_events, tts_events)),
        };
        rehearsal.settle();
        Ok(rehearsal)
    }

    /// One period of pacing passes; the telephone plays on.
    pub fn handle_tick(&mut self) {
        let now = self.port.now.plus(TICK);
        self.port.now = now;
        self.port.telephone.play(now, TICK);
        while let Some(mark) = self.port.telephone.returned.pop_front() {
            let mut room = [0; MarkName::MAX_BYTES];
            let name = mark.write(&mut room);
            self.call.handle_mark(name.as_bytes(), &mut self.port);
        }
        if self.call.ended().is_none() {
            self.call.handle_tick(now, &mut self.port);
        }
        self.settle();
    }

    /// 20 ms of the caller.
    pub fn handle_caller(&mut self, frame: &MulawFrame) {
        if self.call.ended().is_none() {
            self.call.handle_media(self.port.now, frame, &mut self.port);
        }
        self.settle();
    }

    /// The caller pressed a key.
    pub fn handle_key(&mut self, key: u8) {
        self.call.handle_key(key, &mut self.port);
        self.settle();
    }

    /// The session wants something.
    pub fn handle_command(&mut self, command: Command) {
        self.relay.woken(self.port.now).handle_command(command);
        self.settle();
    }

    /// The recogniser has something to say.
    pub fn handle_recogniser(&mut self, event: SttEvent) {
        self.relay.woken(self.port.now).handle_stt(event);
        self.settle();
    }

    /// The synthesiser has made something.
    pub fn handle_synthesiser(&mut self, event: TtsEvent) {
        self.made.push_back(event);
        self.settle();
    }

    /// The next thing the session is told.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// The next thing the recogniser is given.
    pub fn poll_recogniser(&mut self) -> Option<SttInput> {
        let next = self.stt.try_recv().ok();
        self.settle();
        next
    }

    /// The next thing the synthesiser is asked for.
    pub fn poll_synthesiser(&mut self) -> Option<TtsInput> {
        let next = self.tts.try_recv().ok();
        self.settle();
        next
    }

    /// Why the call is over, once it is.
    #[must_use]
    pub fn ended(&self) -> Option<EndReason> {
        self.call.ended()
    }

    #[must_use]
    pub fn telephone(&self) -> &Telephone {
        &self.port.telephone
    }

    #[must_use]
    pub fn count_of(&self, oddity: Oddity) -> u64 {
        self.port.metrics.count_of(oddity)
    }

    #[must_use]
    pub fn now(&self) -> Mono {
        self.port.now
    }

    /// Passes facts both ways until neither side has any.
    fn settle(&mut self) {
        let now = self.port.now;
        loop {
            let relay = self.relay.woken(now);
            relay.feed();
            while relay.takes_audio()
                && let Some(event) = self.made.pop_front()
            {
                relay.handle_tts(event);
            }
            relay.hang_up_if_delivered();
            self.port.ask_for_room();
            let report = self.port.reports.pop_front();
            if let Some(report) = report {
                relay.handle_report(now, report);
            }
            let order = self.orders.try_pop();
            if let Some(about) = order
                && self.call.ended().is_none()
            {
                self.call.handle_order(now, about.fact, &mut self.port);
            }
            if report.is_none() && order.is_none() {
                return;
            }
        }
    }
}

impl fmt::Debug for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rehearsal").finish_non_exhaustive()
    }
}

impl Port {
    fn ask_for_room(&mut self) {
        if self.asks_for_room && self.rings.agent.occupied_len() <= TTS_RING_LOW_FRAMES {
            self.asks_for_room = false;
            self.reports.push_back(Report::Room);
        }
    }
}

impl Telephone {
    fn play(&mut self, now: Mono, span: Duration) {
        let samples = span.as_micros() as usize * LINE_RATE_HZ as usize / 1_000_000;
        let played = samples.min(self.buffer.len());
        if played > 0 {
            self.sounded_at = Some(now);
        }
        self.played.extend(self.buffer.drain(..played));
        for (before, _) in &mut self.marks {
            *before = before.saturating_sub(played);
        }
        while let Some(&(0, mark)) = self.marks.front() {
            self.returned.push_back(mark);
            self.marks.pop_front();
        }
    }
}

impl Outlet for Port {
    fn waiting(&self) -> Option<&AgentFrame> {
        self.rings.agent.first()
    }

    fn waiting_frames(&self) -> usize {
        self.rings.agent.occupied_len()
    }

    fn take_waiting(&mut self) -> Option<AgentFrame> {
        self.asks_for_room |= self.rings.agent.occupied_len() > TTS_RING_LOW_FRAMES;
        self.rings.agent.try_pop()
    }

    fn takes_media(&self) -> bool {
        true
    }

    fn media(&mut self, mulaw: &[u8]) {
        self.telephone.buffer.extend(mulaw);
    }

    fn mark(&mut self, name: MarkName) {
        let before = self.telephone.buffer.len();
        self.telephone.marks.push_back((before, name));
    }

    fn clear(&mut self, now: Mono, _voiced_at: Option<Mono>) -> Mono {
        let Telephone {
            buffer,
            marks,
            returned,
            cleared_at,
            ..
        } = &mut self.telephone;
        buffer.clear();
        returned.extend(marks.drain(..).map(|(_, mark)| mark));
        cleared_at.push(now);
        now
    }

    fn caller_frame(&mut self, frame: CallerFrame) {
        if self.rings.caller.try_push(frame).is_err() {
            self.count(Oddity::CallerFrameDropped);
        }
    }

    fn report(&mut self, report: Report) {
        self.reports.push_back(report);
    }

    fn count(&mut self, oddity: Oddity) {
        self.metrics.count(oddity);
    }
}
