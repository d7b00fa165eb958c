//! One piece of speech from another speaker than the socket.

use bytes::Bytes;

use super::rest::Rest;
use crate::local::{Speech, SpeechError};
use crate::vendor::VendorErrorKind;

/// Speech on its way.
pub(super) enum Fetching {
    Rest(Rest),
    Local(Speech),
    /// It did not even begin; the reason is told once.
    NotBegun(String),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Fetched {
    Audio(Bytes),
    Done,
    Failed { kind: VendorErrorKind, why: String },
}

impl Fetching {
    pub(super) fn local(speech: Result<Speech, SpeechError>) -> Self {
        match speech {
            Ok(speech) => Self::Local(speech),
            Err(error) => Self::NotBegun(error.to_string()),
        }
    }
}

/// Waits for more; for ever, where nothing is on its way. Can be dropped without losing anything.
pub(super) async fn next(fetching: &mut Option<Fetching>) -> Fetched {
    let failed = |why: String| Fetched::Failed {
        kind: VendorErrorKind::Failed,
        why,
    };
    match fetching {
        None => std::future::pending().await,
        Some(Fetching::Rest(rest)) => match rest.next().await {
            Some(Ok(mulaw)) => Fetched::Audio(mulaw),
            Some(Err(error)) => Fetched::Failed {
                kind: error.kind,
                why: error.what,
            },
            None => Fetched::Done,
        },
        Some(Fetching::Local(speech)) => match speech.next().await {
            Some(Ok(mulaw)) => Fetched::Audio(mulaw),
            Some(Err(error)) => failed(error.to_string()),
            None => Fetched::Done,
        },
        Some(Fetching::NotBegun(why)) => failed(std::mem::take(why)),
    }
}
