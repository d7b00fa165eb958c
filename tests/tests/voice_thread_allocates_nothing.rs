//! The voice thread allocates and frees nothing, over whole calls: greeting, barge-in, marks, keys,
//! pings, refused messages of its protocol, hang-up. An allocation there aborts this test.

use std::time::{Duration, Instant};

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use pipeline::message::{Command, EndReason, EventKind, Expectation, UtteranceId};
use pipeline::{DataPlaneConfig, SpeechConfig};
use tests::plane::audio::{STOP, YES};
use tests::plane::phone::{STREAM_SID, Seen};
use tests::plane::speech::{Manners, Notebook, listener, talker};
use tests::plane::stage::{Stage, event, finished, say, understood};
use tokio_tungstenite::tungstenite::Message;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_voice_thread_allocates_nothing_over_whole_calls() {
    let stage = Stage::new(DataPlaneConfig {
        around_voice_loop: |run| assert_no_alloc(run),
        ..DataPlaneConfig::new(SpeechConfig {
            stt: listener(&Notebook::default()),
            tts: talker(Manners::Deaf, Duration::ZERO),
        })
    })
    .await;
    for ending in [EndReason::CallerHungUp, EndReason::AgentHungUp] {
        let (phone, mut handle) = stage.call().await;
        handle
            .send(Command::Expect(Expectation::YesNo))
            .expect("taken");
        say(&handle, 1, 5_000);
        let begin = Instant::now();
        phone
            .saw(begin, |seen| matches!(seen, Seen::Media(_)))
            .await;
        phone.speak(STOP);
        phone.saw(begin, |seen| *seen == Seen::Clear).await;
        understood(&mut handle).await;
        say(&handle, 2, 400);
        finished(&mut handle, 2).await;
        say(&handle, 3, 5_000);
        phone.send_json(format!(
            r##"{{"event":"dtmf","streamSid":"{STREAM_SID}","dtmf":{{"track":"inbound_track","digit":"#"}}}}"##
        ));
        phone.send(Message::Ping("still there?".into()));
        phone.send(Message::binary(vec![1, 2, 3]));
        phone.send_json(r#"{"event":"media","streamSid":"MZother","media":{"payload":"/w=="}}"#);
        event(&mut handle, |kind| {
            matches!(kind, EventKind::Keypad { key: '#' }).then_some(())
        })
        .await;
        handle
            .send(Command::Retire {
                utterance: UtteranceId(3),
            })
            .expect("taken");
        phone.speak(YES);
        understood(&mut handle).await;
        if ending == EndReason::CallerHungUp {
            phone.hang_up();
        } else {
            handle
                .send(Command::HangUp {
                    after_playout: true,
                })
                .expect("taken");
        }
        let ended = event(&mut handle, |kind| match kind {
            EventKind::Ended { reason } => Some(*reason),
            _ => None,
        });
        assert_eq!(ended.await, ending);
    }
    stage.plane.shutdown().await;
}
