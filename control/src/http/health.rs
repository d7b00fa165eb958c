//! Health: is the process there, is the book open, may new calls come?

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::App;
use crate::limits::HEALTH_DEADLINE;
use crate::nodes::Link;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
    database: &'static str,
    /// `embedded`: there is none to be connected to. `disconnected` is no illness: calls go on.
    redis: &'static str,
}

/// `GET /health`: 200 while calls can be taken, else 503 with what does not.
pub(super) async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let connected = database_answers(&app).await;
    let health = Health {
        status: if connected { "healthy" } else { "unhealthy" },
        database: if connected {
            "connected"
        } else {
            "disconnected"
        },
        redis: match app.redis.as_deref().map(Link::is_up) {
            None => "embedded",
            Some(true) => "connected",
            Some(false) => "disconnected",
        },
    };
    (status(connected), Json(health))
}

/// `GET /health/live`: the process answers.
pub(super) async fn live() -> StatusCode {
    StatusCode::OK
}

/// `GET /health/ready`: new calls are welcome.
pub(super) async fn ready(State(app): State<Arc<App>>) -> StatusCode {
    status(!app.stopping.is_cancelled() && database_answers(&app).await)
}

async fn database_answers(app: &App) -> bool {
    match tokio::time::timeout(HEALTH_DEADLINE, app.store.backend.ping()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not answer");
            false
        }
        Err(_) => {
            tracing::warn!("the database does not answer in time");
            false
        }
    }
}

fn status(well: bool) -> StatusCode {
    if well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
