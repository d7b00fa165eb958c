//! The voice thread's calls, by slot.

use super::line::Line;
use crate::fact::CallKey;
use crate::limits::TICK_PHASES;

/// A fixed number of places, each of them a call's or free. A call's key names its slot and the
/// occupant, so a fact about a call that has left finds nobody.
pub(super) struct Slots {
    lines: Box<[Option<Box<Line>>]>,
    taken: usize,
}

impl Slots {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            lines: (0..slots).map(|_| None).collect(),
            taken: 0,
        }
    }

    /// Gives a line the slot of its key.
    pub(super) fn install(&mut self, line: Box<Line>) {
        let slot = usize::from(line.key().slot);
        let before = self.lines[slot].replace(line);
        debug_assert!(before.is_none(), "a slot is given out only once it is free");
        self.taken += 1;
    }

    /// Empties a slot.
    pub(super) fn remove(&mut self, slot: usize) -> Option<Box<Line>> {
        let line = self.lines[slot].take()?;
        self.taken -= 1;
        Some(line)
    }

    pub(super) fn at(&mut self, slot: usize) -> Option<&mut Line> {
        self.lines.get_mut(slot)?.as_deref_mut()
    }

    /// The line of exactly this call.
    pub(super) fn of(&mut self, call: CallKey) -> Option<&mut Line> {
        self.at(usize::from(call.slot))
            .filter(|line| line.key() == call)
    }

    /// The slots of one phase of the tick.
    pub(super) fn in_phase(&self, phase: usize) -> impl Iterator<Item = usize> + use<> {
        (phase..self.lines.len()).step_by(TICK_PHASES)
    }

    pub(super) fn all(&self) -> std::ops::Range<usize> {
        0..self.lines.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken == 0
    }
}
