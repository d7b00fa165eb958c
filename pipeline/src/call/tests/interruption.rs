//! The agent falls silent at a sound, and goes on or gives up: what the caller hears of it.

use std::time::Duration;

use dsp::Samples;
use dsp::barge_in::Verdict;

use super::scene::{ONE, Scene, Sent, TWO, World, silence, voice};
use crate::call::playout::{Caller, Playout, Sound};
use crate::fact::Report;
use crate::limits::{DUCK_AT_MOST, DUCK_UNSURE, DUCK_WORDS, FALSE_ALARMS, RESUME_BACK};
use crate::message::UtteranceId;
use crate::metrics::Oddity;

/// Audio of which no stretch is like another one, with a frame of quiet every 140 ms.
fn speech(ms: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..ms * 8)
        .map(|n| match n / 160 % 7 {
            6 => 0xF0 | noise() & 0x0F,
            _ => 0x80 | noise() & 0x3F,
        })
        .collect()
}

/// The agent's side of a call, and a caller whose detector says what the test wants.
struct Stage {
    playout: Playout,
    world: World,
    /// The caller's audio so far.
    position: Samples,
}

/// The detector goes on for so long after the last voiced frame.
const HANG_OVER_MS: u64 = 200;

impl Stage {
    /// The agent speaks, and has been heard for so long.
    fn speaking(audio: &[u8], heard_ms: u64) -> Self {
        let mut stage = Self {
            playout: Playout::default(),
            world: World::new(),
            position: Samples::ZERO,
        };
        stage.world.synthesise(ONE, audio);
        stage.tick();
        stage.quiet(heard_ms);
        stage
    }

    /// Nobody but the agent says anything.
    fn quiet(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            self.frame(Verdict::Quiet, None);
        }
    }

    /// The caller makes a sound of this length, of which the detector is certain after `sure_ms`.
    /// Ends with what the detector says of its end.
    fn sound(&mut self, ms: u64, sure_ms: Option<u64>) {
        let first_voiced = self.position;
        let at = |t: u64| first_voiced + Samples::from_ms(t);
        for t in (20..=ms + HANG_OVER_MS).step_by(20) {
            let sure = sure_ms.is_some_and(|sure| t >= sure);
            let verdict = match t {
                20 => Verdict::Quiet,
                40 => Verdict::Onset { first_voiced, sure },
                _ if t == ms + HANG_OVER_MS => Verdict::Ended {
                    first_voiced,
                    last_voiced: at(ms),
                    sure,
                },
                _ => Verdict::Voice { sure },
            };
            self.frame(verdict, (t > 20).then(|| at(t.min(ms))));
        }
    }

    /// 20 ms pass, and the detector has judged them.
    fn frame(&mut self, verdict: Verdict, last_voiced: Option<Samples>) {
        for _ in 0..2 {
            self.tick();
        }
        self.position += Samples::from_ms(20);
        let sound = Sound {
            verdict,
            voiced_at: self.world.now.minus(Duration::from_millis(40)),
            last_voiced,
            patience: PATIENCE,
        };
        self.playout
            .handle_sound(self.world.now, sound, &mut self.world);
    }

    fn tick(&mut self) {
        let now = self.world.now.plus(Duration::from_millis(10));
        self.world.now = now;
        self.world.ear.play(10);
        for mark in std::mem::take(&mut self.world.ear.returned) {
            self.playout.handle_mark(mark.as_bytes(), &mut self.world);
        }
        self.playout
            .handle_tick(now, Caller::Listens, &mut self.world);
    }

    fn commit(&mut self) {
        self.playout
            .handle_commit(self.world.now, ONE, &mut self.world);
    }

    fn resume(&mut self) {
        self.playout
            .handle_resume(self.world.now, ONE, &mut self.world);
    }

    fn clears(&self) -> usize {
        let clear = |(_, sent): &&(_, Sent)| *sent == Sent::Clear;
        self.world.sent.iter().filter(clear).count()
    }

    fn barge_ins(&self) -> Vec<(UtteranceId, u64)> {
        let reports = self.world.reports.iter();
        reports
            .filter_map(|(_, report)| match report {
                Report::BargeIn {
                    utterance, heard, ..
                } => Some((*utterance, heard.as_ms())),
                _ => None,
            })
            .collect()
    }

    /// How long the agent was silent each time it went on, in milliseconds.
    fn dips(&self) -> Vec<u128> {
        let reports = self.world.reports.iter();
        reports
            .filter_map(|(_, report)| match report {
                Report::Resumed { silent_for, .. } => Some(silent_for.as_millis()),
                _ => None,
            })
            .collect()
    }

    fn finished(&self) -> bool {
        let mut reports = self.world.reports.iter();
        reports
            .any(|(_, report)| matches!(report, Report::UtteranceFinished { utterance: ONE, .. }))
    }
}

