//! How many callers one shard carries, with phones and speech edges in the same process.
//!
//! A measurement, so ignored:
//! `cargo test -p tests --release --test plane_density -- --ignored --nocapture`

use std::fs;
use std::time::{Duration, Instant};

use pipeline::message::UtteranceId;
use pipeline::metrics::Oddity;
use pipeline::{CallHandle, DataPlaneConfig, SpeechConfig};
use tests::plane::audio::{STOP, WAIT};
use tests::plane::phone::{Phone, Seen};
use tests::plane::speech::{Manners, Notebook, listener, talker, voice_of};
use tests::plane::stage::{Stage, say, understood};

/// Interruptions of each call.
const TURNS: u32 = 4;

/// Each caller interrupts his agent a few times; how long each `clear` took at his socket.
async fn caller(number: u32, phone: Phone, mut handle: CallHandle) -> Vec<Duration> {
    tokio::time::sleep(Duration::from_millis(u64::from(number) * 37 % 4_000)).await;
    let mut took = Vec::new();
    for turn in 1..=TURNS {
        let begin = Instant::now();
        say(&handle, turn, 10_000);
        let voice = voice_of(UtteranceId(turn));
        phone
            .saw(
                begin,
                |seen| matches!(seen, Seen::Media(audio) if audio[0] == voice),
            )
            .await;
        tokio::time::sleep(Duration::from_millis(1_500 + u64::from(number * 7 % 20))).await;
        let begin = Instant::now();
        phone.speak(if turn % 2 == 0 { WAIT } else { STOP });
        let voiced = phone.saw(begin, |seen| *seen == Seen::VoiceSent).await;
        took.push(phone.saw(begin, |seen| *seen == Seen::Clear).await - voiced);
        understood(&mut handle).await;
    }
    took
}

/// Processor time that this process' threads of this name have used.
fn cpu(name: &str) -> Duration {
    let mut ticks = 0;
    for task in fs::read_dir("/proc/self/task").expect("Linux").flatten() {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let Some((_, rest)) = stat.split_once(name) else {
            continue;
        };
        let fields = rest.split_whitespace().skip(12).take(2);
        ticks += fields
            .filter_map(|field| field.parse::<u64>().ok())
            .sum::<u64>();
    }
    // Linux counts in hundredths of a second, whatever its own clock does.
    Duration::from_millis(ticks * 10)
}

fn memory_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .expect("a number")
}

#[ignore = "a measurement of half a minute that wants the machine for itself"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_shard_carries_two_hundred_and_fifty_calls() {
    for calls in [1, 50, 250] {
        let stage = Stage::new(DataPlaneConfig::new(SpeechConfig {
            stt: listener(&Notebook::default()),
            tts: talker(Manners::Polite, Duration::ZERO),
        }))
        .await;
        let memory_before = memory_kib();
        let begin = Instant::now();
        let mut callers = tokio::task::JoinSet::new();
        for number in 0..calls {
            let (phone, handle) = stage.call().await;
            callers.spawn(caller(number, phone, handle));
        }
        tokio::time::sleep(Duration::from_secs(8)).await;
        let (voice, net, since) = (cpu("otto-voice"), cpu("otto-net"), begin.elapsed());
        let memory = memory_kib().saturating_sub(memory_before) / u64::from(calls);
        let mut took = callers.join_all().await.concat();
        took.sort();
        let share = |share: usize| took[(took.len() * share).div_ceil(100) - 1];
        let metrics = stage.plane.metrics();
        let late = metrics.tick_late.snapshot();
        let call_seconds = since.as_secs_f64() * f64::from(calls);
        println!(
            "{calls} calls: {} barge-ins, p50 {:?} p95 {:?} worst {:?}; ticks late p50 {:?} p99 {:?}; \
             CPU-ms per call-second: voice {:.2}, net {:.2}; {memory} KiB a call with its phone; \
             underruns {}, stalls {}",
            took.len(),
            share(50),
            share(95),
            share(100),
            late.quantile(0.5).unwrap_or_default(),
            late.quantile(0.99).unwrap_or_default(),
            voice.as_secs_f64() * 1_000.0 / call_seconds,
            net.as_secs_f64() * 1_000.0 / call_seconds,
            metrics.count_of(Oddity::Underrun),
            metrics.count_of(Oddity::VoiceStall),
        );
        assert_eq!(took.len() as u32, calls * TURNS);
        assert_eq!(
            metrics.barge_in.snapshot().count() as u32,
            calls * TURNS,
            "none missed, none false"
        );
        assert_eq!(metrics.count_of(Oddity::Underrun), 0);
        assert_eq!(metrics.count_of(Oddity::CallerFrameDropped), 0);
        assert!(share(95) <= Duration::from_millis(150), "{:?}", share(95));
    }
}
