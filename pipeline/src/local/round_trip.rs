//! Tests with the real engines: what flite says, pocketsphinx reads, over the telephone's mu-law.

use std::time::{Duration, Instant};

use bytes::Bytes;
use dsp::{FRAME_SAMPLES, Samples};
use tokio::sync::mpsc;

use super::testing::speech;
use super::{LocalSpeech, Reading, Voice, stt};
use crate::message::{Expectation, Transcript};
use crate::net::edge::{SttEvent, SttInput};

/// What callers say, and what is expected when they say it. All of it is in the grammar.
const SENTENCES: [(Expectation, &[&str]); 8] = [
    (
        Expectation::Open,
        &[
            "i need an oil change",
            "hello i would like to schedule an oil change",
            "i need to book an appointment for a brake inspection",
            "i need a state inspection please",
            "how much is an oil change",
            "what are your hours on saturday",
            "what time do you close on friday",
            "i need a brake inspection",
            "i need to reschedule my appointment",
            "i need to cancel my appointment please",
            "i want to speak to a manager",
            "my check engine light is on",
            "when is my appointment",
            "no thank you that is all",
            "that's all thank you",
        ],
    ),
    (
        Expectation::YesNo,
        &[
            "yes",
            "no",
            "yes please",
            "no thank you",
            "that sounds good",
            "yes that is correct",
            "no that is wrong",
            "no friday at three p m",
            "yes book it please",
            "no thank you that is all",
            "that's all thank you",
        ],
    ),
    (
        Expectation::When,
        &[
            "next tuesday at ten in the morning",
            "next tuesday at ten thirty in the morning",
            "friday at three p m",
            "tomorrow afternoon",
            "wednesday at nine in the morning",
            "friday at two p m",
            "on wednesday instead",
            "monday at nine a m",
            "thursday at two in the afternoon",
            "december fifteenth at eight a m",
            "the second one",
            "the first one please",
        ],
    ),
    (
        Expectation::Phone,
        &[
            "two one seven five five five oh one two three",
            "my number is two one seven five five five zero one four two",
            "two one seven five five five zero one six four",
            "five five five two one three four seven eight nine",
            "it is nine one nine five five five oh one oh four",
        ],
    ),
    (
        Expectation::DateOfBirth,
        &[
            "march fourteenth nineteen eighty five",
            "march fourth nineteen eighty five",
            "march fifteenth nineteen eighty five",
            "july second nineteen ninety",
            "july third nineteen ninety",
            "november twenty second nineteen seventy one",
            "my date of birth is july thirtieth two thousand and one",
        ],
    ),
    (
        Expectation::Address,
        &[
            "eighteen elm street",
            "four oh two oak avenue",
            "forty two maple street",
            "my address is seven fifteen washington road",
        ],
    ),
    (
        Expectation::Name,
        &[
            "my name is john smith",
            "emily parker",
            "my name is emily parker",
            "maria lopez",
            "sarah johnson",
            "my name is sarah johnson",
            "this is michael brown",
        ],
    ),
    (
        Expectation::Vehicle,
        &[
            "a twenty twenty one honda accord",
            "a twenty nineteen ford f one fifty",
            "two thousand nineteen toyota corolla",
            "a twenty eighteen honda civic",
            "the truck",
            "it is for the honda",
            "twenty nineteen toyota camry",
            "the accord",
            "the twenty nineteen ford",
            "my camry",
        ],
    ),
];

/// How one voice was understood.
#[derive(Debug, Default)]
struct Score {
    turns: usize,
    /// The grammar read what was meant.
    grammar: usize,
    /// The language model did, too.
    both: usize,
    wrong: Vec<String>,
    took: Vec<Duration>,
}

async fn hear(
    speech: &LocalSpeech,
    voice: Voice,
    expectation: Expectation,
    words: &str,
) -> (Reading, Duration) {
    let said = speech.synthesise(voice, words).expect("room in the queue");
    let audio = said.whole().await.expect("flite speaks");
    let begun = Instant::now();
    let reading = speech.recognise(expectation, &audio).await;
    (reading.expect("pocketsphinx reads"), begun.elapsed())
}

