//! The HTTP surface: webhooks, the media socket, health, metrics, the calls API.

mod access;
mod calls;
mod error;
mod form;
mod health;
mod media;
pub(crate) mod server;
mod signed;
#[cfg(test)]
mod tests;
mod webhooks;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use secrecy::SecretString;
use storage::Locations;
use storage::Store;
use storage::customer::Phone;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::clock::BusinessClock;
use crate::config::BaseUrl;
use crate::limits;
use crate::nodes::{Link, LiveCalls};
use crate::observe::Metrics;
use crate::reminders::Owed;
use crate::session::{Admission, Calls, Journal, Sessions};
use crate::speech::OwnSpeech;
use crate::telephony::signature::SignatureKey;
use crate::telephony::token::{SpentTokens, TokenKey};

/// What the routes work with.
pub(crate) struct App {
    /// Where the telephone network reaches us.
    pub base_url: BaseUrl,
    /// Opens the calls API; absent: loopback peers only.
    pub admin_token: Option<SecretString>,
    /// Where set, media streams of other accounts are refused.
    pub account_sid: Option<String>,
    /// Tells Twilio's requests from others'; absent: whoever finds a webhook may ask.
    pub signatures: Option<SignatureKey>,
    /// What a human who is rung sees; absent: the number that was dialled.
    pub phone_number: Option<Phone>,
    pub locations: Locations,
    /// Of locations whose calls are heard or spoken otherwise, by key.
    pub speech: OwnSpeech,
    pub clock: BusinessClock,
    pub store: Store,
    /// What webhooks tell, on its way to the database.
    pub journal: Journal,
    pub calls: Arc<Calls>,
    /// The calls of all nodes.
    pub live: Arc<dyn LiveCalls>,
    pub sessions: Sessions,
    /// Where a checked media stream goes.
    pub admission: Arc<dyn Admission>,
    /// Places for media sockets whose `start` has not come, [`limits::MAX_MEDIA_HANDSHAKES`].
    pub handshakes: Arc<Semaphore>,
    pub tokens: TokenKey,
    pub spent: Arc<dyn SpentTokens>,
    /// What the nodes of one deployment share; absent: this process is the only one.
    pub redis: Option<Arc<Link>>,
    pub metrics: Arc<Metrics>,
    /// Whether the caller's words are typed beside the audio.
    pub typed_speech: bool,
    /// What customers asked for while the book was away.
    pub owed: Owed,
    /// Set when the process is told to stop: new calls are refused.
    pub stopping: CancellationToken,
}

/// Paths that TwiML and tests name.
pub(crate) mod paths {
    pub(crate) const INBOUND_CALL: &str = "/api/v1/webhooks/inbound-call";
    pub(crate) const OUTBOUND_REMINDER: &str = "/api/v1/webhooks/outbound-reminder";
    pub(crate) const OUTBOUND_FOLLOW_UP: &str = "/api/v1/webhooks/outbound-follow-up";
    pub(crate) const STREAM_ENDED: &str = "/api/v1/webhooks/stream-ended";
    pub(crate) const DIAL_RESULT: &str = "/api/v1/webhooks/dial-result";
    pub(crate) const CALL_STATUS: &str = "/api/v1/webhooks/call-status";
    pub(crate) const STREAM_STATUS: &str = "/api/v1/webhooks/stream-status";
    pub(crate) const AMD: &str = "/api/v1/webhooks/amd";
    pub(crate) const RECORDING: &str = "/api/v1/webhooks/recording";
    pub(crate) const SMS_STATUS: &str = "/api/v1/webhooks/sms-status";
    pub(crate) const SMS: &str = "/api/v1/webhooks/sms";
    pub(crate) const MEDIA_STREAM: &str = "/api/v1/voice/media-stream";
    pub(crate) const CALLS: &str = "/api/v1/calls";
}

/// All routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route(paths::CALLS, get(calls::list))
        .route("/api/v1/calls/live", get(calls::live))
        .route("/api/v1/calls/{sid}", get(calls::one))
        .route("/api/v1/calls/{sid}/events", get(calls::events))
        .route("/api/v1/calls/{sid}/timeline", get(calls::timeline))
        .route("/api/v1/calls/{sid}/typed", post(calls::typed))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&app),
            access::admin,
        ));
    let webhooks = webhooks::router().layer(axum::middleware::from_fn_with_state(
        Arc::clone(&app),
        signed::webhook,
    ));
    let media = Router::new()
        .route(paths::MEDIA_STREAM, get(media::upgrade))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&app),
            signed::upgrade,
        ));
    Router::new()
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics))
        .merge(api)
        .merge(webhooks)
        .merge(media)
        .layer(RequestBodyLimitLayer::new(limits::MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            limits::ANSWER_DEADLINE,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(app)
}

async fn metrics(state: axum::extract::State<Arc<App>>) -> Response {
    let text = state.metrics.encode();
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// Our bug ends one request. The panic's text may hold personal data, so only its place is logged
/// (by the panic hook); the peer learns nothing of it.
fn panicked(_: Box<dyn Any + Send + 'static>) -> http::Response<axum::body::Body> {
    tracing::error!("a request handler panicked; that request alone failed");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Wall-clock time for tokens: real even where business time is not, as other nodes check them.
fn wall_clock() -> Timestamp {
    Timestamp::now()
}
