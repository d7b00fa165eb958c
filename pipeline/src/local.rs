//! On-machine speech: a synthesiser (flite) and a recogniser (pocketsphinx) behind the same edges
//! as remote ones, without keys or network.
//!
//! The engines are C libraries from Debian packages. They are loaded at run time, in *worker*
//! processes that are our own executable started again ([`worker::main`]): the build needs no
//! headers, and a crash in C ends one request, never a call.
//!
//! ```text
//! call's edge task ([`stt::run`], [`tts::run`])
//!    | LocalSpeech: bounded queues, deadlines, cached phrases
//! supervisor thread (one per worker process; restarts it with back-off)
//!    | framed messages on a socket pair ([`protocol`])
//! worker process: flite, or two pocketsphinx decoders (grammar and language model)
//! ```
//!
//! Where the packages are missing, [`typed`] speech takes their place: the words are typed, and
//! the audio is a buzz that a voice detector takes for speech.

mod domain;
mod engine;
mod error;
#[cfg(test)]
mod failures;
mod flite;
mod library;
pub mod limits;
mod memory_file;
mod phrases;
mod pocketsphinx;
mod process;
mod protocol;
mod queue;
#[cfg(test)]
mod round_trip;
mod say;
pub mod stt;
mod supervisor;
#[cfg(test)]
mod testing;
mod trim;
pub mod tts;
pub mod typed;
pub mod worker;

pub use engine::{Check, LocalSpeech, LocalSpeechConfig, Reading, Speech};
pub use error::{CheckError, LocalSpeechError, SpeechError};
pub use library::{Missing, PACKAGES};

/// A voice of the synthesiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Voice {
    /// A woman's voice: the agent's.
    Slt,
    /// A man's voice, the one the recogniser hears best: the built-in caller's.
    Rms,
    /// A man's voice with a Scottish accent.
    Awb,
    /// An older, mechanical man's voice.
    Kal16,
}

impl Voice {
    /// All voices, in the order of their numbers on the wire.
    pub const ALL: [Self; 4] = [Self::Slt, Self::Rms, Self::Awb, Self::Kal16];
    /// Who speaks for the dealership.
    pub const AGENT: Self = Self::Slt;
    /// Who speaks a scripted caller's lines: never the agent's voice.
    pub const CALLER: Self = Self::Rms;
}
