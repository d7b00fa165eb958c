//! Whole calls on a real data plane: what the caller hears, and what the session is told.

use std::time::{Duration, Instant};

use dsp::Samples;
use pipeline::message::{Command, EndReason, EventKind, SpeechEdge, UtteranceId};
use pipeline::net::edge::SttInput;
use pipeline::{Arrival, DataPlaneConfig, SpeechConfig};
use tests::plane::audio::{WAIT, YES};
use tests::plane::phone::{Phone, STREAM_SID, Seen};
use tests::plane::speech::{
    Manners, Notebook, broken_listener, broken_talker, listener, talker, voice_of,
};
use tests::plane::stage::{Stage, event, say, understood};

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
    phone.has_played(&expected).await;
    assert_eq!(phone.closed().await, Some(1000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_may_have_a_voice_of_its_own() {
    let stage = Stage::new(DataPlaneConfig::new(SpeechConfig {
        stt: listener(&Notebook::default()),
        tts: broken_talker(),
    }))
    .await;
    let (near, far) = stage.connection().await;
    let arrival = Arrival {
        socket: near,
        early: Vec::new(),
        stream_sid: STREAM_SID.into(),
    };
    let own = SpeechConfig {
        stt: listener(&Notebook::default()),
        tts: talker(Manners::Polite, Duration::ZERO),
    };
    let handle = stage.plane.admit_with(arrival, Some(own));
    let mut handle = handle.expect("there is a slot");
    let phone = Phone::connect(far).await;
    say(&handle, 1, 200);
    event(&mut handle, |kind| {
        matches!(kind, EventKind::UtteranceFinished { .. }).then_some(())
    })
    .await;
    phone.has_played(&[voice_of(UtteranceId(1)); 200 * 8]).await;
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
    phone.saw(begin, |seen| *seen == Seen::Clear).await;
    let heard = event(&mut handle, |kind| match kind {
        EventKind::BargeIn {
            utterance: UtteranceId(1),
            heard,
            ..
        } => Some(*heard),
        _ => None,
    })
    .await;
    let played = Samples(phone.played().len() as u64);
    let (heard, played) = (heard.as_ms(), played.as_ms());
    let lateness = phone.lateness();
    assert!(
        Duration::from_millis(heard.abs_diff(played)) <= Duration::from_millis(40) + lateness,
        "{heard} ms against {played}, {lateness:?} late"
    );
    understood(&mut handle).await;
    phone.speak(YES);
    understood(&mut handle).await;
    phone.hang_up();
    let reason = event(&mut handle, |kind| match kind {
        EventKind::Ended { reason } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason.await, EndReason::CallerHungUp);
    stage.plane.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_speech_edge_that_panics_is_reported_and_the_call_goes_on_to_its_end() {
    let stage = Stage::new(DataPlaneConfig::new(SpeechConfig {
        stt: broken_listener(),
        tts: broken_talker(),
    }))
    .await;
    let (phone, mut handle) = stage.call().await;
    say(&handle, 1, 2_000);
    let mut failed = Vec::new();
    while failed.len() < 2 {
        failed.push(
            event(&mut handle, |kind| match kind {
                EventKind::SpeechFailed {
                    edge, utterance, ..
                } => Some((*edge, *utterance)),
                _ => None,
            })
            .await,
        );
    }
    assert!(failed.contains(&(SpeechEdge::Stt, None)));
    assert!(failed.contains(&(SpeechEdge::Tts, Some(UtteranceId(1)))));
    handle
        .send(Command::HangUp {
            after_playout: true,
        })
        .expect("taken");
    let reason = event(&mut handle, |kind| match kind {
        EventKind::Ended { reason } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason.await, EndReason::AgentHungUp);
    // What there was.
    phone.has_played(&[voice_of(UtteranceId(1)); 4_000]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recogniser_gets_every_sample_once_and_the_turn_between_its_start_and_end() {
    let notebook = Notebook::default();
    let stage = Stage::new(DataPlaneConfig::new(SpeechConfig {
        stt: listener(&notebook),
        tts: talker(Manners::Polite, Duration::ZERO),
    }))
    .await;
    let (phone, mut handle) = stage.call().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    phone.speak(WAIT);
    understood(&mut handle).await;
    let mut position = Samples::ZERO;
    let mut turn = Vec::new();
    let mut in_turn = false;
    for input in notebook.inputs() {
        match input {
            SttInput::Audio {
                position: at,
                mulaw,
            } => {
                assert_eq!(at, position, "no gap, no repetition");
                position += Samples(mulaw.len() as u64);
                if in_turn {
                    turn.extend_from_slice(&mulaw);
                }
            }
            SttInput::SpeechStarted { position: at } => {
                assert_eq!(at, position);
                in_turn = true;
            }
            SttInput::SpeechFaltered { .. }
            | SttInput::SpeechPaused { .. }
            | SttInput::SpeechResumed { .. } => {}
            SttInput::SpeechEnded { position: at } => {
                assert_eq!(at, position);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let spoken = &WAIT.mulaw()[WAIT.voice_begins_ms as usize * 8..WAIT.voice_ends_ms as usize * 8];
    let found = turn
        .windows(spoken.len())
        .position(|window| window == spoken);
    let before = found.expect("the whole line is in the turn");
    assert!(before >= 200 * 8, "with a look-back before the first word");
}
