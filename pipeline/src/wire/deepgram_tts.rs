//! Deepgram text to speech over a WebSocket: the JSON messages of one connection.
//!
//! We send [`speak`] (words to synthesise), [`FLUSH`] (synthesise them now), [`CLEAR`] (forget
//! them) and [`CLOSE`]. Audio comes back as binary messages of any size, without a header; text
//! messages say what became of it: `Flushed` once all audio of a flush was sent, `Cleared` once
//! all audio from before a clear was, `Warning` and `Error`. Voice and format are fixed by the
//! connection's [`query`].
//!
//! The source is Deepgram's "Streaming TTS", "Flush", "Clear" and "Media Output Settings". A
//! warning's members are named otherwise in the specification than by the live service; both are
//! read. Members and messages that we do not know are ignored.

mod check;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Deserialize;

#[doc(hidden)]
pub use check::check_any_message;

/// All words so far are to be synthesised now. Answered by audio and one `Flushed`.
pub const FLUSH: &str = r#"{"type":"Flush"}"#;

/// Words and audio that were not sent yet are to be forgotten. Answered by one `Cleared`; audio
/// before it belongs to what was forgotten.
pub const CLEAR: &str = r#"{"type":"Clear"}"#;

/// The connection is over.
pub const CLOSE: &str = r#"{"type":"Close"}"#;

/// The warning that says that a flush was one too many: it is not followed by a `Flushed`.
pub const EXCESSIVE_FLUSH: &str = "EXCESSIVE_FLUSH";

/// The message that has these words spoken. A space is put behind them: the vendor would otherwise
/// glue them to the next ones.
#[must_use]
pub fn speak(text: &str) -> String {
    #[derive(serde::Serialize)]
    struct Speak<'a> {
        r#type: &'static str,
        text: Spaced<'a>,
    }
    struct Spaced<'a>(&'a str);
    impl serde::Serialize for Spaced<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("{} ", self.0))
        }
    }
    let message = Speak {
        r#type: "Speak",
        text: Spaced(text.trim_end()),
    };
    serde_json::to_string(&message).expect("invariant: strings are JSON")
}

/// The query of a connection, and of a plain request: the voice, in what a telephone line carries.
/// Without `container=none` a plain request is answered by a WAV file, whose header is a click.
#[must_use]
pub fn query(model: &str) -> String {
    let mut query = String::from("model=");
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            query.push(char::from(byte));
        } else {
            let _ = write!(query, "%{byte:02X}");
        }
    }
    query.push_str("&encoding=mulaw&sample_rate=8000&container=none");
    query
}

/// A text message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice<'m> {
    /// Which voice speaks: sent once, after the connection was made.
    Metadata,
    /// All audio of the oldest unanswered flush was sent.
    Flushed,
    /// All audio from before the oldest unanswered clear was sent.
    Cleared,
    /// Something was not done, and the connection goes on.
    Warning { code: Cow<'m, str> },
    /// Something failed.
    Error { code: Cow<'m, str> },
    /// A type we do not know.
    Unknown,
}

/// The message is not what the protocol allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object with a type")]
pub struct NotANotice;

/// Reads a text message. Copies nothing unless a code has escapes.
///
/// # Errors
/// [`NotANotice`] where it is no JSON object with a `type`.
///
/// # Examples
/// ```
/// use pipeline::wire::deepgram_tts::{Notice, parse};
///
/// assert_eq!(parse(r#"{"type":"Flushed","sequence_id":0}"#), Ok(Notice::Flushed));
/// ```
pub fn parse(message: &str) -> Result<Notice<'_>, NotANotice> {
    // serde would also take an array for a structure, member by member.
    if !message.trim_ascii_start().starts_with('{') {
        return Err(NotANotice);
    }
    let head: Head<'_> = serde_json::from_str(message).map_err(|_| NotANotice)?;
    Ok(match &*head.kind.0 {
        "Metadata" => Notice::Metadata,
        "Flushed" => Notice::Flushed,
        "Cleared" => Notice::Cleared,
        "Warning" => Notice::Warning {
            code: code(message),
        },
        "Error" => Notice::Error {
            code: code(message),
        },
        _ => Notice::Unknown,
    })
}

/// The code of a warning or an error, by whichever name; empty where there is none.
fn code(message: &str) -> Cow<'_, str> {
    let codes: Codes<'_> = serde_json::from_str(message).unwrap_or_default();
    let code = codes.code.or(codes.warn_code).or(codes.err_code);
    code.map(|code| code.0).unwrap_or_default()
}

#[derive(Deserialize)]
struct Head<'m> {
    #[serde(borrow, rename = "type")]
    kind: Text<'m>,
}

#[derive(Default, Deserialize)]
struct Codes<'m> {
    #[serde(borrow)]
    code: Option<Text<'m>>,
    #[serde(borrow)]
    warn_code: Option<Text<'m>>,
    #[serde(borrow)]
    err_code: Option<Text<'m>>,
}

/// A string, borrowed unless it has escapes. (An `Option<Cow>` by itself would always be copied.)
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'m>(#[serde(borrow)] Cow<'m, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_spoken_as_they_are_with_a_space_behind_them() {
        assert_eq!(
            speak("He said \"half\nan hour\", \u{e9}."),
            r#"{"type":"Speak","text":"He said \"half\nan hour\", é. "}"#
        );
        assert_eq!(speak("One,  "), r#"{"type":"Speak","text":"One, "}"#);
    }

    #[test]
    fn the_query_asks_for_the_line_s_format_without_a_header() {
        assert_eq!(
            query("aura-2-asteria-en"),
            "model=aura-2-asteria-en&encoding=mulaw&sample_rate=8000&container=none"
        );
        assert!(query("a&b=\u{e9}").starts_with("model=a%26b%3D%C3%A9&"));
    }

    #[test]
    fn a_warning_s_code_is_read_by_either_name() {
        let expected = Ok(Notice::Warning {
            code: "EXCESSIVE_FLUSH".into(),
        });
        for warning in [
            r#"{"type":"Warning","code":"EXCESSIVE_FLUSH","description":"slow down"}"#,
            r#"{"type":"Warning","warn_code":"EXCESSIVE_FLUSH","warn_msg":"slow down"}"#,
        ] {
            assert_eq!(parse(warning), expected, "{warning}");
        }
        assert_eq!(
            parse(r#"{"code":7,"type":"Warning"}"#),
            Ok(Notice::Warning { code: "".into() })
        );
        assert_eq!(
            parse(r#"{"type":"Error","err_code":"NET-0001","err_msg":"x"}"#),
            Ok(Notice::Error {
                code: "NET-0001".into()
            })
        );
    }

    #[test]
    fn what_is_unknown_is_ignored_and_what_is_no_notice_is_an_error() {
        assert_eq!(
            parse(r#"{"type":"Metadata","request_id":"r","model_name":"m","extra":[1]}"#),
            Ok(Notice::Metadata)
        );
        assert_eq!(parse(r#"{"type":"News"}"#), Ok(Notice::Unknown));
        for garbage in ["", "ok", "[]", r#"["Flushed"]"#, "{}", r#"{"type":1}"#, "{"] {
            assert_eq!(parse(garbage), Err(NotANotice), "{garbage}");
        }
    }
}
