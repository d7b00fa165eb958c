//! What must hold for any course of a call: the body of the fuzz target `call_machine`.
//!
//! The call talks to a model of the world: a far end that plays what it gets, returns marks when it
//! has played up to them (or late, or never), and a synthesiser that delivers at odd times. Each
//! agent frame is filled with its utterance's number, so the model knows whose audio it hears.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use dsp::{FRAME_SAMPLES, LINE_RATE_HZ, Samples, mulaw};

use super::Call;
use super::ledger::MarkName;
use super::outlet::Outlet;
use crate::fact::{Order, Report};
use crate::limits::{DUCK_AT_MOST, FALSE_ALARMS, SEND_HORIZON, TICK, TTS_RING_FRAMES};
use crate::message::{Expectation, UtteranceId};
use crate::metrics::Oddity;
use crate::ring::{AgentFrame, CallerFrame};
use crate::time::Mono;

/// Something that happens to a call.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Operation {
    /// Time passes, without media of the caller.
    Wait {
        ticks: u8,
    },
    /// The caller speaks or listens for so many frames, in payloads of `payload` bytes.
    Caller {
        speaks: bool,
        frames: u8,
        payload: u8,
    },
    /// The synthesiser delivers frames of the present utterance.
    Synthesise {
        frames: u8,
    },
    /// The present utterance is complete, its last frame being so short.
    Finish {
        samples: u8,
    },
    /// The control plane takes an utterance back: the present one, or an earlier one.
    Retire {
        back: u8,
    },
    /// The far end returns marks, or keeps them.
    ReturnMarks(bool),
    /// The far end returns a mark that it was never given.
    StrayMark {
        sequence: u8,
    },
    /// The caller's socket is full, or takes media.
    FillSocket(bool),
    Expect {
        yes_no: bool,
    },
    /// A recogniser knows the words of the turn, up to so many frames ago.
    EndTurn {
        frames_ago: u8,
    },
    /// The recogniser's words take the floor from an utterance, or only acknowledge it.
    Words {
        take_floor: bool,
        back: u8,
    },
    Key,
    HangUp {
        after_playout: bool,
    },
    Stop,
}

/// Runs a call through `operations`.
///
/// # Panics
/// When audio of a retired utterance is sent, more counts as heard than was sent, an utterance
/// begins in the caller's turn, the caller's turn begins with agent audio in the air, more is sent
/// ahead than the send horizon, or the agent says anything while it is silent for a sound, or is so
/// for too long.
pub fn check_any_call(operations: &[Operation]) {
    let mut call = Call::default();
    let mut world = World::default();
    for &operation in operations {
        if call.ended().is_some() {
            return;
        }
        world.happen(&mut call, operation);
    }
}

/// What surrounds a call.
#[derive(Default)]
struct World {
    now: Mono,
    synthesiser: Synthesiser,
    far_end: FarEnd,
    /// Samples of the caller's audio so far: the phase of the voice.
    caller_samples: usize,
}

#[derive(Default)]
struct Synthesiser {
    /// Numbers above 200 are not used, so that a byte of audio can hold them.
    utterance: u8,
    position: Samples,
}

/// The outlet: the ring in front of it and the caller's buffer behind it.
#[derive(Default)]
struct FarEnd {
    now: Mono,
    ring: VecDeque<AgentFrame>,
    buffer: VecDeque<Played>,
    /// When the buffer's first frame began to sound.
    sounds_since: Mono,
    keeps_marks: bool,
    socket_is_full: bool,
    returned: VecDeque<MarkName>,
    sent: BTreeMap<UtteranceId, Samples>,
    heard: BTreeMap<UtteranceId, Samples>,
    retired: Option<UtteranceId>,
    latest: Option<UtteranceId>,
    /// The latest utterance that the caller heard anything of.
    played: Option<UtteranceId>,
    /// The utterance in which the agent fell silent for a sound, and when.
    ducked: Option<(UtteranceId, Mono)>,
    /// How often the agent was silent for nothing. An agent that often was does not heed what may be
    /// noise.
    false_alarms: u32,
    /// An order that is to be answered.
    undecided: Option<UtteranceId>,
    callers_turn: bool,
    turn_began: Samples,
    /// A turn is cut in two: its second half is no news to an agent who goes on meanwhile.
    goes_on: bool,
    /// No turn may begin before here.
    words_through: Samples,
    /// The recogniser's ring holds the caller's audio up to here.
    passed_on: Samples,
}

