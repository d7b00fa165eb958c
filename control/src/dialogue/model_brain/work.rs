//! The tools that a language model asks for: which may run, and what becomes of them.

use super::{ModelBrain, consent};
use crate::dialogue::{ToolId, TransferReason};
use crate::llm::ToolRequest;
use crate::tools::{Answer, Effect, ToolCall, ToolOutcome, request};

/// One round of tools.
#[derive(Debug)]
pub(super) struct Work {
    /// Those that have not answered, with their places among the requests.
    running: Vec<(ToolId, usize)>,
    /// How many rounds there were before.
    pub(super) round: u8,
    /// The model said something before it asked for them.
    pub(super) spoke: bool,
    /// How the call is to end after it.
    pub(super) farewell: Option<Farewell>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Farewell {
    HangUp,
    Transfer(TransferReason),
}

impl Work {
    pub(super) fn new(round: u8, spoke: bool) -> Self {
        Self {
            running: Vec::new(),
            round,
            spoke,
            farewell: None,
        }
    }

    pub(super) fn runs(&mut self, id: ToolId, place: usize) {
        self.running.push((id, place));
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// A tool has answered: its place among the requests, if it is one of these.
    pub(super) fn finished(&mut self, id: ToolId, outcome: &ToolOutcome) -> Option<usize> {
        let at = self
            .running
            .iter()
            .position(|(running, _)| *running == id)?;
        match outcome {
            Ok(Answer::Transferring(reason)) => self.farewell = Some(Farewell::Transfer(*reason)),
            Ok(Answer::Ending) => {
                self.farewell.get_or_insert(Farewell::HangUp);
            }
            _ => {}
        }
        Some(self.running.remove(at).1)
    }
}

/// What the tool changed in the book, if it did.
pub(super) fn settled(outcome: &ToolOutcome) -> Option<&Answer> {
    let done = outcome.as_ref().ok()?;
    let changes = matches!(
        done,
        Answer::Booked(_) | Answer::Rescheduled(_) | Answer::Cancelled(_)
    );
    changes.then_some(done)
}

const NO_CONSENT: &str = r#"{"error": "The caller has not agreed to this. Say what you would do, ask \
whether to do it, and call this tool again after a plain yes."}"#;

impl ModelBrain {
    /// The call that a model asks for, if it may run; else what the model is told.
    pub(super) fn checked(&mut self, request: &ToolRequest) -> Result<ToolCall, String> {
        let call = request::parse(request)
            .map_err(|why| serde_json::json!({"error": why.to_string()}).to_string())?;
        if call.effect() == Effect::IdempotentWrite {
            if self.consent_used || !self.agreed() {
                return Err(NO_CONSENT.to_owned());
            }
            // A yes is to one question.
            self.consent_used = true;
        }
        Ok(call)
    }

    fn agreed(&self) -> bool {
        let asked = self.history.question_to_the_caller();
        asked.is_some_and(|(said, heard)| consent::agreed(said, heard, &self.words.text))
    }
}
