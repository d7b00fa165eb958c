//! Questions about the location: answered from its facts, in any state, without a tool.

use jiff::Zoned;
use jiff::civil::Date;
use storage::location::{Location, Service};

use super::RuleBrain;
use crate::dialogue::phrases;
use crate::dialogue::state::State;
use crate::dialogue::turn::Turn;
use crate::nlu::date_time::{self, Candidate, When, WhenError};
use crate::nlu::intent::Intent;

/// A question that was answered; a few words may carry it on ("and on Saturday?").
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Topic {
    intent: Intent,
    service: Option<String>,
}

impl RuleBrain {
    /// "What about Saturday?" after a question about the hours is another one, and no wish.
    pub(super) fn carried_on(&self, turn: &Turn) -> bool {
        let hours = |topic: &Topic| topic.intent == Intent::Hours;
        let day_alone = turn
            .when
            .is_some_and(|when| when.day.is_some() && when.time.is_none());
        self.topic.as_ref().is_some_and(hours)
            && day_alone
            && turn.intent.is_none()
            && turn.answer.is_none()
            && turn.services.is_empty()
    }

    /// Answers, and goes back to the question that was open.
    pub(super) fn inquire(&mut self, state: State, turn: &Turn, now: &Zoned) -> State {
        let location = &self.location;
        let about = asked_service(&state, turn, location).or_else(|| {
            let earlier = self.topic.as_ref()?.service.as_deref()?;
            location.service(earlier)
        });
        let topic = Topic {
            intent: turn.intent.unwrap_or(Intent::Hours),
            service: about.map(|service| service.key.clone()),
        };
        let answer = match turn.intent {
            Some(Intent::Price) => phrases::prices(self.known.language, location, about),
            Some(Intent::Duration) => phrases::durations(self.known.language, location, about),
            Some(Intent::Location) => phrases::address(self.known.language, location),
            _ => match turn.when.and_then(|when| asked_day(&when, location, now)) {
                Some(day) => phrases::hours_of_day(self.known.language, location, day, now.date()),
                None => phrases::hours_of_week(self.known.language, location),
            },
        };
        self.topic = Some(topic);
        for sentence in answer {
            self.say(sentence);
        }
        self.answered = true;
        let next = match state {
            State::IntentDetection => State::Closing,
            other => other,
        };
        self.enter(next, now)
    }
}

/// The service that a question is about: the one named, or the one being booked.
fn asked_service<'a>(state: &State, turn: &Turn, location: &'a Location) -> Option<&'a Service> {
    let under_way = match state {
        State::SlotCollection { task, .. } | State::Confirmation(task) => task.service(),
        _ => None,
    };
    let key = turn.services.first().map(String::as_str).or(under_way)?;
    location.service(key)
}

/// The single day that a question is about.
fn asked_day(when: &When, location: &Location, now: &Zoned) -> Option<Date> {
    let day = When {
        day: when.day,
        ..When::default()
    };
    let opening = |date| location.hours(date).map(|h| (h.open, h.close));
    match date_time::resolve(&day, now, opening) {
        Ok(Candidate::At(start)) => Some(start.date()),
        Ok(Candidate::Within {
            first_day,
            last_day,
            ..
        }) => (first_day == last_day).then_some(first_day),
        Err(WhenError::Closed { date } | WhenError::Past { date }) => Some(date),
        Err(_) => None,
    }
}
