//! Any course of a call, with any vendor: what must hold whatever happens.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::limits::TTS_FLUSHES;

#[derive(Clone, Debug)]
enum Step {
    Say { text: u8, last: bool, kept: bool },
    CancelLatest,
    CancelOldest,
    Opened(bool),
    Audio(u16),
    Text(u8),
    Closed,
    Fetched(u16),
    FetchDone,
    FetchFailed,
    Pass(u16),
    Room,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (any::<u8>(), prop::bool::weighted(0.3), prop::bool::weighted(0.1))
            .prop_map(|(text, last, kept)| Step::Say { text, last, kept }),
        1 => Just(Step::CancelLatest),
        1 => Just(Step::CancelOldest),
        3 => prop::bool::weighted(0.9).prop_map(Step::Opened),
        4 => (0_u16..4_000).prop_map(Step::Audio),
        4 => any::<u8>().prop_map(Step::Text),
        1 => Just(Step::Closed),
        2 => (0_u16..4_000).prop_map(Step::Fetched),
        2 => Just(Step::FetchDone),
        1 => Just(Step::FetchFailed),
        2 => (0_u16..3_000).prop_map(Step::Pass),
        1 => Just(Step::Room),
    ]
}

/// The far ends of the machine: what they were asked, and what the call heard.
struct Course {
    scene: Scene,
    opening: bool,
    up: bool,
    fetching: bool,
    /// Flushes and clears that the vendor has not answered, in order.
    owed: VecDeque<&'static str>,
    flushes: Vec<Mono>,
    utterance: u32,
    clause: u32,
    cancelled: Vec<UtteranceId>,
    closed: Vec<UtteranceId>,
    ended: BTreeMap<UtteranceId, bool>,
    heard: BTreeMap<UtteranceId, u64>,
    known: BTreeMap<UtteranceId, u64>,
}

