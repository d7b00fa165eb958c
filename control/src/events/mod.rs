//! The event log of a call: everything that its conversation was told, and everything that it did,
//! with times; enough to lead the same conversation again ([`crate::session::replay`]).
//!
//! A log is a file of JSON lines: a [`Header`], then [`Line`]s in the order in which things happened.
//! What a conversation is told comes before what it does about it. A *masked* log has numbers, dates,
//! addresses, VINs and keys taken out, as [`crate::dialogue::mask`] knows them; names stay. It shows
//! what happened and when, and the conversation cannot be led again by it.
//!
//! [`keep`] writes the files beside the calls, [`read`] reads one.

pub mod check;
pub mod keep;
pub mod read;

pub use keep::{CallEvents, Keeping};
pub use read::{BadLog, Log};

use jiff::Timestamp;
use pipeline::message::EventKind;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use storage::{Location, Locations};

use crate::dialogue::{Input, ToolId};
use crate::feed::FeedEvent;
use crate::llm;
use crate::tools::ToolOutcome;

/// The form of logs that this program writes and reads.
pub const FORMAT: u32 = 1;

/// What a conversation began with.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Header {
    pub format: u32,
    /// The version of the program that led the call.
    pub program: String,
    pub call: String,
    /// Business time when the conversation began.
    pub began: Timestamp,
    /// Nanoseconds of the program's monotonic clock at the same moment; times of lines count from it.
    pub mono_ns: u64,
    /// Key of the location that answered.
    pub location: String,
    /// Of the location files and the policies in them; see [`digest`].
    pub locations: String,
    pub led_by: LedBy,
    /// Whether the caller's words were typed beside the audio.
    pub typed: bool,
    pub masked: bool,
}

/// What led the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedBy {
    Rules,
    Model,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// Nanoseconds since the conversation began.
    pub t: i64,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The conversation was told this.
    In(Given),
    /// As `In`, masked.
    InMasked(Value),
    /// The conversation did this.
    Out(Value),
    /// Told of the call beside the conversation.
    Fact(FeedEvent),
}

/// What a conversation is told.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    Opened(Input),
    /// Of the data plane. `at`: nanoseconds since the conversation began.
    Event {
        at: i64,
        kind: EventKind,
    },
    Model(llm::Answer),
    Tool {
        id: ToolId,
        outcome: ToolOutcome,
    },
    /// A machine listens.
    Machine,
    /// Something was due.
    Timeout,
}

/// Tells location files apart, by all that they say. The same for the same program.
#[must_use]
pub fn digest(locations: &Locations) -> String {
    let mut hash = Sha256::new();
    for location in locations.iter() {
        let location: &Location = location;
        hash.update(format!("{location:?}"));
    }
    hex(&hash.finalize())
}

/// The beginning of a hash, enough to tell two apart.
pub(crate) fn hex(hash: &[u8]) -> String {
    let bytes = hash.iter().take(8);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}
