//! The telephone network's HTTP side: posts webhooks as Twilio does and reads their TwiML.

use form_urlencoded::Serializer;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::limits::{MAX_TWIML_BYTES, WEBHOOK_TIMEOUT};
use super::twiml::{self, TwimlError, Verb};
use super::wire::Identity;
use crate::telephony::CallSid;
use crate::telephony::signature::{self, SignatureKey};

/// Twilio's version of the API, sent with every webhook.
const API_VERSION: &str = "2010-04-01";

/// How the network carries a call.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The call that the agent has placed, and that is being answered; absent: the caller calls.
    pub answers: Option<CallSid>,
    /// The account that the call belongs to; absent: one that nobody has.
    pub account_sid: Option<String>,
    /// Signs webhooks and the media stream as Twilio does; absent: they go unsigned.
    pub signs: Option<SignatureKey>,
}

/// Posts one call's webhooks.
#[derive(Debug)]
pub struct Webhooks {
    http: reqwest::Client,
    network: Network,
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
    pub fn new(
        http: reqwest::Client,
        network: Network,
        identity: Identity,
        from: &str,
        to: &str,
    ) -> Self {
        Self {
            http,
            network,
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
        let form = Serializer::new(String::new())
            .extend_pairs(self.form(status))
            .finish();
        let mut request = self
            .http
            .post(url.clone())
            .timeout(WEBHOOK_TIMEOUT)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let signed = signature::Body::Form(form.as_bytes());
        if let Some(signature) = self.network.signature(url.as_str(), signed) {
            request = request.header(signature::HEADER, signature);
        }
        let response = request.body(form).send().await.map_err(unreachable)?;
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
            ("Direction", self.network.direction()),
            ("ApiVersion", API_VERSION),
        ]
    }
}

impl Network {
    /// What Twilio shows with a request, where it signs.
    pub(super) fn signature(&self, url: &str, body: signature::Body<'_>) -> Option<HeaderValue> {
        let signature = self.signs.as_ref()?.sign(url, body).ok()?;
        HeaderValue::from_str(&signature).ok()
    }

    fn direction(&self) -> &'static str {
        match self.answers {
            Some(_) => "outbound-api",
            None => "inbound",
        }
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
