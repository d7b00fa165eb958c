//! The tools that a language model asks for: which may run, and what becomes of them.

use jiff::Zoned;

use super::asked::question;
use super::{Asking, Lead, ModelBrain, act, consent};
use crate::dialogue::limits::{TOOL_ANSWER_LETTERS, TOOL_ROUNDS};
use crate::dialogue::{Action, Question, ToolId, TransferReason, phrases};
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
    fn new(round: u8, said: &str, requests: usize) -> Self {
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

    fn runs(&mut self, id: ToolId, place: usize, when_interrupted: WhenInterrupted) {
        self.running.push(Running {
            id,
            place,
            when_interrupted,
        });
    }

    fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// A tool has answered: its place among the requests, if it is one of these.
    fn finished(&mut self, id: ToolId, outcome: &ToolOutcome) -> Option<usize> {
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
    pub(super) fn work(&mut self, asking: Asking, requests: Vec<ToolRequest>, now: &Zoned) -> Lead {
        if asking.round >= TOOL_ROUNDS {
            return self.take_over(asking, now);
        }
        self.close(&asking);
        self.history.tools(&asking.said, &requests);
        let mut work = Work::new(asking.round, &asking.said, requests.len());
        for (n, request) in requests.iter().enumerate() {
            match self.checked(request, &mut work, now) {
                Ok(call) => {
                    let id = self.known.next_tool();
                    work.runs(id, n, call.effect().when_interrupted());
                    self.out.push(Action::RunTool { id, call });
                    self.standby = None;
                }
                Err(why) => self.history.result(n, why),
            }
        }
        self.go_on(work, now)
    }

    pub(super) fn tool_finished(
        &mut self,
        mut work: Work,
        id: ToolId,
        outcome: &ToolOutcome,
        now: &Zoned,
    ) -> Lead {
        let Some(n) = work.finished(id, outcome) else {
            return Lead::Working(work);
        };
        self.known.learn(outcome);
        self.history.result(n, super::outcome::written(outcome));
        if let Ok(Answer::Slots(slots)) = outcome {
            self.offer = slots.first();
        }
        if let Some(done) = settled(outcome) {
            self.offer = None;
            self.gist.settled();
            let heard = self.history.last_said().map_or(0, |said| said.number);
            self.untold = Some((done.clone(), heard));
        }
        self.go_on(work, now)
    }

    /// Once every tool has answered: on with the conversation, or to its end.
    pub(super) fn go_on(&mut self, work: Work, now: &Zoned) -> Lead {
        if work.is_busy() {
            return Lead::Working(work);
        }
        match work.farewell {
            None | Some(Farewell::HangUp) if work.caller_went_on => self.ask(0, now),
            None => self.ask(work.round + 1, now),
            Some(Farewell::HangUp) => {
                if !work.spoke {
                    self.say(
                        phrases::goodbye(self.known.language, &self.location),
                        Question::None,
                    );
                }
                self.out.push(Action::HangUp);
                Lead::Over
            }
            Some(Farewell::Transfer(reason)) if work.spoke => {
                self.out.push(Action::Transfer { reason });
                Lead::HandedOn
            }
            Some(Farewell::Transfer(reason)) => self.escalate(reason),
        }
    }

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
    fn checked(
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
