//! What a turn says about the task under way, taken over into it.

use crate::dialogue::state::{Chosen, Task};
use crate::dialogue::turn::Turn;

/// Takes over what a turn says about the task; whether it said anything.
pub(super) fn absorb(task: &mut Task, turn: &Turn) -> bool {
    let mut said = false;
    // A bare choice ("the first one") is of what was offered, and no wish.
    let wish = turn
        .when
        .filter(|when| when.day.is_some() || when.time.is_some());
    if let (Some(when), Some(time)) = (wish, task.time()) {
        time.said = Some(time.said.map_or(when, |earlier| when.or(earlier)));
        time.start = None;
        said = true;
    }
    match task {
        Task::Book(booking) => {
            if let Some(service) = turn.services.first() {
                if booking.service.as_ref() != Some(service) {
                    booking.service = Some(service.clone());
                    // Another service may need more time.
                    booking.time.start = None;
                    booking.also.clear();
                }
                if turn.services.len() > 1 {
                    booking.also = turn.services.iter().skip(1).cloned().collect();
                }
                said = true;
            }
            if turn.other_vehicle
                && let Chosen::Known { vehicle, .. } = booking.vehicle
            {
                booking.vehicle = Chosen::OtherThan(vehicle);
                said = true;
            }
            if let Some(words) = &turn.vehicle {
                if !booking.vehicle.is(words) {
                    booking.vehicle.describe(words);
                }
                said = true;
            }
            if let Some(name) = &turn.name {
                booking.name = name.clone().or(std::mem::take(&mut booking.name));
                said = true;
            }
            if let Some(Ok(phone)) = &turn.phone {
                booking.phone = Some(phone.clone());
                said = true;
            }
        }
        Task::Reschedule(_) => {}
        Task::Cancel(cancellation) => {
            if let Some(reason) = turn.reason {
                cancellation.reason = Some(reason);
                said = true;
            }
        }
    }
    said
}
