//! A value of the book in two tiers before the database: this process, then Redis.
//!
//! # The rule
//!
//! A read never begins after a write has returned, on whatever node, and finds what was there before
//! it, but for the moment that a message takes from node to node. It holds by this:
//!
//! - A writer marks the value as being *written* before it writes, and as *done* after; both drop the
//!   value from Redis, in one script, and tell all nodes to drop it.
//! - A reader puts into Redis what it read in the database only where the mark is the one that it saw
//!   before it read, and never while the value is being written. Marks outlive every reading.
//! - A node remembers only what Redis took or gave, and only if it was told of no change since it
//!   began to read; and it believes what it remembers only while the connection lasts by which it
//!   would have been told. A connection that died without a sign is found out within
//!   [`limits::REDIS_PROBE_EVERY`], [`limits::REDIS_DEADLINE`] and [`limits::REDIS_GRACE`].
//! - What could not be marked because Redis was away is marked when it is back; until then this node
//!   reads from the database. Others, if they still have Redis, find the old value at most for the
//!   rest of its life.
//!
//! Without Redis this process is taken for the only one that writes. What is not there is never
//! remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::StorageError;
use tokio::time::timeout;

use super::memory::Memory;
use super::{Link, Shared, Unavailable};
use crate::limits;

/// KEYS: value, mark. ARGV: the mark that was seen, the value, its life.
const FILL: &str = "if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

/// KEYS: value, mark. ARGV: the mark, its life, the channel, what all nodes are told.
const MARK: &str = "redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[1])
return redis.call('PUBLISH', ARGV[3], ARGV[4])";

/// Marks begin with one of these.
const WRITING: &str = "writing";
const DONE: &str = "done";

/// Where a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Memory,
    Redis,
    Database,
}

/// Values of one kind, by name.
#[derive(Debug)]
pub(super) struct Tiers<T> {
    /// The kind, as keys and messages name it.
    kind: &'static str,
    memory: Arc<Memory<T>>,
    shared: Option<Shared>,
    debts: Arc<Mutex<Debts>>,
}

/// Names that were written while Redis could not be told, each with the number of the latest write.
#[derive(Debug, Default)]
struct Debts {
    by_name: HashMap<String, u64>,
    writes: u64,
}

/// What Redis said of a value.
enum Look<T> {
    Found(T),
    /// It is not there; with its mark.
    Absent(String),
    /// Redis has no say.
    Away,
}

