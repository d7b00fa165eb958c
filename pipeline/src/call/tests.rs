//! Calls under a virtual clock: what the caller would hear, and what the net thread is told.

mod any_course;
mod interruption;
mod scene;

use std::time::Duration;

use self::scene::{ONE, Scene, TWO, silence, voice};
use super::*;
use crate::limits::{MARK_OVERDUE, SEND_HORIZON};
use crate::metrics::Oddity;

#[test]
fn an_answer_leaves_as_one_frame_at_once_and_then_in_messages_just_ahead_of_the_ear() {
    let mut scene = Scene::new();
    scene.run(&silence(100));
    scene.synthesise(ONE, 620);
    scene.order(Order::Audio);
    assert_eq!(
        scene.media(),
        [(100, 20, 1), (100, 100, 1)],
        "without waiting for a tick"
    );
    scene.run(&silence(1_000));
    let sizes: Vec<usize> = scene.media().iter().map(|media| media.1).collect();
    assert_eq!(sizes, [20, 100, 100, 100, 100, 100, 100]);
    let mut ends_at = 0;
    for (at, ms, _) in scene.media() {
        ends_at = at.max(ends_at) + ms as u64;
        assert!(ends_at - at <= SEND_HORIZON.as_millis() as u64);
    }
    assert_eq!(ends_at, 100 + 620, "played without a gap");
    assert!(scene.world.oddities.is_empty());
}

#[test]
fn speech_over_the_agent_clears_within_three_frames_and_then_has_the_floor() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 5_000);
    scene.run(&silence(1_000));
    scene.run(&voice()[..60 * 8]);
    assert_eq!(scene.clears(), 1);
    let sent = scene.media().len();
    scene.run(&voice()[60 * 8..]);
    assert_eq!(scene.media().len(), sent, "nothing is said meanwhile");
    assert_eq!(scene.clears(), 1);
    let [(utterance, heard)] = scene.barge_ins()[..] else {
        panic!("one barge-in: {:?}", scene.barge_ins());
    };
    assert_eq!(utterance, ONE);
    assert!((1_000..=1_060).contains(&heard), "{heard} ms");
    assert!(
        scene.world.waiting.is_empty(),
        "the waiting frames are dropped"
    );
    let reaction = scene.reports().into_iter().find_map(|report| match report {
        Report::BargeIn {
            voiced_at,
            cleared_at,
            ..
        } => Some(cleared_at.since(voiced_at)),
        _ => None,
    });
    assert!(reaction.expect("a barge-in") <= Duration::from_millis(40));
}

#[test]
fn audio_of_a_retired_utterance_that_comes_late_is_never_sent() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 500);
    scene.run(&silence(200));
    scene.run(&voice());
    scene.run(&silence(1_000));
    let sent = scene.media().len();
    scene.synthesise(ONE, 500);
    scene.synthesise(TWO, 100);
    scene.run(&silence(2_000));
    assert!(scene.media()[sent..].iter().all(|media| media.2 == 2));
    assert!(scene.media().len() > sent);
    assert!(scene.world.oddities.contains(&Oddity::RetiredAudio));
}

#[test]
fn marks_that_come_back_for_a_clear_are_not_heard() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 5_000);
    scene.run(&silence(1_000));
    scene.run(&voice());
    let heard = scene.barge_ins()[0].1;
    let before = scene.world.reports.len();
    scene.run(&silence(500));
    let cleared = scene
        .world
        .oddities
        .iter()
        .filter(|o| **o == Oddity::ClearedMark)
        .count();
    assert!(cleared > 0, "they came back");
    let later: Vec<_> = scene.world.reports[before..]
        .iter()
        .filter(|(_, report)| {
            matches!(
                report,
                Report::Heard { .. } | Report::UtteranceFinished { .. }
            )
        })
        .collect();
    assert!(
        later.is_empty(),
        "{heard} ms were heard, and then {later:?}"
    );
}

#[test]
fn an_utterance_is_finished_when_its_last_mark_is_back_and_not_when_it_is_sent() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 300);
    scene.run(&silence(1_000));
    let finished = scene
        .world
        .reports
        .iter()
        .find_map(|(at, report)| match report {
            Report::UtteranceFinished {
                utterance: ONE,
                samples,
            } => Some((*at, *samples)),
            _ => None,
        });
    let (at, samples) = finished.expect("it is heard");
    assert_eq!(samples.as_ms(), 300);
    assert!(at >= Mono::from_millis(1_310));
}

#[test]
fn a_far_end_without_marks_is_taken_by_the_clock_in_the_end() {
    let mut scene = Scene::new();
    scene.returns_marks = false;
    scene.synthesise(ONE, 300);
    scene.order(Order::HangUp {
        after_playout: true,
    });
    scene.run(&silence(500));
    assert_eq!(scene.call.ended(), None, "too early to know");
    let grace = 2 * MARK_OVERDUE.as_millis() as usize;
    scene.run(&silence(grace));
    assert_eq!(scene.call.ended(), Some(EndReason::AgentHungUp));
}

