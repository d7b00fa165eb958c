//! What the caller's ear tells: who is heard when, how fast the agent answers, how fast it falls
//! silent when spoken over.
//!
//! Everything is measured on this side of the socket, from the frames as they were written and
//! played, by their energy; nothing of it relies on what the agent reports about itself. Pure: fed
//! one pair of frames every 20 ms, and each `clear` as it is read.

use std::time::Duration;

use dsp::level::Dbfs;
use dsp::{FRAME_MS, FRAME_SAMPLES};

use super::limits::{AUDIBLE, FAINT, WORD_GAP};
use super::playout::Frame;

/// A gap in the agent's voice longer than this separates two answers.
const ANSWER_GAP: Duration = Duration::from_millis(240);

const FRAME: Duration = Duration::from_millis(FRAME_MS);

/// One turn: the caller spoke, the agent answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// End of the caller's last audible frame, since the stream began.
    pub speech_end: Duration,
    /// The agent's first audible frame began this much later, to within one frame.
    pub latency: Duration,
}

/// The caller spoke while the agent was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// When the first frame of the voice was written, since the stream began.
    pub onset: Duration,
    /// From the onset to the reading of `clear`. Absent when none came.
    pub to_clear: Option<Duration>,
    /// From the onset to the end of the agent's last audible frame. Absent while it talks on.
    pub to_silence: Option<Duration>,
}

/// What changed with a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noticed {
    CallerBegan,
    CallerEnded,
    AgentBegan,
    AgentEnded,
    Turn(Turn),
    /// The agent was spoken over and fell silent, or talked on until the caller was done.
    Overlap(Overlap),
    /// A `clear` that nobody's voice had asked for.
    ClearUnasked,
}

/// Listens to both sides of a call.
#[derive(Debug, Default)]
pub struct Ear {
    caller: Voice,
    agent: Voice,
    /// End of the caller's last audible frame, until it is answered.
    unanswered: Option<Duration>,
    /// The agent has been silent since the caller began; what it says next is an answer.
    agent_paused: bool,
    /// A faint sound of the caller's that may become a voice.
    stir: Option<Stir>,
    overlap: Option<Overlap>,
    turns: Vec<Turn>,
    overlaps: Vec<Overlap>,
    clears_unasked: u32,
}

/// The caller's faint frames since the last silent one.
#[derive(Clone, Copy, Debug)]
struct Stir {
    /// When the first was written.
    onset: Duration,
    over_agent: bool,
    /// When a `clear` was read meanwhile.
    cleared: Option<Duration>,
}

/// One side's voice over time.
#[derive(Clone, Copy, Debug, Default)]
enum Voice {
    #[default]
    Quiet,
    /// Audible, last in the frame that ended at `last_end`.
    Heard { last_end: Duration },
}

impl Ear {
    /// Hears the frame that the caller writes and the frame that the agent's audio fills, both
    /// beginning at `at` on the line; `written` is when the caller's was in fact written. What was
    /// noticed is appended to `out`.
    pub fn frames(
        &mut self,
        at: Duration,
        written: Duration,
        caller: &Frame,
        agent: &Frame,
        out: &mut Vec<Noticed>,
    ) {
        let caller_level = level(caller);
        let caller_audible = caller_level >= AUDIBLE;
        let agent_audible = is_audible(agent);
        self.stirs(caller_level >= FAINT, written, out);

        if self.agent.hear(at, agent_audible, ANSWER_GAP) {
            out.push(if agent_audible {
                Noticed::AgentBegan
            } else {
                Noticed::AgentEnded
            });
        }
        if self.caller.hear(at, caller_audible, WORD_GAP) {
            if caller_audible {
                out.push(Noticed::CallerBegan);
                if let Some(stir) = self.stir.filter(|s| s.over_agent)
                    && self.overlap.is_none()
                {
                    self.overlap = Some(Overlap {
                        onset: stir.onset,
                        to_clear: stir.cleared.map(|at| at.saturating_sub(stir.onset)),
                        to_silence: None,
                    });
                }
            } else {
                out.push(Noticed::CallerEnded);
                self.finish(out);
            }
        }
        self.judge_answer(at, caller_audible, agent_audible, out);
        self.judge_silence(agent_audible, out);
    }

    /// Hears that a `clear` was read.
    pub fn clear(&mut self, at: Duration, out: &mut Vec<Noticed>) {
        if let Some(overlap) = &mut self.overlap {
            let reaction = at.saturating_sub(overlap.onset);
            overlap.to_clear.get_or_insert(reaction);
        } else if let Some(stir) = self.stir.as_mut().filter(|s| s.over_agent) {
            stir.cleared.get_or_insert(at);
        } else if !self.caller.is_heard() {
            self.cleared_unasked(out);
        }
    }