/// What the far end plays next.
enum Played {
    Frame(UtteranceId),
    Mark(MarkName),
}

const FRAME: Duration = Duration::from_millis(dsp::FRAME_MS);

impl World {
    fn happen(&mut self, call: &mut Call, operation: Operation) {
        match operation {
            Operation::Wait { ticks } => (0..ticks).for_each(|_| self.tick(call)),
            Operation::Caller {
                speaks,
                frames,
                payload,
            } => {
                (0..frames % 64).for_each(|_| self.caller_frame(call, speaks, payload));
            }
            Operation::Synthesise { frames } => {
                for _ in 0..frames {
                    self.synthesise(FRAME_SAMPLES as u8);
                }
                call.handle_order(self.now, Order::Audio, &mut self.far_end);
            }
            Operation::Finish { samples } => {
                self.synthesise(samples % FRAME_SAMPLES as u8);
                self.finish();
                call.handle_order(self.now, Order::Audio, &mut self.far_end);
            }
            Operation::Retire { back } => self.retire(call, back % 4),
            Operation::ReturnMarks(returns) => self.far_end.keeps_marks = !returns,
            Operation::StrayMark { sequence } => {
                let name = format!("4000000000.{sequence}");
                call.handle_mark(name.as_bytes(), &mut self.far_end);
            }
            Operation::FillSocket(full) => self.far_end.socket_is_full = full,
            Operation::Expect { yes_no } => {
                let expectation = if yes_no {
                    Expectation::YesNo
                } else {
                    Expectation::Open
                };
                call.handle_order(self.now, Order::Expect(expectation), &mut self.far_end);
            }
            Operation::EndTurn { frames_ago } => {
                let ago = Samples(u64::from(frames_ago) * FRAME_SAMPLES as u64);
                let through = self.far_end.passed_on.saturating_sub(ago);
                // The call says where the caller has gone on.
                let cut = self.far_end.callers_turn && self.far_end.turn_began < through;
                self.far_end.callers_turn &= !cut;
                self.far_end.goes_on = cut;
                self.far_end.words_through = self.far_end.words_through.max(through);
                call.handle_order(self.now, Order::EndTurn { through }, &mut self.far_end);
                self.far_end.goes_on = false;
            }
            Operation::Words { take_floor, back } => self.words(call, take_floor, back % 4),
            Operation::Key => call.handle_key(b'5', &mut self.far_end),
            Operation::HangUp { after_playout } => {
                let order = Order::HangUp { after_playout };
                call.handle_order(self.now, order, &mut self.far_end);
            }
            Operation::Stop => call.handle_stop(),
        }
        self.return_marks(call);
    }

    fn tick(&mut self, call: &mut Call) {
        self.now = self.now.plus(TICK);
        self.far_end.play_until(self.now);
        self.return_marks(call);
        call.handle_tick(self.now, &mut self.far_end);
        if let Some((utterance, since)) = self.far_end.ducked {
            let silent = self.now.since(since);
            assert!(
                silent <= DUCK_AT_MOST,
                "{utterance:?} is kept for {silent:?}"
            );
        }
    }

    fn caller_frame(&mut self, call: &mut Call, speaks: bool, payload: u8) {
        for _ in 0..2 {
            self.tick(call);
        }
        let frame: [u8; FRAME_SAMPLES] = std::array::from_fn(|n| {
            if speaks {
                voice(self.caller_samples + n)
            } else {
                mulaw::SILENCE
            }
        });
        self.caller_samples += FRAME_SAMPLES;
        for piece in frame.chunks(usize::from(payload).max(1)) {
            call.handle_media(self.now, piece, &mut self.far_end);
        }
    }

    /// Puts a frame of `len` samples into the ring, if both have room for it.
    fn synthesise(&mut self, len: u8) {
        let Synthesiser {
            utterance,
            position,
        } = &mut self.synthesiser;
        if *utterance > 200 || len == 0 || self.far_end.ring.len() >= TTS_RING_FRAMES {
            return;
        }
        self.far_end.ring.push_back(AgentFrame {
            utterance: UtteranceId(u32::from(*utterance)),
            position: *position,
            len,
            mulaw: [*utterance; FRAME_SAMPLES],
        });
        *position += Samples(u64::from(len));
    }

