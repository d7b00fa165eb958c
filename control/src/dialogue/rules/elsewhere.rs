//! Another location: a caller who names one is served there.

use std::sync::Arc;

use jiff::Zoned;
use storage::Location;

use super::RuleBrain;
use super::absorb::absorb;
use crate::dialogue::phrases;
use crate::dialogue::state::{Asks, Booking, State, Task};
use crate::dialogue::turn::vocabulary;
use crate::nlu::intent::Intent;
use crate::nlu::words::Words;

/// How the only other location is called.
const THE_OTHER_ONE: [&str; 6] = [
    "the other location",
    "your other location",
    "the other dealership",
    "your other dealership",
    "your other shop",
    "your other store",
];

impl RuleBrain {
    /// Whether the caller names another location than the one they are served at, to be served there.
    /// Not while something is looked up, and not where they want a human, or nothing more.
    pub(super) fn names_another(&self, state: &State, text: &str, second: Option<&str>) -> bool {
        let may = match state {
            State::IntentDetection | State::Closing => true,
            State::SlotCollection { task, .. } | State::Confirmation(task) => {
                !matches!(task, Task::Cancel(_))
            }
            _ => false,
        };
        if !may || state.awaits().is_some() || self.named(text, second).is_none() {
            return false;
        }
        let intent = self.read(state, text, second).and_then(|turn| turn.intent);
        !intent.is_some_and(|intent| {
            intent.escalates()
                || matches!(
                    intent,
                    Intent::StopCalling | Intent::Goodbye | Intent::NeverMind | Intent::StartOver
                )
        })
    }

    /// The location that both readings name.
    fn named(&self, text: &str, second: Option<&str>) -> Option<Arc<Location>> {
        let one = self.named_in(text)?;
        let agree = second.is_none_or(|text| self.named_in(text).is_some_and(|o| o.key == one.key));
        agree.then_some(one)
    }

    fn named_in(&self, text: &str) -> Option<Arc<Location>> {
        let words = Words::new(text);
        let is_named = |location: &&Arc<Location>| is_called(location, &words);
        if let Some(named) = self.locations.beside(&self.location).find(is_named) {
            return Some(Arc::clone(named));
        }
        let mut others = self.locations.beside(&self.location);
        let only = others.next().filter(|_| others.next().is_none())?;
        words.has_any(&THE_OTHER_ONE).then(|| Arc::clone(only))
    }

    /// Whether the caller names, while they book, the location at which they are served already.
    pub(super) fn names_this(&self, state: &State, text: &str, second: Option<&str>) -> bool {
        let books = matches!(state, State::SlotCollection { .. } | State::Confirmation(_));
        let named = |text: &str| is_called(&self.location, &Words::new(text));
        books && named(text) && second.is_none_or(named)
    }

    /// Serves the caller where they want to come, and goes on with what they are about.
    pub(super) fn elsewhere(
        &mut self,
        state: State,
        text: &str,
        second: Option<&str>,
        now: &Zoned,
    ) -> State {
        let Some(there) = self.named(text, second) else {
            return state;
        };
        let task = match state {
            State::SlotCollection {
                task: Task::Book(booking),
                ..
            }
            | State::Confirmation(Task::Book(booking)) => Some(booking),
            // An appointment stays where it is.
            State::SlotCollection { .. } | State::Confirmation(_) => {
                self.say(phrases::stays(self.known.language, &self.location, &there));
                return self.enter(state, now);
            }
            _ => None,
        };
        self.settle_at(&there.key);
        self.say(phrases::there(self.known.language, &self.location));
        let now = &self.location.local(now.timestamp());
        match task {
            Some(booking) => self.book_there(booking, text, second, now),
            None => match self.read(&State::IntentDetection, text, second) {
                Some(turn) if turn.intent.is_some() || turn.asks_for_something() => {
                    self.heard(State::IntentDetection, turn, now)
                }
                _ => {
                    for sentence in phrases::hours_of_week(self.known.language, &self.location) {
                        self.say(sentence);
                    }
                    self.answered = true;
                    self.enter(State::IntentDetection, now)
                }
            },
        }
    }

    /// The booking under way, at the other location: its times are others, and so are its services.
    fn book_there(
        &mut self,
        mut booking: Booking,
        text: &str,
        second: Option<&str>,
        now: &Zoned,
    ) -> State {
        booking.place = self.place_name();
        booking.time.start = None;
        let offers = |key: &String| self.location.service(key).is_some();
        booking.also.retain(offers);
        if booking.service.as_ref().is_some_and(|key| !offers(key)) {
            booking.service = None;
            self.say(phrases::NOT_DONE_THERE);
        }
        let mut task = Task::Book(booking);
        let turn = self.read(&State::IntentDetection, text, second);
        let turn = turn.unwrap_or_default();
        self.repair.moved_on();
        if turn.intent.is_some_and(Intent::is_question) {
            let offered = Vec::new();
            let asks = Asks::When { offered };
            return self.inquire(State::SlotCollection { task, asks }, &turn, now);
        }
        absorb(&mut task, &turn);
        self.next(task, now)
    }

    /// From here on the facts of this location count.
    pub(super) fn settle_at(&mut self, key: &str) {
        let there = Arc::clone(self.locations.of(key));
        if there.key == self.location.key {
            return;
        }
        self.known.place = (there.key != self.dialled).then(|| there.key.clone());
        self.vocabulary = vocabulary(&there);
        self.topic = None;
        self.location = there;
    }

    /// The location for a tool: nothing where it is the one that answers the call.
    pub(super) fn place(&self) -> Option<String> {
        self.known.place.clone()
    }

    /// As it is said in a booking, where it is not the one that the caller dialled.
    pub(super) fn place_name(&self) -> Option<String> {
        self.known
            .place
            .as_ref()
            .map(|_| self.location.name.clone())
    }
}

fn is_called(location: &Location, words: &Words) -> bool {
    let names = location.called.iter().chain([&location.name]);
    names.into_iter().any(|name| {
        let name = Words::new(name).list().join(" ");
        !name.is_empty() && words.has(&name)
    })
}
