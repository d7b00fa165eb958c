//! Google, simulated: tokens, free or busy, and the events of one calendar, on a real socket.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64_simd::URL_SAFE_NO_PAD;
use control::calendar::GoogleAccount;
use control::calendar::event::{APPOINTMENT, MARK};
use control::calendar::google::Credentials;
use control::config::BaseUrl;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::Switch;
use crate::dice::Dice;

/// The only calendar there is. As in life, its name must be escaped in a path.
pub const CALENDAR_ID: &str = "shop#1@group.calendar.google.com";
pub const CLIENT_ID: &str = "otto.apps.googleusercontent.com";
pub const CLIENT_SECRET: &str = "a-secret-of-no-client";
pub const REFRESH_TOKEN: &str = "1//a-consent-of-nobody";

/// How Google fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 500 to so many of a hundred requests; half of them were done all the same.
    Failing(u32),
    /// 429, with its wish for the next attempt in seconds.
    TooMany(u32),
    /// 403 `userRateLimitExceeded`.
    UserRate,
    /// 401, whatever the token.
    Unauthorized,
    /// Writes are done and never answered; what only reads works.
    DoneThenSilent,
    /// 200, and an error where the calendar should be.
    CalendarError(&'static str),
    /// Nobody's consent is worth anything.
    Revoked,
    /// Every answer takes so long.
    Slow(Duration),
    /// Every connection breaks off.
    Dead,
}

/// A running simulator. Dropping it closes its socket.
#[derive(Debug)]
pub struct Google {
    address: SocketAddr,
    pub faults: Switch<Fault>,
    state: Arc<Sim>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Sim {
    events: Mutex<BTreeMap<String, Event>>,
    /// Ids of events that are gone for good. They are given to nobody else.
    spent: Mutex<BTreeSet<String>>,
    asked: Mutex<Vec<String>>,
    tokens: Mutex<u32>,
    dice: Mutex<Dice>,
}

/// An event as the simulator keeps it: what was written, merged.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub etag: u64,
    pub body: Value,
}

impl Event {
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.body["status"] == "cancelled"
    }

    /// # Panics
    /// Where it has none.
    #[must_use]
    pub fn starts_at(&self) -> Timestamp {
        moment(&self.body["start"]).expect("a start")
    }

    /// # Panics
    /// Where it has none.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        moment(&self.body["end"]).expect("an end")
    }

    /// The appointment that Otto marked it with.
    #[must_use]
    pub fn appointment(&self) -> Option<i64> {
        let private = &self.body["extendedProperties"]["private"];
        private[APPOINTMENT].as_str()?.parse().ok()
    }
}

#[derive(Clone)]
struct Shared {
    state: Arc<Sim>,
    faults: Switch<Fault>,
}

