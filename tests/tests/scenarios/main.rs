//! What a dealership's day brings: whole calls over real sockets, with the book in SQLite and in
//! Postgres, judged by what the caller hears and by what the book and the calendar hold afterwards.
//!
//! The shop has one bay; it is a Monday, at ten.

mod booking;
mod calls;
mod outages;
mod questions;
mod record;
mod reminders;
mod spanish;
