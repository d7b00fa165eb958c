//! What a caller puts right in a booking that was read back: their name, their number, their date of
//! birth, or a part of it of which they say only that it is wrong.

use jiff::Zoned;

use super::RuleBrain;
use super::absorb::absorb;
use crate::dialogue::state::{Booking, Born, Chosen, State, Task};
use crate::dialogue::turn::Turn;
use crate::nlu::detail::Detail;
use crate::nlu::name::Name;
use crate::nlu::vehicle::SpokenVehicle;

impl RuleBrain {
    /// Takes the correction over and goes on with the booking; `None` where nothing is put right.
    /// Whoever has an account books under its name and number, whatever they say beside.
    pub(super) fn put_right(&mut self, task: &Task, turn: &mut Turn, now: &Zoned) -> Option<State> {
        let Task::Book(before) = task else {
            return None;
        };
        if self.known.caller.is_some() {
            turn.name = None;
            turn.phone = None;
            turn.born = None;
        }
        let phone = turn.phone.take();
        let phone = phone.filter(|said| said.as_ref().ok() != before.phone.as_ref());
        let mut booking = before.clone();
        if let Some(name) = &turn.name {
            booking.name = name.clone().or(std::mem::take(&mut booking.name));
        }
        if let Some(date) = turn.born.filter(|date| *date < now.date()) {
            booking.born = Born::On(date);
        }
        self.doubt(&mut booking, turn, phone.is_some());
        if phone.is_some() {
            booking.phone = None;
        }
        if booking == *before {
            return None;
        }
        let mut task = Task::Book(booking);
        absorb(&mut task, turn);
        self.repair.moved_on();
        Some(match phone {
            Some(phone) => self.new_number(task, phone, now),
            None => self.next(task, now),
        })
    }

    /// Forgets what is wrong, unless what is right was said in the same breath.
    fn doubt(&self, booking: &mut Booking, turn: &Turn, number_was_said: bool) {
        let caller = self.known.caller.as_ref();
        let vehicle = turn.vehicle.as_ref();
        let another_was_said =
            vehicle.is_some_and(|said| said.make.is_some() || said.year.is_some());
        match turn.wrong {
            Some(Detail::Name) if turn.name.is_none() && caller.is_none() => {
                booking.name = Name::default();
            }
            Some(Detail::Birth) if turn.born.is_none() => booking.born = Born::Unasked,
            Some(Detail::Number) if !number_was_said && caller.is_none() => booking.phone = None,
            Some(Detail::Vehicle) if !another_was_said && !turn.other_vehicle => {
                let several = caller.is_some_and(|caller| caller.vehicle_count > 1);
                booking.vehicle = if several {
                    Chosen::Unsaid
                } else {
                    Chosen::Unknown(SpokenVehicle::default())
                };
            }
            Some(Detail::Service) if turn.services.is_empty() => {
                booking.service = None;
                booking.also.clear();
                booking.time.start = None;
            }
            _ => {}
        }
    }
}
