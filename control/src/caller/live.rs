//! Follows the agent's live feed of one call, and hands in typed words.

use futures_util::StreamExt as _;
use reqwest::Url;
use tokio::sync::mpsc;

use super::limits::{FEED_QUEUE, WEBHOOK_TIMEOUT};
use super::webhook::root_cause;
use crate::feed::FeedLine;
use crate::llm::sse::SseDecoder;

/// What comes out of the feed.
#[derive(Debug)]
pub enum FromFeed {
    Line(FeedLine),
    /// There is no feed, or it broke off.
    Lost {
        reason: String,
    },
}

/// The agent's API for one call.
#[derive(Clone, Debug)]
pub struct Live {
    http: reqwest::Client,
    /// `…/api/v1/calls/{sid}/`.
    call: Url,
    /// Sent as a bearer token where the agent asks for one.
    token: Option<String>,
}

impl Live {
    /// The API of the agent at `server` for the call `sid`; absent where `server` cannot be one.
    #[must_use]
    pub fn new(
        http: reqwest::Client,
        server: &Url,
        sid: &str,
        token: Option<String>,
    ) -> Option<Self> {
        let call = server.join(&format!("/api/v1/calls/{sid}/")).ok()?;
        Some(Self { http, call, token })
    }

    /// Begins to follow the feed. The channel closes when the call is over.
    #[must_use]
    pub fn follow(&self) -> mpsc::Receiver<FromFeed> {
        let (lines, receiver) = mpsc::channel(FEED_QUEUE);
        let live = self.clone();
        tokio::spawn(async move {
            if let Err(reason) = live.read(&lines).await {
                // Nobody listens any more when this fails: the call is over.
                let _ = lines.send(FromFeed::Lost { reason }).await;
            }
        });
        receiver
    }

    /// Tells the agent the words that the caller is about to speak (typed speech).
    ///
    /// # Errors
    /// Why the agent did not take them, in words.
    pub async fn typed(&self, words: &str) -> Result<(), String> {
        let url = self.call.join("typed").map_err(|e| e.to_string())?;
        let response = self
            .authorised(self.http.post(url))
            .timeout(WEBHOOK_TIMEOUT)
            .json(&serde_json::json!({"text": words}))
            .send()
            .await
            .map_err(|error| root_cause(&error))?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(format!("the agent answered {}", response.status()))
        }
    }

    async fn read(&self, lines: &mpsc::Sender<FromFeed>) -> Result<(), String> {
        let url = self.call.join("events").map_err(|e| e.to_string())?;
        let response = self
            .authorised(self.http.get(url))
            .send()
            .await
            .map_err(|error| root_cause(&error))?;
        if !response.status().is_success() {
            return Err(format!("the agent answered {}", response.status()));
        }
        let mut body = response.bytes_stream();
        let mut decoder = SseDecoder::default();
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|error| root_cause(&error))?;
            let mut events = decoder.feed(&bytes);
            while let Some(event) = events.next() {
                // A line of a newer agent that we do not know is no reason to stop reading.
                let Some(line) = event.ok().and_then(|e| serde_json::from_str(&e.data).ok()) else {
                    continue;
                };
                if lines.send(FromFeed::Line(line)).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn authorised(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}
