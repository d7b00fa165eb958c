//! Calls under a virtual clock: what the caller would hear, and what the net thread is told.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use proptest::prelude::*;

use super::ledger::MarkName;
use super::*;
use crate::limits::{MARK_OVERDUE, SEND_HORIZON};
use crate::message::UtteranceId;
use crate::metrics::Oddity;
use crate::ring::AgentFrame;

const ONE: UtteranceId = UtteranceId(1);
const TWO: UtteranceId = UtteranceId(2);

/// "Wait, wait, hold on.", 300 ms after its beginning.
fn voice() -> Vec<u8> {
    let wav = include_bytes!("../../../tests/audio/barge-01.wav");
    wav[58 + 300 * 8..58 + 1_800 * 8].to_vec()
}

fn silence(ms: usize) -> Vec<u8> {
    vec![0xFF; ms * 8]
}

/// What left the call, in order.
#[derive(Clone, Debug, PartialEq)]
enum Sent {
    /// Milliseconds of audio, and the byte it consists of.
    Media(usize, u8),
    Mark(String),
    Clear,
}

/// The world around one call: a clock, rings without bounds, a socket that takes everything.
struct World {
    now: Mono,
    waiting: VecDeque<AgentFrame>,
    sent: Vec<(Mono, Sent)>,
    reports: Vec<(Mono, Report)>,
    to_stt: Vec<CallerFrame>,
    oddities: Vec<Oddity>,
    takes_media: bool,
}

impl Outlet for World {
    fn waiting(&self) -> Option<&AgentFrame> {
        self.waiting.front()
    }
    fn waiting_frames(&self) -> usize {
        self.waiting.len()
    }
    fn take_waiting(&mut self) -> Option<AgentFrame> {
        self.waiting.pop_front()
    }
    fn takes_media(&self) -> bool {
        self.takes_media
    }
    fn media(&mut self, mulaw: &[u8]) {
        assert!(self.takes_media);
        self.sent
            .push((self.now, Sent::Media(mulaw.len() / 8, mulaw[0])));
    }
    fn mark(&mut self, name: MarkName) {
        let mut room = [0; MarkName::MAX_BYTES];
        let name = name.write(&mut room).to_owned();
        self.sent.push((self.now, Sent::Mark(name)));
    }
    fn clear(&mut self, now: Mono, _voiced_at: Option<Mono>) -> Mono {
        self.sent.push((self.now, Sent::Clear));
        now
    }
    fn caller_frame(&mut self, frame: CallerFrame) {
        self.to_stt.push(frame);
    }
    fn report(&mut self, report: Report) {
        self.reports.push((self.now, report));
    }
    fn count(&mut self, oddity: Oddity) {
        self.oddities.push(oddity);
    }
}

/// A call in its world.
struct Scene {
    call: Call,
    world: World,
    /// Whether the far end returns marks when their audio has been played.
    returns_marks: bool,
    /// Marks on their way back: when, and which.
    marks: VecDeque<(Mono, String)>,
    /// When the far end will have played everything.
    playing_until: Mono,
    /// How much of `world.sent` the far end has got.
    delivered: usize,
}

impl Scene {
    fn new() -> Self {
        Self {
            call: Call::default(),
            world: World {
                now: Mono::from_millis(1_000),
                waiting: VecDeque::new(),
                sent: Vec::new(),
                reports: Vec::new(),
                to_stt: Vec::new(),
                oddities: Vec::new(),
                takes_media: true,
            },
            returns_marks: true,
            marks: VecDeque::new(),
            playing_until: Mono::default(),
            delivered: 0,
        }
    }

    /// The synthesiser delivers a whole utterance.
    fn synthesise(&mut self, utterance: UtteranceId, ms: u64) {
        let frames = ms / 20;
        for n in 0..frames {
            self.world.waiting.push_back(AgentFrame {
                utterance,
                position: Samples(n * 160),
                len: 160,
                mulaw: [utterance.0 as u8; 160],
            });
        }
        let end = AgentFrame::end(utterance, Samples(frames * 160));
        self.world.waiting.push_back(end);
    }

    /// Time passes, tick by tick; the caller's audio arrives frame by frame.
    fn run(&mut self, caller: &[u8]) {
        for frame in caller.chunks(160) {
            for _ in 0..2 {
                self.world.now = self.world.now.plus(Duration::from_millis(10));
                self.play();
                self.call.handle_tick(self.world.now, &mut self.world);
            }
            self.call
                .handle_media(self.world.now, frame, &mut self.world);
        }
    }

    fn order(&mut self, order: Order) {
        self.call
            .handle_order(self.world.now, order, &mut self.world);
    }

    /// The far end plays what it got, and returns marks.
    fn play(&mut self) {
        let now = self.world.now;
        for (at, sent) in &self.world.sent[self.delivered..] {
            match sent {
                Sent::Media(ms, _) => {
                    let length = Duration::from_millis(*ms as u64);
                    self.playing_until = self.playing_until.max(*at).plus(length);
                }
                Sent::Mark(name) => self.marks.push_back((self.playing_until, name.clone())),
                Sent::Clear => {
                    self.playing_until = now;
                    for mark in &mut self.marks {
                        mark.0 = now;
                    }
                }
            }
        }
        self.delivered = self.world.sent.len();
        while self.returns_marks
            && self.marks.front().is_some_and(|(at, _)| *at <= now)
            && let Some((_, name)) = self.marks.pop_front()
        {
            self.call.handle_mark(name.as_bytes(), &mut self.world);
        }
    }

