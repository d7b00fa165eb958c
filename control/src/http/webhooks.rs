//! What the telephone network asks by HTTP: a call is here; its stream is over.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use storage::customer::Phone;
use tokio::time::Instant;

use super::{App, paths, wall_clock};
use crate::session::{Ending, NotAnnounced, Parties};
use crate::telephony::CallSid;
use crate::telephony::twiml::{self, Verb};

/// The members we read; new ones appear without notice and are ignored.
#[derive(Deserialize)]
pub(super) struct Webhook {
    #[serde(rename = "CallSid")]
    call_sid: Option<String>,
    #[serde(rename = "From")]
    from: Option<String>,
    #[serde(rename = "To")]
    to: Option<String>,
}

/// `POST …/inbound-call`: connect the caller to a media stream of ours.
pub(super) async fn inbound_call(
    State(app): State<Arc<App>>,
    Form(form): Form<Webhook>,
) -> Result<Response, MissingSid> {
    let sid = sid(&form)?;
    if app.stopping.is_cancelled() {
        return Ok(xml(&Ending::Busy.verbs(&app.location.transfer_to)));
    }
    // A withheld number arrives as a word or as nothing: an unknown caller, welcome all the same.
    let number = |text: &Option<String>| text.as_deref().and_then(|t| Phone::parse(t).ok());
    let parties = Parties {
        from: number(&form.from),
        to: number(&form.to),
    };
    let verbs = match app.calls.announce(&sid, parties, Instant::now()) {
        Ok(()) => vec![Verb::Connect {
            action: app.base_url.join(paths::STREAM_ENDED),
            stream: app.base_url.join_websocket(paths::MEDIA_STREAM),
            token: app.tokens.issue(&sid, wall_clock(), rand::random()),
        }],
        Err(refused) => {
            tracing::warn!(call = %sid, %refused, "an inbound call was not taken");
            match refused {
                NotAnnounced::Full => {
                    app.metrics.call_refused();
                    Ending::Busy.verbs(&app.location.transfer_to)
                }
                // A repeated webhook of a call that is being served, or was.
                NotAnnounced::Live | NotAnnounced::Ended => {
                    app.metrics.call_repeated();
                    vec![Verb::Hangup]
                }
            }
        }
    };
    Ok(xml(&verbs))
}

/// `POST …/stream-ended`: what becomes of a caller whose stream is over.
pub(super) async fn stream_ended(
    State(app): State<Arc<App>>,
    Form(form): Form<Webhook>,
) -> Result<Response, MissingSid> {
    let sid = sid(&form)?;
    // A call nobody here knows is hung up: no stranger is connected to a human by guessing names.
    let ending = app.calls.ending(&sid).await.unwrap_or(Ending::HungUp);
    Ok(xml(&ending.verbs(&app.location.transfer_to)))
}

fn sid(form: &Webhook) -> Result<CallSid, MissingSid> {
    let text = form.call_sid.as_deref().unwrap_or_default();
    CallSid::parse(text).map_err(|_| MissingSid)
}

/// A webhook that names no call.
pub(super) struct MissingSid;

impl IntoResponse for MissingSid {
    fn into_response(self) -> Response {
        let sentence = "CallSid: missing or not a call SID; send the form as Twilio does";
        (StatusCode::BAD_REQUEST, sentence).into_response()
    }
}

fn xml(verbs: &[Verb]) -> Response {
    let kind = "text/xml; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], twiml::document(verbs)).into_response()
}
