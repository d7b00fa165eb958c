//! Any message, by way of serde.
//!
//! A message is read twice: first for its event alone, then for the members that this event has.
//! So whatever an event that we do not know carries cannot fail.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::parse::{Event, Inbound, Media, ParseError};

/// The only track whose audio is the caller's.
const CALLERS_TRACK: &str = "inbound";

pub(super) fn parse<'m>(message: &'m str, room: &'m mut [u8]) -> Result<Inbound<'m>, ParseError> {
    // serde would also take an array for a structure, member by member.
    if !message.trim_ascii_start().starts_with('{') {
        return Err(ParseError::NotJson);
    }
    let head: Head<'m> = read(message, "event")?;
    let event = match &*head.event.0 {
        "connected" => Event::Connected,
        "start" => Event::Start,
        "stop" => Event::Stop,
        "media" => {
            let WithMedia { media } = read(message, "media.payload")?;
            if media.track.is_none_or(|track| track.0 == CALLERS_TRACK) {
                let media = Media {
                    stream_sid: head.stream_sid.map(|sid| sid.0),
                    timestamp_ms: media.timestamp.0,
                    payload: media.payload.0,
                };
                let len = media.decode(room)?;
                return Ok(media.into_inbound(&room[..len]));
            }
            Event::Unknown
        }
        "mark" => {
            let WithMark { mark } = read(message, "mark.name")?;
            Event::Mark { name: mark.name.0 }
        }
        "dtmf" => {
            let WithDtmf { dtmf } = read(message, "dtmf.digit")?;
            Event::Dtmf { key: dtmf.digit.0 }
        }
        _ => Event::Unknown,
    };
    Ok(Inbound {
        stream_sid: head.stream_sid.map(|sid| sid.0),
        event,
    })
}

/// Reads what `T` wants; `member` is the one to name when it is not there as it should be.
pub(super) fn read<'m, T: Deserialize<'m>>(
    message: &'m str,
    member: &'static str,
) -> Result<T, ParseError> {
    serde_json::from_str(message).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ParseError::Member { member },
        _ => ParseError::NotJson,
    })
}

/// A string, borrowed from the message unless it has escapes. (An `Option<Cow>` by itself would
/// always be copied.)
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'m>(#[serde(borrow)] pub(super) Cow<'m, str>);

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'m> {
    #[serde(borrow)]
    event: Text<'m>,
    #[serde(borrow)]
    stream_sid: Option<Text<'m>>,
}

#[derive(serde::Deserialize)]
struct WithMedia<'m> {
    #[serde(borrow)]
    media: MediaMembers<'m>,
}

#[derive(serde::Deserialize)]
struct MediaMembers<'m> {
    #[serde(borrow)]
    track: Option<Text<'m>>,
    #[serde(default)]
    timestamp: LooseNumber,
    #[serde(borrow)]
    payload: Text<'m>,
}

#[derive(serde::Deserialize)]
struct WithMark<'m> {
    #[serde(borrow)]
    mark: MarkMembers<'m>,
}

#[derive(serde::Deserialize)]
struct MarkMembers<'m> {
    #[serde(borrow)]
    name: Text<'m>,
}

#[derive(serde::Deserialize)]
struct WithDtmf {
    dtmf: DtmfMembers,
}

#[derive(serde::Deserialize)]
struct DtmfMembers {
    digit: Key,
}

/// A telephone key, as a string (`"5"`) or a number (`5`).
struct Key(char);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one of 0-9, *, #, A-D")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Key, E> {
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(key @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => Ok(Key(key)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_u64<E: serde::de::Error>(self, digit: u64) -> Result<Key, E> {
                u32::try_from(digit)
                    .ok()
                    .and_then(|digit| char::from_digit(digit, 10))
                    .map(Key)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(digit), &self))
            }
        }
        deserializer.deserialize_any(KeyVisitor)
    }
}

/// A number, as a string (`"5"`) or a number (`5`). Anything else is as good as none: no call
/// fails over it.
#[derive(Default)]
pub(super) struct LooseNumber(pub(super) Option<u64>);

