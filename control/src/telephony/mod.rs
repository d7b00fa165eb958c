//! Twilio: its signatures, TwiML, its REST API; the media token, call SIDs.

pub mod rest;
mod sid;
pub mod signature;
pub mod status;
pub mod token;
pub mod twiml;

pub use sid::{CallSid, InvalidCallSid};
