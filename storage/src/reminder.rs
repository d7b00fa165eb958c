//! Reminders: what is still to be said to a customer about an appointment, and what came of it.
//!
//! A reminder is a row that is written in the appointment's own transaction, and superseded with it
//! when it is moved or cancelled. It says *that* somebody is to be reminded; when, and whether at
//! all, is decided above, each time that a row is looked at.
//!
//! # At most once
//!
//! The network cannot be asked to place a call only once, and its calls carry no mark of ours. So the
//! intent is committed before anything is dialled ([`Reminders::intend`]), under an [`AttemptId`] that
//! is part of every address we give to the network. An intent whose outcome nobody knows is never
//! dialled again: it is found out ([`Reminders::accepted`], [`Reminders::conclude`]), or given up
//! ([`Reminders::give_up`]).
//!
//! ```text
//! planned ⇄ leased → dialling → done
//!    ↑         ↓  ↘      ↓  ↘
//!    └─ again ──────────┘    unknown      skipped, superseded: from planned and leased
//! ```
//!
//! Rows are leased by the database's own clock, which all nodes share. A lease that ran out is
//! anybody's; what its owner still wants to write is refused.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::appointment::{Appointment, AppointmentId};
use crate::consent::Channel;
use crate::customer::{Customer, Phone};
use crate::error::StorageError;
use crate::vehicle::Vehicle;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ReminderId(pub i64);

/// Names one attempt to reach a customer. It goes into addresses that the network calls back, so it
/// cannot be guessed.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct AttemptId(String);

/// What is to be said, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A call, the day before.
    Voice,
    /// A text message, shortly before.
    Sms,
    /// A text message, once it is booked or moved.
    Confirmation,
    /// After the visit, by whichever way the location prefers.
    FollowUp,
}

/// Where a reminder is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody looks at it before it is due.
    Planned,
    /// Somebody decides about it.
    Leased,
    /// An intent is committed: a call or a message may be under way.
    Dialling,
    Done,
    /// Decided against; the reason says why.
    Skipped,
    /// The appointment was moved or cancelled.
    Superseded,
    /// Whether the customer was reached could not be found out. They are not tried again.
    Unknown,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Confirmed,
    Moved,
    Cancelled,
    /// They want no more of these.
    OptedOut,
    /// A machine took our message.
    Voicemail,
    /// Somebody answered and decided nothing.
    Reached,
    /// A text message arrived.
    Delivered,
    /// A text message was taken by the network; whether it arrived is not known.
    Sent,
    NoAnswer,
    Busy,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    pub id: ReminderId,
    pub appointment: AppointmentId,
    pub kind: Kind,
    /// The start that it is about. The appointment's may be another by now: then a newer row is.
    pub starts_at: Timestamp,
    /// Nobody looks at it before this.
    pub due_at: Timestamp,
    pub state: State,
    /// Of the last attempt that had one.
    pub outcome: Option<Outcome>,
    /// Why it is where it is, in a sentence without anything personal.
    pub reason: Option<String>,
    /// How often the customer was tried.
    pub attempts: u32,
    /// The last one.
    pub attempt: Option<AttemptId>,
    /// When the row was written, by the database's clock.
    pub written_at: Timestamp,
}

/// One attempt: an intent, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub id: AttemptId,
    pub reminder: ReminderId,
    pub channel: Channel,
    pub to: Phone,
    /// In business time.
    pub intent_at: Timestamp,
    /// By the database's clock, to find it among the network's calls.
    pub written_at: Timestamp,
    /// How long ago that is, by the same clock, when it was read.
    pub age: Duration,
    /// The network's name for the call or the message, once known.
    pub call_sid: Option<String>,
    pub result: Option<Outcome>,
    pub reason: Option<String>,
}

/// Everything that a call about an appointment is told. The location's facts are its file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Briefing {
    pub reminder: Reminder,
    /// As it is now.
    pub appointment: Appointment,
    pub customer: Customer,
    pub vehicle: Vehicle,
}

/// What a briefing is looked up by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Reminder(ReminderId),
    Attempt(AttemptId),
    /// Its newest reminder by voice.
    Appointment(AppointmentId),
}

