//! Questions of the telephone network: what is to be done with this caller?

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use storage::appointment::{Appointment, AppointmentId, Status};
use storage::location::Location;
use storage::reminder::AttemptId;
use tokio::time::{Instant, timeout};

use super::xml;
use crate::dialogue::called_by_mistake;
use crate::http::form::{BadField, Form};
use crate::http::{App, paths, wall_clock};
use crate::limits;
use crate::reminders::callbacks::News;
use crate::session::{
    Ending, NotAnnounced, NotReturned, Noted, Occasion, Parties, Purpose, elsewhere, nobody_there,
};
use crate::telephony::CallSid;
use crate::telephony::twiml::{Dial, Stream, Verb};

/// `POST …/inbound-call`: connect the caller to a media stream of ours.
pub(super) async fn inbound_call(
    State(app): State<Arc<App>>,
    form: Form,
) -> Result<Response, BadField> {
    let sid = form.call_sid()?;
    // A withheld number arrives as a word or as nothing: an unknown caller, welcome all the same.
    let parties = parties(&form, Occasion::Inbound);
    let location = app.locations.dialled(parties.to.as_ref());
    if app.stopping.is_cancelled() {
        return Ok(xml(
            &Ending::Busy.verbs(location.spoken.first(), human(&app, location, &form))
        ));
    }
    Ok(xml(&announced(&app, &sid, parties, location, &form).await))
}

