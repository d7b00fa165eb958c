//! Whatever happens in whatever order, what must never be does not.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::scene::{Scene, Sent, voice};
use crate::fact::{Order, Report};
use crate::message::{Expectation, UtteranceId};
use crate::time::Mono;

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
