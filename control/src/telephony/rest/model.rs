//! Resources of the API: what we send, and what we read of what comes back.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use storage::customer::Phone;

use super::{Parameters, RestError};
use crate::limits;

/// What became of a request that must not be made twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent<T> {
    Done(T),
    /// Twilio may have done it or not: a list, or a webhook, will tell.
    Unknown,
}

/// A call to be placed.
#[derive(Clone, Debug)]
pub struct NewCall {
    pub to: Phone,
    pub from: Phone,
    /// What happens when somebody answers.
    pub answered: TwimlOrUrl,
    /// Told of every step of the call. Absolute.
    pub status_callback: Option<String>,
    /// How long it rings; Twilio's default is 60 s.
    pub timeout: Option<Duration>,
    pub detection: Option<Detection>,
}

/// What a call goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwimlOrUrl {
    /// A whole document, at most [`limits::MAX_TWIML_CHARS`].
    Twiml(String),
    /// Absolute; asked by POST.
    Url(String),
}

/// Tells a person from a machine while the call goes on, so that a person hears no silence.
#[derive(Clone, Debug)]
pub struct Detection {
    pub wait_for: Answering,
    /// Told who or what answered. Absolute.
    pub callback: String,
}

/// What a machine is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// Who or what it is.
    Start,
    /// The end of its message, to leave one of ours.
    MessageEnd,
}

/// A text message to be sent.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub to: Phone,
    pub sender: Sender,
    /// At most [`limits::MAX_SMS_CHARS`].
    pub body: String,
    /// Told of every step of the message. Absolute.
    pub status_callback: Option<String>,
}

#[derive(Clone, Debug)]
pub enum Sender {
    Number(Phone),
    /// The SID of a messaging service, which picks a number.
    Service(String),
}

/// Which calls are listed.
#[derive(Clone, Debug, Default)]
pub struct CallFilter {
    pub to: Option<Phone>,
    pub from: Option<Phone>,
    /// Placed at or after this.
    pub since: Option<Timestamp>,
}

/// What Twilio knows of a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CallResource {
    pub sid: String,
    pub status: String,
    #[serde(default, deserialize_with = "rfc2822")]
    pub date_created: Option<Timestamp>,
    /// Absent while it is queued.
    #[serde(default, deserialize_with = "rfc2822")]
    pub start_time: Option<Timestamp>,
    /// Seconds, as text; absent while it goes on.
    #[serde(default)]
    pub duration: Option<String>,
    #[serde(default)]
    pub answered_by: Option<String>,
}

/// What Twilio knows of a text message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    pub sid: String,
    pub status: String,
}

#[derive(Deserialize)]
pub(super) struct AccountResource {
    pub(super) status: String,
}

/// A page of a list.
#[derive(Deserialize)]
pub(super) struct Calls {
    pub(super) calls: Vec<CallResource>,
    /// A path with its query; null on the last page.
    #[serde(default)]
    pub(super) next_page_uri: Option<String>,
}

/// What a POST brings into being.
pub(super) trait Created: DeserializeOwned {}
impl Created for CallResource {}
impl Created for Message {}

impl NewCall {
    pub(super) fn parameters(&self) -> Result<Parameters<'_>, RestError> {
        let mut parameters: Parameters<'_> = vec![
            ("To", self.to.as_str().into()),
            ("From", self.from.as_str().into()),
            self.answered.parameter()?,
        ];
        if let Some(url) = &self.status_callback {
            parameters.push(("StatusCallback", url.into()));
            // The key is repeated: joined by commas they would be one unknown event.
            for event in ["initiated", "ringing", "answered", "completed"] {
                parameters.push(("StatusCallbackEvent", event.into()));
            }
        }
        if let Some(timeout) = self.timeout {
            parameters.push(("Timeout", timeout.as_secs().to_string().into()));
        }
        if let Some(detection) = &self.detection {
            let wait_for = match detection.wait_for {
                Answering::Start => "Enable",
                Answering::MessageEnd => "DetectMessageEnd",
            };
            parameters.push(("MachineDetection", wait_for.into()));
            parameters.push(("AsyncAmd", "true".into()));
            let callback = Cow::from(&detection.callback);
            parameters.push(("AsyncAmdStatusCallback", callback));
        }
        Ok(parameters)
    }
}

impl TwimlOrUrl {
    pub(super) fn parameter(&self) -> Result<(&'static str, Cow<'_, str>), RestError> {
        match self {
            Self::Twiml(twiml) if twiml.chars().count() > limits::MAX_TWIML_CHARS => {
                Err(RestError::TooLong { field: "Twiml" })
            }
            Self::Twiml(twiml) => Ok(("Twiml", twiml.into())),
            Self::Url(url) => Ok(("Url", url.into())),
        }
    }
}

