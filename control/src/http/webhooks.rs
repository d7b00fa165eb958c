//! What the telephone network asks and tells by HTTP.
//!
//! [`calls`] answers its questions: a call is here, its stream is over, a human did not answer.
//! [`notes`] keeps what it tells,
//! [`sms`] what customers write, [`offers`] what they answer to a time that came free. Twilio repeats itself, its messages overtake each other, and new
//! members appear in them: everything here may come twice and in any order. Nothing that is told is
//! written before its answer leaves.

mod calls;
mod notes;
mod offers;
mod sms;

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::{App, paths};
use crate::telephony::twiml::{self, Verb};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(paths::INBOUND_CALL, post(calls::inbound_call))
        .route(paths::OUTBOUND_REMINDER, post(calls::outbound_reminder))
        .route(paths::OUTBOUND_FOLLOW_UP, post(calls::outbound_follow_up))
        .route(paths::STREAM_ENDED, post(calls::stream_ended))
        .route(paths::DIAL_RESULT, post(calls::dial_result))
        .route(paths::CALL_STATUS, post(notes::call_status))
        .route(paths::STREAM_STATUS, post(notes::stream_status))
        .route(paths::AMD, post(notes::amd))
        .route(paths::RECORDING, post(notes::recording))
        .route(paths::SMS, post(sms::received))
        .route(paths::SMS_STATUS, post(sms::status))
}

fn xml(verbs: &[Verb]) -> Response {
    let kind = "text/xml; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], twiml::document(verbs)).into_response()
}
