//! One request to one model, until it speaks and while it speaks.

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use jiff::Timestamp;
use pipeline::vendor::VendorErrorKind;
use reqwest::Response;
use tokio::time::timeout;

use super::body::{self, Member};
use super::lanes::Taken;
use super::{Account, root_cause};
use crate::limits::{LLM_END_GRACE, LLM_USAGE_GRACE, MAX_COMPLAINT_BYTES};
use crate::llm::chunk::{Assembler, ChunkError, Ended};
use crate::llm::complaint::Complaint;
use crate::llm::fallback::{Role, Setback};
use crate::llm::sse::SseDecoder;
use crate::llm::{Failure, Request};

/// The answer of a model, as it comes. Dropping it cancels the request.
#[derive(Debug)]
pub(super) struct Speaking<'a> {
    response: Response,
    decoder: SseDecoder,
    assembler: Assembler,
    /// Words that were not handed on yet.
    words: String,
    /// The stream is over.
    at_end: bool,
    _lane: Taken<'a>,
}

/// Asks `model` and waits for its first word. Dropping the future cancels the request.
pub(super) async fn begin<'a>(
    account: &Account,
    role: Role,
    lane: Taken<'a>,
    request: &Request,
) -> Result<Speaking<'a>, AttemptError> {
    let body = body::write(
        &account.config,
        account.dialect,
        &account.refused,
        account.model(role),
        request,
        &account.tools.json(&request.tools),
    );
    let asked = lane
        .client()
        .post(account.completions.clone())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "text/event-stream")
        .body(body);
    let response = asked.send().await.map_err(AttemptError::NoResponse)?;
    note_head(account, role, response.headers());
    if !response.status().is_success() {
        return Err(refusal(account, response).await);
    }
    let mut speaking = Speaking {
        response,
        decoder: SseDecoder::default(),
        assembler: Assembler::default(),
        words: String::new(),
        at_end: false,
        _lane: lane,
    };
    while !speaking.assembler.has_begun() {
        speaking.read().await?;
    }
    Ok(speaking)
}

impl<'a> Speaking<'a> {
    /// Waits for more. Cancel-safe.
    pub(super) async fn read(&mut self) -> Result<(), AttemptError> {
        let piece = self.response.chunk().await.map_err(AttemptError::Broken)?;
        let Some(bytes) = piece else {
            self.at_end = true;
            let whole = self.assembler.is_whole();
            return whole.then_some(()).ok_or(ChunkError::Unfinished.into());
        };
        let mut events = self.decoder.feed(&bytes);
        while let Some(event) = events.next() {
            self.assembler.take(event, &mut self.words)?;
        }
        Ok(())
    }

    /// What is to be said and was not taken yet.
    pub(super) fn take_words(&mut self) -> Option<String> {
        (!self.words.is_empty()).then(|| std::mem::take(&mut self.words))
    }

    /// All is said, and the tools are known.
    pub(super) fn is_whole(&self) -> bool {
        self.assembler.is_whole()
    }

    /// Waits a little for the count of tokens, and for the end of the stream: a connection that was
    /// read to its end can be used again.
    pub(super) async fn end(mut self) -> Result<Ended, AttemptError> {
        // The answer is whole: what goes wrong from here on is nobody's loss.
        let rest = async { while self.may_say_more() && self.read().await.is_ok() {} };
        drop(timeout(LLM_USAGE_GRACE, rest).await);
        if !self.at_end {
            drop(timeout(LLM_END_GRACE, self.read()).await);
        }
        Ok(self.assembler.end()?)
    }

    fn may_say_more(&self) -> bool {
        !self.at_end && !self.assembler.is_done()
    }
}

/// Reads why the server does not answer, and learns from it what it does not take.
async fn refusal(account: &Account, mut response: Response) -> AttemptError {
    let mut body = Vec::new();
    while body.len() < MAX_COMPLAINT_BYTES
        && let Ok(Some(bytes)) = response.chunk().await
    {
        body.extend_from_slice(&bytes[..bytes.len().min(MAX_COMPLAINT_BYTES - body.len())]);
    }
    let mut complaint = Complaint::of_response(
        response.status(),
        response.headers(),
        &body,
        Timestamp::now(),
    );
    let member = complaint.param.as_deref().and_then(Member::of_param);
    if complaint.kind == VendorErrorKind::Refused
        && member.is_some_and(|member| account.refused.note(member))
    {
        complaint.retryable = true;
        complaint.retry_after = Some(Duration::ZERO);
    }
    AttemptError::Refused(complaint)
}

/// The id by which the vendor knows the request, and what it says is left of our rate limits.
fn note_head(account: &Account, role: Role, headers: &HeaderMap) {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(id) = text("x-request-id") {
        tracing::debug!(role = role.label(), id, "a language model has the request");
    }
    for (name, kind) in [
        ("x-ratelimit-remaining-requests", "requests"),
        ("x-ratelimit-remaining-tokens", "tokens"),
    ] {
        if let Some(left) = text(name).and_then(|left| left.parse().ok()) {
            account.metrics.llm().rate_limit_remaining(kind, left);
        }
    }
}

/// Why an attempt gives no answer, or no more of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum AttemptError {
    #[error("no response: {}", root_cause(.0))]
    NoResponse(#[source] reqwest::Error),
    #[error("refused: {}", .0.what)]
    Refused(Complaint),
    #[error("the connection broke: {}", root_cause(.0))]
    Broken(#[source] reqwest::Error),
    #[error(transparent)]
    Answer(#[from] ChunkError),
}

impl AttemptError {
    fn kind(&self) -> VendorErrorKind {
        match self {
            Self::NoResponse(error) if error.is_connect() => VendorErrorKind::Connect,
            Self::NoResponse(_) | Self::Broken(_) => VendorErrorKind::Dropped,
            Self::Refused(complaint) => complaint.kind,
            Self::Answer(error) => error.kind(),
        }
    }

    pub(super) fn failure(&self) -> Failure {
        Failure {
            kind: self.kind(),
            what: self.to_string(),
        }
    }

    pub(super) fn setback(&self) -> Setback {
        let (retryable, retry_after) = match self {
            Self::NoResponse(_) | Self::Broken(_) => (true, None),
            Self::Refused(complaint) => (complaint.retryable, complaint.retry_after),
            Self::Answer(error) => (error.retryable(), None),
        };
        Setback {
            failure: self.failure(),
            retryable,
            retry_after,
        }
    }
}
