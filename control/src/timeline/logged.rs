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

#[cfg(test)]
mod tests {
    use super::super::page_of;
    use super::*;

    /// A caller coughs over the agent, and interrupts it later.
    const LOG: &str = r#"{"format":1,"program":"0.1.0","call":"CA1","began":"2026-11-23T15:00:00Z","mono_ns":7,"location":"main","locations":"","led_by":"rules","typed":true,"masked":true}
{"t":0,"out":{"publish":{"event":"agent","utterance":0,"text":"How can I help you today?","question":"help"}}}
{"t":100000000,"out":{"publish":{"event":"agent_started","utterance":0}}}
{"t":600000000,"out":{"publish":{"event":"ducked","utterance":0,"reaction_ms":20.0}}}
{"t":900000000,"out":{"publish":{"event":"resumed","utterance":0,"silent_ms":300.0}}}
{"t":1500000000,"out":{"publish":{"event":"ducked","utterance":0,"reaction_ms":20.0}}}
{"t":1500000000,"out":{"publish":{"event":"caller_speech","speaking":true}}}
{"t":1800000000,"out":{"publish":{"event":"barge_in","utterance":0,"heard":"How can","reaction_ms":20.0}}}
{"t":2500000000,"out":{"publish":{"event":"caller","text":"an oil change","second_opinion":null,"typed":true}}}
{"t":3000000000,"fact":{"event":"ended","outcome":"abandoned","reason":"the caller hung up","duration_ms":3000}}"#;

    #[test]
    fn a_page_of_a_log_shows_duck_resume_and_commit_and_has_no_sound() {
        let log = Log::parse(LOG).expect("a log");
        let page = page_of(&log);
        for shown in [
            "duck, resume: silent for 300 ms",
            "duck, commit: silent for 300 ms",
            "an oil change",
            "the caller hung up",
            "personal data left out",
        ] {
            assert!(page.contains(shown), "{shown}");
        }
        assert!(!page.contains("class=\"play\"") && !page.contains("class=\"audio\""));
    }

    #[test]
    fn what_was_said_over_the_agent_begins_where_the_voice_did() {
        let record = record(&Log::parse(LOG).expect("a log"));
        let said = record.happened.iter().find_map(|h| match &h.what {
            Happening::Says { interrupting, .. } => Some((h.at, *interrupting)),
            _ => None,
        });
        assert_eq!(said, Some((Duration::from_millis(1_500), true)));
        assert_eq!(record.length(), Duration::from_secs(3));
    }
}
