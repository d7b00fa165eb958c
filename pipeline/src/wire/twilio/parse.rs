//! One inbound message.

use std::borrow::Cow;

use base64_simd::{Out, STANDARD};

use super::{canonical, json};

/// One message of the carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound<'m> {
    /// The stream that the message belongs to; `connected` comes before there is one. Compare it
    /// with the call's own before believing the event.
    pub stream_sid: Option<Cow<'m, str>>,
    pub event: Event<'m>,
}

/// What the carrier reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'m> {
    /// The connection is up; nothing can be sent before `start`.
    Connected,
    /// The stream begins; [`Start::parse`](super::Start::parse) reads the details.
    Start,
    /// The caller's audio.
    Media {
        /// G.711 mu-law, decoded into the buffer given to [`parse`]. Any length, also none.
        audio: &'m [u8],
        /// Milliseconds since the stream began. A jump is audio that was lost on the way.
        timestamp_ms: Option<u64>,
    },
    /// A mark of ours came back: all audio before it was played, or cleared.
    Mark { name: Cow<'m, str> },
    /// A key on the caller's telephone: `0`-`9`, `*`, `#`, `A`-`D`.
    Dtmf { key: char },
    /// The stream ends: the caller hung up, or the call was taken elsewhere.
    Stop,
    /// An event that we do not know, or audio of a track that is not the caller's.
    Unknown,
}

/// Why a message means nothing. Count it by [`ParseError::kind`] and go on with the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ParseError {
    #[error("the message is not a JSON object")]
    NotJson,
    #[error("the message lacks `{member}`, or it is of another type")]
    Member { member: &'static str },
    #[error("the payload is not base64")]
    BadBase64,
    #[error("the payload is longer than the buffer for it ({room} bytes)")]
    PayloadTooLong { room: usize },
}

impl ParseError {
    /// A short, constant name to count by.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Member { .. } => "member",
            Self::BadBase64 => "bad_base64",
            Self::PayloadTooLong { .. } => "payload_too_long",
        }
    }
}

/// Reads one message. Audio is decoded into `audio`, whose length bounds it
/// ([`AUDIO_BYTES_MAX`](crate::wire::limits::AUDIO_BYTES_MAX) is what a call should offer).
///
/// # Errors
/// When the message is malformed; see [`ParseError`]. An unknown event is not an error.
///
/// # Real-time
/// A `media` message as Twilio spells it costs a scan, and nothing is allocated; nor is anything
/// for the other messages of a running call. The general parser allocates only for strings with
/// escapes, for ignored members nested two deep (which `start` has) and for what is no JSON.
///
/// # Examples
/// ```
/// use pipeline::wire::twilio::{Event, parse};
///
/// let mut audio = [0; 160];
/// let message = r#"{"event":"media","streamSid":"MZ1","media":{"payload":"/38A"}}"#;
/// let inbound = parse(message, &mut audio)?;
/// assert_eq!(inbound.stream_sid.as_deref(), Some("MZ1"));
/// let Event::Media { audio, .. } = inbound.event else { panic!() };
/// assert_eq!(audio, [0xFF, 0x7F, 0x00]);
/// # Ok::<(), pipeline::wire::twilio::ParseError>(())
/// ```
pub fn parse<'m>(message: &'m str, audio: &'m mut [u8]) -> Result<Inbound<'m>, ParseError> {
    if let Some(media) = canonical::scan(message)
        && let Ok(len) = media.decode(audio)
    {
        return Ok(media.into_inbound(&audio[..len]));
    }
    json::parse(message, audio)
}

/// A `media` message before its payload is decoded; both ways of reading one end here.
pub(super) struct Media<'m> {
    pub(super) stream_sid: Option<Cow<'m, str>>,
    pub(super) timestamp_ms: Option<u64>,
    pub(super) payload: Cow<'m, str>,
}

impl<'m> Media<'m> {
    /// Decodes the payload to the front of `room` and returns its length in bytes.
    pub(super) fn decode(&self, room: &mut [u8]) -> Result<usize, ParseError> {
        let payload = self.payload.as_bytes();
        let len = STANDARD
            .decoded_length(payload)
            .map_err(|_| ParseError::BadBase64)?;
        if len > room.len() {
            return Err(ParseError::PayloadTooLong { room: room.len() });
        }
        match STANDARD.decode(payload, Out::from_slice(room)) {
            Ok(audio) => Ok(audio.len()),
            Err(_) => Err(ParseError::BadBase64),
        }
    }

    pub(super) fn into_inbound(self, audio: &'m [u8]) -> Inbound<'m> {
        Inbound {
            stream_sid: self.stream_sid,
            event: Event::Media {
                audio,
                timestamp_ms: self.timestamp_ms,
            },
        }
    }
}
