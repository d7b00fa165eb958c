//! A call of ours after a visit: it asks whether all was well, and sees to it where it was not.

use jiff::Zoned;
use storage::appointment::AppointmentId;

use super::RuleBrain;
use crate::dialogue::state::{FollowingUp, State};
use crate::dialogue::turn::Turn;
use crate::dialogue::{TransferReason, phrases};
use crate::nlu::intent::{Intent, wants_no_calls};
use crate::nlu::satisfaction::{self, Satisfaction};
use crate::nlu::yes_no::Answer;
use crate::tools::{self, ToolCall, ToolOutcome, open_follow_up};

impl RuleBrain {
    pub(super) fn following_up(&mut self, appointment_id: AppointmentId) -> State {
        let arguments = open_follow_up::Arguments { appointment_id };
        let tool = self.run(ToolCall::OpenFollowUp(arguments));
        State::FollowUp(FollowingUp::Reading {
            tool,
            machine: false,
        })
    }

    /// The book's answer.
    pub(super) fn follow_up_tool(
        &mut self,
        state: State,
        outcome: ToolOutcome,
        now: &Zoned,
    ) -> State {
        self.known.learn(&outcome);
        let machine = matches!(
            state,
            State::FollowUp(FollowingUp::Reading { machine: true, .. })
        );
        let Ok(tools::Answer::FollowingUp(visited)) = outcome else {
            return self.called_by_mistake();
        };
        if machine {
            return self.leave_message(now);
        }
        let first_name = &visited.customer.first_name;
        let opening = phrases::follow_up(
            self.known.language,
            &self.location,
            first_name,
            &visited.visit,
            now,
        );
        self.say(opening);
        self.enter(State::FollowUp(FollowingUp::AllWell), now)
    }

    /// The customer's words about it.
    pub(super) fn told_how_it_was(
        &mut self,
        text: &str,
        second: Option<&str>,
        now: &Zoned,
    ) -> State {
        let state = State::FollowUp(FollowingUp::AllWell);
        if wants_no_calls(text, second) {
            return self.opt_out(state);
        }
        let turn = self.read(&state, text, second);
        let intent = turn.as_ref().and_then(|turn| turn.intent);
        if let (Some(Intent::Human | Intent::Upset | Intent::WrongPerson), Some(turn)) =
            (intent, &turn)
        {
            return self.heard(state, turn.clone(), now);
        }
        // Both readings of a recogniser, or none.
        let told = satisfaction::of(text)
            .filter(|told| second.is_none_or(|other| satisfaction::of(other) == Some(*told)));
        let wish = turn.clone().filter(|_| satisfaction::asks_too(text));
        match told {
            Some(Satisfaction::Content) => {
                self.answered = true;
                self.say(phrases::GLAD_TO_HEAR);
                match wish {
                    Some(wish) => self.heard(State::Closing, wish, now),
                    None => self.goodbye(),
                }
            }
            Some(Satisfaction::Troubled) => match wish {
                Some(wish) => {
                    self.say(phrases::SORRY_TO_HEAR);
                    self.heard(State::Closing, wish, now)
                }
                None => self.escalate(TransferReason::Complaint),
            },
            Some(Satisfaction::NeverCame) => {
                self.say(phrases::THEN_OUR_BOOK_IS_WRONG);
                self.enter(State::IntentDetection, now)
            }
            None if satisfaction::asks_who(text) => self.introduced_again(now),
            None => match turn {
                Some(turn) => self.heard(state, turn, now),
                None => self.missed(state, now),
            },
        }
    }

    fn introduced_again(&mut self, now: &Zoned) -> State {
        let known = &self.known;
        if let (Some(caller), Some(visit)) = (&known.caller, &known.visited) {
            let opening = phrases::follow_up(
                self.known.language,
                &self.location,
                &caller.first_name,
                visit,
                now,
            );
            self.say(opening);
        }
        self.enter(State::FollowUp(FollowingUp::AllWell), now)
    }

    /// What says nothing of the visit.
    pub(super) fn follow_up(&mut self, step: FollowingUp, turn: Turn, now: &Zoned) -> State {
        let state = State::FollowUp(step);
        match (turn.intent, turn.answer) {
            (Some(Intent::WrongPerson), _) => self.called_by_mistake(),
            (Some(Intent::Thanks), None) => self.goodbye(),
            (_, Some(Answer::Unsure)) => self.enter(state, now),
            _ => self.request(state, turn, now),
        }
    }
}
