//! The details of a `start` message, for whoever decides whether the stream is welcome.

use std::collections::BTreeMap;

use super::json::{LooseNumber, read};
use super::parse::ParseError;

/// Who calls, and what our TwiML told the stream to carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    pub stream_sid: String,
    pub call_sid: String,
    pub account_sid: String,
    /// `audio/x-mulaw`, or nothing was said.
    pub encoding: Option<String>,
    /// 8,000, or nothing was said.
    pub sample_rate_hz: Option<u64>,
    /// The `<Parameter>`s of our TwiML.
    pub parameters: BTreeMap<String, String>,
}

impl Start {
    /// Reads a message that [`parse`](super::parse) called a `start`. Allocates.
    ///
    /// # Errors
    /// When it is not JSON, or lacks a stream or call SID.
    ///
    /// # Examples
    /// ```
    /// let start = pipeline::wire::twilio::Start::parse(
    ///     r#"{"event":"start","streamSid":"MZ1","start":{"callSid":"CA1","customParameters":{"token":"abc"}}}"#,
    /// )?;
    /// assert_eq!(start.parameters["token"], "abc");
    /// # Ok::<(), pipeline::wire::twilio::ParseError>(())
    /// ```
    pub fn parse(message: &str) -> Result<Self, ParseError> {
        let Wire { stream_sid, start } = read(message, "start.callSid")?;
        Ok(Self {
            stream_sid: stream_sid.or(start.stream_sid).ok_or(ParseError::Member {
                member: "streamSid",
            })?,
            call_sid: start.call_sid,
            account_sid: start.account_sid,
            encoding: start.media_format.encoding,
            sample_rate_hz: start.media_format.sample_rate.0,
            parameters: start.custom_parameters,
        })
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    stream_sid: Option<String>,
    start: Members,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    stream_sid: Option<String>,
    call_sid: String,
    #[serde(default)]
    account_sid: String,
    #[serde(default)]
    media_format: MediaFormat,
    #[serde(default)]
    custom_parameters: BTreeMap<String, String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct MediaFormat {
    encoding: Option<String>,
    #[serde(default)]
    sample_rate: LooseNumber,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_call_tells_its_ids_format_and_parameters() {
        let message = r#"{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"streamSid":"MZ1","accountSid":"AC1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"a\"b"}}}"#;
        assert_eq!(
            Start::parse(message),
            Ok(Start {
                stream_sid: "MZ1".into(),
                call_sid: "CA1".into(),
                account_sid: "AC1".into(),
                encoding: Some("audio/x-mulaw".into()),
                sample_rate_hz: Some(8_000),
                parameters: [("token".to_owned(), "a\"b".to_owned())].into(),
            })
        );
    }

    #[test]
    fn the_stream_sid_may_stand_inside_only_but_must_stand_somewhere() {
        let inside = r#"{"event":"start","start":{"streamSid":"MZ2","callSid":"CA1"}}"#;
        assert_eq!(
            Start::parse(inside).map(|start| start.stream_sid),
            Ok("MZ2".into())
        );
        let nowhere = r#"{"event":"start","start":{"callSid":"CA1"}}"#;
        let member = "streamSid";
        assert_eq!(Start::parse(nowhere), Err(ParseError::Member { member }));
    }
}
