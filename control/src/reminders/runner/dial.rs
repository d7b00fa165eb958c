//! Reaches a customer: intent, request, answer.

use jiff::Timestamp;
use storage::StorageError;
use storage::consent::Channel;
use storage::reminder::{
    AttemptId, Briefing, Conclusion, Decision, Intended, Intent, Kind, Next, Outcome,
};

use super::report::{Told, What};
use super::{Inner, PassError, Runner};
use crate::http::paths;
use crate::limits;
use crate::reminders::texts;
use crate::telephony::rest::{
    Answering, Detection, NewCall, NewMessage, RestError, Sender, Sent, TwimlOrUrl,
};

const SENT: &str = "the network took the message";

impl Runner {
    /// Commits the intent, asks the network, keeps its answer.
    pub(super) async fn reach(&self, briefing: &Briefing) -> Result<Told, PassError> {
        let Inner {
            store,
            clock,
            owner,
            locations,
            policies,
            ..
        } = &*self.0;
        let reminder = &briefing.reminder;
        let location = locations.of(&briefing.appointment.location);
        let channel = policies.of(&briefing.appointment).channel(reminder.kind);
        let text = match channel {
            Channel::Voice => None,
            Channel::Sms | Channel::All => texts::message(location, briefing),
        };
        if channel != Channel::Voice && text.is_none() {
            let why = "the location has no words for it";
            store
                .reminders
                .decide(reminder.id, owner, Decision::Skip, why)
                .await?;
            return Ok(Told::new(reminder, What::Skipped, why));
        }
        self.settle_owed().await?;
        let attempt = AttemptId::new(rand::random());
        let intent = Intent {
            reminder: reminder.id,
            owner,
            attempt: &attempt,
            to: &briefing.customer.phone,
            channel,
            at: clock.now(),
            lease: limits::REMINDER_LEASE,
        };
        match store.reminders.intend(&intent).await? {
            Intended::Committed => {}
            Intended::Lost => {
                let why = "another runner has it, the appointment was changed, or they are being rung already";
                return Ok(Told::new(reminder, What::Lost, why));
            }
            Intended::OptedOut => {
                let why = "the customer has opted out";
                store
                    .reminders
                    .decide(reminder.id, owner, Decision::Skip, why)
                    .await?;
                return Ok(Told::new(reminder, What::Skipped, why));
            }
        }
        Ok(match text {
            None => self.call(briefing, &attempt).await?,
            Some(text) => self.text(briefing, &attempt, text).await?,
        })
    }

    async fn call(&self, briefing: &Briefing, attempt: &AttemptId) -> Result<Told, StorageError> {
        let call = self.new_call(briefing, attempt);
        match self.0.rest.create_call(&call).await {
            Ok(Sent::Done(call)) => {
                self.0.pace.went_well();
                let reminders = &self.0.store.reminders;
                reminders
                    .accepted(attempt, &call.sid, limits::CALL_WATCH)
                    .await?;
                Ok(Told::new(
                    &briefing.reminder,
                    What::Called,
                    "the network places the call",
                ))
            }
            Ok(Sent::Unknown) => self.doubt(briefing, attempt).await,
            Err(error) => self.refused(briefing, attempt, error).await,
        }
    }

    async fn text(
        &self,
        briefing: &Briefing,
        attempt: &AttemptId,
        body: String,
    ) -> Result<Told, StorageError> {
        let message = NewMessage {
            to: briefing.customer.phone.clone(),
            sender: Sender::Number(self.0.from.clone()),
            body,
            status_callback: Some(self.callback(paths::SMS_STATUS, attempt)),
        };
        match self.0.rest.send_message(&message).await {
            Ok(Sent::Done(message)) => {
                self.0.pace.went_well();
                let reminders = &self.0.store.reminders;
                reminders
                    .accepted(attempt, &message.sid, limits::CALL_WATCH)
                    .await?;
                reminders.conclude(attempt, &sent()).await?;
                Ok(Told::new(&briefing.reminder, What::Texted, SENT))
            }
            Ok(Sent::Unknown) => self.doubt(briefing, attempt).await,
            Err(error) => self.refused(briefing, attempt, error).await,
        }
    }

