//! Whole calls under one virtual clock: the caller's audio, the data plane's machines, a recogniser
//! and a synthesiser as good or bad as the scene says, and the conversation.
//!
//! A scene is a few lines of text (see [`script`]); the same scene always leads to the same call, and so
//! does the event log of one.

mod any_course;
mod caller;
mod edges;
mod puppet;
mod script;
mod stage;

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

#[test]
fn interruptions() {
    assert!(play(include_str!("scenes/interruptions.txt")) >= 30);
}

#[test]
fn endpointing() {
    assert!(play(include_str!("scenes/endpointing.txt")) >= 9);
}

#[test]
fn patience() {
    assert!(play(include_str!("scenes/patience.txt")) >= 30);
}