const PATIENCE: Duration = Duration::from_millis(400);

/// Checks that the caller heard all of `audio`, with at most a little repeated at each break; gives
/// the breaks as (heard up to, from there on again), in samples.
#[track_caller]
fn heard_whole(heard: &[u8], audio: &[u8]) -> Vec<(usize, usize)> {
    let mut breaks = Vec::new();
    let mut at = 0;
    let mut rest = heard;
    loop {
        let same = rest
            .iter()
            .zip(&audio[at..])
            .take_while(|(heard, said)| heard == said)
            .count();
        at += same;
        rest = &rest[same..];
        if rest.is_empty() {
            break;
        }
        let again = &rest[..rest.len().min(64)];
        let from = (0..=at)
            .rev()
            .find(|&from| audio[from..].starts_with(again))
            .unwrap_or_else(|| panic!("after {at} samples something else is heard"));
        breaks.push((at, from));
        assert!(breaks.len() < 100, "it gets nowhere");
        at = from;
    }
    assert_eq!(at, audio.len(), "heard to its end");
    for (until, from) in &breaks {
        assert!(until - from <= RESUME_BACK.0 as usize, "{until} {from}");
    }
    breaks
}

#[test]
fn a_cough_costs_a_short_dip_and_not_one_sample_of_the_answer() {
    let audio = speech(3_000, 1);
    let mut stage = Stage::speaking(&audio, 1_000);
    stage.sound(60, None);
    assert_eq!(stage.clears(), 1);
    stage.quiet(3_000);
    let breaks = heard_whole(&stage.world.ear.heard, &audio);
    let [(until, from)] = breaks[..] else {
        panic!("one dip: {breaks:?}");
    };
    assert_eq!(until, 1_040 * 8, "silent at once");
    assert_eq!(from / 160 % 7, 6, "it goes on where it was quiet");
    assert_eq!(stage.dips(), [220]);
    assert!(stage.world.oddities.contains(&Oddity::FalseBargeIn));
    assert!(stage.barge_ins().is_empty());
}

#[test]
fn every_moment_of_an_utterance_can_be_gone_on_from() {
    let audio = speech(1_500, 2);
    for heard_ms in (20..1_480).step_by(20) {
        let mut stage = Stage::speaking(&audio, heard_ms);
        stage.sound(60, None);
        stage.quiet(2_500);
        heard_whole(&stage.world.ear.heard, &audio);
        assert!(stage.finished(), "from {heard_ms} ms");
    }
}

#[test]
fn a_caller_who_speaks_on_gets_the_floor_though_nobody_else_says_a_word() {
    let audio = speech(3_000, 3);
    let mut stage = Stage::speaking(&audio, 1_000);
    stage.sound(900, Some(80));
    stage.quiet(3_000);
    assert_eq!(stage.barge_ins(), [(ONE, 1_040)]);
    assert_eq!(stage.clears(), 1, "it had been silent all the time");
    assert_eq!(stage.world.ear.heard.len(), 1_040 * 8);
    assert!(stage.world.waiting.is_empty(), "the rest is dropped");
}

#[test]
fn several_short_words_get_the_floor_together() {
    let mut stage = Stage::speaking(&speech(5_000, 4), 1_000);
    for _ in 0..3 {
        stage.sound(240, Some(80));
    }
    assert_eq!(stage.barge_ins().len(), 1);
}

#[test]
fn a_word_interrupts_as_soon_as_it_is_understood() {
    let mut stage = Stage::speaking(&speech(3_000, 5), 1_000);
    stage.sound(300, Some(80));
    stage.commit();
    assert_eq!(stage.barge_ins(), [(ONE, 1_040)]);
    let decided = Report::Decided { utterance: ONE };
    assert_eq!(stage.world.reports.last().map(|(_, r)| *r), Some(decided));
    stage.quiet(2_000);
    assert_eq!(stage.world.ear.heard.len(), 1_040 * 8);
}

