//! A histogram that one thread writes and any thread may read.
//!
//! Logarithmic buckets, four to every doubling, from 1 us to about 18 minutes: a quantile read
//! from it is at most a quarter too high. Recording is two relaxed additions; there is no lock, and
//! a reader sees a count that is never torn, at worst a moment old.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where the first bucket ends.
const FIRST_NS: u64 = 1_000;

/// Buckets for every doubling of the value.
const STEPS: usize = 4;

/// Doublings covered, from 1 us on.
const DOUBLINGS: usize = 30;

const BUCKETS: usize = STEPS * DOUBLINGS + 1;

/// How long things took.
#[derive(Debug)]
pub struct Histogram {
    /// Relaxed everywhere: buckets are independent counts, and no other memory hangs on them.
    buckets: [AtomicU64; BUCKETS],
    sum_ns: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            sum_ns: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    /// Counts one value.
    ///
    /// # Real-time
    /// Wait-free; does not allocate.
    pub fn record(&self, value: Duration) {
        let nanos = u64::try_from(value.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket_of(nanos)].fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The counts as they stand.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            counts: std::array::from_fn(|n| self.buckets[n].load(Ordering::Relaxed)),
            sum: Duration::from_nanos(self.sum_ns.load(Ordering::Relaxed)),
        }
    }
}

/// A histogram at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    counts: [u64; BUCKETS],
    sum: Duration,
}

impl Snapshot {
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All values together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The upper bound of the bucket in which this share (0.0 to 1.0) of the values is reached;
    /// `None` when there are no values.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let total = self.count();
        let rank = (share.clamp(0.0, 1.0) * total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.counts.iter().enumerate().find_map(|(n, count)| {
            seen += count;
            (seen >= rank && total > 0).then(|| upper_bound(n))
        })
    }

    /// How many values were at most `bound`, to the width of a bucket: what a scrape's `le` wants.
    #[must_use]
    pub fn at_most(&self, bound: Duration) -> u64 {
        (0..BUCKETS)
            .take_while(|n| upper_bound(*n) <= bound)
            .map(|n| self.counts[n])
            .sum()
    }
}

/// The bucket of a value: bucket 0 ends at 1 us, then four to every doubling. A bucket holds its
/// upper bound and not its lower one.
fn bucket_of(nanos: u64) -> usize {
    if nanos <= FIRST_NS {
        return 0;
    }
    let below = nanos - 1;
    let doubling = (below / FIRST_NS).ilog2() as usize;
    let base = FIRST_NS << doubling;
    let step = ((below - base) / (base / STEPS as u64)) as usize;
    (1 + doubling * STEPS + step).min(BUCKETS - 1)
}

fn upper_bound(bucket: usize) -> Duration {
    let Some(past_first) = bucket.checked_sub(1) else {
        return Duration::from_nanos(FIRST_NS);
    };
    let (doubling, step) = (past_first / STEPS, past_first % STEPS);
    let base_ns = FIRST_NS << doubling;
    Duration::from_nanos(base_ns + base_ns / STEPS as u64 * (step as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_never_too_low_and_at_most_a_quarter_too_high() {
        for micros in [4, 5, 7, 8, 9, 100, 20_000, 149_999, 3_600_000] {
            let histogram = Histogram::default();
            let value = Duration::from_micros(micros);
            histogram.record(value);
            let read = histogram.snapshot().quantile(0.95).expect("one value");
            assert!(read >= value, "{micros} us read as {read:?}");
            assert!(
                read <= value * 5 / 4 + Duration::from_micros(1),
                "{micros} us as {read:?}"
            );
        }
    }

    #[test]
    fn quantiles_split_the_values() {
        let histogram = Histogram::default();
        for millis in 1..=100 {
            histogram.record(Duration::from_millis(millis));
        }
        let read = histogram.snapshot();
        let median = read.quantile(0.5).expect("values");
        assert!((50..=63).contains(&median.as_millis()), "{median:?}");
        assert_eq!(read.count(), 100);
        assert_eq!(read.sum(), Duration::from_millis(5_050));
        assert_eq!(read.at_most(Duration::from_secs(1)), 100);
        assert!((40..=50).contains(&read.at_most(Duration::from_millis(50))));
    }

    #[test]
    fn nothing_recorded_has_no_quantile_and_the_longest_wait_has_a_bucket() {
        let histogram = Histogram::default();
        assert_eq!(histogram.snapshot().quantile(0.5), None);
        histogram.record(Duration::MAX);
        assert_eq!(histogram.snapshot().count(), 1);
    }
}
