//! Twilio as a vendor: its signed webhooks in front of a whole server.

mod calls;
mod notes;
mod ours;
mod scene;
mod signatures;
