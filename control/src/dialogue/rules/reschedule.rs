//! Errands on the record: which appointment is meant, and moving it.

use jiff::Zoned;

use super::RuleBrain;
use super::times::day_of;
use crate::dialogue::phrases;
use crate::dialogue::state::{Cancellation, Errand, Move, State, Task, Wish};
use crate::dialogue::turn::Turn;
use crate::nlu::date_time::{self, Candidate, Time, When};
use crate::nlu::yes_no::Answer;
use crate::tools::ToolCall;
use crate::tools::moment::Moment;
use crate::tools::reschedule_appointment::Arguments;
use crate::tools::visit::Visit;

impl RuleBrain {
    /// What a verified caller has booked.
    pub(super) fn appointments(
        &mut self,
        errand: Errand,
        mut visits: Vec<Visit>,
        now: &Zoned,
    ) -> State {
        match (visits.len(), &errand) {
            (0, _) => {
                self.say(phrases::NO_APPOINTMENTS);
                self.enter(State::Closing, now)
            }
            (_, Errand::Check) => {
                self.say(phrases::appointments(
                    self.known.language,
                    &self.location,
                    &visits,
                    now.date(),
                ));
                self.answered = true;
                self.enter(State::Closing, now)
            }
            (1, _) => {
                let visit = visits.remove(0);
                self.say(phrases::appointment(
                    self.known.language,
                    &self.location,
                    &visit,
                    now.date(),
                ));
                self.about(errand, visit, now)
            }
            _ => {
                self.say(phrases::appointments(
                    self.known.language,
                    &self.location,
                    &visits,
                    now.date(),
                ));
                let state = State::Choosing {
                    errand,
                    among: visits,
                };
                self.enter(state, now)
            }
        }
    }

    /// The caller's words when several appointments could be meant.
    pub(super) fn choose(
        &mut self,
        errand: Errand,
        mut among: Vec<Visit>,
        turn: Turn,
        now: &Zoned,
    ) -> State {
        let chosen = turn
            .when
            .and_then(|when| when.pick(among.len()))
            .or_else(|| only(&among, |visit| self.meant(visit, &turn, now)));
        match chosen {
            Some(index) if index < among.len() => {
                let visit = among.swap_remove(index);
                self.about(errand, visit, now)
            }
            _ if turn.answer == Some(Answer::No) => {
                self.say(phrases::LEFT_AS_IT_IS);
                self.enter(State::Closing, now)
            }
            _ => self.missed(State::Choosing { errand, among }, now),
        }
    }

    /// Whether the words fit an appointment: its day, its service or its vehicle.
    fn meant(&self, visit: &Visit, turn: &Turn, now: &Zoned) -> bool {
        let by_service = turn.services.contains(&visit.service_type);
        let by_vehicle = turn.vehicle.as_ref().is_some_and(|said| {
            visit.vehicle.as_ref().is_some_and(|v| {
                let same = |a: &Option<String>, b: &str| {
                    a.as_deref().is_none_or(|a| a.eq_ignore_ascii_case(b))
                };
                let named = said.make.is_some() || said.model.is_some() || said.year.is_some();
                named
                    && same(&said.make, &v.make)
                    && same(&said.model, &v.model)
                    && said.year.is_none_or(|year| year == v.year)
            })
        });
        let by_day = turn.when.is_some_and(|when| {
            let day = When {
                day: when.day,
                ..When::default()
            };
            // Whatever the hours: what is asked is which day, not whether it can be booked.
            let whole_day = |_| Some((jiff::civil::Time::MIN, jiff::civil::Time::MAX));
            matches!(date_time::resolve(&day, now, whole_day),
                Ok(Candidate::Within { first_day, last_day, .. })
                    if (first_day..=last_day).contains(&visit.scheduled_at.date()))
        });
        by_service || by_vehicle || by_day
    }

    pub(super) fn about(&mut self, errand: Errand, visit: Visit, now: &Zoned) -> State {
        let task = match errand {
            Errand::Reschedule(said) => {
                // "Move it to eleven" is on the day that it has.
                let said = said.map(|said| match (said.day, said.time) {
                    (None, Some(Time::At(_))) => When {
                        day: Some(day_of(&visit.scheduled_at)),
                        ..said
                    },
                    _ => said,
                });
                let time = Wish { said, start: None };
                // Its own location's hours and bays count.
                let at = visit.elsewhere.as_ref().map(|place| place.key.clone());
                self.settle_at(&at.unwrap_or_else(|| self.dialled.clone()));
                Task::Reschedule(Move {
                    visit,
                    time,
                    rather_than: None,
                })
            }
            Errand::Cancel(reason) => Task::Cancel(Cancellation { visit, reason }),
            Errand::Check => return self.enter(State::Closing, now),
        };
        self.repair.moved_on();
        self.next(task, now)
    }

    pub(super) fn next_of_move(&mut self, mut moved: Move, now: &Zoned) -> State {
        if moved.time.start.as_ref() == Some(&moved.visit.scheduled_at) {
            moved.time = Wish::default();
            self.say(phrases::ALREADY_THEN);
        }
        let task = Task::Reschedule(moved);
        match &task {
            Task::Reschedule(Move { time, .. }) if time.start.is_some() => {
                self.enter(State::Confirmation(task), now)
            }
            _ => self.seek(task, now),
        }
    }
}

impl Move {
    pub(in crate::dialogue) fn call(&self) -> Option<ToolCall> {
        Some(ToolCall::RescheduleAppointment(Arguments {
            appointment_id: self.visit.appointment_id,
            new_datetime: Moment::Instant(self.time.start.as_ref()?.timestamp()),
        }))
    }
}

/// The index of the only one that fits.
fn only(visits: &[Visit], fits: impl Fn(&Visit) -> bool) -> Option<usize> {
    let mut fitting = visits.iter().enumerate().filter(|(_, visit)| fits(visit));
    let (index, _) = fitting.next()?;
    fitting.next().is_none().then_some(index)
}
