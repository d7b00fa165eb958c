//! A call and the world around it, under a virtual clock.

use std::collections::VecDeque;
use std::time::Duration;

use dsp::Samples;

use crate::call::Call;
use crate::call::ledger::MarkName;
use crate::call::outlet::Outlet;
use crate::fact::{Order, Report};
use crate::message::UtteranceId;
use crate::metrics::Oddity;
use crate::ring::{AgentFrame, CallerFrame};
use crate::time::Mono;

pub(super) const ONE: UtteranceId = UtteranceId(1);
pub(super) const TWO: UtteranceId = UtteranceId(2);

/// "Wait, wait, hold on.", 300 ms after its beginning.
pub(super) fn voice() -> Vec<u8> {
    let wav = include_bytes!("../../../../tests/audio/barge-01.wav");
    wav[58 + 300 * 8..58 + 1_800 * 8].to_vec()
}

pub(super) fn silence(ms: usize) -> Vec<u8> {
    vec![0xFF; ms * 8]
}

/// What left the call, in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sent {
    /// Milliseconds of audio, and the byte it consists of.
    Media(usize, u8),
    Mark(String),
    Clear,
}

/// The world around one call: a clock, rings without bounds, a socket that takes everything.
pub(super) struct World {
    pub(super) now: Mono,
    pub(super) waiting: VecDeque<AgentFrame>,
    pub(super) sent: Vec<(Mono, Sent)>,
    pub(super) reports: Vec<(Mono, Report)>,
    pub(super) to_stt: Vec<CallerFrame>,
    pub(super) oddities: Vec<Oddity>,
    pub(super) takes_media: bool,
    pub(super) ear: Ear,
}

/// The caller's telephone: plays what it gets, sample by sample, and returns marks.
#[derive(Default)]
pub(super) struct Ear {
    buffer: VecDeque<u8>,
    pub(super) heard: Vec<u8>,
    /// Marks, and how much is in the buffer before them.
    marks: VecDeque<(usize, String)>,
    /// Marks on their way back.
    pub(super) returned: Vec<String>,
}

impl Ear {
    /// The telephone plays for so long.
    pub(super) fn play(&mut self, ms: usize) {
        let played = (ms * 8).min(self.buffer.len());
        self.heard.extend(self.buffer.drain(..played));
        for (before, _) in &mut self.marks {
            *before = before.saturating_sub(played);
        }
        while let Some((0, mark)) = self.marks.front() {
            self.returned.push(mark.clone());
            self.marks.pop_front();
        }
    }

    fn clear(&mut self) {
        self.buffer.clear();
        self.returned
            .extend(self.marks.drain(..).map(|(_, mark)| mark));
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            now: Mono::from_millis(1_000),
            waiting: VecDeque::new(),
            sent: Vec::new(),
            reports: Vec::new(),
            to_stt: Vec::new(),
            oddities: Vec::new(),
            takes_media: true,
            ear: Ear::default(),
        }
    }

    /// The synthesiser delivers a whole utterance.
    pub(super) fn synthesise(&mut self, utterance: UtteranceId, audio: &[u8]) {
        let mut position = Samples::ZERO;
        for piece in audio.chunks(160) {
            let mut mulaw = [0xFF; 160];
            mulaw[..piece.len()].copy_from_slice(piece);
            let frame = AgentFrame {
                utterance,
                position,
                len: piece.len() as u8,
                mulaw,
            };
            position = frame.until();
            self.waiting.push_back(frame);
        }
        self.waiting.push_back(AgentFrame::end(utterance, position));
    }
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
        self.ear.buffer.extend(mulaw);
        self.sent
            .push((self.now, Sent::Media(mulaw.len() / 8, mulaw[0])));
    }
    fn mark(&mut self, name: MarkName) {
        let mut room = [0; MarkName::MAX_BYTES];
        let name = name.write(&mut room).to_owned();
        let before = self.ear.buffer.len();
        self.ear.marks.push_back((before, name.clone()));
        self.sent.push((self.now, Sent::Mark(name)));
    }
    fn clear(&mut self, now: Mono, _voiced_at: Option<Mono>) -> Mono {
        self.ear.clear();
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
pub(super) struct Scene {
    pub(super) call: Call,
    pub(super) world: World,
    /// Whether the far end returns marks when their audio has been played.
    pub(super) returns_marks: bool,
    /// Marks on their way back: when, and which.
    pub(super) marks: VecDeque<(Mono, String)>,
    /// When the far end will have played everything.
    pub(super) playing_until: Mono,
    /// How much of `world.sent` the far end has got.
    pub(super) delivered: usize,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            call: Call::default(),
            world: World::new(),
            returns_marks: true,
            marks: VecDeque::new(),
            playing_until: Mono::default(),
            delivered: 0,
        }
    }

    /// The synthesiser delivers a whole utterance.
    pub(super) fn synthesise(&mut self, utterance: UtteranceId, ms: u64) {
        let audio = vec![utterance.0 as u8; (ms / 20 * 160) as usize];
        self.world.synthesise(utterance, &audio);
    }

    /// Time passes, tick by tick; the caller's audio arrives frame by frame.
    pub(super) fn run(&mut self, caller: &[u8]) {
        for frame in caller.chunks(160) {
            for _ in 0..2 {
                self.world.now = self.world.now.plus(Duration::from_millis(10));
                self.world.ear.play(10);
                self.play();
                self.call.handle_tick(self.world.now, &mut self.world);
            }
            self.call
                .handle_media(self.world.now, frame, &mut self.world);
        }
    }

    pub(super) fn order(&mut self, order: Order) {
        self.call
            .handle_order(self.world.now, order, &mut self.world);
    }

    /// The far end plays what it got, and returns marks.
    pub(super) fn play(&mut self) {
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

    pub(super) fn media(&self) -> Vec<(u64, usize, u8)> {
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

    pub(super) fn clears(&self) -> usize {
        self.world
            .sent
            .iter()
            .filter(|(_, sent)| *sent == Sent::Clear)
            .count()
    }

    /// Reports but those that only follow the audio and the pauses in it.
    pub(super) fn reports(&self) -> Vec<Report> {
        self.world
            .reports
            .iter()
            .map(|(_, report)| *report)
            .filter(|report| {
                !matches!(
                    report,
                    Report::Audio { .. }
                        | Report::Heard { .. }
                        | Report::SpeechFaltered { .. }
                        | Report::SpeechPaused { .. }
                        | Report::SpeechResumed { .. }
                )
            })
            .collect()
    }

    pub(super) fn barge_ins(&self) -> Vec<(UtteranceId, u64)> {
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
