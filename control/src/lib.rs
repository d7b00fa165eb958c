//! The control plane: everything of a call that is not audio.
//!
//! HTTP and webhooks, one [`session`] task per call, the [`dialogue`] and its [`tools`], the command
//! line. It may be slow, blocked or broken; the audio goes on in `pipeline`.

pub mod calendar;
pub mod caller;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod dialogue;
pub mod events;
pub mod feed;
pub mod http;
pub mod limits;
pub mod llm;
pub mod nhtsa;
pub mod nlu;
pub mod nodes;
pub mod observe;
pub mod reminders;
pub mod server;
pub mod session;
pub mod speech;
pub mod telephony;
pub mod timeline;
pub mod tools;
