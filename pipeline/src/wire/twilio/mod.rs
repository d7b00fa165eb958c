//! Twilio Media Streams: the JSON messages of one call's media connection.
//!
//! A stream says `connected`, then `start` (who calls, and the parameters of our TwiML), then
//! `media` every 20 ms, `dtmf` for keys and `mark` echoes in between, and `stop` at the end. We
//! send three messages only: `media`, `mark` (it comes back once all audio before it was played)
//! and `clear` (forget what is not played yet; all marks come back at once). `media` carries
//! base64 of G.711 mu-law at 8 kHz, usually 160 bytes; no size is promised.
//!
//! The source is Twilio's "Media Streams - WebSocket Messages". Numbers arrive as strings
//! (`"chunk":"2"`), but we take either; members and events that we do not know are ignored.

mod canonical;
mod check;
mod json;
mod parse;
mod start;
mod write;

#[doc(hidden)]
pub use check::check_any_message;
pub use parse::{Event, Inbound, ParseError, parse};
pub use start::Start;
pub use write::{write_clear, write_mark, write_media};
