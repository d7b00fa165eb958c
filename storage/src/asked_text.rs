//! Text messages that callers ask for: of each kind one in a call, and written down before it is sent.
//!
//! The network cannot be asked to send a message only once. So the intent is committed first
//! ([`AskedTexts::intend`]), and whatever becomes of it is kept ([`AskedTexts::conclude`]); an intent whose
//! outcome nobody knows is not sent again.

use async_trait::async_trait;

use crate::consent::{Channel, Consents};
use crate::customer::Phone;
use crate::error::StorageError;

/// What such a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Appointment,
    AddressAndHours,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Intended,
    /// The network has taken it.
    Sent,
    /// Whether the network has taken it is not known.
    Unknown,
    /// The network did not take it; it may be asked for again.
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedText {
    pub call_sid: String,
    pub topic: Topic,
    pub to: Phone,
    pub state: State,
}

/// Whether an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intended {
    Committed,
    /// This call has been sent it. Nothing more may be.
    Repeated,
    /// They want no messages from us. Nothing may be sent.
    OptedOut,
}

impl Intended {
    /// What a try to commit has come to: `committed` where it wrote.
    pub(crate) async fn of(
        committed: bool,
        to: &Phone,
        consents: &impl Consents,
    ) -> Result<Self, StorageError> {
        Ok(if committed {
            Self::Committed
        } else if consents.is_opted_out(to, Channel::Sms).await? {
            Self::OptedOut
        } else {
            Self::Repeated
        })
    }
}

#[async_trait]
pub trait AskedTexts: Send + Sync {
    /// Commits the intent to send; only then may anybody.
    async fn intend(
        &self,
        call_sid: &str,
        topic: Topic,
        to: &Phone,
    ) -> Result<Intended, StorageError>;
    /// Keeps what became of it.
    async fn conclude(
        &self,
        call_sid: &str,
        topic: Topic,
        state: State,
    ) -> Result<(), StorageError>;
    /// In the order in which they were asked for.
    async fn of_call(&self, call_sid: &str) -> Result<Vec<AskedText>, StorageError>;
}

/// The same words in both databases. $1 call, $2 topic, $3 number.
pub(crate) const INTEND: &str = "INSERT INTO asked_texts (call_sid, topic, to_number)
    SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM opt_outs
        WHERE phone = $3 AND channel = 'sms' AND lifted_at IS NULL)
    ON CONFLICT (call_sid, topic)
    DO UPDATE SET state = 'intended', to_number = excluded.to_number
    WHERE asked_texts.state = 'refused'";

pub(crate) const CONCLUDE: &str =
    "UPDATE asked_texts SET state = $3 WHERE call_sid = $1 AND topic = $2";

pub(crate) const OF_CALL: &str = "SELECT * FROM asked_texts WHERE call_sid = $1 ORDER BY id";
