//! Whether a customer may be reached about an appointment: now, later, or never. Pure: a row, what
//! the book says of it, and the time.

mod hours;
mod offers;
mod several;
#[cfg(test)]
mod tests;
mod zones;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use storage::appointment::{Appointment, Status};
use storage::consent::{Channel, Standing};
use storage::customer::{Customer, Phone};
use storage::location::Location;
use storage::location::reminders::{FollowUp, Schedule};
use storage::reminder::{Kind, Next, Outcome, Reminder};

pub use self::hours::CallingHours;
pub use self::offers::MayOffer;
pub use self::several::Policies;
use crate::config::{Config, Environment};
use crate::limits;

/// The rules of one location.
#[derive(Clone, Debug)]
pub struct Policy {
    location: Arc<Location>,
    schedule: Schedule,
    /// Whose clock the schedule goes by.
    zone: TimeZone,
    guard: Guard,
}

/// Whom we may reach at all. It fails closed: a process that was not told that it is in production
/// reaches nobody but the number it was given for tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    Everybody,
    Only(Phone),
    Nobody,
}

/// A row, and what the book says of it.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub reminder: &'a Reminder,
    pub appointment: &'a Appointment,
    pub customer: &'a Customer,
    /// On the channel that the reminder goes by, over the last day.
    pub standing: Standing,
    /// When the customer booked or moved it, where the clock that says so is the business clock.
    pub booked_at: Option<Timestamp>,
}

/// What is to be done, and why. The reason holds nothing personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Act,
    /// It is not ours to touch: another process's, which may.
    Leave {
        why: &'static str,
    },
    Wait {
        until: Timestamp,
        why: &'static str,
    },
    Skip {
        why: &'static str,
    },
}

/// From when to before when something makes sense.
#[derive(Clone, Copy, Debug)]
struct Window {
    opens: Timestamp,
    closes: Timestamp,
}

impl Guard {
    #[must_use]
    pub fn of(config: &Config) -> Self {
        match (&config.reminders.test_number, config.environment) {
            (Some(number), _) => Self::Only(number.clone()),
            (None, Environment::Production) => Self::Everybody,
            (None, Environment::Development) => Self::Nobody,
        }
    }

    /// In a sentence, for whoever starts the process.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Everybody => "customers are called",
            Self::Only(_) => "nobody but YOUR_TEST_NUMBER is called",
            Self::Nobody => {
                "nobody is called: outside production, YOUR_TEST_NUMBER must name who may be"
            }
        }
    }

    /// Why whatever is due for others than we may reach is left as it is.
    #[must_use]
    pub fn leaves(&self) -> Option<&'static str> {
        match self {
            Self::Everybody => None,
            Self::Only(_) => Some(NOT_THE_TEST_NUMBER),
            Self::Nobody => Some(NO_TEST_NUMBER),
        }
    }

    /// Why this number is not to be reached by us.
    #[must_use]
    pub fn refusal(&self, phone: &Phone) -> Option<&'static str> {
        match self {
            Self::Everybody => None,
            Self::Only(number) if number == phone => None,
            Self::Only(_) | Self::Nobody => self.leaves(),
        }
    }
}

impl Case<'_> {
    /// Whether the customer may still be waiting for the confirmation.
    fn was_booked_just(&self, now: Timestamp) -> bool {
        self.booked_at
            .is_none_or(|at| now < at + limits::CONFIRMATION_AT_ONCE)
    }
}

impl Policy {
    #[must_use]
    pub fn new(config: &Config, location: Arc<Location>) -> Self {
        let zone = config.reminders.zone.clone();
        Self {
            schedule: match &location.reminders.schedule {
                Some(schedule) => schedule.clone(),
                None => Schedule::daily(config.reminders.hour),
            },
            zone: zone.unwrap_or_else(|| location.zone.clone()),
            guard: Guard::of(config),
            location,
        }
    }

    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// By which way customers are reached here.
    #[must_use]
    pub fn channel(&self, kind: Kind) -> Channel {
        match (kind, self.location.reminders.follow_up) {
            (Kind::Voice, _) | (Kind::FollowUp, Some(FollowUp::Call)) => Channel::Voice,
            (Kind::Sms | Kind::Confirmation | Kind::FollowUp, _) => Channel::Sms,
        }
    }

    /// What is to be done about this row at this time.
    #[must_use]
    pub fn judge(&self, case: &Case<'_>, now: Timestamp) -> Verdict {
        let skip = |why| Verdict::Skip { why };
        if let Some(why) = self.guard.refusal(&case.customer.phone) {
            return Verdict::Leave { why };
        }
        if case.customer.phone.callable().is_err() {
            return skip(NOT_CALLED);
        }
        let window = match self.window(case, now) {
            Ok(window) => window,
            Err(why) => return skip(why),
        };
        if now >= window.closes {
            return skip(match case.reminder.outcome {
                Some(_) => "no time is left for another attempt",
                None => "it is too late for it",
            });
        }
        if now < window.opens {
            let (until, why) = (window.opens, "it is not due yet");
            return Verdict::Wait { until, why };
        }
        if case.standing.opted_out {
            return skip("the customer has opted out");
        }
        if !case.standing.consented {
            return skip("the customer has not consented");
        }
        if case.reminder.attempts >= limits::REMINDER_ATTEMPTS {
            return skip("the customer was tried often enough");
        }
        let Some((from, why)) = self.not_before(case, now) else {
            return Verdict::Act;
        };
        if from >= window.closes {
            return skip("no hour is left at which the customer may be reached");
        }
        Verdict::Wait { until: from, why }
    }

