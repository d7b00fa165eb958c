//! A dialogue that answers as its script says.

use std::sync::Arc;

use jiff::Zoned;
use pipeline::message::Expectation;
use storage::customer::CustomerId;

use super::script::Script;
use crate::dialogue::{Action, Brain, Input, Question, Silence, ToolId, TransferReason};
use crate::llm::{Answer, Message, Request};
use crate::tools::{ToolCall, get_upcoming_appointments};

pub(super) struct Puppet {
    greeting: String,
    replies: Vec<(String, String)>,
    asks_a_model: bool,
    tools: u32,
}

impl Puppet {
    pub(super) fn new(script: &Script) -> Self {
        Self {
            greeting: script.greeting.clone(),
            replies: script.replies.clone(),
            asks_a_model: !script.models.is_empty(),
            tools: 0,
        }
    }

    /// Says a text, and does what stands in brackets behind it.
    fn perform(&mut self, text: &str) -> Vec<Action> {
        let (words, rest) = text.split_once('[').unwrap_or((text, ""));
        let mut actions = Vec::new();
        let done = rest.trim_end_matches(']');
        if done == "yes/no" {
            actions.push(Action::Expect(Expectation::YesNo));
        }
        if done == "phone" {
            actions.push(Action::Expect(Expectation::Phone));
        }
        if !words.trim().is_empty() {
            actions.push(Action::Say {
                text: words.trim().to_owned(),
                question: Question::Help,
            });
        }
        match done.split_whitespace().next() {
            Some("hang") => actions.push(Action::HangUp),
            Some("transfer") => actions.push(Action::Transfer {
                reason: TransferReason::Requested,
            }),
            Some("tool") => {
                self.tools += 1;
                actions.push(Action::RunTool {
                    id: ToolId(self.tools),
                    call: ToolCall::GetUpcomingAppointments(get_upcoming_appointments::Arguments {
                        customer_id: CustomerId(1),
                    }),
                });
            }
            _ => {}
        }
        actions
    }

    /// What a model is asked where the script has no reply.
    fn question(&self, words: &str) -> Option<Request> {
        let asks = self.asks_a_model && self.reply(words).is_none();
        asks.then(|| Request {
            messages: vec![Message::User(words.to_owned())],
            tools: Arc::new([]),
        })
    }

    fn reply(&self, words: &str) -> Option<String> {
        let reply = self.replies.iter().find(|(to, _)| to == words);
        reply.map(|(_, text)| text.clone())
    }
}

impl Brain for Puppet {
    fn handle(&mut self, input: Input, _: &Zoned) -> Vec<Action> {
        match input {
            Input::Opened { .. } => self.perform(&self.greeting.clone()),
            Input::Heard { text, .. } => match self.reply(&text) {
                Some(reply) => self.perform(&reply),
                None => self.question(&text).into_iter().map(Action::Ask).collect(),
            },
            Input::Unclear => self.perform("Sorry?"),
            Input::Interrupted { .. } => vec![Action::StopAsking],
            Input::Silence(Silence::Prompt) => self.perform("Are you still there?"),
            Input::Silence(Silence::HangUp) => self.perform("Good-bye. [hang up]"),
            Input::Keypad(key) => {
                let reply = self.reply(&key.to_string());
                reply.map(|reply| self.perform(&reply)).unwrap_or_default()
            }
            Input::ToolFinished { .. } => {
                let reply = self.reply("tool");
                reply.map(|reply| self.perform(&reply)).unwrap_or_default()
            }
            Input::Slow => self.perform("One moment."),
            Input::Model(Answer::Text(text)) => vec![clause(text, false)],
            Input::Model(Answer::Finished { .. }) => vec![clause(String::new(), true)],
            Input::Model(Answer::Failed(_)) => self.perform("By the rules, then."),
            _ => Vec::new(),
        }
    }

    fn speculate(&self, text: &str, _: &Zoned) -> Option<Request> {
        self.question(text)
    }

    fn thinks_again(&self) -> bool {
        self.asks_a_model
    }

    fn state(&self) -> &'static str {
        "scene"
    }
}

fn clause(text: String, last: bool) -> Action {
    Action::Clause {
        text,
        question: Question::None,
        last,
    }
}
