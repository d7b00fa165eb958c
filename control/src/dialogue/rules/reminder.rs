//! A call of ours: it reminds of an appointment, and does with it what its customer wants.

use jiff::Zoned;
use storage::appointment::AppointmentId;

use super::RuleBrain;
use crate::dialogue::state::{Errand, FollowingUp, Move, Reminding, State, Task, Wish};
use crate::dialogue::turn::Turn;
use crate::dialogue::{Action, TransferReason, phrases};
use crate::nlu::intent::Intent;
use crate::nlu::yes_no::Answer;
use crate::tools::visit::Visit;
use crate::tools::{
    self, ToolCall, ToolError, ToolOutcome, confirm_appointment, open_reminder, stop_reminders,
};

impl RuleBrain {
    pub(super) fn reminding(&mut self, appointment_id: AppointmentId) -> State {
        let arguments = open_reminder::Arguments { appointment_id };
        let tool = self.run(ToolCall::OpenReminder(arguments));
        State::Reminder(Reminding::Reading {
            tool,
            machine: false,
        })
    }

    /// The book's answer.
    pub(super) fn reminder_tool(
        &mut self,
        step: Reminding,
        outcome: ToolOutcome,
        now: &Zoned,
    ) -> State {
        self.known.learn(&outcome);
        if let Some(place) = self
            .known
            .reminded
            .as_ref()
            .and_then(|v| v.elsewhere.clone())
        {
            self.settle_at(&place.key);
        }
        match (step, outcome) {
            (Reminding::Reading { machine: true, .. }, Ok(tools::Answer::Reminding(_))) => {
                self.leave_message(now)
            }
            (Reminding::Reading { .. }, Ok(tools::Answer::Reminding(reminded))) => {
                let first_name = &reminded.customer.first_name;
                let visit = reminded.visit;
                self.say(phrases::reminder(
                    self.known.language,
                    &self.location,
                    first_name,
                    &visit,
                    now,
                ));
                self.enter(State::Reminder(Reminding::WillCome(visit)), now)
            }
            // It was cancelled or moved while the telephone rang.
            (Reminding::Reading { .. }, _) => self.called_by_mistake(),
            (_, Ok(tools::Answer::Confirmed(visit))) => {
                self.say(phrases::see_you(self.known.language, &visit, now.date()));
                self.goodbye()
            }
            (_, Err(ToolError::AlreadyCancelled | ToolError::AlreadyOver)) => {
                self.say(phrases::ALREADY_SETTLED);
                self.enter(State::Closing, now)
            }
            _ => self.escalate(TransferReason::Trouble),
        }
    }

    /// The customer's words.
    pub(super) fn reminder(&mut self, step: Reminding, turn: Turn, now: &Zoned) -> State {
        let (Reminding::WillCome(visit) | Reminding::MoveOrCancel(visit)) = &step else {
            return State::Reminder(step);
        };
        let visit = visit.clone();
        let asked_whether = matches!(step, Reminding::WillCome(_));
        match (turn.intent, turn.answer) {
            (Some(Intent::WrongPerson), _) => self.called_by_mistake(),
            (Some(Intent::Cancel), _) => self.about(Errand::Cancel(turn.reason), visit, now),
            (Some(Intent::Reschedule), _) => self.about(Errand::Reschedule(turn.when), visit, now),
            // "Hello?", over our first words.
            (Some(Intent::Greeting | Intent::CheckAppointment), None) => {
                self.repeat(State::Reminder(step), now)
            }
            (Some(Intent::Book), _) => self.request(State::Reminder(step), turn, now),
            (_, Some(Answer::Unsure)) => self.enter(State::Reminder(step), now),
            (_, answer) if turn.when.is_some() => {
                let same = answer == Some(Answer::Yes) && asked_whether;
                if same && self.is_its_time(&visit, &turn, now) {
                    return self.will_come(visit, now);
                }
                self.about(Errand::Reschedule(turn.when), visit, now)
            }
            (_, Some(Answer::Yes)) if asked_whether => self.will_come(visit, now),
            (_, Some(Answer::No)) if asked_whether => {
                self.enter(State::Reminder(Reminding::MoveOrCancel(visit)), now)
            }
            (_, Some(Answer::Yes)) => self.about(Errand::Reschedule(None), visit, now),
            (_, Some(Answer::No)) => {
                self.say(phrases::LEFT_AS_IT_IS);
                self.enter(State::Closing, now)
            }
            (_, None) => self.missed(State::Reminder(step), now),
        }
    }

    /// A yes counts if the time came across.
    fn will_come(&mut self, visit: Visit, now: &Zoned) -> State {
        if !self
            .repair
            .came_across(&phrases::clock(self.known.language, &visit.scheduled_at))
        {
            return self.repeat(State::Reminder(Reminding::WillCome(visit)), now);
        }
        let appointment_id = visit.appointment_id;
        let arguments = confirm_appointment::Arguments { appointment_id };
        let tool = self.run(ToolCall::ConfirmAppointment(arguments));
        State::Reminder(Reminding::Confirming { tool })
    }

    /// "Yes, nine is fine."
    fn is_its_time(&self, visit: &Visit, turn: &Turn, now: &Zoned) -> bool {
        let start = visit.scheduled_at.clone();
        let time = Wish::at(start);
        let visit = visit.clone();
        let moved = Move {
            visit,
            time,
            rather_than: None,
        };
        self.same_time(&Task::Reschedule(moved), turn, now)
    }

    /// "Stop calling me": in any call, whoever says it, whatever else is under way.
    pub(super) fn opt_out(&mut self, state: State) -> State {
        let arguments = stop_reminders::Arguments::default();
        let tool = self.run(ToolCall::StopReminders(arguments));
        if state.awaits().is_some() || matches!(state, State::Escalation) {
            return state;
        }
        State::OptingOut { tool }
    }

    pub(super) fn opted_out(&mut self, outcome: &ToolOutcome, now: &Zoned) -> State {
        match outcome {
            Ok(_) if self.known.is_our_call() => {
                self.say(phrases::NO_MORE_CALLS);
                self.goodbye()
            }
            Ok(_) => {
                self.say(phrases::NO_MORE_CALLS);
                self.enter(State::Closing, now)
            }
            Err(ToolError::NumberWithheld) => {
                self.say(phrases::OPT_OUT_BY_TEXT);
                self.enter(State::Closing, now)
            }
            Err(_) => self.escalate(TransferReason::Trouble),
        }
    }

    /// A machine takes our call: it gets a message, and no questions.
    pub(super) fn machine(&mut self, state: State, now: &Zoned) -> State {
        match state {
            State::Reminder(Reminding::Reading { tool, .. }) => {
                let machine = true;
                State::Reminder(Reminding::Reading { tool, machine })
            }
            State::FollowUp(FollowingUp::Reading { tool, .. }) => {
                let machine = true;
                State::FollowUp(FollowingUp::Reading { tool, machine })
            }
            // Only a call of ours can have reached one.
            state if !self.known.is_our_call() => state,
            _ => self.leave_message(now),
        }
    }

    pub(super) fn leave_message(&mut self, now: &Zoned) -> State {
        if let Some(message) =
            phrases::message(self.known.language, &self.location, &self.known, now)
        {
            self.say(message);
            self.out.push(Action::Message);
        }
        self.out.push(Action::HangUp);
        State::Message
    }

    pub(super) fn called_by_mistake(&mut self) -> State {
        self.say(phrases::CALLED_BY_MISTAKE);
        self.out.push(Action::HangUp);
        State::Over
    }
}
