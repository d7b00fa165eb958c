//! The telephone network's HTTP side: posts webhooks as Twilio does and reads their TwiML.

use reqwest::Url;

use super::limits::{MAX_TWIML_BYTES, WEBHOOK_TIMEOUT};
use super::twiml::{self, TwimlError, Verb};
use super::wire::Identity;

/// Twilio's version of the API, sent with every webhook.
const API_VERSION: &str = "2010-04-01";

/// Posts one call's webhooks.
#[derive(Debug)]
pub struct Webhooks {
    http: reqwest::Client,
    identity: Identity,
    from: String,
    to: String,
}

/// Why a webhook gave nothing to follow.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("{url}: not a URL: {reason}")]
    Url { url: String, reason: String },
    #[error("{url}: no answer: {reason}")]
    Unreachable { url: Url, reason: String },
    #[error("{url}: answered {status}, expected 200: {body}")]
    Status { url: Url, status: u16, body: String },
    #[error("{url}: TwiML of {bytes} bytes, at most {MAX_TWIML_BYTES}")]
    TooLong { url: Url, bytes: usize },
    #[error("{url}: {why}")]
    Twiml { url: Url, why: TwimlError },
}

impl Webhooks {
    #[must_use]
    pub fn new(http: reqwest::Client, identity: Identity, from: &str, to: &str) -> Self {
        Self {
            http,
            identity,
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    /// Posts the call's form to `url` (relative to `base`) and reads the TwiML of the answer.
    /// The result names the URL that later relative ones refer to.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn post(
        &self,
        base: &Url,
        url: &str,
        status: &str,
    ) -> Result<(Url, Vec<Verb>), WebhookError> {
        let url = base.join(url).map_err(|error| WebhookError::Url {
            url: url.to_owned(),
            reason: error.to_string(),
        })?;
        let unreachable = |error: reqwest::Error| WebhookError::Unreachable {
            url: url.clone(),
            reason: root_cause(&error),
        };
        let response = self
            .http
            .post(url.clone())
            .timeout(WEBHOOK_TIMEOUT)
            .form(&self.form(status))
            .send()
            .await
            .map_err(unreachable)?;
        let code = response.status();
        let body = response.text().await.map_err(unreachable)?;
        if !code.is_success() {
            return Err(WebhookError::Status {
                url,
                status: code.as_u16(),
                body: body.chars().take(200).collect(),
            });
        }
        if body.len() > MAX_TWIML_BYTES {
            let bytes = body.len();
            return Err(WebhookError::TooLong { url, bytes });
        }
        match twiml::parse(&body) {
            Ok(verbs) => Ok((url, verbs)),
            Err(why) => Err(WebhookError::Twiml { url, why }),
        }
    }

    fn form<'a>(&'a self, status: &'a str) -> [(&'static str, &'a str); 9] {
        [
            ("CallSid", &self.identity.call_sid),
            ("AccountSid", &self.identity.account_sid),
            ("From", &self.from),
            ("To", &self.to),
            ("Caller", &self.from),
            ("Called", &self.to),
            ("CallStatus", status),
            ("Direction", "inbound"),
            ("ApiVersion", API_VERSION),
        ]
    }
}

/// The innermost reason of an error; the outer ones repeat the URL.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
