//! The vendors, simulated: their wire formats on real sockets, and faults on demand.
//!
//! Each simulator has `start`, an address, `inject(fault)` and `heal`, and keeps what it was sent.

pub mod deepgram_stt;
pub mod deepgram_tts;
pub mod front;
pub mod google;
pub mod nhtsa;
pub mod openai;
mod switch;
pub mod twilio;

pub use switch::Switch;
