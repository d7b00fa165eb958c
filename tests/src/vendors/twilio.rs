//! Twilio, simulated: its REST API on a real socket, the signatures of its webhooks, and a network
//! that rings telephones.

mod network;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64_simd::STANDARD;
use control::caller::voice::Voice;
use control::config::BaseUrl;
use control::telephony::rest::Account;
use control::telephony::signature::{self, SignatureKey};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::network::Exchange;
pub use self::network::{Callee, Carried};
use super::Switch;

/// The only account there is.
pub const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
/// Opens the API and signs webhooks.
pub const AUTH_TOKEN: &str = "an-auth-token-of-no-account";

/// How Twilio fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with Twilio's code, for so many requests; then it works.
    TooMany(usize),
    /// This status, with a proxy's page.
    Status(u16),
    /// This of Twilio's own codes, at status 400.
    Code(u32),
    /// It does what is asked and never answers.
    DoneThenSilent,
    /// It does what is asked, and the connection breaks off.
    DoneThenDropped,
    /// Success, and a body that is no JSON.
    Garbage,
    /// No key may read the account itself.
    NoAccountResource,
    /// Of what is to be created, so many in a hundred meet each of: 429, 500 with nothing done, 500
    /// with the thing done, done and silent, done and broken off. Calls are listed so long after
    /// they were placed.
    Storm {
        percent: u64,
        listed_after: Duration,
    },
}

/// A running simulator. Dropping it closes its socket.
#[derive(Debug)]
pub struct Twilio {
    address: SocketAddr,
    pub faults: Switch<Fault>,
    state: Arc<Sim>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Sim {
    calls: Mutex<VecDeque<Placed>>,
    messages: Mutex<Vec<Pairs>>,
    exchange: Exchange,
    faulted: AtomicUsize,
    requests: AtomicUsize,
}

/// Names and values of a form, in order.
pub type Pairs = Vec<(String, String)>;

/// A call as the simulator knows it.
#[derive(Clone, Debug)]
pub struct Placed {
    pub sid: String,
    pub status: String,
    /// What it was created with.
    pub form: Pairs,
    /// What it was updated with, in order.
    pub updates: Vec<Pairs>,
    /// When it was created; absent for one that was always there.
    created: Option<(Instant, Timestamp)>,
}

#[derive(Clone)]
struct Shared {
    state: Arc<Sim>,
    faults: Switch<Fault>,
}

impl Twilio {
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
            .route("/2010-04-01/Accounts/{account}", get(account))
            .route(
                "/2010-04-01/Accounts/{account}/Calls.json",
                get(list).post(create_call),
            )
            .route(
                "/2010-04-01/Accounts/{account}/Calls/{call}",
                get(fetch).post(update),
            )
            .route(
                "/2010-04-01/Accounts/{account}/Messages.json",
                post(create_message),
            )
            .layer(axum::middleware::from_fn_with_state(shared.clone(), broken))
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

    /// What opens this simulator.
    ///
    /// # Panics
    /// Never: its own address is one.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            origin: BaseUrl::parse(&self.origin()).expect("an origin"),
            account_sid: ACCOUNT_SID.to_owned(),
            user: ACCOUNT_SID.to_owned(),
            secret: SecretString::from(AUTH_TOKEN),
        }
    }

    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets nobody connect any more.
    pub async fn unplug(&mut self) {
        self.server.abort();
        // Cancelled, as asked; then the listener is gone.
        drop((&mut self.server).await);
    }

    /// Calls that it knows, the newest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Placed> {
        locked(&self.state.calls).iter().cloned().collect()
    }

    /// Messages that it was asked to send.
    #[must_use]
    pub fn messages(&self) -> Vec<Pairs> {
        locked(&self.state.messages).clone()
    }

    /// How often it was asked anything.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// Has calls to this number ring this telephone.
    pub fn connect(&self, number: &str, callee: Callee, voice: Arc<dyn Voice>) {
        self.state.exchange.connect(number, callee, voice);
    }

    /// Calls that rang a telephone and are over, once there are so many.
    ///
    /// # Panics
    /// Where that does not come to pass.
    pub async fn carried(&self, count: usize) -> Vec<Carried> {
        self.state.exchange.carried(count).await
    }

    /// Ends all calls in this way.
    pub fn end_calls(&self, status: &str) {
        for call in locked(&self.state.calls).iter_mut() {
            status.clone_into(&mut call.status);
        }
    }

    /// A call that goes on, from this number.
    pub fn add_call(&self, sid: &str, from: &str) {
        let form = vec![("From".to_owned(), from.to_owned())];
        locked(&self.state.calls).push_front(Placed {
            sid: sid.to_owned(),
            status: "in-progress".to_owned(),
            form,
            updates: Vec::new(),
            created: None,
        });
    }
}

