//! Writes a call's row: opened when the call begins, closed however it ends.

use std::sync::Arc;

use storage::CallLogs;
use storage::call_log::{CallSummary, Direction, NewCallLog};
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
