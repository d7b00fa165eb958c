//! A caller who listens: what they do is due by what the agent does, and not by the clock.

use std::collections::VecDeque;

use super::script::{Act, Cue};

pub(super) struct Cues {
    left: VecDeque<(Cue, Act)>,
    /// When what the caller did last was over.
    over: u64,
    /// When the agent was heard first and last since then.
    heard: Option<(u64, u64)>,
}

impl Cues {
    pub(super) fn new(cues: &[(Cue, Act)]) -> Self {
        Self {
            left: cues.iter().cloned().collect(),
            over: 0,
            heard: None,
        }
    }

    pub(super) fn are_over(&self) -> bool {
        self.left.is_empty()
    }

    /// What the caller does now, in a period in which the agent sounds or not.
    pub(super) fn poll(&mut self, now: u64, sounds: bool) -> Option<(Cue, Act)> {
        if now < self.over {
            return None;
        }
        if sounds {
            self.heard = Some((self.heard.map_or(now, |(first, _)| first), now));
        }
        let due = match (self.left.front()?.0, self.heard) {
            (Cue::After(wait), Some((_, last))) => last + wait,
            (Cue::Into(wait), Some((first, _))) => first + wait,
            (Cue::Then(wait), _) => self.over + wait,
            (Cue::After(_) | Cue::Into(_), None) => return None,
        };
        if now < due {
            return None;
        }
        let (cue, act) = self.left.pop_front()?;
        self.over = now + act.length();
        self.heard = None;
        Some((cue, act))
    }
}
