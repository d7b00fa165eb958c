//! Refusals of the API, mapped to HTTP in one place.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use storage::StorageError;

/// Why the calls API refuses, in a sentence the caller of the API can act on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("Authorization: expected `Bearer` and the ADMIN_TOKEN")]
    WrongToken,
    #[error(
        "ADMIN_TOKEN: not set on the server, so only its own machine may ask, directly by loopback; \
             set one and send it as a Bearer token"
    )]
    NotLocal,
    #[error("CallSid: no such call")]
    NoSuchCall,
    #[error("{0}")]
    BadRequest(String),
    #[error("typed words: this server recognises speech; start it with --speech typed")]
    NotTyped,
    #[error("CallSid: this call is not going on")]
    NotLive,
    #[error("timeline: no event logs are kept here; see OTTO_CALL_EVENTS")]
    NoEvents,
    #[error("timeline: the event log of this call cannot be read; `otto replay` says why")]
    UnreadableEvents,
    #[error("too many requests are waiting for this call")]
    Busy,
    #[error("the database cannot be read")]
    Storage(#[from] StorageError),
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::NotLocal => StatusCode::FORBIDDEN,
            Self::NoSuchCall | Self::NoEvents => StatusCode::NOT_FOUND,
            Self::UnreadableEvents => StatusCode::INTERNAL_SERVER_ERROR,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotTyped | Self::NotLive => StatusCode::CONFLICT,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Storage(error) => {
                // The text of a database error is for the log, not for the network.
                tracing::error!(%error, "the calls API could not read the database");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        let body = serde_json::json!({ "error": self.to_string() });
        (status, Json(body)).into_response()
    }
}
