//! Clauses and flushes, and that nothing of their audio is lost.

use proptest::prelude::*;

use super::*;
use crate::limits::TTS_PIECE_BYTES;

#[test]
fn the_first_clause_is_spoken_at_once_and_the_last_whatever_happens() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well,", false);
    assert_eq!(scene.sent(), ["say Well, ", "flush"]);
    scene.say(ONE, 1, "let me see.", false);
    assert_eq!(scene.sent(), ["say let me see. "]);
    scene.say(ONE, 2, "Monday is free.", true);
    assert_eq!(scene.sent(), ["say Monday is free. ", "flush"]);
}

#[test]
fn sentences_gather_while_the_vendor_speaks_and_go_together_when_it_has_nothing_left() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well.", false);
    scene.say(ONE, 1, "One.", false);
    scene.say(ONE, 2, "Two.", false);
    assert_eq!(
        scene.sent(),
        ["say Well. ", "flush", "say One. ", "say Two. "]
    );
    scene.audio(40_000);
    scene.text("Flushed");
    assert_eq!(scene.sent(), ["flush"]);
}

#[test]
fn words_that_end_no_sentence_wait_for_company_until_the_caller_would_have_nothing_to_hear() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well.", false);
    scene.audio(16_000);
    scene.text("Flushed");
    scene.sent();
    scene.say(ONE, 1, "on Monday,", false);
    scene.pass(Duration::from_millis(1_500));
    assert_eq!(scene.sent(), ["say on Monday, "]);
    scene.pass(Duration::from_millis(200));
    assert_eq!(scene.sent(), ["flush"]);
}

#[test]
fn a_last_clause_without_words_closes_the_utterance() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well.", false);
    scene.say(ONE, 1, "On Monday", false);
    scene.sent();
    // Without words, and not the last, it is nothing at all.
    scene.say(ONE, 2, "", false);
    assert_eq!(scene.sent(), [""; 0]);
    scene.say(ONE, 2, "", true);
    assert_eq!(scene.sent(), ["flush"]);
    scene.audio(500);
    scene.text("Flushed");
    scene.audio(900);
    scene.text("Flushed");
    let expected = [
        clause_done(ONE, 0, 500),
        clause_done(ONE, 1, 900),
        clause_done(ONE, 2, 0),
        done(ONE),
    ];
    assert_eq!(scene.heard(), (1_400, expected.to_vec()));
    // With nothing unflushed there is nothing to flush.
    scene.say(TWO, 0, "Hello.", false);
    scene.sent();
    scene.say(TWO, 1, " ", true);
    assert_eq!(scene.sent(), [""; 0]);
}

#[test]
fn the_audio_of_a_flush_is_apportioned_to_its_clauses_by_their_letters() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Hello.", false);
    scene.say(ONE, 1, "1234.", false);
    scene.say(ONE, 2, "1234567890123 5", true);
    scene.audio(100);
    assert_eq!(
        scene.heard(),
        (100, vec![]),
        "no length is known before its flush is answered"
    );
    scene.text("Flushed");
    scene.audio(300);
    scene.audio(101);
    scene.text("Flushed");
    let expected = [
        clause_done(ONE, 0, 100),
        clause_done(ONE, 1, 100),
        clause_done(ONE, 2, 301),
        done(ONE),
    ];
    assert_eq!(scene.heard(), (401, expected.to_vec()));
}

#[test]
fn a_clause_too_long_for_one_message_is_spoken_in_pieces_and_is_one_clause() {
    let mut scene = Scene::open();
    let text = "word ".repeat(TTS_PIECE_BYTES / 5 + 20);
    scene.say(ONE, 0, &text, true);
    let sent = scene.sent();
    assert_eq!(sent.len(), 3, "{sent:?}");
    let said = format!("{}{}", &sent[0][4..], &sent[1][4..]);
    assert_eq!(said, text);
    scene.audio(700);
    scene.audio(600);
    scene.text("Flushed");
    assert_eq!(
        scene.heard(),
        (1_300, vec![clause_done(ONE, 0, 1_300), done(ONE)])
    );
}

#[test]
fn a_phrase_made_before_needs_no_vendor_and_does_not_overtake_one() {
    let mut scene = Scene::new();
    let kept = || Some(Bytes::from_static(&[1; 160]));
    scene.say_kept(ONE, 0, "Hello.", false, kept());
    assert_eq!(scene.heard(), (160, vec![clause_done(ONE, 0, 160)]));
    assert_eq!(scene.sent(), [""; 0]);
    scene.say(ONE, 1, "Ms. Carter,", false);
    scene.say_kept(ONE, 2, "Goodbye.", true, kept());
    assert_eq!(scene.sent(), ["open"]);
    scene.speaker.handle_opened(scene.now);
    assert_eq!(scene.sent(), ["say Ms. Carter, ", "flush"]);
    assert_eq!(scene.heard(), (0, vec![]));
    scene.audio(300);
    scene.text("Flushed");
    let expected = [
        clause_done(ONE, 1, 300),
        clause_done(ONE, 2, 160),
        done(ONE),
    ];
    assert_eq!(scene.heard(), (460, expected.to_vec()));
}

proptest! {
    #[test]
    fn no_byte_is_lost_or_repeated_in_chunks_of_any_size(
        chunks in prop::collection::vec(0_usize..3_000, 1..60),
        flushed_after in 0_usize..60,
    ) {
        let mut scene = Scene::open();
        scene.say(ONE, 0, "Four hundred letters would do.", false);
        scene.say(ONE, 1, &"and more ".repeat(40), true);
        let mut next = 0_u8;
        let (mut sent, mut heard) = (Vec::new(), Vec::new());
        let mut samples = 0;
        let mut events = Vec::new();
        for (n, chunk) in chunks.iter().enumerate() {
            let mulaw: Vec<u8> = (0..*chunk).map(|_| { next = next.wrapping_add(1); next }).collect();
            sent.extend_from_slice(&mulaw);
            scene.speaker.handle_audio(mulaw.into(), scene.now);
            if n == flushed_after.min(chunks.len() - 1) && !sent.is_empty() {
                scene.text("Flushed");
            }
            events.extend(scene.events());
        }
        prop_assume!(sent.len() < 30 * 8_000);
        for event in events {
            match event {
                TtsEvent::Audio { mulaw, .. } => heard.extend_from_slice(&mulaw),
                TtsEvent::ClauseDone { samples: length, .. } => samples += length.0,
                _ => {}
            }
        }
        prop_assert!(sent.starts_with(&heard));
        prop_assert!(samples <= heard.len() as u64);
        if scene.metrics.vendor_errors.count_of(Vendor::DeepgramTts, VendorErrorKind::Garbage) == 0 {
            prop_assert_eq!(sent, heard);
        }
    }
}
