//! Who speaks when a speaker fails, and the breaker.

use super::*;
use crate::limits::{
    BREAKER_FAILURES, BREAKER_REST, TTS_FIRST_AUDIO, TTS_NEXT_AUDIO, TTS_OPEN, TTS_PIECES,
};

#[test]
fn each_speaker_that_keeps_silent_hands_over_in_time_and_the_last_failure_is_said() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.sent();
    scene.pass(TTS_FIRST_AUDIO);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
    scene.pass(TTS_FIRST_AUDIO);
    assert_eq!(scene.sent(), ["stopfetch", "local one."]);
    scene.pass(TTS_FIRST_AUDIO);
    assert_eq!(scene.sent(), ["stopfetch"]);
    let (_, events) = scene.heard();
    assert!(
        matches!(events[..], [TtsEvent::Failed { utterance: ONE, .. }]),
        "{events:?}"
    );
    assert_eq!(
        scene.errors(VendorErrorKind::TimedOut),
        2,
        "our own voice is no vendor"
    );
    // Said again, it is another utterance, and begins anew.
    scene.say(TWO, 0, "One.", true);
    assert_eq!(scene.sent(), ["open"]);
}

#[test]
fn audio_that_stops_in_the_middle_is_gone_on_with_where_it_stopped() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well now.", false);
    scene.audio(9 * 533);
    scene.text("Flushed");
    scene.say(ONE, 1, "Ten letter", false);
    scene.say(ONE, 2, "Ten letter", false);
    scene.say(ONE, 3, "The end.", true);
    scene.heard();
    scene.sent();
    // The first of three is over, and the second begun.
    scene.audio(12 * 533);
    scene.pass(TTS_NEXT_AUDIO);
    assert_eq!(scene.sent(), ["hangup", "rest ten letter"]);
    assert_eq!(scene.heard(), (12 * 533, vec![clause_done(ONE, 1, 5_330)]));
    scene
        .speaker
        .handle_fetched(vec![7; 5_000].into(), scene.now);
    scene.speaker.handle_fetch_done(scene.now);
    // What was heard of it the first time is part of its length.
    assert_eq!(
        scene.heard(),
        (5_000, vec![clause_done(ONE, 2, 2 * 533 + 5_000)])
    );
    assert_eq!(scene.sent(), ["rest the end."]);
}

#[test]
fn audio_that_is_all_there_is_not_repeated_where_only_its_end_is_not_told() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Ten letter", true);
    scene.audio(5_330);
    scene.pass(TTS_NEXT_AUDIO);
    let (bytes, events) = scene.heard();
    assert_eq!(
        (bytes, &events[..]),
        (5_330, &[clause_done(ONE, 0, 5_330), done(ONE)][..])
    );
    assert_eq!(scene.sent(), ["say Ten letter ", "flush", "hangup"]);
    assert_eq!(scene.errors(VendorErrorKind::TimedOut), 1);
}

#[test]
fn a_flush_that_was_one_too_many_is_not_waited_for() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.sent();
    let warning = r#"{"type":"Warning","warn_code":"EXCESSIVE_FLUSH"}"#;
    scene.speaker.handle_text(warning, scene.now);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
    assert_eq!(scene.errors(VendorErrorKind::RateLimited), 1);
    // No further flush is wasted before the minute is over.
    scene.speaker.handle_fetched(vec![7; 10].into(), scene.now);
    scene.speaker.handle_fetch_done(scene.now);
    scene.say(TWO, 0, "Two.", true);
    assert_eq!(scene.sent(), ["open"]);
    scene.speaker.handle_opened(scene.now);
    assert_eq!(scene.sent(), ["rest two."]);
}

#[test]
fn garbage_and_errors_hand_over_at_once_and_unknown_messages_are_ignored() {
    for (message, kind) in [
        ("this is no JSON", VendorErrorKind::Garbage),
        (r#"["Flushed"]"#, VendorErrorKind::Garbage),
        (
            r#"{"type":"Error","err_code":"NET-0000"}"#,
            VendorErrorKind::Failed,
        ),
    ] {
        let mut scene = Scene::open();
        scene.say(ONE, 0, "One.", true);
        scene.text("News");
        scene.text("Metadata");
        scene.text("Warning");
        assert_eq!(scene.sent(), ["say One. ", "flush"]);
        scene.speaker.handle_text(message, scene.now);
        assert_eq!(scene.sent(), ["hangup", "rest one."], "{message}");
        assert_eq!(scene.errors(kind), 1);
    }
}

#[test]
fn an_answer_without_any_audio_is_no_answer() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.text("Flushed");
    assert_eq!(scene.sent(), ["say One. ", "flush", "hangup", "rest one."]);
    scene.speaker.handle_fetch_done(scene.now);
    assert_eq!(scene.sent(), ["local one."]);
    // Where nothing can be heard, nothing is missed.
    let mut scene = Scene::open();
    scene.say(ONE, 0, "...", true);
    scene.text("Flushed");
    assert_eq!(scene.heard(), (0, vec![clause_done(ONE, 0, 0), done(ONE)]));
}

