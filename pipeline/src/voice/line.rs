//! One caller's line: the call machine, the socket it hears by, and what it acts through.
//!
//! A line is allocated when its call is admitted, travels to the voice thread as one box, and
//! travels back to be freed. In between it allocates nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::port::{Port, PortOutlet, Shard};
use super::socket::Received;
use crate::call::Call;
use crate::call::outlet::Outlet;
use crate::fact::{CallKey, Order, Report};
use crate::limits::{CALLER_SILENT, CLOSE_DRAIN, CLOSE_HANDSHAKE, READS_PER_TURN};
use crate::message::EndReason;
use crate::metrics::Oddity;
use crate::ring::VoiceEnds;
use crate::time::Mono;
use crate::wire::twilio::{Event, ParseError, parse};
use crate::wire::websocket::{CloseCode, Decoder, Message, Violation};

/// Everything of one call that the voice thread owns.
pub(crate) struct Line {
    call: Call,
    decoder: Decoder,
    port: Port,
    state: State,
    /// When the far end was last heard of, by whatever it sent.
    heard_of_at: Mono,
}

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// We have said goodbye, and read on only to hear it answered.
    Closing {
        reason: EndReason,
        until: Mono,
    },
    /// Nothing more will be read or written.
    Over(EndReason),
}

/// What a turn at the socket left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// Everything there was has been read; the socket will say when there is more.
    Drained,
    /// There may be more; it is another call's turn first.
    Hungry,
}

impl Line {
    /// `decoder` holds what was received before the hand-over.
    pub(crate) fn new(
        key: CallKey,
        stream: mio::net::TcpStream,
        decoder: Decoder,
        rings: VoiceEnds,
        stream_sid: Box<str>,
    ) -> Self {
        Self {
            call: Call::default(),
            decoder,
            port: Port::new(key, stream, rings, stream_sid),
            state: State::Open,
            heard_of_at: Mono::default(),
        }
    }

    pub(crate) fn key(&self) -> CallKey {
        self.port.key
    }

    /// Why the line can be freed, once it can.
    pub(super) fn over(&self) -> Option<EndReason> {
        match self.state {
            State::Over(reason) => Some(reason),
            State::Open | State::Closing { .. } => None,
        }
    }

    /// The line has its slot: says so, and hears what was received before.
    pub(super) fn start(&mut self, now: Mono, shard: &mut Shard) {
        self.guarded(now, shard, |line, shard| {
            line.heard_of_at = now;
            line.port.at(now, shard).report(Report::Started);
            line.hear(now, shard);
        });
    }

    /// Its socket has news, or had more than one turn's worth.
    pub(super) fn serve(&mut self, now: Mono, shard: &mut Shard) -> Served {
        let mut served = Served::Drained;
        self.guarded(now, shard, |line, shard| {
            line.port.flush(now, shard);
            served = line.read(now, shard);
        });
        served
    }

    pub(super) fn handle_order(&mut self, now: Mono, order: Order, shard: &mut Shard) {
        self.guarded(now, shard, |line, shard| {
            // After our goodbye nothing more may be said, and a call that panicked is not touched.
            if line.state == State::Open {
                line.call
                    .handle_order(now, order, &mut line.port.at(now, shard));
            }
        });
    }

    pub(super) fn handle_tick(&mut self, now: Mono, shard: &mut Shard) {
        self.guarded(now, shard, |line, shard| {
            if line.state == State::Open {
                line.call.handle_tick(now, &mut line.port.at(now, shard));
                if now.since(line.heard_of_at) >= CALLER_SILENT {
                    line.call.end(EndReason::SocketLost);
                }
            }
        });
    }

    /// Ends the call for a reason outside it.
    pub(super) fn end(&mut self, now: Mono, reason: EndReason, shard: &mut Shard) {
        self.guarded(now, shard, |line, _| line.call.end(reason));
    }

