//! The caller's audio on its way to the recogniser.
//!
//! In silence the latest [`HELD_BACK`] is held back, and the rest goes in batches. When speech
//! starts, the recogniser is told of it between the audio before the look-back and the audio
//! after: so everything that follows [`SttInput::SpeechStarted`] belongs to the turn, from before
//! the first word. During a turn frames go as they come. A recogniser that hears the whole line
//! itself ([`Delivery::Live`]) is told of speech in passing, and nothing is held back for it.

use std::collections::VecDeque;

use bytes::BytesMut;
use dsp::{FRAME_SAMPLES, Samples};
use ringbuf::HeapCons;
use ringbuf::traits::Consumer;

use super::edge::SttInput;
use crate::limits::{HELD_BACK, LOOK_BACK, QUIET_BATCH_FRAMES, STT_BACKLOG};
use crate::ring::CallerFrame;

/// Audio in silence is passed on once there is so much of it beyond what is held back.
const QUIET_BATCH: Samples = Samples(QUIET_BATCH_FRAMES * FRAME_SAMPLES as u64);

/// How a recogniser wants the caller's audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// What belongs to a turn follows the news of it.
    Cut,
    /// All of it as soon as it is there. Positions of speech are the detector's own, without
    /// look-back.
    Live,
}

/// One call's caller audio between the ring and the recogniser's channel.
pub(super) struct Hearing {
    ring: HeapCons<CallerFrame>,
    delivery: Delivery,
    /// Audio that was not passed on yet, and where it begins.
    held: BytesMut,
    held_from: Samples,
    in_turn: bool,
    /// What the recogniser's channel has not taken yet.
    backlog: VecDeque<SttInput>,
    backlog_audio: Samples,
}

impl Hearing {
    pub(super) fn new(ring: HeapCons<CallerFrame>, delivery: Delivery) -> Self {
        Self {
            ring,
            delivery,
            held: BytesMut::new(),
            held_from: Samples::ZERO,
            in_turn: false,
            backlog: VecDeque::new(),
            backlog_audio: Samples::ZERO,
        }
    }

    /// The ring holds audio up to here. Returns how often old audio had to be dropped.
    #[must_use]
    pub(super) fn handle_audio(&mut self, until: Samples) -> usize {
        self.drain(until);
        if self.in_turn || self.delivery == Delivery::Live {
            self.pass_on(self.held_until());
        } else {
            let ripe = self.held_until().saturating_sub(HELD_BACK);
            if ripe.saturating_sub(self.held_from) >= QUIET_BATCH {
                self.pass_on(ripe);
            }
        }
        self.shed()
    }

    /// Most of the audio between, which comes next, may be the agent's echo. Where only turns are
    /// recognised, that is nothing.
    pub(super) fn handle_echo(&mut self, from: Samples, until: Samples) {
        if self.delivery == Delivery::Live {
            self.backlog.push_back(SttInput::Echo { from, until });
        }
    }

    /// The caller began to speak here.
    pub(super) fn handle_speech_started(&mut self, first_voiced: Samples) {
        let position = match self.delivery {
            Delivery::Cut => first_voiced.saturating_sub(LOOK_BACK).max(self.held_from),
            Delivery::Live => first_voiced,
        };
        self.pass_on(position);
        self.in_turn = true;
        self.backlog.push_back(SttInput::SpeechStarted { position });
        self.pass_on(self.held_until());
    }

    /// Something about the caller's voice, as was known at `position`.
    pub(super) fn handle_voice(&mut self, position: Samples, news: SttInput) {
        self.drain(position);
        self.pass_on(self.held_until());
        self.backlog.push_back(news);
    }

    /// The caller's turn is over.
    pub(super) fn handle_speech_ended(&mut self, position: Samples) {
        self.handle_turn_cut(position);
        self.backlog.push_back(SttInput::SpeechEnded { position });
    }

    /// The caller's turn is over, and the recogniser knows.
    pub(super) fn handle_turn_cut(&mut self, position: Samples) {
        self.drain(position);
        self.pass_on(self.held_until());
        self.in_turn = false;
    }

    /// Something that is not audio, in its place among the audio.
    pub(super) fn push(&mut self, input: SttInput) {
        self.backlog.push_back(input);
    }

    pub(super) fn is_caught_up(&self) -> bool {
        self.backlog.is_empty()
    }

    /// The oldest input that the recogniser has not been given.
    pub(super) fn next(&mut self) -> Option<SttInput> {
        let input = self.backlog.pop_front()?;
        self.backlog_audio = self.backlog_audio - length(&input);
        Some(input)
    }

    /// The recogniser is gone; nothing is kept for it.
    pub(super) fn forget(&mut self) {
        self.backlog.clear();
        self.backlog_audio = Samples::ZERO;
    }

    /// Takes the ring's frames up to `until`. Frames that the ring had no room for leave a gap.
    fn drain(&mut self, until: Samples) {
        while self
            .ring
            .first()
            .is_some_and(|frame| frame.position < until)
            && let Some(frame) = self.ring.try_pop()
        {
            if frame.position != self.held_until() {
                self.pass_on(self.held_until());
                self.held_from = frame.position;
            }
            self.held.extend_from_slice(&frame.mulaw);
        }
    }

    fn held_until(&self) -> Samples {
        self.held_from + Samples(self.held.len() as u64)
    }

    fn pass_on(&mut self, until: Samples) {
        let len = until.saturating_sub(self.held_from).0 as usize;
        if len == 0 {
            return;
        }
        let mulaw = self.held.split_to(len.min(self.held.len())).freeze();
        let position = self.held_from;
        let length = Samples(mulaw.len() as u64);
        self.held_from += length;
        self.backlog_audio += length;
        self.backlog.push_back(SttInput::Audio { position, mulaw });
    }

