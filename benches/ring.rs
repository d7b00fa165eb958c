//! A frame's way through a ring between two threads, both ends on one thread: what the ring itself
//! costs. (Across threads it is the waking that costs, not the ring.)

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use dsp::{FRAME_SAMPLES, Samples, mulaw};
use pipeline::ring::CallerFrame;
use ringbuf::HeapRb;
use ringbuf::traits::{Consumer, Producer, Split};

/// As many frames as a second of audio; the cost does not depend on it.
const RING_FRAMES: usize = 50;

fn push_and_pop(c: &mut Criterion) {
    let (mut producer, mut consumer) = HeapRb::new(RING_FRAMES).split();
    let frame = CallerFrame {
        position: Samples::ZERO,
        mulaw: [mulaw::SILENCE; FRAME_SAMPLES],
    };
    c.bench_function("ring/push_and_pop", |b| {
        b.iter(|| {
            let pushed = producer.try_push(black_box(frame));
            black_box((pushed.is_ok(), consumer.try_pop()))
        });
    });
}

criterion_group! {
    name = ring_benches;
    config = benches::criterion();
    targets = push_and_pop
}
criterion_main!(ring_benches);
