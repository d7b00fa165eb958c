//! A recogniser that knows the words before the pause is long enough ends the caller's turn.

use std::time::Duration;

use dsp::Samples;
use pipeline::message::{Event, EventKind};
use pipeline::{DataPlaneConfig, SpeechConfig};
use tests::plane::audio::YES;
use tests::plane::speech::{Manners, eager_listener, talker};
use tests::plane::stage::{Stage, finished, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_end_the_turn_at_once_and_the_next_one_begins_as_if_nothing_had_been() {
    let stage = Stage::new(DataPlaneConfig::new(SpeechConfig {
        stt: eager_listener(),
        tts: talker(Manners::Polite, Duration::ZERO),
    }))
    .await;
    let (phone, mut handle) = stage.call().await;
    let mut silences = Vec::new();
    for utterance in 1..=3 {
        phone.speak(YES);
        let mut told = Vec::new();
        while told.last() != Some(&"words") {
            let next = tokio::time::timeout(Duration::from_secs(10), handle.next());
            let Event { kind, .. } = next.await.expect("in time").expect("the call goes on");
            match kind {
                EventKind::SpeechStarted { .. } => told.push("started"),
                EventKind::SpeechEnded { silence, .. } => {
                    silences.push(silence);
                    told.push("ended");
                }
                EventKind::Transcript(_) => told.push("words"),
                EventKind::NothingRecognised { .. } => told.push("nothing"),
                _ => {}
            }
        }
        assert_eq!(told, ["started", "ended", "words"], "turn {utterance}");
        // The agent has the floor at once, and what the line still says is nobody's turn.
        say(&handle, utterance, 1_500);
        finished(&mut handle, utterance).await;
    }
    // The detector's hang-over, and not the 600 ms of an open question; the shortest, because the
    // words of a recogniser that had to wait for this machine come later.
    let shortest = silences.iter().min().expect("three turns");
    let hang_over = Samples::from_ms(200)..Samples::from_ms(400);
    assert!(hang_over.contains(shortest), "{silences:?}");
}