/// `POST …/outbound-reminder?appointment_id=`: a call of ours was answered.
pub(super) async fn outbound_reminder(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, BadField> {
    answered(&app, query, &form, Purpose::Reminder).await
}

/// `POST …/outbound-follow-up?appointment_id=`: a call of ours about a visit was answered.
pub(super) async fn outbound_follow_up(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, BadField> {
    answered(&app, query, &form, Purpose::FollowUp).await
}

/// A call of ours. One that we do not take after all is told so; its attempt is made again, since
/// nobody will have spoken in it.
async fn answered(
    app: &App,
    query: Option<String>,
    form: &Form,
    purpose: Purpose,
) -> Result<Response, BadField> {
    let sid = form.call_sid()?;
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let asked = query.number("appointment_id").ok().flatten();
    let attempt = query.get("attempt").and_then(AttemptId::parse);
    if let Some(attempt) = &attempt {
        // It rang, whatever became of the request that placed the call.
        app.journal.note(Noted::Attempt(News {
            attempt: attempt.clone(),
            sid: sid.as_str().to_owned(),
            ended: None,
        }));
    }
    let Some(about) = concerned(app, asked, purpose).await else {
        tracing::warn!(call = %sid, "appointment_id: none of ours that this call could be about");
        let language = app.locations.first().spoken.first();
        let apology = called_by_mistake(language);
        return Ok(xml(&[Verb::say(language, apology), Verb::Hangup]));
    };
    if app.stopping.is_cancelled() {
        let location = app.locations.of(&about.location);
        return Ok(xml(&nobody_there(location.spoken.first())));
    }
    let parties = parties(
        form,
        Occasion::Ours {
            purpose,
            appointment: about.id,
            attempt,
        },
    );
    let location = app.locations.of(&about.location);
    Ok(xml(&announced(app, &sid, parties, location, form).await))
}

/// `POST …/stream-ended`: what becomes of a caller whose stream is over.
pub(super) async fn stream_ended(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, BadField> {
    let sid = form.call_sid()?;
    // A call nobody here knows is hung up: no stranger is connected to a human by guessing names.
    let ending = elsewhere::ending(&app.calls, app.live.as_ref(), &sid).await;
    let ending = ending.unwrap_or(Ending::HungUp);
    let location = answering(&app, query.as_deref(), &form);
    Ok(xml(&ending.verbs(
        location.spoken.first(),
        human(&app, location, &form),
    )))
}

/// `POST …/dial-result`: what came of ringing a human. Where nobody answered, the caller goes back
/// to the agent.
pub(super) async fn dial_result(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, BadField> {
    let sid = form.call_sid()?;
    let expected = "how the dialled call ended, such as no-answer";
    let result = form.required("DialCallStatus", expected)?;
    let talked = matches!(result, "completed" | "answered");
    app.metrics
        .network_event("dial", if talked { "answered" } else { "unanswered" });
    tracing::info!(call = %sid, talked, "a human was rung");
    // A caller who hung up while it rang is gone.
    let gone = form.get("CallStatus") == Some("completed");
    if talked || gone {
        return Ok(xml(&[Verb::Hangup]));
    }
    let language = answering(&app, query.as_deref(), &form).spoken.first();
    if app.stopping.is_cancelled() {
        return Ok(xml(&nobody_there(language)));
    }
    let parties = parties(&form, Occasion::Inbound);
    elsewhere::learn(&app.calls, app.live.as_ref(), &sid).await;
    let back = app
        .calls
        .announce_return(&sid, parties, Instant::now())
        .await;
    Ok(xml(&match back {
        Ok(()) => {
            if let Some((parties, returns)) = app.calls.announced(&sid) {
                elsewhere::announced(app.live.as_ref(), &sid, &parties, returns).await;
            }
            let location = answering(&app, query.as_deref(), &form);
            vec![connect(&app, location, &sid)]
        }
        Err(refused) => {
            tracing::warn!(call = %sid, %refused, "a caller whom no human took is let go");
            match refused {
                NotReturned::NotTransferred => vec![Verb::Hangup],
                NotReturned::TooOften | NotReturned::Full => nobody_there(language),
            }
        }
    }))
}

/// The answer to a call that is here.
async fn announced(
    app: &App,
    sid: &CallSid,
    parties: Parties,
    location: &Location,
    form: &Form,
) -> Vec<Verb> {
    if elsewhere::is_taken(app.live.as_ref(), sid).await {
        app.metrics.call_repeated();
        return vec![Verb::Hangup];
    }
    match app.calls.announce(sid, parties.clone(), Instant::now()) {
        Ok(()) => {
            elsewhere::announced(app.live.as_ref(), sid, &parties, 0).await;
            vec![connect(app, location, sid)]
        }
        Err(refused) => {
            tracing::warn!(call = %sid, %refused, "a call was not taken");
            match refused {
                NotAnnounced::Full => {
                    app.metrics.call_refused();
                    Ending::Busy.verbs(location.spoken.first(), human(app, location, form))
                }
                // A repeated webhook of a call that is being served, or was.
                NotAnnounced::Live | NotAnnounced::Ended => {
                    app.metrics.call_repeated();
                    vec![Verb::Hangup]
                }
            }
        }
    }
}

/// To a media stream of ours, with a token that opens it once.
fn connect(app: &App, location: &Location, sid: &CallSid) -> Verb {
    Verb::Connect {
        action: app
            .base_url
            .join(&with_location(app, paths::STREAM_ENDED, location)),
        stream: Stream {
            url: app.base_url.join_websocket(paths::MEDIA_STREAM),
            // A call that comes back has a second one.
            name: format!("otto-{:08x}", rand::random::<u32>()),
            status_callback: app.base_url.join(paths::STREAM_STATUS),
            token: app.tokens.issue(sid, wall_clock(), rand::random()),
        },
    }
}

/// To a human, who sees our number: the one that the network lets us show.
fn human(app: &App, location: &Location, form: &Form) -> Dial {
    let ours = if is_outbound(form) { "From" } else { "To" };
    Dial {
        number: location.transfer_to.clone(),
        timeout: limits::DIAL_TIMEOUT,
        action: app
            .base_url
            .join(&with_location(app, paths::DIAL_RESULT, location)),
        caller_id: app.phone_number.clone().or_else(|| form.phone(ours)),
    }
}

/// The network asks again at the location that answers the call.
fn with_location(app: &App, path: &str, location: &Location) -> String {
    if app.locations.are_several() {
        format!("{path}?location={}", location.key)
    } else {
        path.to_owned()
    }
}

/// Which location answers a call that the network asks about again.
fn answering<'a>(app: &'a App, query: Option<&str>, form: &Form) -> &'a Location {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let named = query
        .get("location")
        .and_then(|key| app.locations.by_key(key));
    named.unwrap_or_else(|| app.locations.dialled(form.phone("To").as_ref()))
}

pub(super) fn is_outbound(form: &Form) -> bool {
    form.get("Direction")
        .is_some_and(|direction| direction.starts_with("outbound"))
}

fn parties(form: &Form, occasion: Occasion) -> Parties {
    Parties {
        from: form.phone("From"),
        to: form.phone("To"),
        occasion,
    }
}

/// The appointment, if it is in the book, and still to come or over, as the call has it.
async fn concerned(app: &App, asked: Option<i64>, purpose: Purpose) -> Option<Appointment> {
    let id = AppointmentId(asked.filter(|id| *id > 0)?);
    let found = timeout(
        limits::APPOINTMENT_DEADLINE,
        app.store.appointments.by_id(id),
    );
    let appointment = match found.await {
        Ok(Ok(found)) => found?,
        Ok(Err(error)) => {
            tracing::error!(%error, "an appointment could not be read");
            return None;
        }
        Err(_) => {
            tracing::error!("an appointment could not be read in time");
            return None;
        }
    };
    let now = app.clock.now();
    let fits = match purpose {
        Purpose::Reminder => {
            let stands = matches!(appointment.status, Status::Scheduled | Status::Confirmed);
            stands && appointment.starts_at >= now
        }
        Purpose::FollowUp => {
            let missed = matches!(appointment.status, Status::Cancelled | Status::NoShow);
            !missed && appointment.ends_at <= now
        }
    };
    fits.then_some(appointment)
}
