//! Which calls there are: announced by a webhook, live, or just ended.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use storage::appointment::AppointmentId;
use storage::call_log::Direction;
use storage::customer::Phone;
use storage::reminder::AttemptId;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::ending::Ending;
use crate::dialogue::Input;
use crate::feed::CallFeed;
use crate::limits;
use crate::telephony::CallSid;

/// Every call this process knows, by SID. Bounded in number and in time.
#[derive(Debug, Default)]
pub struct Calls {
    by_sid: Mutex<HashMap<CallSid, Entry>>,
}

#[derive(Debug)]
struct Entry {
    feed: Arc<CallFeed>,
    parties: Parties,
    /// How often the call came back from a human who did not answer.
    returns: u8,
    /// The network has asked what to do with the caller, or said that they are gone. Set by
    /// webhooks, read by whoever watches over a hang-up.
    asked: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The webhook was answered; the media stream has not come yet.
    Announced {
        at: Instant,
    },
    Live {
        requests: mpsc::Sender<Request>,
        ending: watch::Receiver<Option<Ending>>,
    },
    Ended {
        at: Instant,
        ending: Ending,
    },
}

/// Who calls whom, as the network said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parties {
    /// Absent where withheld or not a number we can parse.
    pub from: Option<Phone>,
    pub to: Option<Phone>,
    pub occasion: Occasion,
}

/// How a call came about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody dialled us.
    #[default]
    Inbound,
    /// We called about this appointment.
    Ours {
        purpose: Purpose,
        appointment: AppointmentId,
        /// The attempt at it that this call is; absent where somebody else placed it.
        attempt: Option<AttemptId>,
    },
}

/// What a call of ours is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// The appointment is to come.
    #[default]
    Reminder,
    /// The visit is over: was all well?
    FollowUp,
}

impl Purpose {
    /// As other nodes are told.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reminder => "reminder",
            Self::FollowUp => "follow_up",
        }
    }

    /// What [`Self::word`] says.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Reminder, Self::FollowUp]
            .into_iter()
            .find(|purpose| purpose.word() == word)
    }
}

impl Parties {
    /// The other person's number, whoever of us dialled.
    #[must_use]
    pub fn person(&self) -> Option<&Phone> {
        match self.occasion {
            Occasion::Inbound => self.from.as_ref(),
            Occasion::Ours { .. } => self.to.as_ref(),
        }
    }

    /// Our number, whoever of us dialled.
    #[must_use]
    pub fn ours(&self) -> Option<&Phone> {
        match self.occasion {
            Occasion::Inbound => self.to.as_ref(),
            Occasion::Ours { .. } => self.from.as_ref(),
        }
    }

    #[must_use]
    pub fn direction(&self) -> Direction {
        match self.occasion {
            Occasion::Inbound => Direction::Inbound,
            Occasion::Ours { .. } => Direction::Outbound,
        }
    }
}

/// What the API asks of a live call.
#[derive(Debug)]
pub enum Request {
    /// A machine has answered a call of ours, and takes a message now.
    Machine,
    /// The words of the caller's next spoken turn, in typed speech.
    TypedWords(String),
}

/// A call that has just become live; its session's side of the registry.
#[derive(Debug)]
pub struct Begun {
    pub sid: CallSid,
    pub parties: Parties,
    /// How often the caller was sent to a human, nobody answered, and they came back.
    pub returns: u8,
    pub feed: Arc<CallFeed>,
    pub requests: mpsc::Receiver<Request>,
    /// Set once, as soon as it is known how the call ended.
    pub ending: watch::Sender<Option<Ending>>,
}

impl Begun {
    /// Whether the caller was sent to a human and is back.
    pub(super) fn has_earlier_part(&self) -> bool {
        self.returns > 0
    }