    /// Runs one step of the call, then draws the consequences: a panic, a lost socket or a call
    /// that has ended. A panic ends this call and no other.
    fn guarded(&mut self, now: Mono, shard: &mut Shard, step: impl FnOnce(&mut Self, &mut Shard)) {
        if self.over().is_some() {
            return;
        }
        // After a panic the call machine is not touched again; the port's buffers and rings are
        // whole values between any two statements.
        if catch_unwind(AssertUnwindSafe(|| step(self, shard))).is_err() {
            shard.reporter.metrics.count(Oddity::CallPanicked);
            self.call.end(EndReason::Fault);
        }
        self.port.ask_for_room(now, shard);
        if self.port.lost_fact {
            self.call.end(EndReason::Fault);
        }
        if self.port.socket.is_stalled(now) {
            self.state = State::Over(self.reason_or(EndReason::SocketStalled));
        } else if self.port.socket.is_broken() {
            self.state = State::Over(self.reason_or(EndReason::SocketLost));
        }
        self.close_if_ended(now);
    }

    /// Says goodbye once the call has ended, and gives up waiting for the answer in time.
    fn close_if_ended(&mut self, now: Mono) {
        match (self.state, self.call.ended()) {
            (State::Open, Some(reason)) => {
                self.port.socket.send_close(now, close_code(reason));
                let until = now.plus(CLOSE_HANDSHAKE);
                self.state = State::Closing { reason, until };
            }
            (State::Closing { reason, until }, _) if now >= until => {
                self.state = State::Over(reason);
            }
            _ => {}
        }
    }

    /// The reason the call ended for, or this one if it had not.
    fn reason_or(&self, reason: EndReason) -> EndReason {
        self.call.ended().unwrap_or(reason)
    }

    fn read(&mut self, now: Mono, shard: &mut Shard) -> Served {
        for _ in 0..READS_PER_TURN {
            match self.port.socket.read(&mut self.decoder) {
                Received::Bytes => {
                    self.heard_of_at = now;
                    self.hear(now, shard);
                }
                Received::Drained => return Served::Drained,
                Received::Lost => {
                    self.state = State::Over(self.reason_or(EndReason::SocketLost));
                    return Served::Drained;
                }
            }
            if self.over().is_some() {
                return Served::Drained;
            }
        }
        Served::Hungry
    }

    /// Decodes what was received.
    fn hear(&mut self, now: Mono, shard: &mut Shard) {
        loop {
            if let State::Closing {
                reason: EndReason::ProtocolViolation,
                ..
            } = self.state
            {
                // Where its frames begin nobody knows any more. What it was still sending is taken
                // all the same, until it ends: see `CLOSE_DRAIN`.
                return self.decoder.discard();
            }
            let message = match self.decoder.next_message() {
                Ok(Some(message)) => message,
                Ok(None) => return,
                Err(violation) => return self.break_off(now, violation, shard),
            };
            match message {
                Message::Close(_) => {
                    if self.state == State::Open {
                        self.call.end(EndReason::CallerHungUp);
                        self.port.socket.send_close(now, CloseCode::NORMAL);
                    }
                    self.state = State::Over(self.reason_or(EndReason::CallerHungUp));
                    return;
                }
                Message::Ping(payload) => {
                    if !self.port.socket.send_pong(now, payload) {
                        shard.count(Oddity::PongDropped);
                    }
                }
                Message::Pong(_) => {}
                // Once the call is over only the peer's goodbye matters.
                Message::Text(_) | Message::Binary(_) if self.call.ended().is_some() => {}
                Message::Binary(_) => shard.count(Oddity::BinaryMessage),
                Message::Text(text) => {
                    handle_text(&mut self.call, &mut self.port, now, text, shard);
                }
            }
        }
    }

    /// The peer broke the WebSocket protocol: the connection ends with the proper code.
    fn break_off(&mut self, now: Mono, violation: Violation, shard: &mut Shard) {
        // Nothing of it will be read, and a buffer left full takes no more: the socket would look
        // as if it had ended.
        self.decoder.discard();
        if self.state != State::Open {
            // It has been told goodbye.
            return;
        }
        shard.count(match violation {
            Violation::TooBig => Oddity::Oversized,
            _ => Oddity::ProtocolError,
        });
        self.call.end(EndReason::ProtocolViolation);
        let code = violation.close_code();
        self.port.socket.send_close_and_end(now, code);
        self.state = State::Closing {
            reason: EndReason::ProtocolViolation,
            until: now.plus(CLOSE_DRAIN),
        };
    }
}

