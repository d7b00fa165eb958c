//! Which of the vendor's words are news: not those of audio whose words were given already, and not
//! the agent's.

use dsp::Samples;

use super::{Connection, Listening};
use crate::limits::STT_UNTIMED_WORDS;
use crate::wire::deepgram_stt::{Protocol, Words};

/// The part of the words that is news.
pub(super) struct Fresh {
    pub(super) text: String,
    pub(super) from: Samples,
    pub(super) until: Samples,
    /// So many were the agent's.
    pub(super) echoed: usize,
}

impl Listening {
    /// Leaves out what is no news in words about the audio up to `until`.
    pub(super) fn fresh(
        &self,
        words: &Words<'_>,
        connection: &Connection,
        until: Samples,
    ) -> Fresh {
        if words.words.is_empty() {
            return self.fresh_untimed(words, connection.protocol, until);
        }
        let place = |time| connection.timeline.position_of(time);
        let mut echoed = 0;
        let new: Vec<_> = words
            .words
            .iter()
            .filter(|word| {
                let (from, to) = (place(word.from), place(word.to));
                let middle = Samples(from.0.midpoint(to.0));
                let is_news = middle >= self.given;
                let after = middle + Samples(1);
                let in_echo = self.echoes.is_heard_at(middle, after);
                let is_echo = is_news && in_echo && self.echoes.hold(from, after);
                echoed += usize::from(is_echo);
                is_news && !is_echo
            })
            .collect();
        let text = if new.len() == words.words.len() {
            words.text.trim().to_owned()
        } else {
            let text: Vec<&str> = new.iter().map(|word| &*word.text).collect();
            text.join(" ")
        };
        Fresh {
            text,
            from: new.first().map_or(until, |word| place(word.from)),
            until: new.last().map_or(until, |word| place(word.to)),
            echoed,
        }
    }

    /// Without times of words: those that are new have just been said.
    fn fresh_untimed(&self, words: &Words<'_>, protocol: Protocol, until: Samples) -> Fresh {
        let from = until.saturating_sub(STT_UNTIMED_WORDS);
        let is_old = self.given > Samples::ZERO && until <= self.given;
        let text = words.text.trim();
        let text = match protocol {
            _ if is_old => "",
            Protocol::Listen => text,
            Protocol::Flux => after_words(text, self.known_of_vendor_turn),
        };
        // An echo that follows words of the caller's own is not told from these.
        let is_echo = self.heard.is_empty() && self.echoes.hold(from.max(self.given), until);
        let (text, echo) = if is_echo { ("", text) } else { (text, "") };
        Fresh {
            text: text.to_owned(),
            from: from.max(self.covered).min(until),
            until,
            echoed: echo.split_whitespace().count(),
        }
    }
}

/// The text without its first `count` words.
fn after_words(text: &str, count: usize) -> &str {
    let mut rest = text;
    for _ in 0..count {
        rest = rest.trim_start();
        rest = rest.find(char::is_whitespace).map_or("", |at| &rest[at..]);
    }
    rest.trim_start()
}