    fn finish(&mut self) {
        let Synthesiser {
            utterance,
            position,
        } = self.synthesiser;
        if utterance > 200 || self.far_end.ring.len() >= TTS_RING_FRAMES {
            return;
        }
        let end = AgentFrame::end(UtteranceId(u32::from(utterance)), position);
        self.far_end.ring.push_back(end);
        self.synthesiser = Synthesiser {
            utterance: utterance + 1,
            position: Samples::ZERO,
        };
    }

    fn retire(&mut self, call: &mut Call, back: u8) {
        let through = UtteranceId(u32::from(self.synthesiser.utterance.saturating_sub(back)));
        call.handle_order(self.now, Order::Retire { through }, &mut self.far_end);
        self.far_end.retired = self.far_end.retired.max(Some(through));
        self.far_end
            .ducked
            .take_if(|(utterance, _)| *utterance <= through);
    }

    fn words(&mut self, call: &mut Call, take_floor: bool, back: u8) {
        let utterance = UtteranceId(u32::from(self.synthesiser.utterance.saturating_sub(back)));
        let order = if take_floor {
            self.far_end.undecided = Some(utterance);
            Order::Commit { utterance }
        } else {
            Order::Resume { utterance }
        };
        call.handle_order(self.now, order, &mut self.far_end);
        assert_eq!(self.far_end.undecided, None, "every commit is answered");
        assert!(
            !take_floor || self.far_end.ducked.is_none(),
            "words took the floor, and the agent waits on"
        );
    }

    fn return_marks(&mut self, call: &mut Call) {
        while !self.far_end.keeps_marks
            && let Some(mark) = self.far_end.returned.pop_front()
        {
            let mut room = [0; MarkName::MAX_BYTES];
            call.handle_mark(mark.write(&mut room).as_bytes(), &mut self.far_end);
        }
    }
}

impl FarEnd {
    fn play_until(&mut self, now: Mono) {
        self.now = now;
        while let Some(next) = self.buffer.front() {
            match *next {
                Played::Mark(mark) => self.returned.push_back(mark),
                Played::Frame(utterance) if self.sounds_since.plus(FRAME) <= now => {
                    self.played = Some(utterance);
                    self.sounds_since = self.sounds_since.plus(FRAME);
                }
                Played::Frame(_) => return,
            }
            self.buffer.pop_front();
        }
    }

    fn frames(&self) -> u32 {
        let frames = self
            .buffer
            .iter()
            .filter(|next| matches!(next, Played::Frame(_)));
        u32::try_from(frames.count()).unwrap_or(u32::MAX)
    }

    fn sent(&self, utterance: UtteranceId) -> Samples {
        self.sent.get(&utterance).copied().unwrap_or_default()
    }

    fn check_heard(&mut self, utterance: UtteranceId, samples: Samples) {
        assert!(
            samples <= self.sent(utterance),
            "more of {utterance:?} heard than sent"
        );
        let before = self.heard.insert(utterance, samples).unwrap_or_default();
        assert!(before <= samples, "less of {utterance:?} heard than before");
    }
}

impl Outlet for FarEnd {
    fn waiting(&self) -> Option<&AgentFrame> {
        self.ring.front()
    }

    fn waiting_frames(&self) -> usize {
        self.ring.len()
    }

    fn take_waiting(&mut self) -> Option<AgentFrame> {
        self.ring.pop_front()
    }

    fn takes_media(&self) -> bool {
        !self.socket_is_full
    }