impl Google {
    /// # Panics
    /// Where no port can be had.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let faults = Switch::default();
        let state = Arc::<Sim>::default();
        let shared = Shared {
            state: Arc::clone(&state),
            faults: faults.clone(),
        };
        let router = Router::new()
            .route("/calendar/v3/freeBusy", post(free_busy))
            .route(
                "/calendar/v3/calendars/{calendar}/events",
                get(list).post(insert),
            )
            .route(
                "/calendar/v3/calendars/{calendar}/events/{event}",
                get(fetch).patch(patch).delete(delete),
            )
            .layer(axum::middleware::from_fn_with_state(shared.clone(), broken))
            .route("/token", post(token))
            .with_state(shared);
        let server = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("the listener works");
        });
        Self {
            address,
            faults,
            state,
            server,
        }
    }

    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What opens this simulator.
    ///
    /// # Panics
    /// Never: its own address is one.
    #[must_use]
    pub fn account(&self) -> GoogleAccount {
        GoogleAccount {
            credentials: Credentials::RefreshToken {
                client_id: CLIENT_ID.to_owned(),
                client_secret: SecretString::from(CLIENT_SECRET),
                refresh_token: SecretString::from(REFRESH_TOKEN),
            },
            calendar_id: CALENDAR_ID.to_owned(),
            api_url: BaseUrl::parse(&self.origin()).expect("an origin"),
            token_url: format!("{}/token", self.origin()),
        }
    }

    /// The same for the program's environment.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        settings(&self.origin())
    }

    /// Events that are not deleted.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let events = locked(&self.state.events);
        events
            .values()
            .filter(|e| !e.is_deleted())
            .cloned()
            .collect()
    }

    /// Requests so far: method and what they were about, such as `PATCH event`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        locked(&self.state.asked).clone()
    }

    /// How many tokens were given.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        *locked(&self.state.tokens)
    }

    /// Somebody else puts this into the calendar.
    pub fn add(&self, id: &str, body: Value) {
        let event = Event {
            id: id.to_owned(),
            etag: 1,
            body,
        };
        locked(&self.state.events).insert(id.to_owned(), event);
    }

    /// Somebody else blocks this time.
    pub fn block(&self, from: &str, to: &str) {
        let body = json!({"status": "confirmed", "summary": "Fire drill",
            "start": {"dateTime": from}, "end": {"dateTime": to}});
        self.add(&format!("foreign{from}"), body);
    }

    /// Somebody else changes an event.
    ///
    /// # Panics
    /// Where there is no such event.
    pub fn edit(&self, id: &str, change: &Value) {
        let mut events = locked(&self.state.events);
        let event = events.get_mut(id).expect("an event");
        merge(&mut event.body, change);
        event.etag += 1;
    }

    /// An event is gone for good; nothing is left but its id.
    pub fn purge(&self, id: &str) {
        locked(&self.state.events).remove(id);
        locked(&self.state.spent).insert(id.to_owned());
    }

    /// Somebody deletes an event.
    pub fn erase(&self, id: &str) {
        self.edit(id, &json!({"status": "cancelled"}));
    }
}

/// What opens the simulator at this address, for a program's environment.
#[must_use]
pub fn settings(origin: &str) -> Vec<(&'static str, String)> {
    vec![
        ("GOOGLE_CLIENT_ID", CLIENT_ID.to_owned()),
        ("GOOGLE_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ("GOOGLE_REFRESH_TOKEN", REFRESH_TOKEN.to_owned()),
        ("GOOGLE_CALENDAR_ID", CALENDAR_ID.to_owned()),
        ("GOOGLE_API_URL", origin.to_owned()),
        ("GOOGLE_TOKEN_URL", format!("{origin}/token")),
    ]
}

impl Drop for Google {
    fn drop(&mut self) {
        self.server.abort();
    }
}

// ---- the API ----------------------------------------------------------------

async fn token(State(shared): State<Shared>, body: Bytes) -> Response {
    let fault = shared.faults.now();
    if fault == Some(Fault::Dead) {
        return unplugged();
    }
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let given = |name: &str| form.get(name).map(String::as_str);
    let consent = given("client_id") == Some(CLIENT_ID)
        && given("client_secret") == Some(CLIENT_SECRET)
        && given("refresh_token") == Some(REFRESH_TOKEN)
        && given("grant_type") == Some("refresh_token");
    let signed = given("grant_type") == Some("urn:ietf:params:oauth:grant-type:jwt-bearer")
        && given("assertion").is_some_and(is_a_claim);
    if fault == Some(Fault::Revoked) || !(consent || signed) {
        let body = json!({"error": "invalid_grant", "error_description": "of otto@shop.example"});
        return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
    }
    *locked(&shared.state.tokens) += 1;
    let number = *locked(&shared.state.tokens);
    axum::Json(
        json!({"access_token": format!("ya29.{number}"), "expires_in": 3599,
        "token_type": "Bearer"}),
    )
    .into_response()
}

/// Whether somebody signed for a token of this calendar; by whom is not looked at.
fn is_a_claim(jwt: &str) -> bool {
    let parts: Vec<&str> = jwt.split('.').collect();
    let [_, claims, signature] = parts.as_slice() else {
        return false;
    };
    let read = |part: &str| URL_SAFE_NO_PAD.decode_to_vec(part).ok();
    let claims = read(claims).and_then(|claims| serde_json::from_slice::<Value>(&claims).ok());
    claims.is_some_and(|claims| {
        let text = |name: &str| claims[name].as_str().unwrap_or_default();
        let life = claims["exp"].as_i64().zip(claims["iat"].as_i64());
        text("scope").ends_with("/auth/calendar")
            && text("aud").ends_with("/token")
            && life.is_some_and(|(exp, iat)| (1..=3_600).contains(&(exp - iat)))
    }) && read(signature).is_some_and(|signature| signature.len() == 256)
}

async fn broken(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let of = path.rsplit('/').next().unwrap_or_default();
    let what = if matches!(of, "events" | "freeBusy") {
        of
    } else {
        "event"
    };
    locked(&shared.state.asked).push(format!("{method} {what}"));
    let fault = shared.faults.now();
    let number = *locked(&shared.state.tokens);
    let bearer = request
        .headers()
        .get("authorization")
        .and_then(|v| v.to_str().ok());
    let known = bearer == Some(&format!("Bearer ya29.{number}"));
    if !known || fault == Some(Fault::Unauthorized) {
        return refusal(StatusCode::UNAUTHORIZED, "authError");
    }
    match fault {
        Some(Fault::Failing(percent))
            if locked(&shared.state.dice).roll() % 100 < u64::from(percent) =>
        {
            if locked(&shared.state.dice).roll().is_multiple_of(2) {
                drop(next.run(request).await);
            }
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "backendError")
        }
        Some(Fault::TooMany(seconds)) => {
            let mut answer = refusal(StatusCode::TOO_MANY_REQUESTS, "rateLimitExceeded");
            answer.headers_mut().insert("retry-after", seconds.into());
            answer
        }
        Some(Fault::UserRate) => refusal(StatusCode::FORBIDDEN, "userRateLimitExceeded"),
        Some(Fault::DoneThenSilent) if method != Method::GET && what != "freeBusy" => {
            drop(next.run(request).await);
            std::future::pending().await
        }
        Some(Fault::Slow(pause)) => {
            tokio::time::sleep(pause).await;
            next.run(request).await
        }
        Some(Fault::Dead) => unplugged(),
        _ => next.run(request).await,
    }
}