impl Drop for Twilio {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The value of `X-Twilio-Signature` for a form that is posted to `url`.
///
/// # Panics
/// Never for a form.
#[must_use]
pub fn signed_form(url: &str, form: &[(&str, &str)]) -> String {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    signed(url, signature::Body::Form(body.as_bytes()))
}

/// The value of `X-Twilio-Signature` for the upgrade of `url` to a WebSocket.
#[must_use]
pub fn signed_upgrade(url: &str) -> String {
    signed(url, signature::Body::None)
}

fn signed(url: &str, body: signature::Body<'_>) -> String {
    let key = SignatureKey::new(AUTH_TOKEN);
    key.sign(url, body).expect("signable")
}

/// The first value of a name.
#[must_use]
pub fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    let (_, value) = pairs.iter().find(|(known, _)| known == name)?;
    Some(value)
}

// ---- the API ----------------------------------------------------------------

async fn broken(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    shared.state.requests.fetch_add(1, Ordering::SeqCst);
    if !opens(request.headers()) {
        return refusal(StatusCode::UNAUTHORIZED, 20_003);
    }
    let fault = shared.faults.now();
    let answer = match fault {
        Some(Fault::TooMany(times)) => {
            if shared.state.faulted.fetch_add(1, Ordering::SeqCst) < times {
                return refusal(StatusCode::TOO_MANY_REQUESTS, 20_429);
            }
            next.run(request).await
        }
        Some(Fault::Status(status)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            return (status, "<html>Bad gateway</html>").into_response();
        }
        Some(Fault::Code(code)) => return refusal(StatusCode::BAD_REQUEST, code),
        Some(Fault::Storm { percent, .. }) if request.method() == Method::POST => {
            return stormy(&shared, percent, request, next).await;
        }
        _ => next.run(request).await,
    };
    match fault {
        Some(Fault::DoneThenSilent) => std::future::pending().await,
        Some(Fault::DoneThenDropped) => (answer.status(), broken_off()).into_response(),
        Some(Fault::Garbage) => (answer.status(), "<html>").into_response(),
        _ => answer,
    }
}

/// Which of them meets what is the same in every run that asks in the same order.
async fn stormy(shared: &Shared, percent: u64, request: Request, next: Next) -> Response {
    let turn = shared.state.faulted.fetch_add(1, Ordering::SeqCst) as u64;
    // Weyl's sequence: evenly spread, and far from a rhythm.
    let place = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    match (place % 100).checked_div(percent) {
        Some(0) => refusal(StatusCode::TOO_MANY_REQUESTS, 20_429),
        Some(1) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(2) => {
            next.run(request).await;
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Some(3) => {
            next.run(request).await;
            std::future::pending().await
        }
        Some(4) => {
            let done = next.run(request).await;
            (done.status(), broken_off()).into_response()
        }
        _ => next.run(request).await,
    }
}

fn broken_off() -> Body {
    Body::from_stream(futures_util::stream::once(async {
        Err::<Bytes, _>(std::io::Error::other("unplugged"))
    }))
}

fn opens(headers: &HeaderMap) -> bool {
    let credentials = SecretString::from(format!("{ACCOUNT_SID}:{AUTH_TOKEN}"));
    let basic = STANDARD.encode_to_string(credentials.expose_secret());
    let shown = headers.get("authorization").and_then(|v| v.to_str().ok());
    shown == Some(&format!("Basic {basic}"))
}

fn refusal(status: StatusCode, code: u32) -> Response {
    let body = json!({
        "code": code,
        "message": "The number +12175550142 is none",
        "more_info": "https://www.twilio.com/docs/errors",
        "status": status.as_u16(),
    });
    (status, axum::Json(body)).into_response()
}

fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, 20_404)
}

