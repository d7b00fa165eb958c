//! Deepgram's speech to text: the messages of its two protocols, v1 (`/v1/listen`) and Flux
//! (`/v2/listen`), read into one form; what we say to it; and the query that opens a connection.
//!
//! Members and types that we do not know are ignored, and so are nulls. Times are seconds of the
//! audio that one connection was given, and become [`Samples`] here.

mod check;
mod flux;
mod listen;
mod query;

use std::borrow::Cow;

use dsp::{LINE_RATE_HZ, Samples};
use serde::Deserialize;

pub use check::check_any_message;
pub use query::{ListenQuery, Protocol};

/// What the recogniser says. Positions count the audio of its connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<'a> {
    Words(Words<'a>),
    /// So long after the last word that the caller has surely ended (v1).
    UtteranceEnd {
        last_word_end: Option<Samples>,
    },
    /// It says that it failed. Flux closes after it.
    Failed {
        what: Cow<'a, str>,
    },
    /// News that need no answer: a greeting, metadata, a voice that is perhaps none.
    Other,
}

/// Words of a stretch of audio, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words<'a> {
    pub text: Cow<'a, str>,
    /// Where the stretch ends, if it is told.
    pub until: Option<Samples>,
    /// They will not change, and later words belong to later audio.
    pub is_final: bool,
    /// The recogniser found the caller's speech, or turn, to be over.
    pub endpoint: bool,
    /// The answer to our wish that it finish.
    pub from_finalize: bool,
    /// What the recogniser thinks of the turn, where it says so before its end (Flux).
    pub guess: Option<Guess>,
    /// Each word's place, where it is told (v1).
    pub words: Vec<Word<'a>>,
}

/// What a recogniser that finds the ends of turns thinks of one that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// It may be over.
    Over,
    /// It was not.
    GoesOn,
}

/// One word, as it is to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Word<'a> {
    pub text: Cow<'a, str>,
    pub from: Samples,
    pub to: Samples,
}

/// Not a message of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of the recogniser's protocol")]
pub struct Garbage;

/// Reads one text message.
///
/// # Errors
/// [`Garbage`] where it is no JSON object, or a member that we need has another type.
pub fn parse(protocol: Protocol, message: &str) -> Result<Message<'_>, Garbage> {
    match protocol {
        Protocol::Listen => listen::parse(message),
        Protocol::Flux => flux::parse(message),
    }
}

/// Keeps a quiet v1 connection open. Text: as binary it would be audio.
pub const KEEP_ALIVE: &str = r#"{"type":"KeepAlive"}"#;

/// The end of a connection: what is still to be said, is said.
pub const CLOSE_STREAM: &str = r#"{"type":"CloseStream"}"#;

/// Asks for final words of all audio so far. Often, not always, answered.
#[must_use]
pub const fn finalize(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Listen => r#"{"type":"Finalize"}"#,
        Protocol::Flux => r#"{"type":"ForceEndTurn"}"#,
    }
}

/// Reads only which message it is.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

fn kind(message: &str) -> Result<Cow<'_, str>, Garbage> {
    let kind: Kind<'_> = serde_json::from_str(message).map_err(|_| Garbage)?;
    Ok(text(kind.kind))
}

/// A string that may be absent, and is borrowed where it can be: serde borrows a `Cow` itself, not
/// one within an option.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn text(text: Option<Text<'_>>) -> Cow<'_, str> {
    text.map_or(Cow::Borrowed(""), |text| text.0)
}

/// An `Error` message of either protocol.
#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(borrow)]
    code: Option<Text<'a>>,
    #[serde(borrow)]
    variant: Option<Text<'a>>,
}

/// Names the failure by its code alone: descriptions may quote what was said.
fn failed(message: &str) -> Result<Message<'_>, Garbage> {
    let failure: Failure<'_> = serde_json::from_str(message).map_err(|_| Garbage)?;
    let what = text(failure.code.or(failure.variant));
    Ok(Message::Failed { what })
}

/// Seconds of a connection's audio. Negative or absurd ones are cut to what a number can hold.
fn samples(seconds: f64) -> Samples {
    Samples((seconds * f64::from(LINE_RATE_HZ)).round() as u64)
}
