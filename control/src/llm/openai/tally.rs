//! What became of an attempt, counted once.

use super::Account;
use crate::llm::Failure;
use crate::llm::fallback::Role;

/// An attempt that is under way. Dropped without a word it was cancelled.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    account: &'a Account,
    role: Role,
    is_told: bool,
}

impl<'a> Tally<'a> {
    pub(super) fn new(account: &'a Account, role: Role) -> Self {
        Self {
            account,
            role,
            is_told: false,
        }
    }

    /// The model works.
    pub(super) fn spoke(&self) {
        self.account.breaker(self.role).succeeded();
    }

    pub(super) fn ended(mut self, outcome: &'static str) {
        self.tell(outcome);
    }

    pub(super) fn failed(mut self, failure: &Failure) {
        self.is_told = true;
        self.account.failed(self.role, failure);
    }

    /// Another attempt spoke first. A primary model that the fallback overtakes again and again is
    /// as good as down: its breaker saves the callers the wait.
    pub(super) fn overtaken_by(mut self, faster: &Tally<'_>) {
        self.tell("overtaken");
        if (self.role, faster.role) == (Role::Primary, Role::Fallback) {
            self.account
                .breaker(self.role)
                .failed(pipeline::time::Mono::now());
        }
    }

    fn tell(&mut self, outcome: &'static str) {
        self.is_told = true;
        self.account.metrics.llm().request(self.role, outcome);
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            self.tell("cancelled");
        }
    }
}