    fn media(&mut self, mulaw: &[u8]) {
        let utterance = mulaw.first().map(|&number| UtteranceId(u32::from(number)));
        let one = mulaw.iter().all(|&number| mulaw.first() == Some(&number));
        assert!(one && utterance.is_some(), "a message holds one utterance");
        assert!(
            utterance > self.retired,
            "audio of the retired {utterance:?} is sent"
        );
        assert!(
            utterance >= self.latest,
            "an earlier utterance after a later one"
        );
        assert_eq!(self.ducked, None, "the agent speaks while it is silent");
        self.latest = utterance;
        if self.frames() == 0 {
            self.sounds_since = self.now;
        }
        for frame in mulaw.chunks(FRAME_SAMPLES) {
            self.buffer
                .push_back(Played::Frame(UtteranceId(u32::from(frame[0]))));
        }
        let ahead = (FRAME * self.frames()).saturating_sub(self.now.since(self.sounds_since));
        assert!(ahead <= SEND_HORIZON, "{ahead:?} ahead");
        if let Some(utterance) = utterance {
            *self.sent.entry(utterance).or_default() += Samples(mulaw.len() as u64);
        }
    }

    fn mark(&mut self, name: MarkName) {
        self.buffer.push_back(Played::Mark(name));
        self.play_until(self.now);
    }

    fn clear(&mut self, now: Mono, _voiced_at: Option<Mono>) -> Mono {
        // What is forgotten may be sent again; and of what was played the call knows by its marks.
        self.latest = match self.buffer.front() {
            _ if self.keeps_marks || !self.returned.is_empty() => self.retired,
            Some(&Played::Frame(sounding)) => Some(sounding),
            _ => self.played,
        };
        for next in self.buffer.drain(..) {
            if let Played::Mark(mark) = next {
                self.returned.push_back(mark);
            }
        }
        now
    }

    fn caller_frame(&mut self, frame: CallerFrame) {
        assert_eq!(frame.position, self.passed_on, "no gap, no repetition");
        self.passed_on += Samples(FRAME_SAMPLES as u64);
    }

    fn report(&mut self, report: Report) {
        if let Report::Audio { until, .. }
        | Report::SpeechEnded {
            position: until, ..
        } = report
        {
            assert!(until <= self.passed_on, "{report:?} overtakes its audio");
        }
        match report {
            Report::SpeechStarted { position } => {
                assert!(
                    self.frames() == 0 || self.goes_on || self.false_alarms >= FALSE_ALARMS,
                    "the caller speaks into agent audio"
                );
                assert!(!self.callers_turn, "a turn within a turn");
                assert!(position >= self.words_through, "a turn of known words");
                self.callers_turn = true;
                self.turn_began = position;
            }
            Report::SpeechFaltered { .. }
            | Report::SpeechPaused { .. }
            | Report::SpeechResumed { .. } => {
                assert!(self.callers_turn, "a pause in nobody's turn");
            }
            Report::SpeechEnded { .. } => {
                assert!(self.callers_turn, "the end of nobody's turn");
                self.callers_turn = false;
            }
            Report::UtteranceStarted { utterance } => {
                assert!(
                    !self.callers_turn,
                    "{utterance:?} begins in the caller's turn"
                );
            }
            Report::Heard { utterance, samples }
            | Report::UtteranceFinished { utterance, samples } => {
                self.check_heard(utterance, samples);
            }
            Report::Ducked { utterance, .. } => {
                assert_eq!(self.frames(), 0, "silent, and still heard");
                self.ducked = Some((utterance, self.now));
            }
            Report::Resumed { utterance, .. } => {
                assert!(Some(utterance) > self.retired, "a retired one goes on");
                self.ducked = None;
            }
            Report::Decided { utterance } => {
                assert_eq!(
                    self.undecided.take(),
                    Some(utterance),
                    "an answer to nothing"
                );
            }
            Report::BargeIn {
                utterance, heard, ..
            } => {
                self.ducked = None;
                self.check_heard(utterance, heard);
                self.retired = self.retired.max(Some(utterance));
            }
            _ => {}
        }
    }

    fn count(&mut self, oddity: Oddity) {
        self.false_alarms += u32::from(oddity == Oddity::FalseBargeIn);
    }
}

/// One sample of a 120 Hz buzz with a formant near 700 Hz, which a detector takes for a vowel.
fn voice(n: usize) -> u8 {
    const PITCH_SAMPLES: usize = LINE_RATE_HZ as usize / 120;
    let since_pulse = (n % PITCH_SAMPLES) as f32;
    let ringing = (std::f32::consts::TAU * 700.0 * since_pulse / LINE_RATE_HZ as f32).sin();
    mulaw::encode((9_000.0 * ringing * (-since_pulse / 20.0).exp()) as i16)
}

#[cfg(test)]
mod tests;