/// Carries out one message of the carrier.
fn handle_text(call: &mut Call, port: &mut Port, now: Mono, text: &str, shard: &mut Shard) {
    let Shard { reporter, audio } = shard;
    let inbound = match parse(text, audio) {
        Ok(inbound) => inbound,
        Err(error) => return reporter.metrics.count(oddity(error)),
    };
    let ours = inbound
        .stream_sid
        .as_deref()
        .is_none_or(|sid| sid == &*port.stream_sid);
    if !ours {
        return reporter.metrics.count(Oddity::WrongStream);
    }
    let mut out = PortOutlet {
        port,
        reporter,
        now,
    };
    match inbound.event {
        Event::Media { audio, .. } => {
            let cancelled = call.cancelled_frames();
            let begin = Mono::now();
            call.handle_media(now, audio, &mut out);
            if call.cancelled_frames() > cancelled {
                out.reporter.metrics.echo.record(Mono::now().since(begin));
            }
        }
        Event::Mark { name } => call.handle_mark(name.as_bytes(), &mut out),
        // The parser has checked that it is one of sixteen ASCII characters.
        Event::Dtmf { key } => call.handle_key(key as u8, &mut out),
        Event::Stop => call.handle_stop(),
        Event::Connected | Event::Start => out.count(Oddity::SecondStart),
        Event::Unknown => out.count(Oddity::UnknownEvent),
    }
}

fn oddity(error: ParseError) -> Oddity {
    match error {
        ParseError::NotJson | ParseError::Member { .. } => Oddity::BadMessage,
        ParseError::BadBase64 => Oddity::BadPayload,
        ParseError::PayloadTooLong { .. } => Oddity::Oversized,
    }
}

