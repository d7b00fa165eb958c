//! What the vendor takes in a minute.

use super::*;
use crate::limits::{TTS_CHARACTERS, TTS_FLUSHES, TTS_FLUSHES_NEARLY_GONE, TTS_WINDOW};

/// Counts what the vendor would count.
#[derive(Default)]
struct Meter {
    flushes: Vec<Mono>,
    letters: Vec<(Mono, usize)>,
}

impl Meter {
    fn read(&mut self, scene: &mut Scene) -> usize {
        let mut flushes = 0;
        for order in scene.sent() {
            if order == "flush" {
                self.flushes.push(scene.now);
                flushes += 1;
            } else if let Some(text) = order.strip_prefix("say ") {
                self.letters.push((scene.now, text.chars().count()));
            } else if let Some(text) = order.strip_prefix("rest ") {
                let mulaw = vec![7; text.len() * 533];
                scene.speaker.handle_fetched(mulaw.into(), scene.now);
                scene.speaker.handle_fetch_done(scene.now);
                flushes += self.read(scene);
            } else {
                assert!(["clear", "stopfetch"].contains(&&*order), "{order}");
            }
        }
        let minute = Duration::from_secs(60);
        let within = |at: &Mono| scene.now.since(*at) < minute;
        let recent = self.flushes.iter().filter(|at| within(at)).count();
        assert!(recent <= TTS_FLUSHES, "{recent} flushes in a minute");
        let letters = self.letters.iter().filter(|(at, _)| within(at));
        let letters: usize = letters.map(|(_, letters)| letters).sum();
        assert!(
            letters <= TTS_CHARACTERS as usize,
            "{letters} characters in a minute"
        );
        flushes
    }
}

#[test]
fn a_fast_dialogue_never_breaks_the_budget_and_every_word_is_heard_to_its_end() {
    let mut scene = Scene::open();
    let mut meter = Meter::default();
    let mut ended = 0;
    for turn in 0..300_u32 {
        let utterance = UtteranceId(turn);
        let mut owed = 0;
        for (clause, text, last) in [
            (0, "Certainly, let me look into that for you.", false),
            (
                1,
                "On Monday we have a free place at nine in the morning,",
                false,
            ),
            (2, "and another one at three.", false),
            (3, "Which one would you like?", true),
        ] {
            scene.say(utterance, clause, text, last);
            owed += meter.read(&mut scene);
            scene.pass(Duration::from_millis(150));
            owed += meter.read(&mut scene);
            if turn % 3 != 0 {
                while owed > 0 {
                    owed -= 1;
                    scene.audio(4_000);
                    scene.text("Flushed");
                    owed += meter.read(&mut scene);
                }
            }
        }
        // Every third turn is interrupted.
        if turn % 3 == 0 {
            scene.speaker.handle_cancel(utterance, scene.now);
            if scene.sent().contains(&"clear".to_owned()) {
                scene.text("Cleared");
            }
        }
        let (_, events) = scene.heard();
        ended += usize::from(events.contains(&done(utterance)));
        scene.pass(Duration::from_millis(400));
        meter.read(&mut scene);
    }
    assert_eq!(ended, 200, "an utterance did not end");
    assert!(meter.flushes.len() > TTS_FLUSHES);
}

#[test]
fn with_few_flushes_left_only_the_end_of_an_utterance_is_flushed() {
    let mut scene = Scene::open();
    let spent = TTS_FLUSHES - TTS_FLUSHES_NEARLY_GONE;
    for _ in 0..spent {
        scene.speaker.budget.note_flush(scene.now);
    }
    scene.say(ONE, 0, "One.", false);
    scene.say(ONE, 1, "Two.", false);
    assert_eq!(scene.sent(), ["say One. ", "say Two. "]);
    scene.pass(TTS_WINDOW / 2);
    assert_eq!(scene.sent(), [""; 0]);
    scene.say(ONE, 2, "Three.", true);
    assert_eq!(scene.sent(), ["say Three. ", "flush"]);
}

#[test]
fn words_beyond_the_characters_of_a_minute_are_asked_for_by_plain_requests() {
    let mut scene = Scene::open();
    let long = "word ".repeat(170);
    for clause in 0..2 {
        scene.say(ONE, clause, &long, false);
    }
    scene.say(ONE, 2, &long, false);
    scene.say(ONE, 3, "The end.", true);
    let sent = scene.sent();
    // The third does not fit; what was sent before it is flushed, and waited for.
    assert_eq!(sent.len(), 4, "{sent:?}");
    scene.audio(1_000);
    scene.text("Flushed");
    scene.audio(1_000);
    scene.text("Flushed");
    let sent = scene.sent();
    assert!(
        sent.len() == 1 && sent[0].starts_with("rest word"),
        "{sent:?}"
    );
}
