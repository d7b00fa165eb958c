//! Booking: service, time, vehicle, and, for a caller who is new, everything else.

use jiff::Zoned;
use storage::Language;
use storage::vehicle::VehicleId;

use super::absorb::absorb;
use super::{RuleBrain, questions};
use crate::dialogue::phrases::Sayable as _;
use crate::dialogue::state::{Asks, Booking, Born, Chosen, Move, State, Task, Wish};
use crate::dialogue::turn::Turn;
use crate::dialogue::{TransferReason, phrases};
use crate::nlu::vehicle::SpokenVehicle;
use crate::nlu::yes_no::Answer;
use crate::tools::book_appointment::{Arguments, Party};
use crate::tools::error::NotBookable;
use crate::tools::find_vehicle::{self, Match};
use crate::tools::lookup_customer::{Caller, Lookup, Proofs};
use crate::tools::moment::Moment;
use crate::tools::new_customer::CreateCustomer;
use crate::tools::visit::Visit;
use crate::tools::{self, ToolCall, ToolError, ToolOutcome};

impl RuleBrain {
    pub(super) fn begin_booking(&mut self, turn: Turn, now: &Zoned) -> State {
        let said = turn.phone.and_then(Result::ok);
        let mut services = turn.services.into_iter();
        let booking = Booking {
            service: services.next(),
            place: self.place_name(),
            another: false,
            full: None,
            also: services.collect(),
            time: Wish {
                said: turn.when,
                start: None,
            },
            vehicle: turn.vehicle.map_or(Chosen::Unsaid, Chosen::Described),
            name: turn.name.unwrap_or_default(),
            phone: said.or_else(|| self.known.number.clone()),
            born: Born::default(),
        };
        self.next(Task::Book(booking), now)
    }

    /// On with the task: asks for what is missing, or for a yes.
    pub(super) fn next(&mut self, task: Task, now: &Zoned) -> State {
        match task {
            Task::Book(booking) => self.next_of_booking(booking, now),
            Task::Reschedule(moved) => self.next_of_move(moved, now),
            Task::Cancel(cancellation) => self.next_of_cancellation(cancellation, now),
        }
    }

    fn next_of_booking(&mut self, mut booking: Booking, now: &Zoned) -> State {
        let asks = if booking.service.is_none() {
            Asks::Service
        } else if booking.time.start.is_none() {
            return self.seek(Task::Book(booking), now);
        } else if let Some(caller) = &self.known.caller {
            match &booking.vehicle {
                Chosen::Unsaid if caller.vehicle_count > 1 => Asks::WhichVehicle,
                Chosen::Unsaid if caller.vehicle_count == 0 => Asks::Vehicle,
                Chosen::Unsaid => self.find_vehicle(&SpokenVehicle::default(), None),
                Chosen::Described(words) => self.find_vehicle(&words.clone(), None),
                Chosen::OtherThan(this) => {
                    self.find_vehicle(&SpokenVehicle::default(), Some(*this))
                }
                Chosen::Unknown(_) => Asks::Vehicle,
                Chosen::Known { .. } | Chosen::New(_) => {
                    if let Some(asks) = self.look_for_what_is_due(&booking) {
                        let task = Task::Book(booking);
                        return State::SlotCollection { task, asks };
                    }
                    return self.enter(State::Confirmation(Task::Book(booking)), now);
                }
            }
        } else if let Some(asks) = self.missing_of_new_customer(&mut booking) {
            asks
        } else {
            return self.enter(State::Confirmation(Task::Book(booking)), now);
        };
        let state = State::SlotCollection {
            task: Task::Book(booking),
            asks,
        };
        if state.awaits().is_some() {
            state
        } else {
            self.enter(state, now)
        }
    }

    fn find_vehicle(&mut self, words: &SpokenVehicle, other_than: Option<VehicleId>) -> Asks {
        let described_as = phrases::vehicle(Language::English, words);
        Asks::TheirVehicle {
            tool: self.run(ToolCall::FindVehicle(find_vehicle::Arguments {
                described_as,
                other_than,
            })),
        }
    }