fn close_code(reason: EndReason) -> CloseCode {
    match reason {
        EndReason::ShuttingDown => CloseCode::GOING_AWAY,
        EndReason::Fault => CloseCode::INTERNAL,
        EndReason::ProtocolViolation => CloseCode::PROTOCOL_ERROR,
        EndReason::CallerHungUp
        | EndReason::AgentHungUp
        | EndReason::SocketLost
        | EndReason::SocketStalled => CloseCode::NORMAL,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::time::Duration;

    use ringbuf::HeapRb;
    use ringbuf::traits::{Consumer, Producer, Split};

    use super::super::reporter::Reporter;
    use super::*;
    use crate::doorbell::Doorbell;
    use crate::fact::About;
    use crate::limits::{TTS_RING_FRAMES, TTS_RING_LOW_FRAMES};
    use crate::message::UtteranceId;
    use crate::metrics::Metrics;
    use crate::ring::{AgentFrame, NetEnds, rings};
    use crate::voice::prepare;

    struct Scene {
        line: Line,
        shard: Shard,
        net: NetEnds,
        reports: ringbuf::HeapCons<About<Report>>,
        caller: TcpStream,
        metrics: Arc<Metrics>,
    }

    fn scene(facts: usize) -> Scene {
        let door = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let caller = TcpStream::connect(door.local_addr().expect("bound")).expect("connected");
        let (near, _) = door.accept().expect("accepted");
        let (voice, net) = rings();
        let (facts_in, reports) = HeapRb::new(facts).split();
        let metrics = Arc::<Metrics>::default();
        let bell = Doorbell::new().expect("an eventfd");
        let key = CallKey { slot: 0, serial: 1 };
        let decoder = Decoder::new(vec![0; 4_096].into());
        let stream = prepare(near).expect("a socket");
        Scene {
            line: Line::new(key, stream, decoder, voice, "MZ1".into()),
            shard: Shard {
                reporter: Reporter::new(facts_in, bell, metrics.clone()),
                audio: vec![0; 1_000].into(),
            },
            net,
            reports,
            caller,
            metrics,
        }
    }

    fn close_code_at(caller: &mut TcpStream) -> u16 {
        let mut frame = [0; 4];
        caller.read_exact(&mut frame).expect("a close frame");
        assert_eq!(frame[..2], [0x88, 2]);
        u16::from_be_bytes([frame[2], frame[3]])
    }

    #[test]
    fn a_panic_in_a_call_ends_that_call_with_an_internal_error() {
        let mut scene = scene(8);
        let now = Mono::from_millis(0);
        scene
            .line
            .guarded(now, &mut scene.shard, |_, _| panic!("a bug of ours"));
        assert_eq!(scene.metrics.count_of(Oddity::CallPanicked), 1);
        assert_eq!(close_code_at(&mut scene.caller), 1011);
        assert_eq!(scene.line.over(), None, "the peer may say goodbye");
        let later = now.plus(CLOSE_HANDSHAKE);
        scene.line.handle_tick(later, &mut scene.shard);
        assert_eq!(scene.line.over(), Some(EndReason::Fault));
    }

    #[test]
    fn a_fact_that_finds_no_room_ends_the_call_rather_than_getting_lost() {
        let mut scene = scene(1);
        let now = Mono::from_millis(0);
        scene.line.start(now, &mut scene.shard);
        let key = r##"{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"#"}}"##;
        scene.line.guarded(now, &mut scene.shard, |line, shard| {
            handle_text(&mut line.call, &mut line.port, now, key, shard);
        });
        assert_eq!(close_code_at(&mut scene.caller), 1011);
    }

    #[test]
    fn nothing_is_said_after_our_goodbye() {
        let mut scene = scene(8);
        let now = Mono::from_millis(0);
        scene.line.start(now, &mut scene.shard);
        let frame = AgentFrame {
            utterance: UtteranceId(1),
            position: dsp::Samples::ZERO,
            len: 160,
            mulaw: [7; 160],
        };
        scene.net.agent.try_push(frame).expect("room");
        scene
            .line
            .end(now, EndReason::ShuttingDown, &mut scene.shard);
        assert_eq!(close_code_at(&mut scene.caller), 1001);
        let retire = Order::Retire {
            through: UtteranceId(0),
        };
        for order in [Order::Audio, retire] {
            scene.line.handle_order(now, order, &mut scene.shard);
        }
        scene.caller.set_nonblocking(true).expect("an option");
        let more = scene.caller.read(&mut [0; 1]).expect_err("no more comes");
        assert_eq!(more.kind(), std::io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_stop_and_a_goodbye_in_one_packet_free_the_line_at_once() {
        let mut scene = scene(8);
        let now = Mono::from_millis(0);
        scene.line.start(now, &mut scene.shard);
        let stop = r#"{"event":"stop","streamSid":"MZ1"}"#;
        let mut packet = vec![0x81, 0x80 | stop.len() as u8, 0, 0, 0, 0];
        packet.extend(stop.as_bytes());
        packet.extend([0x88, 0x80, 0, 0, 0, 0]);
        std::io::Write::write_all(&mut scene.caller, &packet).expect("sent");
        scene.line.serve(now, &mut scene.shard);
        assert_eq!(close_code_at(&mut scene.caller), 1000);
        assert_eq!(scene.line.over(), Some(EndReason::CallerHungUp));
    }

    #[test]
    fn a_peer_that_broke_the_protocol_is_heard_out_so_that_our_close_code_is_not_lost() {
        let mut scene = scene(8);
        let now = Mono::from_millis(0);
        scene.line.start(now, &mut scene.shard);
        // The header of a message of 64 KiB, and then its beginning.
        let giant = [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        std::io::Write::write_all(&mut scene.caller, &giant).expect("sent");
        scene.line.serve(now, &mut scene.shard);
        // What follows may look like anything, a goodbye too.
        let rest = [0x88, 0x80, 0, 0, 0, 0].repeat(4_000);
        std::io::Write::write_all(&mut scene.caller, &rest).expect("sent");
        while scene.line.serve(now, &mut scene.shard) == Served::Hungry {}
        assert_eq!(scene.line.over(), None, "a reset would follow");
        assert_eq!(close_code_at(&mut scene.caller), 1009);
        scene
            .caller
            .shutdown(std::net::Shutdown::Write)
            .expect("the peer goes");
        scene.line.serve(now, &mut scene.shard);
        assert_eq!(scene.line.over(), Some(EndReason::ProtocolViolation));
    }

    #[test]
    fn a_giant_that_fills_the_buffer_at_once_is_heard_out_too() {
        let mut scene = scene(8);
        let now = Mono::from_millis(0);
        scene.line.start(now, &mut scene.shard);
        let mut giant = vec![0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        giant.resize(32_000, 7);
        std::io::Write::write_all(&mut scene.caller, &giant).expect("sent");
        while scene.line.serve(now, &mut scene.shard) == Served::Hungry {}
        assert_eq!(scene.line.over(), None, "a reset would follow");
        assert_eq!(close_code_at(&mut scene.caller), 1009);
    }

    #[test]
    fn a_peer_that_broke_the_protocol_and_is_slow_still_comes_to_our_close_code() {
        let mut scene = scene(8);
        let now = Mono::from_millis(0);
        scene.line.start(now, &mut scene.shard);
        let giant = [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        std::io::Write::write_all(&mut scene.caller, &giant).expect("sent");
        scene.line.serve(now, &mut scene.shard);
        // It gets no processor for a while, and then sends on before it reads.
        let late = now.plus(2 * CLOSE_HANDSHAKE);
        scene.line.handle_tick(late, &mut scene.shard);
        assert_eq!(scene.line.over(), None, "it would be reset");
        std::io::Write::write_all(&mut scene.caller, &[7; 32_000]).expect("sent");
        while scene.line.serve(late, &mut scene.shard) == Served::Hungry {}
        assert_eq!(close_code_at(&mut scene.caller), 1009);
        let more = scene.caller.read(&mut [0; 1]).expect("the end");
        assert_eq!(more, 0, "nothing follows, so it need not wait for us to go");
        let too_late = now.plus(CLOSE_DRAIN);
        scene.line.handle_tick(too_late, &mut scene.shard);
        assert_eq!(scene.line.over(), Some(EndReason::ProtocolViolation));
    }

    #[test]
    fn a_far_end_that_sends_nothing_for_half_a_minute_is_given_up() {
        let mut scene = scene(8);
        let begin = Mono::from_millis(5_000);
        scene.line.start(begin, &mut scene.shard);
        let almost = begin.plus(CALLER_SILENT - Duration::from_millis(1));
        scene.line.handle_tick(almost, &mut scene.shard);
        let ping = [0x89, 0x80, 0, 0, 0, 0];
        std::io::Write::write_all(&mut scene.caller, &ping).expect("sent");
        scene.line.serve(almost, &mut scene.shard);
        let later = begin.plus(CALLER_SILENT);
        scene.line.handle_tick(later, &mut scene.shard);
        assert_eq!(scene.line.call.ended(), None);
        let silent = almost.plus(CALLER_SILENT);
        scene.line.handle_tick(silent, &mut scene.shard);
        scene
            .line
            .handle_tick(silent.plus(CLOSE_HANDSHAKE), &mut scene.shard);
        assert_eq!(scene.line.over(), Some(EndReason::SocketLost));
    }

    #[test]
    fn a_ring_that_was_full_is_asked_to_be_filled_again_once_it_has_drained() {
        let mut scene = scene(8);
        let utterance = UtteranceId(1);
        for n in 0..TTS_RING_FRAMES as u64 {
            let frame = AgentFrame {
                utterance,
                position: dsp::Samples(n * 160),
                len: 160,
                mulaw: [7; 160],
            };
            scene.net.agent.try_push(frame).expect("room");
        }
        // The playout clock lets a frame go every 20 ms, less the horizon.
        let mut asked_at = None;
        for ms in (0..3_000).step_by(10) {
            scene
                .line
                .handle_tick(Mono::from_millis(ms), &mut scene.shard);
            while let Some(about) = scene.reports.try_pop() {
                if about.fact == Report::Room {
                    assert_eq!(asked_at.replace(ms), None, "asked once");
                }
            }
        }
        let half = Duration::from_millis(20 * TTS_RING_LOW_FRAMES as u64).as_millis() as u64;
        assert!(
            (half - 200..=half).contains(&asked_at.expect("it asks")),
            "{asked_at:?}"
        );
    }
}
