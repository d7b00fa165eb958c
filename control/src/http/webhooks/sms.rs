//! Text messages: what customers write to our number, and what became of what we wrote to them.

use std::io;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use pipeline::message::Expectation;
use serde_json::json;
use storage::customer::Phone;
use tokio::time::timeout;

use super::notes::{attempt, note, one_of, shortened};
use super::{offers, xml};
use crate::dialogue::mask;
use crate::http::App;
use crate::http::form::{BadField, Form};
use crate::limits;
use crate::reminders::callbacks::{self, News};
use crate::reminders::owed::{Unsettled, Wish};
use crate::reminders::texts::Keyword;
use crate::session::Noted;
use crate::telephony::CallSid;
use crate::telephony::twiml::Verb;

/// `POST …/sms`: a text message to our number. Kept masked. STOP, START and HELP are obeyed before
/// they are answered, a yes or a no answers an offer; anything else is answered with nothing.
pub(super) async fn received(
    State(app): State<Arc<App>>,
    form: Form,
) -> Result<Response, BadField> {
    let sid = message_sid(&form)?;
    let from = form.get("From").unwrap_or_default();
    let tail: String = from.chars().rev().take(2).collect();
    let from = format!("…{}", tail.chars().rev().collect::<String>());
    let body = form.get("Body").unwrap_or_default();
    let keyword = Keyword::of(body);
    let masked = mask::masked(&shortened(body), Expectation::Open);
    let detail = json!({"from": from, "body": masked});
    note(&app, &sid, "sms", "received", detail);
    let Some(phone) = form.phone("From") else {
        return Ok(xml(&[]));
    };
    let Some((keyword, language)) = keyword else {
        return Ok(to_offer(&app, &sid, &phone, body).await);
    };
    if let Err(error) = obey(&app, keyword, &phone).await {
        tracing::error!(%error, "what a customer asked for by text was not kept");
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    // Where the network answers such words itself, it says so; one answer is enough.
    if form.get("OptOutType").is_some() {
        return Ok(xml(&[]));
    }
    let ours = form.phone("To");
    let answer = keyword.answer(app.locations.dialled(ours.as_ref()), language);
    Ok(xml(&answer
        .map(Verb::Message)
        .into_iter()
        .collect::<Vec<_>>()))
}

/// An answer to what was offered to somebody who waits.
async fn to_offer(app: &App, sid: &CallSid, phone: &Phone, body: &str) -> Response {
    let answering = offers::answered(app, sid, phone, body);
    match timeout(limits::APPOINTMENT_DEADLINE, Box::pin(answering)).await {
        Ok(Ok(answer)) => xml(&answer.map(Verb::Message).into_iter().collect::<Vec<_>>()),
        Ok(Err(error)) => {
            tracing::error!(%error, "an answer to an offer was not written");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Err(_) => {
            tracing::error!("an answer to an offer was not written in time");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// STOP ends calls too: whoever wants no more messages hardly wants to be rung instead.
/// Where the book is away, the wish is kept beside it.
async fn obey(app: &App, keyword: Keyword, phone: &Phone) -> io::Result<()> {
    let now = app.clock.now();
    let wish = match keyword {
        Keyword::Stop => Wish::stop(phone, "sms", now),
        Keyword::Start => Wish::start(phone, "sms", now),
        Keyword::Help => return Ok(()),
    };
    let consents = app.store.consents.as_ref();
    let written = async {
        // What was wished before comes first; a stop waits for nothing.
        if keyword == Keyword::Start {
            app.owed.settle(consents).await?;
        }
        wish.grant(consents).await.map_err(Unsettled::from)
    };
    match timeout(limits::APPOINTMENT_DEADLINE, written).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => tracing::error!(%error, "a customer's wish waits for the book"),
        Err(_) => tracing::error!("a customer's wish waits for the book, which does not answer"),
    }
    app.owed.keep(wish).await
}

/// `POST …/sms-status?attempt=`: how far a message of ours has got.
pub(super) async fn status(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<StatusCode, BadField> {
    let sid = message_sid(&form)?;
    let status = form.required("MessageStatus", "a status such as delivered")?;
    let known = [
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "delivered",
        "read",
        "undelivered",
        "failed",
        "canceled",
    ];
    let word = one_of(status, &known);
    app.metrics.network_event("sms-status", word);
    if let Some(attempt) = attempt(query.as_deref()) {
        app.journal.note(Noted::Attempt(News {
            attempt,
            sid: sid.as_str().to_owned(),
            ended: callbacks::delivered(word),
        }));
    }
    Ok(StatusCode::NO_CONTENT)
}

fn message_sid(form: &Form) -> Result<CallSid, BadField> {
    form.sid("MessageSid").or_else(|missing| {
        // The name it had before.
        form.sid("SmsSid").map_err(|_| missing)
    })
}