impl<'de> Deserialize<'de> for LooseNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor).map(Self)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<u64>, E> {
        Ok(text.parse().ok())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Option<u64>, E> {
        Ok(Some(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<u64>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<u64>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn event(message: &str) -> Result<String, ParseError> {
        let mut room = [0; 16];
        parse(message, &mut room).map(|inbound| format!("{:?}", inbound.event))
    }

    fn is(message: &str, expected: &Event<'_>) {
        assert_eq!(event(message), Ok(format!("{expected:?}")), "{message}");
    }

    #[test]
    fn each_event_of_a_call_is_read() {
        is(
            r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#,
            &Event::Connected,
        );
        is(
            r#"{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{}}"#,
            &Event::Start,
        );
        is(
            r#"{"event":"media","sequenceNumber":"3","streamSid":"MZ1","media":{"track":"inbound","chunk":"1","timestamp":"5","payload":"//8="}}"#,
            &Event::Media {
                audio: &[0xFF, 0xFF],
                timestamp_ms: Some(5),
            },
        );
        is(
            r##"{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"#"}}"##,
            &Event::Dtmf { key: '#' },
        );
        is(
            r#"{"event":"mark","sequenceNumber":"6","streamSid":"MZ1","mark":{"name":"g2:t3"}}"#,
            &Event::Mark {
                name: "g2:t3".into(),
            },
        );
        is(
            r#"{"event":"stop","sequenceNumber":"9","streamSid":"MZ1","stop":{"callSid":"CA1"}}"#,
            &Event::Stop,
        );
    }

    #[test]
    fn unknown_events_and_members_are_ignored_whatever_they_hold() {
        is(r#"{"event":"pause","media":5,"mark":[]}"#, &Event::Unknown);
        is(
            r#"{"extra":{"a":[1,null]},"event":"stop","streamSid":"MZ1","stop":7}"#,
            &Event::Stop,
        );
        is(
            r#"{"event":"media","media":{"track":"outbound","payload":"//8="}}"#,
            &Event::Unknown,
        );
    }

    #[test]
    fn numbers_and_strings_stand_for_each_other() {
        for (timestamp, expected) in [
            ("5", Some(5)),
            ("\"5\"", Some(5)),
            ("-5", None),
            ("5.5", None),
            ("null", None),
            ("{\"a\":[1]}", None),
            ("\"soon\"", None),
        ] {
            is(
                &format!(r#"{{"event":"media","media":{{"timestamp":{timestamp},"payload":""}}}}"#),
                &Event::Media {
                    audio: &[],
                    timestamp_ms: expected,
                },
            );
        }
        is(
            r#"{"event":"dtmf","dtmf":{"digit":5}}"#,
            &Event::Dtmf { key: '5' },
        );
    }

    #[test]
    fn escapes_are_understood() {
        let message =
            r#"{"event":"m\u0061rk","streamSid":"M\/\"Z","mark":{"name":"a\n\u00e9\ud83d\ude00"}}"#;
        let inbound = parse(message, &mut []).expect("well-formed");
        assert_eq!(inbound.stream_sid.as_deref(), Some("M/\"Z"));
        assert_eq!(
            inbound.event,
            Event::Mark {
                name: "a\n\u{e9}\u{1f600}".into()
            }
        );
        is(
            r#"{"event":"media","media":{"payload":"\/\/8="}}"#,
            &Event::Media {
                audio: &[0xFF, 0xFF],
                timestamp_ms: None,
            },
        );
    }

    #[test]
    fn a_message_that_means_nothing_says_why() {
        let member = |member| ParseError::Member { member };
        for (message, expected) in [
            ("", ParseError::NotJson),
            ("not json", ParseError::NotJson),
            (r#"{"event":"media""#, ParseError::NotJson),
            (r#"{"event":"stop"} tail"#, ParseError::NotJson),
            (r#"["stop","MZ1"]"#, ParseError::NotJson),
            ("{}", member("event")),
            (r#"{"streamSid":"MZ1"}"#, member("event")),
            (r#"{"event":7}"#, member("event")),
            (r#"{"event":"media"}"#, member("media.payload")),
            (
                r#"{"event":"media","media":{"payload":3}}"#,
                member("media.payload"),
            ),
            (r#"{"event":"mark","mark":{}}"#, member("mark.name")),
            (
                r#"{"event":"dtmf","dtmf":{"digit":"12"}}"#,
                member("dtmf.digit"),
            ),
            (
                r#"{"event":"dtmf","dtmf":{"digit":"E"}}"#,
                member("dtmf.digit"),
            ),
            (
                r#"{"event":"media","media":{"payload":"/"}}"#,
                ParseError::BadBase64,
            ),
            (
                r#"{"event":"media","media":{"payload":"////=A=="}}"#,
                ParseError::BadBase64,
            ),
            (
                r#"{"event":"media","media":{"payload":"////////////////////////"}}"#,
                ParseError::PayloadTooLong { room: 16 },
            ),
        ] {
            assert_eq!(event(message), Err(expected), "{message}");
        }
        let deep = format!(r#"{{"x":{}"#, "[".repeat(100_000));
        assert_eq!(event(&deep), Err(ParseError::NotJson));
    }
}
