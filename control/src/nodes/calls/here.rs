//! The calls that this process knows of.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{CallNews, KnownCall, LiveCalls, NODE, PLACE, PLACES, STARTED, joined};
use crate::limits;
use crate::telephony::CallSid;

pub(super) type Fields = BTreeMap<&'static str, String>;

/// Bounded in number and in time. All nodes' where this is the only one.
#[derive(Debug)]
pub struct CallsHere {
    node: String,
    by_sid: Mutex<HashMap<String, Entry>>,
}

#[derive(Debug)]
struct Entry {
    fields: Fields,
    until: Instant,
}

impl CallsHere {
    /// `node`: this process, as others may show it.
    #[must_use]
    pub fn new(node: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            by_sid: Mutex::default(),
        }
    }

    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// Joins the news, and gives what is to be told others: all that this node knows of a call that it
    /// leads, or that enters another stage; else the news alone. Nothing where they are too old.
    pub(super) fn join(&self, sid: &CallSid, news: CallNews) -> Option<Fields> {
        let now = Instant::now();
        let news = news.stamped(&self.node, Timestamp::now());
        let mut calls = self.calls();
        let known = calls.get(sid.as_str()).filter(|entry| now < entry.until);
        let known = known.map(|entry| entry.fields.clone());
        if known.is_none() && news.place().is_none() {
            // Somebody else's call.
            return Some(news.0);
        }
        let fields = joined(known, &news)?;
        if calls.len() >= limits::MAX_KNOWN_CALLS {
            calls.retain(|_, entry| now < entry.until);
        }
        let whole = news.place().is_some() || fields.get(NODE) == Some(&self.node);
        let told = if whole { fields.clone() } else { news.0 };
        if calls.len() < limits::MAX_KNOWN_CALLS || calls.contains_key(sid.as_str()) {
            let until = now + life(&fields);
            calls.insert(sid.as_str().to_owned(), Entry { fields, until });
        }
        Some(told)
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        // Whole whenever the lock is free, even after a panic elsewhere.
        self.by_sid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a call is known from now on.
pub(super) fn life(fields: &Fields) -> std::time::Duration {
    if is_at(fields, 2) {
        limits::ENDED_LIFE
    } else {
        limits::CALL_KNOWN_FOR
    }
}

/// Whether the call is at this stage of its part.
pub(super) fn is_at(fields: &Fields, stage: i64) -> bool {
    let place = fields
        .get(PLACE)
        .and_then(|place| place.parse::<i64>().ok());
    place.is_some_and(|place| place % PLACES == stage)
}

#[async_trait]
impl LiveCalls for CallsHere {
    async fn tell(&self, sid: &CallSid, news: CallNews) {
        self.join(sid, news);
    }

    async fn get(&self, sid: &CallSid) -> Option<KnownCall> {
        let calls = self.calls();
        let entry = calls.get(sid.as_str())?;
        let fields = (Instant::now() < entry.until).then_some(&entry.fields)?;
        KnownCall::read(sid.as_str(), |name| fields.get(name).map(String::as_str))
    }

    async fn live(&self) -> Vec<KnownCall> {
        let now = Instant::now();
        let calls = self.calls();
        let mut live: Vec<_> = calls
            .iter()
            .filter(|(_, entry)| now < entry.until && is_at(&entry.fields, 1))
            .collect();
        live.sort_by(|(_, a), (_, b)| a.fields.get(STARTED).cmp(&b.fields.get(STARTED)));
        live.truncate(limits::MAX_LISTED_CALLS as usize);
        live.into_iter()
            .filter_map(|(sid, entry)| {
                KnownCall::read(sid, |name| entry.fields.get(name).map(String::as_str))
            })
            .collect()
    }
}