impl NewMessage {
    pub(super) fn parameters(&self) -> Result<Parameters<'_>, RestError> {
        if self.body.chars().count() > limits::MAX_SMS_CHARS {
            return Err(RestError::TooLong { field: "Body" });
        }
        let sender = match &self.sender {
            Sender::Number(number) => ("From", number.as_str().into()),
            Sender::Service(sid) => ("MessagingServiceSid", sid.into()),
        };
        let to = ("To", self.to.as_str().into());
        let mut parameters = vec![to, sender, ("Body", Cow::from(&self.body))];
        if let Some(url) = &self.status_callback {
            parameters.push(("StatusCallback", url.into()));
        }
        Ok(parameters)
    }
}

impl CallFilter {
    pub(super) fn parameters(&self) -> Parameters<'_> {
        let mut parameters: Parameters<'_> =
            vec![("PageSize", limits::REST_PAGE.to_string().into())];
        if let Some(to) = &self.to {
            parameters.push(("To", to.as_str().into()));
        }
        if let Some(from) = &self.from {
            parameters.push(("From", from.as_str().into()));
        }
        if let Some(since) = self.since {
            // Twilio filters by the day, in UTC; `matches` does the rest.
            let day = since.to_zoned(jiff::tz::TimeZone::UTC).date();
            parameters.push(("StartTime>", day.to_string().into()));
        }
        parameters
    }

    /// A call without a time yet is a new one.
    pub(super) fn matches(&self, call: &CallResource) -> bool {
        let placed = call.date_created.or(call.start_time);
        match (self.since, placed) {
            (Some(since), Some(placed)) => placed >= since,
            _ => true,
        }
    }
}

/// `Tue, 31 Aug 2010 20:36:28 +0000`, or null.
fn rfc2822<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<Cow<'de, str>> = Option::deserialize(deserializer)?;
    let parsed = text.filter(|text| !text.is_empty()).map(|text| {
        let zoned = jiff::fmt::rfc2822::parse(&text);
        zoned.map(|zoned| zoned.timestamp())
    });
    parsed.transpose().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(text: &str) -> Phone {
        Phone::parse(text).expect("valid")
    }

    #[test]
    fn every_event_of_a_call_is_asked_for_by_a_key_of_its_own() {
        let call = NewCall {
            to: phone("+12175550101"),
            from: phone("+12175550100"),
            answered: TwimlOrUrl::Url("https://otto.example/hook?appointment_id=7".to_owned()),
            status_callback: Some("https://otto.example/status".to_owned()),
            timeout: Some(Duration::from_secs(25)),
            detection: Some(Detection {
                wait_for: Answering::MessageEnd,
                callback: "https://otto.example/amd".to_owned(),
            }),
        };
        let parameters = call.parameters().expect("short");
        let of = |name| -> Vec<&str> {
            let mine = parameters.iter().filter(|(known, _)| *known == name);
            mine.map(|(_, value)| &**value).collect()
        };
        let events = ["initiated", "ringing", "answered", "completed"];
        assert_eq!(of("StatusCallbackEvent"), events);
        assert_eq!(of("Timeout"), ["25"]);
        assert_eq!(of("MachineDetection"), ["DetectMessageEnd"]);
        assert_eq!(of("AsyncAmd"), ["true"]);
        assert_eq!(of("Url"), ["https://otto.example/hook?appointment_id=7"]);
        assert_eq!(of("Twiml"), [""; 0]);
    }

    #[test]
    fn what_twilio_does_not_take_is_not_sent() {
        let long = TwimlOrUrl::Twiml("é".repeat(limits::MAX_TWIML_CHARS + 1));
        let refused = RestError::TooLong { field: "Twiml" };
        assert_eq!(long.parameter().err(), Some(refused));
        assert!(
            TwimlOrUrl::Twiml("é".repeat(limits::MAX_TWIML_CHARS))
                .parameter()
                .is_ok()
        );
        let message = NewMessage {
            to: phone("+12175550101"),
            sender: Sender::Service("MG1".to_owned()),
            body: "x".repeat(limits::MAX_SMS_CHARS + 1),
            status_callback: None,
        };
        let refused = RestError::TooLong { field: "Body" };
        assert_eq!(message.parameters().err(), Some(refused));
    }

    #[test]
    fn a_call_is_read_as_twilio_writes_it() {
        let json = r#"{"sid":"CA1","status":"completed","duration":"42","price":null,
            "start_time":"Tue, 31 Aug 2010 20:36:28 +0000","date_created":null,"answered_by":null}"#;
        let call: CallResource = serde_json::from_str(json).expect("a call");
        assert_eq!(call.duration.as_deref(), Some("42"), "a number as text");
        let began = call.start_time.expect("a time");
        assert_eq!(began.to_string(), "2010-08-31T20:36:28Z");
        let since = |text: &str| CallFilter {
            since: text.parse().ok(),
            ..CallFilter::default()
        };
        assert!(since("2010-08-31T20:36:28Z").matches(&call));
        assert!(!since("2010-08-31T20:36:29Z").matches(&call));
    }
}
