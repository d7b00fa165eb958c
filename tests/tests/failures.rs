//! What breaks, and what the caller hears: the program between simulated vendors that fail.

use std::time::{Duration, Instant};

use control::feed::FeedEvent;
use control::limits::LLM_SILENCE;
use tests::caller::Caller;
use tests::house::House;
use tests::program::has_engines;
use tests::vendors::openai::{Fault as Model, Reply};
use tests::vendors::{deepgram_stt, deepgram_tts};

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");

/// From a deadline to the words that stand in for what did not come.
const WITHIN: Duration = Duration::from_secs(3);

/// The caller asks for an oil change and hears an answer.
async fn is_answered(caller: &Caller, at_most: Duration) -> String {
    let over = caller.says("I need an oil change").await;
    let (at, words) = caller.hears_an_answer(over, |_| true).await;
    let took = at.saturating_duration_since(over);
    assert!(took <= at_most, "{took:?} until {words:?}");
    words
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_fails_is_stood_in_for_by_the_rules_and_asked_again() {
    let house = House::open(OTTO).await;
    house.thinks.reply(Reply::saying(&["Sure,", " which day?"]));
    let caller = house.rings().await;
    for (fault, speaks_first) in [
        (Model::status(429, "{}"), false),
        (Model::status(500, "{}"), false),
        (Model::Refuse, false),
        (Model::StallBeforeFirst, false),
        (Model::StallAfter(1), true),
        (Model::DropAfter(1), true),
        (Model::Garbage, false),
    ] {
        house.thinks.inject(fault.clone());
        let over = caller.says("I need an oil change").await;
        let (at, words) = caller
            .hears_an_answer(over, |words| !words.contains("Sure"))
            .await;
        let took = at.saturating_duration_since(over);
        assert!(
            took <= LLM_SILENCE + WITHIN,
            "{fault:?}: {took:?} until {words:?}"
        );
        let begun = caller.was_told_since(
            over,
            |what| matches!(what, FeedEvent::Agent { text, .. } if text.contains("Sure")),
        );
        assert_eq!(begun, speaks_first, "{fault:?}");
        caller.falls_silent(at).await;
        house.thinks.heal();
        // A vendor that has failed is left alone for some seconds; the rules go on meanwhile.
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let over = caller.says("no").await;
            let (_, words) = caller.hears_an_answer(over, |_| true).await;
            caller.falls_silent(over).await;
            if words.contains("Sure") {
                break;
            }
            assert!(
                Instant::now() < patience,
                "{fault:?}: never asked again: {words}"
            );
        }
    }
    let refused = r#"otto_vendor_errors_total{vendor="openai",kind="rate_limited"}"#;
    assert!(house.metric(refused).await >= 1.0, "failures are counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voice_that_fails_is_stood_in_for_and_used_again() {
    if !has_engines(OTTO) {
        return;
    }
    let house = House::open(OTTO).await;
    house
        .thinks
        .reply(Reply::saying(&["Sure,", " which day suits you?"]));
    let caller = house.rings().await;
    for fault in [
        deepgram_tts::Fault::Refuse,
        deepgram_tts::Fault::Stall,
        deepgram_tts::Fault::DropAfter(Duration::from_millis(100)),
        deepgram_tts::Fault::Garbage,
        deepgram_tts::Fault::Status(429),
    ] {
        // A socket that is open does not notice that others would be refused.
        house.speaks.inject(deepgram_tts::Fault::Kill);
        tokio::time::sleep(Duration::from_millis(50)).await;
        house.speaks.inject(fault);
        let over = Instant::now();
        let words = is_answered(&caller, pipeline::limits::TTS_FIRST_AUDIO + WITHIN).await;
        assert!(words.contains("Sure"), "{fault:?}: {words}");
        caller.falls_silent(over).await;
        house.speaks.heal();
    }
    let before = house.speaks.audio_sent().len();
    let patience = Instant::now() + Duration::from_secs(30);
    while house.speaks.audio_sent().len() == before {
        assert!(Instant::now() < patience, "the voice is never used again");
        let over = caller.says("yes").await;
        caller.hears_an_answer(over, |_| true).await;
        caller.falls_silent(over).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_word_is_lost_when_the_recogniser_drops_its_sockets_in_the_middle_of_a_sentence() {
    let house = House::open(OTTO).await;
    house.thinks.reply(Reply::saying(&["Sure,", " which day?"]));
    let caller = house.rings().await;
    let over = Instant::now();
    let speaking = caller.says("I need an oil change and tires please");
    let killing = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        house.hears.inject(deepgram_stt::Fault::Kill);
        while !house.hears.connections().iter().any(|c| c.is_over) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        house.hears.heal();
    };
    tokio::join!(speaking, killing);
    caller.hears("Sure,").await;
    let whole = |what: &FeedEvent| {
        matches!(what, FeedEvent::Caller { text, .. }
            if text.to_lowercase().contains("i need an oil change and tires please"))
    };
    assert!(caller.was_told_since(over, whole), "words are missing");
    let connections = house.hears.connections();
    assert!(connections.len() >= 2, "there was a second socket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_every_vendor_gone_the_machine_itself_speaks() {
    if !has_engines(OTTO) {
        return;
    }
    let house = House::open(OTTO).await;
    house.thinks.reply(Reply::saying(&["Sure,", " which day?"]));
    let caller = house.rings().await;
    let over = caller.says("I need an oil change").await;
    house.thinks.inject(Model::Refuse);
    house.speaks.inject(deepgram_tts::Fault::Kill);
    house.speaks.inject(deepgram_tts::Fault::Refuse);
    let (at, words) = caller.hears_an_answer(over, |_| true).await;
    let took = at.saturating_duration_since(over);
    assert!(took <= LLM_SILENCE + WITHIN * 2, "{took:?} until {words:?}");
}
