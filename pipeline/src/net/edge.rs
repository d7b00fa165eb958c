//! The seam between a call and a recogniser or a synthesiser.
//!
//! A speech edge is a task on the net thread, fed and drained by bounded channels. Local engines,
//! typed speech and remote vendors all sit behind these four enums, so neither the voice thread nor
//! the control plane knows which one it talks to.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use dsp::Samples;
use tokio::sync::mpsc;

use super::deepgram::stt::{self as deepgram_stt, DeepgramStt};
use super::deepgram::tts::DeepgramTts;
use super::hearing::Delivery;
use super::voices::Voices;
use crate::local::{self, LocalSpeech};
use crate::message::{Expectation, Transcript, UtteranceId};
use crate::metrics::Metrics;

/// What a call tells its recogniser, in the order of the caller's audio.
#[derive(Clone, Debug)]
pub enum SttInput {
    /// Mu-law audio that starts at `position`. Any length; contiguous unless frames were lost.
    Audio { position: Samples, mulaw: Bytes },
    /// Most of the audio between may be the agent's own voice, that came back. Known before the
    /// audio comes; told to recognisers that hear the whole line ([`Delivery::Live`]).
    Echo { from: Samples, until: Samples },
    /// The caller began to speak. `position` includes the detector's look-back, so that audio from
    /// there on holds the whole first word.
    SpeechStarted { position: Samples },
    /// Nothing was voiced for a moment, since `last_voiced`: perhaps the end of a stretch of speech,
    /// of which [`Self::SpeechPaused`] would tell.
    SpeechFaltered {
        position: Samples,
        last_voiced: Samples,
    },
    /// A stretch of the turn's speech has ended at `last_voiced`; the caller may go on, and is known
    /// to do so after longer than others if `slow`.
    SpeechPaused {
        position: Samples,
        last_voiced: Samples,
        slow: bool,
    },
    /// The caller went on here, in the same turn.
    SpeechResumed { position: Samples },
    /// The caller's turn is over: everything up to `position` belongs to it. Answered by exactly one
    /// [`SttEvent::Final`] or [`SttEvent::Nothing`], unless it was ended before by a `Final` that
    /// reaches beyond its start.
    SpeechEnded { position: Samples },
    /// What the dialogue waits for from now on.
    Expect(Expectation),
    /// See [`crate::message::Command::TypedWords`].
    TypedWords(String),
}

/// What a recogniser reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SttEvent {
    Partial {
        text: String,
    },
    /// All words of the turn that is on, likely. Words may yet follow, or be others.
    LikelyEnd {
        text: String,
    },
    /// The caller goes on after what was likely the end.
    WentOn,
    /// The words of a turn. Without a [`SttInput::SpeechEnded`] they end it, at [`Transcript::to`]:
    /// a turn that began later goes on.
    Final(Transcript),
    /// The turn that ended at `position` held no words.
    Nothing {
        position: Samples,
    },
    /// The recogniser cannot go on for now; it recovers by itself where it can.
    Failed {
        reason: String,
    },
}

/// What a call asks of its synthesiser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TtsInput {
    /// Speak one clause; clauses are spoken in the order of arrival. `clause` counts from 0 within
    /// the utterance, `last` closes it. A last clause without text just closes it.
    Speak {
        utterance: UtteranceId,
        clause: u32,
        text: String,
        last: bool,
    },
    /// Stop work on this utterance; audio already sent is dropped by its id.
    Cancel { utterance: UtteranceId },
    /// What follows is in this language. For a synthesiser of one language this is nothing.
    Language(&'static str),
}

/// What a synthesiser delivers. The channel is bounded: where the call has no room, the
/// synthesiser waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TtsEvent {
    /// Mu-law audio at 8 kHz, any length.
    Audio {
        utterance: UtteranceId,
        mulaw: Bytes,
    },
    /// All audio of the clause has been sent.
    ClauseDone {
        utterance: UtteranceId,
        clause: u32,
        samples: Samples,
    },
    /// All audio of the utterance has been sent.
    Done { utterance: UtteranceId },
    Failed {
        utterance: UtteranceId,
        reason: String,
    },
}

