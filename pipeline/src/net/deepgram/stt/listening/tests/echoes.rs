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

#[test]
fn a_short_word_over_the_agent_is_the_callers_though_it_has_no_time() {
    let mut scene = Scene::with(Protocol::Flux, false);
    scene.echo(1_200);
    scene.flux("Update", "tomorrow at nine");
    scene.echo(80);
    scene.started();
    scene.echo(240);
    scene.flux("Update", "tomorrow at nine stop");
    assert_eq!(scene.partials(), ["stop"]);
}

#[test]
fn the_first_word_and_the_last_one_of_an_echo_are_no_more_the_callers_than_the_others() {
    let mut scene = Scene::with(Protocol::Flux, false);
    scene.audio(1_000);
    scene.echo(300);
    scene.flux("Update", "tomorrow");
    scene.echo(600);
    scene.flux("Update", "tomorrow at nine");
    scene.audio(700);
    scene.flux("EndOfTurn", "tomorrow at nine or ten");
    scene.wait(10_000);
    assert_eq!(scene.events, []);
}

#[test]
fn an_agent_that_answers_at_once_is_not_taken_for_the_caller_who_has_just_spoken() {
    let mut scene = Scene::with(Protocol::Flux, false).speak(600);
    scene.audio(300);
    scene.paused(300);
    scene.flux("EndOfTurn", "what are your hours");
    assert_eq!(scene.answers(), ["what are your hours"]);
    scene.audio(40);
    scene.echo(300);
    scene.flux("Update", "we");
    scene.echo(700);
    scene.flux("Update", "we are open");
    assert_eq!(scene.partials().len(), 0);
}

#[test]
fn a_new_connection_does_not_hear_the_agent_again() {
    let mut scene = Scene::with(Protocol::Flux, false);
    scene.echo(1_200);
    scene.flux("Update", "tomorrow at nine");
    scene.started();
    scene.audio(600);
    scene.flux("Update", "tomorrow at nine no");
    scene.down();
    scene.sent.clear();
    scene.up();
    assert!(scene.audio_sent() <= 700, "what the caller said");
    scene.audio(300);
    scene.paused(300);
    let until = scene.audio_sent() as f64 / 1e3;
    scene.text(&format!(
        r#"{{"type":"TurnInfo","event":"EndOfTurn","audio_window_start":0.0,"audio_window_end":{until},"transcript":"no Friday"}}"#
    ));
    assert_eq!(scene.answers(), ["no Friday"]);
}

#[test]
fn words_that_the_vendor_takes_back_as_it_ends_its_turn_cost_the_next_one_nothing() {
    let mut scene = Scene::with(Protocol::Flux, false);
    scene.echo(1_200);
    scene.flux("Update", "it is at nine");
    scene.started();
    scene.audio(800);
    scene.flux("Update", "it is at nine no");
    scene.audio(300);
    scene.paused(300);
    scene.flux("EndOfTurn", "it's at nine no");
    scene.audio(400);
    scene.ended();
    scene.audio(1_200);
    assert_eq!(scene.answers(), ["no"]);
    let mut scene = scene.speak(800);
    scene.audio(300);
    scene.paused(300);
    scene.flux("EndOfTurn", "Friday please");
    assert_eq!(scene.answers(), ["no", "Friday please"]);
}

#[test]
fn an_agent_that_speaks_between_two_parts_of_a_turn_is_no_part_of_it() {
    let mut scene = Scene::speaks(500);
    scene.audio(200);
    scene.paused(200);
    scene.echo(600);
    scene.input(SttInput::SpeechResumed {
        position: scene.position,
    });
    scene.audio(600);
    scene.timed("five five at nine", 300, 1_500, "");
    assert_eq!(scene.partials(), ["five five"]);
    scene.timed("five five at nine oh one", 300, 2_000, "");
    assert_eq!(scene.partials(), ["five five", "five five oh one"]);
}

#[test]
fn words_that_turn_out_to_be_an_echo_are_taken_back() {
    let mut scene = Scene::new();
    scene.echo(200);
    scene.audio(300);
    scene.timed("tomorrow", 250, 500, "");
    assert_eq!(scene.partials(), ["tomorrow"]);
    // The pause was the agent's: it goes on.
    scene.echo(500);
    scene.timed("tomorrow at", 250, 900, "");
    scene.wait(10_000);
    assert!(scene.answers().is_empty());
}

#[test]
fn a_cough_over_the_agent_makes_none_of_its_words_the_callers() {
    let mut timed = Scene::new();
    timed.echo(1_000);
    timed.started();
    timed.echo(320);
    timed.paused(220);
    timed.timed("tomorrow at nine or", 200, 1_320, "");
    assert_eq!(timed.partials().len(), 0);
    let mut untimed = Scene::with(Protocol::Flux, false);
    untimed.echo(1_000);
    untimed.flux("Update", "tomorrow at nine");
    untimed.started();
    untimed.echo(320);
    untimed.paused(220);
    untimed.flux("Update", "tomorrow at nine or");
    assert_eq!(untimed.partials().len(), 0);
}

#[test]
fn a_short_word_that_begins_in_the_voice_is_the_callers_to_its_end() {
    let mut scene = Scene::new();
    scene.echo(1_000);
    scene.started();
    scene.echo(340);
    scene.paused(200);
    // Voiced for 140 ms; the vendor hears its end for longer, into the echo.
    scene.timed("no", 1_040, 1_340, "");
    assert_eq!(scene.partials(), ["no"]);
}

#[test]
fn a_new_connection_hears_a_turn_from_before_the_detector_did() {
    let mut scene = Scene::with(Protocol::Flux, false);
    scene.audio(800);
    scene.started();
    scene.audio(400);
    scene.flux("Update", "I'd like to book");
    scene.down();
    scene.sent.clear();
    scene.up();
    assert!(scene.audio_sent() > 1_100, "all of it");
}
