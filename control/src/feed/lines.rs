//! One call's lines in memory: everybody may read from the beginning, as long as they last.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::Stream;
use futures_util::stream;
use tokio::sync::watch;

use super::FeedLine;
use crate::limits::MAX_FEED_LINES;

/// The lines of one call, written by its session and read by any number of followers. Bounded: a
/// call that talks very long loses its oldest lines, and followers skip them.
#[derive(Debug)]
pub struct CallFeed {
    kept: Mutex<Kept>,
    /// How many lines were ever published, and whether more may come. Rung after `kept` changed.
    bell: watch::Sender<Bell>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Number of the first line still here.
    first: u64,
    lines: VecDeque<FeedLine>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bell {
    published: u64,
    closed: bool,
}

/// A line with its place in the call, counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    pub number: u64,
    pub line: FeedLine,
}

impl Default for CallFeed {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            bell: watch::Sender::new(Bell::default()),
        }
    }
}

impl CallFeed {
    pub fn publish(&self, line: FeedLine) {
        let mut kept = self.kept();
        if kept.lines.len() == MAX_FEED_LINES {
            kept.lines.pop_front();
            kept.first += 1;
        }
        kept.lines.push_back(line);
        drop(kept);
        self.bell.send_modify(|bell| bell.published += 1);
    }

    /// No line follows: followers end once they have read the rest.
    pub fn close(&self) {
        self.bell.send_modify(|bell| bell.closed = true);
    }

    /// The line of this number, or the oldest one left where that is gone.
    fn at_or_after(&self, number: u64) -> Option<Numbered> {
        let kept = self.kept();
        let number = number.max(kept.first);
        let index = usize::try_from(number - kept.first).ok()?;
        let line = kept.lines.get(index)?.clone();
        Some(Numbered { number, line })
    }

    /// The lines from number `from` on, then those to come, until the feed is closed.
    pub fn follow(self: &Arc<Self>, from: u64) -> impl Stream<Item = Numbered> + Send + use<> {
        let feed = Arc::clone(self);
        let bell = feed.bell.subscribe();
        stream::unfold((feed, bell, from), |(feed, mut bell, next)| async move {
            loop {
                // Read before looking: a line published in between rings again.
                let closed = bell.borrow_and_update().closed;
                if let Some(line) = feed.at_or_after(next) {
                    let next = line.number + 1;
                    return Some((line, (feed, bell, next)));
                }
                if closed {
                    return None;
                }
                bell.changed().await.ok()?;
            }
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Lines are whole whenever the lock is free, even after a panic elsewhere.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;
    use crate::feed::FeedEvent;

    fn line(n: u64) -> FeedLine {
        FeedLine {
            call_sid: "CA1".into(),
            t_ms: n,
            what: FeedEvent::Unclear,
        }
    }

    #[tokio::test]
    async fn a_late_follower_reads_from_the_beginning_and_on_to_the_end() {
        let feed = Arc::new(CallFeed::default());
        feed.publish(line(0));
        feed.publish(line(1));
        let reader = tokio::spawn(feed.follow(0).map(|n| n.line.t_ms).collect::<Vec<_>>());
        tokio::task::yield_now().await;
        feed.publish(line(2));
        feed.close();
        assert_eq!(reader.await.expect("reads"), [0, 1, 2]);
    }

    #[tokio::test]
    async fn a_follower_that_comes_back_goes_on_where_it_was() {
        let feed = Arc::new(CallFeed::default());
        (0..5).for_each(|n| feed.publish(line(n)));
        feed.close();
        let rest: Vec<u64> = feed.follow(3).map(|n| n.number).collect().await;
        assert_eq!(rest, [3, 4]);
    }

    #[tokio::test]
    async fn a_very_long_call_loses_its_oldest_lines_only() {
        let feed = Arc::new(CallFeed::default());
        let lines = MAX_FEED_LINES as u64 + 10;
        (0..lines).for_each(|n| feed.publish(line(n)));
        feed.close();
        let kept: Vec<Numbered> = feed.follow(0).collect().await;
        assert_eq!(kept.len(), MAX_FEED_LINES);
        assert_eq!(kept[0].number, 10);
        assert_eq!(kept[0].line.t_ms, 10);
    }
}
