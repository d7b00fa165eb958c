//! Tests with the real engines: what flite says, pocketsphinx reads, over the telephone's mu-law.

use std::time::{Duration, Instant};

use super::testing::speech;
use super::{LocalSpeech, Reading, Voice};
use crate::message::Expectation;

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
            "yes book it please",
        ],
    ),
    (
        Expectation::When,
        &[
            "next tuesday at ten in the morning",
            "next tuesday at ten thirty in the morning",
            "friday at three p m",
            "tomorrow afternoon",
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
            "five five five two one three four seven eight nine",
            "it is nine one nine five five five oh one oh four",
        ],
    ),
    (
        Expectation::DateOfBirth,
        &[
            "march fourteenth nineteen eighty five",
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
    /// The grammar read every word.
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
            let by_grammar = reading.grammar.as_deref() == Some(words);
            let by_both = by_grammar && reading.lm.as_deref() == Some(words);
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

#[tokio::test]
async fn the_callers_voice_is_understood_over_the_telephone() {
    let Some(speech) = speech() else { return };
    let score = score(&speech, Voice::CALLER).await;
    report(Voice::CALLER, &score);
    assert!(
        score.grammar * 100 >= score.turns * 85,
        "{:#?}",
        score.wrong
    );
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
