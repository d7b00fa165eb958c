//! Signal code, per frame of 20 ms.

use std::hint::black_box;

use benches::{conversation, conversation_mulaw};
use criterion::{Criterion, criterion_group, criterion_main};
use dsp::barge_in::{BargeIn, Far};
use dsp::resample::{Rate, Resampler};
use dsp::vad::{Vad, WebrtcVad};
use dsp::{FRAME_SAMPLES, PcmFrame, mulaw};

fn mulaw_both_ways(c: &mut Criterion) {
    let codes = conversation_mulaw();
    let samples = conversation();
    let mut group = c.benchmark_group("mulaw");
    let mut pcm = [0; FRAME_SAMPLES];
    group.bench_function("decode", |b| {
        b.iter(|| mulaw::decode_slice(black_box(&codes[0]), black_box(&mut pcm)));
    });
    let mut code = [0; FRAME_SAMPLES];
    group.bench_function("encode", |b| {
        b.iter(|| mulaw::encode_slice(black_box(&samples[0]), black_box(&mut code)));
    });
    group.finish();
}

fn detection(c: &mut Criterion) {
    let frames = conversation();
    let mut group = c.benchmark_group("detection");
    let mut coming = frames.iter().cycle();
    let mut vad = WebrtcVad::default();
    group.bench_function("vad", |b| {
        b.iter(|| coming.next().map(|frame| vad.is_voice(black_box(frame))));
    });
    // Half of it speech, half silence, as in a call.
    let mut detector = BargeIn::default();
    group.bench_function("barge_in", |b| {
        b.iter(|| {
            coming
                .next()
                .map(|frame| detector.handle_frame(black_box(frame), Far::Silent))
        });
    });
    // The agent speaks and the caller listens: on a line without echo, and on one with.
    let far: Vec<PcmFrame> = frames[..frames.len() / 2].to_vec();
    let lines = [("without_echo", 0), ("with_echo", 16)];
    for (name, share) in lines {
        let mut detector = BargeIn::default();
        let mut n = 0;
        group.bench_function(format!("barge_in_{name}"), |b| {
            b.iter(|| {
                n += 1;
                let quiet = &frames[far.len() + n % far.len()];
                let echo = &far[(n + far.len() - 6) % far.len()];
                let near: PcmFrame = std::array::from_fn(|at| {
                    quiet[at] + if share > 0 { echo[at] / share } else { 0 }
                });
                detector.handle_frame(black_box(&near), Far::Audible(&far[n % far.len()]))
            });
        });
    }
    group.finish();
}

fn resampling(c: &mut Criterion) {
    let mut group = c.benchmark_group("resample");
    for (name, from, to) in [
        ("24k_to_8k", Rate::Hz24000, Rate::Hz8000),
        ("16k_to_8k", Rate::Hz16000, Rate::Hz8000),
        ("8k_to_16k", Rate::Hz8000, Rate::Hz16000),
    ] {
        let input: Vec<i16> = conversation().concat();
        let input = &input[..from.hz() / 50];
        let mut resampler = Resampler::new(from, to);
        let mut output = Vec::with_capacity(to.hz());
        group.bench_function(name, |b| {
            b.iter(|| {
                output.clear();
                resampler.push(black_box(input), &mut output);
                black_box(output.len())
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = dsp_benches;
    config = benches::criterion();
    targets = mulaw_both_ways, detection, resampling
}
criterion_main!(dsp_benches);
