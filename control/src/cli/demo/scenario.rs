//! The demo's five calls: who calls, with which script.

use std::time::Duration;

/// One call of the demo.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) title: &'static str,
    /// The caller's number; each scenario has its own, so that they may run side by side.
    pub(super) from: &'static str,
    pub(super) script: &'static str,
    pub(super) expects: Expects,
}

/// What the book must hold afterwards; see [`super::checks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expects {
    OilChangeBooked,
    NewCustomerBooked,
    AppointmentMoved,
    OnlyAnswers,
    HumanTransfer,
}

/// A call that has not ended by then is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(110);

/// In the order of their numbers.
pub(super) const SCENARIOS: [Scenario; 5] = [
    Scenario {
        title: "John Carter books an oil change, interrupting",
        from: "+12175550101",
        script: include_str!("scripts/1-oil-change.txt"),
        expects: Expects::OilChangeBooked,
    },
    Scenario {
        title: "A new caller books a brake inspection",
        from: "+12175550164",
        script: include_str!("scripts/2-new-caller.txt"),
        expects: Expects::NewCustomerBooked,
    },
    Scenario {
        title: "Maria Lopez reschedules, once she is verified",
        from: "+12175550102",
        script: include_str!("scripts/3-reschedule.txt"),
        expects: Expects::AppointmentMoved,
    },
    Scenario {
        title: "Opening hours and a price",
        from: "+12175550165",
        script: include_str!("scripts/4-questions.txt"),
        expects: Expects::OnlyAnswers,
    },
    Scenario {
        title: "Asks for a manager",
        from: "+12175550166",
        script: include_str!("scripts/5-manager.txt"),
        expects: Expects::HumanTransfer,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::script::Script;

    #[test]
    fn every_script_can_be_played() {
        for scenario in &SCENARIOS {
            let script = Script::parse(scenario.script);
            assert!(script.is_ok(), "{}: {script:?}", scenario.title);
        }
    }

    #[test]
    fn no_two_scenarios_call_from_one_number() {
        let mut numbers: Vec<&str> = SCENARIOS.iter().map(|s| s.from).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), SCENARIOS.len());
        assert!(numbers.iter().all(|n| n.contains("55501")));
    }
}
