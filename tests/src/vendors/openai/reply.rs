//! What a model says, and how it reaches the wire.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::Stream;
use serde_json::{Value, json};

use super::{Fault, Shared};

/// A model's answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// From the request to the first piece.
    pub first_token: Duration,
    /// Between two pieces.
    pub between: Duration,
    pub pieces: Vec<Piece>,
    /// Pieces of the body are cut to so many bytes, wherever that may be.
    pub cut: Option<usize>,
}

/// An event of an answer.
#[derive(Clone, Debug)]
pub enum Piece {
    Text(String),
    /// A whole call in one event.
    Tool {
        id: String,
        name: String,
        arguments: String,
    },
    /// The model's reason to end.
    Finish(&'static str),
    /// Tokens of the prompt, of these cached ones, and of the completion.
    Usage(u64, u64, u64),
    /// The data of an event, as it is.
    Raw(String),
}

impl Default for Reply {
    fn default() -> Self {
        Self::saying(&["Good", " morning."])
    }
}

impl Reply {
    /// These words, at once, and a proper end.
    #[must_use]
    pub fn saying(words: &[&str]) -> Self {
        let texts = words.iter().map(|&text| Piece::Text(text.to_owned()));
        let end = [
            Piece::Finish("stop"),
            Piece::Usage(100, 60, words.len() as u64),
        ];
        Self::of(texts.chain(end).collect())
    }

    /// One call of a tool.
    #[must_use]
    pub fn asking_for(id: &str, name: &str, arguments: &str) -> Self {
        let call = Piece::Tool {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        Self::of(vec![
            call,
            Piece::Finish("tool_calls"),
            Piece::Usage(100, 60, 9),
        ])
    }

    /// These pieces, at once.
    #[must_use]
    pub fn of(pieces: Vec<Piece>) -> Self {
        Self {
            first_token: Duration::ZERO,
            between: Duration::ZERO,
            pieces,
            cut: None,
        }
    }

    #[must_use]
    pub fn after(mut self, first_token: Duration) -> Self {
        self.first_token = first_token;
        self
    }

    #[must_use]
    pub fn with_pauses(mut self, between: Duration) -> Self {
        self.between = between;
        self
    }

    #[must_use]
    pub fn cut_to(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }
}

impl Piece {
    fn event(&self) -> String {
        let data = match self {
            Self::Text(text) => choice(json!({"content": text}), Value::Null),
            Self::Tool {
                id,
                name,
                arguments,
            } => {
                let function = json!({"name": name, "arguments": arguments});
                let call = json!({"index": 0, "id": id, "type": "function", "function": function});
                choice(json!({"tool_calls": [call]}), Value::Null)
            }
            Self::Finish(reason) => choice(json!({}), json!(reason)),
            Self::Usage(prompt, cached, completion) => {
                let details = json!({"cached_tokens": cached});
                let usage = json!({
                    "prompt_tokens": prompt,
                    "completion_tokens": completion,
                    "prompt_tokens_details": details,
                });
                json!({"choices": [], "usage": usage})
            }
            Self::Raw(data) => return format!("data: {data}\n\n"),
        };
        format!("data: {data}\n\n")
    }
}

fn choice(delta: Value, finish_reason: Value) -> Value {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish_reason});
    json!({"object": "chat.completion.chunk", "choices": [choice], "usage": null})
}

/// A reply on its way. Dropped before its end, the client went away.
#[derive(Debug)]
pub(super) struct Streaming {
    shared: Arc<Shared>,
    reply: Reply,
    model: String,
    /// The next piece; past the last comes `[DONE]`.
    at: usize,
    /// Bytes of the last event that were cut off.
    rest: VecDeque<Bytes>,
    is_over: bool,
}

impl Streaming {
    pub(super) fn new(shared: Arc<Shared>, reply: Reply, model: String) -> Self {
        Self {
            shared,
            reply,
            model,
            at: 0,
            rest: VecDeque::new(),
            is_over: false,
        }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> {
        futures_util::stream::unfold(self, async |mut streaming| {
            let bytes = streaming.next().await?;
            Some((bytes, streaming))
        })
    }

    fn fault(&self) -> Option<Fault> {
        let now = self.shared.faults.now();
        now.and_then(|injected| injected.of(&self.model))
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if let Some(bytes) = self.rest.pop_front() {
            return Some(Ok(bytes));
        }
        if self.is_over {
            if self.fault() == Some(Fault::Linger) {
                self.stall().await;
            }
            return None;
        }
        let pause = match self.at {
            0 => self.reply.first_token,
            _ => self.reply.between,
        };
        tokio::time::sleep(pause).await;
        match self.fault() {
            Some(Fault::StallBeforeFirst) if self.at == 0 => self.stall().await,
            Some(Fault::StallAfter(pieces)) if self.at >= pieces => self.stall().await,
            Some(Fault::DropAfter(pieces)) if self.at >= pieces => {
                self.is_over = true;
                return Some(Err(io::ErrorKind::ConnectionReset.into()));
            }
            Some(Fault::EndAfter(pieces)) if self.at >= pieces => {
                self.is_over = true;
                return None;
            }
            Some(Fault::Garbage) => {
                self.is_over = true;
                return Some(Ok(Bytes::from_static(b"data: {\"choices\":[{]\n\n")));
            }
            _ => {}
        }
        let event = match self.reply.pieces.get(self.at) {
            Some(piece) => piece.event(),
            None => {
                self.is_over = true;
                self.shared.see(|seen| seen.finished += 1);
                "data: [DONE]\n\n".to_owned()
            }
        };
        self.at += 1;
        let event = Bytes::from(event);
        let cut = self.reply.cut.unwrap_or(event.len());
        self.rest = event
            .chunks(cut)
            .map(|part| event.slice_ref(part))
            .collect();
        self.rest.pop_front().map(Ok)
    }

    async fn stall(&self) {
        let mut faults = self.shared.faults.watch();
        // The switch lives as long as the server.
        drop(faults.wait_for(Option::is_none).await);
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.see(|seen| seen.cancelled += 1);
        }
    }
}