#[test]
fn a_word_that_is_understood_late_interrupts_what_has_gone_on() {
    let audio = speech(6_000, 6);
    let mut stage = Stage::speaking(&audio, 1_000);
    stage.sound(300, Some(80));
    let gave_up = (PATIENCE + DUCK_WORDS).as_millis() as u64;
    stage.quiet(gave_up + 400);
    let dips = stage.dips();
    assert!(
        dips.len() == 1 && dips[0] < 1_500,
        "it has gone on: {dips:?}"
    );
    stage.commit();
    assert_eq!(stage.clears(), 2);
    assert_eq!(stage.barge_ins().len(), 1);
    let heard = stage.world.ear.heard.len();
    stage.quiet(2_000);
    assert_eq!(stage.world.ear.heard.len(), heard);
}

#[test]
fn an_uh_huh_lets_the_agent_go_on_as_soon_as_the_caller_is_quiet() {
    let audio = speech(3_000, 7);
    let mut stage = Stage::speaking(&audio, 1_000);
    stage.sound(300, Some(80));
    assert!(stage.dips().is_empty(), "it may be a word");
    stage.quiet(100);
    stage.resume();
    stage.quiet(3_000);
    assert_eq!(heard_whole(&stage.world.ear.heard, &audio).len(), 1);
    assert_eq!(stage.dips(), [560]);
}

#[test]
fn the_agent_does_not_go_on_into_the_callers_voice() {
    let mut stage = Stage::speaking(&speech(3_000, 8), 1_000);
    let first_voiced = stage.position;
    stage.frame(Verdict::Quiet, None);
    let onset = Verdict::Onset {
        first_voiced,
        sure: true,
    };
    stage.frame(onset, Some(stage.position));
    stage.resume();
    stage.frame(Verdict::Voice { sure: true }, Some(stage.position));
    assert!(stage.dips().is_empty());
    let ended = Verdict::Ended {
        first_voiced,
        last_voiced: stage.position,
        sure: true,
    };
    stage.frame(ended, None);
    assert_eq!(stage.dips().len(), 1);
}

#[test]
fn a_noise_that_goes_on_and_on_does_not_keep_the_agent_silent() {
    let audio = speech(6_000, 9);
    let mut stage = Stage::speaking(&audio, 1_000);
    stage.sound(3_000, None);
    stage.quiet(6_000);
    let dips = stage.dips();
    assert_eq!(dips, [DUCK_UNSURE.as_millis()], "one dip");
    heard_whole(&stage.world.ear.heard, &audio);
}

#[test]
fn a_voice_that_was_taken_for_noise_still_interrupts() {
    let mut stage = Stage::speaking(&speech(6_000, 10), 1_000);
    stage.sound(2_500, Some(1_000));
    assert_eq!(stage.dips().len(), 1);
    assert_eq!(stage.clears(), 2);
    assert_eq!(stage.barge_ins().len(), 1);
}

#[test]
fn an_utterance_that_noise_interrupts_again_and_again_is_interrupted_by_voices_only() {
    let audio = speech(4_000, 11);
    let mut stage = Stage::speaking(&audio, 400);
    for _ in 0..FALSE_ALARMS + 3 {
        stage.sound(60, None);
        stage.quiet(60);
    }
    assert_eq!(stage.dips().len(), FALSE_ALARMS as usize);
    stage.sound(300, Some(80));
    assert_eq!(stage.clears(), FALSE_ALARMS as usize + 1);
    stage.resume();
    stage.quiet(5_000);
    heard_whole(&stage.world.ear.heard, &audio);
}

#[test]
fn an_agent_that_is_interrupted_while_it_repeats_itself_gets_on_all_the_same() {
    let audio = speech(1_000, 12);
    let mut stage = Stage::speaking(&audio, 300);
    for _ in 0..60 {
        stage.sound(40, Some(40));
        stage.resume();
        stage.quiet(40);
    }
    stage.quiet(3_000);
    heard_whole(&stage.world.ear.heard, &audio);
}