#[test]
fn audio_without_end_is_not_listened_to() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "No.", true);
    for _ in 0..10 {
        scene.audio(8_000);
    }
    assert_eq!(scene.errors(VendorErrorKind::Garbage), 1);
    let (bytes, events) = scene.heard();
    assert!(bytes < 48_000, "{bytes}");
    assert_eq!(events.last(), Some(&done(ONE)));
}

#[test]
fn a_key_that_is_not_known_goes_straight_to_the_voice_on_this_machine() {
    let mut scene = Scene::new();
    scene.say(ONE, 0, "One.", true);
    scene
        .speaker
        .handle_not_opened(VendorErrorKind::Unauthorized, scene.now);
    assert_eq!(scene.sent(), ["open", "hangup", "local one."]);
}

#[test]
fn an_idle_socket_that_is_closed_is_no_failure_and_opened_again_when_there_are_words() {
    let mut scene = Scene::open();
    scene
        .speaker
        .handle_closed(VendorErrorKind::Dropped, scene.now);
    scene.pass(Duration::from_secs(60));
    assert_eq!(scene.sent(), [""; 0]);
    scene.say(ONE, 0, "One.", true);
    assert_eq!(scene.sent(), ["open"]);
    scene.speaker.handle_opened(scene.now);
    assert_eq!(scene.sent(), ["say One. ", "flush"]);
    let errors = &scene.metrics.vendor_errors;
    for kind in VendorErrorKind::ALL {
        assert_eq!(errors.count_of(Vendor::DeepgramTts, kind), 0);
    }
}

#[test]
fn words_wait_no_longer_than_a_moment_for_a_socket() {
    let mut scene = Scene::new();
    scene.speaker.handle_start();
    scene.pass(Duration::from_millis(700));
    scene.say(ONE, 0, "One.", true);
    assert_eq!(scene.sent(), ["open"]);
    scene.pass(TTS_OPEN);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
}

#[test]
fn an_utterance_is_not_given_back_to_what_failed_it() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", false);
    scene
        .speaker
        .handle_closed(VendorErrorKind::Dropped, scene.now);
    scene.speaker.handle_fetched(vec![7; 10].into(), scene.now);
    scene.speaker.handle_fetch_done(scene.now);
    scene.sent();
    scene.say(ONE, 1, "Two.", true);
    assert_eq!(scene.sent(), ["rest two."]);
}

#[test]
fn while_the_call_takes_no_audio_no_deadline_passes() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.audio(100);
    scene.now = scene.now.plus(TTS_NEXT_AUDIO * 10);
    scene.speaker.handle_room(scene.now);
    scene.pass(TTS_NEXT_AUDIO / 2);
    assert_eq!(scene.sent(), ["say One. ", "flush"]);
    scene.pass(TTS_NEXT_AUDIO);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
}

#[test]
fn more_words_than_are_kept_fail_their_utterance_aloud() {
    let mut scene = Scene::new();
    for clause in 0..=TTS_PIECES as u32 {
        scene.say(ONE, clause, "word", false);
    }
    let (_, events) = scene.heard();
    assert!(
        matches!(events[..], [TtsEvent::Failed { utterance: ONE, .. }]),
        "{events:?}"
    );
}

#[test]
fn while_the_breaker_is_open_the_voice_on_this_machine_speaks_and_one_utterance_tries_again() {
    let mut scene = Scene::new();
    scene.break_vendor();
    scene.speaker.handle_start();
    assert_eq!(scene.sent(), [""; 0], "no socket is opened ahead");
    scene.say(ONE, 0, "One.", true);
    assert_eq!(scene.sent(), ["local one."]);
    scene.speaker.handle_fetched(vec![7; 10].into(), scene.now);
    scene.speaker.handle_fetch_done(scene.now);
    scene.pass(BREAKER_REST);
    scene.say(TWO, 0, "Two.", true);
    assert_eq!(scene.sent(), ["open"]);
    assert!(!scene.breaker.is_closed());
    scene.speaker.handle_opened(scene.now);
    scene.audio(100);
    scene.text("Flushed");
    assert!(scene.breaker.is_closed(), "its success lets everybody in");
}

#[test]
fn without_a_voice_on_this_machine_the_vendor_is_asked_whatever_the_breaker_says() {
    let mut scene = Scene::with(false);
    scene.break_vendor();
    scene.say(ONE, 0, "One.", true);
    assert_eq!(scene.sent(), ["open"]);
    scene
        .speaker
        .handle_not_opened(VendorErrorKind::Connect, scene.now);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
    scene
        .speaker
        .handle_fetch_failed(VendorErrorKind::Connect, "no connection", scene.now);
    let (_, events) = scene.heard();
    assert!(
        matches!(events[..], [TtsEvent::Failed { utterance: ONE, .. }]),
        "{events:?}"
    );
}

#[test]
fn a_socket_that_opens_and_never_speaks_opens_the_breaker() {
    let mut scene = Scene::open();
    for utterance in 0..BREAKER_FAILURES {
        let utterance = UtteranceId(utterance);
        scene.say(utterance, 0, "One.", true);
        if scene.sent() == ["open"] {
            scene.speaker.handle_opened(scene.now);
        }
        scene.pass(TTS_FIRST_AUDIO);
        scene.speaker.handle_cancel(utterance, scene.now);
        scene.sent();
    }
    assert!(!scene.breaker.is_closed());
}
