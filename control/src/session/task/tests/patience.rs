//! A caller is waited for, and told when they are not understood or waited for in vain.

use super::*;

#[tokio::test]
async fn a_silent_caller_is_asked_after_fifteen_seconds_and_let_go_after_five_more() {
    let mut call = Call::begin(polite).await;
    let (greeting, _) = call.said().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    call.heard(greeting);
    let heard = Instant::now();
    let (prompt, text) = call.said().await;
    assert_eq!(text, "Are you still there?");
    assert_eq!(
        heard.elapsed().as_millis() / 10,
        1_500,
        "from the last word heard"
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    call.heard(prompt);
    let heard = Instant::now();
    let (goodbye, _) = call.said().await;
    assert_eq!(heard.elapsed().as_millis() / 10, 500);
    call.heard(goodbye);
    call.hung_up().await;
    let (log, ending) = call.ended(EndReason::AgentHungUp).await;
    assert_eq!(log.outcome, Outcome::Failed);
    assert_eq!(ending, Some(Ending::HungUp));
}

#[tokio::test]
async fn an_answer_starts_the_patience_anew() {
    let mut call = Call::greeted(polite).await;
    let (prompt, _) = call.said().await;
    call.heard(prompt);
    call.says("yes i am");
    let (echo, _) = call.said().await;
    call.heard(echo);
    let heard = Instant::now();
    let (_, text) = call.said().await;
    assert_eq!(text, "Are you still there?");
    assert_eq!(heard.elapsed().as_secs(), 15);
}

#[tokio::test]
async fn lost_words_are_said_again_once_and_then_a_human_takes_over() {
    let mut call = Call::begin(polite).await;
    for again in [false, true] {
        let (utterance, text) = call.said().await;
        assert_eq!(text, "Hello there.", "again: {again}");
        call.event(EventKind::SpeechFailed {
            edge: pipeline::message::SpeechEdge::Tts,
            utterance: Some(utterance),
            reason: "the engine died".to_owned(),
        });
    }
    call.hung_up().await;
    let (_, ending) = call.ended(EndReason::AgentHungUp).await;
    assert_eq!(ending, Some(Ending::Fault));
}

#[tokio::test]
async fn a_synthesiser_that_says_nothing_is_not_waited_for() {
    let mut call = Call::begin(polite).await;
    call.said().await;
    let asked = Instant::now();
    call.said().await;
    assert_eq!(
        asked.elapsed().as_secs(),
        limits::FIRST_FRAME_DEADLINE.as_secs()
    );
}

#[tokio::test]
async fn a_recogniser_that_says_nothing_makes_us_ask_again() {
    let mut call = Call::greeted(polite).await;
    let position = Samples::from_ms(1_000);
    call.event(EventKind::SpeechStarted { position });
    call.event(EventKind::SpeechEnded {
        position,
        silence: Samples::from_ms(500),
    });
    let (_, text) = call.said().await;
    assert_eq!(text, "Sorry?");
}

#[tokio::test]
async fn a_sound_that_goes_on_without_words_makes_us_ask_again() {
    let mut call = Call::greeted(polite).await;
    let position = Samples::from_ms(1_000);
    let began = Instant::now();
    call.event(EventKind::SpeechStarted { position });
    let (_, text) = call.said().await;
    assert_eq!(text, "Sorry?");
    let waited = began.elapsed().as_secs();
    assert_eq!(waited, limits::WORDLESS_TALK.as_secs());
}

#[tokio::test]
async fn a_long_story_is_not_interrupted() {
    let mut call = Call::greeted(polite).await;
    let position = Samples::from_ms(1_000);
    call.event(EventKind::SpeechStarted { position });
    for part in 0..10 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        let text = format!("and then, {part}");
        call.event(EventKind::Partial { text });
    }
    assert!(call.commands.try_recv().is_err(), "nobody interrupts");
}

#[tokio::test]
async fn a_turn_without_words_says_nothing_of_the_one_after_it() {
    let mut call = Call::greeted(polite).await;
    let silence = Samples::from_ms(500);
    let positions = [1_000, 2_000].map(Samples::from_ms);
    for position in positions {
        call.event(EventKind::SpeechStarted { position });
        let position = position + Samples::from_ms(900);
        call.event(EventKind::SpeechEnded { position, silence });
    }
    let position = positions[0] + Samples::from_ms(900);
    call.event(EventKind::NothingRecognised { position });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(
        call.commands.try_recv().is_err(),
        "their words may yet come"
    );
    call.says("an oil change");
    let (_, text) = call.said().await;
    assert_eq!(text, "an oil change");
}