    /// What the dialogue is told first.
    pub(super) fn opening(&self) -> Input {
        let caller = self.parties.person().cloned();
        match self.parties.occasion {
            _ if self.has_earlier_part() => Input::Returned { caller },
            Occasion::Inbound => Input::Opened { caller },
            Occasion::Ours {
                purpose,
                appointment,
                ..
            } => match purpose {
                Purpose::Reminder => Input::Reminding { appointment },
                Purpose::FollowUp => Input::FollowingUp { appointment },
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnnounced {
    #[error("CallSid: this call is already going on")]
    Live,
    #[error("CallSid: this call is over")]
    Ended,
    #[error("too many calls are waiting for their media streams")]
    Full,
}

/// Why a caller whom no human took does not come back to the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReturned {
    #[error("CallSid: this call goes on, or did not end with a transfer")]
    NotTransferred,
    #[error("CallSid: this call came back too often")]
    TooOften,
    #[error("too many calls are waiting for their media streams")]
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBegun {
    #[error("callSid: this call has a media stream already")]
    Live,
    #[error("callSid: this call is over")]
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    #[error("CallSid: no such call is going on")]
    NotLive,
    #[error("too many requests are waiting for this call")]
    Full,
}

/// How a call ended, or who will say so.
enum Asked {
    Known(Ending),
    Live(watch::Receiver<Option<Ending>>),
}

/// Counts by stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub announced: usize,
    pub live: usize,
}

impl Calls {
    /// A webhook announces a call. The same call twice is one (webhooks are retried); a call that is
    /// over stays over: its name belongs to its log.
    ///
    /// # Errors
    /// [`NotAnnounced`].
    pub fn announce(
        &self,
        sid: &CallSid,
        parties: Parties,
        now: Instant,
    ) -> Result<(), NotAnnounced> {
        let mut calls = self.calls();
        forget_old(&mut calls, now);
        match calls.get(sid).map(|entry| &entry.stage) {
            Some(Stage::Live { .. }) => return Err(NotAnnounced::Live),
            Some(Stage::Ended { .. }) => return Err(NotAnnounced::Ended),
            Some(Stage::Announced { .. }) | None => {}
        }
        if census(&calls).announced >= limits::MAX_PENDING_CALLS {
            return Err(NotAnnounced::Full);
        }
        let known = calls.remove(sid);
        let returns = known.as_ref().map_or(0, |entry| entry.returns);
        let entry = Entry {
            feed: known.map(|entry| entry.feed).unwrap_or_default(),
            parties,
            returns,
            asked: false,
            stage: Stage::Announced { at: now },
        };
        calls.insert(sid.clone(), entry);
        Ok(())
    }

    /// A caller who was sent to a human comes back: nobody answered. Waits a moment for the task of
    /// the call's first part to close its log. A call of another process is taken too; `parties` is
    /// what the network says of it.
    ///
    /// # Errors
    /// [`NotReturned`].
    pub async fn announce_return(
        &self,
        sid: &CallSid,
        parties: Parties,
        now: Instant,
    ) -> Result<(), NotReturned> {
        self.over(sid).await;
        let mut calls = self.calls();
        forget_old(&mut calls, now);
        let (returns, parties) = match calls.get(sid) {
            None => (0, parties),
            Some(entry) => {
                let may_return = match entry.stage {
                    // Its stream never came, so it went to a human at once.
                    Stage::Announced { .. } => true,
                    Stage::Ended { ending, .. } => ending.may_return(),
                    Stage::Live { .. } => false,
                };
                if !may_return {
                    return Err(NotReturned::NotTransferred);
                }
                (entry.returns, entry.parties.clone())
            }
        };
        if returns >= limits::MAX_RETURNS {
            return Err(NotReturned::TooOften);
        }
        if census(&calls).announced >= limits::MAX_PENDING_CALLS {
            return Err(NotReturned::Full);
        }
        let entry = Entry {
            // Whoever followed the first part has seen its end.
            feed: Arc::default(),
            parties,
            returns: returns + 1,
            asked: false,
            stage: Stage::Announced { at: now },
        };
        calls.insert(sid.clone(), entry);
        Ok(())
    }

    /// Takes over what another node knows of a call: announced there, or ended. What this node knows
    /// better stays.
    pub(super) fn adopt(
        &self,
        sid: &CallSid,
        parties: Parties,
        returns: u8,
        ending: Option<Ending>,
        now: Instant,
    ) {
        let mut calls = self.calls();
        forget_old(&mut calls, now);
        let better = |entry: &Entry| match entry.stage {
            Stage::Live { .. } => true,
            Stage::Ended { .. } => entry.returns >= returns,
            Stage::Announced { .. } if ending.is_some() => entry.returns > returns,
            Stage::Announced { .. } => entry.returns >= returns,
        };
        if calls.get(sid).is_some_and(better) {
            return;
        }
        let entry = Entry {
            feed: Arc::default(),
            parties,
            returns,
            asked: ending.is_some(),
            stage: match ending {
                None => Stage::Announced { at: now },
                Some(ending) => Stage::Ended { at: now, ending },
            },
        };
        calls.insert(sid.clone(), entry);
        forget_most_ended(&mut calls);
    }

    /// Which part of a call was led here last: how often it had come back by then.
    pub(super) fn led(&self, sid: &CallSid) -> Option<u8> {
        let calls = self.calls();
        let entry = calls.get(sid)?;
        (!matches!(entry.stage, Stage::Announced { .. })).then_some(entry.returns)
    }

    /// Who calls whom, and how often the call came back.
    #[must_use]
    pub fn announced(&self, sid: &CallSid) -> Option<(Parties, u8)> {
        let calls = self.calls();
        let entry = calls.get(sid)?;
        Some((entry.parties.clone(), entry.returns))
    }

    /// Waits until the task of a call that has ended is done with it, for a moment at most.
    async fn over(&self, sid: &CallSid) {
        let mut ending = match self.calls().get(sid).map(|entry| &entry.stage) {
            Some(Stage::Live { ending, .. }) if ending.borrow().is_some() => ending.clone(),
            _ => return,
        };
        // Its sender goes away with the task. Whether it did in time shows in the stage.
        let gone = async { while ending.changed().await.is_ok() {} };
        drop(tokio::time::timeout(limits::ENDING_DEADLINE, gone).await);
    }

    /// The network says that the call itself is over. Nothing more is to be done about it; one whose
    /// stream never came has ended.
    pub fn network_over(&self, sid: &CallSid, now: Instant) {
        if let Some(entry) = self.calls().get_mut(sid) {
            entry.asked = true;
            if matches!(entry.stage, Stage::Announced { .. }) {
                entry.feed.close();
                let ending = Ending::HungUp;
                entry.stage = Stage::Ended { at: now, ending };
            }
        }
    }

    /// Whether the network still owes us its question what to do with the caller.
    #[must_use]
    pub fn is_unasked(&self, sid: &CallSid) -> bool {
        self.calls().get(sid).is_some_and(|entry| !entry.asked)
    }

    /// The media stream of a call is here and has proved that it belongs to it. A call announced
    /// to another process is taken too: its token was checked.
    ///
    /// # Errors
    /// [`NotBegun`].
    pub fn begin(&self, sid: &CallSid) -> Result<Begun, NotBegun> {
        let mut calls = self.calls();
        match calls.get(sid).map(|entry| &entry.stage) {
            None | Some(Stage::Announced { .. }) => {}
            Some(Stage::Live { .. }) => return Err(NotBegun::Live),
            Some(Stage::Ended { .. }) => return Err(NotBegun::Ended),
        }
        let (ask, requests) = mpsc::channel(limits::MAX_CALL_REQUESTS);
        let (ending, ended) = watch::channel(None);
        let stage = Stage::Live {
            requests: ask,
            ending: ended,
        };
        let known = calls.remove(sid);
        let returns = known.as_ref().map_or(0, |entry| entry.returns);
        let (feed, parties) = known.map(|e| (e.feed, e.parties)).unwrap_or_default();
        let entry = Entry {
            feed: Arc::clone(&feed),
            parties: parties.clone(),
            returns,
            asked: false,
            stage,
        };
        calls.insert(sid.clone(), entry);
        Ok(Begun {
            sid: sid.clone(),
            parties,
            returns,
            feed,
            requests,
            ending,
        })
    }

    /// A call is over, or will never begin.
    pub fn end(&self, sid: &CallSid, ending: Ending, now: Instant) {
        let mut calls = self.calls();
        forget_old(&mut calls, now);
        if let Some(entry) = calls.get_mut(sid) {
            entry.feed.close();
            entry.stage = Stage::Ended { at: now, ending };
        }
        forget_most_ended(&mut calls);
    }

    /// How a call ended. Waits a moment for one that is just ending: the telephone network's
    /// question may overtake our own task. Absent for an unknown call and for one that goes on.
    pub async fn ending(&self, sid: &CallSid) -> Option<Ending> {
        let mut live = match self.asked(sid)? {
            Asked::Known(ending) => return Some(ending),
            Asked::Live(ending) => ending,
        };
        let ended = tokio::time::timeout(limits::ENDING_DEADLINE, live.wait_for(Option::is_some));
        match ended.await {
            Ok(Ok(ending)) => *ending,
            // The session's side is gone without a word.
            Ok(Err(_)) => Some(Ending::Fault),
            Err(_) => None,
        }
    }

    /// The network asks; what is known at once.
    fn asked(&self, sid: &CallSid) -> Option<Asked> {
        let mut calls = self.calls();
        let entry = calls.get_mut(sid)?;
        entry.asked = true;
        Some(match &entry.stage {
            Stage::Ended { ending, .. } => Asked::Known(*ending),
            // The stream never came, or was turned away.
            Stage::Announced { .. } => Asked::Known(Ending::Fault),
            Stage::Live { ending, .. } => Asked::Live(ending.clone()),
        })
    }

    #[must_use]
    pub fn feed(&self, sid: &CallSid) -> Option<Arc<CallFeed>> {
        self.calls().get(sid).map(|entry| Arc::clone(&entry.feed))
    }

    /// Passes a request to a live call's session.
    ///
    /// # Errors
    /// [`NotAsked`].
    pub fn ask(&self, sid: &CallSid, request: Request) -> Result<(), NotAsked> {
        let calls = self.calls();
        match calls.get(sid).map(|entry| &entry.stage) {
            Some(Stage::Live { requests, .. }) => requests.try_send(request).map_err(|e| match e {
                mpsc::error::TrySendError::Full(_) => NotAsked::Full,
                mpsc::error::TrySendError::Closed(_) => NotAsked::NotLive,
            }),
            _ => Err(NotAsked::NotLive),
        }
    }

    #[must_use]
    pub fn census(&self) -> Census {
        census(&self.calls())
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<CallSid, Entry>> {
        // Entries are whole whenever the lock is free, even after a panic elsewhere.
        self.by_sid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn census(calls: &HashMap<CallSid, Entry>) -> Census {
    let mut census = Census::default();
    for entry in calls.values() {
        match entry.stage {
            Stage::Announced { .. } => census.announced += 1,
            Stage::Live { .. } => census.live += 1,
            Stage::Ended { .. } => {}
        }
    }
    census
}

fn forget_old(calls: &mut HashMap<CallSid, Entry>, now: Instant) {
    calls.retain(|_, entry| {
        let keep = match &entry.stage {
            Stage::Announced { at } => now.duration_since(*at) < limits::PENDING_LIFE,
            Stage::Live { .. } => true,
            Stage::Ended { at, .. } => now.duration_since(*at) < limits::ENDED_LIFE,
        };
        if !keep {
            entry.feed.close();
        }
        keep
    });
}

/// Keeps the newest [`limits::MAX_ENDED_CALLS`] of the ended ones.
fn forget_most_ended(calls: &mut HashMap<CallSid, Entry>) {
    let mut ended: Vec<(Instant, CallSid)> = calls
        .iter()
        .filter_map(|(sid, entry)| match entry.stage {
            Stage::Ended { at, .. } => Some((at, sid.clone())),
            _ => None,
        })
        .collect();
    if ended.len() > limits::MAX_ENDED_CALLS {
        ended.sort();
        for (_, sid) in &ended[..ended.len() - limits::MAX_ENDED_CALLS] {
            calls.remove(sid);
        }
    }
}
