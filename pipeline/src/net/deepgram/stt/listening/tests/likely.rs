//! Words that are likely a whole turn: when they are told, and what takes it back.

use super::*;
use crate::limits::{FALTER, WORDS_STABLE};

impl Scene {
    /// The caller's voice stopped so long ago, as the detector tells.
    fn faltered(&mut self) {
        let (position, last_voiced) = (self.position, self.position - FALTER);
        self.input(SttInput::SpeechFaltered {
            position,
            last_voiced,
        });
    }

    /// What was told of likely ends, with a cross where it was taken back.
    fn likely(&self) -> Vec<&str> {
        let told = self.events.iter().filter_map(|event| match event {
            SttEvent::LikelyEnd { text } => Some(text.as_str()),
            SttEvent::WentOn => Some("x"),
            _ => None,
        });
        told.collect()
    }
}

#[test]
fn whole_words_are_told_at_the_first_moment_of_silence() {
    let mut scene = Scene::speaks(1_000);
    scene.interim("I need an oil change", 0, 1_000);
    scene.audio(100);
    assert!(scene.likely().is_empty(), "the caller speaks");
    scene.faltered();
    assert_eq!(scene.likely(), ["I need an oil change"]);
    assert!(scene.answers().is_empty(), "the turn has not ended");
    scene.audio(100);
    scene.paused(200);
    scene.answer_to_finalize("I need an oil change.", 0, 1_300);
    assert_eq!(scene.likely().len(), 1, "the same words are no news");
    assert_eq!(scene.answers(), ["I need an oil change."]);
}

#[test]
fn words_that_have_only_just_come_are_told_when_they_have_been_the_same_for_a_while() {
    let mut scene = Scene::speaks(1_000);
    scene.audio(80);
    scene.interim("I need an oil change", 0, 1_000);
    scene.audio(20);
    scene.faltered();
    assert!(scene.likely().is_empty());
    scene.wait(WORDS_STABLE.as_millis() as u64);
    assert_eq!(scene.likely(), ["I need an oil change"]);
}

#[test]
fn a_moment_of_silence_within_a_word_is_none() {
    let mut scene = Scene::speaks(1_000);
    scene.audio(100);
    scene.faltered();
    scene.audio(200);
    scene.interim("I need an oil change", 0, 1_300);
    scene.wait(1_000);
    assert!(scene.likely().is_empty());
}

#[test]
fn words_of_long_ago_are_not_likely_all() {
    let mut scene = Scene::speaks(2_000);
    scene.interim("I need an oil change", 0, 1_200);
    scene.audio(100);
    scene.faltered();
    scene.audio(100);
    scene.paused(200);
    assert!(scene.likely().is_empty(), "more was said since");
    scene.interim("I need an oil change and tires", 0, 2_300);
    assert_eq!(scene.likely(), ["I need an oil change and tires"]);
}

#[test]
fn flux_is_not_second_guessed() {
    let mut scene = Scene::with(Protocol::Flux, false).speak(1_000);
    scene.text(
        r#"{"type":"TurnInfo","event":"Update","audio_window_end":1.2,"transcript":"I need an oil"}"#,
    );
    scene.audio(100);
    scene.faltered();
    scene.audio(100);
    scene.paused(200);
    scene.wait(300);
    assert!(scene.likely().is_empty());
}

#[test]
fn half_an_answer_is_not_likely_all() {
    let mut scene = Scene::new();
    scene.expect(Expectation::Phone);
    let mut scene = scene.speak(1_000);
    scene.interim("two one seven", 0, 1_000);
    scene.audio(100);
    scene.faltered();
    scene.audio(100);
    scene.paused(200);
    scene.wait(300);
    assert!(scene.likely().is_empty());
}

#[test]
fn other_words_take_it_back_and_may_be_told_in_turn() {
    let mut scene = Scene::speaks(1_000);
    scene.interim("I need an oil change", 0, 1_000);
    scene.audio(100);
    scene.faltered();
    scene.audio(300);
    scene.interim("I need an oil change and", 0, 1_400);
    assert_eq!(scene.likely(), ["I need an oil change", "x"]);
    scene.interim("I need an oil change and new tires", 0, 1_400);
    scene.audio(100);
    scene.faltered();
    assert_eq!(scene.likely()[2..], ["I need an oil change and new tires"]);
}

#[test]
fn words_of_a_turn_that_has_ended_are_told_while_their_last_form_is_awaited() {
    let mut scene = Scene::speaks(1_000);
    scene.interim("I need an", 0, 1_100);
    scene.audio(600);
    scene.paused(600);
    assert!(scene.likely().is_empty());
    scene.ended();
    assert_eq!(scene.likely(), ["I need an"]);
    scene.answer_to_finalize("I need an", 0, 1_800);
    assert_eq!(scene.answers(), ["I need an"]);
}

#[test]
fn a_slow_talker_is_thought_about_but_not_cut_after_a_whole_sentence() {
    let mut scene = Scene::speaks(1_000);
    scene.slow = true;
    scene.interim("I need an oil change", 0, 1_000);
    scene.audio(220);
    scene.paused(220);
    scene.speech_final("I need an oil change", 0, 1_300);
    assert_eq!(scene.texts("Finalize"), 0);
    assert!(scene.answers().is_empty());
    assert_eq!(scene.likely(), ["I need an oil change"]);
    scene.audio(600);
    scene.ended();
    assert_eq!(scene.answers(), ["I need an oil change"]);
}

#[test]
fn what_flux_thinks_of_a_turn_is_told_and_taken_back() {
    let mut scene = Scene::with(Protocol::Flux, false).speak(1_000);
    let info = |event: &str, text: &str| {
        format!(
            r#"{{"type":"TurnInfo","event":"{event}","audio_window_end":1.3,"transcript":"{text}"}}"#
        )
    };
    scene.text(&info("EagerEndOfTurn", "it is for the"));
    assert_eq!(scene.likely(), ["it is for the"], "its model knows");
    scene.text(&info("TurnResumed", "it is for the"));
    scene.text(&info("EagerEndOfTurn", "it is for the truck"));
    assert_eq!(scene.likely()[1..], ["x", "it is for the truck"]);
    scene.text(&info("EndOfTurn", "It is for the truck."));
    assert_eq!(scene.answers(), ["It is for the truck."]);
    assert_eq!(scene.likely().len(), 3);
}

#[test]
fn a_voice_that_only_flux_hears_is_thought_about_too() {
    let mut scene = Scene::with(Protocol::Flux, false);
    scene.audio(1_000);
    let info = |event: &str| {
        format!(
            r#"{{"type":"TurnInfo","event":"{event}","audio_window_end":0.9,"transcript":"hello"}}"#
        )
    };
    scene.text(&info("EagerEndOfTurn"));
    assert_eq!(scene.likely(), ["hello"]);
    scene.text(&info("EndOfTurn"));
    assert_eq!(scene.answers(), ["hello"]);
}

#[test]
fn nobody_is_told_where_nobody_wants_to_know() {
    let mut scene = Scene::speaks(1_000);
    scene.listening = Listening::new(false, false);
    scene.up();
    let mut scene = scene.speak(1_000);
    scene.interim("I need an oil change", 0, 1_000);
    scene.audio(100);
    scene.faltered();
    scene.wait(500);
    scene.ended();
    assert!(scene.likely().is_empty());
}