/// A speech edge at work: ends when its input closes.
pub type EdgeTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts a recogniser for one call.
pub type StartStt =
    Arc<dyn Fn(mpsc::Receiver<SttInput>, mpsc::Sender<SttEvent>) -> EdgeTask + Send + Sync>;

/// Starts a synthesiser for one call.
pub type StartTts =
    Arc<dyn Fn(mpsc::Receiver<TtsInput>, mpsc::Sender<TtsEvent>) -> EdgeTask + Send + Sync>;

/// Which recogniser and which synthesiser the calls of a data plane get.
#[derive(Clone, Debug)]
pub struct SpeechConfig {
    pub stt: SttConfig,
    pub tts: TtsConfig,
}

/// Where words come from.
#[derive(Clone)]
pub enum SttConfig {
    /// The engine on this machine.
    Local(LocalSpeech),
    /// None: the words are typed.
    Typed,
    /// Deepgram's, and what recognises in its place when it fails.
    Deepgram(Arc<DeepgramStt>),
    /// Any other recogniser: a simulator, or one that lives outside this crate.
    Custom(StartStt),
}

impl SttConfig {
    /// Whether [`SttInput::TypedWords`] mean anything to it.
    pub(crate) fn takes_typed_words(&self) -> bool {
        match self {
            Self::Local(_) | Self::Deepgram(_) => false,
            Self::Typed | Self::Custom(_) => true,
        }
    }

    /// How it wants the caller's audio.
    pub(super) fn delivery(&self) -> Delivery {
        match self {
            Self::Local(_) | Self::Typed | Self::Custom(_) => Delivery::Cut,
            Self::Deepgram(_) => Delivery::Live,
        }
    }

    /// The task that recognises one call.
    pub(crate) fn start(
        &self,
        input: mpsc::Receiver<SttInput>,
        output: mpsc::Sender<SttEvent>,
        metrics: &Arc<Metrics>,
    ) -> EdgeTask {
        match self {
            Self::Local(speech) => Box::pin(local::stt::run(speech.clone(), input, output)),
            Self::Typed => Box::pin(local::typed::stt(input, output)),
            Self::Deepgram(ear) => {
                let (ear, metrics) = (ear.clone(), metrics.clone());
                Box::pin(deepgram_stt::run(ear, metrics, input, output))
            }
            Self::Custom(start) => start(input, output),
        }
    }
}

impl fmt::Debug for SttConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local(_) => "Local",
            Self::Typed => "Typed",
            Self::Deepgram(_) => "Deepgram",
            Self::Custom(_) => "Custom",
        })
    }
}

/// Where the agent's voice comes from.
#[derive(Clone)]
pub enum TtsConfig {
    /// The engine on this machine.
    Local(LocalSpeech),
    /// None: a buzz as long as the words would take.
    Typed,
    /// Deepgram's, and what speaks in its place when it fails.
    Deepgram(Arc<DeepgramTts>),
    /// A voice for each language of the call.
    ByLanguage(Arc<Voices>),
    /// Any other synthesiser: a simulator, or one that lives outside this crate.
    Custom(StartTts),
}

impl TtsConfig {
    /// The task that speaks for one call.
    pub(crate) fn start(
        &self,
        input: mpsc::Receiver<TtsInput>,
        output: mpsc::Sender<TtsEvent>,
        metrics: &Arc<Metrics>,
    ) -> EdgeTask {
        match self {
            Self::Local(speech) => Box::pin(local::tts::run(speech.clone(), input, output)),
            Self::Typed => Box::pin(local::typed::tts(input, output)),
            Self::Deepgram(voice) => {
                let (voice, metrics) = (voice.clone(), metrics.clone());
                Box::pin(super::deepgram::tts::run(voice, metrics, input, output))
            }
            Self::ByLanguage(voices) => {
                let (voices, metrics) = (voices.clone(), metrics.clone());
                Box::pin(super::voices::run(voices, metrics, input, output))
            }
            Self::Custom(start) => start(input, output),
        }
    }
}

impl fmt::Debug for TtsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local(_) => "Local",
            Self::Typed => "Typed",
            Self::Deepgram(_) => "Deepgram",
            Self::ByLanguage(_) => "ByLanguage",
            Self::Custom(_) => "Custom",
        })
    }
}
