//! What a vendor says when it does not answer: the status, the headers and the JSON of a refusal,
//! or an error in the middle of a stream.
//!
//! Only identifiers are kept for the log. The message may quote the conversation or the key.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use pipeline::vendor::VendorErrorKind;
use serde_json::Value;

use crate::limits::MAX_RETRY_AFTER;

/// A vendor's refusal, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub kind: VendorErrorKind,
    /// The same request may succeed later.
    pub retryable: bool,
    /// When to ask again, where the vendor says so; at most [`MAX_RETRY_AFTER`].
    pub retry_after: Option<Duration>,
    /// The member of the request that it does not like, such as `temperature`.
    pub param: Option<String>,
    /// Status, kind of error and request id, for the log.
    pub what: String,
}

impl Complaint {
    /// An HTTP answer that is no success.
    #[must_use]
    pub fn of_response(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Self {
        let details = Details::of(body);
        let mut complaint = details.complaint(status.as_u16());
        match header(headers, "x-should-retry") {
            Some("true") => complaint.retryable = true,
            Some("false") => complaint.retryable = false,
            _ => {}
        }
        complaint.retry_after = retry_after(headers, now).map(|wait| wait.min(MAX_RETRY_AFTER));
        if let Some(id) = header(headers, "x-request-id").and_then(identifier) {
            complaint.what += ", request ";
            complaint.what += id;
        }
        complaint
    }

    /// An error in the middle of a stream that began with status 200.
    #[must_use]
    pub fn of_event(data: &str) -> Self {
        let details = Details::of(data.as_bytes());
        let status = details.code.as_deref().and_then(|code| code.parse().ok());
        let mut complaint = details.complaint(status.unwrap_or(500));
        complaint.what = format!("an error in the stream: {}", complaint.what);
        complaint
    }
}

/// The members of an error that we go by.
#[derive(Debug, Default)]
struct Details {
    kind: Option<String>,
    code: Option<String>,
    param: Option<String>,
}

impl Details {
    /// `{"error":{…}}`, the same in an array, or flat; a code may be a number.
    fn of(body: &[u8]) -> Self {
        let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
            return Self::default();
        };
        if let Some(first) = value.get_mut(0) {
            value = first.take();
        }
        let error = match value.get("error") {
            Some(error @ Value::Object(_)) => error,
            _ => &value,
        };
        let member = |name| match error.get(name)? {
            Value::String(text) => identifier(text).map(str::to_owned),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Self {
            kind: member("type"),
            // Google says `status` where others say `code`, and has the HTTP status as its code.
            code: member("code").or_else(|| member("status")),
            param: member("param"),
        }
    }

    fn complaint(self, status: u16) -> Complaint {
        let says = |words: &[&str]| {
            let said = [self.kind.as_deref(), self.code.as_deref()];
            said.into_iter().flatten().any(|said| words.contains(&said))
        };
        let kind = if says(&OUT_OF_QUOTA) {
            VendorErrorKind::Quota
        } else if says(&RATE_LIMITED) {
            VendorErrorKind::RateLimited
        } else if says(&UNAUTHORIZED) {
            VendorErrorKind::Unauthorized
        } else if says(&REFUSED) {
            VendorErrorKind::Refused
        } else {
            VendorErrorKind::of_status(status)
        };
        let retryable = match kind {
            VendorErrorKind::RateLimited | VendorErrorKind::Failed | VendorErrorKind::TimedOut => {
                true
            }
            VendorErrorKind::Refused => status == 409,
            _ => false,
        };
        let mut what = status.to_string();
        for (name, said) in [("", &self.kind), ("", &self.code), ("of ", &self.param)] {
            if let Some(said) = said {
                what = what + " " + name + said;
            }
        }
        Complaint {
            kind,
            retryable,
            retry_after: None,
            param: self.param,
            what,
        }
    }
}

/// `retry-after-ms`, else `retry-after` in seconds or as an HTTP date.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let ms = header(headers, "retry-after-ms").and_then(|text| text.parse::<f64>().ok());
    let text = header(headers, "retry-after");
    let seconds = text.and_then(|text| text.parse::<f64>().ok());
    if let Some(seconds) = ms.map(|ms| ms / 1_000.0).or(seconds) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let then = DateTimeParser::new().parse_timestamp(text?).ok()?;
    Some(Duration::try_from(then.duration_since(now)).unwrap_or_default())
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// `text` where it is a short name and not prose.
pub(crate) fn identifier(text: &str) -> Option<&str> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.[]".contains(&b);
    (!text.is_empty() && text.len() <= MAX_IDENTIFIER_BYTES && text.bytes().all(allowed))
        .then_some(text)
}

