//! The net thread's one task for all calls: from the voice thread's queues to each call's relay.

use std::collections::HashMap;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use crossbeam::queue::ArrayQueue;
use ringbuf::traits::{Consumer, Observer};
use ringbuf::{HeapCons, HeapProd};
use tokio::net::unix::pipe;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet, unconstrained};

use super::edge::SpeechConfig;
use super::orders::Orders;
use super::relay::{Admission, Relay, Told};
use crate::doorbell::Doorbell;
use crate::fact::{About, CallKey, Order, Report};
use crate::limits::{RELAY_QUEUE, VOICE_STALL, WATCHDOG_PERIOD};
use crate::metrics::{Metrics, Oddity};
use crate::time::Mono;
use crate::voice::{Departure, Doors, Pulse};

/// What a net thread is given at birth.
pub(crate) struct NetParts {
    pub(crate) speech: SpeechConfig,
    pub(crate) admissions: Arc<ArrayQueue<Admission>>,
    pub(crate) doors: Doors,
    /// Slots that no call holds.
    pub(crate) free_slots: Arc<ArrayQueue<u16>>,
    pub(crate) reports: HeapCons<About<Report>>,
    pub(crate) orders: HeapProd<About<Order>>,
    /// Rung for this thread.
    pub(crate) bell: Doorbell,
    pub(crate) voice_bell: Doorbell,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) metrics: Arc<Metrics>,
}

/// The net thread's runtime.
///
/// # Errors
/// When the system has no descriptor left.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The net thread, until its voice thread has stopped and all its calls are over.
pub(crate) fn run(runtime: &Runtime, parts: NetParts) {
    LocalSet::new().block_on(runtime, async {
        match Switchboard::new(parts) {
            // One task serves all calls here: within tokio's budget of operations a busy shard
            // would be told "pending" with work at hand.
            Ok(switchboard) => unconstrained(switchboard.serve()).await,
            Err(error) => tracing::error!(%error, "the net thread cannot hear its doorbell"),
        }
    });
}

struct Switchboard {
    parts: Parts,
    bell: Bell,
    orders: Orders,
    calls: HashMap<CallKey, mpsc::Sender<Told>>,
    relays: JoinSet<()>,
}

/// The parts that are used as they came.
struct Parts {
    speech: SpeechConfig,
    admissions: Arc<ArrayQueue<Admission>>,
    doors: Doors,
    free_slots: Arc<ArrayQueue<u16>>,
    reports: HeapCons<About<Report>>,
    pulse: Arc<Pulse>,
    metrics: Arc<Metrics>,
}

impl Switchboard {
    fn new(parts: NetParts) -> io::Result<Self> {
        Ok(Self {
            bell: Bell::new(&parts.bell)?,
            orders: Orders::new(parts.orders, parts.voice_bell),
            calls: HashMap::new(),
            relays: JoinSet::new(),
            parts: Parts {
                speech: parts.speech,
                admissions: parts.admissions,
                doors: parts.doors,
                free_slots: parts.free_slots,
                reports: parts.reports,
                pulse: parts.pulse,
                metrics: parts.metrics,
            },
        })
    }

    async fn serve(mut self) {
        let mut watchdog = tokio::time::interval(WATCHDOG_PERIOD);
        let mut stalled = false;
        loop {
            tokio::select! {
                () = self.bell.rung() => {}
                _ = watchdog.tick() => {
                    let is = self.parts.pulse.is_stalled(Mono::now(), VOICE_STALL);
                    if is && !stalled {
                        self.parts.metrics.count(Oddity::VoiceStall);
                        tracing::warn!("a voice thread does not turn");
                    }
                    stalled = is;
                }
                Some(done) = self.relays.join_next() => {
                    if let Err(error) = done {
                        tracing::error!(%error, "a call's relay panicked");
                    }
                }
            }
            // Read first: a thread that has stopped has told everything before.
            let voice_has_stopped = self.parts.pulse.has_stopped();
            self.answer();
            self.orders.retry();
            if voice_has_stopped {
                self.give_up_calls();
            }
            if voice_has_stopped && self.calls.is_empty() && self.relays.is_empty() {
                return;
            }
        }
    }

    /// Takes everything the queues hold, in an order that fits what they say: a call is admitted
    /// before its first fact, and its last fact was told before it departed.
    fn answer(&mut self) {
        let departures: Vec<Departure> =
            std::iter::from_fn(|| self.parts.doors.departures.pop()).collect();
        let facts = self.parts.reports.occupied_len();
        while let Some(admission) = self.parts.admissions.pop() {
            self.admit(admission);
        }
        for _ in 0..facts {
            if let Some(About { call, at, fact }) = self.parts.reports.try_pop() {
                self.tell(call, Told::Report(at, fact));
            }
        }
        for departure in departures {
            self.free(departure);
        }
    }

    fn admit(&mut self, mut admission: Admission) {
        let own = admission.speech.take();
        let speech = own.unwrap_or_else(|| self.parts.speech.clone());
        let (told, facts) = mpsc::channel(RELAY_QUEUE);
        self.calls.insert(admission.call, told);
        let relay = Relay::new(
            admission,
            facts,
            self.orders.clone(),
            &speech,
            self.parts.metrics.clone(),
        );
        self.relays.spawn_local(relay.run());
    }

    fn tell(&mut self, call: CallKey, told: Told) {
        let Some(relay) = self.calls.get(&call) else {
            return;
        };
        if relay.try_send(told).is_err() {
            // Full, though a relay never waits, or gone by a panic: our bug, and it ends one call.
            self.parts.metrics.count(Oddity::FactDropped);
            self.orders.give(
                call,
                Order::HangUp {
                    after_playout: false,
                },
            );
        }
    }

    /// The voice thread is over. It has let go of all calls, unless it panicked; then nobody
    /// serves them any more, and nobody gets their slots.
    fn give_up_calls(&mut self) {
        for (call, _relay) in self.calls.drain() {
            tracing::error!(?call, "a call has lost its voice thread");
            self.parts.metrics.call_freed();
        }
    }

    /// A call has left its slot: closes its socket, frees its memory, and says so.
    fn free(&mut self, departure: Departure) {
        let call = departure.line.key();
        drop(departure.line);
        self.tell(call, Told::Ended(departure.reason));
        self.calls.remove(&call);
        self.parts.metrics.call_freed();
        let freed = self.parts.free_slots.push(call.slot);
        debug_assert!(freed.is_ok(), "a slot is freed once");
    }
}

/// The net thread's doorbell, as tokio sees it.
struct Bell {
    /// Tokio's only safe way to wait for any descriptor that becomes readable. It reads an eventfd
    /// as well as the pipe it is named for.
    readable: pipe::Receiver,
}

impl Bell {
    fn new(bell: &Doorbell) -> io::Result<Self> {
        let fd = bell.as_fd().try_clone_to_owned()?;
        Ok(Self {
            readable: pipe::Receiver::from_owned_fd_unchecked(fd)?,
        })
    }

    /// Until somebody has rung since the last time. Nothing is lost when this is cancelled: what
    /// was answered by then is looked after by whatever cancelled it.
    async fn rung(&self) {
        let mut count = [0; 8];
        while self.readable.readable().await.is_ok() {
            if self.readable.try_read(&mut count).is_ok() {
                return;
            }
        }
        // Only a runtime that shuts down has no readiness to tell.
        std::future::pending::<()>().await;
    }
}
