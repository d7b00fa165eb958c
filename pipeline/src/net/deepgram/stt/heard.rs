//! The words of a turn, as they come in.

use dsp::Samples;

use crate::limits::STT_TURN_TEXT_BYTES;

/// Words that were heard and not given yet.
#[derive(Debug, Default)]
pub(super) struct Heard {
    finals: String,
    /// Later words, which may still change.
    interim: String,
    /// Where the first word begins.
    from: Option<Samples>,
    /// Where the last word ends.
    until: Samples,
}

impl Heard {
    /// Words that take the place of all interim ones. Empty ones change nothing: an interim that
    /// no final follows is kept, for it may be all there is of a turn.
    pub(super) fn add_final(&mut self, text: &str, from: Samples, until: Samples) {
        if text.is_empty() {
            return;
        }
        if self.finals.len() + text.len() < STT_TURN_TEXT_BYTES {
            join(&mut self.finals, text);
        }
        self.interim.clear();
        self.note(from, until);
    }

    /// Words that may change, after the final ones. False where they are no news.
    pub(super) fn set_interim(&mut self, text: &str, from: Samples, until: Samples) -> bool {
        if text.is_empty() || text.len() > STT_TURN_TEXT_BYTES || self.interim == text {
            return false;
        }
        text.clone_into(&mut self.interim);
        self.note(from, until);
        true
    }

    /// What might have changed will not.
    pub(super) fn keep_interim(&mut self) {
        join(&mut self.finals, &std::mem::take(&mut self.interim));
    }

    /// What might have changed is not there any more.
    pub(super) fn drop_interim(&mut self) {
        self.interim.clear();
        if self.finals.is_empty() {
            self.clear();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.finals.is_empty() && self.interim.is_empty()
    }

    /// Whether there are words, and none of them may change.
    pub(super) fn is_settled(&self) -> bool {
        !self.finals.is_empty() && self.interim.is_empty()
    }

    /// All words so far.
    pub(super) fn text(&self) -> String {
        let mut text = self.finals.clone();
        join(&mut text, &self.interim);
        text
    }

    /// Where the first word begins.
    pub(super) fn from(&self) -> Option<Samples> {
        self.from
    }

    /// Where the last word ends.
    pub(super) fn until(&self) -> Samples {
        self.until
    }

    pub(super) fn interim(&self) -> &str {
        &self.interim
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn note(&mut self, from: Samples, until: Samples) {
        self.from.get_or_insert(from);
        self.until = self.until.max(until);
    }
}

fn join(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push(' ');
    }
    text.push_str(more);
}
