//! What goes wrong inside the data plane itself: it is said, and nobody waits for ever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pipeline::message::{Command, EndReason, EventKind, UtteranceId};
use pipeline::plane::Refused;
use pipeline::{Arrival, DataPlaneConfig, SpeechConfig};
use tests::plane::phone::{STREAM_SID, Seen};
use tests::plane::speech::{Manners, Notebook, listener, talker, voice_of};
use tests::plane::stage::{Stage, event, say};

fn config() -> DataPlaneConfig {
    DataPlaneConfig::new(SpeechConfig {
        stt: listener(&Notebook::default()),
        tts: talker(Manners::Polite, Duration::ZERO),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voice_thread_that_panics_ends_its_calls_and_takes_no_more() {
    static BREAK: AtomicBool = AtomicBool::new(false);
    let stage = Stage::new(DataPlaneConfig {
        around_voice_loop: |_run| {
            while !BREAK.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            panic!("a bug outside the calls");
        },
        ..config()
    })
    .await;
    let (_phone, mut handle) = stage.call().await;
    BREAK.store(true, Ordering::Release);
    let reason = event(&mut handle, |kind| match kind {
        EventKind::Ended { reason } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason.await, EndReason::Fault);
    assert_eq!(stage.plane.metrics().calls_active(), 0);
    let (near, _far) = stage.connection().await;
    let arrival = Arrival {
        socket: near,
        early: Vec::new(),
        stream_sid: STREAM_SID.into(),
    };
    assert!(matches!(stage.plane.admit(arrival), Err(Refused::Full)));
    tokio::time::timeout(Duration::from_secs(5), stage.plane.shutdown())
        .await
        .expect("a broken shard can be joined");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goodbye_is_heard_whole_though_its_session_leaves_at_any_moment() {
    let stage = Stage::new(config()).await;
    for wait_ms in [0, 1, 20] {
        let (phone, handle) = stage.call().await;
        let begin = Instant::now();
        say(&handle, 1, 400);
        phone
            .saw(begin, |seen| matches!(seen, Seen::Media(_)))
            .await;
        handle
            .send(Command::HangUp {
                after_playout: true,
            })
            .expect("taken");
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        drop(handle);
        assert_eq!(phone.closed().await, Some(1000));
        phone.has_played(&[voice_of(UtteranceId(1)); 400 * 8]).await;
    }
}
