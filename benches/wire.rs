//! The carrier's protocol, per message: WebSocket frames and Twilio's JSON.

use std::hint::black_box;

use benches::conversation_mulaw;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use pipeline::wire::limits::RECEIVE_BUFFER_BYTES;
use pipeline::wire::twilio::{parse, write_clear, write_media};
use pipeline::wire::websocket::{Decoder, Message, Opcode, encode_with};

const STREAM_SID: &str = "MZ0123456789abcdef0123456789abcdef";

/// A `media` message; `extra` is put before its end, which makes it another than Twilio's own.
fn media(extra: &str) -> String {
    let mut out = [0; 1_024];
    let len = write_media(&mut out, STREAM_SID, &conversation_mulaw()[0]).expect("room");
    let ours = std::str::from_utf8(&out[..len]).expect("JSON is UTF-8");
    let payload = ours.rsplit('"').nth(1).expect("a payload");
    format!(
        r#"{{"event":"media","sequenceNumber":"300","streamSid":"{STREAM_SID}","media":{{"track":"inbound","chunk":"299","timestamp":"5980","payload":"{payload}"}}{extra}}}"#
    )
}

/// The message as a client's text frame, masked.
fn masked(message: &str) -> Vec<u8> {
    let mask = [0x37, 0xFA, 0x21, 0x3D];
    let len = u16::try_from(message.len()).expect("short");
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(len.to_be_bytes());
    frame.extend(mask);
    frame.extend(
        message
            .bytes()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

fn twilio(c: &mut Criterion) {
    let mut group = c.benchmark_group("twilio");
    let mut audio = [0; 1_024];
    for (name, message) in [
        ("parse_media", media("")),
        ("parse_media_respelled", media(r#","extra":1"#)),
        (
            "parse_mark",
            format!(
                r#"{{"event":"mark","sequenceNumber":"6","streamSid":"{STREAM_SID}","mark":{{"name":"t3"}}}}"#
            ),
        ),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| parse(black_box(&message), &mut audio).is_ok());
        });
    }
    let frame = conversation_mulaw()[0];
    let mut out = [0; 1_024];
    group.bench_function("write_media", |b| {
        b.iter(|| write_media(&mut out, STREAM_SID, black_box(&frame)));
    });
    group.bench_function("write_clear", |b| {
        b.iter(|| write_clear(&mut out, black_box(STREAM_SID)));
    });
    group.finish();
}

fn websocket(c: &mut Criterion) {
    let mut group = c.benchmark_group("websocket");
    let frame = masked(&media(""));
    let mut decoder = Decoder::new(vec![0; RECEIVE_BUFFER_BYTES].into());
    group.bench_function("decode_frame", |b| {
        b.iter(|| {
            decoder.feed(black_box(&frame));
            matches!(decoder.next_message(), Ok(Some(Message::Text(_))))
        });
    });
    let audio = conversation_mulaw()[0];
    let mut out = [0; 1_024];
    group.bench_function("encode_media_frame", |b| {
        b.iter(|| {
            encode_with(&mut out, Opcode::Text, |room| {
                write_media(room, STREAM_SID, black_box(&audio))
            })
        });
    });
    group.bench_function("caller_frame_to_audio", |b| {
        b.iter_batched(
            || [0; 1_024],
            |mut room| {
                decoder.feed(black_box(&frame));
                match decoder.next_message() {
                    Ok(Some(Message::Text(text))) => parse(text, &mut room).is_ok(),
                    _ => false,
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group! {
    name = wire_benches;
    config = benches::criterion();
    targets = twilio, websocket
}
criterion_main!(wire_benches);
