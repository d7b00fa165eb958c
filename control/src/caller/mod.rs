//! A simulated caller that behaves exactly like Twilio: webhook, TwiML, media stream, real-time
//! playout, mark echoes, `clear`, and what follows `<Connect>`.
//!
//! `otto call` and `otto demo` are made of it. It knows nothing of the agent's insides; what it
//! reports is measured at the caller's ear.
//!
//! | pure | does I/O |
//! |---|---|
//! | [`playout`] queue and marks · [`ear`] measures · [`conduct`] when to say what · [`script`] · [`mod@line`] · [`twiml`] · [`wire`] · [`wav`] · [`console`] · [`waterfall`] | [`stream`] socket and clock · [`webhook`] · [`live`] feed · [`place()`] a whole call |

pub mod conduct;
pub mod console;
pub mod ear;
pub mod limits;
pub mod line;
pub mod live;
pub mod mouth;
pub mod place;
pub mod playout;
pub mod record;
pub mod script;
pub mod stream;
pub mod twiml;
pub mod voice;
pub mod waterfall;
pub mod wav;
pub mod webhook;
pub mod wire;

pub use place::{CallError, CallPlan, place};
pub use record::{CallRecord, Ending, Happened, Happening};
pub use webhook::Network;
