//! One shard: a voice thread, its net thread, and the queues by which calls get to them.

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use crossbeam::queue::ArrayQueue;
use mio::{Interest, Registry, Token};
use ringbuf::HeapRb;
use ringbuf::traits::Split;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::mpsc;

use super::handle::CallHandle;
use super::{Arrival, DataPlaneConfig, Refused};
use crate::doorbell::Doorbell;
use crate::fact::CallKey;
use crate::limits::{COMMANDS, EVENTS, FACTS_PER_CALL, READ_BUFFER_BYTES, STREAM_SID_BYTES};
use crate::metrics::Metrics;
use crate::net::edge::SpeechConfig;
use crate::net::{self, Admission, NetParts};
use crate::ring::rings;
use crate::time::Mono;
use crate::voice::{self, Doors, Line, Pulse, Room, VoiceParts, VoiceThread};
use crate::wire::websocket::Decoder;

/// The FIFO priority of a voice thread: above everything that has none, below the kernel's own.
const FIFO_PRIORITY: u8 = 20;

pub(super) struct Shard {
    /// Registers sockets with the voice thread's epoll.
    registry: Registry,
    free_slots: Arc<ArrayQueue<u16>>,
    /// Serial of the next call. Relaxed: it only needs to be another one.
    next_serial: AtomicU64,
    doors: Doors,
    admissions: Arc<ArrayQueue<Admission>>,
    voice_bell: Doorbell,
    net_bell: Doorbell,
    pulse: Arc<Pulse>,
    metrics: Arc<Metrics>,
    /// Whether the voice thread got the priority it asked for.
    pub(super) realtime: bool,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shard")
            .field("free_slots", &self.free_slots.len())
            .field("realtime", &self.realtime)
            .finish_non_exhaustive()
    }
}

impl Shard {
    /// Starts both threads.
    pub(super) fn start(
        number: usize,
        config: &DataPlaneConfig,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let slots = config.calls_per_shard;
        let (reports_in, reports_out) = HeapRb::new(slots * FACTS_PER_CALL).split();
        let (orders_in, orders_out) = HeapRb::new(slots * FACTS_PER_CALL).split();
        let (voice_bell, net_bell) = (Doorbell::new()?, Doorbell::new()?);
        let doors = Doors::new(slots);
        let pulse = Arc::<Pulse>::default();
        let admissions = Arc::new(ArrayQueue::new(slots));
        let free_slots = Arc::new(ArrayQueue::new(slots));
        for slot in 0..slots {
            let slot = u16::try_from(slot).map_err(|_| io::ErrorKind::InvalidInput)?;
            let _ = free_slots.push(slot);
        }
        let voice = VoiceThread::new(VoiceParts {
            slots,
            doors: doors.clone(),
            orders: orders_out,
            reports: reports_in,
            bell: voice_bell.clone(),
            net_bell: net_bell.clone(),
            pulse: pulse.clone(),
            metrics: metrics.clone(),
        })?;
        let registry = voice.registry()?;
        let runtime = net::runtime()?;
        let net = NetParts {
            speech: config.speech.clone(),
            admissions: admissions.clone(),
            doors: doors.clone(),
            free_slots: free_slots.clone(),
            reports: reports_out,
            orders: orders_in,
            bell: net_bell.clone(),
            voice_bell: voice_bell.clone(),
            pulse: pulse.clone(),
            metrics: metrics.clone(),
        };
        let net_thread = thread::Builder::new()
            .name(format!("otto-net-{number}"))
            .spawn(move || net::run(&runtime, net))?;
        let (realtime_in, realtime_out) = channel();
        let ask = config.realtime;
        let around = config.around_voice_loop;
        let voice_thread = thread::Builder::new()
            .name(format!("otto-voice-{number}"))
            .spawn(move || run_voice(voice, ask, &realtime_in, around))?;
        Ok(Self {
            registry,
            free_slots,
            next_serial: AtomicU64::new(0),
            doors,
            admissions,
            voice_bell,
            net_bell,
            pulse,
            metrics,
            realtime: realtime_out.recv().unwrap_or(false),
            threads: vec![voice_thread, net_thread],
        })
    }

    /// How welcome another call is; `None` where it could not be admitted now.
    pub(super) fn room(&self) -> Option<Room> {
        self.pulse.room(Mono::now(), self.free_slots.len())
    }

    /// Takes a call over.
    pub(super) fn admit(
        &self,
        arrival: Arrival,
        speech: Option<SpeechConfig>,
    ) -> Result<CallHandle, Refused> {
        let Arrival {
            socket,
            early,
            stream_sid,
        } = arrival;
        if stream_sid.len() > STREAM_SID_BYTES {
            return Err(Refused::StreamSid);
        }
        let mut decoder = Decoder::new(vec![0; READ_BUFFER_BYTES].into());
        if decoder.feed(&early) < early.len() {
            return Err(Refused::EarlyBytes(READ_BUFFER_BYTES));
        }
        let slot = self.free_slots.pop().ok_or(Refused::Full)?;
        let stream = match self.prepare(socket, slot) {
            Ok(stream) => stream,
            Err(error) => {
                let _ = self.free_slots.push(slot);
                return Err(error.into());
            }
        };
        let call = CallKey {
            slot,
            serial: self.next_serial.fetch_add(1, Ordering::Relaxed),
        };
        let (voice_ends, net_ends) = rings();
        let (commands, commands_out) = mpsc::channel(COMMANDS);
        // One more place than events: it is taken for the last one.
        let (events, events_out) = mpsc::channel(EVENTS + 1);
        let last_event = events
            .clone()
            .try_reserve_owned()
            .expect("invariant: a new channel has room and a receiver");
        self.metrics.call_admitted();
        // The net thread first: it must know the call before the voice thread speaks of it. Both
        // queues have as many places as there are slots, and this call holds one.
        let _ = self.admissions.push(Admission {
            call,
            rings: net_ends,
            commands: commands_out,
            events,
            last_event,
            speech,
        });
        self.net_bell.ring();
        let line = Line::new(call, stream, decoder, voice_ends, stream_sid.into());
        let _ = self.doors.arrivals.push(Box::new(line));
        self.voice_bell.ring();
        Ok(CallHandle::new(commands, events_out))
    }

    /// Asks both threads to end their calls and themselves.
    pub(super) fn stop(&self) {
        self.pulse.stop();
        self.voice_bell.ring();
    }

    /// Waits until both threads have ended.
    pub(super) fn join(&mut self) {
        for thread in self.threads.drain(..) {
            // A thread that panicked is over, too, and its panic has been printed.
            let _ = thread.join();
        }
    }

    fn prepare(&self, socket: TcpStream, slot: u16) -> io::Result<mio::net::TcpStream> {
        let mut stream = voice::prepare(socket)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.registry
            .register(&mut stream, Token(usize::from(slot)), interest)?;
        Ok(stream)
    }
}

fn run_voice(
    mut voice: VoiceThread,
    ask_for_fifo: bool,
    realtime: &Sender<bool>,
    around: fn(&mut dyn FnMut()),
) {
    let _ = realtime.send(ask_for_fifo && become_fifo());
    around(&mut || voice.run());
}

/// Whether the system lets this thread run before all that have no deadline.
fn become_fifo() -> bool {
    let Ok(priority) = FIFO_PRIORITY.try_into() else {
        return false;
    };
    set_thread_priority_and_policy(
        thread_native_id(),
        ThreadPriority::Crossplatform(priority),
        ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo),
    )
    .is_ok()
}