/// A wish for work.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// Business time; rows due by then.
    pub now: Timestamp,
    /// Who claims: one name per running process.
    pub owner: &'a str,
    /// How long the rows are theirs unless they are heard of again.
    pub lease: Duration,
    pub limit: u32,
    /// Only rows of whoever has this number; absent: of everybody.
    pub only: Option<&'a Phone>,
}

/// What was decided about a leased row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is looked at again then.
    Wait(Timestamp),
    Skip,
}

/// The intent to reach a customer.
#[derive(Clone, Debug)]
pub struct Intent<'a> {
    pub reminder: ReminderId,
    /// Who holds the lease.
    pub owner: &'a str,
    pub attempt: &'a AttemptId,
    pub to: &'a Phone,
    pub channel: Channel,
    /// Business time.
    pub at: Timestamp,
    /// How long the attempt is the owner's alone; longer than the request that follows may take.
    pub lease: Duration,
}

/// Whether an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intended {
    Committed,
    /// The lease ran out, the appointment was changed meanwhile, or the number is being rung about
    /// another one. Nobody may be dialled.
    Lost,
    /// The customer has just opted out. Nobody may be dialled.
    OptedOut,
}

/// What became of an attempt, for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    pub outcome: Outcome,
    /// A sentence without anything personal.
    pub reason: String,
    pub next: Next,
}

/// What becomes of the reminder after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Done,
    /// It is looked at again then, by whoever decides whether there is another attempt.
    Again(Timestamp),
    /// As [`Self::Again`], and nobody was rung: it was no attempt.
    Unsent(Timestamp),
}

#[async_trait]
pub trait Reminders: Send + Sync {
    /// Leases rows: those that are due, and those whose lease ran out; the most urgent first. A row
    /// whose lease ran out while it was dialling stays so: find out what became of its attempt.
    async fn claim(&self, claim: &Claim<'_>) -> Result<Vec<Reminder>, StorageError>;
    /// Rows that a claim would return, without leasing them.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Reminder>, StorageError>;
    /// Says that the owner lives: all its leases last from now on. Returns how many there are.
    async fn heartbeat(&self, owner: &str, lease: Duration) -> Result<u64, StorageError>;
    /// Lets go of whatever the owner has not begun to dial. Returns how many rows that were.
    async fn release(&self, owner: &str) -> Result<u64, StorageError>;
    /// Writes down a decision. False where the row is no longer the owner's to decide.
    async fn decide(
        &self,
        id: ReminderId,
        owner: &str,
        decision: Decision,
        reason: &str,
    ) -> Result<bool, StorageError>;
    /// Commits the intent to dial; only then may anybody.
    async fn intend(&self, intent: &Intent<'_>) -> Result<Intended, StorageError>;
    /// The network has taken it, and calls it by this SID. It is looked after again when `watch`
    /// has passed without its end. False where the attempt is unknown or known by another SID, and
    /// where the SID is another attempt's.
    async fn accepted(
        &self,
        attempt: &AttemptId,
        sid: &str,
        watch: Duration,
    ) -> Result<bool, StorageError>;
    /// Whether the network has taken it is not known. It is looked after again when `wait` has
    /// passed; until then a callback may tell.
    async fn doubt(
        &self,
        attempt: &AttemptId,
        wait: Duration,
        reason: &str,
    ) -> Result<(), StorageError>;
    /// Nobody could find out what became of it. The reminder is [`State::Unknown`], unless somebody
    /// found out after all; a late callback still counts.
    async fn give_up(&self, attempt: &AttemptId, reason: &str) -> Result<(), StorageError>;
    /// Keeps what came of an attempt, whoever says it and however often. A lesser outcome than what
    /// is kept changes nothing ([`Outcome::supersedes`]). False where nothing was changed.
    async fn conclude(
        &self,
        attempt: &AttemptId,
        conclusion: &Conclusion,
    ) -> Result<bool, StorageError>;
    async fn attempt(&self, id: &AttemptId) -> Result<Option<Attempt>, StorageError>;
    /// The attempts at a reminder, oldest first.
    async fn attempts(&self, reminder: ReminderId) -> Result<Vec<Attempt>, StorageError>;
    async fn briefing(&self, about: &About) -> Result<Option<Briefing>, StorageError>;
    /// All reminders of an appointment, oldest first.
    async fn of_appointment(
        &self,
        appointment: AppointmentId,
    ) -> Result<Vec<Reminder>, StorageError>;
}

impl AttemptId {
    /// From a random number.
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }

    /// Reads one from an address that the network called; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 32 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Outcome {
    /// Whether this is news after `kept`. The network's callbacks and the call itself tell of the
    /// same attempt in any order: what a person decided says more than that somebody answered, which
    /// says more than that nobody seemed to. Of two decisions the newer counts.
    #[must_use]
    pub fn supersedes(self, kept: Option<Self>) -> bool {
        match kept {
            None => true,
            Some(kept) if self == kept => false,
            Some(kept) => match (self.weight(), kept.weight()) {
                (Self::DECISION, Self::DECISION) => true,
                (new, old) => new > old,
            },
        }
    }

    const DECISION: u8 = 4;

    fn weight(self) -> u8 {
        match self {
            Self::Sent => 0,
            Self::NoAnswer | Self::Busy | Self::Failed => 1,
            Self::Reached | Self::Delivered => 2,
            Self::Voicemail => 3,
            Self::Confirmed | Self::Moved | Self::Cancelled | Self::OptedOut => Self::DECISION,
        }
    }
}

/// What a change of the book does to its reminders, in the same transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Moved,
    Cancelled,
}