impl<T> Tiers<T>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    pub(super) fn new(kind: &'static str, shared: Option<Shared>) -> Self {
        let memory = Arc::new(Memory::new(limits::MAX_REMEMBERED));
        let debts = Arc::default();
        if let Some(shared) = &shared {
            let memory = Arc::clone(&memory);
            shared.listen(kind, move |name| memory.forget(name));
            tokio::spawn(settle(kind, shared.clone(), Arc::downgrade(&debts)));
        }
        Self {
            kind,
            memory,
            shared,
            debts,
        }
    }

    /// The value, from the nearest tier that has it; `read` is asked last.
    pub(super) async fn get(
        &self,
        name: &str,
        read: impl Future<Output = Result<Option<T>, StorageError>>,
    ) -> Result<(Option<T>, Tier), StorageError> {
        // Without Redis there is one era.
        let era = match &self.shared {
            None => Some(0),
            Some(shared) => shared.link().number(),
        };
        if let Some(found) = era.and_then(|era| self.memory.get(name, era)) {
            return Ok((Some(found), Tier::Memory));
        }
        let since = self.memory.since();
        let look = self.look(name).await;
        if let Look::Found(found) = look {
            if let Some(era) = era {
                self.memory
                    .keep(name, found.clone(), limits::REMEMBERED_FOR, era, since);
            }
            return Ok((Some(found), Tier::Redis));
        }
        let found = read.await?;
        if let (Some(found), Some(era)) = (&found, era)
            && self.fill(name, found, look).await
        {
            self.memory
                .keep(name, found.clone(), limits::REMEMBERED_FOR, era, since);
        }
        Ok((found, Tier::Database))
    }

    /// Does `write`, which changes the value of this name.
    pub(super) async fn written<R>(&self, name: &str, write: impl Future<Output = R>) -> R {
        self.changes(name, WRITING).await;
        let done = write.await;
        self.changes(name, DONE).await;
        done
    }

    async fn look(&self, name: &str) -> Look<T> {
        let Some(shared) = self
            .shared
            .as_ref()
            .filter(|_| self.owed().by_name.is_empty())
        else {
            return Look::Away;
        };
        let mut command = redis::cmd("MGET");
        command.arg(&self.keys(shared, name));
        let found: Result<(Option<Vec<u8>>, Option<String>), Unavailable> =
            shared.ask("cache_get", &command).await;
        match found {
            Ok((value, mark)) => {
                // What another version wrote and we cannot read is none.
                let value = value.and_then(|value| serde_json::from_slice(&value).ok());
                value.map_or_else(|| Look::Absent(mark.unwrap_or_default()), Look::Found)
            }
            Err(Unavailable) => Look::Away,
        }
    }

    /// Puts what was read into Redis. Whether it may be remembered here.
    async fn fill(&self, name: &str, value: &T, look: Look<T>) -> bool {
        let Some(shared) = &self.shared else {
            return true;
        };
        let Look::Absent(mark) = look else {
            return false;
        };
        if mark.starts_with(WRITING) {
            return false;
        }
        let Ok(json) = serde_json::to_vec(value) else {
            return false;
        };
        let mut command = Shared::script(FILL, &self.keys(shared, name));
        command.arg(mark).arg(json).arg(millis(limits::CACHED_FOR));
        shared.ask("cache_set", &command).await == Ok(1)
    }

    async fn changes(&self, name: &str, stage: &str) {
        self.memory.forget(name);
        if let Some(shared) = &self.shared
            && mark(self.kind, shared, name, stage).await.is_err()
        {
            let mut owed = self.owed();
            if owed.by_name.len() < limits::MAX_CACHE_DEBTS {
                owed.writes += 1;
                let write = owed.writes;
                owed.by_name.insert(name.to_owned(), write);
            } else {
                tracing::error!(
                    kind = self.kind,
                    "too many changes wait to be told to other nodes"
                );
            }
        }
    }

    fn keys(&self, shared: &Shared, name: &str) -> [String; 2] {
        keys(self.kind, shared, name)
    }

    fn owed(&self) -> MutexGuard<'_, Debts> {
        owed(&self.debts)
    }
}

fn keys(kind: &str, shared: &Shared, name: &str) -> [String; 2] {
    [
        shared.key(kind, name),
        shared.key(kind, &format!("{name}:mark")),
    ]
}

fn owed(debts: &Mutex<Debts>) -> MutexGuard<'_, Debts> {
    // Whole whenever the lock is free, even after a panic elsewhere.
    debts.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn mark(kind: &str, shared: &Shared, name: &str, stage: &str) -> Result<(), Unavailable> {
    let mut command = Shared::script(MARK, &keys(kind, shared, name));
    command
        .arg(format!("{stage} {:032x}", rand::random::<u128>()))
        .arg(millis(limits::CACHE_MARK_LIFE))
        .arg(Link::news())
        .arg(shared.message(kind, name));
    shared.ask::<i64>("cache_drop", &command).await.map(drop)
}

/// Tells what could not be told, as soon as it can be.
async fn settle(kind: &'static str, shared: Shared, debts: Weak<Mutex<Debts>>) {
    let mut changes = shared.link().changes();
    loop {
        // A connection that was only doubted does not change.
        drop(timeout(limits::REDIS_PROBE_EVERY, changes.next()).await);
        let Some(debts) = debts.upgrade() else {
            return;
        };
        if !shared.link().is_up() {
            continue;
        }
        let all = owed(&debts).by_name.clone();
        for (name, write) in all {
            if mark(kind, &shared, &name, DONE).await.is_err() {
                break;
            }
            // Taken off once it is told: until then nobody here believes Redis.
            let mut owed = owed(&debts);
            if owed.by_name.get(&name) == Some(&write) {
                owed.by_name.remove(&name);
            }
        }
    }
}

fn millis(life: std::time::Duration) -> String {
    life.as_millis().to_string()
}
