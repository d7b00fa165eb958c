//! The data plane: dedicated threads that carry a call's audio.
//!
//! A *shard* is two threads. The **voice thread** owns the callers' sockets and the pure call
//! machines; from a caller's frame to `clear` nothing but this thread is involved. The **net
//! thread** is a tokio current-thread runtime that owns the speech edges (STT and TTS). The control
//! plane holds a [`message::Command`] sender and an [`message::Event`] receiver per call and never
//! touches audio.

pub mod call;
mod doorbell;
pub mod endpointing;
pub mod fact;
pub mod histogram;
pub mod limits;
pub mod local;
pub mod message;
pub mod metrics;
pub mod net;
pub mod plane;
pub mod ring;
pub mod time;
pub mod vendor;
mod voice;
pub mod wire;

pub use net::deepgram::stt::{DeepgramStt, LocalEar};
pub use net::deepgram::tts::{DeepgramTts, LocalVoice, PhraseCache};
pub use net::edge::{SpeechConfig, SttConfig, TtsConfig};
pub use net::voices::Voices;
pub use plane::{Arrival, CallHandle, DataPlane, DataPlaneConfig};
pub use time::Mono;