#[test]
fn an_utterance_that_was_sent_to_its_end_is_still_heard_to_its_end() {
    let audio = speech(500, 13);
    let mut stage = Stage::speaking(&audio, 400);
    assert!(stage.world.waiting.is_empty(), "all is in the air");
    stage.sound(60, None);
    assert!(!stage.playout.is_done(&stage.world));
    stage.quiet(1_000);
    heard_whole(&stage.world.ear.heard, &audio);
    assert!(stage.finished());
    assert!(stage.playout.is_done(&stage.world));
}

#[test]
fn of_two_utterances_in_the_air_both_are_heard_whole() {
    let (first, second) = (speech(400, 14), speech(600, 15));
    let mut stage = Stage::speaking(&first, 300);
    stage.world.synthesise(TWO, &second);
    stage.quiet(20);
    stage.sound(60, None);
    stage.quiet(2_000);
    heard_whole(&stage.world.ear.heard, &[first, second].concat());
    let began = |(_, report): &&(_, Report)| matches!(report, Report::UtteranceStarted { .. });
    assert_eq!(
        stage.world.reports.iter().filter(began).count(),
        2,
        "once each"
    );
    let ended = |(_, report): &&(_, Report)| matches!(report, Report::UtteranceFinished { .. });
    assert_eq!(
        stage.world.reports.iter().filter(ended).count(),
        2,
        "once each"
    );
}

#[test]
fn what_is_taken_back_while_the_agent_is_silent_is_not_gone_on_with() {
    let mut stage = Stage::speaking(&speech(3_000, 16), 1_000);
    stage.sound(40, Some(40));
    stage
        .playout
        .handle_retire(stage.world.now, ONE, &mut stage.world);
    assert_eq!(stage.clears(), 1);
    let after = speech(200, 17);
    stage.world.synthesise(TWO, &after);
    stage.quiet(2_000);
    assert_eq!(stage.world.ear.heard[1_040 * 8..], after);
    assert!(stage.dips().is_empty() && stage.barge_ins().is_empty());
}

#[test]
fn media_that_stops_in_mid_word_does_not_leave_the_agent_silent_for_ever() {
    let mut stage = Stage::speaking(&speech(3_000, 18), 1_000);
    let first_voiced = stage.position;
    let onset = Verdict::Onset {
        first_voiced,
        sure: true,
    };
    stage.frame(onset, Some(stage.position));
    for _ in 0..DUCK_AT_MOST.as_millis() / 10 {
        stage.tick();
    }
    assert_eq!(
        stage.barge_ins().len(),
        1,
        "it is taken for an interruption"
    );

    let mut stage = Stage::speaking(&speech(3_000, 19), 1_000);
    stage.frame(onset, Some(stage.position));
    stage
        .playout
        .handle_gap(stage.world.now, Some(stage.position), &mut stage.world);
    for _ in 0..DUCK_WORDS.as_millis() / 10 {
        stage.tick();
    }
    assert_eq!(
        stage.dips().len(),
        1,
        "the turn is over, and nobody knows its words"
    );
}

#[test]
fn more_than_was_known_to_be_heard_is_never_taken_back() {
    let mut stage = Stage::speaking(&speech(3_000, 20), 1_000);
    stage.sound(40, Some(40));
    stage.resume();
    // Interrupted for good before the agent is back where it was.
    stage.sound(900, Some(40));
    assert_eq!(stage.barge_ins(), [(ONE, 1_040)]);
}

#[test]
fn a_real_voice_is_followed_from_the_dip_to_the_end_and_its_words_are_passed_on_whole() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 5_000);
    scene.run(&silence(1_000));
    scene.run(&voice());
    let ducked = |report: &Report| matches!(report, Report::Ducked { .. });
    let started = |report: &Report| matches!(report, Report::SpeechStarted { .. });
    let interrupted = |report: &Report| matches!(report, Report::BargeIn { .. });
    let reports = scene.reports();
    let at = |what: fn(&Report) -> bool| reports.iter().position(what).expect("it is reported");
    assert!(at(ducked) < at(started), "nothing comes before silence");
    assert!(at(started) < at(interrupted));
    let passed_on = scene.world.to_stt.iter().flat_map(|frame| frame.mulaw);
    let said: Vec<u8> = silence(1_000).into_iter().chain(voice()).collect();
    assert!(passed_on.eq(said), "every sample of it");
}
