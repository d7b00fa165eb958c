//! Writes a call's row: opened when the call begins, closed however it ends.

use std::sync::Arc;

use storage::call_log::{CallSummary, NewCallLog, Outcome};
use storage::{CallLogs, StorageError};
use tokio::task::JoinHandle;

use super::registry::Begun;
use super::unsaved::Unsaved;
use crate::limits;

/// A call's row. Opening goes on beside the greeting; closing waits for it.
pub(super) struct CallRow {
    logs: Arc<dyn CallLogs>,
    call: NewCallLog,
    /// The row tells of an earlier part of the call, which is to be kept.
    has_earlier_part: bool,
    opening: JoinHandle<()>,
    /// Where the last word goes that the database does not take.
    unsaved: Option<Unsaved>,
}

impl CallRow {
    /// Opens the row. A database that fails now is no reason to turn a caller away: closing creates
    /// the row where it is missing.
    pub(super) fn open(
        logs: Arc<dyn CallLogs>,
        begun: &Begun,
        started_at: jiff::Timestamp,
    ) -> Self {
        let number = |phone: &Option<storage::customer::Phone>| {
            phone.as_ref().map(|phone| phone.as_str().to_owned())
        };
        let call = NewCallLog {
            call_sid: begun.sid.as_str().to_owned(),
            direction: begun.parties.direction(),
            from_number: number(&begun.parties.from),
            to_number: number(&begun.parties.to),
            started_at,
        };
        let opening = tokio::spawn({
            let (logs, call) = (Arc::clone(&logs), call.clone());
            async move {
                if let Err(error) = logs.open(&call).await {
                    tracing::warn!(call = call.call_sid, %error, "the call log was not opened");
                }
            }
        });
        Self {
            logs,
            call,
            has_earlier_part: begun.has_earlier_part(),
            opening,
            unsaved: None,
        }
    }

    /// With a file to keep it in where the database does not take it.
    pub(super) fn or_in(mut self, unsaved: Option<Unsaved>) -> Self {
        self.unsaved = unsaved;
        self
    }

    /// Completes the row, with a few attempts: it is the last word about the call.
    pub(super) async fn close(mut self, mut summary: CallSummary) {
        // A panic in there is no reason not to close.
        drop((&mut self.opening).await);
        for attempt in 1..=limits::LOG_ATTEMPTS {
            match self.write(&mut summary).await {
                Ok(()) => {
                    if let Some(unsaved) = &self.unsaved {
                        unsaved.restore(self.logs.as_ref()).await;
                    }
                    return;
                }
                Err(error) => {
                    let call = &self.call.call_sid;
                    tracing::error!(call, %error, attempt, "the call log was not closed");
                }
            }
            tokio::time::sleep(limits::LOG_RETRY_AFTER).await;
        }
        if let Some(unsaved) = self.unsaved {
            unsaved.keep(self.call, summary).await;
        }
    }

    async fn write(&mut self, summary: &mut CallSummary) -> Result<(), StorageError> {
        if self.has_earlier_part {
            let row = self.logs.by_sid(&self.call.call_sid).await?;
            self.has_earlier_part = false;
            if let Some((earlier, began)) = row.and_then(|r| Some((r.summary?, r.call.started_at)))
            {
                let before = self.call.started_at.duration_since(began);
                let before_ms = u64::try_from(before.as_millis()).unwrap_or(0);
                let later = summary.clone();
                *summary = joined(earlier, later, before_ms);
            }
        }
        self.logs.close(&self.call, summary).await
    }
}

/// The log of a call in two parts, with a human who did not answer in between. What was achieved in
/// either stays achieved; that the first ended with a transfer turned out not to be true.
fn joined(earlier: CallSummary, later: CallSummary, before_ms: u64) -> CallSummary {
    let achieved = |outcome| {
        matches!(
            outcome,
            Outcome::Booked | Outcome::Rescheduled | Outcome::Cancelled
        )
    };
    let keep_earlier = achieved(earlier.outcome) && !achieved(later.outcome);
    let mut whole = CallSummary {
        duration_ms: before_ms.saturating_add(later.duration_ms),
        outcome: if keep_earlier {
            earlier.outcome
        } else {
            later.outcome
        },
        customer: later.customer.or(earlier.customer),
        appointment: later.appointment.or(earlier.appointment),
        required_human_transfer: earlier.required_human_transfer || later.required_human_transfer,
        transcript: earlier.transcript,
        turns: earlier.turns,
        tools_used: earlier.tools_used,
        ended_at: later.ended_at,
        end_reason: later.end_reason,
    };
    let most = limits::MAX_TRANSCRIPT_LINES;
    whole
        .transcript
        .extend(later.transcript.into_iter().map(|mut line| {
            line.at_ms = line.at_ms.saturating_add(before_ms);
            line
        }));
    whole.turns.extend(later.turns.into_iter().map(|mut turn| {
        turn.speech_end_at_ms = turn.speech_end_at_ms.saturating_add(before_ms);
        turn
    }));
    whole.tools_used.extend(later.tools_used);
    whole.transcript.truncate(most);
    whole.turns.truncate(most);
    whole.tools_used.truncate(most);
    whole
}

#[cfg(test)]
mod tests {
    use storage::call_log::{Line, Speaker};

    use super::*;

    fn summary(outcome: Outcome, line_at_ms: u64) -> CallSummary {
        CallSummary {
            ended_at: jiff::Timestamp::UNIX_EPOCH,
            duration_ms: 10_000,
            outcome,
            end_reason: format!("{outcome:?}"),
            customer: None,
            appointment: None,
            required_human_transfer: outcome == Outcome::Transferred,
            transcript: vec![Line {
                at_ms: line_at_ms,
                speaker: Speaker::Caller,
                text: format!("{outcome:?}"),
            }],
            turns: Vec::new(),
            tools_used: vec![format!("{outcome:?}")],
        }
    }

    #[test]
    fn a_call_that_came_back_is_one_call() {
        let first = summary(Outcome::Transferred, 1_000);
        let whole = joined(first, summary(Outcome::Answered, 2_000), 40_000);
        assert_eq!(whole.outcome, Outcome::Answered);
        assert_eq!(whole.end_reason, "Answered");
        assert_eq!(whole.duration_ms, 50_000);
        assert!(whole.required_human_transfer, "they asked for one");
        let at: Vec<u64> = whole.transcript.iter().map(|line| line.at_ms).collect();
        assert_eq!(at, [1_000, 42_000]);
        assert_eq!(whole.tools_used, ["Transferred", "Answered"]);
        let booked_first = joined(
            summary(Outcome::Booked, 0),
            summary(Outcome::Abandoned, 0),
            40_000,
        );
        assert_eq!(booked_first.outcome, Outcome::Booked, "stays booked");
    }
}
