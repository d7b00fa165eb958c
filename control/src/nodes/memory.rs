//! What this process remembers for a while: bounded in number and in time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Values by key, each good for as long as it was said to be, and for one *era* only: what was
/// remembered in another era (by way of another connection, say) counts for nothing.
#[derive(Debug)]
pub(crate) struct Memory<V> {
    most: usize,
    kept: Mutex<Kept<V>>,
}

#[derive(Debug)]
struct Kept<V> {
    by_key: HashMap<String, Entry<V>>,
    /// How often something was dropped because it changed.
    drops: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    era: u64,
    until: Instant,
}

/// When somebody began to read what is to be remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since(u64);

impl<V: Clone> Memory<V> {
    /// At most so many values.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::new(Kept {
                by_key: HashMap::new(),
                drops: 0,
            }),
        }
    }

    pub(crate) fn get(&self, key: &str, era: u64) -> Option<V> {
        let kept = self.kept();
        let entry = kept.by_key.get(key)?;
        (entry.era == era && Instant::now() < entry.until).then(|| entry.value.clone())
    }

    /// To be asked before a value is read that is to be remembered.
    pub(crate) fn since(&self) -> Since {
        Since(self.kept().drops)
    }

    /// Remembers a value, unless anything was dropped since its reading began: it may be what was
    /// there before the change.
    pub(crate) fn keep(&self, key: &str, value: V, life: Duration, era: u64, since: Since) {
        let now = Instant::now();
        let mut kept = self.kept();
        if kept.drops != since.0 {
            return;
        }
        if kept.by_key.len() >= self.most && !kept.by_key.contains_key(key) {
            kept.by_key
                .retain(|_, entry| entry.era == era && now < entry.until);
        }
        if kept.by_key.len() >= self.most && !kept.by_key.contains_key(key) {
            // All are good; whichever goes is read again.
            if let Some(any) = kept.by_key.keys().next().cloned() {
                kept.by_key.remove(&any);
            }
        }
        let until = now + life;
        kept.by_key
            .insert(key.to_owned(), Entry { value, era, until });
    }

    /// The value has changed.
    pub(crate) fn forget(&self, key: &str) {
        let mut kept = self.kept();
        kept.drops += 1;
        kept.by_key.remove(key);
    }

    fn kept(&self) -> MutexGuard<'_, Kept<V>> {
        // Whole whenever the lock is free, even after a panic elsewhere.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_forgotten_in_time_and_with_its_era() {
        let memory = Memory::new(10);
        memory.keep("a", 1, LIFE, 0, memory.since());
        assert_eq!(memory.get("a", 0), Some(1));
        assert_eq!(memory.get("a", 1), None, "another era");
        tokio::time::advance(LIFE).await;
        assert_eq!(memory.get("a", 0), None);
    }

    #[tokio::test]
    async fn a_value_that_was_read_before_a_change_is_not_remembered_after_it() {
        let memory = Memory::new(10);
        let since = memory.since();
        memory.forget("a");
        memory.keep("a", 1, LIFE, 0, since);
        assert_eq!(memory.get("a", 0), None);
        memory.keep("a", 2, LIFE, 0, memory.since());
        assert_eq!(memory.get("a", 0), Some(2));
    }

    #[tokio::test]
    async fn it_never_holds_more_than_it_may() {
        let memory = Memory::new(3);
        for n in 0..20 {
            memory.keep(&n.to_string(), n, LIFE, 0, memory.since());
            assert_eq!(
                memory.get(&n.to_string(), 0),
                Some(n),
                "the newest is there"
            );
            assert!(memory.kept().by_key.len() <= 3);
        }
    }
}
