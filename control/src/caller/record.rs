//! What is kept of a call: everything that happened, in order, and both sides' audio.

use std::time::Duration;

use super::conduct::WhyHangUp;
use super::ear::{Noticed, Overlap, Turn};
use super::line::Line;
use crate::feed::{FeedEvent, FeedLine};
use dsp::Samples;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Happened {
    /// Since the stream's `start` was written; zero for what came before it.
    pub at: Duration,
    pub what: Happening,
}

#[derive(Clone, Debug)]
pub enum Happening {
    Dialling {
        from: String,
        to: String,
    },
    /// The media stream is open.
    StreamOpened {
        url: String,
    },
    /// The agent's live feed cannot be read; the script goes on by ear.
    NoFeed {
        reason: String,
    },
    Feed(FeedLine),
    /// The caller begins to say this, over the agent or not.
    Says {
        line: Line,
        interrupting: bool,
    },
    /// A line could not be spoken.
    Speechless {
        line: Line,
        reason: String,
    },
    Noticed(Noticed),
    /// A mark was sent back.
    Mark {
        name: String,
        cleared: bool,
    },
    /// `clear` was read; so much audio was thrown away unheard.
    Clear {
        dropped: Samples,
    },
    /// Something in the stream that Twilio would have logged an error or a warning for.
    Invalid {
        reason: String,
    },
    /// TwiML that came before or after the stream.
    SaidByNetwork {
        text: String,
    },
    Ended(Ending),
}

/// How a call ended, as its caller saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    CallerHungUp(WhyHangUp),
    /// The person at the keyboard hung up.
    KeyboardHungUp,
    AgentHungUp,
    /// The caller was put through to this number.
    Transferred {
        to: String,
    },
    /// The call lasted longer than it may.
    TimedOut,
    /// As the agent told it: nobody listened at the caller's side.
    Told {
        reason: String,
    },
    /// What followed the stream could not be read, or the caller's own side failed.
    Lost {
        reason: String,
    },
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CallerHungUp(why) => write!(f, "caller hung up: {why}"),
            Self::KeyboardHungUp => f.write_str("caller hung up"),
            Self::AgentHungUp => f.write_str("agent hung up"),
            Self::Transferred { to } => write!(f, "transferred to {to}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Told { reason } => f.write_str(reason),
            Self::Lost { reason } => write!(f, "lost: {reason}"),
        }
    }
}

/// A whole call.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// What to call it on a page.
    pub title: String,
    pub call_sid: String,
    pub from: String,
    pub to: String,
    pub happened: Vec<Happened>,
    /// What the caller said, in mu-law, from the first frame on.
    pub caller: Vec<u8>,
    /// What the caller heard, in mu-law, sample by sample beside `caller`.
    pub agent: Vec<u8>,
    pub turns: Vec<Turn>,
    pub overlaps: Vec<Overlap>,
    /// Clears that nobody's voice had asked for.
    pub clears_unasked: u32,
    pub ending: Ending,
}

impl CallRecord {
    /// Length of the media stream; without audio, up to the last thing that happened.
    #[must_use]
    pub fn length(&self) -> Duration {
        match self.caller.len() {
            0 => self.happened.iter().map(|h| h.at).max().unwrap_or_default(),
            samples => Duration::from_millis(Samples(samples as u64).as_ms()),
        }
    }

    /// Whether words were recognised or typed, as the agent said; absent without a feed.
    #[must_use]
    pub fn speech(&self) -> Option<&str> {
        self.happened.iter().find_map(|h| match &h.what {
            Happening::Feed(line) => match &line.what {
                FeedEvent::Started { speech } => Some(speech.as_str()),
                _ => None,
            },
            _ => None,
        })
    }
}
