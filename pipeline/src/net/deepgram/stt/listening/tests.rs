mod echoes;
mod likely;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::limits::{STT_BACKLOG, STT_FALLBACK, STT_FLUX_QUIET, STT_GIVE_UP, STT_KEEP_ALIVE};
use crate::local::Reading;

/// A machine, its clock, and the caller's audio so far.
struct Scene {
    listening: Listening,
    now: Mono,
    protocol: Protocol,
    position: Samples,
    sent: Vec<Outgoing>,
    events: Vec<SttEvent>,
    reads: Vec<(u64, usize)>,
    hangs: usize,
    echoed: usize,
    /// The caller is known to be a slow talker.
    slow: bool,
}

fn ms(ms: u64) -> Samples {
    Samples::from_ms(ms)
}

impl Scene {
    fn with(protocol: Protocol, has_fallback: bool) -> Self {
        let mut scene = Self {
            listening: Listening::new(has_fallback, true),
            now: Mono::from_millis(1_000),
            protocol,
            position: Samples::ZERO,
            sent: Vec::new(),
            events: Vec::new(),
            reads: Vec::new(),
            hangs: 0,
            echoed: 0,
            slow: false,
        };
        scene.up();
        scene
    }

    fn new() -> Self {
        Self::with(Protocol::Listen, false)
    }

    fn up(&mut self) {
        self.listening.handle_up(self.now, self.protocol);
        self.drain();
    }

    fn down(&mut self) {
        self.listening.handle_down();
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.listening.poll_effect() {
            match effect {
                Effect::Emit(event) => self.events.push(event),
                Effect::AudioDropped => {}
                Effect::EchoedWords => self.echoed += 1,
                Effect::Hang => self.hangs += 1,
                Effect::Read { turn, mulaw, .. } => self.reads.push((turn.as_ms(), mulaw.len())),
            }
        }
        while let Some(out) = self.listening.poll_outgoing(self.now) {
            if let Outgoing::Audio(mulaw) = &out {
                assert!(!mulaw.is_empty(), "an empty frame ends a stream");
            }
            self.sent.push(out);
        }
    }

    fn input(&mut self, input: SttInput) {
        self.listening.handle_input(self.now, input);
        self.drain();
    }