    /// The caller's words while something is missing.
    pub(super) fn fill(
        &mut self,
        mut task: Task,
        asks: Asks,
        mut turn: Turn,
        now: &Zoned,
    ) -> State {
        if matches!(asks, Asks::When { .. })
            && let Some(state) = self.put_right(&task, &mut turn, now)
        {
            return state;
        }
        let other_service = turn
            .services
            .first()
            .is_some_and(|said| task.service() != Some(said));
        if let Asks::When { offered } = &asks
            && !other_service
            && let Some(state) = self.chosen_time(&task, offered, &turn, now)
        {
            return state;
        }
        if matches!(asks, Asks::Vehicle)
            && let Some(vin) = &turn.vin
        {
            return self.decode(task, vin.clone());
        }
        if matches!(asks, Asks::Phone)
            && let Some(phone) = &turn.phone
        {
            return self.new_number(task, phone.clone(), now);
        }
        if matches!(asks, Asks::Born)
            && let Some(state) = self.born_or_not(&task, &turn, now)
        {
            return state;
        }
        if matches!(asks, Asks::Service)
            && turn.answer == Some(Answer::No)
            && turn.services.is_empty()
            && turn.when.is_none()
        {
            return self.dropped(&task, now);
        }
        if let Asks::Waitlist(days) = &asks
            && let Some(state) = self.wait_or_not(task.clone(), *days, &turn, now)
        {
            return state;
        }
        if let Asks::AddWhatIsDue { due } = &asks
            && let Some(state) = self.suggested(task.clone(), due.clone(), &turn, now)
        {
            return state;
        }
        if absorb(&mut task, &turn) {
            self.repair.moved_on();
            self.next(task, now)
        } else {
            self.missed(State::SlotCollection { task, asks }, now)
        }
    }

    /// The caller's words when only a yes is missing.
    pub(super) fn confirm(&mut self, mut task: Task, mut turn: Turn, now: &Zoned) -> State {
        if let Some(state) = self.put_right(&task, &mut turn, now) {
            return state;
        }
        let before = task.clone();
        let said_something = absorb(&mut task, &turn);
        if said_something && task != before && !self.same_time(&before, &turn, now) {
            self.repair.moved_on();
            return self.next(task, now);
        }
        match turn.answer {
            Some(Answer::Yes)
                if self
                    .repair
                    .came_across(&questions::essence(self.known.language, &before)) =>
            {
                self.execute(before, now)
            }
            Some(Answer::Yes) => self.enter(State::Confirmation(before), now),
            Some(Answer::No) => self.declined(before, now),
            Some(Answer::Unsure) => self.enter(State::Confirmation(before), now),
            None if said_something => self.enter(State::Confirmation(before), now),
            None => self.missed(State::Confirmation(before), now),
        }
    }

    /// The caller wants none of it any more.
    pub(super) fn dropped(&mut self, task: &Task, now: &Zoned) -> State {
        self.say(match task {
            Task::Book(_) => phrases::NOTHING_BOOKED,
            Task::Reschedule(_) | Task::Cancel(_) => phrases::LEFT_AS_IT_IS,
        });
        self.enter(State::Closing, now)
    }

    /// A no to the whole.
    fn declined(&mut self, task: Task, now: &Zoned) -> State {
        match task {
            Task::Cancel(_) => {
                self.say(phrases::LEFT_AS_IT_IS);
                self.enter(State::Closing, now)
            }
            Task::Reschedule(Move {
                rather_than: Some(both),
                ..
            }) => {
                self.say(phrases::LEFT_WHERE_IT_IS);
                self.enter(State::Confirmation(Task::Book(*both)), now)
            }
            mut task @ (Task::Book(_) | Task::Reschedule(_)) => {
                // What was said still stands, so that "at three" keeps the day.
                if let Some(time) = task.time() {
                    time.start = None;
                }
                self.say(phrases::NOT_THAT);
                let asks = Asks::When {
                    offered: Vec::new(),
                };
                self.enter(State::SlotCollection { task, asks }, now)
            }
        }
    }