async fn account(State(shared): State<Shared>, Path(account): Path<String>) -> Response {
    let mine = account == format!("{ACCOUNT_SID}.json");
    if !mine || shared.faults.now() == Some(Fault::NoAccountResource) {
        return not_found();
    }
    axum::Json(json!({"sid": ACCOUNT_SID, "status": "active", "type": "Full"})).into_response()
}

async fn create_call(State(shared): State<Shared>, body: Bytes) -> Response {
    let mut calls = locked(&shared.state.calls);
    let placed = Placed {
        sid: format!("CA{:032x}", calls.len() + 1),
        status: "queued".to_owned(),
        form: pairs(&body),
        updates: Vec::new(),
        created: Some((Instant::now(), Timestamp::now())),
    };
    let answer = resource(&placed);
    Exchange::ring(&shared, &placed);
    calls.push_front(placed);
    (StatusCode::CREATED, axum::Json(answer)).into_response()
}

async fn create_message(State(shared): State<Shared>, body: Bytes) -> Response {
    let mut messages = locked(&shared.state.messages);
    messages.push(pairs(&body));
    let answer = json!({"sid": format!("SM{:032x}", messages.len()), "status": "queued"});
    (StatusCode::CREATED, axum::Json(answer)).into_response()
}

async fn fetch(State(shared): State<Shared>, Path((_, call)): Path<(String, String)>) -> Response {
    let calls = locked(&shared.state.calls);
    let found = calls.iter().find(|known| named(known, &call));
    found.map_or_else(not_found, |found| {
        axum::Json(resource(found)).into_response()
    })
}

async fn update(
    State(shared): State<Shared>,
    Path((_, call)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let mut calls = locked(&shared.state.calls);
    let found = calls.iter_mut().find(|known| named(known, &call));
    // A call that is over cannot be changed.
    let Some(found) = found.filter(|call| call.status != "completed") else {
        return not_found();
    };
    let update = pairs(&body);
    if let Some(status) = value(&update, "Status") {
        status.clone_into(&mut found.status);
    }
    found.updates.push(update);
    axum::Json(resource(found)).into_response()
}

async fn list(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let query = pairs(query.unwrap_or_default().as_bytes());
    let number = |name| value(&query, name).and_then(|text| text.parse::<usize>().ok());
    let (page, size) = (
        number("Page").unwrap_or(0),
        number("PageSize").unwrap_or(50),
    );
    let listed_after = match shared.faults.now() {
        Some(Fault::Storm { listed_after, .. }) => listed_after,
        _ => Duration::ZERO,
    };
    let calls = locked(&shared.state.calls);
    let matching: Vec<Value> = calls
        .iter()
        .filter(|call| {
            let created = call.created;
            created.is_none_or(|(at, _)| at.elapsed() >= listed_after)
        })
        .filter(|call| {
            ["To", "From"].iter().all(|name| {
                let wanted = value(&query, name);
                wanted.is_none() || wanted == value(&call.form, name)
            })
        })
        .map(resource)
        .collect();
    let shown: Vec<&Value> = matching.iter().skip(page * size).take(size).collect();
    let more = matching.len() > (page + 1) * size;
    // As Twilio does, the next page's path repeats the whole query.
    let kept = query.iter().filter(|(name, _)| name != "Page");
    let next = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("Page", &(page + 1).to_string())
        .finish();
    let path = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json?{next}");
    let next_page_uri = more.then_some(path);
    axum::Json(json!({"calls": shown, "page": page, "next_page_uri": next_page_uri}))
        .into_response()
}

fn resource(call: &Placed) -> Value {
    let over = call.status == "completed";
    let created = match call.created {
        Some((_, at)) => at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
        None => "Mon, 23 Nov 2026 15:00:00 +0000".to_owned(),
    };
    json!({
        "sid": call.sid,
        "status": call.status,
        "to": value(&call.form, "To"),
        "from": value(&call.form, "From"),
        "duration": over.then_some("42"),
        "date_created": created,
        "start_time": null,
        "answered_by": null,
    })
}

fn named(call: &Placed, path: &str) -> bool {
    path.strip_suffix(".json") == Some(&call.sid)
}

fn pairs(form: &[u8]) -> Pairs {
    form_urlencoded::parse(form).into_owned().collect()
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
