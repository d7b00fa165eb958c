//! What the network tells of an attempt, and what it means for the reminder.

use std::time::Duration;

use jiff::Timestamp;
use storage::reminder::{AttemptId, Conclusion, Next, Outcome};
use storage::{Reminders, StorageError};

use super::policy;
use crate::limits;

/// News of an attempt, from a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    pub attempt: AttemptId,
    /// The network's name for the call or the message.
    pub sid: String,
    /// How it ended, where it has.
    pub ended: Option<Conclusion>,
}

/// Keeps news. The same again changes nothing.
///
/// # Errors
/// Where the book cannot be written.
pub async fn keep(reminders: &dyn Reminders, news: &News) -> Result<(), StorageError> {
    let watch: Duration = limits::CALL_WATCH;
    if !reminders.accepted(&news.attempt, &news.sid, watch).await? {
        // Signed by the network, and yet about no attempt of ours, or about another call.
        tracing::warn!(
            sid = news.sid,
            "news of an attempt that is not known by this SID"
        );
        return Ok(());
    }
    if let Some(ended) = &news.ended {
        reminders.conclude(&news.attempt, ended).await?;
    }
    Ok(())
}

/// What a call's status says of its attempt; nothing while it goes on.
#[must_use]
pub fn ended(status: &str, now: Timestamp) -> Option<Conclusion> {
    let (outcome, reason) = match status {
        // Whoever was spoken to, the call itself tells of.
        "completed" => (
            Outcome::Failed,
            "it was answered, and no word of ours was heard",
        ),
        "busy" => (Outcome::Busy, "the line was busy"),
        "no-answer" => (Outcome::NoAnswer, "nobody answered"),
        "failed" => (Outcome::Failed, "the network could not place the call"),
        "canceled" => (Outcome::Failed, "the call was given up before an answer"),
        _ => return None,
    };
    Some(Conclusion {
        outcome,
        reason: reason.to_owned(),
        next: policy::after(outcome, now),
    })
}

/// What came of a call in which somebody, or a machine, heard us, and who was to speak to them next.
#[must_use]
pub fn spoken(outcome: Outcome, asked_for_human: bool) -> Conclusion {
    let reason = match outcome {
        Outcome::Confirmed => "they said that they will come",
        Outcome::Moved => "they moved the appointment",
        Outcome::Cancelled => "they cancelled the appointment",
        Outcome::OptedOut => "they want no more calls",
        Outcome::Voicemail => "a machine took our message",
        _ if asked_for_human => "they were spoken to, and wanted a human",
        _ => "they were spoken to",
    };
    Conclusion {
        outcome,
        reason: reason.to_owned(),
        next: Next::Done,
    }
}

/// What a message's status says of its attempt; nothing while it is on its way.
#[must_use]
pub fn delivered(status: &str) -> Option<Conclusion> {
    let (outcome, reason) = match status {
        "delivered" | "read" => (Outcome::Delivered, "the message arrived"),
        "undelivered" | "failed" => (Outcome::Failed, "the message did not arrive"),
        _ => return None,
    };
    // A message that did not arrive is not sent again: the number takes none.
    Some(Conclusion {
        outcome,
        reason: reason.to_owned(),
        next: Next::Done,
    })
}
