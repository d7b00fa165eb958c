//! Barge-in as a caller feels it: from the first voiced frame sent to `clear` received, with real
//! speech over real sockets, and with the rest of Otto asleep.

use std::time::{Duration, Instant};

use pipeline::message::UtteranceId;
use pipeline::metrics::Oddity;
use pipeline::{DataPlaneConfig, SpeechConfig};
use tests::plane::audio::{STOP, WAIT};
use tests::plane::phone::{Phone, Seen};
use tests::plane::speech::{Manners, Notebook, listener, talker, thread_blocker, voice_of};
use tests::plane::stage::{Stage, finished, say, understood};

/// What the product promises its caller: 95 of 100 barge-ins, from voice to `clear`.
const PROMISE: Duration = Duration::from_millis(100);

/// How long the net thread sleeps at a time where a test puts it to sleep. A barge-in that had to
/// wait for it would take half of that on average, and the detector's time on top.
const SLEEP: Duration = Duration::from_secs(1);

/// Waits until the phone sounds with this utterance, interrupts it, and says how long that took.
async fn interrupt(phone: &Phone, utterance: u32, since: Instant) -> Duration {
    let voice = voice_of(UtteranceId(utterance));
    phone
        .saw(
            since,
            |seen| matches!(seen, Seen::Media(audio) if audio[0] == voice),
        )
        .await;
    // Not in step with the frames, and each time at another point of them.
    tokio::time::sleep(Duration::from_millis(200 + u64::from(utterance * 7 % 20))).await;
    let begin = Instant::now();
    phone.speak(if utterance.is_multiple_of(2) {
        WAIT
    } else {
        STOP
    });
    let voiced = phone.saw(begin, |seen| *seen == Seen::VoiceSent).await;
    phone.saw(begin, |seen| *seen == Seen::Clear).await - voiced
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_barge_ins_are_cleared_in_time() {
    // One stall of this machine hits several calls at once: three would have to spoil all three.
    let mut measured = Vec::new();
    while measured.len() < 3 {
        let p95 = p95_of_forty().await;
        if p95 <= PROMISE {
            return;
        }
        measured.push(p95);
    }
    panic!("{measured:?}");
}

/// The caller's and the data plane's own measure of forty interruptions on a fresh stage, whichever
/// is worse.
async fn p95_of_forty() -> Duration {
    const CALLS: u32 = 8;
    const EACH: u32 = 5;
    let stage = Stage::new(DataPlaneConfig::new(SpeechConfig {
        stt: listener(&Notebook::default()),
        tts: talker(Manners::Polite, Duration::ZERO),
    }))
    .await;
    let mut calls = tokio::task::JoinSet::new();
    for call in 0..CALLS {
        let (phone, mut handle) = stage.call().await;
        calls.spawn(async move {
            tokio::time::sleep(Duration::from_millis(u64::from(call) * 37)).await;
            let mut took = Vec::new();
            for turn in 0..EACH {
                let utterance = call + turn + 1;
                let begin = Instant::now();
                say(&handle, utterance, 10_000);
                took.push(interrupt(&phone, utterance, begin).await);
                understood(&mut handle).await;
            }
            took
        });
    }
    let mut took: Vec<Duration> = calls.join_all().await.concat();
    took.sort();
    assert_eq!(took.len(), 40);
    println!(
        "barge-in: p50 {:?}, p95 {:?}, worst {:?}",
        took[19], took[37], took[39]
    );
    let measured = stage.plane.metrics().barge_in.snapshot();
    assert_eq!(measured.count(), 40);
    took[37].max(measured.quantile(0.95).expect("forty values"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_session_stopped_and_the_net_thread_asleep_a_barge_in_still_clears_in_time() {
    let stage = Stage::new(DataPlaneConfig::new(SpeechConfig {
        stt: thread_blocker(SLEEP),
        tts: talker(Manners::Polite, Duration::ZERO),
    }))
    .await;
    for call in 0..6 {
        let (phone, handle) = stage.call().await;
        let begin = Instant::now();
        say(&handle, call + 1, 10_000);
        // From here on nobody reads this call's events or sends it anything: its session is as
        // good as stopped. After a second the net thread does little but sleep.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let took = interrupt(&phone, call + 1, begin).await;
        println!("barge-in beside a sleeping net thread: {took:?}");
        assert!(took < SLEEP / 2, "{took:?}");
        drop(handle);
    }
    let lost = stage.plane.metrics().count_of(Oddity::EdgeLost);
    assert_eq!(lost, 0, "a recogniser that is gone puts nobody to sleep");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audio_of_an_interrupted_utterance_is_never_heard_again_however_late_it_comes() {
    // A synthesiser that goes on with what was cancelled, and slowly.
    let stage = Stage::new(DataPlaneConfig::new(SpeechConfig {
        stt: listener(&Notebook::default()),
        tts: talker(Manners::Deaf, Duration::from_millis(40)),
    }))
    .await;
    let (phone, mut handle) = stage.call().await;
    let begin = Instant::now();
    say(&handle, 1, 4_000);
    interrupt(&phone, 1, begin).await;
    let cleared = phone.saw(begin, |seen| *seen == Seen::Clear).await;
    understood(&mut handle).await;
    say(&handle, 2, 300);
    finished(&mut handle, 2).await;
    let later: Vec<u8> = phone
        .seen()
        .into_iter()
        .filter(|(at, _)| *at > cleared)
        .filter_map(|(_, seen)| match seen {
            Seen::Media(audio) => Some(audio),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(later, [voice_of(UtteranceId(2)); 2_400]);
    let retired = stage.plane.metrics().count_of(Oddity::RetiredAudio);
    assert!(retired > 0, "late audio came, and was dropped");
}
