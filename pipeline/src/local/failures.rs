//! Tests of what happens when the engines are missing, crash, hang or are interrupted.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::limits::WORK_DEADLINE;
use super::testing::{config, speech, speech_with};
use super::{LocalSpeech, LocalSpeechConfig, LocalSpeechError, SpeechError, Voice, tts};
use crate::message::{Expectation, UtteranceId};
use crate::net::edge::{TtsEvent, TtsInput};

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(sent.expect("kill exists").success());
}

async fn yes(speech: &LocalSpeech) -> Vec<u8> {
    let said = speech.synthesise(Voice::CALLER, "yes").expect("room");
    said.whole().await.expect("flite speaks")
}

/// The only recogniser, once it has shown that it works.
async fn recogniser_at_work(speech: &LocalSpeech, audio: &[u8]) -> u32 {
    works(speech, audio).await;
    speech.recogniser_ids()[0]
}

/// Recognises until that works; fails if it takes too long.
async fn works(speech: &LocalSpeech, audio: &[u8]) {
    let begun = Instant::now();
    loop {
        match speech.recognise(Expectation::YesNo, audio).await {
            Ok(reading) => return assert_eq!(reading.grammar.as_deref(), Some("yes")),
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_of_a_request_fails_it_and_is_replaced() {
    let Some(speech) = speech_with(1, WORK_DEADLINE) else {
        return;
    };
    let audio = yes(&speech).await;
    let worker = recogniser_at_work(&speech, &audio).await;
    // Stopped, it holds the request until it is killed.
    signal("-STOP", worker);
    let request = speech.recognise(Expectation::YesNo, &audio);
    let killer = async {
        tokio::task::yield_now().await;
        signal("-KILL", worker);
    };
    let (reading, ()) = tokio::join!(request, killer);
    assert!(
        matches!(reading, Err(SpeechError::WorkerLost { .. })),
        "{reading:?}"
    );
    works(&speech, &audio).await;
    assert_ne!(speech.recogniser_ids(), [worker]);
}

#[tokio::test]
async fn a_worker_that_hangs_fails_the_request_in_time_and_is_replaced() {
    let patience = Duration::from_secs(3);
    let Some(speech) = speech_with(1, patience) else {
        return;
    };
    let audio = yes(&speech).await;
    let worker = recogniser_at_work(&speech, &audio).await;
    signal("-STOP", worker);
    assert_eq!(
        speech.recognise(Expectation::YesNo, &audio).await,
        Err(SpeechError::Deadline { seconds: 3 })
    );
    works(&speech, &audio).await;
}

#[test]
fn workers_end_with_the_last_handle() {
    let Some(speech) = speech() else { return };
    let other = speech.clone();
    drop(speech);
    let workers = loop {
        let workers = [other.recogniser_ids(), other.synthesiser_ids()].concat();
        if workers.len() == 3 {
            break workers;
        }
        std::thread::yield_now();
    };
    drop(other);
    for worker in workers {
        assert!(!PathBuf::from(format!("/proc/{worker}")).exists());
    }
}

#[test]
fn missing_libraries_are_named_with_their_package() {
    let nowhere = LocalSpeechConfig {
        library_dir: Some(PathBuf::from("/nonexistent")),
        ..config()
    };
    let Err(LocalSpeechError::Missing(missing)) = LocalSpeech::start(nowhere) else {
        panic!("it cannot start");
    };
    assert_eq!(missing.package, "libflite1");
    assert!(missing.to_string().contains("apt-get install libflite1"));
}

#[test]
fn a_missing_model_is_named_with_its_package() {
    let nowhere = LocalSpeechConfig {
        model_dir: Some(PathBuf::from("/nonexistent")),
        ..config()
    };
    match LocalSpeech::start(nowhere) {
        // Without any engine, the synthesiser is missed first.
        Err(LocalSpeechError::Missing(missing)) => assert!(
            ["pocketsphinx-en-us", "libflite1"].contains(&missing.package.as_str()),
            "{missing}"
        ),
        other => panic!("it cannot start: {other:?}"),
    }
}

#[test]
fn an_executable_that_is_no_worker_is_an_error_and_no_wait() {
    let wrong = LocalSpeechConfig {
        worker: PathBuf::from("/bin/true"),
        ..config()
    };
    let started = LocalSpeech::start(wrong);
    assert!(matches!(started, Err(LocalSpeechError::Silent { .. })));
    let absent = LocalSpeechConfig {
        worker: PathBuf::from("/nonexistent/otto"),
        ..config()
    };
    let started = LocalSpeech::start(absent);
    assert!(matches!(started, Err(LocalSpeechError::Spawn { .. })));
}

#[test]
fn a_number_of_workers_out_of_range_is_refused() {
    let too_many = LocalSpeechConfig {
        recognisers: 9,
        ..config()
    };
    let mute = LocalSpeechConfig {
        synthesisers: 0,
        ..config()
    };
    for (config, field) in [(too_many, "`recognisers`"), (mute, "`synthesisers`")] {
        let error = LocalSpeech::start(config).expect_err("out of range");
        assert!(error.to_string().contains(field), "{error}");
    }
}

#[tokio::test]
async fn a_text_longer_than_a_clause_is_refused() {
    let Some(speech) = speech() else { return };
    let refused = speech.synthesise(Voice::AGENT, &"word ".repeat(300));
    assert!(matches!(refused, Err(SpeechError::TooLong { .. })));
}

#[tokio::test]
async fn a_phrase_said_again_is_the_same_and_needs_no_worker() {
    let Some(speech) = speech() else { return };
    let text = "Thank you for calling. How can I help you?";
    let say = || speech.synthesise(Voice::AGENT, text).expect("room");
    let first = say().whole().await.expect("flite speaks");
    for worker in speech.synthesiser_ids() {
        signal("-STOP", worker);
    }
    assert_eq!(say().whole().await, Ok(first));
}

#[tokio::test]
async fn a_cancelled_utterance_stops_and_the_next_one_is_spoken_whole() {
    let Some(speech) = speech() else { return };
    let (wishes, input) = mpsc::channel(8);
    let (output, mut events) = mpsc::channel(4);
    let edge = tokio::spawn(tts::run(speech.clone(), input, output));
    let speak = |utterance, text: &str| TtsInput::Speak {
        utterance: UtteranceId(utterance),
        clause: 0,
        text: text.to_owned(),
        last: true,
    };
    let long = "This is a long sentence that nobody wants to hear to its end. ".repeat(8);
    wishes.send(speak(1, &long)).await.expect("listens");
    let first = events.recv().await.expect("it speaks");
    assert!(matches!(first, TtsEvent::Audio { .. }), "{first:?}");
    let utterance = UtteranceId(1);
    wishes
        .send(TtsInput::Cancel { utterance })
        .await
        .expect("listens");
    wishes.send(speak(2, "Goodbye.")).await.expect("listens");
    let (mut retired, mut spoken) = (0, 0);
    loop {
        match events.recv().await.expect("it goes on") {
            TtsEvent::Audio {
                utterance: UtteranceId(2),
                mulaw,
            } => {
                spoken += mulaw.len();
            }
            TtsEvent::Audio { .. } => retired += 1,
            TtsEvent::ClauseDone {
                utterance, samples, ..
            } => {
                assert_eq!((utterance, samples.0), (UtteranceId(2), spoken as u64));
            }
            TtsEvent::Done { utterance } => {
                assert_eq!(utterance, UtteranceId(2));
                break;
            }
            TtsEvent::Failed { reason, .. } => panic!("{reason}"),
        }
    }
    assert!(retired <= 4, "only what was in the channel: {retired}");
    assert!(spoken > 2_000, "{spoken}");
    drop(wishes);
    edge.await.expect("the edge ends with its input");
}
