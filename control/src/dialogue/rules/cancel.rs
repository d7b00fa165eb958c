//! Cancelling: the reason, and a yes.

use jiff::Zoned;

use super::RuleBrain;
use crate::dialogue::state::{Asks, Cancellation, State, Task};
use crate::tools::ToolCall;
use crate::tools::cancel_appointment::Arguments;

impl RuleBrain {
    pub(super) fn next_of_cancellation(
        &mut self,
        cancellation: Cancellation,
        now: &Zoned,
    ) -> State {
        let known = cancellation.reason.is_some();
        let task = Task::Cancel(cancellation);
        let state = if known {
            State::Confirmation(task)
        } else {
            State::SlotCollection {
                task,
                asks: Asks::Reason,
            }
        };
        self.enter(state, now)
    }
}

impl Cancellation {
    pub(in crate::dialogue) fn call(&self) -> ToolCall {
        ToolCall::CancelAppointment(Arguments {
            appointment_id: self.visit.appointment_id,
            reason: self.reason.unwrap_or_default(),
        })
    }
}
