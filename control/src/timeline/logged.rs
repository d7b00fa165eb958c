//! A call as its event log tells it: without audio, and without what only its caller knows.

use std::time::Duration;

use crate::caller::line::Line;
use crate::caller::{CallRecord, Ending, Happened, Happening};
use crate::events::Log;
use crate::feed::FeedEvent;

/// The record of a call, for a page.
#[must_use]
pub fn record(log: &Log) -> CallRecord {
    let mut happened = Vec::new();
    let mut began_to_speak = None;
    let mut over_agent = false;
    let mut ending = "the log ends before the call does".to_owned();
    for line in log.feed() {
        let at = Duration::from_millis(line.t_ms);
        match &line.what {
            FeedEvent::CallerSpeech { speaking: true } => began_to_speak = Some(at),
            FeedEvent::Ducked { .. } => over_agent = true,
            FeedEvent::Caller { text, .. } => {
                let said = Happening::Says {
                    line: Line::Speech(text.clone()),
                    interrupting: over_agent,
                };
                let at = began_to_speak.take().unwrap_or(at);
                happened.push(Happened { at, what: said });
                over_agent = false;
            }
            FeedEvent::Ended { reason, .. } => reason.clone_into(&mut ending),
            _ => {}
        }
        let what = Happening::Feed(line);
        happened.push(Happened { at, what });
    }
    CallRecord {
        title: format!("Call {}", log.header.call),
        call_sid: log.header.call.clone(),
        from: "a caller".to_owned(),
        to: log.header.location.clone(),
        happened,
        caller: Vec::new(),
        agent: Vec::new(),
        turns: Vec::new(),
        overlaps: Vec::new(),
        clears_unasked: 0,
        ending: Ending::Told { reason: ending },
    }
}

/// When it was, and what is known of how.
#[must_use]
pub fn subtitle(log: &Log) -> String {
    let header = &log.header;
    let masked = if header.masked {
        " · personal data left out"
    } else {
        ""
    };
    format!(
        "drawn from the event log of {} · otto {}{masked}",
        header.began, header.program
    )
}
