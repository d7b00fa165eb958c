//! Language models: what is asked of one, and what comes back.
//!
//! A [`Model`] answers one [`Request`] by a stream of [`Answer`]s. Deadlines, hedging, fallback
//! models and the breaker are the model's own affair: whoever asks sees one stream, which ends with
//! exactly one [`Answer::Finished`] or [`Answer::Failed`].

pub mod chunk;
pub mod complaint;
pub mod fallback;
pub mod openai;
pub mod sse;

pub use openai::{OpenAi, OpenAiConfig, Prices};

use std::time::Duration;

use pipeline::endpointing::same_words;
use pipeline::vendor::VendorErrorKind;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// One request: the whole conversation so far, and what the model may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The oldest first. The prefix is the same byte for byte from turn to turn, so that a vendor's
    /// prompt cache can serve it.
    pub messages: Vec<Message>,
    pub tools: std::sync::Arc<[ToolSpec]>,
}

impl Request {
    /// Whether an answer to one is an answer to the other: the same, but for how the recogniser
    /// spelled the caller's words.
    pub(crate) fn asks_the_same_as(&self, other: &Self) -> bool {
        let alike = |(one, other): (&Message, &Message)| match (one, other) {
            (Message::User(one), Message::User(other)) => one == other || same_words(one, other),
            (one, other) => one == other,
        };
        self.messages.len() == other.messages.len()
            && self.messages.iter().zip(&other.messages).all(alike)
            && self.tools == other.tools
    }

    /// How long the conversation is, in bytes of text, without the tools that are offered.
    pub(crate) fn letters(&self) -> usize {
        let letters = self.messages.iter().map(|message| match message {
            Message::System(text) | Message::User(text) => text.len(),
            Message::Assistant { text, tool_calls } => {
                let calls = tool_calls.iter().map(ToolRequest::letters);
                text.len() + calls.sum::<usize>()
            }
            Message::Tool { content, .. } => content.len(),
        });
        letters.sum()
    }
}

/// One message of a conversation, as chat completions know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    System(String),
    User(String),
    Assistant {
        /// What was said; empty where only tools were asked for.
        text: String,
        tool_calls: Vec<ToolRequest>,
    },
    /// What a tool answered, as JSON or a sentence.
    Tool {
        id: String,
        content: String,
    },
}

/// A tool the model asks for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ToolRequest {
    /// Pairs the request with its [`Message::Tool`].
    pub id: String,
    pub name: String,
    /// JSON as the model wrote it: not checked.
    pub arguments: String,
}

impl ToolRequest {
    fn letters(&self) -> usize {
        self.name.len() + self.arguments.len()
    }
}

/// A tool as it is described to a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    pub name: &'static str,
    pub description: String,
    /// A JSON schema that strict mode accepts.
    pub parameters: serde_json::Value,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// More of what is to be said.
    Text(String),
    /// The answer is whole. Tools are given only here, complete, never while they are written.
    Finished {
        tool_calls: Vec<ToolRequest>,
        /// The model ran into its length limit: the last sentence may be cut, tools are dropped.
        cut: bool,
        usage: Option<Usage>,
    },
    /// There will be no more. Text that came before stands.
    Failed(Failure),
}

impl Answer {
    /// Whether it only goes on with what is being said, or ends it: nothing is done for it.
    pub(crate) fn only_speaks(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Finished { tool_calls, .. } => tool_calls.is_empty(),
            Self::Failed(_) => false,
        }
    }

    /// How much the model has written of it, in bytes.
    pub(crate) fn letters(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Finished { tool_calls, .. } => tool_calls.iter().map(ToolRequest::letters).sum(),
            Self::Failed(_) => 0,
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{what}")]
pub struct Failure {
    pub kind: VendorErrorKind,
    /// For the log; without anything that was said.
    pub what: String,
}

/// Tokens that an answer cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Usage {
    pub prompt: u64,
    /// Of the prompt, what the vendor had cached.
    pub cached: u64,
    pub completion: u64,
}

/// A language model.
pub trait Model: Send + Sync + std::fmt::Debug {
    /// Begins to answer; never waits.
    fn ask(&self, request: Request) -> Answering;

    /// How hard it is at work for all calls.
    fn strain(&self) -> Strain {
        Strain::default()
    }
}

/// How hard a model is at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strain {
    /// Requests that are under way.
    pub under_way: usize,
    /// How long ago it refused or failed, or let somebody wait until it was asked once more.
    pub hindered: Option<Duration>,
}

/// An answer under way. Dropping it cancels the request.
#[derive(Debug)]
pub struct Answering {
    answers: mpsc::Receiver<Answer>,
    task: AbortHandle,
}

impl Answering {
    /// The receiving end of what `task` sends.
    #[must_use]
    pub fn new(answers: mpsc::Receiver<Answer>, task: AbortHandle) -> Self {
        Self { answers, task }
    }

    /// The next piece; `None` after the last.
    pub async fn next(&mut self) -> Option<Answer> {
        self.answers.recv().await
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.task.abort();
    }
}
