//! The voice thread: owns the callers' sockets and runs their call machines.
//!
//! One loop: sleep in epoll until a socket has news, the net thread rings, or a tick is due; then
//! read what came, carry out orders, pace what is due, and ring the net thread if it must know.
//! Nothing between a caller's frame and the `clear` it causes involves another thread. The loop
//! does not allocate, free, lock or log; its system calls are `epoll_wait`, non-blocking reads and
//! writes on the callers' sockets, and the doorbells. Calls come and go as boxes through queues:
//! allocated by who admits them, freed by the net thread.

mod line;
mod port;
mod pulse;
mod reporter;
mod slots;
mod socket;
mod ticker;

use std::io;
use std::sync::Arc;

use crossbeam::queue::ArrayQueue;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};
use ringbuf::traits::Consumer;
use ringbuf::{HeapCons, HeapProd};

pub(crate) use self::line::Line;
use self::line::Served;
use self::port::Shard;
pub(crate) use self::pulse::{Pulse, Room};
use self::reporter::Reporter;
use self::slots::Slots;
pub(crate) use self::socket::prepare;
use self::ticker::Ticker;
use crate::doorbell::Doorbell;
use crate::fact::{About, Order, Report};
use crate::message::EndReason;
use crate::metrics::Metrics;
use crate::time::Mono;
use crate::wire::limits::AUDIO_BYTES_MAX;

/// The doorbell's place among the slots.
const BELL: Token = Token(usize::MAX);

/// A call that has left its slot, on its way to be freed.
pub(crate) struct Departure {
    pub(crate) line: Box<Line>,
    pub(crate) reason: EndReason,
}

/// The queues by which lines come and go; each holds as many as there are slots, so never too few.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(crate) arrivals: Arc<ArrayQueue<Box<Line>>>,
    pub(crate) departures: Arc<ArrayQueue<Departure>>,
}

impl Doors {
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            arrivals: Arc::new(ArrayQueue::new(slots)),
            departures: Arc::new(ArrayQueue::new(slots)),
        }
    }
}

/// What a voice thread is given at birth.
pub(crate) struct VoiceParts {
    pub(crate) slots: usize,
    pub(crate) doors: Doors,
    pub(crate) orders: HeapCons<About<Order>>,
    pub(crate) reports: HeapProd<About<Report>>,
    /// Rung for this thread.
    pub(crate) bell: Doorbell,
    /// Rung by this thread.
    pub(crate) net_bell: Doorbell,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) metrics: Arc<Metrics>,
}

/// The voice thread's state. Everything it will ever need is allocated in [`Self::new`].
pub(crate) struct VoiceThread {
    poll: Poll,
    events: Events,
    bell: Doorbell,
    slots: Slots,
    ticker: Ticker,
    /// Slots whose sockets may have more than was read.
    hungry: Vec<usize>,
    /// The same, for the next turn.
    still_hungry: Vec<usize>,
    doors: Doors,
    orders: HeapCons<About<Order>>,
    shard: Shard,
    pulse: Arc<Pulse>,
    stopping: bool,
}

