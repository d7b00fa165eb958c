//! The waiting list: offered where nothing is free on the days that a known caller wants.

use jiff::{ToSpan as _, Zoned};

use storage::Language;

use super::RuleBrain;
use crate::dialogue::phrases;
use crate::dialogue::state::{Asks, Chosen, Days, Search, State, Task};
use crate::dialogue::turn::Turn;
use crate::dialogue::{TransferReason, phrases::vehicle};
use crate::nlu::yes_no::Answer;
use crate::tools::get_available_slots::Slots;
use crate::tools::join_waitlist::Arguments;
use crate::tools::{self, ToolCall, ToolError, ToolOutcome};

impl RuleBrain {
    /// Keeps the days in mind on which nothing is left of what the caller wants.
    pub(super) fn note_if_full(&self, task: &mut Task, search: &Search, slots: &Slots) {
        let several = self
            .known
            .caller
            .as_ref()
            .map_or(0, |caller| caller.vehicle_count)
            > 1;
        let Task::Book(booking) = task else {
            return;
        };
        let unclear = several && matches!(booking.vehicle, Chosen::Unsaid);
        booking.full = None;
        if !slots.waitlist || self.known.caller.is_none() || unclear {
            return;
        }
        let free = &slots.available_slots;
        let none_left = match search {
            Search::At(start) => {
                let service = booking.service.as_deref();
                let service = service.and_then(|key| self.location.service(key));
                let taken = !free.iter().any(|slot| slot.starts_at == *start);
                taken && service.is_some_and(|service| self.could_be(service, start))
            }
            Search::Within { from, to, .. } => !free.iter().any(|slot| {
                let time = slot.starts_at.time();
                *from <= time && time < *to
            }),
            Search::Instead { .. } => free.is_empty(),
        };
        let days = slots.date.series(1.day());
        let open = days
            .take_while(|day| *day <= slots.last)
            .any(|day| self.location.hours(day).is_some());
        if none_left && open {
            booking.full = Some(Days {
                first: slots.date,
                last: slots.last,
            });
        }
    }

    /// Whether only other bookings stand in the way of a start.
    fn could_be(&self, service: &storage::location::Service, start: &Zoned) -> bool {
        let open = self.location.hours(start.date());
        open.is_some_and(|hours| {
            let ends = start.checked_add(service.duration);
            hours.open <= start.time() && ends.is_ok_and(|ends| ends.time() <= hours.close)
        })
    }

    /// The caller's words after the question whether they want to wait.
    pub(super) fn wait_or_not(
        &mut self,
        mut task: Task,
        days: Days,
        turn: &Turn,
        now: &Zoned,
    ) -> Option<State> {
        if turn.asks_for_something() {
            return None;
        }
        match turn.answer? {
            Answer::Yes => {
                let Task::Book(booking) = &task else {
                    return None;
                };
                let tool = self.run(ToolCall::JoinWaitlist(Arguments {
                    described_as: vehicle(Language::English, &booking.vehicle.described()),
                    service_type: booking.service.clone()?,
                    first_day: days.first,
                    last_day: days.last,
                    location: self.place(),
                }));
                let asks = Asks::Joining { tool };
                Some(State::SlotCollection { task, asks })
            }
            Answer::No | Answer::Unsure => {
                full(&mut task);
                let asks = Asks::When {
                    offered: Vec::new(),
                };
                self.say(phrases::ANOTHER_TIME);
                Some(self.enter(State::SlotCollection { task, asks }, now))
            }
        }
    }

    /// The book's answer.
    pub(super) fn joined(&mut self, mut task: Task, outcome: ToolOutcome, now: &Zoned) -> State {
        match outcome {
            Ok(tools::Answer::Waiting(wait)) => {
                let days = Days {
                    first: wait.first_day,
                    last: wait.last_day,
                };
                self.say(phrases::waiting(self.known.language, &days, now.date()));
                self.answered = true;
                self.enter(State::Closing, now)
            }
            Err(ToolError::NoWaitlist | ToolError::OptedOut | ToolError::NoSuchVehicle) => {
                full(&mut task);
                self.say(phrases::CANNOT_WAIT);
                let asks = Asks::When {
                    offered: Vec::new(),
                };
                self.enter(State::SlotCollection { task, asks }, now)
            }
            _ => self.escalate(TransferReason::Trouble),
        }
    }
}

/// The days on which nothing is free, to be asked about once.
pub(super) fn full(task: &mut Task) -> Option<Days> {
    match task {
        Task::Book(booking) => booking.full.take(),
        Task::Reschedule(_) | Task::Cancel(_) => None,
    }
}