async fn score(speech: &LocalSpeech, voice: Voice) -> Score {
    let mut score = Score::default();
    for (expectation, sentences) in SENTENCES {
        for &words in sentences {
            let (reading, took) = hear(speech, voice, expectation, words).await;
            let wanted = meant(Some(words));
            let by_grammar = meant(reading.grammar.as_deref()) == wanted;
            let by_both = by_grammar && meant(reading.lm.as_deref()) == wanted;
            score.turns += 1;
            score.grammar += usize::from(by_grammar);
            score.both += usize::from(by_both);
            score.took.push(took);
            if !by_both {
                score
                    .wrong
                    .push(format!("{expectation:?} {words:?}: {reading:?}"));
            }
        }
    }
    score.took.sort();
    score
}

fn report(voice: Voice, score: &Score) {
    for wrong in &score.wrong {
        println!("{voice:?} {wrong}");
    }
    let at = |share: usize| score.took[(score.took.len() - 1) * share / 100];
    println!(
        "{voice:?}: {} turns, grammar right {}, language model too {}; p50 {:?}, p95 {:?}",
        score.turns,
        score.grammar,
        score.both,
        at(50),
        at(95)
    );
}

/// Words that mean the same are the same: articles, courtesy, and two ways to say no and nought.
fn meant(words: Option<&str>) -> Vec<&str> {
    let words = words.unwrap_or_default().split(' ');
    words
        .filter(|word| !["a", "the", "please"].contains(word))
        .map(|word| match word {
            "nope" => "no",
            "oh" => "zero",
            word => word,
        })
        .collect()
}

#[tokio::test]
async fn the_callers_voice_is_understood_over_the_telephone() {
    let Some(speech) = speech() else { return };
    let score = score(&speech, Voice::CALLER).await;
    report(Voice::CALLER, &score);
    assert!(
        score.grammar * 100 >= score.turns * 97,
        "{:#?}",
        score.wrong
    );
    assert!(score.both * 100 >= score.turns * 85, "{:#?}", score.wrong);
}

/// `cargo test -p pipeline -- --ignored --nocapture other_voices`
#[tokio::test]
#[ignore = "a measurement: how well other voices are understood"]
async fn other_voices_are_measured() {
    let Some(speech) = speech() else { return };
    for voice in [Voice::Awb, Voice::Kal16, Voice::Slt] {
        report(voice, &score(&speech, voice).await);
    }
}

#[tokio::test]
async fn the_doctor_finds_nothing_wrong() {
    let Some(speech) = speech() else { return };
    let check = speech.check().await.expect("all is well");
    assert_eq!(check.sentence, "i need an oil change");
}

#[tokio::test]
async fn silence_holds_no_words() {
    let Some(speech) = speech() else { return };
    let silence = vec![dsp::mulaw::SILENCE; 8_000];
    let reading = speech.recognise(Expectation::Open, &silence).await;
    // A language model may find a short word in anything; the edge acts on the grammar alone.
    assert_eq!(reading.expect("it reads").grammar, None);
}

#[tokio::test]
async fn a_turn_on_the_line_becomes_one_transcript_with_a_second_opinion() {
    let Some(speech) = speech() else { return };
    let said = speech.synthesise(Voice::CALLER, "i need an oil change");
    let mut line = vec![dsp::mulaw::SILENCE; 8_000];
    line.extend(said.expect("room").whole().await.expect("flite speaks"));
    line.extend([dsp::mulaw::SILENCE; 4_000]);
    let end = Samples(line.len() as u64);
    let (heard, input) = mpsc::channel(4);
    let (output, mut events) = mpsc::channel(4);
    let edge = tokio::spawn(stt::run(speech.clone(), input, output));
    for (frame, mulaw) in line.chunks(FRAME_SAMPLES).enumerate() {
        let position = Samples((frame * FRAME_SAMPLES) as u64);
        let mulaw = Bytes::copy_from_slice(mulaw);
        heard
            .send(SttInput::Audio { position, mulaw })
            .await
            .expect("listens");
    }
    let from = Samples::from_ms(800);
    for input in [
        SttInput::SpeechStarted { position: from },
        SttInput::SpeechEnded { position: end },
    ] {
        heard.send(input).await.expect("listens");
    }
    drop(heard);
    edge.await.expect("the edge ends with its input");
    let transcript = Transcript {
        text: "i need an oil change".to_owned(),
        second_opinion: Some("i need an oil change".to_owned()),
        typed: false,
        from,
        to: end,
    };
    assert_eq!(events.recv().await, Some(SttEvent::Final(transcript)));
    assert_eq!(events.recv().await, None);
}
