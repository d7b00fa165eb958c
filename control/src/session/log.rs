//! Writes a call's row: opened when the call begins, closed however it ends.

use std::sync::Arc;

use storage::CallLogs;
use storage::call_log::{CallSummary, Direction, NewCallLog, Outcome};
use tokio::task::JoinHandle;

use super::registry::Begun;
use crate::limits;

/// A call's row. Opening goes on beside the greeting; closing waits for it.
pub(super) struct CallRow {
    logs: Arc<dyn CallLogs>,
    call: NewCallLog,
    opening: JoinHandle<()>,
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
            direction: Direction::Inbound,
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
            opening,
        }
    }

    /// Completes the row, with a few attempts: it is the last word about the call.
    pub(super) async fn close(self, summary: CallSummary) {
        // A panic in there is no reason not to close.
        drop(self.opening.await);
        for attempt in 1..=limits::LOG_ATTEMPTS {
            match self.logs.close(&self.call, &summary).await {
                Ok(()) => return,
                Err(error) => {
                    let call = &self.call.call_sid;
                    tracing::error!(call, %error, attempt, "the call log was not closed");
                }
            }
            tokio::time::sleep(limits::LOG_RETRY_AFTER).await;
        }
    }
}

/// Closes the rows of calls whose process was killed in the middle of them. A row of a process that
/// shares the book and lives is closed again, and rightly, by that process.
pub async fn close_orphans(logs: &dyn CallLogs, now: jiff::Timestamp) {
    let recent = match logs.recent(limits::MAX_LISTED_CALLS).await {
        Ok(recent) => recent,
        Err(error) => {
            tracing::warn!(%error, "the calls of an earlier process could not be looked at");
            return;
        }
    };
    for log in recent.into_iter().filter(|log| log.summary.is_none()) {
        // When it broke off is not known: some time between its beginning and now.
        let summary = CallSummary {
            ended_at: now.max(log.call.started_at),
            duration_ms: 0,
            outcome: Outcome::Failed,
            end_reason: "the process was killed".to_owned(),
            customer: None,
            appointment: None,
            required_human_transfer: false,
            transcript: Vec::new(),
            turns: Vec::new(),
            tools_used: Vec::new(),
        };
        let call = log.call.call_sid.as_str();
        match logs.close(&log.call, &summary).await {
            Ok(()) => tracing::warn!(call, "an earlier process was killed during this call"),
            Err(error) => tracing::warn!(call, %error, "the log of a broken call stays open"),
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::Store;

    use super::*;

    #[tokio::test]
    async fn the_rows_of_a_killed_process_are_closed_by_the_next_one_and_no_others() {
        let store = Store::open_in_memory().await.expect("a store");
        let logs = store.call_logs.as_ref();
        let at = |text: &str| text.parse::<jiff::Timestamp>().expect("valid");
        let call = |sid: &str| NewCallLog {
            call_sid: sid.to_owned(),
            direction: Direction::Inbound,
            from_number: None,
            to_number: None,
            started_at: at("2026-11-23T15:00:00Z"),
        };
        logs.open(&call("CA1")).await.expect("open");
        close_orphans(logs, at("2026-11-23T15:10:00Z")).await;
        let first = logs.by_sid("CA1").await.expect("readable").expect("a row");
        let summary = first.summary.clone().expect("closed");
        assert_eq!(summary.outcome, Outcome::Failed);
        assert_eq!(summary.end_reason, "the process was killed");
        close_orphans(logs, at("2026-11-23T16:00:00Z")).await;
        let again = logs.by_sid("CA1").await.expect("readable").expect("a row");
        assert_eq!(format!("{again:?}"), format!("{first:?}"), "closed once");
    }
}
