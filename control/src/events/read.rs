//! Reads a log.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::{FORMAT, Header, Line, What};
use crate::feed::{FeedEvent, FeedLine};
use crate::limits::MAX_EVENTS_FILE_BYTES;

/// A whole log.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    pub header: Header,
    /// The first is the second line of the file. The text is kept as it was written.
    pub lines: Vec<Written>,
}

/// A line, and how it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Counted from 1.
    pub number: usize,
    pub text: String,
    pub line: Line,
}

/// Nanoseconds of two days.
const LONGEST_CALL: u64 = 48 * 3_600 * 1_000_000_000;

/// Why a log cannot be read. Lines are counted from 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLog {
    #[error("the log is empty; the call had not begun when it was copied, or it is another file")]
    Empty,
    #[error("line 1: {why}; a log begins with a header: is this the log of a call?")]
    Header { why: String },
    #[error(
        "line 1: written in form {0}, and this program reads form {FORMAT}; use the program that wrote it"
    )]
    Format(u32),
    #[error("line {number}: {why}; remove what follows line {} to replay what came before", number - 1)]
    Line { number: usize, why: String },
    #[error("line {number}: {why}")]
    Order { number: usize, why: &'static str },
    #[error("cannot be read: {0}; name the event log of a call")]
    Unreadable(String),
    #[error(
        "more than {MAX_EVENTS_FILE_BYTES} bytes, which no log has; is this the log of a call?"
    )]
    TooLong,
}

/// Reads a file, whatever it is.
///
/// # Errors
/// [`BadLog`] names the line and the remedy.
pub fn open(path: &Path) -> Result<Log, BadLog> {
    let unreadable = |why: io::Error| BadLog::Unreadable(why.to_string());
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let most = MAX_EVENTS_FILE_BYTES + 1;
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Log::parse(&String::from_utf8_lossy(&bytes))
}

impl Log {
    /// Reads the text of a log.
    ///
    /// # Errors
    /// [`BadLog`] names the line and the remedy.
    pub fn parse(text: &str) -> Result<Self, BadLog> {
        if text.len() as u64 > MAX_EVENTS_FILE_BYTES {
            return Err(BadLog::TooLong);
        }
        let mut numbered = (1..).zip(text.lines());
        let (_, first) = numbered.next().ok_or(BadLog::Empty)?;
        let bad = |error: serde_json::Error| BadLog::Header {
            why: error.to_string(),
        };
        let format: Format = serde_json::from_str(first).map_err(bad)?;
        if format.format != FORMAT {
            return Err(BadLog::Format(format.format));
        }
        let header = serde_json::from_str(first).map_err(bad)?;
        let mut lines: Vec<Written> = Vec::new();
        let mut numbered = numbered.peekable();
        while let Some((number, written)) = numbered.next() {
            let line: Line = match serde_json::from_str(written) {
                Ok(line) => line,
                // It was being written when its program was killed.
                Err(_) if numbered.peek().is_none() && !text.ends_with('\n') => break,
                Err(error) => {
                    let why = error.to_string();
                    return Err(BadLog::Line { number, why });
                }
            };
            if lines.last().is_some_and(|last| line.t < last.line.t) {
                return Err(BadLog::Order {
                    number,
                    why: "it happened before the line above it; the lines were reordered",
                });
            }
            if line.t.unsigned_abs() > LONGEST_CALL {
                return Err(BadLog::Order {
                    number,
                    why: "it happened days from the beginning, and no call lasts so long",
                });
            }
            lines.push(Written {
                number,
                text: written.to_owned(),
                line,
            });
        }
        Ok(Self { header, lines })
    }

    /// Whether there is no end of the call in it.
    #[must_use]
    pub fn breaks_off(&self) -> bool {
        let ended =
            |written: &Written| matches!(written.line.what, What::Fact(FeedEvent::Ended { .. }));
        !self.lines.last().is_some_and(ended)
    }

    /// What the call's feed told, as it was told.
    pub fn feed(&self) -> impl Iterator<Item = FeedLine> {
        let told = self.lines.iter().filter_map(|written| {
            let what = match &written.line.what {
                What::Fact(what) => what.clone(),
                What::Out(out) => {
                    let published = out.get("publish")?;
                    serde_json::from_value::<FeedEvent>(published.clone()).ok()?
                }
                What::In(_) | What::InMasked(_) => return None,
            };
            Some((written.line.t, what))
        });
        told.map(|(t, what)| FeedLine {
            call_sid: self.header.call.clone(),
            t_ms: u64::try_from(t / 1_000_000).unwrap_or(0),
            what,
        })
    }
}

/// What any form of a log begins with.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}