    /// The caller's speech or the call is over: an agent that still talks was not stopped.
    pub fn finish(&mut self, out: &mut Vec<Noticed>) {
        if self.agent.is_heard()
            && let Some(overlap) = &mut self.overlap
        {
            overlap.to_silence = None;
        }
        self.close_overlap(out);
    }

    /// Whether the agent is being heard, short gaps included.
    #[must_use]
    pub fn hears_agent(&self) -> bool {
        self.agent.is_heard()
    }

    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    #[must_use]
    pub fn overlaps(&self) -> &[Overlap] {
        &self.overlaps
    }

    #[must_use]
    pub fn clears_unasked(&self) -> u32 {
        self.clears_unasked
    }

    /// Follows the caller's faint sounds. One that fades before it became a voice asked for nothing.
    fn stirs(&mut self, faint: bool, written: Duration, out: &mut Vec<Noticed>) {
        if faint {
            let over_agent = self.agent.is_heard();
            self.stir.get_or_insert(Stir {
                onset: written,
                over_agent,
                cleared: None,
            });
        } else if let Some(stir) = self.stir.take()
            && stir.cleared.is_some()
            && !self.caller.is_heard()
        {
            self.cleared_unasked(out);
        }
    }

    fn cleared_unasked(&mut self, out: &mut Vec<Noticed>) {
        self.clears_unasked += 1;
        out.push(Noticed::ClearUnasked);
    }

    fn judge_answer(
        &mut self,
        at: Duration,
        caller_audible: bool,
        agent_audible: bool,
        out: &mut Vec<Noticed>,
    ) {
        if !self.agent.is_heard() {
            self.agent_paused = true;
        }
        if caller_audible {
            if self.unanswered.is_none() {
                self.agent_paused = !self.agent.is_heard();
            }
            self.unanswered = Some(at + FRAME);
        } else if agent_audible
            && self.agent_paused
            && let Some(speech_end) = self.unanswered.take()
        {
            let latency = at.saturating_sub(speech_end);
            let turn = Turn {
                speech_end,
                latency,
            };
            self.turns.push(turn);
            out.push(Noticed::Turn(turn));
        }
    }

    /// An overlap is over when the agent has been silent for a while; after a `clear`, with the
    /// first silent frame, because what comes next is another utterance.
    fn judge_silence(&mut self, agent_audible: bool, out: &mut Vec<Noticed>) {
        let Some(overlap) = &mut self.overlap else {
            return;
        };
        match self.agent {
            Voice::Heard { last_end } => {
                let silent = overlap.to_clear.is_some() && !agent_audible;
                overlap.to_silence = Some(last_end.saturating_sub(overlap.onset));
                if silent {
                    self.close_overlap(out);
                }
            }
            Voice::Quiet => self.close_overlap(out),
        }
    }

    fn close_overlap(&mut self, out: &mut Vec<Noticed>) {
        if let Some(overlap) = self.overlap.take() {
            self.overlaps.push(overlap);
            out.push(Noticed::Overlap(overlap));
        }
    }
}

impl Voice {
    fn is_heard(&self) -> bool {
        matches!(self, Self::Heard { .. })
    }

    /// Hears one frame; true when the voice began with it or is found to have ended before it.
    fn hear(&mut self, at: Duration, audible: bool, gap: Duration) -> bool {
        match (&mut *self, audible) {
            (Self::Quiet, true) => {
                *self = Self::Heard {
                    last_end: at + FRAME,
                };
                true
            }
            (Self::Heard { last_end }, true) => {
                *last_end = at + FRAME;
                false
            }
            (Self::Heard { last_end }, false) if at + FRAME >= *last_end + gap => {
                *self = Self::Quiet;
                true
            }
            _ => false,
        }
    }
}

/// Whether a person would hear something in this frame.
#[must_use]
pub fn is_audible(frame: &Frame) -> bool {
    level(frame) >= AUDIBLE
}