/// The answer breaks off before it has begun.
fn unplugged() -> Response {
    let broken =
        futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("unplugged")) });
    axum::body::Body::from_stream(broken).into_response()
}

async fn free_busy(State(shared): State<Shared>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).expect("JSON");
    let at = |name: &str| -> Timestamp {
        asked[name]
            .as_str()
            .expect("set")
            .parse()
            .expect("RFC 3339")
    };
    let id = asked["items"][0]["id"].as_str().expect("a calendar");
    let reason = match shared.faults.now() {
        Some(Fault::CalendarError(reason)) => Some(reason),
        _ if id != CALENDAR_ID => Some("notFound"),
        _ => None,
    };
    let calendar = if let Some(reason) = reason {
        json!({"errors": [{"domain": "global", "reason": reason}], "busy": []})
    } else {
        json!({"busy": merged(&shared, at("timeMin"), at("timeMax"))})
    };
    axum::Json(json!({"kind": "calendar#freeBusy", "calendars": {id: calendar}})).into_response()
}

fn merged(shared: &Shared, from: Timestamp, to: Timestamp) -> Vec<Value> {
    let events = locked(&shared.state.events);
    let mut times: Vec<(Timestamp, Timestamp)> = events
        .values()
        .filter(|e| !e.is_deleted() && e.body["transparency"] != "transparent")
        .map(|e| (e.starts_at(), e.ends_at()))
        .filter(|(start, end)| *start < to && *end > from)
        .collect();
    times.sort();
    let mut busy: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (start, end) in times {
        match busy.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            _ => busy.push((start, end)),
        }
    }
    let told = busy.iter();
    told.map(|(start, end)| json!({"start": start.to_string(), "end": end.to_string()}))
        .collect()
}

