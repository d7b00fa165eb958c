//! The calls API: the call log, a call's live feed, typed words.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Html;
use axum::response::sse::{self, Sse};
use futures_util::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use storage::call_log::{CallLog, Direction, Line, Outcome, TurnTimings};

use super::App;
use super::error::ApiError;
use crate::events;
use crate::limits;
use crate::session::{NotAsked, Request};
use crate::telephony::CallSid;
use crate::timeline;

/// One row of the call log. Telephone numbers keep their last two digits only.
#[derive(Serialize)]
pub(super) struct Row {
    id: i64,
    call_sid: String,
    direction: Direction,
    from_number: Option<String>,
    started_at: jiff::Timestamp,
    #[serde(flatten)]
    summary: Option<Summary>,
}

#[derive(Serialize)]
struct Summary {
    ended_at: jiff::Timestamp,
    duration_ms: u64,
    outcome: Outcome,
    end_reason: String,
    customer_id: Option<i64>,
    appointment_id: Option<i64>,
    required_human_transfer: bool,
    tools_used: Vec<String>,
    transcript: Vec<Line>,
    turns: Vec<TurnTimings>,
}

impl From<CallLog> for Row {
    fn from(log: CallLog) -> Self {
        Self {
            id: log.id,
            call_sid: log.call.call_sid,
            direction: log.call.direction,
            from_number: log.call.from_number.as_deref().map(last_two_digits),
            started_at: log.call.started_at,
            summary: log.summary.map(|s| Summary {
                ended_at: s.ended_at,
                duration_ms: s.duration_ms,
                outcome: s.outcome,
                end_reason: s.end_reason,
                customer_id: s.customer.map(|id| id.0),
                appointment_id: s.appointment.map(|id| id.0),
                required_human_transfer: s.required_human_transfer,
                tools_used: s.tools_used,
                transcript: s.transcript,
                turns: s.turns,
            }),
        }
    }
}

fn last_two_digits(number: &str) -> String {
    let tail: String = number.chars().rev().take(2).collect();
    format!("…{}", tail.chars().rev().collect::<String>())
}

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<u32>,
}

/// `GET /api/v1/calls?limit=`: the newest calls first.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Row>>, ApiError> {
    let limit = page.limit.unwrap_or(50).min(limits::MAX_LISTED_CALLS);
    let logs = app.store.call_logs.recent(limit).await?;
    Ok(Json(logs.into_iter().map(Row::from).collect()))
}

/// A call that goes on, on whatever node.
#[derive(Serialize)]
pub(super) struct Live {
    call_sid: String,
    node: String,
    /// The dialogue's state.
    state: String,
    direction: Direction,
    from_number: Option<String>,
    customer_id: Option<i64>,
    started_at: Option<jiff::Timestamp>,
    last_activity: Option<jiff::Timestamp>,
}

/// `GET /api/v1/calls/live`: the calls of all nodes, the longest first.
pub(super) async fn live(State(app): State<Arc<App>>) -> Json<Vec<Live>> {
    let live = app.live.live().await;
    let live = live.into_iter().map(|call| Live {
        direction: call.parties.direction(),
        from_number: call.parties.from.map(|from| last_two_digits(from.as_str())),
        call_sid: call.call_sid,
        node: call.node,
        state: call.state,
        customer_id: call.customer,
        started_at: call.started_at,
        last_activity: call.last_activity,
    });
    Json(live.collect())
}

/// `GET /api/v1/calls/{sid}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(sid): Path<String>,
) -> Result<Json<Row>, ApiError> {
    let log = app.store.call_logs.by_sid(&sid).await?;
    log.map(|log| Json(Row::from(log)))
        .ok_or(ApiError::NoSuchCall)
}

/// `GET /api/v1/calls/{sid}/events`: the call's feed from its beginning, then live, as server-sent
/// events. A follower that reconnects with `Last-Event-ID` goes on after that line.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    let sid = CallSid::parse(&sid).map_err(|e| ApiError::BadRequest(e.to_string()))?;
    let feed = app.calls.feed(&sid).ok_or(ApiError::NoSuchCall)?;
    let read = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let from = read.map_or(0, |id| id.saturating_add(1));
    let events = feed.follow(from).filter_map(|numbered| async move {
        // A line is plain data; one that did not serialise would be left out rather than end a feed.
        let data = serde_json::to_string(&numbered.line).ok()?;
        let event = sse::Event::default()
            .id(numbered.number.to_string())
            .data(data);
        Some(Ok(event))
    });
    let keep_alive = sse::KeepAlive::new().interval(limits::EVENTS_KEEP_ALIVE);
    Ok(Sse::new(events).keep_alive(keep_alive))
}

/// `GET /api/v1/calls/{sid}/timeline`: the picture of a call that this node led, drawn from its event
/// log. `?returns=1` asks for the part after the first return from a human.
pub(super) async fn timeline(
    State(app): State<Arc<App>>,
    Path(sid): Path<String>,
    Query(Part { returns }): Query<Part>,
) -> Result<Html<String>, ApiError> {
    let sid = CallSid::parse(&sid).map_err(|e| ApiError::BadRequest(e.to_string()))?;
    let events = app.sessions.events().ok_or(ApiError::NoEvents)?.clone();
    let drawn = tokio::task::spawn_blocking(move || {
        let path = events.find(&sid, returns).ok_or(ApiError::NoSuchCall)?;
        let log = events::read::open(&path).map_err(|error| {
            tracing::error!(call = %sid, %error, "the event log of a call cannot be read");
            ApiError::UnreadableEvents
        })?;
        Ok(Html(timeline::page_of(&log)))
    });
    drawn.await.unwrap_or(Err(ApiError::UnreadableEvents))
}

/// Of a call that came back from a human.
#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    returns: u8,
}

#[derive(Deserialize)]
pub(super) struct Typed {
    text: String,
}

/// `POST /api/v1/calls/{sid}/typed`: the words of the caller's next spoken turn.
pub(super) async fn typed(
    State(app): State<Arc<App>>,
    Path(sid): Path<String>,
    body: Result<Json<Typed>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(Typed { text }) = body.map_err(|e| ApiError::BadRequest(e.body_text()))?;
    let sid = CallSid::parse(&sid).map_err(|e| ApiError::BadRequest(e.to_string()))?;
    if !app.typed_speech {
        return Err(ApiError::NotTyped);
    }
    let text = text.trim();
    if text.is_empty() || text.len() > limits::MAX_TYPED_BYTES {
        let most = limits::MAX_TYPED_BYTES;
        let sentence = format!("text: expected 1 to {most} bytes of words");
        return Err(ApiError::BadRequest(sentence));
    }
    let request = Request::TypedWords(text.to_owned());
    app.calls.ask(&sid, request).map_err(|e| match e {
        NotAsked::NotLive => ApiError::NotLive,
        NotAsked::Full => ApiError::Busy,
    })?;
    Ok(StatusCode::ACCEPTED)
}
