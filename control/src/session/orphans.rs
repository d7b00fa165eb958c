//! Rows of calls that nobody leads any more: their process was killed in the middle of them.
//!
//! A row is closed by the process that opened it. A process that starts finds those that were left
//! open. Alone with its book, it knows that they are orphans. Where others may share the book, a young
//! row may be a call of theirs: it is left alone until it is older than the network lets a call be,
//! and looked at again until then.

use std::sync::Arc;

use jiff::Timestamp;
use storage::CallLogs;
use storage::call_log::{CallSummary, Outcome};

use crate::clock::BusinessClock;
use crate::limits;

/// Who else may hold calls of the same book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    Alone,
    MayBeOthers,
}

/// Closes the rows of calls whose process was killed.
pub async fn close_orphans(logs: &dyn CallLogs, company: Company, now: Timestamp) {
    let recent = match logs.recent(limits::MAX_LISTED_CALLS).await {
        Ok(recent) => recent,
        Err(error) => {
            tracing::warn!(%error, "the calls of an earlier process could not be looked at");
            return;
        }
    };
    let is_orphan = |started_at: Timestamp| match company {
        Company::Alone => true,
        Company::MayBeOthers => now.duration_since(started_at) > limits::LONGEST_CALL,
    };
    let open = recent.into_iter().filter(|log| log.summary.is_none());
    for log in open.filter(|log| is_orphan(log.call.started_at)) {
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

/// [`close_orphans`] again and again, where there may be others.
pub async fn keep_closing_orphans(logs: Arc<dyn CallLogs>, company: Company, clock: BusinessClock) {
    if company != Company::MayBeOthers {
        return;
    }
    loop {
        tokio::time::sleep(limits::ORPHAN_POLL).await;
        close_orphans(logs.as_ref(), company, clock.now()).await;
    }
}

#[cfg(test)]
mod tests {
    use storage::Store;
    use storage::call_log::{CallLog, Direction, NewCallLog};

    use super::*;

    const LATE: &str = "2026-11-23T15:10:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().expect("valid")
    }

    async fn begun(store: &Store, sid: &str, started_at: &str) {
        let call = NewCallLog {
            call_sid: sid.to_owned(),
            direction: Direction::Inbound,
            from_number: None,
            to_number: None,
            started_at: at(started_at),
        };
        store.call_logs.open(&call).await.expect("open");
    }

    async fn row(store: &Store, sid: &str) -> CallLog {
        let row = store.call_logs.by_sid(sid).await;
        row.expect("readable").expect("a row")
    }

    #[tokio::test]
    async fn the_rows_of_a_killed_process_are_closed_by_the_next_one_and_once() {
        let store = Store::open_in_memory().await.expect("a store");
        let logs = store.call_logs.as_ref();
        begun(&store, "CA1", "2026-11-23T15:00:00Z").await;
        close_orphans(logs, Company::Alone, at(LATE)).await;
        let first = row(&store, "CA1").await;
        let summary = first.summary.clone().expect("closed");
        assert_eq!(summary.outcome, Outcome::Failed);
        assert_eq!(summary.end_reason, "the process was killed");
        close_orphans(logs, Company::Alone, at("2026-11-23T16:00:00Z")).await;
        let again = row(&store, "CA1").await;
        assert_eq!(format!("{again:?}"), format!("{first:?}"), "closed once");
    }

    #[tokio::test]
    async fn a_node_that_starts_leaves_the_calls_of_others_alone_and_closes_old_rows() {
        let store = Store::open_in_memory().await.expect("a store");
        let logs = store.call_logs.as_ref();
        begun(&store, "CA1", "2026-11-23T08:00:00Z").await;
        begun(&store, "CA2", "2026-11-23T15:00:00Z").await;
        close_orphans(logs, Company::MayBeOthers, at(LATE)).await;
        assert!(
            row(&store, "CA1").await.summary.is_some(),
            "no call is so long"
        );
        assert_eq!(row(&store, "CA2").await.summary, None, "it may go on");
        // Nobody has closed it, and it cannot go on any more.
        let evening = at("2026-11-23T20:00:00Z");
        close_orphans(logs, Company::MayBeOthers, evening).await;
        assert!(row(&store, "CA2").await.summary.is_some());
    }
}