#[test]
fn a_hang_up_after_playout_lets_the_caller_hear_the_last_word() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 600);
    scene.run(&silence(100));
    scene.order(Order::HangUp {
        after_playout: true,
    });
    scene.run(&silence(400));
    assert_eq!(scene.call.ended(), None);
    scene.run(&silence(200));
    assert_eq!(scene.call.ended(), Some(EndReason::AgentHungUp));
}

#[test]
fn a_retired_utterance_falls_silent_and_the_next_one_begins() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 2_000);
    scene.run(&silence(500));
    scene.order(Order::Retire { through: ONE });
    assert_eq!(scene.clears(), 1);
    scene.synthesise(TWO, 100);
    scene.run(&silence(500));
    assert!(scene.barge_ins().is_empty(), "nobody interrupted");
    assert!(scene.reports().contains(&Report::UtteranceFinished {
        utterance: TWO,
        samples: Samples::from_ms(100)
    }));
}

#[test]
fn an_answer_waits_for_a_cough_but_not_for_a_caller_who_speaks_on() {
    // 120 ms of voice, then quiet: the answer comes when the pause has ended the turn.
    let mut cough = Scene::new();
    cough.run(&silence(500));
    cough.run(&voice()[..120 * 8]);
    cough.synthesise(ONE, 200);
    cough.run(&silence(100));
    assert!(cough.media().is_empty(), "not into the caller's word");
    cough.run(&silence(1_500));
    assert!(cough.barge_ins().is_empty());
    assert_eq!(
        cough.media().iter().map(|media| media.1).sum::<usize>(),
        200
    );

    let mut speech = Scene::new();
    speech.run(&silence(500));
    speech.run(&voice()[..120 * 8]);
    speech.synthesise(ONE, 200);
    speech.run(&voice()[120 * 8..]);
    speech.run(&silence(1_500));
    assert_eq!(speech.barge_ins(), [(ONE, 0)]);
    assert!(speech.media().is_empty(), "it would answer half a turn");
}

#[test]
fn a_turn_is_reported_with_its_audio_before_it() {
    let mut scene = Scene::new();
    scene.run(&silence(1_000));
    scene.run(&voice());
    scene.run(&silence(1_000));
    let reports = scene.reports();
    let [
        Report::SpeechStarted { position: begin },
        Report::SpeechEnded {
            position: end,
            silence,
        },
    ] = reports[..]
    else {
        panic!("one turn: {reports:?}");
    };
    assert!((1_000..1_100).contains(&begin.as_ms()), "{begin:?}");
    assert!(silence.as_ms() >= 600);
    assert!(end.as_ms() >= 2_500 + 580, "{end:?}");
    let last = scene
        .world
        .to_stt
        .iter()
        .take_while(|frame| frame.position < end)
        .last();
    assert_eq!(last.map(|frame| frame.position + Samples(160)), Some(end));
}

#[test]
fn media_that_stops_in_mid_speech_still_ends_the_turn() {
    let mut scene = Scene::new();
    scene.run(&silence(500));
    scene.run(&voice()[..500 * 8]);
    for _ in 0..100 {
        scene.world.now = scene.world.now.plus(Duration::from_millis(10));
        scene.call.handle_tick(scene.world.now, &mut scene.world);
    }
    assert!(matches!(
        scene.reports()[..],
        [Report::SpeechStarted { .. }, Report::SpeechEnded { .. }]
    ));
}

#[test]
fn an_utterance_that_runs_dry_is_one_underrun_and_still_interruptible() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 200);
    scene.world.waiting.pop_back();
    scene.run(&silence(1_000));
    assert_eq!(scene.world.oddities, [Oddity::Underrun]);
    scene.run(&voice());
    assert_eq!(scene.barge_ins(), [(ONE, 200)]);
}

#[test]
fn media_waits_in_its_ring_while_the_socket_is_stuck_so_that_a_clear_overtakes_it() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 2_000);
    scene.run(&silence(100));
    scene.world.takes_media = false;
    let sent = scene.media().len();
    scene.run(&silence(100));
    // The agent has only begun, and so has what is known of the line's echo.
    scene.run(&voice()[..120 * 8]);
    assert_eq!(scene.media().len(), sent);
    assert_eq!(scene.clears(), 1);
}

#[test]
fn a_caller_who_answers_at_once_interrupts_nothing_though_the_last_mark_is_not_back() {
    let mut scene = Scene::new();
    scene.returns_marks = false;
    scene.synthesise(ONE, 300);
    scene.run(&silence(320));
    scene.run(&voice()[..60 * 8]);
    assert_eq!(scene.clears(), 0);
    assert!(scene.reports().contains(&Report::UtteranceFinished {
        utterance: ONE,
        samples: Samples::from_ms(300)
    }));
}