const OUT_OF_QUOTA: [&str; 3] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
];
const RATE_LIMITED: [&str; 3] = [
    "rate_limit_exceeded",
    "rate_limit_error",
    "RESOURCE_EXHAUSTED",
];
const UNAUTHORIZED: [&str; 3] = [
    "invalid_api_key",
    "authentication_error",
    "permission_error",
];
const REFUSED: [&str; 4] = [
    "invalid_request_error",
    "model_not_found",
    "content_filter",
    "context_length_exceeded",
];
const MAX_IDENTIFIER_BYTES: usize = 80;

#[cfg(test)]
mod tests {
    use VendorErrorKind::{Failed, Quota, RateLimited, Refused, TimedOut, Unauthorized};

    use super::*;

    fn read(status: u16, headers: &[(&'static str, &str)], body: &str) -> Complaint {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("text")))
            .collect();
        let status = StatusCode::from_u16(status).expect("a status");
        let now = "2026-11-23T15:00:00Z".parse().expect("a time");
        Complaint::of_response(status, &headers, body.as_bytes(), now)
    }

    #[test]
    fn each_refusal_has_its_kind_and_says_whether_to_ask_again() {
        let rows = [
            (
                429,
                r#"{"error":{"message":"m","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
                RateLimited,
                true,
            ),
            (
                429,
                r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#,
                Quota,
                false,
            ),
            (
                400,
                r#"{"error":{"type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#,
                Refused,
                false,
            ),
            (
                401,
                r#"{"error":{"type":"invalid_request_error","code":"invalid_api_key"}}"#,
                Unauthorized,
                false,
            ),
            (401, "", Unauthorized, false),
            (403, "<html>", Unauthorized, false),
            (
                404,
                r#"{"error":{"code":"model_not_found"}}"#,
                Refused,
                false,
            ),
            (
                404,
                r#"{"error":"model not found, try pulling it first"}"#,
                Refused,
                false,
            ),
            (408, "", TimedOut, true),
            (409, "", Refused, true),
            (500, r#"{"error":{"type":"server_error"}}"#, Failed, true),
            (503, "", Failed, true),
            // Flat, and a code that is a number.
            (
                400,
                r#"{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}"#,
                Refused,
                false,
            ),
            // In an array.
            (
                429,
                r#"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]"#,
                RateLimited,
                true,
            ),
        ];
        for (status, body, kind, retryable) in rows {
            let complaint = read(status, &[], body);
            assert_eq!(
                (complaint.kind, complaint.retryable),
                (kind, retryable),
                "{body}"
            );
        }
    }

    #[test]
    fn an_error_in_the_stream_goes_by_its_code() {
        let kind = |data| Complaint::of_event(data).kind;
        assert_eq!(
            kind(r#"{"error":{"message":"m","type":"server_error"}}"#),
            Failed
        );
        assert_eq!(kind(r#"{"error":{"message":"m","code":429}}"#), RateLimited);
        assert_eq!(
            kind(r#"{"error":{"code":"rate_limit_exceeded"}}"#),
            RateLimited
        );
        assert_eq!(kind(r#"{"object":"error","code":400}"#), Refused);
        assert_eq!(kind("overloaded"), Failed);
    }

    #[test]
    fn the_vendors_word_on_asking_again_is_honoured() {
        assert!(!read(500, &[("x-should-retry", "false")], "").retryable);
        assert!(read(400, &[("x-should-retry", "true")], "").retryable);
        let wait = |headers: &[(&'static str, &str)]| read(429, headers, "").retry_after;
        assert_eq!(
            wait(&[("retry-after-ms", "250")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(wait(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        let both = [("retry-after-ms", "250.5"), ("retry-after", "2")];
        assert_eq!(wait(&both), Some(Duration::from_micros(250_500)));
        let date = [("retry-after", "Mon, 23 Nov 2026 15:00:03 GMT")];
        assert_eq!(wait(&date), Some(Duration::from_secs(3)));
        let past = [("retry-after", "Mon, 23 Nov 2026 14:00:00 GMT")];
        assert_eq!(wait(&past), Some(Duration::ZERO));
        assert_eq!(wait(&[("retry-after", "86400")]), Some(MAX_RETRY_AFTER));
        for nonsense in ["-1", "soon", "NaN", "1e300"] {
            assert_eq!(wait(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }

    #[test]
    fn the_log_gets_identifiers_and_never_the_message() {
        let body = r#"{"error":{"message":"bad key sk-1 for Jane","type":"Jane said so","code":"invalid_value","param":"messages[3].content"}}"#;
        let complaint = read(400, &[("x-request-id", "req_1")], body);
        assert_eq!(
            complaint.what,
            "400 invalid_value of messages[3].content, request req_1"
        );
    }
}
