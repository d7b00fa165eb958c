//! A webhook's form: members by name, in any order, with others among them that we do not know.

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use storage::customer::Phone;

use crate::telephony::CallSid;

/// The members of a form, decoded.
pub(super) struct Form(Vec<(String, String)>);

/// A member that is missing or wrong. Its value is not repeated: it may be personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: expected {expected}")]
pub(super) struct BadField {
    pub(super) name: &'static str,
    pub(super) expected: &'static str,
}

impl Form {
    pub(super) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A member's first value; one that is empty counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    pub(super) fn required(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<&str, BadField> {
        self.get(name).ok_or(BadField { name, expected })
    }

    pub(super) fn call_sid(&self) -> Result<CallSid, BadField> {
        self.sid("CallSid")
    }

    /// Any SID is a name of the same kind as a call's.
    pub(super) fn sid(&self, name: &'static str) -> Result<CallSid, BadField> {
        let expected = "a SID, such as Twilio sends";
        let text = self.required(name, expected)?;
        CallSid::parse(text).map_err(|_| BadField { name, expected })
    }

    /// Absent, or a whole number.
    pub(super) fn number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, BadField> {
        let expected = "a whole number";
        let parsed = self.get(name).map(str::parse).transpose();
        parsed.map_err(|_| BadField { name, expected })
    }

    /// Absent where it was withheld, or is no number we can parse.
    pub(super) fn phone(&self, name: &str) -> Option<Phone> {
        self.get(name).and_then(|text| Phone::parse(text).ok())
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(IntoResponse::into_response)?;
        Ok(Self::parse(&body))
    }
}

impl IntoResponse for BadField {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_name_whatever_stands_around_them() {
        let form =
            Form::parse(b"New=1&CallDuration=42&CallSid=CA1&From=%2B12175550101&To=&CallSid=x");
        assert_eq!(form.call_sid().expect("valid").as_str(), "CA1");
        assert_eq!(form.number::<u32>("CallDuration"), Ok(Some(42)));
        assert_eq!(form.number::<u32>("SequenceNumber"), Ok(None));
        assert_eq!(form.phone("From"), Phone::parse("+12175550101").ok());
        assert_eq!((form.phone("To"), form.get("To")), (None, None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let form = Form::parse(b"CallDuration=long&CallSid=a b");
        let said = form
            .number::<u32>("CallDuration")
            .map_err(|e| e.to_string());
        assert_eq!(
            said,
            Err("CallDuration: expected a whole number".to_owned())
        );
        let said = form.call_sid().map_err(|e| e.to_string());
        assert_eq!(
            said,
            Err("CallSid: expected a SID, such as Twilio sends".to_owned())
        );
    }
}
