//! Whole calls on a real data plane: what the caller hears, and what the session is told.

use std::time::{Duration, Instant};

use pipeline::message::{Command, EndReason, EventKind, UtteranceId};
use pipeline::{DataPlaneConfig, SpeechConfig};
use tests::plane::audio::{WAIT, YES};
use tests::plane::phone::Seen;
use tests::plane::speech::{Manners, Notebook, listener, talker, voice_of};
use tests::plane::stage::{Stage, event, say};

fn config(manners: Manners) -> DataPlaneConfig {
    DataPlaneConfig::new(SpeechConfig {
        stt: listener(&Notebook::default()),
        tts: talker(manners, Duration::ZERO),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greeting_is_heard_whole_and_in_order_and_then_the_call_ends() {
    let stage = Stage::new(config(Manners::Polite)).await;
    let (phone, mut handle) = stage.call().await;
    say(&handle, 1, 3_990);
    say(&handle, 2, 200);
    handle
        .send(Command::HangUp {
            after_playout: true,
        })
        .expect("taken");
    let finished = event(&mut handle, |kind| match kind {
        EventKind::UtteranceFinished {
            utterance: UtteranceId(1),
            samples,
        } => Some(*samples),
        _ => None,
    });
    assert_eq!(finished.await.as_ms(), 3_990);
    let reason = event(&mut handle, |kind| match kind {
        EventKind::Ended { reason } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason.await, EndReason::AgentHungUp);
    let mut expected = vec![voice_of(UtteranceId(1)); 3_990 * 8];
    expected.extend([0xFF; 80]);
    expected.extend(vec![voice_of(UtteranceId(2)); 200 * 8]);
    assert_eq!(phone.played(), expected);
    assert_eq!(phone.closed().await, Some(1000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speech_over_the_agent_clears_and_the_words_reach_the_recogniser() {
    let stage = Stage::new(config(Manners::Polite)).await;
    let (phone, mut handle) = stage.call().await;
    say(&handle, 1, 10_000);
    event(&mut handle, |kind| {
        matches!(kind, EventKind::UtteranceStarted { .. }).then_some(())
    })
    .await;
    let begin = Instant::now();
    phone.speak(WAIT);
    let voiced = phone.saw(begin, |seen| *seen == Seen::VoiceSent).await;
    let cleared = phone.saw(begin, |seen| *seen == Seen::Clear).await;
    assert!(
        cleared - voiced < Duration::from_millis(150),
        "{:?}",
        cleared - voiced
    );
    let heard = event(&mut handle, |kind| match kind {
        EventKind::BargeIn {
            utterance: UtteranceId(1),
            heard,
            ..
        } => Some(*heard),
        _ => None,
    })
    .await;
    let played = phone.played().len() as u64;
    assert!(
        heard.0.abs_diff(played) <= 40 * 8,
        "{heard:?} against {played}"
    );
    event(&mut handle, |kind| {
        matches!(kind, EventKind::Transcript(_)).then_some(())
    })
    .await;
    phone.speak(YES);
    event(&mut handle, |kind| {
        matches!(kind, EventKind::Transcript(_)).then_some(())
    })
    .await;
    phone.hang_up();
    let reason = event(&mut handle, |kind| match kind {
        EventKind::Ended { reason } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason.await, EndReason::CallerHungUp);
    stage.plane.shutdown().await;
}
