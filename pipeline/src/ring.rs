//! The rings that carry one call's audio between its two threads.
//!
//! Lock-free, single producer, single consumer, fixed frames: neither side ever waits for the
//! other. A full ring returns the frame; the voice thread counts and drops it, the net thread
//! keeps it and stops reading the synthesiser until the voice thread asks for more.

use dsp::{FRAME_SAMPLES, MulawFrame, Samples};
use ringbuf::traits::Split;
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::limits::{STT_RING_FRAMES, TTS_RING_FRAMES};
use crate::message::UtteranceId;

/// 20 ms of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerFrame {
    /// Where the frame begins in the caller's audio.
    pub position: Samples,
    pub mulaw: MulawFrame,
}

/// 20 ms of the agent, or the end of an utterance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentFrame {
    pub utterance: UtteranceId,
    /// Where the frame begins in its utterance.
    pub position: Samples,
    /// Samples of the utterance in this frame; the rest is silence. Less than a frame only at the
    /// end of an utterance, and zero in the marker that closes one.
    pub len: u8,
    pub mulaw: MulawFrame,
}

impl AgentFrame {
    /// The marker that closes an utterance of this length.
    #[must_use]
    pub const fn end(utterance: UtteranceId, length: Samples) -> Self {
        Self {
            utterance,
            position: length,
            len: 0,
            mulaw: [dsp::mulaw::SILENCE; FRAME_SAMPLES],
        }
    }

    #[must_use]
    pub const fn is_end(&self) -> bool {
        self.len == 0
    }

    /// Where the frame ends in its utterance.
    #[must_use]
    pub fn until(&self) -> Samples {
        self.position + Samples(u64::from(self.len))
    }
}

/// The voice thread's ends of a call's rings.
pub(crate) struct VoiceEnds {
    pub(crate) caller: HeapProd<CallerFrame>,
    pub(crate) agent: HeapCons<AgentFrame>,
}

/// The net thread's ends of a call's rings.
pub(crate) struct NetEnds {
    pub(crate) caller: HeapCons<CallerFrame>,
    pub(crate) agent: HeapProd<AgentFrame>,
}

/// Allocates both rings of one call.
pub(crate) fn rings() -> (VoiceEnds, NetEnds) {
    let (caller_in, caller_out) = HeapRb::new(STT_RING_FRAMES).split();
    let (agent_in, agent_out) = HeapRb::new(TTS_RING_FRAMES).split();
    (
        VoiceEnds {
            caller: caller_in,
            agent: agent_out,
        },
        NetEnds {
            caller: caller_out,
            agent: agent_in,
        },
    )
}