impl Course {
    fn new(speaks_locally: bool) -> Self {
        let mut scene = Scene::with(speaks_locally);
        scene.speaker.handle_start();
        Self {
            scene,
            opening: false,
            up: false,
            fetching: false,
            owed: VecDeque::new(),
            flushes: Vec::new(),
            utterance: 0,
            clause: 0,
            cancelled: Vec::new(),
            closed: Vec::new(),
            ended: BTreeMap::new(),
            heard: BTreeMap::new(),
            known: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        let now = self.scene.now;
        match step {
            Step::Say { text, last, kept } => {
                let texts = ["Yes.", "on Monday,", "", "...", "We have a place at nine."];
                let text = texts[usize::from(*text) % texts.len()];
                let kept = kept.then(|| Bytes::from_static(&[1; 100]));
                let utterance = UtteranceId(self.utterance);
                self.scene
                    .say_kept(utterance, self.clause, text, *last, kept);
                self.clause += 1;
                if *last {
                    self.closed.push(utterance);
                    self.next_utterance();
                }
            }
            Step::CancelLatest => {
                self.cancel(UtteranceId(self.utterance));
                self.next_utterance();
            }
            Step::CancelOldest => {
                let open = self
                    .closed
                    .iter()
                    .find(|id| !self.ended.contains_key(id) && !self.cancelled.contains(id));
                if let Some(&oldest) = open {
                    self.cancel(oldest);
                }
            }
            Step::Opened(well) if self.opening => {
                self.opening = false;
                self.up = *well;
                if *well {
                    self.scene.speaker.handle_opened(now);
                } else {
                    let kind = VendorErrorKind::Connect;
                    self.scene.speaker.handle_not_opened(kind, now);
                }
            }
            Step::Audio(bytes) if self.up => self.scene.audio(usize::from(*bytes)),
            Step::Text(kind) if self.up => match kind % 16 {
                0 => self.scene.text("Error"),
                1 => self.scene.speaker.handle_text("garbage", now),
                2 => {
                    let warning = r#"{"type":"Warning","code":"EXCESSIVE_FLUSH"}"#;
                    self.scene.speaker.handle_text(warning, now);
                }
                // Answers that nobody asked for.
                3 => self.scene.text("Flushed"),
                4 => self.scene.text("Cleared"),
                _ => {
                    if let Some(answer) = self.owed.pop_front() {
                        self.scene.text(answer);
                    }
                }
            },
            Step::Closed if self.up => {
                self.up = false;
                self.scene
                    .speaker
                    .handle_closed(VendorErrorKind::Dropped, now);
            }
            Step::Fetched(bytes) if self.fetching => {
                let mulaw = vec![7; usize::from(*bytes)];
                self.scene.speaker.handle_fetched(mulaw.into(), now);
            }
            Step::FetchDone if self.fetching => {
                self.fetching = false;
                self.scene.speaker.handle_fetch_done(now);
            }
            Step::FetchFailed if self.fetching => {
                self.fetching = false;
                let kind = VendorErrorKind::Dropped;
                self.scene
                    .speaker
                    .handle_fetch_failed(kind, "broken off", now);
            }
            Step::Pass(ms) => self.scene.pass(Duration::from_millis(u64::from(*ms))),
            Step::Room => self.scene.speaker.handle_room(now),
            _ => {}
        }
        self.obey();
        self.listen();
    }

    fn next_utterance(&mut self) {
        self.utterance += 1;
        self.clause = 0;
    }

    fn cancel(&mut self, utterance: UtteranceId) {
        self.cancelled.push(utterance);
        self.scene.speaker.handle_cancel(utterance, self.scene.now);
    }

    fn obey(&mut self) {
        for order in self.scene.orders() {
            match order {
                Order::Open => self.opening = true,
                Order::HangUp => {
                    (self.opening, self.up) = (false, false);
                    self.owed.clear();
                }
                Order::Send(message) if message == wire::FLUSH => {
                    assert!(self.up);
                    self.owed.push_back("Flushed");
                    self.flushes.push(self.scene.now);
                }
                Order::Send(message) if message == wire::CLEAR => {
                    assert!(self.up);
                    self.owed.clear();
                    self.owed.push_back("Cleared");
                }
                Order::Send(_) => assert!(self.up, "words for a socket that is not there"),
                Order::Fetch { from, .. } => {
                    assert_ne!(from, Rung::Socket);
                    self.fetching = true;
                }
                Order::StopFetch => self.fetching = false,
            }
        }
        let minute = Duration::from_secs(60);
        let recent = |at: &&Mono| self.scene.now.since(**at) < minute;
        assert!(self.flushes.iter().filter(recent).count() <= TTS_FLUSHES + 1);
    }

    fn listen(&mut self) {
        for event in self.scene.events() {
            let (utterance, ends) = match &event {
                TtsEvent::Audio { utterance, mulaw } => {
                    *self.heard.entry(*utterance).or_default() += mulaw.len() as u64;
                    (*utterance, None)
                }
                TtsEvent::ClauseDone {
                    utterance, samples, ..
                } => {
                    *self.known.entry(*utterance).or_default() += samples.0;
                    (*utterance, None)
                }
                TtsEvent::Done { utterance } => (*utterance, Some(true)),
                TtsEvent::Failed { utterance, .. } => (*utterance, Some(false)),
            };
            assert!(
                !self.cancelled.contains(&utterance),
                "cancelled, and heard: {event:?}"
            );
            assert!(
                !self.ended.contains_key(&utterance),
                "over, and heard: {event:?}"
            );
            let last = self.ended.last_key_value();
            assert!(
                last.is_none_or(|(last, _)| *last < utterance),
                "out of order: {event:?}"
            );
            if let Some(done) = ends {
                self.ended.insert(utterance, done);
                if done {
                    assert_eq!(
                        self.known.get(&utterance),
                        self.heard.get(&utterance).or(Some(&0))
                    );
                }
            }
        }
    }

    /// The vendor mends its ways, and everything comes to its end.
    fn end(&mut self) {
        for _ in 0..500 {
            self.take(&Step::Opened(true));
            self.take(&Step::Audio(2_000));
            if let Some(answer) = self.owed.pop_front() {
                self.scene.text(answer);
                self.obey();
                self.listen();
            }
            self.take(&Step::Fetched(2_000));
            self.take(&Step::FetchDone);
            self.take(&Step::Pass(50));
        }
        for utterance in &self.closed {
            let over = self.ended.contains_key(utterance) || self.cancelled.contains(utterance);
            assert!(over, "nothing became of {utterance:?}");
        }
    }
}

proptest! {
    #[test]
    fn every_utterance_ends_once_in_order_and_nothing_cancelled_is_heard(
        steps in prop::collection::vec(any_step(), 1..120),
        speaks_locally: bool,
    ) {
        let mut course = Course::new(speaks_locally);
        for step in &steps {
            course.take(step);
        }
        course.end();
    }
}
