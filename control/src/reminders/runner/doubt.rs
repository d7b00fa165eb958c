//! Finds out what became of an attempt whose outcome nobody kept: its process died, or the network
//! did not answer. It may be found; it is never made again.

use storage::StorageError;
use storage::call_log::{Direction, NetworkStatus, NewCallLog};
use storage::consent::Channel;
use storage::reminder::{Attempt, Conclusion, Reminder};

use super::report::{Told, What};
use super::{Inner, Runner, dial};
use crate::limits;
use crate::reminders::callbacks;
use crate::telephony::rest::{CallFilter, CallResource};
use crate::telephony::{CallSid, status};

impl Runner {
    pub(super) async fn look_after(&self, reminder: Reminder) -> Result<Told, StorageError> {
        let reminders = &self.0.store.reminders;
        let attempt = match &reminder.attempt {
            Some(id) => reminders.attempt(id).await?,
            None => None,
        };
        let Some(attempt) = attempt else {
            return Ok(Told::new(&reminder, What::Lost, "it has no attempt"));
        };
        match (attempt.channel, &attempt.call_sid) {
            (Channel::Voice, Some(sid)) => self.ask_about(&reminder, &attempt, sid).await,
            (Channel::Voice, None) => self.look_for(&reminder, &attempt).await,
            (_, Some(_)) => {
                reminders.conclude(&attempt.id, &dial::sent()).await?;
                Ok(Told::new(&reminder, What::Found, "the message was sent"))
            }
            // Messages are not listed: a callback may tell.
            (_, None) => {
                self.wait_or_give_up(&reminder, &attempt, limits::DOUBT_LIFE)
                    .await
            }
        }
    }

    /// A call that has been silent for long.
    async fn ask_about(
        &self,
        reminder: &Reminder,
        attempt: &Attempt,
        sid: &str,
    ) -> Result<Told, StorageError> {
        let Inner { store, rest, .. } = &*self.0;
        let Ok(name) = CallSid::parse(sid) else {
            let why = "the network's name for the call is none";
            store.reminders.give_up(&attempt.id, why).await?;
            return Ok(Told::new(reminder, What::Unknown, why));
        };
        match rest.call(&name).await {
            Ok(Some(call)) => self.found(reminder, attempt, &call).await,
            Ok(None) => {
                let why = "the network knows the call no more";
                store.reminders.give_up(&attempt.id, why).await?;
                Ok(Told::new(reminder, What::Unknown, why))
            }
            Err(error) => {
                tracing::warn!(%error, "a call that has been silent cannot be asked about");
                self.wait_or_give_up(reminder, attempt, limits::DOUBT_LIFE_UNASKED)
                    .await
            }
        }
    }

    /// A call that may have been placed: to this number, from ours, since the intent.
    async fn look_for(&self, reminder: &Reminder, attempt: &Attempt) -> Result<Told, StorageError> {
        let filter = CallFilter {
            to: Some(attempt.to.clone()),
            from: Some(self.0.from.clone()),
            since: Some(attempt.written_at - limits::CLOCK_SKEW),
        };
        let mut calls = match self.0.rest.calls(&filter).await {
            Ok(calls) => calls,
            Err(error) => {
                tracing::warn!(%error, "calls cannot be listed");
                return self
                    .wait_or_give_up(reminder, attempt, limits::DOUBT_LIFE_UNASKED)
                    .await;
            }
        };
        // The first since the intent that is nobody else's.
        calls.sort_by_key(|call| call.date_created.or(call.start_time));
        for call in &calls {
            let reminders = &self.0.store.reminders;
            if reminders
                .accepted(&attempt.id, &call.sid, limits::CALL_WATCH)
                .await?
            {
                return self.found(reminder, attempt, call).await;
            }
        }
        self.wait_or_give_up(reminder, attempt, limits::DOUBT_LIFE)
            .await
    }

    async fn found(
        &self,
        reminder: &Reminder,
        attempt: &Attempt,
        call: &CallResource,
    ) -> Result<Told, StorageError> {
        let Inner { store, clock, .. } = &*self.0;
        let ended = callbacks::ended(&call.status, clock.now());
        let Some(Conclusion { reason, .. }) = &ended else {
            store
                .reminders
                .accepted(&attempt.id, &call.sid, limits::CALL_WATCH)
                .await?;
            return Ok(Told::new(reminder, What::Found, "the call goes on"));
        };
        let told = Told::new(reminder, What::Found, reason.clone());
        self.log_end(attempt, call).await?;
        if let Some(conclusion) = ended {
            store.reminders.conclude(&attempt.id, &conclusion).await?;
        }
        Ok(told)
    }

    /// Whoever should have told of the call may not have: it is in the log all the same.
    async fn log_end(&self, attempt: &Attempt, call: &CallResource) -> Result<(), StorageError> {
        let Some((status, word)) = status::status(&call.status) else {
            return Ok(());
        };
        let (now, from) = (self.0.clock.now(), &self.0.from);
        let duration = call.duration.as_deref();
        let status = NetworkStatus {
            status,
            duration_s: duration.and_then(|seconds| seconds.parse().ok()),
            sequence: status.place(),
        };
        let row = NewCallLog {
            call_sid: call.sid.clone(),
            direction: Direction::Outbound,
            from_number: Some(from.as_str().to_owned()),
            to_number: Some(attempt.to.as_str().to_owned()),
            started_at: attempt.intent_at,
        };
        let unspoken = status::unspoken(status, word, now);
        let logs = &self.0.store.call_logs;
        logs.network(&row, &status, &unspoken).await
    }

    async fn wait_or_give_up(
        &self,
        reminder: &Reminder,
        attempt: &Attempt,
        patience: std::time::Duration,
    ) -> Result<Told, StorageError> {
        let reminders = &self.0.store.reminders;
        if attempt.age < patience {
            let why = "the network has not told of it yet";
            reminders
                .doubt(&attempt.id, limits::DOUBT_WAIT, why)
                .await?;
            return Ok(Told::new(reminder, What::InDoubt, why));
        }
        let why = "whether it was done could not be found out; it is not done again";
        reminders.give_up(&attempt.id, why).await?;
        Ok(Told::new(reminder, What::Unknown, why))
    }
}
