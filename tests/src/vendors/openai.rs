//! A server of chat completions: streams what it is told to, at a real model's pace.

mod fault;
mod reply;

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use fault::Fault;
pub use reply::{Piece, Reply};

use super::Switch;
use fault::{Door, Injected};
use reply::Streaming;

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The simulated vendor. It stops when it is dropped.
#[derive(Debug)]
pub struct OpenAiServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Default)]
struct Shared {
    faults: Switch<Injected>,
    book: Mutex<Book>,
    seen: watch::Sender<Seen>,
}

#[derive(Default)]
struct Book {
    /// By model; the empty name stands for all others.
    replies: HashMap<String, Reply>,
    /// Answers where none of those does.
    mind: Option<Mind>,
    asked: Vec<Asked>,
    /// What `GET /models` lists; `None`: it is not offered.
    models: Option<Vec<String>>,
}

/// What a model makes of a request's body.
pub type Mind = Arc<dyn Fn(&Value) -> Reply + Send + Sync>;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub model: String,
    pub bearer: String,
    pub body: Value,
}

/// How many requests there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Connections that were let in.
    pub connections: usize,
    /// Heads that were asked for, to have a connection.
    pub warmed: usize,
    pub asked: usize,
    /// Streamed to their end.
    pub finished: usize,
    /// The client went away before that.
    pub cancelled: usize,
}

impl OpenAiServer {
    /// On a free port of loopback.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(models))
            .with_state(Arc::clone(&shared));
        let door = Door::new(listener, Arc::clone(&shared));
        let task = tokio::spawn(async move {
            drop(axum::serve(door, router).await);
        });
        Self {
            address,
            shared,
            task: task.abort_handle(),
        }
    }

    /// What `OPENAI_BASE_URL` is to be.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// All models answer like this from now on, but for those that have an answer of their own.
    pub fn reply(&self, reply: Reply) {
        self.reply_of("", reply);
    }

    /// This model answers like this from now on.
    pub fn reply_of(&self, model: &str, reply: Reply) {
        self.book().replies.insert(model.to_owned(), reply);
    }

    /// Models that have no answer of their own think for themselves from now on.
    pub fn think(&self, mind: impl Fn(&Value) -> Reply + Send + Sync + 'static) {
        self.book().mind = Some(Arc::new(mind));
    }

    /// `GET /models` lists these.
    pub fn offer(&self, models: &[&str]) {
        self.book().models = Some(models.iter().map(|&model| model.to_owned()).collect());
    }

    /// Breaks all models until [`Self::heal`].
    pub fn inject(&self, fault: Fault) {
        self.shared.faults.inject(Injected { model: None, fault });
    }

    /// Breaks one model until [`Self::heal`].
    pub fn inject_for(&self, model: &str, fault: Fault) {
        let model = Some(model.to_owned());
        self.shared.faults.inject(Injected { model, fault });
    }

    pub fn heal(&self) {
        self.shared.faults.heal();
    }

    /// The completions that were asked for, the oldest first.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.book().asked.clone()
    }

    #[must_use]
    pub fn seen(&self) -> Seen {
        *self.shared.seen.borrow()
    }

    /// Waits until what was seen is `enough`.
    ///
    /// # Panics
    /// Where it never is.
    pub async fn wait(&self, enough: impl FnMut(&Seen) -> bool) {
        let mut seen = self.shared.seen.subscribe();
        let come = tokio::time::timeout(PATIENCE, seen.wait_for(enough)).await;
        assert!(come.is_ok(), "no more than {:?}", self.seen());
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.shared.book()
    }
}

impl Drop for OpenAiServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(&self, what: impl FnOnce(&mut Seen)) {
        self.seen.send_modify(what);
    }
}

async fn complete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Infallible> {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    let bearer = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let asked = Asked {
        model: model.clone(),
        bearer: bearer.unwrap_or_default().to_owned(),
        body,
    };
    let reply = {
        let mut book = shared.book();
        book.asked.push(asked.clone());
        let reply = book.replies.get(&model).or_else(|| book.replies.get(""));
        match (reply, &book.mind) {
            (Some(reply), _) => reply.clone(),
            (None, Some(mind)) => mind(&asked.body),
            (None, None) => Reply::default(),
        }
    };
    shared.see(|seen| seen.asked += 1);
    let fault = shared.faults.now().and_then(|injected| injected.of(&model));
    if let Some(Fault::Status {
        status,
        headers,
        body,
    }) = fault
    {
        let mut response = (StatusCode::from_u16(status).expect("a status"), body).into_response();
        for (name, value) in headers {
            let value = value.parse().expect("a header's value");
            response.headers_mut().insert(name, value);
        }
        return Ok(response);
    }
    let streaming = Streaming::new(shared, reply, model);
    let mut response = Response::new(Body::from_stream(streaming.into_stream()));
    let event_stream = "text/event-stream".parse().expect("a header's value");
    response.headers_mut().insert("content-type", event_stream);
    Ok(response)
}

async fn models(State(shared): State<Arc<Shared>>, method: Method, headers: HeaderMap) -> Response {
    if method == Method::HEAD {
        shared.see(|seen| seen.warmed += 1);
    }
    if !headers.contains_key("authorization") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Some(Injected {
        fault: Fault::Status { status, .. },
        ..
    }) = shared.faults.now()
    {
        return StatusCode::from_u16(status)
            .expect("a status")
            .into_response();
    }
    let Some(models) = shared.book().models.clone() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let data: Vec<Value> = models.iter().map(|id| json!({"id": id})).collect();
    axum::Json(json!({"object": "list", "data": data})).into_response()
}
