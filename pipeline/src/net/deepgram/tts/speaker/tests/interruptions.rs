//! Utterances that are cancelled.

use super::*;
use crate::limits::TTS_CLEARED;

#[test]
fn a_cancelled_utterance_is_cleared_and_its_audio_dropped_until_every_clear_is_answered() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.audio(100);
    scene.speaker.handle_cancel(ONE, scene.now);
    assert_eq!(
        scene.heard(),
        (0, vec![]),
        "what was not handed on is forgotten, too"
    );
    // The next utterance does not wait for the answer.
    scene.say(TWO, 0, "Two.", true);
    scene.speaker.handle_cancel(TWO, scene.now);
    scene.say(UtteranceId(3), 0, "Three.", true);
    assert_eq!(
        scene.sent(),
        [
            "say One. ",
            "flush",
            "clear",
            "say Two. ",
            "flush",
            "clear",
            "say Three. ",
            "flush"
        ]
    );
    scene.audio(200);
    scene.text("Flushed");
    scene.text("Cleared");
    scene.audio(300);
    assert_eq!(scene.heard(), (0, vec![]), "one clear is still unanswered");
    scene.text("Cleared");
    scene.audio(400);
    scene.text("Flushed");
    let three = UtteranceId(3);
    assert_eq!(
        scene.heard(),
        (400, vec![clause_done(three, 0, 400), done(three)])
    );
}

#[test]
fn an_utterance_behind_a_cancelled_one_is_given_to_the_vendor_again() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.say(TWO, 0, "Two.", true);
    scene.sent();
    scene.speaker.handle_cancel(ONE, scene.now);
    assert_eq!(scene.sent(), ["clear", "say Two. ", "flush"]);
}

#[test]
fn a_later_utterance_is_cancelled_without_a_word_lost_of_the_one_being_spoken() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.say(TWO, 0, "Two.", false);
    scene.speaker.handle_cancel(TWO, scene.now);
    scene.say(UtteranceId(3), 0, "Three.", true);
    for bytes in [100, 200, 300] {
        scene.audio(bytes);
        scene.text("Flushed");
    }
    let three = UtteranceId(3);
    let expected = [
        clause_done(ONE, 0, 100),
        done(ONE),
        clause_done(three, 0, 300),
        done(three),
    ];
    assert_eq!(scene.heard(), (400, expected.to_vec()));
    assert!(!scene.sent().contains(&"clear".to_owned()));
}

#[test]
fn clauses_that_come_after_the_cancellation_are_ignored() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", false);
    scene.speaker.handle_cancel(ONE, scene.now);
    scene.sent();
    scene.say(ONE, 1, "More.", true);
    assert_eq!(scene.sent(), [""; 0]);
}

#[test]
fn a_clear_that_is_not_answered_in_time_costs_the_socket_and_not_the_next_utterance() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.speaker.handle_cancel(ONE, scene.now);
    scene.say(TWO, 0, "Two.", true);
    scene.sent();
    scene.pass(TTS_CLEARED);
    assert_eq!(scene.sent(), ["hangup", "rest two."]);
    assert_eq!(scene.errors(VendorErrorKind::TimedOut), 1);
}