fn level(frame: &Frame) -> Dbfs {
    let mut samples = [0; FRAME_SAMPLES];
    dsp::mulaw::decode_slice(frame, &mut samples);
    dsp::level::rms(&samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::playout::MULAW_SILENCE;

    const QUIET: Frame = [MULAW_SILENCE; FRAME_SAMPLES];

    fn loud() -> Frame {
        [dsp::mulaw::encode(4_000); FRAME_SAMPLES]
    }

    /// About -50 dBFS.
    fn faint() -> Frame {
        [dsp::mulaw::encode(100); FRAME_SAMPLES]
    }

    /// Plays `ms` of a call from `*now` on, one letter a side: who speaks.
    struct Call {
        ear: Ear,
        now: Duration,
        noticed: Vec<Noticed>,
    }

    impl Call {
        fn new() -> Self {
            Self {
                ear: Ear::default(),
                now: Duration::ZERO,
                noticed: Vec::new(),
            }
        }

        fn for_ms(&mut self, ms: u64, caller: bool, agent: bool) {
            let pick = |speaks| if speaks { loud() } else { QUIET };
            self.play(ms, &pick(caller), &pick(agent));
        }

        fn play(&mut self, ms: u64, said: &Frame, heard: &Frame) {
            for _ in 0..ms / FRAME_MS {
                self.ear
                    .frames(self.now, self.now, said, heard, &mut self.noticed);
                self.now += FRAME;
            }
        }

        fn clear_now(&mut self) {
            self.ear.clear(self.now, &mut self.noticed);
        }
    }

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_turn_runs_from_the_last_audible_frame_to_the_first_of_the_answer() {
        let mut call = Call::new();
        call.for_ms(1_000, true, false);
        call.for_ms(300, false, false); // a breath
        call.for_ms(400, true, false);
        call.for_ms(640, false, false);
        call.for_ms(1_000, false, true);
        assert_eq!(
            call.ear.turns(),
            [Turn {
                speech_end: ms(1_700),
                latency: ms(640)
            }]
        );
    }

    #[test]
    fn the_agents_own_pauses_are_no_new_answers() {
        let mut call = Call::new();
        call.for_ms(1_000, true, false);
        call.for_ms(500, false, false);
        call.for_ms(1_000, false, true);
        call.for_ms(200, false, false);
        call.for_ms(1_000, false, true);
        assert_eq!(call.ear.turns().len(), 1);
    }

    #[test]
    fn speech_over_the_agent_is_measured_to_clear_and_to_silence() {
        let mut call = Call::new();
        call.for_ms(1_000, false, true);
        call.for_ms(60, true, true);
        call.clear_now();
        call.for_ms(20, true, true); // the frame in the air
        call.for_ms(500, true, false);
        call.for_ms(1_000, false, false);
        assert_eq!(
            call.ear.overlaps(),
            [Overlap {
                onset: ms(1_000),
                to_clear: Some(ms(60)),
                to_silence: Some(ms(80)),
            }]
        );
        call.for_ms(200, false, true);
        // The answer to the interruption is a turn like any other.
        assert_eq!(call.ear.turns().len(), 1);
        assert_eq!(call.ear.turns()[0].latency, ms(1_000));
    }

    #[test]
    fn an_agent_that_talks_on_has_no_silence() {
        let mut call = Call::new();
        call.for_ms(1_000, false, true);
        call.for_ms(600, true, true);
        call.for_ms(1_500, false, true);
        assert_eq!(
            call.ear.overlaps(),
            [Overlap {
                onset: ms(1_000),
                to_clear: None,
                to_silence: None,
            }]
        );
        // Talking on is no answer.
        assert!(call.ear.turns().is_empty());
    }

    #[test]
    fn a_clear_that_nobody_asked_for_is_told() {
        let mut call = Call::new();
        call.for_ms(500, false, true);
        call.clear_now();
        assert_eq!(call.ear.clears_unasked(), 1);
        assert_eq!(call.noticed.last(), Some(&Noticed::ClearUnasked));
    }

    #[test]
    fn a_voice_that_begins_softly_is_timed_from_its_first_sound() {
        let mut call = Call::new();
        call.for_ms(1_000, false, true);
        call.play(40, &faint(), &loud());
        call.clear_now();
        call.play(20, &faint(), &loud());
        call.for_ms(500, true, false);
        call.for_ms(1_000, false, false);
        assert_eq!(
            call.ear.overlaps(),
            [Overlap {
                onset: ms(1_000),
                to_clear: Some(ms(40)),
                to_silence: Some(ms(60)),
            }]
        );
        assert_eq!(call.ear.clears_unasked(), 0);
    }

    #[test]
    fn a_faint_noise_that_clears_the_agent_is_told() {
        let mut call = Call::new();
        call.for_ms(500, false, true);
        call.play(40, &faint(), &loud());
        call.clear_now();
        call.for_ms(500, false, false);
        assert!(call.ear.overlaps().is_empty());
        assert_eq!(call.ear.clears_unasked(), 1);
    }

    #[test]
    fn both_voices_begin_and_end() {
        let mut call = Call::new();
        call.for_ms(100, false, true);
        call.for_ms(600, false, false);
        call.for_ms(100, true, false);
        call.for_ms(600, false, false);
        let voices: Vec<&Noticed> = call
            .noticed
            .iter()
            .filter(|n| !matches!(n, Noticed::Turn(_)))
            .collect();
        assert_eq!(
            voices,
            [
                &Noticed::AgentBegan,
                &Noticed::AgentEnded,
                &Noticed::CallerBegan,
                &Noticed::CallerEnded,
            ]
        );
    }
}
