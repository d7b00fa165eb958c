//! Signal code for telephone audio: G.711, framing, voice activity, levels, fades, resampling.
//!
//! Everything here is a pure function or a small state machine over samples: no I/O, no clock,
//! no thread, no allocation after construction. The only `unsafe` is the [`vad`] newtype that
//! makes the C detector movable between threads.
//!
//! The telephone line is 8 kHz, mono, G.711 mu-law; one frame is 20 ms ([`FRAME_SAMPLES`]).

pub mod units;

pub use units::{FRAME_MS, FRAME_SAMPLES, LINE_RATE_HZ, Samples};
