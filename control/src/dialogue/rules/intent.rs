//! What the caller's words do: first what counts in every state, then the state's own.

use jiff::Zoned;
use pipeline::message::Expectation;

use super::RuleBrain;
use crate::dialogue::state::{Errand, State, Task};
use crate::dialogue::turn::Turn;
use crate::dialogue::{TransferReason, phrases};
use crate::nlu::intent::Intent;
use crate::nlu::yes_no::Answer;

impl RuleBrain {
    pub(super) fn heard(&mut self, state: State, turn: Turn, now: &Zoned) -> State {
        match turn.intent {
            Some(Intent::Human) => self.escalate(TransferReason::Requested),
            Some(Intent::Upset) => self.escalate(TransferReason::Upset),
            Some(Intent::Complaint) => self.escalate(TransferReason::Complaint),
            Some(Intent::Complex) => self.escalate(TransferReason::Complex),
            Some(Intent::StopCalling) => self.opt_out(state),
            Some(Intent::Goodbye) => self.leave(state),
            Some(Intent::Repeat) => self.repeat(state, now),
            Some(Intent::Wait) => self.hold(state),
            _ if state.awaits().is_some() || self.texting.is_some() => {
                self.say(phrases::ONE_MOMENT);
                state
            }
            // "Yes, and text me that" is a yes: what is booked is confirmed by text.
            Some(wanted @ (Intent::TextThat | Intent::TextAddress))
                if turn.answer.is_none() || self.expects != Expectation::YesNo =>
            {
                self.text(state, wanted)
            }
            Some(Intent::StartOver) => {
                self.say(phrases::START_OVER);
                self.enter(State::IntentDetection, now)
            }
            // "Yes, cancel that" agrees to a cancellation; "cancel that" alone may mean either.
            Some(Intent::NeverMind | Intent::Cancel)
                if matches!(state, State::Confirmation(Task::Cancel(_))) =>
            {
                match (state, turn.answer) {
                    (State::Confirmation(task), Some(answer)) => {
                        self.confirm(task, Turn::answering(answer), now)
                    }
                    (state, _) => self.enter(state, now),
                }
            }
            Some(Intent::NeverMind) => self.never_mind(state, &turn, now),
            Some(Intent::Hours | Intent::Location | Intent::Price | Intent::Duration) => {
                self.inquire(state, &turn, now)
            }
            // It may answer what was said since the question, so it does not answer the question.
            _ if matches!(state, State::Closing) && self.carried_on(&turn) => {
                self.inquire(state, &turn, now)
            }
            _ if self.repair.aside() && turn.is_bare_yes() => self.enter(state, now),
            _ => self.in_state(state, turn, now),
        }
    }

    fn in_state(&mut self, state: State, turn: Turn, now: &Zoned) -> State {
        match (state, turn.intent) {
            (State::Closing, _) => self.close(turn, now),
            (State::CallBack { .. }, _) => self.call_back(turn, now),
            (State::Reminder(step), _) => self.reminder(step, turn, now),
            (State::FollowUp(step), _) => self.follow_up(step, turn, now),
            (State::IntentDetection, _) => self.request(State::IntentDetection, turn, now),
            // Another errand than the one under way.
            (
                state @ (State::Verification { .. }
                | State::Choosing { .. }
                | State::SlotCollection { .. }
                | State::Confirmation(_)),
                Some(Intent::Reschedule | Intent::Cancel | Intent::CheckAppointment),
            ) if !(turn.points_back && turn.intent == Some(Intent::Reschedule)) => {
                self.request(state, turn, now)
            }
            (state @ (State::Verification { .. } | State::Choosing { .. }), Some(Intent::Book)) => {
                self.request(state, turn, now)
            }
            (State::Verification { errand, step }, _) => self.prove(errand, step, turn, now),
            (State::Choosing { errand, among }, _) => self.choose(errand, among, turn, now),
            (State::SlotCollection { task, asks }, _) => self.fill(task, asks, turn, now),
            (State::Confirmation(task), _) => self.confirm(task, turn, now),
            // These wait for a tool, or for nothing more; their words were answered before.
            (
                state @ (State::Greeting { .. }
                | State::Execution { .. }
                | State::OptingOut { .. }
                | State::Escalation
                | State::Message
                | State::Over),
                _,
            ) => state,
        }
    }

    /// A request, or the lack of one.
    pub(super) fn request(&mut self, state: State, turn: Turn, now: &Zoned) -> State {
        match turn.intent {
            Some(Intent::Book) => self.begin_booking(turn, now),
            Some(Intent::Reschedule) => {
                self.on_record(Errand::Reschedule(turn.when), turn.points_back, now)
            }
            Some(Intent::Cancel) => {
                self.on_record(Errand::Cancel(turn.reason), turn.points_back, now)
            }
            Some(Intent::CheckAppointment) => self.on_record(Errand::Check, false, now),
            _ if turn.when.is_some() || turn.vehicle.is_some() || !turn.services.is_empty() => {
                self.begin_booking(turn, now)
            }
            _ if turn.answer == Some(Answer::No) => self.goodbye(),
            Some(Intent::Thanks) => {
                self.say(phrases::WELCOME);
                self.enter(state, now)
            }
            Some(Intent::Greeting) => self.enter(State::IntentDetection, now),
            _ => self.missed(state, now),
        }
    }

    /// "Never mind": what is under way is dropped.
    fn never_mind(&mut self, state: State, turn: &Turn, now: &Zoned) -> State {
        if matches!(state, State::Closing) && turn.points_back && !self.known.booked.is_empty() {
            // "Cancel that", right after a booking.
            return self.on_record(Errand::Cancel(turn.reason), true, now);
        }
        if matches!(state, State::Closing | State::IntentDetection) {
            return self.enter(state, now);
        }
        self.say(phrases::LEFT_AS_IT_IS);
        self.enter(State::Closing, now)
    }
}
