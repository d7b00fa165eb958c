//! A call that is over leaves nothing behind, however it ended.

use std::fs;
use std::time::{Duration, Instant};

use pipeline::message::{Command, EndReason, EventKind};
use pipeline::{CallHandle, DataPlaneConfig, SpeechConfig};
use tests::plane::phone::{Phone, Seen};
use tests::plane::speech::{Manners, Notebook, listener, talker};
use tests::plane::stage::{Stage, event, say};

/// What this process holds.
#[derive(Debug)]
struct Holdings {
    descriptors: usize,
    threads: usize,
    memory_kib: u64,
}

fn holdings() -> Holdings {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number
            .and_then(|number| number.parse::<u64>().ok())
            .expect("a number")
    };
    Holdings {
        descriptors: fs::read_dir("/proc/self/fd").expect("Linux").count(),
        threads: field("Threads:") as usize,
        memory_kib: field("VmRSS:"),
    }
}

/// Ends a call in one of four ways, and says why the data plane thinks it ended.
async fn end(n: usize, phone: &Phone, handle: &mut CallHandle) -> EndReason {
    match n % 4 {
        0 => phone.hang_up(),
        1 => phone.drop_line(),
        2 => handle
            .send(Command::HangUp {
                after_playout: false,
            })
            .expect("taken"),
        _ => phone.send(tokio_tungstenite::tungstenite::Message::Close(None)),
    }
    event(handle, |kind| match kind {
        EventKind::Ended { reason } => Some(*reason),
        _ => None,
    })
    .await
}

async fn run_calls(stage: &Stage, calls: usize) {
    for n in 0..calls {
        let (phone, mut handle) = stage.call().await;
        let begin = Instant::now();
        say(&handle, 1, 2_000);
        phone
            .saw(begin, |seen| matches!(seen, Seen::Media(_)))
            .await;
        let hung_up = Instant::now();
        let reason = end(n, &phone, &mut handle).await;
        let expected = [
            EndReason::CallerHungUp,
            EndReason::SocketLost,
            EndReason::AgentHungUp,
            EndReason::CallerHungUp,
        ];
        assert_eq!(reason, expected[n % 4]);
        assert!(handle.next().await.is_none(), "the last event is the last");
        while stage.plane.metrics().calls_active() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(hung_up.elapsed() < Duration::from_secs(5), "call {n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_in_a_row_leave_descriptors_threads_and_memory_flat() {
    let stage = Stage::new(DataPlaneConfig {
        calls_per_shard: 4,
        ..DataPlaneConfig::new(SpeechConfig {
            stt: listener(&Notebook::default()),
            tts: talker(Manners::Polite, Duration::ZERO),
        })
    })
    .await;
    run_calls(&stage, 20).await;
    let before = holdings();
    run_calls(&stage, 200).await;
    // The edges of the last call have half a second to go by themselves.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = holdings();
    println!("{before:?} -> {after:?}");
    assert!(
        after.descriptors <= before.descriptors,
        "{before:?} -> {after:?}"
    );
    assert!(after.threads <= before.threads, "{before:?} -> {after:?}");
    assert!(
        after.memory_kib < before.memory_kib + 4 * 1024,
        "{before:?} -> {after:?}"
    );
    assert_eq!(stage.plane.metrics().calls_admitted(), 220);
    drop(stage);
    let stopped = holdings();
    assert!(
        stopped.threads < after.threads,
        "the shard's threads are joined"
    );
}
