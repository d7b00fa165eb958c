//! What the data plane counts: plain atomics, written by its threads, read at scrape time.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::histogram::Histogram;
use crate::vendor::VendorErrors;

/// All numbers of a data plane. Every counter is relaxed: each stands for itself.
#[derive(Debug, Default)]
pub struct Metrics {
    /// From the arrival of the first voiced frame to the written `clear`.
    pub barge_in: Histogram,
    /// How long one tick's work took.
    pub tick: Histogram,
    /// How late a tick began.
    pub tick_late: Histogram,
    /// How long a message of the caller took whose audio went through the echo canceller.
    pub echo: Histogram,
    /// From the end of a turn to its words.
    pub stt_final: Histogram,
    /// From the first clause of an utterance to its first audio.
    pub tts_first_byte: Histogram,
    /// What vendors did to us; the control plane counts its own here, too.
    pub vendor_errors: VendorErrors,
    calls_active: AtomicU64,
    calls_admitted: AtomicU64,
    oddities: [AtomicU64; Oddity::ALL.len()],
}

impl Metrics {
    /// Calls that hold a slot now.
    #[must_use]
    pub fn calls_active(&self) -> u64 {
        self.calls_active.load(Ordering::Relaxed)
    }

    /// Calls ever admitted.
    #[must_use]
    pub fn calls_admitted(&self) -> u64 {
        self.calls_admitted.load(Ordering::Relaxed)
    }

    /// How often this has happened.
    #[must_use]
    pub fn count_of(&self, oddity: Oddity) -> u64 {
        self.oddities[oddity as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, oddity: Oddity) {
        self.oddities[oddity as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn call_admitted(&self) {
        self.calls_admitted.fetch_add(1, Ordering::Relaxed);
        self.calls_active.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn call_freed(&self) {
        self.calls_active.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Things that should not happen, and then are counted rather than fatal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Oddity {
    /// A text message that is not the JSON it should be.
    BadMessage,
    /// Media whose payload is not base64.
    BadPayload,
    /// A message for another stream.
    WrongStream,
    /// A `start` after the call had started.
    SecondStart,
    /// A binary message; Twilio sends none.
    BinaryMessage,
    /// A WebSocket frame or message beyond what we take.
    Oversized,
    /// Another breach of the WebSocket protocol; that connection is closed.
    ProtocolError,
    /// An event name we do not know; ignored, as the protocol asks.
    UnknownEvent,
    /// A mark that was never sent, or came back before.
    UnknownMark,
    /// A mark from before the last `clear`: cleared, so not played.
    ClearedMark,
    /// A mark that did not come back in time.
    LostMark,
    /// The caller's buffer ran dry in the middle of an utterance.
    Underrun,
    /// Caller audio that the net thread did not take in time.
    CallerFrameDropped,
    /// Caller audio that the recogniser did not take in time.
    BacklogDropped,
    /// Audio of an utterance that was already retired.
    RetiredAudio,
    /// An interruption that came to nothing: the agent went on.
    FalseBargeIn,
    /// Words that a recogniser found in the agent's echo.
    EchoedWords,
    /// A pong for which the write buffer had no room.
    PongDropped,
    /// Typed words for a recogniser that listens.
    CommandIgnored,
    /// An event that the session did not take in time.
    EventDropped,
    /// A full ring of facts: our bug, and the call was ended.
    FactDropped,
    /// A speech edge that ended or panicked before its call.
    EdgeLost,
    /// A call machine panicked, and its call was ended.
    CallPanicked,
    /// A voice thread that did not turn for too long.
    VoiceStall,
}

impl Oddity {
    pub const ALL: [Self; 24] = [
        Self::BadMessage,
        Self::BadPayload,
        Self::WrongStream,
        Self::SecondStart,
        Self::BinaryMessage,
        Self::Oversized,
        Self::ProtocolError,
        Self::UnknownEvent,
        Self::UnknownMark,
        Self::ClearedMark,
        Self::LostMark,
        Self::Underrun,
        Self::CallerFrameDropped,
        Self::BacklogDropped,
        Self::RetiredAudio,
        Self::FalseBargeIn,
        Self::EchoedWords,
        Self::PongDropped,
        Self::CommandIgnored,
        Self::EventDropped,
        Self::FactDropped,
        Self::EdgeLost,
        Self::CallPanicked,
        Self::VoiceStall,
    ];

    /// The name it has in a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::BadMessage => "bad_message",
            Self::BadPayload => "bad_payload",
            Self::WrongStream => "wrong_stream",
            Self::SecondStart => "second_start",
            Self::BinaryMessage => "binary_message",
            Self::Oversized => "oversized",
            Self::ProtocolError => "protocol_error",
            Self::UnknownEvent => "unknown_event",
            Self::UnknownMark => "unknown_mark",
            Self::ClearedMark => "cleared_mark",
            Self::LostMark => "lost_mark",
            Self::Underrun => "underrun",
            Self::CallerFrameDropped => "caller_frame_dropped",
            Self::BacklogDropped => "backlog_dropped",
            Self::RetiredAudio => "retired_audio",
            Self::FalseBargeIn => "false_barge_in",
            Self::EchoedWords => "echoed_words",
            Self::PongDropped => "pong_dropped",
            Self::CommandIgnored => "command_ignored",
            Self::EventDropped => "event_dropped",
            Self::FactDropped => "fact_dropped",
            Self::EdgeLost => "edge_lost",
            Self::CallPanicked => "call_panicked",
            Self::VoiceStall => "voice_stall",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_oddity_has_its_own_place_and_label() {
        let metrics = Metrics::default();
        for (n, oddity) in Oddity::ALL.into_iter().enumerate() {
            assert_eq!(oddity as usize, n);
            metrics.count(oddity);
            assert_eq!(metrics.count_of(oddity), 1);
        }
        let labels: std::collections::HashSet<_> =
            Oddity::ALL.iter().map(|oddity| oddity.label()).collect();
        assert_eq!(labels.len(), Oddity::ALL.len());
    }
}
