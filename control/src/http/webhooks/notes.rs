//! What the telephone network tells: counted, logged, kept with the call, answered at once.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use storage::call_log::{CallEvent, CallStatus, Direction, NetworkStatus, NewCallLog};
use storage::reminder::AttemptId;
use tokio::time::Instant;

use super::calls::is_outbound;
use crate::http::App;
use crate::http::form::{BadField, Form};
use crate::limits;
use crate::nodes::CallNews;
use crate::reminders::callbacks::{self, News};
use crate::session::{Noted, Request};
use crate::telephony::{CallSid, status};

/// `POST …/call-status`: how far a call has got. Its end is kept; a call that nobody ever spoke in
/// gets its log row here.
pub(super) async fn call_status(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<StatusCode, BadField> {
    let sid = form.call_sid()?;
    let (status, word) = reported(&form)?;
    let status = NetworkStatus {
        status,
        duration_s: form.number("CallDuration")?,
        sequence: form
            .number("SequenceNumber")?
            .unwrap_or_else(|| status.place()),
    };
    app.metrics.network_event("status", word);
    tracing::info!(call = %sid, status = word, "the network told how far a call is");
    if status.status.is_final() {
        app.calls.network_over(&sid, Instant::now());
        app.live.tell(&sid, CallNews::default().asked()).await;
    }
    let now = app.clock.now();
    if let Some(attempt) = attempt(query.as_deref()) {
        app.journal.note(Noted::Attempt(News {
            attempt,
            sid: sid.as_str().to_owned(),
            ended: callbacks::ended(word, now),
        }));
    }
    let number = |name| Some(form.phone(name)?.as_str().to_owned());
    app.journal.note(Noted::Status {
        call: NewCallLog {
            call_sid: sid.as_str().to_owned(),
            direction: if is_outbound(&form) {
                Direction::Outbound
            } else {
                Direction::Inbound
            },
            from_number: number("From"),
            to_number: number("To"),
            started_at: now,
        },
        status,
        unspoken: status::unspoken(status, word, now),
    });
    Ok(StatusCode::NO_CONTENT)
}

fn reported(form: &Form) -> Result<(CallStatus, &'static str), BadField> {
    let name = "CallStatus";
    let expected = "a status of Twilio's, such as completed";
    let said = form.required(name, expected)?;
    status::status(said).ok_or(BadField { name, expected })
}

/// `POST …/amd`: who or what answered a call of ours.
pub(super) async fn amd(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<StatusCode, BadField> {
    let sid = form.call_sid()?;
    let answered_by = form.required("AnsweredBy", "human, fax, unknown or a kind of machine")?;
    let answered_by = one_of(
        answered_by,
        &[
            "human",
            "fax",
            "unknown",
            "machine_start",
            "machine_end_beep",
            "machine_end_silence",
            "machine_end_other",
        ],
    );
    let took_ms: Option<u32> = form.number("MachineDetectionDuration")?;
    if answered_by.starts_with("machine")
        && let Err(refused) = app.calls.ask(&sid, Request::Machine)
    {
        tracing::info!(call = %sid, %refused, "a machine answered, and nobody speaks to it");
    }
    if let Some(attempt) = attempt(query.as_deref()) {
        app.journal.note(Noted::Attempt(News {
            attempt,
            sid: sid.as_str().to_owned(),
            // A message that was left is the call's to tell of.
            ended: None,
        }));
    }
    let detail = json!({"answered_by": answered_by, "took_ms": took_ms});
    note(&app, &sid, "amd", answered_by, detail);
    Ok(StatusCode::NO_CONTENT)
}

/// `POST …/recording`: a recording goes on or is there. Where it lies is not kept: its SID says so.
pub(super) async fn recording(
    State(app): State<Arc<App>>,
    form: Form,
) -> Result<StatusCode, BadField> {
    let sid = form.call_sid()?;
    let recording = form.sid("RecordingSid")?;
    let status = form.required("RecordingStatus", "in-progress, completed or absent")?;
    let status = one_of(status, &["in-progress", "completed", "absent", "failed"]);
    let duration_s: Option<u32> = form.number("RecordingDuration")?;
    let detail = json!({
        "recording_sid": recording.as_str(),
        "status": status,
        "duration_s": duration_s,
    });
    note(&app, &sid, "recording", status, detail);
    Ok(StatusCode::NO_CONTENT)
}

/// `POST …/stream-status`: a media stream started, stopped or failed, as the network sees it.
pub(super) async fn stream_status(
    State(app): State<Arc<App>>,
    form: Form,
) -> Result<StatusCode, BadField> {
    let sid = form.call_sid()?;
    let stream = form.sid("StreamSid")?;
    let expected = "stream-started, stream-stopped or stream-error";
    let event = form.required("StreamEvent", expected)?;
    let event = one_of(event, &["stream-started", "stream-stopped", "stream-error"]);
    let error = form.get("StreamError").map(shortened);
    if let Some(error) = &error {
        tracing::warn!(call = %sid, error, "the network had trouble with a media stream");
    }
    let detail = json!({"stream_sid": stream.as_str(), "event": event, "error": error});
    note(&app, &sid, "stream", event, detail);
    Ok(StatusCode::NO_CONTENT)
}

/// The attempt at a reminder that an address of ours names, where it names one.
pub(super) fn attempt(query: Option<&str>) -> Option<AttemptId> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    AttemptId::parse(query.get("attempt")?)
}

/// Counts, logs and keeps it. `what` is of a closed set and says nothing of anybody.
pub(super) fn note(
    app: &App,
    sid: &CallSid,
    kind: &'static str,
    what: &'static str,
    detail: Value,
) {
    app.metrics.network_event(kind, what);
    tracing::info!(sid = %sid, kind, what, "the network told of something");
    app.journal.note(Noted::Event(CallEvent {
        call_sid: sid.as_str().to_owned(),
        kind: kind.to_owned(),
        at: app.clock.now(),
        detail,
    }));
}

/// A word that we know, or `other`: a metric has a bounded number of labels.
pub(super) fn one_of(word: &str, known: &[&'static str]) -> &'static str {
    let found = known.iter().find(|known| **known == word);
    found.copied().unwrap_or("other")
}

pub(super) fn shortened(text: &str) -> String {
    let end = text.floor_char_boundary(limits::MAX_NOTED_BYTES);
    text[..end].to_owned()
}
