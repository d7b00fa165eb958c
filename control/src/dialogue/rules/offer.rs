//! What the caller is deciding about.

use jiff::Zoned;

use super::RuleBrain;
use crate::dialogue::Offer;
use crate::dialogue::state::{Asks, State, Task};

impl RuleBrain {
    /// The times that were offered, or the one that was chosen and is not in the book yet.
    pub(in crate::dialogue) fn offer(&self) -> Option<Offer> {
        let (task, starts) = match &self.state {
            State::SlotCollection {
                task,
                asks: Asks::When { offered },
            } if !offered.is_empty() => (task, offered.clone()),
            State::SlotCollection { task, .. }
            | State::Confirmation(task)
            | State::Execution { task, .. } => (task, vec![chosen(task)?.clone()]),
            _ => return None,
        };
        Some(Offer {
            service: task.service()?.to_owned(),
            starts,
        })
    }
}

fn chosen(task: &Task) -> Option<&Zoned> {
    match task {
        Task::Book(booking) => booking.time.start.as_ref(),
        Task::Reschedule(moved) => moved.time.start.as_ref(),
        Task::Cancel(_) => None,
    }
}
