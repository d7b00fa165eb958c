//! What the agent is saying, clause by clause, and how much of it was heard.

use dsp::Samples;
use pipeline::message::UtteranceId;

use crate::dialogue::{Question, heard};

/// Utterances handed to the data plane and not yet heard to their end, oldest first.
#[derive(Debug, Default)]
pub(super) struct Speaking {
    outstanding: Vec<Utterance>,
    next: u32,
}

/// One thing the agent says.
#[derive(Debug)]
pub(super) struct Utterance {
    pub(super) id: UtteranceId,
    pub(super) text: String,
    pub(super) question: Question,
    /// Its line of the transcript.
    pub(super) line: usize,
    pub(super) started: bool,
    /// More clauses are to come.
    grows: bool,
    /// How often these words were lost before.
    pub(super) lost: u32,
    clauses: Vec<Clause>,
    heard: Samples,
}

#[derive(Debug)]
struct Clause {
    text: String,
    /// Known once it is synthesised.
    length: Option<Samples>,
}

impl Speaking {
    /// Begins an utterance; its clauses follow.
    pub(super) fn begin(&mut self, question: Question, line: usize, lost: u32) -> UtteranceId {
        let id = UtteranceId(self.next);
        self.next += 1;
        self.outstanding.push(Utterance {
            id,
            text: String::new(),
            question,
            line,
            started: false,
            grows: true,
            lost,
            clauses: Vec::new(),
            heard: Samples::ZERO,
        });
        id
    }

    /// The utterance that more clauses are to come of.
    pub(super) fn growing(&self) -> Option<UtteranceId> {
        let growing = self.outstanding.iter().rev().find(|u| u.grows);
        growing.map(|u| u.id)
    }

    /// Nothing is left to be heard.
    pub(super) fn is_silent(&self) -> bool {
        self.outstanding.is_empty()
    }

    /// The caller hears an utterance that more clauses are to come of.
    pub(super) fn goes_on(&self) -> bool {
        self.outstanding.iter().any(|u| u.started && u.grows)
    }

    pub(super) fn get_mut(&mut self, id: UtteranceId) -> Option<&mut Utterance> {
        self.outstanding.iter_mut().find(|u| u.id == id)
    }

    /// The utterance that should be heard now.
    pub(super) fn first(&self) -> Option<&Utterance> {
        self.outstanding.first()
    }

    /// Takes out an utterance that is over, one way or another.
    pub(super) fn remove(&mut self, id: UtteranceId) -> Option<Utterance> {
        let at = self.outstanding.iter().position(|u| u.id == id)?;
        Some(self.outstanding.remove(at))
    }

    /// Takes out everything, oldest first.
    pub(super) fn remove_all(&mut self) -> Vec<Utterance> {
        std::mem::take(&mut self.outstanding)
    }
}

impl Utterance {
    /// The next clause. One without words only closes the utterance, where it is the `last`.
    pub(super) fn push(&mut self, clause: &str, last: bool) {
        self.grows = !last;
        if clause.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(clause);
        self.clauses.push(Clause {
            text: clause.to_owned(),
            length: None,
        });
    }

    /// The length of a clause is known.
    pub(super) fn synthesised(&mut self, clause: u32, length: Samples) {
        let clause = usize::try_from(clause).unwrap_or(usize::MAX);
        if let Some(clause) = self.clauses.get_mut(clause) {
            clause.length = Some(length);
        }
    }

    /// So much of it was heard by now.
    pub(super) fn heard_up_to(&mut self, heard: Samples) {
        self.heard = self.heard.max(heard);
    }

    /// The words that came across.
    pub(super) fn heard_text(&self) -> String {
        // A clause still being made has no length yet: assume a usual speed of speech.
        let guess = |text: &str| Samples(text.chars().count() as u64 * SAMPLES_PER_LETTER);
        let known: Vec<(&str, Samples)> = self
            .clauses
            .iter()
            .map(|c| (c.text.as_str(), c.length.unwrap_or_else(|| guess(&c.text))))
            .collect();
        heard::heard_text(&known, self.heard)
    }
}

/// About 15 letters a second at 8 kHz.
const SAMPLES_PER_LETTER: u64 = 533;
