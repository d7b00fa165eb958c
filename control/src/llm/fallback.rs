//! Who is asked, and when: attempts at one answer race until one of them speaks. Pure.
//!
//! The primary model is asked first. Where it is silent for a while the fallback model (or, without
//! one, the same model once more) is asked as well, and whoever speaks first is listened to; the
//! others are cancelled. A failure before anybody spoke is made good by one more attempt, where
//! there is time. Once somebody has spoken nobody else will: a caller never hears a second voice.

use std::time::Duration;

use pipeline::time::Mono;
use pipeline::vendor::VendorErrorKind;

use super::Failure;
use crate::limits;

/// Which of the two models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Primary,
    Fallback,
}

impl Role {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Fallback => "fallback",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Primary => Self::Fallback,
            Self::Fallback => Self::Primary,
        }
    }
}

/// How long a model may take; see the limits of the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    pub connect: Duration,
    pub hedge_after: Duration,
    pub first_token: Duration,
    pub silence: Duration,
    pub between_tokens: Duration,
    pub whole_answer: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: limits::LLM_CONNECT,
            hedge_after: limits::LLM_HEDGE_AFTER,
            first_token: limits::LLM_FIRST_TOKEN,
            silence: limits::LLM_SILENCE,
            between_tokens: limits::LLM_BETWEEN_TOKENS,
            whole_answer: limits::LLM_WHOLE_ANSWER,
        }
    }
}

/// An attempt failed before anything was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    pub failure: Failure,
    /// The same model may answer when it is asked again.
    pub retryable: bool,
    /// Not before this has passed.
    pub retry_after: Option<Duration>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Ask this model; what becomes of it is told by this number.
    Start { attempt: usize, role: Role },
    /// Give up: cancel whoever is still asked.
    Fail(Failure),
}

/// The attempts at one answer.
#[derive(Debug)]
pub struct Race {
    deadlines: Deadlines,
    has_fallback: bool,
    began: Mono,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Nobody has spoken.
    Silent(Silence),
    /// One speaks; this is when it was last heard.
    Speaking {
        alive: Mono,
    },
    Over,
}

#[derive(Debug)]
struct Silence {
    /// Attempts by number; none where it has not begun or has failed.
    asked: [Option<Role>; limits::LLM_ATTEMPTS],
    started: usize,
    /// When the newest of them began.
    newest: Mono,
    next: Option<Plan>,
    /// A hedge is still to be had.
    may_hedge: bool,
    /// A failure may still be made good.
    may_retry: bool,
    /// A model that would only fail again, or is none; by role.
    barred: [bool; 2],
    last: Option<Failure>,
}

/// An attempt to come.
#[derive(Clone, Copy, Debug)]
struct Plan {
    at: Mono,
    /// Where this model is left alone by its breaker, the other one will do.
    role: Role,
}

impl Race {
    /// The question is asked now.
    #[must_use]
    pub fn new(deadlines: Deadlines, has_fallback: bool, now: Mono) -> Self {
        let first = Plan {
            at: now,
            role: Role::Primary,
        };
        Self {
            deadlines,
            has_fallback,
            began: now,
            phase: Phase::Silent(Silence {
                asked: [None; limits::LLM_ATTEMPTS],
                started: 0,
                newest: now,
                next: Some(first),
                may_hedge: true,
                may_retry: true,
                barred: [false, !has_fallback],
                last: None,
            }),
        }
    }

    /// What is due. To be asked until there is nothing, after each event and at [`Self::deadline`].
    /// `admits` is a model's breaker; where it says yes, that model is asked.
    pub fn poll(&mut self, now: Mono, admits: impl FnMut(Role) -> bool) -> Option<Order> {
        let due = now >= self.deadline()?;
        match &mut self.phase {
            Phase::Silent(silence) => {
                if let Some(plan) = silence.next.take_if(|plan| now >= plan.at)
                    && let Some(order) = silence.start(plan, now, admits)
                {
                    silence.plan_hedge(now.plus(self.deadlines.hedge_after), self.has_fallback);
                    return Some(order);
                }
                if silence.is_over() {
                    let last = silence.last.take();
                    return Some(self.fail(last.unwrap_or_else(left_alone)));
                }
                let due = now >= self.deadline()?;
                due.then(|| self.fail(timed_out("no word")))
            }
            Phase::Speaking { .. } => due.then(|| self.fail(timed_out("no end"))),
            Phase::Over => None,
        }
    }

