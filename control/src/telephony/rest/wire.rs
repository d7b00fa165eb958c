//! Answers of the API, from bytes on.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::RestError;
use crate::limits;

/// The body of an answer, up to [`limits::MAX_REST_ANSWER_BYTES`].
pub(super) async fn read(response: &mut reqwest::Response) -> Result<Vec<u8>, RestError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))? {
        if body.len() + chunk.len() > limits::MAX_REST_ANSWER_BYTES {
            return Err(RestError::Garbage("too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, RestError> {
    serde_json::from_slice(body).map_err(|_| RestError::Garbage("not the JSON of this resource"))
}

/// How an exchange broke. A connection that never came about is that first, whatever the clock says.
pub(super) fn broken(error: &reqwest::Error) -> RestError {
    if error.is_connect() {
        RestError::Connect
    } else if error.is_timeout() {
        RestError::TimedOut
    } else {
        RestError::Dropped
    }
}

/// `{"code":20404,"message":"…","status":404}`, or whatever a proxy in between says.
pub(super) fn refusal(status: u16, body: &[u8]) -> RestError {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(default)]
        code: Option<u32>,
    }
    let refusal = serde_json::from_slice::<Refusal>(body);
    let code = refusal.ok().and_then(|refusal| refusal.code).unwrap_or(0);
    RestError::of(status, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_says_more_than_the_status() {
        let body = |code: u32| format!("{{\"code\":{code},\"message\":\"x\",\"status\":400}}");
        assert_eq!(refusal(400, body(21_610).as_bytes()), RestError::OptedOut);
        let limited = RestError::RateLimited { code: 20_429 };
        assert_eq!(refusal(429, body(20_429).as_bytes()), limited);
        assert_eq!(refusal(404, body(20_404).as_bytes()), RestError::NotFound);
        let refused = RestError::Refused {
            status: 400,
            code: 21_211,
        };
        assert_eq!(refusal(400, body(21_211).as_bytes()), refused);
        let failed = RestError::Failed {
            status: 502,
            code: 0,
        };
        assert_eq!(refusal(502, b"<html>"), failed, "a proxy's page");
    }

    #[test]
    fn only_what_was_surely_not_processed_may_be_repeated_blindly() {
        for (status, processed) in [(429, false), (401, false), (400, false), (500, true)] {
            assert_eq!(RestError::of(status, 0).may_be_processed(), processed);
        }
        assert!(RestError::TimedOut.may_be_processed());
        assert!(!RestError::Connect.may_be_processed());
    }
}