async fn list(
    State(shared): State<Shared>,
    Path(calendar): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    if calendar != CALENDAR_ID {
        return refusal(StatusCode::NOT_FOUND, "notFound");
    }
    let query = query.unwrap_or_default();
    let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let at = |name: &str| -> Timestamp { query[name].parse().expect("RFC 3339") };
    let (from, to) = (at("timeMin"), at("timeMax"));
    let marked = query.get("privateExtendedProperty");
    assert!(marked.is_none_or(|m| *m == format!("{}={}", MARK.0, MARK.1)));
    let events = locked(&shared.state.events);
    let found: Vec<Value> = events
        .values()
        .filter(|e| !e.is_deleted() && e.starts_at() < to && e.ends_at() > from)
        .filter(|e| marked.is_none() || e.appointment().is_some())
        .map(resource)
        .collect();
    // Small pages, so that whoever reads only the first shows.
    const PAGE: usize = 40;
    let page: usize = query
        .get("pageToken")
        .map_or(0, |token| token.parse().expect("ours"));
    let shown: Vec<&Value> = found.iter().skip(page * PAGE).take(PAGE).collect();
    let mut answer = json!({"kind": "calendar#events", "items": shown});
    if found.len() > (page + 1) * PAGE {
        answer["nextPageToken"] = json!((page + 1).to_string());
    }
    axum::Json(answer).into_response()
}

async fn insert(
    State(shared): State<Shared>,
    Path(calendar): Path<String>,
    body: Bytes,
) -> Response {
    if calendar != CALENDAR_ID {
        return refusal(StatusCode::NOT_FOUND, "notFound");
    }
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let id = body["id"].as_str().expect("an id of their own").to_owned();
    let allowed = |b: u8| b.is_ascii_digit() || (b'a'..=b'v').contains(&b);
    if !(5..=1024).contains(&id.len()) || !id.bytes().all(allowed) {
        return refusal(StatusCode::BAD_REQUEST, "invalid");
    }
    if body["start"]["timeZone"].as_str().is_none() || moment(&body["start"]).is_none() {
        return refusal(StatusCode::BAD_REQUEST, "required");
    }
    let mut events = locked(&shared.state.events);
    // The id of a deleted event conflicts, too.
    if events.contains_key(&id) || locked(&shared.state.spent).contains(&id) {
        return refusal(StatusCode::CONFLICT, "duplicate");
    }
    let event = Event {
        id: id.clone(),
        etag: 1,
        body,
    };
    let answer = resource(&event);
    events.insert(id, event);
    axum::Json(answer).into_response()
}

async fn fetch(State(shared): State<Shared>, Path((_, event)): Path<(String, String)>) -> Response {
    let events = locked(&shared.state.events);
    let found = events.get(&event);
    found.map_or_else(
        || refusal(StatusCode::NOT_FOUND, "notFound"),
        |found| axum::Json(resource(found)).into_response(),
    )
}

async fn patch(
    State(shared): State<Shared>,
    Path((_, event)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let change: Value = serde_json::from_slice(&body).expect("JSON");
    let mut events = locked(&shared.state.events);
    let Some(event) = events.get_mut(&event) else {
        return refusal(StatusCode::NOT_FOUND, "notFound");
    };
    if let Some(etag) = headers.get("if-match")
        && etag.to_str().ok() != Some(&tag(event))
    {
        return refusal(StatusCode::PRECONDITION_FAILED, "conditionNotMet");
    }
    merge(&mut event.body, &change);
    event.etag += 1;
    axum::Json(resource(event)).into_response()
}

async fn delete(
    State(shared): State<Shared>,
    Path((_, event)): Path<(String, String)>,
) -> Response {
    let mut events = locked(&shared.state.events);
    match events.get_mut(&event) {
        None => refusal(StatusCode::NOT_FOUND, "notFound"),
        Some(event) if event.is_deleted() => refusal(StatusCode::GONE, "deleted"),
        Some(event) => {
            event.body["status"] = json!("cancelled");
            event.etag += 1;
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

fn resource(event: &Event) -> Value {
    let mut resource = event.body.clone();
    resource["id"] = json!(event.id);
    resource["etag"] = json!(tag(event));
    resource
}

/// Quoted, as Google's are.
fn tag(event: &Event) -> String {
    format!("\"{}\"", event.etag)
}

fn moment(value: &Value) -> Option<Timestamp> {
    value["dateTime"].as_str()?.parse().ok()
}

/// As JSON merge patches do.
fn merge(into: &mut Value, change: &Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (key, value) in change {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, change) => *into = change.clone(),
    }
}

fn refusal(status: StatusCode, reason: &str) -> Response {
    let body = json!({"error": {"code": status.as_u16(), "message": "Of shop#1",
        "errors": [{"domain": "global", "reason": reason, "message": "Of shop#1"}]}});
    (status, axum::Json(body)).into_response()
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
