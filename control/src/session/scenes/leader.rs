//! Who leads a scene's call: a puppet that its script moves, or a dialogue that callers meet.

use std::sync::{Arc, Mutex};

use jiff::Zoned;
use storage::Location;

use super::puppet::Puppet;
use super::script::{Leader, Script};
use crate::dialogue::model_brain::Prompt;
use crate::dialogue::{Action, Brain, Input, ModelBrain, Offer, RuleBrain, Silence};
use crate::llm::Request;

/// What the dialogue was told, in words.
pub(super) type Told = Arc<Mutex<Vec<String>>>;

/// The dialogue that leads, and keeps what it was told.
pub(super) fn leader(script: &Script, told: Told) -> Box<dyn Brain> {
    let location = Arc::new(Location::example());
    let brain: Box<dyn Brain> = match script.leader {
        Leader::Puppet => Box::new(Puppet::new(script)),
        Leader::Rules => Box::new(RuleBrain::new(location)),
        Leader::Model => {
            let prompt = Arc::new(Prompt::new(&location));
            Box::new(ModelBrain::new(location, prompt))
        }
    };
    Box::new(Overheard { brain, told })
}

struct Overheard {
    brain: Box<dyn Brain>,
    told: Told,
}

impl Brain for Overheard {
    fn handle(&mut self, input: Input, now: &Zoned) -> Vec<Action> {
        if let Some(what) = in_words(&input) {
            self.told.lock().expect("one thread").push(what);
        }
        self.brain.handle(input, now)
    }

    fn thinks_again(&self) -> bool {
        self.brain.thinks_again()
    }

    fn speculate(&self, text: &str, now: &Zoned) -> Option<Request> {
        self.brain.speculate(text, now)
    }

    fn deciding(&self) -> Option<Offer> {
        self.brain.deciding()
    }

    fn state(&self) -> &'static str {
        self.brain.state()
    }
}

fn in_words(input: &Input) -> Option<String> {
    Some(match input {
        Input::Heard { text, .. } => text.clone(),
        Input::Unclear => "unclear".to_owned(),
        Input::Interrupted { heard } => format!("interrupted at <{heard}>"),
        Input::Silence(Silence::Prompt) => "silence".to_owned(),
        Input::Silence(Silence::HangUp) => "gone".to_owned(),
        Input::Keypad(key) => format!("key {key}"),
        Input::ToolFinished { .. } => "tool".to_owned(),
        Input::Slow => "slow".to_owned(),
        _ => return None,
    })
}
