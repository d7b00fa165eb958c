//! What a call acts through: the caller's socket, the rings, and the way to the net thread.

use ringbuf::traits::{Consumer, Observer, Producer};

use super::reporter::Reporter;
use super::socket::Socket;
use crate::call::ledger::MarkName;
use crate::call::outlet::Outlet;
use crate::fact::{CallKey, Report};
use crate::limits::TTS_RING_LOW_FRAMES;
use crate::metrics::Oddity;
use crate::ring::{AgentFrame, CallerFrame, VoiceEnds};
use crate::time::Mono;
use crate::wire::twilio;

/// What all lines of a voice thread share.
pub(super) struct Shard {
    pub(super) reporter: Reporter,
    /// Where a message's audio is decoded.
    pub(super) audio: Box<[u8]>,
}

impl Shard {
    pub(super) fn count(&self, oddity: Oddity) {
        self.reporter.metrics.count(oddity);
    }
}

/// What a call acts through.
pub(super) struct Port {
    pub(super) key: CallKey,
    pub(super) socket: Socket,
    rings: VoiceEnds,
    pub(super) stream_sid: Box<str>,
    /// The ring for agent audio has been so full that the net thread may be waiting for room.
    asks_for_room: bool,
    /// A `clear` that the socket has not taken whole, and since when a voice has called for it.
    clear_unsent: Option<Mono>,
    /// A fact found its ring full.
    pub(super) lost_fact: bool,
}

impl Port {
    pub(super) fn new(
        key: CallKey,
        stream: mio::net::TcpStream,
        rings: VoiceEnds,
        stream_sid: Box<str>,
    ) -> Self {
        Self {
            key,
            socket: Socket::new(stream),
            rings,
            stream_sid,
            asks_for_room: false,
            clear_unsent: None,
            lost_fact: false,
        }
    }

    pub(super) fn at<'a>(&'a mut self, now: Mono, shard: &'a mut Shard) -> PortOutlet<'a> {
        PortOutlet {
            port: self,
            reporter: &mut shard.reporter,
            now,
        }
    }

    /// Sends what waits, and takes the time of a `clear` that is only now on its way.
    pub(super) fn flush(&mut self, now: Mono, shard: &mut Shard) {
        self.socket.flush(now);
        if self.socket.is_idle()
            && let Some(voiced_at) = self.clear_unsent.take()
        {
            shard.reporter.metrics.barge_in.record(now.since(voiced_at));
        }
    }

    /// Has the net thread go on where it may be waiting for room in the ring, now that there is.
    pub(super) fn ask_for_room(&mut self, now: Mono, shard: &mut Shard) {
        if self.asks_for_room && self.rings.agent.occupied_len() <= TTS_RING_LOW_FRAMES {
            self.asks_for_room = false;
            self.at(now, shard).report(Report::Room);
        }
    }
}

/// A port, for the length of one step.
pub(super) struct PortOutlet<'a> {
    pub(super) port: &'a mut Port,
    pub(super) reporter: &'a mut Reporter,
    pub(super) now: Mono,
}

impl Outlet for PortOutlet<'_> {
    fn waiting(&self) -> Option<&AgentFrame> {
        self.port.rings.agent.first()
    }

    fn waiting_frames(&self) -> usize {
        self.port.rings.agent.occupied_len()
    }

    fn take_waiting(&mut self) -> Option<AgentFrame> {
        self.port.asks_for_room |= self.port.rings.agent.occupied_len() > TTS_RING_LOW_FRAMES;
        self.port.rings.agent.try_pop()
    }

    fn takes_media(&self) -> bool {
        self.port.socket.is_idle()
    }

    fn media(&mut self, mulaw: &[u8]) {
        let Port {
            socket, stream_sid, ..
        } = self.port;
        socket.send_text(self.now, |out| twilio::write_media(out, stream_sid, mulaw));
    }

    fn mark(&mut self, name: MarkName) {
        let mut text = [0; MarkName::MAX_BYTES];
        let name = name.write(&mut text);
        let Port {
            socket, stream_sid, ..
        } = self.port;
        socket.send_text(self.now, |out| twilio::write_mark(out, stream_sid, name));
    }

    fn clear(&mut self, now: Mono, voiced_at: Option<Mono>) -> Mono {
        let Port {
            socket, stream_sid, ..
        } = self.port;
        socket.send_text(now, |out| twilio::write_clear(out, stream_sid));
        let written_at = Mono::now();
        if let Some(voiced_at) = voiced_at {
            if socket.is_idle() {
                self.reporter
                    .metrics
                    .barge_in
                    .record(written_at.since(voiced_at));
            } else {
                self.port.clear_unsent = Some(voiced_at);
            }
        }
        written_at
    }

    fn caller_frame(&mut self, frame: CallerFrame) {
        if self.port.rings.caller.try_push(frame).is_err() {
            self.count(Oddity::CallerFrameDropped);
        }
    }

    fn report(&mut self, report: Report) {
        let reported = self.reporter.report(self.port.key, self.now, report);
        self.port.lost_fact |= reported.is_err();
    }

    fn count(&mut self, oddity: Oddity) {
        self.reporter.metrics.count(oddity);
    }
}
