//! Lets in only what Twilio signed, where we have the account's auth token to tell.
//!
//! The URL is the one that Twilio was given: our public origin, from the configuration, and the
//! path and query as received. What the request says of its own host proves nothing.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::App;
use crate::limits;
use crate::telephony::signature::{self, SignatureKey, SignatureRefused};

/// A webhook: its form is signed with it. The body is read once and handed on as it was.
pub(super) async fn webhook(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(key) = &app.signatures else {
        return next.run(request).await;
    };
    let signature = match shown(request.headers()) {
        Ok(signature) => signature.to_owned(),
        Err(why) => return refused(&app, &request, why),
    };
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, limits::MAX_BODY_BYTES).await else {
        let sentence = "the body: too long, or broken off";
        return (StatusCode::PAYLOAD_TOO_LARGE, sentence).into_response();
    };
    let request = Request::from_parts(parts, Body::from(bytes.clone()));
    let body = match *request.method() {
        Method::GET | Method::HEAD => signature::Body::None,
        _ if is_form(request.headers()) => signature::Body::Form(&bytes),
        _ => signature::Body::Raw(&bytes),
    };
    let url = app.base_url.join(target(&request));
    match key.check(&signature, &url, body) {
        Ok(()) => next.run(request).await,
        Err(why) => refused(&app, &request, why),
    }
}

/// The upgrade to a media socket. Signed is the URL that our TwiML names, which begins with `ws`;
/// some write it as the `http` URL it is upgraded from.
pub(super) async fn upgrade(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(key) = &app.signatures else {
        return next.run(request).await;
    };
    match check_upgrade(&app, key, &request) {
        Ok(()) => next.run(request).await,
        Err(why) => refused(&app, &request, why),
    }
}

fn check_upgrade(app: &App, key: &SignatureKey, request: &Request) -> Result<(), SignatureRefused> {
    let signature = shown(request.headers())?;
    let target = target(request);
    let emitted = app.base_url.join_websocket(target);
    key.check(signature, &emitted, signature::Body::None)
        .or_else(|_| {
            let url = app.base_url.join(target);
            key.check(signature, &url, signature::Body::None)
        })
}

fn shown(headers: &HeaderMap) -> Result<&str, SignatureRefused> {
    let shown = headers
        .get(signature::HEADER)
        .ok_or(SignatureRefused::Missing)?;
    shown.to_str().map_err(|_| SignatureRefused::Malformed)
}

fn target(request: &Request) -> &str {
    let target = request.uri().path_and_query();
    target.map_or("/", http::uri::PathAndQuery::as_str)
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn refused(app: &App, request: &Request, why: SignatureRefused) -> Response {
    app.metrics.webhook_refused(why);
    // The path alone: a query may hold anything.
    let path = request.uri().path();
    if why == SignatureRefused::Missing {
        // A stranger, as any address on the internet has them.
        tracing::debug!(path, "a request that is not Twilio's was refused");
    } else {
        tracing::warn!(path, %why, "a request that claims to be Twilio's was refused");
    }
    (StatusCode::FORBIDDEN, why.to_string()).into_response()
}
