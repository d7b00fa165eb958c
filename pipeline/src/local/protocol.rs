//! What we and a worker process say to each other, as bytes.
//!
//! A message is its length (four bytes, little-endian, itself not counted), a kind (one byte) and
//! its fields: numbers little-endian, texts and audio with their length before them. Pure: no I/O.

use bytes::Bytes;
use thiserror::Error;

use super::Voice;
use super::library::Missing;
use super::limits::MESSAGE_BYTES;
use crate::message::Expectation;

/// What a worker is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Synthesis,
    Recognition,
}

/// To a worker. It works on one request at a time; only `Cancel` may come in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// First and once: what to load. Empty paths mean the system's own places.
    Hello {
        role: Role,
        libraries: String,
        model: String,
    },
    Synthesise {
        id: u32,
        voice: Voice,
        text: String,
    },
    Recognise {
        id: u32,
        expectation: Expectation,
        mulaw: Bytes,
    },
    Cancel {
        id: u32,
    },
}

/// From a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Response {
    /// The libraries are there; grammars and models are being loaded.
    Loaded,
    /// Something is not on this machine; the worker ends.
    Missing(Missing),
    /// Requests are answered from now on.
    Ready,
    /// More audio of a synthesis.
    Audio { id: u32, mulaw: Bytes },
    /// A synthesis is complete, or was cancelled.
    Spoken { id: u32 },
    /// What a recognition read.
    Read {
        id: u32,
        grammar: Option<String>,
        lm: Option<String>,
    },
    /// A request could not be fulfilled; the worker goes on.
    Refused { id: u32, reason: String },
}

/// A peer that breaks the protocol is given up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum ProtocolError {
    #[error("a message of {bytes} bytes, more than {MESSAGE_BYTES}")]
    TooLarge { bytes: usize },
    #[error("a message of an unknown kind {kind:#04x}")]
    Kind { kind: u8 },
    #[error("a message whose {field} is cut off or malformed")]
    Malformed { field: &'static str },
}

/// Joins bytes to whole messages.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
}

impl Inbox {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message without its length, if it has come already.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, ProtocolError> {
        let Some(length) = self.bytes.first_chunk::<4>() else {
            return Ok(None);
        };
        let bytes = u32::from_le_bytes(*length) as usize;
        if bytes > MESSAGE_BYTES {
            return Err(ProtocolError::TooLarge { bytes });
        }
        if self.bytes.len() < 4 + bytes {
            return Ok(None);
        }
        let rest = self.bytes.split_off(4 + bytes);
        let message = std::mem::replace(&mut self.bytes, rest);
        Ok(Some(Bytes::from(message).slice(4..)))
    }
}

impl Request {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Hello {
                role,
                libraries,
                model,
            } => Writer::new(0x01)
                .byte(*role as u8)
                .text(libraries)
                .text(model)
                .finish(),
            Self::Synthesise { id, voice, text } => Writer::new(0x02)
                .number(*id)
                .byte(*voice as u8)
                .text(text)
                .finish(),
            Self::Recognise {
                id,
                expectation,
                mulaw,
            } => Writer::new(0x03)
                .number(*id)
                .byte(*expectation as u8)
                .blob(mulaw)
                .finish(),
            Self::Cancel { id } => Writer::new(0x04).number(*id).finish(),
        }
    }

    pub(super) fn parse(message: Bytes) -> Result<Self, ProtocolError> {
        let (kind, mut fields) = Reader::new(message)?;
        let request = match kind {
            0x01 => Self::Hello {
                role: fields.one_of("role", &[Role::Synthesis, Role::Recognition])?,
                libraries: fields.text("libraries")?,
                model: fields.text("model")?,
            },
            0x02 => Self::Synthesise {
                id: fields.number("id")?,
                voice: fields.one_of("voice", &Voice::ALL)?,
                text: fields.text("text")?,
            },
            0x03 => Self::Recognise {
                id: fields.number("id")?,
                expectation: fields.one_of("expectation", &Expectation::ALL)?,
                mulaw: fields.blob("mulaw")?,
            },
            0x04 => Self::Cancel {
                id: fields.number("id")?,
            },
            kind => return Err(ProtocolError::Kind { kind }),
        };
        fields.end()?;
        Ok(request)
    }
}

