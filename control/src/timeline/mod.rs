//! The picture of a call: one self-contained HTML file, to be read without any server.
//!
//! Both waveforms as the caller's ear had them, voice activity, what was said, what of it was heard,
//! marks, barge-ins with their reaction, dialogue states, tools and each turn's waterfall, on one
//! time axis; and the recording to play along. Pure: records in, text out. Positions are written as
//! seconds and scaled by CSS, so that the page needs no script to be seen, only to zoom and play.
//!
//! Of a call that nobody listened to, [`logged`] makes a record from its event log, without sound.
//!
//! [`story`] finds what to show, `floor` who was to be heard, `draw` shows it, `envelope` draws sound, `html` escapes.

mod draw;
mod envelope;
mod floor;
mod html;
pub mod logged;
pub mod story;

use crate::caller::CallRecord;
use crate::events::Log;
use html::Html;
use story::Story;

/// One call of a page.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub record: &'a CallRecord,
    /// What was expected of it, where somebody checked.
    pub checks: Option<&'a [Check]>,
}

/// Something that should be true after a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub what: String,
    pub expected: String,
    pub found: String,
}

impl Check {
    #[must_use]
    pub fn passed(&self) -> bool {
        self.expected == self.found
    }
}

/// A whole page. `subtitle` says when and how the calls were made.
#[must_use]
pub fn page(title: &str, subtitle: &str, entries: &[Entry<'_>]) -> String {
    let stories: Vec<Story> = entries.iter().map(|e| Story::of(e.record)).collect();
    let mut html = Html::default();
    html.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
    html.text(title);
    html.raw("</title>\n<style>\n");
    html.raw(include_str!("page.css"));
    html.raw("</style></head><body>\n");
    draw::masthead(&mut html, title, subtitle, entries, &stories);
    for (number, (entry, story)) in entries.iter().zip(&stories).enumerate() {
        draw::call(&mut html, number, entry, story);
    }
    html.raw("<script>\n");
    html.raw(include_str!("page.js"));
    html.raw("</script>\n</body></html>\n");
    html.finish()
}

/// The page of one call, from its event log.
#[must_use]
pub fn page_of(log: &Log) -> String {
    let record = logged::record(log);
    let entry = Entry {
        record: &record,
        checks: None,
    };
    page("A call to Otto", &logged::subtitle(log), &[entry])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::caller::conduct::WhyHangUp;
    use crate::caller::{Ending, Happened, Happening};
    use crate::feed::{FeedEvent, FeedLine};

    pub(super) fn record(happened: Vec<(u64, Happening)>) -> CallRecord {
        CallRecord {
            title: "A <title> & more".into(),
            call_sid: "CA0".into(),
            from: "+12175550101".into(),
            to: "+12175550100".into(),
            happened: happened
                .into_iter()
                .map(|(ms, what)| Happened {
                    at: Duration::from_millis(ms),
                    what,
                })
                .collect(),
            caller: vec![0xFF; 8_000],
            agent: vec![0xFF; 8_000],
            turns: Vec::new(),
            overlaps: Vec::new(),
            clears_unasked: 0,
            ending: Ending::CallerHungUp(WhyHangUp::Done),
        }
    }

    pub(super) fn fed(t_ms: u64, what: FeedEvent) -> (u64, Happening) {
        let call_sid = "CA0".into();
        let line = FeedLine {
            call_sid,
            t_ms,
            what,
        };
        (t_ms, Happening::Feed(line))
    }

    #[test]
    fn nothing_a_peer_says_becomes_markup() {
        let nasty = "</script><script>alert(1)</script>\"'&";
        let record = record(vec![
            fed(
                0,
                FeedEvent::State {
                    state: nasty.into(),
                    expects: nasty.into(),
                },
            ),
            fed(
                10,
                FeedEvent::Agent {
                    utterance: 0,
                    text: nasty.into(),
                    question: nasty.into(),
                },
            ),
            fed(20, FeedEvent::AgentStarted { utterance: 0 }),
            fed(30, FeedEvent::ToolStarted { tool: nasty.into() }),
            (
                40,
                Happening::Mark {
                    name: nasty.into(),
                    cleared: false,
                },
            ),
        ]);
        let checks = [Check {
            what: nasty.into(),
            expected: nasty.into(),
            found: String::new(),
        }];
        let page = page(
            nasty,
            nasty,
            &[Entry {
                record: &record,
                checks: Some(&checks),
            }],
        );
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("</script").count(), 1);
        assert!(page.contains("A &lt;title&gt; &amp; more"));
    }

    #[test]
    fn a_page_asks_the_network_for_nothing() {
        let record = record(Vec::new());
        let page = page(
            "t",
            "s",
            &[Entry {
                record: &record,
                checks: None,
            }],
        );
        assert!(!page.contains("http://") && !page.contains("https://"));
        assert!(!page.contains(" src=") && !page.contains("@import"));
    }
}