    /// The one place from which the book is changed, and a yes leads here.
    fn execute(&mut self, task: Task, now: &Zoned) -> State {
        let call = match &task {
            Task::Book(booking) => self.booking_call(booking),
            Task::Reschedule(moved) => moved.call(),
            Task::Cancel(cancellation) => Some(cancellation.call()),
        };
        let Some(call) = call else {
            return self.next(task, now);
        };
        let tool = self.run(call);
        State::Execution {
            task,
            tool,
            leaving: false,
        }
    }

    fn booking_call(&self, booking: &Booking) -> Option<ToolCall> {
        let party = match (&self.known.caller, &booking.vehicle) {
            (Some(caller), Chosen::Known { vehicle, .. }) => Party::Known {
                customer_id: caller.customer_id,
                vehicle_id: *vehicle,
            },
            (Some(caller), Chosen::New(vehicle)) => Party::NewVehicle {
                customer_id: caller.customer_id,
                add_vehicle: vehicle.clone(),
            },
            (None, Chosen::New(vehicle)) => Party::NewCustomer {
                create_customer: CreateCustomer {
                    first_name: booking.name.first.clone()?,
                    last_name: booking.name.last.clone()?,
                    phone_number: booking.phone.as_ref()?.as_str().to_owned(),
                    email: None,
                    date_of_birth: match booking.born {
                        Born::On(date) => Some(date),
                        Born::Unasked | Born::Unsaid => None,
                    },
                    address: None,
                },
                add_vehicle: vehicle.clone(),
            },
            _ => return None,
        };
        let also: Vec<&str> = booking
            .also
            .iter()
            .filter_map(|key| self.location.service(key))
            .map(|service| service.name.as_str())
            .collect();
        Some(ToolCall::BookAppointment(Arguments {
            party,
            service_type: booking.service.clone()?,
            scheduled_at: Moment::Instant(booking.time.start.as_ref()?.timestamp()),
            notes: (!also.is_empty()).then(|| format!("Also asked for: {}.", also.join(", "))),
            duration_minutes: None,
            location: self.place(),
            another: booking.another,
        }))
    }

    /// The book's answer to a change.
    pub(super) fn executed(
        &mut self,
        mut task: Task,
        leaving: bool,
        outcome: ToolOutcome,
        now: &Zoned,
    ) -> State {
        self.known.learn(&outcome);
        match outcome {
            Ok(done) => {
                self.tell(&done, now);
                if let tools::Answer::Booked(visit) = &done {
                    self.remember(visit, &task);
                }
                self.settled(leaving, now)
            }
            Err(ToolError::NotBookable { why, nearest }) => {
                if let Some(time) = task.time() {
                    time.start = None;
                }
                self.say(match why {
                    NotBookable::Taken => phrases::JUST_TAKEN.said_in(self.known.language),
                    NotBookable::VehicleBusy => phrases::VEHICLE_BUSY.said_in(self.known.language),
                    NotBookable::Rule(rule) => phrases::refusal(
                        self.known.language,
                        &self.location,
                        &rule,
                        task.service(),
                        now,
                    ),
                });
                let times = nearest.into_iter().map(|slot| slot.starts_at).collect();
                self.propose(task, times, now)
            }
            Err(ToolError::AlreadyBooked(known)) => self.already_booked(task, *known, now),
            Err(error) => self.not_executed(task, &error, now),
        }
    }

    /// A change of the book, as the caller hears of it.
    pub(super) fn tell(&mut self, done: &tools::Answer, now: &Zoned) {
        let today = now.date();
        match done {
            tools::Answer::Booked(visit) => {
                self.say(phrases::booked(
                    self.known.language,
                    &self.location,
                    visit,
                    today,
                ));
            }
            tools::Answer::Rescheduled(moved) => {
                self.say(phrases::rescheduled(
                    self.known.language,
                    &self.location,
                    &moved.visit,
                    today,
                ));
            }
            tools::Answer::Confirmed(visit) => {
                self.say(phrases::see_you(self.known.language, visit, today));
            }
            _ => self.say(phrases::CANCELLED),
        }
    }