impl VoiceThread {
    /// # Errors
    /// When the system has no descriptor left.
    pub(crate) fn new(parts: VoiceParts) -> io::Result<Self> {
        let poll = Poll::new()?;
        let source = std::os::fd::AsRawFd::as_raw_fd(&parts.bell);
        poll.registry()
            .register(&mut SourceFd(&source), BELL, Interest::READABLE)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(parts.slots.saturating_add(1)),
            bell: parts.bell,
            slots: Slots::new(parts.slots),
            ticker: Ticker::new(Mono::now()),
            // A slot can be hungry from the turn before, have just been taken, and have an event.
            hungry: Vec::with_capacity(3 * parts.slots + 1),
            still_hungry: Vec::with_capacity(3 * parts.slots + 1),
            doors: parts.doors,
            orders: parts.orders,
            shard: Shard {
                reporter: Reporter::new(parts.reports, parts.net_bell, parts.metrics),
                audio: vec![0; AUDIO_BYTES_MAX].into(),
            },
            pulse: parts.pulse,
            stopping: false,
        })
    }

    /// By which sockets are registered before they are handed over; a socket's token is its slot.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub(crate) fn registry(&self) -> io::Result<Registry> {
        self.poll.registry().try_clone()
    }

    /// The loop. Returns when it was told to stop and all calls have left.
    pub(crate) fn run(&mut self) {
        while !(self.stopping && self.slots.is_empty()) {
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.sleep();
        let now = Mono::now();
        self.pulse.note_turn(now);
        self.serve_sockets(now);
        self.take_arrivals(now);
        self.carry_out_orders(now);
        self.heed_stop(now);
        self.shard.reporter.ring_if_due(false);
        self.tick();
    }

    fn sleep(&mut self) {
        let wait = if self.hungry.is_empty() {
            self.ticker.wait(Mono::now())
        } else {
            Some(std::time::Duration::ZERO)
        };
        // The only other error than an interrupting signal is a bad argument; the loop then goes
        // by its ticks.
        if self.poll.poll(&mut self.events, wait).is_err() {
            self.events.clear();
        }
        for event in &self.events {
            match event.token() {
                BELL => drop(self.bell.answer()),
                Token(slot) => self.hungry.push(slot),
            }
        }
    }

    fn serve_sockets(&mut self, now: Mono) {
        for at in 0..self.hungry.len() {
            let slot = self.hungry[at];
            let Some(line) = self.slots.at(slot) else {
                continue;
            };
            let served = line.serve(now, &mut self.shard);
            if served == Served::Hungry && !self.still_hungry.contains(&slot) {
                self.still_hungry.push(slot);
            }
            self.free_if_over(slot);
        }
        self.hungry.clear();
        std::mem::swap(&mut self.hungry, &mut self.still_hungry);
    }

    fn take_arrivals(&mut self, now: Mono) {
        while let Some(line) = self.doors.arrivals.pop() {
            let slot = usize::from(line.key().slot);
            self.slots.install(line);
            self.ticker.add(now, slot);
            self.pulse.note_call();
            if let Some(line) = self.slots.at(slot) {
                line.start(now, &mut self.shard);
            }
            // What came before the hand-over has rung nobody.
            self.hungry.push(slot);
            self.free_if_over(slot);
        }
    }

    fn carry_out_orders(&mut self, now: Mono) {
        while let Some(About { call, fact, .. }) = self.orders.try_pop() {
            if let Some(line) = self.slots.of(call) {
                line.handle_order(now, fact, &mut self.shard);
                self.free_if_over(usize::from(call.slot));
            }
        }
    }

    fn heed_stop(&mut self, now: Mono) {
        // Pairs with `Pulse::stop`: arrivals before it are seen by now or on the next turn.
        if self.stopping || !self.pulse.is_to_stop() {
            return;
        }
        self.stopping = true;
        self.take_arrivals(now);
        for slot in self.slots.all() {
            if let Some(line) = self.slots.at(slot) {
                line.end(now, EndReason::ShuttingDown, &mut self.shard);
                self.free_if_over(slot);
            }
        }
    }

    fn tick(&mut self) {
        // Not when the turn began: what the sockets took of it is part of a tick's lateness.
        let now = Mono::now();
        while let Some(due) = self.ticker.poll_due(now) {
            let begin = Mono::now();
            for slot in self.slots.in_phase(due.phase) {
                if let Some(line) = self.slots.at(slot) {
                    line.handle_tick(now, &mut self.shard);
                    self.free_if_over(slot);
                }
            }
            let metrics = &self.shard.reporter.metrics;
            metrics.tick_late.record(due.late);
            metrics.tick.record(Mono::now().since(begin));
            self.shard.reporter.ring_if_due(due.last);
        }
    }

    /// Sends a line that is over back to be freed.
    fn free_if_over(&mut self, slot: usize) {
        let Some(reason) = self.slots.at(slot).and_then(|line| line.over()) else {
            return;
        };
        if let Some(line) = self.slots.remove(slot) {
            self.ticker.remove(slot);
            self.pulse.note_departure();
            let departure = Departure { line, reason };
            let pushed = self.doors.departures.push(departure);
            debug_assert!(
                pushed.is_ok(),
                "there are no more lines than places in the queue"
            );
            self.shard.reporter.ring_at_once();
        }
    }
}

/// The thread is over: it was told to stop, could not be started, or hit a bug outside the calls.
/// Whichever it was, its net thread must know, or nobody could ever wait for it.
impl Drop for VoiceThread {
    fn drop(&mut self) {
        self.pulse.note_end();
        self.shard.reporter.ring_at_once();
        self.shard.reporter.ring_if_due(false);
    }
}