    /// Where it is too early although it is due: until when, and why.
    fn not_before(&self, case: &Case<'_>, now: Timestamp) -> Option<(Timestamp, &'static str)> {
        let rings = self.channel(case.reminder.kind) == Channel::Voice;
        let booked = case.booked_at.filter(|_| case.reminder.kind == Kind::Voice);
        if let Some(rested) = booked.map(|at| at + limits::REMINDER_REST)
            && rested > now
        {
            return Some((rested, "the customer has just booked"));
        }
        if let Some(last) = case.standing.last_attempt
            && rings
        {
            if case.standing.attempts >= limits::REMINDER_ATTEMPTS_PER_DAY {
                let day = last + SignedDuration::from_hours(24);
                return Some((day, "the customer was tried often enough today"));
            }
            let spaced = last + limits::REMINDER_SPACING;
            if spaced > now {
                return Some((spaced, "the customer was tried a moment ago"));
            }
        }
        let allowed = self.next_allowed(case, now);
        (allowed > now).then_some((allowed, "people are not called at this hour"))
    }

    /// From `now` on, the first time at which this customer may be reached this way. What they have
    /// just asked for, a confirmation, they get at once; one that comes late waits for the morning.
    fn next_allowed(&self, case: &Case<'_>, now: Timestamp) -> Timestamp {
        let hours = CallingHours::of(&case.customer.phone, case.customer.address.as_ref());
        match case.reminder.kind {
            Kind::Confirmation if case.was_booked_just(now) => now,
            kind if self.channel(kind) == Channel::Voice => {
                hours.next(now, |at| self.is_open_day(self.location.local(at).date()))
            }
            _ => hours.next(now, |_| true),
        }
    }

    fn window(&self, case: &Case<'_>, now: Timestamp) -> Result<Window, &'static str> {
        let (appointment, rules) = (case.appointment, &self.location.reminders);
        match appointment.status {
            Status::Cancelled => return Err("the appointment was cancelled"),
            Status::NoShow => return Err("the customer did not come"),
            Status::Completed | Status::InProgress if case.reminder.kind != Kind::FollowUp => {
                return Err("the customer is here already");
            }
            _ => {}
        }
        if appointment.starts_at != case.reminder.starts_at {
            return Err("the appointment was moved");
        }
        let writes = rules.texts.is_some();
        let starts_at = appointment.starts_at;
        match case.reminder.kind {
            Kind::Voice => Ok(Window {
                opens: self.calls_at(appointment),
                closes: starts_at - limits::REMINDER_NOTICE,
            }),
            Kind::Sms => {
                let before = rules.text_before.filter(|_| writes);
                let before = before.ok_or("this location reminds nobody by text")?;
                let hours = CallingHours::of(&case.customer.phone, case.customer.address.as_ref());
                Ok(Window {
                    opens: hours.last(starts_at - before),
                    closes: starts_at - limits::TEXT_NOTICE,
                })
            }
            Kind::Confirmation if rules.confirm_by_text && writes => {
                let booked_at = case.booked_at.unwrap_or(now);
                Ok(Window {
                    opens: now,
                    closes: starts_at.min(booked_at + limits::CONFIRMATION_LIFE),
                })
            }
            Kind::Confirmation => Err("this location confirms nothing by text"),
            Kind::FollowUp if rules.follow_up.is_some() => {
                let opens = self.follows_up_at(appointment);
                Ok(Window {
                    opens,
                    closes: opens + limits::FOLLOW_UP_LIFE,
                })
            }
            Kind::FollowUp => Err("this location follows nobody up"),
        }
    }

    /// When calls about this appointment begin: on the last day before it on which the location is
    /// open and its schedule has a time.
    fn calls_at(&self, appointment: &Appointment) -> Timestamp {
        let day = self.location.local(appointment.starts_at).date();
        let found = (1..=limits::REMINDER_DAYS_BACK)
            .filter_map(|back| day.checked_sub(back.days()).ok())
            .filter(|day| self.is_open_day(*day))
            .find_map(|day| self.schedule.first_on(day, &self.zone));
        match found {
            Some(at) => at.timestamp(),
            None => appointment.starts_at - SignedDuration::from_hours(24),
        }
    }

    /// The first scheduled time on a day after the visit.
    fn follows_up_at(&self, appointment: &Appointment) -> Timestamp {
        let day = self.location.local(appointment.ends_at).date();
        let found = (1..=limits::REMINDER_DAYS_BACK)
            .filter_map(|days| day.checked_add(days.days()).ok())
            .filter(|day| self.is_open_day(*day))
            .find_map(|day| self.schedule.first_on(day, &self.zone));
        match found {
            Some(at) => at.timestamp(),
            None => appointment.ends_at + SignedDuration::from_hours(24),
        }
    }

    /// Somebody is there to answer a customer who calls back.
    fn is_open_day(&self, day: Date) -> bool {
        self.location.hours(day).is_some()
    }
}

/// See `Phone::callable`.
const NOT_CALLED: &str = "the number is one that costs extra";
const NOT_THE_TEST_NUMBER: &str = "test mode: the number is not YOUR_TEST_NUMBER";
const NO_TEST_NUMBER: &str = "test mode: YOUR_TEST_NUMBER is not set, nobody may be called";

/// What becomes of a reminder after an attempt that came to this. Whether there is another attempt is
/// decided when it is looked at again.
#[must_use]
pub fn after(outcome: Outcome, now: Timestamp) -> Next {
    match outcome {
        Outcome::Busy => Next::Again(now + limits::REMINDER_AGAIN_AFTER_BUSY),
        Outcome::NoAnswer => Next::Again(now + limits::REMINDER_AGAIN_AFTER_SILENCE),
        Outcome::Failed => Next::Again(now + limits::REMINDER_AGAIN_AFTER_FAILURE),
        _ => Next::Done,
    }
}
