//! What we say to the telephone network: TwiML, the media token, call SIDs.

mod sid;
pub mod signature;
pub mod token;
pub mod twiml;

pub use sid::{CallSid, InvalidCallSid};