    /// Time passes, with the caller's audio.
    fn audio(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            self.wait(20);
            let mulaw = Bytes::from_static(&[7; 160]);
            let position = self.position;
            self.position += Samples(160);
            self.input(SttInput::Audio { position, mulaw });
        }
    }

    /// Time passes; deadlines are kept.
    fn wait(&mut self, ms: u64) {
        let until = self.now.plus(Duration::from_millis(ms));
        while let Some(due) = self.listening.poll_timeout()
            && due <= until
        {
            self.now = self.now.max(due);
            self.listening.handle_time(self.now);
            self.drain();
            assert!(
                self.listening
                    .poll_timeout()
                    .is_none_or(|next| next > self.now),
                "a deadline that stays"
            );
        }
        self.now = until;
    }

    fn started(&mut self) {
        let position = self.position;
        self.input(SttInput::SpeechStarted { position });
    }

    /// The caller paused so long ago.
    fn paused(&mut self, ago: u64) {
        let (position, last_voiced) = (self.position, self.position - ms(ago));
        self.input(SttInput::SpeechPaused {
            position,
            last_voiced,
            slow: self.slow,
        });
    }

    fn ended(&mut self) {
        let position = self.position;
        self.input(SttInput::SpeechEnded { position });
    }

    fn expect(&mut self, expectation: Expectation) {
        self.input(SttInput::Expect(expectation));
    }

    fn text(&mut self, text: &str) {
        let _ = self.listening.handle_text(self.now, text);
        self.drain();
    }

    /// v1 words of the connection's audio between two moments in milliseconds.
    fn words(&mut self, text: &str, from: u64, to: u64, flags: &str) {
        let (start, duration) = (from as f64 / 1e3, (to - from) as f64 / 1e3);
        self.text(&format!(
            r#"{{"type":"Results","start":{start},"duration":{duration},{flags}"channel":{{"alternatives":[{{"transcript":"{text}"}}]}}}}"#
        ));
    }

    fn interim(&mut self, text: &str, from: u64, to: u64) {
        self.words(text, from, to, "");
    }

    fn is_final(&mut self, text: &str, from: u64, to: u64) {
        self.words(text, from, to, r#""is_final":true,"#);
    }

    fn speech_final(&mut self, text: &str, from: u64, to: u64) {
        self.words(text, from, to, r#""is_final":true,"speech_final":true,"#);
    }

    fn answer_to_finalize(&mut self, text: &str, from: u64, to: u64) {
        self.words(text, from, to, r#""is_final":true,"from_finalize":true,"#);
    }

    /// Answers so far: words, `-` for nothing, `!` for a failure.
    fn answers(&self) -> Vec<String> {
        let answers = self.events.iter().filter_map(|event| match event {
            SttEvent::Partial { .. } | SttEvent::LikelyEnd { .. } | SttEvent::WentOn => None,
            SttEvent::Final(words) => Some(words.text.clone()),
            SttEvent::Nothing { .. } => Some("-".into()),
            SttEvent::Failed { .. } => Some("!".into()),
        });
        answers.collect()
    }

    fn texts(&self, what: &str) -> usize {
        let is = |out: &&Outgoing| matches!(out, Outgoing::Text(text) if text.contains(what));
        self.sent.iter().filter(is).count()
    }

    fn audio_sent(&self) -> u64 {
        let length = |out: &Outgoing| match out {
            Outgoing::Audio(mulaw) => mulaw.len() as u64,
            Outgoing::Text(_) => 0,
        };
        self.sent.iter().map(length).sum::<u64>() / 8
    }

    /// A caller who speaks from 200 ms on, and pauses after so much speech.
    fn speaks(ms: u64) -> Self {
        Self::new().speak(ms)
    }

    fn speak(mut self, ms: u64) -> Self {
        self.audio(200);
        self.started();
        self.audio(ms);
        self
    }
}

#[test]
fn a_complete_answer_ends_the_turn_at_the_vendors_endpoint_and_in_the_same_breath() {
    let mut scene = Scene::speaks(1_000);
    scene.audio(220);
    scene.paused(220);
    let position = scene.position;
    scene.speech_final("I need an oil change", 0, 1_400);
    let SttEvent::Final(words) = scene.events.last().expect("an answer") else {
        panic!("{:?}", scene.events);
    };
    assert_eq!(words.text, "I need an oil change");
    assert_eq!(words.from, ms(200));
    assert!(words.to > ms(200) && words.to + ms(40) < position);
    scene.audio(400);
    scene.ended();
    scene.wait(10_000);
    assert_eq!(scene.answers().len(), 1, "its end is no other turn");
}

#[test]
fn half_an_answer_waits_for_the_pause_that_is_long_enough() {
    let mut scene = Scene::speaks(1_000);
    scene.audio(220);
    scene.paused(220);
    scene.speech_final("I need an oil change and", 0, 1_300);
    assert!(scene.answers().is_empty());
    scene.audio(380);
    scene.ended();
    assert_eq!(
        scene.answers(),
        ["I need an oil change and"],
        "and no longer"
    );
}

#[test]
fn a_number_is_not_cut_after_its_first_group() {
    let mut scene = Scene::new();
    scene.expect(Expectation::Phone);
    let mut scene = scene.speak(600);
    scene.audio(220);
    scene.interim("two one seven", 0, 800);
    scene.paused(220);
    assert_eq!(
        scene.texts("Finalize"),
        0,
        "nothing is cut off within a group"
    );
    scene.speech_final("two one seven", 0, 1_000);
    assert!(scene.answers().is_empty());
    scene.input(SttInput::SpeechResumed {
        position: scene.position,
    });
    scene.audio(1_000);
    scene.audio(220);
    scene.paused(220);
    scene.speech_final("five five five oh one four two", 1_000, 2_200);
    assert_eq!(
        scene.answers(),
        ["two one seven five five five oh one four two"]
    );
}

#[test]
fn a_caller_who_has_gone_on_is_not_answered_yet() {
    let mut scene = Scene::speaks(1_000);
    scene.audio(220);
    scene.paused(220);
    scene.audio(40);
    scene.input(SttInput::SpeechResumed {
        position: scene.position - ms(40),
    });
    scene.speech_final("I need an oil change", 0, 1_300);
    assert!(scene.answers().is_empty());
    scene.audio(600);
    scene.paused(200);
    scene.speech_final("for my car", 1_300, 2_040);
    assert_eq!(scene.answers(), ["I need an oil change for my car"]);
}

#[test]
fn a_pause_after_complete_words_is_told_to_the_vendor_once() {
    let mut scene = Scene::speaks(600);
    scene.interim("yes please", 0, 700);
    scene.audio(200);
    scene.paused(200);
    assert_eq!(scene.texts("Finalize"), 1);
    assert!(
        matches!(scene.sent.last(), Some(Outgoing::Text(_))),
        "after its audio"
    );
    scene.audio(200);
    scene.ended();
    assert_eq!(scene.texts("Finalize"), 1, "once a pause");
    scene.answer_to_finalize("yes please", 0, 1_000);
    assert_eq!(scene.answers(), ["yes please"]);
}

#[test]
fn an_empty_end_is_no_turn_but_releases_the_finals_before_it() {
    let mut scene = Scene::speaks(1_000);
    scene.audio(240);
    scene.paused(240);
    scene.speech_final("", 0, 100);
    assert!(scene.answers().is_empty());
    scene.is_final("hello there", 100, 1_200);
    assert!(scene.answers().is_empty());
    scene.speech_final("", 1_200, 1_440);
    assert_eq!(scene.answers(), ["hello there"]);
}

#[test]
fn interims_are_promoted_when_the_vendor_stays_silent() {
    let mut scene = Scene::speaks(600);
    scene.interim("brakes", 0, 800);
    scene.audio(600);
    scene.ended();
    assert_eq!(scene.texts("Finalize"), 1);
    scene.wait(STT_GIVE_UP.as_millis() as u64 + 100);
    assert_eq!(scene.answers(), ["brakes"]);
}

#[test]
fn an_empty_answer_to_our_wish_falls_to_the_deadline_and_keeps_the_interim() {
    let mut scene = Scene::speaks(600);
    scene.interim("brakes", 0, 700);
    scene.audio(600);
    scene.ended();
    scene.answer_to_finalize("", 0, 1_400);
    assert!(scene.answers().is_empty());
    scene.wait(STT_ANSWER.as_millis() as u64);
    assert_eq!(scene.answers(), ["brakes"]);
    scene.is_final("brakes", 0, 1_390);
    scene.wait(10_000);
    assert_eq!(scene.answers(), ["brakes"], "late words are no other turn");
}

#[test]
fn the_end_of_an_utterance_releases_what_no_endpoint_did() {
    let mut scene = Scene::speaks(1_000);
    scene.is_final("oil change", 0, 1_000);
    scene.interim("please", 1_000, 1_200);
    // The line is noisy: the detector goes on hearing a voice.
    scene.audio(1_000);
    scene.interim("please", 1_000, 2_200);
    scene.text(r#"{"type":"UtteranceEnd","channel":[0,1],"last_word_end":1.2}"#);
    assert_eq!(scene.answers(), ["oil change please"]);
    scene.text(r#"{"type":"UtteranceEnd","channel":[0,1],"last_word_end":1.2}"#);
    assert_eq!(scene.answers().len(), 1);
}

#[test]
fn noise_that_suppresses_every_end_does_not_hold_the_turn_for_ever() {
    let mut scene = Scene::speaks(1_000);
    scene.is_final("oil change", 0, 1_200);
    for n in 0..5 {
        scene.audio(500);
        scene.interim("", 1_200, 1_700 + n * 500);
    }
    assert_eq!(scene.answers(), ["oil change"]);
}

#[test]
fn words_that_the_detector_did_not_notice_are_heard_all_the_same() {
    let mut scene = Scene::new();
    scene.audio(1_000);
    scene.speech_final("hello there", 0, 900);
    assert_eq!(scene.answers(), ["hello there"]);
    scene.audio(1_000);
    scene.interim("are you", 900, 1_800);
    scene.wait(STT_STALE_WORDS.as_millis() as u64 + 20);
    assert_eq!(
        scene.answers(),
        ["hello there", "are you"],
        "unfinished ones a little later"
    );
}

#[test]
fn speech_started_of_the_vendor_changes_nothing() {
    let mut scene = Scene::speaks(600);
    scene.is_final("oil", 0, 500);
    scene.text(r#"{"type":"SpeechStarted","channel":[0,1],"timestamp":0.6}"#);
    scene.audio(220);
    scene.paused(220);
    scene.speech_final("change", 500, 1_020);
    assert_eq!(scene.answers(), ["oil change"]);
}

#[test]
fn another_connection_hears_again_what_no_final_words_cover_and_its_clock_begins_anew() {
    let mut scene = Scene::speaks(1_000);
    scene.is_final("I need", 0, 700);
    scene.interim("an oil", 700, 1_100);
    scene.down();
    scene.audio(400);
    let before = scene.audio_sent();
    scene.up();
    assert_eq!(scene.audio_sent() - before, 1_600 - 700);
    scene.audio(220);
    scene.paused(420);
    // Its times count from 700 ms.
    scene.speech_final("an oil change", 0, 1_120);
    assert_eq!(scene.answers(), ["I need an oil change"]);
    let SttEvent::Final(words) = scene.events.last().expect("an answer") else {
        panic!("no words");
    };
    assert!(words.to > ms(1_700), "{words:?}");
}

#[test]
fn words_that_were_given_are_not_given_again_by_the_rest_of_their_result() {
    let mut scene = Scene::speaks(600);
    scene.interim("yes", 0, 800);
    scene.audio(600);
    scene.paused(600);
    scene.ended();
    scene.wait(5_000);
    assert_eq!(scene.answers(), ["yes"]);
    scene.started();
    scene.audio(600);
    scene.text(
        r#"{"type":"Results","start":0,"duration":2.0,"is_final":true,"speech_final":true,"channel":{"alternatives":[{"transcript":"yes tomorrow","words":[{"word":"yes","start":0.2,"end":0.8},{"word":"tomorrow","start":1.5,"end":1.9}]}]}}"#,
    );
    scene.audio(400);
    scene.ended();
    assert_eq!(scene.answers(), ["yes", "tomorrow"]);
}

#[test]
fn a_quiet_v1_line_is_kept_alive_by_text_and_one_that_never_had_audio_by_silence() {
    let mut scene = Scene::new();
    scene.wait(STT_KEEP_ALIVE.as_millis() as u64);
    scene.drain();
    assert_eq!(scene.texts("KeepAlive"), 0);
    assert!(matches!(&scene.sent[..], [Outgoing::Audio(silence)] if silence[..] == [0xFF; 640]));
    scene.audio(100);
    for _ in 0..3 {
        scene.wait(STT_KEEP_ALIVE.as_millis() as u64 + 10);
        scene.drain();
    }
    assert_eq!(scene.texts("KeepAlive"), 3);
}

#[test]
fn flux_is_given_silence_when_audio_stops_and_positions_stay_true() {
    let mut scene = Scene::with(Protocol::Flux, false).speak(800);
    let before = scene.audio_sent();
    scene.wait(STT_FLUX_QUIET.as_millis() as u64);
    scene.drain();
    assert_eq!(scene.audio_sent() - before, 400);
    assert_eq!(scene.texts("KeepAlive"), 0);
    scene.audio(400);
    scene.paused(200);
    scene.text(
        r#"{"type":"TurnInfo","event":"EndOfTurn","audio_window_end":1.8,"transcript":"an oil change","trigger":"model"}"#,
    );
    let SttEvent::Final(words) = scene.events.last().expect("an answer") else {
        panic!("no words: {:?}", scene.events);
    };
    assert!(words.to <= ms(1_400), "{words:?}");
}

#[test]
fn flux_gets_chunks_of_eighty_milliseconds_and_only_its_end_of_turn_counts() {
    let mut scene = Scene::with(Protocol::Flux, false).speak(800);
    let whole = |out: &Outgoing| matches!(out, Outgoing::Audio(mulaw) if mulaw.len() == 640);
    assert!(scene.sent.iter().all(whole));
    let info = |event: &str, text: &str| {
        format!(
            r#"{{"type":"TurnInfo","event":"{event}","audio_window_end":1.0,"transcript":"{text}"}}"#
        )
    };
    scene.audio(240);
    scene.paused(240);
    scene.text(&info("EagerEndOfTurn", "an oil change"));
    scene.text(&info("TurnResumed", "an oil change"));
    assert!(scene.answers().is_empty());
    scene.text(&info("EndOfTurn", "an oil change for the"));
    assert_eq!(
        scene.answers(),
        ["an oil change for the"],
        "its model knows"
    );
}

#[test]
fn flux_is_forced_to_end_at_our_end_and_does_not_repeat_what_was_given() {
    let mut scene = Scene::with(Protocol::Flux, false).speak(800);
    scene.text(
        r#"{"type":"TurnInfo","event":"Update","audio_window_end":1.0,"transcript":"an oil change"}"#,
    );
    scene.audio(600);
    scene.paused(600);
    scene.ended();
    assert_eq!(scene.texts("ForceEndTurn"), 1);
    scene.wait(5_000);
    assert_eq!(scene.answers(), ["an oil change"]);
    scene.audio(1_000);
    scene.text(
        r#"{"type":"TurnInfo","event":"EndOfTurn","audio_window_end":9.0,"transcript":"an oil change please"}"#,
    );
    assert_eq!(scene.answers(), ["an oil change", "please"]);
}

#[test]
fn a_socket_that_says_nothing_while_speech_is_sent_is_dropped() {
    let mut scene = Scene::speaks(2_900);
    assert_eq!(scene.hangs, 0);
    scene.audio(400);
    assert_eq!(scene.hangs, 1);
    let before = scene.audio_sent();
    scene.up();
    assert!(scene.audio_sent() - before >= 3_300, "all is heard again");
}

#[test]
fn without_an_ear_on_this_machine_a_lost_turn_is_admitted_once() {
    let mut scene = Scene::speaks(600);
    scene.down();
    scene.audio(600);
    scene.ended();
    scene.wait(STT_GIVE_UP.as_millis() as u64 - 10);
    assert!(scene.answers().is_empty());
    scene.wait(20);
    assert_eq!(scene.answers(), ["!", "-"]);
}

#[test]
fn an_ear_on_this_machine_reads_the_turns_that_the_vendor_owes() {
    let mut scene = Scene::with(Protocol::Listen, true);
    scene.down();
    scene.listening.handle_away(scene.now);
    let mut scene = scene.speak(600);
    scene.audio(600);
    scene.ended();
    assert_eq!(
        scene.reads,
        [(1_400, 1_400 * 8)],
        "at once, with its look-back"
    );
    let turn = scene.position;
    let reading = Reading {
        grammar: Some("brakes".into()),
        lm: None,
    };
    scene.listening.handle_read(turn, Ok(reading));
    scene.drain();
    assert_eq!(scene.answers(), ["brakes"]);
    scene.started();
    scene.audio(600);
    scene.ended();
    scene.wait(STT_FALLBACK.as_millis() as u64 + 10);
    assert_eq!(
        scene.answers(),
        ["brakes", "!", "-"],
        "one that never answers"
    );
    scene.up();
    scene.audio(200);
    scene.started();
    scene.audio(800);
    scene.paused(220);
    scene.speech_final("tires please", 0, 1_000);
    assert_eq!(
        scene.answers().last().map(String::as_str),
        Some("tires please")
    );
    assert_eq!(scene.reads.len(), 2, "the vendor is used again");
}

#[test]
fn garbage_for_a_whole_turn_ends_like_silence() {
    let mut scene = Scene::speaks(600);
    assert_eq!(
        scene.listening.handle_text(scene.now, "{ no"),
        Err(Fault::Garbage)
    );
    scene.audio(600);
    scene.ended();
    for _ in 0..50 {
        scene.wait(100);
        scene.text("{ no");
    }
    assert_eq!(scene.hangs, 1);
    assert_eq!(scene.answers(), ["!", "-"]);
}

#[test]
fn memory_is_bounded_with_nobody_to_hear() {
    let mut scene = Scene::speaks(600);
    scene.down();
    scene.audio(40_000);
    let kept = scene.listening.replay.until() - scene.listening.replay.from();
    assert_eq!(kept, STT_BACKLOG);
    let mut idle = Scene::new();
    idle.audio(40_000);
    let kept = idle.listening.replay.until() - idle.listening.replay.from();
    assert!(kept <= STT_IDLE_REPLAY);
}

proptest! {
    /// Whatever the vendor says and when, each turn is answered once and in time.
    #[test]
    fn every_turn_is_answered_once(
        flux in any::<bool>(),
        fallback in any::<bool>(),
        steps in prop::collection::vec((0_u8..12, 0_u64..6_000), 0..60),
    ) {
        let protocol = if flux { Protocol::Flux } else { Protocol::Listen };
        let mut scene = Scene::with(protocol, fallback);
        let mut ends = 0;
        for (step, n) in steps {
            match step {
                0 => scene.started(),
                1 => scene.paused(n.min(scene.position.as_ms())),
                2 => {
                    if let Turn::On { .. } = scene.listening.turn {
                        ends += 1;
                    } else if let Turn::Owed(Debt { next: Some(_), .. }) = scene.listening.turn {
                        ends += 1;
                    }
                    scene.ended();
                }
                3 => scene.speech_final("one", 0, n),
                4 => scene.interim("one two", n / 2, n),
                5 => scene.answer_to_finalize("", 0, n),
                6 => scene.down(),
                7 => scene.up(),
                8 => scene.text(r#"{"type":"UtteranceEnd","last_word_end":1.0}"#),
                9 => scene.text(r#"{"type":"TurnInfo","event":"EndOfTurn","transcript":"two"}"#),
                10 => scene.wait(n),
                _ => scene.audio(n / 4),
            }
        }
        scene.wait(60_000);
        prop_assert!(!matches!(scene.listening.turn, Turn::Owed(_)));
        let asked = scene.events.iter().filter(|event| {
            matches!(event, SttEvent::Final(_) | SttEvent::Nothing { .. })
        });
        let answers: Vec<_> = asked.collect();
        prop_assert!(answers.len() >= ends, "{} answers to {ends} ends", answers.len());
    }
}
