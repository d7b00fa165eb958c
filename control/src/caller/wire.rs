//! Media Streams messages from the caller's side: what Twilio sends, and what it accepts.
//!
//! This is the mirror of `pipeline::wire::twilio`, kept apart on purpose: a caller that shared the
//! agent's codec would share its mistakes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::twiml::Stream;

/// Who calls whom, in Twilio's names.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `CA` and 32 hexadecimal digits.
    pub call_sid: String,
    /// `MZ` and 32 hexadecimal digits.
    pub stream_sid: String,
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
}

/// Writes the caller's messages: numbers them as Twilio does, as strings.
#[derive(Debug)]
pub struct Outbound {
    identity: Identity,
    sequence: u64,
    chunk: u64,
}

impl Outbound {
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            sequence: 0,
            chunk: 0,
        }
    }

    /// The first message of every stream; it carries no stream SID.
    #[must_use]
    pub fn connected() -> String {
        json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}).to_string()
    }

    #[must_use]
    pub fn start(&mut self, stream: &Stream) -> String {
        let parameters: serde_json::Map<String, Value> = stream
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        let start = json!({
            "streamSid": self.identity.stream_sid,
            "accountSid": self.identity.account_sid,
            "callSid": self.identity.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        });
        self.message("start", &start)
    }

    /// One frame of the caller's voice; `timestamp_ms` counts from the start of the stream.
    #[must_use]
    pub fn media(&mut self, timestamp_ms: u64, mulaw: &[u8]) -> String {
        self.chunk += 1;
        let media = json!({
            "track": "inbound",
            "chunk": self.chunk.to_string(),
            "timestamp": timestamp_ms.to_string(),
            "payload": BASE64.encode(mulaw),
        });
        self.message("media", &media)
    }

    #[must_use]
    pub fn mark(&mut self, name: &str) -> String {
        self.message("mark", &json!({"name": name}))
    }

    #[must_use]
    pub fn dtmf(&mut self, key: char) -> String {
        let dtmf = json!({"track": "inbound_track", "digit": key.to_string()});
        self.message("dtmf", &dtmf)
    }

    #[must_use]
    pub fn stop(&mut self) -> String {
        let stop = json!({
            "accountSid": self.identity.account_sid,
            "callSid": self.identity.call_sid,
        });
        self.message("stop", &stop)
    }

    fn message(&mut self, event: &str, body: &Value) -> String {
        self.sequence += 1;
        json!({
            "event": event,
            "sequenceNumber": self.sequence.to_string(),
            "streamSid": self.identity.stream_sid,
            event: body,
        })
        .to_string()
    }
}

/// What an agent may send. Twilio takes nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromAgent {
    Media(Vec<u8>),
    Mark(String),
    Clear,
}

/// Why Twilio would log warning 31951 for a message of the agent's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    #[error("not JSON")]
    NotJson,
    #[error("streamSid: expected {expected}, found {found:?}")]
    WrongStream { expected: String, found: String },
    #[error("event: {0:?} is none of media, mark, clear")]
    UnknownEvent(String),
    #[error("{0}: missing or of the wrong type")]
    Missing(&'static str),
    #[error("media.payload: not base64")]
    NotBase64,
}

/// Reads one message of the agent's as strictly as Twilio does.
///
/// # Errors
/// [`InvalidMessage`]; the call goes on.
pub fn parse(text: &str, stream_sid: &str) -> Result<FromAgent, InvalidMessage> {
    let message: Value = serde_json::from_str(text).map_err(|_| InvalidMessage::NotJson)?;
    let found = message["streamSid"].as_str().unwrap_or_default();
    if found != stream_sid {
        return Err(InvalidMessage::WrongStream {
            expected: stream_sid.to_owned(),
            found: found.to_owned(),
        });
    }
    match message["event"].as_str().unwrap_or_default() {
        "media" => {
            let payload = message["media"]["payload"]
                .as_str()
                .ok_or(InvalidMessage::Missing("media.payload"))?;
            let mulaw = BASE64
                .decode(payload)
                .map_err(|_| InvalidMessage::NotBase64)?;
            Ok(FromAgent::Media(mulaw))
        }
        "mark" => message["mark"]["name"]
            .as_str()
            .map(|name| FromAgent::Mark(name.to_owned()))
            .ok_or(InvalidMessage::Missing("mark.name")),
        "clear" => Ok(FromAgent::Clear),
        other => Err(InvalidMessage::UnknownEvent(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            call_sid: "CA00".into(),
            stream_sid: "MZ00".into(),
            account_sid: "AC00".into(),
        }
    }

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn start_carries_the_parameters_and_the_format() {
        let stream = Stream {
            url: "ws://a/b".into(),
            parameters: vec![("token".into(), "abc".into())],
        };
        let start = read(&Outbound::new(identity()).start(&stream));
        assert_eq!(start["event"], "start");
        assert_eq!(start["sequenceNumber"], "1");
        assert_eq!(start["streamSid"], "MZ00");
        assert_eq!(start["start"]["callSid"], "CA00");
        assert_eq!(start["start"]["customParameters"]["token"], "abc");
        assert_eq!(start["start"]["mediaFormat"]["sampleRate"], 8000);
        assert!(read(&Outbound::connected()).get("streamSid").is_none());
    }

    #[test]
    fn numbers_rise_and_travel_as_strings() {
        let mut out = Outbound::new(identity());
        let _ = out.start(&Stream::default());
        let first = read(&out.media(0, &[0xFF; 160]));
        let second = read(&out.media(20, &[0xFF; 160]));
        let key = read(&out.dtmf('5'));
        let third = read(&out.media(40, &[0xFF; 160]));
        assert_eq!(first["media"]["chunk"], "1");
        assert_eq!(second["media"]["chunk"], "2");
        assert_eq!(second["media"]["timestamp"], "20");
        assert_eq!(second["sequenceNumber"], "3");
        assert_eq!(key["dtmf"]["digit"], "5");
        assert_eq!(third["sequenceNumber"], "5");
        assert_eq!(third["media"]["chunk"], "3");
    }

    #[test]
    fn the_agents_three_messages_are_understood() {
        assert_eq!(
            parse(
                r#"{"event":"media","streamSid":"MZ00","media":{"payload":"/38="},"new":1}"#,
                "MZ00"
            ),
            Ok(FromAgent::Media(vec![0xFF, 0x7F]))
        );
        assert_eq!(
            parse(
                r#"{"event":"mark","streamSid":"MZ00","mark":{"name":"u1"}}"#,
                "MZ00"
            ),
            Ok(FromAgent::Mark("u1".into()))
        );
        assert_eq!(
            parse(r#"{"event":"clear","streamSid":"MZ00"}"#, "MZ00"),
            Ok(FromAgent::Clear)
        );
    }

    #[test]
    fn what_twilio_would_warn_about_is_named() {
        let wrong = |text| parse(text, "MZ00").unwrap_err();
        assert_eq!(wrong("{"), InvalidMessage::NotJson);
        assert!(matches!(
            wrong(r#"{"event":"clear","streamSid":"MZ01"}"#),
            InvalidMessage::WrongStream { .. }
        ));
        assert_eq!(
            wrong(r#"{"event":"hello","streamSid":"MZ00"}"#),
            InvalidMessage::UnknownEvent("hello".into())
        );
        assert_eq!(
            wrong(r#"{"event":"media","streamSid":"MZ00","media":{"payload":"*"}}"#),
            InvalidMessage::NotBase64
        );
        assert_eq!(
            wrong(r#"{"event":"mark","streamSid":"MZ00","mark":{}}"#),
            InvalidMessage::Missing("mark.name")
        );
    }
}
