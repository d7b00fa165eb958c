//! Consents and opt-outs: who may be reached, and how.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::customer::Phone;
use crate::error::StorageError;

/// A way to reach a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Voice,
    Sms,
    /// Both.
    All,
}

/// How we stand with a number on one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// They have given us the number to be told about their appointments.
    pub consented: bool,
    /// They want nothing more, whatever they consented to.
    pub opted_out: bool,
    /// How often they were tried on this channel since a certain moment.
    pub attempts: u32,
    /// When last, in business time.
    pub last_attempt: Option<Timestamp>,
}

/// Consent is kept with its source and time, for whoever asks later. An opt-out outweighs every
/// consent, before and after, until its owner lifts it in person.
#[async_trait]
pub trait Consents: Send + Sync {
    /// Keeps a consent; the same source twice is the first. `source` says where it came from, such
    /// as `ai_voice`.
    async fn consent(
        &self,
        phone: &Phone,
        channel: Channel,
        source: &str,
        at: Timestamp,
    ) -> Result<(), StorageError>;
    /// From now on nothing more goes to this number on this channel. What is sent at this moment
    /// comes before or after, never in between.
    async fn opt_out(
        &self,
        phone: &Phone,
        channel: Channel,
        source: &str,
        at: Timestamp,
    ) -> Result<(), StorageError>;
    /// The owner wants to hear from us again on this channel. Wishes may come late and in any order:
    /// an opt-out that is newer than `at` stands.
    async fn opt_in(
        &self,
        phone: &Phone,
        channel: Channel,
        source: &str,
        at: Timestamp,
    ) -> Result<(), StorageError>;
    /// [`Channel::All`] asks for either.
    async fn is_opted_out(&self, phone: &Phone, channel: Channel) -> Result<bool, StorageError>;
    /// Attempts are counted from `since` on. [`Channel::All`] counts them all.
    async fn standing(
        &self,
        phone: &Phone,
        channel: Channel,
        since: Timestamp,
    ) -> Result<Standing, StorageError>;
}

impl Channel {
    /// The single channels that it stands for, which is how they are kept.
    pub(crate) fn each(self) -> &'static [Channel] {
        match self {
            Self::Voice => &[Self::Voice],
            Self::Sms => &[Self::Sms],
            Self::All => &[Self::Voice, Self::Sms],
        }
    }
}
