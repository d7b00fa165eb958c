//! Picking up: who calls, and a word of welcome.

use jiff::Zoned;
use storage::customer::Phone;

use super::RuleBrain;
use crate::dialogue::state::State;
use crate::dialogue::{Question, phrases};
use crate::tools::lookup_customer::Arguments;
use crate::tools::{ToolCall, ToolOutcome};

impl RuleBrain {
    pub(super) fn opened(&mut self, caller: Option<Phone>) -> State {
        let Some(number) = caller else {
            return self.greet();
        };
        let lookup = ToolCall::LookupCustomer(Arguments {
            phone_number: number.as_str().to_owned(),
        });
        self.known.number = Some(number);
        State::Greeting {
            lookup: Some(self.run(lookup)),
        }
    }

    /// The number found an account, or not. A failed search spoils no greeting.
    pub(super) fn recognised(&mut self, outcome: &ToolOutcome, now: &Zoned) -> State {
        self.known.learn(outcome);
        if self.returned {
            return self.offer_call_back(now);
        }
        self.greet()
    }

    fn greet(&mut self) -> State {
        let first_name = self.known.caller.as_ref().map(|c| c.first_name.as_str());
        let welcome = phrases::welcome(self.known.language, &self.location, first_name);
        self.say(welcome);
        self.ask(phrases::HOW_CAN_I_HELP, Question::Help);
        State::IntentDetection
    }
}
