//! The net thread: a tokio current-thread runtime that owns the speech edges.
//!
//! One task, the `switchboard`, answers the voice thread's bell and passes its facts on; it
//! serves all calls, so it runs outside tokio's cooperative budget. Every call has a `relay`
//! between its rings, its two speech edges and its session.

pub mod deepgram;
pub mod edge;
mod edge_link;
mod hearing;
mod interjection;
mod orders;
#[doc(hidden)]
pub mod rehearsal;
mod relay;
mod speaking;
mod switchboard;
mod turns;
pub mod voices;

pub(crate) use relay::Admission;
pub(crate) use switchboard::{NetParts, run, runtime};
