//! Signal code for telephone audio: G.711, framing, voice activity, levels, fades, resampling.
//!
//! Everything here is a pure function or a small state machine over samples: no I/O, no clock,
//! no thread, no allocation after construction. The only `unsafe` is the [`vad`] newtype that
//! makes the C detector movable between threads.
//!
//! The telephone line is 8 kHz, mono, G.711 mu-law; one frame is 20 ms ([`FRAME_SAMPLES`]).
//!
//! The path of one caller frame through this crate: bytes of any length become frames
//! ([`frame::Framer`]), a frame becomes linear samples ([`mulaw::decode_slice`]), and the samples
//! become a [`barge_in::Verdict`]. Towards the caller a synthesiser's 16 or 24 kHz becomes 8 kHz
//! ([`resample::Resampler`]) and then mu-law ([`mulaw::encode_slice`]).

pub mod barge_in;
mod ear;
mod echo;
pub mod fade;
pub mod features;
mod fft;
pub mod frame;
pub mod level;
mod model;
pub mod mulaw;
pub mod resample;
#[cfg(test)]
mod test_signal;
pub mod units;
pub mod vad;

pub use frame::{MulawFrame, PcmFrame};
pub use units::{FRAME_MS, FRAME_SAMPLES, LINE_RATE_HZ, Samples};

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;