    /// Drops the oldest audio beyond the bound; what was told of the caller stays.
    fn shed(&mut self) -> usize {
        let mut dropped = 0;
        while self.backlog_audio > STT_BACKLOG
            && let Some(oldest) = self.backlog.iter().position(is_of_audio)
            && let Some(input) = self.backlog.remove(oldest)
        {
            self.backlog_audio = self.backlog_audio - length(&input);
            dropped += usize::from(length(&input) > Samples::ZERO);
        }
        dropped
    }
}

/// Audio, or where there is echo in it.
fn is_of_audio(input: &SttInput) -> bool {
    matches!(input, SttInput::Audio { .. } | SttInput::Echo { .. })
}

fn length(input: &SttInput) -> Samples {
    match input {
        SttInput::Audio { mulaw, .. } => Samples(mulaw.len() as u64),
        _ => Samples::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use ringbuf::HeapProd;
    use ringbuf::traits::Producer;

    use super::*;
    use crate::ring::rings;

    struct Line {
        voice: HeapProd<CallerFrame>,
        hearing: Hearing,
        position: Samples,
    }

    impl Line {
        fn new() -> Self {
            Self::with(Delivery::Cut)
        }

        fn with(delivery: Delivery) -> Self {
            let (voice, net) = rings();
            Self {
                voice: voice.caller,
                hearing: Hearing::new(net.caller, delivery),
                position: Samples::ZERO,
            }
        }

        fn speak(&mut self, frames: u64) {
            for _ in 0..frames {
                let frame = CallerFrame {
                    position: self.position,
                    mulaw: [7; FRAME_SAMPLES],
                };
                self.voice.try_push(frame).expect("room");
                self.position += Samples(FRAME_SAMPLES as u64);
                let _ = self.hearing.handle_audio(self.position);
            }
        }

        /// What the recogniser got: `(from, until)` for audio, names for the rest.
        fn heard(&mut self) -> Vec<String> {
            std::iter::from_fn(|| self.hearing.next())
                .map(|input| match input {
                    SttInput::Audio { position, mulaw } => {
                        let until = position + Samples(mulaw.len() as u64);
                        format!("{}..{}", position.as_ms(), until.as_ms())
                    }
                    SttInput::SpeechStarted { position } => format!("start {}", position.as_ms()),
                    SttInput::SpeechEnded { position } => format!("end {}", position.as_ms()),
                    other => format!("{other:?}"),
                })
                .collect()
        }
    }

    #[test]
    fn the_recogniser_gets_the_look_back_after_it_is_told_that_speech_started() {
        let mut line = Line::new();
        line.speak(50);
        line.hearing.handle_speech_started(Samples::from_ms(960));
        line.speak(1);
        line.hearing.handle_speech_ended(line.position);
        assert_eq!(
            line.heard(),
            [
                "0..100",
                "100..200",
                "200..300",
                "300..400",
                "400..500",
                "500..600",
                "600..660",
                "start 660",
                "660..1000",
                "1000..1020",
                "end 1020",
            ]
        );
    }

    #[test]
    fn nothing_is_held_back_from_a_recogniser_that_hears_the_whole_line() {
        let mut line = Line::with(Delivery::Live);
        line.speak(2);
        line.hearing.handle_speech_started(Samples::from_ms(20));
        line.speak(1);
        let paused = SttInput::SpeechPaused {
            position: line.position,
            last_voiced: Samples::from_ms(50),
            slow: false,
        };
        line.hearing.handle_voice(line.position, paused);
        line.hearing.handle_speech_ended(line.position);
        assert_eq!(
            line.heard(),
            [
                "0..20",
                "20..40",
                "start 20",
                "40..60",
                "SpeechPaused { position: Samples(480), last_voiced: Samples(400), slow: false }",
                "end 60",
            ]
        );
    }

    #[test]
    fn such_a_recogniser_is_told_what_may_be_echo_before_it_hears_it() {
        let mut line = Line::with(Delivery::Live);
        line.speak(1);
        let (from, until) = (Samples::from_ms(20), Samples::from_ms(40));
        line.hearing.handle_echo(from, until);
        line.speak(1);
        let told = format!("{:?}", SttInput::Echo { from, until });
        assert_eq!(line.heard(), ["0..20", told.as_str(), "20..40"]);
    }

    #[test]
    fn the_end_of_a_turn_does_not_overtake_its_audio() {
        let mut line = Line::new();
        line.hearing.handle_speech_started(Samples::ZERO);
        for n in 0..3 {
            let frame = CallerFrame {
                position: Samples(n * 160),
                mulaw: [7; FRAME_SAMPLES],
            };
            line.voice.try_push(frame).expect("room");
        }
        line.hearing.handle_speech_ended(Samples::from_ms(40));
        assert_eq!(line.heard(), ["start 0", "0..40", "end 40"]);
    }

    #[test]
    fn lost_frames_are_a_gap_and_not_a_shift() {
        let mut line = Line::new();
        line.hearing.handle_speech_started(Samples::ZERO);
        line.speak(1);
        line.position += Samples::from_ms(40);
        line.speak(1);
        assert_eq!(line.heard(), ["start 0", "0..20", "60..80"]);
    }

    #[test]
    fn a_recogniser_that_takes_nothing_costs_bounded_memory_and_keeps_the_latest() {
        let mut line = Line::new();
        line.hearing.handle_speech_started(Samples::ZERO);
        line.speak(2_000);
        let heard = line.heard();
        assert_eq!(heard.first().map(String::as_str), Some("start 0"));
        assert_eq!(heard.len() as u64, 1 + STT_BACKLOG.as_ms() / 20);
        assert_eq!(heard.last().map(String::as_str), Some("39980..40000"));
    }
}
