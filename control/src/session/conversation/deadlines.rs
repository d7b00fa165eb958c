//! What is due when. Each deadline names its reason.

use std::time::Duration;

use pipeline::Mono;

/// Why something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nobody has spoken for too long.
    Silence,
    /// The caller has waited for long enough to be told so.
    Slow,
    /// Something sounds on and on, and no words come of it.
    Talk,
    /// The words of the caller's turn should be here.
    Words,
    /// What is being said should have been heard, or made progress.
    Playout,
}

const ALL: [Due; 5] = [Due::Silence, Due::Slow, Due::Talk, Due::Words, Due::Playout];

/// At most one deadline of each kind.
#[derive(Debug, Default)]
pub(super) struct Deadlines([Option<Mono>; ALL.len()]);

impl Deadlines {
    /// While `applies` holds, the deadline is `span` after it began to hold.
    pub(super) fn keep(&mut self, due: Due, applies: bool, now: Mono, span: Duration) {
        let slot = &mut self.0[due as usize];
        match (applies, *slot) {
            (false, _) => *slot = None,
            (true, None) => *slot = Some(now.plus(span)),
            (true, Some(_)) => {}
        }
    }

    pub(super) fn cancel(&mut self, due: Due) {
        self.0[due as usize] = None;
    }

    /// The earliest.
    pub(super) fn next(&self) -> Option<Mono> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes out one that is due.
    pub(super) fn take_due(&mut self, now: Mono) -> Option<Due> {
        let due = ALL
            .into_iter()
            .find(|due| self.0[*due as usize].is_some_and(|at| at <= now))?;
        self.cancel(due);
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_runs_from_when_its_reason_began() {
        let second = Duration::from_secs(1);
        let at = Mono::from_millis;
        let mut deadlines = Deadlines::default();
        deadlines.keep(Due::Silence, true, at(0), second);
        deadlines.keep(Due::Silence, true, at(900), second);
        assert_eq!(deadlines.next(), Some(at(1_000)));
        deadlines.keep(Due::Silence, false, at(950), second);
        assert_eq!(deadlines.take_due(at(2_000)), None);
        deadlines.keep(Due::Silence, true, at(2_000), second);
        assert_eq!(deadlines.take_due(at(2_999)), None);
        assert_eq!(deadlines.take_due(at(3_000)), Some(Due::Silence));
        assert_eq!(deadlines.next(), None);
    }
}