    /// Whoever books is known from then on, so that nothing is asked twice in one call.
    fn remember(&mut self, visit: &Visit, task: &Task) {
        let Task::Book(booking) = task else {
            return;
        };
        match &mut self.known.caller {
            Some(caller) => {
                caller.vehicle_count += usize::from(matches!(booking.vehicle, Chosen::New(_)));
            }
            unknown => {
                *unknown = Some(Caller {
                    customer_id: visit.customer_id,
                    first_name: booking.name.first.clone().unwrap_or_default(),
                    vehicle_count: 1,
                    can_be_verified: false,
                    proofs: Proofs::default(),
                    vehicles: None,
                });
            }
        }
    }

    fn not_executed(&mut self, mut task: Task, error: &ToolError, now: &Zoned) -> State {
        match (error, &mut task) {
            (ToolError::NoSuchVehicle, Task::Book(booking)) => {
                booking.vehicle = Chosen::Unsaid;
                self.next(task, now)
            }
            (ToolError::BadArgument { field: "year", .. }, Task::Book(booking)) => {
                booking.vehicle = Chosen::Unknown(SpokenVehicle::default());
                self.say(phrases::NO_SUCH_YEAR);
                self.next(task, now)
            }
            (ToolError::NumberTaken, Task::Book(booking)) => {
                booking.phone = None;
                self.say(phrases::NUMBER_TAKEN);
                self.next(task, now)
            }
            (ToolError::AlreadyCancelled | ToolError::AlreadyOver, _) => {
                self.say(phrases::ALREADY_SETTLED);
                self.enter(State::Closing, now)
            }
            _ => self.escalate(TransferReason::Trouble),
        }
    }

    /// The book's answer to a question on the way.
    pub(super) fn found(
        &mut self,
        mut task: Task,
        asks: Asks,
        outcome: ToolOutcome,
        now: &Zoned,
    ) -> State {
        if matches!(asks, Asks::Joining { .. }) {
            return self.joined(task, outcome, now);
        }
        if matches!(asks, Asks::WhatIsDue { .. }) {
            return self.what_is_due(task, outcome, now);
        }
        match (asks, outcome, &mut task) {
            (Asks::FreeTimes { search, .. }, Ok(tools::Answer::Slots(slots)), _) => {
                self.free_times(task, search, &slots, now)
            }
            (Asks::Decoded { vin, .. }, decoded, Task::Book(booking)) => {
                self.decoded(booking, vin, decoded);
                self.next(task, now)
            }
            (Asks::TheirVehicle { .. }, Ok(tools::Answer::Vehicle(found)), Task::Book(booking)) => {
                self.their_vehicle(booking, found);
                self.next(task, now)
            }
            (
                Asks::TheirNumber { phone, .. },
                Ok(tools::Answer::Customer(lookup)),
                Task::Book(booking),
            ) => {
                match lookup {
                    Lookup::NotFound => booking.phone = Some(phone),
                    Lookup::Found(known) => self.number_known(booking, known),
                }
                self.next(task, now)
            }
            _ => self.escalate(TransferReason::Trouble),
        }
    }

    fn their_vehicle(&mut self, booking: &mut Booking, found: Match) {
        let words = match &booking.vehicle {
            Chosen::Described(words) => words.clone(),
            _ => SpokenVehicle::default(),
        };
        booking.vehicle = match found {
            Match::One(vehicle) => Chosen::Known {
                vehicle,
                called: words,
                other: matches!(booking.vehicle, Chosen::OtherThan(_)),
            },
            Match::Several => {
                // One may have come into the book since the call began.
                if let Some(caller) = &mut self.known.caller {
                    caller.vehicle_count = caller.vehicle_count.max(2);
                }
                self.say(phrases::SEVERAL_VEHICLES);
                Chosen::Unsaid
            }
            Match::None => {
                let new = Chosen::of_new(words);
                if matches!(new, Chosen::Unknown(_)) {
                    self.say(phrases::VEHICLE_UNKNOWN);
                }
                new
            }
        };
    }
}
