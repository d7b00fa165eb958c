//! What a pass came to.

use std::collections::BTreeMap;
use std::fmt;

use storage::reminder::{Kind, Reminder, ReminderId};

/// What became of one row. Nothing in it is personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub reminder: ReminderId,
    pub kind: Kind,
    pub what: What,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A call is being placed.
    Called,
    /// A text message is on its way.
    Texted,
    /// Found out what became of an earlier attempt.
    Found,
    /// It is looked at again later.
    Waits,
    Skipped,
    /// It stays as it is, for a process that may do it.
    Left,
    /// The network did not do it, for sure.
    Refused,
    /// Whether the network did it is not known yet.
    InDoubt,
    /// It will never be known.
    Unknown,
    /// Another runner has it, or the appointment has changed.
    Lost,
}

/// How often each came about.
#[derive(Clone, Debug, Default)]
pub struct Report(BTreeMap<(What, &'static str, String), usize>);

impl Told {
    pub(super) fn new(reminder: &Reminder, what: What, why: impl Into<String>) -> Self {
        Self {
            reminder: reminder.id,
            kind: reminder.kind,
            what,
            why: why.into(),
        }
    }
}

impl What {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Called => "called",
            Self::Texted => "texted",
            Self::Found => "found out",
            Self::Waits => "waits",
            Self::Skipped => "skipped",
            Self::Left => "left open",
            Self::Refused => "refused",
            Self::InDoubt => "in doubt",
            Self::Unknown => "unknown",
            Self::Lost => "somebody else's",
        }
    }
}

/// As people call it.
#[must_use]
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Voice => "call",
        Kind::Sms => "text reminder",
        Kind::Confirmation => "confirmation",
        Kind::FollowUp => "follow-up",
    }
}

impl Report {
    pub(super) fn add(&mut self, told: &Told) {
        let key = (told.what, kind(told.kind), told.why.clone());
        *self.0.entry(key).or_default() += 1;
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing was done.
    #[must_use]
    pub fn only_leaves(&self) -> bool {
        self.0.keys().all(|(what, _, _)| *what == What::Left)
    }

    /// What, of which kind, why, and how often.
    pub fn lines(&self) -> impl Iterator<Item = (What, &'static str, &str, usize)> {
        let lines = self.0.iter();
        lines.map(|((what, kind, why), count)| (*what, *kind, why.as_str(), *count))
    }

    /// How often this came about.
    #[must_use]
    pub fn count(&self, what: What) -> usize {
        let mine = self.0.iter().filter(|((found, _, _), _)| *found == what);
        mine.map(|(_, count)| count).sum()
    }
}

/// `2 called, 5 skipped`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sums: BTreeMap<What, usize> = BTreeMap::new();
        for ((what, _, _), count) in &self.0 {
            *sums.entry(*what).or_default() += count;
        }
        let words: Vec<String> = sums
            .iter()
            .map(|(what, count)| format!("{count} {}", what.word()))
            .collect();
        f.write_str(&words.join(", "))
    }
}