    /// The network may have done it or not.
    async fn doubt(&self, briefing: &Briefing, attempt: &AttemptId) -> Result<Told, StorageError> {
        self.0.pace.went_badly();
        let why = "the network did not say whether it did it";
        let reminders = &self.0.store.reminders;
        reminders.doubt(attempt, limits::DOUBT_WAIT, why).await?;
        Ok(Told::new(&briefing.reminder, What::InDoubt, why))
    }

    /// The network did not do it.
    async fn refused(
        &self,
        briefing: &Briefing,
        attempt: &AttemptId,
        error: RestError,
    ) -> Result<Told, StorageError> {
        let Inner { store, clock, .. } = &*self.0;
        let now = clock.now();
        if error == RestError::OptedOut {
            let phone = &briefing.customer.phone;
            store
                .consents
                .opt_out(phone, Channel::Sms, "network", now)
                .await?;
        }
        if error.is_transient() {
            self.0.pace.went_badly();
        }
        let conclusion = refusal(error, now);
        store.reminders.conclude(attempt, &conclusion).await?;
        Ok(Told::new(
            &briefing.reminder,
            What::Refused,
            conclusion.reason,
        ))
    }

    fn new_call(&self, briefing: &Briefing, attempt: &AttemptId) -> NewCall {
        let appointment = briefing.appointment.id.0;
        let path = match briefing.reminder.kind {
            Kind::FollowUp => paths::OUTBOUND_FOLLOW_UP,
            _ => paths::OUTBOUND_REMINDER,
        };
        let answered = format!("{path}?appointment_id={appointment}&attempt={attempt}");
        NewCall {
            to: briefing.customer.phone.clone(),
            from: self.0.from.clone(),
            answered: TwimlOrUrl::Url(self.0.base_url.join(&answered)),
            status_callback: Some(self.callback(paths::CALL_STATUS, attempt)),
            timeout: Some(limits::REMINDER_RINGS),
            detection: Some(Detection {
                wait_for: Answering::MessageEnd,
                callback: self.callback(paths::AMD, attempt),
            }),
        }
    }

    fn callback(&self, path: &str, attempt: &AttemptId) -> String {
        self.0.base_url.join(&format!("{path}?attempt={attempt}"))
    }
}

pub(super) fn sent() -> Conclusion {
    Conclusion {
        outcome: Outcome::Sent,
        reason: SENT.to_owned(),
        next: Next::Done,
    }
}

/// By class: what may go well later is tried later and was no attempt; what never will is over.
fn refusal(error: RestError, now: Timestamp) -> Conclusion {
    let (outcome, next) = match error {
        RestError::OptedOut => (Outcome::OptedOut, Next::Done),
        RestError::Refused { .. } | RestError::TooLong { .. } => (Outcome::Failed, Next::Done),
        _ => {
            let later = now + limits::REMINDER_AGAIN_AFTER_REFUSAL;
            (Outcome::Failed, Next::Unsent(later))
        }
    };
    Conclusion {
        outcome,
        reason: error.to_string(),
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_may_pass_is_no_attempt_and_one_that_will_not_is_the_end() {
        let now = Timestamp::UNIX_EPOCH;
        let next = |error| refusal(error, now).next;
        let unauthorized = RestError::Unauthorized {
            status: 401,
            code: 20_003,
        };
        for passing in [
            RestError::RateLimited { code: 20_429 },
            RestError::Connect,
            unauthorized,
        ] {
            assert!(matches!(next(passing), Next::Unsent(_)), "{passing:?}");
        }
        let no_number = RestError::Refused {
            status: 400,
            code: 21_211,
        };
        for lasting in [no_number, RestError::OptedOut] {
            assert_eq!(next(lasting), Next::Done, "{lasting:?}");
        }
    }
}
