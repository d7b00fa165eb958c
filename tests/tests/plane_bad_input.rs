//! Whatever a carrier sends: it is counted, and the call goes on, or that connection alone is
//! closed with the proper code.

use std::time::{Duration, Instant};

use base64_simd::STANDARD;
use pipeline::message::{EndReason, EventKind, UtteranceId};
use pipeline::metrics::Oddity;
use pipeline::plane::Refused;
use pipeline::{Arrival, CallHandle, DataPlaneConfig, SpeechConfig};
use tests::plane::audio::YES;
use tests::plane::phone::{Phone, STREAM_SID, Seen};
use tests::plane::speech::{Manners, Notebook, listener, talker};
use tests::plane::stage::{Stage, event, say};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

async fn stage() -> Stage {
    Stage::new(DataPlaneConfig {
        calls_per_shard: 2,
        ..DataPlaneConfig::new(SpeechConfig {
            stt: listener(&Notebook::default()),
            tts: talker(Manners::Polite, Duration::ZERO),
        })
    })
    .await
}

/// The call still hears and speaks.
async fn goes_on(phone: &Phone, handle: &mut CallHandle, utterance: u32) {
    say(handle, utterance, 100);
    event(handle, |kind| match kind {
        EventKind::UtteranceFinished {
            utterance: UtteranceId(id),
            ..
        } if *id == utterance => Some(()),
        _ => None,
    })
    .await;
    phone.speak(YES);
    event(handle, |kind| {
        matches!(kind, EventKind::Transcript(_)).then_some(())
    })
    .await;
}

async fn ended(handle: &mut CallHandle) -> EndReason {
    event(handle, |kind| match kind {
        EventKind::Ended { reason } => Some(*reason),
        _ => None,
    })
    .await
}

fn media(payload: &str) -> String {
    format!(r#"{{"event":"media","streamSid":"{STREAM_SID}","media":{{"payload":"{payload}"}}}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_mean_nothing_are_counted_and_the_call_goes_on() {
    let stage = stage().await;
    let metrics = stage.plane.metrics();
    let (phone, mut handle) = stage.call().await;
    let stream = format!(r#""streamSid":"{STREAM_SID}""#);
    let cases: [(String, Oddity); 12] = [
        ("{ this is no JSON".into(), Oddity::BadMessage),
        ("[]".into(), Oddity::BadMessage),
        (r#"{"event":"media"}"#.into(), Oddity::BadMessage),
        (
            format!(r#"{{"event":"mark",{stream},"mark":7}}"#),
            Oddity::BadMessage,
        ),
        (media("###"), Oddity::BadPayload),
        (media("/w=").replace(STREAM_SID, "MZ2"), Oddity::BadPayload),
        (
            media("/w==").replace(STREAM_SID, "MZ2"),
            Oddity::WrongStream,
        ),
        (
            r#"{"event":"stop","streamSid":"MZ2"}"#.into(),
            Oddity::WrongStream,
        ),
        (
            format!(r#"{{"event":"start",{stream},"start":{{}}}}"#),
            Oddity::SecondStart,
        ),
        (
            r#"{"event":"connected","protocol":"Call"}"#.into(),
            Oddity::SecondStart,
        ),
        (
            format!(r#"{{"event":"weather",{stream}}}"#),
            Oddity::UnknownEvent,
        ),
        (
            format!(r#"{{"event":"mark",{stream},"mark":{{"name":"9.9"}}}}"#),
            Oddity::UnknownMark,
        ),
    ];
    for (message, oddity) in cases {
        let before = metrics.count_of(oddity);
        phone.send_json(message.clone());
        let patience = Instant::now() + Duration::from_secs(5);
        while metrics.count_of(oddity) == before {
            assert!(
                Instant::now() < patience,
                "{message} was not counted as {oddity:?}"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    phone.send(Message::binary(vec![0; 1_000]));
    phone.send_json(media(""));
    phone.send_json(media("/w=="));
    phone.send_json(media(&STANDARD.encode_to_string(vec![0xFF; 64 * 1024])));
    goes_on(&phone, &mut handle, 1).await;
    assert_eq!(metrics.count_of(Oddity::BinaryMessage), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_giant_message_closes_that_connection_alone_with_1009() {
    let stage = stage().await;
    let (giant, mut giants_handle) = stage.call().await;
    let (other, mut others_handle) = stage.call().await;
    giant.send(Message::binary(vec![0; 1 << 20]));
    assert_eq!(
        ended(&mut giants_handle).await,
        EndReason::ProtocolViolation
    );
    assert_eq!(giant.closed().await, Some(1009));
    assert_eq!(stage.plane.metrics().count_of(Oddity::Oversized), 1);
    goes_on(&other, &mut others_handle, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breach_of_the_websocket_protocol_is_answered_with_1002() {
    let stage = stage().await;
    let (near, mut far) = stage.connection().await;
    let mut handle = stage
        .plane
        .admit(Arrival {
            socket: near,
            // An unmasked text frame: a client must mask.
            early: b"\x81\x02hi".to_vec(),
            stream_sid: STREAM_SID.into(),
        })
        .expect("there is a slot");
    let mut answer = [0; 4];
    tokio::io::AsyncReadExt::read_exact(&mut far, &mut answer)
        .await
        .expect("a close frame");
    assert_eq!(answer, [0x88, 2, 0x03, 0xEA]);
    far.shutdown().await.expect("the peer goes");
    assert_eq!(ended(&mut handle).await, EndReason::ProtocolViolation);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_came_before_the_hand_over_are_not_lost() {
    let stage = stage().await;
    let (near, _far) = stage.connection().await;
    let stop = format!(r#"{{"event":"stop","streamSid":"{STREAM_SID}"}}"#);
    let mut early = vec![0x81, 0x80 | stop.len() as u8, 0, 0, 0, 0];
    early.extend(stop.as_bytes());
    let arrival = Arrival {
        socket: near,
        early,
        stream_sid: STREAM_SID.into(),
    };
    let mut handle = stage.plane.admit(arrival).expect("there is a slot");
    assert_eq!(ended(&mut handle).await, EndReason::CallerHungUp);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_too_many_is_refused_and_a_freed_slot_is_used_again() {
    let stage = stage().await;
    let (_first, _first_handle) = stage.call().await;
    let (second, mut second_handle) = stage.call().await;
    let (near, _far) = stage.connection().await;
    let third = || Arrival {
        socket: near.try_clone().expect("a descriptor"),
        early: Vec::new(),
        stream_sid: STREAM_SID.into(),
    };
    assert!(matches!(stage.plane.admit(third()), Err(Refused::Full)));
    second.hang_up();
    assert_eq!(ended(&mut second_handle).await, EndReason::CallerHungUp);
    assert!(stage.plane.admit(third()).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_drops_its_call_hangs_up() {
    let stage = stage().await;
    let (phone, handle) = stage.call().await;
    drop(handle);
    assert_eq!(phone.closed().await, Some(1000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_stops_says_goodbye_to_every_caller() {
    let stage = stage().await;
    let (phone, mut handle) = stage.call().await;
    let begin = Instant::now();
    say(&handle, 1, 5_000);
    phone
        .saw(begin, |seen| matches!(seen, Seen::Media(_)))
        .await;
    stage.plane.shutdown().await;
    assert_eq!(ended(&mut handle).await, EndReason::ShuttingDown);
    assert_eq!(phone.closed().await, Some(1001));
}
