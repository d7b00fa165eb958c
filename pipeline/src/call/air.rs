//! The air: the latest agent audio that was taken from the ring, for as long as it may be needed
//! again.
//!
//! What was sent and not heard is forgotten by the far end when the caller makes a sound. If that
//! comes to nothing the agent goes on where it was, so the call keeps what is in the air, and
//! enough of what was heard before it to begin again at a quiet moment.

use std::collections::VecDeque;

use dsp::{FRAME_SAMPLES, PcmFrame, Samples, mulaw};

use super::outlet::Outlet;
use crate::limits::{AIR_FRAMES, RESUME_BACK};
use crate::message::UtteranceId;
use crate::ring::AgentFrame;

/// Agent frames in the order of playing: those that were sent, then those to be sent again. What
/// comes after them waits in the ring.
#[derive(Debug)]
pub(super) struct Air {
    /// Never more than [`AIR_FRAMES`], so it never grows.
    frames: VecDeque<AgentFrame>,
    /// The first of them that is to be sent again.
    next: usize,
}

impl Default for Air {
    fn default() -> Self {
        Self {
            frames: VecDeque::with_capacity(AIR_FRAMES),
            next: 0,
        }
    }
}

impl Air {
    /// The next frame to be sent.
    pub(super) fn head<'a>(&'a self, out: &'a impl Outlet) -> Option<&'a AgentFrame> {
        self.frames.get(self.next).or_else(|| out.waiting())
    }

    /// How many frames wait to be sent, end markers included.
    pub(super) fn waiting_frames(&self, out: &impl Outlet) -> usize {
        self.frames.len() - self.next + out.waiting_frames()
    }

    /// The next frame to be sent is being sent: it is in the air now.
    pub(super) fn take(&mut self, out: &mut impl Outlet) {
        if self.next < self.frames.len() {
            self.next += 1;
            return;
        }
        let Some(frame) = out.take_waiting() else {
            return;
        };
        if self.frames.len() == AIR_FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
        self.next = self.frames.len();
    }

    /// Goes back to where the caller heard the agent last: `heard` samples into `utterance`. All
    /// from there on is sent again. With `to_a_dip` it begins at the quietest frame of the last
    /// [`RESUME_BACK`], so that the caller does not hear half a word. Returns where it begins.
    pub(super) fn rewind(
        &mut self,
        utterance: UtteranceId,
        heard: Samples,
        to_a_dip: bool,
    ) -> Samples {
        let unheard = |frame: &AgentFrame| {
            frame.utterance > utterance
                || frame.utterance == utterance && (frame.is_end() || frame.until() > heard)
        };
        let first = self.frames.iter().position(unheard);
        self.next = first.unwrap_or(self.frames.len());
        if to_a_dip {
            self.next = self.dip(utterance, heard);
        }
        match self.frames.get(self.next) {
            Some(frame) if frame.utterance == utterance => frame.position.min(heard),
            _ => heard,
        }
    }

    /// The quietest frame not far before `heard`; of equals the latest.
    fn dip(&self, utterance: UtteranceId, heard: Samples) -> usize {
        let near = |&(_, frame): &(usize, &AgentFrame)| {
            frame.utterance == utterance
                && frame.position <= heard
                && heard - frame.position <= RESUME_BACK
                && !frame.is_end()
        };
        let candidates = self.frames.iter().enumerate().take(self.next + 1);
        candidates
            .filter(near)
            .map(|(at, frame)| (at, loudness(frame)))
            .fold(None, |dip: Option<(usize, u64)>, (at, loudness)| {
                Some(dip.filter(|dip| dip.1 < loudness).unwrap_or((at, loudness)))
            })
            .map_or(self.next, |(at, _)| at)
    }

    /// Nothing of these utterances is wanted any more.
    pub(super) fn forget(&mut self, through: UtteranceId) {
        let sent = self.frames.iter().take(self.next);
        self.next -= sent.filter(|frame| frame.utterance <= through).count();
        self.frames.retain(|frame| frame.utterance > through);
    }
}

/// A measure of a frame's energy.
fn loudness(frame: &AgentFrame) -> u64 {
    let mut pcm: PcmFrame = [0; FRAME_SAMPLES];
    mulaw::decode_slice(&frame.mulaw, &mut pcm);
    pcm.iter()
        .map(|&s| u64::from(s.unsigned_abs()).pow(2))
        .sum()
}