impl Response {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Loaded => Writer::new(0x81).finish(),
            Self::Missing(missing) => Writer::new(0x82)
                .text(&missing.what)
                .text(&missing.package)
                .text(&missing.reason)
                .finish(),
            Self::Ready => Writer::new(0x83).finish(),
            Self::Audio { id, mulaw } => Writer::new(0x84).number(*id).blob(mulaw).finish(),
            Self::Spoken { id } => Writer::new(0x85).number(*id).finish(),
            Self::Read { id, grammar, lm } => Writer::new(0x86)
                .number(*id)
                .optional(grammar.as_deref())
                .optional(lm.as_deref())
                .finish(),
            Self::Refused { id, reason } => Writer::new(0x87).number(*id).text(reason).finish(),
        }
    }

    pub(super) fn parse(message: Bytes) -> Result<Self, ProtocolError> {
        let (kind, mut fields) = Reader::new(message)?;
        let response = match kind {
            0x81 => Self::Loaded,
            0x82 => Self::Missing(Missing {
                what: fields.text("what")?,
                package: fields.text("package")?,
                reason: fields.text("reason")?,
            }),
            0x83 => Self::Ready,
            0x84 => Self::Audio {
                id: fields.number("id")?,
                mulaw: fields.blob("mulaw")?,
            },
            0x85 => Self::Spoken {
                id: fields.number("id")?,
            },
            0x86 => Self::Read {
                id: fields.number("id")?,
                grammar: fields.optional("grammar")?,
                lm: fields.optional("lm")?,
            },
            0x87 => Self::Refused {
                id: fields.number("id")?,
                reason: fields.text("reason")?,
            },
            kind => return Err(ProtocolError::Kind { kind }),
        };
        fields.end()?;
        Ok(response)
    }
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn new(kind: u8) -> Self {
        Self {
            bytes: vec![0, 0, 0, 0, kind],
        }
    }

    fn byte(mut self, byte: u8) -> Self {
        self.bytes.push(byte);
        self
    }

    fn number(mut self, number: u32) -> Self {
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self
    }

    fn blob(self, blob: &[u8]) -> Self {
        let length = u32::try_from(blob.len()).unwrap_or(u32::MAX);
        let mut writer = self.number(length);
        writer.bytes.extend_from_slice(blob);
        writer
    }

    fn text(self, text: &str) -> Self {
        self.blob(text.as_bytes())
    }

    fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.byte(1).text(text),
            None => self.byte(0),
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len() - 4).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_le_bytes());
        self.bytes
    }
}

struct Reader {
    rest: Bytes,
}

impl Reader {
    /// The kind of a message, and its fields.
    fn new(message: Bytes) -> Result<(u8, Self), ProtocolError> {
        let mut reader = Self { rest: message };
        let kind = reader.byte("kind")?;
        Ok((kind, reader))
    }

    fn take(&mut self, bytes: usize, field: &'static str) -> Result<Bytes, ProtocolError> {
        if self.rest.len() < bytes {
            return Err(ProtocolError::Malformed { field });
        }
        Ok(self.rest.split_to(bytes))
    }

    fn byte(&mut self, field: &'static str) -> Result<u8, ProtocolError> {
        let byte = self.take(1, field)?;
        byte.first()
            .copied()
            .ok_or(ProtocolError::Malformed { field })
    }

    fn number(&mut self, field: &'static str) -> Result<u32, ProtocolError> {
        let bytes = self.take(4, field)?;
        let bytes = bytes
            .first_chunk::<4>()
            .ok_or(ProtocolError::Malformed { field })?;
        Ok(u32::from_le_bytes(*bytes))
    }

    fn one_of<T: Copy>(&mut self, field: &'static str, all: &[T]) -> Result<T, ProtocolError> {
        let number = usize::from(self.byte(field)?);
        all.get(number)
            .copied()
            .ok_or(ProtocolError::Malformed { field })
    }

    fn blob(&mut self, field: &'static str) -> Result<Bytes, ProtocolError> {
        let bytes = self.number(field)? as usize;
        self.take(bytes, field)
    }

    fn text(&mut self, field: &'static str) -> Result<String, ProtocolError> {
        String::from_utf8(self.blob(field)?.to_vec())
            .map_err(|_| ProtocolError::Malformed { field })
    }

