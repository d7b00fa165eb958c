//! Reminders as customers and the network meet them: real processes against a simulated Twilio.

mod calls;
mod customer;
mod shop;
mod storm;
