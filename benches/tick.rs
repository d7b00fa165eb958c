//! One frame's time (20 ms) of many calls on one voice thread, without its sockets: a caller frame
//! arrives in every call, the agent talks, marks come back, and the callers interrupt now and then.
//!
//! The time shown is for all calls together, and must stay far below 20 ms.

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use benches::conversation_mulaw;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dsp::{FRAME_SAMPLES, Samples, mulaw};
use pipeline::Mono;
use pipeline::call::Call;
use pipeline::call::ledger::MarkName;
use pipeline::call::outlet::Outlet;
use pipeline::fact::Report;
use pipeline::limits::TICK;
use pipeline::message::UtteranceId;
use pipeline::metrics::Oddity;
use pipeline::ring::{AgentFrame, CallerFrame};
use pipeline::wire::NoRoom;
use pipeline::wire::twilio::{write_clear, write_mark, write_media};
use pipeline::wire::websocket::{Opcode, encode_with};

const STREAM_SID: &str = "MZ0123456789abcdef0123456789abcdef";

/// A far end that returns marks at once, and a synthesiser that never runs dry.
struct Line {
    next: AgentFrame,
    marks: VecDeque<MarkName>,
    out: [u8; 2_048],
}

impl Default for Line {
    fn default() -> Self {
        Self {
            next: AgentFrame {
                utterance: UtteranceId(0),
                position: Samples::ZERO,
                len: FRAME_SAMPLES as u8,
                mulaw: [mulaw::SILENCE; FRAME_SAMPLES],
            },
            marks: VecDeque::with_capacity(64),
            out: [0; 2_048],
        }
    }
}

impl Line {
    fn send(&mut self, write: impl FnOnce(&mut [u8]) -> Result<usize, NoRoom>) {
        let _ = black_box(encode_with(&mut self.out, Opcode::Text, write));
    }
}

impl Outlet for Line {
    fn waiting(&self) -> Option<&AgentFrame> {
        Some(&self.next)
    }

    fn waiting_frames(&self) -> usize {
        64
    }

    fn take_waiting(&mut self) -> Option<AgentFrame> {
        let taken = self.next;
        self.next.position = taken.until();
        Some(taken)
    }

    fn takes_media(&self) -> bool {
        true
    }

    fn media(&mut self, mulaw: &[u8]) {
        self.send(|room| write_media(room, STREAM_SID, mulaw));
    }

    fn mark(&mut self, name: MarkName) {
        let mut text = [0; MarkName::MAX_BYTES];
        self.send(|room| write_mark(room, STREAM_SID, name.write(&mut text)));
        self.marks.push_back(name);
    }

    fn clear(&mut self, now: Mono, _voiced_at: Option<Mono>) -> Mono {
        self.send(|room| write_clear(room, STREAM_SID));
        now
    }

    fn caller_frame(&mut self, frame: CallerFrame) {
        black_box(frame);
    }

    fn report(&mut self, report: Report) {
        if let Report::BargeIn { utterance, .. } = black_box(report) {
            self.next.utterance = UtteranceId(utterance.0 + 1);
            self.next.position = Samples::ZERO;
        }
    }

    fn count(&mut self, oddity: Oddity) {
        black_box(oddity);
    }
}

/// What a voice thread does for one call while 20 ms pass.
fn one_frame_time(call: &mut Call, line: &mut Line, now: Mono, caller: &[u8]) {
    call.handle_media(now, caller, line);
    for half in [Duration::ZERO, TICK] {
        call.handle_tick(now.plus(half), line);
        while let Some(mark) = line.marks.pop_front() {
            let mut name = [0; MarkName::MAX_BYTES];
            call.handle_mark(mark.write(&mut name).as_bytes(), line);
        }
    }
}

fn tick(c: &mut Criterion) {
    let audio = conversation_mulaw();
    let mut group = c.benchmark_group("tick");
    for count in [1, 100, 1_000] {
        let mut calls: Vec<(Call, Line)> = Vec::new();
        calls.resize_with(count, Default::default);
        let mut now = Mono::from_millis(1);
        let mut frame = 0;
        group.bench_function(BenchmarkId::new("frame_time_of_calls", count), |b| {
            b.iter(|| {
                now = now.plus(2 * TICK);
                frame += 1;
                for (n, (call, line)) in calls.iter_mut().enumerate() {
                    // Each call is at another place of the conversation.
                    let caller = &audio[(frame + 7 * n) % audio.len()];
                    one_frame_time(call, line, now, black_box(caller));
                }
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = tick_benches;
    config = benches::criterion();
    targets = tick
}
criterion_main!(tick_benches);