    fn media(&self) -> Vec<(u64, usize, u8)> {
        let start = Mono::from_millis(1_000);
        self.world
            .sent
            .iter()
            .filter_map(|(at, sent)| match sent {
                Sent::Media(ms, byte) => Some((at.since(start).as_millis() as u64, *ms, *byte)),
                _ => None,
            })
            .collect()
    }

    fn clears(&self) -> usize {
        self.world
            .sent
            .iter()
            .filter(|(_, sent)| *sent == Sent::Clear)
            .count()
    }

    /// Reports but those that only follow the audio and the pauses in it.
    fn reports(&self) -> Vec<Report> {
        self.world
            .reports
            .iter()
            .map(|(_, report)| *report)
            .filter(|report| {
                !matches!(
                    report,
                    Report::Audio { .. }
                        | Report::Heard { .. }
                        | Report::SpeechPaused { .. }
                        | Report::SpeechResumed { .. }
                )
            })
            .collect()
    }

    fn barge_ins(&self) -> Vec<(UtteranceId, u64)> {
        self.reports()
            .into_iter()
            .filter_map(|report| match report {
                Report::BargeIn {
                    utterance, heard, ..
                } => Some((utterance, heard.as_ms())),
                _ => None,
            })
            .collect()
    }
}

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
fn speech_over_the_agent_clears_and_retires_within_three_frames() {
    let mut scene = Scene::new();
    scene.synthesise(ONE, 5_000);
    scene.run(&silence(1_000));
    scene.run(&voice()[..60 * 8]);
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
    scene.run(&voice()[..60 * 8]);
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
    scene.run(&voice()[..100 * 8]);
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

/// What may happen to a call, in any order.
#[derive(Clone, Debug)]
enum Happening {
    Media(Vec<u8>),
    Voice(usize),
    Mark(u32, u32),
    Synthesise(u32, u64),
    Retire(u32),
    Expect(bool),
    Pass(u64),
    SocketStuck(bool),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..700).prop_map(Happening::Media),
        (1_usize..12).prop_map(Happening::Voice),
        (0_u32..4, 0_u32..40).prop_map(|(g, s)| Happening::Mark(g, s)),
        (1_u32..6, 0_u64..600).prop_map(|(u, ms)| Happening::Synthesise(u, ms)),
        (1_u32..6).prop_map(Happening::Retire),
        any::<bool>().prop_map(Happening::Expect),
        (1_u64..400).prop_map(Happening::Pass),
        any::<bool>().prop_map(Happening::SocketStuck),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_happens_no_more_is_heard_than_was_sent_and_nothing_retired_is_sent(
        happenings in prop::collection::vec(happening(), 1..80),
    ) {
        let mut scene = Scene::new();
        scene.returns_marks = false;
        let mut generation = 0;
        for happening in happenings {
            let retired_before = retired(&scene.world.reports);
            let sent_before = scene.world.sent.len();
            match happening {
                Happening::Media(payload) => {
                    scene.call.handle_media(scene.world.now, &payload, &mut scene.world);
                }
                Happening::Voice(frames) => scene.run(&voice()[..frames * 160]),
                Happening::Mark(g, s) => {
                    let name = format!("{g}.{s}");
                    let before = scene.world.reports.len();
                    scene.call.handle_mark(name.as_bytes(), &mut scene.world);
                    prop_assert!(g == generation || scene.world.reports.len() == before);
                }
                Happening::Synthesise(utterance, ms) => scene.synthesise(UtteranceId(utterance), ms),
                Happening::Retire(utterance) => {
                    scene.order(Order::Retire { through: UtteranceId(utterance) });
                    let waiting = &scene.world.waiting;
                    prop_assert!(waiting.front().is_none_or(|f| f.utterance.0 > utterance));
                }
                Happening::Expect(yes_no) => scene.order(Order::Expect(if yes_no {
                    Expectation::YesNo
                } else {
                    Expectation::Phone
                })),
                Happening::Pass(ms) => {
                    for _ in 0..ms.div_ceil(10) {
                        scene.world.now = scene.world.now.plus(Duration::from_millis(10));
                        scene.call.handle_tick(scene.world.now, &mut scene.world);
                    }
                }
                Happening::SocketStuck(stuck) => scene.world.takes_media = !stuck,
            }
            let mut sent_ms: HashMap<u32, u64> = HashMap::new();
            for (n, (_, sent)) in scene.world.sent.iter().enumerate() {
                if let Sent::Media(ms, byte) = sent {
                    *sent_ms.entry(u32::from(*byte)).or_default() += *ms as u64;
                    prop_assert!(n < sent_before || retired_before.is_none_or(|r| u32::from(*byte) > r));
                }
            }
            generation = scene.clears() as u32;
            for (_, report) in &scene.world.reports {
                if let Report::Heard { utterance, samples }
                | Report::UtteranceFinished { utterance, samples }
                | Report::BargeIn { utterance, heard: samples, .. } = report
                {
                    prop_assert!(samples.as_ms() <= sent_ms.get(&utterance.0).copied().unwrap_or(0));
                }
            }
        }
    }
}

/// The latest utterance that a barge-in has retired.
fn retired(reports: &[(Mono, Report)]) -> Option<u32> {
    reports
        .iter()
        .filter_map(|(_, report)| match report {
            Report::BargeIn { utterance, .. } => Some(utterance.0),
            _ => None,
        })
        .max()
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
