//! Who gives way first: questions that are asked ahead of a turn's end, while the model or this node
//! has its hands full. Whoever waits for an answer needs the room. Pure.

use crate::limits::{AHEAD_CALLS_PERCENT, AHEAD_REST, AHEAD_UNDER_WAY};
use crate::llm::Strain;

/// How much there is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// On this node now.
    pub(super) calls: usize,
    /// That it takes.
    pub(super) calls_at_most: usize,
    pub(super) model: Strain,
}

impl Load {
    /// Whether there is room for a question that may be in vain.
    pub(super) fn has_room(&self) -> bool {
        let nearly_full = self.calls * 100 >= self.calls_at_most * AHEAD_CALLS_PERCENT;
        let hindered = self.model.hindered.is_some_and(|ago| ago < AHEAD_REST);
        !nearly_full && !hindered && self.model.under_way < AHEAD_UNDER_WAY
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const QUIET: Load = Load {
        calls: 10,
        calls_at_most: 500,
        model: Strain {
            under_way: 3,
            hindered: None,
        },
    };

    #[test]
    fn a_quiet_node_with_a_well_model_has_room() {
        assert!(QUIET.has_room());
    }

    #[test]
    fn the_last_fifth_of_a_nodes_calls_leaves_no_room() {
        let with = |calls| Load { calls, ..QUIET };
        assert!(with(399).has_room());
        assert!(!with(400).has_room());
        assert!(!with(500).has_room());
    }

    #[test]
    fn a_model_with_its_connections_half_full_has_no_room() {
        let with = |under_way| Load {
            model: Strain {
                under_way,
                ..QUIET.model
            },
            ..QUIET
        };
        assert!(with(AHEAD_UNDER_WAY - 1).has_room());
        assert!(!with(AHEAD_UNDER_WAY).has_room());
    }

    #[test]
    fn a_model_that_was_in_trouble_rests_from_what_nobody_waits_for() {
        let with = |ago| Load {
            model: Strain {
                hindered: Some(ago),
                ..QUIET.model
            },
            ..QUIET
        };
        assert!(!with(Duration::ZERO).has_room());
        assert!(!with(AHEAD_REST - Duration::from_millis(1)).has_room());
        assert!(with(AHEAD_REST).has_room());
    }
}
