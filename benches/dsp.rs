//! Signal code, per frame of 20 ms.

use std::hint::black_box;

use benches::{conversation, conversation_mulaw};
use criterion::{Criterion, criterion_group, criterion_main};
use dsp::barge_in::{BargeIn, Far};
use dsp::resample::{Rate, Resampler};
use dsp::vad::{Vad, WebrtcVad};
use dsp::{FRAME_SAMPLES, mulaw};

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
    let mut detector = BargeIn::default();
    group.bench_function("barge_in", |b| {
        b.iter(|| {
            coming.next().map(|frame| {
                detector.handle_frame(black_box(frame), Far::Audible(black_box(frame)))
            })
        });
    });
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
