//! The data plane: dedicated threads that carry a call's audio.
//!
//! A *shard* is two threads. The **voice thread** owns the callers' sockets and the pure call
//! machines; from a caller's frame to `clear` nothing but this thread is involved. The **net
//! thread** is a tokio current-thread runtime that owns the speech edges (STT and TTS). The control
//! plane holds a [`message::Command`] sender and an [`message::Event`] receiver per call and never
//! touches audio.

pub mod message;
pub mod net;
pub mod time;

pub use time::Mono;
