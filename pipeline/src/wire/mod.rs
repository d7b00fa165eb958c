//! What travels between the caller's carrier, the speech vendors and us: pure codecs.
//!
//! A carrier's media connection is WebSocket frames ([`websocket`]) that carry JSON messages
//! ([`twilio`]), and inside them base64 mu-law. A vendor's synthesiser takes and sends JSON
//! ([`deepgram_tts`]) beside its audio. The codecs read no clock and no socket: they are
//! given bytes and give values. Whatever a peer sends, they answer with a value or a typed error
//! that has a [`websocket::Violation::kind`] or [`twilio::ParseError::kind`] to count by.

pub mod deepgram_stt;
pub mod deepgram_tts;
pub mod limits;
pub mod twilio;
pub mod websocket;

/// The output buffer is too small for the message. Nothing usable was written; give more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the output buffer has too little room for the message")]
pub struct NoRoom;