impl Change {
    /// Why the reminders so far are superseded.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Moved => "the appointment was moved",
            Self::Cancelled => "the appointment was cancelled",
        }
    }
}

/// The rows of an appointment, each with the first moment at which anybody should look at it.
pub(crate) fn planned(starts_at: Timestamp, ends_at: Timestamp) -> [(Kind, Timestamp); 4] {
    let ahead = starts_at
        .checked_sub(crate::limits::REMINDERS_AHEAD)
        .unwrap_or(Timestamp::MIN);
    [
        (Kind::Voice, ahead),
        (Kind::Sms, ahead),
        (Kind::Confirmation, Timestamp::UNIX_EPOCH),
        (Kind::FollowUp, ends_at),
    ]
}

/// What a conclusion makes of a reminder's row.
pub(crate) struct Concluded {
    pub(crate) state: State,
    pub(crate) due_at: Timestamp,
    pub(crate) attempts: u32,
}

/// `stands`: the row is about what the book still holds, and no newer row is.
pub(crate) fn concluded(reminder: &Reminder, next: Next, stands: bool) -> Concluded {
    let again = |due_at, attempts| Concluded {
        state: if stands {
            State::Planned
        } else {
            State::Superseded
        },
        due_at,
        attempts,
    };
    match next {
        Next::Done => Concluded {
            state: State::Done,
            due_at: reminder.due_at,
            attempts: reminder.attempts,
        },
        Next::Again(at) => again(at, reminder.attempts),
        Next::Unsent(at) => again(at, reminder.attempts.saturating_sub(1)),
    }
}

impl std::fmt::Display for AttemptId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for AttemptId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The same words in both databases. $1 number: whether it is being rung, or may be.
pub(crate) const RINGING: &str = "SELECT EXISTS (SELECT 1 FROM reminder_attempts AS tried
    JOIN reminders AS reminder ON reminder.attempt_id = tried.attempt_id
    WHERE tried.to_number = $1 AND tried.channel = 'voice' AND reminder.state = 'dialling')";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempts_name_survives_an_address_and_nothing_else_is_one() {
        let id = AttemptId::new(0xfeed_beef);
        assert_eq!(AttemptId::parse(id.as_str()), Some(id));
        for odd in ["", "7", "feedbeef", &"F".repeat(32), &"é".repeat(16)] {
            assert_eq!(AttemptId::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_decision_outweighs_an_answer_which_outweighs_silence() {
        use Outcome::{Busy, Confirmed, Moved, NoAnswer, OptedOut, Reached, Voicemail};
        for (new, kept) in [(Reached, NoAnswer), (Confirmed, Reached), (Voicemail, Busy)] {
            assert!(new.supersedes(Some(kept)) && !kept.supersedes(Some(new)));
        }
        assert!(Moved.supersedes(Some(Confirmed)) && OptedOut.supersedes(Some(Moved)));
        for repeated in [Busy, Reached, Confirmed] {
            assert!(repeated.supersedes(None) && !repeated.supersedes(Some(repeated)));
        }
        assert!(!Busy.supersedes(Some(NoAnswer)), "the first word of two");
    }
}
