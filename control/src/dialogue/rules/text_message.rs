//! "Can you text me that?": in any state, and on with the question that was open.

use jiff::Zoned;
use storage::asked_text::Topic;

use super::RuleBrain;
use crate::dialogue::phrases;
use crate::dialogue::state::State;
use crate::nlu::intent::Intent;
use crate::tools::error::NotTexted;
use crate::tools::send_sms::Arguments;
use crate::tools::{Answer, ToolCall, ToolError, ToolOutcome};

impl RuleBrain {
    /// Of whom no appointment may be told, they get where and when we are open.
    pub(super) fn text(&mut self, state: State, wanted: Intent) -> State {
        let of_theirs =
            !self.known.booked.is_empty() || self.known.reminded.is_some() || self.known.verified;
        let what = match wanted {
            Intent::TextThat if of_theirs => Topic::Appointment,
            _ => Topic::AddressAndHours,
        };
        self.texting = Some(self.run(ToolCall::SendSms(Arguments { what })));
        state
    }

    /// What became of it.
    pub(super) fn texted(&mut self, state: State, outcome: &ToolOutcome, now: &Zoned) -> State {
        self.texting = None;
        self.say(match outcome {
            Ok(Answer::Texted(_)) => phrases::TEXTED,
            Err(ToolError::NotTexted(NotTexted::OptedOut)) => phrases::TEXTS_STOPPED,
            _ => phrases::NOT_TEXTED,
        });
        match state {
            state if state.awaits().is_some() => state,
            State::IntentDetection => self.enter(State::Closing, now),
            state => self.enter(state, now),
        }
    }
}
