//! Which of the vendor's words are news: not those of audio whose words were given already.

use dsp::Samples;

use super::super::replay::Timeline;
use crate::wire::deepgram_stt::Words;

/// The part of the words that is news.
pub(super) struct Fresh {
    pub(super) text: String,
    pub(super) from: Option<Samples>,
    pub(super) until: Option<Samples>,
}

/// Leaves out what belongs to audio whose words were given.
pub(super) fn fresh(
    words: &Words<'_>,
    timeline: &Timeline,
    given: Samples,
    until: Samples,
) -> Fresh {
    let place = |time| timeline.position_of(time);
    let is_old = |from: Samples, to: Samples| {
        let middle = (place(from).0).midpoint(place(to).0);
        middle < given.0
    };
    let first = words.words.first();
    let from = first.map(|word| place(word.from));
    let last = words.words.last().map(|word| place(word.to));
    let has_old = match first {
        Some(first) => is_old(first.from, first.to),
        None => given > Samples::ZERO && until <= given,
    };
    if !has_old {
        return Fresh {
            text: words.text.trim().to_owned(),
            from,
            until: last,
        };
    }
    let new: Vec<_> = words
        .words
        .iter()
        .filter(|word| !is_old(word.from, word.to))
        .collect();
    let text: Vec<&str> = new.iter().map(|word| &*word.text).collect();
    Fresh {
        text: text.join(" "),
        from: new.first().map(|word| place(word.from)),
        until: last,
    }
}

/// The text without its first `count` words.
pub(super) fn after_words(text: &str, count: usize) -> &str {
    let mut rest = text;
    for _ in 0..count {
        rest = rest.trim_start();
        rest = rest.find(char::is_whitespace).map_or("", |at| &rest[at..]);
    }
    rest.trim_start()
}
