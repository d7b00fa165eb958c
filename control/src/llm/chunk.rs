//! Puts an answer together from the chunks of a streamed chat completion. Pure.
//!
//! Servers that call themselves compatible differ in how they write tool calls and endings; what
//! they do is read here so that nobody else has to know. Nothing is handed out before the answer
//! has ended by itself, but for its text.

mod tools;
mod wire;

use pipeline::vendor::VendorErrorKind;

use super::complaint::Complaint;
use super::sse::{Event, EventTooLong};
use super::{ToolRequest, Usage};
use crate::limits::MAX_ANSWER_BYTES;
use tools::Tools;

/// An answer under way.
#[derive(Debug, Default)]
pub struct Assembler {
    tools: Tools,
    text_bytes: usize,
    /// The model declined in words, which are the answer.
    refused: bool,
    finish: Option<Finish>,
    usage: Option<Usage>,
    done: bool,
}

/// How the model ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finish {
    /// By itself. `stop` with tool calls counts: some servers say so where they mean the calls.
    Whole,
    Length,
    Filtered,
}

/// A whole answer, but for its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub tool_calls: Vec<ToolRequest>,
    /// See [`super::Answer::Finished`].
    pub cut: bool,
    pub usage: Option<Usage>,
}

impl Assembler {
    /// Takes an event of the stream and appends what is to be said to `text`.
    ///
    /// # Errors
    /// [`ChunkError`] where the answer cannot be completed.
    pub fn take(
        &mut self,
        event: Result<Event<'_>, EventTooLong>,
        text: &mut String,
    ) -> Result<(), ChunkError> {
        let event = event?;
        let data = event.data.trim_ascii();
        if self.done || data.is_empty() {
            return Ok(());
        }
        if data == DONE {
            self.done = true;
            return Ok(());
        }
        if event.name == "error" {
            return Err(ChunkError::Vendor(Complaint::of_event(data)));
        }
        let chunk: wire::Chunk<'_> = wire::read(data).ok_or(ChunkError::Garbage)?;
        if chunk.is_error() {
            return Err(ChunkError::Vendor(Complaint::of_event(data)));
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.into());
        }
        // No choices: the prompt's filter results, or the usage.
        let Some(choice) = chunk.choices.0 else {
            return Ok(());
        };
        if let Some(delta) = choice.delta {
            self.take_delta(&delta, text)?;
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.0.is_empty()) {
            self.finish = Some(Finish::of(&reason.0));
        }
        Ok(())
    }

    fn take_delta(&mut self, delta: &wire::Delta<'_>, text: &mut String) -> Result<(), ChunkError> {
        // What follows the end would be another answer.
        if self.finish.is_some() {
            return Ok(());
        }
        let content = delta.content.as_ref().map_or("", |content| &*content.0);
        let refusal = delta.refusal.as_ref().map_or("", |refusal| &*refusal.0);
        self.refused |= !refusal.is_empty();
        for words in [content, refusal] {
            self.text_bytes += words.len();
            if self.text_bytes > MAX_ANSWER_BYTES {
                return Err(ChunkError::TooLong);
            }
            text.push_str(words);
        }
        for piece in delta.tool_calls.iter().flatten() {
            self.tools.take(piece)?;
        }
        Ok(())
    }

    /// The model has begun to say something or to ask for a tool, or has ended. Thinking is neither.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.text_bytes > 0 || !self.tools.is_empty() || self.finish.is_some()
    }

    /// Nothing is missing but perhaps the usage.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.finish.is_some()
    }

    /// The server said that nothing more comes.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The stream is over, or waited for long enough once the answer was whole.
    ///
    /// # Errors
    /// [`ChunkError::Unfinished`] where the model did not say that it had finished,
    /// [`ChunkError::Filtered`] where it was stopped.
    pub fn end(self) -> Result<Ended, ChunkError> {
        let usage = self.usage;
        match self.finish {
            None => Err(ChunkError::Unfinished),
            Some(Finish::Filtered) => Err(ChunkError::Filtered),
            // A call that was being written may look complete.
            Some(Finish::Length) => Ok(Ended {
                tool_calls: Vec::new(),
                cut: true,
                usage,
            }),
            Some(Finish::Whole) if self.refused => Ok(Ended {
                tool_calls: Vec::new(),
                cut: false,
                usage,
            }),
            Some(Finish::Whole) => Ok(Ended {
                tool_calls: self.tools.end()?,
                cut: false,
                usage,
            }),
        }
    }
}

impl Finish {
    fn of(reason: &str) -> Self {
        match reason {
            "length" | "max_tokens" => Self::Length,
            "content_filter" | "safety" => Self::Filtered,
            // "stop", "tool_calls", "function_call", and what a server may call them.
            _ => Self::Whole,
        }
    }
}

/// Why a stream gives no whole answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    #[error("an event that is no chunk of a completion")]
    Garbage,
    #[error(transparent)]
    EventTooLong(#[from] EventTooLong),
    #[error("an answer of more than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
    #[error("more tool calls, or longer ones, than anybody needs")]
    TooManyTools,
    #[error("a tool call without a name")]
    NamelessTool,
    #[error("{}", .0.what)]
    Vendor(Complaint),
    #[error("the answer was stopped by the vendor's filter")]
    Filtered,
    #[error("the stream ended before the answer did")]
    Unfinished,
}

impl ChunkError {
    #[must_use]
    pub fn kind(&self) -> VendorErrorKind {
        match self {
            Self::Vendor(complaint) => complaint.kind,
            Self::Filtered => VendorErrorKind::Refused,
            Self::Unfinished => VendorErrorKind::Dropped,
            Self::Garbage
            | Self::EventTooLong(_)
            | Self::TooLong
            | Self::TooManyTools
            | Self::NamelessTool => VendorErrorKind::Garbage,
        }
    }

    /// The same request may be answered better.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Vendor(complaint) => complaint.retryable,
            Self::Filtered => false,
            _ => true,
        }
    }
}

const DONE: &str = "[DONE]";

#[cfg(test)]
mod tests;
