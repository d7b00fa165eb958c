//! The agent's own words, that come back.

use super::*;

impl Scene {
    /// Time passes, with the agent's echo.
    fn echo(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            let (from, until) = (self.position, self.position + Samples(160));
            self.input(SttInput::Echo { from, until });
            self.audio(20);
        }
    }

    /// v1 words of a quarter of a second each, from a moment on, in audio up to another.
    fn timed(&mut self, text: &str, from: u64, until: u64, flags: &str) {
        let words = text.split(' ').enumerate().map(|(n, word)| {
            let start = from as f64 / 1e3 + n as f64 * 0.25;
            let end = start + 0.25;
            format!(r#"{{"word":"{word}","start":{start},"end":{end}}}"#)
        });
        let words = words.collect::<Vec<_>>().join(",");
        let duration = until as f64 / 1e3;
        self.text(&format!(
            r#"{{"type":"Results","start":0.0,"duration":{duration},{flags}"channel":{{"alternatives":[{{"transcript":"{text}","words":[{words}]}}]}}}}"#
        ));
    }

    /// What Flux says of its turn, of audio up to now.
    fn flux(&mut self, event: &str, text: &str) {
        let until = self.position.as_ms() as f64 / 1e3;
        self.text(&format!(
            r#"{{"type":"TurnInfo","event":"{event}","audio_window_start":0.0,"audio_window_end":{until},"transcript":"{text}"}}"#
        ));
    }

    fn partials(&self) -> Vec<&str> {
        let partials = self.events.iter().filter_map(|event| match event {
            SttEvent::Partial { text } => Some(text.as_str()),
            _ => None,
        });
        partials.collect()
    }
}

const SPEECH_FINAL: &str = r#""is_final":true,"speech_final":true,"#;

#[test]
fn nobody_is_told_of_words_that_are_the_agents() {
    let mut scene = Scene::new();
    scene.echo(1_500);
    scene.timed("tomorrow at nine", 200, 1_000, "");
    scene.timed("tomorrow at nine or ten", 200, 1_500, SPEECH_FINAL);
    scene.wait(10_000);
    assert_eq!(scene.events, []);
    assert_eq!(scene.echoed, 1);
}

#[test]
fn the_agents_words_are_no_part_of_what_the_caller_says_over_them() {
    let mut scene = Scene::new();
    scene.echo(1_000);
    scene.timed("tomorrow at nine", 200, 1_000, "");
    scene.started();
    scene.echo(200);
    scene.audio(300);
    scene.timed("tomorrow at nine no Friday", 200, 1_500, "");
    assert_eq!(scene.partials(), ["no Friday"]);
    scene.audio(220);
    scene.paused(220);
    scene.timed("tomorrow at nine no Friday", 200, 1_700, SPEECH_FINAL);
    assert_eq!(scene.answers(), ["no Friday"]);
}

#[test]
fn an_agent_that_goes_on_in_the_callers_pause_adds_nothing_to_their_turn() {
    let mut scene = Scene::speaks(500);
    scene.audio(300);
    scene.paused(300);
    scene.echo(1_000);
    scene.timed("uh huh tomorrow at nine", 450, 1_900, "");
    assert_eq!(scene.partials(), ["uh huh"]);
}

#[test]
fn a_caller_whom_the_detector_does_not_hear_is_heard_where_there_is_no_echo() {
    let mut scene = Scene::new();
    scene.echo(1_000);
    scene.audio(1_500);
    scene.timed("tomorrow at nine", 200, 1_000, SPEECH_FINAL);
    // The words come late, when the agent speaks again.
    scene.echo(400);
    scene.timed("yes please", 1_600, 2_300, SPEECH_FINAL);
    assert_eq!(scene.answers(), ["yes please"]);
}

#[test]
fn where_no_words_have_times_those_that_are_new_are_the_callers() {
    let mut scene = Scene::with(Protocol::Flux, false);
    scene.echo(1_200);
    scene.flux("Update", "tomorrow at nine");
    assert_eq!(scene.events, []);
    scene.started();
    scene.audio(800);
    scene.flux("Update", "tomorrow at nine no Friday");
    assert_eq!(scene.partials(), ["no Friday"]);
    scene.audio(300);
    scene.paused(300);
    scene.flux("EndOfTurn", "tomorrow at nine no Friday");
    assert_eq!(scene.answers(), ["no Friday"]);
    scene.audio(600);
    scene.flux("Update", "and tyres");
    assert_eq!(
        scene.partials().last(),
        Some(&"and tyres"),
        "a turn of its own"
    );
}