    fn optional(&mut self, field: &'static str) -> Result<Option<String>, ProtocolError> {
        match self.byte(field)? {
            0 => Ok(None),
            1 => self.text(field).map(Some),
            _ => Err(ProtocolError::Malformed { field }),
        }
    }

    fn end(self) -> Result<(), ProtocolError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(ProtocolError::Malformed { field: "end" })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request() -> impl Strategy<Value = Request> {
        let role = prop_oneof![Just(Role::Synthesis), Just(Role::Recognition)];
        prop_oneof![
            (role, ".*", ".*").prop_map(|(role, libraries, model)| Request::Hello {
                role,
                libraries,
                model,
            }),
            (any::<u32>(), prop::sample::select(&Voice::ALL[..]), ".*")
                .prop_map(|(id, voice, text)| Request::Synthesise { id, voice, text }),
            (
                any::<u32>(),
                prop::sample::select(&Expectation::ALL[..]),
                prop::collection::vec(any::<u8>(), 0..300),
            )
                .prop_map(|(id, expectation, mulaw)| Request::Recognise {
                    id,
                    expectation,
                    mulaw: mulaw.into(),
                }),
            any::<u32>().prop_map(|id| Request::Cancel { id }),
        ]
    }

    fn response() -> impl Strategy<Value = Response> {
        prop_oneof![
            Just(Response::Loaded),
            Just(Response::Ready),
            (".*", ".*", ".*").prop_map(|(what, package, reason)| {
                Response::Missing(Missing {
                    what,
                    package,
                    reason,
                })
            }),
            (any::<u32>(), prop::collection::vec(any::<u8>(), 0..300)).prop_map(|(id, mulaw)| {
                Response::Audio {
                    id,
                    mulaw: mulaw.into(),
                }
            }),
            any::<u32>().prop_map(|id| Response::Spoken { id }),
            (
                any::<u32>(),
                any::<Option<String>>(),
                any::<Option<String>>()
            )
                .prop_map(|(id, grammar, lm)| Response::Read { id, grammar, lm }),
            (any::<u32>(), ".*").prop_map(|(id, reason)| Response::Refused { id, reason }),
        ]
    }

    proptest! {
        #[test]
        fn every_request_arrives_as_it_was_sent_however_the_bytes_are_cut(
            requests in prop::collection::vec(request(), 1..5),
            size in 1_usize..50,
        ) {
            let sent: Vec<u8> = requests.iter().flat_map(Request::to_bytes).collect();
            let mut inbox = Inbox::default();
            let mut arrived = Vec::new();
            for piece in sent.chunks(size) {
                inbox.push(piece);
                while let Some(message) = inbox.next().expect("well-formed") {
                    arrived.push(Request::parse(message).expect("well-formed"));
                }
            }
            prop_assert_eq!(arrived, requests);
        }

        #[test]
        fn every_response_arrives_as_it_was_sent(response in response()) {
            let mut inbox = Inbox::default();
            inbox.push(&response.to_bytes());
            let message = inbox.next().expect("well-formed").expect("whole");
            prop_assert_eq!(Response::parse(message).expect("well-formed"), response);
        }

        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let bytes = Bytes::from(bytes);
            drop(Request::parse(bytes.clone()));
            drop(Response::parse(bytes));
        }
    }

    #[test]
    fn a_message_over_the_limit_is_refused_before_it_is_collected() {
        let mut inbox = Inbox::default();
        inbox.push(&u32::MAX.to_le_bytes());
        assert_eq!(
            inbox.next(),
            Err(ProtocolError::TooLarge {
                bytes: u32::MAX as usize
            })
        );
    }

    #[test]
    fn bytes_beyond_the_last_field_are_malformed() {
        let mut bytes = Request::Cancel { id: 7 }.to_bytes().split_off(4);
        bytes.push(0);
        assert_eq!(
            Request::parse(bytes.into()),
            Err(ProtocolError::Malformed { field: "end" })
        );
    }

    #[test]
    fn numbers_on_the_wire_follow_the_order_of_the_tables() {
        for (number, voice) in Voice::ALL.into_iter().enumerate() {
            assert_eq!(voice as usize, number);
        }
        for (number, expectation) in Expectation::ALL.into_iter().enumerate() {
            assert_eq!(expectation as usize, number);
        }
    }
}
