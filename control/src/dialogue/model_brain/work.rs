//! The tools that a language model asks for: which may run, and what becomes of them.

use jiff::Zoned;

use super::asked::question;
use super::{ModelBrain, act, consent};
use crate::dialogue::limits::TOOL_ANSWER_LETTERS;
use crate::dialogue::{Action, ToolId, TransferReason};
use crate::llm::ToolRequest;
use crate::tools::{Answer, ToolCall, ToolOutcome, WhenInterrupted, request};

/// One round of tools.
#[derive(Debug)]
pub(super) struct Work {
    /// Those that have not answered.
    running: Vec<Running>,
    /// How many rounds there were before.
    pub(super) round: u8,
    /// The model said something before it asked for them.
    pub(super) spoke: bool,
    /// It asked the caller something before.
    asked: bool,
    /// How many were asked for.
    requests: usize,
    /// What was let through so far.
    calls: Vec<ToolCall>,
    /// The caller spoke over the agent meanwhile.
    pub(super) interrupted: bool,
    /// The caller has said more meanwhile.
    pub(super) caller_went_on: bool,
    /// How the call is to end after it.
    pub(super) farewell: Option<Farewell>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    id: ToolId,
    /// Among the requests.
    place: usize,
    when_interrupted: WhenInterrupted,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Farewell {
    HangUp,
    Transfer(TransferReason),
}

impl Work {
    pub(super) fn new(round: u8, said: &str, requests: usize) -> Self {
        Self {
            running: Vec::new(),
            round,
            spoke: !said.is_empty(),
            asked: question(said).is_some(),
            requests,
            calls: Vec::new(),
            interrupted: false,
            caller_went_on: false,
            farewell: None,
        }
    }

    pub(super) fn runs(&mut self, id: ToolId, place: usize, when_interrupted: WhenInterrupted) {
        self.running.push(Running {
            id,
            place,
            when_interrupted,
        });
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// A tool has answered: its place among the requests, if it is one of these.
    pub(super) fn finished(&mut self, id: ToolId, outcome: &ToolOutcome) -> Option<usize> {
        let at = self.running.iter().position(|running| running.id == id)?;
        match outcome {
            Ok(Answer::Transferring(reason)) => self.farewell = Some(Farewell::Transfer(*reason)),
            Ok(Answer::Ending) => {
                self.farewell.get_or_insert(Farewell::HangUp);
            }
            _ => {}
        }
        Some(self.running.remove(at).place)
    }
}

/// What the tool changed in the book, if it did.
pub(super) fn settled(outcome: &ToolOutcome) -> Option<&Answer> {
    let done = outcome.as_ref().ok()?;
    let changes = matches!(
        done,
        Answer::Booked(_) | Answer::Rescheduled(_) | Answer::Cancelled(_) | Answer::Confirmed(_)
    );
    changes.then_some(done)
}

/// Why a tool is not run, in a sentence that a model can act on.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Invalid(#[from] request::InvalidRequest),
    #[error(
        "The caller has not agreed to this. Say what you would do, and for which day and hour; ask \
         \"Shall I book it?\", \"Shall I move it?\", \"Shall I cancel it?\" or \"Can you make it?\"; and call \
         this tool again after a plain yes."
    )]
    NoConsent,
    #[error("Asked for twice; see the result of the other request.")]
    Twice,
    #[error(
        "The call goes on. Say what the other tools gave, wait for the answer to what you asked, and \
         call end_call alone."
    )]
    NotYet,
}

/// What a model is told of a tool that was abandoned.
const ABANDONED: &str = r#"{"error": "The caller went on before this was known. Call it again if it is still needed."}"#;

impl ModelBrain {
    /// The caller spoke over the agent and wants something else, perhaps: tools that only read are
    /// waited for no longer, those that have begun to change something are.
    pub(super) fn abandon(&mut self, work: &mut Work) {
        let abandoned =
            |running: &mut Running| running.when_interrupted == WhenInterrupted::Abandon;
        for Running { id, place, .. } in work.running.extract_if(.., abandoned) {
            self.history.result(place, ABANDONED.to_owned());
            self.out.push(Action::Abandon(id));
        }
    }

    /// The call that a model asks for, if it may run; else what the model is told.
    pub(super) fn checked(
        &mut self,
        request: &ToolRequest,
        work: &mut Work,
        now: &Zoned,
    ) -> Result<ToolCall, String> {
        self.check(request, work, now).map_err(|why| {
            // It may quote what the model wrote.
            let mut why = why.to_string();
            why.truncate(why.floor_char_boundary(TOOL_ANSWER_LETTERS));
            serde_json::json!({"error": why}).to_string()
        })
    }

    fn check(
        &mut self,
        request: &ToolRequest,
        work: &mut Work,
        now: &Zoned,
    ) -> Result<ToolCall, Refused> {
        let call = request::parse(request, &self.prompt.tools)?;
        if work.calls.contains(&call) {
            return Err(Refused::Twice);
        }
        if call.needs_consent() && !self.takes_consent(&call, now) {
            return Err(Refused::NoConsent);
        }
        if matches!(call, ToolCall::EndCall(_)) && (work.requests > 1 || work.asked) {
            return Err(Refused::NotYet);
        }
        work.calls.push(call.clone());
        Ok(call)
    }

    /// Whether the caller has said yes to this change. It is to one question, and good for one change.
    fn takes_consent(&mut self, change: &ToolCall, now: &Zoned) -> bool {
        let Some(to) = self.history.question_to_the_caller() else {
            return false;
        };
        let words = self.plain(&self.words.text);
        let second = self.words.second_opinion.as_deref();
        let second = second.map(|text| self.plain(text));
        let agreed = act::asks_for(to.text, change, now)
            && consent::agreed(&self.prompt.vocabulary, to, &words, second.as_deref())
            && self.consented_to != Some(to.number);
        if agreed {
            self.consented_to = Some(to.number);
        }
        agreed
    }
}
