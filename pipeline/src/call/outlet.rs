//! What a call may do to the world.

use crate::fact::Report;
use crate::metrics::Oddity;
use crate::ring::{AgentFrame, CallerFrame};
use crate::time::Mono;

use super::ledger::MarkName;

/// The way out of a call machine, and its view of the agent audio that waits.
///
/// On the voice thread this is the caller's socket and the rings; under test it is a recorder.
/// Nothing here may wait, and nothing fails: what a full buffer or ring means is decided behind
/// the trait, once, and counted.
pub trait Outlet {
    /// The oldest agent frame that waits.
    fn waiting(&self) -> Option<&AgentFrame>;

    /// How many agent frames wait, end markers included.
    fn waiting_frames(&self) -> usize;

    /// Takes the oldest agent frame that waits.
    fn take_waiting(&mut self) -> Option<AgentFrame>;

    /// Whether the caller's socket has taken all media before. Otherwise media waits where it is,
    /// so that a `clear` overtakes it.
    fn takes_media(&self) -> bool;

    /// Sends agent audio to the caller.
    fn media(&mut self, mulaw: &[u8]);

    /// Asks the far end to say when it has played everything sent so far.
    fn mark(&mut self, name: MarkName);

    /// Has the far end forget what it has not played. `voiced_at` is when the first voiced frame
    /// arrived, where a voice is the reason. Returns the time at which `clear` was written.
    fn clear(&mut self, now: Mono, voiced_at: Option<Mono>) -> Mono;

    /// Passes a frame of the caller on to the recogniser.
    fn caller_frame(&mut self, frame: CallerFrame);

    /// Tells the net thread.
    fn report(&mut self, report: Report);

    fn count(&mut self, oddity: Oddity);
}