    fn fail(&mut self, failure: Failure) -> Order {
        self.phase = Phase::Over;
        Order::Fail(failure)
    }

    /// When [`Self::poll`] has something to say though nothing happened; `None` once it is over.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        match &self.phase {
            Phase::Silent(silence) => {
                let newest = silence.newest.plus(self.deadlines.first_token);
                let end = newest.min(self.began.plus(self.deadlines.silence));
                Some(match silence.next {
                    Some(plan) if silence.nobody_is_asked() => plan.at,
                    Some(plan) => end.min(plan.at),
                    None if silence.nobody_is_asked() => self.began,
                    None => end,
                })
            }
            Phase::Speaking { alive } => {
                let whole = self.began.plus(self.deadlines.whole_answer);
                Some(whole.min(alive.plus(self.deadlines.between_tokens)))
            }
            Phase::Over => None,
        }
    }

    /// An attempt failed before it spoke. What follows is said by [`Self::poll`].
    pub fn handle_setback(&mut self, attempt: usize, setback: Setback, now: Mono) {
        let Phase::Silent(silence) = &mut self.phase else {
            return;
        };
        let Some(role) = silence.asked.get_mut(attempt).and_then(Option::take) else {
            return;
        };
        let pause = setback.retry_after.unwrap_or(limits::LLM_RETRY_PAUSE);
        if !setback.retryable || pause > limits::LLM_RETRY_WITHIN {
            silence.bar(role);
        }
        if is_about_the_key(setback.failure.kind) {
            silence.bar(role.other());
        }
        silence.last = Some(setback.failure);
        let other = role.other();
        let (role, at) = if silence.is_barred(other) || silence.asked.contains(&Some(other)) {
            (role, now.plus(pause))
        } else {
            (other, now)
        };
        if silence.is_barred(role) {
            // Nor is there anybody for a hedge, but for one who is asked already.
            silence.next = None;
        } else if silence.may_retry && at < self.began.plus(self.deadlines.silence) {
            silence.may_retry = false;
            // It takes the place of a hedge that has not begun; its own may follow.
            silence.may_hedge |= silence.next.is_some();
            silence.next = Some(Plan { at, role });
        }
    }

    /// An attempt has spoken: it is the one.
    pub fn handle_spoke(&mut self, now: Mono) {
        self.phase = Phase::Speaking { alive: now };
    }

    /// The one that speaks was heard again, and all of it was handed on.
    pub fn handle_alive(&mut self, now: Mono) {
        if let Phase::Speaking { alive } = &mut self.phase {
            *alive = now;
        }
    }
}

impl Silence {
    fn start(
        &mut self,
        plan: Plan,
        now: Mono,
        mut admits: impl FnMut(Role) -> bool,
    ) -> Option<Order> {
        let slot = self.asked.get_mut(self.started)?;
        let role = [plan.role, plan.role.other()]
            .into_iter()
            .find(|role| !self.barred[*role as usize] && admits(*role))?;
        *slot = Some(role);
        let attempt = self.started;
        self.started += 1;
        self.newest = now;
        Some(Order::Start { attempt, role })
    }

    /// After an attempt has begun.
    fn plan_hedge(&mut self, at: Mono, has_fallback: bool) {
        let newest = self.asked[..self.started].last().copied().flatten();
        if let Some(role) = newest
            && std::mem::take(&mut self.may_hedge)
        {
            self.next = Some(Plan {
                at,
                role: if has_fallback { role.other() } else { role },
            });
        }
    }

    fn bar(&mut self, role: Role) {
        self.barred[role as usize] = true;
    }

    fn is_barred(&self, role: Role) -> bool {
        self.barred[role as usize]
    }

    fn nobody_is_asked(&self) -> bool {
        self.asked.iter().all(Option::is_none)
    }

    fn is_over(&self) -> bool {
        self.nobody_is_asked() && self.next.is_none()
    }
}

/// Both models are asked with the same key.
fn is_about_the_key(kind: VendorErrorKind) -> bool {
    matches!(kind, VendorErrorKind::Unauthorized | VendorErrorKind::Quota)
}

fn timed_out(what: &str) -> Failure {
    Failure {
        kind: VendorErrorKind::TimedOut,
        what: format!("{what} within the deadline"),
    }
}

fn left_alone() -> Failure {
    Failure {
        kind: VendorErrorKind::Failed,
        what: "left alone after failures in a row".to_owned(),
    }
}

#[cfg(test)]
mod tests;
