//! Whole calls under one virtual clock: the caller's audio, the data plane's machines, a recogniser
//! and a synthesiser as good or bad as the scene says, and the conversation, led by a puppet or by the
//! dialogues that callers meet, with their tools and a book.
//!
//! A scene is a few lines of text (see [`script`]); the same scene always leads to the same call, and so
//! does the event log of one.

mod any_course;
mod caller;
mod cues;
mod earpiece;
mod echoes;
mod edges;
mod invariants;
mod leader;
mod promises;
mod puppet;
mod script;
mod shop;
mod stage;
mod voices;

use self::script::Script;
use self::stage::Stage;

/// Plays every scene of a file and says which did not go as written.
#[track_caller]
fn play(file: &str) -> usize {
    let mut failures = Vec::new();
    let scenes = Script::read_all(file);
    for script in &scenes {
        let mut stage = Stage::new(script);
        stage.run();
        for failure in stage.failures() {
            failures.push(format!("{}: {failure}", script.name));
        }
        let replayed = stage.replayed();
        assert!(replayed.inputs > 0 && replayed.effects > 0);
        for difference in replayed.differences {
            failures.push(format!("{}: replayed: {difference:?}", script.name));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    scenes.len()
}

const INTERRUPTIONS: &str = include_str!("scenes/interruptions.txt");
const ENDPOINTING: &str = include_str!("scenes/endpointing.txt");
const PATIENCE: &str = include_str!("scenes/patience.txt");
const LED_BY_RULES: &str = include_str!("scenes/led_by_rules.txt");
const LED_BY_A_MODEL: &str = include_str!("scenes/led_by_a_model.txt");

#[test]
fn interruptions() {
    assert!(play(INTERRUPTIONS) >= 30);
}

#[test]
fn endpointing() {
    assert!(play(ENDPOINTING) >= 9);
}

#[test]
fn patience() {
    assert!(play(PATIENCE) >= 30);
}

#[test]
fn calls_that_the_rules_lead() {
    assert!(play(LED_BY_RULES) >= 15);
}

#[test]
fn calls_that_a_model_leads() {
    assert!(play(LED_BY_A_MODEL) >= 7);
}
