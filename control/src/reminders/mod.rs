//! Reminders: calls and text messages that nobody asked for just now.
//!
//! The book holds a row for each ([`storage::reminder`]). [`policy`] decides about one: now, later or
//! never, and why; it is pure. The [`runner`] claims rows, asks the policy, and acts; any number of
//! them may run. [`callbacks`] keep what the network tells of an attempt, [`owed`] what customers ask for
//! while the book is away, [`texts`] are the words of messages. [`offers`] writes to whoever waits for a
//! time that comes free, a [`messenger`] to whoever asks for it in a call.

pub mod callbacks;
pub mod messenger;
pub mod offers;
pub mod owed;
pub mod policy;
pub mod runner;
pub mod texts;

pub use messenger::{ByNetwork, Messenger};
pub use offers::Offers;
pub use owed::Owed;
pub use policy::{Guard, Policies, Policy};
pub use runner::{NotReady, Runner};
