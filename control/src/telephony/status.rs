//! How far a call has got, in the network's words.

use jiff::Timestamp;
use storage::call_log::{CallStatus, CallSummary, NetworkStatus, Outcome};

const STATUSES: [(&str, CallStatus); 10] = [
    ("queued", CallStatus::Queued),
    ("initiated", CallStatus::Initiated),
    ("ringing", CallStatus::Ringing),
    ("in-progress", CallStatus::InProgress),
    // The event's name, where Twilio mixes it with the status.
    ("answered", CallStatus::InProgress),
    ("completed", CallStatus::Completed),
    ("busy", CallStatus::Busy),
    ("no-answer", CallStatus::NoAnswer),
    ("failed", CallStatus::Failed),
    ("canceled", CallStatus::Canceled),
];

/// A status by its word, and the word as ours.
#[must_use]
pub fn status(word: &str) -> Option<(CallStatus, &'static str)> {
    let known = STATUSES.iter().find(|(known, _)| *known == word);
    known.map(|(word, status)| (*status, *word))
}

/// The log of a call without a stream.
#[must_use]
pub fn unspoken(status: NetworkStatus, word: &str, now: Timestamp) -> CallSummary {
    CallSummary {
        ended_at: now,
        duration_ms: u64::from(status.duration_s.unwrap_or(0)) * 1_000,
        outcome: match status.status {
            CallStatus::Busy | CallStatus::Failed => Outcome::Failed,
            _ => Outcome::Abandoned,
        },
        end_reason: format!("over before a word was said: {word}"),
        customer: None,
        appointment: None,
        required_human_transfer: false,
        transcript: Vec::new(),
        turns: Vec::new(),
        tools_used: Vec::new(),
    }
}
