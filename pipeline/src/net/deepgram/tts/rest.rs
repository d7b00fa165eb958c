//! Speech by plain requests: one text, one answer, streamed.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::Response;
use secrecy::ExposeSecret as _;

use super::DeepgramTts;
use crate::vendor::VendorErrorKind;
use crate::wire::deepgram_tts::query;

/// The begin of a WAV header: what an answer has that was not asked to have none.
const WAV: &[u8] = b"RIFF";

type Asking = Pin<Box<dyn Future<Output = Result<Response, reqwest::Error>> + Send>>;

/// One text on its way to be speech.
pub(super) enum Rest {
    Asking(Asking),
    Answering(Response),
    Over,
}

/// Why there is no (more) speech.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("deepgram: {what}")]
pub(super) struct RestError {
    pub(super) kind: VendorErrorKind,
    pub(super) what: String,
}

impl DeepgramTts {
    /// Asks for the speech of a text; nothing is sent before it is polled.
    pub(super) fn ask(&self, text: &str) -> Rest {
        #[derive(serde::Serialize)]
        struct Body<'a> {
            text: &'a str,
        }
        let url = format!(
            "{}/v1/speak?{}",
            self.account.http_origin(),
            query(&self.model)
        );
        let key = format!("Token {}", self.account.key.expose_secret());
        let mut request = self.http.post(url).json(&Body { text });
        if let Ok(mut key) = HeaderValue::try_from(key) {
            key.set_sensitive(true);
            request = request.header(AUTHORIZATION, key);
        }
        Rest::Asking(Box::pin(request.send()))
    }
}

impl Rest {
    /// More mu-law audio; none at the end. After an error there is no more. Can be dropped without
    /// losing anything.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, RestError>> {
        let next = match self {
            Self::Over => return None,
            Self::Asking(asking) => match asking.await.map_err(|error| failure(&error)) {
                Ok(response) => match check(&response) {
                    Ok(()) => {
                        *self = Self::Answering(response);
                        return Box::pin(self.next()).await;
                    }
                    Err(error) => Some(Err(error)),
                },
                Err(error) => Some(Err(error)),
            },
            Self::Answering(response) => match response.chunk().await {
                Ok(Some(audio)) if audio.starts_with(WAV) => Some(Err(RestError {
                    kind: VendorErrorKind::Garbage,
                    what: "it answered with a file".into(),
                })),
                Ok(Some(audio)) => return Some(Ok(audio)),
                Ok(None) => None,
                Err(error) => Some(Err(failure(&error))),
            },
        };
        *self = Self::Over;
        next
    }
}

fn check(response: &Response) -> Result<(), RestError> {
    let status = response.status();
    if !status.is_success() {
        return Err(RestError {
            kind: VendorErrorKind::of_status(status.as_u16()),
            what: format!("answered {}", status.as_u16()),
        });
    }
    let content = response.headers().get(CONTENT_TYPE);
    match content.map(HeaderValue::as_bytes) {
        Some(kind) if !kind.starts_with(b"audio/") => Err(RestError {
            kind: VendorErrorKind::Garbage,
            what: "it answered with no audio".into(),
        }),
        _ => Ok(()),
    }
}

/// Without the address: it is ours to know.
fn failure(error: &reqwest::Error) -> RestError {
    let (kind, what) = if error.is_connect() {
        (VendorErrorKind::Connect, "no connection")
    } else if error.is_timeout() {
        (VendorErrorKind::TimedOut, "no answer in time")
    } else if error.is_builder() {
        (VendorErrorKind::Refused, "no such address")
    } else {
        (VendorErrorKind::Dropped, "the answer broke off")
    };
    RestError {
        kind,
        what: what.into(),
    }
}
