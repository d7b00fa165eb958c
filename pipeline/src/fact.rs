//! The small facts that a shard's two threads tell each other.
//!
//! A [`Report`] goes from the voice thread to the net thread, an [`Order`] the other way. Both are
//! `Copy`, carry no text, and travel in order by one ring per direction and shard. A report about
//! the caller's audio names the sample position it belongs to; the net thread drains the call's
//! audio up to there first, so that the end of a turn cannot overtake the turn.

use std::time::Duration;

use dsp::Samples;

use crate::message::{Expectation, UtteranceId};
use crate::time::Mono;

/// Which call a fact is about. Slots are used again, so a fact names the occupant, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallKey {
    pub(crate) slot: u16,
    /// Rises with every call of the shard; never used again.
    pub(crate) serial: u64,
}

/// A fact, the call it is about, and when it became one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct About<T> {
    pub(crate) call: CallKey,
    pub(crate) at: Mono,
    pub(crate) fact: T,
}

/// What the voice thread tells: what the caller did and heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The call has its slot; media flows.
    Started,
    /// The ring holds the caller's audio up to this position. `speech` says whether the caller
    /// speaks or has only just stopped, so that a recogniser should have it at once; `echo`, whether
    /// the agent's own voice came back in what is new of it.
    Audio {
        until: Samples,
        speech: bool,
        echo: bool,
    },
    /// The caller began to speak here; the look-back is not yet taken off.
    SpeechStarted {
        position: Samples,
    },
    /// Nothing was voiced for a moment, since `last_voiced`: perhaps the end of a stretch of speech.
    SpeechFaltered {
        position: Samples,
        last_voiced: Samples,
    },
    /// A stretch of speech has ended at `last_voiced`; the caller may go on. Known at `position`.
    SpeechPaused {
        position: Samples,
        last_voiced: Samples,
        /// This caller is known to pause for longer than others.
        slow: bool,
    },
    /// The caller went on here, in the same turn.
    SpeechResumed {
        position: Samples,
    },
    /// The caller's turn is over; everything up to `position` belongs to it.
    SpeechEnded {
        position: Samples,
        silence: Samples,
    },
    /// The first frame of an utterance left for the caller.
    UtteranceStarted {
        utterance: UtteranceId,
    },
    /// So much of an utterance has been heard.
    Heard {
        utterance: UtteranceId,
        samples: Samples,
    },
    /// All of an utterance has been heard.
    UtteranceFinished {
        utterance: UtteranceId,
        samples: Samples,
    },
    /// The caller makes a sound over this utterance, and the agent has fallen silent. Either
    /// [`Self::BargeIn`] or [`Self::Resumed`] follows, unless the control plane retires it.
    Ducked {
        utterance: UtteranceId,
        /// Where the sound began; the look-back is not yet taken off.
        voice: Samples,
        /// When the first voiced frame of it arrived.
        voiced_at: Mono,
        /// When `clear` had been written.
        cleared_at: Mono,
    },
    /// The interruption came to nothing: the agent goes on with this utterance.
    Resumed {
        utterance: UtteranceId,
        /// Where in it the agent goes on; a little of it may be repeated.
        from: Samples,
        silent_for: Duration,
    },
    /// An [`Order::Commit`] about this utterance was carried out; a [`Self::BargeIn`] came before,
    /// if there was anything left to interrupt.
    Decided {
        utterance: UtteranceId,
    },
    /// The caller has taken the floor from this utterance: it and all before it are retired.
    BargeIn {
        utterance: UtteranceId,
        heard: Samples,
        /// When the first voiced frame of the interruption arrived.
        voiced_at: Mono,
        /// When `clear` had been written.
        cleared_at: Mono,
    },
    Keypad {
        key: u8,
    },
    /// The ring for agent audio was full and has room again.
    Room,
}

impl Report {
    /// Whether the net thread should know at once, rather than at the end of the tick.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Started
            | Self::SpeechStarted { .. }
            | Self::SpeechFaltered { .. }
            | Self::SpeechPaused { .. }
            | Self::SpeechResumed { .. }
            | Self::SpeechEnded { .. }
            | Self::Ducked { .. }
            | Self::Decided { .. }
            | Self::BargeIn { .. }
            | Self::Room => true,
            Self::Audio { speech, .. } => *speech,
            Self::UtteranceStarted { .. }
            | Self::Heard { .. }
            | Self::Resumed { .. }
            | Self::UtteranceFinished { .. }
            | Self::Keypad { .. } => false,
        }
    }
}

/// What the net thread wants of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// There is agent audio in the ring that should not wait for the tick.
    Audio,
    /// Nothing of this utterance, or of any before it, is heard from now on.
    Retire { through: UtteranceId },
    /// The caller's words take the floor from this utterance, and from what follows it. Answered by
    /// [`Report::Decided`].
    Commit { utterance: UtteranceId },
    /// The caller's words only acknowledge this utterance: where the agent has fallen silent, it
    /// goes on as soon as the caller is quiet.
    Resume { utterance: UtteranceId },
    /// What the dialogue waits for: decides how long a pause ends a turn.
    Expect(Expectation),
    /// The words of the caller's turn are known up to here: it is over, without a report. Where
    /// the caller has gone on since, a new turn begins there.
    EndTurn { through: Samples },
    /// Hang up; `after_playout` once everything in the ring has been heard. The net thread gives
    /// this order only when the ring holds all there is to hear.
    HangUp { after_playout: bool },
}
