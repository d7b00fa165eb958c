//! A caller who is new to the book: name, vehicle, number, and what may prove next time that it is
//! them.

use jiff::Zoned;
use storage::customer::{InvalidPhone, Phone};
use storage::location::{Action, Proof};

use super::RuleBrain;
use crate::dialogue::phrases;
use crate::dialogue::state::{Asks, Booking, Born, Chosen, State, Task};
use crate::dialogue::turn::Turn;
use crate::nlu::vehicle::SpokenVehicle;
use crate::nlu::yes_no::Answer;
use crate::tools::ToolCall;
use crate::tools::lookup_customer::{Arguments, Caller};
use crate::tools::new_customer::AddVehicle;

impl RuleBrain {
    /// What a booking for a new customer still needs.
    pub(super) fn missing_of_new_customer(&mut self, booking: &mut Booking) -> Option<Asks> {
        if booking.name.first.is_none() || booking.name.last.is_none() {
            return Some(Asks::Name);
        }
        if !matches!(booking.vehicle, Chosen::New(_)) {
            booking.vehicle = Chosen::of_new(booking.vehicle.described());
        }
        if !matches!(booking.vehicle, Chosen::New(_)) {
            return Some(Asks::Vehicle);
        }
        if booking
            .phone
            .take_if(|phone| phone.callable().is_err())
            .is_some()
        {
            self.say(phrases::NUMBER_NOT_CALLED);
        }
        if booking.phone.is_none() {
            return Some(Asks::Phone);
        }
        self.lacks_a_proof(booking).then_some(Asks::Born)
    }

    /// Whether a date of birth would help to verify them next time, and was not asked for. A VIN that
    /// they read out may be enough.
    fn lacks_a_proof(&self, booking: &Booking) -> bool {
        let policy = &self.location.verification;
        let numbered = matches!(&booking.vehicle, Chosen::New(new) if new.vin.is_some());
        let enough = numbered
            && policy.proofs.contains(&Proof::Vin)
            && policy.needs(Action::Move).max(policy.needs(Action::Cancel)) == 1;
        booking.born == Born::Unasked && policy.proofs.contains(&Proof::DateOfBirth) && !enough
    }

    /// The answer to when they were born: a date, or that they would rather not say. `None` where it
    /// is neither.
    pub(super) fn born_or_not(&mut self, task: &Task, turn: &Turn, now: &Zoned) -> Option<State> {
        match (turn.born, turn.answer) {
            (Some(date), _) if date < now.date() => {
                self.repair.moved_on();
                Some(self.go_on_with(task, Born::On(date), now))
            }
            (None, Some(Answer::No | Answer::Unsure)) if !turn.asks_for_something() => {
                Some(self.without_a_proof(task, now))
            }
            _ => None,
        }
    }

    /// They would rather not say when they were born, or were not understood.
    pub(super) fn without_a_proof(&mut self, task: &Task, now: &Zoned) -> State {
        self.say(phrases::NEED_NOT_SAY);
        self.go_on_with(task, Born::Unsaid, now)
    }

    fn go_on_with(&mut self, task: &Task, born: Born, now: &Zoned) -> State {
        let mut task = task.clone();
        if let Task::Book(booking) = &mut task {
            booking.born = born;
        }
        self.next(task, now)
    }

    /// A number that the caller spoke or keyed in: it may be one that the book knows.
    pub(super) fn new_number(
        &mut self,
        task: Task,
        phone: Result<Phone, InvalidPhone>,
        now: &Zoned,
    ) -> State {
        let Ok(phone) = phone else {
            self.say(phrases::NO_SUCH_NUMBER);
            return self.enter(
                State::SlotCollection {
                    task,
                    asks: Asks::Phone,
                },
                now,
            );
        };
        let tool = self.run(ToolCall::LookupCustomer(Arguments {
            phone_number: phone.as_str().to_owned(),
        }));
        State::SlotCollection {
            task,
            asks: Asks::TheirNumber { tool, phone },
        }
    }

    /// The number belongs to an account: the caller's own, or somebody else's.
    pub(super) fn number_known(&mut self, booking: &mut Booking, known: Caller) {
        let own = booking
            .name
            .first
            .as_ref()
            .is_some_and(|first| first.eq_ignore_ascii_case(&known.first_name));
        if !own {
            self.say(phrases::NUMBER_TAKEN);
            return;
        }
        self.known.caller = Some(known);
        // The account may hold this very vehicle.
        if let Chosen::New(vehicle) = &booking.vehicle {
            booking.vehicle = Chosen::Described(SpokenVehicle {
                year: Some(vehicle.year),
                make: Some(vehicle.make.clone()),
                model: Some(vehicle.model.clone()),
                body: None,
            });
        }
    }
}

impl Chosen {
    /// A vehicle that is not in the book, complete or not.
    pub(in crate::dialogue) fn of_new(words: SpokenVehicle) -> Self {
        match words {
            SpokenVehicle {
                year: Some(year),
                make: Some(make),
                model: Some(model),
                ..
            } => Self::New(AddVehicle {
                year,
                make,
                model,
                vin: None,
            }),
            partial => Self::Unknown(partial),
        }
    }

    /// What the caller said of it.
    pub(in crate::dialogue) fn described(&self) -> SpokenVehicle {
        match self {
            Self::Unsaid | Self::OtherThan(_) => SpokenVehicle::default(),
            Self::Described(words) | Self::Unknown(words) => words.clone(),
            Self::Known { called, .. } => called.clone(),
            Self::New(vehicle) => SpokenVehicle {
                year: Some(vehicle.year),
                make: Some(vehicle.make.clone()),
                model: Some(vehicle.model.clone()),
                body: None,
            },
        }
    }

    /// Whether these words describe what is chosen already.
    pub(in crate::dialogue) fn is(&self, words: &SpokenVehicle) -> bool {
        let known = self.described();
        (words.year.is_none() || words.year == known.year)
            && (words.make.is_none() || words.make == known.make)
            && (words.model.is_none() || words.model == known.model)
            && (words.body.is_none() || words.body == known.body || known.model.is_some())
    }

    /// The caller says more of it, or something else.
    pub(in crate::dialogue) fn describe(&mut self, words: &SpokenVehicle) {
        *self = match self {
            Self::Unknown(earlier) => Self::of_new(over(words, earlier.clone())),
            Self::Described(_) | Self::Unsaid | Self::OtherThan(_) | Self::Known { .. } => {
                Self::Described(words.clone())
            }
            // "No, a 2020": the rest stays.
            Self::New(_) => Self::of_new(over(words, self.described())),
        };
    }
}

/// The newer words, completed by the earlier ones. Another make is also another model.
fn over(words: &SpokenVehicle, earlier: SpokenVehicle) -> SpokenVehicle {
    let earlier = if words.make.is_some() && words.make != earlier.make {
        SpokenVehicle {
            model: None,
            body: None,
            ..earlier
        }
    } else {
        earlier
    };
    words.clone().or(earlier)
}
